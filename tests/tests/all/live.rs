//! In real time no note is late: the planning thread keeps ahead of the music.

use continuo_tests::{
    host::Format,
    player::{Pacing, Player, Session},
    transport::Song,
};

use crate::{
    songs::{chords, melody, meter},
    support::{own_machine, plugin},
};

/// Bars at 120 BPM: eight seconds.
const BARS: f64 = 4.0;

#[test]
fn in_real_time_nothing_is_late() {
    let _machine = own_machine();
    let common = meter(4, 4);
    for (format, role) in [(Format::Clap, "Bass"), (Format::Vst3, "Chords")] {
        let mut instance = plugin(format, &[("Role", role)]);
        let clip = match role {
            "Bass" => chords(common, 4, 0),
            _ => melody(common, 4),
        };
        let session = Session {
            pacing: Pacing::Live(1.0),
            ..Session::offline(256)
        };
        let song = Song::new(48_000.0, 120.0, common);
        let run = || {
            let before = instance.counters()?;
            let mut player = Player::new(&mut *instance, song, &clip, session)?;
            player.play(BARS * 4.0)?;
            // Read before the stop, which rightly cuts off what sounds.
            let after = player.instance().counters()?;
            Ok((before, after, player.finish()?))
        };
        let (before, after, performance) =
            run().unwrap_or_else(|error: anyhow::Error| panic!("{format}: {error:#}"));
        continuo_tests::check::assert_lawful(&performance, "live");
        let played = after.notes_played - before.notes_played;
        assert!(
            played >= 4,
            "{format} {role}: {played} notes in {BARS} bars"
        );
        assert_eq!(after.late - before.late, 0, "{format} {role}: late notes");
        assert_eq!(after.worker_panics, before.worker_panics, "{format} {role}");
        assert_eq!(
            after.ring_overflows, before.ring_overflows,
            "{format} {role}"
        );
        let stuck = after.stuck_released - before.stuck_released;
        assert_eq!(
            stuck, 0,
            "{format} {role}: notes that did not end by themselves"
        );
    }
}
