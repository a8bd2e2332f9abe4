//! A performance without a host, as the command line gives it, has the notes of the plugin: the same places to a
//! fraction of a tick, lengths, keys and velocities, for every role and at several settings of each control.

use continuo_model::{
    controls::{Controls, Mode, Motion, Rhythm, Role, Scale},
    generate::{Generator, LEAD},
    midi_file::Song,
    note::Note,
    perform::{Knowledge, Performance},
    presets,
    time::Tick,
    values::whole_percent,
};
use continuo_tests::{
    check::{self, Voice},
    clip::ClipNote,
    host::{Format, Instance},
    player::{Player, Session},
    transport, words,
};

use crate::{
    songs::{chords, melody, meter},
    support::{plugin, share_machine},
};

const BARS: i64 = 6;
const BAR: i64 = 96;
/// A tick is 1,000 samples.
const RATE: f64 = 48_000.0;
const TEMPO: f64 = 120.0;
const SAMPLES_A_TICK: f64 = 1000.0;

/// Onset and end in ticks, key, velocity.
pub type Sounded = (f64, f64, u8, u8);

/// Chords for who accompanies them; for the others a tune that rests in every third bar.
fn clip_for(role: Role) -> Vec<ClipNote> {
    let common = meter(4, 4);
    match role {
        Role::Bass | Role::Drums => chords(common, BARS, 0),
        _ => {
            let mut tune = melody(common, BARS);
            tune.retain(|note| note.onset_tick / BAR % 3 != 2);
            tune
        }
    }
}

fn sounded(voices: &[Voice]) -> Vec<Sounded> {
    let tick = |sample: i64| sample as f64 / SAMPLES_A_TICK;
    let mut notes: Vec<Sounded> = voices
        .iter()
        .map(|voice| {
            let length = voice.off.map_or(0, |off| off.sample - voice.on.sample);
            let from = tick(voice.on.song_sample);
            let velocity = (voice.on.velocity * 127.0).round() as u8;
            (from, from + tick(length as i64), voice.on.pitch, velocity)
        })
        // What begins where the render ends is none.
        .filter(|note| note.0 < (BARS * BAR) as f64)
        .collect();
    notes.sort_by(|one, other| order(one).partial_cmp(&order(other)).expect("numbers"));
    notes
}

/// Places are rounded to a tick, within which swing and humanize keep the order of two keys.
fn order(note: &Sounded) -> (f64, u8) {
    (note.0.round(), note.2)
}

/// What the plugin plays on its first pass through the song, and on its second. Hold is switched on in the
/// middle of the bar before `hold_from`, counted from 0.
fn played(controls: &Controls, hold_from: Option<i64>) -> [Vec<Sounded>; 2] {
    played_by(controls, hold_from, &mut |_| ())
}

/// The same after `prepare` had the instance.
fn played_by(
    controls: &Controls,
    hold_from: Option<i64>,
    prepare: &mut dyn FnMut(&mut dyn Instance),
) -> [Vec<Sounded>; 2] {
    let mut instance = plugin(Format::Clap, &[("Thru", "Off")]);
    words::set(&mut *instance, controls).unwrap_or_else(|error| panic!("{error:#}"));
    prepare(&mut *instance);
    let clip = clip_for(controls.role);
    [(); 2].map(|()| {
        let mut run = || {
            let song = transport::Song::new(RATE, TEMPO, meter(4, 4));
            let mut player = Player::new(&mut *instance, song, &clip, Session::offline(480))?;
            match hold_from {
                None => player.play((BARS * 4) as f64)?,
                Some(bar) => {
                    let before = (bar * 4 - 2) as f64;
                    player.play(before)?;
                    player.set("Hold", "On")?;
                    player.play((BARS * 4) as f64 - before)?;
                    player.set("Hold", "Off")?;
                }
            }
            player.finish()
        };
        let performance = run().unwrap_or_else(|error: anyhow::Error| panic!("{error:#}"));
        sounded(&check::assert_lawful(
            &performance,
            &format!("{controls:?}"),
        ))
    })
}

