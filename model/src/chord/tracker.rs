//! The key of music as it goes by.
//!
//! A hidden Markov model over the 24 keys, filtered forward (see L. R. Rabiner, "A Tutorial on Hidden Markov
//! Models", Proceedings of the IEEE 77 (1989); for keys, C. Raphael and J. Stoddard, "Functional Harmonic
//! Analysis Using Probabilistic Models", Computer Music Journal 28:3 (2004)): each quarter of song time in
//! which something begins speaks for or against each key, by what begins, by its lowest note and by the chord
//! that sounds, all seen from the tonic. Keys change rarely. Nothing depends on how the notes are handed in:
//! the steps lie on the quarters of the song.

use super::{Chord, Key};
use crate::{
    note::Note,
    time::{TICKS_PER_QUARTER, Tick},
};

/// How much what is found in a quarter speaks for a mode, in hundredths of a nat, by the pitch class above the
/// tonic at which it is found.
struct Evidence {
    /// A note that begins, by its length up to a quarter.
    lengths: [i8; 12],
    /// The lowest note that begins.
    lowest: [i8; 12],
    /// The root of the chord that sounds: one with a major third or none.
    major: [i8; 12],
    /// One with a minor third.
    minor: [i8; 12],
    /// A dominant seventh.
    dominant: [i8; 12],
}

// Fitted on the training split, on all pitched parts together and on some of them, against the keys that the
// sources state: gradient descent on the cross-entropy of the filtered belief at the ends of bars, with a
// sixth of the labels taken for wrong, then averaged over the last epochs, times 0.7. `LEAVES` and
// `HYSTERESIS` by trying, on the same.
const MAJOR: Evidence = Evidence {
    lengths: [11, -32, 3, -7, 6, 5, -29, 13, -1, -3, -38, -12],
    lowest: [8, -12, -2, 0, 9, -3, -14, 9, -9, 4, -3, 4],
    major: [13, -30, -4, -31, -31, -1, -25, 2, -19, -4, -12, -26],
    minor: [-26, -23, 4, -24, 2, -31, -8, -24, -41, 4, -10, -3],
    dominant: [-13, -37, 3, -8, 3, -29, -18, 3, 0, 5, -23, -12],
};
const MINOR: Evidence = Evidence {
    lengths: [17, -22, -6, 8, -40, 5, 0, 14, -6, -45, -5, -16],
    lowest: [4, -22, 2, -4, -23, -3, -31, 2, 3, -4, 3, -19],
    major: [10, -34, -30, 6, -19, -9, -45, -2, -3, 10, 8, -9],
    minor: [11, 0, -5, -10, -10, 0, 5, 7, -3, -3, -10, -2],
    dominant: [16, 2, -4, -21, 22, 0, 3, 18, -38, 24, 0, -11],
};

/// How likely a key is left from one quarter to the next, for any of the others.
const LEAVES: f32 = 0.001;
/// How likely it is left, beyond that, for the one a fifth above, and for the one a fifth below.
const TURNS: f32 = 0.0003;
/// How many times likelier than the key that was found another must be to be believed.
const HYSTERESIS: f32 = 3.0;

/// Finds the key of music as it goes by, from what was heard so far: a key once found is kept until another is
/// clearly more likely. Of a piece of music it takes the pitched parts only: the keys of drums are no pitches.
#[derive(Clone, Debug, Default)]
pub struct KeyTracker {
    /// How likely each key is after the quarters before the present one; `None` before the first note.
    belief: Option<[f32; KEYS]>,
    now: Quarter,
    /// Notes that sound in the present quarter or the one before.
    sounding: Vec<Note>,
    key: Option<usize>,
}

/// Major keys from C up, then the minor ones.
const KEYS: usize = 24;

/// What began in a quarter so far.
#[derive(Clone, Copy, Debug)]
struct Quarter {
    /// Counted from the song's beginning.
    number: i64,
    /// Lengths of what began, by pitch class, in quarters.
    lengths: [f32; 12],
    /// The lowest key that began; above any before the first.
    lowest: u8,
}

impl Default for Quarter {
    fn default() -> Self {
        Self::at(0)
    }
}

impl Quarter {
    fn at(number: i64) -> Self {
        Self {
            number,
            lengths: [0.0; 12],
            lowest: u8::MAX,
        }
    }

