//! Density: fewer or more notes than the network would play by itself.

use crate::{controls::Role, sample::log_sum, token::END};

/// How many times likelier a note is at each place where it could be, at full Density, and how many times less
/// likely at the least.
const FULL: [f32; 2] = [5.0, 3.0];
/// How much less sure of its rhythm the network is taken to be there, as a temperature on top of 1. Music repeats,
/// and where the network is sure that it does, no factor would change anything.
const DOUBT: [f32; 2] = [1.2, 0.4];
/// The same for a melody and a bass at full Density, of whose repetitions the network is surest.
const DOUBT_OF_A_LINE: f32 = 2.2;
/// In ticks.
const SIXTEENTH: usize = 6;

/// What Density does to the choice of the next onset.
#[derive(Clone, Copy, Debug)]
pub struct Density {
    /// How many times likelier than the network thinks a note is wherever it could be.
    hazard: f32,
    /// See [`doubt`].
    doubt: f32,
}

impl Density {
    /// That of the knob, −1..=1. The root spreads the effect over the knob: what is played feeds on itself, so
    /// that equal steps would be heard at its ends only.
    pub fn of(role: Role, knob: f32) -> Self {
        let knob = knob.clamp(-1.0, 1.0);
        let strength = knob.abs().sqrt();
        if knob >= 0.0 {
            let doubt = match role {
                Role::Continue | Role::Bass => DOUBT_OF_A_LINE,
                Role::Chords | Role::Counter | Role::Drums => DOUBT[0],
            };
            Self {
                hazard: FULL[0].powf(strength),
                doubt: doubt * strength,
            }
        } else {
            Self {
                hazard: FULL[1].powf(-strength),
                doubt: -DOUBT[1] * strength,
            }
        }
    }

    /// The same with notes `hazard` times likelier still.
    pub fn times(self, hazard: f32) -> Self {
        Self {
            hazard: self.hazard * hazard,
            ..self
        }
    }

    /// Leans the logits of the onset classes from `first` to [`END`].
    pub fn lean(&self, logits: &mut [f32], first: usize) {
        if self.doubt != 0.0 {
            doubt(logits, first, self.doubt);
        }
        if self.hazard != 1.0 {
            scale_hazards(logits, self.hazard);
        }
    }
}

/// Makes the network less sure that the next onset is at the likeliest class: at the temperature 1 + |`by`|
/// the sixteenths before it become likelier when `by` is positive, those after it and the bar's end when it is
/// negative. The logits are those of the classes from `first` to [`END`], and weigh together what they did.
/// Other places are left to the network: who plays more does not play triplets.
fn doubt(logits: &mut [f32], first: usize, by: f32) {
    let before = log_sum(logits);
    let likeliest = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
    let Some(likeliest) = likeliest.filter(|_| before.is_finite()) else {
        return;
    };
    let sure = logits[likeliest];
    let (earlier, later) = logits.split_at_mut(likeliest);
    let (from, doubted) = if by > 0.0 {
        (first, earlier)
    } else {
        (first + likeliest, later)
    };
    for (class, logit) in (from..).zip(doubted) {
        if class % SIXTEENTH == 0 || class == END {
            *logit = sure + (*logit - sure) / (1.0 + by.abs());
        }
    }
    let less = log_sum(logits) - before;
    logits.iter_mut().for_each(|logit| *logit -= less);
}

/// Makes it `factor` times likelier, at each class in turn, that the next onset is there and not later; the
/// classes weigh together what they did.
///
/// These are proportional hazards (Cox 1972): where `s` is the probability that the onset comes no earlier
/// than a class, it becomes `s` to the power of `factor`. What is certain or impossible stays so, and a
/// greater factor never makes the onset come later.
fn scale_hazards(logits: &mut [f32], factor: f32) {
    let whole = f64::from(log_sum(logits));
    // From the end, where little is left, so that nothing is lost to rounding.
    let (mut no_earlier, mut scaled_later) = (0.0, 0.0);
    for logit in logits.iter_mut().rev().filter(|_| whole.is_finite()) {
        no_earlier += (f64::from(*logit) - whole).exp();
        let scaled = f64::min(no_earlier, 1.0).powf(f64::from(factor));
        *logit = (whole + (scaled - scaled_later).max(0.0).ln()) as f32;
        scaled_later = scaled;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probabilities(logits: &[f32]) -> Vec<f32> {
        let total: f32 = logits.iter().map(|logit| logit.exp()).sum();
        logits.iter().map(|logit| logit.exp() / total).collect()
    }

    #[test]
    fn scaled_hazards_bring_the_next_onset_nearer_and_leave_the_impossible() {
        let logits = [
            0.5_f32.ln(),
            f32::NEG_INFINITY,
            0.25_f32.ln(),
            0.25_f32.ln(),
        ];
        let scaled = |factor| {
            let mut logits = logits;
            scale_hazards(&mut logits, factor);
            probabilities(&logits)
        };
        let [thin, same, thick] = [0.5, 1.0, 2.0].map(scaled);
        for (probability, expected) in same.iter().zip([0.5, 0.0, 0.25, 0.25]) {
            assert!((probability - expected).abs() < 1e-6);
        }
        // A half squared, a quarter squared.
        for (probability, expected) in thick.iter().zip([0.75, 0.0, 0.1875, 0.0625]) {
            assert!((probability - expected).abs() < 1e-6, "{thick:?}");
        }
        assert!(thin[0] < same[0] && thin[3] > same[3] && thin[1] == 0.0);
    }

    #[test]
    fn doubt_reaches_the_sixteenths_on_its_side_only() {
        let mut logits = [-9.0; END + 1];
        logits[24] = 3.0;
        logits[12] = f32::NEG_INFINITY;
        let sure = probabilities(&logits);
        let doubted = |by| {
            let mut logits = logits;
            doubt(&mut logits, 0, by);
            probabilities(&logits)
        };
        let (more, fewer) = (doubted(1.0), doubted(-1.0));
        assert!(more[6] > 10.0 * sure[6] && more[30] <= sure[30] && more[END] <= sure[END]);
        assert!(
            fewer[6] <= sure[6] && fewer[30] > 10.0 * sure[30] && fewer[END] > 10.0 * sure[END]
        );
        for odds in [more, fewer] {
            assert!(odds[24] < sure[24] && odds[8] <= sure[8] && odds[12] == 0.0);
        }
    }
}
