//! What an Ardour session needs beyond what its Lua can make: a clip, a loop, a tempo. They go into the
//! saved session's XML.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

/// Ardour's ticks in a quarter note.
const TICKS: u32 = 1920;
/// Ids are numbers that Ardour counts up; ours begin far above what a new session has used.
const FIRST_ID: u32 = 900_000;

/// What to add.
pub struct Additions<'a> {
    /// Quarter notes a minute.
    pub tempo: u32,
    /// Quarter notes in a bar.
    pub bar: u32,
    /// A MIDI file of one track, for the track *Heard* from the song's origin on.
    pub clip: &'a [u8],
    /// Its length in quarter notes.
    pub clip_beats: u32,
    /// The loop's first and end position in quarter notes.
    pub cycle: Option<(u32, u32)>,
}

/// Adds to the closed session `take` in `folder`.
///
/// # Errors
/// When a file cannot be written, or the session is not laid out as that of Ardour 7.
pub fn add(folder: &Path, additions: &Additions) -> Result<()> {
    let clip = folder.join("interchange/take/midifiles/clip.mid");
    fs::write(&clip, additions.clip).with_context(|| clip.display().to_string())?;
    let file = folder.join("take.ardour");
    let xml = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    fs::write(&file, with(&xml, additions)?)?;
    Ok(())
}

fn with(xml: &str, additions: &Additions) -> Result<String> {
    let [source, region, cycle, next] = [0, 1, 2, 3].map(|offset| FIRST_ID + offset);
    let length = additions.clip_beats * TICKS;
    let source_xml = format!(
        "<Source name=\"clip.mid\" type=\"midi\" flags=\"Writable\" id=\"{source}\" \
         natural-position=\"a0\" captured-for=\"\" origin=\"\"/>"
    );
    let region_xml = format!(
        "<Region name=\"clip\" muted=\"0\" opaque=\"1\" locked=\"0\" automatic=\"0\" whole-file=\"0\" \
         start=\"b0\" length=\"b{length}@b0\" sync-position=\"b0\" ancestral-start=\"b0\" \
         ancestral-length=\"b0@b0\" stretch=\"1\" shift=\"1\" layering-index=\"0\" contents=\"0\" \
         id=\"{region}\" type=\"midi\" first-edit=\"nothing\" source-0=\"{source}\" \
         master-source-0=\"{source}\"/>"
    );
    let cycle_xml = additions.cycle.map_or_else(String::new, |(start, end)| {
        let [start, end] = [start, end].map(|beat| beat * TICKS);
        format!(
            "<Location id=\"{cycle}\" name=\"Loop\" start=\"b{start}\" end=\"b{end}\" \
             flags=\"IsAutoLoop,IsHidden\" locked=\"0\" timestamp=\"0\" cue=\"0\"/>"
        )
    });
    let Additions { tempo, bar, .. } = *additions;
    let mut xml = xml.to_owned();
    for (old, new) in [
        ("<Sources/>", format!("<Sources>{source_xml}</Sources>")),
        (
            "<Locations/>",
            format!("<Locations>{cycle_xml}</Locations>"),
        ),
        (
            "npm=\"120\" enpm=\"120\"",
            format!("npm=\"{tempo}\" enpm=\"{tempo}\""),
        ),
        (
            "note-value=\"4\" divisions-per-bar=\"4\"",
            format!("note-value=\"4\" divisions-per-bar=\"{bar}\""),
        ),
    ] {
        xml = replaced(&xml, old, &new)?;
    }
    let counter = value(&xml, "id-counter=\"", "\"")?;
    let xml = replaced(
        &xml,
        &format!("id-counter=\"{counter}\""),
        &format!("id-counter=\"{next}\""),
    )?;
    // The playlist of that name is the track's; it is empty, so its element has no end tag yet.
    let playlist = value(&xml, "name=\"Heard\" type=\"midi\" orig-track-id=", "/>")?;
    let playlist = format!("name=\"Heard\" type=\"midi\" orig-track-id={playlist}");
    let filled = format!("{playlist}>{region_xml}</Playlist>");
    replaced(&xml, &format!("{playlist}/>"), &filled)
}

/// `xml` with the one place that reads `old` changed to `new`.
fn replaced(xml: &str, old: &str, new: &str) -> Result<String> {
    let count = xml.matches(old).count();
    ensure!(
        count == 1,
        "the session holds {old:?} {count} times, not once"
    );
    Ok(xml.replacen(old, new, 1))
}

/// The text between the first `before` and the first `after` behind it.
fn value<'a>(xml: &'a str, before: &str, after: &str) -> Result<&'a str> {
    let rest = xml.split_once(before).map(|(_, rest)| rest);
    let found = rest.and_then(|rest| rest.split_once(after));
    let (value, _) = found.with_context(|| format!("the session holds no {before:?}"))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "<Session id-counter=\"421\"><Sources/><Locations/>\
        <Playlist id=\"195\" name=\"Heard\" type=\"midi\" orig-track-id=\"117\"/>\
        <Tempo npm=\"120\" enpm=\"120\"/>\
        <Meter note-value=\"4\" divisions-per-bar=\"4\"/></Session>";

    fn additions() -> Additions<'static> {
        Additions {
            tempo: 97,
            bar: 5,
            clip: &[],
            clip_beats: 2,
            cycle: Some((1, 2)),
        }
    }

    #[test]
    fn everything_goes_into_a_new_session() {
        let xml = with(NEW, &additions()).unwrap();
        for part in [
            "id-counter=\"900003\"",
            "<Sources><Source name=\"clip.mid\"",
            "start=\"b1920\" end=\"b3840\" flags=\"IsAutoLoop,IsHidden\"",
            "orig-track-id=\"117\"><Region name=\"clip\"",
            "length=\"b3840@b0\"",
            "npm=\"97\" enpm=\"97\"",
            "divisions-per-bar=\"5\"",
        ] {
            assert!(xml.contains(part), "no {part} in {xml}");
        }
    }

    #[test]
    fn a_session_of_another_shape_is_refused() {
        for part in [
            "<Sources/>",
            "id-counter",
            "name=\"Heard\"",
            "npm",
            "divisions",
        ] {
            let other = NEW.replace(part, "");
            assert!(with(&other, &additions()).is_err(), "without {part}");
        }
    }
}
