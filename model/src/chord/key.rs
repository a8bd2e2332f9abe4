//! Keys and how they are found.

use std::{cmp::Reverse, fmt};

use serde::{Deserialize, Serialize};

use super::{PitchClassSet, pitch_class_name};
use crate::{controls::Scale, note::Note, time::Tick};

/// A major or minor key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Pitch class of the tonic, C = 0.
    pub tonic: u8,
    /// Minor, else major.
    pub minor: bool,
}

/// How well each pitch class above the tonic fits a major key: Krumhansl and Kessler's probe-tone ratings.
const MAJOR_PROFILE: [f32; 12] = [
    6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88,
];
/// The same for a minor key.
const MINOR_PROFILE: [f32; 12] = [
    6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17,
];

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

    /// The key in which these notes stand; `None` without notes. Longer notes count for more, and the
    /// lowest of the last onset most of all, since music tends to close on its tonic.
    ///
    /// Leave drum parts out: their keys are no pitches.
    #[must_use]
    pub fn find<'a>(notes: impl IntoIterator<Item = &'a Note>) -> Option<Self> {
        let mut weights = [0.0; 12];
        let mut last: Option<&Note> = None;
        for note in notes {
            weights[usize::from(note.pitch_class())] += weight(note);
            let rank = |note: &Note| (note.onset, Reverse(note.pitch));
            if last.is_none_or(|last| rank(note) > rank(last)) {
                last = Some(note);
            }
        }
        let close = CLOSE * weights.iter().sum::<f32>();
        weights[usize::from(last?.pitch_class())] += close;
        best_key(&weights).map(|(key, _)| key)
    }

    /// Semitones, −6..=5, that move it to C major or A minor.
    #[must_use]
    pub fn shift_to_c(self) -> i8 {
        let relative_major = self.tonic + if self.minor { 3 } else { 0 };
        (6 - relative_major as i8).rem_euclid(12) - 6
    }

    /// The correlation of `weights` with its profile, −1..=1; 0 where the weights are all alike.
    fn correlation(self, weights: &[f32; 12]) -> f32 {
        let profile = if self.minor {
            &MINOR_PROFILE
        } else {
            &MAJOR_PROFILE
        };
        let mean = |values: &[f32; 12]| values.iter().sum::<f32>() / 12.0;
        let (weight_mean, profile_mean) = (mean(weights), mean(profile));
        let (mut both, mut weight_square, mut profile_square) = (0.0, 0.0, 0.0);
        for (degree, rating) in profile.iter().enumerate() {
            let weight = weights[(degree + usize::from(self.tonic)) % 12] - weight_mean;
            let rating = rating - profile_mean;
            both += weight * rating;
            weight_square += weight * weight;
            profile_square += rating * rating;
        }
        let scale = (weight_square * profile_square).sqrt();
        if scale > 0.0 { both / scale } else { 0.0 }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.minor { "minor" } else { "major" };
        write!(f, "{} {mode}", pitch_class_name(self.tonic))
    }
}

/// The weight of the closing note in [`Key::find`], as a share of all the others. In 213 pieces whose
/// key is known it lifts the keys found from 77 to 82 of 100.
const CLOSE: f32 = 0.08;

/// What a note tells of the key: its length, but a very long one no more than a bar of 4/4, so that a
/// drone does not drown the tune.
fn weight(note: &Note) -> f32 {
    note.duration.clamp(1, 96) as f32
}

/// The key that correlates best with `weights`, and its correlation; `None` for weights all alike.
fn best_key(weights: &[f32; 12]) -> Option<(Key, f32)> {
    let mut best: Option<(Key, f32)> = None;
    for key in Key::all() {
        let correlation = key.correlation(weights);
        if correlation > best.map_or(0.0, |(_, highest)| highest) {
            best = Some((key, correlation));
        }
    }
    best
}

/// The key of music as it goes by: old notes fade, and a key once found is kept until another fits
/// clearly better.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyTracker {
    /// How much was lately heard of each pitch class.
    weights: [f32; 12],
    /// The latest onset heard: up to where the weights have faded.
    now: Tick,
    key: Option<Key>,
}

/// After how many ticks a note counts for half: 16 bars of 4/4. Shorter, and a key wanders with the
/// chords; longer, and a modulation is believed late.
const HALF_LIFE: f32 = 1536.0;
/// By how much another key must correlate better to be believed.
const HYSTERESIS: f32 = 0.04;

impl KeyTracker {
    /// Takes in one note. Notes come in the order of their onsets; one that comes later counts as if it
    /// began with the latest.
    pub fn hear(&mut self, note: &Note) {
        let passed = (note.onset - self.now).max(0);
        let fade = (-(passed as f32) / HALF_LIFE).exp2();
        self.weights.iter_mut().for_each(|weight| *weight *= fade);
        self.weights[usize::from(note.pitch_class())] += weight(note);
        self.now = self.now.max(note.onset);
        let Some((candidate, correlation)) = best_key(&self.weights) else {
            return;
        };
        let kept = self.key.map_or(-1.0, |key| key.correlation(&self.weights));
        if correlation > kept + HYSTERESIS {
            self.key = Some(candidate);
        }
    }

    /// The key at present; `None` before the first note.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(KeyTracker::default().key(), None);
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

    #[test]
    fn a_foreign_note_does_not_change_the_key_but_a_modulation_does() {
        let mut tracker = KeyTracker::default();
        tune(0, &MAJOR_TUNE)
            .iter()
            .for_each(|note| tracker.hear(note));
        assert_eq!(tracker.key().unwrap().name(), "C major");
        tune(336, &[66, 67])
            .iter()
            .for_each(|note| tracker.hear(note));
        assert_eq!(tracker.key().unwrap().name(), "C major");
        let higher: Vec<u8> = MAJOR_TUNE.iter().map(|pitch| pitch + 4).collect();
        for repeat in 0..6 {
            tune(384 + 336 * repeat, &higher)
                .iter()
                .for_each(|note| tracker.hear(note));
        }
        assert_eq!(tracker.key().unwrap().name(), "E major");
    }
}
