//! Files that leave the window: exported, dragged out, into which folder.

use continuo_model::controls::Role;
use egui::{Key, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};
use nice_plug::prelude::Param as _;

use super::{
    controls::{click, did, open, opened},
    song::song,
    stage::{Did, Stage},
};
use crate::editor::{Dialog, Export};

const HANDLE: &str = "Drag the phrase out";

/// A window in which a bass is held.
fn held() -> Harness<'static, Stage> {
    let stage = Stage::playing(song(Role::Bass, 640, true));
    // SAFETY: the stage keeps its parameters.
    unsafe {
        stage
            .params
            .hold
            .as_ptr()
            ._internal_set_normalized_value(1.0);
    }
    open(stage)
}

#[test]
fn what_is_wrong_stays_in_sight_beside_an_export() {
    let mut harness = opened();
    let path = "/home/me/Music/Continuo bass 1.mid";
    harness.state_mut().snapshot.trouble = Some("damaged weights".to_owned());
    harness.state_mut().recorder.export = Export::Written(path.into());
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("damaged weights").is_some());
    assert!(harness.query_by_label("Copy path").is_some());
}

fn fate(harness: &mut Harness<'static, Stage>, fate: Export) {
    harness.state_mut().recorder.export = fate;
    harness.run_steps(3);
}

#[test]
fn an_export_is_asked_for_and_its_path_copied() {
    let mut harness = opened();
    assert_eq!(click(&mut harness, "Export .mid"), [Did::Export]);
    let path = "/home/me/Music/Continuo bass 1.mid";
    harness.state_mut().recorder.export = Export::Written(path.into());
    harness.run_steps(2);
    assert!(harness.query_by_label_contains(path).is_some());
    harness.get_by_label("Copy path").click();
    let mut copied = false;
    for _ in 0..4 {
        harness.step();
        copied |=
            harness.output().platform_output.commands.iter().any(
                |command| matches!(command, egui::OutputCommand::CopyText(text) if text == path),
            );
    }
    assert!(copied);
    assert_eq!(harness.state().recorder.take(), [Did::Dismiss]);
    harness.state_mut().recorder.export = Export::Failed("nothing has been played yet".into());
    harness.run_steps(2);
    assert!(harness.query_by_label("Copy path").is_none());
    assert_eq!(click(&mut harness, "Close"), [Did::Dismiss]);
}

#[test]
fn what_is_held_has_a_handle_to_drag_it_out() {
    let harness = opened();
    assert!(harness.query_by_label(HANDLE).is_none(), "nothing is held");
    let mut harness = held();
    let from = harness.get_by_label(HANDLE).rect().center();
    harness.hover_at(from);
    harness.drag_at(from);
    for step in 1..=4 {
        harness.hover_at(from + vec2(0.0, -10.0) * step as f32);
        harness.step();
    }
    assert_eq!(
        did(&mut harness),
        [Did::Drag],
        "once, while the button is down"
    );
    harness.drop_at(from + vec2(0.0, -40.0));
    assert_eq!(did(&mut harness), []);
    assert_eq!(click(&mut harness, HANDLE), [Did::Export]);
    // Hold keeps its own button.
    assert_eq!(click(&mut harness, "Hold").len(), 3);
}

#[test]
fn a_drag_says_where_the_file_is_in_the_end() {
    let mut harness = held();
    fate(&mut harness, Export::Dragging);
    assert!(
        harness
            .query_by_label_contains("Escape puts it back")
            .is_some()
    );
    assert!(harness.query_by_label("Copy path").is_none());
    let path = "/m/Continuo Bass 1.mid";
    for (end, words) in [
        (Export::Refused(path.into()), "nothing there takes a file"),
        (
            Export::Undraggable(path.into()),
            "no file can be dragged out",
        ),
    ] {
        fate(&mut harness, end);
        let line = harness.get_by_label_contains(words);
        assert!(format!("{line:?}").contains(path), "{line:?}");
        assert_eq!(click(&mut harness, "Copy path"), [Did::Dismiss]);
    }
}

#[test]
fn a_folder_is_typed_chosen_or_given_up() {
    let mut harness = opened();
    let open = |harness: &mut Harness<'static, Stage>| {
        assert_eq!(click(harness, "Export folder"), []);
        assert!(harness.query_by_label("Folder for MIDI files").is_some());
    };
    open(&mut harness);
    let field = harness.get_by_label("Folder");
    assert_eq!(field.value().as_deref(), Some("/home/me/Music"));
    field.click();
    harness.run_steps(2);
    harness.key_press(Key::End);
    harness.get_by_label("Folder").type_text("/my loops");
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    let chosen = Did::Folder("/home/me/Music/my loops".to_owned());
    assert_eq!(did(&mut harness), [chosen], "a path may have spaces");
    assert!(harness.query_by_label("Folder for MIDI files").is_none());
    open(&mut harness);
    let chosen = Did::Folder("/home/me/Music".to_owned());
    assert_eq!(click(&mut harness, "Use"), [chosen]);
    open(&mut harness);
    assert_eq!(
        click(&mut harness, "Music folder"),
        [Did::Folder(String::new())]
    );
    open(&mut harness);
    assert_eq!(click(&mut harness, "Browse…"), [Did::Browse]);
    assert!(harness.query_by_label("Folder for MIDI files").is_some());
    harness.state().recorder.dialog.set(Dialog::Chosen);
    harness.run_steps(2);
    assert!(harness.query_by_label("Folder for MIDI files").is_none());
    open(&mut harness);
    assert_eq!(click(&mut harness, "Cancel"), []);
    assert!(harness.query_by_label("Folder for MIDI files").is_none());
}

#[test]
fn a_folder_that_is_gone_is_asked_for() {
    let mut harness = opened();
    let why = "there is no folder /media/stick/loops";
    fate(&mut harness, Export::NoFolder(why.to_owned()));
    let words = "There is no folder /media/stick/loops. Choose another folder";
    assert!(harness.query_by_label_contains(words).is_some());
    assert_eq!(
        click(&mut harness, "Music folder"),
        [Did::Folder(String::new())]
    );
    // Until something is done about it, it asks.
    harness.run_steps(2);
    assert_eq!(click(&mut harness, "Cancel"), [Did::Dismiss]);
}
