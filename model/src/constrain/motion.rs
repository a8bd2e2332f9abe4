//! Motion: which keys a line takes under the chord of the moment.
//!
//! What is asked for is the first of several classes of keys that holds one which may be played at all: range,
//! scale lock and the ceiling over a bass come first, and something is always left. So a root outside of the
//! locked scale gives way to the note of the chord that is nearest to it.

mod figure;
mod walk;

use super::{Keys, LEAST_OF_A_CHORD, Rules, keys, rhythm::Grid};
use crate::{
    chord::{Chord, PitchClassSet, semitones_up},
    controls::{Motion, Role},
    harmony::Bar,
    note::Note,
    time::Tick,
};

/// What a line stands on, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// The chord of the moment.
    pub chord: Chord,
    /// Pitch class of its root, or of the bass under it where a low one is heard.
    pub root: u8,
    /// Where this root began to hold.
    pub since: Tick,
    /// The next one.
    pub next: Option<Next>,
}

/// The root that a line goes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Next {
    /// Where it begins to hold.
    pub at: Tick,
    /// Its pitch class.
    pub root: u8,
    /// The lowest heard key there, under which a bass stays.
    pub ceiling: Option<u8>,
}

/// A line as it takes its next key.
pub struct Line<'a> {
    pub motion: Motion,
    pub role: Role,
    /// Where the key goes down.
    pub at: Tick,
    pub bar: Bar,
    /// The bar's places, where these are given.
    pub grid: Option<Grid>,
    /// The scale of the key; all twelve where no key is known.
    pub scale: PitchClassSet,
    /// Its own keys before, in order.
    pub before: &'a [Note],
    pub told: Option<Told>,
    /// Lowest and highest key that it takes.
    pub range: (u8, u8),
}

impl Rules {
    /// Leans the key logits of what may be played at `at` towards the motion, and forbids what is not of its
    /// class. `before` are our notes before.
    pub fn motion(
        &self,
        logits: &mut [f32],
        at: Tick,
        bar: &Bar,
        before: &[Note],
        told: Option<Told>,
    ) {
        let line = Line {
            motion: self.motion,
            role: self.role,
            at,
            bar: *bar,
            grid: self.grid,
            scale: self.scale,
            before,
            told,
            range: (self.lowest, self.highest),
        };
        line.lean(logits);
    }

    /// Whether a motion is asked for that counts for the role.
    #[must_use]
    pub fn has_motion(&self) -> bool {
        self.motion != Motion::Free
    }

    /// Whether the keys follow a motion of single notes.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.has_motion() && (self.role != Role::Chords || self.motion.breaks(self.role))
    }

    /// The notes of `chord` to which the motion keeps a stroke of several; `None` where it is free to take others,
    /// or would have less than a chord has.
    #[must_use]
    pub fn tones(&self, chord: Option<Chord>) -> Option<PitchClassSet> {
        let keeps = self.role == Role::Chords && self.motion == Motion::ChordTones;
        self.pure(&chord.filter(|_| keeps)?)
    }

    /// The notes of `chord` that may be played; `None` where they are less than a chord has.
    #[must_use]
    pub fn pure(&self, chord: &Chord) -> Option<PitchClassSet> {
        let tones = chord.pitch_classes();
        let tones = if self.chords_win {
            tones
        } else {
            tones.common(self.allowed)
        };
        let keys = (self.lowest..=self.highest).filter(|key| tones.contains(*key));
        (tones.len() > 1 && keys.count() >= 2 * LEAST_OF_A_CHORD).then_some(tones)
    }
}

/// What the line stands on, be it told or guessed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stand {
    root: u8,
    fifth: u8,
    tones: PitchClassSet,
    /// Three of them that make a close voicing.
    voicing: PitchClassSet,
    since: Tick,
    next: Option<Next>,
}

/// How much less likely, in nats a semitone, a far root is than a near one.
const FAR: f32 = 0.3;
/// The same of a key for each semitone that it lies further from the middle of the range than [`AROUND`].
const OUT_OF_THE_WAY: f32 = 0.25;
const AROUND: u8 = 9;

