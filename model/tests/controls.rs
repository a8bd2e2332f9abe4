//! The knobs do what they say, measured on held-out music: Adventure, Density, and the answer to a call.

use std::{collections::BTreeSet, path::Path};

use continuo_model::{
    controls::{Controls, Mode, Motion, Rhythm, Role},
    eval::{
        continuations::{Start, play},
        measures::Excerpt,
    },
    generate::Generator,
    midi_file::Song,
    note::{Note, between},
    perform::{Knowledge, perform},
    time::{Meter, Tick},
    train::sampler::Sampler,
};

fn generator() -> Generator {
    Generator::shipped().expect("the shipped weights fit")
}

fn held_out() -> Sampler {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/valid.jsonl.zst");
    Sampler::load(&[file]).expect("the corpus is whole")
}

/// Plays `count` excerpts, and tells how unlikely the network finds what it drew, in nats a draw.
fn played(controls: &Controls, count: usize, held_out: &Sampler) -> (Vec<Excerpt>, f64) {
    let mut generator = generator();
    let (excerpts, _) = play(
        &mut generator,
        held_out,
        controls,
        Start::Continued,
        0,
        count,
        || {},
    );
    (excerpts, generator.surprise().mean())
}

fn likelihood_falls_along_adventure(role: Role) {
    let held_out = held_out();
    let at = |adventure| {
        let controls = Controls {
            role,
            adventure,
            ..Controls::default()
        };
        // Of chords, each of many notes that hang together, more are needed.
        let excerpts = if role == Role::Chords { 20 } else { 6 };
        played(&controls, excerpts, &held_out)
    };
    let knob = [0.0, 0.25, 0.5, 0.75, 1.0].map(at);
    let nats = knob.each_ref().map(|(_, nats)| *nats);
    assert!(
        nats.is_sorted_by(|a, b| a < b),
        "{role:?}: {nats:.2?} nats a draw"
    );
    // The least adventurous is still no drone.
    for excerpt in &knob[0].0 {
        let keys: BTreeSet<u8> = excerpt.made.iter().map(|note| note.pitch).collect();
        assert!(
            excerpt.made.len() < 8 || keys.len() > 1,
            "{role:?} is stuck on {keys:?} in {}",
            excerpt.source
        );
    }
}

#[test]
fn likelihood_falls_along_adventure_continue() {
    likelihood_falls_along_adventure(Role::Continue);
}

#[test]
fn likelihood_falls_along_adventure_bass() {
    likelihood_falls_along_adventure(Role::Bass);
}

#[test]
fn likelihood_falls_along_adventure_chords() {
    likelihood_falls_along_adventure(Role::Chords);
}

#[test]
fn likelihood_falls_along_adventure_counter() {
    likelihood_falls_along_adventure(Role::Counter);
}

#[test]
fn likelihood_falls_along_adventure_drums() {
    likelihood_falls_along_adventure(Role::Drums);
}

fn density_gives_more_notes(role: Role) {
    let held_out = held_out();
    let notes = [-1.0, -0.5, 0.0, 0.5, 1.0].map(|density| {
        let controls = Controls {
            role,
            density,
            ..Controls::default()
        };
        let (excerpts, _) = played(&controls, 6, &held_out);
        excerpts
            .iter()
            .map(|excerpt| excerpt.made.len())
            .sum::<usize>()
    });
    assert!(
        notes.is_sorted_by(|a, b| a < b),
        "{role:?}: {notes:?} notes along Density"
    );
    // The ends of the knob are heard, not only measured.
    assert!(notes[4] * 2 > notes[0] * 3, "{role:?}: {notes:?}");
}

#[test]
fn density_gives_more_notes_bass() {
    density_gives_more_notes(Role::Bass);
}

#[test]
fn density_gives_more_notes_continue() {
    density_gives_more_notes(Role::Continue);
}

#[test]
fn density_gives_more_notes_chords() {
    density_gives_more_notes(Role::Chords);
}

#[test]
fn density_gives_more_notes_counter() {
    density_gives_more_notes(Role::Counter);
}

#[test]
fn density_gives_more_notes_drums() {
    density_gives_more_notes(Role::Drums);
}

/// The places of `rhythm` in a bar of `ticks` whose beats are quarters.
fn places(rhythm: Rhythm, ticks: i64) -> BTreeSet<i64> {
    let (first, step) = match rhythm {
        Rhythm::Free => unreachable!("it has none"),
        Rhythm::WholeNotes => (0, ticks),
        Rhythm::HalfNotes => (0, 48),
        Rhythm::QuarterNotes => (0, 24),
        Rhythm::EighthNotes => (0, 12),
        Rhythm::EighthTriplets => (0, 8),
        Rhythm::SixteenthNotes => (0, 6),
        Rhythm::OffBeats => (12, 24),
    };
    let mut places: BTreeSet<i64> = (first..ticks).step_by(step as usize).collect();
    // The third beat of three belongs to the half note before it.
    if rhythm == Rhythm::HalfNotes && ticks % 48 != 0 {
        places.pop_last();
    }
    places
}

