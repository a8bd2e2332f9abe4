//! How unlikely the network finds what was drawn, for the evaluation.

use crate::sample::log_sum;

/// Nats of what was drawn, as the network gave the odds: before masks, leanings and Adventure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surprise {
    nats: f64,
    draws: u64,
}

impl Surprise {
    pub(super) fn add(&mut self, wanted: &[f32], drawn: usize) {
        self.nats += f64::from(log_sum(wanted) - wanted[drawn]);
        self.draws += 1;
    }

    /// What came since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            nats: self.nats - before.nats,
            draws: self.draws - before.draws,
        }
    }

    /// Mean nats a draw; 0 of nothing.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.nats / self.draws.max(1) as f64
    }
}
