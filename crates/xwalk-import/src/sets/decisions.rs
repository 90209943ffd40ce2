//! Decisions of people in SSSOM mapping sets, with what they rested on.

use xwalk_formats::sssom;
use xwalk_model::{Chosen, Code, Decision, Diagnostic, EditionId, Rule, Subject};

use super::system_named;
use crate::error::ImportError;
use crate::input::InputFile;
use crate::release::bad_record;

/// The decisions of a file.
#[derive(Debug, Default)]
pub struct ImportedDecisions {
    /// The decisions, in the order of the file.
    pub decisions: Vec<Decision>,
    /// What was found wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads decisions. Rows that no person decided are passed over.
pub fn import_decisions(file: &InputFile) -> Result<ImportedDecisions, ImportError> {
    let bytes = file.bytes()?;
    let mut imported = ImportedDecisions::default();
    let set = match sssom::read(&bytes) {
        Ok(set) => set,
        Err(error) => {
            imported.diagnostics.push(bad_record(file.name(), &error));
            return Ok(imported);
        }
    };
    for row in &set.rows {
        let cell = |name: &str| {
            let own = row.get(name);
            if own.is_empty() { set.metadata.get(name).map_or("", String::as_str) } else { own }
        };
        if !cell("mapping_justification").ends_with("ManualMappingCuration") {
            continue;
        }
        match lower(&cell) {
            Ok(decision) => imported.decisions.push(decision),
            Err(message) => {
                imported.diagnostics.push(Diagnostic::new(Rule::BadCell, file.name(), message).at(row.at));
            }
        }
    }
    Ok(imported)
}

fn lower<'c>(cell: &impl Fn(&str) -> &'c str) -> Result<Decision, String> {
    let local = |text: &'c str| text.rsplit_once(':').map_or(text, |(_, local)| local);
    let edition = |side: &str| -> Option<EditionId> {
        let (system, version) = (cell(&format!("{side}_source")), cell(&format!("{side}_source_version")));
        system.parse().ok().or_else(|| EditionId::new(system_named(system)?, version).ok())
    };
    let source = edition("subject").ok_or("subject_source does not name a code system with its version")?;
    let set = cell("object_source") == "value-set";
    let target = if set {
        EditionId::new(source.system, cell("object_source_version")).ok()
    } else {
        edition("object")
    };
    let target = target.ok_or("object_source does not name a code system with its version")?;
    let code = Code::parse(source.system, local(cell("subject_id"))).map_err(|e| e.to_string())?;
    let (subject, chosen) = if set {
        let name =
            if cell("object_label").is_empty() { local(cell("object_id")) } else { cell("object_label") };
        let belongs = !cell("predicate_modifier").eq_ignore_ascii_case("not");
        let chosen = if belongs { Chosen::Belongs } else { Chosen::LeftOut };
        (Subject::Set(unguarded(name)), chosen)
    } else if cell("object_id") == "sssom:NoTermFound" {
        (Subject::Code, Chosen::Nothing)
    } else {
        let code = Code::parse(target.system, local(cell("object_id"))).map_err(|e| e.to_string())?;
        (Subject::Code, Chosen::Code(code))
    };
    let reviewer = ["reviewer_label", "reviewer_id", "author_label", "author_id"]
        .iter()
        .map(|name| cell(name))
        .find(|t| !t.is_empty())
        .ok_or("a decision of a person names nobody")?;
    let day = cell("mapping_date");
    let date =
        if day.is_empty() { None } else { Some(day.parse().map_err(|_| format!("`{day}` is not a date"))?) };
    let alternatives = cell("ext_alternatives")
        .split('|')
        .filter(|t| !t.is_empty())
        .map(|t| Code::parse(target.system, t).map_err(|e| e.to_string()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Decision {
        subject,
        source,
        target,
        code,
        title: unguarded(cell("subject_label")),
        chosen_title: if set { String::new() } else { unguarded(cell("object_label")) },
        chosen,
        alternatives,
        outcome: cell("ext_outcome").to_owned(),
        reviewer: unguarded(reviewer),
        date,
        comment: unguarded(cell("comment")),
    })
}

fn unguarded(text: &str) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => text.to_owned(),
    }
}
