//! A track of a DAW: a clip of notes, a plugin, a transport, and a recording of what the plugin played.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use continuo_model::time::TICKS_PER_QUARTER;

use crate::{
    clip::ClipNote,
    host::{Block, Instance, NoteEvent, NoteKind, Setup},
    transport::{BlockSizes, Playhead, Song, Stretch},
};

pub use crate::record::{Break, Performance, Played, Span};

/// How fast blocks follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pacing {
    /// As fast as the plugin allows, which is told that the render is offline.
    Offline,
    /// In real time times this; the plugin is told that it plays live.
    Live(f64),
}

/// How the host runs the plugin.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Block lengths.
    pub blocks: BlockSizes,
    /// Pace of the blocks.
    pub pacing: Pacing,
    /// How many events the host takes from one block.
    pub output_capacity: usize,
    /// End the block where the transport jumps, as some CLAP hosts do, instead of telling it inside of the
    /// block. VST3 hosts do neither unless this is set.
    pub split_at_changes: bool,
    /// Seconds for which the plugin runs, stopped, before an offline render begins.
    ///
    /// The plugin's framework misreports the mode of a VST3 render, so there the plugin knows a render by
    /// its pace, after half a second; without a lead-in that half second plays as it would live.
    pub lead_in: f64,
}

/// Long enough for a plugin to know a render by its pace, in seconds.
const LEAD_IN: f64 = 0.75;

impl Session {
    /// An offline render in blocks of this many samples.
    #[must_use]
    pub fn offline(frames: u32) -> Self {
        Self {
            blocks: BlockSizes::Constant(frames),
            pacing: Pacing::Offline,
            output_capacity: usize::MAX,
            split_at_changes: false,
            lead_in: LEAD_IN,
        }
    }
}

/// Parameters whose change ends what the plugin plays.
const ENDING_CONTROLS: [&str; 4] = ["Role", "Channel", "Thru", "Bypass"];

/// How long [`Player::finish`] lets the stopped plugin run on, in seconds: longer than any latency.
const TAIL_SECONDS: f64 = 0.25;

/// A track that plays.
pub struct Player<'a> {
    instance: &'a mut dyn Instance,
    session: Session,
    playhead: Playhead,
    /// The clip's events by song sample; at one sample, note-offs first.
    clip: Vec<(i64, NoteEvent)>,
    /// Clip notes that sound: channel and key.
    held: Vec<(u8, u8)>,
    /// Notes of a live player, by sample of the render.
    live: Vec<(u64, NoteEvent)>,
    /// Clip notes to end at the start of the next block.
    release_held: bool,
    record: Performance,
    started: Instant,
}

impl<'a> Player<'a> {
    /// Activates `instance` and puts the playhead of `song` at its origin, stopped.
    ///
    /// # Errors
    /// When the plugin refuses to be activated.
    pub fn new(
        instance: &'a mut dyn Instance,
        song: Song,
        clip: &[ClipNote],
        session: Session,
    ) -> Result<Self> {
        instance.activate(Setup {
            rate: song.rate(),
            max_block: session.blocks.max(),
            offline: session.pacing == Pacing::Offline,
            output_capacity: session.output_capacity,
        })?;
        let thru = instance.param("Thru").is_err() || instance.text("Thru")? == "On";
        let record = Performance {
            song: song.clone(),
            format: instance.format(),
            heard: Vec::new(),
            played: Vec::new(),
            breaks: Vec::new(),
            spans: Vec::new(),
            faults: Vec::new(),
            latency: instance.latency(),
            end: 0,
            thru: Some(thru),
        };
        let mut player = Self {
            instance,
            session,
            clip: clip_events(&song, clip),
            playhead: Playhead::new(song),
            held: Vec::new(),
            live: Vec::new(),
            release_held: false,
            record,
            started: Instant::now(),
        };
        player.lead_in()?;
        Ok(player)
    }

