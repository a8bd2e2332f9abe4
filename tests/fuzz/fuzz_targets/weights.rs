//! A weights file is refused or read, never a panic.
#![no_main]

use burn::tensor::Device;
use continuo_model::weights::Weights;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Weights::from_bytes(bytes, &Device::flex());
});
