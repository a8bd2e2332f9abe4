//! What a project keeps of the window.

use std::sync::{Mutex, MutexGuard, PoisonError};

use nice_plug::params::persist::PersistentField;
use serde::{Deserialize, Serialize};

use super::{
    View,
    roll::ZOOM,
    theme::{NATURAL_SIZE, SMALLEST_SIZE},
};

/// The largest logical size: 8K. What is beyond comes from a damaged project.
pub const LARGEST: f32 = 8192.0;

/// Size and ways of looking.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowState {
    /// Logical points.
    pub width: f32,
    /// Logical points.
    pub height: f32,
    /// Light, else dark.
    pub light: bool,
    /// The rest of the controls is open.
    pub fold: bool,
    /// Bars side by side in the roll.
    pub bars: f32,
}

impl Default for WindowState {
    fn default() -> Self {
        let view = View::default();
        Self {
            width: NATURAL_SIZE.x,
            height: NATURAL_SIZE.y,
            light: view.light,
            fold: view.fold,
            bars: view.bars,
        }
    }
}

impl WindowState {
    /// The same within what can be.
    fn sane(self) -> Self {
        let within = |value: f32, least: f32, most: f32, default: f32| {
            if value.is_finite() {
                value.clamp(least, most)
            } else {
                default
            }
        };
        let start = Self::default();
        Self {
            width: within(self.width, SMALLEST_SIZE.x, LARGEST, start.width),
            height: within(self.height, SMALLEST_SIZE.y, LARGEST, start.height),
            bars: within(self.bars, *ZOOM.start(), *ZOOM.end(), start.bars),
            ..self
        }
    }

    /// The view with which a window opens.
    #[must_use]
    pub fn view(&self) -> View {
        View {
            light: self.light,
            fold: self.fold,
            bars: self.bars,
            ..View::default()
        }
    }

    /// Keeps what `view` has become.
    pub fn keep(&mut self, view: &View) {
        self.light = view.light;
        self.fold = view.fold;
        self.bars = view.bars;
    }
}

/// The state behind a lock; the window and the host's main thread share it.
#[derive(Debug, Default)]
pub struct Kept(Mutex<WindowState>);

impl Kept {
    /// To read or write.
    pub fn lock(&self) -> MutexGuard<'_, WindowState> {
        // Plain values are whole whatever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PersistentField<'_, WindowState> for Kept {
    fn set(&self, state: WindowState) {
        *self.lock() = state.sane();
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&WindowState) -> R,
    {
        let state = *self.lock();
        f(&state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_project_opens_a_window_that_can_be() {
        let kept = Kept::default();
        let broken = r#"{"width": 1e30, "height": -5, "light": true, "bars": 0}"#;
        kept.set(serde_json::from_str(broken).unwrap());
        let state = *kept.lock();
        assert_eq!((state.width, state.height), (LARGEST, SMALLEST_SIZE.y));
        assert_eq!((state.bars, state.light, state.fold), (2.0, true, false));
    }
}
