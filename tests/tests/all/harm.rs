//! What comes of weights that are damaged, and of a planner that panics. Each plays in a process of its own,
//! which the guarded build lets stumble by variables.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::id,
};

use continuo_tests::{
    check,
    host::{Format, Instance},
    player::{Player, Session},
    transport::Song,
};

use crate::{
    songs::{chords, meter},
    support::{child, plugin, render, share_machine},
};

/// Where the child finds the states of a project that it has to keep, in each format.
const STATES: [(Format, &str); 2] = [
    (Format::Clap, "CONTINUO_TEST_CLAP_STATE"),
    (Format::Vst3, "CONTINUO_TEST_VST3_STATE"),
];

/// A file that goes away with this.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = env::temp_dir().join(format!("continuo-{}-{name}", id()));
        fs::write(&path, bytes).expect("a file");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path of letters")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn song() -> Song {
    Song::new(48_000.0, 120.0, meter(4, 4))
}

/// Plays four bars; how many notes were generated.
fn play(instance: &mut dyn Instance) -> usize {
    let clip = chords(meter(4, 4), 4, 0);
    let mut run = || {
        let mut player = Player::new(&mut *instance, song(), &clip, Session::offline(512))?;
        player.play(16.0)?;
        player.finish()
    };
    let performance = run().unwrap_or_else(|error: anyhow::Error| panic!("{error:#}"));
    let voices = check::assert_lawful(&performance, "four bars");
    assert_eq!(performance.played.len(), 2 * (clip.len() + voices.len()));
    voices.len()
}

#[test]
fn damaged_weights_are_refused_at_load_with_a_message_and_notes_pass_through() {
    let _machine = share_machine();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/weights/continuo.weights");
    let mut weights = fs::read(shipped).expect("the shipped weights");
    let middle = weights.len() / 2;
    weights[middle] ^= 1;
    let weights = Scratch::new("damaged.weights", &weights);
    let states = STATES.map(|(format, name)| {
        let mut good = plugin(format, &[("Role", "Bass")]);
        assert!(play(&mut *good) >= 4);
        (
            name,
            Scratch::new(name, &good.save_state().expect("a state")),
        )
    });
    let mut variables = vec![("CONTINUO_TEST_WEIGHTS", weights.path())];
    variables.extend(states.iter().map(|(name, state)| (*name, state.path())));
    let said = child("harm::with_damaged_weights", &variables);
    // Once for each of the two libraries, however many instances there are.
    let message =
        "Continuo: no music will be generated: damaged weights file: the checksum of the tensors";
    assert_eq!(said.matches(message).count(), 2, "{said}");
    assert_eq!(
        said.matches("Continuo").count(),
        2,
        "and nothing more: {said}"
    );
}

#[test]
#[ignore = "runs as a child of the test before"]
fn with_damaged_weights() {
    for (format, name) in STATES {
        let project = fs::read(env::var_os(name).expect("a state")).expect("a state");
        for _ in 0..2 {
            let mut instance = plugin(format, &[]);
            instance.load_state(&project).expect("the project loads");
            assert_eq!(play(&mut *instance), 0, "{format}");
            let counters = instance.counters().expect("counters");
            assert_eq!(
                counters.notes_generated + counters.worker_panics,
                0,
                "{format}"
            );
            assert_eq!(
                counters.offline_timeouts, 0,
                "{format}: a render waits in vain"
            );
            let kept = instance.save_state().expect("a state");
            assert!(kept == project, "{format}: the project lost its memory");
        }
    }
}

#[test]
fn a_panic_of_the_planner_is_counted_and_it_plans_on() {
    let _machine = share_machine();
    // A render tells each of 24 ticks a beat.
    child(
        "harm::with_a_planner_that_panics",
        &[("CONTINUO_TEST_PANICS", "131")],
    );
}

#[test]
#[ignore = "runs as a child of the test before"]
fn with_a_planner_that_panics() {
    let bars = 12;
    for (format, role) in [
        (Format::Clap, "Bass"),
        (Format::Vst3, "Bass"),
        (Format::Clap, "Drums"),
    ] {
        let clip = chords(meter(4, 4), bars, 0);
        let session = Session::offline(512);
        let params = [("Role", role)];
        let (performance, voices) = render(format, &params, &song(), &clip, session, |player| {
            player.play(4.0 * bars as f64)
        });
        let counters = plugin(format, &[]).counters().expect("counters");
        assert!(counters.worker_panics >= 5, "{format}: {counters:?}");
        for bar in 0..bars {
            let first = performance.song.sample_of_tick(bar * 96) as u64;
            let end = performance.song.sample_of_tick(bar * 96 + 96) as u64;
            let sounds = |voice: &check::Voice| {
                voice.on.sample + 1 < end && voice.off.is_none_or(|off| off.sample > first + 1)
            };
            assert!(
                voices.iter().any(sounds),
                "{format} {role}: bar {} is empty",
                bar + 1
            );
        }
    }
}
