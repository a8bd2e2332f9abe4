//! Pictures read back pixel by pixel.

use super::*;

fn track(channel: u8, onset: i64, pitch: u8) -> Track {
    Track {
        channel,
        notes: vec![Note {
            onset: Tick(onset),
            pitch,
            duration: 24,
            velocity: 127,
        }],
        ..Track::default()
    }
}

fn song(tracks: Vec<Track>) -> Song {
    Song {
        tracks,
        ..Song::default()
    }
}

fn picture(song: &Song, heard_tracks: usize, bars: usize) -> Picture<'_> {
    Picture {
        title: "",
        subtitle: "",
        song,
        heard_tracks,
        bars,
    }
}

/// Width, height and pixels below the header.
fn pixels(file: &[u8]) -> (usize, Vec<Colour>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file))
        .read_info()
        .unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let width = reader.next_frame(&mut bytes).unwrap().width as usize;
    let colours = bytes
        .chunks(3)
        .map(|pixel| Colour(pixel[0], pixel[1], pixel[2]));
    (width, colours.skip(width * HEADER as usize).collect())
}

/// The left and right edge of everything in `colour`.
fn extent(file: &[u8], colour: Colour) -> Option<(i32, i32)> {
    let (width, pixels) = pixels(file);
    let found = pixels
        .iter()
        .enumerate()
        .filter(|(_, pixel)| **pixel == colour);
    let columns: Vec<usize> = found.map(|(at, _)| at % width).collect();
    let (left, right) = (columns.iter().min()?, columns.iter().max()?);
    Some((*left as i32, *right as i32))
}

#[test]
fn notes_lie_at_their_beats_in_their_colours() {
    let song = song(vec![track(0, 24, 60), track(15, 96, 48)]);
    let file = draw(&picture(&song, 1, 8)).unwrap();
    // Eight bars of four beats on 1600 pixels: 50 a beat; one pixel of frame and one of gap.
    assert_eq!(extent(&file, HEARD), Some((LEFT + 52, LEFT + 98)));
    assert_eq!(extent(&file, GENERATED), Some((LEFT + 202, LEFT + 248)));
}

#[test]
fn a_note_over_a_line_break_goes_on_in_the_next() {
    let mut song = song(vec![track(0, 8 * 96 - 24, 60)]);
    song.tracks[0].notes[0].duration = 48;
    let file = draw(&picture(&song, 1, 16)).unwrap();
    assert_eq!(extent(&file, HEARD), Some((LEFT + 2, LEFT + 1598)));
}

#[test]
fn drums_have_named_rows_and_no_keyboard() {
    let song = song(vec![track(9, 0, 36), track(9, 48, 42)]);
    let layout = Layout::of(&picture(&song, 0, 1));
    assert_eq!((layout.keys, &layout.drum_keys[..]), (None, &[42, 36][..]));
    let file = draw(&picture(&song, 0, 1)).unwrap();
    assert!(extent(&file, GENERATED).is_some() && extent(&file, EBONY).is_none());
}

#[test]
fn a_picture_without_notes_is_drawn_too() {
    let (width, _) = pixels(&draw(&picture(&song(Vec::new()), 0, 0)).unwrap());
    assert!(width >= 760);
}
