//! A summary for wikis, mails and repositories.

use std::io;

use xwalk_diff::Verdict;
use xwalk_model::{Mark, MarkKind};

use super::{Alternative, ChangeRow, Kind, Named, Summary};
use crate::grouped;

/// Text that Markdown shows as it is.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' | '\t' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

/// Puts a mark around a piece; blanks at its ends stay outside, since Markdown wants it so.
fn marked(piece: &str, mark: &str) -> String {
    let inner = piece.trim();
    if inner.is_empty() {
        return piece.to_owned();
    }
    let start = &piece[..piece.len() - piece.trim_start().len()];
    let end = &piece[piece.trim_end().len()..];
    format!("{start}{mark}{}{mark}{end}", plain(inner))
}

/// A title before (what went is struck through) or after (what came is bold).
fn side(marks: &[Mark], shown: MarkKind) -> String {
    marks
        .iter()
        .filter_map(|mark| match mark.kind {
            MarkKind::Same => Some(plain(&mark.text)),
            MarkKind::Removed if shown == MarkKind::Removed => Some(marked(&mark.text, "~~")),
            MarkKind::Added if shown == MarkKind::Added => Some(marked(&mark.text, "**")),
            _ => None,
        })
        .collect()
}

fn title(text: Option<&str>) -> String {
    text.map_or_else(|| "_descriptor left out_".to_owned(), plain)
}

fn named(named: &Named) -> String {
    match &named.title {
        Some(title) => format!("{} {}", plain(&named.code), plain(title)),
        None => plain(&named.code),
    }
}

fn codes(list: &[Named]) -> String {
    list.iter().map(|n| plain(&n.code)).collect::<Vec<_>>().join(", ")
}

fn alternatives(ways: &[Alternative]) -> String {
    let way = |a: &Alternative| {
        let codes = a.codes.iter().map(|n| plain(&n.code)).collect::<Vec<_>>().join(" and ");
        if a.with.is_empty() { codes } else { format!("{codes} (together with {})", self::codes(&a.with)) }
    };
    match ways {
        // A table that names whole categories is not told code by code.
        [first, .., last] if ways.len() > 40 => {
            format!("one of {} codes from {} to {}", grouped(ways.len() as u64), way(first), way(last))
        }
        _ => ways.iter().map(way).collect::<Vec<_>>().join(", or "),
    }
}

pub(super) fn write(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    let h = &summary.headline;
    writeln!(
        out,
        "# What changed in {} from {} to {}\n",
        summary.system_name, summary.from.version, summary.to.version
    )?;
    writeln!(
        out,
        "Counted from {} (in effect {}) to {} (in effect {}).\n",
        summary.from.id, summary.from.effective, summary.to.id, summary.to.effective
    )?;
    writeln!(
        out,
        "| | Added | Deleted | Revised | Before | After |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    )?;
    let [added, deleted, revised] = h.computed().map(grouped);
    writeln!(
        out,
        "| computed | {added} | {deleted} | {revised} | {} | {} |",
        grouped(h.before),
        grouped(h.after)
    )?;
    if h.numbers.iter().any(|n| n.official.is_some()) {
        let number = |n: Option<u64>| n.map_or("–".to_owned(), grouped);
        let official: Vec<String> = h.numbers.iter().map(|n| number(n.official)).collect();
        let totals = h.official_totals.map(number);
        writeln!(out, "| official | {} | {} | {} |", official.join(" | "), totals[0], totals[1])?;
    }
    writeln!(out, "\n{}\n", plain(&summary.reconciliation.sentence))?;
    if let Some(selection) = &summary.selection {
        writeln!(
            out,
            "Selected: {}. The tables hold {} of the added, {} of the deleted and {} of the revised codes.\n",
            plain(&selection.words),
            grouped(selection.added),
            grouped(selection.deleted),
            grouped(selection.revised)
        )?;
    }
    for caveat in &summary.caveats {
        writeln!(out, "> To know: {}\n", plain(caveat))?;
    }
    write_chapters(summary, out)?;
    write_years(summary, out)?;
    write_scope_loss(summary, out)?;
    for kind in Kind::ALL {
        write_kind(summary, kind, out)?;
    }
    write_notes(summary, out)?;
    write_attributes(summary, out)?;
    write_method(summary, out)
}

fn write_chapters(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    if !summary.has_chapters() {
        return Ok(());
    }
    writeln!(
        out,
        "## {}\n\n| | Range | Title | Added | Deleted | Revised |\n| --- | --- | --- | ---: | ---: | ---: |",
        summary.by_chapter()
    )?;
    for chapter in &summary.chapters {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            plain(&chapter.key),
            chapter.range,
            plain(&chapter.title),
            grouped(chapter.added),
            grouped(chapter.deleted),
            grouped(chapter.revised)
        )?;
    }
    let [added, deleted, revised] = summary.headline.computed().map(grouped);
    writeln!(out, "| | | Sum, equal to the headline | {added} | {deleted} | {revised} |\n")?;
    writeln!(out, "Placed by {}.\n", plain(&summary.chapter_source))
}

