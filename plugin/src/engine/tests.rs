//! The engine between a simulated host and a test that plays the worker's part, over real rings.

// nice-plug's own guard is an allocator too, and there can be only one.
#[cfg(not(feature = "assert_process_allocs"))]
mod allocations;
mod delayed;
mod fuzz;
mod heard;
mod passed;
mod played;
mod stand_ins;

use std::sync::atomic::{AtomicBool, Ordering};

use continuo_model::{
    controls::{Controls, Role},
    fit::Fit,
    time::Tick,
};

use super::*;
use crate::link::{HEARD_CAPACITY, PlannedNote, WorkerEnd, link};

/// Half a second is a quarter note of 24,000 samples, a tick is 1,000.
pub const RATE: f64 = 48_000.0;
pub const TICK: u64 = 1000;

/// What the largest host list takes in a block.
const LARGEST_LIST: usize = 5000;

/// The host's payload: a serial number, to see that events come through untouched and in order.
pub type Serial = u32;

/// A host's output list with room for `room` events a block.
struct List {
    room: usize,
    events: Vec<OutputEvent<Serial>>,
}

impl Sink<Serial> for List {
    fn send(&mut self, event: OutputEvent<Serial>) -> bool {
        let fits = self.events.len() < self.room;
        if fits {
            self.events.push(event);
        }
        fits
    }
}

/// An engine in a simulated host.
pub struct Rig {
    pub engine: Engine<Serial>,
    pub worker: WorkerEnd,
    pub status: Arc<Status>,
    /// What the next block will be; the position moves on by itself.
    pub block: Block,
    /// Room in the host's output list, in events a block.
    pub room: usize,
    /// Samples since the rig began.
    pub now: u64,
    /// Everything that came out, by absolute sample.
    pub out: Vec<(u64, Body<Serial>)>,
}

impl Rig {
    /// A stopped host at 120 quarters a minute and 48 kHz.
    pub fn new() -> Self {
        let status = Status::new();
        let (audio, worker) = link(&status);
        let transport = Transport {
            tempo: Some(120.0),
            quarters: Some(0.0),
            signature: Some((4, 4)),
            ..Transport::default()
        };
        Self {
            engine: Engine::new(audio, Arc::clone(&status)),
            worker,
            status,
            block: Block {
                frames: 512,
                sample_rate: RATE,
                transport,
                offline: false,
                controls: Controls::default(),
                thru: true,
                bypass: false,
                forget: false,
                loads: 0,
                choices: 0,
                lookahead: 0,
            },
            room: usize::MAX,
            now: 0,
            out: Vec::new(),
        }
    }

    /// The same, playing from the song's origin, with the first block of one sample behind it.
    pub fn playing() -> Self {
        Self::playing_as(Controls::default().role)
    }

    /// The same in a role; only in drums may notes that begin at different places sound together.
    pub fn playing_as(role: Role) -> Self {
        let mut rig = Self::new();
        rig.block.controls.role = role;
        rig.block.transport.playing = true;
        rig.run(1, &[]);
        rig
    }

    /// Plays one block and moves the host's playhead on, through the loop if there is one.
    pub fn run(&mut self, frames: u32, input: &[InputEvent<Serial>]) {
        self.block.frames = frames;
        let mut list = List {
            room: self.room.min(LARGEST_LIST),
            events: Vec::with_capacity(LARGEST_LIST),
        };
        #[cfg(not(feature = "assert_process_allocs"))]
        assert_eq!(
            allocations::during(|| self.engine.process(&self.block, input, &mut list)),
            0,
            "the audio thread allocated"
        );
        #[cfg(feature = "assert_process_allocs")]
        self.engine.process(&self.block, input, &mut list);
        let mut last = 0;
        for event in list.events {
            assert!(event.sample < frames, "an event beyond the block");
            assert!(event.sample >= last, "events out of order");
            last = event.sample;
            self.out
                .push((self.now + u64::from(event.sample), event.body));
        }
        self.now += u64::from(frames);
        let transport = &mut self.block.transport;
        if let (true, Some(quarters)) = (transport.playing, &mut transport.quarters) {
            let tempo = transport.tempo.unwrap_or(120.0);
            let before = *quarters;
            *quarters += f64::from(frames) / self.block.sample_rate / 60.0 * tempo;
            if let Some((start, end)) = transport.cycle
                && before < end
                && end - start > 1e-3
            {
                while *quarters >= end - 1e-9 {
                    *quarters -= end - start;
                }
            }
        }
    }

    /// Plays blocks of `frames` until sample `until`.
    pub fn run_until(&mut self, until: u64, frames: u32) {
        while self.now < until {
            let left = u32::try_from(until - self.now).unwrap_or(u32::MAX);
            self.run(left.min(frames), &[]);
        }
    }

    /// Moves the host's playhead.
    pub fn seek(&mut self, quarters: f64) {
        self.block.transport.quarters = Some(quarters);
    }

    /// What the engine told the worker since the last call.
    pub fn heard(&mut self) -> Vec<Heard> {
        std::iter::from_fn(|| self.worker.receive()).collect()
    }

    /// The epoch that the engine last told.
    pub fn epoch(&mut self) -> Epoch {
        let mut epochs = self
            .heard()
            .into_iter()
            .filter_map(|message| match message {
                Heard::Start { epoch, .. } | Heard::Stop { epoch } => Some(epoch),
                _ => None,
            });
        epochs.next_back().expect("the engine told an epoch")
    }

    /// Plans a note.
    pub fn plan(&mut self, epoch: Epoch, note: PlannedNote) {
        assert!(self.worker.send(Planned::Note { epoch, note }));
    }

    /// What was generated: sample, channel, pitch, whether it is a note-on.
    pub fn generated(&self) -> Vec<(u64, u8, bool)> {
        let generated = |&(at, body): &(u64, Body<Serial>)| match body {
            Body::On { pitch, .. } => Some((at, pitch, true)),
            Body::Off { pitch, .. } => Some((at, pitch, false)),
            Body::Pass { .. } => None,
        };
        self.out.iter().filter_map(generated).collect()
    }

    /// What was passed through: sample and serial number.
    pub fn passed(&self) -> Vec<(u64, Serial)> {
        let passed = |&(at, body): &(u64, Body<Serial>)| match body {
            Body::Pass { payload, .. } => Some((at, payload)),
            _ => None,
        };
        self.out.iter().filter_map(passed).collect()
    }

    pub fn count(&self, count: Count) -> u64 {
        self.status.get(count)
    }
}

/// A planned note of a quarter's length, velocity 90, channel 1.
pub fn note(onset: i64, pitch: u8) -> PlannedNote {
    PlannedNote {
        onset: Tick(onset),
        duration: 24,
        delay_millitick: 0,
        end_delay_millitick: 0,
        channel: 0,
        pitch,
        velocity: 90,
        fit: Fit::AsPlanned,
        yields: false,
    }
}

pub fn on(sample: u32, pitch: u8, serial: Serial) -> InputEvent<Serial> {
    InputEvent {
        sample,
        kind: Kind::On {
            channel: 0,
            pitch,
            velocity: 100,
        },
        payload: serial,
    }
}

pub fn off(sample: u32, pitch: u8, serial: Serial) -> InputEvent<Serial> {
    InputEvent {
        sample,
        kind: Kind::Off {
            channel: Some(0),
            pitch: Some(pitch),
        },
        payload: serial,
    }
}

pub fn other(sample: u32, serial: Serial) -> InputEvent<Serial> {
    InputEvent {
        sample,
        kind: Kind::Other,
        payload: serial,
    }
}
