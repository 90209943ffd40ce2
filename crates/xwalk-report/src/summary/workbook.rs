//! A summary as a workbook: a cover sheet, and a sheet for each kind of change.

use std::io;

use jiff::civil::Date;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use xwalk_diff::Verdict;
use xwalk_model::{Mark, MarkKind};

use super::{Alternative, ChangeRow, Kind, Named, Summary};
use crate::grouped;

/// The longest text that a cell holds.
const CELL: usize = 32_767;

struct Formats {
    title: Format,
    bold: Format,
    head: Format,
    text: Format,
    /// For texts that would look like a formula if somebody edited the cell: a text prefix, as an apostrophe gives.
    literal: Format,
    number: Format,
    code: Format,
    plain: Format,
    added: Format,
    removed: Format,
    faint: Format,
}

impl Formats {
    fn new() -> Self {
        let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        Self {
            title: Format::new().set_bold().set_font_size(18),
            bold: Format::new().set_bold().set_align(FormatAlign::Top).set_text_wrap(),
            head: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color(Color::RGB(0x00E3_EEF1))
                .set_border_bottom(FormatBorder::Thin),
            literal: text.clone().set_quote_prefix(),
            number: Format::new().set_num_format("#,##0").set_align(FormatAlign::Top),
            code: Format::new().set_bold().set_align(FormatAlign::Top).set_num_format("@"),
            plain: Format::new(),
            added: Format::new()
                .set_bold()
                .set_underline(rust_xlsxwriter::FormatUnderline::Single)
                .set_font_color(Color::RGB(0x001B_6B40)),
            removed: Format::new().set_font_strikethrough().set_font_color(Color::RGB(0x009C_2B2B)),
            faint: Format::new()
                .set_font_color(Color::RGB(0x0058_626C))
                .set_text_wrap()
                .set_align(FormatAlign::Top),
            text,
        }
    }
}

/// Text as a spreadsheet can hold it.
fn fit(text: &str) -> String {
    let length = text.encode_utf16().count();
    if length <= CELL && !text.contains(is_control) {
        return text.to_owned();
    }
    let mut units = 0;
    text.chars()
        .filter(|c| !is_control(*c))
        .take_while(|c| {
            units += c.len_utf16();
            units < CELL
        })
        .collect()
}

/// Characters that XML 1.0 cannot hold.
fn is_control(c: char) -> bool {
    c < ' ' && !matches!(c, '\n' | '\t' | '\r')
}

/// What stands in a cell.
enum Cell<'a> {
    Text(String),
    Code(&'a str),
    Number(u64),
    /// A title before or after with its changed words.
    Marked(&'a [Mark], MarkKind),
    Empty,
}

struct Table<'f> {
    sheet: Worksheet,
    formats: &'f Formats,
    row: u32,
    columns: u16,
}

impl<'f> Table<'f> {
    /// A sheet with a frozen header row; columns are a heading and a width in characters.
    fn new(name: &str, columns: &[(&str, f64)], formats: &'f Formats) -> Result<Self, XlsxError> {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?;
        let mut at = 0;
        for (heading, width) in columns {
            sheet.set_column_width(at, *width)?;
            sheet.write_string_with_format(0, at, *heading, &formats.head)?;
            at += 1;
        }
        sheet.set_freeze_panes(1, 1)?;
        sheet.set_landscape();
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(0, 0)?;
        Ok(Self { sheet, formats, row: 1, columns: at })
    }

    fn push(&mut self, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        for (at, cell) in (0u16..).zip(cells) {
            put(&mut self.sheet, self.row, at, cell, self.formats)?;
        }
        self.row += 1;
        Ok(())
    }

    fn finish(mut self, workbook: &mut Workbook) -> Result<(), XlsxError> {
        if self.row > 1 {
            self.sheet.autofilter(0, 0, self.row - 1, self.columns.saturating_sub(1))?;
            workbook.push_worksheet(self.sheet);
        }
        Ok(())
    }
}

