//! Compares what a real DAW recorded from the plugin with what our own host gets from the same plugin, clip,
//! tempo and loop. `cargo xtask daw` makes the records.
//!
//! The DAW plays in real time, our own host offline. That both give the same notes is a promise of the
//! plugin's, as long as both tell it the same: so our host tells positions as coarsely as the DAW does.

mod compare;
mod expect;
mod record;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use continuo_tests::player::Wobble;

use compare::Comparison;
use expect::{LIKE_ARDOUR, expected};
use record::{Record, TICKS};

/// Compares records of a DAW with what the project's own host gets.
///
/// Prints a table; exit code 1 when a record is not as expected.
#[derive(Parser)]
#[command(name = "daw", version)]
struct Arguments {
    /// The Continuo.vst3 that was recorded.
    #[arg(long, value_name = "PATH")]
    bundle: PathBuf,
    /// Records.
    #[arg(value_name = "FILE", required = true)]
    records: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("daw: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut rows = Vec::new();
    for path in &arguments.records {
        let row = row(&arguments.bundle, path);
        rows.push(row.with_context(|| path.display().to_string())?);
    }
    println!("{}  rounded", Comparison::HEAD);
    for (comparison, rounded) in &rows {
        println!("{comparison}{rounded:>9}");
    }
    println!(
        "shift and worst timing error in ticks, {TICKS} a beat; rounded: notes that would be others if the \
         DAW told positions to the sample"
    );
    for (comparison, _) in &rows {
        comparison.print_differences();
    }
    let failed = rows.iter().filter(|(one, _)| !one.agrees()).count();
    ensure!(failed == 0, "{failed} records are not as expected");
    Ok(())
}

/// How the record in a file compares, and how many expected notes owe to the DAW's rounding of positions.
fn row(bundle: &Path, path: &Path) -> Result<(Comparison, usize)> {
    let record = Record::parse(&fs::read_to_string(path)?)?;
    let told = expected(bundle, &record, LIKE_ARDOUR)?;
    let comparison = Comparison::new(&record, &told);
    let exact = Record {
        notes: expected(bundle, &record, Wobble::None)?,
        ..record
    };
    let rounded = Comparison::new(&exact, &told).missing.len();
    Ok((comparison, rounded))
}
