//! The transaction report of a HCPCS Level II release: `HCPC2019_Trans_Alpha.xlsx`.
//!
//! Published by CMS with each release. The sheets "Changes by Action Code" and "Changes by HCPCS Code" list every
//! code and modifier of the release with the type of its change in words (`ADD`, `Discontinued`, `No Change`), the
//! sheet "Action Code Key" gives the words for each action code, not always in the same wording.

use xwalk_model::Position;

use crate::cells::{Row, Sheet, sheets};
use crate::{Error, ErrorKind};

/// One row of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The code or modifier, without the blanks before a modifier.
    pub code: String,
    /// The type of change, as written.
    pub change: String,
    /// The short description, where the report has one.
    pub short: Option<String>,
    /// The long description, where the report has one.
    pub long: Option<String>,
    /// Where the row is.
    pub at: Position,
}

/// One sheet of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The name of the sheet.
    pub sheet: String,
    /// Its rows, bad ones as errors.
    pub rows: Vec<Result<Record, Error>>,
}

/// Whether a row is the header row of a listing.
pub fn is_header(row: &Row) -> bool {
    code_column(row).is_some() && change_column(row).is_some()
}

fn code_column(row: &Row) -> Option<u32> {
    row.column_where(|name| name.to_ascii_uppercase().starts_with("HCPC"))
}

fn change_column(row: &Row) -> Option<u32> {
    row.column("TYPE OF CHANGE")
}

/// The listings of a report. Fails as a whole when no sheet names the columns.
pub fn listings(bytes: &[u8]) -> Result<Vec<Listing>, Error> {
    let found: Vec<Listing> = sheets(bytes, usize::MAX)?.iter().filter_map(listing).collect();
    if found.is_empty() {
        let at = Position { byte: 0, line: 1, column: 1 };
        return Err(Error { at, kind: ErrorKind::MissingColumn { name: "TYPE OF CHANGE" } });
    }
    Ok(found)
}

fn listing(sheet: &Sheet) -> Option<Listing> {
    let at = sheet.rows.iter().position(is_header)?;
    let header = sheet.rows.get(at)?;
    let (code, change) = (code_column(header)?, change_column(header)?);
    let (short, long) = (header.column("SHORT DESCRIPTION"), header.column("LONG DESCRIPTION"));
    let rows = sheet.rows.iter().skip(at + 1).filter(|row| !row.is_blank());
    let rows = rows.map(|row| {
        let text = row.get(code).trim();
        let shaped = matches!(text.len(), 2 | 5) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !shaped {
            return Err(Error { at: row.at(code), kind: ErrorKind::Code { found: text.to_owned() } });
        }
        let cell = |column: Option<u32>| column.map(|c| row.get(c).to_owned());
        let change = row.get(change).trim().to_owned();
        Ok(Record { code: text.to_owned(), change, short: cell(short), long: cell(long), at: row.at(code) })
    });
    Some(Listing { sheet: sheet.name.clone(), rows: rows.collect() })
}
