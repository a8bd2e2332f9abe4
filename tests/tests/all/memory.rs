//! What a project remembers of its song: saved, loaded, forgotten.

use continuo_tests::{
    host::{Format, Instance},
    player::{Player, Session},
    transport::Song,
};

use crate::{
    songs::{chords, meter},
    support::{plugin, share_machine},
};

/// Note-ons of four bars from the song's beginning: tick and key.
fn pass(instance: &mut dyn Instance) -> Vec<(i64, u8)> {
    let song = Song::new(48_000.0, 117.0, meter(4, 4));
    let clip = chords(meter(4, 4), 4, 0);
    let mut run = || {
        let mut player = Player::new(&mut *instance, song.clone(), &clip, Session::offline(512))?;
        player.play(16.0)?;
        player.finish()
    };
    let performance = run().unwrap_or_else(|error: anyhow::Error| panic!("{error:#}"));
    continuo_tests::check::assert_lawful(&performance, "a pass")
        .iter()
        .map(|voice| ((voice.on.song_beats * 24.0).round() as i64, voice.on.pitch))
        .collect()
}

const BASS: [(&str, &str); 1] = [("Role", "Bass")];

#[test]
fn a_project_that_is_loaded_again_plays_as_it_would_have_gone_on() {
    let _machine = share_machine();
    for format in Format::ALL {
        let mut first = plugin(format, &BASS);
        let unprepared = pass(&mut *first);
        assert!(unprepared.len() >= 4, "{format}: {unprepared:?}");
        let state = first.save_state().expect("a state");
        let second_pass = pass(&mut *first);
        assert_ne!(second_pass, unprepared, "{format}: nothing was learnt");
        // Into a new instance, and into one that has played something else before.
        let mut fresh = plugin(format, &[]);
        fresh.load_state(&state).expect("a load");
        assert_eq!(pass(&mut *fresh), second_pass, "{format}");
        fresh.load_state(&state).expect("a load while active");
        assert_eq!(pass(&mut *fresh), second_pass, "{format}: loaded again");
    }
}

#[test]
fn forget_makes_the_next_pass_a_first_one() {
    let _machine = share_machine();
    for format in Format::ALL {
        let mut instance = plugin(format, &BASS);
        let unprepared = pass(&mut *instance);
        instance.set("Forget", "On").expect("the button");
        assert_eq!(pass(&mut *instance), unprepared, "{format}");
    }
}

#[test]
fn a_damaged_memory_is_refused_and_the_rest_of_the_project_loads() {
    let _machine = share_machine();
    let mut instance = plugin(Format::Clap, &BASS);
    pass(&mut *instance);
    let state = instance.save_state().expect("a state");
    // The first heard note lasts −1 ticks; the length of the state stays.
    let place = state
        .windows(6)
        .position(|bytes| bytes.starts_with(b"[[0,") && bytes[4..].iter().all(u8::is_ascii_digit))
        .expect("a heard note");
    let mut damaged = state;
    damaged[place + 4..place + 6].copy_from_slice(b"-1");
    let mut fresh = plugin(Format::Clap, &[("Role", "Drums")]);
    let _ = fresh.load_state(&damaged);
    assert_eq!(fresh.text("Role").expect("a role"), "Bass");
    assert!(pass(&mut *fresh).len() >= 4);
}

/// A state as the first version saved it, the way CLAP frames it.
fn first_state(change: impl Fn(&str) -> String) -> Vec<u8> {
    let text = change(include_str!("../../states/version-1.json").trim());
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// The text of a state that a CLAP saves.
fn saved(instance: &mut dyn Instance) -> String {
    let state = instance.save_state().expect("a state");
    String::from_utf8(state[8..].to_vec()).expect("UTF-8")
}

#[test]
fn a_project_of_the_first_version_loads() {
    let _machine = share_machine();
    let mut instance = plugin(Format::Clap, &[]);
    instance
        .load_state(&first_state(str::to_owned))
        .expect("a load");
    for (name, value) in [("Role", "Bass"), ("Swing", "50 %"), ("Take", "3")] {
        assert_eq!(instance.text(name).expect("a value"), value);
    }
    let after = saved(&mut *instance);
    // The song memory is JSON within JSON.
    assert!(after.contains(r#"\"version\":2"#), "{after}");
    assert!(after.contains(r#"\"heard\":[[0,93,60,90]"#), "{after}");
    assert!(after.contains(r#""seed":"7""#), "{after}");
    assert!(!pass(&mut *instance).is_empty());
    assert!(saved(&mut *instance).contains(r#"\"tempo\":117.0"#));
}

#[test]
fn what_a_later_version_saved_is_saved_again() {
    let _machine = share_machine();
    let later = first_state(|text| {
        text.replace(r#""fields":{"#, r#""fields":{"strings":"\"arco\"","#)
            .replace(r#""params":{"#, r#""params":{"vibrato":{"f32":0.25},"#)
            .replace(r#"\"known\""#, r#"\"bows\":[1,2],\"known\""#)
    });
    let mut instance = plugin(Format::Clap, &[]);
    instance.load_state(&later).expect("a load");
    pass(&mut *instance);
    let after = saved(&mut *instance);
    for kept in ["vibrato", "strings", "arco", "bows"] {
        assert!(after.contains(kept), "{kept} is gone: {after}");
    }
}
