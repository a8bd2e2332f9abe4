//! The plan as a fixed-capacity queue, and the table of what sounds. Nothing here allocates after
//! construction.

use std::collections::VecDeque;

use continuo_model::time::Tick;

use crate::link::{Epoch, PlannedNote};

/// Keys of all channels: 16 × 128.
pub const KEYS: usize = 16 * 128;

/// Notes that may wait to be played. Eight bars of dense drums are about 1,000; both the running pass of
/// a loop and the next one may be planned.
pub const PLAN_CAPACITY: usize = 2048;

/// The number of a key on a channel, 0..[`KEYS`]; bits that MIDI does not have are ignored.
#[must_use]
pub fn key_index(channel: u8, pitch: u8) -> usize {
    usize::from(channel & 15) << 7 | usize::from(pitch & 127)
}

/// A note of the plan and the stretch of play that it is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// Whom it is for.
    pub epoch: Epoch,
    /// What to play.
    pub note: PlannedNote,
    /// It stands in for a plan that did not come.
    pub stand_in: bool,
}

impl Waiting {
    /// When it begins to sound, in ticks.
    #[must_use]
    pub fn begins(&self) -> f64 {
        self.note.onset.0 as f64 + f64::from(self.note.delay_millitick) / 1000.0
    }

    /// When it stops, in ticks.
    #[must_use]
    pub fn ends(&self) -> f64 {
        let written = (self.note.onset + self.note.duration).0 as f64;
        written + f64::from(self.note.end_delay_millitick) / 1000.0
    }
}

/// The plan, ordered by epoch, then by time; notes of the same time keep the order in which they came.
pub struct Schedule {
    notes: VecDeque<Waiting>,
}

impl Schedule {
    /// Empty; allocates once.
    #[must_use]
    pub fn new() -> Self {
        Self {
            notes: VecDeque::with_capacity(PLAN_CAPACITY),
        }
    }

    /// Adds a note. `false`: the queue is full and the note is lost.
    pub fn insert(&mut self, waiting: Waiting) -> bool {
        if self.notes.len() == PLAN_CAPACITY {
            return false;
        }
        let begins = waiting.begins();
        let place = self
            .notes
            .partition_point(|other| (other.epoch, other.begins()) <= (waiting.epoch, begins));
        self.notes.insert(place, waiting);
        true
    }

    /// The next note of `epoch` if it begins before `frontier` ticks.
    #[must_use]
    pub fn next_before(&self, epoch: Epoch, frontier: f64) -> Option<&Waiting> {
        self.notes
            .front()
            .filter(|next| next.epoch == epoch && next.begins() < frontier)
    }

    /// Takes the first note out.
    pub fn pop(&mut self) -> Option<Waiting> {
        self.notes.pop_front()
    }

    /// Drops the notes of `epoch` from `from` on and before `to`.
    pub fn replace(&mut self, epoch: Epoch, from: Tick, to: Tick) {
        self.notes.retain(|waiting| {
            let onset = waiting.note.onset;
            waiting.epoch != epoch || onset < from || onset >= to
        });
    }

    /// Makes the notes of this pitch and channel that begin before `at` end there at the latest.
    pub fn shorten(&mut self, epoch: Epoch, at: Tick, channel: u8, pitch: u8) {
        for waiting in &mut self.notes {
            let note = &mut waiting.note;
            let same = (note.channel, note.pitch) == (channel, pitch);
            if waiting.epoch == epoch && same && note.onset < at {
                note.duration = note.duration.min(at - note.onset);
            }
        }
    }

    /// Drops what stands in for a plan: it came after all.
    pub fn drop_stand_ins(&mut self) {
        self.notes.retain(|waiting| !waiting.stand_in);
    }

    /// Drops what was planned for stretches of play before `epoch`.
    pub fn enter(&mut self, epoch: Epoch) {
        self.notes.retain(|waiting| waiting.epoch >= epoch);
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.notes.clear();
    }

    /// How many notes wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.notes.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new()
    }
}

/// A generated note whose note-off has not been sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sounding {
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI key.
    pub pitch: u8,
    /// The key that it was planned with, before it bent to the harmony.
    pub planned_pitch: u8,
    /// Its place in the song, as it is written.
    pub onset: Tick,
    /// When it ends, in ticks of the epoch that plays.
    pub ends: f64,
    /// It ends as soon as a player is heard.
    pub yields: bool,
}

/// Every generated note that sounds, at most one for each key of each channel.
pub struct SoundingTable {
    notes: Vec<Sounding>,
}

impl SoundingTable {
    /// Empty; allocates once.
    #[must_use]
    pub fn new() -> Self {
        Self {
            notes: Vec::with_capacity(KEYS),
        }
    }

    /// The note that ends first, if it does before `frontier` ticks.
    #[must_use]
    pub fn next_before(&self, frontier: f64) -> Option<Sounding> {
        self.notes
            .iter()
            .filter(|note| note.ends < frontier)
            .min_by(|one, other| one.ends.total_cmp(&other.ends))
            .copied()
    }

    /// Adds a note. The caller has taken out the one that sounded on this key.
    pub fn insert(&mut self, note: Sounding) {
        debug_assert!(
            self.find(note.channel, note.pitch).is_none(),
            "two notes on one key"
        );
        self.notes.push(note);
    }

    /// Takes out the note of this key.
    pub fn take(&mut self, channel: u8, pitch: u8) -> Option<Sounding> {
        let place = self.find(channel, pitch)?;
        Some(self.notes.remove(place))
    }

    /// Takes out any note that yields.
    pub fn take_yielding(&mut self) -> Option<Sounding> {
        let place = self.notes.iter().position(|note| note.yields)?;
        Some(self.notes.remove(place))
    }

