//! What the musician asks for: every musical control, once, as plain values.

use serde::{Deserialize, Serialize};

/// What to play.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Role {
    /// The next bars of the melody that was heard.
    #[default]
    Continue,
    /// A bass line under what is heard.
    Bass,
    /// Chords under what is heard.
    Chords,
    /// A second voice.
    Counter,
    /// A General MIDI drum part.
    Drums,
}

impl Role {
    /// Every role, in the order of the host parameter.
    pub const ALL: [Self; 5] = [
        Self::Continue,
        Self::Bass,
        Self::Chords,
        Self::Counter,
        Self::Drums,
    ];

    /// Its name as the host shows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Continue => "Continue",
            Self::Bass => "Bass",
            Self::Chords => "Chords",
            Self::Counter => "Counter",
            Self::Drums => "Drums",
        }
    }

    /// Whether what it plays ends where it plays anew: a line its note, a hand its chord.
    #[must_use]
    pub fn strikes_anew(self) -> bool {
        self != Self::Drums
    }

    /// Whether at most one of its notes sounds at a time.
    #[must_use]
    pub fn is_monophonic(self) -> bool {
        matches!(self, Self::Continue | Self::Bass | Self::Counter)
    }
}

/// When to play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// Along with the music, all the time.
    #[default]
    Follow,
    /// Listen for a phrase, then answer for a phrase.
    Answer,
}

/// The scale that notes are kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scale {
    /// Found from what is heard.
    #[default]
    Auto,
    /// Ionian.
    Major,
    /// Natural minor.
    Minor,
    /// Minor with a raised sixth.
    Dorian,
    /// Major with a lowered seventh.
    Mixolydian,
    /// Minor with a raised seventh.
    HarmonicMinor,
    /// Major pentatonic.
    Pentatonic,
    /// Minor pentatonic with the flat fifth.
    Blues,
    /// All twelve.
    Chromatic,
}

impl Scale {
    /// Every scale, in the order of the host parameter.
    pub const ALL: [Self; 9] = [
        Self::Auto,
        Self::Major,
        Self::Minor,
        Self::Dorian,
        Self::Mixolydian,
        Self::HarmonicMinor,
        Self::Pentatonic,
        Self::Blues,
        Self::Chromatic,
    ];

    /// Whether its third is the minor one alone.
    #[must_use]
    pub fn is_minor(self) -> bool {
        self.mask() & 0b11000 == 0b01000
    }

    /// Its pitch classes above the tonic, bit `n` for `n` semitones; `Auto` allows all twelve until a
    /// key is found.
    #[must_use]
    pub fn mask(self) -> u16 {
        let degrees: &[u8] = match self {
            Self::Auto | Self::Chromatic => return 0xfff,
            Self::Major => &[0, 2, 4, 5, 7, 9, 11],
            Self::Minor => &[0, 2, 3, 5, 7, 8, 10],
            Self::Dorian => &[0, 2, 3, 5, 7, 9, 10],
            Self::Mixolydian => &[0, 2, 4, 5, 7, 9, 10],
            Self::HarmonicMinor => &[0, 2, 3, 5, 7, 8, 11],
            Self::Pentatonic => &[0, 2, 4, 7, 9],
            Self::Blues => &[0, 3, 5, 6, 7, 10],
        };
        degrees.iter().fold(0, |mask, degree| mask | 1 << degree)
    }
}

/// Where notes begin. The places are counted from the bar line, in beats as they are felt: quarters, dotted
/// quarters in 6/8 and the like; where the written beat is shorter or longer than a quarter (7/8, 2/2), quarters,
/// a last one that would be too short belonging to the one before (7/8 is 2 + 2 + 3 eighths).
///
/// A drummer's hats and ride take the rhythm, what else is struck stays free. Half notes and whole ones slow the whole
/// groove down: hats and ride go twice as fast as they do, and the snare is on every second of them alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Rhythm {
    /// Where the network likes.
    #[default]
    Free,
    /// On each bar line.
    WholeNotes,
    /// On every other beat from the bar line on; a beat that is left over belongs to the two before it.
    HalfNotes,
    /// On each beat.
    QuarterNotes,
    /// Two to a beat; three to a dotted one.
    EighthNotes,
    /// Three to a beat; in 6/8 and the like these are the eighths.
    EighthTriplets,
    /// Four to a beat; six to a dotted one.
    SixteenthNotes,
    /// On the eighths between the beats.
    OffBeats,
}

impl Rhythm {
    /// Every rhythm, in the order of the host parameter.
    pub const ALL: [Self; 8] = [
        Self::Free,
        Self::WholeNotes,
        Self::HalfNotes,
        Self::QuarterNotes,
        Self::EighthNotes,
        Self::EighthTriplets,
        Self::SixteenthNotes,
        Self::OffBeats,
    ];

