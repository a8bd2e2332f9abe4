//! The clock against a naive oracle: a song position computed from the number of samples alone.

mod hosts;

use continuo_model::time::Meter;

use super::*;

const RATE: f64 = 48_000.0;

fn playing(quarters: f64) -> Transport {
    Transport {
        playing: true,
        tempo: Some(120.0),
        quarters: Some(quarters),
        ..Transport::default()
    }
}

fn looping(quarters: f64, cycle: (f64, f64)) -> Transport {
    Transport {
        cycle: Some(cycle),
        ..playing(quarters)
    }
}

fn spans(clock: &mut Clock, transport: &Transport, frames: u32) -> Vec<Span> {
    assert!(clock.begin(transport, frames, RATE));
    std::iter::from_fn(|| clock.next_span()).collect()
}

/// Whole ticks of a span with their samples, counted from the block's start.
fn ticks(span: &Span) -> Vec<(i64, u32)> {
    let (from, until) = (span.frontier(0), span.frontier(span.frames));
    (from.ceil() as i64..until.ceil() as i64)
        .map(|tick| (tick, span.first + span.sample_of(tick as f64)))
        .collect()
}

#[test]
fn every_tick_is_in_one_block_at_its_nearest_sample() {
    for rate in [8_000.0, 44_100.0, 48_000.0, 96_000.0, 384_000.0] {
        for tempo in [20.0, 97.3, 120.0, 999.0] {
            for frames in [1, 63, 512, 8192] {
                let mut clock = Clock::new();
                let mut expected = 0;
                let mut played = 0_u64;
                let blocks = if frames == 1 { 20_000 } else { 60 };
                for _ in 0..blocks {
                    let quarters = played as f64 / rate / 60.0 * tempo;
                    let transport = Transport {
                        tempo: Some(tempo),
                        ..playing(quarters)
                    };
                    assert!(clock.begin(&transport, frames, rate));
                    let span = clock.next_span().expect("a block that plays has a span");
                    for (tick, sample) in ticks(&span) {
                        assert_eq!(tick, expected, "{rate} {tempo} {frames}");
                        let exact = tick as f64 / 24.0 / tempo * 60.0 * rate;
                        let error = (played + u64::from(sample)) as f64 - exact;
                        // Half a sample, and half of one where the nearest sample is in the next block.
                        assert!(
                            error.abs() <= 0.5 + 1e-6,
                            "{error} at {rate} {tempo} {frames}"
                        );
                        expected += 1;
                    }
                    assert_eq!(clock.next_span(), None);
                    played += u64::from(frames);
                }
            }
        }
    }
}

#[test]
fn rounded_positions_neither_lose_nor_repeat_a_tick() {
    // A host that counts 960 to the quarter, rounding down, and one that rounds up.
    for round in [f64::floor as fn(f64) -> f64, f64::ceil] {
        let mut clock = Clock::new();
        let mut expected: Option<i64> = None;
        for block in 0..4000_u64 {
            let exact = (block * 37) as f64 / RATE * 2.0;
            let transport = playing(round(exact * 960.0) / 960.0);
            for span in spans(&mut clock, &transport, 37) {
                assert_eq!(span.entry == Entry::Jumps, block == 0);
                for (tick, _) in ticks(&span) {
                    assert_eq!(tick, expected.unwrap_or(tick));
                    expected = Some(tick + 1);
                }
            }
        }
        assert!(expected.is_some_and(|tick| tick > 140));
    }
}

