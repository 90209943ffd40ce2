//! ICD-11 MMS simple tabulation: `SimpleTabulation-ICD-11-MMS-en.txt`, `simpleTabulation.xlsx`, and the
//! `LinearizationMiniOutput-MMS-en` of the maintenance platform.
//!
//! Published by WHO with each release, as text and as workbook with the same rows in tabular order. The text is
//! UTF-8 with a byte order mark, CR LF, tab-separated, `Title` and `BrowserLink` in quotes. The set of columns
//! changes with every release, so columns are found by name:
//!
//! ```text
//! Foundation URI    empty for residuals ("other specified", "unspecified")
//! Linearization URI ends in the foundation id, for residuals followed by /other or /unspecified
//! Code              `8Y` in 2021-05; `_NOCODEASSIGNED` stands for no code
//! BlockId           of blocks, but not of all
//! Title             begins with one "- " for each level above it
//! ClassKind         chapter, block or category
//! Version:2024 Jan 21 - 22:30 UTC    the last header cell, which has no column below it
//! ```
//!
//! Source: the `readme.txt` in the zip of release 2024-01.

use xwalk_model::Position;

use crate::table::{Header, Quotes, Row, field};
use crate::{Error, ErrorKind, table, workbook};

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A chapter; it has a number and no code.
    Chapter,
    /// A block; it has no code.
    Block,
    /// A category; it has a code.
    Category,
}

/// The day of a release, as the last header cell states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Year.
    pub year: i16,
    /// Month, from 1.
    pub month: i8,
    /// Day, from 1.
    pub day: i8,
}

/// One row, each field as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The URI of the entity in the Foundation; empty for residuals.
    pub foundation: String,
    /// The URI of the entity in the linearization.
    pub linearization: String,
    /// The code, with its dot; empty for chapters and blocks.
    pub code: String,
    /// The id of a block; empty for some.
    pub block_id: String,
    /// The title with the dashes that tell its level.
    pub title: String,
    /// What the row is.
    pub class: Class,
    /// Whether it is "other specified" or "unspecified".
    pub residual: bool,
    /// The chapter it stands in: `01` to `26`, `V`, `X`.
    pub chapter: String,
    /// `True` or `False`.
    pub leaf: String,
    /// `True` or `False` for categories; five rows of 2021-05 hold `False True`.
    pub primary: String,
    /// Where the row begins.
    pub at: Position,
}

/// A simple tabulation.
#[derive(Clone, Debug)]
pub struct Tabulation {
    /// The day that the header row states.
    pub stamp: Option<Stamp>,
    /// The rows, bad ones as errors.
    pub records: Vec<Result<Record, Error>>,
}

/// Whether the first line is the header row of a simple tabulation.
pub fn looks_like(head: &[u8]) -> bool {
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    first.contains(&b'\t') && names_columns(&String::from_utf8_lossy(first))
}

/// Whether the first texts of a workbook are the header row of a simple tabulation.
pub fn names_columns(texts: &str) -> bool {
    ["Foundation URI", "BlockId", "ClassKind", "IsResidual"].iter().all(|name| texts.contains(name))
}

/// The day in `Version:2024 Jan 21 - 22:30 UTC`, wherever it stands in a text.
pub fn stamp(text: &str) -> Option<Stamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once("Version:")?;
    let mut words = rest.split_ascii_whitespace();
    let year = words.next()?.parse().ok().filter(|y| (2000..2200).contains(y))?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|m| name.get(..3).is_some_and(|n| n.eq_ignore_ascii_case(m)))?;
    let day: String = words.next()?.chars().take_while(char::is_ascii_digit).collect();
    let day = day.parse().ok().filter(|d| (1..=31).contains(d))?;
    Some(Stamp { year, month: month as i8 + 1, day })
}

/// Reads the text file. Fails as a whole when the header row lacks a column that every release has.
pub fn read_text(bytes: &[u8]) -> Result<Tabulation, Error> {
    read(table::rows(bytes, b'\t', Quotes::Csv))
}

/// Reads the workbook.
pub fn read_workbook(bytes: &[u8]) -> Result<Tabulation, Error> {
    read(workbook::rows(bytes)?.into_iter().map(Ok).collect())
}

struct Columns {
    foundation: usize,
    linearization: usize,
    code: usize,
    block_id: usize,
    title: usize,
    class: usize,
    residual: usize,
    chapter: usize,
    leaf: Option<usize>,
    primary: Option<usize>,
}

