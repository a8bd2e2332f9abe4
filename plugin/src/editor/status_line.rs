//! One line: what it does now, how the bars were filled, what plays.

use egui::{Align2, Id, Rect, Role as WidgetRole, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{
    Export, Scene,
    buttons::button,
    flat::plate,
    moment::{Rungs, Tone, sentence},
    paint::fitted,
    styles::styles,
    theme::mixed,
};
use crate::worker::Worn;

/// The line's height in natural points.
pub const HEIGHT: f32 = 27.0;
/// The meter's width.
const METER: f32 = 120.0;
/// The most of the line's width that the name of the model and the style may take.
const STYLE: f32 = 0.3;

/// Draws the line in `rect`; `hint` is what can be done with what is under the pointer.
pub fn status_line(ui: &mut Ui, scene: &Scene, hint: Option<&str>, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let export = scene.actions.exported();
    let worn = scene.actions.worn();
    // What is wrong stays in sight whatever became of a file.
    let trouble = scene.snapshot.trouble.is_some() || worn.trouble.is_some();
    let (tone, text) = match export_words(&export) {
        Some(words) if !trouble => words,
        _ => sentence(
            &scene.moment,
            scene.snapshot,
            &scene.controls,
            worn.trouble.as_deref(),
        ),
    };
    let colour = match tone {
        Tone::Idle => palette.dim,
        Tone::Listening => palette.heard,
        Tone::Playing => look.accent,
        Tone::Wrong => palette.alarm,
    };
    look.ground(ui.painter(), rect, palette.ground);
    let pad = look.px(14.0);
    let right = if export.path().is_some() || matches!(export, Export::Failed(_)) {
        export_buttons(ui, scene, rect, pad, &export)
    } else {
        right_side(ui, scene, rect, pad, &worn)
    };
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
    // The hint follows in the room that is left; where there is too little it stands alone.
    let (font, hint_font) = (look.font(13.0), look.font(12.0));
    let gap = look.px(22.0);
    let wide = |text: &str, font: &egui::FontId| {
        let text = painter.layout_no_wrap(text.to_owned(), font.clone(), ink);
        text.rect.width()
    };
    let both = |hint| wide(&words, &font) + gap + wide(hint, &hint_font) <= room;
    let left = Align2::LEFT_CENTER;
    let line = match hint {
        Some(hint) if !both(hint) => fitted(painter, place, left, hint, hint_font, ink, room),
        _ => {
            let line = fitted(painter, place, left, &words, font, ink, room);
            let place = line.right_center() + vec2(gap, 0.0);
            let room = right - pad - place.x;
            let hint = hint.unwrap_or_default();
            fitted(painter, place, left, hint, hint_font, palette.dim, room);
            line
        }
    };
    let response = ui.interact(line, Id::unique("status"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Label, true, &words));
    response.on_hover_text(words);
}

/// What became of an export.
fn export_words(export: &Export) -> Option<(Tone, String)> {
    match export {
        Export::None => None,
        Export::Writing => Some((Tone::Listening, "writing the MIDI file".to_owned())),
        Export::Dragging => {
            let words = "drop the phrase onto a track; Escape puts it back";
            Some((Tone::Listening, words.to_owned()))
        }
        Export::Written(path) => Some((Tone::Playing, format!("saved {}", path.display()))),
        Export::Refused(path) => {
            let words = format!(
                "nothing there takes a file; it is saved: {}",
                path.display()
            );
            Some((Tone::Playing, words))
        }
        Export::Undraggable(path) => {
            let words = format!(
                "no file can be dragged out of this window here; it is saved: {}",
                path.display()
            );
            Some((Tone::Playing, words))
        }
        Export::NoFolder(why) => Some((Tone::Wrong, why.clone())),
        Export::Failed(why) => Some((Tone::Wrong, format!("no file was written: {why}"))),
    }
}

/// What can be done about it; returns where the buttons begin.
fn export_buttons(ui: &mut Ui, scene: &Scene, rect: Rect, pad: f32, export: &Export) -> f32 {
    let look = &scene.look;
    let size = vec2(look.px(82.0), look.px(20.0));
    let mut place = pos2(rect.right() - pad - size.x, rect.center().y - size.y / 2.0);
    let close = Rect::from_min_size(place, size);
    if button(ui, scene, close, "Close", "Back to what it does now").clicked() {
        scene.actions.dismiss_export();
    }
    if let Some(path) = export.path() {
        place.x -= size.x + look.px(7.0);
        let copy = Rect::from_min_size(place, size);
        let tip = "Copies the file's path, to be pasted into a file dialog";
        if button(ui, scene, copy, "Copy path", tip).clicked() {
            ui.ctx().copy_text(path.display().to_string());
            scene.actions.dismiss_export();
        }
    }
    place.x
}

/// The meter and the list of styles; returns where they begin.
fn right_side(ui: &mut Ui, scene: &Scene, rect: Rect, pad: f32, worn: &Worn) -> f32 {
    let look = &scene.look;
    let place = rect.right_center() - vec2(pad, 0.0);
    let list = styles(ui, scene, place, rect.height(), rect.width() * STYLE, worn);
    let right = list.left() - look.px(16.0);
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
    plate(painter, bar, look.px(3.0), palette.raised);
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
        plate(painter, part, look.px(3.0), colour);
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
