//! Hosts that tell their transport badly play what an exact one plays.

use continuo_tests::{
    check,
    host::{Format, NoteKind, Tells},
    player::{Changes, Player, Session, Wobble},
    transport::Song,
};

use crate::{
    songs::{bar_beats, chords, melody, meter},
    support::{render, share_machine},
};

/// A generated event: its sample of the render, down or up, key, velocity.
type Event = (u64, NoteKind, u8, u32);

/// What the plugin makes of eight bars in such a host, in the order of keys and samples.
fn events(
    format: Format,
    role: &str,
    (numerator, denominator): (i64, i64),
    session: Session,
    drive: impl FnOnce(&mut Player) -> anyhow::Result<()>,
) -> Vec<Event> {
    let meter = meter(numerator, denominator);
    let clip = match role {
        "Bass" => chords(meter, 8, 0),
        _ => melody(meter, 8),
    };
    // No beat is a whole number of samples, and no block a whole number of ticks.
    let song = Song::new(48_000.0, 117.0, meter);
    let params = [("Role", role)];
    let (performance, _) = render(format, &params, &song, &clip, session, drive);
    let mut events: Vec<Event> = check::tell_apart(&performance)
        .generated
        .iter()
        .map(|event| {
            (
                event.sample,
                event.kind,
                event.pitch,
                event.velocity.to_bits(),
            )
        })
        .collect();
    events.sort_by_key(|(sample, kind, pitch, velocity)| {
        (*pitch, *sample, *kind == NoteKind::On, *velocity)
    });
    events
}

/// The same events, each within a sample.
fn assert_same(found: &[Event], exact: &[Event], what: &str) {
    let beside = |(one, other): &(&Event, &Event)| {
        let apart = one.0.abs_diff(other.0);
        apart > 1 || (one.1, one.2, one.3) != (other.1, other.2, other.3)
    };
    let first = found.iter().zip(exact).find(beside);
    assert_eq!(first, None, "{what}");
    assert_eq!(found.len(), exact.len(), "{what}");
    assert!(exact.len() >= 16, "{what}: only {} events", exact.len());
}

#[test]
fn a_host_that_rounds_its_position_or_tells_seconds_only_plays_what_an_exact_one_plays() {
    let _machine = share_machine();
    for (format, role) in [
        (Format::Clap, "Bass"),
        (Format::Vst3, "Bass"),
        (Format::Clap, "Chords"),
    ] {
        let play = |wobble, tells| {
            let session = Session {
                wobble,
                tells,
                ..Session::offline(256)
            };
            events(format, role, (4, 4), session, |player| player.play(32.0))
        };
        let exact = play(Wobble::None, Tells::All);
        for (wobble, tells) in [
            (Wobble::Steps(1920.0), Tells::All),
            (Wobble::Steps(960.0), Tells::All),
            (Wobble::Jitter(5), Tells::All),
            (Wobble::None, Tells::Seconds),
        ] {
            let what = format!("{format} {role} {wobble:?} {tells:?}");
            assert_same(&play(wobble, tells), &exact, &what);
        }
    }
}

#[test]
fn a_host_that_rounds_its_position_plays_a_loop_as_an_exact_one_does() {
    let _machine = share_machine();
    for (format, changes) in [
        (Format::Vst3, Changes::Split),
        (Format::Vst3, Changes::Inside),
        (Format::Clap, Changes::Inside),
    ] {
        let play = |wobble| {
            let session = Session {
                wobble,
                changes,
                ..Session::offline(256)
            };
            events(format, "Bass", (4, 4), session, |player| {
                player.set_cycle(Some((4.0, 12.0)));
                player.play(30.0)
            })
        };
        let what = format!("{format} {changes:?}");
        assert_same(&play(Wobble::Steps(1920.0)), &play(Wobble::None), &what);
    }
}

#[test]
fn a_host_that_counts_every_bar_as_four_quarters_plays_what_an_exact_one_plays() {
    let _machine = share_machine();
    for format in Format::ALL {
        for signature in [(5, 4), (7, 4), (9, 8)] {
            let bars = 12.0 * bar_beats(meter(signature.0, signature.1));
            let play = |tells| {
                let session = Session {
                    tells,
                    ..Session::offline(512)
                };
                events(format, "Bass", signature, session, |player| {
                    player.play(bars)
                })
            };
            let what = format!("{format} {signature:?}");
            let exact = play(Tells::All);
            assert_same(&play(Tells::FourQuarterBars), &exact, &what);
            assert_same(&play(Tells::NoBars), &exact, &what);
        }
    }
}
