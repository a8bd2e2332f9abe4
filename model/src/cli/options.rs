//! The controls as options: the names, values, ranges and defaults of the plugin's parameters.

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use continuo_model::{
    controls::{Controls, Mode, Motion, Rhythm, Role, Scale},
    presets::{self, Preset},
    values::{parse_channel, parse_key, parse_percent, parse_pitch, whole_percent},
};

/// The controls that shape the music. What is not given stays as the preset has it, or at its default.
#[derive(Args)]
#[command(next_help_heading = "Controls, as in the plugin")]
pub struct Options {
    /// A starting point by its name, for instance "Pad voicings"; `continuo presets` lists them.
    #[arg(long, value_name = "NAME", value_parser = preset)]
    preset: Option<&'static Preset>,
    /// What to play; several make several tracks, each hearing the input alone.
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        required_unless_present = "preset"
    )]
    role: Vec<RoleName>,
    /// Play along all the time, or listen for a phrase and answer for a phrase [default: follow].
    #[arg(long, value_enum, ignore_case = true, hide_possible_values = false)]
    mode: Option<ModeName>,
    /// Length of an answer and of a held loop: 1, 2, 4 or 8 bars [default: 4].
    #[arg(long, value_name = "BARS", value_parser = phrase)]
    phrase: Option<u8>,
    /// How far from the likeliest note, 0 to 100 % [default: 50].
    #[arg(long, value_name = "PERCENT", value_parser = share, allow_hyphen_values = true)]
    adventure: Option<f32>,
    /// Fewer or more notes than it would play by itself, -100 to 100 % [default: 0].
    #[arg(long, value_name = "PERCENT", value_parser = shift, allow_hyphen_values = true)]
    density: Option<f32>,
    /// Never a note below: a MIDI note such as E1 or 28 [default: C-1].
    #[arg(long, value_name = "NOTE", value_parser = pitch, allow_hyphen_values = true)]
    lowest: Option<u8>,
    /// Never a note above [default: G9].
    #[arg(long, value_name = "NOTE", value_parser = pitch, allow_hyphen_values = true)]
    highest: Option<u8>,
    /// The tonic, C to B, or auto to find it in what is heard [default: auto].
    #[arg(long, value_parser = key)]
    key: Option<Key>,
    /// The scale on it [default: auto].
    #[arg(long, value_enum, ignore_case = true)]
    scale: Option<ScaleName>,
    /// Never a note outside key and scale [default: off].
    #[arg(long, value_name = "ON or OFF", value_parser = switch)]
    scale_lock: Option<bool>,
    /// With the scale lock: the notes of the sounding chord may be played too [default: off].
    #[arg(long, value_name = "ON or OFF", value_parser = switch)]
    chords_win: Option<bool>,
    /// Where notes begin; with drums the hats and the ride [default: free].
    #[arg(long, value_enum, ignore_case = true)]
    rhythm: Option<RhythmName>,
    /// Which keys a line takes under the chord of the moment; chords can be broken [default: free].
    #[arg(long, value_enum, ignore_case = true)]
    motion: Option<MotionName>,
    /// Softer or louder than it would play by itself, -100 to 100 % [default: 0].
    #[arg(long, value_name = "PERCENT", value_parser = shift, allow_hyphen_values = true)]
    dynamics: Option<f32>,
    /// Looser timing and velocity, 0 to 100 % [default: 0].
    #[arg(long, value_name = "PERCENT", value_parser = share, allow_hyphen_values = true)]
    humanize: Option<f32>,
    /// How late the off-beats fall, 0 to 100 % [default: 0].
    #[arg(long, value_name = "PERCENT", value_parser = share, allow_hyphen_values = true)]
    swing: Option<f32>,
    /// Another take of the same music, 0 to 127.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=127))]
    take: u8,
    /// Repeat a phrase instead of making new music; see --hold-from [default: off].
    #[arg(long, value_name = "ON or OFF", value_parser = switch)]
    hold: Option<bool>,
    /// The bar from which on the phrase before repeats, counted from 1 [default with --hold on: the first after
    /// a phrase, in answer after two].
    #[arg(long, value_name = "BAR", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    hold_from: Option<u32>,
    /// Know the bars ahead, as from the second pass on [default: on].
    #[arg(long, value_name = "ON or OFF", value_parser = switch)]
    memory: Option<bool>,
    /// MIDI channel of the new notes, 1 to 16, or "as heard": then each part gets one of its own, so that it
    /// keeps its sound [default: as heard].
    #[arg(long, value_parser = channel)]
    channel: Option<Channel>,
    /// Another number, another music. A project has one too.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Options {
    /// The roles to play, in the order in which they were asked for.
    pub fn roles(&self) -> Vec<Role> {
        match self.preset {
            Some(preset) if self.role.is_empty() => vec![preset.apply(&Controls::default()).role],
            _ => self.role.iter().map(|name| name.role()).collect(),
        }
    }

    /// The controls of one of the roles.
    pub fn controls(&self, role: Role) -> Controls {
        let start = Controls {
            take: self.take,
            seed: self.seed,
            ..Controls::default()
        };
        let start = self.preset.map_or(start, |preset| preset.apply(&start));
        Controls {
            role,
            mode: self.mode.map_or(start.mode, ModeName::mode),
            phrase_bars: self.phrase.unwrap_or(start.phrase_bars),
            adventure: self.adventure.unwrap_or(start.adventure),
            density: self.density.unwrap_or(start.density),
            lowest: self.lowest.unwrap_or(start.lowest),
            highest: self.highest.unwrap_or(start.highest),
            key: self.key.map_or(start.key, |Key(key)| key),
            scale: self.scale.map_or(start.scale, ScaleName::scale),
            scale_lock: self.scale_lock.unwrap_or(start.scale_lock),
            chords_win: self.chords_win.unwrap_or(start.chords_win),
            rhythm: self.rhythm.map_or(start.rhythm, RhythmName::rhythm),
            motion: self.motion.map_or(start.motion, MotionName::motion),
            dynamics: self.dynamics.unwrap_or(start.dynamics),
            humanize: self.humanize.unwrap_or(start.humanize),
            swing: self.swing.unwrap_or(start.swing),
            memory: self.memory.unwrap_or(start.memory),
            channel: self
                .channel
                .map_or(start.channel, |Channel(channel)| channel),
            ..start
        }
    }

    /// The first bar that repeats what was before, counted from 1, if any does.
    ///
    /// # Errors
    /// When it is asked for and forbidden at once.
    pub fn hold_from(&self, controls: &Controls) -> anyhow::Result<Option<i64>> {
        let phrase = i64::from(controls.phrase_bars);
        let heard_first = i64::from(controls.mode == Mode::Answer);
        match (self.hold, self.hold_from) {
            (Some(false), Some(_)) => bail!("--hold-from repeats a phrase, --hold off forbids it"),
            (_, Some(bar)) => Ok(Some(bar.into())),
            (Some(true), None) => Ok(Some(phrase * (1 + heard_first) + 1)),
            (_, None) => Ok(None),
        }
    }
}

