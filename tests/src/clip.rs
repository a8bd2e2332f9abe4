//! The notes that a host's track holds.

use std::path::Path;

use anyhow::Result;
use continuo_model::{midi_file, note::Note};

/// A note of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipNote {
    /// When it starts, in ticks of 1/24 quarter note from the song's origin.
    pub onset_tick: i64,
    /// How long it lasts, in ticks, at least 1.
    pub duration: i64,
    /// MIDI key, 0..=127.
    pub pitch: u8,
    /// 1..=127.
    pub velocity: u8,
    /// MIDI channel, 0..=15.
    pub channel: u8,
}

impl ClipNote {
    /// A note at a usual loudness on the first channel.
    #[must_use]
    pub fn new(onset_tick: i64, duration: i64, pitch: u8) -> Self {
        Self {
            onset_tick,
            duration,
            pitch,
            velocity: 90,
            channel: 0,
        }
    }

    /// `note` on `channel` (0..=15).
    #[must_use]
    pub fn from_note(note: &Note, channel: u8) -> Self {
        Self {
            onset_tick: note.onset.0,
            duration: note.duration,
            pitch: note.pitch,
            velocity: note.velocity,
            channel,
        }
    }

    /// The tick at which it no longer sounds.
    #[must_use]
    pub fn end_tick(&self) -> i64 {
        self.onset_tick + self.duration
    }
}

/// Every note of a MIDI file, by onset, on the channels that they have there.
///
/// # Errors
/// When the file cannot be read.
pub fn from_midi_file(path: &Path) -> Result<Vec<ClipNote>> {
    let song = midi_file::read_file(path)?;
    let mut notes: Vec<ClipNote> = song
        .tracks
        .iter()
        .flat_map(|track| {
            track
                .notes
                .iter()
                .map(|note| ClipNote::from_note(note, track.channel))
        })
        .collect();
    notes.sort_by_key(|note| (note.onset_tick, note.pitch));
    Ok(notes)
}

/// `notes` moved later by `ticks`.
#[must_use]
pub fn shifted(notes: &[ClipNote], ticks: i64) -> Vec<ClipNote> {
    notes
        .iter()
        .map(|note| ClipNote {
            onset_tick: note.onset_tick + ticks,
            ..*note
        })
        .collect()
}
