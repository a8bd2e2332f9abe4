//! The harmony that is heard around a point, as far as it may be known there.

use crate::{
    chord::{Chord, Key, Span, progression},
    note::{Note, between},
    time::{BarGrid, Tick},
    token::{HARMONY, MAX_BAR_TICKS},
};

/// One bar: where it lies and how it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its first tick.
    pub start: Tick,
    /// Its length, 1..=[`MAX_BAR_TICKS`].
    pub ticks: i64,
    /// The felt beat in ticks.
    pub beat: i64,
    /// Counted from 0 at the song's first bar.
    pub number: i64,
}

impl Bar {
    /// The bar that holds `at`. A bar longer than [`MAX_BAR_TICKS`] counts as several.
    #[must_use]
    pub fn containing(grid: BarGrid, at: Tick) -> Self {
        let number = grid.bar_at(at);
        let whole = grid.meter.bar_ticks();
        let offset = grid.position_in_bar(at) / MAX_BAR_TICKS * MAX_BAR_TICKS;
        Self {
            start: grid.start_of(number) + offset,
            ticks: (whole - offset).min(MAX_BAR_TICKS),
            beat: grid.meter.beat_ticks(),
            number,
        }
    }

    /// The first tick after it.
    #[must_use]
    pub fn end(&self) -> Tick {
        self.start + self.ticks
    }

    /// Start of the felt beat that holds `at`.
    #[must_use]
    pub fn beat_start(&self, at: Tick) -> Tick {
        self.start + (at - self.start).div_euclid(self.beat) * self.beat
    }
}

/// Pitch classes that sound around a point, weighted by the share of the window that they fill.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Harmony {
    /// In the felt beat of the point; empty where that is not yet known.
    pub beat: [f32; 12],
    /// In its bar, as far as known.
    pub bar: [f32; 12],
    /// In the first beat of the next bar, where that is known.
    pub next: [f32; 12],
    /// Pitch class of the lowest note in the beat.
    pub bass: Option<u8>,
    /// 1: the beat is known; 0.5: its beginning is; 0: it lies ahead.
    pub known: f32,
    /// What lately sounded, heard and own: the key that the music is in.
    pub recent: [f32; 12],
    /// The chord of the beat by itself, the chord of the progression, and the one that follows it, as far as
    /// known.
    pub chords: [Option<Chord>; CHORDS],
    /// Where the chord of the progression begins. The network is not told.
    pub since: Option<Tick>,
}

/// How many chords are told.
const CHORDS: usize = 3;
/// Numbers that tell a chord: its root, and whether it is minor.
const CHORD: usize = 13;

/// What sounds in a window of time.
#[derive(Clone, Copy)]
struct Window {
    from: Tick,
    to: Tick,
    classes: [f32; 12],
    lowest: u8,
}

impl Window {
    fn new(from: Tick, to: Tick) -> Self {
        Self {
            from,
            to,
            classes: [0.0; 12],
            lowest: u8::MAX,
        }
    }

    /// Adds a note that ends at `end`, by the share of the window that it fills.
    fn add(&mut self, note: &Note, end: Tick) {
        let overlap = end.min(self.to) - note.onset.max(self.from);
        if overlap > 0 {
            let share = overlap as f32 / (self.to - self.from).max(1) as f32;
            self.classes[usize::from(note.pitch_class())] += share;
            self.lowest = self.lowest.min(note.pitch);
        }
    }

    fn chord(&self) -> Option<Chord> {
        Chord::explain(self.classes, self.lowest)
    }

    /// Weights up to 1: doubled notes count once.
    fn weights(&self) -> [f32; 12] {
        self.classes.map(|weight| weight.min(1.0))
    }

    fn bass(&self) -> Option<u8> {
        (self.lowest != u8::MAX).then_some(self.lowest % 12)
    }
}

/// Ticks after which what sounded counts half towards the key: two bars of 4/4.
const RECENT_HALF_LIFE: f32 = 192.0;
/// Ticks after which it no longer counts.
const RECENT: i64 = 1152;

/// Adds `notes`, sorted by onset, that began before `until`, to the pitch classes that sounded lately as
/// seen from `at`. Call [`normalise`] when all have been added.
pub fn add_recent(classes: &mut [f32; 12], notes: &[Note], at: Tick, until: Tick) {
    let first = notes.partition_point(|note| note.onset < at - RECENT);
    for note in &notes[first..] {
        if note.onset >= until.min(at) {
            break;
        }
        // A held note's length may not be known yet: beyond two beats it says no more anyway.
        let length = note.duration.min(until - note.onset).clamp(6, 48) as f32;
        let age = (at - note.onset) as f32;
        classes[usize::from(note.pitch_class())] += length * (-age / RECENT_HALF_LIFE).exp2();
    }
}

/// Scales weights so that the largest is 1.
pub fn normalise(classes: &mut [f32; 12]) {
    let largest = classes.iter().copied().fold(0.0, f32::max);
    if largest > 0.0 {
        classes.iter_mut().for_each(|weight| *weight /= largest);
    }
}

