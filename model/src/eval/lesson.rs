//! What a style learns of a player's music, and what it forgets of all other.
//!
//! The pieces of one source stand for a player's. Every second of them becomes a MIDI file, as a player has it, and
//! is learnt from; the others are judged, read back from MIDI files too, so that the parts are those which
//! [`folder`](crate::train::folder) finds. What is forgotten shows in the other sources.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::likelihood::{Cost, of_network};
use crate::{
    controls::Role,
    midi_file::{DRUM_CHANNEL, Song, Track, untangle},
    train::{
        corpus::{Part, Piece},
        folder::piece,
    },
    weights::Weights,
};

/// What `pieces` cost the network, by role.
#[must_use]
pub fn by_role(
    weights: &Weights,
    pieces: &[&Piece],
    progress: impl Fn() + Sync,
) -> BTreeMap<Role, Cost> {
    let each: Vec<(Role, Cost)> = pieces
        .par_iter()
        .flat_map_iter(|piece| {
            progress();
            let cost = |role| Some((role, of_network(weights, piece, role)?));
            Role::ALL.into_iter().filter_map(cost)
        })
        .collect();
    let mut sums = BTreeMap::<Role, Cost>::new();
    for (role, cost) in each {
        sums.entry(role).or_default().add(&cost);
    }
    sums
}

/// A piece as a player's MIDI file: a track for each part that is not derived from another, named as in its source.
#[must_use]
pub fn song_of(piece: &Piece) -> Song {
    let derived = |part: &&Part| part.name != "piano-bass";
    let mut channels = (0..16).filter(|channel| *channel != DRUM_CHANNEL).cycle();
    let tracks = piece.parts.iter().filter(derived).map(|part| {
        let mut notes = part.notes.clone();
        untangle(&mut notes);
        Track {
            name: part.name.clone(),
            channel: match part.role.as_str() {
                "drums" => DRUM_CHANNEL,
                _ => channels.next().unwrap_or_default(),
            },
            program: None,
            notes,
        }
    });
    Song {
        meters: piece.meters.clone(),
        tracks: tracks.collect(),
        ..Song::default()
    }
}

/// A player's pieces, and all the rest.
#[derive(Debug, Default)]
pub struct Player {
    /// Every second piece of the source, as a song to learn from.
    pub songs: Vec<(String, Song)>,
    /// The others, as they are read from MIDI files.
    pub held_out: Vec<Piece>,
    /// All other sources.
    pub others: Vec<Piece>,
}

impl Player {
    /// The pieces of `source` for a player's.
    #[must_use]
    pub fn of(source: &str, pieces: &[Piece]) -> Self {
        let mut player = Self::default();
        let mut count = 0;
        for each in pieces {
            if each.source != source {
                player.others.push(each.clone());
                continue;
            }
            let song = song_of(each);
            // What a player's folder would not give either is left out of both halves.
            if let Ok(read) = piece(&song, &each.id) {
                if count % 2 == 0 {
                    player.songs.push((each.id.clone(), song));
                } else {
                    player.held_out.push(read);
                }
                count += 1;
            }
        }
        player
    }
}
