//! What each motion leaves of logits that want everything alike.

use super::*;
use crate::{
    chord::Quality,
    controls::Rhythm,
    time::{BarGrid, Meter},
};

const MAJOR: PitchClassSet = PitchClassSet::from_mask(0b1010_1011_0101);

/// What a bass plays of a bar of `rhythm`, always the likeliest, over chords on `roots`, each for as long as the
/// others; the chord after them is on the first.
fn played(motion: Motion, rhythm: Rhythm, roots: &[(u8, Quality)], range: (u8, u8)) -> Vec<Note> {
    let grid = BarGrid::from_origin(Meter::COMMON);
    let mut notes: Vec<Note> = Vec::new();
    let bars = roots.len() as i64;
    for number in 0..bars {
        let bar = Bar::containing(grid, Tick(96 * number));
        let (root, quality) = roots[number as usize];
        let (next, _) = roots[(number as usize + 1) % roots.len()];
        let places = Grid::of(rhythm, &bar).expect("a rhythm");
        for place in places.between(0, 96) {
            let line = Line {
                motion,
                role: Role::Bass,
                at: bar.start + place as i64,
                bar,
                grid: Some(places),
                scale: MAJOR,
                before: &notes,
                told: Some(Told {
                    chord: Chord::new(root, quality),
                    root,
                    since: bar.start,
                    next: Some(Next {
                        at: bar.end(),
                        root: next,
                        ceiling: None,
                    }),
                }),
                range,
            };
            let mut logits = keys(|key| {
                if (range.0..=range.1).contains(&key) {
                    0.0
                } else {
                    f32::NEG_INFINITY
                }
            });
            line.lean(&mut logits);
            let likeliest = (0..128u8)
                .rev()
                .max_by(|a, b| logits[usize::from(*a)].total_cmp(&logits[usize::from(*b)]));
            let pitch = likeliest.expect("a key");
            assert!(logits[usize::from(pitch)].is_finite(), "{motion:?}");
            notes.push(Note {
                onset: line.at,
                pitch,
                duration: 6,
                velocity: 80,
            });
        }
    }
    notes
}

const TURN: [(u8, Quality); 4] = [
    (0, Quality::Major),
    (9, Quality::Minor),
    (5, Quality::Major),
    (7, Quality::Major),
];

fn pitches(motion: Motion, rhythm: Rhythm) -> Vec<u8> {
    let notes = played(motion, rhythm, &TURN, (28, 57));
    notes.iter().map(|note| note.pitch).collect()
}

#[test]
fn roots_move_by_the_nearest_way() {
    let roots = pitches(Motion::Roots, Rhythm::WholeNotes);
    let classes: Vec<u8> = roots.iter().map(|key| key % 12).collect();
    assert_eq!(classes, [0, 9, 5, 7]);
    assert!(
        roots.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 6),
        "{roots:?}"
    );
}

#[test]
fn root_and_fifth_take_turns() {
    let classes: Vec<u8> = pitches(Motion::RootsAndFifths, Rhythm::HalfNotes)
        .iter()
        .map(|key| key % 12)
        .collect();
    assert_eq!(classes, [0, 7, 9, 4, 5, 0, 7, 2]);
}

#[test]
fn a_walk_steps_from_root_to_root() {
    for rhythm in [Rhythm::QuarterNotes, Rhythm::EighthNotes] {
        let walk = pitches(Motion::Steps, rhythm);
        let a_bar = walk.len() / 4;
        let roots: Vec<u8> = walk.iter().step_by(a_bar).map(|key| key % 12).collect();
        assert_eq!(roots, [0, 9, 5, 7]);
        let steps: Vec<u8> = walk
            .windows(2)
            .map(|pair| pair[0].abs_diff(pair[1]))
            .collect();
        let seconds = steps.iter().filter(|step| (1..=2).contains(*step)).count();
        assert!(
            !steps.contains(&0) && seconds * 5 >= steps.len() * 4,
            "{walk:?}"
        );
    }
}

#[test]
fn an_arpeggio_goes_up_from_the_root_and_down_again() {
    let notes = played(Motion::Arpeggio, Rhythm::EighthNotes, &TURN[..1], (28, 57));
    let keys: Vec<u8> = notes.iter().map(|note| note.pitch).collect();
    assert_eq!(keys, [36, 40, 43, 48, 52, 48, 43, 40]);
}

#[test]
fn alberti_is_low_high_middle_high_and_moves_little() {
    let keys = pitches(Motion::Alberti, Rhythm::EighthNotes);
    let voicings: Vec<[u8; 3]> = keys
        .chunks_exact(4)
        .map(|figure| {
            let [low, high, middle, again] = figure else {
                panic!("four notes");
            };
            assert!(low < middle && middle < high && high == again && high - low <= 12);
            [*low, *middle, *high]
        })
        .collect();
    for pair in voicings.windows(2) {
        let moved: u8 = (0..3)
            .map(|voice| pair[0][voice].abs_diff(pair[1][voice]))
            .sum();
        assert!(moved <= 9, "{voicings:?}");
    }
}

#[test]
fn something_is_always_left() {
    for motion in Motion::ALL {
        for range in [(40, 40), (40, 41), (41, 45), (0, 127)] {
            for rhythm in [Rhythm::WholeNotes, Rhythm::SixteenthNotes] {
                let notes = played(motion, rhythm, &TURN, range);
                assert!(
                    notes
                        .iter()
                        .all(|note| (range.0..=range.1).contains(&note.pitch))
                );
            }
        }
    }
}

#[test]
fn before_a_chord_is_known_the_key_gives_one() {
    assert_eq!(triad(MAJOR, 2).iter().collect::<Vec<_>>(), [2, 5, 9]);
    assert_eq!(
        triad(PitchClassSet::ALL, 2).iter().collect::<Vec<_>>(),
        [2, 9]
    );
}
