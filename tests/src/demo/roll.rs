//! A piano roll of a song: what was heard in one colour, what was generated in another.
//!
//! Eight bars make a row ("system"), longer songs wrap. Pitched parts share one grid, drums have a grid of
//! their own below with a named line for each instrument.

use anyhow::Result;
use continuo_model::{
    chord::pitch_class_name,
    midi_file::{Song, Track},
    note::Note,
    time::Tick,
};

use super::{
    bars::{self, Bar},
    canvas::{Align, Canvas, Colour},
    harmony::{self, ChordLabel},
};

/// Bars of a system, and how wide one may get: 4 bars on 400 pixels is the least that reads well, and
/// this is twice that.
const SYSTEM_BARS: usize = 8;
const BAR_WIDTH: f64 = 200.0;

/// Pixels: the margins, and the left one that holds key names and drum names.
const LEFT: i32 = 118;
const MARGIN: i32 = 26;
const HEADER: i32 = 92;
const CHORD_LINE: i32 = 28;
const NUMBER_LINE: i32 = 20;
const SYSTEM_GAP: i32 = 30;
const LANE_GAP: i32 = 10;
const DRUM_ROW: i32 = 17;
const KEYBOARD: i32 = 26;

pub(crate) const BACKGROUND: Colour = Colour(255, 255, 255);
pub(crate) const WHITE_ROW: Colour = Colour(251, 251, 249);
pub(crate) const BLACK_ROW: Colour = Colour(236, 236, 232);
pub(crate) const OCTAVE_LINE: Colour = Colour(186, 186, 180);
pub(crate) const BEAT_LINE: Colour = Colour(204, 204, 198);
pub(crate) const BAR_LINE: Colour = Colour(120, 120, 120);
pub(crate) const INK: Colour = Colour(20, 20, 24);
pub(crate) const FAINT_INK: Colour = Colour(90, 90, 96);
const EBONY: Colour = Colour(45, 45, 50);

/// Blue and vermillion of Okabe and Ito's palette: apart for every kind of colour vision.
pub(crate) const HEARD: Colour = Colour(0, 114, 178);
pub(crate) const GENERATED: Colour = Colour(213, 94, 0);

/// What a picture shows.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The large line on top.
    pub title: &'a str,
    /// The small line below it.
    pub subtitle: &'a str,
    /// The music; its meters make the bars.
    pub song: &'a Song,
    /// How many of its tracks, from the first, were heard; the others were generated.
    pub heard_tracks: usize,
    /// The bars to show from the song's first on; at least one is shown.
    pub bars: usize,
}

/// Draws `picture` as a PNG file.
///
/// # Errors
/// When drawing fails.
pub fn draw(picture: &Picture) -> Result<Vec<u8>> {
    let layout = Layout::of(picture);
    let (width, height) = layout.size();
    let mut canvas = Canvas::new(width, height, BACKGROUND);
    layout.header(&mut canvas, picture);
    for (index, system) in layout.systems.iter().enumerate() {
        layout.system(&mut canvas, layout.system_top(index), system);
    }
    canvas.into_png()
}

/// A note and who played it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    note: Note,
    generated: bool,
}

/// Everything that is placed, before it is painted.
struct Layout {
    systems: Vec<Vec<Bar>>,
    pitched: Vec<Seen>,
    drums: Vec<Seen>,
    labels: Vec<ChordLabel>,
    labels_generated: bool,
    /// The lowest and highest key shown, when a pitched part is.
    keys: Option<(u8, u8)>,
    /// The drum keys shown, high to low.
    drum_keys: Vec<u8>,
    row_height: i32,
    pixels_per_tick: f64,
}

impl Layout {
    fn of(picture: &Picture) -> Self {
        let bars: Vec<Bar> = bars::of(picture.song).take(picture.bars.max(1)).collect();
        let systems: Vec<Vec<Bar>> = bars.chunks(SYSTEM_BARS).map(<[_]>::to_vec).collect();
        let end = bars.last().map_or(Tick(0), |bar| bar.end);
        let seen = |drums: bool| -> Vec<Seen> {
            let (heard, generated) = picture.song.tracks.split_at(picture.heard_tracks);
            let of = |tracks: &[Track], generated: bool| -> Vec<Seen> {
                let tracks = tracks.iter().filter(|track| track.is_drums() == drums);
                let notes = tracks
                    .flat_map(|track| &track.notes)
                    .filter(|note| note.onset < end);
                notes.map(|&note| Seen { note, generated }).collect()
            };
            [of(heard, false), of(generated, true)].concat()
        };
        let (pitched, drums) = (seen(false), seen(true));
        let keys = shown_keys(&pitched);
        let mut drum_keys: Vec<u8> = drums.iter().map(|seen| seen.note.pitch).collect();
        drum_keys.sort_unstable_by(|a, b| b.cmp(a));
        drum_keys.dedup();
        let rows = keys.map_or(0, |(low, high)| i32::from(high - low) + 1);
        let (labels, labels_generated) = labels(&pitched, &bars);
        let longest = systems
            .iter()
            .map(|system| system_ticks(system))
            .max()
            .unwrap_or(1);
        let widest = BAR_WIDTH * SYSTEM_BARS as f64;
        Self {
            labels,
            labels_generated,
            systems,
            pitched,
            drums,
            keys,
            drum_keys,
            row_height: (340 / rows.max(1)).clamp(6, 13),
            // A bar of 2/4 need not be as wide as one of 4/4.
            pixels_per_tick: (widest / longest as f64).min(BAR_WIDTH / 48.0),
        }
    }

