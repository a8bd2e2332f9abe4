//! The plugin's window in a host on X11: opened, resized and closed again and again while music plays.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod drag;
#[cfg(target_os = "linux")]
mod folder;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod keyboard;
#[cfg(target_os = "linux")]
mod parent;
#[cfg(target_os = "linux")]
mod target;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    host::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("error: this host knows X11 alone");
    ExitCode::from(2)
}
