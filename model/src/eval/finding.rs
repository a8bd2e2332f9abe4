//! How well keys and chords are found in what is heard.
//!
//! Chords: the symbols of a piece are played in one of the ways of [`Playing`], in any inversion, register and
//! rhythm, some of them sloppily; at each felt beat the chord of the progression is held against the symbol.
//! Keys: the running key at the end of each bar against the key that the source states.

use std::collections::BTreeMap;

use rand::Rng;

use super::stream;
use crate::{
    chord::KeyTracker,
    controls::Role,
    harmony::known_progression,
    note::Note,
    train::{
        corpus::Piece,
        task::{Exercise, Hands, heard_chords, vary},
    },
};

mod figures;

/// How chord symbols reach us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playing {
    /// The notes of a chord at once.
    Struck,
    /// One after the other, so that each begins while the chord holds.
    Broken,
    /// One after the other in eighths from each stroke of a rhythm on, as long as the stroke lasts: of short ones
    /// only one or two notes ever sound.
    Hinted,
}

/// How many were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Cases in all.
    pub cases: u64,
    /// With the right root, or tonic.
    pub roots: u64,
    /// With the right quality, or mode, too.
    pub whole: u64,
}

impl Found {
    fn add(&mut self, root: bool, quality: bool) {
        self.cases += 1;
        self.roots += u64::from(root);
        self.whole += u64::from(root && quality);
    }

    /// Both results together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            cases: self.cases + other.cases,
            roots: self.roots + other.roots,
            whole: self.whole + other.whole,
        }
    }

    /// Shares of right roots and of wholly right ones.
    #[must_use]
    pub fn shares(self) -> [f64; 2] {
        [self.roots, self.whole].map(|count| count as f64 / self.cases.max(1) as f64)
    }
}

/// Chords found at the felt beats of the pieces that have symbols, by source.
#[must_use]
pub fn chords<'a>(pieces: &[&'a Piece], playing: Playing) -> BTreeMap<&'a str, Found> {
    let mut found = BTreeMap::<&str, Found>::new();
    for piece in pieces.iter().filter(|piece| !piece.chords.is_empty()) {
        let mut rng = stream(piece, Role::Bass);
        let heard = hear(piece, playing, &mut rng);
        let of_source = found.entry(&piece.source).or_default();
        for bar in &piece.bars {
            let progression = known_progression(&heard, bar, bar.end() + bar.beat);
            let beats = (0..bar.ticks).step_by(bar.beat as usize);
            for at in beats.map(|offset| bar.start + offset) {
                let holds = |onset, duration| onset <= at && at < onset + duration;
                let mut symbols = piece.chords.iter();
                let Some(symbol) = symbols.find(|chord| holds(chord.onset, chord.duration)) else {
                    continue;
                };
                let span = progression.iter().find(|span| span.holds(at));
                match span.and_then(|span| span.chord) {
                    Some(chord) => of_source.add(
                        chord.root == symbol.root,
                        chord.quality.intervals() == symbol.intervals,
                    ),
                    None => of_source.add(false, false),
                }
            }
        }
    }
    found
}

/// The symbols of a piece as they reach us: often not quite in time.
fn hear(piece: &Piece, playing: Playing, rng: &mut impl Rng) -> Vec<Note> {
    let heard = if playing == Playing::Broken {
        figures::broken(piece, rng)
    } else {
        let mut hands = Hands::draw(rng);
        hands.broken = playing == Playing::Hinted;
        heard_chords(piece, hands, rng)
    };
    let mut exercise = Exercise {
        role: Role::Bass,
        own: Vec::new(),
        heard,
    };
    vary(&mut exercise, rng);
    exercise.heard
}

/// Bars at the beginning of which no key is asked for: a phrase has to be heard first.
const LEAD_IN: usize = 4;

/// The running key of all pitched parts at the end of each bar, against the stated one, by source.
#[must_use]
pub fn keys<'a>(pieces: &[&'a Piece]) -> BTreeMap<&'a str, Found> {
    let mut found = BTreeMap::<&str, Found>::new();
    for piece in pieces.iter().filter(|piece| !piece.keys.is_empty()) {
        let pitched = piece.parts.iter().filter(|part| part.role != "drums");
        let mut notes: Vec<Note> = pitched.flat_map(|part| part.notes.clone()).collect();
        notes.sort_unstable_by_key(|note| (note.onset, note.pitch));
        let mut notes = notes.iter().peekable();
        let mut tracker = KeyTracker::default();
        for (number, bar) in piece.bars.iter().enumerate() {
            while let Some(note) = notes.next_if(|note| note.onset < bar.end()) {
                tracker.hear(note);
            }
            let stated = piece.keys.iter().rev().find(|(at, _)| *at <= bar.start);
            if let (Some((_, stated)), Some(key), true) = (stated, tracker.key(), number >= LEAD_IN)
            {
                let of_source = found.entry(&piece.source).or_default();
                of_source.add(key.tonic == stated.tonic, key.minor == stated.minor);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chord::Key,
        harmony::Bar,
        time::{BarGrid, Meter, Tick},
        train::corpus::Part,
    };

    fn part(role: &str, notes: Vec<Note>) -> Part {
        Part {
            role: role.to_owned(),
            name: String::new(),
            notes,
        }
    }

    #[test]
    fn drums_are_not_heard_as_a_key() {
        let grid = BarGrid::from_origin(Meter::COMMON);
        let scale = [60, 62, 64, 65, 67, 69, 71, 72];
        let tune = (0..32).map(|beat| Note::plain(24 * beat, 24, scale[beat as usize % 8]));
        // Keys of drums that, were they pitches, would be those of F# major.
        let drums = (0..128).map(|stroke| Note::plain(6 * stroke, 6, 42 + 4 * (stroke as u8 % 2)));
        let c_major = Key {
            tonic: 0,
            minor: false,
        };
        let piece = Piece {
            meters: Vec::new(),
            has_velocity: false,
            id: String::new(),
            source: "test".to_owned(),
            work: String::new(),
            bars: (0..8)
                .map(|bar| Bar::containing(grid, Tick(96 * bar)))
                .collect(),
            chords: Vec::new(),
            keys: vec![(Tick(0), c_major)],
            parts: vec![
                part("melody", tune.collect()),
                part("drums", drums.collect()),
            ],
        };
        let found = keys(&[&piece])["test"];
        assert_eq!(
            (found.cases, found.whole),
            (8 - LEAD_IN as u64, 8 - LEAD_IN as u64)
        );
    }
}
