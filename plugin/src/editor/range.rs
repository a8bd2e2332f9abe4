//! The lowest and the highest note, on a small keyboard.

use egui::{Align2, CursorIcon, Id, PointerButton, Rect, Sense, Ui, WidgetInfo, pos2, vec2};
use nice_plug::prelude::{IntParam, Param};

use super::{
    Scene,
    control::{drive, with_caret},
    flat::Flat,
    paint::fitted,
    roll::BLACK,
    theme::mixed,
};

/// MIDI keys.
const KEYS: f32 = 128.0;
/// The width of a handle, in natural points.
const HANDLE: f32 = 11.0;
/// The greatest height of the keyboard.
const BOARD: f32 = 40.0;

/// Draws the keyboard in `rect`, its caption above, and lets both ends be dragged.
pub fn range(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let caption = rect.top() + look.px(17.0);
    let board = Rect::from_min_max(
        pos2(rect.left() + look.px(HANDLE / 2.0), caption),
        pos2(
            rect.right() - look.px(HANDLE / 2.0),
            rect.bottom().min(caption + look.px(BOARD)),
        ),
    );
    let (lowest, highest) = scene.controls.range();
    keys(ui, scene, board, (lowest, highest));
    nearer_end(ui, scene, board);
    let ends = [
        (&scene.params.lowest, "Never plays below this note"),
        (&scene.params.highest, "Never plays above this note"),
    ];
    let mut shown = ends.map(|(param, tip)| handle(ui, scene, board, param, tip));
    // The two may stand the other way round.
    if scene.params.lowest.value() > scene.params.highest.value() {
        shown.swap(0, 1);
    }
    let whole = (lowest, highest) == (0, 127) && shown.iter().all(|shown| !shown.ends_with('|'));
    let text = if whole {
        "Range: what suits the role".to_owned()
    } else {
        format!("Range: {} to {}", shown[0], shown[1])
    };
    fitted(
        ui.painter(),
        rect.left_top(),
        Align2::LEFT_TOP,
        &text,
        look.font(11.5),
        palette.dim,
        rect.width(),
    );
}

fn keys(ui: &Ui, scene: &Scene, board: Rect, (lowest, highest): (u8, u8)) {
    let look = &scene.look;
    let palette = look.palette;
    let painter = ui.painter_at(board);
    let mut flat = Flat::new(&painter);
    let wide = board.width() / KEYS;
    let edge = |pitch: u8| board.left() + f32::from(pitch) * wide;
    // Quieter than the roll's keyboard: it shows no music.
    let ivory = mixed(palette.panel, palette.ivory, 0.72);
    let outside = mixed(palette.panel, palette.line, 0.5);
    if (lowest, highest) != (0, 127) {
        flat.plate(board, look.px(3.0), outside);
    }
    let inside = Rect::from_x_y_ranges(edge(lowest)..=edge(highest) + wide, board.y_range());
    flat.rect(inside, ivory);
    for pitch in 0..128_u8 {
        let within = (lowest..=highest).contains(&pitch);
        let left = edge(pitch);
        if BLACK[usize::from(pitch % 12)] {
            let key =
                Rect::from_min_size(pos2(left, board.top()), vec2(wide, board.height() * 0.6));
            let colour = if within {
                palette.ebony
            } else {
                palette.roll_dark
            };
            flat.rect(key, colour);
        }
        if matches!(pitch % 12, 0 | 5) {
            let gap = mixed(
                palette.ivory,
                palette.ebony,
                if within { 0.5 } else { 0.85 },
            );
            flat.vline(left, board.y_range(), egui::Stroke::new(1.0, gap));
        }
    }
    let edge_on_top = inside.with_max_y(inside.top() + look.px(2.5));
    flat.rect(edge_on_top, look.accent);
    flat.show();
    // Middle C, to find one's way.
    let middle = pos2(edge(60) + wide / 2.0, board.bottom() - look.px(4.0));
    painter.circle_filled(middle, look.px(1.7), palette.ebony);
}

/// Lets the end of the range that is nearer follow a pointer that is down on the keyboard.
fn nearer_end(ui: &Ui, scene: &Scene, board: Rect) {
    // Not focusable: the keys have the ends.
    let response = ui.interact(board, Id::unique("range keyboard"), Sense::DRAG);
    let ends = [&scene.params.lowest, &scene.params.highest];
    let mut held = ui
        .data(|data| data.get_temp::<Option<usize>>(response.id))
        .flatten();
    let key = response.interact_pointer_pos().map(|at| {
        let key = (at.x - board.left()) / board.width() * KEYS;
        // A saturating cast, clamped.
        (key.floor() as i32).clamp(0, 127)
    });
    if let (true, Some(key)) = (response.drag_started_by(PointerButton::Primary), key) {
        let far = ends.map(|end| (end.value() - key).abs());
        let nearer = usize::from(far[1] < far[0]);
        scene.gestures.begin(ends[nearer].as_ptr());
        held = Some(nearer);
    }
    if let Some(end) = held {
        let pointer = ends[end].as_ptr();
        match key.filter(|_| response.dragged()) {
            Some(key) => {
                let value = ends[end].preview_normalized(key);
                if value != scene.gestures.value(pointer) {
                    scene.gestures.set(pointer, value);
                }
            }
            None => {
                scene.gestures.end(pointer);
                held = None;
            }
        }
    }
    ui.data_mut(|data| data.insert_temp(response.id, held));
}

/// One end of the range; returns what it shows.
fn handle(ui: &mut Ui, scene: &Scene, board: Rect, param: &IntParam, tip: &str) -> String {
    let look = &scene.look;
    let palette = look.palette;
    let wide = board.width() / KEYS;
    let place = |value: i32| board.left() + (value as f32 + 0.5) * wide;
    let size = vec2(look.px(HANDLE), board.height());
    let rect = Rect::from_center_size(pos2(place(param.value()), board.center().y), size);
    let response = ui.interact(
        rect,
        Id::unique(("range", param.name())),
        Sense::click_and_drag(),
    );
    let travel = vec2(1.0 / (board.width() - wide), 0.0);
    let typed = drive(ui, &response, param, scene.gestures, travel);
    let normalized = param.unmodulated_normalized_value();
    let value = param.normalized_value_to_string(normalized, true);
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(value.clone()),
        ..WidgetInfo::slider(true, f64::from(param.value()), param.name())
    });
    let hot = response.hovered() || response.dragged() || response.has_focus();
    let grip = Rect::from_center_size(
        rect.center(),
        vec2(look.px(5.0), rect.height() + look.px(4.0)),
    );
    let colour = if hot { palette.text } else { look.accent };
    ui.painter().rect(
        grip,
        look.corner(2.0),
        colour,
        look.stroke(1.0, palette.panel),
        egui::StrokeKind::Outside,
    );
    let shown = typed.as_deref().map_or_else(|| value.clone(), with_caret);
    response
        .on_hover_cursor(CursorIcon::ResizeHorizontal)
        .on_hover_text(format!("{} {value}: {tip}", param.name()));
    shown
}
