//! The command line `continuo`.

mod cli {
    pub mod adapt;
    pub mod eval;
    pub mod export;
    pub mod files;
    pub mod generate;
    pub mod info;
    pub mod options;
    pub mod presets;
    pub mod tokenize;
    pub mod train;
}

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Continuo on the command line: generate MIDI files, look at them as the network does, train and
/// measure the network.
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
    /// List the presets of `generate --preset`.
    Presets,
    /// Write what a saved state of the plugin remembers as a MIDI file.
    Export(cli::export::Export),
    /// Write a MIDI file as text in the network's classes.
    Tokenize(cli::tokenize::Tokenize),
    /// Write such text as a MIDI file.
    Detokenize(cli::tokenize::Detokenize),
    /// Learn a player's style from a folder of MIDI files.
    Adapt(cli::adapt::Adapt),
    /// Train on a corpus folder; checkpoints, log and best weights go to a folder.
    Train(cli::train::Train),
    /// Measure the network on a corpus file.
    Eval(cli::eval::Eval),
    /// Tell what the weights are, or what a style is.
    Info(cli::info::Info),
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Generate(arguments) => cli::generate::run(&arguments),
        Command::Presets => {
            cli::presets::run();
            Ok(())
        }
        Command::Export(arguments) => cli::export::run(&arguments),
        Command::Tokenize(arguments) => cli::tokenize::run_tokenize(&arguments),
        Command::Detokenize(arguments) => cli::tokenize::run_detokenize(&arguments),
        Command::Adapt(arguments) => cli::adapt::run(&arguments),
        Command::Train(arguments) => cli::train::run(&arguments),
        Command::Eval(arguments) => cli::eval::run(&arguments),
        Command::Info(arguments) => cli::info::run(&arguments),
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
