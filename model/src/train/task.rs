//! From a piece to an exercise: what is heard, what is to be played, and what was known when.
//!
//! A user's track is not a score. Chord symbols are rendered as hands would play them, in any inversion and
//! rhythm; heard notes come late, short or not at all; everything is moved to any key; and the future is
//! known in full (song memory), for a beat, or not at all.

use rand::{Rng, seq::IndexedRandom};

use super::corpus::{ChordSymbol, Piece};
use crate::{
    controls::Role,
    generate::LEAD,
    note::{Note, between},
    planner::{CHECK, CORRECTION},
    time::Tick,
    tokenizer::{Scene, Segment, Sequence, Tokenizer, shift_to_c},
};

/// One thing to learn from: a role's own notes against what is heard.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// What is played.
    pub role: Role,
    /// The notes to be played, sorted.
    pub own: Vec<Note>,
    /// The notes that are heard, sorted.
    pub heard: Vec<Note>,
}

/// By onset, then pitch; one of each.
pub(super) fn sorted(mut notes: Vec<Note>) -> Vec<Note> {
    notes.sort_unstable_by_key(|note| (note.onset, note.pitch));
    notes.dedup_by_key(|note| (note.onset, note.pitch));
    notes
}

fn pick_part(piece: &Piece, role: &str, rng: &mut impl Rng) -> Option<Vec<Note>> {
    let parts: Vec<_> = piece
        .parts_of(role)
        .filter(|part| part.notes.len() >= 8)
        .collect();
    parts.choose(rng).map(|part| part.notes.clone())
}

/// Rhythms in which an accompanist plays a chord: onset and length of each stroke in a bar of 96 ticks,
/// cut or repeated for other bars. One is drawn for a whole piece, as a player would keep it.
const STROKES: [&[(i64, i64)]; 8] = [
    &[(0, 96)],
    &[(0, 96)],
    &[(0, 48), (48, 48)],
    &[(0, 24), (24, 24), (48, 24), (72, 24)],
    &[(0, 36), (36, 60)],
    &[(0, 36), (36, 36), (72, 24)],
    &[(24, 12), (72, 12)],
    &[(12, 12), (36, 12), (60, 12), (84, 12)],
];

/// Calls `stroke` for each stroke of the rhythm with the chord that sounds there.
fn strokes(piece: &Piece, rhythm: &[(i64, i64)], mut stroke: impl FnMut(&ChordSymbol, Tick, i64)) {
    for chord in &piece.chords {
        let end = chord.onset + chord.duration;
        let first = piece.bars.partition_point(|bar| bar.end() <= chord.onset);
        let mut struck = false;
        for bar in piece.bars[first..].iter().take_while(|bar| bar.start < end) {
            for &(offset, length) in rhythm {
                let onset = bar.start + offset;
                if offset >= bar.ticks || onset >= end || onset < chord.onset {
                    continue;
                }
                // A chord that changes between strokes is struck where it changes.
                if !struck && onset > chord.onset && offset % 24 == 0 {
                    let until = onset.min(end);
                    stroke(chord, chord.onset, until - chord.onset);
                }
                struck = true;
                let until = (onset + length).min(end).min(bar.end());
                stroke(chord, onset, until - onset);
            }
        }
        if !struck {
            stroke(chord, chord.onset, chord.duration.min(96));
        }
    }
}

/// How somebody's hands play chord symbols through a piece.
#[derive(Clone, Copy, Debug)]
pub struct Hands {
    rhythm: &'static [(i64, i64)],
    /// Middle of the register.
    center: i32,
    fixed_voicing: bool,
    /// One note after the other.
    pub broken: bool,
    staccato: bool,
    with_bass: bool,
    velocity: u8,
}

