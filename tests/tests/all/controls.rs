//! The pictures of the controls: every parameter has one, and its settings sound different.

use continuo_tests::{
    controls::{
        panel::{Panel, Part, Seen},
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
        let panels = played(control);
        compare(control, &panels);
        sheet::draw(control, &panels).expect("a picture");
    }
}

/// Every setting of `control` in a new instance.
fn played(control: &Control) -> Vec<Panel> {
    let settings = control.settings.iter();
    let panels = settings.map(|setting| {
        let mut instance = plugin(Format::Clap, &[]);
        let panel = Panel::play(instance.as_mut(), control, setting);
        panel.unwrap_or_else(|error| panic!("{}: {error:#}", control.name))
    });
    panels.collect()
}

/// Every pair of settings sounds different, but for those that are meant to be alike.
fn compare(control: &Control, panels: &[Panel]) {
    let name = control.name;
    for (index, panel) in panels.iter().enumerate() {
        assert!(!panel.notes.is_empty(), "{name} {}: silence", panel.label);
        assert_eq!(panel.violations, [""; 0], "{name} {}", panel.label);
        for (earlier, other) in panels.iter().enumerate().take(index) {
            let are_alike = panel.rounded() == other.rounded();
            let should_be = control.alike.contains(&(earlier, index));
            assert_eq!(are_alike, should_be, "{name}: panels {earlier} and {index}");
        }
    }
}

/// The notes of one part at each setting of the control `name`.
fn parts(name: &str, part: Part) -> Vec<Vec<Seen>> {
    let control = CONTROLS.iter().find(|control| control.name == name);
    let panels = played(control.expect("a control"));
    let notes = panels.iter().map(|panel| {
        let notes = panel.notes.iter().filter(|note| note.part == part);
        notes.copied().collect()
    });
    notes.collect()
}

#[test]
fn the_pictures_show_what_the_page_says() {
    let _machine = share_machine();
    let density = parts("Density", Part::Generated);
    assert!(density.is_sorted_by_key(Vec::len), "{density:?}");
    let loudness =
        |notes: &Vec<Seen>| -> u32 { notes.iter().map(|note| u32::from(note.velocity)).sum() };
    let dynamics = parts("Dynamics", Part::Generated);
    assert!(dynamics.is_sorted_by(|soft, loud| loudness(soft) < loudness(loud)));
    for (notes, lowest) in parts("Lowest", Part::Generated).iter().zip([0, 36, 43]) {
        assert!(notes.iter().all(|note| note.pitch >= lowest), "{lowest}");
    }
    for (notes, highest) in parts("Highest", Part::Generated).iter().zip([127, 64, 57]) {
        assert!(notes.iter().all(|note| note.pitch <= highest), "{highest}");
    }
    for (name, without) in [("Bypass", Part::Generated), ("Thru", Part::Heard)] {
        let counts: Vec<usize> = parts(name, without).iter().map(Vec::len).collect();
        assert!(counts[0] > 0 && counts[1] == 0, "{name}: {counts:?}");
    }
    let off_beats = |notes: &Vec<Seen>| -> Vec<f64> {
        let starts = notes.iter().map(|note| note.start.fract());
        starts
            .filter(|place| (0.01..0.99).contains(place))
            .collect()
    };
    for (notes, place) in parts("Swing", Part::Generated)
        .iter()
        .zip([0.5, 2.0 / 3.0, 0.75])
    {
        let at = off_beats(notes).into_iter();
        let eighths = at.filter(|at| (at - place).abs() < 0.01).count();
        assert!(eighths >= 4, "{place}: {notes:?}");
    }
}
