//! What stood at the same place in earlier bars, and how a figure went on the last time.
//!
//! Music repeats: the likeliest next note is often one that was played before. A small network learns that
//! slowly by attention alone, and a chorus forty bars ago lies outside its context, so the heads are shown
//! *echoes*, and the network only has to say how much it trusts each (in the spirit of Gu et al. 2016,
//! "Incorporating Copying Mechanism in Sequence-to-Sequence Learning", with fixed places to copy from):
//! - the same place one, two, four and eight bars earlier;
//! - the same place in the bar that is most alike: what is heard then and now, what was played before both;
//! - what followed the longest stretch of our own notes that ends like the present one (as the unbounded
//!   contexts of PPM* do: Cleary and Teahan 1997), at any key.

use crate::{
    controls::Role,
    note::{Note, between},
    time::Tick,
    token::{END, MAX_BAR_TICKS, duration_class, velocity_class},
    tokenizer::Segment,
};

/// Bars back.
const LAGS: [i64; 4] = [1, 2, 4, 8];
/// The echo of the bar that is most alike.
const ALIKE: usize = LAGS.len();
/// The echo of what followed the longest repetition.
const REPEATED: usize = LAGS.len() + 1;
/// Echoes of an onset, a duration, a velocity: one a lag, then the two that are looked for.
pub const ECHOES: usize = LAGS.len() + 2;
/// Echoes of a pitch: each as it stood, or moved along with the line.
pub const PITCH_ECHOES: usize = 2 * ECHOES;
/// Numbers that tell how far the echoes held for an own note, or what they can tell at a segment's start.
pub const MATCHES: usize = 5 * ECHOES;
/// How far back the bar most alike is looked for.
const MOST_BARS: usize = 64;
/// Notes of a repetition that are counted at the most, and notes back that it is looked for.
const LONGEST: usize = 12;
const MOST_NOTES: usize = 2048;
/// What a repetition at another pitch counts less, in notes.
const MOVED: f32 = 1.5;

/// A class for each echo; `None` where nothing stood or nothing is known.
pub type Classes<const N: usize> = [Option<u16>; N];

/// What a note may repeat, as classes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NoteEchoes {
    /// Each echo's pitch as it stood; then the pitch that the interval which led to it makes of the own note
    /// before.
    pub pitches: Classes<PITCH_ECHOES>,
    /// Each echo's duration.
    pub durations: Classes<ECHOES>,
    /// Each echo's velocity.
    pub velocities: Classes<ECHOES>,
}

/// The own notes as a place to look back into.
#[derive(Clone, Copy, Debug)]
pub struct Echoes<'a> {
    role: Role,
    /// Sorted by onset, then pitch; those of the present segment are told as it is written.
    own: &'a [Note],
    /// Semitones that the network's keys lie above the notes'.
    shift: i8,
    /// Before this nothing is known.
    since: Tick,
    /// How far back the echoes of the segment that was opened last stand, in ticks; `None` where nothing is
    /// known.
    back: [Option<i64>; REPEATED],
    /// How alike what was heard there is to what is heard now, 0..=1.
    alike: [f32; REPEATED],
}

/// The notes that were written of a segment so far, in order.
type Written<'a> = &'a [Note];

/// Where a stretch of own notes that ends like the present one went on.
#[derive(Clone, Copy, Debug)]
struct Repetition {
    /// The last note of the present stretch.
    now: Note,
    /// The note that it is like.
    then: Note,
    /// The note that followed it.
    next: Note,
    /// Semitones that the present stretch lies higher.
    moved: i16,
    /// Notes that are alike.
    length: usize,
}

impl Repetition {
    /// Where it puts the next onset: tick in the bar, or [`END`].
    fn onset(&self, segment: &Segment) -> Option<u16> {
        let at = self.now.onset + (self.next.onset - self.then.onset);
        if at < segment.start {
            return None;
        }
        let class = if at < segment.end {
            (at - segment.bar.start) as usize
        } else {
            END
        };
        Some(class as u16)
    }

    /// Whether a note at `at` goes on as it does: struck together with the last, or after it.
    fn goes_on_at(&self, at: Tick) -> bool {
        (self.next.onset == self.then.onset) == (self.now.onset == at)
    }
}

