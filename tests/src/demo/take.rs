//! One take: a score through the plugin in one role, offline.

use anyhow::Result;
use continuo_model::{
    chord::{Key, PitchClassSet},
    controls::{Controls, Role},
    midi_file::{DRUM_CHANNEL, Song, Track, untangle},
    note::Note,
    time::{TICKS_PER_QUARTER, Tick},
};

use super::clip::Score;
use crate::{
    check,
    clip::ClipNote,
    counters::Counters,
    host::{Instance, NoteKind},
    player::{Performance, Player, Session, beats},
    transport, words,
};

/// Samples a second, and a usual block length.
const RATE: f64 = 48_000.0;
const BLOCK: u32 = 512;

/// The channel of generated notes that are no drums: the last, which no heard part has.
const CHANNEL: u8 = 15;

/// What came of a take.
#[derive(Clone, Debug)]
pub struct Take {
    /// The heard tracks and, last, the generated one.
    pub song: Song,
    /// How many of the tracks were heard.
    pub heard_tracks: usize,
    /// Note-ons that the plugin heard.
    pub heard: usize,
    /// Notes that it generated.
    pub generated: usize,
    /// Generated notes that never ended.
    pub stuck: usize,
    /// What the plugin counted during the take.
    pub counted: Counters,
    /// Breaches of the laws that every output must keep.
    pub violations: Vec<String>,
}

/// Plays `score` through `instance` with `controls`, but for their channel; `bar_played` is called after every
/// bar.
///
/// # Errors
/// When the plugin refuses a parameter or fails to process.
pub fn play(
    instance: &mut dyn Instance,
    score: &Score,
    controls: &Controls,
    bar_played: impl Fn(),
) -> Result<Take> {
    let role = controls.role;
    let drums = role == Role::Drums;
    let channel = if drums { DRUM_CHANNEL } else { CHANNEL };
    let controls = Controls {
        channel: Some(channel),
        ..*controls
    };
    words::set(instance, &controls)?;
    instance.set("Thru", "On")?;
    let before = instance.counters()?;
    let notes: Vec<ClipNote> = heard_notes(&score.song);
    let session = Session::offline(BLOCK);
    let mut player = Player::new(instance, transport_of(&score.song), &notes, session)?;
    for bar in &score.bars {
        player.play(beats(bar.ticks()))?;
        bar_played();
    }
    let performance = player.finish()?;
    let counted = since(before, instance.counters()?);
    Ok(take_of(score, role, channel, &performance, counted))
}

fn take_of(
    score: &Score,
    role: Role,
    channel: u8,
    performance: &Performance,
    counted: Counters,
) -> Take {
    let voices = check::generated_notes(performance);
    let mut notes: Vec<Note> = voices
        .iter()
        .map(|voice| note_of(voice, &score.song))
        .collect();
    // A note on the very bar line at which the transport stops is none: the stop ends it at once.
    let end = score.bars.last().map_or(Tick(0), |bar| bar.end);
    notes.retain(|note| note.onset < end);
    untangle(&mut notes);
    let generated = notes.len();
    let mut song = score.song.clone();
    for (index, track) in song.tracks.iter_mut().enumerate() {
        if track.name.is_empty() {
            track.name = format!("Heard {}", index + 1);
        }
    }
    song.tracks.push(Track {
        name: format!("Continuo {}", role.name()),
        channel,
        program: program_of(role, &score.song),
        notes,
    });
    Take {
        heard_tracks: song.tracks.len() - 1,
        song,
        heard: performance
            .heard
            .iter()
            .filter(|event| event.kind == NoteKind::On)
            .count(),
        generated,
        stuck: voices.iter().filter(|voice| voice.off.is_none()).count(),
        counted,
        violations: check::violations(performance),
    }
}

