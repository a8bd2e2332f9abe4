//! Hosts that round what they tell, or tell bars that cannot be.

use super::*;

/// Every tick with its sample, counted from where play begins, of `blocks` blocks of `frames` samples at
/// `tempo`, where `tell` says what the host makes of a position in quarter notes.
fn timed(
    tempo: f64,
    frames: u32,
    blocks: u64,
    tell: impl Fn(f64, &mut Transport),
) -> Vec<(i64, u64)> {
    let mut clock = Clock::new();
    let mut timed = Vec::new();
    for block in 0..blocks {
        let played = block * u64::from(frames);
        let mut transport = playing(0.0);
        transport.tempo = Some(tempo);
        tell(played as f64 / RATE / 60.0 * tempo, &mut transport);
        for span in spans(&mut clock, &transport, frames) {
            assert_eq!(span.entry == Entry::Jumps, block == 0);
            let ticks = ticks(&span).into_iter();
            timed.extend(ticks.map(|(tick, sample)| (tick, played + u64::from(sample))));
        }
    }
    timed
}

/// The first ticks that lie more than a sample apart, from tick `from` on, and that both have.
fn apart(one: &[(i64, u64)], other: &[(i64, u64)], from: i64) -> Vec<(i64, u64, u64)> {
    assert!(one.len().abs_diff(other.len()) <= 1);
    let both = one.iter().filter_map(|(tick, sample)| {
        let place = other.binary_search_by_key(tick, |other| other.0).ok()?;
        Some((*tick, *sample, other[place].1))
    });
    both.filter(|(tick, one, other)| *tick >= from && one.abs_diff(*other) > 1)
        .take(3)
        .collect()
}

#[test]
fn a_host_that_rounds_its_position_or_tells_seconds_only_gives_the_samples_of_an_exact_one() {
    for tempo in [117.0, 97.3, 174.0, 40.0] {
        for frames in [64, 256, 441, 1024] {
            let blocks = 600_000 / u64::from(frames);
            let exact = timed(tempo, frames, blocks, |at, told| {
                told.quarters = Some(at);
            });
            for steps in [96.0, 480.0, 960.0, 1920.0] {
                let rounded = timed(tempo, frames, blocks, |at, told| {
                    told.quarters = Some((at * steps).round() / steps);
                });
                assert_eq!(
                    apart(&exact, &rounded, 0),
                    [],
                    "1/{steps} at {tempo}, {frames}"
                );
            }
            let seconds = timed(tempo, frames, blocks, |at, told| {
                told.quarters = None;
                told.seconds = Some(at * 60.0 / tempo);
            });
            assert_eq!(
                apart(&exact, &seconds, 0),
                [],
                "seconds at {tempo}, {frames}"
            );
        }
    }
}

#[test]
fn a_position_that_wavers_by_half_a_sample_moves_nothing() {
    let sample = |tempo: f64| tempo / 60.0 / RATE;
    for tempo in [117.0, 174.0] {
        let exact = timed(tempo, 100, 6000, |at, told| {
            told.quarters = Some(at);
        });
        let wavering = timed(tempo, 100, 6000, |at, told| {
            let noise = ((at * 1e4).sin() * 1e4).fract() * 0.5;
            told.quarters = Some(at + noise * sample(tempo));
        });
        assert_eq!(apart(&exact, &wavering, 0), [], "{tempo}");
    }
}

#[test]
fn play_that_begins_between_two_steps_finds_its_place_within_two_beats() {
    let (steps, tempo, frames) = (960.0, 117.0, 256);
    for offset in [-0.45, -0.2, 0.3, 0.49] {
        let from = |at: f64| at + (1000.0 + offset) / steps;
        let blocks = 3000;
        let exact = timed(tempo, frames, blocks, |at, told| {
            told.quarters = Some(from(at));
        });
        let rounded = timed(tempo, frames, blocks, |at, told| {
            told.quarters = Some((from(at) * steps).round() / steps);
        });
        let later = apart(&exact, &rounded, 25 + 48);
        assert_eq!(later, [], "{offset} steps beside");
    }
}

#[test]
fn no_drift_gathers_when_the_tempo_is_told_wrongly() {
    for factor in [0.9998, 1.0002] {
        for steps in [None, Some(1920.0)] {
            let mut clock = Clock::new();
            for block in 0..20_000_u64 {
                let exact = (block * 256) as f64 / RATE * 2.0;
                let told = steps.map_or(exact, |steps: f64| (exact * steps).round() / steps);
                let transport = Transport {
                    tempo: Some(120.0 * factor),
                    ..playing(told)
                };
                let span = spans(&mut clock, &transport, 256)[0];
                let beside = (span.position(0) / 24.0 - exact).abs() * 24_000.0;
                // Half a sample, or a step and the half of one that the host rounds by.
                let most = steps.map_or(0.6, |steps| 24_000.0 / steps);
                assert!(beside <= most, "{beside} samples at block {block}");
            }
        }
    }
}

