//! The vocabulary, on one screen.
//!
//! A piece of music is a row of [`Step`](crate::tokenizer::Step)s; the network takes one step per note and
//! writes a note as four fields, each conditioned on those before it:
//!
//! | field | classes | meaning |
//! |---|---|---|
//! | onset | 193 | tick in the bar, 0..=191, or [`END`]: no further note in this segment |
//! | pitch | 128 | MIDI key |
//! | duration | 216 | 1..=192 ticks exactly, then by quarters up to 768 |
//! | velocity | 32 | MIDI velocity in steps of 4 |

use std::ops::Range;

/// Ticks in the longest bar that is tokenised whole (2 whole notes); longer bars are cut.
pub const MAX_BAR_TICKS: i64 = 192;
/// Onset class: the segment holds no further note.
pub const END: usize = MAX_BAR_TICKS as usize;
/// Classes of the onset field.
pub const ONSETS: usize = END + 1;
/// Classes of the pitch field.
pub const PITCHES: usize = 128;
/// Durations up to this many ticks have a class each.
pub const EXACT_DURATION: i64 = 192;
/// Above it, durations count in quarters; this many of them.
const LONG_DURATIONS: i64 = 24;
/// Classes of the duration field.
pub const DURATIONS: usize = (EXACT_DURATION + LONG_DURATIONS) as usize;
/// MIDI velocities in one class.
const VELOCITY_STEP: u8 = 4;
/// Classes of the velocity field.
pub const VELOCITIES: usize = 32;

/// The class of a duration in ticks; what lies beyond 768 ticks is cut.
#[must_use]
pub fn duration_class(ticks: i64) -> usize {
    let class = if ticks <= EXACT_DURATION {
        ticks.max(1) - 1
    } else {
        let quarters = (ticks - EXACT_DURATION + 12) / 24;
        EXACT_DURATION - 1 + quarters.min(LONG_DURATIONS)
    };
    class as usize
}

/// The duration in ticks of a class.
#[must_use]
pub fn class_duration(class: usize) -> i64 {
    let class = class as i64;
    if class < EXACT_DURATION {
        class + 1
    } else {
        EXACT_DURATION + (class - EXACT_DURATION + 1) * 24
    }
}

/// The class of a MIDI velocity.
#[must_use]
pub fn velocity_class(velocity: u8) -> usize {
    usize::from(velocity.min(127) / VELOCITY_STEP)
}

/// The velocity in the middle of a class, 2..=126.
#[must_use]
pub fn class_velocity(class: usize) -> u8 {
    class as u8 * VELOCITY_STEP + VELOCITY_STEP / 2
}

/// Width of [`Harmony`](crate::harmony::Harmony) as network input.
pub const HARMONY: usize = 100;

/// The input of the network at one step, a row of [`inputs::WIDTH`] numbers: one-hot fields side by side.
pub mod inputs {
    use super::{DURATIONS, HARMONY, PITCHES, Range, VELOCITIES};
    use crate::echo;

    const fn after(before: &Range<usize>, width: usize) -> Range<usize> {
        before.end..before.end + width
    }

