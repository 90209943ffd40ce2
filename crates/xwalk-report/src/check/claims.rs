//! A file of claims: codes with dates, checked before they are sent.
//!
//! Only codes, dates and counts leave the input. Small counts are not told, and where one alone could be worked out
//! from a sum, the next smallest is not told either.

use std::collections::{BTreeMap, HashMap};
use std::io;

use jiff::civil::Date;
use serde::Serialize;
use xwalk_model::{Code, CodeSystem};

use super::{Checker, Feedback, Instead, Reason};

/// Why a file of claims cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// A column is not there.
    #[error("{file}:1: there is no column `{column}`; the columns are {columns}")]
    NoColumn {
        /// Name of the file.
        file: String,
        /// The column that was named.
        column: String,
        /// Those that are there.
        columns: String,
    },
    /// A row is not CSV.
    #[error("{file}:{line}: the row is not CSV; expected the fields of the header, in UTF-8")]
    Row {
        /// Name of the file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What the reader says.
        #[source]
        source: csv::Error,
    },
    /// The file has no header or no row.
    #[error("{file} is empty; expected a header row with the names of the columns")]
    Empty {
        /// Name of the file.
        file: String,
    },
}

/// How a file of claims is read.
#[derive(Clone, Debug)]
pub struct ClaimsOptions {
    /// Columns that hold codes.
    pub columns: Vec<String>,
    /// The column that holds the date of service.
    pub date_column: String,
    /// The delimiter.
    pub delimiter: u8,
    /// Counts above 0 and below this are not told.
    pub min_cell: u64,
}

/// A count, or that it is too small to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The number.
    Told(u64),
    /// Not told: it is small, or would give a small one away.
    Suppressed,
}

impl Serialize for Cell {
    /// A number, or null where it is not told.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Told(number) => serializer.serialize_some(number),
            Self::Suppressed => serializer.serialize_none(),
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Told(number) => f.pad(&crate::grouped(*number)),
            Self::Suppressed => f.pad("few"),
        }
    }
}

/// Tells the counts of a breakdown whose sum is known. Those above 0 and below `min` are not told; if what is not told
/// adds up to less than `min`, the smallest of the others is left out too, so that the sum gives nothing away.
pub fn suppress(counts: &[u64], min: u64) -> Vec<Cell> {
    let mut hidden: Vec<bool> = counts.iter().map(|n| *n > 0 && *n < min).collect();
    loop {
        let sum: u64 = counts.iter().zip(&hidden).filter(|(_, h)| **h).map(|(n, _)| *n).sum();
        if sum == 0 || sum >= min {
            break;
        }
        let open = counts.iter().enumerate().filter(|(i, n)| !hidden[*i] && **n > 0);
        match open.min_by_key(|(i, n)| (**n, *i)) {
            Some((at, _)) => hidden[at] = true,
            None => break,
        }
    }
    counts.iter().zip(hidden).map(|(n, h)| if h { Cell::Suppressed } else { Cell::Told(*n) }).collect()
}

/// One code with one reason.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimRow {
    /// The code as written in the file, or in display form where it is one.
    pub code: String,
    /// Why it would be denied.
    pub reason: Reason,
    /// The first and the last date of service.
    pub from: Option<Date>,
    /// The last date.
    pub to: Option<Date>,
    /// How many times.
    pub count: Cell,
    /// The answer in words, for the first date.
    pub sentence: String,
    /// What to use instead.
    pub instead: Vec<Instead>,
    /// Number of alternatives, also where not all are listed.
    pub instead_count: usize,
}

/// What was found in a file of claims.
#[derive(Clone, Debug, Serialize)]
pub struct Claims {
    /// Name of the file.
    pub file: String,
    /// Rows of the file.
    pub rows: u64,
    /// Codes that were checked.
    pub codes: u64,
    /// Empty fields.
    pub empty: u64,
    /// Codes by reason, valid ones first.
    pub by_reason: Vec<(Reason, Cell)>,
    /// Codes that a payer would deny, or that nobody can judge, by reason and code.
    pub denied: Vec<ClaimRow>,
    /// Counts above 0 and below this are not told.
    pub min_cell: u64,
    /// Whether some counts were not told.
    pub suppressed: bool,
    /// Whether anything was found.
    pub findings: bool,
}

struct Tally {
    count: u64,
    from: Option<Date>,
    to: Option<Date>,
    feedback: Option<Feedback>,
}

