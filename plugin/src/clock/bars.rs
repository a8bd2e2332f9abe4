//! Where the bars lie, from what a host tells of them.
//!
//! Hosts differ: some never set the bar start, some count every bar as four quarters. So what is told is
//! taken where play begins and where the meter changes, and only as long as the host has not told a bar that
//! cannot be. While play goes on in one meter, bars do not move.

use continuo_model::time::{BarGrid, Meter, THIRTY_SECOND, TICKS_PER_QUARTER, Tick};

use super::{DRIFT_TICKS, Entry, Transport, whole};

/// A bar start further from where it can be than this, in ticks, is no rounding and no host that tells it a
/// little late.
const SLACK: f64 = 2.0 * THIRTY_SECOND as f64;
/// A change of meter that is seen this close to a bar line came with it, in ticks: blocks of 8,192 samples at
/// 120 a minute are 8.
const NEAR: i64 = 12;

/// Follows a host's signature and bar starts.
#[derive(Debug)]
pub struct Bars {
    grid: BarGrid,
    /// The last bar start that the host told, in ticks.
    told: Option<f64>,
    /// The host tells bars that cannot be.
    misled: bool,
    /// The bar start moved on by a bar: this one has been told rightly.
    proven: bool,
    /// The grid is by what the host told.
    trusted: bool,
}

impl Bars {
    /// Common time from the origin, nothing told.
    pub fn new() -> Self {
        Self {
            grid: BarGrid::from_origin(Meter::COMMON),
            told: None,
            misled: false,
            proven: false,
            trusted: false,
        }
    }

    /// The bars as they are now.
    pub fn grid(&self) -> BarGrid {
        self.grid
    }

    /// Learns from what is told at `at`, in ticks, whether this host's bar starts can be meant.
    pub fn judge(&mut self, transport: &Transport, at: f64) {
        self.proven = false;
        let Some(start) = bar_start(transport) else {
            return;
        };
        let bar = self.meter(transport).bar_ticks() as f64;
        if !(-SLACK..=bar + SLACK).contains(&(at - start)) {
            self.misled = true;
        } else if self
            .told
            .is_some_and(|before| (start - before - bar).abs() < 0.5)
        {
            self.misled = false;
            self.proven = true;
        }
        self.told = Some(start);
    }

    /// Takes the signature, and the bar start where it makes sense, of a block that plays from `at` ticks on.
    pub fn follow(&mut self, transport: &Transport, at: f64, entry: Entry) {
        let meter = self.meter(transport);
        let bar = meter.bar_ticks();
        let changed = meter != self.grid.meter;
        let goes_on = entry == Entry::Continues;
        let told = bar_start(transport)
            .filter(|start| (-DRIFT_TICKS..=bar as f64 + DRIFT_TICKS).contains(&(at - start)))
            .filter(|_| !self.misled);
        let downbeat = match told {
            Some(start) if changed || !goes_on || self.proven => whole(start.round()),
            None if changed && goes_on => self.bar_line_near(at),
            None if changed || entry == Entry::Jumps || (self.misled && self.trusted) => Tick(0),
            _ => return,
        };
        self.trusted = told.is_some();
        let same_bars = (downbeat - self.grid.downbeat) % bar == 0;
        if changed || !same_bars {
            // Numbered by position alone: no host tells bar numbers that all others would.
            self.grid = BarGrid {
                downbeat,
                number: downbeat.0.div_euclid(bar),
                meter,
            };
        }
    }

    fn meter(&self, transport: &Transport) -> Meter {
        transport
            .signature
            .and_then(|(beats, unit)| Meter::new(beats.into(), unit.into()))
            .unwrap_or(self.grid.meter)
    }

    /// The bar line at which the meter changes that was seen at `at` ticks; the origin where none is near.
    fn bar_line_near(&self, at: f64) -> Tick {
        let at = whole(at.round());
        let bar = self.grid.meter.bar_ticks();
        let bars = (at + bar / 2 - self.grid.downbeat).div_euclid(bar);
        let line = self.grid.downbeat + bars * bar;
        if (at - line).abs() <= NEAR {
            line
        } else {
            Tick(0)
        }
    }
}

/// Where the host says that the bar began, in ticks.
fn bar_start(transport: &Transport) -> Option<f64> {
    let quarters = transport
        .bar_start
        .filter(|quarters| quarters.is_finite())?;
    Some(quarters * TICKS_PER_QUARTER as f64)
}
