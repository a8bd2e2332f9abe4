//! What is played to the plugin: bars of the repository's clips, and a few made for one control.

use std::path::Path;

use anyhow::{Context, Result};
use continuo_model::{
    midi_file,
    time::{Meter, TICKS_PER_QUARTER},
};

use crate::clip::ClipNote;

/// Quarter notes in a bar: all material is in common time.
pub const BAR_BEATS: i64 = 4;

/// Ticks of a bar.
const BAR: i64 = BAR_BEATS * TICKS_PER_QUARTER;

/// Something to play along with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Material {
    /// So many bars of the piano of `minor-two-five.mid`.
    Piano(i64),
    /// So many bars of the soprano of `ode-to-joy.mid`.
    Tune(i64),
    /// So many bars of it in which phrases of so many bars alternate with as much rest.
    Calls {
        /// All bars.
        bars: i64,
        /// Bars of a phrase.
        phrase: i64,
    },
    /// So many bars, of which it plays the first few and then rests.
    Opening {
        /// All bars.
        bars: i64,
        /// Bars that are played.
        played: i64,
    },
    /// Four bars of the notes D, G and A, which lie in many scales.
    Drone,
    /// C, A flat, F, G: a chord to a bar, the second from outside of C major.
    Borrowed,
}

/// Material as a host's track holds it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The notes, by onset.
    pub notes: Vec<ClipNote>,
    /// Its length in bars.
    pub bars: i64,
    /// Quarter notes a minute.
    pub tempo: f64,
}

impl Material {
    /// Its notes.
    ///
    /// # Errors
    /// When a clip of the repository cannot be read.
    pub fn heard(self) -> Result<Heard> {
        match self {
            Self::Piano(bars) => excerpt("minor-two-five", 1, bars),
            Self::Tune(bars) => excerpt("ode-to-joy", 0, bars),
            Self::Calls { bars, phrase } => {
                let mut heard = excerpt("ode-to-joy", 0, bars)?;
                let is_call = |note: &ClipNote| (note.onset_tick / (phrase * BAR)) % 2 == 0;
                heard.notes.retain(is_call);
                Ok(heard)
            }
            Self::Opening { bars, played } => Ok(Heard {
                bars,
                ..excerpt("ode-to-joy", 0, played)?
            }),
            Self::Drone => Ok(made(&[&[62], &[67], &[69], &[67]], 1)),
            Self::Borrowed => Ok(made(
                &[&[60, 64, 67], &[60, 63, 68], &[60, 65, 69], &[59, 62, 67]],
                BAR_BEATS,
            )),
        }
    }
}

/// The first bars of one track of a clip.
fn excerpt(name: &str, track: usize, bars: i64) -> Result<Heard> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clips");
    let path = folder.join(name).with_extension("mid");
    let song = midi_file::read_file(&path).with_context(|| path.display().to_string())?;
    let track = song.tracks.get(track).context("no such track")?;
    let end = bars * BAR;
    let notes = track.notes.iter().filter(|note| note.onset.0 < end);
    let tempo = song.tempo_map.first().map_or(120.0, |(_, tempo)| *tempo);
    debug_assert!(song.meters.iter().all(|(_, meter)| *meter == Meter::COMMON));
    Ok(Heard {
        notes: notes
            .map(|note| {
                let note = ClipNote::from_note(note, 0);
                let duration = note.duration.min(end - note.onset_tick);
                ClipNote { duration, ..note }
            })
            .collect(),
        bars,
        tempo,
    })
}

/// Four bars of `strokes`, each `beats` long, over and over.
fn made(strokes: &[&[u8]], beats: i64) -> Heard {
    let length = beats * TICKS_PER_QUARTER;
    let bars = 4;
    let onsets = (0..bars * BAR / length).map(|index| index * length);
    let notes = onsets
        .zip(strokes.iter().cycle())
        .flat_map(|(onset, keys)| {
            keys.iter()
                .map(move |key| ClipNote::new(onset, length - 2, *key))
        });
    Heard {
        notes: notes.collect(),
        bars,
        tempo: 112.0,
    }
}
