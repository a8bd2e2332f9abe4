//! A track of a DAW: a clip of notes, a plugin, a transport, and a recording of what the plugin played.

use std::{
    mem, thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::{
    clip::ClipNote,
    host::{Block, Instance, NoteEvent, Position, Setup, Tells},
    track::Track,
    transport::{Playhead, Song, Stretch},
};

pub use crate::{
    record::{Break, Performance, Played, Span},
    session::{Changes, LEAD_IN, Pacing, Session, Wobble},
    track::beats,
};

/// Parameters whose change ends what the plugin plays.
const ENDING_CONTROLS: [&str; 4] = ["Role", "Channel", "Thru", "Bypass"];

/// How long [`Player::finish`] lets the stopped plugin run on, in seconds: longer than any latency.
const TAIL_SECONDS: f64 = 0.25;

/// The block that is being filled.
#[derive(Default)]
struct Open {
    /// Samples so far.
    frames: u32,
    /// Samples at which it is full.
    length: u32,
    /// What the host tells of the transport at its first sample.
    first: Option<Position>,
    /// The same where it changes on the way, by sample.
    changes: Vec<(u32, Position)>,
    /// The clip's events so far.
    events: Vec<NoteEvent>,
}

/// A track that plays.
pub struct Player<'a> {
    instance: &'a mut dyn Instance,
    session: Session,
    setup: Setup,
    playhead: Playhead,
    track: Track,
    open: Open,
    /// The last block filled the host's list: more may wait.
    was_full: bool,
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
        let setup = Setup {
            rate: song.rate(),
            max_block: session.blocks.max(),
            offline: session.pacing == Pacing::Offline,
            output_capacity: session.output_capacity,
            tells: session.tells,
        };
        instance.activate(setup)?;
        let passes = passes(instance)?;
        let record = Performance {
            song: song.clone(),
            format: instance.format(),
            heard: Vec::new(),
            played: Vec::new(),
            breaks: Vec::new(),
            spans: Vec::new(),
            faults: Vec::new(),
            latency: instance.latency(),
            wobble: session.wobble.reach(&song, setup.max_block),
            end: 0,
            thru: Some(passes),
        };
        let mut player = Self {
            instance,
            session,
            setup,
            track: Track::new(&song, clip),
            playhead: Playhead::new(song),
            open: Open::default(),
            was_full: false,
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

    /// Does what a host's main thread does while its audio thread goes on: here one thread stands for both, so that
    /// the pace waits for it.
    pub fn aside<T>(&mut self, work: impl FnOnce(&mut dyn Instance) -> T) -> T {
        let began = Instant::now();
        let done = work(self.instance);
        self.started += began.elapsed();
        done
    }

    /// Where the playhead stands, in quarter notes.
    #[must_use]
    pub fn beat(&self) -> f64 {
        self.playhead.beat()
    }

    /// Rolls for `beats` quarter notes.
    ///
    /// # Errors
    /// When the plugin fails to process.
    pub fn play(&mut self, beats: f64) -> Result<()> {
        self.playhead.set_playing(true);
        let mut left = self.playhead.frames_of(beats);
        while left > 0 {
            let block = self.next_length(left);
            self.block(block)?;
            left -= u64::from(block);
        }
        Ok(())
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
            let block = self.next_length(left);
            self.block(block)?;
            left -= u64::from(block);
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
        self.flush()?;
        let before = ending(self.instance)?;
        self.instance.set(name, value)?;
        let after = before.iter().zip(ENDING_CONTROLS).map(|(text, control)| {
            if control == name {
                value
            } else {
                text.as_str()
            }
        });
        self.controls_changed(&before, &after.map(str::to_owned).collect::<Vec<_>>());
        Ok(())
    }

    /// Sets the parameter `name` to a share 0..=1 of its range from the next block on. It is none that ends
    /// what the plugin plays.
    ///
    /// # Errors
    /// When there is no such parameter or it is one of those.
    pub fn automate(&mut self, name: &str, share: f64) -> Result<()> {
        ensure!(!ENDING_CONTROLS.contains(&name), "{name} ends what plays");
        self.flush()?;
        let index = self.instance.param(name)?;
        self.instance.set_share(index, share)
    }

    /// The state that a project would keep.
    ///
    /// # Errors
    /// When the plugin fails.
    pub fn save_state(&mut self) -> Result<Vec<u8>> {
        self.flush()?;
        self.instance.save_state()
    }

    /// Restores a saved state between two blocks.
    ///
    /// # Errors
    /// When the plugin fails.
    pub fn load_state(&mut self, state: &[u8]) -> Result<()> {
        self.flush()?;
        let before = ending(self.instance)?;
        self.instance.load_state(state)?;
        let after = ending(self.instance)?;
        self.controls_changed(&before, &after);
        Ok(())
    }

    /// Notes what a change of the [`ENDING_CONTROLS`] means.
    fn controls_changed(&mut self, before: &[String], after: &[String]) {
        if before == after {
            return;
        }
        self.record.breaks.push((self.record.end, Break::Control));
        let (before, after) = (passing(before), passing(after));
        if self.record.end == 0 {
            self.record.thru = Some(after);
        } else if before != after {
            self.record.thru = None;
        }
    }

    /// Resets the plugin between two blocks.
    ///
    /// # Errors
    /// When the plugin refuses.
    pub fn reset(&mut self) -> Result<()> {
        self.flush()?;
        self.record.breaks.push((self.record.end, Break::Reset));
        self.instance.reset()
    }

    /// Deactivates the plugin between two blocks and activates it again.
    ///
    /// # Errors
    /// When the plugin refuses.
    pub fn reactivate(&mut self) -> Result<()> {
        self.flush()?;
        self.record.breaks.push((self.record.end, Break::Reset));
        self.instance.deactivate();
        self.instance.activate(self.setup)
    }

    /// Processes a block of no samples that holds `events`.
    ///
    /// # Errors
    /// When the plugin fails to process, or sends what has no place there.
    pub fn between_blocks(&mut self, events: &[NoteEvent]) -> Result<()> {
        self.flush()?;
        self.open.events.extend_from_slice(events);
        self.send()
    }

    /// A live player's note event, `event.offset` samples from now. It is played whether the transport
    /// moves or not.
    pub fn play_live(&mut self, event: NoteEvent) {
        self.track
            .play_live(self.now() + u64::from(event.offset), event);
    }

    /// Stops, lets the plugin release what it holds, and deactivates it.
    ///
    /// # Errors
    /// When the plugin fails to process, or fills the host's list for ever.
    pub fn finish(mut self) -> Result<Performance> {
        /// More blocks than a plugin can have refused events for.
        const MOST: usize = 1 << 14;
        self.stop(TAIL_SECONDS)?;
        self.flush()?;
        let mut blocks = 0;
        while self.was_full {
            self.stop(0.0)?;
            self.flush()?;
            blocks += 1;
            ensure!(blocks < MOST, "the host's list is full for ever");
        }
        self.instance.deactivate();
        Ok(self.record)
    }

    /// The sample of the render up to which everything is known.
    fn now(&self) -> u64 {
        self.record.end + u64::from(self.open.frames)
    }

    /// The transport jumped or stopped: the host ends its clip's notes.
    fn jumped(&mut self, why: Break) {
        self.record.breaks.push((self.now(), why));
        self.track.jumped();
    }

    /// How far the block that is being filled can move on, at most `most` samples.
    fn next_length(&mut self, most: u64) -> u32 {
        if self.open.frames == 0 {
            self.open.length = self.session.blocks.next_length();
        }
        let left = u64::from(self.open.length - self.open.frames);
        // The cast is safe: no more than the block's own length.
        left.min(most) as u32
    }

    /// Moves the transport by `frames` samples of the block and processes what is complete of it.
    fn block(&mut self, frames: u32) -> Result<()> {
        self.pace();
        let stretches = self.playhead.advance(frames);
        let length = self.open.length;
        for stretch in &stretches {
            self.add(stretch);
            if self.session.changes == Changes::Split {
                self.send()?;
            }
        }
        let goes_on = self.session.changes == Changes::Everywhere && self.open.frames < length;
        let sent = self.session.changes == Changes::Split && frames > 0;
        if !goes_on && !sent {
            self.send()?;
        }
        Ok(())
    }

    /// Waits until the block is due.
    fn pace(&self) {
        if let Pacing::Live(speed) = self.session.pacing {
            let seconds = self.record.end as f64 / self.record.song.rate() / speed;
            let due = self.started + Duration::from_secs_f64(seconds);
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }

    /// Adds an even stretch to the block.
    fn add(&mut self, stretch: &Stretch) {
        let sample = self.now();
        let mut stretch = Stretch {
            offset: self.open.frames,
            ..*stretch
        };
        if stretch.wrapped {
            self.jumped(Break::Wrap);
        }
        self.track.stretch(&stretch, &mut self.open.events);
        let rate = self.record.song.rate();
        let told = self.session.wobble.told(stretch.position, sample, rate);
        if stretch.offset == 0 {
            self.open.first = Some(told);
        } else {
            self.open.changes.push((stretch.offset, told));
        }
        // Without a transport the plugin cannot know that the song moves, and must not play to it.
        stretch.position.playing &= self.session.tells != Tells::Nothing;
        self.record.spans.push(Span {
            sample,
            position: stretch.position,
        });
        self.open.frames += stretch.frames;
    }

    /// Processes what the block holds so far, if anything.
    fn flush(&mut self) -> Result<()> {
        if self.open.frames > 0 {
            self.send()?;
        }
        Ok(())
    }

    /// Processes the block as it is, and records it.
    fn send(&mut self) -> Result<()> {
        let Open {
            frames,
            first,
            changes,
            mut events,
            ..
        } = mem::take(&mut self.open);
        self.track.live_events(self.record.end, frames, &mut events);
        let output = self.instance.process(&Block {
            frames,
            position: first.or_else(|| Some(self.playhead.position())),
            changes: &changes,
            events: &events,
        })?;
        self.was_full = output.len() >= self.session.output_capacity;
        self.check_block(frames, &output);
        let heard = self.track.meaning(&events);
        let heard = heard.iter().map(|event| self.placed(event, 0));
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

/// What the [`ENDING_CONTROLS`] stand at.
fn ending(instance: &mut dyn Instance) -> Result<Vec<String>> {
    ENDING_CONTROLS
        .iter()
        .map(|name| instance.text(name))
        .collect()
}

/// Whether heard notes pass on when the [`ENDING_CONTROLS`] stand at these.
fn passing(ending: &[String]) -> bool {
    ENDING_CONTROLS
        .iter()
        .zip(ending)
        .any(|(name, text)| ["Thru", "Bypass"].contains(name) && text == "On")
}

/// Whether heard notes pass on.
fn passes(instance: &mut dyn Instance) -> Result<bool> {
    Ok(instance.param("Thru").is_err() || passing(&ending(instance)?))
}
