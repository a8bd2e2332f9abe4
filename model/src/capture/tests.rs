//! Small songs played through loops, jumps and stops, and where their notes come to stand.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::{
    chord::Key,
    controls::Scale,
    fit::{Bend, Bounds},
    midi_file::{self, Song},
    planner::Planned,
    time::Meter,
};

fn bars() -> BarGrid {
    BarGrid::from_origin(Meter::COMMON)
}

fn bass() -> Controls {
    Controls {
        role: Role::Bass,
        ..Controls::default()
    }
}

fn plan(capture: &mut Capture, pass: u32, note: Note) {
    plan_as(capture, pass, note, Fit::AsPlanned, false);
}

fn plan_as(capture: &mut Capture, pass: u32, note: Note, fit: Fit, yields: bool) {
    let planned = Planned { note, fit, yields };
    capture.take(&Action::Note { pass, planned }, bars(), &bass());
}

/// Plays from `from` to `to`, a quarter note of bass on each quarter.
fn roll(capture: &mut Capture, pass: u32, from: i64, to: i64) {
    for at in (from..to).filter(|at| at % 24 == 0) {
        plan(capture, pass, Note::plain(at, 24, 40));
    }
    capture.listen_to(Tick(to));
}

fn row(capture: &Capture) -> Row {
    capture.row(&bass()).expect("something was played")
}

/// Onset and duration of what the bass played, in the row.
fn own(capture: &Capture) -> Vec<(i64, i64)> {
    let row = row(capture);
    let notes = row.parts.iter().flat_map(|part| &part.notes);
    notes
        .map(|played| (played.note.onset.0, played.note.duration))
        .collect()
}

/// Onset, duration and pitch of what was heard, in the row.
fn heard(capture: &Capture) -> Vec<(i64, i64, u8)> {
    let row = row(capture);
    let notes = row.song.tracks.iter().flat_map(|track| &track.notes);
    notes
        .map(|note| (note.onset.0, note.duration, note.pitch))
        .collect()
}

#[test]
fn the_passes_of_a_loop_stand_in_a_row() {
    let mut capture = Capture::default();
    capture.start(Tick(192), bars(), 100.0);
    for pass in 0..3 {
        if pass > 0 {
            capture.wrap(Some(Tick(384)), Tick(192), bars(), 100.0);
        }
        roll(&mut capture, pass, 192, 384);
    }
    let expected: Vec<(i64, i64)> = (0..24).map(|quarter| (quarter * 24, 24)).collect();
    assert_eq!(own(&capture), expected);
    let song = row(&capture).song;
    assert_eq!(song.tempo_map, [(Tick(0), 100.0)]);
    assert_eq!(song.meters, [(Tick(0), Meter::COMMON)]);
}

#[test]
fn a_note_ends_where_the_loop_comes_round_and_a_held_key_does_not() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    capture.note_on(Tick(72), 0, 60, 80);
    plan(&mut capture, 0, Note::plain(84, 48, 40));
    capture.listen_to(Tick(96));
    capture.wrap(Some(Tick(96)), Tick(0), bars(), 120.0);
    capture.note_off(Tick(12), 0, 60);
    capture.listen_to(Tick(24));
    assert_eq!(own(&capture), [(84, 12)]);
    assert_eq!(heard(&capture), [(72, 36, 60)]);
}

#[test]
fn what_comes_after_a_stop_or_a_jump_begins_in_a_bar_of_its_own() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    roll(&mut capture, 0, 0, 48);
    capture.stop();
    // From the third beat of another bar on.
    capture.start(Tick(96 * 5 + 48), bars(), 120.0);
    roll(&mut capture, 0, 96 * 5 + 48, 96 * 6 + 24);
    capture.start(Tick(0), bars(), 120.0);
    roll(&mut capture, 0, 0, 24);
    let onsets: Vec<i64> = own(&capture).iter().map(|note| note.0).collect();
    assert_eq!(onsets, [0, 24, 96 + 48, 96 + 72, 192, 288]);
}

#[test]
fn a_void_plan_is_not_played_and_the_music_goes_on_in_its_bar() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    plan(&mut capture, 0, Note::plain(0, 96, 40));
    plan(&mut capture, 0, Note::plain(48, 24, 41));
    capture.listen_to(Tick(36));
    capture.start(Tick(36), bars(), 120.0);
    plan(&mut capture, 0, Note::plain(72, 24, 43));
    capture.listen_to(Tick(96));
    assert_eq!(own(&capture), [(0, 36), (72, 24)]);
}

