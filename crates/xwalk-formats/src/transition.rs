//! Transition tables of ICD-10-GM (Umsteiger): `icd10gm2017syst_umsteiger_2016_2017.txt`.
//!
//! Published by DIMDI, today BfArM, with each edition. `old;new;forward;back` and CR LF, ASCII, no header row, no
//! quotes. `A` in the third field says that the code may be carried to the new one automatically, `A` in the fourth
//! that it may be carried back. `UNDEF` on the left marks a new code, on the right a deleted one. Unchanged codes are
//! listed too. The table from 2003 to 2004 has two fields more: `…;0;UNDEF` or `…;1;G82.6-`.
//!
//! Nothing in the file says which editions it joins.

use xwalk_model::Position;

use crate::lines::{Line, LineRecords, lines};
use crate::{Error, ErrorKind};

/// What stands in place of a code that does not exist in one of the editions.
pub const UNDEF: &str = "UNDEF";

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The code in the old edition, as written, or [`UNDEF`].
    pub old: &'a str,
    /// The code in the new edition, as written, or [`UNDEF`].
    pub new: &'a str,
    /// Whether the code is carried to the new edition automatically.
    pub forward: bool,
    /// Whether the code is carried back automatically.
    pub back: bool,
    /// The fifth and sixth field of the table from 2003 to 2004.
    pub more: Option<(&'a str, &'a str)>,
    /// Where the row begins.
    pub at: Position,
}

/// The rows of a table. Empty lines are passed over.
pub fn records(bytes: &[u8]) -> LineRecords<'_, Record<'_>> {
    LineRecords::new(lines(bytes), record)
}

/// Whether the first rows have the layout of a transition table. The last one may be cut.
pub fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(2000)];
    let whole = memchr::memrchr(b'\n', head).map_or(head, |end| &head[..=end]);
    let mut first = records(whole).take(10).peekable();
    first.peek().is_some() && first.all(|r| r.is_ok())
}

fn record<'a>(line: &Line<'a>) -> Result<Record<'a>, Error> {
    let fail = |offset: usize, kind| Err(Error { at: line.place(offset), kind });
    let text = match std::str::from_utf8(line.bytes) {
        Ok(text) => text,
        Err(e) => return fail(e.valid_up_to(), ErrorKind::Encoding),
    };
    let mut starts = Vec::with_capacity(6);
    let mut fields = Vec::with_capacity(6);
    let mut start = 0;
    for field in text.split(';') {
        starts.push(start);
        fields.push(field);
        start += field.len() + 1;
    }
    let (rest, more) = match fields.as_slice() {
        [.., fifth, sixth] if fields.len() == 6 => (fields.get(..4), Some((*fifth, *sixth))),
        _ => (Some(fields.as_slice()), None),
    };
    let Some(&[old, new, forward, back]) = rest else {
        return fail(0, ErrorKind::FieldCount { found: fields.len(), expected: "4, in 2004 6" });
    };
    for (i, code) in [old, new].into_iter().enumerate() {
        if !is_code(code) {
            return fail(starts[i], ErrorKind::Code { found: code.to_owned() });
        }
    }
    let mut flags = [false; 2];
    for (i, flag) in [forward, back].into_iter().enumerate() {
        flags[i] = match flag {
            "A" => true,
            "" => false,
            other => return fail(starts[i + 2], ErrorKind::TransitionFlag { found: other.to_owned() }),
        };
    }
    let [forward, back] = flags;
    Ok(Record { old, new, forward, back, more, at: line.at })
}

/// A letter and two digits at least, with a dot and the marks that old tables keep; or `UNDEF`.
fn is_code(text: &str) -> bool {
    let b = text.as_bytes();
    text == UNDEF
        || (b.len() >= 3
            && b[0].is_ascii_uppercase()
            && b[1].is_ascii_digit()
            && b[2].is_ascii_digit()
            && b[3..]
                .iter()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'*' | b'!' | b'+')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_and_six_fields() {
        let text = b"Q10.0;Q10.0;A;A\r\nUNDEF;Q10.1;;A\r\nQ10.2;UNDEF;A;\r\nQ11.0;Q11.1;;;1;Q12.6-\r\n";
        let rows: Vec<_> = records(text).map(Result::unwrap).collect();
        assert_eq!((rows[0].old, rows[0].new, rows[0].forward, rows[0].back), ("Q10.0", "Q10.0", true, true));
        assert_eq!((rows[1].old, rows[1].forward, rows[1].back), (UNDEF, false, true));
        assert_eq!((rows[2].new, rows[2].at.line), (UNDEF, 3));
        assert_eq!(rows[3].more, Some(("1", "Q12.6-")));
        assert!(looks_like(text));
    }

    #[track_caller]
    fn check_error(bytes: &[u8], column: u32, kind: ErrorKind) {
        let error = records(bytes).next().unwrap().unwrap_err();
        assert_eq!((error.at.column, error.kind), (column, kind));
    }

    #[test]
    fn what_is_wrong_and_where() {
        check_error(b"Q10.0;Q10.0;A", 1, ErrorKind::FieldCount { found: 3, expected: "4, in 2004 6" });
        check_error(b"Q10.0;x;A;A", 7, ErrorKind::Code { found: "x".into() });
        check_error(b"Q10.0;Q10.0;B;A", 13, ErrorKind::TransitionFlag { found: "B".into() });
        check_error(b"Q10.0;\xFF", 7, ErrorKind::Encoding);
        assert!(!looks_like(b"Q10;Q19;01;A block\r\n"));
    }
}
