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
    /// How many times likelier than the network thinks a note is wherever it could be.
    hazard: f32,
    /// See [`doubt`].
    doubt: f32,
    /// The lowest note of our chord before.
    chord_before: Option<u8>,
}

/// How much less likely, in nats, a note outside the found or given scale is than the network thinks.
const OUTSIDE_SCALE: f32 = 1.5;
/// How much likelier, in nats, a bass that meets a new chord is on its root than the network thinks: it has
/// learnt from scores too, whose basses move by inversions.
const NEW_ROOT: f32 = 4.0;
/// How many times likelier a note is at each place where it could be, at full Density, and how many times less
/// likely at the least.
const FULL: [f32; 2] = [5.0, 3.0];
/// How much less sure of its rhythm the network is taken to be there, as a temperature on top of 1. Music repeats,
/// and where the network is sure that it does, no factor would change anything.
const DOUBT: [f32; 2] = [1.2, 0.4];

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
        let (hazard, doubt) = of_density(controls.density.clamp(-1.0, 1.0));
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
            hazard,
            doubt,
        }
    }

    /// The same with notes `hazard` times likelier, on top of what the musician asks for.
    #[must_use]
    pub fn denser(self, hazard: f32) -> Self {
        Self {
            hazard: self.hazard * hazard,
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
        }
        let together = notes.last().map(|last| (last.onset - bar) as usize);
        let first = together.map_or(0, |class| class + 1);
        if self.doubt != 0.0 {
            doubt(&mut logits[first..], first, self.doubt);
        }
        if self.hazard != 1.0 {
            scale_hazards(&mut logits[first..], self.hazard);
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

/// Hazard and doubt for Density, −1..=1. The root spreads the effect over the knob: what is played feeds on
/// itself, so that equal steps would be heard at its ends only.
fn of_density(density: f32) -> (f32, f32) {
    let strength = density.abs().sqrt();
    if density >= 0.0 {
        (FULL[0].powf(strength), DOUBT[0] * strength)
    } else {
        (FULL[1].powf(-strength), -DOUBT[1] * strength)
    }
}

/// Makes the network less sure that the next onset is at the likeliest class: at the temperature 1 + |`by`|
/// the sixteenths before it become likelier when `by` is positive, those after it and the bar's end when it is
/// negative. The logits are those of the classes from `first` to [`END`], and weigh together what they did.
/// Other places are left to the network: who plays more does not play triplets.
fn doubt(logits: &mut [f32], first: usize, by: f32) {
    let before = log_sum(logits);
    let likeliest = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
    let Some(likeliest) = likeliest.filter(|_| before.is_finite()) else {
        return;
    };
    let sure = logits[likeliest];
    let (earlier, later) = logits.split_at_mut(likeliest);
    let (from, doubted) = if by > 0.0 {
        (first, earlier)
    } else {
        (first + likeliest, later)
    };
    for (class, logit) in (from..).zip(doubted) {
        if class % SIXTEENTH == 0 || class == END {
            *logit = sure + (*logit - sure) / (1.0 + by.abs());
        }
    }
    let less = log_sum(logits) - before;
    logits.iter_mut().for_each(|logit| *logit -= less);
}

/// In ticks.
const SIXTEENTH: usize = 6;

/// The logarithm of the sum of their exponentials.
fn log_sum(logits: &[f32]) -> f32 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if highest == f32::NEG_INFINITY {
        return highest;
    }
    highest
        + logits
            .iter()
            .map(|logit| (logit - highest).exp())
            .sum::<f32>()
            .ln()
}

/// Makes it `factor` times likelier, at each class in turn, that the next onset is there and not later; the
/// classes weigh together what they did.
///
/// These are proportional hazards (Cox 1972): where `s` is the probability that the onset comes no earlier
/// than a class, it becomes `s` to the power of `factor`. What is certain or impossible stays so, and a
/// greater factor never makes the onset come later.
fn scale_hazards(logits: &mut [f32], factor: f32) {
    let whole = f64::from(log_sum(logits));
    // From the end, where little is left, so that nothing is lost to rounding.
    let (mut no_earlier, mut scaled_later) = (0.0, 0.0);
    for logit in logits.iter_mut().rev().filter(|_| whole.is_finite()) {
        no_earlier += (f64::from(*logit) - whole).exp();
        let scaled = f64::min(no_earlier, 1.0).powf(f64::from(factor));
        *logit = (whole + (scaled - scaled_later).max(0.0).ln()) as f32;
        scaled_later = scaled;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn probabilities(logits: &[f32]) -> Vec<f32> {
        let total: f32 = logits.iter().map(|logit| logit.exp()).sum();
        logits.iter().map(|logit| logit.exp() / total).collect()
    }

    #[test]
    fn scaled_hazards_bring_the_next_onset_nearer_and_leave_the_impossible() {
        let logits = [
            0.5_f32.ln(),
            f32::NEG_INFINITY,
            0.25_f32.ln(),
            0.25_f32.ln(),
        ];
        let scaled = |factor| {
            let mut logits = logits;
            scale_hazards(&mut logits, factor);
            probabilities(&logits)
        };
        let [thin, same, thick] = [0.5, 1.0, 2.0].map(scaled);
        for (probability, expected) in same.iter().zip([0.5, 0.0, 0.25, 0.25]) {
            assert!((probability - expected).abs() < 1e-6);
        }
        // A half squared, a quarter squared.
        for (probability, expected) in thick.iter().zip([0.75, 0.0, 0.1875, 0.0625]) {
            assert!((probability - expected).abs() < 1e-6, "{thick:?}");
        }
        assert!(thin[0] < same[0] && thin[3] > same[3] && thin[1] == 0.0);
    }

    #[test]
    fn doubt_reaches_the_sixteenths_on_its_side_only() {
        let mut logits = [-9.0; END + 1];
        logits[24] = 3.0;
        logits[12] = f32::NEG_INFINITY;
        let sure = probabilities(&logits);
        let doubted = |by| {
            let mut logits = logits;
            doubt(&mut logits, 0, by);
            probabilities(&logits)
        };
        let (more, fewer) = (doubted(1.0), doubted(-1.0));
        assert!(more[6] > 10.0 * sure[6] && more[30] <= sure[30] && more[END] <= sure[END]);
        assert!(
            fewer[6] <= sure[6] && fewer[30] > 10.0 * sure[30] && fewer[END] > 10.0 * sure[END]
        );
        for odds in [more, fewer] {
            assert!(odds[24] < sure[24] && odds[8] <= sure[8] && odds[12] == 0.0);
        }
    }
}
