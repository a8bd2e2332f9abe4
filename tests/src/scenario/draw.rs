//! Draws a scenario from its seed. The same seed draws the same scenario on every machine.

use continuo_model::{
    controls::{Motion, Rhythm},
    time::Meter,
};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{Scenario, Step, clips};
use crate::{
    host::{ANY, Format, Tells},
    player::{Changes, LEAD_IN, Pacing, Session, Wobble, beats},
    transport::BlockSizes,
};

const RATES: [f64; 9] = [
    8_000.0, 11_025.0, 22_050.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0, 384_000.0,
];

const METERS: [(i64, i64); 11] = [
    (4, 4),
    (4, 4),
    (4, 4),
    (3, 4),
    (6, 8),
    (7, 8),
    (2, 4),
    (5, 16),
    (5, 4),
    (9, 8),
    (12, 8),
];

const ROLES: [&str; 5] = ["Continue", "Bass", "Chords", "Counter", "Drums"];

/// Quarter notes that a scenario plays, roughly: a bar or two, because each takes the network a while.
const LENGTH: f64 = 5.0;

/// Blocks of a scenario, roughly: more take longer than they teach.
const MOST_BLOCKS: f64 = 4000.0;

/// One of `values`.
fn one_of<T: Copy>(numbers: &mut impl Rng, values: &[T]) -> T {
    *values
        .choose(numbers)
        .expect("there is something to choose")
}

impl Scenario {
    /// The scenario of this seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let numbers = &mut ChaCha8Rng::seed_from_u64(seed);
        let format = one_of(numbers, &Format::ALL);
        let rate = one_of(numbers, &RATES);
        let (meters, tempos) = (meters(numbers), tempos(numbers));
        let seconds = LENGTH * 60.0 / tempos[0].1;
        let (clip_name, clip) = clips::draw(numbers, meters[0].1);
        let session = session(numbers, format, rate, seconds);
        let other_blocks = blocks(numbers, rate, seconds);
        let mut scenario = Self {
            seed,
            format,
            rate,
            params: [params(numbers), line(seed)].concat(),
            other_blocks,
            session,
            clip_name,
            clip,
            steps: Vec::new(),
            tempos,
            meters,
        };
        scenario.steps = steps(numbers, &scenario);
        scenario
    }
}

fn meters(numbers: &mut impl Rng) -> Vec<(f64, Meter)> {
    let meter = |(numerator, denominator)| {
        Meter::new(numerator, denominator).expect("the table holds meters")
    };
    let first = meter(one_of(numbers, &METERS));
    let mut meters = vec![(0.0, first)];
    if numbers.random_bool(0.2) {
        meters.push((beats(first.bar_ticks()), meter(one_of(numbers, &METERS))));
    }
    meters
}

fn tempos(numbers: &mut impl Rng) -> Vec<(f64, f64)> {
    let first = match numbers.random_range(0..20) {
        0 => 999.0,
        1 => 40.0,
        2..8 => 120.0,
        _ => numbers.random_range(70.0..240.0),
    };
    let mut tempos = vec![(0.0, first)];
    match numbers.random_range(0..10) {
        // A jump.
        0 => tempos.push((
            numbers.random_range(0.5..3.0),
            numbers.random_range(70.0..240.0),
        )),
        // Automation: up or down in small steps.
        1 => {
            let step = numbers.random_range(0.98..1.02);
            let mut bpm = first;
            for index in 1..24 {
                // The fastest that the plugin takes for meant is 1000.
                bpm = f64::min(bpm * step, 999.0);
                tempos.push((f64::from(index) / 8.0, bpm));
            }
        }
        _ => {}
    }
    tempos
}

/// Block lengths of which there are not too many in so many `seconds`.
fn blocks(numbers: &mut impl Rng, rate: f64, seconds: f64) -> BlockSizes {
    /// The longest is always possible: 40 s of 384 kHz.
    const LENGTHS: [u32; 12] = [1, 7, 32, 64, 127, 256, 441, 512, 1024, 2048, 4096, 8192];
    let at_least = rate * seconds / MOST_BLOCKS;
    match numbers.random_range(0..10) {
        0..2 if at_least < 300.0 => BlockSizes::Mixed(numbers.random()),
        2..4 if at_least < 1000.0 => BlockSizes::Wild(numbers.random()),
        _ => {
            let shortest = LENGTHS.partition_point(|length| f64::from(*length) < at_least);
            let shortest = shortest.min(LENGTHS.len() - 1);
            BlockSizes::Constant(one_of(numbers, &LENGTHS[shortest..]))
        }
    }
}

