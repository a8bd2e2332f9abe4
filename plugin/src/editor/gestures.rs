//! How the window changes a parameter: as a gesture that the host can record and take back.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use nice_plug::{context::gui::GuiContext, params::internals::ParamPtr, prelude::Param};

/// Takes gestures. The host's side in the plugin, a recording one in tests.
pub trait Gestures {
    /// The user takes hold of a parameter.
    fn begin(&self, param: ParamPtr);
    /// The user moves it, to a value of 0..=1.
    fn set(&self, param: ParamPtr, normalized: f32);
    /// The user lets go of it.
    fn end(&self, param: ParamPtr);
    /// The value that it has, or will have when the host has taken in what was set last.
    fn value(&self, param: ParamPtr) -> f32 {
        // SAFETY: the pointers are those of the instance's own parameters, which the window keeps alive.
        unsafe { param.unmodulated_normalized_value() }
    }
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

/// Hosts take a value in with the next block, some when they send it back. Who has not done so after this long
/// does not mean to.
const PATIENCE: Duration = Duration::from_millis(300);

/// Passes gestures on, and knows which are open: a window that is closed in the middle of a drag must end them, or the
/// host goes on as if the knob were held. It also knows what was sent last, so that steps that come faster than the
/// host's blocks go on from each other.
pub struct Balanced<G> {
    host: G,
    open: RefCell<Vec<ParamPtr>>,
    sent: RefCell<Vec<Sent>>,
}

/// Values on their way.
struct Sent {
    param: ParamPtr,
    /// What the parameter showed before, and what was sent since, the last at the end.
    values: Vec<f32>,
    /// When the last was sent.
    at: Instant,
}

/// Values on their way that are known at the most: more than a hand sends between two blocks.
const MOST_SENT: usize = 32;

impl<G: Gestures> Balanced<G> {
    /// Passes on to `host`.
    pub fn new(host: G) -> Self {
        Self {
            host,
            open: RefCell::default(),
            sent: RefCell::default(),
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
        // What has arrived, or was given up, is forgotten.
        self.value(param);
        let mut sent = self.sent.borrow_mut();
        let known = sent.iter().position(|sent| sent.param == param);
        let mut values = match known {
            Some(known) => sent.swap_remove(known).values,
            None => vec![self.host.value(param)],
        };
        if values.len() == MOST_SENT {
            values.remove(0);
        }
        values.push(normalized);
        sent.push(Sent {
            param,
            values,
            at: Instant::now(),
        });
        drop(sent);
        self.host.set(param, normalized);
    }

    fn value(&self, param: ParamPtr) -> f32 {
        let shown = self.host.value(param);
        let mut sent = self.sent.borrow_mut();
        // Where it shows what was never sent, the host has moved it.
        sent.retain(|sent| {
            let under_way = sent.values.contains(&shown) && sent.values.last() != Some(&shown);
            sent.param != param || (under_way && sent.at.elapsed() < PATIENCE)
        });
        let on_its_way = sent.iter().find(|sent| sent.param == param);
        let last = on_its_way.and_then(|sent| sent.values.last());
        last.copied().unwrap_or(shown)
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
    let pointer = param.as_ptr();
    if value == gestures.value(pointer) {
        return;
    }
    gestures.begin(pointer);
    gestures.set(pointer, value);
    gestures.end(pointer);
}