    /// Runs the plugin for a while before the record begins.
    fn lead_in(&mut self) -> Result<()> {
        if self.session.pacing != Pacing::Offline {
            return Ok(());
        }
        let frames = self.session.blocks.max();
        let mut left = self.session.lead_in * self.record.song.rate();
        while left > 0.0 {
            let output = self.instance.process(&Block {
                frames,
                position: Some(self.playhead.position()),
                changes: &[],
                events: &[],
            })?;
            ensure!(
                output.is_empty(),
                "played before anything was heard: {output:?}"
            );
            left -= f64::from(frames);
        }
        Ok(())
    }

    /// The plugin.
    pub fn instance(&mut self) -> &mut dyn Instance {
        self.instance
    }

    /// Rolls for `beats` quarter notes.
    ///
    /// # Errors
    /// When the plugin fails to process.
    pub fn play(&mut self, beats: f64) -> Result<()> {
        self.playhead.set_playing(true);
        let mut left = beats;
        loop {
            let frames = self.playhead.frames_of(left);
            if frames <= 0 {
                return Ok(());
            }
            let block = self.session.blocks.next_length();
            let block = i64::from(block).min(frames) as u32;
            for stretch in self.block(block)? {
                let start = stretch.position.sample as f64;
                let song = &self.record.song;
                left -= song.beat_of(start + f64::from(stretch.frames)) - song.beat_of(start);
            }
        }
    }

    /// Stops, or stays stopped, for `seconds` or at least a sample: a shorter stop reaches no plugin.
    ///
    /// # Errors
    /// When the plugin fails to process.
    pub fn stop(&mut self, seconds: f64) -> Result<()> {
        if self.playhead.is_playing() {
            self.playhead.set_playing(false);
            self.jumped(Break::Stop);
        }
        let mut left = ((seconds * self.record.song.rate()).round() as u64).max(1);
        while left > 0 {
            let block = u64::from(self.session.blocks.next_length()).min(left);
            self.block(block as u32)?;
            left -= block;
        }
        Ok(())
    }

    /// Moves the playhead to `beat` between two blocks.
    pub fn seek(&mut self, beat: f64) {
        let before = self.playhead.position().sample;
        self.playhead.seek(beat);
        if self.playhead.position().sample != before {
            self.jumped(Break::Seek);
        }
    }

    /// Loops between two positions in quarter notes, or not at all.
    pub fn set_cycle(&mut self, cycle: Option<(f64, f64)>) {
        self.playhead.set_cycle(cycle);
    }

