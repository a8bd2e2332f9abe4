//! Bars and beats, the loop, the chords, the playhead.

use continuo_model::time::Tick;
use egui::{Align2, Painter, Rect, Shape, Ui, pos2, vec2};

use super::axis::Axis;
use crate::{
    bars::Bar,
    editor::{Look, Scene, flat::Flat, paint::fitted, theme::mixed},
};

/// Bar numbers closer than this, in natural points, are left out.
const NUMBER_ROOM: f32 = 34.0;
/// The room that a number takes.
const NUMBER: f32 = 22.0;
/// The room that a signature takes, with what keeps it apart from the next number.
const METER_ROOM: f32 = 26.0;
/// Beat lines closer than this are left out.
pub const BEAT_ROOM: f32 = 9.0;

/// Lines at bars and beats.
pub fn beats(flat: &mut Flat, scene: &Scene, axis: &Axis, bars: &[Bar], rect: Rect) {
    let look = &scene.look;
    for bar in bars {
        let beat = bar.meter.beat_ticks();
        if axis.width(beat) >= look.px(BEAT_ROOM) {
            let mut at = bar.start + beat;
            while at < bar.end {
                let stroke = look.stroke(1.0, look.palette.faint);
                flat.vline(axis.at(at), rect.y_range(), stroke);
                at += beat;
            }
        }
        let stroke = look.stroke(1.0, look.palette.line);
        flat.vline(axis.at(bar.start), rect.y_range(), stroke);
    }
}

/// Bar numbers, and the meter where it changes.
pub fn ruler(ui: &Ui, scene: &Scene, axis: &Axis, bars: &[Bar], rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let painter = ui.painter_at(rect);
    look.ground(&painter, rect, palette.panel);
    for (bar, mark) in bars.iter().zip(marks(look, axis, bars, rect)) {
        let x = axis.at(bar.start);
        let here = bar.start.0 as f64 <= scene.moment.at && scene.moment.at < bar.end.0 as f64;
        let tick = rect.bottom() - look.px(5.0)..=rect.bottom();
        painter.vline(x, tick, look.stroke(1.0, palette.line));
        let mut place = pos2(x.max(rect.left()) + look.px(4.0), rect.center().y);
        if mark.number {
            let number = (bar.number + 1).to_string();
            let colour = if here { palette.text } else { palette.dim };
            let text = painter.text(place, Align2::LEFT_CENTER, number, look.font(12.0), colour);
            place.x = text.right() + look.px(7.0);
        }
        if mark.meter {
            let meter = format!("{}/{}", bar.meter.numerator, bar.meter.denominator);
            let font = look.font(10.5);
            painter.text(place, Align2::LEFT_CENTER, meter, font, look.accent);
        }
    }
}

/// What is written at a bar's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Mark {
    number: bool,
    meter: bool,
}

/// What is written at each bar. Where the meter changes it is told, if need be in the number's place; at the left edge
/// it is told once, where there is room for it.
fn marks(look: &Look, axis: &Axis, bars: &[Bar], rect: Rect) -> Vec<Mark> {
    let numbered = |bar: &Bar| {
        let every = skip(axis.width(bar.end - bar.start), look.px(NUMBER_ROOM));
        bar.number.rem_euclid(every) == 0 && axis.at(bar.start) + look.px(4.0) >= rect.left()
    };
    let mut marks: Vec<Mark> = bars
        .iter()
        .map(|bar| Mark {
            number: numbered(bar),
            meter: false,
        })
        .collect();
    // From a bar's beginning, or the left edge, to the next number.
    let room = |marks: &[Mark], place: usize| {
        let next = (place + 1..bars.len()).find(|next| marks[*next].number);
        let next = next.map_or(f32::INFINITY, |next| axis.at(bars[next].start));
        let number = if marks[place].number { NUMBER } else { 0.0 };
        next - axis.at(bars[place].start).max(rect.left()) - look.px(number + METER_ROOM)
    };
    let first_meter = |marks: &[Mark], bars: &[Bar]| {
        let same = bars.iter().take_while(|bar| bar.meter == bars[0].meter);
        let count = same.count();
        (0..count)
            .find(|place| room(marks, *place) > 0.0)
            .or_else(|| (0..count).find(|place| marks[*place].number))
    };
    let changes = (1..bars.len()).filter(|place| bars[place - 1].meter != bars[*place].meter);
    for place in first_meter(&marks, bars).into_iter().chain(changes) {
        let fits = room(&marks, place) > 0.0;
        marks[place].number &= fits;
        marks[place].meter = true;
    }
    marks
}

/// Every how many bars a number has room: 1, 2, 4, 8 and so on.
fn skip(bar: f32, room: f32) -> i64 {
    let mut every = 1;
    while bar * every as f32 <= room && every < 64 {
        every *= 2;
    }
    every
}

