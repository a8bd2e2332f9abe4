//! What Continuo knows of music: time, notes, tokens, the transformer that writes notes, its training.
//! No host, no threads, no samples in here.

pub mod chord;
pub mod controls;
pub mod harmony;
pub mod midi_file;
#[cfg(feature = "network")]
pub mod network;
pub mod note;
pub mod time;
pub mod token;
pub mod tokenizer;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "network")]
pub mod weights;
#[cfg(feature = "network")]
pub mod constrain;
#[cfg(feature = "network")]
pub mod generate;
#[cfg(feature = "network")]
pub mod sample;
pub mod timeline;
#[cfg(feature = "network")]
pub mod planner;
pub mod feel;
pub mod fit;
#[cfg(feature = "network")]
pub mod perform;
