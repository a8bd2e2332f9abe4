//! The folder for exports: chosen in the desktop's dialog, which a script stands for, gone, and asked for anew.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use continuo_tests::player::Player;

use crate::{
    keyboard::Place,
    parent::{LEFT, Parent, key},
};

/// Where things are in a window of the natural size: the button of the export, that of its folder.
const EXPORT: Place = (286, 29);
const FOLDER: Place = (345, 29);
/// In the panel: the path, and the button that opens the dialog; the same when it says what is wrong with a folder.
const PATH: Place = (480, 308);
const BROWSE: Place = (302, 338);
const BROWSE_INSTEAD: Place = (302, 357);

/// Puts a dialog that always chooses the same folder where the plugin looks for one, in `tools`, a folder of PATH.
fn dialog_chooses(tools: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(tools)?;
    fs::create_dir_all(folder)?;
    let script = tools.join("zenity");
    fs::write(&script, format!("#!/bin/sh\necho '{}'\n", folder.display()))?;
    fs::set_permissions(script, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Plays, exports, takes the folder away, and exports again.
pub fn is_asked_for(player: &mut Player, parent: &Parent, out: &Path) -> Result<()> {
    let tools = out.join("tools");
    let (first, second) = (out.join("first choice"), out.join("second choice"));
    for folder in [&first, &second] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    player.play(16.0)?;
    player.stop(0.5)?;
    player.aside(|plugin| plugin.open_window(parent.id))?;
    player.stop(1.0)?;
    let click = |player: &mut Player, (x, y): Place| -> Result<()> {
        parent.point(x, y)?;
        player.stop(0.6)?;
        parent.click(LEFT)?;
        player.stop(0.8)
    };
    dialog_chooses(&tools, &first)?;
    click(player, FOLDER)?;
    parent.picture(&out.join("folder.png"), (960, 620))?;
    click(player, PATH)?;
    parent.keys()?;
    parent.press(key::SPACE)?;
    player.stop(0.6)?;
    ensure!(parent.keys()?.is_empty(), "a path has no space");
    ensure!(parent.focused()? == parent.plugin()?, "a path is not typed");
    click(player, BROWSE)?;
    player.stop(1.5)?;
    click(player, EXPORT)?;
    let file = only_file(player, &first)?;
    let music = fs::read(&file)?;
    let state = String::from_utf8_lossy(&player.save_state()?).into_owned();
    ensure!(
        state.contains("first choice"),
        "the project forgets the folder"
    );

    fs::remove_dir_all(&first)?;
    dialog_chooses(&tools, &second)?;
    click(player, EXPORT)?;
    player.stop(1.0)?;
    parent.picture(&out.join("folder-gone.png"), (960, 620))?;
    ensure!(!first.exists(), "a folder that was gone was made anew");
    click(player, BROWSE_INSTEAD)?;
    let file = only_file(player, &second)?;
    ensure!(fs::read(file)? == music, "the music is another one");
    player.aside(|plugin| plugin.close_window())?;
    println!("a folder is chosen in a dialog, kept, and asked for when it is gone");
    Ok(())
}

/// The file in `folder`, as soon as there is one.
fn only_file(player: &mut Player, folder: &Path) -> Result<PathBuf> {
    for _ in 0..40 {
        let mut files = fs::read_dir(folder)?;
        if let Some(file) = files.next() {
            let path = file?.path();
            ensure!(files.next().is_none(), "more than one file");
            // It is being written.
            player.stop(0.5)?;
            return Ok(path);
        }
        player.stop(0.1)?;
    }
    None.with_context(|| format!("no file in {}", folder.display()))
}
