//! What a run did, in numbers that can be signed.

use compact_str::CompactString;
use serde::Serialize;
use xwalk_map::{Outcome, Resolver};
use xwalk_model::{Edition, SourceFile};

use crate::answer::{AnswerBook, Choice};
use crate::options::{Options, Policy, Shape};
use crate::tally::{CodeCount, Tally};

/// What a run did. No column of the input stands in it but the codes that were asked about.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Name and version of this form.
    pub schema: &'static str,
    /// Version of the program.
    pub xwalk: &'static str,
    /// Which answers were written.
    pub policy: Policy,
    /// How they stand in the table.
    pub shape: Shape,
    /// Whether codes of a row were combined.
    pub combine: bool,
    /// Where codes were looked up: an edition, or how it was decided.
    pub from: String,
    /// The edition that they were carried to.
    pub to: String,
    /// The code columns as they were named.
    pub columns: Vec<String>,
    /// The date column.
    pub date_column: Option<String>,
    /// The tables.
    pub files: Vec<FileRows>,
    /// Counts of rows.
    pub rows: Rows,
    /// Counts of cells.
    pub cells: Cells,
    /// Codes by outcome.
    pub outcomes: Vec<OutcomeCount>,
    /// The codes that were lost, most frequent first.
    pub top_unmapped: Vec<Unmapped>,
    /// Counts under this number are not told.
    pub min_cell: Option<u64>,
    /// The editions that codes were looked up in.
    pub editions: Vec<Used>,
    /// The maps that they were carried along, and a reviewed crosswalk.
    pub maps: Vec<Used>,
}

/// A table of a run.
#[derive(Clone, Debug, Serialize)]
pub struct FileRows {
    /// The input, as it was named.
    pub input: String,
    /// The output.
    pub output: String,
    /// Rows read.
    pub rows: u64,
}

/// Counts of rows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Rows {
    /// Rows read and answered.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Rows set aside because they could not be used.
    pub set_aside: u64,
    /// Rows without a date, where a date column was named.
    pub undated: u64,
    /// Rows with other than the usual number of fields.
    pub ragged: u64,
    /// Line of the first of them.
    pub first_ragged: Option<u64>,
    /// Rows in which codes were combined.
    pub combined: u64,
}

/// Counts of cells in code columns. `total` is the sum of `empty`, `missing` and the codes by outcome.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cells {
    /// Rows times code columns; lists count each item.
    pub total: u64,
    /// Cells without a code.
    pub empty: u64,
    /// Cells that ragged rows do not have.
    pub missing: u64,
    /// Cells with something in them.
    pub codes: u64,
    /// Codes with a target, or with alternatives under the policy `all`.
    pub mapped: u64,
    /// Codes without.
    pub unmapped: u64,
    /// Targets that are the first of several.
    pub chosen: u64,
    /// Targets that a reviewer decided.
    pub reviewed: u64,
    /// Cells that were answered together with others of their row.
    pub combined: u64,
    /// Codes that need several cells and found too few free ones.
    pub no_room: u64,
    /// Codes that survive and mean less than before.
    pub scope_lost: u64,
}

/// How often an outcome occurs. `None` where the count is under the smallest that is told.
#[derive(Clone, Debug, Serialize)]
pub struct OutcomeCount {
    /// The outcome.
    pub outcome: Outcome,
    /// Cells.
    pub cells: Option<u64>,
    /// Distinct codes.
    pub distinct: Option<u64>,
    /// Whether there are more distinct texts than were told apart.
    pub at_least: bool,
    /// The codes, most frequent first; those under the smallest count that is told are left out.
    pub codes: Vec<Counted>,
}

/// A code and how often it occurs.
#[derive(Clone, Debug, Serialize)]
pub struct Counted {
    /// The code as it is displayed, or the text where it is none.
    pub code: CompactString,
    /// Where it was looked up; by date, the first edition in which its answer is the same.
    pub edition: CompactString,
    /// Cells.
    pub count: u64,
}

