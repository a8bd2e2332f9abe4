//! The playing head: merges passed-through events, note-offs and planned notes in the order of their
//! samples, and knows everything that sounds.
//!
//! It follows the hearing head at the distance of the lookahead, so it reads its own copies of the spans
//! and of the input. With no lookahead both heads stand at the same sample.

use std::{collections::VecDeque, sync::Arc};

use continuo_model::{
    fit::{Fit, SILENCE, fit_pitch},
    midi_file::DRUM_CHANNEL,
    time::{THIRTY_SECOND, TICKS_PER_QUARTER},
};

use super::{
    Body, InputEvent, Kind, Sink, cover::Cover, event::named_keys, outbox::Outbox, stretch::Stretch,
};
use crate::{
    ladder::Bending,
    link::{Epoch, Planned, PlannedNote},
    schedule::{KEYS, Schedule, Sounding, SoundingTable, Waiting, key_index},
    status::{Count, Status},
};

/// Input that may wait between the heads: 120 ms of it is rarely a hundred events. Note-offs have room
/// of their own on top, because they must not be lost.
const INPUT_CAPACITY: usize = 4096;
/// Stretches that may wait between the heads. Those that follow each other evenly are one, however short the
/// blocks; a tempo that changes in every block of 6 samples gives as many in 120 ms at 48 kHz.
const SPAN_CAPACITY: usize = 1024;

/// Ticks that a note sounds at the least, however late it began.
const SHORTEST: f64 = 0.25;

/// Where the running block lies, and what may sound in it.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Its first sample, counted since the engine began.
    pub block: u64,
    /// Its length in samples, at least 1.
    pub frames: u32,
    /// How much later everything leaves than it was heard, in samples.
    pub lookahead: u64,
    /// Heard events are passed on.
    pub thru: bool,
    /// Heard events are passed on and nothing is generated.
    pub bypass: bool,
    /// How what was made for another bar is played.
    pub bending: Bending,
}

impl Output {
    fn passes(&self) -> bool {
        self.thru || self.bypass
    }

    /// The sample of the block at which what belongs to sample `at` leaves.
    fn sample(&self, at: u64) -> u32 {
        let sample = (at + self.lookahead).saturating_sub(self.block);
        sample.min(u64::from(self.frames - 1)) as u32
    }
}

/// Now: where it leaves, and how far play has come.
#[derive(Clone, Copy)]
struct Moment {
    /// The sample of the running block.
    sample: u32,
    /// Ticks played since the engine began.
    elapsed: f64,
}

/// What happens next within a stretch.
enum Next<E> {
    End(Sounding),
    Input(InputEvent<E>),
    Begin(Waiting),
}

/// The playing head.
pub struct Player<E> {
    outbox: Outbox<E>,
    schedule: Schedule,
    cover: Cover,
    sounding: SoundingTable,
    stretches: VecDeque<Stretch>,
    /// Input that has been heard and not yet passed, with the sample that it belongs to.
    input: VecDeque<(u64, InputEvent<E>)>,
    /// The next sample to play, counted since the engine began.
    head: u64,
    /// The stretch of play that the head is in.
    epoch: Epoch,
    /// Keys that a player holds down.
    held: [bool; KEYS],
    /// How many of `held` are true.
    held_count: usize,
    /// Note-ons passed through whose note-off has not been. Kept over a reset: those are the host's to end.
    passed: [u8; KEYS],
    /// Keys that sound by what was passed through. The first note-off silences a key, however many
    /// note-ons went before it, so that a host which sends one for several leaves no key blocked.
    through: [bool; KEYS],
    /// Ticks played since the engine began, through every loop and jump.
    elapsed: f64,
    /// `elapsed` when the last note-on was heard.
    last_heard: f64,
    status: Arc<Status>,
}

impl<E: Copy> Player<E> {
    /// Silent; allocates all that it will ever need.
    pub fn new(status: Arc<Status>) -> Self {
        Self {
            outbox: Outbox::new(Arc::clone(&status)),
            schedule: Schedule::new(),
            cover: Cover::new(Arc::clone(&status)),
            sounding: SoundingTable::new(),
            stretches: VecDeque::with_capacity(SPAN_CAPACITY),
            input: VecDeque::with_capacity(INPUT_CAPACITY + KEYS),
            head: 0,
            epoch: Epoch::default(),
            held: [false; KEYS],
            held_count: 0,
            passed: [0; KEYS],
            through: [false; KEYS],
            elapsed: 0.0,
            last_heard: f64::NEG_INFINITY,
            status,
        }
    }

