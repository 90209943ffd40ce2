//! The cells of a workbook (xlsx), sheet by sheet, with their rows.
//!
//! Cells are read one after another and empty ones are not kept, so a workbook that claims a cell in the last row
//! and column takes no more memory than its bytes say.

use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx};
use xwalk_model::Position;

use crate::{Error, ErrorKind};

/// One sheet of a workbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Its rows that hold anything, in the order of the file.
    pub rows: Vec<Row>,
}

/// One row of a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number, from 1.
    pub number: u32,
    /// Columns from 0 and what their cells hold.
    cells: Vec<(u32, String)>,
}

impl Row {
    /// What the cell in a column holds; nothing where it is empty.
    pub fn get(&self, column: u32) -> &str {
        self.cells.iter().find(|(c, _)| *c == column).map_or("", |(_, text)| text)
    }

    /// The place of a cell: the row as the line, the column from 1.
    pub fn at(&self, column: u32) -> Position {
        Position { byte: 0, line: self.number, column: column.saturating_add(1) }
    }

    /// Whether no cell holds anything but blanks.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|(_, text)| text.trim().is_empty())
    }

    /// The column whose cell holds a name, in any case and with blanks around it.
    pub fn column(&self, name: &str) -> Option<u32> {
        self.column_where(|text| text.eq_ignore_ascii_case(name))
    }

    /// The first column whose cell, without blanks around it, passes a test.
    pub fn column_where(&self, test: impl Fn(&str) -> bool) -> Option<u32> {
        self.cells.iter().find(|(_, text)| test(text.trim())).map(|(column, _)| *column)
    }
}

/// The sheets of a workbook, of each at most `rows` rows that hold anything.
pub fn sheets(bytes: &[u8], rows: usize) -> Result<Vec<Sheet>, Error> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|e| unreadable(&e))?;
    let mut all = Vec::new();
    for name in workbook.sheet_names() {
        let mut sheet = Sheet { name, rows: Vec::new() };
        // A chart sheet has no cells.
        let Ok(mut reader) = workbook.worksheet_cells_reader(&sheet.name) else { continue };
        while let Some(cell) = reader.next_cell().map_err(|e| unreadable(&e))? {
            let (row, column) = cell.get_position();
            let Some(text) = text_of(cell.get_value()) else { continue };
            let number = row.saturating_add(1);
            if sheet.rows.last().is_none_or(|last| last.number != number) {
                if sheet.rows.len() == rows {
                    break;
                }
                sheet.rows.push(Row { number, cells: Vec::new() });
            }
            if let Some(last) = sheet.rows.last_mut() {
                last.cells.push((column, text));
            }
        }
        all.push(sheet);
    }
    Ok(all)
}

/// Numbers without a fraction are written as digits alone: workbooks hold codes and dates as either. A cell in the form
/// of a date is written `YYYY-MM-DD`.
fn text_of(value: &DataRef<'_>) -> Option<String> {
    Some(match value {
        DataRef::Empty | DataRef::Error(_) => return None,
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
    })
}

fn unreadable(error: &dyn std::fmt::Display) -> Error {
    Error {
        at: Position { byte: 0, line: 1, column: 1 },
        kind: ErrorKind::Workbook { reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_by_number_and_columns_by_name() {
        let row = Row { number: 7, cells: vec![(0, " Code ".into()), (3, "Title".into())] };
        assert_eq!((row.column("code"), row.column("TITLE"), row.column("x")), (Some(0), Some(3), None));
        assert_eq!((row.get(3), row.get(1), row.at(3).line), ("Title", "", 7));
    }

    #[test]
    fn what_is_not_a_workbook_is_an_error() {
        assert!(matches!(sheets(b"PK\x03\x04", 5).unwrap_err().kind, ErrorKind::Workbook { .. }));
        assert!(matches!(sheets(b"", 5).unwrap_err().kind, ErrorKind::Workbook { .. }));
    }
}
