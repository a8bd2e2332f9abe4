//! Flat shapes on whole pixels.
//!
//! egui softens each edge with a rim of thin triangles. Where a rectangle lies on whole pixels there is nothing to
//! soften, and without a graphics card each triangle costs processor time: what there is much of, notes, rows and
//! lines, is painted here, two triangles a rectangle.

use egui::{Color32, Mesh, Painter, Rect, Stroke, emath::Rangef, pos2, vec2};

/// Paints one plate; see [`Flat::plate`].
pub fn plate(painter: &Painter, rect: Rect, radius: f32, colour: Color32) {
    let mut flat = Flat::new(painter);
    flat.plate(rect, radius, colour);
    flat.show();
}

/// Collects rectangles, in the order of painting.
pub struct Flat<'a> {
    painter: &'a Painter,
    mesh: Mesh,
    /// Pixels in a point.
    scale: f32,
}

/// A pixel of which less than this is covered is left out, and one of which less is not covered is a whole one.
const SLIGHT: f32 = 0.06;

/// The largest radius of a corner, in pixels: enough for any in this window on the finest screens.
const LARGEST: usize = 64;

/// The upper left corner of a plate, in pixels.
struct Corner {
    radius: f32,
    /// In each row from the top the pixels before the first whole one; only the first `rows` count.
    insets: [usize; LARGEST],
    /// Down to the first whole one.
    rows: usize,
}

impl Corner {
    fn new(radius: usize) -> Self {
        let radius = radius.min(LARGEST);
        let mut corner = Self {
            radius: radius as f32,
            insets: [0; LARGEST],
            rows: 0,
        };
        for row in 0..radius {
            let part = |column: &usize| corner.covered(row, *column) < 1.0 - SLIGHT;
            let inset = (0..radius).take_while(part).count();
            if inset == 0 {
                break;
            }
            corner.insets[row] = inset;
            corner.rows = row + 1;
        }
        corner
    }

    /// The insets of the rows that have one.
    fn insets(&self) -> &[usize] {
        &self.insets[..self.rows]
    }

    fn widest(&self) -> usize {
        self.insets[0]
    }

    /// How much of a pixel is covered, about: by how far its middle lies from the arc.
    fn covered(&self, row: usize, column: usize) -> f32 {
        let middle = vec2(column as f32, row as f32) + vec2(0.5, 0.5);
        let from_centre = vec2(self.radius, self.radius) - middle;
        (self.radius + 0.5 - from_centre.length()).clamp(0.0, 1.0)
    }
}

impl<'a> Flat<'a> {
    /// What is collected goes to `painter`.
    #[must_use]
    pub fn new(painter: &'a Painter) -> Self {
        Self {
            painter,
            mesh: Mesh::default(),
            scale: painter.pixels_per_point(),
        }
    }

    /// Paints what was collected.
    pub fn show(self) {
        if !self.mesh.is_empty() {
            self.painter.add(self.mesh);
        }
    }

    /// A rectangle; its edges go to the nearest pixels, and it is at least one wide and high.
    pub fn rect(&mut self, rect: Rect, colour: Color32) {
        let rect = self.on_pixels(rect);
        self.quad(rect, colour);
    }

    /// A horizontal line.
    pub fn hline(&mut self, x: impl Into<Rangef>, y: f32, stroke: Stroke) {
        let y = self.line(y, stroke.width);
        self.rect(Rect::from_x_y_ranges(x, y), stroke.color);
    }

    /// A vertical line.
    pub fn vline(&mut self, x: f32, y: impl Into<Rangef>, stroke: Stroke) {
        let x = self.line(x, stroke.width);
        self.rect(Rect::from_x_y_ranges(x, y), stroke.color);
    }

    /// A rectangle with round corners of `radius` points.
    pub fn plate(&mut self, rect: Rect, radius: f32, colour: Color32) {
        let rect = self.on_pixels(rect);
        let most = rect.width().min(rect.height()) / 2.0;
        let corner = Corner::new((radius.min(most) * self.scale).round() as usize);
        let pixel = 1.0 / self.scale;
        let points = |pixels: usize| pixels as f32 * pixel;
        let (rows, columns) = (points(corner.rows), points(corner.widest()));
        // What is as wide as the corners leave it is painted at once, so that few long edges touch a pixel.
        self.quad(rect.shrink2(vec2(0.0, rows)), colour);
        let band = rect.shrink2(vec2(columns, 0.0));
        self.quad(band.with_max_y(rect.top() + rows), colour);
        self.quad(band.with_min_y(rect.bottom() - rows), colour);
        for (row, inset) in corner.insets().iter().enumerate() {
            let whole = (*inset..corner.widest(), 1.0);
            let edge = (0..*inset).map(|column| (column..column + 1, corner.covered(row, column)));
            for (columns, covered) in edge.chain([whole]) {
                if columns.is_empty() || covered < SLIGHT {
                    continue;
                }
                let colour = colour.gamma_multiply(covered);
                let (from, to) = (points(columns.start), points(columns.end));
                let (above, below) = (points(row), points(row + 1));
                for x in [
                    rect.left() + from..=rect.left() + to,
                    rect.right() - to..=rect.right() - from,
                ] {
                    for y in [
                        rect.top() + above..=rect.top() + below,
                        rect.bottom() - below..=rect.bottom() - above,
                    ] {
                        self.quad(Rect::from_x_y_ranges(x.clone(), y), colour);
                    }
                }
            }
        }
    }

