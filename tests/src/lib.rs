//! Headless hosts: they load the built plugin as CLAP or VST3, play a song through it the way a DAW does,
//! and check what comes out.
//!
//! From the bottom up: [`host`] is the interface to a loaded plugin, [`clap_host`] and [`vst3_host`] are
//! its two kinds; [`transport`] is a song that rolls, stops, jumps and loops; [`player`] puts a clip of
//! notes and the transport through a plugin and keeps what was played; [`check`] holds the laws that every
//! such run must obey. [`scenario`] is a host that does at random whatever hosts do, [`timing`] measures the
//! audio thread. [`bundles`] finds the built plugin, [`counters`] reads what it counted,
//! [`words`] sets its parameters.

pub mod bundles;
pub mod check;
pub mod clap_host;
pub mod clip;
pub mod controls;
pub mod counters;
pub mod demo;
pub mod host;
pub mod player;
mod record;
pub mod scenario;
mod session;
pub mod timing;
mod track;
pub mod transport;
pub mod vst3_host;
mod vst3_module;
mod vst3_objects;
pub mod words;
