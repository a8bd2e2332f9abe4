//! The progression that notes make: where the harmony changes, and to which chord.
//!
//! Of all ways to cut the time into chords the best is found by dynamic programming, after Pardo and
//! Birmingham (2002, see [`super`]): each chord counts as long as it explains what sounds, and each change
//! costs something, least at a bar line. A broken chord, whose notes say little one by one, is told so. Between
//! chords of which only a part sounds the key of the music tells, and how roots mostly move: each place is
//! reached by several last chords, until what follows decides between them.

use super::{Chord, Key, PRESENT, PitchClassSet, Quality, RECOGNISED, semitones_up};
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
/// weights of [`super::quality`].
const CHANGE: [f32; 3] = [0.15, 1.0, 2.15];

/// How a single pitch class is worse explained by a chord than several are, for each eighth.
const ALONE: f32 = 0.08;
/// What a chord that begins anew counts against another, in eighths.
const SAME: f32 = 0.1;
/// What a nat of [`MOTIONS`] counts, in eighths.
const MOTION: f32 = 0.14;
/// What a nat of [`DEGREES`] counts, in eighths.
const DEGREE: f32 = 0.05;

// Both were counted in the symbols of the training split.

/// How likely a root that is so many semitones above the last one is, in hundredths of a nat against e^-2.2.
const MOTIONS: [i16; 12] = [19, -95, -32, -115, -157, 116, -159, -7, -96, -102, -39, -85];
/// How likely a root on each semitone above the tonic is, in hundredths of a nat against e^-3.5: in major and
/// in minor keys, for chords with a major third and a minor third, dominant, diminished and suspended ones.
const DEGREES: [[[i16; 12]; 5]; 2] = [
    [
        [
            211, -227, -105, -147, -162, 157, -264, 139, -170, -152, -38, -287,
        ],
        [
            -191, -392, 89, -302, 32, -114, -327, -139, -375, 90, -322, -257,
        ],
        [
            -59, -328, -59, -295, -149, -153, -335, 99, -253, -94, -205, -236,
        ],
        [
            -310, -292, -289, -280, -307, -406, -236, -365, -381, -366, -435, -313,
        ],
        [
            -119, -639, -256, -605, -339, -204, -631, -91, -552, -214, -414, -493,
        ],
    ],
    [
        [
            -17, -140, -311, 112, -332, -19, -228, 20, 137, -366, 152, -312,
        ],
        [
            199, -333, -155, -287, -308, 106, -392, 90, -234, -265, -205, -371,
        ],
        [
            -137, -262, -203, -207, -357, -97, -364, -23, -197, -319, -107, -367,
        ],
        [
            -477, -457, -166, -439, -424, -419, -348, -353, -418, -208, -495, -392,
        ],
        [
            -33, -521, -416, -144, -636, -162, -550, -138, -229, -525, -91, -587,
        ],
    ],
];

/// What sounds in one eighth.
#[derive(Clone, Copy)]
struct Cell {
    classes: [f32; 12],
    lowest: u8,
    /// Whether the harmony may change here.
    may_change: bool,
}

/// A way to reach a place.
#[derive(Clone, Copy)]
struct Reached {
    score: f32,
    /// The last chord, and where it begins.
    chord: Option<Chord>,
    from: usize,
    /// The way that was gone on from, among those that reach `from`.
    before: usize,
}

/// How many ways to reach a place are followed, each by another last chord.
const WAYS: usize = 8;

/// A chord is not followed for longer than this, in eighths, unless nothing begins meanwhile.
const LONGEST: usize = 20;

/// The chords of `notes`, sorted by onset, between `from` and `to`, which lie in or near `bar` in the same
/// meter; `key` is the key of the music. Empty when that is less than an eighth.
#[must_use]
pub fn progression(notes: &[Note], bar: &Bar, from: Tick, to: Tick, key: Option<Key>) -> Vec<Span> {
    let cells = cells(notes, bar, from, to);
    let mut ways = vec![vec![Reached {
        score: 0.0,
        chord: None,
        from: 0,
        before: 0,
    }]];
    for end in 1..=cells.len() {
        let may_end = end == cells.len() || cells[end].may_change;
        let mut reached = Vec::new();
        if may_end {
            let change = |start: usize| CHANGE[metric_level(bar, from + start as i64 * PLACE)];
            reach(&mut reached, &cells[..end], &ways, key, change);
        }
        ways.push(reached);
    }
    let mut spans = Vec::new();
    let (mut end, mut way) = (cells.len(), 0);
    while end > 0 {
        let reached = ways[end][way];
        spans.push(Span {
            from: from + reached.from as i64 * PLACE,
            to: from + end as i64 * PLACE,
            chord: reached.chord,
        });
        (end, way) = (reached.from, reached.before);
    }
    spans.reverse();
    spans
}

