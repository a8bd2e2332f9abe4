//! How the window changes a parameter: as a gesture that the host can record and take back.

use std::cell::RefCell;

use nice_plug::{context::gui::GuiContext, params::internals::ParamPtr, prelude::Param};

/// Takes gestures. The host's side in the plugin, a recording one in tests.
pub trait Gestures {
    /// The user takes hold of a parameter.
    fn begin(&self, param: ParamPtr);
    /// The user moves it, to a value of 0..=1.
    fn set(&self, param: ParamPtr, normalized: f32);
    /// The user lets go of it.
    fn end(&self, param: ParamPtr);
}

impl Gestures for GuiContext {
    // The pointers are those of the instance's own parameters, which the window keeps alive; what the context
    // does not know it ignores.
    fn begin(&self, param: ParamPtr) {
        // SAFETY: see above.
        unsafe { self.raw_begin_set_parameter(param) }
    }

    fn set(&self, param: ParamPtr, normalized: f32) {
        // SAFETY: see above.
        unsafe { self.raw_set_parameter_normalized(param, normalized) }
    }

    fn end(&self, param: ParamPtr) {
        // SAFETY: see above.
        unsafe { self.raw_end_set_parameter(param) }
    }
}

/// Passes gestures on, and knows which are open: a window that is closed in the middle of a drag must end them, or the
/// host goes on as if the knob were held.
pub struct Balanced<G> {
    host: G,
    open: RefCell<Vec<ParamPtr>>,
}

impl<G: Gestures> Balanced<G> {
    /// Passes on to `host`.
    pub fn new(host: G) -> Self {
        Self {
            host,
            open: RefCell::default(),
        }
    }

    /// Ends the gestures that are open.
    pub fn end_all(&self) {
        for param in self.open.take() {
            self.host.end(param);
        }
    }
}

impl<G: Gestures> Gestures for Balanced<G> {
    fn begin(&self, param: ParamPtr) {
        self.open.borrow_mut().push(param);
        self.host.begin(param);
    }

    fn set(&self, param: ParamPtr, normalized: f32) {
        self.host.set(param, normalized);
    }

    fn end(&self, param: ParamPtr) {
        let mut open = self.open.borrow_mut();
        if let Some(at) = open.iter().position(|other| *other == param) {
            open.swap_remove(at);
            drop(open);
            self.host.end(param);
        }
    }
}

/// The value of a whole step that is nearest to `normalized`.
pub fn snapped<P: Param>(param: &P, normalized: f32) -> f32 {
    param.preview_normalized(param.preview_plain(normalized.clamp(0.0, 1.0)))
}

/// Changes `param` in one go: a click, a key, a turn of the wheel.
pub fn set_once<P: Param>(gestures: &dyn Gestures, param: &P, normalized: f32) {
    let value = snapped(param, normalized);
    if value == param.unmodulated_normalized_value() {
        return;
    }
    let pointer = param.as_ptr();
    gestures.begin(pointer);
    gestures.set(pointer, value);
    gestures.end(pointer);
}
