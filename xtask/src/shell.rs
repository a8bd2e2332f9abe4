//! Running other programs from the workspace's root, and where their results lie.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// An error that ends the program with a code of its own rather than with 1.
#[derive(Debug)]
pub struct Exit {
    /// The exit code: 2 for what the caller has to put right before another try.
    pub code: u8,
    /// What to put right.
    pub message: String,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Exit {}

/// The workspace's root, which holds this package's folder.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The folder that holds `debug` and `release`. Cargo put this very program into one of them, so it is
/// right whatever variable or configuration file moved the target folder.
///
/// # Errors
/// When the system cannot tell where this program lies.
pub fn target() -> Result<PathBuf> {
    let program = env::current_exe().context("where does this program lie?")?;
    let target = program.ancestors().nth(2);
    Ok(target
        .context("this program lies in no target folder")?
        .to_path_buf())
}

/// `cargo` in the workspace's root, as if typed by the caller.
///
/// `cargo run` describes this package to us in variables; a build script that asks to be run again when
/// one of them changes would rebuild under `cargo xtask` what a plain `cargo build` has built.
pub fn cargo(arguments: &[&str]) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root());
    for (name, _) in env::vars_os() {
        let described = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if described {
            command.env_remove(name);
        }
    }
    command
}

/// Runs to the end, output to ours, after printing the command line.
///
/// # Errors
/// When the program cannot be started or ends with another code than 0.
pub fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    eprintln!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot start: {line}"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Whether the program can be started and ends with code 0; silent.
pub fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The command as one would type it: file name of the program, arguments.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_stem().unwrap_or(program.as_os_str());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
