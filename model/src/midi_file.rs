//! Standard MIDI files to musical time and back.
//!
//! Reading forgives: a file that is cut off or damaged gives what stands before the damage. Times are
//! rounded to the nearest tick, which changes nothing where the music lies on our grid and the file's
//! division is a multiple of ours.

mod read;
mod write;

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    chord::Key,
    feel::Played,
    note::Note,
    time::{BarGrid, Meter, Tick},
};

pub use read::read;
pub use write::{write, write_with};

/// The channel of the drums in General MIDI, counted from 0.
pub const DRUM_CHANNEL: u8 = 9;

/// The last tick that a song may reach: about a day at 120 quarters a minute. What a damaged file places
/// beyond is left out, and what lies within can be written as MIDI delta times.
pub const LAST_TICK: Tick = Tick(1 << 22);

/// The tempo of a file that states none, in quarters a minute.
const DEFAULT_TEMPO: f64 = 120.0;

/// A piece of music as a MIDI file holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Song {
    /// Tempo from each position on, in quarter notes a minute; the first entry stands at tick 0.
    pub tempo_map: Vec<(Tick, f64)>,
    /// Meter from each position on; the first entry stands at tick 0. A change begins a bar.
    pub meters: Vec<(Tick, Meter)>,
    /// Key signatures from each position on; often none.
    pub keys: Vec<(Tick, Key)>,
    /// The parts, in the order of the file.
    pub tracks: Vec<Track>,
}

/// One part on one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// Its name, often empty.
    pub name: String,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// General MIDI program, 0..=127, where the file states one.
    pub program: Option<u8>,
    /// Its notes by onset, then pitch; no two of one pitch overlap.
    pub notes: Vec<Note>,
}

impl Track {
    /// Whether its notes are drums: it plays on General MIDI's drum channel.
    #[must_use]
    pub fn is_drums(&self) -> bool {
        self.channel == DRUM_CHANNEL
    }
}

/// One part on one channel, as it is played: with its swing and looseness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// General MIDI program, 0..=127, if it states one.
    pub program: Option<u8>,
    /// Its notes; no two of one pitch overlap.
    pub notes: Vec<Played>,
}

impl Default for Song {
    /// No notes, in 4/4 at 120.
    fn default() -> Self {
        Self {
            tempo_map: vec![(Tick(0), DEFAULT_TEMPO)],
            meters: vec![(Tick(0), Meter::COMMON)],
            keys: Vec::new(),
            tracks: Vec::new(),
        }
    }
}

impl Song {
    /// The end of its last note; tick 0 without notes.
    #[must_use]
    pub fn end(&self) -> Tick {
        let notes = self.tracks.iter().flat_map(|track| &track.notes);
        notes.map(Note::end).max().unwrap_or_default()
    }

    /// The tempo at `at`, in quarter notes a minute.
    #[must_use]
    pub fn tempo_at(&self, at: Tick) -> f64 {
        let before = self.tempo_map.iter().rev().find(|(from, _)| *from <= at);
        before.map_or(DEFAULT_TEMPO, |(_, tempo)| *tempo)
    }

    /// The first tick of bar `number`, counted from 0.
    #[must_use]
    pub fn start_of(&self, number: i64) -> Tick {
        let grids = self.meters.iter().map(|(from, _)| self.grid_at(*from));
        let grid = grids.take_while(|grid| grid.number <= number).last();
        grid.unwrap_or(BarGrid::from_origin(Meter::COMMON))
            .start_of(number)
    }

    /// The bars around `at`, numbered from the song's first.
    #[must_use]
    pub fn grid_at(&self, at: Tick) -> BarGrid {
        let mut meters = self.meters.iter();
        let first = meters.next().map_or(Meter::COMMON, |(_, meter)| *meter);
        let mut grid = BarGrid::from_origin(first);
        for &(from, meter) in meters.take_while(|(from, _)| *from <= at) {
            // A bar that a change of meter cuts short still counts as one.
            let number = grid.bar_at(from - 1) + 1;
            grid = BarGrid {
                downbeat: from,
                number,
                meter,
            };
        }
        grid
    }
}

/// Why a MIDI file could not be read or written.
#[derive(Debug)]
pub enum MidiError {
    /// The file does not begin as a MIDI file does.
    NotMidi,
    /// The file counts frames of film (SMPTE) instead of beats, so its notes have no place in a bar.
    Smpte,
    /// The header says something that no MIDI file may say.
    BadHeader(&'static str),
    /// A file of several independent patterns (format 2) or of an unknown format.
    Format(u16),
    /// The header is all there is.
    NoTracks,
    /// The file system refused.
    Io(io::Error),
}

impl fmt::Display for MidiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMidi => f.write_str("not a MIDI file"),
            Self::Smpte => f.write_str("timed in film frames (SMPTE), not in beats"),
            Self::BadHeader(why) => write!(f, "damaged MIDI file: {why}"),
            Self::Format(format) => {
                write!(f, "MIDI file of format {format}; only 0 and 1 are read")
            }
            Self::NoTracks => f.write_str("damaged MIDI file: no track in it"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MidiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for MidiError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads the file at `path`; see [`read()`].
///
/// # Errors
/// What [`read()`] refuses, and what the file system does.
pub fn read_file(path: &Path) -> Result<Song, MidiError> {
    read(&fs::read(path)?)
}

/// Writes `song` to `path`, wholly or not at all; see [`write()`].
///
/// # Errors
/// What the file system refuses; then `path` is as it was.
pub fn write_file(path: &Path, song: &Song) -> Result<(), MidiError> {
    Ok(write_atomically(path, &write(song))?)
}

/// Makes `path` hold `bytes`, wholly or not at all: they are written beside it, then moved into place.
///
/// # Errors
/// What the file system refuses; then `path` is as it was and nothing lies beside it.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = temporary_name(path)?;
    let written = fs::File::create_new(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one to tell of.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A name in the folder of `path` that no other write of ours uses, in this process or another.
fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    static WRITES: AtomicU32 = AtomicU32::new(0);
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let count = WRITES.fetch_add(1, Ordering::Relaxed);
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}-{count}.part", process::id()));
    Ok(path.with_file_name(beside))
}

/// Orders notes by onset and pitch and resolves overlaps of one pitch: the later onset ends the earlier
/// note; of two in the same tick the longer and the louder remains.
pub fn untangle(notes: &mut Vec<Note>) {
    notes.sort_by_key(|note| (note.pitch, note.onset));
    notes.dedup_by(|later, earlier| {
        let same = later.pitch == earlier.pitch && later.onset == earlier.onset;
        if same {
            earlier.duration = earlier.duration.max(later.duration);
            earlier.velocity = earlier.velocity.max(later.velocity);
        }
        same
    });
    for index in 1..notes.len() {
        let next = notes[index];
        let note = &mut notes[index - 1];
        if note.pitch == next.pitch && note.end() > next.onset {
            note.duration = next.onset - note.onset;
        }
    }
    notes.sort();
}

#[cfg(test)]
mod tests;
