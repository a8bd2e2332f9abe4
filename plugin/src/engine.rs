//! The audio thread's part: it hears, tells the worker, and plays the plan at exact samples. No host
//! types, no locks, no allocation after construction.
//!
//! Two heads move through the song. The *hearing head* stands at the host's playhead: what it meets goes
//! to the worker at once. The *playing head* (`player`) follows it at the distance of the lookahead;
//! the host compensates the difference as latency. Between them wait the spans of musical time and the
//! input, so a jump or a loop wrap reaches the playing head exactly where it happened.
//!
//! A block is cut at jumps and loop wraps, in an offline render also at every tick. Each part is heard,
//! its end is told to the worker as [`Heard::Clock`], the worker's answers are taken, and then the part
//! is played. In real time nothing waits; offline the engine waits until the worker has decided
//! everything up to that clock, so that a bounce cannot outrun the planning.

mod cover;
mod event;
mod outbox;
mod player;
mod stretch;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use continuo_model::{
    controls::{Controls, Mode},
    fit::Bounds,
    time::Tick,
};

pub use self::event::{Body, InputEvent, Kind, OutputEvent, Sink};
use self::{
    event::named_keys,
    player::{Output, Player},
    stretch::Stretch,
};
use crate::{
    clock::{Clock, Entry, Outline, Span, Transport},
    ladder::Bending,
    link::{AudioEnd, Epoch, Heard, Planned},
    schedule::{KEYS, key_index},
    status::{Count, Status},
};

/// How long an offline render waits for a worker that shows no sign of life.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at the ring while an offline render waits: far below the worker's own poll.
const GLANCE: Duration = Duration::from_micros(50);

/// One block, as the host asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Its length in samples, 0 or more.
    pub frames: u32,
    /// Samples a second.
    pub sample_rate: f64,
    /// The transport at its first sample.
    pub transport: Transport,
    /// The render may take longer than it lasts: wait for the worker.
    pub offline: bool,
    /// The musical controls.
    pub controls: Controls,
    /// Pass the heard events on.
    pub thru: bool,
    /// Pass the heard events on and generate nothing.
    pub bypass: bool,
    /// The state of the Forget button; each press is sent once.
    pub forget: bool,
    /// How often a project's song memory was loaded.
    pub loads: u32,
    /// How often a style was chosen.
    pub choices: u32,
    /// How much later everything leaves than it was heard, in samples.
    pub lookahead: u32,
}

/// The engine. It lives on the audio thread; `E` is the host's event type.
pub struct Engine<E> {
    link: AudioEnd,
    clock: Clock,
    player: Player<E>,
    /// The stretch of play that the hearing head is in.
    epoch: Epoch,
    /// Samples since the engine began.
    now: u64,
    /// The transport ran at the end of the last block.
    playing: bool,
    /// The first tick of the epoch for which notes may still come in; the worker knows it.
    unheard: Option<Tick>,
    /// What the worker was last told of the song; `None` while stopped.
    announced: Option<Outline>,
    controls: Option<Controls>,
    /// Keys that a player holds down at the hearing head.
    down: [bool; KEYS],
    /// The plan is void although time goes on.
    void: bool,
    thru: bool,
    bypass: bool,
    forget: bool,
    loads: u32,
    choices: u32,
    reset: bool,
    /// The running block may wait for the worker.
    offline: bool,
    /// A message that the worker cannot do without was lost: say everything again.
    out_of_step: bool,
    /// The last clock that the worker has answered.
    decided: Option<(Epoch, Tick)>,
    /// The worker let an offline render wait in vain and has not answered since.
    given_up: bool,
    status: Arc<Status>,
}

