//! MIDI file bytes to a song.

use std::collections::{BTreeMap, HashMap, VecDeque};

use midly::{EventIter, MetaMessage, MidiMessage, TrackEventKind};

use super::{DEFAULT_TEMPO, LAST_TICK, MidiError, Song, Track, untangle};
use crate::{
    chord::Key,
    note::Note,
    time::{Meter, TICKS_PER_QUARTER, Tick},
};

/// Reads a standard MIDI file of format 0 or 1, also one wrapped in RIFF.
///
/// Each channel of each file track becomes a [`Track`]; tracks without notes are left out. A note whose
/// note-off is missing lasts to the end of its track; a key struck again while it sounds ends the earlier
/// note; two notes of one key in the same tick become one.
///
/// # Errors
/// When it is not a MIDI file, is timed in SMPTE frames, is of format 2, or holds no track at all. Damage
/// further in is no error: reading a track stops there.
pub fn read(bytes: &[u8]) -> Result<Song, MidiError> {
    let (division, tracks) = split_chunks(bytes)?;
    let mut song = Song {
        tempo_map: Vec::new(),
        meters: Vec::new(),
        keys: Vec::new(),
        tracks: Vec::new(),
    };
    let mut programs_elsewhere = HashMap::new();
    for track in tracks {
        let chunk = ChunkReader::read(track, division, &mut song);
        chunk.finish(&mut song.tracks, &mut programs_elsewhere);
    }
    for track in &mut song.tracks {
        let elsewhere = programs_elsewhere.get(&track.channel).copied();
        track.program = track.program.or(elsewhere);
    }
    settle(&mut song.tempo_map, Some(DEFAULT_TEMPO));
    settle(&mut song.meters, Some(Meter::COMMON));
    settle(&mut song.keys, None);
    Ok(song)
}

/// The header's division and the bytes of every track chunk.
///
/// midly reads the events; the chunks are split here because its reader of headers overflows on a
/// division of 0x80xx, and stops at the first damaged chunk.
fn split_chunks(bytes: &[u8]) -> Result<(u16, Vec<&[u8]>), MidiError> {
    let start = if bytes.starts_with(b"RIFF") {
        bytes.windows(4).position(|window| window == b"MThd")
    } else {
        bytes.starts_with(b"MThd").then_some(0)
    };
    let mut rest = &bytes[start.ok_or(MidiError::NotMidi)?..];
    let mut header = None;
    let mut tracks = Vec::new();
    while let Some((prefix, body)) = rest.split_at_checked(8) {
        let length = u32::from_be_bytes([prefix[4], prefix[5], prefix[6], prefix[7]]);
        let (chunk, after) = body.split_at(body.len().min(length as usize));
        rest = after;
        match &prefix[..4] {
            b"MThd" if header.is_none() => header = Some(chunk),
            b"MTrk" => tracks.push(chunk),
            _ => {}
        }
    }
    let header = header.filter(|header| header.len() >= 6);
    let header = header.ok_or(MidiError::BadHeader("the header is cut off"))?;
    let field = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (format, division) = (field(0), field(4));
    if division & 0x8000 != 0 {
        return Err(MidiError::Smpte);
    }
    if division == 0 {
        return Err(MidiError::BadHeader("a quarter note has no length"));
    }
    if format > 1 {
        return Err(MidiError::Format(format));
    }
    if tracks.is_empty() {
        return Err(MidiError::NoTracks);
    }
    Ok((division, tracks))
}

/// Puts a map of changes in order: the last of several at one place holds, and `default` from tick 0 on
/// when the first comes later.
fn settle<T>(map: &mut Vec<(Tick, T)>, default: Option<T>) {
    map.sort_by_key(|(at, _)| *at);
    map.reverse();
    map.dedup_by_key(|(at, _)| *at);
    map.reverse();
    if let Some(default) = default
        && map.first().is_none_or(|(at, _)| *at > Tick(0))
    {
        map.insert(0, (Tick(0), default));
    }
}

/// What one track chunk holds, split by channel.
#[derive(Default)]
struct ChunkReader {
    name: Option<String>,
    channels: BTreeMap<u8, Channel>,
}

/// One channel of a track chunk.
#[derive(Default)]
struct Channel {
    program: Option<u8>,
    notes: Vec<Note>,
    /// Onset and velocity of the notes that sound, by key, oldest first.
    sounding: BTreeMap<u8, VecDeque<(Tick, u8)>>,
}