#[test]
fn a_loop_of_no_whole_bars_has_short_bars_at_its_end() {
    let mut capture = Capture::default();
    // Five beats from the second beat of a bar on, twice; they come round to the second beat.
    capture.start(Tick(24), bars(), 120.0);
    roll(&mut capture, 0, 24, 144);
    capture.wrap(Some(Tick(144)), Tick(24), bars(), 120.0);
    roll(&mut capture, 1, 24, 144);
    let onsets: Vec<i64> = own(&capture).iter().map(|note| note.0).collect();
    assert_eq!(
        onsets,
        (1..11).map(|quarter| quarter * 24).collect::<Vec<_>>()
    );
    let (two, three) = (Meter::new(2, 4).unwrap(), Meter::new(3, 4).unwrap());
    assert_eq!(
        row(&capture).song.meters,
        [
            (Tick(0), Meter::COMMON),
            (Tick(96), two),
            (Tick(144), three),
            (Tick(216), Meter::COMMON),
        ]
    );
}

#[test]
fn a_change_of_meter_in_mid_play_is_a_change_in_the_row() {
    let three = Meter::new(3, 4).unwrap();
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    roll(&mut capture, 0, 0, 96);
    let grid = BarGrid {
        downbeat: Tick(96),
        number: 1,
        meter: three,
    };
    capture.change(Tick(96), grid, 90.0);
    roll(&mut capture, 0, 96, 168);
    let song = row(&capture).song;
    assert_eq!(song.meters, [(Tick(0), Meter::COMMON), (Tick(96), three)]);
    assert_eq!(song.tempo_map, [(Tick(0), 120.0), (Tick(96), 90.0)]);
    assert_eq!(own(&capture).len(), 7);
}

#[test]
fn the_row_begins_in_the_bar_in_which_something_first_sounds() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 80.0);
    capture.listen_to(Tick(96 * 3));
    capture.change(Tick(96 * 3), bars(), 90.0);
    capture.note_on(Tick(96 * 3 + 24), 0, 60, 80);
    capture.note_off(Tick(96 * 3 + 48), 0, 60);
    capture.listen_to(Tick(96 * 4));
    assert_eq!(heard(&capture), [(24, 24, 60)]);
    assert_eq!(row(&capture).song.tempo_map, [(Tick(0), 90.0)]);
    assert!(Capture::default().row(&bass()).is_none());
}

#[test]
fn tempo_is_told_as_coarsely_as_it_is_heard() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    roll(&mut capture, 0, 0, 96);
    for (at, tempo) in [
        (12, 120.05),
        (24, 121.0),
        (24, 122.0),
        (48, 122.1),
        (72, 120.0),
    ] {
        capture.change(Tick(at), bars(), tempo);
        capture.listen_to(Tick(at));
    }
    // Places that are past count from now on.
    assert_eq!(
        row(&capture).song.tempo_map,
        [(Tick(0), 120.0), (Tick(96), 120.0)]
    );
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    for (at, tempo) in [
        (12, 120.05),
        (24, 121.0),
        (24, 122.0),
        (48, 122.1),
        (72, 120.0),
    ] {
        capture.change(Tick(at), bars(), tempo);
    }
    roll(&mut capture, 0, 72, 96);
    assert_eq!(
        capture.tempi,
        [(Tick(0), 120.0), (Tick(24), 122.0), (Tick(72), 120.0)]
    );
}

#[test]
fn no_more_than_the_last_bars_are_kept() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    for bar in 0..200 {
        roll(&mut capture, 0, bar * 96, bar * 96 + 96);
    }
    assert_eq!(own(&capture).len(), 64 * 4);
    assert_eq!(own(&capture)[0].0, 0);
    for pass in 1..500 {
        capture.wrap(None, Tick(0), bars(), 120.0);
        roll(&mut capture, pass, 0, 48);
    }
    assert!(capture.stretches.len() <= 64 && capture.own.len() <= 64 * 4);
}

#[test]
fn a_flood_of_notes_is_bounded() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    for at in 0..3000 {
        for pitch in 0..40 {
            capture.note_on(Tick(at), 0, pitch, 80);
        }
        capture.listen_to(Tick(at + 1));
    }
    assert!(capture.heard.len() <= MOST_NOTES);
}

