//! Musical measures of what was played against what a human played in the same bars.
//!
//! Every measure is a number or a histogram of some excerpts; what counts is its distance to the human one,
//! never "higher is better". Sources: overlap of histograms, Yang and Lerch 2020 ("On the evaluation of
//! generative models in music"); scale consistency, Mogren 2016 as defined in MusPy (Dong et al. 2020);
//! self-similarity by bar, in the spirit of Wu et al. 2020 ("The Jazz Transformer on the front line").

use std::collections::BTreeMap;

use crate::{
    chord::{Chord, Key},
    controls::Role,
    harmony::Bar,
    note::{Note, between, places},
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

/// Counts by bin.
pub type Histogram = BTreeMap<i64, f64>;

/// Shared area of two histograms after each is scaled to 1: 0..=1, 1 for the same shape.
#[must_use]
pub fn overlap(a: &Histogram, b: &Histogram) -> f64 {
    let (total_a, total_b) = (a.values().sum::<f64>(), b.values().sum::<f64>());
    if total_a == 0.0 || total_b == 0.0 {
        return 0.0;
    }
    a.iter()
        .filter_map(|(bin, count)| Some((count / total_a).min(b.get(bin)? / total_b)))
        .sum()
}

/// A histogram of something that each excerpt has many of.
pub struct Distribution {
    /// What it counts.
    pub name: &'static str,
    /// Adds an excerpt.
    pub count: fn(&Excerpt, Player, &mut Histogram),
    /// For which roles it says something.
    pub fits: fn(Role) -> bool,
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

/// The histograms, in the order of the report.
pub const DISTRIBUTIONS: [Distribution; 7] = [
    Distribution {
        name: "onset position",
        count: |excerpt, player, histogram| {
            for note in excerpt.notes(player) {
                if let Some(bar) = excerpt.bar_at(note.onset) {
                    // Sixteenths; bars of other lengths have bins of their own.
                    let sixteenth = (note.onset - bar.start + 3) / 6;
                    *histogram.entry(bar.ticks * 100 + sixteenth).or_default() += 1.0;
                }
            }
        },
        fits: any_role,
    },
    Distribution {
        name: "duration",
        count: |excerpt, player, histogram| {
            /// Upper ends of the bins in ticks: from a thirty-second to two bars.
            const BINS: [i64; 11] = [3, 6, 9, 12, 18, 24, 36, 48, 72, 96, 192];
            for note in excerpt.notes(player) {
                let bin = BINS.partition_point(|end| *end < note.duration);
                *histogram.entry(bin as i64).or_default() += 1.0;
            }
        },
        fits: is_pitched,
    },
    Distribution {
        name: "interval",
        count: |excerpt, player, histogram| {
            for (from, to) in steps(excerpt.notes(player)) {
                let interval = (i64::from(to) - i64::from(from)).clamp(-12, 12);
                *histogram.entry(interval).or_default() += 1.0;
            }
        },
        fits: is_line,
    },
    Distribution {
        name: "pitch",
        count: |excerpt, player, histogram| {
            for note in excerpt.notes(player) {
                // Whole tones: a histogram of single keys would need thousands of notes.
                *histogram.entry(i64::from(note.pitch) / 2).or_default() += 1.0;
            }
        },
        fits: is_pitched,
    },
    Distribution {
        name: "drum",
        count: |excerpt, player, histogram| {
            for note in excerpt.notes(player) {
                *histogram.entry(note.pitch.into()).or_default() += 1.0;
            }
        },
        fits: |role| role == Role::Drums,
    },
    Distribution {
        name: "kick position",
        count: |excerpt, player, histogram| drum_positions(excerpt, player, &[35, 36], histogram),
        fits: |role| role == Role::Drums,
    },
    Distribution {
        name: "snare position",
        count: |excerpt, player, histogram| {
            drum_positions(excerpt, player, &[37, 38, 39, 40], histogram);
        },
        fits: |role| role == Role::Drums,
    },
];

fn drum_positions(excerpt: &Excerpt, player: Player, keys: &[u8], histogram: &mut Histogram) {
    for note in excerpt.notes(player) {
        if let Some(bar) = excerpt
            .bar_at(note.onset)
            .filter(|_| keys.contains(&note.pitch))
        {
            let sixteenth = (note.onset - bar.start + 3) / 6;
            *histogram.entry(bar.ticks * 100 + sixteenth).or_default() += 1.0;
        }
    }
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

/// A share or a mean: what is summed, and over how many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mean {
    /// The sum.
    pub sum: f64,
    /// How many values it is of.
    pub count: f64,
}

impl Mean {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1.0;
    }

    /// Adds a case that holds or not.
    pub fn add_case(&mut self, holds: bool) {
        self.add(f64::from(u8::from(holds)));
    }

    /// The mean; `None` of nothing.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

/// A number that each excerpt adds to.
pub struct Number {
    /// What it is.
    pub name: &'static str,
    /// Adds an excerpt.
    pub add: fn(&Excerpt, Player, &mut Mean),
    /// For which roles it says something.
    pub fits: fn(Role) -> bool,
}

/// The numbers, in the order of the report.
pub const NUMBERS: [Number; 19] = [
    Number {
        name: "notes a bar",
        add: |excerpt, player, mean| {
            mean.sum += excerpt.notes(player).len() as f64;
            mean.count += excerpt.bars.len() as f64;
        },
        fits: any_role,
    },
    Number {
        name: "scale consistency",
        add: |excerpt, player, mean| {
            let notes = excerpt.notes(player);
            let share = |key: Key| {
                let inside = notes
                    .iter()
                    .filter(|note| key.scale().contains(note.pitch))
                    .count();
                inside as f64 / notes.len() as f64
            };
            if !notes.is_empty() {
                mean.add(Key::all().map(share).fold(0.0, f64::max));
            }
        },
        fits: is_pitched,
    },
    Number {
        name: "steps (up to 2 semitones)",
        add: |excerpt, player, mean| {
            for (from, to) in steps(excerpt.notes(player))
                .into_iter()
                .filter(|(from, to)| from != to)
            {
                mean.add_case(from.abs_diff(to) <= 2);
            }
        },
        fits: is_line,
    },
    Number {
        name: "repeated bars",
        add: |excerpt, player, mean| {
            for index in 1..excerpt.bars.len() {
                let bar = contents(excerpt, player, index);
                if !bar.is_empty() {
                    let again = (index.saturating_sub(8)..index)
                        .any(|earlier| contents(excerpt, player, earlier) == bar);
                    mean.add_case(again);
                }
            }
        },
        fits: any_role,
    },
    Number {
        name: "self-similarity, 1 bar",
        add: |excerpt, player, mean| self_similarity(excerpt, player, 1, mean),
        fits: any_role,
    },
    Number {
        name: "self-similarity, 2 bars",
        add: |excerpt, player, mean| self_similarity(excerpt, player, 2, mean),
        fits: any_role,
    },
    Number {
        name: "self-similarity, 4 bars",
        add: |excerpt, player, mean| self_similarity(excerpt, player, 4, mean),
        fits: any_role,
    },
    Number {
        name: "self-similarity, 8 bars",
        add: |excerpt, player, mean| self_similarity(excerpt, player, 8, mean),
        fits: any_role,
    },
    Number {
        name: "empty where the human plays",
        add: |excerpt, player, mean| {
            for bar in &excerpt.bars {
                if !excerpt.in_bar(Player::Human, bar).is_empty() {
                    mean.add_case(!plays_in(excerpt, player, bar));
                }
            }
        },
        fits: any_role,
    },
    Number {
        name: "one bar for 8 bars",
        add: |excerpt, player, mean| {
            let looped = excerpt.bars.len() >= 8
                && (0..=excerpt.bars.len() - 8).any(|first| {
                    let bar = contents(excerpt, player, first);
                    !bar.is_empty()
                        && (first..first + 8).all(|index| contents(excerpt, player, index) == bar)
                });
            mean.add_case(looped);
        },
        fits: any_role,
    },
    Number {
        name: "root at chord changes",
        add: |excerpt, player, mean| {
            for chord in excerpt.changes() {
                add_root(excerpt, player, chord, mean);
            }
        },
        fits: |role| role == Role::Bass,
    },
    Number {
        name: "the same where the root is heard",
        add: |excerpt, player, mean| {
            for chord in excerpt
                .changes()
                .filter(|chord| root_is_heard(excerpt, chord))
            {
                add_root(excerpt, player, chord, mean);
            }
        },
        fits: |role| role == Role::Bass,
    },
    Number {
        name: "chord tone on the beat",
        add: |excerpt, player, mean| {
            for note in excerpt.notes(player) {
                let on_beat = excerpt
                    .bar_at(note.onset)
                    .is_some_and(|bar| (note.onset - bar.start) % bar.beat == 0);
                if let Some(chord) = excerpt.symbol_at(note.onset).filter(|_| on_beat) {
                    mean.add_case(has_tone(chord, note.pitch));
                }
            }
        },
        fits: is_pitched,
    },
    Number {
        name: "same root as the symbol",
        add: |excerpt, player, mean| {
            for (chord, played) in harmonised(excerpt, player) {
                mean.add_case(played.is_some_and(|played| played.root == chord.root));
            }
        },
        fits: |role| role == Role::Chords,
    },
    Number {
        name: "same root, by time",
        add: |excerpt, player, mean| {
            for (chord, played) in harmonised(excerpt, player) {
                let agrees = played.is_some_and(|played| played.root == chord.root);
                mean.sum += f64::from(u8::from(agrees)) * chord.duration as f64;
                mean.count += chord.duration as f64;
            }
        },
        fits: |role| role == Role::Chords,
    },
    Number {
        name: "same third as the symbol",
        add: |excerpt, player, mean| {
            let minor = |intervals: &[u8]| intervals.contains(&3);
            for (chord, played) in harmonised(excerpt, player) {
                if let Some(played) = played.filter(|played| played.root == chord.root) {
                    mean.add_case(minor(played.quality.intervals()) == minor(chord.intervals));
                }
            }
        },
        fits: |role| role == Role::Chords,
    },
    Number {
        name: "same quality as the symbol",
        add: |excerpt, player, mean| {
            for (chord, played) in harmonised(excerpt, player) {
                if let Some(played) = played.filter(|played| played.root == chord.root) {
                    mean.add_case(played.quality.intervals() == chord.intervals);
                }
            }
        },
        fits: |role| role == Role::Chords,
    },
    Number {
        name: "semitones a voice moves",
        add: |excerpt, player, mean| {
            let strokes = strokes(excerpt.notes(player));
            for pair in strokes.windows(2).filter(|pair| pair[0] != pair[1]) {
                for pitch in &pair[1] {
                    let nearest = pair[0].iter().map(|from| from.abs_diff(*pitch)).min();
                    mean.add(f64::from(nearest.unwrap_or(0)));
                }
            }
        },
        fits: |role| role == Role::Chords,
    },
    Number {
        name: "consonant with the highest heard",
        add: |excerpt, player, mean| {
            for note in excerpt.notes(player) {
                let heard = between(&excerpt.heard, note.onset - 192, note.onset + 1);
                let sounding = heard.iter().filter(|other| other.sounds_at(note.onset));
                if let Some(highest) = sounding.map(|other| other.pitch).max() {
                    let interval = highest.abs_diff(note.pitch) % 12;
                    mean.add_case([0, 3, 4, 7, 8, 9].contains(&interval));
                }
            }
        },
        fits: |role| role == Role::Counter,
    },
];

/// Onsets in the bar and keys of the notes that begin in it.
fn contents(excerpt: &Excerpt, player: Player, index: usize) -> Vec<(i64, u8)> {
    let bar = &excerpt.bars[index];
    places(excerpt.notes(player), bar.start, bar.end())
}

/// Whether something begins or still sounds in a bar.
fn plays_in(excerpt: &Excerpt, player: Player, bar: &Bar) -> bool {
    excerpt
        .notes(player)
        .iter()
        .any(|note| note.onset < bar.end() && note.end() > bar.start)
}

/// How much of a bar stood `lag` bars earlier at the same place and key: common notes by all notes of both
/// (Jaccard index), over bars that are not both empty.
fn self_similarity(excerpt: &Excerpt, player: Player, lag: usize, mean: &mut Mean) {
    let earlier = excerpt
        .earlier
        .iter()
        .map(|bar| places(&excerpt.before, bar.start, bar.end()));
    let played = excerpt
        .bars
        .iter()
        .map(|bar| places(excerpt.notes(player), bar.start, bar.end()));
    let bars: Vec<Vec<(i64, u8)>> = earlier.chain(played).collect();
    for index in excerpt.earlier.len().max(lag)..bars.len() {
        let (now, then) = (&bars[index], &bars[index - lag]);
        let common = now.iter().filter(|note| then.contains(note)).count();
        let all = now.len() + then.len() - common;
        if all > 0 {
            mean.add(common as f64 / all as f64);
        }
    }
}

/// Whether the lowest note that is struck with `chord` is its root or its bass; nothing struck, nothing
/// counted.
fn add_root(excerpt: &Excerpt, player: Player, chord: &ChordSymbol, mean: &mut Mean) {
    let struck = between(excerpt.notes(player), chord.onset - 2, chord.onset + 3);
    if let Some(lowest) = struck.iter().map(|note| note.pitch).min() {
        let class = lowest % 12;
        mean.add_case(class == chord.root || class == chord.bass);
    }
}

/// Whether somebody plays the root, or the bass, of `chord` while it holds: a root that nobody plays can
/// only be guessed.
fn root_is_heard(excerpt: &Excerpt, chord: &ChordSymbol) -> bool {
    let end = chord.onset + chord.duration;
    between(&excerpt.heard, chord.onset - 192, end)
        .iter()
        .filter(|note| note.end() > chord.onset + 2)
        .any(|note| [chord.root, chord.bass].contains(&note.pitch_class()))
}

fn has_tone(chord: &ChordSymbol, pitch: u8) -> bool {
    let class = pitch % 12;
    class == chord.bass
        || chord
            .intervals
            .iter()
            .any(|interval| (chord.root + interval) % 12 == class)
}

/// Each chord symbol of these bars with the chord that is played while it holds; `None` where none can be
/// told. Symbols under which the player is silent are left out.
fn harmonised(
    excerpt: &Excerpt,
    player: Player,
) -> impl Iterator<Item = (&ChordSymbol, Option<Chord>)> {
    let notes = excerpt.notes(player);
    excerpt.changes().filter_map(move |chord| {
        let end = chord.onset + chord.duration;
        let played: Vec<(u8, f32)> = between(notes, chord.onset - 192, end)
            .iter()
            .map(|note| {
                let length = note.end().min(end) - note.onset.max(chord.onset);
                (note.pitch, length.max(0) as f32)
            })
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        (!played.is_empty()).then(|| (chord, Chord::from_pitches(played)))
    })
}

/// The keys that are struck together, stroke by stroke; single notes are no chords.
fn strokes(notes: &[Note]) -> Vec<Vec<u8>> {
    notes
        .chunk_by(|a, b| a.onset == b.onset)
        .filter(|stroke| stroke.len() > 1)
        .map(|stroke| stroke.iter().map(|note| note.pitch).collect())
        .collect()
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
