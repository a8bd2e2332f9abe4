//! The song around the playhead: what was heard, what is played, what is planned.

mod axis;
mod bars;
mod drums;
mod notes;
mod ruler;

use egui::{Align2, Id, Rect, Role as WidgetRole, Sense, Ui, WidgetInfo, pos2, vec2};

#[cfg(test)]
pub use self::axis::range as pitch_range;
pub use self::notes::BLACK;
use self::{
    axis::{Axis, Pitches},
    bars::Track,
    drums::Lanes,
};
use super::{
    Scene, View,
    control::notches,
    flat::Flat,
    paint::{fitted, focus_ring},
};

/// Bars that the roll may show side by side.
pub const ZOOM: std::ops::RangeInclusive<f32> = 2.0..=32.0;
/// How much one notch of the wheel zooms.
const ZOOM_NOTCH: f32 = 1.25;
/// Where the playhead stands while the song scrolls, as a share of the width. Plans lie a bar ahead at the
/// most, so most of the room is for what has been.
const PLAYHEAD: f64 = 0.68;
/// Seconds in which the scale and the rows move.
const GLIDE: f32 = 0.35;
/// What is seen before the song's origin, in bars.
const MARGIN: f64 = 0.2;
/// The keyboard on the left, in natural points.
const GUTTER: f32 = 44.0;
/// The ruler and the chords, in natural points.
const RULER: f32 = 22.0;
const CHORDS: f32 = 24.0;
/// Where drums play, the share of the height that what was heard keeps.
const HEARD_SHARE: f32 = 0.42;

/// The areas of the roll.
#[derive(Clone, Copy, Debug)]
struct Areas {
    ruler: Rect,
    chords: Rect,
    gutter: Rect,
    notes: Rect,
}

impl Areas {
    fn of(scene: &Scene, rect: Rect) -> Self {
        let look = &scene.look;
        let left = rect.left() + look.px(GUTTER);
        let ruler = rect.top() + look.px(RULER);
        let top = ruler + look.px(CHORDS);
        Self {
            ruler: Rect::from_min_max(pos2(left, rect.top()), pos2(rect.right(), ruler)),
            chords: Rect::from_min_max(pos2(left, ruler), pos2(rect.right(), top)),
            gutter: Rect::from_min_max(pos2(rect.left(), top), pos2(left, rect.bottom())),
            notes: Rect::from_min_max(pos2(left, top), rect.max),
        }
    }
}

/// Where in a roll in `rect` the notes are.
#[must_use]
pub fn notes_area(scene: &Scene, rect: Rect) -> Rect {
    Areas::of(scene, rect).notes
}

/// Draws the roll in `rect`, and lets bars be held and re-rolled.
pub fn roll(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect) {
    let response = ui.interact(rect, Id::unique("roll"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Group, true, "Song"));
    zoom(ui, view, &response);
    let areas = Areas::of(scene, rect);
    let axis = axis(ui, scene, view, areas.notes);
    let painter = ui.painter_at(rect);
    let palette = scene.look.palette;
    scene.look.ground(&painter, rect, palette.roll);
    let bars: Vec<_> = scene
        .snapshot
        .bars
        .between(axis.first(), axis.last())
        .collect();
    let drums = scene.drums();
    let heard = if drums {
        let mut upper = areas.notes;
        upper.set_height(upper.height() * HEARD_SHARE);
        upper
    } else {
        areas.notes
    };
    let lanes = Lanes::of(scene, areas.notes.with_min_y(heard.bottom()));
    let pitches = Pitches::around(ui, scene, &axis, heard);
    let clipped = ui.painter_at(areas.notes);
    let mut flat = Flat::new(&clipped);
    notes::rows(&mut flat, scene, &pitches, heard);
    ruler::beats(&mut flat, scene, &axis, &bars, areas.notes);
    notes::heard(&mut flat, scene, &axis, &pitches);
    if drums {
        flat.show();
        lanes.paint(ui, scene, &axis, &bars, areas.gutter);
    } else {
        notes::own(&mut flat, scene, &axis, &pitches);
        flat.show();
    }
    notes::keyboard(
        ui,
        scene,
        &pitches,
        Rect::from_x_y_ranges(areas.gutter.x_range(), heard.y_range()),
    );
    bars::phrase(&clipped, scene, &axis, areas.notes);
    bars::held(&clipped, scene, &axis, &bars, areas.notes);
    ruler::ruler(ui, scene, &axis, &bars, areas.ruler);
    ruler::chords(ui, scene, &axis, areas.chords);
    ruler::cycle(ui, scene, &axis, areas.ruler, areas.notes);
    ruler::playhead(&painter, scene, &axis, areas.ruler, areas.notes);
    corner(ui, scene, rect, &areas);
    let pointer = ui.input(|input| input.pointer.hover_pos());
    let hit = pointer.and_then(|pointer| {
        let drum = drums.then(|| lanes.under(scene, &axis, pointer)).flatten();
        drum.or_else(|| notes::under(scene, &axis, &pitches, heard, pointer))
    });
    // What is scrolled off lies under the keyboard, which is no part of a bar.
    let area = Rect::from_x_y_ranges(areas.notes.x_range(), rect.y_range());
    let track = Track {
        axis: &axis,
        bars: &bars,
        area,
    };
    bars::interact(ui, scene, view, &track, hit);
    if response.has_focus() {
        bars::keys(ui, scene, view, &track);
    } else {
        view.bar = None;
    }
    focus_ring(ui, &scene.look, &response, rect.shrink(scene.look.px(3.0)));
}

