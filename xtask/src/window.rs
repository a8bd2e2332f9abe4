//! `cargo xtask window`: the plugin's window in a host of our own under a virtual X server.

use std::{
    env::consts,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    bundle,
    shell::{cargo, root, run as command, target},
};

#[derive(Args)]
pub struct Options {
    /// A built Continuo.clap or Continuo.vst3, or one after the other; without any, the release bundles are built.
    #[arg(long = "bundle", value_name = "PATH")]
    bundles: Vec<PathBuf>,
    /// An X server that runs already, such as :0; without it, Xvfb is started.
    #[arg(long)]
    display: Option<String>,
    /// What to play: a role as the host parameter names it.
    #[arg(long, default_value = "Bass")]
    role: String,
    /// How often the window is closed and opened again.
    #[arg(long, default_value_t = 50)]
    times: u32,
    /// What to try: keyboard, gestures, drag, folder, load, reopen; all of it unless something is chosen.
    #[arg(long = "stage", value_name = "STAGE")]
    stages: Vec<String>,
}

/// The virtual screen's number: few use it.
const DISPLAY: &str = ":77";

/// A virtual X server; it ends with this.
struct Server(Child);

impl Server {
    fn start() -> Result<Self> {
        let mut server = Command::new("Xvfb");
        server.args([DISPLAY, "-screen", "0", "1280x900x24", "-noreset"]);
        server.stdout(Stdio::null()).stderr(Stdio::null());
        let child = server
            .spawn()
            .context("cannot start Xvfb; on Debian it is in the package xvfb")?;
        // It says nowhere when it is ready; the host tries once.
        thread::sleep(Duration::from_secs(2));
        Ok(Self(child))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds the plugin and the host, and lets the host use, measure, open, resize and close the window.
///
/// # Errors
/// When something does not build, or the host finds a fault.
pub fn run(options: &Options) -> Result<()> {
    if consts::OS != "linux" {
        bail!("the host of this test knows X11 alone");
    }
    let bundles = if options.bundles.is_empty() {
        let made = bundle::plugin("release")?;
        let plugins = made.into_iter().filter(|path| {
            let extension = path.extension().unwrap_or_default();
            extension == "clap" || extension == "vst3"
        });
        plugins.collect()
    } else {
        options.bundles.clone()
    };
    command(&mut cargo(&[
        "build",
        "-p",
        "continuo-tests",
        "--bin",
        "window",
    ]))?;
    let server = options.display.is_none().then(Server::start).transpose()?;
    let display = options.display.as_deref().unwrap_or(DISPLAY);
    let out = target()?.join("window");
    let mut host = Command::new(target()?.join("debug/window"));
    for bundle in &bundles {
        host.arg("--bundle").arg(bundle);
    }
    for stage in &options.stages {
        host.args(["--stage", stage]);
    }
    let outcome = command(
        host.env("DISPLAY", display)
            // Each window has a thread of its own, and glibc may give each thread a heap that it keeps: that
            // would look like a leak.
            .env("MALLOC_ARENA_MAX", "1")
            .arg("--clip")
            .arg(root().join("tests/clips/pop-progression.mid"))
            .arg("--out")
            .arg(&out)
            .args(["--role", &options.role])
            .args(["--times", &options.times.to_string()]),
    );
    drop(server);
    eprintln!("Pictures: {}", out.display());
    outcome
}
