//! The table that the demo prints.

use std::fmt;

use continuo_model::chord::Key;

use super::take::{Take, share_in_key};
use crate::counters::Counters;

/// One take in figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The clip's name.
    pub clip: String,
    /// The name of the role or the preset.
    pub part: &'static str,
    /// Notes heard.
    pub heard: usize,
    /// Notes generated.
    pub generated: usize,
    /// Notes that arrived after their time.
    pub late: u64,
    /// Notes that were not played.
    pub dropped: u64,
    /// Notes that never ended.
    pub stuck: usize,
    /// Share 0..=1 of the generated notes in the clip's key.
    pub in_key: Option<f64>,
    /// Planning time in milliseconds a generated note.
    pub milliseconds: Option<f64>,
}

impl Row {
    /// The figures of `take`.
    #[must_use]
    pub fn of(clip: &str, part: &'static str, take: &Take, key: Option<Key>) -> Self {
        let counted = &take.counted;
        let nanoseconds = counted.planning_nanoseconds as f64;
        Self {
            clip: clip.to_owned(),
            part,
            heard: take.heard,
            generated: take.generated,
            late: counted.late,
            dropped: counted.dropped,
            stuck: take.stuck,
            in_key: key.and_then(|key| share_in_key(take, key)),
            milliseconds: (counted.notes_generated > 0)
                .then(|| nanoseconds / counted.notes_generated as f64 / 1e6),
        }
    }

    fn cells(&self) -> [String; 9] {
        let dash = || "–".to_owned();
        [
            self.clip.clone(),
            self.part.to_owned(),
            self.heard.to_string(),
            self.generated.to_string(),
            self.late.to_string(),
            self.dropped.to_string(),
            self.stuck.to_string(),
            self.in_key
                .map_or_else(dash, |share| format!("{:.0} %", share * 100.0)),
            self.milliseconds
                .map_or_else(dash, |time| format!("{time:.1}")),
        ]
    }
}

/// Rows under a heading, in columns.
pub struct Table(pub Vec<Row>);

const HEADING: [&str; 9] = [
    "clip",
    "part",
    "heard",
    "generated",
    "late",
    "dropped",
    "stuck",
    "in key",
    "ms a note",
];

/// The first columns hold words and stand left, the others figures and stand right.
const WORDS: usize = 2;

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![HEADING.map(str::to_owned)];
        lines.extend(self.0.iter().map(Row::cells));
        let width = |column: usize| {
            let cells = lines.iter().map(|line| line[column].chars().count());
            cells.max().unwrap_or(0)
        };
        for (number, line) in lines.iter().enumerate() {
            let cells = line.iter().enumerate().map(|(column, cell)| {
                let width = width(column);
                if column < WORDS {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
            if number == 0 {
                let rules = (0..HEADING.len()).map(|column| "─".repeat(width(column)));
                writeln!(f, "{}", rules.collect::<Vec<_>>().join("  "))?;
            }
        }
        Ok(())
    }
}

/// What became of the bars of several takes, in a line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bars {
    planned: u64,
    from_earlier_pass: u64,
    moved: u64,
    rested: u64,
}

impl Bars {
    /// Adds those of a take.
    pub fn add(&mut self, counted: &Counters) {
        self.planned += counted.bars_planned;
        self.from_earlier_pass += counted.bars_from_earlier_pass;
        self.moved += counted.bars_moved;
        self.rested += counted.bars_rested;
    }
}

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bars planned in time", self.planned)?;
        for (count, what) in [
            (self.from_earlier_pass, "played from an earlier pass"),
            (self.moved, "made from the bar before"),
            (self.rested, "rested"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = Row {
            clip: "kesh-jig".to_owned(),
            part: "Bass",
            heard: 90,
            generated: 12,
            late: 0,
            dropped: 0,
            stuck: 0,
            in_key: Some(0.991),
            milliseconds: None,
        };
        let drums = Row {
            part: "Drums",
            in_key: None,
            milliseconds: Some(1.26),
            generated: 1234,
            ..row.clone()
        };
        let expected = "\
clip      part   heard  generated  late  dropped  stuck  in key  ms a note
────────  ─────  ─────  ─────────  ────  ───────  ─────  ──────  ─────────
kesh-jig  Bass      90         12     0        0      0    99 %          –
kesh-jig  Drums     90       1234     0        0      0       –        1.3
";
        assert_eq!(Table(vec![row, drums]).to_string(), expected);
    }

    #[test]
    fn only_the_rungs_that_were_used_are_told() {
        let mut bars = Bars::default();
        let take = Counters {
            bars_planned: 16,
            ..Counters::default()
        };
        bars.add(&take);
        assert_eq!(bars.to_string(), "16 bars planned in time");
        bars.add(&Counters {
            bars_moved: 2,
            ..take
        });
        let expected = "32 bars planned in time, 2 made from the bar before";
        assert_eq!(bars.to_string(), expected);
    }
}
