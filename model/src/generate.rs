//! One segment of new music: steps in, notes out. The plugin, the command line and the evaluation all
//! come through here.

use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    chord::Key,
    constrain::Rules,
    controls::{Controls, Role},
    harmony::Bar,
    network::{Cache, Rotary, proposals},
    note::{Note, between},
    sample::{Looseness, draw, stream},
    time::{BarGrid, Tick},
    token::{DURATIONS, END, ONSETS, PITCHES, VELOCITIES, heads, inputs},
    tokenizer::{Fields, HeadRow, Scene, Segment, Sequence, Step, Tokenizer, shift_to_c, slices},
    weights::{Weights, WeightsError},
};

/// Steps of context at the most; training saw 320 with the segment itself.
const MAX_CONTEXT: usize = 272;
/// Bars of context at the most.
const MAX_CONTEXT_BARS: i64 = 16;
/// Notes in one segment at the most: a safety net far above any human bar.
const MAX_NOTES: usize = 96;

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
}

/// How much of what the network wanted the masks took: onsets, pitches, durations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Refused {
    probability: [f64; 3],
    decisions: [u64; 3],
}

impl Refused {
    fn add(&mut self, field: usize, wanted: &[f32], allowed: &[f32]) {
        let highest = wanted.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weight = |logit: f32| f64::from((logit - highest).exp());
        let total: f64 = wanted.iter().map(|logit| weight(*logit)).sum();
        let taken: f64 = wanted
            .iter()
            .zip(allowed)
            .filter(|(_, allowed)| **allowed == f32::NEG_INFINITY)
            .map(|(wanted, _)| weight(*wanted))
            .sum();
        self.probability[field] += taken / total;
        self.decisions[field] += 1;
    }