impl Hands {
    /// Anybody's.
    pub fn draw(rng: &mut impl Rng) -> Self {
        Self {
            rhythm: STROKES.choose(rng).expect("not empty"),
            center: rng.random_range(50..=68i32),
            fixed_voicing: rng.random_bool(0.4),
            broken: rng.random_bool(0.25),
            staccato: rng.random_bool(0.25),
            with_bass: rng.random_bool(0.25),
            velocity: rng.random_range(60..=100u8),
        }
    }
}

/// Chord symbols as `hands` play them on the heard track, in any inversion.
pub fn heard_chords(piece: &Piece, hands: Hands, rng: &mut impl Rng) -> Vec<Note> {
    let Hands {
        rhythm,
        center,
        fixed_voicing,
        broken,
        staccato,
        with_bass,
        velocity,
    } = hands;
    let mut notes = Vec::new();
    strokes(piece, rhythm, |chord, onset, length| {
        let spread = if fixed_voicing {
            0
        } else {
            rng.random_range(-5..=5)
        };
        let mut pitches = chord.around(center + spread);
        // Hands that leave out a note leave out the fifth.
        if pitches.len() > 3 && rng.random_bool(0.3) {
            let fifth = i32::from((chord.root + 7) % 12);
            pitches.retain(|pitch| pitch % 12 != fifth);
        }
        if rng.random_bool(0.15) {
            pitches.push(pitches[0] + 12);
        }
        if with_bass {
            pitches.insert(0, 36 + i32::from(chord.bass));
        }
        for (index, pitch) in pitches.iter().enumerate() {
            let delay = if broken { index as i64 * 12 } else { 0 };
            let length = if staccato {
                length.min(9)
            } else {
                length - delay
            };
            if length >= 3 {
                notes.push(Note {
                    onset: onset + delay,
                    duration: length,
                    pitch: (*pitch).clamp(0, 127) as u8,
                    velocity,
                });
            }
        }
    });
    sorted(notes)
}

/// Chord symbols as the Chords role is to play them: close position, 3 or 4 voices, each chord in the
/// inversion nearest to the one before.
fn own_chords(piece: &Piece, rng: &mut impl Rng) -> Vec<Note> {
    let rhythm = *STROKES.choose(rng).expect("not empty");
    let center = rng.random_range(57..=64i32);
    let velocity = rng.random_range(64..=88u8);
    let mut last: Vec<i32> = Vec::new();
    let mut notes = Vec::new();
    strokes(piece, rhythm, |chord, onset, length| {
        // Five-note chords go without their fifth: a hand plays four.
        let five = chord.intervals.len() > 4;
        let classes: Vec<i32> = chord
            .intervals
            .iter()
            .filter(|interval| !(five && **interval == 7))
            .map(|interval| i32::from((chord.root + interval) % 12))
            .collect();
        let voicing = (center - 9..=center + 3)
            .filter(|low| classes.contains(&low.rem_euclid(12)))
            .map(|low| {
                let mut pitches: Vec<i32> = classes
                    .iter()
                    .map(|class| low + (class - low).rem_euclid(12))
                    .collect();
                pitches.sort_unstable();
                pitches
            })
            .min_by_key(|pitches| voicing_cost(pitches, &last, center))
            .unwrap_or_default();
        for pitch in &voicing {
            notes.push(Note {
                onset,
                duration: length.max(3),
                pitch: (*pitch).clamp(0, 127) as u8,
                velocity,
            });
        }
        last = voicing;
    });
    sorted(notes)
}

/// Semitones that the voices move from `last`, plus a pull to the middle of the register.
fn voicing_cost(pitches: &[i32], last: &[i32], center: i32) -> i32 {
    let motion: i32 = pitches
        .iter()
        .map(|pitch| {
            last.iter()
                .map(|from| (pitch - from).abs())
                .min()
                .unwrap_or(0)
        })
        .sum();
    let middle = pitches.iter().sum::<i32>() / pitches.len().max(1) as i32;
    2 * motion + (middle - center).abs()
}

