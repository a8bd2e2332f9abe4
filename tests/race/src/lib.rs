//! The plugin's own files, without the network and the host's types.

/// Where the plugin keeps them.
#[path = "../../../plugin/src"]
mod plugin {
    pub mod clock;
    pub mod engine;
    pub mod ladder;
    pub mod link;
    pub mod schedule;
    pub mod status;
}

pub use plugin::{clock, engine, ladder, link, schedule, status};
