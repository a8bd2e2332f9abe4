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

use std::sync::Arc;

use continuo_model::{
    controls::Controls,
    fit::Fit,
    time::{BarGrid, Tick},
};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::{
    ladder::Segment,
    status::{Count, Status},
};

/// Room for what is heard between two polls of the worker. One block can bring a thousand events (as
/// many as a host sends before it has to allocate), and a worker that is busy planning reads nothing
/// for tens of milliseconds: four such blocks.
pub const HEARD_CAPACITY: usize = 4096;

/// Room for the plan that arrives within one block. Eight bars of dense drums are about 1,000 notes; a
/// held phrase is sent at once, and an offline render reads only while it waits.
pub const PLANNED_CAPACITY: usize = 4096;

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
    /// The song memory that was loaded counts from here on.
    Recall,
    /// The style that was chosen counts from here on.
    Restyle,
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
    /// How much later than written it ends, in 1/1000 tick.
    pub end_delay_millitick: i32,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI key.
    pub pitch: u8,
    /// 1..=127.
    pub velocity: u8,
    /// How it bends to the keys that are down when it begins.
    pub fit: Fit,
    /// Stay silent while a player is heard: within a beat after a heard note began or while one sounds.
    pub yields: bool,
}

/// Worker to audio thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Planned {
    /// The plan of a segment follows: its notes, or none.
    Segment(Segment),
    /// The plan of this epoch from `from` on and before `to` is void: notes not yet begun are dropped.
    Replace {
        /// The epoch that this belongs to.
        epoch: Epoch,
        /// The first tick of the void plan.
        from: Tick,
        /// The first tick after it.
        to: Tick,
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

/// The audio thread's end.
pub struct AudioEnd {
    heard: Producer<Heard>,
    planned: Consumer<Planned>,
    status: Arc<Status>,
}

impl AudioEnd {
    /// Sends without waiting. `false`: the ring is full, the message is lost and counted.
    pub fn send(&mut self, message: Heard) -> bool {
        let sent = self.heard.push(message).is_ok();
        if !sent {
            self.status.add(Count::RingOverflows, 1);
        }
        sent
    }

    /// Whether [`send`](Self::send) would lose its message now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.heard.is_full()
    }

    /// The next message of the worker, if one has come.
    pub fn receive(&mut self) -> Option<Planned> {
        self.planned.pop().ok()
    }

    /// How many messages of the worker wait now; more may come at any time.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.planned.slots()
    }
}

/// The worker's end.
pub struct WorkerEnd {
    heard: Consumer<Heard>,
    planned: Producer<Planned>,
    status: Arc<Status>,
}

impl WorkerEnd {
    /// The next message of the audio thread, if one has come.
    pub fn receive(&mut self) -> Option<Heard> {
        self.heard.pop().ok()
    }

    /// Sends without waiting. `false`: the ring is full, the message is lost and counted.
    pub fn send(&mut self, message: Planned) -> bool {
        let sent = self.planned.push(message).is_ok();
        if !sent {
            self.status.add(Count::RingOverflows, 1);
        }
        sent
    }

    /// How many messages fit now. Nobody else sends, so this can only grow until the next
    /// [`send`](Self::send).
    #[must_use]
    pub fn room(&self) -> usize {
        self.planned.slots()
    }
}

/// Both ends of one instance's crossing. Allocates both rings; nothing allocates afterwards.
#[must_use]
pub fn link(status: &Arc<Status>) -> (AudioEnd, WorkerEnd) {
    let (heard_in, heard_out) = RingBuffer::new(HEARD_CAPACITY);
    let (planned_in, planned_out) = RingBuffer::new(PLANNED_CAPACITY);
    let audio = AudioEnd {
        heard: heard_in,
        planned: planned_out,
        status: Arc::clone(status),
    };
    let worker = WorkerEnd {
        heard: heard_out,
        planned: planned_in,
        status: Arc::clone(status),
    };
    (audio, worker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_ring_drops_and_counts() {
        let status = Status::new();
        let (mut audio, mut worker) = link(&status);
        for _ in 0..HEARD_CAPACITY {
            assert!(audio.send(Heard::Forget));
        }
        assert!(audio.is_full());
        assert!(!audio.send(Heard::Forget));
        assert_eq!(status.get(Count::RingOverflows), 1);
        let received = std::iter::from_fn(|| worker.receive()).count();
        assert_eq!(received, HEARD_CAPACITY);
        assert_eq!(worker.room(), PLANNED_CAPACITY);
    }
}
