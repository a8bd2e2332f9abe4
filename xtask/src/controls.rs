//! `cargo xtask controls`: every control of the built plugin in a picture.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::{
    bundle,
    shell::{Exit, cargo, root},
};

#[derive(Args)]
pub struct Options {
    /// The folder to write to; without it, `controls` in this repository.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// One control by its name instead of all; may be given more than once.
    #[arg(long = "control", value_name = "NAME")]
    controls: Vec<String>,
}

/// Builds the release bundles and plays every control's settings through the CLAP.
///
/// # Errors
/// With the program's own exit code when that is not 0.
pub fn run(options: &Options) -> Result<()> {
    let bundles = bundle::plugin("release")?;
    let clap = bundles.first().context("the CLAP is the first bundle")?;
    let mut controls = cargo(&[
        "run",
        "-p",
        "continuo-tests",
        "--release",
        "--bin",
        "controls",
        "--",
    ]);
    // The program runs in the workspace's root, so the caller's path has to be whole.
    let out = match &options.out {
        Some(out) => std::path::absolute(out)?,
        None => root().join("controls"),
    };
    controls.arg("--bundle").arg(clap).arg("--out").arg(out);
    for name in &options.controls {
        controls.args(["--control", name]);
    }
    let status = controls.status().context("cannot start the program")?;
    if !status.success() {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        let message = format!("the program ended with {status}");
        return Err(Exit {
            code: code.unwrap_or(1),
            message,
        }
        .into());
    }
    Ok(())
}
