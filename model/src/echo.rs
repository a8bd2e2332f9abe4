//! What stood at the same place one, two, four and eight bars earlier.
//!
//! Music repeats: the likeliest next note is often the one of an earlier bar. A small network learns that
//! slowly by attention alone, so the heads are shown these *echoes* and the network only has to say how much
//! it trusts each (in the spirit of Gu et al. 2016, "Incorporating Copying Mechanism in
//! Sequence-to-Sequence Learning", with fixed places to copy from).

use crate::{
    controls::Role,
    note::Note,
    time::Tick,
    token::{END, MAX_BAR_TICKS, duration_class, velocity_class},
    tokenizer::Segment,
};

/// Bars back.
pub const LAGS: [i64; 4] = [1, 2, 4, 8];
/// Echoes of an onset, a duration, a velocity: one a lag.
pub const ECHOES: usize = LAGS.len();
/// Echoes of a pitch: a lag repeats it as it stood, or moved along with the line.
pub const PITCH_ECHOES: usize = 2 * ECHOES;
/// Numbers that tell how far the echoes held for an own note, or what they can tell at a segment's start.
pub const MATCHES: usize = 5 * ECHOES;

/// A class for each echo; `None` where nothing stood or nothing is known.
pub type Classes<const N: usize> = [Option<u16>; N];

/// What a note may repeat, as classes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NoteEchoes {
    /// The pitch a lag before, as it stood; then the pitch that the interval which led to it makes of the
    /// own note before.
    pub pitches: Classes<PITCH_ECHOES>,
    /// The duration a lag before.
    pub durations: Classes<ECHOES>,
    /// The velocity a lag before.
    pub velocities: Classes<ECHOES>,
}

/// The own notes as a place to look back into.
#[derive(Clone, Copy, Debug)]
pub struct Echoes<'a> {
    role: Role,
    /// Sorted by onset, then pitch.
    own: &'a [Note],
    /// Semitones that the network's keys lie above the notes'.
    shift: i8,
    /// Before this nothing is known.
    since: Tick,
}

/// The note that was written last, if it lies in the segment.
type Last<'a> = Option<&'a Note>;

impl<'a> Echoes<'a> {
    /// Looks back into `own` as far as `since`; pitches come `shift` semitones higher.
    #[must_use]
    pub fn new(role: Role, own: &'a [Note], shift: i8, since: Tick) -> Self {
        Self {
            role,
            own,
            shift,
            since,
        }
    }

    fn lagged(&self, segment: &Segment, at: Tick, lag: usize) -> Option<Tick> {
        let back = at - LAGS[lag] * segment.bar.ticks;
        (back >= self.since).then_some(back)
    }

    /// Where the next onset stood after `last`, or from the segment's start: tick in the bar, or [`END`].
    #[must_use]
    pub fn onsets(&self, segment: &Segment, last: Last) -> Classes<ECHOES> {
        std::array::from_fn(|lag| {
            let start = self.lagged(segment, segment.start, lag)?;
            let moved = start - segment.start;
            let from = match last {
                None => self.own.partition_point(|note| note.onset < start),
                Some(last) => {
                    let at = last.onset + moved;
                    let together = !self.role.is_monophonic();
                    self.own.partition_point(|note| {
                        note.onset < at
                            || note.onset == at && (!together || note.pitch <= last.pitch)
                    })
                }
            };
            let end = segment.end + moved;
            let next = self.own.get(from).filter(|note| note.onset < end);
            Some(next.map_or(END, |note| {
                (note.onset - moved - segment.bar.start) as usize
            }) as u16)
        })
    }

    /// Index of the note that stood a lag before `at`, above `last` where that begins at `at` too.
    fn lagged_note(&self, segment: &Segment, at: Tick, last: Last, lag: usize) -> Option<usize> {
        let back = self.lagged(segment, at, lag)?;
        let above = last
            .filter(|last| last.onset == at)
            .map_or(-1, |last| i16::from(last.pitch));
        let index = self
            .own
            .partition_point(|note| (note.onset, i16::from(note.pitch)) <= (back, above));
        let echo = self.own.get(index)?;
        (echo.onset == back).then_some(index)
    }

