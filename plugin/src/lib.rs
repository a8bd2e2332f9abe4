//! Continuo as a plugin.
pub mod link;
