//! `continuo generate`: a MIDI file in, the same with new tracks out.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use continuo_model::{
    controls::{Controls, Role},
    midi_file::{DRUM_CHANNEL, Song, Track},
    note::Note,
    perform::{Knowledge, perform},
    time::Tick,
};

use super::files;

/// Arguments of `continuo generate`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    continuo generate song.mid -o band.mid --role bass --role drums\n  \
    continuo generate tune.mid -o more.mid --role continue --bars 8 --seed 3\n  \
    cat song.mid | continuo generate - -o - --role counter > two.mid")]
pub struct Generate {
    /// The MIDI file that is heard; `-` reads standard input.
    input: PathBuf,
    /// Where the result goes; `-` writes standard output.
    #[arg(short, long)]
    out: PathBuf,
    /// What to play; several make several tracks, each hearing the input alone.
    #[arg(long, value_enum, required = true)]
    role: Vec<RoleName>,
    /// Bars to play: after the input for continue, from its start for the others. Default: as long as
    /// the input, or 8 bars for continue.
    #[arg(long)]
    bars: Option<i64>,
    /// Another number, another music.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Another take of the same music, 0 to 127.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=127))]
    take: u8,
    /// How far from the likeliest note, in per cent.
    #[arg(long, default_value_t = 50.0)]
    adventure: f32,
    /// Fewer or more notes, −100 to 100 per cent.
    #[arg(long, default_value_t = 0.0, allow_hyphen_values = true)]
    density: f32,
    /// Play as at the first time through, without knowing what is coming.
    #[arg(long)]
    first_pass: bool,
    /// Weights other than the shipped ones.
    #[arg(long)]
    weights: Option<PathBuf>,
}

/// A [`Role`] as it is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
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

/// General MIDI programs of the generated tracks: piano, fingered bass, electric piano, strings.
fn program(role: Role) -> Option<u8> {
    match role {
        Role::Continue => Some(0),
        Role::Bass => Some(33),
        Role::Chords => Some(4),
        Role::Counter => Some(48),
        Role::Drums => None,
    }
}

/// Runs it.
pub fn run(arguments: &Generate) -> anyhow::Result<()> {
    let song = files::read_song(&arguments.input)?;
    let mut heard: Vec<Note> = song
        .tracks
        .iter()
        .filter(|track| !track.is_drums())
        .flat_map(|track| track.notes.iter().copied())
        .collect();
    heard.sort_unstable_by_key(|note| (note.onset, note.pitch));
    if heard.is_empty() {
        bail!("{} holds no notes to play to", arguments.input.display());
    }
    let generator = files::generator(arguments.weights.as_deref())?;
    let mut out = song.clone();
    for name in &arguments.role {
        let role = name.role();
        let controls = Controls {
            role,
            seed: arguments.seed,
            take: arguments.take,
            adventure: arguments.adventure / 100.0,
            density: arguments.density / 100.0,
            ..Controls::default()
        };
        let end = end_of(&song, role, arguments.bars)?;
        let knowledge = if arguments.first_pass {
            Knowledge::FirstPass
        } else {
            Knowledge::Rehearsed
        };
        let bar = indicatif::ProgressBar::new(end.0.unsigned_abs())
            .with_style(indicatif::ProgressStyle::with_template(
                "{msg} {bar:40} {percent} %",
            )?)
            .with_message(role.name());
        let notes = perform(&generator, &song, &heard, controls, end, knowledge, |at| {
            bar.set_position(at.0.unsigned_abs());
        });
        bar.finish_and_clear();
        out.tracks.push(Track {
            name: format!("Continuo {}", role.name()),
            channel: channel(role, &out),
            program: program(role),
            notes,
        });
    }
    files::write_song(&arguments.out, &out)
}

/// A channel that no other track uses, if there is one.
fn channel(role: Role, song: &Song) -> u8 {
    if role == Role::Drums {
        return DRUM_CHANNEL;
    }
    (0..16)
        .filter(|channel| *channel != DRUM_CHANNEL)
        .find(|channel| song.tracks.iter().all(|track| track.channel != *channel))
        .unwrap_or(0)
}

/// Where the performance ends.
fn end_of(song: &Song, role: Role, bars: Option<i64>) -> anyhow::Result<Tick> {
    if bars.is_some_and(|bars| !(1..=10_000).contains(&bars)) {
        bail!("--bars takes a number from 1 to 10000");
    }
    let last = song.end() - 1;
    let grid = song.grid_at(last);
    let after = grid.start_of(grid.bar_at(last) + 1);
    let ticks = |bars: i64| bars * grid.meter.bar_ticks();
    Ok(match (role, bars) {
        (Role::Continue, bars) => after + ticks(bars.unwrap_or(8)),
        (_, None) => after,
        (_, Some(bars)) => Tick(ticks(bars)),
    })
}
