//! The notes of one segment, field by field: logits, masks, a draw.

use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use super::{Music, Refused, Surprise, lately};
use crate::{
    chord::{Chord, PitchClassSet, Span},
    constrain::{Next, Place, Rules, Told},
    controls::Role,
    echo::{Classes, NoteEchoes},
    harmony::Harmony,
    motif::Motif,
    network::{Cache, Proposals, Rotary},
    note::{Note, between},
    sample::{Looseness, draw},
    time::Tick,
    token::{END, heads, inputs},
    tokenizer::{Fields, HeadRow, Segment, Step, Tokenizer},
    weights::Weights,
};

/// How much less likely, in nats, a bar without any note is than the network thinks: somebody who asks for
/// notes has waited long enough when a bar goes by.
const EMPTY_BAR: f32 = 1.5;

/// The network with where it lives.
#[derive(Clone, Debug)]
pub struct Decoder {
    pub weights: Weights,
    pub device: Device,
}

impl Decoder {
    /// The state after `steps`, whose positions count from `origin`; `cache` is extended by them.
    pub fn steps(&self, steps: &[Step], origin: Tick, cache: &mut Cache) -> Tensor<2> {
        let mut rows = vec![0.0; steps.len() * inputs::WIDTH];
        for (step, row) in steps.iter().zip(rows.chunks_exact_mut(inputs::WIDTH)) {
            step.write(row);
        }
        let positions: Vec<Tick> = steps.iter().map(|step| Tick(step.at() - origin)).collect();
        let rows = Tensor::from_data(
            TensorData::new(rows, [1, steps.len(), inputs::WIDTH]),
            &self.device,
        );
        let rotary = Rotary::new(&self.weights.config, &positions, 1, &self.device);
        self.weights.network.step(rows, &rotary, cache)
    }

    pub fn one_step(&self, step: &Step, origin: Tick, cache: &mut Cache) -> Tensor<2> {
        self.steps(std::slice::from_ref(step), origin, cache)
    }

    fn head_row(&self, row: &HeadRow) -> Tensor<2> {
        let data = TensorData::new(row.as_slice().to_vec(), [1, heads::WIDTH]);
        Tensor::from_data(data, &self.device)
    }
}

/// How much a first note is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// As the network likes.
    May,
    /// Rather than an empty bar.
    Should,
    /// In any case, where the range allows any.
    Must,
}

/// What the network wants of the keys of one note, and what it was told.
struct Wanted {
    at: Tick,
    harmony: Harmony,
    row: HeadRow,
    echoes: NoteEchoes,
    /// Logits, one a MIDI key.
    keys: Vec<f32>,
}

/// Ticks of an eighth.
const EIGHTH: i64 = 12;

/// A segment while it is written.
#[derive(Clone)]
pub struct Writing<'a> {
    pub decoder: &'a Decoder,
    pub refused: Refused,
    pub surprise: Surprise,
    pub music: &'a Music<'a>,
    pub segment: &'a Segment,
    pub tokenizer: Tokenizer<'a>,
    pub rules: Rules,
    pub first: First,
    /// What is answered.
    pub motif: Option<&'a Motif>,
    pub looseness: Looseness,
    /// How much of the network's trust in echoes counts, 0..=1.
    pub trust: f32,
    pub rng: ChaCha8Rng,
    /// Where the network's positions count from.
    pub origin: Tick,
    /// The network's state after the last step, `[1, D]`.
    pub state: Tensor<2>,
    pub cache: Cache,
    /// What was written, sorted by onset and pitch.
    pub notes: Vec<Note>,
}

