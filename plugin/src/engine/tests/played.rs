//! What is generated: exact samples, the loop, the epoch, lateness, yielding, releases.

use continuo_model::{
    controls::Role,
    fit::{Bend, Bounds},
};

use super::*;

#[test]
fn planned_notes_sound_at_their_exact_samples() {
    for (rate, tempo) in [
        (48_000.0, 120.0),
        (44_100.0, 97.0),
        (8_000.0, 200.0),
        (384_000.0, 63.5),
    ] {
        for frames in [1, 33, 512, 8192] {
            let mut rig = Rig::new();
            rig.block.sample_rate = rate;
            rig.block.transport.tempo = Some(tempo);
            rig.block.controls.role = Role::Drums;
            rig.block.transport.playing = true;
            rig.run(1, &[]);
            let epoch = rig.epoch();
            let mut swung = note(5, 61);
            swung.delay_millitick = 1_750;
            rig.plan(epoch, note(3, 60));
            rig.plan(epoch, swung);
            let sample = |tick: f64| (tick / 24.0 / tempo * 60.0 * rate).round() as u64;
            rig.run_until(sample(32.0), frames);
            let expected = [
                (sample(3.0), 60, true),
                (sample(6.75), 61, true),
                (sample(27.0), 60, false),
                (sample(29.0), 61, false),
            ];
            assert_eq!(rig.generated(), expected, "{rate} {tempo} {frames}");
            assert_eq!(rig.count(Count::NotesPlayed), 2);
        }
    }
}

#[test]
fn offs_come_before_ons_at_the_same_sample() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    for (onset, pitch) in [(24, 60), (48, 62), (72, 60)] {
        rig.plan(epoch, note(onset, pitch));
    }
    rig.run_until(100 * TICK, 777);
    let expected = [
        (24_000, 60, true),
        (48_000, 60, false),
        (48_000, 62, true),
        (72_000, 62, false),
        (72_000, 60, true),
        (96_000, 60, false),
    ];
    assert_eq!(rig.generated(), expected);
    assert_eq!(rig.count(Count::StuckReleased), 0);
}

#[test]
fn a_player_at_the_same_sample_comes_before_the_note_that_yields() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    let yielding = PlannedNote {
        yields: true,
        ..note(2, 62)
    };
    rig.plan(epoch, yielding);
    rig.plan(epoch, note(2, 40));
    rig.run(3_999, &[on(1_999, 40, 1), off(3_000, 40, 2)]);
    assert_eq!(rig.passed(), [(2_000, 1), (3_001, 2)]);
    assert_eq!(rig.generated(), []);
}

#[test]
fn a_second_note_on_a_sounding_key_ends_the_first() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan(epoch, note(2, 60));
    rig.plan(epoch, note(10, 60));
    rig.run_until(50 * TICK, 512);
    let expected = [
        (2_000, 60, true),
        (10_000, 60, false),
        (10_000, 60, true),
        (34_000, 60, false),
    ];
    assert_eq!(rig.generated(), expected);
}

#[test]
fn a_loop_wrap_inside_a_block_ends_notes_and_begins_the_next_pass() {
    for frames in [64, 1000, 8192] {
        let mut rig = Rig::new();
        rig.block.transport.playing = true;
        rig.block.transport.cycle = Some((0.0, 1.0));
        rig.run(1, &[]);
        let epoch = rig.epoch();
        rig.plan(epoch, note(20, 60));
        // Planned ahead of the wraps.
        rig.plan(Epoch { pass: 2, ..epoch }, note(0, 64));
        rig.plan(Epoch { pass: 1, ..epoch }, note(0, 62));
        rig.run_until(60_000, frames);
        let expected = [
            (20_000, 60, true),
            (24_000, 60, false),
            (24_000, 62, true),
            (48_000, 62, false),
            (48_000, 64, true),
        ];
        assert_eq!(rig.generated(), expected, "{frames}");
    }
}

#[test]
fn a_plan_over_the_wrap_is_void_when_the_wrap_does_not_come() {
    let mut rig = Rig::new();
    rig.block.transport.playing = true;
    rig.block.transport.cycle = Some((0.0, 1.0));
    rig.run(1, &[]);
    let epoch = rig.epoch();
    rig.plan(Epoch { pass: 1, ..epoch }, note(12, 62));
    rig.run(512, &[]);
    rig.seek(0.25);
    rig.run_until(90_000, 512);
    assert_eq!(rig.generated(), []);
}

