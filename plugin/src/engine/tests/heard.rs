//! What the worker is told: epochs, positions, clocks, controls.

use continuo_model::controls::{Mode, Motion, Rhythm, Role, Scale};

use super::*;

fn starts(messages: &[Heard]) -> Vec<(Epoch, Tick)> {
    let start = |message: &Heard| match *message {
        Heard::Start { epoch, at, .. } => Some((epoch, at)),
        _ => None,
    };
    messages.iter().filter_map(start).collect()
}

fn epoch(generation: u32, pass: u32) -> Epoch {
    Epoch { generation, pass }
}

#[test]
fn controls_come_first_and_a_start_tells_the_song() {
    let mut rig = Rig::new();
    rig.block.transport.playing = true;
    rig.block.transport.cycle = Some((0.0, 8.0));
    rig.seek(2.0);
    rig.run(480, &[]);
    let messages = rig.heard();
    assert_eq!(messages[0], Heard::Controls(Controls::default()));
    let Heard::Start {
        at,
        grid,
        cycle,
        tempo,
        ..
    } = messages[1]
    else {
        panic!("{messages:?}");
    };
    assert_eq!(
        (at, cycle, tempo),
        (Tick(48), Some((Tick(0), Tick(192))), 120.0)
    );
    assert_eq!(grid.position_in_bar(Tick(96)), 0);
}

#[test]
fn clocks_promise_and_notes_keep_the_promise() {
    for frames in [1, 100, 1000, 4096] {
        let mut rig = Rig::playing();
        let mut promised = Tick(i64::MIN);
        let mut clocks = 0;
        while rig.now < 20_000 {
            let sample = (rig.now as u32 * 37) % frames;
            rig.run(frames, &[on(sample, 60, 0), off(sample, 60, 1)]);
            for message in rig.heard() {
                match message {
                    Heard::Clock { at, .. } => {
                        assert!(at > promised);
                        promised = at;
                        clocks += 1;
                    }
                    Heard::NoteOn { at, .. } | Heard::NoteOff { at, .. } => assert!(at >= promised),
                    _ => {}
                }
            }
        }
        assert!(clocks >= 5 && promised >= Tick(20), "{clocks} {promised:?}");
    }
}

#[test]
fn heard_notes_get_the_nearest_tick_whatever_the_block_size() {
    let ticks_of = |frames: u32| {
        let mut rig = Rig::playing();
        let notes = [1_499_u64, 1_501, 30_000, 47_600];
        let mut heard = Vec::new();
        while rig.now < 50_000 {
            let end = rig.now + u64::from(frames);
            let within = notes.iter().filter(|at| (rig.now..end).contains(*at));
            let input: Vec<_> = within.map(|at| on((at - rig.now) as u32, 60, 0)).collect();
            rig.run(frames, &input);
            heard.extend(rig.heard());
        }
        let tick = |message: Heard| match message {
            Heard::NoteOn { at, .. } => Some(at.0),
            _ => None,
        };
        heard.into_iter().filter_map(tick).collect::<Vec<_>>()
    };
    for frames in [16, 500, 512, 8192] {
        assert_eq!(ticks_of(frames), [1, 2, 30, 48], "{frames}");
    }
}

#[test]
fn a_wrap_is_the_next_pass_and_a_jump_the_next_generation() {
    let mut rig = Rig::new();
    rig.block.transport.playing = true;
    rig.block.transport.cycle = Some((0.0, 1.0));
    rig.run_until(60_000, 700);
    rig.seek(0.75);
    rig.run(700, &[]);
    rig.block.transport.playing = false;
    rig.run(700, &[]);
    let messages = rig.heard();
    let expected = [
        (epoch(1, 0), Tick(0)),
        (epoch(1, 1), Tick(0)),
        (epoch(1, 2), Tick(0)),
        (epoch(2, 0), Tick(18)),
    ];
    assert_eq!(starts(&messages), expected);
    assert_eq!(messages.last(), Some(&Heard::Stop { epoch: epoch(3, 0) }));
    let end_of_pass = Heard::Clock {
        epoch: epoch(1, 0),
        at: Tick(24),
    };
    assert!(
        messages.contains(&end_of_pass),
        "the pass is heard to its end"
    );
}

#[test]
fn news_of_meter_loop_and_tempo_keep_the_epoch() {
    let mut rig = Rig::playing();
    rig.run(512, &[]);
    rig.heard();
    let changes: [fn(&mut Transport); 3] = [
        |transport| transport.signature = Some((3, 4)),
        |transport| transport.cycle = Some((0.0, 4.0)),
        |transport| transport.tempo = Some(121.0),
    ];
    for change in changes {
        change(&mut rig.block.transport);
        rig.run(512, &[]);
        rig.run(512, &[]);
        let epochs: Vec<_> = starts(&rig.heard())
            .into_iter()
            .map(|(epoch, _)| epoch)
            .collect();
        assert_eq!(epochs, [epoch(1, 0)]);
    }
}

