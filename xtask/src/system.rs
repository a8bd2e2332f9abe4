//! System packages that a build needs: which are missing, and getting them.
//!
//! The two plugin formats need nothing but a C linker, and whoever runs this program has had one to link
//! it. The standalone talks to ALSA and JACK, and on Linux that takes their headers.

use std::process::Command;

use anyhow::Result;

use crate::shell::{Exit, run, succeeds};

/// One thing that a build needs of the system.
struct Need {
    /// Its Debian package.
    debian: &'static str,
    /// The command that succeeds when it is there.
    probe: (&'static str, &'static [&'static str]),
}

/// What building `continuo-standalone` takes on Linux.
const STANDALONE: [Need; 3] = [
    Need {
        debian: "pkg-config",
        probe: ("pkg-config", &["--version"]),
    },
    Need {
        debian: "libasound2-dev",
        probe: ("pkg-config", &["--exists", "alsa"]),
    },
    Need {
        debian: "libjack-jackd2-dev",
        probe: ("pkg-config", &["--exists", "jack"]),
    },
];

/// Makes sure that the standalone can be built: installs what is missing where that needs no question
/// (Debian and its kin, as root or with passwordless sudo).
///
/// # Errors
/// With exit code 2 when something is missing still: which packages, and the command that installs them.
pub fn prepare_standalone() -> Result<()> {
    // CoreAudio, WASAPI and the MIDI of those systems come with their compilers.
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let missing = missing(&STANDALONE);
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install {}", missing.join(" "));
    let failure = |reason: &str| Exit {
        code: 2,
        message: format!(
            "the standalone needs {} ({reason}). Debian and Ubuntu: `sudo {by_hand}`; \
             Fedora: alsa-lib-devel, pipewire-jack-audio-connection-kit-devel and pkgconf; \
             Arch: alsa-lib, jack2 and pkgconf",
            missing.join(", ")
        ),
    };
    if !succeeds("apt-get", &["--version"]) {
        return Err(failure("no apt-get here to install with").into());
    }
    let Some(become_root) = become_root() else {
        return Err(failure("not root, and sudo asks for a password").into());
    };
    eprintln!("Installing what the standalone needs: {by_hand}");
    // A fresh machine has no package lists, a used one has old ones: fetch them only when needed.
    if install(become_root, &missing).is_err() {
        let updated = run(&mut apt(become_root, &["update"]));
        if updated
            .and_then(|()| install(become_root, &missing))
            .is_err()
        {
            return Err(failure("installing them failed, see above").into());
        }
    }
    Ok(())
}

/// The Debian packages of the needs that are not met.
fn missing(needs: &[Need]) -> Vec<&'static str> {
    let unmet = needs
        .iter()
        .filter(|need| !succeeds(need.probe.0, need.probe.1));
    unmet.map(|need| need.debian).collect()
}

/// The words to put before a command that has to run as root, or `None` when that takes a password.
fn become_root() -> Option<&'static [&'static str]> {
    let user = Command::new("id").arg("-u").output().ok()?;
    if user.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    succeeds("sudo", &["--non-interactive", "true"]).then_some(&["sudo", "--non-interactive"])
}

fn install(become_root: &[&str], packages: &[&str]) -> Result<()> {
    run(apt(
        become_root,
        &["install", "--yes", "--no-install-recommends"],
    )
    .args(packages))
}

/// `apt-get`, as root, asking nothing.
fn apt(become_root: &[&str], arguments: &[&str]) -> Command {
    // Through `env`, because sudo drops variables that are set outside of it.
    let quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
    let mut words = become_root.iter().chain(&quiet).chain(arguments);
    let mut command = Command::new(words.next().unwrap_or(&"apt-get"));
    command.args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unmet_needs_are_missing() {
        let needs = [
            Need {
                debian: "there",
                probe: ("cargo", &["--version"]),
            },
            Need {
                debian: "refused",
                probe: ("cargo", &["--no-such-option"]),
            },
            Need {
                debian: "absent",
                probe: ("continuo-no-such-program", &[]),
            },
        ];
        assert_eq!(missing(&needs), ["refused", "absent"]);
    }
}
