//! Generated notes begin on a tick of 1/24 quarter note, to the sample, whatever the host's rate, block
//! size, tempo and meter.

use continuo_tests::{
    check,
    host::Format,
    player::Session,
    transport::{BlockSizes, Song},
};

use crate::{
    songs::{bar_beats, chords, melody, meter},
    support::{render, share_machine},
};

/// Mixed block lengths, from a fixed seed.
const MIXED: BlockSizes = BlockSizes::Mixed(7);

/// Rate, block lengths, tempo, meter, role.
type Case = (f64, BlockSizes, f64, (i64, i64), &'static str);

/// Every rate meets every meter and tempo, every value occurs in
/// both slow and fast songs, every role occurs.
const CASES: [Case; 14] = [
    (44_100.0, BlockSizes::Constant(16), 174.0, (4, 4), "Bass"),
    (44_100.0, BlockSizes::Constant(64), 60.0, (3, 4), "Continue"),
    (44_100.0, BlockSizes::Constant(333), 97.3, (6, 8), "Chords"),
    (44_100.0, BlockSizes::Constant(4096), 120.0, (5, 4), "Drums"),
    (44_100.0, MIXED, 97.3, (4, 4), "Counter"),
    (48_000.0, BlockSizes::Constant(16), 120.0, (3, 4), "Chords"),
    (48_000.0, BlockSizes::Constant(64), 97.3, (5, 4), "Bass"),
    (48_000.0, BlockSizes::Constant(512), 60.0, (4, 4), "Drums"),
    (
        48_000.0,
        BlockSizes::Constant(4096),
        174.0,
        (6, 8),
        "Continue",
    ),
    (48_000.0, MIXED, 174.0, (5, 4), "Continue"),
    (
        96_000.0,
        BlockSizes::Constant(333),
        120.0,
        (4, 4),
        "Counter",
    ),
    (96_000.0, BlockSizes::Constant(512), 97.3, (3, 4), "Bass"),
    (96_000.0, BlockSizes::Constant(4096), 60.0, (6, 8), "Bass"),
    (96_000.0, MIXED, 174.0, (5, 4), "Chords"),
];

fn check_format(format: Format) {
    let _machine = share_machine();
    for (rate, blocks, bpm, (numerator, denominator), role) in CASES {
        let meter = meter(numerator, denominator);
        // Accompaniments hear chords, melodies hear a melody for two bars and then go on alone.
        let clip = match role {
            "Continue" => melody(meter, 2),
            "Chords" | "Counter" => melody(meter, 4),
            _ => chords(meter, 4, 0),
        };
        let params = [("Role", role), ("Humanize", "0 %"), ("Swing", "0 %")];
        let session = Session {
            blocks,
            ..Session::offline(0)
        };
        let song = Song::new(rate, bpm, meter);
        let bars = 4;
        let (performance, voices) = render(format, &params, &song, &clip, session, |player| {
            player.play(f64::from(bars) * bar_beats(meter))
        });
        let case =
            format!("{format} {role} {numerator}/{denominator} {bpm} BPM {rate} Hz {blocks:?}");
        assert!(voices.len() >= 4, "{case}: only {} notes", voices.len());
        let astray = check::off_grid(&performance, &voices);
        assert!(astray.is_empty(), "{case}:\n  {}", astray.join("\n  "));
    }
}

#[test]
fn generated_notes_lie_on_the_grid_clap() {
    check_format(Format::Clap);
}

#[test]
fn generated_notes_lie_on_the_grid_vst3() {
    check_format(Format::Vst3);
}

#[test]
fn generated_notes_lie_on_the_grid_in_every_pass_of_a_loop() {
    let _machine = share_machine();
    let meter = meter(4, 4);
    for format in Format::ALL {
        for (bpm, blocks) in [(97.3, BlockSizes::Constant(512)), (174.0, MIXED)] {
            let session = Session {
                blocks,
                ..Session::offline(0)
            };
            let song = Song::new(44_100.0, bpm, meter);
            let clip = chords(meter, 4, 1);
            let params = [("Role", "Bass")];
            let (performance, voices) = render(format, &params, &song, &clip, session, |player| {
                player.set_cycle(Some((4.0, 12.0)));
                player.play(28.0)
            });
            let astray = check::off_grid(&performance, &voices);
            assert!(
                astray.is_empty(),
                "{format} {bpm}:\n  {}",
                astray.join("\n  ")
            );
            assert!(
                voices.len() >= 7,
                "{format}: only {} notes in seven bars",
                voices.len()
            );
        }
    }
}