#[test]
fn a_guessed_bass_note_is_kept_as_it_bent() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    plan_as(
        &mut capture,
        0,
        Note::plain(24, 24, 40),
        Fit::Bent(Bend::Root, Bounds::NONE),
        false,
    );
    plan_as(
        &mut capture,
        0,
        Note::plain(192, 24, 40),
        Fit::Bent(Bend::Root, Bounds::NONE),
        false,
    );
    for pitch in [60, 65, 69] {
        capture.note_on(Tick(24), 0, pitch, 80);
    }
    capture.listen_to(Tick(30));
    for pitch in [60, 65, 69] {
        capture.note_off(Tick(48), 0, pitch);
    }
    capture.listen_to(Tick(288));
    let pitches: Vec<u8> = capture.played().iter().map(|own| own.note.pitch).collect();
    assert_eq!(
        pitches,
        [41],
        "F, and nothing when nobody has played for a bar"
    );
}

#[test]
fn a_melody_is_silent_while_the_player_plays() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    for at in [0, 12, 36, 48] {
        plan_as(
            &mut capture,
            0,
            Note::plain(at, 24, 70),
            Fit::AsPlanned,
            true,
        );
    }
    capture.listen_to(Tick(6));
    capture.note_on(Tick(6), 0, 60, 80);
    capture.note_off(Tick(20), 0, 60);
    capture.listen_to(Tick(96));
    assert_eq!(own(&capture), [(0, 6), (36, 12), (48, 24)]);
}

#[test]
fn a_correction_and_a_release_are_kept() {
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 120.0);
    plan(&mut capture, 0, Note::plain(0, 96, 40));
    plan(&mut capture, 0, Note::plain(48, 48, 45));
    capture.listen_to(Tick(27));
    let actions = [
        Action::Replace {
            pass: 0,
            from: Tick(30),
            to: Tick(96),
        },
        Action::Release {
            pass: 0,
            at: Tick(30),
            pitch: 40,
        },
    ];
    for action in actions {
        capture.take(&action, bars(), &bass());
    }
    plan(&mut capture, 0, Note::plain(30, 66, 41));
    capture.listen_to(Tick(96));
    assert_eq!(own(&capture), [(0, 30), (30, 66)]);
}

#[test]
fn the_file_has_swing_names_meter_tempo_and_key() {
    let controls = Controls {
        swing: 2.0 / 3.0,
        key: Some(2),
        scale: Scale::Dorian,
        channel: Some(4),
        ..bass()
    };
    let mut capture = Capture::default();
    capture.start(Tick(0), bars(), 90.0);
    let planned = Planned {
        note: Note::plain(12, 12, 40),
        fit: Fit::AsPlanned,
        yields: false,
    };
    capture.take(&Action::Note { pass: 0, planned }, bars(), &controls);
    capture.note_on(Tick(0), 1, 62, 70);
    capture.listen_to(Tick(96));
    let bytes = capture.row(&controls).expect("a row").to_bytes();
    let song = midi_file::read(&bytes).expect("a MIDI file");
    let names: Vec<(&str, u8)> = song
        .tracks
        .iter()
        .map(|track| (track.name.as_str(), track.channel))
        .collect();
    assert_eq!(names, [("Heard", 1), ("Bass", 4)]);
    assert_eq!(
        song.tracks[0].notes[0].duration, 96,
        "the key is still down"
    );
    assert_eq!(song.tracks[1].notes[0].onset, Tick(16));
    assert_eq!(song.tracks[1].notes[0].end(), Tick(24));
    let key = Key {
        tonic: 2,
        minor: true,
    };
    assert_eq!(song.keys, [(Tick(0), key)]);
    assert!((song.tempo_at(Tick(0)) - 90.0).abs() < 0.001);
}

#[test]
fn a_held_phrase_begins_at_bar_1() {
    let place = Place {
        grid: bars(),
        tempo: 132.0,
    };
    let notes = [
        Note::plain(96 * 7 + 24, 24, 40),
        Note::plain(96 * 8, 24, 43),
    ];
    let row = Row::of_phrase(&notes, Tick(96 * 7), place, &bass()).expect("notes");
    let onsets: Vec<i64> = row.parts[0]
        .notes
        .iter()
        .map(|own| own.note.onset.0)
        .collect();
    assert_eq!(onsets, [24, 96]);
    assert_eq!(row.song.tempo_map, [(Tick(0), 132.0)]);
    assert_eq!(Row::of_phrase(&[], Tick(0), place, &bass()), None);
}

