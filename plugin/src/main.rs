//! Continuo without a host: on JACK, or on the default audio and MIDI devices.

use continuo_plugin::{Continuo, Standalone};
use nice_plug::prelude::nice_export_standalone;

fn main() {
    nice_export_standalone::<Continuo<Standalone>>();
}
