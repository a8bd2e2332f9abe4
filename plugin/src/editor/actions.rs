//! What the window asks for that is no parameter.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use continuo_model::time::Tick;

#[cfg(target_os = "linux")]
use super::x11::{Drag, Outcome};
use crate::worker::{Seat, music_folder};

/// Takes the requests: the instance's seat in the plugin, a recording one in tests. None of them waits.
pub trait Actions {
    /// Keeps the bar that holds `at` as it was played last, or lets go of it.
    fn hold_bar(&self, at: Tick, hold: bool);
    /// Asks for other notes in the bar that holds `at`.
    fn reroll_bar(&self, at: Tick);
    /// Writes the last bars as a MIDI file; [`exported`](Self::exported) tells what became of it.
    fn export(&self);
    /// Drags the same file out of the window while the button of the mouse is down. Where that cannot be, the
    /// file is written and offered.
    fn drag(&self);
    /// What became of the last export.
    fn exported(&self) -> Export;
    /// The user has read what became of it.
    fn dismiss_export(&self);
}

/// An export's fate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Export {
    /// None was asked for, or it was read.
    #[default]
    None,
    /// It is being written.
    Writing,
    /// It hangs from the pointer.
    Dragging,
    /// It lies here, as was asked for.
    Written(PathBuf),
    /// It lies here, since it was let go of where nobody took it.
    Refused(PathBuf),
    /// It lies here, since nothing can be dragged out of this window.
    Undraggable(PathBuf),
    /// Why there is none.
    Failed(String),
}

impl Export {
    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Written(path) | Self::Refused(path) | Self::Undraggable(path) => Some(path),
            Self::None | Self::Writing | Self::Dragging | Self::Failed(_) => None,
        }
    }
}

/// The requests as an instance's seat fulfils them.
pub struct SeatActions {
    seat: Seat,
    export: Arc<Mutex<Export>>,
    /// Writes a file or drags it: the seat may be busy with a plan, and a hand slow, for which the window does not
    /// wait.
    writer: Mutex<Option<JoinHandle<()>>>,
    /// The window is going: nothing is dragged any more.
    stop: Arc<AtomicBool>,
    /// A drag was asked for in this frame.
    drag: AtomicBool,
}

impl SeatActions {
    /// Requests to `seat`.
    #[must_use]
    pub fn new(seat: Seat) -> Self {
        Self {
            seat,
            export: Arc::default(),
            writer: Mutex::default(),
            stop: Arc::default(),
            drag: AtomicBool::new(false),
        }
    }

    /// Whether a drag was asked for since the last call; who asks begins it with [`drag_from`](Self::drag_from) or
    /// [`offer`](Self::offer).
    pub fn take_drag(&self) -> bool {
        self.drag.swap(false, Ordering::Relaxed)
    }

    /// Drags the file out of the X11 window of that number, which has let go of the pointer.
    #[cfg(target_os = "linux")]
    pub fn drag_from(&self, window: u32) {
        let stop = Arc::clone(&self.stop);
        self.start(Export::Dragging, move |seat| {
            let Ok(drag) = Drag::begin(window) else {
                return written(seat, Export::Undraggable);
            };
            let path = match write(seat) {
                Ok(path) => path,
                Err(why) => return Export::Failed(why),
            };
            match drag.run(&path, &stop) {
                Ok(Outcome::Taken(path)) => Export::Written(path),
                Ok(Outcome::Refused(path)) => Export::Refused(path),
                Ok(Outcome::Cancelled) => Export::None,
                Err(_) => Export::Undraggable(path),
            }
        });
    }

    /// Writes the file that cannot be dragged.
    pub fn offer(&self) {
        self.start(Export::Writing, |seat| written(seat, Export::Undraggable));
    }

    /// Lets a thread of its own do `work`, unless one is at it; its fate is `first` until then.
    fn start(&self, first: Export, work: impl FnOnce(&Seat) -> Export + Send + 'static) {
        let mut fate = open(&self.export);
        if matches!(*fate, Export::Writing | Export::Dragging) {
            return;
        }
        *fate = first;
        drop(fate);
        let (seat, fate) = (self.seat.clone(), Arc::clone(&self.export));
        let work = move || {
            let end = work(&seat);
            *open(&fate) = end;
            seat.board().repaint().request_repaint();
        };
        let writer = thread::Builder::new().name("continuo-export".into());
        match writer.spawn(work) {
            Ok(writer) => *open(&self.writer) = Some(writer),
            Err(error) => *open(&self.export) = Export::Failed(error.to_string()),
        }
    }
}

/// Writes the file; its path, or why there is none.
fn write(seat: &Seat) -> Result<PathBuf, String> {
    let folder = music_folder().ok_or("this system has no folder for music")?;
    seat.export(&folder).map_err(|error| error.to_string())
}

/// Writes the file; its fate is then what `fate` makes of its path.
fn written(seat: &Seat, fate: impl FnOnce(PathBuf) -> Export) -> Export {
    write(seat).map_or_else(Export::Failed, fate)
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
        self.start(Export::Writing, |seat| written(seat, Export::Written));
    }

    fn drag(&self) {
        self.drag.store(true, Ordering::Relaxed);
    }

    fn exported(&self) -> Export {
        open(&self.export).clone()
    }

    fn dismiss_export(&self) {
        *open(&self.export) = Export::None;
    }
}

impl Drop for SeatActions {
    /// The host may unload the library next: nothing of it may run then.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(writer) = open(&self.writer).take() {
            // A writer that panicked has written nothing; there is nothing left to do.
            let _ = writer.join();
        }
    }
}
