//! A knob with its name and value.

use std::f32::consts::{FRAC_PI_2, TAU};

use egui::{Align2, Id, Pos2, Rect, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};
use nice_plug::prelude::Param;

use super::{
    Scene,
    control::{drive, open_typing, with_caret},
    paint::{arc, fitted, path},
};

/// Points of a drag through the whole range, at the natural size.
const TRAVEL: f32 = 180.0;
/// The gap at the bottom of the scale, in radians.
const GAP: f32 = TAU / 4.4;

/// How large a knob is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// One of the two that matter most.
    Big,
    /// One of the rest.
    Small,
}

/// Draws `param` as a knob in `rect` and lets it be turned. `tip` says what it does.
pub fn knob<P: Param>(ui: &mut Ui, scene: &Scene, rect: Rect, param: &P, size: Size, tip: &str) {
    let look = &scene.look;
    let id = Id::unique(("knob", param.name()));
    let response = ui.interact(rect, id, Sense::click_and_drag());
    let typed = drive(
        ui,
        &response,
        param,
        scene.gestures,
        vec2(1.0, -1.0) / look.px(TRAVEL),
    );
    let normalized = param.unmodulated_normalized_value();
    let value = param.normalized_value_to_string(normalized, true);
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(value.clone()),
        ..WidgetInfo::slider(true, f64::from(normalized), param.name())
    });
    let (name_size, value_size) = match size {
        Size::Big => (13.0, 14.0),
        Size::Small => (11.5, 12.0),
    };
    let name_height = look.px(name_size + 3.0);
    let value_height = look.px(value_size + 3.0);
    let dial = Rect::from_min_max(
        pos2(rect.left(), rect.top() + name_height),
        pos2(rect.right(), rect.bottom() - value_height),
    );
    let radius = (dial.size().min_elem() / 2.0 - look.px(1.0)).max(4.0);
    paint_dial(ui, scene, dial.center(), radius, param, &response);
    let palette = look.palette;
    fitted(
        ui.painter(),
        rect.center_top(),
        Align2::CENTER_TOP,
        param.name(),
        look.font(name_size),
        if size == Size::Big {
            palette.text
        } else {
            palette.dim
        },
        rect.width(),
    );
    let value_rect = Rect::from_min_max(pos2(rect.left(), dial.bottom()), rect.max);
    let shown = typed.as_deref().map_or(value, with_caret);
    ui.painter().text(
        value_rect.center_bottom(),
        Align2::CENTER_BOTTOM,
        shown,
        look.font(value_size),
        if typed.is_some() {
            look.accent
        } else {
            palette.text
        },
    );
    let on_value = response
        .interact_pointer_pos()
        .is_some_and(|at| value_rect.contains(at));
    if on_value && response.clicked() && !response.double_clicked() {
        open_typing(ui, &response);
    }
    response.on_hover_text(tip);
}

/// The angle of a value of 0..=1.
fn angle(normalized: f32) -> f32 {
    FRAC_PI_2 + GAP / 2.0 + (TAU - GAP) * normalized
}

fn paint_dial<P: Param>(
    ui: &Ui,
    scene: &Scene,
    centre: Pos2,
    radius: f32,
    param: &P,
    response: &egui::Response,
) {
    let look = &scene.look;
    let palette = look.palette;
    let painter = ui.painter();
    let width = radius * 0.17;
    let ring = radius - width / 2.0;
    let scale = arc(centre, ring, angle(0.0), angle(1.0));
    path(painter, scale, egui::Stroke::new(width, palette.line));
    // Knobs of both signs fill from their middle.
    let rest = param.default_normalized_value();
    let from = if param.preview_normalized(param.preview_plain(rest)) == 0.5
        && param
            .normalized_value_to_string(0.0, false)
            .starts_with('-')
    {
        0.5
    } else {
        0.0
    };
    let value = param.unmodulated_normalized_value();
    if (value - from).abs() > 0.001 {
        let filled = arc(centre, ring, angle(from), angle(value));
        path(painter, filled, egui::Stroke::new(width, look.accent));
    }
    let hot = response.hovered() || response.dragged();
    let face = if hot { palette.hover } else { palette.raised };
    painter.circle(centre, radius * 0.7, face, look.stroke(1.0, palette.line));
    let hand = Vec2::angled(angle(value));
    painter.line_segment(
        [centre + hand * radius * 0.3, centre + hand * radius * 0.62],
        egui::Stroke::new((radius * 0.1).max(1.5), palette.text),
    );
    // A modulated parameter is elsewhere than its knob.
    let modulated = param.modulated_normalized_value();
    if (modulated - value).abs() > 0.001 {
        let dot = centre + Vec2::angled(angle(modulated)) * ring;
        painter.circle_filled(dot, width * 0.7, palette.text);
    }
    if response.has_focus() {
        painter.circle_stroke(
            centre,
            radius + look.px(2.0),
            look.stroke(1.5, palette.text),
        );
    }
}

/// The natural size of a knob.
#[must_use]
pub fn natural(size: Size) -> Vec2 {
    match size {
        Size::Big => vec2(84.0, 104.0),
        Size::Small => vec2(66.0, 74.0),
    }
}
