//! The planning thread: it owns the planner and its network, and polls its end of the link.
//!
//! The weights are read once in a process and shared by all instances; a thread, its planner and its song
//! memory belong to one.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use continuo_model::{
    controls::Controls,
    feel::feel,
    generate::Generator,
    harmony::Bar,
    planner::{Action, Planner},
    time::{BarGrid, Tick},
    weights::WeightsError,
};

use crate::{
    link::{Epoch, Heard, Planned, PlannedNote, WorkerEnd},
    status::{Count, Status},
};

/// Between two polls: short against the shortest decision point, long enough to cost nothing.
const POLL: Duration = Duration::from_millis(1);

/// The shipped network, or why it can't be used. Read by the first worker that starts.
static GENERATOR: LazyLock<Result<Generator, WeightsError>> = LazyLock::new(Generator::shipped);

/// The running thread. Dropping it stops the thread and waits for its end.
pub struct Worker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Starts the planning thread on its end of the link.
pub fn spawn(end: WorkerEnd, status: Arc<Status>) -> Worker {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = thread::Builder::new()
        .name("continuo-worker".into())
        .spawn(move || run(end, &status, &stopped))
        .ok();
    Worker { stop, thread }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The thread catches its panics; there is nothing left to do.
            let _ = thread.join();
        }
    }
}

fn run(mut end: WorkerEnd, status: &Arc<Status>, stop: &AtomicBool) {
    let generator = match &*GENERATOR {
        Ok(generator) => Some(generator),
        Err(error) => {
            nice_plug::prelude::nice_error!("no music will be generated: {error}");
            None
        }
    };
    let mut desk = generator.map(|generator| Desk::new(generator.clone()));
    while !stop.load(Ordering::Relaxed) {
        while let Some(message) = end.receive() {
            if let Some(busy) = &mut desk {
                let turn = catch_unwind(AssertUnwindSafe(|| busy.take(message, &mut end, status)));
                if turn.is_err() {
                    status.add(Count::WorkerPanics, 1);
                    *busy = busy.renewed(generator.expect("the desk was made from it").clone());
                }
            }
            // Whatever became of the plan, an offline render must not wait for it.
            if let Heard::Clock { epoch, at } = message {
                end.send(Planned::Decided { epoch, at });
            }
            if stop.load(Ordering::Relaxed) {
                return;
            }
        }
        thread::sleep(POLL);
    }
}

/// The planner with what ties its answers to the audio thread's epochs.
struct Desk {
    planner: Planner,
    controls: Controls,
    epoch: Epoch,
    /// Pass of the epoch in which the planner started to count.
    first_pass: u32,
    playing: Option<(
        BarGrid,
        Option<(continuo_model::time::Tick, continuo_model::time::Tick)>,
    )>,
    /// Channel of the last heard note, 0..=15.
    channel: u8,
    /// Channel, pitch and velocity of keys that went down in the last tick of the loop. A host may round
    /// the loop's first note to a sample before the wrap: it is the downbeat that is meant.
    downbeat: Vec<(u8, u8, u8)>,
}

impl Desk {
    fn new(generator: Generator) -> Self {
        Self {
            planner: Planner::new(generator),
            controls: Controls::default(),
            epoch: Epoch::default(),
            first_pass: 0,
            playing: None,
            channel: 0,
            downbeat: Vec::new(),
        }
    }

    /// A new desk after a panic: the controls stay, the song is heard anew.
    fn renewed(&self, generator: Generator) -> Self {
        let mut desk = Self::new(generator);
        desk.planner.set_controls(self.controls);
        Self {
            controls: self.controls,
            epoch: self.epoch,
            channel: self.channel,
            ..desk
        }
    }

    /// Takes one message; sends what it leads to.
    fn take(&mut self, message: Heard, end: &mut WorkerEnd, status: &Status) {
        match message {
            Heard::Controls(controls) => {
                self.controls = controls;
                self.planner.set_controls(controls);
            }
            Heard::Start {
                epoch,
                at,
                grid,
                cycle,
                tempo: _,
            } => {
                let grid = grid.from_zero();
                let next_pass = Epoch {
                    pass: self.epoch.pass + 1,
                    ..self.epoch
                };
                let early = std::mem::take(&mut self.downbeat);
                if self.playing.is_some() && epoch == next_pass {
                    self.planner.wrap(at);
                    for (channel, pitch, velocity) in early {
                        self.planner.note_on(at, channel, pitch, velocity);
                    }
                } else if self.playing.is_none() || epoch != self.epoch {
                    self.first_pass = epoch.pass;
                    self.planner.start(at, grid, cycle);
                }
                // What changes in mid-play, or with a wrap, counts from the next bar.
                if self.playing.is_some_and(|known| known != (grid, cycle))
                    && epoch.generation == self.epoch.generation
                {
                    self.planner.change(at, grid, cycle);
                }
                self.playing = Some((grid, cycle));
                self.epoch = epoch;
            }
            Heard::Stop { epoch } => {
                self.epoch = epoch;
                self.playing = None;
                self.planner.stop();
            }
            Heard::NoteOn {
                at,
                channel,
                pitch,
                velocity,
            } => {
                self.channel = channel;
                let cycle = self.playing.and_then(|(_, cycle)| cycle);
                if cycle.is_some_and(|(_, end)| at + 1 >= end) {
                    self.downbeat.push((channel, pitch, velocity));
                } else {
                    self.planner.note_on(at, channel, pitch, velocity);
                }
            }
            Heard::NoteOff { at, channel, pitch } => self.planner.note_off(at, channel, pitch),
            Heard::Forget => self.planner.forget(),
            Heard::Clock { epoch, at } => {
                if epoch == self.epoch && self.playing.is_some() {
                    self.advance(at, end, status);
                }
            }
        }
    }

    /// Decides what is due at `at` and sends it.
    fn advance(&mut self, at: Tick, end: &mut WorkerEnd, status: &Status) {
        let began = Instant::now();
        let channel = self.controls.channel.unwrap_or(self.channel);
        let Some((grid, _)) = self.playing else {
            return;
        };
        let epoch_of = |pass: u32| Epoch {
            generation: self.epoch.generation,
            pass: self.first_pass + pass,
        };
        let mut notes = 0;
        let mut sent = 0;
        for action in self.planner.advance(at) {
            sent += 1;
            end.send(match action {
                Action::Replace { pass, from, to } => Planned::Replace {
                    epoch: epoch_of(pass),
                    from,
                    to,
                },
                Action::Release { pass, at, pitch } => Planned::Release {
                    epoch: epoch_of(pass),
                    at,
                    channel,
                    pitch,
                },
                Action::Note { pass, planned } => {
                    notes += 1;
                    let note = planned.note;
                    let bar = Bar::containing(grid, note.onset);
                    let feel = feel(&note, bar.start, bar.end(), &self.controls);
                    Planned::Note {
                        epoch: epoch_of(pass),
                        note: PlannedNote {
                            onset: note.onset,
                            duration: note.duration,
                            delay_millitick: feel.delay_millitick,
                            channel,
                            pitch: note.pitch,
                            velocity: feel.velocity,
                            fit: planned.fit,
                            yields: planned.yields,
                        },
                    }
                }
            });
        }
        if sent > 0 {
            status.add(Count::Plans, 1);
            status.add(Count::NotesGenerated, notes);
            let nanoseconds = began.elapsed().as_nanos();
            status.add(
                Count::PlanningNanoseconds,
                u64::try_from(nanoseconds).unwrap_or(u64::MAX),
            );
        }
    }
}
