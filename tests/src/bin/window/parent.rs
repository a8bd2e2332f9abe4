//! A window of the host's own, and hands that move the pointer and press keys.

use std::{fs::File, io::BufWriter, path::Path, thread, time::Duration};

use anyhow::{Context, Result, ensure};
use x11rb::{
    COPY_DEPTH_FROM_PARENT, CURRENT_TIME,
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{
            BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, CreateWindowAux,
            EventMask, ImageFormat, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
            MOTION_NOTIFY_EVENT, Window, WindowClass,
        },
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

/// A key that the host was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pressed {
    /// What it means without shift, as X names it: a letter's own code, or one of [`key`].
    pub key: u32,
    /// The plugin passed it on.
    pub passed_on: bool,
}

/// The names of keys without a letter.
pub mod key {
    pub const SPACE: u32 = 0x20;
    pub const TAB: u32 = 0xff09;
    pub const ENTER: u32 = 0xff0d;
    pub const ESCAPE: u32 = 0xff1b;
    pub const UP: u32 = 0xff52;
}

/// The left button.
pub const LEFT: u8 = 1;
/// A notch of the wheel away from the hand.
pub const WHEEL_UP: u8 = 4;

/// A window of the host's own at the screen's upper left.
pub struct Parent {
    /// The host's connection.
    pub connection: RustConnection,
    /// The window.
    pub id: Window,
    root: Window,
}

impl Parent {
    /// Opens it, and gives it the keyboard.
    pub fn open(width: u16, height: u16) -> Result<Self> {
        let (connection, screen) = x11rb::connect(None).context("no X server at DISPLAY")?;
        let root = connection.setup().roots[screen].root;
        let id = window(&connection, root, (0, 0), (width, height))?;
        let parent = Self {
            connection,
            id,
            root,
        };
        parent.point_out_of_the_way()?;
        parent.focus(id)?;
        Ok(parent)
    }

    /// Moves the pointer to the window's lower right: what is under the pointer looks otherwise.
    pub fn point_out_of_the_way(&self) -> Result<()> {
        let size = self.connection.get_geometry(self.id)?.reply()?;
        self.point(
            i16::try_from(size.width)? - 1,
            i16::try_from(size.height)? - 1,
        )
    }

    /// A window of the host's inside of this one, that listens to keys.
    pub fn inner(&self) -> Result<Window> {
        window(&self.connection, self.id, (1200, 0), (20, 20))
    }

    /// The plugin's window: the first inside of this one.
    pub fn plugin(&self) -> Result<Window> {
        let tree = self.connection.query_tree(self.id)?.reply()?;
        tree.children.first().copied().context("no window inside")
    }

    /// Who has the keyboard.
    pub fn focused(&self) -> Result<Window> {
        Ok(self.connection.get_input_focus()?.reply()?.focus)
    }

    /// Gives the keyboard to a window.
    pub fn focus(&self, window: Window) -> Result<()> {
        self.connection
            .set_input_focus(InputFocus::PARENT, window, CURRENT_TIME)?
            .check()?;
        Ok(())
    }

    /// Moves the pointer to a place on the screen.
    pub fn point(&self, x: i16, y: i16) -> Result<()> {
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y)
    }

    /// Presses or releases a button of the mouse.
    pub fn button(&self, button: u8, down: bool) -> Result<()> {
        let kind = if down {
            BUTTON_PRESS_EVENT
        } else {
            BUTTON_RELEASE_EVENT
        };
        self.fake(kind, button, 0, 0)
    }

    /// Presses and releases a button where the pointer is.
    pub fn click(&self, button: u8) -> Result<()> {
        self.button(button, true)?;
        thread::sleep(Duration::from_millis(30));
        self.button(button, false)
    }

    /// Presses and releases the key that means `key`.
    pub fn press(&self, key: u32) -> Result<()> {
        let code = self.code(key)?;
        self.fake(KEY_PRESS_EVENT, code, 0, 0)?;
        thread::sleep(Duration::from_millis(20));
        self.fake(KEY_RELEASE_EVENT, code, 0, 0)
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<()> {
        self.connection
            .xtest_fake_input(kind, detail, CURRENT_TIME, self.root, x, y, 0)?
            .check()?;
        Ok(())
    }

    /// The keys that the host was given since the last call.
    pub fn keys(&self) -> Result<Vec<Pressed>> {
        self.connection.sync()?;
        let mut keys = Vec::new();
        while let Some(event) = self.connection.poll_for_event()? {
            if let Event::KeyPress(event) = event {
                ensure!(
                    event.response_type & 0x7f == KEY_PRESS_EVENT && event.event != x11rb::NONE,
                    "{event:?}"
                );
                let mapping = self.connection.get_keyboard_mapping(event.detail, 1)?;
                keys.push(Pressed {
                    key: mapping.reply()?.keysyms[0],
                    passed_on: event.response_type & 0x80 != 0,
                });
            }
        }
        Ok(keys)
    }

    fn code(&self, key: u32) -> Result<u8> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = self
            .connection
            .get_keyboard_mapping(first, last - first + 1)?
            .reply()?;
        let columns = usize::from(mapping.keysyms_per_keycode);
        let mut codes = (first..=last).zip(mapping.keysyms.chunks(columns));
        let code = codes.find(|(_, meanings)| meanings[0] == key);
        Ok(code.with_context(|| format!("no key {key:#x}"))?.0)
    }

    /// What is seen of the window's upper left, as a PNG.
    pub fn picture(&self, path: &Path, (width, height): (u32, u32)) -> Result<()> {
        let (width, height) = (u16::try_from(width)?, u16::try_from(height)?);
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, self.id, 0, 0, width, height, !0)?
            .reply()?;
        // Blue, green, red and a byte to spare, as servers of this byte order have it.
        let pixels: Vec<u8> = image
            .data
            .chunks_exact(4)
            .flat_map(|pixel| [pixel[2], pixel[1], pixel[0]])
            .collect();
        let file = BufWriter::new(File::create(path)?);
        let mut encoder = png::Encoder::new(file, width.into(), height.into());
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header()?.write_image_data(&pixels)?;
        Ok(())
    }
}

/// A new window that listens to keys, in sight.
pub fn window(
    connection: &RustConnection,
    parent: Window,
    (x, y): (i16, i16),
    (width, height): (u16, u16),
) -> Result<Window> {
    let id = connection.generate_id()?;
    let attributes = CreateWindowAux::new().event_mask(EventMask::KEY_PRESS);
    let class = WindowClass::INPUT_OUTPUT;
    let depth = COPY_DEPTH_FROM_PARENT;
    connection
        .create_window(
            depth,
            id,
            parent,
            x,
            y,
            width,
            height,
            0,
            class,
            0,
            &attributes,
        )?
        .check()?;
    connection.map_window(id)?.check()?;
    connection.sync()?;
    Ok(id)
}
