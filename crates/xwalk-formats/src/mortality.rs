//! The list of ICD-10 codes that are valid in the mortality data of the United States:
//! `allvalid2023-detailed-titles-headings.csv`.
//!
//! Published by CDC/NCHS. Some rows of notes, then a header row `Status,Code,ICD Title`, then a row for each code;
//! comma-separated UTF-8 with a byte order mark since 2020, tab-separated before, in 2009 as UTF-16. A code with a
//! leading asterisk is not part of ICD-10. `Status` is a log of changes and may hold a line end; a code stays in the
//! list after its deletion. Rows without a code but with a title are headings. Columns are found by name.

use xwalk_model::Position;

use crate::text::decode;
use crate::{Error, ErrorKind};

/// One row with a code or a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What happened to the code, as written.
    pub status: String,
    /// The code as written; empty in a heading.
    pub code: String,
    /// The title as written.
    pub title: String,
    /// Where the row begins.
    pub at: Position,
}

/// The whole list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// The rows above the header row, as written, empty ones left out.
    pub notes: Vec<String>,
    /// The rows below it, bad ones as errors. Rows in which every field is blank are passed over.
    pub records: Vec<Result<Record, Error>>,
}

/// How far down the header row may be.
const HEADER_WITHIN: usize = 30;

/// Where the columns are.
#[derive(Clone, Copy)]
struct Columns {
    status: usize,
    code: usize,
    title: usize,
}

/// Whether one of the first rows is the header row of such a list.
pub fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(8192)];
    if !head.starts_with(b"\xFF\xFE") && memchr::memchr(0, head).is_some() {
        return false;
    }
    let text = decode(head).text;
    rows(&text).take(HEADER_WITHIN).any(|row| row.is_ok_and(|(row, _)| columns(&row).is_ok()))
}

/// Reads the list. Fails as a whole when no header row names the columns.
pub fn read(bytes: &[u8]) -> Result<List, Error> {
    let decoded = decode(bytes);
    let text: &str = &decoded.text;
    let mut list = List::default();
    let mut found: Option<Columns> = None;
    let mut missing = "Code";
    for (number, row) in rows(text).enumerate() {
        let Some(at) = found else {
            let Ok((row, _)) = row else { continue };
            match columns(&row) {
                Ok(at) => found = Some(at),
                Err(name) => {
                    missing = name;
                    let note = row.iter().map(str::trim).filter(|f| !f.is_empty()).collect::<Vec<_>>();
                    if !note.is_empty() {
                        list.notes.push(note.join(" "));
                    }
                }
            }
            if found.is_none() && number + 1 >= HEADER_WITHIN {
                break;
            }
            continue;
        };
        list.records.extend(match row {
            Err(error) => Some(Err(error)),
            Ok((row, place)) => record(&row, at, place),
        });
    }
    if found.is_none() {
        let at = Position { byte: 0, line: 1, column: 1 };
        return Err(Error { at, kind: ErrorKind::MissingColumn { name: missing } });
    }
    Ok(list)
}

fn record(row: &csv::StringRecord, columns: Columns, at: Position) -> Option<Result<Record, Error>> {
    if row.iter().all(|f| f.trim().is_empty()) {
        return None;
    }
    let field = |i: usize| row.get(i).unwrap_or_default().to_owned();
    let record =
        Record { status: field(columns.status), code: field(columns.code), title: field(columns.title), at };
    if record.code.trim().is_empty() && record.title.trim().is_empty() {
        return Some(Err(Error { at, kind: ErrorKind::Code { found: String::new() } }));
    }
    Some(Ok(record))
}

/// The columns of a header row, or the name of one that it lacks.
fn columns(row: &csv::StringRecord) -> Result<Columns, &'static str> {
    let column = |test: &dyn Fn(&str) -> bool| row.iter().position(|f| test(&f.trim().to_ascii_lowercase()));
    let code = column(&|f| f == "code" || f == "icd code" || f == "icd-10 code").ok_or("Code")?;
    let status = column(&|f| f == "status").ok_or("Status")?;
    let title = column(&|f| f.ends_with("title")).ok_or("ICD Title")?;
    Ok(Columns { status, code, title })
}

/// All rows with their places. A tab anywhere in the first lines says that tabs separate the fields.
fn rows(text: &str) -> impl Iterator<Item = Result<(csv::StringRecord, Position), Error>> + '_ {
    let tabs = text.lines().take(HEADER_WITHIN).any(|line| line.contains('\t'));
    let reader = csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut counted = Position { byte: 0, line: 1, column: 1 };
    reader.into_records().map(move |row| {
        let row = row.map_err(|e| Error { at: counted, kind: ErrorKind::Row { reason: e.to_string() } })?;
        // The csv crate takes a record to begin at the line end that closes the one before.
        let byte = row.position().map_or(counted.byte, csv::Position::byte);
        let lead = text.as_bytes().get(byte as usize..).unwrap_or_default();
        let byte = byte + lead.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count() as u64;
        let skipped = text.as_bytes().get(counted.byte as usize..byte as usize).unwrap_or_default();
        let line = counted.line + memchr::memchr_iter(b'\n', skipped).count() as u32;
        counted = Position { byte, line, column: 1 };
        Ok((row, counted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "\u{feff}\"LIST, 1999\",,\r\n,,\r\nStatus,Code,ICD Title\r\n,A00.0,\"Cholera, x\"\r\n\
        \"Added in 2006\nTitle updated in 2017\",K22.7,Barrett esophagus\r\n,,\r\nMC ONLY,S00.0,Head \r\n,,A heading\r\n\
        Deleted in 2009,,\r\n";

    #[test]
    fn rows_below_the_header() {
        let list = read(SMALL.as_bytes()).unwrap();
        assert_eq!(list.notes, ["LIST, 1999"]);
        let rows: Vec<_> = list.records.iter().flatten().collect();
        assert_eq!(
            (rows[0].code.as_str(), rows[0].title.as_str(), rows[0].at.line),
            ("A00.0", "Cholera, x", 4)
        );
        assert_eq!(rows[1].status, "Added in 2006\nTitle updated in 2017");
        assert_eq!((rows[2].title.as_str(), rows[2].at.line), ("Head ", 8));
        assert_eq!((rows[3].code.as_str(), rows[3].title.as_str()), ("", "A heading"));
        assert_eq!(list.records.last().unwrap().as_ref().unwrap_err().at.line, 10);
        assert!(looks_like(SMALL.as_bytes()));
    }

    #[test]
    fn tabs_and_utf_16() {
        let text = "\u{feff}LIST\r\nStatus\tCode\tICD Title\r\n\tA00.0\tCholera, x\r\n";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [wide.as_slice(), text.as_bytes()] {
            assert!(looks_like(bytes));
            assert_eq!(read(bytes).unwrap().records[0].as_ref().unwrap().title, "Cholera, x");
        }
    }

    #[test]
    fn without_a_header_row_it_is_refused() {
        let error = read(b"a,b,c\r\n").unwrap_err();
        assert_eq!(error.kind, ErrorKind::MissingColumn { name: "Code" });
        assert!(!looks_like(b"a,b,c\r\n"));
    }
}
