//! What the window shows of an instance: a plain picture of the song around the playhead.
//!
//! The planning threads draw it and put it on a [`Board`]; the window takes it from there. The board has a
//! lock of its own, held for as long as it takes to swap a pointer, so that neither waits for a plan in the
//! making. Nothing is drawn while no window is open.

mod scribe;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use continuo_model::{
    chord::{Key, Span},
    controls::Role,
    feel::Played,
    note::Note,
    time::{TICKS_PER_QUARTER, Tick},
};
use nice_plug_egui::RepaintNotifier;

use crate::bars::Bars;

pub use self::scribe::Scribe;

/// Bars on each side of the playhead that are shown.
pub const SPAN_BARS: i64 = 34;

/// A heard note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardNote {
    /// The note; while its key is down, with its length so far.
    pub note: Note,
    /// The key is still down.
    pub open: bool,
}

/// A note of the plan, which has sounded, sounds, or will.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OwnNote {
    /// The note, at its place, with the velocity with which it is struck.
    pub note: Note,
    /// Where it begins to sound, in ticks: with its swing and looseness.
    pub begins: f64,
    /// Where it stops, in ticks.
    pub ends: f64,
    /// Its pitch will bend to the chord that sounds when it begins.
    pub bends: bool,
}

impl OwnNote {
    /// A note as it is played.
    #[must_use]
    pub fn new(played: &Played, bends: bool) -> Self {
        Self {
            note: played.note,
            begins: played.begins(),
            ends: played.ends(),
            bends,
        }
    }
}

/// The song around the playhead, as the planner knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Up to where this pass has listened.
    pub now: Tick,
    /// The tick in the middle of what is shown: `now`, or where the playhead stands.
    pub around: Tick,
    /// Who plays, or played, `own`.
    pub role: Role,
    /// Heard notes, sorted by onset; those ahead of `now` are remembered from an earlier pass.
    pub heard: Vec<HeardNote>,
    /// Our own notes, sorted by onset.
    pub own: Vec<OwnNote>,
    /// The chords of what is heard; those ahead of `now` are remembered.
    pub chords: Vec<Span>,
    /// The key that the last bars are in.
    pub key: Option<Key>,
    /// Where the bars lie.
    pub bars: Bars,
    /// The first tick of the loop that is played, or was when the transport stopped, and the tick after its last.
    pub cycle: Option<(Tick, Tick)>,
    /// Where the phrase lay first that repeats from there on while Hold is on.
    pub phrase: Option<(Tick, Tick)>,
    /// While it listens: where its answer begins.
    pub answer: Option<Tick>,
    /// Starts of the bars that are held.
    pub held_bars: Vec<Tick>,
    /// Why no music can be generated, in words for the musician.
    pub trouble: Option<String>,
}

impl Snapshot {
    /// The chord at `at`.
    #[must_use]
    pub fn chord_at(&self, at: Tick) -> Option<&Span> {
        self.chords
            .iter()
            .find(|span| span.holds(at) && span.chord.is_some())
    }
}

/// Where the latest snapshot hangs.
pub struct Board {
    latest: Mutex<Arc<Snapshot>>,
    /// A window is open.
    watched: AtomicBool,
    /// A window wants a snapshot although nothing happened.
    asked: AtomicBool,
    /// Where the window looks, in ticks; [`NOWHERE`] before there was one.
    look: AtomicI64,
    repaint: RepaintNotifier,
}

/// No tick of a song.
const NOWHERE: i64 = i64::MIN;
/// Ticks from the middle of a snapshot to where the next one is needed: eight bars of 4/4, far inside
/// [`SPAN_BARS`] of any meter.
const FAR: i64 = 32 * TICKS_PER_QUARTER;

impl Board {
    /// An empty board; `repaint` is told of each new snapshot.
    #[must_use]
    pub fn new(repaint: RepaintNotifier) -> Self {
        Self {
            latest: Mutex::default(),
            watched: AtomicBool::new(false),
            asked: AtomicBool::new(false),
            look: AtomicI64::new(NOWHERE),
            repaint,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Snapshot>> {
        // A pointer is whole whatever panicked.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What repaints the window.
    #[must_use]
    pub fn repaint(&self) -> &RepaintNotifier {
        &self.repaint
    }

    /// The window opens or closes. An open one gets a snapshot soon, also when nothing happens.
    pub fn watch(&self, watched: bool) {
        self.watched.store(watched, Ordering::Relaxed);
        self.asked.store(watched, Ordering::Relaxed);
    }

    /// Whether a window is open.
    #[must_use]
    pub fn watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// The window shows the song around `at`, and has a snapshot of the song around `around`. Where that is too far
    /// off it gets another one soon; it is asked for once, as there may be nobody to draw it.
    pub fn look_at(&self, at: Tick, around: Tick) {
        let before = self.look.swap(at.0, Ordering::Relaxed);
        if before != at.0 && (at - around).abs() > FAR {
            self.asked.store(true, Ordering::Relaxed);
        }
    }

    /// Where the window looks.
    #[must_use]
    pub fn looked_at(&self) -> Option<Tick> {
        let look = self.look.load(Ordering::Relaxed);
        (look != NOWHERE).then_some(Tick(look))
    }

    /// Whether a snapshot is to be drawn now; `news`: something has changed.
    pub fn wants(&self, news: bool) -> bool {
        let asked = self.asked.swap(false, Ordering::Relaxed);
        asked || (news && self.watched())
    }

    /// Hangs up a new snapshot.
    pub fn publish(&self, snapshot: Snapshot) {
        let snapshot = Arc::new(snapshot);
        let old = std::mem::replace(&mut *self.lock(), snapshot);
        // The last one is freed after the lock is open again.
        drop(old);
        self.repaint.request_repaint();
    }

    /// The latest snapshot.
    #[must_use]
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_while_no_window_is_open() {
        let board = Board::new(RepaintNotifier::new());
        assert!(!board.wants(true));
        board.watch(true);
        assert!(board.wants(false), "an opened window gets a first snapshot");
        assert!(!board.wants(false), "but only one, until there is news");
        assert!(board.wants(true));
        board.watch(false);
        assert!(!board.wants(true));
    }

    #[test]
    fn a_window_that_looks_elsewhere_asks_once() {
        let board = Board::new(RepaintNotifier::new());
        assert_eq!(board.looked_at(), None);
        board.look_at(Tick(100), Tick(0));
        assert!(!board.wants(false), "near enough");
        board.look_at(Tick(9000), Tick(0));
        assert_eq!(board.looked_at(), Some(Tick(9000)));
        assert!(board.wants(false));
        board.look_at(Tick(9000), Tick(0));
        assert!(!board.wants(false), "nobody draws there");
    }
}
