//! What the musician asked of single bars: keep this one, make that one anew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    controls::Role,
    note::{Note, between, compact},
    time::Tick,
    tokenizer::Segment,
};

/// Bars that are asked about at the most: a song of some hours.
const MOST: usize = 10_000;

/// Held bars and re-rolled ones, each by its first tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bars {
    held: BTreeMap<Tick, HeldBar>,
    rolls: BTreeMap<Tick, u8>,
}

/// What a bar keeps. It belongs to the role that played it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct HeldBar {
    role: Role,
    #[serde(with = "compact")]
    notes: Vec<Note>,
}

impl Bars {
    /// Keeps those of `notes`, sorted, that lie in the bar from `start` on and before `end`, if there are any:
    /// a bar that was never played is not to be silent.
    pub fn hold(&mut self, role: Role, start: Tick, end: Tick, notes: &[Note]) {
        let notes = between(notes, start, end).to_vec();
        if self.held.len() < MOST && !notes.is_empty() {
            self.held.insert(start, HeldBar { role, notes });
        }
    }

    /// Lets go of the bar at `start`.
    pub fn release(&mut self, start: Tick) {
        self.held.remove(&start);
    }

    /// The first ticks of the bars that `role` holds, in order.
    pub fn held_by(&self, role: Role) -> impl Iterator<Item = Tick> {
        self.held
            .iter()
            .filter(move |(_, bar)| bar.role == role)
            .map(|(start, _)| *start)
    }

    /// What `role` keeps in `segment`; `None` where its bar is not held.
    pub fn held_in(&self, role: Role, segment: &Segment) -> Option<&[Note]> {
        let bar = self.held.get(&segment.bar.start)?;
        (bar.role == role).then(|| between(&bar.notes, segment.start, segment.end))
    }

    /// Asks for other notes in the bar at `start`.
    pub fn roll(&mut self, start: Tick) {
        if self.rolls.len() < MOST {
            let rolls = self.rolls.entry(start).or_default();
            *rolls = rolls.wrapping_add(1);
        }
    }

    /// How often the bar at `start` was asked for anew.
    pub fn rolls(&self, start: Tick) -> u8 {
        self.rolls.get(&start).copied().unwrap_or(0)
    }
}
