//! What few hosts and players do, each once on purpose; [`random`](crate::random) mixes them.

use continuo_tests::{
    check,
    clip::ClipNote,
    host::{ANY, Format, NoteEvent, NoteKind, Tells},
    player::{Player, Session},
    transport::{BlockSizes, Song},
};

use crate::{
    laws::in_every_host,
    songs::{chords, melody, meter},
    support::{render, share_machine},
};

const BASS: [(&str, &str); 1] = [("Role", "Bass")];

fn four_chords() -> Vec<ClipNote> {
    chords(meter(4, 4), 4, 0)
}

fn song() -> Song {
    Song::new(48_000.0, 132.0, meter(4, 4))
}

fn key(offset: u32, kind: NoteKind, channel: u8, pitch: u8, velocity: f32) -> NoteEvent {
    NoteEvent {
        offset,
        kind,
        channel,
        pitch,
        velocity,
    }
}

#[test]
fn a_loop_that_is_moved_while_it_plays_ends_every_note() {
    in_every_host(&BASS, &chords(meter(4, 4), 8, 0), |player| {
        player.set_cycle(Some((0.0, 8.0)));
        player.play(5.3)?;
        // Around the playhead, behind it, ahead of it.
        player.set_cycle(Some((4.0, 7.0)));
        player.play(6.1)?;
        player.set_cycle(Some((0.0, 2.0)));
        player.play(5.0)?;
        player.set_cycle(Some((16.0, 20.0)));
        player.play(12.5)
    });
}

#[test]
fn loops_of_no_length_and_of_a_sixteenth_leave_no_note_hanging() {
    in_every_host(&BASS, &four_chords(), |player| {
        player.play(4.0)?;
        player.set_cycle(Some((5.0, 5.0)));
        player.play(3.0)?;
        player.set_cycle(Some((8.0, 8.25)));
        player.play(3.0)?;
        player.set_cycle(None);
        player.play(6.0)
    });
}

#[test]
fn a_pre_roll_before_the_origin_is_played_through() {
    in_every_host(&BASS, &four_chords(), |player| {
        player.seek(-6.5);
        player.play(16.0)
    });
}

#[test]
fn without_a_transport_notes_pass_and_nothing_is_generated() {
    let _machine = share_machine();
    for format in Format::ALL {
        let session = Session {
            tells: Tells::Nothing,
            ..Session::offline(512)
        };
        let clip = four_chords();
        let (performance, voices) = render(format, &BASS, &song(), &clip, session, |player| {
            player.play(16.0)
        });
        assert!(voices.is_empty(), "{format}: {} notes", voices.len());
        assert_eq!(performance.played.len(), 2 * clip.len(), "{format}");
    }
}

#[test]
fn blocks_of_no_samples_and_of_8192_are_played() {
    let _machine = share_machine();
    for (format, blocks) in [
        (Format::Clap, BlockSizes::Wild(3)),
        (Format::Clap, BlockSizes::Constant(8192)),
        (Format::Vst3, BlockSizes::Wild(4)),
        (Format::Vst3, BlockSizes::Constant(8192)),
    ] {
        let session = Session {
            blocks,
            ..Session::offline(0)
        };
        let (_, voices) = render(format, &BASS, &song(), &four_chords(), session, |player| {
            for _ in 0..8 {
                player.play(1.9)?;
                player.between_blocks(&[])?;
            }
            Ok(())
        });
        assert!(
            voices.len() >= 4,
            "{format} {blocks:?}: {} notes",
            voices.len()
        );
    }
}

#[test]
fn a_plugin_that_is_activated_again_and_again_plays_on() {
    in_every_host(&BASS, &chords(meter(4, 4), 8, 1), |player| {
        for _ in 0..3 {
            player.reactivate()?;
            player.play(7.3)?;
            player.reactivate()?;
        }
        player.play(4.0)
    });
}

#[test]
fn a_state_that_is_loaded_while_it_plays_leaves_no_note_hanging() {
    in_every_host(&BASS, &chords(meter(4, 4), 8, 2), |player| {
        player.play(5.7)?;
        let bass = player.save_state()?;
        player.set("Role", "Drums")?;
        player.play(5.1)?;
        player.load_state(&bass)?;
        player.play(5.2)?;
        player.load_state(&bass)?;
        player.play(6.0)
    });
}

#[test]
fn parameters_that_are_automated_in_every_block_starve_no_plan() {
    let _machine = share_machine();
    for format in Format::ALL {
        for name in [
            "Density",
            "Adventure",
            "Dynamics",
            "Swing",
            "Humanize",
            "Take",
        ] {
            let session = Session::offline(512);
            let clip = chords(meter(4, 4), 8, 0);
            let (_, voices) = render(format, &BASS, &song(), &clip, session, |player| {
                for block in 0..400 {
                    player.automate(name, f64::from(block % 100) / 100.0)?;
                    player.play(0.05)?;
                }
                Ok(())
            });
            assert!(
                voices.len() >= 4,
                "{format} {name}: only {} notes",
                voices.len()
            );
        }
    }
}

/// All that a keyboard can send and a DAW rarely does.
fn wild_keys(player: &mut Player, format: Format) -> anyhow::Result<()> {
    for channel in 0..16 {
        player.play_live(key(u32::from(channel), NoteKind::On, channel, 64, 0.5));
        player.play_live(key(9_000, NoteKind::Off, channel, 64, 0.0));
    }
    player.play(1.0)?;
    // A note-on of velocity 0 is none of a note-off.
    player.play_live(key(10, NoteKind::On, 3, 50, 0.0));
    player.play_live(key(5_000, NoteKind::Off, 3, 50, 0.0));
    // The same key twice, then let go twice.
    for (offset, kind) in [
        (20, NoteKind::On),
        (90, NoteKind::On),
        (300, NoteKind::Off),
        (900, NoteKind::Off),
    ] {
        player.play_live(key(offset, kind, 0, 72, 0.7));
    }
    player.play(1.0)?;
    for note in 0..1000_u16 {
        let (channel, pitch) = ((note % 16) as u8, 30 + (note / 16) as u8);
        player.play_live(key(1, NoteKind::On, channel, pitch, 0.6));
        player.play_live(key(700, NoteKind::Off, channel, pitch, 0.0));
    }
    player.play(2.0)?;
    if format == Format::Clap {
        for (channel, pitch) in [(ANY, 60), (0, ANY), (ANY, ANY)] {
            player.play_live(key(0, NoteKind::On, 0, 90, 0.4));
            player.play_live(key(800, NoteKind::Off, channel, pitch, 0.0));
            player.play_live(key(4_000, NoteKind::Off, 0, 90, 0.0));
            player.play(1.5)?;
        }
    }
    player.play(4.0)
}

#[test]
fn sixteen_channels_wildcards_doubled_keys_velocity_0_and_a_thousand_notes_in_a_block_pass() {
    let _machine = share_machine();
    for format in Format::ALL {
        for lookahead in ["0 ms", "120 ms"] {
            let params = [("Role", "Bass"), ("Lookahead", lookahead)];
            let clip = melody(meter(4, 4), 4);
            let session = Session::offline(512);
            let (performance, _) = render(format, &params, &song(), &clip, session, |player| {
                wild_keys(player, format)
            });
            let passed = check::tell_apart(&performance).thru;
            assert!(passed.len() >= 2000, "{format}: {} passed", passed.len());
        }
    }
}
