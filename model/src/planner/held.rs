//! Hold: the last phrase, again and again.

use serde::{Deserialize, Serialize};

use super::{Planned, Planner};
use crate::{
    fit::Fit,
    note::{Note, compact},
    time::Tick,
    tokenizer::Segment,
};

/// A phrase to repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    start: Tick,
    /// In ticks, at least 1.
    length: Length,
    #[serde(with = "compact")]
    notes: Vec<Note>,
}

/// Ticks of a phrase: one from a damaged project must not be 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
struct Length(i64);

impl TryFrom<i64> for Length {
    type Error = String;

    fn try_from(ticks: i64) -> Result<Self, String> {
        if (1..=1 << 32).contains(&ticks) {
            Ok(Self(ticks))
        } else {
            Err(format!("a phrase of {ticks} ticks"))
        }
    }
}

impl From<Length> for i64 {
    fn from(length: Length) -> Self {
        length.0
    }
}

impl Planner {
    /// The phrase that repeats while Hold is on: where it began in the song, and its notes.
    #[must_use]
    pub fn held_phrase(&self) -> Option<(Tick, &[Note])> {
        self.held.as_ref().map(Held::phrase)
    }
}

impl Held {
    /// Where it began in the song, and its notes.
    pub fn phrase(&self) -> (Tick, &[Note]) {
        (self.start, &self.notes)
    }

    /// The part of `own`, sorted, that begins in the `length` ticks from `start` on.
    pub fn of(own: &[Planned], start: Tick, length: i64) -> Self {
        Self {
            start,
            length: Length(length.max(1)),
            notes: own
                .iter()
                .map(|planned| planned.note)
                .filter(|note| start <= note.onset && note.onset < start + length)
                .collect(),
        }
    }

    /// The part of the phrase that falls into `segment` when it repeats from its own place on.
    pub fn in_segment(&self, segment: &Segment, yields: bool) -> Vec<Planned> {
        let Length(length) = self.length;
        let rounds = (segment.start - self.start).div_euclid(length);
        let mut notes: Vec<Planned> = (rounds..=rounds + 1)
            .flat_map(|round| {
                self.notes.iter().map(move |note| Planned {
                    note: Note {
                        onset: note.onset + round * length,
                        ..*note
                    },
                    fit: Fit::AsPlanned,
                    yields,
                })
            })
            .filter(|planned| {
                segment.start <= planned.note.onset && planned.note.onset < segment.end
            })
            .collect();
        notes.sort_by_key(|planned| (planned.note.onset, planned.note.pitch));
        notes
    }
}
