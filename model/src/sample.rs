//! Seeded sampling: from logits to a class.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    controls::{Controls, Role},
    time::Tick,
};

/// The random stream of one segment. It depends on the song position and on what the musician set,
/// never on when the plan is made. `roll` counts how often the musician asked for other notes there, and
/// `attempt` what was drawn before and thrown away.
#[must_use]
pub fn stream(controls: &Controls, bar: i64, start: Tick, (roll, attempt): (u8, u8)) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&controls.seed.to_le_bytes());
    key[8..16].copy_from_slice(&bar.to_le_bytes());
    key[16..24].copy_from_slice(&start.0.to_le_bytes());
    key[24] = controls.take;
    key[25] = controls.role as u8;
    key[26] = attempt;
    key[27] = roll;
    ChaCha8Rng::from_seed(key)
}

/// How far from the likeliest class a draw may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looseness {
    /// Divides the logits; 1 draws as the network was trained.
    pub temperature: f32,
    /// Draws come from the likeliest classes that hold this share of the probability (nucleus sampling,
    /// Holtzman et al. 2020).
    pub nucleus: f32,
}

impl Looseness {
    /// From the Adventure knob, 0..=1. At a half it draws nearly as the network was trained, where the
    /// measures of what it plays come nearest to those of human music; at 0 it keeps near the likeliest
    /// without being stuck on it.
    #[must_use]
    pub fn from_adventure(adventure: f32) -> Self {
        let adventure = adventure.clamp(0.0, 1.0);
        Self {
            temperature: 0.5 + 0.95 * adventure,
            nucleus: 1.0 - 0.3 * (1.0 - adventure).powi(2),
        }
    }

    /// How keys are drawn. Those of a chord and of a bass come nearer to the likeliest, for one strange note
    /// spoils the harmony.
    #[must_use]
    pub fn of_keys(self, role: Role) -> Self {
        let (temperature, nucleus) = match role {
            Role::Chords => (0.65, 0.1),
            Role::Bass => (0.6, 0.1),
            Role::Continue | Role::Counter | Role::Drums => (1.0, 0.0),
        };
        Self {
            temperature: temperature * self.temperature,
            nucleus: self.nucleus - nucleus,
        }
    }

    /// The looser of both.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        Self {
            temperature: self.temperature.max(other.temperature),
            nucleus: self.nucleus.max(other.nucleus),
        }
    }

    /// How a segment is drawn again after `attempt` drafts that would not do.
    #[must_use]
    pub fn loosened(self, attempt: u8) -> Self {
        Self {
            temperature: self.temperature * (1.0 + 0.5 * f32::from(attempt)),
            nucleus: if attempt == 0 { self.nucleus } else { 1.0 },
        }
    }
}

/// The logarithm of the sum of their exponentials; −∞ of nothing.
#[must_use]
pub fn log_sum(logits: &[f32]) -> f32 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if highest == f32::NEG_INFINITY {
        return highest;
    }
    let sum: f32 = logits.iter().map(|logit| (logit - highest).exp()).sum();
    highest + sum.ln()
}

/// Draws a class; `None` when every logit is −∞. Takes one number from the stream, always.
pub fn draw(logits: &[f32], looseness: Looseness, rng: &mut impl Rng) -> Option<usize> {
    let chance: f32 = rng.random();
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if highest == f32::NEG_INFINITY {
        return None;
    }
    let mut classes: Vec<(usize, f32)> = logits
        .iter()
        .enumerate()
        .filter(|(_, logit)| logit.is_finite())
        .map(|(class, logit)| (class, ((logit - highest) / looseness.temperature).exp()))
        .collect();
    // Equal weights stay in class order: the sort is stable.
    classes.sort_by(|a, b| b.1.total_cmp(&a.1));
    let total: f32 = classes.iter().map(|class| class.1).sum();
    let mut kept = 0.0;
    let mut count = 0;
    for (_, weight) in &classes {
        kept += weight;
        count += 1;
        if kept >= looseness.nucleus * total {
            break;
        }
    }
    let mut left = chance * kept;
    for (class, weight) in &classes[..count] {
        left -= weight;
        if left < 0.0 {
            return Some(*class);
        }
    }
    Some(classes[count - 1].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_is_never_drawn() {
        let mut rng = stream(&Controls::default(), 0, Tick(0), (0, 0));
        let logits = [f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY, -3.0];
        let wild = Looseness::from_adventure(1.0);
        for _ in 0..1000 {
            assert!(matches!(draw(&logits, wild, &mut rng), Some(1 | 3)));
        }
        assert_eq!(draw(&[f32::NEG_INFINITY; 3], wild, &mut rng), None);
    }

    #[test]
    fn the_nucleus_grows_with_adventure() {
        let logits: Vec<f32> = (0..50).map(|class| -0.1 * class as f32).collect();
        let spread = |adventure| {
            let mut rng = stream(&Controls::default(), 7, Tick(0), (0, 0));
            let looseness = Looseness::from_adventure(adventure);
            let drawn: std::collections::BTreeSet<_> = (0..500)
                .filter_map(|_| draw(&logits, looseness, &mut rng))
                .collect();
            drawn.len()
        };
        assert!(spread(0.0) < spread(0.5) && spread(0.5) < spread(1.0));
    }

    #[test]
    fn another_take_is_another_stream() {
        let take = |take| {
            let controls = Controls {
                take,
                ..Controls::default()
            };
            stream(&controls, 3, Tick(288), (0, 0)).random::<u64>()
        };
        assert_ne!(take(0), take(1));
        assert_eq!(take(1), take(1));
    }
}