    fn pitch_lane_height(&self) -> i32 {
        let rows = |(low, high): (u8, u8)| i32::from(high - low) + 1;
        self.keys.map_or(0, |keys| rows(keys) * self.row_height)
    }

    fn drum_lane_height(&self) -> i32 {
        DRUM_ROW * self.drum_keys.len() as i32
    }

    fn lane_gap(&self) -> i32 {
        let both = self.keys.is_some() && !self.drum_keys.is_empty();
        if both { LANE_GAP } else { 0 }
    }

    /// The height of the line of chord names; none without names.
    fn chord_line(&self) -> i32 {
        if self.labels.is_empty() {
            0
        } else {
            CHORD_LINE
        }
    }

    fn system_height(&self) -> i32 {
        let lanes = self.pitch_lane_height() + self.lane_gap() + self.drum_lane_height();
        self.chord_line() + NUMBER_LINE + lanes + SYSTEM_GAP
    }

    fn system_top(&self, index: usize) -> i32 {
        HEADER + self.system_height() * index as i32
    }

    fn size(&self) -> (i32, i32) {
        let longest = self
            .systems
            .iter()
            .map(|system| system_ticks(system))
            .max()
            .unwrap_or(1);
        // Below this the title and the legend would meet.
        let width = self.width_of(longest).max(760) + LEFT + MARGIN;
        let height = self.system_top(self.systems.len());
        (width, height)
    }

    fn width_of(&self, ticks: i64) -> i32 {
        (ticks as f64 * self.pixels_per_tick).round() as i32
    }

    fn header(&self, canvas: &mut Canvas, picture: &Picture) {
        let right = self.size().0 - MARGIN;
        canvas.text(picture.title, (MARGIN, 34), Align::Left, 34, INK);
        canvas.text(picture.subtitle, (MARGIN, 68), Align::Left, 19, FAINT_INK);
        let mut x = right;
        for (name, colour) in [("generated", GENERATED), ("heard", HEARD)] {
            canvas.text(name, (x, 34), Align::Right, 20, INK);
            x -= canvas.text_width(name, 20) + 10;
            for velocity in [120, 90, 60, 30] {
                block(
                    canvas,
                    (x - 15, 26),
                    (x, 42),
                    shade(colour, velocity),
                    colour,
                );
                x -= 15;
            }
            x -= 28;
        }
        canvas.text("paler is softer", (right, 68), Align::Right, 16, FAINT_INK);
    }

    /// One row of bars with its top at `top`.
    fn system(&self, canvas: &mut Canvas, top: i32, bars: &[Bar]) {
        let Some((first, last)) = bars.first().zip(bars.last()) else {
            return;
        };
        let start = first.start();
        let place = Place {
            start,
            end: last.end,
            left: LEFT,
            right: LEFT + self.width_of(system_ticks(bars)),
            pitch_top: top + self.chord_line() + NUMBER_LINE,
            drum_top: top
                + self.chord_line()
                + NUMBER_LINE
                + self.pitch_lane_height()
                + self.lane_gap(),
            pixels_per_tick: self.pixels_per_tick,
        };
        self.rows(canvas, &place);
        self.bar_lines(canvas, &place, bars);
        self.chord_names(canvas, &place, bars, top + self.chord_line() / 2);
        let meets = |seen: &&Seen| seen.note.onset < place.end && seen.note.end() > place.start;
        for seen in self.pitched.iter().filter(meets) {
            self.pitched_note(canvas, &place, seen);
        }
        for seen in self.drums.iter().filter(meets) {
            self.drum_note(canvas, &place, seen);
        }
    }

