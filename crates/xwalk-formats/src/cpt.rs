//! CPT data files of the American Medical Association: `LONGULT.txt`, `LONGUF.txt`, `MEDU.txt`, `SHORTU.txt`,
//! `MODUL.txt`, and the descriptors and history that come with them.
//!
//! Published each year under licence. Every text file begins with a copyright block; the data stand after its last
//! blank line. UTF-8 in newer years, Windows-1252 in older ones.
//!
//! ```text
//! LONGULT, LONGUT   code TAB descriptor                           upper and lower case, upper case
//! LONGULF, LONGUF   columns 1-5 code, 6-7 number of the line, 9-80 descriptor, continued on the next line
//! MEDU              columns 1-5 code, 7-54 descriptor
//! SHORTU            columns 1-5 code, 7-34 descriptor
//! MODUL             modifier of two characters, blank or TAB, title and text
//! ConsumerDescriptor, ClinicianDescriptor      TAB, a header row
//! History_DTK_tab, Deleted_DTK_tab             TAB, a header row
//! ```
//!
//! Source: AMA, CPT data file layout; NLM, "CPT Source Information" (UMLS 2023). No code or descriptor of CPT is in
//! this crate: what the tests read is invented.

use xwalk_model::Position;

use crate::lines::{Lines, lines, lines_after};
use crate::table::{Header, Quotes, field};
use crate::text::decode;
use crate::{Error, ErrorKind, table};

/// How the records of a descriptor file are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// Code, tabulator, descriptor.
    Tab,
    /// Code, number of the line, and 72 columns of a descriptor that may go on.
    Continued,
    /// Code, blank, and a descriptor on one line.
    Fixed,
    /// Modifiers.
    Modifiers,
}

/// One code or modifier with its descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The code, five characters, or the modifier, two.
    pub code: String,
    /// The descriptor, its lines joined; blanks at the ends are layout and not kept.
    pub text: String,
    /// Where the record begins.
    pub at: Position,
}

/// One row of a descriptor file with a header row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The number of the concept, which stays when the code changes.
    pub concept_id: String,
    /// The code.
    pub code: String,
    /// The descriptor.
    pub text: String,
    /// Where the row begins.
    pub at: Position,
}

/// One row of the history of codes, or of the list of deleted codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `YYYYMMDD`, or `Pre-1990` and the like.
    pub date: String,
    /// `ADDED`, `DELETED`, `REVISED`, ...; `DELETED` throughout in the list of deleted codes.
    pub change: String,
    /// The number of the concept.
    pub concept_id: String,
    /// The code.
    pub code: String,
    /// The descriptor before.
    pub prior: String,
    /// The descriptor after; in the list of deleted codes the last one.
    pub current: String,
    /// What to do, in words.
    pub instruction: String,
    /// Where the row begins.
    pub at: Position,
}

/// Which file with a header row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Headed {
    /// Descriptors for patients.
    Consumer,
    /// Descriptors for clinicians.
    Clinician,
    /// The history of codes.
    History,
    /// The list of deleted codes.
    Deleted,
}

/// Whether a text can be a code: four digits and a digit or letter.
pub fn is_code(text: &str) -> bool {
    matches!(text.as_bytes(), [digits @ .., last]
        if digits.len() == 4
            && digits.iter().all(u8::is_ascii_digit)
            && (last.is_ascii_digit() || last.is_ascii_uppercase()))
}

fn is_modifier(text: &str) -> bool {
    matches!(text.as_bytes(), [a, b] if [a, b].iter().all(|x| x.is_ascii_digit() || x.is_ascii_uppercase()))
}

/// The layout of a descriptor file by the first line of its data. Modifiers are told from other texts by name only.
pub fn layout_of(head: &[u8]) -> Option<Layout> {
    let decoded = decode(head);
    let line = data(&decoded.text).next()?;
    let text = std::str::from_utf8(line.bytes).ok()?;
    layout_of_line(text)
}

fn layout_of_line(line: &str) -> Option<Layout> {
    if !is_code(line.get(..5)?) {
        return None;
    }
    let rest = line.get(5..)?.as_bytes();
    match rest {
        [b'\t', ..] => Some(Layout::Tab),
        [a, b, b' ', ..] if a.is_ascii_digit() && b.is_ascii_digit() => Some(Layout::Continued),
        [b' ', ..] => Some(Layout::Fixed),
        _ => None,
    }
}

