//! Every control of the plugin in one picture each: the same bars at a few of its settings.
//!
//! [`table`] says for each control what is played to the plugin ([`material`]) and at which settings;
//! [`panel`] plays one setting through the plugin in a headless host; [`sheet`] draws the panels of a control
//! below each other.

pub mod material;
pub mod panel;
pub mod sheet;
pub mod table;