#[test]
fn spans_that_follow_evenly_are_joined_and_others_are_not() {
    let rate = 384_000.0;
    let mut clock = Clock::new();
    let mut whole: Option<Span> = None;
    for sample in 0..46_080_u64 {
        let transport = Transport {
            tempo: Some(117.0),
            ..playing(sample as f64 / rate / 60.0 * 117.0)
        };
        assert!(clock.begin(&transport, 1, rate));
        let span = clock.next_span().expect("a span");
        whole = Some(whole.map_or(span, |whole| whole.joined(&span).expect("even play")));
    }
    let whole = whole.expect("a span");
    assert_eq!(
        (whole.frames, whole.frontier(0)),
        (46_080, -0.5 * whole.ticks_per_sample)
    );
    let last = whole.position(46_079);
    assert!((last / 24.0 - 46_079.0 / rate / 60.0 * 117.0).abs() < 1e-9);

    let mut clock = Clock::new();
    let first = spans(&mut clock, &playing(0.0), 480)[0];
    let faster = Transport {
        tempo: Some(140.0),
        ..playing(0.02)
    };
    let second = spans(&mut clock, &faster, 480)[0];
    assert_eq!(
        (second.entry, first.joined(&second)),
        (Entry::Continues, None)
    );
    let jump = spans(&mut clock, &playing(9.0), 480)[0];
    assert_eq!(second.joined(&jump), None);
}

#[test]
fn a_loop_wraps_inside_the_block() {
    let mut clock = Clock::new();
    // Four quarters at 120 are 96,000 samples; the block begins 100 samples before the end.
    let near_end = 4.0 - 100.0 / 24_000.0;
    let cut = spans(&mut clock, &looping(near_end, (0.0, 4.0)), 512);
    assert_eq!(cut.len(), 2);
    assert_eq!(
        (cut[0].first, cut[0].frames, cut[0].entry),
        (0, 100, Entry::Jumps)
    );
    assert_eq!(
        (cut[1].first, cut[1].frames, cut[1].entry),
        (100, 412, Entry::Wraps)
    );
    assert_eq!(ticks(&cut[0]), []);
    assert_eq!(ticks(&cut[1]), [(0, 100)]);
    assert_eq!(cut[0].unheard_tick(100), Tick(96));
    let next = spans(&mut clock, &looping(412.0 / 24_000.0, (0.0, 4.0)), 512);
    assert_eq!((next.len(), next[0].entry), (1, Entry::Continues));
}

#[test]
fn a_loop_that_ends_with_the_block_wraps_at_the_next() {
    let mut clock = Clock::new();
    let cycle = (1.0, 3.0);
    let first = spans(&mut clock, &looping(3.0 - 512.0 / 24_000.0, cycle), 512);
    assert_eq!(first.len(), 1);
    let second = spans(&mut clock, &looping(1.0, cycle), 512);
    assert_eq!((second.len(), second[0].entry), (1, Entry::Wraps));
    assert_eq!(ticks(&second[0]), [(24, 0)]);
}

#[test]
fn a_host_that_rounds_the_loop_end_by_a_sample_still_wraps() {
    for late in [-1.0, -0.4, 0.4, 1.0] {
        let mut clock = Clock::new();
        let cycle = (0.0, 4.0);
        let end = 4.0 + late / 24_000.0;
        spans(&mut clock, &looping(end - 512.0 / 24_000.0, cycle), 512);
        let next = spans(&mut clock, &looping(0.0, cycle), 512);
        assert_ne!(next[0].entry, Entry::Jumps, "{late}");
        assert_eq!(next.len(), 1);
    }
}

#[test]
fn a_host_that_wraps_only_between_blocks_does_not_jump() {
    let mut clock = Clock::new();
    let cycle = (0.0, 1.0);
    let mut wraps = 0;
    let mut expected = 0;
    let mut position = 0.0;
    for block in 0..400 {
        for span in spans(&mut clock, &looping(position, cycle), 700) {
            assert_eq!(span.entry == Entry::Jumps, block == 0);
            wraps += usize::from(span.entry == Entry::Wraps);
            for (tick, _) in ticks(&span) {
                assert_eq!(tick, expected % 24);
                expected += 1;
            }
        }
        position += 700.0 / 24_000.0;
        if position >= 1.0 {
            position = 0.0;
        }
    }
    assert!(wraps >= 11, "{wraps}");
}

#[test]
fn play_from_behind_the_loop_goes_on() {
    let mut clock = Clock::new();
    let cut = spans(&mut clock, &looping(4.0, (0.0, 4.0)), 512);
    assert_eq!(cut.len(), 1);
    assert_eq!(clock.outline().cycle, None);
    assert_eq!(ticks(&cut[0]), [(96, 0)]);
}

