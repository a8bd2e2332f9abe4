//! Where exports go: the folder that the musician chose for the project, else the Music folder.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use nice_plug::params::persist::PersistentField;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::worker::music_folder;

/// What a project keeps of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// The chosen folder, `None` for the Music folder. It may lie on another machine.
    pub path: Option<PathBuf>,
    /// What only a later version knows.
    #[serde(flatten)]
    later: Map<String, Value>,
}

/// The choice behind a lock; the window and the host's main thread share it.
#[derive(Clone, Debug, Default)]
pub struct Folder(Arc<Mutex<Choice>>);

impl Folder {
    fn lock(&self) -> MutexGuard<'_, Choice> {
        // Never half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder, whether it is there or not; `None` when none was chosen and the system has no Music folder.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        self.lock().path.clone().or_else(music_folder)
    }

    /// The folder, once it is sure that a file can be written there. The Music folder is made when it is missing, a
    /// chosen one is not: a drive that is not there would get a folder in its place.
    ///
    /// # Errors
    /// When there is no such folder or it takes no files; in words for the musician.
    pub fn ready(&self) -> Result<PathBuf, String> {
        let chosen = self.lock().path.clone();
        if let Some(path) = chosen {
            return checked(&path).map(|()| path);
        }
        let path = music_folder().ok_or("this system has no folder for music")?;
        fs::create_dir_all(&path)
            .map_err(|error| format!("cannot make the folder {}: {error}", path.display()))?;
        checked(&path).map(|()| path)
    }

    /// Chooses the folder that `text` names, `~` being the musician's home; the Music folder when it is empty.
    ///
    /// # Errors
    /// When it is no folder that takes files; the choice stays as it was.
    pub fn choose(&self, text: &str) -> Result<(), String> {
        let text = text.trim();
        let path = if text.is_empty() {
            None
        } else {
            let path = at_home(text);
            if !path.is_absolute() {
                return Err(format!("{text} is no whole path: it begins with the root"));
            }
            checked(&path)?;
            // The Music folder stays the one of whoever opens the project.
            Some(path).filter(|path| Some(path) != music_folder().as_ref())
        };
        self.lock().path = path;
        Ok(())
    }
}

fn at_home(text: &str) -> PathBuf {
    let rest = text
        .strip_prefix('~')
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '\\']));
    match (rest, dirs::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest.trim_start_matches(['/', '\\'])),
        _ => PathBuf::from(text),
    }
}

/// Whether `folder` is there and takes files: writes an empty one and removes it.
fn checked(folder: &Path) -> Result<(), String> {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let shown = folder.display();
    let told = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no folder {shown}"),
        io::ErrorKind::NotADirectory => format!("{shown} is no folder"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            format!("the folder {shown} is read-only")
        }
        _ => format!("the folder {shown} takes no files: {error}"),
    };
    let about = fs::metadata(folder).map_err(|error| told(&error))?;
    if !about.is_dir() {
        return Err(format!("{shown} is no folder"));
    }
    let number = TRIED.fetch_add(1, Ordering::Relaxed);
    let trial = folder.join(format!(".continuo-{}-{number}", std::process::id()));
    match File::create_new(&trial) {
        Ok(_) => {
            // It was there to be made; who cannot remove it can still read the music.
            let _ = fs::remove_file(&trial);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(told(&error)),
    }
}

impl PersistentField<'_, Choice> for Folder {
    fn set(&self, choice: Choice) {
        let path = choice.path.filter(|path| path.is_absolute());
        *self.lock() = Choice { path, ..choice };
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Choice) -> R,
    {
        let choice = self.lock().clone();
        f(&choice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that goes with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("continuo-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).expect("a folder");
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_choice_is_kept_and_checked() {
        let scratch = Scratch::new("choice");
        let folder = Folder::default();
        let text = scratch.0.to_str().expect("a name");
        folder.choose(text).expect("a folder");
        assert_eq!(folder.ready().as_ref(), Ok(&scratch.0));
        assert_eq!(fs::read_dir(&scratch.0).expect("a folder").count(), 0);
        // What cannot be changes nothing.
        let missing = format!("{text}/missing");
        let why = folder.choose(&missing).expect_err("missing");
        assert_eq!(why, format!("there is no folder {missing}"));
        fs::write(scratch.0.join("file"), "").expect("a file");
        let why = folder.choose(&format!("{text}/file")).expect_err("a file");
        assert!(why.ends_with("file is no folder"), "{why}");
        let why = folder.choose("Music").expect_err("relative");
        assert!(why.contains("whole path"), "{why}");
        assert_eq!(folder.path().as_ref(), Some(&scratch.0));
        // A chosen folder that goes is not made again.
        fs::remove_dir_all(&scratch.0).expect("a folder");
        let why = folder.ready().expect_err("gone");
        assert!(why.starts_with("there is no folder"), "{why}");
        assert!(!scratch.0.exists());
        folder.choose("").expect("the music folder");
        assert_eq!(folder.path(), music_folder());
    }

    #[test]
    fn home_is_written_as_in_a_shell() {
        let home = dirs::home_dir().expect("a home");
        assert_eq!(at_home("~"), home);
        assert_eq!(at_home("~/Loops/new"), home.join("Loops/new"));
        assert_eq!(at_home("~else/x"), Path::new("~else/x"));
        assert_eq!(at_home("/a/~/b"), Path::new("/a/~/b"));
    }

    #[test]
    fn a_project_keeps_it_with_what_a_later_version_adds() {
        let folder = Folder::default();
        let saved = r#"{"path":"/far/away","names":"by date"}"#;
        folder.set(serde_json::from_str(saved).expect("a choice"));
        assert_eq!(folder.path(), Some("/far/away".into()));
        let again = folder.map(|choice| serde_json::to_string(choice).expect("JSON"));
        assert_eq!(again, saved);
        // A damaged one is none.
        folder.set(serde_json::from_str(r#"{"path":"../up"}"#).expect("a choice"));
        assert_eq!(folder.path(), music_folder());
    }
}
