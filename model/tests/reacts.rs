//! What is played follows what is heard: its harmony, its density, its meter.

use continuo_model::{
    controls::{Controls, Role},
    generate::Generator,
    midi_file::Song,
    note::{Note, places},
    perform::{Knowledge, perform},
    time::{Meter, Tick},
};

const BARS: i64 = 16;

fn note(onset: i64, duration: i64, pitch: u8) -> Note {
    Note {
        onset: Tick(onset),
        duration,
        pitch,
        velocity: 80,
    }
}

/// C, Am, F, G around middle C, a chord a bar, struck every `stroke` ticks, `up` semitones higher.
fn chords(bar: i64, stroke: i64, up: u8) -> Vec<Note> {
    const CHORDS: [[u8; 3]; 4] = [[60, 64, 67], [60, 64, 69], [60, 65, 69], [59, 62, 67]];
    (0..BARS * bar / stroke)
        .flat_map(|index| {
            let at = index * stroke;
            let chord = CHORDS[(at / bar) as usize % 4];
            chord.map(|pitch| note(at, stroke - 3, pitch + up))
        })
        .collect()
}

/// A tune in C major in steps of `step` ticks.
fn tune(step: i64) -> Vec<Note> {
    const TUNE: [u8; 8] = [72, 74, 76, 77, 79, 77, 76, 74];
    (0..BARS * 96 / step)
        .map(|index| note(index * step, step - 2, TUNE[index as usize % 8]))
        .collect()
}

fn play(role: Role, meter: Meter, heard: &[Note], seed: u64) -> Vec<Note> {
    let controls = Controls {
        role,
        seed,
        ..Controls::default()
    };
    play_as(controls, meter, heard)
}

fn play_as(controls: Controls, meter: Meter, heard: &[Note]) -> Vec<Note> {
    play_knowing(Knowledge::Rehearsed, controls, meter, heard)
}

fn play_knowing(
    knowledge: Knowledge,
    controls: Controls,
    meter: Meter,
    heard: &[Note],
) -> Vec<Note> {
    let song = Song {
        tempo_map: vec![(Tick(0), 120.0)],
        meters: vec![(Tick(0), meter)],
        keys: Vec::new(),
        tracks: Vec::new(),
    };
    let generator = Generator::shipped().expect("the shipped weights fit");
    let end = Tick(BARS * meter.bar_ticks());
    perform(&generator, &song, heard, controls, end, knowledge, |_| {})
}

/// How long each pitch class sounds under each of the four chords, as shares.
fn classes(notes: &[Note], up: u8) -> [f64; 48] {
    let mut classes = [0.0; 48];
    for note in notes {
        let chord = (note.onset.0 / 96 % 4) as usize;
        let class = usize::from((note.pitch + up) % 12);
        classes[12 * chord + class] += note.duration as f64;
    }
    let sum: f64 = classes.iter().sum();
    classes.map(|class| class / sum)
}

fn alike(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.min(*b)).sum()
}

#[test]
fn a_bass_and_a_second_voice_move_along_with_the_chords() {
    for role in [Role::Bass, Role::Counter] {
        let (mut plain, mut moved) = (Vec::new(), Vec::new());
        for seed in 0..4 {
            plain.extend(play(role, Meter::COMMON, &chords(96, 48, 0), seed));
            moved.extend(play(role, Meter::COMMON, &chords(96, 48, 5), seed));
        }
        let moved = classes(&moved, 0);
        let along = alike(&classes(&plain, 5), &moved);
        let stayed = alike(&classes(&plain, 0), &moved);
        assert!(
            along > 0.6 && along > stayed + 0.2,
            "{role:?}: {along:.2} moved along, {stayed:.2} stayed"
        );
    }
}

#[test]
fn a_bass_stands_on_the_roots() {
    const ROOTS: [u8; 4] = [0, 9, 5, 7];
    let mut downbeats = Vec::new();
    for seed in 0..4 {
        let bass = play(Role::Bass, Meter::COMMON, &chords(96, 48, 0), seed);
        downbeats.extend(bass.into_iter().filter(|note| note.onset.0 % 96 == 0));
    }
    let on_root = downbeats
        .iter()
        .filter(|note| note.pitch_class() == ROOTS[(note.onset.0 / 96) as usize % 4])
        .count();
    assert!(downbeats.len() >= 48, "{} downbeats", downbeats.len());
    assert!(
        on_root * 10 >= downbeats.len() * 9,
        "{on_root} of {} on the root",
        downbeats.len()
    );
}