#[test]
fn a_plan_of_another_generation_is_ignored() {
    let mut rig = Rig::playing();
    let old = rig.epoch();
    rig.seek(4.0);
    rig.run(512, &[]);
    rig.plan(old, note(100, 60));
    rig.run_until(20_000, 512);
    assert_eq!(rig.generated(), []);
    assert_eq!(rig.epoch().generation, old.generation + 1);
}

/// Plays into two sounding notes, lets something `happen`, and expects both to be released at the first
/// sample of what follows and nothing more of the plan.
fn releases(happen: fn(&mut Rig)) {
    let mut rig = Rig::playing_as(Role::Drums);
    let epoch = rig.epoch();
    rig.plan(epoch, note(1, 60));
    rig.plan(
        epoch,
        PlannedNote {
            duration: 96,
            ..note(2, 67)
        },
    );
    rig.run_until(5_001, 500);
    assert_eq!(rig.generated().len(), 2);
    let at = rig.now;
    happen(&mut rig);
    rig.run(500, &[]);
    let mut released = rig.generated().split_off(2);
    released.sort_unstable();
    assert_eq!(released, [(at, 60, false), (at, 67, false)]);
    assert_eq!(rig.count(Count::StuckReleased), 2);
    rig.run_until(200 * TICK, 500);
    assert_eq!(rig.generated().len(), 4, "each note ends once");
}

#[test]
fn everything_sounding_is_released_by_whatever_breaks_the_play() {
    releases(|rig| rig.block.transport.playing = false);
    releases(|rig| rig.seek(9.0));
    releases(|rig| rig.seek(-2.0));
    releases(|rig| rig.block.bypass = true);
    releases(|rig| rig.block.thru = false);
    releases(|rig| rig.block.controls.channel = Some(4));
    releases(|rig| rig.block.controls.role = Role::Bass);
    releases(|rig| rig.block.controls.seed = 9);
    releases(|rig| rig.engine.reset());
    releases(|rig| {
        rig.engine.reset();
        rig.block.transport.playing = false;
    });
}

#[test]
fn soft_controls_leave_the_sounding_notes_alone() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan(epoch, note(1, 60));
    for step in 0..100_u8 {
        rig.block.controls.adventure = f32::from(step) / 100.0;
        rig.run(500, &[]);
    }
    assert_eq!(rig.generated(), [(1_000, 60, true), (25_000, 60, false)]);
}

#[test]
fn a_late_note_is_dropped_and_one_barely_late_is_caught_up() {
    let mut rig = Rig::playing_as(Role::Drums);
    let epoch = rig.epoch();
    rig.run_until(10_000, 1000);
    rig.plan(epoch, note(6, 60));
    rig.plan(epoch, note(8, 62));
    rig.plan(
        epoch,
        PlannedNote {
            duration: 1,
            ..note(9, 64)
        },
    );
    rig.run_until(50_000, 1000);
    let expected = [
        (10_000, 62, true),
        (10_000, 64, true),
        (10_249, 64, false),
        (32_000, 62, false),
    ];
    assert_eq!(rig.generated(), expected);
    assert_eq!((rig.count(Count::Late), rig.count(Count::CaughtUp)), (1, 2));
}

#[test]
fn a_line_ends_what_still_sounds_when_it_goes_on() {
    for (role, ends) in [(Role::Bass, 10_000), (Role::Drums, 26_000)] {
        let mut rig = Rig::playing_as(role);
        let epoch = rig.epoch();
        rig.plan(epoch, note(2, 60));
        rig.plan(epoch, note(10, 64));
        rig.run_until(50_000, 512);
        assert!(rig.generated().contains(&(ends, 60, false)), "{role:?}");
    }
}

