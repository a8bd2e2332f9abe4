//! Who fulfils the window's requests in the plugin: the instance's seat, and threads that write files.
//!
//! The seat may be busy with a plan, a disk or a hand slow, and a dialog open for ever: none of it makes the window
//! wait.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

#[cfg(target_os = "linux")]
use super::x11::{Drag, Outcome};
use super::{Actions, Dialog, Export, shelf::Shelf};
use crate::{
    folder::Folder,
    params::ContinuoParams,
    styles::{Entry, List},
    worker::{Seat, Wish, Worn},
};

/// The requests as an instance's seat fulfils them.
pub struct SeatActions {
    clerk: Arc<Clerk>,
    /// Writes a file or drags it.
    writer: Mutex<Option<JoinHandle<()>>>,
    /// The window is going: nothing is dragged any more.
    stop: Arc<AtomicBool>,
    /// A drag was asked for in this frame.
    drag: AtomicBool,
    shelf: Shelf,
}

/// What the threads share.
struct Clerk {
    seat: Seat,
    folder: Folder,
    export: Mutex<Export>,
    /// An export waits for a folder.
    waiting: AtomicBool,
    /// The folder that was tried last and cannot be used.
    tried: Mutex<Option<String>>,
    dialog: Mutex<Dialog>,
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is never half written.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clerk {
    /// Writes the file; its path, or the fate of an export without one.
    fn write(&self) -> Result<PathBuf, Export> {
        let written = self.folder.ready().map_err(Export::NoFolder);
        let written = written.and_then(|folder| {
            let told = |error: &io::Error| match error.kind() {
                io::ErrorKind::PermissionDenied
                | io::ErrorKind::ReadOnlyFilesystem
                | io::ErrorKind::StorageFull => Export::NoFolder(error.to_string()),
                _ => Export::Failed(error.to_string()),
            };
            self.seat.export(&folder).map_err(|error| told(&error))
        });
        let waiting = matches!(written, Err(Export::NoFolder(_)));
        self.waiting.store(waiting, Ordering::Relaxed);
        written
    }

    /// Writes the file; its fate is then what `fate` makes of its path.
    fn written(&self, fate: impl FnOnce(PathBuf) -> Export) -> Export {
        self.write().map_or_else(|other| other, fate)
    }

    /// Takes another folder, and goes on with the export that waits for one.
    fn choose(&self, text: &str) -> Export {
        if let Err(why) = self.folder.choose(text) {
            *open(&self.tried) = Some(text.to_owned());
            return Export::NoFolder(why);
        }
        *open(&self.tried) = None;
        if self.waiting.load(Ordering::Relaxed) {
            self.written(Export::Written)
        } else {
            Export::None
        }
    }

    /// Marks the beginning of work whose fate is `first` until it ends, unless some is under way.
    fn begins(&self, first: Export) -> bool {
        let mut fate = open(&self.export);
        let free = !matches!(*fate, Export::Writing | Export::Dragging);
        if free {
            *fate = first;
        }
        free
    }

    fn ends(&self, fate: Export) {
        *open(&self.export) = fate;
        self.seat.board().repaint().request_repaint();
    }
}

impl SeatActions {
    /// Requests to the seat of an instance.
    #[must_use]
    pub fn new(params: &ContinuoParams) -> Self {
        let dialog = if cfg!(target_os = "linux") {
            Dialog::Closed
        } else {
            Dialog::None
        };
        Self {
            clerk: Arc::new(Clerk {
                seat: params.song.clone(),
                folder: params.folder.clone(),
                export: Mutex::default(),
                waiting: AtomicBool::new(false),
                tried: Mutex::default(),
                dialog: Mutex::new(dialog),
            }),
            writer: Mutex::default(),
            stop: Arc::default(),
            drag: AtomicBool::new(false),
            shelf: Shelf::new(params.song.clone()),
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
        self.start(Export::Dragging, move |clerk| {
            let Ok(drag) = Drag::begin(window) else {
                return clerk.written(Export::Undraggable);
            };
            let path = match clerk.write() {
                Ok(path) => path,
                Err(fate) => return fate,
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
        self.start(Export::Writing, |clerk| clerk.written(Export::Undraggable));
    }

    /// Lets a thread of its own do `work`, unless one is at it; its fate is `first` until then.
    fn start(&self, first: Export, work: impl FnOnce(&Clerk) -> Export + Send + 'static) {
        if !self.clerk.begins(first) {
            return;
        }
        let clerk = Arc::clone(&self.clerk);
        let work = move || {
            // Whatever became of it, the next export must not find it under way.
            let fate = catch_unwind(AssertUnwindSafe(|| work(&clerk)));
            let failed = |_| Export::Failed("an error inside Continuo: please tell us".to_owned());
            clerk.ends(fate.unwrap_or_else(failed));
        };
        let writer = thread::Builder::new().name("continuo-export".into());
        match writer.spawn(work) {
            Ok(writer) => *open(&self.writer) = Some(writer),
            Err(error) => self.clerk.ends(Export::Failed(error.to_string())),
        }
    }
}

impl Actions for SeatActions {
    fn wish(&self, wish: Wish) {
        self.clerk.seat.wish(wish);
    }

    fn export(&self) {
        self.start(Export::Writing, |clerk| clerk.written(Export::Written));
    }

    fn drag(&self) {
        self.drag.store(true, Ordering::Relaxed);
    }

    fn exported(&self) -> Export {
        open(&self.clerk.export).clone()
    }

    fn dismiss_export(&self) {
        self.clerk.waiting.store(false, Ordering::Relaxed);
        *open(&self.clerk.tried) = None;
        *open(&self.clerk.export) = Export::None;
    }

    fn folder(&self) -> String {
        let tried = open(&self.clerk.tried).clone();
        let path = || self.clerk.folder.path().unwrap_or_default();
        tried.unwrap_or_else(|| path().display().to_string())
    }

    fn choose_folder(&self, text: &str) {
        let text = text.to_owned();
        self.start(Export::Writing, move |clerk| clerk.choose(&text));
    }

    fn browse(&self) {
        #[cfg(target_os = "linux")]
        browse(&self.clerk);
    }

    fn dialog(&self) -> Dialog {
        let mut dialog = open(&self.clerk.dialog);
        let now = *dialog;
        if now == Dialog::Chosen {
            *dialog = Dialog::Closed;
        }
        now
    }

    fn worn(&self) -> Worn {
        self.shelf.worn()
    }

    fn look_for_styles(&self) {
        self.shelf.look();
    }

    fn styles(&self) -> Option<Arc<List>> {
        self.shelf.found()
    }

    fn choose_style(&self, entry: Option<&Entry>) {
        self.shelf.choose(entry);
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

/// Opens the system's dialog on a thread that nobody waits for: it ends with the dialog.
#[cfg(target_os = "linux")]
fn browse(clerk: &Arc<Clerk>) {
    let mut dialog = open(&clerk.dialog);
    if *dialog == Dialog::Open {
        return;
    }
    *dialog = if crate::pin::keep_loaded() {
        Dialog::Open
    } else {
        Dialog::Empty
    };
    if *dialog != Dialog::Open {
        return;
    }
    drop(dialog);
    let mine = Arc::clone(clerk);
    let ask = move || {
        let start = mine.folder.path().unwrap_or_default();
        let chosen = ask_for_a_folder(&start);
        let mut end = Dialog::Empty;
        if let Some(path) = chosen
            && mine.begins(Export::Writing)
        {
            let fate = mine.choose(&path.to_string_lossy());
            let taken = !matches!(fate, Export::NoFolder(_));
            end = if taken {
                Dialog::Chosen
            } else {
                Dialog::Closed
            };
            mine.ends(fate);
        }
        *open(&mine.dialog) = end;
        mine.seat.board().repaint().request_repaint();
    };
    let thread = thread::Builder::new().name("continuo-dialog".into());
    if thread.spawn(ask).is_err() {
        *open(&clerk.dialog) = Dialog::Empty;
    }
}

/// The folder that the musician chooses in the desktop's own dialog.
#[cfg(target_os = "linux")]
fn ask_for_a_folder(start: &std::path::Path) -> Option<PathBuf> {
    let dialog = rfd::FileDialog::new().set_title("Continuo: folder for MIDI files");
    dialog.set_directory(start).pick_folder()
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::*;

    /// What became of the last request.
    fn end(actions: &SeatActions) -> Export {
        for _ in 0..1000 {
            let fate = actions.exported();
            if fate != Export::Writing {
                return fate;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it writes for ever");
    }

    #[test]
    fn an_error_inside_the_writer_is_told_and_the_next_export_begins() {
        let actions = SeatActions::new(&ContinuoParams::default());
        actions.start(Export::Writing, |_| panic!("a test's"));
        assert!(matches!(end(&actions), Export::Failed(why) if why.contains("inside Continuo")));
        actions.offer();
        assert!(matches!(end(&actions), Export::Failed(why) if why.contains("played")));
    }

    #[test]
    fn an_export_waits_until_there_is_a_folder() {
        let scratch = std::env::temp_dir().join(format!("continuo-clerk-{}", std::process::id()));
        let gone = scratch.join("gone");
        fs::create_dir_all(&gone).expect("a folder");
        let params = ContinuoParams::default();
        let chosen = gone.to_str().expect("a name");
        params.folder.choose(chosen).expect("a folder");
        fs::remove_dir(&gone).expect("a folder");
        let actions = SeatActions::new(&params);
        actions.export();
        let why = format!("there is no folder {chosen}");
        assert_eq!(end(&actions), Export::NoFolder(why));
        // Another one that cannot be used is asked for again, as it was written.
        actions.choose_folder("~nobody/music");
        assert!(matches!(end(&actions), Export::NoFolder(why) if why.contains("whole path")));
        assert_eq!(actions.folder(), "~nobody/music");
        // With a folder it goes on, and finds that there is nothing to write.
        actions.choose_folder(scratch.to_str().expect("a name"));
        assert_eq!(
            end(&actions),
            Export::Failed("nothing has been played yet".to_owned())
        );
        assert_eq!(params.folder.path().as_ref(), Some(&scratch));
        // A choice without an export that waits writes nothing.
        actions.choose_folder(scratch.to_str().expect("a name"));
        assert_eq!(end(&actions), Export::None);
        actions.offer();
        assert!(matches!(end(&actions), Export::Failed(_)));
        drop(actions);
        fs::remove_dir_all(&scratch).expect("a folder");
    }
}
