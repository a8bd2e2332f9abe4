//! The soak: random hosts for as long as one likes, then the audio thread's times.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, ExitCode, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::Parser;
use continuo_tests::{
    scenario::{Fault, Report, Scenario, Stage},
    timing::{self, Load},
};
use indicatif::{ProgressBar, ProgressStyle};

/// Plays random scenarios through the built Continuo and judges them; exit code 1 when one shows a fault.
///
/// Each scenario is a host with its rate, blocks, song, clip and controls, drawn from a seed. With --timed, the
/// time is measured in the end that the audio thread takes for a block of 64 frames. The tables are Markdown.
#[derive(Parser)]
#[command(name = "soak", version)]
struct Arguments {
    /// For how long to go on with new scenarios.
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Stop after so many scenarios, however long they take.
    #[arg(long, conflicts_with = "minutes")]
    scenarios: Option<u64>,
    /// The one scenario of this seed, told step by step; or with --scenarios the first of them.
    #[arg(long)]
    seed: Option<u64>,
    /// The Continuo.clap whose time is measured: a release build, where the scenarios play the guarded one.
    #[arg(long, value_name = "PATH")]
    timed: Option<PathBuf>,
    /// Plays so many scenarios from the seed on and prints what came of each for the program that asked.
    #[arg(long, hide = true)]
    batch: Option<u64>,
}

/// Scenarios that one process plays. When the plugin brings its process down, the next goes on.
const BATCH: u64 = 40;

