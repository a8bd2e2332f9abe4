//! Where training computes: flex on the CPU, or burn's own devices for those who built them in.

use burn::tensor::Device;

/// The devices of this build, by name. Only flex was ever tested: the others need hardware that we do not
/// have.
pub const NAMES: &[&str] = &[
    "flex",
    #[cfg(feature = "ndarray")]
    "ndarray",
    #[cfg(feature = "wgpu")]
    "wgpu",
    #[cfg(feature = "cuda")]
    "cuda",
];

/// The device of that name.
///
/// # Errors
/// When this build has none; says how to build one that has.
pub fn named(name: &str) -> Result<Device, String> {
    match name {
        "flex" => Ok(Device::flex()),
        #[cfg(feature = "ndarray")]
        #[expect(deprecated, reason = "kept for comparison")]
        "ndarray" => Ok(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        "wgpu" => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(feature = "cuda")]
        "cuda" => Ok(Device::cuda(0)),
        _ if ["ndarray", "wgpu", "cuda"].contains(&name) => Err(format!(
            "this build has no {name} device: build with --features {name}"
        )),
        _ => Err(format!(
            "no device {name:?}; this build has {}",
            NAMES.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_found_or_says_how_to_get_it() {
        assert!(named("flex").is_ok());
        assert!(named("abacus").unwrap_err().contains("flex"));
    }
}
