//! A row of steps: a heading and a time for each, and one closing line.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// What was done so far.
pub struct Steps {
    began: Instant,
    /// Name, time taken and whether it passed.
    done: Vec<(&'static str, Duration, bool)>,
}

impl Steps {
    /// Starts the clock of the whole.
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Runs one step and notes how it went. A failure is printed and kept for [`Self::finish`], so that
    /// one run shows all that is wrong. Returns whether it passed.
    pub fn run(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) -> bool {
        eprintln!(
            "\n=== {name} ({} since the start)",
            Clock(self.began.elapsed())
        );
        let began = Instant::now();
        let outcome = step();
        let taken = began.elapsed();
        match &outcome {
            Ok(()) => eprintln!("--- {name}: passed in {}", Clock(taken)),
            Err(error) => eprintln!("--- {name}: FAILED after {}: {error:#}", Clock(taken)),
        }
        self.done.push((name, taken, outcome.is_ok()));
        outcome.is_ok()
    }

    /// Prints the closing line.
    ///
    /// # Errors
    /// When a step failed; the error names all that did.
    pub fn finish(self) -> Result<()> {
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|(_, _, passed)| !passed)
            .map(|(name, ..)| *name)
            .collect();
        let times: Vec<String> = self
            .done
            .iter()
            .map(|(name, taken, _)| format!("{name} {}", Clock(*taken)))
            .collect();
        let whole = Clock(self.began.elapsed());
        eprintln!(
            "\n{} steps in {whole}: {}",
            self.done.len(),
            times.join(", ")
        );
        if !failed.is_empty() {
            bail!(
                "{} of {} steps failed: {}",
                failed.len(),
                self.done.len(),
                failed.join(", ")
            );
        }
        eprintln!("All {} steps passed.", self.done.len());
        Ok(())
    }
}

/// A duration as a person says it: `0.4 s`, `12 s`, `3 min 05 s`.
struct Clock(Duration);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..10 => write!(f, "{:.1} s", self.0.as_secs_f32()),
            10..60 => write!(f, "{seconds} s"),
            _ => write!(f, "{} min {:02} s", seconds / 60, seconds % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_does_not_hide_the_next_and_is_named_at_the_end() {
        let mut steps = Steps::begin();
        assert!(!steps.run("lint", || bail!("a warning")));
        assert!(steps.run("build", || Ok(())));
        let error = steps.finish().unwrap_err().to_string();
        assert_eq!(error, "1 of 2 steps failed: lint");
    }

    #[test]
    fn times_read_well() {
        let shown = |milliseconds| Clock(Duration::from_millis(milliseconds)).to_string();
        assert_eq!(shown(420), "0.4 s");
        assert_eq!(shown(12_900), "12 s");
        assert_eq!(shown(185_000), "3 min 05 s");
    }
}
