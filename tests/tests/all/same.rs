//! The same song with the same parameters gives the same notes: in any block size, in both formats, in
//! every render.

use continuo_tests::{
    clip::ClipNote,
    host::Format,
    player::{Player, Session},
    transport::Song,
};

use crate::{
    songs::{chords, melody, meter},
    support::{render, share_machine},
};

/// What must agree: tick, length in ticks, key, velocity, channel.
type Written = (i64, i64, u8, u32, u8);

fn written(
    format: Format,
    role: &str,
    clip: &[ClipNote],
    session: Session,
    drive: impl FnOnce(&mut Player) -> anyhow::Result<()>,
) -> Vec<Written> {
    let song = Song::new(48_000.0, 117.0, meter(4, 4));
    let (_, voices) = render(format, &[("Role", role)], &song, clip, session, drive);
    let tick = |samples: f64| (song.beat_of(samples) * 24.0).round() as i64;
    voices
        .iter()
        .map(|voice| {
            let on = voice.on;
            let length = voice
                .off
                .map_or(0, |off| tick((off.sample - on.sample) as f64));
            let at = (on.song_beats * 24.0).round() as i64;
            (at, length, on.pitch, on.velocity.to_bits(), on.channel)
        })
        .collect()
}

#[test]
fn block_size_and_format_change_nothing() {
    let _machine = share_machine();
    let common = meter(4, 4);
    for (role, clip) in [
        ("Bass", chords(common, 8, 0)),
        ("Continue", melody(common, 4)),
        ("Drums", chords(common, 8, 0)),
    ] {
        let play = |format, frames| {
            written(format, role, &clip, Session::offline(frames), |player| {
                player.play(32.0)
            })
        };
        let reference = play(Format::Clap, 64);
        assert!(
            reference.len() >= 8,
            "{role}: only {} notes",
            reference.len()
        );
        assert_eq!(
            play(Format::Clap, 1000),
            reference,
            "{role}: CLAP in blocks of 1000"
        );
        assert_eq!(
            play(Format::Vst3, 64),
            reference,
            "{role}: VST3 in blocks of 64"
        );
        assert_eq!(
            play(Format::Vst3, 1000),
            reference,
            "{role}: VST3 in blocks of 1000"
        );
        assert_eq!(
            play(Format::Clap, 64),
            reference,
            "{role}: the same render again"
        );
    }
}

#[test]
fn a_vst3_render_that_starts_at_once_agrees_after_half_a_second() {
    let _machine = share_machine();
    let clip = chords(meter(4, 4), 8, 0);
    let play = |format, lead_in| {
        let session = Session {
            lead_in,
            ..Session::offline(512)
        };
        written(format, "Bass", &clip, session, |player| player.play(32.0))
    };
    // A bar is longer than the half second that it takes to know the render.
    let from_the_second_bar = |mut notes: Vec<Written>| {
        notes.retain(|(at, ..)| *at >= 96);
        notes
    };
    let reference = from_the_second_bar(play(Format::Clap, 0.0));
    assert!(reference.len() >= 7, "only {} notes", reference.len());
    assert_eq!(from_the_second_bar(play(Format::Vst3, 0.0)), reference);
}

#[test]
fn another_take_is_other_music_and_comes_back() {
    let _machine = share_machine();
    let song = Song::new(48_000.0, 117.0, meter(4, 4));
    let clip = melody(meter(4, 4), 4);
    let keys = |take: &str| -> Vec<(u64, u8)> {
        let params = [("Role", "Continue"), ("Take", take)];
        let session = Session::offline(512);
        let (_, voices) = render(Format::Clap, &params, &song, &clip, session, |player| {
            player.play(32.0)
        });
        voices
            .iter()
            .map(|voice| (voice.on.sample, voice.on.pitch))
            .collect()
    };
    let first = keys("0");
    assert_ne!(keys("1"), first);
    assert_eq!(keys("0"), first);
}

#[test]
fn a_loop_agrees_from_its_second_pass_on() {
    let _machine = share_machine();
    let common = meter(4, 4);
    for format in Format::ALL {
        let clip = chords(common, 4, 0);
        let session = Session::offline(512);
        let notes = written(format, "Bass", &clip, session, |player| {
            player.set_cycle(Some((0.0, 16.0)));
            player.play(66.0)
        });
        let wraps = (1..notes.len()).filter(|&index| notes[index].0 < notes[index - 1].0);
        let starts: Vec<usize> = wraps.collect();
        assert_eq!(starts.len(), 4, "{format}: wraps in {notes:?}");
        let pass = |number: usize| &notes[starts[number - 2]..starts[number - 1]];
        assert!(pass(2).len() >= 4, "{format}: {:?}", pass(2));
        assert_eq!(pass(3), pass(2), "{format}: the third pass and the second");
        assert_eq!(pass(4), pass(2), "{format}: the fourth pass and the second");
    }
}

#[test]
fn the_sample_rate_changes_nothing() {
    let _machine = share_machine();
    let clip = chords(meter(4, 4), 8, 0);
    let play = |rate: f64| -> Vec<(i64, u8, u32)> {
        let song = Song::new(rate, 117.0, meter(4, 4));
        let params = [("Role", "Bass")];
        let session = Session::offline(1024);
        let (performance, voices) =
            render(Format::Clap, &params, &song, &clip, session, |player| {
                player.play(32.0)
            });
        assert_eq!(performance.song.rate(), rate);
        let note = |voice: &continuo_tests::check::Voice| {
            let tick = (voice.on.song_beats * 24.0).round() as i64;
            (tick, voice.on.pitch, voice.on.velocity.to_bits())
        };
        voices.iter().map(note).collect()
    };
    let reference = play(48_000.0);
    assert!(reference.len() >= 8, "only {} notes", reference.len());
    for rate in [8_000.0, 11_025.0, 44_100.0, 96_000.0, 192_000.0, 384_000.0] {
        assert_eq!(play(rate), reference, "{rate} Hz");
    }
}
