//! What a specialty or a clinic wants to see of a change set, and how often it uses the codes.

use std::collections::{BTreeMap, BTreeSet};

use xwalk_model::{Code, Concept, Edition};

use super::Count;

/// Why a selection cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// A range has no code in either edition.
    #[error("`{text}` holds no code of {edition}; write a code, a category or a range such as I00-I99")]
    Empty {
        /// The range as given.
        text: String,
        /// The later edition.
        edition: String,
    },
    /// A row of a file is not understood.
    #[error("{file}:{line}: {what}; expected {expected}")]
    Row {
        /// Name of the file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        what: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// A file has no row that could be used.
    #[error("{file} lists no codes; expected {expected}")]
    NoRows {
        /// Name of the file.
        file: String,
        /// What should stand there.
        expected: &'static str,
    },
}

/// How often codes are used, by code.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    counts: BTreeMap<Code, u64>,
    /// Name of the file they were read from.
    pub file: String,
    /// Codes of the file that are not in either edition.
    pub unknown: Vec<String>,
}

/// Which rows of a summary are shown; the headline always covers all.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    words: Vec<String>,
    codes: Option<BTreeSet<Code>>,
    /// Uses by code, to sort by.
    pub volumes: Option<Volumes>,
    /// At most so many rows in each table.
    pub top: Option<usize>,
    /// Counts of uses below this and above 0 are not told; 0 tells all.
    pub min_cell: u64,
}

const SET_EXPECTED: &str = "a column named code, or a code, category or range in the first column";
const VOLUMES_EXPECTED: &str =
    "columns named code and count, or a code and a whole number in the first two columns";

impl Selection {
    /// Everything, with at most `top` rows in each table; counts of uses under `min_cell` are not told.
    pub fn new(top: Option<usize>, min_cell: u64) -> Self {
        Self { top, min_cell, ..Self::default() }
    }

    /// Takes codes, categories and ranges such as `I00-I99`, joined with what was selected before.
    pub fn within(&mut self, ranges: &[String], from: &Edition, to: &Edition) -> Result<(), SelectionError> {
        for text in ranges {
            let found = codes_of(text, from, to);
            if found.is_empty() {
                return Err(SelectionError::Empty { text: text.clone(), edition: to.id().to_string() });
            }
            self.codes.get_or_insert_default().extend(found);
        }
        if !ranges.is_empty() {
            self.words.push(format!("within {}", ranges.join(", ")));
        }
        Ok(())
    }

    /// Takes the codes of a CSV file. A code that neither edition holds is passed over: lists cover several years.
    pub fn set(
        &mut self,
        file: &str,
        bytes: &[u8],
        from: &Edition,
        to: &Edition,
    ) -> Result<(), SelectionError> {
        let rows = rows(file, bytes, &["code", "codes", "icd10cm", "value"], SET_EXPECTED)?;
        let mut found = BTreeSet::new();
        for (_, record, at) in &rows.records {
            found.extend(codes_of(record.get(*at).unwrap_or("").trim(), from, to));
        }
        if found.is_empty() {
            return Err(SelectionError::NoRows { file: file.to_owned(), expected: SET_EXPECTED });
        }
        self.codes.get_or_insert_default().extend(found);
        self.words.push(format!("codes of {file}"));
        Ok(())
    }

    /// Takes uses by code from a CSV file; rows of one code are added up.
    pub fn count_uses(
        &mut self,
        file: &str,
        bytes: &[u8],
        from: &Edition,
        to: &Edition,
    ) -> Result<(), SelectionError> {
        let rows = rows(file, bytes, &["code", "codes", "icd10cm", "value"], VOLUMES_EXPECTED)?;
        let names = ["count", "counts", "volume", "n", "lines", "claims", "uses", "number"];
        let at = rows.header.iter().position(|h| names.contains(&h.as_str()));
        let mut volumes = Volumes { file: file.to_owned(), ..Volumes::default() };
        for (line, record, code_at) in &rows.records {
            let at = at.unwrap_or(usize::from(*code_at == 0));
            let number = record.get(at).unwrap_or("").trim().replace(',', "");
            let number: u64 = number.parse().map_err(|_| SelectionError::Row {
                file: file.to_owned(),
                line: *line,
                what: format!("`{number}` is not a count"),
                expected: VOLUMES_EXPECTED,
            })?;
            let text = record.get(*code_at).unwrap_or("").trim();
            let code = Code::parse_or_grouping(to.id().system, text);
            if to.get(&code).is_none() && from.get(&code).is_none() {
                volumes.unknown.push(text.to_owned());
                continue;
            }
            *volumes.counts.entry(code).or_default() += number;
        }
        if volumes.counts.is_empty() {
            return Err(SelectionError::NoRows { file: file.to_owned(), expected: VOLUMES_EXPECTED });
        }
        self.volumes = Some(volumes);
        Ok(())
    }

    /// Whether a code is shown. A code that became a header, or is one, is shown with what is below it.
    pub(super) fn shows(&self, code: &Code) -> bool {
        self.codes.as_ref().is_none_or(|codes| codes.contains(code))
    }

    /// Whether the tables may hold fewer rows than there are changes.
    pub(super) fn is_partial(&self) -> bool {
        self.codes.is_some() || self.top.is_some()
    }

    /// What was selected, in words.
    pub(super) fn words(&self) -> String {
        let mut words = self.words.clone();
        if let Some(volumes) = &self.volumes {
            words.push(format!("sorted by the counts of {}", volumes.file));
        }
        if let Some(top) = self.top {
            words.push(format!("at most {top} rows in each table"));
        }
        words.join("; ")
    }

