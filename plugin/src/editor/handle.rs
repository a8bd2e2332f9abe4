//! The handle by which the held phrase is dragged out of the window.

use egui::{CursorIcon, Id, Rect, Role as WidgetRole, Sense, Ui, WidgetInfo, vec2};

use super::{
    Export, Scene, icons,
    paint::{focus_ring, tint},
};

/// The handle's width in natural points.
pub const WIDTH: f32 = 30.0;

/// Draws the handle in `rect`. A drag takes the phrase along as a MIDI file, a click saves it.
pub fn handle(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let look = &scene.look;
    let response = ui.interact(rect, Id::unique("handle"), Sense::click_and_drag());
    let label = "Drag the phrase out";
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Button, true, label));
    if response.drag_started() {
        scene.actions.drag();
    } else if response.clicked() {
        scene.actions.export();
    }
    let dragged = scene.actions.exported() == Export::Dragging;
    let share = if dragged || response.hovered() {
        0.42
    } else {
        0.22
    };
    let painter = ui.painter();
    painter.rect_filled(rect, look.corner(7.0), tint(look, look.accent, share));
    let sign = Rect::from_center_size(rect.center(), vec2(look.px(18.0), look.px(18.0)));
    icons::out(painter, sign, look.palette.text);
    focus_ring(ui, look, &response, rect);
    response
        .on_hover_cursor(CursorIcon::Grab)
        .on_hover_text("Drag this onto a track of your host: the held phrase as a MIDI file. A click saves the file");
}
