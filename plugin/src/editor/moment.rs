//! The present: playhead and counters, read once a frame.

use std::fmt::Write as _;

use continuo_model::{
    controls::{Controls, Role},
    time::{TICKS_PER_QUARTER, Tick},
};

use crate::{
    playhead::{Reading, Transport},
    snapshot::Snapshot,
    status::{Count, Status},
};

/// How the bars so far were filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rungs {
    /// By the model, in time.
    pub planned: u64,
    /// By the plan of an earlier pass.
    pub earlier: u64,
    /// By the last bar, moved into the harmony.
    pub moved: u64,
    /// By nothing.
    pub rested: u64,
}

impl Rungs {
    /// All bars.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.planned + self.earlier + self.moved + self.rested
    }
}

/// What is so now.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Song position in ticks, as it is painted.
    pub at: f64,
    /// What the transport does.
    pub transport: Transport,
    /// How the bars so far were filled.
    pub rungs: Rungs,
    /// Panics that the planners survived.
    pub panics: u64,
    /// Notes that came in since the instance began.
    pub heard: u64,
    /// The parameter Bypass.
    pub bypass: bool,
}

impl Moment {
    /// Reads an instance; the playhead is painted at `at`.
    #[must_use]
    pub fn read(status: &Status, reading: &Reading, at: f64, bypass: bool) -> Self {
        Self {
            at,
            transport: reading.transport,
            rungs: Rungs {
                planned: status.get(Count::BarsPlanned),
                earlier: status.get(Count::BarsFromEarlierPass),
                moved: status.get(Count::BarsMoved),
                rested: status.get(Count::BarsRested),
            },
            panics: status.get(Count::WorkerPanics),
            heard: status.get(Count::NotesHeard),
            bypass,
        }
    }

    /// Whether the transport runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.transport == Transport::Running
    }

    /// The tick that is painted.
    #[must_use]
    pub fn tick(&self) -> Tick {
        // A saturating cast; positions are far inside `i64`.
        Tick(self.at.floor() as i64)
    }
}

/// How the light beside the sentence looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing happens.
    Idle,
    /// It listens.
    Listening,
    /// It plays.
    Playing,
    /// Something is wrong.
    Wrong,
}

/// What it does now, in one line. `style` is what is wrong with the style, if anything is.
#[must_use]
pub fn sentence(
    moment: &Moment,
    snapshot: &Snapshot,
    controls: &Controls,
    style: Option<&str>,
) -> (Tone, String) {
    if let Some(trouble) = &snapshot.trouble {
        let text = format!("No notes can be made: {trouble}. Install Continuo again.");
        return (Tone::Wrong, text);
    }
    if let Some(trouble) = style {
        return (Tone::Wrong, trouble.to_owned());
    }
    if moment.bypass {
        return (
            Tone::Idle,
            "bypassed: switch Bypass off to hear it".to_owned(),
        );
    }
    let bar = snapshot.bars.bar_at(moment.tick()).number + 1;
    match moment.transport {
        Transport::Unseen => (
            Tone::Idle,
            "asleep: the host has not started its audio yet".to_owned(),
        ),
        Transport::Stopped if moment.rungs.total() == 0 => (
            Tone::Idle,
            "no transport: press play in the host".to_owned(),
        ),
        Transport::Stopped => (Tone::Idle, format!("stopped · bar {bar}")),
        Transport::Running => running(moment, snapshot, controls, bar),
    }
}

fn running(moment: &Moment, snapshot: &Snapshot, controls: &Controls, bar: i64) -> (Tone, String) {
    let at = moment.tick();
    // A rest of less than a beat is part of the playing.
    let plays = snapshot.role == controls.role
        && snapshot
            .own
            .iter()
            .any(|own| own.note.onset <= at && at < own.note.end() + TICKS_PER_QUARTER);
    if !plays {
        let mut text = format!("listening · bar {bar}");
        if let Some(answer) = snapshot.answer.filter(|answer| *answer > at) {
            let answer = snapshot.bars.bar_at(answer).number + 1;
            // Writing to a string cannot fail.
            let _ = write!(text, " · answers in bar {answer}");
        }
        return (Tone::Listening, text);
    }
    let chord = snapshot.chord_at(at).and_then(|span| span.chord);
    let (what, way) = match controls.role {
        Role::Continue => ("carrying the melody on", "over"),
        Role::Bass => ("playing bass", "under"),
        Role::Chords => ("playing chords", "on"),
        Role::Counter => ("playing a second voice", "over"),
        Role::Drums => ("playing drums", ""),
    };
    let mut text = if controls.hold {
        "repeating the held phrase".to_owned()
    } else {
        what.to_owned()
    };
    if let Some(chord) = chord.filter(|_| !way.is_empty()) {
        // Writing to a string cannot fail.
        let _ = write!(text, " {way} {}", chord.name());
    }
    let _ = write!(text, " · bar {bar}");
    (Tone::Playing, text)
}
