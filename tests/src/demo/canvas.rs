//! A picture in pixels: rectangles and text, encoded as PNG. The typeface is built in; no font of the
//! system is used.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use anyhow::{Context, Result};

use super::palette;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// `share` (0..=1) of `other` mixed in.
    #[must_use]
    pub fn mixed(self, other: Self, share: f32) -> Self {
        let channel =
            |a: u8, b: u8| (f32::from(a) * (1.0 - share) + f32::from(b) * share).round() as u8;
        Self(
            channel(self.0, other.0),
            channel(self.1, other.1),
            channel(self.2, other.2),
        )
    }
}

/// Which end of a text stands at its place; all are centred in height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Its left end.
    Left,
    /// Its right end.
    Right,
}

/// A picture being painted. Positions are pixels from the top left corner; what falls outside is cut.
pub struct Canvas {
    width: i32,
    height: i32,
    pixels: Vec<u8>,
    font: FontRef<'static>,
}

/// How far apart a text is drawn twice, in pixels: the built-in typeface is a light one.
const EMBOLDEN: f32 = 0.45;

/// The height of capitals over the line height, and so how far below the middle a text's base line is.
const CAPITALS: f32 = 0.6;

impl Canvas {
    /// A picture of `width` times `height` pixels, both at least 1.
    #[must_use]
    pub fn new(width: i32, height: i32, background: Colour) -> Self {
        let font = FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT);
        let mut canvas = Self {
            width: width.max(1),
            height: height.max(1),
            pixels: Vec::new(),
            font: font.expect("the built-in typeface is a valid one"),
        };
        canvas.pixels = vec![0; canvas.width as usize * canvas.height as usize * 3];
        canvas.fill((0, 0), (width, height), background);
        canvas
    }

    /// Fills the rectangle from `(left, top)` up to, not including, `(right, bottom)`.
    pub fn fill(&mut self, (left, top): (i32, i32), (right, bottom): (i32, i32), colour: Colour) {
        let columns = left.max(0)..right.min(self.width);
        for y in top.max(0)..bottom.min(self.height) {
            for x in columns.clone() {
                self.blend(x, y, colour, 1.0);
            }
        }
    }

    /// Writes `text` in lines of `size` pixels, with its left or right end at `place`.
    pub fn text(&mut self, text: &str, place: (i32, i32), align: Align, size: i32, colour: Colour) {
        let (glyphs, width) = self.set(text, size);
        let start = match align {
            Align::Left => place.0 as f32,
            Align::Right => place.0 as f32 - width,
        };
        let base = place.1 as f32 + CAPITALS / 2.0 * size as f32;
        for shift in [0.0, EMBOLDEN] {
            for glyph in &glyphs {
                let mut glyph = glyph.clone();
                glyph.position.x += start + shift;
                glyph.position.y = base.round();
                self.glyph(glyph, colour);
            }
        }
    }

    /// How wide `text` is in lines of `size` pixels.
    #[must_use]
    pub fn text_width(&self, text: &str, size: i32) -> i32 {
        self.set(text, size).1.ceil() as i32
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// When it is larger than a PNG can be.
    pub fn into_png(self) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer
            .write_image_data(&self.pixels)
            .context("encoding the picture")?;
        writer.finish()?;
        Ok(file)
    }

    /// The picture as a small PNG file of at most 256 colours: shades at the edges of letters are rounded.
    ///
    /// # Errors
    /// When it is larger than a PNG can be.
    pub fn into_small_png(self) -> Result<Vec<u8>> {
        let (palette, indices) = palette::reduced(&self.pixels);
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(palette);
        // Rows are flat and repeat themselves: a filter would only hide that.
        encoder.set_filter(png::Filter::NoFilter);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header()?;
        writer
            .write_image_data(&indices)
            .context("encoding the picture")?;
        writer.finish()?;
        Ok(file)
    }

    /// The glyphs of `text` side by side from 0, and their width.
    fn set(&self, text: &str, size: i32) -> (Vec<Glyph>, f32) {
        let scale = PxScale::from(size as f32);
        let font = self.font.as_scaled(scale);
        let mut glyphs: Vec<Glyph> = Vec::new();
        let mut x = 0.0;
        for character in text.chars() {
            let id = font.glyph_id(character);
            if let Some(before) = glyphs.last() {
                x += font.kern(before.id, id);
            }
            glyphs.push(id.with_scale_and_position(scale, point(x, 0.0)));
            x += font.h_advance(id);
        }
        (glyphs, x)
    }

    fn glyph(&mut self, glyph: Glyph, colour: Colour) {
        let Some(outline) = self.font.outline_glyph(glyph) else {
            return;
        };
        let corner = outline.px_bounds().min;
        let mut covered = Vec::new();
        outline.draw(|x, y, coverage| covered.push((x as i32, y as i32, coverage)));
        for (x, y, coverage) in covered {
            self.blend(corner.x as i32 + x, corner.y as i32 + y, colour, coverage);
        }
    }

    fn blend(&mut self, x: i32, y: i32, colour: Colour, share: f32) {
        if !(0..self.width).contains(&x) || !(0..self.height).contains(&y) {
            return;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        let pixel = &mut self.pixels[at..at + 3];
        let mixed = Colour(pixel[0], pixel[1], pixel[2]).mixed(colour, share.clamp(0.0, 1.0));
        pixel.copy_from_slice(&[mixed.0, mixed.1, mixed.2]);
    }
}
