//! A song to MIDI file bytes.

use midly::{
    Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind,
    num::{u4, u7, u15, u24, u28},
};

use super::{LAST_TICK, Part, Song};
use crate::{chord::Key, feel::Played, note::Note, time::TICKS_PER_QUARTER};

/// Ticks of a quarter note in written files: 40 times ours, so that swing and humanize come within half a
/// millisecond of what was played.
const WRITTEN_DIVISION: u16 = 960;
/// Written ticks in one of ours.
const SCALE: i64 = WRITTEN_DIVISION as i64 / TICKS_PER_QUARTER;

/// The bytes of a MIDI file of format 1: a conductor track with tempo, meter and key, then one named
/// track for each of the song's that has notes.
///
/// Reading them gives the song back, tempo rounded to a microsecond a quarter note. Notes that begin
/// outside 0..[`LAST_TICK`] are left out.
#[must_use]
pub fn write(song: &Song) -> Vec<u8> {
    write_with(song, &[])
}

/// The same with `parts` as further tracks, whose notes stand where they are played.
#[must_use]
pub fn write_with(song: &Song, parts: &[Part]) -> Vec<u8> {
    let mut tracks = vec![conductor(song)];
    tracks.extend(song.tracks.iter().filter_map(|track| {
        let sound = |note: &Note| Sounding {
            from: note.onset.0 * SCALE,
            to: note.end().max(note.onset + 1).0 * SCALE,
            note: *note,
        };
        let notes = track.notes.iter().map(sound).collect();
        part((&track.name, track.channel, track.program), notes)
    }));
    tracks.extend(parts.iter().filter_map(|own| {
        let written = |ticks: f64| (ticks * SCALE as f64).round() as i64;
        let sound = |played: &Played| Sounding {
            from: written(played.begins()),
            to: written(played.ends()),
            note: played.note,
        };
        let notes = own.notes.iter().map(sound).collect();
        part((&own.name, own.channel, own.program), notes)
    }));
    let smf = Smf {
        header: Header::new(
            Format::Parallel,
            Timing::Metrical(u15::new(WRITTEN_DIVISION)),
        ),
        tracks,
    };
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes)
        .expect("a vector takes every byte, and no song fills 65 535 tracks of 4 GB");
    bytes
}

/// A note in written ticks.
struct Sounding {
    from: i64,
    to: i64,
    note: Note,
}

/// Events with their places in written ticks, before they are put in order.
type Placed<'a> = Vec<(i64, TrackEventKind<'a>)>;

fn conductor(song: &Song) -> Vec<TrackEvent<'_>> {
    let mut events: Placed<'_> = Vec::new();
    for &(at, meter) in &song.meters {
        let power = meter.denominator.trailing_zeros() as u8;
        // The click falls on the felt beat, counted in 24ths of a quarter as the format asks.
        let click = u8::try_from(meter.beat_ticks()).unwrap_or(96);
        let meta = MetaMessage::TimeSignature(meter.numerator, power, click, 8);
        events.push((at.0 * SCALE, TrackEventKind::Meta(meta)));
    }
    for &(at, key) in &song.keys {
        let meta = MetaMessage::KeySignature(signature_of_key(key), key.minor);
        events.push((at.0 * SCALE, TrackEventKind::Meta(meta)));
    }
    for &(at, tempo) in &song.tempo_map {
        let micros = (60e6 / tempo)
            .round()
            .clamp(1.0, f64::from(u24::max_value().as_int()));
        let meta = MetaMessage::Tempo(u24::new(micros as u32));
        events.push((at.0 * SCALE, TrackEventKind::Meta(meta)));
    }
    in_order(events)
}

/// The events of a part with this name, channel and program; `None` when no note of it can be written.
fn part<'a>(
    (name, channel, program): (&'a str, u8, Option<u8>),
    mut notes: Vec<Sounding>,
) -> Option<Vec<TrackEvent<'a>>> {
    let channel = u4::new(channel & 0x0f);
    let event = |message| TrackEventKind::Midi { channel, message };
    let mut events: Placed<'_> = Vec::new();
    if !name.is_empty() {
        let name = MetaMessage::TrackName(name.as_bytes());
        events.push((0, TrackEventKind::Meta(name)));
    }
    if let Some(program) = program {
        let program = u7::new(program & 0x7f);
        events.push((0, event(MidiMessage::ProgramChange { program })));
    }
    let last = LAST_TICK.0 * SCALE;
    notes.retain(|sounding| (0..last).contains(&sounding.from));
    // Offs first: the stable sort by place then keeps a note that is struck again from being cut.
    for sounding in &notes {
        let key = u7::new(sounding.note.pitch & 0x7f);
        let vel = u7::new(0);
        let end = sounding.to.min(last);
        events.push((end, event(MidiMessage::NoteOff { key, vel })));
    }
    for sounding in &notes {
        let key = u7::new(sounding.note.pitch & 0x7f);
        let vel = u7::new(sounding.note.velocity.clamp(1, 127));
        events.push((sounding.from, event(MidiMessage::NoteOn { key, vel })));
    }
    (!notes.is_empty()).then(|| in_order(events))
}

/// Events in order of place as delta times, with the end of the track.
fn in_order(mut events: Placed<'_>) -> Vec<TrackEvent<'_>> {
    events.retain(|(at, _)| (0..=LAST_TICK.0 * SCALE).contains(at));
    events.sort_by_key(|(at, _)| *at);
    let mut before = 0;
    let mut written = Vec::with_capacity(events.len() + 1);
    for (at, kind) in events {
        // In range: no place lies beyond the last tick.
        let delta = u32::try_from(at - before).unwrap_or(0);
        written.push(TrackEvent {
            delta: u28::new(delta),
            kind,
        });
        before = at;
    }
    written.push(TrackEvent {
        delta: u28::new(0),
        kind: TrackEventKind::Meta(MetaMessage::EndOfTrack),
    });
    written
}

/// How many sharps a key has, −5..=6 (negative: flats).
fn signature_of_key(key: Key) -> i8 {
    let major = i32::from(key.tonic) + if key.minor { 3 } else { 0 };
    let sharps = (major * 7).rem_euclid(12);
    (if sharps > 6 { sharps - 12 } else { sharps }) as i8
}