    /// Its name as the host shows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::WholeNotes => "Whole notes",
            Self::HalfNotes => "Half notes",
            Self::QuarterNotes => "Quarter notes",
            Self::EighthNotes => "Eighth notes",
            Self::EighthTriplets => "Eighth triplets",
            Self::SixteenthNotes => "Sixteenth notes",
            Self::OffBeats => "Off-beats",
        }
    }
}

/// Which keys a line takes under the chord of the moment. Where no chord is known, one of the key's is taken,
/// on the first note of the bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Motion {
    /// Those that the network likes.
    #[default]
    Free,
    /// The root, or the bass under it where a low one is heard.
    Roots,
    /// Root and fifth in turn.
    RootsAndFifths,
    /// Notes of the chord. Strokes of Chords hold no others.
    ChordTones,
    /// A walk: the root where a chord begins, then seconds on the way to the next root, never the same key twice
    /// in a row.
    Steps,
    /// The notes of the chord one after the other, up and down. Chords are broken so.
    Arpeggio,
    /// Three notes of the chord as low, high, middle, high. Chords are broken so.
    Alberti,
}

impl Motion {
    /// Every motion, in the order of the host parameter.
    pub const ALL: [Self; 7] = [
        Self::Free,
        Self::Roots,
        Self::RootsAndFifths,
        Self::ChordTones,
        Self::Steps,
        Self::Arpeggio,
        Self::Alberti,
    ];

    /// Its name as the host shows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Roots => "Roots",
            Self::RootsAndFifths => "Roots and fifths",
            Self::ChordTones => "Chord tones",
            Self::Steps => "Steps",
            Self::Arpeggio => "Arpeggio",
            Self::Alberti => "Alberti",
        }
    }

    /// Whether it says anything to `role`: drums have no chords, and chords are no line unless they are broken.
    #[must_use]
    pub fn counts_for(self, role: Role) -> bool {
        match role {
            Role::Drums => false,
            Role::Chords => self == Self::ChordTones || self.breaks(role),
            Role::Continue | Role::Bass | Role::Counter => self != Self::Free,
        }
    }

    /// Whether `role` plays its chords one note at a time.
    #[must_use]
    pub fn breaks(self, role: Role) -> bool {
        role == Role::Chords && matches!(self, Self::Arpeggio | Self::Alberti)
    }
}

/// A snapshot of the musical controls. Plain values: it crosses threads by copy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Controls {
    /// What to play.
    pub role: Role,
    /// When to play.
    pub mode: Mode,
    /// Bars of an answer, a held loop, a capture: 1, 2, 4 or 8.
    pub phrase_bars: u8,
    /// 0..=1: how far from the likeliest note.
    pub adventure: f32,
    /// −1..=1: fewer or more notes than by itself.
    pub density: f32,
    /// Lowest MIDI note; above `highest` the two are read swapped.
    pub lowest: u8,
    /// Highest MIDI note.
    pub highest: u8,
    /// Tonic pitch class, C = 0; `None` finds it from what is heard.
    pub key: Option<u8>,
    /// Scale on that tonic.
    pub scale: Scale,
    /// Never a note outside key and scale.
    pub scale_lock: bool,
    /// With Scale lock: the notes of the sounding chord may be played too.
    pub chords_win: bool,
    /// Where notes begin.
    pub rhythm: Rhythm,
    /// Which keys a line takes.
    pub motion: Motion,
    /// −1..=1: velocities softer or louder.
    pub dynamics: f32,
    /// 0..=1: timing and velocity looseness.
    pub humanize: f32,
    /// 0..=1: how late the off-beat eighths fall; 1 is a triplet feel and a half.
    pub swing: f32,
    /// 0..=127: another take of the same music.
    pub take: u8,
    /// Repeat the last phrase instead of making new music.
    pub hold: bool,
    /// Use what earlier passes taught about the bars ahead.
    pub memory: bool,
    /// MIDI channel of the generated notes, 0..=15; `None` follows the heard notes.
    pub channel: Option<u8>,
    /// Part of the saved project, not a host parameter: another song, another music.
    pub seed: u64,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            role: Role::Continue,
            mode: Mode::Follow,
            phrase_bars: 4,
            adventure: 0.5,
            density: 0.0,
            lowest: 0,
            highest: 127,
            key: None,
            scale: Scale::Auto,
            scale_lock: false,
            chords_win: false,
            rhythm: Rhythm::Free,
            motion: Motion::Free,
            dynamics: 0.0,
            humanize: 0.0,
            swing: 0.0,
            take: 0,
            hold: false,
            memory: true,
            channel: None,
            seed: 1,
        }
    }
}

impl Controls {
    /// The range in order, low to high, whichever way round the two knobs stand.
    #[must_use]
    pub fn range(&self) -> (u8, u8) {
        (self.lowest.min(self.highest), self.lowest.max(self.highest))
    }
}
