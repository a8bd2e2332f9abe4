//! No note hangs, nothing sounds on, nothing is out of order, whatever the transport and the musician do.
//! [`continuo_tests::check`] holds the laws; [`render`] applies them to everything.

use continuo_tests::{
    check,
    clip::ClipNote,
    host::Format,
    player::{Changes, Player, Session},
    transport::{BlockSizes, Song},
};

use crate::{
    songs::{chords, melody, meter},
    support::{Numbers, render, share_machine},
};

/// Renders in 4/4 at 110 under both formats, and in CLAP with and without split blocks.
pub fn in_every_host(
    params: &[(&str, &str)],
    clip: &[ClipNote],
    drive: impl Fn(&mut Player) -> anyhow::Result<()>,
) {
    let _machine = share_machine();
    let song = Song::new(48_000.0, 110.0, meter(4, 4));
    for (format, changes, blocks) in [
        (Format::Clap, Changes::Inside, BlockSizes::Constant(512)),
        (Format::Clap, Changes::Split, BlockSizes::Mixed(11)),
        (Format::Clap, Changes::Everywhere, BlockSizes::Mixed(11)),
        (Format::Vst3, Changes::Inside, BlockSizes::Constant(1024)),
        (Format::Vst3, Changes::Inside, BlockSizes::Mixed(11)),
    ] {
        let session = Session {
            blocks,
            changes,
            ..Session::offline(0)
        };
        let (_, voices) = render(format, params, &song, clip, session, &drive);
        assert!(!voices.is_empty(), "{format}: nothing was generated");
    }
}

#[test]
fn a_stop_ends_every_note_and_play_goes_on() {
    in_every_host(&[("Role", "Chords")], &melody(meter(4, 4), 8), |player| {
        player.play(6.3)?;
        player.stop(0.2)?;
        player.play(5.1)?;
        player.stop(0.0)?;
        player.play(4.0)
    });
}

#[test]
fn a_jump_ends_every_note() {
    in_every_host(&[("Role", "Bass")], &chords(meter(4, 4), 8, 0), |player| {
        player.play(5.4)?;
        player.seek(17.2);
        player.play(4.3)?;
        player.seek(0.0);
        player.play(3.9)?;
        player.stop(0.1)?;
        player.seek(8.0);
        player.play(4.0)
    });
}

#[test]
fn a_loop_wrap_ends_every_note() {
    in_every_host(&[("Role", "Chords")], &melody(meter(4, 4), 4), |player| {
        player.set_cycle(Some((0.0, 8.0)));
        player.play(26.5)
    });
    // A loop that is no whole number of bars, of beats, of samples or of blocks.
    in_every_host(&[("Role", "Bass")], &chords(meter(4, 4), 4, 2), |player| {
        player.set_cycle(Some((1.5, 5.25)));
        player.play(20.0)?;
        player.set_cycle(None);
        player.play(6.0)
    });
}

#[test]
fn a_change_of_role_or_channel_ends_every_note() {
    in_every_host(&[("Role", "Bass")], &chords(meter(4, 4), 8, 3), |player| {
        for role in ["Chords", "Drums", "Counter", "Continue", "Bass"] {
            player.play(4.7)?;
            player.set("Role", role)?;
        }
        player.play(3.2)?;
        player.set("Channel", "5")?;
        player.play(3.2)
    });
}

#[test]
fn bypass_ends_every_note_and_lets_go_again() {
    in_every_host(&[("Role", "Chords")], &melody(meter(4, 4), 8), |player| {
        for bypass in ["On", "Off", "On", "Off"] {
            player.play(5.3)?;
            player.set("Bypass", bypass)?;
        }
        player.play(4.0)
    });
}

#[test]
fn a_reset_ends_every_note() {
    in_every_host(&[("Role", "Bass")], &chords(meter(4, 4), 8, 0), |player| {
        player.play(6.6)?;
        player.reset()?;
        player.play(5.5)?;
        player.reset()?;
        player.stop(0.1)
    });
}

#[test]
fn switching_thru_leaves_no_note_hanging() {
    in_every_host_paired(&[("Role", "Bass")], |player| {
        for thru in ["Off", "On", "Off"] {
            player.play(3.5)?;
            player.set("Thru", thru)?;
        }
        player.play(3.5)
    });
}