/// A code that was lost.
#[derive(Clone, Debug, Serialize)]
pub struct Unmapped {
    /// The code as it is displayed, or the text where it is none.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Where it was looked up.
    pub edition: String,
    /// What happened to it.
    pub outcome: Outcome,
    /// Number of alternatives that it has.
    pub alternatives: u32,
    /// Cells.
    pub count: u64,
}

/// An edition or a map with its files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Used {
    /// Its name.
    pub id: String,
    /// The files it was made from.
    pub sources: Vec<SourceFile>,
}

impl Used {
    fn edition(edition: &Edition) -> Self {
        Self { id: edition.id().to_string(), sources: edition.sources().to_vec() }
    }
}

/// How many lost codes a summary names.
pub const TOP: usize = 50;

/// What a summary is made from beside the counts.
pub struct Run<'a> {
    /// What was asked for.
    pub options: &'a Options,
    /// Where codes were looked up.
    pub from: String,
    /// The edition they were carried to.
    pub to: String,
    /// The tables.
    pub files: Vec<FileRows>,
    /// The resolvers.
    pub resolvers: Vec<&'a Resolver>,
    /// A reviewed crosswalk.
    pub decisions: Option<SourceFile>,
    /// The smallest count that is told.
    pub min_cell: Option<u64>,
    /// Whether each code is listed below its outcome.
    pub listed: bool,
}

impl Summary {
    /// Sums up a run. `codes` are those of the tally.
    pub fn new(run: Run<'_>, tally: &Tally, codes: &[CodeCount], book: &AnswerBook<'_>) -> Self {
        let policy = book.policy();
        let label = |c: &CodeCount| {
            book.resolver().contexts().get(usize::from(c.context)).map_or(String::new(), |c| c.label.clone())
        };
        let sum = |wanted: &dyn Fn(&CodeCount) -> bool| -> u64 {
            codes.iter().filter(|c| wanted(c)).map(|c| c.count).sum()
        };
        let all = sum(&|_| true);
        let lost = sum(&|c| c.answer.is_unmapped(policy));
        let unmapped = if policy == Policy::All { lost } else { lost.saturating_sub(tally.rescued) };
        let cells = Cells {
            total: all + tally.empty() + tally.missing,
            empty: tally.empty(),
            missing: tally.missing,
            codes: all,
            mapped: all - unmapped,
            unmapped,
            chosen: sum(&|c| c.answer.choice == Some(Choice::Chosen)),
            reviewed: sum(&|c| c.answer.choice == Some(Choice::Reviewed)),
            combined: tally.combined,
            no_room: tally.no_room,
            scope_lost: sum(&|c| c.answer.scope_lost),
        };
        let mut outcomes: Vec<OutcomeCount> = Tally::outcomes(codes)
            .into_iter()
            .map(|(outcome, cells, distinct)| {
                let of: Vec<&CodeCount> =
                    codes.iter().filter(|c| c.answer.outcome == Some(outcome)).collect();
                let mut listed: Vec<Counted> = of
                    .iter()
                    .filter(|_| run.listed)
                    .map(|c| Counted {
                        code: shown(c, book).into(),
                        edition: label(c).into(),
                        count: c.count,
                    })
                    .collect();
                listed.sort_by(|a, b| {
                    b.count.cmp(&a.count).then_with(|| (&a.code, &a.edition).cmp(&(&b.code, &b.edition)))
                });
                let at_least = of.iter().any(|c| c.answer.overflow);
                OutcomeCount {
                    outcome,
                    cells: Some(cells),
                    distinct: Some(distinct),
                    at_least,
                    codes: listed,
                }
            })
            .collect();
        let mut top: Vec<Unmapped> = codes
            .iter()
            .filter(|c| c.answer.is_unmapped(policy))
            .filter_map(|c| {
                let title =
                    c.answer.code.as_ref().and_then(|code| book.resolver().source_title(c.context, code));
                Some(Unmapped {
                    code: shown(c, book),
                    title: title.unwrap_or_default(),
                    edition: label(c),
                    outcome: c.answer.outcome?,
                    alternatives: c.answer.count,
                    count: c.count,
                })
            })
            .collect();
        top.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.code, &a.edition).cmp(&(&b.code, &b.edition)))
        });
        top.truncate(TOP);
        if let Some(least) = run.min_cell {
            suppress(&mut outcomes, least);
            top.retain(|u| u.count >= least);
        }
        let (editions, maps) = used(&run);
        Self {
            schema: "xwalk.remap/1",
            xwalk: env!("CARGO_PKG_VERSION"),
            policy,
            shape: run.options.shape,
            combine: run.options.combine,
            from: run.from,
            to: run.to,
            columns: run.options.columns.iter().map(ToString::to_string).collect(),
            date_column: run.options.date_column.as_ref().map(ToString::to_string),
            files: run.files,
            rows: Rows {
                read: tally.rows,
                written: tally.rows_out,
                set_aside: tally.set_aside,
                undated: tally.undated,
                ragged: tally.ragged,
                first_ragged: tally.first_ragged,
                combined: tally.rows_combined,
            },
            cells,
            outcomes,
            top_unmapped: top,
            min_cell: run.min_cell,
            editions,
            maps,
        }
    }

    /// The share of codes that were lost, from 0 to 1.
    pub fn unmapped_share(&self) -> f64 {
        if self.cells.codes == 0 {
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits than a float has")]
        let share = self.cells.unmapped as f64 / self.cells.codes as f64;
        share
    }
}

