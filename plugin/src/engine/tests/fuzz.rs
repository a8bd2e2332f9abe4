//! Random transports, plans, players and block sizes: whatever happens, events leave in order and in
//! range (the rig checks it), no key sounds twice, every note ends.

use continuo_model::{
    chord::PitchClassSet,
    fit::{Bend, Bounds},
};
use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::schedule::{KEYS, key_index};

/// One thing that a host, a player or the worker does.
#[derive(Clone, Debug)]
enum Act {
    /// A block with keys that the player toggles: sample, channel, pitch.
    Run(u32, Vec<(u32, u8, u8)>),
    Play(bool),
    Seek(f64),
    Tempo(f64),
    Cycle(Option<(f64, f64)>),
    /// A note so many ticks after the present, so many passes ahead.
    Plan(i64, u32, PlannedNote),
    Replace(i64),
    Release(i64, u8),
    Take(u8),
    Adventure(f32),
    Thru(bool),
    Bypass(bool),
    Room(usize),
    Lookahead(u32),
    Reset,
}

/// Few keys, so that they meet often.
fn pitches() -> impl Strategy<Value = u8> {
    60..64_u8
}

fn planned() -> impl Strategy<Value = PlannedNote> {
    (
        1..60_i64,
        -2_000..4_000_i32,
        0..2_u8,
        pitches(),
        any::<bool>(),
        prop_oneof![
            Just(Fit::AsPlanned),
            prop_oneof![
                Just(Bend::ChordTone),
                Just(Bend::Root),
                (0..128_u8).prop_map(Bend::Figure),
                (0..128_u8).prop_map(|root| Bend::Steps(root, PitchClassSet::from_mask(0xab5))),
            ]
            .prop_map(|bend| Fit::Bent(bend, Bounds::NONE)),
        ],
    )
        .prop_map(
            |(duration, delay_millitick, channel, pitch, yields, fit)| PlannedNote {
                onset: Tick(0),
                duration,
                delay_millitick,
                end_delay_millitick: 0,
                channel,
                pitch,
                velocity: 80,
                fit,
                yields,
            },
        )
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let keys = vec((0..5_000_u32, 0..2_u8, pitches()), 0..6);
    let act = prop_oneof![
        12 => (prop_oneof![Just(0), 1..64_u32, 64..9_000_u32], keys)
            .prop_map(|(frames, keys)| Act::Run(frames, keys)),
        12 => (-8..60_i64, 0..2_u32, planned())
            .prop_map(|(ahead, passes, note)| Act::Plan(ahead, passes, note)),
        2 => any::<bool>().prop_map(Act::Play),
        1 => (-4.0..8.0).prop_map(Act::Seek),
        1 => (20.0..400.0).prop_map(Act::Tempo),
        1 => option::of((0.0..4.0, 0.0..2.0))
            .prop_map(|cycle| Act::Cycle(cycle.map(|(start, length)| (start, start + length)))),
        1 => (-4..40_i64).prop_map(Act::Replace),
        1 => (-4..40_i64, pitches()).prop_map(|(ahead, pitch)| Act::Release(ahead, pitch)),
        1 => (0..3_u8).prop_map(Act::Take),
        1 => (0.0..1.0_f32).prop_map(Act::Adventure),
        1 => any::<bool>().prop_map(Act::Thru),
        1 => any::<bool>().prop_map(Act::Bypass),
        1 => prop_oneof![Just(usize::MAX), 0..4_usize].prop_map(Act::Room),
        1 => (0..6_000_u32).prop_map(Act::Lookahead),
        1 => Just(Act::Reset),
    ];
    vec(act, 1..120)
}

/// The player, the worker and the rig that they act on.
struct Scene {
    rig: Rig,
    down: [bool; KEYS],
    epoch: Epoch,
    at: Tick,
}

impl Scene {
    fn new() -> Self {
        let mut rig = Rig::new();
        rig.block.transport.playing = true;
        Self {
            rig,
            down: [false; KEYS],
            epoch: Epoch::default(),
            at: Tick(0),
        }
    }

    fn toggle(&mut self, (sample, channel, pitch): (u32, u8, u8)) -> InputEvent<Serial> {
        let down = &mut self.down[key_index(channel, pitch)];
        *down = !*down;
        let kind = if *down {
            Kind::On {
                channel,
                pitch,
                velocity: 100,
            }
        } else {
            Kind::Off {
                channel: Some(channel),
                pitch: Some(pitch),
            }
        };
        InputEvent {
            sample,
            kind,
            payload: 0,
        }
    }

    fn run(&mut self, frames: u32, mut keys: Vec<(u32, u8, u8)>) {
        keys.iter_mut()
            .for_each(|(sample, ..)| *sample %= frames.max(1));
        keys.sort_unstable();
        let input: Vec<_> = keys.into_iter().map(|key| self.toggle(key)).collect();
        self.rig.run(frames, &input);
        for message in self.rig.heard() {
            match message {
                Heard::Start { epoch, at, .. } => (self.epoch, self.at) = (epoch, at),
                Heard::Clock { at, .. } => self.at = at,
                Heard::Stop { epoch } => self.epoch = epoch,
                _ => {}
            }
        }
    }

    fn send(&mut self, message: Planned) {
        assert!(self.rig.worker.send(message));
    }

