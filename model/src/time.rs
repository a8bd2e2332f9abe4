//! Musical time: ticks, meters, bars. No samples and no seconds here.

use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Ticks in a quarter note. 24 divides into sixteenths (6), thirty-seconds (3) and triplets (8, 4, 2).
pub const TICKS_PER_QUARTER: i64 = 24;

/// A thirty-second note: how far from its grid position a played note may lie and still belong to it.
pub const THIRTY_SECOND: i64 = TICKS_PER_QUARTER / 8;

/// A position in the song, or a distance in it, in ticks of 1/24 quarter note.
///
/// Positions count from the song's origin and are negative in a pre-roll.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Tick(pub i64);

impl Add<i64> for Tick {
    type Output = Self;
    fn add(self, ticks: i64) -> Self {
        Self(self.0 + ticks)
    }
}

impl AddAssign<i64> for Tick {
    fn add_assign(&mut self, ticks: i64) {
        self.0 += ticks;
    }
}

impl Sub<i64> for Tick {
    type Output = Self;
    fn sub(self, ticks: i64) -> Self {
        Self(self.0 - ticks)
    }
}

impl Sub for Tick {
    type Output = i64;
    fn sub(self, other: Self) -> i64 {
        self.0 - other.0
    }
}

/// A time signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Meter {
    /// Beats in a bar, 1..=64.
    pub numerator: u8,
    /// The note value of a beat: 1, 2, 4, 8, 16 or 32.
    pub denominator: u8,
}

impl Meter {
    /// Common time.
    pub const COMMON: Self = Self {
        numerator: 4,
        denominator: 4,
    };

    /// The meter, if it is one that can be written: 1..=64 beats of a whole note over a power of two
    /// up to 32.
    #[must_use]
    pub fn new(numerator: i64, denominator: i64) -> Option<Self> {
        let valid = (1..=64).contains(&numerator)
            && [1, 2, 4, 8, 16, 32].contains(&denominator)
            && numerator * 4 * TICKS_PER_QUARTER >= denominator;
        let numerator = u8::try_from(numerator).ok()?;
        let denominator = u8::try_from(denominator).ok()?;
        valid.then_some(Self {
            numerator,
            denominator,
        })
    }

    /// The length of a bar in ticks, at least 3.
    #[must_use]
    pub fn bar_ticks(self) -> i64 {
        i64::from(self.numerator) * self.denominator_ticks()
    }

    /// The length of the written beat in ticks: 24 for a quarter, 12 for an eighth.
    #[must_use]
    pub fn denominator_ticks(self) -> i64 {
        4 * TICKS_PER_QUARTER / i64::from(self.denominator)
    }

    /// The length of the felt beat in ticks: the written one, or three of them in compound meters
    /// (6/8, 9/8, 12/8 and the like).
    #[must_use]
    pub fn beat_ticks(self) -> i64 {
        let compound =
            self.denominator >= 8 && self.numerator > 3 && self.numerator.is_multiple_of(3);
        self.denominator_ticks() * if compound { 3 } else { 1 }
    }
}

/// Where the bars lie: one known downbeat and the meter that holds around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarGrid {
    /// The start of any one bar.
    pub downbeat: Tick,
    /// The number of that bar, counted from 0 at the song's first bar.
    pub number: i64,
    /// The meter on both sides of it.
    pub meter: Meter,
}

impl BarGrid {
    /// Bars of `meter` counted from tick 0.
    #[must_use]
    pub fn from_origin(meter: Meter) -> Self {
        Self {
            downbeat: Tick(0),
            number: 0,
            meter,
        }
    }

    /// The same bars told from the first one that starts at or after tick 0, so that equal grids compare
    /// equal.
    #[must_use]
    pub fn from_zero(self) -> Self {
        let bars = (-self.downbeat.0).div_euclid(self.meter.bar_ticks());
        let bars = bars + i64::from(self.downbeat.0 + bars * self.meter.bar_ticks() < 0);
        Self {
            downbeat: self.start_of(self.number + bars),
            number: self.number + bars,
            meter: self.meter,
        }
    }

    /// The number of the bar that holds `at`.
    #[must_use]
    pub fn bar_at(self, at: Tick) -> i64 {
        self.number + (at - self.downbeat).div_euclid(self.meter.bar_ticks())
    }

    /// The first tick of bar `number`; the next bar's start is its end.
    #[must_use]
    pub fn start_of(self, number: i64) -> Tick {
        self.downbeat + (number - self.number) * self.meter.bar_ticks()
    }

    /// Ticks from the start of its bar to `at`, 0..bar_ticks.
    #[must_use]
    pub fn position_in_bar(self, at: Tick) -> i64 {
        (at - self.downbeat).rem_euclid(self.meter.bar_ticks())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_before_the_origin_count_down() {
        let grid = BarGrid::from_origin(Meter::COMMON);
        assert_eq!(grid.bar_at(Tick(-1)), -1);
        assert_eq!(grid.start_of(-1), Tick(-96));
        assert_eq!(grid.position_in_bar(Tick(-1)), 95);
    }

    #[test]
    fn equal_grids_told_from_different_bars_compare_equal() {
        let meter = Meter::new(3, 4).unwrap();
        for shift in [0, 5, 71] {
            let told = |number: i64| BarGrid {
                downbeat: Tick(shift + number * 72),
                number,
                meter,
            };
            assert_eq!(told(-3).from_zero(), told(40).from_zero());
            assert!((0..72).contains(&told(7).from_zero().downbeat.0));
        }
    }

    #[test]
    fn beats_are_felt_in_threes_in_compound_meters() {
        let beat = |n, d| Meter::new(n, d).unwrap().beat_ticks();
        assert_eq!(
            [beat(4, 4), beat(3, 4), beat(6, 8), beat(12, 8)],
            [24, 24, 36, 36]
        );
        assert_eq!([beat(3, 8), beat(7, 8), beat(2, 2)], [12, 12, 48]);
    }

    #[test]
    fn a_meter_that_cannot_be_written_is_none() {
        assert!(Meter::new(0, 4).is_none());
        assert!(Meter::new(4, 3).is_none());
        assert!(Meter::new(-4, 4).is_none());
    }
}
