//! The held phrase is dragged out of the window, onto targets with good manners and bad ones.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use continuo_tests::{clip, host::NoteKind, player::Player};
use x11rb::{
    CURRENT_TIME,
    protocol::xproto::{ConnectionExt as _, EventMask, GrabMode, GrabStatus},
};

use crate::{
    host::TEMPO,
    parent::{LEFT, Parent, key},
    target::{Manners, Target},
};

/// Where the handle is in a window of the natural size.
const HANDLE: (i16, i16) = (440, 491);
/// Where the targets are, and their size.
const TARGET: ((i16, i16), (u16, u16)) = ((1000, 700), (200, 150));
/// Seconds that a drag may last after the button was released: the source's patience with a target that never
/// says that it is done, and some.
const LONGEST: u64 = 15;

/// Opens the window while a phrase is held, and drags it. `folder` is where exports go.
pub fn carries_the_held_phrase(
    mut player: Player<'_>,
    parent: &Parent,
    folder: &Path,
) -> Result<()> {
    player.set("Thru", "Off")?;
    player.play(24.0)?;
    player.set("Hold", "On")?;
    player.play(12.0)?;
    player.aside(|plugin| plugin.open_window(parent.id))?;
    player.play(2.0)?;
    let mut hand = Hand {
        player,
        parent,
        folder,
    };
    let mut files = Vec::new();
    for manners in [Manners::Polite, Manners::ByProxy] {
        let (seen, new) = hand.drag(Some(manners), release)?;
        let file = new.context("no file")?;
        ensure!(seen.entered == 1 && seen.dropped, "{manners:?}: {seen:?}");
        ensure!(seen.place == Some(in_target()), "{manners:?}: {seen:?}");
        for form in ["TARGETS", "text/uri-list", "text/plain"] {
            ensure!(seen.forms.iter().any(|told| told == form), "no {form}");
        }
        let uri = format!(
            "file://{}\r\n",
            file.display().to_string().replace(' ', "%20")
        );
        ensure!(seen.uris.as_deref() == Some(&uri), "{seen:?}, not {uri}");
        ensure!(seen.text.as_deref() == file.to_str(), "{seen:?}");
        files.push(file);
    }
    // A target that never says that it is done has the URI nevertheless.
    let (seen, file) = hand.drag(Some(Manners::Unfinished), release)?;
    ensure!(seen.uris.is_some(), "{seen:?}");
    files.push(file.context("no file")?);
    // What nobody took stays.
    for manners in [Some(Manners::Refusing), Some(Manners::Silent), None] {
        let (seen, file) = hand.drag(manners, release)?;
        ensure!(!seen.dropped && seen.left == seen.entered, "{seen:?}");
        files.push(file.with_context(|| format!("{manners:?}: no file"))?);
    }
    let (seen, file) = hand.drag(Some(Manners::Polite), escape)?;
    ensure!(
        seen.entered == 1 && seen.left == 1 && !seen.dropped,
        "{seen:?}"
    );
    ensure!(file.is_none(), "Escape left a file");
    files.push(hand.click()?);
    let Hand { mut player, .. } = hand;
    player.aside(|plugin| plugin.close_window())?;
    player.play(8.0)?;
    let played = player.finish()?.played;
    let ons = played.iter().filter(|note| note.kind == NoteKind::On);
    let played: Vec<u8> = ons.map(|note| note.pitch).collect();
    for file in &files {
        ensure!(
            fs::read(file)? == fs::read(&files[0])?,
            "{}",
            file.display()
        );
        let phrase = clip::from_midi_file(file)?;
        let phrase: Vec<u8> = phrase.iter().map(|note| note.pitch).collect();
        ensure!(phrase.len() >= 2, "{} notes", phrase.len());
        let times = played.windows(phrase.len());
        let times = times.filter(|notes| *notes == phrase).count();
        ensure!(
            times >= 2,
            "the phrase {phrase:?} was not played: {played:?}"
        );
    }
    println!(
        "the held phrase was dragged out {} times: taken, refused, let fall, put back",
        files.len()
    );
    Ok(())
}

fn release(parent: &Parent) -> Result<()> {
    parent.button(LEFT, false)
}

