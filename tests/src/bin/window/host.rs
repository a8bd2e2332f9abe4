//! The host: it opens the window, measures it, and opens, resizes and closes it while music plays.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};
use continuo_model::time::Meter;
use continuo_tests::{
    clip::{self, ClipNote},
    counters::Counters,
    host::{self, Format, Instance},
    player::{Pacing, Player, Session, beats},
    transport::Song,
};

use crate::{
    drag, folder, keyboard,
    parent::{LEFT, Parent},
};

/// Opens the plugin's window on the X server of DISPLAY while a clip plays, measures it, and opens, resizes and
/// closes it many times. Exit code 1 when a note was late, something leaked, or the window painted for nothing.
#[derive(Parser)]
#[command(name = "window", version)]
struct Arguments {
    /// The built Continuo.clap and Continuo.vst3, one after the other.
    #[arg(long = "bundle", required = true)]
    bundles: Vec<PathBuf>,
    /// The clip that plays.
    #[arg(long)]
    clip: PathBuf,
    /// What to play: a role as the host parameter names it.
    #[arg(long, default_value = "Bass")]
    role: String,
    /// Where pictures of the window go, and the home of the musician who uses it.
    #[arg(long)]
    out: PathBuf,
    /// What to try; all of it unless something is chosen.
    #[arg(long = "stage", value_enum)]
    stages: Vec<Stage>,
    /// How often the window is closed and opened again.
    #[arg(long, default_value_t = 50)]
    times: u32,
}

/// What is tried, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// Whose the keyboard is.
    Keyboard,
    /// The window is closed while a knob is held.
    Gestures,
    /// The held phrase is dragged out.
    Drag,
    /// The folder for exports is chosen.
    Folder,
    /// Frames a second, and what they cost.
    Load,
    /// The window is opened, resized and closed many times.
    Reopen,
}

const RATE: f64 = 48_000.0;
const FRAMES: u32 = 256;
/// Quarter notes a minute.
pub const TEMPO: f64 = 104.0;
/// Frames a second that are enough: on X11 the window paints at every second refresh of the server, and a
/// virtual one has 34 in a second; other work of the machine may take half of them.
const ENOUGH: f64 = 10.0;
/// Megabytes by which many windows, one after the other, may grow the process.
const LEAK: f64 = 30.0;
/// The size at which frames and load are measured.
const MEASURED: (u32, u32) = (900, 600);
/// Seconds of each measurement.
const SECONDS: f64 = 8.0;

/// Does what the command line asks.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match settle(&arguments.out).and_then(|()| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Processor seconds of this process: all threads, the main thread, and the planners.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    main: f64,
    planners: f64,
    others: f64,
}

impl Load {
    /// Since the process began.
    fn now() -> Result<Self> {
        /// Ticks of the kernel's clock in a second, the same on every Linux that is in use.
        const TICKS: f64 = 100.0;
        let mut load = Self::default();
        for task in fs::read_dir("/proc/self/task")? {
            let task = task?.path();
            // A thread may have ended since.
            let Ok(stat) = fs::read_to_string(task.join("stat")) else {
                continue;
            };
            let (name, rest) = stat.rsplit_once(')').context("a thread without a name")?;
            let fields: Vec<&str> = rest.split_whitespace().collect();
            let ticks = |field: usize| fields[field].parse::<f64>();
            let seconds = (ticks(11)? + ticks(12)?) / TICKS;
            let id = task.file_name().and_then(|name| name.to_str());
            if id == Some(&std::process::id().to_string()) {
                load.main += seconds;
            } else if name.contains("continuo-plann") {
                load.planners += seconds;
            } else {
                load.others += seconds;
            }
        }
        Ok(load)
    }
}

/// Resident memory in megabytes.
fn resident() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/statm")?;
    let pages = status
        .split_whitespace()
        .nth(1)
        .context("no resident size")?;
    Ok(pages.parse::<f64>()? * 4096.0 / 1e6)
}

