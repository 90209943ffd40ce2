//! HCPCS Level II: the contractor record `HCPC2019_CONTR_ANWEB.txt` and the workbook of the same name.
//!
//! Published by CMS each quarter, to 2019 each year. The text has records of 320 bytes; a code takes as many as its
//! long description needs, of which only the first has the other fields:
//!
//! ```text
//! 1-5    code; a modifier is three blanks and two characters
//! 6-10   sequence number: 00100, 00200 …
//! 11     record id: 3 code, 4 goes on with its description, 7 modifier, 8 goes on with its description
//! 12-91  long description          92-119  short description         120-     see COLUMNS
//! ```
//!
//! Free text (disclaimers, with bytes that are not UTF-8) may stand before the first record. The workbook has the
//! same fields in 48 columns, below a header row that stands in any of the first rows.
//!
//! Source: CMS, `HCPCS2019_recordlayout.txt`, HCPCS Contractor Record 2019.

use std::borrow::Cow;

use xwalk_model::Position;

use crate::cells::{Row, Sheet, sheets};
use crate::lines::is_blank;
use crate::lines::{Line, Lines, lines};
use crate::order::short;
use crate::text::decode;
use crate::{Error, ErrorKind};

/// A field: its column name in the workbook, and its first and last column in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name in the header row.
    pub name: &'static str,
    /// First column in the text, from 1.
    pub first: usize,
    /// Last column in the text.
    pub last: usize,
}

macro_rules! columns {
    ($($name:literal $first:literal $last:literal,)*) => {
        /// The fields in the order of the record.
        pub const COLUMNS: [Column; 48] =
            [$(Column { name: $name, first: $first, last: $last },)*];
    };
}

columns! {
    "HCPC" 1 5, "SEQNUM" 6 10, "RECID" 11 11, "LONG DESCRIPTION" 12 91, "SHORT DESCRIPTION" 92 119,
    "PRICE1" 120 121, "PRICE2" 122 123, "PRICE3" 124 125, "PRICE4" 126 127, "MULT_PI" 128 128,
    "CIM1" 129 134, "CIM2" 135 140, "CIM3" 141 146, "MCM1" 147 154, "MCM2" 155 162, "MCM3" 163 170,
    "STATUTE" 171 180,
    "LABCERT1" 181 183, "LABCERT2" 184 186, "LABCERT3" 187 189, "LABCERT4" 190 192,
    "LABCERT5" 193 195, "LABCERT6" 196 198, "LABCERT7" 199 201, "LABCERT8" 202 204,
    "XREF1" 205 209, "XREF2" 210 214, "XREF3" 215 219, "XREF4" 220 224, "XREF5" 225 229,
    "COV" 230 230, "ASC_GRP" 231 232, "ASC_DT" 233 240, "OPPS" 241 243, "OPPS_PI" 244 244, "OPPS_DT" 245 252,
    "PROCNOTE" 253 256, "BETOS" 257 259,
    "TOS1" 261 261, "TOS2" 262 262, "TOS3" 263 263, "TOS4" 264 264, "TOS5" 265 265,
    "ANEST_BU" 266 268, "ADD DT" 269 276, "ACT EFF DT" 277 284, "TERM DT" 285 292, "ACTION CD" 293 293,
}

/// The columns that no workbook may lack, because nothing can be said without them.
const NEEDED: [usize; 3] = [0, 3, 4];
/// A first record ends with its action code, so one that is shorter was cut.
const LAST: usize = 293;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// The first record of a code.
    Procedure,
    /// Goes on with the description of a code.
    ProcedureText,
    /// The first record of a modifier.
    Modifier,
    /// Goes on with the description of a modifier.
    ModifierText,
}

impl RecordKind {
    fn of(id: &str) -> Option<Self> {
        Some(match id {
            "3" => Self::Procedure,
            "4" => Self::ProcedureText,
            "7" => Self::Modifier,
            "8" => Self::ModifierText,
            _ => return None,
        })
    }

