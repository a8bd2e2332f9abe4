//! Swing, Humanize and Dynamics: how a planned note is played, without touching what is planned.

use crate::{
    controls::Controls,
    harmony::Bar,
    note::Note,
    time::{BarGrid, TICKS_PER_QUARTER},
};

/// How much later than written the off-beat eighth falls at full Swing, in ticks: 3 to 1, a dotted eighth
/// and a sixteenth. Two thirds of the knob are the triplet feel of 2 to 1.
const FULL_SWING: f64 = 6.0;
/// The latest that Humanize plays, in ticks: 15 ms at 120 quarters a minute.
const FULL_LATENESS: f64 = 0.7;
/// The widest swing of velocity that Humanize gives, either way.
const FULL_ROUGHNESS: f64 = 14.0;

/// How a note is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feel {
    /// How much later than written, in 1/1000 tick; never earlier, so that nothing leaves its bar
    /// backwards or comes before the start.
    pub delay_millitick: i32,
    /// How much later than written it ends, in 1/1000 tick: swing moves the end of a note as it moves the
    /// beginning of the next, which so finds the string free. Humanize does not move it.
    pub end_delay_millitick: i32,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
}

/// A note as it is played: with its swing and looseness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// The note, at its place, with the velocity with which it is struck.
    pub note: Note,
    /// How much later than its place it begins, in 1/1000 tick, 0 or more.
    pub delay_millitick: i32,
    /// How much later than written it ends, in 1/1000 tick; negative: earlier.
    pub end_delay_millitick: i32,
}

/// Ticks that a note sounds at the least, however late it began.
const SHORTEST: f64 = 0.25;

impl Played {
    /// `note` played with this feel.
    #[must_use]
    pub fn of(note: &Note, feel: Feel) -> Self {
        Self {
            note: Note {
                velocity: feel.velocity,
                ..*note
            },
            delay_millitick: feel.delay_millitick,
            end_delay_millitick: feel.end_delay_millitick,
        }
    }

    /// `note` as it is played in a song whose bars lie so.
    #[must_use]
    pub fn in_bars(note: &Note, grid: BarGrid, controls: &Controls) -> Self {
        let bar = Bar::containing(grid, note.onset);
        Self::of(note, feel(note, &bar, controls))
    }

    /// Where it begins to sound, in ticks.
    #[must_use]
    pub fn begins(&self) -> f64 {
        self.note.onset.0 as f64 + f64::from(self.delay_millitick) / 1000.0
    }

    /// Where it stops, in ticks.
    #[must_use]
    pub fn ends(&self) -> f64 {
        let written = self.note.end().0 as f64 + f64::from(self.end_delay_millitick) / 1000.0;
        written.max(self.begins() + SHORTEST)
    }

    /// Ends it at `at` ticks if it sounds there.
    pub fn cut(&mut self, at: f64) {
        if self.begins() < at && at < self.ends() {
            // Both casts are safe: places in a song.
            let whole = at.ceil();
            self.note.duration = whole as i64 - self.note.onset.0;
            self.end_delay_millitick = ((at - whole) * 1000.0).round() as i32;
        }
    }
}

impl From<Note> for Played {
    /// Exactly on its place.
    fn from(note: Note) -> Self {
        Self {
            note,
            delay_millitick: 0,
            end_delay_millitick: 0,
        }
    }
}

/// How `note` is played in `bar`. Depends on the note and its place alone: every pass plays it alike.
#[must_use]
pub fn feel(note: &Note, bar: &Bar, controls: &Controls) -> Feel {
    // Beats of three eighths have none between two others that could come late.
    let straight = bar.beat % TICKS_PER_QUARTER != 0;
    let amount = if straight {
        0.0
    } else {
        f64::from(controls.swing.clamp(0.0, 1.0))
    };
    let position = (note.onset - bar.start) as f64;
    let swung = swing(position, amount);
    let humanize = f64::from(controls.humanize.clamp(0.0, 1.0));
    let (late, rough) = jitter(note, controls.seed);
    let delay = swung - position + humanize * FULL_LATENESS * late;
    // A last sixteenth pushed by swing stays in its bar.
    let room = (bar.end() - note.onset) as f64 - 0.5;
    let dynamics = f64::from(controls.dynamics.clamp(-1.0, 1.0));
    // Softer towards a quarter, louder towards full.
    let written = f64::from(note.velocity);
    let played = if dynamics < 0.0 {
        written * (1.0 + 0.75 * dynamics)
    } else {
        written + (127.0 - written) * 0.75 * dynamics
    };
    let velocity = played + humanize * FULL_ROUGHNESS * (2.0 * rough - 1.0);
    let end = (note.end() - bar.start) as f64;
    let end_delay = swing(end, amount) - end;
    Feel {
        end_delay_millitick: (end_delay * 1000.0).round() as i32,
        delay_millitick: (delay.clamp(0.0, room.max(0.0)) * 1000.0).round() as i32,
        velocity: velocity.round().clamp(1.0, 127.0) as u8,
    }
}

