//! Audits, as `audit` prints them.

use std::io;

use xwalk_diff::{Audit, Verdict};
use xwalk_model::Block;

use crate::{Look, grouped, safe_cell};

/// How many findings with the same explanation are printed before the rest is counted.
const SHOWN: usize = 5;

/// For people.
pub fn write_text(audits: &[Audit], all: bool, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    for audit in audits {
        write_one(audit, all, look, out)?;
    }
    let count = |v| audits.iter().filter(|a| a.verdict() == v).count();
    writeln!(
        out,
        "{}",
        look.bold(format!(
            "{} official lists: {} agree, {} differ for a known cause, {} disagree",
            audits.len(),
            count(Verdict::Agrees),
            count(Verdict::Explained),
            count(Verdict::Disagrees)
        ))
    )
}

fn write_one(audit: &Audit, all: bool, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let verdict = match audit.verdict() {
        Verdict::Agrees => look.added("agrees".to_owned()),
        Verdict::Explained => look.warning("differs for a known cause".to_owned()),
        Verdict::Disagrees => look.removed("disagrees".to_owned()),
    };
    let baseline = audit.from.as_ref().map_or("no baseline held".to_owned(), ToString::to_string);
    writeln!(
        out,
        "{}  {baseline} to {}  {} lines: {verdict}",
        look.bold(&audit.file),
        audit.to,
        audit.lines
    )?;
    if !audit.checks.is_empty() {
        writeln!(out, "  {:<38} {:>9} {:>9} {:>9}", "", "official", "listed", "computed")?;
        for check in &audit.checks {
            let block = if check.block == Block::Codes { "codes" } else { "headers" };
            let number = |n: Option<u64>| n.map_or("-".to_owned(), grouped);
            let differs = check.computed.is_some_and(|c| c != check.official)
                || check.listed.is_some_and(|l| l != check.official && audit.lines > 0);
            let mark = if differs { look.warning(" <") } else { look.warning("") };
            writeln!(
                out,
                "  {:<38} {:>9} {:>9} {:>9}{mark}",
                format!("{block}, {}", check.counted.label()),
                grouped(check.official),
                number(check.listed),
                number(check.computed)
            )?;
        }
    }
    for remark in &audit.remarks {
        writeln!(out, "  {} {remark}", look.faint("note:"))?;
    }
    let mut shown: std::collections::BTreeMap<Option<&str>, usize> = std::collections::BTreeMap::new();
    for finding in &audit.findings {
        let so_far = shown.entry(finding.explanation.as_deref()).or_default();
        *so_far += 1;
        if *so_far > SHOWN && !all && finding.explanation.is_some() {
            continue;
        }
        let place = finding.at.map_or(String::new(), |at| format!(":{at}"));
        match &finding.explanation {
            None => {
                writeln!(out, "  {}{place}: {} {}", audit.file, look.removed("disagrees:"), finding.message)?;
            }
            Some(why) => writeln!(
                out,
                "  {}{place}: {}\n    {} {why}",
                audit.file,
                finding.message,
                look.faint("because")
            )?,
        }
    }
    if !all {
        for (why, number) in shown.iter().filter_map(|(why, n)| Some(((*why)?, n.checked_sub(SHOWN)?))) {
            if number > 0 {
                writeln!(out, "  … and {number} more because {why} (--all lists them)")?;
            }
        }
    }
    writeln!(out)
}

/// For programs.
pub fn write_json(audits: &[Audit], out: &mut dyn io::Write) -> io::Result<()> {
    #[derive(serde::Serialize)]
    struct Row<'a> {
        verdict: Verdict,
        #[serde(flatten)]
        audit: &'a Audit,
    }
    let rows: Vec<Row<'_>> = audits.iter().map(|audit| Row { verdict: audit.verdict(), audit }).collect();
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    out.write_all(b"\n")
}

/// For spreadsheets: a row for each finding.
pub fn write_csv(audits: &[Audit], out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["file", "line", "from", "to", "code", "action", "finding", "explanation"])?;
    for audit in audits {
        for finding in &audit.findings {
            table.write_record([
                audit.file.as_str(),
                &finding.at.map_or(String::new(), |at| at.line.to_string()),
                &audit.from.as_ref().map_or(String::new(), ToString::to_string),
                &audit.to.to_string(),
                &finding.code.as_ref().map_or(String::new(), |c| c.display(audit.to.system)),
                finding.action.map_or("", xwalk_model::Action::label),
                &safe_cell(&finding.message),
                finding.explanation.as_deref().unwrap_or(""),
            ])?;
        }
    }
    table.flush()
}
