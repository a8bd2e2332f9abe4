//! Training: exercises from the corpus, two or more replicas, one optimiser.
//!
//! burn-flex keeps to one core at these sizes, so each replica computes its share of the batch on a thread of
//! its own and the gradients are averaged. A step's exercises depend on (seed, step, replica) alone: the same
//! seed and number of replicas give the same weights, and a resumed run goes on as if it had not stopped.

pub mod corpus;
pub mod sampler;
pub mod task;

use std::path::{Path, PathBuf};

use burn::{
    grad_clipping::GradientClippingConfig,
    module::Module,
    optim::{AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer},
    tensor::{Device, Int, Tensor, TensorData, activation::log_softmax},
};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{
    controls::Role,
    network::{Network, NetworkConfig, Rotary},
    time::Tick,
    token::{END, heads, inputs},
    tokenizer::{Fields, HeadRow, Sequence},
    train::sampler::Sampler,
    weights::{Training, Weights},
};

/// Everything that decides what a training run does; its config file, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Sizes of the network.
    pub network: NetworkConfig,
    /// Steps of a sequence.
    pub length: usize,
    /// Sequences in a batch, over all replicas.
    pub batch: usize,
    /// Threads that share a batch.
    pub replicas: usize,
    /// Optimiser steps of the whole run.
    pub steps: u64,
    /// Steps over which the learning rate rises.
    pub warm_up: u64,
    /// Steps at the end over which it falls to nothing.
    pub cool_down: u64,
    /// Its height between.
    pub learning_rate: f64,
    /// Steps between two looks at the validation split, each with a checkpoint.
    pub validate_every: u64,
    /// Which random exercises.
    pub seed: u64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            network: NetworkConfig::default(),
            length: 256,
            batch: 16,
            replicas: 2,
            steps: 4000,
            warm_up: 100,
            cool_down: 1000,
            learning_rate: 1.5e-3,
            validate_every: 250,
            seed: 1,
        }
    }
}

impl TrainConfig {
    /// Warm-up, plateau, linear cool-down.
    fn learning_rate_at(&self, step: u64) -> f64 {
        let up = (step + 1) as f64 / self.warm_up.max(1) as f64;
        let down = self.steps.saturating_sub(step) as f64 / self.cool_down.max(1) as f64;
        self.learning_rate * up.min(1.0).min(down)
    }
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

    fn add(&mut self, other: &Self) {
        for (sum, nats) in self.nats.iter_mut().zip(other.nats) {
            *sum += nats;
        }
        self.notes += other.notes;
    }
}

/// Mean cross-entropy sum in nats of `classes` under `logits` `[N, C]`, as a scalar tensor.
fn cross_entropy(logits: Tensor<2>, classes: Vec<i32>, device: &Device) -> Tensor<1> {
    let count = classes.len();
    let classes: Tensor<2, Int> = Tensor::from_data(TensorData::new(classes, [count, 1]), device);
    log_softmax(logits, 1).gather(1, classes).sum().neg()
}

/// A sequence with what it may learn from.
pub struct Example {
    /// Steps and targets.
    pub sequence: Sequence,
    /// Whether its velocities say anything.
    pub velocity: bool,
}

/// How much a velocity counts beside the other fields in training: it is heard last.
const VELOCITY_WEIGHT: f64 = 0.25;

