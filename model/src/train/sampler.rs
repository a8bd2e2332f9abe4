//! Which piece and which role comes next.
//!
//! By notes alone two thirds of the corpus are scores of the 18th and 19th century and rule-made backing
//! tracks; those who play with Continuo make songs. So roles have fixed shares, and within a role each
//! source has a weight.

use std::path::PathBuf;

use rand::{Rng, distr::weighted::WeightedIndex, prelude::Distribution};

use super::{
    batch::Example,
    corpus::{CorpusError, Piece, read_file},
    task::{Exercise, exercise, sequence, vary},
};
use crate::{controls::Role, note::between};

/// Share of each role in the exercises.
const ROLE_SHARES: [(Role, f64); 5] = [
    (Role::Continue, 0.26),
    (Role::Bass, 0.24),
    (Role::Chords, 0.24),
    (Role::Counter, 0.16),
    (Role::Drums, 0.1),
];

/// Share of a source among the exercises of any role, before the number of its fitting pieces.
///
/// The bass lines of mma-synthetic follow the bar more than the chord, and its drums are loops, so it
/// counts less there than its size would say.
fn source_weight(source: &str, role: Role) -> f64 {
    match source {
        "pop909" => 6.0,
        "nottingham" | "openewld" => 2.5,
        "mma-synthetic" => match role {
            Role::Bass => 0.5,
            Role::Continue => 0.3,
            _ => 2.0,
        },
        "freedoom-midi" => 2.0,
        "openscore-lieder" => 1.5,
        "folk-abc-bysa" | "openhymnal" | "ceol-rince" | "simutrans-midi" => 1.0,
        "polish-scores" | "openscore-quartets" => 0.7,
        "jsb-chorales" | "drum-patterns" | "planetblupi-midi" => 0.5,
        "openscore-hauptstimme" | "js-fake-chorales" => 0.2,
        _ => 1.0,
    }
}

/// Whether `piece` has what a lesson in `role` needs.
pub fn can_teach(piece: &Piece, role: Role) -> bool {
    let has = |role: &str| piece.parts_of(role).any(|part| part.notes.len() >= 8);
    match role {
        Role::Continue => has("melody"),
        Role::Bass => {
            has("bass") && (has("piano") || has("chords") || has("melody") || has("counter"))
        }
        Role::Chords => has("melody") && (!piece.chords.is_empty() || has("chords")),
        Role::Counter => has("melody") && has("counter"),
        Role::Drums => has("drums"),
    }
}

/// The bar that a sequence begins with: not too near the end, and often where the song does. Mostly one in
/// which something is played soon, as somebody who asks for notes expects.
fn first_bar(piece: &Piece, exercise: &Exercise, rng: &mut impl Rng) -> usize {
    let last = piece.bars.len().saturating_sub(12);
    let plays = |bar: &usize| {
        let bar = &piece.bars[*bar];
        !between(&exercise.own, bar.start, bar.end() + bar.ticks).is_empty()
    };
    let drawn = if rng.random_bool(0.2) {
        0
    } else {
        rng.random_range(0..=last)
    };
    if rng.random_bool(0.2) {
        drawn
    } else {
        (drawn..piece.bars.len()).find(plays).unwrap_or(drawn)
    }
}

/// Pieces, ready to be drawn from.
pub struct Sampler {
    pieces: Vec<Piece>,
    /// Per role, in the order of [`Role::ALL`]: indices of the pieces with their cumulated weights.
    by_role: Vec<Option<Fitting>>,
    /// The roles that some piece teaches.
    roles: Vec<Role>,
    /// How often each of them is drawn.
    shares: WeightedIndex<f64>,
}

/// The pieces that teach a role.
struct Fitting {
    pieces: Vec<usize>,
    draw: WeightedIndex<f64>,
}

impl Sampler {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file cannot be read, or holds no piece for some role.
    pub fn load(files: &[PathBuf]) -> Result<Self, CorpusError> {
        Self::load_without(files, &[])
    }

