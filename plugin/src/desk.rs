//! One instance's planner, and what ties its answers to the audio thread's epochs.

use std::time::Instant;

use continuo_model::{
    capture::{Capture, Captured, Place, Row},
    controls::Controls,
    feel::feel,
    generate::Generator,
    harmony::Bar,
    midi_file::DRUM_CHANNEL,
    planner::{Action, Memory, Planner},
    time::{BarGrid, Tick},
};

use crate::{
    ladder::Segment,
    link::{Epoch, Heard, Planned, PlannedNote, WorkerEnd},
    snapshot::{Scribe, Snapshot},
    status::{Count, Status},
    worker::Wish,
};

/// The planner with what ties its answers to the audio thread's epochs.
pub struct Desk {
    planner: Planner,
    controls: Controls,
    epoch: Epoch,
    /// Pass of the epoch in which the planner started to count.
    first_pass: u32,
    playing: Option<(BarGrid, Option<(Tick, Tick)>)>,
    /// The loop that was played last. It stays when the transport stops, as it does in the host.
    cycle: Option<(Tick, Tick)>,
    /// Where the song was last heard to stand, now or in the project that was loaded.
    place: Option<Place>,
    /// What just played.
    capture: Capture,
    /// The last place in the song that was told.
    at: Tick,
    /// Channel of the last heard note, 0..=15.
    channel: u8,
    /// Channel, pitch and velocity of keys that went down in the last tick of the loop. A host may round
    /// the loop's first note to a sample before the wrap: it is the downbeat that is meant.
    downbeat: Vec<(u8, u8, u8)>,
    /// Draws what the window shows.
    scribe: Scribe,
    /// What only a later version knows of the project.
    later: Memory,
}

impl Desk {
    /// A desk that remembers a song from before.
    pub fn new(generator: Generator, memory: Memory) -> Self {
        let mut desk = Self {
            planner: Planner::new(generator),
            controls: Controls::default(),
            epoch: Epoch::default(),
            first_pass: 0,
            playing: None,
            cycle: None,
            place: None,
            capture: Capture::default(),
            at: Tick(0),
            channel: 0,
            downbeat: Vec::new(),
            scribe: Scribe::default(),
            later: Memory::default(),
        };
        desk.recall(memory);
        desk
    }

    /// What is remembered of the song.
    pub fn memory(&self) -> Memory {
        let memory = self.planner.memory().with_later_of(&self.later);
        memory.at(self.place.map(Place::last))
    }

    /// Remembers another song.
    pub fn recall(&mut self, memory: Memory) {
        self.later = memory.later();
        if self.playing.is_none() {
            self.place = memory.last().map(Place::from).or(self.place);
            if let Some(place) = self.place {
                self.scribe.presume(place.grid);
            }
        }
        self.planner.recall(memory);
    }

    /// Plays with other weights from here on; a start follows, which voids what the old ones have planned.
    pub fn restyle(&mut self, generator: Generator) {
        self.planner.set_generator(generator);
    }

    /// Whether something that the window shows has changed since the last question.
    pub fn take_news(&mut self) -> bool {
        self.scribe.take_news()
    }

    /// What the window shows; while the transport stands, around `look`, where the host's playhead is.
    pub fn snapshot(&mut self, look: Option<Tick>) -> Snapshot {
        let look = look.filter(|_| self.playing.is_none());
        let drawn = self.scribe.draw(&self.planner, &self.controls, look);
        let cycle = self.cycle;
        Snapshot {
            cycle,
            // A loop comes round before what lies behind it.
            answer: drawn
                .answer
                .filter(|at| cycle.is_none_or(|(_, end)| *at < end)),
            ..drawn
        }
    }

    /// Does what the musician asks of a bar.
    pub fn fulfil(&mut self, wish: Wish) {
        self.scribe.note_news();
        match wish {
            Wish::HoldBar(start, end) => self.planner.hold_bar(start, end),
            Wish::ReleaseBar(start) => self.planner.release_bar(start),
            Wish::RerollBar(start) => self.planner.reroll_bar(start),
        }
    }