/// A [`Key`](Controls::key) as an option: clap takes `Option<Option<_>>` for something else.
#[derive(Clone, Copy)]
struct Key(Option<u8>);

/// The same of [`Controls::channel`].
#[derive(Clone, Copy)]
struct Channel(Option<u8>);

fn preset(text: &str) -> anyhow::Result<&'static Preset> {
    Preset::find(text).with_context(|| {
        let names: Vec<&str> = presets::ALL.iter().map(|preset| preset.name).collect();
        format!("no such preset; there are {}", names.join(", "))
    })
}

fn phrase(text: &str) -> anyhow::Result<u8> {
    let number = text
        .trim()
        .trim_end_matches('s')
        .trim_end_matches("bar")
        .trim_end();
    match number {
        "1" => Ok(1),
        "2" => Ok(2),
        "4" => Ok(4),
        "8" => Ok(8),
        _ => bail!("1, 2, 4 or 8 bars"),
    }
}

fn share(text: &str) -> anyhow::Result<f32> {
    percent(text, 0.0).context("0 to 100 per cent")
}

fn shift(text: &str) -> anyhow::Result<f32> {
    percent(text, -1.0).context("-100 to 100 per cent")
}

/// A share from `min` to 1 in the plugin's steps.
fn percent(text: &str, min: f32) -> Option<f32> {
    let share = parse_percent(text)?;
    (min..=1.0).contains(&share).then(|| whole_percent(share))
}

