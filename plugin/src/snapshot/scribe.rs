//! Draws snapshots at an instance's desk, on the planning threads.

use std::collections::BTreeMap;

use continuo_model::{
    chord::{Key, Span, progression},
    controls::Controls,
    feel::Played,
    harmony::Bar,
    note::{Note, between},
    planner::Planner,
    time::{BarGrid, TICKS_PER_QUARTER, Tick},
};

use super::{HeardNote, OwnNote, SPAN_BARS, Snapshot};
use crate::bars::Bars;

/// Bars back from the present in which the key is looked for.
const KEY_BARS: i64 = 8;
/// Notes that began longer ago than this before a bar are not looked at for its chords: eight bars of 4/4.
const LOOK_BACK: i64 = 32 * TICKS_PER_QUARTER;

/// Keeps what a snapshot needs beside the planner, and what would be costly to find anew each time.
#[derive(Default)]
pub struct Scribe {
    bars: Bars,
    /// Up to where the desk's clock has come.
    now: Tick,
    /// The chords of a bar, with the notes and the key that they were found in.
    chords: BTreeMap<Tick, Found>,
    news: bool,
}

struct Found {
    notes: Vec<Note>,
    key: Option<Key>,
    spans: Vec<Span>,
}

impl Scribe {
    /// Something changed that is worth a new snapshot.
    pub fn note_news(&mut self) {
        self.news = true;
    }

    /// The song has come to `now`, in bars of `grid`. Once in a quarter that alone is news: what an earlier
    /// pass left there and this one did not play is gone.
    pub fn pass(&mut self, now: Tick, grid: BarGrid) {
        let quarter = |at: Tick| at.0.div_euclid(TICKS_PER_QUARTER);
        self.news |= quarter(now) != quarter(self.now);
        self.now = now;
        self.news |= self.bars.meet(now, grid);
    }

    /// Until the song is played, its bars lie as it was left.
    pub fn presume(&mut self, grid: BarGrid) {
        self.bars = Bars::presumed(grid);
        self.news = true;
    }

    /// Whether there was news since the last question.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// The song around `look`, or around the playhead.
    pub fn draw(&mut self, planner: &Planner, controls: &Controls, look: Option<Tick>) -> Snapshot {
        let timeline = planner.timeline();
        let around = look.unwrap_or(self.now);
        let bar = self.bars.bar_at(around);
        let length = bar.meter.bar_ticks();
        let (from, to) = (
            bar.start - SPAN_BARS * length,
            bar.start + SPAN_BARS * length,
        );
        let heard = timeline.heard();
        let key = Key::find(between(heard, bar.start - KEY_BARS * length, bar.end));
        Snapshot {
            now: self.now,
            around,
            role: controls.role,
            heard: between(heard, from - LOOK_BACK, to)
                .iter()
                .filter(|note| note.end() > from)
                .map(|note| HeardNote {
                    note: *note,
                    open: timeline.is_down(note),
                })
                .collect(),
            own: planner
                .own()
                .filter(|(note, _)| note.end() > from && note.onset < to)
                .map(|(note, bends)| {
                    let grid = self.bars.grid_at(note.onset);
                    OwnNote::new(&Played::in_bars(&note, grid, controls), bends)
                })
                .collect(),
            chords: self.chords(heard, from, to, key),
            key,
            bars: self.bars.clone(),
            cycle: None,
            phrase: planner.held_span().filter(|_| controls.hold),
            answer: planner.next_answer(self.now),
            held_bars: planner.held_bars().collect(),
            trouble: None,
        }
    }

    /// The chords from `from` to `to`. Only bars whose notes changed are looked at again.
    fn chords(&mut self, heard: &[Note], from: Tick, to: Tick, key: Option<Key>) -> Vec<Span> {
        self.chords = self.chords.split_off(&(from - LOOK_BACK));
        let mut chords: Vec<Span> = Vec::new();
        let mut at = from;
        while at < to {
            let bar = Bar::containing(self.bars.grid_at(at), at);
            let end = bar.end().min(self.bars.bar_at(at).end).max(at + 1);
            let notes: Vec<Note> = between(heard, at - LOOK_BACK, end)
                .iter()
                .filter(|note| note.end() > at)
                .copied()
                .collect();
            let fresh = |found: &&Found| found.notes == notes && found.key == key;
            if self.chords.get(&at).filter(fresh).is_none() {
                let spans = if notes.is_empty() {
                    Vec::new()
                } else {
                    progression(&notes, &bar, at, end, key)
                };
                let found = Found { notes, key, spans };
                self.chords.insert(at, found);
            }
            for span in self
                .chords
                .get(&at)
                .into_iter()
                .flat_map(|found| &found.spans)
            {
                match chords.last_mut() {
                    Some(last) if last.to == span.from && last.chord == span.chord => {
                        last.to = span.to;
                    }
                    _ => chords.push(*span),
                }
            }
            at = end;
        }
        chords
    }
}

#[cfg(test)]
mod tests {
    use continuo_model::{generate::Generator, time::Meter};

    use super::*;

    /// A triad on each bar of four.
    fn hear(planner: &mut Planner, scribe: &mut Scribe) {
        let grid = BarGrid::from_origin(Meter::COMMON);
        planner.start(Tick(0), grid, None);
        for (bar, root) in [48, 53, 55, 48].into_iter().enumerate() {
            let at = Tick(bar as i64 * 96);
            for pitch in [root, root + 4, root + 7] {
                planner.note_on(at, 0, pitch, 80);
                planner.note_off(at + 90, 0, pitch);
            }
        }
        planner.advance(Tick(380)).for_each(drop);
        scribe.pass(Tick(380), grid);
    }

