//! Switches, lists, and plain buttons.

use egui::{
    Align2, Id, Popup, Rect, Response, Role as WidgetRole, ScrollArea, Sense, Ui, WidgetInfo, vec2,
};
use nice_plug::prelude::Param;

use super::{
    Scene,
    control::nudge,
    flat::plate,
    gestures::set_once,
    paint::{arrowhead, fitted, focus_ring, ground, tint},
    theme::Look,
};

/// A switch: `param` has two values, of which the upper is on. `label` is what it says when it is on and off.
pub fn switch<P: Param>(ui: &mut Ui, scene: &Scene, rect: Rect, param: &P, label: &str, tip: &str) {
    let look = &scene.look;
    let on = scene.gestures.value(param.as_ptr()) > 0.5;
    let id = Id::unique(("switch", param.name()));
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| WidgetInfo::selected(WidgetRole::CheckBox, true, on, label));
    if response.clicked() {
        set_once(scene.gestures, param, if on { 0.0 } else { 1.0 });
    }
    paint_switch(ui, look, rect, &response, on, label);
    response.on_hover_text(tip);
}

fn paint_switch(ui: &Ui, look: &Look, rect: Rect, response: &Response, on: bool, label: &str) {
    let palette = look.palette;
    let painter = ui.painter();
    let fill = if on {
        tint(look, look.accent, 0.22)
    } else {
        ground(look, response)
    };
    plate(painter, rect, look.px(7.0), fill);
    let lamp = rect.left_center() + vec2(look.px(14.0), 0.0);
    if on {
        painter.circle_filled(lamp, look.px(4.5), look.accent);
    } else {
        painter.circle_stroke(lamp, look.px(4.0), look.stroke(1.2, palette.dim));
    }
    let text = lamp + vec2(look.px(11.0), 0.0);
    fitted(
        painter,
        text,
        Align2::LEFT_CENTER,
        label,
        look.font(13.0),
        if on || response.hovered() {
            palette.text
        } else {
            palette.dim
        },
        rect.right() - text.x,
    );
    focus_ring(ui, look, response, rect);
}

/// A list to choose from: every value of `param`.
pub fn choice<P: Param>(ui: &mut Ui, scene: &Scene, rect: Rect, param: &P, tip: &str) {
    let look = &scene.look;
    let id = Id::unique(("choice", param.name()));
    let response = ui.interact(rect, id, Sense::click());
    let now = param.unmodulated_normalized_value();
    let value = param.normalized_value_to_string(now, true);
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(value.clone()),
        ..WidgetInfo::labeled(WidgetRole::ComboBox, true, param.name())
    });
    nudge(ui, &response, param, scene.gestures);
    let palette = look.palette;
    let painter = ui.painter();
    plate(painter, rect, look.px(7.0), ground(look, &response));
    let inside = rect.shrink2(vec2(look.px(9.0), 0.0));
    let name = fitted(
        painter,
        inside.left_center(),
        Align2::LEFT_CENTER,
        param.name(),
        look.font(11.5),
        palette.dim,
        inside.width(),
    );
    let arrow = inside.right_center() - vec2(look.px(2.0), 0.0);
    arrowhead(
        painter,
        arrow,
        vec2(0.0, 1.0),
        look.px(4.0),
        look.stroke(1.3, palette.dim),
    );
    let room = arrow.x - look.px(9.0) - name.right() - look.px(7.0);
    fitted(
        painter,
        egui::pos2(arrow.x - look.px(10.0), rect.center().y),
        Align2::RIGHT_CENTER,
        &value,
        look.font(13.0),
        palette.text,
        room,
    );
    focus_ring(ui, look, &response, rect);
    let steps = param.step_count().unwrap_or(1);
    list(&response, |ui| {
        ui.set_min_width(rect.width() - look.px(14.0));
        for step in 0..=steps {
            let normalized = step as f32 / steps as f32;
            let chosen = (normalized - now).abs() < 0.5 / steps as f32;
            let text = param.normalized_value_to_string(normalized, true);
            if ui.selectable_label(chosen, text).clicked() {
                set_once(scene.gestures, param, normalized);
            }
        }
    });
    if !Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response)) {
        // The value too: where there is little room it is cut.
        response.on_hover_text(format!("{} {value}: {tip}", param.name()));
    }
}

/// Of the window's height, at most so much is a list's.
const SHARE: f32 = 0.7;

/// A list that opens at `response` when that is clicked, and scrolls where the window is too low for it.
pub fn list(response: &Response, add: impl FnOnce(&mut Ui)) {
    let height = response.ctx.content_rect().height() * SHARE;
    Popup::menu(response).show(|ui| ScrollArea::vertical().max_height(height).show(ui, add));
}

/// A button with words on it.
pub fn button(ui: &mut Ui, scene: &Scene, rect: Rect, label: &str, tip: &str) -> Response {
    button_named(ui, scene, rect, label, label, tip)
}

/// The same where the words change: `name` does not, so that the keyboard stays on it.
pub fn button_named(
    ui: &mut Ui,
    scene: &Scene,
    rect: Rect,
    name: &str,
    label: &str,
    tip: &str,
) -> Response {
    let look = &scene.look;
    let response = ui.interact(rect, Id::unique(("button", name)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Button, true, label));
    let painter = ui.painter();
    plate(painter, rect, look.px(7.0), ground(look, &response));
    fitted(
        painter,
        rect.center(),
        Align2::CENTER_CENTER,
        label,
        look.font(13.0),
        look.palette.text,
        rect.width() - look.px(8.0),
    );
    focus_ring(ui, look, &response, rect);
    response.on_hover_text(tip)
}

/// A button with a sign that `paint` draws; `label` is for those who cannot see it.
pub fn sign_button(
    ui: &mut Ui,
    scene: &Scene,
    rect: Rect,
    label: &str,
    tip: &str,
    paint: impl FnOnce(&egui::Painter, Rect),
) -> Response {
    sign_button_named(ui, scene, rect, label, (label, tip), paint)
}

/// The same where label and tip change: `name` does not, so that the keyboard stays on it.
pub fn sign_button_named(
    ui: &mut Ui,
    scene: &Scene,
    rect: Rect,
    name: &str,
    (label, tip): (&str, &str),
    paint: impl FnOnce(&egui::Painter, Rect),
) -> Response {
    let look = &scene.look;
    let response = ui.interact(rect, Id::unique(("sign", name)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Button, true, label));
    let painter = ui.painter();
    plate(painter, rect, look.px(7.0), ground(look, &response));
    paint(painter, rect);
    focus_ring(ui, look, &response, rect);
    response.on_hover_text(tip)
}

/// A switch of the window itself, no parameter.
pub fn view_switch(ui: &mut Ui, scene: &Scene, rect: Rect, on: &mut bool, label: &str, tip: &str) {
    let look = &scene.look;
    let response = ui.interact(rect, Id::unique(("view", label)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(WidgetRole::CheckBox, true, *on, label));
    if response.clicked() {
        *on = !*on;
    }
    paint_switch(ui, look, rect, &response, *on, label);
    response.on_hover_text(tip);
}