impl<'a> Echoes<'a> {
    /// Looks back into `own` as far as `since`; pitches come `shift` semitones higher. [`Self::open`] a
    /// segment before asking about it.
    #[must_use]
    pub fn new(role: Role, own: &'a [Note], shift: i8, since: Tick) -> Self {
        Self {
            role,
            own,
            shift,
            since,
            back: [None; REPEATED],
            alike: [0.0; REPEATED],
        }
    }

    /// Looks up how far back the echoes of `segment` stand, knowing of `heard` what it knows.
    pub fn open(&mut self, heard: &[Note], segment: &Segment) {
        let bar = segment.bar;
        let most = ((bar.start - self.since).max(0) / bar.ticks) as usize;
        let past = Past::new(heard, self.own, segment, most.min(MOST_BARS));
        self.back = [None; REPEATED];
        self.alike = [0.0; REPEATED];
        for (lag, bars) in LAGS.into_iter().enumerate() {
            if bars as usize <= most {
                self.back[lag] = Some(bars * bar.ticks);
                self.alike[lag] = past.heard_alike(bars as usize);
            }
        }
        let mut best = 0.25;
        for bars in 1..=most.min(MOST_BARS) {
            let alike = past.alike(bars);
            if alike > best {
                best = alike;
                self.back[ALIKE] = Some(bars as i64 * bar.ticks);
                self.alike[ALIKE] = alike;
            }
        }
    }

    /// Where the next onset stood after what is written of `segment`: tick in the bar, or [`END`].
    #[must_use]
    pub fn onsets(&self, segment: &Segment, written: Written) -> Classes<ECHOES> {
        self.onsets_after(segment, written, self.repetition(segment, written))
    }

    /// The same where the repetition is known.
    fn onsets_after(
        &self,
        segment: &Segment,
        written: Written,
        repetition: Option<Repetition>,
    ) -> Classes<ECHOES> {
        std::array::from_fn(|echo| match self.back.get(echo) {
            Some(back) => self.onset_at(segment, written.last(), (*back)?),
            None => repetition?.onset(segment),
        })
    }

    /// The next onset `back` ticks before, moved to `segment`.
    fn onset_at(&self, segment: &Segment, last: Option<&Note>, back: i64) -> Option<u16> {
        let start = segment.start - back;
        if start < self.since {
            return None;
        }
        let from = match last {
            None => self.own.partition_point(|note| note.onset < start),
            Some(last) => {
                let at = last.onset - back;
                let together = !self.role.is_monophonic();
                self.own.partition_point(|note| {
                    note.onset < at || note.onset == at && (!together || note.pitch <= last.pitch)
                })
            }
        };
        let next = self.own.get(from);
        let next = next.filter(|note| note.onset < segment.end - back);
        let tick = next.map_or(END, |note| (note.onset + back - segment.bar.start) as usize);
        Some(tick as u16)
    }

    /// Index of the note that stood `back` ticks before `at`, above `last` where that begins at `at` too.
    fn stood(&self, at: Tick, last: Option<&Note>, back: i64) -> Option<usize> {
        let there = Tick(at.0 - back);
        if there < self.since {
            return None;
        }
        let above = last
            .filter(|last| last.onset == at)
            .map_or(-1, |last| i16::from(last.pitch));
        let index = self
            .own
            .partition_point(|note| (note.onset, i16::from(note.pitch)) <= (there, above));
        let echo = self.own.get(index)?;
        (echo.onset == there).then_some(index)
    }

    /// What the note at `at`, which follows what is written of `segment`, may repeat.
    #[must_use]
    pub fn note(&self, segment: &Segment, at: Tick, written: Written) -> NoteEchoes {
        self.note_after(segment, at, written, self.repetition(segment, written))
    }

    /// The same where the repetition is known.
    fn note_after(
        &self,
        segment: &Segment,
        at: Tick,
        written: Written,
        repetition: Option<Repetition>,
    ) -> NoteEchoes {
        let mut echoes = NoteEchoes::default();
        let before = self.own.partition_point(|note| note.onset < segment.start);
        let last = written.last();
        let led_by = last.or_else(|| before.checked_sub(1).map(|index| &self.own[index]));
        for (echo, back) in self.back.iter().enumerate() {
            let Some(index) = back.and_then(|back| self.stood(at, last, back)) else {
                continue;
            };
            let note = &self.own[index];
            let led = index.checked_sub(1).map(|index| &self.own[index]);
            let moved = led_by.zip(led).map(|(last, led)| {
                i16::from(last.pitch) + i16::from(note.pitch) - i16::from(led.pitch)
            });
            self.propose(&mut echoes, echo, note, moved);
        }
        if let Some(repetition) = repetition.filter(|repetition| repetition.goes_on_at(at)) {
            let moved = i16::from(repetition.next.pitch) + repetition.moved;
            self.propose(&mut echoes, REPEATED, &repetition.next, Some(moved));
        }
        echoes
    }

