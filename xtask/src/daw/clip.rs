//! The clip that is heard, as a MIDI file: Ardour reads it, and so does the host that it is compared with.

/// Ticks of the file in a quarter note.
const TICKS: u32 = 480;
/// Bars of chords, after a bar of silence.
const BARS: u32 = 8;

/// Two voicings a bar: I, vi, IV, V in C.
const CHORDS: [[u8; 4]; 4] = [
    [48, 52, 55, 60],
    [45, 48, 52, 57],
    [41, 45, 48, 53],
    [43, 47, 50, 55],
];

const VELOCITY: u8 = 90;

/// Quarter notes from the origin to the end of the last bar, where a bar has this many.
pub const fn end(bar: u32) -> u32 {
    bar + BARS * bar
}

/// A file of one track, in bars of so many quarter notes; a file of several tracks would make Ardour take the
/// first, which holds no notes.
pub fn midi_file(bar: u32) -> Vec<u8> {
    let mut track = Vec::new();
    let mut now = 0;
    for (tick, on, pitch) in events(bar) {
        push_delta(&mut track, tick - now);
        now = tick;
        track.extend(if on {
            [0x90, pitch, VELOCITY]
        } else {
            [0x80, pitch, 0]
        });
    }
    push_delta(&mut track, end(bar) * TICKS - now);
    track.extend([0xff, 0x2f, 0]);

    let mut file = b"MThd\0\0\0\x06\0\0\0\x01".to_vec();
    file.extend((TICKS as u16).to_be_bytes());
    file.extend(b"MTrk");
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

/// Tick, whether a key goes down, pitch; at one tick, note-offs first.
fn events(bar: u32) -> Vec<(u32, bool, u8)> {
    let half_bar = bar * TICKS / 2;
    // A 24th of a beat short: a whole tick of the plugin's own grid.
    let length = half_bar - TICKS / 24;
    let mut events = Vec::new();
    for half in 0..BARS * 2 {
        let start = bar * TICKS + half * half_bar;
        for pitch in CHORDS[half as usize / 2 % CHORDS.len()] {
            events.push((start, true, pitch));
            events.push((start + length, false, pitch));
        }
    }
    events.sort();
    events
}

/// A number as MIDI files write it: seven bits a byte, the highest first, all but the last marked.
fn push_delta(bytes: &mut Vec<u8>, delta: u32) {
    for shift in [21, 14, 7] {
        if delta >> shift > 0 {
            bytes.push(0x80 | (delta >> shift & 0x7f) as u8);
        }
    }
    bytes.push((delta & 0x7f) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_are_written_as_the_standard_shows_them() {
        for (delta, bytes) in [
            (0, &[0][..]),
            (0x7f, &[0x7f]),
            (0x80, &[0x81, 0]),
            (0x10_0000, &[0xc0, 0x80, 0]),
        ] {
            let mut written = Vec::new();
            push_delta(&mut written, delta);
            assert_eq!(written, bytes, "{delta:#x}");
        }
    }

    #[test]
    fn every_key_that_goes_down_comes_up_before_it_goes_down_again() {
        for bar in [4, 5] {
            let mut held = Vec::new();
            for (tick, on, pitch) in events(bar) {
                let found = held.iter().position(|key| *key == pitch);
                match found {
                    None if on => held.push(pitch),
                    Some(index) if !on => drop(held.remove(index)),
                    _ => panic!("key {pitch} at tick {tick}"),
                }
            }
            assert_eq!(held, []);
        }
    }
}
