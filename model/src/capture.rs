//! What just played: the last bars that were heard and generated, in the order in which they were played.
//!
//! A song position can be played many times, so nothing here is kept by song position. Time goes on like a
//! tape: each tick that plays is one more on it, through loops and jumps. A `Stretch` says which part of
//! the song a part of the tape is. [`Row`] lays the tape out as a piece of music that begins at bar 1.
//!
//! Generated notes are kept as they sound: bent to the harmony, cut by corrections, loop ends and stops, with
//! swing and humanize. The rules are those by which the audio thread plays.

mod file;
mod row;

use std::collections::VecDeque;

pub use self::{
    file::{Captured, write_new},
    row::{Place, Row, key_of},
};
use crate::{
    controls::{Controls, Mode, Role},
    feel::Played,
    fit::{Fit, SILENCE, fit_pitch},
    generate::LEAD,
    midi_file::DRUM_CHANNEL,
    note::Note,
    planner::Action,
    time::{BarGrid, Tick},
};

/// Bars that are kept.
pub const BARS: i64 = 64;
/// Notes of each kind that are kept: five hundred a bar.
const MOST_NOTES: usize = 1 << 15;
/// A change of tempo by a smaller share is none that a listener or a sequencer minds.
const SAME_TEMPO: f64 = 0.001;

/// Part of the tape that is one part of the song.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    /// Where on the tape it begins.
    tape: Tick,
    /// Which place of the song that is.
    song: Tick,
    grid: BarGrid,
    /// It goes on from the one before without a break: the loop came round, or the meter changed.
    joined: bool,
}

impl Stretch {
    fn on_tape(&self, song: Tick) -> Tick {
        self.tape + (song - self.song)
    }

    fn in_song(&self, tape: Tick) -> Tick {
        self.song + (tape - self.tape)
    }

    /// The bars that it has from its beginning to `end` of the tape, at least 1.
    fn bars(&self, end: Tick) -> i64 {
        let last = self.in_song(end) - 1;
        let touched = self.grid.bar_at(last) - self.grid.bar_at(self.song) + 1;
        // The bar in which it joins counts with the stretch before.
        let begun = self.joined && self.grid.position_in_bar(self.song) != 0;
        (touched - i64::from(begun)).max(1)
    }
}

/// A heard note on the tape; while its key is down it has its length so far.
#[derive(Clone, Copy, Debug, PartialEq)]
struct HeardNote {
    channel: u8,
    note: Note,
    down: bool,
}

/// A generated note, in song ticks while it waits, on the tape once it plays.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Own {
    role: Role,
    /// The channel that the musician chose, if any.
    channel: Option<u8>,
    played: Played,
    /// The key that it was planned with.
    planned_pitch: u8,
    yields: bool,
}

/// A note of the plan that has not begun.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    pass: u32,
    fit: Fit,
    /// It belongs to an answer: that nobody plays is no reason to be silent.
    answers: bool,
    own: Own,
}

/// The last bars. Everything that happens is told in the order in which it does, in song time.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Bars and notes of each kind that are kept at the most.
    most: (i64, usize),
    stretches: VecDeque<Stretch>,
    /// Up to here the tape is written.
    end: Tick,
    playing: bool,
    /// Loop wraps since play began, as the planner counts them.
    pass: u32,
    tempi: VecDeque<(Tick, f64)>,
    heard: VecDeque<HeardNote>,
    own: VecDeque<Own>,
    plan: Vec<Waiting>,
}

impl Default for Capture {
    /// Keeps the last [`BARS`] bars.
    fn default() -> Self {
        Self::of(BARS, MOST_NOTES)
    }
}

impl Capture {
    /// Keeps everything.
    #[must_use]
    pub fn whole() -> Self {
        Self::of(i64::MAX, usize::MAX)
    }

