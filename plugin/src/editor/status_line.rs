//! One line: what it does now, how the bars were filled, what plays.

use egui::{Align2, Id, Rect, Role as WidgetRole, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{
    Scene,
    moment::{Rungs, Tone, sentence},
    paint::fitted,
    theme::mixed,
};

/// The line's height in natural points.
pub const HEIGHT: f32 = 27.0;
/// The meter's width.
const METER: f32 = 120.0;

/// Draws the line in `rect`.
pub fn status_line(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let (tone, text) = sentence(&scene.moment, scene.snapshot, &scene.controls);
    let colour = match tone {
        Tone::Idle => palette.dim,
        Tone::Listening => palette.heard,
        Tone::Playing => look.accent,
        Tone::Wrong => palette.alarm,
    };
    ui.painter().rect_filled(rect, 0.0, palette.ground);
    let pad = look.px(14.0);
    let right = right_side(ui, scene, rect, pad);
    let lamp = pos2(rect.left() + pad + look.px(4.0), rect.center().y);
    let painter = ui.painter();
    if matches!(tone, Tone::Listening | Tone::Playing) {
        painter.circle_filled(lamp, look.px(7.0), colour.gamma_multiply(0.25));
    }
    painter.circle_filled(lamp, look.px(4.0), colour);
    let mut words = text;
    if scene.moment.panics > 0 && tone != Tone::Wrong {
        let times = scene.moment.panics;
        words = format!(
            "{words} · a plan failed {times}× and was started anew: save, and please tell us"
        );
    }
    let place = lamp + vec2(look.px(12.0), 0.0);
    let ink = if tone == Tone::Wrong || scene.moment.panics > 0 {
        palette.alarm
    } else {
        palette.text
    };
    let room = right - place.x - pad;
    let line = fitted(
        painter,
        place,
        Align2::LEFT_CENTER,
        &words,
        look.font(13.0),
        ink,
        room,
    );
    let response = ui.interact(line, Id::unique("status"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Label, true, &words));
    response.on_hover_text(words);
}

/// The meter and the model's name; returns where they begin.
fn right_side(ui: &mut Ui, scene: &Scene, rect: Rect, pad: f32) -> f32 {
    let look = &scene.look;
    let palette = look.palette;
    let name = format!("Continuo {}", env!("CARGO_PKG_VERSION"));
    let text = fitted(
        ui.painter(),
        rect.right_center() - vec2(pad, 0.0),
        Align2::RIGHT_CENTER,
        &name,
        look.font(11.5),
        palette.dim,
        rect.width() * 0.3,
    );
    let right = text.left() - look.px(16.0);
    let meter = Rect::from_min_max(
        pos2(right - look.px(METER), rect.top()),
        pos2(right, rect.bottom()),
    );
    meter_of(ui, scene, meter, &scene.moment.rungs);
    meter.left()
}

/// A bar in four parts: as many bars of the song were filled in each way.
fn meter_of(ui: &mut Ui, scene: &Scene, rect: Rect, rungs: &Rungs) {
    let look = &scene.look;
    let palette = look.palette;
    let total = rungs.total();
    let percent = (rungs.planned * 100).checked_div(total);
    let label = percent.map_or_else(
        || "in time –".to_owned(),
        |share| format!("in time {share} %"),
    );
    let painter = ui.painter();
    let text = fitted(
        painter,
        rect.left_center(),
        Align2::LEFT_CENTER,
        &label,
        look.font(11.5),
        palette.dim,
        rect.width(),
    );
    let bar = Rect::from_min_max(
        pos2(text.right() + look.px(7.0), rect.center().y - look.px(3.0)),
        pos2(rect.right(), rect.center().y + look.px(3.0)),
    );
    painter.rect_filled(bar, look.corner(3.0), palette.raised);
    let parts = [
        (rungs.planned, look.accent),
        (rungs.earlier, mixed(palette.panel, look.accent, 0.55)),
        (rungs.moved, palette.heard),
        (rungs.rested, palette.dim),
    ];
    let mut left = bar.left();
    for (count, colour) in parts.into_iter().filter(|(count, _)| *count > 0) {
        let wide = bar.width() * count as f32 / total.max(1) as f32;
        let part = Rect::from_min_size(pos2(left, bar.top()), vec2(wide, bar.height()));
        painter.rect_filled(part, look.corner(3.0), colour);
        left += wide;
    }
    let words = format!(
        "How the bars so far were filled: {} planned in time, {} from an earlier pass, {} with the last bar moved \
         into the harmony, {} with rest",
        rungs.planned, rungs.earlier, rungs.moved, rungs.rested,
    );
    let response = ui.interact(rect, Id::unique("meter"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Label, true, &words));
    response.on_hover_text(words);
}
