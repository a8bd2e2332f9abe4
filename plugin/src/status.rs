//! What happened, in numbers: atomics that any thread may add to and any thread may read.
//!
//! Every instance has its own [`Status`]; each addition also goes to process-wide totals, which a host
//! that opened the bundle reads through [`continuo_counters`]. Beside them lies the [`Playhead`].

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use nice_plug_egui::RepaintNotifier;

use crate::playhead::Playhead;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Count {
    /// Note-ons that came in, whether or not the transport ran.
    NotesHeard,
    /// Generated note-ons that the host took.
    NotesPlayed,
    /// Planned notes dropped because their time had passed by a thirty-second or more.
    Late,
    /// Planned notes that came less than a thirty-second late and were played at once.
    CaughtUp,
    /// Events and planned notes dropped for any other reason: a full queue, a key that a player holds.
    Dropped,
    /// Events that the host's full list refused; each is tried again in the next block.
    Refused,
    /// Generated notes ended before their planned end by stop, seek, loop wrap, bypass, reset or a
    /// change of controls.
    StuckReleased,
    /// Waits of an offline render that were given up.
    OfflineTimeouts,
    /// Notes that the worker wrote.
    NotesGenerated,
    /// Nanoseconds that the worker spent planning.
    PlanningNanoseconds,
    /// Panics that the worker survived.
    WorkerPanics,
    /// Messages lost because a ring between the threads was full.
    RingOverflows,
    /// Decision points that the worker decided.
    Plans,
    /// Bars, or parts of one, that the playing head entered with a plan of the model.
    BarsPlanned,
    /// Those that it entered without one, and filled with the plan of an earlier pass.
    BarsFromEarlierPass,
    /// Those that it filled with the last bar, moved into the harmony.
    BarsMoved,
    /// Those for which there was nothing.
    BarsRested,
    /// Frames that the window painted.
    FramesPainted,
    /// The longest single `process` call, in nanoseconds: a maximum, not a sum.
    WorstProcessNanoseconds,
}

/// One more than the last [`Count`].
const COUNTS: usize = Count::WorstProcessNanoseconds as usize + 1;

/// A block of counters.
struct Cells([AtomicU64; COUNTS]);

impl Cells {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; COUNTS])
    }

    fn get(&self, count: Count) -> u64 {
        self.0[count as usize].load(Ordering::Relaxed)
    }

    fn add(&self, count: Count, amount: u64) {
        self.0[count as usize].fetch_add(amount, Ordering::Relaxed);
    }

    fn raise(&self, count: Count, value: u64) {
        self.0[count as usize].fetch_max(value, Ordering::Relaxed);
    }
}

/// The sum over every instance that this process ever had.
static TOTALS: Cells = Cells::new();

/// The counters of one plugin instance. Lock-free; nothing orders one counter against another.
pub struct Status {
    own: Cells,
    playhead: Playhead,
}

impl Status {
    /// All zero, for an instance whose window, if it ever has one, `repaint` repaints.
    #[must_use]
    pub fn with_window(repaint: RepaintNotifier) -> Arc<Self> {
        Arc::new(Self {
            own: Cells::new(),
            playhead: Playhead::new(repaint),
        })
    }

    /// All zero.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Self::with_window(RepaintNotifier::new())
    }

    /// Where the host's playhead is.
    #[must_use]
    pub fn playhead(&self) -> &Playhead {
        &self.playhead
    }

    /// Adds to this instance and to the totals.
    pub fn add(&self, count: Count, amount: u64) {
        self.own.add(count, amount);
        TOTALS.add(count, amount);
    }

    /// Raises a maximum to at least `value`, here and in the totals.
    pub fn raise(&self, count: Count, value: u64) {
        self.own.raise(count, value);
        TOTALS.raise(count, value);
    }

    /// This instance's value.
    #[must_use]
    pub fn get(&self, count: Count) -> u64 {
        self.own.get(count)
    }
}

