//! What the window and the X server have to settle beside painting.
//!
//! The window's library does not ask whose the keyboard is and lets nothing be dragged out, so this speaks to the
//! server itself: over connections of its own, whose errors are answers and nobody else's, and where only the
//! window's own client may ask, over the library's, on the window's thread.

mod drag;
mod keyboard;

pub use self::{
    drag::{Drag, Outcome, let_go},
    keyboard::Keyboard,
};

use nice_plug_egui::baseview::WindowContext;
use raw_window_handle::{
    HasDisplayHandle as _, HasWindowHandle as _, RawDisplayHandle, RawWindowHandle,
};
use x11_dl::xlib_xcb::Xlib_xcb;
use x11rb::{
    protocol::xproto::{ConnectionExt as _, Window},
    rust_connection::RustConnection,
    xcb_ffi::XCBConnection,
};

/// What goes wrong here ends in a window that behaves as its library has it.
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// The server's number for the window.
fn number(window: &WindowContext) -> Fallible<Window> {
    let handle = window.window_handle().map_err(|error| error.to_string())?;
    match handle.as_raw() {
        RawWindowHandle::Xlib(handle) => Ok(Window::try_from(handle.window)?),
        RawWindowHandle::Xcb(handle) => Ok(handle.window.get()),
        _ => Err("no window on X11".into()),
    }
}

/// Does `work` over the connection of the window's library. Errors of requests without an answer end in its
/// event queue, where it ignores them.
fn as_library<T>(
    window: &WindowContext,
    work: impl FnOnce(&XCBConnection) -> Fallible<T>,
) -> Fallible<T> {
    let handle = window.display_handle().map_err(|error| error.to_string())?;
    let RawDisplayHandle::Xlib(handle) = handle.as_raw() else {
        return Err("no display on X11".into());
    };
    let display = handle.display.ok_or("no display")?;
    let xlib = Xlib_xcb::open()?;
    // SAFETY: `window` keeps the display open, and it is used on its own thread; the connection is borrowed, so
    // that dropping it closes nothing.
    let connection = unsafe {
        let raw = (xlib.XGetXCBConnection)(display.as_ptr().cast());
        XCBConnection::from_raw_xcb_connection(raw, false)?
    };
    work(&connection)
}

/// The windows around `window`, from its parent to the one below the root.
fn around(x: &RustConnection, window: Window) -> Fallible<Vec<Window>> {
    let mut around = Vec::new();
    let mut at = window;
    loop {
        let tree = x.query_tree(at)?.reply()?;
        if tree.parent == tree.root || tree.parent == x11rb::NONE {
            return Ok(around);
        }
        around.push(tree.parent);
        at = tree.parent;
    }
}
