//! The progression that notes make: where the harmony changes, and to which chord.
//!
//! Of all ways to cut the time into chords the best is found by dynamic programming, after Pardo and
//! Birmingham (2002, see [`super`]): each chord counts as long as it explains what sounds, and each change
//! costs something, least at a bar line. A broken chord, whose notes say little one by one, is told so, and
//! the key of the music tells between chords of which only a part sounds.

use super::{Chord, PitchClassSet};
use crate::{harmony::Bar, note::Note, time::Tick};

/// A stretch of time in which one chord holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Where it begins.
    pub from: Tick,
    /// Where the next begins.
    pub to: Tick,
    /// The chord; `None` where none can be told.
    pub chord: Option<Chord>,
}

impl Span {
    /// Whether `at` lies in it.
    #[must_use]
    pub fn holds(&self, at: Tick) -> bool {
        self.from <= at && at < self.to
    }
}

/// The harmony changes on eighths, seen from the bar line.
const PLACE: i64 = 12;

/// What a change costs, in eighths of a chord that explains everything, by metric level. Fitted like the
/// weights of [`super`].
const CHANGE: [f32; 3] = [0.16, 0.6, 2.3];

/// What sounds in one eighth.
#[derive(Clone, Copy)]
struct Cell {
    classes: [f32; 12],
    lowest: u8,
    /// Whether the harmony may change here.
    may_change: bool,
}

/// The best way to reach a place.
#[derive(Clone, Copy)]
struct Reached {
    score: f32,
    from: usize,
    chord: Option<Chord>,
}

/// The chords of `notes`, sorted by onset, between `from` and `to`, which lie in or near `bar` in the same
/// meter; `scale` is that of the key. Empty when that is less than an eighth.
#[must_use]
pub fn progression(
    notes: &[Note],
    bar: &Bar,
    from: Tick,
    to: Tick,
    scale: PitchClassSet,
) -> Vec<Span> {
    let cells = cells(notes, bar, from, to);
    let mut best = vec![Reached {
        score: 0.0,
        from: 0,
        chord: None,
    }];
    for end in 1..=cells.len() {
        let mut reached = Reached {
            score: f32::MIN,
            from: 0,
            chord: None,
        };
        if end == cells.len() || cells[end].may_change {
            let mut classes = [0.0; 12];
            let mut lowest = u8::MAX;
            for (start, cell) in cells[..end].iter().enumerate().rev() {
                for (sum, weight) in classes.iter_mut().zip(cell.classes) {
                    *sum += weight;
                }
                lowest = lowest.min(cell.lowest);
                if start > 0 && !cell.may_change {
                    continue;
                }
                let (score, chord) = Chord::explain(classes, lowest, scale);
                let at = from + start as i64 * PLACE;
                let score = best[start].score + score * (end - start) as f32
                    - CHANGE[metric_level(bar, at)];
                if score > reached.score {
                    reached = Reached {
                        score,
                        from: start,
                        chord,
                    };
                }
            }
        }
        best.push(reached);
    }
    let mut spans = Vec::new();
    let mut end = cells.len();
    while end > 0 {
        let reached = best[end];
        spans.push(Span {
            from: from + reached.from as i64 * PLACE,
            to: from + end as i64 * PLACE,
            chord: reached.chord,
        });
        end = reached.from;
    }
    spans.reverse();
    spans
}

/// What sounds in each eighth from `from` on, up to `to`.
fn cells(notes: &[Note], bar: &Bar, from: Tick, to: Tick) -> Vec<Cell> {
    let count = ((to - from).max(0) / PLACE) as usize;
    let silent = Cell {
        classes: [0.0; 12],
        lowest: u8::MAX,
        may_change: false,
    };
    let mut cells = vec![silent; count];
    for note in notes {
        // Hands are early or late; what begins near an eighth begins there.
        let first = (note.onset - from + PLACE / 2).div_euclid(PLACE);
        if let Some(cell) = usize::try_from(first).ok().and_then(|at| cells.get_mut(at)) {
            cell.may_change = true;
        }
        let end = (note.end() - from).min(count as i64 * PLACE);
        let mut at = (first * PLACE).max(0);
        while at < end {
            let cell = &mut cells[(at / PLACE) as usize];
            cell.classes[usize::from(note.pitch_class())] += (end - at).min(PLACE) as f32;
            cell.lowest = cell.lowest.min(note.pitch);
            at += PLACE;
        }
    }
    // Who plays off the beat changes on it all the same.
    for (place, cell) in (0..).zip(&mut cells) {
        let silent = cell.lowest == u8::MAX;
        cell.may_change |= silent && metric_level(bar, from + place * PLACE) < 2;
    }
    cells
}

