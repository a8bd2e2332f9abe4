//! How new notes come into the plan.

use super::{Action, Planned};
use crate::controls::Role;

/// New notes on their way into the plan, in order.
pub struct Adopting<'a, Out> {
    own: &'a mut Vec<Planned>,
    pass: u32,
    /// What sounds ends where the next note begins.
    strikes_anew: bool,
    /// Whether a note was taken.
    begun: bool,
    out: &'a mut Out,
}

impl<'a, Out: FnMut(Action)> Adopting<'a, Out> {
    pub fn new(own: &'a mut Vec<Planned>, pass: u32, role: Role, out: &'a mut Out) -> Self {
        Self {
            own,
            pass,
            strikes_anew: role.strikes_anew(),
            begun: false,
            out,
        }
    }

    pub fn take(&mut self, planned: Planned) {
        let pass = self.pass;
        let onset = planned.note.onset;
        if self.strikes_anew && !std::mem::replace(&mut self.begun, true) {
            for before in self.own.iter_mut().rev().take(16) {
                let note = &mut before.note;
                if note.onset < onset && note.end() > onset {
                    note.duration = onset - note.onset;
                    (self.out)(Action::Release {
                        pass,
                        at: onset,
                        pitch: note.pitch,
                    });
                }
            }
        }
        let place = (onset, planned.note.pitch);
        let index = self
            .own
            .partition_point(|other| (other.note.onset, other.note.pitch) <= place);
        self.own.insert(index, planned);
        (self.out)(Action::Note { pass, planned });
    }
}
