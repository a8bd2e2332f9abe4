//! The demo: plays clips through the built plugin and shows what it made of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum, error::ErrorKind};
use continuo_model::{
    controls::{Controls, Role},
    midi_file::{self, write_atomically},
    presets::{self, Preset},
    time::Meter,
};
use continuo_tests::{
    demo::{
        clip::Clip,
        roll::{self, Picture},
        table::{Bars, Row, Table},
        take::{self, Take},
    },
    host,
};
use indicatif::{ProgressBar, ProgressStyle};

/// Plays MIDI clips through the built Continuo, offline, in every role that suits them, and one with each preset.
///
/// For each take it writes OUT/CLIP-PART.mid (heard and generated notes on separate tracks) and
/// OUT/CLIP-PART.png (a piano roll of both), then prints a table. Continue hears the first half of the bars,
/// at most eight, and goes on alone; Bass and Drums hear the whole clip over and over, Chords and Counter
/// its tune alone.
#[derive(Parser)]
#[command(name = "demo", version)]
struct Arguments {
    /// The built plugin: Continuo.clap or Continuo.vst3.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "target/bundled/Continuo.clap"
    )]
    bundle: PathBuf,
    /// The folder to write to; made when it is missing.
    #[arg(long, value_name = "FOLDER", default_value = "demo")]
    out: PathBuf,
    /// A clip of tests/clips by name ("kesh-jig"), or the path of your own MIDI file; may be given more
    /// than once. Without it: all of tests/clips.
    #[arg(long = "clip", value_name = "NAME or FILE")]
    clips: Vec<PathBuf>,
    /// One role; may be given more than once. Without it: every role that suits the clip.
    #[arg(long = "role", value_name = "ROLE", ignore_case = true)]
    roles: Vec<RoleName>,
    /// One preset by its name; may be given more than once. Without it and without a role: each preset on a clip
    /// that suits it.
    #[arg(long = "preset", value_name = "NAME", value_parser = preset)]
    presets: Vec<&'static Preset>,
    /// How many bars to play. A clip that is shorter repeats.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=999))]
    bars: u16,
    /// Another take of the same music.
    #[arg(long, value_name = "0-127", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=127))]
    take: u8,
}

/// A role as an argument.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleName {
    /// The next bars of the tune.
    Continue,
    /// A bass line under the clip.
    Bass,
    /// Chords under the tune.
    Chords,
    /// A second voice to the tune.
    Counter,
    /// A drum part.
    Drums,
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::Continue => Role::Continue,
            Self::Bass => Role::Bass,
            Self::Chords => Role::Chords,
            Self::Counter => Role::Counter,
            Self::Drums => Role::Drums,
        }
    }
}

/// What the caller asked for cannot be done: a wrong argument, a missing or broken file.
const ASKED_WRONGLY: u8 = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return told(&error),
    };
    let jobs = match jobs(&arguments) {
        Ok(jobs) => jobs,
        Err(error) => {
            eprintln!("demo: {error:#}");
            return ExitCode::from(ASKED_WRONGLY);
        }
    };
    match run(&arguments, &jobs) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints help as it is, and a wrong argument as one line.
fn told(error: &clap::Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        error.exit();
    }
    let message = error.to_string();
    let reason = message.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = reason.split_whitespace().collect();
    eprintln!("demo: {}", words.join(" ").trim_start_matches("error: "));
    ExitCode::from(ASKED_WRONGLY)
}

/// The preset of this name.
fn preset(name: &str) -> Result<&'static Preset> {
    Preset::find(name).with_context(|| {
        let names: Vec<&str> = presets::ALL.iter().map(|preset| preset.name).collect();
        format!("no such preset; there are {}", names.join(", "))
    })
}

/// A clip, and what is to be played to it.
struct Job {
    clip: Clip,
    /// The role's or the preset's name.
    part: &'static str,
    controls: Controls,
}

impl Job {
    /// The name of its files.
    fn name(&self) -> String {
        let part = self.part.to_lowercase().replace(' ', "-");
        format!("{}-{part}", self.clip.name)
    }
}

/// What there is to play. Everything that the caller may have got wrong is found here, before anything is
/// written.
fn jobs(arguments: &Arguments) -> Result<Vec<Job>> {
    ensure!(
        arguments.bundle.exists(),
        "no plugin at {}",
        arguments.bundle.display()
    );
    host::open(&arguments.bundle)?;
    if arguments.out.exists() {
        ensure!(
            arguments.out.is_dir(),
            "{} is not a folder",
            arguments.out.display()
        );
    }
    let paths = clip_paths(&arguments.clips)?;
    let clips = paths.iter().map(|path| Clip::read(path));
    let clips: Vec<Clip> = clips.collect::<Result<_>>()?;
    let mut jobs = Vec::new();
    if !arguments.roles.is_empty() || arguments.presets.is_empty() {
        for clip in &clips {
            jobs.extend(role_jobs(arguments, clip)?);
        }
    }
    let all: Vec<&Preset> = presets::ALL.iter().collect();
    let presets = match (&arguments.presets[..], &arguments.roles[..]) {
        ([], []) => &all[..],
        (asked, _) => asked,
    };
    for preset in presets {
        let start = Controls {
            take: arguments.take,
            ..Controls::default()
        };
        let controls = preset.apply(&start);
        let Some(clip) = suiting(&clips, controls.role) else {
            ensure!(
                arguments.presets.is_empty(),
                "{} needs a one-voiced track to follow",
                preset.name
            );
            continue;
        };
        jobs.push(Job {
            clip: clip.clone(),
            part: preset.name,
            controls,
        });
    }
    Ok(jobs)
}

