//! `cargo xtask race`: what crosses between the audio thread and the planners, under ThreadSanitizer.

use std::{env::consts, process::Command};

use anyhow::Result;

use crate::shell::{Exit, root, run as command, succeeds, target};

/// Builds the engine's files, both ends of the link and the standard library with the sanitizer, and lets the
/// threads run against each other. Two accesses that nothing orders end it with an error.
///
/// # Errors
/// With exit code 2 where the sanitizer cannot be had; when a race is found or a test fails.
pub fn run() -> Result<()> {
    let triple = format!("{}-unknown-linux-gnu", consts::ARCH);
    let source = ["run", "nightly", "rustc", "--print", "sysroot"];
    if consts::OS != "linux" || !succeeds("rustup", &source) {
        return Err(Exit {
            code: 2,
            message:
                "the sanitizer needs Linux and a nightly toolchain: run `rustup toolchain install \
                      nightly --component rust-src`"
                    .into(),
        }
        .into());
    }
    let mut test = Command::new("rustup");
    test.args(["run", "nightly", "cargo", "test", "-Zbuild-std"])
        .args(["--target", &triple, "--test", "race", "--target-dir"])
        .arg(target()?.join("race"))
        .current_dir(root().join("tests/race"))
        .env("RUSTFLAGS", "-Zsanitizer=thread")
        .env("TSAN_OPTIONS", "halt_on_error=1");
    command(&mut test)
}
