//! Bar after bar of a song.

use continuo_model::{
    midi_file::Song,
    time::{BarGrid, Tick},
};

/// One bar: its place and number in [`grid`](Self::grid), its end in [`end`](Self::end).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// `downbeat` is the start of this bar, `number` counts it from 0.
    pub grid: BarGrid,
    /// The first tick after it; earlier than the meter says where another meter cuts it short.
    pub end: Tick,
}

impl Bar {
    /// Its first tick.
    #[must_use]
    pub fn start(&self) -> Tick {
        self.grid.downbeat
    }

    /// Its length in ticks, at least 1.
    #[must_use]
    pub fn ticks(&self) -> i64 {
        self.end - self.grid.downbeat
    }

    /// The felt beat in ticks.
    #[must_use]
    pub fn beat_ticks(&self) -> i64 {
        self.grid.meter.beat_ticks()
    }
}

/// The bars of `song` from its first on, without end.
pub fn of(song: &Song) -> impl Iterator<Item = Bar> {
    let mut start = Tick(0);
    std::iter::from_fn(move || {
        let around = song.grid_at(start);
        let grid = BarGrid {
            downbeat: start,
            number: around.bar_at(start),
            ..around
        };
        let whole = start + grid.meter.bar_ticks();
        let change = song
            .meters
            .iter()
            .map(|(from, _)| *from)
            .find(|from| *from > start);
        let end = change.map_or(whole, |change| change.min(whole));
        start = end;
        Some(Bar { grid, end })
    })
}

#[cfg(test)]
mod tests {
    use continuo_model::time::Meter;

    use super::*;

    #[test]
    fn a_change_of_meter_cuts_the_bar_short() {
        let mut song = Song::default();
        song.meters.push((Tick(120), Meter::new(3, 4).unwrap()));
        let bars: Vec<(i64, i64, i64)> = of(&song)
            .take(4)
            .map(|bar| (bar.start().0, bar.ticks(), bar.grid.number))
            .collect();
        assert_eq!(bars, [(0, 96, 0), (96, 24, 1), (120, 72, 2), (192, 72, 3)]);
    }
}
