//! Notes by pitch, and the keyboard beside them.

use continuo_model::{
    note::Note,
    time::{TICKS_PER_QUARTER, Tick},
};
use egui::{Align2, Color32, Rect, Ui, pos2, vec2};

use super::axis::{Axis, Pitches};
use crate::{
    editor::{Scene, flat::Flat, theme::mixed},
    params::pitch_name,
};

/// Pitch classes of the black keys.
pub const BLACK: [bool; 12] = [
    false, true, false, true, false, false, true, false, true, false, true, false,
];
/// Of a note that was heard on an earlier pass, ahead of the playhead.
const REMEMBERED: f32 = 0.34;
/// Rows thinner than this, in points, are not told apart: stripes so fine would be noise behind the notes.
const THINNEST_ROW: f32 = 6.0;
/// The least height of a note in points.
const THINNEST: f32 = 6.0;
/// How opaque the softest note is.
const SOFTEST: f32 = 0.55;

/// The rows of the pitches; those out of the set range are dark.
pub fn rows(flat: &mut Flat, scene: &Scene, pitches: &Pitches, rect: Rect) {
    let palette = scene.look.palette;
    let (lowest, highest) = scene.controls.range();
    let thin = pitches.row() < THINNEST_ROW;
    for pitch in pitches.rows() {
        let top = pitches.top(pitch);
        let row = Rect::from_x_y_ranges(rect.x_range(), top..=top + pitches.row()).intersect(rect);
        if BLACK[usize::from(pitch % 12)] && !thin {
            flat.rect(row, palette.roll_dark);
        }
        if !(lowest..=highest).contains(&pitch) {
            let veil = palette.roll_dark.gamma_multiply(0.75);
            flat.rect(row, veil);
        }
        if pitch % 12 == 0 && row.height() > 0.0 {
            let stroke = scene.look.stroke(1.0, palette.faint);
            flat.hline(rect.x_range(), row.bottom(), stroke);
        }
    }
}

/// The rectangle of a note that lasts to `end`.
fn shape(axis: &Axis, pitches: &Pitches, note: &Note, end: f64) -> Rect {
    // Where rows are thin, notes are taller than their row.
    let height = (pitches.row() * 0.9).max(THINNEST);
    let top = pitches.top(note.pitch) + (pitches.row() - height) / 2.0;
    let left = axis.at(note.onset);
    // A short note must still be seen, and two in a row must not be one.
    let right = (axis.x(end) - 1.0).max(left + 2.5);
    Rect::from_min_max(pos2(left, top), pos2(right, top + height))
}

fn loudness(velocity: u8) -> f32 {
    SOFTEST + (1.0 - SOFTEST) * f32::from(velocity) / 127.0
}

fn corner(rect: Rect) -> f32 {
    (rect.height() * 0.3).min(4.0).min(rect.width() * 0.4)
}

/// What was heard. A key that is down grows with the playhead.
pub fn heard(flat: &mut Flat, scene: &Scene, axis: &Axis, pitches: &Pitches) {
    let palette = scene.look.palette;
    let now = scene.snapshot.now;
    for heard in &scene.snapshot.heard {
        let note = &heard.note;
        let open = heard.open && scene.moment.runs();
        let end = if open {
            scene.moment.at.max(note.end().0 as f64)
        } else {
            note.end().0 as f64
        };
        if !axis.shows(note.onset, Tick(end.ceil() as i64)) {
            continue;
        }
        let rect = shape(axis, pitches, note, end);
        // Behind the planner's clock lies this pass, ahead of it an earlier one.
        let ahead = note.onset >= now && note.onset.0 as f64 > scene.moment.at;
        let share = if ahead {
            REMEMBERED
        } else {
            loudness(note.velocity)
        };
        let colour = mixed(palette.roll, palette.heard, share);
        flat.plate(rect, corner(rect), colour);
    }
}

/// What is played, and what is planned.
pub fn own(flat: &mut Flat, scene: &Scene, axis: &Axis, pitches: &Pitches) {
    for own in &scene.snapshot.own {
        let note = &own.note;
        if axis.shows(note.onset, note.end()) {
            let rect = shape(axis, pitches, note, note.end().0 as f64);
            own_note(flat, scene, rect, note);
        }
    }
}

