//! Chord names for bars of music.

use continuo_model::{
    chord::{Chord, PitchClassSet},
    note::Note,
    time::Tick,
};

use super::bars::Bar;

/// A chord name and where it begins to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChordLabel {
    /// The start of a beat, often of a bar.
    pub at: Tick,
    /// The chord's symbol.
    pub name: String,
}

/// The share of the sounding weight that a chord must explain to be named: a reader is better served by no
/// name than by a wrong one.
const CLEAN: f32 = 0.88;

/// Names the chords of `notes` in `bars`: one a bar where one holds, else one for each half, else for each
/// beat. Only where three pitch classes sound at once, as a single line leaves its harmony open.
#[must_use]
pub fn label_bars(notes: &[Note], bars: &[Bar]) -> Vec<ChordLabel> {
    let mut labels = Vec::new();
    for bar in bars {
        let mut found = Vec::new();
        label_span(notes, bar, bar.start(), bar.ticks(), &mut found);
        found.dedup_by(|later, earlier| later.name == earlier.name);
        labels.append(&mut found);
    }
    labels
}

/// Names the chords from `from` on for `ticks` of `bar`, splitting where more than one root is heard.
fn label_span(notes: &[Note], bar: &Bar, from: Tick, ticks: i64, labels: &mut Vec<ChordLabel>) {
    let beat = bar.beat_ticks();
    let beats = (ticks / beat).max(1);
    let chord = chord_in(&Window::of(notes, from, from + ticks));
    if let Some(chord) = chord.filter(|chord| one_root(chord, notes, from, beats, beat)) {
        labels.push(ChordLabel {
            at: from,
            name: chord.name(),
        });
    } else if beats > 1 {
        let parts = if beats % 2 == 0 { 2 } else { beats };
        for part in 0..parts {
            label_span(
                notes,
                bar,
                from + part * ticks / parts,
                ticks / parts,
                labels,
            );
        }
    }
}

/// Whether no beat of the span states another root than `chord`. A beat without bass, such as an upward
/// strum of the high strings, states none.
fn one_root(chord: &Chord, notes: &[Note], from: Tick, beats: i64, beat: i64) -> bool {
    let lowest = Window::of(notes, from, from + beats * beat).lowest();
    (0..beats).all(|index| {
        let at = from + index * beat;
        let part = Window::of(notes, at, at + beat);
        let has_bass = part.lowest() < lowest.saturating_add(12);
        !has_bass || chord_in(&part).is_none_or(|part| part.root == chord.root)
    })
}

/// The notes that sound in a stretch of time.
struct Window<'a> {
    notes: Vec<&'a Note>,
    from: Tick,
    to: Tick,
}

impl<'a> Window<'a> {
    fn of(notes: &'a [Note], from: Tick, to: Tick) -> Self {
        let inside = notes
            .iter()
            .filter(|note| note.onset < to && note.end() > from);
        Self {
            notes: inside.collect(),
            from,
            to,
        }
    }

    /// The lowest key; the highest there is without notes.
    fn lowest(&self) -> u8 {
        self.notes
            .iter()
            .map(|note| note.pitch)
            .min()
            .unwrap_or(u8::MAX)
    }

    /// Every note's key with how long it sounds in here.
    fn weights(&self) -> impl Iterator<Item = (u8, f32)> {
        self.notes.iter().map(|note| {
            let lasts = note.end().min(self.to) - note.onset.max(self.from);
            (note.pitch, lasts as f32)
        })
    }

    /// The pitch classes that sound together, at each moment at which one begins.
    fn moments(&self) -> impl Iterator<Item = PitchClassSet> {
        self.notes.iter().map(|first| {
            let at = first.onset.max(self.from);
            let together = self.notes.iter().filter(|note| note.sounds_at(at));
            together.map(|note| note.pitch).collect()
        })
    }
}

/// The chord of a window, when it explains nearly all of it and its notes, but for a fifth, are struck
/// together at least once.
fn chord_in(window: &Window) -> Option<Chord> {
    let chord = Chord::from_pitches(window.weights())?;
    let tones = chord.quality.template().transpose(chord.root);
    let total: f32 = window.weights().map(|(_, weight)| weight).sum();
    let explained = window.weights().filter(|(pitch, _)| tones.contains(*pitch));
    let explained: f32 = explained.map(|(_, weight)| weight).sum();
    let fifth = chord.root + 7;
    let complete = |moment: PitchClassSet| {
        let missing = tones.iter().filter(|tone| !moment.contains(*tone));
        moment.len() >= 3 && missing.into_iter().all(|tone| tone == fifth % 12)
    };
    (explained >= CLEAN * total && window.moments().any(complete)).then_some(chord)
}

#[cfg(test)]
mod tests {
    use continuo_model::midi_file::Song;

    use super::*;
    use crate::demo::bars;

    fn chord(onset: i64, duration: i64, pitches: &[u8]) -> Vec<Note> {
        let note = |&pitch: &u8| Note {
            onset: Tick(onset),
            pitch,
            duration,
            velocity: 80,
        };
        pitches.iter().map(note).collect()
    }

    fn named(notes: &[Note], bars: usize) -> Vec<(i64, String)> {
        let bars: Vec<Bar> = bars::of(&Song::default()).take(bars).collect();
        let labels = label_bars(notes, &bars);
        labels
            .into_iter()
            .map(|label| (label.at.0, label.name))
            .collect()
    }

    #[test]
    fn one_name_for_a_bar_with_one_root() {
        let mut notes = chord(0, 48, &[43, 62, 67, 71]);
        notes.extend(chord(48, 48, &[62, 67, 71]));
        assert_eq!(named(&notes, 1), [(0, "G".to_owned())]);
    }

    #[test]
    fn a_strum_without_its_bass_is_still_the_same_chord() {
        let mut notes = chord(0, 48, &[48, 64, 67, 71]);
        notes.extend(chord(48, 24, &[64, 67, 71]));
        notes.extend(chord(72, 24, &[48, 64, 67, 71]));
        assert_eq!(named(&notes, 1), [(0, "Cmaj7".to_owned())]);
    }

    #[test]
    fn two_names_where_the_root_moves() {
        let mut notes = chord(0, 48, &[43, 62, 67, 71]);
        notes.extend(chord(48, 48, &[40, 64, 67, 71]));
        assert_eq!(
            named(&notes, 1),
            [(0, "G".to_owned()), (48, "Em".to_owned())]
        );
    }

    #[test]
    fn a_chord_that_goes_on_is_named_in_every_bar() {
        let notes = chord(0, 192, &[48, 64, 67]);
        assert_eq!(
            named(&notes, 2),
            [(0, "C".to_owned()), (96, "C".to_owned())]
        );
    }

    #[test]
    fn a_single_line_is_not_named() {
        let mut notes = chord(0, 24, &[60]);
        notes.extend(chord(24, 24, &[64]));
        notes.extend(chord(48, 48, &[67]));
        assert_eq!(named(&notes, 1), []);
    }
}