/// The clip in each role that was asked for, or that suits it.
fn role_jobs(arguments: &Arguments, clip: &Clip) -> Result<Vec<Job>> {
    let asked = arguments.roles.iter().map(|name| name.role());
    let roles: Vec<Role> = match arguments.roles[..] {
        [] => Role::ALL.to_vec(),
        _ => asked.collect(),
    };
    let mut jobs = Vec::new();
    for role in roles {
        ensure!(
            clip.fits(role) || arguments.roles.is_empty() || arguments.clips.is_empty(),
            "{}: {} needs a one-voiced track to follow",
            clip.name,
            role.name()
        );
        if clip.fits(role) {
            jobs.push(Job {
                clip: clip.clone(),
                part: role.name(),
                controls: Controls {
                    role,
                    take: arguments.take,
                    ..Controls::default()
                },
            });
        }
    }
    Ok(jobs)
}

/// The clip for a preset: for who accompanies chords one without a tune, else one in 4/4, where there is one.
fn suiting(clips: &[Clip], role: Role) -> Option<&Clip> {
    let fitting = || clips.iter().filter(|clip| clip.fits(role));
    let common = |clip: &&Clip| {
        clip.song
            .meters
            .first()
            .is_some_and(|(_, meter)| *meter == Meter::COMMON)
    };
    let chords = fitting().find(|clip| !clip.fits(Role::Continue));
    chords
        .or_else(|| fitting().find(common))
        .or_else(|| fitting().next())
}

/// The files to read: those that were asked for, or every clip of the repository.
fn clip_paths(asked: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clips");
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string());
    let mut ours: Vec<PathBuf> = Vec::new();
    for entry in entries.into_iter().flatten() {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "mid") {
            ours.push(path);
        }
    }
    ours.sort();
    if asked.is_empty() {
        ensure!(!ours.is_empty(), "no clips in {}", folder.display());
        return Ok(ours);
    }
    let found = asked.iter().map(|asked| {
        let named = ours
            .iter()
            .find(|path| path.file_stem() == Some(asked.as_os_str()));
        match named {
            Some(path) => Ok(path.clone()),
            None if asked.is_file() => Ok(asked.clone()),
            None => {
                let stems = ours.iter().filter_map(|path| path.file_stem());
                let names: Vec<_> = stems.map(|stem| stem.to_string_lossy()).collect();
                bail!(
                    "{}: no such file, and no clip of {}",
                    asked.display(),
                    names.join(", ")
                )
            }
        }
    });
    found.collect()
}

/// Plays every job, writes its files, prints the table.
fn run(arguments: &Arguments, jobs: &[Job]) -> Result<()> {
    let bars = usize::from(arguments.bars);
    let progress = progress_bar(jobs.len() * bars)?;
    let mut rows = Vec::new();
    let mut counted = Bars::default();
    let mut violations = Vec::new();
    for job in jobs {
        let name = job.name();
        progress.set_message(name.clone());
        let take = play(arguments, job, || progress.inc(1)).with_context(|| name.clone())?;
        write_files(arguments, job, &take, &name)?;
        rows.push(Row::of(&job.clip.name, job.part, &take, job.clip.key));
        counted.add(&take.counted);
        violations.extend(take.violations.iter().map(|what| format!("{name}: {what}")));
    }
    progress.finish_and_clear();
    print!("{}", Table(rows));
    let takes = if jobs.len() == 1 { "take" } else { "takes" };
    println!("{counted}");
    println!("{} {takes} in {}", jobs.len(), arguments.out.display());
    if let Some(first) = violations.first() {
        bail!(
            "{} notes broke the rules of the output, first {first}",
            violations.len()
        );
    }
    Ok(())
}

/// One job in a fresh instance of the plugin.
fn play(arguments: &Arguments, job: &Job, bar_played: impl Fn()) -> Result<Take> {
    let mut instance = host::open(&arguments.bundle)?;
    let score = job.clip.score_for(&job.controls, arguments.bars.into());
    take::play(instance.as_mut(), &score, &job.controls, bar_played)
}

/// Writes the take as a MIDI file and as a picture.
fn write_files(arguments: &Arguments, job: &Job, take: &Take, name: &str) -> Result<()> {
    fs::create_dir_all(&arguments.out).with_context(|| arguments.out.display().to_string())?;
    let tempo = take.song.tempo_map.first().map_or(0.0, |(_, tempo)| *tempo);
    let meter = take.song.meters.first().map(|(_, meter)| *meter);
    let meter = meter.map(|meter| format!("{}/{}", meter.numerator, meter.denominator));
    let parts = [
        Some(format!("{tempo:.0} BPM")),
        meter,
        job.clip.key.map(|key| key.name()),
    ];
    let subtitle = parts
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("  ·  ");
    let picture = roll::draw(&Picture {
        title: &format!("{}  ·  {}", job.clip.title(), job.part),
        subtitle: &subtitle,
        song: &take.song,
        heard_tracks: take.heard_tracks,
        bars: arguments.bars.into(),
    })?;
    for (extension, bytes) in [("mid", midi_file::write(&take.song)), ("png", picture)] {
        let path = arguments.out.join(format!("{name}.{extension}"));
        write_atomically(&path, &bytes).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// A bar on stderr that counts bars of music; silent when stderr is no terminal.
fn progress_bar(bars: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} bars  {msg}")?;
    Ok(ProgressBar::new(bars as u64).with_style(style))
}
