//! Colours, sizes, type: what all parts of the window share.

use continuo_model::controls::Role;
use egui::{Color32, CornerRadius, FontId, Painter, Rect, Stroke, Vec2, Visuals};

use super::flat::Flat;

/// The colours of one mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub ground: Color32,
    /// Behind the controls.
    pub panel: Color32,
    /// A control that stands out of its panel.
    pub raised: Color32,
    /// The same under the pointer.
    pub hover: Color32,
    /// Behind the notes.
    pub roll: Color32,
    /// The rows of the black keys, and what is out of range.
    pub roll_dark: Color32,
    /// Hairlines.
    pub line: Color32,
    /// Beat lines.
    pub faint: Color32,
    /// What is to be read.
    pub text: Color32,
    /// What may be read.
    pub dim: Color32,
    /// What was heard.
    pub heard: Color32,
    /// What is played, by role.
    pub roles: [Color32; 5],
    /// Text and signs on any of the colours above.
    pub on_accent: Color32,
    /// Something is wrong.
    pub alarm: Color32,
    /// The ivory and the ebony of keyboards.
    pub ivory: Color32,
    /// See `ivory`.
    pub ebony: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

// Grounds of one colour need no paint: the window is cleared to it. Without a graphics card each pixel that is
// painted costs some nanoseconds of the processor.

/// Ink.
pub const DARK: Palette = Palette {
    ground: rgb(0x12_15_1d),
    panel: rgb(0x12_15_1d),
    raised: rgb(0x21_26_33),
    hover: rgb(0x2c_32_43),
    roll: rgb(0x12_15_1d),
    roll_dark: rgb(0x0c_0e_14),
    line: rgb(0x33_3a_4c),
    faint: rgb(0x1d_21_2d),
    text: rgb(0xf0_f2_f8),
    dim: rgb(0xa3_ac_c0),
    heard: rgb(0x5b_c0_f5),
    roles: [
        rgb(0xff_bd_54),
        rgb(0xff_8c_69),
        rgb(0xb8_9f_ff),
        rgb(0x5d_e2_ad),
        rgb(0xff_86_ba),
    ],
    on_accent: rgb(0x10_12_18),
    alarm: rgb(0xff_7a_7a),
    ivory: rgb(0xd6_d9_e2),
    ebony: rgb(0x1a_1d_27),
};

/// Paper.
pub const LIGHT: Palette = Palette {
    ground: rgb(0xf4_f0_e8),
    panel: rgb(0xf4_f0_e8),
    raised: rgb(0xff_fd_f8),
    hover: rgb(0xe9_e4_d8),
    roll: rgb(0xff_fd_f9),
    roll_dark: rgb(0xf6_f2_ea),
    line: rgb(0xc9_c2_b2),
    faint: rgb(0xeb_e6_da),
    text: rgb(0x1b_1d_23),
    dim: rgb(0x58_5b_66),
    heard: rgb(0x0e_6c_a8),
    roles: [
        rgb(0x92_54_00),
        rgb(0xb2_38_19),
        rgb(0x60_41_c4),
        rgb(0x08_73_4e),
        rgb(0xae_21_62),
    ],
    on_accent: rgb(0xff_ff_ff),
    alarm: rgb(0xb0_1c_1c),
    ivory: rgb(0xff_ff_ff),
    ebony: rgb(0x3a_3c_45),
};

impl Palette {
    /// Dark or light.
    #[must_use]
    pub const fn of(light: bool) -> &'static Self {
        if light { &LIGHT } else { &DARK }
    }

    /// The colour of what a role plays.
    #[must_use]
    pub fn role(&self, role: Role) -> Color32 {
        self.roles[role as usize]
    }
}

/// The logical size for which the sizes in the code are meant.
pub const NATURAL_SIZE: Vec2 = Vec2::new(960.0, 620.0);
/// The smallest logical size in which all fits.
pub const SMALLEST_SIZE: Vec2 = Vec2::new(560.0, 360.0);
/// Below this scale letters are too small to read.
const SMALLEST_SCALE: f32 = 0.8;
/// A larger window shows more of the song rather than only larger letters.
const GROWTH: f32 = 0.7;

/// What a part needs to know to draw itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Its colours.
    pub palette: &'static Palette,
    /// What is played.
    pub accent: Color32,
    /// Points for each point of the natural size.
    pub scale: f32,
}

impl Look {
    /// For a window of `size` points in which `role` plays.
    #[must_use]
    pub fn new(light: bool, role: Role, size: Vec2) -> Self {
        let palette = Palette::of(light);
        let ratio = (size / NATURAL_SIZE).min_elem();
        let scale = if ratio > 1.0 {
            ratio.powf(GROWTH)
        } else {
            ratio.max(SMALLEST_SCALE)
        };
        Self {
            palette,
            accent: palette.role(role),
            scale,
        }
    }

    /// Natural points to those of this window.
    #[must_use]
    pub fn px(&self, points: f32) -> f32 {
        points * self.scale
    }