    /// What came since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            probability: std::array::from_fn(|i| self.probability[i] - before.probability[i]),
            decisions: std::array::from_fn(|i| self.decisions[i] - before.decisions[i]),
        }
    }

    /// Mean probability of what was refused, per field; 0 of nothing.
    #[must_use]
    pub fn shares(&self) -> [f64; 3] {
        std::array::from_fn(|i| self.probability[i] / self.decisions[i].max(1) as f64)
    }
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
    weights: Weights,
    device: Device,
    /// The context of the last bar that was planned: a correction goes on from it.
    prefix: Prefix,
    refused: Refused,
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

    /// A generator with these weights, which live on `device`.
    #[must_use]
    pub fn new(weights: Weights, device: Device) -> Self {
        Self {
            weights,
            device,
            prefix: Prefix::default(),
            refused: Refused::default(),
        }
    }

    /// What the masks took of all that it wrote so far.
    #[must_use]
    pub fn refused(&self) -> Refused {
        self.refused
    }

    /// Its weights.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Writes the notes of `segment`, which follows `earlier` segments of the same bar; sorted by onset
    /// and pitch. The same music, segment and controls give the same notes.
    /// With `must_play` at least one note comes, where the range allows any.
    pub fn segment(
        &mut self,
        music: &Music,
        earlier: &[Segment],
        segment: &Segment,
        must_play: bool,
    ) -> Vec<Note> {
        let controls = music.controls;
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
            shift: shift_to_c(
                controls.role,
                between(music.heard, from, known),
                between(music.own, from, segment.bar.start),
            ),
        };
        let mut tokenizer = Tokenizer::new(scene, from);
        for past in context.iter().chain(earlier) {
            tokenizer.push(past, &mut sequence);
        }
        tokenizer.open(segment, &mut sequence.steps);
        let (mut state, mut cache) = self.take_steps(&sequence.steps, !earlier.is_empty());

        let lately = lately(music, segment);
        let rules = Rules::new(controls, Key::find(lately), lately);
        let looseness = Looseness::from_adventure(controls.adventure);
        let mut rng = stream(controls, segment.bar.number, segment.start);
        let origin = sequence.steps[0].bar.start;
        let network = self.weights.network.clone();
        let mut notes: Vec<Note> = Vec::new();
        while notes.len() < MAX_NOTES {
            let echoes = tokenizer.echoes().onsets(segment, notes.last());
            let mut logits = numbers(
                network.onset_logits(state.clone(), proposals(&[echoes], ONSETS, &self.device)),
            );
            let wanted = logits.clone();
            rules.onsets(&mut logits, segment, &notes);
            self.refused.add(0, &wanted, &logits);
            if must_play && notes.is_empty() {
                logits[END] = f32::NEG_INFINITY;
            }
            let Some(onset) = draw(&logits, looseness, &mut rng).filter(|class| *class != END)
            else {
                break;
            };
            let at = segment.bar.start + onset as i64;
            let harmony = tokenizer.harmony_at(segment, at);
            let echoes = tokenizer.echoes().note(segment, at, notes.last());
            let ceiling = ceiling(music, segment, at);
            let mut row = HeadRow::new(
                controls.role,
                &segment.bar,
                onset,
                &tokenizer.seen(harmony),
            );

            let logits = network.pitch_logits(
                state.clone(),
                self.head_row(&row),
                proposals(&[echoes.pitches], PITCHES, &self.device),
            );
            let wanted = sounding_keys(&numbers(logits), tokenizer.own_shift());
            let mut logits = wanted.clone();
            rules.pitches(&mut logits, at, &notes, &harmony, ceiling);
            self.refused.add(1, &wanted, &logits);
            let Some(pitch) = draw(&logits, looseness, &mut rng) else {
                break;
            };
            row.set_pitch(pitch.saturating_add_signed(tokenizer.own_shift().into()));

            let mut logits = numbers(network.duration_logits(
                state.clone(),
                self.head_row(&row),
                proposals(&[echoes.durations], DURATIONS, &self.device),
            ));
            let wanted = logits.clone();
            rules.durations(&mut logits, segment, at);
            self.refused.add(2, &wanted, &logits);
            let duration = draw(&logits, looseness, &mut rng).unwrap_or(5);
            row.set_duration(duration);

            let logits = numbers(network.velocity_logits(
                state.clone(),
                self.head_row(&row),
                proposals(&[echoes.velocities], VELOCITIES, &self.device),
            ));
            let velocity = draw(&logits, looseness, &mut rng).unwrap_or(20);

            let note = Fields {
                onset,
                pitch,
                duration,
                velocity,
            }
            .note(&segment.bar);
            if controls.role.is_monophonic()
                && let Some(last) = notes.last_mut()
            {
                last.duration = last.duration.min(note.onset - last.onset);
            }
            let step = tokenizer.own(segment, note, notes.last());
            notes.push(note);
            state = self.one_step(&step, origin, &mut cache);
        }
        notes
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
                state = Some(self.one_step(step, origin, &mut cache));
            }
            return (state.expect("there is a step more"), cache);
        }
        let mut cache = Cache::default();
        let state = self.network_step(steps, origin, &mut cache);
        self.prefix = Prefix {
            steps: steps.to_vec(),
            cache: cache.clone(),
        };
        (state, cache)
    }

    fn one_step(&self, step: &Step, origin: Tick, cache: &mut Cache) -> Tensor<2> {
        self.network_step(std::slice::from_ref(step), origin, cache)
    }

    fn network_step(&self, steps: &[Step], origin: Tick, cache: &mut Cache) -> Tensor<2> {
        let mut rows = vec![0.0; steps.len() * inputs::WIDTH];
        for (step, row) in steps.iter().zip(rows.chunks_exact_mut(inputs::WIDTH)) {
            step.write(row);
        }
        let positions: Vec<Tick> = steps.iter().map(|step| Tick(step.at() - origin)).collect();
        let rows = Tensor::from_data(
            TensorData::new(rows, [1, steps.len(), inputs::WIDTH]),
            &self.device,
        );
        let rotary = Rotary::new(&self.weights.config, &positions, 1, &self.device);
        self.weights.network.step(rows, &rotary, cache)
    }

    fn head_row(&self, row: &HeadRow) -> Tensor<2> {
        let data = TensorData::new(row.as_slice().to_vec(), [1, heads::WIDTH]);
        Tensor::from_data(data, &self.device)
    }
}

fn numbers(logits: Tensor<2>) -> Vec<f32> {
    logits
        .into_data()
        .try_to_vec()
        .expect("the network computes in f32")
}

/// Pitch logits as the network sees the keys, which is `shift` semitones higher, to logits of the keys that
/// sound.
fn sounding_keys(logits: &[f32], shift: i8) -> Vec<f32> {
    (0..logits.len())
        .map(|key| {
            key.checked_add_signed(shift.into())
                .and_then(|seen| logits.get(seen))
                .copied()
                .unwrap_or(f32::NEG_INFINITY)
        })
        .collect()
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

/// The heard notes of the last bars before the horizon.
fn lately<'a>(music: &Music<'a>, segment: &Segment) -> &'a [Note] {
    let from = segment.bar.start - 8 * segment.bar.ticks;
    between(music.heard, from, segment.horizon)
}

/// The lowest heard key around `at`, as far as the segment knows: a bar back, a beat on.
fn ceiling(music: &Music, segment: &Segment, at: Tick) -> Option<u8> {
    if music.controls.role != Role::Bass {
        return None;
    }
    let from = segment.bar.beat_start(at);
    let sounding = |from: Tick, to: Tick| {
        lately(music, segment)
            .iter()
            .filter(|note| note.onset < to && note.end() > from)
            .map(|note| note.pitch)
            .min()
    };
    sounding(from, from + segment.bar.beat).or_else(|| sounding(from - segment.bar.ticks, from))
}
