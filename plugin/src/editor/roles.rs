//! The five roles as buttons.

use continuo_model::controls::Role;
use egui::{Align2, Id, Rect, Role as WidgetRole, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{
    Scene,
    flat::plate,
    gestures::set_once,
    icons,
    paint::{fitted, focus_ring, ground, tint},
};

/// Buttons narrower than this, in natural points, have their word below the sign.
const NARROW: f32 = 92.0;

/// What a role does, in plain words.
#[must_use]
pub fn meaning(role: Role) -> &'static str {
    match role {
        Role::Continue => "Continue: carries your melody on when you stop playing",
        Role::Bass => "Bass: a bass line under what it hears",
        Role::Chords => "Chords: accompanies what it hears with chords",
        Role::Counter => "Counter: a second voice against the melody",
        Role::Drums => "Drums: a General MIDI drum part to what it hears",
    }
}

/// Draws the buttons side by side in `rect`.
pub fn roles(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let gap = scene.look.px(6.0);
    let count = Role::ALL.len() as f32;
    let width = (rect.width() - gap * (count - 1.0)) / count;
    for (place, role) in Role::ALL.into_iter().enumerate() {
        let left = rect.left() + place as f32 * (width + gap);
        let button = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        role_button(ui, scene, button, role);
    }
}

fn role_button(ui: &mut Ui, scene: &Scene, rect: Rect, role: Role) {
    let look = &scene.look;
    let palette = look.palette;
    let chosen = scene.controls.role == role;
    let response = ui.interact(rect, Id::unique(("role", role.name())), Sense::click());
    response
        .widget_info(|| WidgetInfo::selected(WidgetRole::RadioButton, true, chosen, role.name()));
    if response.clicked() {
        let last = (Role::ALL.len() - 1) as f32;
        set_once(
            scene.gestures,
            &scene.params.role,
            f32::from(role as u8) / last,
        );
    }
    let colour = palette.role(role);
    let (fill, ink, word) = if chosen {
        (colour, palette.on_accent, palette.on_accent)
    } else {
        let hot = response.hovered();
        let word = if hot { palette.text } else { palette.dim };
        let fill = ground(look, &response);
        (
            if hot { tint(look, colour, 0.16) } else { fill },
            colour,
            word,
        )
    };
    let painter = ui.painter();
    plate(painter, rect, look.px(9.0), fill);
    let narrow = rect.width() < look.px(NARROW);
    let side = if narrow { look.px(17.0) } else { look.px(22.0) };
    let (sign, text, align, font) = if narrow {
        (
            rect.center() - vec2(0.0, look.px(7.0)),
            rect.center_bottom() - vec2(0.0, look.px(4.0)),
            Align2::CENTER_BOTTOM,
            11.5,
        )
    } else {
        let word_width = painter
            .layout_no_wrap(role.name().to_owned(), look.font(14.5), word)
            .size()
            .x;
        let left = rect.center().x - (side + look.px(8.0) + word_width) / 2.0;
        (
            pos2(left + side / 2.0, rect.center().y),
            pos2(left + side + look.px(8.0), rect.center().y),
            Align2::LEFT_CENTER,
            14.5,
        )
    };
    let square = Rect::from_center_size(sign, egui::Vec2::splat(side));
    icons::role(painter, square, role, ink);
    fitted(
        painter,
        text,
        align,
        role.name(),
        look.font(font),
        word,
        rect.width() - look.px(4.0),
    );
    focus_ring(ui, look, &response, rect);
    response.on_hover_text(meaning(role));
}
