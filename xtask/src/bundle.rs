//! `cargo xtask bundle`: the built library in the shapes that hosts look for.
//!
//! A layout of our own rather than nice-plug's xtask library: that one finds a library by its package's
//! name, and ours differ (`Continuo` is what hosts show, `continuo_plugin` is what Rust imports); it also
//! leaves out a standalone whose name holds a dash, and takes far longer to compile than to run.

use std::{
    env::consts,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{shell, system};

/// The name that hosts show, of the package and of every bundle.
const NAME: &str = "Continuo";
/// The library target of that package.
const LIBRARY: &str = "continuo_plugin";
/// The binary target of that package.
const STANDALONE: &str = "continuo-standalone";

/// What a host looks up in the library: one symbol for each format.
const ENTRY_POINTS: [(&str, &str); 2] = [("CLAP", "clap_entry"), ("VST3", "GetPluginFactory")];

#[derive(Args)]
pub struct Options {
    /// Build with the dev profile: debug assertions on.
    #[arg(long)]
    debug: bool,
    /// Leave the standalone out.
    #[arg(long)]
    no_standalone: bool,
    /// Fail where the standalone cannot be built, rather than warn.
    #[arg(long, conflicts_with = "no_standalone")]
    standalone: bool,
}

/// Builds and bundles into `target/bundled`.
///
/// # Errors
/// When a build fails, or with exit code 2 when `--standalone` asks for what the system cannot build.
pub fn run(options: &Options) -> Result<()> {
    let profile = if options.debug { "dev" } else { "release" };
    // Asked first: whoever demands the standalone learns what is missing before minutes of building.
    let wanted = !options.no_standalone;
    let prepared = match wanted.then(system::prepare_standalone).transpose() {
        Err(missing) if options.standalone => return Err(missing),
        prepared => prepared,
    };
    let mut made = plugin(profile)?;
    match prepared {
        Ok(Some(())) => made.push(standalone(profile)?),
        Ok(None) => {}
        Err(missing) => eprintln!("warning: bundled without the standalone: {missing}"),
    }
    for path in made {
        println!("{}", path.display());
    }
    Ok(())
}

/// Builds the two plugin formats and lays them out in `target/bundled`; returns their paths.
pub fn plugin(profile: &str) -> Result<Vec<PathBuf>> {
    shell::run(&mut shell::cargo(&[
        "build",
        "-p",
        NAME,
        "--lib",
        "--profile",
        profile,
    ]))?;
    let target = shell::target()?;
    lay_out(
        &library(&target.join(folder_of(profile))),
        &target.join("bundled"),
    )
}

/// Builds the standalone and copies it to `target/bundled`; returns its path.
///
/// A build of its own, after the plugin's: its feature puts sound and MIDI drivers into the library,
/// which the plugin must not carry.
fn standalone(profile: &str) -> Result<PathBuf> {
    let target = shell::target()?;
    let arguments = [
        "build",
        "-p",
        NAME,
        "--bin",
        STANDALONE,
        "--features",
        "standalone",
    ];
    shell::run(shell::cargo(&arguments).args(["--profile", profile]))?;
    let file = format!("{STANDALONE}{}", consts::EXE_SUFFIX);
    let bundled = target.join("bundled").join(&file);
    replace(&target.join(folder_of(profile)).join(file), &bundled)?;
    Ok(bundled)
}

/// Where cargo puts the results of a profile.
fn folder_of(profile: &str) -> &str {
    if profile == "dev" { "debug" } else { profile }
}

/// The built library in the folder of a profile.
pub fn library(folder: &Path) -> PathBuf {
    folder.join(format!(
        "{}{LIBRARY}{}",
        consts::DLL_PREFIX,
        consts::DLL_SUFFIX
    ))
}

/// Copies `library` into `folder` as `Continuo.clap` and `Continuo.vst3`, in this system's shape; returns
/// the paths of the two.
///
/// # Errors
/// When the library lacks an entry point, or a file cannot be written.
pub fn lay_out(library: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let bytes = fs::read(library).with_context(|| format!("cannot read {}", library.display()))?;
    for (format, symbol) in ENTRY_POINTS {
        if !names(&bytes, symbol) {
            bail!(
                "{} exports no {symbol}, so no host finds the {format}",
                library.display()
            );
        }
    }
    let mut bundles = Vec::new();
    for (bundle, binary) in [
        (format!("{NAME}.clap"), clap_binary(consts::OS)),
        (
            format!("{NAME}.vst3"),
            vst3_binary(consts::OS, consts::ARCH),
        ),
    ] {
        let bundle = folder.join(bundle);
        let binary = binary.map_or_else(|| bundle.clone(), |binary| bundle.join(binary));
        replace(library, &binary)?;
        if consts::OS == "macos" {
            finish_macos_bundle(&bundle)?;
        }
        bundles.push(bundle);
    }
    Ok(bundles)
}

/// The place of the library inside `Continuo.clap`; `None` where the bundle is the library itself.
fn clap_binary(system: &str) -> Option<String> {
    (system == "macos").then(|| format!("Contents/MacOS/{NAME}"))
}

/// The place of the library inside `Continuo.vst3`, from the VST3 documentation, "Plug-in Format
/// Structure".
fn vst3_binary(system: &str, machine: &str) -> Option<String> {
    let machine = match (system, machine) {
        (_, "x86") if system != "windows" => "i386",
        ("windows", "aarch64") => "arm64",
        _ => machine,
    };
    Some(match system {
        "macos" => format!("Contents/MacOS/{NAME}"),
        "windows" => format!("Contents/{machine}-win/{NAME}.vst3"),
        _ => format!("Contents/{machine}-linux/{NAME}.so"),
    })
}

/// Whether the file holds `symbol` as a whole name: a table of exported names is text, each ended by 0.
fn names(bytes: &[u8], symbol: &str) -> bool {
    let ended = [symbol.as_bytes(), &[0]].concat();
    bytes.windows(ended.len()).any(|window| window == ended)
}

/// Copies over whatever was there, by removing it first: a host that has the old file mapped keeps it,
/// where writing into it would crash that host.
fn replace(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a bundle has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if to.exists() {
        fs::remove_file(to).with_context(|| format!("cannot remove the old {}", to.display()))?;
    }
    fs::copy(from, to)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// What macOS wants beside the binary, and the ad-hoc signature without which Apple's processors refuse it.
fn finish_macos_bundle(bundle: &Path) -> Result<()> {
    let contents = bundle.join("Contents");
    fs::write(contents.join("PkgInfo"), "BNDL????")?;
    fs::write(contents.join("Info.plist"), info_plist(bundle))?;
    shell::run(
        Command::new("codesign")
            .args(["--force", "--sign", "-"])
            .arg(bundle),
    )
}

fn info_plist(bundle: &Path) -> String {
    let format = bundle.extension().unwrap_or_default().display();
    let entries = [
        ("CFBundleExecutable", NAME.to_owned()),
        ("CFBundleIdentifier", format!("org.continuo.{format}")),
        ("CFBundleName", NAME.to_owned()),
        ("CFBundlePackageType", "BNDL".to_owned()),
        ("CFBundleSignature", "????".to_owned()),
        (
            "CFBundleShortVersionString",
            env!("CARGO_PKG_VERSION").to_owned(),
        ),
        ("CFBundleVersion", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let entries: String = entries
        .iter()
        .map(|(key, value)| format!("  <key>{key}</key>\n  <string>{value}</string>\n"))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n{entries}</dict>\n</plist>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_finds_the_library_in_its_own_place() {
        let vst3 = |system, machine| vst3_binary(system, machine).unwrap();
        assert_eq!(vst3("linux", "x86_64"), "Contents/x86_64-linux/Continuo.so");
        assert_eq!(vst3("linux", "x86"), "Contents/i386-linux/Continuo.so");
        assert_eq!(
            vst3("freebsd", "aarch64"),
            "Contents/aarch64-linux/Continuo.so"
        );
        assert_eq!(vst3("macos", "aarch64"), "Contents/MacOS/Continuo");
        assert_eq!(
            vst3("windows", "x86_64"),
            "Contents/x86_64-win/Continuo.vst3"
        );
        assert_eq!(
            vst3("windows", "aarch64"),
            "Contents/arm64-win/Continuo.vst3"
        );
        assert_eq!(vst3("windows", "x86"), "Contents/x86-win/Continuo.vst3");
        assert_eq!(
            clap_binary("macos").as_deref(),
            Some("Contents/MacOS/Continuo")
        );
        assert_eq!(clap_binary("linux"), None);
    }

    #[test]
    fn a_library_without_an_entry_point_is_refused() {
        let folder = std::env::temp_dir().join(format!("continuo-bundle-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let library = folder.join("library");

        fs::write(&library, b"\0clap_entry\0GetPluginFactory2\0").unwrap();
        let error = lay_out(&library, &folder).unwrap_err().to_string();
        assert!(error.contains("exports no GetPluginFactory"), "{error}");

        fs::write(&library, b"\0clap_entry\0GetPluginFactory\0").unwrap();
        if consts::OS != "macos" {
            // Twice: the second replaces the first.
            lay_out(&library, &folder).unwrap();
            let bundles = lay_out(&library, &folder).unwrap();
            assert!(bundles[0].is_file() && bundles[1].is_dir());
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
