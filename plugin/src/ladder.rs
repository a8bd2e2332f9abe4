//! What plays when a plan does not come in time.
//!
//! The audio thread keeps what was planned for the last bars. A stretch that nobody has planned when the
//! playing head reaches it is filled from the first rung that holds: the plan of the same place from an
//! earlier pass; else the last bar of this stretch of play, moved here and bent to the chord that sounds;
//! else rest. When the plan comes after all, it takes over from there.
//!
//! Nothing here allocates after construction.

use std::collections::VecDeque;

use continuo_model::{
    chord::PitchClassSet,
    controls::{Motion, Role},
    fit::{Bend, Bounds, Fit},
    time::Tick,
};

use crate::{
    link::{Epoch, PlannedNote},
    status::Count,
};

/// Bars that are kept.
const BARS: usize = 64;
/// Notes that are kept of one bar: sixteenths of four-note chords.
const NOTES: usize = 64;

/// Where the notes of a stretch came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// The model planned it in time.
    Planned,
    /// The plan of the same place from an earlier pass.
    EarlierPass,
    /// The last bar, moved into the harmony.
    Moved,
    /// Nothing.
    Rest,
}

impl Rung {
    /// Where it is counted.
    #[must_use]
    pub fn count(self) -> Count {
        match self {
            Self::Planned => Count::BarsPlanned,
            Self::EarlierPass => Count::BarsFromEarlierPass,
            Self::Moved => Count::BarsMoved,
            Self::Rest => Count::BarsRested,
        }
    }
}

/// A planned stretch of a bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Whom it is for.
    pub epoch: Epoch,
    /// The first tick of its bar.
    pub bar: Tick,
    /// Its first tick.
    pub from: Tick,
    /// The first tick after it.
    pub to: Tick,
}

impl Segment {
    fn holds(&self, at: Tick) -> bool {
        self.from <= at && at < self.to
    }
}

/// A segment with what was planned for it.
struct Kept {
    segment: Segment,
    notes: Vec<PlannedNote>,
}

impl Kept {
    /// Whether it was planned for `at` of `epoch`.
    fn covers(&self, epoch: Epoch, at: Tick) -> bool {
        self.segment.epoch == epoch && self.segment.holds(at)
    }

    /// From here on it counts as not planned.
    fn void(&mut self) {
        self.segment.to = self.segment.from;
    }
}

/// The plans of the last bars, the latest last.
pub struct Ladder {
    kept: VecDeque<Kept>,
}

impl Default for Ladder {
    fn default() -> Self {
        Self::new()
    }
}

impl Ladder {
    /// Empty; allocates all that it will ever need.
    #[must_use]
    pub fn new() -> Self {
        let empty = || Kept {
            segment: Segment {
                epoch: Epoch::default(),
                bar: Tick(0),
                from: Tick(0),
                to: Tick(0),
            },
            notes: Vec::with_capacity(NOTES),
        };
        Self {
            kept: std::iter::repeat_with(empty).take(BARS).collect(),
        }
    }

    /// The plan of `segment` begins to come; it takes the place of an earlier one for the same ticks.
    pub fn open(&mut self, segment: Segment) {
        let same = |kept: &Kept| (kept.segment.from, kept.segment.to) == (segment.from, segment.to);
        let place = self.kept.iter().position(same).unwrap_or(0);
        if let Some(mut kept) = self.kept.remove(place) {
            kept.notes.clear();
            kept.segment = segment;
            self.kept.push_back(kept);
        }
    }

    /// Takes a note of a plan that was opened. What goes beyond `NOTES` is played but not kept.
    pub fn keep(&mut self, epoch: Epoch, note: PlannedNote) {
        let mut latest = self.kept.iter_mut().rev();
        if let Some(kept) = latest.find(|kept| kept.covers(epoch, note.onset))
            && kept.notes.len() < NOTES
        {
            kept.notes.push(note);
        }
    }

    /// What was planned from `from` on and before `to` is void. A segment that lies in it whole counts as not
    /// planned; of another the rest is a correction, whose notes follow.
    pub fn replace(&mut self, epoch: Epoch, from: Tick, to: Tick) {
        for kept in self
            .kept
            .iter_mut()
            .filter(|kept| kept.segment.epoch == epoch)
        {
            if from <= kept.segment.from && kept.segment.to <= to {
                kept.void();
            }
            kept.notes
                .retain(|note| note.onset < from || note.onset >= to);
        }
    }

    /// Forgets every plan: other controls want other music.
    pub fn forget(&mut self) {
        for kept in &mut self.kept {
            kept.notes.clear();
            kept.void();
        }
    }

    /// The end of the segment that was planned for `at`, if one was.
    #[must_use]
    pub fn planned(&self, epoch: Epoch, at: Tick) -> Option<Tick> {
        let mut latest = self.kept.iter().rev();
        let planned = latest.find(|kept| kept.covers(epoch, at))?;
        Some(planned.segment.to)
    }

    /// Fills `gap`, which nobody has planned: gives each note to `play`, and says where they come from.
    pub fn fill(
        &self,
        gap: &Segment,
        bending: &Bending,
        mut play: impl FnMut(PlannedNote),
    ) -> Rung {
        let latest = || self.kept.iter().rev();
        if let Some(kept) = latest().find(|kept| kept.segment.holds(gap.from)) {
            let notes = kept.notes.iter().filter(|note| gap.holds(note.onset));
            notes.for_each(|note| play(*note));
            return Rung::EarlierPass;
        }
        // A whole bar of this stretch of play, or of the loop's pass before.
        let pattern = latest().find(|kept| {
            let Segment {
                epoch,
                bar,
                from,
                to,
            } = kept.segment;
            epoch.generation == gap.epoch.generation && from == bar && to > from
        });
        let Some(pattern) = pattern else {
            return Rung::Rest;
        };
        let on = gap.bar - pattern.segment.bar;
        let root = pattern.notes.first().map_or(0, |note| note.pitch);
        for note in &pattern.notes {
            let onset = note.onset + on;
            if gap.holds(onset) {
                play(PlannedNote {
                    onset,
                    fit: bending.of(onset == gap.bar, root),
                    ..*note
                });
            }
        }
        Rung::Moved
    }
}