/// The time axis: a loop that fits stands still, anything else scrolls under the playhead.
fn axis(ui: &Ui, scene: &Scene, view: &View, rect: Rect) -> Axis {
    let at = scene.moment.at;
    let here = scene.snapshot.bars.bar_at(scene.moment.tick());
    // Another meter does not come at once, or all notes would jump.
    let bar = f64::from(ui.ctx().animate_value_with_time(
        Id::unique("bar length"),
        here.meter.bar_ticks() as f32,
        GLIDE,
    ));
    let span = f64::from(view.bars) * bar;
    let whole = scene
        .snapshot
        .cycle
        .map(|(start, end)| (start.0 as f64, end.0 as f64))
        .filter(|(start, end)| end - start <= span * 0.97 && (*start..=*end).contains(&at));
    let left = match whole {
        Some((start, end)) => start - (span - (end - start)) / 2.0,
        // There is nothing before the song's first bar, unless the playhead is there.
        None => (at - span * PLAYHEAD).max(at.min(0.0) - MARGIN * bar),
    };
    // By whole pixels, so that what goes by keeps its shape.
    let pixel = span / f64::from(rect.width() * ui.pixels_per_point());
    let left = (left / pixel).round() * pixel;
    Axis::new(rect, left, span)
}

fn zoom(ui: &Ui, view: &mut View, response: &egui::Response) {
    let mut notches_turned = 0;
    if response.contains_pointer() {
        notches_turned += notches(ui, &mut view.wheel);
    }
    if response.has_focus() {
        let pressed = |key| i32::from(ui.input(|input| input.key_pressed(key)));
        notches_turned += pressed(egui::Key::ArrowUp) - pressed(egui::Key::ArrowDown);
    }
    if notches_turned != 0 {
        let factor = ZOOM_NOTCH.powi(-notches_turned);
        view.bars = (view.bars * factor).clamp(*ZOOM.start(), *ZOOM.end());
    }
}

/// Above the keyboard: the key of the music.
fn corner(ui: &Ui, scene: &Scene, rect: Rect, areas: &Areas) {
    let look = &scene.look;
    let corner = Rect::from_min_max(rect.min, pos2(areas.gutter.right(), areas.gutter.top()));
    let painter = ui.painter();
    look.ground(painter, corner, look.palette.panel);
    let key = match (scene.controls.key, scene.snapshot.key) {
        (None, Some(found)) => Some((found.tonic, found.minor)),
        (Some(tonic), _) => Some((tonic, scene.controls.scale.is_minor())),
        (None, None) => None,
    };
    let name = key.map_or("–".to_owned(), |(tonic, minor)| {
        let tonic = continuo_model::chord::pitch_class_name(tonic);
        format!("{tonic}{}", if minor { "m" } else { "" })
    });
    fitted(
        painter,
        corner.center_top() + vec2(0.0, look.px(5.0)),
        Align2::CENTER_TOP,
        "key",
        look.font(10.5),
        look.palette.dim,
        corner.width(),
    );
    fitted(
        painter,
        corner.center_bottom() - vec2(0.0, look.px(5.0)),
        Align2::CENTER_BOTTOM,
        &name,
        look.font(17.0),
        if key.is_some() {
            look.palette.text
        } else {
            look.palette.dim
        },
        corner.width(),
    );
    let words = match (scene.controls.key, scene.snapshot.key) {
        (None, Some(found)) => format!("The last bars are in {}", found.name()),
        (Some(_), _) => format!("The key is set to {name}"),
        (None, None) => "The key is found from what is heard".to_owned(),
    };
    let response = ui.interact(corner, Id::unique("found key"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Label, true, &words));
    response.on_hover_text(words);
}
