//! Continuations of held-out excerpts: what the network plays after, or against, what it is given.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::measures::Excerpt;
use crate::{
    controls::{Controls, Role},
    generate::{Asked, Generator, Music, Refused},
    harmony::Bar,
    note::{Note, between},
    time::{BarGrid, Meter},
    tokenizer::Segment,
    train::{
        corpus::Piece,
        sampler::Sampler,
        task::{Exercise, exercise},
    },
};

/// Bars of the human part that are known beforehand.
pub const CONTEXT_BARS: usize = 8;
/// Bars that the network plays.
pub const PLAYED_BARS: usize = 8;

/// Whether the network is given the human part before the excerpt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It goes on from [`CONTEXT_BARS`] of it.
    Continued,
    /// It starts with what is heard alone.
    Cold,
}

/// A held-out excerpt that a role can play: where it begins, with context before it.
struct Place<'a> {
    piece: &'a Piece,
    exercise: Exercise,
    first_bar: usize,
}

/// Draws a place where the human plays, with room for context and continuation in one meter.
fn draw<'a>(sampler: &'a Sampler, role: Role, rng: &mut ChaCha8Rng) -> Place<'a> {
    loop {
        let piece = sampler.piece(role, rng);
        let Some(exercise) = exercise(piece, role, rng) else {
            continue;
        };
        let span = CONTEXT_BARS + PLAYED_BARS;
        let Some(last) = piece.bars.len().checked_sub(span) else {
            continue;
        };
        let first_bar = rng.random_range(0..=last);
        let bars = &piece.bars[first_bar..first_bar + span];
        let same_meter = bars
            .iter()
            .all(|bar| (bar.ticks, bar.beat) == (bars[0].ticks, bars[0].beat));
        let played = bars
            .iter()
            .filter(|bar| !between(&exercise.own, bar.start, bar.end()).is_empty())
            .count();
        if same_meter && played * 4 >= span * 3 {
            return Place {
                piece,
                exercise,
                first_bar,
            };
        }
    }
}

/// The bar grid that has `bar` as it lies.
fn grid(bar: &Bar) -> Option<BarGrid> {
    // Felt beats are dotted in compound time, so the meter is one of eighths there.
    let meter = if bar.beat == 36 {
        Meter::new(bar.ticks / 12, 8)
    } else {
        Meter::new(bar.ticks / bar.beat, 96 / bar.beat)
    }?;
    Some(BarGrid {
        downbeat: bar.start,
        number: bar.number,
        meter,
    })
}

/// Plays `count` excerpts with all that is given `semitones` higher, and returns them with what the masks
/// refused. The same arguments give the same excerpts.
#[must_use]
pub fn play(
    generator: &mut Generator,
    sampler: &Sampler,
    controls: &Controls,
    start: Start,
    semitones: u8,
    count: usize,
    mut progress: impl FnMut(),
) -> (Vec<Excerpt>, Refused) {
    let mut rng = ChaCha8Rng::seed_from_u64(controls.role as u64);
    let before = generator.refused();
    let excerpts = (0..count)
        .map(|index| {
            progress();
            let mut place = draw(sampler, controls.role, &mut rng);
            for note in place
                .exercise
                .own
                .iter_mut()
                .chain(&mut place.exercise.heard)
            {
                note.pitch = (note.pitch + semitones).min(127);
            }
            let controls = Controls {
                seed: index as u64,
                ..*controls
            };
            play_one(generator, &place, &controls, start)
        })
        .collect();
    (excerpts, generator.refused().since(&before))
}

fn play_one(
    generator: &mut Generator,
    place: &Place,
    controls: &Controls,
    start: Start,
) -> Excerpt {
    let bars = &place.piece.bars[place.first_bar..][..CONTEXT_BARS + PLAYED_BARS];
    let (context, bars) = bars.split_at(CONTEXT_BARS);
    let Exercise { own, heard, .. } = &place.exercise;
    let (from, to) = (bars[0].start, bars[PLAYED_BARS - 1].end());
    let since = match start {
        Start::Continued => context[0].start,
        Start::Cold => from,
    };
    let known = between(own, since, from);
    let mut played: Vec<Note> = known.to_vec();
    // Grids are made for meters; a bar that no meter has is played as it lies, without context.
    let grid = grid(&bars[0]).unwrap_or(BarGrid::from_origin(Meter::COMMON));
    for bar in bars {
        let music = Music {
            heard,
            own: &played,
            since,
            grid,
            controls,
            roll: 0,
        };
        let segment = Segment {
            bar: *bar,
            start: bar.start,
            end: bar.end(),
            horizon: bar.end() + bar.beat,
        };
        let notes = generator.segment(&music, &segment, &Asked::default(), &mut |_| ());
        played.extend(notes);
    }
    let made = played.split_off(known.len());
    Excerpt {
        source: place.piece.source.clone(),
        role: controls.role,
        earlier: if start == Start::Continued {
            context.to_vec()
        } else {
            Vec::new()
        },
        before: known.to_vec(),
        bars: bars.to_vec(),
        heard: heard.clone(),
        chords: place.piece.chords.clone(),
        human: between(own, from, to).to_vec(),
        made,
    }
}
