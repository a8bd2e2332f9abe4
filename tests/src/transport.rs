//! A song's time and a playhead that moves through it the way a DAW's does: in whole samples.
//!
//! The playhead stands on a sample, and the position in quarter notes follows from it. A loop therefore
//! wraps from the sample nearest to its end to the sample nearest to its start, and the position after the
//! wrap lies up to half a sample beside the loop's start, as it does in hosts.

use std::mem;

use continuo_model::time::{Meter, TICKS_PER_QUARTER};

use crate::host::Position;

/// A tempo that holds from `beat` on.
#[derive(Clone, Copy, Debug)]
struct Tempo {
    /// Quarter notes from the song's origin.
    beat: f64,
    /// The same place in samples, unrounded.
    sample: f64,
    /// Quarter notes a minute.
    bpm: f64,
}

/// A meter that holds from the bar at `beat` on.
#[derive(Clone, Copy, Debug)]
struct Bars {
    /// Quarter notes from the song's origin.
    beat: f64,
    /// The number of the bar that begins there.
    number: i64,
    meter: Meter,
}

/// The tempo and meter of a song at a sample rate. Before its origin the first of each hold.
#[derive(Clone, Debug)]
pub struct Song {
    rate: f64,
    tempos: Vec<Tempo>,
    bars: Vec<Bars>,
}

impl Song {
    /// A song in one tempo (quarter notes a minute) and one meter, at `rate` samples a second.
    #[must_use]
    pub fn new(rate: f64, bpm: f64, meter: Meter) -> Self {
        let tempo = Tempo {
            beat: 0.0,
            sample: 0.0,
            bpm,
        };
        let bars = Bars {
            beat: 0.0,
            number: 0,
            meter,
        };
        Self {
            rate,
            tempos: vec![tempo],
            bars: vec![bars],
        }
    }

    /// The same song with another tempo from `beat` on, which lies after all tempo changes so far.
    #[must_use]
    pub fn with_tempo(mut self, beat: f64, bpm: f64) -> Self {
        let sample = self.sample_of(beat);
        self.tempos.push(Tempo { beat, sample, bpm });
        self
    }

    /// The same song with another meter from `beat` on, which begins a bar and lies after all changes of
    /// meter so far.
    #[must_use]
    pub fn with_meter(mut self, beat: f64, meter: Meter) -> Self {
        let (_, number, _) = self.bar_at(beat);
        self.bars.push(Bars {
            beat,
            number,
            meter,
        });
        self
    }

    /// Samples a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Its slowest tempo in quarter notes a minute.
    #[must_use]
    pub fn slowest(&self) -> f64 {
        let tempos = self.tempos.iter().map(|tempo| tempo.bpm);
        tempos.fold(f64::INFINITY, f64::min)
    }

    /// The place of `beat` (quarter notes) in samples, unrounded.
    #[must_use]
    pub fn sample_of(&self, beat: f64) -> f64 {
        let tempo = last_before(&self.tempos, |tempo| tempo.beat <= beat);
        tempo.sample + (beat - tempo.beat) * 60.0 / tempo.bpm * self.rate
    }

    /// The sample nearest to `tick`.
    #[must_use]
    pub fn sample_of_tick(&self, tick: i64) -> i64 {
        self.sample_of(tick as f64 / TICKS_PER_QUARTER as f64)
            .round() as i64
    }

    /// The place of `sample` in quarter notes.
    #[must_use]
    pub fn beat_of(&self, sample: f64) -> f64 {
        let tempo = last_before(&self.tempos, |tempo| tempo.sample <= sample);
        tempo.beat + (sample - tempo.sample) / self.rate / 60.0 * tempo.bpm
    }

    /// The bar that holds `beat`: its start in quarter notes, its number from 0, its meter.
    #[must_use]
    pub fn bar_at(&self, beat: f64) -> (f64, i64, Meter) {
        let bars = last_before(&self.bars, |bars| bars.beat <= beat);
        let length = bars.meter.bar_ticks() as f64 / TICKS_PER_QUARTER as f64;
        let passed = ((beat - bars.beat) / length).floor();
        (
            bars.beat + passed * length,
            bars.number + passed as i64,
            bars.meter,
        )
    }

    /// `beat` as a musician reads it: bar and felt beat, both from 1.
    #[must_use]
    pub fn bar_and_beat(&self, beat: f64) -> String {
        let (start, number, meter) = self.bar_at(beat);
        let felt = meter.beat_ticks() as f64 / TICKS_PER_QUARTER as f64;
        format!("{}:{:.3}", number + 1, (beat - start) / felt + 1.0)
    }

    /// The first sample after `sample` at which tempo or meter changes.
    fn next_change(&self, sample: i64) -> Option<i64> {
        let tempos = self.tempos.iter().map(|tempo| tempo.sample);
        let meters = self.bars.iter().map(|bars| self.sample_of(bars.beat));
        let changes = tempos.chain(meters).map(|change| change.ceil() as i64);
        changes.filter(|change| *change > sample).min()
    }
}