/// What a performance without a host plays.
fn performed(
    generator: &Generator,
    controls: &Controls,
    hold_from: Option<i64>,
    knowledge: Knowledge,
) -> Vec<Sounded> {
    let note = |note: &ClipNote| Note {
        onset: Tick(note.onset_tick),
        pitch: note.pitch,
        duration: note.duration,
        velocity: note.velocity,
    };
    let mut heard: Vec<Note> = clip_for(controls.role).iter().map(note).collect();
    heard.sort_unstable();
    let song = Song::default();
    let end = Tick(BARS * BAR);
    let performance = Performance {
        hold_from: hold_from.map(|bar| Tick(bar * BAR - LEAD - 1)),
        knowledge,
        ..Performance::new(&song, &heard, *controls, end)
    };
    let played = performance.play(generator, |_| {});
    let mut notes: Vec<Sounded> = played
        .iter()
        .map(|own| {
            // The stop at the end of the song ends what sounds.
            let ends = own.ends().min(end.0 as f64);
            (own.begins(), ends, own.note.pitch, own.note.velocity)
        })
        .collect();
    notes.sort_by(|one, other| order(one).partial_cmp(&order(other)).expect("numbers"));
    notes
}

#[track_caller]
fn assert_same(played: &[Sounded], performed: &[Sounded], what: &str) {
    for (one, other) in played.iter().zip(performed) {
        let near = |one: f64, other: f64| (one - other).abs() < 0.01;
        let same =
            near(one.0, other.0) && near(one.1, other.1) && (one.2, one.3) == (other.2, other.3);
        assert!(
            same,
            "{what}: the plugin played {one:?}, without a host it is {other:?}"
        );
    }
    assert_eq!(played.len(), performed.len(), "{what}");
}

/// Checks a first pass, and a second one that knows the song.
fn check(generator: &Generator, controls: &Controls) -> usize {
    check_with(generator, controls, &mut |_| ()).len()
}

/// The same with an instance that `prepare` has made play as `generator` does; the notes of the first pass.
pub fn check_with(
    generator: &Generator,
    controls: &Controls,
    prepare: &mut dyn FnMut(&mut dyn Instance),
) -> Vec<Sounded> {
    let [first, second] = played_by(controls, None, prepare);
    let knows = if controls.memory {
        Knowledge::Rehearsed
    } else {
        Knowledge::FirstPass
    };
    let what = format!("{controls:?}");
    let performed = |knowledge| performed(generator, controls, None, knowledge);
    assert_same(
        &first,
        &performed(Knowledge::FirstPass),
        &format!("first pass, {what}"),
    );
    assert_same(&second, &performed(knows), &format!("second pass, {what}"));
    first
}

