//! Code lists without headers: `icd10cm_codes_2026.txt`, `icd10pcs_codes_2026.txt`.
//!
//! Published with the order files by CMS and CDC/NCHS. Columns 1-7 code without dot, 8 blank, 9- long title; only
//! codes valid for submission, in tabular order. CR LF.

use xwalk_model::Position;

use crate::lines::{Line, LineRecords, lines};
use crate::order::{is_code, not_blank, short};
use crate::{Error, ErrorKind};

/// One line of a code list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The code without dot.
    pub code: &'a str,
    /// The long title.
    pub long: &'a str,
    /// Where the line begins.
    pub at: Position,
}

/// The records of a code list. Empty lines are passed over.
pub fn records(bytes: &[u8]) -> LineRecords<'_, Record<'_>> {
    LineRecords::new(lines(bytes), record)
}

/// Whether the first lines of a file have the layout of a code list: a code, and a title from column 9.
pub fn looks_like(bytes: &[u8]) -> bool {
    let mut first = records(bytes).take(5).peekable();
    first.peek().is_some()
        && first.all(|r| {
            r.is_ok_and(|r| {
                r.code.len() >= 3 && r.code.bytes().any(|b| b.is_ascii_digit()) && !r.long.starts_with(' ')
            })
        })
}

fn record<'a>(line: &Line<'a>) -> Result<Record<'a>, Error> {
    let fail = |offset: usize, kind| Err(Error { at: line.place(offset), kind });
    let text = match std::str::from_utf8(line.bytes) {
        Ok(text) => text,
        Err(e) => return fail(e.valid_up_to(), ErrorKind::Encoding),
    };
    if text.len() < 9 {
        return fail(text.len(), short(text.len(), "a code in columns 1-7 and the long title from column 9"));
    }
    if line.bytes[7] != b' ' {
        return fail(7, not_blank(text, 7));
    }
    let code = text[..7].trim_end_matches(' ');
    if !is_code(code) {
        return fail(0, ErrorKind::Code { found: code.to_owned() });
    }
    Ok(Record { code, long: &text[8..], at: line.at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_bad_one() {
        let mut all = records(b"A000    Cholera\r\nA001   xCholera\r\n");
        assert_eq!(all.next().unwrap().unwrap().long, "Cholera");
        let error = all.next().unwrap().unwrap_err();
        assert_eq!((error.at.line, error.at.column, error.kind), (2, 8, ErrorKind::NotBlank { found: 'x' }));
        assert!(looks_like(b"A000    Cholera\r\n"));
        assert!(!looks_like(b"%PDF-1.7\n\n\n"));
    }
}
