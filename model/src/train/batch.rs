//! Examples side by side as tensors, and their loss.

use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};
use serde::{Deserialize, Serialize};

use crate::{
    controls::Role,
    echo::{Classes, ECHOES, PITCH_ECHOES},
    network::{Network, NetworkConfig, Proposals, Rotary},
    time::Tick,
    token::{END, heads, inputs},
    tokenizer::{Fields, HeadRow, Next, Sequence, Step, StepKind, Target},
};

/// A sequence with what it may learn from.
pub struct Example {
    /// Steps and targets.
    pub sequence: Sequence,
    /// Whether its velocities say anything.
    pub velocity: bool,
}

/// Nats summed over targets, field by field, with their counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loss {
    /// Onset (and end of segment), pitch, duration, velocity.
    pub nats: [f64; 4],
    /// Own notes.
    pub notes: f64,
}

impl Loss {
    /// Bits per note of one field.
    #[must_use]
    pub fn bits(&self, field: usize) -> f64 {
        self.nats[field] / self.notes.max(1.0) / std::f64::consts::LN_2
    }

    /// Nats per note of onset, pitch and duration together.
    #[must_use]
    pub fn nats_per_note(&self) -> f64 {
        self.nats[..3].iter().sum::<f64>() / self.notes.max(1.0)
    }

    /// What `examples` cost, `at_once` of them side by side.
    #[must_use]
    pub fn of(
        examples: &[Example],
        at_once: usize,
        tokens: Tokens,
        network: &Network,
        config: &NetworkConfig,
        device: &Device,
    ) -> Self {
        let mut sum = Self::default();
        for part in examples.chunks(at_once) {
            if let Some(batch) = Batch::new(part, tokens) {
                sum.add(&batch.loss(network, config, device).1);
            }
        }
        sum
    }

    /// Adds the sums of another.
    pub fn add(&mut self, other: &Self) {
        for (sum, nats) in self.nats.iter_mut().zip(other.nats) {
            *sum += nats;
        }
        self.notes += other.notes;
    }
}

/// How much a velocity counts beside the other fields in training: it is heard last.
const VELOCITY_WEIGHT: f64 = 0.25;

/// One field of all notes that are asked for: the classes and what the echoes propose.
#[derive(Default)]
struct Field<const K: usize> {
    classes: Vec<i32>,
    echoes: Vec<Classes<K>>,
}

impl<const K: usize> Field<K> {
    fn push(&mut self, class: usize, echoes: Classes<K>) {
        self.classes.push(class as i32);
        self.echoes.push(echoes);
    }

    fn proposals(&self, device: &Device) -> Proposals {
        Proposals::new(&self.echoes, device)
    }

    /// Summed cross-entropy in nats of the classes under `logits` `[N, C]`.
    fn cross_entropy(self, logits: Tensor<2>, device: &Device) -> Tensor<1> {
        let count = self.classes.len();
        let classes: Tensor<2, Int> =
            Tensor::from_data(TensorData::new(self.classes, [count, 1]), device);
        log_softmax(logits, 1).gather(1, classes).sum().neg()
    }
}

/// How notes become rows of the network's input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tokens {
    /// A row a note, whose fields the heads write one after the other: what plays.
    #[default]
    Notes,
    /// A row a field, each written by its head from the network's state alone: for comparison. Such a network
    /// plays nothing, so its weights are not kept.
    Flat,
}

impl Tokens {
    /// Rows of a step.
    fn rows(self, step: &Step) -> usize {
        match (self, step.kind) {
            (Self::Flat, StepKind::Own(_)) => FIELDS.len(),
            _ => 1,
        }
    }
}

/// What the rows of a flat note tell anew, in order, after its onset; the last tells how echoes held too.
const FIELDS: [&[std::ops::Range<usize>]; 4] = [
    &[],
    &[inputs::OWN_PITCH, inputs::OWN_CLASS],
    &[inputs::OWN_DURATION],
    &[inputs::OWN_VELOCITY, inputs::MATCHES],
];

/// Some examples, padded to the longest: B sequences of T rows.
#[derive(Default)]
pub struct Batch {
    tokens: Tokens,
    sequences: usize,
    length: usize,
    /// `[B, T, inputs::WIDTH]`.
    rows: Vec<f32>,
    positions: Vec<Tick>,
    /// Rows after which an onset is asked.
    asked: Vec<i32>,
    onsets: Field<ECHOES>,
    /// Rows after which a pitch, a duration, a velocity is asked.
    asked_fields: [Vec<i32>; 3],
    /// `[N, heads::WIDTH]` for the N notes.
    head_rows: Vec<f32>,
    pitches: Field<PITCH_ECHOES>,
    durations: Field<ECHOES>,
    /// Those of the N notes whose velocity counts.
    with_velocity: Vec<i32>,
    velocities: Field<ECHOES>,
}

impl Batch {
    /// Puts examples side by side; `None` when no note is asked for.
    #[must_use]
    pub fn new(examples: &[Example], tokens: Tokens) -> Option<Self> {
        let rows = |example: &Example| -> usize {
            let steps = &example.sequence.steps;
            steps.iter().map(|step| tokens.rows(step)).sum()
        };
        let length = examples.iter().map(rows).max()?;
        let mut batch = Self {
            tokens,
            sequences: examples.len(),
            length,
            rows: vec![0.0; examples.len() * length * inputs::WIDTH],
            positions: vec![Tick(0); examples.len() * length],
            ..Self::default()
        };
        for (index, example) in examples.iter().enumerate() {
            batch.add(index * length, example);
        }
        (!batch.pitches.classes.is_empty()).then_some(batch)
    }

