//! What the masks took from the network, for the evaluation.

/// How much of what the network wanted the masks took: onsets, pitches, durations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Refused {
    probability: [f64; 3],
    decisions: [u64; 3],
}

impl Refused {
    pub(super) fn add(&mut self, field: usize, wanted: &[f32], allowed: &[f32]) {
        let highest = wanted.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weight = |logit: f32| f64::from((logit - highest).exp());
        let total: f64 = wanted.iter().map(|logit| weight(*logit)).sum();
        let taken: f64 = wanted
            .iter()
            .zip(allowed)
            .filter(|(_, allowed)| **allowed == f32::NEG_INFINITY)
            .map(|(wanted, _)| weight(*wanted))
            .sum();
        self.probability[field] += taken / total;
        self.decisions[field] += 1;
    }

    /// What came since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            probability: std::array::from_fn(|i| self.probability[i] - before.probability[i]),
            decisions: std::array::from_fn(|i| self.decisions[i] - before.decisions[i]),
        }
    }

    /// Mean probability of what was refused, per field; 0 of nothing.
    #[must_use]
    pub fn shares(&self) -> [f64; 3] {
        std::array::from_fn(|i| self.probability[i] / self.decisions[i].max(1) as f64)
    }
}
