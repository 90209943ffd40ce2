//! Vocabulary tables of OMOP, as Athena gives them out: `CONCEPT.csv`, `CONCEPT_RELATIONSHIP.csv`.
//!
//! Published by OHDSI. Despite the name tab-separated, with a header row, UTF-8, dates as `YYYYMMDD`, and no quoting: a
//! quote is a character of a name like any other. Columns are found by name.
//!
//! Source: OHDSI, OMOP Common Data Model 5.4, table definitions.

use xwalk_model::Position;

use crate::lines::{Lines, lines};
use crate::table::{Header, field};
use crate::{Error, ErrorKind};

/// One concept, each field as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concept {
    /// The number of the concept.
    pub id: u64,
    /// Its name; empty for CPT before the names were filled in.
    pub name: String,
    /// `ICD10CM`, `CPT4`.
    pub vocabulary: String,
    /// `4-char billing code`, `CPT4 Modifier`.
    pub class: String,
    /// The code, with its dot.
    pub code: String,
    /// The first day.
    pub from: String,
    /// The last day, `20991231` where it is open.
    pub to: String,
    /// `D` deleted, `U` replaced, empty valid.
    pub invalid: String,
    /// Where the row begins.
    pub at: Position,
}

/// One relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relationship {
    /// The concept it goes out from.
    pub from: u64,
    /// The concept it leads to.
    pub to: u64,
    /// `Maps to`, `Concept replaced by`.
    pub name: String,
    /// `D` or `U` where it does not hold any more.
    pub invalid: String,
    /// Where the row begins.
    pub at: Position,
}

/// Whether the first line is the header row of the concepts.
pub fn is_concepts(head: &[u8]) -> bool {
    has_columns(head, &["concept_id", "concept_name", "vocabulary_id", "concept_code"])
}

/// Whether the first line is the header row of the relationships.
pub fn is_relationships(head: &[u8]) -> bool {
    has_columns(head, &["concept_id_1", "concept_id_2", "relationship_id"])
}

fn has_columns(head: &[u8], names: &[&str]) -> bool {
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let lower = String::from_utf8_lossy(first).to_ascii_lowercase();
    let lower = lower.trim_start_matches('\u{feff}');
    names.iter().all(|name| lower.split('\t').any(|h| h.trim() == *name))
}

/// A row of text as fields, or the reason why not.
type Fields = Result<(Position, csv::StringRecord), Error>;

fn rows(lines: Lines<'_>) -> impl Iterator<Item = Fields> + use<'_> {
    lines.filter(|line| !crate::lines::is_blank(line.bytes)).map(|line| {
        let text = std::str::from_utf8(line.bytes)
            .map_err(|e| Error { at: line.place(e.valid_up_to()), kind: ErrorKind::Encoding })?;
        Ok((line.at, text.split('\t').collect()))
    })
}

fn header(rows: &mut impl Iterator<Item = Fields>) -> Result<(Header, Position), Error> {
    let start = Position { byte: 0, line: 1, column: 1 };
    let (at, names) = rows.next().unwrap_or_else(|| Ok((start, csv::StringRecord::new())))?;
    Ok((Header::new(&names), at))
}

fn number(text: &str, at: Position) -> Result<u64, Error> {
    text.trim().parse().map_err(|_| Error {
        at,
        kind: ErrorKind::Value { column: "concept id", found: text.to_owned(), expected: "a number" },
    })
}

/// The concepts of a file, bad rows as errors. Fails as a whole when a column is missing.
pub fn concepts(bytes: &[u8]) -> Result<impl Iterator<Item = Result<Concept, Error>> + use<'_>, Error> {
    let mut rows = rows(lines(bytes));
    let (header, at) = header(&mut rows)?;
    let id = Some(header.need(&["concept_id"], at)?);
    let name = Some(header.need(&["concept_name"], at)?);
    let vocabulary = Some(header.need(&["vocabulary_id"], at)?);
    let code = Some(header.need(&["concept_code"], at)?);
    let class = header.find(&["concept_class_id"]);
    let from = header.find(&["valid_start_date"]);
    let to = header.find(&["valid_end_date"]);
    let invalid = header.find(&["invalid_reason"]);
    Ok(rows.map(move |row| {
        let (at, row) = row?;
        let get = |column| field(&row, column).to_owned();
        Ok(Concept {
            id: number(field(&row, id), at)?,
            name: get(name),
            vocabulary: get(vocabulary),
            class: get(class),
            code: get(code),
            from: get(from),
            to: get(to),
            invalid: get(invalid),
            at,
        })
    }))
}

/// The relationships of a file, bad rows as errors. Fails as a whole when a column is missing.
pub fn relationships(
    bytes: &[u8],
) -> Result<impl Iterator<Item = Result<Relationship, Error>> + use<'_>, Error> {
    let mut rows = rows(lines(bytes));
    let (header, at) = header(&mut rows)?;
    let from = Some(header.need(&["concept_id_1"], at)?);
    let to = Some(header.need(&["concept_id_2"], at)?);
    let name = Some(header.need(&["relationship_id"], at)?);
    let invalid = header.find(&["invalid_reason"]);
    Ok(rows.map(move |row| {
        let (at, row) = row?;
        Ok(Relationship {
            from: number(field(&row, from), at)?,
            to: number(field(&row, to), at)?,
            name: field(&row, name).to_owned(),
            invalid: field(&row, invalid).to_owned(),
            at,
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_characters() {
        let text = b"concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\t\
            concept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n1\tInvented \"x\tC\tICD10CM\t4-char billing \
            code\t\tZ99.9\t19700101\t20991231\t\nx\ty\n";
        assert!(is_concepts(text) && !is_relationships(text));
        let all: Vec<_> = concepts(text).unwrap().collect();
        let first = all[0].as_ref().unwrap();
        assert_eq!((first.id, first.name.as_str(), first.code.as_str()), (1, "Invented \"x", "Z99.9"));
        assert_eq!(all[1].as_ref().unwrap_err().at.line, 3);
        let text = b"concept_id_1\tconcept_id_2\trelationship_id\tinvalid_reason\n1\t2\tMaps to\t\n";
        assert!(is_relationships(text));
        assert_eq!(relationships(text).unwrap().next().unwrap().unwrap().to, 2);
        assert!(concepts(b"").is_err());
    }
}
