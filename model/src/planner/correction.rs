//! Corrections: a plan whose harmony turned out another is made anew from the next sixteenth on.

use super::{Action, CHECK, CORRECTION, Planner, Standing, adopting::before};
use crate::{
    controls::{Rhythm, Role},
    harmony::Bar,
    note::Note,
    time::Tick,
    tokenizer::Segment,
};

impl Planner {
    /// Looks at the harmony of the beat at `beat` and plans the rest of its bar anew if it is another
    /// than was planned for.
    pub(super) fn check(&mut self, beat: Tick, out: &mut impl FnMut(Action)) {
        let Some(playing) = self.playing else {
            return;
        };
        let bar = Bar::containing(self.grid, beat);
        self.next_check = beat + bar.beat;
        let standing = self.standing.iter().rev().find(|standing| {
            let segment = standing.segment;
            standing.pass == playing.pass && segment.start <= beat && beat < segment.end
        });
        let Some(Standing {
            segment, guessed, ..
        }) = standing.copied()
        else {
            return;
        };
        let from = beat + CORRECTION;
        if !guessed || self.held.is_some() || from >= segment.end || !self.is_our_turn(&segment) {
            return;
        }
        self.settle(beat + CHECK);
        if !self.clashes(beat, bar.beat, segment.end) {
            return;
        }
        let pass = playing.pass;
        let rest = Segment {
            start: from,
            horizon: beat + CHECK,
            ..segment
        };
        // The bar after this one may be planned already; it stays.
        let to = segment.end;
        out(Action::Replace { pass, from, to });
        self.drop_own(from, segment.end);
        let known = self.pitch_classes_at(beat);
        for planned in before(&mut self.own, from) {
            let note = &mut planned.note;
            if note.end() > from && clashes_with(note.pitch, known) {
                note.duration = from - note.onset;
                out(Action::Release {
                    pass,
                    at: from,
                    pitch: note.pitch,
                });
            }
        }
        // Its plan was made for the whole bar, so the bar's beginning is told as it was planned.
        self.generate(pass, &rest, &[segment], false, out);
    }

    /// Whether the plan that stands does not go with what sounds at `beat`, `ticks` long. Where the rhythm is given
    /// what begins later in the beat counts too: it may never sound on one.
    fn clashes(&self, beat: Tick, ticks: i64, end: Tick) -> bool {
        let reach = if self.controls.rhythm == Rhythm::Free {
            0
        } else {
            ticks
        };
        let in_reach = |note: &Note| {
            note.sounds_at(beat + CHECK) || (note.onset > beat && note.onset < beat + reach)
        };
        let sounding = self.pitch_classes_at(beat);
        match self.controls.role {
            // A guessed bass note bends to the chord as it begins, which is sooner than any new plan.
            Role::Continue | Role::Bass | Role::Drums => false,
            Role::Chords | Role::Counter => {
                // On a later pass the song after this bar holds notes too.
                let here = self.own.partition_point(|planned| planned.note.onset < end);
                let mut standing = self.own[..here]
                    .iter()
                    .rev()
                    .take(96)
                    .map(|planned| planned.note)
                    .filter(|note| note.end() > beat + CHECK)
                    .peekable();
                // Who planned to rest because nobody played comes in when somebody does.
                let rests = standing.peek().is_none();
                sounding != 0
                    && (rests
                        || standing
                            .any(|note| in_reach(&note) && clashes_with(note.pitch, sounding)))
            }
        }
    }

    /// Pitch classes that sound at `beat`, hands up to [`CHECK`] ticks late included.
    fn pitch_classes_at(&self, beat: Tick) -> u16 {
        self.sounding_at(beat)
            .fold(0, |classes, note| classes | 1 << note.pitch_class())
    }

    fn sounding_at(&self, beat: Tick) -> impl Iterator<Item = &Note> {
        let all = self.timeline.heard();
        let to = all.partition_point(|note| note.onset < beat + CHECK);
        all[..to]
            .iter()
            .rev()
            .take(128)
            .filter(move |note| note.end() > beat + CHECK - 1)
    }
}

/// Whether a pitch rubs against sounding pitch classes: a semitone from one of them and none itself.
fn clashes_with(pitch: u8, sounding: u16) -> bool {
    let class = pitch % 12;
    let near = 1 << ((class + 1) % 12) | 1 << ((class + 11) % 12);
    sounding & (1 << class) == 0 && sounding & near != 0
}