    /// The chord names. Where they do not all fit, those on bar lines come first.
    fn chord_names(&self, canvas: &mut Canvas, place: &Place, bars: &[Bar], middle: i32) {
        let colour = if self.labels_generated {
            GENERATED
        } else {
            INK
        };
        let here = |label: &&ChordLabel| (place.start..place.end).contains(&label.at);
        let on_bar_line = |label: &ChordLabel| bars.iter().any(|bar| bar.start() == label.at);
        let mut taken: Vec<(i32, i32)> = Vec::new();
        for wanted in [true, false] {
            let labels = self.labels.iter().filter(here);
            for label in labels.filter(|label| on_bar_line(label) == wanted) {
                let left = place.x(label.at) + 3;
                let right = left + canvas.text_width(&label.name, 21) + 4;
                if taken
                    .iter()
                    .all(|other| right <= other.0 || other.1 <= left)
                {
                    canvas.text(&label.name, (left, middle), Align::Left, 21, colour);
                    taken.push((left, right));
                }
            }
        }
    }

    /// The shaded rows of both lanes, their names, and the keyboard.
    fn rows(&self, canvas: &mut Canvas, place: &Place) {
        if let Some((low, high)) = self.keys {
            for pitch in low..=high {
                let (top, bottom) = self.pitch_row(place, pitch);
                let black = is_black(pitch);
                let colour = if black { BLACK_ROW } else { WHITE_ROW };
                canvas.fill((place.left, top), (place.right, bottom), colour);
                let key = if black { EBONY } else { BACKGROUND };
                let keyboard = place.left - KEYBOARD - 4;
                let width = if black { KEYBOARD * 3 / 5 } else { KEYBOARD };
                canvas.fill((keyboard, top), (keyboard + width, bottom), key);
                if pitch % 12 == 0 || pitch % 12 == 5 {
                    let line = (keyboard, bottom - 1);
                    canvas.fill(line, (keyboard + KEYBOARD, bottom), OCTAVE_LINE);
                }
                if pitch % 12 == 0 {
                    canvas.fill((place.left, bottom - 1), (place.right, bottom), OCTAVE_LINE);
                    let name = format!("{}{}", pitch_class_name(pitch), i32::from(pitch) / 12 - 1);
                    let at = (keyboard - 8, (top + bottom) / 2);
                    canvas.text(&name, at, Align::Right, 16, FAINT_INK);
                }
            }
            let height = self.pitch_lane_height();
            let edge = place.left - 5;
            let bottom = place.pitch_top + height;
            canvas.fill((edge, place.pitch_top), (edge + 1, bottom), OCTAVE_LINE);
        }
        for (row, &key) in self.drum_keys.iter().enumerate() {
            let top = place.drum_top + DRUM_ROW * row as i32;
            let colour = if row % 2 == 0 { WHITE_ROW } else { BLACK_ROW };
            canvas.fill((place.left, top), (place.right, top + DRUM_ROW), colour);
            let at = (place.left - 8, top + DRUM_ROW / 2);
            canvas.text(&drum_name(key), at, Align::Right, 16, FAINT_INK);
        }
    }

    /// Lines at bars and beats, and the bars' numbers.
    fn bar_lines(&self, canvas: &mut Canvas, place: &Place, bars: &[Bar]) {
        let lanes = [
            (place.pitch_top, place.pitch_top + self.pitch_lane_height()),
            (place.drum_top, place.drum_top + self.drum_lane_height()),
        ];
        let rule = |canvas: &mut Canvas, x: i32, width: i32, colour: Colour| {
            for (top, bottom) in lanes {
                canvas.fill((x, top), (x + width, bottom), colour);
            }
        };
        for bar in bars {
            let beat = bar.beat_ticks();
            let mut at = bar.start() + beat;
            while at < bar.end {
                rule(canvas, place.x(at), 1, BEAT_LINE);
                at += beat;
            }
        }
        for bar in bars {
            let x = place.x(bar.start());
            rule(canvas, x, 2, BAR_LINE);
            let at = (x + 3, place.pitch_top - NUMBER_LINE / 2);
            let number = (bar.grid.number + 1).to_string();
            canvas.text(&number, at, Align::Left, 15, FAINT_INK);
        }
        rule(canvas, place.right, 2, BAR_LINE);
    }

    fn pitch_row(&self, place: &Place, pitch: u8) -> (i32, i32) {
        let high = self.keys.map_or(pitch, |(_, high)| high);
        let top = place.pitch_top + i32::from(high.saturating_sub(pitch)) * self.row_height;
        (top, top + self.row_height)
    }

    fn pitched_note(&self, canvas: &mut Canvas, place: &Place, seen: &Seen) {
        let (top, bottom) = self.pitch_row(place, seen.note.pitch);
        let left = place.x(seen.note.onset.max(place.start)) + 1;
        let right = place.x(seen.note.end().min(place.end));
        // A generated note on top of a heard one leaves its rim in sight.
        let inset = i32::from(seen.generated && self.is_doubled(seen));
        let corners = (
            (left + inset, top + inset),
            (right.max(left + 3), bottom - inset),
        );
        note_block(canvas, corners.0, corners.1, seen);
    }

