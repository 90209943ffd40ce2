//! Tables as they stand: every cell of a workbook or of delimited text, with its kind.
//!
//! For lists that people keep, the kind of a cell matters: a code that a spreadsheet has made a number of (250 for
//! `250.00`) cannot be told from its text. Nothing is left out, since a table has to be written back.

use std::io::Cursor;

use calamine::{Data, DataRef, Reader, Xlsx};
use xwalk_model::{Cell, Grid, Position};

use crate::text::decode;
use crate::workbook::row_count;
use crate::{Error, ErrorKind};

/// More columns than a list of codes has.
pub const MAX_COLUMNS: u32 = 1024;

/// The sheets of a workbook.
pub fn read_workbook(bytes: &[u8]) -> Result<Vec<Grid>, Error> {
    row_count(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| broken(&e))?;
    let mut grids = Vec::new();
    for name in book.sheet_names() {
        let mut grid = Grid { name: name.clone(), ..Grid::default() };
        let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
        grid.merged = merged.iter().map(|d| [d.start.0, d.start.1, d.end.0, d.end.1]).collect();
        // A chart sheet has no cells.
        let Ok(mut cells) = book.worksheet_cells_reader(&name) else { continue };
        while let Some(cell) = cells.next_cell().map_err(|e| broken(&e))? {
            let (row, column) = cell.get_position();
            let value = cell_of(cell.get_value());
            if value == Cell::Empty {
                continue;
            }
            if column >= MAX_COLUMNS {
                return Err(broken(&format!(
                    "sheet {name} has a cell in column {} of row {}; a list of codes has at most {MAX_COLUMNS} columns",
                    column + 1,
                    row + 1
                )));
            }
            let row = row as usize;
            if grid.rows.len() <= row {
                grid.rows.resize_with(row + 1, Vec::new);
            }
            let cells = &mut grid.rows[row];
            if cells.len() <= column as usize {
                cells.resize(column as usize + 1, Cell::Empty);
            }
            cells[column as usize] = value;
        }
        grids.push(grid);
    }
    if grids.is_empty() {
        return Err(broken(&"it has no sheet"));
    }
    Ok(grids)
}

fn cell_of(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(value) => Cell::Bool(*value),
        DataRef::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            Cell::Date(format!("{year:04}-{month:02}-{day:02}"))
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Date(text.clone()),
        DataRef::Error(error) => Cell::Text(Data::Error(error.clone()).to_string()),
    }
}

/// A delimited text as one table. The separator is the one that the first lines have most: comma, semicolon, tab.
pub fn read_text(bytes: &[u8]) -> Result<Grid, Error> {
    let decoded = decode(bytes);
    let text: &str = &decoded.text;
    let delimiter = separator(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut grid = Grid { delimiter: Some(delimiter), crlf: text.contains("\r\n"), ..Grid::default() };
    let mut record = csv::StringRecord::new();
    loop {
        let read = reader.read_record(&mut record).map_err(|e| {
            let line = e.position().map_or(1, |p| p.line() as u32);
            Error {
                at: Position { byte: 0, line, column: 1 },
                kind: ErrorKind::Row { reason: e.to_string() },
            }
        })?;
        if !read {
            break;
        }
        let place = record.position().map_or((0, 1), |p| (p.byte() as usize, p.line() as u32));
        // The csv crate takes a record to begin at the line ends before it.
        let rest = text.as_bytes().get(place.0..).unwrap_or_default();
        let ends = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).filter(|b| **b == b'\n').count();
        grid.line_numbers.push(place.1.saturating_add(ends as u32));
        let cell = |field: &str| if field.is_empty() { Cell::Empty } else { Cell::Text(field.to_owned()) };
        grid.rows.push(record.iter().map(cell).collect());
    }
    Ok(grid)
}

fn separator(text: &str) -> u8 {
    let mut counts = [(b',', 0usize), (b';', 0), (b'\t', 0)];
    for line in text.lines().take(5) {
        for (sign, count) in &mut counts {
            *count += line.bytes().filter(|b| b == sign).count();
        }
    }
    // Of equal counts the first: a list of single codes has none of them.
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts.iter().find(|(_, count)| *count == most).map_or(b',', |(sign, _)| *sign)
}

fn broken(reason: &dyn std::fmt::Display) -> Error {
    Error {
        at: Position { byte: 0, line: 1, column: 1 },
        kind: ErrorKind::Workbook { reason: reason.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_every_cell_and_the_lines() {
        let grid = read_text(b"code;title\n\nE11.9;\"a;\nb\"\nI10\n").unwrap();
        assert_eq!(grid.delimiter, Some(b';'));
        assert_eq!(grid.rows.len(), 3);
        assert_eq!(grid.rows[1][1], Cell::Text("a;\nb".into()));
        assert_eq!(grid.line_numbers, [1, 3, 5]);
    }

    #[test]
    fn workbooks_keep_empty_cells_between() {
        let book = crate::workbook::tests::workbook(&[&["Code", "", "x"], &["E11.9"]], "");
        let grids = read_workbook(&book).unwrap();
        assert_eq!(grids[0].rows[0], [Cell::Text("Code".into()), Cell::Empty, Cell::Text("x".into())]);
        assert!(read_workbook(b"PK\x03\x04").is_err());
    }
}
