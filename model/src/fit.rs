//! Bending a guessed bass note to the chord that came.
//!
//! On a first pass a bass line is planned before its chords are heard. The audio thread hears the chord in
//! the very sample in which the bass note is due, too late to plan, early enough to move one pitch.

use crate::chord::Chord;

/// A guessed note stays silent when no key is down and none went down for this many ticks: nobody plays.
pub const SILENCE: i64 = 96;

/// How a planned note bends to the harmony that is heard when it begins. Only notes that were planned
/// before their harmony was known do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// As planned.
    #[default]
    AsPlanned,
    /// To the nearest note of the sounding chord, if it is not one.
    ChordTone,
    /// To the root of the sounding chord.
    Root,
    /// To the nearest note of the sounding chord, be it above the keys: for other voices than a bass.
    NearestTone,
}

/// A pitch bent to the chord of the keys that are down (bit `n` for MIDI key `n`). A bass never rises above
/// the keys. Without a recognisable chord it stays as it is. Allocates nothing: the audio thread calls it.
#[must_use]
pub fn fit_pitch(pitch: u8, fit: Fit, down: u128) -> u8 {
    let keys = (0..128u8).filter(|key| down >> key & 1 == 1);
    let Some(chord) = Chord::from_pitches(keys.map(|key| (key, 1.0))) else {
        return pitch;
    };
    let ceiling = match fit {
        Fit::NearestTone => 128,
        // A trailing zero for each key below the lowest; at most 128.
        _ => (down.trailing_zeros() as u8).max(24),
    };
    let classes = chord.pitch_classes();
    let fits = |candidate: u8| match fit {
        Fit::AsPlanned => candidate == pitch,
        Fit::ChordTone | Fit::NearestTone => classes.contains(candidate),
        Fit::Root => candidate % 12 == chord.root,
    };
    // Outwards from the planned pitch, the lower first; two octaves reach below any chord in the bass.
    (0..=24u8)
        .flat_map(|distance| [pitch.checked_sub(distance), pitch.checked_add(distance)])
        .flatten()
        .find(|candidate| *candidate < ceiling && fits(*candidate))
        .unwrap_or(pitch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down(keys: &[u8]) -> u128 {
        keys.iter().fold(0, |down, key| down | 1 << key)
    }

    #[test]
    fn a_downbeat_goes_to_the_root_in_any_inversion() {
        for keys in [[48, 52, 55], [52, 55, 60], [55, 60, 64], [60, 67, 76]] {
            let pitch = fit_pitch(45, Fit::Root, down(&keys));
            assert_eq!(pitch % 12, 0, "{keys:?} gave {pitch}");
            assert!(pitch < keys[0]);
        }
    }

    #[test]
    fn a_chord_tone_stays_and_another_note_moves_the_least() {
        let a_minor = down(&[57, 60, 64]);
        assert_eq!(fit_pitch(40, Fit::ChordTone, a_minor), 40);
        assert_eq!(fit_pitch(41, Fit::ChordTone, a_minor), 40);
    }

    #[test]
    fn another_voice_takes_the_nearest_tone_above_the_keys_too() {
        let a_minor = down(&[57, 60, 64]);
        assert_eq!(fit_pitch(74, Fit::NearestTone, a_minor), 72);
        assert_eq!(fit_pitch(72, Fit::NearestTone, a_minor), 72);
    }

    #[test]
    fn a_chord_that_reaches_into_the_bass_is_undercut() {
        assert_eq!(fit_pitch(45, Fit::Root, down(&[43, 62, 67, 71])), 31);
    }

    #[test]
    fn without_a_chord_nothing_moves() {
        for keys in [0, down(&[60]), down(&[60, 72])] {
            assert_eq!(fit_pitch(41, Fit::Root, keys), 41);
        }
    }
}
