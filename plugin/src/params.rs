//! Every host parameter, once. Names and order are public, ids are what projects are saved with: none of
//! the three may change.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use continuo_model::controls::{self, Controls};
pub use continuo_model::values::pitch_name;
use continuo_model::values::{
    channel_name, key_name, parse_channel, parse_key, parse_percent, parse_pitch, percent_name,
};
use nice_plug::{params::internals::ParamPtr, prelude::*};

use crate::{
    editor::Kept,
    folder::Folder,
    later::Later,
    worker::{Seat, StyleField},
};

/// What the parameters say, in the words of the model.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident = $model:ty { $($variant:ident $id:literal $label:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant mirrors one that the model documents")]
        pub enum $name {
            $(#[id = $id] #[name = $label] $variant,)+
        }

        impl From<$name> for $model {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }

        impl From<$model> for $name {
            fn from(value: $model) -> Self {
                match value {
                    $(<$model>::$variant => Self::$variant,)+
                }
            }
        }
    };
}

mirror! {
    /// What to play.
    Role = controls::Role {
        Continue "continue" "Continue",
        Bass "bass" "Bass",
        Chords "chords" "Chords",
        Counter "counter" "Counter",
        Drums "drums" "Drums",
    }
}

mirror! {
    /// When to play.
    Mode = controls::Mode {
        Follow "follow" "Follow",
        Answer "answer" "Answer",
    }
}

mirror! {
    /// The scale that notes are kept in.
    Scale = controls::Scale {
        Auto "auto" "Auto",
        Major "major" "Major",
        Minor "minor" "Minor",
        Dorian "dorian" "Dorian",
        Mixolydian "mixolydian" "Mixolydian",
        HarmonicMinor "harmonic-minor" "Harmonic minor",
        Pentatonic "pentatonic" "Pentatonic",
        Blues "blues" "Blues",
        Chromatic "chromatic" "Chromatic",
    }
}

mirror! {
    /// Where notes begin.
    Rhythm = controls::Rhythm {
        Free "free" "Free",
        WholeNotes "whole" "Whole notes",
        HalfNotes "half" "Half notes",
        QuarterNotes "quarter" "Quarter notes",
        EighthNotes "eighth" "Eighth notes",
        EighthTriplets "triplet" "Eighth triplets",
        SixteenthNotes "sixteenth" "Sixteenth notes",
        OffBeats "off-beat" "Off-beats",
    }
}

mirror! {
    /// Which keys a line takes.
    Motion = controls::Motion {
        Free "free" "Free",
        Roots "roots" "Roots",
        RootsAndFifths "fifths" "Roots and fifths",
        ChordTones "chord-tones" "Chord tones",
        Steps "steps" "Steps",
        Arpeggio "arpeggio" "Arpeggio",
        Alberti "alberti" "Alberti",
    }
}

/// Bars of an answer, and of a held loop.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phrase {
    /// 1.
    #[id = "1"]
    #[name = "1 bar"]
    One,
    /// 2.
    #[id = "2"]
    #[name = "2 bars"]
    Two,
    /// 4.
    #[id = "4"]
    #[name = "4 bars"]
    Four,
    /// 8.
    #[id = "8"]
    #[name = "8 bars"]
    Eight,
}

impl Phrase {
    /// The longest that has no more bars than this.
    #[must_use]
    pub fn of(bars: u8) -> Self {
        match bars {
            0..=1 => Self::One,
            2..=3 => Self::Two,
            4..=7 => Self::Four,
            _ => Self::Eight,
        }
    }

    /// How many.
    #[must_use]
    pub fn bars(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }
}

/// How much later everything leaves than it was heard.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookahead {
    /// 0 ms.
    #[id = "0"]
    #[name = "0 ms"]
    None,
    /// 30 ms.
    #[id = "30"]
    #[name = "30 ms"]
    Short,
    /// 60 ms.
    #[id = "60"]
    #[name = "60 ms"]
    Medium,
    /// 120 ms.
    #[id = "120"]
    #[name = "120 ms"]
    Long,
}

impl Lookahead {
    /// In whole samples.
    #[must_use]
    pub fn samples(self, sample_rate: f32) -> u32 {
        let milliseconds: f32 = match self {
            Self::None => 0.0,
            Self::Short => 30.0,
            Self::Medium => 60.0,
            Self::Long => 120.0,
        };
        // A saturating cast; sensible rates give at most 50,000.
        (milliseconds / 1000.0 * sample_rate).round() as u32
    }
}

