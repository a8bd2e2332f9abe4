//! A clip, and the score that a role hears of it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use continuo_model::{
    chord::Key,
    controls::{Controls, Mode, Role},
    midi_file::{self, Song, Track},
    note::Note,
    time::Tick,
};

use super::bars::{self, Bar};

/// How many bars of the clip are played before [`Role::Continue`] has to go on alone.
const OPENING_BARS: usize = 8;

/// A median pitch below G3 is rather a bass line than a tune.
const LOWEST_TUNE: u8 = 55;

/// A note may reach so far into the next, in ticks, and the line still counts as one voice.
const LEGATO: i64 = 3;

/// A MIDI file to play along with.
#[derive(Clone, Debug)]
pub struct Clip {
    /// The file's name without folder and extension.
    pub name: String,
    /// The music from its first sounding bar on; no drum tracks.
    pub song: Song,
    /// Its length in bars, at least 1.
    pub bars: usize,
    /// The key of its signature, or else the one that its notes speak for.
    pub key: Option<Key>,
    /// Which track is the tune.
    melody: Option<usize>,
}

impl Clip {
    /// Reads the MIDI file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or holds no pitched notes.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let song = midi_file::read_file(path).with_context(|| shown.to_string())?;
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        Self::of(song, name.unwrap_or_default()).with_context(|| shown.to_string())
    }

    fn of(mut song: Song, name: String) -> Result<Self> {
        song.tracks.retain(|track| !track.is_drums());
        ensure!(!song.tracks.is_empty(), "no pitched notes in it");
        let onsets = song.tracks.iter().filter_map(|track| track.notes.first());
        let first = onsets.map(|note| note.onset).min().unwrap_or_default();
        let start = bars::of(&song)
            .take_while(|bar| bar.start() <= first)
            .last();
        let song = excerpt(&song, start.map_or(Tick(0), |bar| bar.start()), song.end());
        let key = song.keys.first().map(|(_, key)| *key);
        Ok(Self {
            name,
            bars: bars::of(&song)
                .take_while(|bar| bar.start() < song.end())
                .count()
                .max(1),
            key: key.or_else(|| Key::find(song.tracks.iter().flat_map(|track| &track.notes))),
            melody: song.tracks.iter().position(is_tune),
            song,
        })
    }

    /// Its name in words, each with a capital.
    #[must_use]
    pub fn title(&self) -> String {
        let words = self
            .name
            .split(['-', '_', ' '])
            .filter(|word| !word.is_empty());
        let titled = words.enumerate().map(|(index, word)| {
            let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            // "of", "to", "in" stay small inside a title.
            let small = index > 0 && word.len() <= 2;
            if small {
                word.to_owned()
            } else {
                first.to_uppercase() + rest
            }
        });
        titled.collect::<Vec<_>>().join(" ")
    }

    /// Whether `role` has something to do here: a bass or drums go with everything, the others need a tune.
    #[must_use]
    pub fn fits(&self, role: Role) -> bool {
        match role {
            Role::Bass | Role::Drums => true,
            Role::Continue | Role::Chords | Role::Counter => self.melody.is_some(),
        }
    }

    /// What is heard with `controls`: in Answer the tune comes again and again, so that there is something to
    /// answer to.
    #[must_use]
    pub fn score_for(&self, controls: &Controls, bars: usize) -> Score {
        match controls.mode {
            Mode::Follow => self.score(controls.role, bars),
            Mode::Answer => self.score(Role::Counter, bars),
        }
    }

    /// What `role` hears in `bars` bars: a bass player and a drummer the whole clip, over and over; the
    /// others its tune alone, over and over too, except [`Role::Continue`], which hears its beginning once
    /// and then silence.
    #[must_use]
    pub fn score(&self, role: Role, bars: usize) -> Score {
        let mut clip = self.song.clone();
        if let (false, Some(melody)) = (matches!(role, Role::Bass | Role::Drums), self.melody) {
            clip.tracks = vec![clip.tracks.swap_remove(melody)];
        }
        let clip_end = bars::of(&clip)
            .nth(self.bars - 1)
            .map_or(clip.end(), |bar| bar.end);
        let mut song = if role == Role::Continue {
            let opening = self.bars.min(OPENING_BARS).min((bars / 2).max(1));
            let silence = bars::of(&clip)
                .nth(opening - 1)
                .map_or(clip_end, |bar| bar.end);
            excerpt(&clip, Tick(0), silence)
        } else {
            repeated(&clip, clip_end, bars)
        };
        let bars: Vec<Bar> = bars::of(&song).take(bars.max(1)).collect();
        let end = bars.last().map_or(Tick(0), |bar| bar.end);
        song = excerpt(&song, Tick(0), end);
        // One channel each, so that parts which cross do not end each other's notes. The last channel is
        // left to the generated notes, the tenth to drums.
        let channels = (0..15).filter(|channel| *channel != midi_file::DRUM_CHANNEL);
        for (track, channel) in song.tracks.iter_mut().zip(channels.cycle()) {
            track.channel = channel;
        }
        Score { song, bars }
    }
}

