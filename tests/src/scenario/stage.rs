//! Plays scenarios and judges them.

use std::fmt;

use anyhow::{Context, Result};

use super::{Scenario, Step, promise, words::Blocks};
use crate::{
    bundles, check,
    counters::Counters,
    host::{Format, Instance, NoteEvent, NoteKind},
    player::{Changes, LEAD_IN, Performance, Played, Player, Session},
    transport::BlockSizes,
};

/// Something that must not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A note that does not end, or not where it must.
    Stuck(String),
    /// A generated note that came after its time although the plugin could wait for it.
    Late(u64),
    /// Events out of order or out of their block.
    Order(String),
    /// Another breach of the laws.
    Law(String),
    /// The plugin reported an error.
    Failure(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(notes) => write!(f, "{notes} notes came late"),
            Self::Stuck(what) | Self::Order(what) | Self::Law(what) | Self::Failure(what) => {
                f.write_str(what)
            }
        }
    }
}

/// What came of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What must not have happened.
    pub faults: Vec<Fault>,
    /// Note-ons that the plugin heard, in the first run.
    pub heard: u64,
    /// Note-ons that it made, in the first run.
    pub played: u64,
    /// Further runs, which had to give the same.
    pub compared: u32,
}

/// How a scenario is run.
#[derive(Clone, Copy)]
struct Run {
    format: Format,
    blocks: BlockSizes,
    changes: Changes,
}

impl Run {
    /// Whether it must give the same as any other.
    fn holds(&self, scenario: &Scenario) -> bool {
        scenario.holds_in(self.format, self.blocks, self.changes)
    }
}

/// The place where scenarios are played. It keeps both plugin files loaded, so that the network is read
/// once.
pub struct Stage {
    _kept: Vec<Box<dyn Instance>>,
}

impl Stage {
    /// Loads the built plugin.
    ///
    /// # Errors
    /// When it has not been built or does not load.
    pub fn new() -> Result<Self> {
        let kept = Format::ALL.into_iter().map(bundles::load);
        Ok(Self {
            _kept: kept.collect::<Result<_>>()?,
        })
    }

    /// Plays `scenario` and judges it; with others too if they must agree.
    #[must_use]
    pub fn check(&self, scenario: &Scenario) -> Report {
        let mut report = Report::default();
        let first = Run {
            format: scenario.format,
            blocks: scenario.session.blocks,
            changes: scenario.session.changes,
        };
        let Some(performance) = judged(scenario, first, &mut report) else {
            return report;
        };
        let other = second_run(scenario);
        if scenario.why_not_the_same().is_some() || !first.holds(scenario) || !other.holds(scenario)
        {
            return report;
        }
        // The counts of the first run are enough.
        let (heard, played) = (report.heard, report.played);
        if let Some(again) = judged(scenario, other, &mut report) {
            let told = |what| format!("{} in {}: {what}", other.format, Blocks(other.blocks));
            let differences = promise::differences(&performance, &again);
            let faults = differences.into_iter().map(|what| Fault::Law(told(what)));
            report.faults.extend(faults);
        }
        Report {
            heard,
            played,
            compared: 1,
            ..report
        }
    }
}

/// The run in other blocks or, by turns, in the other format.
fn second_run(scenario: &Scenario) -> Run {
    let blocks = scenario.other_blocks;
    let format = match (scenario.format, scenario.seed % 2) {
        (format, 0) => format,
        (Format::Clap, _) => Format::Vst3,
        (Format::Vst3, _) => Format::Clap,
    };
    let changes = match (format, scenario.session.changes) {
        (Format::Vst3, Changes::Everywhere) => Changes::Split,
        (_, changes) => changes,
    };
    Run {
        format,
        blocks,
        changes,
    }
}

/// Plays `scenario` as `run` and adds what is wrong with it to `report`; `None` when the plugin failed.
fn judged(scenario: &Scenario, run: Run, report: &mut Report) -> Option<Performance> {
    let played = play(scenario, run);
    let (performance, before, after) = match played {
        Ok(played) => played,
        Err(error) => {
            report.faults.push(Fault::Failure(format!("{error:#}")));
            return None;
        }
    };
    report.heard += ons(&performance.heard);
    let generated = check::tell_apart(&performance).generated;
    report.played += ons(&generated);
    report.faults.extend(breaches(scenario, &performance));
    report.faults.extend(counted(scenario, run, before, after));
    Some(performance)
}

/// How many of `events` begin a note.
fn ons(events: &[Played]) -> u64 {
    events
        .iter()
        .filter(|event| event.kind == NoteKind::On)
        .count() as u64
}