#[test]
fn a_host_that_rounds_is_followed_at_once_where_it_jumps_or_changes_its_tempo() {
    let rounded = |quarters: f64| (quarters * 1920.0).round() / 1920.0;
    let mut clock = Clock::new();
    let mut exact = 0.0;
    for block in 0..300 {
        let tempo = if block < 150 { 117.0 } else { 93.0 };
        if block == 250 {
            exact = 2.71;
        }
        let transport = Transport {
            tempo: Some(tempo),
            ..playing(rounded(exact))
        };
        let span = spans(&mut clock, &transport, 512)[0];
        let jumps = block == 0 || block == 250;
        assert_eq!(span.entry == Entry::Jumps, jumps, "block {block}");
        let samples = (span.position(0) / 24.0 - exact).abs() * 60.0 / tempo * RATE;
        // Nobody can know the place within a step at once.
        let settled = (5..150).contains(&block) || (190..250).contains(&block) || block > 290;
        let most = if settled { 1.0 } else { 8.0 };
        assert!(samples <= most, "{samples} at block {block}");
        // Within this block the tempo changes: its end is where the host will say.
        exact += if block == 149 { 105.0 } else { tempo } * 512.0 / RATE / 60.0;
    }
}

/// The grid in each block of a song of `bars` bars from bar `first` on (from 0), in a meter, where `tell` says
/// what the host tells as the start of the bar, by its number, its start and the position in quarter notes.
fn grids(
    (beats, unit): (i32, i32),
    first: i64,
    bars: i64,
    tell: impl Fn(i64, f64, f64) -> f64,
) -> Vec<BarGrid> {
    let bar = f64::from(beats) * 4.0 / f64::from(unit);
    let mut clock = Clock::new();
    let mut grids = Vec::new();
    let blocks = (bars as f64 * bar / 0.1) as i64;
    for block in 0..blocks {
        let at = first as f64 * bar + block as f64 * 0.1;
        let number = (at / bar + 1e-9).floor();
        let transport = Transport {
            bar_start: Some(tell(number as i64, number * bar, at)),
            signature: Some((beats, unit)),
            ..playing(at)
        };
        spans(&mut clock, &transport, 2400);
        grids.push(clock.outline().grid);
    }
    grids
}

const LONG_METERS: [(i32, i32); 5] = [(5, 4), (6, 4), (7, 4), (9, 8), (12, 8)];

#[test]
fn a_host_that_counts_every_bar_as_four_quarters_does_not_move_the_bars() {
    // Ardour: the number of the bar, from 1, times four.
    let ardour = |number: i64, _, _| 4.0 * (number + 1) as f64;
    for (beats, unit) in [(4, 4), (3, 4), (7, 8)].into_iter().chain(LONG_METERS) {
        let meter = Meter::new(beats.into(), unit.into()).expect("a meter");
        for grid in grids((beats, unit), 0, 24, ardour) {
            assert_eq!(grid, BarGrid::from_origin(meter));
        }
        for first in 1..12 {
            // Who first meets such a host in mid-song can be taken in by it, for a bar or two.
            let grids = grids((beats, unit), first, 6, ardour);
            let two_bars = 2 * meter.bar_ticks() as usize * 10 / 24 + 8;
            for grid in &grids[two_bars..] {
                assert_eq!(grid.from_zero(), BarGrid::from_origin(meter).from_zero());
            }
            let changes = grids.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert!(
                changes <= 1,
                "{beats}/{unit} from bar {first}: {changes} changes"
            );
        }
    }
}

#[test]
fn a_host_that_never_sets_the_bar_start_does_not_move_the_bars() {
    for (beats, unit) in [(4, 4), (3, 4)].into_iter().chain(LONG_METERS) {
        let meter = Meter::new(beats.into(), unit.into()).expect("a meter");
        for first in [0, 3] {
            for grid in grids((beats, unit), first, 8, |_, _, _| 0.0) {
                assert_eq!(grid, BarGrid::from_origin(meter));
            }
        }
    }
}

#[test]
fn bars_that_begin_anywhere_are_taken_from_a_host_that_tells_them_rightly() {
    for meter in LONG_METERS {
        // The song begins with an upbeat of a quarter.
        let bar = f64::from(meter.0) * 4.0 / f64::from(meter.1);
        let upbeat = |_, _, at: f64| ((at - 1.0) / bar + 1e-9).floor() * bar + 1.0;
        for grid in grids(meter, 2, 6, upbeat) {
            assert_eq!(grid.position_in_bar(Tick(24)), 0, "{meter:?}");
        }
    }
}

#[test]
fn a_meter_that_changes_in_mid_song_begins_at_the_bar_line_also_where_the_host_tells_no_bars() {
    for told in [None, Some(0.0), Some(-3.0)] {
        let mut clock = Clock::new();
        for block in 0..200 {
            let at = f64::from(block) * 0.1 + 0.02;
            // Two bars of 5/4, then 3/4.
            let transport = Transport {
                bar_start: told,
                signature: Some(if at < 10.0 { (5, 4) } else { (3, 4) }),
                ..playing(at)
            };
            spans(&mut clock, &transport, 2400);
        }
        let grid = clock.outline().grid;
        assert_eq!(grid.position_in_bar(Tick(240)), 0, "{told:?}");
        assert_eq!(grid.meter, Meter::new(3, 4).expect("a meter"));
    }
}
