//! Bars to click on: hold, re-roll.

use continuo_model::time::Tick;
use egui::{
    Align2, Id, Key, Painter, Rect, Response, Role as WidgetRole, Sense, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::axis::Axis;
use crate::{
    bars::Bar,
    editor::{
        Scene, View,
        paint::{fitted, padlock},
    },
};

/// Marks the bars that are held.
pub fn held(painter: &Painter, scene: &Scene, axis: &Axis, bars: &[Bar], rect: Rect) {
    let look = &scene.look;
    for bar in bars.iter().filter(|bar| is_held(scene, bar)) {
        let range = axis.range(bar.start, bar.end);
        let area = Rect::from_x_y_ranges(range, rect.y_range()).shrink2(vec2(1.0, 0.0));
        painter.rect_filled(area, 0.0, look.accent.gamma_multiply(0.09));
        let stroke = look.stroke(1.5, look.accent);
        painter.rect_stroke(
            area.shrink(1.0),
            look.corner(3.0),
            stroke,
            StrokeKind::Inside,
        );
        let tab = Rect::from_min_size(
            area.min + vec2(look.px(2.0), look.px(2.0)),
            vec2(look.px(48.0).min(area.width()), look.px(17.0)),
        );
        painter.rect_filled(tab, look.corner(3.0), look.accent);
        let ink = look.palette.on_accent;
        let lock = tab.left_center() + vec2(look.px(9.0), 0.0);
        padlock(painter, lock, look.px(11.0), ink);
        fitted(
            painter,
            pos2(lock.x + look.px(8.0), tab.center().y),
            Align2::LEFT_CENTER,
            "held",
            look.font(11.5),
            ink,
            tab.right() - lock.x - look.px(8.0),
        );
    }
}

fn is_held(scene: &Scene, bar: &Bar) -> bool {
    scene.snapshot.held_bars.contains(&bar.start)
}

/// Lets every bar that is seen be held by a click and re-rolled by the other button, and the same by keys.
/// `hit` is the note under the pointer in words.
pub fn interact(
    ui: &mut Ui,
    scene: &Scene,
    view: &mut View,
    axis: &Axis,
    bars: &[Bar],
    roll: &Response,
    hit: Option<String>,
) {
    let clip = roll.rect;
    for bar in bars {
        let range = axis.range(bar.start, bar.end);
        let area = Rect::from_x_y_ranges(range, clip.y_range()).intersect(clip);
        if !area.is_positive() {
            continue;
        }
        // Not focusable: Tab goes to the roll as a whole, arrows go through the bars.
        let response = ui.interact(area, Id::unique(("bar", bar.start.0)), Sense::CLICK);
        let held = is_held(scene, bar);
        let label = format!("Bar {}", bar.number + 1);
        response.widget_info(|| WidgetInfo::selected(WidgetRole::Button, true, held, &label));
        if response.clicked() {
            scene.actions.hold_bar(bar.start, !held);
        }
        if response.secondary_clicked() {
            scene.actions.reroll_bar(bar.start);
        }
        if response.hovered() {
            outline(ui, scene, area, 0.5);
            let hold = if held { "let it go" } else { "hold it" };
            let words = format!("{label}: click to {hold}, right-click for another take of it");
            view.hint = Some(words);
        }
        if let Some(hit) = &hit {
            response.on_hover_text_at_pointer(hit);
        }
    }
    if roll.has_focus() {
        keys(ui, scene, view, axis, bars, clip);
    } else {
        view.bar = None;
    }
}

fn keys(ui: &Ui, scene: &Scene, view: &mut View, axis: &Axis, bars: &[Bar], clip: Rect) {
    let filter = egui::EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..egui::EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(Id::unique("roll"), filter));
    // A saturating cast; positions are far inside `i64`.
    let here = Tick(scene.moment.at.floor() as i64);
    let chosen = scene.snapshot.bars.bar_at(view.bar.unwrap_or(here));
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    let next = if pressed(Key::ArrowRight) {
        chosen.end
    } else if pressed(Key::ArrowLeft) {
        chosen.start - 1
    } else {
        chosen.start
    };
    let chosen = scene.snapshot.bars.bar_at(next);
    view.bar = Some(chosen.start);
    if pressed(Key::Enter) {
        scene
            .actions
            .hold_bar(chosen.start, !is_held(scene, &chosen));
    }
    if pressed(Key::R) {
        scene.actions.reroll_bar(chosen.start);
    }
    if bars.contains(&chosen) {
        let range = axis.range(chosen.start, chosen.end);
        let area = Rect::from_x_y_ranges(range, clip.y_range()).intersect(clip);
        outline(ui, scene, area, 1.0);
    }
}

fn outline(ui: &Ui, scene: &Scene, area: Rect, share: f32) {
    let colour = scene.look.palette.text.gamma_multiply(0.6 * share);
    ui.painter().rect_stroke(
        area.shrink(1.0),
        scene.look.corner(3.0),
        scene.look.stroke(1.2, colour),
        StrokeKind::Inside,
    );
}
