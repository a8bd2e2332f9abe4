//! Chord symbols as an accompanist breaks them: every note of the chord begins while the chord holds.

use rand::{Rng, seq::IndexedRandom};

use crate::{note::Note, train::corpus::Piece};

/// In which order the notes of a chord follow each other, over and over.
#[derive(Clone, Copy, Debug)]
enum Figure {
    Up,
    Down,
    UpAndDown,
    /// Low, high, middle, high.
    Alberti,
}

/// Figures as often as each is met in lessons and accompaniments, about.
const FIGURES: [Figure; 5] = [
    Figure::Up,
    Figure::Up,
    Figure::Down,
    Figure::UpAndDown,
    Figure::Alberti,
];

/// Lengths of a note, in ticks: the longest that a player likes, and shorter ones where the chord ends too soon.
const PACES: [i64; 6] = [24, 12, 8, 6, 4, 3];

impl Figure {
    /// The places of `count` notes, counted from the lowest, through one round.
    fn round(self, count: usize) -> Vec<usize> {
        let top = count - 1;
        match self {
            Self::Up => (0..count).collect(),
            Self::Down => (0..count).rev().collect(),
            Self::UpAndDown => (0..count).chain((1..top).rev()).collect(),
            Self::Alberti => (0..top).flat_map(|low| [low, top]).collect(),
        }
    }
}

/// The symbols of a piece, broken by one player: a figure, a pace, a register, any inversion.
pub(super) fn broken(piece: &Piece, rng: &mut impl Rng) -> Vec<Note> {
    let figure = *FIGURES.choose(rng).expect("not empty");
    let likes = rng.random_range(0..4);
    let center = rng.random_range(45..=68);
    let rings = rng.random_bool(0.4);
    let velocity = rng.random_range(60..=100);
    let mut notes = Vec::new();
    for symbol in &piece.chords {
        let pitches = symbol.around(center + rng.random_range(-5..=5));
        let round = figure.round(pitches.len());
        let fits = |pace: &&i64| **pace * round.len() as i64 <= symbol.duration;
        let Some(&pace) = PACES[likes..].iter().find(fits) else {
            continue;
        };
        let end = symbol.onset + symbol.duration;
        for (place, index) in (0..symbol.duration / pace).zip(round.iter().cycle()) {
            let onset = symbol.onset + place * pace;
            notes.push(Note {
                onset,
                duration: if rings { end - onset } else { pace },
                // The cast is safe: no hands go so far from the middle.
                pitch: pitches[*index] as u8,
                velocity,
            });
        }
    }
    notes.sort_by_key(|note| (note.onset, note.pitch));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_sounds_every_note() {
        for figure in FIGURES {
            for count in 2..6 {
                let round = figure.round(count);
                assert!(
                    (0..count).all(|note| round.contains(&note)),
                    "{figure:?} of {count}: {round:?}"
                );
            }
        }
        assert_eq!(Figure::Alberti.round(3), [0, 2, 1, 2]);
        assert_eq!(Figure::UpAndDown.round(4), [0, 1, 2, 3, 2, 1]);
    }
}
