//! What may be played at all: masks and leanings on the logits, before anything is drawn.

mod hands;

pub use self::hands::Hands;
use crate::{
    chord::{Key, PitchClassSet},
    controls::{Controls, Role, Scale},
    harmony::Harmony,
    note::Note,
    time::Tick,
    token::{END, class_duration},
    tokenizer::Segment,
};

/// Where a role plays when the musician leaves the range open.
fn home_range(role: Role, own: &[Note]) -> (u8, u8) {
    match role {
        Role::Bass => (28, 57),
        Role::Chords => (45, 81),
        Role::Drums => (35, 81),
        Role::Counter => (43, 88),
        // A melody goes on in the register in which it was.
        Role::Continue => {
            let lowest = own.iter().map(|note| note.pitch).min().unwrap_or(55);
            let highest = own.iter().map(|note| note.pitch).max().unwrap_or(84);
            (lowest.saturating_sub(5), (highest + 5).min(127))
        }
    }
}

/// Most notes that a role strikes together.
fn most_together(role: Role) -> usize {
    match role {
        Role::Continue | Role::Bass | Role::Counter => 1,
        Role::Chords => 5,
        Role::Drums => 4,
    }
}

/// Fewest notes of a chord, where the range has as many.
const LEAST_OF_A_CHORD: usize = 3;
/// How far the lowest note of a chord may move from one to the next: an octave.
const LEAP_OF_A_CHORD: u8 = 12;

/// The rules of one segment.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    role: Role,
    lowest: u8,
    highest: u8,
    /// Pitch classes that may sound.
    allowed: PitchClassSet,
    /// Pitch classes that are preferred.
    scale: PitchClassSet,
    /// The chord of the moment may sound besides.
    chords_win: bool,
    density: f32,
    /// The lowest note of our chord before.
    chord_before: Option<u8>,
}

/// How much less likely, in nats, a note outside the found or given scale is than the network thinks.
const OUTSIDE_SCALE: f32 = 1.5;
/// How much likelier, in nats, a bass that meets a new chord is on its root than the network thinks: it has
/// learnt from scores too, whose basses move by inversions.
const NEW_ROOT: f32 = 4.0;
/// Nats for each tick of waiting at full density: a beat of rest costs 1.7.
const DENSITY_PER_TICK: f32 = 0.07;

impl Rules {
    /// The rules that `controls` ask for; `key` is the key found in the music, `own` the part so far.
    #[must_use]
    pub fn new(controls: &Controls, key: Option<Key>, own: &[Note]) -> Self {
        let (low, high) = controls.range();
        let home = home_range(controls.role, own);
        // A musician's range counts; the home range only narrows it where the two meet widely enough.
        let (lowest, highest) = {
            let meet = (low.max(home.0), high.min(home.1));
            if meet.0 + 11 <= meet.1 {
                meet
            } else {
                (low, high)
            }
        };
        let scale = scale_of(controls, key);
        let all = PitchClassSet::from_mask(0xfff);
        let drums = controls.role == Role::Drums;
        Self {
            role: controls.role,
            lowest,
            highest,
            allowed: if controls.scale_lock && !drums {
                scale
            } else {
                all
            },
            scale: if drums { all } else { scale },
            chords_win: controls.chords_win,
            chord_before: Hands::on_last_stroke(own).lowest(),
            density: controls.density.clamp(-1.0, 1.0),
        }
    }

    /// The same with `more` Density, −1..=1, on top of what the musician asks for.
    #[must_use]
    pub fn denser(self, more: f32) -> Self {
        Self {
            density: self.density + more,
            ..self
        }
    }

    /// Masks the onset logits after `notes` of the segment, and leans them by Density.
    pub fn onsets(&self, logits: &mut [f32], segment: &Segment, notes: &[Note]) {
        let bar = segment.bar.start;
        let together = |at: Tick| notes.iter().rev().take_while(move |note| note.onset == at);
        let earliest = notes.last().map_or(segment.start, |last| {
            let full = together(last.onset).count() >= most_together(self.role)
                || !self.can_rise_above(last, notes);
            last.onset + i64::from(full)
        });
        let thin = notes.last().filter(|last| {
            self.role == Role::Chords
                && together(last.onset).count() < LEAST_OF_A_CHORD
                && self.can_rise_above(last, notes)
        });
        let cursor = notes.last().map_or(segment.start, |note| note.onset);
        for (class, logit) in logits.iter_mut().enumerate() {
            let at = if class == END {
                segment.end
            } else {
                bar + class as i64
            };
            // The grid: thirty-seconds and sixteenth triplets.
            let on_grid = class % 3 == 0 || class % 4 == 0;
            let legal = match thin {
                Some(last) => class != END && at == last.onset,
                None => class == END || (on_grid && at >= earliest && at < segment.end),
            };
            if !legal {
                *logit = f32::NEG_INFINITY;
            }
            *logit -= self.density * DENSITY_PER_TICK * (at - cursor).max(0) as f32;
        }
    }

    /// Whether the stroke at the end of `notes`, whose highest note is `last`, has room above.
    fn can_rise_above(&self, last: &Note, notes: &[Note]) -> bool {
        let reach = match self.role {
            Role::Chords => Hands::on_last_stroke(notes).reach(),
            _ => 127,
        };
        (last.pitch + 1..=reach.min(self.highest)).any(|pitch| self.allowed.contains(pitch))
    }

