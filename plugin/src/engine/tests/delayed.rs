//! The playing head at the distance of the lookahead, when the blocks on the way are very many.

use super::*;

/// 120 ms at [`RATE_HIGH`].
const LOOKAHEAD: u32 = 46_080;
const RATE_HIGH: f64 = 384_000.0;

/// What is played of two notes, and passed of two keys, in blocks of a sample each, while the tempo rises by
/// `ramp` quarter notes a minute from one to the next.
fn in_blocks_of_a_sample(ramp: f64) -> Rig {
    let mut rig = Rig::new();
    rig.block.sample_rate = RATE_HIGH;
    rig.block.lookahead = LOOKAHEAD;
    rig.block.transport.tempo = Some(480.0);
    rig.block.transport.playing = true;
    rig.run(1, &[]);
    let epoch = rig.epoch();
    rig.plan(epoch, note(3, 60));
    rig.plan(epoch, note(30, 62));
    while rig.now < 150_000 {
        let input = match rig.now {
            7_000 => vec![on(0, 70, 1)],
            60_000 => vec![off(0, 70, 2)],
            _ => vec![],
        };
        rig.run(1, &input);
        rig.block.transport.tempo = rig.block.transport.tempo.map(|tempo| tempo + ramp);
        rig.heard();
    }
    rig
}

#[test]
fn blocks_of_one_sample_at_384_khz_leave_exactly_120_ms_later() {
    let rig = in_blocks_of_a_sample(0.0);
    let later = u64::from(LOOKAHEAD);
    // A quarter is 48,000 samples, a tick 2,000.
    let expected = [
        (6_000 + later, 60, true),
        (54_000 + later, 60, false),
        (60_000 + later, 62, true),
    ];
    assert_eq!(rig.generated(), expected);
    assert_eq!(rig.passed(), [(7_000 + later, 1), (60_000 + later, 2)]);
    assert_eq!(rig.count(Count::Dropped) + rig.count(Count::Late), 0);
}

#[test]
fn a_tempo_that_rises_with_every_sample_leaves_nothing_early() {
    let rig = in_blocks_of_a_sample(1e-4);
    let later = u64::from(LOOKAHEAD);
    // At sample n the quarters are (480 n + 1e-4 n²/2) / 60 / 384,000.
    let sample = |tick: f64| {
        let quarters = tick / 24.0 * 60.0 * RATE_HIGH;
        (((480.0_f64.powi(2) + 2e-4 * quarters).sqrt() - 480.0) / 1e-4).round() as u64
    };
    let begun = rig.generated();
    for ((at, pitch, on), (tick, expected)) in begun.iter().zip([(3.0, 60), (27.0, 60), (30.0, 62)])
    {
        assert_eq!((*pitch, *on), (expected, tick != 27.0));
        assert!(
            at.abs_diff(sample(tick) + later) <= 2,
            "{at} for tick {tick}"
        );
    }
    assert_eq!(begun.len(), 3);
    assert_eq!(rig.passed(), [(7_000 + later, 1), (60_000 + later, 2)]);
}
