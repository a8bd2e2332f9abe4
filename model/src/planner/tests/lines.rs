//! What Rhythm and Motion promise, over random music and a network that says anything.

use super::{guarantees::music, *};
use crate::{
    chord::{Chord, PitchClassSet},
    constrain::Grid,
    controls::{Motion, Rhythm, Scale},
    generate::Asked,
    harmony::{Harmony, known_progression},
    note::between,
};

const BARS: i64 = 6;

/// Meters of all kinds; a bar has up to 96 ticks.
fn meters() -> impl Strategy<Value = Meter> {
    let meters = [(4, 4), (3, 4), (2, 2), (6, 8), (7, 8), (5, 8)];
    proptest::sample::select(meters.to_vec())
        .prop_map(|(numerator, denominator)| Meter::new(numerator, denominator).expect("a meter"))
}

fn rhythms() -> impl Strategy<Value = Rhythm> {
    proptest::sample::select(Rhythm::ALL[1..].to_vec())
}

fn motions() -> impl Strategy<Value = Motion> {
    proptest::sample::select(Motion::ALL[1..].to_vec())
}

/// What is played over `heard` in bars of `meter`.
fn played(controls: Controls, meter: Meter, heard: &[Note], knowledge: Knowledge) -> Vec<Note> {
    let song = Song {
        meters: vec![(Tick(0), meter)],
        ..Song::default()
    };
    let end = Tick(BARS * meter.bar_ticks());
    perform(&generator(), &song, heard, controls, end, knowledge, |_| {})
}

/// The bars of `meter`, each with the places of `rhythm`.
fn bars(meter: Meter, rhythm: Rhythm) -> Vec<(Bar, Vec<Tick>)> {
    let grid = BarGrid::from_origin(meter);
    (0..BARS)
        .map(|number| {
            let bar = Bar::containing(grid, grid.start_of(number));
            let places = Grid::of(rhythm, &bar).expect("a rhythm");
            let places = places.between(0, bar.ticks as usize);
            (bar, places.map(|place| bar.start + place as i64).collect())
        })
        .collect()
}

/// The chord of the moment, as far as `bar` knows it on a second pass.
fn chord_at(heard: &[Note], bar: &Bar, at: Tick) -> Option<Chord> {
    let horizon = bar.end() + bar.beat;
    let spans = known_progression(heard, bar, horizon);
    let [of_beat, chord, _] = Harmony::at(heard, &spans, bar, at, horizon).chords;
    chord.or(of_beat)
}

/// A line over `heard` in bars of 4/4 as on a second pass, bar by bar.
fn line(controls: &Controls, heard: &[Note]) -> Vec<(Bar, Vec<Note>)> {
    let mut generator = generator();
    let mut own: Vec<Note> = Vec::new();
    let mut line = Vec::new();
    for (bar, _) in bars(Meter::COMMON, Rhythm::WholeNotes) {
        let music = Music {
            heard,
            own: &own,
            since: Tick(0),
            grid: BarGrid::from_origin(Meter::COMMON),
            controls,
            roll: 0,
        };
        let segment = Segment {
            bar,
            start: bar.start,
            end: bar.end(),
            horizon: bar.end() + bar.beat,
        };
        let notes = generator.segment(&music, &segment, &Asked::default(), &mut |_| {});
        own.extend(&notes);
        line.push((bar, notes));
    }
    line
}

