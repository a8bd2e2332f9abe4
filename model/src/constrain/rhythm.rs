//! Rhythm: the places of the bar on which notes begin.

use super::Rules;
use crate::{
    controls::Rhythm,
    harmony::Bar,
    sample::log_sum,
    time::{TICKS_PER_QUARTER as QUARTER, Tick},
    token::{END, MAX_BAR_TICKS, duration_class},
    tokenizer::Segment,
};

/// The finest place that is drawn: a thirty-second.
const FINEST: i64 = 3;

/// The places of one bar, in ticks from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Bit `n % 64` of word `n / 64` for tick `n`.
    places: [u64; (MAX_BAR_TICKS / 64) as usize],
}

impl Grid {
    /// The places of `rhythm` in `bar`, one at least; `None` where every place is free.
    #[must_use]
    pub fn of(rhythm: Rhythm, bar: &Bar) -> Option<Self> {
        let eighth = eighth(bar);
        let places = match rhythm {
            Rhythm::Free => return None,
            Rhythm::WholeNotes => vec![0],
            Rhythm::HalfNotes => groups(bar.ticks, 2 * beat(bar)),
            Rhythm::QuarterNotes => groups(bar.ticks, beat(bar)),
            Rhythm::EighthNotes => every(bar.ticks, eighth),
            Rhythm::EighthTriplets if is_compound(bar) => every(bar.ticks, eighth),
            Rhythm::EighthTriplets => every(bar.ticks, QUARTER / 3),
            Rhythm::SixteenthNotes => every(bar.ticks, (eighth / 2).max(FINEST)),
            Rhythm::OffBeats => {
                let beats = groups(bar.ticks, beat(bar));
                let mut between = every(bar.ticks, eighth);
                between.retain(|place| !beats.contains(place));
                between
            }
        };
        let mut grid = Self::from_places(&places);
        // A bar of an eighth has nothing between its beats.
        if places.is_empty() {
            grid.add(0);
        }
        Some(grid)
    }

    /// No place at all.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            places: [0; (MAX_BAR_TICKS / 64) as usize],
        }
    }

    fn from_places(places: &[i64]) -> Self {
        let mut grid = Self::empty();
        places.iter().for_each(|place| grid.add(*place as usize));
        grid
    }

    /// Adds a place, below [`MAX_BAR_TICKS`].
    pub fn add(&mut self, place: usize) {
        self.places[place / 64] |= 1 << (place % 64);
    }

    /// Whether notes may begin at `place`.
    #[must_use]
    pub fn has(&self, place: usize) -> bool {
        place < END && self.places[place / 64] >> (place % 64) & 1 == 1
    }

    /// Its places from `from` on and before `to`, in order.
    pub fn between(&self, from: usize, to: usize) -> impl Iterator<Item = usize> {
        let grid = *self;
        (from..to.min(END)).filter(move |place| grid.has(*place))
    }

    /// Its first place from `from` on and before `to`.
    #[must_use]
    pub fn next(&self, from: usize, to: usize) -> Option<usize> {
        self.between(from, to).next()
    }

    /// Ticks from `place` to the next place, which may be in a bar after this one of the same length.
    #[must_use]
    pub fn wait(&self, place: usize, bar: &Bar) -> usize {
        let ticks = bar.ticks as usize;
        let next_bar = || ticks + self.next(0, ticks).unwrap_or(0);
        self.next(place, ticks).unwrap_or_else(next_bar) - place
    }

    /// Moves what `logits` weigh from class `from` on to the places before `to` and to [`END`]: what was wanted
    /// between two places goes to the nearer one. What they weigh together stays as it is.
    pub fn gather(&self, logits: &mut [f32], from: usize, to: usize) {
        let whole = log_sum(&logits[from..]);
        let places: Vec<usize> = self.between(from, to).collect();
        let mut weights = vec![0.0; places.len() + 1];
        for (class, logit) in logits.iter().enumerate().skip(from) {
            let nearest = if class == END {
                None
            } else {
                (0..places.len()).min_by_key(|index| places[*index].abs_diff(class))
            };
            weights[nearest.unwrap_or(places.len())] += (logit - whole).exp();
        }
        logits[from..].fill(f32::NEG_INFINITY);
        for (place, weight) in places.iter().chain([&END]).zip(weights) {
            logits[*place] = whole + weight.ln();
        }
    }
}

impl Rules {
    /// Moves the onset logits from class `first` on to the places of the rhythm, where one is given.
    pub(super) fn gather(&self, logits: &mut [f32], segment: &Segment, first: usize) {
        let (from, to) = ahead(segment, first);
        if let Some(grid) = &self.grid {
            grid.gather(logits, from, to);
        }
    }

    /// Makes the next place of the rhythm as certain as it is to be filled.
    pub(super) fn fill(&self, logits: &mut [f32], segment: &Segment, first: usize) {
        let (from, to) = ahead(segment, first);
        if let Some(grid) = &self.grid {
            settle(
                logits,
                from,
                grid.next(from, to).unwrap_or(END),
                self.filled,
            );
        }
    }

    /// Where the next place of the rhythm is filled for certain, what would last longer lasts up to there.
    pub(super) fn until_the_next(&self, logits: &mut [f32], segment: &Segment, at: Tick) {
        let place = (at - segment.bar.start) as usize;
        let end = (segment.end - segment.bar.start) as usize;
        let next = self.grid.filter(|_| self.filled == 1.0);
        let Some(next) = next.and_then(|grid| grid.next(place + 1, end)) else {
            return;
        };
        let legato = duration_class((next - place) as i64);
        settle(logits, legato, legato, 1.0);
    }
}

