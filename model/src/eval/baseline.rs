//! Baselines for the likelihood of a part: n-grams of its own notes, and "repeat the last bar".
//!
//! They see the part alone, in the same key as the network. A note is told as onset, pitch and duration, each
//! by [`Ngram`]s with several views of the notes before (multiple viewpoints: Conklin and Witten 1995). Their
//! votes are weighted by how well each did of late in the same piece (fixed share: Herbster and Warmuth
//! 1998).

use super::ngram::{Ngram, ORDER};
use crate::{
    controls::Role,
    echo::Echoes,
    harmony::Bar,
    note::{Note, between},
    time::Tick,
    token::{DURATIONS, END, MAX_BAR_TICKS, ONSETS, PITCHES, duration_class},
    tokenizer::Segment,
};

/// A part of a piece as the baselines see it.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Who plays it.
    pub role: Role,
    /// Its notes, sorted by onset and pitch.
    pub own: &'a [Note],
    /// The bars that they lie in.
    pub bars: &'a [Bar],
    /// Semitones to C major or A minor.
    pub shift: i8,
}

impl Line<'_> {
    fn pitch(&self, note: &Note) -> u32 {
        let shift = if self.role == Role::Drums {
            0
        } else {
            self.shift
        };
        note.pitch.saturating_add_signed(shift).min(127).into()
    }

    /// The index of the bar that holds `at`.
    fn bar_index(&self, at: Tick) -> usize {
        let next = self.bars.partition_point(|bar| bar.start <= at);
        next.saturating_sub(1)
    }

    /// The notes that begin in its bars, each with its bar's index.
    fn notes(&self) -> impl Iterator<Item = (usize, &Note)> {
        let end = self.bars.last().map_or(Tick(0), Bar::end);
        let first = self.bars.first().map_or(end, |bar| bar.start);
        self.own
            .iter()
            .filter(move |note| first <= note.onset && note.onset < end)
            .map(|note| (self.bar_index(note.onset), note))
    }
}

const ONSET: usize = 0;
const PITCH: usize = 1;
const DURATION: usize = 2;

/// Bars that a line can rest before an onset is told as if it had rested that long.
const LONGEST_REST: u32 = 8;

/// One way to look at a field: what is told of each note, and what is known of it beforehand.
struct View {
    field: usize,
    alphabet: u32,
    /// Told of each note.
    symbols: Vec<u32>,
    /// Known of each note as its symbol is told.
    known: Vec<u32>,
}

impl View {
    /// What stood before note `index`, and what is known of it, which is looked at first.
    fn history(&self, index: usize) -> Vec<u32> {
        let first = (index + 1).saturating_sub(ORDER);
        let mut history = self.symbols[first..index].to_vec();
        history.push(self.known[index]);
        history
    }
}

/// All views of a line, in the same order for every line of a role.
fn views(line: &Line) -> Vec<View> {
    let (mut onsets, mut last_ticks, mut ticks) = (Vec::new(), Vec::new(), Vec::new());
    let (mut together, mut pitches, mut intervals) = (Vec::new(), Vec::new(), Vec::new());
    let mut durations = Vec::new();
    let (mut last_bar, mut last_tick, mut last_onset) = (0, 0, None);
    let mut last_pitch = 60;
    for (bar, note) in line.notes() {
        let tick = (note.onset - line.bars[bar].start).clamp(0, MAX_BAR_TICKS - 1) as u32;
        let rest = ((bar - last_bar) as u32).min(LONGEST_REST);
        let pitch = line.pitch(note);
        onsets.push(rest * MAX_BAR_TICKS as u32 + tick);
        last_ticks.push(last_tick);
        ticks.push(tick);
        together.push(u32::from(last_onset == Some(note.onset)));
        pitches.push(pitch);
        intervals.push(pitch + PITCHES as u32 - last_pitch);
        durations.push(duration_class(note.duration) as u32);
        (last_bar, last_tick, last_onset, last_pitch) = (bar, tick, Some(note.onset), pitch);
    }
    let view = |field, alphabet, symbols: &Vec<u32>, known: &Vec<u32>| View {
        field,
        alphabet,
        symbols: symbols.clone(),
        known: known.clone(),
    };
    let onset_symbols = (LONGEST_REST + 1) * MAX_BAR_TICKS as u32;
    let mut views = vec![
        view(ONSET, onset_symbols, &onsets, &last_ticks),
        view(PITCH, PITCHES as u32, &pitches, &together),
        view(PITCH, PITCHES as u32, &pitches, &ticks),
        view(DURATION, DURATIONS as u32, &durations, &together),
        view(DURATION, DURATIONS as u32, &durations, &ticks),
    ];
    if line.role != Role::Drums {
        views.push(view(PITCH, 2 * PITCHES as u32, &intervals, &together));
    }
    views
}

