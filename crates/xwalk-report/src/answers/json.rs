//! The JSON contract of `map`: a list of answers.

use std::io;

use serde::Serialize;
use xwalk_map::{Alternative, Comparability, Shares, reasons};
use xwalk_model::Code;

use super::{HopOut, View, hops, systems, warning_id, warning_text};

#[derive(Serialize)]
struct AnswerOut<'a> {
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
    code: Option<String>,
    edition: Option<String>,
    to: String,
    outcome: &'static str,
    reason: &'a str,
    count: usize,
    alternatives: Vec<AlternativeOut>,
    warnings: Vec<WarningOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allocation: Option<AllocationOut>,
}

#[derive(Serialize)]
struct AlternativeOut {
    targets: Vec<Vec<String>>,
    titles: Vec<Vec<String>>,
    relationship: &'static str,
    basis: &'static str,
    automatic: bool,
    ranked: Vec<&'static str>,
    further_paths: u32,
    hops: Vec<HopOut>,
}

#[derive(Serialize)]
struct WarningOut {
    warning: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes: Vec<String>,
}

/// Shares for statistics: an allocation of counts, not a mapping of records.
#[derive(Serialize)]
struct AllocationOut {
    #[serde(flatten)]
    shares: Shares,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparability: Option<Comparability>,
}

pub(super) fn write(view: &View<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    // A list of a hundred thousand answers is written one by one, so that it never lies in memory as text.
    out.write_all(b"[")?;
    for (number, (answer, which)) in view.answers.iter().enumerate() {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        let resolver = view.resolvers.get(*which);
        let (source, target) = systems(resolver);
        let r = &answer.resolution;
        let alternative = |a: &Alternative| {
            let code = |c: &Code| c.display(target);
            let title = |c: &Code| {
                let edition = resolver.and_then(|r| r.target());
                edition.and_then(|e| e.get(c)).map_or(String::new(), |c| c.title().to_owned())
            };
            AlternativeOut {
                targets: a.targets.iter().map(|slot| slot.iter().map(code).collect()).collect(),
                titles: a.targets.iter().map(|slot| slot.iter().map(title).collect()).collect(),
                relationship: a.relationship.id(),
                basis: a.basis.id(),
                automatic: a.automatic,
                ranked: reasons(a, view.with_volumes),
                further_paths: a.further_paths,
                hops: resolver.map(|r| hops(r, a)).unwrap_or_default(),
            }
        };
        let shown = AnswerOut {
            source: &r.source,
            date: answer.day.as_deref(),
            code: r.code.as_ref().map(|c| c.display(source)),
            edition: r.edition.as_ref().map(ToString::to_string),
            to: view.to.to_string(),
            outcome: r.outcome.id(),
            reason: &r.reason,
            count: r.count,
            alternatives: r.alternatives.iter().map(alternative).collect(),
            warnings: r
                .warnings
                .iter()
                .map(|w| WarningOut {
                    warning: warning_id(w),
                    text: warning_text(w, source, target),
                    codes: match w {
                        xwalk_map::Warning::ScopeLost { at, into } => {
                            into.iter().map(|c| c.display(at.system)).collect()
                        }
                        _ => Vec::new(),
                    },
                })
                .collect(),
            allocation: answer
                .shares
                .clone()
                .map(|shares| AllocationOut { shares, comparability: answer.comparability }),
        };
        serde_json::to_writer_pretty(&mut *out, &shown)?;
    }
    out.write_all(b"\n]\n")
}