fn put(
    sheet: &mut Worksheet,
    row: u32,
    at: u16,
    cell: &Cell<'_>,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Number(number) => {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a cell holds a double; counts are far below 2^52"
            )]
            sheet.write_number_with_format(row, at, *number as f64, &formats.number)?;
        }
        Cell::Code(code) => {
            sheet.write_string_with_format(row, at, fit(code), &formats.code)?;
        }
        Cell::Text(text) => {
            let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let format = if formula { &formats.literal } else { &formats.text };
            sheet.write_string_with_format(row, at, fit(text), format)?;
        }
        Cell::Marked(marks, shown) => {
            let pieces: Vec<(&Format, String)> = marks
                .iter()
                .filter_map(|mark| match mark.kind {
                    MarkKind::Same => Some((&formats.plain, fit(&mark.text))),
                    MarkKind::Removed if *shown == MarkKind::Removed => {
                        Some((&formats.removed, fit(&mark.text)))
                    }
                    MarkKind::Added if *shown == MarkKind::Added => Some((&formats.added, fit(&mark.text))),
                    _ => None,
                })
                .filter(|(_, text)| !text.is_empty())
                .collect();
            let whole: String = pieces.iter().map(|(_, t)| t.as_str()).collect();
            let formula = whole.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let format = if formula { &formats.literal } else { &formats.text };
            // A single piece is no rich text, and texts at the limit keep their words without the marks.
            if pieces.len() < 2 || whole.encode_utf16().count() >= CELL {
                sheet.write_string_with_format(row, at, fit(&whole), format)?;
            } else {
                let pieces: Vec<(&Format, &str)> = pieces.iter().map(|(f, t)| (*f, t.as_str())).collect();
                sheet.write_rich_string_with_format(row, at, &pieces, format)?;
            }
        }
    }
    Ok(())
}

fn text(text: Option<&str>) -> Cell<'static> {
    text.map_or(Cell::Empty, |t| Cell::Text(t.to_owned()))
}

pub(super) fn write(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    let bytes = build(summary).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn build(summary: &Summary) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // No clock: the file is dated on the first day of the edition, so that the same input gives the same bytes.
    let date = summary.to.effective.from.unwrap_or(Date::constant(2000, 1, 1));
    let year = u16::try_from(date.year()).unwrap_or(2000);
    let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
    let created = ExcelDateTime::from_ymd(year, month, day)?;
    let properties = DocProperties::new()
        .set_title(format!("{}: what changed", summary.title()))
        .set_author(concat!("xwalk ", env!("CARGO_PKG_VERSION")))
        .set_creation_datetime(&created);
    workbook.set_properties(&properties);
    let formats = Formats::new();
    workbook.push_worksheet(cover(summary, &formats)?);
    chapters(summary, &formats, &mut workbook)?;
    for kind in Kind::ALL {
        changes(summary, kind, &formats, &mut workbook)?;
    }
    successors(summary, &formats, &mut workbook)?;
    scope_loss(summary, &formats, &mut workbook)?;
    notes(summary, &formats, &mut workbook)?;
    attributes(summary, &formats, &mut workbook)?;
    glossary(summary, &formats, &mut workbook)?;
    workbook.save_to_buffer()
}