    /// The outline of a plate, `width` points wide, inside `rect`; the rest is filled with `fill`.
    pub fn framed(&mut self, rect: Rect, radius: f32, fill: Color32, stroke: Stroke) {
        let rect = self.on_pixels(rect);
        let width = (stroke.width * self.scale).round().max(1.0) / self.scale;
        self.plate(rect, radius, stroke.color);
        let inner = rect.shrink(width);
        if inner.is_positive() {
            self.plate(inner, (radius - width).max(0.0), fill);
        }
    }

    /// Where a line lies: as many pixels wide wherever that is.
    fn line(&self, middle: f32, width: f32) -> Rangef {
        let wide = (width * self.scale).round().max(1.0);
        let from = (middle * self.scale - wide / 2.0).round();
        Rangef::new(from / self.scale, (from + wide) / self.scale)
    }

    fn on_pixels(&self, rect: Rect) -> Rect {
        let round = |value: f32| (value * self.scale).round();
        let (left, top) = (round(rect.left()), round(rect.top()));
        let right = round(rect.right()).max(left + 1.0);
        let bottom = round(rect.bottom()).max(top + 1.0);
        Rect::from_min_max(pos2(left, top), pos2(right, bottom)) / self.scale
    }

    fn quad(&mut self, rect: Rect, colour: Color32) {
        if rect.is_positive() {
            self.mesh.add_colored_rect(rect, colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `paint` paints on a screen with `scale` pixels for a point, as rectangles of pixels.
    fn painted(scale: f32, paint: impl Fn(&mut Flat)) -> Vec<(f32, f32, f32, f32)> {
        let ctx = egui::Context::default();
        let mut input = egui::RawInput::default();
        let viewport = input.viewports.entry(input.viewport_id).or_default();
        viewport.native_pixels_per_point = Some(scale);
        let mut quads = Vec::new();
        let mut output = ctx.run_ui(input, |ui| {
            let painter = ui.painter().clone();
            let mut flat = Flat::new(&painter);
            paint(&mut flat);
            quads = flat
                .mesh
                .vertices
                .chunks(4)
                .map(|corners| {
                    let (first, last) = (corners[0].pos * scale, corners[3].pos * scale);
                    (first.x, first.y, last.x, last.y)
                })
                .collect();
        });
        output.textures_delta.clear();
        quads
    }

    #[test]
    fn a_line_is_as_wide_wherever_it_lies() {
        for scale in [1.0_f32, 1.25, 1.5, 1.75, 2.0] {
            for width in [1.0, 1.3, 1.5, 2.0] {
                let expected = (width * scale).round();
                for step in 0..200 {
                    let place = 10.0 + step as f32 * 0.37;
                    let stroke = Stroke::new(width, Color32::WHITE);
                    let lines = painted(scale, |flat| {
                        flat.vline(place, 4.0..=80.0, stroke);
                        flat.hline(4.0..=80.0, place, stroke);
                    });
                    let [(left, _, right, _), (_, top, _, bottom)] = lines[..] else {
                        panic!("two lines: {lines:?}");
                    };
                    for got in [right - left, bottom - top] {
                        assert!((got - expected).abs() < 0.01, "{width} at {place}: {got}");
                    }
                    assert!(((left + right) / 2.0 - place * scale).abs() <= 0.51);
                }
            }
        }
    }

    #[test]
    fn what_is_flat_lies_on_whole_pixels_and_inside_its_bounds() {
        for scale in [1.0, 1.25, 1.5, 2.0, 3.0] {
            for step in 0..40 {
                let place = pos2(7.0 + step as f32 * 0.31, 9.0 + step as f32 * 0.17);
                let rect = Rect::from_min_size(place, vec2(30.3, 12.7));
                let quads = painted(scale, |flat| flat.plate(rect, 4.0, Color32::WHITE));
                for (left, top, right, bottom) in quads {
                    for edge in [left, top, right, bottom] {
                        assert!((edge - edge.round()).abs() < 0.01, "{edge} at {scale}");
                    }
                    assert!(left < right && top < bottom);
                    let bounds = (rect * scale).expand(0.51);
                    assert!(bounds.contains(pos2(left, top)));
                    assert!(bounds.contains(pos2(right, bottom)));
                }
            }
        }
    }
}
