//! Every control and action, found by its label.

use std::rc::Rc;

use continuo_model::{controls::Role, time::Tick};
use egui::{Event, Key, Modifiers, MouseWheelUnit, Pos2, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};
use nice_plug::{params::Params as _, prelude::Param as _};

use super::{
    song::song,
    stage::{Did, Recorder, Stage},
};
use crate::{
    editor::{Gestures as _, View, forget, gestures::Balanced},
    params::ContinuoParams,
};
use crate::{
    styles::{Entry, List},
    worker::Worn,
};

pub fn open(stage: Stage) -> Harness<'static, Stage> {
    let mut harness = Harness::builder()
        .with_size(vec2(960.0, 620.0))
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
    for role in ["Bass", "Chords", "Counter", "Drums", "Continue"] {
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
        ("Key", "D#"),
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
    for (param, value) in [("Adventure", "52 %"), ("Take", "1")] {
        harness.get_by_label(param).hover();
        harness.event(Event::MouseWheel {
            unit: MouseWheelUnit::Line,
            delta: vec2(0.0, 1.0),
            modifiers: Modifiers::NONE,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
        });
        let did = did(&mut harness);
        assert!(
            matches!(&did[..], [Did::Begin(_), Did::Set(name, now), Did::End(_)] if name == param && now != "50 %"),
            "{value} {did:?}"
        );
    }
}

