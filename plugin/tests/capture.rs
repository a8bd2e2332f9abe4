//! What is captured is what came out: the engine and a planning thread play a song through a loop and a jump,
//! and the exported file holds each generated note where, as long and as loud as the engine sent it.

use std::{fs, path::PathBuf, sync::Arc};

use continuo_model::controls::{Controls, Role};
use continuo_plugin::{
    clock::Transport,
    engine::{Block, Body, Engine, InputEvent, Kind, OutputEvent, Sink},
    link::link,
    status::Status,
    worker::{Seat, Worker, employ},
};
use midly::{MetaMessage, MidiMessage, Smf, TrackEventKind};

/// A tick is 1,000 samples: 120 quarters a minute at 48 kHz.
const TICK: u64 = 1000;
const RATE: f64 = 48_000.0;
/// Ticks of a bar of 4/4.
const BAR: i64 = 96;

/// The host's list of output events.
struct List(Vec<OutputEvent<()>>);

impl Sink<()> for List {
    fn send(&mut self, event: OutputEvent<()>) -> bool {
        self.0.push(event);
        true
    }
}

/// A note in ticks: onset, end, key, velocity.
type Sounded = (f64, f64, u8, u8);

/// A song position in ticks, whether the next stretch of play begins in a bar of its own, and how long it is.
struct Leg {
    from: i64,
    ticks: i64,
    cycle: Option<(i64, i64)>,
}

/// A host that renders.
struct Host {
    engine: Engine<()>,
    seat: Seat,
    _worker: Worker,
    controls: Controls,
    now: u64,
    out: Vec<(u64, Body<()>)>,
}

impl Host {
    fn new(controls: Controls) -> Self {
        let status = Status::new();
        let (audio, end) = link(&status);
        let seat = Seat::default();
        let worker = employ(&seat, end, Arc::clone(&status));
        Self {
            engine: Engine::new(audio, status),
            seat,
            _worker: worker,
            controls,
            now: 0,
            out: Vec::new(),
        }
    }

    /// Processes one tick at song position `at`; `None` stands still.
    fn tick(&mut self, at: Option<i64>, cycle: Option<(i64, i64)>, input: &[InputEvent<()>]) {
        let quarters = |ticks: i64| ticks as f64 / 24.0;
        let block = Block {
            frames: TICK as u32,
            sample_rate: RATE,
            transport: Transport {
                playing: at.is_some(),
                tempo: Some(120.0),
                quarters: Some(quarters(at.unwrap_or(0))),
                signature: Some((4, 4)),
                cycle: cycle.map(|(from, to)| (quarters(from), quarters(to))),
                ..Transport::default()
            },
            offline: true,
            controls: self.controls,
            thru: false,
            bypass: false,
            forget: false,
            loads: 0,
            choices: 0,
            lookahead: 0,
        };
        let mut list = List(Vec::with_capacity(4096));
        self.engine.process(&block, input, &mut list);
        let now = self.now;
        let sent = list.0.into_iter();
        self.out
            .extend(sent.map(|event| (now + u64::from(event.sample), event.body)));
        self.now += TICK;
    }

    /// Plays a leg, hearing `song` at each tick, then stops.
    fn play(&mut self, leg: &Leg, song: impl Fn(i64) -> Vec<Kind>) {
        let mut at = leg.from;
        for _ in 0..leg.ticks {
            let events: Vec<InputEvent<()>> = song(at)
                .into_iter()
                .map(|kind| InputEvent {
                    sample: 0,
                    kind,
                    payload: (),
                })
                .collect();
            self.tick(Some(at), leg.cycle, &events);
            at += 1;
            if let Some((from, to)) = leg.cycle.filter(|(_, to)| at >= *to) {
                at = from + (at - to);
            }
        }
        self.tick(None, None, &[]);
    }

