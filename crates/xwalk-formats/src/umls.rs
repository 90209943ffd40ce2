//! Names of concepts in the UMLS Metathesaurus: `MRCONSO.RRF`.
//!
//! Published by the National Library of Medicine twice a year. One name a line, fields ended by `|`, UTF-8, no
//! quoting:
//!
//! ```text
//! CUI|LAT|TS|LUI|STT|SUI|ISPREF|AUI|SAUI|SCUI|SDUI|SAB|TTY|CODE|STR|SRL|SUPPRESS|CVF|
//! ```
//!
//! Source: NLM, UMLS Reference Manual, section 3.3.4 (2023).

use xwalk_model::Position;

use crate::lines::{Line, LineRecords, lines};
use crate::{Error, ErrorKind};

/// One name, each field as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Language: `ENG`, `SPA`.
    pub language: &'a str,
    /// Abbreviation of the source: `CPT`, `HCPCS`.
    pub source: &'a str,
    /// Kind of the name: `PT`, `AB`, `ETCLIN`.
    pub term_type: &'a str,
    /// The code in the source.
    pub code: &'a str,
    /// The name.
    pub text: &'a str,
    /// `N` not suppressed, `O` obsolete, `Y` and `E` suppressed as a name.
    pub suppress: &'a str,
    /// Where the line begins.
    pub at: Position,
}

/// The names of a file, bad lines as errors.
pub fn records(bytes: &[u8]) -> LineRecords<'_, Record<'_>> {
    LineRecords::new(lines(bytes), record)
}

/// Whether the first line is laid out like one of `MRCONSO.RRF`.
pub fn looks_like(head: &[u8]) -> bool {
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    first.starts_with(b"C") && memchr::memchr_iter(b'|', first).count() == 18
}

fn record<'a>(line: &Line<'a>) -> Result<Record<'a>, Error> {
    let text = std::str::from_utf8(line.bytes)
        .map_err(|e| Error { at: line.place(e.valid_up_to()), kind: ErrorKind::Encoding })?;
    let mut fields = text.split('|');
    let mut next = |skip: usize| fields.nth(skip);
    let read = (next(1), next(9), next(0), next(0), next(0), next(1));
    match read {
        (Some(language), Some(source), Some(term_type), Some(code), Some(name), Some(suppress)) => {
            Ok(Record { language, source, term_type, code, text: name, suppress, at: line.at })
        }
        _ => {
            let kind =
                ErrorKind::LineTooShort { found: line.bytes.len(), expected: "18 fields, each ended by `|`" };
            Err(Error { at: line.place(line.bytes.len()), kind })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_by_their_place() {
        let text = b"C0000001|ENG|P|L1|PF|S1|Y|A1||M1|D1|CPT|PT|99990|Invented|9|N|256|\nC|ENG\n\xFF\n";
        assert!(looks_like(text));
        let mut all = records(text);
        let first = all.next().unwrap().unwrap();
        assert_eq!(
            (first.language, first.source, first.term_type, first.code, first.text, first.suppress),
            ("ENG", "CPT", "PT", "99990", "Invented", "N")
        );
        assert!(matches!(all.next().unwrap().unwrap_err().kind, ErrorKind::LineTooShort { .. }));
        assert_eq!(all.next().unwrap().unwrap_err().kind, ErrorKind::Encoding);
    }
}
