//! Reading a MIDI file never panics, and what could be read is read again after writing.
#![no_main]

use continuo_model::midi_file::{read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(song) = read(bytes) else {
        return;
    };
    let again = read(&write(&song)).expect("a file that we wrote");
    let notes = |song: &continuo_model::midi_file::Song| -> usize {
        song.tracks.iter().map(|track| track.notes.len()).sum()
    };
    assert_eq!(notes(&song), notes(&again));
});