/// The classes of `segment` from `first` on: the first of them, and the one after the last.
pub fn ahead(segment: &Segment, first: usize) -> (usize, usize) {
    // Both casts are safe: places in a bar.
    let start = (segment.start - segment.bar.start) as usize;
    (first.max(start), (segment.end - segment.bar.start) as usize)
}

/// Moves the share `sure`, 0..=1, of what `logits` weigh from class `from` on to class `place`.
pub fn settle(logits: &mut [f32], from: usize, place: usize, sure: f32) {
    let whole = log_sum(&logits[from..]);
    let left = (1.0 - sure).ln();
    logits[from..].iter_mut().for_each(|logit| *logit += left);
    if sure > 0.0 {
        logits[place] = log_sum(&[logits[place], whole + sure.ln()]);
    }
}

/// The beat as it is felt, in ticks; see [`Rhythm`].
fn beat(bar: &Bar) -> i64 {
    if is_compound(bar) { bar.beat } else { QUARTER }
}

/// Whether three written beats make a felt one.
fn is_compound(bar: &Bar) -> bool {
    bar.beat % 9 == 0
}

/// What is counted as an eighth, in ticks: in 6/16 it is written as a sixteenth.
fn eighth(bar: &Bar) -> i64 {
    if is_compound(bar) {
        bar.beat / 3
    } else {
        QUARTER / 2
    }
}

fn every(ticks: i64, step: i64) -> Vec<i64> {
    (0..ticks).step_by(step as usize).collect()
}

/// Where groups of `length` ticks begin; what is left over at the end is a group where it is three quarters as
/// long at least.
fn groups(ticks: i64, length: i64) -> Vec<i64> {
    let mut starts = every(ticks, length);
    let left = ticks - starts[starts.len() - 1];
    if starts.len() > 1 && 4 * left < 3 * length {
        starts.pop();
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{BarGrid, Meter, Tick};

    fn places(numerator: i64, denominator: i64, rhythm: Rhythm) -> Vec<usize> {
        let meter = Meter::new(numerator, denominator).expect("a meter");
        let bar = Bar::containing(BarGrid::from_origin(meter), Tick(0));
        let grid = Grid::of(rhythm, &bar).expect("a grid");
        grid.between(0, bar.ticks as usize).collect()
    }

    #[test]
    fn beats_are_where_they_are_felt() {
        use Rhythm::{EighthNotes, EighthTriplets, HalfNotes, OffBeats, QuarterNotes, WholeNotes};
        for (meter, rhythm, expected) in [
            ((4, 4), WholeNotes, &[0][..]),
            ((4, 4), HalfNotes, &[0, 48]),
            ((4, 4), QuarterNotes, &[0, 24, 48, 72]),
            ((4, 4), OffBeats, &[12, 36, 60, 84]),
            ((2, 2), QuarterNotes, &[0, 24, 48, 72]),
            ((3, 4), HalfNotes, &[0]),
            ((3, 4), OffBeats, &[12, 36, 60]),
            ((5, 4), HalfNotes, &[0, 48]),
            ((6, 8), QuarterNotes, &[0, 36]),
            ((6, 8), EighthNotes, &[0, 12, 24, 36, 48, 60]),
            ((6, 8), EighthTriplets, &[0, 12, 24, 36, 48, 60]),
            ((6, 8), OffBeats, &[12, 24, 48, 60]),
            ((12, 8), HalfNotes, &[0, 72]),
            ((7, 8), QuarterNotes, &[0, 24, 48]),
            ((7, 8), HalfNotes, &[0, 48]),
            ((7, 8), OffBeats, &[12, 36, 60, 72]),
            ((5, 8), QuarterNotes, &[0, 24]),
            ((1, 8), OffBeats, &[0]),
        ] {
            assert_eq!(
                places(meter.0, meter.1, rhythm),
                expected,
                "{meter:?} {rhythm:?}"
            );
        }
        assert_eq!(places(4, 4, EighthTriplets).len(), 12);
        assert_eq!(places(4, 4, Rhythm::SixteenthNotes).len(), 16);
    }

    #[test]
    fn every_meter_has_a_place_that_can_be_drawn() {
        for denominator in [1, 2, 4, 8, 16, 32] {
            for numerator in 1..=64 {
                if Meter::new(numerator, denominator).is_none() {
                    continue;
                }
                for rhythm in &Rhythm::ALL[1..] {
                    let places = places(numerator, denominator, *rhythm);
                    assert!(!places.is_empty());
                    let drawn = |place: &usize| place.is_multiple_of(3) || place.is_multiple_of(4);
                    assert!(places.iter().all(drawn), "{numerator}/{denominator}");
                }
            }
        }
    }

    #[test]
    fn what_was_wanted_between_places_goes_to_the_nearer_one() {
        let grid = Grid::from_places(&[0, 24, 48]);
        let mut logits = vec![f32::NEG_INFINITY; END + 1];
        for (class, weight) in [(0, 0.25f32), (20, 0.25), (60, 0.25), (END, 0.25)] {
            logits[class] = weight.ln();
        }
        let taken = |sure| {
            let mut logits = logits.clone();
            grid.gather(&mut logits, 1, 96);
            settle(&mut logits, 1, 24, sure);
            [0, 24, 48, END].map(|class| (logits[class].exp() * 100.0).round())
        };
        assert_eq!(taken(0.0), [25.0, 25.0, 25.0, 25.0]);
        assert_eq!(taken(0.5), [25.0, 50.0, 13.0, 13.0]);
        assert_eq!(taken(1.0), [25.0, 75.0, 0.0, 0.0]);
        grid.gather(&mut logits, 49, 96);
        assert!((logits[END].exp() - 0.5).abs() < 1e-6);
    }
}
