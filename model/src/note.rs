//! A note in musical time.

use serde::{Deserialize, Serialize};

use crate::time::Tick;

/// One note: when, how long, which key, how hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Note {
    /// When it starts, as a position in the song.
    pub onset: Tick,
    /// MIDI key, 0..=127; for drums the General MIDI drum map.
    pub pitch: u8,
    /// How long it sounds, in ticks, at least 1.
    pub duration: i64,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
}

impl Note {
    /// The first tick at which it no longer sounds.
    #[must_use]
    pub fn end(&self) -> Tick {
        self.onset + self.duration
    }

    /// Whether it sounds at `at`.
    #[must_use]
    pub fn sounds_at(&self, at: Tick) -> bool {
        self.onset <= at && at < self.end()
    }

    /// A note for a test in which nobody minds the velocity.
    #[cfg(test)]
    pub(crate) fn plain(onset: i64, duration: i64, pitch: u8) -> Self {
        Self {
            onset: Tick(onset),
            pitch,
            duration,
            velocity: 80,
        }
    }

    /// Its pitch class, C = 0.
    #[must_use]
    pub fn pitch_class(&self) -> u8 {
        self.pitch % 12
    }
}

/// Those of `notes`, sorted by onset, that begin from `from` on and before `to`.
#[must_use]
pub fn between(notes: &[Note], from: Tick, to: Tick) -> &[Note] {
    let first = notes.partition_point(|note| note.onset < from);
    let last = notes.partition_point(|note| note.onset < to);
    &notes[first..last.max(first)]
}

/// How far after `from`, and at which key, the notes from `from` on and before `to` begin.
#[must_use]
pub fn places(notes: &[Note], from: Tick, to: Tick) -> Vec<(i64, u8)> {
    between(notes, from, to)
        .iter()
        .map(|note| (note.onset - from, note.pitch))
        .collect()
}

/// Notes in a saved project: `[onset, duration, pitch, velocity]` each. A note that cannot be is an error.
pub mod compact {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{Note, Tick};

    /// Onsets and durations beyond this are no song's: a year at 190 quarter notes a minute.
    const FURTHEST: i64 = 24 * 100_000_000;

    /// Writes notes.
    ///
    /// # Errors
    /// When the serialiser fails.
    pub fn serialize<S: Serializer>(notes: &[Note], serializer: S) -> Result<S::Ok, S::Error> {
        let rows = notes
            .iter()
            .map(|note| (note.onset.0, note.duration, note.pitch, note.velocity));
        rows.collect::<Vec<_>>().serialize(serializer)
    }

    /// Reads notes.
    ///
    /// # Errors
    /// When a row is none, or out of the ranges of [`Note`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Note>, D::Error> {
        Vec::<(i64, i64, u8, u8)>::deserialize(deserializer)?
            .into_iter()
            .map(|(onset, duration, pitch, velocity)| {
                let possible = (-FURTHEST..=FURTHEST).contains(&onset)
                    && (1..=FURTHEST).contains(&duration)
                    && pitch < 128
                    && (1..128).contains(&velocity);
                let note = Note {
                    onset: Tick(onset),
                    pitch,
                    duration,
                    velocity,
                };
                possible
                    .then_some(note)
                    .ok_or_else(|| D::Error::custom(format!("{note:?} is no note")))
            })
            .collect()
    }
}