/// The last of `entries`, in order, that is `reached`; the first when none is.
fn last_before<T: Copy>(entries: &[T], reached: impl Fn(&T) -> bool) -> T {
    let index = entries.partition_point(reached);
    entries[index.saturating_sub(1)]
}

/// A stretch of a block in which the playhead moves evenly or stands still.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Samples from the start of the block.
    pub offset: u32,
    /// Its length in samples.
    pub frames: u32,
    /// The transport at its first sample.
    pub position: Position,
    /// Whether the playhead came here by the wrap of a loop.
    pub wrapped: bool,
}

/// The playhead of a song.
#[derive(Clone, Debug)]
pub struct Playhead {
    song: Song,
    sample: i64,
    playing: bool,
    /// The loop's first and end position in quarter notes.
    cycle: Option<(f64, f64)>,
    /// Whether it stands where the loop has just wrapped to.
    wrapped: bool,
}

impl Playhead {
    /// A playhead that stands at the origin of `song`.
    #[must_use]
    pub fn new(song: Song) -> Self {
        Self {
            song,
            sample: 0,
            playing: false,
            cycle: None,
            wrapped: false,
        }
    }

    /// The song.
    #[must_use]
    pub fn song(&self) -> &Song {
        &self.song
    }

    /// Where it stands, in quarter notes.
    #[must_use]
    pub fn beat(&self) -> f64 {
        self.song.beat_of(self.sample as f64)
    }

    /// Whether it moves.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Starts or stops it.
    pub fn set_playing(&mut self, playing: bool) {
        self.playing = playing;
    }

    /// Moves it to the sample nearest to `beat`.
    pub fn seek(&mut self, beat: f64) {
        self.sample = self.song.sample_of(beat).round() as i64;
        self.wrapped = false;
    }

    /// Loops from the first to the second position in quarter notes, or not at all.
    pub fn set_cycle(&mut self, cycle: Option<(f64, f64)>) {
        self.cycle = cycle;
    }

    /// The transport as the host tells it.
    #[must_use]
    pub fn position(&self) -> Position {
        let beats = self.beat();
        let (bar_start, bar_number, meter) = self.song.bar_at(beats);
        Position {
            playing: self.playing,
            sample: self.sample,
            beats,
            tempo: last_before(&self.song.tempos, |tempo| {
                tempo.sample <= self.sample as f64
            })
            .bpm,
            meter,
            bar_start,
            bar_number,
            cycle: self.cycle,
        }
    }

    /// Samples until `beats` quarter notes have rolled by, through every wrap and change of tempo.
    #[must_use]
    pub fn frames_of(&self, beats: f64) -> u64 {
        let mut ahead = self.clone();
        ahead.playing = true;
        let (mut left, mut frames) = (beats, 0);
        loop {
            let straight = self.song.sample_of(ahead.beat() + left).round() as i64;
            let length = ahead.even_length(straight - ahead.sample).0;
            if length <= 0 {
                return frames;
            }
            let end = self.song.beat_of((ahead.sample + length) as f64);
            left -= end - ahead.beat();
            frames += length.unsigned_abs();
            // The cast is safe: an even stretch of a song is no longer than hours.
            ahead.advance(length as u32);
        }
    }

    /// Moves on by `frames` samples and returns the even stretches on the way: one, or several around the
    /// wraps of the loop and the changes of tempo and meter.
    pub fn advance(&mut self, frames: u32) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        let mut offset = 0;
        while offset < frames {
            let left = i64::from(frames - offset);
            let (length, wraps) = self.even_length(left);
            stretches.push(Stretch {
                offset,
                frames: length as u32,
                position: self.position(),
                wrapped: mem::take(&mut self.wrapped),
            });
            offset += length as u32;
            if self.playing {
                self.sample += length;
            }
            if let (true, Some((start, _))) = (wraps, self.cycle) {
                self.seek(start);
                // A wrap at the block's end belongs to the first stretch of the next block.
                self.wrapped = true;
            }
        }
        stretches
    }

    /// How far the playhead moves evenly, at most `left` samples, and whether the loop wraps there.
    fn even_length(&self, left: i64) -> (i64, bool) {
        if !self.playing {
            return (left, false);
        }
        let change = self
            .song
            .next_change(self.sample)
            .map_or(left, |at| at - self.sample);
        let length = left.min(change);
        // As in hosts, a playhead beyond the loop's end rolls on, and a loop of no length is none.
        let sample = |beat: f64| self.song.sample_of(beat).round() as i64;
        let cycle = self.cycle.map(|(start, end)| (sample(start), sample(end)));
        let end = cycle.filter(|(start, end)| start < end).map(|(_, end)| end);
        match end.filter(|end| *end > self.sample) {
            Some(end) if end - self.sample <= length => (end - self.sample, true),
            _ => (length, false),
        }
    }
}