    /// What the note at `at`, which follows `last` of the segment, may repeat.
    #[must_use]
    pub fn note(&self, segment: &Segment, at: Tick, last: Last) -> NoteEchoes {
        let mut echoes = NoteEchoes::default();
        let before = self.own.partition_point(|note| note.onset < segment.start);
        let led_by = last.or_else(|| before.checked_sub(1).map(|index| &self.own[index]));
        for lag in 0..ECHOES {
            let Some(index) = self.lagged_note(segment, at, last, lag) else {
                continue;
            };
            let echo = &self.own[index];
            echoes.durations[lag] = Some(duration_class(echo.duration) as u16);
            echoes.velocities[lag] = Some(velocity_class(echo.velocity) as u16);
            echoes.pitches[lag] = self.pitch_class(i16::from(echo.pitch));
            if let (Some(last), Some(led), false) = (
                led_by,
                index.checked_sub(1).map(|index| &self.own[index]),
                self.role == Role::Drums,
            ) {
                let interval = i16::from(echo.pitch) - i16::from(led.pitch);
                echoes.pitches[ECHOES + lag] = self.pitch_class(i16::from(last.pitch) + interval);
            }
        }
        echoes
    }

    fn pitch_class(&self, pitch: i16) -> Option<u16> {
        let pitch = pitch + i16::from(self.shift);
        (0..128).contains(&pitch).then_some(pitch as u16)
    }

    /// How far the echoes held for `note`, which follows `last`: per lag whether something is known,
    /// whether onset, pitch and interval were those of the echo, and how alike what is heard is.
    #[must_use]
    pub fn matches(
        &self,
        segment: &Segment,
        note: Option<&Note>,
        last: Last,
        heard_alike: &[f32; ECHOES],
    ) -> [f32; MATCHES] {
        let mut matches = [0.0; MATCHES];
        for lag in 0..ECHOES {
            let known = self.lagged(segment, segment.start, lag).is_some();
            matches[5 * lag] = f32::from(u8::from(known));
            matches[5 * lag + 4] = heard_alike[lag];
        }
        let Some(note) = note else {
            return matches;
        };
        let onset = (note.onset - segment.bar.start) as u16;
        let onsets = self.onsets(segment, last);
        let pitches = self.note(segment, note.onset, last).pitches;
        let pitch = self.pitch_class(i16::from(note.pitch));
        for lag in 0..ECHOES {
            let held = [
                onsets[lag] == Some(onset),
                pitches[lag].is_some() && pitches[lag] == pitch,
                pitches[ECHOES + lag].is_some() && pitches[ECHOES + lag] == pitch,
            ];
            for (index, held) in held.into_iter().enumerate() {
                matches[5 * lag + 1 + index] = f32::from(u8::from(held));
            }
        }
        matches
    }
}

/// How alike what is heard in `segment` is to what was heard a lag before, 0 to 1: of the pitch classes
/// that begin in each sixteenth, the share that began there in both bars (Jaccard index). 0 where either is
/// unknown.
#[must_use]
pub fn heard_alike(heard: &[Note], segment: &Segment, since: Tick) -> [f32; ECHOES] {
    let start = segment.bar.start;
    let end = segment.horizon.min(segment.bar.end());
    let now = onset_classes(heard, start, end);
    std::array::from_fn(|lag| {
        let back = start - LAGS[lag] * segment.bar.ticks;
        if back < since || now == [0; SIXTEENTHS] {
            return 0.0;
        }
        let then = onset_classes(heard, back, back + (end - start));
        let count = |of: fn(u16, u16) -> u16| -> u32 {
            now.iter()
                .zip(&then)
                .map(|(a, b)| of(*a, *b).count_ones())
                .sum()
        };
        count(|a, b| a & b) as f32 / count(|a, b| a | b) as f32
    })
}

