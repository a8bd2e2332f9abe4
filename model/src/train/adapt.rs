//! Lessons in one player's music: the weights that ship, trained on at a low rate.
//!
//! The rate is constant after a short rise, and what counts is a running average of the weights: so a lesson may
//! end at any step. It ends when held-out music no longer gets likelier, and its best look is kept. Held-out
//! sequences are the same at every look.

use std::{collections::BTreeMap, ops::ControlFlow};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{DType, Device, Tensor},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{
    Best, Run, TrainConfig, TrainError,
    batch::{Example, Loss, Tokens},
    corpus::Piece,
    folder::Split,
    in_pools, optimizer, pools,
    sampler::{Sampler, can_teach, example_of},
    step,
};
use crate::{
    controls::Role,
    network::{Network, NetworkConfig},
    style::{Style, cast},
    weights::{Training, Weights},
};

/// Everything that decides what a lesson does.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptConfig {
    /// The roles to learn, where the pieces teach them.
    pub roles: Vec<Role>,
    /// Steps of a sequence.
    pub length: usize,
    /// Sequences in a batch.
    pub batch: usize,
    /// Threads that share a batch.
    pub replicas: usize,
    /// Optimiser steps at the most.
    pub steps: u64,
    /// Steps over which the learning rate rises.
    pub warm_up: u64,
    /// Its height after.
    pub learning_rate: f64,
    /// Share of the running average that each step renews.
    pub renewed: f64,
    /// Steps between two looks at the held-out music.
    pub look_every: u64,
    /// Looks without a better result after which the lesson ends.
    pub patience: u32,
    /// Held-out sequences at the most.
    pub held_out: usize,
    /// Which random exercises.
    pub seed: u64,
}

impl Default for AdaptConfig {
    fn default() -> Self {
        Self {
            roles: Role::ALL.to_vec(),
            length: 320,
            batch: 8,
            replicas: 2,
            steps: 2000,
            warm_up: 20,
            learning_rate: 1e-4,
            renewed: 0.05,
            look_every: 20,
            patience: 4,
            held_out: 40,
            seed: 1,
        }
    }
}

/// Nats a note of onset, pitch and duration, by role.
pub type Nats = BTreeMap<String, f64>;

/// Mean over the roles.
#[must_use]
pub fn mean(nats: &Nats) -> f64 {
    nats.values().sum::<f64>() / nats.len().max(1) as f64
}

/// What happens in a lesson.
#[derive(Clone, Debug)]
pub enum Event {
    /// The held-out music was looked at after so many steps.
    Look {
        /// Optimiser steps so far.
        step: u64,
        /// What it costs with the averaged weights.
        nats: Nats,
        /// It is the best look so far.
        best: bool,
    },
    /// A step was made.
    Step {
        /// Optimiser steps so far.
        step: u64,
        /// Nats a note on what was just learnt from.
        nats: f64,
    },
}

/// What a lesson has led to.
#[derive(Clone, Debug)]
pub struct Adapted {
    /// The weights with the style, as they are after writing and reading.
    pub weights: Weights,
    /// Steps up to the best look.
    pub steps: u64,
}

