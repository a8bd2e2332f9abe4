//! `continuo tokenize` and `continuo detokenize`: a MIDI file as text in the network's classes, and back.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use continuo_model::token_text::{from_text, to_text};

use super::files;

/// Arguments of `continuo tokenize`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    continuo tokenize song.mid\n  \
    continuo tokenize song.mid -o song.txt\n  \
    cat song.mid | continuo tokenize | grep -c '^bar'\n\n\
    A note is one line of four classes: onset in the bar, pitch, duration, velocity.")]
pub struct Tokenize {
    /// The MIDI file; `-` reads standard input.
    #[arg(default_value = "-")]
    input: PathBuf,
    /// Where the text goes; `-` writes standard output.
    #[arg(short, long, default_value = "-")]
    out: PathBuf,
}

/// Arguments of `continuo detokenize`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    continuo detokenize song.txt -o song.mid\n  \
    continuo tokenize song.mid | continuo detokenize > as-the-network-hears-it.mid\n\n\
    Text of a build with another vocabulary is refused.")]
pub struct Detokenize {
    /// The text; `-` reads standard input.
    #[arg(default_value = "-")]
    input: PathBuf,
    /// Where the MIDI file goes; `-` writes standard output.
    #[arg(short, long, default_value = "-")]
    out: PathBuf,
}

/// Writes the text of a MIDI file.
pub fn run_tokenize(arguments: &Tokenize) -> anyhow::Result<()> {
    let song = files::read_song(&arguments.input)?;
    files::write_bytes(&arguments.out, to_text(&song).as_bytes())
}

/// Writes the MIDI file of a text.
pub fn run_detokenize(arguments: &Detokenize) -> anyhow::Result<()> {
    let name = || files::input_name(&arguments.input);
    let bytes = files::read_bytes(&arguments.input)?;
    let text = String::from_utf8(bytes)
        .with_context(|| format!("{} is not text as `continuo tokenize` writes it", name()))?;
    let song = from_text(&text).with_context(name)?;
    files::write_song(&arguments.out, &song)
}