const SIXTEENTHS: usize = MAX_BAR_TICKS as usize / 6;

/// The pitch classes that begin in each sixteenth from `from` to `to`, as sets. Onsets are rounded, so that
/// a hand two ticks early is no other music.
fn onset_classes(notes: &[Note], from: Tick, to: Tick) -> [u16; SIXTEENTHS] {
    let mut classes = [0; SIXTEENTHS];
    let first = notes.partition_point(|note| note.onset < from - 3);
    for note in notes[first..].iter().take_while(|note| note.onset < to) {
        let sixteenth = (note.onset - from + 3).div_euclid(6);
        if let Some(set) = usize::try_from(sixteenth)
            .ok()
            .and_then(|index| classes.get_mut(index))
        {
            *set |= 1 << note.pitch_class();
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        harmony::Bar,
        time::{BarGrid, Meter},
    };

    fn note(onset: i64, pitch: u8) -> Note {
        Note {
            onset: Tick(onset),
            duration: 12,
            pitch,
            velocity: 80,
        }
    }

    fn segment(bar: i64) -> Segment {
        let bar = Bar::containing(BarGrid::from_origin(Meter::COMMON), Tick(96 * bar));
        Segment {
            bar,
            start: bar.start,
            end: bar.end(),
            horizon: bar.end(),
        }
    }

    #[test]
    fn a_bar_earlier_is_shown_as_it_stood_and_as_it_moved() {
        let own = [note(0, 60), note(24, 64), note(96, 62)];
        let echoes = Echoes::new(Role::Continue, &own, 0, Tick(0));
        let bar = segment(1);
        // Before anything is written the bar begins as the one before, then goes on like it.
        assert_eq!(echoes.onsets(&bar, None)[..2], [Some(0), None]);
        assert_eq!(echoes.onsets(&bar, Some(&own[2]))[0], Some(24));
        let next = echoes.note(&bar, Tick(120), Some(&own[2]));
        assert_eq!(next.pitches[0], Some(64));
        assert_eq!(next.pitches[ECHOES], Some(66), "a major third up again");
        let last = note(120, 66);
        assert_eq!(echoes.onsets(&bar, Some(&last))[0], Some(END as u16));
        let held = echoes.matches(&bar, Some(&last), Some(&own[2]), &[0.0; ECHOES]);
        assert_eq!(held[..5], [1.0, 1.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn nothing_is_shown_of_what_is_not_yet_written() {
        let own = [note(96, 60), note(120, 64)];
        let echoes = Echoes::new(Role::Continue, &own, 0, Tick(0));
        let bar = segment(1);
        assert_eq!(echoes.onsets(&bar, None)[0], Some(END as u16));
        assert_eq!(echoes.note(&bar, Tick(96), None), NoteEchoes::default());
        let fresh = Echoes::new(Role::Continue, &own, 0, Tick(96));
        assert_eq!(fresh.onsets(&bar, None), [None; ECHOES]);
    }

    #[test]
    fn chords_go_on_upwards_and_shifts_move_keys() {
        let own = [note(0, 60), note(0, 64)];
        let echoes = Echoes::new(Role::Chords, &own, -2, Tick(0));
        let bar = segment(1);
        let low = note(96, 60);
        assert_eq!(echoes.onsets(&bar, Some(&low))[0], Some(0));
        assert_eq!(echoes.note(&bar, Tick(96), Some(&low)).pitches[0], Some(62));
    }

    #[test]
    fn the_same_bar_heard_again_is_alike_even_if_played_loosely() {
        let heard = [note(0, 60), note(48, 67), note(97, 60), note(142, 67)];
        let alike = heard_alike(&heard, &segment(1), Tick(0));
        assert!((alike[0] - 1.0).abs() < 1e-6 && alike[1] == 0.0);
        let other = [note(0, 60), note(48, 67), note(96, 61), note(144, 67)];
        let alike = heard_alike(&other, &segment(1), Tick(0));
        assert!((alike[0] - 1.0 / 3.0).abs() < 1e-6);
    }
}
