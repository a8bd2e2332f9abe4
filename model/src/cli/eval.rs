//! `continuo eval`: how good the network is on a corpus file.

use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf};

use anyhow::Context;
use clap::Args;
use continuo_model::{
    controls::{Controls, Role},
    eval::{
        continuations::{Start, play},
        finding::{self, Found, Playing},
        lesson::Player as Learner,
        likelihood::{Cost, by_source, fit_baselines},
        measures::{DISTRIBUTIONS, Excerpt, Histogram, Mean, NUMBERS, Player, overlap},
        reaction::{density_follows, moved_along},
    },
    generate::Generator,
    train::{
        corpus::{Piece, training_files},
        sampler::Sampler,
    },
};
use indicatif::{ProgressBar, ProgressStyle};

use super::{files, options::RoleName};

mod lesson;

/// Arguments of `continuo eval`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    continuo eval model/corpus/valid.jsonl.zst\n  \
    continuo eval held-out.jsonl.zst --role bass --pieces 0 --continuations 200\n  \
    continuo eval model/corpus/valid.jsonl.zst --player pop909 --style mine.style\n\n\
    The likelihood part fits its baselines on the training files first; that takes some minutes and up to\n\
    2 GiB of memory. --pieces 0 or --continuations 0 leave a part out.")]
pub struct Eval {
    /// A corpus file of held-out pieces (.jsonl.zst).
    file: PathBuf,
    /// Folder of the training files that the baselines are fitted on.
    #[arg(long, default_value = "model/corpus")]
    corpus: PathBuf,
    /// Only these roles.
    #[arg(long, value_enum)]
    role: Vec<RoleName>,
    /// Pieces of each source whose likelihood is computed for each role.
    #[arg(long, default_value_t = 24)]
    pieces: usize,
    /// Excerpts that are played for each role.
    #[arg(long, default_value_t = 48)]
    continuations: usize,
    /// Start from what is heard alone, without the human part of the bars before.
    #[arg(long)]
    cold: bool,
    /// Print the measures of each source as well.
    #[arg(long)]
    by_source: bool,
    /// Only print how well keys and chords are found in what is heard.
    #[arg(long)]
    finding: bool,
    /// How far from the likeliest note, in per cent.
    #[arg(long, default_value_t = 50.0)]
    adventure: f32,
    /// Weights other than the shipped ones.
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Only write every second piece of a source, which stands for a player, into this folder as MIDI files.
    #[arg(
        long,
        value_name = "FOLDER",
        requires = "player",
        conflicts_with = "style"
    )]
    songs: Option<PathBuf>,
    /// Only print what the style that was learnt from those files has learnt of the source, and what it has
    /// forgotten of the others.
    #[arg(long, value_name = "FILE", requires = "player")]
    style: Option<PathBuf>,
    /// The source.
    #[arg(long, value_name = "SOURCE")]
    player: Option<String>,
}

impl Eval {
    fn roles(&self) -> Vec<Role> {
        if self.role.is_empty() {
            Role::ALL.to_vec()
        } else {
            self.role.iter().map(|name| name.role()).collect()
        }
    }
}

fn bar(length: usize, message: String) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{msg:32} {bar:30} {pos}/{len} eta {eta}")?;
    Ok(ProgressBar::new(length as u64)
        .with_style(style)
        .with_message(message))
}

/// Runs it.
pub fn run(arguments: &Eval) -> anyhow::Result<()> {
    let held_out = Sampler::load(std::slice::from_ref(&arguments.file))?;
    if let Some(source) = &arguments.player {
        return lesson::run(arguments, &Learner::of(source, held_out.pieces()));
    }
    let mut generator = files::generator(arguments.weights.as_deref())?;
    if arguments.finding {
        print!(
            "{}",
            found(&spread(held_out.pieces(), arguments.pieces.max(1)))?
        );
        return Ok(());
    }
    if arguments.pieces > 0 {
        let training = Sampler::load(&training_files(&arguments.corpus)?).context(
            "the baselines are fitted on the training files: give their folder as --corpus",
        )?;
        let training: Vec<&Piece> = training.pieces().iter().collect();
        let pieces = spread(held_out.pieces(), arguments.pieces);
        for role in arguments.roles() {
            print!("{}", likelihood(&generator, &training, &pieces, role)?);
        }
    }
    if arguments.continuations > 0 {
        for role in arguments.roles() {
            let controls = Controls {
                role,
                adventure: arguments.adventure / 100.0,
                ..Controls::default()
            };
            print!(
                "{}",
                continuations(&mut generator, &held_out, &controls, arguments)?
            );
        }
    }
    Ok(())
}

