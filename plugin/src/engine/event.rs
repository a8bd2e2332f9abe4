//! What goes into the engine and comes out of it, without the host's types.

/// What the engine has to know of an input event; the event itself goes through unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A note-on. CLAP allows velocity 0 in one, which is *not* a note-off there: it counts as 1.
    On {
        /// MIDI channel, 0..=15.
        channel: u8,
        /// MIDI key, 0..=127.
        pitch: u8,
        /// 0..=127.
        velocity: u8,
    },
    /// A note-off; `None` stands for every channel or every key.
    Off {
        /// MIDI channel, 0..=15.
        channel: Option<u8>,
        /// MIDI key, 0..=127.
        pitch: Option<u8>,
    },
    /// Anything else: only passed through.
    Other,
}

/// An event of the host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputEvent<E> {
    /// Its sample in the block; beyond the block counts as its last.
    pub sample: u32,
    /// What it means.
    pub kind: Kind,
    /// The event as the host gave it.
    pub payload: E,
}

/// What an output event is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body<E> {
    /// A generated note-on.
    On {
        /// MIDI channel, 0..=15.
        channel: u8,
        /// MIDI key, 0..=127.
        pitch: u8,
        /// 1..=127.
        velocity: u8,
    },
    /// A generated note-off.
    Off {
        /// MIDI channel, 0..=15.
        channel: u8,
        /// MIDI key, 0..=127.
        pitch: u8,
    },
    /// An input event, passed on as it came.
    Pass {
        /// What it means.
        kind: Kind,
        /// The event as the host gave it.
        payload: E,
    },
}

/// An event for the host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputEvent<E> {
    /// Its sample in the block; never less than that of the event before it.
    pub sample: u32,
    /// What it is.
    pub body: Body<E>,
}

/// The host's list of output events.
pub trait Sink<E> {
    /// Appends an event. `false`: the list is full; the engine keeps the event for the next block.
    fn send(&mut self, event: OutputEvent<E>) -> bool;
}

/// The keys that a note-off names: one, or with wildcards all of a channel or of a pitch, or all.
pub fn named_keys(channel: Option<u8>, pitch: Option<u8>) -> impl Iterator<Item = (u8, u8)> {
    let channels = channel.map_or(0..=15, |channel| channel..=channel);
    channels.flat_map(move |channel| {
        let pitches = pitch.map_or(0..=127, |pitch| pitch..=pitch);
        pitches.map(move |pitch| (channel, pitch))
    })
}