/// The parameters, in the host's order, and what is saved with them.
#[derive(Params)]
pub struct ContinuoParams {
    /// What to play.
    #[id = "role"]
    pub role: EnumParam<Role>,
    /// Play along all the time, or listen and answer in turn.
    #[id = "mode"]
    pub mode: EnumParam<Mode>,
    /// Length of an answer, and of a held loop.
    #[id = "phrase"]
    pub phrase: EnumParam<Phrase>,
    /// How far from the likeliest note, 0..=1.
    #[id = "adventure"]
    pub adventure: FloatParam,
    /// Fewer or more notes than by itself, −1..=1.
    #[id = "density"]
    pub density: FloatParam,
    /// Never below this MIDI note; 0 leaves the role its own range.
    #[id = "lowest"]
    pub lowest: IntParam,
    /// Never above this MIDI note; 127 leaves the role its own range.
    #[id = "highest"]
    pub highest: IntParam,
    /// 0 finds the key from what is heard, 1..=12 are the tonics C to B.
    #[id = "key"]
    pub key: IntParam,
    /// The scale on that key.
    #[id = "scale"]
    pub scale: EnumParam<Scale>,
    /// Never a note outside of key and scale.
    #[id = "scale-lock"]
    pub scale_lock: BoolParam,
    /// Velocities softer or louder than written, −1..=1.
    #[id = "dynamics"]
    pub dynamics: FloatParam,
    /// Looseness of timing and velocity, 0..=1; 0 is exactly on the grid.
    #[id = "humanize"]
    pub humanize: FloatParam,
    /// How late the off-beats fall, 0..=1.
    #[id = "swing"]
    pub swing: FloatParam,
    /// Another take of the same music, 0..=127.
    #[id = "take"]
    pub take: IntParam,
    /// Repeat the last phrase.
    #[id = "hold"]
    pub hold: BoolParam,
    /// Use what earlier passes taught about the bars ahead.
    #[id = "memory"]
    pub memory: BoolParam,
    /// A button: switching it on clears the memory. Projects always load it off.
    #[id = "forget"]
    pub forget: BoolParam,
    /// Pass the heard notes on.
    #[id = "thru"]
    pub thru: BoolParam,
    /// Channel of the generated notes: 0 as heard, 1..=16.
    #[id = "channel"]
    pub channel: IntParam,
    /// How much later everything leaves; reported to the host as latency.
    #[id = "lookahead"]
    pub lookahead: EnumParam<Lookahead>,
    /// Pass the heard notes on and generate nothing.
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// With Scale lock: the notes of the sounding chord may be played too.
    #[id = "chords-win"]
    pub chords_win: BoolParam,
    /// Where notes begin.
    #[id = "rhythm"]
    pub rhythm: EnumParam<Rhythm>,
    /// Which keys a line takes.
    #[id = "motion"]
    pub motion: EnumParam<Motion>,

    /// Another song, another music: part of the random stream's key, saved with the project.
    #[persist = "seed"]
    pub seed: Arc<AtomicU64>,
    /// What is remembered of the song.
    #[persist = "song"]
    pub song: Seat,
    /// The style that it plays in.
    #[persist = "style"]
    pub style: StyleField,
    /// Size and look of the window.
    #[persist = "window"]
    pub window: Kept,
    /// Where exports go.
    #[persist = "folder"]
    pub folder: Folder,
    /// What only a later version knows.
    #[persist = "later"]
    pub later: Mutex<Later>,
}

/// The id of [`ContinuoParams::forget`] in a saved state.
pub const FORGET_ID: &str = "forget";

impl Default for ContinuoParams {
    fn default() -> Self {
        let start = Controls::default();
        let song = Seat::default();
        Self {
            role: EnumParam::new("Role", Role::Continue),
            mode: EnumParam::new("Mode", Mode::Follow),
            phrase: EnumParam::new("Phrase", Phrase::Four),
            adventure: percent("Adventure", start.adventure, 0.0),
            density: percent("Density", start.density, -1.0),
            lowest: pitch("Lowest", start.lowest),
            highest: pitch("Highest", start.highest),
            key: numbered("Key", 0, 12, key_name, parse_key),
            scale: EnumParam::new("Scale", Scale::Auto),
            scale_lock: BoolParam::new("Scale lock", start.scale_lock),
            dynamics: percent("Dynamics", start.dynamics, -1.0),
            humanize: percent("Humanize", start.humanize, 0.0),
            swing: percent("Swing", start.swing, 0.0),
            take: IntParam::new(
                "Take",
                i32::from(start.take),
                IntRange::Linear { min: 0, max: 127 },
            ),
            hold: BoolParam::new("Hold", start.hold),
            memory: BoolParam::new("Memory", start.memory),
            forget: BoolParam::new("Forget", false),
            thru: BoolParam::new("Thru", true),
            channel: numbered("Channel", 0, 16, channel_name, parse_channel),
            lookahead: EnumParam::new("Lookahead", Lookahead::None),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            chords_win: BoolParam::new("Chords win", start.chords_win),
            rhythm: EnumParam::new("Rhythm", Rhythm::Free),
            motion: EnumParam::new("Motion", Motion::Free),
            seed: Arc::new(AtomicU64::new(start.seed)),
            style: StyleField::of(&song),
            song,
            window: Kept::default(),
            folder: Folder::default(),
            later: Mutex::default(),
        }
    }
}

