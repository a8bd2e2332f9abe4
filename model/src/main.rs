//! The command line `continuo`.

mod cli {
    pub mod generate;
}

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};
use continuo_model::train::{TrainConfig, train};

/// Continuo on the command line: train the network, generate MIDI files.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play to a MIDI file and write what was played as further tracks.
    Generate(cli::generate::Generate),
    /// Train on a corpus folder; checkpoints, log and best weights go to a folder.
    Train {
        /// Folder with train-*.jsonl.zst and valid.jsonl.zst.
        #[arg(long)]
        corpus: PathBuf,
        /// Folder for checkpoints.
        #[arg(long)]
        out: PathBuf,
        /// JSON file with what differs from the defaults.
        #[arg(long)]
        config: Option<PathBuf>,
        /// Go on from the checkpoint in the folder.
        #[arg(long)]
        resume: bool,
    },
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Generate(arguments) => cli::generate::run(&arguments),
        Command::Train {
            corpus,
            out,
            config,
            resume,
        } => {
            let config = match config {
                None => TrainConfig::default(),
                Some(path) => {
                    let text = std::fs::read_to_string(&path)
                        .with_context(|| format!("cannot read {}", path.display()))?;
                    serde_json::from_str(&text)
                        .with_context(|| format!("{} is not a config", path.display()))?
                }
            };
            train(&config, &corpus, &out, resume).map_err(|error| anyhow::anyhow!(error))
        }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("continuo: {error:#}");
            ExitCode::from(2)
        }
    }
}
