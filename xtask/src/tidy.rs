//! Rules of this repository that no lint knows, checked on the text of its sources.
//!
//! Most are the design's invariants: each says what must not be found, and where.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, root};

/// Longer files are listed, not refused: at this size one is worth a look for a second subject in it.
const LONG_FILE_LINES: usize = 600;

/// Words that must not stand in the code of some files.
struct Rule {
    /// Each found as a whole word.
    words: &'static [&'static str],
    /// Whether it holds for the file of this path from the root, written with `/`.
    holds_for: fn(&str) -> bool,
    /// Whether it holds for tests too: a file `tests.rs`, or what follows `mod tests {`, which stands at
    /// the end of a file.
    in_tests: bool,
    /// Why, as the message says it.
    reason: &'static str,
}

const RULES: [Rule; 4] = [
    Rule {
        words: &["todo!", "dbg!", "unimplemented!"],
        holds_for: |path| path != "xtask/src/tidy.rs",
        in_tests: true,
        reason: "left over from work in progress",
    },
    Rule {
        words: &[
            "samples_per_tick",
            "ticks_per_sample",
            "samples_per_quarter",
            "samples_per_beat",
        ],
        holds_for: |path| path.starts_with("plugin/src/") && !is_module(path, "clock"),
        in_tests: false,
        reason: "only the clock knows both samples and ticks",
    },
    Rule {
        words: &["sample_rate", "nice_plug"],
        holds_for: |path| path.starts_with("model/src/"),
        in_tests: false,
        reason: "the model knows neither samples of sound nor hosts",
    },
    Rule {
        words: &[
            "Mutex",
            "RwLock",
            "Condvar",
            "mpsc",
            "println!",
            "eprintln!",
        ],
        holds_for: |path| {
            ["clock", "engine", "schedule"]
                .iter()
                .any(|name| is_module(path, name))
        },
        in_tests: false,
        reason: "the audio thread never locks or logs",
    },
];

/// Whether the path is that of a module of the plugin or of what lies below it.
fn is_module(path: &str, name: &str) -> bool {
    let rest = path
        .strip_prefix("plugin/src/")
        .and_then(|path| path.strip_prefix(name));
    rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Checks every source file, and what a release of the plugin is built from.
///
/// # Errors
/// When a rule is broken; each case is printed.
pub fn run() -> Result<()> {
    let mut faults = Vec::new();
    let mut files = 0;
    for package in ["model", "plugin", "tests", "xtask"] {
        for file in rust_files(&root().join(package))? {
            let text = fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
            let path = file.strip_prefix(root()).unwrap_or(&file);
            let path = path.to_string_lossy().replace('\\', "/");
            let lines = text.lines().count();
            if lines > LONG_FILE_LINES {
                eprintln!("warning: {path} has {lines} lines; is there a second subject in it?");
            }
            faults.extend(check(&path, &text));
            files += 1;
        }
    }
    faults.extend(released_training_code()?);
    for fault in &faults {
        eprintln!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{} of this repository's own rules broken", faults.len());
    }
    eprintln!("{files} files, no rule broken");
    Ok(())
}

/// What is wrong with one file, a line for each fault.
fn check(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push(format!(
            "{path}:1: no `//!` line that says what the file is for"
        ));
    }
    let is_tests = path.ends_with("/tests.rs");
    let mut rules: Vec<&Rule> = RULES
        .iter()
        .filter(|rule| (rule.holds_for)(path) && (rule.in_tests || !is_tests))
        .collect();
    for (index, line) in text.lines().enumerate() {
        if line == "mod tests {" {
            rules.retain(|rule| rule.in_tests);
        }
        let code = line.split("//").next().unwrap_or_default();
        for rule in &rules {
            for word in rule.words.iter().filter(|word| has_word(code, word)) {
                faults.push(format!("{path}:{}: `{word}`: {}", index + 1, rule.reason));
            }
        }
    }
    faults
}

/// Whether `word` stands in `code` and is no part of a longer name.
fn has_word(code: &str, word: &str) -> bool {
    let in_name = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = code[start + word.len()..].chars().next();
        let ends_in_name = word.ends_with(in_name);
        !(before.is_some_and(in_name) || ends_in_name && after.is_some_and(in_name))
    })
}