impl Claims {
    /// Reads a file of claims and checks each code on its date.
    pub fn read(
        file: &str,
        input: impl io::Read,
        options: &ClaimsOptions,
        checker: &Checker<'_>,
    ) -> Result<Self, ClaimsError> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(options.delimiter)
            .from_reader(input);
        let row_error = |source: csv::Error| ClaimsError::Row {
            file: file.to_owned(),
            line: source.position().map_or(0, csv::Position::line),
            source,
        };
        let mut record = csv::ByteRecord::new();
        if !reader.read_byte_record(&mut record).map_err(row_error)? {
            return Err(ClaimsError::Empty { file: file.to_owned() });
        }
        let names: Vec<String> = record
            .iter()
            .map(|f| String::from_utf8_lossy(f).trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        let find = |column: &str| {
            names.iter().position(|n| n.eq_ignore_ascii_case(column)).ok_or_else(|| ClaimsError::NoColumn {
                file: file.to_owned(),
                column: column.to_owned(),
                columns: names.join(", "),
            })
        };
        let columns: Vec<usize> = options.columns.iter().map(|c| find(c)).collect::<Result<_, _>>()?;
        let date_column = find(&options.date_column)?;
        let mut tallies: BTreeMap<(Reason, String), Tally> = BTreeMap::new();
        // The same code on the same day gets the same answer, and claims repeat both.
        let mut known: HashMap<(String, Option<Date>), (Reason, String)> = HashMap::new();
        let (mut rows, mut codes, mut empty) = (0, 0, 0);
        while reader.read_byte_record(&mut record).map_err(row_error)? {
            rows += 1;
            let field = |at: usize| record.get(at).map(String::from_utf8_lossy).unwrap_or_default();
            let date = parse_date(&field(date_column));
            for &at in &columns {
                let text = field(at);
                let text = text.trim();
                if text.is_empty() {
                    empty += 1;
                    continue;
                }
                codes += 1;
                let cached = (text.to_owned(), date);
                let key = match known.get(&cached) {
                    Some(key) => key.clone(),
                    None => {
                        let (key, feedback) = judge(checker, text, date);
                        tallies.entry(key.clone()).or_insert(Tally {
                            count: 0,
                            from: date,
                            to: date,
                            feedback,
                        });
                        known.insert(cached, key.clone());
                        key
                    }
                };
                let tally = tallies.get_mut(&key).expect("a key was put in when it was first met");
                tally.count += 1;
                tally.from = tally.from.min(date).or(tally.from).or(date);
                tally.to = tally.to.max(date);
            }
        }
        Ok(Self::of(file, rows, codes, empty, &tallies, options.min_cell))
    }

    fn of(
        file: &str,
        rows: u64,
        codes: u64,
        empty: u64,
        tallies: &BTreeMap<(Reason, String), Tally>,
        min_cell: u64,
    ) -> Self {
        let mut by_reason: Vec<(Reason, u64)> = Vec::new();
        for reason in Reason::ALL {
            let sum: u64 = tallies.iter().filter(|((r, _), _)| *r == reason).map(|(_, t)| t.count).sum();
            if sum > 0 {
                by_reason.push((reason, sum));
            }
        }
        let sums: Vec<u64> = by_reason.iter().map(|(_, n)| *n).collect();
        let told = suppress(&sums, min_cell);
        let findings = by_reason.iter().any(|(r, _)| *r != Reason::Valid);
        let mut denied: Vec<(u64, ClaimRow)> = Vec::new();
        for (at, (reason, _)) in by_reason.iter().enumerate().filter(|(_, (r, _))| *r != Reason::Valid) {
            let group: Vec<(&String, &Tally)> =
                tallies.iter().filter(|((r, _), _)| r == reason).map(|((_, code), t)| (code, t)).collect();
            let counts: Vec<u64> = group.iter().map(|(_, t)| t.count).collect();
            // Where the sum itself is not told, the small ones in it are the only ones to hide.
            let cells = match told[at] {
                Cell::Told(_) => suppress(&counts, min_cell),
                Cell::Suppressed => counts
                    .iter()
                    .map(|n| if *n < min_cell { Cell::Suppressed } else { Cell::Told(*n) })
                    .collect(),
            };
            for ((code, tally), count) in group.into_iter().zip(cells) {
                // A date on which fewer than that many were served would tell them apart.
                let dates = count != Cell::Suppressed;
                let feedback = tally.feedback.as_ref();
                denied.push((
                    tally.count,
                    ClaimRow {
                        code: code.clone(),
                        reason: *reason,
                        from: tally.from.filter(|_| dates),
                        to: tally.to.filter(|_| dates),
                        count,
                        sentence: feedback.map_or_else(
                            || "The date of service is not a date.".to_owned(),
                            |f| told_of(f, dates),
                        ),
                        instead: feedback.map(|f| f.instead.clone()).unwrap_or_default(),
                        instead_count: feedback.map_or(0, |f| f.instead_count),
                    },
                ));
            }
        }
        // By reason, the most frequent first; what is not told keeps the order of the codes.
        denied.sort_by_key(|(count, row)| {
            let shown = if row.count == Cell::Suppressed { 0 } else { *count };
            (row.reason, std::cmp::Reverse(shown), row.code.clone())
        });
        let denied: Vec<ClaimRow> = denied.into_iter().map(|(_, row)| row).collect();
        let suppressed =
            told.contains(&Cell::Suppressed) || denied.iter().any(|r| r.count == Cell::Suppressed);
        Self {
            file: file.to_owned(),
            rows,
            codes,
            empty,
            by_reason: by_reason.iter().map(|(r, _)| *r).zip(told).collect(),
            denied,
            min_cell,
            suppressed,
            findings,
        }
    }
}

