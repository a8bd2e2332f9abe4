//! One segment of new music: steps in, notes out. The plugin, the command line and the evaluation all
//! come through here.

mod refused;
mod surprise;
mod writing;

use burn::tensor::{Device, Tensor};
use rand::Rng as _;

use self::writing::{Decoder, First, Writing};
pub use self::{refused::Refused, surprise::Surprise};
use crate::{
    chord::{Key, PitchClassSet},
    constrain::Rules,
    controls::{Controls, Motion, Rhythm, Role},
    harmony::Bar,
    motif::Motif,
    network::Cache,
    note::{Note, between, places},
    sample::{Looseness, stream},
    time::{BarGrid, TICKS_PER_QUARTER, Tick},
    tokenizer::{Scene, Segment, Sequence, Step, Tokenizer, shift_to_c, slices},
    weights::{Weights, WeightsError},
};

/// Steps of context at the most; training saw 320 with the segment itself.
const MAX_CONTEXT: usize = 272;
/// Bars of context at the most.
const MAX_CONTEXT_BARS: i64 = 16;
/// Notes in one segment at the most: a safety net far above any human bar.
const MAX_NOTES: usize = 96;
/// The same where a rhythm is given: chords of five on each sixteenth of the longest bar.
const MAX_FILLED: usize = 160;

/// A bar is stuck when it would come this often in a row.
const STUCK: i64 = 6;
/// How often a stuck bar is drawn again, ever more loosely.
const REDRAWS: u8 = 3;

/// Trust in echoes in a bar that is to be another than on the first take. Where the music clearly repeats,
/// every take would else be that repetition; so half of the bars of the further ones go their own way.
const FRESH_TRUST: f32 = 0.3;
/// The Adventure with which they are drawn at the least: near the likeliest there is but one take.
const OTHER_TAKE: f32 = 0.3;

/// Bars of a line that may lie on one key while the music moves on.
const DRONE: i64 = 3;

/// Bars of a melody that may come again in a row, as they were. A phrase returns, but who asks for the next bars does
/// not want the old ones for ever: the bar after goes its own way.
const RECITED: i64 = 4;
/// What comes again sooner than after so many bars is no phrase but a figure, which may go on.
const PHRASE: i64 = 4;

/// What there is to play with.
#[derive(Clone, Copy, Debug)]
pub struct Music<'a> {
    /// Heard notes by song position, sorted; those at or beyond a segment's horizon are not looked at.
    pub heard: &'a [Note],
    /// Our own notes by song position, sorted; only those before the segment are looked at.
    pub own: &'a [Note],
    /// The first position of which anything is known: context does not reach before it.
    pub since: Tick,
    /// Where the bars lie.
    pub grid: BarGrid,
    /// What the musician asks for.
    pub controls: &'a Controls,
    /// How often the musician asked for other notes in this bar.
    pub roll: u8,
}

/// What one segment has to mind besides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The segments of the same bar that went before.
    pub earlier: &'a [Segment],
    /// At least one note comes, where the range allows any.
    pub must_play: bool,
    /// Notes that it should not be, though it may be: it is drawn again a few times.
    pub avoid: [Option<&'a [Note]>; 2],
}

/// Steps that the network has taken, to go on from.
#[derive(Clone, Debug, Default)]
struct Prefix {
    steps: Vec<Step>,
    cache: Cache,
}

/// The network with what it needs to write. Cheap to make; the weights behind it are shared.
#[derive(Clone, Debug)]
pub struct Generator {
    decoder: Decoder,
    /// The context of the last bar that was planned: a correction goes on from it.
    prefix: Prefix,
    refused: Refused,
    surprise: Surprise,
}

impl Generator {
    /// A generator with the weights that ship with Continuo.
    ///
    /// # Errors
    /// When the embedded weights do not fit this build.
    pub fn shipped() -> Result<Self, WeightsError> {
        let device = Device::flex();
        Ok(Self::new(Weights::shipped(&device)?, device))
    }