fn write_years(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    if summary.years.len() < 2 {
        return Ok(());
    }
    writeln!(
        out,
        "## Over the years\n\n| Edition | Added | Deleted | Revised | Codes |\n| --- | ---: | ---: | ---: | ---: |"
    )?;
    for year in &summary.years {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            year.version,
            grouped(year.added),
            grouped(year.deleted),
            grouped(year.revised),
            grouped(year.after)
        )?;
    }
    writeln!(out)
}

fn write_scope_loss(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    if summary.scope_loss.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Scope loss ({})\n", summary.scope_loss.len())?;
    writeln!(
        out,
        "These codes stayed and mean less than before.\n\n| Code | Title | New codes carved out |\n| --- | --- | --- |"
    )?;
    for loss in &summary.scope_loss {
        writeln!(
            out,
            "| {} | {} | {} |",
            plain(&loss.code.code),
            title(loss.code.title.as_deref()),
            codes(&loss.into)
        )?;
    }
    writeln!(out)
}

fn write_kind(summary: &Summary, kind: Kind, out: &mut dyn io::Write) -> io::Result<()> {
    let rows: Vec<&ChangeRow> = summary.of(kind).collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {} ({})\n", kind.heading(), grouped(rows.len() as u64))?;
    match kind {
        Kind::Revised | Kind::Editorial => writeln!(out, "| Code | Before | After |\n| --- | --- | --- |")?,
        Kind::Added => writeln!(out, "| Code | Title | Used before |\n| --- | --- | --- |")?,
        Kind::Moved => writeln!(out, "| Code | Title | From, to |\n| --- | --- | --- |")?,
        _ => writeln!(out, "| Code | Title | Use instead |\n| --- | --- | --- |")?,
    }
    for row in rows {
        let signs: String = row.cpt_marks.iter().flat_map(|m| [" ", m.sign()]).collect();
        let code = format!("{}{}", plain(&row.code), plain(&signs));
        match (kind, row.titles.first()) {
            (Kind::Revised | Kind::Editorial, Some(first)) if !first.marks.is_empty() => writeln!(
                out,
                "| {code} | {} | {} |",
                side(&first.marks, MarkKind::Removed),
                side(&first.marks, MarkKind::Added)
            )?,
            (Kind::Revised | Kind::Editorial, _) => writeln!(out, "| {code} | {} | |", title(None))?,
            (Kind::Added, _) => writeln!(
                out,
                "| {code} | {}{} | {} |",
                title(row.title.as_deref()),
                if row.counted { "" } else { " _(not in the headline)_" },
                alternatives(&row.previous)
            )?,
            (Kind::Moved, _) => {
                let place = |n: &Option<Named>| n.as_ref().map_or("the top".to_owned(), named);
                writeln!(
                    out,
                    "| {code} | {} | {} → {} |",
                    title(row.title.as_deref()),
                    place(&row.parent_before),
                    place(&row.parent)
                )?;
            }
            _ => writeln!(
                out,
                "| {code} | {} | {} |",
                title(row.title.as_deref()),
                alternatives(&row.successors)
            )?,
        }
    }
    writeln!(out)
}