    /// The uses of a code; `None` where no volumes were given.
    pub(super) fn uses(&self, code: &Code) -> Option<u64> {
        self.volumes.as_ref().map(|v| v.counts.get(code).copied().unwrap_or(0))
    }

    /// A count as it may be told.
    pub(super) fn told(&self, number: u64) -> Count {
        if number > 0 && number < self.min_cell {
            Count::Under(self.min_cell)
        } else {
            Count::Exactly(number)
        }
    }
}

struct Rows {
    header: Vec<String>,
    /// Line, fields, and the index of the field that holds the code.
    records: Vec<(u64, csv::StringRecord, usize)>,
}

/// Reads a CSV with or without a header row.
fn rows(file: &str, bytes: &[u8], names: &[&str], expected: &'static str) -> Result<Rows, SelectionError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut all = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| SelectionError::Row {
            file: file.to_owned(),
            line: e.position().map_or(0, csv::Position::line),
            what: "the row is not CSV in UTF-8".to_owned(),
            expected,
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().any(|f| !f.trim().is_empty()) {
            all.push((line, record));
        }
    }
    let header: Vec<String> =
        all.first().map(|(_, r)| r.iter().map(|f| f.trim().to_lowercase()).collect()).unwrap_or_default();
    let named = header.iter().position(|h| names.contains(&h.as_str()));
    let skip = usize::from(named.is_some());
    let records: Vec<_> =
        all.into_iter().skip(skip).map(|(line, record)| (line, record, named.unwrap_or(0))).collect();
    if records.is_empty() {
        return Err(SelectionError::NoRows { file: file.to_owned(), expected });
    }
    Ok(Rows { header: if skip == 1 { header } else { Vec::new() }, records })
}

/// The codes of both editions that a code, category or range names, with everything below.
fn codes_of(text: &str, from: &Edition, to: &Edition) -> BTreeSet<Code> {
    let mut found = BTreeSet::new();
    let system = to.id().system;
    let text = text.trim().trim_end_matches(['*', '%']);
    let ends = text.split_once('-').filter(|(low, high)| !low.trim().is_empty() && !high.trim().is_empty());
    for edition in [from, to] {
        let key = Code::parse_or_grouping(system, text.trim_end_matches('-'));
        if let Some(concept) = edition.get(&key) {
            found.insert(concept.code().clone());
            found.extend(concept.descendants().into_iter().map(|c| c.code().clone()));
        } else if let Some((low, high)) = ends {
            let (low, high) = (Code::parse_or_grouping(system, low), Code::parse_or_grouping(system, high));
            found.extend(between(edition, &low, &high).map(|c| c.code().clone()));
        }
        // Flat editions state no hierarchy; there a category is what its codes begin with.
        if ends.is_none() && !key.as_str().is_empty() {
            let begins = |c: &Concept<'_>| c.code().as_str().starts_with(key.as_str());
            found.extend(edition.concepts().filter(begins).map(|c| c.code().clone()));
        }
    }
    found
}

/// The concepts of a range. Where both ends are held, by place in the tabular order (C4A lies between C43 and C44);
/// else by their characters.
fn between<'e>(edition: &'e Edition, low: &Code, high: &Code) -> Box<dyn Iterator<Item = Concept<'e>> + 'e> {
    match (edition.get(low), edition.get(high)) {
        (Some(first), Some(last)) => {
            let end = last.descendants().iter().map(|c| c.ix()).max().unwrap_or(last.ix());
            let start = first.ix();
            Box::new(edition.concepts().filter(move |c| start <= c.ix() && c.ix() <= end))
        }
        _ => {
            let (low, high) = (low.as_str().to_owned(), high.as_str().to_owned());
            Box::new(edition.concepts().filter(move |c| {
                let code = c.code().as_str();
                let cut = code.get(..high.len()).unwrap_or(code);
                code >= low.as_str() && cut <= high.as_str()
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xwalk_model::{ConceptKind, EditionBuilder};

    fn edition() -> Edition {
        let mut b = EditionBuilder::new("icd10cm@2026".parse().unwrap(), "en");
        for code in ["C43", "C430", "C4A", "C4A0", "C44", "I10", "I110"] {
            b.concept(Code::from_official(code), ConceptKind::Code, true);
        }
        b.build().unwrap()
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let e = edition();
        let found: Vec<String> = codes_of(text, &e, &e).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn ranges_are_tabular_where_their_ends_are_held() {
        check("C43-C44", &["C43", "C430", "C44", "C4A", "C4A0"]);
        check("I00-I99", &["I10", "I110"]);
        check("c4a", &["C4A", "C4A0"]);
        check("I11*", &["I110"]);
        check("Z00-Z99", &[]);
    }

    #[test]
    fn files_with_and_without_header() {
        let e = edition();
        let mut selection = Selection { min_cell: 11, ..Selection::default() };
        selection
            .count_uses("v.csv", b"code,count\nI10,\"1,200\"\nC43.0,5\nI10,1\nZ99.9,3\n", &e, &e)
            .unwrap();
        let told = |text| selection.told(selection.uses(&Code::from_official(text)).unwrap());
        assert_eq!(told("I10"), Count::Exactly(1201));
        assert_eq!((told("C430"), told("C44")), (Count::Under(11), Count::Exactly(0)));
        assert_eq!(selection.volumes.as_ref().unwrap().unknown, ["Z99.9"]);
        let error = selection.count_uses("v.csv", b"I10,1\nI10,x\n", &e, &e).unwrap_err();
        assert!(error.to_string().starts_with("v.csv:2: `x` is not a count"), "{error}");
        selection.set("s.csv", b"name,code\nx,I10\n", &e, &e).unwrap();
        assert!(
            selection.shows(&Code::from_official("I10")) && !selection.shows(&Code::from_official("C44"))
        );
    }
}