    /// Proposes `note` as it stood and at the pitch `moved`; drums do not move.
    fn propose(&self, echoes: &mut NoteEchoes, echo: usize, note: &Note, moved: Option<i16>) {
        echoes.durations[echo] = Some(duration_class(note.duration) as u16);
        echoes.velocities[echo] = Some(velocity_class(note.velocity) as u16);
        echoes.pitches[echo] = self.pitch_class(note.pitch.into());
        let moved = moved.filter(|_| self.role != Role::Drums);
        echoes.pitches[ECHOES + echo] = moved.and_then(|pitch| self.pitch_class(pitch));
    }

    fn pitch_class(&self, pitch: i16) -> Option<u16> {
        let pitch = pitch + i16::from(self.shift);
        (0..128).contains(&pitch).then_some(pitch as u16)
    }

    /// The longest stretch of own notes that ends like those before the present, the latest of several: each
    /// note at the same place of its bar, all as many semitones apart.
    fn repetition(&self, segment: &Segment, written: Written) -> Option<Repetition> {
        let first = self.own.partition_point(|note| note.onset < self.since);
        let before = self.own.partition_point(|note| note.onset < segment.start);
        let own = &self.own[first.min(before)..before];
        let own = &own[own.len().saturating_sub(MOST_NOTES)..];
        let count = own.len() + written.len();
        let note = |index: usize| match own.get(index) {
            Some(note) => note,
            None => &written[index - own.len()],
        };
        let place = |note: &Note| (note.onset - segment.bar.start).rem_euclid(segment.bar.ticks);
        let newest = count.checked_sub(1)?;
        let last = *note(newest);
        let mut best: Option<Repetition> = None;
        let mut most = 0.0;
        for end in (0..newest).rev() {
            let moved = i16::from(last.pitch) - i16::from(note(end).pitch);
            if self.role == Role::Drums && moved != 0 {
                continue;
            }
            let alike = |back: &usize| {
                let (now, then) = (note(newest - back), note(end - back));
                place(now) == place(then) && i16::from(now.pitch) - i16::from(then.pitch) == moved
            };
            let length = (0..=end.min(LONGEST - 1)).take_while(alike).count();
            let score = length as f32 - if moved == 0 { 0.0 } else { MOVED };
            if score > most {
                most = score;
                best = Some(Repetition {
                    now: last,
                    then: *note(end),
                    next: *note(end + 1),
                    moved,
                    length,
                });
            }
            if most >= LONGEST as f32 {
                break;
            }
        }
        best
    }

    /// How far the echoes held for the last of `written`, or at the start of `segment` when nothing is: per
    /// echo whether something is known, whether onset, pitch and interval were those of the echo, and how
    /// alike what is heard is, or how long the repetition.
    #[must_use]
    pub fn matches(&self, segment: &Segment, written: Written) -> [f32; MATCHES] {
        let mut matches = [0.0; MATCHES];
        let mut set = |echo: usize, index: usize, value: f32| matches[5 * echo + index] = value;
        for echo in 0..REPEATED {
            set(echo, 0, f32::from(u8::from(self.back[echo].is_some())));
            set(echo, 4, self.alike[echo]);
        }
        if let Some(repetition) = self.repetition(segment, written) {
            set(REPEATED, 0, 1.0);
            set(REPEATED, 4, repetition.length as f32 / LONGEST as f32);
        }
        let Some((note, before)) = written.split_last() else {
            return matches;
        };
        let onset = (note.onset - segment.bar.start) as u16;
        let repetition = self.repetition(segment, before);
        let onsets = self.onsets_after(segment, before, repetition);
        let pitches = self
            .note_after(segment, note.onset, before, repetition)
            .pitches;
        let pitch = self.pitch_class(i16::from(note.pitch));
        for echo in 0..ECHOES {
            let held = [
                onsets[echo] == Some(onset),
                pitches[echo].is_some() && pitches[echo] == pitch,
                pitches[ECHOES + echo].is_some() && pitches[ECHOES + echo] == pitch,
            ];
            for (index, held) in held.into_iter().enumerate() {
                set(echo, 1 + index, f32::from(u8::from(held)));
            }
        }
        matches
    }
}

