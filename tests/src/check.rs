//! The laws that every run obeys, whatever the plugin plays.
//!
//! * Events come in order and inside of their block.
//! * Thru notes are exact copies of what was heard, in order, at the same sample (plus the latency).
//! * On each channel and key, note-on and note-off take turns, and the last is a note-off; for the
//!   generated notes alone and for everything that the next instrument gets. Where the heard notes of a key
//!   do not take turns themselves, their exact copies cannot either: there only the end is judged.
//! * What was generated before a stop, a jump, a loop wrap, a reset or a change of role, channel, thru or
//!   bypass does not sound after it.
//! * Nothing is generated while the transport stands.

use std::collections::{HashMap, HashSet};

use crate::{
    host::NoteKind,
    player::{Break, Performance, Played},
};

/// How a breach about a note-off without its note-on ends.
const ENDS_NOTHING: &str = "ends nothing";

/// How far from its place an event may lie, in samples: hosts and plugins round positions differently.
const ROUNDING: u64 = 1;

/// A generated note.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// Its beginning.
    pub on: Played,
    /// Its end; `None` when it never ends.
    pub off: Option<Played>,
}

impl Voice {
    /// Whether it sounds at `sample` of the render.
    #[must_use]
    pub fn sounds_at(&self, sample: u64) -> bool {
        self.on.sample <= sample && self.off.is_none_or(|off| sample < off.sample)
    }
}

/// The output of a run, told apart.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Copies of what was heard.
    pub thru: Vec<Played>,
    /// Events that the plugin made.
    pub generated: Vec<Played>,
    /// Heard events that have no copy.
    pub missing: Vec<Played>,
}

/// Tells copies of heard events from generated ones.
#[must_use]
pub fn tell_apart(performance: &Performance) -> Output {
    let mut output = Output::default();
    let played = &performance.played;
    let mut is_thru = vec![false; played.len()];
    // Copies keep their order, so the search for one begins after the last.
    let mut next = 0;
    let mut down = HashSet::new();
    for heard in &performance.heard {
        let key = (heard.channel, heard.pitch);
        let ends_nothing = match heard.kind {
            NoteKind::On => {
                down.insert(key);
                false
            }
            NoteKind::Off => !down.remove(&key),
        };
        let due = heard.sample + u64::from(performance.latency);
        if performance.thru == Some(false) || due >= performance.end {
            continue;
        }
        let first = next.max(played.partition_point(|event| event.sample < due));
        let found = played[first..]
            .iter()
            .take_while(|event| event.sample == due);
        match found.into_iter().position(|event| is_copy(event, heard)) {
            Some(offset) => {
                is_thru[first + offset] = true;
                next = first + offset + 1;
            }
            // It may find a generated note on its key, which is not the musician's to end.
            None if ends_nothing => {}
            None => output.missing.push(*heard),
        }
    }
    for (event, thru) in played.iter().zip(is_thru) {
        let part = if thru {
            &mut output.thru
        } else {
            &mut output.generated
        };
        part.push(*event);
    }
    output
}

fn is_copy(event: &Played, heard: &Played) -> bool {
    event.kind == heard.kind
        && event.channel == heard.channel
        && event.pitch == heard.pitch
        && event.velocity.to_bits() == heard.velocity.to_bits()
}

/// The generated notes, by beginning.
#[must_use]
pub fn generated_notes(performance: &Performance) -> Vec<Voice> {
    pair(&tell_apart(performance).generated)
}

/// Pairs note-ons with the note-offs that follow them.
#[must_use]
pub fn pair(events: &[Played]) -> Vec<Voice> {
    let mut voices: Vec<Voice> = Vec::new();
    let mut sounding: HashMap<(u8, u8), usize> = HashMap::new();
    for event in events {
        let key = (event.channel, event.pitch);
        match event.kind {
            NoteKind::On => {
                sounding.insert(key, voices.len());
                voices.push(Voice {
                    on: *event,
                    off: None,
                });
            }
            NoteKind::Off => {
                if let Some(voice) = sounding.remove(&key) {
                    voices[voice].off = Some(*event);
                }
            }
        }
    }
    voices
}

/// Every breach of the laws, readable, with bar, beat and sample.
#[must_use]
pub fn violations(performance: &Performance) -> Vec<String> {
    let mut found = performance.faults.clone();
    let output = match performance.thru {
        Some(_) => tell_apart(performance),
        None => Output::default(),
    };
    for heard in &output.missing {
        found.push(format!(
            "no copy of the heard {}",
            describe(performance, heard)
        ));
    }
    found.extend(unpaired(performance));
    if performance.thru.is_some() {
        let generated = Part {
            name: "generated",
            events: &output.generated,
            untidy: HashSet::new(),
        };
        alternation(performance, &generated, &mut found);
        let voices = pair(&output.generated);
        breaks(performance, &voices, &mut found);
        for voice in voices.iter().filter(|voice| !voice.on.rolling) {
            let what = describe(performance, &voice.on);
            found.push(format!("generated while stopped: {what}"));
        }
    }
    found
}

