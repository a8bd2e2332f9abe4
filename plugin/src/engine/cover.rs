//! Watches that every bar which the playing head enters has a plan, and finds a stand-in where it has none.

use std::sync::Arc;

use continuo_model::{
    harmony::Bar,
    time::{BarGrid, THIRTY_SECOND, Tick},
};

use crate::{
    ladder::{Bending, Ladder, Rung, Segment},
    link::Epoch,
    schedule::{Schedule, Waiting},
    status::Status,
};

/// A stretch that the head entered without a plan.
#[derive(Clone, Copy, Debug)]
struct Gap {
    segment: Segment,
    rung: Rung,
    counted: bool,
}

/// What covers the song around the playing head.
pub struct Cover {
    pub ladder: Ladder,
    /// The stretch of play that the head is in.
    epoch: Epoch,
    /// The head has come to this place, in ticks of its epoch.
    head: f64,
    /// Ticks before this have a plan or a stand-in.
    covered: Tick,
    gap: Option<Gap>,
    /// Before this a stand-in has played what a late plan would play again.
    stood_in: Tick,
    status: Arc<Status>,
}

impl Cover {
    /// Nothing is planned; allocates all that it will ever need.
    pub fn new(status: Arc<Status>) -> Self {
        Self {
            ladder: Ladder::new(),
            epoch: Epoch::default(),
            head: f64::NEG_INFINITY,
            covered: Tick(i64::MIN),
            gap: None,
            stood_in: Tick(i64::MIN),
            status,
        }
    }

    /// The head enters another stretch of play.
    pub fn enter(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        self.reset();
    }

    /// Looks anew at what is planned.
    pub fn reset(&mut self) {
        self.head = f64::NEG_INFINITY;
        self.covered = Tick(i64::MIN);
        self.stood_in = Tick(i64::MIN);
        self.gap = None;
    }

    /// A plan begins to come. Where the head has been filling its place, the plan takes over.
    pub fn open(&mut self, segment: Segment, schedule: &mut Schedule) {
        self.ladder.open(segment);
        let late = self.gap.filter(|gap| {
            let of = gap.segment;
            of.epoch == segment.epoch && of.from < segment.to && segment.from < of.to
        });
        if let Some(gap) = late {
            self.gap = None;
            schedule.drop_stand_ins();
            self.covered = segment.to;
            if !gap.counted {
                self.status.add(Rung::Planned.count(), 1);
            }
            if gap.rung != Rung::Rest {
                self.stood_in = Tick(self.head.ceil() as i64);
            }
        }
    }

    /// Whether a stand-in has been played in the place of this note.
    pub fn is_past(&self, waiting: &Waiting) -> bool {
        waiting.epoch == self.epoch && waiting.note.onset < self.stood_in
    }

    /// The head goes from one place to another, in ticks: fills what nobody has planned there.
    pub fn go(
        &mut self,
        (from, to): (f64, f64),
        grid: BarGrid,
        bending: &Bending,
        schedule: &mut Schedule,
    ) {
        self.head = to;
        if let Some(gap) = &mut self.gap
            && !gap.counted
            && to >= (gap.segment.from + THIRTY_SECOND).0 as f64
        {
            gap.counted = true;
            self.status.add(gap.rung.count(), 1);
        }
        // The cast is safe: song positions are bounded by the clock.
        let mut at = self.covered.max(Tick(from.ceil() as i64));
        while (at.0 as f64) < to {
            at = match self.ladder.planned(self.epoch, at) {
                Some(end) => {
                    self.status.add(Rung::Planned.count(), 1);
                    end
                }
                None => self.fill(at, grid, bending, schedule),
            };
            self.covered = at;
        }
    }

    /// Fills the rest of the bar at `at`; returns its end.
    fn fill(
        &mut self,
        at: Tick,
        grid: BarGrid,
        bending: &Bending,
        schedule: &mut Schedule,
    ) -> Tick {
        let bar = Bar::containing(grid, at);
        let segment = Segment {
            epoch: self.epoch,
            bar: bar.start,
            from: at,
            to: bar.end(),
        };
        let rung = self.ladder.fill(&segment, bending, |note| {
            schedule.insert(Waiting {
                epoch: segment.epoch,
                note,
                stand_in: true,
            });
        });
        if let Some(gap) = self.gap.replace(Gap {
            segment,
            rung,
            counted: false,
        }) && !gap.counted
        {
            self.status.add(gap.rung.count(), 1);
        }
        bar.end()
    }
}
