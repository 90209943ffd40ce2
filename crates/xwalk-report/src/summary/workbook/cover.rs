//! The cover sheet: counts beside the official ones, what has to be known, and the sources.

use rust_xlsxwriter::{Worksheet, XlsxError};
use xwalk_diff::Verdict;

use super::{Cell, Formats, fit, put};
use crate::grouped;
use crate::summary::Summary;

pub(super) fn cover(summary: &Summary, formats: &Formats) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name("Summary")?;
    for (at, width) in (0u16..).zip([34.0, 16.0, 16.0, 16.0, 70.0]) {
        sheet.set_column_width(at, width)?;
    }
    sheet.set_screen_gridlines(false);
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    let mut row = 0;
    sheet.write_string_with_format(row, 0, format!("What changed in {}", summary.title()), &formats.title)?;
    row += 1;
    for side in [&summary.from, &summary.to] {
        let words = if row == 1 { "Counted from" } else { "To" };
        sheet.write_string_with_format(row, 0, words, &formats.bold)?;
        sheet.write_string(row, 1, format!("{}, in effect {}", side.id, side.effective))?;
        row += 1;
    }
    row += 1;
    for (at, heading) in (1u16..).zip(["Computed", "Official", ""]) {
        sheet.write_string_with_format(row, at, heading, &formats.head)?;
    }
    sheet.write_string_with_format(row, 0, "Headline", &formats.head)?;
    row += 1;
    let h = &summary.headline;
    let mut lines: Vec<(&str, u64, Option<u64>)> =
        h.numbers.iter().map(|n| (n.what, n.computed, n.official)).collect();
    lines.push(("codes before", h.before, h.official_totals[0]));
    lines.push(("codes after", h.after, h.official_totals[1]));
    for (what, computed, official) in lines {
        sheet.write_string_with_format(row, 0, what, &formats.bold)?;
        put(&mut sheet, row, 1, &Cell::Number(computed), formats)?;
        put(&mut sheet, row, 2, &official.map_or(Cell::Empty, Cell::Number), formats)?;
        let agrees = match official {
            Some(n) if n == computed => "agrees",
            Some(_) => "differs",
            None => "",
        };
        sheet.write_string(row, 3, agrees)?;
        row += 1;
    }
    row += 1;
    let mut sentences = vec![summary.reconciliation.sentence.clone()];
    sentences.extend(summary.selection.iter().map(|s| {
        format!(
            "Selected: {}. The sheets hold {} of the added, {} of the deleted and {} of the revised codes.",
            s.words,
            grouped(s.added),
            grouped(s.deleted),
            grouped(s.revised)
        )
    }));
    sentences.push(format!("Chapters: placed by {}.", summary.chapter_source));
    if !summary.successors_from.is_empty() {
        sentences.push(format!("Successors and scope loss: {}.", summary.successors_from.join(", ")));
    }
    if let Some([from, to]) = &summary.notes_from {
        sentences.push(format!("Notes: the tabular lists {from} and {to}."));
    }
    sentences.extend(summary.caveats.iter().map(|c| format!("To know: {c}.")));
    for side in [&summary.from, &summary.to] {
        sentences.extend(side.remarks.iter().map(|r| format!("{}: {r}.", side.id)));
    }
    sentences.extend(summary.attributions.iter().map(|a| (*a).to_owned()));
    for sentence in sentences {
        sheet.merge_range(row, 0, row, 4, &fit(&sentence), &formats.text)?;
        // A merged cell does not grow with its text.
        let lines = u32::try_from(sentence.chars().count() / 125).unwrap_or(0) + 1;
        sheet.set_row_height(row, 15 * lines)?;
        row += 1;
    }
    row += 1;
    for (at, heading) in (0u16..).zip(["Official list", "Lines", "Result", "", "Why"]) {
        sheet.write_string_with_format(row, at, heading, &formats.head)?;
    }
    row += 1;
    for list in &summary.reconciliation.lists {
        put(&mut sheet, row, 0, &Cell::Text(list.file.clone()), formats)?;
        put(&mut sheet, row, 1, &Cell::Number(list.lines as u64), formats)?;
        let verdict = match list.verdict {
            Verdict::Agrees => "agrees",
            Verdict::Explained => "differs for a known cause",
            Verdict::Disagrees => "disagrees",
        };
        put(&mut sheet, row, 2, &Cell::Text(verdict.to_owned()), formats)?;
        let why: Vec<&str> = list
            .reasons
            .iter()
            .map(|(r, _)| r.as_str())
            .chain(list.unexplained.iter().map(String::as_str))
            .collect();
        put(&mut sheet, row, 4, &Cell::Text(why.join("; ")), formats)?;
        row += 1;
    }
    row += 1;
    for (at, heading) in (0u16..).zip(["File", "Edition", "Part", "Bytes", "SHA-256"]) {
        sheet.write_string_with_format(row, at, heading, &formats.head)?;
    }
    row += 1;
    for side in [&summary.from, &summary.to] {
        for source in &side.sources {
            put(&mut sheet, row, 0, &Cell::Text(source.name.clone()), formats)?;
            put(&mut sheet, row, 1, &Cell::Text(side.id.clone()), formats)?;
            put(&mut sheet, row, 2, &Cell::Text(source.part.clone()), formats)?;
            put(&mut sheet, row, 3, &Cell::Number(source.bytes), formats)?;
            sheet.write_string_with_format(row, 4, &source.sha256, &formats.faint)?;
            row += 1;
        }
    }
    Ok(sheet)
}
