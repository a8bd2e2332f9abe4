//! Steps: a walk from root to root.
//!
//! The walk is planned backwards from where it has to be next, the root of the next chord or a note of this one
//! on the next bar line: what each key would cost on the best way from there on leans its logit, by dynamic
//! programming over the notes that are still to come.

use super::{Line, Stand, nearest_to, only};
use crate::{
    chord::PitchClassSet,
    constrain::{Keys, keys, rhythm::Grid},
    controls::{Rhythm, Role},
    time::Tick,
};

/// How much less likely, in nats, a key is for each unit that the way over it costs.
const COST: f32 = 2.5;
/// Turning round after a second costs this, but going back to where it came from more.
const TURN: f32 = 0.7;
const BACK: f32 = 1.6;
/// After a leap a line turns; going on in its direction costs this.
const ON_AFTER_LEAP: f32 = 0.4;
/// Going to and fro between two keys costs so much more.
const TO_AND_FRO: f32 = 1.5;
/// A semitone into the root from outside of the scale costs this.
const CHROMATIC: f32 = 0.25;
/// A leap of so many semitones costs this; none goes further than an octave.
const LEAPS: [f32; 13] = [
    f32::INFINITY,
    0.0,
    0.0,
    1.5,
    1.6,
    2.0,
    3.5,
    2.2,
    3.5,
    3.5,
    4.0,
    5.0,
    2.6,
];
/// The same into a root, where a fourth or a fifth is at home.
const LANDINGS: [f32; 13] = [
    f32::INFINITY,
    0.0,
    0.0,
    1.4,
    1.6,
    1.0,
    3.0,
    1.2,
    3.0,
    3.0,
    4.0,
    5.0,
    2.6,
];
/// A leap to what is no note of the chord costs so much more.
const FOREIGN_LEAP: f32 = 2.0;

/// What the rest of the walk costs from each key, by the [`Move`] that reached it.
type Ahead = [Keys<f32>; 6];

/// How a key is reached: by a leap down, two semitones down, one, one up, two, a leap up.
type Move = usize;

fn move_of(from: u8, to: u8) -> Move {
    match i16::from(to) - i16::from(from) {
        ..-2 => 0,
        -2 => 1,
        -1 | 0 => 2,
        1 => 3,
        2 => 4,
        3.. => 5,
    }
}

/// What it costs to go on with one move after another.
fn turn(before: Move, after: Move) -> f32 {
    let turns = (before < 3) != (after < 3);
    match before {
        0 | 5 if turns => 0.0,
        0 | 5 => ON_AFTER_LEAP,
        _ if !turns => 0.0,
        _ if before + after == 5 => BACK,
        _ => TURN,
    }
}

struct Walk<'a> {
    legal: &'a Keys<bool>,
    /// Where it steps: the scale and the chord.
    ground: PitchClassSet,
    tones: PitchClassSet,
    /// Where it has to be next.
    goal: Keys<bool>,
}

