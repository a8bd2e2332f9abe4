//! The picture of a control: its panels below each other, on the same bars and the same keys.

use anyhow::Result;
use continuo_model::chord::pitch_class_name;

use super::{
    material::BAR_BEATS,
    panel::{Panel, Part, Seen},
    table::{Control, View},
};
use crate::demo::{
    canvas::{Align, Canvas, Colour},
    roll::{
        BACKGROUND, BAR_LINE, BEAT_LINE, BLACK_ROW, FAINT_INK, GENERATED, HEARD, INK, OCTAVE_LINE,
        WHITE_ROW, block, drum_name, is_black, shade,
    },
};

/// Pixels.
const WIDTH: i32 = 960;
const LEFT: i32 = 190;
const MARGIN: i32 = 14;
const HEADER: i32 = 62;
/// Above each panel, for the bars' numbers.
const NUMBERS: i32 = 18;
const GAP: i32 = 10;
const DRUM_ROW: i32 = 14;
const VELOCITIES: i32 = 36;

/// How high the keys of a panel may get all together, and how low and high a single one.
const KEYS_HEIGHT: i32 = 205;
const KEY_HEIGHT: (i32, i32) = (4, 9);

/// Rows that Key and Scale, Lowest or Highest rule out.
const OUTSIDE: Colour = Colour(200, 200, 196);
const SIXTEENTH_LINE: Colour = Colour(226, 226, 221);

/// How long a drum stroke is drawn, in quarter notes.
const STROKE: f64 = 0.2;

/// Draws the panels of `control` as a PNG file.
///
/// # Errors
/// When drawing fails.
pub fn draw(control: &Control, panels: &[Panel]) -> Result<Vec<u8>> {
    let layout = Layout::of(control.view, panels);
    let lanes: Vec<Lanes> = panels.iter().map(|panel| layout.lanes(panel)).collect();
    let heights = lanes.iter().map(|lanes| lanes.bottom() + NUMBERS + GAP);
    let height = HEADER + heights.sum::<i32>() + MARGIN - GAP;
    let mut canvas = Canvas::new(WIDTH, height, BACKGROUND);
    header(&mut canvas, control, panels);
    let mut top = HEADER + NUMBERS;
    for (panel, lanes) in panels.iter().zip(lanes) {
        let lanes = Lanes { top, ..lanes };
        layout.panel(&mut canvas, &lanes, panel);
        top = lanes.bottom() + GAP + NUMBERS;
    }
    canvas.into_small_png()
}

/// Title, caption and legend.
fn header(canvas: &mut Canvas, control: &Control, panels: &[Panel]) {
    canvas.text(control.name, (MARGIN, 24), Align::Left, 28, INK);
    canvas.text(control.caption, (MARGIN, 50), Align::Left, 16, FAINT_INK);
    let has = |part: Part| {
        let mut notes = panels.iter().flat_map(|panel| &panel.notes);
        notes.any(|note| note.part == part)
    };
    let legend = [
        (Part::Generated, "generated"),
        (
            Part::Heard,
            if has(Part::Input) {
                "passed on"
            } else {
                "heard"
            },
        ),
        (Part::Input, "as it came in"),
    ];
    let mut x = WIDTH - MARGIN;
    for (part, name) in legend.into_iter().filter(|(part, _)| has(*part)) {
        canvas.text(name, (x, 22), Align::Right, 16, INK);
        x -= canvas.text_width(name, 16) + 8;
        note_block(canvas, (x - 26, 16), (x, 28), part, 100);
        x -= 46;
    }
}

/// What all panels have in common.
struct Layout {
    view: View,
    /// The highest key shown, and the lowest where the generated notes are no drums.
    high: u8,
    low: u8,
    key_height: i32,
    pixels_a_beat: f64,
}

/// The rows of one panel.
struct Lanes {
    top: i32,
    /// The lowest key shown.
    low: u8,
    keys_height: i32,
    /// The names of the drums shown, from top to bottom.
    drums: Vec<String>,
    velocities_height: i32,
}

impl Lanes {
    fn drums_top(&self) -> i32 {
        self.top + self.keys_height
    }

    /// The end of keys and drums.
    fn notes_bottom(&self) -> i32 {
        self.drums_top() + DRUM_ROW * self.drums.len() as i32
    }

    fn bottom(&self) -> i32 {
        self.notes_bottom() + self.velocities_height
    }
}

