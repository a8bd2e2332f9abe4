//! Many instances in one process, each on its own track: all play, none disturbs another, they share a few
//! threads, and they can come and go in any order.

use std::thread;

use continuo_tests::{
    check,
    clip::ClipNote,
    host::{Format, Instance},
    player::{Player, Session},
    transport::Song,
};

use crate::{
    songs::{chords, melody, meter},
    support::{own_machine, plugin},
};

const ROLES: [&str; 5] = ["Continue", "Bass", "Chords", "Counter", "Drums"];

/// Instance `index`: both formats, every role.
fn track(index: usize) -> (Box<dyn Instance>, Vec<ClipNote>) {
    let role = ROLES[index % ROLES.len()];
    let clip = match role {
        "Continue" => melody(meter(4, 4), 2),
        "Chords" | "Counter" => melody(meter(4, 4), 4),
        _ => chords(meter(4, 4), 4, index % 4),
    };
    (plugin(Format::ALL[index % 2], &[("Role", role)]), clip)
}

/// Threads of this process whose name begins so.
#[cfg(target_os = "linux")]
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the list of threads");
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|found| found.starts_with(name))
        .count()
}

/// What the plugin's own threads are called, and those of its framework.
#[cfg(target_os = "linux")]
const PLANNER: &str = "continuo-planne";
#[cfg(target_os = "linux")]
const FRAMEWORK: &str = "bg-worker";

/// How many threads plan at the most, in each format's library.
#[cfg(target_os = "linux")]
const MOST_PLANNERS: usize = 4;

#[test]
fn thirty_two_instances_play_at_once_and_unload() {
    let _machine = own_machine();
    let song = Song::new(48_000.0, 125.0, meter(4, 4));
    let (mut instances, clips): (Vec<_>, Vec<_>) = (0..32).map(track).unzip();
    let mut players: Vec<Player> = instances
        .iter_mut()
        .zip(&clips)
        .map(|(instance, clip)| {
            let session = Session::offline(512);
            Player::new(&mut **instance, song.clone(), clip, session).expect("a player")
        })
        .collect();
    // A beat each in turn, four bars in all.
    for _ in 0..16 {
        for player in &mut players {
            player.play(1.0).expect("a beat");
        }
    }
    #[cfg(target_os = "linux")]
    assert!(
        (1..=2 * MOST_PLANNERS).contains(&threads(PLANNER)),
        "{} planners",
        threads(PLANNER)
    );
    for (index, player) in players.into_iter().enumerate() {
        let performance = player.finish().expect("an end");
        let voices = check::assert_lawful(&performance, &format!("instance {index}"));
        assert!(
            voices.len() >= 4,
            "instance {index}: only {} notes",
            voices.len()
        );
    }
    // First the odd ones, then the rest; what is unloaded must not be missed by what stays.
    for index in (0..16).rev() {
        drop(instances.remove(2 * index + 1));
    }
    for instance in &mut instances {
        instance.save_state().expect("a state");
    }
    drop(instances);
    #[cfg(target_os = "linux")]
    for name in [PLANNER, FRAMEWORK] {
        assert_eq!(threads(name), 0, "threads are left behind: {name}");
    }
    drop(track(0));
}

#[test]
fn a_host_thread_may_end_while_the_library_is_unloaded_and_loaded_again() {
    let _machine = own_machine();
    // Each thread is now and then the last one to let go of a library that the other has called.
    let visits = |rounds: usize, beats: f64| {
        for round in 0..rounds {
            let visit = thread::spawn(move || {
                let mut instance = plugin(Format::ALL[round % 2], &[("Role", "Bass")]);
                let song = Song::new(48_000.0, 125.0, meter(4, 4));
                let session = Session::offline(512);
                let mut player = Player::new(&mut *instance, song, &[], session).expect("a player");
                player.play(beats).expect("some beats");
                player.finish().expect("an end");
            });
            visit.join().expect("a host's thread");
        }
    };
    let other = thread::spawn(move || visits(40, 0.3));
    visits(40, 0.2);
    other.join().expect("the other's visits");
}
