//! Laws of the steps: what is tokenised reads back, comes in its order, and knows nothing of the future.

use proptest::prelude::*;

use super::*;
use crate::time::{BarGrid, Meter};

const METERS: [(i64, i64); 4] = [(4, 4), (3, 4), (6, 8), (5, 4)];
const BARS: i64 = 6;

fn any_notes(most: usize) -> impl Strategy<Value = Vec<Note>> {
    let note = (0..BARS * 120, 1..=192i64, 24..=96u8, 1..=127u8);
    prop::collection::vec(note, 0..most).prop_map(|notes| {
        let mut notes: Vec<Note> = notes
            .into_iter()
            .map(|(onset, duration, pitch, velocity)| Note {
                onset: Tick(onset),
                duration,
                pitch,
                velocity,
            })
            .collect();
        notes.sort_unstable_by_key(|note| (note.onset, note.pitch));
        notes.dedup_by_key(|note| (note.onset, note.pitch));
        notes
    })
}

fn any_role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

/// The bars, each known as far as one of these: a beat before it, its first beat, its end, a beat more.
fn segments((numerator, denominator): (i64, i64), ahead: usize) -> Vec<Segment> {
    let grid = BarGrid::from_origin(Meter::new(numerator, denominator).expect("a meter"));
    (0..BARS)
        .map(|number| {
            let bar = Bar::containing(grid, grid.start_of(number));
            let horizons = [
                bar.start - 24,
                bar.start + bar.beat,
                bar.end(),
                bar.end() + bar.beat,
            ];
            Segment {
                bar,
                start: bar.start,
                end: bar.end(),
                horizon: horizons[ahead],
            }
        })
        .collect()
}

fn tokenized(
    role: Role,
    heard: &[Note],
    own: &[Note],
    shift: i8,
    segments: &[Segment],
) -> Sequence {
    let scene = Scene {
        role,
        heard,
        own,
        since: Tick(0),
        shift,
    };
    let mut tokenizer = Tokenizer::new(scene, Tick(0));
    let mut sequence = Sequence::default();
    for segment in segments {
        tokenizer.push(segment, &mut sequence);
    }
    sequence
}

proptest! {
    #[test]
    fn notes_on_the_grid_read_back(
        role in any_role(),
        heard in any_notes(30),
        own in any_notes(40),
        shift in -6..=5i8,
        meter in prop::sample::select(METERS.to_vec()),
    ) {
        let segments = segments(meter, 3);
        let end = segments[segments.len() - 1].end;
        let sequence = tokenized(role, &heard, &own, shift, &segments);
        let shift = if role == Role::Drums { 0 } else { shift };
        let asked: Vec<Note> = sequence
            .targets
            .iter()
            .filter_map(|target| {
                let bar = &target.segment.bar;
                let mut note = Fields::of(&target.next?.note, bar).note(bar);
                note.pitch = note.pitch.saturating_add_signed(-shift);
                Some(note)
            })
            .collect();
        let played: Vec<&Note> = own.iter().filter(|note| note.onset < end).collect();
        prop_assert_eq!(asked.len(), played.len());
        for (asked, played) in asked.iter().zip(played) {
            prop_assert_eq!(
                (asked.onset, asked.pitch, asked.duration),
                (played.onset, played.pitch, played.duration)
            );
            prop_assert!(asked.velocity.abs_diff(played.velocity) <= 2);
        }
    }

    /// Heard slices, a start, own notes; each segment asked for its notes in order, then for its end.
    #[test]
    fn steps_and_targets_come_in_their_order(
        role in any_role(),
        heard in any_notes(30),
        own in any_notes(40),
        ahead in 0..4usize,
    ) {
        let sequence = tokenized(role, &heard, &own, 0, &segments((4, 4), ahead));
        let mut open: Option<Segment> = None;
        let mut starts = 0;
        for step in &sequence.steps {
            match step.kind {
                StepKind::Start(segment) => {
                    starts += 1;
                    open = Some(segment);
                }
                StepKind::Own(note) => {
                    let segment = open.expect("own notes come after a start");
                    prop_assert!(segment.start <= note.onset && note.onset < segment.end);
                }
                StepKind::Heard { keys, .. } => {
                    prop_assert!(keys != 0);
                    open = None;
                }
            }
        }
        prop_assert_eq!(starts, BARS);
        let ends = sequence.targets.iter().filter(|target| target.next.is_none()).count();
        prop_assert_eq!(ends as i64, BARS);
        for pair in sequence.targets.windows(2) {
            prop_assert!(pair[0].step < pair[1].step);
            if let (Some(first), Some(second)) = (&pair[0].next, &pair[1].next) {
                let order = |note: &Note| (note.onset, note.pitch);
                prop_assert!(order(&first.note) < order(&second.note));
            }
        }
    }

    /// The steps and echoes up to a target are the same whatever comes after it.
    #[test]
    fn nothing_knows_the_future(
        role in any_role(),
        heard in any_notes(30),
        own in any_notes(40),
        other in any_notes(30),
        ahead in 0..4usize,
        bars in 1..BARS as usize,
        cut in 0..20usize,
    ) {
        let segments = segments((4, 4), ahead);
        let segments = &segments[..bars];
        let last = &segments[bars - 1];
        let inside = between(&own, last.start, last.end).len();
        let written = between(&own, Tick(0), last.start).len() + cut.min(inside);
        let until = own.get(written).map_or(last.end, |note| note.onset.min(last.end));
        let changed = |notes: &[Note], from: Tick, kept: usize| -> Vec<Note> {
            let later = other.iter().filter(|note| note.onset > from);
            notes[..kept].iter().copied().chain(later.copied()).collect()
        };
        let known = heard.partition_point(|note| note.onset < last.horizon);
        let other_heard = changed(&heard, last.horizon, known);
        let other_own = changed(&own, until, written);
        let one = tokenized(role, &heard, &own, 0, segments);
        let two = tokenized(role, &other_heard, &other_own, 0, segments);
        // As many targets as notes were written before, and the ends of the bars before.
        let targets = written + bars - 1;
        let step = one.targets[targets].step;
        prop_assert_eq!(&one.steps[..=step], &two.steps[..=step]);
        for (one, two) in one.targets[..=targets].iter().zip(&two.targets) {
            prop_assert_eq!(one.onsets, two.onsets);
        }
    }
}
