//! `cargo xtask test`: everything that CI runs, in an order that compiles each thing once.
//!
//! The transformer's library takes most of the time to build, and cargo builds it anew for every set of
//! features. So every step selects the same: the whole workspace, the same features, test targets
//! included. What a release carries is another selection, and `tidy` looks at that one.

use std::{
    env::{consts, temp_dir},
    fs,
    path::{Path, PathBuf},
    process::{Command, id},
};

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    bundle, check,
    shell::{cargo, run as command, succeeds, target},
    steps::Steps,
    system,
};

#[derive(Args)]
pub struct Options {
    /// Do not lint and build the standalone, which takes system packages on Linux.
    #[arg(long)]
    no_standalone: bool,
}

/// The plugin that is tested aborts when `process` allocates.
pub const GUARDED: [&str; 2] = ["--features", "Continuo/assert_process_allocs"];

/// Bars of the smoke run of the demo: enough for a plan to be asked for, made and played.
const SMOKE_BARS: &str = "4";

/// Runs every step, also past a failed one where the next does not need it.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::begin();
    let selection = selection(options);
    let debug = target()?.join("debug");
    let bundles = target()?.join("test-bundles");

    check::all(&mut steps, &selection);
    let built = steps.run("build", || build(&selection))
        && steps.run("bundle", || lay_out_bundles().map(drop));
    if !built {
        return steps.finish();
    }
    steps.run("demo", || smoke(&debug, &bundles));
    steps.run("doc tests", || {
        command(cargo(&["test", "--workspace", "--doc"]).args(&selection))
    });
    // Last, so that the count of tests stands at the end of what is printed.
    steps.run("tests", || tests(&selection, &bundles));
    steps.finish()
}

/// What every cargo command of the run is given besides `--workspace`.
fn selection(options: &Options) -> Vec<&'static str> {
    let guarded = GUARDED.to_vec();
    let standalone = if options.no_standalone {
        Err("left out as asked".to_owned())
    } else {
        system::prepare_standalone().map_err(|error| error.to_string())
    };
    match standalone {
        Ok(()) => [guarded, vec!["--features", "Continuo/standalone"]].concat(),
        Err(reason) => {
            eprintln!("warning: the standalone is not checked: {reason}");
            guarded
        }
    }
}

/// All that the later steps run or load. Test targets too: their libraries' features count as well.
/// Not this program, which some systems refuse to overwrite while it runs.
pub fn build(selection: &[&str]) -> Result<()> {
    let mut build = cargo(&["build", "--workspace", "--exclude", "xtask"]);
    command(build.args(["--lib", "--bins", "--tests"]).args(selection))
}

/// Lays the guarded bundles out, and says where.
pub fn lay_out_bundles() -> Result<PathBuf> {
    let bundles = target()?.join("test-bundles");
    bundle::lay_out(&bundle::library(&target()?.join("debug")), &bundles)?;
    Ok(bundles)
}

/// The demo on the guarded test bundle, into a folder that goes away again.
fn smoke(debug: &Path, bundles: &Path) -> Result<()> {
    let out = temp_dir().join(format!("continuo-demo-{}", id()));
    fs::create_dir_all(&out)?;
    let demo = debug.join(format!("demo{}", consts::EXE_SUFFIX));
    let outcome = command(
        Command::new(demo)
            .arg("--bundle")
            .arg(bundles.join("Continuo.clap"))
            .arg("--out")
            .arg(&out)
            .args(["--bars", SMOKE_BARS]),
    )
    .and_then(|()| {
        for extension in ["mid", "png"] {
            if !holds(&out, extension)? {
                bail!("the demo wrote no .{extension} file");
            }
        }
        Ok(())
    });
    fs::remove_dir_all(&out)?;
    outcome
}

/// Whether the folder, or one in it, holds a file of that kind with something in it.
fn holds(folder: &Path, extension: &str) -> Result<bool> {
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        let found = if path.is_dir() {
            holds(&path, extension)?
        } else {
            path.extension().is_some_and(|found| found == extension) && path.metadata()?.len() > 0
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Unit and host tests, with nextest where it is installed: a process for each test and a time limit.
fn tests(selection: &[&str], bundles: &Path) -> Result<()> {
    let mut tests = if succeeds("cargo-nextest", &["nextest", "--version"]) {
        eprintln!("With cargo-nextest.");
        let config = concat!(env!("CARGO_MANIFEST_DIR"), "/nextest.toml");
        cargo(&["nextest", "run", "--config-file", config, "--no-fail-fast"])
    } else {
        eprintln!("With cargo test (cargo-nextest is not installed).");
        cargo(&["test", "--lib", "--bins", "--tests", "--no-fail-fast"])
    };
    command(
        tests
            .arg("--workspace")
            .args(selection)
            .env("CONTINUO_BUNDLES", bundles),
    )
}