#[test]
fn a_yielding_note_waits_for_silence() {
    let yields = |onset, pitch| PlannedNote {
        yields: true,
        ..note(onset, pitch)
    };
    let mut rig = Rig::playing_as(Role::Drums);
    let epoch = rig.epoch();
    rig.plan(epoch, yields(2, 60));
    rig.plan(epoch, yields(12, 62));
    rig.plan(epoch, yields(33, 64));
    rig.plan(epoch, yields(34, 66));
    rig.plan(epoch, note(12, 70));
    // The rig's first block was one sample: the key goes down at 10,000 and up at 11,000.
    rig.run(9_999, &[]);
    rig.run(5_000, &[on(0, 40, 0), off(1_000, 40, 1)]);
    rig.run_until(80_000, 1000);
    let expected = [
        (2_000, 60, true),
        (10_000, 60, false),
        (12_000, 70, true),
        (34_000, 66, true),
        (36_000, 70, false),
        (58_000, 66, false),
    ];
    assert_eq!(rig.generated(), expected);
}

#[test]
fn a_yielding_note_is_silent_as_long_as_a_key_is_down() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.run(999, &[on(0, 40, 0)]);
    rig.plan(
        epoch,
        PlannedNote {
            yields: true,
            ..note(60, 62)
        },
    );
    rig.run_until(80_000, 1000);
    assert_eq!(rig.generated(), []);
}

#[test]
fn replace_and_release_change_the_plan() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan(epoch, note(2, 60));
    rig.plan(epoch, note(10, 62));
    rig.plan(epoch, note(30, 64));
    rig.run_until(5_000, 500);
    rig.worker.send(Planned::Replace {
        epoch,
        from: Tick(20),
        to: Tick(i64::MAX),
    });
    for (pitch, at) in [(60, 7), (62, 15)] {
        let at = Tick(at);
        rig.worker.send(Planned::Release {
            epoch,
            at,
            channel: 0,
            pitch,
        });
    }
    rig.run_until(60_000, 500);
    let expected = [
        (2_000, 60, true),
        (7_000, 60, false),
        (10_000, 62, true),
        (15_000, 62, false),
    ];
    assert_eq!(rig.generated(), expected);
}

#[test]
fn a_release_in_the_past_is_at_once() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan(epoch, note(2, 60));
    rig.run_until(5_000, 500);
    rig.worker.send(Planned::Release {
        epoch,
        at: Tick(3),
        channel: 0,
        pitch: 60,
    });
    rig.run(500, &[]);
    assert_eq!(rig.generated(), [(2_000, 60, true), (5_000, 60, false)]);
}

#[test]
fn a_negative_preroll_plays() {
    let mut rig = Rig::new();
    rig.block.transport.playing = true;
    rig.seek(-2.0);
    rig.run(1, &[]);
    let epoch = rig.epoch();
    rig.plan(epoch, note(-24, 60));
    rig.run_until(60_000, 512);
    assert_eq!(rig.generated(), [(24_000, 60, true), (48_000, 60, false)]);
}

#[test]
fn the_lookahead_moves_the_whole_output() {
    let mut rig = Rig::new();
    rig.block.lookahead = 1_440;
    rig.block.transport.playing = true;
    rig.run(1, &[]);
    let epoch = rig.epoch();
    rig.plan(epoch, note(2, 60));
    rig.run(2_999, &[on(999, 40, 1)]);
    // The onset has passed on the host's playhead, but not yet on the way out.
    rig.plan(epoch, note(2, 62));
    rig.run(500, &[off(0, 40, 2)]);
    rig.run_until(40_000, 512);
    assert_eq!(rig.passed(), [(1_000 + 1_440, 1), (3_000 + 1_440, 2)]);
    let expected = [
        (3_440, 60, true),
        (3_440, 62, true),
        (27_440, 60, false),
        (27_440, 62, false),
    ];
    assert_eq!(rig.generated(), expected);
    assert_eq!(rig.count(Count::Late) + rig.count(Count::CaughtUp), 0);
    rig.plan(epoch, note(41, 64));
    rig.run_until(44_000, 500);
    rig.block.transport.playing = false;
    rig.run_until(50_000, 512);
    assert_eq!(
        rig.generated()[4..],
        [(42_440, 64, true), (45_440, 64, false)]
    );
}

/// The worker's part of an offline render: at each quarter it plans an eighth from the decision on.
fn answering(mut worker: WorkerEnd) -> impl FnMut() {
    move || {
        while let Some(message) = worker.receive() {
            let Heard::Clock { epoch, at } = message else {
                continue;
            };
            if at.0 % 24 == 0 {
                let note = PlannedNote {
                    duration: 12,
                    ..note(at.0, 60)
                };
                worker.send(Planned::Note { epoch, note });
            }
            worker.send(Planned::Decided { epoch, at });
        }
    }
}

