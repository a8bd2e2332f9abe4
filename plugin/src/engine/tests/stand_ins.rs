//! A plan that does not come in time: what stands in for it, and how the plan takes over.

use continuo_model::time::Tick;

use super::*;
use crate::ladder::Segment;

const BAR: i64 = 96;
/// Samples of a bar.
const BAR_SAMPLES: u64 = 96 * TICK;

impl Rig {
    /// Plans bar `number` with notes at these ticks of the bar.
    fn plan_bar(&mut self, epoch: Epoch, number: i64, notes: &[(i64, u8)]) {
        let from = Tick(BAR * number);
        assert!(self.worker.send(Planned::Segment(Segment {
            epoch,
            bar: from,
            from,
            to: from + BAR,
        })));
        for &(offset, pitch) in notes {
            self.plan(epoch, note(from.0 + offset, pitch));
        }
    }

    /// Ticks and pitches of the note-ons.
    fn played(&self) -> Vec<(u64, u8)> {
        self.generated()
            .into_iter()
            .filter(|(.., on)| *on)
            .map(|(at, pitch, _)| ((at + TICK / 2) / TICK, pitch))
            .collect()
    }

    /// Bars by rung: planned, from an earlier pass, moved, rested.
    fn rungs(&self) -> [u64; 4] {
        [
            Count::BarsPlanned,
            Count::BarsFromEarlierPass,
            Count::BarsMoved,
            Count::BarsRested,
        ]
        .map(|count| self.count(count))
    }
}

#[test]
fn a_bar_without_a_plan_is_played_as_on_the_pass_before() {
    let mut rig = Rig::new();
    rig.block.transport.playing = true;
    rig.block.transport.cycle = Some((0.0, 4.0));
    rig.run(1, &[]);
    let epoch = rig.epoch();
    rig.plan_bar(epoch, 0, &[(0, 40), (48, 43)]);
    rig.run_until(2 * BAR_SAMPLES - 512, 512);
    assert_eq!(rig.played(), [(0, 40), (48, 43), (96, 40), (144, 43)]);
    assert_eq!(rig.rungs(), [1, 1, 0, 0]);
    assert_eq!(rig.count(Count::Late), 0);
}

#[test]
fn else_the_last_bar_comes_again_and_a_bass_goes_to_the_new_root() {
    let mut rig = Rig::new();
    rig.block.controls.role = continuo_model::controls::Role::Bass;
    rig.block.transport.playing = true;
    rig.run(1, &[]);
    let epoch = rig.epoch();
    rig.plan_bar(epoch, 0, &[(0, 36), (48, 43)]);
    rig.run_until(BAR_SAMPLES - 100, 500);
    // A minor is struck with the second bar.
    let chord = [57, 60, 64].map(|pitch| on(100, pitch, 0));
    rig.run(600, &chord);
    rig.run_until(2 * BAR_SAMPLES - 1000, 500);
    assert_eq!(rig.played(), [(0, 36), (48, 43), (96, 33), (144, 45)]);
    assert_eq!(rig.rungs(), [1, 0, 1, 0]);
}

#[test]
fn where_nothing_was_planned_yet_it_rests() {
    let mut rig = Rig::playing();
    rig.run_until(2 * BAR_SAMPLES - 1000, 500);
    assert_eq!(rig.played(), []);
    assert_eq!(rig.rungs(), [0, 0, 0, 2]);
}

#[test]
fn a_plan_that_comes_late_takes_over_from_where_the_head_is() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan_bar(epoch, 0, &[(0, 50), (24, 52), (48, 53), (72, 55)]);
    rig.run_until(BAR_SAMPLES + 30 * TICK, 500);
    rig.plan_bar(epoch, 1, &[(0, 60), (24, 62), (48, 64), (72, 65)]);
    rig.run_until(2 * BAR_SAMPLES - 1000, 500);
    // Two notes stood in; of the plan only what lies ahead is played, and nothing counts as late.
    let second_bar = &rig.played()[4..];
    assert_eq!(second_bar, [(96, 50), (120, 52), (144, 64), (168, 65)]);
    assert_eq!(rig.rungs(), [1, 0, 1, 0]);
    assert_eq!(rig.count(Count::Late) + rig.count(Count::Dropped), 0);
}

#[test]
fn a_plan_that_comes_within_a_thirty_second_is_in_time() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.run_until(2 * TICK, 500);
    rig.plan_bar(epoch, 0, &[(0, 50), (24, 52)]);
    rig.run_until(BAR_SAMPLES - 1000, 500);
    assert_eq!(rig.played(), [(2, 50), (24, 52)]);
    assert_eq!(rig.rungs(), [1, 0, 0, 0]);
    assert_eq!(rig.count(Count::CaughtUp), 1);
}

#[test]
fn other_controls_leave_no_stand_in() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan_bar(epoch, 0, &[(0, 50)]);
    rig.run_until(BAR_SAMPLES / 2, 500);
    rig.block.controls.key = Some(3);
    rig.run_until(2 * BAR_SAMPLES - 1000, 500);
    assert_eq!(rig.played(), [(0, 50)]);
}

#[test]
fn a_planned_rest_is_a_plan() {
    let mut rig = Rig::playing();
    let epoch = rig.epoch();
    rig.plan_bar(epoch, 0, &[(0, 50)]);
    rig.plan_bar(epoch, 1, &[]);
    rig.run_until(2 * BAR_SAMPLES - 1000, 500);
    assert_eq!(rig.played(), [(0, 50)]);
    assert_eq!(rig.rungs(), [2, 0, 0, 0]);
}