/// What a plugin is to hear, bar by bar.
#[derive(Clone, Debug)]
pub struct Score {
    /// The heard tracks, with tempo, meter and key.
    pub song: Song,
    /// Every bar of it; the last may lie long after the last note.
    pub bars: Vec<Bar>,
}

/// Whether the track is one line in a singer's range rather than chords or a bass.
fn is_tune(track: &Track) -> bool {
    let notes = &track.notes;
    let overlaps = notes
        .windows(2)
        .filter(|pair| pair[0].end() > pair[1].onset + LEGATO);
    let mut pitches: Vec<u8> = notes.iter().map(|note| note.pitch).collect();
    pitches.sort_unstable();
    let median = pitches.get(pitches.len() / 2);
    median.is_some_and(|median| *median >= LOWEST_TUNE) && overlaps.count() * 10 <= notes.len()
}

/// The song from `from` to `to`, moved to tick 0. Notes that begin earlier are left out, notes that end
/// later are cut.
fn excerpt(song: &Song, from: Tick, to: Tick) -> Song {
    let shorten = |note: &Note| Note {
        onset: note.onset - from.0,
        duration: note.duration.min(to - note.onset),
        ..*note
    };
    let tracks = song.tracks.iter().map(|track| {
        let inside = |note: &&Note| (from..to).contains(&note.onset);
        Track {
            notes: track.notes.iter().filter(inside).map(shorten).collect(),
            ..track.clone()
        }
    });
    Song {
        tempo_map: map_excerpt(&song.tempo_map, from, to),
        meters: map_excerpt(&song.meters, from, to),
        keys: map_excerpt(&song.keys, from, to),
        tracks: tracks.collect(),
    }
}

/// The changes from `from` to `to`, moved to tick 0, begun with what holds at `from`.
fn map_excerpt<T: Copy>(map: &[(Tick, T)], from: Tick, to: Tick) -> Vec<(Tick, T)> {
    let before = map.iter().rev().find(|(at, _)| *at <= from);
    let within = map.iter().filter(|(at, _)| from < *at && *at < to);
    let first = before.map(|(_, value)| (Tick(0), *value));
    first
        .into_iter()
        .chain(within.map(|(at, value)| (*at - from.0, *value)))
        .collect()
}

/// The song up to `length`, over and over until it is `bars` bars long.
fn repeated(song: &Song, length: Tick, bars: usize) -> Song {
    let once = excerpt(song, Tick(0), length);
    let mut whole = once.clone();
    let mut passes = 1;
    while bars::of(&whole)
        .nth(bars.max(1) - 1)
        .is_some_and(|bar| bar.end.0 > passes * length.0)
    {
        let shift = passes * length.0;
        append(&mut whole.tempo_map, &once.tempo_map, shift);
        append(&mut whole.meters, &once.meters, shift);
        append(&mut whole.keys, &once.keys, shift);
        for (track, again) in whole.tracks.iter_mut().zip(&once.tracks) {
            let moved = |note: &Note| Note {
                onset: note.onset + shift,
                ..*note
            };
            track.notes.extend(again.notes.iter().map(moved));
        }
        passes += 1;
    }
    whole
}