    fn of(bars: i64, notes: usize) -> Self {
        Self {
            most: (bars, notes),
            stretches: VecDeque::new(),
            end: Tick(0),
            playing: false,
            pass: 0,
            tempi: VecDeque::new(),
            heard: VecDeque::new(),
            own: VecDeque::new(),
            plan: Vec::new(),
        }
    }

    /// What was generated, one after the other, on the tape: its first tick is where play began.
    #[must_use]
    pub fn played(&self) -> Vec<Played> {
        self.own.iter().map(|own| own.played).collect()
    }

    /// Play begins at `at` of the song, or the plan became void there. The plan so far is forgotten.
    pub fn start(&mut self, at: Tick, grid: BarGrid, tempo: f64) {
        self.plan.clear();
        self.pass = 0;
        let goes_on = self.playing
            && self.stretches.back().is_some_and(|stretch| {
                // The place is rounded to the nearest tick.
                stretch.grid == grid && ((at - stretch.in_song(self.end)).abs() <= 1)
            });
        self.cut_own(self.end);
        if !goes_on {
            self.lift_keys(self.end);
            self.begin(at, grid, false);
        }
        self.playing = true;
        self.add_tempo(self.end, tempo);
    }

    /// The loop that ends at `end` came round to `at`.
    pub fn wrap(&mut self, end: Option<Tick>, at: Tick, grid: BarGrid, tempo: f64) {
        let near = |end: &Tick| self.now().is_some_and(|now| now + 1 >= *end);
        if let Some(end) = end.filter(near) {
            self.listen_to(end);
        }
        self.pass += 1;
        let pass = self.pass;
        self.plan.retain(|waiting| waiting.pass >= pass);
        self.cut_own(self.end);
        self.begin(at, grid, true);
        self.add_tempo(self.end, tempo);
    }

    /// Meter, bar lines or tempo are others from `at` on, while playing.
    pub fn change(&mut self, at: Tick, grid: BarGrid, tempo: f64) {
        self.listen_to(at);
        if self
            .stretches
            .back()
            .is_some_and(|stretch| stretch.grid != grid)
        {
            self.begin(at, grid, true);
        }
        self.add_tempo(self.end, tempo);
    }

    /// The transport stopped.
    pub fn stop(&mut self) {
        self.cut_own(self.end);
        self.lift_keys(self.end);
        self.plan.clear();
        self.playing = false;
    }

    /// A key went down.
    pub fn note_on(&mut self, at: Tick, channel: u8, pitch: u8, velocity: u8) {
        let Some(onset) = self.place(at) else {
            return;
        };
        self.note_off(at, channel, pitch);
        self.begin_notes(onset);
        let melodies = self.own.iter_mut().rev().take(NEAR);
        for own in melodies.filter(|own| own.yields && channel != DRUM_CHANNEL) {
            own.played.cut(onset.0 as f64);
        }
        let note = Note {
            onset,
            pitch,
            duration: 1,
            velocity,
        };
        let heard = HeardNote {
            channel,
            note,
            down: true,
        };
        let later = self
            .heard
            .iter()
            .rev()
            .take_while(|other| other.note.onset > onset);
        let index = self.heard.len() - later.count();
        self.heard.insert(index, heard);
    }

    /// A key went up.
    pub fn note_off(&mut self, at: Tick, channel: u8, pitch: u8) {
        let Some(end) = self.place(at) else {
            return;
        };
        let same = |heard: &&mut HeardNote| {
            heard.down && (heard.channel, heard.note.pitch) == (channel, pitch)
        };
        if let Some(heard) = self.heard.iter_mut().rev().find(same) {
            heard.down = false;
            heard.note.duration = (end - heard.note.onset).max(1);
        }
    }