#[test]
fn an_offline_render_waits_and_a_decision_is_never_late() {
    for frames in [64, 1000, 8192] {
        let mut rig = Rig::new();
        let (_, idle) = link(&Status::new());
        let mut answer = answering(std::mem::replace(&mut rig.worker, idle));
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    answer();
                    thread::yield_now();
                }
            });
            rig.block.offline = true;
            rig.block.transport.playing = true;
            rig.run_until(100_000, frames);
            stop.store(true, Ordering::Relaxed);
        });
        let expected: Vec<_> = (0..9)
            .map(|eighth| (eighth * 12_000, 60, eighth % 2 == 0))
            .collect();
        assert_eq!(rig.generated(), expected, "{frames}");
        assert_eq!(rig.count(Count::OfflineTimeouts), 0);
        assert_eq!(rig.count(Count::Late) + rig.count(Count::CaughtUp), 0);
    }
}

#[test]
fn an_offline_render_gives_a_dead_worker_up_once() {
    let mut rig = Rig::new();
    rig.block.offline = true;
    rig.block.transport.playing = true;
    let began = Instant::now();
    rig.run_until(48_000, 512);
    assert_eq!(rig.count(Count::OfflineTimeouts), 1);
    assert!(began.elapsed() < 2 * PATIENCE);
}

#[test]
fn a_guessed_bass_note_bends_to_the_chord_of_its_own_sample() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    let guessed = |onset, fit| PlannedNote {
        fit,
        ..note(onset, 41)
    };
    rig.plan(epoch, guessed(2, Fit::Bent(Bend::Root, Bounds::NONE)));
    rig.plan(epoch, guessed(26, Fit::Bent(Bend::ChordTone, Bounds::NONE)));
    rig.plan(epoch, guessed(50, Fit::AsPlanned));
    // A minor in its first inversion, struck in the very sample of the first note.
    rig.run(1_999, &[]);
    rig.run(1, &[on(0, 48, 0), on(0, 52, 1), on(0, 57, 2)]);
    rig.run_until(80_000, 1000);
    let pitches: Vec<u8> = rig
        .generated()
        .into_iter()
        .filter_map(|(_, pitch, on)| on.then_some(pitch))
        .collect();
    assert_eq!(pitches, [45, 40, 41]);
}

#[test]
fn a_release_finds_a_note_by_the_key_that_it_was_planned_with() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan(
        epoch,
        PlannedNote {
            fit: Fit::Bent(Bend::Root, Bounds::NONE),
            ..note(2, 41)
        },
    );
    rig.run(1_999, &[on(0, 48, 0), on(0, 52, 1), on(0, 57, 2)]);
    rig.run(4_000, &[]);
    assert!(rig.worker.send(Planned::Release {
        epoch,
        at: Tick(10),
        channel: 0,
        pitch: 41,
    }));
    rig.run_until(40_000, 1000);
    assert_eq!(rig.generated(), [(2_000, 45, true), (10_000, 45, false)]);
}

#[test]
fn a_change_of_meter_in_mid_play_is_decided_anew_before_a_render_goes_on() {
    let mut rig = Rig::new();
    let (_, idle) = link(&Status::new());
    let mut worker = std::mem::replace(&mut rig.worker, idle);
    let starts = std::sync::atomic::AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Every start is answered late; a render that does not wait for it has played on by then.
            while !stop.load(Ordering::Relaxed) {
                let Some(message) = worker.receive() else {
                    thread::yield_now();
                    continue;
                };
                match message {
                    Heard::Start { .. } => {
                        thread::sleep(Duration::from_millis(20));
                        starts.fetch_add(1, Ordering::Relaxed);
                    }
                    Heard::Clock { epoch, at } => {
                        worker.send(Planned::Decided { epoch, at });
                    }
                    _ => {}
                }
            }
        });
        rig.block.offline = true;
        rig.block.transport.playing = true;
        rig.run_until(24_000, 500);
        rig.block.transport.signature = Some((3, 4));
        rig.run(500, &[]);
        assert_eq!(starts.load(Ordering::Relaxed), 2, "the render did not wait");
        stop.store(true, Ordering::Relaxed);
    });
}