#[test]
fn soft_controls_keep_the_plan_and_the_others_void_it() {
    type Change = fn(&mut Controls);
    let changes: [(Change, bool); 21] = [
        (|c| c.adventure = 0.9, false),
        (|c| c.density = -0.5, false),
        (|c| c.dynamics = 0.5, false),
        (|c| c.humanize = 0.5, false),
        (|c| c.swing = 0.5, false),
        (|c| c.role = Role::Bass, true),
        (|c| c.mode = Mode::Answer, true),
        (|c| c.phrase_bars = 2, true),
        (|c| c.lowest = 40, true),
        (|c| c.highest = 70, true),
        (|c| c.key = Some(2), true),
        (|c| c.scale = Scale::Dorian, true),
        (|c| c.scale_lock = true, true),
        (|c| c.chords_win = true, true),
        (|c| c.rhythm = Rhythm::QuarterNotes, true),
        (|c| c.motion = Motion::Roots, true),
        (|c| c.take = 1, false),
        (|c| c.hold = true, false),
        (|c| c.memory = false, true),
        (|c| c.channel = Some(3), true),
        (|c| c.seed = 2, true),
    ];
    for (place, (change, voids)) in changes.into_iter().enumerate() {
        let mut rig = Rig::playing();
        rig.run(11_999, &[]);
        rig.heard();
        change(&mut rig.block.controls);
        rig.run(512, &[]);
        let messages = rig.heard();
        assert_eq!(messages[0], Heard::Controls(rig.block.controls), "{place}");
        let expected = [(epoch(2, 0), Tick(12))];
        assert_eq!(
            starts(&messages),
            if voids { &expected[..] } else { &[] },
            "{place}"
        );
        rig.run(512, &[]);
        let again = rig.heard();
        assert!(
            !again
                .iter()
                .any(|message| matches!(message, Heard::Controls(_)))
        );
    }
}

#[test]
fn thru_and_bypass_are_not_the_workers_business() {
    let mut rig = Rig::playing();
    rig.run(512, &[]);
    rig.heard();
    for (thru, bypass) in [(false, false), (false, true), (true, false)] {
        (rig.block.thru, rig.block.bypass) = (thru, bypass);
        rig.run(512, &[]);
    }
    let others = rig.heard();
    assert!(
        others
            .iter()
            .all(|message| matches!(message, Heard::Clock { .. }))
    );
}

#[test]
fn forget_is_sent_once_a_press() {
    let mut rig = Rig::new();
    for forget in [false, true, true, false, true] {
        rig.block.forget = forget;
        rig.run(64, &[]);
    }
    let forgets = rig
        .heard()
        .into_iter()
        .filter(|message| *message == Heard::Forget);
    assert_eq!(forgets.count(), 2);
}

#[test]
fn what_is_played_while_stopped_has_no_place_in_the_song() {
    let mut rig = Rig::new();
    rig.run(512, &[on(3, 60, 7), off(9, 60, 8)]);
    assert_eq!(rig.heard(), [Heard::Controls(Controls::default())]);
    assert_eq!(rig.passed(), [(3, 7), (9, 8)]);
    assert_eq!(rig.count(Count::NotesHeard), 1);
}

#[test]
fn a_wildcard_note_off_reaches_every_held_key() {
    let mut rig = Rig::playing();
    let all = InputEvent {
        sample: 20,
        kind: Kind::Off {
            channel: None,
            pitch: None,
        },
        payload: 9,
    };
    rig.run(512, &[on(1, 60, 1), on(2, 64, 2), all]);
    let offs = rig.heard().into_iter().filter_map(|message| match message {
        Heard::NoteOff { pitch, .. } => Some(pitch),
        _ => None,
    });
    assert_eq!(offs.collect::<Vec<_>>(), [60, 64]);
    assert_eq!(rig.passed(), [(2, 1), (3, 2)]);
    // Passed on itself it would end generated notes as well.
    assert_eq!(rig.generated(), [(21, 60, false), (21, 64, false)]);
}

#[test]
fn a_worker_that_missed_the_start_is_told_again() {
    let mut rig = Rig::new();
    for _ in 0..2 * HEARD_CAPACITY + 2 {
        rig.block.forget = !rig.block.forget;
        rig.run(1, &[]);
    }
    rig.block.transport.playing = true;
    rig.run(512, &[]);
    assert!(starts(&rig.heard()).is_empty(), "the ring was full");
    rig.run(512, &[]);
    let messages = rig.heard();
    assert_eq!(messages[0], Heard::Controls(rig.block.controls));
    assert_eq!(starts(&messages), [(epoch(1, 0), Tick(1))]);
    assert!(rig.count(Count::RingOverflows) > 0);
}

#[test]
fn a_block_of_no_samples_is_heard_now_and_passed_later() {
    let mut rig = Rig::playing();
    rig.run(511, &[]);
    rig.heard();
    rig.run(0, &[on(0, 60, 5)]);
    assert!(rig.passed().is_empty());
    assert!(matches!(rig.heard()[..], [Heard::NoteOn { .. }]));
    rig.run(16, &[off(3, 60, 6)]);
    assert_eq!(rig.passed(), [(512, 5), (515, 6)]);
}
