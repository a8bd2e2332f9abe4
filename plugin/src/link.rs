//! The two rings between the audio thread and the planning thread, and every message that crosses.
//!
//! Both ends are handles that move once to the thread that uses them. Messages are `Copy`: a full ring
//! drops the message and counts it, nobody waits, nobody frees.
//!
//! # Thread map
//! | thread | holds | may |
//! |---|---|---|
//! | audio | [`AudioEnd`] | push [`Heard`], pop [`Planned`]; never locks, allocates, wakes |
//! | worker | [`WorkerEnd`] | pop [`Heard`], push [`Planned`]; polls, owns the model |

use continuo_model::{
    controls::Controls,
    time::{BarGrid, Tick},
};

/// Which stretch of unbroken play a message belongs to.
///
/// Stop, start, jump and a control change that makes the plan void begin a new generation. A loop wrap
/// begins a new pass of the same generation, so that the worker can plan over the wrap ahead of time:
/// a plan for `pass + 1` is good exactly when the wrap comes as foreseen, and void when anything else
/// comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch {
    /// Counts stops, starts, jumps and voiding control changes.
    pub generation: u32,
    /// Counts loop wraps since the generation began.
    pub pass: u32,
}

/// Audio thread to worker, in the order in which things happen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Heard {
    /// Play began here, after a stop, a jump, a loop wrap or a voiding control change; also sent when
    /// meter, bar grid or loop range change while playing (with the same epoch).
    Start {
        /// The epoch that begins, or goes on.
        epoch: Epoch,
        /// The song position of it.
        at: Tick,
        /// Where the bars lie, from the host's bar start and signature.
        grid: BarGrid,
        /// The loop's first tick and the tick after its last, when the host loops.
        cycle: Option<(Tick, Tick)>,
        /// Quarter notes a minute.
        tempo: f64,
    },
    /// The transport stopped.
    Stop {
        /// The epoch that begins: nothing is planned in it.
        epoch: Epoch,
    },
    /// A key went down on the input.
    NoteOn {
        /// The nearest tick.
        at: Tick,
        /// MIDI channel, 0..=15.
        channel: u8,
        /// MIDI key.
        pitch: u8,
        /// 1..=127.
        velocity: u8,
    },
    /// A key went up on the input.
    NoteOff {
        /// The nearest tick.
        at: Tick,
        /// MIDI channel, 0..=15.
        channel: u8,
        /// MIDI key.
        pitch: u8,
    },
    /// Everything that was heard before `at` has been sent: decision points up to here can be decided.
    Clock {
        /// The running epoch.
        epoch: Epoch,
        /// The position that the audio thread is about to play.
        at: Tick,
    },
    /// The controls as they are from here on.
    Controls(Controls),
    /// Forget what earlier passes taught.
    Forget,
}

/// One note of the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlannedNote {
    /// Its place in the song.
    pub onset: Tick,
    /// Its length in ticks, at least 1.
    pub duration: i64,
    /// How much later than `onset` it plays, in 1/1000 tick: swing and humanize.
    pub delay_millitick: i32,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI key.
    pub pitch: u8,
    /// 1..=127.
    pub velocity: u8,
    /// Stay silent while a player is heard: within a beat after a heard note began or while one sounds.
    pub yields: bool,
}

/// Worker to audio thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Planned {
    /// The plan of this epoch from `from` on is void: notes not yet begun are dropped.
    Replace {
        /// The epoch that this belongs to.
        epoch: Epoch,
        /// The first tick of the void plan.
        from: Tick,
    },
    /// One note more.
    Note {
        /// The epoch that this belongs to.
        epoch: Epoch,
        /// The note.
        note: PlannedNote,
    },
    /// End the sounding note of this pitch and channel at `at`: it clashes with the harmony that came.
    Release {
        /// The epoch that this belongs to.
        epoch: Epoch,
        /// When to end it; at once if that is past.
        at: Tick,
        /// MIDI channel, 0..=15.
        channel: u8,
        /// MIDI key.
        pitch: u8,
    },
    /// The worker has decided every decision point up to this [`Heard::Clock`]. An offline render waits
    /// for it.
    Decided {
        /// The epoch of the answered clock.
        epoch: Epoch,
        /// Its position.
        at: Tick,
    },
}
