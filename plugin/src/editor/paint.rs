//! Shapes that several parts draw.

use egui::{
    Align2, Color32, Painter, Pos2, Rect, Response, Shape, Stroke, Ui, Vec2, epaint::PathStroke,
    pos2, vec2,
};

use super::theme::{Look, mixed};

/// Points of an arc around `centre`, clockwise from `from` to `to` in radians; 0 is on the right.
#[must_use]
pub fn arc(centre: Pos2, radius: f32, from: f32, to: f32) -> Vec<Pos2> {
    let steps = ((to - from).abs() * radius.sqrt() * 1.6).ceil().max(2.0);
    (0..=steps as usize)
        .map(|step| {
            let angle = from + (to - from) * step as f32 / steps;
            centre + radius * Vec2::angled(angle)
        })
        .collect()
}

/// A line through `points`.
pub fn path(painter: &Painter, points: Vec<Pos2>, stroke: Stroke) {
    painter.add(Shape::line(points, PathStroke::from(stroke)));
}

/// The ring around what the keyboard would press.
pub fn focus_ring(ui: &Ui, look: &Look, response: &Response, rect: Rect) {
    if response.has_focus() {
        ui.painter().rect_stroke(
            rect.expand(look.px(2.0)),
            look.corner(8.0),
            look.stroke(1.5, look.palette.text),
            egui::StrokeKind::Outside,
        );
    }
}

/// The ground of a button, by what the pointer does.
#[must_use]
pub fn ground(look: &Look, response: &Response) -> Color32 {
    if response.is_pointer_button_down_on() {
        look.palette.line
    } else if response.hovered() {
        look.palette.hover
    } else {
        look.palette.raised
    }
}

/// Text that is cut with an ellipsis where it would not fit into `width`.
pub fn fitted(
    painter: &Painter,
    place: Pos2,
    align: Align2,
    text: &str,
    font: egui::FontId,
    colour: Color32,
    width: f32,
) -> Rect {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(1.0));
    let galley = painter.layout_job(job);
    let rect = align.anchor_size(place, galley.size());
    painter.galley(rect.min, galley, colour);
    rect
}

/// A padlock, closed, in a square around `centre`.
pub fn padlock(painter: &Painter, centre: Pos2, size: f32, colour: Color32) {
    let body = Rect::from_center_size(centre + vec2(0.0, size * 0.16), vec2(0.62, 0.5) * size);
    painter.rect_filled(body, size * 0.1, colour);
    let shackle = arc(
        pos2(centre.x, body.top() + size * 0.02),
        size * 0.2,
        -std::f32::consts::PI,
        0.0,
    );
    path(painter, shackle, Stroke::new(size * 0.11, colour));
}

/// An arrowhead that points along `direction`, a unit vector.
pub fn arrowhead(painter: &Painter, centre: Pos2, direction: Vec2, size: f32, stroke: Stroke) {
    let back = centre - direction * size * 0.5;
    let side = direction.rot90() * size;
    let tip = centre + direction * size * 0.5;
    path(painter, vec![back + side, tip, back - side], stroke);
}

/// A colour for the ground of something that belongs to `accent`.
#[must_use]
pub fn tint(look: &Look, accent: Color32, share: f32) -> Color32 {
    mixed(look.palette.panel, accent, share)
}