/// How long each measurement of the audio thread takes, in seconds.
const MEASURED: f64 = 8.0;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (arguments.batch, arguments.seed, arguments.scenarios) {
        (Some(count), Some(first), _) => batch(first, count).map(|()| true),
        (None, Some(seed), None) => one(seed),
        _ => soak(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The one scenario of `seed`, in words; whether it is without fault.
fn one(seed: u64) -> Result<bool> {
    let scenario = Scenario::of_seed(seed);
    print!("{scenario}");
    match scenario.why_not_the_same() {
        Some(why) => println!("  Played once: {why}."),
        None => {
            println!("  Played twice, in other blocks or the other format where that must agree.");
        }
    }
    let stage = Stage::new()?;
    let report = stage.check(&scenario);
    println!(
        "{} notes heard, {} played, {} further runs",
        report.heard, report.played, report.compared
    );
    for fault in &report.faults {
        println!("FAULT: {fault}");
    }
    if !report.faults.is_empty() {
        println!("\nLeaving out what is not needed for a fault of this kind ...");
        let shortest = stage.shortest(&scenario);
        print!("{shortest}");
        for fault in stage.check(&shortest).faults {
            println!("FAULT: {fault}");
        }
    }
    Ok(report.faults.is_empty())
}

/// A line for what begins, a line for each fault, a line for what is done.
fn batch(first: u64, count: u64) -> Result<()> {
    let stage = Stage::new()?;
    for seed in (0..count).map(|index| first.wrapping_add(index)) {
        println!("began {seed}");
        let report = stage.check(&Scenario::of_seed(seed));
        for fault in &report.faults {
            let kind = match fault {
                Fault::Stuck(_) => "stuck",
                Fault::Late(_) => "late",
                Fault::Order(_) => "order",
                Fault::Law(_) | Fault::Failure(_) => "other",
            };
            println!("{kind} {}", fault.to_string().replace('\n', " "));
        }
        let Report {
            heard,
            played,
            compared,
            ..
        } = report;
        println!("done {heard} {played} {compared}");
    }
    Ok(())
}

/// What all scenarios came to.
#[derive(Default)]
struct Totals {
    scenarios: u64,
    heard: u64,
    played: u64,
    compared: u64,
    stuck: u64,
    late: u64,
    order: u64,
    allocations: u64,
    crashes: u64,
    other: u64,
    /// Seed and fault.
    faults: Vec<(u64, String)>,
}

impl Totals {
    /// Takes a line of a batch that plays `seed`.
    fn take(&mut self, seed: u64, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let kind = match word {
            "done" => {
                let mut numbers = rest.split(' ').filter_map(|number| number.parse().ok());
                let mut next = || numbers.next().unwrap_or(0);
                self.scenarios += 1;
                self.heard += next();
                self.played += next();
                self.compared += next();
                return;
            }
            "stuck" => &mut self.stuck,
            "late" => &mut self.late,
            "order" => &mut self.order,
            "allocation" => &mut self.allocations,
            "crash" => &mut self.crashes,
            "other" => &mut self.other,
            _ => return,
        };
        *kind += 1;
        self.faults.push((seed, format!("{word}: {rest}")));
    }
}

/// Scenarios until the time or the number is over, then the table; whether there was no fault.
fn soak(arguments: &Arguments) -> Result<bool> {
    let first = arguments.seed.unwrap_or_else(rand::random);
    println!("Scenarios from seed {first} on.");
    let end = Instant::now() + Duration::from_secs_f64(arguments.minutes * 60.0);
    let bar = progress(arguments);
    let (sender, lines) = channel();
    let jobs = thread::available_parallelism().map_or(1, usize::from) as u64;
    let workers: Vec<_> = (0..jobs)
        .map(|job| {
            let sender = sender.clone();
            let wanted = arguments.scenarios;
            thread::spawn(move || work(first, job, jobs, wanted, end, &sender))
        })
        .collect();
    drop(sender);
    let mut totals = collect(&lines, &bar, arguments.scenarios.is_none());
    for worker in workers {
        worker.join().ok().context("a soak thread failed")??;
    }
    bar.finish_and_clear();
    print(&mut totals);
    let loads = match &arguments.timed {
        Some(bundle) => [1, 32]
            .into_iter()
            .map(|instances| timing::measure(bundle, instances, MEASURED))
            .collect::<Result<Vec<_>>>()
            .context("the time of the audio thread")?,
        None => Vec::new(),
    };
    print_loads(&loads);
    // That nothing was played is a fault of the soak itself.
    Ok(totals.faults.is_empty() && totals.played > 0)
}

fn progress(arguments: &Arguments) -> ProgressBar {
    let length = arguments
        .scenarios
        .unwrap_or((arguments.minutes * 60.0) as u64);
    let bar = ProgressBar::new(length);
    let template = "{bar:40} {pos}/{len} {elapsed_precise} {msg}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar()));
    bar
}

/// Sums up what the batches say.
fn collect(lines: &Receiver<(u64, String)>, bar: &ProgressBar, by_time: bool) -> Totals {
    let mut totals = Totals::default();
    for (seed, line) in lines {
        let faults = totals.faults.len();
        totals.take(seed, &line);
        if let Some((seed, fault)) = totals.faults.get(faults) {
            bar.suspend(|| eprintln!("seed {seed}: {fault}"));
        }
        bar.set_position(if by_time {
            bar.elapsed().as_secs()
        } else {
            totals.scenarios
        });
        bar.set_message(format!(
            "{} scenarios, {} notes played, {} faults",
            totals.scenarios,
            totals.played,
            totals.faults.len()
        ));
    }
    totals
}

/// Plays every batch whose turn is `job` of `jobs`.
fn work(
    first: u64,
    job: u64,
    jobs: u64,
    wanted: Option<u64>,
    end: Instant,
    sender: &Sender<(u64, String)>,
) -> Result<()> {
    for turn in (job..).step_by(jobs as usize) {
        let begun = turn * BATCH;
        let count = wanted.map_or(BATCH, |wanted| wanted.saturating_sub(begun).min(BATCH));
        if count == 0 || (wanted.is_none() && Instant::now() >= end) {
            return Ok(());
        }
        let (mut next, after) = (first.wrapping_add(begun), first.wrapping_add(begun + count));
        // A process that came down goes on after the scenario that did it.
        while next != after {
            next = follow(next, after.wrapping_sub(next), sender)?.wrapping_add(1);
        }
    }
    Ok(())
}

/// Plays a batch in a process of its own and passes on what it says; the last seed that it began.
fn follow(first: u64, count: u64, sender: &Sender<(u64, String)>) -> Result<u64> {
    let mut child = Command::new(env::current_exe()?)
        .args(["--seed", &first.to_string(), "--batch", &count.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let complaints = complaints(&mut child)?;
    let output = child.stdout.take().context("no output")?;
    let mut seed = first;
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some(began) = line.strip_prefix("began ") {
            seed = began.parse()?;
        }
        // Nobody listens any more only when the soak ends.
        let _ = sender.send((seed, line));
    }
    let status = child.wait()?;
    let said = complaints.join().unwrap_or_default();
    if !status.success() {
        // The guard of the audio thread says so before it aborts.
        let allocated = said.to_lowercase().contains("allocation");
        let kind = if allocated { "allocation" } else { "crash" };
        let last = said.lines().last().unwrap_or_default();
        let _ = sender.send((seed, format!("{kind} {status}: {last}")));
    }
    Ok(seed)
}

/// What the child prints beside its lines.
fn complaints(child: &mut Child) -> Result<thread::JoinHandle<String>> {
    let mut errors = child.stderr.take().context("no error output")?;
    Ok(thread::spawn(move || {
        let mut said = Vec::new();
        let _ = errors.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    }))
}

fn print(totals: &mut Totals) {
    totals.faults.sort_by_key(|(seed, _)| *seed);
    for faults in totals.faults.chunk_by(|one, other| one.0 == other.0) {
        let (seed, fault) = &faults[0];
        println!("seed {seed}: {} faults, the first is {fault}", faults.len());
        println!("  again: cargo xtask soak --seed {seed}");
    }
    println!("| random hosts | |\n|---|---:|");
    for (name, count) in [
        ("scenarios run", totals.scenarios),
        (
            "played again in other blocks or the other format",
            totals.compared,
        ),
        ("notes heard", totals.heard),
        ("notes played", totals.played),
        ("stuck", totals.stuck),
        ("late", totals.late),
        ("order faults", totals.order),
        ("allocations of the audio thread", totals.allocations),
        ("crashes", totals.crashes),
        ("other faults", totals.other),
    ] {
        println!("| {name} | {count} |");
    }
}

/// The audio thread's time, and the share of a block that it is.
fn print_loads(loads: &[Load]) {
    if loads.is_empty() {
        return;
    }
    println!("\n| a block of 64 frames at 48 kHz | median | of the block | p99.9 | of the block |");
    println!("|---|---:|---:|---:|---:|");
    for Load {
        instances, block, ..
    } in loads
    {
        let cells = [block.median, block.high].map(|time| {
            let micros = time.as_secs_f64() * 1e6;
            let share = 100.0 * time.as_secs_f64() / Load::available().as_secs_f64();
            format!("{micros:.1} µs | {share:.2} %")
        });
        let plural = if *instances == 1 { "" } else { "s" };
        println!("| {instances} instance{plural} | {} |", cells.join(" | "));
    }
}