    /// A generator with the weights in a file's bytes.
    ///
    /// # Errors
    /// When they are not weights, of another version, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        let device = Device::flex();
        Ok(Self::new(Weights::from_bytes(bytes, &device)?, device))
    }

    /// A generator with these weights, which live on `device`.
    #[must_use]
    pub fn new(weights: Weights, device: Device) -> Self {
        Self {
            decoder: Decoder { weights, device },
            prefix: Prefix::default(),
            refused: Refused::default(),
            surprise: Surprise::default(),
        }
    }

    /// What the masks took of all that it wrote so far.
    #[must_use]
    pub fn refused(&self) -> Refused {
        self.refused
    }

    /// How unlikely the network finds all that was written so far.
    #[must_use]
    pub fn surprise(&self) -> Surprise {
        self.surprise
    }

    /// What tells its notes from those of other weights; `None` for weights that have learnt no style.
    #[must_use]
    pub fn style(&self) -> Option<u64> {
        Some(self.weights().style.as_ref()?.fingerprint)
    }

    /// Its weights.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.decoder.weights
    }

    /// Writes the notes of `segment`; sorted by onset and pitch. The same arguments give the same notes.
    /// Each note is given to `out` as soon as it is certain, mostly when the next has been written.
    pub fn segment(
        &mut self,
        music: &Music,
        segment: &Segment,
        asked: &Asked,
        out: &mut dyn FnMut(Note),
    ) -> Vec<Note> {
        let controls = music.controls;
        let earlier = asked.earlier;
        let context = context(music, segment);
        let mut sequence = Sequence::default();
        let from = context
            .first()
            .map_or(segment.bar.start, |first| first.start);
        let known = earlier.first().unwrap_or(segment).horizon;
        let scene = Scene {
            role: controls.role,
            heard: music.heard,
            own: music.own,
            since: music.since,
            shift: shift(music, from, known, segment.bar.start),
        };
        let mut tokenizer = Tokenizer::new(scene, from);
        for past in context.iter().chain(earlier) {
            tokenizer.push(past, &mut sequence);
        }
        tokenizer.open(segment, &mut sequence.steps);
        let (state, cache) = self.take_steps(&sequence.steps, !earlier.is_empty());

        let own = between(music.own, from, segment.start);
        let key = key_of(music, segment);
        let calls = match controls.role {
            // The heard line is in its own past.
            Role::Continue => music.own,
            _ => music.heard,
        };
        let motif = Motif::of(controls, calls, segment);
        let blank = Writing {
            decoder: &self.decoder,
            refused: self.refused,
            surprise: self.surprise,
            music,
            segment,
            tokenizer,
            rules: rules(music, segment, asked, key, own),
            first: if asked.must_play {
                First::Must
            } else {
                first(music, own, segment)
            },
            motif: motif.as_ref(),
            looseness: Looseness::from_adventure(controls.adventure),
            trust: 1.0,
            rng: stream(controls, segment.bar.number, segment.start, (music.roll, 0)),
            origin: sequence.steps[0].bar.start,
            state,
            cache,
            notes: Vec::new(),
        };
        let writing = write(&blank, &asked.avoid, out);
        self.refused = writing.refused;
        self.surprise = writing.surprise;
        writing.notes
    }

    /// The state after `steps`. A correction goes on from the prefix that its bar was planned with; all
    /// else is computed anew, so that the result depends on the steps and not on what came before.
    fn take_steps(&mut self, steps: &[Step], correction: bool) -> (Tensor<2>, Cache) {
        let known = self.prefix.steps.len();
        let origin = steps[0].bar.start;
        if correction && known > 0 && steps.len() > known && steps[..known] == self.prefix.steps {
            let mut cache = self.prefix.cache.clone();
            let mut state = None;
            for step in &steps[known..] {
                state = Some(self.decoder.one_step(step, origin, &mut cache));
            }
            return (state.expect("there is a step more"), cache);
        }
        let mut cache = Cache::default();
        let state = self.decoder.steps(steps, origin, &mut cache);
        self.prefix = Prefix {
            steps: steps.to_vec(),
            cache: cache.clone(),
        };
        (state, cache)
    }
}