    /// What the planner wants done; `grid` is where its bars lie.
    pub fn take(&mut self, action: &Action, grid: BarGrid, controls: &Controls) {
        match *action {
            Action::Segment { .. } => {}
            Action::Replace { pass, from, to } => self.replace(pass, from, to),
            Action::Release { pass, at, pitch } => self.release(pass, at, pitch),
            Action::Note { pass, planned } => {
                let own = Own {
                    role: controls.role,
                    channel: controls.channel,
                    played: Played::in_bars(&planned.note, grid, controls),
                    planned_pitch: planned.note.pitch,
                    yields: planned.yields,
                };
                let fit = planned.fit;
                let answers = controls.mode == Mode::Answer;
                self.plan.push(Waiting {
                    pass,
                    fit,
                    answers,
                    own,
                });
            }
        }
    }

    /// The plan of a pass from `from` on and before `to` is void.
    fn replace(&mut self, pass: u32, from: Tick, to: Tick) {
        self.plan.retain(|waiting| {
            let onset = waiting.own.played.note.onset;
            waiting.pass != pass || onset < from || onset >= to
        });
    }

    /// What was planned on this key and began before `at` ends there.
    fn release(&mut self, pass: u32, at: Tick, pitch: u8) {
        for waiting in &mut self.plan {
            let note = &mut waiting.own.played.note;
            if waiting.pass == pass && note.pitch == pitch && note.onset < at {
                note.duration = note.duration.min(at - note.onset);
            }
        }
        let Some(at) = self.place(at).filter(|_| pass == self.pass) else {
            return;
        };
        for own in self.own.iter_mut().rev().take(NEAR) {
            if own.planned_pitch == pitch || own.played.note.pitch == pitch {
                own.played.cut(at.0 as f64);
            }
        }
    }

    /// Everything before `to` of the song has been heard.
    pub fn listen_to(&mut self, to: Tick) {
        let Some(to) = self.place(to).filter(|to| *to > self.end) else {
            return;
        };
        self.begin_notes(to);
        self.end = to;
        self.prune();
    }

    /// The present place in the song.
    fn now(&self) -> Option<Tick> {
        let stretch = self.stretches.back().filter(|_| self.playing)?;
        Some(stretch.in_song(self.end))
    }

    /// Where on the tape a place of the song is; `None` while nothing plays.
    fn place(&self, at: Tick) -> Option<Tick> {
        let stretch = self.stretches.back().filter(|_| self.playing)?;
        Some(stretch.on_tape(at).max(stretch.tape))
    }

    /// Another stretch begins at the end of the tape.
    fn begin(&mut self, song: Tick, grid: BarGrid, joined: bool) {
        let mut joined = joined;
        // One of which nothing was played leaves no trace.
        if let Some(empty) = self.stretches.pop_back_if(|last| last.tape == self.end) {
            joined &= empty.joined;
        }
        self.stretches.push_back(Stretch {
            tape: self.end,
            song,
            grid,
            joined: joined && !self.stretches.is_empty(),
        });
        self.prune();
    }

    fn add_tempo(&mut self, at: Tick, tempo: f64) {
        let same = |(_, last): &(Tick, f64)| (tempo / last - 1.0).abs() < SAME_TEMPO;
        if self.tempi.back().is_some_and(same) {
            return;
        }
        self.tempi.pop_back_if(|(from, _)| *from == at);
        self.tempi.push_back((at, tempo));
    }

    /// Notes of the plan that begin before `to` of the tape begin to play.
    fn begin_notes(&mut self, to: Tick) {
        let Some(&stretch) = self.stretches.back() else {
            return;
        };
        let pass = self.pass;
        let begins = |waiting: &Waiting| {
            let song = stretch.in_song(to);
            waiting.pass == pass && waiting.own.played.begins() < song.0 as f64
        };
        let mut due: Vec<Waiting> = self
            .plan
            .extract_if(.., |waiting| begins(waiting))
            .collect();
        due.sort_by(|one, other| {
            let (one, other) = (one.own.played, other.own.played);
            one.begins().total_cmp(&other.begins())
        });
        for mut waiting in due {
            let note = &mut waiting.own.played.note;
            note.onset = stretch.on_tape(note.onset);
            self.play(waiting);
        }
    }

