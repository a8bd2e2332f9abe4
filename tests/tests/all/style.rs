//! A style in a project: it plays what `continuo generate --style` plays, is changed in mid-play, is missing.
//!
//! The plugin looks for styles in the user's folder, which the guarded build lets a test replace by a variable. So
//! each test plays in a process of its own.

use std::{env, fs, path::PathBuf};

use burn::{
    module::{Module as _, ModuleMapper, Param},
    tensor::{Device, Tensor, TensorData},
};
use continuo_model::{
    controls::{Controls, Role},
    generate::Generator,
    style::Style,
    weights::Weights,
};
use continuo_tests::{
    check::{self, Voice},
    clip::ClipNote,
    host::{Format, Instance},
    player::{Player, Session},
    transport::Song,
};

use crate::{
    offline,
    songs::{chords, melody, meter},
    support::{child, plugin, share_machine},
};

/// Where the child finds the folder of styles.
const FOLDER: &str = "CONTINUO_TEST_STYLES";

/// Every number of the network a little more or less, always in the same way: it plays on, but other notes.
struct Detune(u32);

impl ModuleMapper for Detune {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let count = param.val().shape().num_elements();
        param.map(|tensor| {
            let factors: Vec<f32> = (0..count)
                .map(|_| {
                    self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    0.75 + 0.5 * (self.0 >> 8) as f32 / (1 << 24) as f32
                })
                .collect();
            let factors = TensorData::new(factors, tensor.shape());
            tensor.clone() * Tensor::from_data(factors, &tensor.device())
        })
    }
}

/// The weights that ship, detuned, as a style.
fn style() -> Vec<u8> {
    let shipped = Weights::shipped(&Device::flex()).expect("the shipped weights");
    let style = Style {
        name: "mine".to_owned(),
        ..Style::default()
    };
    Weights {
        network: shipped.network.map(&mut Detune(1)),
        style: Some(style),
        ..shipped
    }
    .to_bytes()
    .expect("bytes")
}

