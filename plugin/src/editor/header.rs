//! The top: the name, and the roles.

use egui::{Align2, Rect, Ui, pos2, vec2};

use super::{Scene, roles::roles};

/// The header's height in natural points.
pub const HEIGHT: f32 = 58.0;
/// The roles' greatest width.
const ROLES: f32 = 660.0;
/// What is left beside the roles must be at least this for the name.
const NAME: f32 = 128.0;

/// Draws the header in `rect`.
pub fn header(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    ui.painter().rect_filled(rect, 0.0, palette.ground);
    let inside = rect.shrink2(vec2(look.px(13.0), look.px(8.0)));
    let mut buttons = inside;
    if inside.width() - look.px(NAME) >= look.px(ROLES * 0.8) {
        buttons.min.x = inside.left() + look.px(NAME);
        wordmark(ui, scene, inside);
    }
    let width = buttons.width().min(look.px(ROLES));
    buttons.min.x = buttons.right() - width;
    roles(ui, scene, buttons);
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
