//! Forget: a parameter that works like a button.

use egui::{Rect, Ui};
use nice_plug::prelude::Param;

use super::{Gestures, Scene, View, buttons::button_named};
use crate::params::ContinuoParams;

/// Seconds for which the button stays down, so that the audio thread sees it in at least one block.
const DOWN: f64 = 0.3;

/// Draws the button. A click presses the parameter, and lets go of it a moment later.
pub fn forget(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect) {
    let param = scene.params.forget.as_ptr();
    let now = ui.input(|input| input.time);
    let tip = "Forgets what earlier passes of the song taught";
    let label = if view.forgetting.is_some() {
        "Forgotten"
    } else {
        "Forget"
    };
    let clicked = button_named(ui, scene, rect, "forget", label, tip).clicked();
    if clicked && view.forgetting.is_none() {
        view.forgetting = Some(now);
        scene.gestures.begin(param);
        scene.gestures.set(param, 1.0);
    }
}

/// Lets go of the button when its time has come, also while it is out of sight.
pub fn release(ui: &Ui, scene: &Scene, view: &mut View) {
    let Some(since) = view.forgetting else {
        return;
    };
    if ui.input(|input| input.time) - since >= DOWN {
        let_go(scene.params, scene.gestures, view);
    } else {
        let soon = std::time::Duration::from_secs_f64(DOWN);
        ui.ctx().request_repaint_after(soon);
    }
}

/// Lets go of the button if it is down.
pub fn let_go(params: &ContinuoParams, gestures: &dyn Gestures, view: &mut View) {
    if view.forgetting.take().is_some() {
        let param = params.forget.as_ptr();
        gestures.set(param, 0.0);
        gestures.end(param);
    }
}
