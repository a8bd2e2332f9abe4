//! A folder of styles, good and bad; what a project keeps of its choice.

use std::{env, process};

use continuo_model::weights::Weights;

use super::*;

/// A folder of one test alone, gone when it ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("continuo-styles-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        fs::create_dir_all(&self.0).expect("a folder");
        fs::write(self.0.join(file), bytes).expect("a file");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The weights that ship as a style of this name.
fn style(name: &str) -> Vec<u8> {
    let shipped = Generator::shipped().expect("the shipped weights");
    let style = Style {
        name: name.to_owned(),
        ..Style::default()
    };
    let weights = Weights {
        style: Some(style),
        ..shipped.weights().clone()
    };
    weights.to_bytes().expect("bytes")
}

fn chosen(json: &str) -> Chosen {
    serde_json::from_str(json).expect("a choice")
}

#[test]
fn the_folder_is_made_and_what_lies_in_it_is_listed_with_its_faults() {
    let scratch = Scratch::new("list");
    assert_eq!(entries(&scratch.0).expect("a folder"), []);
    assert!(scratch.0.is_dir());
    let mine = style("mine");
    scratch.write("mine.style", &mine);
    scratch.write("Cut.STYLE", &mine[..mine.len() / 2]);
    scratch.write("song.style", b"MThd");
    scratch.write("notes.txt", b"no style");
    let found = entries(&scratch.0).expect("a folder");
    let names: Vec<&str> = found.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["Cut", "mine", "song"]);
    let why = |index: usize| found[index].style.clone().expect_err("no style");
    assert!(why(0).contains("damaged"), "{}", why(0));
    assert!(why(2).contains("continuo adapt"), "{}", why(2));
    assert_eq!(found[1].style.as_ref().expect("a style").name, "mine");
}

#[test]
fn a_choice_reads_back_with_what_a_later_version_added() {
    let shipped = serde_json::to_string(&Chosen::default()).expect("JSON");
    assert_eq!(shipped, r#"{"version":1}"#);
    assert_eq!(chosen("{}"), Chosen::default());
    let later =
        r#"{"version":3,"name":"mine","file":"mine.style","fingerprint":"00ff","share":0.5}"#;
    assert_eq!(
        serde_json::to_string(&chosen(later)).expect("JSON"),
        later,
        "nothing is lost"
    );
    assert_eq!(chosen(later).title(), Some("mine"));
    assert_eq!(
        chosen(r#"{"file":"mine.style"}"#).title(),
        Some("mine.style")
    );
    assert_eq!(chosen(r#"{"name":"mine"}"#).title(), None);
}

#[test]
fn instances_share_the_weights_of_a_style_and_they_go_with_the_last_one() {
    let scratch = Scratch::new("share");
    scratch.write("mine.style", &style("mine"));
    scratch.write("copy.style", &style("mine"));
    let of = |file: &str| {
        let found = entries(&scratch.0).expect("a folder");
        Chosen::of(found.iter().find(|entry| entry.file == file).expect("it"))
    };
    let one = load_from(Some(scratch.0.clone()), &of("mine.style"));
    let two = load_from(Some(scratch.0.clone()), &of("copy.style"));
    assert_eq!((one.trouble, two.trouble), (None, None));
    let (one, two) = (one.loaded.expect("it"), two.loaded.expect("it"));
    assert!(Arc::ptr_eq(&one, &two));
    let weak = Arc::downgrade(&one);
    drop((one, two));
    assert!(weak.upgrade().is_none());
}

#[test]
fn what_is_missing_damaged_or_another_is_said_in_words() {
    let scratch = Scratch::new("words");
    let load = |json: &str| load_from(Some(scratch.0.clone()), &chosen(json));
    let mine = r#"{"name":"mine","file":"mine.style","fingerprint":"00ff"}"#;
    let missing = load(mine);
    let words = missing.trouble.expect("words");
    assert!(missing.loaded.is_none());
    for part in [
        "the style mine is not here",
        "put mine.style into",
        &scratch.0.display().to_string(),
        "plays as shipped",
        "keeps its choice",
    ] {
        assert!(words.contains(part), "{words}");
    }
    let bytes = style("mine");
    scratch.write("mine.style", &bytes[..bytes.len() - 1]);
    let damaged = load(mine);
    let words = damaged.trouble.expect("words");
    assert!(damaged.loaded.is_none());
    assert!(words.contains("cannot be used: it is damaged"), "{words}");
    scratch.write("mine.style", &bytes);
    let other = load(mine);
    assert!(other.loaded.is_some());
    assert!(other.trouble.expect("words").contains("was made anew"));
    // A folder of that name is no style, and no file outside of the folder is read.
    fs::create_dir_all(scratch.0.join("folder.style")).expect("a folder");
    let folder = load(r#"{"file":"folder.style"}"#);
    assert!(folder.loaded.is_none() && folder.trouble.is_some());
    let outside = load(r#"{"file":"/etc/passwd"}"#);
    assert!(outside.trouble.expect("words").contains("not here"));
    assert!(load_from(None, &chosen(mine)).trouble.is_some());
    let shipped = load("{}");
    assert!(shipped.loaded.is_none() && shipped.trouble.is_none());
}
