//! Hold: the last phrase, again and again.

use serde::{Deserialize, Serialize};

use super::{Action, Adopting, NOTICE, Planned, Planner};
use crate::{
    constrain::nearest_allowed,
    controls::Mode,
    fit::Fit,
    generate::{LEAD, Music, key_of},
    harmony::Bar,
    note::{Note, compact},
    time::Tick,
    tokenizer::Segment,
};

/// A phrase to repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    start: Tick,
    /// In ticks, at least 1.
    length: Length,
    #[serde(with = "compact")]
    notes: Vec<Note>,
    /// What begins from here on was not played yet when the phrase was taken.
    #[serde(skip)]
    unplayed: Option<Tick>,
}

/// Ticks of a phrase: one from a damaged project must not be 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
struct Length(i64);

impl TryFrom<i64> for Length {
    type Error = String;

    fn try_from(ticks: i64) -> Result<Self, String> {
        if (1..=1 << 32).contains(&ticks) {
            Ok(Self(ticks))
        } else {
            Err(format!("a phrase of {ticks} ticks"))
        }
    }
}

impl From<Length> for i64 {
    fn from(length: Length) -> Self {
        length.0
    }
}

impl Planner {
    /// The phrase that repeats while Hold is on: where it began in the song, and its notes.
    #[must_use]
    pub fn held_phrase(&self) -> Option<(Tick, &[Note])> {
        self.held.as_ref().map(Held::phrase)
    }

    /// The ticks of that phrase, where it lay first; it repeats from there on.
    #[must_use]
    pub fn held_span(&self) -> Option<(Tick, Tick)> {
        self.held.as_ref().map(|held| (held.start, held.end()))
    }
}

impl Held {
    /// Where it began in the song, and its notes.
    pub fn phrase(&self) -> (Tick, &[Note]) {
        (self.start, &self.notes)
    }

    /// The part of `own`, sorted, that begins in the `length` ticks from `start` on; before the loop's start
    /// that is what its last pass played at its end. What begins from `now` on is not played yet.
    fn of(
        own: &[Planned],
        start: Tick,
        length: i64,
        cycle: Option<(Tick, Tick)>,
        now: Tick,
    ) -> Self {
        let end = start + length;
        let mut notes: Vec<Note> = own
            .iter()
            .map(|planned| planned.note)
            .flat_map(|note| {
                let round = cycle.map_or(0, |(from, to)| to - from);
                let earlier = Note {
                    onset: note.onset - round,
                    ..note
                };
                let of_last_pass = cycle.is_some_and(|(from, _)| earlier.onset < from);
                let of_this = cycle.is_none_or(|(from, _)| note.onset >= from);
                [(note, of_this), (earlier, of_last_pass)]
            })
            .filter(|(note, counts)| *counts && start <= note.onset && note.onset < end)
            .map(|(note, _)| note)
            .collect();
        notes.sort_unstable_by_key(|note| (note.onset, note.pitch));
        Self {
            start,
            length: Length(length.max(1)),
            notes,
            unplayed: (now < end).then_some(now),
        }
    }

    fn end(&self) -> Tick {
        self.start + self.length.0
    }

    /// Takes over how `own` was played in the end.
    fn settle(&mut self, own: &[Planned]) {
        if let Some(from) = self.unplayed.take() {
            let end = self.end();
            self.notes.retain(|note| note.onset < from);
            let played = own.iter().map(|planned| planned.note);
            self.notes
                .extend(played.filter(|note| from <= note.onset && note.onset < end));
        }
    }

    /// The part of the phrase that falls into `segment` when it repeats from its own place on.
    pub fn in_segment(&self, segment: &Segment) -> Vec<Note> {
        let Length(length) = self.length;
        let rounds = (segment.start - self.start).div_euclid(length);
        let mut notes: Vec<Note> = (rounds..=rounds + 1)
            .flat_map(|round| {
                self.notes.iter().map(move |note| Note {
                    onset: note.onset + round * length,
                    ..*note
                })
            })
            .filter(|note| segment.start <= note.onset && note.onset < segment.end)
            .collect();
        notes.sort_by_key(|note| (note.onset, note.pitch));
        notes
    }
}

impl Planner {
    /// While Hold is on: takes the phrase before `segment`, once, and what of it was played since.
    pub(super) fn update_held(&mut self, segment: &Segment) {
        if !self.controls.hold {
            return;
        }
        let now = segment.start - LEAD;
        match &mut self.held {
            Some(held) if now >= held.end() => held.settle(&self.own),
            Some(_) => {}
            None => self.held = self.last_phrase(&segment.bar, now),
        }
    }

    /// The last phrase before `bar` in which we played; `None` when there was no note in it. Where play began
    /// later than the phrase, it has fewer bars.
    fn last_phrase(&self, bar: &Bar, now: Tick) -> Option<Held> {
        let playing = self.playing?;
        let bars = i64::from(self.controls.phrase_bars.max(1));
        let end = match self.controls.mode {
            Mode::Follow => bar.start,
            // Answers alternate with phrases that we listened to.
            Mode::Answer => bar.start - (bar.number.rem_euclid(bars) + bars) * bar.ticks,
        };
        let cycle = playing.cycle.filter(|_| playing.next_pass > 0);
        let mut held = Held::of(
            &self.own,
            end - bars * bar.ticks,
            bars * bar.ticks,
            cycle,
            now,
        );
        let first = held.notes.first()?.onset;
        let empty = (first - held.start).div_euclid(bar.ticks) * bar.ticks;
        if self.controls.mode == Mode::Follow {
            held.start += empty;
            held.length.0 -= empty;
        }
        Some(held)
    }

    /// Hold was switched off: the next phrase is a new one.
    pub(super) fn release_held(&mut self) {
        let bars = i64::from(self.controls.phrase_bars.max(1));
        let last = Bar::containing(self.grid, self.timeline.now() + (NOTICE - 1));
        let cycle = self.playing.and_then(|playing| playing.cycle);
        for number in 0..bars {
            let start = last.end() + number * last.ticks;
            let start = match cycle {
                Some((from, to)) if start >= to => from + (start - to).rem_euclid(to - from),
                _ => start,
            };
            self.bars.roll(start);
        }
        self.let_go = self.held.take().map(|held| (held, bars));
    }

    /// Plays `notes` in `segment` as they were played before, but for those that the controls do not allow
    /// any more: these move to the nearest key that they do.
    pub(super) fn repeat(
        &mut self,
        pass: u32,
        segment: &Segment,
        notes: Vec<Note>,
        out: &mut impl FnMut(Action),
    ) {
        let yields = self.yields();
        let (heard, own) = self.voices();
        let music = Music {
            heard: &heard,
            own: &own,
            since: segment.bar.start,
            grid: self.grid,
            controls: &self.controls,
            roll: 0,
        };
        let key = key_of(&music, segment);
        let mut notes: Vec<Note> = notes
            .into_iter()
            .filter_map(|note| {
                let pitch = nearest_allowed(&self.controls, key, note.pitch)?;
                Some(Note { pitch, ..note })
            })
            .collect();
        let place = |note: &Note| (note.onset, note.pitch);
        notes.sort_by_key(place);
        notes.dedup_by_key(|note| place(note));
        let mut adopting = Adopting::new(&mut self.own, pass, self.controls.role, None, out);
        for note in notes {
            adopting.take(Planned {
                note,
                fit: Fit::AsPlanned,
                yields,
            });
        }
    }
}
