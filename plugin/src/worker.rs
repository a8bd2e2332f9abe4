//! The planning threads: a few for all instances of a process.
//!
//! Each instance has a [`Seat`] with its desk and its end of the link. The threads go round the seats; a seat
//! is served until it has made one plan, then it is the next one's turn, so that none starves another. The
//! weights are read once and shared, those of a style too; a planner and its song memory belong to one seat.
//!
//! Seats and their list are behind locks, which the planning threads and the host's main thread share. The
//! audio threads know of neither: they see their end of the link.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError, Weak,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use continuo_model::{generate::Generator, planner::Memory, time::Tick, weights::WeightsError};
use nice_plug::params::persist::PersistentField;
use nice_plug_egui::RepaintNotifier;

use crate::{
    desk::Desk,
    link::{Heard, Planned, WorkerEnd},
    snapshot::{Board, Snapshot},
    status::{Count, Status},
    styles::{self, Chosen, Loaded, Outcome},
};

/// Between two rounds without work: short against the shortest decision point, long enough to cost nothing.
const POLL: Duration = Duration::from_millis(1);
/// The most threads: beyond that the audio threads lack the cores.
const MOST_THREADS: usize = 4;

/// The shipped network, or why it can't be used. Read by the first activation.
static GENERATOR: LazyLock<Result<Generator, WeightsError>> = LazyLock::new(|| {
    #[cfg(feature = "assert_process_allocs")]
    return crate::guarded::generator();
    #[cfg(not(feature = "assert_process_allocs"))]
    Generator::shipped()
});

/// Where captured music goes unless the musician says otherwise: the Music folder of the system, or one of
/// that name at home.
#[must_use]
pub fn music_folder() -> Option<PathBuf> {
    dirs::audio_dir().or_else(|| dirs::home_dir().map(|home| home.join("Music")))
}

/// The threads that run now, if any instance is at work.
static POOL: Mutex<Weak<Pool>> = Mutex::new(Weak::new());

/// One instance's place at the planning threads. Until the instance is at work it only keeps what a project
/// remembered.
#[derive(Clone, Default)]
pub struct Seat(Arc<Shelf>);

struct Shelf {
    place: Mutex<Place>,
    /// How often a song memory was put here.
    loads: AtomicU32,
    /// What the musician asked for in the window. Behind a lock of its own, so that the window never waits
    /// for a plan in the making.
    wishes: Mutex<Vec<Wish>>,
    /// The style that was chosen. Behind a lock of its own for the same reason.
    style: Mutex<Worn>,
    /// How often one was chosen.
    choices: AtomicU32,
    /// What the window shows.
    board: Board,
}

/// The style that an instance plays in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worn {
    /// What was chosen, here or in the project.
    pub chosen: Chosen,
    /// What is wrong with it, and what to do.
    pub trouble: Option<String>,
    /// It cannot be played.
    pub refused: bool,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            place: Mutex::default(),
            loads: AtomicU32::default(),
            wishes: Mutex::default(),
            style: Mutex::default(),
            choices: AtomicU32::default(),
            board: Board::new(RepaintNotifier::new()),
        }
    }
}

/// What the musician asks of a single bar. The window knows all meters of the song, the planner only the one
/// that holds now: so the bar's own bounds are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Keep it as it was played last: its first tick, and the first after it.
    HoldBar(Tick, Tick),
    /// Let go of the bar that begins there.
    ReleaseBar(Tick),
    /// Make other notes for the bar that begins there.
    RerollBar(Tick),
}

#[derive(Default)]
struct Place {
    /// The instance's end of the link, from its first activation on.
    end: Option<(WorkerEnd, Arc<Status>)>,
    desk: Option<Desk>,
    /// What a project remembers, until the desk takes it.
    loaded: Option<Memory>,
    /// What came of the latest choice of a style that was looked at, and which choice that was.
    ready: (u32, Outcome),
    /// The style that the desk plays in; `None` as shipped.
    style: Option<Arc<Loaded>>,
}

impl Seat {
    fn lock(&self) -> MutexGuard<'_, Place> {
        // Panics are caught within, so what a poisoned lock holds is whole.
        self.0.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often a song memory was loaded. The audio thread compares it in each block, and tells the planner
    /// in the order of all else that happens: only then it counts.
    #[must_use]
    pub fn loads(&self) -> u32 {
        self.0.loads.load(Ordering::Acquire)
    }

    /// How often a style was chosen. The audio thread compares it in each block and tells the planner, as with
    /// [`loads`](Self::loads).
    #[must_use]
    pub fn choices(&self) -> u32 {
        self.0.choices.load(Ordering::Acquire)
    }