fn note(name: &str, seconds: f64, before: (Load, Counters), after: (Load, Counters)) -> (f64, f64) {
    let frames = (after.1.frames_painted - before.1.frames_painted) as f64 / seconds;
    let load = (after.0.others - before.0.others) / seconds * 100.0;
    println!("{name}: {frames:.1} frames a second, {load:.1} % of a core for the window's threads");
    (frames, load)
}

/// Makes this process that of a musician who has nothing yet: exports go to the Music folder at home, and a tool that is
/// laid in `tools` is found before any other. No desktop offers dialogs.
fn settle(out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    let home = std::path::absolute(out)?.join("home");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    let rest = env::var_os("PATH").unwrap_or_default();
    let tools = std::path::absolute(out)?.join("tools");
    let path = env::join_paths([tools].into_iter().chain(env::split_paths(&rest)))?;
    // SAFETY: no other thread runs yet.
    unsafe {
        env::set_var("XDG_CONFIG_HOME", home.join(".config"));
        env::set_var("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        env::set_var("HOME", home);
        env::set_var("PATH", path);
    }
    Ok(())
}

fn run(arguments: &Arguments) -> Result<()> {
    let clip = clip::from_midi_file(&arguments.clip)?;
    let parent = Parent::open(1280, 900)?;
    for bundle in &arguments.bundles {
        let mut instance = host::open(bundle)?;
        println!("{}", instance.format());
        instance.set("Role", &arguments.role)?;
        for stage in Stage::value_variants() {
            let asked = &arguments.stages;
            if asked.is_empty() || asked.contains(stage) {
                let player = player(&mut *instance, &clip)?;
                stage.run(player, &parent, arguments)?;
                instance.deactivate();
            }
        }
        let counters = instance.counters()?;
        println!(
            "late notes: {}, planner panics: {}",
            counters.late, counters.worker_panics
        );
        ensure!(counters.late == 0, "{} notes were late", counters.late);
        ensure!(counters.worker_panics == 0, "a planner panicked");
    }
    Ok(())
}

/// A track on which `clip` goes round, in real time.
fn player<'a>(instance: &'a mut dyn Instance, clip: &[ClipNote]) -> Result<Player<'a>> {
    let last = clip.iter().map(ClipNote::end_tick).max().unwrap_or(0);
    let length = (beats(last) / 4.0).ceil() * 4.0;
    let song = Song::new(RATE, TEMPO, Meter::COMMON);
    let session = Session {
        pacing: Pacing::Live(1.0),
        ..Session::offline(FRAMES)
    };
    let mut player = Player::new(instance, song, clip, session)?;
    player.set_cycle(Some((0.0, length)));
    Ok(player)
}

impl Stage {
    fn run(self, mut player: Player, parent: &Parent, arguments: &Arguments) -> Result<()> {
        match self {
            Self::Keyboard => keyboard::belongs_to_the_host(&mut player, parent),
            Self::Gestures => gestures_end(&mut player, parent),
            Self::Drag => {
                let music = std::path::absolute(&arguments.out)?.join("home/Music");
                drag::carries_the_held_phrase(player, parent, &music)
            }
            Self::Folder => {
                let out = std::path::absolute(&arguments.out)?;
                folder::is_asked_for(&mut player, parent, &out)
            }
            Self::Load => {
                let opened = player.aside(|plugin| plugin.open_window(parent.id))?;
                println!("opened at {opened:?}");
                player.stop(1.0)?;
                parent.picture(&arguments.out.join("opened.png"), opened)?;
                measure(&mut player, parent, arguments)
            }
            Self::Reopen => reopen(&mut player, parent, arguments.times),
        }
    }
}

