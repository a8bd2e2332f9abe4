//! Whose the keyboard is: the host's, but while a value is typed or the host has handed it over.
//!
//! The window's library takes the keyboard with each click, and keeps it; and even without it, the server gives
//! the keys to the window under the pointer when one around it has the keyboard. So that the space bar starts
//! and stops the host:
//!
//! - the library is made to believe that it has the keyboard already, so that it does not take it;
//! - it listens to keys only while the keyboard is the window's, so that they go on to the windows around it;
//! - the keyboard is taken when something is to be typed, and given back to who had it;
//! - what the window has no use for while it has the keyboard, Space above all, is passed on.

use egui::{Event, Ui};
use nice_plug_egui::baseview::WindowContext;
use x11rb::{
    CURRENT_TIME,
    connection::Connection as _,
    protocol::{
        self,
        xproto::{
            AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, FOCUS_IN_EVENT,
            FocusInEvent, InputFocus, KeyPressEvent, NotifyDetail, NotifyMode, Window,
        },
    },
    rust_connection::RustConnection,
};

use super::{Fallible, around, as_library, number};

const SPACE: u32 = 0x20;
/// Tab, and Tab with shift, which lead from control to control.
const TABS: [u32; 2] = [0xff09, 0xfe20];

fn keys() -> EventMask {
    EventMask::KEY_PRESS | EventMask::KEY_RELEASE
}

/// The keyboard of a window inside a host's.
pub struct Keyboard {
    x: RustConnection,
    window: Window,
    /// The window has the keyboard.
    mine: bool,
    /// Who had it before the window took it.
    before: Option<(InputFocus, Window)>,
    /// Something in the window had egui's focus in the last frame.
    wanted: bool,
    meanings: Meanings,
}

impl Keyboard {
    /// Leaves the keyboard of a window that was just made to its host.
    ///
    /// # Errors
    /// When the X server does not answer; all is as the library has it then.
    pub fn leave_to_host(window: &WindowContext) -> Fallible<Self> {
        let (x, _) = x11rb::connect(None)?;
        let mut keyboard = Self {
            window: number(window)?,
            meanings: Meanings::read(&x)?,
            x,
            mine: false,
            before: None,
            wanted: false,
        };
        keyboard.listen(window, false)?;
        keyboard.pretend()?;
        Ok(keyboard)
    }

    /// Settles after a frame whose keyboard is. Returns whether it was taken from the window: nothing can be
    /// typed any more.
    ///
    /// # Errors
    /// When the X server does not answer.
    pub fn settle(&mut self, window: &WindowContext, ui: &Ui) -> Fallible<bool> {
        let (came, went, clicked) = ui.input(|input| {
            let has = |focus| input.events.contains(&Event::WindowFocused(focus));
            (has(true), has(false), input.pointer.any_pressed())
        });
        let wanted = ui.ctx().egui_wants_keyboard_input();
        let writing = ui.ctx().text_edit_focused();
        let had = self.mine;
        if came || went || had {
            self.mine = self.x.get_input_focus()?.reply()?.focus == self.window;
        }
        let lost = had && !self.mine;
        if lost {
            self.before = None;
            self.listen(window, false)?;
        }
        if !self.mine && (lost || went) {
            self.pretend()?;
        } else if self.mine && !had {
            self.listen(window, true)?;
        }
        // The key that ends the typing was meant for it.
        let meant = self.wanted || wanted;
        self.pass_on(|key| match key {
            SPACE => !writing,
            key => !meant && !TABS.contains(&key),
        })?;
        let ended = self.wanted && !wanted;
        self.wanted = wanted && !lost;
        if wanted && !self.mine && !lost {
            self.take(window)?;
        } else if self.mine && !wanted && (ended || clicked) {
            self.give_back(window)?;
        }
        Ok(lost && wanted)
    }

    /// Lets the library and this connection hear keys, or not.
    fn listen(&mut self, window: &WindowContext, on: bool) -> Fallible<()> {
        let number = self.window;
        as_library(window, |library| {
            let now = library.get_window_attributes(number)?.reply()?;
            let rest = u32::from(now.your_event_mask) & !u32::from(keys());
            let mask = if on { rest | u32::from(keys()) } else { rest };
            let mask = ChangeWindowAttributesAux::new().event_mask(EventMask::from(mask));
            library.change_window_attributes(number, &mask)?.check()?;
            Ok(())
        })?;
        let mask = if on { keys() } else { EventMask::NO_EVENT };
        let mask = ChangeWindowAttributesAux::new().event_mask(mask);
        self.x.change_window_attributes(number, &mask)?.check()?;
        Ok(())
    }

