//! Workbooks, opened with calamine: one sheet as rows of text.

use std::io::Cursor;

use calamine::{Data, Reader, open_workbook_auto_from_rs};
use xwalk_model::Position;

use crate::{Error, ErrorKind};

/// One sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// Its rows with their numbers from 1, as text; numbers without a fraction are written without one, dates as
    /// `YYYY-MM-DD`.
    pub rows: Vec<(u32, Vec<String>)>,
}

/// All sheets of a workbook.
pub fn sheets(bytes: &[u8]) -> Result<Vec<Sheet>, Error> {
    let fail = |e: &dyn std::fmt::Display| Error {
        at: Position::default(),
        kind: ErrorKind::Row { reason: format!("the workbook cannot be opened: {e}") },
    };
    let mut book = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|e| fail(&e))?;
    let mut all = Vec::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).map_err(|e| fail(&e))?;
        let first = range.start().map_or(0, |(row, _)| row);
        let rows = range
            .rows()
            .enumerate()
            .map(|(i, cells)| (first + i as u32 + 1, cells.iter().map(cell).collect()))
            .collect();
        all.push(Sheet { name, rows });
    }
    Ok(all)
}

fn cell(data: &Data) -> String {
    match data {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string(),
    }
}
