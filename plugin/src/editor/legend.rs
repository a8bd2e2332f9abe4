//! Which colour is what.

use egui::{Align2, Rect, Ui, pos2, vec2};

use super::{Scene, flat::Flat, theme::mixed};

/// Draws the legend in the upper right corner of `area`, where little of the future is known.
pub fn legend(ui: &Ui, scene: &Scene, area: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let font = look.font(11.5);
    let names = ["heard", "played", "planned"];
    let painter = ui.painter();
    let galleys =
        names.map(|name| painter.layout_no_wrap(name.to_owned(), font.clone(), palette.text));
    let (swatch, gap) = (look.px(13.0), look.px(5.0));
    let between = look.px(12.0);
    let width = galleys
        .iter()
        .map(|galley| galley.size().x + swatch + gap)
        .sum::<f32>()
        + between * 2.0;
    let size = vec2(width + look.px(18.0), look.px(22.0));
    if area.width() < size.x + look.px(20.0) || area.height() < size.y * 11.0 {
        return;
    }
    let corner = area.right_top() + vec2(-look.px(8.0) - size.x, look.px(8.0));
    let card = Rect::from_min_size(corner, size);
    let mut flat = Flat::new(painter);
    flat.plate(card, look.px(6.0), palette.panel.gamma_multiply(0.92));
    let middle = card.center().y;
    let mut left = card.left() + look.px(9.0);
    let mut placed = Vec::new();
    for (index, galley) in galleys.into_iter().enumerate() {
        let note = Rect::from_min_size(
            pos2(left, middle - look.px(4.0)),
            vec2(swatch, look.px(8.0)),
        );
        let corner = look.px(2.5);
        match index {
            0 => flat.plate(note, corner, palette.heard),
            1 => flat.plate(note, corner, look.accent),
            _ => {
                let fill = mixed(palette.panel, look.accent, 0.13);
                flat.framed(note, corner, fill, look.stroke(1.3, look.accent));
            }
        }
        let place = pos2(note.right() + gap, middle);
        let rect = Align2::LEFT_CENTER.anchor_size(place, galley.size());
        left = rect.right() + between;
        placed.push((rect.min, galley));
    }
    flat.show();
    for (place, galley) in placed {
        painter.galley(place, galley, palette.text);
    }
}