impl Layout {
    fn of(view: View, panels: &[Panel]) -> Self {
        let notes = panels.iter().flat_map(|panel| &panel.notes);
        let pitched = notes.filter(|note| !note.is_drum()).map(|note| note.pitch);
        let low = pitched.clone().min().unwrap_or(60).saturating_sub(2);
        let high = pitched.max().unwrap_or(72) + 2;
        let rows = i32::from(high - low) + 1;
        let beats = view.beats.1 - view.beats.0;
        Self {
            view,
            high,
            low,
            key_height: (KEYS_HEIGHT / rows).clamp(KEY_HEIGHT.0, KEY_HEIGHT.1),
            pixels_a_beat: f64::from(WIDTH - LEFT - MARGIN) / beats,
        }
    }

    /// The rows of `panel`, from 0 on. Drums take the place of the keys below what was heard.
    fn lanes(&self, panel: &Panel) -> Lanes {
        let drums = panel.notes.iter().filter(|note| note.is_drum());
        let mut keys: Vec<u8> = drums.map(|note| note.pitch).collect();
        keys.sort_unstable_by(|a, b| b.cmp(a));
        let mut names: Vec<String> = Vec::new();
        for name in keys.into_iter().map(drum_name) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let pitched = panel.notes.iter().filter(|note| !note.is_drum());
        let lowest = pitched.map(|note| note.pitch).min();
        let low = match lowest {
            Some(lowest) if !names.is_empty() => lowest.saturating_sub(2),
            _ => self.low,
        };
        Lanes {
            top: 0,
            low,
            keys_height: self.key_height * (i32::from(self.high - low) + 1),
            drums: names,
            velocities_height: if self.view.velocities { VELOCITIES } else { 0 },
        }
    }

    fn x(&self, beat: f64) -> i32 {
        LEFT + (beat * self.pixels_a_beat).round() as i32
    }

    /// Top and bottom of a key's row in a panel at `top`.
    fn row(&self, top: i32, pitch: u8) -> (i32, i32) {
        let row = top + i32::from(self.high.saturating_sub(pitch)) * self.key_height;
        (row, row + self.key_height)
    }

    fn panel(&self, canvas: &mut Canvas, lanes: &Lanes, panel: &Panel) {
        label(canvas, lanes.top, panel);
        self.rows(canvas, lanes, panel);
        drum_rows(canvas, lanes);
        self.lines(canvas, lanes);
        for part in [Part::Input, Part::Heard, Part::Generated] {
            for note in panel.notes.iter().filter(|note| note.part == part) {
                self.note(canvas, lanes, note);
            }
        }
        self.covered(canvas, lanes, panel);
        if self.view.velocities {
            self.velocities(canvas, lanes, panel);
        }
    }

    /// The upper half of each heard note once more where a generated one lies on it.
    fn covered(&self, canvas: &mut Canvas, lanes: &Lanes, panel: &Panel) {
        let of = |part: Part| panel.notes.iter().filter(move |note| note.part == part);
        for heard in of(Part::Heard) {
            for other in of(Part::Generated).filter(|other| !other.is_drum()) {
                let from = heard.start.max(other.start).max(0.0);
                let to = heard.end.min(other.end);
                if other.pitch == heard.pitch && from < to {
                    let (above, _) = self.row(lanes.top, heard.pitch);
                    let corner = (self.x(to), above + self.key_height / 2);
                    let left_top = (self.x(from) + 1, above);
                    note_block(canvas, left_top, corner, Part::Heard, heard.velocity);
                }
            }
        }
    }

    /// The keys' rows: grey where the setting rules a key out, else shaded like a keyboard.
    fn rows(&self, canvas: &mut Canvas, lanes: &Lanes, panel: &Panel) {
        let right = WIDTH - MARGIN;
        let (lowest, highest) = panel.range;
        for pitch in lanes.low..=self.high {
            let (above, below) = self.row(lanes.top, pitch);
            let in_scale = panel.scale.map(|scale| scale.contains(pitch));
            let colour = match in_scale {
                _ if !(lowest..=highest).contains(&pitch) => OUTSIDE,
                Some(false) => OUTSIDE,
                None if is_black(pitch) => BLACK_ROW,
                _ => WHITE_ROW,
            };
            canvas.fill((LEFT, above), (right, below), colour);
            if pitch % 12 == 0 {
                canvas.fill((LEFT, below - 1), (right, below), OCTAVE_LINE);
                let name = format!("{}{}", pitch_class_name(pitch), i32::from(pitch) / 12 - 1);
                let at = (LEFT - 6, (above + below) / 2);
                canvas.text(&name, at, Align::Right, 13, FAINT_INK);
            }
        }
    }

