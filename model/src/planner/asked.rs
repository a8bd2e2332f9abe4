//! What the musician asks of the plan while it plays: other controls, another take, a bar to be kept or made anew.

use super::{Action, Planner, Standing};
use crate::{controls::Controls, generate::Generator, note::Note, time::Tick};

/// Ticks that a new plan needs before its bar, when a take, a hold or a roll is asked for while an old one
/// stands: an eighth. What is asked for later counts from the bar after.
pub const NOTICE: i64 = 12;

impl Planner {
    /// The controls as they are from here on. They count at the next decision point, a take and a hold from
    /// the next bar on; what makes the standing plan void is followed by another [`start`](Self::start).
    pub fn set_controls(&mut self, controls: Controls) {
        let before = std::mem::replace(&mut self.controls, controls);
        if controls.role != before.role {
            self.own.clear();
            self.held = None;
        }
        if before.hold && !controls.hold {
            self.release_held();
        }
        if (controls.take, controls.hold) != (before.take, before.hold) {
            self.plan_anew();
        }
    }

    /// Other weights write from the next decision point on. What the old ones have planned is void only with the
    /// next [`start`](Self::start), which has to follow.
    pub fn set_generator(&mut self, generator: Generator) {
        self.generator = generator;
    }

    /// Keeps the bar from `start` on and before `end` as it was last played. It counts when the bar is planned
    /// next. Where nothing was played there is nothing to keep.
    pub fn hold_bar(&mut self, start: Tick, end: Tick) {
        let own: Vec<Note> = self.own.iter().map(|planned| planned.note).collect();
        self.bars.hold(self.controls.role, start, end, &own);
    }

    /// Lets go of the bar that begins at `start`. It counts when the bar is planned next.
    pub fn release_bar(&mut self, start: Tick) {
        self.bars.release(start);
    }

    /// Asks for other notes in the bar that begins at `start`, and lets go of it. It counts when the bar is
    /// planned next, which is at once if it lies [`NOTICE`] ahead.
    pub fn reroll_bar(&mut self, start: Tick) {
        self.bars.release(start);
        self.bars.roll(start);
        if self
            .standing
            .iter()
            .any(|standing| standing.segment.bar.start == start)
        {
            self.plan_anew();
        }
    }

    /// The first ticks of the bars that are held, in order.
    pub fn held_bars(&self) -> impl Iterator<Item = Tick> {
        self.bars.held_by(self.controls.role)
    }

    /// What is planned of bars that begin [`NOTICE`] from now or later is void, and planned anew.
    fn plan_anew(&mut self) {
        let Some(playing) = &mut self.playing else {
            return;
        };
        let soon = self.timeline.now() + NOTICE;
        let begins = |standing: &Standing| {
            let ahead = i64::from(standing.pass - playing.pass);
            let round = playing.cycle.map_or(0, |(start, end)| end - start);
            standing.segment.start + ahead * round
        };
        let first = self
            .standing
            .iter()
            .position(|standing| begins(standing) >= soon);
        let Some(first) = first else {
            return;
        };
        playing.next = self.standing[first].segment.start;
        playing.next_pass = self.standing[first].pass;
        for standing in self.standing.drain(first..) {
            self.actions.push(Action::Replace {
                pass: standing.pass,
                from: standing.segment.start,
                to: standing.segment.end,
            });
        }
    }
}
