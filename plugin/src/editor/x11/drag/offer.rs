//! What a drop is worth: the file as a URI, or its path as text.

use std::{fmt::Write as _, os::unix::ffi::OsStrExt as _, path::Path};

use x11rb::{
    protocol::xproto::{
        Atom, AtomEnum, ConnectionExt as _, EventMask, PropMode, SELECTION_NOTIFY_EVENT,
        SelectionNotifyEvent, SelectionRequestEvent, Timestamp,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use crate::editor::x11::Fallible;

x11rb::atom_manager! {
    /// The words of the protocol.
    pub Atoms: AtomsCookie {
        XdndAware,
        XdndProxy,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndSelection,
        XdndActionCopy,
        TARGETS,
        TIMESTAMP,
        TextUriList: b"text/uri-list",
        TextPlain: b"text/plain",
    }
}

/// The data in each form.
pub struct Offer {
    uris: Vec<u8>,
    text: Vec<u8>,
}

impl Offer {
    /// The file at `path`, which is absolute.
    pub fn of(path: &Path) -> Self {
        let text = path.as_os_str().as_bytes().to_owned();
        Self {
            // A list of one line.
            uris: format!("{}\r\n", uri(&text)).into_bytes(),
            text,
        }
    }

    /// Answers a request for the data, which is offered `since` then; whether it was the data, and not what it comes in.
    ///
    /// # Errors
    /// When the X server does not answer.
    pub fn answer(
        &self,
        x: &RustConnection,
        atoms: &Atoms,
        request: &SelectionRequestEvent,
        since: Timestamp,
    ) -> Fallible<bool> {
        // Old programs name no property.
        let property = if request.property == x11rb::NONE {
            request.target
        } else {
            request.property
        };
        let window = request.requestor;
        let forms = [
            atoms.TARGETS,
            atoms.TIMESTAMP,
            atoms.TextUriList,
            atoms.TextPlain,
        ];
        let bytes = |bytes: &[u8], kind: Atom| {
            x.change_property8(PropMode::REPLACE, window, property, kind, bytes)
        };
        let words = |words: &[u32], kind: AtomEnum| {
            x.change_property32(PropMode::REPLACE, window, property, kind, words)
        };
        let written = match request.target {
            form if form == atoms.TextUriList => bytes(&self.uris, form)?.check(),
            form if form == atoms.TextPlain => bytes(&self.text, form)?.check(),
            form if form == atoms.TARGETS => words(&forms, AtomEnum::ATOM)?.check(),
            form if form == atoms.TIMESTAMP => words(&[since], AtomEnum::INTEGER)?.check(),
            _ => return self.notify(x, request, x11rb::NONE).map(|()| false),
        };
        // The asking window may be gone.
        if written.is_err() {
            return Ok(false);
        }
        self.notify(x, request, property)?;
        Ok([atoms.TextUriList, atoms.TextPlain].contains(&request.target))
    }

    fn notify(
        &self,
        x: &RustConnection,
        request: &SelectionRequestEvent,
        property: Atom,
    ) -> Fallible<()> {
        let notify = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property,
        };
        x.send_event(false, request.requestor, EventMask::NO_EVENT, notify)?;
        Ok(())
    }
}

/// A path as RFC 8089 writes it.
fn uri(path: &[u8]) -> String {
    let mut uri = String::from("file://");
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_that_means_something_in_a_uri_is_escaped() {
        assert_eq!(
            uri("/home/Jürgen/Music/Continuo Bass 1.mid".as_bytes()),
            "file:///home/J%C3%BCrgen/Music/Continuo%20Bass%201.mid"
        );
        assert_eq!(uri(b"/a%b#c?d\xff"), "file:///a%25b%23c%3Fd%FF");
    }

    #[test]
    fn a_list_has_one_line_and_text_is_the_path() {
        let offer = Offer::of(Path::new("/m/a b.mid"));
        assert_eq!(offer.uris, b"file:///m/a%20b.mid\r\n");
        assert_eq!(offer.text, b"/m/a b.mid");
    }
}
