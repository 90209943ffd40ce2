//! Mapping tables between ICD-10 and ICD-11: `10To11MapToOneCategory.txt`, `10To11MapToMultipleCategories.xlsx`,
//! `11To10MapToOneCategory.txt`, `foundation_10To11MapToOneCategory.txt`.
//!
//! Published by WHO with each release of ICD-11 MMS, as text and as workbook. The text is tab-separated, CR LF,
//! without any quoting; the last header cell is the date of the release and has no column below it. Columns are found
//! by name, since the names differ in blanks and case even within one archive:
//!
//! ```text
//! 10ClassKind  10DepthInKind  icd10Code  icd10Chapter  icd10Title
//! 11ClassKind  11DepthInKind  ICD-11 FoundationURI  Linearization (releaseURI)  icd11Code  icd11Chapter  icd11Title
//! Relation     Match Type     (2020-01 only)                                                    2024-Jan-21
//! ```
//!
//! The foundation table has two columns without a name at its end: a relation and a distance.
//! Source: the `readme.txt` of `mapping.zip`, release 2024-01, and the tables of 2019-04 to 2024-01 themselves.

use xwalk_model::Position;

use crate::table::{Header, Quotes, Row, field};
use crate::{Error, table, workbook};

/// Which table a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Each ICD-10 category to one of ICD-11.
    TenToElevenOne,
    /// Each ICD-10 category to one or several of ICD-11.
    TenToElevenMultiple,
    /// Each ICD-11 category to one of ICD-10.
    ElevenToTenOne,
    /// Each ICD-10 category to one entity of the Foundation.
    TenToElevenFoundation,
    /// Each entity of the Foundation to one ICD-10 category.
    ElevenToTenFoundation,
}

/// One row, each field as published; what a table lacks is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// `chapter`, `block`, `category` or `modifiedcategory`; capitalised in the foundation table.
    pub class10: String,
    /// ICD-10 code with its dot, chapter number, block range, or `No Mapping`.
    pub code10: String,
    /// ICD-10 title.
    pub title10: String,
    /// `chapter`, `block`, `category` or empty.
    pub class11: String,
    /// URI of the entity in the Foundation.
    pub foundation: String,
    /// URI of the entity in the linearization.
    pub linearization: String,
    /// ICD-11 code or cluster of codes, for chapters their number; empty for blocks and where there is no target.
    pub code11: String,
    /// ICD-11 title.
    pub title11: String,
    /// `Equivalent`, `Subclass` or empty.
    pub relation: String,
    /// How the target was found, in the tables of 2020-01.
    pub match_type: String,
    /// The last column of the foundation table: how many levels the target lies above.
    pub distance: String,
    /// Where the row begins.
    pub at: Position,
}

/// A mapping table.
#[derive(Clone, Debug)]
pub struct MapTable {
    /// Which it is, where the columns tell; `One` and `Multiple` have the same ones.
    pub foundation: bool,
    /// Whether ICD-11 is the source.
    pub from_eleven: bool,
    /// The date in the header row, as it stands.
    pub date: Option<String>,
    /// The rows, bad ones as errors.
    pub records: Vec<Result<Record, Error>>,
}

/// Whether a text, the first line of a file or the first texts of a workbook, names the columns of a mapping table.
pub fn names_columns(texts: &str) -> bool {
    let lower = texts.to_ascii_lowercase();
    ["icd10code", "icd10title", "icd11title"].iter().all(|name| lower.contains(name))
}

/// Whether the first line is the header row of a mapping table.
pub fn looks_like(head: &[u8]) -> bool {
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    first.contains(&b'\t') && names_columns(&String::from_utf8_lossy(first))
}

/// Which table it is, from the name of the file and the texts of its header row. `None` when they do not tell.
pub fn table_of(name: &str, texts: &str) -> Option<Table> {
    let lower = name.to_ascii_lowercase();
    let from_eleven = match (texts.find("10ClassKind"), lower.contains("11to10")) {
        (Some(_), _) => false,
        (None, named) => named || texts.find("icd11Code") < texts.find("icd10Code"),
    };
    let foundation = !texts.contains("icd11Code") || lower.contains("foundation");
    Some(match (from_eleven, foundation) {
        (true, true) => Table::ElevenToTenFoundation,
        (true, false) => Table::ElevenToTenOne,
        (false, true) => Table::TenToElevenFoundation,
        (false, false) if lower.contains("multiple") => Table::TenToElevenMultiple,
        (false, false) if lower.contains("one") => Table::TenToElevenOne,
        (false, false) => return None,
    })
}

/// The date `2024-Jan-21` or `2024-01-21` as year and month.
pub fn year_month(date: &str) -> Option<(i16, i8)> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut parts = date.trim().split('-');
    let year = parts.next().filter(|y| y.len() == 4)?.parse().ok()?;
    let month = parts.next()?.to_ascii_lowercase();
    let by_name = MONTHS.iter().position(|m| month.starts_with(m)).map(|at| at as i8 + 1);
    let month = by_name.or_else(|| month.parse().ok().filter(|m| (1..=12).contains(m)))?;
    Some((year, month))
}

/// Reads the text file. Fails as a whole when the header row lacks the ICD-10 code.
pub fn read_text(bytes: &[u8]) -> Result<MapTable, Error> {
    read(table::rows(bytes, b'\t', Quotes::None))
}

/// Reads the workbook.
pub fn read_workbook(bytes: &[u8]) -> Result<MapTable, Error> {
    read(workbook::rows(bytes)?.into_iter().map(Ok).collect())
}