/// Which file with a header row it is; a copyright block may stand before that row.
pub fn headed(head: &[u8]) -> Option<Headed> {
    let decoded = decode(head);
    let names = decoded.text.lines().find(|line| is_header(line))?.to_ascii_lowercase();
    Some(match () {
        () if names.contains("consumer") => Headed::Consumer,
        () if names.contains("clinician") => Headed::Clinician,
        () if names.contains("change type") => Headed::History,
        () if names.contains("date deleted") => Headed::Deleted,
        () => return None,
    })
}

fn is_header(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    lower.contains("concept id") && lower.contains('\t') && lower.contains("code")
}

/// Lines without a blank one between them.
struct Paragraph {
    /// Offset of its first byte, and number of lines before it.
    start: (usize, u32),
    lines: u32,
    /// The layout of its lines, where they all have the same one.
    layout: Option<Layout>,
}

fn paragraphs(text: &str) -> Vec<Paragraph> {
    let mut found: Vec<Paragraph> = Vec::new();
    let (mut offset, mut number, mut inside) = (0, 0u32, false);
    for line in text.split_inclusive('\n') {
        let content = line.trim_matches(['\r', '\n', ' ', '\t', '\u{1a}']);
        let layout = layout_of_line(line.trim_end_matches(['\r', '\n']));
        match found.last_mut() {
            _ if content.is_empty() => {}
            Some(last) if inside => {
                last.lines = last.lines.saturating_add(1);
                last.layout = last.layout.filter(|l| Some(*l) == layout);
            }
            _ => found.push(Paragraph { start: (offset, number), lines: 1, layout }),
        }
        inside = !content.is_empty();
        offset += line.len();
        number = number.saturating_add(1);
    }
    found
}

/// The lines of the data: those after the last blank line that has any after it. A blank line within the data does
/// not hide the records before it.
fn data(text: &str) -> Lines<'_> {
    let paragraphs = paragraphs(text);
    let mut before = paragraphs.iter().rev();
    let Some(last) = before.next() else { return lines(b"") };
    let mut start = last.start;
    let first_line = text.get(start.0..).and_then(|t| t.lines().next()).unwrap_or_default();
    let layout = layout_of_line(first_line);
    for paragraph in before {
        // A line of an address may look like a code and a text, so one or two of them are not enough.
        let enough = paragraph.layout != Some(Layout::Fixed) || paragraph.lines > 2;
        if layout.is_none() || paragraph.layout != layout || !enough {
            break;
        }
        start = paragraph.start;
    }
    lines_after(text.as_bytes().get(start.0..).unwrap_or_default(), start.1, start.0 as u64)
}

/// The records of a descriptor file, bad ones as errors.
pub fn records(bytes: &[u8], layout: Layout) -> Vec<Result<Record, Error>> {
    let decoded = decode(bytes);
    let mut records: Vec<Result<Record, Error>> = Vec::new();
    for line in data(&decoded.text) {
        let Ok(text) = std::str::from_utf8(line.bytes) else { continue };
        if crate::lines::is_blank(line.bytes) {
            continue;
        }
        match layout {
            Layout::Continued => continued(text, line.at, &mut records),
            Layout::Modifiers => modifier(text, line.at, &mut records),
            Layout::Tab | Layout::Fixed => {
                let separator = if layout == Layout::Tab { '\t' } else { ' ' };
                records.push(single(text, separator, line.at));
            }
        }
    }
    records
}

fn bad_code(text: &str, at: Position) -> Error {
    Error { at, kind: ErrorKind::Code { found: crate::order::head(text, 5) } }
}

fn single(line: &str, separator: char, at: Position) -> Result<Record, Error> {
    let code = line.get(..5).filter(|c| is_code(c)).ok_or_else(|| bad_code(line, at))?;
    let rest = line.get(5..).unwrap_or_default();
    let text = rest.strip_prefix(separator).ok_or_else(|| Error {
        at: Position { column: 6, ..at },
        kind: match rest.chars().next() {
            Some(found) => ErrorKind::NotBlank { found },
            None => ErrorKind::LineTooShort { found: line.len(), expected: "a descriptor behind the code" },
        },
    })?;
    Ok(Record { code: code.to_owned(), text: text.trim().to_owned(), at })
}