/// A new folder for one test.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("continuo-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn files_get_a_name_of_their_own_in_a_folder_that_is_made() {
    let folder = folder("captured");
    let captured = |bytes: &[u8]| Captured {
        role: Role::Bass,
        bytes: bytes.to_vec(),
    };
    let inner = folder.join("takes");
    let first = captured(b"one").write(&inner).expect("a file");
    let second = captured(b"two").write(&inner).expect("another");
    assert_eq!(first, inner.join("Continuo Bass 1.mid"));
    assert_eq!(second, inner.join("Continuo Bass 2.mid"));
    assert_eq!(fs::read(first).expect("the first"), b"one");
    // What stands where the folder should be is no folder.
    let error = captured(b"three")
        .write(&second)
        .expect_err("a file is no folder");
    assert!(
        error.to_string().contains("cannot make the folder"),
        "{error}"
    );
    let _ = fs::remove_dir_all(&folder);
}

/// What a host does next.
#[derive(Clone, Debug)]
enum Step {
    Play(i64),
    Wrap(i64),
    Jump(i64),
    Stop,
    Meter(Meter),
}

fn step() -> impl Strategy<Value = Step> {
    let meter = (1..8i64, prop::sample::select(vec![2, 4, 8]));
    prop_oneof![
        4 => (1..400i64).prop_map(Step::Play),
        2 => (0..64i64).prop_map(|sixteenth| Step::Wrap(sixteenth * 6)),
        1 => (0..64i64).prop_map(|sixteenth| Step::Jump(sixteenth * 6)),
        1 => Just(Step::Stop),
        1 => meter.prop_map(|(n, d)| Step::Meter(Meter::new(n, d).unwrap())),
    ]
}

proptest! {
    /// Whatever a host does, each tick that was played stands once in the row, in the order in which it was
    /// played and as far into its bar as it stood in the song.
    #[test]
    fn what_was_played_stands_once_in_order_and_in_its_bar(
        steps in prop::collection::vec(step(), 1..24)
    ) {
        let mut capture = Capture::whole();
        let (mut at, mut pass, mut playing) = (0i64, 0u32, false);
        let mut grid = bars();
        let mut into_bar = Vec::new();
        for step in steps {
            if !playing {
                capture.start(Tick(at), grid, 120.0);
                (playing, pass) = (true, 0);
            }
            match step {
                Step::Play(ticks) => {
                    let ticks = ticks / 6 * 6;
                    for sixteenth in (at..at + ticks).step_by(6) {
                        plan(&mut capture, pass, Note::plain(sixteenth, 1, 40));
                        into_bar.push(grid.position_in_bar(Tick(sixteenth)));
                    }
                    at += ticks;
                    capture.listen_to(Tick(at));
                }
                Step::Wrap(to) => {
                    capture.wrap(None, Tick(to), grid, 120.0);
                    (at, pass) = (to, pass + 1);
                }
                Step::Jump(to) => {
                    capture.start(Tick(to), grid, 120.0);
                    (at, pass) = (to, 0);
                }
                Step::Stop => {
                    capture.stop();
                    playing = false;
                }
                Step::Meter(meter) => {
                    grid = BarGrid { downbeat: Tick(at), number: 0, meter };
                    capture.change(Tick(at), grid, 120.0);
                }
            }
        }
        let Some(row) = capture.row(&bass()) else {
            prop_assert!(into_bar.is_empty());
            return Ok(());
        };
        let song: Song = row.song;
        let onsets: Vec<Tick> = row.parts[0].notes.iter().map(|own| own.note.onset).collect();
        prop_assert!(onsets.is_sorted_by(|a, b| a < b), "{onsets:?}");
        prop_assert_eq!(onsets.len(), into_bar.len());
        for pair in song.meters.windows(2) {
            let grid = song.grid_at(pair[1].0 - 1);
            prop_assert_eq!(grid.position_in_bar(pair[1].0), 0, "{:?}", song.meters);
        }
        for (onset, into_bar) in onsets.iter().zip(into_bar) {
            let grid = song.grid_at(*onset);
            // In a short bar the end of the bar is where it was.
            let place = grid.position_in_bar(*onset);
            prop_assert!(place <= into_bar || song.meters.len() > 1, "{place} for {into_bar}");
        }
    }
}
