//! The panel in which the folder for exports is chosen.

use egui::{Align, Button, Frame, Id, Key, Layout, Margin, Modal, RichText, TextEdit, Ui, vec2};

use super::{Export, Scene, View, theme::Look};

/// The panel's width in natural points.
const WIDTH: f32 = 430.0;

/// Draws the panel if it is open, or if an export waits for a folder.
pub fn folder(ui: &Ui, scene: &Scene, view: &mut View) {
    // Told once, so that it is asked for in each frame.
    let dialog = scene.actions.dialog();
    let asked = match scene.actions.exported() {
        Export::NoFolder(why) => Some(why),
        _ => None,
    };
    if asked.is_some() && view.folder.is_none() {
        view.folder = Some(scene.actions.folder());
    }
    let Some(mut typed) = view.folder.take().filter(|_| dialog != Dialog::Chosen) else {
        return;
    };
    let look = &scene.look;
    let frame = Frame::new()
        .fill(look.palette.raised)
        .stroke(look.stroke(1.0, look.palette.line))
        .corner_radius(look.corner(8.0))
        .inner_margin(Margin::same(look.px(14.0) as i8));
    let modal = Modal::new(Id::unique("folder")).frame(frame);
    let shown = modal.show(ui.ctx(), |ui| {
        panel(ui, scene, dialog, &mut typed, asked.as_deref())
    });
    let end = if shown.inner == End::None && shown.should_close() {
        End::Cancelled
    } else {
        shown.inner
    };
    match end {
        End::None => view.folder = Some(typed),
        End::Chosen(text) => scene.actions.choose_folder(&text),
        End::Cancelled if asked.is_some() => scene.actions.dismiss_export(),
        End::Cancelled => {}
    }
}

/// How a frame of the panel ends.
#[derive(Clone, Debug, PartialEq)]
enum End {
    None,
    /// With this folder, or the Music folder if it is empty.
    Chosen(String),
    Cancelled,
}

fn panel(ui: &mut Ui, scene: &Scene, dialog: Dialog, typed: &mut String, why: Option<&str>) -> End {
    let look = &scene.look;
    let width = look.px(WIDTH).min(ui.ctx().content_rect().width() * 0.86);
    ui.set_width(width);
    ui.spacing_mut().item_spacing = vec2(look.px(7.0), look.px(8.0));
    ui.spacing_mut().button_padding = vec2(look.px(9.0), look.px(4.0));
    ui.label(text(look, "Folder for MIDI files", 15.0).strong());
    if let Some(why) = why {
        let mut letters = why.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        let why: String = first.chain(letters).collect();
        let words = format!("{why}. Choose another folder: the music is kept until then.");
        ui.label(text(look, &words, 13.0).color(look.palette.alarm));
    }
    let edit = TextEdit::singleline(typed)
        .id(Id::unique("folder's path"))
        .font(look.font(13.0))
        .background_color(look.palette.roll_dark)
        .hint_text("the Music folder")
        .desired_width(f32::INFINITY);
    let edit = ui.add(edit);
    let named = egui::WidgetInfo::text_edit(true, typed.as_str(), typed.as_str(), "");
    edit.widget_info(|| egui::WidgetInfo {
        label: Some("Folder".to_owned()),
        ..named.clone()
    });
    let mut end = End::None;
    if edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        end = End::Chosen(typed.clone());
    }
    if let Some(words) = dialog.words() {
        ui.label(text(look, words, 12.0).color(look.palette.dim));
    }
    let pressed = |ui: &mut Ui, words: &str| {
        let button = Button::new(text(look, words, 13.0)).fill(look.palette.hover);
        ui.add(button).clicked()
    };
    ui.horizontal(|ui| {
        if dialog != Dialog::None && pressed(ui, "Browse…") {
            scene.actions.browse();
        }
        if pressed(ui, "Music folder") {
            end = End::Chosen(String::new());
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let words = text(look, "Use", 13.0).color(look.palette.on_accent);
            if ui.add(Button::new(words).fill(look.accent)).clicked() {
                end = End::Chosen(typed.clone());
            }
            if pressed(ui, "Cancel") {
                end = End::Cancelled;
            }
        });
    });
    end
}

fn text(look: &Look, words: &str, size: f32) -> RichText {
    RichText::new(words).size(look.px(size))
}

/// The system's dialog for folders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialog {
    /// There is none here.
    None,
    /// It can be opened.
    #[default]
    Closed,
    /// It is open.
    Open,
    /// It ended with a folder, which was taken; told once.
    Chosen,
    /// It ended without a folder.
    Empty,
}

impl Dialog {
    fn words(self) -> Option<&'static str> {
        match self {
            Self::None | Self::Closed | Self::Chosen => None,
            Self::Open => Some("Choose a folder in the dialog that opened."),
            Self::Empty => Some("No folder was chosen. If no dialog came up, type the path above."),
        }
    }
}