/// The totals of the process, as [`continuo_counters`] writes them. Field order and `version` are the
/// contract with test hosts: fields are only ever appended, and `version` then rises.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// 3.
    pub version: u64,
    /// [`Count::NotesHeard`].
    pub notes_heard: u64,
    /// [`Count::NotesPlayed`].
    pub notes_played: u64,
    /// [`Count::Late`].
    pub late: u64,
    /// [`Count::CaughtUp`].
    pub caught_up: u64,
    /// [`Count::Dropped`].
    pub dropped: u64,
    /// [`Count::StuckReleased`].
    pub stuck_released: u64,
    /// [`Count::OfflineTimeouts`].
    pub offline_timeouts: u64,
    /// [`Count::NotesGenerated`].
    pub notes_generated: u64,
    /// [`Count::PlanningNanoseconds`].
    pub planning_nanoseconds: u64,
    /// [`Count::WorkerPanics`].
    pub worker_panics: u64,
    /// [`Count::RingOverflows`].
    pub ring_overflows: u64,
    /// [`Count::Plans`].
    pub plans: u64,
    /// [`Count::WorstProcessNanoseconds`].
    pub worst_process_nanoseconds: u64,
    /// [`Count::BarsPlanned`]; since version 2.
    pub bars_planned: u64,
    /// [`Count::BarsFromEarlierPass`].
    pub bars_from_earlier_pass: u64,
    /// [`Count::BarsMoved`].
    pub bars_moved: u64,
    /// [`Count::BarsRested`].
    pub bars_rested: u64,
    /// [`Count::FramesPainted`]; since version 3.
    pub frames_painted: u64,
}

impl Counters {
    /// What the totals are now.
    #[must_use]
    pub fn now() -> Self {
        Self {
            version: 3,
            notes_heard: TOTALS.get(Count::NotesHeard),
            notes_played: TOTALS.get(Count::NotesPlayed),
            late: TOTALS.get(Count::Late),
            caught_up: TOTALS.get(Count::CaughtUp),
            dropped: TOTALS.get(Count::Dropped),
            stuck_released: TOTALS.get(Count::StuckReleased),
            offline_timeouts: TOTALS.get(Count::OfflineTimeouts),
            notes_generated: TOTALS.get(Count::NotesGenerated),
            planning_nanoseconds: TOTALS.get(Count::PlanningNanoseconds),
            worker_panics: TOTALS.get(Count::WorkerPanics),
            ring_overflows: TOTALS.get(Count::RingOverflows),
            plans: TOTALS.get(Count::Plans),
            worst_process_nanoseconds: TOTALS.get(Count::WorstProcessNanoseconds),
            bars_planned: TOTALS.get(Count::BarsPlanned),
            bars_from_earlier_pass: TOTALS.get(Count::BarsFromEarlierPass),
            bars_moved: TOTALS.get(Count::BarsMoved),
            bars_rested: TOTALS.get(Count::BarsRested),
            frames_painted: TOTALS.get(Count::FramesPainted),
        }
    }
}

/// Writes the totals of all instances in this process to `out`; does nothing when it is null.
///
/// Exported by the plugin's library, so that a host which opened the same bundle can look it up by name
/// and check that nothing was late, dropped or stuck.
///
/// # Safety
/// `out` is null or points to memory that may be written as one [`Counters`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn continuo_counters(out: *mut Counters) {
    // SAFETY: by this function's contract `out` is null or valid for a write of one `Counters`.
    if let Some(out) = unsafe { out.as_mut() } {
        *out = Counters::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_counts_alone_and_into_the_totals() {
        let (one, other) = (Status::new(), Status::new());
        let before = Counters::now();
        one.add(Count::Plans, 2);
        other.add(Count::Plans, 3);
        assert_eq!((one.get(Count::Plans), other.get(Count::Plans)), (2, 3));
        let mut after = Counters::default();
        // SAFETY: `after` is a live local.
        unsafe { continuo_counters(&raw mut after) };
        // Other tests of this process may count too, so the totals rise by at least this much.
        assert!(after.plans >= before.plans + 5);
        assert_eq!(after.version, 3);
    }

    #[test]
    fn a_maximum_only_rises() {
        let status = Status::new();
        status.raise(Count::WorstProcessNanoseconds, 7);
        status.raise(Count::WorstProcessNanoseconds, 3);
        assert_eq!(status.get(Count::WorstProcessNanoseconds), 7);
    }
}
