//! A style: the network after lessons in one player's own music, as `continuo adapt` makes it.
//!
//! A style file is a weights file ([`weights`](crate::weights)) with a [`Style`] in its header. Its tensors are
//! halves (f16), so that it takes 4.6 MB, and its last eight bytes are a checksum of all before them: a name or
//! a number that was altered is damage too.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use burn::{
    module::{Module, ModuleMapper, Param},
    tensor::{DType, Device, Tensor},
};
use serde::{Deserialize, Serialize};

use crate::{
    network::Network,
    weights::{Weights, WeightsError},
};

/// What the name of a style's file ends in, after the dot.
pub const EXTENSION: &str = "style";

/// Where the styles of a user lie, below the folder in which the system keeps a user's data.
#[must_use]
pub fn folder(data: &Path) -> PathBuf {
    data.join("Continuo").join("styles")
}

/// What is known of a style. It names neither a day nor a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    /// As the musician calls it.
    pub name: String,
    /// Pieces that it learnt from.
    pub pieces: usize,
    /// Pieces that were held out, to see whether it gets better on what it has not learnt.
    pub held_out: usize,
    /// Notes of all pieces.
    pub notes: usize,
    /// Nats a note on held-out music, by role: with the weights that it began with, and with its own.
    pub roles: BTreeMap<String, (f64, f64)>,
    /// Checksum of the tensors that it began with, in hexadecimal.
    pub base: String,
    /// Hash of the music that it was made from, in hexadecimal: nothing else can be learnt on.
    pub music: String,
    /// Checksum of its own tensors; what it plays depends on nothing else of it. Not written: it follows.
    #[serde(skip)]
    pub fingerprint: u64,
}

impl Style {
    /// Nats a note on held-out music, mean over the roles: with the weights that it began with, and with its own.
    #[must_use]
    pub fn nats(&self) -> (f64, f64) {
        let count = self.roles.len().max(1) as f64;
        let sum = |pick: fn(&(f64, f64)) -> f64| self.roles.values().map(pick).sum::<f64>() / count;
        (sum(|nats| nats.0), sum(|nats| nats.1))
    }

    /// What is known of the style in a file's bytes, all of which are checked.
    ///
    /// # Errors
    /// When they are no style, of another version, or damaged.
    pub fn of(bytes: &[u8]) -> Result<Self, StyleError> {
        Weights::style_of(bytes).map_err(StyleError)
    }

    /// Reads a style with its weights, in singles as the network computes.
    ///
    /// # Errors
    /// When the bytes are no style, of another version, or damaged. Never panics.
    pub fn load(bytes: &[u8], device: &Device) -> Result<Weights, StyleError> {
        Self::of(bytes)?;
        Weights::from_bytes(bytes, device).map_err(StyleError)
    }
}

/// Why a style was refused, in words for a musician.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StyleError(pub WeightsError);

impl std::fmt::Display for StyleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            WeightsError::Foreign => {
                f.write_str("it is no style: `continuo adapt` makes one from your MIDI files")
            }
            WeightsError::Version { .. } => f.write_str(
                "it is for another version of Continuo: make it anew with this version's `continuo adapt`",
            ),
            WeightsError::Damaged(what) => {
                write!(f, "it is damaged ({what}): copy it here again, or make it anew")
            }
        }
    }
}

impl std::error::Error for StyleError {}

/// The network with all numbers in `dtype`.
#[must_use]
pub fn cast(network: Network, dtype: DType) -> Network {
    struct Cast(DType);
    impl ModuleMapper for Cast {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| tensor.cast(self.0))
        }
    }
    network.map(&mut Cast(dtype))
}

#[cfg(test)]
mod tests;
