//! Continuo as a plugin.
#![allow(missing_docs)]
pub mod clock;
pub mod engine;
pub mod link;
pub mod schedule;
pub mod status;
pub mod worker;
