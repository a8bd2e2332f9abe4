//! Harmony: pitch-class sets, chords and their recognition, keys and their finding.
//!
//! Chords are recognised by weighted template matching after B. Pardo and W. P. Birmingham, "Algorithms
//! for Chordal Analysis", Computer Music Journal 26:2 (2002): what a template explains counts for it,
//! what it leaves over and what it misses count against it. The bass note is further evidence for the
//! root.

use std::fmt;

use serde::{Deserialize, Serialize};

mod key;
mod progression;
mod quality;
mod tracker;

pub use key::Key;
pub use progression::{Span, progression};
use quality::PRESENT;
pub use quality::Quality;
pub use tracker::KeyTracker;

/// The pitch classes as chord symbols spell them, C = 0: the spelling with fewer accidentals.
const NAMES: [&str; 12] = [
    "C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B",
];

/// The usual name of a pitch class or MIDI key, without octave: "Eb".
#[must_use]
pub fn pitch_class_name(pitch: u8) -> &'static str {
    NAMES[usize::from(pitch % 12)]
}

/// Semitones from the pitch class of one key, or from a pitch class, up to that of another, 0..=11.
#[must_use]
pub fn semitones_up(from: u8, to: u8) -> u8 {
    (to % 12 + 12 - from % 12) % 12
}

/// A set of pitch classes: bit `n` stands for pitch class `n`, C = 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PitchClassSet(u16);

impl PitchClassSet {
    /// All twelve.
    pub const ALL: Self = Self(0xfff);

    /// The set whose bits are those of `mask`; bits above the twelfth are ignored.
    #[must_use]
    pub const fn from_mask(mask: u16) -> Self {
        Self(mask & 0xfff)
    }

    /// Its bits: bit `n` for pitch class `n`.
    #[must_use]
    pub const fn mask(self) -> u16 {
        self.0
    }

    /// Whether the pitch class of `pitch`, a MIDI key or a pitch class, is in it.
    #[must_use]
    pub const fn contains(self, pitch: u8) -> bool {
        self.0 & 1 << (pitch % 12) != 0
    }

    /// Adds the pitch class of `pitch`.
    pub const fn insert(&mut self, pitch: u8) {
        self.0 |= 1 << (pitch % 12);
    }

    /// How many pitch classes it holds, 0..=12.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in it but not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Every pitch class `semitones` higher.
    #[must_use]
    pub const fn transpose(self, semitones: u8) -> Self {
        let up = semitones % 12;
        Self((self.0 << up | self.0 >> (12 - up)) & 0xfff)
    }

    /// Its pitch classes, low to high from C.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..12).filter(move |&pitch_class| self.contains(pitch_class))
    }
}

impl FromIterator<u8> for PitchClassSet {
    /// The pitch classes of MIDI keys.
    fn from_iter<I: IntoIterator<Item = u8>>(pitches: I) -> Self {
        let mut set = Self::default();
        pitches.into_iter().for_each(|pitch| set.insert(pitch));
        set
    }
}

/// A chord: root, kind, lowest note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chord {
    /// Pitch class of the root, C = 0.
    pub root: u8,
    /// What stands on it.
    pub quality: Quality,
    /// Pitch class of the lowest note; the root's in root position.
    pub bass: u8,
}

// Fitted like the weights of [`quality`].

/// A lowest note is a bass from an octave below this key on, and none above it: hands play chords in any
/// inversion.
const BASS_BELOW: f32 = 48.0;
/// What each tone outside the scale of the key costs.
const OUTSIDE_KEY: f32 = 0.017;
/// The least score of a chord that is named at all.
const RECOGNISED: f32 = 0.075;

impl Chord {
    /// A chord in root position.
    #[must_use]
    pub fn new(root: u8, quality: Quality) -> Self {
        let root = root % 12;
        Self {
            root,
            quality,
            bass: root,
        }
    }

    /// Its name as musicians write it, with the lowest note where that is not the root: "C", "F#m7b5",
    /// "Am7/G". See [`from_pitches`](Self::from_pitches) for the chord of a voicing, and [`progression()`] for
    /// those that broken chords make.
    #[must_use]
    pub fn name(&self) -> String {
        self.to_string()
    }

