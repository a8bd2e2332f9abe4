//! `cargo xtask soak`: the guarded test bundles in hosts that do at random whatever hosts do, and the time
//! that a release build takes of the audio thread.

use std::{env::consts, process::Command};

use anyhow::{Context, Result};
use clap::Args;

use crate::{
    bundle,
    shell::{Exit, target},
    test,
};

#[derive(Args)]
pub struct Options {
    /// For how long to go on with new scenarios; 5 without it.
    #[arg(long)]
    minutes: Option<f64>,
    /// Stop after so many scenarios, however long they take.
    #[arg(long, conflicts_with = "minutes")]
    scenarios: Option<u64>,
    /// The one scenario of this seed, told step by step; or with --scenarios the first of them.
    #[arg(long)]
    seed: Option<u64>,
}

/// Builds what `cargo xtask test` builds of the plugin and of the hosts, and a release; lets the soak loose on
/// the one and takes the times of the other.
///
/// # Errors
/// With the soak's own exit code when that is not 0.
pub fn run(options: &Options) -> Result<()> {
    test::build(&test::GUARDED)?;
    let bundles = test::lay_out_bundles()?;
    let soak = target()?
        .join("debug")
        .join(format!("soak{}", consts::EXE_SUFFIX));
    let mut soak = Command::new(soak);
    soak.args(arguments(options))
        .env("CONTINUO_BUNDLES", bundles);
    // One scenario alone is told, not timed.
    if options.seed.is_none() || options.scenarios.is_some() {
        let made = bundle::plugin("release")?;
        let clap = made
            .into_iter()
            .find(|path| path.ends_with("Continuo.clap"));
        soak.arg("--timed")
            .arg(clap.context("no CLAP among the bundles")?);
    }
    let status = soak.status().context("cannot start the soak program")?;
    if status.success() {
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let message = format!("the soak program ended with {status}");
    Err(Exit {
        code: code.unwrap_or(1),
        message,
    }
    .into())
}

/// The soak program's arguments.
fn arguments(options: &Options) -> Vec<String> {
    let named = [
        (
            "--minutes",
            options.minutes.map(|minutes| minutes.to_string()),
        ),
        (
            "--scenarios",
            options.scenarios.map(|count| count.to_string()),
        ),
        ("--seed", options.seed.map(|seed| seed.to_string())),
    ];
    named
        .into_iter()
        .filter_map(|(name, value)| Some([name.to_owned(), value?]))
        .flatten()
        .collect()
}
