//! What is played to the plugin: chord progressions and melodies in C major, made up for these tests.

use continuo_model::time::Meter;
use continuo_tests::clip::ClipNote;

/// C, A minor, F, G, each in the four voicings: root position, both inversions, open.
const PROGRESSION: [[[u8; 3]; 4]; 4] = [
    [[60, 64, 67], [64, 67, 72], [55, 60, 64], [60, 67, 76]],
    [[57, 60, 64], [60, 64, 69], [64, 69, 72], [57, 64, 72]],
    [[53, 57, 60], [57, 60, 65], [60, 65, 69], [53, 60, 69]],
    [[55, 59, 62], [59, 62, 67], [62, 67, 71], [55, 62, 71]],
];

/// How many voicings [`chords`] knows.
pub const VOICINGS: usize = 4;

/// `bars` bars of C, A minor, F, G in one voicing (0..[`VOICINGS`]), a chord to a bar of `meter`.
pub fn chords(meter: Meter, bars: i64, voicing: usize) -> Vec<ClipNote> {
    let length = meter.bar_ticks();
    let bar = |bar: i64| {
        let chord = PROGRESSION[bar.rem_euclid(4) as usize][voicing];
        chord.map(|pitch| ClipNote::new(bar * length, length - 3, pitch))
    };
    (0..bars).flat_map(bar).collect()
}

/// Steps of the scale of C that a melody of [`melody`] takes, one to a written beat.
const STEPS: [usize; 16] = [0, 2, 4, 2, 5, 4, 3, 1, 2, 4, 7, 5, 4, 3, 1, 0];

/// `bars` bars of a melody in C major that moves on the written beats of `meter`.
pub fn melody(meter: Meter, bars: i64) -> Vec<ClipNote> {
    /// The white keys above middle C.
    const SCALE: [u8; 8] = [60, 62, 64, 65, 67, 69, 71, 72];
    let beat = meter.denominator_ticks();
    let beats = bars * i64::from(meter.numerator);
    let note = |index: i64| {
        let pitch = SCALE[STEPS[index as usize % STEPS.len()]];
        ClipNote::new(index * beat, beat - 2, pitch)
    };
    (0..beats).map(note).collect()
}

/// A meter that is known to be one.
pub fn meter(numerator: i64, denominator: i64) -> Meter {
    Meter::new(numerator, denominator).expect("a meter")
}

/// The length of a bar in quarter notes.
pub fn bar_beats(meter: Meter) -> f64 {
    continuo_tests::player::beats(meter.bar_ticks())
}
