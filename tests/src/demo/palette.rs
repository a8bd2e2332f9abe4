//! A picture's colours as a palette.

use std::{cmp::Reverse, collections::HashMap};

/// As many as a PNG's palette holds.
const MOST: usize = 256;

type Rgb = [u8; 3];

/// The 256 commonest colours of `pixels` (red, green, blue in turn), and for each pixel the index of the
/// nearest of them.
#[must_use]
pub fn reduced(pixels: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let colours = || pixels.as_chunks::<3>().0.iter().copied();
    let mut counts: HashMap<Rgb, usize> = HashMap::new();
    for colour in colours() {
        *counts.entry(colour).or_default() += 1;
    }
    let mut common: Vec<(Rgb, usize)> = counts.into_iter().collect();
    common.sort_unstable_by_key(|(colour, count)| (Reverse(*count), *colour));
    let all: Vec<Rgb> = common.iter().map(|(colour, _)| *colour).collect();
    let palette = &all[..all.len().min(MOST)];
    // The casts are safe: at most 256 indices.
    let index = |colour: &Rgb| {
        let nearest = (0..palette.len()).min_by_key(|at| distance(&palette[*at], colour));
        nearest.unwrap_or(0) as u8
    };
    let indices: HashMap<Rgb, u8> = all.iter().map(|colour| (*colour, index(colour))).collect();
    (
        palette.concat(),
        colours().map(|colour| indices[&colour]).collect(),
    )
}

fn distance(a: &Rgb, b: &Rgb) -> i32 {
    let channels = a.iter().zip(b);
    channels
        .map(|(a, b)| (i32::from(*a) - i32::from(*b)).pow(2))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_256_colours_come_back_exactly() {
        let pixels: Vec<u8> = (0..=255u8).flat_map(|value| [value, 0, 9]).collect();
        let (palette, indices) = reduced(&pixels);
        let back: Vec<u8> = indices
            .iter()
            .flat_map(|index| palette[usize::from(*index) * 3..][..3].to_vec())
            .collect();
        assert_eq!(back, pixels);
    }

    #[test]
    fn the_rarest_colours_become_their_neighbours() {
        let common = (0..=255u8).flat_map(|value| [value, 0, 0].repeat(2));
        let pixels: Vec<u8> = common.chain([200, 1, 0]).collect();
        let (palette, indices) = reduced(&pixels);
        let last = usize::from(indices[indices.len() - 1]) * 3;
        assert_eq!(palette.len(), 768);
        assert_eq!(palette[last..last + 3], [200, 0, 0]);
    }
}
