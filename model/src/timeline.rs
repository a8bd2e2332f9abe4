//! What was heard and what was played, by song position.
//!
//! The present pass writes over what earlier passes left at the same place: memory is the song as it was
//! last heard. Where nothing was heard yet, nothing is known, which is different from silence.

use serde::{Deserialize, Serialize};

use crate::{note::Note, time::Tick};

/// Notes by song position, and how much of the song has been listened to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Heard notes, sorted by onset and pitch. A note that still sounds has its length so far.
    heard: Vec<Note>,
    /// Stretches of the song that were listened to, sorted, apart from each other.
    known: Vec<(Tick, Tick)>,
    /// Keys that are down now: pitch, channel, and where they went down.
    #[serde(skip)]
    down: Vec<(u8, u8, Tick)>,
    /// Up to where the present pass has listened.
    #[serde(skip)]
    now: Tick,
}

/// Notes kept at the most; the farthest from the present go first. Hours of dense music.
const MOST_NOTES: usize = 200_000;

impl Timeline {
    /// A pass begins at `at`: keys that were down are released.
    pub fn start(&mut self, at: Tick) {
        self.release_all();
        self.now = at;
    }

    /// Ends every held key at the present position.
    pub fn release_all(&mut self) {
        let now = self.now;
        for (pitch, _, from) in std::mem::take(&mut self.down) {
            self.set_length(pitch, from, now - from);
        }
    }

    /// A key goes down at `at`.
    pub fn note_on(&mut self, at: Tick, channel: u8, pitch: u8, velocity: u8) {
        self.listen_to(at);
        if self
            .down
            .iter()
            .any(|key| (key.0, key.1) == (pitch, channel))
        {
            self.note_off(at, channel, pitch);
        }
        let note = Note {
            onset: at,
            pitch,
            duration: 1,
            velocity,
        };
        let place = self
            .heard
            .partition_point(|other| (other.onset, other.pitch) < (at, pitch));
        match self.heard.get_mut(place) {
            // The same note as on the pass before keeps its length until it turns out another.
            Some(same) if (same.onset, same.pitch) == (at, pitch) => same.velocity = velocity,
            _ => self.heard.insert(place, note),
        }
        self.down.push((pitch, channel, at));
        if self.heard.len() > MOST_NOTES {
            let first = self.heard[0].onset;
            let last = self.heard[self.heard.len() - 1].onset;
            let far = if at - first > last - at {
                0
            } else {
                self.heard.len() - 1
            };
            self.heard.remove(far);
        }
    }

    /// A key goes up at `at`.
    pub fn note_off(&mut self, at: Tick, channel: u8, pitch: u8) {
        self.listen_to(at);
        if let Some(index) = self
            .down
            .iter()
            .position(|key| (key.0, key.1) == (pitch, channel))
        {
            let (_, _, from) = self.down.swap_remove(index);
            self.set_length(pitch, from, at - from);
        }
    }

    fn set_length(&mut self, pitch: u8, from: Tick, duration: i64) {
        let place = self
            .heard
            .partition_point(|note| (note.onset, note.pitch) < (from, pitch));
        if let Some(note) = self.heard.get_mut(place)
            && (note.onset, note.pitch) == (from, pitch)
        {
            note.duration = duration.max(1);
        }
    }

    /// Everything before `to` has been heard on this pass: what earlier passes left there, and this one
    /// did not play again, is gone.
    pub fn listen_to(&mut self, to: Tick) {
        if to <= self.now {
            return;
        }
        let from = self.now;
        let down = &self.down;
        let is_down = |note: &Note| {
            down.iter()
                .any(|(pitch, _, since)| (*pitch, *since) == (note.pitch, note.onset))
        };
        self.heard
            .retain(|note| note.onset < from || note.onset >= to || is_down(note));
        self.now = to;
        let now = self.now;
        for index in 0..self.down.len() {
            let (pitch, _, since) = self.down[index];
            self.set_length(pitch, since, now - since);
        }
        self.know(from, to);
    }

    fn know(&mut self, from: Tick, to: Tick) {
        let (mut from, mut to) = (from, to);
        self.known.retain(|(start, end)| {
            let apart = *end < from || to < *start;
            if !apart {
                from = from.min(*start);
                to = to.max(*end);
            }
            apart
        });
        let place = self.known.partition_point(|(start, _)| *start < from);
        self.known.insert(place, (from, to));
    }

    /// Takes in `heard`, sorted, as the song from tick 0 to `end`.
    pub fn rehearse(&mut self, heard: &[Note], end: Tick) {
        self.down.clear();
        self.recall(heard.to_vec(), vec![(Tick(0), end)]);
    }

