//! The styles that the window lists, and who looks for them.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use crate::{
    styles::{Chosen, Entry, List},
    worker::{Seat, Worn},
};

/// What was found in the folder of styles, and the choice of an instance's seat. The folder is read by a thread of
/// its own: a disk may be slow, and the window does not wait.
pub struct Shelf {
    seat: Seat,
    found: Arc<Mutex<Option<Arc<List>>>>,
    reader: Mutex<Option<JoinHandle<()>>>,
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    // Neither a list nor a thread's handle is ever half written.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    /// The choices of `seat`.
    #[must_use]
    pub fn new(seat: Seat) -> Self {
        Self {
            seat,
            found: Arc::default(),
            reader: Mutex::default(),
        }
    }

    /// The style that it plays in.
    pub fn worn(&self) -> Worn {
        self.seat.worn()
    }

    /// Looks for styles, unless that is under way.
    pub fn look(&self) {
        let mut reader = open(&self.reader);
        if reader.as_ref().is_some_and(|reader| !reader.is_finished()) {
            return;
        }
        let (seat, found) = (self.seat.clone(), Arc::clone(&self.found));
        let look = move || {
            let list = Arc::new(List::look());
            *open(&found) = Some(list);
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
                *open(&self.found) = Some(Arc::new(list));
            }
        }
    }

    /// What was found last; `None` before.
    pub fn found(&self) -> Option<Arc<List>> {
        open(&self.found).clone()
    }

    /// Chooses a style; `None` plays as shipped.
    pub fn choose(&self, entry: Option<&Entry>) {
        self.seat
            .choose(entry.map_or_else(Chosen::default, Chosen::of));
    }
}

impl Drop for Shelf {
    /// The host may unload the library next: nothing of it may run then.
    fn drop(&mut self) {
        if let Some(reader) = open(&self.reader).take() {
            // A reader that panicked has found nothing; there is nothing left to do.
            let _ = reader.join();
        }
    }
}