impl ChunkReader {
    /// Reads one chunk up to its end or its first damage; tempo, meter and key go to `song`.
    fn read(bytes: &[u8], division: u16, song: &mut Song) -> Self {
        let mut reader = Self::default();
        let mut elapsed: i64 = 0;
        let mut now = Tick(0);
        for event in EventIter::new(bytes).map_while(Result::ok) {
            elapsed += i64::from(event.delta.as_int());
            let at = nearest_tick(elapsed, division);
            if at > LAST_TICK {
                break;
            }
            now = at;
            match event.kind {
                TrackEventKind::Midi { channel, message } => {
                    let channel = reader.channels.entry(channel.as_int()).or_default();
                    channel.hear(now, message);
                }
                TrackEventKind::Meta(MetaMessage::EndOfTrack) => break,
                TrackEventKind::Meta(meta) => reader.note_meta(now, meta, song),
                TrackEventKind::SysEx(_) | TrackEventKind::Escape(_) => {}
            }
        }
        for channel in reader.channels.values_mut() {
            channel.end_all(now);
        }
        reader
    }

    /// Takes in what is not played: names, tempo, meter, key.
    fn note_meta(&mut self, now: Tick, meta: MetaMessage<'_>, song: &mut Song) {
        match meta {
            MetaMessage::TrackName(name) if self.name.is_none() => self.name = Some(text(name)),
            MetaMessage::Tempo(micros) if micros.as_int() > 0 => {
                song.tempo_map
                    .push((now, 60e6 / f64::from(micros.as_int())));
            }
            MetaMessage::TimeSignature(numerator, power, ..) => {
                let denominator = 1_i64.checked_shl(u32::from(power)).unwrap_or(0);
                if let Some(meter) = Meter::new(i64::from(numerator), denominator) {
                    song.meters.push((now, meter));
                }
            }
            MetaMessage::KeySignature(sharps, minor) => {
                if let Some(key) = key_of_signature(sharps, minor) {
                    song.keys.push((now, key));
                }
            }
            _ => {}
        }
    }

    /// Hands over a track per channel that has notes; the programs of the others go to `programs`, for
    /// tracks that find theirs stated elsewhere in the file.
    fn finish(self, tracks: &mut Vec<Track>, programs: &mut HashMap<u8, u8>) {
        let played = self.channels.values().filter(|c| !c.notes.is_empty());
        let several = played.count() > 1;
        let name = self.name.unwrap_or_default();
        for (channel, mut part) in self.channels {
            if part.notes.is_empty() {
                if let Some(program) = part.program {
                    programs.entry(channel).or_insert(program);
                }
                continue;
            }
            untangle(&mut part.notes);
            let name = if several {
                format!("{name} channel {}", channel + 1).trim().to_owned()
            } else {
                name.clone()
            };
            tracks.push(Track {
                name,
                channel,
                program: part.program,
                notes: part.notes,
            });
        }
    }
}

impl Channel {
    /// Takes in one message.
    fn hear(&mut self, now: Tick, message: MidiMessage) {
        match message {
            MidiMessage::NoteOn { key, vel } if vel > 0 => {
                let sounding = self.sounding.entry(key.as_int()).or_default();
                sounding.push_back((now, vel.as_int()));
            }
            MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. } => {
                let sounding = self.sounding.get_mut(&key.as_int());
                if let Some((onset, velocity)) = sounding.and_then(VecDeque::pop_front) {
                    self.end(key.as_int(), onset, velocity, now);
                }
            }
            MidiMessage::ProgramChange { program } if self.program.is_none() => {
                self.program = Some(program.as_int());
            }
            _ => {}
        }
    }

    fn end(&mut self, pitch: u8, onset: Tick, velocity: u8, now: Tick) {
        self.notes.push(Note {
            onset,
            pitch,
            duration: (now - onset).max(1),
            velocity,
        });
    }

    /// Ends what still sounds at the end of the track.
    fn end_all(&mut self, now: Tick) {
        for (pitch, notes) in std::mem::take(&mut self.sounding) {
            for (onset, velocity) in notes {
                self.end(pitch, onset, velocity, now);
            }
        }
    }
}

/// `elapsed` file ticks as the nearest of ours; halves go up.
fn nearest_tick(elapsed: i64, division: u16) -> Tick {
    let division = i64::from(division);
    Tick((2 * elapsed * TICKS_PER_QUARTER + division).div_euclid(2 * division))
}

/// UTF-8, or else Latin-1, as most old files are.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        str::to_owned,
    )
}

/// The key with this many sharps (negative: flats); `None` for more than seven.
fn key_of_signature(sharps: i8, minor: bool) -> Option<Key> {
    if !(-7..=7).contains(&sharps) {
        return None;
    }
    // A fifth up for each sharp; the relative minor lies a sixth above its major.
    let major = i64::from(sharps) * 7;
    let tonic = (major + if minor { 9 } else { 0 }).rem_euclid(12);
    Some(Key {
        tonic: tonic as u8,
        minor,
    })
}
