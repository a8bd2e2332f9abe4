//! The transformer: a pre-norm decoder with rotary positions in musical time, one step per note.
//!
//! Rotary embedding (Su et al. 2021, "RoFormer") turns by the step's place in the song rather than by its
//! index, so "the same place a bar ago" is the same angle whatever lies between. The feed-forward layer is
//! squared ReLU (So et al. 2021, "Primer"), norms are RMS norms (Zhang and Sennrich 2019).
//!
//! Shapes: B sequences, T steps, D model width, H heads, N targets.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig, RmsNorm, RmsNormConfig},
    tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData, activation::softmax},
};
use serde::{Deserialize, Serialize};

use crate::{
    echo::{Classes, ECHOES, PITCH_ECHOES},
    time::Tick,
    token::{DURATIONS, ONSETS, PITCHES, VELOCITIES, heads, inputs},
};

/// Sizes of a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkConfig {
    /// Model width D; divides by `heads` into an even number.
    pub width: usize,
    /// Transformer layers.
    pub layers: usize,
    /// Attention heads H.
    pub heads: usize,
    /// Width of the feed-forward layer.
    pub feed_forward: usize,
    /// Hidden width of each field's head.
    pub head_width: usize,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            width: 192,
            layers: 4,
            heads: 4,
            feed_forward: 768,
            head_width: 128,
        }
    }
}

impl NetworkConfig {
    /// Whether a network can have these sizes. What lies beyond comes from a damaged file, and would ask for
    /// more memory than there is.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let within = |size: usize, most: usize| (1..=most).contains(&size);
        within(self.width, 1024)
            && within(self.layers, 32)
            && within(self.heads, self.width)
            && self.width.is_multiple_of(2 * self.heads)
            && within(self.feed_forward, 4096)
            && within(self.head_width, 1024)
    }

    /// How many numbers such a network has.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let Self {
            width,
            layers,
            feed_forward,
            head_width,
            ..
        } = *self;
        let block = 2 * width + 4 * width * width + 2 * width * feed_forward;
        let head = |sees: usize, echoes: usize, classes: usize| {
            head_width * (width + sees + classes + echoes) + head_width + classes + echoes
        };
        (inputs::WIDTH + 1) * width
            + layers * block
            + width
            + (width + 1) * (ONSETS + ECHOES)
            + head(heads::PITCH_SEES, PITCH_ECHOES, PITCHES)
            + head(heads::DURATION_SEES, ECHOES, DURATIONS)
            + head(heads::WIDTH, ECHOES, VELOCITIES)
    }
}

/// Shortest and longest period of the rotary positions, in ticks: a sixteenth and 32 bars of 4/4.
const ROTARY_PERIODS: (f64, f64) = (6.0, 3072.0);

/// Cosines and sines of a row of positions, each `[B, 1, T, D / H / 2]`.
#[derive(Clone, Debug)]
pub struct Rotary {
    cos: Tensor<4>,
    sin: Tensor<4>,
}

impl Rotary {
    /// The angles at `positions`, B rows of T ticks each.
    ///
    /// # Panics
    /// When `positions` is not a multiple of `batch`.
    #[must_use]
    pub fn new(config: &NetworkConfig, positions: &[Tick], batch: usize, device: &Device) -> Self {
        let pairs = config.width / config.heads / 2;
        let steps = positions.len() / batch;
        assert_eq!(steps * batch, positions.len(), "rows of equal length");
        let (shortest, longest) = ROTARY_PERIODS;
        let frequencies: Vec<f64> = (0..pairs)
            .map(|pair| {
                let share = pair as f64 / (pairs - 1).max(1) as f64;
                std::f64::consts::TAU / (shortest * (longest / shortest).powf(share))
            })
            .collect();
        let mut cos = Vec::with_capacity(positions.len() * pairs);
        let mut sin = Vec::with_capacity(positions.len() * pairs);
        for at in positions {
            for frequency in &frequencies {
                let (s, c) = (at.0 as f64 * frequency).sin_cos();
                cos.push(c as f32);
                sin.push(s as f32);
            }
        }
        let shape = [batch, 1, steps, pairs];
        Self {
            cos: Tensor::from_data(TensorData::new(cos, shape), device),
            sin: Tensor::from_data(TensorData::new(sin, shape), device),
        }
    }

    /// Turns `[B, H, T, D / H]` to its positions.
    fn turn(&self, x: Tensor<4>) -> Tensor<4> {
        let halves = x.chunk(2, 3);
        let (a, b) = (halves[0].clone(), halves[1].clone());
        let (cos, sin) = (self.cos.clone(), self.sin.clone());
        Tensor::cat(
            vec![
                a.clone() * cos.clone() - b.clone() * sin.clone(),
                a * sin + b * cos,
            ],
            3,
        )
    }
}

/// Keys and values of the steps so far, per layer `[1, H, steps, D / H]`.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    layers: Vec<(Tensor<4>, Tensor<4>)>,
}

#[derive(Module, Debug)]
struct Block {
    attention_norm: RmsNorm,
    queries_keys_values: Linear,
    attention_out: Linear,
    feed_forward_norm: RmsNorm,
    feed_forward_in: Linear,
    feed_forward_out: Linear,
}