/// The summed loss of some sequences of at most `length` steps: the tensor to learn from, divided by the
/// number of targets, and the numbers.
///
/// Returns `None` when there is nothing to learn.
pub fn loss(
    network: &Network,
    config: &NetworkConfig,
    examples: &[Example],
    device: &Device,
) -> Option<(Tensor<1>, Loss)> {
    let length = examples
        .iter()
        .map(|example| example.sequence.steps.len())
        .max()?;
    let batch = examples.len();
    let mut rows = vec![0.0f32; batch * length * inputs::WIDTH];
    let mut positions = vec![Tick(0); batch * length];
    let (mut asked, mut onsets) = (Vec::new(), Vec::new());
    let (mut asked_notes, mut head_rows) = (Vec::new(), Vec::new());
    let mut fields: [Vec<i32>; 3] = Default::default();
    let mut velocity_rows = Vec::new();
    for (index, Example { sequence, velocity }) in examples.iter().enumerate() {
        let first = index * length;
        let origin = sequence
            .steps
            .first()
            .map_or(Tick(0), |step| step.bar.start);
        for (offset, step) in sequence.steps.iter().enumerate() {
            let row = first + offset;
            step.write(&mut rows[row * inputs::WIDTH..(row + 1) * inputs::WIDTH]);
            positions[row] = Tick(step.at() - origin);
        }
        for target in &sequence.targets {
            let row = (first + target.step) as i32;
            asked.push(row);
            let Some((note, harmony)) = target.next else {
                onsets.push(END as i32);
                continue;
            };
            let bar = &target.segment.bar;
            let classes = Fields::of(&note, bar);
            let role = sequence.steps[target.step].role;
            let mut head_row = HeadRow::new(role, bar, classes.onset, &harmony);
            head_row.set_pitch(classes.pitch);
            head_row.set_duration(classes.duration);
            onsets.push(classes.onset as i32);
            if *velocity {
                velocity_rows.push(asked_notes.len() as i32);
                fields[2].push(classes.velocity as i32);
            }
            asked_notes.push(row);
            head_rows.extend_from_slice(head_row.as_slice());
            fields[0].push(classes.pitch as i32);
            fields[1].push(classes.duration as i32);
        }
    }
    let notes = asked_notes.len();
    if notes == 0 {
        return None;
    }
    let targets = asked.len() as f64;
    let ints = |values: Vec<i32>| -> Tensor<1, Int> {
        let count = values.len();
        Tensor::from_data(TensorData::new(values, [count]), device)
    };
    let rows = Tensor::from_data(
        TensorData::new(rows, [batch, length, inputs::WIDTH]),
        device,
    );
    let rotary = Rotary::new(config, &positions, batch, device);
    let states = network
        .forward(rows, &rotary)
        .reshape([batch * length, config.width]);
    let head_rows: Tensor<2> =
        Tensor::from_data(TensorData::new(head_rows, [notes, heads::WIDTH]), device);
    let onset = cross_entropy(
        network.onset_logits(states.clone().select(0, ints(asked))),
        onsets,
        device,
    );
    let states = states.select(0, ints(asked_notes));
    let [pitches, durations, velocities] = fields;
    let pitch = cross_entropy(
        network.pitch_logits(states.clone(), head_rows.clone()),
        pitches,
        device,
    );
    let duration = cross_entropy(
        network.duration_logits(states.clone(), head_rows.clone()),
        durations,
        device,
    );
    let mut total = onset.clone() + pitch.clone() + duration.clone();
    let number = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
    let mut velocity_nats = 0.0;
    if !velocity_rows.is_empty() {
        let chosen = ints(velocity_rows);
        let velocity = cross_entropy(
            network.velocity_logits(
                states.select(0, chosen.clone()),
                head_rows.select(0, chosen),
            ),
            velocities,
            device,
        );
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
    Some((total / targets, numbers))
}

/// One line of the run's log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// Optimiser steps so far.
    pub step: u64,
    /// Held-out nats per note, mean over the roles.
    pub validation: f64,
    /// Per role: bits per note of onset, pitch, duration, velocity.
    pub roles: Vec<(String, [f64; 4])>,
}

/// A training run: what a checkpoint holds.
struct Run {
    network: Network,
    optimizer: ModuleOptimizer,
    training: Training,
}

fn optimizer() -> ModuleOptimizer {
    AdamWConfig::new()
        .with_beta_2(0.99)
        .with_epsilon(1e-8)
        .with_weight_decay(0.02)
        .init()
        .with_grad_clipping(GradientClippingConfig::Norm(1.0).init())
}

