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

#[test]
fn steady_bass() {
    let notes = play("Steady bass", &chords());
    assert!(a_bar(&notes) >= 3.5, "{} a bar", a_bar(&notes));
    assert!(roots(&notes) >= 0.8, "{} on roots", roots(&notes));
    assert!(share(&notes, |played| played.note.onset.0 % 12 == 0) == 1.0);
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
    for (name, range) in [
        ("Pad voicings", 0.5..=2.5),
        ("Steady chords", 2.0..=4.5),
        ("Comping", 1.0..=6.0),
    ] {
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
