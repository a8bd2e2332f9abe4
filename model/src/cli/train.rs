//! `continuo train`: weights from a corpus.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use continuo_model::train::{TrainConfig, device, train};

/// Arguments of `continuo train`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    continuo train --out run\n  \
    continuo train --out run --resume\n  \
    continuo train --out small --config small.json\n\n\
    A config tells what differs from the defaults: {\"steps\": 500, \"seed\": 2}.")]
pub struct Train {
    /// Folder with train-*.jsonl.zst and valid.jsonl.zst.
    #[arg(long, default_value = "model/corpus")]
    corpus: PathBuf,
    /// Folder for checkpoints, the log and the best weights.
    #[arg(long)]
    out: PathBuf,
    /// JSON file with what differs from the defaults.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Where to compute: flex is the CPU; ndarray, wgpu and cuda need a build with that feature.
    #[arg(long, default_value = "flex")]
    device: String,
    /// Go on from the checkpoint in the folder.
    #[arg(long)]
    resume: bool,
}

/// Runs it.
pub fn run(arguments: &Train) -> anyhow::Result<()> {
    let device = device::named(&arguments.device).map_err(anyhow::Error::msg)?;
    let config = match &arguments.config {
        None => TrainConfig::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(&text)
                .with_context(|| format!("{} is not a config", path.display()))?
        }
    };
    let Train {
        corpus,
        out,
        resume,
        ..
    } = arguments;
    train(&config, corpus, out, &device, *resume).map_err(|error| anyhow::anyhow!(error))
}
