//! Measures the audio thread: how long the plugin takes for a block of 64 frames while it plays live.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use continuo_model::time::Meter;

use crate::{
    clip::ClipNote,
    host::{self, Block, Format, Instance, Setup},
    track::Track,
    transport::{Playhead, Song},
};

/// Samples a second.
const RATE: f64 = 48_000.0;
/// Samples in a block: what a musician at low latency asks for.
const FRAMES: u32 = 64;
/// What the instances play in turn, each with chords to hear.
const ROLES: [&str; 4] = ["Bass", "Drums", "Counter", "Chords"];

/// The median and what only one block in a thousand exceeds.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Half of the blocks took longer.
    pub median: Duration,
    /// One in a thousand took longer.
    pub high: Duration,
}

impl Times {
    /// # Panics
    /// When there are none.
    fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        let last = durations.len() - 1;
        Self {
            median: durations[last / 2],
            high: durations[last * 999 / 1000],
        }
    }
}

/// What a number of instances takes.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many instances there were, all on one audio thread.
    pub instances: usize,
    /// One `process` call of one instance.
    pub call: Times,
    /// The calls of all instances in one block.
    pub block: Times,
}

impl Load {
    /// How long a block lasts.
    #[must_use]
    pub fn available() -> Duration {
        Duration::from_secs_f64(f64::from(FRAMES) / RATE)
    }
}

/// One instance with its track.
struct Lane {
    instance: Box<dyn Instance>,
    track: Track,
}

/// Lets so many instances of the CLAP `bundle` play in real time for so many `seconds`.
///
/// # Errors
/// When the plugin has not been built or fails.
pub fn measure(bundle: &Path, instances: usize, seconds: f64) -> Result<Load> {
    ensure!(instances > 0 && seconds > 0.0, "nothing to measure");
    let song = Song::new(RATE, 120.0, Meter::COMMON);
    let lanes: Result<Vec<Lane>> = (0..instances)
        .map(|index| lane(bundle, &song, index))
        .collect();
    let mut lanes = lanes?;
    let mut playhead = Playhead::new(song);
    playhead.set_playing(true);
    playhead.set_cycle(Some((0.0, 16.0)));
    let blocks = (seconds / Load::available().as_secs_f64()).ceil() as u32;
    let mut calls = Vec::new();
    let mut sums = Vec::new();
    let began = Instant::now();
    for index in 0..blocks {
        let due = began + Load::available() * index;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let stretches = playhead.advance(FRAMES);
        let mut sum = Duration::ZERO;
        for lane in &mut lanes {
            let mut events = Vec::new();
            for stretch in &stretches {
                if stretch.wrapped {
                    lane.track.jumped();
                }
                lane.track.stretch(stretch, &mut events);
            }
            let changes = stretches.iter().skip(1);
            let changes: Vec<_> = changes.map(|at| (at.offset, at.position)).collect();
            lane.instance.process(&Block {
                frames: FRAMES,
                position: stretches.first().map(|stretch| stretch.position),
                changes: &changes,
                events: &events,
            })?;
            let taken = lane.instance.last_call();
            calls.push(taken);
            sum += taken;
        }
        sums.push(sum);
    }
    Ok(Load {
        instances,
        call: Times::of(calls),
        block: Times::of(sums),
    })
}

fn lane(bundle: &Path, song: &Song, index: usize) -> Result<Lane> {
    let mut instance = host::load(Format::Clap, bundle)?;
    instance.set("Role", ROLES[index % ROLES.len()])?;
    instance.activate(Setup::realtime(RATE, FRAMES))?;
    Ok(Lane {
        instance,
        track: Track::new(song, &chords()),
    })
}

/// Four bars of C, A minor, F, G.
fn chords() -> Vec<ClipNote> {
    let bars = [[60, 64, 67], [57, 60, 64], [53, 57, 60], [55, 59, 62]];
    let bar = |(bar, chord): (i64, [u8; 3])| chord.map(|pitch| ClipNote::new(bar * 96, 90, pitch));
    (0..).zip(bars).flat_map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_thousandth_are_found() {
        let times = Times::of((1..=2001).rev().map(Duration::from_micros).collect());
        assert_eq!(times.median, Duration::from_micros(1001));
        assert_eq!(times.high, Duration::from_micros(1999));
    }
}
