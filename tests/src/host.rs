//! What a host and a plugin say to each other, in the words that CLAP and VST3 have in common.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use continuo_model::time::Meter;

use crate::{clap_host::ClapInstance, counters::Counters, vst3_host::Vst3Instance};

/// A plugin format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// CLAP.
    Clap,
    /// VST3.
    Vst3,
}

impl Format {
    /// Both formats: what a test of the plugin loops over.
    pub const ALL: [Self; 2] = [Self::Clap, Self::Vst3];
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clap => "CLAP",
            Self::Vst3 => "VST3",
        })
    }
}

/// A key goes down or up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// Down.
    On,
    /// Up.
    Off,
}

/// As the channel or key of a note-off: every one that sounds. CLAP alone can say it.
pub const ANY: u8 = u8::MAX;

/// One note event of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoteEvent {
    /// Samples from the start of the block.
    pub offset: u32,
    /// Down or up.
    pub kind: NoteKind,
    /// MIDI channel, 0..=15; going in also [`ANY`].
    pub channel: u8,
    /// MIDI key, 0..=127; going in also [`ANY`].
    pub pitch: u8,
    /// 0..=1.
    pub velocity: f32,
}

/// The transport at one sample, as a host tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Whether the song moves on.
    pub playing: bool,
    /// Samples from the song's origin.
    pub sample: i64,
    /// Quarter notes from the song's origin.
    pub beats: f64,
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Time signature of the bar.
    pub meter: Meter,
    /// Where the bar begins, in quarter notes.
    pub bar_start: f64,
    /// The bar's number, the song's first being 0.
    pub bar_number: i64,
    /// The loop's first and end position in quarter notes, when the host loops.
    pub cycle: Option<(f64, f64)>,
}

/// How much of its transport a host tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tells {
    /// Beats, tempo, meter, bar and loop.
    #[default]
    All,
    /// The same, but not where the bar begins.
    NoBars,
    /// The same, but as the bar's beginning four quarters times its number, from 1, whatever the meter.
    FourQuarterBars,
    /// Seconds or samples, tempo and meter, but no beats, hence no bar and no loop.
    Seconds,
    /// Nothing: there is no transport.
    Nothing,
}

impl Tells {
    /// What a host says of where the bar at `position` begins, in quarter notes.
    #[must_use]
    pub fn bar_start(self, position: &Position) -> Option<f64> {
        match self {
            Self::All => Some(position.bar_start),
            Self::FourQuarterBars => Some(4.0 * (position.bar_number + 1) as f64),
            Self::NoBars | Self::Seconds | Self::Nothing => None,
        }
    }
}

/// What goes into one `process` call.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Its length in samples, at most the `max_block` of [`Setup`].
    pub frames: u32,
    /// The transport at its first sample; `None` for a host that has no transport.
    pub position: Option<Position>,
    /// Where the transport changes inside it, by sample offset. VST3 has no way to say this, so there it
    /// stays unsaid and the plugin must find a loop's wrap by itself.
    pub changes: &'a [(u32, Position)],
    /// The notes in it, ordered by offset.
    pub events: &'a [NoteEvent],
}

/// How an instance is activated.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Samples a second.
    pub rate: f64,
    /// The longest block that will come, in samples.
    pub max_block: u32,
    /// Rendering a file rather than playing: `process` may take as long as it needs.
    pub offline: bool,
    /// How many events the host takes from one block; it refuses what comes after.
    pub output_capacity: usize,
    /// What it tells of its transport.
    pub tells: Tells,
}

impl Setup {
    /// An offline render that takes every event.
    #[must_use]
    pub fn offline(rate: f64, max_block: u32) -> Self {
        Self {
            rate,
            max_block,
            offline: true,
            output_capacity: usize::MAX,
            tells: Tells::All,
        }
    }

    /// Real time, taking every event.
    #[must_use]
    pub fn realtime(rate: f64, max_block: u32) -> Self {
        Self {
            offline: false,
            ..Self::offline(rate, max_block)
        }
    }
}

/// A host parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamInfo {
    /// Its name.
    pub name: String,
    /// The default, as a share 0..=1 of its range.
    pub default: f64,
    /// Whether the host's own bypass switch drives it.
    pub is_bypass: bool,
    /// The number by which the format knows it.
    pub id: u32,
}

/// How often the user took hold of a parameter in the plugin's window, and let go of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gestures {
    /// Took hold.
    pub begun: u32,
    /// Let go.
    pub ended: u32,
}

/// A loaded plugin, in either format. It lives on one thread, which stands for the host's main and audio
/// thread alike.
pub trait Instance {
    /// Its format.
    fn format(&self) -> Format;

    /// The shared library that it came from.
    fn binary(&self) -> &Path;

    /// Its parameters in the plugin's order.
    fn params(&self) -> &[ParamInfo];

    /// Sets the parameter at `index` of [`params`](Self::params) to `share` (0..=1) of its range: at once
    /// when inactive, else at the start of the next block.
    ///
    /// # Errors
    /// When the plugin refuses the value.
    fn set_share(&mut self, index: usize, share: f64) -> Result<()>;

    /// The share 0..=1 of its range at which the parameter at `index` stands.
    ///
    /// # Errors
    /// When the plugin does not tell.
    fn share(&mut self, index: usize) -> Result<f64>;

    /// What the plugin reads `text` as, a share 0..=1 of the range; `None` when it cannot.
    fn share_of_text(&mut self, index: usize, text: &str) -> Option<f64>;

    /// How the plugin writes `share` (0..=1) of the range.
    ///
    /// # Errors
    /// When the plugin writes nothing.
    fn text_of_share(&mut self, index: usize, share: f64) -> Result<String>;

