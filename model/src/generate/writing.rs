//! The notes of one segment, field by field: logits, masks, a draw.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::{Music, Refused, Surprise, lately};
use crate::{
    constrain::Rules,
    controls::Role,
    echo::Classes,
    harmony::Harmony,
    motif::Motif,
    network::{Cache, Proposals, Rotary},
    note::{Note, between},
    sample::{Looseness, draw},
    time::Tick,
    token::{END, heads, inputs},
    tokenizer::{Fields, HeadRow, Segment, Step, Tokenizer},
    weights::Weights,
};

/// How much less likely, in nats, a bar without any note is than the network thinks: somebody who asks for
/// notes has waited long enough when a bar goes by.
const EMPTY_BAR: f32 = 1.5;

/// The network with where it lives.
#[derive(Clone, Debug)]
pub struct Decoder {
    pub weights: Weights,
    pub device: Device,
}

impl Decoder {
    /// The state after `steps`, whose positions count from `origin`; `cache` is extended by them.
    pub fn steps(&self, steps: &[Step], origin: Tick, cache: &mut Cache) -> Tensor<2> {
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

    pub fn one_step(&self, step: &Step, origin: Tick, cache: &mut Cache) -> Tensor<2> {
        self.steps(std::slice::from_ref(step), origin, cache)
    }

    fn head_row(&self, row: &HeadRow) -> Tensor<2> {
        let data = TensorData::new(row.as_slice().to_vec(), [1, heads::WIDTH]);
        Tensor::from_data(data, &self.device)
    }
}

/// How much a first note is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// As the network likes.
    May,
    /// Rather than an empty bar.
    Should,
    /// In any case, where the range allows any.
    Must,
}

/// A segment while it is written.
#[derive(Clone)]
pub struct Writing<'a> {
    pub decoder: &'a Decoder,
    pub refused: Refused,
    pub surprise: Surprise,
    pub music: &'a Music<'a>,
    pub segment: &'a Segment,
    pub tokenizer: Tokenizer<'a>,
    pub rules: Rules,
    pub first: First,
    /// What is answered.
    pub motif: Option<&'a Motif>,
    pub looseness: Looseness,
    /// How much of the network's trust in echoes counts, 0..=1.
    pub trust: f32,
    pub rng: ChaCha8Rng,
    /// Where the network's positions count from.
    pub origin: Tick,
    /// The network's state after the last step, `[1, D]`.
    pub state: Tensor<2>,
    pub cache: Cache,
    /// What was written, sorted by onset and pitch.
    pub notes: Vec<Note>,
}

impl Writing<'_> {
    /// Writes the next note; `None` when the segment holds no further one.
    pub fn note(&mut self) -> Option<()> {
        let role = self.music.controls.role;
        let onset = self.onset()?;
        let at = self.segment.bar.start + onset as i64;
        let harmony = self.tokenizer.harmony_at(self.segment, at);
        let seen = self.tokenizer.seen(harmony);
        let mut row = HeadRow::new(role, &self.segment.bar, onset, &seen);
        let echoes = self.tokenizer.echoes().note(self.segment, at, &self.notes);
        let network = &self.decoder.weights.network;

        let proposed = self.proposals(echoes.pitches);
        let logits =
            network.pitch_logits(self.state.clone(), self.decoder.head_row(&row), proposed);
        let wanted = sounding_keys(&numbers(logits), self.tokenizer.own_shift());
        let mut logits = wanted.clone();
        let ceiling = ceiling(self.music, self.segment, at);
        let root = self.new_root(&harmony);
        self.rules
            .pitches(&mut logits, at, &self.notes, &harmony, ceiling, root);
        if let Some(motif) = self.motif {
            let before = self.notes.last().or_else(|| {
                let before = between(self.music.own, self.music.since, self.segment.start);
                before.last()
            });
            motif.pitches(&mut logits, at, before.map(|note| note.pitch));
        }
        self.refused.add(1, &wanted, &logits);
        let pitch = draw(&logits, self.looseness.of_keys(role), &mut self.rng)?;
        self.surprise.add(&wanted, pitch);
        row.set_pitch(pitch.saturating_add_signed(self.tokenizer.own_shift().into()));

        let proposed = self.proposals(echoes.durations);
        let logits =
            network.duration_logits(self.state.clone(), self.decoder.head_row(&row), proposed);
        let wanted = numbers(logits);
        let mut logits = wanted.clone();
        self.rules.durations(&mut logits, self.segment, at);
        if let Some(motif) = self.motif {
            motif.durations(&mut logits, at);
        }
        self.refused.add(2, &wanted, &logits);
        // A segment always has room for the shortest duration.
        let duration = draw(&logits, self.looseness, &mut self.rng)?;
        self.surprise.add(&wanted, duration);
        row.set_duration(duration);

        let proposed = self.proposals(echoes.velocities);
        let logits =
            network.velocity_logits(self.state.clone(), self.decoder.head_row(&row), proposed);
        let velocity = draw(&numbers(logits), self.looseness, &mut self.rng)?;

        let fields = Fields {
            onset,
            pitch,
            duration,
            velocity,
        };
        self.push(fields.note(&self.segment.bar));
        Some(())
    }

    /// The root of the chord of `harmony` when a bass has struck no note under it yet.
    fn new_root(&self, harmony: &Harmony) -> Option<u8> {
        if self.music.controls.role != Role::Bass {
            return None;
        }
        let (chord, since) = harmony.chords[1].zip(harmony.since)?;
        let before = between(self.music.own, since, self.segment.start);
        let first = before.is_empty() && self.notes.iter().all(|note| note.onset < since);
        first.then_some(chord.root)
    }

    fn proposals<const K: usize>(&self, echoes: Classes<K>) -> Proposals {
        Proposals::new(&[echoes], &self.decoder.device).trusted(self.trust)
    }

    /// Draws where the next note begins; `None` for [`END`].
    fn onset(&mut self) -> Option<usize> {
        let echoes = self.tokenizer.echoes().onsets(self.segment, &self.notes);
        let proposed = self.proposals(echoes);
        let network = &self.decoder.weights.network;
        let wanted = numbers(network.onset_logits(self.state.clone(), proposed));
        let mut logits = wanted.clone();
        self.rules.onsets(&mut logits, self.segment, &self.notes);
        if let Some(motif) = self.motif {
            let last = self.notes.last().map(|note| note.onset);
            motif.onsets(&mut logits, self.segment, last);
        }
        self.refused.add(0, &wanted, &logits);
        if self.notes.is_empty() {
            logits[END] -= match self.first {
                First::May => 0.0,
                First::Should => EMPTY_BAR,
                First::Must => f32::INFINITY,
            };
        }
        let class = draw(&logits, self.looseness, &mut self.rng)?;
        self.surprise.add(&wanted, class);
        (class != END).then_some(class)
    }

    /// Adds a note, and takes its step. The note or chord before ends where this one begins, but for drums.
    fn push(&mut self, note: Note) {
        if self.music.controls.role.strikes_anew() {
            let sounding = self
                .notes
                .iter_mut()
                .rev()
                .skip_while(|last| last.onset == note.onset);
            for last in sounding.take(5) {
                last.duration = last.duration.min(note.onset - last.onset);
            }
        }
        self.notes.push(note);
        let step = self.tokenizer.own(self.segment, &self.notes);
        self.state = self.decoder.one_step(&step, self.origin, &mut self.cache);
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