#[derive(Serialize, Deserialize)]
struct Progress {
    config: TrainConfig,
    training: Training,
}

const PROGRESS_FILE: &str = "progress.json";
const WEIGHTS_FILE: &str = "latest.weights";
const BEST_FILE: &str = "best.weights";
const OPTIMIZER_FILE: &str = "optimizer.bpk";
const LOG_FILE: &str = "log.jsonl";

/// Why training stopped short.
pub type TrainError = Box<dyn std::error::Error + Send + Sync>;

/// Trains on the corpus in `corpus` and keeps checkpoints, the log and the best weights in `folder`.
///
/// # Errors
/// When the corpus or a checkpoint cannot be read or written; with `resume`, when the folder holds no
/// checkpoint or one of another network.
pub fn train(
    config: &TrainConfig,
    corpus: &Path,
    folder: &Path,
    resume: bool,
) -> Result<(), TrainError> {
    std::fs::create_dir_all(folder)?;
    let device = Device::flex().autodiff();
    let sampler = Sampler::load(&corpus::training_files(corpus)?)?;
    let validation = Sampler::load(&[corpus.join("valid.jsonl.zst")])?;
    let held_out = held_out(&validation, config.length);
    let mut run = if resume {
        load(config, folder, &device)?
    } else {
        Run {
            network: Network::new(&config.network, &device),
            optimizer: optimizer(),
            training: Training::default(),
        }
    };
    let pools = (0..config.replicas)
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
        .collect::<Result<Vec<_>, _>>()?;
    let mut best = f64::INFINITY;
    let bar = ProgressBar::new(config.steps).with_style(ProgressStyle::with_template(
        "{elapsed_precise} {bar:30} {pos}/{len} {msg} eta {eta}",
    )?);
    bar.set_position(run.training.steps);
    while run.training.steps < config.steps {
        let sum = step(&mut run, config, &sampler, &pools, &device);
        bar.set_position(run.training.steps);
        bar.set_message(format!(
            "bits/note onset {:.2} pitch {:.2} duration {:.2} velocity {:.2}",
            sum.bits(0),
            sum.bits(1),
            sum.bits(2),
            sum.bits(3)
        ));
        let done = run.training.steps == config.steps;
        if run.training.steps.is_multiple_of(config.validate_every) || done {
            let line = validate(&run, config, &held_out);
            run.training.validation = line.validation as f32;
            let text = serde_json::to_string(&line)?;
            bar.println(&text);
            if bar.is_hidden() {
                println!("{text}");
            }
            save(&run, config, folder, line.validation < best)?;
            best = best.min(line.validation);
            use std::io::Write as _;
            writeln!(
                std::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(folder.join(LOG_FILE))?,
                "{text}"
            )?;
        }
    }
    bar.finish();
    Ok(())
}