    /// Masks the pitch logits for a note at `at` after `notes` of the segment. `ceiling` is the lowest
    /// heard key at that place, under which a bass line stays; `new_root` the pitch class of the root of a
    /// chord that it meets there.
    pub fn pitches(
        &self,
        logits: &mut [f32],
        at: Tick,
        notes: &[Note],
        harmony: &Harmony,
        ceiling: Option<u8>,
        new_root: Option<u8>,
    ) {
        let chord = harmony.chords[1].or(harmony.chords[0]);
        let chord = chord.filter(|_| self.chords_win);
        let may_sound = |pitch: u8| {
            (self.lowest..=self.highest).contains(&pitch)
                && (self.allowed.contains(pitch)
                    || chord.is_some_and(|chord| chord.pitch_classes().contains(pitch)))
        };
        let ceiling =
            ceiling.filter(|ceiling| self.role == Role::Bass && *ceiling > self.lowest + 12);
        let struck = notes.last().filter(|last| last.onset == at);
        let playable: Box<dyn Fn(u8) -> bool> = match self.role {
            Role::Chords => Box::new(self.chord_keys(notes, struck.is_some(), &may_sound)),
            _ => Box::new(|pitch| struck.is_none_or(|above| pitch > above.pitch)),
        };
        for (pitch, logit) in (0u8..).zip(logits.iter_mut()) {
            let legal = may_sound(pitch)
                && playable(pitch)
                && ceiling.is_none_or(|ceiling| pitch < ceiling);
            if !legal {
                *logit = f32::NEG_INFINITY;
                continue;
            }
            let sounding = harmony.beat[usize::from(pitch % 12)] > 0.0;
            if !self.scale.contains(pitch) && !sounding {
                *logit -= OUTSIDE_SCALE;
            }
            if new_root == Some(pitch % 12) {
                *logit += NEW_ROOT;
            }
        }
    }

    /// The keys that may come next in a chord: under the hands, with room above for as many notes as a chord
    /// needs, and, where it begins, not far from the chord before. `goes_on` tells whether the last of
    /// `notes` belongs to it.
    fn chord_keys<'a>(
        &self,
        notes: &[Note],
        goes_on: bool,
        may_sound: &'a dyn Fn(u8) -> bool,
    ) -> impl Fn(u8) -> bool + use<'a> {
        let before = Hands::on_last_stroke(notes);
        let hands = if goes_on { before } else { Hands::default() };
        let needs = LEAST_OF_A_CHORD.saturating_sub(hands.count() + 1);
        let keys = move || (0..128u8).filter(move |key| may_sound(*key) && hands.can_add(*key));
        let room = move |key: u8| hands.room_above(key, may_sound);
        let needs = needs.min(keys().map(room).max().unwrap_or(0));
        let near = before.lowest().or(self.chord_before).filter(|_| !goes_on);
        let is_near = move |key: u8| near.is_none_or(|near| near.abs_diff(key) <= LEAP_OF_A_CHORD);
        // After a change of range nothing may be near.
        let leaps = !keys().any(|key| is_near(key) && room(key) >= needs);
        move |key| hands.can_add(key) && room(key) >= needs && (leaps || is_near(key))
    }

    /// Masks the duration logits: a line may hold a note into the next bar, an accompaniment strikes anew.
    pub fn durations(&self, logits: &mut [f32], segment: &Segment, at: Tick) {
        let beyond = match self.role {
            Role::Continue | Role::Counter => segment.bar.ticks,
            Role::Bass | Role::Chords | Role::Drums => 0,
        };
        let most = (segment.bar.end() + beyond - at).max(1);
        for (class, logit) in logits.iter_mut().enumerate() {
            let duration = class_duration(class);
            let on_grid = duration % 3 == 0 || duration % 4 == 0 || duration % 3 == 2;
            if duration > most || !on_grid {
                *logit = f32::NEG_INFINITY;
            }
        }
    }
}

/// The key nearest to `pitch` that `controls` allow in `key`, the lower of two; `None` when they allow none.
#[must_use]
pub fn nearest_allowed(controls: &Controls, key: Option<Key>, pitch: u8) -> Option<u8> {
    let (lowest, highest) = controls.range();
    let locked = controls.scale_lock && controls.role != Role::Drums;
    let scale = scale_of(controls, key);
    (lowest..=highest)
        .filter(|candidate| !locked || scale.contains(*candidate))
        .min_by_key(|candidate| candidate.abs_diff(pitch))
}

/// The scale that holds: the given one on the given or found tonic.
fn scale_of(controls: &Controls, found: Option<Key>) -> PitchClassSet {
    let all = PitchClassSet::from_mask(0xfff);
    let tonic = match (controls.key, found) {
        (Some(tonic), _) => tonic,
        (None, Some(key)) => key.tonic,
        (None, None) => return all,
    };
    let scale = match controls.scale {
        Scale::Auto => match found.filter(|key| key.tonic == tonic) {
            Some(key) if key.minor => Scale::Minor,
            _ => Scale::Major,
        },
        scale => scale,
    };
    PitchClassSet::from_mask(scale.mask()).transpose(tonic)
}
