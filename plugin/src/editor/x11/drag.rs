//! Dragging a file out of the window: a source of the XDND protocol, version 5.
//!
//! A drag has a thread and a connection of its own, so that no target can keep the window waiting. When the
//! connection closes, the server ends the grabs and the selection with it, whatever went wrong.
//!
//! The source tells the window under the pointer that something is above it, and that window says whether it
//! would take it (`XdndStatus`). After the drop it asks for the data, the file's URI, as for any selection, and
//! says when it is done (`XdndFinished`). A target that says nothing is left alone after a while.

mod offer;
mod target;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use x11rb::{
    CURRENT_TIME,
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{
            AtomEnum, BUTTON_RELEASE_EVENT, ButtonIndex, ButtonReleaseEvent, ClientMessageEvent,
            ConnectionExt as _, CreateWindowAux, Cursor, EventMask, GrabMode, GrabStatus,
            KeyButMask, PropMode, Timestamp, Window, WindowClass,
        },
    },
    resource_manager,
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use self::{
    offer::{Atoms, Offer},
    target::Target,
};
use super::{Fallible, as_library, keyboard::Meanings, number};
use nice_plug_egui::baseview::WindowContext;

/// The protocol's version.
const VERSION: u8 = 5;
const ESCAPE: u32 = 0xff1b;
/// Between two looks for events.
const POLL: Duration = Duration::from_millis(4);
/// For how long a target may say nothing to a position.
const PATIENCE: Duration = Duration::from_secs(2);
/// For how long a target may work on a drop after its last sign of life.
const WORK: Duration = Duration::from_secs(10);
/// The same when the window is being closed.
const HURRY: Duration = Duration::from_millis(500);
/// For how long another program may keep the pointer to itself.
const GRAB: Duration = Duration::from_millis(500);

/// How a drag ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody has the file's URI.
    Taken(PathBuf),
    /// It was let go of where nobody wants it; the file stays.
    Refused(PathBuf),
    /// Escape, or the window was closed; the file is gone.
    Cancelled,
}

/// Takes the pointer from the window in the middle of a press: to the window it looks as if the button had been
/// released. Returns the window's number.
///
/// # Errors
/// When the X server does not answer.
pub fn let_go(window: &WindowContext) -> Fallible<Window> {
    let number = number(window)?;
    as_library(window, |library| {
        library.ungrab_pointer(CURRENT_TIME)?.check()?;
        let root = library.query_tree(number)?.reply()?.root;
        let release = ButtonReleaseEvent {
            response_type: BUTTON_RELEASE_EVENT,
            detail: ButtonIndex::M1.into(),
            sequence: 0,
            time: CURRENT_TIME,
            root,
            event: number,
            child: x11rb::NONE,
            root_x: 0,
            root_y: 0,
            event_x: 0,
            event_y: 0,
            state: KeyButMask::BUTTON1,
            same_screen: true,
        };
        // Without a mask an event goes to who made the window.
        library
            .send_event(false, number, EventMask::NO_EVENT, release)?
            .check()?;
        Ok(number)
    })
}

/// Where the hand is in its movement.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hand {
    /// The button is down.
    Holds,
    /// The button was released; the target has yet to say whether it takes the drop.
    Released(Instant),
    /// The target was told of the drop, or gave another sign of life.
    Dropped(Instant),
}

/// A drag that has the pointer.
pub struct Drag {
    x: RustConnection,
    atoms: Atoms,
    root: Window,
    /// The window that the drag comes from: no target.
    from: Window,
    /// A window that nobody sees, which the protocol calls the source.
    source: Window,
    escape: Option<u8>,
    /// Shown where the drop would be taken, and elsewhere.
    cursors: [Cursor; 2],
    shown: usize,
    hand: Hand,
    target: Option<Target>,
    pointer: (i16, i16),
    /// Since when the data is offered, in the server's time.
    began: Timestamp,
    /// When the pointer moved last.
    time: Timestamp,
    moved: bool,
    /// Somebody was given the URI since the drop.
    given: bool,
}

impl Drag {
    /// Grabs the pointer for a drag out of the window `from`.
    ///
    /// # Errors
    /// When the X server does not answer, or another program keeps the pointer.
    pub fn begin(from: Window) -> Fallible<Self> {
        let (x, screen) = x11rb::connect(None)?;
        let root = x.setup().roots[screen].root;
        let atoms = Atoms::new(&x)?.reply()?;
        let resources = resource_manager::new_from_default(&x)?;
        let cursors = x11rb::cursor::Handle::new(&x, screen, &resources)?.reply()?;
        let load = |name, or| -> Fallible<Cursor> {
            let cursor = cursors.load_cursor(&x, name)?;
            Ok(if cursor == x11rb::NONE {
                cursors.load_cursor(&x, or)?
            } else {
                cursor
            })
        };
        let cursors = [load("dnd-copy", "hand2")?, load("dnd-none", "circle")?];
        let source = x.generate_id()?;
        let class = WindowClass::INPUT_ONLY;
        let attributes = CreateWindowAux::new()
            .override_redirect(1)
            .event_mask(EventMask::PROPERTY_CHANGE);
        x.create_window(0, source, root, -10, -10, 1, 1, 0, class, 0, &attributes)?
            .check()?;
        let began = now(&x, source, &atoms)?;
        let mut drag = Self {
            escape: Meanings::read(&x)?.code(ESCAPE),
            x,
            atoms,
            root,
            from,
            source,
            cursors,
            shown: 1,
            hand: Hand::Holds,
            target: None,
            pointer: (0, 0),
            began,
            time: began,
            moved: true,
            given: false,
        };
        drag.grab()?;
        Ok(drag)
    }

