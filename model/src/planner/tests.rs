//! The planner under a small untrained network: what must hold whatever the network says.

use burn::tensor::Device;
use proptest::prelude::*;

mod asked;
mod guarantees;
mod lines;

use super::*;
use crate::{
    midi_file::Song,
    network::{Network, NetworkConfig},
    note::places,
    perform::{Knowledge, perform},
    time::Meter,
    weights::{Training, Weights},
};

fn generator() -> Generator {
    let device = Device::flex();
    device.seed(7);
    let config = NetworkConfig {
        width: 16,
        layers: 1,
        heads: 2,
        feed_forward: 16,
        head_width: 16,
    };
    let weights = Weights {
        network: Network::new(&config, &device),
        config,
        training: Training::default(),
        style: None,
    };
    Generator::new(weights, device)
}

fn controls(role: Role) -> Controls {
    Controls {
        role,
        ..Controls::default()
    }
}

/// Two bars of chords, a new one each bar.
fn hear(planner: &mut Planner, at: Tick) {
    let roots = [60, 65];
    let bar = (at.0 / 96) as usize % 2;
    for up in [0, 4, 7] {
        if at.0 % 96 == 0 {
            planner.note_on(at, 0, roots[bar] + up, 80);
        } else if at.0 % 96 == 90 {
            planner.note_off(at, 0, roots[bar] + up);
        }
    }
}

/// Plays `ticks` from 0, with clocks every `stride` ticks; returns the actions in order.
fn play(planner: &mut Planner, ticks: i64, stride: i64) -> Vec<Action> {
    let mut actions = Vec::new();
    planner.start(Tick(0), BarGrid::from_origin(Meter::COMMON), None);
    actions.extend(planner.advance(Tick(0)));
    for at in 0..ticks {
        hear(planner, Tick(at));
        if (at + 1) % stride == 0 {
            actions.extend(planner.advance(Tick(at + 1)));
        }
    }
    actions
}

/// The notes that are left to play after all corrections.
fn planned(actions: &[Action]) -> Vec<Planned> {
    let mut plan: Vec<(u32, Planned)> = Vec::new();
    for action in actions {
        match *action {
            Action::Note { pass, planned } => plan.push((pass, planned)),
            Action::Replace { pass, from, to } => plan.retain(|(of, planned)| {
                *of != pass || planned.note.onset < from || planned.note.onset >= to
            }),
            Action::Release { .. } | Action::Segment { .. } => {}
        }
    }
    plan.into_iter().map(|(_, planned)| planned).collect()
}

#[test]
fn the_plan_does_not_depend_on_how_often_the_clock_ticks() {
    let generator = generator();
    for role in Role::ALL {
        let plan = |stride| {
            let mut planner = Planner::new(generator.clone());
            planner.set_controls(controls(role));
            play(&mut planner, 384, stride)
        };
        let fine = plan(1);
        assert!(!planned(&fine).is_empty());
        for stride in [2, 7, 64] {
            assert_eq!(fine, plan(stride), "{role:?}, a clock each {stride} ticks");
        }
    }
}

#[test]
fn the_second_and_third_pass_of_a_loop_agree() {
    let generator = generator();
    let mut planner = Planner::new(generator);
    planner.set_controls(controls(Role::Bass));
    let cycle = Some((Tick(0), Tick(192)));
    planner.start(Tick(0), BarGrid::from_origin(Meter::COMMON), cycle);
    let mut passes: Vec<Vec<Planned>> = vec![Vec::new(); 6];
    for pass in 0..4 {
        if pass > 0 {
            planner.wrap(Tick(0));
        }
        for at in 0..192 {
            hear(&mut planner, Tick(at));
            for action in planner.advance(Tick(at + 1)) {
                if let Action::Note { pass, planned } = action {
                    passes[pass as usize].push(planned);
                }
            }
        }
    }
    assert!(!passes[1].is_empty());
    assert_eq!(passes[1], passes[2]);
    assert_eq!(passes[2], passes[3]);
}