#[test]
fn values_are_typed_and_nothing_has_to_be_closed() {
    let mut harness = opened();
    for (param, typed, value) in [
        ("Adventure", "25", "25 %"),
        ("Lowest", "c#2", "C#2"),
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
fn a_click_holds_a_bar_and_the_other_button_rolls_it_again() {
    let mut harness = opened();
    assert_eq!(click(&mut harness, "Bar 5"), [Did::Hold(Tick(384), true)]);
    let hint = harness.state().view.hint.clone();
    assert!(hint.is_some_and(|hint| hint.starts_with("Bar 5: click to hold it")));
    harness.state_mut().snapshot.held_bars = vec![Tick(384)];
    assert_eq!(click(&mut harness, "Bar 5"), [Did::Hold(Tick(384), false)]);
    harness.get_by_label("Bar 6").click_secondary();
    assert_eq!(did(&mut harness), [Did::Reroll(Tick(480))]);
}

#[test]
fn the_keys_hold_and_roll_bars_too() {
    let mut harness = opened();
    harness.get_by_label("Song").focus();
    harness.run_steps(2);
    // The playhead is in bar 7.
    harness.key_press(Key::ArrowLeft);
    harness.key_press(Key::Enter);
    assert_eq!(did(&mut harness), [Did::Hold(Tick(480), true)]);
    harness.key_press(Key::ArrowRight);
    harness.key_press(Key::R);
    assert_eq!(did(&mut harness), [Did::Reroll(Tick(576))]);
    harness.key_press(Key::ArrowUp);
    did(&mut harness);
    assert!(harness.state().view.bars < 8.0, "up zooms in");
}

#[test]
fn the_wheel_zooms_the_roll() {
    let mut harness = opened();
    harness.hover_at(Pos2::new(500.0, 200.0));
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, -2.0),
        modifiers: Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
    });
    did(&mut harness);
    assert!(harness.state().view.bars > 8.0);
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
fn notes_are_named_under_the_pointer() {
    let mut harness = opened();
    let bar = harness.get_by_label("Bar 5").rect();
    // The bass plays the low A at the beginning of bar 5, in the lower part of the roll.
    let mut named = false;
    for step in 0..120 {
        harness.hover_at(Pos2::new(
            bar.left() + 5.0,
            bar.bottom() - 2.0 * step as f32,
        ));
        harness.run_steps(45);
        named |= harness
            .query_by_label_contains("A1 · played · bar 5, beat 1")
            .is_some();
        if named {
            break;
        }
    }
    assert!(named);
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

#[test]
fn what_is_open_when_the_window_closes_is_ended() {
    let params = ContinuoParams::default();
    let recorder = Rc::new(Recorder::default());
    let gestures = Balanced::new(Rc::clone(&recorder));
    let (adventure, density) = (params.adventure.as_ptr(), params.density.as_ptr());
    gestures.begin(adventure);
    gestures.end(adventure);
    gestures.begin(density);
    gestures.set(density, 0.75);
    recorder.take();
    gestures.end_all();
    assert_eq!(recorder.take(), [Did::End("Density".to_owned())]);
    // What has been ended is not ended again.
    gestures.end(density);
    gestures.end_all();
    assert_eq!(recorder.take(), []);
    // Forget is let go of: the next instance must not find it pressed.
    gestures.begin(params.forget.as_ptr());
    gestures.set(params.forget.as_ptr(), 1.0);
    recorder.take();
    let mut view = View {
        forgetting: Some(0.0),
        ..View::default()
    };
    forget::let_go(&params, &gestures, &mut view);
    gestures.end_all();
    let off = Did::Set("Forget".to_owned(), "Off".to_owned());
    assert_eq!(recorder.take(), [off, Did::End("Forget".to_owned())]);
}

/// A folder with a style, and with one that cannot be used.
pub fn styles() -> List {
    let style = continuo_model::style::Style {
        pieces: 31,
        roles: [("Bass".to_owned(), (1.5, 1.25))].into(),
        ..Default::default()
    };
    let entry = |name: &str, style| Entry {
        name: name.to_owned(),
        file: format!("{name}.style"),
        style,
    };
    List {
        folder: Some("/home/me/styles".into()),
        entries: vec![
            entry("broken", Err("it is damaged".to_owned())),
            entry("mine", Ok(style)),
        ],
        trouble: None,
    }
}

#[test]
fn the_list_of_styles_is_looked_for_when_it_opens_and_takes_a_choice() {
    let mut harness = opened();
    assert_eq!(click(&mut harness, "Style"), [Did::Look]);
    assert!(harness.query_by_label("looking for styles").is_some());
    harness.state_mut().recorder.styles = Some(std::sync::Arc::new(styles()));
    harness.run_steps(2);
    assert!(harness.query_by_label("it is damaged").is_some());
    harness.get_by_label("broken").click();
    assert_eq!(did(&mut harness), [], "a damaged one is no choice");
    if harness.query_by_label("mine").is_none() {
        click(&mut harness, "Style");
    }
    let chosen = click(&mut harness, "mine");
    assert_eq!(chosen, [Did::Choose(Some("mine".to_owned()))]);
    click(&mut harness, "Style");
    let chosen = click(&mut harness, "Continuo (as shipped)");
    assert_eq!(chosen, [Did::Choose(None)]);
    click(&mut harness, "Style");
    assert_eq!(click(&mut harness, "Look again"), [Did::Look]);
}

#[test]
fn the_folder_of_the_styles_is_shown_and_its_path_copied() {
    let mut harness = opened();
    harness.state_mut().recorder.styles = Some(std::sync::Arc::new(styles()));
    click(&mut harness, "Style");
    assert!(harness.query_by_label("from /home/me/styles").is_some());
    harness.get_by_label("Copy the folder's path").click();
    let mut copied = false;
    for _ in 0..4 {
        harness.step();
        copied |= harness.output().platform_output.commands.iter().any(
            |command| matches!(command, egui::OutputCommand::CopyText(text) if text == "/home/me/styles"),
        );
    }
    assert!(copied);
}

#[test]
fn an_empty_folder_says_how_a_style_is_made() {
    let mut harness = opened();
    let empty = List {
        entries: Vec::new(),
        ..styles()
    };
    harness.state_mut().recorder.styles = Some(std::sync::Arc::new(empty));
    click(&mut harness, "Style");
    assert!(harness.query_by_label_contains("continuo adapt").is_some());
}

#[test]
fn a_style_that_is_missing_is_told_in_the_line_with_what_to_do() {
    let mut harness = opened();
    let chosen = r#"{"name":"mine","file":"mine.style"}"#;
    let trouble = "the style mine is not here: put mine.style into /home/me/styles";
    harness.state_mut().recorder.worn = Worn {
        chosen: serde_json::from_str(chosen).expect("a choice"),
        trouble: Some(trouble.to_owned()),
        refused: true,
    };
    harness.run_steps(2);
    assert!(harness.query_by_label(trouble).is_some());
    let value = harness.get_by_label("Style").value();
    assert_eq!(value.as_deref(), Some("Continuo 2.3M · mine?"));
    harness.state_mut().recorder.worn.trouble = None;
    harness.state_mut().recorder.worn.refused = false;
    harness.run_steps(2);
    let value = harness.get_by_label("Style").value();
    assert_eq!(value.as_deref(), Some("Continuo 2.3M · mine"));
}