/// Teaches `start` what `split` holds, and judges against `shipped`, from which it may itself come. `watch` is told
/// what happens, and may end the lesson: the best look so far is kept. The same arguments give the same weights.
///
/// # Errors
/// When the pieces teach nothing that can be judged, or after all of it no look was better than the first one.
pub fn adapt(
    name: &str,
    shipped: &Weights,
    start: &Weights,
    split: &Split,
    config: &AdaptConfig,
    device: &Device,
    watch: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<Adapted, TrainError> {
    let roles = taught(split, config);
    let sampler = Sampler::new(split.learn.clone(), &roles).ok_or(NOTHING)?;
    let judge = Judge::new(split, &roles, config, start.config, device)?;
    let before = judge.nats(&shipped.network);
    let _ = watch(Event::Look {
        step: 0,
        nats: before.clone(),
        best: false,
    });
    // What has learnt no style is what ships.
    let first = match &start.style {
        Some(_) => mean(&judge.nats(&start.network)),
        None => mean(&before),
    };
    let (network, steps) = lesson(start, &sampler, &judge, config, device, first, watch)?;
    let network = cast(cast(network, DType::F16), DType::F32);
    let after = judge.nats(&network);
    let by_role = |(role, nats): (String, f64)| {
        let after = after.get(&role).copied().unwrap_or(nats);
        (role, (nats, after))
    };
    let earlier = start.style.as_ref().map_or(0, |_| start.training.steps);
    let training = Training {
        steps: earlier + steps,
        positions: 0,
        validation: mean(&after) as f32,
    };
    let base = match &start.style {
        Some(style) => style.base.clone(),
        None => Weights::shipped_fingerprint()?,
    };
    let style = Style {
        name: name.to_owned(),
        pieces: split.learn.len(),
        held_out: split.held_out.len(),
        notes: split.notes(),
        roles: before.into_iter().map(by_role).collect(),
        base,
        music: format!("{:016x}", split.music),
        fingerprint: 0,
    };
    let weights = Weights {
        network,
        config: start.config,
        training,
        style: Some(style),
    };
    Ok(Adapted { weights, steps })
}

/// The roles of which the pieces to learn from give examples.
fn taught(split: &Split, config: &AdaptConfig) -> Vec<Role> {
    let gives = |role: &Role| !examples(&split.learn, *role, 1, config.length).is_empty();
    config.roles.iter().copied().filter(gives).collect()
}

const NOTHING: &str = "the files hold no part of the roles that were asked for";

/// Steps, averages and looks until it gets no better than `first`, what `start` costs; the best average, and after
/// how many steps it came.
fn lesson(
    start: &Weights,
    sampler: &Sampler,
    judge: &Judge,
    config: &AdaptConfig,
    device: &Device,
    first: f64,
    watch: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<(Network, u64), TrainError> {
    let device = device.clone().autodiff();
    let training = TrainConfig {
        network: start.config,
        length: config.length,
        batch: config.batch,
        replicas: config.replicas,
        steps: u64::MAX,
        warm_up: config.warm_up,
        cool_down: 0,
        learning_rate: config.learning_rate,
        seed: config.seed,
        ..TrainConfig::default()
    };
    let mut run = Run {
        // Made anew, so that its parameters are leaves of a graph.
        network: Network::new(&start.config, &device)
            .try_load_record(start.network.clone().into_record())?,
        optimizer: optimizer(),
        training: Training::default(),
        best: Best::default(),
    };
    run.best.look(first);
    let mut average = start.network.clone();
    let mut kept = None;
    while run.training.steps < config.steps {
        let loss = step(&mut run, &training, sampler, &judge.pools, &device);
        average = toward(average, &run.network.valid(), config.renewed);
        let step = run.training.steps;
        let nats = loss.nats_per_note();
        let mut flow = watch(Event::Step { step, nats });
        if step.is_multiple_of(config.look_every) || step == config.steps {
            let nats = judge.nats(&average);
            let better = run.best.look(mean(&nats));
            if better {
                kept = Some((average.clone(), step));
            }
            let look = Event::Look {
                step,
                nats,
                best: better,
            };
            if watch(look).is_break() || run.best.looks_since >= config.patience {
                flow = ControlFlow::Break(());
            }
        }
        if flow.is_break() {
            break;
        }
    }
    let nothing = || match start.style {
        Some(_) => format!(
            "the style gets no better with these files ({first:.3} nats a note held out): it stays as it is"
        ),
        None => format!(
            "nothing was learnt that holds for music that was held out ({first:.3} nats a note before, and no look \
             was better): give it more time, or more pieces of one kind"
        ),
    };
    kept.ok_or_else(|| nothing().into())
}

/// `from` moved by `share` of the way to `to`.
fn toward(from: Network, to: &Network, share: f64) -> Network {
    /// The parameters of one network, in the order of a visit.
    #[derive(Default)]
    struct Take(Vec<(Vec<f32>, Device)>);
    impl ModuleVisitor for Take {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val();
            let device = tensor.device();
            let numbers = tensor.into_data().try_to_vec().expect("singles");
            self.0.push((numbers, device));
        }
    }
    struct Move(std::vec::IntoIter<(Vec<f32>, Device)>, f64);
    impl ModuleMapper for Move {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (to, device) = self.0.next().expect("networks of the same sizes");
            let share = self.1;
            param.map(|from| {
                let to = burn::tensor::TensorData::new(to, from.shape());
                let to = Tensor::<D>::from_data(to, &device);
                from.clone() + (to - from) * share
            })
        }
    }
    let mut take = Take::default();
    to.visit(&mut take);
    from.map(&mut Move(take.0.into_iter(), share))
}