/// One field's head: two layers over the state and the fields written before, plus trust in the echoes.
#[derive(Module, Debug)]
struct Head {
    from_state: Linear,
    from_fields: Linear,
    out: Linear,
    trust: Linear,
}

/// Which class each of K echoes proposes for N notes.
#[derive(Clone, Debug)]
pub struct Proposals {
    /// `[N, K]`; any class where nothing is proposed.
    classes: Tensor<2, Int>,
    /// `[N, K]`: 1 where something is proposed, or how much of the trust in it counts; else 0.
    present: Tensor<2>,
}

impl Proposals {
    /// The proposals of N rows of echoes.
    #[must_use]
    pub fn new<const K: usize>(echoes: &[Classes<K>], device: &Device) -> Self {
        let shape = [echoes.len(), K];
        let all = || echoes.iter().flatten();
        let classes: Vec<i32> = all().map(|class| class.unwrap_or(0).into()).collect();
        let present: Vec<f32> = all().map(|class| f32::from(class.is_some())).collect();
        Self {
            classes: Tensor::from_data(TensorData::new(classes, shape), device),
            present: Tensor::from_data(TensorData::new(present, shape), device),
        }
    }

    /// The same with this share of the trust in them.
    #[must_use]
    pub fn trusted(self, share: f32) -> Self {
        Self {
            present: self.present * share,
            ..self
        }
    }

    /// `logits` `[N, classes]`, raised by `trust` `[N, K]` where the echoes point.
    fn raise(self, logits: Tensor<2>, trust: Tensor<2>) -> Tensor<2> {
        logits.scatter(1, self.classes, trust * self.present, IndexingUpdateOp::Add)
    }
}

/// The network.
#[derive(Module, Debug)]
pub struct Network {
    input: Linear,
    blocks: Vec<Block>,
    norm: RmsNorm,
    onset: Linear,
    onset_trust: Linear,
    pitch: Head,
    duration: Head,
    velocity: Head,
    #[module(skip)]
    heads: usize,
}

fn linear(from: usize, to: usize, bias: bool, device: &Device) -> Linear {
    LinearConfig::new(from, to).with_bias(bias).init(device)
}

impl Block {
    fn new(config: &NetworkConfig, device: &Device) -> Self {
        let width = config.width;
        Self {
            attention_norm: RmsNormConfig::new(width).init(device),
            queries_keys_values: linear(width, 3 * width, false, device),
            attention_out: linear(width, width, false, device),
            feed_forward_norm: RmsNormConfig::new(width).init(device),
            feed_forward_in: linear(width, config.feed_forward, false, device),
            feed_forward_out: linear(config.feed_forward, width, false, device),
        }
    }

    /// `x` is `[B, T, D]`; `mask` is added to the scores `[B, H, T, S]`; `cached` is extended by the new
    /// keys and values.
    fn forward(
        &self,
        x: Tensor<3>,
        heads: usize,
        rotary: &Rotary,
        mask: Option<&Tensor<4>>,
        cached: Option<&mut (Tensor<4>, Tensor<4>)>,
    ) -> Tensor<3> {
        let [batch, steps, width] = x.dims();
        let head_width = width / heads;
        let qkv = self
            .queries_keys_values
            .forward(self.attention_norm.forward(x.clone()))
            .reshape([batch, steps, 3 * heads, head_width])
            .swap_dims(1, 2);
        // Queries and keys turn together.
        let turned = rotary.turn(qkv.clone().narrow(1, 0, 2 * heads));
        let q = turned.clone().narrow(1, 0, heads);
        let mut k = turned.narrow(1, heads, heads);
        let mut v = qkv.narrow(1, 2 * heads, heads);
        if let Some((keys, values)) = cached {
            k = Tensor::cat(vec![keys.clone(), k], 2);
            v = Tensor::cat(vec![values.clone(), v], 2);
            *keys = k.clone();
            *values = v.clone();
        }
        let scale = (head_width as f64).powf(-0.5);
        let mut scores = (q * scale).matmul(k.swap_dims(2, 3));
        if let Some(mask) = mask {
            scores = scores + mask.clone();
        }
        let mixed = softmax(scores, 3)
            .matmul(v)
            .swap_dims(1, 2)
            .reshape([batch, steps, width]);
        let x = x + self.attention_out.forward(mixed);
        let inner = self
            .feed_forward_in
            .forward(self.feed_forward_norm.forward(x.clone()));
        let inner = burn::tensor::activation::relu(inner);
        x + self.feed_forward_out.forward(inner.clone() * inner)
    }
}

impl Head {
    fn new(
        config: &NetworkConfig,
        sees: usize,
        echoes: usize,
        classes: usize,
        device: &Device,
    ) -> Self {
        Self {
            from_state: linear(config.width, config.head_width, true, device),
            from_fields: linear(sees, config.head_width, false, device),
            out: linear(config.head_width, classes, true, device),
            trust: linear(config.head_width, echoes, true, device),
        }
    }

