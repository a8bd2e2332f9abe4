//! Takes, holds, rolls: what the musician asks of the plan while it plays.

use super::*;

const LOOP: (Tick, Tick) = (Tick(0), Tick(4 * 96));

/// Plays pass after pass of a loop of four bars; `ask` comes before each tick and may ask for something.
/// Returns the notes of each pass that were left to play.
fn loops(
    planner: &mut Planner,
    passes: u32,
    mut ask: impl FnMut(&mut Planner, u32, Tick),
) -> Vec<Vec<Note>> {
    planner.start(LOOP.0, BarGrid::from_origin(Meter::COMMON), Some(LOOP));
    let mut actions = Vec::new();
    for pass in 0..passes {
        if pass > 0 {
            planner.wrap(LOOP.0);
        }
        for at in LOOP.0.0..LOOP.1.0 {
            ask(planner, pass, Tick(at));
            hear(planner, Tick(at));
            actions.extend(planner.advance(Tick(at + 1)));
        }
    }
    (0..passes)
        .map(|pass| {
            let of_pass: Vec<Action> = actions
                .iter()
                .filter(|action| match action {
                    Action::Segment { pass: of, .. }
                    | Action::Replace { pass: of, .. }
                    | Action::Note { pass: of, .. }
                    | Action::Release { pass: of, .. } => *of == pass,
                })
                .copied()
                .collect();
            let mut notes: Vec<Note> = planned(&of_pass)
                .iter()
                .map(|planned| planned.note)
                .collect();
            notes.sort_unstable_by_key(|note| (note.onset, note.pitch));
            notes
        })
        .collect()
}

fn bar(notes: &[Note], number: i64) -> Vec<(i64, u8)> {
    places(notes, Tick(96 * number), Tick(96 * (number + 1)))
}

fn planner(role: Role) -> Planner {
    let mut planner = Planner::new(generator());
    planner.set_controls(controls(role));
    planner
}

#[test]
fn a_take_counts_from_the_next_bar_and_going_back_finds_its_notes_in_mid_song() {
    for role in [Role::Bass, Role::Chords, Role::Counter] {
        let mut planner = planner(role);
        let passes = loops(&mut planner, 5, |planner, pass, at| {
            // The other take sounds from the second bar of the third pass to the middle of the fourth.
            let take = match (pass, at.0) {
                (2, 50) => 1,
                (3, 150) => 0,
                _ => return,
            };
            planner.set_controls(Controls {
                take,
                ..controls(role)
            });
        });
        assert_eq!(passes[2][..1], passes[1][..1], "the running bar plays on");
        assert_eq!(bar(&passes[2], 0), bar(&passes[1], 0));
        assert_ne!(
            (1..4).map(|n| bar(&passes[2], n)).collect::<Vec<_>>(),
            (1..4).map(|n| bar(&passes[1], n)).collect::<Vec<_>>(),
            "{role:?}: another take is other music"
        );
        for number in [2, 3] {
            assert_eq!(bar(&passes[3], number), bar(&passes[1], number), "{role:?}");
        }
        assert_eq!(passes[4], passes[1], "{role:?}");
    }
}

#[test]
fn takes_survive_the_saved_state() {
    let mut planner = planner(Role::Bass);
    let passes = loops(&mut planner, 4, |planner, pass, at| {
        if (pass, at.0) == (2, 50) {
            planner.set_controls(Controls {
                take: 1,
                ..controls(Role::Bass)
            });
        }
    });
    let saved = serde_json::to_string(&planner.memory()).unwrap();
    let mut again = self::planner(Role::Bass);
    again.recall(serde_json::from_str(&saved).unwrap());
    let first = loops(&mut again, 1, |_, _, _| {});
    assert_eq!(first[0], passes[1], "take 0 as it was before take 1");
}

#[test]
fn a_held_phrase_goes_on_exactly_from_the_next_bar_and_what_follows_it_is_new() {
    for role in [Role::Bass, Role::Chords, Role::Counter, Role::Drums] {
        let mut planner = planner(role);
        let with_hold = |hold| Controls {
            hold,
            phrase_bars: 2,
            ..controls(role)
        };
        planner.set_controls(with_hold(false));
        let passes = loops(&mut planner, 5, |planner, pass, at| match (pass, at.0) {
            (1, 110) => planner.set_controls(with_hold(true)),
            (3, 110) => planner.set_controls(with_hold(false)),
            _ => {}
        });
        let phrase = [bar(&passes[1], 0), bar(&passes[1], 1)];
        assert!(phrase.iter().any(|bar| !bar.is_empty()), "{role:?}");
        for (pass, number) in [
            (1, 2),
            (1, 3),
            (2, 0),
            (2, 1),
            (2, 2),
            (2, 3),
            (3, 0),
            (3, 1),
        ] {
            assert_eq!(
                bar(&passes[pass], number),
                phrase[number as usize % 2],
                "{role:?}: bar {number} of pass {pass}"
            );
        }
        let next = [bar(&passes[3], 2), bar(&passes[3], 3)];
        assert_ne!(next, phrase, "{role:?}: the next phrase is new");
    }
}

#[test]
fn a_phrase_that_reaches_over_the_loops_end_is_what_was_played_last() {
    let mut planner = planner(Role::Bass);
    let with_hold = |hold| Controls {
        hold,
        phrase_bars: 4,
        ..controls(Role::Bass)
    };
    planner.set_controls(with_hold(false));
    let passes = loops(&mut planner, 4, |planner, pass, at| {
        if (pass, at.0) == (2, 110) {
            planner.set_controls(with_hold(true));
        }
    });
    for number in 0..4 {
        assert_eq!(bar(&passes[3], number), bar(&passes[2], number));
    }
}

