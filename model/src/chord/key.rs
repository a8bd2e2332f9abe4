//! Keys and how they are found.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{KeyTracker, PitchClassSet, pitch_class_name};
use crate::{controls::Scale, note::Note};

/// A major or minor key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Pitch class of the tonic, C = 0.
    pub tonic: u8,
    /// Minor, else major.
    pub minor: bool,
}

impl Key {
    /// The 24 keys, major first.
    pub fn all() -> impl Iterator<Item = Self> {
        [false, true]
            .into_iter()
            .flat_map(|minor| (0..12).map(move |tonic| Self { tonic, minor }))
    }

    /// Its name: "Eb major", "A minor".
    #[must_use]
    pub fn name(self) -> String {
        self.to_string()
    }

    /// Its scale: major, or natural minor.
    #[must_use]
    pub fn scale(self) -> PitchClassSet {
        let scale = if self.minor {
            Scale::Minor
        } else {
            Scale::Major
        };
        PitchClassSet::from_mask(scale.mask()).transpose(self.tonic)
    }

    /// The key in which these notes stand when the last of them is heard, in whatever order they are
    /// given; `None` without notes. See [`KeyTracker`].
    ///
    /// Leave drum parts out: their keys are no pitches.
    #[must_use]
    pub fn find<'a>(notes: impl IntoIterator<Item = &'a Note>) -> Option<Self> {
        let mut notes: Vec<&Note> = notes.into_iter().collect();
        notes.sort_by_key(|note| note.onset);
        let mut tracker = KeyTracker::default();
        notes.into_iter().for_each(|note| tracker.hear(note));
        tracker.likeliest()
    }

    /// Semitones, −6..=5, that move it to C major or A minor.
    #[must_use]
    pub fn shift_to_c(self) -> i8 {
        let relative_major = self.tonic + if self.minor { 3 } else { 0 };
        (6 - relative_major as i8).rem_euclid(12) - 6
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.minor { "minor" } else { "major" };
        write!(f, "{} {mode}", pitch_class_name(self.tonic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Tick;

    /// Quarter notes one after the other, from `start` on.
    fn tune(start: i64, pitches: &[u8]) -> Vec<Note> {
        let notes = pitches.iter().zip(0..);
        notes
            .map(|(&pitch, index)| Note {
                onset: Tick(start + 24 * index),
                pitch,
                duration: 24,
                velocity: 80,
            })
            .collect()
    }

    const MAJOR_TUNE: [u8; 14] = [60, 60, 67, 67, 69, 69, 67, 65, 65, 64, 64, 62, 62, 60];
    const MINOR_TUNE: [u8; 12] = [57, 60, 64, 64, 65, 64, 62, 60, 59, 56, 57, 57];

    #[test]
    fn tunes_in_every_transposition() {
        for up in 0..12 {
            let moved = |tune: &[u8]| tune.iter().map(|pitch| pitch + up).collect::<Vec<_>>();
            let major = Key::find(&tune(0, &moved(&MAJOR_TUNE))).unwrap();
            assert_eq!(
                major,
                Key {
                    tonic: up,
                    minor: false
                }
            );
            let minor = Key::find(&tune(0, &moved(&MINOR_TUNE))).unwrap();
            assert_eq!(
                minor,
                Key {
                    tonic: (9 + up) % 12,
                    minor: true
                }
            );
        }
    }

    #[test]
    fn no_notes_no_key() {
        assert_eq!(Key::find(&[]), None);
    }

    #[test]
    fn names_and_scales() {
        let key = Key {
            tonic: 3,
            minor: false,
        };
        assert_eq!(key.name(), "Eb major");
        assert_eq!(
            key.scale().iter().collect::<Vec<_>>(),
            [0, 2, 3, 5, 7, 8, 10]
        );
        let key = Key {
            tonic: 9,
            minor: true,
        };
        assert_eq!(
            (key.name().as_str(), key.scale().mask()),
            ("A minor", 0b1010_1011_0101)
        );
    }
}
