//! Two hands on the keys: which notes a player can strike together.

use super::last_stroke;
use crate::note::Note;

/// A hand spans a tenth.
const TENTH: u8 = 16;
/// Two hands that play one accompaniment stay this close together: two octaves and a third.
const BOTH: u8 = 28;

/// The notes of a stroke so far, from the lowest up. The lower hand takes all that it reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hands {
    lowest: Option<u8>,
    /// The lowest note of the upper hand.
    upper: Option<u8>,
    highest: Option<u8>,
    count: usize,
}

impl Hands {
    /// The hands on the notes at the end of `notes`, sorted, that begin with the last.
    #[must_use]
    pub fn on_last_stroke(notes: &[Note]) -> Self {
        let mut hands = Self::default();
        last_stroke(notes)
            .iter()
            .for_each(|note| hands.add(note.pitch));
        hands
    }

    /// Strikes one more note, above the others.
    pub fn add(&mut self, pitch: u8) {
        let lowest = *self.lowest.get_or_insert(pitch);
        if pitch > lowest.saturating_add(TENTH) {
            self.upper.get_or_insert(pitch);
        }
        self.highest = Some(pitch);
        self.count += 1;
    }

    /// How many notes they strike.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The lowest note.
    #[must_use]
    pub fn lowest(&self) -> Option<u8> {
        self.lowest
    }

    /// The highest key that they reach, 0..=127.
    #[must_use]
    pub fn reach(&self) -> u8 {
        let both = self
            .lowest
            .map_or(127, |lowest| lowest.saturating_add(BOTH));
        let hand = self.upper.map_or(127, |upper| upper.saturating_add(TENTH));
        both.min(hand).min(127)
    }

    /// Whether they can strike `pitch` besides.
    #[must_use]
    pub fn can_add(&self, pitch: u8) -> bool {
        self.highest.is_none_or(|highest| pitch > highest) && pitch <= self.reach()
    }

    /// How many of the keys that `sounds` allows they reach above `pitch`, when they strike it too.
    #[must_use]
    pub fn room_above(mut self, pitch: u8, sounds: impl Fn(u8) -> bool) -> usize {
        self.add(pitch);
        (pitch + 1..=self.reach())
            .filter(|key| sounds(*key))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hand_spans_a_tenth() {
        let mut hands = Hands::default();
        hands.add(48);
        assert_eq!(hands.reach(), 76);
        hands.add(60);
        assert_eq!(hands.reach(), 76, "one hand reaches both");
        hands.add(66);
        assert_eq!(
            hands.reach(),
            76,
            "the other reaches a tenth, but not beyond both"
        );
        assert!(hands.can_add(76) && !hands.can_add(77) && !hands.can_add(66));
    }

    #[test]
    fn room_counts_what_may_sound() {
        let hands = Hands::default();
        assert_eq!(hands.room_above(60, |key| key % 12 == 0), 2);
        assert_eq!(hands.room_above(127, |_| true), 0);
    }
}