/// Writes the segment that `blank` stands before, anew while it would be stuck. Notes that can't be thrown
/// away any more go to `out`.
fn write<'a>(
    blank: &Writing<'a>,
    avoid: &[Option<&[Note]>],
    out: &mut dyn FnMut(Note),
) -> Writing<'a> {
    let (music, segment) = (blank.music, blank.segment);
    let controls = music.controls;
    let loops = may_be_stuck(music, segment);
    let recites = controls.role == Role::Continue && recites(music, segment);
    let drone = drone(music, segment);
    let certain = !loops && drone.is_none() && avoid.iter().all(Option::is_none);
    let most = if controls.rhythm == Rhythm::Free {
        MAX_NOTES
    } else {
        MAX_FILLED
    };
    let mut attempt = 0;
    loop {
        let chance = (music.roll, attempt);
        let mut rng = stream(controls, segment.bar.number, segment.start, chance);
        let other_take = controls.take > 0 && rng.random_bool(0.5);
        let fresh = music.roll > 0 || other_take || recites;
        // A drum part is its repetition.
        let trusts = !fresh || controls.role == Role::Drums;
        let looseness = if other_take {
            blank
                .looseness
                .at_least(Looseness::from_adventure(OTHER_TAKE))
        } else {
            blank.looseness
        };
        let mut writing = Writing {
            looseness: looseness.loosened(attempt),
            trust: if trusts { 1.0 } else { FRESH_TRUST },
            rng,
            ..blank.clone()
        };
        let mut told = 0;
        while writing.notes.len() < most && writing.note().is_some() {
            // The next onset may still shorten what the last one struck.
            let newest = writing.notes.last().map(|note| note.onset);
            while certain && Some(writing.notes[told].onset) < newest {
                out(writing.notes[told]);
                told += 1;
            }
        }
        let stuck = loops && is_stuck(music, segment, &writing.notes)
            || drone.is_some_and(|key| lies_on(&writing.notes) == Some(key));
        if !stuck && !is_among(avoid, segment, &writing.notes) || attempt == REDRAWS {
            writing.notes[told..].iter().for_each(|note| out(*note));
            return writing;
        }
        attempt += 1;
    }
}

/// The only key of some notes.
fn lies_on(notes: &[Note]) -> Option<u8> {
    let (first, rest) = notes.split_first()?;
    rest.iter()
        .all(|note| note.pitch == first.pitch)
        .then_some(first.pitch)
}

/// The key on which a line has lain for [`DRONE`] bars while what is heard moved: no line stays there for ever. One
/// that is asked to, by its range or its motion, may.
fn drone(music: &Music, segment: &Segment) -> Option<u8> {
    let (bar, controls) = (segment.bar, music.controls);
    let line = matches!(controls.role, Role::Continue | Role::Bass | Role::Counter);
    let (lowest, highest) = controls.range();
    if !line || !segment.is_whole_bar() || controls.motion != Motion::Free || highest - lowest < 12
    {
        return None;
    }
    let from = bar.start - DRONE * bar.ticks;
    let heard = between(music.heard, from, bar.start);
    let heard: PitchClassSet = heard.iter().map(|note| note.pitch).collect();
    let own = between(music.own, from, bar.start);
    let long = own
        .first()
        .is_some_and(|first| first.onset < from + bar.ticks);
    lies_on(own).filter(|_| long && own.len() as i64 >= DRONE && heard.len() > 2)
}