/// Several settings of each control, on top of `base`.
fn settings(base: Controls) -> Vec<Controls> {
    let changes: [fn(&mut Controls); 25] = [
        |_| {},
        |controls| controls.mode = Mode::Answer,
        |controls| (controls.mode, controls.phrase_bars) = (Mode::Answer, 1),
        |controls| controls.adventure = 0.0,
        |controls| controls.adventure = 0.9,
        |controls| controls.density = -0.3,
        |controls| controls.density = 1.0,
        |controls| (controls.lowest, controls.highest) = (48, 67),
        |controls| (controls.key, controls.scale_lock) = (Some(9), true),
        |controls| (controls.scale, controls.scale_lock) = (Scale::Pentatonic, true),
        |controls| {
            (controls.scale, controls.scale_lock) = (Scale::HarmonicMinor, true);
            controls.chords_win = true;
        },
        |controls| controls.rhythm = Rhythm::WholeNotes,
        |controls| (controls.rhythm, controls.motion) = (Rhythm::HalfNotes, Motion::Roots),
        |controls| {
            (controls.rhythm, controls.motion) = (Rhythm::QuarterNotes, Motion::Steps);
            controls.adventure = 0.2;
        },
        |controls| {
            (controls.rhythm, controls.motion) = (Rhythm::EighthNotes, Motion::Alberti);
            controls.scale_lock = true;
        },
        |controls| (controls.rhythm, controls.motion) = (Rhythm::EighthTriplets, Motion::Arpeggio),
        |controls| {
            (controls.rhythm, controls.motion) = (Rhythm::SixteenthNotes, Motion::ChordTones);
            controls.swing = 0.5;
        },
        |controls| (controls.rhythm, controls.density) = (Rhythm::OffBeats, -0.5),
        |controls| controls.motion = Motion::RootsAndFifths,
        |controls| (controls.motion, controls.mode) = (Motion::Steps, Mode::Answer),
        |controls| controls.dynamics = -0.6,
        |controls| (controls.dynamics, controls.humanize) = (0.5, 1.0),
        |controls| (controls.swing, controls.humanize) = (0.66, 0.3),
        |controls| controls.take = 5,
        |controls| controls.memory = false,
    ];
    let with = |change: &fn(&mut Controls)| {
        let mut controls = base;
        change(&mut controls);
        for share in [
            &mut controls.adventure,
            &mut controls.density,
            &mut controls.dynamics,
            &mut controls.humanize,
            &mut controls.swing,
        ] {
            *share = whole_percent(*share);
        }
        controls
    };
    changes.iter().map(with).collect()
}

fn check_role(role: Role) {
    let _machine = share_machine();
    let generator = Generator::shipped().expect("the shipped weights fit");
    let base = Controls {
        role,
        phrase_bars: 2,
        channel: Some(15),
        ..Controls::default()
    };
    let notes: usize = settings(base)
        .iter()
        .map(|controls| check(&generator, controls))
        .sum();
    assert!(notes >= 100, "{} played {notes} notes in all", role.name());
}

#[test]
fn a_file_continues_as_the_plugin_does() {
    check_role(Role::Continue);
}

#[test]
fn a_file_has_the_bass_of_the_plugin() {
    check_role(Role::Bass);
}

#[test]
fn a_file_has_the_chords_of_the_plugin() {
    check_role(Role::Chords);
}

#[test]
fn a_file_has_the_second_voice_of_the_plugin() {
    check_role(Role::Counter);
}

#[test]
fn a_file_has_the_drums_of_the_plugin() {
    check_role(Role::Drums);
}

#[test]
fn a_file_repeats_the_phrase_that_the_plugin_holds() {
    let _machine = share_machine();
    let generator = Generator::shipped().expect("the shipped weights fit");
    for role in [Role::Bass, Role::Chords, Role::Drums] {
        let controls = Controls {
            role,
            phrase_bars: 2,
            channel: Some(15),
            ..Controls::default()
        };
        let [first, _] = played(&controls, Some(3));
        let file = performed(&generator, &controls, Some(3), Knowledge::FirstPass);
        assert_same(&first, &file, role.name());
        let places = |from: i64| -> Vec<(f64, u8)> {
            let bars = (from * BAR) as f64..((from + 2) * BAR) as f64;
            let of = first.iter().filter(|note| bars.contains(&note.0));
            of.map(|note| (note.0 - bars.start, note.2)).collect()
        };
        assert_eq!(
            places(3),
            places(1),
            "{}: the phrase comes again",
            role.name()
        );
    }
}

#[test]
fn a_file_with_a_preset_is_what_the_plugin_plays_with_it() {
    let _machine = share_machine();
    let generator = Generator::shipped().expect("the shipped weights fit");
    let song = Controls {
        channel: Some(15),
        ..Controls::default()
    };
    for preset in &presets::ALL {
        check(&generator, &preset.apply(&song));
    }
}