impl<E: Copy> Engine<E> {
    /// Silent and stopped; allocates all that it will ever need.
    #[must_use]
    pub fn new(link: AudioEnd, status: Arc<Status>) -> Self {
        Self {
            link,
            clock: Clock::new(),
            player: Player::new(Arc::clone(&status)),
            epoch: Epoch::default(),
            now: 0,
            playing: false,
            unheard: None,
            announced: None,
            controls: None,
            down: [false; KEYS],
            void: false,
            thru: true,
            bypass: false,
            forget: false,
            loads: 0,
            choices: 0,
            reset: false,
            offline: false,
            out_of_step: false,
            decided: None,
            given_up: false,
            status,
        }
    }

    /// The host cleared its state: with the next block everything generated is released, and play begins
    /// anew. May be called from any thread that holds the engine; sends nothing itself.
    pub fn reset(&mut self) {
        self.reset = true;
    }

    /// Plays one block. `input` is in the order of its samples.
    ///
    /// # Realtime safety
    /// Never locks, allocates or waits, except that it waits for the worker in a block marked `offline`.
    pub fn process(&mut self, block: &Block, input: &[InputEvent<E>], sink: &mut impl Sink<E>) {
        if block.frames == 0 {
            return self.hear_between_blocks(input);
        }
        self.offline = block.offline;
        let output = Output {
            block: self.now,
            frames: block.frames,
            lookahead: u64::from(block.lookahead),
            thru: block.thru,
            bypass: block.bypass,
            bending: Bending {
                role: block.controls.role,
                motion: block.controls.motion,
                answers: block.controls.mode == Mode::Answer,
                bounds: Bounds::known(&block.controls),
            },
        };
        self.player.open(block.frames, sink);
        self.take_settings(block, sink);
        let mut rest = input;
        let runs = self
            .clock
            .begin(&block.transport, block.frames, block.sample_rate);
        let (playhead, tempo) = (self.clock.playhead(), self.clock.outline().tempo);
        self.status.playhead().write(runs, playhead, tempo);
        if runs {
            while let Some(span) = self.clock.next_span() {
                rest = self.go_through(&span, rest, &output, sink);
            }
        } else {
            self.stop();
            self.player
                .follow(self.stretch(0, block.frames, None), &output, sink);
            rest = self.hear(rest, 0, block.frames, &output, None);
            self.take_answers();
            self.play(block.frames, &output, sink);
        }
        debug_assert!(rest.is_empty(), "every event of the block is heard");
        self.now += u64::from(block.frames);
    }

