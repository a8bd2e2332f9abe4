//! The round-trip law, one text typed in, and texts that are refused.

use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::Index,
};

use super::*;
use crate::{note::Note, token::EXACT_DURATION};

fn note(onset: i64, pitch: u8, duration: i64, velocity: u8) -> Note {
    Note {
        onset: Tick(onset),
        pitch,
        duration,
        velocity,
    }
}

/// A text with a sound header.
fn under_header(rest: &str) -> String {
    format!(
        "{MAGIC} {VERSION} vocabulary {:016x}\n{rest}",
        vocabulary_hash()
    )
}

#[test]
fn a_song_on_one_screen() {
    let song = Song {
        meters: vec![
            (Tick(0), Meter::new(12, 4).unwrap()),
            (Tick(400), Meter::new(3, 4).unwrap()),
        ],
        keys: vec![(
            Tick(0),
            Key {
                tonic: 3,
                minor: false,
            },
        )],
        tracks: vec![
            Track {
                name: "Bass \"1\"\n".to_owned(),
                channel: 0,
                program: Some(33),
                notes: vec![
                    note(0, 36, 24, 82),
                    note(200, 43, 12, 82),
                    note(288, 36, 768, 82),
                    note(401, 43, 1, 2),
                ],
            },
            Track {
                name: "Drums".to_owned(),
                channel: 9,
                ..Track::default()
            },
        ],
        ..Song::default()
    };
    let text = under_header(
        "tempo 0 120\n\
         meter 0 12/4\n\
         meter 400 3/4\n\
         key 0 Eb major\n\
         track \"Bass \\\"1\\\"\\u{a}\" channel 0 program 33\n\
         bar 0\n\
         0 36 23 20\n\
         bar 0 192\n\
         8 43 11 20\n\
         bar 1\n\
         0 36 215 20\n\
         bar 2\n\
         1 43 0 0\n\
         track \"Drums\" channel 9 program -\n",
    );
    assert_eq!(to_text(&song), text);
    assert_eq!(from_text(&text).unwrap(), song);
}

#[test]
fn what_is_left_out_holds_by_default() {
    let song = from_text(&under_header("")).unwrap();
    assert_eq!(song, Song::default());
    let song = from_text(&under_header("meter 96 3/4\r\n\r\n")).unwrap();
    assert_eq!(song.meters[0], (Tick(0), Meter::COMMON));
    assert_eq!(song.meters[1], (Tick(96), Meter::new(3, 4).unwrap()));
}

#[test]
fn a_text_of_another_build_is_refused() {
    let told = |text: &str| from_text(text).unwrap_err().to_string();
    assert!(told("").starts_with("line 1: begin the text with `continuo-tokens 1 "));
    assert!(told("\n\nMThd").starts_with("line 3: begin the text with"));
    assert!(told("continuo-tokens 2 vocabulary 0").contains("version 2, this build reads 1"));
    assert!(told("continuo-tokens 1 vocabulary 0").contains("vocabulary 0, this build reads"));
}

#[test]
fn what_cannot_be_understood_is_told_with_its_line() {
    let check = |lines: &str, expected: &str| {
        let error = from_text(&under_header(lines)).unwrap_err();
        assert_eq!(error.line, lines.lines().count() + 1, "{error}");
        assert!(error.message.contains(expected), "{error}");
    };
    check("hello", "begin the line with tempo");
    check("-1 60 0 0", "begin the line with tempo");
    check("tempo 0", "write a tempo");
    check("tempo 0 inf", "write a tempo");
    check("tempo 0 -1", "write a tempo");
    check("tempo 99999999 120", "write a tempo");
    check("meter 0 4/3", "write a meter");
    check("meter 0 4", "write a meter");
    check("meter 96 4/4\nmeter 96 3/4", "96 follows 96");
    check("key 0 D# major", "only F# is a sharp");
    check("track Bass channel 0 program -", "write a track");
    check("track \"Bass channel 0 program -", "write a track");
    check("track \"\\x\" channel 0 program -", "write a track");
    check("track \"\\u{d800}\" channel 0 program -", "write a track");
    check("track \"\" channel 16 program -", "write a track");
    check("track \"\" channel 0 program 128", "write a track");
    check("bar 0", "`track` line before");
    check("0 60 0 0", "`track` and a `bar` line before");
    let track = "track \"\" channel 0 program -";
    check(&format!("{track}\ntempo 0 120"), "before the first track");
    check(&format!("{track}\n0 60 0 0"), "`bar` line before");
    check(&format!("{track}\nbar"), "write a bar");
    check(&format!("{track}\nbar -1"), "write a bar");
    check(&format!("{track}\nbar 4194304"), "no part of bar 4194304");
    check(&format!("{track}\nbar 0 96"), "no part of bar 0");
    check(&format!("{track}\nbar 0 192"), "no part of bar 0");
    check(&format!("{track}\nbar 0\n0 60 0"), "four classes");
    check(&format!("{track}\nbar 0\n0 60 0 0 0"), "four classes");
    check(
        &format!("{track}\nbar 0\n192 60 0 0"),
        "onset as a class from 0 to 191",
    );
    check(
        &format!("{track}\nbar 0\n0 128 0 0"),
        "pitch as a class from 0 to 127",
    );
    check(
        &format!("{track}\nbar 0\n0 60 216 0"),
        "duration as a class from 0 to 215",
    );
    check(
        &format!("{track}\nbar 0\n0 60 0 32"),
        "velocity as a class from 0 to 31",
    );
    check(&format!("{track}\nbar 0\n96 60 0 0"), "a later `bar` line");
    // The change of meter cuts the second bar short.
    let cut = format!("meter 0 4/4\nmeter 120 3/4\n{track}\nbar 1\n24 60 0 0");
    check(&cut, "a later `bar` line");
}

