//! The notes of a record beside those that were expected.

use std::fmt;

use crate::record::{Note, Record, TICKS, ticks};

/// How far apart two events may lie that are equal, in ticks: both hosts round to samples, the DAW then to
/// ticks.
const ROUNDING: i64 = 2;
/// How far apart two notes may lie and yet be the same one, in ticks: less than a 64th note.
const NEAR: i64 = 100;
/// The largest shift that all notes may have in common, in ticks: the DAW's latency, which depends on its
/// alignment of recordings and is no matter of the plugin's.
const SHIFT: i64 = 30;
/// Notes that begin this early are not compared, in ticks from where the transport begins to roll: nothing
/// was heard before them, so in real time their plan comes late.
const UNPLANNED: i64 = TICKS;
/// Fewer expected notes than this prove nothing.
const ENOUGH: usize = 16;
/// How much longer than the longest expected note one may be before it counts as hanging, in ticks.
const HANGING: i64 = TICKS;
/// Differences that are printed of each record.
const SHOWN: usize = 8;

/// How a record differs from what was expected.
#[derive(Clone, Debug)]
pub struct Comparison {
    name: String,
    xruns: u64,
    expected: usize,
    recorded: usize,
    equal: usize,
    /// Expected notes that were not recorded so.
    pub missing: Vec<Note>,
    /// Recorded notes that were not expected so.
    extra: Vec<Note>,
    /// Recorded notes much longer than any expected one.
    hanging: usize,
    /// The median of how much later notes begin than expected.
    shift: i64,
    /// The largest timing error of a note that was found, its end included, beyond the shift.
    worst: i64,
}

impl Comparison {
    /// What stands above the columns of its rows.
    pub const HEAD: &str =
        "take       expected recorded  equal missing extra hanging shift xruns  worst";

    /// Compares the notes of `record` with the expected ones.
    pub fn new(record: &Record, expected: &[Note]) -> Self {
        let origin = ticks(record.from);
        let (first, end) = (origin + UNPLANNED, origin + ticks(record.beats));
        let within = |note: &&Note| (first..end).contains(&note.start);
        // What the stop cut off may not count, so no note lasts beyond the window.
        let cut = |note: &Note| Note {
            end: note.end.min(end),
            ..*note
        };
        let hanging = hanging(&record.notes, expected);
        let expected: Vec<Note> = expected.iter().filter(within).map(cut).collect();
        let recorded: Vec<Note> = record.notes.iter().filter(within).map(cut).collect();
        let (pairs, mut missing, mut extra) = pair(&expected, &recorded);
        let mut shifts: Vec<i64> = pairs.iter().map(|(e, r)| r.start - e.start).collect();
        shifts.sort_unstable();
        let shift = shifts.get(shifts.len() / 2).copied().unwrap_or(0);
        let mut worst = 0;
        let mut equal = 0;
        for (e, r) in pairs {
            let start = (r.start - e.start - shift).abs();
            // An end at the window's end was cut, and is not shifted.
            let end = (r.end - e.end).abs().min((r.end - e.end - shift).abs());
            worst = worst.max(start).max(end);
            if start.max(end) <= ROUNDING && e.velocity == r.velocity {
                equal += 1;
            } else {
                missing.push(e);
                extra.push(r);
            }
        }
        Self {
            name: record.name.clone(),
            xruns: record.xruns,
            expected: expected.len(),
            recorded: recorded.len(),
            equal,
            missing,
            extra,
            hanging,
            shift,
            worst,
        }
    }

    /// Whether the record is as expected, and there was enough to expect.
    pub fn agrees(&self) -> bool {
        self.expected >= ENOUGH
            && self.missing.is_empty()
            && self.extra.is_empty()
            && self.hanging == 0
            && self.shift.abs() <= SHIFT
    }

    /// Prints the first notes that differ.
    pub fn print_differences(&self) {
        if self.expected < ENOUGH {
            println!("{}: too few notes to prove anything", self.name);
        }
        for (what, notes) in [("missing", &self.missing), ("extra", &self.extra)] {
            for note in notes.iter().take(SHOWN) {
                println!("{}: {what}: {note}", self.name);
            }
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<10}{:>9}{:>9}{:>7}{:>8}{:>6}{:>8}{:>6}{:>6}{:>7}",
            self.name,
            self.expected,
            self.recorded,
            self.equal,
            self.missing.len(),
            self.extra.len(),
            self.hanging,
            self.shift,
            self.xruns,
            self.worst
        )
    }
}

fn hanging(recorded: &[Note], expected: &[Note]) -> usize {
    let longest = expected.iter().map(|note| note.end - note.start).max();
    let limit = longest.unwrap_or(0) + HANGING;
    let hangs = |note: &&Note| note.end - note.start > limit;
    recorded.iter().filter(hangs).count()
}

/// Each expected note with the nearest of its key that was recorded; the notes of both that stay alone.
fn pair(expected: &[Note], recorded: &[Note]) -> (Vec<(Note, Note)>, Vec<Note>, Vec<Note>) {
    let mut left = recorded.to_vec();
    let (mut pairs, mut missing) = (Vec::new(), Vec::new());
    for note in expected {
        let distance = |other: &Note| (other.start - note.start).abs();
        let candidates = left.iter().enumerate();
        let found = candidates
            .filter(|(_, other)| other.key() == note.key() && distance(other) <= NEAR)
            .min_by_key(|(_, other)| distance(other))
            .map(|(index, _)| index);
        match found {
            Some(index) => pairs.push((*note, left.remove(index))),
            None => missing.push(*note),
        }
    }
    (pairs, missing, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(start: i64, pitch: u8) -> Note {
        Note {
            start,
            end: start + 960,
            pitch,
            velocity: 80,
            channel: 0,
        }
    }

    fn record(notes: Vec<Note>) -> Record {
        Record {
            beats: 40.0,
            notes,
            ..Record::default()
        }
    }

    /// Notes enough to compare.
    fn notes() -> Vec<Note> {
        (2..34).map(|beat| note(beat * TICKS, 40)).collect()
    }

    #[test]
    fn a_common_shift_and_rounding_are_no_difference() {
        let mut late = notes();
        for (index, note) in late.iter_mut().enumerate() {
            note.start += 20 + index as i64 % 3;
            note.end += 21;
        }
        let comparison = Comparison::new(&record(late), &notes());
        assert!(comparison.agrees(), "{comparison:?}");
        assert_eq!((comparison.shift, comparison.worst), (21, 1));
    }

    #[test]
    fn every_difference_is_found() {
        let changes: [fn(&mut Vec<Note>); 6] = [
            |notes| notes.retain(|note| note.start != 5 * TICKS),
            |notes| notes.push(note(7 * TICKS + 480, 43)),
            |notes| notes[5].start += 3,
            |notes| notes[5].velocity += 1,
            |notes| notes[5].pitch += 1,
            |notes| notes[5].end += 2 * TICKS,
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut changed = notes();
            change(&mut changed);
            let comparison = Comparison::new(&record(changed), &notes());
            assert!(!comparison.agrees(), "change {index}: {comparison:?}");
            assert_eq!(comparison.hanging, usize::from(index == 5));
        }
    }

    #[test]
    fn the_unplanned_first_beat_and_the_tail_are_left_out() {
        let mut more = notes();
        more.push(note(0, 36));
        more.push(note(40 * TICKS, 36));
        assert!(Comparison::new(&record(more), &notes()).agrees());
    }
}
