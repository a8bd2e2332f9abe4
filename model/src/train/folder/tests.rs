//! Parts by their tracks, what is left out and why, and what is held out.

use super::*;

/// `bars` bars in which every `step` ticks the keys go down together.
fn notes(bars: i64, step: i64, length: i64, keys: &[u8]) -> Vec<Note> {
    (0..bars * 96 / step)
        .flat_map(|at| {
            let up = [0, 5, 7, 2][(at * step / 96 % 4) as usize];
            keys.iter().map(move |key| Note {
                onset: Tick(at * step),
                pitch: key + up + (at % 3) as u8,
                duration: length,
                velocity: 60 + (at % 5) as u8,
            })
        })
        .collect()
}

fn track(name: &str, channel: u8, notes: Vec<Note>) -> Track {
    Track {
        name: name.to_owned(),
        channel,
        program: None,
        notes,
    }
}

fn song(tracks: Vec<Track>) -> Song {
    Song {
        tracks,
        ..Song::default()
    }
}

fn roles(song: &Song) -> Vec<(String, String)> {
    let parts = piece(song, "song").expect("a piece").parts;
    let mut roles: Vec<_> = parts
        .into_iter()
        .map(|part| (part.name, part.role))
        .collect();
    roles.sort();
    roles
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, role): &(&str, &str)| ((*name).to_owned(), (*role).to_owned());
    pairs.iter().map(own).collect()
}

#[test]
fn parts_are_known_by_channel_name_program_and_how_they_are_played() {
    let mut tracks = vec![
        track("A", 0, notes(8, 24, 20, &[72])),
        track("B", 1, notes(8, 48, 40, &[64])),
        track("C", 2, notes(8, 96, 90, &[52, 55, 60])),
        track("D", 3, notes(8, 48, 40, &[36])),
        track("E", 9, notes(8, 12, 6, &[36])),
    ];
    let expected = [
        ("A", "melody"),
        ("B", "counter"),
        ("C", "chords"),
        ("D", "bass"),
        ("E", "drums"),
    ];
    assert_eq!(roles(&song(tracks.clone())), named(&expected));
    // A name counts for more, and so does a program.
    tracks[0].name = "Second voice".to_owned();
    tracks[1].name = "Lead synth".to_owned();
    tracks[3].notes.iter_mut().for_each(|note| note.pitch += 14);
    tracks[3].program = Some(33);
    let expected = [
        ("C", "chords"),
        ("D", "bass"),
        ("E", "drums"),
        ("Lead synth", "melody"),
        ("Second voice", "counter"),
    ];
    assert_eq!(roles(&song(tracks)), named(&expected));
}

#[test]
fn two_hands_on_one_track_are_a_melody_over_a_bass_and_chords() {
    let mut both = notes(8, 24, 22, &[72]);
    both.extend(notes(8, 96, 94, &[36, 52, 55, 60]));
    both.sort_unstable();
    let piano = song(vec![track("Piano", 0, both)]);
    let expected = [
        ("Piano", "piano"),
        ("Piano bass", "bass"),
        ("Piano chords", "chords"),
        ("Piano melody", "melody"),
    ];
    assert_eq!(roles(&piano), named(&expected));
    let piece = piece(&piano, "song").expect("a piece");
    let part = |role| piece.parts_of(role).next().expect("a part").notes.len();
    assert_eq!((part("bass"), part("melody")), (8, 32));
    assert!(
        Role::ALL[..3].iter().all(|role| can_teach(&piece, *role)),
        "Continue, Bass and Chords"
    );
}

#[test]
fn what_cannot_be_used_says_why() {
    let refused = |tracks| piece(&song(tracks), "song").expect_err("nothing to learn");
    assert!(refused(Vec::new()).contains("0 notes"));
    let alone = refused(vec![track("Bass", 0, notes(8, 24, 20, &[36]))]);
    assert!(alone.contains("only bass"), "{alone}");
    // The tempo is 120, but the player's was another one.
    let free = notes(16, 24, 20, &[72]);
    let free = free.into_iter().enumerate().map(|(index, note)| Note {
        onset: Tick(index as i64 * 27 + index as i64 % 2),
        ..note
    });
    let free = refused(vec![track("", 0, free.collect())]);
    assert!(free.contains("click"), "{free}");
    // Who swings or plays triplets is in time.
    for step in [8, 6, 12] {
        assert!(piece(&song(vec![track("", 0, notes(4, step, 6, &[72]))]), "song").is_ok());
    }
}

