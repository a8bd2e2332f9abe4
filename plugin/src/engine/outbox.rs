//! The way out: events leave in the order of their samples, and what the host's full list refuses waits
//! for the next block.
//!
//! What waits is sent first in the next block, note-offs before everything else. That is safe because a
//! key has at most one note-off and one note-on waiting, the off first: a note-off whose own note-on has
//! not left yet takes it back, and neither is sent, unless the key sounds by a note-on before that.

use std::{collections::VecDeque, sync::Arc};

use super::{Body, Kind, OutputEvent, Sink};
use crate::{
    schedule::{KEYS, key_index},
    status::{Count, Status},
};

/// Refused events that may wait: room for a note-off on every key, which is thus never lost, and as much
/// again for everything else, which is dropped and counted beyond that.
const REFUSED_CAPACITY: usize = 2 * KEYS;

/// Gives events to the host, or keeps them until the host takes them.
pub struct Outbox<E> {
    refused: VecDeque<Body<E>>,
    /// Keys whose last event that the host took is a note-on.
    sounds: [bool; KEYS],
    /// Samples in the running block.
    frames: u32,
    /// The sample of the last event of the running block: none may go before it.
    last: u32,
    status: Arc<Status>,
}

impl<E: Copy> Outbox<E> {
    /// Nothing waits; allocates once.
    pub fn new(status: Arc<Status>) -> Self {
        Self {
            refused: VecDeque::with_capacity(REFUSED_CAPACITY),
            sounds: [false; KEYS],
            frames: 0,
            last: 0,
            status,
        }
    }

    /// Opens a block of at least one sample and sends what waits, note-offs first.
    pub fn open(&mut self, frames: u32, sink: &mut impl Sink<E>) {
        self.frames = frames;
        self.last = 0;
        for offs in [true, false] {
            let mut place = 0;
            while let Some(&body) = self.refused.get(place) {
                if body.is_off() != offs {
                    place += 1;
                } else if self.offer(0, body, sink) {
                    self.refused.remove(place);
                } else {
                    return;
                }
            }
        }
    }

    /// Sends an event at `sample` of the block, or as soon after as order and the host allow.
    pub fn send(&mut self, sample: u32, body: Body<E>, sink: &mut impl Sink<E>) {
        let sample = sample.max(self.last).min(self.frames - 1);
        self.last = sample;
        if !self.refused.is_empty() || !self.offer(sample, body, sink) {
            self.keep(body);
        }
    }

    /// Whether the host takes the event.
    fn offer(&mut self, sample: u32, body: Body<E>, sink: &mut impl Sink<E>) -> bool {
        let taken = sink.send(OutputEvent { sample, body });
        if !taken {
            self.status.add(Count::Refused, 1);
            return false;
        }
        if let Body::On { .. } = body {
            self.status.add(Count::NotesPlayed, 1);
        }
        if let Some(key) = body.on_key() {
            self.sounds[key] = true;
        }
        if let Some(key) = body.off_key() {
            self.sounds[key] = false;
        }
        true
    }

    fn keep(&mut self, body: Body<E>) {
        if let Some(key) = body.off_key() {
            let own = self
                .refused
                .iter()
                .rposition(|kept| kept.on_key() == Some(key));
            if let Some(place) = own {
                self.refused.remove(place);
                self.status.add(Count::Dropped, 1);
                let ends = |kept: &Body<E>| kept.off_key() == Some(key);
                if !self.sounds[key] || self.refused.iter().any(ends) {
                    return;
                }
            }
        }
        let room = if body.is_off() {
            REFUSED_CAPACITY
        } else {
            REFUSED_CAPACITY - KEYS
        };
        if self.refused.len() < room {
            self.refused.push_back(body);
        } else {
            self.status.add(Count::Dropped, 1);
        }
    }
}

impl<E> Body<E> {
    /// Whether it ends a note, or several.
    fn is_off(&self) -> bool {
        matches!(
            self,
            Self::Off { .. }
                | Self::Pass {
                    kind: Kind::Off { .. },
                    ..
                }
        )
    }

    /// The key that it ends.
    fn off_key(&self) -> Option<usize> {
        match *self {
            Self::Off { channel, pitch }
            | Self::Pass {
                kind:
                    Kind::Off {
                        channel: Some(channel),
                        pitch: Some(pitch),
                    },
                ..
            } => Some(key_index(channel, pitch)),
            _ => None,
        }
    }

    /// The key that it begins.
    fn on_key(&self) -> Option<usize> {
        match *self {
            Self::On { channel, pitch, .. }
            | Self::Pass {
                kind: Kind::On { channel, pitch, .. },
                ..
            } => Some(key_index(channel, pitch)),
            _ => None,
        }
    }
}
