//! A drum part as a grid: a lane for each part of the kit, a cell for each sixteenth.

use continuo_model::time::{TICKS_PER_QUARTER, Tick};
use egui::{Align2, Rect, Ui, pos2, vec2};

use super::{axis::Axis, notes};
use crate::{
    bars::Bar,
    editor::{Scene, flat::Flat, paint::fitted},
};

/// A part of the kit: its name, and its keys of the General MIDI drum map.
struct Lane {
    name: &'static str,
    keys: &'static [u8],
}

/// From top to bottom. What is in none of them falls into the last.
const LANES: [Lane; 8] = [
    Lane {
        name: "Crash",
        keys: &[49, 52, 55, 57],
    },
    Lane {
        name: "Ride",
        keys: &[51, 53, 59],
    },
    Lane {
        name: "Open",
        keys: &[46],
    },
    Lane {
        name: "Hat",
        keys: &[42, 44],
    },
    Lane {
        name: "Toms",
        keys: &[41, 43, 45, 47, 48, 50],
    },
    Lane {
        name: "Snare",
        keys: &[37, 38, 39, 40],
    },
    Lane {
        name: "Kick",
        keys: &[35, 36],
    },
    Lane {
        name: "Other",
        keys: &[],
    },
];

const SIXTEENTH: i64 = TICKS_PER_QUARTER / 4;

fn lane_of(pitch: u8) -> usize {
    LANES
        .iter()
        .position(|lane| lane.keys.contains(&pitch))
        .unwrap_or(LANES.len() - 1)
}

/// The lanes in `rect`, their names in the gutter beside it.
pub fn lanes(ui: &Ui, scene: &Scene, axis: &Axis, bars: &[Bar], rect: Rect, gutter: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let painter = ui.painter_at(rect);
    let other = scene
        .snapshot
        .own
        .iter()
        .any(|own| lane_of(own.note.pitch) == LANES.len() - 1);
    let count = if other { LANES.len() } else { LANES.len() - 1 };
    let height = rect.height() / count as f32;
    look.ground(&painter, rect, palette.roll);
    let mut flat = Flat::new(&painter);
    for lane in 0..count {
        let top = rect.top() + lane as f32 * height;
        let row = Rect::from_x_y_ranges(rect.x_range(), top..=top + height);
        if lane % 2 == 1 {
            flat.rect(row, palette.roll_dark);
        }
    }
    grid(&mut flat, scene, axis, bars, rect);
    for own in &scene.snapshot.own {
        let note = &own.note;
        if !axis.shows(note.onset, note.onset + SIXTEENTH) {
            continue;
        }
        let top = rect.top() + lane_of(note.pitch).min(count - 1) as f32 * height;
        let side = axis.width(SIXTEENTH).min(height * 1.6);
        let tall = height * (0.35 + 0.5 * f32::from(note.velocity) / 127.0);
        let left = axis.at(note.onset);
        let cell = Rect::from_min_size(
            pos2(left + 0.5, top + (height - tall) / 2.0),
            vec2((side - 1.5).max(3.0), tall),
        );
        notes::own_note(&mut flat, scene, cell, note);
    }
    flat.hline(rect.x_range(), rect.top(), look.stroke(1.0, palette.line));
    flat.show();
    names(
        ui,
        scene,
        count,
        height,
        Rect::from_x_y_ranges(gutter.x_range(), rect.y_range()),
    );
}

fn grid(flat: &mut Flat, scene: &Scene, axis: &Axis, bars: &[Bar], rect: Rect) {
    let palette = scene.look.palette;
    let fine = axis.width(SIXTEENTH) >= scene.look.px(5.0);
    for bar in bars {
        let beat = bar.meter.denominator_ticks().max(SIXTEENTH);
        let step = if fine { SIXTEENTH } else { beat };
        let mut at: Tick = bar.start;
        while at < bar.end {
            let on_beat = (at - bar.start) % beat == 0;
            let colour = if at == bar.start {
                palette.line
            } else if on_beat {
                palette.line.gamma_multiply(0.55)
            } else {
                palette.faint
            };
            flat.vline(axis.at(at), rect.y_range(), scene.look.stroke(1.0, colour));
            at += step;
        }
    }
}

fn names(ui: &Ui, scene: &Scene, count: usize, height: f32, gutter: Rect) {
    let look = &scene.look;
    let painter = ui.painter_at(gutter);
    look.ground(&painter, gutter, look.palette.panel);
    for (index, lane) in LANES.iter().take(count).enumerate() {
        let middle = gutter.top() + (index as f32 + 0.5) * height;
        let size = (height * 0.7).min(look.px(10.5));
        fitted(
            &painter,
            pos2(gutter.right() - look.px(4.0), middle),
            Align2::RIGHT_CENTER,
            lane.name,
            egui::FontId::proportional(size),
            look.palette.dim,
            gutter.width() - look.px(4.0),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_drum_map_has_one_lane() {
        for pitch in 0..=127 {
            let lanes = LANES.iter().filter(|lane| lane.keys.contains(&pitch));
            assert!(lanes.count() <= 1);
            assert!(lane_of(pitch) < LANES.len());
        }
        let named = (35..=59).filter(|pitch| lane_of(*pitch) < LANES.len() - 1);
        assert!(named.count() >= 22);
    }
}