    /// Lines at bars and beats, and at sixteenths of a close view; the bars' numbers.
    fn lines(&self, canvas: &mut Canvas, lanes: &Lanes) {
        let (top, bottom) = (lanes.top, lanes.notes_bottom());
        let (from, to) = self.view.beats;
        let sixteenths = ((to - from) * 4.0).round() as i32;
        for sixteenth in 0..=sixteenths {
            let x = self.x(f64::from(sixteenth) / 4.0);
            let beat = from as i64 + i64::from(sixteenth / 4);
            let (width, colour) = match (sixteenth % 4, beat % BAR_BEATS) {
                (0, 0) => (2, BAR_LINE),
                (0, _) => (
                    1,
                    if self.view.sixteenths {
                        BAR_LINE
                    } else {
                        BEAT_LINE
                    },
                ),
                _ if self.view.sixteenths => (1, SIXTEENTH_LINE),
                _ => continue,
            };
            canvas.fill((x, top), (x + width, bottom), colour);
            if width == 2 && sixteenth < sixteenths {
                let number = (self.view.first_number + beat / BAR_BEATS).to_string();
                let at = (x + 3, top - NUMBERS / 2);
                canvas.text(&number, at, Align::Left, 13, FAINT_INK);
            }
        }
    }

    fn note(&self, canvas: &mut Canvas, lanes: &Lanes, note: &Seen) {
        let (above, below, end) = if note.is_drum() {
            let name = drum_name(note.pitch);
            let row = lanes.drums.iter().position(|drum| *drum == name);
            let above = lanes.drums_top() + DRUM_ROW * row.unwrap_or(0) as i32 + 1;
            (above, above + DRUM_ROW - 2, note.start + STROKE)
        } else {
            let (above, below) = self.row(lanes.top, note.pitch);
            (above, below, note.end)
        };
        // A pixel stays free, so that repeated notes lie apart.
        let left = self.x(note.start.max(0.0)) + 1;
        let right = self.x(end).min(WIDTH - MARGIN).max(left + 4);
        note_block(
            canvas,
            (left, above),
            (right, below),
            note.part,
            note.velocity,
        );
        if self.view.channels && note.part == Part::Generated {
            let channel = (note.channel + 1).to_string();
            let at = (left + 3, above - 7);
            canvas.text(&channel, at, Align::Left, 14, INK);
        }
    }

    /// A stem for each generated note, as high as its velocity.
    fn velocities(&self, canvas: &mut Canvas, lanes: &Lanes, panel: &Panel) {
        let (floor, full) = (lanes.bottom() - 1, VELOCITIES - 6);
        canvas.fill((LEFT, floor), (WIDTH - MARGIN, floor + 1), BAR_LINE);
        canvas.text(
            "velocity",
            (LEFT - 6, floor - 10),
            Align::Right,
            13,
            FAINT_INK,
        );
        for note in panel
            .notes
            .iter()
            .filter(|note| note.part == Part::Generated)
        {
            let height = (f64::from(note.velocity) / 127.0 * f64::from(full)).round() as i32;
            let x = self.x(note.start.max(0.0)) + 1;
            canvas.fill((x, floor - height), (x + 5, floor), GENERATED);
        }
    }
}

/// The setting, left of its panel.
fn label(canvas: &mut Canvas, top: i32, panel: &Panel) {
    let mut y = top + 12;
    for (text, size, colour) in [(panel.label, 22, INK), (panel.remark, 15, FAINT_INK)] {
        for line in text.lines() {
            canvas.text(line, (MARGIN, y), Align::Left, size, colour);
            y += size + 2;
        }
    }
}

fn drum_rows(canvas: &mut Canvas, lanes: &Lanes) {
    for (row, name) in (0..).zip(&lanes.drums) {
        let above = lanes.drums_top() + DRUM_ROW * row;
        let colour = if row % 2 == 0 { WHITE_ROW } else { BLACK_ROW };
        canvas.fill((LEFT, above), (WIDTH - MARGIN, above + DRUM_ROW), colour);
        let at = (LEFT - 6, above + DRUM_ROW / 2);
        canvas.text(name, at, Align::Right, 13, FAINT_INK);
    }
}

/// A note in the colour of its part, paler when softer; the input is a frame alone.
fn note_block(
    canvas: &mut Canvas,
    left_top: (i32, i32),
    right_bottom: (i32, i32),
    part: Part,
    velocity: u8,
) {
    let colour = match part {
        Part::Generated => GENERATED,
        Part::Heard | Part::Input => HEARD,
    };
    if part == Part::Input {
        let ((left, top), (right, bottom)) = (left_top, right_bottom);
        for edge in [
            ((left, top), (right, top + 1)),
            ((left, bottom - 1), (right, bottom)),
            ((left, top), (left + 1, bottom)),
            ((right - 1, top), (right, bottom)),
        ] {
            canvas.fill(edge.0, edge.1, colour);
        }
    } else {
        block(
            canvas,
            left_top,
            right_bottom,
            shade(colour, velocity),
            colour,
        );
    }
}