#[test]
fn another_take_is_other_music_and_returning_returns_it() {
    let generator = generator();
    let take = |take| {
        let mut planner = Planner::new(generator.clone());
        planner.set_controls(Controls {
            take,
            ..controls(Role::Continue)
        });
        planned(&play(&mut planner, 192, 1))
    };
    assert_ne!(take(0), take(1));
    assert_eq!(take(0), take(0));
}

#[test]
fn a_held_phrase_repeats_exactly() {
    let mut planner = Planner::new(generator());
    planner.set_controls(controls(Role::Counter));
    let before = planned(&play(&mut planner, 192, 1));
    let phrase: Vec<Planned> = before
        .into_iter()
        .filter(|planned| (96..192).contains(&planned.note.onset.0))
        .collect();
    planner.set_controls(Controls {
        hold: true,
        phrase_bars: 1,
        ..controls(Role::Counter)
    });
    planner.start(Tick(192), BarGrid::from_origin(Meter::COMMON), None);
    let actions: Vec<Action> = planner.advance(Tick(192)).collect();
    let pitches = |notes: &[Planned]| -> Vec<(i64, u8)> {
        notes
            .iter()
            .map(|planned| (planned.note.onset.0 % 96, planned.note.pitch))
            .collect()
    };
    assert!(!phrase.is_empty());
    assert_eq!(pitches(&planned(&actions)), pitches(&phrase));
}

#[test]
fn in_answer_mode_listening_phrases_stay_empty() {
    let mut planner = Planner::new(generator());
    planner.set_controls(Controls {
        mode: Mode::Answer,
        phrase_bars: 2,
        ..controls(Role::Continue)
    });
    let notes = planned(&play(&mut planner, 8 * 96, 1));
    assert!(!notes.is_empty());
    assert!(
        notes
            .iter()
            .all(|planned| (planned.note.onset.0 / 192) % 2 == 1)
    );
}