/// The share 0..=1 of the generated notes that lie in `key`, in minor with the raised sixth and seventh
/// too; `None` for drums and for no notes.
#[must_use]
pub fn share_in_key(take: &Take, key: Key) -> Option<f64> {
    let generated = take.song.tracks.last().filter(|track| !track.is_drums())?;
    let raised: PitchClassSet = [key.tonic + 9, key.tonic + 11].into_iter().collect();
    let scale = if key.minor {
        key.scale().union(raised)
    } else {
        key.scale()
    };
    let inside = generated
        .notes
        .iter()
        .filter(|note| scale.contains(note.pitch))
        .count();
    let count = generated.notes.len();
    (count > 0).then(|| inside as f64 / count as f64)
}

/// What the clip's track holds, in order of onset.
fn heard_notes(song: &Song) -> Vec<ClipNote> {
    let of = |track: &Track| -> Vec<ClipNote> {
        let notes = track.notes.iter();
        notes
            .map(|note| ClipNote::from_note(note, track.channel))
            .collect()
    };
    let mut notes: Vec<ClipNote> = song.tracks.iter().flat_map(of).collect();
    notes.sort_by_key(|note| (note.onset_tick, note.pitch));
    notes
}

/// The song's tempo and meter as a transport follows them.
fn transport_of(song: &Song) -> transport::Song {
    let mut tempi = song.tempo_map.iter();
    let mut meters = song.meters.iter();
    let tempo = tempi.next().map_or(120.0, |(_, tempo)| *tempo);
    let meter = meters
        .next()
        .map_or(continuo_model::time::Meter::COMMON, |(_, meter)| *meter);
    let mut transport = transport::Song::new(RATE, tempo, meter);
    for (at, tempo) in tempi {
        transport = transport.with_tempo(beats(at.0), *tempo);
    }
    for (at, meter) in meters {
        transport = transport.with_meter(beats(at.0), *meter);
    }
    transport
}

/// A generated note in ticks; one without end lasts to the end of the song.
fn note_of(voice: &check::Voice, song: &Song) -> Note {
    let tick = |beats: f64| Tick((beats * TICKS_PER_QUARTER as f64).round() as i64);
    let onset = tick(voice.on.song_beats);
    // After the last stop the playhead stands, so a note that the stop released ends there.
    let end = voice.off.map_or(song.end(), |off| tick(off.song_beats));
    Note {
        onset,
        pitch: voice.on.pitch,
        duration: (end - onset).max(1),
        velocity: (voice.on.velocity * 127.0).round().clamp(1.0, 127.0) as u8,
    }
}

/// A General MIDI sound that suits the role: the tune goes on in its own.
fn program_of(role: Role, heard: &Song) -> Option<u8> {
    match role {
        Role::Continue => heard.tracks.first().and_then(|track| track.program),
        // Fingered bass, electric piano, strings.
        Role::Bass => Some(33),
        Role::Chords => Some(4),
        Role::Counter => Some(48),
        Role::Drums => None,
    }
}

/// What was counted between two readings; maxima are those of the later.
fn since(before: Counters, after: Counters) -> Counters {
    Counters {
        notes_heard: after.notes_heard - before.notes_heard,
        notes_played: after.notes_played - before.notes_played,
        late: after.late - before.late,
        caught_up: after.caught_up - before.caught_up,
        dropped: after.dropped - before.dropped,
        stuck_released: after.stuck_released - before.stuck_released,
        offline_timeouts: after.offline_timeouts - before.offline_timeouts,
        notes_generated: after.notes_generated - before.notes_generated,
        planning_nanoseconds: after.planning_nanoseconds - before.planning_nanoseconds,
        worker_panics: after.worker_panics - before.worker_panics,
        ring_overflows: after.ring_overflows - before.ring_overflows,
        plans: after.plans - before.plans,
        bars_planned: after.bars_planned - before.bars_planned,
        bars_from_earlier_pass: after.bars_from_earlier_pass - before.bars_from_earlier_pass,
        bars_moved: after.bars_moved - before.bars_moved,
        bars_rested: after.bars_rested - before.bars_rested,
        ..after
    }
}
