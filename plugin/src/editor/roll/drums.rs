//! A drum part as a grid: a lane for each part of the kit, a cell for each sixteenth.

use continuo_model::time::{TICKS_PER_QUARTER, Tick};
use egui::{Align2, Pos2, Rect, Ui, pos2, vec2};

use super::{axis::Axis, notes, ruler::BEAT_ROOM};
use crate::{
    bars::Bar,
    editor::{Scene, flat::Flat, paint::fitted},
    params::pitch_name,
    snapshot::OwnNote,
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

/// The lanes as they lie in the roll.
pub struct Lanes {
    rect: Rect,
    count: usize,
    height: f32,
}

impl Lanes {
    /// The lanes in `rect`; the last one only where it is needed.
    pub fn of(scene: &Scene, rect: Rect) -> Self {
        let mut own = scene.own().iter();
        let other = own.any(|own| lane_of(own.note.pitch) == LANES.len() - 1);
        let count = if other { LANES.len() } else { LANES.len() - 1 };
        Self {
            rect,
            count,
            height: rect.height() / count as f32,
        }
    }

    /// Draws them, and their names in the gutter beside.
    pub fn paint(&self, ui: &Ui, scene: &Scene, axis: &Axis, bars: &[Bar], gutter: Rect) {
        let look = &scene.look;
        let palette = look.palette;
        let rect = self.rect;
        let painter = ui.painter_at(rect);
        look.ground(&painter, rect, palette.roll);
        let mut flat = Flat::new(&painter);
        for lane in (1..self.count).step_by(2) {
            let top = rect.top() + lane as f32 * self.height;
            let row = Rect::from_x_y_ranges(rect.x_range(), top..=top + self.height);
            flat.rect(row, palette.roll_dark);
        }
        grid(&mut flat, scene, axis, bars, rect);
        for own in scene.own() {
            if let Some(cell) = self.cell(axis, own) {
                notes::own_note(&mut flat, scene, cell, own);
            }
        }
        flat.hline(rect.x_range(), rect.top(), look.stroke(1.0, palette.line));
        flat.show();
        self.names(
            ui,
            scene,
            Rect::from_x_y_ranges(gutter.x_range(), rect.y_range()),
        );
    }

    /// Where a note lies, if it is seen.
    fn cell(&self, axis: &Axis, own: &OwnNote) -> Option<Rect> {
        let note = &own.note;
        if !axis.shows(note.onset, note.onset + 2 * SIXTEENTH) {
            return None;
        }
        let lane = lane_of(note.pitch).min(self.count - 1);
        let top = self.rect.top() + lane as f32 * self.height;
        let side = axis.width(SIXTEENTH).min(self.height * 1.6);
        let tall = self.height * (0.35 + 0.5 * f32::from(note.velocity) / 127.0);
        Some(Rect::from_min_size(
            pos2(axis.x(own.begins) + 0.5, top + (self.height - tall) / 2.0),
            vec2((side - 1.5).max(3.0), tall),
        ))
    }

    /// What the stroke at `pointer` is called.
    pub fn under(&self, scene: &Scene, axis: &Axis, pointer: Pos2) -> Option<String> {
        if !self.rect.contains(pointer) {
            return None;
        }
        let mut own = scene.own().iter().rev();
        let hit = own.find(|own| {
            let cell = self.cell(axis, own);
            cell.is_some_and(|cell| cell.expand(1.0).contains(pointer))
        })?;
        let lane = lane_of(hit.note.pitch);
        let name = if lane < LANES.len() - 1 {
            LANES[lane].name.to_owned()
        } else {
            pitch_name(hit.note.pitch.into())
        };
        let what = notes::played(scene, hit);
        Some(notes::described(scene, &name, &hit.note, what))
    }

    fn names(&self, ui: &Ui, scene: &Scene, gutter: Rect) {
        let look = &scene.look;
        let painter = ui.painter_at(gutter);
        look.ground(&painter, gutter, look.palette.panel);
        for (index, lane) in LANES.iter().take(self.count).enumerate() {
            let middle = gutter.top() + (index as f32 + 0.5) * self.height;
            let size = (self.height * 0.7).min(look.px(10.5));
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
}

fn grid(flat: &mut Flat, scene: &Scene, axis: &Axis, bars: &[Bar], rect: Rect) {
    let palette = scene.look.palette;
    let fine = axis.width(SIXTEENTH) >= scene.look.px(5.0);
    for bar in bars {
        let beat = bar.meter.beat_ticks().max(SIXTEENTH);
        let step = if fine {
            SIXTEENTH
        } else if axis.width(beat) >= scene.look.px(BEAT_ROOM) {
            beat
        } else {
            bar.end - bar.start
        };
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
