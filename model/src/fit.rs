//! Bending a guessed bass note to the chord that came.
//!
//! On a first pass a bass line is planned before its chords are heard. The audio thread hears the chord in
//! the very sample in which the bass note is due, too late to plan, early enough to move one pitch.

use crate::{
    chord::{Chord, Key, PitchClassSet, semitones_up},
    constrain::allowed,
    controls::{Controls, Motion, Scale},
};

/// A guessed note stays silent when no key is down and none went down for this many ticks: nobody plays.
pub const SILENCE: i64 = 96;

/// How a planned note is played when it begins. Only notes that were planned before their harmony was known bend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// As planned.
    #[default]
    AsPlanned,
    /// Bent to the harmony that is heard then, to a key within these bounds.
    Bent(Bend, Bounds),
}

/// The keys to which a note may bend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The lowest and the highest.
    pub range: (u8, u8),
    /// Their pitch classes.
    pub classes: PitchClassSet,
    /// The notes of the sounding chord are among them in any case.
    pub chords_win: bool,
}

impl Bounds {
    /// Any key.
    pub const NONE: Self = Self {
        range: (0, 127),
        classes: PitchClassSet::ALL,
        chords_win: false,
    };

    /// What `controls` hold to where the key `found` is that of the music.
    #[must_use]
    pub fn of(controls: &Controls, found: Option<Key>) -> Self {
        Self {
            range: controls.range(),
            classes: allowed(controls, found),
            chords_win: controls.chords_win,
        }
    }

    /// The same where the scale is known without the music; `None` where it is to be found in it.
    #[must_use]
    pub fn known(controls: &Controls) -> Option<Self> {
        let given = controls.key.is_some() && controls.scale != Scale::Auto;
        (given || !controls.scale_lock).then(|| Self::of(controls, None))
    }

    /// Whether `key` lies within them while these pitch classes sound as a chord.
    fn hold(&self, key: u8, chord: PitchClassSet) -> bool {
        (self.range.0..=self.range.1).contains(&key)
            && (self.classes.contains(key) || self.chords_win && chord.contains(key))
    }
}

/// How a note bends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bend {
    /// To the nearest note of the sounding chord, if it is not one.
    ChordTone,
    /// To the root of the sounding chord.
    Root,
    /// To the nearest note of the sounding chord, be it above the keys: for other voices than a bass.
    NearestTone,
    /// As far as the root of the sounding chord is from this key, the root that was guessed, and from there to the
    /// nearest note of the chord: a figure keeps its shape.
    Figure(u8),
    /// As far as that; what is neither of the chord nor of this scale goes to its neighbour: a walk keeps its steps.
    Steps(u8, PitchClassSet),
}

impl Bend {
    /// How a guessed bass note bends that was planned over a chord whose root was taken at the key `root`, in `scale`,
    /// on the first place of its bar or after.
    #[must_use]
    pub fn of_bass(motion: Motion, on_downbeat: bool, root: u8, scale: PitchClassSet) -> Self {
        match motion {
            Motion::Free if on_downbeat => Self::Root,
            Motion::Free => Self::ChordTone,
            Motion::Roots => Self::Root,
            Motion::Steps => Self::Steps(root, scale),
            Motion::RootsAndFifths | Motion::ChordTones | Motion::Arpeggio | Motion::Alberti => {
                Self::Figure(root)
            }
        }
    }
}

