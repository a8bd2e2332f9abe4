//! What the window asks for that is no parameter.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Dialog;
use crate::{
    styles::{Entry, List},
    worker::{Wish, Worn},
};

/// Takes the requests: the instance's seat in the plugin, a recording one in tests. None of them waits.
pub trait Actions {
    /// Asks something of a bar.
    fn wish(&self, wish: Wish);
    /// Writes the last bars as a MIDI file; [`exported`](Self::exported) tells what became of it.
    fn export(&self);
    /// Drags the same file out of the window while the button of the mouse is down. Where that cannot be, the
    /// file is written and offered.
    fn drag(&self);
    /// What became of the last export.
    fn exported(&self) -> Export;
    /// The user has read what became of it.
    fn dismiss_export(&self);
    /// The folder that exports go to, as it is written; while one that was tried cannot be used, that one.
    fn folder(&self) -> String;
    /// Chooses the folder that `text` names, the Music folder when it is empty. An export that waits for one goes
    /// on; if it cannot be used, [`exported`](Self::exported) tells why.
    fn choose_folder(&self, text: &str);
    /// Lets the system ask for the folder.
    fn browse(&self);
    /// What became of that.
    fn dialog(&self) -> Dialog;
    /// The style that it plays in.
    fn worn(&self) -> Worn;
    /// Looks for styles; [`styles`](Self::styles) tells what was found.
    fn look_for_styles(&self);
    /// What was found last; `None` while it is looked for the first time.
    fn styles(&self) -> Option<Arc<List>>;
    /// Chooses a style; `None` plays as shipped.
    fn choose_style(&self, entry: Option<&Entry>);
}

/// An export's fate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Export {
    /// None was asked for, or it was read.
    #[default]
    None,
    /// It is being written.
    Writing,
    /// It hangs from the pointer.
    Dragging,
    /// It lies here, as was asked for.
    Written(PathBuf),
    /// It lies here, since it was let go of where nobody took it.
    Refused(PathBuf),
    /// It lies here, since nothing can be dragged out of this window.
    Undraggable(PathBuf),
    /// Why no file can be written to the folder: another one is needed.
    NoFolder(String),
    /// Why there is none.
    Failed(String),
}

impl Export {
    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Written(path) | Self::Refused(path) | Self::Undraggable(path) => Some(path),
            _ => None,
        }
    }
}
