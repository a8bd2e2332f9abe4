//! Bars to hold and roll, notes to name, time to zoom.

use continuo_model::{
    controls::Role,
    time::{BarGrid, Meter, Tick},
};
use egui::{Event, Key, Modifiers, Pos2, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};

use super::{
    controls::{click, did, open, open_in, opened, wheel, written},
    song::song,
    stage::{Did, Stage},
};
use crate::{editor::roll::pitch_range, worker::Wish};

#[test]
fn a_click_holds_a_bar_and_the_other_button_rolls_it_again() {
    let mut harness = opened();
    let hold = Did::Wish(Wish::HoldBar(Tick(384), Tick(480)));
    assert_eq!(click(&mut harness, "Bar 5"), [hold]);
    let hint = harness.state().view.hint.clone();
    assert!(hint.is_some_and(|hint| hint.starts_with("Bar 5: click to hold it")));
    harness.state_mut().snapshot.held_bars = vec![Tick(384)];
    let release = Did::Wish(Wish::ReleaseBar(Tick(384)));
    assert_eq!(click(&mut harness, "Bar 5"), [release]);
    harness.get_by_label("Bar 6").click_secondary();
    let reroll = Did::Wish(Wish::RerollBar(Tick(480)));
    assert_eq!(did(&mut harness), [reroll]);
}

#[test]
fn what_can_be_done_with_a_bar_is_read_to_its_end_in_the_smallest_window() {
    let stage = Stage::playing(song(Role::Bass, 640, true));
    let mut harness = open_in(stage, vec2(560.0, 360.0));
    let words = "playing bass under C/G · bar 7".to_owned();
    assert!(written(&harness).contains(&words));
    harness.get_by_label("Bar 5").hover();
    harness.run_steps(3);
    let hint = "Bar 5: click to hold it, right-click for another take".to_owned();
    assert!(written(&harness).contains(&hint));
}

#[test]
fn a_bar_after_a_change_of_meter_is_asked_for_by_its_own_bounds() {
    let mut stage = Stage::playing(song(Role::Bass, 640, true));
    let grid = |numerator, downbeat| BarGrid {
        downbeat: Tick(downbeat),
        number: 0,
        meter: Meter::new(numerator, 4).expect("a meter"),
    };
    stage.snapshot.bars.meet(Tick(0), grid(4, 0));
    stage.snapshot.bars.meet(Tick(576), grid(3, 576));
    let mut harness = open(stage);
    for (label, start, end) in [("Bar 6", 480, 576), ("Bar 8", 648, 720)] {
        let hold = Did::Wish(Wish::HoldBar(Tick(start), Tick(end)));
        assert_eq!(click(&mut harness, label), [hold]);
    }
}

#[test]
fn where_nothing_was_played_a_click_holds_nothing() {
    let mut harness = open(Stage::playing(song(Role::Bass, 640, false)));
    assert_eq!(click(&mut harness, "Bar 9"), []);
    let hint = harness.state().view.hint.clone();
    assert_eq!(hint.as_deref(), Some("Bar 9: right-click for another take"));
    // The first card lies over the bars.
    let mut harness = open(Stage::new());
    harness.get_by_label_contains("Wire it up").click();
    assert_eq!(did(&mut harness), []);
    assert_eq!(harness.state().view.hint, None);
}

#[test]
fn what_is_scrolled_off_is_not_under_the_keyboard() {
    let mut harness = opened();
    let song = harness.get_by_label("Song").rect();
    let at = Pos2::new(song.left() + 40.0, song.center().y);
    for button in [egui::PointerButton::Primary, egui::PointerButton::Secondary] {
        harness.hover_at(at);
        for pressed in [true, false] {
            harness.event(Event::PointerButton {
                pos: at,
                button,
                pressed,
                modifiers: Modifiers::NONE,
            });
            harness.run_steps(1);
        }
        assert_eq!(did(&mut harness), []);
        assert_eq!(harness.state().view.hint, None);
    }
}

#[test]
fn another_meter_does_not_make_the_notes_jump() {
    let mut stage = Stage::playing(song(Role::Bass, 560, true));
    let grid = |numerator, downbeat| BarGrid {
        downbeat: Tick(downbeat),
        number: 0,
        meter: Meter::new(numerator, 4).expect("a meter"),
    };
    stage.snapshot.bars.meet(Tick(0), grid(4, 0));
    stage.snapshot.bars.meet(Tick(576), grid(3, 576));
    let mut harness = open(stage);
    let width = |harness: &Harness<'static, Stage>| harness.get_by_label("Bar 5").rect().width();
    let before = width(&harness);
    let mut last = before;
    for _ in 0..60 {
        harness.state_mut().moment.at += 0.8;
        harness.run_steps(1);
        let now = width(&harness);
        assert!(now >= last - 0.5 && now < last * 1.05, "{last} to {now}");
        last = now;
    }
    assert!((last / before - 4.0 / 3.0).abs() < 0.02, "{before} {last}");
}

