//! What to play when: decision points, song memory, corrections.
//!
//! The planner is told what happens in song time, one thing after the other, and answers with
//! [`Action`]s. It knows no clock: the plugin's worker feeds it from the audio thread, the command line
//! from a file, and both get the same notes.
//!
//! A segment (a bar, or what is left of one) is decided [`LEAD`] ticks before it begins: heard notes
//! before that point decide, and where an earlier pass has been listened to, what it taught about the bar
//! itself. On a first pass the harmony ahead is a guess. A guessed bass note bends to the chord that sounds
//! as it begins (see [`fit`](crate::fit)). Chords and second voices are looked at again on each beat
//! ([`CHECK`] ticks later, when the hands are down): if they rub against what came, the rest of the bar is
//! planned anew from [`CORRECTION`] ticks after the beat.

mod adopting;
mod asked;
mod bars;
mod correction;
mod held;
mod memory;
mod takes;
mod voices;

use std::collections::VecDeque;

use self::{
    adopting::Adopting,
    bars::Bars,
    held::Held,
    takes::{Origin, Takes},
};
pub use self::{
    asked::NOTICE,
    memory::{Last, Memory},
    voices::split_top_line,
};

use crate::{
    constrain::{nearest_allowed, scale_of},
    controls::{Controls, Mode, Rhythm, Role},
    fit::{Bend, Bounds, Fit, SILENCE, fit_pitch},
    generate::{Asked, Generator, LEAD, Music, key_of},
    harmony::Bar,
    midi_file::DRUM_CHANNEL,
    note::Note,
    time::{BarGrid, Meter, Tick},
    timeline::Timeline,
    tokenizer::Segment,
};

/// Ticks after a beat at which its harmony is looked at: a thirty-second, within which hands are down.
pub const CHECK: i64 = 3;
/// Ticks after a beat at which a corrected plan begins: the next sixteenth.
pub const CORRECTION: i64 = 6;

/// A note of the plan with how it is to be played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planned {
    /// The note.
    pub note: Note,
    /// How it bends to what is heard.
    pub fit: Fit,
    /// Whether it stays silent while the player plays.
    pub yields: bool,
}

/// What the planner wants done. `pass` counts loop wraps since [`Planner::start`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// The plan of a segment follows: its notes, or none.
    Segment {
        /// Loop wraps since the start.
        pass: u32,
        /// First tick of its bar.
        bar: Tick,
        /// Its first tick.
        from: Tick,
        /// First tick after it.
        to: Tick,
    },
    /// The plan from `from` on and before `to` is void.
    Replace {
        /// Loop wraps since the start.
        pass: u32,
        /// First tick of what is void.
        from: Tick,
        /// First tick after it.
        to: Tick,
    },
    /// One note more.
    Note {
        /// Loop wraps since the start.
        pass: u32,
        /// The note.
        planned: Planned,
    },
    /// End what sounds at this pitch, at this place.
    Release {
        /// Loop wraps since the start.
        pass: u32,
        /// Where.
        at: Tick,
        /// MIDI key.
        pitch: u8,
    },
}

/// A segment that was planned and may be corrected.
#[derive(Clone, Copy, Debug)]
struct Standing {
    pass: u32,
    segment: Segment,
    /// The harmony ahead was a guess.
    guessed: bool,
}

/// Where the play is.
#[derive(Clone, Copy, Debug)]
struct Playing {
    cycle: Option<(Tick, Tick)>,
    pass: u32,
    /// Where the next segment to be planned begins, and on which pass.
    next: Tick,
    next_pass: u32,
}

/// Plans one instance's music.
pub struct Planner {
    generator: Generator,
    controls: Controls,
    timeline: Timeline,
    /// Our own notes by song position, sorted by onset and pitch.
    own: Vec<Planned>,
    playing: Option<Playing>,
    standing: VecDeque<Standing>,
    /// The next place to look at the harmony.
    next_check: Tick,
    held: Option<Held>,
    /// The phrase that was let go, and in how many bars more the new music must not be it again.
    let_go: Option<(Held, i64)>,
    /// The bars as they lay when play last went on.
    grid: BarGrid,
    bars: Bars,
    takes: Takes,
    actions: Vec<Action>,
}

impl Planner {
    /// A planner that knows nothing of the song yet.
    #[must_use]
    pub fn new(generator: Generator) -> Self {
        Self {
            generator,
            controls: Controls::default(),
            timeline: Timeline::default(),
            own: Vec::new(),
            playing: None,
            standing: VecDeque::new(),
            next_check: Tick(0),
            held: None,
            let_go: None,
            grid: BarGrid::from_origin(Meter::COMMON),
            bars: Bars::default(),
            takes: Takes::default(),
            actions: Vec::new(),
        }
    }

