//! In real time no note is late: the planning thread keeps ahead of the music.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use continuo_tests::{
    clip::ClipNote,
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

/// Keeps every core busy until it is dropped.
struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    fn on_every_core() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = (0..cores)
            .map(|_| {
                let stop = Arc::clone(&stop);
                thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        std::hint::black_box((0..10_000u64).sum::<u64>());
                    }
                })
            })
            .collect();
        Self { stop, threads }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Bars of 1.2 seconds.
const BUSY_BARS: u64 = 20;

#[test]
fn on_a_busy_machine_at_200_nothing_is_late_and_the_model_plays() {
    let _machine = own_machine();
    let _load = Load::on_every_core();
    let mut instance = plugin(Format::Clap, &[("Role", "Counter"), ("Density", "100 %")]);
    let song = Song::new(48_000.0, 200.0, meter(4, 4));
    // A tune in sixteenths.
    let clip: Vec<ClipNote> = (0..16 * BUSY_BARS as i64)
        .map(|index| {
            ClipNote::new(
                6 * index,
                5,
                [72, 74, 76, 77, 79, 77, 76, 74][index as usize % 8],
            )
        })
        .collect();
    let session = Session {
        pacing: Pacing::Live(1.0),
        ..Session::offline(256)
    };
    let run = || {
        let before = instance.counters()?;
        let mut player = Player::new(&mut *instance, song, &clip, session)?;
        player.play(4.0 * BUSY_BARS as f64)?;
        let after = player.instance().counters()?;
        Ok((before, after, player.finish()?))
    };
    let (before, after, performance) =
        run().unwrap_or_else(|error: anyhow::Error| panic!("{error:#}"));
    continuo_tests::check::assert_lawful(&performance, "busy");
    let notes = after.notes_played - before.notes_played;
    assert!(notes >= 2 * BUSY_BARS, "only {notes} notes");
    assert_eq!(after.late - before.late, 0, "late notes");
    let planned = after.bars_planned - before.bars_planned;
    let others = (after.bars_from_earlier_pass + after.bars_moved + after.bars_rested)
        - (before.bars_from_earlier_pass + before.bars_moved + before.bars_rested);
    assert!(
        planned * 100 >= 95 * (planned + others),
        "the model planned {planned} of {} bars",
        planned + others
    );
}
