//! What a planner remembers of a song, as a project keeps it.
//!
//! The form is JSON with a version. Version 1 had no number. What a later version adds has a name of its own:
//! this one keeps it, so that a project which goes through both loses nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Bars, Held, Planned, Planner, Takes};
use crate::{
    fit::Fit,
    note::{Note, compact},
    time::{Meter, Tick},
};

/// The version that is written. 2 added the number itself, the tempo and the meter.
const VERSION: u32 = 2;

/// What was heard and played, by song position, and the held phrase. A song that is played again from its
/// beginning with this memory gets the notes of a second pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Of its form; that of a later one is kept with what it holds.
    #[serde(deserialize_with = "version")]
    version: u32,
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
    /// Where the bars lay when the song was last heard, and how fast it went; for who writes it down.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Last>,
    /// What only a later version knows.
    #[serde(flatten)]
    later: Map<String, Value>,
}

/// The pace of a song as it was last heard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Last {
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Its meter.
    pub meter: Meter,
    /// The start of one of its bars.
    pub downbeat: Tick,
}

/// No version lies below 1, nor is one forgotten that is read.
fn version<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(u32::deserialize(deserializer)?.max(VERSION))
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            version: VERSION,
            heard: Vec::new(),
            known: Vec::new(),
            played: Vec::new(),
            held: None,
            bars: Bars::default(),
            takes: Takes::default(),
            last: None,
            later: Map::new(),
        }
    }
}

impl Memory {
    /// Heard notes by song position, sorted.
    #[must_use]
    pub fn heard(&self) -> &[Note] {
        &self.heard
    }

    /// What was generated, by song position.
    #[must_use]
    pub fn played(&self) -> &[Note] {
        &self.played
    }

    /// The held phrase: where it began in the song, and its notes.
    #[must_use]
    pub fn held_phrase(&self) -> Option<(Tick, &[Note])> {
        self.held.as_ref().map(Held::phrase)
    }

    /// The pace of the song when it was last heard.
    #[must_use]
    pub fn last(&self) -> Option<Last> {
        self.last
            .filter(|last| last.tempo.is_finite() && last.tempo > 0.0)
    }

    /// The same, last heard at this pace.
    #[must_use]
    pub fn at(self, last: Option<Last>) -> Self {
        Self { last, ..self }
    }

    /// The same with what only a later version knows of `other`, and its version.
    #[must_use]
    pub fn with_later_of(self, other: &Self) -> Self {
        Self {
            version: other.version,
            later: other.later.clone(),
            ..self
        }
    }

    /// Only what a later version knows, to be kept while the rest is at work.
    #[must_use]
    pub fn later(&self) -> Self {
        Self::default().with_later_of(self)
    }
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
            ..Memory::default()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Generator;

    /// As the first version saved it.
    const FIRST: &str = include_str!("memory/version-1.json");

    fn saved(memory: &Memory) -> Value {
        serde_json::to_value(memory).expect("JSON")
    }

    /// What a planner saves that has recalled `text`.
    fn through_a_planner(text: &str) -> Value {
        let memory: Memory = serde_json::from_str(text).expect("a memory");
        let mut planner = Planner::new(Generator::shipped().expect("the shipped weights fit"));
        let later = memory.later();
        planner.recall(memory);
        saved(&planner.memory().with_later_of(&later))
    }

    #[test]
    fn the_first_version_is_read_and_becomes_the_present_one() {
        let before: Value = serde_json::from_str(FIRST).expect("JSON");
        let after = through_a_planner(FIRST);
        assert_eq!(after["version"], 2);
        for name in ["heard", "known", "played", "held"] {
            assert_eq!(after[name], before[name], "{name}");
        }
    }

    #[test]
    fn what_a_later_version_added_is_saved_again() {
        let mut later: Value = serde_json::from_str(FIRST).expect("JSON");
        later["version"] = 7.into();
        later["strings"] = serde_json::json!({"bowed": [1, 2.5, "arco"]});
        let after = through_a_planner(&later.to_string());
        assert_eq!(after["version"], 7);
        assert_eq!(after["strings"], later["strings"]);
        assert_eq!(after["heard"], later["heard"]);
    }

    #[test]
    fn an_empty_object_is_an_empty_memory() {
        let memory: Memory = serde_json::from_str("{}").expect("a memory");
        assert_eq!(memory, Memory::default());
    }
}