fn any_map<T: std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<(Tick, T)>> {
    btree_map(0..3000_i64, value, 0..4).prop_map(|changes| {
        let changes = changes.into_iter();
        changes.map(|(at, value)| (Tick(at), value)).collect()
    })
}

fn any_track() -> impl Strategy<Value = Track> {
    let name = vec(any::<char>(), 0..12);
    let duration = prop_oneof![1..=EXACT_DURATION, 193..1000_i64];
    let note = (0..4000_i64, 0..128_u8, duration, 1..128_u8)
        .prop_map(|(onset, pitch, duration, velocity)| note(onset, pitch, duration, velocity));
    let program = proptest::option::of(0..128_u8);
    (name, 0..16_u8, program, vec(note, 0..60)).prop_map(|(name, channel, program, mut notes)| {
        untangle(&mut notes);
        Track {
            name: name.into_iter().collect(),
            channel,
            program,
            notes,
        }
    })
}

fn any_song() -> impl Strategy<Value = Song> {
    let meter =
        (1..=64_i64, 0..6_u32).prop_map(|(beats, power)| Meter::new(beats, 1 << power).unwrap());
    let key = (0..12_u8, any::<bool>()).prop_map(|(tonic, minor)| Key { tonic, minor });
    let tempo = 1.0..1000.0_f64;
    (
        any_map(tempo),
        any_map(meter),
        any_map(key),
        vec(any_track(), 0..4),
    )
        .prop_map(|(mut tempo_map, mut meters, keys, tracks)| {
            let default = Song::default();
            begin(&mut tempo_map, &default.tempo_map);
            begin(&mut meters, &default.meters);
            Song {
                tempo_map,
                meters,
                keys,
                tracks,
            }
        })
}

/// A line of the right words in the wrong places, or no line of ours at all.
fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(tempo|meter|key|track|bar|channel|program|[0-9]{1,3}|[0-9]{1,20}|-|4/4|C major|\"|\"a\"| ){1,9}",
        "[0-9]{1,3} [0-9]{1,3} [0-9]{1,3} [0-9]{1,2}",
        "(bar|meter|tempo) [0-9]{1,4} [0-9]{1,3}(/(2|4|8))?",
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_back(song in any_song()) {
        let text = to_text(&song);
        let back = from_text(&text).unwrap();
        prop_assert_eq!(&back.tempo_map, &song.tempo_map);
        prop_assert_eq!(&back.meters, &song.meters);
        prop_assert_eq!(&back.keys, &song.keys);
        prop_assert_eq!(back.tracks.len(), song.tracks.len());
        for (track, back) in song.tracks.iter().zip(&back.tracks) {
            prop_assert_eq!(&back.name, &track.name);
            prop_assert_eq!((back.channel, back.program), (track.channel, track.program));
            prop_assert_eq!(back.notes.len(), track.notes.len());
            for (note, back) in track.notes.iter().zip(&back.notes) {
                prop_assert_eq!((back.onset, back.pitch), (note.onset, note.pitch));
                let allowed = if note.duration <= EXACT_DURATION { 0 } else { 12 };
                let off = (back.duration - note.duration.min(768)).abs();
                prop_assert!(off <= allowed, "{:?} came back as {:?}", note, back);
                prop_assert!(back.velocity.abs_diff(note.velocity) <= 2);
            }
        }
        prop_assert_eq!(to_text(&back), text);
    }

    #[test]
    fn a_line_that_says_nothing_is_named(song in any_song(), place in any::<Index>()) {
        let text = to_text(&song);
        let mut lines: Vec<&str> = text.lines().collect();
        let place = place.index(lines.len());
        lines[place] = "nothing";
        let error = from_text(&lines.join("\n")).unwrap_err();
        prop_assert_eq!(error.line, place + 1);
    }

    #[test]
    fn no_text_makes_it_panic(
        song in any_song(), place in any::<Index>(), line in any_line(), text in any::<String>(),
    ) {
        let _ = from_text(&text);
        let sound = to_text(&song);
        let mut lines: Vec<&str> = sound.lines().collect();
        *place.get_mut(&mut lines) = line.as_str();
        let damaged = lines.join("\n");
        match from_text(&damaged) {
            Err(error) => prop_assert!((1..=damaged.lines().count()).contains(&error.line)),
            // What could be read can be written, and stays the same.
            Ok(song) => {
                let text = to_text(&song);
                prop_assert_eq!(to_text(&from_text(&text).unwrap()), text);
            }
        }
    }
}