impl Line<'_> {
    /// Leans the logits, one a MIDI key, of what may be played at all (it is finite) towards the motion; forbids
    /// what is not of its class.
    pub fn lean(&self, logits: &mut [f32]) {
        let legal = keys(|key| logits[usize::from(key)].is_finite());
        let leaning = match (self.motion, self.stand()) {
            (Motion::Free, _) => return,
            (Motion::Steps, stand) => self.walk(stand.as_ref(), &legal),
            (_, None) => self.class(&legal, &[self.scale]),
            (Motion::Roots, Some(stand)) => self.roots(&stand, &legal),
            (Motion::RootsAndFifths, Some(stand)) => self.roots_and_fifths(&stand, &legal),
            (Motion::ChordTones, Some(stand)) => self.class(&legal, &[stand.tones]),
            (Motion::Arpeggio, Some(stand)) => self.arpeggio(&stand, &legal),
            (Motion::Alberti, Some(stand)) => self.alberti(&stand, &legal),
        };
        for (logit, leaning) in logits.iter_mut().zip(leaning) {
            *logit += leaning;
        }
    }

    /// The chord that was told; else, from the second note of a bar on, the chord of the key on the first.
    fn stand(&self) -> Option<Stand> {
        if let Some(Told {
            chord,
            root,
            since,
            next,
        }) = self.told
        {
            return Some(Stand {
                root,
                fifth: fifth(&chord),
                tones: chord.pitch_classes(),
                voicing: voicing(&chord),
                since,
                next,
            });
        }
        let first = self.since(self.bar.start).first()?;
        let root = first.pitch_class();
        let tones = triad(self.scale, root);
        let fifth = tones
            .iter()
            .find(|class| (6..=8).contains(&semitones_up(root, *class)));
        Some(Stand {
            root,
            fifth: fifth.unwrap_or(root),
            tones,
            voicing: tones,
            since: self.bar.start,
            next: None,
        })
    }

    /// Its notes from `at` on.
    fn since(&self, at: Tick) -> &[Note] {
        let first = self.before.partition_point(|note| note.onset < at);
        &self.before[first..]
    }

    fn last(&self) -> Option<u8> {
        self.before.last().map(|note| note.pitch)
    }

    /// Whether no note stands on the root yet.
    fn is_new(&self, stand: &Stand) -> bool {
        self.since(stand.since).is_empty()
    }

    /// Nothing but the first of `classes` that holds a legal key.
    fn class(&self, legal: &Keys<bool>, classes: &[PitchClassSet]) -> Keys<f32> {
        let class = first_of(legal, classes);
        none_but(|key| class.contains(key))
    }

    fn roots(&self, stand: &Stand, legal: &Keys<bool>) -> Keys<f32> {
        self.near(self.class(legal, &nearest_to(stand.root, stand)))
    }

    /// The root where it is new, then the fifth and the root in turn.
    fn roots_and_fifths(&self, stand: &Stand, legal: &Keys<bool>) -> Keys<f32> {
        let (root, fifth) = (only(stand.root), only(stand.fifth));
        let on_root = !self.is_new(stand) && self.last().is_some_and(|last| root.contains(last));
        let mut classes = if on_root {
            vec![fifth, root]
        } else {
            vec![root, fifth]
        };
        classes.extend(nearest_to(stand.root, stand));
        self.near(self.class(legal, &classes))
    }

    /// Prefers what lies near the last note, and not at the edge of the range.
    fn near(&self, leaning: Keys<f32>) -> Keys<f32> {
        keys(|key| {
            let far = self.last().map_or(0, |last| last.abs_diff(key));
            leaning[usize::from(key)] - FAR * f32::from(far) - self.out_of_the_way(key)
        })
    }

    fn out_of_the_way(&self, key: u8) -> f32 {
        let middle = u8::midpoint(self.range.0, self.range.1);
        OUT_OF_THE_WAY * f32::from(middle.abs_diff(key).saturating_sub(AROUND))
    }
}

/// A leaning that leaves the keys for which `holds` as they are, and forbids all others.
fn none_but(holds: impl Fn(u8) -> bool) -> Keys<f32> {
    keys(|key| if holds(key) { 0.0 } else { f32::NEG_INFINITY })
}

/// The first of `classes` with a legal key, or all keys.
fn first_of(legal: &Keys<bool>, classes: &[PitchClassSet]) -> PitchClassSet {
    let holds = |class: &&PitchClassSet| {
        (0..128u8).any(|key| legal[usize::from(key)] && class.contains(key))
    };
    classes
        .iter()
        .find(holds)
        .copied()
        .unwrap_or(PitchClassSet::ALL)
}

/// `class`, then each note of the chord, the nearest first, the lower of two.
fn nearest_to(class: u8, stand: &Stand) -> Vec<PitchClassSet> {
    let mut tones: Vec<u8> = stand.tones.iter().collect();
    tones.sort_by_key(|tone| {
        let above = semitones_up(class, *tone);
        (above.min(12 - above), above < 6)
    });
    [class].into_iter().chain(tones).map(only).collect()
}

fn only(class: u8) -> PitchClassSet {
    PitchClassSet::from_mask(1 << (class % 12))
}

/// The pitch class of the chord's fifth, perfect or not; of a chord without one a perfect fifth.
fn fifth(chord: &Chord) -> u8 {
    let intervals = chord.quality.intervals();
    let fifth = intervals.iter().find(|above| (6..=8).contains(*above));
    (chord.root + fifth.unwrap_or(&7)) % 12
}

/// Three notes that tell the chord: root, third, and the seventh where there is one, else the fifth.
fn voicing(chord: &Chord) -> PitchClassSet {
    let intervals = chord.quality.intervals();
    let seventh = intervals.iter().find(|above| (10..=11).contains(*above));
    let top = seventh.or(intervals.get(2)).unwrap_or(&7);
    let three = [&0, intervals.get(1).unwrap_or(&4), top];
    three.into_iter().map(|above| chord.root + above).collect()
}

/// The chord of thirds that `scale` has on `root`; root and fifth where it is no scale of a key.
fn triad(scale: PitchClassSet, root: u8) -> PitchClassSet {
    if scale.len() > 8 || scale.len() < 5 || !scale.contains(root) {
        return only(root).union(only(root + 7));
    }
    let degrees: Vec<u8> = (0..12)
        .filter(|above| scale.contains(root + above))
        .collect();
    [0, 2, 4]
        .into_iter()
        .map(|degree: usize| root + degrees[degree])
        .collect()
}

#[cfg(test)]
mod tests;
