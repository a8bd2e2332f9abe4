//! What was written for each stretch of the song, by take and roll: who goes back to a take finds its notes.
//!
//! A stretch is found again while what decided it stays the same: what was heard around it, as far as it
//! was known, the controls, and whose style it is. Our own notes before it are left out, so that going back to a take in the
//! middle of a song finds it although another one was played up to there.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{Hash, Hasher},
};

use fnv::FnvHasher;
use serde::{Deserialize, Serialize};

use crate::{
    controls::{Controls, Motion, Rhythm},
    generate::Music,
    note::{Note, between, compact},
    time::Tick,
    tokenizer::Segment,
};

/// Stretches that are kept at the most; the oldest go first. Eight takes of a song of 128 bars.
const MOST: usize = 1024;
/// Bars back that count as decisive: the network's context.
const BARS: i64 = 16;

/// Whose notes: first tick and the one after the last, take, roll.
type Place = (Tick, Tick, u8, u8);

/// The notes of takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Row>", into = "Vec<Row>")]
pub struct Takes {
    written: BTreeMap<Place, Written>,
    /// The places, the oldest first.
    order: VecDeque<Place>,
}

#[derive(Clone, Debug, PartialEq)]
struct Written {
    /// Of all that decided the notes.
    cause: u64,
    notes: Vec<Note>,
}

/// As a project keeps it.
#[derive(Clone, Serialize, Deserialize)]
struct Row {
    place: Place,
    cause: u64,
    #[serde(with = "compact")]
    notes: Vec<Note>,
}

/// Where notes are to be written, and what decides them.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    place: Place,
    cause: u64,
}

impl Origin {
    /// That of the notes of `segment`, written in a style or, with `None`, by the weights that ship.
    pub fn of(music: &Music, segment: &Segment, style: Option<u64>) -> Self {
        Self {
            place: place(music, segment),
            cause: cause(music, segment, style),
        }
    }
}

impl Takes {
    /// What was written there from the same causes.
    pub fn find(&self, origin: &Origin) -> Option<&[Note]> {
        let written = self.written.get(&origin.place)?;
        (written.cause == origin.cause).then_some(&written.notes)
    }

    /// What the roll before this one wrote for `segment`, from whatever causes.
    pub fn roll_before(&self, music: &Music, segment: &Segment) -> Option<&[Note]> {
        let (from, to, take, roll) = place(music, segment);
        let written = self.written.get(&(from, to, take, roll.checked_sub(1)?))?;
        Some(&written.notes)
    }

    /// Keeps what was written there.
    pub fn keep(&mut self, origin: &Origin, notes: &[Note]) {
        let written = Written {
            cause: origin.cause,
            notes: notes.to_vec(),
        };
        self.insert(origin.place, written);
    }

    fn insert(&mut self, place: Place, written: Written) {
        if self.written.insert(place, written).is_none() {
            self.order.push_back(place);
        }
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.written.remove(&oldest);
            }
        }
    }
}

impl From<Vec<Row>> for Takes {
    fn from(rows: Vec<Row>) -> Self {
        let mut takes = Self::default();
        for Row {
            place,
            cause,
            notes,
        } in rows
        {
            takes.insert(place, Written { cause, notes });
        }
        takes
    }
}

impl From<Takes> for Vec<Row> {
    fn from(mut takes: Takes) -> Self {
        let order = std::mem::take(&mut takes.order);
        let row = |place| {
            let Written { cause, notes } = takes.written.remove(&place)?;
            Some(Row {
                place,
                cause,
                notes,
            })
        };
        order.into_iter().filter_map(row).collect()
    }
}

fn place(music: &Music, segment: &Segment) -> Place {
    (segment.start, segment.end, music.controls.take, music.roll)
}

/// Of all that decides the notes of `segment` but our own notes before it. The same in every build.
fn cause(music: &Music, segment: &Segment, style: Option<u64>) -> u64 {
    let mut hasher = FnvHasher::default();
    // Without a style as in projects from before there were any.
    if let Some(style) = style {
        style.hash(&mut hasher);
    }
    let Segment {
        bar,
        start,
        horizon,
        ..
    } = *segment;
    (bar.start, bar.ticks, bar.beat, bar.number, start, horizon).hash(&mut hasher);
    let from = bar.start - BARS * bar.ticks;
    for note in between(music.heard, from, horizon) {
        let known = note.end().min(horizon) - note.onset;
        (note.onset, note.pitch, note.velocity, known).hash(&mut hasher);
    }
    let Controls {
        role,
        mode,
        phrase_bars,
        adventure,
        density,
        lowest,
        highest,
        key,
        scale,
        scale_lock,
        chords_win,
        rhythm,
        motion,
        memory,
        seed,
        // Told by the place, or not asked by who writes.
        take: _,
        hold: _,
        dynamics: _,
        humanize: _,
        swing: _,
        channel: _,
    } = *music.controls;
    (role, mode, phrase_bars, lowest, highest, key, scale).hash(&mut hasher);
    (adventure.to_bits(), density.to_bits()).hash(&mut hasher);
    (scale_lock, chords_win, memory, seed).hash(&mut hasher);
    // Projects from before these two were there find their takes again.
    if (rhythm, motion) != (Rhythm::Free, Motion::Free) {
        (rhythm, motion).hash(&mut hasher);
    }
    hasher.finish()
}
