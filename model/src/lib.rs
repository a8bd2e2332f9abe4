//! What Continuo knows of music: time, notes, tokens, the transformer that writes notes, its training.
//! No host, no threads, no samples in here.

#[cfg(feature = "network")]
pub mod capture;
pub mod chord;
#[cfg(feature = "network")]
pub mod constrain;
pub mod controls;
pub mod echo;
#[cfg(feature = "train")]
pub mod eval;
pub mod feel;
pub mod fit;
#[cfg(feature = "network")]
pub mod generate;
pub mod harmony;
pub mod midi_file;
#[cfg(feature = "network")]
pub mod motif;
#[cfg(feature = "network")]
pub mod network;
pub mod note;
#[cfg(feature = "network")]
pub mod perform;
#[cfg(feature = "network")]
pub mod planner;
#[cfg(feature = "network")]
pub mod sample;
pub mod time;
pub mod timeline;
pub mod token;
pub mod token_text;
pub mod tokenizer;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "network")]
pub mod weights;