    fn grab(&mut self) -> Fallible<()> {
        let began = Instant::now();
        let mask = EventMask::BUTTON_RELEASE | EventMask::POINTER_MOTION;
        let mode = GrabMode::ASYNC;
        loop {
            let cursor = self.cursors[self.shown];
            let grab = self.x.grab_pointer(
                false,
                self.root,
                mask,
                mode,
                mode,
                x11rb::NONE,
                cursor,
                CURRENT_TIME,
            )?;
            if grab.reply()?.status == GrabStatus::SUCCESS {
                break;
            }
            if began.elapsed() > GRAB {
                return Err("another program keeps the pointer".into());
            }
            thread::sleep(POLL);
        }
        // Without the keyboard Escape means nothing, no more.
        self.x
            .grab_keyboard(false, self.root, CURRENT_TIME, mode, mode)?
            .reply()?;
        let pointer = self.x.query_pointer(self.root)?.reply()?;
        self.pointer = (pointer.root_x, pointer.root_y);
        if !pointer.mask.contains(KeyButMask::BUTTON1) {
            self.release()?;
        }
        self.x
            .set_selection_owner(self.source, self.atoms.XdndSelection, self.began)?
            .check()?;
        Ok(())
    }

    /// Drags the file at `path` until it is dropped, or `stop` is set. Unless it was dropped, the file goes too.
    ///
    /// # Errors
    /// When the X server does not answer; the file stays.
    pub fn run(mut self, path: &Path, stop: &AtomicBool) -> Fallible<Outcome> {
        let offer = Offer::of(path);
        loop {
            let mut outcome = None;
            while let Some(event) = self.x.poll_for_event()? {
                outcome = outcome.or(self.handle(event, &offer)?);
            }
            let stop = stop.load(Ordering::Relaxed);
            if outcome.is_none() {
                outcome = self.go_on(stop)?;
            }
            let Some(taken) = outcome else {
                self.x.flush()?;
                thread::sleep(POLL);
                continue;
            };
            // A connection that closes takes with it what the server has not read.
            self.x.sync()?;
            let path = path.to_owned();
            if self.hand == Hand::Holds {
                // Nobody was promised it.
                let _ = fs::remove_file(path);
                return Ok(Outcome::Cancelled);
            }
            return Ok(if taken {
                Outcome::Taken(path)
            } else {
                Outcome::Refused(path)
            });
        }
    }

    /// Takes an event; `Some` when the drag is over: whether somebody has the file.
    fn handle(&mut self, event: Event, offer: &Offer) -> Fallible<Option<bool>> {
        match event {
            Event::MotionNotify(event) if self.hand == Hand::Holds => {
                self.pointer = (event.root_x, event.root_y);
                self.time = event.time;
                self.moved = true;
            }
            Event::ButtonRelease(event)
                if event.detail == u8::from(ButtonIndex::M1) && self.hand == Hand::Holds =>
            {
                let to = (event.root_x, event.root_y);
                self.moved |= to != self.pointer;
                self.pointer = to;
                self.time = event.time;
                self.release()?;
            }
            Event::KeyPress(event)
                if Some(event.detail) == self.escape && self.hand == Hand::Holds =>
            {
                self.leave()?;
                return Ok(Some(false));
            }
            Event::ClientMessage(event) => return self.hear(&event),
            Event::SelectionRequest(request) => {
                let given = offer.answer(&self.x, &self.atoms, &request, self.began)?;
                if let Hand::Dropped(_) = self.hand {
                    self.given |= given;
                    self.hand = Hand::Dropped(Instant::now());
                }
            }
            // Another drag began, which cannot be: the pointer is ours. Some program behaves badly.
            Event::SelectionClear(_) if !matches!(self.hand, Hand::Dropped(_)) => {
                self.leave()?;
                return Ok(Some(false));
            }
            // Errors tell of windows that are gone.
            _ => {}
        }
        Ok(None)
    }

    /// Takes what the target says.
    fn hear(&mut self, event: &ClientMessageEvent) -> Fallible<Option<bool>> {
        let data = event.data.as_data32();
        let Some(target) = &mut self.target else {
            return Ok(None);
        };
        if event.format != 32 || data[0] != target.window {
            return Ok(None);
        }
        if event.type_ == self.atoms.XdndStatus {
            target.heard(&data);
            self.show()?;
            self.tell_position()?;
        } else if event.type_ == self.atoms.XdndFinished
            && let Hand::Dropped(_) = self.hand
        {
            // Before version 5 to finish meant to take.
            return Ok(Some(target.version < 5 || data[1] & 1 == 1));
        }
        Ok(None)
    }

