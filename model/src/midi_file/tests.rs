//! Files typed in byte by byte, damaged ones, and the round-trip law.

use proptest::prelude::*;

use super::*;

const HEADER_96: &[u8] = b"MThd\0\0\0\x06\0\x01\0\x01\0\x60";

/// A file of one track with 96 ticks a quarter note: four of the file's are one of ours.
fn file(events: &[u8]) -> Vec<u8> {
    file_with(HEADER_96, events)
}

fn file_with(header: &[u8], events: &[u8]) -> Vec<u8> {
    let mut bytes = header.to_vec();
    bytes.extend(b"MTrk");
    bytes.extend((events.len() as u32).to_be_bytes());
    bytes.extend(events);
    bytes
}

/// Onset, duration, pitch and velocity of every note, track by track.
fn notes(bytes: &[u8]) -> Vec<(i64, i64, u8, u8)> {
    let song = read(bytes).unwrap();
    let notes = song.tracks.iter().flat_map(|track| &track.notes);
    notes
        .map(|note| (note.onset.0, note.duration, note.pitch, note.velocity))
        .collect()
}

#[test]
fn running_status_and_silent_note_ons() {
    let bytes = file(b"\0\x90\x3c\x50\x60\x3c\0\0\x3e\x51\x30\x3e\0\0\xff\x2f\0");
    assert_eq!(notes(&bytes), [(0, 24, 60, 80), (24, 12, 62, 81)]);
}

#[test]
fn times_go_to_the_nearest_tick_and_no_note_is_empty() {
    // Onset at 5/4 tick, end at 6/4; then a note of no length at all.
    let bytes = file(b"\x05\x90\x3c\x50\x01\x3c\0\x02\x3e\x50\0\x3e\0");
    assert_eq!(notes(&bytes), [(1, 1, 60, 80), (2, 1, 62, 80)]);
}

#[test]
fn a_missing_note_off_lasts_to_the_end_of_the_track() {
    let bytes = file(b"\0\x90\x3c\x50\x60\x3e\x50\x60\x3e\0\0\xff\x2f\0");
    assert_eq!(notes(&bytes), [(0, 48, 60, 80), (24, 24, 62, 80)]);
}

#[test]
fn a_key_struck_again_ends_the_earlier_note() {
    // On, on a quarter later, off, off: the first off belongs to the first on.
    let bytes = file(b"\0\x90\x3c\x50\x60\x3c\x51\x60\x3c\0\x60\x3c\0");
    assert_eq!(notes(&bytes), [(0, 24, 60, 80), (24, 48, 60, 81)]);
    // Struck in the same moment in which the off comes, but before it.
    let bytes = file(b"\0\x90\x3c\x50\x60\x3c\x51\0\x3c\0\x60\x3c\0");
    assert_eq!(notes(&bytes), [(0, 24, 60, 80), (24, 24, 60, 81)]);
    // Twice at once: one note, the longer and louder.
    let bytes = file(b"\0\x90\x3c\x50\0\x3c\x60\x60\x3c\0\x60\x3c\0");
    assert_eq!(notes(&bytes), [(0, 48, 60, 96)]);
}

#[test]
fn format_0_is_split_by_channel() {
    let header = b"MThd\0\0\0\x06\0\0\0\x01\0\x60";
    let events =
        b"\0\xff\x03\x04Tune\0\xc0\x05\0\x90\x3c\x50\0\x99\x24\x60\x60\x80\x3c\0\0\x89\x24\0";
    let song = read(&file_with(header, events)).unwrap();
    let [tune, drums] = &song.tracks[..] else {
        panic!("{song:?}");
    };
    assert_eq!(
        (tune.channel, tune.program, tune.is_drums()),
        (0, Some(5), false)
    );
    assert_eq!(
        (drums.channel, drums.program, drums.is_drums()),
        (9, None, true)
    );
    assert_eq!(tune.name, "Tune channel 1");
}

#[test]
fn a_program_stated_in_the_conductor_track_is_found() {
    let mut bytes = file(b"\0\xc2\x07");
    bytes.extend_from_slice(&file(b"\0\x92\x3c\x50\x60\x3c\0")[HEADER_96.len()..]);
    assert_eq!(read(&bytes).unwrap().tracks[0].program, Some(7));
}

