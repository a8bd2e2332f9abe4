//! Each preset gives what it says: a song is played with it and measured.

use std::collections::BTreeSet;

use continuo_model::{
    controls::Controls,
    feel::Played,
    generate::Generator,
    midi_file::Song,
    note::Note,
    perform::{Knowledge, Performance},
    presets::Preset,
    time::Tick,
};

const BARS: i64 = 16;

/// Chords of four bars, over and over, in close position around middle C, and their roots.
const CHORDS: [([u8; 3], u8); 4] = [
    ([60, 64, 67], 0),
    ([57, 60, 64], 9),
    ([57, 60, 65], 5),
    ([59, 62, 67], 7),
];

fn chords() -> Vec<Note> {
    let bars = (0..BARS).flat_map(|bar| {
        let (chord, _) = CHORDS[bar as usize % 4];
        chord.map(|pitch| Note {
            onset: Tick(bar * 96),
            duration: 92,
            pitch,
            velocity: 80,
        })
    });
    bars.collect()
}

/// A tune in eighths and quarters for `bars` bars, then silence for as many, and so on.
fn tune(bars: i64) -> Vec<Note> {
    const TUNE: [(i64, u8); 6] = [(24, 72), (12, 74), (12, 76), (24, 79), (12, 76), (12, 74)];
    let mut notes = Vec::new();
    for bar in (0..BARS).filter(|bar| bar / bars % 2 == 0) {
        let mut at = bar * 96;
        for (duration, pitch) in TUNE {
            notes.push(Note {
                onset: Tick(at),
                duration,
                pitch,
                velocity: 80,
            });
            at += duration;
        }
    }
    notes
}

fn play(name: &str, heard: &[Note]) -> Vec<Played> {
    play_knowing(name, heard, Knowledge::Rehearsed)
}

fn play_knowing(name: &str, heard: &[Note], knowledge: Knowledge) -> Vec<Played> {
    let preset = Preset::find(name).unwrap_or_else(|| panic!("no preset {name}"));
    let controls = preset.apply(&Controls {
        key: Some(0),
        ..Controls::default()
    });
    let song = Song::default();
    let performance = Performance {
        knowledge,
        ..Performance::new(&song, heard, controls, Tick(BARS * 96))
    };
    performance.play(
        &Generator::shipped().expect("the shipped weights fit"),
        |_| {},
    )
}

/// Notes in a bar, on the average.
fn a_bar(notes: &[Played]) -> f64 {
    notes.len() as f64 / BARS as f64
}

/// The share of the notes of which `holds` is true.
fn share(notes: &[Played], holds: impl Fn(&Played) -> bool) -> f64 {
    assert!(!notes.is_empty(), "nothing was played");
    notes.iter().filter(|played| holds(played)).count() as f64 / notes.len() as f64
}

/// The share of notes on the root of the chord of their bar.
fn roots(notes: &[Played]) -> f64 {
    share(notes, |played| {
        let (_, root) = CHORDS[(played.note.onset.0 / 96) as usize % 4];
        played.note.pitch % 12 == root
    })
}

/// The places in their bar at which notes of these keys begin.
fn places(notes: &[Played], keys: &[u8]) -> BTreeSet<i64> {
    let of_keys = notes
        .iter()
        .filter(|played| keys.contains(&played.note.pitch));
    of_keys.map(|played| played.note.onset.0 % 96).collect()
}

/// The places in a bar at which anything begins, as they are in each bar.
fn rhythm(name: &str, notes: &[Played]) -> Vec<i64> {
    let in_bar = |bar: i64| -> Vec<i64> {
        let of_bar = notes
            .iter()
            .filter(|played| played.note.onset.0 / 96 == bar);
        let places: BTreeSet<i64> = of_bar.map(|played| played.note.onset.0 % 96).collect();
        places.into_iter().collect()
    };
    let first = in_bar(0);
    for bar in 1..BARS {
        assert_eq!(in_bar(bar), first, "{name}, bar {bar}");
    }
    first
}

