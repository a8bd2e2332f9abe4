//! A song as text that can be read and edited, and back: one line a note, in the classes that the network
//! writes.
//!
//! ```text
//! continuo-tokens 1 vocabulary 0123456789abcdef
//! tempo 0 120
//! meter 0 12/4
//! key 0 Eb major
//! track "Bass" channel 0 program 33
//! bar 0
//! 0 36 23 20
//! bar 0 192
//! 8 43 11 20
//! ```
//!
//! The vocabulary is [`vocabulary_hash`]: under another one the same numbers may mean other notes. Tempo,
//! meter and key hold from a tick on. Channels count from 0, so drums are on 9; a program is `-` where the
//! song states none. A quote or backslash in a name follows a backslash, and a character that would break
//! the line is its code, `\u{a}`. A note is the four classes of [`crate::token`], onset, pitch, duration,
//! velocity, and its onset counts from the `bar` line above it. A bar longer than [`MAX_BAR_TICKS`] comes
//! in parts: `bar 0 192` begins 192 ticks into bar 0. Empty lines mean nothing.
//!
//! A song as [`read()`](crate::midi_file::read()) gives it comes back with
//! - tempo, meters, keys, names, channels, programs, onsets and pitches as they were;
//! - durations as they were up to 192 ticks, to within 12 ticks up to 768, and longer ones cut to 768;
//! - velocities to within 2.
//!
//! What came back is written as the same text again.

use std::fmt::{self, Write as _};

use crate::{
    chord::Key,
    harmony::Bar,
    midi_file::{LAST_TICK, Song, Track, untangle},
    time::{BarGrid, Meter, Tick},
    token::{DURATIONS, END, MAX_BAR_TICKS, PITCHES, VELOCITIES, vocabulary_hash},
    tokenizer::Fields,
};

/// The first word of every text.
const MAGIC: &str = "continuo-tokens";
/// Version of the layout.
const VERSION: &str = "1";

/// Why a text is not a song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// The line at fault, counted from 1.
    pub line: usize,
    /// What to do about it.
    pub message: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for TextError {}

/// The text of `song`; notes that begin outside 0..=[`LAST_TICK`] are left out.
#[must_use]
pub fn to_text(song: &Song) -> String {
    let mut text = String::new();
    write_song(song, &mut text).expect("a string takes every line");
    text
}

/// The song of a text.
///
/// # Errors
/// When the text is of another version or vocabulary, or a line cannot be understood.
pub fn from_text(text: &str) -> Result<Song, TextError> {
    let mut lines = text
        .lines()
        .map(str::trim)
        .zip(1..)
        .filter(|(line, _)| !line.is_empty());
    let at_line = |line| move |message| TextError { line, message };
    let (header, number) = lines.next().unwrap_or(("", 1));
    check_header(header).map_err(at_line(number))?;
    let mut reader = Reader::new();
    for (line, number) in lines {
        reader.take(line).map_err(at_line(number))?;
    }
    Ok(reader.finish())
}

/// The bars of a song: a grid from each change of meter on.
struct Bars(Vec<BarGrid>);

impl Bars {
    fn of(song: &Song) -> Self {
        let changes = song.meters.iter();
        Self(changes.map(|(from, _)| song.grid_at(*from)).collect())
    }

    /// The last grid of those that have `begun`.
    fn grid(&self, begun: impl Fn(&BarGrid) -> bool) -> BarGrid {
        let count = self.0.partition_point(begun);
        let last = self.0[..count].last().copied();
        last.unwrap_or_else(|| BarGrid::from_origin(Meter::COMMON))
    }

    /// The bar, or the part of a long one, that holds `at`, and how far into the whole bar it begins.
    fn containing(&self, at: Tick) -> (Bar, i64) {
        let grid = self.grid(|grid| grid.downbeat <= at);
        let bar = Bar::containing(grid, at);
        (bar, bar.start - grid.start_of(bar.number))
    }

    /// The part of bar `number` that begins `offset` ticks into it, if one does.
    fn part(&self, number: i64, offset: i64) -> Option<Bar> {
        let grid = self.grid(|grid| grid.number <= number);
        let start = grid.start_of(number) + offset;
        let (bar, _) = self.containing(start);
        (start <= LAST_TICK && bar.number == number && bar.start == start).then_some(bar)
    }
}

fn write_song(song: &Song, text: &mut String) -> fmt::Result {
    writeln!(
        text,
        "{MAGIC} {VERSION} vocabulary {:016x}",
        vocabulary_hash()
    )?;
    for (at, tempo) in &song.tempo_map {
        writeln!(text, "tempo {} {tempo}", at.0)?;
    }
    for (at, meter) in &song.meters {
        let (beats, value) = (meter.numerator, meter.denominator);
        writeln!(text, "meter {} {beats}/{value}", at.0)?;
    }
    for (at, key) in &song.keys {
        writeln!(text, "key {} {key}", at.0)?;
    }
    let bars = Bars::of(song);
    for track in &song.tracks {
        write_track(track, &bars, text)?;
    }
    Ok(())
}

