//! What the tests share: a plugin, a quiet machine, a source of numbers.

use std::{
    env,
    process::Command,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use continuo_tests::{
    bundles,
    check::{self, Voice},
    clip::ClipNote,
    host::{Format, Instance},
    player::{Performance, Player, Session},
    transport::Song,
};

/// Runs the ignored test `name` in a process of its own with `variables`; what it said besides that it passed.
pub fn child(name: &str, variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(env::current_exe().expect("this program"));
    child.args(["--exact", name, "--ignored", "--nocapture"]);
    let output = child.envs(variables.iter().copied()).output();
    let output = output.expect("a child process");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{name}: {}\n{told}\n{said}",
        output.status
    );
    said
}

/// Held for reading by every test that renders, for writing by those that need the machine to themselves.
static MACHINE: RwLock<()> = RwLock::new(());

/// A share of the machine.
pub fn share_machine() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// The machine with no other test running.
pub fn own_machine() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

/// A new instance of the built plugin with these parameters.
pub fn plugin(format: Format, params: &[(&str, &str)]) -> Box<dyn Instance> {
    let mut instance = bundles::load(format).unwrap_or_else(|error| panic!("{error:#}"));
    for (name, value) in params {
        instance
            .set(name, value)
            .unwrap_or_else(|error| panic!("{format}: {error:#}"));
    }
    instance
}

/// A render: `drive` moves the transport of `song`, whose track holds `clip`. Every law is checked.
pub fn render(
    format: Format,
    params: &[(&str, &str)],
    song: &Song,
    clip: &[ClipNote],
    session: Session,
    drive: impl FnOnce(&mut Player) -> anyhow::Result<()>,
) -> (Performance, Vec<Voice>) {
    let mut instance = plugin(format, params);
    let run = || {
        let mut player = Player::new(&mut *instance, song.clone(), clip, session)?;
        drive(&mut player)?;
        player.finish()
    };
    let performance = run().unwrap_or_else(|error: anyhow::Error| panic!("{format}: {error:#}"));
    let voices = check::assert_lawful(&performance, &format!("{params:?} {session:?}"));
    (performance, voices)
}

/// A linear congruential generator (Knuth's MMIX constants): the same numbers for the same seed.
pub struct Numbers(pub u64);

impl Numbers {
    /// A number in 0..`end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}
