//! Counts of every cell.

use std::collections::BTreeMap;
use std::sync::Arc;

use xwalk_map::Outcome;
use xwalk_model::prefix;

use crate::answer::{Answer, AnswerBook};

/// Counts over a table, or over several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows read, without those set aside.
    pub rows: u64,
    /// Rows written.
    pub rows_out: u64,
    /// Number of code columns.
    pub columns: u64,
    /// Cells by the number of their answer; 0 counts empty cells.
    pub cells: Vec<u64>,
    /// Code cells that ragged rows do not have.
    pub missing: u64,
    /// Codes in lists beyond one for each row and column (negative where rows have none), so that the totals add up.
    pub list_surplus: i64,
    /// Rows with other than the usual number of fields.
    pub ragged: u64,
    /// Line of the first of them.
    pub first_ragged: Option<u64>,
    /// Rows set aside.
    pub set_aside: u64,
    /// Rows without a date.
    pub undated: u64,
    /// Cells that were answered together with others of the row.
    pub combined: u64,
    /// Rows in which codes were combined.
    pub rows_combined: u64,
    /// Clusters that did not find enough free cells.
    pub no_room: u64,
    /// Cells without a target of their own that a combination carried.
    pub rescued: u64,
}

/// A code and how often it occurs.
#[derive(Clone, Debug)]
pub struct CodeCount {
    /// Its answer.
    pub answer: Arc<Answer>,
    /// The first of the contexts that it was looked up in.
    pub context: u16,
    /// Cells that hold it.
    pub count: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, number: u32, times: u64) {
        let at = number as usize;
        if at >= self.cells.len() {
            self.cells.resize(at + 1, 0);
        }
        self.cells[at] += times;
    }

    /// Adds the counts of another part.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.rows_out += other.rows_out;
        self.columns = self.columns.max(other.columns);
        for (number, count) in other.cells.iter().enumerate() {
            if *count > 0 {
                self.count(number as u32, *count);
            }
        }
        self.missing += other.missing;
        self.list_surplus += other.list_surplus;
        self.ragged += other.ragged;
        self.first_ragged = match (self.first_ragged, other.first_ragged) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.set_aside += other.set_aside;
        self.undated += other.undated;
        self.combined += other.combined;
        self.rows_combined += other.rows_combined;
        self.no_room += other.no_room;
        self.rescued += other.rescued;
    }

    /// Empty cells.
    pub fn empty(&self) -> u64 {
        self.cells.first().copied().unwrap_or(0)
    }

    /// The codes that occur, by context and code, each with its count.
    pub fn codes(&self, book: &AnswerBook<'_>) -> Vec<CodeCount> {
        let answers = book.all();
        let mut codes: Vec<((u16, u64), CodeCount)> = self
            .cells
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, count)| **count > 0)
            .map(|(number, &count)| {
                let (answer, context) = &answers[number];
                let code = CodeCount { answer: Arc::clone(answer), context: *context, count };
                ((*context, prefix(answer.source.as_bytes())), code)
            })
            .collect();
        // Most differ before their answers have to be looked at.
        codes.sort_by(|(a, one), (b, other)| {
            let (one, other) = (&one.answer, &other.answer);
            a.cmp(b).then_with(|| (&one.source, one.outcome).cmp(&(&other.source, other.outcome)))
        });
        codes.into_iter().map(|(_, code)| code).collect()
    }

    /// Cells and distinct codes by outcome, in the order of [`Outcome::ALL`], those that do not occur left out.
    pub fn outcomes(codes: &[CodeCount]) -> Vec<(Outcome, u64, u64)> {
        let mut sums: BTreeMap<Outcome, (u64, u64)> = BTreeMap::new();
        for code in codes {
            if let Some(outcome) = code.answer.outcome {
                let sum = sums.entry(outcome).or_default();
                sum.0 += code.count;
                sum.1 += 1;
            }
        }
        sums.into_iter().map(|(outcome, (cells, distinct))| (outcome, cells, distinct)).collect()
    }
}