/// Frames and load while music plays, and while nothing moves; a picture of each.
fn measure(player: &mut Player, parent: &Parent, arguments: &Arguments) -> Result<()> {
    let (width, height) = MEASURED;
    player.aside(|plugin| plugin.resize_window(width, height))?;
    let now = |player: &mut Player| anyhow::Ok((Load::now()?, player.instance().counters()?));
    // Past the first loop, so that there is something to see.
    player.play(20.0)?;
    let before = now(player)?;
    player.play(SECONDS * TEMPO / 60.0)?;
    let (frames, _) = note("while it plays", SECONDS, before, now(player)?);
    parent.picture(&arguments.out.join("playing.png"), MEASURED)?;
    player.stop(2.0)?;
    let before = now(player)?;
    player.stop(SECONDS)?;
    let (idle, _) = note("while it stands", SECONDS, before, now(player)?);
    parent.picture(&arguments.out.join("stopped.png"), MEASURED)?;
    ensure!(frames >= ENOUGH, "{frames:.1} frames a second");
    ensure!(idle < 1.0, "{idle:.1} frames a second while nothing moves");
    player.aside(|plugin| plugin.close_window())
}

/// What the process holds.
#[derive(Clone, Copy, Debug, Default)]
struct Holdings {
    /// Resident memory in megabytes.
    megabytes: f64,
    descriptors: usize,
    threads: usize,
}

impl Holdings {
    fn now() -> Result<Self> {
        Ok(Self {
            megabytes: resident()?,
            descriptors: fs::read_dir("/proc/self/fd")?.count(),
            threads: fs::read_dir("/proc/self/task")?.count(),
        })
    }
}

/// Opens, resizes and closes the window while music plays, and finds what that costs for good once the first few
/// times are over.
fn reopen(player: &mut Player, parent: &Parent, times: u32) -> Result<()> {
    /// The drivers fill their caches in the first few times.
    const WARM: u32 = 10;
    let mut warm = Holdings::now()?;
    for round in 0..times {
        let (width, height) = player.aside(|plugin| plugin.open_window(parent.id))?;
        player.play(0.5)?;
        for (wider, higher) in [(200, 100), (0, 0), (320, 280)] {
            let size = (width.min(900) + wider, height.min(600) + higher);
            player.aside(|plugin| plugin.resize_window(size.0, size.1))?;
            player.play(0.25)?;
        }
        player.aside(|plugin| plugin.close_window())?;
        player.play(0.25)?;
        if round < WARM {
            warm = Holdings::now()?;
        }
    }
    let end = Holdings::now()?;
    let grown = end.megabytes - warm.megabytes;
    let rounds = times.saturating_sub(WARM);
    println!(
        "opened {times} times; after the first {WARM}: {grown:+.1} MB, {} descriptors then {}, {} threads then {}",
        warm.descriptors, end.descriptors, warm.threads, end.threads
    );
    ensure!(grown < LEAK, "resident memory grew by {grown:.1} MB");
    ensure!(end.threads <= warm.threads, "threads stay behind");
    let lost = match player.instance().format() {
        Format::Clap => 0,
        // The plugin's library keeps the pair of sockets by which it wakes the host's run loop.
        Format::Vst3 => 2 * rounds as usize,
    };
    ensure!(
        end.descriptors <= warm.descriptors + lost,
        "descriptors stay open"
    );
    Ok(())
}

/// Closes the window while a knob is held: the host must be told that it was let go of.
fn gestures_end(player: &mut Player, parent: &Parent) -> Result<()> {
    let size = player.aside(|plugin| plugin.open_window(parent.id))?;
    player.stop(1.0)?;
    let ((x, y), _) = keyboard::find_knob(player, parent, size)?;
    let before = player.instance().gestures();
    ensure!(before.begun == before.ended, "{before:?}");
    parent.point(x, y)?;
    player.stop(0.2)?;
    parent.button(LEFT, true)?;
    for step in 1..=10 {
        parent.point(x, y - 3 * step)?;
        player.stop(0.1)?;
    }
    let held = player.instance().gestures();
    ensure!(
        held.begun == before.begun + 1 && held.ended == before.ended,
        "{held:?}"
    );
    player.aside(|plugin| plugin.close_window())?;
    player.stop(0.3)?;
    parent.button(LEFT, false)?;
    parent.point_out_of_the_way()?;
    let after = player.instance().gestures();
    ensure!(after.begun == after.ended, "{after:?}");
    println!("a window closed in the middle of a drag lets go of the knob");
    Ok(())
}