#[test]
fn a_busier_tune_gets_a_busier_answer() {
    let count = |step| -> usize {
        (0..4)
            .map(|seed| play(Role::Counter, Meter::COMMON, &tune(step), seed).len())
            .sum()
    };
    let (slow, quick) = (count(48), count(12));
    assert!(
        quick * 4 >= slow * 5,
        "{slow} notes to half notes, {quick} to eighths"
    );
}

#[test]
fn three_four_is_counted_in_three() {
    let meter = Meter::new(3, 4).expect("a meter");
    for role in [Role::Bass, Role::Drums] {
        let mut beats = [0; 3];
        for seed in 0..4 {
            for note in play(role, meter, &chords(72, 24, 0), seed) {
                let at = note.onset.0 % 72;
                let low = role == Role::Bass || [35, 36].contains(&note.pitch);
                if at % 24 == 0 && low {
                    beats[(at / 24) as usize] += 1;
                }
            }
        }
        // A waltz may rest on two or come in on three, but nothing is stronger than the downbeat.
        let [one, two, three] = beats;
        assert!(
            one >= two && one >= three && 2 * one > two + three,
            "{role:?}: {beats:?} on the three beats"
        );
    }
}

#[test]
fn another_take_of_a_tune_that_repeats_is_another_tune() {
    let tune = &tune(24)[..32];
    let take = |take| -> Vec<(Tick, u8)> {
        let controls = Controls {
            take,
            ..Controls::default()
        };
        let notes = play_as(controls, Meter::COMMON, tune);
        notes.iter().map(|note| (note.onset, note.pitch)).collect()
    };
    let takes: std::collections::BTreeSet<_> = (0..6).map(take).collect();
    assert_eq!(takes.len(), 6, "some takes are alike");
}

#[test]
fn a_bass_is_not_stuck_on_one_bar_while_the_chords_move() {
    let controls = Controls {
        role: Role::Bass,
        adventure: 0.0,
        ..Controls::default()
    };
    let notes = play_as(controls, Meter::COMMON, &chords(96, 96, 0));
    let bars: Vec<_> = (0..BARS)
        .map(|bar| places(&notes, Tick(96 * bar), Tick(96 * bar + 96)))
        .collect();
    for eight in bars.windows(8) {
        assert!(
            eight.iter().any(|bar| *bar != eight[0]),
            "eight times {:?}",
            eight[0]
        );
    }
}

/// The share of `notes` that belong to the chord of their bar of [`chords`].
fn in_their_chords(notes: &[Note]) -> f64 {
    const CHORDS: [[u8; 3]; 4] = [[0, 4, 7], [9, 0, 4], [5, 9, 0], [7, 11, 2]];
    let belongs = |note: &&Note| {
        let chord = CHORDS[(note.onset.0 / 96) as usize % 4];
        chord.contains(&note.pitch_class())
    };
    notes.iter().filter(belongs).count() as f64 / notes.len() as f64
}

#[test]
fn on_a_first_pass_all_go_with_chords_that_nobody_could_know() {
    for (role, lowest, least) in [
        (Role::Chords, 0, 0.65),
        (Role::Counter, 0, 0.5),
        (Role::Bass, 0, 0.9),
        // The same within a range.
        (Role::Bass, 28, 0.9),
    ] {
        let controls = Controls {
            role,
            lowest,
            ..Controls::default()
        };
        let share = in_their_chords(&play_knowing(
            Knowledge::FirstPass,
            controls,
            Meter::COMMON,
            &chords(96, 48, 0),
        ));
        println!("{role:?} from {lowest}: {share:.2}");
        assert!(share >= least, "{role:?} from {lowest}: {share:.2}");
    }
}

#[test]
fn a_phrase_returns_but_is_not_recited_for_ever() {
    /// "Ode to Joy", eight bars of a key a quarter: a tune that says everything twice.
    const ODE: [u8; 32] = [
        71, 71, 72, 74, 74, 72, 71, 69, 67, 67, 69, 71, 71, 69, 69, 69, //
        71, 71, 72, 74, 74, 72, 71, 69, 67, 67, 69, 71, 69, 67, 67, 67,
    ];
    let ode: Vec<Note> = (0..)
        .zip(ODE)
        .map(|(quarter, pitch)| note(24 * quarter, 22, pitch))
        .collect();
    for seed in 0..4 {
        let played = play(Role::Continue, Meter::COMMON, &ode, seed);
        let melody: Vec<Note> = ode.iter().chain(&played).copied().collect();
        let bar = |bar: i64| places(&melody, Tick(96 * bar), Tick(96 * bar + 96));
        let again = |number: i64| (1..=8).any(|ago| bar(number) == bar(number - ago));
        let mut row = 0;
        for number in 8..BARS {
            row = if again(number) { row + 1 } else { 0 };
            assert!(row < 5, "seed {seed}: {row} old bars up to {number}");
        }
    }
}