    /// Segment start, own note, heard slice.
    pub const KIND: Range<usize> = 0..3;
    /// Continue, Bass, Chords, Counter, Drums.
    pub const ROLE: Range<usize> = after(&KIND, 5);
    /// Tick in the bar.
    pub const POSITION: Range<usize> = after(&ROLE, 192);
    /// Tick in the felt beat, cut at 47.
    pub const BEAT_POSITION: Range<usize> = after(&POSITION, 48);
    /// Bar length in eighths, cut at 16.
    pub const BAR_LENGTH: Range<usize> = after(&BEAT_POSITION, 17);
    /// Felt beat in eighths, cut at 4.
    pub const BEAT_LENGTH: Range<usize> = after(&BAR_LENGTH, 5);
    /// Bar number modulo 16: where in a phrase.
    pub const PHRASE: Range<usize> = after(&BEAT_LENGTH, 16);
    /// Key of an own note.
    pub const OWN_PITCH: Range<usize> = after(&PHRASE, PITCHES);
    /// Pitch class of an own note; empty for drums.
    pub const OWN_CLASS: Range<usize> = after(&OWN_PITCH, 12);
    /// Duration class of an own note.
    pub const OWN_DURATION: Range<usize> = after(&OWN_CLASS, DURATIONS);
    /// Velocity class of an own note.
    pub const OWN_VELOCITY: Range<usize> = after(&OWN_DURATION, VELOCITIES);
    /// Keys of the heard notes that begin together.
    pub const HEARD_PITCHES: Range<usize> = after(&OWN_VELOCITY, PITCHES);
    /// Their pitch classes.
    pub const HEARD_CLASSES: Range<usize> = after(&HEARD_PITCHES, 12);
    /// The heard harmony around the step.
    pub const HARMONY_AT: Range<usize> = after(&HEARD_CLASSES, HARMONY);
    /// How far ahead of a segment's start the heard notes are known: nothing, part of it, all of it, more.
    pub const HORIZON: Range<usize> = after(&HARMONY_AT, 4);
    /// Segment length in eighths, cut at 16.
    pub const SEGMENT_LENGTH: Range<usize> = after(&HORIZON, 17);
    /// How far the echoes of earlier bars hold.
    pub const MATCHES: Range<usize> = after(&SEGMENT_LENGTH, echo::MATCHES);
    /// Numbers in a row.
    pub const WIDTH: usize = MATCHES.end;
}

/// What the heads see of the note that they are writing, field after field: a row of [`heads::WIDTH`]
/// numbers. The pitch head sees the row up to [`heads::PITCH_SEES`], the duration head one field more, the
/// velocity head two more.
pub mod heads {
    use super::{DURATIONS, HARMONY, PITCHES, Range};

    /// Tick in the bar of the note.
    pub const POSITION: Range<usize> = 0..192;
    /// Tick in the felt beat, cut at 47.
    pub const BEAT_POSITION: Range<usize> = 192..240;
    /// The heard harmony at its onset.
    pub const HARMONY_AT: Range<usize> = 240..240 + HARMONY;
    /// Role: the fields mean other things for drums.
    pub const ROLE: Range<usize> = HARMONY_AT.end..HARMONY_AT.end + 5;
    /// What the pitch head sees.
    pub const PITCH_SEES: usize = ROLE.end;
    /// Its key.
    pub const PITCH: Range<usize> = PITCH_SEES..PITCH_SEES + PITCHES;
    /// What the duration head sees.
    pub const DURATION_SEES: usize = PITCH.end;
    /// Its duration class.
    pub const DURATION: Range<usize> = DURATION_SEES..DURATION_SEES + DURATIONS;
    /// What the velocity head sees: the whole row.
    pub const WIDTH: usize = DURATION.end;
}

/// A number that changes whenever the meaning of the inputs or of a class changes: weights made for
/// another vocabulary are refused. FNV-1a over the sizes and the edition.
#[must_use]
pub fn vocabulary_hash() -> u64 {
    /// Raised by hand when a field changes its meaning but not its size.
    const EDITION: usize = 6;
    let sizes = [
        EDITION,
        ONSETS,
        PITCHES,
        DURATIONS,
        VELOCITIES,
        HARMONY,
        inputs::WIDTH,
        heads::WIDTH,
    ];
    sizes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, size| {
        (hash ^ *size as u64).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_on_the_grid_survive_exactly_and_longer_ones_to_an_eighth() {
        for ticks in 1..=768 {
            let back = class_duration(duration_class(ticks));
            let allowed = if ticks <= EXACT_DURATION { 0 } else { 12 };
            assert!(
                (back - ticks).abs() <= allowed,
                "{ticks} came back as {back}"
            );
        }
        assert_eq!(class_duration(duration_class(100_000)), 768);
        assert!(duration_class(i64::MAX / 2) < DURATIONS);
    }

    #[test]
    fn velocities_survive_to_half_a_class() {
        for velocity in 1..=127u8 {
            let back = class_velocity(velocity_class(velocity));
            assert!(back.abs_diff(velocity) <= 2 && (1..=127).contains(&back));
        }
    }
}
