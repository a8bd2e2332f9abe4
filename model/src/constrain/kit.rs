//! Rhythm for a drummer: the hats and the ride strike its places and no others, the rest of the kit is free.
//!
//! Half notes and whole ones slow the whole groove down: the cymbals go twice as fast as the rhythm, and of its
//! beats, counted through the bars, every second one is the backbeat, where the snare is, and nowhere else. In 4/4
//! half notes are half time: hats on the quarters, the snare on the third.

use super::{
    Rules, last_stroke, most_together,
    rhythm::{Grid, ahead, settle},
};
use crate::{
    controls::Rhythm, harmony::Bar, note::Note, sample::log_sum, time::Tick, tokenizer::Segment,
};

/// Hats and rides of the General MIDI map: what keeps the time.
const CYMBALS: [u8; 6] = [42, 44, 46, 51, 53, 59];
/// Snares, side stick and clap: what makes the backbeat.
const SNARES: [u8; 4] = [37, 38, 39, 40];

/// A part of the kit, and the places on which it is struck.
#[derive(Clone, Copy, Debug)]
struct Part {
    keys: &'static [u8],
    places: Grid,
}

/// What a rhythm asks of a drummer in one bar.
#[derive(Clone, Copy, Debug)]
pub struct Kit {
    /// From the lowest keys up; `None` is free.
    parts: [Option<Part>; 2],
    lowest: u8,
    highest: u8,
}

impl Kit {
    /// That of `rhythm` in `bar`, with the keys from `lowest` to `highest`; `None` where all is free.
    #[must_use]
    pub fn of(rhythm: Rhythm, bar: &Bar, (lowest, highest): (u8, u8)) -> Option<Self> {
        let grid = |rhythm| Grid::of(rhythm, bar);
        let (cymbals, backbeat) = match rhythm {
            Rhythm::Free => return None,
            Rhythm::HalfNotes => (grid(Rhythm::QuarterNotes)?, Some(backbeat(rhythm, bar))),
            Rhythm::WholeNotes => (grid(Rhythm::HalfNotes)?, Some(backbeat(rhythm, bar))),
            _ => (grid(rhythm)?, None),
        };
        let has = |keys: &[u8]| keys.iter().any(|key| (lowest..=highest).contains(key));
        let part = |keys, places| has(keys).then_some(Part { keys, places });
        Some(Self {
            parts: [
                backbeat.and_then(|places| part(&SNARES, places)),
                part(&CYMBALS, cymbals),
            ],
            lowest,
            highest,
        })
    }

    /// The parts that are to be struck at `place` and are not yet, where `struck` are the keys that are.
    fn due(&self, place: usize, struck: &[u8]) -> impl Iterator<Item = Part> {
        let above = struck.last().copied();
        let can = move |key: &u8| {
            (self.lowest..=self.highest).contains(key) && above.is_none_or(|above| *key > above)
        };
        let parts = self.parts.into_iter().flatten();
        parts.filter(move |part| {
            part.places.has(place)
                && !part.keys.iter().any(|key| struck.contains(key))
                && part.keys.iter().any(can)
        })
    }

    /// Whether something is still to be struck at `place`.
    #[must_use]
    pub fn is_due(&self, place: usize, struck: &[u8]) -> bool {
        self.due(place, struck).next().is_some()
    }

    /// The first place from `from` on and before `to` at which something is to be struck.
    #[must_use]
    pub fn next_due(&self, from: usize, to: usize) -> Option<usize> {
        (from..to).find(|place| self.is_due(*place, &[]))
    }

    /// Whether `key` may be struck at `place` after `struck`: each part at its places only, and once.
    #[must_use]
    pub fn allows(&self, key: u8, place: usize, struck: &[u8]) -> bool {
        let of = |part: &Part| part.keys.contains(&key);
        self.parts
            .iter()
            .flatten()
            .find(|part| of(part))
            .is_none_or(|part| {
                part.places.has(place) && !part.keys.iter().any(|key| struck.contains(key))
            })
    }