/// The classes of the motion over `chord`, when `allowed` may be played at all.
fn class(motion: Motion, chord: &Chord, allowed: PitchClassSet) -> PitchClassSet {
    let tones = chord.pitch_classes().common(allowed);
    let root: PitchClassSet = [chord.root].into_iter().collect();
    let fifth = chord
        .quality
        .intervals()
        .iter()
        .find(|above| (6..=8).contains(*above));
    let fifth: PitchClassSet = [chord.root + fifth.unwrap_or(&7)].into_iter().collect();
    let wanted = match motion {
        Motion::Roots => root,
        Motion::RootsAndFifths => root.union(fifth),
        _ => tones,
    };
    // Without it the nearest note of the chord, without these any.
    [wanted.common(allowed), tones, allowed]
        .into_iter()
        .find(|class| !class.is_empty())
        .unwrap_or(PitchClassSet::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn notes_begin_on_the_places_of_the_rhythm_only(
        role in proptest::sample::select(vec![Role::Continue, Role::Bass, Role::Chords, Role::Counter]),
        (rhythm, motion) in (rhythms(), proptest::sample::select(Motion::ALL.to_vec())),
        meter in meters(),
        heard in music(),
        rehearsed in any::<bool>(),
        (density, adventure) in (-1.0f32..=1.0, 0.0f32..=1.0),
        answers in any::<bool>(),
    ) {
        let controls = Controls {
            rhythm,
            motion,
            density,
            adventure,
            mode: if answers { Mode::Answer } else { Mode::Follow },
            phrase_bars: 1,
            ..controls(role)
        };
        let knowledge = if rehearsed { Knowledge::Rehearsed } else { Knowledge::FirstPass };
        let notes = played(controls, meter, &heard, knowledge);
        for (bar, places) in bars(meter, rhythm) {
            for note in between(&notes, bar.start, bar.end()) {
                // What clashed and would be silent for long is struck anew.
                let corrected = !rehearsed
                    && matches!(role, Role::Chords | Role::Counter)
                    && (note.onset - bar.start) % bar.beat == CORRECTION
                    && places.iter().all(|place| {
                        *place <= note.onset || *place - note.onset > 24
                    });
                prop_assert!(places.contains(&note.onset) || corrected, "{note:?}");
            }
        }
    }

    #[test]
    fn every_place_of_the_rhythm_is_filled_where_somebody_plays(
        role in proptest::sample::select(vec![Role::Bass, Role::Chords, Role::Counter]),
        (rhythm, motion) in (rhythms(), proptest::sample::select(Motion::ALL.to_vec())),
        meter in meters(),
        heard in music(),
        (density, adventure) in (0.0f32..=1.0, 0.0f32..=1.0),
        scale in proptest::sample::select(Scale::ALL.to_vec()),
        (scale_lock, chords_win) in any::<(bool, bool)>(),
    ) {
        let controls = Controls {
            rhythm, motion, density, adventure, scale, scale_lock, chords_win,
            ..controls(role)
        };
        let notes = played(controls, meter, &heard, Knowledge::Rehearsed);
        for (bar, places) in bars(meter, rhythm) {
            let lately = between(&heard, bar.start - bar.ticks, bar.end());
            if lately.is_empty() {
                continue;
            }
            for place in places {
                let struck = between(&notes, place, place + 1).len();
                prop_assert!(struck > 0, "nothing on {place:?}: {notes:?}");
                let least = if role == Role::Chords && !motion.breaks(role) { 3 } else { 1 };
                prop_assert!(struck >= least);
            }
        }
    }

    #[test]
    fn a_drummers_hats_and_ride_are_the_rhythm_and_slow_ones_have_one_backbeat(
        rhythm in rhythms(),
        meter in meters(),
        heard in music(),
        density in -1.0f32..=1.0,
        adventure in 0.0f32..=1.0,
    ) {
        const CYMBALS: [u8; 6] = [42, 44, 46, 51, 53, 59];
        const SNARES: [u8; 4] = [37, 38, 39, 40];
        let controls = Controls { rhythm, density, adventure, ..controls(Role::Drums) };
        let notes = played(controls, meter, &heard, Knowledge::Rehearsed);
        let slow = matches!(rhythm, Rhythm::HalfNotes | Rhythm::WholeNotes);
        let pulse = match rhythm {
            Rhythm::HalfNotes => Rhythm::QuarterNotes,
            Rhythm::WholeNotes => Rhythm::HalfNotes,
            rhythm => rhythm,
        };
        let mut snares = 0;
        for (bar, places) in bars(meter, pulse) {
            let in_bar = between(&notes, bar.start, bar.end());
            for note in in_bar.iter().filter(|note| CYMBALS.contains(&note.pitch)) {
                prop_assert!(places.contains(&note.onset), "{note:?}");
            }
            snares += in_bar.iter().filter(|note| SNARES.contains(&note.pitch)).count();
            let lately = between(&heard, bar.start - bar.ticks, bar.end());
            if density >= 0.0 && !lately.is_empty() {
                for place in places {
                    let struck = between(&notes, place, place + 1);
                    let hats = struck.iter().filter(|note| CYMBALS.contains(&note.pitch));
                    prop_assert_eq!(hats.count(), 1, "{:?}: {:?}", place, struck);
                }
            }
        }
        prop_assert!(!slow || snares <= BARS as usize, "{snares} backbeats");
    }

    #[test]
    fn every_note_is_of_the_class_of_its_motion(
        role in proptest::sample::select(vec![Role::Continue, Role::Bass, Role::Counter, Role::Chords]),
        rhythm in proptest::sample::select(Rhythm::ALL.to_vec()),
        motion in motions().prop_filter("walks have another law", |motion| *motion != Motion::Steps),
        heard in music(),
        (adventure, density) in (0.0f32..=1.0, -1.0f32..=1.0),
        (key, scale) in (0u8..12, proptest::sample::select(vec![Scale::Major, Scale::Blues])),
        scale_lock in any::<bool>(),
    ) {
        let controls = Controls {
            rhythm,
            motion,
            adventure,
            density,
            key: Some(key),
            scale,
            scale_lock,
            ..controls(role)
        };
        prop_assume!(motion.counts_for(role));
        let allowed = if scale_lock {
            PitchClassSet::from_mask(scale.mask()).transpose(key)
        } else {
            PitchClassSet::ALL
        };
        // Low heard keys have a say in the root of a bass.
        let mut heard = heard;
        heard.retain(|note| note.pitch >= 60);
        for (bar, notes) in line(&controls, &heard) {
            for note in notes {
                prop_assert!(allowed.contains(note.pitch));
                let Some(chord) = chord_at(&heard, &bar, note.onset) else {
                    continue;
                };
                let chord_fits = role != Role::Chords
                    || motion.breaks(role)
                    || chord.pitch_classes().common(allowed).len() > 1;
                let class = class(motion, &chord, allowed);
                prop_assert!(!chord_fits || class.contains(note.pitch), "{chord}: {note:?}");
            }
        }
    }

    #[test]
    fn a_walk_begins_each_chord_on_its_root_steps_on_and_never_stays(
        rhythm in proptest::sample::select(vec![Rhythm::QuarterNotes, Rhythm::EighthNotes]),
        roots in proptest::collection::vec((0u8..12, any::<bool>()), BARS as usize),
        adventure in 0.0f32..=1.0,
        (lowest, width) in (20u8..40, 24u8..40),
    ) {
        let controls = Controls {
            rhythm,
            motion: Motion::Steps,
            adventure,
            lowest,
            highest: lowest + width,
            ..controls(Role::Bass)
        };
        let heard: Vec<Note> = roots
            .iter()
            .zip(0..)
            .flat_map(|((root, minor), bar)| {
                let third = if *minor { 3 } else { 4 };
                [0, third, 7].map(|up| Note::plain(bar * 96, 96, 72 + root + up))
            })
            .collect();
        let line = line(&controls, &heard);
        let mut before: Option<Chord> = None;
        for (bar, notes) in &line {
            let Some(chord) = chord_at(&heard, bar, bar.start) else {
                continue;
            };
            if before.is_none_or(|before| before.root != chord.root) {
                prop_assert_eq!(notes[0].pitch % 12, chord.root, "{}: {:?}", chord, notes);
            }
            before = Some(chord);
        }
        let keys: Vec<u8> = line.iter().flat_map(|(_, notes)| notes).map(|note| note.pitch).collect();
        let steps: Vec<u8> = keys.windows(2).map(|pair| pair[0].abs_diff(pair[1])).collect();
        prop_assert!(!steps.contains(&0), "{keys:?}");
        let seconds = steps.iter().filter(|step| **step <= 2).count();
        prop_assert!(seconds * 3 >= steps.len() * 2, "{keys:?}");
    }

    #[test]
    fn range_scale_lock_and_one_voice_hold_with_any_motion(
        role in proptest::sample::select(Role::ALL.to_vec()),
        (rhythm, motion) in (proptest::sample::select(Rhythm::ALL.to_vec()), motions()),
        heard in music(),
        rehearsed in any::<bool>(),
        range in prop_oneof![
            (0u8..=127, 0u8..=127),
            (0u8..=127).prop_map(|key| (key, key)),
            Just((0, 127)),
        ],
        scale_lock in any::<bool>(),
    ) {
        let controls = Controls {
            rhythm,
            motion,
            lowest: range.0,
            highest: range.1,
            key: Some(0),
            scale: Scale::Dorian,
            scale_lock,
            ..controls(role)
        };
        let knowledge = if rehearsed { Knowledge::Rehearsed } else { Knowledge::FirstPass };
        let notes = played(controls, Meter::COMMON, &heard, knowledge);
        let (lowest, highest) = controls.range();
        let scale = PitchClassSet::from_mask(Scale::Dorian.mask());
        for note in &notes {
            prop_assert!((lowest..=highest).contains(&note.pitch), "{note:?}");
            prop_assert!(!scale_lock || role == Role::Drums || scale.contains(note.pitch));
        }
        if role.is_monophonic() || motion.breaks(role) {
            for pair in notes.windows(2) {
                prop_assert!(pair[0].end() <= pair[1].onset, "{pair:?}");
            }
        }
    }
}

#[test]
fn a_guessed_bass_on_roots_bends_to_the_roots_that_come() {
    let heard: Vec<Note> = [(0, 60), (1, 65), (2, 67), (3, 62)]
        .into_iter()
        .flat_map(|(bar, root)| [0, 4, 7].map(|up| Note::plain(bar * 96, 90, root + up)))
        .collect();
    for (motion, above) in [
        (Motion::Roots, &[0][..]),
        (Motion::RootsAndFifths, &[0, 7]),
        (Motion::ChordTones, &[0, 4, 7]),
        (Motion::Arpeggio, &[0, 4, 7]),
        (Motion::Alberti, &[0, 4, 7]),
    ] {
        let controls = Controls {
            rhythm: Rhythm::EighthNotes,
            motion,
            ..controls(Role::Bass)
        };
        let notes = played(controls, Meter::COMMON, &heard, Knowledge::FirstPass);
        let of_song = between(&notes, Tick(0), Tick(4 * 96));
        // The last eighth of a bar begins when the hands are up.
        assert!(of_song.len() >= 28, "{motion:?}: {}", of_song.len());
        for note in of_song.iter().filter(|note| note.onset.0 % 96 < 84) {
            let root = [60, 65, 67, 62][(note.onset.0 / 96) as usize];
            let up = (note.pitch + 120 - root) % 12;
            assert!(above.contains(&up), "{motion:?}: {note:?}");
        }
    }
}
