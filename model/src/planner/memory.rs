//! What a planner remembers of a song, as a project keeps it.

use serde::{Deserialize, Serialize};

use super::{Bars, Held, Planned, Planner, Takes};
use crate::{
    fit::Fit,
    note::{Note, compact},
    time::Tick,
};

/// What was heard and played, by song position, and the held phrase. A song that is played again from its
/// beginning with this memory gets the notes of a second pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Heard notes.
    #[serde(with = "compact")]
    heard: Vec<Note>,
    /// Stretches of the song that were listened to.
    known: Vec<(Tick, Tick)>,
    /// Our own notes: the past that new ones go on from.
    #[serde(with = "compact")]
    played: Vec<Note>,
    /// The phrase that repeats while Hold is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Held>,
    /// Held and re-rolled bars.
    bars: Bars,
    /// What other takes play.
    takes: Takes,
}

impl Planner {
    /// What is remembered now.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory {
            heard: self.timeline.heard().to_vec(),
            known: self.timeline.known().to_vec(),
            played: self
                .own
                .iter()
                .filter(|planned| planned.fit == Fit::AsPlanned)
                .map(|planned| planned.note)
                .collect(),
            held: self.held.clone(),
            bars: self.bars.clone(),
            takes: self.takes.clone(),
        }
    }

    /// Remembers another song instead. What is planned already stays; the next decision knows the new.
    pub fn recall(&mut self, memory: Memory) {
        self.timeline.recall(memory.heard, memory.known);
        let mut played = memory.played;
        played.sort_unstable_by_key(|note| (note.onset, note.pitch));
        self.own = played
            .into_iter()
            .map(|note| Planned {
                note,
                fit: Fit::AsPlanned,
                yields: false,
            })
            .collect();
        self.held = memory.held;
        self.let_go = None;
        self.bars = memory.bars;
        self.takes = memory.takes;
    }
}
