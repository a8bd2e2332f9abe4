//! Keeps the plugin's library in memory once it is loaded.
//!
//! Rust's standard library leaves a destructor with every host thread that called it, to be run when that
//! thread ends. On Linux a host that unloads the library before then would jump to where it was.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
