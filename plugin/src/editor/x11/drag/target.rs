//! The window under the pointer that takes drops, and how far the talk with it has come.

use std::time::Instant;

use x11rb::{
    protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, Window},
    rust_connection::RustConnection,
};

use super::{PATIENCE, offer::Atoms};
use crate::editor::x11::Fallible;

/// Older versions say too little to be talked to.
const OLDEST: u8 = 3;

/// A window that takes part in the protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The window.
    pub window: Window,
    /// The one that its messages go to: itself, or one that it named to hear for it.
    pub ear: Window,
    /// The protocol's version there.
    pub version: u8,
    /// Since when it has been asked and has not answered.
    asked: Option<Instant>,
    /// The pointer moved since it was asked last.
    news: bool,
    accepts: bool,
    /// Left, top, right and bottom on the screen: within, its answer stays the same.
    same: Option<[i32; 4]>,
}

impl Target {
    /// It takes a drop where the pointer is.
    pub fn accepts(&self) -> bool {
        self.accepts && !self.is_deaf()
    }

    /// It has yet to answer.
    pub fn waits(&self) -> bool {
        self.asked.is_some()
    }

    /// It has not answered for too long.
    pub fn is_deaf(&self) -> bool {
        self.asked.is_some_and(|since| since.elapsed() > PATIENCE)
    }

    /// The pointer moved to a place on the screen.
    pub fn moved(&mut self, (x, y): (i16, i16)) {
        let (x, y) = (i32::from(x), i32::from(y));
        let inside = |[left, top, right, bottom]: [i32; 4]| {
            (left..right).contains(&x) && (top..bottom).contains(&y)
        };
        self.news |= !self.same.is_some_and(inside);
    }

    /// Whether there is a new position to tell now; it counts as told.
    pub fn take_news(&mut self) -> bool {
        let now = self.news && self.asked.is_none();
        if now {
            self.news = false;
            self.asked = Some(Instant::now());
        }
        now
    }

    /// It answered with the data of an `XdndStatus`.
    pub fn heard(&mut self, data: &[u32; 5]) {
        self.asked = None;
        self.accepts = data[1] & 1 == 1;
        let halves = |both: u32| [(both >> 16) as i32, (both & 0xffff) as i32];
        let ([left, top], [wide, high]) = (halves(data[2]), halves(data[3]));
        // It may want to be told of every move all the same.
        let same = data[1] & 2 == 0 && wide > 0 && high > 0;
        self.same = same.then_some([left, top, left + wide, top + high]);
    }
}

/// The window at a place on the screen that takes part in the protocol: the outermost one. `from`, the window that
/// the drag comes from, is none, nor is what is inside of it.
pub fn find(
    x: &RustConnection,
    atoms: &Atoms,
    root: Window,
    from: Window,
    (left, top): (i16, i16),
) -> Fallible<Option<Target>> {
    let mut window = root;
    loop {
        let place = x.translate_coordinates(root, window, left, top)?;
        // A window may go meanwhile; then the next move finds another one.
        let Ok(place) = place.reply() else {
            return Ok(None);
        };
        if place.child == from {
            return Ok(None);
        }
        if place.child == x11rb::NONE {
            return aware(x, atoms, root);
        }
        window = place.child;
        if let Some(target) = aware(x, atoms, window)? {
            return Ok(Some(target));
        }
    }
}

/// `window` as a target, if it takes part in the protocol.
fn aware(x: &RustConnection, atoms: &Atoms, window: Window) -> Fallible<Option<Target>> {
    let named = number(x, window, atoms.XdndProxy, AtomEnum::WINDOW)?;
    // A name that is left over from a window that is gone does not name itself.
    let ear = match named {
        Some(ear) if number(x, ear, atoms.XdndProxy, AtomEnum::WINDOW)? == Some(ear) => ear,
        _ => window,
    };
    let version = number(x, ear, atoms.XdndAware, AtomEnum::ATOM)?;
    let version = version.and_then(|version| u8::try_from(version).ok());
    Ok(version
        .filter(|version| *version >= OLDEST)
        .map(|version| Target {
            window,
            ear,
            version,
            asked: None,
            news: false,
            accepts: false,
            same: None,
        }))
}

/// The first number of a window's property.
fn number(
    x: &RustConnection,
    window: Window,
    property: Atom,
    kind: AtomEnum,
) -> Fallible<Option<u32>> {
    let property = x.get_property(false, window, property, kind, 0, 1)?;
    // Of a window that is gone there is none.
    let reply = property.reply().ok();
    Ok(reply.and_then(|reply| reply.value32()?.next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            window: 1,
            ear: 1,
            version: 5,
            asked: None,
            news: false,
            accepts: false,
            same: None,
        }
    }

    #[test]
    fn it_is_told_once_and_again_after_its_answer() {
        let mut target = target();
        target.moved((1, 1));
        assert!(target.take_news());
        target.moved((2, 2));
        assert!(!target.take_news(), "it has yet to answer");
        target.heard(&[1, 1, 0, 0, 0]);
        assert!(target.accepts() && target.take_news());
        target.heard(&[1, 0, 0, 0, 0]);
        assert!(!target.accepts() && !target.take_news(), "nothing moved");
    }

    #[test]
    fn within_the_rectangle_of_its_answer_it_is_not_told() {
        let mut target = target();
        target.heard(&[1, 1, 10 << 16 | 20, 30 << 16 | 40, 0]);
        target.moved((39, 59));
        assert!(!target.take_news());
        target.moved((40, 59));
        assert!(target.take_news(), "out of it");
        target.heard(&[1, 3, 10 << 16 | 20, 30 << 16 | 40, 0]);
        target.moved((11, 21));
        assert!(target.take_news(), "it asked for every move");
    }
}
