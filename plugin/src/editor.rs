//! The window: what is seen and what can be done, as functions from a picture of the instance to shapes.
//!
//! | thread | owns | may |
//! |---|---|---|
//! | window's, on some systems the host's main | the parts below, [`View`] | read [`Snapshot`]s, parameters and counters; ask the host to change parameters, the seat to hold a bar |
//! | export's, for one file | the file, a connection to the X server of its own | wait for the seat, a disk, a hand |
//! | dialog's, for one folder | nothing | wait for the musician for ever; the library stays loaded for it |
//!
//! The window never touches the rings of the audio thread, and waits for nobody. It paints while the transport runs,
//! while the user does something, and when there is news; else it rests.

mod actions;
mod app;
mod buttons;
mod clerk;
mod control;
mod dock;
mod flat;
mod folder;
mod forget;
mod gestures;
mod handle;
mod header;
mod hints;
mod icons;
mod knob;
mod legend;
mod moment;
mod motion;
mod paint;
mod presets;
mod range;
mod roles;
mod roll;
mod shelf;
mod state;
mod status_line;
mod styles;
mod take;
mod theme;
#[cfg(target_os = "linux")]
mod x11;

use continuo_model::{
    controls::{Controls, Role},
    time::Tick,
};
use egui::{Rect, Ui, pos2};

pub use self::{
    actions::{Actions, Export},
    app::{ContinuoEditor, editor},
    folder::Dialog,
    gestures::Gestures,
    hints::Host,
    moment::{Moment, Rungs},
    state::{Kept, WindowState},
    theme::{DARK, LIGHT, Look, Palette},
};
use crate::{
    params::ContinuoParams,
    snapshot::{OwnNote, Snapshot},
};

/// What a frame shows.
pub struct Scene<'a> {
    /// Colours and sizes.
    pub look: Look,
    /// The parameters, to be read.
    pub params: &'a ContinuoParams,
    /// The same in the words of the model.
    pub controls: Controls,
    /// Takes changes of parameters.
    pub gestures: &'a dyn Gestures,
    /// Takes other requests.
    pub actions: &'a dyn Actions,
    /// The song around the playhead.
    pub snapshot: &'a Snapshot,
    /// Playhead and counters.
    pub moment: Moment,
    /// Where we are.
    pub host: Host,
}

impl Scene<'_> {
    /// Whether drums are what is played.
    #[must_use]
    pub fn drums(&self) -> bool {
        self.controls.role == Role::Drums
    }

    /// Our own notes; none while those of another role still stand in the snapshot.
    #[must_use]
    pub fn own(&self) -> &[OwnNote] {
        if self.snapshot.role == self.controls.role {
            &self.snapshot.own
        } else {
            &[]
        }
    }
}

/// What belongs to the window alone.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Light, else dark.
    pub light: bool,
    /// The rest of the controls is open.
    pub fold: bool,
    /// Bars side by side in the roll.
    pub bars: f32,
    /// The bar that the keys have chosen.
    pub bar: Option<Tick>,
    /// Parts of a notch of the wheel over the roll.
    pub wheel: f32,
    /// What can be done with what is under the pointer.
    pub hint: Option<String>,
    /// Since when, in seconds, Forget is down.
    pub forgetting: Option<f64>,
    /// What is typed in the panel for the folder, while that is open.
    pub folder: Option<String>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            light: false,
            fold: false,
            bars: 8.0,
            bar: None,
            hint: None,
            wheel: 0.0,
            forgetting: None,
            folder: None,
        }
    }
}

/// Windows less high than this, in natural points, have room for one row of controls.
const LOW: f32 = 540.0;

/// Draws the whole window.
pub fn window(ui: &mut Ui, scene: &Scene, view: &mut View) {
    control::leave_space_to_the_host(ui);
    view.hint = None;
    let whole = ui.max_rect();
    let look = &scene.look;
    let (left, right) = (whole.left(), whole.right());
    let band = |top: f32, bottom: f32| Rect::from_min_max(pos2(left, top), pos2(right, bottom));
    let top = whole.top() + look.px(header::HEIGHT);
    let status = whole.bottom() - look.px(status_line::HEIGHT);
    // In a low window the fold takes the dock's place, so that the roll keeps its own.
    let low = whole.height() < look.px(LOW);
    let fold = if view.fold && !low {
        look.px(dock::fold_height(header::shows_actions(
            scene,
            whole.width(),
        )))
    } else {
        0.0
    };
    let dock_bottom = status - fold;
    let dock_top = dock_bottom - look.px(dock::HEIGHT);
    header::header(ui, scene, view, band(whole.top(), top));
    let song = band(top, dock_top);
    roll::roll(ui, scene, view, song);
    if scene.snapshot.heard.is_empty() && scene.snapshot.own.is_empty() && scene.moment.heard == 0 {
        hints::hint(ui, scene, song);
    } else {
        legend::legend(ui, scene, roll::notes_area(scene, song));
    }
    let line = look.stroke(1.0, look.palette.line);
    let dock = band(dock_top, dock_bottom);
    if view.fold && low {
        dock::fold(ui, scene, view, dock, true);
    } else {
        dock::dock(ui, scene, view, dock);
    }
    ui.painter().hline(whole.x_range(), dock_top, line);
    if fold > 0.0 {
        dock::fold(ui, scene, view, band(dock_bottom, status), false);
    }
    forget::release(ui, scene, view);
    folder::folder(ui, scene, view);
    let hint = view.hint.as_deref();
    status_line::status_line(ui, scene, hint, band(status, whole.bottom()));
}

#[cfg(test)]
mod tests;