/// Votes whose weights follow their success.
struct Votes(Vec<f64>);

impl Votes {
    /// How much of a weight is shared out after each note.
    const SHARE: f64 = 0.02;

    fn new(count: usize) -> Self {
        Self(vec![1.0 / count as f64; count])
    }

    /// The bits that these probabilities of what came cost together.
    fn bits(&mut self, probabilities: &[f64]) -> f64 {
        let together: f64 = self.0.iter().zip(probabilities).map(|(w, p)| w * p).sum();
        let even = 1.0 / self.0.len() as f64;
        for (weight, probability) in self.0.iter_mut().zip(probabilities) {
            let success = *weight * probability / together;
            *weight = (1.0 - Self::SHARE) * success + Self::SHARE * even;
        }
        -together.log2()
    }
}

/// Bits of each note's onset, pitch and duration under the models of all its views. With `adapting`, models
/// that learn from the piece itself, note by note, vote as well.
fn ngram_bits(models: &[Ngram], views: &[View], adapting: bool) -> Vec<[f64; 3]> {
    let mut own: Vec<Ngram> = views.iter().map(|view| Ngram::new(view.alphabet)).collect();
    let voters = |field: usize| {
        let of_field = views.iter().filter(|view| view.field == field).count();
        of_field * if adapting { 2 } else { 1 }
    };
    let mut votes = [ONSET, PITCH, DURATION].map(|field| Votes::new(voters(field)));
    let notes = views.first().map_or(0, |view| view.symbols.len());
    (0..notes)
        .map(|index| {
            let mut probabilities: [Vec<f64>; 3] = Default::default();
            for (view, (model, own)) in views.iter().zip(models.iter().zip(&mut own)) {
                let (history, symbol) = (view.history(index), view.symbols[index]);
                let field = &mut probabilities[view.field];
                field.push(model.probability(&history, symbol));
                if adapting {
                    field.push(own.probability(&history, symbol));
                    own.learn(&history, symbol);
                }
            }
            std::array::from_fn(|field| votes[field].bits(&probabilities[field]))
        })
        .collect()
}

/// "Repeat the last bar": what stood there a bar ago with the probability that it had in training, else any
/// class as often as it came in training. Onsets are told bar by bar, with an end of the bar.
#[derive(Default)]
struct Repeat {
    /// Per field: how often each class came.
    classes: [Vec<u32>; 3],
    /// Per field: how often there was an echo, and how often it held.
    echoes: [[u32; 2]; 3],
}

/// A class that is told with its echo a bar before.
struct Told {
    field: usize,
    class: usize,
    echo: Option<u16>,
    /// The note that it counts for; the end of a bar counts for the note before.
    note: usize,
}

impl Repeat {
    const SIZES: [usize; 3] = [ONSETS, PITCHES, DURATIONS];

    fn told(line: &Line) -> Vec<Told> {
        let mut echoes = Echoes::new(line.role, line.own, 0, Tick(0));
        let mut told = Vec::new();
        let mut next = 0;
        for bar in line.bars {
            let segment = Segment {
                bar: *bar,
                start: bar.start,
                end: bar.end(),
                horizon: bar.end(),
            };
            echoes.open(&[], &segment);
            let onset = |class, written, note| Told {
                field: ONSET,
                class,
                echo: echoes.onsets(&segment, written)[0],
                note,
            };
            let notes = between(line.own, bar.start, bar.end());
            for (index, note) in notes.iter().enumerate() {
                let written = &notes[..index];
                told.push(onset((note.onset - bar.start) as usize, written, next));
                let echo = echoes.note(&segment, note.onset, written);
                told.push(Told {
                    field: PITCH,
                    class: note.pitch.into(),
                    echo: echo.pitches[0],
                    note: next,
                });
                told.push(Told {
                    field: DURATION,
                    class: duration_class(note.duration),
                    echo: echo.durations[0],
                    note: next,
                });
                next += 1;
            }
            told.push(onset(END, notes, next.saturating_sub(1)));
        }
        told
    }

    fn learn(&mut self, line: &Line) {
        for told in Self::told(line) {
            let classes = &mut self.classes[told.field];
            classes.resize(Self::SIZES[told.field], 0);
            classes[told.class] += 1;
            if let Some(echo) = told.echo {
                let [all, held] = &mut self.echoes[told.field];
                *all += 1;
                *held += u32::from(usize::from(echo) == told.class);
            }
        }
    }