#[test]
fn a_folder_is_read_to_the_bottom_and_what_is_skipped_is_named() {
    let folder = std::env::temp_dir().join(format!("continuo-folder-{}", std::process::id()));
    let deep = folder.join("old/2019");
    fs::create_dir_all(&deep).expect("folders");
    let tune = |key| song(vec![track("", 0, notes(8, 24, 20, &[key]))]);
    let write = |path: PathBuf, key| midi_file::write_file(&path, &tune(key)).expect("a file");
    write(folder.join("b.mid"), 72);
    write(folder.join("a.MIDI"), 74);
    write(deep.join("c.Mid"), 76);
    write(deep.join("copy of b.mid"), 72);
    fs::write(folder.join("broken.mid"), b"MThd").expect("a file");
    fs::write(folder.join("notes.txt"), b"not for us").expect("a file");
    let mut told = 0;
    let read = Folder::read(&folder, |_, count| told = count).expect("a folder");
    let ids: Vec<&str> = read.pieces.iter().map(|piece| piece.id.as_str()).collect();
    assert_eq!(ids, ["a.MIDI", "b.mid", "old/2019/c.Mid"]);
    assert_eq!(told, 5);
    let skipped: Vec<String> = read
        .skipped
        .iter()
        .map(|(path, why)| format!("{}: {why}", path.file_name().unwrap().display()))
        .collect();
    assert_eq!(skipped.len(), 2);
    assert!(skipped[0].starts_with("broken.mid: damaged"), "{skipped:?}");
    assert_eq!(skipped[1], "copy of b.mid: the same music as b.mid");
    assert!(Folder::read(&folder.join("nowhere"), |_, _| ()).is_err());
    fs::remove_dir_all(folder).expect("a folder");
}

fn pieces(count: u8, bars: i64) -> Vec<Piece> {
    (0..count)
        .map(|key| {
            let tune = song(vec![track("", 0, notes(bars, 24, 20, &[60 + key]))]);
            piece(&tune, &key.to_string()).expect("a piece")
        })
        .collect()
}

#[test]
fn a_fifth_of_the_pieces_is_held_out_whatever_their_order() {
    let split = Split::of(pieces(11, 8)).expect("enough");
    assert_eq!((split.learn.len(), split.held_out.len()), (8, 3));
    assert!(!split.by_time);
    let mut turned = pieces(11, 8);
    turned.reverse();
    let again = Split::of(turned).expect("enough");
    let ids = |pieces: &[Piece]| -> Vec<String> { pieces.iter().map(|p| p.id.clone()).collect() };
    assert_eq!(ids(&again.held_out), ids(&split.held_out));
    assert_eq!(again.music, split.music);
    assert_ne!(Split::of(pieces(10, 8)).expect("enough").music, split.music);
}

#[test]
fn of_few_pieces_the_ends_are_held_out() {
    let split = Split::of(pieces(2, 16)).expect("enough");
    assert!(split.by_time);
    let bars = |pieces: &[Piece]| -> Vec<(i64, i64)> {
        let ends = |piece: &Piece| {
            let (first, last) = (piece.bars.first(), piece.bars.last());
            (
                first.unwrap().start.0 / 96,
                (last.unwrap().end().0 + 95) / 96,
            )
        };
        pieces.iter().map(ends).collect()
    };
    assert_eq!(bars(&split.learn), [(0, 12); 2]);
    assert_eq!(bars(&split.held_out), [(12, 16); 2]);
    let inside = |piece: &Piece| {
        let (start, end) = (piece.bars[0].start, piece.bars.last().unwrap().end());
        let mut notes = piece.parts.iter().flat_map(|part| &part.notes);
        notes.all(|note| note.onset >= start && note.onset < end)
    };
    assert!(split.learn.iter().chain(&split.held_out).all(inside));
    let short = Split::of(pieces(1, 12)).expect_err("12 bars");
    assert!(short.contains("12 bars") && short.contains("16"), "{short}");
}
