//! Runs of samples with even musical time.

use continuo_model::time::Tick;

use super::whole;

/// How far apart two spans may lie that are joined, in samples: far below what rounds to another one.
const JOINT: f64 = 1.0 / 16.0;

/// How a span relates to what was played before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Time goes on.
    Continues,
    /// The loop ended and begins again.
    Wraps,
    /// Play starts here, or the playhead was moved.
    Jumps,
}

/// A run of samples with even musical time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// How it begins.
    pub entry: Entry,
    /// Its first sample, counted from the start of the block.
    pub first: u32,
    /// Its length in samples, at least 1.
    pub frames: u32,
    /// Song position of its first sample, in ticks.
    pub(super) start: f64,
    pub(super) ticks_per_sample: f64,
    /// Ticks before this have been played.
    pub(super) from: f64,
    /// Ticks before this have been played once the span is over.
    pub(super) until: f64,
    /// The tick after the last one of the loop that is being played.
    pub(super) cycle_end: Option<f64>,
}

impl Span {
    /// Song position of sample `k` of the span, in ticks.
    pub(super) fn position(&self, k: u32) -> f64 {
        self.start + f64::from(k) * self.ticks_per_sample
    }

    /// This span and the one that follows it as one, where musical time flows through both alike.
    #[must_use]
    pub fn joined(&self, next: &Self) -> Option<Self> {
        let beside = |sample: u32| {
            let here = self.position(self.frames) + f64::from(sample) * self.ticks_per_sample;
            (next.position(sample) - here).abs() / self.ticks_per_sample
        };
        let alike = next.entry == Entry::Continues
            && next.cycle_end == self.cycle_end
            && beside(0).max(beside(next.frames)) <= JOINT;
        Some(Self {
            frames: self.frames.checked_add(next.frames).filter(|_| alike)?,
            until: next.until,
            ..*self
        })
    }

    /// Everything due before this many ticks has been played once `k` samples of the span have.
    #[must_use]
    pub fn frontier(&self, k: u32) -> f64 {
        if k >= self.frames {
            self.until
        } else if k == 0 {
            self.from
        } else {
            let nearest = self.position(k) - 0.5 * self.ticks_per_sample;
            nearest.clamp(self.from, self.until)
        }
    }

    /// The sample of the span that is nearest to `tick`.
    #[must_use]
    pub fn sample_of(&self, tick: f64) -> u32 {
        let sample = ((tick - self.start) / self.ticks_per_sample).round();
        // The cast is safe: clamped into the span's own length.
        sample.clamp(0.0, f64::from(self.frames - 1)) as u32
    }

    /// Ticks between the samples `from` and `to` of the span.
    #[must_use]
    pub fn ticks_between(&self, from: u32, to: u32) -> f64 {
        (f64::from(to) - f64::from(from)) * self.ticks_per_sample
    }

    /// The tick that is nearest to sample `k`. In a loop never its end: what is played just before the
    /// wrap belongs to the loop's last tick.
    #[must_use]
    pub fn nearest_tick(&self, k: u32) -> Tick {
        let nearest = (self.position(k) + 0.5).floor();
        let last = self.cycle_end.map_or(f64::INFINITY, |end| end.ceil() - 1.0);
        whole(nearest.min(last))
    }

    /// The first tick for which notes may still come in after `k` samples of the span.
    #[must_use]
    pub fn unheard_tick(&self, k: u32) -> Tick {
        if k >= self.frames && Some(self.until) == self.cycle_end {
            whole(self.until.ceil())
        } else {
            self.nearest_tick(k)
        }
    }

    /// The first sample after `k` at which [`unheard_tick`](Self::unheard_tick) is another, or the span's
    /// length.
    #[must_use]
    pub fn next_tick(&self, k: u32) -> u32 {
        let current = self.nearest_tick(k);
        if self
            .cycle_end
            .is_some_and(|end| current >= whole(end.ceil() - 1.0))
        {
            return self.frames;
        }
        let boundary = current.0 as f64 + 0.5;
        let sample = (boundary - self.start) / self.ticks_per_sample;
        // One sample early, because of rounding; the samples themselves then decide.
        let mut next = ((sample - 1.0).max(0.0) as u32).clamp(k + 1, self.frames);
        while next < self.frames && self.nearest_tick(next) == current {
            next += 1;
        }
        next
    }
}