fn cover(summary: &Summary, formats: &Formats) -> Result<Worksheet, XlsxError> {
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

fn chapters(summary: &Summary, formats: &Formats, workbook: &mut Workbook) -> Result<(), XlsxError> {
    if !summary.has_chapters() {
        return Ok(());
    }
    let columns = [
        ("Chapter", 12.0),
        ("Range", 12.0),
        ("Title", 60.0),
        ("Added", 10.0),
        ("Deleted", 10.0),
        ("of which became headers", 14.0),
        ("Revised", 10.0),
        ("of which editorial", 12.0),
        ("Codes before", 14.0),
        ("Codes after", 14.0),
    ];
    let mut sheet = Table::new("Chapters", &columns, formats)?;
    for c in &summary.chapters {
        let mut cells = vec![Cell::Code(&c.key), Cell::Text(c.range.clone()), Cell::Text(c.title.clone())];
        let numbers = [c.added, c.deleted, c.became_header, c.revised, c.editorial, c.before, c.after];
        cells.extend(numbers.map(Cell::Number));
        sheet.push(&cells)?;
    }
    // The sum stands below the filter, so that sorting leaves it in its place.
    let row = sheet.row + 1;
    let [added, deleted, revised] = summary.headline.computed();
    put(&mut sheet.sheet, row, 2, &Cell::Text("Sum, equal to the headline".into()), formats)?;
    for (at, n) in
        [(3u16, added), (4, deleted), (6, revised), (8, summary.headline.before), (9, summary.headline.after)]
    {
        put(&mut sheet.sheet, row, at, &Cell::Number(n), formats)?;
    }
    sheet.finish(workbook)
}

fn ways(alternatives: &[Alternative]) -> String {
    let way = |a: &Alternative| a.codes.iter().map(|n| n.code.as_str()).collect::<Vec<_>>().join(" and ");
    alternatives.iter().map(way).collect::<Vec<_>>().join(" or ")
}

fn list(codes: &[Named]) -> String {
    codes.iter().map(|n| n.code.as_str()).collect::<Vec<_>>().join(", ")
}

fn changes(
    summary: &Summary,
    kind: Kind,
    formats: &Formats,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    let name = match kind {
        Kind::Added => "Added",
        Kind::Deleted => "Deleted",
        Kind::BecameHeader => "Became headers",
        Kind::BecameAssignable => "Became codes",
        Kind::Revised => "Revised",
        Kind::Editorial => "Editorial",
        Kind::Moved => "Moved",
    };
    let mut columns = vec![("Code", 12.0), ("Chapter", 10.0), ("Status", 12.0), ("In headline", 10.0)];
    match kind {
        Kind::Revised | Kind::Editorial => {
            columns.extend([("Title", 9.0), ("Before", 60.0), ("After", 60.0), ("Kind of revision", 18.0)]);
        }
        Kind::Added => columns.extend([
            ("Title", 70.0),
            ("Used before", 24.0),
            ("Reinstated from", 16.0),
            ("Other code before", 14.0),
        ]),
        Kind::Moved => columns.extend([("Title", 60.0), ("From below", 40.0), ("To below", 40.0)]),
        Kind::BecameHeader => {
            columns.extend([("Title", 60.0), ("New codes below", 60.0), ("Use instead", 30.0)]);
        }
        _ => columns.extend([("Title", 70.0), ("Use instead", 30.0)]),
    }
    let volumes = summary.of(kind).any(|r| r.volume.is_some());
    if volumes {
        columns.push(("Used", 12.0));
    }
    let cpt = summary.of(kind).any(|r| !r.cpt_marks.is_empty());
    if cpt {
        columns.push(("Marks", 24.0));
    }
    let mut sheet = Table::new(name, &columns, formats)?;
    for row in summary.of(kind) {
        let status = match row.status {
            super::Status::Assignable => "assignable",
            super::Status::Header => "header",
            super::Status::Modifier => "modifier",
            super::Status::Grouping => "grouping",
        };
        let start = |row: &ChangeRow| {
            vec![
                Cell::Text(summary.chapters[row.chapter].key.clone()),
                Cell::Text(status.to_owned()),
                Cell::Text(if row.counted { "yes" } else { "no" }.to_owned()),
            ]
        };
        let mut rows: Vec<Vec<Cell<'_>>> = Vec::new();
        match kind {
            Kind::Revised | Kind::Editorial if !row.titles.is_empty() => {
                for title in &row.titles {
                    let mut cells = start(row);
                    cells.push(Cell::Text(title.role.id().to_owned()));
                    cells.push(Cell::Marked(&title.marks, MarkKind::Removed));
                    cells.push(Cell::Marked(&title.marks, MarkKind::Added));
                    cells.push(Cell::Text(title.class.id().to_owned()));
                    rows.push(cells);
                }
            }
            Kind::Revised | Kind::Editorial => {
                let mut cells = start(row);
                cells.extend([Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty]);
                rows.push(cells);
            }
            Kind::Added => {
                let mut cells = start(row);
                cells.push(text(row.title.as_deref()));
                cells.push(Cell::Text(ways(&row.previous)));
                cells.push(text(row.reinstated_from.as_deref()));
                cells.push(text(row.recoded_from.as_deref()));
                rows.push(cells);
            }
            Kind::Moved => {
                let place = |n: &Option<Named>| {
                    let words =
                        n.as_ref().map(|n| format!("{} {}", n.code, n.title.as_deref().unwrap_or("")));
                    Cell::Text(words.unwrap_or_else(|| "the top".to_owned()))
                };
                let mut cells = start(row);
                cells.push(text(row.title.as_deref()));
                cells.push(place(&row.parent_before));
                cells.push(place(&row.parent));
                rows.push(cells);
            }
            Kind::BecameHeader => {
                let mut cells = start(row);
                cells.push(text(row.title.as_deref()));
                cells.push(Cell::Text(list(&row.children)));
                cells.push(Cell::Text(ways(&row.successors)));
                rows.push(cells);
            }
            _ => {
                let mut cells = start(row);
                cells.push(text(row.title.as_deref()));
                cells.push(Cell::Text(ways(&row.successors)));
                rows.push(cells);
            }
        }
        for mut cells in rows {
            cells.insert(0, Cell::Code(&row.code));
            if volumes {
                cells.push(match row.volume {
                    Some(super::Count::Exactly(n)) => Cell::Number(n),
                    Some(under) => Cell::Text(under.to_string()),
                    None => Cell::Empty,
                });
            }
            if cpt {
                let marks: Vec<String> =
                    row.cpt_marks.iter().map(|m| format!("{} {}", m.sign(), m.label())).collect();
                cells.push(Cell::Text(marks.join(", ")));
            }
            sheet.push(&cells)?;
        }
    }
    sheet.finish(workbook)
}

fn successors(summary: &Summary, formats: &Formats, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        ("Old code", 12.0),
        ("Old title", 50.0),
        ("Choice", 8.0),
        ("New code", 12.0),
        ("New title", 60.0),
        ("Together with", 16.0),
        ("If on record with", 16.0),
        ("Basis", 12.0),
        ("Stated in", 40.0),
    ];
    let mut sheet = Table::new("Successors", &columns, formats)?;
    for row in &summary.changes {
        for (choice, way) in row.successors.iter().enumerate() {
            for named in &way.codes {
                let others: Vec<&str> =
                    way.codes.iter().filter(|n| *n != named).map(|n| n.code.as_str()).collect();
                let on_record = way.with.iter().map(|n| n.code.as_str()).collect::<Vec<_>>().join(" ");
                sheet.push(&[
                    Cell::Code(&row.code),
                    text(row.title.as_deref()),
                    Cell::Number(choice as u64 + 1),
                    Cell::Code(&named.code),
                    text(named.title.as_deref()),
                    Cell::Text(others.join(" ")),
                    Cell::Text(on_record),
                    Cell::Text(way.basis.to_owned()),
                    Cell::Text(way.source.clone()),
                ])?;
            }
        }
    }
    sheet.finish(workbook)
}

