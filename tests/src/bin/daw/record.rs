//! What a DAW recorded, and how: the file that `cargo xtask daw` hands over.

use std::{fmt, path::PathBuf};

use anyhow::{Context, Result, bail};

/// The DAW's ticks in a quarter note, in which all is compared.
pub const TICKS: i64 = 1920;

/// The tick nearest to `beats` quarter notes.
pub fn ticks(beats: f64) -> i64 {
    (beats * TICKS as f64).round() as i64
}

/// A note in ticks from the song's origin; in a loop, ticks go on past its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// When it begins.
    pub start: i64,
    /// When it ends.
    pub end: i64,
    /// MIDI key.
    pub pitch: u8,
    /// 1..=127.
    pub velocity: u8,
    /// MIDI channel, 0..=15.
    pub channel: u8,
}

impl Note {
    /// What sounds once at a time.
    pub fn key(&self) -> (u8, u8) {
        (self.channel, self.pitch)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beat = self.start as f64 / TICKS as f64;
        let length = (self.end - self.start) as f64 / TICKS as f64;
        let (pitch, velocity) = (self.pitch, self.velocity);
        write!(
            f,
            "beat {beat:.3}, {length:.3} long, key {pitch}, velocity {velocity}"
        )
    }
}

/// What the DAW recorded, and how.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// What the table calls it.
    pub name: String,
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Quarter notes in a bar.
    pub bar: i64,
    /// The MIDI file that was heard.
    pub clip: PathBuf,
    /// Where it begins, in quarter notes.
    pub from: f64,
    /// Quarter notes to compare.
    pub beats: f64,
    /// Quarter notes that roll beyond those.
    pub tail: f64,
    /// The loop's first and end position in quarter notes.
    pub cycle: Option<(f64, f64)>,
    /// Parameters and what they were set to.
    pub controls: Vec<(String, String)>,
    /// Blocks that the DAW was late with.
    pub xruns: u64,
    /// What was recorded.
    pub notes: Vec<Note>,
}

impl Record {
    /// Reads what `cargo xtask daw` wrote: a line for each fact and each note.
    ///
    /// # Errors
    /// When a line is none of those.
    pub fn parse(text: &str) -> Result<Self> {
        let mut record = Self::default();
        for line in text.lines() {
            record
                .parse_line(line)
                .with_context(|| format!("in {line:?}"))?;
        }
        Ok(record)
    }

    fn parse_line(&mut self, line: &str) -> Result<()> {
        let (word, rest) = line.split_once(' ').context("a word alone")?;
        match word {
            "name" => self.name = rest.to_owned(),
            "tempo" => self.tempo = rest.parse()?,
            "bar" => self.bar = rest.parse()?,
            "clip" => self.clip = rest.into(),
            "from" => self.from = rest.parse()?,
            "beats" => self.beats = rest.parse()?,
            "tail" => self.tail = rest.parse()?,
            "cycle" => {
                let (start, end) = rest.split_once(' ').context("one position")?;
                self.cycle = Some((start.parse()?, end.parse()?));
            }
            "set" => {
                let (name, value) = rest.rsplit_once(' ').context("no value")?;
                self.controls.push((name.to_owned(), value.to_owned()));
            }
            "xruns" => self.xruns = rest.parse()?,
            "note" => {
                let numbers: Vec<i64> =
                    rest.split(' ').map(str::parse).collect::<Result<_, _>>()?;
                let [start, length, pitch, velocity, channel] = numbers[..] else {
                    bail!("a note has five numbers");
                };
                self.notes.push(Note {
                    start,
                    end: start + length,
                    pitch: pitch.try_into()?,
                    velocity: velocity.try_into()?,
                    channel: channel.try_into()?,
                });
            }
            _ => bail!("an unknown word"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_is_written() {
        let text = "name loop\ntempo 117\nbar 5\nclip /a b/c.mid\nfrom 4\nbeats 64\ntail 4\ncycle 4 20\n\
                    set Scale lock On\nxruns 1\nnote 1920 960 40 80 0\n";
        let record = Record::parse(text).unwrap();
        assert_eq!((record.name.as_str(), record.bar), ("loop", 5));
        assert_eq!(record.cycle, Some((4.0, 20.0)));
        assert_eq!(record.clip, PathBuf::from("/a b/c.mid"));
        assert_eq!(record.controls, [("Scale lock".into(), "On".into())]);
        assert_eq!(record.notes.len(), 1);
        assert_eq!((record.notes[0].start, record.notes[0].end), (1920, 2880));
        assert!(Record::parse("note 1 2 3").is_err());
        assert!(Record::parse("nonsense 1").is_err());
    }
}
