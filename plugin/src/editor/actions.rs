//! What the window asks for that is no parameter.

use continuo_model::time::Tick;

use crate::worker::Seat;

/// Takes the requests: the instance's seat in the plugin, a recording one in tests. None of them waits.
pub trait Actions {
    /// Keeps the bar that holds `at` as it was played last, or lets go of it.
    fn hold_bar(&self, at: Tick, hold: bool);
    /// Asks for other notes in the bar that holds `at`.
    fn reroll_bar(&self, at: Tick);
}

impl Actions for Seat {
    fn hold_bar(&self, at: Tick, hold: bool) {
        Self::hold_bar(self, at, hold);
    }

    fn reroll_bar(&self, at: Tick) {
        Self::reroll_bar(self, at);
    }
}
