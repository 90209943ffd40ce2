//! Answers as a table: a row for each code of each slot of each alternative, a row without a target where there is
//! none. Codes that are used together share `alternative` and differ in `slot`; they are never joined to one text.

use std::io;

use super::{View, hops, systems, warning_text};
use crate::safe_cell;

const COLUMNS: [&str; 20] = [
    "input",
    "date",
    "source",
    "edition",
    "to",
    "outcome",
    "alternatives",
    "alternative",
    "slot",
    "target",
    "target_title",
    "relationship",
    "basis",
    "automatic",
    "share",
    "allocation",
    "file_and_line",
    "flags",
    "reason",
    "warnings",
];

pub(super) fn write(view: &View<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for (answer, which) in view.answers {
        let resolver = view.resolvers.get(*which);
        let (source, target) = systems(resolver);
        let r = &answer.resolution;
        let name = r.code.as_ref().map_or(String::new(), |c| c.display(source));
        let edition = r.edition.as_ref().map_or(String::new(), ToString::to_string);
        let day = answer.day.as_deref().unwrap_or("");
        let to = view.to.to_string();
        let warnings: Vec<String> = r.warnings.iter().map(|w| warning_text(w, source, target)).collect();
        let warnings = warnings.join("; ");
        let count = r.count.to_string();
        let (input, reason, warnings) = (safe_cell(&r.source), safe_cell(&r.reason), safe_cell(&warnings));
        // What every row of the answer begins with.
        let begin = [&*input, day, &name, &edition, &to, r.outcome.id(), &count];
        if r.alternatives.is_empty() {
            let empty = [""; 11];
            table.write_record(begin.iter().chain(&empty).chain(&[&*reason, &*warnings]))?;
            continue;
        }
        for (number, alternative) in r.alternatives.iter().enumerate() {
            let hops = resolver.map(|r| hops(r, alternative)).unwrap_or_default();
            let places: Vec<String> = hops
                .iter()
                .filter_map(|h| Some(format!("{}:{}", h.file.as_deref()?, h.line.unwrap_or(0))))
                .collect();
            let flags: Vec<&str> = hops.iter().map(|h| h.flags.as_str()).filter(|f| !f.is_empty()).collect();
            let share = answer.shares.as_ref().and_then(|s| s.shares.get(number));
            let share = share.map_or(String::new(), |s| format!("{:.6}", s.share));
            let allocation = answer.shares.as_ref().map_or("", |s| s.allocation.id());
            for (slot, codes) in alternative.targets.iter().enumerate() {
                for code in codes {
                    let title = resolver.and_then(|r| r.target()).and_then(|e| e.get(code));
                    let (number, slot) = ((number + 1).to_string(), (slot + 1).to_string());
                    let (places, flags) = (places.join(" > "), flags.join(" > "));
                    let code = code.display(target);
                    let cells = [
                        &*number,
                        &slot,
                        &code,
                        &*safe_cell(title.map_or("", xwalk_model::Concept::title)),
                        alternative.relationship.id(),
                        alternative.basis.id(),
                        if alternative.automatic { "true" } else { "false" },
                        &share,
                        allocation,
                        &*safe_cell(&places),
                        &*safe_cell(&flags),
                    ];
                    table.write_record(begin.iter().chain(&cells).chain(&[&*reason, &*warnings]))?;
                }
            }
        }
    }
    table.flush()
}