fn scope_loss(summary: &Summary, formats: &Formats, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns =
        [("Code", 12.0), ("Title", 60.0), ("New code carved out", 14.0), ("Title of the new code", 60.0)];
    let mut sheet = Table::new("Scope loss", &columns, formats)?;
    for loss in &summary.scope_loss {
        for new in &loss.into {
            sheet.push(&[
                Cell::Code(&loss.code.code),
                text(loss.code.title.as_deref()),
                Cell::Code(&new.code),
                text(new.title.as_deref()),
            ])?;
        }
    }
    sheet.finish(workbook)
}

fn notes(summary: &Summary, formats: &Formats, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        ("Code", 12.0),
        ("Chapter", 10.0),
        ("Title", 50.0),
        ("Change", 10.0),
        ("Heading", 22.0),
        ("Heading before", 22.0),
        ("Text", 80.0),
    ];
    let mut sheet = Table::new("Notes", &columns, formats)?;
    for note in &summary.notes {
        sheet.push(&[
            Cell::Code(&note.code),
            Cell::Text(summary.chapters[note.chapter].key.clone()),
            text(note.title.as_deref()),
            Cell::Text(note.action.to_owned()),
            Cell::Text(note.kind.to_owned()),
            text(note.was),
            Cell::Text(note.text.clone()),
        ])?;
    }
    sheet.finish(workbook)
}

fn attributes(summary: &Summary, formats: &Formats, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        ("Code", 12.0),
        ("Chapter", 10.0),
        ("Title", 50.0),
        ("Attribute", 24.0),
        ("Before", 30.0),
        ("After", 30.0),
    ];
    let mut sheet = Table::new("Attributes", &columns, formats)?;
    for row in &summary.attributes {
        sheet.push(&[
            Cell::Code(&row.code),
            Cell::Text(summary.chapters[row.chapter].key.clone()),
            text(row.title.as_deref()),
            Cell::Text(row.name.clone()),
            text(row.from.as_deref()),
            text(row.to.as_deref()),
        ])?;
    }
    sheet.finish(workbook)
}

fn glossary(summary: &Summary, formats: &Formats, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let mut sheet = Table::new("Glossary", &[("Word", 30.0), ("Meaning", 100.0)], formats)?;
    for term in &summary.glossary {
        sheet.push(&[Cell::Text(term.term.to_owned()), Cell::Text(term.meaning.to_owned())])?;
    }
    sheet.finish(workbook)
}
