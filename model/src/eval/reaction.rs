//! Whether the answer follows what is heard: moved chords, and more or fewer notes.

use super::measures::{Excerpt, Player};
use crate::note::{Note, between};

/// The share of `moved` notes whose pitch class is that of `plain`, bar for bar, `semitones` higher: the
/// common notes of both, by the notes of the larger. Order and octave do not count.
#[must_use]
pub fn moved_along(plain: &[Note], moved: &[Note], semitones: u8) -> f64 {
    let mut classes = [[0i64; 12]; 2];
    for note in plain {
        classes[0][usize::from((note.pitch + semitones) % 12)] += 1;
    }
    for note in moved {
        classes[1][usize::from(note.pitch_class())] += 1;
    }
    let common: i64 = (0..12).map(|i| classes[0][i].min(classes[1][i])).sum();
    common as f64 / plain.len().max(moved.len()).max(1) as f64
}

/// How well the number of notes played goes with the number heard, excerpt for excerpt: Spearman's rank
/// correlation, −1..=1; 0 when either is always the same.
#[must_use]
pub fn density_follows(excerpts: &[Excerpt], player: Player) -> f64 {
    let heard = |excerpt: &Excerpt| {
        let from = excerpt.bars[0].start;
        let to = excerpt.bars[excerpt.bars.len() - 1].end();
        between(&excerpt.heard, from, to).len() as f64
    };
    let heard: Vec<f64> = excerpts.iter().map(heard).collect();
    let made: Vec<f64> = excerpts
        .iter()
        .map(|excerpt| excerpt.notes(player).len() as f64)
        .collect();
    correlation(&ranks(&heard), &ranks(&made))
}

/// Ranks of values; equal ones share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|value| {
            let below = values.iter().filter(|other| *other < value).count();
            let equal = values.iter().filter(|other| *other == value).count();
            below as f64 + (equal as f64 - 1.0) / 2.0
        })
        .collect()
}

/// Pearson's correlation.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        both += (a - mean_a) * (b - mean_b);
        square_a += (a - mean_a).powi(2);
        square_b += (b - mean_b).powi(2);
    }
    let scale = (square_a * square_b).sqrt();
    if scale > 0.0 { both / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Tick;

    #[test]
    fn what_moved_along_is_all_of_it_or_none() {
        let notes = |pitch: u8| {
            vec![Note {
                onset: Tick(0),
                duration: 24,
                pitch,
                velocity: 80,
            }]
        };
        assert!((moved_along(&notes(60), &notes(65), 5) - 1.0).abs() < 1e-9);
        assert!(moved_along(&notes(60), &notes(60), 5).abs() < 1e-9);
    }

    #[test]
    fn ranks_share_places() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0]), [1.5, 0.0, 1.5]);
        assert!((correlation(&[0.0, 1.0, 2.0], &[1.0, 2.0, 3.0]) - 1.0).abs() < 1e-9);
    }
}