#[test]
fn a_rhythm_is_kept_on_held_out_music_and_filled() {
    let held_out = held_out();
    for role in [Role::Bass, Role::Chords, Role::Counter] {
        for rhythm in &Rhythm::ALL[1..] {
            let controls = Controls {
                role,
                rhythm: *rhythm,
                ..Controls::default()
            };
            let (excerpts, _) = played(&controls, 3, &held_out);
            let simple = excerpts.iter().flat_map(|excerpt| {
                let bars = excerpt.bars.iter().filter(|bar| bar.beat == 24);
                bars.map(move |bar| (excerpt, bar))
            });
            let mut filled = 0;
            for (excerpt, bar) in simple {
                let made = between(&excerpt.made, bar.start, bar.end());
                let found: BTreeSet<i64> = made.iter().map(|note| note.onset - bar.start).collect();
                let wanted = places(*rhythm, bar.ticks);
                let heard = between(&excerpt.heard, bar.start - bar.ticks, bar.end());
                if heard.is_empty() {
                    assert!(found.is_subset(&wanted), "{role:?} {rhythm:?}: {found:?}");
                } else {
                    assert_eq!(found, wanted, "{role:?} {rhythm:?} in {}", excerpt.source);
                    filled += 1;
                }
            }
            assert!(filled >= 8, "{role:?} {rhythm:?}: {filled} bars");
        }
    }
}

#[test]
fn thinner_leaves_places_of_the_rhythm_free() {
    let held_out = held_out();
    let notes = [-1.0, -0.5, 0.0, 0.5].map(|density| {
        let controls = Controls {
            role: Role::Bass,
            rhythm: Rhythm::EighthNotes,
            density,
            ..Controls::default()
        };
        let (excerpts, _) = played(&controls, 4, &held_out);
        excerpts
            .iter()
            .map(|excerpt| excerpt.made.len())
            .sum::<usize>()
    });
    assert!(notes[0] * 4 < notes[2] * 3, "{notes:?}");
    assert!(
        notes[0] < notes[1] && notes[1] < notes[2] && notes[2] == notes[3],
        "{notes:?}"
    );
}

#[test]
fn a_motion_is_heard_on_held_out_music() {
    let held_out = held_out();
    // The shares of notes on the root of the written chord or the bass under it, of its notes, of seconds, and of
    // keys that stay. What is written is not all heard, so that the laws of the motions are not tested here.
    let shares = |motion| {
        let controls = Controls {
            role: Role::Bass,
            rhythm: Rhythm::QuarterNotes,
            motion,
            ..Controls::default()
        };
        let (excerpts, _) = played(&controls, 12, &held_out);
        let (mut roots, mut tones, mut under) = (0, 0, 0);
        let (mut seconds, mut same, mut moves) = (0, 0, 0);
        for excerpt in &excerpts {
            for note in &excerpt.made {
                let mut symbols = excerpt.chords.iter();
                let symbol = symbols.rfind(|symbol| symbol.onset <= note.onset);
                let Some(symbol) = symbol else {
                    continue;
                };
                under += 1;
                roots += usize::from([symbol.root, symbol.bass].contains(&note.pitch_class()));
                let up = (note.pitch + 12 - symbol.root) % 12;
                tones += usize::from(symbol.intervals.iter().any(|above| above % 12 == up));
            }
            for pair in excerpt.made.windows(2) {
                moves += 1;
                let by = pair[0].pitch.abs_diff(pair[1].pitch);
                same += usize::from(by == 0);
                seconds += usize::from((1..=2).contains(&by));
            }
        }
        let share = |part: usize, of: usize| part as f64 / of as f64;
        assert!(under >= 32, "{under} notes under a symbol");
        [
            share(roots, under),
            share(tones, under),
            share(seconds, moves),
            share(same, moves),
        ]
    };
    let [free, roots, tones, steps] = [
        Motion::Free,
        Motion::Roots,
        Motion::ChordTones,
        Motion::Steps,
    ]
    .map(shares);
    let told = format!("free {free:.2?}, roots {roots:.2?}, tones {tones:.2?}, steps {steps:.2?}");
    println!("{told}");
    assert!(roots[0] >= 0.65 && roots[1] >= 0.85, "{told}");
    assert!(tones[1] >= 0.85, "{told}");
    assert!(
        steps[2] >= 0.65 && free[2] <= 0.3 && steps[3] == 0.0,
        "{told}"
    );
}

