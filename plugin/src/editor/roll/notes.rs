//! Notes by pitch, and the keyboard beside them.

use continuo_model::note::Note;
use egui::{Align2, Color32, Pos2, Rect, Ui, pos2, vec2};

use super::axis::{Axis, Pitches};
use crate::{
    editor::{Scene, flat::Flat, theme::mixed},
    params::pitch_name,
    snapshot::{HeardNote, OwnNote},
};

/// Pitch classes of the black keys.
pub const BLACK: [bool; 12] = [
    false, true, false, true, false, false, true, false, true, false, true, false,
];
/// How opaque the inside of a note is that was heard on an earlier pass, ahead of the playhead.
const REMEMBERED: f32 = 0.34;
/// Rows thinner than this, in points, are not told apart: stripes so fine would be noise behind the notes.
const THINNEST_ROW: f32 = 6.0;
/// The least height of a note in points.
const THINNEST: f32 = 6.0;
/// How opaque the softest note is, and the rim of a remembered one: less would be too near to the ground to be seen
/// by everybody.
const SOFTEST: f32 = 0.75;

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

/// The rectangle of a note that sounds from `from` to `end`, in ticks.
fn shape(axis: &Axis, pitches: &Pitches, pitch: u8, from: f64, end: f64) -> Rect {
    // Where rows are thin, notes are taller than their row.
    let height = (pitches.row() * 0.9).max(THINNEST);
    let top = pitches.top(pitch) + (pitches.row() - height) / 2.0;
    let left = axis.x(from);
    // A short note must still be seen, and two in a row must not be one.
    let right = (axis.x(end) - 1.0).max(left + 2.5);
    Rect::from_min_max(pos2(left, top), pos2(right, top + height))
}

/// The rectangle of a heard note. A key that is down grows with the playhead.
fn heard_shape(scene: &Scene, axis: &Axis, pitches: &Pitches, heard: &HeardNote) -> Rect {
    let note = &heard.note;
    let end = if heard.open && scene.moment.runs() {
        scene.moment.at.max(note.end().0 as f64)
    } else {
        note.end().0 as f64
    };
    shape(axis, pitches, note.pitch, note.onset.0 as f64, end)
}

/// The rectangle of one of our own notes.
fn own_shape(axis: &Axis, pitches: &Pitches, own: &OwnNote) -> Rect {
    shape(axis, pitches, own.note.pitch, own.begins, own.ends)
}

fn loudness(velocity: u8) -> f32 {
    SOFTEST + (1.0 - SOFTEST) * f32::from(velocity) / 127.0
}

fn corner(rect: Rect) -> f32 {
    (rect.height() * 0.3).min(4.0).min(rect.width() * 0.4)
}

/// What was heard.
pub fn heard(flat: &mut Flat, scene: &Scene, axis: &Axis, pitches: &Pitches) {
    let look = &scene.look;
    let palette = look.palette;
    let now = scene.snapshot.now;
    for heard in &scene.snapshot.heard {
        let note = &heard.note;
        let rect = heard_shape(scene, axis, pitches, heard);
        if !axis.sees(rect) {
            continue;
        }
        // Behind the planner's clock lies this pass, ahead of it an earlier one.
        let ahead = note.onset >= now && note.onset.0 as f64 > scene.moment.at;
        if ahead {
            let fill = mixed(palette.roll, palette.heard, REMEMBERED);
            let rim = mixed(palette.roll, palette.heard, SOFTEST);
            flat.framed(rect, corner(rect), fill, look.stroke(1.0, rim));
        } else {
            let colour = mixed(palette.roll, palette.heard, loudness(note.velocity));
            flat.plate(rect, corner(rect), colour);
        }
    }
}

/// What is played, and what is planned.
pub fn own(flat: &mut Flat, scene: &Scene, axis: &Axis, pitches: &Pitches) {
    for own in scene.own() {
        let rect = own_shape(axis, pitches, own);
        if axis.sees(rect) {
            own_note(flat, scene, rect, own);
        }
    }
}