/// The best ways to reach the end of `cells`, best first; `ways` are those to the places before it, and a
/// chord that begins at a place costs `change`.
fn reach(
    reached: &mut Vec<Reached>,
    cells: &[Cell],
    ways: &[Vec<Reached>],
    key: Option<Key>,
    change: impl Fn(usize) -> f32,
) {
    let mut classes = [0.0; 12];
    let mut lowest = u8::MAX;
    for (start, cell) in cells.iter().enumerate().rev() {
        if cells.len() - start > LONGEST && !reached.is_empty() {
            break;
        }
        for (sum, weight) in classes.iter_mut().zip(cell.classes) {
            *sum += weight;
        }
        lowest = lowest.min(cell.lowest);
        if start > 0 && !cell.may_change {
            continue;
        }
        for (score, chord) in candidates(classes, lowest, (cells.len() - start) as f32, key) {
            let follow = |way: &Reached| way.score + follows(way.chord, chord);
            let best = (0..ways[start].len())
                .max_by(|a, b| follow(&ways[start][*a]).total_cmp(&follow(&ways[start][*b])));
            let Some(before) = best else {
                continue;
            };
            let score = follow(&ways[start][before]) + score - change(start);
            let way = Reached {
                score,
                chord,
                from: start,
                before,
            };
            match reached.iter_mut().find(|way| same(way.chord, chord)) {
                Some(known) if known.score >= score => {}
                Some(known) => *known = way,
                None => reached.push(way),
            }
        }
    }
    reached.sort_by(|a, b| b.score.total_cmp(&a.score));
    reached.truncate(WAYS);
}

/// The chords that best explain what sounds for `length` eighths, or that none does, each with what it counts.
fn candidates(
    classes: [f32; 12],
    lowest: u8,
    length: f32,
    key: Option<Key>,
) -> Vec<(f32, Option<Chord>)> {
    let mut best = vec![(RECOGNISED * length, None)];
    let sum: f32 = classes.iter().sum();
    let alone = classes
        .iter()
        .filter(|weight| **weight > PRESENT * sum)
        .count()
        == 1;
    let scale = key.map_or(PitchClassSet::ALL, Key::scale);
    Chord::each(classes, lowest, scale, |score, chord| {
        let score = if alone { score - ALONE } else { score };
        if score > RECOGNISED {
            let usual = key.map_or(0.0, |key| usual(key, &chord));
            let counts = score * length + usual;
            let place = best.partition_point(|(better, _)| *better >= counts);
            if place < WAYS {
                best.insert(place, (counts, Some(chord)));
                best.truncate(WAYS);
            }
        }
    });
    best
}

/// Whether two chords are the same but for their bass.
fn same(one: Option<Chord>, other: Option<Chord>) -> bool {
    let name = |chord: Chord| (chord.root, chord.quality);
    one.map(name) == other.map(name)
}

/// What it counts that `chord` follows `before`.
fn follows(before: Option<Chord>, chord: Option<Chord>) -> f32 {
    match before.zip(chord) {
        None => 0.0,
        Some(_) if same(before, chord) => SAME,
        Some((before, chord)) => {
            MOTION * f32::from(MOTIONS[usize::from(semitones_up(before.root, chord.root))]) / 100.0
        }
    }
}

/// What it counts how usual `chord` is in `key`.
fn usual(key: Key, chord: &Chord) -> f32 {
    let family = match chord.quality {
        Quality::Seventh | Quality::Ninth => 2,
        Quality::Diminished | Quality::DiminishedSeventh | Quality::HalfDiminished => 3,
        Quality::SuspendedFourth | Quality::SuspendedSecond | Quality::SeventhSuspended => 4,
        _ => usize::from(chord.is_minor()),
    };
    let degree = usize::from(semitones_up(key.tonic, chord.root));
    DEGREE * f32::from(DEGREES[usize::from(key.minor)][family][degree]) / 100.0
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
        progression(notes, &bar, Tick(0), Tick(192), Some(key))
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
            let spans = progression(&notes, &bar, Tick(0), Tick(length), None);
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
