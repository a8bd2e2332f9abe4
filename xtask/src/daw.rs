//! `cargo xtask daw`: a real DAW plays a clip through the plugin and records what it plays; our own host
//! tells what the record has to hold.
//!
//! The DAW is Ardour 7 without its window: its Lua interpreter runs `daw/ardour.lua`, in real time on a
//! silent audio engine. Everything that it reads and writes, its settings too, lies in `target/daw`.

mod clip;
mod session;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    bundle,
    shell::{self, Exit, cargo, root, succeeds},
};

#[derive(Args)]
pub struct Options {
    /// A built Continuo.vst3; without it, the release bundle is built.
    #[arg(long, value_name = "PATH")]
    bundle: Option<PathBuf>,
}

/// Where Debian's package puts Ardour 7.
const ARDOUR: &str = "/usr/lib/ardour7";
/// The plugin's file name.
const NAME: &str = "Continuo.vst3";

/// Samples a second, as `ardour.lua` sets up the engine.
const RATE: u32 = 48_000;
/// Quarter notes a minute: a tempo at which no beat is a whole number of samples.
const TEMPO: u32 = 117;
/// Quarter notes that roll beyond what is compared, so that its last notes end by themselves. Our own host
/// rolls on for as long.
const TAIL: u32 = 4;

/// Lines of Ardour's log that are shown when it fails.
const SHOWN: usize = 20;

/// Bass writes from the first chord on, and with Thru off its notes are all there is. As the plugin writes
/// it, and as the number that Ardour takes.
const CONTROLS: [(&str, &str, u32); 2] = [("Role", "Bass", 1), ("Thru", "Off", 0)];

/// One recording.
struct Take {
    name: &'static str,
    /// Quarter notes in a bar.
    bar: u32,
    /// Where it begins, in quarter notes.
    from: u32,
    /// Quarter notes that are compared.
    beats: u32,
    /// The loop's first and end position in quarter notes.
    cycle: Option<(u32, u32)>,
}

/// The clip once through, from a bar before it; four passes over its first half; and once through in bars of
/// five, which Ardour counts as if they were of four.
const TAKES: [Take; 3] = [
    Take {
        name: "straight",
        bar: 4,
        from: 0,
        beats: clip::end(4),
        cycle: None,
    },
    Take {
        name: "loop",
        bar: 4,
        from: 4,
        beats: 64,
        cycle: Some((4, 20)),
    },
    Take {
        name: "in five",
        bar: 5,
        from: 0,
        beats: clip::end(5),
        cycle: None,
    },
];

/// Records every take in Ardour and compares them.
///
/// # Errors
/// With exit code 2 when something is missing on this system; when Ardour fails; when the record is not
/// what our own host gets.
pub fn run(options: &Options) -> Result<()> {
    check_system()?;
    let bundle = match &options.bundle {
        Some(bundle) => fs::canonicalize(bundle).with_context(|| bundle.display().to_string())?,
        None => {
            let made = bundle::plugin("release")?;
            let vst3 = made.into_iter().find(|path| path.ends_with(NAME));
            vst3.context("no VST3 among the bundles")?
        }
    };
    let ardour = Ardour::set_up(shell::target()?.join("daw"), &bundle)?;
    let mut compare = cargo(&["run", "-p", "continuo-tests", "--release", "--bin", "daw"]);
    compare.arg("--").arg("--bundle").arg(ardour.plugin());
    for take in &TAKES {
        compare.arg(ardour.record(take).context(take.name)?);
    }
    shell::run(&mut compare)
}

/// # Errors
/// With exit code 2 and what to install.
fn check_system() -> Result<()> {
    let scanner = Path::new(ARDOUR).join("ardour-vst3-scanner");
    let message = if !cfg!(target_os = "linux") {
        "Ardour is driven on Linux alone".to_owned()
    } else if !scanner.exists() {
        format!(
            "no Ardour 7 in {ARDOUR}. Debian 12: `sudo apt-get install --no-install-recommends ardour`"
        )
    } else if !succeeds("cc", &["--version"]) {
        "no C compiler. Debian: `sudo apt-get install gcc libc6-dev`".to_owned()
    } else {
        return Ok(());
    };
    Err(Exit { code: 2, message }.into())
}

/// Ardour with settings of its own, which knows the plugin.
struct Ardour {
    folder: PathBuf,
}

impl Ardour {
    /// Empties `folder`, and there gets ready a copy of the plugin, scanned, and the library that makes
    /// Ardour's Lua list it.
    fn set_up(folder: PathBuf, bundle: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        let binary = Path::new("Contents")
            .join(format!("{}-linux", std::env::consts::ARCH))
            .join("Continuo.so");
        fs::create_dir_all(folder.join("home"))?;
        let ardour = Self { folder };
        let copied = ardour.plugin().join(&binary);
        fs::create_dir_all(copied.parent().unwrap_or(&copied))?;
        fs::copy(bundle.join(&binary), &copied)
            .with_context(|| format!("{} is no VST3 of this system", bundle.display()))?;
        // What the scanner finds counts only where it is younger than the plugin by a second.
        let hour = Duration::from_secs(3600);
        let file = File::options().append(true).open(&copied)?;
        file.set_modified(SystemTime::now() - hour)?;
        let shim = root().join("xtask/src/daw/shim.c");
        shell::run(
            Command::new("cc")
                .args(["-shared", "-fPIC", "-o"])
                .args([&ardour.shim(), &shim])
                .arg("-ldl"),
        )?;
        let mut scan = ardour.command("ardour-vst3-scanner");
        ardour.finish(scan.arg("-f").arg(ardour.plugin()), Duration::from_secs(60))?;
        Ok(ardour)
    }

