//! Lessons of a few steps with the weights that ship, in tunes of the corpus that were written as MIDI files.

use std::path::Path;

use super::*;
use crate::{
    eval::lesson::song_of,
    train::{corpus::read_file, folder::piece},
};

/// The first tunes of a source, as they are read from MIDI files.
fn tunes(source: &str, count: usize) -> Vec<Piece> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/valid.jsonl.zst");
    let mut tunes = Vec::new();
    read_file(&corpus, &mut |each| {
        if each.source == source && tunes.len() < count {
            let bytes = crate::midi_file::write(&song_of(&each));
            let song = crate::midi_file::read(&bytes).expect("a MIDI file");
            tunes.extend(piece(&song, &each.id));
        }
    })
    .expect("the corpus");
    assert_eq!(tunes.len(), count);
    tunes
}

fn config(steps: u64) -> AdaptConfig {
    AdaptConfig {
        length: 96,
        batch: 4,
        steps,
        warm_up: 2,
        renewed: 0.5,
        look_every: 4,
        held_out: 6,
        ..AdaptConfig::default()
    }
}

fn shipped() -> Weights {
    Weights::shipped(&Device::flex()).expect("the shipped weights")
}

/// A lesson from the weights that ship.
fn learn(split: &Split, config: &AdaptConfig) -> Result<Adapted, TrainError> {
    let (shipped, device) = (shipped(), Device::flex());
    adapt(
        "mine",
        &shipped,
        &shipped,
        split,
        config,
        &device,
        &mut |_| ControlFlow::Continue(()),
    )
}

#[test]
fn a_lesson_makes_what_was_learnt_likelier_and_what_was_held_out_too() {
    let split = Split::of(tunes("nottingham", 6)).expect("enough");
    let config = config(12);
    let adapted = learn(&split, &config).expect("a style");
    let style = adapted.weights.style.as_ref().expect("a style");
    assert_eq!((style.pieces, style.held_out), (4, 2));
    assert_eq!(style.base, Weights::shipped_fingerprint().expect("a hash"));
    let (before, after) = style.nats();
    assert!(after < before, "held out: {before} to {after}");
    // What it learnt from, judged in the same way.
    let own = Split {
        held_out: split.learn.clone(),
        ..split
    };
    let judge = Judge::new(
        &own,
        &[Role::Continue],
        &config,
        adapted.weights.config,
        &Device::flex(),
    )
    .expect("a judge");
    let of = |weights: &Weights| mean(&judge.nats(&weights.network));
    let (before, after) = (of(&shipped()), of(&adapted.weights));
    assert!(after < before, "learnt: {before} to {after}");
    // Whoever reads the file has these very weights.
    let bytes = adapted.weights.to_bytes().expect("bytes");
    let read = Style::load(&bytes, &Device::flex()).expect("a style");
    assert_eq!(of(&read), after);
}

#[test]
fn the_same_files_give_the_same_style_and_a_lesson_may_end_at_any_step() {
    let split = Split::of(tunes("nottingham", 4)).expect("enough");
    let bytes = |adapted: Adapted| adapted.weights.to_bytes().expect("bytes");
    let first = learn(&split, &config(4)).expect("a style");
    assert_eq!(first.steps, 4);
    let first = bytes(first);
    assert!(first == bytes(learn(&split, &config(4)).expect("a style")));
    // Who stops a longer lesson after the fourth step keeps what was best then.
    let (shipped, device) = (shipped(), Device::flex());
    let mut steps = 0;
    let stopped = adapt(
        "mine",
        &shipped,
        &shipped,
        &split,
        &config(400),
        &device,
        &mut |event| {
            if let Event::Step { step, .. } = event {
                steps = step;
                if step == 5 {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        },
    );
    assert_eq!(steps, 5);
    assert!(first == bytes(stopped.expect("a style")));
}

#[test]
fn a_style_is_gone_on_from() {
    let split = Split::of(tunes("nottingham", 2)).expect("enough");
    assert!(split.by_time);
    let first = learn(&split, &config(4)).expect("a style").weights;
    let (shipped, device) = (shipped(), Device::flex());
    let mut go_on = |_| ControlFlow::Continue(());
    let config = AdaptConfig {
        seed: 2,
        ..config(8)
    };
    let second = adapt(
        "mine", &shipped, &first, &split, &config, &device, &mut go_on,
    );
    let second = second.expect("a style").weights;
    let nats = |weights: &Weights| weights.style.as_ref().expect("a style").nats();
    assert_eq!(nats(&second).0, nats(&first).0, "judged against what ships");
    assert!(nats(&second).1 < nats(&first).1);
    assert!(second.training.steps > first.training.steps);
    assert_eq!(
        second.style.expect("a style").base,
        first.style.expect("a style").base
    );
}

#[test]
fn a_lesson_that_teaches_nothing_writes_nothing() {
    let split = Split::of(tunes("nottingham", 4)).expect("enough");
    let idle = AdaptConfig {
        learning_rate: 0.0,
        patience: 1,
        ..config(40)
    };
    let refused = learn(&split, &idle)
        .expect_err("nothing learnt")
        .to_string();
    assert!(refused.contains("nothing was learnt"), "{refused}");
    let drums = AdaptConfig {
        roles: vec![Role::Drums],
        ..config(4)
    };
    let refused = learn(&split, &drums).expect_err("no drums").to_string();
    assert!(refused.contains("roles that were asked for"), "{refused}");
}
