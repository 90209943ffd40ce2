//! The NCHS conversion table of ICD-10-CM: `ICD-10-CM-CONVERSION-TABLE-FY2026.xlsx`.
//!
//! Published by CDC/NCHS each year. One sheet of three columns, found by name: `Current code assignment`, `Effective`
//! (until 2020 `Effective October 1`) and `Previous Code(s) Assignment`. Before the header row stands prose. Codes have
//! their dots; `Effective` is a year, meaning 1 October of it, or a date. Each table repeats all rows since 2016. The
//! table of FY2020 is CSV.

use xwalk_model::Position;

use crate::cells::sheets;
use crate::text::decode;
use crate::{Error, ErrorKind};

/// One row, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The current code.
    pub current: String,
    /// Year or date from which it is in effect.
    pub effective: String,
    /// How it was coded before.
    pub previous: String,
    /// The row.
    pub at: Position,
}

/// The rows of a table, from a workbook or CSV. Rows without any text are passed over.
pub fn records(bytes: &[u8]) -> Result<Vec<Record>, Error> {
    let found = if bytes.starts_with(b"PK") {
        let sheets = sheets(bytes, usize::MAX)?;
        sheets.iter().find_map(|sheet| {
            table(
                sheet
                    .rows
                    .iter()
                    .map(|row| (row.number, [0, 1, 2, 3, 4].map(|c| row.get(c).to_owned()).to_vec())),
            )
        })
    } else {
        table(csv_rows(bytes)?.into_iter())
    };
    let missing = ErrorKind::MissingColumn { name: "Current code assignment" };
    found.ok_or(Error { at: Position { byte: 0, line: 1, column: 1 }, kind: missing })
}

fn csv_rows(bytes: &[u8]) -> Result<Vec<(u32, Vec<String>)>, Error> {
    let decoded = decode(bytes);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(decoded.text.as_bytes());
    let mut rows = Vec::new();
    for (i, row) in reader.records().enumerate() {
        let at = Position { byte: 0, line: i as u32 + 1, column: 1 };
        let row = row.map_err(|e| Error { at, kind: ErrorKind::Row { reason: e.to_string() } })?;
        rows.push((at.line, row.iter().map(str::to_owned).collect()));
    }
    Ok(rows)
}

/// The records below the header row; `None` where there is no such row.
fn table(rows: impl Iterator<Item = (u32, Vec<String>)>) -> Option<Vec<Record>> {
    let column = |cells: &[String], start: &str| {
        // The prose above the header row speaks of the same things at length.
        cells.iter().position(|c| c.trim().to_ascii_lowercase().starts_with(start) && c.len() < 60)
    };
    let mut columns: Option<[usize; 3]> = None;
    let mut records = Vec::new();
    for (line, cells) in rows {
        let Some([current, effective, previous]) = columns else {
            let find = |start| column(&cells, start);
            if let (Some(c), Some(e), Some(p)) =
                (find("current code"), find("effective"), find("previous code"))
            {
                columns = Some([c, e, p]);
            }
            continue;
        };
        let text = |i: usize| cells.get(i).map(|c| c.trim().to_owned()).unwrap_or_default();
        let at = Position { byte: 0, line, column: current as u32 + 1 };
        let record =
            Record { current: text(current), effective: text(effective), previous: text(previous), at };
        if !record.current.is_empty() || !record.previous.is_empty() {
            records.push(record);
        }
    }
    columns.map(|_| records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_after_the_prose() {
        let text = "\"The National Center, and so on\",,\nCurrent code assignment,Effective October 1,Previous Code(s) Assignment\nA04.71 ,2017,A04.7\n,,\n";
        let rows = records(text.as_bytes()).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].current.as_str(), rows[0].effective.as_str(), rows[0].at.line),
            ("A04.71", "2017", 3)
        );
        assert!(records(b"a,b,c\n").is_err());
        assert!(records(b"PK\x03\x04rubbish").is_err());
    }
}
