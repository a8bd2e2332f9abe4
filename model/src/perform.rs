//! A performance without a host: a song's notes go to the planner as they would come from an audio thread,
//! tick by tick, and its actions become notes.
//!
//! The command line and the evaluation play through here, so what they measure is what the plugin plays.

use crate::{
    controls::Controls,
    feel::feel,
    fit::{Fit, SILENCE, fit_pitch},
    generate::{Generator, LEAD},
    harmony::Bar,
    midi_file::Song,
    note::Note,
    planner::{Action, Planned, Planner},
    time::Tick,
};

/// How much of the song is known before it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// As at the first time through: the harmony ahead is a guess.
    FirstPass,
    /// As on a second pass of a loop: all heard notes are known.
    Rehearsed,
}

enum Key {
    Up(u8),
    Down(u8, u8),
}

/// What the heard hands do, in order of time; keys go up before others go down.
fn events(heard: &[Note]) -> Vec<(Tick, Key)> {
    let mut events: Vec<(Tick, Key)> = heard
        .iter()
        .flat_map(|note| {
            [
                (note.onset, Key::Down(note.pitch, note.velocity)),
                (note.end(), Key::Up(note.pitch)),
            ]
        })
        .collect();
    events.sort_by_key(|(at, key)| (*at, matches!(key, Key::Down(..))));
    events
}

/// Plays from tick 0 to `end` against `heard` and returns the generated notes with their velocities and
/// without their swing, sorted by onset and pitch. Meters are those of `song`.
#[must_use]
pub fn perform(
    generator: &Generator,
    song: &Song,
    heard: &[Note],
    controls: Controls,
    end: Tick,
    knowledge: Knowledge,
    mut progress: impl FnMut(Tick),
) -> Vec<Note> {
    let mut planner = Planner::new(generator.clone());
    planner.set_controls(controls);
    let events = events(heard);
    if knowledge == Knowledge::Rehearsed {
        planner.rehearse(heard, end);
    }
    let mut grid = song.grid_at(Tick(0));
    planner.start(Tick(0), grid, None);
    let mut next_event = 0;
    let mut plan: Vec<Planned> = Vec::new();
    let mut now = Tick(0);
    take(planner.advance(now), &mut plan);
    while now < end {
        progress(now);
        while let Some((at, key)) = events.get(next_event).filter(|event| event.0 <= now) {
            match *key {
                Key::Up(pitch) => planner.note_off(*at, 0, pitch),
                Key::Down(pitch, velocity) => planner.note_on(*at, 0, pitch, velocity),
            }
            next_event += 1;
        }
        now += 1;
        if song.grid_at(now) != grid {
            grid = song.grid_at(now);
            planner.change(now, grid, None);
        }
        take(planner.advance(now), &mut plan);
    }
    let mut notes: Vec<Note> = plan
        .into_iter()
        .filter(|planned| {
            let guessed = planned.fit != Fit::AsPlanned;
            planned.note.onset < end
                && !(planned.yields && is_played(heard, planned, LEAD))
                && (!guessed || is_played(heard, planned, SILENCE))
        })
        .map(|planned| {
            let mut note = planned.note;
            let down = heard
                .iter()
                .filter(|other| other.sounds_at(note.onset))
                .fold(0u128, |down, other| down | 1 << other.pitch.min(127));
            note.pitch = fit_pitch(note.pitch, planned.fit, down);
            let bar = Bar::containing(song.grid_at(note.onset), note.onset);
            note.velocity = feel(&note, bar.start, bar.end(), &controls).velocity;
            note
        })
        .collect();
    notes.sort_unstable_by_key(|note| (note.onset, note.pitch));
    notes
}

/// Whether a key is down as this note begins, or was within `lately` ticks before.
fn is_played(heard: &[Note], planned: &Planned, lately: i64) -> bool {
    let onset = planned.note.onset;
    heard
        .iter()
        .any(|note| note.onset <= onset && (onset < note.end() || onset < note.onset + lately))
}

fn take(actions: std::vec::Drain<'_, Action>, plan: &mut Vec<Planned>) {
    for action in actions {
        match action {
            Action::Segment { .. } => {}
            // A file is played in one pass.
            Action::Replace { pass: 1.., .. } => {}
            Action::Replace { from, to, .. } => {
                plan.retain(|planned| planned.note.onset < from || planned.note.onset >= to);
            }
            Action::Note { planned, .. } => plan.push(planned),
            Action::Release { at, pitch, .. } => {
                for planned in plan.iter_mut() {
                    let note = &mut planned.note;
                    if note.pitch == pitch && note.onset < at && note.end() > at {
                        note.duration = at - note.onset;
                    }
                }
            }
        }
    }
}