    fn start(&self) -> Tick {
        Tick(self.number * TICKS_PER_QUARTER)
    }

    fn end(&self) -> Tick {
        self.start() + TICKS_PER_QUARTER
    }
}

impl KeyTracker {
    /// Takes in one note. Notes come in the order of their onsets; one that comes late counts as if it
    /// began with the latest. One much earlier goes on from there: the song jumped back.
    pub fn hear(&mut self, note: &Note) {
        let number = note.onset.0.div_euclid(TICKS_PER_QUARTER);
        if self.belief.is_none() {
            self.belief = Some([1.0 / KEYS as f32; KEYS]);
            self.now = Quarter::at(number);
        }
        // A little late is late; earlier than that, the song was taken up again from an earlier place.
        if number > self.now.number || number < self.now.number - 1 {
            self.go_on_to(number);
        }
        let class = usize::from(note.pitch_class());
        // How long a note will be may not be known yet: more than a quarter says no more.
        let length = note.duration.clamp(1, TICKS_PER_QUARTER) as f32;
        self.now.lengths[class] += length / TICKS_PER_QUARTER as f32;
        self.now.lowest = self.now.lowest.min(note.pitch);
        self.sounding.push(*note);
    }

    /// The key at present; `None` before the first note.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        let belief = self.belief_now()?;
        Some(key_at(kept_or_likelier(self.key, &belief)))
    }

    /// The likeliest key at present, also where that has just changed; `None` before the first note.
    pub(super) fn likeliest(&self) -> Option<Key> {
        let belief = self.belief_now()?;
        Some(key_at(kept_or_likelier(None, &belief)))
    }

    /// Closes the present quarter; `number` is that of the next in which something begins.
    fn go_on_to(&mut self, number: i64) {
        let Some(mut belief) = self.belief_now() else {
            return;
        };
        self.key = Some(kept_or_likelier(self.key, &belief));
        // After a long silence every key is about as likely as it will be.
        for _ in 0..(number - self.now.number).clamp(1, 64) {
            belief = a_quarter_later(&belief);
        }
        self.belief = Some(belief);
        self.now = Quarter::at(number);
        let from = self.now.start() - TICKS_PER_QUARTER;
        let to = self.now.start();
        self.sounding
            .retain(|note| note.end() > from && note.onset < to);
    }

    /// How likely each key is, with what the present quarter says so far.
    fn belief_now(&self) -> Option<[f32; KEYS]> {
        let mut belief = self.belief?;
        if self.now.lowest == u8::MAX {
            return Some(belief);
        }
        let chord = self.chord();
        for (index, likely) in belief.iter_mut().enumerate() {
            let (tonic, evidence) = (index % 12, if index < 12 { &MAJOR } else { &MINOR });
            let above = |class: u8| (usize::from(class) + 12 - tonic) % 12;
            let lengths: f32 = (0..12)
                .map(|class| {
                    self.now.lengths[usize::from(class)].min(1.0)
                        * f32::from(evidence.lengths[above(class)])
                })
                .sum();
            let lowest = f32::from(evidence.lowest[above(self.now.lowest % 12)]);
            let chord = chord.map_or(0.0, |chord| {
                let roots = match (chord.is_minor(), chord.quality.intervals().contains(&10)) {
                    (true, _) => &evidence.minor,
                    (false, true) => &evidence.dominant,
                    (false, false) => &evidence.major,
                };
                f32::from(roots[above(chord.root)])
            });
            *likely *= ((lengths + lowest + chord) / 100.0).exp();
        }
        let sum: f32 = belief.iter().sum();
        belief.iter_mut().for_each(|likely| *likely /= sum);
        Some(belief)
    }

    /// The chord of the present quarter and the one before.
    fn chord(&self) -> Option<Chord> {
        let (from, to) = (self.now.start() - TICKS_PER_QUARTER, self.now.end());
        Chord::from_pitches(self.sounding.iter().map(|note| {
            let sounds = note.end().min(to) - note.onset.max(from);
            (note.pitch, sounds.max(0) as f32)
        }))
    }
}

/// How likely each key is a quarter later, when nothing is heard.
fn a_quarter_later(belief: &[f32; KEYS]) -> [f32; KEYS] {
    std::array::from_fn(|index| {
        let mode = index / 12 * 12;
        let fifth = |semitones| belief[mode + (index + semitones) % 12];
        belief[index] * (1.0 - LEAVES - 2.0 * TURNS)
            + LEAVES / KEYS as f32
            + TURNS * (fifth(5) + fifth(7))
    })
}

