//! Bits per note on held-out pieces: the network, and the baselines on the same notes.
//!
//! A piece is cut into windows of whole bars. The first bars of a window are context; only what follows is
//! counted, so that every note is counted once and seen in about the context in which it is played. All that
//! is heard is known, as on a second pass. The key that the piece is moved to is told once: it is charged
//! with log₂ 12 bits.

use burn::tensor::Device;
use rayon::prelude::*;

use super::{
    baseline::{Baselines, Line},
    stream,
};
use crate::{
    controls::Role,
    harmony::Bar,
    note::between,
    time::Tick,
    tokenizer::{Scene, Segment, Sequence, Tokenizer, shift_to_c, slices},
    train::{
        batch::{Example, Loss, Tokens},
        corpus::Piece,
        task::{Exercise, exercise},
    },
    weights::Weights,
};

/// Steps of context of a window, and of the whole window, at the most.
const CONTEXT: usize = 160;
const LENGTH: usize = 320;
/// Bars of a piece that are looked at: some sources hold whole symphonies.
const MOST_BARS: usize = 96;
/// Sequences that the network computes at once.
const BATCH: usize = 8;

/// Bits of onset, pitch and duration, summed.
pub type Bits = [f64; 3];

/// What some pieces cost.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// Notes counted.
    pub notes: usize,
    /// The network's bits.
    pub network: Bits,
    /// The network's bits for velocities, and of how many notes: not every source has them.
    pub velocity: (f64, usize),
    /// Each baseline's name and bits.
    pub baselines: Vec<(&'static str, Bits)>,
}

impl Cost {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        let add = |sum: &mut Bits, more: &Bits| {
            for (sum, more) in sum.iter_mut().zip(more) {
                *sum += more;
            }
        };
        self.notes += other.notes;
        self.velocity.0 += other.velocity.0;
        self.velocity.1 += other.velocity.1;
        add(&mut self.network, &other.network);
        for (name, bits) in &other.baselines {
            match self.baselines.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => add(sum, bits),
                None => self.baselines.push((name, *bits)),
            }
        }
    }

    /// Bits per note of some summed bits.
    #[must_use]
    pub fn per_note(&self, bits: &Bits) -> f64 {
        bits.iter().sum::<f64>() / self.notes.max(1) as f64
    }
}

/// The exercise of a piece that all evaluation of `role` uses, with the first bars of the piece.
#[must_use]
pub fn held_out(piece: &Piece, role: Role) -> Option<(Exercise, &[Bar])> {
    let bars = &piece.bars[..piece.bars.len().min(MOST_BARS)];
    let end = bars.last()?.end();
    let mut exercise = exercise(piece, role, &mut stream(piece, role))?;
    exercise.own.retain(|note| note.onset < end);
    (exercise.own.len() >= 8).then_some((exercise, bars))
}

/// Whole bars whose notes are counted, after some that are context.
fn windows(exercise: &Exercise, bars: &[Bar], shift: i8) -> Vec<Sequence> {
    let steps = |bar: &Bar| {
        let own = between(&exercise.own, bar.start, bar.end()).len();
        1 + own + slices(between(&exercise.heard, bar.start, bar.end()))
    };
    let scene = Scene {
        role: exercise.role,
        heard: &exercise.heard,
        own: &exercise.own,
        since: Tick(0),
        shift,
    };
    let mut sequences = Vec::new();
    let mut counted = 0;
    while counted < bars.len() {
        let (mut first, mut context) = (counted, 0);
        while first > 0 && context + steps(&bars[first - 1]) <= CONTEXT {
            first -= 1;
            context += steps(&bars[first]);
        }
        let mut end = counted;
        let mut length = context;
        while end < bars.len() && (end == counted || length + steps(&bars[end]) <= LENGTH) {
            length += steps(&bars[end]);
            end += 1;
        }
        let mut tokenizer = Tokenizer::new(scene, bars[first].start);
        let mut sequence = Sequence::default();
        for bar in &bars[first..end] {
            let segment = Segment {
                bar: *bar,
                start: bar.start,
                end: bar.end(),
                horizon: bar.end() + bar.beat,
            };
            tokenizer.push(&segment, &mut sequence);
        }
        let from = bars[counted].start;
        sequence
            .targets
            .retain(|target| target.segment.start >= from);
        sequences.push(sequence);
        counted = end;
    }
    sequences
}