fn write_track(track: &Track, bars: &Bars, text: &mut String) -> fmt::Result {
    let name = quoted(&track.name);
    let program = track
        .program
        .map_or_else(|| "-".to_owned(), |program| program.to_string());
    writeln!(
        text,
        "track {name} channel {} program {program}",
        track.channel
    )?;
    let mut written = None;
    let positions = Tick(0)..=LAST_TICK;
    for note in track
        .notes
        .iter()
        .filter(|note| positions.contains(&note.onset))
    {
        let (bar, offset) = bars.containing(note.onset);
        if written != Some(bar) {
            written = Some(bar);
            if offset == 0 {
                writeln!(text, "bar {}", bar.number)?;
            } else {
                writeln!(text, "bar {} {offset}", bar.number)?;
            }
        }
        let Fields {
            onset,
            pitch,
            duration,
            velocity,
        } = Fields::of(note, &bar);
        writeln!(text, "{onset} {pitch} {duration} {velocity}")?;
    }
    Ok(())
}

/// A name in quotes, on one line whatever is in it.
fn quoted(name: &str) -> String {
    let mut text = String::from('"');
    for character in name.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            // The latter two end a line in some editors, but do not count as control characters.
            _ if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => {
                text.extend(character.escape_unicode());
            }
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

/// The name that `text` begins with in quotes, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text.strip_prefix('"')?.chars();
    loop {
        let character = match rest.next()? {
            '"' => return Some((name, rest.as_str())),
            '\\' => match rest.next()? {
                same @ ('"' | '\\') => same,
                'u' => {
                    let (code, after) = rest.as_str().strip_prefix('{')?.split_once('}')?;
                    rest = after.chars();
                    char::from_u32(u32::from_str_radix(code, 16).ok()?)?
                }
                _ => return None,
            },
            plain => plain,
        };
        name.push(character);
    }
}

fn check_header(line: &str) -> Result<(), String> {
    let expected = format!("{:016x}", vocabulary_hash());
    let words: Vec<&str> = line.split_whitespace().collect();
    let [MAGIC, version, "vocabulary", vocabulary] = words[..] else {
        return Err(format!(
            "begin the text with `{MAGIC} {VERSION} vocabulary {expected}`"
        ));
    };
    if version != VERSION {
        return Err(format!(
            "the text is of version {version}, this build reads {VERSION}: read it with the build that \
             wrote it, or write it anew from the music"
        ));
    }
    if vocabulary != expected {
        return Err(format!(
            "the text is of vocabulary {vocabulary}, this build reads {expected}: read it with the build \
             that wrote it, or write it anew from the music"
        ));
    }
    Ok(())
}

/// A song as far as it is read.
struct Reader {
    song: Song,
    /// Known from the first track on: then the meters are.
    bars: Option<Bars>,
    /// The bar that notes are counted from; none before a track's first.
    bar: Option<Bar>,
}

impl Reader {
    fn new() -> Self {
        let song = Song {
            tempo_map: Vec::new(),
            meters: Vec::new(),
            keys: Vec::new(),
            tracks: Vec::new(),
        };
        Self {
            song,
            bars: None,
            bar: None,
        }
    }

    /// Takes in a line that is not empty; the error says how to write it.
    fn take(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = first_word(line);
        match word {
            "tempo" | "meter" | "key" if self.bars.is_some() => {
                Err(format!("put the {word} lines before the first track"))
            }
            "tempo" => add_change(
                &mut self.song.tempo_map,
                rest,
                tempo,
                "write a tempo as `tempo TICK QUARTERS-A-MINUTE`, for example `tempo 0 120`",
            ),
            "meter" => add_change(
                &mut self.song.meters,
                rest,
                meter,
                "write a meter as `meter TICK BEATS/VALUE`, for example `meter 0 6/8`",
            ),
            "key" => add_change(
                &mut self.song.keys,
                rest,
                key,
                "write a key as `key TICK TONIC major` or `minor`, for example `key 0 Eb minor`; of the \
                 black keys only F# is a sharp",
            ),
            "track" => self.track(rest),
            "bar" => self.bar(rest),
            _ if word.starts_with(|first: char| first.is_ascii_digit()) => self.note(line),
            _ => Err(format!(
                "begin the line with tempo, meter, key, track, bar or the number of a note, not with \
                 {word:?}"
            )),
        }
    }

    fn track(&mut self, rest: &str) -> Result<(), String> {
        let track = track(rest).ok_or(
            "write a track as `track \"NAME\" channel 0 program 33`: channels are 0 to 15, programs 0 to \
             127 or - for none, and a quote or backslash in the name follows a backslash",
        )?;
        if self.bars.is_none() {
            self.settle();
            self.bars = Some(Bars::of(&self.song));
        }
        self.song.tracks.push(track);
        self.bar = None;
        Ok(())
    }

