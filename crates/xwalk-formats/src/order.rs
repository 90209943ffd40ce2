//! Order files of ICD-10-CM and ICD-10-PCS: `icd10cm_order_2026.txt`, `icd10pcs_order_2026.txt`.
//!
//! Published by CMS and CDC/NCHS each year. One record a line, CR LF, in tabular order:
//!
//! ```text
//! columns   1-5    7-13     15          17-76                       78-
//!           order  code     0 header    short title, padded to 60   long title, up to 400
//!           number (no dot) 1 valid     bytes
//! ```
//!
//! Source: CMS, "ICD-10-CM order file" note in the yearly Code Descriptions in Tabular Order zip (FY2026). Fields
//! are cut by bytes: in the FY2013 file one short title has a letter of two bytes and is padded to 60 bytes.

use xwalk_model::Position;

use crate::lines::{Line, LineRecords, Lines, lines};
use crate::{Error, ErrorKind};

/// One line of an order file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Number of the line in tabular order.
    pub order: u32,
    /// The code without dot.
    pub code: &'a str,
    /// Whether the code is valid for submission; a header is not.
    pub valid: bool,
    /// The short title, with its padding removed.
    pub short: &'a str,
    /// The long title.
    pub long: &'a str,
    /// Where the line begins.
    pub at: Position,
}

/// The records of an order file. Empty lines are passed over.
pub fn records(bytes: &[u8]) -> LineRecords<'_, Record<'_>> {
    records_of(lines(bytes))
}

/// The records of lines, for a file that is read in parts.
pub fn records_of(lines: Lines<'_>) -> LineRecords<'_, Record<'_>> {
    LineRecords::new(lines, record)
}

/// Whether the first lines of a file have the layout of an order file.
pub fn looks_like(bytes: &[u8]) -> bool {
    records(bytes).take(5).flatten().next().is_some()
}

fn record<'a>(line: &Line<'a>) -> Result<Record<'a>, Error> {
    let fail = |offset: usize, kind| Err(Error { at: line.place(offset), kind });
    let Ok(text) = std::str::from_utf8(line.bytes) else {
        let at = std::str::from_utf8(line.bytes).map_or_else(|e| e.valid_up_to(), str::len);
        return fail(at, ErrorKind::Encoding);
    };
    let bytes = line.bytes;
    // The number grows with the file; should it ever need a sixth digit, the other fields move by one.
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(5..=8).contains(&digits) {
        return fail(0, ErrorKind::OrderNumber { found: head(text, 6) });
    }
    let shift = digits - 5;
    if bytes.len() < 16 + shift {
        return fail(bytes.len(), short(bytes.len(), "code in columns 7-13 and flag in column 15"));
    }
    for blank in [5, 13, 15] {
        if bytes[blank + shift] != b' ' {
            return fail(blank + shift, not_blank(text, blank + shift));
        }
    }
    let code = text[6 + shift..13 + shift].trim_end_matches(' ');
    if !is_code(code) {
        return fail(6 + shift, ErrorKind::Code { found: code.to_owned() });
    }
    let valid = match bytes[14 + shift] {
        b'0' => false,
        b'1' => true,
        other => return fail(14 + shift, ErrorKind::Flag { found: other as char }),
    };
    let (short, long) = titles(line, text, 16 + shift)?;
    Ok(Record { order: text[..digits].parse().unwrap_or(u32::MAX), code, valid, short, long, at: line.at })
}

/// The two titles that begin at `start`: 60 bytes padded, a blank, and the rest of the line.
pub(crate) fn titles<'a>(line: &Line<'_>, text: &'a str, start: usize) -> Result<(&'a str, &'a str), Error> {
    let fail = |offset: usize, kind| Err(Error { at: line.place(offset), kind });
    if text.len() <= start + 61 {
        return fail(
            text.len(),
            short(text.len(), "a short title of 60 columns, a blank and the long title"),
        );
    }
    if line.bytes[start + 60] != b' ' {
        return fail(start + 60, not_blank(text, start + 60));
    }
    let (Some(short_title), Some(long)) = (text.get(start..start + 60), text.get(start + 61..)) else {
        return fail(start, ErrorKind::Encoding);
    };
    let end = short_title.bytes().rposition(|b| b != b' ').map_or(0, |at| at + 1);
    Ok((&short_title[..end], long))
}

pub(crate) fn short(found: usize, expected: &'static str) -> ErrorKind {
    ErrorKind::LineTooShort { found, expected }
}

pub(crate) fn not_blank(text: &str, at: usize) -> ErrorKind {
    ErrorKind::NotBlank { found: text.get(at..).and_then(|t| t.chars().next()).unwrap_or('?') }
}

/// The first characters of a text, for a message.
pub(crate) fn head(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// Whether a field can be a code: upper-case letters and digits, at least one.
pub(crate) fn is_code(field: &str) -> bool {
    !field.is_empty() && field.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(code: &str, flag: &str, short: &str, long: &str) -> String {
        format!("00001 {code:<7} {flag} {short:<60} {long}\r\n")
    }

    #[track_caller]
    fn check_error(bytes: &[u8], column: u32, kind: ErrorKind) {
        let error = records(bytes).next().unwrap().unwrap_err();
        assert_eq!((error.at.column, error.kind), (column, kind));
    }

    #[test]
    fn fields_are_cut_by_bytes() {
        let padded = format!("00705 L705    1 {}{} Acne excoriée", "Acne excoriée", " ".repeat(60 - 14));
        let record = records(padded.as_bytes()).next().unwrap().unwrap();
        assert_eq!((record.short, record.long, record.order), ("Acne excoriée", "Acne excoriée", 705));
    }

    #[test]
    fn a_sixth_digit_moves_the_fields() {
        let text = line("A000", "1", "Short", "Long").replacen("00001", "100001", 1);
        let record = records(text.as_bytes()).next().unwrap().unwrap();
        assert_eq!((record.order, record.code, record.long), (100_001, "A000", "Long"));
    }

    #[test]
    fn leading_blanks_of_a_short_title_stay() {
        let text = line("T464X", "0", " by, adverse effect", "Long");
        assert_eq!(records(text.as_bytes()).next().unwrap().unwrap().short, " by, adverse effect");
    }

    #[test]
    fn what_is_wrong_and_where() {
        check_error(line("A0o1", "1", "S", "L").as_bytes(), 7, ErrorKind::Code { found: "A0o1".into() });
        check_error(line("A001", "2", "S", "L").as_bytes(), 15, ErrorKind::Flag { found: '2' });
        check_error(b"0001 A00", 1, ErrorKind::OrderNumber { found: "0001 A".into() });
        check_error(
            b"00001 A00     0 Chol",
            21,
            short(20, "a short title of 60 columns, a blank and the long title"),
        );
        check_error(b"00001xA00     0 Chol", 6, ErrorKind::NotBlank { found: 'x' });
        check_error(b"00001 A00     0 M\xE9ni", 18, ErrorKind::Encoding);
        // The reader goes on after a bad line.
        let two = format!("rubbish\r\n{}", line("A00", "0", "S", "L"));
        assert!(records(two.as_bytes()).nth(1).unwrap().is_ok());
    }
}