/// The lengths of the blocks that a host asks for.
#[derive(Clone, Copy, Debug)]
pub enum BlockSizes {
    /// Every block is this long, in samples.
    Constant(u32),
    /// Lengths mixed from 1 to [`MIXED_MAX`], drawn from this seed.
    Mixed(u64),
    /// Lengths mixed from 0 to [`WILD_MAX`], drawn from this seed.
    Wild(u64),
}

/// The longest block of [`BlockSizes::Mixed`].
pub const MIXED_MAX: u32 = 2048;

/// The longest block of [`BlockSizes::Wild`].
pub const WILD_MAX: u32 = 8192;

impl BlockSizes {
    /// The longest block that can come.
    #[must_use]
    pub fn max(self) -> u32 {
        match self {
            Self::Constant(frames) => frames,
            Self::Mixed(_) => MIXED_MAX,
            Self::Wild(_) => WILD_MAX,
        }
    }

    /// The length of the next block; draws from the seed.
    pub fn next_length(&mut self) -> u32 {
        /// Odd ones, primes, powers of two, and what lies beside them.
        const LENGTHS: [u32; 12] = [1, 16, 17, 63, 64, 127, 256, 333, 512, 1000, 1024, MIXED_MAX];
        /// The same with nothing at all, and with more than most hosts ask for.
        const WILD_LENGTHS: [u32; 12] = [
            0, 1, 64, 127, 256, 512, 1000, 1024, 2048, 4096, 4097, WILD_MAX,
        ];
        let (seed, lengths) = match self {
            Self::Constant(frames) => return *frames,
            Self::Mixed(seed) => (seed, LENGTHS),
            Self::Wild(seed) => (seed, WILD_LENGTHS),
        };
        // A linear congruential step (Knuth's MMIX constants); its high bits are good enough here.
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        lengths[(*seed >> 33) as usize % lengths.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_samples_convert_both_ways_across_tempo_changes() {
        let song = Song::new(48_000.0, 120.0, Meter::COMMON)
            .with_tempo(4.0, 60.0)
            .with_tempo(8.0, 97.3);
        for beat in [-1.0, 0.0, 3.9, 4.0, 5.5, 8.0, 20.25] {
            let back = song.beat_of(song.sample_of(beat));
            assert!((back - beat).abs() < 1e-9, "{beat} came back as {back}");
        }
        assert_eq!(song.sample_of(5.0), 2.0 * 48_000.0 + 48_000.0);
    }

    #[test]
    fn a_loop_wraps_inside_of_a_block() {
        let mut playhead = Playhead::new(Song::new(48_000.0, 120.0, Meter::COMMON));
        playhead.set_cycle(Some((1.0, 2.0)));
        playhead.set_playing(true);
        playhead.seek(1.5);
        let stretches = playhead.advance(30_000);
        let shape: Vec<_> = stretches
            .iter()
            .map(|s| (s.offset, s.position.sample, s.wrapped))
            .collect();
        assert_eq!(shape, [(0, 36_000, false), (12_000, 24_000, true)]);
        assert_eq!(playhead.position().sample, 42_000);
    }

    #[test]
    fn a_loop_of_no_length_is_rolled_through() {
        let mut playhead = Playhead::new(Song::new(48_000.0, 120.0, Meter::COMMON));
        playhead.set_cycle(Some((1.0, 1.0)));
        playhead.set_playing(true);
        assert_eq!(playhead.advance(48_000).len(), 1);
        assert_eq!(playhead.position().sample, 48_000);
    }

    #[test]
    fn beats_take_as_long_as_the_tempi_that_a_loop_passes() {
        let song = Song::new(48_000.0, 120.0, Meter::COMMON).with_tempo(1.0, 60.0);
        let mut playhead = Playhead::new(song);
        assert_eq!(playhead.frames_of(2.0), 24_000 + 48_000);
        playhead.set_cycle(Some((0.5, 1.5)));
        // From 0 to 1.5, then from 0.5 to 1.5 once more: half a quarter of each tempo.
        assert_eq!(playhead.frames_of(2.5), 24_000 + 24_000 + 12_000 + 24_000);
        assert_eq!(playhead.frames_of(0.0), 0);
    }

    #[test]
    fn bars_count_on_through_a_change_of_meter() {
        let waltz = Meter::new(3, 4).expect("a meter");
        let song = Song::new(48_000.0, 120.0, Meter::COMMON).with_meter(8.0, waltz);
        assert_eq!(song.bar_at(7.9), (4.0, 1, Meter::COMMON));
        assert_eq!(song.bar_at(8.0), (8.0, 2, waltz));
        assert_eq!(song.bar_at(11.5), (11.0, 3, waltz));
    }
}
