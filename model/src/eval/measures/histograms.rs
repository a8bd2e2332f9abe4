//! Histograms of what was played, and how much two of them share.

use std::collections::BTreeMap;

use super::{Excerpt, Player, any_role, is_line, is_pitched, steps};
use crate::controls::Role;

/// Counts by bin.
pub type Histogram = BTreeMap<i64, f64>;

/// Shared area of two histograms after each is scaled to 1: 0..=1, 1 for the same shape.
#[must_use]
pub fn overlap(a: &Histogram, b: &Histogram) -> f64 {
    let (total_a, total_b) = (a.values().sum::<f64>(), b.values().sum::<f64>());
    if total_a == 0.0 || total_b == 0.0 {
        return 0.0;
    }
    a.iter()
        .filter_map(|(bin, count)| Some((count / total_a).min(b.get(bin)? / total_b)))
        .sum()
}

/// A histogram of something that each excerpt has many of.
pub struct Distribution {
    /// What it counts.
    pub name: &'static str,
    /// Adds an excerpt.
    pub count: fn(&Excerpt, Player, &mut Histogram),
    /// For which roles it says something.
    pub fits: fn(Role) -> bool,
}

/// The histograms, in the order of the report.
pub const DISTRIBUTIONS: [Distribution; 7] = [
    Distribution {
        name: "onset position",
        count: |excerpt, player, histogram| {
            for note in excerpt.notes(player) {
                if let Some(bar) = excerpt.bar_at(note.onset) {
                    // Sixteenths; bars of other lengths have bins of their own.
                    let sixteenth = (note.onset - bar.start + 3) / 6;
                    *histogram.entry(bar.ticks * 100 + sixteenth).or_default() += 1.0;
                }
            }
        },
        fits: any_role,
    },
    Distribution {
        name: "duration",
        count: |excerpt, player, histogram| {
            /// Upper ends of the bins in ticks: from a thirty-second to two bars.
            const BINS: [i64; 11] = [3, 6, 9, 12, 18, 24, 36, 48, 72, 96, 192];
            for note in excerpt.notes(player) {
                let bin = BINS.partition_point(|end| *end < note.duration);
                *histogram.entry(bin as i64).or_default() += 1.0;
            }
        },
        fits: is_pitched,
    },
    Distribution {
        name: "interval",
        count: |excerpt, player, histogram| {
            for (from, to) in steps(excerpt.notes(player)) {
                let interval = (i64::from(to) - i64::from(from)).clamp(-12, 12);
                *histogram.entry(interval).or_default() += 1.0;
            }
        },
        fits: is_line,
    },
    Distribution {
        name: "pitch",
        count: |excerpt, player, histogram| {
            for note in excerpt.notes(player) {
                // Whole tones: a histogram of single keys would need thousands of notes.
                *histogram.entry(i64::from(note.pitch) / 2).or_default() += 1.0;
            }
        },
        fits: is_pitched,
    },
    Distribution {
        name: "drum",
        count: |excerpt, player, histogram| {
            for note in excerpt.notes(player) {
                *histogram.entry(note.pitch.into()).or_default() += 1.0;
            }
        },
        fits: |role| role == Role::Drums,
    },
    Distribution {
        name: "kick position",
        count: |excerpt, player, histogram| drum_positions(excerpt, player, &[35, 36], histogram),
        fits: |role| role == Role::Drums,
    },
    Distribution {
        name: "snare position",
        count: |excerpt, player, histogram| {
            drum_positions(excerpt, player, &[37, 38, 39, 40], histogram);
        },
        fits: |role| role == Role::Drums,
    },
];

fn drum_positions(excerpt: &Excerpt, player: Player, keys: &[u8], histogram: &mut Histogram) {
    for note in excerpt.notes(player) {
        if let Some(bar) = excerpt
            .bar_at(note.onset)
            .filter(|_| keys.contains(&note.pitch))
        {
            let sixteenth = (note.onset - bar.start + 3) / 6;
            *histogram.entry(bar.ticks * 100 + sixteenth).or_default() += 1.0;
        }
    }
}
