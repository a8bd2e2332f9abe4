//! What the plugin promises of two runs of the same scenario: the same song with the same parameters gives
//! the same notes at any block size and in both formats, in an offline render.

use std::collections::HashMap;

use super::{Scenario, Step, clips::DENSE};
use crate::{
    check,
    host::{Format, NoteKind, Tells},
    player::{Changes, Performance, Played, Wobble},
    transport::BlockSizes,
};

/// How far two runs may lie apart, in samples: each may be one beside the exact place.
const APART: u64 = 2;

/// As many as a reader takes in at once.
const SHOWN: usize = 6;

/// A VST3 render is known by being faster than its audio; shorter blocks than this take the host itself
/// about as long as they last, in seconds.
const SHORTEST_VST3_BLOCK: f64 = 0.001;

impl Scenario {
    /// Why two runs of it need not agree; `None` when they must.
    #[must_use]
    pub fn why_not_the_same(&self) -> Option<&'static str> {
        let session = &self.session;
        let done = |wanted: fn(&Step) -> bool| self.steps.iter().any(wanted);
        [
            (!self.is_offline(), "live, the plans come when they come"),
            (
                !matches!(session.tells, Tells::All | Tells::FourQuarterBars),
                "the plugin counts on by itself from block to block",
            ),
            (
                session.tells == Tells::FourQuarterBars && self.meters.len() > 1,
                "the plugin sees a change of meter with the next block, and guesses its bar line",
            ),
            (
                session.wobble != Wobble::None,
                "the host's error falls on other samples with other blocks",
            ),
            (
                session.output_capacity < usize::MAX,
                "what the host refuses comes with the next block",
            ),
            (
                self.params.contains(&("Role", "Bass")) && self.clip_name == DENSE,
                "keys go down and up in the very sample in which a guessed bass note bends to them, and each run \
                 rounds both by itself",
            ),
            (
                done(|step| matches!(step, Step::Between(1..))),
                "a note between two blocks belongs to the last tick that was told",
            ),
        ]
        .iter()
        .find_map(|(holds, why)| holds.then_some(*why))
    }

    /// Whether `format` in these blocks must give the same as any other.
    #[must_use]
    pub fn holds_in(&self, format: Format, blocks: BlockSizes, changes: Changes) -> bool {
        let vst3_renders = match blocks {
            BlockSizes::Constant(frames) => f64::from(frames) / self.rate >= SHORTEST_VST3_BLOCK,
            BlockSizes::Mixed(_) | BlockSizes::Wild(_) => self.rate < 100_000.0,
        };
        let even = self.tempos.len() == 1 && self.meters.len() == 1;
        // After these a VST3 render is known as one only half a second later.
        let begins_anew = |step: &Step| matches!(step, Step::Reset | Step::Reactivate);
        // A loop shorter than a thirty-second is not followed where the host does not tell its wraps.
        let spins = |step: &Step| match step {
            Step::Loop(Some((start, end))) => end > start && end - start < 0.125,
            _ => false,
        };
        let only_clap = |step: &Step| matches!(step, Step::LetGo(..));
        let done = |wanted: fn(&Step) -> bool| self.steps.iter().any(wanted);
        match format {
            Format::Clap => true,
            Format::Vst3 => {
                vst3_renders
                    // A change of tempo inside of a block is not told: what follows in it is played in
                    // the old one.
                    && ((even && !done(spins)) || changes == Changes::Split)
                    && !done(begins_anew)
                    && !done(only_clap)
            }
        }
    }
}

/// What one run played and the other did not, in words.
#[must_use]
pub fn differences(one: &Performance, other: &Performance) -> Vec<String> {
    let mut found = without(one, other);
    let begun = found.len();
    found.extend(without(other, one));
    for (index, what) in found.iter_mut().enumerate() {
        let run = if index < begun { "first" } else { "second" };
        *what = format!("only in the {run} run: {what}");
    }
    found.truncate(SHOWN);
    found
}

/// The events of `one` that are not in `other`, in words.
fn without(one: &Performance, other: &Performance) -> Vec<String> {
    type Name = (NoteKind, u8, u8, u32);
    let name = |event: &Played| -> Name {
        let velocity = event.velocity.to_bits();
        (event.kind, event.channel, event.pitch, velocity)
    };
    let mut there: HashMap<Name, Vec<u64>> = HashMap::new();
    for event in &other.played {
        there.entry(name(event)).or_default().push(event.sample);
    }
    let mut found = Vec::new();
    for event in lasting(&one.played) {
        let samples = there.entry(name(event)).or_default();
        match samples
            .iter()
            .position(|sample| sample.abs_diff(event.sample) <= APART)
        {
            Some(place) => drop(samples.remove(place)),
            None => found.push(check::describe(one, event)),
        }
    }
    found
}

/// The events of notes that last: where a place lies between two samples, one run may begin a note a sample
/// before something ends it, and the other at that sample, hence not at all.
fn lasting(events: &[Played]) -> Vec<&Played> {
    let mut begun: HashMap<(u8, u8), usize> = HashMap::new();
    let mut lasts = vec![true; events.len()];
    for (index, event) in events.iter().enumerate() {
        let key = (event.channel, event.pitch);
        match event.kind {
            NoteKind::On => drop(begun.insert(key, index)),
            NoteKind::Off => {
                if let Some(on) = begun.remove(&key)
                    && event.sample - events[on].sample <= APART
                {
                    lasts[on] = false;
                    lasts[index] = false;
                }
            }
        }
    }
    let kept = events.iter().zip(lasts).filter(|(_, lasts)| *lasts);
    kept.map(|(event, _)| event).collect()
}

#[cfg(test)]
mod tests {
    use continuo_model::time::Meter;

    use super::*;
    use crate::transport::Song;

    /// A performance of notes on key 60, from and to these samples.
    fn performance(notes: &[(u64, u64)]) -> Performance {
        let event = |sample: u64, kind| Played {
            sample,
            song_beats: 0.0,
            song_sample: 0,
            rolling: true,
            kind,
            channel: 0,
            pitch: 60,
            velocity: 0.5,
        };
        let both = |&(on, off): &(u64, u64)| [event(on, NoteKind::On), event(off, NoteKind::Off)];
        Performance {
            song: Song::new(48_000.0, 120.0, Meter::COMMON),
            format: Format::Clap,
            heard: Vec::new(),
            played: notes.iter().flat_map(both).collect(),
            breaks: Vec::new(),
            spans: Vec::new(),
            faults: Vec::new(),
            latency: 0,
            wobble: 0,
            end: 96_000,
            thru: Some(true),
        }
    }

    #[test]
    fn a_rounding_is_no_difference_and_another_note_is_one() {
        let one = performance(&[(10, 500), (600, 900)]);
        let same = performance(&[(11, 499), (598, 900)]);
        assert_eq!(differences(&one, &same), [""; 0]);
        let later = performance(&[(10, 500), (603, 900)]);
        assert_eq!(differences(&one, &later).len(), 2);
        let shorter = performance(&[(10, 500)]);
        let found = differences(&one, &shorter);
        assert!(
            found[0].starts_with("only in the first run: note-on"),
            "{found:?}"
        );
        assert_eq!(found.len(), 2);
        assert_eq!(differences(&shorter, &one).len(), 2);
    }

    #[test]
    fn a_note_of_no_length_need_not_be_there() {
        let one = performance(&[(10, 500), (600, 601)]);
        assert_eq!(differences(&one, &performance(&[(10, 500)])), [""; 0]);
    }
}