/// Note-ons and note-offs of the whole output that do not take turns on their channel and key, in words.
#[must_use]
pub fn unpaired(performance: &Performance) -> Vec<String> {
    let mut found = Vec::new();
    alternation(performance, &Part::output(performance), &mut found);
    if performance.thru.is_none() {
        // The end of a note that began while thru was off passes, and harms nothing.
        found.retain(|breach| !breach.ends_with(ENDS_NOTHING));
    }
    found
}

/// Events whose pairing is judged.
struct Part<'a> {
    name: &'a str,
    events: &'a [Played],
    /// Keys on which only the end counts.
    untidy: HashSet<(u8, u8)>,
}

impl<'a> Part<'a> {
    /// All that the next instrument gets.
    fn output(performance: &'a Performance) -> Self {
        let mut untidy = HashSet::new();
        let mut down = HashSet::new();
        for event in &performance.heard {
            let key = (event.channel, event.pitch);
            let turn = match event.kind {
                NoteKind::On => down.insert(key),
                NoteKind::Off => down.remove(&key),
            };
            if !turn && performance.thru != Some(false) {
                untidy.insert(key);
            }
        }
        Self {
            name: "output",
            events: &performance.played,
            untidy,
        }
    }
}

/// Note-on and note-off take turns on each channel and key, and every note ends.
fn alternation(performance: &Performance, part: &Part, found: &mut Vec<String>) {
    let name = part.name;
    let mut sounding: HashMap<(u8, u8), Played> = HashMap::new();
    for event in part.events {
        let key = (event.channel, event.pitch);
        let before = match event.kind {
            NoteKind::On => sounding.insert(key, *event),
            NoteKind::Off => sounding.remove(&key),
        };
        match (event.kind, before) {
            _ if part.untidy.contains(&key) => {}
            (NoteKind::On, Some(first)) => found.push(format!(
                "{name}: {} while {} still sounds",
                describe(performance, event),
                describe(performance, &first)
            )),
            (NoteKind::Off, None) => {
                found.push(format!(
                    "{name}: {} {ENDS_NOTHING}",
                    describe(performance, event)
                ));
            }
            _ => {}
        }
    }
    for event in sounding.values() {
        found.push(format!(
            "{name}: {} never ends",
            describe(performance, event)
        ));
    }
}

/// No generated note sounds on through a break.
fn breaks(performance: &Performance, voices: &[Voice], found: &mut Vec<String>) {
    // A host that tells its position badly cannot ask for a wrap at the sample.
    let rounding = ROUNDING + performance.wobble;
    for &(sample, why) in &performance.breaks {
        // A delayed output is released when its own time comes.
        let due = sample + u64::from(performance.latency) + rounding;
        for voice in voices {
            if voice.on.sample + rounding < sample && voice.sounds_at(due) {
                found.push(format!(
                    "{} sounds on through the {} at sample {sample}",
                    describe(performance, &voice.on),
                    name(why)
                ));
            }
        }
    }
}

fn name(why: Break) -> &'static str {
    match why {
        Break::Stop => "stop",
        Break::Seek => "jump",
        Break::Wrap => "loop wrap",
        Break::Reset => "reset",
        Break::Control => "change of a control",
    }
}

/// An event in words.
#[must_use]
pub fn describe(performance: &Performance, event: &Played) -> String {
    format!(
        "{} of key {} on channel {} at {} (sample {})",
        match event.kind {
            NoteKind::On => "note-on",
            NoteKind::Off => "note-off",
        },
        event.pitch,
        event.channel + 1,
        performance.song.bar_and_beat(event.song_beats),
        event.sample
    )
}

/// Fails the test with every breach of the laws, and returns the generated notes when there is none.
///
/// # Panics
/// When a law is broken.
pub fn assert_lawful(performance: &Performance, what: &str) -> Vec<Voice> {
    /// As many as a reader takes in at once.
    const SHOWN: usize = 20;
    let found = violations(performance);
    assert!(
        found.is_empty(),
        "{what} ({}): {} breaches\n  {}",
        performance.format,
        found.len(),
        found[..found.len().min(SHOWN)].join("\n  ")
    );
    generated_notes(performance)
}

