//! Controls in the words of the plugin's parameters, as a musician sets them in a host.

use anyhow::Result;
use continuo_model::{
    controls::{Controls, Mode, Scale},
    values::{channel_name, key_name, percent_name},
};

use crate::host::Instance;

/// The parameters that make up `controls`, by name, each with its value as the plugin writes it. The seed is
/// none.
#[must_use]
pub fn words(controls: &Controls) -> Vec<(&'static str, String)> {
    let switch = |on: bool| if on { "On" } else { "Off" }.to_owned();
    let mode = match controls.mode {
        Mode::Follow => "Follow",
        Mode::Answer => "Answer",
    };
    let phrase = match controls.phrase_bars {
        1 => "1 bar".to_owned(),
        bars => format!("{bars} bars"),
    };
    let scale = match controls.scale {
        Scale::HarmonicMinor => "Harmonic minor".to_owned(),
        scale => format!("{scale:?}"),
    };
    // 0 stands for what the plugin finds by itself.
    let numbered = |number: Option<u8>| number.map_or(0, |number| i32::from(number) + 1);
    vec![
        ("Role", controls.role.name().to_owned()),
        ("Mode", mode.to_owned()),
        ("Phrase", phrase),
        ("Adventure", percent_name(controls.adventure)),
        ("Density", percent_name(controls.density)),
        ("Lowest", controls.lowest.to_string()),
        ("Highest", controls.highest.to_string()),
        ("Key", key_name(numbered(controls.key))),
        ("Scale", scale),
        ("Scale lock", switch(controls.scale_lock)),
        ("Chords win", switch(controls.chords_win)),
        ("Rhythm", controls.rhythm.name().to_owned()),
        ("Motion", controls.motion.name().to_owned()),
        ("Dynamics", percent_name(controls.dynamics)),
        ("Humanize", percent_name(controls.humanize)),
        ("Swing", percent_name(controls.swing)),
        ("Take", controls.take.to_string()),
        ("Hold", switch(controls.hold)),
        ("Memory", switch(controls.memory)),
        ("Channel", channel_name(numbered(controls.channel))),
    ]
}

/// Sets the parameters of `instance` to `controls`.
///
/// # Errors
/// When the plugin refuses one.
pub fn set(instance: &mut dyn Instance, controls: &Controls) -> Result<()> {
    let words = words(controls);
    words
        .iter()
        .try_for_each(|(name, text)| instance.set(name, text))
}
