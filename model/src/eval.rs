//! How good the network is, on pieces that it has not seen.
//!
//! Five looks, each on a corpus file:
//! - [`likelihood`]: bits per note against classical baselines, by role, source and field.
//! - [`continuations`]: what it plays, bar by bar through the [`generate`](crate::generate) path, against
//!   what a human played in the same bars, by the [`measures`].
//! - [`reaction`]: whether its answer follows what is heard.
//! - [`lesson`]: what a style learns and what it forgets.
//! - [`finding`]: whether the keys and chords that it is told are the right ones.

pub mod baseline;
pub mod continuations;
pub mod finding;
pub mod lesson;
pub mod likelihood;
pub mod measures;
pub mod ngram;
pub mod reaction;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::{controls::Role, train::corpus::Piece};

/// The random stream of a piece and a role: the same piece makes the same exercise, whatever else stands in
/// the file.
fn stream(piece: &Piece, role: Role) -> ChaCha8Rng {
    let hash = piece
        .id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    ChaCha8Rng::seed_from_u64(hash ^ role as u64)
}