impl Line<'_> {
    /// What the walk wants; see the module. Where nothing is known it walks on the scale.
    pub(super) fn walk(&self, stand: Option<&Stand>, legal: &Keys<bool>) -> Keys<f32> {
        let tones = stand.map_or(self.scale, |stand| stand.tones);
        let next = stand.and_then(|stand| stand.next);
        let next = next.filter(|next| next.at <= self.bar.end());
        let (goal_at, goal, ceiling) = match next {
            Some(next) => (next.at, only(next.root), next.ceiling.unwrap_or(128)),
            None => (self.bar.end(), tones, 128),
        };
        let walk = Walk {
            legal,
            ground: self.scale.union(tones),
            tones,
            goal: {
                let may = |key: u8| legal[usize::from(key)] && key < ceiling;
                let goal = keys(|key| may(key) && goal.contains(key));
                if goal.contains(&true) { goal } else { *legal }
            },
        };
        let moves = self.notes_until(goal_at);
        let mut ahead = [[0.0; 128]; 6];
        for left in 1..=moves {
            ahead = walk.one_back(&ahead, left, |key| self.out_of_the_way(key));
        }
        let new = stand.filter(|stand| self.is_new(stand));
        let on_bar_line = self.at == self.bar.start;
        let may = |key: u8| match new {
            // A melody may begin a chord on any of its notes.
            Some(stand) if self.role == Role::Bass => key % 12 == stand.root,
            Some(_) => tones.contains(key),
            None if on_bar_line => tones.contains(key),
            None => walk.stands(key, moves),
        };
        let at_root = new.is_some();
        let leaning = |may: &dyn Fn(u8) -> bool| {
            keys(|key| {
                if !may(key) || self.last() == Some(key) {
                    return f32::NEG_INFINITY;
                }
                let way = self
                    .last()
                    .map_or(0.0, |last| walk.moves(last, key, at_root));
                let way = if way.is_finite() { way } else { LEAPS[11] };
                let by = self.last().map_or(3, |last| move_of(last, key));
                let rest = ahead[by][usize::from(key)];
                -COST * (way + self.turn(key) + rest + self.out_of_the_way(key))
            })
        };
        let is_some =
            |leaning: &Keys<f32>| (0..128).any(|key| legal[key] && leaning[key].is_finite());
        let roots = new
            .map(|stand| nearest_to(stand.root, stand))
            .unwrap_or_default();
        let mut ways = vec![leaning(&may)];
        // Where range and scale lock leave no way: the next best note of the chord, then any other key than the
        // last, then the last.
        ways.extend(
            roots
                .into_iter()
                .map(|root| leaning(&|key| root.contains(key))),
        );
        ways.push(leaning(&|key| walk.ground.contains(key)));
        ways.push(leaning(&|_| true));
        ways.into_iter().find(is_some).unwrap_or_else(|| {
            let last = self.last();
            keys(|key| if last == Some(key) { -1.0 } else { -2.0 })
        })
    }

    /// How many notes more come up to the one at `goal`, that included.
    fn notes_until(&self, goal: Tick) -> usize {
        // Where the rhythm is free it is guessed at the beats.
        let beats = || Grid::of(Rhythm::QuarterNotes, &self.bar);
        let Some(grid) = self.grid.or_else(beats) else {
            return 1;
        };
        // Both casts are safe: places in a bar.
        let place = |at: Tick| (at - self.bar.start).max(0) as usize;
        1 + grid.between(place(self.at) + 1, place(goal)).count()
    }

    /// What it costs to go on to `key` after the last moves.
    fn turn(&self, key: u8) -> f32 {
        let [.., one, last] = self.before else {
            return 0.0;
        };
        let turn = turn(move_of(one.pitch, last.pitch), move_of(last.pitch, key));
        match self.before {
            [.., zero, one, last] if (zero.pitch, one.pitch) == (last.pitch, key) => {
                turn + TO_AND_FRO
            }
            _ => turn,
        }
    }
}

impl Walk<'_> {
    /// Whether the walk may stand on `key` with so many notes to go; a semitone from the goal only before it.
    fn stands(&self, key: u8, left: usize) -> bool {
        self.ground.contains(key) || (left == 1 && self.is_beside_goal(key))
    }

    fn is_beside_goal(&self, key: u8) -> bool {
        let goal = |key: u8| self.goal.get(usize::from(key)).is_some_and(|goal| *goal);
        goal(key + 1) || goal(key.wrapping_sub(1))
    }

    /// What it costs to go from one key to another, the next root or a note on the way there.
    fn moves(&self, from: u8, to: u8, into_root: bool) -> f32 {
        let by = usize::from(from.abs_diff(to));
        let table = if into_root { &LANDINGS } else { &LEAPS };
        let cost = table.get(by).copied().unwrap_or(f32::INFINITY);
        let foreign = if by > 2 && !into_root && !self.tones.contains(to) {
            FOREIGN_LEAP
        } else {
            0.0
        };
        let chromatic = if self.ground.contains(to) {
            0.0
        } else {
            CHROMATIC
        };
        cost + foreign + if into_root { 0.0 } else { chromatic }
    }

    /// What is ahead of each key with `left` notes to go, when `ahead` is what is with one fewer.
    fn one_back(&self, ahead: &Ahead, left: usize, place: impl Fn(u8) -> f32) -> Ahead {
        let last = left == 1;
        let targets: Vec<u8> = (0..128u8)
            .filter(|key| self.legal[usize::from(*key)])
            .filter(|key| {
                if last {
                    self.goal[usize::from(*key)]
                } else {
                    self.stands(*key, left - 1)
                }
            })
            .collect();
        let best = |from: u8, before: Move| {
            let costs = targets.iter().map(|to| {
                let by = move_of(from, *to);
                let rest = if last {
                    0.0
                } else {
                    ahead[by][usize::from(*to)]
                };
                self.moves(from, *to, last) + turn(before, by) + place(*to) + rest
            });
            costs.fold(f32::INFINITY, f32::min)
        };
        // Where no way leads, all are as bad.
        let finite = |cost: f32| if cost.is_finite() { cost } else { NOWHERE };
        std::array::from_fn(|before| {
            keys(|from| {
                if self.legal[usize::from(from)] {
                    finite(best(from, before))
                } else {
                    NOWHERE
                }
            })
        })
    }
}

/// What it costs to stand where no way leads on.
const NOWHERE: f32 = 12.0;