    /// Chooses a style. A planning thread reads its file; it counts once the audio thread has told so. Waits for
    /// nobody.
    pub fn choose(&self, chosen: Chosen) {
        let mut worn = self.worn_lock();
        let plain = |chosen: &Chosen| chosen.file.is_none();
        let stays = plain(&chosen) && plain(&worn.chosen);
        *worn = Worn {
            chosen,
            ..Worn::default()
        };
        if !stays {
            self.0.choices.fetch_add(1, Ordering::Release);
        }
        drop(worn);
        self.board().repaint().request_repaint();
    }

    /// The style that was chosen last, and what came of it. Waits for nobody.
    #[must_use]
    pub fn worn(&self) -> Worn {
        self.worn_lock().clone()
    }

    fn worn_lock(&self) -> MutexGuard<'_, Worn> {
        // Written in one go, so what a poisoned lock holds is whole.
        self.0.style.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the style that was chosen, if that has not been done.
    fn prepare(&self, place: &mut Place) {
        let choice = self.choices();
        if place.ready.0 == choice {
            return;
        }
        let outcome = styles::load(&self.worn().chosen);
        let mut worn = self.worn_lock();
        // Another may have been chosen meanwhile, which is read in the next round.
        if self.choices() == choice {
            worn.trouble.clone_from(&outcome.trouble);
            worn.refused = outcome.trouble.is_some() && outcome.loaded.is_none();
        }
        drop(worn);
        place.ready = (choice, outcome);
        self.board().repaint().request_repaint();
    }

    /// Where the window finds what it shows.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.0.board
    }

    /// Writes the last bars that were heard and played, or the phrase that repeats while Hold is on, as a MIDI
    /// file of its own into `folder`, which is made when it is missing; returns the file's path. Called on the
    /// host's main thread; waits for a plan in the making.
    ///
    /// # Errors
    /// When nothing has been played yet, or the file cannot be written; the error says which.
    pub fn export(&self, folder: &Path) -> io::Result<PathBuf> {
        let captured = self.lock().desk.as_ref().and_then(Desk::captured);
        let nothing = || io::Error::new(io::ErrorKind::NotFound, "nothing has been played yet");
        captured.ok_or_else(nothing)?.write(folder)
    }

    /// Asks something of a bar. For the window's thread.
    pub fn wish(&self, wish: Wish) {
        self.wishes().push(wish);
    }

    fn wishes(&self) -> MutexGuard<'_, Vec<Wish>> {
        self.0.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves the seat unless another thread does; whether there was anything to do.
    fn serve(&self) -> bool {
        let mut place = match self.0.place.try_lock() {
            Ok(place) => place,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        if place.end.is_some() {
            self.prepare(&mut place);
        }
        if let Some(desk) = &mut place.desk {
            self.wishes().drain(..).for_each(|wish| desk.fulfil(wish));
        }
        let served = place.serve(self);
        place.show(&self.0.board);
        served
    }
}

impl Place {
    /// What the desk plays with.
    fn generator(&self) -> Result<Generator, &'static WeightsError> {
        match &self.style {
            Some(style) => Ok(style.generator.clone()),
            None => GENERATOR.as_ref().cloned(),
        }
    }

    /// Takes messages until one has led to a plan or none is left; whether there was one.
    fn serve(&mut self, seat: &Seat) -> bool {
        let Some((mut end, status)) = self.end.take() else {
            return false;
        };
        let served = self.answer(seat, &mut end, &status);
        self.end = Some((end, status));
        served
    }

    /// A desk in place of one that panicked.
    fn renew(&mut self) {
        if let (Ok(generator), Some(desk)) = (self.generator(), &mut self.desk) {
            *desk = desk.renewed(generator);
        }
    }

    /// The same, on the instance's end of the link.
    fn answer(&mut self, seat: &Seat, end: &mut WorkerEnd, status: &Status) -> bool {
        let mut served = false;
        while let Some(message) = end.receive() {
            served = true;
            if matches!(message, Heard::Restyle) {
                // Told and chosen since this turn began.
                seat.prepare(self);
                self.style.clone_from(&self.ready.1.loaded);
                if let (Ok(generator), Some(desk)) = (self.generator(), &mut self.desk) {
                    desk.restyle(generator);
                }
            }
            if self.desk.is_none()
                && let Ok(generator) = self.generator()
            {
                let memory = self.loaded.take().unwrap_or_default();
                self.desk = Some(Desk::new(generator, memory));
            }
            if let (Heard::Recall, Some(desk)) = (message, &mut self.desk)
                && let Some(memory) = self.loaded.take()
            {
                desk.recall(memory);
            }
            let mut planned = false;
            if let Some(desk) = &mut self.desk {
                let turn = catch_unwind(AssertUnwindSafe(|| {
                    #[cfg(feature = "assert_process_allocs")]
                    if matches!(message, Heard::Clock { .. }) {
                        crate::guarded::stumble();
                    }
                    desk.take(message, end, status)
                }));
                if turn.is_err() {
                    status.add(Count::WorkerPanics, 1);
                    self.renew();
                }
                planned = matches!(turn, Ok(true));
            }
            // Whatever became of the plan, an offline render must not wait for it.
            if let Heard::Clock { epoch, at } = message {
                end.send(Planned::Decided { epoch, at });
            }
            if planned {
                break;
            }
        }
        served
    }

    /// Puts what changed on the board, if anybody looks.
    fn show(&mut self, board: &Board) {
        let news = self.desk.as_mut().is_some_and(Desk::take_news);
        if !board.wants(news) {
            return;
        }
        let drawn = match &mut self.desk {
            // What a panic left behind may panic again: better no picture than no thread.
            Some(desk) => {
                let look = board.looked_at();
                catch_unwind(AssertUnwindSafe(|| desk.snapshot(look))).unwrap_or_default()
            }
            None => Snapshot::default(),
        };
        board.publish(Snapshot {
            trouble: self.generator().err().map(WeightsError::to_string),
            ..drawn
        });
    }
}