#[test]
fn tempo_meter_and_key() {
    let bytes = file(
        b"\0\xff\x51\x03\x0f\x42\x40\0\xff\x58\x04\x07\x03\x0c\x08\0\xff\x59\x02\xfd\x01\
          \x60\xff\x58\x04\x00\x02\x18\x08\0\xff\x58\x04\x04\x63\x18\x08\0\xff\x51\x03\0\0\0",
    );
    let song = read(&bytes).unwrap();
    assert_eq!(song.tempo_map, [(Tick(0), 60.0)]);
    // A meter of no beats, one over 2^99 and a tempo of no length are not taken.
    assert_eq!(song.meters, [(Tick(0), Meter::new(7, 8).unwrap())]);
    assert_eq!(
        song.keys,
        [(
            Tick(0),
            Key {
                tonic: 0,
                minor: true
            }
        )]
    );
}

#[test]
fn bars_follow_the_changes_of_meter() {
    let mut song = Song::default();
    song.meters.push((Tick(192), Meter::new(3, 4).unwrap()));
    assert_eq!(song.grid_at(Tick(191)).bar_at(Tick(191)), 1);
    assert_eq!(song.grid_at(Tick(192 + 72)).bar_at(Tick(192 + 72)), 3);
    // A bar that the change cuts short is a bar.
    song.meters[1].0 = Tick(200);
    assert_eq!(song.grid_at(Tick(200)).bar_at(Tick(200)), 3);
}