    /// Play begins at `at`: after a stop, a jump, or when the plan became void.
    pub fn start(&mut self, at: Tick, grid: BarGrid, cycle: Option<(Tick, Tick)>) {
        self.timeline.start(at);
        let cycle = cycle.filter(|(start, end)| end > start && at <= *end);
        self.grid = grid;
        self.playing = Some(Playing {
            cycle,
            pass: 0,
            next: at,
            next_pass: 0,
        });
        self.standing.clear();
        self.set_first_check(at);
        self.actions.clear();
    }

    /// The loop came round to `at`, as foreseen: all of it was heard, also its last tick, whose end nobody told
    /// when the host's block ended there too.
    pub fn wrap(&mut self, at: Tick) {
        let cycle = self.playing.and_then(|playing| playing.cycle);
        if let Some((_, end)) = cycle.filter(|(_, end)| self.timeline.now() + 1 >= *end) {
            self.decide_for_later(end);
        }
        self.timeline.start(at);
        if let Some(playing) = &mut self.playing {
            playing.pass += 1;
            let pass = playing.pass;
            // The loop was set too late to plan over its end.
            if playing.next_pass < pass {
                playing.next_pass = pass;
                playing.next = at;
            }
            self.standing.retain(|standing| standing.pass >= pass);
            self.set_first_check(at);
        }
    }

    /// Meter, bar lines or loop range changed while playing at `at`: what lies ahead is planned anew
    /// from the next bar on.
    pub fn change(&mut self, at: Tick, grid: BarGrid, cycle: Option<(Tick, Tick)>) {
        let Some(playing) = &mut self.playing else {
            return self.start(at, grid, cycle);
        };
        let pass = playing.pass;
        self.grid = grid;
        // Rounded, the place at which a loop is set may be its end.
        playing.cycle = cycle.filter(|(start, end)| end > start && at <= *end);
        playing.next = at;
        playing.next_pass = pass;
        self.standing.clear();
        self.set_first_check(at);
        self.actions.push(Action::Replace {
            pass,
            from: at,
            to: Tick(i64::MAX),
        });
        // The next pass may be planned already.
        self.actions.push(Action::Replace {
            pass: pass + 1,
            from: Tick(i64::MIN),
            to: Tick(i64::MAX),
        });
    }

    fn set_first_check(&mut self, at: Tick) {
        let bar = Bar::containing(self.grid, at);
        let beat = bar.beat_start(at);
        self.next_check = if beat == at { at } else { beat + bar.beat };
    }

    /// The transport stopped.
    pub fn stop(&mut self) {
        self.timeline.release_all();
        self.playing = None;
        self.standing.clear();
        self.actions.clear();
    }

    /// Hears a song up to `end` without playing to it, as an earlier pass would have.
    pub fn rehearse(&mut self, heard: &[Note], end: Tick) {
        self.timeline.rehearse(heard, end);
    }

    /// A key went down. Drums are no pitches to go along with, and not listened to.
    pub fn note_on(&mut self, at: Tick, channel: u8, pitch: u8, velocity: u8) {
        if channel == DRUM_CHANNEL {
            return;
        }
        self.decide_for_later(at);
        self.timeline.note_on(at, channel, pitch, velocity);
    }

    /// A key went up.
    pub fn note_off(&mut self, at: Tick, channel: u8, pitch: u8) {
        if channel == DRUM_CHANNEL {
            return;
        }
        self.decide_for_later(at);
        self.timeline.note_off(at, channel, pitch);
    }

    /// Forgets what earlier passes taught.
    pub fn forget(&mut self) {
        self.timeline.forget();
    }

    /// What was heard.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Our own notes by song position, sorted by onset and pitch, and of each whether it has yet to bend to the
    /// chord that will sound.
    pub fn own(&self) -> impl Iterator<Item = (Note, bool)> {
        self.own
            .iter()
            .map(|planned| (planned.note, planned.fit != Fit::AsPlanned))
    }

