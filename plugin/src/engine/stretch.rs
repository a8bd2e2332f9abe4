//! What waits between the hearing and the playing head.

use continuo_model::time::BarGrid;

use crate::{clock::Span, link::Epoch};

/// A run of samples on the way from the hearing to the playing head.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// The stretch of play that it belongs to.
    pub epoch: Epoch,
    /// Its first sample, counted since the engine began.
    pub first: u64,
    /// Its length in samples.
    pub frames: u32,
    /// Musical time, unless the transport is stopped.
    pub span: Option<Span>,
    /// Where the bars lie.
    pub grid: BarGrid,
}

impl Stretch {
    /// The first sample after it.
    pub fn end(&self) -> u64 {
        self.first + u64::from(self.frames)
    }

    /// This stretch and the one that follows it as one, where nothing happens between them.
    pub fn joined(&self, next: &Self) -> Option<Self> {
        let same = next.first == self.end() && (next.epoch, next.grid) == (self.epoch, self.grid);
        let span = match (self.span, next.span) {
            (Some(span), Some(next)) => Some(span.joined(&next)?),
            (None, None) => None,
            _ => return None,
        };
        Some(Self {
            frames: self.frames.checked_add(next.frames).filter(|_| same)?,
            span,
            ..*self
        })
    }
}