    fn bits(&self, line: &Line) -> Vec<[f64; 3]> {
        let told = Self::told(line);
        let notes = told.iter().map(|told| told.note + 1).max().unwrap_or(0);
        let mut bits = vec![[0.0; 3]; notes];
        for told in told {
            let classes = &self.classes[told.field];
            let size = Self::SIZES[told.field];
            let sum: u32 = classes.iter().sum();
            let count = classes.get(told.class).copied().unwrap_or(0);
            let any = (f64::from(count) + 0.5) / (f64::from(sum) + 0.5 * size as f64);
            let probability = told.echo.map_or(any, |echo| {
                let [all, held] = self.echoes[told.field].map(f64::from);
                let trust = (held + 0.5) / (all + 1.0);
                let echoed = f64::from(u8::from(usize::from(echo) == told.class));
                trust * echoed + (1.0 - trust) * any
            });
            bits[told.note][told.field] -= probability.log2();
        }
        bits
    }
}

/// The baselines of one role.
pub struct Baselines {
    /// One for each of [`views`]; none before the first line.
    models: Vec<Ngram>,
    repeat: Repeat,
}

impl Baselines {
    /// Baselines that have seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            models: Vec::new(),
            repeat: Repeat::default(),
        }
    }

    /// Learns a line; all lines must be of one role.
    pub fn learn(&mut self, line: &Line) {
        let views = views(line);
        if self.models.is_empty() {
            self.models = views.iter().map(|view| Ngram::new(view.alphabet)).collect();
        }
        for (view, model) in views.iter().zip(&mut self.models) {
            for (index, symbol) in view.symbols.iter().enumerate() {
                model.learn(&view.history(index), *symbol);
            }
        }
        self.repeat.learn(line);
    }

    /// Each baseline's name with the bits of every note's onset, pitch and duration.
    #[must_use]
    pub fn cost(&self, line: &Line) -> [(&'static str, Vec<[f64; 3]>); 3] {
        let views = views(line);
        [
            ("n-gram", ngram_bits(&self.models, &views, false)),
            ("adapting n-gram", ngram_bits(&self.models, &views, true)),
            ("repeat last bar", self.repeat.bits(line)),
        ]
    }
}

impl Default for Baselines {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{BarGrid, Meter};

    fn line_of(pitches: &[u8]) -> Vec<Note> {
        (0i64..)
            .zip(pitches)
            .map(|(index, pitch)| Note {
                onset: Tick(24 * index),
                duration: 24,
                pitch: *pitch,
                velocity: 80,
            })
            .collect()
    }

    fn bars(count: i64) -> Vec<Bar> {
        let grid = BarGrid::from_origin(Meter::COMMON);
        (0..count)
            .map(|bar| Bar::containing(grid, Tick(96 * bar)))
            .collect()
    }

    fn bits(own: &[Note], baselines: &Baselines) -> [f64; 3] {
        let line = Line {
            role: Role::Bass,
            own,
            bars: &bars(own.len() as i64 / 4),
            shift: 0,
        };
        baselines.cost(&line).map(|(_, notes)| {
            assert_eq!(notes.len(), own.len());
            notes.iter().flatten().sum::<f64>() / own.len() as f64
        })
    }

    #[test]
    fn what_was_learnt_is_cheap_and_a_stranger_is_dear() {
        let song = line_of(&[36, 36, 43, 41].repeat(8));
        let mut baselines = Baselines::new();
        baselines.learn(&Line {
            role: Role::Bass,
            own: &song,
            bars: &bars(8),
            shift: 0,
        });
        let known = bits(&song, &baselines);
        let strange = bits(&line_of(&[50, 61, 40, 57, 33, 70, 44, 52]), &baselines);
        for (known, strange) in known.into_iter().zip(strange) {
            assert!(known < 2.0 && strange > 2.0 * known, "{known} {strange}");
        }
    }

    #[test]
    fn an_ostinato_that_was_never_learnt_becomes_cheap_to_who_adapts() {
        let mut baselines = Baselines::new();
        baselines.learn(&Line {
            role: Role::Bass,
            own: &line_of(&[36, 38, 40, 41, 43, 45, 47, 48]),
            bars: &bars(2),
            shift: 0,
        });
        let ostinato = line_of(&[50, 57, 53, 57].repeat(8));
        let [fixed, adapting, _] = bits(&ostinato, &baselines);
        assert!(adapting < 0.6 * fixed, "{adapting} {fixed}");
    }
}