    /// Everything before `to` has been heard: decides what is due, and hands out what is to be done.
    pub fn advance(&mut self, to: Tick) -> std::vec::Drain<'_, Action> {
        self.decide_for_later(to);
        self.actions.drain(..)
    }

    /// The same, but hands out each action as soon as it is known: the first notes of a bar while the next
    /// are still being written.
    pub fn advance_at_once(&mut self, to: Tick, out: &mut impl FnMut(Action)) {
        self.actions.drain(..).for_each(&mut *out);
        self.decide_until(to, out);
    }

    fn decide_for_later(&mut self, to: Tick) {
        let mut actions = std::mem::take(&mut self.actions);
        self.decide_until(to, &mut |action| actions.push(action));
        self.actions = actions;
    }

    /// Comes to each decision point up to `to` in order of time, knowing what was heard before it.
    fn decide_until(&mut self, to: Tick, out: &mut impl FnMut(Action)) {
        while let Some(playing) = self.playing {
            let check = self.next_check + CHECK;
            let plan = self.next_plan(&playing);
            let point = plan.map_or(check, |plan| plan.min(check));
            if point > to {
                break;
            }
            self.timeline.listen_to(point);
            if plan == Some(point) {
                let segment = self.next_segment(&playing);
                self.plan(segment, out);
            } else {
                self.check(self.next_check, out);
            }
        }
        self.timeline.listen_to(to);
    }

    /// The decision point of the next segment, in ticks of the present pass; `None` while the loop has to
    /// come round first.
    fn next_plan(&self, playing: &Playing) -> Option<Tick> {
        match (playing.next_pass - playing.pass, playing.cycle) {
            (0, _) => Some(playing.next - LEAD),
            (1, Some((start, end))) => Some(end + (playing.next - start) - LEAD),
            _ => None,
        }
    }

    /// The next segment to be planned.
    fn next_segment(&self, playing: &Playing) -> Segment {
        let bar = Bar::containing(self.grid, playing.next);
        let end = match playing.cycle {
            Some((_, end)) if end > playing.next => bar.end().min(end),
            _ => bar.end(),
        };
        let remembers = self.controls.memory && self.timeline.knows(playing.next, end);
        Segment {
            bar,
            start: playing.next,
            end,
            horizon: if remembers {
                bar.end() + bar.beat
            } else {
                playing.next - LEAD
            },
        }
    }

    /// Plans a segment at its decision point.
    fn plan(&mut self, segment: Segment, out: &mut impl FnMut(Action)) {
        let Some(playing) = &mut self.playing else {
            return;
        };
        let pass = playing.next_pass;
        match playing.cycle {
            Some((start, end)) if segment.end >= end => {
                playing.next = start;
                playing.next_pass += 1;
            }
            _ => playing.next = segment.end,
        }
        let guessed = segment.horizon <= segment.start;
        self.settle(segment.start - LEAD);
        self.drop_own(segment.start, segment.end);
        out(Action::Segment {
            pass,
            bar: segment.bar.start,
            from: segment.start,
            to: segment.end,
        });
        if let Some(notes) = self.bars.held_in(self.controls.role, &segment) {
            let notes = notes.to_vec();
            self.repeat(pass, &segment, notes, out);
        } else if self.is_our_turn(&segment) {
            self.update_held(&segment);
            match &self.held {
                Some(held) => {
                    let notes = held.in_segment(&segment);
                    self.repeat(pass, &segment, notes, out);
                }
                None => self.generate(pass, &segment, &[], guessed, out),
            }
            if let Some((_, bars)) = &mut self.let_go {
                *bars -= 1;
            }
        }
        self.standing.push_back(Standing {
            pass,
            segment,
            guessed,
        });
        if self.standing.len() > 4 {
            self.standing.pop_front();
        }
    }

    /// In Answer, phrases alternate: listen, answer.
    fn is_our_turn(&self, segment: &Segment) -> bool {
        self.controls.mode == Mode::Follow || self.turn(segment.bar.number) % 2 != 0
    }

    /// Which phrase the bar of that number is in, counted from 0; the odd ones are ours.
    fn turn(&self, bar: i64) -> i64 {
        bar.div_euclid(i64::from(self.controls.phrase_bars.max(1)))
    }

    /// Where the answer to the phrase around `at` begins; `None` where it plays along, or answers already.
    #[must_use]
    pub fn next_answer(&self, at: Tick) -> Option<Tick> {
        let turn = self.turn(self.grid.bar_at(at));
        let listens = self.controls.mode == Mode::Answer && turn % 2 == 0;
        let phrase = i64::from(self.controls.phrase_bars.max(1));
        listens.then(|| self.grid.start_of((turn + 1) * phrase))
    }

    /// Writes a segment into the plan.
    fn generate(
        &mut self,
        pass: u32,
        segment: &Segment,
        earlier: &[Segment],
        guessed: bool,
        out: &mut impl FnMut(Action),
    ) {
        let (heard, own) = self.voices();
        let since = heard
            .iter()
            .chain(&own)
            .map(|note| note.onset)
            .min()
            .unwrap_or(segment.bar.start);
        let music = Music {
            heard: &heard,
            own: &own,
            since,
            grid: self.grid,
            controls: &self.controls,
            roll: self.bars.rolls(segment.bar.start),
        };
        let style = self.generator.style();
        let role = self.controls.role;
        let yields = self.yields();
        let last_heard = self
            .timeline
            .heard_between(segment.start, segment.end)
            .last()
            .map(Note::end);
        // A correction that finds an empty bar has been asked for because somebody plays.
        let comes_in = !earlier.is_empty()
            && !own
                .iter()
                .any(|note| note.onset >= earlier[0].start && note.onset < segment.start);
        let bends = guessed && role == Role::Bass;
        let (motion, mode) = (self.controls.motion, self.controls.mode);
        let key = bends.then(|| key_of(&music, segment)).flatten();
        let scale = scale_of(&self.controls, key);
        let bounds = Bounds::of(&self.controls, key);
        let mut guessed_root = None;
        let mut planned = |note: Note| Planned {
            note,
            fit: if bends {
                let root = *guessed_root.get_or_insert(note.pitch);
                let bend = Bend::of_bass(motion, note.onset == segment.bar.start, root, scale);
                Fit::Bent(bend, bounds)
            } else {
                Fit::AsPlanned
            },
            yields,
        };
        let until = self.next_onset(pass, segment.end);
        let mut adopting = Adopting::new(&mut self.own, pass, role, until, out);
        let mut take = |note: Note| {
            // Where the player is known to play, the melody is the player's.
            let answers = mode == Mode::Answer;
            let free = role != Role::Continue || guessed || answers;
            if free || last_heard.is_none_or(|end| note.onset >= end) {
                adopting.take(planned(note));
            }
        };
        let origin = earlier
            .is_empty()
            .then(|| Origin::of(&music, segment, style));
        let found = origin.as_ref().and_then(|origin| self.takes.find(origin));
        let notes = if let Some(notes) = found {
            notes.iter().for_each(|note| take(*note));
            notes.to_vec()
        } else {
            let roll_before = self.takes.roll_before(&music, segment);
            let let_go = self.let_go.as_ref().filter(|(_, bars)| *bars > 0);
            let let_go = let_go.map(|(held, _)| held.in_segment(segment));
            let asked = Asked {
                earlier,
                must_play: comes_in,
                avoid: [roll_before, let_go.as_deref()],
            };
            let written = self.generator.segment(&music, segment, &asked, &mut take);
            if let Some(origin) = origin {
                self.takes.keep(&origin, &written);
            }
            written
        };
        // Where the rhythm is given it rests because it was thinned.
        if bends && notes.is_empty() && self.controls.rhythm == Rhythm::Free {
            nearest_allowed(&self.controls, key, PEDAL_PITCH)
                .into_iter()
                .for_each(|pitch| take(pedal(segment, pitch)));
        }
    }

    /// Whether our notes are silent while the player plays: a melody is one at a time.
    fn yields(&self) -> bool {
        self.controls.role == Role::Continue && self.controls.mode == Mode::Follow
    }

    /// The first onset of the segment from `from` on, where that is planned already.
    fn next_onset(&self, pass: u32, from: Tick) -> Option<Tick> {
        let mut standing = self.standing.iter();
        let next = standing.find(|next| next.pass == pass && next.segment.start == from)?;
        let mut onsets = self.own.iter().map(|planned| planned.note.onset);
        onsets
            .find(|onset| *onset >= from)
            .filter(|onset| *onset < next.segment.end)
    }

    fn drop_own(&mut self, from: Tick, to: Tick) {
        self.own
            .retain(|planned| planned.note.onset < from || planned.note.onset >= to);
    }

    /// Notes that began before `to` and bent to what was heard: remembers them as they were played.
    fn settle(&mut self, to: Tick) {
        let timeline = &self.timeline;
        let answers = self.controls.mode == Mode::Answer;
        self.own.retain_mut(|planned| {
            let onset = planned.note.onset;
            if planned.fit == Fit::AsPlanned || onset >= to {
                return true;
            }
            let (down, heard_lately) = timeline.keys_at(onset, SILENCE);
            // Who is answered listens.
            let heard_lately = heard_lately || answers;
            planned.note.pitch = fit_pitch(planned.note.pitch, planned.fit, down);
            planned.fit = Fit::AsPlanned;
            heard_lately
        });
    }
}

/// The bass line of somebody who does not know the song yet: one long note, which will bend to the chord
/// that comes.
fn pedal(segment: &Segment, pitch: u8) -> Note {
    Note {
        onset: segment.start,
        pitch,
        duration: segment.end - segment.start,
        velocity: PEDAL_VELOCITY,
    }
}

/// The low E of a bass, and a velocity that is neither soft nor loud.
const PEDAL_PITCH: u8 = 40;
const PEDAL_VELOCITY: u8 = 80;

#[cfg(test)]
mod tests;
