//! The pictures of the controls: plays a clip through the built plugin at a few settings of each.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use continuo_model::midi_file::write_atomically;
use continuo_tests::{
    controls::{
        panel::Panel,
        sheet,
        table::{CONTROLS, Control},
    },
    host,
};

/// Plays clips through the built Continuo, offline, at a few settings of every control.
///
/// For each control it writes OUT/CONTROL.png: a piano roll for each setting, on the same bars and keys.
#[derive(Parser)]
#[command(name = "controls", version)]
struct Arguments {
    /// The built plugin: Continuo.clap or Continuo.vst3.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "target/bundled/Continuo.clap"
    )]
    bundle: PathBuf,
    /// The folder to write to; made when it is missing.
    #[arg(long, value_name = "FOLDER", default_value = "controls")]
    out: PathBuf,
    /// One control by its name, "Scale lock"; may be given more than once. Without it: every control.
    #[arg(long = "control", value_name = "NAME")]
    controls: Vec<String>,
}

/// What the caller asked for cannot be done: a control that is none.
const ASKED_WRONGLY: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let controls = match asked_for(&arguments.controls) {
        Ok(controls) => controls,
        Err(error) => {
            eprintln!("controls: {error:#}");
            return ExitCode::from(ASKED_WRONGLY);
        }
    };
    match run(&arguments, &controls) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("controls: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, controls: &[&Control]) -> Result<()> {
    fs::create_dir_all(&arguments.out).with_context(|| arguments.out.display().to_string())?;
    for control in controls {
        let panels = panels(&arguments.bundle, control).with_context(|| control.name)?;
        let path = arguments.out.join(control.file_name());
        let picture = sheet::draw(control, &panels)?;
        write_atomically(&path, &picture).with_context(|| path.display().to_string())?;
        println!("{}", path.display());
    }
    Ok(())
}

/// The controls of these names, or all.
fn asked_for(names: &[String]) -> Result<Vec<&'static Control>> {
    if names.is_empty() {
        return Ok(CONTROLS.iter().collect());
    }
    let found = names.iter().map(|name| {
        let mut controls = CONTROLS.iter();
        match controls.find(|control| control.name.eq_ignore_ascii_case(name)) {
            Some(control) => Ok(control),
            None => {
                let known: Vec<&str> = CONTROLS.iter().map(|control| control.name).collect();
                bail!("no control {name:?}; there are {}", known.join(", "))
            }
        }
    });
    found.collect()
}

/// Every setting of `control` in a new instance of the plugin.
fn panels(bundle: &Path, control: &Control) -> Result<Vec<Panel>> {
    let play = |setting| -> Result<Panel> {
        let mut instance = host::open(bundle)?;
        let panel = Panel::play(instance.as_mut(), control, setting)?;
        let first = panel.violations.first();
        ensure!(first.is_none(), "a rule of the output is broken: {first:?}");
        Ok(panel)
    };
    control.settings.iter().map(play).collect()
}