    /// Does what is due; `Some` when the drag is over: whether somebody has the file.
    fn go_on(&mut self, stop: bool) -> Fallible<Option<bool>> {
        if std::mem::take(&mut self.moved) {
            self.follow()?;
        }
        let deaf = self.target.as_ref().is_some_and(Target::is_deaf);
        match self.hand {
            Hand::Holds if stop => {
                self.leave()?;
                return Ok(Some(false));
            }
            Hand::Holds if deaf => self.show()?,
            Hand::Holds => {}
            Hand::Released(_) if stop => {
                self.leave()?;
                return Ok(Some(false));
            }
            Hand::Released(since) => match &self.target {
                Some(target) if target.waits() && !deaf && since.elapsed() < PATIENCE => {}
                Some(target) if target.accepts() => {
                    let time = self.time;
                    self.tell(self.atoms.XdndDrop, [0, time, 0, 0])?;
                    self.hand = Hand::Dropped(Instant::now());
                }
                _ => {
                    self.leave()?;
                    return Ok(Some(false));
                }
            },
            Hand::Dropped(since) => {
                let patience = if stop { HURRY } else { WORK };
                if since.elapsed() > patience {
                    return Ok(Some(self.given));
                }
            }
        }
        Ok(None)
    }

    /// The button is up: other programs get the pointer and the keyboard back.
    fn release(&mut self) -> Fallible<()> {
        self.hand = Hand::Released(Instant::now());
        self.x.ungrab_pointer(CURRENT_TIME)?;
        self.x.ungrab_keyboard(CURRENT_TIME)?;
        Ok(())
    }

    /// Enters the window under the pointer if it is another one, and tells it where the pointer is.
    fn follow(&mut self) -> Fallible<()> {
        let found = target::find(&self.x, &self.atoms, self.root, self.from, self.pointer)?;
        let same = match (&self.target, &found) {
            (Some(old), Some(new)) => old.window == new.window,
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.leave()?;
            self.target = found;
            let version = self.target.as_ref().map_or(0, |target| target.version);
            let (uris, text) = (self.atoms.TextUriList, self.atoms.TextPlain);
            // Two types fit in, so that no list of them is needed.
            self.tell(
                self.atoms.XdndEnter,
                [u32::from(version.min(VERSION)) << 24, uris, text, 0],
            )?;
            self.show()?;
        }
        if let Some(target) = &mut self.target {
            target.moved(self.pointer);
        }
        self.tell_position()
    }

    /// Tells the target where the pointer is, unless it has yet to answer the last time.
    fn tell_position(&mut self) -> Fallible<()> {
        let Some(target) = &mut self.target else {
            return Ok(());
        };
        if target.take_news() {
            let (x, y) = self.pointer;
            let place = u32::from(x.cast_unsigned()) << 16 | u32::from(y.cast_unsigned());
            let (time, copy) = (self.time, self.atoms.XdndActionCopy);
            self.tell(self.atoms.XdndPosition, [0, place, time, copy])?;
        }
        Ok(())
    }

    /// Leaves the target, if there is one.
    fn leave(&mut self) -> Fallible<()> {
        self.tell(self.atoms.XdndLeave, [0; 4])?;
        self.target = None;
        Ok(())
    }

    /// Sends the target a message.
    fn tell(&self, message: u32, [one, two, three, four]: [u32; 4]) -> Fallible<()> {
        if let Some(target) = &self.target {
            let data = [self.source, one, two, three, four];
            let event = ClientMessageEvent::new(32, target.window, message, data);
            self.x
                .send_event(false, target.ear, EventMask::NO_EVENT, event)?;
        }
        Ok(())
    }

    /// Shows whether the drop would be taken.
    fn show(&mut self) -> Fallible<()> {
        let accepts = self.target.as_ref().is_some_and(Target::accepts);
        let now = usize::from(!accepts);
        if self.hand == Hand::Holds && now != self.shown {
            self.shown = now;
            let mask = EventMask::BUTTON_RELEASE | EventMask::POINTER_MOTION;
            self.x
                .change_active_pointer_grab(self.cursors[now], CURRENT_TIME, mask)?;
        }
        Ok(())
    }
}

/// The server's time: it tells it with each change of a property.
fn now(x: &RustConnection, window: Window, atoms: &Atoms) -> Fallible<Timestamp> {
    let version = [u32::from(VERSION)];
    let kind = AtomEnum::ATOM;
    x.change_property32(PropMode::REPLACE, window, atoms.XdndAware, kind, &version)?
        .check()?;
    loop {
        if let Event::PropertyNotify(event) = x.wait_for_event()? {
            return Ok(event.time);
        }
    }
}
