//! `continuo generate`: a MIDI file in, the same with new tracks out.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use continuo_model::{
    capture::Row,
    controls::{Controls, Role},
    feel::Played,
    generate::{Generator, LEAD},
    midi_file::Song,
    note::Note,
    perform::{Knowledge, Performance},
    time::Tick,
};

use super::{
    files,
    options::{Options, switch},
};

/// Arguments of `continuo generate`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    continuo generate song.mid -o band.mid --role bass --role drums\n  \
    continuo generate song.mid -o bass.mid --preset \"Walking bass\" --thru off\n  \
    continuo generate song.mid -o mine.mid --role chords --style mine.style\n  \
    continuo generate tune.mid -o more.mid --role continue --bars 8 --seed 3\n  \
    cat song.mid | continuo generate - -o - --role counter > two.mid\n\n\
    Lookahead and Bypass have no meaning in a file.")]
pub struct Generate {
    /// The MIDI file that is heard; `-` reads standard input.
    input: PathBuf,
    /// Where the result goes; `-` writes standard output.
    #[arg(short, long)]
    out: PathBuf,
    #[command(flatten)]
    options: Options,
    /// The tracks of the input go along.
    #[arg(
        long,
        value_name = "ON or OFF",
        action = clap::ArgAction::Set,
        default_value = "on",
        value_parser = switch
    )]
    thru: bool,
    /// Bars to play: after the input for continue, from its start for the others [default: as many as the
    /// input has, or 8 for continue].
    #[arg(long)]
    bars: Option<i64>,
    /// Play as at the first time through, without knowing what is coming.
    #[arg(long)]
    first_pass: bool,
    /// A style that `continuo adapt` has made: it plays as it has learnt there.
    #[arg(long, value_name = "FILE", conflicts_with = "weights")]
    style: Option<PathBuf>,
    /// Weights other than the shipped ones.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
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
    let generator = match &arguments.style {
        Some(style) => files::styled(style)?,
        None => files::generator(arguments.weights.as_deref())?,
    };
    let mut row = Row {
        song: song.clone(),
        parts: Vec::new(),
    };
    for role in arguments.options.roles() {
        let controls = arguments.options.controls(role);
        let notes = play(arguments, &generator, &song, &heard, controls)?;
        row.add(role, controls.channel, notes);
        row.sign(&controls);
    }
    for part in &mut row.parts {
        part.name = format!("Continuo {}", part.name);
    }
    if !arguments.thru {
        row.song.tracks.clear();
    }
    files::write_bytes(&arguments.out, &row.to_bytes())
}

/// What one role plays.
fn play(
    arguments: &Generate,
    generator: &Generator,
    song: &Song,
    heard: &[Note],
    controls: Controls,
) -> anyhow::Result<Vec<Played>> {
    let role = controls.role;
    let end = end_of(song, role, arguments.bars)?;
    let hold_from = arguments.options.hold_from(&controls)?;
    // In time for the bar to be planned with it.
    let hold_from = hold_from.map(|bar| Tick((song.start_of(bar - 1).0 - LEAD - 1).max(0)));
    let performance = Performance {
        hold_from,
        knowledge: if arguments.first_pass || !controls.memory {
            Knowledge::FirstPass
        } else {
            Knowledge::Rehearsed
        },
        ..Performance::new(song, heard, controls, end)
    };
    let bar = indicatif::ProgressBar::new(end.0.unsigned_abs())
        .with_style(indicatif::ProgressStyle::with_template(
            "{msg} {bar:40} {percent} %",
        )?)
        .with_message(role.name());
    let notes = performance.play(generator, |at| bar.set_position(at.0.unsigned_abs()));
    bar.finish_and_clear();
    Ok(notes)
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
