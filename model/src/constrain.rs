//! What may be played at all: masks and leanings on the logits, before anything is drawn.

mod density;
mod hands;
mod kit;
mod motion;
mod rhythm;

use self::{density::Density, kit::Kit};
pub use self::{
    hands::Hands,
    motion::{Next, Told},
    rhythm::Grid,
};
use crate::{
    chord::{Key, PitchClassSet},
    controls::{Controls, Mode, Motion, Role, Scale},
    harmony::{Bar, Harmony},
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
fn most_together(role: Role, motion: Motion) -> usize {
    match role {
        _ if motion.breaks(role) => 1,
        Role::Continue | Role::Bass | Role::Counter => 1,
        Role::Chords => 5,
        Role::Drums => 4,
    }
}

/// Fewest notes of a chord, where the range has as many.
const LEAST_OF_A_CHORD: usize = 3;
/// How far the lowest note of a chord may move from one to the next: an octave.
const LEAP_OF_A_CHORD: u8 = 12;

/// What the music at a place asks of a key there.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The harmony.
    pub harmony: &'a Harmony,
    /// The lowest heard key, under which a bass line stays.
    pub ceiling: Option<u8>,
    /// Pitch class of the root of a chord that a bass meets there.
    pub new_root: Option<u8>,
    /// The pitch classes to which it is kept.
    pub tones: Option<PitchClassSet>,
}

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
    density: Density,
    /// The places on which notes begin, where these are given.
    grid: Option<Grid>,
    /// How surely each of them is played, 0..=1.
    filled: f32,
    /// The same of a drummer's cymbals.
    kit: Option<Kit>,
    motion: Motion,
    /// After this bar the player is listened to.
    ends_turn: bool,
    /// The lowest note of our chord before.
    chord_before: Option<u8>,
}

/// How much less likely, in nats, a note outside the found or given scale is than the network thinks.
const OUTSIDE_SCALE: f32 = 1.5;
/// How much likelier, in nats, a bass that meets a new chord is on its root than the network thinks: it has
/// learnt from scores too, whose basses move by inversions.
const NEW_ROOT: f32 = 4.0;

impl Rules {
    /// The rules that `controls` ask for in `bar`; `key` is the key found in the music, `own` the part so far.
    #[must_use]
    pub fn new(controls: &Controls, bar: &Bar, key: Option<Key>, own: &[Note]) -> Self {
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
        let drums = controls.role == Role::Drums;
        Self {
            role: controls.role,
            lowest,
            highest,
            allowed: allowed(controls, key),
            scale: if drums {
                PitchClassSet::ALL
            } else {
                scale_of(controls, key)
            },
            chords_win: controls.chords_win,
            chord_before: Hands::on_last_stroke(own).lowest(),
            density: Density::of(controls.role, controls.density),
            grid: Grid::of(controls.rhythm, bar).filter(|_| !drums),
            kit: Kit::of(controls.rhythm, bar, (lowest, highest)).filter(|_| drums),
            ends_turn: controls.mode == Mode::Answer
                && (bar.number + 1) % i64::from(controls.phrase_bars.max(1)) == 0,
            // At −100 % each place is as the network likes.
            filled: (1.0 + controls.density).clamp(0.0, 1.0),
            motion: if controls.motion.counts_for(controls.role) {
                controls.motion
            } else {
                Motion::Free
            },
        }
    }

    /// The same where nobody plays to go along with: no place of the rhythm has to be filled.
    #[must_use]
    pub fn waiting(self) -> Self {
        Self {
            filled: 0.0,
            ..self
        }
    }

    /// The same with a note at `place`, a tick of the bar, too: what was cut off there is struck anew.
    #[must_use]
    pub fn struck_anew(mut self, place: usize) -> Self {
        if let Some(grid) = &mut self.grid {
            grid.add(place);
        }
        self
    }

