//! A player's own MIDI files as pieces: which track is which part, and what cannot be used.
//!
//! A corpus says what its parts are; a player's files only have tracks. A part is known by its channel, its name,
//! its program, or by how it is played: a line or chords, high or low. Who plays with two hands on one track has
//! a melody in the top line and a bass in the lowest notes.

use std::{
    fs,
    hash::{Hash, Hasher},
    io,
    path::{Path, PathBuf},
};

use fnv::FnvHasher;

use super::{
    corpus::{Part, Piece, bars, on_grid},
    sampler::can_teach,
    task::sorted,
};
use crate::{
    controls::Role,
    midi_file::{self, Song, Track},
    note::Note,
    planner::split_top_line,
    time::{TICKS_PER_QUARTER, Tick},
};

/// The set that these pieces belong to.
const SOURCE: &str = "own";

/// Fewer notes make no part.
const LEAST_NOTES: usize = 8;
/// Larger files are no MIDI files that somebody played.
const LARGEST_FILE: u64 = 16 << 20;
/// Folders within folders that are looked into.
const DEEPEST: usize = 16;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Folder {
    /// What can be learnt from, in the order of the files' names.
    pub pieces: Vec<Piece>,
    /// The other MIDI files, and why each is left out.
    pub skipped: Vec<(PathBuf, String)>,
}

impl Folder {
    /// Reads every `.mid` and `.midi` file in `folder` and below; `progress` is told of each.
    ///
    /// # Errors
    /// When the folder itself cannot be read. A file that cannot is only skipped.
    pub fn read(folder: &Path, mut progress: impl FnMut(usize, usize)) -> io::Result<Self> {
        let mut files = Vec::new();
        find(folder, 0, &mut files)?;
        files.sort();
        let mut read = Self::default();
        let mut known = Vec::new();
        for (index, path) in files.iter().enumerate() {
            progress(index, files.len());
            let id = path.strip_prefix(folder).unwrap_or(path);
            match piece_of(path, &id.to_string_lossy()) {
                Err(why) => read.skipped.push((path.clone(), why)),
                Ok(piece) => {
                    let hash = hash_of(&piece);
                    if let Some(twin) = known.iter().position(|known| *known == hash) {
                        let why = format!("the same music as {}", read.pieces[twin].id);
                        read.skipped.push((path.clone(), why));
                    } else {
                        known.push(hash);
                        read.pieces.push(piece);
                    }
                }
            }
        }
        Ok(read)
    }
}

/// The MIDI files in `folder` and below. Links to folders are not followed: they may lead back.
fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if depth < DEEPEST {
                // A folder within that is closed to us holds nothing for us.
                let _ = find(&path, depth + 1, files);
            }
        } else if path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("mid") || extension.eq_ignore_ascii_case("midi")
        }) {
            files.push(path);
        }
    }
    Ok(())
}

fn piece_of(path: &Path, id: &str) -> Result<Piece, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > LARGEST_FILE {
        return Err(format!("{} MB are no MIDI file", size >> 20));
    }
    let song = midi_file::read_file(path).map_err(|error| error.to_string())?;
    piece(&song, id)
}

/// A song as a piece.
///
/// # Errors
/// When there is nothing in it to learn from; says why.
pub fn piece(song: &Song, id: &str) -> Result<Piece, String> {
    let notes: Vec<Note> = song
        .tracks
        .iter()
        .flat_map(|track| track.notes.iter().copied())
        .collect();
    if notes.len() < LEAST_NOTES {
        return Err(format!("{} notes: too few to learn from", notes.len()));
    }
    if !is_in_time(&notes) {
        return Err(
            "its notes lie off its beats: record to a click, or quantise it lightly".into(),
        );
    }
    let parts = parts(song);
    let end = parts.iter().flat_map(|part| &part.notes).map(Note::end);
    let end = end.max().unwrap_or_default();
    let velocity = notes[0].velocity;
    let piece = Piece {
        id: id.to_owned(),
        source: SOURCE.to_owned(),
        work: id.to_owned(),
        bars: bars(&song.meters, end),
        meters: song.meters.clone(),
        chords: Vec::new(),
        keys: song.keys.clone(),
        has_velocity: notes.iter().any(|note| note.velocity != velocity),
        parts,
    };
    let teaches = Role::ALL.into_iter().any(|role| can_teach(&piece, role));
    if teaches {
        return Ok(piece);
    }
    let found: Vec<&str> = piece.parts.iter().map(|part| part.role.as_str()).collect();
    Err(match found.as_slice() {
        [] => "every part has fewer than 8 notes".to_owned(),
        found => format!(
            "only {} in it, with nothing that it goes with",
            found.join(" and ")
        ),
    })
}

