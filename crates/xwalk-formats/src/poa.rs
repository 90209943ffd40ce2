//! Lists of codes exempt from present-on-admission reporting: `POAexemptCodesFY26.txt` and its Add, Delete and
//! Revise lists.
//!
//! Published by CMS each year. Tab-separated, CR LF, a header row, codes with their dots, a description in quotes
//! where it holds a comma. Columns are found by name: `Order26` (the name changes each year), `POAexemptCode`,
//! `Description`, and in the Revise list `Action`. The Delete list has no order column.

use xwalk_model::Position;

use crate::text::decode;
use crate::{Error, ErrorKind};

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The order number in that release's order file, where the list has one.
    pub order: Option<String>,
    /// `Revise from:` or `Revise to:` in the Revise list.
    pub action: Option<String>,
    /// The code with its dot.
    pub code: String,
    /// The description.
    pub description: String,
    /// Where the row begins.
    pub at: Position,
}

/// Whether the first row is the header row of such a list.
pub fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(400)];
    let first = decode(head).text.lines().next().unwrap_or("").to_ascii_lowercase();
    first.contains("poaexemptcode") && first.contains('\t')
}

/// All rows, bad ones as errors. Fails as a whole when the header row lacks the code column.
pub fn records(bytes: &[u8]) -> Result<Vec<Result<Record, Error>>, Error> {
    let decoded = decode(bytes);
    let text: &str = &decoded.text;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .flexible(true)
        .has_headers(true)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| row_error(&e))?.clone();
    let column =
        |test: &dyn Fn(&str) -> bool| headers.iter().position(|h| test(&h.trim().to_ascii_lowercase()));
    let code = column(&|h| h == "poaexemptcode").ok_or(Error {
        at: Position { byte: 0, line: 1, column: 1 },
        kind: ErrorKind::MissingColumn { name: "POAexemptCode" },
    })?;
    let description = column(&|h| h == "description");
    let order = column(&|h| h.starts_with("ord"));
    let action = column(&|h| h == "action");
    Ok(reader
        .into_records()
        .filter(|row| !row.as_ref().is_ok_and(|r| r.iter().all(|f| f.trim().is_empty())))
        .map(|row| {
            let row = row.map_err(|e| row_error(&e))?;
            let at = row.position().map_or_else(Position::default, |p| {
                // The csv crate takes a record to begin at the line feed that ends the one before.
                let lead = text
                    .get(p.byte() as usize..)
                    .unwrap_or("")
                    .bytes()
                    .take_while(|b| matches!(b, b'\r' | b'\n'))
                    .count();
                let line = p.line() as u32 + u32::from(lead > 0);
                Position { byte: p.byte() + lead as u64, line, column: 1 }
            });
            let field = |i: Option<usize>| i.and_then(|i| row.get(i)).map(|f| f.trim().to_owned());
            match row.get(code).map(str::trim) {
                Some(text) if !text.is_empty() => Ok(Record {
                    order: field(order),
                    action: field(action),
                    code: text.to_owned(),
                    description: field(description).unwrap_or_default(),
                    at,
                }),
                _ => Err(Error { at, kind: ErrorKind::Code { found: String::new() } }),
            }
        })
        .collect())
}

fn row_error(error: &csv::Error) -> Error {
    let at = error.position().map_or(Position { byte: 0, line: 1, column: 1 }, |p| Position {
        byte: p.byte(),
        line: p.line() as u32,
        column: 1,
    });
    Error { at, kind: ErrorKind::Row { reason: error.to_string() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_by_name() {
        let text = b"Order26\tAction\tPOAexemptCode\tDescription\r\n30219\tRevise from:\tQ75.001\t\"A, b\"\r\n\t\t\tx\r\n";
        let rows = records(text).unwrap();
        let first = rows[0].as_ref().unwrap();
        assert_eq!((first.code.as_str(), first.description.as_str(), first.at.line), ("Q75.001", "A, b", 2));
        assert_eq!(first.action.as_deref(), Some("Revise from:"));
        assert_eq!(rows[1].as_ref().unwrap_err().at.line, 3);
        assert!(looks_like(text));
        let none = records(b"Order\tDescription\r\n").unwrap_err();
        assert_eq!(none.kind, ErrorKind::MissingColumn { name: "POAexemptCode" });
    }
}