    /// The places on which notes begin, where these are given.
    #[must_use]
    pub fn grid(&self) -> Option<&Grid> {
        self.grid.as_ref()
    }

    /// The same with notes `hazard` times likelier, on top of what the musician asks for.
    #[must_use]
    pub fn denser(self, hazard: f32) -> Self {
        Self {
            density: self.density.times(hazard),
            ..self
        }
    }

    /// Masks the onset logits after `notes` of the segment, and leans them by Density.
    /// `tones` are those of the chord that sounds at the last of them.
    pub fn onsets(
        &self,
        logits: &mut [f32],
        segment: &Segment,
        notes: &[Note],
        tones: Option<PitchClassSet>,
    ) {
        let bar = segment.bar.start;
        let last = notes.last();
        let struck = last_stroke(notes).len();
        let rises = last.is_some_and(|last| self.can_rise_above(last, segment, notes, tones));
        let full = struck >= most_together(self.role, self.motion) || !rises;
        let thin = self.role == Role::Chords && struck < LEAST_OF_A_CHORD && rises && !full;
        let earliest = last.map_or(segment.start, |last| last.onset + i64::from(full));
        for (class, logit) in logits.iter_mut().enumerate() {
            let at = if class == END {
                segment.end
            } else {
                bar + class as i64
            };
            // The grid: thirty-seconds and sixteenth triplets.
            let on_grid = class % 3 == 0 || class % 4 == 0;
            let legal = if thin {
                class != END && at == earliest
            } else {
                class == END || (on_grid && at >= earliest && at < segment.end)
            };
            if !legal {
                *logit = f32::NEG_INFINITY;
            }
        }
        // How likely one more note together with the last is stays as it is.
        let first = last.map_or(0, |last| (last.onset - bar) as usize + 1);
        if !thin {
            self.gather(logits, segment, first);
        }
        self.density.lean(&mut logits[first..], first);
        if !thin {
            self.fill(logits, segment, first);
        }
        self.strike_what_is_due(logits, segment, notes, full);
    }

    /// The pitch classes that may sound in this harmony: those of the scale, and of the chord where it wins.
    #[must_use]
    pub fn ground(&self, harmony: &Harmony) -> PitchClassSet {
        let chord = harmony.chords[1].or(harmony.chords[0]);
        let chord = chord.filter(|_| self.chords_win);
        chord.map_or(self.allowed, |chord| {
            self.allowed.union(chord.pitch_classes())
        })
    }

    /// Whether the stroke at the end of `notes`, whose highest note is `last`, has room above.
    fn can_rise_above(
        &self,
        last: &Note,
        segment: &Segment,
        notes: &[Note],
        tones: Option<PitchClassSet>,
    ) -> bool {
        let reach = match self.role {
            Role::Chords => Hands::on_last_stroke(notes).reach(),
            _ => 127,
        };
        let allowed = tones.unwrap_or(self.allowed);
        let (at, bar) = (last.onset, &segment.bar);
        (last.pitch + 1..=reach.min(self.highest))
            .any(|pitch| allowed.contains(pitch) && self.may_strike(pitch, at, bar, notes))
    }