fn session(numbers: &mut impl Rng, format: Format, rate: f64, seconds: f64) -> Session {
    let tells = match numbers.random_range(0..20) {
        0 => Tells::Nothing,
        1 => Tells::Seconds,
        2 => Tells::NoBars,
        3 => Tells::FourQuarterBars,
        _ => Tells::All,
    };
    let wobble = match numbers.random_range(0..16) {
        0 => Wobble::Steps(one_of(numbers, &[1920.0, 960.0, 480.0, 15_360.0])),
        1 => Wobble::Jitter(numbers.random()),
        2 => Wobble::Tempo(numbers.random_range(0.9998..1.0002)),
        _ => Wobble::None,
    };
    let changes = match format {
        Format::Clap => [Changes::Inside, Changes::Split, Changes::Everywhere].as_slice(),
        // Whoever tells no beats cannot tell the loop either, so the plugin cannot foresee its wrap.
        Format::Vst3 if tells == Tells::Seconds => &[Changes::Split],
        Format::Vst3 => &[Changes::Inside, Changes::Split],
    };
    Session {
        blocks: blocks(numbers, rate, seconds),
        pacing: if numbers.random_bool(0.8) {
            Pacing::Offline
        } else {
            // As fast as it goes, while the plugin is told that it plays live: no plan comes in time.
            Pacing::Live(f64::INFINITY)
        },
        output_capacity: match numbers.random_range(0..16) {
            0 => numbers.random_range(1..8),
            _ => usize::MAX,
        },
        changes: one_of(numbers, changes),
        tells,
        wobble,
        lead_in: match format {
            Format::Clap => 0.0,
            Format::Vst3 => LEAD_IN,
        },
    }
}

/// The parameters at the start.
fn params(numbers: &mut impl Rng) -> Vec<(&'static str, &'static str)> {
    let mut params = vec![("Role", one_of(numbers, &ROLES))];
    let choices: [(&str, f64, &[&str]); 15] = [
        ("Mode", 0.1, &["Answer"]),
        ("Phrase", 0.3, &["1 bar", "2 bars", "8 bars"]),
        ("Adventure", 0.3, &["0 %", "50 %", "100 %"]),
        ("Density", 0.3, &["-100 %", "50 %", "100 %"]),
        ("Lowest", 0.1, &["C1", "C4"]),
        ("Highest", 0.1, &["C5", "G8"]),
        ("Key", 0.2, &["C", "F#"]),
        ("Scale", 0.2, &["Dorian", "Pentatonic"]),
        ("Scale lock", 0.2, &["On", "Off"]),
        ("Humanize", 0.3, &["0 %", "100 %"]),
        ("Swing", 0.3, &["50 %", "100 %"]),
        ("Take", 0.3, &["1", "127"]),
        ("Memory", 0.2, &["On", "Off"]),
        ("Thru", 0.15, &["Off"]),
        ("Channel", 0.3, &["1", "2", "16"]),
    ];
    for (name, chance, values) in choices {
        if numbers.random_bool(chance) {
            params.push((name, one_of(numbers, values)));
        }
    }
    if numbers.random_bool(0.25) {
        params.push(("Lookahead", one_of(numbers, &["30 ms", "60 ms", "120 ms"])));
    }
    params
}

/// What is asked of a line, from a stream of its own: the rest of a seed's scenario was there before it.
fn line(seed: u64) -> Vec<(&'static str, &'static str)> {
    let mut numbers = ChaCha8Rng::seed_from_u64(!seed);
    // Without the first of each, which is free.
    let (rhythms, motions) = (Rhythm::ALL.map(Rhythm::name), Motion::ALL.map(Motion::name));
    let choices = [("Rhythm", &rhythms[1..]), ("Motion", &motions[1..])];
    let mut params = Vec::new();
    for (name, values) in choices {
        if numbers.random_bool(0.25) {
            params.push((name, one_of(&mut numbers, values)));
        }
    }
    params
}

