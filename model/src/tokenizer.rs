//! Notes to steps, for training and for playing alike.
//!
//! Music is cut into [`Segment`]s, a bar or a part of one. A segment knows its *horizon*: the song position
//! up to which the heard notes were known when the segment was planned. The steps of a segment are:
//! the heard slices that became known since the segment before, the segment start, then the own notes. So
//! one order of steps serves a first pass (horizon at or before the start), a correction (horizon just past
//! the start) and a second pass of a loop (horizon beyond the end).

use crate::{
    chord::{Key, Span},
    controls::Role,
    echo::{Classes, ECHOES, Echoes, MATCHES, NoteEchoes},
    harmony::{Bar, Harmony, add_recent, known_progression, normalise},
    note::{Note, between},
    time::Tick,
    token::{
        END, MAX_BAR_TICKS, class_duration, class_velocity, duration_class, heads, inputs,
        velocity_class,
    },
};

/// Heard notes that begin within this many ticks of the first are one slice: a chord as hands play it.
const SLICE_TICKS: i64 = 2;

/// A bar or a part of one, planned at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The bar that it lies in.
    pub bar: Bar,
    /// Its first tick.
    pub start: Tick,
    /// The first tick after it, at most the bar's end.
    pub end: Tick,
    /// Heard notes that begin before this are known to it.
    pub horizon: Tick,
}

impl Segment {
    /// Whether it is all of its bar.
    #[must_use]
    pub fn is_whole_bar(&self) -> bool {
        (self.start, self.end) == (self.bar.start, self.bar.end())
    }
}

/// What a step stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepKind {
    /// A segment begins.
    Start(Segment),
    /// A note of our own.
    Own(Note),
    /// Heard notes that begin together, as a set of keys.
    Heard {
        /// Onset of the first.
        at: Tick,
        /// Bit `n` for MIDI key `n`.
        keys: u128,
    },
}

/// One input of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What it stands for.
    pub kind: StepKind,
    /// What to play.
    pub role: Role,
    /// The bar that its position is counted in.
    pub bar: Bar,
    /// The harmony at its position; empty for heard slices.
    pub harmony: Harmony,
    /// How far the echoes of earlier bars hold; empty for heard slices.
    pub matches: [f32; MATCHES],
}

impl Step {
    /// Its position in the song.
    #[must_use]
    pub fn at(&self) -> Tick {
        match self.kind {
            StepKind::Start(segment) => segment.start,
            StepKind::Own(note) => note.onset,
            StepKind::Heard { at, .. } => at,
        }
    }

    /// Writes itself into a zeroed row of [`inputs::WIDTH`] numbers.
    pub fn write(&self, row: &mut [f32]) {
        debug_assert_eq!(row.len(), inputs::WIDTH);
        let bar = &self.bar;
        let position = (self.at() - bar.start).clamp(0, MAX_BAR_TICKS - 1);
        let mut set = |field: std::ops::Range<usize>, index: usize| {
            row[field.start + index.min(field.len() - 1)] = 1.0;
        };
        set(inputs::ROLE, self.role as usize);
        set(inputs::POSITION, position as usize);
        set(inputs::BEAT_POSITION, (position % bar.beat) as usize);
        set(inputs::BAR_LENGTH, (bar.ticks / 12) as usize);
        set(inputs::BEAT_LENGTH, (bar.beat / 12) as usize);
        set(inputs::PHRASE, bar.number.rem_euclid(16) as usize);
        match self.kind {
            StepKind::Start(segment) => {
                set(inputs::KIND, 0);
                let known = if segment.horizon <= segment.start {
                    0
                } else if segment.horizon < segment.end {
                    1
                } else if segment.horizon == segment.end {
                    2
                } else {
                    3
                };
                set(inputs::HORIZON, known);
                let length = (segment.end - segment.start).max(0) / 12;
                set(inputs::SEGMENT_LENGTH, length as usize);
            }
            StepKind::Own(note) => {
                set(inputs::KIND, 1);
                set(inputs::OWN_PITCH, usize::from(note.pitch));
                if self.role != Role::Drums {
                    set(inputs::OWN_CLASS, usize::from(note.pitch_class()));
                }
                set(inputs::OWN_DURATION, duration_class(note.duration));
                set(inputs::OWN_VELOCITY, velocity_class(note.velocity));
            }
            StepKind::Heard { keys, .. } => {
                set(inputs::KIND, 2);
                for key in (0..128).filter(|key| keys >> key & 1 == 1) {
                    set(inputs::HEARD_PITCHES, key);
                    set(inputs::HEARD_CLASSES, key % 12);
                }
            }
        }
        self.harmony.write(&mut row[inputs::HARMONY_AT]);
        row[inputs::MATCHES].copy_from_slice(&self.matches);
    }
}