/// Looks at held-out music.
struct Judge {
    config: NetworkConfig,
    device: Device,
    pools: Vec<rayon::ThreadPool>,
    examples: Vec<(Role, Vec<Example>)>,
}

impl Judge {
    fn new(
        split: &Split,
        roles: &[Role],
        config: &AdaptConfig,
        network: NetworkConfig,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let count = (config.held_out / roles.len()).max(1);
        let examples: Vec<(Role, Vec<Example>)> = roles
            .iter()
            .map(|role| {
                (
                    *role,
                    examples(&split.held_out, *role, count, config.length),
                )
            })
            .filter(|(_, examples)| !examples.is_empty())
            .collect();
        if examples.is_empty() {
            return Err(
                "the pieces that are held out have no part of the roles that the others teach: more pieces of one \
                 kind are needed"
                    .into(),
            );
        }
        Ok(Self {
            config: network,
            device: device.clone().inner(),
            pools: pools(config.replicas.max(1))?,
            examples,
        })
    }

    /// What the held-out music costs.
    fn nats(&self, network: &Network) -> Nats {
        let of_role = |(role, examples): &(Role, Vec<Example>)| {
            let loss = nats(&self.pools, network, &self.config, examples, &self.device);
            (role.name().to_owned(), loss.nats_per_note())
        };
        self.examples.iter().map(of_role).collect()
    }
}

/// What `examples` cost, each pool computing its share.
fn nats(
    pools: &[rayon::ThreadPool],
    network: &Network,
    config: &NetworkConfig,
    examples: &[Example],
    device: &Device,
) -> Loss {
    /// Sequences that are computed at once.
    const AT_ONCE: usize = 4;
    let share = examples.len().div_ceil(pools.len()).max(1);
    let losses = in_pools(pools, examples.chunks(share), |_, examples| {
        Loss::of(examples, AT_ONCE, Tokens::Notes, network, config, device)
    });
    let mut sum = Loss::default();
    losses.iter().for_each(|loss| sum.add(loss));
    sum
}

/// At most `count` sequences of a role, spread over those of `pieces` that teach it; always the same ones.
fn examples(pieces: &[Piece], role: Role, count: usize, length: usize) -> Vec<Example> {
    /// Draws from one piece before it is given up.
    const TRIES: u64 = 8;
    let fitting: Vec<&Piece> = pieces
        .iter()
        .filter(|piece| can_teach(piece, role))
        .collect();
    let draw = |(index, piece): (u64, &Piece)| {
        (0..TRIES).find_map(|attempt| {
            let mut rng = ChaCha8Rng::seed_from_u64(role as u64);
            rng.set_stream(index * TRIES + attempt);
            example_of(piece, role, length, &mut rng)
        })
    };
    // Each piece has its turns before the count is reached, also where some give nothing.
    let turns = count.div_ceil(fitting.len().max(1)).max(1);
    let all = fitting.iter().copied().cycle().take(fitting.len() * turns);
    (0..).zip(all).filter_map(draw).take(count).collect()
}

#[cfg(test)]
mod tests;
