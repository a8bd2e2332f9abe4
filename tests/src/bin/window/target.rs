//! A window that takes drops by the XDND protocol, with good manners or bad ones.

use anyhow::{Context, Result, ensure};
use x11rb::{
    COPY_DEPTH_FROM_PARENT, CURRENT_TIME,
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{
            Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask,
            PropMode, Window, WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

x11rb::atom_manager! {
    Atoms: AtomsCookie {
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
        TextUriList: b"text/uri-list",
        TextPlain: b"text/plain",
        HERE: b"CONTINUO_DROPPED",
    }
}

/// How the window behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// It takes what is dropped.
    Polite,
    /// The same, but another window hears for it, and it lies within a frame, as under a window manager.
    ByProxy,
    /// It says that it takes nothing.
    Refusing,
    /// It never says anything.
    Silent,
    /// It asks for the data and never says that it is done.
    Unfinished,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How often something entered.
    pub entered: u32,
    /// How often it left.
    pub left: u32,
    /// The last place that it was told, on the screen.
    pub place: Option<(i16, i16)>,
    /// Something was dropped.
    pub dropped: bool,
    /// The forms of the data that the source told of when asked.
    pub forms: Vec<String>,
    /// `text/uri-list`.
    pub uris: Option<String>,
    /// `text/plain`.
    pub text: Option<String>,
}

/// The window.
pub struct Target {
    connection: RustConnection,
    atoms: Atoms,
    manners: Manners,
    window: Window,
    source: Window,
    /// What happened since it was made.
    pub seen: Seen,
}

impl Target {
    /// A window above all others, `width` by `height` at a place on the screen.
    pub fn open((x, y): (i16, i16), (width, height): (u16, u16), manners: Manners) -> Result<Self> {
        let (connection, screen) = x11rb::connect(None)?;
        let atoms = Atoms::new(&connection)?.reply()?;
        let root = connection.setup().roots[screen].root;
        let make = |parent, (x, y)| -> Result<Window> {
            let id = connection.generate_id()?;
            let (depth, class) = (COPY_DEPTH_FROM_PARENT, WindowClass::INPUT_OUTPUT);
            let aux = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
            connection
                .create_window(depth, id, parent, x, y, width, height, 0, class, 0, &aux)?
                .check()?;
            Ok(id)
        };
        let version = |window| -> Result<()> {
            let atom = AtomEnum::ATOM;
            connection
                .change_property32(PropMode::REPLACE, window, atoms.XdndAware, atom, &[5])?
                .check()?;
            Ok(())
        };
        let window = if manners == Manners::ByProxy {
            let frame = make(root, (x, y))?;
            let window = make(frame, (0, 0))?;
            let ear = make(root, (-500, -500))?;
            for named in [window, ear] {
                connection
                    .change_property32(
                        PropMode::REPLACE,
                        named,
                        atoms.XdndProxy,
                        AtomEnum::WINDOW,
                        &[ear],
                    )?
                    .check()?;
            }
            version(ear)?;
            connection.map_window(frame)?.check()?;
            window
        } else {
            let window = make(root, (x, y))?;
            version(window)?;
            window
        };
        connection.map_window(window)?.check()?;
        connection.sync()?;
        Ok(Self {
            connection,
            atoms,
            manners,
            window,
            source: x11rb::NONE,
            seen: Seen::default(),
        })
    }

    /// Answers what was asked since the last call.
    pub fn serve(&mut self) -> Result<()> {
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::ClientMessage(event) => self.hear(&event)?,
                Event::SelectionNotify(event) => self.given(event.target, event.property)?,
                _ => {}
            }
        }
        self.connection.flush()?;
        Ok(())
    }

    fn hear(&mut self, event: &ClientMessageEvent) -> Result<()> {
        let data = event.data.as_data32();
        ensure!(event.window == self.window, "a message to another window");
        if event.type_ == self.atoms.XdndEnter {
            self.seen.entered += 1;
            self.source = data[0];
            ensure!(data[1] >> 24 == 5, "version {}", data[1] >> 24);
            ensure!(data[2..].contains(&self.atoms.TextUriList), "no URI");
            return Ok(());
        }
        ensure!(data[0] == self.source, "a message of a stranger");
        if event.type_ == self.atoms.XdndPosition {
            let half = |bits: u32| (bits & 0xffff) as u16 as i16;
            self.seen.place = Some((half(data[2] >> 16), half(data[2])));
            let takes = u32::from(self.manners != Manners::Refusing);
            if self.manners != Manners::Silent {
                let copy = self.atoms.XdndActionCopy;
                self.tell(self.atoms.XdndStatus, [takes | 2, 0, 0, copy])?;
            }
        } else if event.type_ == self.atoms.XdndLeave {
            self.seen.left += 1;
        } else if event.type_ == self.atoms.XdndDrop {
            self.seen.dropped = true;
            self.ask(self.atoms.TARGETS)?;
        }
        Ok(())
    }

    fn ask(&self, form: Atom) -> Result<()> {
        let (selection, here) = (self.atoms.XdndSelection, self.atoms.HERE);
        self.connection
            .convert_selection(self.window, selection, form, here, CURRENT_TIME)?
            .check()?;
        Ok(())
    }

    /// The source has given one form of the data: asks for the next, or is done.
    fn given(&mut self, form: Atom, property: Atom) -> Result<()> {
        ensure!(property != x11rb::NONE, "a form was refused");
        let reply = self
            .connection
            .get_property(true, self.window, property, AtomEnum::ANY, 0, 1 << 16)?
            .reply()?;
        if form == self.atoms.TARGETS {
            let forms = reply.value32().context("no atoms")?;
            for form in forms {
                let name = self.connection.get_atom_name(form)?.reply()?.name;
                self.seen.forms.push(String::from_utf8(name)?);
            }
            self.ask(self.atoms.TextUriList)
        } else if form == self.atoms.TextUriList {
            self.seen.uris = Some(String::from_utf8(reply.value)?);
            self.ask(self.atoms.TextPlain)
        } else {
            self.seen.text = Some(String::from_utf8(reply.value)?);
            if self.manners == Manners::Unfinished {
                return Ok(());
            }
            let copy = self.atoms.XdndActionCopy;
            self.tell(self.atoms.XdndFinished, [1, copy, 0, 0])
        }
    }

    fn tell(&self, message: Atom, [one, two, three, four]: [u32; 4]) -> Result<()> {
        let data = [self.window, one, two, three, four];
        let event = ClientMessageEvent::new(32, self.source, message, data);
        self.connection
            .send_event(false, self.source, EventMask::NO_EVENT, event)?
            .check()?;
        Ok(())
    }
}