/// The fields of a note that the network writes, as classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fields {
    /// Tick in the bar.
    pub onset: usize,
    /// MIDI key.
    pub pitch: usize,
    /// Duration class.
    pub duration: usize,
    /// Velocity class.
    pub velocity: usize,
}

impl Fields {
    /// The classes of `note`, which lies in `bar`.
    #[must_use]
    pub fn of(note: &Note, bar: &Bar) -> Self {
        Self {
            onset: (note.onset - bar.start).clamp(0, MAX_BAR_TICKS - 1) as usize,
            pitch: usize::from(note.pitch.min(127)),
            duration: duration_class(note.duration),
            velocity: velocity_class(note.velocity),
        }
    }

    /// The note that the classes stand for in `bar`.
    #[must_use]
    pub fn note(&self, bar: &Bar) -> Note {
        Note {
            onset: bar.start + self.onset as i64,
            pitch: self.pitch as u8,
            duration: class_duration(self.duration),
            velocity: class_velocity(self.velocity),
        }
    }
}

/// What the heads are told of the note being written, field after field.
pub struct HeadRow {
    row: Vec<f32>,
}

impl HeadRow {
    /// The row as the pitch head sees it: onset, harmony there, role.
    #[must_use]
    pub fn new(role: Role, bar: &Bar, onset: usize, harmony: &Harmony) -> Self {
        let mut row = vec![0.0; heads::WIDTH];
        row[heads::POSITION.start + onset.min(END - 1)] = 1.0;
        let beat_position = (onset as i64 % bar.beat) as usize;
        row[heads::BEAT_POSITION.start + beat_position.min(47)] = 1.0;
        harmony.write(&mut row[heads::HARMONY_AT]);
        row[heads::ROLE.start + role as usize] = 1.0;
        Self { row }
    }

    /// Adds the pitch.
    pub fn set_pitch(&mut self, pitch: usize) {
        self.row[heads::PITCH.start + pitch] = 1.0;
    }

    /// Adds the duration class.
    pub fn set_duration(&mut self, duration: usize) {
        self.row[heads::DURATION.start + duration] = 1.0;
    }

    /// The row so far.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.row
    }
}

/// What the network is asked for after a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Index of the step that it is asked after.
    pub step: usize,
    /// The segment that is being written.
    pub segment: Segment,
    /// Where earlier bars went on.
    pub onsets: Classes<ECHOES>,
    /// The next own note; `None` is [`END`].
    pub next: Option<Next>,
}

/// An own note that is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Next {
    /// The note.
    pub note: Note,
    /// The harmony at its onset.
    pub harmony: Harmony,
    /// What stood there in earlier bars.
    pub echoes: NoteEchoes,
}

/// A row of steps with what is asked after them.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    /// The inputs, in order.
    pub steps: Vec<Step>,
    /// What each segment start and each own note is asked for.
    pub targets: Vec<Target>,
}

/// What is written about: notes, and how the network is to see them.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Who plays.
    pub role: Role,
    /// Heard notes, sorted by onset.
    pub heard: &'a [Note],
    /// Own notes, sorted by onset and pitch.
    pub own: &'a [Note],
    /// Before this nothing is known.
    pub since: Tick,
    /// Semitones that the network sees everything but drums higher than it sounds: it is shown all music
    /// as if it stood in C major or A minor, so that it has to learn one key instead of twelve.
    pub shift: i8,
}

/// The [`Scene::shift`] that brings `heard` and `own` to C major or A minor, as far as their key can be
/// found.
#[must_use]
pub fn shift_to_c(role: Role, heard: &[Note], own: &[Note]) -> i8 {
    let pitched = if role == Role::Drums { &[][..] } else { own };
    Key::find(heard.iter().chain(pitched)).map_or(0, Key::shift_to_c)
}

/// Builds a [`Sequence`] segment by segment.
#[derive(Clone)]
pub struct Tokenizer<'a> {
    scene: Scene<'a>,
    echoes: Echoes<'a>,
    next_heard: usize,
    /// What lately sounded, as known to the segment that was opened last.
    recent: [f32; 12],
    /// The chords that it knows.
    progression: Vec<Span>,
}

impl<'a> Tokenizer<'a> {
    /// Starts with the heard notes from `from` on.
    #[must_use]
    pub fn new(scene: Scene<'a>, from: Tick) -> Self {
        let shift = if scene.role == Role::Drums {
            0
        } else {
            scene.shift
        };
        Self {
            scene,
            echoes: Echoes::new(scene.role, scene.own, shift, scene.since),
            recent: [0.0; 12],
            progression: Vec::new(),
            next_heard: scene.heard.partition_point(|note| note.onset < from),
        }
    }

