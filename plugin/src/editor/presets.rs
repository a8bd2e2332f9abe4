//! Presets: a name, and the controls that go with it.

use continuo_model::{
    controls::Role,
    presets::{ALL, Preset},
};
use egui::{Align2, Id, Popup, Rect, RichText, Sense, Ui, WidgetInfo, vec2};
use nice_plug::params::internals::ParamPtr;

use super::{
    Scene,
    buttons::list,
    flat::plate,
    paint::{arrowhead, fitted, focus_ring, ground},
};

/// Draws the button that opens the list.
pub fn presets(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let response = ui.interact(rect, Id::unique("presets"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, "Presets"));
    let painter = ui.painter();
    plate(painter, rect, look.px(7.0), ground(look, &response));
    let middle = rect.center() - vec2(look.px(7.0), 0.0);
    let text = fitted(
        painter,
        middle,
        Align2::CENTER_CENTER,
        "Presets",
        look.font(13.0),
        palette.text,
        rect.width() - look.px(22.0),
    );
    arrowhead(
        painter,
        egui::pos2(text.right() + look.px(10.0), rect.center().y),
        vec2(0.0, 1.0),
        look.px(4.0),
        look.stroke(1.3, palette.dim),
    );
    focus_ring(ui, look, &response, rect);
    list(&response, |ui| {
        for role in Role::ALL {
            let heading = RichText::new(role.name()).color(palette.role(role));
            ui.label(heading.size(look.px(11.5)));
            for preset in ALL.iter().filter(|preset| preset.role() == role) {
                let line = ui.selectable_label(is_at(scene, preset), preset.name);
                if line.on_hover_text(preset.about).clicked() {
                    choose(scene, preset);
                }
            }
        }
    });
    if !Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response)) {
        response.on_hover_text("Starting points: settings that give something with a name");
    }
}

/// Where the preset puts the parameters.
fn values(scene: &Scene, preset: &Preset) -> impl Iterator<Item = (ParamPtr, f32)> {
    let all = scene.params.normalized(&preset.apply(&scene.controls));
    all.into_iter().map(|(param, normalized)| {
        // SAFETY: the scene keeps the parameters.
        let step = unsafe { param.preview_normalized(param.preview_plain(normalized)) };
        (param, step)
    })
}

/// Whether the controls are where the preset puts them.
fn is_at(scene: &Scene, preset: &Preset) -> bool {
    values(scene, preset).all(|(param, value)| scene.gestures.value(param) == value)
}

/// Sets every parameter that the preset changes, each in a gesture of its own.
fn choose(scene: &Scene, preset: &Preset) {
    let gestures = scene.gestures;
    for (param, value) in values(scene, preset) {
        if gestures.value(param) != value {
            gestures.begin(param);
            gestures.set(param, value);
            gestures.end(param);
        }
    }
}
