//! The tape as a piece of music: its bars in a row from bar 1.

use std::collections::BTreeSet;

use super::{Capture, Stretch};
use crate::{
    chord::Key,
    controls::{Controls, Role, Scale},
    feel::Played,
    midi_file::{DRUM_CHANNEL, Part, Song, Track, untangle, write_with},
    note::Note,
    planner::Last,
    time::{BarGrid, Meter, TICKS_PER_QUARTER, Tick},
};

/// Music in a row: what was heard as the tracks of a song, what was generated as parts beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Tempo, meter, key, and the heard tracks.
    pub song: Song,
    /// What was generated, a part for each role.
    pub parts: Vec<Part>,
}

/// Where music stands and how fast it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Its bars.
    pub grid: BarGrid,
    /// Quarter notes a minute.
    pub tempo: f64,
}

impl Place {
    /// As a project keeps it.
    #[must_use]
    pub fn last(self) -> Last {
        Last {
            tempo: self.tempo,
            meter: self.grid.meter,
            downbeat: self.grid.downbeat,
        }
    }
}

impl From<Last> for Place {
    fn from(last: Last) -> Self {
        // What is read from a project need not be a meter.
        let (numerator, denominator) = (last.meter.numerator.into(), last.meter.denominator.into());
        let grid = BarGrid {
            downbeat: Tick(last.downbeat.0.clamp(-1 << 40, 1 << 40)),
            number: 0,
            meter: Meter::new(numerator, denominator).unwrap_or(Meter::COMMON),
        };
        Self {
            grid: grid.from_zero(),
            tempo: last.tempo,
        }
    }
}

impl Default for Place {
    /// 4/4 from the song's origin at 120.
    fn default() -> Self {
        Self {
            grid: BarGrid::from_origin(Meter::COMMON),
            tempo: 120.0,
        }
    }
}

impl Row {
    /// A phrase of `controls.role`, which begins at `start` of the song, from bar 1 on; `place` is where the
    /// song stands there. `None` for a phrase of no notes.
    #[must_use]
    pub fn of_phrase(
        phrase: &[Note],
        start: Tick,
        place: Place,
        controls: &Controls,
    ) -> Option<Self> {
        let shift = Tick(0) - place.grid.start_of(place.grid.bar_at(start));
        let played = |note: &Note| moved(&Played::in_bars(note, place.grid, controls), shift);
        let mut row = Self::empty(place);
        row.add(
            controls.role,
            controls.channel,
            phrase.iter().map(played).collect(),
        );
        row.sign(controls);
        (!phrase.is_empty()).then_some(row)
    }

    /// No music yet, at the tempo and in the meter of `place`.
    #[must_use]
    pub fn empty(place: Place) -> Self {
        Self {
            song: Song {
                tempo_map: vec![(Tick(0), place.tempo)],
                meters: vec![(Tick(0), place.grid.meter)],
                ..Song::default()
            },
            parts: Vec::new(),
        }
    }

    /// Adds what `role` played. Where the musician chose no `channel` it gets one of its own, drums that of
    /// General MIDI, so that each part keeps its sound.
    pub fn add(&mut self, role: Role, channel: Option<u8>, notes: Vec<Played>) {
        let taken = |channel: u8| {
            let heard = self.song.tracks.iter().map(|track| track.channel);
            let own = self.parts.iter().map(|part| part.channel);
            heard.chain(own).any(|other| other == channel)
        };
        let own = match role {
            Role::Drums => DRUM_CHANNEL,
            _ => (0..16)
                .filter(|channel| *channel != DRUM_CHANNEL)
                .find(|channel| !taken(*channel))
                .unwrap_or(0),
        };
        let channel = channel.unwrap_or(own);
        self.parts.push(Part {
            name: role.name().to_owned(),
            channel,
            // A program counts for all of a channel.
            program: program(role).filter(|_| !taken(channel)),
            notes,
        });
    }

    /// Adds the key signature, unless there is one.
    pub fn sign(&mut self, controls: &Controls) {
        if !self.song.keys.is_empty() {
            return;
        }
        let heard = self.song.tracks.iter().filter(|track| !track.is_drums());
        let own = self
            .parts
            .iter()
            .filter(|part| part.channel != DRUM_CHANNEL);
        let own = own.flat_map(|part| part.notes.iter().map(|played| &played.note));
        let notes = heard.flat_map(|track| &track.notes).chain(own);
        self.song.keys = key_of(controls, notes)
            .map(|key| (Tick(0), key))
            .into_iter()
            .collect();
    }