#[test]
fn hold_survives_a_reload_and_a_seek() {
    let mut planner = planner(Role::Counter);
    let held = Controls {
        hold: true,
        phrase_bars: 1,
        ..controls(Role::Counter)
    };
    let passes = loops(&mut planner, 2, |planner, pass, at| {
        if (pass, at.0) == (1, 20) {
            planner.set_controls(held);
        }
    });
    let phrase = bar(&passes[1], 0);
    assert!(!phrase.is_empty());
    assert_eq!(bar(&passes[1], 1), phrase);
    let saved = serde_json::to_string(&planner.memory()).unwrap();
    let mut again = Planner::new(generator());
    again.set_controls(held);
    again.recall(serde_json::from_str(&saved).unwrap());
    again.start(Tick(96 * 40), BarGrid::from_origin(Meter::COMMON), None);
    let actions: Vec<Action> = again.advance(Tick(96 * 40)).collect();
    let notes: Vec<Note> = planned(&actions)
        .iter()
        .map(|planned| planned.note)
        .collect();
    assert_eq!(bar(&notes, 40), phrase);
}

#[test]
fn one_bar_is_held_while_the_rest_goes_on() {
    let mut planner = planner(Role::Bass);
    let take = |take| Controls {
        take,
        ..controls(Role::Bass)
    };
    let passes = loops(&mut planner, 5, |planner, pass, at| match (pass, at.0) {
        (2, 5) => planner.hold_bar(Tick(96), Tick(192)),
        (2, 40) => planner.set_controls(take(1)),
        (3, 300) => planner.release_bar(Tick(96)),
        _ => {}
    });
    assert_eq!(bar(&passes[3], 1), bar(&passes[1], 1), "held");
    assert_ne!(bar(&passes[3], 2), bar(&passes[1], 2), "the rest goes on");
    assert_ne!(bar(&passes[4], 1), bar(&passes[1], 1), "let go");
    assert_eq!(planner.held_bars().count(), 0);
}

#[test]
fn one_bar_is_rolled_again_while_the_rest_stays() {
    for role in [Role::Bass, Role::Chords, Role::Counter, Role::Drums] {
        let mut planner = planner(role);
        let passes = loops(&mut planner, 4, |planner, pass, at| {
            if (pass, at.0) == (1, 150) {
                planner.reroll_bar(Tick(2 * 96));
            }
        });
        assert_eq!(bar(&passes[1], 1), bar(&passes[2], 1), "{role:?}");
        // Rolled in the bar before, it is another at once.
        let old = bar(&passes[0], 2);
        assert_ne!(bar(&passes[1], 2), old, "{role:?}");
        assert_eq!(bar(&passes[2], 2), bar(&passes[1], 2), "{role:?}");
        assert_eq!(passes[3], passes[2], "{role:?}");
    }
}

#[test]
fn a_bar_that_was_never_played_is_not_held_silent() {
    let mut planner = planner(Role::Bass);
    planner.hold_bar(Tick(96), Tick(192));
    assert_eq!(planner.held_bars().count(), 0);
    let passes = loops(&mut planner, 1, |_, _, _| {});
    assert!(!bar(&passes[0], 1).is_empty());
}

#[test]
fn a_bar_in_another_meter_than_the_present_is_held_and_let_go_of() {
    let mut planner = planner(Role::Bass);
    let passes = loops(&mut planner, 2, |_, _, _| {});
    let waltz = BarGrid {
        downbeat: Tick(24),
        number: 0,
        meter: Meter::new(3, 4).unwrap(),
    };
    // The song goes on in three, in bars that do not lie on those of four.
    planner.start(Tick(456), waltz, None);
    planner.hold_bar(Tick(192), Tick(288));
    assert_eq!(planner.held_bars().collect::<Vec<_>>(), [Tick(192)]);
    let again = loops(&mut planner, 1, |planner, _, at| {
        if at == Tick(5) {
            planner.set_controls(Controls {
                take: 1,
                ..controls(Role::Bass)
            });
        }
    });
    assert_eq!(bar(&again[0], 2), bar(&passes[1], 2), "held");
    planner.start(Tick(456), waltz, None);
    planner.release_bar(Tick(192));
    assert_eq!(planner.held_bars().count(), 0);
}

#[test]
fn the_next_answer_is_where_our_turn_begins() {
    let mut planner = planner(Role::Bass);
    for (phrase_bars, numerator, downbeat) in [(1, 4, 0), (4, 4, 0), (4, 3, 24), (2, 7, 60)] {
        let meter = Meter::new(numerator, 4).unwrap();
        let grid = BarGrid {
            downbeat: Tick(downbeat),
            number: 0,
            meter,
        };
        planner.start(Tick(0), grid, None);
        let answering = |mode| Controls {
            mode,
            phrase_bars,
            ..controls(Role::Bass)
        };
        planner.set_controls(answering(Mode::Answer));
        for bar in -3..20 {
            let at = grid.start_of(bar) + 5;
            let is_ours = |bar: i64| bar.div_euclid(i64::from(phrase_bars)) % 2 != 0;
            let first = (bar..)
                .find(|bar| is_ours(*bar))
                .map(|bar| grid.start_of(bar));
            let expected = first.filter(|_| !is_ours(bar));
            assert_eq!(planner.next_answer(at), expected, "bar {bar}");
        }
        planner.set_controls(answering(Mode::Follow));
        assert_eq!(planner.next_answer(Tick(5)), None);
    }
}
