//! What our own host gets under the circumstances of a record.

use std::path::Path;

use anyhow::{Context, Result, bail};
use continuo_model::time::Meter;
use continuo_tests::{
    check::{self, Voice},
    clip::from_midi_file,
    host::{self, Format},
    player::{Changes, Performance, Player, Session, Wobble},
    transport::Song,
};

use crate::record::{Note, Record, TICKS, ticks};

const RATE: f64 = 48_000.0;
const BLOCK: u32 = 256;

/// How Ardour tells where its playhead is: in whole ticks, at 117 a minute up to seven samples beside it.
pub const LIKE_ARDOUR: Wobble = Wobble::Steps(TICKS as f64);

/// The notes that the plugin plays in our own host, offline.
///
/// # Errors
/// When the plugin does not load or process, or breaks a law.
pub fn expected(bundle: &Path, record: &Record, wobble: Wobble) -> Result<Vec<Note>> {
    let mut instance = host::load(Format::Vst3, &std::path::absolute(bundle)?)?;
    for (name, value) in &record.controls {
        instance.set(name, value)?;
    }
    let clip = from_midi_file(&record.clip)?;
    let meter = Meter::new(record.bar, 4).context("no such bar")?;
    let song = Song::new(RATE, record.tempo, meter);
    let session = Session {
        // Ardour's blocks end where its loop does.
        changes: Changes::Split,
        wobble,
        ..Session::offline(BLOCK)
    };
    let mut player = Player::new(instance.as_mut(), song, &clip, session)?;
    player.seek(record.from);
    player.set_cycle(record.cycle);
    player.play(record.beats + record.tail)?;
    let performance = player.finish()?;
    if let Some(broken) = check::violations(&performance).first() {
        bail!("our own host's run is not lawful: {broken}");
    }
    let voices = check::generated_notes(&performance);
    let notes = voices
        .iter()
        .map(|voice| note_of(voice, &performance, record));
    Ok(notes.collect())
}

/// A note by its place in the render, which a loop does not turn back.
fn note_of(voice: &Voice, performance: &Performance, record: &Record) -> Note {
    let tick = |sample: u64| {
        let sample = sample.saturating_sub(performance.latency.into());
        ticks(record.from + performance.song.beat_of(sample as f64))
    };
    let on = &voice.on;
    Note {
        start: tick(on.sample),
        end: tick(voice.off.map_or(performance.end, |off| off.sample)),
        pitch: on.pitch,
        velocity: (on.velocity * 127.0).round() as u8,
        channel: on.channel,
    }
}
