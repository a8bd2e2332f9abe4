//! What every control does, whatever it looks like: drag, wheel, keys, typed values, reset.
//!
//! Values are typed without a text field: what is typed is kept beside the control until Enter takes it.
//! Nothing has to be closed, and no key is caught that has no meaning here.

use egui::{
    Event, EventFilter, Id, Key, Modifiers, MouseWheelUnit, PointerButton, Response, Ui, Vec2,
};
use nice_plug::prelude::Param;

use super::gestures::{Gestures, set_once, snapped};

/// How much finer a drag is with shift.
const FINE: f32 = 0.1;
/// Points that count as one notch of a wheel, from devices that scroll by points.
const NOTCH: f32 = 40.0;
/// Steps of Page Up and Page Down.
const PAGE: usize = 10;
/// Letters of a typed value; the longest of any parameter is "Roots and fifths".
const MOST_TYPED: usize = 16;

/// What a control remembers from frame to frame.
#[derive(Clone, Debug, Default)]
struct Grip {
    /// The value that a drag has come to, without steps; `None` while there is none.
    dragged: Option<f32>,
    /// What has been typed, while something is.
    typed: Option<String>,
    /// Parts of a notch.
    wheel: f32,
}

/// Where a control's state lies between frames.
fn grip_of(ui: &Ui, id: Id) -> Grip {
    ui.data(|data| data.get_temp(id)).unwrap_or_default()
}

/// Applies what the user does to `response` to `param`. `travel`: how much of the range each point of a drag to
/// the right and downwards goes through. Returns what is being typed.
pub fn drive<P: Param>(
    ui: &Ui,
    response: &Response,
    param: &P,
    gestures: &dyn Gestures,
    travel: Vec2,
) -> Option<String> {
    let mut grip = grip_of(ui, response.id);
    drag(ui, response, param, gestures, travel, &mut grip);
    if response.double_clicked() {
        set_once(gestures, param, param.default_normalized_value());
        // Its first click may have opened the value.
        grip.typed = None;
        response.surrender_focus();
    }
    // A step in the middle of a drag would end the drag's gesture.
    let free = grip.dragged.is_none();
    if free && response.hovered() {
        let steps = notches(ui, &mut grip.wheel);
        step(
            gestures,
            param,
            steps,
            ui.input(|input| input.modifiers.shift),
        );
    }
    if free && response.has_focus() {
        keys(ui, response, param, gestures, &mut grip);
    } else {
        grip.typed = None;
    }
    let typed = grip.typed.clone();
    ui.data_mut(|data| data.insert_temp(response.id, grip));
    typed
}

/// Starts typing a value into the control, as Enter does.
pub fn open_typing(ui: &Ui, response: &Response) {
    let mut grip = grip_of(ui, response.id);
    grip.typed = Some(String::new());
    ui.data_mut(|data| data.insert_temp(response.id, grip));
    response.request_focus();
}

