//! Titles of ICD-9-CM volumes 1 and 3: `CMS32_DESC_LONG_DX.txt`, `CMS32_DESC_SHORT_SG.txt` and the workbooks
//! `CMS32_DESC_LONG_SHORT_DX.xlsx`.
//!
//! Published by CMS each year to version 32. One code a line, without dot:
//!
//! ```text
//! diagnoses    columns 1-5 code, 6 blank, 7- title
//! procedures   columns 1-4 code, 5 blank, 6- title
//! ```
//!
//! Lines end with LF or CR LF, differing by version; the long titles of diagnoses have letters of Windows-1252.
//! The workbooks have a header row: `DIAGNOSIS CODE` or `PROCEDURE CODE`, `LONG DESCRIPTION`, `SHORT DESCRIPTION`.

use std::borrow::Cow;

use xwalk_model::Position;

use crate::cells::{Row, sheets};
use crate::lines::is_blank;
use crate::lines::{Line, lines};
use crate::order::short;
use crate::text::decode;
use crate::{Error, ErrorKind};

/// Which of the two volumes a file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// Volume 1, diagnoses.
    Diagnoses,
    /// Volume 3, procedures.
    Procedures,
}

impl Volume {
    /// Length of the code field.
    fn width(self) -> usize {
        match self {
            Self::Diagnoses => 5,
            Self::Procedures => 4,
        }
    }

    /// Whether a field is written like a code of the volume.
    fn has_code(self, field: &[u8]) -> bool {
        let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        match (self, field) {
            (Self::Diagnoses, [b'E', rest @ ..]) => matches!(rest.len(), 3..=4) && digits(rest),
            (Self::Diagnoses, [b'V', rest @ ..]) => matches!(rest.len(), 2..=4) && digits(rest),
            (Self::Diagnoses, _) => matches!(field.len(), 3..=5) && digits(field),
            (Self::Procedures, _) => matches!(field.len(), 2..=4) && digits(field),
        }
    }

    /// The name of the code column in the workbook.
    fn column(self) -> &'static str {
        match self {
            Self::Diagnoses => "DIAGNOSIS CODE",
            Self::Procedures => "PROCEDURE CODE",
        }
    }
}

/// One line of a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The code without dot.
    pub code: &'a str,
    /// The title, with its padding.
    pub title: Cow<'a, str>,
    /// Where the line begins.
    pub at: Position,
}

/// The records of a text file. Empty lines are passed over.
pub fn records(bytes: &[u8], volume: Volume) -> impl Iterator<Item = Result<Record<'_>, Error>> {
    lines(bytes).filter(|line| !is_blank(line.bytes)).map(move |line| record(&line, volume))
}

fn record<'a>(line: &Line<'a>, volume: Volume) -> Result<Record<'a>, Error> {
    let fail = |offset: usize, kind| Err(Error { at: line.place(offset), kind });
    let (Some((code, rest)), true) = (line.bytes.split_at_checked(volume.width()), line.bytes.len() > 6)
    else {
        let expected = "a code of up to five columns, a blank and the title";
        return fail(line.bytes.len(), short(line.bytes.len(), expected));
    };
    let code = code.trim_ascii_end();
    if !volume.has_code(code) {
        return fail(0, ErrorKind::Code { found: decode(code).text.into_owned() });
    }
    let Some(title) = rest.strip_prefix(b" ") else {
        let found = rest.first().copied().unwrap_or_default() as char;
        return fail(volume.width(), ErrorKind::NotBlank { found });
    };
    // The shape was checked above: letters and digits.
    let code = std::str::from_utf8(code).unwrap_or_default();
    Ok(Record { code, title: decode(title).text, at: line.at })
}

/// The volume that a text file lists, if its first lines have the layout.
pub fn volume_of(head: &[u8]) -> Option<Volume> {
    let first: Vec<Line<'_>> = lines(head).filter(|l| !is_blank(l.bytes)).take(50).collect();
    // The head may end within its last line.
    let whole = if first.len() > 1 { &first[..first.len() - 1] } else { &first[..] };
    if whole.iter().filter(|l| names_another_code(l.bytes)).count() * 2 >= whole.len() {
        return None;
    }
    [Volume::Diagnoses, Volume::Procedures].into_iter().find(|volume| {
        let fits = |l: &&Line<'_>| {
            record(l, *volume).is_ok_and(|r| {
                r.title.starts_with(|c: char| !c.is_whitespace()) && r.title.contains(char::is_alphabetic)
            })
        };
        // A damaged line does not make it another file.
        whole.iter().filter(fits).count() * 10 > whole.len() * 8
    })
}

