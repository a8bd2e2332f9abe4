//! What the window asks for that is no parameter.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use continuo_model::time::Tick;

use crate::{
    styles::{Chosen, Entry, List},
    worker::{Seat, Worn, music_folder},
};

/// Takes the requests: the instance's seat in the plugin, a recording one in tests. None of them waits.
pub trait Actions {
    /// Keeps the bar that holds `at` as it was played last, or lets go of it.
    fn hold_bar(&self, at: Tick, hold: bool);
    /// Asks for other notes in the bar that holds `at`.
    fn reroll_bar(&self, at: Tick);
    /// Writes the last bars as a MIDI file; [`exported`](Self::exported) tells what became of it.
    fn export(&self);
    /// What became of the last export.
    fn exported(&self) -> Export;
    /// The user has read what became of it.
    fn dismiss_export(&self);
    /// The style that it plays in.
    fn worn(&self) -> Worn;
    /// Looks for styles; [`styles`](Self::styles) tells what was found.
    fn look_for_styles(&self);
    /// What was found last; `None` while it is looked for the first time.
    fn styles(&self) -> Option<Arc<List>>;
    /// Chooses a style; `None` plays as shipped.
    fn choose_style(&self, entry: Option<&Entry>);
}

/// An export's fate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Export {
    /// None was asked for, or it was read.
    #[default]
    None,
    /// It is being written.
    Writing,
    /// It lies here.
    Written(PathBuf),
    /// Why there is none.
    Failed(String),
}

/// The requests as an instance's seat fulfils them.
pub struct SeatActions {
    seat: Seat,
    export: Arc<Mutex<Export>>,
    /// Writes a file: the seat may be busy with a plan, for which the window does not wait.
    writer: Mutex<Option<JoinHandle<()>>>,
    styles: Arc<Mutex<Option<Arc<List>>>>,
    /// Reads the folder of styles.
    reader: Mutex<Option<JoinHandle<()>>>,
}

impl SeatActions {
    /// Requests to `seat`.
    #[must_use]
    pub fn new(seat: Seat) -> Self {
        Self {
            seat,
            export: Arc::default(),
            writer: Mutex::default(),
            styles: Arc::default(),
            reader: Mutex::default(),
        }
    }
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    // Neither a fate nor a thread's handle is ever half written.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Actions for SeatActions {
    fn hold_bar(&self, at: Tick, hold: bool) {
        self.seat.hold_bar(at, hold);
    }

    fn reroll_bar(&self, at: Tick) {
        self.seat.reroll_bar(at);
    }

    fn export(&self) {
        let mut fate = open(&self.export);
        if *fate == Export::Writing {
            return;
        }
        *fate = Export::Writing;
        drop(fate);
        let (seat, fate) = (self.seat.clone(), Arc::clone(&self.export));
        let write = move || {
            let written = match music_folder() {
                Some(folder) => seat.export(&folder).map_err(|error| error.to_string()),
                None => Err("this system has no folder for music".to_owned()),
            };
            *open(&fate) = match written {
                Ok(path) => Export::Written(path),
                Err(why) => Export::Failed(why),
            };
            seat.board().repaint().request_repaint();
        };
        let writer = thread::Builder::new().name("continuo-export".into());
        match writer.spawn(write) {
            Ok(writer) => *open(&self.writer) = Some(writer),
            Err(error) => *open(&self.export) = Export::Failed(error.to_string()),
        }
    }

    fn exported(&self) -> Export {
        open(&self.export).clone()
    }

    fn dismiss_export(&self) {
        *open(&self.export) = Export::None;
    }

    fn worn(&self) -> Worn {
        self.seat.worn()
    }

    fn look_for_styles(&self) {
        let mut reader = open(&self.reader);
        if reader.as_ref().is_some_and(|reader| !reader.is_finished()) {
            return;
        }
        let (seat, styles) = (self.seat.clone(), Arc::clone(&self.styles));
        let look = move || {
            let list = Arc::new(List::look());
            *open(&styles) = Some(list);
            seat.board().repaint().request_repaint();
        };
        let thread = thread::Builder::new().name("continuo-styles".into());
        match thread.spawn(look) {
            Ok(thread) => *reader = Some(thread),
            Err(error) => {
                let list = List {
                    trouble: Some(error.to_string()),
                    ..List::default()
                };
                *open(&self.styles) = Some(Arc::new(list));
            }
        }
    }

    fn styles(&self) -> Option<Arc<List>> {
        open(&self.styles).clone()
    }

    fn choose_style(&self, entry: Option<&Entry>) {
        self.seat
            .choose(entry.map_or_else(Chosen::default, Chosen::of));
    }
}

impl Drop for SeatActions {
    /// The host may unload the library next: nothing of it may run then.
    fn drop(&mut self) {
        let threads = [open(&self.writer).take(), open(&self.reader).take()];
        for thread in threads.into_iter().flatten() {
            // One that panicked has written nothing; there is nothing left to do.
            let _ = thread.join();
        }
    }
}
