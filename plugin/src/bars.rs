//! The bar lines of a song as far as it has been played: where which meter holds.

use continuo_model::time::{BarGrid, Meter, Tick};

/// Meter changes that are kept; the oldest go first.
const MOST_REGIONS: usize = 256;

/// One bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its first tick.
    pub start: Tick,
    /// The first tick after it. A change of meter may cut it short.
    pub end: Tick,
    /// Counted from 0 at the song's first bar, through all changes of meter.
    pub number: i64,
    /// Its meter.
    pub meter: Meter,
}

/// Which grid holds from where on. The first holds before its own start too.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars(Vec<(Tick, BarGrid)>);

impl Default for Bars {
    fn default() -> Self {
        Self(vec![(Tick(0), BarGrid::from_origin(Meter::COMMON))])
    }
}

impl Bars {
    /// The song was met with `grid` at `at`: so it is from the start of that bar to the next known change.
    /// Whether that is news.
    pub fn meet(&mut self, at: Tick, grid: BarGrid) -> bool {
        let region = self.region(at);
        if self.0[region].1 == grid {
            return false;
        }
        let from = grid.start_of(grid.bar_at(at));
        match self.0.binary_search_by_key(&from, |(start, _)| *start) {
            Ok(same) => self.0[same].1 = grid,
            Err(place) => self.0.insert(place, (from, grid)),
        }
        self.0.dedup_by_key(|(_, grid)| *grid);
        if self.0.len() > MOST_REGIONS {
            self.0.remove(0);
        }
        true
    }

    fn region(&self, at: Tick) -> usize {
        self.0
            .partition_point(|(start, _)| *start <= at)
            .saturating_sub(1)
    }

    /// The grid that holds at `at`.
    #[must_use]
    pub fn grid_at(&self, at: Tick) -> BarGrid {
        self.0[self.region(at)].1
    }

    /// The bar that holds `at`.
    #[must_use]
    pub fn bar_at(&self, at: Tick) -> Bar {
        let region = self.region(at);
        let (_, grid) = self.0[region];
        let number = grid.bar_at(at);
        let limit = self.0.get(region + 1).map(|(start, _)| *start);
        let start = grid.start_of(number);
        let end = grid.start_of(number + 1);
        Bar {
            start: self.0[..=region]
                .last()
                .filter(|_| region > 0)
                .map_or(start, |(from, _)| start.max(*from)),
            end: limit.map_or(end, |limit| end.min(limit)),
            number: number + self.shift(region),
            meter: grid.meter,
        }
    }

    /// What a grid that counts by position alone is off from counting through the changes before it.
    fn shift(&self, region: usize) -> i64 {
        self.0[..=region].windows(2).fold(0, |shift, regions| {
            let (at, after) = regions[1];
            let before = regions[0].1;
            before.bar_at(at - 1) + 1 + shift - after.bar_at(at)
        })
    }

    /// The bars that lie in `from..to`, also in part.
    pub fn between(&self, from: Tick, to: Tick) -> impl Iterator<Item = Bar> {
        std::iter::successors(Some(self.bar_at(from)), |bar| Some(self.bar_at(bar.end)))
            .take_while(move |bar| bar.start < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(numerator: i64, downbeat: i64) -> BarGrid {
        let meter = Meter::new(numerator, 4).unwrap();
        BarGrid {
            downbeat: Tick(downbeat),
            number: downbeat.div_euclid(meter.bar_ticks()),
            meter,
        }
    }

    fn starts(bars: &Bars, from: i64, to: i64) -> Vec<(i64, i64)> {
        bars.between(Tick(from), Tick(to))
            .map(|bar| (bar.start.0, bar.number))
            .collect()
    }

    #[test]
    fn bars_are_counted_through_a_change_of_meter() {
        let mut bars = Bars::default();
        assert!(!bars.meet(Tick(10), grid(4, 0)));
        assert!(bars.meet(Tick(384), grid(3, 384)));
        let expected = [(192, 2), (288, 3), (384, 4), (456, 5), (528, 6)];
        assert_eq!(starts(&bars, 200, 600), expected);
    }

    #[test]
    fn a_loop_over_a_change_keeps_both_meters() {
        let mut bars = Bars::default();
        bars.meet(Tick(384), grid(3, 384));
        let once = bars.clone();
        assert!(!bars.meet(Tick(0), grid(4, 0)));
        assert!(!bars.meet(Tick(390), grid(3, 384)));
        assert_eq!(bars, once);
    }

    #[test]
    fn a_meter_that_was_taken_back_is_gone_when_it_is_met() {
        let mut bars = Bars::default();
        bars.meet(Tick(384), grid(3, 384));
        bars.meet(Tick(384), grid(4, 0));
        assert_eq!(bars, Bars::default());
    }

    #[test]
    fn bars_before_the_origin_count_down() {
        assert_eq!(
            starts(&Bars::default(), -100, 10),
            [(-192, -2), (-96, -1), (0, 0)]
        );
    }
}