/// The names of the chords.
pub fn chords(ui: &Ui, scene: &Scene, axis: &Axis, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let painter = ui.painter_at(rect);
    look.ground(&painter, rect, palette.panel);
    let mut flat = Flat::new(&painter);
    let mut names = Vec::new();
    for span in &scene.snapshot.chords {
        let Some(chord) = span.chord.filter(|_| axis.shows(span.from, span.to)) else {
            continue;
        };
        let here = scene.moment.at >= span.from.0 as f64 && scene.moment.at < span.to.0 as f64;
        let ahead = span.from >= scene.snapshot.now && !here;
        let range = axis.range(span.from, span.to);
        let chip = Rect::from_x_y_ranges(
            range.min + 1.0..=(range.max - 1.0).max(range.min + 2.0),
            rect.top() + look.px(2.0)..=rect.bottom() - look.px(3.0),
        );
        let share = if here {
            0.34
        } else if ahead {
            0.07
        } else {
            0.15
        };
        flat.plate(
            chip,
            look.px(4.0),
            mixed(palette.panel, palette.heard, share),
        );
        // The name stays in sight while its chord is.
        let left = chip.left().max(rect.left()) + look.px(5.0);
        let room = chip.right() - left - look.px(1.0);
        if room > look.px(8.0) {
            let ink = if ahead { palette.dim } else { palette.text };
            names.push((chord.name(), pos2(left, chip.center().y), ink, room));
        }
    }
    let edge = look.stroke(1.0, palette.line);
    flat.hline(rect.x_range(), rect.bottom() - 0.5, edge);
    flat.show();
    for (name, place, ink, room) in names {
        let font = look.font(13.0);
        fitted(&painter, place, Align2::LEFT_CENTER, &name, font, ink, room);
    }
}

/// The host's loop: a band in the ruler; what lies outside is veiled.
pub fn cycle(ui: &Ui, scene: &Scene, axis: &Axis, ruler: Rect, notes: Rect) {
    let Some((start, end)) = scene.snapshot.cycle else {
        return;
    };
    let look = &scene.look;
    let range = axis.range(start, end);
    let band = Rect::from_x_y_ranges(
        range,
        ruler.bottom() - look.px(4.0)..=ruler.bottom() - look.px(1.0),
    );
    ui.painter_at(ruler)
        .rect_filled(band, look.corner(1.5), look.palette.dim);
    let painter = ui.painter_at(notes);
    let mut flat = Flat::new(&painter);
    let veil = look.palette.ground.gamma_multiply(0.55);
    let (from, to) = (Tick(i64::MIN / 4), Tick(i64::MAX / 4));
    for (from, to) in [(from, start), (end, to)] {
        let range = axis.range(from, to);
        let outside = Rect::from_x_y_ranges(range, notes.y_range()).intersect(notes);
        if outside.is_positive() {
            flat.rect(outside, veil);
        }
    }
    for x in [range.min, range.max] {
        flat.vline(x, notes.y_range(), look.stroke(1.5, look.palette.dim));
    }
    flat.show();
}

/// The playhead.
pub fn playhead(painter: &Painter, scene: &Scene, axis: &Axis, ruler: Rect, notes: Rect) {
    let look = &scene.look;
    let x = axis.x(scene.moment.at);
    if !notes.x_range().contains(x) {
        return;
    }
    let colour = if scene.moment.runs() {
        look.palette.text
    } else {
        look.palette.dim
    };
    painter.vline(x, ruler.bottom()..=notes.bottom(), look.stroke(1.4, colour));
    let tip = pos2(x, ruler.bottom() + look.px(1.0));
    let (wide, high) = (look.px(5.0), look.px(8.0));
    painter.add(Shape::convex_polygon(
        vec![tip + vec2(-wide, -high), tip + vec2(wide, -high), tip],
        colour,
        egui::Stroke::NONE,
    ));
}

#[cfg(test)]
mod tests {
    use continuo_model::{
        controls::Role,
        time::{BarGrid, Meter},
    };

    use super::*;
    use crate::{bars::Bars, editor::theme::NATURAL_SIZE};

    #[test]
    fn the_meter_is_told_once_and_where_it_changes_at_every_zoom() {
        let mut song = Bars::default();
        let grid = |numerator, downbeat| BarGrid {
            downbeat: Tick(downbeat),
            number: 0,
            meter: Meter::new(numerator, 4).expect("a meter"),
        };
        song.meet(Tick(0), grid(4, 0));
        song.meet(Tick(9 * 96), grid(3, 9 * 96));
        let look = Look::new(false, Role::Bass, NATURAL_SIZE);
        let rect = Rect::from_min_max(pos2(44.0, 0.0), pos2(960.0, 22.0));
        for zoom in 2..=32 {
            for from in 0..96 {
                let span = f64::from(zoom) * 96.0;
                let axis = Axis::new(rect, f64::from(from), span);
                let bars: Vec<_> = song.between(axis.first(), axis.last()).collect();
                let marks = marks(&look, &axis, &bars, rect);
                let told: Vec<_> = bars
                    .iter()
                    .zip(&marks)
                    .filter(|(_, mark)| mark.meter)
                    .map(|(bar, _)| bar.meter.numerator)
                    .collect();
                let changes = bars.iter().any(|bar| bar.start == Tick(9 * 96));
                let expected: &[_] = if changes { &[4, 3] } else { &[4] };
                assert_eq!(told, expected, "{zoom} bars from {from}");
            }
        }
    }

    #[test]
    fn numbers_that_would_touch_are_left_out() {
        assert_eq!(
            [skip(100.0, 30.0), skip(20.0, 30.0), skip(8.0, 30.0)],
            [1, 2, 4]
        );
    }
}