/// One optimiser step over all replicas.
fn step(
    run: &mut Run,
    config: &TrainConfig,
    sampler: &Sampler,
    pools: &[rayon::ThreadPool],
    device: &Device,
) -> Loss {
    let at = run.training.steps;
    let share = (config.batch / pools.len()).max(1);
    // A fork has leaves of its own in the autodiff graph, so replicas do not wait for each other.
    let forks: Vec<Network> = pools
        .iter()
        .map(|_| run.network.clone().fork(device))
        .collect();
    let results: Vec<Option<(GradientsParams, Loss, usize)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = forks
            .into_iter()
            .zip(pools)
            .enumerate()
            .map(|(replica, (network, pool))| {
                scope.spawn(move || {
                    pool.install(|| {
                        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
                        rng.set_stream(at * 64 + replica as u64);
                        let examples: Vec<Example> = (0..share)
                            .map(|_| sampler.example(None, config.length, &mut rng))
                            .collect();
                        let positions = examples.iter().map(|e| e.sequence.steps.len()).sum();
                        let (loss, numbers) = loss(&network, &config.network, &examples, device)?;
                        let gradients = GradientsParams::from_grads(loss.backward(), &network);
                        Some((gradients, numbers, positions))
                    })
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a replica panicked"))
            .collect()
    });
    let mut sum = Loss::default();
    let mut accumulator = GradientsAccumulator::new();
    for (gradients, numbers, positions) in results.into_iter().flatten() {
        accumulator.accumulate(&run.network, gradients);
        sum.add(&numbers);
        run.training.positions += positions as u64;
    }
    // The replicas' gradients are summed; AdamW does not care for their scale, the clipping takes it
    // into account.
    let rate = config.learning_rate_at(at);
    run.network = run
        .optimizer
        .step(rate, run.network.clone(), accumulator.grads());
    run.training.steps += 1;
    sum
}

/// Sequences of the validation split, the same for every look at it.
fn held_out(validation: &Sampler, length: usize) -> Vec<(Role, Vec<Example>)> {
    /// Enough for a standard error of about a hundredth of a bit per field.
    const PER_ROLE: usize = 32;
    Role::ALL
        .into_iter()
        .map(|role| {
            let mut rng = ChaCha8Rng::seed_from_u64(role as u64);
            let examples = (0..PER_ROLE)
                .map(|_| validation.example(Some(role), length, &mut rng))
                .collect();
            (role, examples)
        })
        .collect()
}

fn validate(run: &Run, config: &TrainConfig, held_out: &[(Role, Vec<Example>)]) -> LogLine {
    let device = Device::flex();
    let network = run.network.valid();
    let mut roles = Vec::new();
    let mut mean = 0.0;
    for (role, examples) in held_out {
        let mut sum = Loss::default();
        for part in examples.chunks(8) {
            if let Some((_, numbers)) = loss(&network, &config.network, part, &device) {
                sum.add(&numbers);
            }
        }
        mean += sum.nats[..3].iter().sum::<f64>() / sum.notes.max(1.0) / held_out.len() as f64;
        roles.push((role.name().to_owned(), [0, 1, 2, 3].map(|f| sum.bits(f))));
    }
    LogLine {
        step: run.training.steps,
        validation: mean,
        roles,
    }
}

fn save(run: &Run, config: &TrainConfig, folder: &Path, best: bool) -> Result<(), TrainError> {
    let weights = Weights {
        network: run.network.valid(),
        config: config.network,
        training: run.training.clone(),
    };
    let bytes = weights.to_bytes()?;
    let replace = |name: &str, bytes: &[u8]| -> std::io::Result<PathBuf> {
        let (path, new) = (folder.join(name), folder.join(format!("{name}.new")));
        std::fs::write(&new, bytes)?;
        std::fs::rename(&new, &path)?;
        Ok(path)
    };
    if best {
        replace(BEST_FILE, &bytes)?;
    }
    let progress = Progress {
        config: config.clone(),
        training: run.training.clone(),
    };
    replace(OPTIMIZER_FILE, &run.optimizer.into_bytes()?)?;
    replace(WEIGHTS_FILE, &bytes)?;
    replace(PROGRESS_FILE, &serde_json::to_vec_pretty(&progress)?)?;
    Ok(())
}

fn load(config: &TrainConfig, folder: &Path, device: &Device) -> Result<Run, TrainError> {
    let read = |name: &str| {
        std::fs::read(folder.join(name)).map_err(|error| {
            format!(
                "no checkpoint to resume in {}: {name}: {error}",
                folder.display()
            )
        })
    };
    let progress: Progress = serde_json::from_slice(&read(PROGRESS_FILE)?)?;
    if progress.config.network != config.network {
        return Err("the checkpoint is of a network of other sizes".into());
    }
    let weights = Weights::from_bytes(&read(WEIGHTS_FILE)?, device)?;
    let optimizer =
        optimizer().from_bytes(burn::tensor::Bytes::from_bytes_vec(read(OPTIMIZER_FILE)?))?;
    Ok(Run {
        network: weights.network,
        optimizer,
        training: progress.training,
    })
}
