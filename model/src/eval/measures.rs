//! Musical measures of what was played against what a human played in the same bars.
//!
//! Every measure is a number or a histogram of some excerpts; what counts is its distance to the human one,
//! never "higher is better". Sources: overlap of histograms, Yang and Lerch 2020 ("On the evaluation of
//! generative models in music"); scale consistency, Mogren 2016 as defined in MusPy (Dong et al. 2020);
//! self-similarity by bar, in the spirit of Wu et al. 2020 ("The Jazz Transformer on the front line").

mod histograms;
mod numbers;

pub use self::{
    histograms::{DISTRIBUTIONS, Distribution, Histogram, overlap},
    numbers::{Mean, NUMBERS, Number},
};
use crate::{
    controls::Role,
    harmony::Bar,
    note::{Note, between},
    time::Tick,
    train::corpus::ChordSymbol,
};

/// Some bars of a piece with what a human and the network play there.
#[derive(Clone, Debug)]
pub struct Excerpt {
    /// The set that the piece comes from.
    pub source: String,
    /// Who plays.
    pub role: Role,
    /// The bars before, which only echoes are looked for in; none at a cold start.
    pub earlier: Vec<Bar>,
    /// What the part played there: both go on from it.
    pub before: Vec<Note>,
    /// The bars that are compared.
    pub bars: Vec<Bar>,
    /// All that is heard.
    pub heard: Vec<Note>,
    /// The piece's chord symbols.
    pub chords: Vec<ChordSymbol>,
    /// What the human played in these bars.
    pub human: Vec<Note>,
    /// What the network played there.
    pub made: Vec<Note>,
}

/// Whose notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Player {
    /// The piece's own part.
    Human,
    /// The network.
    Network,
}

impl Excerpt {
    /// What one of the two played.
    #[must_use]
    pub fn notes(&self, player: Player) -> &[Note] {
        match player {
            Player::Human => &self.human,
            Player::Network => &self.made,
        }
    }

    fn in_bar(&self, player: Player, bar: &Bar) -> &[Note] {
        between(self.notes(player), bar.start, bar.end())
    }

    fn bar_at(&self, at: Tick) -> Option<&Bar> {
        self.bars
            .iter()
            .find(|bar| bar.start <= at && at < bar.end())
    }

    fn symbol_at(&self, at: Tick) -> Option<&ChordSymbol> {
        let next = self.chords.partition_point(|chord| chord.onset <= at);
        let chord = &self.chords[next.checked_sub(1)?];
        (at < chord.onset + chord.duration).then_some(chord)
    }

    /// Chord symbols that begin in these bars and differ from the one before.
    fn changes(&self) -> impl Iterator<Item = &ChordSymbol> {
        let first = self.bars.first().map_or(Tick(0), |bar| bar.start);
        let last = self.bars.last().map_or(Tick(0), Bar::end);
        self.chords
            .iter()
            .enumerate()
            .filter(move |(index, chord)| {
                let same = |before: &ChordSymbol| {
                    before.root == chord.root
                        && before.intervals == chord.intervals
                        && before.bass == chord.bass
                };
                chord.onset >= first
                    && chord.onset < last
                    && !index
                        .checked_sub(1)
                        .is_some_and(|before| same(&self.chords[before]))
            })
            .map(|(_, chord)| chord)
    }
}

fn any_role(_: Role) -> bool {
    true
}

fn is_pitched(role: Role) -> bool {
    role != Role::Drums
}

fn is_line(role: Role) -> bool {
    role.is_monophonic()
}

/// Pairs of keys that follow each other in a line; of notes that begin together the highest counts.
fn steps(notes: &[Note]) -> Vec<(u8, u8)> {
    let line: Vec<u8> = notes
        .iter()
        .enumerate()
        .filter(|(index, note)| {
            notes
                .get(index + 1)
                .is_none_or(|next| next.onset > note.onset)
        })
        .map(|(_, note)| note.pitch)
        .collect();
    line.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chord::Quality,
        time::{BarGrid, Meter},
    };

    fn excerpt(human: Vec<Note>, made: Vec<Note>) -> Excerpt {
        let grid = BarGrid::from_origin(Meter::COMMON);
        Excerpt {
            source: String::new(),
            role: Role::Bass,
            earlier: Vec::new(),
            before: Vec::new(),
            bars: (0..4)
                .map(|bar| Bar::containing(grid, Tick(96 * bar)))
                .collect(),
            heard: Vec::new(),
            chords: (0..4)
                .map(|bar| ChordSymbol {
                    onset: Tick(96 * bar),
                    duration: 96,
                    root: (5 * bar % 12) as u8,
                    intervals: Quality::Major.intervals(),
                    bass: (5 * bar % 12) as u8,
                })
                .collect(),
            human,
            made,
        }
    }

    fn roots(offset: u8) -> Vec<Note> {
        (0..4)
            .map(|bar| Note {
                onset: Tick(96 * bar),
                duration: 48,
                pitch: 36 + (5 * bar % 12) as u8 + offset,
                velocity: 80,
            })
            .collect()
    }

    fn number(name: &str, excerpt: &Excerpt, player: Player) -> Option<f64> {
        let mut mean = Mean::default();
        let number = NUMBERS.iter().find(|number| number.name == name).unwrap();
        (number.add)(excerpt, player, &mut mean);
        mean.value()
    }

    #[test]
    fn roots_are_told_from_thirds() {
        let excerpt = excerpt(roots(0), roots(4));
        let name = "root at chord changes";
        assert_eq!(number(name, &excerpt, Player::Human), Some(1.0));
        assert_eq!(number(name, &excerpt, Player::Network), Some(0.0));
        let name = "chord tone on the beat";
        assert_eq!(number(name, &excerpt, Player::Network), Some(1.0));
    }

    #[test]
    fn a_loop_is_similar_to_itself_and_silence_is_empty() {
        let beat: Vec<Note> = roots(0)
            .into_iter()
            .map(|note| Note { pitch: 40, ..note })
            .collect();
        let excerpt = excerpt(beat, Vec::new());
        let name = "self-similarity, 1 bar";
        assert_eq!(number(name, &excerpt, Player::Human), Some(1.0));
        assert_eq!(number(name, &excerpt, Player::Network), None);
        let name = "empty where the human plays";
        assert_eq!(number(name, &excerpt, Player::Network), Some(1.0));
        assert_eq!(number(name, &excerpt, Player::Human), Some(0.0));
    }

    #[test]
    fn overlap_is_one_for_the_same_shape_and_nothing_for_strangers() {
        let a = Histogram::from([(0, 1.0), (3, 3.0)]);
        let b = Histogram::from([(0, 2.0), (3, 6.0)]);
        assert!((overlap(&a, &b) - 1.0).abs() < 1e-12);
        assert!(overlap(&a, &Histogram::from([(7, 1.0)])).abs() < 1e-12);
    }
}