    /// Makes the library believe that the window has the keyboard.
    fn pretend(&self) -> Fallible<()> {
        let event = FocusInEvent {
            response_type: FOCUS_IN_EVENT,
            detail: NotifyDetail::NONLINEAR,
            sequence: 0,
            event: self.window,
            mode: NotifyMode::NORMAL,
        };
        // Without a mask an event goes to who made the window, and nobody else.
        self.x
            .send_event(false, self.window, EventMask::NO_EVENT, event)?
            .check()?;
        Ok(())
    }

    fn take(&mut self, window: &WindowContext) -> Fallible<()> {
        let now = self.x.get_input_focus()?.reply()?;
        self.before = Some((now.revert_to, now.focus)).filter(|_| now.focus != self.window);
        self.listen(window, true)?;
        // Should the window be closed meanwhile, the host's gets the keyboard.
        self.x
            .set_input_focus(InputFocus::PARENT, self.window, CURRENT_TIME)?
            .check()?;
        self.mine = true;
        Ok(())
    }

    fn give_back(&mut self, window: &WindowContext) -> Fallible<()> {
        let to = |(revert, to): (InputFocus, Window)| {
            let cookie = self.x.set_input_focus(revert, to, CURRENT_TIME);
            cookie.is_ok_and(|cookie| cookie.check().is_ok())
        };
        // Who had it may be gone.
        if !self.before.is_some_and(to) {
            to((InputFocus::PARENT, self.host()?));
        }
        self.before = None;
        self.mine = false;
        self.listen(window, false)?;
        self.pretend()
    }

    /// The host's window as window managers know it.
    fn host(&self) -> Fallible<Window> {
        let around = around(&self.x, self.window)?;
        let state = self.x.intern_atom(false, b"WM_STATE")?.reply()?.atom;
        for &window in &around {
            let property = self
                .x
                .get_property(false, window, state, AtomEnum::ANY, 0, 0)?
                .reply()?;
            if property.type_ != x11rb::NONE {
                return Ok(window);
            }
        }
        Ok(around.last().copied().unwrap_or(self.window))
    }

    /// Passes the keys that came since the last frame on to the host if `others` says so of their meaning.
    fn pass_on(&mut self, others: impl Fn(u32) -> bool) -> Fallible<()> {
        while let Some(event) = self.x.poll_for_event()? {
            let (key, mask) = match event {
                protocol::Event::KeyPress(key) => (key, EventMask::KEY_PRESS),
                protocol::Event::KeyRelease(key) => (key, EventMask::KEY_RELEASE),
                _ => continue,
            };
            // Events that a program made up may be our own.
            if key.response_type & 0x80 == 0 && others(self.meanings.of(key.detail)) {
                self.send(key, mask)?;
            }
        }
        Ok(())
    }

    /// Sends a key to who had the keyboard before or, if nobody listens there, to the next window around this
    /// one where somebody does.
    fn send(&self, key: KeyPressEvent, mask: EventMask) -> Fallible<()> {
        let before = self.before.map(|(_, window)| window);
        let first = before.filter(|window| *window > u32::from(InputFocus::POINTER_ROOT));
        for to in first.into_iter().chain(around(&self.x, self.window)?) {
            let Ok(heard) = self.x.get_window_attributes(to)?.reply() else {
                continue;
            };
            if heard.all_event_masks.contains(mask) {
                let event = KeyPressEvent {
                    event: to,
                    child: x11rb::NONE,
                    ..key
                };
                self.x.send_event(false, to, mask, event)?.check()?;
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What the keys mean without shift, as X names it.
pub struct Meanings {
    first: u8,
    meanings: Vec<u32>,
}

impl Meanings {
    /// Those of the server's keyboard.
    ///
    /// # Errors
    /// When the X server does not answer.
    pub fn read(x: &RustConnection) -> Fallible<Self> {
        let (first, last) = (x.setup().min_keycode, x.setup().max_keycode);
        let mapping = x.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let columns = usize::from(mapping.keysyms_per_keycode).max(1);
        let meanings = mapping.keysyms.into_iter().step_by(columns).collect();
        Ok(Self { first, meanings })
    }

    /// The meaning of the key with this code, 0 if it has none.
    fn of(&self, code: u8) -> u32 {
        let index = code.checked_sub(self.first).map(usize::from);
        let meaning = index.and_then(|index| self.meanings.get(index));
        meaning.copied().unwrap_or_default()
    }

    /// The code of the key with this meaning.
    pub fn code(&self, meaning: u32) -> Option<u8> {
        (self.first..=u8::MAX).find(|code| self.of(*code) == meaning)
    }
}