fn key_at(index: usize) -> Key {
    Key {
        tonic: (index % 12) as u8,
        minor: index >= 12,
    }
}

/// The likeliest key if it is clearly likelier than `kept`, else that.
fn kept_or_likelier(kept: Option<usize>, belief: &[f32; KEYS]) -> usize {
    let mut best = 0;
    for (index, likely) in belief.iter().enumerate() {
        if *likely > belief[best] {
            best = index;
        }
    }
    kept.filter(|kept| belief[*kept] * HYSTERESIS >= belief[best])
        .unwrap_or(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chords of a half note each from `start` on: bass and chord, then its upper notes again.
    fn chords(tracker: &mut KeyTracker, start: i64, symbols: &[&str]) -> i64 {
        let mut at = start;
        for symbol in symbols {
            let (root, minor) = match symbol.strip_suffix('m') {
                Some(root) => (root, true),
                None => (*symbol, false),
            };
            let root = (0..12)
                .find(|class| super::super::pitch_class_name(*class) == root)
                .unwrap();
            let third = root + if minor { 3 } else { 4 };
            for pitch in [36 + root, 60 + root, 60 + third, 60 + root + 7] {
                tracker.hear(&Note::plain(at, 24, pitch));
            }
            for pitch in [60 + third, 60 + root + 7] {
                tracker.hear(&Note::plain(at + 24, 24, pitch));
            }
            at += 48;
        }
        at
    }

    fn name(tracker: &KeyTracker) -> String {
        tracker.key().unwrap().name()
    }

    const C_MAJOR: [&str; 8] = ["C", "F", "G", "C", "Am", "Dm", "G", "C"];

    #[test]
    fn without_notes_there_is_no_key() {
        assert_eq!(KeyTracker::default().key(), None);
    }

    #[test]
    fn a_chromatic_bar_does_not_change_the_key() {
        let mut tracker = KeyTracker::default();
        let mut at = chords(&mut tracker, 0, &C_MAJOR);
        for pitch in 60..68 {
            tracker.hear(&Note::plain(at, 12, pitch));
            at += 12;
        }
        assert_eq!(name(&tracker), "C major");
        let at = chords(&mut tracker, at, &["Ab", "Db"]);
        assert_eq!(name(&tracker), "C major", "nor does one of borrowed chords");
        chords(&mut tracker, at, &C_MAJOR);
        assert_eq!(name(&tracker), "C major");
    }

    #[test]
    fn a_modulation_is_followed_within_eight_bars() {
        let dominant = ["G", "C", "D", "G", "Em", "Am", "D", "G"];
        let far = ["E", "A", "B", "E", "Dbm", "F#m", "B", "E"];
        for (there, key) in [(dominant, "G major"), (far, "E major")] {
            let mut tracker = KeyTracker::default();
            let mut at = chords(&mut tracker, 0, &C_MAJOR);
            at = chords(&mut tracker, at, &C_MAJOR);
            assert_eq!(name(&tracker), "C major");
            at = chords(&mut tracker, at, &there);
            chords(&mut tracker, at, &there);
            assert_eq!(name(&tracker), key);
        }
    }

    #[test]
    fn a_minor_key_with_raised_sevenths_is_told_from_its_relative() {
        let mut tracker = KeyTracker::default();
        chords(
            &mut tracker,
            0,
            &["Am", "Dm", "E", "Am", "F", "Dm", "E", "Am"],
        );
        assert_eq!(name(&tracker), "A minor");
    }

    #[test]
    fn a_song_that_jumps_back_goes_on() {
        let mut tracker = KeyTracker::default();
        chords(&mut tracker, 0, &C_MAJOR);
        for _ in 0..2 {
            chords(
                &mut tracker,
                0,
                &["E", "A", "B", "E", "Dbm", "F#m", "B", "E"],
            );
        }
        assert_eq!(name(&tracker), "E major");
    }

    #[test]
    fn a_song_anywhere_in_time_has_the_same_key() {
        for start in [-960, 96_000] {
            let mut tracker = KeyTracker::default();
            chords(&mut tracker, start, &C_MAJOR);
            assert_eq!(name(&tracker), "C major");
        }
    }
}