    /// Remembers `heard` and the stretches `known` instead of what it knew; keys that are down stay.
    pub fn recall(&mut self, mut heard: Vec<Note>, known: Vec<(Tick, Tick)>) {
        heard.truncate(MOST_NOTES);
        self.forget();
        self.heard.append(&mut heard);
        self.heard.sort_by_key(|note| (note.onset, note.pitch));
        self.heard.dedup_by_key(|note| (note.onset, note.pitch));
        for (from, to) in known {
            if from < to {
                self.know(from, to);
            }
        }
    }

    /// The stretches that were listened to, sorted, apart from each other.
    #[must_use]
    pub fn known(&self) -> &[(Tick, Tick)] {
        &self.known
    }

    /// Whether all of `from..to` has been listened to, on this pass or an earlier one.
    #[must_use]
    pub fn knows(&self, from: Tick, to: Tick) -> bool {
        self.known
            .iter()
            .any(|(start, end)| *start <= from && to <= *end)
    }

    /// Up to where the present pass has listened.
    #[must_use]
    pub fn now(&self) -> Tick {
        self.now
    }

    /// Whether a key is down now.
    #[must_use]
    pub fn is_sounding(&self) -> bool {
        !self.down.is_empty()
    }

    /// Whether the key of this heard note is still down.
    #[must_use]
    pub fn is_down(&self, note: &Note) -> bool {
        self.down
            .iter()
            .any(|(pitch, _, since)| (*pitch, *since) == (note.pitch, note.onset))
    }

    /// Heard notes, sorted by onset and pitch.
    #[must_use]
    pub fn heard(&self) -> &[Note] {
        &self.heard
    }

    /// Heard notes that begin in `from..to`.
    #[must_use]
    pub fn heard_between(&self, from: Tick, to: Tick) -> &[Note] {
        let first = self.heard.partition_point(|note| note.onset < from);
        let last = self.heard.partition_point(|note| note.onset < to);
        &self.heard[first..last.max(first)]
    }

    /// The keys that are down at `at` (bit `n` for MIDI key `n`), and whether one is or went down within
    /// `silence` ticks before.
    #[must_use]
    pub fn keys_at(&self, at: Tick, silence: i64) -> (u128, bool) {
        let to = self.heard.partition_point(|note| note.onset <= at);
        let mut keys = 0u128;
        let mut lately = false;
        for note in &self.heard[..to] {
            if note.end() > at {
                keys |= 1 << note.pitch.min(127);
            }
            lately |= note.end() > at || note.onset >= at - silence;
        }
        (keys, lately)
    }

    /// Forgets everything but the keys that are down.
    pub fn forget(&mut self) {
        let down = std::mem::take(&mut self.down);
        self.heard.retain(|note| {
            down.iter()
                .any(|key| (key.0, key.2) == (note.pitch, note.onset))
        });
        self.down = down;
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(timeline: &mut Timeline, at: i64, length: i64, pitch: u8) {
        timeline.note_on(Tick(at), 0, pitch, 80);
        timeline.note_off(Tick(at + length), 0, pitch);
    }

    #[test]
    fn a_new_pass_replaces_what_it_plays_anew_and_keeps_the_rest() {
        let mut timeline = Timeline::default();
        timeline.start(Tick(0));
        play(&mut timeline, 0, 24, 60);
        play(&mut timeline, 48, 24, 62);
        timeline.listen_to(Tick(96));
        timeline.start(Tick(0));
        play(&mut timeline, 0, 12, 64);
        timeline.listen_to(Tick(24));
        let pitches: Vec<u8> = timeline.heard().iter().map(|note| note.pitch).collect();
        assert_eq!(pitches, [64, 62]);
        assert!(timeline.knows(Tick(0), Tick(96)));
        assert!(!timeline.knows(Tick(0), Tick(97)));
    }

    #[test]
    fn an_unchanged_pass_changes_nothing() {
        let mut timeline = Timeline::default();
        timeline.start(Tick(0));
        play(&mut timeline, 12, 24, 60);
        timeline.listen_to(Tick(96));
        let before = timeline.clone();
        timeline.start(Tick(0));
        play(&mut timeline, 12, 24, 60);
        timeline.listen_to(Tick(96));
        assert_eq!(timeline, before);
    }

    #[test]
    fn a_held_key_has_its_length_so_far() {
        let mut timeline = Timeline::default();
        timeline.start(Tick(0));
        timeline.note_on(Tick(0), 0, 60, 80);
        timeline.listen_to(Tick(30));
        assert_eq!(timeline.heard()[0].duration, 30);
        timeline.start(Tick(0));
        assert!(!timeline.is_sounding());
    }

    #[test]
    fn forgetting_keeps_the_keys_that_are_down() {
        let mut timeline = Timeline::default();
        timeline.start(Tick(0));
        play(&mut timeline, 0, 12, 60);
        timeline.note_on(Tick(24), 0, 67, 80);
        timeline.forget();
        assert_eq!(timeline.heard().len(), 1);
        assert!(!timeline.knows(Tick(0), Tick(12)));
    }
}
