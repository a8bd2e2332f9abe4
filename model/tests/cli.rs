//! The command line, run as a program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
};

use continuo_model::{
    controls::{Controls, Motion, Rhythm, Role, Scale},
    generate::{Generator, LEAD},
    midi_file::{self, Song},
    note::Note,
    perform::{Knowledge, Performance},
    presets,
    time::Tick,
};

/// A folder of one test alone, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("continuo-cli-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn clip(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    tests.join("clips").join(name).with_extension("mid")
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_continuo"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// What `continuo generate` makes of a clip with `options`.
fn generate(input: &Path, options: &[&str]) -> Song {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = Folder::new(&format!(
        "generate-{}",
        COUNT.fetch_add(1, Ordering::Relaxed)
    ));
    let out = folder.0.join("out.mid");
    let (input, out) = (input.to_str().expect("UTF-8"), out.to_str().expect("UTF-8"));
    let output = run(&[&["generate", input, "-o", out], options].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{options:?}: {errors}");
    midi_file::read_file(Path::new(out)).expect("a MIDI file")
}

/// Places in whole ticks, key and velocity of a performance, as a reader of its file finds them.
fn performed(song: &Song, controls: Controls, hold_from: Option<Tick>) -> Vec<(i64, i64, u8, u8)> {
    let heard: Vec<Note> = song
        .tracks
        .iter()
        .flat_map(|track| track.notes.clone())
        .collect();
    let mut heard = heard;
    heard.sort_unstable_by_key(|note| (note.onset, note.pitch));
    let last = song.end() - 1;
    let grid = song.grid_at(last);
    let end = grid.start_of(grid.bar_at(last) + 1);
    let performance = Performance {
        hold_from,
        knowledge: Knowledge::Rehearsed,
        ..Performance::new(song, &heard, controls, end)
    };
    let generator = Generator::shipped().expect("the shipped weights fit");
    let whole = |ticks: f64| (ticks * 40.0).round() / 40.0;
    let mut notes: Vec<_> = performance
        .play(&generator, |_| {})
        .iter()
        .map(|played| {
            let (from, to) = (whole(played.begins()), whole(played.ends()));
            let (from, to) = ((from + 0.5).floor() as i64, (to + 0.5).floor() as i64);
            (
                from,
                (to - from).max(1),
                played.note.pitch,
                played.note.velocity,
            )
        })
        .collect();
    notes.sort_unstable();
    notes
}

fn written(song: &Song, name: &str) -> Vec<(i64, i64, u8, u8)> {
    let track = song.tracks.iter().find(|track| track.name == name);
    let track = track.unwrap_or_else(|| panic!("no track {name}"));
    let mut notes: Vec<_> = track
        .notes
        .iter()
        .map(|note| (note.onset.0, note.duration, note.pitch, note.velocity))
        .collect();
    notes.sort_unstable();
    notes
}

#[test]
fn every_option_reaches_the_music() {
    let input = clip("minor-two-five");
    let song = midi_file::read_file(&input).expect("the clip");
    let options = [
        "--role",
        "Counter",
        "--mode",
        "answer",
        "--phrase",
        "2 bars",
        "--adventure",
        "70 %",
        "--density",
        "-20",
        "--lowest",
        "C4",
        "--highest",
        "84",
        "--key",
        "Eb",
        "--scale",
        "harmonic minor",
        "--scale-lock",
        "on",
        "--chords-win",
        "ON",
        "--rhythm",
        "Eighth notes",
        "--motion",
        "roots-and-fifths",
        "--dynamics",
        "-30",
        "--humanize",
        "40",
        "--swing",
        "25%",
        "--take",
        "3",
        "--seed",
        "9",
        "--channel",
        "5",
    ];
    let percent = continuo_model::values::whole_percent;
    let controls = Controls {
        role: Role::Counter,
        mode: continuo_model::controls::Mode::Answer,
        phrase_bars: 2,
        adventure: percent(0.7),
        density: percent(-0.2),
        lowest: 60,
        highest: 84,
        key: Some(3),
        scale: Scale::HarmonicMinor,
        scale_lock: true,
        chords_win: true,
        rhythm: Rhythm::EighthNotes,
        motion: Motion::RootsAndFifths,
        dynamics: percent(-0.3),
        humanize: percent(0.4),
        swing: percent(0.25),
        take: 3,
        seed: 9,
        channel: Some(4),
        ..Controls::default()
    };
    let made = generate(&input, &options);
    let notes = written(&made, "Continuo Counter");
    assert!(notes.len() >= 8, "{notes:?}");
    assert_eq!(notes, performed(&song, controls, None));
    let track = made
        .tracks
        .iter()
        .find(|track| track.name == "Continuo Counter");
    assert_eq!(track.map(|track| track.channel), Some(4));
    assert_eq!(made.keys, song.keys, "the clip's own signature stays");
}

#[test]
fn a_phrase_is_held_from_a_bar_and_thru_leaves_the_input_out() {
    let input = clip("pop-progression");
    let song = midi_file::read_file(&input).expect("the clip");
    let options = [
        "--role",
        "bass",
        "--phrase",
        "2",
        "--hold-from",
        "7",
        "--thru",
        "off",
    ];
    let made = generate(&input, &options);
    assert_eq!(made.tracks.len(), 1);
    let controls = Controls {
        role: Role::Bass,
        phrase_bars: 2,
        ..Controls::default()
    };
    let from = Tick(6 * 96 - LEAD - 1);
    let notes = written(&made, "Continuo Bass");
    assert_eq!(notes, performed(&song, controls, Some(from)));
    let places = |bar: i64| -> Vec<(i64, u8)> {
        let of = notes.iter().filter(|note| note.0 / 192 == bar / 2);
        of.map(|note| (note.0 % 192, note.2)).collect()
    };
    assert!(!places(4).is_empty());
    assert_eq!(places(6), places(4));
    assert_eq!(places(14), places(4));
}

#[test]
fn presets_are_listed_and_played() {
    let listed = run(&["presets"]);
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    for preset in &presets::ALL {
        assert!(listed.contains(preset.name) && listed.contains(preset.about));
    }
    let made = generate(&clip("pop-progression"), &["--preset", "kick AND hats"]);
    let drums = made
        .tracks
        .iter()
        .find(|track| track.name == "Continuo Drums");
    assert!(drums.is_some_and(|track| track.is_drums() && track.notes.len() > 64));
}

#[test]
fn a_wrong_value_is_answered_with_what_is_allowed() {
    let input = clip("pop-progression");
    let input = input.to_str().expect("UTF-8");
    for (option, value, allowed) in [
        ("--adventure", "101", "0 to 100 per cent"),
        ("--density", "-101", "-100 to 100 per cent"),
        ("--phrase", "3", "1, 2, 4 or 8 bars"),
        ("--lowest", "H2", "C-1 to G9"),
        ("--key", "X", "auto, or C"),
        ("--scale", "lydian", "mixolydian"),
        ("--role", "flute", "counter"),
        ("--mode", "lead", "answer"),
        ("--channel", "17", "1 to 16"),
        ("--scale-lock", "maybe", "on or off"),
        ("--take", "128", "127"),
        ("--hold-from", "1", "2..="),
        ("--preset", "Polka", "Kick and hats"),
    ] {
        let output = run(&[
            "generate",
            input,
            "-o",
            "/dev/null",
            "--role",
            "bass",
            option,
            value,
        ]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{option} {value}");
        assert!(told.contains(allowed), "{option} {value}: {told}");
    }
}

/// The clips as a player's folder, with what does not belong there.
fn player() -> Folder {
    let folder = Folder::new(&format!("player-{:?}", std::thread::current().id()));
    fs::create_dir_all(folder.0.join("old")).expect("a folder");
    for (name, to) in [
        ("kesh-jig", "kesh.mid"),
        ("ode-to-joy", "old/ode.MIDI"),
        ("pop-progression", "pop.mid"),
        ("scarborough-fair", "old/fair.mid"),
    ] {
        fs::copy(clip(name), folder.0.join(to)).expect("a copy");
    }
    fs::write(folder.0.join("broken.mid"), b"no MIDI").expect("a file");
    folder
}

/// What `continuo adapt` says of a folder, and whether it succeeds.
fn adapt(folder: &Path, style: &Path, options: &[&str]) -> (bool, String) {
    let paths = [folder, style].map(|path| path.to_str().expect("UTF-8"));
    let arguments = [&["adapt", paths[0], "-o", paths[1]], options].concat();
    let output = run(&arguments);
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn a_style_is_learnt_told_played_and_gone_on_from() {
    let player = player();
    let style = player.0.join("mine.style");
    let options = ["--steps", "4", "--role", "continue", "--rate", "0.0003"];
    let (done, said) = adapt(&player.0, &style, &options);
    assert!(done, "{said}");
    for words in [
        "broken.mid: not a MIDI file",
        "pop.mid: only chords in it, with nothing that it goes with",
        "Few pieces: the last quarter of each is held out",
        "nats a note on held-out music",
        "Put it into",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let path = style.to_str().expect("UTF-8");
    let told = run(&["info", path]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    for words in ["style         mine", "3 pieces", "this build ships"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let song = generate(
        &clip("ode-to-joy"),
        &["--role", "continue", "--style", path, "--bars", "2"],
    );
    assert!(!written(&song, "Continuo Continue").is_empty());
    // Of other music it is no style to go on from.
    fs::remove_file(player.0.join("kesh.mid")).expect("a file");
    let (done, said) = adapt(&player.0, &style, &["--resume"]);
    assert!(!done && said.contains("other files"), "{said}");
    // A damaged one is named, with what to do.
    let mut bytes = fs::read(&style).expect("a style");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&style, &bytes).expect("a file");
    let input = clip("ode-to-joy");
    let input = input.to_str().expect("UTF-8");
    let refused = [
        "generate", input, "-o", "-", "--role", "bass", "--style", path,
    ];
    let refused = run(&refused);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(
        said.contains("mine.style") && said.contains("damaged"),
        "{said}"
    );
}

#[test]
fn what_a_lesson_needs_is_said() {
    let player = player();
    let out = player.0.join("mine.style");
    let (done, said) = adapt(&player.0, &player.0.join("mine.mid"), &[]);
    assert!(!done && said.contains(".style"), "{said}");
    let (done, said) = adapt(&player.0, &out, &["--minutes", "0"]);
    assert!(!done && said.contains("above 0"), "{said}");
    let (done, said) = adapt(&player.0.join("nowhere"), &out, &[]);
    assert!(!done && said.contains("cannot read the folder"), "{said}");
    let (done, said) = adapt(&player.0, &out, &["--resume"]);
    assert!(!done && said.contains("mine.style"), "{said}");
    let (done, said) = adapt(&player.0, &out, &["--role", "drums"]);
    assert!(
        !done && said.contains("roles that were asked for"),
        "{said}"
    );
    for file in ["kesh.mid", "pop.mid", "old/ode.MIDI", "old/fair.mid"] {
        fs::remove_file(player.0.join(file)).expect("a file");
    }
    let (done, said) = adapt(&player.0, &out, &[]);
    assert!(!done && said.contains("1 skipped"), "{said}");
    assert!(said.contains("Needed are"), "{said}");
    assert!(!out.exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_lesson_and_keeps_the_best_so_far() {
    use std::io::{BufRead, BufReader};
    let player = player();
    let out = player.0.join("mine.style");
    let mut lesson = Command::new(env!("CARGO_BIN_EXE_continuo"))
        .arg("adapt")
        .arg(&player.0)
        .arg("-o")
        .arg(&out)
        .args(["--role", "continue", "--minutes", "30", "--look-every", "2"])
        .args(["--rate", "0.0003"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(lesson.stdout.take().expect("its output")).lines();
    let best = lines.find(|line| {
        line.as_ref()
            .is_ok_and(|line| line.contains("the best so far"))
    });
    assert!(best.is_some(), "no look was the best");
    let id = lesson.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(lesson.wait().expect("an end").success(), "{rest:?}");
    assert!(out.exists(), "{rest:?}");
}

/// A state as the first version saved it.
fn first_state() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/states/version-1.json")
}

#[test]
fn a_saved_state_is_exported_as_a_song_or_as_the_held_phrase() {
    let folder = Folder::new("export");
    let state = fs::read_to_string(first_state()).expect("a state");
    let out = folder.0.join("takes");
    let export = |bytes: &[u8]| {
        let path = folder.0.join("saved.state");
        fs::write(&path, bytes).expect("a file");
        let out = out.to_str().expect("UTF-8");
        run(&["export", path.to_str().expect("UTF-8"), "-o", out])
    };
    // A CLAP host has the length before it; another may pad it.
    let framed = [
        &(state.len() as u64).to_le_bytes(),
        state.as_bytes(),
        b"\0\0",
    ]
    .concat();
    let output = export(&framed);
    assert!(output.status.success(), "{output:?}");
    let first = out.join("Continuo Bass 1.mid");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        first.to_str().expect("UTF-8")
    );
    let song = midi_file::read_file(&first).expect("a MIDI file");
    let names: Vec<&str> = song
        .tracks
        .iter()
        .map(|track| track.name.as_str())
        .collect();
    assert_eq!(names, ["Heard", "Bass"]);
    assert_eq!(song.tracks[0].notes.len(), 6);
    let own: Vec<(i64, u8)> = song.tracks[1]
        .notes
        .iter()
        .map(|n| (n.onset.0, n.pitch))
        .collect();
    assert_eq!(own, [(0, 36), (96, 33)]);
    let held = state.replace("\"hold\":{\"bool\":false}", "\"hold\":{\"bool\":true}");
    assert!(export(held.as_bytes()).status.success());
    let song = midi_file::read_file(&out.join("Continuo Bass 2.mid")).expect("a MIDI file");
    assert_eq!(song.tracks.len(), 1);
    assert_eq!(song.tracks[0].notes.len(), 1);
    let output = export(b"no state");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no saved state"));
}