    /// Adds an example whose first step is row `first`.
    fn add(&mut self, first: usize, Example { sequence, velocity }: &Example) {
        let origin = sequence
            .steps
            .first()
            .map_or(Tick(0), |step| step.bar.start);
        // The first row of each step, and the row after the last.
        let mut firsts = vec![first];
        for step in &sequence.steps {
            let row = firsts[firsts.len() - 1];
            let rows = row..row + self.tokens.rows(step);
            self.positions[rows.clone()].fill(Tick(step.at() - origin));
            firsts.push(rows.end);
            self.write_step(step, rows);
        }
        // The last note that is asked for may have no step of its own, which a flat one is told in.
        let told = |target: &&Target| {
            self.tokens == Tokens::Notes
                || target.next.is_none()
                || target.step + 1 < sequence.steps.len()
        };
        let targets: Vec<&Target> = sequence.targets.iter().filter(told).collect();
        for target in targets {
            self.asked.push(firsts[target.step + 1] as i32 - 1);
            match &target.next {
                None => self.onsets.push(END, target.onsets),
                Some(next) => {
                    let rows = match self.tokens {
                        Tokens::Notes => [firsts[target.step]; 3],
                        Tokens::Flat => [0, 1, 2].map(|field| firsts[target.step + 1] + field),
                    };
                    let role = sequence.steps[target.step].role;
                    self.add_note(rows, role, target, next, *velocity);
                }
            }
        }
    }

    /// Writes a step into its rows: of a flat note each row knows one field more than the row before.
    fn write_step(&mut self, step: &Step, rows: std::ops::Range<usize>) {
        let flat = rows.len() > 1;
        for (index, row) in rows.enumerate() {
            let row = &mut self.rows[row * inputs::WIDTH..(row + 1) * inputs::WIDTH];
            step.write(row);
            let untold = FIELDS[index + 1..].iter().copied().flatten();
            for field in untold.filter(|_| flat) {
                row[field.clone()].fill(0.0);
            }
        }
    }

    fn add_note(
        &mut self,
        rows: [usize; 3],
        role: Role,
        target: &Target,
        next: &Next,
        velocity: bool,
    ) {
        let bar = &target.segment.bar;
        let fields = Fields::of(&next.note, bar);
        let mut head_row = HeadRow::new(role, bar, fields.onset, &next.harmony);
        head_row.set_pitch(fields.pitch);
        head_row.set_duration(fields.duration);
        match self.tokens {
            Tokens::Notes => self.head_rows.extend_from_slice(head_row.as_slice()),
            Tokens::Flat => self.head_rows.extend([0.0; heads::WIDTH]),
        }
        self.onsets.push(fields.onset, target.onsets);
        if velocity {
            self.with_velocity.push(self.pitches.classes.len() as i32);
            self.velocities
                .push(fields.velocity, next.echoes.velocities);
        }
        self.pitches.push(fields.pitch, next.echoes.pitches);
        self.durations.push(fields.duration, next.echoes.durations);
        for (asked, row) in self.asked_fields.iter_mut().zip(rows) {
            asked.push(row as i32);
        }
    }

    /// The loss: the tensor to learn from, divided by the number of targets, and the numbers.
    #[must_use]
    pub fn loss(
        self,
        network: &Network,
        config: &NetworkConfig,
        device: &Device,
    ) -> (Tensor<1>, Loss) {
        let ints = |values: Vec<i32>| -> Tensor<1, Int> {
            let count = values.len();
            Tensor::from_data(TensorData::new(values, [count]), device)
        };
        let number = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
        let (targets, notes) = (self.asked.len(), self.pitches.classes.len());
        let shape = [self.sequences, self.length, inputs::WIDTH];
        let rows = Tensor::from_data(TensorData::new(self.rows, shape), device);
        let rotary = Rotary::new(config, &self.positions, self.sequences, device);
        let states = network
            .forward(rows, &rotary)
            .reshape([self.sequences * self.length, config.width]);
        let proposed = self.onsets.proposals(device);
        let logits = network.onset_logits(states.clone().select(0, ints(self.asked)), proposed);
        let onset = self.onsets.cross_entropy(logits, device);

        let [pitch_rows, duration_rows, velocity_rows] = self.asked_fields;
        let after = |rows: Vec<i32>| states.clone().select(0, ints(rows));
        let head_rows: Tensor<2> = Tensor::from_data(
            TensorData::new(self.head_rows, [notes, heads::WIDTH]),
            device,
        );
        let proposed = self.pitches.proposals(device);
        let logits = network.pitch_logits(after(pitch_rows), head_rows.clone(), proposed);
        let pitch = self.pitches.cross_entropy(logits, device);
        let proposed = self.durations.proposals(device);
        let logits = network.duration_logits(after(duration_rows), head_rows.clone(), proposed);
        let duration = self.durations.cross_entropy(logits, device);
        let mut total = onset.clone() + pitch.clone() + duration.clone();
        let mut velocity_nats = 0.0;
        if !self.with_velocity.is_empty() {
            let chosen = ints(self.with_velocity);
            let proposed = self.velocities.proposals(device);
            let logits = network.velocity_logits(
                after(velocity_rows).select(0, chosen.clone()),
                head_rows.select(0, chosen),
                proposed,
            );
            let velocity = self.velocities.cross_entropy(logits, device);
            velocity_nats = number(velocity.clone());
            total = total + velocity * VELOCITY_WEIGHT;
        }
        let numbers = Loss {
            nats: [
                number(onset),
                number(pitch),
                number(duration),
                velocity_nats,
            ],
            notes: notes as f64,
        };
        (total / targets as f64, numbers)
    }
}
