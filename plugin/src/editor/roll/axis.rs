//! Where a tick and a pitch lie on the screen.

use continuo_model::time::Tick;
use egui::{Id, Rect, Ui, emath::Rangef};

use super::GLIDE;
use crate::editor::Scene;

/// The fewest semitones that are shown: two octaves.
const FEWEST: u8 = 24;
/// Room above and below the notes, in semitones.
const MARGIN: u8 = 3;
/// The range moves in steps of this many semitones, so that not every note moves it.
const STEP: u8 = 6;

/// The time axis.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    left: f32,
    right: f32,
    /// Ticks at the left edge.
    from: f64,
    points_per_tick: f64,
}

impl Axis {
    /// `span` ticks from `from` on across the width of `rect`.
    pub fn new(rect: Rect, from: f64, span: f64) -> Self {
        Self {
            left: rect.left(),
            right: rect.right(),
            from,
            points_per_tick: f64::from(rect.width()) / span.max(1.0),
        }
    }

    /// Where a position lies, with a fraction of ticks.
    pub fn x(&self, ticks: f64) -> f32 {
        self.left + ((ticks - self.from) * self.points_per_tick) as f32
    }

    /// Where a tick lies.
    pub fn at(&self, tick: Tick) -> f32 {
        self.x(tick.0 as f64)
    }

    /// The points between two ticks.
    pub fn range(&self, from: Tick, to: Tick) -> Rangef {
        Rangef::new(self.at(from), self.at(to))
    }

    /// The first tick that is seen.
    pub fn first(&self) -> Tick {
        Tick(self.from.floor() as i64)
    }

    /// The first tick after what is seen.
    pub fn last(&self) -> Tick {
        let span = f64::from(self.right - self.left) / self.points_per_tick;
        Tick((self.from + span).ceil() as i64)
    }

    /// Whether any of `from..to` is seen.
    pub fn shows(&self, from: Tick, to: Tick) -> bool {
        from < self.last() && to > self.first()
    }

    /// Whether any of `rect` is seen.
    pub fn sees(&self, rect: Rect) -> bool {
        rect.left() < self.right && rect.right() > self.left
    }

    /// The width of so many ticks.
    pub fn width(&self, ticks: i64) -> f32 {
        (ticks as f64 * self.points_per_tick) as f32
    }
}

/// The pitch axis.
#[derive(Clone, Copy, Debug)]
pub struct Pitches {
    top: f32,
    /// The pitch whose lower edge is the bottom, with a fraction while it moves.
    low: f32,
    high: f32,
    row: f32,
}

impl Pitches {
    /// The pitches of the notes that `axis` shows, in `rect`.
    pub fn around(ui: &Ui, scene: &Scene, axis: &Axis, rect: Rect) -> Self {
        let heard = scene.snapshot.heard.iter().map(|heard| &heard.note);
        let own = scene.own().iter().filter(|_| !scene.drums());
        let pitches = heard
            .chain(own.map(|own| &own.note))
            .filter(|note| axis.shows(note.onset, note.end()))
            .map(|note| note.pitch);
        let (low, high) = range(pitches);
        let glide = |name, value: u8| {
            ui.ctx()
                .animate_value_with_time(Id::unique(name), f32::from(value), GLIDE)
        };
        let (low, high) = (glide("lowest row", low), glide("highest row", high));
        Self {
            top: rect.top(),
            low,
            high,
            row: rect.height() / (high - low + 1.0),
        }
    }

    /// The upper edge of a pitch's row.
    pub fn top(&self, pitch: u8) -> f32 {
        self.top + (self.high - f32::from(pitch)) * self.row
    }

    /// The height of a row.
    pub fn row(&self) -> f32 {
        self.row
    }

    /// The rows, from the lowest.
    pub fn rows(&self) -> std::ops::RangeInclusive<u8> {
        // Saturating casts.
        self.low.floor() as u8..=self.high.ceil().min(127.0) as u8
    }
}

/// The lowest and the highest row for these notes.
pub fn range(pitches: impl Iterator<Item = u8>) -> (u8, u8) {
    let bounds = pitches.fold(None, |bounds: Option<(u8, u8)>, pitch| {
        let (low, high) = bounds.unwrap_or((pitch, pitch));
        Some((low.min(pitch), high.max(pitch)))
    });
    // Without notes, the middle of a piano.
    let (low, high) = bounds.unwrap_or((48, 72));
    let mut low = low.saturating_sub(MARGIN) / STEP * STEP;
    let mut high = ((high + MARGIN) / STEP * STEP + STEP - 1).min(127);
    while high - low + 1 < FEWEST {
        low = low.saturating_sub(STEP);
        if high - low + 1 < FEWEST {
            high = (high + STEP).min(127);
        }
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_has_a_row_and_there_are_at_least_two_octaves() {
        for pitches in [
            vec![],
            vec![0],
            vec![127],
            vec![60, 61],
            vec![0, 127],
            vec![28, 95],
        ] {
            let (low, high) = range(pitches.iter().copied());
            assert!(high <= 127 && high - low + 1 >= FEWEST);
            assert!(pitches.iter().all(|pitch| (low..=high).contains(pitch)));
        }
    }
}