/// Hash of a piece's notes and bars.
#[must_use]
pub fn hash_of(piece: &Piece) -> u64 {
    let mut hasher = FnvHasher::default();
    for bar in &piece.bars {
        (bar.start, bar.ticks).hash(&mut hasher);
    }
    for part in &piece.parts {
        part.role.hash(&mut hasher);
        part.notes.hash(&mut hasher);
    }
    hasher.finish()
}

/// Whether notes follow the file's beats. Of notes that know nothing of them half lie within a tick of a
/// sixteenth, and three in eight within a tick of an eighth triplet.
fn is_in_time(notes: &[Note]) -> bool {
    let near = |grid: i64| {
        let near = notes.iter().filter(|note| {
            let place = note.onset.0.rem_euclid(grid);
            place <= 1 || place == grid - 1
        });
        near.count() as f64 / notes.len() as f64
    };
    near(TICKS_PER_QUARTER / 4) > 0.6 || near(TICKS_PER_QUARTER / 3) > 0.5
}

/// How a track is played.
struct Played<'a> {
    track: &'a Track,
    notes: Vec<Note>,
    /// The pitch in the middle.
    median: u8,
    /// Share of the onsets at which three keys or more go down.
    chordal: f64,
    /// Share of the notes that begin while another sounds on.
    overlapping: f64,
}

impl<'a> Played<'a> {
    fn new(track: &'a Track) -> Self {
        let notes = sorted(track.notes.iter().map(|note| on_grid(*note)).collect());
        let mut pitches: Vec<u8> = notes.iter().map(|note| note.pitch).collect();
        pitches.sort_unstable();
        let mut end = Tick(i64::MIN);
        let mut overlapping = 0;
        for note in &notes {
            overlapping += usize::from(note.onset + 2 < end);
            end = end.max(note.end());
        }
        Self {
            track,
            median: pitches.get(pitches.len() / 2).copied().unwrap_or_default(),
            chordal: struck_together(&notes, 3),
            overlapping: overlapping as f64 / notes.len().max(1) as f64,
            notes,
        }
    }

    fn part(&self, role: &str) -> Part {
        Part {
            role: role.to_owned(),
            name: self.track.name.clone(),
            notes: self.notes.clone(),
        }
    }
}

/// Share of the onsets at which at least `count` keys go down.
fn struck_together(notes: &[Note], count: usize) -> f64 {
    let onsets: Vec<usize> = notes
        .chunk_by(|one, other| one.onset == other.onset)
        .map(<[Note]>::len)
        .collect();
    let chords = onsets.iter().filter(|keys| **keys >= count).count();
    chords as f64 / onsets.len().max(1) as f64
}

/// What its name or its sound says that a track plays.
fn told(track: &Track) -> Option<&'static str> {
    const WORDS: [(&str, &[&str]); 5] = [
        ("drums", &["drum", "percussion"]),
        (
            "melody",
            &[
                "melod", "lead", "vocal", "vox", "solo", "theme", "tune", "sing",
            ],
        ),
        ("bass", &["bass"]),
        ("chords", &["chord", "pad", "comp", "rhythm", "strum"]),
        ("counter", &["counter", "second voice", "harmony"]),
    ];
    if track.is_drums() {
        return Some("drums");
    }
    let name = track.name.to_lowercase().replace("bassoon", "");
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let named = WORDS.iter().find(|(_, words)| says(words));
    // General MIDI's basses.
    let bass = track
        .program
        .is_some_and(|program| (32..40).contains(&program));
    named.map(|(role, _)| *role).or(bass.then_some("bass"))
}

/// The parts of a song.
fn parts(song: &Song) -> Vec<Part> {
    let played = song.tracks.iter().map(Played::new);
    let played: Vec<Played> = played
        .filter(|played| played.notes.len() >= LEAST_NOTES)
        .collect();
    let mut parts: Vec<Part> = Vec::new();
    let (mut lines, mut hands) = (Vec::new(), Vec::new());
    for played in &played {
        match told(played.track) {
            Some(role) => parts.push(played.part(role)),
            None if played.chordal > 0.5 => parts.push(played.part("chords")),
            None if played.overlapping > 0.2 => hands.push(played),
            None => lines.push(played),
        }
    }
    let has = |parts: &[Part], role: &str| parts.iter().any(|part| part.role == role);
    lines.sort_by_key(|line| std::cmp::Reverse(line.median));
    for (index, line) in lines.iter().enumerate() {
        let lowest = index + 1 == lines.len();
        let role = if lowest && line.median < BASS_BELOW && !has(&parts, "bass") {
            "bass"
        } else if !has(&parts, "melody") {
            "melody"
        } else {
            "counter"
        };
        parts.push(line.part(role));
    }
    hands.sort_by_key(|hand| std::cmp::Reverse(hand.median));
    for hand in hands {
        parts.push(hand.part("piano"));
        for (role, notes) in of_two_hands(&hand.notes) {
            if notes.len() >= LEAST_NOTES && !has(&parts, role) {
                parts.push(Part {
                    role: role.to_owned(),
                    name: format!("{} {role}", hand.track.name).trim().to_owned(),
                    notes,
                });
            }
        }
    }
    parts
}