/// A dozen steps at most, with play in between, until [`LENGTH`] is played.
fn steps(numbers: &mut impl Rng, scenario: &Scenario) -> Vec<Step> {
    let mut steps = Vec::new();
    if numbers.random_bool(0.1) {
        // A pre-roll.
        steps.push(Step::Seek(-1.0));
    }
    let mut left = LENGTH;
    while left > 0.2 {
        let played = numbers.random_range(0.2..2.5_f64).min(left);
        steps.push(Step::Play(played));
        left -= played;
        left -= step(numbers, scenario, &mut steps);
    }
    // Whatever was done, in the end it plays.
    steps.extend([Step::Play(0.1), Step::Set("Bypass", "Off"), Step::Play(0.8)]);
    steps
}

/// One thing that is done; how many quarter notes it takes.
fn step(numbers: &mut impl Rng, scenario: &Scenario, steps: &mut Vec<Step>) -> f64 {
    let many = scenario.session.output_capacity == usize::MAX;
    let clap = scenario.format == Format::Clap;
    let step = match numbers.random_range(0..24) {
        0..3 => Step::Stop(one_of(numbers, &[0.0, 0.05, 0.2])),
        3..6 => Step::Seek(numbers.random_range(-1.5..8.0)),
        6..9 => return looping(numbers, scenario, steps),
        9 => Step::Loop(None),
        10 | 11 => one_of(numbers, &[Step::Reset, Step::Reactivate]),
        12 => Step::Set("Bypass", one_of(numbers, &["On", "On", "Off"])),
        13 => Step::Set("Role", one_of(numbers, &ROLES)),
        14 => Step::Set("Channel", one_of(numbers, &["As heard", "3", "16"])),
        15 => one_of(
            numbers,
            &[
                Step::Set("Hold", "On"),
                Step::Set("Hold", "Off"),
                Step::Set("Take", "5"),
                Step::Set("Thru", "Off"),
                Step::Set("Thru", "On"),
                Step::Set("Mode", "Answer"),
            ],
        ),
        16 | 17 => {
            let name = one_of(
                numbers,
                &["Density", "Adventure", "Swing", "Dynamics", "Take"],
            );
            steps.push(Step::Automate(name, 0.5));
            return 0.5;
        }
        18 => Step::Forget,
        19 => one_of(numbers, &[Step::Save, Step::Load, Step::Load]),
        20 if many => Step::Burst(one_of(numbers, &[10, 100, 1000])),
        21 => Step::Twice,
        22 if clap => one_of(
            numbers,
            &[
                Step::LetGo(ANY, ANY),
                Step::LetGo(0, ANY),
                Step::LetGo(ANY, 60),
            ],
        ),
        // In VST3 such a block is for parameters alone: the plugin's framework reads no notes from it.
        _ if clap => Step::Between(numbers.random_range(0..3)),
        _ => Step::Between(0),
    };
    steps.push(step);
    0.0
}

/// A loop is set, some of them so short that it is soon removed; how many quarter notes that takes.
fn looping(numbers: &mut impl Rng, scenario: &Scenario, steps: &mut Vec<Step>) -> f64 {
    let start = f64::from(numbers.random_range(0..8)) / 2.0;
    let told = scenario.format == Format::Clap || scenario.session.changes == Changes::Split;
    let (length, soon) = match numbers.random_range(0..8) {
        0 => (0.0, true),
        1 => (0.25, true),
        // Shorter than a thirty-second is followed only where the host tells each wrap.
        2 if told => (0.05, true),
        3 => (numbers.random_range(0.3..3.0), false),
        4 => (2.0, false),
        _ => (1.0, false),
    };
    let cycle = Step::Loop(Some((start, start + length)));
    if !soon {
        steps.push(cycle);
        return 0.0;
    }
    steps.extend([Step::Seek(start), cycle, Step::Play(0.4), Step::Loop(None)]);
    0.4
}
