//! The top: the name, and the roles.

use egui::{Align2, Rect, Ui, pos2, vec2};

use super::{
    Scene, View,
    buttons::{button, sign_button},
    icons,
    presets::presets,
    roles::roles,
};

/// The header's height in natural points.
pub const HEIGHT: f32 = 58.0;
const ROW: f32 = 30.0;
/// The roles' greatest and least width.
const ROLES: (f32, f32) = (600.0, 500.0);
/// The name's width, and that of the buttons beside it.
const NAME: f32 = 128.0;
const ACTION: f32 = 92.0;
/// The button of the export's folder.
const FOLDER: f32 = 24.0;
const GAP: f32 = 7.0;

/// Draws the header in `rect`.
pub fn header(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    look.ground(ui.painter(), rect, palette.ground);
    let line = look.stroke(1.0, palette.faint);
    ui.painter().hline(rect.x_range(), rect.bottom(), line);
    let inside = rect.shrink2(vec2(look.px(13.0), look.px(8.0)));
    let mut buttons = inside;
    if inside.width() - look.px(NAME) >= look.px(ROLES.1) {
        buttons.min.x = inside.left() + look.px(NAME);
        wordmark(ui, scene, inside);
    }
    let with_actions = shows_actions(scene, rect.width());
    let actions = if with_actions {
        look.px(2.0 * (ACTION + GAP) + FOLDER + GAP)
    } else {
        0.0
    };
    let width = (buttons.width() - actions).min(look.px(ROLES.0));
    buttons.min.x = buttons.right() - width;
    roles(ui, scene, buttons);
    if with_actions {
        let size = vec2(look.px(ACTION), look.px(ROW));
        let top = rect.center().y - size.y / 2.0;
        let wider = size + vec2(look.px(FOLDER), 0.0);
        let file = pos2(buttons.left() - look.px(2.0 * GAP) - wider.x, top);
        let list = file - vec2(size.x + look.px(GAP), 0.0);
        presets(ui, scene, Rect::from_min_size(list, size));
        export(ui, scene, view, Rect::from_min_size(file, wider));
    }
}

/// Whether a header of this width has room for presets and export.
pub fn shows_actions(scene: &Scene, width: f32) -> bool {
    width >= scene.look.px(NAME + 2.0 * ACTION + FOLDER + ROLES.1 + 47.0)
}

/// Writes what was played into a file; beside it the way to the folder.
pub fn export(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect) {
    let look = &scene.look;
    let (file, mut folder) = rect.split_left_right_at_x(rect.right() - look.px(FOLDER));
    folder.min.x += look.px(2.0);
    let tip = "Writes the last bars, heard and played, as a MIDI file";
    if button(ui, scene, file, "Export .mid", tip).clicked() {
        scene.actions.export();
    }
    let tip = format!(
        "Exports go to {}. Click for another folder",
        scene.actions.folder()
    );
    let ink = look.palette.dim;
    let sign = |painter: &egui::Painter, rect: Rect| {
        let square = Rect::from_center_size(rect.center(), vec2(look.px(15.0), look.px(15.0)));
        icons::folder(painter, square, ink);
    };
    if sign_button(ui, scene, folder, "Export folder", &tip, sign).clicked() {
        view.folder = Some(scene.actions.folder());
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
