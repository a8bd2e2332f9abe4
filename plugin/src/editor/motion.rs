//! The playhead between two blocks: the host tells where it is once a block, the eye wants it sixty times a
//! second.

use crate::playhead::{Reading, Transport};
use continuo_model::time::{TICKS_PER_QUARTER, Tick};

/// Further off than this, in ticks, the playhead was moved: a half beat.
const LEAP: f64 = TICKS_PER_QUARTER as f64 / 2.0;
/// Seconds in which an error shrinks to a third: longer than any block lasts, so that blocks are not seen.
const SOFTNESS: f64 = 0.25;
/// A window that was not painted for this many seconds starts anew.
const LONGEST_FRAME: f64 = 0.5;

/// Where the playhead was painted last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Motion {
    /// Song position in ticks, and the seconds at which it was painted.
    last: Option<(f64, f64)>,
}

impl Motion {
    /// Where to paint the playhead at `now` seconds, in ticks.
    pub fn step(&mut self, reading: &Reading, cycle: Option<(Tick, Tick)>, now: f64) -> f64 {
        let running = reading.transport == Transport::Running;
        let before = self.last.filter(|_| running);
        let at = match before {
            Some((at, then)) if (0.0..LONGEST_FRAME).contains(&(now - then)) => {
                let passed = now - then;
                let guess = at + passed * reading.tempo / 60.0 * TICKS_PER_QUARTER as f64;
                // In a loop it may have come round before the host, or the host before it.
                let round = cycle
                    .map(|(start, end)| (start.0 as f64, end.0 as f64))
                    .filter(|(start, end)| {
                        let within = start..end;
                        within.contains(&&at) && within.contains(&&reading.position)
                    });
                let mut error = reading.position - guess;
                if let Some((start, end)) = round {
                    error -= (end - start) * (error / (end - start)).round();
                }
                if error.abs() > LEAP {
                    reading.position
                } else {
                    // Never back: a block that came late is waited for.
                    let softened = guess + error * (1.0 - (-passed / SOFTNESS).exp());
                    let next = softened.max(at);
                    round.map_or(next, |(start, end)| {
                        start + (next - start).rem_euclid(end - start)
                    })
                }
            }
            _ => reading.position,
        };
        self.last = running.then_some((at, now));
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(transport: Transport, position: f64) -> Reading {
        Reading {
            transport,
            position,
            tempo: 120.0,
        }
    }

    /// 48 ticks a second, told in blocks of a tenth of a second, painted 60 times a second.
    #[test]
    fn it_glides_while_the_host_tells_in_steps() {
        let mut motion = Motion::default();
        let mut last = None::<f64>;
        for frame in 0..240 {
            let now = f64::from(frame) / 60.0;
            let told = (now * 10.0).floor() * 4.8;
            let at = motion.step(&reading(Transport::Running, told), None, now);
            if let Some(last) = last.filter(|_| frame > 60) {
                let moved = at - last;
                assert!((0.4..1.2).contains(&moved), "{moved} in frame {frame}");
                assert!((at - now * 48.0).abs() < 5.0);
            }
            last = Some(at);
        }
    }

    #[test]
    fn it_stands_still_when_the_transport_stands() {
        let mut motion = Motion::default();
        motion.step(&reading(Transport::Running, 100.0), None, 0.0);
        for frame in 1..5 {
            let at = motion.step(&reading(Transport::Stopped, 96.0), None, f64::from(frame));
            assert_eq!(at, 96.0);
        }
    }

    #[test]
    fn a_jump_is_followed_at_once() {
        let mut motion = Motion::default();
        motion.step(&reading(Transport::Running, 100.0), None, 0.0);
        let at = motion.step(&reading(Transport::Running, 960.0), None, 0.016);
        assert_eq!(at, 960.0);
    }

    /// A loop of a bar of 4/4: the host tells in blocks of a tenth of a second, each some blocks late.
    #[test]
    fn a_loop_comes_round_once_whoever_is_first() {
        let cycle = Some((Tick(0), Tick(96)));
        for late in [-1.0, 0.0, 1.0] {
            let mut motion = Motion::default();
            let mut last = None::<f64>;
            let mut rounds = 0;
            for frame in 0..600 {
                let now = f64::from(frame) / 60.0;
                let told = ((now * 10.0).floor() * 4.8 - late * 4.8).rem_euclid(96.0);
                let at = motion.step(&reading(Transport::Running, told), cycle, now);
                assert!((0.0..96.0).contains(&at));
                if let Some(last) = last.filter(|_| frame > 60) {
                    let moved = (at - last).rem_euclid(96.0);
                    assert!((0.4..1.2).contains(&moved), "{moved} in frame {frame}");
                    rounds += i32::from(at < last);
                }
                last = Some(at);
            }
            // Ten seconds are five rounds, the first of them from the origin.
            assert!((4..=5).contains(&rounds), "{rounds}");
        }
    }

    #[test]
    fn it_plays_on_past_a_loop_that_was_switched_off() {
        let cycle = Some((Tick(0), Tick(96)));
        let mut motion = Motion::default();
        motion.step(&reading(Transport::Running, 95.0), cycle, 0.0);
        let at = motion.step(&reading(Transport::Running, 96.2), cycle, 0.02);
        assert!((95.9..96.3).contains(&at), "{at}");
    }
}