    /// Masks the logits of the keys at `place` after `struck`, so that what is due there stays possible with
    /// `room` strokes more. What is refused was wanted in its stead: it goes to what is due.
    pub fn keys(&self, logits: &mut [f32], place: usize, struck: &[u8], room: usize) {
        let due: Vec<Part> = self.due(place, struck).collect();
        let top = due
            .first()
            .and_then(|part| part.keys.iter().filter(|key| **key <= self.highest).max());
        let is_next = |key: u8| due.first().is_some_and(|part| part.keys.contains(&key));
        let mut refused = Vec::new();
        let mut wanted = Vec::new();
        for (key, logit) in (0u8..).zip(logits.iter_mut()) {
            let passes_by = top.is_some_and(|top| key > *top);
            let crowds = due.len() >= room && !is_next(key);
            if !self.allows(key, place, struck) || passes_by || crowds {
                refused.push(std::mem::replace(logit, f32::NEG_INFINITY));
            } else if is_next(key) {
                wanted.push(*logit);
            }
        }
        let (refused, wanted) = (log_sum(&refused), log_sum(&wanted));
        if wanted.is_finite() && refused.is_finite() {
            let more = (1.0 + (refused - wanted).exp()).ln();
            for (key, logit) in (0u8..).zip(logits.iter_mut()) {
                if is_next(key) {
                    *logit += more;
                }
            }
        }
    }
}

impl Rules {
    /// Whether a drummer has a rhythm to keep.
    #[must_use]
    pub fn has_kit(&self) -> bool {
        self.kit.is_some()
    }

    /// Makes what is due next as certain as the rhythm is to be filled: the rest of the stroke at the end of `notes`,
    /// unless it is `full`, else the next place where something is due.
    pub(super) fn strike_what_is_due(
        &self,
        logits: &mut [f32],
        segment: &Segment,
        notes: &[Note],
        full: bool,
    ) {
        let Some(kit) = &self.kit else {
            return;
        };
        let place = |note: &Note| (note.onset - segment.bar.start) as usize;
        let last = notes.last();
        let (from, to) = ahead(segment, last.map_or(0, |last| place(last) + 1));
        let here = last
            .filter(|last| !full && kit.is_due(place(last), &struck_at(notes, last.onset)))
            .map(place);
        if let Some(next) = here.or_else(|| kit.next_due(from, to)) {
            settle(logits, next + 1, next, self.filled);
        }
    }

    /// Whether the rhythm lets a drummer strike `key` at `at`, too, after `notes`.
    pub(super) fn may_strike(&self, key: u8, at: Tick, bar: &Bar, notes: &[Note]) -> bool {
        let place = (at - bar.start) as usize;
        let kit = self.kit.as_ref();
        kit.is_none_or(|kit| kit.allows(key, place, &struck_at(notes, at)))
    }

    /// The share, 0..=1, of what `logits` want of the keys at `at` that a drummer does not strike there; where
    /// something is due there, nothing is lost.
    #[must_use]
    pub fn share_not_struck(&self, logits: &[f32], at: Tick, notes: &[Note], bar: &Bar) -> f32 {
        let Some(kit) = &self.kit else {
            return 0.0;
        };
        let place = (at - bar.start) as usize;
        let struck = struck_at(notes, at);
        if kit.is_due(place, &struck) {
            return 0.0;
        }
        let above = struck.last().map_or(0, |above| above + 1);
        let keys = above.max(self.lowest)..=self.highest;
        let wanted = |key: u8| logits[usize::from(key)];
        let all: Vec<f32> = keys.clone().map(wanted).collect();
        let left = keys.filter(|key| kit.allows(*key, place, &struck));
        let left: Vec<f32> = left.map(wanted).collect();
        1.0 - (log_sum(&left) - log_sum(&all)).exp().min(1.0)
    }