    /// Whether its third is minor.
    #[must_use]
    pub fn is_minor(&self) -> bool {
        self.quality.intervals().contains(&3)
    }

    /// The same, `semitones` higher; these are 0..12.
    #[must_use]
    pub fn transposed(self, semitones: u8) -> Self {
        Self {
            root: (self.root + semitones) % 12,
            bass: (self.bass + semitones) % 12,
            ..self
        }
    }

    /// The pitch classes of its notes, with the bass where that is a foreign one.
    #[must_use]
    pub fn pitch_classes(&self) -> PitchClassSet {
        let mut set = self.quality.template().transpose(self.root);
        set.insert(self.bass);
        set
    }

    /// The chord that these notes make in any voicing, at once or one after the other: pairs of MIDI key
    /// and weight (a duration, a velocity, a count; not negative). `None` with fewer than two pitch
    /// classes, or when no chord explains more than it leaves over.
    #[must_use]
    pub fn from_pitches(weights: impl IntoIterator<Item = (u8, f32)>) -> Option<Self> {
        let mut shares = [0.0_f32; 12];
        let mut bass = u8::MAX;
        for (pitch, weight) in weights {
            if weight > 0.0 {
                shares[usize::from(pitch % 12)] += weight;
                bass = bass.min(pitch);
            }
        }
        Self::explain(shares, bass)
    }

    /// The chord that explains most of these weights of pitch classes; `lowest` is the lowest key. `None` where
    /// fewer than two sound, or no chord is worth naming.
    pub(crate) fn explain(weights: [f32; 12], lowest: u8) -> Option<Self> {
        let mut best = (RECOGNISED, None);
        Self::each(weights, lowest, PitchClassSet::ALL, |score, chord| {
            if score > best.0 {
                best = (score, Some(chord));
            }
        });
        let total: f32 = weights.iter().sum();
        let sounding = |weight: &&f32| **weight >= PRESENT * total;
        best.1
            .filter(|_| weights.iter().filter(sounding).count() > 1)
    }

