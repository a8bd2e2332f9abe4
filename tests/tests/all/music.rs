//! What is generated is music that fits: a bass under its chords and in the key, a melody that goes on.

use continuo_tests::{
    check::Voice,
    host::{Format, NoteKind},
    player::{Performance, Session},
    transport::Song,
};

use crate::{
    songs::{VOICINGS, chords, melody, meter},
    support::{render, share_machine},
};

/// The lowest key that was held on the input at `sample` of the render.
fn lowest_heard(performance: &Performance, sample: u64) -> Option<u8> {
    let mut held = Vec::new();
    for event in performance
        .heard
        .iter()
        .take_while(|event| event.sample <= sample)
    {
        match event.kind {
            NoteKind::On => held.push(event.pitch),
            NoteKind::Off => held.retain(|pitch| *pitch != event.pitch),
        }
    }
    held.into_iter().min()
}

/// Whether one of `voices` sounds somewhere in bar `number` (from 0) of a song in 4/4.
fn sounds_in_bar(performance: &Performance, voices: &[Voice], number: i64) -> bool {
    let start = performance.song.sample_of_tick(number * 96) as u64;
    let end = performance.song.sample_of_tick((number + 1) * 96) as u64;
    voices.iter().any(|voice| {
        voice.on.sample + 1 < end && voice.off.is_none_or(|off| off.sample > start + 1)
    })
}

#[test]
fn a_bass_plays_in_every_bar_below_the_chords_and_in_the_key() {
    let _machine = share_machine();
    let common = meter(4, 4);
    let song = Song::new(48_000.0, 120.0, common);
    for format in Format::ALL {
        for voicing in 0..VOICINGS {
            let clip = chords(common, 8, voicing);
            let session = Session::offline(512);
            let params = [("Role", "Bass")];
            let (performance, voices) = render(format, &params, &song, &clip, session, |player| {
                player.play(32.0)
            });
            for bar in 0..8 {
                assert!(
                    sounds_in_bar(&performance, &voices, bar),
                    "{format}, voicing {voicing}: bar {} is empty",
                    bar + 1
                );
            }
            for voice in &voices {
                let on = voice.on;
                if let Some(lowest) = lowest_heard(&performance, on.sample) {
                    let place = song.bar_and_beat(on.song_beats);
                    assert!(
                        on.pitch < lowest,
                        "{format}, voicing {voicing}: bass {} at {place} is not below {lowest}",
                        on.pitch
                    );
                }
            }
            let in_key = |voice: &&Voice| [0, 2, 4, 5, 7, 9, 11].contains(&(voice.on.pitch % 12));
            let share = voices.iter().filter(in_key).count() as f64 / voices.len() as f64;
            assert!(
                share >= 0.95,
                "{format}, voicing {voicing}: {share:.2} in C major"
            );
        }
    }
}

#[test]
fn a_melody_goes_on_for_eight_bars_without_an_empty_one() {
    let _machine = share_machine();
    let common = meter(4, 4);
    let song = Song::new(48_000.0, 110.0, common);
    for format in Format::ALL {
        let clip = melody(common, 4);
        let session = Session::offline(512);
        let params = [("Role", "Continue")];
        let (performance, voices) = render(format, &params, &song, &clip, session, |player| {
            player.play(48.0)
        });
        for bar in 4..12 {
            assert!(
                sounds_in_bar(&performance, &voices, bar),
                "{format}: bar {} is empty",
                bar + 1
            );
        }
    }
}
