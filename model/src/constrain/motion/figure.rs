//! Broken chords: arpeggios and Alberti figures.

use super::{Line, Stand, first_of, none_but, only};
use crate::{
    chord::PitchClassSet,
    constrain::{Keys, keys},
    controls::Role,
    note::Note,
};

/// Semitones that an arpeggio goes up before it turns, in a range that has more than [`WIDE`]: an octave and a
/// fifth. A narrower range it fills.
const SPAN: u8 = 19;
const WIDE: u8 = 24;
/// How much less likely, in nats a semitone, a voicing is the further its voices move.
const MOVED: f32 = 0.6;
/// How much likelier the first voicing has its root below.
const ROOT_POSITION: f32 = 3.0;

impl Line<'_> {
    /// The next note of the chord on the way up or down. A bass begins each chord on its root, going up; other
    /// lines go on in their direction.
    pub(super) fn arpeggio(&self, stand: &Stand, legal: &Keys<bool>) -> Keys<f32> {
        let tones = first_of(legal, &[stand.tones]);
        let (low, high) = compass(legal);
        let all: Vec<u8> = (0..128u8)
            .filter(|key| legal[usize::from(*key)] && tones.contains(*key))
            .collect();
        let inside: Vec<u8> = all
            .iter()
            .copied()
            .filter(|key| (low..=high).contains(key))
            .collect();
        let steps = if inside.len() > 1 { &inside } else { &all };
        let new = self.role == Role::Bass && self.is_new(stand);
        let last = match self.last() {
            Some(last) if !new => last,
            // The start: the network chooses among the roots.
            _ => {
                let root = only(stand.root);
                let roots = |keys: &[u8]| -> Vec<u8> {
                    keys.iter()
                        .copied()
                        .filter(|key| root.contains(*key))
                        .collect()
                };
                let starts = [roots(steps), roots(&all), steps.clone()];
                let starts = starts.iter().find(|starts| !starts.is_empty());
                return self.near(of_keys(starts.unwrap_or(&all)));
            }
        };
        let figure = if self.role == Role::Bass {
            self.since(stand.since)
        } else {
            self.before
        };
        let above = steps.iter().copied().find(|key| *key > last);
        let below = steps.iter().copied().rev().find(|key| *key < last);
        let next = if goes_up(figure) {
            above.or(below)
        } else {
            below.or(above)
        };
        of_keys(&[next.unwrap_or(last)])
    }

    /// Low, high, middle, high, anew with each bar and each chord.
    pub(super) fn alberti(&self, stand: &Stand, legal: &Keys<bool>) -> Keys<f32> {
        let voices = Voices::new(stand, legal);
        let figure = self.since(stand.since.max(self.bar.start));
        // After a correction the first may be of another chord.
        let first = figure
            .iter()
            .position(|note| voices.on(note.pitch).is_some());
        let figure = &figure[first.unwrap_or(figure.len())..];
        let place = figure.len() % 4;
        let low = figure.get(figure.len() - place).filter(|_| place > 0);
        let close = low.and_then(|low| voices.on(low.pitch));
        match (place, close) {
            (2, Some([_, middle, _])) => of_keys(&[middle]),
            (1 | 3, Some([.., high])) => of_keys(&[high]),
            _ => self.lows(stand, &voices, legal),
        }
    }

    /// Where a voicing may begin: near the one before.
    fn lows(&self, stand: &Stand, voices: &Voices, legal: &Keys<bool>) -> Keys<f32> {
        let before = last_voicing(self.before);
        let leaning = keys(|key| {
            let Some(close) = voices.on(key) else {
                return f32::NEG_INFINITY;
            };
            let lean = match before {
                Some(before) => {
                    let moved = close
                        .iter()
                        .zip(before)
                        .map(|(one, other)| one.abs_diff(other));
                    -MOVED * f32::from(moved.sum::<u8>())
                }
                None if key % 12 == stand.root => ROOT_POSITION,
                None => 0.0,
            };
            lean - self.out_of_the_way(close[1])
        });
        let any = (0..128).any(|key| legal[key] && leaning[key].is_finite());
        if any {
            leaning
        } else {
            // No room for three.
            self.near(self.class(legal, &[stand.tones]))
        }
    }
}

/// The keys of three voices in close position.
struct Voices {
    /// In order.
    keys: Vec<u8>,
}

impl Voices {
    /// What tells the chord; where the scale lock leaves less than three of that, all notes of the chord.
    fn new(stand: &Stand, legal: &Keys<bool>) -> Self {
        let of = |tones: PitchClassSet| -> Vec<u8> {
            (0..128u8)
                .filter(|key| legal[usize::from(*key)] && tones.contains(*key))
                .collect()
        };
        let keys = of(stand.voicing);
        let classes: PitchClassSet = keys.iter().copied().collect();
        Self {
            keys: if classes.len() < 3 {
                of(stand.tones)
            } else {
                keys
            },
        }
    }

    /// The voicing whose low note is `low`; `None` where there is no room for it.
    fn on(&self, low: u8) -> Option<[u8; 3]> {
        let index = self.keys.binary_search(&low).ok()?;
        let three: [u8; 3] = self.keys.get(index..index + 3)?.try_into().ok()?;
        (three[2] - three[0] <= 12).then_some(three)
    }
}

/// The last three different keys of a line, sorted; `None` while it has fewer, or is no figure yet.
fn last_voicing(before: &[Note]) -> Option<[u8; 3]> {
    let mut found: Vec<u8> = Vec::new();
    for note in before.iter().rev().take(4) {
        if !found.contains(&note.pitch) {
            found.push(note.pitch);
        }
    }
    found.sort_unstable();
    found.truncate(3);
    found.try_into().ok()
}

/// Where an arpeggio goes up and down: the legal keys, or the middle of many.
fn compass(legal: &Keys<bool>) -> (u8, u8) {
    let mut all = (0..128u8).filter(|key| legal[usize::from(*key)]);
    let low = all.next().unwrap_or(0);
    let high = all.next_back().unwrap_or(low);
    if high - low <= WIDE {
        return (low, high);
    }
    let middle = u8::midpoint(low, high);
    (middle - SPAN / 2, middle + SPAN.div_ceil(2))
}

/// Whether the last move of `figure` was up, or there was none.
fn goes_up(figure: &[Note]) -> bool {
    let moves = figure.windows(2).rev();
    let mut moves = moves.map(|pair| i16::from(pair[1].pitch) - i16::from(pair[0].pitch));
    moves.find(|by| *by != 0).is_none_or(|by| by > 0)
}

fn of_keys(allowed: &[u8]) -> Keys<f32> {
    none_but(|key| allowed.contains(&key))
}