    /// The last bars as a MIDI file, or the phrase that repeats while Hold is on; `None` when nothing has been
    /// played.
    pub fn captured(&self) -> Option<Captured> {
        let row = match (self.phrase(), self.controls.hold) {
            (Some(phrase), true) => phrase,
            _ => self.capture.row(&self.controls)?,
        };
        Some(Captured {
            role: self.controls.role,
            bytes: row.to_bytes(),
        })
    }

    /// The held phrase as it is played.
    fn phrase(&self) -> Option<Row> {
        let (start, notes) = self.planner.held_phrase()?;
        let place = self.place.unwrap_or_default();
        Row::of_phrase(notes, start, place, &self.controls)
    }

    /// A new desk after a panic: the controls and what has been played stay, the song is heard anew, and what
    /// lies ahead is planned anew.
    pub fn renewed(&mut self, generator: Generator) -> Self {
        let mut desk = Self::new(generator, self.later.clone());
        desk.planner.set_controls(self.controls);
        if let Some((grid, cycle)) = self.playing {
            desk.planner.start(self.at, grid, cycle);
            desk.planner.change(self.at, grid, cycle);
            let tempo = self.place.unwrap_or_default().tempo;
            self.capture.start(self.at, grid, tempo);
        } else {
            self.capture.stop();
        }
        Self {
            controls: self.controls,
            place: self.place,
            capture: std::mem::take(&mut self.capture),
            epoch: self.epoch,
            first_pass: self.epoch.pass,
            playing: self.playing,
            cycle: self.cycle,
            at: self.at,
            channel: self.channel,
            ..desk
        }
    }

    /// Takes one message and sends what it leads to; whether that was a plan.
    pub fn take(&mut self, message: Heard, end: &mut WorkerEnd, status: &Status) -> bool {
        if let Heard::Start { at, .. } | Heard::Clock { at, .. } = message {
            self.at = at;
        }
        if !matches!(message, Heard::Clock { .. }) {
            self.scribe.note_news();
        }
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
                tempo,
            } => {
                let grid = grid.from_zero();
                self.place = Some(Place { grid, tempo });
                let next_pass = Epoch {
                    pass: self.epoch.pass + 1,
                    ..self.epoch
                };
                let early = std::mem::take(&mut self.downbeat);
                if let Some((_, cycle)) = self.playing.filter(|_| epoch == next_pass) {
                    self.planner.wrap(at);
                    self.capture
                        .wrap(cycle.map(|(_, end)| end), at, grid, tempo);
                    for (channel, pitch, velocity) in early {
                        self.planner.note_on(at, channel, pitch, velocity);
                        self.capture.note_on(at, channel, pitch, velocity);
                    }
                } else if self.playing.is_none() || epoch != self.epoch {
                    self.first_pass = epoch.pass;
                    self.planner.start(at, grid, cycle);
                    self.capture.start(at, grid, tempo);
                } else {
                    self.capture.change(at, grid, tempo);
                }
                // What changes in mid-play, or with a wrap, counts from the next bar.
                if self.playing.is_some_and(|known| known != (grid, cycle))
                    && epoch.generation == self.epoch.generation
                {
                    self.planner.change(at, grid, cycle);
                }
                self.playing = Some((grid, cycle));
                self.cycle = cycle;
                self.epoch = epoch;
                self.scribe.pass(at, grid);
            }
            Heard::Stop { epoch } => {
                self.epoch = epoch;
                self.playing = None;
                self.planner.stop();
                self.capture.stop();
            }
            Heard::NoteOn {
                at,
                channel,
                pitch,
                velocity,
            } => {
                // That of drums is no line's. Who waits for the downbeat is the planner, which does not listen to them.
                let drums = channel == DRUM_CHANNEL;
                if !drums {
                    self.channel = channel;
                }
                let cycle = self.playing.and_then(|(_, cycle)| cycle);
                if !drums && cycle.is_some_and(|(_, end)| at + 1 >= end) {
                    self.downbeat.push((channel, pitch, velocity));
                } else {
                    self.planner.note_on(at, channel, pitch, velocity);
                    self.capture.note_on(at, channel, pitch, velocity);
                }
            }
            Heard::NoteOff { at, channel, pitch } => {
                self.planner.note_off(at, channel, pitch);
                self.capture.note_off(at, channel, pitch);
            }
            Heard::Forget => self.planner.forget(),
            // The seat keeps what is recalled, and the weights.
            Heard::Recall | Heard::Restyle => {}
            Heard::Clock { epoch, at } => {
                if epoch == self.epoch && self.playing.is_some() {
                    return self.advance(at, end, status);
                }
            }
        }
        false
    }

    /// Decides what is due at `at` and sends it; whether anything was.
    fn advance(&mut self, at: Tick, end: &mut WorkerEnd, status: &Status) -> bool {
        let began = Instant::now();
        let channel = self.controls.channel.unwrap_or(self.channel);
        let Some((grid, _)) = self.playing else {
            return false;
        };
        self.scribe.pass(at, grid);
        let (generation, first_pass) = (self.epoch.generation, self.first_pass);
        let epoch_of = |pass: u32| Epoch {
            generation,
            pass: first_pass + pass,
        };
        let mut notes = 0;
        let mut sent = 0;
        let controls = self.controls;
        let capture = &mut self.capture;
        self.planner.advance_at_once(at, &mut |action| {
            sent += 1;
            capture.take(&action, grid, &controls);
            end.send(match action {
                Action::Segment {
                    pass,
                    bar,
                    from,
                    to,
                } => Planned::Segment(Segment {
                    epoch: epoch_of(pass),
                    bar,
                    from,
                    to,
                }),
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
                    let feel = feel(&note, &bar, &controls);
                    Planned::Note {
                        epoch: epoch_of(pass),
                        note: PlannedNote {
                            onset: note.onset,
                            duration: note.duration,
                            delay_millitick: feel.delay_millitick,
                            end_delay_millitick: feel.end_delay_millitick,
                            channel,
                            pitch: note.pitch,
                            velocity: feel.velocity,
                            fit: planned.fit,
                            yields: planned.yields,
                        },
                    }
                }
            });
        });
        self.capture.listen_to(at);
        if sent > 0 {
            self.scribe.note_news();
            status.add(Count::Plans, 1);
            status.add(Count::NotesGenerated, notes);
            let nanoseconds = began.elapsed().as_nanos();
            status.add(
                Count::PlanningNanoseconds,
                u64::try_from(nanoseconds).unwrap_or(u64::MAX),
            );
        }
        sent > 0
    }
}