    fn bar(&mut self, rest: &str) -> Result<(), String> {
        let bars = self
            .bars
            .as_ref()
            .ok_or("put a `track` line before the first bar")?;
        let words = numbers(rest);
        let (number, offset) = match words.as_deref() {
            Some([number]) => (*number, 0),
            Some([number, offset]) => (*number, *offset),
            _ => {
                return Err(format!(
                    "write a bar as `bar NUMBER`, or as `bar NUMBER {MAX_BAR_TICKS}` for what comes \
                     after the first {MAX_BAR_TICKS} ticks of a long one"
                ));
            }
        };
        let bar = bars.part(number, offset).ok_or_else(|| {
            format!(
                "no part of bar {number} begins at its tick {offset}: give a multiple of \
                 {MAX_BAR_TICKS} that lies in the bar, and a bar that begins before tick {}",
                LAST_TICK.0
            )
        })?;
        self.bar = Some(bar);
        Ok(())
    }

    fn note(&mut self, line: &str) -> Result<(), String> {
        let (Some(bar), Some(bars), Some(track)) =
            (self.bar, &self.bars, self.song.tracks.last_mut())
        else {
            return Err("put a `track` and a `bar` line before the note".to_owned());
        };
        let classes = numbers(line);
        let Some(&[onset, pitch, duration, velocity]) = classes.as_deref() else {
            return Err("write a note as four classes: ONSET PITCH DURATION VELOCITY".to_owned());
        };
        for (field, class, classes) in [
            ("onset", onset, END),
            ("pitch", pitch, PITCHES),
            ("duration", duration, DURATIONS),
            ("velocity", velocity, VELOCITIES),
        ] {
            if class >= classes as i64 {
                let last = classes - 1;
                return Err(format!("write the {field} as a class from 0 to {last}"));
            }
        }
        let fields = Fields {
            onset: onset as usize,
            pitch: pitch as usize,
            duration: duration as usize,
            velocity: velocity as usize,
        };
        let note = fields.note(&bar);
        if note.onset > LAST_TICK || bars.containing(note.onset).0 != bar {
            return Err(format!(
                "put the note under a later `bar` line: its onset {onset} lies beyond the end of this bar"
            ));
        }
        track.notes.push(note);
        Ok(())
    }

    /// Lets tempo and meter hold from tick 0 on.
    fn settle(&mut self) {
        let default = Song::default();
        begin(&mut self.song.tempo_map, &default.tempo_map);
        begin(&mut self.song.meters, &default.meters);
    }

    fn finish(mut self) -> Song {
        self.settle();
        for track in &mut self.song.tracks {
            // A rounded duration may reach into the next note of its pitch.
            untangle(&mut track.notes);
        }
        self.song
    }
}

/// Puts `default` before a map that does not begin at tick 0.
fn begin<T: Copy>(map: &mut Vec<(Tick, T)>, default: &[(Tick, T)]) {
    if map.first().is_none_or(|(at, _)| *at > Tick(0)) {
        let later = std::mem::take(map);
        map.extend(default.iter().copied().chain(later));
    }
}

/// Adds a change that is told as a tick and what `value` understands; `usage` is the error when it does
/// not.
fn add_change<T>(
    map: &mut Vec<(Tick, T)>,
    rest: &str,
    value: impl Fn(&str) -> Option<T>,
    usage: &str,
) -> Result<(), String> {
    let (at, rest) = first_word(rest);
    let (at, value) = number(at).zip(value(rest)).ok_or(usage)?;
    let before = map.last().map(|(before, _)| before.0);
    if let Some(before) = before.filter(|before| *before >= at) {
        return Err(format!(
            "put these lines in order, each tick once: {at} follows {before}"
        ));
    }
    map.push((Tick(at), value));
    Ok(())
}

fn tempo(text: &str) -> Option<f64> {
    let tempo: f64 = text.parse().ok()?;
    (tempo.is_finite() && tempo > 0.0).then_some(tempo)
}

fn meter(text: &str) -> Option<Meter> {
    let (beats, value) = text.split_once('/')?;
    Meter::new(beats.parse().ok()?, value.parse().ok()?)
}

fn key(text: &str) -> Option<Key> {
    Key::all().find(|key| key.to_string() == text)
}

fn track(text: &str) -> Option<Track> {
    let (name, rest) = unquoted(text)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let ["channel", channel, "program", program] = words[..] else {
        return None;
    };
    let byte = |word: &str, most: u8| {
        let byte: u8 = word.parse().ok()?;
        (byte <= most).then_some(byte)
    };
    Some(Track {
        name,
        channel: byte(channel, 15)?,
        program: match program {
            "-" => None,
            program => Some(byte(program, 127)?),
        },
        notes: Vec::new(),
    })
}

/// The first word of a line, and what follows it.
fn first_word(line: &str) -> (&str, &str) {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (word, rest.trim_start())
}

/// A number that may be a place in a song, so that sums of them do not overflow.
fn number(word: &str) -> Option<i64> {
    let number: i64 = word.parse().ok()?;
    (0..=LAST_TICK.0).contains(&number).then_some(number)
}

/// All words of a line as such numbers.
fn numbers(line: &str) -> Option<Vec<i64>> {
    line.split_whitespace().map(number).collect()
}

#[cfg(test)]
mod tests;
