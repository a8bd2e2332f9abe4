//! What passes through, and how it gets on with what is generated and with a full host list.

use super::*;

#[test]
fn thru_passes_everything_untouched_and_in_order() {
    let mut rig = Rig::playing();
    let input = [
        other(0, 1),
        on(0, 60, 2),
        other(5, 3),
        off(5, 60, 4),
        other(511, 5),
    ];
    rig.run(512, &input);
    assert_eq!(rig.passed(), [(1, 1), (1, 2), (6, 3), (6, 4), (512, 5)]);
}

#[test]
fn without_thru_only_the_end_of_what_had_passed_does() {
    let mut rig = Rig::playing();
    rig.run(100, &[on(0, 60, 1)]);
    rig.block.thru = false;
    rig.run(
        100,
        &[
            on(0, 62, 2),
            other(1, 3),
            off(2, 62, 4),
            off(3, 60, 5),
            off(4, 60, 6),
        ],
    );
    assert_eq!(rig.passed(), [(1, 1), (104, 5)]);
}

#[test]
fn bypass_passes_even_without_thru_and_generates_nothing() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.block.thru = false;
    rig.block.bypass = true;
    rig.plan(epoch, note(2, 60));
    rig.plan(epoch, note(30, 62));
    rig.run(100, &[on(0, 50, 1), other(1, 2)]);
    rig.run_until(10_000, 500);
    assert_eq!(rig.passed(), [(1, 1), (2, 2)]);
    assert_eq!(rig.generated(), []);
    rig.block.bypass = false;
    rig.run(100, &[off(0, 50, 3)]);
    rig.run_until(60_000, 500);
    assert_eq!(rig.passed().last(), Some(&(10_000, 3)));
    assert_eq!(rig.generated(), [(30_000, 62, true), (54_000, 62, false)]);
}

#[test]
fn a_generated_note_never_doubles_a_key_that_a_player_holds() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan(epoch, note(2, 60));
    rig.plan(epoch, note(8, 60));
    rig.run(4_999, &[]);
    rig.run(5_000, &[on(0, 60, 1)]);
    rig.run(5_000, &[off(0, 60, 2)]);
    let kind = |sample, pitch| on(sample, pitch, 0).kind;
    let expected = [
        (
            2_000,
            Body::On {
                channel: 0,
                pitch: 60,
                velocity: 90,
            },
        ),
        (
            5_000,
            Body::Off {
                channel: 0,
                pitch: 60,
            },
        ),
        (
            5_000,
            Body::Pass {
                kind: kind(0, 60),
                payload: 1,
            },
        ),
        (
            10_000,
            Body::Pass {
                kind: off(0, 60, 0).kind,
                payload: 2,
            },
        ),
    ];
    assert_eq!(rig.out, expected);
    assert_eq!(rig.count(Count::Dropped), 1);
}

#[test]
fn a_full_host_list_delays_and_loses_no_note_off() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    for pitch in 60..70 {
        rig.plan(
            epoch,
            PlannedNote {
                duration: 6,
                ..note(2, pitch)
            },
        );
    }
    rig.room = 3;
    rig.run_until(40_000, 500);
    let generated = rig.generated();
    for pitch in 60..70 {
        let own: Vec<_> = generated.iter().filter(|(_, p, _)| *p == pitch).collect();
        assert!(own.len() == 2 && own[0].2 && !own[1].2, "{pitch}: {own:?}");
    }
    assert!(rig.count(Count::Refused) > 0);
    assert_eq!(rig.count(Count::NotesPlayed), 10);
}

#[test]
fn refused_note_offs_leave_before_anything_else() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan(
        epoch,
        PlannedNote {
            duration: 4,
            ..note(2, 60)
        },
    );
    rig.run_until(5_501, 500);
    rig.room = 0;
    rig.run(1_000, &[other(0, 1), on(1, 40, 2)]);
    rig.room = usize::MAX;
    rig.run(500, &[other(0, 3)]);
    assert_eq!(
        rig.out[1],
        (
            6_501,
            Body::Off {
                channel: 0,
                pitch: 60
            }
        )
    );
    assert_eq!(rig.passed(), [(6_501, 1), (6_501, 2), (6_501, 3)]);
}

#[test]
fn a_note_that_ended_before_the_host_took_it_is_not_sent() {
    let mut rig = Rig::playing();
    rig.room = 0;
    rig.run(100, &[on(0, 40, 1), other(1, 2)]);
    rig.run(100, &[off(0, 40, 3)]);
    rig.room = 1;
    rig.run(100, &[]);
    assert_eq!(rig.passed(), [(201, 2)]);
}

#[test]
fn a_host_that_never_takes_anything_is_survived() {
    let mut rig = Rig::playing();
    rig.room = 0;
    for _ in 0..3000 {
        rig.run(8, &[other(0, 0), other(1, 0), on(2, 60, 0)]);
    }
    assert!(rig.count(Count::Dropped) > 0);
    rig.room = usize::MAX;
    rig.run(8, &[off(0, 60, 77)]);
    assert_eq!(rig.passed().last().map(|(_, serial)| *serial), Some(77));
}

#[test]
fn a_lookahead_that_changes_loses_nothing() {
    let mut rig = Rig::playing();
    let mut serial = 0;
    for (block, lookahead) in (40..).zip([0, 5_000, 5_000, 200, 9_000, 0, 0]) {
        rig.block.lookahead = lookahead;
        rig.run(1_000, &[on(10, block, serial), off(500, block, serial + 1)]);
        serial += 2;
    }
    let serials: Vec<_> = rig.passed().into_iter().map(|(_, serial)| serial).collect();
    assert_eq!(serials, (0..serial).collect::<Vec<_>>());
}

#[test]
fn a_reset_between_the_heads_still_ends_what_had_passed() {
    let mut rig = Rig::playing();
    rig.block.lookahead = 1_000;
    rig.run(2_000, &[on(10, 60, 1), off(1_500, 60, 2), on(1_600, 61, 3)]);
    rig.engine.reset();
    rig.run(2_000, &[]);
    assert_eq!(rig.passed(), [(1_011, 1), (2_001, 2)]);
}

#[test]
fn events_beyond_the_block_count_as_its_last_sample() {
    let mut rig = Rig::playing();
    rig.run(100, &[other(99, 1), other(100, 2), other(u32::MAX, 3)]);
    assert_eq!(rig.passed(), [(100, 1), (100, 2), (100, 3)]);
}

#[test]
fn a_key_struck_twice_is_ended_when_the_host_took_only_the_first_stroke() {
    let mut rig = Rig::playing();
    rig.room = 1;
    rig.run(100, &[on(0, 60, 1), on(1, 60, 2), off(2, 60, 3)]);
    rig.run(100, &[]);
    rig.run(100, &[]);
    assert_eq!(rig.passed(), [(1, 1), (101, 3)]);
}

#[test]
fn a_stroke_that_is_taken_back_behind_a_waiting_note_off_leaves_one_note_off() {
    let mut rig = Rig::playing();
    rig.room = 1;
    let input = [on(0, 60, 1), off(1, 60, 2), on(2, 60, 3), off(3, 60, 4)];
    rig.run(100, &input);
    rig.run(100, &[]);
    rig.run(100, &[]);
    assert_eq!(rig.passed(), [(1, 1), (101, 2)]);
}
