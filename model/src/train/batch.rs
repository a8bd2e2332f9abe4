//! Examples side by side as tensors, and their loss.

use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};

use crate::{
    echo::{Classes, ECHOES, PITCH_ECHOES},
    network::{Network, NetworkConfig, Rotary, proposals},
    time::Tick,
    token::{DURATIONS, END, ONSETS, PITCHES, VELOCITIES, heads, inputs},
    tokenizer::{Fields, HeadRow, Next, Sequence, Target},
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

    fn proposals(&self, classes: usize, device: &Device) -> Tensor<3> {
        proposals(&self.echoes, classes, device)
    }

    /// Summed cross-entropy in nats of the classes under `logits` `[N, C]`.
    fn cross_entropy(self, logits: Tensor<2>, device: &Device) -> Tensor<1> {
        let count = self.classes.len();
        let classes: Tensor<2, Int> =
            Tensor::from_data(TensorData::new(self.classes, [count, 1]), device);
        log_softmax(logits, 1).gather(1, classes).sum().neg()
    }
}

/// Some examples, padded to the longest: B sequences of T steps.
#[derive(Default)]
pub struct Batch {
    sequences: usize,
    length: usize,
    /// `[B, T, inputs::WIDTH]`.
    rows: Vec<f32>,
    positions: Vec<Tick>,
    /// Rows after which an onset is asked.
    asked: Vec<i32>,
    onsets: Field<ECHOES>,
    /// Rows after which a note is asked.
    asked_notes: Vec<i32>,
    /// `[N, heads::WIDTH]` for the N notes.
    head_rows: Vec<f32>,
    pitches: Field<PITCH_ECHOES>,
    durations: Field<ECHOES>,
    /// Those of the notes whose velocity counts.
    with_velocity: Vec<i32>,
    velocities: Field<ECHOES>,
}

impl Batch {
    /// Puts examples side by side; `None` when no note is asked for.
    #[must_use]
    pub fn new(examples: &[Example]) -> Option<Self> {
        let length = examples
            .iter()
            .map(|example| example.sequence.steps.len())
            .max()?;
        let mut batch = Self {
            sequences: examples.len(),
            length,
            rows: vec![0.0; examples.len() * length * inputs::WIDTH],
            positions: vec![Tick(0); examples.len() * length],
            ..Self::default()
        };
        for (index, example) in examples.iter().enumerate() {
            batch.add(index * length, example);
        }
        (!batch.asked_notes.is_empty()).then_some(batch)
    }

    /// Adds an example whose first step is row `first`.
    fn add(&mut self, first: usize, Example { sequence, velocity }: &Example) {
        let origin = sequence
            .steps
            .first()
            .map_or(Tick(0), |step| step.bar.start);
        for (row, step) in (first..).zip(&sequence.steps) {
            step.write(&mut self.rows[row * inputs::WIDTH..(row + 1) * inputs::WIDTH]);
            self.positions[row] = Tick(step.at() - origin);
        }
        for target in &sequence.targets {
            let row = (first + target.step) as i32;
            self.asked.push(row);
            match &target.next {
                None => self.onsets.push(END, target.onsets),
                Some(next) => {
                    let role = sequence.steps[target.step].role;
                    self.add_note(row, role, target, next, *velocity);
                }
            }
        }
    }

    fn add_note(
        &mut self,
        row: i32,
        role: crate::controls::Role,
        target: &Target,
        next: &Next,
        velocity: bool,
    ) {
        let bar = &target.segment.bar;
        let fields = Fields::of(&next.note, bar);
        let mut head_row = HeadRow::new(role, bar, fields.onset, &next.harmony);
        head_row.set_pitch(fields.pitch);
        head_row.set_duration(fields.duration);
        self.head_rows.extend_from_slice(head_row.as_slice());
        self.onsets.push(fields.onset, target.onsets);
        self.pitches.push(fields.pitch, next.echoes.pitches);
        self.durations.push(fields.duration, next.echoes.durations);
        if velocity {
            self.with_velocity.push(self.asked_notes.len() as i32);
            self.velocities
                .push(fields.velocity, next.echoes.velocities);
        }
        self.asked_notes.push(row);
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
        let (targets, notes) = (self.asked.len(), self.asked_notes.len());
        let shape = [self.sequences, self.length, inputs::WIDTH];
        let rows = Tensor::from_data(TensorData::new(self.rows, shape), device);
        let rotary = Rotary::new(config, &self.positions, self.sequences, device);
        let states = network
            .forward(rows, &rotary)
            .reshape([self.sequences * self.length, config.width]);
        let proposed = self.onsets.proposals(ONSETS, device);
        let logits = network.onset_logits(states.clone().select(0, ints(self.asked)), proposed);
        let onset = self.onsets.cross_entropy(logits, device);

        let states = states.select(0, ints(self.asked_notes));
        let head_rows: Tensor<2> = Tensor::from_data(
            TensorData::new(self.head_rows, [notes, heads::WIDTH]),
            device,
        );
        let proposed = self.pitches.proposals(PITCHES, device);
        let logits = network.pitch_logits(states.clone(), head_rows.clone(), proposed);
        let pitch = self.pitches.cross_entropy(logits, device);
        let proposed = self.durations.proposals(DURATIONS, device);
        let logits = network.duration_logits(states.clone(), head_rows.clone(), proposed);
        let duration = self.durations.cross_entropy(logits, device);
        let mut total = onset.clone() + pitch.clone() + duration.clone();
        let mut velocity_nats = 0.0;
        if !self.with_velocity.is_empty() {
            let chosen = ints(self.with_velocity);
            let proposed = self.velocities.proposals(VELOCITIES, device);
            let logits = network.velocity_logits(
                states.select(0, chosen.clone()),
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
