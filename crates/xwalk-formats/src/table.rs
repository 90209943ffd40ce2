//! Rows of delimited text, and columns bound by name.

use xwalk_model::Position;

use crate::lines::lines;
use crate::text::decode;
use crate::{Error, ErrorKind};

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) at: Position,
    pub(crate) fields: csv::StringRecord,
}

/// Whether fields may stand in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// As in CSV: a field in quotes may hold the delimiter, a quote in it is doubled.
    Csv,
    /// A quote is a character like any other.
    None,
}

/// The rows of a text, empty lines passed over.
pub(crate) fn rows(bytes: &[u8], delimiter: u8, quotes: Quotes) -> Vec<Result<Row, Error>> {
    match quotes {
        Quotes::Csv => quoted(bytes, delimiter),
        Quotes::None => plain(bytes, delimiter),
    }
}

fn plain(bytes: &[u8], delimiter: u8) -> Vec<Result<Row, Error>> {
    let decoded = decode(bytes);
    let text: &str = &decoded.text;
    lines(text.as_bytes())
        .filter(|line| !crate::lines::is_blank(line.bytes))
        .map(|line| {
            let text = std::str::from_utf8(line.bytes)
                .map_err(|_| Error { at: line.at, kind: ErrorKind::Encoding })?;
            Ok(Row { at: line.at, fields: text.split(char::from(delimiter)).collect() })
        })
        .collect()
}

fn quoted(bytes: &[u8], delimiter: u8) -> Vec<Result<Row, Error>> {
    let decoded = decode(bytes);
    let text: &str = &decoded.text;
    let reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    reader
        .into_records()
        .map(|row| {
            let row = row.map_err(|e| row_error(&e))?;
            let at = row.position().map_or_else(Position::default, |p| {
                // The csv crate takes a record to begin at the line feed that ends the one before.
                let rest = text.as_bytes().get(p.byte() as usize..).unwrap_or_default();
                let lead = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
                let ends = rest.iter().take(lead).filter(|b| **b == b'\n').count() as u32;
                let line = (p.line() as u32).saturating_add(ends);
                Position { byte: p.byte() + lead as u64, line, column: 1 }
            });
            Ok(Row { at, fields: row })
        })
        .collect()
}

fn row_error(error: &csv::Error) -> Error {
    let at = error.position().map_or(Position { byte: 0, line: 1, column: 1 }, |p| Position {
        byte: p.byte(),
        line: p.line() as u32,
        column: 1,
    });
    Error { at, kind: ErrorKind::Row { reason: error.to_string() } }
}

/// The names of a header row.
pub(crate) struct Header(Vec<String>);

impl Header {
    /// Takes the names without case, blanks and punctuation: `ICD-11 Foundation URI` and `ICD-11 FoundationURI` are
    /// the same name, which within one archive of WHO they have to be.
    pub(crate) fn new(row: &csv::StringRecord) -> Self {
        Self(row.iter().map(plain_name).collect())
    }

    /// The first column with one of the names.
    pub(crate) fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let name = plain_name(name);
            self.0.iter().position(|h| *h == name)
        })
    }

    /// The column with one of the names; the first name is the one that is told when there is none.
    pub(crate) fn need(&self, names: &[&'static str], at: Position) -> Result<usize, Error> {
        let name = names.first().copied().unwrap_or_default();
        self.find(names).ok_or(Error { at, kind: ErrorKind::MissingColumn { name } })
    }
}

fn plain_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A field of a row; empty where the row is too short or the layout lacks the column.
pub(crate) fn field(row: &csv::StringRecord, column: Option<usize>) -> &str {
    column.and_then(|c| row.get(c)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_or_none() {
        let fields = |bytes: &[u8], quotes| {
            let rows = rows(bytes, b'\t', quotes);
            rows.iter()
                .map(|r| r.as_ref().unwrap())
                .map(|r| (r.at.line, r.fields.iter().collect::<Vec<_>>().join("|")))
                .collect::<Vec<_>>()
        };
        let text = b"a\tb\r\n\r\n\"c \"\"d\"\"\"\te\r\n";
        assert_eq!(fields(text, Quotes::Csv), [(1, "a|b".to_owned()), (3, "c \"d\"|e".to_owned())]);
        assert_eq!(fields(text, Quotes::None)[1], (3, "\"c \"\"d\"\"\"|e".to_owned()));
        let header = Header::new(&vec!["ICD-11 FoundationURI", "Linearization (releaseURI)"].into());
        assert_eq!(header.find(&["Linearization (release) URI"]), Some(1));
        assert_eq!(header.find(&["icd10Code"]), None);
    }
}
