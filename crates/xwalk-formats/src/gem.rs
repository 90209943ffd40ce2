//! General Equivalence Mappings: `2018_I9gem.txt`, `2018_I10gem.txt`, `gem_i9pcs.txt`, `gem_pcsi9.txt`.
//!
//! Published by CMS from 2007 to 2018. One row a line, CR LF, 19 bytes: source, target, and five flags, each part set
//! off by blanks: `24951 E08311  10111`. The flags are approximate, no map, combination (0 or 1 each), scenario and
//! choice list (a digit each). Where there is no target the second part is `NoDx`, `NoPCS` or `NoI9`.
//!
//! Source: CMS, "Diagnosis Code Set General Equivalence Mappings, Documentation for Technical Users", 2018.

use xwalk_model::Position;

use crate::lines::{Line, LineRecords, lines};
use crate::order::head;
use crate::{Error, ErrorKind};

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The source code, as written.
    pub source: &'a str,
    /// The target code, as written; `NoDx` and its like where there is none.
    pub target: &'a str,
    /// The five flags, as written.
    pub flags: &'a str,
    /// Number of the scenario, 0 outside combinations.
    pub scenario: u8,
    /// Number of the choice list, 0 outside combinations.
    pub choice: u8,
    /// Where the line begins.
    pub at: Position,
}

impl Record<'_> {
    /// Whether source and target mean the same, as the file states it.
    pub fn is_exact(&self) -> bool {
        self.flags.starts_with('0') && !self.is_no_map()
    }

    /// Whether the row says that there is no target. Two rows of the 2018 file say so by the target alone.
    pub fn is_no_map(&self) -> bool {
        self.flags.as_bytes().get(1) == Some(&b'1') || matches!(self.target, "NoDx" | "NoPCS" | "NoI9")
    }

    /// Whether the row is a part of a combination.
    pub fn is_combination(&self) -> bool {
        self.flags.as_bytes().get(2) == Some(&b'1')
    }
}

/// The rows of a GEM. Empty lines are passed over.
pub fn records(bytes: &[u8]) -> LineRecords<'_, Record<'_>> {
    LineRecords::new(lines(bytes), record)
}

/// Whether the first lines of a file have the layout of a GEM.
pub fn looks_like(bytes: &[u8]) -> bool {
    let mut first = records(bytes).take(5).peekable();
    first.peek().is_some() && first.all(|r| r.is_ok())
}

fn record<'a>(line: &Line<'a>) -> Result<Record<'a>, Error> {
    let fail = |kind| Err(Error { at: line.at, kind });
    let Ok(text) = std::str::from_utf8(line.bytes) else { return fail(ErrorKind::Encoding) };
    let mut parts = text.split_ascii_whitespace();
    let (Some(source), Some(target), Some(flags), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return fail(ErrorKind::Row { reason: "expected source, target and flags".to_owned() });
    };
    let code = |t: &str| !t.is_empty() && t.len() <= 7 && t.bytes().all(|b| b.is_ascii_alphanumeric());
    for part in [source, target] {
        if !code(part) {
            return fail(ErrorKind::Code { found: head(part, 12) });
        }
    }
    let &[b'0' | b'1', b'0' | b'1', b'0' | b'1', scenario, choice] = flags.as_bytes() else {
        return fail(ErrorKind::Row { reason: format!("`{}` is not a group of five flags", head(flags, 8)) });
    };
    if !scenario.is_ascii_digit() || !choice.is_ascii_digit() {
        return fail(ErrorKind::Row { reason: format!("`{}` is not a group of five flags", head(flags, 8)) });
    }
    Ok(Record { source, target, flags, scenario: scenario - b'0', choice: choice - b'0', at: line.at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_a_bad_one() {
        let all: Vec<_> = records(b"0010  A000    00000\r\n24951 E08311  10111\r\n36570 NoDx    11000\r\nA000 10000\r\n0010 A000 00200\r\n").collect();
        assert!(all[0].as_ref().unwrap().is_exact());
        let row = all[1].as_ref().unwrap();
        assert_eq!((row.source, row.target, row.scenario, row.choice), ("24951", "E08311", 1, 1));
        assert!(row.is_combination() && !row.is_exact());
        assert!(all[2].as_ref().unwrap().is_no_map());
        assert_eq!(all[3].as_ref().unwrap_err().at.line, 4);
        assert!(all[4].is_err());
        assert!(looks_like(b"0010  A000    00000\r\n"));
        assert!(!looks_like(b"00001 A00     0 Cholera   Cholera\r\n"));
    }
}