/// The code as it is displayed where its system is known, else as it is.
fn shown(code: &CodeCount, book: &AnswerBook<'_>) -> String {
    let context = book.resolver().contexts().get(usize::from(code.context));
    match (&code.answer.code, context.and_then(|c| c.system)) {
        (Some(code), Some(system)) => code.display(system),
        _ => code.answer.source.to_string(),
    }
}

/// Takes small counts out. Where one outcome alone is small its count could be had by subtraction, so the next goes
/// with it.
fn suppress(outcomes: &mut [OutcomeCount], least: u64) {
    let small = |o: &OutcomeCount| o.cells.is_some_and(|n| n < least);
    let count = outcomes.iter().filter(|o| small(o)).count();
    let next = outcomes
        .iter()
        .enumerate()
        .filter(|(_, o)| !small(o))
        .min_by_key(|(_, o)| o.cells)
        .map(|(i, _)| i)
        .filter(|_| count == 1);
    for (i, outcome) in outcomes.iter_mut().enumerate() {
        outcome.codes.retain(|c| c.count >= least);
        if small(outcome) || Some(i) == next {
            outcome.cells = None;
            outcome.distinct = None;
            outcome.codes.clear();
        }
    }
}

/// The editions and maps behind the answers, each once.
fn used(run: &Run<'_>) -> (Vec<Used>, Vec<Used>) {
    let mut editions = Vec::new();
    let mut maps = Vec::new();
    for resolver in &run.resolvers {
        editions.extend(resolver.source().map(Used::edition));
        editions.extend(resolver.target().map(Used::edition));
        for step in resolver.steps() {
            let id = format!("{}..{}/{}", step.from, step.to, step.name);
            maps.push(Used { id, sources: step.sources.clone() });
        }
    }
    maps.extend(
        run.decisions.iter().map(|file| Used { id: "decisions".to_owned(), sources: vec![file.clone()] }),
    );
    for list in [&mut editions, &mut maps] {
        list.sort();
        list.dedup();
    }
    (editions, maps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(outcome: Outcome, cells: u64) -> OutcomeCount {
        let codes = vec![Counted { code: "x".into(), edition: "e".into(), count: cells }];
        OutcomeCount { outcome, cells: Some(cells), distinct: Some(1), at_least: false, codes }
    }

    #[test]
    fn a_small_count_cannot_be_had_by_subtraction() {
        let mut all =
            vec![outcome(Outcome::Renamed, 900), outcome(Outcome::Split, 40), outcome(Outcome::Unknown, 3)];
        suppress(&mut all, 11);
        assert_eq!(all.iter().map(|o| o.cells).collect::<Vec<_>>(), [Some(900), None, None]);
        let mut all = vec![outcome(Outcome::Renamed, 900), outcome(Outcome::Split, 40)];
        suppress(&mut all, 11);
        assert!(all.iter().all(|o| o.cells.is_some()));
    }
}