/// One of our own notes, by where the playhead is: an outline before it sounds, bright while it does.
pub fn own_note(flat: &mut Flat, scene: &Scene, rect: Rect, note: &Note) {
    let look = &scene.look;
    let palette = look.palette;
    let at = scene.moment.at;
    let corner = corner(rect);
    if note.onset.0 as f64 > at {
        let fill = mixed(palette.roll, look.accent, 0.13);
        flat.framed(rect, corner, fill, look.stroke(1.3, look.accent));
    } else if at < note.end().0 as f64 && scene.moment.runs() {
        let halo = look.accent.gamma_multiply(0.3);
        flat.plate(rect.expand(look.px(3.0)), corner + look.px(3.0), halo);
        flat.plate(rect, corner, mixed(look.accent, palette.text, 0.4));
    } else {
        let colour = mixed(palette.roll, look.accent, loudness(note.velocity));
        flat.plate(rect, corner, colour);
    }
}

/// Whether a note of this pitch sounds now, heard or own; with its colour.
fn sounding(scene: &Scene, pitch: u8) -> Option<Color32> {
    let at = scene.moment.at;
    let sounds =
        |note: &Note| note.pitch == pitch && note.onset.0 as f64 <= at && at < note.end().0 as f64;
    if !scene.moment.runs() {
        return None;
    }
    let drums = scene.controls.role == continuo_model::controls::Role::Drums;
    let own = !drums && scene.snapshot.own.iter().any(|own| sounds(&own.note));
    if own {
        return Some(scene.look.accent);
    }
    let heard = scene
        .snapshot
        .heard
        .iter()
        .any(|heard| sounds(&heard.note) || (heard.open && heard.note.pitch == pitch));
    heard.then_some(scene.look.palette.heard)
}

/// The keyboard beside the rows.
pub fn keyboard(ui: &Ui, scene: &Scene, pitches: &Pitches, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let painter = ui.painter_at(rect);
    let mut flat = Flat::new(&painter);
    flat.rect(rect, palette.ivory);
    let mut names = Vec::new();
    for pitch in pitches.rows() {
        let top = pitches.top(pitch);
        let black = BLACK[usize::from(pitch % 12)];
        let width = if black {
            rect.width() * 0.62
        } else {
            rect.width()
        };
        let key = Rect::from_min_size(pos2(rect.left(), top), vec2(width, pitches.row()));
        let lit = sounding(scene, pitch);
        if black || lit.is_some() {
            flat.rect(key, lit.unwrap_or(palette.ebony));
        }
        // Between two white keys, and through the middle of a black one.
        if matches!(pitch % 12, 0 | 5) {
            flat.hline(rect.x_range(), key.bottom(), look.stroke(1.0, palette.line));
        }
        if pitch % 12 == 0 {
            names.push((pitch, key.center().y, lit.is_some()));
        }
    }
    let edge = look.stroke(1.0, palette.line);
    flat.vline(rect.right() - 0.5, rect.y_range(), edge);
    flat.show();
    let size = pitches.row().clamp(look.px(8.5), look.px(11.0));
    for (pitch, y, lit) in names {
        painter.text(
            pos2(rect.right() - look.px(3.0), y),
            Align2::RIGHT_CENTER,
            pitch_name(pitch.into()),
            egui::FontId::proportional(size),
            if lit {
                palette.on_accent
            } else {
                Color32::from_rgb(0x3a, 0x3c, 0x45)
            },
        );
    }
}

/// What the note under the pointer is called.
pub fn under_pointer(
    ui: &Ui,
    scene: &Scene,
    axis: &Axis,
    pitches: &Pitches,
    rect: Rect,
) -> Option<String> {
    let pointer = ui.input(|input| input.pointer.hover_pos())?;
    if !rect.contains(pointer) {
        return None;
    }
    let is_under = |note: &Note| {
        shape(axis, pitches, note, note.end().0 as f64)
            .expand(1.0)
            .contains(pointer)
    };
    let drums = scene.controls.role == continuo_model::controls::Role::Drums;
    let own = scene
        .snapshot
        .own
        .iter()
        .rev()
        .find(|own| !drums && is_under(&own.note));
    if let Some(own) = own {
        let what = match (own.note.onset.0 as f64 > scene.moment.at, own.bends) {
            (true, true) => "planned, bends to the chord that comes",
            (true, false) => "planned",
            (false, _) => "played",
        };
        return Some(described(scene, &own.note, what));
    }
    let mut heard = scene.snapshot.heard.iter().rev();
    let heard = heard.find(|heard| is_under(&heard.note))?;
    Some(described(scene, &heard.note, "heard"))
}

/// "C4 · heard · bar 3, beat 2 · velocity 80".
pub fn described(scene: &Scene, note: &Note, what: &str) -> String {
    let bar = scene.snapshot.bars.bar_at(note.onset);
    let beat = (note.onset - bar.start) / bar.meter.denominator_ticks().min(TICKS_PER_QUARTER * 4);
    format!(
        "{} · {what} · bar {}, beat {} · velocity {}",
        pitch_name(note.pitch.into()),
        bar.number + 1,
        beat + 1,
        note.velocity,
    )
}
