//! Presets: a name, and the controls that go with it.

use continuo_model::{
    controls::{Controls, Role},
    presets::{ALL, Preset},
};
use egui::{Align2, Id, Popup, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use super::{
    Scene,
    flat::plate,
    gestures::set_once,
    paint::{arrowhead, fitted, focus_ring, ground},
};

/// Of the window's height, at most so much is the list's.
const SHARE: f32 = 0.7;

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
    let height = ui.ctx().content_rect().height() * SHARE;
    Popup::menu(&response).show(|ui| {
        ScrollArea::vertical().max_height(height).show(ui, |ui| {
            for role in Role::ALL {
                let heading = RichText::new(role.name()).color(palette.role(role));
                ui.label(heading.size(look.px(11.5)));
                for preset in ALL.iter().filter(|preset| preset.role() == role) {
                    let line = ui.selectable_label(false, preset.name);
                    if line.on_hover_text(preset.about).clicked() {
                        choose(scene, preset);
                    }
                }
            }
        });
    });
    if !Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response)) {
        response.on_hover_text("Starting points: settings that give something with a name");
    }
}

/// Sets every parameter that the preset changes, each in a gesture of its own.
fn choose(scene: &Scene, preset: &Preset) {
    let Controls {
        role,
        mode,
        phrase_bars,
        adventure,
        density,
        lowest,
        highest,
        key,
        scale,
        scale_lock,
        chords_win,
        rhythm,
        motion,
        dynamics,
        humanize,
        swing,
        take,
        hold,
        memory,
        channel,
        // Of the project, no parameter.
        seed: _,
    } = preset.apply(&scene.controls);
    let (params, gestures) = (scene.params, scene.gestures);
    let on = |on: bool| f32::from(u8::from(on));
    let midi = |key: u8| f32::from(key) / 127.0;
    let signed = |share: f32| f32::midpoint(share, 1.0);
    // A count from 1, or 0 for none.
    let counted = |value: Option<u8>| f32::from(value.map_or(0, |value| value + 1));
    set_once(gestures, &params.role, f32::from(role as u8) / 4.0);
    set_once(gestures, &params.mode, f32::from(mode as u8));
    set_once(gestures, &params.phrase, phrase_bars.ilog2() as f32 / 3.0);
    set_once(gestures, &params.adventure, adventure);
    set_once(gestures, &params.density, signed(density));
    set_once(gestures, &params.lowest, midi(lowest));
    set_once(gestures, &params.highest, midi(highest));
    set_once(gestures, &params.key, counted(key) / 12.0);
    set_once(gestures, &params.scale, f32::from(scale as u8) / 8.0);
    set_once(gestures, &params.scale_lock, on(scale_lock));
    set_once(gestures, &params.chords_win, on(chords_win));
    set_once(gestures, &params.rhythm, f32::from(rhythm as u8) / 7.0);
    set_once(gestures, &params.motion, f32::from(motion as u8) / 6.0);
    set_once(gestures, &params.dynamics, signed(dynamics));
    set_once(gestures, &params.humanize, humanize);
    set_once(gestures, &params.swing, swing);
    set_once(gestures, &params.take, midi(take));
    set_once(gestures, &params.hold, on(hold));
    set_once(gestures, &params.memory, on(memory));
    set_once(gestures, &params.channel, counted(channel) / 16.0);
}