    /// The copy of the plugin.
    fn plugin(&self) -> PathBuf {
        self.folder.join("vst3").join(NAME)
    }

    fn shim(&self) -> PathBuf {
        self.folder.join("shim.so")
    }

    /// A program of Ardour's, with the variables that its own start script sets and a home of its own.
    fn command(&self, program: &str) -> Command {
        let ardour = Path::new(ARDOUR);
        let home = self.folder.join("home");
        let mut command = Command::new(ardour.join(program));
        command
            .env("LD_LIBRARY_PATH", ardour)
            .env("ARDOUR_DATA_PATH", "/usr/share/ardour7")
            .env("ARDOUR_CONFIG_PATH", "/etc/ardour7")
            .env("ARDOUR_DLL_PATH", ardour)
            .env("VAMP_PATH", ardour.join("vamp"))
            .env("VST3_PATH", self.folder.join("vst3"))
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"));
        command
    }

    /// Our Lua script in Ardour's interpreter.
    fn script(&self) -> Command {
        let mut command = self.command("luasession");
        command
            .env("LD_PRELOAD", self.shim())
            .arg(root().join("xtask/src/daw/ardour.lua"));
        command
    }

    /// Runs a program of Ardour's to its end, but not beyond `limit`; what it says goes to the log.
    fn finish(&self, command: &mut Command, limit: Duration) -> Result<()> {
        let path = self.folder.join("ardour.log");
        let log = File::options().create(true).append(true).open(&path)?;
        let mut child = command.stdout(log.try_clone()?).stderr(log).spawn()?;
        let deadline = Instant::now() + limit;
        let fault = loop {
            match child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => break format!("ended with {status}"),
                None if Instant::now() > deadline => {
                    child.kill()?;
                    child.wait()?;
                    break format!("still ran after {} seconds", limit.as_secs());
                }
                None => thread::sleep(Duration::from_millis(100)),
            }
        };
        let said = fs::read(&path)?;
        let said = String::from_utf8_lossy(&said);
        let from = said.lines().count().saturating_sub(SHOWN);
        for line in said.lines().skip(from) {
            eprintln!("| {line}");
        }
        bail!("Ardour {fault}; all it said is in {}", path.display())
    }

    /// Records a take and returns the file that tells its circumstances and its notes.
    fn record(&self, take: &Take) -> Result<PathBuf> {
        let folder = self.folder.join(take.name);
        let session = folder.join("take");
        fs::create_dir_all(&folder)?;
        let (clip, record) = (folder.join("clip.mid"), folder.join("record.txt"));
        let midi = clip::midi_file(take.bar);
        fs::write(&clip, &midi)?;
        fs::write(&record, circumstances(take, &clip))?;

        let mut make = self.script();
        let controls = CONTROLS.map(|(name, _, value)| format!("{name}={value}"));
        make.arg("make").arg(&session).args(controls);
        self.finish(&mut make, Duration::from_secs(60))?;
        session::add(
            &session,
            &session::Additions {
                tempo: TEMPO,
                bar: take.bar,
                clip: &midi,
                clip_beats: clip::end(take.bar),
                cycle: take.cycle,
            },
        )?;

        let roll = take.beats + TAIL;
        let seconds = u64::from(roll * 60 / TEMPO);
        eprintln!("Ardour records {}: {seconds} seconds", take.name);
        let cycle = take.cycle.map_or(0, |(start, end)| end - start);
        let mut play = self.script();
        play.arg("record").arg(&session).arg(&record);
        play.args([take.from, roll, cycle].map(|beats| samples(beats).to_string()));
        self.finish(&mut play, Duration::from_secs(seconds + 90))?;
        Ok(record)
    }
}

/// The sample nearest to a beat.
fn samples(beats: u32) -> u64 {
    let (beats, rate, tempo) = (u64::from(beats), u64::from(RATE), u64::from(TEMPO));
    (beats * 60 * rate + tempo / 2) / tempo
}

/// The head of a record: what our own host has to do alike.
fn circumstances(take: &Take, clip: &Path) -> String {
    let mut text = format!(
        "name {}\ntempo {TEMPO}\nbar {}\nclip {}\nfrom {}\nbeats {}\ntail {TAIL}\n",
        take.name,
        take.bar,
        clip.display(),
        take.from,
        take.beats,
    );
    if let Some((start, end)) = take.cycle {
        text += &format!("cycle {start} {end}\n");
    }
    for (name, value, _) in CONTROLS {
        text += &format!("set {name} {value}\n");
    }
    text
}