    /// Its MIDI file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        write_with(&self.song, &self.parts)
    }
}

/// The key that the musician set, or else the one that `notes` speak for.
pub fn key_of<'a>(controls: &Controls, notes: impl IntoIterator<Item = &'a Note>) -> Option<Key> {
    let found = Key::find(notes);
    let tonic = controls.key.or(found.map(|key| key.tonic))?;
    let minor = match controls.scale {
        Scale::Minor | Scale::Dorian | Scale::HarmonicMinor | Scale::Blues => true,
        Scale::Major | Scale::Mixolydian | Scale::Pentatonic => false,
        Scale::Auto | Scale::Chromatic => {
            found.is_some_and(|found| found.tonic == tonic && found.minor)
        }
    };
    Some(Key { tonic, minor })
}

/// General MIDI programs: piano, fingered bass, electric piano, strings.
fn program(role: Role) -> Option<u8> {
    match role {
        Role::Continue => Some(0),
        Role::Bass => Some(33),
        Role::Chords => Some(4),
        Role::Counter => Some(48),
        Role::Drums => None,
    }
}

fn moved(played: &Played, ticks: i64) -> Played {
    let mut played = *played;
    played.note.onset += ticks;
    played
}

impl Capture {
    /// The bars of the tape in a row from bar 1, from the first in which anything sounds; `None` when nothing
    /// does. A stretch that begins after a stop or a jump begins in a bar of its own.
    #[must_use]
    pub fn row(&self, controls: &Controls) -> Option<Row> {
        let heard = self.heard.iter().map(|heard| heard.note.onset);
        let own = self.own.iter().map(|own| own.played.note.onset);
        let first = heard.chain(own).min()?;
        let bars = self.lay_out(first);
        let place = |at: Tick| {
            let index = bars.shifts.partition_point(|(tape, _)| *tape <= at);
            at + bars
                .shifts
                .get(index.saturating_sub(1))
                .map_or(0, |(_, shift)| *shift)
        };
        let mut tempo_map: Vec<(Tick, f64)> = self
            .tempi
            .iter()
            .map(|(at, tempo)| (place((*at).max(bars.from)), *tempo))
            .collect();
        // Of those before the beginning the last holds.
        tempo_map.reverse();
        tempo_map.dedup_by_key(|(at, _)| *at);
        tempo_map.reverse();
        if let Some((at, _)) = tempo_map.first_mut() {
            *at = Tick(0);
        }
        let mut row = Row {
            song: Song {
                tempo_map,
                meters: bars.meters,
                keys: Vec::new(),
                tracks: self.heard_tracks(bars.from, place),
            },
            parts: Vec::new(),
        };
        let roles: BTreeSet<(usize, Option<u8>)> = self
            .own
            .iter()
            .map(|own| (own.role as usize, own.channel))
            .collect();
        for (role, channel) in roles {
            let of_role = self
                .own
                .iter()
                .filter(|own| (own.role as usize, own.channel) == (role, channel));
            let notes = of_role.map(|own| {
                let onset = own.played.note.onset;
                moved(&own.played, place(onset) - onset)
            });
            row.add(Role::ALL[role], channel, notes.collect());
        }
        row.sign(controls);
        Some(row)
    }

    fn heard_tracks(&self, from: Tick, place: impl Fn(Tick) -> Tick) -> Vec<Track> {
        let channels: BTreeSet<u8> = self.heard.iter().map(|heard| heard.channel).collect();
        let several = channels.len() > 1;
        let track = |channel: u8| {
            let heard = self.heard.iter().filter(|heard| heard.channel == channel);
            let mut notes: Vec<Note> = heard
                .map(|heard| {
                    // A key that is down since before the beginning.
                    let onset = heard.note.onset.max(from);
                    let end = if heard.down {
                        self.end
                    } else {
                        heard.note.end()
                    };
                    Note {
                        onset: place(onset),
                        duration: (end - onset).max(1),
                        ..heard.note
                    }
                })
                .collect();
            untangle(&mut notes);
            Track {
                name: if several {
                    format!("Heard {}", channel + 1)
                } else {
                    "Heard".to_owned()
                },
                channel,
                program: None,
                notes,
            }
        };
        channels.into_iter().map(track).collect()
    }

