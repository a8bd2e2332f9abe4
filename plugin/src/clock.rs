//! Samples to musical ticks: the only file that knows both.
//!
//! The host says once a block where its playhead is; [`Clock`] cuts the block into [`Span`]s, runs of
//! samples in which musical time flows evenly. It tells a real discontinuity (start, seek, loop wrap)
//! from rounding and tempo ramps, and it wraps inside a block when the loop ends there, because VST3
//! hosts do not split their blocks at a loop's end.
//!
//! A tick belongs to the sample nearest to it. Every span begins where the one before it ended, counted
//! in ticks that have been played, so rounding in the host's position can neither lose nor repeat one.
//!
//! Some hosts round their position, so that from block to block it jumps by some samples. While what they
//! tell lies within that rounding, play goes on evenly from where it was; beyond it, it follows.

mod bars;
mod span;

use continuo_model::time::{BarGrid, TICKS_PER_QUARTER, Tick};

use self::bars::Bars;
pub use self::span::{Entry, Span};

/// Tempo until a host tells one, in quarter notes a minute.
const DEFAULT_TEMPO: f64 = 120.0;
/// Tempi outside of this are taken for a host's error. At the fastest, a tick is 20 samples of 8 kHz.
const TEMPI: std::ops::RangeInclusive<f64> = 1.0..=1000.0;
/// Sample rates outside of this are taken for a host's error.
const SAMPLE_RATES: std::ops::RangeInclusive<f64> = 1000.0..=1_000_000.0;
/// Taken when the host's sample rate cannot be meant.
const DEFAULT_SAMPLE_RATE: f64 = 48_000.0;
/// Song positions beyond this many quarter notes (a year at 190 a minute) are taken for a host's error.
const FURTHEST_QUARTER: f64 = 1e8;
/// A position that is off by less than this is rounding, in ticks: 5 ms at 120 a minute. Hosts that count
/// 960 to a quarter are off by up to 0.025.
const DRIFT_TICKS: f64 = 0.25;
/// The same in samples, for tempi at which a quarter tick is shorter.
const DRIFT_SAMPLES: f64 = 4.0;
/// Steps in a quarter note to which hosts round their position, the coarsest first.
const STEPS: [f64; 9] = [
    96.0, 192.0, 240.0, 384.0, 480.0, 960.0, 1920.0, 3840.0, 15_360.0,
];
/// A position this close to a whole number of steps has been rounded to one, in steps. One that only
/// happens to lie there is where play has come evenly, so nothing is lost by taking it for rounded.
const ON_STEP: f64 = 1e-3;
/// Hosts that do not round may waver by this much, in samples.
const WAVER: f64 = 0.5;
/// How far the position may creep back behind what has been played before that counts as a jump, in ticks.
const CREEP_TICKS: f64 = 1.0;
/// Loops shorter than a thirty-second are not followed from inside a block; the host's own jumps are.
const SHORTEST_CYCLE: f64 = 3.0;
/// A sample this close to the loop's end is past it: what is left is rounding.
const SAMPLE_ROUNDING: f64 = 1e-3;

/// What the host says about its transport at the first sample of a block. `None`: it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Transport {
    /// Whether it runs.
    pub playing: bool,
    /// Quarter notes a minute.
    pub tempo: Option<f64>,
    /// Song position in quarter notes.
    pub quarters: Option<f64>,
    /// Song position in seconds.
    pub seconds: Option<f64>,
    /// Song position in samples.
    pub samples: Option<i64>,
    /// Where the running bar began, in quarter notes.
    pub bar_start: Option<f64>,
    /// Signature, numerator over denominator.
    pub signature: Option<(i32, i32)>,
    /// The loop's start and end in quarter notes, when the host loops.
    pub cycle: Option<(f64, f64)>,
}

/// Ticks without a fraction. Positions are bounded by [`FURTHEST_QUARTER`], far inside `i64`.
fn whole(ticks: f64) -> Tick {
    Tick(ticks as i64)
}

/// How far positions that a host told one after the other, in ticks, may lie beside those it meant: half a
/// step where both are a whole number of steps.
fn rounding(told: [f64; 2]) -> f64 {
    let on_step = |steps: &f64| {
        told.iter().all(|ticks| {
            let place = ticks / TICKS_PER_QUARTER as f64 * steps;
            (place - place.round()).abs() < ON_STEP
        })
    };
    let step = STEPS.into_iter().find(on_step);
    step.map_or(0.0, |steps| 0.5 * TICKS_PER_QUARTER as f64 / steps)
}