    /// Logits `[N, classes]` from states `[N, D]`, the fields seen `[N, sees]` and the echoes' proposals.
    fn forward(&self, state: Tensor<2>, fields: Tensor<2>, proposals: Proposals) -> Tensor<2> {
        let hidden = self.from_state.forward(state) + self.from_fields.forward(fields);
        let hidden = burn::tensor::activation::relu(hidden);
        let trust = self.trust.forward(hidden.clone());
        proposals.raise(self.out.forward(hidden), trust)
    }
}

impl Network {
    /// A network with random weights.
    #[must_use]
    pub fn new(config: &NetworkConfig, device: &Device) -> Self {
        Self {
            input: linear(inputs::WIDTH, config.width, true, device),
            blocks: (0..config.layers)
                .map(|_| Block::new(config, device))
                .collect(),
            norm: RmsNormConfig::new(config.width).init(device),
            onset: linear(config.width, ONSETS, true, device),
            onset_trust: linear(config.width, ECHOES, true, device),
            pitch: Head::new(config, heads::PITCH_SEES, PITCH_ECHOES, PITCHES, device),
            duration: Head::new(config, heads::DURATION_SEES, ECHOES, DURATIONS, device),
            velocity: Head::new(config, heads::WIDTH, ECHOES, VELOCITIES, device),
            heads: config.heads,
        }
    }

    /// States `[B, T, D]` after whole rows of inputs `[B, T, inputs::WIDTH]`, each step seeing itself and
    /// those before.
    #[must_use]
    pub fn forward(&self, rows: Tensor<3>, rotary: &Rotary) -> Tensor<3> {
        let steps = rows.dims()[1];
        let mask = causal_mask(steps, &rows.device());
        let mut x = self.input.forward(rows);
        for block in &self.blocks {
            x = block.forward(x, self.heads, rotary, Some(&mask), None);
        }
        self.norm.forward(x)
    }

    /// The state `[D]` after the last of the given steps `[1, T, inputs::WIDTH]`, which follow those in
    /// `cache`; with a cache that is not empty T is 1.
    ///
    /// # Panics
    /// When several steps follow a cache that is not empty.
    #[must_use]
    pub fn step(&self, rows: Tensor<3>, rotary: &Rotary, cache: &mut Cache) -> Tensor<2> {
        let steps = rows.dims()[1];
        let device = rows.device();
        let mut x = self.input.forward(rows);
        let [_, _, width] = x.dims();
        if cache.layers.is_empty() {
            let empty = Tensor::empty([1, self.heads, 0, width / self.heads], &device);
            cache.layers = vec![(empty.clone(), empty); self.blocks.len()];
        } else {
            assert_eq!(steps, 1, "steps follow a cache one by one");
        }
        let mask = (steps > 1).then(|| causal_mask(steps, &device));
        for (block, cached) in self.blocks.iter().zip(&mut cache.layers) {
            x = block.forward(x, self.heads, rotary, mask.as_ref(), Some(cached));
        }
        let last = x.narrow(1, steps - 1, 1);
        self.norm.forward(last).reshape([1, width])
    }

    /// Onset logits `[N, ONSETS]` from states `[N, D]`.
    #[must_use]
    pub fn onset_logits(&self, states: Tensor<2>, proposals: Proposals) -> Tensor<2> {
        let trust = self.onset_trust.forward(states.clone());
        proposals.raise(self.onset.forward(states), trust)
    }

    /// Pitch logits `[N, PITCHES]`; `rows` are head rows `[N, heads::WIDTH]`.
    #[must_use]
    pub fn pitch_logits(
        &self,
        states: Tensor<2>,
        rows: Tensor<2>,
        proposals: Proposals,
    ) -> Tensor<2> {
        let seen = rows.narrow(1, 0, heads::PITCH_SEES);
        self.pitch.forward(states, seen, proposals)
    }

    /// Duration logits `[N, DURATIONS]`.
    #[must_use]
    pub fn duration_logits(
        &self,
        states: Tensor<2>,
        rows: Tensor<2>,
        proposals: Proposals,
    ) -> Tensor<2> {
        let seen = rows.narrow(1, 0, heads::DURATION_SEES);
        self.duration.forward(states, seen, proposals)
    }

    /// Velocity logits `[N, VELOCITIES]`.
    #[must_use]
    pub fn velocity_logits(
        &self,
        states: Tensor<2>,
        rows: Tensor<2>,
        proposals: Proposals,
    ) -> Tensor<2> {
        self.velocity.forward(states, rows, proposals)
    }
}

/// What is added to the score of a step that may not be looked at: e⁻⁸⁰ is nothing, and still a normal f32,
/// for which `exp` is fast.
const UNSEEN: f32 = -80.0;

/// 0 where a step may look, [`UNSEEN`] where it may not, `[1, 1, T, T]`.
fn causal_mask(steps: usize, device: &Device) -> Tensor<4> {
    let mut mask = vec![0.0f32; steps * steps];
    for (query, row) in mask.chunks_exact_mut(steps).enumerate() {
        row[query + 1..].fill(UNSEEN);
    }
    Tensor::from_data(TensorData::new(mask, [1, 1, steps, steps]), device)
}