    /// Gets ready to process.
    ///
    /// # Errors
    /// When the instance is active already or the plugin refuses.
    fn activate(&mut self, setup: Setup) -> Result<()>;

    /// Ends processing; nothing happens when it is inactive.
    fn deactivate(&mut self);

    /// Makes the plugin forget what it is playing, as a host does when it relocates.
    ///
    /// # Errors
    /// When the instance is inactive or the plugin refuses.
    fn reset(&mut self) -> Result<()>;

    /// Processes one block and returns what the plugin sent, in the order in which it sent it.
    ///
    /// # Errors
    /// When the instance is inactive, the plugin reports an error, or it sends an event that no note
    /// effect may send (transport, note expression, choke).
    fn process(&mut self, block: &Block) -> Result<Vec<NoteEvent>>;

    /// The state that a project would keep.
    ///
    /// # Errors
    /// When the plugin reports an error.
    fn save_state(&mut self) -> Result<Vec<u8>>;

    /// Restores a saved state.
    ///
    /// # Errors
    /// When the plugin refuses `state`.
    fn load_state(&mut self, state: &[u8]) -> Result<()>;

    /// The plugin's latency in samples.
    fn latency(&mut self) -> u32;

    /// What the user did in the plugin's window so far.
    fn gestures(&self) -> Gestures;

    /// Opens the plugin's window inside of the X11 window `parent`; returns its width and height in pixels.
    ///
    /// # Errors
    /// When the plugin opens none, or this system's host does not know how to.
    fn open_window(&mut self, _parent: u32) -> Result<(u32, u32)> {
        bail!("this host knows X11 alone")
    }

    /// Resizes the open window; returns the width and height that the plugin agreed to.
    ///
    /// # Errors
    /// When no window is open or the plugin refuses.
    fn resize_window(&mut self, _width: u32, _height: u32) -> Result<(u32, u32)> {
        bail!("this host knows X11 alone")
    }

    /// Closes the open window.
    ///
    /// # Errors
    /// When none is open.
    fn close_window(&mut self) -> Result<()> {
        bail!("this host knows X11 alone")
    }

    /// How long the plugin took for the last [`process`](Self::process), without the host's own work.
    fn last_call(&self) -> Duration;
}

impl dyn Instance + '_ {
    /// The index of the parameter that is called `name`.
    ///
    /// # Errors
    /// When there is none; the error lists the names there are.
    pub fn param(&self, name: &str) -> Result<usize> {
        let names: Vec<&str> = self
            .params()
            .iter()
            .map(|param| param.name.as_str())
            .collect();
        match names.iter().position(|candidate| *candidate == name) {
            Some(index) => Ok(index),
            None => bail!("no parameter {name:?}; there are {}", names.join(", ")),
        }
    }

    /// Sets the parameter `name` to `value`, written as the plugin writes it: `"Bass"`, `"40 %"`, `"C3"`.
    ///
    /// # Errors
    /// When there is no such parameter or the plugin cannot read `value`.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let index = self.param(name)?;
        let Some(share) = self.share_of_text(index, value) else {
            bail!("{name} cannot be read from {value:?}");
        };
        ensure!(
            (0.0..=1.0).contains(&share),
            "{name}: {value:?} is outside its range ({share})"
        );
        self.set_share(index, share)
    }

    /// Where the parameter `name` stands, as the plugin writes it.
    ///
    /// # Errors
    /// When there is no such parameter.
    pub fn text(&mut self, name: &str) -> Result<String> {
        let index = self.param(name)?;
        let share = self.share(index)?;
        self.text_of_share(index, share)
    }

    /// The plugin's counters, summed over all instances that came from the same file.
    ///
    /// # Errors
    /// When the plugin does not export them.
    pub fn counters(&self) -> Result<Counters> {
        Counters::of(self.binary())
    }
}

/// Loads the first plugin of the bundle at `path`.
///
/// # Errors
/// When the file is missing, is no plugin, or the plugin refuses to be made.
pub fn load(format: Format, path: &Path) -> Result<Box<dyn Instance>> {
    ensure!(
        path.exists(),
        "{format} bundle {} is missing; `cargo xtask test` builds it",
        path.display()
    );
    Ok(match format {
        Format::Clap => Box::new(ClapInstance::load(path)?),
        Format::Vst3 => Box::new(Vst3Instance::load(path)?),
    })
}

/// Loads the first plugin of the bundle at `path`, whose extension tells its format.
///
/// # Errors
/// Those of [`load`].
pub fn open(path: &Path) -> Result<Box<dyn Instance>> {
    let is_vst3 = path
        .extension()
        .is_some_and(|extension| extension == "vst3");
    let format = if is_vst3 { Format::Vst3 } else { Format::Clap };
    // The system's loader looks for a bare file name elsewhere.
    let path = std::path::absolute(path)?;
    load(format, &path).with_context(|| format!("{} is no plugin that loads", path.display()))
}

/// The shared library inside of a bundle.
#[must_use]
pub fn binary_in(format: Format, bundle: &Path) -> PathBuf {
    let name = bundle
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let arch = std::env::consts::ARCH;
    match (format, std::env::consts::OS) {
        (_, "macos") => bundle.join("Contents/MacOS").join(name),
        (Format::Clap, _) => bundle.to_path_buf(),
        (Format::Vst3, "windows") => bundle
            .join(format!("Contents/{arch}-win"))
            .join(format!("{name}.vst3")),
        (Format::Vst3, _) => bundle
            .join(format!("Contents/{arch}-linux"))
            .join(format!("{name}.so")),
    }
}