#[test]
fn root_basses_are_on_their_places_and_on_roots() {
    for (name, places) in [
        (
            "Eighth-note root bass",
            &[0, 12, 24, 36, 48, 60, 72, 84][..],
        ),
        ("Off-beat bass", &[12, 36, 60, 84]),
        ("Root and fifth", &[0, 48]),
    ] {
        for knowledge in [Knowledge::FirstPass, Knowledge::Rehearsed] {
            let notes = play_knowing(name, &chords(), knowledge);
            assert_eq!(rhythm(name, &notes), places);
            let on_roots = roots(&notes);
            if name == "Root and fifth" {
                let fifths = share(&notes, |played| {
                    let (_, root) = CHORDS[(played.note.onset.0 / 96) as usize % 4];
                    (played.note.pitch + 120 - root) % 12 == 7
                });
                assert_eq!((on_roots, fifths), (0.5, 0.5), "{knowledge:?}");
            } else {
                assert_eq!(on_roots, 1.0, "{name}, {knowledge:?}");
            }
        }
    }
}

#[test]
fn a_walking_bass_walks_from_root_to_root() {
    let notes = play("Walking bass", &chords());
    assert_eq!(rhythm("Walking bass", &notes), [0, 24, 48, 72]);
    let keys: Vec<u8> = notes.iter().map(|played| played.note.pitch).collect();
    for (bar, keys) in keys.chunks_exact(4).enumerate() {
        assert_eq!(keys[0] % 12, CHORDS[bar % 4].1, "bar {bar}: {keys:?}");
    }
    let steps: Vec<i16> = keys
        .windows(2)
        .map(|pair| i16::from(pair[1]) - i16::from(pair[0]))
        .collect();
    let seconds = steps.iter().filter(|step| step.abs() <= 2).count();
    assert!(!steps.contains(&0), "{keys:?}");
    assert!(seconds * 20 >= steps.len() * 17, "{keys:?}");
    // Into each root by a second or a third, a fourth or a fifth.
    for landing in steps.iter().skip(3).step_by(4) {
        assert!(matches!(landing.abs(), 1..=5 | 7), "{keys:?}");
    }
    // It turns once in a bar at the most, and stays in two octaves.
    let turns = steps
        .windows(2)
        .filter(|pair| pair[0].signum() != pair[1].signum())
        .count();
    assert!(turns <= BARS as usize, "{turns} turns: {keys:?}");
    assert!(keys.iter().all(|key| (28..=53).contains(key)), "{keys:?}");
    // On the first pass it walks too, but does not know where to.
    let first = play_knowing("Walking bass", &chords(), Knowledge::FirstPass);
    let keys: Vec<u8> = first.iter().map(|played| played.note.pitch).collect();
    let mut seconds = 0;
    for (bar, keys) in keys.chunks_exact(4).enumerate() {
        assert_eq!(keys[0] % 12, CHORDS[bar % 4].1, "bar {bar}: {keys:?}");
        let steps = keys.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
        seconds += steps.filter(|step| (1..=2).contains(step)).count();
    }
    assert!(seconds * 2 >= keys.len(), "{keys:?}");
}

/// Whether a key belongs to the chord of its bar.
fn is_chord_tone(played: &Played) -> bool {
    let (chord, _) = CHORDS[(played.note.onset.0 / 96) as usize % 4];
    chord.iter().any(|key| key % 12 == played.note.pitch % 12)
}

