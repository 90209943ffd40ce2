//! Worklists that come back from people: workbooks and delimited text, columns found by name.

use xwalk_formats::{grid, workbook};
use xwalk_model::{
    Cell, CodeSystem, Diagnostic, EditionId, Grid, Position, Question, Rule, Severity, Subject,
};

use super::header::plain;
use super::system_named;
use crate::error::ImportError;
use crate::input::InputFile;
use crate::release::bad_record;

/// Editions for worklists that name systems only.
#[derive(Clone, Debug, Default)]
pub struct WorklistOptions {
    /// The edition of the codes.
    pub from: Option<EditionId>,
    /// The edition of the choices.
    pub to: Option<EditionId>,
}

/// The questions of a worklist.
#[derive(Debug, Default)]
pub struct ImportedWorklist {
    /// The questions, each with its place: file and sheet, row and column of the decision.
    pub questions: Vec<(Question, String, Position)>,
    /// What was found wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl ImportedWorklist {
    /// Whether rows had to be left out.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.rule.severity() == Severity::Error)
    }
}

/// Reads a worklist.
pub fn import_worklist(file: &InputFile, options: &WorklistOptions) -> Result<ImportedWorklist, ImportError> {
    let bytes = file.bytes()?;
    let mut imported = ImportedWorklist::default();
    let grids = if workbook::looks_like(&bytes) {
        grid::read_workbook(&bytes)
    } else {
        grid::read_text(&bytes).map(|g| vec![g])
    };
    let grids = match grids {
        Ok(grids) => grids,
        Err(error) => {
            imported.diagnostics.push(bad_record(file.name(), &error));
            return Ok(imported);
        }
    };
    let mut sheets = 0;
    for grid in &grids {
        sheets += usize::from(sheet(file, grid, options, &mut imported));
    }
    if sheets == 0 {
        let message = "it is no worklist: no sheet has the columns source_code and decision";
        imported.diagnostics.push(Diagnostic::new(Rule::BadLayout, file.name(), message));
    }
    Ok(imported)
}

struct Columns {
    code: usize,
    decision: usize,
    system: Option<usize>,
    title: Option<usize>,
    outcome: Option<usize>,
    count: Option<usize>,
    reviewer: Option<usize>,
    date: Option<usize>,
    comment: Option<usize>,
    set: Option<usize>,
    owner: Option<usize>,
    source: Option<usize>,
    target: Option<usize>,
    evidence: Option<usize>,
    choices: Vec<usize>,
}

fn columns(grid: &Grid) -> Option<(usize, Columns)> {
    grid.rows.iter().enumerate().take(20).find_map(|(row, cells)| {
        let names: Vec<String> = cells.iter().map(plain).collect();
        let find = |name: &str| names.iter().position(|n| n == name);
        let choice = |name: &String| {
            name.strip_prefix("choices")
                .or(name.strip_prefix("choice"))
                .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
        };
        Some((
            row,
            Columns {
                code: find("sourcecode")?,
                decision: find("decision")?,
                system: find("sourcesystem"),
                title: find("sourcetitle"),
                outcome: find("outcome"),
                count: find("count"),
                reviewer: find("reviewer"),
                date: find("date"),
                comment: find("comment"),
                set: find("set"),
                owner: find("owner"),
                source: find("sourceedition"),
                target: find("targetedition"),
                evidence: find("evidence"),
                choices: names.iter().enumerate().filter(|(_, n)| choice(n)).map(|(i, _)| i).collect(),
            },
        ))
    })
}

fn sheet(file: &InputFile, grid: &Grid, options: &WorklistOptions, imported: &mut ImportedWorklist) -> bool {
    let Some((header, columns)) = columns(grid) else { return false };
    let place = if grid.name.is_empty() {
        file.name().to_string()
    } else {
        format!("{}[{}]", file.name(), grid.name)
    };
    for (row, cells) in grid.rows.iter().enumerate().skip(header + 1) {
        let text = |column: Option<usize>| {
            let cell = column.and_then(|c| cells.get(c));
            cell.map_or(String::new(), unguarded)
        };
        let code = text(Some(columns.code));
        if code.is_empty() {
            continue;
        }
        let line = grid.line_numbers.get(row).copied().unwrap_or(row as u32 + 1);
        let at = |column: usize| Position { byte: 0, line, column: column as u32 + 1 };
        let mut edition = |column: Option<usize>, told: Option<&EditionId>, what: &str| {
            let named = text(column);
            let found = if named.is_empty() { told.cloned() } else { named.parse().ok() };
            if found.is_none() {
                let message = if named.is_empty() {
                    format!("the row does not say of which edition the {what} is")
                } else {
                    format!("`{named}` is not an edition id")
                };
                let problem = Diagnostic::new(Rule::BadLayout, &place.as_str().into(), message);
                imported.diagnostics.push(
                    problem
                        .at(at(column.unwrap_or(columns.code)))
                        .hint("name the editions with --from and --to"),
                );
            }
            found
        };
        let source = edition(columns.source, options.from.as_ref(), "code");
        let target = edition(columns.target, options.to.as_ref(), "choice");
        let (Some(source), Some(target)) = (source, target) else { continue };
        let named: Option<CodeSystem> = system_named(&text(columns.system));
        if named.is_some_and(|system| system != source.system) {
            let message = format!("the row is of {}, and its edition is {source}", text(columns.system));
            let problem = Diagnostic::new(Rule::MixedSystems, &place.as_str().into(), message);
            imported.diagnostics.push(problem.at(at(columns.system.unwrap_or(0))));
            continue;
        }
        let set = text(columns.set);
        let question = Question {
            subject: if set.is_empty() { Subject::Code } else { Subject::Set(set) },
            owner: text(columns.owner),
            source,
            target,
            code,
            title: text(columns.title),
            outcome: text(columns.outcome),
            count: text(columns.count).parse().unwrap_or(0),
            evidence: text(columns.evidence),
            choices: columns.choices.iter().map(|c| text(Some(*c))).filter(|t| !t.is_empty()).collect(),
            decision: text(Some(columns.decision)),
            reviewer: text(columns.reviewer),
            date: text(columns.date),
            comment: text(columns.comment),
        };
        imported.questions.push((question, place.clone(), at(columns.decision)));
    }
    true
}

/// The text of a cell, without the apostrophe that kept it from being a formula.
fn unguarded(cell: &Cell) -> String {
    let text = cell.text();
    let text = text.trim();
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest.to_owned(),
        _ => text.to_owned(),
    }
}