    /// Reads the files but for some sources.
    ///
    /// # Errors
    /// When a file cannot be read, or holds no piece for some role.
    pub fn load_without(files: &[PathBuf], leave_out: &[String]) -> Result<Self, CorpusError> {
        let mut pieces = Vec::new();
        for file in files {
            read_file(file, &mut |piece| {
                let wanted = !leave_out.contains(&piece.source);
                if wanted && !piece.parts.is_empty() && !piece.bars.is_empty() {
                    pieces.push(piece);
                }
            })?;
        }
        let sampler = Self::new(pieces, &Role::ALL);
        let whole = sampler.filter(|sampler| sampler.roles.len() == Role::ALL.len());
        whole.ok_or_else(|| CorpusError::Empty(files.first().cloned().unwrap_or_default()))
    }

    /// Draws from these pieces those of `roles` that they teach; `None` when that is none.
    #[must_use]
    pub fn new(pieces: Vec<Piece>, roles: &[Role]) -> Option<Self> {
        let by_role: Vec<Option<Fitting>> = Role::ALL
            .into_iter()
            .map(|role| {
                roles
                    .contains(&role)
                    .then(|| Fitting::of(&pieces, role))
                    .flatten()
            })
            .collect();
        let taught = |share: &&(Role, f64)| by_role[share.0 as usize].is_some();
        let shares: Vec<(Role, f64)> = ROLE_SHARES.iter().filter(taught).copied().collect();
        Some(Self {
            roles: shares.iter().map(|share| share.0).collect(),
            shares: WeightedIndex::new(shares.iter().map(|share| share.1)).ok()?,
            pieces,
            by_role,
        })
    }

    /// All pieces, in the order of the files.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Draws a piece that teaches `role`, by the weights of the sources.
    ///
    /// # Panics
    /// When none does.
    pub fn piece(&self, role: Role, rng: &mut impl Rng) -> &Piece {
        let fitting = self.by_role[role as usize].as_ref();
        let Fitting { pieces, draw } = fitting.expect("a role that is taught");
        &self.pieces[pieces[draw.sample(rng)]]
    }

    /// Draws an example of at most `length` steps, of one role or of any.
    ///
    /// # Panics
    /// When no piece teaches the role.
    pub fn example(&self, role: Option<Role>, length: usize, rng: &mut impl Rng) -> Example {
        loop {
            let role = role.unwrap_or_else(|| self.roles[self.shares.sample(rng)]);
            let piece = self.piece(role, rng);
            if let Some(example) = example_of(piece, role, length, rng) {
                return example;
            }
        }
    }
}

/// An example of `role` from `piece`; `None` when what was drawn has nothing to learn from.
pub fn example_of(piece: &Piece, role: Role, length: usize, rng: &mut impl Rng) -> Option<Example> {
    let mut exercise = exercise(piece, role, rng)?;
    vary(&mut exercise, rng);
    let first_bar = first_bar(piece, &exercise, rng);
    let sequence = sequence(piece, &exercise, first_bar, length, rng);
    let teaches = sequence.targets.iter().any(|target| target.next.is_some());
    teaches.then_some(Example {
        sequence,
        velocity: piece.has_velocity,
    })
}

impl Fitting {
    /// The pieces that teach `role`, each source with its weight.
    fn of(pieces: &[Piece], role: Role) -> Option<Self> {
        let fitting: Vec<usize> = (0..pieces.len())
            .filter(|index| can_teach(&pieces[*index], role))
            .collect();
        let per_source = |source: &str| {
            let count = fitting
                .iter()
                .filter(|i| pieces[**i].source == source)
                .count();
            source_weight(source, role) / count as f64
        };
        let sources: std::collections::BTreeMap<&str, f64> = fitting
            .iter()
            .map(|index| pieces[*index].source.as_str())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .map(|source| (source, per_source(source)))
            .collect();
        let weights = fitting
            .iter()
            .map(|index| sources[pieces[*index].source.as_str()]);
        let draw = WeightedIndex::new(weights).ok()?;
        Some(Self {
            pieces: fitting,
            draw,
        })
    }
}
