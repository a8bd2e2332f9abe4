//! The plugin's own files, without the network, the host's types and the window.

/// What the audio thread sees of the window: a flag. As in the window's library, which would bring all of its
/// dependencies along.
extern crate self as nice_plug_egui;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Asks for a new frame.
#[derive(Clone, Default)]
pub struct RepaintNotifier(Arc<AtomicBool>);

impl RepaintNotifier {
    /// Asks for nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a frame if `wanted`.
    pub fn request_repaint_with(&self, wanted: bool) {
        if wanted {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Where the plugin keeps them.
#[path = "../../../plugin/src"]
mod plugin {
    pub mod clock;
    pub mod engine;
    pub mod ladder;
    pub mod link;
    pub mod playhead;
    pub mod schedule;
    pub mod status;
}

pub use plugin::{clock, engine, ladder, link, playhead, schedule, status};