#[test]
fn the_keys_hold_and_roll_bars_too() {
    let mut harness = opened();
    harness.get_by_label("Song").focus();
    harness.run_steps(2);
    // The playhead is in bar 7.
    harness.key_press(Key::ArrowLeft);
    harness.key_press(Key::Enter);
    let hold = Did::Wish(Wish::HoldBar(Tick(480), Tick(576)));
    assert_eq!(did(&mut harness), [hold]);
    let hint = harness.state().view.hint.clone();
    let expected = "Bar 6: Enter to hold it, R for another take";
    assert_eq!(hint.as_deref(), Some(expected));
    harness.key_press(Key::ArrowRight);
    harness.key_press(Key::R);
    let reroll = Did::Wish(Wish::RerollBar(Tick(576)));
    assert_eq!(did(&mut harness), [reroll]);
    // Ctrl+R is the host's.
    harness.key_press_modifiers(Modifiers::CTRL, Key::R);
    assert_eq!(did(&mut harness), []);
    // What is out of sight cannot be chosen.
    for _ in 0..12 {
        harness.key_press(Key::ArrowRight);
        harness.run_steps(1);
    }
    let chosen = harness.state().view.bar.expect("a bar");
    assert!(
        harness
            .query_by_label(&format!("Bar {}", chosen.0 / 96 + 1))
            .is_some()
    );
    assert!(chosen > Tick(576));
    harness.key_press(Key::ArrowUp);
    did(&mut harness);
    assert!(harness.state().view.bars < 8.0, "up zooms in");
}

#[test]
fn the_wheel_zooms_the_roll() {
    let mut harness = opened();
    harness.hover_at(Pos2::new(500.0, 200.0));
    harness.event(wheel(-2.0));
    did(&mut harness);
    assert!(harness.state().view.bars > 8.0);
}

/// Where the notes are, from below the chords to the dock.
fn notes_of(harness: &Harness<'static, Stage>) -> egui::Rect {
    let song = harness.get_by_label("Song").rect();
    song.with_min_y(song.top() + 46.0)
}

#[test]
fn notes_are_named_under_the_pointer() {
    let mut harness = opened();
    harness.run_steps(30);
    let bar = harness.get_by_label("Bar 5").rect();
    let notes = notes_of(&harness);
    let snapshot = &harness.state().snapshot;
    let heard = snapshot.heard.iter().map(|heard| heard.note.pitch);
    let own = snapshot.own.iter().map(|own| own.note.pitch);
    let (low, high) = pitch_range(heard.chain(own));
    let row = notes.height() / f32::from(high - low + 1);
    // The bass plays the low A at the beginning of bar 5.
    let a = notes.top() + (f32::from(high - 33) + 0.5) * row;
    for (y, named) in [(a, true), (a - 2.0 * row, false), (a + 2.0 * row, false)] {
        harness.hover_at(Pos2::new(bar.left() + 5.0, y));
        harness.run_steps(60);
        let words = "A1 · played · bar 5, beat 1 · velocity 96";
        let found = harness.query_by_label_contains(words).is_some();
        assert_eq!(found, named, "at {y}");
    }
}

#[test]
fn drums_are_named_under_the_pointer() {
    let mut harness = open(Stage::playing(song(Role::Drums, 640, true)));
    harness.run_steps(30);
    let bar = harness.get_by_label("Bar 5").rect();
    let notes = notes_of(&harness);
    let lanes = notes.with_min_y(notes.top() + notes.height() * 0.42);
    let lane = lanes.height() / 7.0;
    let beat = bar.width() / 4.0;
    for (lane_number, beats, words) in [
        (5.5, 1.0, "Snare · played · bar 5, beat 2 · velocity 108"),
        (6.5, 0.0, "Kick · played · bar 5, beat 1 · velocity 112"),
        (3.5, 3.0, "Hat · played · bar 5, beat 4 · velocity 100"),
    ] {
        let place = vec2(beats * beat + 4.0, lane_number * lane);
        harness.hover_at(Pos2::new(bar.left(), lanes.top()) + place);
        harness.run_steps(60);
        assert!(harness.query_by_label_contains(words).is_some(), "{words}");
    }
}
