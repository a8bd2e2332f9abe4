//! A saved song memory is refused or taken whole, and what was taken is saved and read again as it is.
#![no_main]

use std::sync::LazyLock;

use continuo_model::{generate::Generator, planner::{Memory, Planner}};
use libfuzzer_sys::fuzz_target;

static GENERATOR: LazyLock<Generator> =
    LazyLock::new(|| Generator::shipped().expect("the shipped weights"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(memory) = serde_json::from_slice::<Memory>(bytes) else {
        return;
    };
    let mut planner = Planner::new(GENERATOR.clone());
    planner.recall(memory);
    let kept = planner.memory();
    let text = serde_json::to_string(&kept).expect("JSON");
    assert_eq!(serde_json::from_str::<Memory>(&text).expect("what we wrote"), kept);
});
