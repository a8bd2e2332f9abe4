//! Where the host's playhead is: atomics that the audio thread writes once a block and the window reads.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use nice_plug_egui::RepaintNotifier;

/// What the transport does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// The host has not called the plugin yet.
    #[default]
    Unseen,
    /// It stands.
    Stopped,
    /// It runs.
    Running,
}

/// What was read at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// What the transport does.
    pub transport: Transport,
    /// Song position at the first sample of the last block, in ticks with a fraction.
    pub position: f64,
    /// Quarter notes a minute.
    pub tempo: f64,
}

/// The playhead of one instance. Nothing orders one field against another: a reading in the middle of a write
/// is off by one block, which nobody sees.
pub struct Playhead {
    transport: AtomicU8,
    /// Ticks, as the bits of an `f64`.
    position: AtomicU64,
    /// Quarter notes a minute, as the bits of an `f64`.
    tempo: AtomicU64,
    repaint: RepaintNotifier,
}

impl Playhead {
    /// Unseen, at the song's origin; `repaint` is told when it starts, stops, or is moved while it stands.
    #[must_use]
    pub fn new(repaint: RepaintNotifier) -> Self {
        Self {
            transport: AtomicU8::new(0),
            position: AtomicU64::new(0.0_f64.to_bits()),
            tempo: AtomicU64::new(120.0_f64.to_bits()),
            repaint,
        }
    }

    /// Called by the audio thread once a block.
    ///
    /// # Realtime safety
    /// Only atomic stores.
    pub fn write(&self, running: bool, position: f64, tempo: f64) {
        let transport = if running { 2 } else { 1 };
        let position = position.to_bits();
        let before = self.transport.swap(transport, Ordering::Relaxed);
        let moved = self.position.swap(position, Ordering::Relaxed) != position;
        self.tempo.store(tempo.to_bits(), Ordering::Relaxed);
        // While it runs the window paints by itself.
        let news = before != transport || (moved && !running);
        self.repaint.request_repaint_with(news);
    }

    /// What it is now. Any thread may ask.
    #[must_use]
    pub fn read(&self) -> Reading {
        Reading {
            transport: match self.transport.load(Ordering::Relaxed) {
                0 => Transport::Unseen,
                1 => Transport::Stopped,
                _ => Transport::Running,
            },
            position: f64::from_bits(self.position.load(Ordering::Relaxed)),
            tempo: f64::from_bits(self.tempo.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let playhead = Playhead::new(RepaintNotifier::new());
        let mut expected = Reading {
            transport: Transport::Unseen,
            position: 0.0,
            tempo: 120.0,
        };
        assert_eq!(playhead.read(), expected);
        for (running, position, tempo) in [(false, -12.5, 90.0), (true, 960.25, 133.3)] {
            playhead.write(running, position, tempo);
            expected = Reading {
                transport: if running {
                    Transport::Running
                } else {
                    Transport::Stopped
                },
                position,
                tempo,
            };
            assert_eq!(playhead.read(), expected);
        }
    }
}
