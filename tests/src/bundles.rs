//! Where the built plugin lies.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};

use crate::host::{self, Format, Instance};

/// The plugin's file name without its extension.
const NAME: &str = "Continuo";

/// The folder that holds `Continuo.clap` and `Continuo.vst3`: the one that `CONTINUO_BUNDLES` names, else
/// the one that `cargo xtask test` fills.
#[must_use]
pub fn folder() -> PathBuf {
    env::var_os("CONTINUO_BUNDLES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-bundles"),
        PathBuf::from,
    )
}

/// The bundle of the built plugin in `format`.
///
/// # Errors
/// When it has not been built.
pub fn path(format: Format) -> Result<PathBuf> {
    let extension = match format {
        Format::Clap => "clap",
        Format::Vst3 => "vst3",
    };
    let bundle = folder().join(NAME).with_extension(extension);
    let binary = host::binary_in(format, &bundle);
    ensure!(
        binary.exists(),
        "{} is missing: `cargo xtask test` builds it, or CONTINUO_BUNDLES names the folder to take it from",
        binary.display()
    );
    Ok(bundle)
}

/// A new instance of the built plugin in `format`.
///
/// # Errors
/// When it has not been built or does not load.
pub fn load(format: Format) -> Result<Box<dyn Instance>> {
    host::load(format, &path(format)?)
}
