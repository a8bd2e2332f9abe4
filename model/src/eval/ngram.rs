//! A variable-order n-gram: interpolated Kneser–Ney smoothing (Kneser and Ney 1995; Chen and Goodman 1999)
//! from the longest context that was seen down to the uniform distribution.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// Symbols of context at the most.
pub const ORDER: usize = 8;

/// Keys are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are u64");
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

type Table<V> = HashMap<u64, V, BuildHasherDefault<AsItIs>>;

/// What followed a context.
#[derive(Clone, Copy, Debug, Default)]
struct Followers {
    total: u32,
    distinct: u32,
}

/// Counts of symbols after contexts of 0 to [`ORDER`] symbols.
///
/// Contexts are told apart by 64-bit hashes: among the tens of millions of a corpus a collision is
/// unlikely, and would only cost the baseline a fraction of a bit.
pub struct Ngram {
    /// How many symbols there are.
    alphabet: u32,
    /// Of a symbol after a context. Below the longest context it counts in how many longer contexts the
    /// symbol was seen, which is what Kneser and Ney back off to.
    counts: Table<u32>,
    followers: Table<Followers>,
    /// Per order, how many counts are one and two.
    ones_and_twos: [[u32; 2]; ORDER + 1],
}

impl Ngram {
    /// One that has seen nothing, over the symbols below `alphabet`.
    #[must_use]
    pub fn new(alphabet: u32) -> Self {
        Self {
            alphabet,
            counts: Table::default(),
            followers: Table::default(),
            ones_and_twos: [[0; 2]; ORDER + 1],
        }
    }

    /// Learns that `symbol` follows `history`, of which the newest symbol comes last.
    pub fn learn(&mut self, history: &[u32], symbol: u32) {
        for (order, context) in contexts(history).into_iter().enumerate().rev() {
            let Some(context) = context else {
                continue;
            };
            let count = self.counts.entry(mixed(context, symbol)).or_default();
            *count += 1;
            let [ones, twos] = &mut self.ones_and_twos[order];
            match *count {
                1 => *ones += 1,
                2 => (*ones, *twos) = (*ones - 1, *twos + 1),
                3 => *twos -= 1,
                _ => {}
            }
            let followers = self.followers.entry(context).or_default();
            followers.total += 1;
            if *count > 1 {
                break;
            }
            followers.distinct += 1;
        }
    }

    /// The probability of `symbol` after `history`.
    #[must_use]
    pub fn probability(&self, history: &[u32], symbol: u32) -> f64 {
        let mut probability = 1.0 / f64::from(self.alphabet);
        for (order, context) in contexts(history).into_iter().enumerate() {
            let seen = context.and_then(|context| Some((context, self.followers.get(&context)?)));
            let Some((context, followers)) = seen else {
                break;
            };
            let count = self.counts.get(&mixed(context, symbol)).copied();
            let discount = self.discount(order);
            let own = (f64::from(count.unwrap_or(0)) - discount).max(0.0);
            let shared = discount * f64::from(followers.distinct);
            probability = (own + shared * probability) / f64::from(followers.total);
        }
        probability
    }

    /// What is taken off every count: Ney's estimate n₁ ÷ (n₁ + 2 n₂), with a little of the usual 0.75
    /// while there are few counts.
    fn discount(&self, order: usize) -> f64 {
        let [ones, twos] = self.ones_and_twos[order].map(f64::from);
        (ones + 3.0) / (ones + 2.0 * twos + 4.0)
    }
}

/// A hash for each context length that `history` is long enough for, the empty one first.
fn contexts(history: &[u32]) -> [Option<u64>; ORDER + 1] {
    let mut contexts = [None; ORDER + 1];
    let mut hash = mixed(0, 0);
    contexts[0] = Some(hash);
    for (context, symbol) in contexts[1..].iter_mut().zip(history.iter().rev()) {
        hash = mixed(hash, *symbol);
        *context = Some(hash);
    }
    contexts
}

/// The finaliser of SplitMix64 (Steele et al. 2014) over both.
fn mixed(hash: u64, symbol: u32) -> u64 {
    let mut z = hash
        .wrapping_add(u64::from(symbol) + 1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(text: &[u32]) -> Ngram {
        let mut ngram = Ngram::new(5);
        for index in 0..text.len() {
            ngram.learn(&text[..index], text[index]);
        }
        ngram
    }

    #[test]
    fn probabilities_sum_to_one_after_any_history() {
        let text = [0, 1, 2, 0, 1, 3, 0, 1, 2, 2, 2, 4, 0, 1, 2, 0, 1];
        let ngram = learnt(&text);
        for history in [&text[..0], &text[..4], &text[..], &[4, 4, 4][..], &[3][..]] {
            let sum: f64 = (0..5)
                .map(|symbol| ngram.probability(history, symbol))
                .sum();
            assert!((sum - 1.0).abs() < 1e-9, "{sum} after {history:?}");
        }
    }

    #[test]
    fn what_always_came_is_expected() {
        let ngram = learnt(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
        assert!(ngram.probability(&[0, 1], 2) > 0.8);
        assert!(ngram.probability(&[0, 1], 4) < 0.05);
    }

    #[test]
    fn backing_off_counts_contexts_rather_than_occurrences() {
        // 3 comes often, but only after 2; 1 comes seldom, but after everything.
        let ngram = learnt(&[2, 3, 2, 3, 2, 3, 2, 3, 0, 1, 4, 1, 3, 1]);
        let unseen = [1, 1];
        assert!(ngram.probability(&unseen[..0], 1) > ngram.probability(&unseen[..0], 3));
    }
}