#[cfg(test)]
mod tests {
    use continuo_model::time::Meter;

    use super::*;
    use crate::link::link;

    fn desk() -> Desk {
        let generator = Generator::shipped().expect("the shipped network");
        Desk::new(generator, Memory::default())
    }

    #[test]
    fn the_loop_stays_in_the_picture_when_the_transport_stops() {
        let status = Status::new();
        let (_audio, mut worker) = link(&status);
        let mut desk = desk();
        let cycle = Some((Tick(384), Tick(768)));
        let epoch = Epoch::default();
        let start = Heard::Start {
            epoch,
            at: Tick(384),
            grid: BarGrid::from_origin(Meter::COMMON),
            cycle,
            tempo: 120.0,
        };
        desk.take(start, &mut worker, &status);
        let look = Some(Tick(9600));
        let playing = desk.snapshot(look);
        assert_eq!((playing.cycle, playing.around), (cycle, Tick(384)));
        desk.take(Heard::Stop { epoch }, &mut worker, &status);
        let stopped = desk.snapshot(look);
        assert_eq!(stopped.cycle, cycle);
        assert_eq!(stopped.around, Tick(9600), "where the host's playhead is");
    }

    #[test]
    fn a_song_that_was_loaded_shows_its_meter_before_it_is_played() {
        let waltz = Place {
            grid: BarGrid {
                downbeat: Tick(24 + 10 * 72),
                number: 10,
                meter: Meter::new(3, 4).expect("a waltz"),
            },
            tempo: 90.0,
        };
        let mut desk = desk();
        desk.recall(Memory::default().at(Some(waltz.last())));
        let bar = desk.snapshot(None).bars.bar_at(Tick(100));
        assert_eq!((bar.start, bar.end, bar.number), (Tick(96), Tick(168), 1));
    }
}
