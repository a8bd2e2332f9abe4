//! `continuo eval --player`: what a style has learnt, and what it has forgotten.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use continuo_model::{
    controls::Role,
    eval::{
        lesson::{Player, by_role},
        likelihood::Cost,
    },
    midi_file::write_file,
    train::corpus::Piece,
    weights::Weights,
};

use super::{Eval, bar, files, spread};

/// Writes the player's files, or measures the style that came of them.
pub fn run(arguments: &Eval, player: &Player) -> anyhow::Result<()> {
    if player.songs.is_empty() || player.held_out.is_empty() {
        bail!(
            "{} has not two pieces of that source",
            arguments.file.display()
        );
    }
    match (&arguments.songs, &arguments.style) {
        (Some(folder), _) => {
            std::fs::create_dir_all(folder)?;
            for (id, song) in &player.songs {
                let name = id.replace(['/', '\\'], " ");
                write_file(&folder.join(name).with_extension("mid"), song)
                    .with_context(|| format!("cannot write into {}", folder.display()))?;
            }
            println!(
                "{} pieces in {}, {} held out",
                player.songs.len(),
                folder.display(),
                player.held_out.len()
            );
            Ok(())
        }
        (None, Some(style)) => {
            let before = files::generator(arguments.weights.as_deref())?;
            let after = files::styled(style)?;
            let weights = [before.weights(), after.weights()];
            println!(
                "nats a note (onset, pitch, duration){:>8}{:>9}{:>9}",
                "notes", "before", "after"
            );
            let own: Vec<&Piece> = player.held_out.iter().collect();
            table("the player's other pieces", &own, weights)?;
            let others = spread(&player.others, arguments.pieces.max(1));
            table("all other sources", &others, weights)
        }
        (None, None) => bail!("--player goes with --songs or --style"),
    }
}

/// Prints what `pieces` cost with each of two weights, by role and in all.
fn table(what: &str, pieces: &[&Piece], weights: [&Weights; 2]) -> anyhow::Result<()> {
    let progress = bar(2 * pieces.len(), what.to_owned())?;
    let costs = weights.map(|weights| by_role(weights, pieces, || progress.inc(1)));
    progress.finish_and_clear();
    println!("{what}, {} pieces", pieces.len());
    let [before, after] = &costs;
    for (role, cost) in before {
        let after = after.get(role).cloned().unwrap_or_default();
        row(role.name(), cost, &after);
    }
    let mean = |costs: &BTreeMap<Role, Cost>| {
        costs.values().map(nats).sum::<f64>() / costs.len().max(1) as f64
    };
    println!(
        "  {:<34}{:>8}{:>9.3}{:>9.3}",
        "mean over the roles",
        "",
        mean(before),
        mean(after)
    );
    Ok(())
}

/// Nats a note of onset, pitch and duration.
fn nats(cost: &Cost) -> f64 {
    cost.per_note(&cost.network) * std::f64::consts::LN_2
}

fn row(name: &str, before: &Cost, after: &Cost) {
    println!(
        "  {name:<34}{:>8}{:>9.3}{:>9.3}",
        before.notes,
        nats(before),
        nats(after)
    );
}
