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