/// Adds the changes of `map`, `shift` ticks later, unless they change nothing.
fn append<T: Copy + PartialEq>(whole: &mut Vec<(Tick, T)>, map: &[(Tick, T)], shift: i64) {
    for &(at, value) in map {
        if whole.last().is_none_or(|(_, last)| *last != value) {
            whole.push((at + shift, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use continuo_model::time::Meter;

    use super::*;

    fn line(pitches: &[u8]) -> Vec<Note> {
        let notes = pitches.iter().zip(0..).map(|(&pitch, beat)| Note {
            onset: Tick(24 * beat),
            pitch,
            duration: 24,
            velocity: 80,
        });
        notes.collect()
    }

    fn clip(meter: (i64, i64), pitches: &[u8]) -> Clip {
        let song = Song {
            meters: vec![(Tick(0), Meter::new(meter.0, meter.1).unwrap())],
            tracks: vec![Track {
                notes: line(pitches),
                ..Track::default()
            }],
            ..Song::default()
        };
        Clip::of(song, "a-clip_to try".to_owned()).unwrap()
    }

    #[test]
    fn a_short_clip_is_repeated_in_whole_bars() {
        let score = clip((3, 4), &[60, 62, 64, 65]).score(Role::Bass, 5);
        assert_eq!(score.bars.len(), 5);
        let onsets: Vec<i64> = score.song.tracks[0]
            .notes
            .iter()
            .map(|note| note.onset.0)
            .collect();
        assert_eq!(onsets, [0, 24, 48, 72, 144, 168, 192, 216, 288, 312, 336]);
    }

    #[test]
    fn continue_hears_the_beginning_once() {
        let clip = clip((4, 4), &[60; 16]);
        let score = clip.score(Role::Continue, 6);
        assert_eq!((clip.bars, score.bars.len()), (4, 6));
        assert_eq!(score.song.end(), Tick(3 * 96));
    }

    #[test]
    fn leading_silence_is_skipped_in_whole_bars() {
        let mut song = clip((4, 4), &[60, 64]).song;
        song.tracks[0]
            .notes
            .iter_mut()
            .for_each(|note| note.onset += 96 * 3 + 24);
        let clip = Clip::of(song, String::new()).unwrap();
        assert_eq!(clip.song.tracks[0].notes[0].onset, Tick(24));
        assert_eq!(clip.bars, 1);
    }

    #[test]
    fn chords_are_no_tune() {
        let mut chords = clip((4, 4), &[60, 62]);
        assert!(chords.fits(Role::Continue));
        let mut notes = line(&[60, 62]);
        notes.extend(line(&[64, 65]));
        notes.sort();
        chords.song.tracks[0].notes = notes;
        let chords = Clip::of(chords.song, String::new()).unwrap();
        assert!(!chords.fits(Role::Continue) && chords.fits(Role::Bass));
    }

    #[test]
    fn titles() {
        assert_eq!(clip((4, 4), &[60]).title(), "A Clip to Try");
    }

    #[test]
    fn the_clips_of_the_repository() {
        let read = |name: &str| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clips");
            Clip::read(&folder.join(name).with_extension("mid")).unwrap()
        };
        let tunes = [
            ("scarborough-fair", "E minor", 1),
            ("kesh-jig", "G major", 1),
            ("ode-to-joy", "G major", 4),
            ("minor-two-five", "C minor", 2),
        ];
        for (name, key, tracks) in tunes {
            let clip = read(name);
            assert_eq!((clip.bars, clip.song.tracks.len()), (16, tracks), "{name}");
            assert_eq!(clip.key.unwrap().name(), key, "{name}");
            assert_eq!(clip.melody, Some(0), "{name}");
            assert_eq!(
                Key::find(clip.song.tracks.iter().flat_map(|track| &track.notes)),
                clip.key
            );
        }
        let chords = read("pop-progression");
        assert_eq!((chords.bars, chords.melody), (16, None));
    }

    #[test]
    fn drums_alone_are_no_clip() {
        let mut song = clip((4, 4), &[60]).song;
        song.tracks[0].channel = midi_file::DRUM_CHANNEL;
        assert!(Clip::of(song, String::new()).is_err());
    }
}
