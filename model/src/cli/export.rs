//! `continuo export`: what a saved project remembers, as a MIDI file.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use continuo_model::{
    capture::{Place, Row, write_new},
    controls::{Controls, Role},
    feel::Played,
    midi_file::{Track, untangle},
    note::Note,
    planner::Memory,
    time::Tick,
};
use serde_json::Value;

use super::files;

/// Arguments of `continuo export`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    continuo export song.state -o takes\n  \
    continuo export - -o . < song.state\n\n\
    A state is what a host saves of the plugin: JSON, wherever in the file it stands. With Hold on the held\n\
    phrase is written, else the song as it is remembered: what was heard and what was played last at each place.\n\
    No file is overwritten; the path of the new one is printed.")]
pub struct Export {
    /// The saved state; `-` reads standard input.
    state: PathBuf,
    /// The folder for the MIDI file; made when it is missing.
    #[arg(short, long, value_name = "FOLDER")]
    out: PathBuf,
}

/// Runs it.
pub fn run(arguments: &Export) -> anyhow::Result<()> {
    let name = files::input_name(&arguments.state);
    let bytes = files::read_bytes(&arguments.state)?;
    let (controls, row) = row(&bytes).with_context(|| name)?;
    let stem = format!("Continuo {}", controls.role.name());
    let path = write_new(&arguments.out, &stem, &row.to_bytes())?;
    println!("{}", path.display());
    Ok(())
}

/// What the state holds, in musical terms.
fn row(bytes: &[u8]) -> anyhow::Result<(Controls, Row)> {
    let state = state(bytes).context("no saved state of Continuo in it")?;
    let controls = controls(&state["params"]);
    let song = state["fields"]["song"].as_str().unwrap_or("{}");
    let memory: Memory = serde_json::from_str(song).context("its song memory is damaged")?;
    let place = memory.last().map(Place::from).unwrap_or_default();
    let held = memory.held_phrase().filter(|_| controls.hold);
    let row = match held {
        Some((start, notes)) => Row::of_phrase(notes, start, place, &controls),
        None => remembered(&memory, place, &controls),
    };
    match row {
        Some(row) => Ok((controls, row)),
        None => bail!("nothing has been heard or played in it"),
    }
}

/// The first JSON object in `bytes` that is a state: hosts put lengths before it and padding after.
fn state(bytes: &[u8]) -> Option<Value> {
    let starts = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"{\"version\""));
    let mut objects = starts.filter_map(|at| {
        let mut values = serde_json::Deserializer::from_slice(&bytes[at..]).into_iter::<Value>();
        values.next()?.ok()
    });
    objects.find(|state| state["params"].is_object() && state["fields"].is_object())
}

/// The controls that a file depends on.
fn controls(params: &Value) -> Controls {
    let value = |id: &str, kind: &str| params[id].get(kind).cloned().unwrap_or_default();
    let number = |id: &str| value(id, "i32").as_i64().and_then(|n| u8::try_from(n).ok());
    let share = |id: &str| value(id, "f32").as_f64().unwrap_or(0.0) as f32;
    let role = value("role", "string");
    let role = Role::ALL.into_iter().find(|known| {
        role.as_str()
            .is_some_and(|id| id.eq_ignore_ascii_case(known.name()))
    });
    Controls {
        role: role.unwrap_or_default(),
        hold: value("hold", "bool").as_bool().unwrap_or(false),
        key: number("key")
            .and_then(|key| key.checked_sub(1))
            .map(|key| key % 12),
        dynamics: share("dynamics"),
        humanize: share("humanize"),
        swing: share("swing"),
        channel: number("channel")
            .and_then(|channel| channel.checked_sub(1))
            .map(|c| c & 15),
        ..Controls::default()
    }
}

/// The remembered song at its places, from bar 1 on, or from the bar of its first note in a pre-roll.
fn remembered(memory: &Memory, place: Place, controls: &Controls) -> Option<Row> {
    let notes = memory.heard().iter().chain(memory.played());
    let first = notes.map(|note| note.onset).min()?.min(place.grid.downbeat);
    let bar = place.grid.start_of(place.grid.bar_at(first));
    let shift = Tick(0) - bar;
    let mut heard: Vec<Note> = memory.heard().to_vec();
    heard.iter_mut().for_each(|note| note.onset += shift);
    untangle(&mut heard);
    let mut row = Row::empty(place);
    row.song.tracks.push(Track {
        name: "Heard".to_owned(),
        notes: heard,
        ..Track::default()
    });
    let played = memory
        .played()
        .iter()
        .map(|note| Played::in_bars(note, place.grid, controls));
    let played = played.map(|mut played| {
        played.note.onset += shift;
        played
    });
    row.add(controls.role, controls.channel, played.collect());
    row.sign(controls);
    Some(row)
}
