//! Kinds of chords, and how well each explains what sounds.

use serde::{Deserialize, Serialize};

use super::PitchClassSet;

/// What kind of chord stands on the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Quality {
    /// Major triad.
    Major,
    /// Minor triad.
    Minor,
    /// Diminished triad.
    Diminished,
    /// Augmented triad.
    Augmented,
    /// Dominant seventh.
    Seventh,
    /// Major seventh.
    MajorSeventh,
    /// Minor seventh.
    MinorSeventh,
    /// Half-diminished seventh.
    HalfDiminished,
    /// Diminished seventh.
    DiminishedSeventh,
    /// Suspended fourth.
    SuspendedFourth,
    /// Suspended second.
    SuspendedSecond,
    /// Major sixth.
    Sixth,
    /// Minor sixth.
    MinorSixth,
    /// Minor triad with a major seventh.
    MinorMajorSeventh,
    /// Dominant ninth.
    Ninth,
    /// Major ninth.
    MajorNinth,
    /// Minor ninth.
    MinorNinth,
    /// Dominant seventh with a suspended fourth.
    SeventhSuspended,
}

// The weights below were fitted on the training split by random search, together with those of
// [`super::progression`]: symbols as hands strike and break them, in arpeggios, and the parts of songs. The
// rarities were fitted earlier, on the same without arpeggios.

/// Share of the sounding weight below which a pitch class counts as absent: a passing note in a bar.
pub(super) const PRESENT: f32 = 0.021;
/// What a chord tone that does not sound costs. Fifths are left out freely, other tones are not.
const MISSING: f32 = 0.052;
const MISSING_FIFTH: f32 = 0.039;
/// What the weight of a note outside the chord costs, against 1 for the weight of a note inside it.
const LEFT_OVER: f32 = 1.23;
/// What a root that lies low speaks for a chord, and a lowest note that is no chord tone against it.
const BASS_IS_ROOT: f32 = 0.13;
const BASS_IS_FOREIGN: f32 = 0.078;
/// What the [rarity](Quality::rarity) of a chord counts.
const RARITY: f32 = 1.32;

impl Quality {
    /// Every quality, plainest first: of two that fit equally well the earlier is meant.
    pub const ALL: [Self; 18] = [
        Self::Major,
        Self::Minor,
        Self::Seventh,
        Self::MinorSeventh,
        Self::MajorSeventh,
        Self::Diminished,
        Self::HalfDiminished,
        Self::DiminishedSeventh,
        Self::Augmented,
        Self::SuspendedFourth,
        Self::SuspendedSecond,
        Self::Sixth,
        Self::MinorSixth,
        Self::SeventhSuspended,
        Self::Ninth,
        Self::MajorNinth,
        Self::MinorNinth,
        Self::MinorMajorSeventh,
    ];

    /// What follows the root in a chord symbol: "", "m", "m7", "sus4".
    #[must_use]
    pub fn suffix(self) -> &'static str {
        self.definition().0
    }

    /// Its notes as semitones above the root.
    #[must_use]
    pub fn intervals(self) -> &'static [u8] {
        self.definition().1
    }

    /// Its notes as pitch classes above a root of C.
    #[must_use]
    pub fn template(self) -> PitchClassSet {
        self.intervals().iter().copied().collect()
    }

    /// Symbol and semitones above the root; the one place that knows both.
    fn definition(self) -> (&'static str, &'static [u8]) {
        match self {
            Self::Major => ("", &[0, 4, 7]),
            Self::Minor => ("m", &[0, 3, 7]),
            Self::Diminished => ("dim", &[0, 3, 6]),
            Self::Augmented => ("aug", &[0, 4, 8]),
            Self::Seventh => ("7", &[0, 4, 7, 10]),
            Self::MajorSeventh => ("maj7", &[0, 4, 7, 11]),
            Self::MinorSeventh => ("m7", &[0, 3, 7, 10]),
            Self::HalfDiminished => ("m7b5", &[0, 3, 6, 10]),
            Self::DiminishedSeventh => ("dim7", &[0, 3, 6, 9]),
            Self::SuspendedFourth => ("sus4", &[0, 5, 7]),
            Self::SuspendedSecond => ("sus2", &[0, 2, 7]),
            Self::Sixth => ("6", &[0, 4, 7, 9]),
            Self::MinorSixth => ("m6", &[0, 3, 7, 9]),
            Self::MinorMajorSeventh => ("m(maj7)", &[0, 3, 7, 11]),
            Self::Ninth => ("9", &[0, 2, 4, 7, 10]),
            Self::MajorNinth => ("maj9", &[0, 2, 4, 7, 11]),
            Self::MinorNinth => ("m9", &[0, 2, 3, 7, 10]),
            Self::SeventhSuspended => ("7sus4", &[0, 5, 7, 10]),
        }
    }

    /// How well it explains `shares`, the share of the sounding weight of each pitch class above a root, when
    /// the lowest note is `bass` above it and to the degree `low`, 0..=1, a bass.
    pub(super) fn score(self, shares: &[f32; 12], bass: u8, low: f32) -> f32 {
        let mut explained = 0.0;
        let mut missing = 0.0;
        let mut bass_is_in = false;
        for &interval in self.intervals() {
            let share = shares[usize::from(interval)];
            explained += share;
            bass_is_in |= bass == interval;
            if share < PRESENT {
                missing += if interval == 7 {
                    MISSING_FIFTH
                } else {
                    MISSING
                };
            }
        }
        let bass = if bass == 0 {
            BASS_IS_ROOT * low
        } else if bass_is_in {
            0.0
        } else {
            -BASS_IS_FOREIGN
        };
        explained - LEFT_OVER * (1.0 - explained) - missing + bass - RARITY * self.rarity()
    }

    /// How unusual it is, in the units of a chord's score: what it must explain better than a plain
    /// triad to be believed.
    fn rarity(self) -> f32 {
        match self {
            Self::Major | Self::Minor => 0.0,
            Self::Seventh => 0.09,
            Self::Diminished => 0.14,
            Self::HalfDiminished
            | Self::MinorSeventh
            | Self::SuspendedFourth
            | Self::SuspendedSecond => 0.2,
            // A sixth chord in an inversion is a seventh chord on another root.
            Self::Sixth | Self::MinorSixth => 0.23,
            Self::MajorSeventh => 0.27,
            Self::DiminishedSeventh | Self::Augmented | Self::SeventhSuspended => 0.3,
            Self::Ninth | Self::MajorNinth | Self::MinorNinth | Self::MinorMajorSeventh => 0.4,
        }
    }
}
