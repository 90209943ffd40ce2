//! Workbooks (xlsx): what one holds without opening it in full, and the rows of its first sheet.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx};
use xwalk_model::Position;

use crate::table::Row;
use crate::{Error, ErrorKind};

/// How many times its own size a workbook may unpack to; official ones come to twenty.
const MAX_RATIO: u64 = 250;
/// Room that even a tiny workbook gets.
const MIN_UNPACKED: u64 = 4 << 20;
/// How much of the texts is looked at to recognise a workbook: the header row is always first.
const HEAD: u64 = 64 * 1024;

/// Whether bytes begin like a zip, which a workbook is.
pub fn looks_like(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// The first texts of a workbook, as they stand in the XML: enough to see the names of the columns.
///
/// `None` when the bytes are not a workbook.
pub fn first_texts(bytes: &[u8]) -> Option<String> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut texts = String::new();
    for part in ["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet.xml"] {
        if let Ok(member) = zip.by_name(part) {
            let mut head = Vec::new();
            // A damaged part gives what could be unpacked of it.
            let _ = member.take(HEAD).read_to_end(&mut head);
            texts.push_str(&String::from_utf8_lossy(&head));
        }
    }
    (!texts.is_empty()).then_some(texts)
}

/// Number of rows of the first sheet, its header row included, counted without reading any cell. Refuses a workbook
/// that unpacks to far more than a release could hold.
pub fn row_count(bytes: &[u8]) -> Result<u64, Error> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| broken(&e))?;
    let limit = (bytes.len() as u64).saturating_mul(MAX_RATIO).max(MIN_UNPACKED);
    let (mut unpacked, mut rows, mut counted) = (0u64, 0u64, false);
    let mut buffer = vec![0u8; 128 * 1024];
    for index in 0..zip.len() {
        let mut member = zip.by_index(index).map_err(|e| broken(&e))?;
        let counts = !counted && member.name().is_ok_and(|name| is_sheet(&name));
        counted |= counts;
        let mut kept = 0;
        while let Some(free) = buffer.get_mut(kept..) {
            let read = member.read(free).map_err(|e| broken(&e))?;
            if read == 0 {
                break;
            }
            unpacked += read as u64;
            if unpacked > limit {
                return Err(broken(&format!("it unpacks to more than {limit} bytes")));
            }
            if counts {
                let filled = kept + read;
                let (here, rest) = count_rows(buffer.get(..filled).unwrap_or_default());
                rows += here;
                buffer.copy_within(rest..filled, 0);
                kept = filled - rest;
            }
        }
    }
    Ok(rows)
}

fn is_sheet(name: &str) -> bool {
    name.starts_with("xl/worksheets/")
        && std::path::Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case("xml"))
}

/// Row elements in a piece of sheet XML, and where the piece ends that was looked at.
fn count_rows(piece: &[u8]) -> (u64, usize) {
    // A tag cut by the end of the piece is looked at with the next one.
    const TAG: usize = 8;
    let end = piece.len().saturating_sub(TAG);
    let rows = memchr::memchr_iter(b'<', piece.get(..end).unwrap_or_default())
        .filter(|&at| {
            let tag = piece.get(at + 1..at + TAG).unwrap_or_default();
            let name = tag.strip_prefix(b"x:").unwrap_or(tag);
            name.starts_with(b"row ") || name.starts_with(b"row>")
        })
        .count();
    (rows as u64, end)
}

/// The rows of the first sheet, each cell as text. The place of a row is its number.
pub(crate) fn rows(bytes: &[u8]) -> Result<Vec<Row>, Error> {
    row_count(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| broken(&e))?;
    let sheet = book.sheet_names().first().cloned().ok_or_else(|| broken(&"it has no sheet"))?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|e| broken(&e))?;
    let mut rows: Vec<Row> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|e| broken(&e))? {
        let (row, column) = cell.get_position();
        if matches!(cell.get_value(), DataRef::Empty) || column >= MAX_COLUMNS {
            continue;
        }
        let line = row.saturating_add(1);
        if rows.last().is_none_or(|r| r.at.line != line) {
            rows.push(Row { at: Position { byte: 0, line, column: 1 }, fields: csv::StringRecord::new() });
        }
        let Some(last) = rows.last_mut() else { continue };
        while last.fields.len() < column as usize {
            last.fields.push_field("");
        }
        match cell.get_value() {
            DataRef::SharedString(text) => last.fields.push_field(text),
            DataRef::String(text) => last.fields.push_field(text),
            DataRef::Bool(true) => last.fields.push_field("True"),
            DataRef::Bool(false) => last.fields.push_field("False"),
            DataRef::Int(number) => last.fields.push_field(&number.to_string()),
            DataRef::Float(number) => last.fields.push_field(&number.to_string()),
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => last.fields.push_field(text),
            _ => last.fields.push_field(""),
        }
    }
    Ok(rows)
}

/// More columns than any release has; a cell further right is not read.
const MAX_COLUMNS: u32 = 256;

fn broken(reason: &dyn std::fmt::Display) -> Error {
    Error {
        at: Position { byte: 0, line: 1, column: 1 },
        kind: ErrorKind::Workbook { reason: reason.to_string() },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::fmt::Write as _;
    use std::io::Write as _;

    /// A workbook of inline texts, in one of the two ways in which WHO has written them.
    pub(crate) fn workbook(rows: &[&[&str]], prefix: &str) -> Vec<u8> {
        let mut sheet = format!(
            "<?xml version=\"1.0\"?><{prefix}worksheet \
             xmlns:x=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
             xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><{prefix}sheetData>"
        );
        for (r, row) in rows.iter().enumerate() {
            write!(sheet, "<{prefix}row r=\"{}\">", r + 1).unwrap();
            for (c, text) in row.iter().enumerate().filter(|(_, t)| !t.is_empty()) {
                let column = char::from(b'A' + c as u8);
                write!(
                    sheet,
                    "<{prefix}c r=\"{column}{}\" t=\"inlineStr\"><{prefix}is><{prefix}t>{text}</{prefix}t>\
                     </{prefix}is></{prefix}c>",
                    r + 1
                )
                .unwrap();
            }
            write!(sheet, "</{prefix}row>").unwrap();
        }
        write!(sheet, "</{prefix}sheetData></{prefix}worksheet>").unwrap();
        let book = "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
                    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>\
                    <sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
        let rels = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
                    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/\
                    relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>";
        let root = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
                    <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/\
                    relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in [
            ("_rels/.rels", root),
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", rels),
            ("xl/worksheets/sheet1.xml", sheet.as_str()),
        ] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn rows_and_their_number() {
        for prefix in ["", "x:"] {
            let book = workbook(&[&["a", "", "c"], &["1", "2"]], prefix);
            assert_eq!(row_count(&book).unwrap(), 2, "{prefix}");
            let rows = rows(&book).unwrap();
            assert_eq!(rows[0].fields, vec!["a", "", "c"]);
            assert_eq!((rows[1].at.line, &rows[1].fields[1]), (2, "2"));
            assert!(first_texts(&book).unwrap().contains("inlineStr"));
        }
        assert!(matches!(row_count(b"PK\x03\x04").unwrap_err().kind, ErrorKind::Workbook { .. }));
        assert_eq!(first_texts(b"x"), None);
    }
}
