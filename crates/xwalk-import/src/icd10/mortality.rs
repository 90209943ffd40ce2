//! The codes of ICD-10 that are valid in the mortality data of the United States (CDC/NCHS).

use std::sync::Arc;

use xwalk_formats::mortality::List;
use xwalk_model::{Code, CodeSystem, ConceptKind, Diagnostic, Role, Rule};

use super::draft::{Draft, Drafts};
use crate::release::bad_record;

/// The attribute that holds the log of changes as published.
const STATUS: &str = "status";
/// The attribute of codes that are not part of ICD-10, with the value `yes`.
const US_ONLY: &str = "us-only";

/// Makes concepts of the rows. A code stays in the list after its deletion and is then not assignable.
pub(super) fn lower(list: &List, name: &Arc<str>, diagnostics: &mut Vec<Diagnostic>) -> Drafts {
    let mut drafts = Drafts::default();
    let mut headings = 0usize;
    for record in &list.records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                diagnostics.push(bad_record(name, error));
                continue;
            }
        };
        let written = record.code.trim();
        if written.is_empty() {
            headings += 1;
            continue;
        }
        let (us_only, bare) = match written.strip_prefix('*') {
            Some(bare) => (true, bare),
            None => (false, written),
        };
        let Ok(code) = Code::parse(CodeSystem::Icd10, bare) else {
            let message = format!("\"{written}\" is not an ICD-10 code");
            diagnostics.push(Diagnostic::new(Rule::BadCode, name, message).at(record.at));
            continue;
        };
        let mut draft = Draft::new(code.as_str(), ConceptKind::Code);
        draft.name(Role::Long, record.title.trim());
        draft.assignable = !is_deleted(&record.status);
        draft.attribute(STATUS, record.status.trim());
        if us_only {
            draft.attribute(US_ONLY, "yes");
        }
        if drafts.add(draft).is_none() {
            let message = format!("\"{written}\" stands in the list already; the first row was used");
            diagnostics.push(Diagnostic::new(Rule::DuplicateCode, name, message).at(record.at));
        }
    }
    drafts.derive_parents();
    if headings > 0 {
        let message = format!("{headings} headings without a code were not used");
        diagnostics.push(Diagnostic::new(Rule::NotUsed, name, message));
    }
    drafts
}

/// Whether the last word of the log is a deletion.
fn is_deleted(status: &str) -> bool {
    let lower = status.to_ascii_lowercase();
    let last = ["deleted", "added", "reinstated"].iter().filter_map(|w| Some((lower.rfind(w)?, *w))).max();
    last.is_some_and(|(_, word)| word == "deleted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts() {
        assert!(is_deleted("Deleted in 2009"));
        assert!(is_deleted("Added in 2003\nDeleted in 2009"));
        assert!(!is_deleted("Deleted in 2003\nAdded in 2009"));
        assert!(!is_deleted("MC ONLY") && !is_deleted(""));
    }
}