    /// Appends what leads up to the own notes of `segment`: heard slices that are new, then its start.
    pub fn open(&mut self, segment: &Segment, steps: &mut Vec<Step>) {
        let Scene {
            role, heard, own, ..
        } = self.scene;
        self.recent = [0.0; 12];
        let start = segment.start;
        add_recent(&mut self.recent, heard, start, segment.horizon);
        if role != Role::Drums {
            add_recent(&mut self.recent, own, start, start);
        }
        normalise(&mut self.recent);
        self.progression = known_progression(heard, &segment.bar, segment.horizon);
        self.echoes.open(heard, segment);
        while let Some(first) = heard
            .get(self.next_heard)
            .filter(|note| note.onset < segment.horizon)
        {
            let slice_end = (first.onset + SLICE_TICKS + 1).min(segment.horizon);
            let mut keys = 0u128;
            while let Some(note) = heard
                .get(self.next_heard)
                .filter(|note| note.onset < slice_end)
            {
                keys |= 1 << transposed(note.pitch, self.scene.shift);
                self.next_heard += 1;
            }
            steps.push(Step {
                kind: StepKind::Heard {
                    at: first.onset,
                    keys,
                },
                role,
                bar: bar_near(&segment.bar, first.onset),
                harmony: Harmony::default(),
                matches: [0.0; MATCHES],
            });
        }
        steps.push(Step {
            kind: StepKind::Start(*segment),
            role,
            bar: segment.bar,
            harmony: self.seen(self.harmony_at(segment, segment.start)),
            matches: self.echoes.matches(segment, &[]),
        });
    }

    /// The harmony as it sounds at `at`, as far as `segment`, which was opened last, may know it.
    #[must_use]
    pub fn harmony_at(&self, segment: &Segment, at: Tick) -> Harmony {
        Harmony {
            recent: self.recent,
            ..Harmony::at(
                self.scene.heard,
                &self.progression,
                &segment.bar,
                at,
                segment.horizon,
            )
        }
    }

    /// The chords that are known, in order of time.
    #[must_use]
    pub fn progression(&self) -> &[Span] {
        &self.progression
    }

    /// A harmony as the network sees it.
    #[must_use]
    pub fn seen(&self, harmony: Harmony) -> Harmony {
        harmony.transposed(self.scene.shift)
    }

    /// Semitones that the network sees own notes higher than they sound.
    #[must_use]
    pub fn own_shift(&self) -> i8 {
        if self.scene.role == Role::Drums {
            0
        } else {
            self.scene.shift
        }
    }

    /// What the next note may repeat.
    #[must_use]
    pub fn echoes(&self) -> &Echoes<'a> {
        &self.echoes
    }

    /// The step that stands for the last of `written`, the own notes of `segment` so far.
    ///
    /// # Panics
    /// When nothing is written.
    #[must_use]
    pub fn own(&self, segment: &Segment, written: &[Note]) -> Step {
        let note = written.last().expect("a note was written");
        Step {
            kind: StepKind::Own(self.own_seen(*note)),
            role: self.scene.role,
            bar: segment.bar,
            harmony: self.seen(self.harmony_at(segment, note.onset)),
            matches: self.echoes.matches(segment, written),
        }
    }

    fn own_seen(&self, note: Note) -> Note {
        Note {
            pitch: transposed(note.pitch, self.own_shift()),
            ..note
        }
    }

    /// Appends a whole segment whose own notes are known.
    pub fn push(&mut self, segment: &Segment, sequence: &mut Sequence) {
        self.open(segment, &mut sequence.steps);
        let own = between(self.scene.own, segment.start, segment.end);
        for index in 0..=own.len() {
            let written = &own[..index];
            let onsets = self.echoes.onsets(segment, written);
            let step = own.get(index).map(|_| self.own(segment, &own[..=index]));
            sequence.targets.push(Target {
                step: sequence.steps.len() - 1,
                segment: *segment,
                onsets,
                next: step.zip(own.get(index)).map(|(step, note)| Next {
                    note: self.own_seen(*note),
                    harmony: step.harmony,
                    echoes: self.echoes.note(segment, note.onset, written),
                }),
            });
            sequence.steps.extend(step);
        }
    }
}

/// A key moved by `semitones`, cut at the ends of the keyboard.
fn transposed(pitch: u8, semitones: i8) -> u8 {
    pitch.saturating_add_signed(semitones).min(127)
}

/// How many heard steps `notes` make, at the most.
#[must_use]
pub fn slices(notes: &[Note]) -> usize {
    let mut slice_end = Tick(i64::MIN);
    let mut count = 0;
    for note in notes {
        if note.onset >= slice_end {
            slice_end = note.onset + SLICE_TICKS + 1;
            count += 1;
        }
    }
    count
}

/// The bar that holds `at`, counted on from a bar nearby in the same meter.
fn bar_near(bar: &Bar, at: Tick) -> Bar {
    let bars = (at - bar.start).div_euclid(bar.ticks);
    Bar {
        start: bar.start + bars * bar.ticks,
        number: bar.number + bars,
        ..*bar
    }
}

#[cfg(test)]
mod tests;
