//! `continuo adapt`: a player's style from their MIDI files.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};
use burn::tensor::Device;
use clap::Args;
use continuo_model::{
    controls::Role,
    style::{self, EXTENSION, Style},
    train::{
        adapt::{AdaptConfig, Event, Nats, adapt, mean},
        corpus::Piece,
        folder::{Folder, Split},
        sampler::can_teach,
    },
    weights::Weights,
};
use indicatif::{ProgressBar, ProgressStyle};

use super::{files, options::RoleName};

/// Arguments of `continuo adapt`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    continuo adapt ~/Music/my-songs -o mine.style\n  \
    continuo adapt sketches -o bass.style --role bass --minutes 5\n  \
    continuo adapt ~/Music/my-songs -o mine.style --resume\n\n\
    Every .mid and .midi file of the folder and of those in it is read; nothing leaves this computer. A melody\n\
    teaches Continue, a bass with anything else Bass, chords with a melody Chords, a second line beside a melody\n\
    Counter, channel 10 Drums. The files have to be in time with their own bars. From about 20 pieces of one kind\n\
    on a style is worth its name; one piece in five is held out, to see whether it holds for others too.\n\
    Ctrl-C ends the lesson and keeps the best so far.")]
pub struct Adapt {
    /// The folder of MIDI files.
    folder: PathBuf,
    /// The style's file; its name is the style's name.
    #[arg(short, long, value_name = "NAME.style")]
    out: PathBuf,
    /// The longest that the lesson may take.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// The most steps that it may take: with them the same files give the same style.
    #[arg(long)]
    steps: Option<u64>,
    /// Only these roles.
    #[arg(long, value_enum, ignore_case = true)]
    role: Vec<RoleName>,
    /// Go on from the style that the file holds, which has to be of the same music.
    #[arg(long)]
    resume: bool,
    /// How fast it learns: a lower rate keeps more of what ships.
    #[arg(long, default_value_t = AdaptConfig::default().learning_rate)]
    rate: f64,
    /// Steps between two looks at what is held out.
    #[arg(long, default_value_t = AdaptConfig::default().look_every, hide = true)]
    look_every: u64,
    /// Another number, other exercises.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs it.
pub fn run(arguments: &Adapt) -> anyhow::Result<()> {
    let name = name_of(&arguments.out)?;
    if arguments.minutes.is_nan() || arguments.minutes <= 0.0 {
        bail!("--minutes takes a number above 0");
    }
    if !(0.0..=0.01).contains(&arguments.rate) {
        bail!("--rate takes a number from 0 to 0.01");
    }
    let device = Device::flex();
    let shipped = Weights::shipped(&device)?;
    let split = read(&arguments.folder)?;
    let start = if arguments.resume {
        resumed(&arguments.out, &split, &device)?
    } else {
        shipped.clone()
    };
    let config = AdaptConfig {
        roles: if arguments.role.is_empty() {
            Role::ALL.to_vec()
        } else {
            arguments.role.iter().map(|name| name.role()).collect()
        },
        steps: arguments.steps.unwrap_or(AdaptConfig::default().steps),
        learning_rate: arguments.rate,
        look_every: arguments.look_every.max(1),
        // The exercises after a pause are others than before it.
        seed: arguments.seed.wrapping_add(match &start.style {
            Some(_) => start.training.steps,
            None => 0,
        }),
        ..AdaptConfig::default()
    };
    let mut watch = Watch::new(arguments)?;
    let adapted = adapt(
        &name,
        &shipped,
        &start,
        &split,
        &config,
        &device,
        &mut |event| watch.see(&event),
    );
    watch.bar.finish_and_clear();
    let adapted = adapted.map_err(|error| anyhow!(error))?;
    let bytes = adapted.weights.to_bytes()?;
    let style = Style::of(&bytes)?;
    let (before, after) = style.nats();
    println!(
        "After {} steps: {after:.3} nats a note on held-out music, {before:.3} with the weights that ship",
        adapted.steps
    );
    for (role, (before, after)) in &style.roles {
        println!("  {role:<10}{before:.3} to {after:.3}");
    }
    files::write_bytes(&arguments.out, &bytes)?;
    println!(
        "{}: {:.1} MB. {}",
        arguments.out.display(),
        bytes.len() as f64 / 1e6,
        where_to_put()
    );
    Ok(())
}

/// The style's name: its file's, without the ending.
fn name_of(path: &Path) -> anyhow::Result<String> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    match (stem, path.extension()) {
        (Some(stem), Some(extension)) if extension == EXTENSION => Ok(stem.to_owned()),
        _ => bail!("-o takes a file that ends in .{EXTENSION}, as in mine.{EXTENSION}"),
    }
}

