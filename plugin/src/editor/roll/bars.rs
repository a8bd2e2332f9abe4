//! Bars to click on: hold, re-roll.

use continuo_model::time::Tick;
use egui::{
    Align2, Id, Key, Painter, Rect, Role as WidgetRole, Sense, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};

use super::axis::Axis;
use crate::{
    bars::Bar,
    editor::{
        Scene, View,
        flat::Flat,
        paint::{fitted, padlock},
        theme::mixed,
    },
    worker::Wish,
};

/// The height of the band that marks the held phrase, in natural points.
const PHRASE: f32 = 5.0;

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

/// Marks where the phrase lies that repeats while Hold is on, and each time that it begins anew.
pub fn phrase(painter: &Painter, scene: &Scene, axis: &Axis, rect: Rect) {
    let Some((start, end)) = scene.snapshot.phrase.filter(|_| scene.controls.hold) else {
        return;
    };
    let look = &scene.look;
    let length = (end - start).max(1);
    // It has no place before its first.
    let round = |at: Tick| (at - start).div_euclid(length);
    let mut flat = Flat::new(painter);
    for round in round(axis.first()).max(0)..=round(axis.last()) {
        let range = axis.range(start + round * length, end + round * length);
        let top = rect.top()..=rect.top() + look.px(PHRASE);
        let band = Rect::from_x_y_ranges(range, top).shrink2(vec2(1.0, 0.0));
        let share = if round == 0 { 1.0 } else { 0.6 };
        let colour = mixed(look.palette.roll, look.accent, share);
        flat.rect(band.intersect(rect), colour);
        flat.vline(
            range.min,
            rect.y_range(),
            look.stroke(1.0, look.accent.gamma_multiply(0.5)),
        );
    }
    flat.show();
}

/// The bars that are seen, and where.
pub struct Track<'a> {
    /// The time axis.
    pub axis: &'a Axis,
    /// Those that are seen, also in part.
    pub bars: &'a [Bar],
    /// From the ruler down to the lowest note.
    pub area: Rect,
}

impl Track<'_> {
    fn place(&self, bar: &Bar) -> Rect {
        let range = self.axis.range(bar.start, bar.end);
        Rect::from_x_y_ranges(range, self.area.y_range()).intersect(self.area)
    }
}

/// What a click or Enter does to a bar: where nothing was played there is nothing to keep.
fn turned(scene: &Scene, bar: &Bar) -> Option<Wish> {
    if is_held(scene, bar) {
        return Some(Wish::ReleaseBar(bar.start));
    }
    let within = bar.start..bar.end;
    let mut own = scene.own().iter();
    own.any(|own| within.contains(&own.note.onset))
        .then_some(Wish::HoldBar(bar.start, bar.end))
}

/// The same in words; `press` and `roll` are what is to be done.
fn hint(scene: &Scene, bar: &Bar, press: &str, roll: &str) -> String {
    let first = match turned(scene, bar) {
        Some(Wish::ReleaseBar(_)) => format!("{press} to let it go, "),
        Some(_) => format!("{press} to hold it, "),
        None => String::new(),
    };
    format!("Bar {}: {first}{roll} for another take", bar.number + 1)
}

/// Lets every bar that is seen be held by a click and re-rolled by the other button. `hit` is the note under the
/// pointer in words.
pub fn interact(ui: &Ui, scene: &Scene, view: &mut View, track: &Track, hit: Option<String>) {
    for bar in track.bars {
        let area = track.place(bar);
        if !area.is_positive() {
            continue;
        }
        // Not focusable: Tab goes to the roll as a whole, arrows go through the bars.
        let response = ui.interact(area, Id::unique(("bar", bar.start.0)), Sense::CLICK);
        let held = is_held(scene, bar);
        let label = format!("Bar {}", bar.number + 1);
        response.widget_info(|| WidgetInfo::selected(WidgetRole::Button, true, held, &label));
        if response.clicked()
            && let Some(wish) = turned(scene, bar)
        {
            scene.actions.wish(wish);
        }
        if response.secondary_clicked() {
            scene.actions.wish(Wish::RerollBar(bar.start));
        }
        if response.hovered() {
            outline(ui, scene, area, 0.5);
            view.hint = Some(hint(scene, bar, "click", "right-click"));
        }
        if let Some(hit) = &hit {
            response.on_hover_text_at_pointer(hit);
        }
    }
}

/// The same by keys, while the roll has the focus: arrows go through the bars that are seen.
pub fn keys(ui: &Ui, scene: &Scene, view: &mut View, track: &Track) {
    let filter = egui::EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..egui::EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(Id::unique("roll"), filter));
    let seen = |bar: &&Bar| track.place(bar).is_positive();
    let (Some(first), Some(last)) = (
        track.bars.iter().find(seen),
        track.bars.iter().rev().find(seen),
    ) else {
        return;
    };
    let bar_at = |at: Tick| {
        scene
            .snapshot
            .bars
            .bar_at(at.clamp(first.start, last.start))
    };
    let chosen = bar_at(view.bar.unwrap_or(scene.moment.tick()));
    let plain = ui.input(|input| input.modifiers.is_none());
    let pressed = |key| plain && ui.input(|input| input.key_pressed(key));
    let next = if pressed(Key::ArrowRight) {
        chosen.end
    } else if pressed(Key::ArrowLeft) {
        chosen.start - 1
    } else {
        chosen.start
    };
    let chosen = bar_at(next);
    view.bar = Some(chosen.start);
    if pressed(Key::Enter)
        && let Some(wish) = turned(scene, &chosen)
    {
        scene.actions.wish(wish);
    }
    if pressed(Key::R) {
        scene.actions.wish(Wish::RerollBar(chosen.start));
    }
    outline(ui, scene, track.place(&chosen), 1.0);
    if view.hint.is_none() {
        view.hint = Some(hint(scene, &chosen, "Enter", "R"));
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
