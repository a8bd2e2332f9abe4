//! The demo: clips through the plugin, what came out as MIDI files and pictures, and a table of it.
//!
//! A [`clip`] is read from a MIDI file and laid out for a role as a score of so many bars; a [`take`] plays
//! it through a plugin; [`roll`] draws the take with [`canvas`] and the chord names of [`harmony`], and
//! [`table`] sums it up.

pub mod bars;
pub mod canvas;
pub mod clip;
pub mod harmony;
pub mod palette;
pub mod roll;
pub mod table;
pub mod take;
