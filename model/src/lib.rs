//! What Continuo knows of music: time, notes, tokens, the transformer that writes notes, its training.
//! No host, no threads, no samples in here.

pub mod controls;
pub mod note;
pub mod time;