    #[test]
    fn a_snapshot_shows_what_was_heard_and_what_is_planned_after_it() {
        let mut planner = Planner::new(Generator::shipped().unwrap());
        let mut scribe = Scribe::default();
        hear(&mut planner, &mut scribe);
        let snapshot = scribe.draw(&planner, &Controls::default(), None);
        assert_eq!(snapshot.heard.len(), 12);
        assert!(snapshot.heard.iter().all(|heard| !heard.open));
        let chords: Vec<_> = snapshot
            .chords
            .iter()
            .filter_map(|span| Some((span.from.0 / 96, span.chord?.name())))
            .collect();
        let expected = [(0, "C"), (1, "F"), (2, "G"), (3, "C")];
        assert_eq!(chords, expected.map(|(bar, name)| (bar, name.to_owned())));
        assert_eq!(snapshot.key.map(Key::name), Some("C major".to_owned()));
        assert!(snapshot.own.iter().any(|own| own.note.onset >= Tick(384)));
    }

    #[test]
    fn there_is_news_once_in_a_quarter_and_whenever_something_happens() {
        let grid = BarGrid::from_origin(Meter::COMMON);
        let mut scribe = Scribe::default();
        let mut news = |now: i64| {
            scribe.pass(Tick(now), grid);
            scribe.take_news()
        };
        assert_eq!(
            [1, 5, 23, 24, 25, 48].map(&mut news),
            [false, false, false, true, false, true]
        );
        scribe.note_news();
        assert!(scribe.take_news() && !scribe.take_news());
    }

    #[test]
    fn while_the_song_stands_what_was_played_is_seen_wherever_the_playhead_is_put() {
        let mut planner = Planner::new(Generator::shipped().unwrap());
        let mut scribe = Scribe::default();
        hear(&mut planner, &mut scribe);
        let grid = BarGrid::from_origin(Meter::COMMON);
        scribe.pass(Tick(60 * 96), grid);
        let mut heard = |look| {
            let snapshot = scribe.draw(&planner, &Controls::default(), look);
            assert_eq!(snapshot.now, Tick(60 * 96));
            (snapshot.heard.len(), snapshot.around)
        };
        assert_eq!(heard(None), (0, Tick(60 * 96)));
        assert_eq!(heard(Some(Tick(200))), (12, Tick(200)));
    }

    #[test]
    fn keys_that_are_down_held_bars_and_the_held_phrase_are_shown() {
        let mut planner = Planner::new(Generator::shipped().unwrap());
        let mut scribe = Scribe::default();
        let role = continuo_model::controls::Role::Bass;
        let controls = Controls {
            role,
            phrase_bars: 1,
            ..Controls::default()
        };
        planner.set_controls(controls);
        hear(&mut planner, &mut scribe);
        let held = Controls {
            hold: true,
            ..controls
        };
        planner.hold_bar(Tick(192), Tick(288));
        planner.set_controls(held);
        planner.note_on(Tick(400), 0, 60, 80);
        planner.advance(Tick(480)).for_each(drop);
        scribe.pass(Tick(480), BarGrid::from_origin(Meter::COMMON));
        let snapshot = scribe.draw(&planner, &held, None);
        let open = snapshot.heard.iter().filter(|heard| heard.open);
        let open: Vec<_> = open.map(|heard| heard.note.pitch).collect();
        assert_eq!(open, [60]);
        assert_eq!(snapshot.held_bars, [Tick(192)]);
        assert_eq!(snapshot.role, role);
        let (start, end) = snapshot.phrase.expect("a phrase");
        assert_eq!(end - start, 96);
        assert_eq!(scribe.draw(&planner, &controls, None).phrase, None);
    }

    #[test]
    fn own_notes_are_shown_as_they_are_struck() {
        let mut planner = Planner::new(Generator::shipped().unwrap());
        let mut scribe = Scribe::default();
        hear(&mut planner, &mut scribe);
        let plain = Controls {
            humanize: 0.0,
            ..Controls::default()
        };
        let soft = Controls {
            dynamics: -1.0,
            swing: 1.0,
            ..plain
        };
        let plain = scribe.draw(&planner, &plain, None).own;
        let soft = scribe.draw(&planner, &soft, None).own;
        assert!(!plain.is_empty());
        for (plain, soft) in plain.iter().zip(&soft) {
            assert_eq!(plain.begins, plain.note.onset.0 as f64);
            assert!(soft.note.velocity < plain.note.velocity);
            assert!(soft.begins >= plain.begins && soft.ends > soft.begins);
        }
    }

    #[test]
    fn chords_that_were_kept_are_those_that_would_be_found_anew() {
        let mut planner = Planner::new(Generator::shipped().unwrap());
        let mut scribe = Scribe::default();
        let grid = BarGrid::from_origin(Meter::COMMON);
        hear(&mut planner, &mut scribe);
        for (step, pitch) in [50, 66, 45, 61, 70, 52, 59, 63].into_iter().enumerate() {
            let at = Tick(384 + step as i64 * 20);
            planner.note_on(at, 0, pitch, 90);
            planner.advance(at + 15).for_each(drop);
            planner.note_off(at + 15, 0, pitch);
            scribe.pass(at + 15, grid);
            let mut anew = Scribe {
                bars: scribe.bars.clone(),
                now: scribe.now,
                ..Scribe::default()
            };
            let controls = Controls::default();
            let kept = scribe.draw(&planner, &controls, None);
            assert_eq!(kept, anew.draw(&planner, &controls, None));
        }
    }
}
