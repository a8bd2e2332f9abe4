//! Every control and action, found by its label.

use continuo_model::controls::Role;
use egui::{Event, Key, Modifiers, MouseWheelUnit, Pos2, Shape, Vec2, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT as _, Queryable as _},
};
use nice_plug::params::Params as _;

use super::{
    song::song,
    stage::{Did, Stage},
};
use crate::editor::control::leave_shortcuts_to_the_host;

pub fn open(stage: Stage) -> Harness<'static, Stage> {
    open_in(stage, vec2(960.0, 620.0))
}

pub fn open_in(stage: Stage, size: Vec2) -> Harness<'static, Stage> {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_step_dt(1.0 / 60.0)
        .build_ui_state(|ui, stage: &mut Stage| stage.frame(ui), stage);
    harness.run_steps(3);
    harness
}

/// The whole window, all controls in sight, while a bass plays.
pub fn opened() -> Harness<'static, Stage> {
    let mut stage = Stage::playing(song(Role::Bass, 640, true));
    stage.view.fold = true;
    open(stage)
}

/// What is written in the window, as far as it is not cut.
pub fn written(harness: &Harness<'static, Stage>) -> Vec<String> {
    fn of(shape: &Shape, into: &mut Vec<String>) {
        match shape {
            Shape::Text(text) if !text.galley.elided => into.push(text.galley.text().to_owned()),
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| of(shape, into)),
            _ => {}
        }
    }
    let mut texts = Vec::new();
    for clipped in &harness.output().shapes {
        of(&clipped.shape, &mut texts);
    }
    texts
}

/// A change in one go.
fn once(param: &str, value: &str) -> Vec<Did> {
    vec![
        Did::Begin(param.to_owned()),
        Did::Set(param.to_owned(), value.to_owned()),
        Did::End(param.to_owned()),
    ]
}

pub fn did(harness: &mut Harness<'static, Stage>) -> Vec<Did> {
    harness.run_steps(3);
    harness.state().recorder.take()
}

pub fn click(harness: &mut Harness<'static, Stage>, label: &str) -> Vec<Did> {
    harness.get_by_label(label).click();
    did(harness)
}

#[test]
fn a_click_chooses_a_role() {
    let mut harness = opened();
    for role in ["Chords", "Counter", "Drums", "Continue", "Bass"] {
        assert_eq!(click(&mut harness, role), once("Role", role));
        assert_eq!(click(&mut harness, role), [], "it is chosen already");
    }
}

#[test]
fn every_switch_goes_on_and_off() {
    let mut harness = opened();
    let switches = [
        ("Hold", "Hold", "On", "Off"),
        ("Answer", "Mode", "Answer", "Follow"),
        ("Thru", "Thru", "Off", "On"),
        ("Lock", "Scale lock", "On", "Off"),
        ("Memory", "Memory", "Off", "On"),
        ("Chords win", "Chords win", "On", "Off"),
        ("Bypass", "Bypass", "On", "Off"),
    ];
    for (label, param, first, second) in switches {
        for value in [first, second] {
            let did = click(&mut harness, label);
            assert_eq!(did, once(param, value), "{label}");
        }
    }
}

#[test]
fn every_list_opens_and_takes_a_choice() {
    let mut harness = opened();
    for (param, value) in [
        ("Key", "Eb"),
        ("Scale", "Dorian"),
        ("Phrase", "8 bars"),
        ("Rhythm", "Eighth triplets"),
        ("Motion", "Roots and fifths"),
        ("Channel", "As heard"),
        ("Lookahead", "60 ms"),
    ] {
        assert_eq!(click(&mut harness, param), []);
        harness.get_by_label(value).click();
        let expected = if value == "As heard" {
            Vec::new()
        } else {
            once(param, value)
        };
        assert_eq!(did(&mut harness), expected, "{param}");
    }
}