/// 0 on a bar line, 1 on a felt beat, 2 between.
fn metric_level(bar: &Bar, at: Tick) -> usize {
    let place = (at - bar.start).rem_euclid(bar.ticks);
    if place == 0 {
        0
    } else if place % bar.beat == 0 {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chord::Key,
        time::{BarGrid, Meter},
    };
    use proptest::prelude::*;

    /// The chords of two bars of 4/4 in C, as "0 C, 96 G".
    fn chords(notes: &[Note]) -> String {
        let bar = Bar::containing(BarGrid::from_origin(Meter::COMMON), Tick(96));
        let key = Key {
            tonic: 0,
            minor: false,
        };
        progression(notes, &bar, Tick(0), Tick(192), key.scale())
            .iter()
            .map(|span| {
                let name = span
                    .chord
                    .map_or_else(|| "-".to_owned(), |chord| chord.name());
                format!("{} {name}", span.from.0)
            })
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn block(onset: i64, duration: i64, pitches: &[u8]) -> impl Iterator<Item = Note> {
        pitches
            .iter()
            .map(move |pitch| Note::plain(onset, duration, *pitch))
    }

    #[test]
    fn block_chords_change_where_they_are_struck() {
        let notes: Vec<Note> = block(0, 48, &[60, 64, 67])
            .chain(block(48, 48, &[60, 65, 69]))
            .chain(block(96, 96, &[59, 62, 67]))
            .collect();
        assert_eq!(chords(&notes), "0 C, 48 F/C, 96 G/B");
    }

    #[test]
    fn a_broken_chord_is_one() {
        let broken = |at: i64, pitches: [u8; 4]| {
            (0..8).map(move |index| Note::plain(at + 12 * index, 12, pitches[index as usize % 4]))
        };
        let notes: Vec<Note> = broken(0, [60, 67, 64, 67])
            .chain(broken(96, [62, 69, 65, 69]))
            .collect();
        assert_eq!(chords(&notes), "0 C, 96 Dm");
    }

    #[test]
    fn strokes_off_the_beat_belong_to_the_bar_line_before() {
        let notes: Vec<Note> = [12, 36, 60, 84]
            .into_iter()
            .flat_map(|at| block(at, 6, &[60, 64, 67]).chain(block(96 + at, 6, &[60, 65, 69])))
            .collect();
        let mut sorted = notes;
        sorted.sort_by_key(|note| note.onset);
        assert_eq!(chords(&sorted), "0 C, 96 F/C");
    }

    #[test]
    fn early_hands_change_on_the_beat() {
        let notes: Vec<Note> = block(0, 46, &[60, 64, 67])
            .chain(block(46, 50, &[62, 65, 69]))
            .collect();
        assert_eq!(chords(&notes), "0 C, 48 Dm");
    }

    #[test]
    fn the_key_fills_in_what_is_not_played() {
        // E and G in C major are rather Em or C than E or C#dim.
        let found = chords(&block(0, 192, &[64, 67, 71]).collect::<Vec<_>>());
        assert_eq!(found, "0 Em");
        let found = chords(&block(0, 192, &[62, 65]).collect::<Vec<_>>());
        assert_eq!(found, "0 Dm");
    }

    #[test]
    fn silence_has_no_chord() {
        assert_eq!(chords(&[]), "0 -");
    }

    proptest! {
        #[test]
        fn spans_follow_each_other_without_gaps(
            notes in prop::collection::vec((-200..400i64, 1..300i64, 0..128u8), 0..40),
            length in 0..400i64,
        ) {
            let mut notes: Vec<Note> =
                notes.into_iter().map(|(onset, duration, pitch)| Note::plain(onset, duration, pitch)).collect();
            notes.sort_by_key(|note| note.onset);
            let bar = Bar::containing(BarGrid::from_origin(Meter::COMMON), Tick(96));
            let spans = progression(&notes, &bar, Tick(0), Tick(length), PitchClassSet::ALL);
            let mut at = Tick(0);
            for span in &spans {
                prop_assert_eq!(span.from, at);
                prop_assert!(span.to > span.from);
                at = span.to;
            }
            prop_assert_eq!(at.0, length / PLACE * PLACE);
        }
    }
}
