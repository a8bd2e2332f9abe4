//! A song to look at: sixteen bars of chords and a tune, and what a role plays to it.

use continuo_model::{
    chord::{Key, progression},
    controls::Role,
    harmony::Bar,
    note::Note,
    time::{BarGrid, Meter, Tick},
};

use crate::{
    bars::Bars,
    snapshot::{HeardNote, OwnNote, Snapshot},
};

const BAR: i64 = 96;
/// Root and triad of each bar, again and again.
const CHORDS: [[u8; 4]; 4] = [
    [45, 57, 60, 64],
    [41, 53, 57, 60],
    [48, 55, 60, 64],
    [43, 55, 59, 62],
];
/// The tune: place in its two bars in eighths, length, pitch.
const TUNE: [(i64, i64, u8); 10] = [
    (0, 3, 76),
    (3, 1, 74),
    (4, 2, 72),
    (6, 2, 71),
    (8, 3, 72),
    (11, 1, 74),
    (12, 1, 72),
    (13, 1, 71),
    (14, 1, 69),
    (15, 1, 71),
];

fn note(onset: i64, duration: i64, pitch: u8, velocity: u8) -> Note {
    Note {
        onset: Tick(onset),
        pitch,
        duration,
        velocity,
    }
}

/// What is heard in bars `from..to`.
fn heard(from: i64, to: i64) -> Vec<Note> {
    let mut notes = Vec::new();
    for bar in from..to {
        let start = bar * BAR;
        for pitch in &CHORDS[bar.rem_euclid(4) as usize][1..] {
            notes.push(note(start, 90, *pitch, 64));
        }
        for (place, length, pitch) in TUNE {
            if place / 8 == bar.rem_euclid(2) {
                let onset = start + place % 8 * 12;
                notes.push(note(
                    onset,
                    length * 12 - 1,
                    pitch,
                    70 + (place * 5 % 40) as u8,
                ));
            }
        }
    }
    notes.sort_by_key(|note| (note.onset, note.pitch));
    notes
}

/// What a role plays in a bar.
fn own(role: Role, bar: i64) -> Vec<Note> {
    let start = bar * BAR;
    let chord = CHORDS[bar.rem_euclid(4) as usize];
    let root = chord[0] - 12;
    let rows: Vec<(i64, i64, u8, u8)> = match role {
        Role::Continue => vec![
            (0, 20, 79, 84),
            (24, 10, 77, 76),
            (36, 10, 76, 80),
            (48, 22, 74, 88),
            (72, 22, 72, 78),
        ],
        Role::Bass => vec![
            (0, 30, root, 96),
            (36, 10, root, 78),
            (48, 22, root + 7, 88),
            (72, 10, root + 12, 82),
            (84, 10, root + 10, 74),
        ],
        Role::Chords => chord[1..]
            .iter()
            .flat_map(|pitch| {
                [
                    (12, 20, *pitch + 12, 66),
                    (48, 10, *pitch + 12, 74),
                    (60, 30, *pitch + 12, 70),
                ]
            })
            .collect(),
        Role::Counter => vec![
            (0, 46, chord[2], 80),
            (48, 22, chord[3], 76),
            (72, 22, chord[3] + 3, 82),
        ],
        Role::Drums => {
            let mut rows: Vec<_> = (0..16)
                .map(|step| (step * 6, 5, 42, if step % 4 == 0 { 100 } else { 58 }))
                .collect();
            rows.extend([
                (0, 6, 36, 112),
                (36, 6, 36, 84),
                (48, 6, 36, 104),
                (24, 6, 38, 108),
                (72, 6, 38, 112),
            ]);
            if bar % 4 == 3 {
                rows.extend([(78, 6, 45, 90), (84, 6, 43, 96), (90, 6, 41, 104)]);
            }
            if bar % 4 == 0 {
                rows.push((0, 40, 49, 100));
            }
            rows
        }
    };
    rows.into_iter()
        .map(|(onset, length, pitch, velocity)| note(start + onset, length, pitch, velocity))
        .collect()
}

/// The song when the playhead is at `at`, with one bar planned ahead. What is heard ahead is known when
/// `again`: it is not the first pass.
pub fn song(role: Role, at: i64, again: bool) -> Snapshot {
    let here = at.div_euclid(BAR);
    let heard: Vec<Note> = heard(0, if again { 16 } else { here + 1 })
        .into_iter()
        .filter(|note| again || note.onset.0 <= at)
        .collect();
    let key = Key::find(&heard);
    let grid = BarGrid::from_origin(Meter::COMMON);
    let last = if again { 16 } else { here + 1 };
    let chords = (0..last)
        .flat_map(|number| {
            let bar = Bar::containing(grid, Tick(number * BAR));
            progression(&heard, &bar, bar.start, bar.end(), key)
        })
        .collect();
    let planned = if again { 15 } else { here + 1 };
    let mut own: Vec<Note> = (0..=planned).flat_map(|bar| own(role, bar)).collect();
    own.sort_by_key(|note| (note.onset, note.pitch));
    Snapshot {
        now: Tick(at),
        around: Tick(at),
        role,
        heard: heard
            .into_iter()
            .map(|note| {
                let open = note.onset.0 <= at && at < note.end().0;
                let so_far = (at - note.onset.0).max(1);
                let duration = if open && !again {
                    so_far
                } else {
                    note.duration
                };
                HeardNote {
                    note: Note { duration, ..note },
                    open,
                }
            })
            .collect(),
        own: own
            .into_iter()
            .map(|note| OwnNote::new(&note.into(), false))
            .collect(),
        chords,
        key,
        bars: Bars::default(),
        ..Snapshot::default()
    }
}