/// Wheel and arrows only: for what a click opens or switches.
pub fn nudge<P: Param>(ui: &Ui, response: &Response, param: &P, gestures: &dyn Gestures) {
    let mut grip = grip_of(ui, response.id);
    if response.hovered() {
        // Lists are read from top to bottom: down the wheel is down the list.
        let steps = -notches(ui, &mut grip.wheel);
        step(gestures, param, steps, false);
    }
    if response.has_focus() {
        let filter = EventFilter {
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let pressed = |key| i32::from(ui.input(|input| input.key_pressed(key)));
        let steps = pressed(Key::ArrowDown) - pressed(Key::ArrowUp);
        step(gestures, param, steps, false);
    }
    ui.data_mut(|data| data.insert_temp(response.id, grip));
}

fn drag<P: Param>(
    ui: &Ui,
    response: &Response,
    param: &P,
    gestures: &dyn Gestures,
    travel: Vec2,
    grip: &mut Grip,
) {
    let pointer = param.as_ptr();
    if response.drag_started_by(PointerButton::Primary) {
        grip.dragged = Some(gestures.value(pointer));
        grip.typed = None;
        gestures.begin(pointer);
    }
    let Some(dragged) = &mut grip.dragged else {
        return;
    };
    if response.dragged() {
        let fine = if ui.input(|input| input.modifiers.shift) {
            FINE
        } else {
            1.0
        };
        let moved = travel.dot(response.drag_delta()) * fine;
        let before = snapped(param, *dragged);
        *dragged = (*dragged + moved).clamp(0.0, 1.0);
        let value = snapped(param, *dragged);
        if value != before {
            gestures.set(pointer, value);
        }
    } else {
        grip.dragged = None;
        gestures.end(pointer);
    }
}

/// Whole notches that the wheel turned since the last frame; up is more.
pub fn notches(ui: &Ui, rest: &mut f32) -> i32 {
    let turned: f32 = ui.input(|input| {
        input
            .events
            .iter()
            .map(|event| match event {
                // Some systems turn a wheel with shift sideways.
                Event::MouseWheel {
                    unit: MouseWheelUnit::Line | MouseWheelUnit::Page,
                    delta,
                    ..
                } => delta.y + delta.x,
                Event::MouseWheel { delta, .. } => (delta.y + delta.x) / NOTCH,
                _ => 0.0,
            })
            .sum()
    });
    *rest += turned;
    let whole = rest.trunc();
    *rest -= whole;
    // A saturating cast.
    whole as i32
}

/// Goes `steps` up or down.
pub fn step<P: Param>(gestures: &dyn Gestures, param: &P, steps: i32, finer: bool) {
    let from = gestures.value(param.as_ptr());
    let value = (0..steps.unsigned_abs()).fold(from, |value, _| {
        if steps > 0 {
            param.next_normalized_step(value, finer)
        } else {
            param.previous_normalized_step(value, finer)
        }
    });
    if steps != 0 {
        set_once(gestures, param, value);
    }
}

fn keys<P: Param>(
    ui: &Ui,
    response: &Response,
    param: &P,
    gestures: &dyn Gestures,
    grip: &mut Grip,
) {
    let filter = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        escape: grip.typed.is_some(),
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    if grip.typed.is_some() {
        typing(ui, response, param, gestures, grip);
        return;
    }
    let fine = ui.input(|input| input.modifiers.shift);
    let times = |key| i32::try_from(ui.input(|input| input.num_presses(key))).unwrap_or(0);
    let page = PAGE as i32;
    let steps = times(Key::ArrowUp) + times(Key::ArrowRight)
        - times(Key::ArrowDown)
        - times(Key::ArrowLeft)
        + page * (times(Key::PageUp) - times(Key::PageDown));
    step(gestures, param, steps, fine);
    if pressed(Key::Home) {
        set_once(gestures, param, 0.0);
    }
    if pressed(Key::End) {
        set_once(gestures, param, 1.0);
    }
    if pressed(Key::Delete) || pressed(Key::Backspace) {
        set_once(gestures, param, param.default_normalized_value());
    }
    let written = written(ui);
    if pressed(Key::Enter) || !written.is_empty() {
        grip.typed = Some(written);
    }
}

/// What was written since the last frame, without Space: that is the host's.
fn written(ui: &Ui) -> String {
    ui.input(|input| {
        input
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect::<String>()
            .trim()
            .to_owned()
    })
}

fn typing<P: Param>(
    ui: &Ui,
    response: &Response,
    param: &P,
    gestures: &dyn Gestures,
    grip: &mut Grip,
) {
    let Some(typed) = &mut grip.typed else {
        return;
    };
    typed.push_str(&written(ui));
    while typed.chars().count() > MOST_TYPED {
        typed.pop();
    }
    let take = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if take(Key::Backspace) {
        typed.pop();
    }
    if take(Key::Enter) {
        let value = param.string_to_normalized_value(typed);
        if let Some(value) = value {
            set_once(gestures, param, value);
        }
        // What is no value stays to be mended.
        if value.is_some() || typed.is_empty() {
            grip.typed = None;
            response.surrender_focus();
        }
    } else if take(Key::Escape) {
        grip.typed = None;
        response.surrender_focus();
    }
}

/// egui's own shortcuts: Ctrl+Q or Cmd+Q would close the window, which it is not in a host.
pub fn leave_shortcuts_to_the_host(ctx: &egui::Context) {
    ctx.options_mut(|options| {
        options.quit_shortcuts.clear();
        options.zoom_with_keyboard = false;
    });
}

/// egui presses what has the focus with Space too: here Space starts and stops the host, but while a path is
/// written, which may have spaces.
pub fn leave_space_to_the_host(ui: &Ui) {
    if ui.ctx().text_edit_focused() {
        return;
    }
    ui.input_mut(|input| {
        input.events.retain(|event| match event {
            Event::Key { key, .. } => *key != Key::Space,
            Event::Text(text) => !text.trim().is_empty(),
            _ => true,
        });
    });
}

/// What a control shows while `typed` is being typed: the same with a caret.
#[must_use]
pub fn with_caret(typed: &str) -> String {
    format!("{typed}|")
}