/// A pitch bent to the chord of the keys that are down (bit `n` for MIDI key `n`). A bass never rises above
/// the keys, unless the range lies there, and nothing leaves its bounds: where no key of the kind lies within them, it
/// is another of the chord, else it stays. Without a recognisable chord it stays too. Allocates nothing: the audio
/// thread calls it.
#[must_use]
pub fn fit_pitch(pitch: u8, fit: Fit, down: u128) -> u8 {
    let Fit::Bent(bend, bounds) = fit else {
        return pitch;
    };
    let keys = (0..128u8).filter(|key| down >> key & 1 == 1);
    let Some(chord) = Chord::from_pitches(keys.map(|key| (key, 1.0))) else {
        return pitch;
    };
    let ceiling = match bend {
        Bend::NearestTone => 128,
        // A trailing zero for each key below the lowest; at most 128.
        _ => (down.trailing_zeros() as u8).max(24),
    };
    let classes = chord.pitch_classes();
    // In unison with the lowest key it is no higher than that, and a line that keeps its octave is a line.
    let figure_ceiling = ceiling.saturating_add(1);
    let moved = |root: u8| {
        let by = i16::from(below(root, chord.root)) - i16::from(root);
        // Both are keys, and no key moves by two octaves.
        match (i16::from(pitch) + by).clamp(0, 127) as u8 {
            high if high >= figure_ceiling => high.saturating_sub(12),
            low if low < LOW_E && low + 12 < figure_ceiling => low + 12,
            moved => moved,
        }
    };
    let planned = pitch;
    let (pitch, ceiling) = match bend {
        Bend::Figure(root) => (moved(root), figure_ceiling),
        Bend::Steps(root, scale) => (step(moved(root), &chord, scale), figure_ceiling),
        _ => (pitch, ceiling),
    };
    let fits = |candidate: u8| match bend {
        Bend::Steps(..) => candidate == pitch,
        Bend::ChordTone | Bend::NearestTone | Bend::Figure(_) => classes.contains(candidate),
        Bend::Root => candidate % 12 == chord.root,
    };
    // Outwards from the planned pitch, the lower first; two octaves reach below any chord in the bass.
    let nearest = |is_meant: &dyn Fn(u8) -> bool| {
        (0..=24u8)
            .flat_map(|distance| [pitch.checked_sub(distance), pitch.checked_add(distance)])
            .flatten()
            .find(|candidate| bounds.hold(*candidate, classes) && is_meant(*candidate))
    };
    nearest(&|candidate| candidate < ceiling && fits(candidate))
        .or_else(|| nearest(&fits))
        .or_else(|| nearest(&|candidate| classes.contains(candidate)))
        .unwrap_or(planned)
}

/// The lowest string of a bass, and the highest key at which it takes a root: an octave above.
const LOW_E: u8 = 28;
const HIGHEST_ROOT: u8 = 40;

/// The key of the pitch class `class` at which a figure stands that was planned on the key `root`: up to a major
/// third above it, else below, within the lowest octave of a bass. So its notes stay together under any keys.
fn below(root: u8, class: u8) -> u8 {
    let up = semitones_up(root, class);
    let near = if up <= 4 {
        root + up
    } else {
        root.saturating_sub(12 - up)
    };
    match near {
        high if high > HIGHEST_ROOT => high - (high - HIGHEST_ROOT).div_ceil(12) * 12,
        low if low < LOW_E => low + 12,
        near => near,
    }
}