    /// Opens a block of at least one sample: what the host refused in the last one goes first.
    pub fn open(&mut self, frames: u32, sink: &mut impl Sink<E>) {
        self.outbox.open(frames, sink);
    }

    /// Takes a message of the worker. [`Planned::Decided`] is for the engine.
    pub fn accept(&mut self, message: Planned) {
        match message {
            Planned::Segment(segment) => self.cover.open(segment, &mut self.schedule),
            Planned::Replace { epoch, from, to } => {
                self.cover.ladder.replace(epoch, from, to);
                self.schedule.replace(epoch, from, to);
            }
            Planned::Note { epoch, note } => {
                self.cover.ladder.keep(epoch, note);
                let waiting = Waiting {
                    epoch,
                    note,
                    stand_in: false,
                };
                let fits = self.cover.is_past(&waiting)
                    || epoch < self.epoch
                    || self.schedule.insert(waiting);
                if !fits {
                    self.status.add(Count::Dropped, 1);
                }
            }
            Planned::Release {
                epoch,
                at,
                channel,
                pitch,
            } => {
                self.schedule.shorten(epoch, at, channel, pitch);
                if epoch == self.epoch {
                    self.sounding.shorten(channel, pitch, at.0 as f64);
                }
            }
            Planned::Decided { .. } => {}
        }
    }

    /// Other controls want other music: earlier plans are no stand-ins any more.
    pub fn forget_plans(&mut self) {
        self.cover.ladder.forget();
    }

    /// Takes an input event that belongs to sample `at`.
    pub fn hear(&mut self, at: u64, event: InputEvent<E>) {
        let off = matches!(event.kind, Kind::Off { .. });
        let room = if off {
            INPUT_CAPACITY + KEYS
        } else {
            INPUT_CAPACITY
        };
        if self.input.len() < room {
            self.input.push_back((at, event));
        } else {
            self.status.add(Count::Dropped, 1);
        }
    }

    /// Takes the next stretch. When too many wait, the first is played early.
    pub fn follow(&mut self, stretch: Stretch, output: &Output, sink: &mut impl Sink<E>) {
        if let Some(last) = self.stretches.back_mut()
            && let Some(joined) = last.joined(&stretch)
        {
            *last = joined;
            return;
        }
        if self.stretches.len() == SPAN_CAPACITY {
            let first_end = self.stretches.front().map_or(self.head, Stretch::end);
            self.play(first_end, output, sink);
        }
        self.stretches.push_back(stretch);
    }

    /// Plays what was heard before sample `until`.
    pub fn play(&mut self, until: u64, output: &Output, sink: &mut impl Sink<E>) {
        while let Some(&stretch) = self.stretches.front() {
            if self.head >= until {
                break;
            }
            self.head = self.head.max(stretch.first);
            if stretch.epoch != self.epoch {
                self.epoch = stretch.epoch;
                self.schedule.enter(stretch.epoch);
                self.cover.enter(stretch.epoch);
                self.release_all(output.sample(self.head), sink);
            }
            let end = stretch.end().min(until);
            if end > self.head {
                self.play_part(&stretch, end, output, sink);
            }
            if end == stretch.end() {
                self.stretches.pop_front();
            }
            self.head = end;
        }
    }

    /// Ends every generated note at `sample` of the block, before its time.
    pub fn release_all(&mut self, sample: u32, sink: &mut impl Sink<E>) {
        while let Some(note) = self.sounding.take_any() {
            self.status.add(Count::StuckReleased, 1);
            self.end(note, sample, sink);
        }
    }

    /// Ends every generated note, forgets the plan and what a player holds. Note-offs that wait between the
    /// heads still go to the notes that were passed through.
    pub fn reset(&mut self, now: u64, sink: &mut impl Sink<E>) {
        self.release_all(0, sink);
        while let Some((_, event)) = self.input.pop_front() {
            match event.kind {
                Kind::Off {
                    channel: Some(channel),
                    pitch: Some(pitch),
                } => {
                    if self.forget_passed(channel, pitch) {
                        self.pass(event, 0, sink);
                    }
                }
                Kind::Off { channel, pitch } => self.end_passed(channel, pitch, 0, sink),
                Kind::On { .. } | Kind::Other => {}
            }
        }
        self.schedule.clear();
        self.cover.reset();
        self.stretches.clear();
        self.held = [false; KEYS];
        self.held_count = 0;
        self.last_heard = f64::NEG_INFINITY;
        self.head = now;
    }