/// Every `.rs` file in the folder and below, in the order of their paths.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The training code among what a release of the plugin is built from: a feature switched on by accident
/// would put it there, and no test of ours would notice.
fn released_training_code() -> Result<Vec<String>> {
    let arguments = [
        "tree", "-p", "Continuo", "--edges", "normal", "--prefix", "none",
    ];
    let tree = cargo(&arguments).args(["--format", "{p} {f}"]).output()?;
    if !tree.status.success() {
        bail!(
            "cargo tree failed: {}",
            String::from_utf8_lossy(&tree.stderr)
        );
    }
    Ok(training_code(&String::from_utf8_lossy(&tree.stdout)))
}

/// The lines of such a tree, `name version … features`, that stand for training code.
fn training_code(tree: &str) -> Vec<String> {
    // `(*)` ends the line of what was listed before.
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)"));
    let trains = |line: &&str| {
        let name = line.split_whitespace().next().unwrap_or_default();
        let features = line.rsplit(' ').next().unwrap_or_default();
        name == "burn-autodiff"
            || (name == "continuo-model" && features.split(',').any(|feature| feature == "train"))
    };
    let mut lines: Vec<&str> = lines.filter(trains).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
        .iter()
        .map(|line| format!("a release of the plugin contains training code: {line}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The faults of a file that holds `code` under its first line.
    fn faults(path: &str, code: &str) -> Vec<String> {
        check(path, &format!("//! Says what.\n{code}\n"))
    }

    #[test]
    fn a_file_says_what_it_is_for() {
        assert_eq!(faults("model/src/a.rs", "fn f() {}"), Vec::<String>::new());
        assert_eq!(check("model/src/a.rs", "fn f() {}").len(), 1);
    }

    #[test]
    fn each_rule_finds_its_words_where_it_holds_and_only_there() {
        for (path, code, count) in [
            ("model/src/a.rs", "dbg!(1); todo!()", 2),
            ("model/src/a.rs", "let my_todo = 1; // todo!()", 0),
            ("plugin/src/engine.rs", "let x = self.samples_per_tick;", 1),
            ("plugin/src/clock.rs", "let x = self.samples_per_tick;", 0),
            ("model/src/a.rs", "fn f(sample_rate: f32) {}", 1),
            ("plugin/src/clock.rs", "fn f(sample_rate: f32) {}", 0),
            ("plugin/src/schedule.rs", "use std::sync::Mutex;", 1),
            (
                "plugin/src/engine.rs",
                "#[cfg(test)]\nmod tests;\nuse std::sync::Mutex;",
                1,
            ),
            ("plugin/src/schedule/table.rs", "use std::sync::Mutex;", 1),
            ("plugin/src/schedule/tests.rs", "use std::sync::Mutex;", 0),
            ("plugin/src/schedule/tests.rs", "dbg!(x);", 1),
            ("plugin/src/schedules.rs", "use std::sync::Mutex;", 0),
            ("plugin/src/schedule.rs", "struct MutexLike;", 0),
            ("plugin/src/worker.rs", "use std::sync::Mutex;", 0),
            (
                "plugin/src/engine.rs",
                "#[cfg(test)]\nmod tests {\nlet x = Mutex::new(1);",
                0,
            ),
            (
                "plugin/src/engine.rs",
                "#[cfg(test)]\nmod tests {\ndbg!(x);",
                1,
            ),
        ] {
            assert_eq!(faults(path, code).len(), count, "{path}: {code}");
        }
    }

    #[test]
    fn a_fault_names_its_line() {
        let found = faults("model/src/a.rs", "fn f() {\n    dbg!(1);\n}");
        assert_eq!(
            found,
            ["model/src/a.rs:3: `dbg!`: left over from work in progress"]
        );
    }

    #[test]
    fn training_code_is_found_in_a_tree() {
        let clean = "Continuo v0.1.0 (/c/plugin) \ncontinuo-model v0.1.0 (/c/model) network\n";
        assert_eq!(training_code(clean), Vec::<String>::new());
        let dirty =
            "continuo-model v0.1.0 (/c/model) network,train (*)\nburn-autodiff v0.22.1 std\n";
        assert_eq!(training_code(dirty).len(), 2);
    }
}