fn judge(checker: &Checker<'_>, text: &str, date: Option<Date>) -> ((Reason, String), Option<Feedback>) {
    let Some(date) = date else {
        // What is not written like a code stays in the input here too.
        let code = CodeSystem::ALL.iter().find_map(|s| Some(Code::parse(*s, text).ok()?.display(*s)));
        return ((Reason::BadDate, code.unwrap_or_else(|| short(text))), None);
    };
    let feedback = checker.check(text, date);
    let code = feedback.code.clone().unwrap_or_else(|| short(text));
    let code = if feedback.reason == Reason::Valid { String::new() } else { code };
    ((feedback.reason, code), Some(feedback))
}

/// The answer in words, without what may not leave the input: a text that is no code, and the date of a small count.
fn told_of(feedback: &Feedback, dates: bool) -> String {
    match (feedback.reason, &feedback.code) {
        (Reason::Malformed, _) => "The text is not written like a code.".to_owned(),
        (Reason::NotYetInEffect, Some(code)) if !dates => format!("{code} was not yet in effect."),
        (Reason::WrongSystem, Some(code)) if !dates => format!("{code} is a code of another system."),
        (Reason::NoEdition, _) if !dates => "No edition that is held was in effect.".to_owned(),
        _ => feedback.sentence.clone(),
    }
}

/// What is not a code may be anything, a name for instance: it does not leave the input.
fn short(text: &str) -> String {
    let length = text.chars().count();
    format!("(a text of {length} characters)")
}

/// A date as claims write it: `2025-10-01`, `20251001`, `10/1/2025`, each also with a time behind it.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    let text = text.split([' ', 'T']).next().unwrap_or(text);
    let number = |t: &str| t.parse::<i16>().ok().filter(|_| t.bytes().all(|b| b.is_ascii_digit()));
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let (year, month, day) = match parts[..] {
        [one] if one.len() == 8 => (number(one.get(..4)?)?, number(one.get(4..6)?)?, number(one.get(6..)?)?),
        [y, m, d] if y.len() == 4 => (number(y)?, number(m)?, number(d)?),
        // The order in the United States, where these claims are filed.
        [m, d, y] if y.len() == 4 && text.contains('/') => (number(y)?, number(m)?, number(d)?),
        _ => return None,
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn dates_as_claims_write_them() {
        for text in ["2025-10-01", "20251001", "10/1/2025", "2025-10-01 08:30", "2025-10-01T00:00:00Z"] {
            assert_eq!(parse_date(text), Some(date(2025, 10, 1)), "{text}");
        }
        for text in ["", "2025", "1/10/25", "2025-13-01", "31.12.2025", "2025-02-30"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_sum_gives_no_small_count_away() {
        let told = |counts: &[u64]| {
            suppress(counts, 11)
                .iter()
                .map(|c| match c {
                    Cell::Told(n) => n.to_string(),
                    Cell::Suppressed => "few".to_owned(),
                })
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(told(&[100, 20, 30]), "100 20 30");
        assert_eq!(told(&[100, 20, 3]), "100 few few");
        assert_eq!(told(&[100, 6, 7]), "100 few few");
        assert_eq!(told(&[3]), "few");
        assert_eq!(told(&[0, 50]), "0 50");
        assert_eq!(suppress(&[3, 50], 0), [Cell::Told(3), Cell::Told(50)]);
    }
}