/// The harmony of a piece as something that can be heard: its chords or piano part, or its symbols
/// rendered.
fn harmony(piece: &Piece, without: &[Note], rng: &mut impl Rng) -> Option<Vec<Note>> {
    let symbols = !piece.chords.is_empty();
    if symbols && rng.random_bool(0.6) {
        return Some(heard_chords(piece, Hands::draw(rng), rng));
    }
    let mut notes = pick_part(piece, "chords", rng).or_else(|| pick_part(piece, "piano", rng));
    if let Some(notes) = &mut notes {
        notes.retain(|note| {
            let from = without.partition_point(|own| own.onset < note.onset);
            !without[from..]
                .iter()
                .take_while(|own| own.onset == note.onset)
                .any(|own| own.pitch == note.pitch)
        });
    }
    match notes {
        None if symbols => Some(heard_chords(piece, Hands::draw(rng), rng)),
        notes => notes,
    }
}

/// All parts of some roles, one of each.
fn others(piece: &Piece, roles: &[&str], keep: f64, rng: &mut impl Rng) -> Vec<Note> {
    let mut notes = Vec::new();
    for role in roles {
        if rng.random_bool(keep) {
            notes.extend(pick_part(piece, role, rng).unwrap_or_default());
        }
    }
    sorted(notes)
}

/// An exercise for `role` from `piece`, if it has one.
pub fn exercise(piece: &Piece, role: Role, rng: &mut impl Rng) -> Option<Exercise> {
    let (own, heard) = match role {
        Role::Continue => {
            let own = pick_part(piece, "melody", rng)?;
            let heard = match rng.random_range(0..10) {
                0..5 => Vec::new(),
                5..8 => harmony(piece, &own, rng).unwrap_or_default(),
                _ => others(piece, &["bass", "chords", "counter"], 0.5, rng),
            };
            (own, heard)
        }
        Role::Bass => {
            let own = pick_part(piece, "bass", rng)?;
            let melody = rng.random_bool(0.4);
            let mut heard = harmony(piece, &own, rng).unwrap_or_default();
            if heard.is_empty() || melody {
                heard.extend(others(piece, &["melody"], 1.0, rng));
            }
            if heard.is_empty() || (piece.chords.is_empty() && rng.random_bool(0.7)) {
                heard.extend(others(piece, &["counter", "voice"], 0.9, rng));
            }
            (own, sorted(heard))
        }
        Role::Chords => {
            let own = match pick_part(piece, "chords", rng) {
                Some(own) if piece.chords.is_empty() || rng.random_bool(0.3) => own,
                _ if piece.chords.is_empty() => return None,
                _ => own_chords(piece, rng),
            };
            let mut heard = others(piece, &["melody"], 1.0, rng);
            if heard.is_empty() || rng.random_bool(0.35) {
                heard.extend(others(piece, &["bass"], 1.0, rng));
            }
            (own, sorted(heard))
        }
        Role::Counter => {
            let inner = if rng.random_bool(0.2) {
                "voice"
            } else {
                "counter"
            };
            let own = pick_part(piece, inner, rng).or_else(|| pick_part(piece, "counter", rng))?;
            let mut heard = others(piece, &["melody"], 1.0, rng);
            if rng.random_bool(0.4) {
                heard.extend(harmony(piece, &own, rng).unwrap_or_default());
            }
            if rng.random_bool(0.3) {
                heard.extend(others(piece, &["bass"], 1.0, rng));
            }
            (own, sorted(heard))
        }
        Role::Drums => {
            let own = pick_part(piece, "drums", rng)?;
            (own, others(piece, &["bass", "chords", "melody"], 0.6, rng))
        }
    };
    (own.len() >= 8 && (role != Role::Bass || !heard.is_empty())).then_some(Exercise {
        role,
        own,
        heard,
    })
}