#[test]
fn jumps_are_told_from_drift() {
    let entry_after = |quarters: f64| {
        let mut clock = Clock::new();
        spans(&mut clock, &playing(2.0), 480);
        spans(&mut clock, &playing(quarters), 480)[0].entry
    };
    let on_time = 2.02;
    assert_eq!(entry_after(on_time), Entry::Continues);
    assert_eq!(entry_after(on_time + 0.004), Entry::Continues);
    assert_eq!(entry_after(on_time - 0.004), Entry::Continues);
    assert_eq!(entry_after(on_time + 0.25), Entry::Jumps);
    assert_eq!(entry_after(on_time - 0.25), Entry::Jumps);
    assert_eq!(entry_after(2.0), Entry::Jumps, "the same block twice");
    assert_eq!(entry_after(-8.0), Entry::Jumps);
}

#[test]
fn a_tempo_ramp_within_a_block_is_no_jump() {
    let mut clock = Clock::new();
    let mut position = 0.0;
    for block in 0..200 {
        let tempo = 60.0 + f64::from(block);
        let transport = Transport {
            tempo: Some(tempo),
            ..playing(position)
        };
        let entry = spans(&mut clock, &transport, 4096)[0].entry;
        assert_eq!(entry == Entry::Jumps, block == 0);
        // The host's tempo rises evenly through the block.
        position += 4096.0 / RATE / 60.0 * (tempo + 0.5);
    }
}

#[test]
fn stop_start_and_reset_begin_anew() {
    let mut clock = Clock::new();
    spans(&mut clock, &playing(0.0), 480);
    assert!(!clock.begin(&Transport::default(), 480, RATE));
    assert_eq!(clock.next_span(), None);
    let next = 480.0 / 24_000.0;
    assert_eq!(
        spans(&mut clock, &playing(next), 480)[0].entry,
        Entry::Jumps
    );
    clock.reset();
    assert_eq!(
        spans(&mut clock, &playing(2.0 * next), 480)[0].entry,
        Entry::Jumps
    );
}

#[test]
fn seconds_or_samples_do_as_well_as_quarters() {
    let mut by_seconds = Clock::new();
    let mut by_samples = Clock::new();
    let mut played = 0_i64;
    for block in 0..100 {
        // A tempo that changes: quarters cannot be had by dividing.
        let tempo = if block < 50 { 120.0 } else { 90.0 };
        let base = Transport {
            playing: true,
            tempo: Some(tempo),
            ..Transport::default()
        };
        let seconds = Transport {
            seconds: Some(played as f64 / RATE),
            ..base
        };
        let samples = Transport {
            samples: Some(played),
            ..base
        };
        let one = spans(&mut by_seconds, &seconds, 500);
        let other = spans(&mut by_samples, &samples, 500);
        assert_eq!(one[0].entry == Entry::Jumps, block == 0);
        assert_eq!(one, other);
        played += 500;
    }
    let seek = Transport {
        samples: Some(played + 48_000),
        ..playing(0.0)
    };
    let seek = Transport {
        quarters: None,
        ..seek
    };
    assert_eq!(spans(&mut by_samples, &seek, 500)[0].entry, Entry::Jumps);
}

#[test]
fn a_host_without_a_position_is_counted_from_zero() {
    let mut clock = Clock::new();
    let silent = Transport {
        playing: true,
        ..Transport::default()
    };
    let mut expected = 0;
    for _ in 0..50 {
        for (tick, _) in spans(&mut clock, &silent, 1000).iter().flat_map(ticks) {
            assert_eq!(tick, expected);
            expected += 1;
        }
    }
    assert_eq!(expected, 50);
}