    fn is_doubled(&self, generated: &Seen) -> bool {
        let note = generated.note;
        self.pitched.iter().any(|other| {
            let (other, heard) = (other.note, !other.generated);
            heard
                && other.pitch == note.pitch
                && other.onset < note.end()
                && note.onset < other.end()
        })
    }

    /// A drum stroke: as wide as a sixteenth, whatever its written length.
    fn drum_note(&self, canvas: &mut Canvas, place: &Place, seen: &Seen) {
        let row = self
            .drum_keys
            .iter()
            .position(|key| *key == seen.note.pitch);
        let (Some(row), true) = (row, seen.note.onset >= place.start) else {
            return;
        };
        let top = place.drum_top + DRUM_ROW * row as i32 + 2;
        let left = place.x(seen.note.onset) + 1;
        let right = place.x(seen.note.onset + 6) - 1;
        note_block(
            canvas,
            (left, top),
            (right.max(left + 5), top + DRUM_ROW - 4),
            seen,
        );
    }
}

/// Where a system lies: song time to pixels.
struct Place {
    start: Tick,
    end: Tick,
    left: i32,
    right: i32,
    pitch_top: i32,
    drum_top: i32,
    pixels_per_tick: f64,
}

impl Place {
    fn x(&self, at: Tick) -> i32 {
        self.left + ((at - self.start) as f64 * self.pixels_per_tick).round() as i32
    }
}

/// A note in its colour, framed in a darker one.
fn note_block(canvas: &mut Canvas, left_top: (i32, i32), right_bottom: (i32, i32), seen: &Seen) {
    let colour = if seen.generated { GENERATED } else { HEARD };
    block(
        canvas,
        left_top,
        right_bottom,
        shade(colour, seen.note.velocity),
        colour,
    );
}

/// A filled rectangle with a frame of one pixel.
pub(crate) fn block(
    canvas: &mut Canvas,
    (left, top): (i32, i32),
    (right, bottom): (i32, i32),
    fill: Colour,
    colour: Colour,
) {
    canvas.fill(
        (left, top),
        (right, bottom),
        colour.mixed(Colour(0, 0, 0), 0.25),
    );
    canvas.fill((left + 1, top + 1), (right - 1, bottom - 1), fill);
}

/// `colour` at full strength for the loudest note, paler for a softer one.
pub(crate) fn shade(colour: Colour, velocity: u8) -> Colour {
    let softness = 1.0 - f32::from(velocity.min(127)) / 127.0;
    colour.mixed(BACKGROUND, 0.8 * softness)
}

fn system_ticks(bars: &[Bar]) -> i64 {
    let ends = bars.first().zip(bars.last());
    ends.map_or(1, |(first, last)| last.end - first.start())
}

/// From two rows under the lowest note to two over the highest, and never less than an octave.
fn shown_keys(pitched: &[Seen]) -> Option<(u8, u8)> {
    let low = pitched.iter().map(|seen| seen.note.pitch).min()?;
    let high = pitched.iter().map(|seen| seen.note.pitch).max()?;
    let low = low.saturating_sub(2);
    Some((low, (high + 2).max(low + 12).min(127)))
}

/// Chord names over the bars: from the heard notes, or where they make no chords, from the generated ones
/// (then the second value is true).
fn labels(pitched: &[Seen], bars: &[Bar]) -> (Vec<ChordLabel>, bool) {
    let of = |generated: bool| {
        let seen = pitched.iter().filter(|seen| seen.generated == generated);
        let notes: Vec<Note> = seen.map(|seen| seen.note).collect();
        harmony::label_bars(&notes, bars)
    };
    let heard = of(false);
    if heard.is_empty() {
        (of(true), true)
    } else {
        (heard, false)
    }
}

pub(crate) fn is_black(pitch: u8) -> bool {
    matches!(pitch % 12, 1 | 3 | 6 | 8 | 10)
}

/// General MIDI's name of a drum key, shortened.
pub(crate) fn drum_name(key: u8) -> String {
    let name = match key {
        35 | 36 => "Kick",
        37 => "Side stick",
        38 | 40 => "Snare",
        39 => "Clap",
        41 | 43 => "Floor tom",
        42 => "Closed hat",
        44 => "Pedal hat",
        45 | 47 => "Low tom",
        46 => "Open hat",
        48 | 50 => "High tom",
        49 | 57 => "Crash",
        51 | 59 => "Ride",
        52 => "China",
        53 => "Ride bell",
        54 => "Tambourine",
        55 => "Splash",
        56 => "Cowbell",
        69 => "Cabasa",
        70 => "Maracas",
        75 => "Claves",
        76 | 77 => "Wood block",
        _ => return format!("Drum {key}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests;
