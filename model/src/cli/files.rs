//! What the subcommands read and write. The path `-` stands for standard input or output.

use std::{
    io::{Read, Write},
    path::Path,
};

use anyhow::Context;
use continuo_model::{
    generate::Generator,
    midi_file::{self, Song},
    style::Style,
    weights::Weights,
};

fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// What a message calls the input at `path`.
pub fn input_name(path: &Path) -> String {
    if is_standard(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// A generator on the CPU, with the weights at `path` or the shipped ones.
pub fn generator(path: Option<&Path>) -> anyhow::Result<Generator> {
    let device = burn::tensor::Device::flex();
    let weights = match path {
        None => Weights::shipped(&device)?,
        Some(path) => {
            Weights::from_bytes(&read_bytes(path)?, &device).with_context(|| input_name(path))?
        }
    };
    Ok(Generator::new(weights, device))
}

/// A generator on the CPU, with the style at `path`.
pub fn styled(path: &Path) -> anyhow::Result<Generator> {
    let device = burn::tensor::Device::flex();
    let weights = Style::load(&read_bytes(path)?, &device)
        .with_context(|| format!("the style {} cannot be used", input_name(path)))?;
    Ok(Generator::new(weights, device))
}

/// Reads a MIDI file.
pub fn read_song(path: &Path) -> anyhow::Result<Song> {
    midi_file::read(&read_bytes(path)?).with_context(|| input_name(path))
}

/// Writes a MIDI file.
pub fn write_song(path: &Path, song: &Song) -> anyhow::Result<()> {
    write_bytes(path, &midi_file::write(song))
}

/// Reads all of a file.
pub fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if is_standard(path) {
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.with_context(|| format!("cannot read {}", input_name(path)))
}

/// Writes a file, wholly or not at all.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if is_standard(path) {
        let mut out = std::io::stdout();
        return out
            .write_all(bytes)
            .and_then(|()| out.flush())
            .context("cannot write standard output");
    }
    midi_file::write_atomically(path, bytes)
        .with_context(|| format!("cannot write {}", path.display()))
}