fn escape(parent: &Parent) -> Result<()> {
    parent.press(key::ESCAPE)?;
    parent.button(LEFT, false)
}

/// The middle of the target.
fn in_target() -> (i16, i16) {
    let ((x, y), (width, height)) = TARGET;
    (x + width as i16 / 2, y + height as i16 / 2)
}

/// A hand on the mouse, while music plays.
struct Hand<'p, 'a> {
    player: Player<'p>,
    parent: &'a Parent,
    folder: &'a Path,
}

impl Hand<'_, '_> {
    fn wait(&mut self, seconds: f64) -> Result<()> {
        self.player.play(seconds * TEMPO / 60.0)
    }

    fn files(&self) -> Result<BTreeSet<PathBuf>> {
        if !self.folder.exists() {
            return Ok(BTreeSet::new());
        }
        let entries = fs::read_dir(self.folder)?;
        entries.map(|entry| Ok(entry?.path())).collect()
    }

    /// Drags from the handle to a target, or to where there is none, and does `end` there. Returns what the target
    /// saw, and the file that is new.
    fn drag(
        &mut self,
        manners: Option<Manners>,
        end: fn(&Parent) -> Result<()>,
    ) -> Result<(crate::target::Seen, Option<PathBuf>)> {
        let before = self.files()?;
        let ((x, y), size) = TARGET;
        // Without manners it lies elsewhere.
        let place = if manners.is_some() { (x, y) } else { (20, 700) };
        let mut target = Target::open(place, size, manners.unwrap_or(Manners::Polite))?;
        self.parent.point(HANDLE.0, HANDLE.1)?;
        self.wait(0.3)?;
        self.parent.button(LEFT, true)?;
        self.wait(0.1)?;
        let to = in_target();
        for step in 1..=20 {
            let along = |from: i16, to: i16| from + (to - from) / 20 * step;
            self.parent
                .point(along(HANDLE.0, to.0), along(HANDLE.1, to.1))?;
            self.wait(0.04)?;
            target.serve()?;
        }
        self.parent.point(to.0, to.1)?;
        for _ in 0..20 {
            self.wait(0.03)?;
            target.serve()?;
        }
        ensure!(!self.pointer_is_free()?, "nothing is dragged");
        end(self.parent)?;
        let released = Instant::now();
        let most = Duration::from_secs(LONGEST);
        loop {
            self.wait(0.03)?;
            target.serve()?;
            let waits = target.seen.dropped && !self.is_over()?;
            if !waits && released.elapsed() > Duration::from_secs(3) {
                break;
            }
            ensure!(released.elapsed() < most, "{manners:?}: it never ends");
        }
        ensure!(self.pointer_is_free()?, "{manners:?}: the pointer is kept");
        let mut new = self
            .files()?
            .difference(&before)
            .cloned()
            .collect::<Vec<_>>();
        ensure!(new.len() <= 1, "{new:?}");
        Ok((target.seen, new.pop()))
    }

    /// A click on the handle saves the phrase as well.
    fn click(&mut self) -> Result<PathBuf> {
        let before = self.files()?;
        self.parent.point(HANDLE.0, HANDLE.1)?;
        self.wait(0.5)?;
        self.parent.click(LEFT)?;
        self.wait(2.0)?;
        let after = self.files()?;
        let new = after.difference(&before).next();
        new.cloned().context("a click wrote no file")
    }

    /// Nobody owns what is dragged: the drag has ended.
    fn is_over(&self) -> Result<bool> {
        let x = &self.parent.connection;
        let selection = x.intern_atom(false, b"XdndSelection")?.reply()?.atom;
        Ok(x.get_selection_owner(selection)?.reply()?.owner == x11rb::NONE)
    }

    fn pointer_is_free(&self) -> Result<bool> {
        let x = &self.parent.connection;
        let (mask, mode, none) = (EventMask::NO_EVENT, GrabMode::ASYNC, x11rb::NONE);
        let grab = x.grab_pointer(
            false,
            self.parent.id,
            mask,
            mode,
            mode,
            none,
            none,
            CURRENT_TIME,
        )?;
        let free = grab.reply()?.status == GrabStatus::SUCCESS;
        if free {
            x.ungrab_pointer(CURRENT_TIME)?.check()?;
        }
        Ok(free)
    }
}
