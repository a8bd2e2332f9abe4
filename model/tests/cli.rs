//! The command line as a shell sees it: files and pipes in and out, exit codes, messages.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use continuo_model::{midi_file, note::Note, token_text::to_text};

fn continuo(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_continuo"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built");
    let mut stdin = child.stdin.take().expect("piped");
    // Who refuses its arguments does not read.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn output(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = continuo(arguments, input);
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {messages}");
    output.stdout
}

/// What it says when it ends with code 2.
fn refusal(arguments: &[&str], input: &[u8]) -> String {
    let output = continuo(arguments, input);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?} wrote something");
    String::from_utf8(output.stderr).expect("text")
}

fn clip(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/clips")
        .join(name)
}

fn jig() -> Vec<u8> {
    std::fs::read(clip("kesh-jig.mid")).expect("a clip of the repository")
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

#[test]
fn roles_become_tracks_through_pipes() {
    let arguments = [
        "generate", "-", "-o", "-", "--role", "bass", "--role", "drums", "--bars", "4",
    ];
    let made = midi_file::read(&output(&arguments, &jig())).expect("a MIDI file");
    let heard = midi_file::read(&jig()).expect("a MIDI file");
    assert_eq!(made.tracks.len(), heard.tracks.len() + 2);
    assert_eq!(made.tracks[0].notes, heard.tracks[0].notes);
    let [.., bass, drums] = &made.tracks[..] else {
        unreachable!("counted above");
    };
    assert_eq!(
        [&bass.name, &drums.name],
        ["Continuo Bass", "Continuo Drums"]
    );
    assert!(!bass.notes.is_empty() && drums.is_drums());
    assert_eq!(
        output(&arguments, &jig()),
        output(&arguments, &jig()),
        "the same seed gives the same file"
    );
}

#[test]
fn tokens_bring_the_notes_back() {
    let tokens = output(&["tokenize"], &jig());
    let back = midi_file::read(&output(&["detokenize"], &tokens)).expect("a MIDI file");
    let places = |notes: &[Note]| -> Vec<_> {
        notes
            .iter()
            .map(|note| (note.onset, note.pitch, note.duration))
            .collect()
    };
    let song = midi_file::read(&jig()).expect("a MIDI file");
    assert_eq!(places(&back.tracks[0].notes), places(&song.tracks[0].notes));
    assert_eq!(tokens, to_text(&song).into_bytes());
}

#[test]
fn info_tells_what_the_weights_are() {
    let info = String::from_utf8(output(&["info"], &[])).expect("text");
    for word in ["vocabulary", "parameters", "onset 193", "nats a note"] {
        assert!(info.contains(word), "{word} is missing in {info}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_name() {
    let foreign = scratch("foreign.weights");
    std::fs::write(&foreign, "no weights").expect("writable");
    let foreign = text(&foreign);
    let run = scratch("run");
    let run = text(&run);
    let jig = clip("kesh-jig.mid");
    let cases: [(&[&str], &str); 7] = [
        (
            &["generate", "no-such.mid", "-o", "-", "--role", "bass"],
            "no-such.mid",
        ),
        (
            &["generate", "-", "-o", "-", "--role", "bass"],
            "standard input",
        ),
        (
            &[
                "generate",
                text(&jig),
                "-o",
                "-",
                "--role",
                "bass",
                "--bars",
                "0",
            ],
            "--bars",
        ),
        (
            &["info", "--weights", foreign],
            "not a Continuo weights file",
        ),
        (&["detokenize"], "standard input"),
        (&["train", "--out", run, "--device", "abacus"], "abacus"),
        (&["eval", "no-such.jsonl.zst"], "no-such.jsonl.zst"),
    ];
    for (arguments, word) in cases {
        let refusal = refusal(arguments, b"no music");
        assert!(refusal.contains(word), "{arguments:?}: {refusal}");
    }
}

#[test]
fn eval_compares_with_baselines_and_with_what_humans_played() {
    let valid = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/valid.jsonl.zst");
    let folder = scratch("eval-corpus");
    std::fs::create_dir_all(&folder).expect("writable");
    std::fs::copy(&valid, folder.join("train-00.jsonl.zst")).expect("writable");
    let arguments = [
        "eval",
        text(&valid),
        "--corpus",
        text(&folder),
        "--role",
        "drums",
        "--pieces",
        "1",
        "--continuations",
        "2",
    ];
    let report = String::from_utf8(output(&arguments, &[])).expect("text");
    for line in [
        "adapting n-gram",
        "below the best baseline",
        "kick position",
        "refused by the masks",
    ] {
        assert!(report.contains(line), "{line} is missing in {report}");
    }
}
