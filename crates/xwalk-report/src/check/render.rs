//! Feedback and claims as text, JSON and CSV.

use std::io;

use serde::Serialize;

use super::{Claims, Conflict, Feedback, Instead, Reason};
use crate::{Look, grouped, safe_cell};

/// How many codes to use instead are printed before the rest is counted.
const SHOWN: usize = 6;

fn alternative(instead: &Instead) -> String {
    let codes: Vec<String> = instead.codes.iter().map(|(code, title)| format!("{code} {title}")).collect();
    let with = if instead.with.is_empty() {
        String::new()
    } else {
        format!(" (if together with {})", instead.with.join(" or "))
    };
    format!("{}{with}", codes.join(" and "))
}

/// For people.
pub fn write_text(
    all: &[Feedback],
    conflicts: &[Conflict],
    look: Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for feedback in all {
        let code = feedback.code.as_deref().unwrap_or(&feedback.given);
        let (sign, word) = match feedback.reason {
            Reason::Valid => ("\u{2713}", look.added(format!("{code}  valid"))),
            Reason::NoEdition => ("?", look.warning(format!("{code}  {}", feedback.reason.label()))),
            _ => ("\u{2717}", look.removed(format!("{code}  {}", feedback.reason.label()))),
        };
        writeln!(out, "{sign} {word}")?;
        writeln!(out, "  {}", feedback.sentence)?;
        if !feedback.instead.is_empty() {
            let word = if feedback.instead_count == 1 { "use:" } else { "use one of:" };
            writeln!(out, "  {word}")?;
            for instead in feedback.instead.iter().take(SHOWN) {
                writeln!(out, "    {}", alternative(instead))?;
            }
            if feedback.instead_count > SHOWN {
                writeln!(out, "    … and {} more", feedback.instead_count - SHOWN)?;
            }
        }
        if !feedback.notes.is_empty() {
            writeln!(out, "  notes that apply:")?;
            for note in feedback.notes.iter().filter(|n| !n.broad) {
                writeln!(out, "    {} ({}): {}", note.kind, note.at, note.text)?;
            }
            let broad = feedback.notes.iter().filter(|n| n.broad).count();
            if broad > 0 {
                writeln!(out, "    … and {broad} of its section and chapter (--format json lists them)")?;
            }
        }
        for remark in &feedback.remarks {
            writeln!(out, "  {} {remark}", look.faint("note:"))?;
        }
    }
    // A pair may be kept apart by several notes, at either code; it is told once.
    let pair = |c: &Conflict| {
        let (a, b) = (c.code.clone(), c.excluded.clone());
        if a <= b { (a, b) } else { (b, a) }
    };
    let mut pairs: Vec<(String, String)> = conflicts.iter().map(pair).collect();
    pairs.sort();
    pairs.dedup();
    for both in pairs {
        writeln!(out, "{} {} and {} are not coded together", look.warning("!"), both.0, both.1)?;
        for conflict in conflicts.iter().filter(|c| pair(c) == both) {
            writeln!(out, "  Excludes1 at {} ({}): {}", conflict.at, conflict.edition, conflict.text)?;
        }
    }
    Ok(())
}

/// For programs.
pub fn write_json(all: &[Feedback], conflicts: &[Conflict], out: &mut dyn io::Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        codes: &'a [Feedback],
        conflicts: &'a [Conflict],
    }
    serde_json::to_writer_pretty(&mut *out, &Document { schema: "xwalk.check/1", codes: all, conflicts })?;
    out.write_all(b"\n")
}

/// For spreadsheets: a row for each code.
pub fn write_csv(all: &[Feedback], out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["code", "on", "reason", "edition", "title", "instead", "answer"])?;
    for f in all {
        table.write_record([
            &*safe_cell(f.code.as_deref().unwrap_or(&f.given)),
            &f.on.to_string(),
            f.reason.id(),
            &f.edition.as_ref().map_or(String::new(), ToString::to_string),
            &*safe_cell(f.title.as_deref().unwrap_or("")),
            &instead_codes(&f.instead),
            &*safe_cell(&f.sentence),
        ])?;
    }
    table.flush()
}

fn instead_codes(all: &[Instead]) -> String {
    let one = |i: &Instead| i.codes.iter().map(|(c, _)| c.as_str()).collect::<Vec<_>>().join(" + ");
    all.iter().map(one).collect::<Vec<_>>().join(" | ")
}

impl Claims {
    /// For people.
    pub fn write_text(&self, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(
            out,
            "{}: {} codes on {} rows checked",
            look.bold(&self.file),
            grouped(self.codes),
            grouped(self.rows)
        )?;
        writeln!(out)?;
        for (reason, count) in &self.by_reason {
            writeln!(out, "  {:<42} {count:>12}", reason.label())?;
        }
        if self.suppressed {
            writeln!(
                out,
                "  {} counts under {} are not told, nor what would give them away (--min-cell 0 tells all)",
                look.faint("note:"),
                self.min_cell
            )?;
        }
        let mut last = None;
        for row in &self.denied {
            if last != Some(row.reason) {
                let verdict = if row.reason.is_denied() { "a payer would deny" } else { "nobody can judge" };
                writeln!(out, "\n{}: {verdict}", look.bold(row.reason.label()))?;
                last = Some(row.reason);
            }
            let dates = match (row.from, row.to) {
                (Some(from), Some(to)) if from != to => format!("  {from} to {to}"),
                (Some(from), _) => format!("  {from}"),
                _ => String::new(),
            };
            writeln!(out, "  {:<9} {:>8}{dates}", row.code, row.count)?;
            writeln!(out, "            {}", row.sentence)?;
            if !row.instead.is_empty() {
                let codes: Vec<String> = row.instead.iter().take(SHOWN).map(alternative).collect();
                let more = row.instead_count.saturating_sub(SHOWN);
                let more = if more > 0 { format!("; and {more} more") } else { String::new() };
                writeln!(out, "            use {}{more}", codes.join("; or "))?;
            }
        }
        Ok(())
    }

    /// For programs.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: &'static str,
            #[serde(flatten)]
            claims: &'a Claims,
        }
        serde_json::to_writer_pretty(&mut *out, &Document { schema: "xwalk.check-claims/1", claims: self })?;
        out.write_all(b"\n")
    }

    /// For spreadsheets: a row for each code and reason.
    pub fn write_csv(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(["reason", "code", "count", "first_date", "last_date", "instead", "answer"])?;
        let date = |d: Option<jiff::civil::Date>| d.map_or(String::new(), |d| d.to_string());
        for row in &self.denied {
            table.write_record([
                row.reason.id(),
                &*safe_cell(&row.code),
                &row.count.to_string(),
                &date(row.from),
                &date(row.to),
                &instead_codes(&row.instead),
                &*safe_cell(&row.sentence),
            ])?;
        }
        table.flush()
    }
}