    /// Takes out any note that does not belong to what is struck at `onset`.
    pub fn take_other_than(&mut self, onset: Tick) -> Option<Sounding> {
        let place = self.notes.iter().position(|note| note.onset != onset)?;
        Some(self.notes.remove(place))
    }

    /// Takes out any note.
    pub fn take_any(&mut self) -> Option<Sounding> {
        self.notes.pop()
    }

    /// Makes the note that plays this key, or was planned to, end at `at` ticks at the latest.
    pub fn shorten(&mut self, channel: u8, pitch: u8, at: f64) {
        for note in &mut self.notes {
            let named = note.pitch == pitch || note.planned_pitch == pitch;
            if note.channel == channel && named {
                note.ends = note.ends.min(at);
            }
        }
    }

    /// Whether a generated note sounds on this key.
    #[must_use]
    pub fn contains(&self, channel: u8, pitch: u8) -> bool {
        self.find(channel, pitch).is_some()
    }

    /// Whether nothing sounds.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    fn find(&self, channel: u8, pitch: u8) -> Option<usize> {
        self.notes
            .iter()
            .position(|note| (note.channel, note.pitch) == (channel, pitch))
    }
}

impl Default for SoundingTable {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use continuo_model::fit::Fit;

    use super::*;

    fn epoch(generation: u32, pass: u32) -> Epoch {
        Epoch { generation, pass }
    }

    fn note(onset: i64, pitch: u8) -> PlannedNote {
        PlannedNote {
            onset: Tick(onset),
            duration: 24,
            delay_millitick: 0,
            end_delay_millitick: 0,
            channel: 0,
            pitch,
            velocity: 90,
            fit: Fit::AsPlanned,
            yields: false,
        }
    }

    fn filled(notes: &[(u32, u32, i64)]) -> Schedule {
        let mut schedule = Schedule::new();
        for (place, &(generation, pass, onset)) in notes.iter().enumerate() {
            assert!(schedule.insert(Waiting {
                epoch: epoch(generation, pass),
                note: note(onset, place as u8),
                stand_in: false,
            }));
        }
        schedule
    }

    fn pitches(mut schedule: Schedule) -> Vec<u8> {
        std::iter::from_fn(|| schedule.pop())
            .map(|w| w.note.pitch)
            .collect()
    }

    #[test]
    fn notes_wait_in_the_order_of_epoch_time_and_arrival() {
        let schedule = filled(&[(0, 1, 0), (0, 0, 24), (0, 0, 6), (0, 0, 24), (1, 0, 0)]);
        assert_eq!(pitches(schedule), [2, 1, 3, 0, 4]);
    }

    #[test]
    fn a_delay_orders_a_note_after_a_later_onset() {
        let mut schedule = filled(&[(0, 0, 13)]);
        let mut swung = note(12, 50);
        swung.delay_millitick = 1_500;
        schedule.insert(Waiting {
            epoch: epoch(0, 0),
            note: swung,
            stand_in: false,
        });
        assert_eq!(pitches(schedule), [0, 50]);
    }

    #[test]
    fn only_the_entered_epoch_and_later_ones_stay() {
        let mut schedule = filled(&[(0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 0)]);
        schedule.enter(epoch(0, 1));
        assert_eq!(schedule.len(), 3);
        schedule.enter(epoch(1, 0));
        assert_eq!(pitches(schedule), [3]);
    }

    #[test]
    fn replacing_voids_one_epoch_from_a_tick_on() {
        let filled = || filled(&[(0, 0, 0), (0, 0, 24), (0, 0, 48), (0, 1, 48)]);
        let mut schedule = filled();
        schedule.replace(epoch(0, 0), Tick(24), Tick(i64::MAX));
        assert_eq!(pitches(schedule), [0, 3]);
        let mut schedule = filled();
        schedule.replace(epoch(0, 0), Tick(24), Tick(48));
        assert_eq!(
            pitches(schedule),
            [0, 2, 3],
            "what follows the void plan stays"
        );
    }

    #[test]
    fn a_full_queue_refuses_and_keeps_its_memory() {
        let mut schedule = Schedule::new();
        let before = schedule.notes.capacity();
        let waiting = Waiting {
            epoch: epoch(0, 0),
            note: note(0, 60),
            stand_in: false,
        };
        for _ in 0..PLAN_CAPACITY {
            assert!(schedule.insert(waiting));
        }
        assert!(!schedule.insert(waiting));
        assert_eq!(schedule.notes.capacity(), before);
    }

    #[test]
    fn a_shortened_note_ends_no_later_and_never_before_it_begins() {
        let mut schedule = filled(&[(0, 0, 0), (0, 0, 24)]);
        schedule.shorten(epoch(0, 0), Tick(12), 0, 0);
        schedule.shorten(epoch(0, 0), Tick(12), 0, 1);
        let lengths: Vec<i64> = std::iter::from_fn(|| schedule.pop())
            .map(|w| w.note.duration)
            .collect();
        assert_eq!(lengths, [12, 24]);
    }

    #[test]
    fn the_table_gives_the_first_note_to_end() {
        let mut table = SoundingTable::new();
        for (pitch, ends) in [(60, 30.0), (64, 20.0), (67, 40.0)] {
            table.insert(Sounding {
                channel: 0,
                pitch,
                ends,
                planned_pitch: pitch,
                onset: Tick(0),
                yields: false,
            });
        }
        table.shorten(0, 67, 10.0);
        assert_eq!(table.next_before(10.0), None);
        assert_eq!(table.next_before(100.0).map(|note| note.pitch), Some(67));
        assert!(table.take(0, 67).is_some() && !table.contains(0, 67));
        assert_eq!(table.next_before(100.0).map(|note| note.pitch), Some(64));
    }
}
