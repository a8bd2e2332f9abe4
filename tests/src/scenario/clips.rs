//! What the track of a scenario holds: music, and what no musician would write.

use continuo_model::time::Meter;
use rand::Rng;

use crate::clip::ClipNote;

/// What a clip is called whose keys go down and up everywhere at once.
pub(super) const DENSE: &str = "dense sixteenths on 16 channels";

/// The last bar of a clip; the song goes on without it.
const BARS: i64 = 2;

/// Triads of C major, a bar each.
const CHORDS: [[u8; 3]; 4] = [[60, 64, 67], [57, 60, 64], [53, 57, 60], [55, 59, 62]];

/// Steps of a tune in C major.
const TUNE: [u8; 8] = [60, 64, 67, 65, 64, 62, 59, 60];

/// A clip of up to [`BARS`] bars of `meter`, and what it is.
pub(super) fn draw(numbers: &mut impl Rng, meter: Meter) -> (&'static str, Vec<ClipNote>) {
    match numbers.random_range(0..10) {
        0..4 => ("chords", chords(meter)),
        4..6 => ("a melody", melody(meter)),
        6 => (DENSE, dense(numbers, meter)),
        7 => ("every note twice at once", twice(&chords(meter))),
        8 => ("notes of velocity 0", silent(melody(meter))),
        _ => ("nothing", Vec::new()),
    }
}

fn chords(meter: Meter) -> Vec<ClipNote> {
    let length = meter.bar_ticks();
    let bar = |bar: i64| {
        CHORDS[bar as usize % CHORDS.len()]
            .map(|pitch| ClipNote::new(bar * length, (length - 3).max(1), pitch))
    };
    (0..BARS).flat_map(bar).collect()
}

/// One bar, so that whoever goes on with it has room.
fn melody(meter: Meter) -> Vec<ClipNote> {
    let beat = meter.denominator_ticks();
    let note = |index: i64| {
        let pitch = TUNE[index as usize % TUNE.len()];
        ClipNote::new(index * beat, (beat - 1).max(1), pitch)
    };
    (0..i64::from(meter.numerator)).map(note).collect()
}

/// Notes that end in the tick in which the next begins, all over the keyboard.
fn dense(numbers: &mut impl Rng, meter: Meter) -> Vec<ClipNote> {
    let steps = meter.bar_ticks() / 6;
    let mut clip = Vec::new();
    for step in 0..steps.min(32) {
        for channel in 0..16 {
            clip.push(ClipNote {
                channel,
                velocity: numbers.random_range(1..=127),
                ..ClipNote::new(step * 6, 6, numbers.random_range(0..=127))
            });
        }
    }
    clip
}

/// Each of `notes` with a second one on the same key that lasts half as long.
fn twice(notes: &[ClipNote]) -> Vec<ClipNote> {
    let both = |note: &ClipNote| {
        let shorter = ClipNote {
            duration: (note.duration / 2).max(1),
            velocity: 60,
            ..*note
        };
        [*note, shorter]
    };
    notes.iter().flat_map(both).collect()
}

fn silent(mut notes: Vec<ClipNote>) -> Vec<ClipNote> {
    for note in notes.iter_mut().step_by(2) {
        note.velocity = 0;
    }
    notes
}