/// Makes the heard notes a player's: late or early by up to two ticks, some missing.
pub fn vary(exercise: &mut Exercise, rng: &mut impl Rng) {
    let dropped = if rng.random_bool(0.2) { 0.1 } else { 0.0 };
    exercise.heard.retain(|_| !rng.random_bool(dropped));
    if rng.random_bool(0.3) {
        for note in &mut exercise.heard {
            note.onset += rng.random_range(-2..=2);
        }
        exercise.heard.sort_by_key(|note| (note.onset, note.pitch));
    }
}

/// How much of the heard future an exercise shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Future {
    /// Whole bars and the next bar's beginning: song memory.
    Memory,
    /// Just the segment.
    Segment,
    /// Only what began on the segment's first beat: a correction.
    FirstBeat,
    /// Nothing: planned ahead.
    Nothing,
}

/// How far the network's keys lie above the notes'. Mostly the key found in all that it will see; but a
/// player's key is found from few notes, or wrongly, so sometimes it is any.
fn shift(exercise: &Exercise, from: Tick, rng: &mut impl Rng) -> i8 {
    /// About as far as a sequence reaches.
    const REACH: i64 = 12 * 96;
    /// What is known of a song after two bars.
    const BEGINNING: i64 = 2 * 96;
    let until = match rng.random_range(0..20) {
        0..3 => return rng.random_range(-6..=5),
        3..6 => from + BEGINNING,
        _ => from + REACH,
    };
    shift_to_c(
        exercise.role,
        between(&exercise.heard, from, until),
        between(&exercise.own, from, until),
    )
}

/// The sequence of an exercise from bar `first_bar` on, at most `length` steps long.
pub fn sequence(
    piece: &Piece,
    exercise: &Exercise,
    first_bar: usize,
    length: usize,
    rng: &mut impl Rng,
) -> Sequence {
    const FUTURES: [Future; 4] = [
        Future::Memory,
        Future::Segment,
        Future::FirstBeat,
        Future::Nothing,
    ];
    let usual = *FUTURES.choose(rng).expect("not empty");
    let from = piece.bars[first_bar].start;
    let scene = Scene {
        role: exercise.role,
        heard: &exercise.heard,
        own: &exercise.own,
        since: if rng.random_bool(0.5) { from } else { Tick(0) },
        shift: shift(exercise, from, rng),
    };
    let mut tokenizer = Tokenizer::new(scene, from);
    let mut sequence = Sequence::default();
    for bar in &piece.bars[first_bar..] {
        if sequence.steps.len() >= length {
            break;
        }
        let future = if rng.random_bool(0.8) {
            usual
        } else {
            *FUTURES.choose(rng).expect("not empty")
        };
        // A bar that is corrected half-way is two segments.
        let beats = (bar.ticks / bar.beat).max(1);
        let beat = bar.start + rng.random_range(0..beats) * bar.beat;
        let cut = rng
            .random_bool(0.25)
            .then_some(beat + CORRECTION)
            .filter(|cut| *cut < bar.end());
        let pieces = [
            (bar.start, cut.unwrap_or(bar.end())),
            (cut.unwrap_or(bar.end()), bar.end()),
        ];
        for (index, (start, end)) in pieces.into_iter().enumerate() {
            if start == end {
                continue;
            }
            // The second part of a cut bar is a correction: what began on its beat is known.
            let horizon = match (future, index) {
                (Future::Memory, _) => bar.end() + bar.beat,
                (Future::Segment, _) => end,
                (_, 1) => beat + CHECK,
                (Future::FirstBeat, _) => start + CHECK,
                (Future::Nothing, _) => start - LEAD,
            };
            let segment = Segment {
                bar: *bar,
                start,
                end,
                horizon,
            };
            tokenizer.push(&segment, &mut sequence);
        }
    }
    sequence.steps.truncate(length);
    let steps = sequence.steps.len();
    sequence.targets.retain(|target| target.step < steps);
    sequence
}