/// What the network pays for a piece's part.
fn network_cost(
    weights: &Weights,
    exercise: &Exercise,
    bars: &[Bar],
    shift: i8,
    velocity: bool,
) -> Cost {
    let device = Device::flex();
    let mut with_velocity = 0;
    let examples: Vec<Example> = windows(exercise, bars, shift)
        .into_iter()
        .map(|sequence| Example { sequence, velocity })
        .collect();
    let sum = Loss::of(
        &examples,
        BATCH,
        Tokens::Notes,
        &weights.network,
        &weights.config,
        &device,
    );
    if velocity {
        with_velocity = sum.notes as usize;
    }
    let bits = |field: usize| sum.nats[field] / std::f64::consts::LN_2;
    // Drums have no key; for all else its choice is told.
    let key = if exercise.role == Role::Drums {
        0.0
    } else {
        12f64.log2()
    };
    Cost {
        notes: sum.notes as usize,
        network: [bits(0), bits(1) + key, bits(2)],
        velocity: (bits(3), with_velocity),
        baselines: Vec::new(),
    }
}

/// What the network alone pays for a piece's part of `role`; `None` when it has none.
#[must_use]
pub fn of_network(weights: &Weights, piece: &Piece, role: Role) -> Option<Cost> {
    let (exercise, bars) = held_out(piece, role)?;
    let shift = shift_to_c(role, &exercise.heard, &exercise.own);
    let velocity = piece.has_velocity;
    Some(network_cost(weights, &exercise, bars, shift, velocity))
}

/// What a piece's part of `role` costs; `None` when it has none.
#[must_use]
pub fn cost(weights: &Weights, baselines: &Baselines, piece: &Piece, role: Role) -> Option<Cost> {
    let (exercise, bars) = held_out(piece, role)?;
    let shift = shift_to_c(role, &exercise.heard, &exercise.own);
    let mut cost = network_cost(weights, &exercise, bars, shift, piece.has_velocity);
    let line = Line {
        role,
        own: &exercise.own,
        bars,
        shift,
    };
    for (name, notes) in baselines.cost(&line) {
        let mut bits = [0.0; 3];
        for note in &notes {
            for (sum, bits) in bits.iter_mut().zip(note) {
                *sum += bits;
            }
        }
        cost.baselines.push((name, bits));
    }
    Some(cost)
}

/// Fits the baselines of a role on training pieces.
pub fn fit_baselines(role: Role, pieces: &[&Piece], mut progress: impl FnMut()) -> Baselines {
    let mut baselines = Baselines::new();
    for piece in pieces {
        progress();
        let Some(exercise) = exercise(piece, role, &mut stream(piece, role)) else {
            continue;
        };
        baselines.learn(&Line {
            role,
            own: &exercise.own,
            bars: &piece.bars,
            shift: shift_to_c(role, &exercise.heard, &exercise.own),
        });
    }
    baselines
}

/// The cost of `role` in each of `pieces` that has it, by source.
#[must_use]
pub fn by_source(
    weights: &Weights,
    baselines: &Baselines,
    pieces: &[&Piece],
    role: Role,
    progress: impl Fn() + Sync,
) -> Vec<(String, Cost)> {
    let costs: Vec<(String, Cost)> = pieces
        .par_iter()
        .filter_map(|piece| {
            progress();
            Some((piece.source.clone(), cost(weights, baselines, piece, role)?))
        })
        .collect();
    let mut sources = std::collections::BTreeMap::<String, Cost>::new();
    for (source, cost) in costs {
        sources.entry(source).or_default().add(&cost);
    }
    sources.into_iter().collect()
}
