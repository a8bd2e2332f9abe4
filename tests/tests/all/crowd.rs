//! Many instances in one process, each on its own track: all play, none disturbs another, they share a few
//! threads, and they can come and go in any order.

use std::{sync::mpsc, thread};

use continuo_tests::{
    check,
    clip::ClipNote,
    host::{Format, Instance},
    player::{Player, Session},
    transport::Song,
};

use crate::{
    songs::{chords, melody, meter},
    support::{plugin, share_machine},
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

/// Threads of this process that plan.
#[cfg(target_os = "linux")]
fn planners() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the list of threads");
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.starts_with("continuo"))
        .count()
}

/// All threads of this process.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task")
        .expect("the list of threads")
        .count()
}

/// How many threads plan at the most, in each format's library.
#[cfg(target_os = "linux")]
const MOST_PLANNERS: usize = 4;

#[test]
fn thirty_two_instances_play_at_once_and_unload() {
    let _machine = share_machine();
    #[cfg(target_os = "linux")]
    let before = threads();
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
        (1..=2 * MOST_PLANNERS).contains(&planners()),
        "{} planners",
        planners()
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
    assert_eq!(threads(), before, "threads are left behind");
    drop(track(0));
}

#[test]
fn a_host_thread_may_end_after_the_last_instance_was_unloaded() {
    let _machine = share_machine();
    for format in Format::ALL {
        let song = Song::new(48_000.0, 125.0, meter(4, 4));
        let last = plugin(format, &[]);
        let (unloaded, wait) = mpsc::channel();
        let (done, played) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut instance = plugin(format, &[("Role", "Bass")]);
            let clip = chords(meter(4, 4), 2, 0);
            let session = Session::offline(512);
            let mut player = Player::new(&mut *instance, song, &clip, session).expect("a player");
            player.play(8.0).expect("two bars");
            player.finish().expect("an end");
            drop(instance);
            done.send(()).expect("the main thread waits");
            wait.recv().expect("the main thread's word")
        });
        played.recv().expect("the thread's word");
        drop(last);
        unloaded.send(()).expect("the thread waits");
        thread.join().expect("the thread ends");
    }
}
