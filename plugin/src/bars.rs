//! The bar lines of a song as far as it has been played: where which meter holds.

use continuo_model::time::{BarGrid, Meter, Tick};

/// Meter changes that are kept; those farthest from the playhead go first.
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
pub struct Bars {
    regions: Vec<(Tick, BarGrid)>,
    /// What the first region's numbers are off from counting through changes that are no longer kept.
    shift: i64,
    /// The song was heard of; until then the bars are a guess.
    met: bool,
}

impl Default for Bars {
    fn default() -> Self {
        Self::presumed(BarGrid::from_origin(Meter::COMMON))
    }
}

impl Bars {
    /// Bars of `grid`, counted from the song's origin, until the song is met.
    #[must_use]
    pub fn presumed(grid: BarGrid) -> Self {
        let first = BarGrid {
            number: 0,
            ..grid.from_zero()
        };
        Self {
            regions: vec![(first.downbeat, first)],
            shift: 0,
            met: false,
        }
    }

    /// The song was met with `grid` at `at`: so it is from the start of that bar to the next known change.
    /// Whether that is news.
    pub fn meet(&mut self, at: Tick, grid: BarGrid) -> bool {
        let first = !std::mem::replace(&mut self.met, true);
        if self.grid_at(at) == grid {
            return false;
        }
        let from = grid.start_of(grid.bar_at(at));
        if first {
            self.regions.clear();
        }
        // What was known to begin in the part of the bar that has passed did not.
        self.regions
            .retain(|(start, _)| *start <= from || *start > at);
        match self
            .regions
            .binary_search_by_key(&from, |(start, _)| *start)
        {
            Ok(same) => self.regions[same].1 = grid,
            Err(place) => self.regions.insert(place, (from, grid)),
        }
        self.regions.dedup_by_key(|(_, grid)| *grid);
        if self.regions.len() > MOST_REGIONS {
            self.drop_farthest(at);
        }
        true
    }

    fn drop_farthest(&mut self, at: Tick) {
        let (first, last) = (self.regions[0].0, self.regions[self.regions.len() - 1].0);
        if (at - first).abs() < (last - at).abs() {
            self.regions.pop();
        } else {
            self.shift = self.shift_of(1);
            self.regions.remove(0);
        }
    }

    fn region(&self, at: Tick) -> usize {
        self.regions
            .partition_point(|(start, _)| *start <= at)
            .saturating_sub(1)
    }

    /// The grid that holds at `at`.
    #[must_use]
    pub fn grid_at(&self, at: Tick) -> BarGrid {
        self.regions[self.region(at)].1
    }

    /// The bar that holds `at`.
    #[must_use]
    pub fn bar_at(&self, at: Tick) -> Bar {
        let region = self.region(at);
        let (from, grid) = self.regions[region];
        let number = grid.bar_at(at);
        let limit = self.regions.get(region + 1).map(|(start, _)| *start);
        let start = grid.start_of(number);
        let end = grid.start_of(number + 1);
        Bar {
            start: if region > 0 { start.max(from) } else { start },
            end: limit.map_or(end, |limit| end.min(limit)),
            number: number + self.shift_of(region),
            meter: grid.meter,
        }
    }

    /// What a grid that counts by position alone is off from counting through the changes before it.
    fn shift_of(&self, region: usize) -> i64 {
        self.regions[..=region]
            .windows(2)
            .fold(self.shift, |shift, regions| {
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
    use proptest::{collection::vec, prelude::*};

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
        bars.meet(Tick(0), grid(4, 0));
        bars.meet(Tick(384), grid(3, 384));
        let once = bars.clone();
        assert!(!bars.meet(Tick(0), grid(4, 0)));
        assert!(!bars.meet(Tick(390), grid(3, 384)));
        assert_eq!(bars, once);
    }

    #[test]
    fn a_meter_that_was_taken_back_is_gone_when_it_is_met() {
        let mut bars = Bars::default();
        bars.meet(Tick(0), grid(4, 0));
        let once = bars.clone();
        bars.meet(Tick(384), grid(3, 384));
        bars.meet(Tick(384), grid(4, 0));
        assert_eq!(bars, once);
    }

    #[test]
    fn a_meter_that_was_taken_out_of_the_song_leaves_nothing_behind() {
        let mut bars = Bars::default();
        bars.meet(Tick(0), grid(4, 0));
        bars.meet(Tick(384), grid(3, 384));
        bars.meet(Tick(600), grid(4, 600));
        // The waltz is deleted, and the song played over it again.
        let news = (384..900).filter(|at| bars.meet(Tick(*at), grid(4, 0)));
        assert!(news.count() <= 2, "each change is news once");
        let expected: Vec<_> = (4..10).map(|bar| (bar * 96, bar)).collect();
        assert_eq!(starts(&bars, 384, 960), expected);
    }

    #[test]
    fn a_song_that_is_first_met_in_its_middle_is_all_in_that_meter() {
        let mut bars = Bars::default();
        assert!(bars.meet(Tick(32 * 72), grid(3, 32 * 72)));
        assert_eq!(starts(&bars, 32 * 72, 33 * 72), [(32 * 72, 32)]);
        assert_eq!(starts(&bars, 0, 144), [(0, 0), (72, 1)]);
    }

    #[test]
    fn a_song_that_was_loaded_lies_as_it_was_left_until_it_is_met() {
        let left = BarGrid {
            number: -8,
            ..grid(3, 24)
        };
        let mut bars = Bars::presumed(left);
        assert_eq!(starts(&bars, 24, 168), [(24, 0), (96, 1)]);
        bars.meet(Tick(0), grid(4, 0));
        assert_eq!(starts(&bars, 24, 168), [(0, 0), (96, 1)]);
    }

    #[test]
    fn numbers_stay_when_changes_are_no_longer_kept() {
        let mut bars = Bars::default();
        let mut starts = Vec::new();
        let mut at = 0;
        for change in 0..MOST_REGIONS as i64 + 50 {
            let (numerator, ticks) = if change % 2 == 0 { (4, 96) } else { (3, 72) };
            bars.meet(Tick(at), grid(numerator, at));
            starts.push(Tick(at));
            at += ticks;
        }
        assert_eq!(bars.regions.len(), MOST_REGIONS);
        for (number, start) in starts.into_iter().enumerate().skip(60) {
            assert_eq!(bars.bar_at(start).number, number as i64);
        }
    }

    proptest! {
        #[test]
        fn what_was_met_last_holds_and_is_news_once(
            met in vec((0_i64..4000, 1_i64..8, 0_i64..96), 1..40),
        ) {
            let mut bars = Bars::default();
            for (at, numerator, downbeat) in met {
                let grid = grid(numerator, downbeat).from_zero();
                let at = Tick(at);
                bars.meet(at, grid);
                prop_assert_eq!(bars.grid_at(at), grid);
                let bar = bars.bar_at(at);
                prop_assert!(bar.start <= at && at < bar.end);
                prop_assert!(!bars.meet(at, grid));
                let regions = &bars.regions;
                prop_assert!(regions.windows(2).all(|pair| pair[0].0 < pair[1].0));
            }
            let all: Vec<_> = bars.between(Tick(0), Tick(4200)).collect();
            for pair in all.windows(2) {
                prop_assert_eq!(pair[0].end, pair[1].start);
                prop_assert_eq!(pair[0].number + 1, pair[1].number);
            }
        }
    }

    #[test]
    fn bars_before_the_origin_count_down() {
        assert_eq!(
            starts(&Bars::default(), -100, 10),
            [(-192, -2), (-96, -1), (0, 0)]
        );
    }
}