    /// Masks the pitch logits for a note at `at` after `notes` of the segment.
    pub fn pitches(&self, logits: &mut [f32], at: Tick, notes: &[Note], place: &Place) {
        let Place {
            harmony,
            ceiling,
            new_root,
            tones,
        } = *place;
        let ground = self.ground(harmony);
        let may_sound = |pitch: u8| {
            (self.lowest..=self.highest).contains(&pitch)
                && tones.is_none_or(|tones| tones.contains(pitch))
                && ground.contains(pitch)
        };
        let ceiling =
            ceiling.filter(|ceiling| self.role == Role::Bass && *ceiling > self.lowest + 12);
        let struck = notes.last().filter(|last| last.onset == at);
        let playable = match self.role {
            Role::Chords if !self.motion.breaks(self.role) => {
                self.chord_keys(notes, struck.is_some(), may_sound)
            }
            _ => keys(|pitch| struck.is_none_or(|above| pitch > above.pitch)),
        };
        for (pitch, logit) in (0u8..).zip(logits.iter_mut()) {
            let legal = may_sound(pitch)
                && playable[usize::from(pitch)]
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
    fn chord_keys(
        &self,
        notes: &[Note],
        goes_on: bool,
        may_sound: impl Fn(u8) -> bool,
    ) -> Keys<bool> {
        let before = Hands::on_last_stroke(notes);
        let hands = if goes_on { before } else { Hands::default() };
        let room: Keys<Option<usize>> = keys(|key| {
            let can = may_sound(key) && hands.can_add(key);
            can.then(|| hands.room_above(key, &may_sound))
        });
        let most = room.iter().flatten().max().copied().unwrap_or(0);
        let needs = LEAST_OF_A_CHORD.saturating_sub(hands.count() + 1).min(most);
        let enough = room.map(|room| room.is_some_and(|room| room >= needs));
        let near = before.lowest().or(self.chord_before).filter(|_| !goes_on);
        let near_enough = keys(|key| {
            let is_near = near.is_none_or(|near| near.abs_diff(key) <= LEAP_OF_A_CHORD);
            enough[usize::from(key)] && is_near
        });
        // After a change of range nothing may be near.
        if near_enough.contains(&true) {
            near_enough
        } else {
            enough
        }
    }

    /// Masks the duration logits: a line may hold a note into the next bar, an accompaniment strikes anew.
    pub fn durations(&self, logits: &mut [f32], segment: &Segment, at: Tick) {
        let beyond = match self.role {
            Role::Continue | Role::Counter if !self.ends_turn => segment.bar.ticks,
            _ => 0,
        };
        let most = (segment.bar.end() + beyond - at).max(1);
        self.until_the_next(logits, segment, at);
        for (class, logit) in logits.iter_mut().enumerate() {
            let duration = class_duration(class);
            let on_grid = duration % 3 == 0 || duration % 4 == 0 || duration % 3 == 2;
            if duration > most || !on_grid {
                *logit = f32::NEG_INFINITY;
            }
        }
    }
}

/// The notes at the end of `notes`, sorted, that begin with the last.
fn last_stroke(notes: &[Note]) -> &[Note] {
    let first = notes.last().map_or(0, |last| {
        notes.partition_point(|note| note.onset < last.onset)
    });
    &notes[first..]
}

/// Something of each MIDI key.
type Keys<T> = [T; 128];

fn keys<T>(of: impl Fn(u8) -> T) -> Keys<T> {
    // The cast is safe: below 128.
    std::array::from_fn(|key| of(key as u8))
}

/// The key nearest to `pitch` that `controls` allow in `key`, the lower of two; `None` when they allow none.
#[must_use]
pub fn nearest_allowed(controls: &Controls, key: Option<Key>, pitch: u8) -> Option<u8> {
    let (lowest, highest) = controls.range();
    let allowed = allowed(controls, key);
    (lowest..=highest)
        .filter(|candidate| allowed.contains(*candidate))
        .min_by_key(|candidate| candidate.abs_diff(pitch))
}

/// The pitch classes that may sound: those of the scale where it is locked, but for drums, whose keys are no pitches.
#[must_use]
pub fn allowed(controls: &Controls, found: Option<Key>) -> PitchClassSet {
    if controls.scale_lock && controls.role != Role::Drums {
        scale_of(controls, found)
    } else {
        PitchClassSet::ALL
    }
}

/// The scale that holds: the given one on the given or found tonic.
#[must_use]
pub fn scale_of(controls: &Controls, found: Option<Key>) -> PitchClassSet {
    let tonic = match (controls.key, found) {
        (Some(tonic), _) => tonic,
        (None, Some(key)) => key.tonic,
        (None, None) => return PitchClassSet::ALL,
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