    /// Lays the stretches out from the bar that holds `first` of the tape.
    fn lay_out(&self, first: Tick) -> Layout {
        let ends = self.stretches.iter().skip(1).map(|next| next.tape);
        let ends = ends.chain([self.end.max(first + 1)]);
        let mut layout = Layout::default();
        for (stretch, end) in self.stretches.iter().zip(ends) {
            if end <= first {
                continue;
            }
            let mut stretch = *stretch;
            if layout.shifts.is_empty() {
                let song = stretch.in_song(first.max(stretch.tape));
                let bar = stretch.grid.start_of(stretch.grid.bar_at(song));
                let bar = bar.max(stretch.song);
                stretch.tape = stretch.on_tape(bar);
                stretch.song = bar;
                stretch.joined = false;
                layout.from = stretch.tape;
            }
            layout.add(&stretch, end);
        }
        layout
    }
}

/// Bars in a row.
#[derive(Default)]
struct Layout {
    /// The first place on the tape that is in the row.
    from: Tick,
    /// From each place of the tape on: how many ticks further it stands in the row.
    shifts: Vec<(Tick, i64)>,
    meters: Vec<(Tick, Meter)>,
    /// The end of what is laid out.
    end: Tick,
}

impl Layout {
    /// Adds a stretch, which ends at `end` of the tape.
    fn add(&mut self, stretch: &Stretch, end: Tick) {
        let meter = stretch.grid.meter;
        let into_bar = stretch.grid.position_in_bar(stretch.song);
        let at = if stretch.joined {
            self.join(meter, into_bar);
            self.end
        } else {
            let bar = self.next_bar();
            self.set_meter(bar, meter);
            bar + into_bar
        };
        self.shifts.push((stretch.tape, at - stretch.tape));
        self.end = at + (end - stretch.tape);
    }

    /// The bars go on in `meter`, `into_bar` ticks after a bar line. Where that is another place in the bar
    /// than the row has come to, as when a loop is no whole number of bars, the bars around are short.
    fn join(&mut self, meter: Meter, into_bar: i64) {
        let grid = self.grid();
        let place = grid.position_in_bar(self.end);
        if grid.meter == meter && place == into_bar {
            return;
        }
        if place != 0
            && let Some(short) = short_bar(place, grid.meter)
        {
            self.set_meter(self.end - place, short);
        }
        let rest = meter.bar_ticks() - into_bar;
        match short_bar(rest, meter).filter(|_| into_bar != 0) {
            Some(short) => {
                self.set_meter(self.end, short);
                self.set_meter(self.end + rest, meter);
            }
            None => self.set_meter(self.end, meter),
        }
    }

    /// A change of meter; what was to change later is void.
    fn set_meter(&mut self, at: Tick, meter: Meter) {
        self.meters.retain(|(from, _)| *from < at);
        let same = |(_, last): &(Tick, Meter)| *last == meter;
        let on_line = self.meters.is_empty() || self.grid_at(at).position_in_bar(at) == 0;
        if !(self.meters.last().is_some_and(same) && on_line) {
            self.meters.push((at, meter));
        }
    }

    fn grid(&self) -> BarGrid {
        self.grid_at(self.end)
    }

    fn grid_at(&self, at: Tick) -> BarGrid {
        let last = self.meters.iter().rev().find(|(from, _)| *from <= at);
        let (downbeat, meter) = last.copied().unwrap_or((Tick(0), Meter::COMMON));
        BarGrid {
            downbeat,
            number: 0,
            meter,
        }
    }

    /// The first bar line at or after the end.
    fn next_bar(&self) -> Tick {
        let grid = self.grid();
        match grid.position_in_bar(self.end) {
            0 => self.end,
            place => self.end + (grid.meter.bar_ticks() - place),
        }
    }
}

/// A meter whose bar lasts `ticks`, in the beats of `like` or shorter ones; `None` if no meter does.
fn short_bar(ticks: i64, like: Meter) -> Option<Meter> {
    [1, 2, 4, 8, 16, 32]
        .into_iter()
        .filter(|denominator| *denominator >= i64::from(like.denominator))
        .find_map(|denominator| {
            let beat = 4 * TICKS_PER_QUARTER / denominator;
            (ticks % beat == 0).then(|| Meter::new(ticks / beat, denominator))?
        })
}
