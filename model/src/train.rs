//! Training: exercises from the corpus, two or more replicas, one optimiser.
//!
//! burn-flex keeps to one core at these sizes, so each replica computes its share of the batch on a thread of
//! its own and the gradients are averaged. A step's exercises depend on (seed, step, replica) alone: the same
//! seed and number of replicas give the same weights, and a resumed run goes on as if it had not stopped.

pub mod adapt;
pub mod batch;
pub mod corpus;
pub mod device;
pub mod folder;
pub mod plot;
pub mod sampler;
pub mod task;

use std::path::{Path, PathBuf};

use burn::{
    grad_clipping::GradientClippingConfig,
    module::{Module, ParamGroup},
    optim::{
        AdamWConfig, AdjustLrFn, GradientsAccumulator, GradientsParams, ModuleOptimizer,
        MuonConfig, decay::WeightDecayConfig,
    },
    tensor::Device,
};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{
    controls::Role,
    network::{Network, NetworkConfig},
    train::{
        batch::{Batch, Example, Loss, Tokens},
        sampler::Sampler,
    },
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
    /// Looks without a better result after which the run stops; 0 never stops early.
    pub patience: u32,
    /// How notes become rows of the network's input.
    pub tokens: Tokens,
    /// Sources of the corpus that are not learnt from.
    pub leave_out: Vec<String>,
    /// Which random exercises.
    pub seed: u64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            network: NetworkConfig::default(),
            length: 320,
            batch: 12,
            replicas: 2,
            steps: 11_000,
            warm_up: 100,
            cool_down: 3000,
            learning_rate: 1.5e-3,
            validate_every: 250,
            patience: 0,
            tokens: Tokens::Notes,
            leave_out: Vec::new(),
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

/// One line of the run's log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// Optimiser steps so far.
    pub step: u64,
    /// Nats per note of onset, pitch and duration on the training exercises since the line before.
    #[serde(default)]
    pub training: f64,
    /// The same on held-out exercises, mean over the roles.
    pub validation: f64,
    /// Per role: bits per note of onset, pitch, duration, velocity.
    pub roles: Vec<(String, [f64; 4])>,
}

/// A training run: what a checkpoint holds.
struct Run {
    network: Network,
    optimizer: ModuleOptimizer,
    training: Training,
    best: Best,
}

/// The best look so far, and how many came after it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Best {
    validation: f64,
    looks_since: u32,
}

impl Default for Best {
    fn default() -> Self {
        Self {
            validation: f64::MAX,
            looks_since: 0,
        }
    }
}

impl Best {
    /// Takes a look; whether it is better than all before.
    fn look(&mut self, validation: f64) -> bool {
        let better = validation < self.validation;
        if better {
            self.validation = validation;
        }
        self.looks_since = if better { 0 } else { self.looks_since + 1 };
        better
    }
}

/// AdamW, and Muon (Jordan et al. 2024) for the matrices of the blocks, scaled so that one learning rate
/// serves both (Liu et al. 2025, "Muon is Scalable for LLM Training").
fn optimizer() -> ModuleOptimizer {
    let clipping = || GradientClippingConfig::Norm(1.0).init();
    let muon = MuonConfig::new()
        .with_weight_decay(Some(WeightDecayConfig { penalty: 0.02 }))
        .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW);
    let matrices = ParamGroup::from_regex(
        r"^blocks\..*(queries|attention_out|feed_forward_in|feed_forward_out).*weight$",
    )
    .expect("a valid pattern");
    AdamWConfig::new()
        .with_beta_2(0.99)
        .with_epsilon(1e-8)
        .with_weight_decay(0.02)
        .init()
        .with_grad_clipping(clipping())
        .with_group(matrices, muon.build(), Some(clipping()))
}

#[derive(Serialize, Deserialize)]
struct Progress {
    config: TrainConfig,
    training: Training,
    #[serde(default)]
    best: Best,
}