    fn act(&mut self, act: Act) {
        let (epoch, at) = (self.epoch, self.at);
        match act {
            Act::Run(frames, keys) => self.run(frames, keys),
            Act::Play(playing) => self.rig.block.transport.playing = playing,
            Act::Seek(quarters) => self.rig.seek(quarters),
            Act::Tempo(tempo) => self.rig.block.transport.tempo = Some(tempo),
            Act::Cycle(cycle) => self.rig.block.transport.cycle = cycle,
            Act::Plan(ahead, passes, note) => {
                let epoch = Epoch {
                    pass: epoch.pass + passes,
                    ..epoch
                };
                let note = PlannedNote {
                    onset: at + ahead,
                    ..note
                };
                self.send(Planned::Note { epoch, note });
            }
            Act::Replace(ahead) => self.send(Planned::Replace {
                epoch,
                from: at + ahead,
                to: at + ahead + 24,
            }),
            Act::Release(ahead, pitch) => {
                let at = at + ahead;
                self.send(Planned::Release {
                    epoch,
                    at,
                    channel: 0,
                    pitch,
                });
            }
            Act::Take(take) => self.rig.block.controls.take = take,
            Act::Adventure(adventure) => self.rig.block.controls.adventure = adventure,
            Act::Thru(thru) => self.rig.block.thru = thru,
            Act::Bypass(bypass) => self.rig.block.bypass = bypass,
            Act::Room(room) => self.rig.room = room,
            Act::Lookahead(lookahead) => self.rig.block.lookahead = lookahead,
            Act::Reset => self.rig.engine.reset(),
        }
    }

    /// The player lets go of every key, the host stops and takes everything.
    fn end(&mut self) {
        self.rig.room = usize::MAX;
        let held: Vec<_> = (0..2_u8)
            .flat_map(|channel| (0..128_u8).map(move |pitch| (channel, pitch)))
            .filter(|&(channel, pitch)| self.down[key_index(channel, pitch)])
            .map(|(channel, pitch)| (0, channel, pitch))
            .collect();
        self.run(64, held);
        self.rig.block.transport.playing = false;
        self.run(64, Vec::new());
        self.rig.run_until(self.rig.now + 10_000, 512);
    }
}

/// Follows every key through the output: a note begins only on a silent key, ours ends only where ours
/// sounds, a player's note-off never ends ours. Returns the keys that still sound.
fn follow(out: &[(u64, Body<Serial>)]) -> Result<Vec<usize>, TestCaseError> {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Key {
        Silent,
        Ours,
        Players,
    }
    let mut keys = [Key::Silent; KEYS];
    for &(sample, body) in out {
        match body {
            Body::On { channel, pitch, .. } => {
                let key = &mut keys[key_index(channel, pitch)];
                prop_assert_eq!(*key, Key::Silent, "a second note at {}", sample);
                *key = Key::Ours;
            }
            Body::Off { channel, pitch } => {
                let key = &mut keys[key_index(channel, pitch)];
                prop_assert_eq!(*key, Key::Ours, "a stray note-off at {}", sample);
                *key = Key::Silent;
            }
            Body::Pass {
                kind: Kind::On { channel, pitch, .. },
                ..
            } => {
                let key = &mut keys[key_index(channel, pitch)];
                prop_assert_eq!(*key, Key::Silent, "a doubled note at {}", sample);
                *key = Key::Players;
            }
            Body::Pass {
                kind:
                    Kind::Off {
                        channel: Some(channel),
                        pitch: Some(pitch),
                    },
                ..
            } => {
                let key = &mut keys[key_index(channel, pitch)];
                prop_assert!(
                    *key != Key::Ours,
                    "a player's note-off ends ours at {}",
                    sample
                );
                *key = Key::Silent;
            }
            Body::Pass { .. } => {}
        }
    }
    Ok((0..KEYS).filter(|key| keys[*key] != Key::Silent).collect())
}

/// Plans the same notes for three passes of a loop of a bar and plays it in blocks of these sizes.
fn render(notes: &[PlannedNote], keys: &[(u64, u8)], sizes: &[u32]) -> Vec<(u64, Body<Serial>)> {
    let mut rig = Rig::new();
    rig.block.transport.playing = true;
    rig.block.transport.cycle = Some((0.0, 4.0));
    // The first generation that plays is the first.
    for pass in 0..3 {
        for note in notes {
            rig.plan(
                Epoch {
                    generation: 1,
                    pass,
                },
                *note,
            );
        }
    }
    let mut sizes = sizes.iter().cycle();
    while rig.now < 280_000 {
        let frames = *sizes.next().expect("sizes");
        let block = rig.now..rig.now + u64::from(frames);
        let within = keys.iter().filter(|(at, _)| block.contains(at));
        let input: Vec<_> = within
            .map(|&(at, pitch)| on((at - rig.now) as u32, pitch, 0))
            .collect();
        rig.run(frames, &input);
    }
    let mut out = rig.out;
    out.retain(|(at, _)| *at < 270_000);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_note_ends_and_no_key_sounds_twice(acts in acts()) {
        let mut scene = Scene::new();
        for act in acts {
            scene.act(act);
        }
        scene.end();
        let sounding = follow(&scene.rig.out)?;
        prop_assert_eq!(sounding, Vec::<usize>::new());
        let ons = scene.rig.generated().iter().filter(|(_, _, on)| *on).count();
        prop_assert_eq!(scene.rig.count(Count::NotesPlayed), ons as u64);
    }

    #[test]
    fn the_block_size_changes_nothing(
        notes in vec((0..96_i64, planned()), 1..20),
        keys in vec((0..270_000_u64, 70..90_u8), 0..10),
        sizes in vec(1..6_000_u32, 1..8),
    ) {
        let notes: Vec<_> = notes
            .into_iter()
            .map(|(onset, note)| PlannedNote {
                onset: Tick(onset),
                // Before the loop's start is before the pass: not playable in any block size.
                delay_millitick: note.delay_millitick.max(0),
                ..note
            })
            .collect();
        let mut keys = keys;
        keys.sort_unstable();
        prop_assert_eq!(render(&notes, &keys, &sizes), render(&notes, &keys, &[512]));
    }
}