/// Runs the ignored test `name` of this file in a process that finds `files` in its folder of styles.
fn child_with(name: &str, files: &[(&str, &[u8])]) {
    let folder = env::temp_dir().join(format!("continuo-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    for (file, bytes) in files {
        fs::write(folder.join(file), bytes).expect("a file");
    }
    let path = folder.to_str().expect("a path of letters");
    child(&format!("style::{name}"), &[(FOLDER, path)]);
    let _ = fs::remove_dir_all(&folder);
}

fn folder() -> PathBuf {
    PathBuf::from(env::var_os(FOLDER).expect("run as a child of the test before"))
}

/// A saved state as JSON. CLAP has its length before it, VST3 has not.
fn json_of(state: &[u8]) -> serde_json::Value {
    let text = if state.starts_with(b"{") {
        state
    } else {
        &state[8..]
    };
    serde_json::from_slice(text).expect("JSON")
}

/// The same framed as `state` was.
fn framed_as(state: &[u8], json: &serde_json::Value) -> Vec<u8> {
    let text = json.to_string();
    if state.starts_with(b"{") {
        return text.into_bytes();
    }
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// A saved state with another choice in it.
fn with_choice(state: &[u8], choice: &str) -> Vec<u8> {
    let mut json = json_of(state);
    json["fields"]["style"] = choice.into();
    framed_as(state, &json)
}

/// The choice in a saved state.
fn choice(state: &[u8]) -> serde_json::Value {
    let json = json_of(state);
    let choice = json["fields"]["style"].as_str().expect("a choice");
    serde_json::from_str(choice).expect("JSON")
}

const MINE: &str = r#"{"version":1,"name":"mine","file":"mine.style"}"#;

/// Loads the choice into an instance that keeps all else.
fn choose(instance: &mut dyn Instance, choice: &str) {
    let state = instance.save_state().expect("a state");
    let state = with_choice(&state, choice);
    instance.load_state(&state).expect("a load");
}

fn notes(voices: &[Voice]) -> Vec<(i64, u8)> {
    voices
        .iter()
        .map(|voice| ((voice.on.song_beats * 24.0).round() as i64, voice.on.pitch))
        .collect()
}

/// Plays `bars` bars; `drive` does what it likes.
fn play(
    instance: &mut dyn Instance,
    clip: &[ClipNote],
    session: Session,
    drive: impl FnOnce(&mut Player) -> anyhow::Result<()>,
) -> Vec<(i64, u8)> {
    let song = Song::new(48_000.0, 120.0, meter(4, 4));
    let run = || {
        let mut player = Player::new(&mut *instance, song, clip, session)?;
        drive(&mut player)?;
        player.finish()
    };
    let performance = run().unwrap_or_else(|error: anyhow::Error| panic!("{error:#}"));
    notes(&check::assert_lawful(&performance, "a style"))
}

#[test]
fn a_file_in_a_style_has_the_notes_of_the_plugin_in_it() {
    let _machine = share_machine();
    child_with("plays_as_a_file", &[("mine.style", &style())]);
}

#[test]
#[ignore = "runs as a child of the test before"]
fn plays_as_a_file() {
    let bytes = fs::read(folder().join("mine.style")).expect("a style");
    let generator = Generator::from_bytes(&bytes).expect("a style");
    let shipped = Generator::shipped().expect("the shipped weights");
    let mut others = 0;
    for role in Role::ALL {
        let controls = Controls {
            role,
            channel: Some(15),
            ..Controls::default()
        };
        let notes = offline::check_with(&generator, &controls, &mut |instance| {
            choose(instance, MINE);
        });
        let plain = offline::check_with(&shipped, &controls, &mut |_| ());
        others += usize::from(notes != plain);
    }
    assert!(others >= 4, "in a style it plays other notes");
}

#[test]
fn a_style_that_is_chosen_in_mid_play_counts_from_there_and_leaves_no_note_hanging() {
    let _machine = share_machine();
    child_with("changes_in_mid_play", &[("mine.style", &style())]);
}

#[test]
#[ignore = "runs as a child of the test before"]
fn changes_in_mid_play() {
    const CHANGE: i64 = 4 * 96;
    let clip = chords(meter(4, 4), 10, 0);
    let params = [("Role", "Bass"), ("Memory", "Off")];
    let pass = |format, block, change: bool| {
        let mut instance = plugin(format, &params);
        play(&mut *instance, &clip, Session::offline(block), |player| {
            player.play(16.0)?;
            if change {
                let state = player.save_state()?;
                player.load_state(&with_choice(&state, MINE))?;
            }
            player.play(24.0)
        })
    };
    let changed = pass(Format::Clap, 480, true);
    let plain = pass(Format::Clap, 480, false);
    let part = |notes: &[(i64, u8)], after: bool| -> Vec<(i64, u8)> {
        let of = |note: &&(i64, u8)| (note.0 >= CHANGE) == after;
        notes.iter().filter(of).copied().collect()
    };
    assert_eq!(part(&changed, false), part(&plain, false));
    assert_ne!(part(&changed, true), part(&plain, true));
    assert!(part(&changed, true).len() >= 6);
    // 480 samples are half a tick, 96 a tenth: the change comes at the same place.
    assert_eq!(pass(Format::Clap, 96, true), changed, "other blocks");
    assert_eq!(pass(Format::Vst3, 480, true), changed, "the other format");
    there_and_back(&clip, &params);
}

/// What was written in one style is not taken for the other's, and comes back with it.
fn there_and_back(clip: &[ClipNote], params: &[(&str, &str)]) {
    let mut instance = plugin(Format::Clap, params);
    let mut pass = |choice: &str| {
        choose(&mut *instance, choice);
        play(&mut *instance, clip, Session::offline(480), |player| {
            player.play(40.0)
        })
    };
    let plain = pass("{}");
    let styled = pass(MINE);
    assert_ne!(styled, plain);
    assert_eq!(pass("{}"), plain);
    assert_eq!(pass(MINE), styled);
}

#[test]
fn a_style_that_is_missing_or_damaged_stays_in_the_project_which_plays_as_shipped() {
    let _machine = share_machine();
    let mut cut = style();
    cut.truncate(cut.len() / 2);
    child_with("is_missing", &[("cut.style", &cut)]);
}

#[test]
#[ignore = "runs as a child of the test before"]
fn is_missing() {
    let tune = melody(meter(4, 4), 2);
    for format in Format::ALL {
        let pass = |instance: &mut dyn Instance| {
            play(instance, &tune, Session::offline(512), |player| {
                player.play(24.0)
            })
        };
        let plain = pass(&mut *plugin(format, &[]));
        assert!(!plain.is_empty());
        for file in ["mine.style", "cut.style"] {
            let mut instance = plugin(format, &[]);
            let wanted = format!(
                r#"{{"version":2,"name":"mine","file":"{file}","fingerprint":"00ff","of-later":[1]}}"#
            );
            choose(&mut *instance, &wanted);
            assert_eq!(pass(&mut *instance), plain, "{format} {file}");
            let saved = instance.save_state().expect("a state");
            let wanted: serde_json::Value = serde_json::from_str(&wanted).expect("JSON");
            assert_eq!(
                choice(&saved),
                wanted,
                "{format} {file}: the choice is kept"
            );
        }
    }
    // The file comes back: loaded again, the project plays in it.
    fs::write(folder().join("mine.style"), style()).expect("a file");
    let mut instance = plugin(Format::Clap, &[]);
    let plain = play(&mut *instance, &tune, Session::offline(512), |player| {
        player.play(24.0)
    });
    let mut instance = plugin(Format::Clap, &[]);
    choose(&mut *instance, MINE);
    let styled = play(&mut *instance, &tune, Session::offline(512), |player| {
        player.play(24.0)
    });
    assert_ne!(styled, plain);
    // A project from before there were styles plays as shipped again.
    let state = instance.save_state().expect("a state");
    let mut json = json_of(&state);
    json["fields"]
        .as_object_mut()
        .expect("fields")
        .remove("style");
    let old = framed_as(&state, &json);
    instance.load_state(&old).expect("a load");
    let saved = instance.save_state().expect("a state");
    assert_eq!(choice(&saved), serde_json::json!({"version": 1}));
}