/// At most `count` pieces of each source, spread over the file.
fn spread(pieces: &[Piece], count: usize) -> Vec<&Piece> {
    let mut sources = std::collections::BTreeMap::<&str, Vec<&Piece>>::new();
    for piece in pieces {
        sources.entry(&piece.source).or_default().push(piece);
    }
    sources
        .into_values()
        .flat_map(|pieces| {
            let stride = pieces.len().div_ceil(count);
            pieces.into_iter().step_by(stride)
        })
        .collect()
}

/// How well keys and chords are found.
fn found(pieces: &[&Piece]) -> anyhow::Result<String> {
    let mut text = String::new();
    for (what, sources) in [
        (
            "chords struck at once, by beat",
            finding::chords(pieces, Playing::Struck),
        ),
        (
            "broken chords, by beat",
            finding::chords(pieces, Playing::Broken),
        ),
        (
            "chords hinted at, by beat",
            finding::chords(pieces, Playing::Hinted),
        ),
        ("running key, by bar", finding::keys(pieces)),
    ] {
        writeln!(text, "\n{what:<34}{:>8}{:>9}{:>9}", "of", "root", "whole")?;
        let all = sources.values().copied().fold(Found::default(), Found::and);
        for (source, found) in sources.into_iter().chain([("all", all)]) {
            let [root, whole] = found.shares().map(|share| 100.0 * share);
            let cases = found.cases;
            writeln!(text, "{source:<34}{cases:>8}{root:>7.1} %{whole:>7.1} %")?;
        }
    }
    Ok(text)
}

