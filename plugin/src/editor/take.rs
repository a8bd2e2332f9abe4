//! Takes: back and forth through other versions of the same music.

use egui::{Align2, Id, Rect, Sense, Ui, WidgetInfo, vec2};
use nice_plug::prelude::Param;

use super::{
    Scene,
    buttons::sign_button,
    control::{drive, open_typing, step, with_caret},
    flat::plate,
    paint::{arrowhead, fitted, focus_ring},
};

/// Points of a drag through all takes, at the natural size.
const TRAVEL: f32 = 400.0;

/// Draws the number of the take between two arrows.
pub fn take(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let param = &scene.params.take;
    let arrow = vec2(look.px(30.0), rect.height());
    let back = Rect::from_min_size(rect.min, arrow);
    let forth = Rect::from_min_size(egui::pos2(rect.right() - arrow.x, rect.top()), arrow);
    let sides = [
        (
            back,
            -1,
            "Earlier take",
            "Back to the take before: the same notes as then",
        ),
        (forth, 1, "Another take", "Other notes for the same music"),
    ];
    for (button, way, label, tip) in sides {
        let stroke = look.stroke(1.8, palette.text);
        let response = sign_button(ui, scene, button, label, tip, |painter, rect| {
            let direction = vec2(way as f32, 0.0);
            arrowhead(painter, rect.center(), direction, look.px(6.0), stroke);
        });
        if response.clicked() {
            step(scene.gestures, param, way, false);
        }
    }
    let middle = Rect::from_min_max(
        back.right_top() + vec2(look.px(3.0), 0.0),
        forth.left_bottom() - vec2(look.px(3.0), 0.0),
    );
    number(ui, scene, middle);
}

fn number(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let param = &scene.params.take;
    let response = ui.interact(rect, Id::unique("take"), Sense::click_and_drag());
    let travel = vec2(1.0, -1.0) / look.px(TRAVEL);
    let typed = drive(ui, &response, param, scene.gestures, travel);
    // Enter, which also counts as a click, has opened it already.
    let by_pointer = response.interact_pointer_pos().is_some();
    if by_pointer && response.clicked() && !response.double_clicked() {
        open_typing(ui, &response);
    }
    let value = param.normalized_value_to_string(param.unmodulated_normalized_value(), true);
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(value.clone()),
        ..WidgetInfo::slider(true, f64::from(param.value()), param.name())
    });
    let painter = ui.painter();
    plate(painter, rect, look.px(7.0), palette.roll);
    fitted(
        painter,
        rect.center_top() + vec2(0.0, look.px(3.0)),
        Align2::CENTER_TOP,
        "Take",
        look.font(11.0),
        palette.dim,
        rect.width(),
    );
    painter.text(
        rect.center_bottom() - vec2(0.0, look.px(3.0)),
        Align2::CENTER_BOTTOM,
        typed.as_deref().map_or(value, with_caret),
        look.font(21.0),
        if typed.is_some() {
            look.accent
        } else {
            palette.text
        },
    );
    focus_ring(ui, look, &response, rect);
    response
        .on_hover_text("Another take of the same music. Every number gives the same notes again.");
}