#[test]
fn bars_follow_the_host_where_it_makes_sense() {
    let downbeat = |bar_start: Option<f64>, quarters: f64, signature: (i32, i32)| {
        let mut clock = Clock::new();
        let transport = Transport {
            bar_start,
            signature: Some(signature),
            ..playing(quarters)
        };
        spans(&mut clock, &transport, 64);
        clock.outline().grid
    };
    let grid = downbeat(Some(5.0), 6.5, (4, 4));
    assert_eq!(
        (grid.position_in_bar(Tick(120)), grid.bar_at(Tick(156))),
        (0, 1)
    );
    // Unset, after the position, not finite, long past: counted from the song's origin.
    for bar_start in [None, Some(7.0), Some(f64::NAN), Some(-40.0)] {
        let grid = downbeat(bar_start, 6.5, (3, 4));
        assert_eq!(
            (grid.position_in_bar(Tick(156)), grid.bar_at(Tick(156))),
            (12, 2)
        );
    }
    let grid = downbeat(None, -1.0, (4, 4));
    assert_eq!(grid.bar_at(Tick(-24)), -1);
    assert_eq!(downbeat(None, 0.0, (0, 7)).meter, Meter::COMMON);
    // Bars that agree are the same grid, whichever of them the host names.
    assert_eq!(
        downbeat(Some(4.0), 5.0, (4, 4)),
        downbeat(Some(8.0), 9.0, (4, 4))
    );
}

#[test]
fn nonsense_neither_panics_nor_hangs() {
    let odd = [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e-300, 1e300, 1e9, 3.0];
    let mut clock = Clock::new();
    for tempo in odd {
        for quarters in odd {
            for end in odd {
                for frames in [0, 1, 8192] {
                    for rate in [8_000.0, f64::NAN, 0.0, 384_000.0] {
                        let transport = Transport {
                            tempo: Some(tempo),
                            quarters: Some(quarters),
                            seconds: Some(end),
                            bar_start: Some(end),
                            signature: Some((i32::MAX, i32::MIN)),
                            cycle: Some((quarters, end)),
                            ..playing(0.0)
                        };
                        clock.begin(&transport, frames, rate);
                        let mut next = 0;
                        while let Some(span) = clock.next_span() {
                            assert_eq!(span.first, next);
                            assert!(span.frames > 0);
                            next += span.frames;
                        }
                        assert_eq!(next, frames);
                    }
                }
            }
        }
    }
}

#[test]
fn tiny_loops_are_left_to_the_host() {
    for length in [0.0, 1e-9, 0.1, -1.0] {
        let mut clock = Clock::new();
        let cut = spans(&mut clock, &looping(1.0, (1.0, 1.0 + length)), 8192);
        assert_eq!(cut.len(), 1, "{length}");
    }
    let mut clock = Clock::new();
    let cut = spans(&mut clock, &looping(1.0, (1.0, 1.125)), 8192);
    assert_eq!(
        cut.len(),
        3,
        "8,192 samples hold two and a bit thirty-seconds of 3,000"
    );
}

#[test]
fn a_note_just_before_the_wrap_is_heard_on_the_last_tick() {
    let mut clock = Clock::new();
    let cut = spans(
        &mut clock,
        &looping(4.0 - 300.0 / 24_000.0, (0.0, 4.0)),
        256,
    );
    assert_eq!(cut[0].nearest_tick(255), Tick(95));
    assert_eq!(cut[0].unheard_tick(256), Tick(95));
    let open = spans(&mut Clock::new(), &playing(4.0 - 300.0 / 24_000.0), 256);
    assert_eq!(open[0].nearest_tick(255), Tick(96));
}

#[test]
fn stepping_by_ticks_covers_the_span() {
    let mut clock = Clock::new();
    for span in spans(&mut clock, &looping(0.37, (0.0, 0.5)), 8192) {
        let mut from = 0;
        while from < span.frames {
            let to = span.next_tick(from);
            assert!(to > from);
            assert_eq!(span.nearest_tick(from), span.nearest_tick(to - 1));
            assert!(to == span.frames || span.nearest_tick(to).0 == span.nearest_tick(from).0 + 1);
            from = to;
        }
        assert_eq!(from, span.frames);
    }
}
