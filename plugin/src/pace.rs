//! Tells an offline render by its pace.
//!
//! nice-plug 0.4.2 hands a VST3 plugin the processing mode of the *previous* set-up: the first bounce
//! would run as real time, and play after it as offline, with the audio thread waiting for the worker.
//! So for VST3 the mode is not asked for. Instead audio that was processed is compared with the time in
//! which the host did something else: no device buffer and no host's work-ahead is half a second, and a
//! render is ahead of that within its first milliseconds. What is played does not depend on it, only
//! whether the audio thread may wait for the worker.

use std::time::Instant;

/// This much audio ahead of the clock on the wall is a render, in seconds. Device buffers reach 0.2 s,
/// hosts that work ahead 0.2 s to 0.4 s.
const AHEAD: f64 = 0.5;

/// Compares processed audio with elapsed time.
#[derive(Debug, Default)]
pub struct Pace {
    /// When the last block was done. Time spent inside of a block does not count: there a render waits.
    done: Option<Instant>,
    /// Seconds of audio processed beyond the time that went by between the blocks.
    ahead: f64,
}

impl Pace {
    /// Begins anew.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// A block of so many seconds of audio begins; whether this is a render.
    pub fn begin(&mut self, now: Instant, block: f64) -> bool {
        let idle = self.done.map_or(0.0, |done| {
            now.saturating_duration_since(done).as_secs_f64()
        });
        self.ahead = (self.ahead - idle).clamp(0.0, 2.0 * AHEAD) + block.clamp(0.0, AHEAD);
        self.ahead > AHEAD
    }

    /// The block is done.
    pub fn end(&mut self, now: Instant) {
        self.done = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BLOCK: Duration = Duration::from_millis(10);

    /// How many of 1,000 blocks count as a render, when the host takes `idle` between two of them, but
    /// asks for `burst` at a time, and each takes `inside`.
    fn renders(idle: Duration, burst: u32, inside: Duration) -> usize {
        let mut pace = Pace::default();
        let mut now = Instant::now();
        let render = |block: &u32| {
            if block.is_multiple_of(burst) {
                now += idle * burst;
            }
            let render = pace.begin(now, BLOCK.as_secs_f64());
            now += inside;
            pace.end(now);
            render
        };
        (0..1000).filter(render).count()
    }

    #[test]
    fn real_time_is_no_render_even_in_bursts() {
        let inside = BLOCK / 100;
        assert_eq!(renders(BLOCK, 1, inside), 0);
        assert_eq!(renders(BLOCK, 40, inside), 0);
        assert_eq!(renders(BLOCK * 3, 1, inside), 0);
    }

    #[test]
    fn a_render_is_known_after_half_a_second_of_audio_and_stays_one_while_it_waits() {
        assert!(renders(BLOCK / 100, 1, BLOCK / 100) > 945);
        assert!(renders(BLOCK / 100, 1, BLOCK * 5) > 945);
    }

    #[test]
    fn play_after_a_render_is_none() {
        let mut pace = Pace::default();
        let now = Instant::now();
        assert!(!pace.begin(now, AHEAD));
        pace.end(now);
        assert!(pace.begin(now, AHEAD));
        pace.reset();
        assert!(!pace.begin(now, 0.01));
    }
}