    /// A note begins, unless who plays silences it or nobody plays.
    fn play(&mut self, waiting: Waiting) {
        let mut own = waiting.own;
        let begins = own.played.begins();
        let mut down = 0u128;
        let mut since = f64::INFINITY;
        let pitched = |heard: &&HeardNote| heard.channel != DRUM_CHANNEL;
        for heard in self.heard.iter().rev().take(NEAR).filter(pitched) {
            let note = heard.note;
            let ago = begins - note.onset.0 as f64;
            if ago < 0.0 {
                continue;
            }
            if heard.down || begins < note.end().0 as f64 {
                down |= 1 << note.pitch.min(127);
            }
            since = since.min(ago);
        }
        let player_is_heard = down != 0 || since.round() < LEAD as f64;
        let nobody_plays = down == 0 && since.round() > SILENCE as f64 && !waiting.answers;
        let guessed = waiting.fit != Fit::AsPlanned;
        if (own.yields && player_is_heard) || (guessed && nobody_plays) {
            return;
        }
        if guessed {
            own.played.note.pitch = fit_pitch(own.played.note.pitch, waiting.fit, down);
        }
        let key = (own.channel, own.played.note.pitch);
        for before in self.own.iter_mut().rev().take(NEAR) {
            let struck_again = (before.channel, before.played.note.pitch) == key;
            let stroke = before.played.note.onset == own.played.note.onset;
            if struck_again || (own.role.strikes_anew() && !stroke) {
                before.played.cut(begins);
            }
        }
        if own.yields {
            let later = self.heard.iter().map(|heard| heard.note.onset);
            if let Some(next) = later.filter(|onset| onset.0 as f64 > begins).min() {
                own.played.cut(next.0 as f64);
            }
        }
        self.own.push_back(own);
    }

    /// Ends the generated notes that sound at `at` of the tape.
    fn cut_own(&mut self, at: Tick) {
        for own in self.own.iter_mut().rev().take(NEAR) {
            own.played.cut(at.0 as f64);
        }
    }

    /// Ends the heard notes whose keys are down.
    fn lift_keys(&mut self, at: Tick) {
        for heard in self.heard.iter_mut().filter(|heard| heard.down) {
            heard.down = false;
            heard.note.duration = (at - heard.note.onset).max(1);
        }
    }

    /// Forgets what lies too far back.
    fn prune(&mut self) {
        let mut bars = 0;
        let mut end = self.end;
        let mut kept = 0;
        for stretch in self.stretches.iter_mut().rev() {
            kept += 1;
            bars += stretch.bars(end);
            if bars >= self.most.0 {
                let bar = stretch.grid.bar_at(stretch.song) + (bars - self.most.0);
                let from = stretch.grid.start_of(bar);
                if from > stretch.song {
                    let tape = stretch.on_tape(from).min(end);
                    *stretch = Stretch {
                        tape,
                        song: stretch.in_song(tape),
                        ..*stretch
                    };
                }
                break;
            }
            end = stretch.tape;
        }
        let surplus = self.stretches.len() - kept;
        self.stretches.drain(..surplus);
        let Some(first) = self.stretches.front_mut() else {
            return;
        };
        first.joined = false;
        let from = first.tape;
        while self.heard.len() > self.most.1
            || self
                .heard
                .front()
                .is_some_and(|heard| heard.note.onset < from && !heard.down)
        {
            self.heard.pop_front();
        }
        while self.own.len() > self.most.1
            || self
                .own
                .front()
                .is_some_and(|own| own.played.note.onset < from)
        {
            self.own.pop_front();
        }
        while self.tempi.get(1).is_some_and(|(at, _)| *at <= from) {
            self.tempi.pop_front();
        }
    }
}

/// How many of the last notes can sound or matter at one place: every key, twice.
const NEAR: usize = 256;

#[cfg(test)]
mod tests;
