//! The weights file: a short header that says what it is, then burn's own record of the tensors.
//!
//! ```text
//! "CONTINUO"  8 bytes
//! length      of the header in bytes, u32 little-endian
//! header      JSON: format, vocabulary, checksum, sizes, training; of a style also what is known of it
//! tensors     burnpack: f32 in format 1, f16 in format 2, a style
//! checksum    of all before it, u64 little-endian; in format 2 only
//! ```

use burn::{
    module::Module,
    store::ModuleRecord,
    tensor::{Bytes, DType, Device},
};
use serde::{Deserialize, Serialize};

use crate::{
    network::{Network, NetworkConfig},
    style::{Style, cast},
    token::vocabulary_hash,
};

const MAGIC: &[u8; 8] = b"CONTINUO";
/// Version of the file's layout.
const FORMAT: u32 = 1;
/// The same of a style.
const STYLE_FORMAT: u32 = 2;

/// How the weights came about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Optimiser steps.
    pub steps: u64,
    /// Network steps (positions) seen.
    pub positions: u64,
    /// Held-out nats per note on the validation split, mean over the roles.
    pub validation: f32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    /// As hexadecimal: JSON numbers lose the last bits of a u64 in many readers.
    vocabulary: String,
    checksum: String,
    network: NetworkConfig,
    training: Training,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    style: Option<Style>,
}

/// Why weights were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeightsError {
    /// Not a weights file at all.
    Foreign,
    /// Made by another version of Continuo.
    Version {
        /// What the file says.
        found: String,
        /// What this build reads.
        expected: String,
    },
    /// The file is cut short or altered.
    Damaged(String),
}

impl std::fmt::Display for WeightsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Foreign => write!(f, "not a Continuo weights file"),
            Self::Version { found, expected } => write!(
                f,
                "weights of another version (found {found}, this build reads {expected}); use the \
                 weights that came with this build, or train anew"
            ),
            Self::Damaged(what) => write!(f, "damaged weights file: {what}"),
        }
    }
}

impl std::error::Error for WeightsError {}

/// FNV-1a: guards against damage, not against malice.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A network with its sizes and history.
#[derive(Clone, Debug)]
pub struct Weights {
    /// The network.
    pub network: Network,
    /// Its sizes.
    pub config: NetworkConfig,
    /// How it was trained.
    pub training: Training,
    /// Whose style it has learnt since.
    pub style: Option<Style>,
}

/// A file in its parts, each of which was checked.
struct Parts<'a> {
    header: Header,
    tensors: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, WeightsError> {
        let damaged = |what: &str| WeightsError::Damaged(what.into());
        let rest = bytes.strip_prefix(MAGIC).ok_or(WeightsError::Foreign)?;
        let (length, rest) = rest
            .split_first_chunk::<4>()
            .ok_or_else(|| damaged("no header"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (header, rest) = rest
            .split_at_checked(length)
            .ok_or_else(|| damaged("the header is cut short"))?;
        let mut header: Header = serde_json::from_slice(header)
            .map_err(|error| damaged(&format!("unreadable header ({error})")))?;
        let format = if header.style.is_some() {
            STYLE_FORMAT
        } else {
            FORMAT
        };
        let expected = format!("format {format}, vocabulary {:016x}", vocabulary_hash());
        let found = format!("format {}, vocabulary {}", header.format, header.vocabulary);
        if found != expected {
            return Err(WeightsError::Version { found, expected });
        }
        let tensors = if header.style.is_some() {
            let (tensors, sum) = rest
                .split_last_chunk::<8>()
                .ok_or_else(|| damaged("it is cut short"))?;
            if checksum(&bytes[..bytes.len() - sum.len()]) != u64::from_le_bytes(*sum) {
                return Err(damaged("the checksum of the file does not match"));
            }
            tensors
        } else {
            rest
        };
        let sum = checksum(tensors);
        if format!("{sum:016x}") != header.checksum {
            return Err(damaged("the checksum of the tensors does not match"));
        }
        if !header.network.is_possible() {
            return Err(damaged("no network has such sizes"));
        }
        if let Some(style) = &mut header.style {
            style.fingerprint = sum;
        }
        Ok(Self { header, tensors })
    }
}

impl Weights {
    /// The weights that ship with Continuo.
    ///
    /// # Errors
    /// When the embedded file does not fit this build: a fault of the build.
    pub fn shipped(device: &Device) -> Result<Self, WeightsError> {
        Self::from_bytes(include_bytes!("../weights/continuo.weights"), device)
    }

    /// Checksum of the tensors of the weights that ship, in hexadecimal.
    ///
    /// # Errors
    /// As of [`shipped`](Self::shipped).
    pub fn shipped_fingerprint() -> Result<String, WeightsError> {
        let parts = Parts::of(include_bytes!("../weights/continuo.weights"))?;
        Ok(parts.header.checksum)
    }

    /// The file's bytes: a style's when it has one.
    ///
    /// # Errors
    /// When burn cannot write the tensors.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WeightsError> {
        let network = self.network.clone();
        let network = match &self.style {
            Some(_) => cast(network, DType::F16),
            None => network,
        };
        let tensors = network
            .into_record()
            .into_bytes()
            .map_err(|error| WeightsError::Damaged(error.to_string()))?;
        let header = Header {
            format: if self.style.is_some() {
                STYLE_FORMAT
            } else {
                FORMAT
            },
            vocabulary: format!("{:016x}", vocabulary_hash()),
            checksum: format!("{:016x}", checksum(&tensors)),
            network: self.config,
            training: self.training.clone(),
            style: self.style.clone(),
        };
        let header = serde_json::to_vec(&header).expect("plain data serialises");
        let mut bytes = MAGIC.to_vec();
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        bytes.extend_from_slice(&tensors);
        if self.style.is_some() {
            bytes.extend(checksum(&bytes).to_le_bytes());
        }
        Ok(bytes)
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// When they are not weights, of another version, or damaged. Never panics.
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self, WeightsError> {
        let Parts { header, tensors } = Parts::of(bytes)?;
        let damaged = |what: String| WeightsError::Damaged(what);
        let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(tensors.to_vec()))
            .map_err(|error| damaged(error.to_string()))?;
        let network = Network::new(&header.network, device)
            .try_load_record(record)
            .map_err(|error| damaged(error.to_string()))?;
        Ok(Self {
            network: match &header.style {
                Some(_) => cast(network, DType::F32),
                None => network,
            },
            config: header.network,
            training: header.training,
            style: header.style,
        })
    }

    /// What is known of the style in a file's bytes, which are checked but for what burn alone knows.
    ///
    /// # Errors
    /// When they are no style, of another version, or damaged.
    pub fn style_of(bytes: &[u8]) -> Result<Style, WeightsError> {
        Parts::of(bytes)?.header.style.ok_or(WeightsError::Foreign)
    }
}
