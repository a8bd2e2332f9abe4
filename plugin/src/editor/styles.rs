//! The model's name with the style that it plays in; a click opens the list of styles.

use continuo_model::network::NetworkConfig;
use egui::{
    Align2, Button, Id, Popup, Pos2, Rect, Response, RichText, ScrollArea, Sense, Ui, WidgetInfo,
    pos2, vec2,
};

use super::{
    Scene,
    paint::{arrowhead, fitted, focus_ring},
};
use crate::{
    styles::{Entry, List},
    worker::Worn,
};

/// Of the window's height, at most so much is the list's.
const SHARE: f32 = 0.6;
/// The list's width in natural points.
const WIDTH: f32 = 330.0;
/// What the network that ships is called in the list.
const SHIPPED: &str = "Continuo (as shipped)";

/// The model by its size, and the style.
fn title(worn: &Worn) -> String {
    let millions = NetworkConfig::default().parameters() as f64 / 1e6;
    let model = format!("Continuo {millions:.1}M");
    match worn.chosen.title() {
        None => model,
        // What cannot be used does not play.
        Some(style) if worn.refused => format!("{model} · {style}?"),
        Some(style) => format!("{model} · {style}"),
    }
}

/// Draws the button that opens the list, its right end at `place`; returns its rectangle.
pub fn styles(
    ui: &mut Ui,
    scene: &Scene,
    place: Pos2,
    height: f32,
    width: f32,
    worn: &Worn,
) -> Rect {
    let look = &scene.look;
    let palette = look.palette;
    let name = title(worn);
    let arrow = look.px(14.0);
    let text = fitted(
        ui.painter(),
        place - vec2(arrow, 0.0),
        Align2::RIGHT_CENTER,
        &name,
        look.font(11.5),
        if worn.trouble.is_some() {
            palette.alarm
        } else {
            palette.dim
        },
        width - arrow,
    );
    let rect = Rect::from_min_max(
        pos2(text.left(), place.y - height / 2.0),
        pos2(place.x, place.y + height / 2.0),
    );
    let response = ui.interact(rect, Id::unique("styles"), Sense::click());
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(name.clone()),
        ..WidgetInfo::labeled(egui::Role::ComboBox, true, "Style")
    });
    let ink = if response.hovered() {
        palette.text
    } else {
        palette.dim
    };
    arrowhead(
        ui.painter(),
        pos2(place.x - look.px(4.0), place.y),
        vec2(0.0, -1.0),
        look.px(4.0),
        look.stroke(1.3, ink),
    );
    focus_ring(ui, look, &response, rect.shrink(look.px(4.0)));
    if response.clicked() {
        scene.actions.look_for_styles();
    }
    let most = ui.ctx().content_rect().height() * SHARE;
    Popup::menu(&response).show(|ui| {
        ui.set_width(look.px(WIDTH));
        ScrollArea::vertical()
            .max_height(most)
            .show(ui, |ui| list(ui, scene, worn));
    });
    if !Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response)) {
        response.on_hover_text(format!(
            "{name}. Whose style it plays in: as shipped, or one that `continuo adapt` has made from your MIDI files",
        ));
    }
    rect
}

fn list(ui: &mut Ui, scene: &Scene, worn: &Worn) {
    let chosen = worn.chosen.file.as_deref();
    if line(ui, scene, chosen.is_none(), SHIPPED).clicked() {
        scene.actions.choose_style(None);
    }
    let styles = scene.actions.styles();
    match &styles {
        None => {
            small(ui, scene, "looking for styles");
        }
        Some(list) => found(ui, scene, list, chosen),
    }
    ui.separator();
    let folder = styles.as_ref().and_then(|list| list.folder.clone());
    if let Some(folder) = folder {
        small(ui, scene, &format!("from {}", folder.display()));
        let copy = ui.button("Copy the folder's path");
        if copy
            .on_hover_text("Put .style files there; paste the path into a file dialog")
            .clicked()
        {
            ui.ctx().copy_text(folder.display().to_string());
        }
    }
    // A menu closes with a click; this one has something new to show.
    let again = ui.button("Look again");
    if again
        .on_hover_text("Reads the folder anew; open the list to see what is in it")
        .clicked()
    {
        scene.actions.look_for_styles();
    }
}

fn found(ui: &mut Ui, scene: &Scene, list: &List, chosen: Option<&str>) {
    if let Some(trouble) = &list.trouble {
        small(ui, scene, trouble);
    } else if list.entries.is_empty() {
        small(
            ui,
            scene,
            "no style yet: `continuo adapt MY_MIDI_FOLDER -o mine.style` makes one",
        );
    }
    for entry in &list.entries {
        let is_chosen = chosen == Some(entry.file.as_str());
        match &entry.style {
            Ok(_) => {
                let line = line(ui, scene, is_chosen, &entry.name);
                if line.on_hover_text(about(entry)).clicked() {
                    scene.actions.choose_style(Some(entry));
                }
            }
            Err(why) => {
                ui.add_enabled(false, Button::selectable(is_chosen, &entry.name));
                small(ui, scene, why);
            }
        }
    }
}

/// One that can be chosen.
fn line(ui: &mut Ui, scene: &Scene, chosen: bool, name: &str) -> Response {
    let palette = scene.look.palette;
    let ink = if chosen {
        palette.on_accent
    } else {
        palette.text
    };
    ui.selectable_label(chosen, RichText::new(name).color(ink))
}

/// What a style says of itself.
fn about(entry: &Entry) -> String {
    let Ok(style) = &entry.style else {
        return String::new();
    };
    let (before, after) = style.nats();
    let roles: Vec<&str> = style.roles.keys().map(String::as_str).collect();
    format!(
        "Learnt from {} pieces, for {}. Held-out music: {before:.2} nats a note as shipped, {after:.2} in this style",
        style.pieces,
        roles.join(", ")
    )
}

fn small(ui: &mut Ui, scene: &Scene, words: &str) {
    let look = &scene.look;
    let text = RichText::new(words).color(look.palette.dim);
    ui.label(text.size(look.px(11.5)));
}
