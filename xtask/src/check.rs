//! `cargo xtask check`: what needs no test to be seen.

use anyhow::Result;

use crate::{
    shell::{cargo, run as command},
    steps::Steps,
    tidy,
};

/// Format, tidy rules, lints and documentation of the whole workspace.
pub fn run() -> Result<()> {
    let mut steps = Steps::begin();
    all(&mut steps, &[]);
    steps.finish()
}

/// The same as steps of a longer row. `selection` is what the other steps of that row pass to cargo
/// besides `--workspace`, so that they share what was compiled.
pub fn all(steps: &mut Steps, selection: &[&str]) {
    steps.run("format", || {
        command(&mut cargo(&["fmt", "--all", "--check"]))
    });
    steps.run("tidy", tidy::run);
    steps.run("clippy", || {
        let mut clippy = cargo(&["clippy", "--workspace", "--all-targets"]);
        command(clippy.args(selection).args(["--", "--deny", "warnings"]))
    });
    steps.run("docs", || {
        let mut doc = cargo(&[
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ]);
        // Asking for examples counts the features of test dependencies in, as clippy does; without it
        // most libraries would be checked a second time.
        doc.args(["--lib", "--bins", "--examples"]).args(selection);
        command(doc.env("RUSTDOCFLAGS", "--deny warnings"))
    });
}
