//! The top: the name, and the roles.

use egui::{Align2, Rect, Ui, pos2, vec2};

use super::{Scene, buttons::button, roles::roles};

/// The header's height in natural points.
pub const HEIGHT: f32 = 58.0;
const ROW: f32 = 30.0;
/// The roles' greatest and least width.
const ROLES: (f32, f32) = (600.0, 500.0);
/// The name's width, and that of the button for the file.
const NAME: f32 = 128.0;
const FILE: f32 = 96.0;

/// Draws the header in `rect`.
pub fn header(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    ui.painter().rect_filled(rect, 0.0, palette.ground);
    let inside = rect.shrink2(vec2(look.px(13.0), look.px(8.0)));
    let mut buttons = inside;
    if inside.width() - look.px(NAME) >= look.px(ROLES.1) {
        buttons.min.x = inside.left() + look.px(NAME);
        wordmark(ui, scene, inside);
    }
    let with_file = shows_export(scene, rect.width());
    let file = if with_file { look.px(FILE + 14.0) } else { 0.0 };
    let width = (buttons.width() - file).min(look.px(ROLES.0));
    buttons.min.x = buttons.right() - width;
    roles(ui, scene, buttons);
    if with_file {
        let right = buttons.left() - look.px(14.0);
        let size = vec2(look.px(FILE), look.px(ROW));
        let place = pos2(right - size.x, rect.center().y - size.y / 2.0);
        export(ui, scene, Rect::from_min_size(place, size));
    }
}

/// Whether a header of this width has room for the button for the file.
pub fn shows_export(scene: &Scene, width: f32) -> bool {
    width >= scene.look.px(NAME + FILE + ROLES.1 + 46.0)
}

/// Writes what was played into a file.
pub fn export(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let tip = "Writes the last bars, heard and played, as a MIDI file into your music folder";
    if button(ui, scene, rect, "Export .mid", tip).clicked() {
        scene.actions.export();
    }
}

/// The name, over the thick and thin of a figured bass.
fn wordmark(ui: &Ui, scene: &Scene, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let painter = ui.painter();
    let place = pos2(rect.left(), rect.center().y - look.px(3.0));
    let name = painter.text(
        place,
        Align2::LEFT_CENTER,
        "continuo",
        look.font(24.0),
        palette.text,
    );
    let y = name.bottom() + look.px(1.0);
    let mut left = name.left() + look.px(1.0);
    for (share, opacity) in [(0.34, 1.0), (0.2, 0.75), (0.14, 0.5), (0.08, 0.3)] {
        let wide = name.width() * share;
        let bar = Rect::from_min_size(pos2(left, y), vec2(wide, look.px(3.0)));
        painter.rect_filled(bar, look.corner(1.5), look.accent.gamma_multiply(opacity));
        left += wide + name.width() * 0.055;
    }
}