/// The beginnings of `voices` that lie further than one sample from a tick of 1/24 quarter note.
#[must_use]
pub fn off_grid(performance: &Performance, voices: &[Voice]) -> Vec<String> {
    let song = &performance.song;
    let distance = |voice: &Voice| {
        let tick = (voice.on.song_beats * 24.0).round() as i64;
        (song.sample_of_tick(tick) - voice.on.song_sample).unsigned_abs()
    };
    voices
        .iter()
        .filter(|voice| distance(voice) > ROUNDING)
        .map(|voice| {
            let what = describe(performance, &voice.on);
            format!("{what} is {} samples off the grid", distance(voice))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use continuo_model::time::Meter;

    use super::*;
    use crate::{
        host::{Format, Position},
        player::Span,
        transport::{Playhead, Song},
    };

    /// An event at `sample` of a song that rolls from its origin at 48 kHz and 120.
    fn event(sample: u64, kind: NoteKind, pitch: u8) -> Played {
        Played {
            sample,
            song_beats: sample as f64 / 24_000.0,
            song_sample: sample as i64,
            rolling: true,
            kind,
            channel: 0,
            pitch,
            velocity: 0.5,
        }
    }

    fn on(sample: u64, pitch: u8) -> Played {
        event(sample, NoteKind::On, pitch)
    }

    fn off(sample: u64, pitch: u8) -> Played {
        event(sample, NoteKind::Off, pitch)
    }

    /// Two seconds in which `heard` went in and `played` came out.
    fn performance(heard: &[Played], played: &[Played]) -> Performance {
        let song = Song::new(48_000.0, 120.0, Meter::COMMON);
        let mut playhead = Playhead::new(song.clone());
        playhead.set_playing(true);
        let position: Position = playhead.position();
        Performance {
            song,
            format: Format::Clap,
            heard: heard.to_vec(),
            played: played.to_vec(),
            breaks: Vec::new(),
            spans: vec![Span {
                sample: 0,
                position,
            }],
            faults: Vec::new(),
            latency: 0,
            wobble: 0,
            end: 96_000,
            thru: Some(true),
        }
    }

    /// The one breach that `performance` holds.
    fn only_violation(performance: &Performance) -> String {
        let found = violations(performance);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    }

    #[test]
    fn a_clean_run_breaks_no_law() {
        let heard = [on(10, 60), off(500, 60)];
        let played = [on(10, 60), on(10, 40), off(400, 40), off(500, 60)];
        let run = performance(&heard, &played);
        assert_eq!(violations(&run), [""; 0]);
        let voices = generated_notes(&run);
        assert_eq!(voices.len(), 1);
        assert_eq!(voices[0].on.pitch, 40);
    }

    #[test]
    fn a_note_that_never_ends_is_found_twice() {
        // In the whole output and among the generated notes.
        let found = violations(&performance(&[], &[on(10, 40)]));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("never ends"));
    }

    #[test]
    fn a_generated_note_on_a_key_that_sounds_is_found() {
        let heard = [on(10, 60), off(900, 60)];
        let played = [on(10, 60), on(300, 60), off(500, 60), off(900, 60)];
        let found = violations(&performance(&heard, &played));
        assert!(found[0].contains("still sounds"), "{found:?}");
        assert!(found[1].contains("ends nothing"), "{found:?}");
    }

    #[test]
    fn a_copy_that_is_late_or_altered_is_no_copy() {
        let heard = [on(10, 60), off(900, 60)];
        let late = [on(11, 60), off(900, 60)];
        assert!(only_missing(&performance(&heard, &late)).contains("no copy"));
        let mut softer = [on(10, 60), off(900, 60)];
        softer[0].velocity = 0.499;
        assert!(only_missing(&performance(&heard, &softer)).contains("no copy"));
    }

    /// The breach about a missing copy; what stands in its place counts as generated and breaks others.
    fn only_missing(performance: &Performance) -> String {
        violations(performance).swap_remove(0)
    }

    #[test]
    fn copies_are_due_later_by_the_latency() {
        let heard = [on(10, 60), off(900, 60)];
        let mut run = performance(&heard, &[on(110, 60), off(1000, 60)]);
        run.latency = 100;
        assert_eq!(violations(&run), [""; 0]);
    }

    #[test]
    fn a_note_that_sounds_on_through_a_break_is_found() {
        let played = [on(10, 40), off(5_003, 40)];
        let mut run = performance(&[], &played);
        run.breaks.push((5_000, Break::Wrap));
        assert!(only_violation(&run).contains("loop wrap at sample 5000"));
        run.breaks[0].0 = 5_002;
        assert_eq!(violations(&run), [""; 0]);
    }

    #[test]
    fn a_note_generated_while_stopped_is_found() {
        let mut played = [on(10, 40), off(500, 40)];
        played[0].rolling = false;
        assert!(only_violation(&performance(&[], &played)).contains("while stopped"));
    }

    #[test]
    fn the_grid_is_a_tick_wide_by_one_sample() {
        // A tick is 1000 samples here.
        let played = [on(3_001, 40), off(3_500, 40), on(4_002, 41), off(4_500, 41)];
        let run = performance(&[], &played);
        let astray = off_grid(&run, &generated_notes(&run));
        assert_eq!(astray.len(), 1);
        assert!(astray[0].contains("key 41"), "{astray:?}");
    }
}
