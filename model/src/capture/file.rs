//! Captured music as a new file in the musician's folder.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::controls::Role;

/// Music that is ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Whose it is, for the file's name.
    pub role: Role,
    /// The MIDI file.
    pub bytes: Vec<u8>,
}

impl Captured {
    /// Writes it into `folder`, which is made when it is missing, under a name of its own: "Continuo Bass
    /// 1.mid", or the next number that is free.
    ///
    /// # Errors
    /// When the folder cannot be made or the file not be written; the error names it.
    pub fn write(&self, folder: &Path) -> io::Result<PathBuf> {
        write_new(
            folder,
            &format!("Continuo {}", self.role.name()),
            &self.bytes,
        )
    }
}

/// More files of one name than anybody keeps.
const MOST_FILES: u32 = 100_000;

/// Writes `bytes` to "`stem` 1.mid" in `folder`, or to the next number that no file has. Nothing is ever
/// overwritten, also not by two who write at once.
///
/// # Errors
/// When the folder cannot be made or the file not be written; the error names it.
pub fn write_new(folder: &Path, stem: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder).map_err(|error| named("cannot make the folder", folder, &error))?;
    for number in 1..=MOST_FILES {
        let path = folder.join(format!("{stem} {number}.mid"));
        let mut file = match File::create_new(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(named("cannot write", &path, &error)),
        };
        return match file.write_all(bytes).and_then(|()| file.sync_all()) {
            Ok(()) => Ok(path),
            Err(error) => {
                // Half a file helps nobody; the first error is the one to tell of.
                let _ = fs::remove_file(&path);
                Err(named("cannot write", &path, &error))
            }
        };
    }
    let full = io::Error::other("every number is taken");
    Err(named("cannot write another file to", folder, &full))
}

fn named(what: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what} {}: {error}", path.display()))
}
