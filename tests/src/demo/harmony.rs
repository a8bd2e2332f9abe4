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
    let chord = chord_between(notes, from, from + ticks);
    let one_root = |chord: &Chord| {
        let parts = (0..beats).map(|index| from + index * beat);
        let mut roots = parts.filter_map(|at| chord_between(notes, at, at + beat));
        roots.all(|part| part.root == chord.root)
    };
    match chord {
        Some(chord) if beats == 1 || one_root(&chord) => labels.push(ChordLabel {
            at: from,
            name: chord.name(),
        }),
        _ if beats > 1 => {
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
        _ => {}
    }
}

/// The chord that sounds from `from` to `to`, each note weighing what it lasts in there.
fn chord_between(notes: &[Note], from: Tick, to: Tick) -> Option<Chord> {
    let inside: Vec<&Note> = notes
        .iter()
        .filter(|note| note.onset < to && note.end() > from)
        .collect();
    let is_harmony = inside.iter().any(|first| {
        let at = first.onset.max(from);
        let together = inside.iter().filter(|note| note.sounds_at(at));
        together
            .map(|note| note.pitch)
            .collect::<PitchClassSet>()
            .len()
            >= 3
    });
    if !is_harmony {
        return None;
    }
    let weight = |note: &Note| (note.end().min(to) - note.onset.max(from)) as f32;
    let chord = Chord::from_pitches(inside.iter().map(|note| (note.pitch, weight(note))))?;
    let tones = chord.quality.template().transpose(chord.root);
    let total: f32 = inside.iter().map(|note| weight(note)).sum();
    let explained = inside.iter().filter(|note| tones.contains(note.pitch));
    let explained: f32 = explained.map(|note| weight(note)).sum();
    (explained >= CLEAN * total).then_some(chord)
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
