//! Decisions as SSSOM TSV: who decided what, when and why, and what it rested on.
//!
//! "A Simple Standard for Sharing Ontology Mappings", version 1.1. What a decision rested on beyond the standard (the
//! alternatives, the outcome) stands in extension slots, which the header defines.

use std::io;

use xwalk_model::{Chosen, Code, CodeSystem, Decision, Subject};
use xwalk_rules::{Carried, Reopened};

use crate::safe_cell;

const COLUMNS: [&str; 18] = [
    "subject_id",
    "subject_label",
    "predicate_id",
    "predicate_modifier",
    "object_id",
    "object_label",
    "mapping_justification",
    "subject_source",
    "subject_source_version",
    "object_source",
    "object_source_version",
    "reviewer_id",
    "reviewer_label",
    "mapping_date",
    "comment",
    "ext_alternatives",
    "ext_outcome",
    "record_id",
];

fn prefix(system: CodeSystem) -> String {
    system.id().to_ascii_uppercase()
}

fn curie(system: CodeSystem, code: &Code) -> String {
    format!("{}:{}", prefix(system), code.display(system))
}

/// A name as it may stand in a CURIE; the set is named in full in the label.
fn local(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-._".contains(c) { c } else { '_' }).collect()
}

/// A cell of a table without quotes: no tabs and no line ends.
fn cell(text: &str) -> String {
    let flat: String = text.chars().map(|c| if matches!(c, '\t' | '\r' | '\n') { ' ' } else { c }).collect();
    safe_cell(&flat).into_owned()
}

/// Writes decisions as a mapping set of a name.
pub fn write_decisions(name: &str, decisions: &[&Decision], out: &mut dyn io::Write) -> io::Result<()> {
    let systems: std::collections::BTreeSet<CodeSystem> =
        decisions.iter().flat_map(|d| [d.source.system, d.target.system]).collect();
    writeln!(out, "#mapping_set_id: \"https://w3id.org/xwalk/{}\"", local(name))?;
    writeln!(out, "#mapping_set_title: \"{}\"", name.replace(['"', '\n', '\r', '\\'], " "))?;
    writeln!(out, "#license: \"https://w3id.org/sssom/license/unspecified\"")?;
    writeln!(out, "#sssom_version: \"1.1\"")?;
    writeln!(out, "#curie_map:")?;
    for system in systems {
        writeln!(out, "#  {}: \"https://w3id.org/xwalk/code/{}/\"", prefix(system), system.id())?;
    }
    writeln!(out, "#  set: \"https://w3id.org/xwalk/set/\"")?;
    writeln!(out, "#  reviewer: \"https://w3id.org/xwalk/reviewer/\"")?;
    writeln!(out, "#extension_definitions:")?;
    for (slot, about) in
        [("ext_alternatives", "codes that were to choose from"), ("ext_outcome", "why it was asked")]
    {
        writeln!(out, "#  - slot_name: {slot}")?;
        writeln!(out, "#    property: \"https://w3id.org/xwalk/{slot}\"")?;
        writeln!(out, "#    type_hint: \"xsd:string\"  # {about}")?;
    }
    writeln!(out, "{}", COLUMNS.join("\t"))?;
    for decision in decisions {
        writeln!(out, "{}", row(decision).join("\t"))?;
    }
    Ok(())
}

fn row(decision: &Decision) -> Vec<String> {
    let (source, target) = (decision.source.system, decision.target.system);
    let (predicate, modifier) = match (&decision.subject, &decision.chosen) {
        (Subject::Set(_), Chosen::LeftOut) => ("skos:broadMatch", "Not"),
        (Subject::Set(_), _) => ("skos:broadMatch", ""),
        // Whether both mean the same was not asked.
        (Subject::Code, _) => ("skos:relatedMatch", ""),
    };
    let (object, label) = match (&decision.subject, &decision.chosen) {
        (Subject::Set(name), _) => (format!("set:{}", local(name)), name.clone()),
        (Subject::Code, Chosen::Code(code)) => (curie(target, code), decision.chosen_title.clone()),
        (Subject::Code, _) => ("sssom:NoTermFound".to_owned(), String::new()),
    };
    let object_source = match &decision.subject {
        Subject::Set(_) => "value-set".to_owned(),
        Subject::Code => target.to_string(),
    };
    let alternatives: Vec<String> = decision.alternatives.iter().map(|c| c.display(target)).collect();
    let subject = curie(source, &decision.code);
    let cells = vec![
        subject.clone(),
        decision.title.clone(),
        predicate.to_owned(),
        modifier.to_owned(),
        object.clone(),
        label,
        "semapv:ManualMappingCuration".to_owned(),
        source.to_string(),
        decision.source.version.to_string(),
        object_source,
        decision.target.version.to_string(),
        format!("reviewer:{}", local(&decision.reviewer)),
        decision.reviewer.clone(),
        decision.date.map(|d| d.to_string()).unwrap_or_default(),
        decision.comment.clone(),
        alternatives.join("|"),
        decision.outcome.clone(),
        format!("{subject}_{}", object.replace(':', "_")),
    ];
    cells.iter().map(|c| cell(c)).collect()
}

/// What became of each decision, for people.
pub fn carried_text(carried: &[Carried], out: &mut dyn io::Write) -> io::Result<()> {
    let kept = carried.iter().filter(|c| c.reopened.is_none()).count();
    writeln!(out, "{} decisions: {kept} kept, {} reopened", carried.len(), carried.len() - kept)?;
    for item in carried {
        let Some(reopened) = &item.reopened else { continue };
        let decision = &item.decision;
        let code = decision.code.display(decision.source.system);
        let set = match &decision.subject {
            Subject::Set(name) => format!(" in {name}"),
            Subject::Code => String::new(),
        };
        writeln!(out, "  {code}{set}: {}: {}", Reopened::id(reopened), reopened.reason(decision))?;
    }
    Ok(())
}