    /// Hears and plays a span, in parts; returns the input after it.
    fn go_through<'i>(
        &mut self,
        span: &Span,
        input: &'i [InputEvent<E>],
        output: &Output,
        sink: &mut impl Sink<E>,
    ) -> &'i [InputEvent<E>] {
        self.enter(span);
        let stretch = self.stretch(span.first, span.frames, Some(*span));
        self.player.follow(stretch, output, sink);
        let mut rest = input;
        let mut from = 0;
        while from < span.frames {
            let to = if self.offline {
                span.next_tick(from)
            } else {
                span.frames
            };
            rest = self.hear(rest, span.first + from, span.first + to, output, Some(span));
            self.tell_clock(span.unheard_tick(to));
            self.take_answers();
            self.play(span.first + to, output, sink);
            from = to;
        }
        rest
    }

    fn stretch(&self, first: u32, frames: u32, span: Option<Span>) -> Stretch {
        Stretch {
            epoch: self.epoch,
            first: self.now + u64::from(first),
            frames,
            span,
            grid: self.clock.outline().grid,
        }
    }

    /// A block of no samples has no place for output: its events are heard now and passed in the next
    /// block.
    fn hear_between_blocks(&mut self, input: &[InputEvent<E>]) {
        for event in input {
            let at = self.unheard.filter(|_| self.playing);
            self.tell_event(event.kind, at);
            self.player.hear(self.now, *event);
        }
    }

    /// Compares the block's settings with those of the last one.
    fn take_settings(&mut self, block: &Block, sink: &mut impl Sink<E>) {
        if self.reset {
            self.reset = false;
            self.down = [false; KEYS];
            self.clock.reset();
            self.player.reset(self.now, sink);
        }
        if (self.thru, self.bypass) != (block.thru, block.bypass) {
            (self.thru, self.bypass) = (block.thru, block.bypass);
            self.player.release_all(0, sink);
        }
        let lost = std::mem::take(&mut self.out_of_step);
        if lost || self.controls != Some(block.controls) {
            let before = self.controls.replace(block.controls);
            if before.is_some_and(|before| voids_plan(&before, &block.controls)) {
                self.void_plan();
            }
            self.tell(Heard::Controls(block.controls));
        }
        if lost {
            self.announced = None;
            self.unheard = None;
            if !self.playing {
                self.tell(Heard::Stop { epoch: self.epoch });
            }
        }
        let loaded = std::mem::replace(&mut self.loads, block.loads) != block.loads;
        let restyled = std::mem::replace(&mut self.choices, block.choices) != block.choices;
        if loaded || restyled {
            self.void_plan();
        }
        if restyled || (lost && block.choices > 0) {
            self.tell(Heard::Restyle);
        }
        if loaded || (lost && block.loads > 0) {
            self.tell(Heard::Recall);
        }
        let pressed = block.forget && !self.forget;
        self.forget = block.forget;
        if pressed {
            self.tell(Heard::Forget);
        }
    }

    /// The plan is void although time goes on, and no earlier one may stand in for it.
    fn void_plan(&mut self) {
        self.void = true;
        self.player.forget_plans();
    }

    /// The hearing head enters a span: a new epoch, or news of the running one.
    fn enter(&mut self, span: &Span) {
        let void = std::mem::take(&mut self.void);
        let begun = !std::mem::replace(&mut self.playing, true);
        let epoch = match span.entry {
            Entry::Wraps if !void && !begun => Epoch {
                pass: self.epoch.pass.wrapping_add(1),
                ..self.epoch
            },
            Entry::Continues if !void && !begun => self.epoch,
            _ => self.next_generation(),
        };
        let outline = self.clock.outline();
        if epoch != self.epoch || self.announced != Some(outline) {
            // Also in the same epoch what was decided is void, and is decided again.
            self.unheard = None;
            self.decided = None;
            self.epoch = epoch;
            self.announced = Some(outline);
            let start = Heard::Start {
                epoch,
                at: span.nearest_tick(0),
                grid: outline.grid,
                cycle: outline.cycle,
                tempo: outline.tempo,
            };
            self.tell(start);
        }
        self.tell_clock(span.nearest_tick(0));
    }

    /// The transport is stopped.
    fn stop(&mut self) {
        self.void = false;
        if std::mem::take(&mut self.playing) {
            self.epoch = self.next_generation();
            self.announced = None;
            self.unheard = None;
            self.tell(Heard::Stop { epoch: self.epoch });
        }
    }

    fn next_generation(&self) -> Epoch {
        Epoch {
            generation: self.epoch.generation.wrapping_add(1),
            pass: 0,
        }
    }

    /// Hears the events before sample `end` of the block, the first of which is `first`; returns the rest.
    fn hear<'i>(
        &mut self,
        input: &'i [InputEvent<E>],
        first: u32,
        end: u32,
        output: &Output,
        span: Option<&Span>,
    ) -> &'i [InputEvent<E>] {
        // What a host sends beyond its own block counts as the block's last sample.
        let count = input
            .iter()
            .position(|event| event.sample >= end && end < output.frames)
            .unwrap_or(input.len());
        let (heard, rest) = input.split_at(count);
        for event in heard {
            let sample = event.sample.clamp(first, end - 1);
            let at = span.map(|span| span.nearest_tick(sample - span.first));
            self.tell_event(event.kind, at);
            self.player.hear(self.now + u64::from(sample), *event);
        }
        rest
    }

    /// Tells the worker of a note that was heard at a place in the song.
    fn tell_event(&mut self, kind: Kind, at: Option<Tick>) {
        // The worker has been promised that nothing before the last clock follows.
        let at = at.map(|at| self.unheard.map_or(at, |unheard| at.max(unheard)));
        match kind {
            Kind::On {
                channel,
                pitch,
                velocity,
            } => {
                self.status.add(Count::NotesHeard, 1);
                self.down[key_index(channel, pitch)] = true;
                let velocity = velocity.clamp(1, 127);
                if let Some(at) = at {
                    self.tell(Heard::NoteOn {
                        at,
                        channel,
                        pitch,
                        velocity,
                    });
                }
            }
            Kind::Off { channel, pitch } => {
                for (channel, pitch) in named_keys(channel, pitch) {
                    let was_down = std::mem::take(&mut self.down[key_index(channel, pitch)]);
                    if let Some(at) = at.filter(|_| was_down) {
                        self.tell(Heard::NoteOff { at, channel, pitch });
                    }
                }
            }
            Kind::Other => {}
        }
    }

    /// Promises the worker that everything before `at` has been sent; offline, waits for its decision.
    fn tell_clock(&mut self, at: Tick) {
        if self.unheard.is_some_and(|unheard| at <= unheard) {
            return;
        }
        self.unheard = Some(at);
        let epoch = self.epoch;
        self.tell(Heard::Clock { epoch, at });
        if self.offline {
            self.wait_until(|engine| {
                engine
                    .decided
                    .is_some_and(|(of, decided)| of == epoch && decided >= at)
            });
        }
    }

    fn tell(&mut self, message: Heard) {
        if self.offline && self.link.is_full() {
            self.wait_until(|engine| !engine.link.is_full());
        }
        let vital = matches!(
            message,
            Heard::Start { .. }
                | Heard::Stop { .. }
                | Heard::Controls(_)
                | Heard::Recall
                | Heard::Restyle
        );
        self.out_of_step |= !self.link.send(message) && vital;
    }

    /// Takes what the worker has sent so far; whether there was anything.
    fn take_answers(&mut self) -> bool {
        let waiting = self.link.waiting();
        for _ in 0..waiting {
            match self.link.receive() {
                Some(Planned::Decided { epoch, at }) => self.decided = Some((epoch, at)),
                Some(message) => self.player.accept(message),
                None => break,
            }
        }
        waiting > 0
    }

    /// Offline only: waits for the worker. After [`PATIENCE`] without a sign of it the wait is given up,
    /// and so is every later one until the worker has caught up.
    fn wait_until(&mut self, done: impl Fn(&Self) -> bool) {
        let mut last_sign = Instant::now();
        loop {
            if self.take_answers() {
                last_sign = Instant::now();
            }
            if done(self) {
                self.given_up = false;
                return;
            }
            if self.given_up {
                return;
            }
            if last_sign.elapsed() > PATIENCE {
                self.given_up = true;
                self.status.add(Count::OfflineTimeouts, 1);
                return;
            }
            thread::sleep(GLANCE);
        }
    }

    /// Lets the playing head follow until `end` of the block, at the distance of the lookahead.
    fn play(&mut self, end: u32, output: &Output, sink: &mut impl Sink<E>) {
        let until = (self.now + u64::from(end)).saturating_sub(output.lookahead);
        self.player.play(until, output, sink);
    }
}

/// Whether a change of controls makes the plan void. Adventure, density, dynamics, humanize and swing do
/// not: they count from the next decision on, so that automating them never starves the plan. Nor do take
/// and hold, which count from the next bar on.
fn voids_plan(before: &Controls, after: &Controls) -> bool {
    let but_for_the_soft_ones = Controls {
        adventure: after.adventure,
        density: after.density,
        dynamics: after.dynamics,
        humanize: after.humanize,
        swing: after.swing,
        take: after.take,
        hold: after.hold,
        ..*before
    };
    but_for_the_soft_ones != *after
}

#[cfg(test)]
mod tests;