/// The song memory as a project keeps it. Called on the host's main thread; waits for a plan in the making.
impl PersistentField<'_, Memory> for Seat {
    fn set(&self, memory: Memory) {
        self.lock().loaded = Some(memory);
        self.0.loads.fetch_add(1, Ordering::Release);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Memory) -> R,
    {
        let place = self.lock();
        let memory = match (&place.loaded, &place.desk) {
            (Some(loaded), _) => loaded.clone(),
            (None, Some(desk)) => desk.memory(),
            (None, None) => Memory::default(),
        };
        drop(place);
        f(&memory)
    }
}

/// An instance's choice of a style as a project keeps it. Called on the host's main thread; waits for nobody.
pub struct StyleField(Seat);

impl StyleField {
    /// The choice of the instance that has this seat.
    #[must_use]
    pub fn of(seat: &Seat) -> Self {
        Self(seat.clone())
    }
}

impl PersistentField<'_, Chosen> for StyleField {
    fn set(&self, chosen: Chosen) {
        self.0.choose(chosen);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Chosen) -> R,
    {
        f(&self.0.worn().chosen)
    }
}

/// The running threads. The last instance that goes ends them.
struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads see.
#[derive(Default)]
struct Shared {
    seats: Mutex<Vec<Seat>>,
    stop: AtomicBool,
}

impl Shared {
    fn seats(&self) -> MutexGuard<'_, Vec<Seat>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let count =
            thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS));
        let threads = (0..count)
            .filter_map(|_| {
                let shared = Arc::clone(&shared);
                thread::Builder::new()
                    .name("continuo-planner".into())
                    .spawn(move || work(&shared))
                    .ok()
            })
            .collect();
        Self { shared, threads }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // The thread catches its panics; there is nothing left to do.
            let _ = thread.join();
        }
    }
}

/// Goes round the seats.
fn work(shared: &Shared) {
    // Without a pool of its own the thread would start rayon's global one, whose threads never end.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build();
    if let Err(error) = &pool {
        eprintln!("Continuo: planning without a pool of its own: {error}");
    }
    while !shared.stop.load(Ordering::Relaxed) {
        // A copy, so that seats come and go while others are served.
        let seats = shared.seats().clone();
        let mut served = false;
        for seat in seats {
            served |= seat.serve();
            if shared.stop.load(Ordering::Relaxed) {
                return;
            }
        }
        if !served {
            thread::sleep(POLL);
        }
    }
}

/// An instance at work. Dropping it takes the seat away and waits for what is being planned there.
pub struct Worker {
    seat: Seat,
    pool: Arc<Pool>,
}

/// Puts `seat` to work on its end of the link; starts the threads when it is the first.
pub fn employ(seat: &Seat, end: WorkerEnd, status: Arc<Status>) -> Worker {
    // Play may begin in the next block: who is activated has read the weights.
    if let Err(error) = &*GENERATOR {
        static TOLD: AtomicBool = AtomicBool::new(false);
        if !TOLD.swap(true, Ordering::Relaxed) {
            eprintln!("Continuo: no music will be generated: {error}");
        }
    }
    seat.lock().end = Some((end, status));
    let mut running = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let pool = running.upgrade().unwrap_or_else(|| {
        let pool = Arc::new(Pool::start());
        *running = Arc::downgrade(&pool);
        pool
    });
    pool.shared.seats().push(seat.clone());
    Worker {
        seat: seat.clone(),
        pool,
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut seats = self.pool.shared.seats();
        seats.retain(|seat| !Arc::ptr_eq(&seat.0, &self.seat.0));
        drop(seats);
        // Waits for a turn that is under way, and ends the planner.
        let mut place = self.seat.lock();
        place.end = None;
        place.desk = None;
    }
}