/// The bars up to the present one as sets of what begins in each sixteenth, the present one first.
struct Past {
    /// Sixteenths of the present bar of which the heard notes are known.
    known: usize,
    heard: Vec<Onsets>,
    own: Vec<Onsets>,
}

impl Past {
    fn new(heard: &[Note], own: &[Note], segment: &Segment, bars: usize) -> Self {
        let bar = segment.bar;
        let end = segment.horizon.min(bar.end());
        let sets = |notes: &[Note]| {
            // One bar more: the bar before the farthest one.
            (0..=bars as i64 + 1)
                .map(|back| {
                    let start = bar.start - back * bar.ticks;
                    let end = if back == 0 { end } else { start + bar.ticks };
                    onsets(notes, start, end)
                })
                .collect()
        };
        Self {
            known: ((end - bar.start).max(0) as usize).div_ceil(SIXTEENTH as usize),
            // What is heard in a bar before, but after the decision, is not known to it.
            heard: sets(between(heard, Tick(i64::MIN), segment.horizon)),
            own: sets(between(own, Tick(i64::MIN), segment.start)),
        }
    }

    /// How alike the heard of the present bar, as far as known, is to that `bars` before: 0 where either is
    /// unknown.
    fn heard_alike(&self, bars: usize) -> f32 {
        let then = self.heard.get(bars);
        then.and_then(|then| jaccard(&self.heard[0], then, self.known))
            .unwrap_or(0.0)
    }

    /// How alike the present bar and that `bars` before are: what is heard in them and in the bars before
    /// them, and what was played there. Silence in both tells nothing.
    fn alike(&self, bars: usize) -> f32 {
        let whole = SIXTEENTHS;
        let mut sum = 0.0;
        let mut weights = 0.0;
        for (weight, alike) in [
            (3.0, jaccard(&self.heard[0], &self.heard[bars], self.known)),
            (1.0, jaccard(&self.heard[1], &self.heard[bars + 1], whole)),
            (2.0, jaccard(&self.own[1], &self.own[bars + 1], whole)),
        ] {
            if let Some(alike) = alike {
                sum += weight * alike;
                weights += weight;
            }
        }
        if weights > 0.0 { sum / weights } else { 0.0 }
    }
}

/// Ticks of a sixteenth, and how many a bar holds at the most.
const SIXTEENTH: i64 = 6;
const SIXTEENTHS: usize = (MAX_BAR_TICKS / SIXTEENTH) as usize;

/// The pitch classes that begin in each sixteenth of a bar, as sets.
type Onsets = [u16; SIXTEENTHS];

/// Of the pitch classes that begin in each of the first `length` sixteenths, the share that begins there in
/// both (Jaccard index); `None` when there is none.
fn jaccard(a: &Onsets, b: &Onsets, length: usize) -> Option<f32> {
    let count = |of: fn(u16, u16) -> u16| -> u32 {
        let sixteenths = a.iter().zip(b).take(length);
        sixteenths.map(|(a, b)| of(*a, *b).count_ones()).sum()
    };
    let all = count(|a, b| a | b);
    (all > 0).then(|| count(|a, b| a & b) as f32 / all as f32)
}

