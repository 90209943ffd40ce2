//! What an update does to sets: for people, programs, spreadsheets and worklists.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use xwalk_model::{Code, CodeSystem, EditionId, SetLine, ValueSet};
use xwalk_rules::{Finding, FindingClass, FindingKind, SetCheck};

use crate::{Look, safe_cell};

/// A set with what was found.
#[derive(Debug)]
pub struct CheckedSet<'a> {
    /// The file, with the sheet where it is a workbook.
    pub place: String,
    /// The set.
    pub set: &'a ValueSet,
    /// What was found.
    pub check: SetCheck,
    /// For each finding whether it was expected.
    pub expected: Vec<bool>,
}

/// All sets of a run.
#[derive(Debug)]
pub struct Checks<'a> {
    /// The old edition.
    pub from: &'a EditionId,
    /// The later edition.
    pub to: &'a EditionId,
    /// What a reader has to know, for instance that an edition has no notes.
    pub remarks: Vec<String>,
    /// The sets, in the order of the files.
    pub sets: Vec<CheckedSet<'a>>,
    /// Expected differences that were not found: set, kind, code.
    pub stale: Vec<[String; 3]>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    from: String,
    to: String,
    remarks: &'a [String],
    counts: BTreeMap<&'static str, usize>,
    unexpected: usize,
    sets: Vec<SetOut<'a>>,
    stale: &'a [[String; 3]],
}

#[derive(Serialize)]
struct SetOut<'a> {
    set: &'a str,
    owner: &'a str,
    file: &'a str,
    lines: usize,
    before: usize,
    after: usize,
    findings: Vec<FindingOut<'a>>,
}

#[derive(Serialize)]
struct FindingOut<'a> {
    kind: &'static str,
    class: &'static str,
    code: String,
    title: &'a str,
    text: Option<&'a str>,
    row: Option<u32>,
    column: Option<u32>,
    others: Vec<String>,
    message: &'a str,
    expected: bool,
}

fn class(kind: FindingKind) -> &'static str {
    match kind.class() {
        FindingClass::Update => "update",
        FindingClass::List => "list",
        FindingClass::Remark => "remark",
    }
}

fn shown(code: &Code, system: CodeSystem) -> String {
    code.display(system)
}

impl CheckedSet<'_> {
    fn line(&self, finding: &Finding) -> Option<&SetLine> {
        finding.line.and_then(|i| self.set.lines.get(i))
    }

    fn rows(&self) -> impl Iterator<Item = FindingOut<'_>> {
        self.check.findings.iter().zip(&self.expected).map(|(finding, expected)| {
            let line = self.line(finding);
            FindingOut {
                kind: finding.kind.id(),
                class: class(finding.kind),
                code: shown(&finding.code, self.set.system),
                title: &finding.title,
                text: line.map(|l| l.text.as_str()),
                row: line.map(|l| l.at.line),
                column: line.map(|l| l.at.column),
                others: finding.others.iter().map(|c| shown(c, self.set.system)).collect(),
                message: &finding.message,
                expected: *expected,
            }
        })
    }

    /// Findings that somebody has to look at and that nobody expected.
    pub fn unexpected(&self) -> usize {
        let open = |(f, expected): &(&Finding, &bool)| f.kind.class() != FindingClass::Remark && !**expected;
        self.check.findings.iter().zip(&self.expected).filter(open).count()
    }
}

