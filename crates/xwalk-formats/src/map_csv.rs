//! A map as a plain table: CSV or TSV with a header row, columns found by name.
//!
//! `source` and `target` must be there (also `source_code`, `from`, `old` and their like); `relationship` and
//! `comment` are read where they are.

use xwalk_model::Position;

use crate::text::decode;
use crate::{Error, ErrorKind};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The source code, as written.
    pub source: String,
    /// The target code, as written; empty where there is none.
    pub target: String,
    /// A relationship in the words of FHIR or of people.
    pub relationship: String,
    /// A comment.
    pub comment: String,
    /// Where the row begins.
    pub at: Position,
}

const SOURCE: [&str; 5] = ["source", "source_code", "from", "from_code", "old"];
const TARGET: [&str; 5] = ["target", "target_code", "to", "to_code", "new"];

fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or("");
    let count = |c: char| first.matches(c).count();
    if count('\t') > count(',') && count('\t') > count(';') {
        b'\t'
    } else if count(';') > count(',') {
        b';'
    } else {
        b','
    }
}

fn column(headers: &csv::StringRecord, names: &[&str]) -> Option<usize> {
    headers
        .iter()
        .position(|h| names.contains(&h.trim().to_ascii_lowercase().replace([' ', '-'], "_").as_str()))
}

/// Whether the first row names a source and a target column.
pub fn looks_like(bytes: &[u8]) -> bool {
    let text = decode(&bytes[..bytes.len().min(4000)]).text.into_owned();
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator(&text)).flexible(true).from_reader(text.as_bytes());
    reader.headers().is_ok_and(|h| column(h, &SOURCE).is_some() && column(h, &TARGET).is_some())
}

/// All rows, bad ones as errors. Fails as a whole when a column is missing.
pub fn records(bytes: &[u8]) -> Result<Vec<Result<Record, Error>>, Error> {
    let decoded = decode(bytes);
    let text: &str = &decoded.text;
    let fail = |line, reason: String| Error {
        at: Position { byte: 0, line, column: 1 },
        kind: ErrorKind::Row { reason },
    };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator(text)).flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| fail(1, e.to_string()))?.clone();
    let missing = |name| Error {
        at: Position { byte: 0, line: 1, column: 1 },
        kind: ErrorKind::MissingColumn { name },
    };
    let source = column(&headers, &SOURCE).ok_or_else(|| missing("source"))?;
    let target = column(&headers, &TARGET).ok_or_else(|| missing("target"))?;
    let relationship = column(&headers, &["relationship", "equivalence", "predicate_id"]);
    let comment = column(&headers, &["comment", "note"]);
    Ok(reader
        .into_records()
        .enumerate()
        .map(|(i, row)| {
            // Without line breaks inside cells, which codes do not have, row and line are one.
            let line = i as u32 + 2;
            let row = row.map_err(|e| fail(line, e.to_string()))?;
            let text = |i: Option<usize>| i.and_then(|i| row.get(i)).unwrap_or("").trim().to_owned();
            let at = Position { byte: 0, line, column: 1 };
            let record = Record {
                source: text(Some(source)),
                target: text(Some(target)),
                relationship: text(relationship),
                comment: text(comment),
                at,
            };
            if record.source.is_empty() {
                return Err(Error { at, kind: ErrorKind::Code { found: String::new() } });
            }
            Ok(record)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_by_name_and_any_separator() {
        for text in ["Source,Target\nA00,B00\n", "to;from code;x\nB00;A00;\n", "target\tsource\nB00\tA00\n"] {
            let rows = records(text.as_bytes()).unwrap();
            let row = rows[0].as_ref().unwrap();
            assert_eq!((row.source.as_str(), row.target.as_str(), row.at.line), ("A00", "B00", 2));
            assert!(looks_like(text.as_bytes()));
        }
        assert!(records(b"a,b\n").is_err());
        assert!(records(b"source,target\n,x\n").unwrap()[0].is_err());
    }
}
