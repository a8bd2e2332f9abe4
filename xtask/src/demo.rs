//! `cargo xtask demo`: the built plugin in a headless host, heard and seen.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, builder::PossibleValuesParser};

use crate::{
    bundle,
    shell::{Exit, cargo, root},
};

#[derive(Args)]
pub struct Options {
    /// The folder to write to; without it, `demo` in this repository.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// One MIDI file instead of the clips of this repository.
    #[arg(long, value_name = "FILE")]
    clip: Option<PathBuf>,
    /// One role instead of all.
    #[arg(
        long,
        ignore_case = true,
        value_parser = PossibleValuesParser::new(["continue", "bass", "chords", "counter", "drums"])
    )]
    role: Option<String>,
    /// One preset by its name instead of all.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// How many bars to play.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=999))]
    bars: Option<u16>,
    /// Passed on to the demo program as they are.
    #[arg(last = true, value_name = "ARGUMENTS")]
    further: Vec<String>,
}

/// Builds the release bundles and plays the clips through the CLAP.
///
/// # Errors
/// With the demo program's own exit code when that is not 0.
pub fn run(options: &Options) -> Result<()> {
    play_built("demo", arguments(options)?)
}

/// Builds the release bundles and runs `program` of the test tools on the CLAP.
///
/// # Errors
/// With the program's own exit code when that is not 0.
pub fn play_built(program: &str, arguments: Vec<PathBuf>) -> Result<()> {
    let bundles = bundle::plugin("release")?;
    let clap = bundles.first().context("the CLAP is the first bundle")?;
    let mut command = cargo(&["run", "-p", "continuo-tests", "--release", "--bin"]);
    command.args([program, "--", "--bundle"]);
    let status = command
        .arg(clap)
        .args(arguments)
        .status()
        .with_context(|| format!("cannot start the program {program}"))?;
    if !status.success() {
        let code = status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1);
        let message = format!("the program {program} ended with {status}");
        return Err(Exit { code, message }.into());
    }
    Ok(())
}

/// The demo program's arguments besides the bundle.
fn arguments(options: &Options) -> Result<Vec<PathBuf>> {
    // The demo program runs in the workspace's root, so the caller's paths have to be whole.
    let out = match &options.out {
        Some(out) => std::path::absolute(out)?,
        None => root().join("demo"),
    };
    let mut arguments = vec!["--out".into(), out];
    if let Some(clip) = &options.clip {
        arguments.extend(["--clip".into(), std::path::absolute(clip)?]);
    }
    if let Some(role) = &options.role {
        arguments.extend(["--role".into(), role.to_lowercase().into()]);
    }
    if let Some(preset) = &options.preset {
        arguments.extend(["--preset".into(), preset.into()]);
    }
    if let Some(bars) = options.bars {
        arguments.extend(["--bars".into(), bars.to_string().into()]);
    }
    arguments.extend(options.further.iter().map(PathBuf::from));
    Ok(arguments)
}