/// Whether a second code stands where the title should: in a mapping, or in an order file, whose order number looks
/// like a diagnosis.
fn names_another_code(line: &[u8]) -> bool {
    let Some(rest) = line.get(5..) else { return false };
    let word = rest.trim_ascii_start().split(|b| *b == b' ').next().unwrap_or_default();
    let code = (3..=7).contains(&word.len())
        && word.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        && word.iter().any(u8::is_ascii_digit);
    code || word.starts_with(b"NoDx") || word.starts_with(b"NoPCS")
}

/// One row of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitleRow {
    /// The code without dot.
    pub code: String,
    /// The long title.
    pub long: String,
    /// The short title.
    pub short: String,
    /// Where the row is.
    pub at: Position,
}

/// The volume that a workbook lists, by the header row in one of the first rows given.
pub fn volume_of_rows(rows: &[Row]) -> Option<Volume> {
    let has = |volume: Volume| rows.iter().any(|r| r.column(volume.column()).is_some());
    [Volume::Diagnoses, Volume::Procedures].into_iter().find(|volume| has(*volume))
}

/// The rows of a workbook, bad ones as errors. Fails as a whole when no row names the columns.
pub fn rows(bytes: &[u8], volume: Volume) -> Result<Vec<Result<TitleRow, Error>>, Error> {
    for sheet in sheets(bytes, usize::MAX)? {
        let Some(at) = sheet.rows.iter().position(|r| r.column(volume.column()).is_some()) else { continue };
        let header = &sheet.rows[at];
        let missing = |name| Error { at: header.at(0), kind: ErrorKind::MissingColumn { name } };
        let code = header.column(volume.column()).ok_or_else(|| missing(volume.column()))?;
        let long = header.column("LONG DESCRIPTION").ok_or_else(|| missing("LONG DESCRIPTION"))?;
        let short = header.column("SHORT DESCRIPTION").ok_or_else(|| missing("SHORT DESCRIPTION"))?;
        return Ok(sheet.rows[at + 1..]
            .iter()
            .filter(|row| !row.is_blank())
            .map(|row| {
                let text = row.get(code).trim();
                if !volume.has_code(text.as_bytes()) {
                    return Err(Error { at: row.at(code), kind: ErrorKind::Code { found: text.to_owned() } });
                }
                let (long, short) = (row.get(long).to_owned(), row.get(short).to_owned());
                Ok(TitleRow { code: text.to_owned(), long, short, at: row.at(code) })
            })
            .collect());
    }
    let at = Position { byte: 0, line: 1, column: 1 };
    Err(Error { at, kind: ErrorKind::MissingColumn { name: volume.column() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], expected: Option<Volume>) {
        assert_eq!(volume_of(head), expected);
    }

    #[test]
    fn the_volume_by_the_width_of_the_code() {
        check(b"0010  Cholera due to vibrio\nV010  Contact\nE8000 Train\n", Some(Volume::Diagnoses));
        check(b"0001 Therapeutic ultrasound\n001  Whole\n", Some(Volume::Procedures));
        check(b"0010  A000    10000\r\n0011  A001    10000\r\n", None);
        check(b"36570 NoDx    11000\r\n36571 NoDx    11000\r\n", None);
        check(b"00001 A00     0 Cholera\r\n", None);
        check(b"A000    Cholera\r\nA001    Cholera\r\n", None);
        check(b"", None);
    }

    #[test]
    fn titles_are_decoded_and_bad_lines_told() {
        let text = b"38600 M\xE9ni\xE8re's disease\r\n12A   Bad\r\n0010\r\n\x1a";
        let all: Vec<_> = records(text, Volume::Diagnoses).collect();
        let first = all[0].as_ref().unwrap();
        assert_eq!((first.code, first.title.as_ref()), ("38600", "Ménière's disease"));
        assert_eq!(all[1].as_ref().unwrap_err().kind, ErrorKind::Code { found: "12A".into() });
        assert_eq!(all[2].as_ref().unwrap_err().at.line, 3);
        assert_eq!(all.len(), 3);
        let error = records(b"0010xSomething\n", Volume::Procedures).next().unwrap().unwrap_err();
        assert_eq!((error.at.column, error.kind), (5, ErrorKind::NotBlank { found: 'x' }));
    }
}
