//! One setting of a control, played through the plugin.

use anyhow::Result;
use continuo_model::{chord::PitchClassSet, controls::Scale, midi_file::DRUM_CHANNEL, time::Meter};

use super::{
    material::BAR_BEATS,
    table::{Control, Setting, Step},
};
use crate::{
    check::{self, Voice},
    host::Instance,
    player::{Performance, Played, Player, Session},
    transport::Song,
};

/// Samples a second, and a usual block length.
const RATE: f64 = 48_000.0;
const BLOCK: u32 = 512;

/// For how many seconds the host stands before it plays from the start again.
const PAUSE: f64 = 0.1;

/// Who made a note, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It went into the plugin; drawn where the output does not show it at the same place.
    Input,
    /// It was heard and passed on.
    Heard,
    /// The plugin made it.
    Generated,
}

/// A note as it left the plugin, or for [`Part::Input`] as it came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Quarter notes from the left edge of the picture.
    pub start: f64,
    /// Where it ends, the same way; no later than the right edge.
    pub end: f64,
    /// MIDI key.
    pub pitch: u8,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// Whose it is.
    pub part: Part,
}

impl Seen {
    /// Whether it is a drum.
    #[must_use]
    pub fn is_drum(&self) -> bool {
        self.channel == DRUM_CHANNEL && self.part == Part::Generated
    }
}

/// What one setting plays.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The setting as its label tells it.
    pub label: &'static str,
    /// The small lines below the label.
    pub remark: &'static str,
    /// By start and pitch.
    pub notes: Vec<Seen>,
    /// The pitch classes of Key and Scale, where both are set.
    pub scale: Option<PitchClassSet>,
    /// Lowest and Highest.
    pub range: (u8, u8),
    /// Breaches of the laws that every output must keep.
    pub violations: Vec<String>,
}

impl Panel {
    /// Plays `setting` of `control` through `instance`, a new one.
    ///
    /// # Errors
    /// When the plugin refuses a parameter or fails to process.
    pub fn play(instance: &mut dyn Instance, control: &Control, setting: &Setting) -> Result<Self> {
        for (name, value) in control.with.iter().chain(setting.with) {
            instance.set(name, value)?;
        }
        let heard = setting.material.unwrap_or(control.material).heard()?;
        let song = Song::new(RATE, heard.tempo, Meter::COMMON);
        let mut player = Player::new(instance, song, &heard.notes, Session::offline(BLOCK))?;
        player.set_cycle(Some((0.0, (heard.bars * BAR_BEATS) as f64)));
        for step in setting.steps {
            match *step {
                Step::Bars(bars) => player.play(bars * BAR_BEATS as f64)?,
                Step::Set(name, value) => player.set(name, value)?,
                Step::Rewind => {
                    player.stop(PAUSE)?;
                    player.seek(0.0);
                }
            }
        }
        let performance = player.finish()?;
        Ok(Self {
            label: setting.label,
            remark: setting.remark,
            notes: Window::of(control, &performance, heard.tempo).notes(&performance),
            scale: scale_of(instance)?,
            range: (
                number(instance, "Lowest", 127)?,
                number(instance, "Highest", 127)?,
            ),
            violations: check::violations(&performance),
        })
    }

    /// The notes in whole thousandths of a quarter note, in order: what two takes are compared by.
    #[must_use]
    pub fn rounded(&self) -> Vec<(Part, i64, i64, u8, u8, u8)> {
        let whole = |beats: f64| (beats * 1000.0).round() as i64;
        let of = |note: &Seen| {
            let (start, end) = (whole(note.start), whole(note.end));
            (
                note.part,
                start,
                end,
                note.pitch,
                note.velocity,
                note.channel,
            )
        };
        let mut notes: Vec<_> = self.notes.iter().map(of).collect();
        notes.sort_unstable();
        notes
    }
}

/// The part of a render that is shown.
struct Window {
    /// Samples of the render.
    first: f64,
    end: f64,
    samples_a_beat: f64,
    /// How much earlier than it left an event is shown, in samples.
    early: f64,
    shows_input: bool,
}

impl Window {
    /// The last bars before the transport stopped for good.
    fn of(control: &Control, performance: &Performance, tempo: f64) -> Self {
        let spans = performance.spans.iter().rev();
        let stopped = spans.take_while(|span| !span.position.playing).last();
        let samples_a_beat = RATE * 60.0 / tempo;
        let end = stopped.map_or(performance.end, |span| span.sample) as f64;
        let (from, to) = control.view.beats;
        let first = end - (control.view.of_bars * BAR_BEATS as f64 - from) * samples_a_beat;
        let latency = f64::from(performance.latency);
        Self {
            first,
            end: first + (to - from) * samples_a_beat,
            samples_a_beat,
            early: if control.view.as_it_leaves {
                0.0
            } else {
                latency
            },
            shows_input: control.view.as_it_leaves || performance.thru == Some(false),
        }
    }

    fn notes(&self, performance: &Performance) -> Vec<Seen> {
        let output = check::tell_apart(performance);
        let mut notes = self.seen(&output.thru, Part::Heard, self.early);
        notes.extend(self.seen(&output.generated, Part::Generated, self.early));
        if self.shows_input {
            notes.extend(self.seen(&performance.heard, Part::Input, 0.0));
        }
        notes.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.pitch.cmp(&b.pitch)));
        notes
    }

    /// The notes of `events` that sound in the window, `early` samples earlier.
    fn seen(&self, events: &[Played], part: Part, early: f64) -> Vec<Seen> {
        let beat = |sample: u64| (sample as f64 - early - self.first) / self.samples_a_beat;
        let last = (self.end - self.first) / self.samples_a_beat;
        let voices = check::pair(events);
        let seen = voices.iter().map(|Voice { on, off }| Seen {
            start: beat(on.sample),
            end: off.map_or(last, |off| beat(off.sample)).min(last),
            pitch: on.pitch,
            velocity: (on.velocity * 127.0).round().clamp(1.0, 127.0) as u8,
            channel: on.channel,
            part,
        });
        // A sample of rounding: the position after a loop's wrap lies up to half of one beside its start.
        let one = 1.0 / self.samples_a_beat;
        seen.filter(|note| note.start > -one && note.start + one < last)
            .collect()
    }
}

/// Key and Scale as pitch classes; `None` where one of them is left to the plugin.
fn scale_of(instance: &mut dyn Instance) -> Result<Option<PitchClassSet>> {
    let tonic = number(instance, "Key", 12)?.checked_sub(1);
    let scale = Scale::ALL[usize::from(number(instance, "Scale", 8)?)];
    let mask = PitchClassSet::from_mask(scale.mask());
    let tonic = tonic.filter(|_| mask != PitchClassSet::ALL);
    Ok(tonic.map(|tonic| mask.transpose(tonic)))
}

/// Where the parameter `name` with the whole values 0..=`max` stands.
fn number(instance: &mut dyn Instance, name: &str, max: u8) -> Result<u8> {
    let index = instance.param(name)?;
    let share = instance.share(index)?;
    Ok((share * f64::from(max)).round().clamp(0.0, f64::from(max)) as u8)
}