/// What begins from `from` to `to`. Onsets are rounded, so that a hand two ticks early is no other music.
fn onsets(notes: &[Note], from: Tick, to: Tick) -> Onsets {
    let mut classes = [0; SIXTEENTHS];
    let half = SIXTEENTH / 2;
    let first = notes.partition_point(|note| note.onset < from - half);
    for note in notes[first..].iter().take_while(|note| note.onset < to) {
        let sixteenth = (note.onset - from + half).div_euclid(SIXTEENTH);
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
        Note::plain(onset, 12, pitch)
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

    fn opened<'a>(
        role: Role,
        own: &'a [Note],
        shift: i8,
        since: i64,
        segment: &Segment,
    ) -> Echoes<'a> {
        let mut echoes = Echoes::new(role, own, shift, Tick(since));
        echoes.open(&[], segment);
        echoes
    }

    #[test]
    fn a_bar_earlier_is_shown_as_it_stood_and_as_it_moved() {
        let own = [note(0, 60), note(24, 64), note(96, 62)];
        let bar = segment(1);
        let echoes = opened(Role::Continue, &own, 0, 0, &bar);
        // Before anything is written the bar begins as the one before, then goes on like it.
        assert_eq!(echoes.onsets(&bar, &[])[..2], [Some(0), None]);
        assert_eq!(echoes.onsets(&bar, &own[2..])[0], Some(24));
        let next = echoes.note(&bar, Tick(120), &own[2..]);
        assert_eq!(next.pitches[0], Some(64));
        assert_eq!(next.pitches[ECHOES], Some(66), "a major third up again");
        let written = [own[2], note(120, 66)];
        assert_eq!(echoes.onsets(&bar, &written)[0], Some(END as u16));
        let held = echoes.matches(&bar, &written);
        assert_eq!(held[..5], [1.0, 1.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn nothing_is_shown_of_what_is_not_yet_written() {
        let own = [note(96, 60), note(120, 64)];
        let bar = segment(1);
        let echoes = opened(Role::Continue, &own, 0, 0, &bar);
        assert_eq!(echoes.onsets(&bar, &[])[0], Some(END as u16));
        assert_eq!(echoes.note(&bar, Tick(96), &[]), NoteEchoes::default());
        let fresh = opened(Role::Continue, &own, 0, 96, &bar);
        assert_eq!(fresh.onsets(&bar, &[]), [None; ECHOES]);
    }

    #[test]
    fn chords_go_on_upwards_and_shifts_move_keys() {
        let own = [note(0, 60), note(0, 64)];
        let bar = segment(1);
        let echoes = opened(Role::Chords, &own, -2, 0, &bar);
        let low = [note(96, 60)];
        assert_eq!(echoes.onsets(&bar, &low)[0], Some(0));
        assert_eq!(echoes.note(&bar, Tick(96), &low).pitches[0], Some(62));
    }

    #[test]
    fn the_same_bar_heard_again_is_alike_even_if_played_loosely() {
        let bar = segment(1);
        let alike = |heard: &[Note]| {
            let mut echoes = Echoes::new(Role::Bass, &[], 0, Tick(0));
            echoes.open(heard, &bar);
            echoes.alike
        };
        let same = alike(&[note(0, 60), note(48, 67), note(97, 60), note(142, 67)]);
        assert!((same[0] - 1.0).abs() < 1e-6 && same[1] == 0.0);
        let other = alike(&[note(0, 60), note(48, 67), note(96, 61), note(144, 67)]);
        assert!((other[0] - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn the_bar_most_alike_is_found_at_any_distance() {
        // What is heard in bar 5 was heard in bar 2.
        let heard: Vec<Note> = [60, 62, 64, 65, 67, 64]
            .iter()
            .zip(0..)
            .map(|(pitch, bar)| note(96 * bar, *pitch))
            .collect();
        let own = [note(0, 36), note(192, 40), note(288, 41)];
        let bar = segment(5);
        let mut echoes = Echoes::new(Role::Bass, &own, 0, Tick(0));
        echoes.open(&heard, &bar);
        assert_eq!(echoes.onsets(&bar, &[])[ALIKE], Some(0));
        assert_eq!(echoes.note(&bar, bar.start, &[]).pitches[ALIKE], Some(40));
    }

    #[test]
    fn a_figure_goes_on_as_it_did_at_any_pitch() {
        let figure = |at: i64, up: u8| {
            [(0, 60), (24, 64), (48, 67), (72, 65)].map(|(tick, pitch)| note(at + tick, pitch + up))
        };
        let own: Vec<Note> = figure(0, 0).into_iter().chain(figure(96, 2)).collect();
        let bar = segment(1);
        let echoes = opened(Role::Continue, &own, 0, 0, &bar);
        let written = &own[4..7];
        assert_eq!(echoes.onsets(&bar, written)[REPEATED], Some(72));
        let next = echoes.note(&bar, Tick(168), written);
        assert_eq!(next.pitches[REPEATED], Some(65));
        assert_eq!(next.pitches[ECHOES + REPEATED], Some(67));
        let held = echoes.matches(&bar, &own[4..]);
        assert_eq!(held[5 * REPEATED..][..4], [1.0, 1.0, 0.0, 1.0]);
        assert!((held[5 * REPEATED + 4] - 4.0 / LONGEST as f32).abs() < 1e-6);
    }
}