    /// Hands each chord to `take` with how well it explains these weights of pitch classes: about 1 when nothing
    /// is left over or missing. `lowest` is the lowest key, `scale` that of the key where one is known.
    fn each(weights: [f32; 12], lowest: u8, scale: PitchClassSet, mut take: impl FnMut(f32, Self)) {
        let total: f32 = weights.iter().sum();
        if total <= 0.0 || !total.is_finite() {
            return;
        }
        let shares = weights.map(|weight| weight / total);
        // A little always: of the roots of a symmetric chord the lowest note is meant.
        let low = ((BASS_BELOW - f32::from(lowest)) / 12.0).clamp(0.1, 1.0);
        for root in 0..12 {
            let mut above = shares;
            above.rotate_left(root.into());
            let bass = (lowest + 12 - root) % 12;
            let outside = PitchClassSet::ALL.without(scale.transpose(12 - root));
            for quality in Quality::ALL {
                let outside = quality.template().common(outside).len() as f32;
                let score = quality.score(&above, bass, low) - OUTSIDE_KEY * outside;
                let bass = lowest % 12;
                take(
                    score,
                    Self {
                        root,
                        quality,
                        bass,
                    },
                );
            }
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(pitch_class_name(self.root))?;
        f.write_str(self.quality.suffix())?;
        if self.bass != self.root {
            write!(f, "/{}", pitch_class_name(self.bass))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(pitches: &[u8]) -> Option<String> {
        Chord::from_pitches(pitches.iter().map(|&pitch| (pitch, 1.0))).map(|chord| chord.name())
    }

    #[test]
    fn every_chord_in_root_position_over_its_bass_is_itself() {
        for quality in Quality::ALL {
            for root in 0..12 {
                let notes = quality.intervals().iter().map(|up| (24 + root + up, 1.0));
                let found = Chord::from_pitches(notes).unwrap();
                assert_eq!(found, Chord::new(root, quality), "{found}");
            }
        }
    }

    #[test]
    fn inversions_and_open_voicings_keep_their_root() {
        assert_eq!(named(&[52, 60, 67, 76]).unwrap(), "C/E");
        assert_eq!(named(&[43, 59, 65, 74, 79]).unwrap(), "G7");
        assert_eq!(named(&[47, 55, 62, 65]).unwrap(), "G7/B");
        assert_eq!(named(&[52, 58, 62, 67]).unwrap(), "Em7b5");
    }

    #[test]
    fn the_bass_decides_between_names_of_the_same_notes() {
        assert_eq!(named(&[45, 60, 64, 67]).unwrap(), "Am7");
        assert_eq!(named(&[36, 57, 64, 67]).unwrap(), "C6");
        // Where no bass plays it is the inversion of a seventh chord, which is by far the more frequent.
        assert_eq!(named(&[60, 64, 67, 69]).unwrap(), "Am7/C");
    }

    #[test]
    fn chords_are_named_as_musicians_name_them() {
        assert_eq!(named(&[43, 57, 60, 64]).unwrap(), "Am7/G");
        assert_eq!(named(&[41, 57, 60, 64]).unwrap(), "Fmaj7");
        assert_eq!(named(&[46, 53, 58, 62]).unwrap(), "Bb");
        assert_eq!(named(&[42, 57, 60, 64]).unwrap(), "F#m7b5");
        assert_eq!(named(&[38, 55, 57, 62]).unwrap(), "Dsus4");
        assert_eq!(named(&[56, 60, 63, 67]).unwrap(), "Abmaj7");
        assert_eq!(named(&[59, 62, 65, 68]).unwrap(), "Bdim7");
        assert_eq!(named(&[43, 60, 64, 67]).unwrap(), "C/G");
    }

    #[test]
    fn an_arpeggio_has_the_name_of_its_chord() {
        // Over two octaves, in any order: what sounds counts, not when.
        assert_eq!(named(&[45, 52, 57, 60, 64, 67, 64, 60]).unwrap(), "Am7");
        assert_eq!(named(&[46, 53, 62, 58, 65, 62]).unwrap(), "Bb");
        assert_eq!(named(&[52, 60, 67, 60, 64, 60, 67, 60]).unwrap(), "C/E");
    }

    #[test]
    fn a_seventh_without_its_fifth_is_one() {
        assert_eq!(named(&[43, 59, 65]).unwrap(), "G7");
        assert_eq!(named(&[50, 60, 65]).unwrap(), "Dm7");
    }

    #[test]
    fn passing_notes_do_not_disturb_a_broken_chord() {
        let bar = [
            (48, 24.0),
            (55, 24.0),
            (64, 24.0),
            (65, 6.0),
            (62, 6.0),
            (60, 12.0),
        ];
        assert_eq!(Chord::from_pitches(bar).unwrap().name(), "C");
    }

    #[test]
    fn one_note_or_a_cluster_is_no_chord() {
        assert_eq!(named(&[]), None);
        assert_eq!(named(&[60, 72]), None);
        assert_eq!(named(&[60, 61, 62, 63, 64, 65, 66]), None);
        assert_eq!(Chord::from_pitches([(60, f32::NAN), (64, 0.0)]), None);
    }

    #[test]
    fn a_chord_over_a_foreign_bass_says_so() {
        let chord = Chord {
            bass: 0,
            ..Chord::new(9, Quality::MinorSeventh)
        };
        assert_eq!(chord.name(), "Am7/C");
        let chord = Chord {
            bass: 2,
            ..Chord::new(0, Quality::Major)
        };
        assert!(chord.pitch_classes().contains(62));
    }

    #[test]
    fn sets_turn_in_a_circle() {
        let triad: PitchClassSet = [60, 64, 67].into_iter().collect();
        assert_eq!(triad.transpose(12), triad);
        assert_eq!(triad.transpose(7).iter().collect::<Vec<_>>(), [2, 7, 11]);
        assert_eq!(triad.transpose(5).transpose(7), triad);
    }
}