/// A line of a descriptor that may go on from the line before.
fn continued(line: &str, at: Position, records: &mut Vec<Result<Record, Error>>) {
    let Some(code) = line.get(..5).filter(|c| is_code(c)) else {
        records.push(Err(bad_code(line, at)));
        return;
    };
    let number = line.get(5..7).and_then(|n| n.parse::<u8>().ok());
    let (Some(number), Some(text)) = (number, line.get(7..)) else {
        let expected = "the number of the line in columns 6-7 and the descriptor from column 9";
        records.push(Err(Error { at, kind: ErrorKind::LineTooShort { found: line.len(), expected } }));
        return;
    };
    let text = text.trim();
    match records.last_mut() {
        Some(Ok(last)) if number > 1 && last.code == code => {
            if !text.is_empty() {
                last.text.push(' ');
                last.text.push_str(text);
            }
        }
        _ if number > 1 => {
            let reason = format!("line {number} of {code} does not follow line {}", number - 1);
            records.push(Err(Error { at, kind: ErrorKind::Row { reason } }));
        }
        _ => records.push(Ok(Record { code: code.to_owned(), text: text.to_owned(), at })),
    }
}

/// A modifier, or a further line of one.
fn modifier(line: &str, at: Position, records: &mut Vec<Result<Record, Error>>) {
    let starts = line.get(..2).is_some_and(is_modifier)
        && line.get(2..).is_some_and(|rest| rest.starts_with([' ', '\t']));
    if starts {
        let (code, text) = line.split_at(2);
        records.push(Ok(Record { code: code.to_owned(), text: text.trim().to_owned(), at }));
        return;
    }
    match records.last_mut() {
        Some(Ok(last)) => {
            last.text.push(' ');
            last.text.push_str(line.trim());
        }
        _ => records.push(Err(Error { at, kind: ErrorKind::Code { found: crate::order::head(line, 2) } })),
    }
}

/// The rows of a file with a header row, and the header.
fn headed_rows(bytes: &[u8]) -> Result<(Header, Vec<Result<table::Row, Error>>), Error> {
    let rows = table::rows(bytes, b'\t', Quotes::None);
    let start = rows.iter().position(|row| {
        row.as_ref().is_ok_and(|r| is_header(&r.fields.iter().collect::<Vec<_>>().join("\t")))
    });
    let mut rows = rows.into_iter().skip(start.unwrap_or_default());
    let missing = Error {
        at: Position { byte: 0, line: 1, column: 1 },
        kind: ErrorKind::MissingColumn { name: "Concept Id" },
    };
    match (start, rows.next()) {
        (Some(_), Some(Ok(header))) => Ok((Header::new(&header.fields), rows.collect())),
        _ => Err(missing),
    }
}

/// Reads descriptors for patients or clinicians.
pub fn descriptors(bytes: &[u8]) -> Result<Vec<Result<Descriptor, Error>>, Error> {
    let (header, rows) = headed_rows(bytes)?;
    let at = Position { byte: 0, line: 1, column: 1 };
    let code = Some(header.need(&["CPT Code", "Code"], at)?);
    let text =
        Some(header.need(&["Consumer Friendly Descriptor", "Clinician Descriptor", "Descriptor"], at)?);
    let concept = header.find(&["Concept Id"]);
    let read = |row: table::Row| {
        let get = |column| field(&row.fields, column).trim().to_owned();
        let code = get(code);
        if !is_code(&code) {
            return Err(Error { at: row.at, kind: ErrorKind::Code { found: code } });
        }
        Ok(Descriptor { concept_id: get(concept), code, text: get(text), at: row.at })
    };
    Ok(rows.into_iter().map(|row| row.and_then(read)).collect())
}