    /// Sets the parameter `name` from the next block on, written as the plugin writes it.
    ///
    /// # Errors
    /// When there is no such parameter or no such value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if ENDING_CONTROLS.contains(&name) && self.instance.text(name)? != value {
            self.record.breaks.push((self.record.end, Break::Control));
            if name == "Thru" && self.record.end > 0 {
                self.record.thru = None;
            }
        }
        self.instance.set(name, value)
    }

    /// Resets the plugin between two blocks.
    ///
    /// # Errors
    /// When the plugin refuses.
    pub fn reset(&mut self) -> Result<()> {
        self.record.breaks.push((self.record.end, Break::Reset));
        self.instance.reset()
    }

    /// A live player's note event, `event.offset` samples from now. It is played whether the transport
    /// moves or not.
    pub fn play_live(&mut self, event: NoteEvent) {
        let at = self.record.end + u64::from(event.offset);
        let index = self.live.partition_point(|(sample, _)| *sample <= at);
        self.live.insert(index, (at, event));
    }

    /// Stops, lets the plugin release what it holds, and deactivates it.
    ///
    /// # Errors
    /// When the plugin fails to process.
    pub fn finish(mut self) -> Result<Performance> {
        self.stop(TAIL_SECONDS)?;
        self.instance.deactivate();
        Ok(self.record)
    }

    /// The transport jumped or stopped between two blocks: the host ends its clip's notes.
    fn jumped(&mut self, why: Break) {
        self.record.breaks.push((self.record.end, why));
        self.release_held = true;
    }

    /// Moves the transport by one block and processes it, in one call or one for each stretch.
    fn block(&mut self, frames: u32) -> Result<Vec<Stretch>> {
        self.pace();
        let stretches = self.playhead.advance(frames);
        if self.session.split_at_changes {
            for stretch in &stretches {
                let alone = Stretch {
                    offset: 0,
                    ..*stretch
                };
                self.process(stretch.frames, &[alone])?;
            }
        } else {
            self.process(frames, &stretches)?;
        }
        Ok(stretches)
    }

    /// Waits until the block is due.
    fn pace(&self) {
        if let Pacing::Live(speed) = self.session.pacing {
            let seconds = self.record.end as f64 / self.record.song.rate() / speed;
            let due = self.started + Duration::from_secs_f64(seconds);
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }

    /// Processes one block that consists of `stretches`, and records it.
    fn process(&mut self, frames: u32, stretches: &[Stretch]) -> Result<()> {
        let start = self.record.end;
        let mut events = Vec::new();
        let mut changes = Vec::new();
        for stretch in stretches {
            let sample = start + u64::from(stretch.offset);
            if stretch.wrapped {
                self.record.breaks.push((sample, Break::Wrap));
                self.release_held = true;
            }
            if stretch.offset > 0 {
                changes.push((stretch.offset, stretch.position));
            }
            self.record.spans.push(Span {
                sample,
                position: stretch.position,
            });
            self.clip_stretch(stretch, &mut events);
        }
        self.live_events(start, frames, &mut events);
        let output = self.instance.process(&Block {
            frames,
            position: stretches.first().map(|stretch| stretch.position),
            changes: &changes,
            events: &events,
        })?;
        self.check_block(frames, &output);
        let heard = events.iter().map(|event| self.placed(event, 0));
        let heard: Vec<Played> = heard.collect();
        self.record.heard.extend(heard);
        let latency = self.record.latency;
        let played: Vec<Played> = output
            .iter()
            .map(|event| self.placed(event, latency))
            .collect();
        self.record.played.extend(played);
        self.record.end += u64::from(frames);
        Ok(())
    }

    /// The clip's events in `stretch`, and the ends of notes that the last one broke off.
    fn clip_stretch(&mut self, stretch: &Stretch, events: &mut Vec<NoteEvent>) {
        if std::mem::take(&mut self.release_held) {
            for (channel, pitch) in self.held.drain(..) {
                events.push(NoteEvent {
                    offset: stretch.offset,
                    kind: NoteKind::Off,
                    channel,
                    pitch,
                    velocity: 0.0,
                });
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

    /// The live player's events in the block, merged into `events` by offset.
    fn live_events(&mut self, start: u64, frames: u32, events: &mut Vec<NoteEvent>) {
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

    /// Notes what is wrong with the order of a block's output.
    fn check_block(&mut self, frames: u32, output: &[NoteEvent]) {
        let start = self.record.end;
        let mut last = 0;
        for event in output {
            if event.offset < last {
                let what = format!("sample {start}: offset {} came after {last}", event.offset);
                self.record.faults.push(what);
            }
            if event.offset >= frames {
                let what = format!(
                    "sample {start}: offset {} in a block of {frames}",
                    event.offset
                );
                self.record.faults.push(what);
            }
            last = event.offset;
        }
    }

    /// `event` of the running block with its place; the transport is read `latency` samples earlier.
    fn placed(&self, event: &NoteEvent, latency: u32) -> Played {
        let sample = self.record.end + u64::from(event.offset);
        let position = self
            .record
            .position_at(sample.saturating_sub(latency.into()));
        Played {
            sample,
            song_beats: position.beats,
            song_sample: position.sample,
            rolling: position.playing,
            kind: event.kind,
            channel: event.channel,
            pitch: event.pitch,
            velocity: event.velocity,
        }
    }
}

/// The note events of `clip` by song sample; at one sample, note-offs first.
fn clip_events(song: &Song, clip: &[ClipNote]) -> Vec<(i64, NoteEvent)> {
    let mut events = Vec::new();
    for note in clip {
        let event = NoteEvent {
            offset: 0,
            kind: NoteKind::On,
            channel: note.channel,
            pitch: note.pitch,
            velocity: f32::from(note.velocity) / 127.0,
        };
        let off = NoteEvent {
            kind: NoteKind::Off,
            velocity: 0.0,
            ..event
        };
        events.push((song.sample_of_tick(note.onset_tick), event));
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