fn pitch(text: &str) -> anyhow::Result<u8> {
    let pitch = parse_pitch(text).context("a note from C-1 to G9, or its number from 0 to 127")?;
    Ok(u8::try_from(pitch)?)
}

fn key(text: &str) -> anyhow::Result<Key> {
    let key = parse_key(text).context("auto, or C, C#, Db, D and so on to B")?;
    Ok(Key(u8::try_from(key)?.checked_sub(1)))
}

fn channel(text: &str) -> anyhow::Result<Channel> {
    let channel = parse_channel(text).context("1 to 16, or \"as heard\"")?;
    Ok(Channel(u8::try_from(channel)?.checked_sub(1)))
}

/// "on" or "off".
pub fn switch(text: &str) -> anyhow::Result<bool> {
    match text.trim() {
        text if text.eq_ignore_ascii_case("on") => Ok(true),
        text if text.eq_ignore_ascii_case("off") => Ok(false),
        _ => bail!("on or off"),
    }
}

/// A [`Role`] as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// The next bars of the melody.
    Continue,
    /// A bass line under the music.
    Bass,
    /// Chords under the music.
    Chords,
    /// A second voice.
    Counter,
    /// A General MIDI drum part.
    Drums,
}

impl RoleName {
    /// The role of this name.
    pub fn role(self) -> Role {
        match self {
            Self::Continue => Role::Continue,
            Self::Bass => Role::Bass,
            Self::Chords => Role::Chords,
            Self::Counter => Role::Counter,
            Self::Drums => Role::Drums,
        }
    }
}

/// A [`Mode`] as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeName {
    Follow,
    Answer,
}

impl ModeName {
    fn mode(self) -> Mode {
        match self {
            Self::Follow => Mode::Follow,
            Self::Answer => Mode::Answer,
        }
    }
}

/// A [`Scale`] as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ScaleName {
    Auto,
    Major,
    Minor,
    Dorian,
    Mixolydian,
    #[value(alias = "harmonic minor")]
    HarmonicMinor,
    Pentatonic,
    Blues,
    Chromatic,
}

impl ScaleName {
    fn scale(self) -> Scale {
        match self {
            Self::Auto => Scale::Auto,
            Self::Major => Scale::Major,
            Self::Minor => Scale::Minor,
            Self::Dorian => Scale::Dorian,
            Self::Mixolydian => Scale::Mixolydian,
            Self::HarmonicMinor => Scale::HarmonicMinor,
            Self::Pentatonic => Scale::Pentatonic,
            Self::Blues => Scale::Blues,
            Self::Chromatic => Scale::Chromatic,
        }
    }
}

/// A [`Rhythm`] as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RhythmName {
    Free,
    #[value(alias = "whole notes")]
    WholeNotes,
    #[value(alias = "half notes")]
    HalfNotes,
    #[value(alias = "quarter notes")]
    QuarterNotes,
    #[value(alias = "eighth notes")]
    EighthNotes,
    #[value(alias = "eighth triplets")]
    EighthTriplets,
    #[value(alias = "sixteenth notes")]
    SixteenthNotes,
    OffBeats,
}

impl RhythmName {
    fn rhythm(self) -> Rhythm {
        match self {
            Self::Free => Rhythm::Free,
            Self::WholeNotes => Rhythm::WholeNotes,
            Self::HalfNotes => Rhythm::HalfNotes,
            Self::QuarterNotes => Rhythm::QuarterNotes,
            Self::EighthNotes => Rhythm::EighthNotes,
            Self::EighthTriplets => Rhythm::EighthTriplets,
            Self::SixteenthNotes => Rhythm::SixteenthNotes,
            Self::OffBeats => Rhythm::OffBeats,
        }
    }
}

/// A [`Motion`] as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MotionName {
    Free,
    Roots,
    #[value(alias = "roots and fifths")]
    RootsAndFifths,
    #[value(alias = "chord tones")]
    ChordTones,
    Steps,
    Arpeggio,
    Alberti,
}

impl MotionName {
    fn motion(self) -> Motion {
        match self {
            Self::Free => Motion::Free,
            Self::Roots => Motion::Roots,
            Self::RootsAndFifths => Motion::RootsAndFifths,
            Self::ChordTones => Motion::ChordTones,
            Self::Steps => Motion::Steps,
            Self::Arpeggio => Motion::Arpeggio,
            Self::Alberti => Motion::Alberti,
        }
    }
}