/// Reads the history of codes or the list of deleted codes. Rows of headings, which have no code, are passed over.
pub fn events(bytes: &[u8]) -> Result<Vec<Result<Event, Error>>, Error> {
    let (header, rows) = headed_rows(bytes)?;
    let at = Position { byte: 0, line: 1, column: 1 };
    let code = Some(header.need(&["CPT Code", "Code"], at)?);
    let date = Some(header.need(&["Date", "Date Deleted"], at)?);
    let change = header.find(&["Change Type"]);
    let concept = header.find(&["Concept Id"]);
    let prior = header.find(&["Prior Value"]);
    let current = header.find(&["Current Value", "Descriptor"]);
    let instruction = header.find(&["Instruction"]);
    let read = |row: table::Row| {
        let get = |column| field(&row.fields, column).trim().to_owned();
        let code = get(code);
        if code.is_empty() {
            return None;
        }
        if !is_code(&code) {
            return Some(Err(Error { at: row.at, kind: ErrorKind::Code { found: code } }));
        }
        let change = if change.is_some() { get(change) } else { "DELETED".to_owned() };
        Some(Ok(Event {
            date: get(date),
            change,
            concept_id: get(concept),
            code,
            prior: get(prior),
            current: get(current),
            instruction: get(instruction),
            at: row.at,
        }))
    };
    Ok(rows.into_iter().filter_map(|row| row.map_or_else(|e| Some(Err(e)), read)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTICE: &str = "CPT (an invented notice)\r\n\r\n00000 Some Street\r\n\r\n";

    #[track_caller]
    fn check(text: &str, layout: Layout, expected: &[(&str, &str)]) {
        let bytes = [NOTICE, text].concat();
        let records = records(bytes.as_bytes(), layout);
        let seen: Vec<_> = records.iter().flatten().map(|r| (r.code.as_str(), r.text.as_str())).collect();
        assert_eq!(seen, expected);
        assert_eq!(records.len(), expected.len(), "{records:?}");
        if layout != Layout::Modifiers {
            assert_eq!(layout_of(bytes.as_bytes()), Some(layout));
        }
    }

    #[test]
    fn every_layout() {
        check(
            "99990\tInvented one\r\n9999U\tInvented two\r\n\r\n",
            Layout::Tab,
            &[("99990", "Invented one"), ("9999U", "Invented two")],
        );
        check(
            "9999001 Invented\r\n9999002 and more\r\n9999T01 Other\r\n",
            Layout::Continued,
            &[("99990", "Invented and more"), ("9999T", "Other")],
        );
        check("99990 INVENTED   \r\n", Layout::Fixed, &[("99990", "INVENTED")]);
        check(
            "9Z Invented: text\r\nthat goes on\r\n",
            Layout::Modifiers,
            &[("9Z", "Invented: text that goes on")],
        );
    }

    #[test]
    fn blank_lines_within_the_data_hide_nothing() {
        check("99990\tA\r\n\r\n99991\tB\r\n", Layout::Tab, &[("99990", "A"), ("99991", "B")]);
        // Windows-1252.
        let latin = records(b"Notice\r\n\r\n99990\tM\xE9ni\xE8re\r\n", Layout::Tab);
        assert_eq!(latin[0].as_ref().unwrap().text, "Ménière");
        assert_eq!(latin[0].as_ref().unwrap().at.line, 3);
    }

    #[test]
    fn what_is_wrong_and_where() {
        let errors = |text: &str, layout| {
            let all = records([NOTICE, text].concat().as_bytes(), layout);
            all.into_iter().filter_map(Result::err).map(|e| (e.at.line, e.kind)).collect::<Vec<_>>()
        };
        assert_eq!(
            errors("99990\tA\r\n9999\tB\r\n", Layout::Tab),
            [(6, ErrorKind::Code { found: "9999\t".into() })]
        );
        assert_eq!(errors("9999001 A\r\n9999102 B\r\n", Layout::Continued).len(), 1);
        assert_eq!(errors("99990 A\r\n99991\r\n", Layout::Fixed).len(), 1);
    }

    #[test]
    fn files_with_a_header_row() {
        let text = b"A notice\r\n\r\nConcept Id\tCPT Code\tConsumer Friendly Descriptor\r\n1234567\t99990\tInvented\r\n1\tx\ty\r\n";
        assert_eq!(headed(text), Some(Headed::Consumer));
        let rows = descriptors(text).unwrap();
        assert_eq!(rows[0].as_ref().unwrap().concept_id, "1234567");
        assert_eq!(rows[1].as_ref().unwrap_err().at.line, 5);
        let text =
            b"Date\tChange Type\tConcept Id\tCPT Code\tLevel\tPrior Value\tCurrent Value\tInstruction\r\n\
            20250101\tREVISED\t1234567\t99990\tx\told\tnew\t\r\nPre-1990\tADDED\t1\t\tx\t\t\t\r\n";
        assert_eq!(headed(text), Some(Headed::History));
        let rows = events(text).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].as_ref().unwrap().current, "new");
        let text = b"Concept Id\tCode\tDate Deleted\tLevel\tDescriptor\tInstruction\r\n1\t99990\t20250101\tx\tOld\tUse 99991\r\n";
        assert_eq!(headed(text), Some(Headed::Deleted));
        assert_eq!(events(text).unwrap()[0].as_ref().unwrap().change, "DELETED");
        assert!(descriptors(b"").is_err());
    }
}
