//! `cargo xtask fuzz`: bytes that nobody meant, for whatever reads bytes.

use std::{fs, path::Path, process::Command};

use anyhow::{Result, bail};
use clap::Args;

use crate::shell::{Exit, root, run as command, succeeds, target};

#[derive(Args)]
pub struct Options {
    /// Minutes for each target.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Only this target: midi_file, song_memory or weights.
    #[arg(long)]
    target: Option<String>,
}

/// The targets, each with the folder of files that it starts from.
const TARGETS: [(&str, &str); 3] = [
    ("midi_file", "tests/clips"),
    ("song_memory", "tests/fuzz/seeds/song_memory"),
    ("weights", "tests/fuzz/seeds/weights"),
];

/// Runs the targets one after the other.
///
/// # Errors
/// When a target finds a crash, or cargo-fuzz or a nightly toolchain is missing.
pub fn run(options: &Options) -> Result<()> {
    if !succeeds("rustup", &["run", "nightly", "cargo", "fuzz", "--version"]) {
        return Err(Exit {
            code: 2,
            message:
                "fuzzing needs a nightly toolchain and cargo-fuzz: run `rustup toolchain install \
                      nightly` and `cargo install cargo-fuzz`"
                    .into(),
        }
        .into());
    }
    let wanted = |name: &str| options.target.as_deref().is_none_or(|only| only == name);
    if !TARGETS.iter().any(|(name, _)| wanted(name)) {
        bail!(
            "no such target; there are {}",
            TARGETS.map(|target| target.0).join(", ")
        );
    }
    for (name, seeds) in TARGETS.into_iter().filter(|(name, _)| wanted(name)) {
        fuzz(name, &root().join(seeds), options.minutes)?;
    }
    Ok(())
}

fn fuzz(name: &str, seeds: &Path, minutes: f64) -> Result<()> {
    let folder = target()?.join("fuzz");
    let found = folder.join(name);
    fs::create_dir_all(&found)?;
    // The sanitizer is for unsafe code, of which there is none behind these targets; without it the
    // network's library builds in minutes.
    let mut fuzz = Command::new("rustup");
    fuzz.current_dir(root());
    fuzz.args([
        "run",
        "nightly",
        "cargo",
        "fuzz",
        "run",
        "--sanitizer",
        "none",
    ]);
    command(
        fuzz.args(["--fuzz-dir", "tests/fuzz", "--target-dir"])
            .arg(folder.join("build"))
            .arg(name)
            .args([&found, &seeds.to_path_buf()])
            .arg("--")
            .arg(format!("-max_total_time={:.0}", minutes * 60.0))
            .arg(format!("-artifact_prefix={}/", folder.display())),
    )
}
