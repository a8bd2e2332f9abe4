//! A host that does at random whatever hosts do, from a seed: which rate, blocks, song, clip and controls,
//! how it tells its transport, and what is done while it plays.
//!
//! [`Scenario::of_seed`] draws one, its `Display` tells it in words, [`Stage::check`] plays it and applies
//! the laws of [`check`](crate::check). Where the plugin promises that nothing depends on block size and
//! format, the scenario is played again in others and what came out is compared: `promise`.

mod clips;
mod draw;
mod promise;
mod shrink;
mod stage;
mod words;

use continuo_model::time::Meter;

pub use self::stage::{Fault, Report, Stage};
use crate::{
    clip::ClipNote,
    host::Format,
    player::{Pacing, Session},
    transport::{BlockSizes, Song},
};

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// The song rolls on for so many quarter notes.
    Play(f64),
    /// It stops, or stays stopped, for so many seconds.
    Stop(f64),
    /// The playhead goes to this position in quarter notes, whether it rolls or not; while it rolls, this
    /// is also what a second Play does.
    Seek(f64),
    /// The loop is set, moved or removed.
    Loop(Option<(f64, f64)>),
    /// A parameter is set.
    Set(&'static str, &'static str),
    /// A parameter is set anew every sixteenth of a quarter note while the song rolls on for so many
    /// quarter notes.
    Automate(&'static str, f64),
    /// Forget is pressed and let go.
    Forget,
    /// The host resets the plugin.
    Reset,
    /// The host deactivates the plugin and activates it again.
    Reactivate,
    /// The host saves the state.
    Save,
    /// The host loads the last saved state.
    Load,
    /// A live player presses this many keys within a few samples and lets them go.
    Burst(u16),
    /// The same key goes down twice before it comes up twice.
    Twice,
    /// A note-off for every channel or every key, or both: [`ANY`](crate::host::ANY).
    LetGo(u8, u8),
    /// A block of no samples, with so many short notes in it.
    Between(u8),
}

/// A seeded run of a host.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it was drawn from.
    pub seed: u64,
    /// The format of the first run.
    pub format: Format,
    /// Samples a second.
    pub rate: f64,
    /// Quarter notes a minute, from a position in quarter notes on; the first at 0.
    pub tempos: Vec<(f64, f64)>,
    /// The meter, from a bar's start in quarter notes on; the first at 0.
    pub meters: Vec<(f64, Meter)>,
    /// How the host runs the plugin.
    pub session: Session,
    /// Block lengths of the second run.
    pub other_blocks: BlockSizes,
    /// The parameters at the start.
    pub params: Vec<(&'static str, &'static str)>,
    /// What the clip is, in words.
    pub clip_name: &'static str,
    /// What the track holds.
    pub clip: Vec<ClipNote>,
    /// What is done.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// The song.
    #[must_use]
    pub fn song(&self) -> Song {
        let mut song = Song::new(self.rate, self.tempos[0].1, self.meters[0].1);
        for &(beat, bpm) in &self.tempos[1..] {
            song = song.with_tempo(beat, bpm);
        }
        for &(beat, meter) in &self.meters[1..] {
            song = song.with_meter(beat, meter);
        }
        song
    }

    /// Whether the plugin may wait for its plans, so that every note is there.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.session.pacing == Pacing::Offline
    }
}