    /// Masks the key logits of a drummer at `at` after `notes`, where a rhythm is given.
    pub fn strokes(&self, logits: &mut [f32], at: Tick, notes: &[Note], bar: &Bar) {
        let Some(kit) = &self.kit else {
            return;
        };
        let struck = struck_at(notes, at);
        let room = most_together(self.role, self.motion) - struck.len();
        kit.keys(logits, (at - bar.start) as usize, &struck, room);
    }
}

/// The keys at the end of `notes` that are struck at `at`.
fn struck_at(notes: &[Note], at: Tick) -> Vec<u8> {
    let stroke = last_stroke(notes).iter();
    stroke
        .filter(|note| note.onset == at)
        .map(|note| note.pitch)
        .collect()
}

/// Where the snare is: on every second beat of `rhythm`, counted from the song's first bar.
fn backbeat(rhythm: Rhythm, bar: &Bar) -> Grid {
    let mut places = Grid::empty();
    let Some(beats) = Grid::of(rhythm, bar) else {
        return places;
    };
    let beats: Vec<usize> = beats.between(0, bar.ticks as usize).collect();
    // One beat to a bar: every second bar.
    let first = if beats.len() > 1 {
        1
    } else {
        usize::from(bar.number % 2 == 0)
    };
    beats
        .iter()
        .skip(first)
        .step_by(2)
        .for_each(|beat| places.add(*beat));
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{BarGrid, Meter, Tick};

    fn kit(rhythm: Rhythm, number: i64) -> Kit {
        let bar = Bar::containing(BarGrid::from_origin(Meter::COMMON), Tick(96 * number));
        Kit::of(rhythm, &bar, (35, 81)).expect("a rhythm")
    }

    #[test]
    fn half_notes_are_half_time() {
        let kit = kit(Rhythm::HalfNotes, 0);
        let due: Vec<usize> = (0..96).filter(|place| kit.is_due(*place, &[])).collect();
        assert_eq!(due, [0, 24, 48, 72]);
        assert!(
            kit.is_due(48, &[36]) && kit.is_due(48, &[36, 38]),
            "the hats too"
        );
        assert!(!kit.is_due(48, &[36, 38, 42]));
        let snares: Vec<usize> = (0..96)
            .filter(|place| kit.allows(38, *place, &[]))
            .collect();
        assert_eq!(snares, [48]);
        assert!(kit.allows(36, 30, &[]) && !kit.allows(42, 30, &[]));
    }

    #[test]
    fn with_whole_notes_the_snare_is_on_every_second_bar_line() {
        for (bar, snares) in [(0, 0), (1, 1), (2, 0)] {
            let kit = kit(Rhythm::WholeNotes, bar);
            let count = (0..96).filter(|place| kit.allows(38, *place, &[])).count();
            assert_eq!(count, snares, "bar {bar}");
        }
    }

    #[test]
    fn what_is_due_is_struck_before_what_lies_above_it() {
        let kit = kit(Rhythm::EighthNotes, 0);
        let mut logits = [0.0; 128];
        kit.keys(&mut logits, 12, &[36], 3);
        assert!(logits[42] >= 0.0 && logits[50] == 0.0 && logits[60] == f32::NEG_INFINITY);
        kit.keys(&mut logits, 12, &[36, 38, 41], 1);
        let left: Vec<usize> = (0..128).filter(|key| logits[*key].is_finite()).collect();
        assert_eq!(left, CYMBALS.map(usize::from));
    }

    #[test]
    fn a_range_without_cymbals_asks_for_none() {
        let bar = Bar::containing(BarGrid::from_origin(Meter::COMMON), Tick(0));
        let kit = Kit::of(Rhythm::EighthNotes, &bar, (35, 38)).expect("a rhythm");
        assert_eq!(kit.next_due(0, 96), None);
    }
}