fn likelihood(
    generator: &Generator,
    training: &[&Piece],
    pieces: &[&Piece],
    role: Role,
) -> anyhow::Result<String> {
    let progress = bar(
        training.len(),
        format!("{}: fitting baselines", role.name()),
    )?;
    let baselines = fit_baselines(role, training, || progress.inc(1));
    progress.finish_and_clear();
    let progress = bar(pieces.len(), format!("{}: likelihood", role.name()))?;
    let sources = by_source(generator.weights(), &baselines, pieces, role, || {
        progress.inc(1);
    });
    progress.finish_and_clear();
    let mut all = Cost::default();
    let mut text = format!("\n{}: bits per note\n", role.name());
    writeln!(
        text,
        "{:<22}{:>8}  {:<18}{:>8}{:>8}{:>10}{:>8}{:>10}",
        "source", "notes", "", "onset", "pitch", "duration", "sum", "velocity"
    )?;
    for (source, cost) in &sources {
        rows(&mut text, source, cost)?;
        all.add(cost);
    }
    rows(&mut text, "all", &all)?;
    if let Some((name, best)) = all
        .baselines
        .iter()
        .map(|(name, bits)| (name, all.per_note(bits)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
    {
        let network = all.per_note(&all.network);
        writeln!(
            text,
            "{:.1} % below the best baseline ({name})",
            100.0 * (1.0 - network / best)
        )?;
    }
    Ok(text)
}

fn rows(text: &mut String, source: &str, cost: &Cost) -> anyhow::Result<()> {
    let network = std::iter::once(("network", cost.network));
    for (index, (name, bits)) in network.chain(cost.baselines.iter().copied()).enumerate() {
        let (source, notes) = if index == 0 {
            (source, cost.notes.to_string())
        } else {
            ("", String::new())
        };
        let [onset, pitch, duration] = bits.map(|bits| bits / cost.notes.max(1) as f64);
        let velocity = if index == 0 && cost.velocity.1 > 0 {
            format!("{:.2}", cost.velocity.0 / cost.velocity.1 as f64)
        } else {
            String::new()
        };
        writeln!(
            text,
            "{source:<22}{notes:>8}  {name:<18}{onset:>8.2}{pitch:>8.2}{duration:>10.2}{:>8.2}{velocity:>10}",
            cost.per_note(&bits)
        )?;
    }
    Ok(())
}

fn continuations(
    generator: &mut Generator,
    held_out: &Sampler,
    controls: &Controls,
    arguments: &Eval,
) -> anyhow::Result<String> {
    let start = if arguments.cold {
        Start::Cold
    } else {
        Start::Continued
    };
    let role = controls.role;
    let count = arguments.continuations;
    let progress = bar(count, format!("{}: playing", role.name()))?;
    let begun = std::time::Instant::now();
    let before = generator.surprise();
    let (excerpts, refused) = play(generator, held_out, controls, start, 0, count, || {
        progress.inc(1);
    });
    let elapsed = begun.elapsed();
    progress.finish_and_clear();
    let mut text = format!(
        "\n{}: {count} excerpts of 8 bars, {}\n",
        role.name(),
        match start {
            Start::Cold => "cold start",
            Start::Continued => "after 8 bars",
        }
    );
    let all: Vec<&Excerpt> = excerpts.iter().collect();
    measures(&mut text, role, &all)?;
    if arguments.by_source {
        for source in excerpts.iter().map(|e| &e.source).collect::<BTreeSet<_>>() {
            let its: Vec<&Excerpt> = excerpts.iter().filter(|e| &e.source == source).collect();
            writeln!(
                text,
                "\n{} in {source}: {} excerpts",
                role.name(),
                its.len()
            )?;
            measures(&mut text, role, &its)?;
        }
        writeln!(text)?;
    }
    let [onset, pitch, duration] = refused.shares().map(|share| 100.0 * share);
    writeln!(
        text,
        "refused by the masks               onset {onset:.1} %, pitch {pitch:.1} %, duration {duration:.1} %"
    )?;
    writeln!(
        text,
        "unlikely by the network itself     {:.2} nats a draw",
        generator.surprise().since(&before).mean()
    )?;
    writeln!(
        text,
        "number of notes follows the heard  {:.2}, the human's {:.2} (rank correlation)",
        density_follows(&excerpts, Player::Network),
        density_follows(&excerpts, Player::Human)
    )?;
    if role != Role::Drums && role != Role::Continue {
        let moved = moved_share(generator, held_out, controls, &excerpts, start);
        writeln!(
            text,
            "moved along when all moves by a fourth  {:.1} %",
            100.0 * moved
        )?;
    }
    let notes: usize = excerpts.iter().map(|excerpt| excerpt.made.len()).sum();
    writeln!(
        text,
        "{notes} notes, {:.2} ms a note with its context",
        1e3 * elapsed.as_secs_f64() / notes.max(1) as f64
    )?;
    Ok(text)
}

/// Plays the first excerpts again with all that is heard a fourth higher.
fn moved_share(
    generator: &mut Generator,
    held_out: &Sampler,
    controls: &Controls,
    plain: &[Excerpt],
    start: Start,
) -> f64 {
    const FOURTH: u8 = 5;
    let count = plain.len().min(16);
    let (moved, _) = play(generator, held_out, controls, start, FOURTH, count, || {});
    let shares: f64 = plain
        .iter()
        .zip(&moved)
        .map(|(plain, moved)| moved_along(&plain.made, &moved.made, FOURTH))
        .sum();
    shares / count.max(1) as f64
}

/// The measures of some excerpts against the human's.
fn measures(text: &mut String, role: Role, excerpts: &[&Excerpt]) -> anyhow::Result<()> {
    writeln!(
        text,
        "{:<34}{:>9}{:>9}{:>10}",
        "", "network", "human", "distance"
    )?;
    for number in NUMBERS.iter().filter(|number| (number.fits)(role)) {
        let mean = |player| {
            let mut mean = Mean::default();
            excerpts
                .iter()
                .for_each(|excerpt| (number.add)(excerpt, player, &mut mean));
            mean.value()
        };
        if let (Some(network), Some(human)) = (mean(Player::Network), mean(Player::Human)) {
            let distance = network - human;
            writeln!(
                text,
                "{:<34}{network:>9.3}{human:>9.3}{distance:>+10.3}",
                number.name
            )?;
        }
    }
    for distribution in DISTRIBUTIONS.iter().filter(|each| (each.fits)(role)) {
        let histogram = |player| {
            let mut histogram = Histogram::new();
            excerpts
                .iter()
                .for_each(|excerpt| (distribution.count)(excerpt, player, &mut histogram));
            histogram
        };
        let shared = overlap(&histogram(Player::Network), &histogram(Player::Human));
        writeln!(text, "{:<34}{shared:>9.3}  overlap", distribution.name)?;
    }
    Ok(())
}