fn write_notes(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    if summary.notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Notes ({})\n", summary.notes.len())?;
    if let Some([from, to]) = &summary.notes_from {
        writeln!(out, "Compared between the tabular lists {from} and {to}.\n")?;
    }
    writeln!(out, "| Heading | Added | Removed |\n| --- | ---: | ---: |")?;
    for n in &summary.note_counts {
        writeln!(out, "| {} | {} | {} |", n.label, grouped(n.added), grouped(n.removed))?;
    }
    writeln!(out)?;
    for m in &summary.note_moves {
        writeln!(out, "{} moved from {} to {}.\n", grouped(m.count), m.from, m.to)?;
    }
    writeln!(out, "| Code | Heading | | Text |\n| --- | --- | --- | --- |")?;
    for note in &summary.notes {
        let heading = match note.was {
            Some(was) => format!("{was} → {}", note.kind),
            None => note.kind.to_owned(),
        };
        writeln!(out, "| {} | {heading} | {} | {} |", plain(&note.code), note.action, plain(&note.text))?;
    }
    writeln!(out)
}

fn write_attributes(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    if summary.attributes.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "## Attributes ({})\n\n| Code | Attribute | Before | After |\n| --- | --- | --- | --- |",
        summary.attributes.len()
    )?;
    for row in &summary.attributes {
        let value = |v: &Option<String>| v.as_deref().map_or("none".to_owned(), plain);
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            plain(&row.code),
            plain(&row.name),
            value(&row.from),
            value(&row.to)
        )?;
    }
    writeln!(out)
}

fn write_method(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "## Glossary\n")?;
    for term in &summary.glossary {
        writeln!(out, "- **{}**: {}", plain(term.term), plain(term.meaning))?;
    }
    writeln!(out, "\n## Method and sources\n")?;
    for side in [&summary.from, &summary.to] {
        for remark in &side.remarks {
            writeln!(out, "- {}: {}", side.id, plain(remark))?;
        }
    }
    for list in &summary.reconciliation.lists {
        let verdict = match list.verdict {
            Verdict::Agrees => "agrees",
            Verdict::Explained => "differs for a known cause",
            Verdict::Disagrees => "disagrees",
        };
        writeln!(
            out,
            "- {} ({}, {} lines): {verdict}",
            plain(&list.file),
            list.about,
            grouped(list.lines as u64)
        )?;
        for (reason, number) in &list.reasons {
            writeln!(out, "  - {} because {}", grouped(*number as u64), plain(reason))?;
        }
        for message in &list.unexplained {
            writeln!(out, "  - not explained: {}", plain(message))?;
        }
    }
    if !summary.successors_from.is_empty() {
        writeln!(out, "- Successors and scope loss: {}", plain(&summary.successors_from.join(", ")))?;
    }
    writeln!(out, "\n| Edition | File | Part | Bytes | SHA-256 |\n| --- | --- | --- | ---: | --- |")?;
    for side in [&summary.from, &summary.to] {
        for s in &side.sources {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} |",
                side.id,
                plain(&s.name),
                s.part,
                grouped(s.bytes),
                s.sha256
            )?;
        }
    }
    for line in &summary.attributions {
        writeln!(out, "\n{}", plain(line))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_shown_as_they_are() {
        assert_eq!(plain("a | b <i> & *c*"), "a \\| b &lt;i&gt; &amp; \\*c\\*");
        assert_eq!(marked(" and flank ", "**"), " **and flank** ");
        assert_eq!(marked("  ", "**"), "  ");
    }
}