/// The chords that `heard`, sorted by onset, makes from the bar before `bar` to the first beat after it, when
/// only notes that began before `horizon` may be known.
#[must_use]
pub fn known_progression(heard: &[Note], bar: &Bar, horizon: Tick) -> Vec<Span> {
    /// How far back the key is looked for, in bars.
    const KEY_BARS: i64 = 8;
    let from = bar.start - bar.ticks;
    let known_beat = bar.beat_start(horizon - 1) + bar.beat;
    let to = known_beat.min(bar.end() + bar.beat);
    let mut known = between(heard, bar.start - KEY_BARS * bar.ticks, horizon).to_vec();
    // A key that is still down may be held.
    for note in known.iter_mut().filter(|note| note.end() >= horizon) {
        note.duration = note.duration.max(to - note.onset);
    }
    let key = Key::find(&known);
    progression(&known, bar, from, to, key)
}

/// Notes longer than this are cut when looking for what sounds (four long bars).
const LOOK_BACK: i64 = 4 * MAX_BAR_TICKS;

impl Harmony {
    /// What `heard`, sorted by onset, tells at `at` in `bar` when only notes that began before `horizon`
    /// may be known, and `progression` is what they make. A note that still sounds at the horizon is taken to
    /// go on through the beat.
    #[must_use]
    pub fn at(heard: &[Note], progression: &[Span], bar: &Bar, at: Tick, horizon: Tick) -> Self {
        let beat_start = bar.beat_start(at);
        let beat_end = (beat_start + bar.beat).min(bar.end());
        let next_end = bar.end() + bar.beat;
        let known = if horizon >= beat_end {
            1.0
        } else if horizon > beat_start {
            0.5
        } else {
            0.0
        };
        let mut beat = Window::new(beat_start, beat_end);
        let mut whole = Window::new(bar.start, bar.end());
        let mut next = Window::new(bar.end(), next_end);
        let first = heard.partition_point(|note| note.onset < bar.start - LOOK_BACK);
        for note in &heard[first..] {
            if note.onset >= horizon.min(next_end) {
                break;
            }
            let open = note.end() >= horizon;
            whole.add(note, note.end().min(horizon));
            if known > 0.0 {
                let sounding = if open {
                    note.end().max(beat_end)
                } else {
                    note.end()
                };
                beat.add(note, sounding);
            }
            if horizon > bar.end() {
                next.add(note, note.end());
            }
        }
        let span = progression.iter().position(|span| span.holds(at));
        Self {
            beat: beat.weights(),
            bar: whole.weights(),
            next: next.weights(),
            bass: beat.bass(),
            known,
            since: span.map(|index| progression[index].from),
            chords: [
                beat.chord(),
                span.and_then(|index| progression[index].chord),
                span.and_then(|index| progression.get(index + 1)?.chord),
            ],
            ..Self::default()
        }
    }

    /// The same, `semitones` higher.
    #[must_use]
    pub fn transposed(mut self, semitones: i8) -> Self {
        let up = semitones.rem_euclid(12);
        for classes in [
            &mut self.beat,
            &mut self.bar,
            &mut self.next,
            &mut self.recent,
        ] {
            classes.rotate_right(up as usize);
        }
        self.bass = self.bass.map(|class| (class + up as u8) % 12);
        self.chords = self
            .chords
            .map(|chord| chord.map(|chord| chord.transposed(up as u8)));
        self
    }

    /// Writes itself into a row of [`HARMONY`] numbers.
    pub fn write(&self, row: &mut [f32]) {
        debug_assert_eq!(row.len(), HARMONY);
        row[..12].copy_from_slice(&self.beat);
        row[12..24].copy_from_slice(&self.bar);
        row[24..36].copy_from_slice(&self.next);
        row[36..48].fill(0.0);
        if let Some(bass) = self.bass {
            row[36 + usize::from(bass)] = 1.0;
        }
        row[48] = self.known;
        row[49..61].copy_from_slice(&self.recent);
        row[61..].fill(0.0);
        for (chord, row) in self.chords.iter().zip(row[61..].chunks_exact_mut(CHORD)) {
            if let Some(chord) = chord {
                row[usize::from(chord.root)] = 1.0;
                row[CHORD - 1] = f32::from(u8::from(chord.is_minor()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Meter;

    #[test]
    fn what_lies_beyond_the_horizon_stays_unknown() {
        let bar = Bar::containing(BarGrid::from_origin(Meter::COMMON), Tick(100));
        let heard = [Note::plain(0, 96, 60), Note::plain(96, 96, 65)];
        let before = Harmony::at(&heard, &[], &bar, Tick(100), Tick(96));
        assert_eq!(
            (before.known, before.beat, before.bass),
            (0.0, [0.0; 12], None)
        );
        let after = Harmony::at(&heard, &[], &bar, Tick(100), Tick(97));
        assert_eq!(
            (after.known, after.beat[5], after.bass),
            (0.5, 1.0, Some(5))
        );
    }

    #[test]
    fn long_bars_are_cut() {
        let grid = BarGrid::from_origin(Meter::new(20, 4).unwrap());
        let bar = Bar::containing(grid, Tick(400));
        assert_eq!((bar.start, bar.ticks, bar.number), (Tick(384), 96, 0));
    }
}