/// Whether the last [`RECITED`] bars of the melody are some that went before, one after the other.
fn recites(music: &Music, segment: &Segment) -> bool {
    let bar = segment.bar;
    let melody = |back: i64| {
        let from = bar.start - back * bar.ticks;
        places(music.own, from, from + bar.ticks)
    };
    let last: Vec<_> = (1..=RECITED).map(melody).collect();
    let returned = |ago: i64| {
        let mut bars = (1..).zip(&last);
        bars.all(|(back, places)| *places == melody(back + ago))
    };
    last.iter().all(|places| !places.is_empty())
        && !(1..PHRASE).any(returned)
        && (PHRASE..=MAX_CONTEXT_BARS).any(returned)
}

/// Whether the same bar has sounded as often as it may, and what is heard moves on, or nothing is heard, so
/// that once more would be too often. Drums may.
fn may_be_stuck(music: &Music, segment: &Segment) -> bool {
    let bar = segment.bar;
    let first = bar.start - (STUCK - 1) * bar.ticks;
    let Controls { role, motion, .. } = *music.controls;
    // A figure that was asked for goes on.
    if role == Role::Drums
        || motion.counts_for(role)
        || !segment.is_whole_bar()
        || first < music.since
    {
        return false;
    }
    let played = |notes, back| {
        let from = bar.start - back * bar.ticks;
        places(notes, from, from + bar.ticks)
    };
    let loops = |notes| {
        let last = played(notes, 1);
        (2..STUCK).all(|back| played(notes, back) == last)
    };
    let heard_something = !played(music.heard, 1).is_empty();
    loops(music.own) && !(heard_something && loops(music.heard))
}

/// Whether `notes` would make one bar sound for the [`STUCK`]th time in a row, where that may be.
fn is_stuck(music: &Music, segment: &Segment, notes: &[Note]) -> bool {
    let bar = segment.bar;
    !notes.is_empty()
        && places(notes, segment.start, segment.end)
            == places(music.own, bar.start - bar.ticks, bar.start)
}

/// Whether `notes` are one of those to be avoided, be they longer or louder.
fn is_among(avoid: &[Option<&[Note]>], segment: &Segment, notes: &[Note]) -> bool {
    let places = |notes| places(notes, segment.start, segment.end);
    let mut others = avoid.iter().flatten().map(|other| places(other));
    others.any(|other| !other.is_empty() && other == places(notes))
}

/// The whole bars before `segment` that serve as context, oldest first: as many as fit.
fn context(music: &Music, segment: &Segment) -> Vec<Segment> {
    let ahead = segment.horizon > segment.start;
    let mut bars = Vec::new();
    let mut steps = 0;
    let mut end = segment.bar.start;
    while end > music.since && (bars.len() as i64) < MAX_CONTEXT_BARS {
        let bar = Bar::containing(music.grid, end - 1);
        let in_bar = |notes| between(notes, bar.start, bar.end());
        steps += 1 + slices(in_bar(music.heard)) + in_bar(music.own).len();
        if steps > MAX_CONTEXT {
            break;
        }
        bars.push(Segment {
            bar,
            start: bar.start,
            end: bar.end(),
            // Past bars are told as the present one is: with what was heard in them, or before it.
            horizon: if ahead { bar.end() } else { bar.start - LEAD },
        });
        end = bar.start;
    }
    bars.reverse();
    bars
}

/// How long before its start a segment is decided, in ticks: a quarter.
pub const LEAD: i64 = 24;

/// How much a note is wanted at the start of `segment`, after the part so far. Nobody who asked for music
/// wants to wait for more than a bar while there is something to play to.
fn first(music: &Music, own: &[Note], segment: &Segment) -> First {
    let (start, bar) = (segment.start, segment.bar.ticks);
    let sounds = |notes: &[Note], from: Tick| notes.iter().any(|note| note.end() > from);
    if start != segment.bar.start || !listens(music, own, segment) || sounds(own, start) {
        First::May
    } else if own.is_empty() || sounds(own, start - bar) {
        First::Should
    } else {
        First::Must
    }
}