#[test]
fn knobs_and_ends_of_the_range_are_dragged_in_one_gesture() {
    for (param, way) in [
        ("Adventure", vec2(0.0, -30.0)),
        ("Density", vec2(0.0, -30.0)),
        ("Dynamics", vec2(0.0, -30.0)),
        ("Humanize", vec2(0.0, -30.0)),
        ("Swing", vec2(0.0, -30.0)),
        ("Take", vec2(0.0, -30.0)),
        ("Lowest", vec2(30.0, 0.0)),
        ("Highest", vec2(-30.0, 0.0)),
    ] {
        let mut harness = opened();
        let from = harness.get_by_label(param).rect().center();
        harness.hover_at(from);
        harness.drag_at(from);
        for step in 1..=3 {
            harness.hover_at(from + way * step as f32 / 3.0);
        }
        harness.drop_at(from + way);
        let did = did(&mut harness);
        let moves = did.len() - 2;
        assert!(moves >= 2, "{param}: {did:?}");
        assert_eq!(did[0], Did::Begin(param.to_owned()));
        assert!(
            did[1..=moves]
                .iter()
                .all(|did| matches!(did, Did::Set(name, _) if name == param))
        );
        assert_eq!(did[moves + 1], Did::End(param.to_owned()));
    }
}

#[test]
fn on_the_keyboard_of_the_range_the_nearer_end_follows_the_pointer() {
    for (from, to, param, value) in [(20.0, 36.0, "Lowest", "C2"), (100.0, 84.0, "Highest", "C6")] {
        let mut harness = opened();
        let left = harness.get_by_label("Lowest").rect().center();
        let right = harness.get_by_label("Highest").rect().center();
        let at = |key: f32| left + (right - left) * (key / 127.0);
        harness.hover_at(at(from));
        harness.drag_at(at(from));
        for step in 1..=4 {
            harness.hover_at(at(from + (to - from) * step as f32 / 4.0));
            harness.run_steps(1);
        }
        harness.drop_at(at(to));
        let did = did(&mut harness);
        let name = param.to_owned();
        assert_eq!(did.first(), Some(&Did::Begin(name.clone())));
        assert_eq!(did.last(), Some(&Did::End(name.clone())));
        let set = &did[1..did.len() - 1];
        assert!(
            set.iter()
                .all(|did| matches!(did, Did::Set(of, _) if *of == name))
        );
        assert_eq!(set.last(), Some(&Did::Set(name, value.to_owned())));
    }
}

#[test]
fn the_caption_of_the_range_names_its_ends_in_order() {
    let mut harness = opened();
    for (param, key) in [("Lowest", "C5"), ("Highest", "C3")] {
        harness.get_by_label(param).focus();
        harness.run_steps(2);
        harness.event(Event::Text(key.to_owned()));
        harness.run_steps(2);
        harness.key_press(Key::Enter);
        assert_eq!(did(&mut harness), once(param, key));
    }
    assert!(written(&harness).contains(&"Range: C3 to C5".to_owned()));
}

/// How far a drag of 60 points turns Adventure, in percent.
fn turned(modifiers: Modifiers) -> f32 {
    let mut harness = opened();
    let from = harness.get_by_label("Adventure").rect().center();
    harness.event(Event::ModifiersChanged(modifiers));
    harness.hover_at(from);
    harness.drag_at(from);
    harness.hover_at(from - vec2(0.0, 60.0));
    harness.drop_at(from - vec2(0.0, 60.0));
    did(&mut harness);
    (harness.state().params.adventure.value() - 0.5) * 100.0
}

#[test]
fn shift_makes_a_drag_finer() {
    let (coarse, fine) = (turned(Modifiers::NONE), turned(Modifiers::SHIFT));
    assert!(coarse >= 30.0, "{coarse}");
    assert!((1.0..=5.0).contains(&fine), "{fine}");
}

#[test]
fn a_double_click_resets() {
    let mut harness = opened();
    harness.get_by_label("Adventure").focus();
    harness.run_steps(2);
    harness.key_press(Key::End);
    assert_eq!(did(&mut harness), once("Adventure", "100 %"));
    for _ in 0..2 {
        let node = harness.get_by_label("Adventure");
        node.click();
    }
    assert_eq!(did(&mut harness), once("Adventure", "50 %"));
}

#[test]
fn the_wheel_turns_what_is_under_the_pointer() {
    let mut harness = opened();
    for (param, lines, value) in [
        ("Adventure", 1.0, "52 %"),
        ("Adventure", -2.0, "48 %"),
        ("Take", 1.0, "1"),
        ("Take", -1.0, "0"),
    ] {
        harness.get_by_label(param).hover();
        harness.event(wheel(lines));
        assert_eq!(did(&mut harness), once(param, value));
    }
}

/// A wheel that turns up by so many notches.
pub fn wheel(lines: f32) -> Event {
    Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, lines),
        modifiers: Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
    }
}

