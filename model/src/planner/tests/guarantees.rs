//! What the controls guarantee, over random music and a network that says anything.

use super::*;
use crate::{chord::PitchClassSet, constrain::Hands, controls::Scale};

/// Random hands: chords and lines in any key, none of them tidy.
pub fn music() -> impl Strategy<Value = Vec<Note>> {
    let note = (0i64..6 * 96, 1i64..100, 30u8..100, 1u8..=127).prop_map(
        |(onset, duration, pitch, velocity)| Note {
            onset: Tick(onset),
            duration,
            pitch,
            velocity,
        },
    );
    proptest::collection::vec(note, 0..80).prop_map(|mut notes| {
        notes.sort_unstable_by_key(|note| (note.onset, note.pitch));
        notes.dedup_by_key(|note| (note.onset, note.pitch));
        notes
    })
}

/// Controls of a role with everything random that could break a guarantee.
fn any_controls(role: Role) -> impl Strategy<Value = Controls> {
    let ranges = prop_oneof![
        Just((0u8, 127u8)),
        (0u8..=127, 0u8..=127),
        (0u8..=127).prop_map(|key| (key, key)),
    ];
    (
        ranges,
        proptest::option::of(0u8..12),
        proptest::sample::select(Scale::ALL.to_vec()),
        any::<bool>(),
        (0.0f32..=1.0, -1.0f32..=1.0, any::<u64>(), 0u8..4),
        any::<bool>(),
    )
        .prop_map(
            move |(range, key, scale, scale_lock, soft, answers)| Controls {
                role,
                lowest: range.0,
                highest: range.1,
                key,
                scale,
                scale_lock,
                adventure: soft.0,
                density: soft.1,
                seed: soft.2,
                take: soft.3,
                mode: if answers { Mode::Answer } else { Mode::Follow },
                phrase_bars: 1,
                ..Controls::default()
            },
        )
}

/// What is played over `heard`, guessed notes bent as the audio thread bends them.
fn perform_with(controls: Controls, heard: &[Note], rehearsed: bool) -> Vec<Note> {
    let knowledge = if rehearsed {
        Knowledge::Rehearsed
    } else {
        Knowledge::FirstPass
    };
    let song = Song {
        tempo_map: vec![(Tick(0), 120.0)],
        meters: vec![(Tick(0), Meter::COMMON)],
        keys: Vec::new(),
        tracks: Vec::new(),
    };
    let end = Tick(6 * 96);
    perform(&generator(), &song, heard, controls, end, knowledge, |_| {})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scale_lock_lets_no_note_outside_of_key_and_scale(
        role in proptest::sample::select(vec![Role::Continue, Role::Bass, Role::Chords, Role::Counter]),
        heard in music(),
        rehearsed in any::<bool>(),
        (key, scale) in (0u8..12, proptest::sample::select(vec![
            Scale::Major, Scale::Minor, Scale::Dorian, Scale::Mixolydian,
            Scale::HarmonicMinor, Scale::Pentatonic, Scale::Blues,
        ])),
        adventure in 0.0f32..=1.0,
    ) {
        let controls = Controls {
            role,
            key: Some(key),
            scale,
            scale_lock: true,
            adventure,
            ..Controls::default()
        };
        let allowed = PitchClassSet::from_mask(scale.mask()).transpose(key);
        for note in perform_with(controls, &heard, rehearsed) {
            prop_assert!(allowed.contains(note.pitch), "{note:?}");
        }
    }

    #[test]
    fn no_note_is_outside_of_the_range_be_it_swapped_or_one_note_wide(
        controls in proptest::sample::select(Role::ALL.to_vec()).prop_flat_map(any_controls),
        heard in music(),
        rehearsed in any::<bool>(),
    ) {
        let (lowest, highest) = controls.range();
        for note in perform_with(controls, &heard, rehearsed) {
            prop_assert!((lowest..=highest).contains(&note.pitch), "{note:?}");
        }
    }

    #[test]
    fn a_line_is_one_note_at_a_time(
        controls in proptest::sample::select(vec![Role::Continue, Role::Bass, Role::Counter])
            .prop_flat_map(any_controls),
        heard in music(),
        rehearsed in any::<bool>(),
    ) {
        let notes = perform_with(controls, &heard, rehearsed);
        for pair in notes.windows(2) {
            prop_assert!(pair[0].end() <= pair[1].onset, "{pair:?}");
        }
    }

    #[test]
    fn a_chord_has_three_to_five_notes_under_two_hands(
        heard in music(),
        rehearsed in any::<bool>(),
        adventure in 0.0f32..=1.0,
        density in -1.0f32..=1.0,
        seed in any::<u64>(),
    ) {
        let controls = Controls { adventure, density, seed, ..controls(Role::Chords) };
        let notes = perform_with(controls, &heard, rehearsed);
        let mut last: Option<&[Note]> = None;
        for stroke in notes.chunk_by(|one, other| one.onset == other.onset) {
            prop_assert!((3..=5).contains(&stroke.len()), "{stroke:?}");
            let mut hands = Hands::default();
            for note in stroke {
                prop_assert!(hands.can_add(note.pitch), "{stroke:?}");
                hands.add(note.pitch);
            }
            if let Some(last) = last {
                prop_assert!(last.iter().all(|note| note.end() <= stroke[0].onset));
            }
            // A bar may be planned before the last beat of the one before is corrected.
            if let Some(last) = last.filter(|_| rehearsed) {
                let leap = last[0].pitch.abs_diff(stroke[0].pitch);
                prop_assert!(leap <= 12, "{last:?} then {stroke:?}");
            }
            last = Some(stroke);
        }
    }

    #[test]
    fn a_held_phrase_and_a_held_bar_obey_range_and_scale_that_came_later(
        role in proptest::sample::select(Role::ALL.to_vec()),
        later in proptest::sample::select(Role::ALL.to_vec()).prop_flat_map(any_controls),
        whole in any::<bool>(),
    ) {
        let mut planner = Planner::new(generator());
        planner.set_controls(Controls { phrase_bars: 1, ..controls(role) });
        play(&mut planner, 200, 1);
        if whole {
            planner.set_controls(Controls { phrase_bars: 1, hold: true, ..controls(role) });
        } else {
            planner.hold_bar(Tick(96), Tick(192));
        }
        planner.advance(Tick(280)).count();
        let controls = Controls { role, hold: whole, key: Some(2), ..later };
        planner.set_controls(controls);
        planner.start(Tick(if whole { 288 } else { 96 }), BarGrid::from_origin(Meter::COMMON), None);
        let (lowest, highest) = controls.range();
        let scale = match controls.scale {
            Scale::Auto => Scale::Chromatic,
            scale => scale,
        };
        let scale = PitchClassSet::from_mask(scale.mask()).transpose(2);
        let bound = controls.scale_lock && role != Role::Drums;
        let actions: Vec<Action> = planner.advance(Tick(if whole { 300 } else { 100 })).collect();
        for planned in planned(&actions) {
            let pitch = planned.note.pitch;
            prop_assert!((lowest..=highest).contains(&pitch));
            prop_assert!(!bound || scale.contains(pitch));
        }
    }
}
