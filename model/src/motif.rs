//! What was just heard, as a thing to answer.
//!
//! In Answer the phrase before ours is the call. Its top line leans what we play: onsets towards the places
//! of its own, pitches towards its contour, durations towards its note values. The leanings are added to the
//! network's logits, so the answer stays in key, range and harmony, and goes its own way where the network
//! is sure. In the last bar they fade, so that the answer can close.

use crate::{
    controls::{Controls, Mode, Role},
    note::{Note, between},
    planner::split_top_line,
    time::Tick,
    token::{END, duration_class},
    tokenizer::Segment,
};

/// How much likelier, in nats, an onset at a place of the call is, or the end where the call ends.
const PLACE: f32 = 4.0;
/// How much likelier the step is that the call takes there; half for its neighbours.
const STEP: f32 = 3.0;
/// How much likelier the note value of the call is.
const VALUE: f32 = 1.5;
/// What is left of it all in the last bar of the answer.
const CLOSE: f32 = 0.6;

/// The bar of the call that a segment answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Motif {
    role: Role,
    /// Its top line, moved to the segment's place; the note before the bar too, which leads into it.
    line: Vec<Note>,
    /// 0..=1.
    weight: f32,
}

impl Motif {
    /// What `segment` answers of `calls`, sorted; `None` in Follow, or when nothing was heard.
    #[must_use]
    pub fn of(controls: &Controls, calls: &[Note], segment: &Segment) -> Option<Self> {
        if controls.mode != Mode::Answer {
            return None;
        }
        let Segment { bar, .. } = *segment;
        let bars = i64::from(controls.phrase_bars.max(1));
        let back = bars * bar.ticks;
        let from = bar.start - back;
        let known = segment.horizon.min(bar.start);
        let call = between(calls, from - bar.ticks, (from + bar.ticks).min(known));
        let (line, _) = split_top_line(call);
        let line: Vec<Note> = line
            .into_iter()
            .map(|note| Note {
                onset: bar.start + on_grid(note.onset - from),
                ..note
            })
            .collect();
        line.iter().any(|note| note.onset >= bar.start).then(|| {
            let last = bar.number.rem_euclid(bars) == bars - 1;
            Self {
                role: controls.role,
                line,
                weight: if last && bars > 1 { CLOSE } else { 1.0 },
            }
        })
    }

    fn at(&self, onset: Tick) -> Option<usize> {
        self.line.iter().position(|note| note.onset == onset)
    }

    /// Leans the onset logits after the note at `last`, if any.
    pub fn onsets(&self, logits: &mut [f32], segment: &Segment, last: Option<Tick>) {
        let from = last.map_or(segment.start, |last| last + 1);
        let ahead = between(&self.line, from, segment.end);
        for note in ahead {
            // The cast is safe: `from` lies in the bar.
            logits[(note.onset - segment.bar.start) as usize] += PLACE * self.weight;
        }
        if ahead.is_empty() {
            logits[END] += PLACE * self.weight;
        }
    }

    /// Leans the pitch logits, one a MIDI key, of a line's note at `at` after our note at the key `before`.
    pub fn pitches(&self, logits: &mut [f32], at: Tick, before: Option<u8>) {
        if !self.role.is_monophonic() {
            return;
        }
        let Some((index, before)) = self.at(at).zip(before) else {
            return;
        };
        let Some(led_by) = index.checked_sub(1).map(|index| self.line[index]) else {
            return;
        };
        let step = i16::from(self.line[index].pitch) - i16::from(led_by.pitch);
        let wanted = i16::from(before) + step;
        for (key, logit) in (0i16..).zip(logits) {
            // In another place of the scale the same step has a semitone more or less.
            *logit += self.weight
                * match key - wanted {
                    0 => STEP,
                    -1 | 1 if step != 0 => STEP / 2.0,
                    _ => 0.0,
                };
        }
    }

    /// Leans the duration logits of a note at `at`.
    pub fn durations(&self, logits: &mut [f32], at: Tick) {
        if let Some(index) = self.at(at) {
            logits[duration_class(self.line[index].duration)] += VALUE * self.weight;
        }
    }
}

/// The sixteenth or the eighth triplet that a hand meant, in ticks.
fn on_grid(played: i64) -> i64 {
    [6, 8]
        .map(|step| (played + step / 2).div_euclid(step) * step)
        .into_iter()
        .min_by_key(|place| (place - played).abs())
        .unwrap_or(played)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        harmony::Bar,
        time::{BarGrid, Meter},
        token::DURATIONS,
    };

    fn segment(number: i64) -> Segment {
        let bar = Bar::containing(BarGrid::from_origin(Meter::COMMON), Tick(96 * number));
        Segment {
            bar,
            start: bar.start,
            end: bar.end(),
            horizon: bar.start - 24,
        }
    }

    fn answer(bars: u8) -> Controls {
        Controls {
            mode: Mode::Answer,
            phrase_bars: bars,
            ..Controls::default()
        }
    }

    #[test]
    fn it_leans_towards_the_rhythm_the_steps_and_the_values_of_the_call() {
        let call = [Note::plain(0, 12, 60), Note::plain(36, 6, 67)];
        let motif = Motif::of(&answer(2), &call, &segment(2)).expect("a bar was heard");
        let mut onsets = vec![0.0; END + 1];
        motif.onsets(&mut onsets, &segment(2), None);
        assert_eq!((onsets[0], onsets[36], onsets[24]), (PLACE, PLACE, 0.0));
        let mut keys = vec![0.0; 128];
        motif.pitches(&mut keys, Tick(192 + 36), Some(62));
        assert_eq!((keys[69], keys[68], keys[67]), (STEP, STEP / 2.0, 0.0));
        let mut durations = vec![0.0; DURATIONS];
        motif.durations(&mut durations, Tick(192));
        assert_eq!(durations[duration_class(12)], VALUE);
    }

    #[test]
    fn a_sloppy_hand_means_the_grid() {
        assert_eq!(
            [0, 1, 7, 11, 17, 23, -1].map(on_grid),
            [0, 0, 6, 12, 18, 24, 0]
        );
    }

    #[test]
    fn silence_and_follow_have_no_motif() {
        let call = [Note::plain(0, 12, 60)];
        assert_eq!(Motif::of(&Controls::default(), &call, &segment(2)), None);
        assert_eq!(Motif::of(&answer(2), &call, &segment(3)), None);
    }
}
