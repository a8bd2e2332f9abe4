//! What a person types in this repository: `cargo xtask demo`, `controls`, `test`, `bundle`, `check`,
//! `daw`, `window`, `soak`, `fuzz`, `race`.
//!
//! Every command works from a clean clone, prints what it does while it does it, and ends with exit code
//! 0 for success, 1 for a failed step, 2 for a wrong argument or a missing system package.

mod bundle;
mod check;
mod controls;
mod daw;
mod demo;
mod fuzz;
mod race;
mod shell;
mod soak;
mod steps;
mod system;
mod test;
mod tidy;
mod window;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
/// Build, try and check Continuo.
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Play MIDI clips through the built plugin in every role; write .mid files and piano rolls.
    Demo(demo::Options),
    /// Play clips at a few settings of every control; write a picture of each.
    Controls(controls::Options),
    /// Everything that CI runs: check, build, demo, doc tests, unit and host tests.
    Test(test::Options),
    /// Build the plugin and lay out target/bundled: CLAP, VST3, standalone.
    Bundle(bundle::Options),
    /// Record the plugin in a real DAW, Ardour, and compare with what our own host gets from it.
    Daw(daw::Options),
    /// The plugin's window in a host under a virtual X server: load, late notes, leaks, pictures.
    Window(window::Options),
    /// Format, tidy rules, lints and documentation, each with warnings denied.
    Check,
    /// Random hosts for as long as you like, and the times of the audio thread.
    Soak(soak::Options),
    /// Damaged bytes for whatever reads a file or a saved state, with libFuzzer.
    Fuzz(fuzz::Options),
    /// What crosses between the threads, under ThreadSanitizer.
    Race,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Task::Demo(options) => demo::run(&options),
        Task::Controls(options) => controls::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Bundle(options) => bundle::run(&options),
        Task::Daw(options) => daw::run(&options),
        Task::Window(options) => window::run(&options),
        Task::Check => check::run(),
        Task::Soak(options) => soak::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Race => race::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            let code = error
                .downcast_ref()
                .map_or(1, |exit: &shell::Exit| exit.code);
            ExitCode::from(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_argument_exits_with_code_2() {
        for line in [
            &["xtask", "demo", "--role", "kazoo"][..],
            &["xtask", "demo", "--bars", "0"],
            &["xtask", "bundle", "--standalone", "--no-standalone"],
            &["xtask", "soak", "--minutes", "1", "--scenarios", "1"],
            &["xtask", "dance"],
        ] {
            let error = Cli::try_parse_from(line).err();
            assert_eq!(error.map(|error| error.exit_code()), Some(2), "{line:?}");
        }
    }
}