#[test]
fn broken_chords_are_one_note_at_a_time_and_in_their_order() {
    for name in ["Arpeggio", "Alberti"] {
        let notes = play(name, &chords());
        assert_eq!(rhythm(name, &notes).len(), 8, "{name}");
        assert_eq!(a_bar(&notes), 8.0, "{name}: one note on each eighth");
        assert_eq!(share(&notes, is_chord_tone), 1.0, "{name}");
        let keys: Vec<u8> = notes.iter().map(|played| played.note.pitch).collect();
        if name == "Alberti" {
            let mut before: Option<u8> = None;
            for figure in keys.chunks_exact(4) {
                let [low, high, middle, again] = *figure else {
                    unreachable!("four");
                };
                assert!(low < middle && middle < high && high == again && high - low <= 12);
                assert!(
                    before.is_none_or(|before| before.abs_diff(low) <= 4),
                    "{keys:?}"
                );
                before = Some(low);
            }
        } else {
            // Up and down by chord notes: no leap beyond a sixth, and it turns at the ends only.
            let leaps = keys.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
            assert!(
                leaps.clone().all(|leap| (1..=9).contains(&leap)),
                "{keys:?}"
            );
            let ups = keys
                .windows(2)
                .map(|pair| pair[1] > pair[0])
                .collect::<Vec<bool>>();
            let turns = ups.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert!(turns * 3 <= keys.len(), "{keys:?}");
        }
    }
}

#[test]
fn chords_on_the_beats_and_between_them_hold_no_other_notes() {
    for (name, places) in [
        ("Quarter-note chords", [0, 24, 48, 72]),
        ("Off-beat chords", [12, 36, 60, 84]),
    ] {
        let notes = play(name, &chords());
        assert_eq!(rhythm(name, &notes), places);
        assert_eq!(share(&notes, is_chord_tone), 1.0, "{name}");
        assert!(strokes(&notes).1 >= 3.0, "{name}");
    }
}

#[test]
fn half_time_drums_have_one_backbeat_in_the_middle_of_the_bar() {
    for knowledge in [Knowledge::FirstPass, Knowledge::Rehearsed] {
        let notes = play_knowing("Half-time drums", &chords(), knowledge);
        let at = |keys: &[u8]| places(&notes, keys).into_iter().collect::<Vec<i64>>();
        assert_eq!(at(&[42, 44, 46, 51, 53, 59]), [0, 24, 48, 72]);
        assert_eq!(at(&[37, 38, 39, 40]), [48]);
        assert!(at(&[35, 36]).contains(&0), "the drum begins the bar");
    }
}

#[test]
fn off_beat_hats_are_between_the_beats() {
    for knowledge in [Knowledge::FirstPass, Knowledge::Rehearsed] {
        let notes = play_knowing("Off-beat hats", &chords(), knowledge);
        let hats: Vec<i64> = places(&notes, &[42, 44, 46, 51, 53, 59])
            .into_iter()
            .collect();
        assert_eq!(hats, [12, 36, 60, 84]);
        assert!(places(&notes, &[35, 36]).contains(&0));
    }
}

#[test]
fn patient_bass() {
    let notes = play("Patient bass", &chords());
    assert!(a_bar(&notes) <= 2.5, "{} a bar", a_bar(&notes));
    assert!(roots(&notes) >= 0.8, "{} on roots", roots(&notes));
    assert!(share(&notes, |played| played.note.duration <= 24) >= 0.8);
}

#[test]
fn restless_bass() {
    let notes = play("Restless bass", &chords());
    let gaps: BTreeSet<i64> = notes
        .windows(2)
        .map(|pair| pair[1].note.onset - pair[0].note.onset)
        .collect();
    assert!(gaps.len() >= 4, "{gaps:?}");
    assert!(a_bar(&notes) >= 1.5, "{} a bar", a_bar(&notes));
}

/// Strokes in a bar, on the average, and notes in a stroke.
fn strokes(notes: &[Played]) -> (f64, f64) {
    let onsets: BTreeSet<Tick> = notes.iter().map(|played| played.note.onset).collect();
    let strokes = onsets.len() as f64;
    (strokes / BARS as f64, notes.len() as f64 / strokes)
}

