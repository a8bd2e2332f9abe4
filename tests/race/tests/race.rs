//! What crosses between the threads, under ThreadSanitizer: the rings, the epoch, the counters.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use continuo_model::{controls::Controls, fit::Fit, time::Tick};
use continuo_race::{
    clock::Transport,
    engine::{Block, Body, Engine, InputEvent, Kind, OutputEvent, Sink},
    ladder::Segment,
    link::{Epoch, Heard, Planned, PlannedNote, WorkerEnd, link},
    status::{Count, Counters, Status},
};

/// Messages each way.
const MESSAGES: i64 = 2_000_000;

/// Blocks of the engine.
const BLOCKS: u32 = 60_000;
const FRAMES: u32 = 64;
const RATE: f64 = 48_000.0;

fn note(at: Tick, pitch: u8) -> PlannedNote {
    PlannedNote {
        onset: at,
        duration: 4,
        delay_millitick: 0,
        end_delay_millitick: 0,
        channel: 0,
        pitch,
        velocity: 80,
        fit: Fit::AsPlanned,
        yields: false,
    }
}

#[test]
fn millions_of_messages_cross_both_rings_in_order_and_none_is_lost() {
    let status = Status::new();
    let (mut audio, mut worker) = link(&status);
    let answering = thread::spawn(move || {
        let mut expected = 0;
        while expected < MESSAGES {
            let Some(message) = worker.receive() else {
                thread::yield_now();
                continue;
            };
            let epoch = Epoch {
                generation: expected as u32,
                pass: 0,
            };
            assert_eq!(
                message,
                Heard::Clock {
                    epoch,
                    at: Tick(expected)
                }
            );
            while !worker.send(Planned::Decided {
                epoch,
                at: Tick(expected),
            }) {
                thread::yield_now();
            }
            expected += 1;
        }
    });
    let (mut sent, mut answered) = (0, 0);
    while answered < MESSAGES {
        if sent < MESSAGES && !audio.is_full() {
            let epoch = Epoch {
                generation: sent as u32,
                pass: 0,
            };
            assert!(audio.send(Heard::Clock {
                epoch,
                at: Tick(sent)
            }));
            sent += 1;
        }
        for _ in 0..audio.waiting() {
            let Some(Planned::Decided { epoch, at }) = audio.receive() else {
                panic!("what waits can be received");
            };
            assert_eq!((i64::from(epoch.generation), at.0), (answered, answered));
            answered += 1;
        }
    }
    answering.join().expect("the worker's part");
}

/// Plans a note on every sixth tick ahead, in the pitch of its generation, until `stop`.
fn plan(mut worker: WorkerEnd, status: &Status, stop: &AtomicBool) {
    let (mut epoch, mut planned) = (Epoch::default(), Tick(0));
    while !stop.load(Ordering::Relaxed) {
        let Some(message) = worker.receive() else {
            thread::yield_now();
            continue;
        };
        match message {
            Heard::Start {
                epoch: begun, at, ..
            } => {
                epoch = begun;
                planned = Tick(at.0.div_euclid(6) * 6);
            }
            Heard::Stop { epoch: begun } => epoch = begun,
            Heard::Clock { epoch: of, at } if of == epoch => {
                while planned < at + 24 {
                    let to = planned + 6;
                    worker.send(Planned::Segment(Segment {
                        epoch,
                        bar: planned,
                        from: planned,
                        to,
                    }));
                    let note = note(planned, pitch_of(epoch.generation));
                    worker.send(Planned::Note { epoch, note });
                    planned = to;
                }
                worker.send(Planned::Decided { epoch, at });
                status.add(Count::Plans, 1);
            }
            _ => {}
        }
    }
}

fn pitch_of(generation: u32) -> u8 {
    20 + (generation % 80) as u8
}

/// What comes out of a block.
#[derive(Default)]
struct List(Vec<OutputEvent<()>>);

impl Sink<()> for List {
    fn send(&mut self, event: OutputEvent<()>) -> bool {
        self.0.push(event);
        true
    }
}

#[test]
fn no_plan_outlives_its_epoch_while_both_threads_run() {
    let status = Status::new();
    let (audio, worker) = link(&status);
    let stop = Arc::new(AtomicBool::new(false));
    let planning = {
        let (status, stop) = (Arc::clone(&status), Arc::clone(&stop));
        thread::spawn(move || plan(worker, &status, &stop))
    };
    // The window's part: it only reads.
    let reading = {
        let (status, stop) = (Arc::clone(&status), Arc::clone(&stop));
        thread::spawn(move || {
            let mut before = 0;
            while !stop.load(Ordering::Relaxed) {
                let played = status.get(Count::NotesPlayed);
                assert!(played >= before && Counters::now().notes_played >= played);
                before = played;
                thread::yield_now();
            }
        })
    };
    let mut engine = Engine::new(audio, Arc::clone(&status));
    let (mut quarters, mut generation, mut playing) = (0.0, 0, false);
    let (mut ons, mut sounding) = (0_u64, 0_i64);
    for number in 0..BLOCKS {
        let plays = number % 997 < 950;
        // A start, a stop and a jump each begin another generation. Play never comes twice to a place, where an
        // earlier plan may rightly stand in for one that is late.
        if plays != playing || plays && number % 211 == 0 {
            quarters = f64::from(number);
            generation += 1;
            playing = plays;
        }
        let block = Block {
            frames: FRAMES,
            sample_rate: RATE,
            transport: Transport {
                playing,
                tempo: Some(240.0),
                quarters: Some(quarters),
                signature: Some((4, 4)),
                ..Transport::default()
            },
            offline: false,
            controls: Controls::default(),
            thru: false,
            bypass: false,
            forget: false,
            loads: 0,
            choices: 0,
            lookahead: 0,
        };
        let input = [InputEvent {
            sample: number % FRAMES,
            kind: Kind::On {
                channel: 1,
                pitch: 60,
                velocity: 90,
            },
            payload: (),
        }];
        let mut list = List::default();
        engine.process(&block, &input, &mut list);
        for event in list.0 {
            match event.body {
                Body::On { pitch, .. } => {
                    assert_eq!(pitch, pitch_of(generation), "block {number}");
                    ons += 1;
                    sounding += 1;
                }
                Body::Off { .. } => sounding -= 1,
                Body::Pass { .. } => {}
            }
        }
        if playing {
            quarters += f64::from(FRAMES) / RATE * 4.0;
        }
        if number % 16 == 0 {
            thread::yield_now();
        }
    }
    stop.store(true, Ordering::Relaxed);
    planning.join().expect("the worker's part");
    reading.join().expect("the window's part");
    assert!(ons > 500, "only {ons} notes");
    assert_eq!(status.get(Count::NotesPlayed), ons);
    assert!((0..=1).contains(&sounding), "{sounding} notes sound");
}