    /// Plays the stretch from the head to sample `end`.
    fn play_part(&mut self, stretch: &Stretch, end: u64, output: &Output, sink: &mut impl Sink<E>) {
        // Both casts are safe: the part lies within the stretch, whose length is a `u32`.
        let first = (self.head - stretch.first) as u32;
        let last = (end - stretch.first) as u32;
        let began = stretch.span.map_or(0.0, |span| span.frontier(first));
        if let Some(span) = stretch.span {
            let ticks = (began, span.frontier(last));
            self.cover
                .go(ticks, stretch.grid, &output.bending, &mut self.schedule);
        }
        while let Some((offset, next)) = self.next(stretch, first, last) {
            let since_first = stretch
                .span
                .map_or(0.0, |span| span.ticks_between(first, offset));
            let now = Moment {
                sample: output.sample(stretch.first + u64::from(offset)),
                elapsed: self.elapsed + since_first,
            };
            match next {
                Next::End(note) => {
                    self.sounding.take(note.channel, note.pitch);
                    self.end(note, now.sample, sink);
                }
                Next::Input(event) => {
                    self.input.pop_front();
                    self.input(event, now, output, sink);
                }
                Next::Begin(waiting) => {
                    self.schedule.pop();
                    self.begin(waiting, began, now, output, sink);
                }
            }
        }
        self.elapsed += stretch
            .span
            .map_or(0.0, |span| span.ticks_between(first, last));
    }

    /// What comes first in samples `first..last` of the stretch; at the same sample note-offs come before
    /// input, so that it finds the key free, and input before notes, so that these can yield to it.
    fn next(&self, stretch: &Stretch, first: u32, last: u32) -> Option<(u32, Next<E>)> {
        let end = stretch.first + u64::from(last);
        let input = self
            .input
            .front()
            .filter(|(at, _)| *at < end)
            .map(|&(at, event)| {
                let offset = at.saturating_sub(stretch.first) as u32;
                (offset.max(first), Next::Input(event))
            });
        let Some(span) = stretch.span else {
            return input;
        };
        let frontier = span.frontier(last);
        let offset = |tick: f64| span.sample_of(tick).clamp(first, last - 1);
        let ending = self
            .sounding
            .next_before(frontier)
            .map(|note| (offset(note.ends), Next::End(note)));
        let beginning = self
            .schedule
            .next_before(stretch.epoch, frontier)
            .map(|waiting| (offset(waiting.begins()), Next::Begin(*waiting)));
        // `min_by_key` takes the first of equals.
        [ending, input, beginning]
            .into_iter()
            .flatten()
            .min_by_key(|(offset, _)| *offset)
    }

    /// An input event reaches the playing head.
    fn input(
        &mut self,
        event: InputEvent<E>,
        now: Moment,
        output: &Output,
        sink: &mut impl Sink<E>,
    ) {
        let sample = now.sample;
        match event.kind {
            Kind::On { channel, pitch, .. } => {
                let key = key_index(channel, pitch);
                // Drums are no pitches to go along with.
                if channel != DRUM_CHANNEL {
                    self.held_count += usize::from(!self.held[key]);
                    self.held[key] = true;
                    self.last_heard = now.elapsed;
                    while let Some(note) = self.sounding.take_yielding() {
                        self.end(note, sample, sink);
                    }
                }
                if output.passes() {
                    if let Some(note) = self.sounding.take(channel, pitch) {
                        self.end(note, sample, sink);
                    }
                    self.passed[key] = self.passed[key].saturating_add(1);
                    self.through[key] = true;
                    self.pass(event, sample, sink);
                }
            }
            Kind::Off {
                channel: Some(channel),
                pitch: Some(pitch),
            } => {
                let was_passed = self.forget_passed(channel, pitch);
                // A note-off that nothing was passed for must not end a generated note.
                let ours = self.sounding.contains(channel, pitch);
                if was_passed || (output.passes() && !ours) {
                    self.pass(event, sample, sink);
                }
            }
            Kind::Off { channel, pitch } => self.end_passed(channel, pitch, sample, sink),
            Kind::Other if output.passes() => self.pass(event, sample, sink),
            Kind::Other => {}
        }
    }