/// How notes that were made for another bar go with the harmony of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bending {
    /// Who plays.
    pub role: Role,
    /// Which keys a line takes.
    pub motion: Motion,
    /// It answers: that nobody plays is no reason to be silent.
    pub answers: bool,
    /// Where to; nothing bends where that is not known.
    pub bounds: Option<Bounds>,
}

impl Bending {
    /// That of a note on the downbeat, or after, of a bar whose first note is at the key `root`.
    fn of(&self, on_downbeat: bool, root: u8) -> Fit {
        let bend = match self.role {
            Role::Bass => Bend::of_bass(self.motion, on_downbeat, root, PitchClassSet::ALL),
            Role::Chords | Role::Counter => Bend::NearestTone,
            Role::Continue | Role::Drums => return Fit::AsPlanned,
        };
        self.bounds
            .map_or(Fit::AsPlanned, |bounds| Fit::Bent(bend, bounds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Epoch = Epoch {
        generation: 1,
        pass: 0,
    };
    const SECOND: Epoch = Epoch {
        generation: 1,
        pass: 1,
    };

    fn bar(epoch: Epoch, number: i64) -> Segment {
        Segment {
            epoch,
            bar: Tick(96 * number),
            from: Tick(96 * number),
            to: Tick(96 * number + 96),
        }
    }

    fn note(onset: i64, pitch: u8) -> PlannedNote {
        PlannedNote {
            onset: Tick(onset),
            duration: 12,
            delay_millitick: 0,
            end_delay_millitick: 0,
            channel: 0,
            pitch,
            velocity: 80,
            fit: Fit::AsPlanned,
            yields: false,
        }
    }

    /// A ladder that has heard the plans of bars 0 and 1 of the first pass.
    fn ladder() -> Ladder {
        let mut ladder = Ladder::new();
        ladder.open(bar(FIRST, 0));
        ladder.keep(FIRST, note(0, 40));
        ladder.keep(FIRST, note(48, 43));
        ladder.open(bar(FIRST, 1));
        ladder.keep(FIRST, note(96, 45));
        ladder
    }

    fn filled(ladder: &Ladder, gap: &Segment, role: Role) -> (Rung, Vec<(i64, u8, Fit)>) {
        let mut notes = Vec::new();
        let bending = Bending {
            role,
            motion: Motion::Free,
            answers: false,
            bounds: Some(Bounds::NONE),
        };
        let rung = ladder.fill(gap, &bending, |note| {
            notes.push((note.onset.0, note.pitch, note.fit));
        });
        (rung, notes)
    }

    #[test]
    fn the_first_rung_is_the_same_bar_of_an_earlier_pass() {
        let ladder = ladder();
        assert_eq!(ladder.planned(FIRST, Tick(50)), Some(Tick(96)));
        assert_eq!(ladder.planned(SECOND, Tick(50)), None);
        let gap = Segment {
            from: Tick(24),
            ..bar(SECOND, 0)
        };
        let notes = vec![(48, 43, Fit::AsPlanned)];
        assert_eq!(
            filled(&ladder, &gap, Role::Bass),
            (Rung::EarlierPass, notes)
        );
    }

    #[test]
    fn the_second_is_the_last_bar_bent_to_the_harmony() {
        let ladder = ladder();
        let expect = |bend| {
            let fit = Fit::Bent(bend, Bounds::NONE);
            (Rung::Moved, vec![(192, 45, fit)])
        };
        assert_eq!(
            filled(&ladder, &bar(FIRST, 2), Role::Bass),
            expect(Bend::Root)
        );
        assert_eq!(
            filled(&ladder, &bar(FIRST, 2), Role::Chords),
            expect(Bend::NearestTone)
        );
    }

    #[test]
    fn after_a_jump_to_new_music_and_after_other_controls_it_rests() {
        let mut ladder = ladder();
        let elsewhere = Epoch {
            generation: 2,
            pass: 0,
        };
        assert_eq!(
            filled(&ladder, &bar(elsewhere, 9), Role::Bass).0,
            Rung::Rest
        );
        assert_eq!(
            filled(&ladder, &bar(elsewhere, 0), Role::Bass).0,
            Rung::EarlierPass
        );
        ladder.forget();
        assert_eq!(
            filled(&ladder, &bar(elsewhere, 0), Role::Bass).0,
            Rung::Rest
        );
    }

    #[test]
    fn a_correction_voids_what_was_kept() {
        let mut ladder = ladder();
        ladder.replace(FIRST, Tick(30), Tick(96));
        let notes = vec![(0, 40, Fit::AsPlanned)];
        assert_eq!(filled(&ladder, &bar(SECOND, 0), Role::Bass).1, notes);
    }

    #[test]
    fn the_oldest_bar_makes_room() {
        let mut ladder = ladder();
        for number in 2..=BARS as i64 {
            ladder.open(bar(FIRST, number));
        }
        assert_eq!(ladder.planned(FIRST, Tick(0)), None);
        assert_eq!(ladder.planned(FIRST, Tick(96)), Some(Tick(192)));
    }
}