fn read(rows: Vec<Result<Row, Error>>) -> Result<MapTable, Error> {
    let mut rows = rows.into_iter();
    let start = Position { byte: 0, line: 1, column: 1 };
    let first = rows.next().unwrap_or(Ok(Row { at: start, fields: csv::StringRecord::new() }))?;
    let header = Header::new(&first.fields);
    let code10 = Some(header.need(&["icd10Code"], first.at)?);
    let title11 = Some(header.need(&["icd11Title"], first.at)?);
    let code11 = header.find(&["icd11Code"]);
    let find = |names: &[&str]| header.find(names);
    let class10 = find(&["10ClassKind"]);
    let class11 = find(&["11ClassKind"]);
    let title10 = find(&["icd10Title"]);
    let foundation = find(&["ICD-11 FoundationURI", "FoundationURI"]);
    let linearization = find(&["Linearization (releaseURI)", "Linearization URI"]);
    let dated = first.fields.iter().position(|h| year_month(h).is_some());
    let is_foundation = code11.is_none();
    // The foundation table leaves its last two columns without a name: one stands below the date.
    let unnamed = dated.filter(|_| is_foundation);
    let relation = find(&["Relation"]).or(unnamed);
    let distance = unnamed.map(|at| at.saturating_add(1));
    // The Multiple table of 2020-01 forgets the name of its last column, which stands below the date.
    let below_date = dated.filter(|_| find(&["Relation"]).is_some());
    let match_type = find(&["Match Type"]).or(below_date.filter(|_| class10.is_some()));
    let records = rows
        .map(|row| {
            let row = row?;
            let get = |column| field(&row.fields, column).to_owned();
            Ok(Record {
                class10: get(class10),
                code10: get(code10),
                title10: get(title10),
                class11: get(class11),
                foundation: get(foundation),
                linearization: get(linearization),
                code11: get(code11),
                title11: get(title11),
                relation: get(relation),
                match_type: get(match_type),
                distance: get(distance),
                at: row.at,
            })
        })
        .collect();
    let date = dated.and_then(|at| first.fields.get(at)).map(|d| d.trim().to_owned());
    let from_eleven = class10.is_none() && code11.is_some_and(|at| Some(at) < code10);
    Ok(MapTable { foundation: is_foundation, from_eleven, date, records })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: [&str; 6]) {
        let table = read_text(text.as_bytes()).unwrap();
        let r = table.records[0].as_ref().unwrap();
        let seen = [&r.class10, &r.code10, &r.class11, &r.code11, &r.relation, &r.match_type];
        assert_eq!(seen, expected.map(str::to_owned).each_ref());
        assert!(looks_like(text.as_bytes()));
    }

    #[test]
    fn columns_by_name_in_every_year() {
        check(
            "10ClassKind\tDepth\ticd10Code\ticd10Chapter\ticd10Title\t11ClassKind\tDepth\tICD-11 Foundation URI\t\
             Linearization (release) URI\ticd11Code\ticd11Chapter\ticd11Title\t2024-Jan-21\r\n\
             category\t1\tZ99.9\tXX\tInvented \"x\"\tcategory\t1\tu\tv\t1Z00&XZ00/2Z00\t01\tInvented\r\n",
            ["category", "Z99.9", "category", "1Z00&XZ00/2Z00", "", ""],
        );
        check(
            "Linearization (release) URI\ticd11Code\ticd11Chapter\ticd11Title\ticd10Code\ticd10Chapter\ticd10Title\t\
             2024-Jan-21\r\nu\t1Z00\t01\tInvented\tNo Mapping\t\t\r\n",
            ["", "No Mapping", "", "1Z00", "", ""],
        );
        check(
            "10ClassKind\t10DepthInKind\ticd10Code\ticd10Chapter\ticd10Title\tICD-11 FoundationURI\ticd11Title\t\
             2024-Jan-21\r\nCategory\t1\tZ99\tXX\tx\tu\ty\tSubclass\t-1\r\n",
            ["Category", "Z99", "", "", "Subclass", ""],
        );
        check(
            "10ClassKind\tDepth\ticd10Code\ticd10Title\t11ClassKind\ticd11Code\ticd11Title\tRelation\tIssueType\t\
             2020-Jan-06\r\ncategory\t1\tZ99\tx\tcategory\t1Z00\ty\tEquivalent\t\tEquivalentMatch\r\n",
            ["category", "Z99", "category", "1Z00", "Equivalent", "EquivalentMatch"],
        );
    }

    #[test]
    fn which_table() {
        let ten = "10ClassKind icd10Code icd11Code icd11Title";
        assert_eq!(table_of("10To11MapToOneCategory.txt", ten), Some(Table::TenToElevenOne));
        assert_eq!(table_of("10To11MapToMultipleCategories.xlsx", ten), Some(Table::TenToElevenMultiple));
        assert_eq!(table_of("x.txt", ten), None);
        assert_eq!(table_of("x.txt", "icd11Code icd11Title icd10Code"), Some(Table::ElevenToTenOne));
        let foundation = "10ClassKind icd10Code icd11Title";
        assert_eq!(
            table_of("foundation_10To11MapToOneCategory.txt", foundation),
            Some(Table::TenToElevenFoundation)
        );
        assert_eq!(year_month("2024-Jan-21"), Some((2024, 1)));
        assert_eq!(year_month("é-Jan"), None);
        let none = read_text(b"icd11Title\tx").unwrap_err();
        assert_eq!(none.kind, crate::ErrorKind::MissingColumn { name: "icd10Code" });
    }
}