impl ContinuoParams {
    /// The musical controls as they are now. Only atomic reads: any thread may call it.
    #[must_use]
    pub fn controls(&self) -> Controls {
        Controls {
            role: self.role.value().into(),
            mode: self.mode.value().into(),
            phrase_bars: self.phrase.value().bars(),
            adventure: self.adventure.value(),
            density: self.density.value(),
            lowest: small(&self.lowest),
            highest: small(&self.highest),
            key: small(&self.key).checked_sub(1),
            scale: self.scale.value().into(),
            scale_lock: self.scale_lock.value(),
            chords_win: self.chords_win.value(),
            rhythm: self.rhythm.value().into(),
            motion: self.motion.value().into(),
            dynamics: self.dynamics.value(),
            humanize: self.humanize.value(),
            swing: self.swing.value(),
            take: small(&self.take),
            hold: self.hold.value(),
            memory: self.memory.value(),
            channel: small(&self.channel).checked_sub(1),
            seed: self.seed.load(Ordering::Relaxed),
        }
    }
}

impl ContinuoParams {
    /// Where the parameters stand, 0..=1, when the controls are these: the inverse of [`controls`](Self::controls).
    /// The seed belongs to the project and is no parameter.
    #[must_use]
    pub fn normalized(&self, controls: &Controls) -> Vec<(ParamPtr, f32)> {
        fn at<P: Param>(param: &P, value: P::Plain) -> (ParamPtr, f32) {
            (param.as_ptr(), param.preview_normalized(value))
        }
        // A count from 1, or 0 for none.
        let counted = |value: Option<u8>| value.map_or(0, |value| i32::from(value) + 1);
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
            dynamics,
            humanize,
            swing,
            take,
            hold,
            memory,
            channel,
            seed: _,
        } = *controls;
        vec![
            at(&self.role, role.into()),
            at(&self.mode, mode.into()),
            at(&self.phrase, Phrase::of(phrase_bars)),
            at(&self.adventure, adventure),
            at(&self.density, density),
            at(&self.lowest, lowest.into()),
            at(&self.highest, highest.into()),
            at(&self.key, counted(key)),
            at(&self.scale, scale.into()),
            at(&self.scale_lock, scale_lock),
            at(&self.dynamics, dynamics),
            at(&self.humanize, humanize),
            at(&self.swing, swing),
            at(&self.take, take.into()),
            at(&self.hold, hold),
            at(&self.memory, memory),
            at(&self.channel, counted(channel)),
            at(&self.chords_win, chords_win),
            at(&self.rhythm, rhythm.into()),
            at(&self.motion, motion.into()),
        ]
    }
}

/// The value of a parameter whose range lies in 0..=127.
fn small(param: &IntParam) -> u8 {
    // The cast is safe: clamped.
    param.value().clamp(0, 127) as u8
}

/// A share from `min` (0 or −1) to 1, shown as "50 %", in steps of one percent.
fn percent(name: &str, default: f32, min: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max: 1.0 })
        .with_step_size(0.01)
        .with_value_to_string(Arc::new(percent_name))
        .with_string_to_value(Arc::new(parse_percent))
}

/// A number from 0 to `max` with names.
fn numbered(
    name: &str,
    default: i32,
    max: i32,
    to_string: fn(i32) -> String,
    from_string: fn(&str) -> Option<i32>,
) -> IntParam {
    IntParam::new(name, default, IntRange::Linear { min: 0, max })
        .with_value_to_string(Arc::new(to_string))
        .with_string_to_value(Arc::new(from_string))
}

/// A MIDI note.
fn pitch(name: &str, default: u8) -> IntParam {
    numbered(name, default.into(), 127, pitch_name, parse_pitch)
}

#[cfg(test)]
mod tests;