/// As [`in_every_host`], where thru changes on the way: then only the output as a whole can be judged.
fn in_every_host_paired(
    params: &[(&str, &str)],
    drive: impl Fn(&mut Player) -> anyhow::Result<()>,
) {
    let _machine = share_machine();
    let clip = chords(meter(4, 4), 8, 1);
    let song = Song::new(48_000.0, 110.0, meter(4, 4));
    for format in Format::ALL {
        let (performance, _) = render(format, params, &song, &clip, Session::offline(256), &drive);
        assert!(
            performance.played.len() > 8,
            "{format}: hardly anything was played"
        );
    }
}

#[test]
fn tempo_and_meter_may_change() {
    let _machine = share_machine();
    let song = Song::new(44_100.0, 90.0, meter(4, 4))
        .with_tempo(5.5, 140.0)
        .with_meter(8.0, meter(3, 4))
        .with_tempo(14.0, 71.9)
        .with_meter(17.0, meter(7, 8));
    for format in Format::ALL {
        for frames in [64, 1024] {
            let session = Session::offline(frames);
            let clip = chords(meter(4, 4), 6, 0);
            let (_, voices) = render(
                format,
                &[("Role", "Bass")],
                &song,
                &clip,
                session,
                |player| player.play(24.0),
            );
            assert!(voices.len() >= 6, "{format}: only {} notes", voices.len());
        }
    }
}

#[test]
fn a_host_with_a_full_event_list_still_gets_every_note_off() {
    let _machine = share_machine();
    let song = Song::new(48_000.0, 120.0, meter(4, 4));
    for format in Format::ALL {
        let mut instance = crate::support::plugin(format, &[("Role", "Chords"), ("Thru", "Off")]);
        let session = Session {
            output_capacity: 2,
            ..Session::offline(256)
        };
        let clip = melody(meter(4, 4), 8);
        let mut run = || {
            let mut player = Player::new(&mut *instance, song.clone(), &clip, session)?;
            player.play(15.2)?;
            player.stop(0.2)?;
            player.play(4.9)?;
            player.finish()
        };
        let performance = run().unwrap_or_else(|error: anyhow::Error| panic!("{error:#}"));
        let found = check::unpaired(&performance);
        assert!(found.is_empty(), "{format}:\n  {}", found.join("\n  "));
        assert!(
            performance.faults.is_empty(),
            "{format}: {:?}",
            performance.faults
        );
        assert!(
            performance.played.len() >= 8,
            "{format}: hardly anything was played"
        );
    }
}

/// Plays, stops, jumps, loops, resets and turns knobs as `seed` says.
fn fuzz(player: &mut Player, seed: u64) -> anyhow::Result<()> {
    let mut numbers = Numbers(seed);
    for _ in 0..24 {
        player.play(0.1 + numbers.below(40) as f64 / 10.0)?;
        match numbers.below(9) {
            0 => player.stop(numbers.below(3) as f64 / 10.0)?,
            1 => player.seek(numbers.below(330) as f64 / 10.0),
            2 => {
                let start = numbers.below(80) as f64 / 10.0;
                let length = 0.5 + numbers.below(60) as f64 / 10.0;
                player.set_cycle(Some((start, start + length)));
            }
            3 => player.set_cycle(None),
            4 => player.reset()?,
            5 => {
                let roles = ["Continue", "Bass", "Chords", "Counter", "Drums"];
                player.set("Role", roles[numbers.below(5) as usize])?;
            }
            6 => player.set("Bypass", ["On", "Off"][numbers.below(2) as usize])?,
            7 => player.set(
                "Channel",
                ["As heard", "1", "16"][numbers.below(3) as usize],
            )?,
            _ => player.set(
                "Density",
                ["-60 %", "0 %", "80 %"][numbers.below(3) as usize],
            )?,
        }
    }
    player.set("Bypass", "Off")?;
    player.play(8.0)
}

#[test]
fn the_laws_hold_whatever_is_done() {
    let _machine = share_machine();
    let meter = meter(4, 4);
    let mut clip = chords(meter, 4, 0);
    clip.extend(continuo_tests::clip::shifted(&melody(meter, 4), 96 * 4));
    for (seed, format, frames) in [
        (1, Format::Clap, 512),
        (2, Format::Vst3, 512),
        (3, Format::Clap, 64),
        (4, Format::Vst3, 2048),
        (5, Format::Clap, 4096),
        (6, Format::Vst3, 333),
    ] {
        let song = Song::new(48_000.0, 133.7, meter);
        let params = [("Role", "Chords"), ("Channel", "2")];
        let session = Session::offline(frames);
        render(format, &params, &song, &clip, session, |player| {
            fuzz(player, seed)
        });
    }
}