    /// Whether the record goes on with the description of the one before.
    pub fn goes_on(self) -> bool {
        matches!(self, Self::ProcedureText | Self::ModifierText)
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it is.
    pub kind: RecordKind,
    /// The fields in the order of [`COLUMNS`], with their padding.
    pub fields: Vec<Cow<'a, str>>,
    /// Where it begins.
    pub at: Position,
}

impl Record<'_> {
    /// The code or modifier, without the blanks before a modifier.
    pub fn code(&self) -> &str {
        self.fields.first().map_or("", |f| f.trim())
    }

    /// A field by the name of its column, without padding.
    pub fn field(&self, name: &str) -> &str {
        let at = COLUMNS.iter().position(|c| c.name == name);
        at.and_then(|at| self.fields.get(at)).map_or("", |f| f.trim())
    }
}

/// Whether the first lines of a file hold a record.
pub fn looks_like(head: &[u8]) -> bool {
    lines(head).take(200).any(|line| line.bytes.len() >= 91 && begins_like_record(line.bytes))
}

/// Three blanks, letters or digits, two letters or digits, five digits and a record id.
fn begins_like_record(line: &[u8]) -> bool {
    has_code(line) && matches!(line.get(10), Some(b'3' | b'4' | b'7' | b'8'))
}

fn has_code(line: &[u8]) -> bool {
    let Some(start) = line.get(..10) else { return false };
    let letter = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let (code, number) = start.split_at(5);
    let wide = code[..3] == *b"   " || code[..3].iter().all(|&b| letter(b));
    wide && code[3..].iter().all(|&b| letter(b)) && number.iter().all(u8::is_ascii_digit)
}

/// The records of the text. Empty lines, and free text before the first record, are passed over.
pub fn records(bytes: &[u8]) -> Records<'_> {
    Records { lines: lines(bytes), begun: false }
}

/// Iterator over the records of the text.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    lines: Lines<'a>,
    begun: bool,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.lines.next()?;
            if is_blank(line.bytes) {
                continue;
            }
            self.begun |= has_code(line.bytes);
            if self.begun {
                return Some(record(&line));
            }
        }
    }
}

fn record<'a>(line: &Line<'a>) -> Result<Record<'a>, Error> {
    let fail = |offset: usize, kind| Err(Error { at: line.place(offset), kind });
    let bytes = line.bytes;
    if bytes.len() < 12 {
        return fail(bytes.len(), short(bytes.len(), "code, sequence number, record id and description"));
    }
    if !has_code(bytes) {
        return fail(0, ErrorKind::Code { found: decode(&bytes[..10]).text.into_owned() });
    }
    let id = char::from(bytes[10]);
    let Some(kind) = RecordKind::of(id.encode_utf8(&mut [0; 4])) else {
        return fail(10, ErrorKind::RecordId { found: id });
    };
    if !kind.goes_on() && bytes.len() < LAST {
        return fail(bytes.len(), short(bytes.len(), "the fields to the action code in column 293"));
    }
    let field = |column: &Column| {
        let end = column.last.min(bytes.len());
        bytes.get(column.first - 1..end).map_or(Cow::Borrowed(""), |field| decode(field).text)
    };
    Ok(Record { kind, fields: COLUMNS.iter().map(field).collect(), at: line.at })
}

/// Whether one of the rows is the header row of the workbook.
pub fn is_header(row: &Row) -> bool {
    NEEDED.iter().all(|&i| row.column(COLUMNS[i].name).is_some())
}

/// The records of the workbook, bad rows as errors. Fails as a whole when no row names the columns.
pub fn workbook(bytes: &[u8]) -> Result<Vec<Result<Record<'static>, Error>>, Error> {
    let all = sheets(bytes, usize::MAX)?;
    let found = all.iter().find_map(|s| Some((s, s.rows.iter().position(is_header)?)));
    let Some((sheet, header)) = found else {
        let at = Position { byte: 0, line: 1, column: 1 };
        return Err(Error { at, kind: ErrorKind::MissingColumn { name: COLUMNS[0].name } });
    };
    Ok(rows_of(sheet, header))
}

