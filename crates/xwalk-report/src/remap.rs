//! The summary of a remapped table: JSON to be kept and signed, text for the one who waits.

use std::io;

use xwalk_remap::{Policy, Summary};

use crate::grouped;
use crate::style::Look;

/// How many lost codes the text names.
const SHOWN: usize = 10;

/// Writes the summary as JSON (schema `xwalk.remap/1`).
pub fn write_json(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, summary)?;
    writeln!(out)
}

/// Writes the summary for people.
pub fn write_text(summary: &Summary, _: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let s = summary;
    let tables = match &s.files[..] {
        [file] => file.input.clone(),
        files => format!("{} tables", grouped(files.len() as u64)),
    };
    writeln!(
        out,
        "{tables}: {} rows, {} to {}, policy {}",
        grouped(s.rows.read),
        s.from,
        s.to,
        s.policy.id()
    )?;
    if s.rows.written != s.rows.read {
        writeln!(out, "  {} rows were written", grouped(s.rows.written))?;
    }
    if s.rows.set_aside > 0 {
        writeln!(out, "  {} rows could not be used and were set aside", grouped(s.rows.set_aside))?;
    }
    if let Some(line) = s.rows.first_ragged {
        let rows = grouped(s.rows.ragged);
        writeln!(out, "  {rows} rows have other than the usual number of fields, the first at line {line}")?;
    }
    if s.rows.undated > 0 {
        writeln!(out, "  {} rows have no date", grouped(s.rows.undated))?;
    }
    let what = if s.columns.is_empty() {
        // Resources have Codings everywhere.
        "codings".to_owned()
    } else {
        format!("cells in {}", s.columns.join(", "))
    };
    let cells = &s.cells;
    writeln!(
        out,
        "  {} {what}: {} empty, {} with a code",
        grouped(cells.total),
        grouped(cells.empty + cells.missing),
        grouped(cells.codes)
    )?;
    let share = |n: u64| {
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits than a float has")]
        let share = if cells.codes == 0 { 0.0 } else { 100.0 * n as f64 / cells.codes as f64 };
        format!("{share:.2} %")
    };
    writeln!(out, "\n  {:<28}{:>16}{:>10}{:>16}", "outcome", "cells", "share", "distinct codes")?;
    for outcome in &s.outcomes {
        let hidden = || s.min_cell.map_or(String::new(), |least| format!("under {least}"));
        let number = |n: Option<u64>| n.map_or_else(hidden, grouped);
        let more = if outcome.at_least { "+" } else { "" };
        writeln!(
            out,
            "  {:<28}{:>16}{:>10}{:>16}{more}",
            outcome.outcome.id(),
            number(outcome.cells),
            outcome.cells.map_or(String::new(), share),
            number(outcome.distinct)
        )?;
    }
    let word = if s.policy == Policy::All { "with alternatives" } else { "with a target" };
    writeln!(out, "\n  {:<28}{:>16}{:>10}", word, grouped(cells.mapped), share(cells.mapped))?;
    writeln!(out, "  {:<28}{:>16}{:>10}", "without", grouped(cells.unmapped), share(cells.unmapped))?;
    for (word, count) in [
        ("chosen among several", cells.chosen),
        ("decided by a reviewer", cells.reviewed),
        ("combined within a row", cells.combined),
        ("no room for a combination", cells.no_room),
        ("survive with less scope", cells.scope_lost),
    ] {
        if count > 0 {
            writeln!(out, "  {word:<28}{:>16}{:>10}", grouped(count), share(count))?;
        }
    }
    if !s.top_unmapped.is_empty() {
        writeln!(out, "\n  most frequent without a target")?;
        for code in s.top_unmapped.iter().take(SHOWN) {
            let title: String = code.title.chars().take(50).collect();
            writeln!(
                out,
                "  {:<12}{:<26}{:>14}  {title}",
                code.code,
                code.outcome.id(),
                grouped(code.count)
            )?;
        }
    }
    Ok(())
}