#[test]
fn the_top_line_is_what_a_listener_would_sing() {
    let note = |onset, duration, pitch| Note {
        onset: Tick(onset),
        duration,
        pitch,
        velocity: 80,
    };
    let heard = [
        note(0, 96, 48),
        note(0, 96, 60),
        note(0, 24, 72),
        note(24, 24, 74),
        note(48, 48, 55),
        note(96, 24, 71),
    ];
    let (line, rest) = split_top_line(&heard);
    let pitches = |notes: &[Note]| notes.iter().map(|note| note.pitch).collect::<Vec<_>>();
    assert_eq!(pitches(&line), [72, 74, 71]);
    assert_eq!(pitches(&rest), [48, 60, 55]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Guarantees that hold over random music: range, scale lock, one note at a time.
    #[test]
    fn the_plan_keeps_range_scale_and_line(
        role in proptest::sample::select(Role::ALL.to_vec()),
        low in 20u8..100,
        width in 0u8..60,
        key in 0u8..12,
        seed in any::<u64>(),
        adventure in 0.0f32..=1.0,
        meter in proptest::sample::select(vec![(4i64, 4i64), (3, 4), (6, 8), (5, 4), (7, 8), (1, 16), (12, 4)]),
    ) {
        let controls = Controls {
            lowest: low,
            highest: (low + width).min(127),
            key: Some(key),
            scale: crate::controls::Scale::Minor,
            scale_lock: true,
            seed,
            adventure,
            ..controls(role)
        };
        let mut planner = Planner::new(generator());
        planner.set_controls(controls);
        let meter = Meter::new(meter.0, meter.1).unwrap();
        planner.start(Tick(0), BarGrid::from_origin(meter), None);
        let mut notes = Vec::new();
        for at in 0..240 {
            hear(&mut planner, Tick(at));
            notes.extend(planned(&planner.advance(Tick(at + 1)).collect::<Vec<_>>()));
        }
        let scale = crate::chord::PitchClassSet::from_mask(controls.scale.mask()).transpose(key);
        for planned in &notes {
            prop_assert!((controls.lowest..=controls.highest).contains(&planned.note.pitch));
            prop_assert!(role == Role::Drums || scale.contains(planned.note.pitch));
            prop_assert!(planned.note.duration >= 1 && planned.note.velocity >= 1);
        }
    }
}

/// On the last beat of a bar the next one is planned already, and stays so when the beat is corrected.
#[test]
fn a_correction_leaves_the_next_bar_as_it_was_planned() {
    for role in [Role::Chords, Role::Counter] {
        let mut planner = Planner::new(generator());
        planner.set_controls(controls(role));
        planner.start(Tick(0), BarGrid::from_origin(Meter::COMMON), None);
        let mut actions: Vec<Action> = planner.advance(Tick(0)).collect();
        for at in 0..24 * 96 {
            // A cluster that moves on each beat: whatever was planned rubs against it.
            let low = 60 + 4 * (at / 24 % 3) as u8;
            for pitch in low..low + 4 {
                match at % 24 {
                    0 => planner.note_on(Tick(at), 0, pitch, 80),
                    21 => planner.note_off(Tick(at), 0, pitch),
                    _ => {}
                }
            }
            actions.extend(planner.advance(Tick(at + 1)));
        }
        let corrections = actions
            .iter()
            .filter(|action| matches!(action, Action::Replace { from, .. } if from.0 % 96 > 72))
            .count();
        assert!(corrections > 0, "{role:?}: no last beat was corrected");
        let places = |notes: &[Planned]| -> Vec<(i64, u8)> {
            let mut places: Vec<_> = notes
                .iter()
                .map(|planned| (planned.note.onset.0, planned.note.pitch))
                .collect();
            places.sort_unstable();
            places
        };
        assert_eq!(places(&planned(&actions)), places(&planner.own), "{role:?}");
    }
}

#[test]
fn a_loop_that_is_moved_takes_its_planned_pass_along() {
    let mut planner = Planner::new(generator());
    planner.set_controls(controls(Role::Drums));
    planner.start(
        Tick(0),
        BarGrid::from_origin(Meter::COMMON),
        Some((Tick(0), Tick(96))),
    );
    // The wrap at 96 is planned a quarter before.
    let mut actions: Vec<Action> = planner.advance(Tick(80)).collect();
    assert!(
        actions
            .iter()
            .any(|action| matches!(action, Action::Note { pass: 1, .. }))
    );
    planner.change(
        Tick(80),
        BarGrid::from_origin(Meter::COMMON),
        Some((Tick(24), Tick(120))),
    );
    actions.extend(planner.advance(Tick(80)));
    let next: Vec<_> = actions
        .iter()
        .filter(|action| {
            matches!(
                action,
                Action::Note { pass: 1, .. } | Action::Replace { pass: 1, .. }
            )
        })
        .copied()
        .collect();
    assert_eq!(planned(&next), [], "the old plan of the next pass stands");
}

#[test]
fn a_loop_that_is_set_at_its_own_end_wraps_and_goes_on() {
    let mut planner = Planner::new(generator());
    planner.set_controls(controls(Role::Drums));
    let grid = BarGrid::from_origin(Meter::COMMON);
    planner.start(Tick(0), grid, None);
    planner.advance(Tick(59)).count();
    planner.change(Tick(60), grid, Some((Tick(36), Tick(60))));
    planner.wrap(Tick(36));
    planner.wrap(Tick(36));
    let actions: Vec<Action> = planner.advance(Tick(59)).collect();
    assert!(
        actions
            .iter()
            .any(|action| matches!(action, Action::Segment { pass: 2.., .. }))
    );
}

#[test]
fn a_loop_is_known_whole_though_nobody_told_its_end() {
    let plan = |told: i64| {
        let mut planner = Planner::new(generator());
        planner.set_controls(controls(Role::Bass));
        let grid = BarGrid::from_origin(Meter::COMMON);
        planner.start(Tick(0), grid, Some((Tick(0), Tick(96))));
        let mut actions: Vec<Action> = planner.advance(Tick(told)).collect();
        planner.wrap(Tick(0));
        actions.extend(planner.advance(Tick(95)));
        actions
    };
    assert_eq!(plan(95), plan(96));
}