/// Whether there lately was something to play to.
fn listens(music: &Music, own: &[Note], segment: &Segment) -> bool {
    let (start, bar) = (segment.start, segment.bar.ticks);
    let heard = between(music.heard, start - 4 * bar, segment.horizon);
    match music.controls.role {
        Role::Continue => !own.is_empty(),
        _ => heard.iter().any(|note| note.end() > start - bar),
    }
}

/// What may be played in `segment`.
fn rules(music: &Music, segment: &Segment, asked: &Asked, key: Option<Key>, own: &[Note]) -> Rules {
    let controls = music.controls;
    let rules = Rules::new(controls, &segment.bar, key, own).denser(stir(music, segment));
    // A guessed bass is silent anyway while nobody plays; a drummer counts a song in.
    let begins = match controls.role {
        Role::Bass => segment.horizon <= segment.start,
        Role::Drums => between(music.heard, music.since, segment.horizon).is_empty(),
        Role::Continue | Role::Chords | Role::Counter => false,
    };
    let rules = if begins || listens(music, own, segment) {
        rules
    } else {
        rules.waiting()
    };
    // A correction cuts off what clashes.
    let place = (segment.start - segment.bar.start) as usize;
    let corrects = !asked.earlier.is_empty();
    match rules.grid().filter(|_| corrects) {
        Some(grid) if grid.wait(place, &segment.bar) > LATE => rules.struck_anew(place),
        _ => rules,
    }
}

/// Ticks that a part may wait for the next place of its rhythm after a correction: a quarter.
const LATE: usize = 24;

/// How many times likelier the notes of a second voice are to be because the music that it goes with is denser:
/// from scores the network has learnt to fill up slow tunes, but who plays sparsely wants a sparse answer. 1 at
/// an onset a quarter, the usual in songs.
fn stir(music: &Music, segment: &Segment) -> f32 {
    /// Factor for each doubling of the onsets.
    const PER_DOUBLING: f32 = 1.4;
    const MOST: f32 = 2.0;
    let from = (segment.bar.start - 4 * segment.bar.ticks).max(music.since);
    let to = segment.horizon.min(segment.bar.end());
    let onsets = slices(between(music.heard, from, to));
    if music.controls.role != Role::Counter || onsets == 0 {
        return 1.0;
    }
    let quarters = (to - from) as f32 / TICKS_PER_QUARTER as f32;
    let doublings = (onsets as f32 / quarters).log2();
    PER_DOUBLING.powf(doublings).clamp(1.0 / MOST, MOST)
}

/// The key that the music of `segment` is in, as far as it is known.
#[must_use]
pub fn key_of(music: &Music, segment: &Segment) -> Option<Key> {
    // A melody alone has its key in itself; an accompaniment follows what it hears.
    let melody = match music.controls.role {
        Role::Continue => {
            let from = segment.bar.start - MAX_CONTEXT_BARS * segment.bar.ticks;
            between(music.own, from, segment.start)
        }
        _ => &[],
    };
    Key::find(lately(music, segment).iter().chain(melody))
}

/// How far the network's keys lie above the notes' from `from` on, of which what is heard before `known` and our
/// own part before `bar` tell. Of an accompaniment not more notes count than were heard: what was guessed wrongly
/// must not outvote them.
fn shift(music: &Music, from: Tick, known: Tick, bar: Tick) -> i8 {
    let role = music.controls.role;
    let heard = between(music.heard, from, known);
    let own = between(music.own, from, bar);
    if role == Role::Continue || own.len() <= heard.len() || heard.is_empty() {
        return shift_to_c(role, heard, own);
    }
    let every = own.len().div_ceil(heard.len());
    let some: Vec<Note> = own.iter().step_by(every).copied().collect();
    shift_to_c(role, heard, &some)
}

/// The heard notes of the last bars before the horizon.
fn lately<'a>(music: &Music<'a>, segment: &Segment) -> &'a [Note] {
    let from = segment.bar.start - 8 * segment.bar.ticks;
    between(music.heard, from, segment.horizon)
}
