//! What the line at the bottom says.

use continuo_model::{
    controls::{Controls, Mode, Role},
    time::{BarGrid, Meter, Tick},
};

use super::{song::song, stage::Stage};
use crate::{
    editor::moment::{Tone, sentence},
    playhead::Transport,
};

/// What is said about a role that plays the song, when `change` has changed it.
fn said(role: Role, change: impl FnOnce(&mut Stage, &mut Controls)) -> (Tone, String) {
    let mut stage = Stage::playing(song(role, 640, true));
    let mut controls = Controls {
        role,
        ..Controls::default()
    };
    change(&mut stage, &mut controls);
    sentence(
        &stage.moment,
        &stage.snapshot,
        &controls,
        stage.recorder.worn.trouble.as_deref(),
    )
}

#[test]
fn it_says_what_it_plays_to_which_chord() {
    let play = |role| said(role, |_, _| {}).1;
    assert_eq!(
        play(Role::Continue),
        "carrying the melody on over C/G · bar 7"
    );
    assert_eq!(play(Role::Bass), "playing bass under C/G · bar 7");
    assert_eq!(play(Role::Chords), "playing chords on C/G · bar 7");
    assert_eq!(
        play(Role::Counter),
        "playing a second voice over C/G · bar 7"
    );
    assert_eq!(play(Role::Drums), "playing drums · bar 7");
    let (_, held) = said(Role::Drums, |_, controls| controls.hold = true);
    assert_eq!(held, "repeating the held phrase · bar 7");
}

#[test]
fn while_it_listens_it_says_when_it_will_answer() {
    let silent = said(Role::Bass, |stage, _| stage.snapshot.own.clear());
    assert_eq!(silent, (Tone::Listening, "listening · bar 7".to_owned()));
    let (_, answering) = said(Role::Bass, |stage, controls| {
        stage.snapshot.own.clear();
        stage.moment.at = 960.0;
        controls.mode = Mode::Answer;
        stage.snapshot.answer = Some(Tick(1152));
    });
    assert_eq!(answering, "listening · bar 11 · answers in bar 13");
    // After a change of meter the answer begins in the bar that the ruler shows there.
    let (_, after) = said(Role::Bass, |stage, _| {
        stage.snapshot.own.clear();
        stage.moment.at = 600.0;
        let grid = |numerator, downbeat| BarGrid {
            downbeat: Tick(downbeat),
            number: 0,
            meter: Meter::new(numerator, 4).expect("a meter"),
        };
        stage.snapshot.bars.meet(Tick(0), grid(4, 0));
        stage.snapshot.bars.meet(Tick(384), grid(3, 384));
        stage.snapshot.answer = Some(Tick(384 + 7 * 72));
    });
    assert_eq!(after, "listening · bar 8 · answers in bar 12");
}

#[test]
fn the_notes_of_a_role_that_has_just_been_left_are_not_those_of_the_new_one() {
    let (tone, words) = said(Role::Drums, |stage, _| stage.snapshot.role = Role::Bass);
    assert_eq!(
        (tone, words.as_str()),
        (Tone::Listening, "listening · bar 7")
    );
}

#[test]
fn without_a_transport_it_says_what_to_do() {
    let stopped = |stage: &mut Stage| stage.moment.transport = Transport::Stopped;
    let (_, first) = said(Role::Bass, |stage, _| {
        stopped(stage);
        stage.moment.rungs = crate::editor::Rungs::default();
    });
    assert_eq!(first, "no transport: press play in the host");
    let (_, later) = said(Role::Bass, |stage, _| stopped(stage));
    assert_eq!(later, "stopped · bar 7");
    let (_, asleep) = said(Role::Bass, |stage, _| {
        stage.moment.transport = Transport::Unseen;
    });
    assert_eq!(asleep, "asleep: the host has not started its audio yet");
    let (_, bypassed) = said(Role::Bass, |stage, _| stage.moment.bypass = true);
    assert_eq!(bypassed, "bypassed: switch Bypass off to hear it");
}

#[test]
fn what_is_wrong_comes_first() {
    let (tone, words) = said(Role::Bass, |stage, _| {
        stage.moment.bypass = true;
        stage.snapshot.trouble = Some("damaged weights".to_owned());
    });
    assert_eq!(tone, Tone::Wrong);
    assert!(words.contains("damaged weights") && words.contains("Install"));
}

#[test]
fn a_rest_of_less_than_a_beat_is_part_of_the_playing() {
    let at = |ticks: i64| {
        said(Role::Bass, |stage, _| {
            stage.snapshot.own.retain(|own| own.note.onset < Tick(600));
            stage.moment.at = ticks as f64;
        })
        .0
    };
    let end = 576 + 30;
    assert_eq!(
        (at(end + 20), at(end + 30)),
        (Tone::Playing, Tone::Listening)
    );
}
