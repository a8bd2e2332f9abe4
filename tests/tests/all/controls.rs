//! The pictures of the controls: every parameter has one, and its settings sound different.

use continuo_tests::{
    controls::{
        panel::Panel,
        sheet,
        table::{CONTROLS, Control},
    },
    host::Format,
};

use crate::support::{plugin, share_machine};

#[test]
fn every_parameter_has_one_picture_in_the_order_of_the_host() {
    let instance = plugin(Format::Clap, &[]);
    let params = instance.params().iter().map(|param| param.name.as_str());
    let pictures = CONTROLS.iter().map(|control| control.name);
    assert_eq!(pictures.collect::<Vec<_>>(), params.collect::<Vec<_>>());
}

#[test]
fn every_picture_varies_its_own_control_and_the_page_shows_it() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures/controls");
    let page = std::fs::read_to_string(folder.join("README.md")).expect("the page");
    for control in &CONTROLS {
        let name = control.name;
        let sets = |(parameter, _): &(&str, &str)| *parameter == name;
        let varied = control.settings.iter().any(|setting| {
            let steps = setting.steps.iter();
            setting.with.iter().any(sets)
                || steps.filter_map(|step| step.sets()).any(|set| set == name)
        });
        assert!(varied, "{name}");
        let file = control.file_name();
        assert!(folder.join(&file).exists(), "{file} is not committed");
        assert!(
            page.contains(&format!("({file})")),
            "{file} is not on the page"
        );
        assert!(
            page.contains(&format!("## {name}\n")),
            "{name} is not on the page"
        );
    }
}

#[test]
fn what_a_control_changes_is_heard_and_nothing_else_changes() {
    let _machine = share_machine();
    for control in &CONTROLS {
        let panels: Vec<Panel> = control
            .settings
            .iter()
            .map(|setting| {
                let mut instance = plugin(Format::Clap, &[]);
                let panel = Panel::play(instance.as_mut(), control, setting);
                panel.unwrap_or_else(|error| panic!("{}: {error:#}", control.name))
            })
            .collect();
        compare(control, &panels);
        sheet::draw(control, &panels).expect("a picture");
    }
}

/// Every pair of settings sounds different, but for those that are meant to be alike.
fn compare(control: &Control, panels: &[Panel]) {
    let name = control.name;
    for (index, panel) in panels.iter().enumerate() {
        assert!(!panel.notes.is_empty(), "{name} {}: silence", panel.label);
        assert_eq!(panel.violations, [""; 0], "{name} {}", panel.label);
        for earlier in 0..index {
            let are_alike = panel.rounded() == panels[earlier].rounded();
            let should_be = control.alike.contains(&(earlier, index));
            assert_eq!(are_alike, should_be, "{name}: panels {earlier} and {index}");
        }
    }
}