/// The laws that can be judged in this scenario.
fn breaches(scenario: &Scenario, performance: &Performance) -> Vec<Fault> {
    let found = if scenario.session.output_capacity == usize::MAX {
        check::violations(performance)
    } else {
        // What the host refuses comes later than it is due, and what cannot wait is dropped: exact copies
        // and ends at a break cannot be asked for.
        let mut found = performance.faults.clone();
        found.extend(check::unpaired(performance));
        found
    };
    let sorted = |what: String| {
        if performance.faults.contains(&what) {
            Fault::Order(what)
        } else if what.contains("never ends") || what.contains("sounds on through") {
            Fault::Stuck(what)
        } else {
            Fault::Law(what)
        }
    };
    found.into_iter().map(sorted).collect()
}

/// What the plugin counted and must not have.
fn counted(scenario: &Scenario, run: Run, before: Counters, after: Counters) -> Vec<Fault> {
    let mut found = Vec::new();
    let mut none = |name: &str, before: u64, after: u64| {
        if after > before {
            let what = format!("{} {name} counted", after - before);
            found.push(Fault::Law(what));
        }
    };
    none("worker panics", before.worker_panics, after.worker_panics);
    // A hurried host is faster than any ring could be read, and so is a VST3 render before it is known as
    // one; what is lost then is counted, as it should be.
    if scenario.is_offline() && run.holds(scenario) {
        none(
            "offline timeouts",
            before.offline_timeouts,
            after.offline_timeouts,
        );
        none(
            "ring overflows",
            before.ring_overflows,
            after.ring_overflows,
        );
        // A note on the tick next to which play begins may be caught up with: that is not late.
        if after.late > before.late {
            found.push(Fault::Late(after.late - before.late));
        }
    }
    found
}

/// The performance, and the counters before and after it.
fn play(scenario: &Scenario, run: Run) -> Result<(Performance, Counters, Counters)> {
    let mut instance = bundles::load(run.format)?;
    for (name, value) in &scenario.params {
        instance.set(name, value)?;
    }
    let before = instance.counters()?;
    let session = Session {
        blocks: run.blocks,
        changes: run.changes,
        lead_in: match run.format {
            Format::Clap => 0.0,
            Format::Vst3 => LEAD_IN,
        },
        ..scenario.session
    };
    let mut player = Player::new(&mut *instance, scenario.song(), &scenario.clip, session)?;
    let mut saved = player.save_state()?;
    for (index, step) in scenario.steps.iter().enumerate() {
        take(&mut player, step, &mut saved)
            .with_context(|| format!("step {}: {step}", index + 1))?;
    }
    let performance = player.finish()?;
    let after = instance.counters()?;
    Ok((performance, before, after))
}

/// Does `step`.
fn take(player: &mut Player, step: &Step, saved: &mut Vec<u8>) -> Result<()> {
    match *step {
        Step::Play(beats) => player.play(beats)?,
        Step::Stop(seconds) => player.stop(seconds)?,
        Step::Seek(beat) => {
            // To go where it is already, or next to it, is no jump.
            let near = (player.beat() - beat).abs() < 0.25;
            player.seek(if near { beat + 1.0 } else { beat });
        }
        Step::Loop(cycle) => player.set_cycle(cycle),
        Step::Set(name, value) => player.set(name, value)?,
        Step::Automate(name, beats) => {
            let pieces = (beats * 16.0).round();
            for piece in 0..pieces as u32 {
                player.automate(name, f64::from(piece) / pieces)?;
                player.play(1.0 / 16.0)?;
            }
        }
        Step::Forget => {
            player.set("Forget", "On")?;
            player.play(0.02)?;
            player.set("Forget", "Off")?;
        }
        Step::Reset => player.reset()?,
        Step::Reactivate => player.reactivate()?,
        Step::Save => *saved = player.save_state()?,
        Step::Load => player.load_state(saved)?,
        Step::Burst(notes) => burst(player, notes),
        Step::Twice => {
            for (offset, kind) in [(0, NoteKind::On), (9, NoteKind::On)] {
                player.play_live(key(offset, kind, 0, 72));
            }
            for offset in [300, 900] {
                player.play_live(key(offset, NoteKind::Off, 0, 72));
            }
        }
        Step::LetGo(channel, pitch) => player.play_live(key(0, NoteKind::Off, channel, pitch)),
        Step::Between(notes) => {
            let both = |pitch| [NoteKind::On, NoteKind::Off].map(|kind| key(0, kind, 1, pitch));
            let events: Vec<_> = (90..90 + notes).flat_map(both).collect();
            player.between_blocks(&events)?;
        }
    }
    Ok(())
}

fn key(offset: u32, kind: NoteKind, channel: u8, pitch: u8) -> NoteEvent {
    NoteEvent {
        offset,
        kind,
        channel,
        pitch,
        velocity: if kind == NoteKind::On { 0.7 } else { 0.0 },
    }
}

/// Keys of all channels go down within a few samples and come up again.
fn burst(player: &mut Player, notes: u16) {
    for note in 0..notes {
        let (channel, pitch) = ((note % 16) as u8, (note / 16) as u8 + 30);
        let offset = u32::from(note % 20);
        player.play_live(key(offset, NoteKind::On, channel, pitch));
        player.play_live(key(offset + 200, NoteKind::Off, channel, pitch));
    }
}