/// What a planner has to know of the song around the playhead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outline {
    /// Where the bars lie.
    pub grid: BarGrid,
    /// The loop in whole ticks, while the playhead is before its end.
    pub cycle: Option<(Tick, Tick)>,
    /// Quarter notes a minute.
    pub tempo: f64,
}

/// What the next block's position should be when time just goes on.
#[derive(Clone, Copy, Debug)]
struct Expected {
    /// Song position in ticks.
    at: f64,
    /// The same in the host's seconds, when it tells them.
    seconds: Option<f64>,
    /// What the host told for the block that leads here, in ticks.
    told: f64,
    /// Ticks before this have been played.
    played: f64,
    /// Samples of the block that leads here.
    frames: u32,
    ticks_per_sample: f64,
    /// Ticks since a wrap within that block: a host that only wraps between blocks is behind by these.
    wrapped: Option<f64>,
}

/// Follows the host's playhead from block to block.
#[derive(Debug)]
pub struct Clock {
    tempo: f64,
    sample_rate: f64,
    bars: Bars,
    /// The loop in ticks, while the playhead is before its end.
    cycle: Option<(f64, f64)>,
    /// `None` while stopped and after a reset: the next block that plays begins with a jump.
    expected: Option<Expected>,
    run: Run,
    /// Song position of the last block's first sample, in ticks.
    playhead: f64,
}

/// The part of the running block that has not been cut into spans yet.
#[derive(Clone, Copy, Debug)]
struct Run {
    entry: Entry,
    first: u32,
    left: u32,
    at: f64,
    told: f64,
    from: f64,
    wrapped: bool,
    ticks_per_sample: f64,
    frames: u32,
    seconds: Option<f64>,
}

