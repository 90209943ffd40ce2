//! Answers of `map` in the forms that people and programs read.

mod csv;
mod json;
mod statistics;
mod text;

use std::io;

use serde::Serialize;
use xwalk_map::{Alternative, Comparability, Hop, Resolution, Resolver, Shares, StepKind, Warning};
use xwalk_model::{Code, CodeSystem, EditionId};

use crate::Look;

pub use statistics::{write_statistics_json, write_statistics_text};

/// An answer with the shares of its alternatives, where they were asked for.
#[derive(Debug)]
pub struct Answer {
    /// The answer.
    pub resolution: Resolution,
    /// The shares.
    pub shares: Option<Shares>,
    /// How well source and targets count the same records, where a dual-coded sample was given.
    pub comparability: Option<Comparability>,
    /// The day on which the code was looked up, where one was given.
    pub day: Option<String>,
}

impl From<Resolution> for Answer {
    fn from(resolution: Resolution) -> Self {
        Self { resolution, shares: None, comparability: None, day: None }
    }
}

/// Answers with the route that they were found along. Answers of one list may have come along different routes, when
/// each was looked up in the edition in force on its own date.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The answers in the order of the input.
    pub answers: &'a [(Answer, usize)],
    /// The resolvers; each answer names one by index.
    pub resolvers: &'a [Resolver],
    /// The edition that all codes are carried to.
    pub to: &'a EditionId,
    /// Whether the hops are shown.
    pub explain: bool,
    /// Whether the user's volumes had a say in the ranking.
    pub with_volumes: bool,
}

impl View<'_> {
    /// For people, in a terminal.
    pub fn write_text(&self, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
        text::write(self, look, out)
    }

    /// For programs: the JSON contract of `map`.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        json::write(self, out)
    }

    /// For spreadsheets and databases: a row for each code of each slot of each alternative.
    pub fn write_csv(&self, out: &mut dyn io::Write) -> io::Result<()> {
        csv::write(self, out)
    }
}

/// The system of the codes that an answer leads to, and of those it comes from.
fn systems(resolver: Option<&Resolver>) -> (CodeSystem, CodeSystem) {
    resolver.map_or((CodeSystem::Icd10cm, CodeSystem::Icd10cm), |r| (r.from().system, r.to().system))
}

/// One hop as outputs name it. Steps over which nothing changed are put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HopOut {
    /// The edition before.
    pub from: String,
    /// The edition after.
    pub to: String,
    /// Name of the map; `unchanged` for steps over which the code stayed as it was, `review` for a decision.
    pub map: String,
    /// The file in which the hop is stated.
    pub file: Option<String>,
    /// Its line; in a workbook the row.
    pub line: Option<u32>,
    /// The flags and words as published.
    pub flags: String,
    /// On what ground it stands.
    pub basis: &'static str,
    /// Whether the row was read from target to source.
    pub reversed: bool,
}

/// The hops of an alternative, steps without a change among them.
pub fn hops(resolver: &Resolver, alternative: &Alternative) -> Vec<HopOut> {
    let steps = resolver.steps();
    let mut found: Vec<HopOut> = Vec::new();
    let mut next = 0usize;
    let unchanged = |from: usize, to: usize, found: &mut Vec<HopOut>| {
        if from < to {
            found.push(HopOut {
                from: steps[from].from.to_string(),
                to: steps[to - 1].to.to_string(),
                map: "unchanged".to_owned(),
                file: None,
                line: None,
                flags: String::new(),
                basis: "identity",
                reversed: false,
            });
        }
    };
    for hop in &alternative.hops {
        let at = usize::from(hop.step);
        let Some(step) = steps.get(at) else {
            return vec![HopOut {
                from: resolver.from().to_string(),
                to: resolver.to().to_string(),
                map: "review".to_owned(),
                file: None,
                line: None,
                flags: hop.flags.to_string(),
                basis: hop.basis.id(),
                reversed: false,
            }];
        };
        unchanged(next, at, &mut found);
        next = at + 1;
        let method = match (step.kind, step.method) {
            (StepKind::Map, xwalk_map::Method::Gem) | (StepKind::Annual, _) => step.name.clone(),
            (StepKind::Map, method) => format!("{} ({})", step.name, method.id()),
        };
        found.push(HopOut {
            from: step.from.to_string(),
            to: step.to.to_string(),
            map: method,
            file: step.sources.get(usize::from(hop.file)).map(|s| s.name.clone()),
            line: (hop.file != Hop::NO_FILE && hop.line > 0).then_some(hop.line),
            flags: hop.flags.to_string(),
            basis: hop.basis.id(),
            reversed: hop.reversed,
        });
    }
    unchanged(next, steps.len(), &mut found);
    found
}

/// A warning in words.
pub fn warning_text(warning: &Warning, source: CodeSystem, target: CodeSystem) -> String {
    let list = |codes: &[Code], system: CodeSystem| {
        let shown: Vec<String> = codes.iter().take(6).map(|c| c.display(system)).collect();
        let more = codes.len().saturating_sub(6);
        if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
    };
    match warning {
        Warning::ScopeLost { at, into } => {
            format!("means less from {at} on: {} carved out", list(into, at.system))
        }
        Warning::Together { target: code, with } => {
            let with: Vec<String> = with.iter().map(|slot| list(slot, target)).collect();
            format!("{} is stated for it together with {}", code.display(target), with.join(" and "))
        }
        Warning::Ended { code, edition, to } => {
            let system = if edition.system == source { source } else { edition.system };
            format!("one way ends: {} of {edition} has nothing in {to}", code.display(system))
        }
        _ => String::new(),
    }
}

/// The word for the kind of a warning.
pub fn warning_id(warning: &Warning) -> &'static str {
    match warning {
        Warning::ScopeLost { .. } => "scope-lost",
        Warning::Together { .. } => "together",
        Warning::Ended { .. } => "ended",
        _ => "other",
    }
}