fn where_to_put() -> String {
    let folder = dirs::data_dir().map(|data| style::folder(&data));
    folder.map_or_else(String::new, |folder| {
        format!(
            "Put it into {} to find it in the plugin's list.",
            folder.display()
        )
    })
}

/// What the folder holds, told in words.
fn read(path: &Path) -> anyhow::Result<Split> {
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "reading {bar:30} {pos}/{len} files",
    )?);
    let folder = Folder::read(path, |index, count| {
        bar.set_length(count as u64);
        bar.set_position(index as u64);
    })
    .with_context(|| format!("cannot read the folder {}", path.display()))?;
    bar.finish_and_clear();
    for (file, why) in &folder.skipped {
        eprintln!("skipped {}: {why}", file.display());
    }
    if folder.pieces.is_empty() {
        bail!(
            "{} holds no MIDI file to learn from{}. Needed are .mid or .midi files with a melody, or with a bass, \
             chords, a second voice or drums beside other parts, in time with their own bars",
            path.display(),
            match folder.skipped.len() {
                0 => String::new(),
                count => format!(" ({count} skipped)"),
            }
        );
    }
    println!("{}", told(&folder.pieces));
    let split = Split::of(folder.pieces).map_err(anyhow::Error::msg)?;
    if split.by_time {
        println!(
            "Few pieces: the last quarter of each is held out. What it learns holds for these pieces; more of them \
             make a style."
        );
    } else {
        println!(
            "{} to learn from, {} held out",
            split.learn.len(),
            split.held_out.len()
        );
    }
    Ok(split)
}

/// How many pieces teach what.
fn told(pieces: &[Piece]) -> String {
    let roles: Vec<String> = Role::ALL
        .into_iter()
        .map(|role| {
            let count = pieces.iter().filter(|piece| can_teach(piece, role));
            (role, count.count())
        })
        .filter(|(_, count)| *count > 0)
        .map(|(role, count)| format!("{} {count}", role.name()))
        .collect();
    let bars: usize = pieces.iter().map(|piece| piece.bars.len()).sum();
    format!(
        "{} pieces, {bars} bars. Lessons in {}",
        pieces.len(),
        roles.join(", ")
    )
}

/// The style to go on from.
fn resumed(path: &Path, split: &Split, device: &Device) -> anyhow::Result<Weights> {
    let name = path.display();
    let weights = Style::load(&files::read_bytes(path)?, device)
        .with_context(|| format!("no style to go on from in {name}"))?;
    let music = weights.style.as_ref().map(|style| style.music.as_str());
    if music != Some(&format!("{:016x}", split.music)) {
        bail!(
            "{name} was made from other files than the folder holds now, and what was held out then may be learnt \
             now: begin anew, without --resume"
        );
    }
    Ok(weights)
}

/// Shows the lesson, and ends it when its time is over or the user says so.
struct Watch {
    bar: ProgressBar,
    began: Instant,
    limit: Duration,
    stop: Arc<AtomicBool>,
    /// Looks go to standard output when nobody sees the bar.
    plain: bool,
}

impl Watch {
    fn new(arguments: &Adapt) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        ctrlc::set_handler(move || {
            // Who asks twice does not want to wait for the step to end.
            if asked.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        })
        .context("Ctrl-C cannot be caught")?;
        let seconds = arguments.minutes * 60.0;
        let bar = ProgressBar::new(seconds.ceil() as u64).with_style(ProgressStyle::with_template(
            "{elapsed_precise} {bar:30} {msg}",
        )?);
        Ok(Self {
            plain: bar.is_hidden(),
            bar,
            began: Instant::now(),
            limit: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
            stop,
        })
    }

    fn see(&mut self, event: &Event) -> ControlFlow<()> {
        self.bar.set_position(self.began.elapsed().as_secs());
        match event {
            Event::Step { step, nats } => {
                self.bar
                    .set_message(format!("step {step}: {nats:.2} nats a note in the lesson"));
            }
            Event::Look { step, nats, best } => {
                let text = look(*step, nats, *best);
                if self.plain {
                    println!("{text}");
                } else {
                    self.bar.println(text);
                }
            }
        }
        if self.stop.load(Ordering::Relaxed) || self.began.elapsed() >= self.limit {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn look(step: u64, nats: &Nats, best: bool) -> String {
    let roles: Vec<String> = nats
        .iter()
        .map(|(role, nats)| format!("{role} {nats:.3}"))
        .collect();
    format!(
        "step {step:>4}: {:.3} nats a note held out ({}){}",
        mean(nats),
        roles.join(", "),
        if best { ", the best so far" } else { "" }
    )
}
