//! The host's view of the parameters.

use super::*;

/// Every parameter by name, with the pointer that hosts use.
fn host_view(params: &ContinuoParams) -> Vec<(String, String, ParamPtr)> {
    params
        .param_map()
        .into_iter()
        // SAFETY: the pointers live as long as `params`, which outlives this call.
        .map(|(id, pointer, _)| (id, unsafe { pointer.name() }.to_owned(), pointer))
        .collect()
}

#[test]
fn names_and_order_are_what_automation_relies_on() {
    let params = ContinuoParams::default();
    let names: Vec<_> = host_view(&params)
        .into_iter()
        .map(|(_, name, _)| name)
        .collect();
    let expected = [
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
    assert_eq!(names, expected);
}

#[test]
fn the_defaults_are_the_models() {
    assert_eq!(ContinuoParams::default().controls(), Controls::default());
}

#[test]
fn every_shown_value_can_be_typed_in() {
    let params = ContinuoParams::default();
    for (id, name, pointer) in host_view(&params) {
        for step in 0..=127_u8 {
            let normalized = f32::from(step) / 127.0;
            // SAFETY: as in `host_view`.
            let (shown, back) = unsafe {
                let shown = pointer.normalized_value_to_string(normalized, true);
                let typed = pointer.string_to_normalized_value(&shown);
                let back = typed.map(|typed| pointer.normalized_value_to_string(typed, true));
                (shown, back)
            };
            assert_eq!(back.as_ref(), Some(&shown), "{name} ({id})");
        }
    }
}

#[test]
fn values_read_as_a_musician_writes_them() {
    let params = ContinuoParams::default();
    let shown = |name: &str, normalized: f32| {
        let found = host_view(&params).into_iter().find(|(_, n, _)| n == name);
        let (.., pointer) = found.expect("a parameter of that name");
        // SAFETY: as in `host_view`.
        unsafe { pointer.normalized_value_to_string(normalized, true) }
    };
    assert_eq!(shown("Adventure", 0.5), "50 %");
    assert_eq!(shown("Density", 0.25), "-50 %");
    assert_eq!(shown("Density", 0.5), "0 %");
    assert_eq!(shown("Lowest", 37.0 / 127.0), "Db2");
    assert_eq!(shown("Highest", 1.0), "G9");
    assert_eq!(shown("Phrase", 2.0 / 3.0), "4 bars");
    assert_eq!(shown("Lookahead", 1.0 / 3.0), "30 ms");
    assert_eq!(shown("Key", 0.0), "Auto");
    assert_eq!(shown("Key", 1.0), "B");
    assert_eq!(shown("Channel", 0.0), "As heard");
    assert_eq!(shown("Channel", 1.0), "16");
    assert_eq!(shown("Scale", 5.0 / 8.0), "Harmonic minor");
    assert_eq!(shown("Rhythm", 3.0 / 7.0), "Quarter notes");
    assert_eq!(shown("Motion", 2.0 / 6.0), "Roots and fifths");
}

#[test]
fn the_controls_say_where_the_parameters_stand() {
    for seed in 0..200_u64 {
        let params = ContinuoParams::default();
        for (place, (_, _, pointer)) in host_view(&params).into_iter().enumerate() {
            // A share that looks random and is the same each time.
            let mixed = (seed * 31 + place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            // SAFETY: as in `host_view`; no other thread reads them.
            unsafe {
                pointer._internal_set_normalized_value((mixed >> 40) as f32 / (1 << 24) as f32)
            };
        }
        let controls = params.controls();
        let again = ContinuoParams::default();
        for (pointer, normalized) in again.normalized(&controls) {
            // SAFETY: as above.
            unsafe { pointer._internal_set_normalized_value(normalized) };
        }
        assert_eq!(again.controls(), controls);
    }
}