#[test]
fn a_drag_is_one_gesture_whatever_else_is_turned_meanwhile() {
    let mut harness = opened();
    let from = harness.get_by_label("Adventure").rect().center();
    harness.get_by_label("Adventure").focus();
    harness.run_steps(2);
    harness.hover_at(from);
    harness.drag_at(from);
    harness.hover_at(from - vec2(0.0, 20.0));
    harness.event(wheel(3.0));
    harness.run_steps(1);
    harness.key_press(Key::ArrowUp);
    harness.hover_at(from - vec2(0.0, 40.0));
    harness.drop_at(from - vec2(0.0, 40.0));
    let did = did(&mut harness);
    let begun = did.iter().filter(|did| matches!(did, Did::Begin(_)));
    let ended = did.iter().filter(|did| matches!(did, Did::End(_)));
    assert_eq!((begun.count(), ended.count()), (1, 1), "{did:?}");
    assert_eq!(did.last(), Some(&Did::End("Adventure".to_owned())));
    // Only the drag has moved it: 40 points of 180.
    let turned = harness.state().params.adventure.value() - 0.5;
    assert!((turned - 40.0 / 180.0).abs() < 0.011, "{turned}");
}

#[test]
fn only_the_first_button_turns_a_knob() {
    let mut harness = opened();
    let from = harness.get_by_label("Adventure").rect().center();
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: egui::PointerButton::Secondary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.hover_at(from);
    harness.event(button(from, true));
    harness.run_steps(1);
    harness.hover_at(from - vec2(0.0, 40.0));
    harness.run_steps(1);
    harness.event(button(from - vec2(0.0, 40.0), false));
    assert_eq!(did(&mut harness), []);
}

#[test]
fn a_double_click_on_a_value_resets_it_and_keeps_no_keys() {
    for (param, at) in [("Take", 0.5), ("Adventure", 0.97)] {
        let mut harness = opened();
        let node = harness.get_by_label(param);
        let rect = node.rect();
        node.focus();
        harness.run_steps(2);
        harness.key_press(Key::End);
        did(&mut harness);
        let at = Pos2::new(rect.center().x, rect.top() + rect.height() * at);
        for pressed in [true, false, true, false] {
            harness.hover_at(at);
            harness.event(Event::PointerButton {
                pos: at,
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: Modifiers::NONE,
            });
            harness.run_steps(1);
        }
        let reset = if param == "Take" { "0" } else { "50 %" };
        assert_eq!(did(&mut harness), once(param, reset));
        assert!(
            !harness.ctx.egui_wants_keyboard_input(),
            "{param} keeps the keys"
        );
        harness.event(Event::Text("9".to_owned()));
        harness.key_press(Key::Enter);
        assert_eq!(did(&mut harness), [], "{param} is still open");
    }
}

