//! `cargo xtask controls`: every control of the built plugin in a picture.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{demo::play_built, shell::root};

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
    // The program runs in the workspace's root, so the caller's path has to be whole.
    let out = match &options.out {
        Some(out) => std::path::absolute(out)?,
        None => root().join("controls"),
    };
    let mut arguments = vec!["--out".into(), out];
    for name in &options.controls {
        arguments.extend(["--control".into(), name.into()]);
    }
    play_built("controls", arguments)
}
