//! A small software rasteriser for what egui tessellates, so that pictures need no graphics card.

use std::collections::{HashMap, HashSet};

use egui::{
    ClippedPrimitive, Color32, ImageData, Rect, TextureId, TexturesDelta,
    epaint::{ImageDelta, Mesh, Primitive, Vertex},
};

/// Pixels, row by row, opaque.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<Color32>,
    /// How often a square of [`BLOCK`] pixels was touched by a triangle.
    pub blocks: usize,
}

/// Renderers shade squares of so many pixels a side, whole ones also where a triangle covers a part: llvmpipe does.
pub const BLOCK: usize = 4;

/// A texture of premultiplied pixels.
struct Texture {
    size: [usize; 2],
    pixels: Vec<Color32>,
}

impl Texture {
    /// Bilinear, as the window's renderer samples.
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        let (x, y) = (u * self.size[0] as f32 - 0.5, v * self.size[1] as f32 - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (right_share, lower_share) = (x - left, y - top);
        let mut sum = [0.0; 4];
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let clamped = |value: f32, step: usize, size: usize| {
                (value + step as f32).clamp(0.0, size as f32 - 1.0) as usize
            };
            let column = clamped(left, dx, self.size[0]);
            let row = clamped(top, dy, self.size[1]);
            let weight_x = if dx == 1 {
                right_share
            } else {
                1.0 - right_share
            };
            let weight_y = if dy == 1 {
                lower_share
            } else {
                1.0 - lower_share
            };
            let texel = self.pixels[row * self.size[0] + column].to_array();
            for (sum, part) in sum.iter_mut().zip(texel) {
                *sum += f32::from(part) * weight_x * weight_y;
            }
        }
        sum
    }
}

/// Keeps the textures from frame to frame.
#[derive(Default)]
pub struct Raster(HashMap<TextureId, Texture>);

impl Raster {
    /// Takes what a frame changed.
    pub fn take(&mut self, delta: &TexturesDelta) {
        for (id, changes) in &delta.set {
            for change in changes {
                self.change(*id, change);
            }
        }
    }

    fn change(&mut self, id: TextureId, change: &ImageDelta) {
        let ImageData::Color(image) = &change.image;
        let Some([left, top]) = change.pos else {
            let whole = Texture {
                size: image.size,
                pixels: image.pixels.clone(),
            };
            self.0.insert(id, whole);
            return;
        };
        let texture = self.0.get_mut(&id).expect("a texture to change a part of");
        for (row, pixels) in image.pixels.chunks_exact(image.size[0]).enumerate() {
            let start = (top + row) * texture.size[0] + left;
            texture.pixels[start..start + pixels.len()].copy_from_slice(pixels);
        }
    }

    /// Paints on `ground`.
    pub fn paint(
        &self,
        primitives: &[ClippedPrimitive],
        size: [usize; 2],
        scale: f32,
        ground: Color32,
    ) -> Picture {
        let mut picture = Picture {
            width: size[0],
            height: size[1],
            pixels: vec![ground; size[0] * size[1]],
            blocks: 0,
        };
        for clipped in primitives {
            if let Primitive::Mesh(mesh) = &clipped.primitive {
                self.mesh(&mut picture, mesh, clipped.clip_rect, scale);
            }
        }
        picture
    }

    fn mesh(&self, picture: &mut Picture, mesh: &Mesh, clip: Rect, scale: f32) {
        let texture = &self.0[&mesh.texture_id];
        for corners in mesh.indices.chunks_exact(3) {
            let corners = [0, 1, 2].map(|corner| mesh.vertices[corners[corner] as usize]);
            triangle(picture, texture, corners, clip, scale);
        }
    }
}

/// Twice the signed area of a triangle.
fn area(a: egui::Vec2, b: egui::Vec2, c: egui::Vec2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Whether a point on the edge from `a` to `b` belongs to the triangle: to the one of two that share it.
fn owns_edge(a: egui::Vec2, b: egui::Vec2) -> bool {
    let way = b - a;
    way.y < 0.0 || (way.y == 0.0 && way.x > 0.0)
}

fn triangle(
    picture: &mut Picture,
    texture: &Texture,
    mut corners: [Vertex; 3],
    clip: Rect,
    scale: f32,
) {
    let place = |vertex: &Vertex| vertex.pos.to_vec2() * scale;
    let whole = area(place(&corners[0]), place(&corners[1]), place(&corners[2]));
    if whole == 0.0 {
        return;
    }
    if whole < 0.0 {
        corners.swap(1, 2);
    }
    let whole = whole.abs();
    let at = corners.each_ref().map(place);
    let bounds = |axis: fn(&egui::Vec2) -> f32, least: f32, most: f32| {
        let values = at.iter().map(axis);
        let low = values.clone().fold(f32::MAX, f32::min).max(least);
        let high = values.fold(f32::MIN, f32::max).min(most);
        (low.floor().max(0.0) as usize, high.ceil().max(0.0) as usize)
    };
    let clip = (clip.min.to_vec2() * scale, clip.max.to_vec2() * scale);
    let (left, right) = bounds(|at| at.x, clip.0.x.round(), clip.1.x.round());
    let (top, bottom) = bounds(|at| at.y, clip.0.y.round(), clip.1.y.round());
    let edges = [(at[1], at[2]), (at[2], at[0]), (at[0], at[1])];
    let mut touched = HashSet::new();
    for y in top..bottom.min(picture.height) {
        for x in left..right.min(picture.width) {
            let point = egui::vec2(x as f32 + 0.5, y as f32 + 0.5);
            let weights = edges.map(|(from, to)| area(from, to, point));
            let inside = weights.iter().zip(edges).all(|(weight, (from, to))| {
                *weight > 0.0 || (*weight == 0.0 && owns_edge(from, to))
            });
            if inside {
                touched.insert((x / BLOCK, y / BLOCK));
                let shares = weights.map(|weight| weight / whole);
                let pixel = &mut picture.pixels[y * picture.width + x];
                *pixel = blended(*pixel, texture, &corners, shares);
            }
        }
    }
    picture.blocks += touched.len();
}

/// Lays the triangle's colour at a point over what is there.
fn blended(under: Color32, texture: &Texture, corners: &[Vertex; 3], shares: [f32; 3]) -> Color32 {
    let mix = |value: &dyn Fn(&Vertex) -> f32| {
        corners
            .iter()
            .zip(shares)
            .map(|(corner, share)| value(corner) * share)
            .sum::<f32>()
    };
    let texel = texture.sample(mix(&|corner| corner.uv.x), mix(&|corner| corner.uv.y));
    let mut colour = [0.0; 4];
    for (channel, colour) in colour.iter_mut().enumerate() {
        let tint = mix(&|corner| f32::from(corner.color.to_array()[channel]));
        *colour = tint * texel[channel] / 255.0;
    }
    let through = 1.0 - colour[3] / 255.0;
    let under = under.to_array();
    let over = |channel: usize| {
        (colour[channel] + f32::from(under[channel]) * through)
            .round()
            .clamp(0.0, 255.0) as u8
    };
    Color32::from_rgb(over(0), over(1), over(2))
}