/// A step of a walk over `chord`: the key or the one beside it that is of the chord or the scale; but a major third
/// of a minor chord becomes minor, and the other way round.
fn step(pitch: u8, chord: &Chord, scale: PitchClassSet) -> u8 {
    let classes = chord.pitch_classes();
    let ground = classes.union(scale);
    let below = pitch.saturating_sub(1);
    match semitones_up(chord.root, pitch) {
        _ if classes.contains(pitch) => pitch,
        4 if classes.contains(chord.root + 3) => below,
        3 if classes.contains(chord.root + 4) => pitch + 1,
        _ if ground.contains(pitch) => pitch,
        _ if ground.contains(below) => below,
        _ if ground.contains(pitch + 1) => pitch + 1,
        _ => pitch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bent within no bounds.
    fn free(pitch: u8, bend: Bend, down: u128) -> u8 {
        fit_pitch(pitch, Fit::Bent(bend, Bounds::NONE), down)
    }

    fn down(keys: &[u8]) -> u128 {
        keys.iter().fold(0, |down, key| down | 1 << key)
    }

    #[test]
    fn a_downbeat_goes_to_the_root_in_any_inversion() {
        for keys in [[48, 52, 55], [52, 55, 60], [55, 60, 64], [60, 67, 76]] {
            let pitch = free(45, Bend::Root, down(&keys));
            assert_eq!(pitch % 12, 0, "{keys:?} gave {pitch}");
            assert!(pitch < keys[0]);
        }
    }

    #[test]
    fn a_chord_tone_stays_and_another_note_moves_the_least() {
        let a_minor = down(&[57, 60, 64]);
        assert_eq!(free(40, Bend::ChordTone, a_minor), 40);
        assert_eq!(free(41, Bend::ChordTone, a_minor), 40);
    }

    #[test]
    fn another_voice_takes_the_nearest_tone_above_the_keys_too() {
        let a_minor = down(&[57, 60, 64]);
        assert_eq!(free(74, Bend::NearestTone, a_minor), 72);
        assert_eq!(free(72, Bend::NearestTone, a_minor), 72);
    }

    #[test]
    fn a_chord_that_reaches_into_the_bass_is_undercut() {
        assert_eq!(free(45, Bend::Root, down(&[43, 62, 67, 71])), 31);
    }

    #[test]
    fn a_figure_and_a_walk_move_with_their_root() {
        const STEPS: Bend = Bend::Steps(36, PitchClassSet::from_mask(0b1010_1011_0101));
        // Planned over C, over which D minor and F came.
        let minor = down(&[62, 65, 69]);
        let major = down(&[60, 65, 69]);
        let bent = |bend: Bend, pitches: &[u8], down| -> Vec<u8> {
            pitches
                .iter()
                .map(|pitch| free(*pitch, bend, down))
                .collect()
        };
        assert_eq!(bent(Bend::Figure(36), &[36, 40, 43], minor), [38, 41, 45]);
        assert_eq!(
            bent(Bend::Figure(36), &[36, 40, 43, 48], major),
            [29, 33, 36, 41]
        );
        assert_eq!(bent(STEPS, &[36, 38, 40, 41], minor), [38, 40, 41, 43]);
        assert_eq!(
            bent(STEPS, &[48, 46, 44, 46], major),
            [41, 38, 36, 38],
            "in the scale"
        );
        // Not above the keys.
        assert_eq!(bent(STEPS, &[60], down(&[62, 65, 69])), [62]);
        assert_eq!(bent(STEPS, &[62], down(&[62, 65, 69])), [52]);
        assert_eq!(bent(Bend::Figure(36), &[28], down(&[55, 59, 62])), [35]);
    }

    #[test]
    fn without_a_chord_nothing_moves() {
        for keys in [0, down(&[60]), down(&[60, 72])] {
            assert_eq!(free(41, Bend::Root, keys), 41);
        }
    }

    #[test]
    fn what_bends_stays_within_its_bounds() {
        let c_major = PitchClassSet::from_mask(0b1010_1011_0101);
        let all = |bounds: Bounds, keys: &[u8]| -> Vec<u8> {
            let bends = [
                Bend::Root,
                Bend::ChordTone,
                Bend::Figure(36),
                Bend::Steps(36, c_major),
            ];
            bends
                .map(|bend| fit_pitch(36, Fit::Bent(bend, bounds), down(keys)))
                .to_vec()
        };
        // F minor: of its notes the scale has F and C.
        let locked = Bounds {
            classes: c_major,
            ..Bounds::NONE
        };
        assert_eq!(all(locked, &[60, 65, 68]), [41, 36, 29, 29]);
        // Eb minor has none but the seventh, which does not sound: all stay.
        assert_eq!(all(locked, &[63, 66, 70]), [36; 4]);
        let wins = Bounds {
            chords_win: true,
            ..locked
        };
        assert_eq!(all(wins, &[63, 66, 70])[0], 39);
        let narrow = Bounds {
            range: (36, 43),
            ..Bounds::NONE
        };
        assert_eq!(all(narrow, &[62, 65, 69])[..2], [38, 38]);
        assert!(
            all(narrow, &[62, 65, 69])
                .iter()
                .all(|key| (36..=43).contains(key))
        );
    }
}