    /// A planned note is due, at the latest; `began` is how far the head had come before this part.
    fn begin(
        &mut self,
        waiting: Waiting,
        began: f64,
        now: Moment,
        output: &Output,
        sink: &mut impl Sink<E>,
    ) {
        let planned_pitch = waiting.note.pitch;
        let note = PlannedNote {
            pitch: self.bent(&waiting.note),
            ..waiting.note
        };
        let begins = waiting.begins().max(began);
        let late = begins - waiting.begins();
        let key = key_index(note.channel, note.pitch);
        let since_heard = (now.elapsed - self.last_heard).round();
        let player_is_heard = self.held_count > 0 || since_heard < TICKS_PER_QUARTER as f64;
        let nobody_plays = self.held_count == 0 && since_heard > SILENCE as f64;
        let nobody_plays = nobody_plays && !output.bending.answers;
        let guessed = note.fit != Fit::AsPlanned;
        if output.bypass || (note.yields && player_is_heard) || (guessed && nobody_plays) {
            return;
        }
        if late >= THIRTY_SECOND as f64 {
            return self.status.add(Count::Late, 1);
        }
        if self.through[key] {
            return self.status.add(Count::Dropped, 1);
        }
        if late > 0.0 {
            self.status.add(Count::CaughtUp, 1);
        }
        if let Some(sounding) = self.sounding.take(note.channel, note.pitch) {
            self.end(sounding, now.sample, sink);
        }
        // By their plans they have ended; what stood in for a late plan, or came late itself, may not have.
        while let Some(sounding) = output
            .bending
            .role
            .strikes_anew()
            .then(|| self.sounding.take_other_than(note.onset))
            .flatten()
        {
            self.end(sounding, now.sample, sink);
        }
        self.sounding.insert(Sounding {
            onset: note.onset,
            channel: note.channel,
            pitch: note.pitch,
            planned_pitch,
            ends: waiting.ends().max(begins + SHORTEST),
            yields: note.yields,
        });
        let body = Body::On {
            channel: note.channel,
            pitch: note.pitch,
            velocity: note.velocity.clamp(1, 127),
        };
        self.outbox.send(now.sample, body, sink);
    }

    /// The pitch of a note that is due, bent to what the player holds down at this sample.
    fn bent(&self, note: &PlannedNote) -> u8 {
        if note.fit == Fit::AsPlanned {
            return note.pitch;
        }
        let down = self
            .held
            .iter()
            .enumerate()
            .filter(|(_, held)| **held)
            .fold(0u128, |down, (key, _)| down | 1 << (key & 127));
        fit_pitch(note.pitch, note.fit, down)
    }

    /// Sends the note-off of a note that has been taken out of the table.
    fn end(&mut self, note: Sounding, sample: u32, sink: &mut impl Sink<E>) {
        let body = Body::Off {
            channel: note.channel,
            pitch: note.pitch,
        };
        self.outbox.send(sample, body, sink);
    }

    fn pass(&mut self, event: InputEvent<E>, sample: u32, sink: &mut impl Sink<E>) {
        let body = Body::Pass {
            kind: event.kind,
            payload: event.payload,
        };
        self.outbox.send(sample, body, sink);
    }

    /// A note-off for many keys came: it ends each of them that was passed through, because passed on
    /// itself it would end generated notes too.
    fn end_passed(
        &mut self,
        channel: Option<u8>,
        pitch: Option<u8>,
        sample: u32,
        sink: &mut impl Sink<E>,
    ) {
        for (channel, pitch) in named_keys(channel, pitch) {
            let sounds = self.through[key_index(channel, pitch)];
            self.forget_passed(channel, pitch);
            if sounds {
                self.outbox.send(sample, Body::Off { channel, pitch }, sink);
            }
        }
    }

    /// A note-off came: its key is no longer held. Whether a note-on of it had been passed through.
    fn forget_passed(&mut self, channel: u8, pitch: u8) -> bool {
        let key = key_index(channel, pitch);
        self.held_count -= usize::from(self.held[key]);
        self.held[key] = false;
        self.through[key] = false;
        let was_passed = self.passed[key] > 0;
        self.passed[key] = self.passed[key].saturating_sub(1);
        was_passed
    }
}
