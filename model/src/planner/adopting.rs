//! How new notes come into the plan.

use super::{Action, Planned};
use crate::{controls::Role, time::Tick};

/// New notes on their way into the plan, in order.
pub struct Adopting<'a, Out> {
    own: &'a mut Vec<Planned>,
    pass: u32,
    /// What sounds ends where the next note begins.
    strikes_anew: bool,
    /// Where a later plan goes on, if it stands already.
    until: Option<Tick>,
    /// Whether a note was taken.
    begun: bool,
    out: &'a mut Out,
}

impl<'a, Out: FnMut(Action)> Adopting<'a, Out> {
    pub fn new(
        own: &'a mut Vec<Planned>,
        pass: u32,
        role: Role,
        until: Option<Tick>,
        out: &'a mut Out,
    ) -> Self {
        Self {
            own,
            pass,
            strikes_anew: role.strikes_anew(),
            until,
            begun: false,
            out,
        }
    }

    pub fn take(&mut self, mut planned: Planned) {
        let pass = self.pass;
        let onset = planned.note.onset;
        if let Some(until) = self
            .until
            .filter(|until| self.strikes_anew && *until > onset)
        {
            planned.note.duration = planned.note.duration.min(until - onset);
        }
        if self.strikes_anew && !std::mem::replace(&mut self.begun, true) {
            for before in before(self.own, onset) {
                let note = &mut before.note;
                if note.end() > onset {
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

/// The last notes of `own` that begin before `at`, the latest first: among them all that may sound there.
pub fn before(own: &mut [Planned], at: Tick) -> impl Iterator<Item = &mut Planned> {
    let end = own.partition_point(|planned| planned.note.onset < at);
    own[..end].iter_mut().rev().take(MOST_SOUNDING)
}

/// Notes back that are looked at for what still sounds: dense drums of two bars.
const MOST_SOUNDING: usize = 96;
