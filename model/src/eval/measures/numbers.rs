//! Shares and means of what was played.

use super::{Excerpt, Player, any_role, is_line, is_pitched, steps};
use crate::{
    chord::{Chord, Key},
    controls::Role,
    harmony::Bar,
    note::{Note, between, places},
    train::corpus::ChordSymbol,
};

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
            for (chord, played) in harmonised(excerpt, player) {
                if let Some(played) = played.filter(|played| played.root == chord.root) {
                    mean.add_case(played.is_minor() == chord.intervals.contains(&3));
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
    let played = (0..excerpt.bars.len()).map(|index| contents(excerpt, player, index));
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