impl Writing<'_> {
    /// Writes the next note; `None` when the segment holds no further one.
    pub fn note(&mut self) -> Option<()> {
        let role = self.music.controls.role;
        let onset = self.onset()?;
        let Wanted {
            at,
            harmony,
            mut row,
            echoes,
            keys: wanted,
        } = self.wanted(onset);
        let network = &self.decoder.weights.network;
        let mut logits = wanted.clone();
        self.keys(&mut logits, at, &harmony);
        self.refused.add(1, &wanted, &logits);
        let pitch = draw(&logits, self.looseness.of_keys(role), &mut self.rng)?;
        self.surprise.add(&wanted, pitch);
        row.set_pitch(pitch.saturating_add_signed(self.tokenizer.own_shift().into()));

        let proposed = self.proposals(echoes.durations);
        let logits =
            network.duration_logits(self.state.clone(), self.decoder.head_row(&row), proposed);
        let wanted = numbers(logits);
        let mut logits = wanted.clone();
        self.rules.durations(&mut logits, self.segment, at);
        if let Some(motif) = self.motif {
            motif.durations(&mut logits, at);
        }
        self.refused.add(2, &wanted, &logits);
        // A segment always has room for the shortest duration.
        let duration = draw(&logits, self.looseness, &mut self.rng)?;
        self.surprise.add(&wanted, duration);
        row.set_duration(duration);

        let proposed = self.proposals(echoes.velocities);
        let logits =
            network.velocity_logits(self.state.clone(), self.decoder.head_row(&row), proposed);
        let velocity = draw(&numbers(logits), self.looseness, &mut self.rng)?;

        let fields = Fields {
            onset,
            pitch,
            duration,
            velocity,
        };
        self.push(fields.note(&self.segment.bar));
        Some(())
    }

    /// What the network wants of the keys of a note at `onset`.
    fn wanted(&self, onset: usize) -> Wanted {
        let at = self.segment.bar.start + onset as i64;
        let harmony = self.tokenizer.harmony_at(self.segment, at);
        let seen = self.tokenizer.seen(harmony);
        let row = HeadRow::new(self.music.controls.role, &self.segment.bar, onset, &seen);
        let echoes = self.tokenizer.echoes().note(self.segment, at, &self.notes);
        let proposed = self.proposals(echoes.pitches);
        let network = &self.decoder.weights.network;
        let logits =
            network.pitch_logits(self.state.clone(), self.decoder.head_row(&row), proposed);
        Wanted {
            at,
            harmony,
            row,
            echoes,
            keys: sounding_keys(&numbers(logits), self.tokenizer.own_shift()),
        }
    }

    /// Masks and leans the logits of the keys of a note at `at`.
    fn keys(&self, logits: &mut [f32], at: Tick, harmony: &Harmony) {
        let (music, segment, notes) = (self.music, self.segment, &self.notes[..]);
        let told = self.told(harmony, at);
        let tones = self.tones(at, harmony, told.as_ref());
        let place = Place {
            harmony,
            ceiling: self.ceiling(at),
            new_root: self.new_root(harmony),
            tones,
        };
        self.rules.pitches(logits, at, notes, &place);
        self.rules.strokes(logits, at, notes, &segment.bar);
        if self.rules.moves() {
            let from = segment.bar.start - segment.bar.ticks;
            let mut before = between(music.own, from, segment.start).to_vec();
            before.extend(notes);
            self.rules.motion(logits, at, &segment.bar, &before, told);
        }
        if let Some(motif) = self.motif {
            let before = notes.last().or_else(|| {
                let before = between(music.own, music.since, segment.start);
                before.last()
            });
            motif.pitches(logits, at, before.map(|note| note.pitch));
        }
    }

    /// The chord of the moment as a line stands on it, and the next; `None` where none is known or asked for. In a
    /// bar of which a part is known the last chord goes on.
    fn told(&self, harmony: &Harmony, at: Tick) -> Option<Told> {
        if !self.rules.has_motion() {
            return None;
        }
        let bar = &self.segment.bar;
        let spans = self.tokenizer.progression();
        let of_beat = harmony.chords[1].is_none() && harmony.chords[0].is_some();
        let Some(last) = self.last_span(at).filter(|_| !of_beat) else {
            let chord = harmony.chords[0]?;
            return Some(Told {
                chord,
                root: chord.root,
                since: bar.beat_start(at),
                next: None,
            });
        };
        let root = |span: &Span| span.chord.map(|chord| self.root(span, &chord));
        let here = root(&spans[last])?;
        let same = spans[..last]
            .iter()
            .rev()
            .take_while(|span| root(span) == Some(here));
        let since = same.last().unwrap_or(&spans[last]).from;
        let next = spans[last + 1..].iter().find_map(|span| {
            let next = root(span).filter(|next| *next != here)?;
            Some(Next {
                at: span.from,
                root: next,
                ceiling: self.ceiling(span.from),
            })
        });
        Some(Told {
            chord: spans[last].chord?,
            root: here,
            since,
            next,
        })
    }

    /// The place in the progression of the last chord of this bar that has begun at `at`.
    fn last_span(&self, at: Tick) -> Option<usize> {
        let start = self.segment.bar.start;
        let here = |span: &Span| span.from <= at && span.to > start && span.chord.is_some();
        self.tokenizer.progression().iter().rposition(here)
    }

    /// The pitch classes to which the notes at `at` are kept, if they are; `told` is what a line stands on there.
    fn tones(&self, at: Tick, harmony: &Harmony, told: Option<&Told>) -> Option<PitchClassSet> {
        let tones = self.rules.tones(told.map(|told| told.chord));
        tones.or_else(|| self.corrected(at, harmony))
    }

    /// The pitch classes of a correction: it was asked for because the guess does not go with what is heard, and the
    /// network, which guessed, would often guess again. Chords are of the chord that sounds, a second voice does not
    /// rub against it.
    fn corrected(&self, at: Tick, harmony: &Harmony) -> Option<PitchClassSet> {
        let Segment {
            bar,
            start,
            horizon,
            ..
        } = *self.segment;
        if !(bar.start < horizon && horizon <= start) {
            return None;
        }
        match self.music.controls.role {
            Role::Chords if !self.rules.moves() => {
                let spans = self.tokenizer.progression();
                let last = self.last_span(at).and_then(|last| spans[last].chord);
                let tones = self.rules.pure(&last.or(harmony.chords[0])?);
                // Hands find three notes in three pitch classes.
                tones.filter(|tones| tones.len() > 2)
            }
            Role::Counter => {
                let told = self.tokenizer.harmony_at(self.segment, horizon - 1);
                let sounding: PitchClassSet = (0..12)
                    .filter(|class| told.beat[usize::from(*class)] > 0.0)
                    .collect();
                let beside = sounding.transpose(1).union(sounding.transpose(11));
                Some(PitchClassSet::ALL.without(beside.without(sounding)))
            }
            Role::Continue | Role::Bass | Role::Chords | Role::Drums => None,
        }
    }

    /// What a line takes for the root of a chord: for a bass the note that a low heard key has under it.
    fn root(&self, span: &Span, chord: &Chord) -> u8 {
        /// An octave below middle C.
        const LOW: u8 = 48;
        if self.music.controls.role != Role::Bass {
            return chord.root;
        }
        let begins = span.from + EIGHTH;
        let heard = lately(self.music, self.segment).iter();
        let sounding = heard.filter(|note| note.onset < begins && note.end() > span.from);
        let lowest = sounding.map(|note| note.pitch).min();
        let low = lowest.filter(|low| *low < LOW && chord.pitch_classes().contains(*low));
        low.map_or(chord.root, |low| low % 12)
    }

    /// The lowest heard key around `at`, under which a bass stays; under a figure in its bar, so that it can go its
    /// way.
    fn ceiling(&self, at: Tick) -> Option<u8> {
        let (music, segment) = (self.music, self.segment);
        if music.controls.role != Role::Bass {
            return None;
        }
        let beat = segment.bar.beat_start(at);
        let bar = Some(segment.bar).filter(|bar| self.rules.moves() && at < bar.end());
        let (from, to) = bar.map_or((beat, beat + segment.bar.beat), |bar| {
            (bar.start, bar.end())
        });
        let sounding = |from: Tick, to: Tick| {
            lately(music, segment)
                .iter()
                .filter(|note| note.onset < to && note.end() > from)
                .map(|note| note.pitch)
                .min()
        };
        sounding(from, to).or_else(|| sounding(from - segment.bar.ticks, from))
    }

    /// The root of the chord of `harmony` when a bass has struck no note under it yet.
    fn new_root(&self, harmony: &Harmony) -> Option<u8> {
        if self.music.controls.role != Role::Bass {
            return None;
        }
        let (chord, since) = harmony.chords[1].zip(harmony.since)?;
        let before = between(self.music.own, since, self.segment.start);
        let first = before.is_empty() && self.notes.iter().all(|note| note.onset < since);
        first.then_some(chord.root)
    }

    fn proposals<const K: usize>(&self, echoes: Classes<K>) -> Proposals {
        Proposals::new(&[echoes], &self.decoder.device).trusted(self.trust)
    }

    /// Draws where the next note begins; `None` for [`END`].
    fn onset(&mut self) -> Option<usize> {
        let echoes = self.tokenizer.echoes().onsets(self.segment, &self.notes);
        let proposed = self.proposals(echoes);
        let network = &self.decoder.weights.network;
        let wanted = numbers(network.onset_logits(self.state.clone(), proposed));
        let mut logits = wanted.clone();
        // Of chords alone it depends on the harmony whether a stroke has room: the same keys as its further notes
        // may have.
        let chords = self.music.controls.role == Role::Chords;
        let tones = self.notes.last().filter(|_| chords).map(|last| {
            let harmony = self.tokenizer.harmony_at(self.segment, last.onset);
            let told = self.told(&harmony, last.onset);
            let ground = self.rules.ground(&harmony);
            let tones = self.tones(last.onset, &harmony, told.as_ref());
            tones.map_or(ground, |tones| tones.common(ground))
        });
        self.rules
            .onsets(&mut logits, self.segment, &self.notes, tones);
        if let Some(motif) = self.motif {
            let last = self.notes.last().map(|note| note.onset);
            motif.onsets(&mut logits, self.segment, last);
        }
        self.refused.add(0, &wanted, &logits);
        if self.notes.is_empty() {
            logits[END] -= match self.first {
                First::May => 0.0,
                First::Should => EMPTY_BAR,
                First::Must => f32::INFINITY,
            };
        }
        let class = loop {
            let class = draw(&logits, self.looseness, &mut self.rng)?;
            if class == END || !self.passes_over(class) {
                break class;
            }
            logits[..=class].fill(f32::NEG_INFINITY);
        };
        self.surprise.add(&wanted, class);
        (class != END).then_some(class)
    }

    /// Whether nothing begins at `onset` after all, because the network wants something there that a drummer does
    /// not strike in this rhythm; else something else would be struck in its stead.
    fn passes_over(&mut self, onset: usize) -> bool {
        if !self.rules.has_kit() {
            return false;
        }
        let wanted = self.wanted(onset);
        let bar = &self.segment.bar;
        let share = self
            .rules
            .share_not_struck(&wanted.keys, wanted.at, &self.notes, bar);
        self.rng.random::<f32>() < share
    }

    /// Adds a note, and takes its step. The note or chord before ends where this one begins, but for drums.
    fn push(&mut self, note: Note) {
        if self.music.controls.role.strikes_anew() {
            let sounding = self
                .notes
                .iter_mut()
                .rev()
                .skip_while(|last| last.onset == note.onset);
            for last in sounding.take(5) {
                last.duration = last.duration.min(note.onset - last.onset);
            }
        }
        self.notes.push(note);
        let step = self.tokenizer.own(self.segment, &self.notes);
        self.state = self.decoder.one_step(&step, self.origin, &mut self.cache);
    }
}

fn numbers(logits: Tensor<2>) -> Vec<f32> {
    logits
        .into_data()
        .try_to_vec()
        .expect("the network computes in f32")
}

/// Pitch logits as the network sees the keys, which is `shift` semitones higher, to logits of the keys that
/// sound.
fn sounding_keys(logits: &[f32], shift: i8) -> Vec<f32> {
    (0..logits.len())
        .map(|key| {
            key.checked_add_signed(shift.into())
                .and_then(|seen| logits.get(seen))
                .copied()
                .unwrap_or(f32::NEG_INFINITY)
        })
        .collect()
}
