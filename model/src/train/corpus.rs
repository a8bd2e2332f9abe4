//! The corpus: JSON Lines in zstd, one piece a line, 24 ticks a quarter.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::task::sorted;
use crate::{
    chord::{Key, Quality},
    harmony::Bar,
    note::Note,
    time::{BarGrid, Meter, Tick},
};

/// One instrument of a piece.
#[derive(Clone, Debug)]
pub struct Part {
    /// `melody`, `bass`, `chords`, `counter`, `voice`, `piano` or `drums`.
    pub role: String,
    /// Name in the source; `piano-bass` was derived from the piano part of the same piece.
    pub name: String,
    /// Sorted by onset, then pitch.
    pub notes: Vec<Note>,
}

/// A chord symbol of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChordSymbol {
    /// Where it begins.
    pub onset: Tick,
    /// Ticks until it ends.
    pub duration: i64,
    /// Pitch class of the root.
    pub root: u8,
    /// Semitones above the root, ascending from 0.
    pub intervals: &'static [u8],
    /// Pitch class of the bass.
    pub bass: u8,
}

impl ChordSymbol {
    /// Its keys in close position in the octave around `center`, from half an octave below on, sorted.
    #[must_use]
    pub fn around(&self, center: i32) -> Vec<i32> {
        let low = center - 6;
        let mut keys: Vec<i32> = self
            .intervals
            .iter()
            .map(|interval| {
                let class = i32::from((self.root + interval) % 12);
                low + (class - low).rem_euclid(12)
            })
            .collect();
        keys.sort_unstable();
        keys
    }
}

/// One piece of music.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its name in the corpus.
    pub id: String,
    /// The set that it comes from.
    pub source: String,
    /// Several pieces of one work share this key.
    pub work: String,
    /// Meter from each position on; the first entry stands at tick 0.
    pub meters: Vec<(Tick, Meter)>,
    /// Bars from the first to the one that holds the last note or chord.
    pub bars: Vec<Bar>,
    /// Chord symbols in order; empty in many sources.
    pub chords: Vec<ChordSymbol>,
    /// The keys that the source states, and where each begins; empty where it states none.
    pub keys: Vec<(Tick, Key)>,
    /// The instruments.
    pub parts: Vec<Part>,
    /// Whether its velocities say anything.
    pub has_velocity: bool,
}

/// Sources whose velocities are the players' or arrangers' own; elsewhere they are a constant.
const SOURCES_WITH_VELOCITY: [&str; 6] = [
    "pop909",
    "mma-synthetic",
    "freedoom-midi",
    "simutrans-midi",
    "planetblupi-midi",
    "drum-patterns",
];

impl Piece {
    /// Its parts of one role.
    pub fn parts_of<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Part> {
        self.parts.iter().filter(move |part| part.role == role)
    }
}

/// Why a corpus could not be read.
#[derive(Debug)]
pub enum CorpusError {
    /// The file or folder could not be opened or read.
    Io(PathBuf, std::io::Error),
    /// A line is not a piece.
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The piece, where its id could be read.
        piece: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder holds no corpus file of that name.
    Empty(PathBuf),
}

impl std::fmt::Display for CorpusError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::Line {
                path,
                line,
                piece,
                reason,
            } => write!(f, "{}:{line}: {piece}: {reason}", path.display()),
            Self::Empty(path) => write!(
                f,
                "{} holds no train-*.jsonl.zst; give the folder of the corpus",
                path.display()
            ),
        }
    }
}

impl std::error::Error for CorpusError {}

#[derive(Deserialize)]
struct RawPart {
    role: String,
    name: String,
    notes: Vec<(i64, i64, u8, u8)>,
}

#[derive(Deserialize)]
struct RawPiece {
    id: String,
    source: String,
    meter: Vec<(i64, i64, i64)>,
    chords: Vec<(i64, i64, u8, String, u8)>,
    parts: Vec<RawPart>,
    work: String,
    #[serde(default)]
    key: Vec<(i64, u8, String)>,
    #[serde(default)]
    key_estimated: bool,
}

/// The quality that the corpus writes so.
fn quality(name: &str) -> Option<Quality> {
    let symbol = match name {
        "maj" => "",
        "min" => "m",
        "min7" => "m7",
        "min6" => "m6",
        "min9" => "m9",
        "minmaj7" => "m(maj7)",
        other => other,
    };
    Quality::ALL
        .into_iter()
        .find(|quality| quality.suffix() == symbol)
}

/// Onsets and ends this close to a sixteenth or an eighth triplet belong there; a played line carries
/// looseness that Humanize adds again where it is wanted.
const SNAP_TICKS: i64 = 2;

/// The nearest sixteenth or eighth triplet within [`SNAP_TICKS`], else the tick itself.
fn snap(tick: i64) -> i64 {
    let in_quarter = tick.rem_euclid(24);
    [0, 6, 8, 12, 16, 18, 24]
        .into_iter()
        .min_by_key(|grid| (in_quarter - grid).abs())
        .filter(|grid| (in_quarter - grid).abs() <= SNAP_TICKS)
        .map_or(tick, |grid| tick - in_quarter + grid)
}

fn note(&(onset, duration, pitch, velocity): &(i64, i64, u8, u8)) -> Result<Note, String> {
    if onset < 0 || duration < 1 || pitch > 127 || !(1..=127).contains(&velocity) {
        return Err(format!(
            "note [{onset}, {duration}, {pitch}, {velocity}] is out of range"
        ));
    }
    Ok(on_grid(Note {
        onset: Tick(onset),
        duration,
        pitch,
        velocity,
    }))
}

