//! How a host runs a plugin: block lengths, pace, and the ways in which hosts differ.

use crate::{
    host::{Position, Tells},
    transport::{BlockSizes, Song},
};

/// How fast blocks follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pacing {
    /// As fast as the plugin allows, which is told that the render is offline.
    Offline,
    /// In real time times this; the plugin is told that it plays live.
    Live(f64),
}

/// How a host's block relates to changes of its transport on the way: wraps, changes of tempo and meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Told inside of the block in CLAP, not at all in VST3. The host stops and moves the playhead between
    /// blocks only.
    Inside,
    /// The block ends there.
    Split,
    /// Told inside of the block, and so are stops, starts and jumps, which do not end it. CLAP alone can
    /// say it.
    Everywhere,
}

/// How far the position that the host tells is beside the one that it plays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wobble {
    /// Not at all.
    None,
    /// It is rounded to so many steps in a quarter note.
    Steps(f64),
    /// It lies up to half a sample beside; the number seeds how far.
    Jitter(u64),
    /// The tempo is told with this factor, so that what one block leads to expect drifts from what the next
    /// one tells.
    Tempo(f64),
}

impl Wobble {
    /// What the host tells of `position`, `sample` samples after the render began.
    #[must_use]
    pub fn told(self, position: Position, sample: u64, rate: f64) -> Position {
        let mut told = position;
        match self {
            Self::None => {}
            Self::Steps(steps) => told.beats = (position.beats * steps).round() / steps,
            Self::Jitter(seed) => {
                // The high bits of a multiplication are noise enough (Knuth's MMIX constant).
                let noise = (sample ^ seed).wrapping_mul(6_364_136_223_846_793_005) >> 40;
                let samples = noise as f64 / f64::from(1 << 24) - 0.5;
                told.beats += samples / rate / 60.0 * position.tempo;
            }
            Self::Tempo(factor) => told.tempo *= factor,
        }
        told
    }

    /// How far what is told may lie beside what is played, in samples of `song`, where no block is longer
    /// than `block` samples.
    #[must_use]
    pub fn reach(self, song: &Song, block: u32) -> u64 {
        let samples = match self {
            Self::None => 0.0,
            Self::Steps(steps) => song.rate() * 60.0 / song.slowest() / steps / 2.0,
            Self::Jitter(_) => 0.5,
            Self::Tempo(factor) => f64::from(block) * (factor - 1.0).abs(),
        };
        // The cast is safe: a rounding of a few samples.
        samples.ceil() as u64
    }
}

/// How the host runs the plugin.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Block lengths.
    pub blocks: BlockSizes,
    /// Pace of the blocks.
    pub pacing: Pacing,
    /// How many events the host takes from one block.
    pub output_capacity: usize,
    /// What becomes of a block in which the transport changes.
    pub changes: Changes,
    /// What the host tells of its transport.
    pub tells: Tells,
    /// How well it tells its position.
    pub wobble: Wobble,
    /// Seconds for which the plugin runs, stopped, before an offline render begins.
    ///
    /// The plugin's framework misreports the mode of a VST3 render, so there the plugin knows a render by
    /// its pace, after half a second; without a lead-in that half second plays as it would live.
    pub lead_in: f64,
}

/// Long enough for a plugin to know a render by its pace, in seconds.
pub const LEAD_IN: f64 = 0.75;

impl Session {
    /// An offline render in blocks of this many samples.
    #[must_use]
    pub fn offline(frames: u32) -> Self {
        Self {
            blocks: BlockSizes::Constant(frames),
            pacing: Pacing::Offline,
            output_capacity: usize::MAX,
            changes: Changes::Inside,
            tells: Tells::All,
            wobble: Wobble::None,
            lead_in: LEAD_IN,
        }
    }
}

#[cfg(test)]
mod tests {
    use continuo_model::time::Meter;

    use super::*;
    use crate::transport::Playhead;

    #[test]
    fn no_wobble_goes_further_than_its_reach() {
        let song = Song::new(48_000.0, 100.0, Meter::COMMON);
        let mut playhead = Playhead::new(song.clone());
        playhead.set_playing(true);
        for wobble in [Wobble::None, Wobble::Steps(480.0), Wobble::Jitter(3)] {
            let mut furthest: f64 = 0.0;
            for sample in 0..1000 {
                let position = playhead.position();
                let told = wobble.told(position, sample, song.rate());
                let beside = song.sample_of(told.beats) - song.sample_of(position.beats);
                furthest = furthest.max(beside.abs());
                playhead.advance(61);
            }
            let reach = wobble.reach(&song, 61) as f64;
            assert!(furthest <= reach, "{wobble:?}: {furthest} of {reach}");
            assert!(furthest >= reach / 2.0 - 0.5, "{wobble:?}: only {furthest}");
        }
    }
}