/// Riffs of two bars, as unlike as riffs are: onset in ticks, length, key.
const RIFFS: [&[(i64, i64, u8)]; 4] = [
    &[
        (0, 12, 60),
        (12, 12, 62),
        (24, 12, 64),
        (36, 12, 65),
        (48, 48, 67),
        (96, 24, 69),
        (120, 24, 67),
        (144, 48, 64),
    ],
    &[
        (0, 6, 72),
        (18, 6, 72),
        (36, 12, 69),
        (60, 6, 67),
        (66, 6, 69),
        (84, 12, 72),
        (114, 6, 74),
        (132, 36, 69),
    ],
    &[
        (24, 24, 67),
        (48, 24, 64),
        (72, 24, 60),
        (120, 24, 65),
        (144, 24, 62),
        (168, 24, 59),
    ],
    &[
        (0, 6, 60),
        (6, 6, 64),
        (12, 6, 67),
        (18, 6, 72),
        (24, 6, 67),
        (30, 6, 64),
        (48, 24, 60),
        (96, 6, 62),
        (102, 6, 65),
        (108, 6, 69),
        (114, 6, 74),
        (120, 6, 69),
        (126, 6, 65),
        (144, 24, 62),
    ],
];

const PHRASE: i64 = 2 * 96;

/// The riff in every other phrase of two bars.
fn calls(riff: &[(i64, i64, u8)]) -> Vec<Note> {
    (0..4)
        .flat_map(|round| {
            riff.iter().map(move |&(onset, duration, pitch)| Note {
                onset: Tick(2 * PHRASE * round + onset),
                duration,
                pitch,
                velocity: 84,
            })
        })
        .collect()
}

/// How much of two phrases is alike, 0..=1: of all places where either has an onset, those where both do,
/// half for the place and half for the same direction of the line into it.
fn alike(one: &[Note], other: &[Note], start_of_one: Tick, start_of_other: Tick) -> f64 {
    let steps = |notes: &[Note], start: Tick| -> Vec<(i64, i8)> {
        let mut before: Option<u8> = None;
        notes
            .iter()
            .map(|note| {
                let up = before.map_or(0, |before| {
                    (i16::from(note.pitch) - i16::from(before)).signum()
                });
                before = Some(note.pitch);
                (note.onset - start, up as i8)
            })
            .collect()
    };
    let (one, other) = (steps(one, start_of_one), steps(other, start_of_other));
    let places: BTreeSet<i64> = one.iter().chain(&other).map(|(at, _)| *at).collect();
    let find =
        |steps: &[(i64, i8)], at: i64| steps.iter().find(|(of, _)| *of == at).map(|(_, up)| *up);
    let same: f64 = places
        .iter()
        .map(|at| match (find(&one, *at), find(&other, *at)) {
            (Some(one), Some(other)) if one == other => 1.0,
            (Some(_), Some(_)) => 0.5,
            _ => 0.0,
        })
        .sum();
    same / places.len().max(1) as f64
}

#[test]
fn an_answer_takes_up_the_motif_of_its_call() {
    let generator = generator();
    let song = Song {
        tempo_map: vec![(Tick(0), 120.0)],
        meters: vec![(Tick(0), Meter::COMMON)],
        keys: Vec::new(),
        tracks: Vec::new(),
    };
    let end = Tick(8 * PHRASE);
    for role in [Role::Continue, Role::Counter] {
        let answers: Vec<Vec<Note>> = RIFFS
            .iter()
            .map(|riff| {
                let controls = Controls {
                    role,
                    mode: Mode::Answer,
                    phrase_bars: 2,
                    ..Controls::default()
                };
                let heard = calls(riff);
                perform(
                    &generator,
                    &song,
                    &heard,
                    controls,
                    end,
                    Knowledge::FirstPass,
                    |_| {},
                )
            })
            .collect();
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (index, answer) in answers.iter().enumerate() {
            let in_turn = |note: &Note| note.onset.0.rem_euclid(2 * PHRASE) >= PHRASE;
            assert!(
                answer.iter().all(in_turn),
                "{role:?} plays while it listens"
            );
            for round in 0..4 {
                let start = Tick((2 * round + 1) * PHRASE);
                let phrase = between(answer, start, start + PHRASE);
                assert!(!phrase.is_empty(), "{role:?} does not answer riff {index}");
                for (other, riff) in RIFFS.iter().enumerate() {
                    let call = calls(riff);
                    let call = between(&call, Tick(0), Tick(PHRASE));
                    let alike = alike(phrase, call, start, Tick(0));
                    if other == index {
                        own.push(alike);
                    } else {
                        others.push(alike);
                    }
                }
            }
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (own, chance) = (mean(&own), mean(&others));
        assert!(
            own > 1.7 * chance && own < 0.95,
            "{role:?}: {own:.2} like its call, {chance:.2} like others"
        );
    }
}