    /// What was generated from sample `since` on, in ticks from there.
    fn generated(&self, since: u64) -> Vec<Sounded> {
        let ticks = |sample: u64| (sample - since) as f64 / TICK as f64;
        let mut notes: Vec<Sounded> = Vec::new();
        for (sample, body) in self.out.iter().filter(|(sample, _)| *sample >= since) {
            match body {
                Body::On {
                    pitch, velocity, ..
                } => notes.push((ticks(*sample), f64::INFINITY, *pitch, *velocity)),
                Body::Off { pitch, .. } => {
                    let sounds = |note: &&mut Sounded| note.2 == *pitch && note.1.is_infinite();
                    notes
                        .iter_mut()
                        .rev()
                        .find(sounds)
                        .expect("a note-on before")
                        .1 = ticks(*sample);
                }
                Body::Pass { .. } => {}
            }
        }
        notes
    }
}

/// Chords of a bar for accompaniments, for a melody a tune that rests in every other bar.
fn song(role: Role) -> impl Fn(i64) -> Vec<Kind> {
    const CHORDS: [[u8; 3]; 4] = [[60, 64, 67], [57, 60, 64], [57, 60, 65], [59, 62, 67]];
    const TUNE: [u8; 4] = [72, 74, 76, 74];
    let key = |pitch, down| match down {
        true => Kind::On {
            channel: 0,
            pitch,
            velocity: 80,
        },
        false => Kind::Off {
            channel: Some(0),
            pitch: Some(pitch),
        },
    };
    move |at| {
        let (bar, place) = (at / BAR, at % BAR);
        let (pitches, down): (&[u8], bool) = match (role, place) {
            (Role::Continue | Role::Counter, _) if bar % 2 == 1 => (&[], true),
            (Role::Continue | Role::Counter, _) if place % 24 == 0 => {
                (std::slice::from_ref(&TUNE[(place / 24) as usize]), true)
            }
            (Role::Continue | Role::Counter, _) if place % 24 == 20 => {
                (std::slice::from_ref(&TUNE[(place / 24) as usize]), false)
            }
            (Role::Continue | Role::Counter, _) => (&[], true),
            (_, 0) => (&CHORDS[bar as usize % 4], true),
            (_, 90) => (&CHORDS[bar as usize % 4], false),
            _ => (&[], true),
        };
        pitches.iter().map(|pitch| key(*pitch, down)).collect()
    }
}

/// The notes of the track `name` in a MIDI file.
fn notes_of(bytes: &[u8], name: &str) -> Vec<Sounded> {
    let smf = Smf::parse(bytes).expect("a MIDI file");
    let midly::Timing::Metrical(division) = smf.header.timing else {
        panic!("no division");
    };
    let is_named = |event: &&midly::TrackEvent| {
        event.kind == TrackEventKind::Meta(MetaMessage::TrackName(name.as_bytes()))
    };
    let track = smf
        .tracks
        .iter()
        .find(|track| track.iter().find(is_named).is_some());
    let mut notes: Vec<Sounded> = Vec::new();
    let mut elapsed = 0;
    for event in track.unwrap_or_else(|| panic!("no track {name}")) {
        elapsed += event.delta.as_int();
        let at = f64::from(elapsed) * 24.0 / f64::from(division.as_int());
        match event.kind {
            TrackEventKind::Midi {
                message: MidiMessage::NoteOn { key, vel },
                ..
            } => notes.push((at, f64::INFINITY, key.as_int(), vel.as_int())),
            TrackEventKind::Midi {
                message: MidiMessage::NoteOff { key, .. },
                ..
            } => {
                let sounds = |note: &&mut Sounded| note.2 == key.as_int() && note.1.is_infinite();
                notes.iter_mut().find(sounds).expect("a note-on before").1 = at;
            }
            _ => {}
        }
    }
    notes
}