/// A line that lies below the small octave mostly is a bass.
const BASS_BELOW: u8 = 48;
/// The bass of two hands lies below this.
const LEFT_HAND: u8 = 52;

/// Melody, bass and chords of somebody who plays with two hands.
fn of_two_hands(notes: &[Note]) -> [(&'static str, Vec<Note>); 3] {
    let (top, rest) = split_top_line(notes);
    // The lowest line is the top line of the same notes upside down; what is broken above it is none of it.
    let turned = |notes: &[Note]| -> Vec<Note> {
        let mut turned: Vec<Note> = notes
            .iter()
            .map(|note| Note {
                pitch: 127 - note.pitch,
                ..*note
            })
            .collect();
        turned.sort_unstable_by_key(|note| (note.onset, note.pitch));
        turned
    };
    let mut bass = turned(&split_top_line(&turned(notes)).0);
    bass.retain(|note| note.pitch < LEFT_HAND);
    let chords = if struck_together(&rest, 3) > 0.5 {
        rest
    } else {
        Vec::new()
    };
    [("melody", top), ("bass", bass), ("chords", chords)]
}

/// Pieces to learn from, and pieces to judge by.
#[derive(Debug)]
pub struct Split {
    /// To learn from.
    pub learn: Vec<Piece>,
    /// To judge by: other pieces, or with few of them the ends of the same ones.
    pub held_out: Vec<Piece>,
    /// They are the ends of the same pieces.
    pub by_time: bool,
    /// Hash of all the music.
    pub music: u64,
}

/// With fewer pieces their ends are held out instead of whole ones.
const FEW: usize = 4;
/// One piece in so many is held out.
const HELD_OUT: usize = 5;
/// Fewer bars in all are not worth a lesson.
pub const LEAST_BARS: usize = 16;

impl Split {
    /// Holds out a fifth of the pieces, the same ones whenever the music is the same; of fewer than four pieces
    /// the last quarter of each.
    ///
    /// # Errors
    /// When there is too little music; says how much is needed.
    pub fn of(pieces: Vec<Piece>) -> Result<Self, String> {
        let bars: usize = pieces.iter().map(|piece| piece.bars.len()).sum();
        if bars < LEAST_BARS {
            return Err(format!(
                "{bars} bars in all: at least {LEAST_BARS} are needed, and some 20 pieces make a style"
            ));
        }
        let mut pieces: Vec<(u64, Piece)> = pieces
            .into_iter()
            .map(|piece| (hash_of(&piece), piece))
            .collect();
        pieces.sort_by_key(|(hash, _)| *hash);
        let mut hasher = FnvHasher::default();
        pieces.iter().for_each(|(hash, _)| hash.hash(&mut hasher));
        let music = hasher.finish();
        let pieces: Vec<Piece> = pieces.into_iter().map(|(_, piece)| piece).collect();
        if pieces.len() >= FEW {
            let mut learn = pieces;
            let held_out = learn.split_off(learn.len() - learn.len().div_ceil(HELD_OUT));
            return Ok(Self {
                learn,
                held_out,
                by_time: false,
                music,
            });
        }
        let (learn, held_out) = pieces.iter().map(cut).unzip();
        Ok(Self {
            learn,
            held_out,
            by_time: true,
            music,
        })
    }

    /// How many notes all pieces have.
    #[must_use]
    pub fn notes(&self) -> usize {
        let pieces = self.learn.iter().chain(&self.held_out);
        pieces
            .flat_map(|piece| &piece.parts)
            // Derived parts are the same notes again.
            .filter(|part| part.role != "piano")
            .map(|part| part.notes.len())
            .sum()
    }
}

/// The first three quarters of a piece, and the rest.
fn cut(piece: &Piece) -> (Piece, Piece) {
    let bar = (piece.bars.len() * 3).div_ceil(4);
    let (before, after) = piece.bars.split_at(bar);
    let at = after.first().map_or(Tick(i64::MAX), |bar| bar.start);
    let with = |bars: &[_], keep: &dyn Fn(&Note) -> bool| Piece {
        bars: bars.to_vec(),
        parts: piece
            .parts
            .iter()
            .map(|part| Part {
                notes: part.notes.iter().copied().filter(|n| keep(n)).collect(),
                ..part.clone()
            })
            .collect(),
        ..piece.clone()
    };
    (
        with(before, &|note| note.onset < at),
        with(after, &|note| note.onset >= at),
    )
}

#[cfg(test)]
mod tests;