fn rows_of(sheet: &Sheet, header: usize) -> Vec<Result<Record<'static>, Error>> {
    let columns: Vec<Option<u32>> =
        COLUMNS.iter().map(|c| sheet.rows.get(header).and_then(|row| row.column(c.name))).collect();
    let rows = sheet.rows.iter().skip(header + 1).filter(|row| !row.is_blank());
    rows.map(|row| {
        let fields: Vec<Cow<'static, str>> =
            columns.iter().map(|c| c.map_or(Cow::Borrowed(""), |c| row.get(c).to_owned().into())).collect();
        let code = fields[0].trim();
        let shaped =
            matches!(code.len(), 2 | 5) && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !shaped {
            let at = row.at(columns[0].unwrap_or_default());
            return Err(Error { at, kind: ErrorKind::Code { found: code.to_owned() } });
        }
        let id = fields[2].trim();
        let kind = match RecordKind::of(id) {
            Some(kind) => kind,
            // A workbook without the column still tells a modifier by its two characters.
            None if id.is_empty() && code.len() == 2 => RecordKind::Modifier,
            None if id.is_empty() => RecordKind::Procedure,
            None => {
                let found = id.chars().next().unwrap_or(' ');
                let at = row.at(columns[2].unwrap_or_default());
                return Err(Error { at, kind: ErrorKind::RecordId { found } });
            }
        };
        Ok(Record { kind, fields, at: row.at(columns[0].unwrap_or_default()) })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(code: &str, id: char, long: &str, rest: &str) -> String {
        format!("{code:>5}00100{id}{long:<80}{rest:<229}\r\n")
    }

    #[test]
    fn fields_by_their_columns() {
        let mut detail = format!("{:<28}", "Short");
        detail.push_str("11");
        let text = line("A0021", '3', "Long title", &detail);
        let record = records(text.as_bytes()).next().unwrap().unwrap();
        assert_eq!((record.code(), record.kind), ("A0021", RecordKind::Procedure));
        assert_eq!((record.field("LONG DESCRIPTION"), record.field("PRICE1")), ("Long title", "11"));
        assert_eq!(record.field("SHORT DESCRIPTION"), "Short");
        assert_eq!(COLUMNS.map(|c| c.last - c.first + 1).iter().sum::<usize>(), 292);
    }

    #[test]
    fn free_text_before_the_first_record() {
        let mut text = b"***Disclaimers\t\xA0\r\n\r\nno more\r\n".to_vec();
        text.extend_from_slice(line("A1", '7', "Dressing", "").as_bytes());
        assert!(looks_like(&text));
        let all: Vec<_> = records(&text).collect();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].as_ref().unwrap().code(), "A1");
        assert_eq!(all[0].as_ref().unwrap().kind, RecordKind::Modifier);
    }

    #[test]
    fn what_is_wrong_and_where() {
        let check = |text: String, column: u32, kind: ErrorKind| {
            let error = records(text.as_bytes()).next().unwrap().unwrap_err();
            assert_eq!((error.at.column, error.kind), (column, kind));
        };
        check(line("A0021", '5', "x", ""), 11, ErrorKind::RecordId { found: '5' });
        let cut = short(15, "the fields to the action code in column 293");
        check("A0021001003Long".into(), 16, cut);
        let text = format!("{}notes at the end\r\n", line("A0021", '3', "x", ""));
        let second = records(text.as_bytes()).nth(1).unwrap().unwrap_err();
        assert_eq!(second.kind, ErrorKind::Code { found: "notes at t".into() });
    }

    #[test]
    fn a_continuation_may_be_short() {
        let record = records(b"A0021002004goes on").next().unwrap().unwrap();
        assert_eq!((record.field("LONG DESCRIPTION"), record.field("ACTION CD")), ("goes on", ""));
        assert!(record.kind.goes_on());
    }
}
