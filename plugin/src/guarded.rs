//! What a test can make go wrong in the guarded build, by variables of its process. No release is that build.

use std::{
    env, fs,
    path::PathBuf,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use continuo_model::{generate::Generator, weights::WeightsError};

/// The weights in the file that `CONTINUO_TEST_WEIGHTS` names, else those that ship.
///
/// # Errors
/// When they can't be used.
pub fn generator() -> Result<Generator, WeightsError> {
    let Some(file) = env::var_os("CONTINUO_TEST_WEIGHTS") else {
        return Generator::shipped();
    };
    let bytes = fs::read(file).map_err(|error| WeightsError::Damaged(error.to_string()))?;
    Generator::from_bytes(&bytes)
}

/// The folder that `CONTINUO_TEST_STYLES` names, in place of the user's styles.
pub fn styles() -> Option<PathBuf> {
    env::var_os("CONTINUO_TEST_STYLES").map(PathBuf::from)
}

/// Panics at every turn whose number `CONTINUO_TEST_PANICS` divides.
pub fn stumble() {
    static EVERY: LazyLock<Option<u64>> =
        LazyLock::new(|| env::var("CONTINUO_TEST_PANICS").ok()?.parse().ok());
    static TURNS: AtomicU64 = AtomicU64::new(1);
    if let Some(every) = *EVERY {
        let turn = TURNS.fetch_add(1, Ordering::Relaxed);
        assert!(!turn.is_multiple_of(every), "a test asked for this panic");
    }
}
