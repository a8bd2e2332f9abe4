//! Styles: those that lie in the user's folder, the one that a project has chosen, and their weights.
//!
//! A choice is made on the host's main thread or the window's; the planning threads read the file, and share the
//! weights between all instances that play in it. The audio thread only sees a number that counts choices.

use std::{
    ffi::OsStr,
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use continuo_model::{
    generate::Generator,
    style::{self, EXTENSION, Style},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The version of [`Chosen`] that is written.
const VERSION: u32 = 1;

/// The field of a saved state that holds the choice.
pub const FIELD: &str = "style";

/// Where the user's styles lie; `None` where the system has no place for a user's data.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    #[cfg(feature = "assert_process_allocs")]
    if let Some(folder) = crate::guarded::styles() {
        return Some(folder);
    }
    dirs::data_dir().map(|data| style::folder(&data))
}

/// The style that a project has chosen, as it keeps it. Without a file the network plays as it ships.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// Of this form; that of a later one is kept with what it holds.
    #[serde(deserialize_with = "version")]
    version: u32,
    /// As the list shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its file's name, without the folder: that is another one on another computer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Checksum of its weights in hexadecimal, which tells when the file has become another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// What only a later version knows.
    #[serde(flatten)]
    later: Map<String, Value>,
}

/// No version lies below 1, nor is one forgotten that is read.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(u32::deserialize(deserializer)?.max(VERSION))
}

impl Default for Chosen {
    fn default() -> Self {
        Self {
            version: VERSION,
            name: None,
            file: None,
            fingerprint: None,
            later: Map::new(),
        }
    }
}

impl Chosen {
    /// The choice of an entry of the list.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let fingerprint = entry.style.as_ref().ok();
        Self {
            name: Some(entry.name.clone()),
            file: Some(entry.file.clone()),
            fingerprint: fingerprint.map(|style| format!("{:016x}", style.fingerprint)),
            ..Self::default()
        }
    }

    /// What it is called; `None` when nothing is chosen.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        let file = self.file.as_deref()?;
        Some(self.name.as_deref().unwrap_or(file))
    }
}

/// A file that the list shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The file's name without its ending.
    pub name: String,
    /// The file's name.
    pub file: String,
    /// What is known of it, or why it cannot be used.
    pub style: Result<Style, String>,
}

/// What lies in the folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    /// The folder; `None` before it was looked into, or where there is none.
    pub folder: Option<PathBuf>,
    /// The styles by name, also those that cannot be used.
    pub entries: Vec<Entry>,
    /// Why the folder could not be looked into.
    pub trouble: Option<String>,
}

impl List {
    /// Looks into the folder, which is made when it is missing. Reads every style in it: not for a thread that
    /// must not wait.
    #[must_use]
    pub fn look() -> Self {
        let Some(folder) = folder() else {
            return Self {
                trouble: Some("this system has no folder for a user's data".to_owned()),
                ..Self::default()
            };
        };
        match entries(&folder) {
            Ok(entries) => Self {
                folder: Some(folder),
                entries,
                trouble: None,
            },
            Err(error) => Self {
                trouble: Some(format!("{}: {error}", folder.display())),
                folder: Some(folder),
                entries: Vec::new(),
            },
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    fs::create_dir_all(folder)?;
    let mut entries = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let is_style = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case(EXTENSION));
        // A name that is no Unicode could not be saved.
        if let (true, Some(name), Some(file)) = (
            is_style,
            path.file_stem().and_then(OsStr::to_str),
            path.file_name().and_then(OsStr::to_str),
        ) {
            let style = read(&path).and_then(|bytes| Style::of(&bytes).map_err(|e| e.to_string()));
            entries.push(Entry {
                name: name.to_owned(),
                file: file.to_owned(),
                style,
            });
        }
    }
    entries.sort_by_key(|entry| entry.name.to_lowercase());
    Ok(entries)
}

/// More bytes than any style has.
const LARGEST: u64 = 64 << 20;

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?;
    if size.len() > LARGEST || !size.is_file() {
        return Err("it is no style: `continuo adapt` makes one from your MIDI files".to_owned());
    }
    fs::read(path).map_err(|error| error.to_string())
}

/// A style with its weights.
pub struct Loaded {
    /// Plays in it.
    pub generator: Generator,
    fingerprint: u64,
}

/// The styles that instances of this process play in now.
static LOADED: Mutex<Vec<Weak<Loaded>>> = Mutex::new(Vec::new());

/// What came of a choice.
#[derive(Clone, Default)]
pub struct Outcome {
    /// The weights to play with; `None` for those that ship.
    pub loaded: Option<Arc<Loaded>>,
    /// What the musician has to know, and can do.
    pub trouble: Option<String>,
}

/// Reads the file of a choice, unless its weights are in use here already.
#[must_use]
pub fn load(chosen: &Chosen) -> Outcome {
    load_from(folder(), chosen)
}

fn load_from(folder: Option<PathBuf>, chosen: &Chosen) -> Outcome {
    let (Some(file), Some(title)) = (&chosen.file, chosen.title()) else {
        return Outcome::default();
    };
    let failed = |why: String| Outcome {
        loaded: None,
        trouble: Some(format!(
            "{why}. Until then Continuo plays as shipped; the project keeps its choice"
        )),
    };
    let Some(folder) = folder else {
        return failed(format!("no folder for the style {title}"));
    };
    // A project names a file in this folder and no other.
    let name = Path::new(file).file_name().unwrap_or_default();
    let path = folder.join(name);
    if !path.exists() {
        return failed(format!(
            "the style {title} is not here: put {file} into {} and choose it, or choose another",
            folder.display()
        ));
    }
    let loaded = read(&path).and_then(|bytes| {
        // The checksum guards against damage; against what nobody thought of there is this.
        catch_unwind(AssertUnwindSafe(|| shared(&bytes)))
            .unwrap_or_else(|_| Err("it cannot be read".to_owned()))
    });
    match loaded {
        Err(why) => failed(format!("the style {title} cannot be used: {why}")),
        Ok(loaded) => {
            let found = format!("{:016x}", loaded.fingerprint);
            let other = chosen.fingerprint.as_ref().is_some_and(|of| *of != found);
            Outcome {
                loaded: Some(loaded),
                trouble: other.then(|| {
                    format!(
                        "the style {title} was made anew since this project was saved: its notes may be others. \
                         Choose it again to keep it so"
                    )
                }),
            }
        }
    }
}

/// The style in a file's bytes: the one that is in use here already, if it is the same.
fn shared(bytes: &[u8]) -> Result<Arc<Loaded>, String> {
    let style = Style::of(bytes).map_err(|error| error.to_string())?;
    // Whoever comes second waits for the first and gets its weights.
    let mut all = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|loaded| loaded.strong_count() > 0);
    let known = all.iter().filter_map(Weak::upgrade);
    if let Some(loaded) = known
        .into_iter()
        .find(|loaded| loaded.fingerprint == style.fingerprint)
    {
        return Ok(loaded);
    }
    let loaded = Arc::new(Loaded {
        generator: Generator::from_bytes(bytes).map_err(|error| error.to_string())?,
        fingerprint: style.fingerprint,
    });
    all.push(Arc::downgrade(&loaded));
    Ok(loaded)
}

#[cfg(test)]
mod tests;
