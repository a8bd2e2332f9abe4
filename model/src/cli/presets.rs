//! `continuo presets`: the starting points and what they give.

use continuo_model::presets::ALL;

/// Prints them, a line for each.
pub fn run() {
    let width = ALL.iter().map(|preset| preset.name.chars().count()).max();
    let width = width.unwrap_or(0);
    for preset in ALL {
        println!("{:<width$}  {}", preset.name, preset.about);
    }
}