const PROGRESS_FILE: &str = "progress.json";
const WEIGHTS_FILE: &str = "latest.weights";
const BEST_FILE: &str = "best.weights";
const OPTIMIZER_FILE: &str = "optimizer.bpk";
const LOG_FILE: &str = "log.jsonl";
const PLOT_FILE: &str = "loss.png";

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
    device: &Device,
    resume: bool,
) -> Result<(), TrainError> {
    std::fs::create_dir_all(folder)?;
    let device = device.clone().autodiff();
    let sampler = Sampler::load_without(&corpus::training_files(corpus)?, &config.leave_out)?;
    let validation = Sampler::load(&[corpus.join("valid.jsonl.zst")])?;
    let held_out = held_out(&validation, config.length);
    let mut run = if resume {
        load(config, folder, &device)?
    } else {
        device.seed(config.seed);
        Run {
            network: Network::new(&config.network, &device),
            optimizer: optimizer(),
            training: Training::default(),
            best: Best::default(),
        }
    };
    let pools = pools(config.replicas)?;
    let mut since = Loss::default();
    let bar = ProgressBar::new(config.steps).with_style(ProgressStyle::with_template(
        "{elapsed_precise} {bar:30} {pos}/{len} {msg} eta {eta}",
    )?);
    bar.set_position(run.training.steps);
    while run.training.steps < config.steps {
        let sum = step(&mut run, config, &sampler, &pools, &device);
        since.add(&sum);
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
            let mut line = validate(&run, config, &held_out, &device);
            line.training = std::mem::take(&mut since).nats_per_note();
            run.training.validation = line.validation as f32;
            let text = serde_json::to_string(&line)?;
            bar.println(&text);
            if bar.is_hidden() {
                println!("{text}");
            }
            let better = run.best.look(line.validation);
            if config.tokens == Tokens::Notes {
                save(&run, config, folder, better)?;
            }
            write_log(folder, &text)?;
            if config.patience > 0 && run.best.looks_since >= config.patience {
                bar.println("stopped early: no better result for a while");
                break;
            }
        }
    }
    bar.finish();
    Ok(())
}

/// Appends a line to the log and draws the run anew.
fn write_log(folder: &Path, line: &str) -> Result<(), TrainError> {
    use std::io::Write as _;
    let path = folder.join(LOG_FILE);
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)?;
    writeln!(file, "{line}")?;
    let lines = std::fs::read_to_string(&path)?
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<LogLine>, _>>()?;
    plot::plot(&lines, &folder.join(PLOT_FILE))
}

/// So many pools of one thread.
fn pools(count: usize) -> Result<Vec<rayon::ThreadPool>, rayon::ThreadPoolBuildError> {
    (0..count)
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
        .collect()
}

/// Does `work` with each of `parts` in a pool of its own, all at once; what came of each, in their order.
fn in_pools<P: Send, T: Send>(
    pools: &[rayon::ThreadPool],
    parts: impl Iterator<Item = P>,
    work: impl Fn(usize, P) -> T + Sync,
) -> Vec<T> {
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = parts
            .zip(pools)
            .enumerate()
            .map(|(index, (part, pool))| scope.spawn(move || pool.install(|| work(index, part))))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a replica panicked"))
            .collect()
    })
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
    let results = in_pools(pools, forks.into_iter(), |replica, network| {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        rng.set_stream(at * 64 + replica as u64);
        let examples: Vec<Example> = (0..share)
            .map(|_| sampler.example(None, config.length, &mut rng))
            .collect();
        let positions: usize = examples.iter().map(|e| e.sequence.steps.len()).sum();
        let (loss, numbers) =
            Batch::new(&examples, config.tokens)?.loss(&network, &config.network, device);
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        Some((gradients, numbers, positions))
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

fn validate(
    run: &Run,
    config: &TrainConfig,
    held_out: &[(Role, Vec<Example>)],
    device: &Device,
) -> LogLine {
    let device = device.clone().inner();
    let network = run.network.valid();
    let mut roles = Vec::new();
    let mut mean = 0.0;
    for (role, examples) in held_out {
        let sum = Loss::of(
            examples,
            8,
            config.tokens,
            &network,
            &config.network,
            &device,
        );
        mean += sum.nats_per_note() / held_out.len() as f64;
        roles.push((role.name().to_owned(), [0, 1, 2, 3].map(|f| sum.bits(f))));
    }
    LogLine {
        step: run.training.steps,
        training: 0.0,
        validation: mean,
        roles,
    }
}

fn save(run: &Run, config: &TrainConfig, folder: &Path, best: bool) -> Result<(), TrainError> {
    let weights = Weights {
        network: run.network.valid(),
        config: config.network,
        training: run.training.clone(),
        style: None,
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
        best: run.best,
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
        best: progress.best,
    })
}

#[cfg(test)]
mod tests;
