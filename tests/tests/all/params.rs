//! The parameters are a promise to automation and saved projects: names, order, values, state.

use continuo_model::controls::{Motion, Rhythm};
use continuo_tests::host::{Format, Instance};

use crate::support::{Numbers, plugin, share_machine};

/// Every parameter, in order.
const NAMES: [&str; 24] = [
    "Role",
    "Mode",
    "Phrase",
    "Adventure",
    "Density",
    "Lowest",
    "Highest",
    "Key",
    "Scale",
    "Scale lock",
    "Dynamics",
    "Humanize",
    "Swing",
    "Take",
    "Hold",
    "Memory",
    "Forget",
    "Thru",
    "Channel",
    "Lookahead",
    "Bypass",
    "Chords win",
    "Rhythm",
    "Motion",
];

#[test]
fn names_and_order_are_the_documented_ones() {
    let _machine = share_machine();
    for format in Format::ALL {
        let instance = plugin(format, &[]);
        let names: Vec<_> = instance
            .params()
            .iter()
            .map(|param| param.name.as_str())
            .collect();
        assert_eq!(names, NAMES, "{format}");
        let bypass: Vec<_> = instance
            .params()
            .iter()
            .filter(|param| param.is_bypass)
            .collect();
        assert_eq!(bypass.len(), 1, "{format}: the host's own bypass switch");
        assert_eq!(bypass[0].name, "Bypass", "{format}");
    }
}

#[test]
fn ids_are_the_same_in_both_formats() {
    let _machine = share_machine();
    let ids = |format| -> Vec<u32> {
        plugin(format, &[])
            .params()
            .iter()
            .map(|param| param.id)
            .collect()
    };
    assert_eq!(ids(Format::Clap), ids(Format::Vst3));
}

#[test]
fn every_documented_value_can_be_written_and_reads_back() {
    let _machine = share_machine();
    let keys = "Auto C B";
    let channels = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
    let lists = [
        ("Role", "Continue Bass Chords Counter Drums"),
        ("Mode", "Follow Answer"),
        ("Key", keys),
        (
            "Scale",
            "Auto Major Minor Dorian Mixolydian Pentatonic Blues Chromatic",
        ),
        ("Channel", channels),
        ("Take", "0 1 64 127"),
        ("Thru", "On Off"),
        ("Bypass", "On Off"),
    ];
    for format in Format::ALL {
        let mut instance = plugin(format, &[]);
        for (name, values) in lists {
            for value in values.split(' ') {
                write_and_read(&mut *instance, name, value);
            }
        }
        for bars in ["1 bar", "2 bars", "4 bars", "8 bars"] {
            write_and_read(&mut *instance, "Phrase", bars);
        }
        for delay in ["0 ms", "30 ms", "60 ms", "120 ms"] {
            write_and_read(&mut *instance, "Lookahead", delay);
        }
        for share in ["0 %", "35 %", "100 %"] {
            for name in ["Adventure", "Density", "Dynamics", "Humanize", "Swing"] {
                write_and_read(&mut *instance, name, share);
            }
        }
        for rhythm in Rhythm::ALL {
            write_and_read(&mut *instance, "Rhythm", rhythm.name());
        }
        for motion in Motion::ALL {
            write_and_read(&mut *instance, "Motion", motion.name());
        }
        write_and_read(&mut *instance, "Density", "-100 %");
        write_and_read(&mut *instance, "Scale", "Harmonic minor");
        write_and_read(&mut *instance, "Channel", "As heard");
    }
}

fn write_and_read(instance: &mut dyn Instance, name: &str, value: &str) {
    instance
        .set(name, value)
        .unwrap_or_else(|error| panic!("{error:#}"));
    let read = instance
        .text(name)
        .unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(read, value, "{} {name}", instance.format());
}

#[test]
fn what_a_parameter_shows_it_also_reads() {
    let _machine = share_machine();
    for format in Format::ALL {
        let mut instance = plugin(format, &[]);
        for index in 0..instance.params().len() {
            let name = instance.params()[index].name.clone();
            for share in [0.0, 0.3, 0.5, 0.8, 1.0] {
                let text = instance.text_of_share(index, share).expect("a text");
                let read = instance.share_of_text(index, &text);
                let read = read.unwrap_or_else(|| panic!("{format} {name} cannot read {text:?}"));
                let again = instance.text_of_share(index, read).expect("a text");
                assert_eq!(again, text, "{format} {name} at {share}");
            }
        }
    }
}

#[test]
fn state_comes_back_and_saves_to_the_same_bytes_twice() {
    let _machine = share_machine();
    for format in Format::ALL {
        let mut instance = plugin(
            format,
            &[("Role", "Drums"), ("Take", "17"), ("Thru", "Off")],
        );
        let state = instance.save_state().expect("a state");
        assert_eq!(
            instance.save_state().expect("a state"),
            state,
            "{format}: the second save"
        );
        let mut other = plugin(format, &[]);
        other.load_state(&state).expect("the state loads");
        for (name, value) in [("Role", "Drums"), ("Take", "17"), ("Thru", "Off")] {
            assert_eq!(other.text(name).expect("a value"), value, "{format} {name}");
        }
        assert_eq!(
            other.save_state().expect("a state"),
            state,
            "{format}: saved by another"
        );
    }
}

#[test]
fn a_broken_state_is_refused_and_nothing_changes() {
    let _machine = share_machine();
    let mut numbers = Numbers(9);
    for format in Format::ALL {
        let mut instance = plugin(format, &[("Role", "Counter")]);
        let state = instance.save_state().expect("a state");
        let noise: Vec<u8> = (0..state.len()).map(|_| numbers.below(256) as u8).collect();
        let cut = &state[..state.len() / 2];
        for broken in [&[], noise.as_slice(), cut] {
            assert!(
                instance.load_state(broken).is_err(),
                "{format}: {} bytes",
                broken.len()
            );
        }
        assert_eq!(instance.save_state().expect("a state"), state, "{format}");
    }
}
