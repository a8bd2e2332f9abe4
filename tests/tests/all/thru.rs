//! What is played passes on unchanged, or not at all with Thru off; a stopped transport adds nothing.

use continuo_tests::{
    check,
    host::{Format, NoteEvent, NoteKind},
    player::{Player, Session},
    transport::Song,
};

use crate::{
    songs::{chords, meter},
    support::{Numbers, render, share_machine},
};

/// Samples between two notes of [`play_live`]; a prime, so that they miss the grid and the blocks.
const STEP: u32 = 7919;

/// Twenty notes of a live player on several channels, of odd loudness, that overlap.
fn play_live(player: &mut Player) {
    let mut numbers = Numbers(42);
    for index in 0..20 {
        let note = NoteEvent {
            offset: 11 + index * STEP,
            kind: NoteKind::On,
            channel: numbers.below(3) as u8,
            pitch: (84 + index) as u8,
            velocity: (1 + numbers.below(1000)) as f32 / 1013.0,
        };
        player.play_live(note);
        player.play_live(NoteEvent {
            offset: note.offset + STEP + 500,
            kind: NoteKind::Off,
            velocity: 0.25,
            ..note
        });
    }
}

fn song() -> Song {
    Song::new(48_000.0, 120.0, meter(4, 4))
}

#[test]
fn heard_notes_pass_on_unchanged_in_order() {
    let _machine = share_machine();
    for format in Format::ALL {
        for (frames, lookahead) in [(64, "0 ms"), (1000, "0 ms"), (512, "60 ms")] {
            let params = [("Role", "Bass"), ("Lookahead", lookahead)];
            let session = Session::offline(frames);
            let clip = chords(meter(4, 4), 4, 0);
            let (performance, _) = render(format, &params, &song(), &clip, session, |player| {
                play_live(player);
                player.play(16.0)
            });
            let thru = check::tell_apart(&performance).thru;
            assert_eq!(thru.len(), performance.heard.len());
            assert_eq!(thru.len(), 2 * (clip.len() + 20));
            let expected = if lookahead == "0 ms" { 0 } else { 60 * 48 };
            assert_eq!(
                performance.latency, expected,
                "{format}: latency at {lookahead}"
            );
        }
    }
}

#[test]
fn with_thru_off_no_heard_note_passes() {
    let _machine = share_machine();
    for format in Format::ALL {
        let params = [("Role", "Bass"), ("Thru", "Off")];
        let session = Session::offline(512);
        let clip = chords(meter(4, 4), 4, 0);
        let (performance, voices) = render(format, &params, &song(), &clip, session, |player| {
            play_live(player);
            player.play(16.0)
        });
        assert!(!voices.is_empty(), "{format}: nothing was generated");
        let heard = |on: &check::Voice| {
            let same = |event: &continuo_tests::player::Played| {
                event.sample == on.on.sample && event.pitch == on.on.pitch
            };
            performance.heard.iter().any(same)
        };
        assert!(!voices.iter().any(heard), "{format}: a heard note passed");
    }
}

#[test]
fn a_stopped_transport_passes_notes_and_generates_nothing() {
    let _machine = share_machine();
    for format in Format::ALL {
        for role in ["Continue", "Bass", "Chords", "Counter", "Drums"] {
            let params = [("Role", role)];
            let session = Session::offline(512);
            let (performance, voices) = render(format, &params, &song(), &[], session, |player| {
                play_live(player);
                player.stop(5.0)
            });
            assert!(
                voices.is_empty(),
                "{format} {role}: {} notes generated",
                voices.len()
            );
            assert_eq!(performance.played.len(), 40, "{format} {role}");
        }
    }
}

#[test]
fn a_bypassed_plugin_passes_notes_and_generates_nothing() {
    let _machine = share_machine();
    for format in Format::ALL {
        let params = [("Role", "Chords"), ("Bypass", "On")];
        let session = Session::offline(512);
        let clip = chords(meter(4, 4), 4, 0);
        let (performance, voices) = render(format, &params, &song(), &clip, session, |player| {
            player.play(16.0)
        });
        assert!(
            voices.is_empty(),
            "{format}: {} notes generated",
            voices.len()
        );
        assert_eq!(performance.played.len(), 2 * clip.len(), "{format}");
    }
}