#[test]
fn what_is_no_value_stays_to_be_mended() {
    let mut harness = opened();
    harness.get_by_label("Take").focus();
    harness.run_steps(2);
    harness.event(Event::Text("1x".to_owned()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    assert_eq!(did(&mut harness), []);
    harness.key_press(Key::Backspace);
    harness.key_press(Key::Enter);
    assert_eq!(did(&mut harness), once("Take", "1"));
}

#[test]
fn quitting_is_the_hosts() {
    let closes = |settled: bool| {
        let ctx = egui::Context::default();
        if settled {
            leave_shortcuts_to_the_host(&ctx);
        }
        let input = egui::RawInput {
            events: vec![
                Event::ModifiersChanged(Modifiers::COMMAND),
                Event::Key {
                    key: Key::Q,
                    physical_key: None,
                    pressed: true,
                    repeat: false,
                    modifiers: Modifiers::COMMAND,
                },
            ],
            ..egui::RawInput::default()
        };
        let mut output = ctx.run_ui(input, |_| {});
        output.textures_delta.clear();
        let mut viewports = output.viewport_output.values();
        viewports.any(|viewport| viewport.commands.contains(&egui::ViewportCommand::Close))
    };
    assert!(closes(false), "egui's own doing");
    assert!(!closes(true));
}

#[test]
fn values_are_typed_and_nothing_has_to_be_closed() {
    let mut harness = opened();
    for (param, typed, value) in [
        ("Adventure", "25", "25 %"),
        ("Lowest", "c#2", "Db2"),
        ("Take", "7", "7"),
    ] {
        harness.get_by_label(param).focus();
        harness.run_steps(2);
        harness.get_by_label(param).type_text(typed);
        harness.run_steps(2);
        harness.key_press(Key::Enter);
        assert_eq!(did(&mut harness), once(param, value));
        assert!(
            !harness.ctx.egui_wants_keyboard_input(),
            "{param} keeps the keys"
        );
    }
    harness.get_by_label("Swing").focus();
    harness.run_steps(2);
    harness.get_by_label("Swing").type_text("9");
    harness.run_steps(2);
    harness.key_press(Key::Escape);
    assert_eq!(did(&mut harness), []);
    assert!(!harness.ctx.egui_wants_keyboard_input());
}

#[test]
fn a_click_on_a_value_opens_it_for_typing() {
    let mut harness = opened();
    let knob = harness.get_by_label("Density").rect();
    let value = knob.center_bottom() - vec2(0.0, 4.0);
    harness.hover_at(value);
    harness.drag_at(value);
    harness.event(Event::PointerButton {
        pos: value,
        button: egui::PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    });
    assert_eq!(did(&mut harness), []);
    harness.event(Event::Text("-30".to_owned()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    assert_eq!(did(&mut harness), once("Density", "-30 %"));
}

#[test]
fn takes_go_forth_and_back() {
    let mut harness = opened();
    assert_eq!(click(&mut harness, "Another take"), once("Take", "1"));
    assert_eq!(click(&mut harness, "Another take"), once("Take", "2"));
    assert_eq!(click(&mut harness, "Earlier take"), once("Take", "1"));
}

#[test]
fn forget_is_pressed_for_long_enough_to_be_seen() {
    let mut harness = opened();
    let pressed = click(&mut harness, "Forget");
    let down = [
        Did::Begin("Forget".into()),
        Did::Set("Forget".into(), "On".into()),
    ];
    assert_eq!(pressed, down);
    harness.run_steps(2);
    assert_eq!(harness.state().recorder.take(), []);
    harness.run_steps(30);
    let up = [
        Did::Set("Forget".into(), "Off".into()),
        Did::End("Forget".into()),
    ];
    assert_eq!(harness.state().recorder.take(), up);
}

#[test]
fn more_and_light_change_the_window_alone() {
    let mut harness = open(Stage::playing(song(Role::Bass, 640, true)));
    assert!(harness.query_by_label("Swing").is_none());
    assert_eq!(click(&mut harness, "More"), []);
    assert!(harness.query_by_label("Swing").is_some());
    assert_eq!(click(&mut harness, "Light"), []);
    assert!(harness.state().view.light);
    assert_eq!(click(&mut harness, "Less"), []);
    assert!(!harness.state().view.fold);
}

#[test]
fn every_parameter_has_a_control() {
    let harness = opened();
    let by_other_names = [("Role", "Bass"), ("Mode", "Answer"), ("Scale lock", "Lock")];
    for (_, pointer, _) in harness.state().params.param_map() {
        // SAFETY: the parameters live in the harness.
        let name = unsafe { pointer.name() };
        let other = by_other_names.iter().find(|(param, _)| *param == name);
        let label = other.map_or(name, |(_, label)| label);
        assert!(harness.query_by_label(label).is_some(), "{name}");
    }
}

#[test]
fn tab_reaches_every_control_and_comes_round() {
    let mut harness = opened();
    let mut reached = Vec::new();
    for _ in 0..60 {
        harness.key_press(Key::Tab);
        harness.run_steps(2);
        let focused = harness.ctx.memory(egui::Memory::focused);
        if reached.contains(&focused) {
            break;
        }
        reached.push(focused);
    }
    // Five roles, the song, two knobs, the take and its arrows, the phrase, three switches, key, scale, lock,
    // more, two ends of the range, three knobs, four lists, forget, four switches, presets, export and its folder,
    // the list of styles.
    assert_eq!(
        reached.len(),
        2 + 5 + 1 + 2 + 3 + 1 + 3 + 4 + 2 + 3 + 5 + 5 + 1
    );
    assert!(reached.iter().all(Option::is_some));
}

#[test]
fn the_keyboard_stays_on_a_button_whose_words_change() {
    for (before, after) in [("More", "Less"), ("Forget", "Forgotten")] {
        let mut harness = opened();
        if before == "More" {
            harness.state_mut().view.fold = false;
            harness.run_steps(2);
        }
        harness.get_by_label(before).focus();
        harness.run_steps(2);
        let focused = harness.ctx.memory(egui::Memory::focused);
        harness.key_press(Key::Enter);
        harness.run_steps(3);
        assert!(harness.query_by_label(after).is_some());
        assert!(focused.is_some());
        assert_eq!(
            harness.ctx.memory(egui::Memory::focused),
            focused,
            "{before}"
        );
    }
}

#[test]
fn the_smallest_window_reaches_the_end_of_the_longest_list_and_the_keyboard_every_control() {
    let mut stage = Stage::playing(song(Role::Bass, 640, true));
    stage.view.fold = true;
    let mut harness = open_in(stage, vec2(560.0, 360.0));
    assert_eq!(click(&mut harness, "Channel"), []);
    let first = harness.get_by_label("As heard").rect().center();
    harness.hover_at(first);
    harness.run_steps(2);
    for _ in 0..20 {
        harness.event(wheel(-3.0));
        harness.run_steps(3);
    }
    let last = harness.get_by_label("16");
    assert!(last.rect().bottom() <= 360.0, "out of sight");
    last.click();
    assert_eq!(did(&mut harness), once("Channel", "16"));
    for label in [
        "Dynamics",
        "Lookahead",
        "Memory",
        "Bypass",
        "Forget",
        "Less",
    ] {
        assert!(harness.query_by_label(label).is_some(), "{label}");
    }
    harness.get_by_label("Less").focus();
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    did(&mut harness);
    for label in [
        "Adventure",
        "Take",
        "Key",
        "Scale",
        "Lowest",
        "Highest",
        "More",
    ] {
        assert!(harness.query_by_label(label).is_some(), "{label}");
    }
}

#[test]
fn space_is_the_hosts_and_clicks_keep_no_focus() {
    let mut harness = opened();
    harness.get_by_label("Hold").focus();
    harness.run_steps(2);
    harness.key_press(Key::Space);
    harness.event(Event::Text(" ".to_owned()));
    assert_eq!(did(&mut harness), []);
    harness.key_press(Key::Enter);
    assert_eq!(did(&mut harness), once("Hold", "On"));
    let mut harness = opened();
    for label in ["Drums", "Hold", "Another take", "Bar 5"] {
        click(&mut harness, label);
        assert!(
            !harness.ctx.egui_wants_keyboard_input(),
            "{label} keeps the keys"
        );
    }
}

#[test]
fn the_list_of_presets_shows_which_one_the_controls_are_at() {
    let mut harness = opened();
    let is_at = |harness: &Harness<'static, Stage>, name: &str| {
        let node = harness.get_by_label(name);
        node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
    };
    click(&mut harness, "Presets");
    assert!(!is_at(&harness, "Comping"));
    harness.get_by_label("Comping").click();
    did(&mut harness);
    click(&mut harness, "Presets");
    assert!(is_at(&harness, "Comping"));
}

#[test]
fn a_preset_changes_what_it_speaks_of() {
    let mut harness = opened();
    assert_eq!(click(&mut harness, "Presets"), []);
    harness.get_by_label("Comping").click();
    let did = did(&mut harness);
    let set: Vec<_> = did
        .iter()
        .filter_map(|did| match did {
            Did::Set(param, value) => Some((param.as_str(), value.as_str())),
            _ => None,
        })
        .collect();
    let expected = [
        ("Role", "Chords"),
        ("Adventure", "65 %"),
        ("Density", "20 %"),
        ("Humanize", "25 %"),
        ("Swing", "30 %"),
    ];
    assert_eq!(set, expected);
    assert_eq!(did.len(), 3 * set.len(), "each in a gesture of its own");
}

#[test]
fn every_preset_gives_the_controls_that_it_promises() {
    for preset in &continuo_model::presets::ALL {
        let mut stage = Stage::playing(song(Role::Bass, 640, true));
        stage.view.fold = true;
        let expected = preset.apply(&stage.params.controls());
        let mut harness = open(stage);
        click(&mut harness, "Presets");
        harness.get_by_label(preset.name).click_accesskit();
        harness.run_steps(3);
        let mut got = harness.state().params.controls();
        // Steps of one percent.
        for (got, expected) in [
            (&mut got.adventure, expected.adventure),
            (&mut got.density, expected.density),
            (&mut got.dynamics, expected.dynamics),
            (&mut got.humanize, expected.humanize),
            (&mut got.swing, expected.swing),
        ] {
            assert!((*got - expected).abs() < 0.005, "{}: {got}", preset.name);
            *got = expected;
        }
        assert_eq!(got, expected, "{}", preset.name);
    }
}
