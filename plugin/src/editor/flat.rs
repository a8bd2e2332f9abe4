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

/// The upper left corner of a plate, in pixels.
struct Corner {
    radius: f32,
    /// In each row from the top down to the first whole one, the pixels before the first whole one.
    insets: Vec<usize>,
}

impl Corner {
    fn new(radius: usize) -> Self {
        let mut corner = Self {
            radius: radius as f32,
            insets: Vec::new(),
        };
        for row in 0..radius {
            let part = |column: &usize| corner.covered(row, *column) < 1.0 - SLIGHT;
            let inset = (0..radius).take_while(part).count();
            if inset == 0 {
                break;
            }
            corner.insets.push(inset);
        }
        corner
    }

    fn widest(&self) -> usize {
        self.insets.first().copied().unwrap_or(0)
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
        let y = Rangef::point(y).expand(stroke.width / 2.0);
        self.rect(Rect::from_x_y_ranges(x, y), stroke.color);
    }

    /// A vertical line.
    pub fn vline(&mut self, x: f32, y: impl Into<Rangef>, stroke: Stroke) {
        let x = Rangef::point(x).expand(stroke.width / 2.0);
        self.rect(Rect::from_x_y_ranges(x, y), stroke.color);
    }

    /// A rectangle with round corners of `radius` points.
    pub fn plate(&mut self, rect: Rect, radius: f32, colour: Color32) {
        let rect = self.on_pixels(rect);
        let most = rect.width().min(rect.height()) / 2.0;
        let corner = Corner::new((radius.min(most) * self.scale).round() as usize);
        let pixel = 1.0 / self.scale;
        let points = |pixels: usize| pixels as f32 * pixel;
        let (rows, columns) = (points(corner.insets.len()), points(corner.widest()));
        // What is as wide as the corners leave it is painted at once, so that few long edges touch a pixel.
        self.quad(rect.shrink2(vec2(0.0, rows)), colour);
        let band = rect.shrink2(vec2(columns, 0.0));
        self.quad(band.with_max_y(rect.top() + rows), colour);
        self.quad(band.with_min_y(rect.bottom() - rows), colour);
        for (row, inset) in corner.insets.iter().enumerate() {
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
