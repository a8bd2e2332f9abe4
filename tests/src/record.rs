//! What a render heard and played, sample by sample.

use crate::{
    host::{Format, NoteKind, Position},
    transport::Song,
};

/// A note event with its place in the render.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Played {
    /// Samples from the start of the render.
    pub sample: u64,
    /// Where the transport stood at that sample, in quarter notes; the plugin's latency is taken off.
    pub song_beats: f64,
    /// The same in samples from the song's origin.
    pub song_sample: i64,
    /// Whether the transport moved then.
    pub rolling: bool,
    /// Down or up.
    pub kind: NoteKind,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI key, 0..=127.
    pub pitch: u8,
    /// 0..=1.
    pub velocity: f32,
}

/// Why the plugin has to release what it plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Break {
    /// The transport stopped.
    Stop,
    /// The transport jumped.
    Seek,
    /// The loop wrapped.
    Wrap,
    /// The host reset the plugin.
    Reset,
    /// A parameter changed that ends what sounds.
    Control,
}

/// An even stretch of the render.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its first sample, counted from the start of the render.
    pub sample: u64,
    /// The transport at that sample.
    pub position: Position,
}

/// What a render heard and played.
#[derive(Clone, Debug)]
pub struct Performance {
    /// The song.
    pub song: Song,
    /// The format of the plugin that played.
    pub format: Format,
    /// What went into the plugin, in order.
    pub heard: Vec<Played>,
    /// What came out of it, in order; thru notes and generated ones alike.
    pub played: Vec<Played>,
    /// Where it had to release its notes, by sample from the start of the render.
    pub breaks: Vec<(u64, Break)>,
    /// The even stretches of the transport.
    pub spans: Vec<Span>,
    /// Blocks whose events were out of order or out of range.
    pub faults: Vec<String>,
    /// The plugin's latency in samples.
    pub latency: u32,
    /// How far the position that the host tells may lie beside the one that it plays, in samples.
    pub wobble: u64,
    /// The length of the render in samples.
    pub end: u64,
    /// Whether heard notes pass on; `None` when that changed on the way.
    pub thru: Option<bool>,
}

impl Performance {
    /// The reset of the plugin that `heard` ran into on its way through the latency.
    #[must_use]
    pub fn reset_on_the_way(&self, heard: &Played) -> Option<u64> {
        let due = heard.sample + u64::from(self.latency);
        let resets = self.breaks.iter().filter(|(_, why)| *why == Break::Reset);
        let mut on_the_way = resets.map(|(sample, _)| *sample);
        on_the_way.find(|sample| (heard.sample + 1..=due).contains(sample))
    }

    /// The transport at `sample` of the render.
    #[must_use]
    pub fn position_at(&self, sample: u64) -> Position {
        let index = self.spans.partition_point(|span| span.sample <= sample);
        let span = self.spans[index.saturating_sub(1)];
        let mut position = span.position;
        if position.playing {
            position.sample += (sample - span.sample.min(sample)) as i64;
            position.beats = self.song.beat_of(position.sample as f64);
        }
        position
    }
}
