//! The list of styles.

use egui_kittest::kittest::Queryable as _;

use super::{
    controls::{click, did, opened},
    stage::Did,
};
use crate::{
    styles::{Entry, List},
    worker::Worn,
};

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