impl Checks<'_> {
    /// Findings that somebody has to look at and that nobody expected.
    pub fn unexpected(&self) -> usize {
        self.sets.iter().map(CheckedSet::unexpected).sum()
    }

    fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for finding in self.sets.iter().flat_map(|s| &s.check.findings) {
            *counts.entry(finding.kind.id()).or_default() += 1;
        }
        counts
    }

    /// For programs: schema `xwalk.rules-check/1`.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let document = Document {
            schema: "xwalk.rules-check/1",
            from: self.from.to_string(),
            to: self.to.to_string(),
            remarks: &self.remarks,
            counts: self.counts(),
            unexpected: self.unexpected(),
            sets: self
                .sets
                .iter()
                .map(|s| SetOut {
                    set: &s.set.name,
                    owner: &s.set.owner,
                    file: &s.place,
                    lines: s.set.lines.len(),
                    before: s.check.before,
                    after: s.check.after,
                    findings: s.rows().collect(),
                })
                .collect(),
            stale: &self.stale,
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        out.write_all(b"\n")
    }

    /// For spreadsheets: a row for each finding, by owner and set.
    pub fn write_csv(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record([
            "owner", "set", "file", "row", "column", "line", "kind", "class", "code", "title", "others",
            "message", "expected",
        ])?;
        for set in self.by_owner() {
            for row in set.rows() {
                let number = |n: Option<u32>| n.map_or(String::new(), |n| n.to_string());
                table.write_record([
                    &*safe_cell(&set.set.owner),
                    &*safe_cell(&set.set.name),
                    &*safe_cell(&set.place),
                    &number(row.row),
                    &number(row.column),
                    &*safe_cell(row.text.unwrap_or("")),
                    row.kind,
                    row.class,
                    &row.code,
                    &*safe_cell(row.title),
                    &row.others.join(" "),
                    &*safe_cell(row.message),
                    if row.expected { "true" } else { "false" },
                ])?;
            }
        }
        table.flush()
    }

    /// The differences that are known from now on: `set,kind,code`.
    pub fn write_expected(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(["set", "kind", "code"])?;
        for set in &self.sets {
            for finding in set.check.to_do() {
                let code = shown(&finding.code, set.set.system);
                table.write_record([&*safe_cell(&set.set.name), finding.kind.id(), &code])?;
            }
        }
        table.flush()
    }

    fn by_owner(&self) -> Vec<&CheckedSet<'_>> {
        let mut sets: Vec<&CheckedSet<'_>> = self.sets.iter().collect();
        sets.sort_by(|a, b| a.set.owner.cmp(&b.set.owner));
        sets
    }

    /// For people: sets by owner, and under each what has to be done. Remarks are counted, or listed with `all`.
    pub fn write_text(&self, all: bool, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
        let touched = self.sets.iter().filter(|s| s.unexpected() > 0).count();
        writeln!(out, "{} to {}", look.bold(self.from), look.bold(self.to))?;
        for remark in &self.remarks {
            writeln!(out, "{} {remark}", look.warning("note:"))?;
        }
        writeln!(
            out,
            "{} sets, {touched} with something to do, {} findings",
            self.sets.len(),
            self.unexpected()
        )?;
        for (kind, count) in self.counts() {
            writeln!(out, "  {count:>7}  {kind}")?;
        }
        let mut owner: Option<&str> = None;
        for set in self.by_owner() {
            let listed: Vec<(&Finding, bool)> = set
                .check
                .findings
                .iter()
                .zip(set.expected.iter().copied())
                .filter(|(f, expected)| all || (!expected && f.kind.class() != FindingClass::Remark))
                .collect();
            if listed.is_empty() {
                continue;
            }
            if owner != Some(&set.set.owner) && !set.set.owner.is_empty() {
                writeln!(out, "\n{}", look.bold(&set.set.owner))?;
            }
            owner = Some(&set.set.owner);
            writeln!(
                out,
                "\n{}  {}, {} lines, {} codes before, {} after",
                look.bold(&set.set.name),
                set.place,
                set.set.lines.len(),
                set.check.before,
                set.check.after
            )?;
            for (finding, expected) in listed {
                let line = set.line(finding);
                let place = line.map_or("-".to_owned(), |l| format!("{}:{}", l.at.line, l.at.column));
                let code = shown(&finding.code, set.set.system);
                let kind = finding.kind.id();
                let known = if expected { " (expected)" } else { "" };
                writeln!(out, "  {place:<8} {:<14} {code:<9} {}{known}", look.warning(kind), finding.title)?;
                let others: Vec<String> =
                    finding.others.iter().take(12).map(|c| shown(c, set.set.system)).collect();
                let more = finding.others.len().saturating_sub(12);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let others =
                    if others.is_empty() { String::new() } else { format!(": {}{more}", others.join(" ")) };
                writeln!(out, "           {}{others}", look.faint(&finding.message))?;
            }
        }
        for [set, kind, code] in &self.stale {
            writeln!(
                out,
                "{} {kind} of {code} in {set} was expected and is not there",
                look.warning("stale:")
            )?;
        }
        Ok(())
    }
}