/// A folder of this test alone.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("continuo-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn the_file_holds_what_the_engine_sent() {
    let legs = [
        // Two bars of a first pass, then a loop of four bars, two and a half times.
        Leg {
            from: 0,
            ticks: 2 * BAR,
            cycle: None,
        },
        Leg {
            from: 0,
            ticks: 10 * BAR,
            cycle: Some((0, 4 * BAR)),
        },
        // From the third beat of a bar on.
        Leg {
            from: 5 * BAR + 48,
            ticks: BAR + 24,
            cycle: None,
        },
    ];
    for role in Role::ALL {
        let controls = Controls {
            role,
            swing: 0.6,
            humanize: 0.5,
            dynamics: 0.2,
            ..Controls::default()
        };
        let mut host = Host::new(controls);
        host.tick(None, None, &[]);
        let mut expected = Vec::new();
        let mut bar_line = 0.0;
        for leg in &legs {
            let since = host.now;
            host.play(leg, song(role));
            let start = bar_line + (leg.from % BAR) as f64;
            let moved = host.generated(since).into_iter();
            expected.extend(moved.map(|note| (note.0 + start, note.1 + start, note.2, note.3)));
            bar_line = ((start + leg.ticks as f64) / BAR as f64).ceil() * BAR as f64;
        }
        // The answer to another tick tells that the last stop has been heard of.
        let more = Leg {
            from: 0,
            ticks: 1,
            cycle: None,
        };
        host.play(&more, song(role));
        let folder = folder(&format!("as-played-{}", role.name()));
        let path = host.seat.export(&folder).expect("an export");
        assert_eq!(path, folder.join(format!("Continuo {} 1.mid", role.name())));
        let bytes = fs::read(&path).expect("the file");
        // A row begins in the bar in which something first sounds: here the first chord or note does.
        let mut written = notes_of(&bytes, role.name());
        written.retain(|note| note.0 < bar_line);
        assert!(
            expected.len() >= 16,
            "{}: {} notes",
            role.name(),
            expected.len()
        );
        let order = |one: &Sounded, other: &Sounded| {
            (one.0.round(), one.2)
                .partial_cmp(&(other.0.round(), other.2))
                .expect("numbers")
        };
        expected.sort_by(order);
        written.sort_by(order);
        for (one, other) in written.iter().zip(&expected) {
            let near = |one: f64, other: f64| (one - other).abs() < 0.03;
            let same = near(one.0, other.0)
                && near(one.1, other.1)
                && (one.2, one.3) == (other.2, other.3);
            assert!(same, "{}: {one:?} was played as {other:?}", role.name());
        }
        assert_eq!(written.len(), expected.len(), "{}", role.name());
        assert_eq!(
            host.seat.export(&folder).expect("another"),
            folder.join(format!("Continuo {} 2.mid", role.name()))
        );
        let _ = fs::remove_dir_all(&folder);
    }
}

#[test]
fn a_held_phrase_is_exported_from_bar_1_and_nothing_is_an_error() {
    let mut host = Host::new(Controls {
        role: Role::Bass,
        phrase_bars: 2,
        ..Controls::default()
    });
    let folder = folder("held");
    host.tick(None, None, &[]);
    let error = host.seat.export(&folder).expect_err("nothing was played");
    assert!(
        error.to_string().contains("nothing has been played"),
        "{error}"
    );
    assert!(!folder.exists());
    let leg = |from: i64, bars: i64| Leg {
        from: from * BAR,
        ticks: bars * BAR,
        cycle: None,
    };
    host.play(&leg(0, 4), song(Role::Bass));
    let since = host.now;
    host.controls.hold = true;
    host.play(&leg(2, 6), song(Role::Bass));
    // The last two bars repeat the phrase; it is the row's first two.
    let repeated: Vec<Sounded> = host
        .generated(since)
        .into_iter()
        .filter(|note| note.0 >= 4.0 * BAR as f64)
        .map(|note| (note.0 - 4.0 * BAR as f64, note.1, note.2, note.3))
        .collect();
    let bytes = fs::read(host.seat.export(&folder).expect("an export")).expect("the file");
    let places = |notes: &[Sounded]| -> Vec<(i64, u8)> {
        notes
            .iter()
            .map(|note| (note.0.round() as i64, note.2))
            .collect()
    };
    assert!(!repeated.is_empty());
    assert_eq!(places(&notes_of(&bytes, "Bass")), places(&repeated));
    let _ = fs::remove_dir_all(&folder);
}
