//! `continuo info`: what the weights are, and the vocabulary that they were made for.

use std::path::PathBuf;

use anyhow::Context;
use burn::{module::Module, tensor::Device};
use clap::Args;
use continuo_model::{
    controls::Role,
    style::Style,
    token::{DURATIONS, ONSETS, PITCHES, VELOCITIES, inputs, vocabulary_hash},
    weights::Weights,
};

use super::files;

/// Arguments of `continuo info`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    continuo info\n  \
    continuo info mine.style\n  \
    continuo info run/best.weights")]
pub struct Info {
    /// A style, or weights other than the shipped ones; `-` reads standard input.
    file: Option<PathBuf>,
    /// The same.
    #[arg(long, hide = true, conflicts_with = "file")]
    weights: Option<PathBuf>,
}

/// Runs it.
pub fn run(arguments: &Info) -> anyhow::Result<()> {
    let device = Device::flex();
    let (source, weights, bytes) = match arguments.file.as_ref().or(arguments.weights.as_ref()) {
        None => {
            let weights = Weights::shipped(&device)?;
            let bytes = weights.to_bytes()?;
            ("shipped with this build".to_owned(), weights, bytes)
        }
        Some(path) => {
            let source = files::input_name(path);
            let bytes = files::read_bytes(path)?;
            let weights = Weights::from_bytes(&bytes, &device).with_context(|| source.clone())?;
            (source, weights, bytes)
        }
    };
    let version = file_version(&bytes).context("the weights file tells no version")?;
    if let Some(style) = &weights.style {
        print_style(style)?;
    }
    let sizes = &weights.config;
    let training = &weights.training;
    for (name, value) in [
        ("weights", source),
        ("file version", version.to_string()),
        ("vocabulary", format!("{:016x}", vocabulary_hash())),
        ("bytes", bytes.len().to_string()),
        ("parameters", weights.network.num_params().to_string()),
        (
            "network",
            format!(
                "width {}, {} layers, {} heads, feed-forward {}, head width {}",
                sizes.width, sizes.layers, sizes.heads, sizes.feed_forward, sizes.head_width
            ),
        ),
        (
            "training",
            format!(
                "{} steps, {} positions, {:.3} nats a note on held-out music",
                training.steps, training.positions, training.validation
            ),
        ),
        (
            "classes",
            format!("onset {ONSETS}, pitch {PITCHES}, duration {DURATIONS}, velocity {VELOCITIES}"),
        ),
        ("input", format!("{} numbers a step", inputs::WIDTH)),
        ("roles", Role::ALL.map(Role::name).join(", ")),
    ] {
        println!("{name:<14}{value}");
    }
    Ok(())
}

/// What a style says of itself.
fn print_style(style: &Style) -> anyhow::Result<()> {
    let (before, after) = style.nats();
    let base = if style.base == Weights::shipped_fingerprint()? {
        "the weights that this build ships".to_owned()
    } else {
        format!("other weights than this build ships ({})", style.base)
    };
    let row = |name: &str, value: String| println!("{name:<14}{value}");
    row("style", style.name.clone());
    row(
        "learnt from",
        format!(
            "{} pieces; {} held out; {} notes in all",
            style.pieces, style.held_out, style.notes
        ),
    );
    row(
        "held out",
        format!("{before:.3} nats a note before, {after:.3} after"),
    );
    for (role, (before, after)) in &style.roles {
        row(&format!("  {role}"), format!("{before:.3} to {after:.3}"));
    }
    row("begun from", base);
    row("music", style.music.clone());
    row("fingerprint", format!("{:016x}", style.fingerprint));
    Ok(())
}

/// The version in the header of a weights file, which follows 8 bytes of magic and 4 of its length.
fn file_version(bytes: &[u8]) -> Option<u64> {
    let (length, rest) = bytes.get(8..)?.split_first_chunk::<4>()?;
    let header = rest.get(..u32::from_le_bytes(*length) as usize)?;
    let header: serde_json::Value = serde_json::from_slice(header).ok()?;
    header["format"].as_u64()
}
