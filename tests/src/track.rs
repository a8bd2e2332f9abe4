//! What a track puts into the plugin: the notes of its clip, and those of a live player.

use continuo_model::time::TICKS_PER_QUARTER;

use crate::{
    clip::ClipNote,
    host::{ANY, NoteEvent, NoteKind},
    transport::{Song, Stretch},
};

/// A track's notes on their way into the plugin.
pub(crate) struct Track {
    /// The clip's events by song sample; at one sample, note-offs first.
    clip: Vec<(i64, NoteEvent)>,
    /// Clip notes that sound: channel and key.
    held: Vec<(u8, u8)>,
    /// Notes of a live player, by sample of the render.
    live: Vec<(u64, NoteEvent)>,
    /// Clip notes to end where the next stretch begins.
    release_held: bool,
    /// Keys that went into the plugin and did not come up: channel and key, in order.
    down: Vec<(u8, u8)>,
}

impl Track {
    /// A track of `song` that holds `clip`.
    pub(crate) fn new(song: &Song, clip: &[ClipNote]) -> Self {
        Self {
            clip: clip_events(song, clip),
            held: Vec::new(),
            live: Vec::new(),
            release_held: false,
            down: Vec::new(),
        }
    }

    /// The transport jumped, stopped or wrapped: the host ends its clip's notes there.
    pub(crate) fn jumped(&mut self) {
        self.release_held = true;
    }

    /// A live player's event at sample `at` of the render.
    pub(crate) fn play_live(&mut self, at: u64, event: NoteEvent) {
        // What the host lets go of this way it does not end once more.
        self.held
            .retain(|key| !(event.kind == NoteKind::Off && names_many(&event, key)));
        let index = self.live.partition_point(|(sample, _)| *sample <= at);
        self.live.insert(index, (at, event));
    }

    /// The clip's events in `stretch`, and the ends of notes that the last one broke off.
    pub(crate) fn stretch(&mut self, stretch: &Stretch, events: &mut Vec<NoteEvent>) {
        if std::mem::take(&mut self.release_held) {
            for (channel, pitch) in self.held.drain(..) {
                events.push(note_off(stretch.offset, channel, pitch));
            }
        }
        if !stretch.position.playing {
            return;
        }
        let first = stretch.position.sample;
        let from = self.clip.partition_point(|(sample, _)| *sample < first);
        let to = self
            .clip
            .partition_point(|(sample, _)| *sample < first + i64::from(stretch.frames));
        for (sample, event) in &self.clip[from..to] {
            let key = (event.channel, event.pitch);
            match event.kind {
                NoteKind::On => self.held.push(key),
                // A note that was begun before a jump into its middle was never heard.
                NoteKind::Off => match self.held.iter().position(|held| *held == key) {
                    Some(index) => drop(self.held.swap_remove(index)),
                    None => continue,
                },
            }
            events.push(NoteEvent {
                offset: stretch.offset + (sample - first) as u32,
                ..*event
            });
        }
    }

    /// The live player's events in the block of `frames` samples from sample `start` of the render, merged
    /// into `events` by offset.
    pub(crate) fn live_events(&mut self, start: u64, frames: u32, events: &mut Vec<NoteEvent>) {
        let due = self
            .live
            .partition_point(|(sample, _)| *sample < start + u64::from(frames));
        for (sample, event) in self.live.drain(..due) {
            events.push(NoteEvent {
                offset: (sample - start) as u32,
                ..event
            });
        }
        events.sort_by_key(|event| event.offset);
    }

    /// What `events` mean for the next instrument: a note-off of [`ANY`] stands for one of each key that
    /// sounds.
    pub(crate) fn meaning(&mut self, events: &[NoteEvent]) -> Vec<NoteEvent> {
        let mut meant = Vec::with_capacity(events.len());
        for event in events {
            let key = (event.channel, event.pitch);
            let place = self.down.binary_search(&key);
            match (event.kind, place) {
                (NoteKind::On, Err(place)) => self.down.insert(place, key),
                (NoteKind::Off, Ok(place)) => drop(self.down.remove(place)),
                _ => {}
            }
            if event.channel != ANY && event.pitch != ANY {
                meant.push(*event);
                continue;
            }
            let named = self.down.extract_if(.., |key| names_many(event, key));
            meant.extend(named.map(|(channel, pitch)| note_off(event.offset, channel, pitch)));
        }
        meant
    }
}

/// Whether the event is for [`ANY`] channel or key, the channel and key of `key` among them.
fn names_many(event: &NoteEvent, key: &(u8, u8)) -> bool {
    let many = event.channel == ANY || event.pitch == ANY;
    many && [ANY, key.0].contains(&event.channel) && [ANY, key.1].contains(&event.pitch)
}

fn note_off(offset: u32, channel: u8, pitch: u8) -> NoteEvent {
    NoteEvent {
        offset,
        kind: NoteKind::Off,
        channel,
        pitch,
        velocity: 0.0,
    }
}

/// The note events of `clip` by song sample; at one sample, note-offs first.
fn clip_events(song: &Song, clip: &[ClipNote]) -> Vec<(i64, NoteEvent)> {
    let mut events = Vec::new();
    for note in clip {
        let off = note_off(0, note.channel, note.pitch);
        let on = NoteEvent {
            kind: NoteKind::On,
            velocity: f32::from(note.velocity) / 127.0,
            ..off
        };
        events.push((song.sample_of_tick(note.onset_tick), on));
        events.push((song.sample_of_tick(note.end_tick()), off));
    }
    events.sort_by_key(|(sample, event)| (*sample, event.kind == NoteKind::On));
    events
}

/// Quarter notes in `ticks`.
#[must_use]
pub fn beats(ticks: i64) -> f64 {
    ticks as f64 / TICKS_PER_QUARTER as f64
}

#[cfg(test)]
mod tests {
    use continuo_model::time::Meter;

    use super::*;

    fn track() -> Track {
        Track::new(&Song::new(48_000.0, 120.0, Meter::COMMON), &[])
    }

    fn on(channel: u8, pitch: u8) -> NoteEvent {
        NoteEvent {
            kind: NoteKind::On,
            velocity: 0.5,
            ..note_off(0, channel, pitch)
        }
    }

    /// Channels and keys of what the events mean.
    fn meant(track: &mut Track, events: &[NoteEvent]) -> Vec<(u8, u8)> {
        let meant = track.meaning(events).into_iter();
        meant.map(|event| (event.channel, event.pitch)).collect()
    }

    #[test]
    fn a_note_off_for_any_key_means_those_that_sound() {
        let mut track = track();
        track.meaning(&[on(0, 60), on(1, 62), on(0, 64), note_off(0, 0, 64)]);
        assert_eq!(meant(&mut track, &[note_off(5, 0, ANY)]), [(0, 60)]);
        assert_eq!(meant(&mut track, &[note_off(5, ANY, 60)]), []);
        assert_eq!(meant(&mut track, &[note_off(5, ANY, ANY)]), [(1, 62)]);
    }

    #[test]
    fn what_was_let_go_of_is_not_ended_once_more() {
        let mut track = track();
        track.held = vec![(0, 60), (1, 60), (0, 62)];
        track.play_live(0, note_off(0, 0, ANY));
        assert_eq!(track.held, [(1, 60)]);
        track.play_live(0, note_off(0, 1, 60));
        assert_eq!(track.held, [(1, 60)], "the key of a live player is another");
    }
}
