//! A song to MIDI file bytes.

use midly::{
    Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind,
    num::{u4, u7, u15, u24, u28},
};

use super::{LAST_TICK, Song, Track};
use crate::{
    chord::Key,
    note::Note,
    time::{TICKS_PER_QUARTER, Tick},
};

/// Ticks of a quarter note in written files: what most sequencers use, and 20 times ours.
const WRITTEN_DIVISION: u16 = 480;

/// The bytes of a MIDI file of format 1: a conductor track with tempo, meter and key, then one named
/// track for each of the song's that has notes.
///
/// Reading them gives the song back, tempo rounded to a microsecond a quarter note. Notes that begin
/// outside 0..[`LAST_TICK`] are left out.
#[must_use]
pub fn write(song: &Song) -> Vec<u8> {
    let mut tracks = vec![conductor(song)];
    tracks.extend(song.tracks.iter().filter_map(part));
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

/// Events with their places, before they are put in order.
type Placed<'a> = Vec<(Tick, TrackEventKind<'a>)>;

fn conductor(song: &Song) -> Vec<TrackEvent<'_>> {
    let mut events: Placed<'_> = Vec::new();
    for &(at, meter) in &song.meters {
        let power = meter.denominator.trailing_zeros() as u8;
        // The click falls on the felt beat, counted in 24ths of a quarter as the format asks.
        let click = u8::try_from(meter.beat_ticks()).unwrap_or(96);
        let meta = MetaMessage::TimeSignature(meter.numerator, power, click, 8);
        events.push((at, TrackEventKind::Meta(meta)));
    }
    for &(at, key) in &song.keys {
        let meta = MetaMessage::KeySignature(signature_of_key(key), key.minor);
        events.push((at, TrackEventKind::Meta(meta)));
    }
    for &(at, tempo) in &song.tempo_map {
        let micros = (60e6 / tempo)
            .round()
            .clamp(1.0, f64::from(u24::max_value().as_int()));
        let meta = MetaMessage::Tempo(u24::new(micros as u32));
        events.push((at, TrackEventKind::Meta(meta)));
    }
    in_order(events)
}

/// The events of one part; `None` when no note of it can be written.
fn part(track: &Track) -> Option<Vec<TrackEvent<'_>>> {
    let channel = u4::new(track.channel & 0x0f);
    let event = |message| TrackEventKind::Midi { channel, message };
    let mut events: Placed<'_> = Vec::new();
    if !track.name.is_empty() {
        let name = MetaMessage::TrackName(track.name.as_bytes());
        events.push((Tick(0), TrackEventKind::Meta(name)));
    }
    if let Some(program) = track.program {
        let program = u7::new(program & 0x7f);
        events.push((Tick(0), event(MidiMessage::ProgramChange { program })));
    }
    let before = events.len();
    let mut notes: Vec<&Note> = track.notes.iter().collect();
    notes.retain(|note| (Tick(0)..LAST_TICK).contains(&note.onset));
    // Offs first: the stable sort by place then keeps a note that is struck again from being cut.
    for note in &notes {
        let key = u7::new(note.pitch & 0x7f);
        let vel = u7::new(0);
        let end = note.end().max(note.onset + 1).min(LAST_TICK);
        events.push((end, event(MidiMessage::NoteOff { key, vel })));
    }
    for note in &notes {
        let key = u7::new(note.pitch & 0x7f);
        let vel = u7::new(note.velocity.clamp(1, 127));
        events.push((note.onset, event(MidiMessage::NoteOn { key, vel })));
    }
    (events.len() > before).then(|| in_order(events))
}

/// Events in order of place as delta times, with the end of the track.
fn in_order(mut events: Placed<'_>) -> Vec<TrackEvent<'_>> {
    events.retain(|(at, _)| (Tick(0)..=LAST_TICK).contains(at));
    events.sort_by_key(|(at, _)| *at);
    let scale = i64::from(WRITTEN_DIVISION) / TICKS_PER_QUARTER;
    let mut before = Tick(0);
    let mut written = Vec::with_capacity(events.len() + 1);
    for (at, kind) in events {
        let delta = u32::try_from((at - before) * scale).unwrap_or(0);
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
