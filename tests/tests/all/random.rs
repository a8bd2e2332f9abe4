//! Hosts that do at random whatever hosts do: the laws hold in each, and where the same is promised in
//! other blocks and the other format, the same comes out.
//!
//! The seeds are fixed, so that a run can be repeated; `cargo xtask soak` goes on with others.

use std::sync::{Mutex, PoisonError};

use continuo_tests::scenario::{Report, Scenario, Stage};

use crate::support::share_machine;

/// Scenarios of one test. A quarter of a second each, a test stays far below its time limit.
const SHARE: u64 = 250;

/// Failed scenarios that are told in full.
const SHOWN: usize = 3;

/// The plugin counts for its whole process, so where tests share one, a scenario that may be late must not
/// run beside one that must not.
static COUNTERS: Mutex<()> = Mutex::new(());

/// Plays the scenarios whose seeds begin at `part` times [`SHARE`].
fn play(part: u64) {
    let _machine = share_machine();
    let _counters = COUNTERS.lock().unwrap_or_else(PoisonError::into_inner);
    let stage = Stage::new().unwrap_or_else(|error| panic!("{error:#}"));
    let mut failed = Vec::new();
    let (mut musical, mut compared) = (0, 0);
    for seed in part * SHARE..(part + 1) * SHARE {
        let scenario = Scenario::of_seed(seed);
        let report = stage.check(&scenario);
        musical += u64::from(report.played > 0);
        compared += u64::from(report.compared);
        if !report.faults.is_empty() {
            failed.push(told(&scenario, &report));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {SHARE} scenarios failed\n{}",
        failed.len(),
        failed[..failed.len().min(SHOWN)].join("\n")
    );
    // Laws that nothing could break would be none.
    assert!(
        musical >= SHARE / 2,
        "only {musical} of {SHARE} scenarios played notes"
    );
    assert!(
        compared >= SHARE / 8,
        "only {compared} of {SHARE} scenarios were compared"
    );
}

/// What failed, what was done, and how to do it again.
fn told(scenario: &Scenario, report: &Report) -> String {
    let faults = report
        .faults
        .iter()
        .map(|fault| format!("  FAULT: {fault}\n"));
    format!(
        "{scenario}{}  Again, and shorter: cargo xtask soak --seed {}\n",
        faults.collect::<String>(),
        scenario.seed
    )
}

/// One test for each part, so that they run beside each other and a failure names its part.
macro_rules! parts {
    ($($name:ident $part:literal),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                play($part);
            }
        )+
    };
}

parts! {
    scenarios_0_to_249 0,
    scenarios_250_to_499 1,
    scenarios_500_to_749 2,
    scenarios_750_to_999 3,
    scenarios_1000_to_1249 4,
    scenarios_1250_to_1499 5,
    scenarios_1500_to_1749 6,
    scenarios_1750_to_1999 7,
}

#[test]
fn a_seed_draws_the_same_scenario_twice_and_another_draws_another() {
    let told = |seed| Scenario::of_seed(seed).to_string();
    assert_eq!(told(7), told(7));
    assert_ne!(told(7), told(8));
}
