//! Who plays what of that which is heard.

use super::Planner;
use crate::{controls::Role, generate::LEAD, note::Note};

impl Planner {
    /// What is heard and what counts as our own past. For Continue the heard top line is our own past:
    /// it is the melody that goes on.
    pub(super) fn voices(&self) -> (Vec<Note>, Vec<Note>) {
        let heard = self.timeline.heard();
        let own = self.own.iter().map(|planned| planned.note);
        if self.controls.role != Role::Continue {
            return (heard.to_vec(), own.collect());
        }
        let (melody, rest) = split_top_line(heard);
        let mut line: Vec<Note> = own
            .filter(|note| {
                let from = melody.partition_point(|other| other.onset <= note.onset - 2 * LEAD);
                !melody[from..]
                    .iter()
                    .take_while(|other| other.onset <= note.onset)
                    .any(|other| note.onset < other.end().max(other.onset + LEAD))
            })
            .chain(melody.iter().copied())
            .collect();
        line.sort_unstable_by_key(|note| (note.onset, note.pitch));
        (rest, line)
    }
}

/// The heard top line, and what lies under it: a note belongs to the line when nothing higher sounds as
/// it begins.
#[must_use]
pub fn split_top_line(heard: &[Note]) -> (Vec<Note>, Vec<Note>) {
    let (mut line, mut rest): (Vec<Note>, Vec<Note>) = (Vec::new(), Vec::new());
    for (index, note) in heard.iter().enumerate() {
        let before = heard[..index].iter().rev().take(32);
        let after = heard[index + 1..]
            .iter()
            .take_while(|other| other.onset - note.onset <= 2);
        let covered = before
            .filter(|other| other.end() - 2 > note.onset)
            .chain(after)
            .any(|other| other.pitch > note.pitch);
        if covered {
            rest.push(*note);
        } else {
            line.push(*note);
        }
    }
    (line, rest)
}