#[test]
fn chords_have_three_notes_and_as_many_strokes_as_they_should() {
    for (name, range) in [("Pad voicings", 0.5..=2.5), ("Comping", 1.0..=6.0)] {
        let notes = play(name, &chords());
        let (a_bar, together) = strokes(&notes);
        assert!(range.contains(&a_bar), "{name}: {a_bar} strokes a bar");
        assert!(together >= 2.5, "{name}: {together} notes together");
        if name == "Pad voicings" {
            assert!(share(&notes, |played| played.note.duration >= 48) >= 0.8);
        }
    }
}

/// Pitch classes of C major.
const MAJOR: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];

#[test]
fn second_voices_stay_in_the_key_and_where_they_should() {
    for (name, lowest, highest) in [("Second voice", 0, 127), ("Tenor voice", 48, 69)] {
        let notes = play(name, &tune(BARS));
        assert!(a_bar(&notes) >= 1.0, "{name}: {} a bar", a_bar(&notes));
        assert!(share(&notes, |played| MAJOR.contains(&(played.note.pitch % 12))) == 1.0);
        assert!(
            share(&notes, |played| (lowest..=highest)
                .contains(&played.note.pitch))
                == 1.0
        );
    }
}

#[test]
fn solos_are_on_their_scale_and_above() {
    for (name, degrees, lowest) in [
        ("Pentatonic solo", &[0, 2, 4, 7, 9][..], 67),
        ("Blues solo", &[0, 3, 5, 6, 7, 10][..], 60),
    ] {
        let notes = play(name, &chords());
        assert!(a_bar(&notes) >= 2.0, "{name}: {} a bar", a_bar(&notes));
        assert!(
            share(&notes, |played| degrees.contains(&(played.note.pitch % 12))) == 1.0,
            "{name}"
        );
        assert!(
            share(&notes, |played| played.note.pitch >= lowest) == 1.0,
            "{name}"
        );
    }
}

#[test]
fn answers_come_after_their_phrase_and_not_before() {
    for (name, bars) in [("Answer my riff", 2), ("Blues answer", 4)] {
        let notes = play(name, &tune(bars));
        let answers = share(&notes, |played| played.note.onset.0 / 96 / bars % 2 == 1);
        assert!(answers == 1.0, "{name}: {answers}");
        assert!(
            notes.len() >= BARS as usize,
            "{name}: {} notes",
            notes.len()
        );
    }
}

#[test]
fn take_over_plays_where_the_player_rests() {
    let notes = play("Take over", &tune(4));
    let rests = share(&notes, |played| played.note.onset.0 / 96 / 4 % 2 == 1);
    assert!(rests >= 0.9, "{rests}");
    assert!(notes.len() >= 16, "{} notes", notes.len());
}

#[test]
fn kick_and_hats_straight_and_shuffled() {
    for (name, latest) in [("Kick and hats", 0), ("Shuffled hats", 3000)] {
        for knowledge in [Knowledge::FirstPass, Knowledge::Rehearsed] {
            let notes = play_knowing(name, &chords(), knowledge);
            let drums: &[i64] = match knowledge {
                Knowledge::FirstPass => &[0, 48],
                Knowledge::Rehearsed => &[0, 24, 48, 72],
            };
            let kicks = places(&notes, &[35, 36]);
            assert!(
                drums.iter().all(|place| kicks.contains(place)),
                "{name}: {kicks:?}"
            );
            let hats = places(&notes, &[42, 44]);
            assert!(
                hats.is_superset(&[12, 36, 60, 84].into()),
                "{name}: {hats:?}"
            );
            let mut off_beats = notes.iter().filter(|played| played.note.onset.0 % 24 == 12);
            assert!(
                off_beats.all(|played| played.delay_millitick >= latest),
                "{name}"
            );
        }
    }
}

#[test]
fn the_wild_drummer_plays_more_than_the_loose_one() {
    let loose = a_bar(&play("Loose drummer", &chords()));
    let wild = a_bar(&play("Wild drummer", &chords()));
    assert!(
        wild > loose && wild >= 16.0,
        "{wild} and {loose} strokes a bar"
    );
}
