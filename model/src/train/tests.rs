//! A small corpus, trained on for a few steps: the same again, resumed, stopped early, damaged.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use burn::{
    module::{ModuleVisitor, Param},
    tensor::Tensor,
};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

/// A piece that teaches every role: 16 bars of four-part accompaniment and a tune.
fn piece(id: &str, up: u8) -> String {
    let part = |role: &str, base: u8, step: usize, length: usize| {
        let notes: Vec<String> = (0..16 * 96)
            .step_by(step)
            .map(|at| {
                let pitch = usize::from(base + up) + [0, 4, 7, 5][at / 96 % 4] + at / 24 % 3;
                format!("[{at},{length},{pitch},80]")
            })
            .collect();
        format!(
            r#"{{"role":"{role}","name":"{role}","notes":[{}]}}"#,
            notes.join(",")
        )
    };
    let parts = [
        part("melody", 60, 24, 20),
        part("counter", 55, 48, 40),
        part("chords", 48, 96, 90),
        part("bass", 36, 48, 48),
        part("drums", 36, 12, 6),
    ];
    format!(
        r#"{{"id":"{id}","source":"pop909","work":"{id}","meter":[[0,4,4]],"chords":[],"parts":[{}]}}"#,
        parts.join(",")
    )
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("continuo-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(path: &Path, lines: &[String]) {
    let text = lines.join("\n") + "\n";
    let packed = compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
    std::fs::write(path, packed).unwrap();
}

fn small_corpus(folder: &Path) {
    let train: Vec<String> = (0..4).map(|up| piece(&format!("t{up}"), up)).collect();
    write(&folder.join("train-00.jsonl.zst"), &train);
    write(&folder.join("valid.jsonl.zst"), &[piece("v", 5)]);
}

fn config(steps: u64) -> TrainConfig {
    TrainConfig {
        network: NetworkConfig {
            width: 32,
            layers: 1,
            heads: 2,
            feed_forward: 32,
            head_width: 16,
        },
        length: 48,
        batch: 4,
        replicas: 2,
        steps,
        warm_up: 1,
        cool_down: 0,
        validate_every: 2,
        ..TrainConfig::default()
    }
}

/// burn's random numbers come from one place in a process: whoever makes a network holds this.
static SEED: Mutex<()> = Mutex::new(());

/// All parameters, one after the other. The file's bytes would not do: burn names parameters at random.
#[derive(Default)]
struct Numbers(Vec<f32>);

impl ModuleVisitor for Numbers {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let numbers: Vec<f32> = param.val().into_data().try_to_vec().unwrap();
        self.0.extend(numbers);
    }
}

/// The weights after `steps`, with a pause after `pause` of them.
fn weights_after(steps: u64, pause: Option<u64>, name: &str) -> Vec<f32> {
    let (corpus, out) = (folder(&format!("{name}-corpus")), folder(name));
    small_corpus(&corpus);
    let device = Device::flex();
    if let Some(pause) = pause {
        // Constant but for the first step: a shorter run is the beginning of a longer one.
        train(&config(pause), &corpus, &out, &device, false).unwrap();
    }
    train(&config(steps), &corpus, &out, &device, pause.is_some()).unwrap();
    let bytes = std::fs::read(out.join(WEIGHTS_FILE)).unwrap();
    let mut numbers = Numbers::default();
    let weights = Weights::from_bytes(&bytes, &device).unwrap();
    weights.network.visit(&mut numbers);
    for file in [LOG_FILE, PLOT_FILE, BEST_FILE] {
        assert!(out.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    std::fs::remove_dir_all(corpus).unwrap();
    std::fs::remove_dir_all(out).unwrap();
    numbers.0
}

#[test]
fn the_same_seed_gives_the_same_weights_also_after_a_pause() {
    let _seed = SEED.lock().unwrap_or_else(PoisonError::into_inner);
    let straight = weights_after(4, None, "straight");
    assert!(straight == weights_after(4, None, "again"));
    assert!(straight == weights_after(4, Some(2), "paused"));
    assert!(straight != weights_after(2, None, "shorter"));
}

#[test]
fn flat_tokens_are_asked_for_the_same_notes_and_keep_no_weights() {
    let _seed = SEED.lock().unwrap_or_else(PoisonError::into_inner);
    let (corpus, out) = (folder("flat-corpus"), folder("flat"));
    small_corpus(&corpus);
    let sampler = Sampler::load(&corpus::training_files(&corpus).unwrap()).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let example = sampler.example(Some(Role::Continue), 48, &mut rng);
    let network = config(1).network;
    let device = Device::flex();
    let losses = [Tokens::Notes, Tokens::Flat].map(|tokens| {
        let batch = Batch::new(std::slice::from_ref(&example), tokens).unwrap();
        batch
            .loss(&Network::new(&network, &device), &network, &device)
            .1
    });
    // A last note that is cut off has no row that a flat token could be asked after.
    assert!((losses[0].notes - losses[1].notes).abs() <= 1.0 && losses[1].notes > 0.0);
    assert!(losses.iter().all(|loss| loss.nats_per_note().is_finite()));
    let flat = TrainConfig {
        tokens: Tokens::Flat,
        ..config(2)
    };
    train(&flat, &corpus, &out, &device, false).unwrap();
    assert!(out.join(LOG_FILE).exists() && !out.join(WEIGHTS_FILE).exists());
    std::fs::remove_dir_all(corpus).unwrap();
    std::fs::remove_dir_all(out).unwrap();
}

#[test]
fn a_run_that_gets_no_better_stops_early() {
    let _seed = SEED.lock().unwrap_or_else(PoisonError::into_inner);
    let (corpus, out) = (folder("patience-corpus"), folder("patience"));
    small_corpus(&corpus);
    let config = TrainConfig {
        learning_rate: 0.0,
        patience: 2,
        ..config(40)
    };
    train(&config, &corpus, &out, &Device::flex(), false).unwrap();
    let log = std::fs::read_to_string(out.join(LOG_FILE)).unwrap();
    assert_eq!(log.lines().count(), 3);
    let other = TrainConfig {
        network: NetworkConfig::default(),
        ..config
    };
    let error = train(&other, &corpus, &out, &Device::flex(), true).unwrap_err();
    assert!(error.to_string().contains("other sizes"), "{error}");
    std::fs::remove_dir_all(corpus).unwrap();
    std::fs::remove_dir_all(out).unwrap();
}

#[test]
fn what_is_wrong_in_a_corpus_is_named_with_its_line_and_piece() {
    let folder = folder("damaged");
    let path = folder.join("train-00.jsonl.zst");
    let damaged = [
        (
            piece("low", 0).replace("[0,20,60,80]", "[0,20,60,0]"),
            "low",
        ),
        (piece("meter", 0).replace("[[0,4,4]]", "[[0,4,5]]"), "4/5"),
        ("{}".to_owned(), "not a piece"),
    ];
    for (line, word) in damaged {
        write(&path, &[piece("fine", 0), line]);
        let mut read = 0;
        let error = corpus::read_file(&path, &mut |_| read += 1)
            .unwrap_err()
            .to_string();
        assert_eq!(read, 1);
        assert!(error.contains(":2: ") && error.contains(word), "{error}");
    }
    std::fs::write(&path, "not compressed").unwrap();
    let error = corpus::read_file(&path, &mut |_| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("train-00.jsonl.zst"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