/// A position in ticks with the off-beat eighths moved, the rest stretched between.
fn swing(position: f64, amount: f64) -> f64 {
    let quarter = TICKS_PER_QUARTER as f64;
    let half = quarter / 2.0;
    let moved = half + amount * FULL_SWING;
    let beat = (position / quarter).floor() * quarter;
    let inside = position - beat;
    beat + if inside < half {
        inside * moved / half
    } else {
        moved + (inside - half) * (quarter - moved) / half
    }
}

/// Two numbers in 0..1 that belong to a note at its place (SplitMix64, Steele et al. 2014).
fn jitter(note: &Note, seed: u64) -> (f64, f64) {
    let mut state = seed
        ^ (note.onset.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (u64::from(note.pitch) << 56);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    (next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Meter, Tick};

    fn bar(meter: Meter) -> Bar {
        Bar::containing(BarGrid::from_origin(meter), Tick(0))
    }

    fn played(onset: i64, controls: &Controls) -> Feel {
        let note = Note {
            onset: Tick(onset),
            duration: 6,
            pitch: 60,
            velocity: 80,
        };
        feel(&note, &bar(Meter::COMMON), controls)
    }

    #[test]
    fn the_defaults_play_as_written() {
        for onset in 0..96 {
            let feel = played(onset, &Controls::default());
            assert_eq!((feel.delay_millitick, feel.velocity), (0, 80));
        }
    }

    #[test]
    fn two_thirds_of_swing_are_a_triplet() {
        let controls = Controls {
            swing: 2.0 / 3.0,
            ..Controls::default()
        };
        assert_eq!(played(12, &controls).delay_millitick, 4000);
        assert_eq!(played(24, &controls).delay_millitick, 0);
        assert!(played(18, &controls).delay_millitick < 4000);
    }

    #[test]
    fn beats_of_three_do_not_swing() {
        let controls = Controls {
            swing: 1.0,
            ..Controls::default()
        };
        let six_eight = bar(Meter::new(6, 8).expect("a meter"));
        for onset in (0..72).step_by(6) {
            let feel = feel(&Note::plain(onset, 6, 60), &six_eight, &controls);
            assert_eq!(feel.delay_millitick, 0, "at {onset}");
        }
    }

    #[test]
    fn nothing_leaves_its_bar() {
        let controls = Controls {
            swing: 1.0,
            humanize: 1.0,
            ..Controls::default()
        };
        for onset in 0..96 {
            let delay = f64::from(played(onset, &controls).delay_millitick) / 1000.0;
            assert!((0.0..96.0).contains(&(onset as f64 + delay)) && delay >= 0.0);
        }
    }

    #[test]
    fn humanize_loosens_more_and_more_and_never_comes_early() {
        let looseness = |humanize| -> (i64, i64) {
            let controls = Controls {
                humanize,
                ..Controls::default()
            };
            let (mut late, mut rough) = (0, 0);
            for onset in 0..96 {
                let feel = played(onset, &controls);
                assert!(feel.delay_millitick >= 0);
                late += i64::from(feel.delay_millitick);
                rough += i64::from(feel.velocity.abs_diff(80));
            }
            (late, rough)
        };
        let along = [0.0, 0.25, 0.5, 0.75, 1.0].map(looseness);
        assert_eq!(along[0], (0, 0));
        assert!(
            along.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1),
            "{along:?}"
        );
    }

    #[test]
    fn swing_moves_the_off_beats_more_and_more_and_lines_stay_legato() {
        let swung = |swing| {
            let controls = Controls {
                swing,
                ..Controls::default()
            };
            let (before, off_beat) = (played(6, &controls), played(12, &controls));
            assert_eq!(before.end_delay_millitick, off_beat.delay_millitick);
            off_beat.delay_millitick
        };
        let along = [0.0, 0.25, 0.5, 0.75, 1.0].map(swung);
        assert_eq!(along[0], 0);
        assert!(along.is_sorted_by(|a, b| a < b), "{along:?}");
    }

    #[test]
    fn louder_is_louder_and_softer_softer() {
        let velocity = |dynamics| {
            let controls = Controls {
                dynamics,
                ..Controls::default()
            };
            played(0, &controls).velocity
        };
        let velocities = [-1.0, -0.5, 0.0, 0.5, 1.0].map(velocity);
        assert!(velocities.is_sorted_by(|a, b| a < b));
        assert_eq!(velocities[2], 80);
    }
}
