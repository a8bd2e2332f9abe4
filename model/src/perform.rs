//! A performance without a host: a song's notes go to the planner as they would come from an audio thread,
//! tick by tick, and its actions become notes.
//!
//! The command line and the evaluation play through here, so what they measure is what the plugin plays.

use crate::{
    capture::Capture,
    controls::Controls,
    feel::Played,
    generate::Generator,
    midi_file::Song,
    note::Note,
    planner::Planner,
    time::{BarGrid, Tick},
};

/// How much of the song is known before it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// As at the first time through: the harmony ahead is a guess.
    FirstPass,
    /// As on a second pass of a loop: all heard notes are known.
    Rehearsed,
}

enum Key {
    Up(u8),
    Down(u8, u8),
}

/// What the heard hands do, in order of time; keys go up before others go down.
fn events(heard: &[Note]) -> Vec<(Tick, Key)> {
    let mut events: Vec<(Tick, Key)> = heard
        .iter()
        .flat_map(|note| {
            [
                (note.onset, Key::Down(note.pitch, note.velocity)),
                (note.end(), Key::Up(note.pitch)),
            ]
        })
        .collect();
    events.sort_by_key(|(at, key)| (*at, matches!(key, Key::Down(..))));
    events
}

/// Plays from tick 0 to `end` against `heard` and returns the generated notes with their velocities and
/// without their swing, sorted by onset and pitch. Meters are those of `song`.
#[must_use]
pub fn perform(
    generator: &Generator,
    song: &Song,
    heard: &[Note],
    controls: Controls,
    end: Tick,
    knowledge: Knowledge,
    progress: impl FnMut(Tick),
) -> Vec<Note> {
    let performance = Performance {
        knowledge,
        ..Performance::new(song, heard, controls, end)
    };
    let played = performance.play(generator, progress);
    played.into_iter().map(|played| played.note).collect()
}

/// A performance that is to be played.
#[derive(Clone, Debug)]
pub struct Performance<'a> {
    /// Its meters.
    pub song: &'a Song,
    /// The notes that are heard, by onset.
    pub heard: &'a [Note],
    /// What is asked for.
    pub controls: Controls,
    /// Hold is on from here on: the bars that are planned later repeat the phrase before.
    pub hold_from: Option<Tick>,
    /// It goes from tick 0 to here.
    pub end: Tick,
    /// How much of the song is known.
    pub knowledge: Knowledge,
}

impl<'a> Performance<'a> {
    /// A first pass that makes new music all the time.
    #[must_use]
    pub fn new(song: &'a Song, heard: &'a [Note], controls: Controls, end: Tick) -> Self {
        Self {
            song,
            heard,
            controls,
            hold_from: None,
            end,
            knowledge: Knowledge::FirstPass,
        }
    }

    /// Plays it; `progress` is told each tick. The notes are sorted by onset and pitch.
    #[must_use]
    pub fn play(&self, generator: &Generator, mut progress: impl FnMut(Tick)) -> Vec<Played> {
        let mut stage = Stage::new(generator, self);
        let events = events(self.heard);
        let mut next_event = 0;
        let mut now = Tick(0);
        stage.come_to(now);
        while now < self.end {
            progress(now);
            while let Some((at, key)) = events.get(next_event).filter(|event| event.0 <= now) {
                stage.hear(*at, key);
                next_event += 1;
            }
            if self.hold_from == Some(now) {
                stage.hold();
            }
            now += 1;
            stage.set_bars(now, self.song.grid_at(now));
            stage.come_to(now);
        }
        stage.finish()
    }
}

/// The planner, and what becomes of its plan.
struct Stage {
    planner: Planner,
    controls: Controls,
    grid: BarGrid,
    capture: Capture,
}

impl Stage {
    fn new(generator: &Generator, performance: &Performance<'_>) -> Self {
        let mut planner = Planner::new(generator.clone());
        let controls = performance.controls;
        planner.set_controls(controls);
        if performance.knowledge == Knowledge::Rehearsed {
            planner.rehearse(performance.heard, performance.end);
        }
        let grid = performance.song.grid_at(Tick(0));
        planner.start(Tick(0), grid, None);
        let mut capture = Capture::whole();
        capture.start(Tick(0), grid, TEMPO);
        Self {
            planner,
            controls,
            grid,
            capture,
        }
    }

    fn hear(&mut self, at: Tick, key: &Key) {
        match *key {
            Key::Up(pitch) => {
                self.planner.note_off(at, 0, pitch);
                self.capture.note_off(at, 0, pitch);
            }
            Key::Down(pitch, velocity) => {
                self.planner.note_on(at, 0, pitch, velocity);
                self.capture.note_on(at, 0, pitch, velocity);
            }
        }
    }

    fn set_bars(&mut self, at: Tick, grid: BarGrid) {
        if grid != self.grid {
            self.grid = grid;
            self.planner.change(at, grid, None);
            self.capture.change(at, grid, TEMPO);
        }
    }

    fn hold(&mut self) {
        self.controls.hold = true;
        self.planner.set_controls(self.controls);
    }

    /// Everything before `at` has been heard.
    fn come_to(&mut self, at: Tick) {
        let (capture, grid, controls) = (&mut self.capture, self.grid, &self.controls);
        self.planner
            .advance_at_once(at, &mut |action| capture.take(&action, grid, controls));
        capture.listen_to(at);
    }

    fn finish(self) -> Vec<Played> {
        let mut notes = self.capture.played();
        notes.sort_unstable_by_key(|played| (played.note.onset, played.note.pitch));
        notes
    }
}

/// Nothing that is played depends on it.
const TEMPO: f64 = 120.0;
