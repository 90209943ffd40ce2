//! A summary as a workbook: a cover sheet, and a sheet for each kind of change.

mod cover;
mod sheets;

use std::io;

use jiff::civil::Date;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use xwalk_model::{Mark, MarkKind};

use super::{Kind, Summary};

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
    workbook.push_worksheet(cover::cover(summary, &formats)?);
    sheets::chapters(summary, &formats, &mut workbook)?;
    for kind in Kind::ALL {
        sheets::changes(summary, kind, &formats, &mut workbook)?;
    }
    sheets::successors(summary, &formats, &mut workbook)?;
    sheets::used_before(summary, &formats, &mut workbook)?;
    sheets::scope_loss(summary, &formats, &mut workbook)?;
    sheets::notes(summary, &formats, &mut workbook)?;
    sheets::attributes(summary, &formats, &mut workbook)?;
    sheets::glossary(summary, &formats, &mut workbook)?;
    workbook.save_to_buffer()
}