impl Clock {
    /// A stopped clock in common time.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tempo: DEFAULT_TEMPO,
            sample_rate: DEFAULT_SAMPLE_RATE,
            bars: Bars::new(),
            cycle: None,
            expected: None,
            run: Run {
                entry: Entry::Jumps,
                first: 0,
                left: 0,
                at: 0.0,
                told: 0.0,
                from: 0.0,
                wrapped: false,
                ticks_per_sample: 1.0,
                frames: 0,
                seconds: None,
            },
            playhead: 0.0,
        }
    }

    /// Forgets the position: the next block that plays begins with a jump.
    pub fn reset(&mut self) {
        self.expected = None;
        self.run.left = 0;
    }

    /// Takes the transport of the next block of `frames` samples. `false`: the transport is stopped, the
    /// block has no spans. A block of 0 frames changes nothing.
    pub fn begin(&mut self, transport: &Transport, frames: u32, sample_rate: f64) -> bool {
        if frames == 0 {
            return self.expected.is_some();
        }
        if !transport.playing {
            self.reset();
            let (at, _) = self.position(transport);
            self.bars.judge(transport, at);
            let told = transport
                .quarters
                .filter(|quarters| quarters.abs() < FURTHEST_QUARTER);
            if let Some(quarters) = told {
                self.playhead = quarters * TICKS_PER_QUARTER as f64;
            }
            return false;
        }
        if SAMPLE_RATES.contains(&sample_rate) {
            self.sample_rate = sample_rate;
        }
        if let Some(tempo) = transport.tempo.filter(|tempo| TEMPI.contains(tempo)) {
            self.tempo = tempo;
        }
        let ticks_per_sample = self.tempo / 60.0 * TICKS_PER_QUARTER as f64 / self.sample_rate;
        let (told, seconds) = self.position(transport);
        let told = self.past_the_wrap(told, ticks_per_sample);
        let entry = self.entry(told, ticks_per_sample);
        let at = self.evened(told, entry, ticks_per_sample);
        let nearest = at - 0.5 * ticks_per_sample;
        let from = match (entry, self.expected, self.cycle) {
            (Entry::Continues, Some(expected), _) => expected.played,
            (Entry::Wraps, _, Some((start, _))) => nearest.min(start),
            _ => nearest,
        };
        self.set_cycle(transport, at, entry, ticks_per_sample);
        self.bars.judge(transport, at);
        self.bars.follow(transport, at, entry);
        self.playhead = at;
        self.run = Run {
            entry,
            first: 0,
            left: frames,
            at,
            told,
            from,
            wrapped: false,
            ticks_per_sample,
            frames,
            seconds,
        };
        true
    }

    /// The next run of samples of the block, in order; `None` at the block's end.
    pub fn next_span(&mut self) -> Option<Span> {
        if self.run.left == 0 {
            return None;
        }
        if self.samples_to_wrap() == Some(0) {
            self.wrap();
        }
        let run = self.run;
        let wraps_in = self
            .samples_to_wrap()
            .filter(|samples| *samples <= run.left);
        let frames = wraps_in.unwrap_or(run.left).max(1);
        let end = run.at + f64::from(frames) * run.ticks_per_sample;
        let cycle_end = self.cycle.map(|(_, end)| end);
        let until = match (wraps_in, cycle_end) {
            (Some(_), Some(cycle_end)) => cycle_end,
            _ => end - 0.5 * run.ticks_per_sample,
        };
        let span = Span {
            entry: run.entry,
            first: run.first,
            frames,
            start: run.at,
            ticks_per_sample: run.ticks_per_sample,
            from: run.from,
            until: until.max(run.from),
            cycle_end,
        };
        self.run = Run {
            entry: Entry::Continues,
            first: run.first + frames,
            left: run.left - frames,
            at: end,
            from: span.until,
            ..run
        };
        if self.run.left == 0 {
            self.expect();
        } else if wraps_in.is_some() {
            self.wrap();
        }
        Some(span)
    }

    /// Song position of the last block's first sample, in ticks; while stopped, where the host says that the
    /// playhead stands, or where it last was.
    #[must_use]
    pub fn playhead(&self) -> f64 {
        self.playhead
    }

    /// The song around the playhead, as of the last [`begin`](Self::begin).
    #[must_use]
    pub fn outline(&self) -> Outline {
        Outline {
            grid: self.bars.grid(),
            cycle: self
                .cycle
                .map(|(start, end)| (whole(start.round()), whole(end.round()))),
            tempo: self.tempo,
        }
    }

    /// Song position in ticks, and the host's own seconds if it tells any.
    fn position(&self, transport: &Transport) -> (f64, Option<f64>) {
        let seconds = transport
            .seconds
            .or_else(|| {
                transport
                    .samples
                    .map(|samples| samples as f64 / self.sample_rate)
            })
            .filter(|seconds| seconds.abs() * TEMPI.end() / 60.0 < FURTHEST_QUARTER);
        let quarters = transport
            .quarters
            .filter(|quarters| quarters.abs() < FURTHEST_QUARTER);
        let at = match (quarters, seconds, self.expected) {
            (Some(quarters), _, _) => quarters * TICKS_PER_QUARTER as f64,
            // Without a musical position it is counted on from the last block: dividing the seconds by
            // the tempo would leap at every change of tempo.
            (None, Some(seconds), Some(expected)) if self.follows(seconds, expected) => expected.at,
            (None, Some(seconds), _) => seconds * self.tempo / 60.0 * TICKS_PER_QUARTER as f64,
            (None, None, Some(expected)) => expected.at,
            (None, None, None) => 0.0,
        };
        (at, seconds)
    }

    /// Whether the host's seconds just go on.
    fn follows(&self, seconds: f64, expected: Expected) -> bool {
        expected
            .seconds
            .is_some_and(|expected| (seconds - expected).abs() * self.sample_rate <= DRIFT_SAMPLES)
    }

    /// A host that rounds the loop's end otherwise may wrap a sample later than this clock did: its
    /// position, still at the loop's end, is then taken for the one at the loop's start.
    fn past_the_wrap(&self, at: f64, ticks_per_sample: f64) -> f64 {
        match (self.expected, self.cycle) {
            (Some(expected), Some((start, end))) => {
                let moved = at - (end - start);
                let close = rounding([at, expected.told]).max(DRIFT_SAMPLES * ticks_per_sample);
                let just_wrapped = (expected.at - start).abs() <= close;
                if just_wrapped && (moved - expected.at).abs() <= close {
                    moved
                } else {
                    at
                }
            }
            _ => at,
        }
    }

    /// How a block at `at` relates to the one before.
    fn entry(&self, at: f64, ticks_per_sample: f64) -> Entry {
        let Some(expected) = self.expected else {
            return Entry::Jumps;
        };
        // A tempo that ramps during a block puts its end elsewhere than an even tempo would.
        let ramp =
            f64::from(expected.frames) * (ticks_per_sample - expected.ticks_per_sample).abs();
        let drift = DRIFT_TICKS.max(DRIFT_SAMPLES * ticks_per_sample) + ramp;
        let behind = expected.at - at;
        let crept = expected.played - at;
        let wrapped = expected.wrapped.unwrap_or(0.0);
        if behind.abs() <= drift + wrapped && crept <= CREEP_TICKS + ramp + wrapped {
            return Entry::Continues;
        }
        match self.cycle {
            Some((start, end))
                if (expected.at - end).abs() <= drift
                    && (at - start - (expected.at - end)).abs() <= drift =>
            {
                Entry::Wraps
            }
            _ => Entry::Jumps,
        }
    }

    /// Where a block begins for which the host tells `told`: where play has come evenly, unless that lies
    /// further from it than its rounding explains.
    fn evened(&self, told: f64, entry: Entry, ticks_per_sample: f64) -> f64 {
        let Some(expected) = self.expected else {
            return told;
        };
        let rounding = rounding([told, expected.told]);
        let (even, slack) = match (entry, self.cycle) {
            // Hosts wrap by whole samples: they know best where they went.
            (Entry::Continues, _) if expected.wrapped.is_some() => (expected.at, rounding),
            (Entry::Continues, _) => (expected.at, rounding.max(WAVER * ticks_per_sample)),
            (Entry::Wraps, Some((start, end))) => (start + (expected.at - end), rounding),
            _ => return told,
        };
        let beside = told - even;
        if beside.abs() <= slack {
            even
        } else if beside.abs() <= 2.0 * slack {
            // What has been told so far was rounded the other way: as near as it can be.
            told - slack.copysign(beside)
        } else {
            told
        }
    }

    /// Takes the host's loop, if the playhead can reach its end.
    fn set_cycle(&mut self, transport: &Transport, at: f64, entry: Entry, ticks_per_sample: f64) {
        let quarter = TICKS_PER_QUARTER as f64;
        // Play that arrives exactly at the end wraps there; play that starts there goes on past it.
        let reach = match entry {
            Entry::Continues => at - 0.5 * ticks_per_sample,
            Entry::Wraps | Entry::Jumps => at + 0.5 * ticks_per_sample,
        };
        self.cycle = transport
            .cycle
            .filter(|(start, end)| start.abs() < FURTHEST_QUARTER && end.abs() < FURTHEST_QUARTER)
            .map(|(start, end)| (start * quarter, end * quarter))
            .filter(|(start, end)| end - start >= SHORTEST_CYCLE && reach <= *end);
    }

    /// Samples of the run that lie before the loop's end.
    fn samples_to_wrap(&self) -> Option<u32> {
        let (_, end) = self.cycle?;
        let samples = (end - self.run.at) / self.run.ticks_per_sample - SAMPLE_ROUNDING;
        // A saturating cast: what lies beyond `u32` lies beyond the block.
        Some(samples.ceil().max(0.0) as u32)
    }

    /// Moves the run from the loop's end to its start.
    fn wrap(&mut self) {
        if let Some((start, end)) = self.cycle {
            let run = &mut self.run;
            run.at = start + (run.at - end);
            run.from = start.min(run.at - 0.5 * run.ticks_per_sample);
            run.wrapped = true;
            run.entry = Entry::Wraps;
        }
    }

    /// Notes where the next block should begin.
    fn expect(&mut self) {
        let run = self.run;
        let wrapped_now = self.cycle.filter(|_| run.wrapped);
        self.expected = Some(Expected {
            at: run.at,
            told: run.told,
            seconds: run
                .seconds
                .map(|seconds| seconds + f64::from(run.frames) / self.sample_rate),
            played: run.from,
            frames: run.frames,
            ticks_per_sample: run.ticks_per_sample,
            wrapped: wrapped_now.map(|(start, _)| (run.at - start).max(0.0)),
        });
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