fn read(rows: Vec<Result<Row, Error>>) -> Result<Tabulation, Error> {
    let mut rows = rows.into_iter();
    let start = Position { byte: 0, line: 1, column: 1 };
    let first = rows.next().unwrap_or(Ok(Row { at: start, fields: csv::StringRecord::new() }))?;
    let header = Header::new(&first.fields);
    let columns = Columns {
        foundation: header.need(&["Foundation URI"], first.at)?,
        linearization: header.need(&["Linearization URI", "Linearization (release) URI"], first.at)?,
        // What WHO shipped in place of `Code` in release 2021-05.
        code: header.need(&["Code", "8Y"], first.at)?,
        block_id: header.need(&["BlockId"], first.at)?,
        title: header.need(&["Title"], first.at)?,
        class: header.need(&["ClassKind"], first.at)?,
        residual: header.need(&["IsResidual"], first.at)?,
        chapter: header.need(&["ChapterNo"], first.at)?,
        leaf: header.find(&["isLeaf"]),
        primary: header.find(&["Primary tabulation"]),
    };
    let stamp = first.fields.iter().find_map(stamp);
    let records = rows
        .filter(|row| !row.as_ref().is_ok_and(|r| r.fields.iter().all(|f| f.trim().is_empty())))
        .map(|row| row.and_then(|row| record(&row, &columns)))
        .collect();
    Ok(Tabulation { stamp, records })
}

fn record(row: &Row, columns: &Columns) -> Result<Record, Error> {
    let get = |column: usize| field(&row.fields, Some(column));
    let value = |column: &'static str, found: &str, expected| Error {
        at: row.at,
        kind: ErrorKind::Value { column, found: found.to_owned(), expected },
    };
    let class = match get(columns.class) {
        "chapter" => Class::Chapter,
        "block" => Class::Block,
        "category" => Class::Category,
        other => return Err(value("ClassKind", other, "chapter, block or category")),
    };
    let residual = match get(columns.residual) {
        "True" => true,
        "False" => false,
        other => return Err(value("IsResidual", other, "True or False")),
    };
    Ok(Record {
        foundation: get(columns.foundation).to_owned(),
        linearization: get(columns.linearization).to_owned(),
        code: get(columns.code).to_owned(),
        block_id: get(columns.block_id).to_owned(),
        title: get(columns.title).to_owned(),
        class,
        residual,
        chapter: get(columns.chapter).to_owned(),
        leaf: field(&row.fields, columns.leaf).to_owned(),
        primary: field(&row.fields, columns.primary).to_owned(),
        at: row.at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\u{feff}Foundation URI\tLinearization (release) URI\t8Y\tBlockId\tTitle\tClassKind\t\
        DepthInKind\tIsResidual\tPrimaryLocation\tChapterNo\tBrowserLink\tisLeaf\tPrimary tabulation\t\
        Version:2021 May 11 - 22:00 UTC\r\n\
        http://x/entity/11\thttp://x/mms/11\t\t\t\"Invented chapter\"\tchapter\t1\tFalse\t\t01\t\
        \"=hyperlink(\"\"https://x\"\",\"\"browser\"\")\"\tFalse\t\r\n\
        \thttp://x/mms/11/other\t1Z0Y\t\t\"- Invented, \"\"other\"\"\"\tcategory\t1\tTrue\t\t01\t\"\"\tTrue\tFalse True\r\n\
        \t\t\t\t\tcode\t1\tTrue\r\n";

    #[test]
    fn columns_by_name() {
        assert!(looks_like(TEXT.as_bytes()));
        let table = read_text(TEXT.as_bytes()).unwrap();
        assert_eq!(table.stamp, Some(Stamp { year: 2021, month: 5, day: 11 }));
        let chapter = table.records[0].as_ref().unwrap();
        assert_eq!((chapter.class, chapter.chapter.as_str(), chapter.at.line), (Class::Chapter, "01", 2));
        let other = table.records[1].as_ref().unwrap();
        assert_eq!((other.code.as_str(), other.title.as_str()), ("1Z0Y", "- Invented, \"other\""));
        assert_eq!((other.primary.as_str(), other.residual), ("False True", true));
        let bad = table.records[2].as_ref().unwrap_err();
        assert!(matches!(bad.kind, ErrorKind::Value { column: "ClassKind", .. }), "{bad}");
        let none = read_text(b"Foundation URI\tCode\r\n").unwrap_err();
        assert_eq!(none.kind, ErrorKind::MissingColumn { name: "Linearization URI" });
    }

    #[test]
    fn a_workbook_says_the_same() {
        let book = workbook::tests::workbook(
            &[
                &[
                    "Foundation URI",
                    "Linearization URI",
                    "Code",
                    "BlockId",
                    "Title",
                    "ClassKind",
                    "IsResidual",
                    "ChapterNo",
                    "Version:2024 Jan 21 - 22:30 UTC",
                ],
                &["", "http://x/mms/11/other", "1Z0Y", "", "- Invented", "category", "True", "01"],
            ],
            "x:",
        );
        assert!(names_columns(&workbook::first_texts(&book).unwrap()));
        let table = read_workbook(&book).unwrap();
        assert_eq!(table.stamp, Some(Stamp { year: 2024, month: 1, day: 21 }));
        assert_eq!(table.records[0].as_ref().unwrap().code, "1Z0Y");
    }

    #[test]
    fn stamps() {
        assert_eq!(stamp("Version:2024 Jan"), None);
        assert_eq!(stamp("Version:é Jan 1"), None);
        assert_eq!(stamp("Version:2024 éé 1"), None);
    }
}