/// One of our own notes, by where the playhead is: an outline before it sounds, bright while it does.
pub fn own_note(flat: &mut Flat, scene: &Scene, rect: Rect, own: &OwnNote) {
    let look = &scene.look;
    let palette = look.palette;
    let at = scene.moment.at;
    let corner = corner(rect);
    if own.begins > at {
        let fill = mixed(palette.roll, look.accent, 0.13);
        flat.framed(rect, corner, fill, look.stroke(1.3, look.accent));
    } else if at < own.ends && scene.moment.runs() {
        let halo = look.accent.gamma_multiply(0.3);
        flat.plate(rect.expand(look.px(3.0)), corner + look.px(3.0), halo);
        flat.plate(rect, corner, mixed(look.accent, palette.text, 0.4));
    } else {
        let colour = mixed(palette.roll, look.accent, loudness(own.note.velocity));
        flat.plate(rect, corner, colour);
    }
}

/// What sounds now, by key: heard or own, with its colour.
fn sounding(scene: &Scene) -> [Option<Color32>; 128] {
    let mut keys = [None; 128];
    if !scene.moment.runs() {
        return keys;
    }
    let at = scene.moment.at;
    for heard in &scene.snapshot.heard {
        let note = &heard.note;
        let sounds = note.onset.0 as f64 <= at && at < note.end().0 as f64;
        if sounds || heard.open {
            keys[usize::from(note.pitch & 127)] = Some(scene.look.palette.heard);
        }
    }
    for own in scene.own().iter().filter(|_| !scene.drums()) {
        if own.begins <= at && at < own.ends {
            keys[usize::from(own.note.pitch & 127)] = Some(scene.look.accent);
        }
    }
    keys
}

/// The keyboard beside the rows.
pub fn keyboard(ui: &Ui, scene: &Scene, pitches: &Pitches, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let painter = ui.painter_at(rect);
    let mut flat = Flat::new(&painter);
    flat.rect(rect, palette.ivory);
    let mut names = Vec::new();
    let sounding = sounding(scene);
    for pitch in pitches.rows() {
        let top = pitches.top(pitch);
        let black = BLACK[usize::from(pitch % 12)];
        let width = if black {
            rect.width() * 0.62
        } else {
            rect.width()
        };
        let key = Rect::from_min_size(pos2(rect.left(), top), vec2(width, pitches.row()));
        let lit = sounding[usize::from(pitch & 127)];
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

/// What the note at `pointer` is called.
pub fn under(
    scene: &Scene,
    axis: &Axis,
    pitches: &Pitches,
    rect: Rect,
    pointer: Pos2,
) -> Option<String> {
    if !rect.contains(pointer) {
        return None;
    }
    let is_under = |shape: Rect| shape.expand(1.0).contains(pointer);
    let mut own = scene.own().iter().rev().filter(|_| !scene.drums());
    if let Some(own) = own.find(|own| is_under(own_shape(axis, pitches, own))) {
        let name = pitch_name(own.note.pitch.into());
        return Some(described(scene, &name, &own.note, played(scene, own)));
    }
    let mut heard = scene.snapshot.heard.iter().rev();
    let heard = heard.find(|heard| is_under(heard_shape(scene, axis, pitches, heard)))?;
    let name = pitch_name(heard.note.pitch.into());
    Some(described(scene, &name, &heard.note, "heard"))
}

/// What has become, or will become, of one of our own notes.
pub fn played(scene: &Scene, own: &OwnNote) -> &'static str {
    match (own.begins > scene.moment.at, own.bends) {
        (true, true) => "planned, bends to the chord that comes",
        (true, false) => "planned",
        (false, _) => "played",
    }
}

/// "C4 · heard · bar 3, beat 2 · velocity 80".
pub fn described(scene: &Scene, name: &str, note: &Note, what: &str) -> String {
    let bar = scene.snapshot.bars.bar_at(note.onset);
    let beat = (note.onset - bar.start) / bar.meter.beat_ticks();
    format!(
        "{name} · {what} · bar {}, beat {} · velocity {}",
        bar.number + 1,
        beat + 1,
        note.velocity,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::{
        DARK, LIGHT,
        theme::{contrast, mixed},
    };

    #[test]
    fn the_softest_note_stands_out_as_wcag_asks_of_graphics() {
        for palette in [DARK, LIGHT] {
            for ground in [palette.roll, palette.roll_dark] {
                for ink in palette.roles.into_iter().chain([palette.heard]) {
                    let rim = contrast(mixed(palette.roll, ink, SOFTEST), ground);
                    let softest = contrast(mixed(palette.roll, ink, loudness(1)), ground);
                    assert!(rim >= 3.0 && softest >= 3.0, "{ink:?}: {rim} {softest}");
                }
            }
        }
    }
}