/// The same note with both ends on the grid where they are near it.
pub fn on_grid(note: Note) -> Note {
    let start = snap(note.onset.0);
    let end = snap(note.end().0).max(start + 3.min(note.duration));
    Note {
        onset: Tick(start),
        duration: end - start,
        ..note
    }
}

/// The bars up to `end`, from a piece's meters, of which the first begins at tick 0.
pub fn bars(meters: &[(Tick, Meter)], end: Tick) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut number = 0;
    for (index, &(start, meter)) in meters.iter().enumerate() {
        let until = meters.get(index + 1).map_or(end, |next| next.0);
        let grid = BarGrid {
            downbeat: start,
            number,
            meter,
        };
        let mut at = start;
        while at < until {
            let mut bar = Bar::containing(grid, at);
            bar.ticks = bar.ticks.min(until - bar.start).max(1);
            at = bar.end();
            number = bar.number + 1;
            bars.push(bar);
        }
    }
    bars
}

fn piece(raw: RawPiece) -> Result<Piece, String> {
    let mut end = 0;
    let mut parts = Vec::new();
    for part in &raw.parts {
        let notes = sorted(part.notes.iter().map(note).collect::<Result<_, _>>()?);
        end = notes.iter().map(|note| note.end().0).fold(end, i64::max);
        parts.push(Part {
            role: part.role.clone(),
            name: part.name.clone(),
            notes,
        });
    }
    let mut chords = Vec::new();
    for (onset, duration, root, name, bass) in &raw.chords {
        let quality = quality(name).ok_or_else(|| format!("chord quality {name:?}"))?;
        if *root > 11 || *bass > 11 || *duration < 1 {
            return Err(format!("chord at tick {onset} is out of range"));
        }
        end = end.max(onset + duration);
        chords.push(ChordSymbol {
            onset: Tick(*onset),
            duration: *duration,
            root: *root,
            intervals: quality.intervals(),
            bass: *bass,
        });
    }
    let mut keys = Vec::new();
    for (at, tonic, mode) in raw.key.iter().filter(|_| !raw.key_estimated) {
        if *tonic > 11 || !["major", "minor"].contains(&mode.as_str()) {
            return Err(format!("key {tonic} {mode:?} at tick {at}"));
        }
        let key = Key {
            tonic: *tonic,
            minor: mode == "minor",
        };
        keys.push((Tick(*at), key));
    }
    let mut meters = Vec::new();
    for &(start, numerator, denominator) in &raw.meter {
        let meter = Meter::new(numerator, denominator)
            .ok_or_else(|| format!("meter {numerator}/{denominator} at tick {start}"))?;
        meters.push((Tick(start), meter));
    }
    if meters.first().is_none_or(|meter| meter.0 != Tick(0)) {
        return Err("the first meter entry is not at tick 0".into());
    }
    Ok(Piece {
        keys,
        bars: bars(&meters, Tick(end)),
        meters,
        has_velocity: SOURCES_WITH_VELOCITY.contains(&raw.source.as_str()),
        id: raw.id,
        source: raw.source,
        work: raw.work,
        chords,
        parts,
    })
}

/// Streams the pieces of one corpus file to `each`.
///
/// # Errors
/// When the file cannot be read, or a line is not a valid piece; the error names file, line and piece.
pub fn read_file(path: &Path, each: &mut dyn FnMut(Piece)) -> Result<(), CorpusError> {
    let io = |error| CorpusError::Io(path.to_owned(), error);
    let file = File::open(path).map_err(io)?;
    let decoder = ruzstd::decoding::StreamingDecoder::new(BufReader::new(file))
        .map_err(|error| io(std::io::Error::other(error.to_string())))?;
    for (index, line) in BufReader::with_capacity(1 << 20, decoder)
        .lines()
        .enumerate()
    {
        let line = line.map_err(io)?;
        let bad = |piece: String, reason| CorpusError::Line {
            path: path.to_owned(),
            line: index + 1,
            piece,
            reason,
        };
        let raw: RawPiece = serde_json::from_str(&line)
            .map_err(|error| bad("not a piece".into(), error.to_string()))?;
        let id = raw.id.clone();
        each(piece(raw).map_err(|reason| bad(id, reason))?);
    }
    Ok(())
}

/// The training files of a corpus folder, in order.
///
/// # Errors
/// When the folder cannot be read or holds none.
pub fn training_files(folder: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let io = |error| CorpusError::Io(folder.to_owned(), error);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(io)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("train-") && name.ends_with(".jsonl.zst"))
        })
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(CorpusError::Empty(folder.to_owned()));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_snaps_to_the_grid_and_a_thirty_second_stays() {
        assert_eq!([snap(1), snap(23), snap(10), snap(7)], [0, 24, 8, 6]);
        assert_eq!([snap(3), snap(21), snap(27)], [3, 21, 27]);
    }

    #[test]
    fn bars_follow_the_meter_map() {
        let meter = |numerator| Meter::new(numerator, 4).unwrap();
        let bars = bars(&[(Tick(0), meter(1)), (Tick(24), meter(3))], Tick(170));
        let starts: Vec<i64> = bars.iter().map(|bar| bar.start.0).collect();
        assert_eq!(starts, [0, 24, 96, 168]);
        assert_eq!(bars[2].number, 2);
    }
}