#[test]
fn every_signature_names_its_key() {
    for key in Key::all() {
        let song = Song {
            keys: vec![(Tick(0), key)],
            ..Song::default()
        };
        assert_eq!(read(&write(&song)).unwrap().keys, song.keys);
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let told = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert_eq!(told(b""), "not a MIDI file");
    assert_eq!(told(b"RIFF\0\0\0\0WAVE"), "not a MIDI file");
    assert_eq!(
        told(b"MThd\0\0\0\x06\0"),
        "damaged MIDI file: the header is cut off"
    );
    assert_eq!(told(HEADER_96), "damaged MIDI file: no track in it");
    let smpte = file_with(b"MThd\0\0\0\x06\0\x01\0\x01\xe7\x28", b"");
    assert_eq!(told(&smpte), "timed in film frames (SMPTE), not in beats");
    // The frame rate that cannot be negated in a byte.
    let smpte = file_with(b"MThd\0\0\0\x06\0\x01\0\x01\x80\x28", b"");
    assert_eq!(told(&smpte), "timed in film frames (SMPTE), not in beats");
    let patterns = file_with(b"MThd\0\0\0\x06\0\x02\0\x01\0\x60", b"");
    assert_eq!(
        told(&patterns),
        "MIDI file of format 2; only 0 and 1 are read"
    );
    let still = file_with(b"MThd\0\0\0\x06\0\x01\0\x01\0\0", b"");
    assert_eq!(
        told(&still),
        "damaged MIDI file: a quarter note has no length"
    );
}

#[test]
fn reading_stops_at_the_damage() {
    // A note, another, then a status byte that no file may hold, then one more note.
    let good = b"\0\x90\x3c\x50\x60\x3c\0\0\x3e\x51\x30\x3e\0";
    let mut events = good.to_vec();
    events.extend(b"\0\xf4\0\x90\x40\x50\x60\x40\0");
    assert_eq!(notes(&file(&events)), notes(&file(good)));
    // Cut off inside the second note.
    let bytes = file(good);
    assert_eq!(
        notes(&bytes[..bytes.len() - 3]),
        [(0, 24, 60, 80), (24, 1, 62, 81)]
    );
}

#[test]
fn notes_beyond_the_last_tick_are_left_out() {
    let mut events = b"\0\x90\x3c\x50\x60\x3c\0".to_vec();
    events.extend(b"\xff\xff\xff\x7f\x3e\x50\x60\x3e\0");
    assert_eq!(notes(&file(&events)), [(0, 24, 60, 80)]);
}

#[test]
fn a_file_wrapped_in_riff_is_read() {
    let inner = file(b"\0\x90\x3c\x50\x60\x3c\0");
    let mut bytes = b"RIFF\0\0\0\0RMIDdata".to_vec();
    bytes.extend((inner.len() as u32).to_le_bytes());
    bytes.extend(&inner);
    assert_eq!(notes(&bytes), notes(&inner));
}

#[test]
fn a_file_is_written_wholly_or_not_at_all() {
    let folder = std::env::temp_dir().join(format!("continuo-midi-file-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("song.mid");
    write_file(&path, &Song::default()).unwrap();
    assert_eq!(read_file(&path).unwrap(), Song::default());
    // A folder in the way: the move fails, and nothing is left beside it.
    let blocked = folder.join("blocked");
    fs::create_dir_all(blocked.join("full")).unwrap();
    write_file(&blocked, &Song::default()).unwrap_err();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    fs::remove_dir_all(&folder).unwrap();
}

fn any_track() -> impl Strategy<Value = Track> {
    let note = (0..2000_i64, 0..128_u8, 1..200_i64, 1..128_u8).prop_map(
        |(onset, pitch, duration, velocity)| Note {
            onset: Tick(onset),
            pitch,
            duration,
            velocity,
        },
    );
    let program = proptest::option::of(0..128_u8);
    let notes = proptest::collection::vec(note, 1..60);
    ("\\PC{0,12}", 0..16_u8, program, notes).prop_map(|(name, channel, program, mut notes)| {
        untangle(&mut notes);
        Track {
            name,
            channel,
            program,
            notes,
        }
    })
}

fn any_song() -> impl Strategy<Value = Song> {
    let tempo = (0..3000_i64, 100_000..2_000_000_u32);
    let meter = (0..3000_i64, 1..=64_i64, 0..6_u32);
    let key = (0..3000_i64, 0..12_u8, any::<bool>());
    (
        proptest::collection::vec(tempo, 0..4),
        proptest::collection::vec(meter, 0..4),
        proptest::collection::vec(key, 0..3),
        proptest::collection::vec(any_track(), 0..4),
    )
        .prop_map(|(tempi, meters, keys, tracks)| {
            let mut song = Song {
                tracks,
                ..Song::default()
            };
            for (at, micros) in tempi {
                song.tempo_map.push((Tick(at), 60e6 / f64::from(micros)));
            }
            for (at, numerator, power) in meters {
                let meter = Meter::new(numerator, 1 << power).unwrap();
                song.meters.push((Tick(at), meter));
            }
            for (at, tonic, minor) in keys {
                song.keys.push((Tick(at), Key { tonic, minor }));
            }
            song.tempo_map.sort_by_key(|(at, _)| *at);
            song.tempo_map.dedup_by_key(|(at, _)| *at);
            song.meters.sort_by_key(|(at, _)| *at);
            song.meters.dedup_by_key(|(at, _)| *at);
            song.keys.sort_by_key(|(at, _)| *at);
            song.keys.dedup_by_key(|(at, _)| *at);
            song
        })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(song in any_song()) {
        prop_assert_eq!(read(&write(&song)).unwrap(), song);
    }

    #[test]
    fn any_multiple_of_24_is_exact(
        division in 1..1365_u16, onset in 0..20_000_u32, duration in 1..20_000_u32,
    ) {
        let mut header = HEADER_96.to_vec();
        header[12..].copy_from_slice(&(24 * division).to_be_bytes());
        let mut events = Vec::new();
        let delta = |ticks: u32, events: &mut Vec<u8>| {
            let ticks = ticks * u32::from(division);
            events.extend([21, 14, 7].map(|shift| (ticks >> shift) as u8 | 0x80));
            events.push(ticks as u8 & 0x7f);
        };
        delta(onset, &mut events);
        events.extend(b"\x90\x3c\x50");
        delta(duration, &mut events);
        events.extend(b"\x3c\0");
        let read = notes(&file_with(&header, &events));
        prop_assert_eq!(read, [(i64::from(onset), i64::from(duration), 60, 80)]);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
        let _ = read(&file(&bytes));
    }

    #[test]
    fn no_damage_makes_it_panic(
        song in any_song(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = write(&song);
        *place.get_mut(&mut bytes) = byte;
        bytes.truncate(length.index(bytes.len()) + 1);
        if let Ok(song) = read(&bytes) {
            for track in &song.tracks {
                prop_assert!(track.notes.is_sorted());
                prop_assert!(track.notes.iter().all(|note| note.duration >= 1));
                prop_assert!(track.notes.iter().all(|note| note.onset <= LAST_TICK));
            }
            // What could be read can be written, and stays the same.
            prop_assert_eq!(read(&write(&song)).unwrap(), song);
        }
    }
}
