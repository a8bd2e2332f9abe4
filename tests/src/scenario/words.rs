//! A scenario in words.

use std::fmt;

use super::{Scenario, Step};
use crate::{
    host::{ANY, Tells},
    player::{Changes, Wobble},
    transport::BlockSizes,
};

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = &self.session;
        let mode = if self.is_offline() {
            "offline"
        } else {
            "live, hurried"
        };
        writeln!(
            f,
            "seed {}: {}, {} Hz, {}, {mode}",
            self.seed,
            self.format,
            self.rate,
            Blocks(session.blocks)
        )?;
        for (beat, meter) in &self.meters {
            writeln!(f, "  {}/{} from {beat}", meter.numerator, meter.denominator)?;
        }
        let last = self.tempos[self.tempos.len() - 1];
        match self.tempos.len() {
            1 => writeln!(f, "  tempo {:.3}", last.1)?,
            steps => writeln!(
                f,
                "  tempo {:.3}, in {steps} steps to {:.3} at {:.3}",
                self.tempos[0].1, last.1, last.0
            )?,
        }
        writeln!(f, "  the host {}", host(self))?;
        writeln!(f, "  the clip holds {}", self.clip_name)?;
        let params = self.params.iter();
        let params: Vec<_> = params
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        writeln!(f, "  {}", params.join(", "))?;
        for (index, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {}. {step}", index + 1)?;
        }
        Ok(())
    }
}

/// The host's peculiarities.
fn host(scenario: &Scenario) -> String {
    let session = &scenario.session;
    let mut words = vec![
        match session.tells {
            Tells::All => "tells its transport",
            Tells::NoBars => "does not tell where bars begin",
            Tells::FourQuarterBars => "counts every bar as four quarters",
            Tells::Seconds => "tells seconds but no beats",
            Tells::Nothing => "has no transport",
        }
        .to_owned(),
    ];
    words.push(
        match session.changes {
            Changes::Inside => "does not end a block where tempo, meter or loop change",
            Changes::Split => "ends a block where the transport changes",
            Changes::Everywhere => "stops, starts and jumps inside of a block",
        }
        .to_owned(),
    );
    match session.wobble {
        Wobble::None => {}
        Wobble::Steps(steps) => words.push(format!("rounds its position to 1/{steps} quarter")),
        Wobble::Jitter(_) => words.push("is up to half a sample beside".to_owned()),
        Wobble::Tempo(factor) => words.push(format!("tells the tempo times {factor:.6}")),
    }
    if session.output_capacity < usize::MAX {
        words.push(format!("takes {} events a block", session.output_capacity));
    }
    words.join(", ")
}

/// Block lengths in words.
pub(super) struct Blocks(pub(super) BlockSizes);

impl fmt::Display for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            BlockSizes::Constant(frames) => write!(f, "blocks of {frames}"),
            sizes => write!(f, "mixed blocks up to {}", sizes.max()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |named: &u8, what: &str| match *named {
            ANY => format!("every {what}"),
            number => format!("{what} {number}"),
        };
        match self {
            Self::Play(beats) => write!(f, "play {beats:.3} quarters"),
            Self::Stop(seconds) => write!(f, "stop for {seconds} s"),
            Self::Seek(beat) => write!(f, "go to {beat:.3}"),
            Self::Loop(None) => write!(f, "no loop"),
            Self::Loop(Some((start, end))) => write!(f, "loop from {start:.3} to {end:.3}"),
            Self::Set(name, value) => write!(f, "set {name} to {value}"),
            Self::Automate(name, beats) => {
                write!(f, "play {beats:.3} quarters while {name} is automated")
            }
            Self::Forget => write!(f, "press Forget"),
            Self::Reset => write!(f, "reset the plugin"),
            Self::Reactivate => write!(f, "deactivate and activate the plugin"),
            Self::Save => write!(f, "save the state"),
            Self::Load => write!(f, "load the last saved state"),
            Self::Burst(notes) => write!(f, "press {notes} keys at once"),
            Self::Twice => write!(f, "press a key twice, let it go twice"),
            Self::LetGo(channel, pitch) => write!(
                f,
                "let go of {} on {}",
                all(pitch, "key"),
                all(channel, "channel")
            ),
            Self::Between(notes) => {
                write!(f, "a block of no samples with {notes} notes")
            }
        }
    }
}
