//! What the plugin counted: notes heard and played, late, dropped, stuck.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use libloading::{Library, Symbol};

/// The counters of all instances of one plugin file in this process, since it was loaded.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Layout of this record; 3.
    pub version: u64,
    /// Note-ons that came in.
    pub notes_heard: u64,
    /// Generated note-ons that went out.
    pub notes_played: u64,
    /// Notes that arrived after their time.
    pub late: u64,
    /// Late notes that were still played.
    pub caught_up: u64,
    /// Notes that were not played.
    pub dropped: u64,
    /// Generated notes that something other than their own end had to release.
    pub stuck_released: u64,
    /// Offline blocks that gave up waiting for the plan.
    pub offline_timeouts: u64,
    /// Notes that the model wrote.
    pub notes_generated: u64,
    /// Time spent writing them, in nanoseconds.
    pub planning_nanoseconds: u64,
    /// Panics of the planning thread.
    pub worker_panics: u64,
    /// Messages that found a ring full.
    pub ring_overflows: u64,
    /// Plans made.
    pub plans: u64,
    /// The longest `process` call, in nanoseconds.
    pub worst_process_nanoseconds: u64,
    /// Bars, or parts of one, that were entered with a plan of the model.
    pub bars_planned: u64,
    /// Those that were filled with the plan of an earlier pass.
    pub bars_from_earlier_pass: u64,
    /// Those that were filled with the last bar, moved into the harmony.
    pub bars_moved: u64,
    /// Those for which there was nothing.
    pub bars_rested: u64,
    /// Frames that windows painted.
    pub frames_painted: u64,
}

/// The layout of [`Counters`] that is understood here.
const VERSION: u64 = 3;

impl Counters {
    /// Reads the counters of the loaded plugin file `binary`.
    ///
    /// # Errors
    /// When it cannot be opened, does not export `continuo_counters`, or lays them out otherwise.
    pub fn of(binary: &Path) -> Result<Self> {
        type Read = unsafe extern "C" fn(out: *mut Counters);
        let mut counters = Self::default();
        // SAFETY: an instance of the plugin holds this file loaded, so opening it runs nothing new; the
        // symbol is documented to have this signature and to fill one record.
        unsafe {
            let library = Library::new(binary)?;
            let read: Symbol<Read> = library
                .get(b"continuo_counters\0")
                .with_context(|| format!("{} exports no counters", binary.display()))?;
            read(&mut counters);
        }
        ensure!(
            counters.version == VERSION,
            "counters of version {}",
            counters.version
        );
        Ok(counters)
    }
}