    /// Letters of this many natural points.
    #[must_use]
    pub fn font(&self, points: f32) -> FontId {
        FontId::proportional(self.px(points))
    }

    /// Corners of this many natural points.
    #[must_use]
    pub fn corner(&self, points: f32) -> CornerRadius {
        // A saturating cast.
        CornerRadius::same(self.px(points).round() as u8)
    }

    /// Fills an area of the window with a ground, unless it is that already.
    pub fn ground(&self, painter: &Painter, rect: Rect, colour: Color32) {
        if colour != self.palette.ground {
            let mut flat = Flat::new(painter);
            flat.rect(rect, colour);
            flat.show();
        }
    }

    /// A line of this many natural points, at least one pixel of most screens.
    #[must_use]
    pub fn stroke(&self, points: f32, colour: Color32) -> Stroke {
        Stroke::new(self.px(points).max(1.0), colour)
    }

    /// Gives egui's own parts, tooltips and menus, the same look.
    pub fn apply(&self, ctx: &egui::Context) {
        let palette = self.palette;
        let mut visuals = if palette == &LIGHT {
            Visuals::light()
        } else {
            Visuals::dark()
        };
        visuals.override_text_color = Some(palette.text);
        visuals.window_fill = palette.raised;
        visuals.window_stroke = Stroke::new(1.0, palette.line);
        visuals.window_corner_radius = self.corner(8.0);
        visuals.menu_corner_radius = self.corner(8.0);
        visuals.panel_fill = palette.ground;
        visuals.selection.bg_fill = self.accent;
        visuals.selection.stroke = Stroke::new(1.0, palette.on_accent);
        let widgets = &mut visuals.widgets;
        for state in [
            &mut widgets.noninteractive,
            &mut widgets.inactive,
            &mut widgets.hovered,
            &mut widgets.active,
            &mut widgets.open,
        ] {
            state.corner_radius = self.corner(5.0);
            state.bg_stroke = Stroke::NONE;
            state.weak_bg_fill = Color32::TRANSPARENT;
            state.fg_stroke = Stroke::new(1.0, palette.text);
        }
        widgets.hovered.weak_bg_fill = palette.hover;
        widgets.active.weak_bg_fill = palette.hover;
        widgets.noninteractive.bg_stroke = Stroke::new(1.0, palette.line);
        ctx.set_visuals(visuals);
        let size = self.px(13.0);
        ctx.all_styles_mut(|style| {
            style
                .text_styles
                .values_mut()
                .for_each(|font| font.size = size);
            style.spacing.menu_margin = egui::Margin::same(6);
            style.interaction.tooltip_delay = 0.6;
        });
    }
}

/// `over` laid on `under` with `share` of its opacity.
#[must_use]
pub fn mixed(under: Color32, over: Color32, share: f32) -> Color32 {
    under.lerp_to_gamma(over, share.clamp(0.0, 1.0))
}

/// WCAG 2: the contrast of two colours, 1..=21.
#[cfg(test)]
pub fn contrast(one: Color32, other: Color32) -> f32 {
    let luminance = |colour: Color32| {
        let linear = |byte: u8| {
            let value = f32::from(byte) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measure_is_wcags() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 0.01);
        assert!((contrast(rgb(0x76_76_76), Color32::WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn everything_written_can_be_read_as_wcag_aa_asks() {
        for palette in [DARK, LIGHT] {
            let grounds = [
                palette.ground,
                palette.panel,
                palette.raised,
                palette.hover,
                palette.roll,
                palette.roll_dark,
            ];
            let mut inks = vec![palette.text, palette.dim, palette.alarm];
            inks.extend(palette.roles);
            for (ground, ink) in grounds
                .iter()
                .flat_map(|ground| inks.iter().map(move |ink| (*ground, *ink)))
            {
                let contrast = contrast(ground, ink);
                assert!(contrast >= 4.5, "{ink:?} on {ground:?}: {contrast}");
            }
            for accent in palette
                .roles
                .into_iter()
                .chain([palette.heard, palette.alarm])
            {
                let contrast = contrast(palette.on_accent, accent);
                assert!(contrast >= 4.5, "on {accent:?}: {contrast}");
            }
        }
    }

    #[test]
    fn notes_stand_out_from_each_other() {
        for palette in [DARK, LIGHT] {
            for own in palette.roles {
                let apart = [
                    own.r().abs_diff(palette.heard.r()),
                    own.b().abs_diff(palette.heard.b()),
                ];
                assert!(apart.into_iter().max() >= Some(60), "{own:?} looks heard");
            }
        }
    }

    #[test]
    fn letters_grow_with_the_window_but_never_shrink_out_of_sight() {
        let scale = |width, height| Look::new(false, Role::Bass, Vec2::new(width, height)).scale;
        assert_eq!(scale(960.0, 620.0), 1.0);
        assert_eq!(scale(560.0, 360.0), SMALLEST_SCALE);
        assert!(scale(3840.0, 2160.0) > 2.0 && scale(3840.0, 2160.0) < 3.0);
    }
}
