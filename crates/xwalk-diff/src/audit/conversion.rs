//! The NCHS conversion table against the computed change: every added code must have its row, every row an added code.

use std::collections::BTreeMap;

use xwalk_model::{
    Action, AddendumKind, Code, CodeSystem, Concept, ConceptKind, ConceptMap, Edition, Mapping, Position,
    Provenance, Targets,
};

use super::{Audit, Finding, FindingKind};

/// Holds the rows of a conversion table that belong to the step from one edition to another against that step. `maps`
/// are those that lead back from editions after `from` up to `to`.
pub fn audit_conversion(file: &str, maps: &[&ConceptMap], from: &Edition, to: &Edition) -> Audit {
    let mut rows: BTreeMap<&Code, &[Mapping]> = BTreeMap::new();
    for map in maps {
        rows.extend(map.elements.iter().map(|(code, mappings)| (code, mappings.as_slice())));
    }
    let mut audit = Audit {
        file: file.to_owned(),
        kind: AddendumKind::Conversion,
        from: Some(from.id().clone()),
        to: to.id().clone(),
        lines: rows.len(),
        checks: Vec::new(),
        findings: Vec::new(),
        base_reproduced: None,
        remarks: Vec::new(),
    };
    let coded = |c: &Concept<'_>| c.kind() == ConceptKind::Code && c.assignable();
    let held = |edition: &Edition, code: &Code| edition.get(code).is_some_and(|c| coded(&c));
    for added in to.by_code().filter(|c| coded(c) && !held(from, c.code())) {
        if !rows.contains_key(added.code()) {
            audit.findings.push(finding(
                FindingKind::NotListed,
                added.code(),
                Action::Add,
                None,
                format!("{} was added and has no row in the table", added.display()),
                None,
            ));
        }
    }
    for (code, mappings) in &rows {
        let shown = code.display(CodeSystem::Icd10cm);
        let at = mappings.first().and_then(line_of);
        let (message, why) = match (held(from, code), to.get(code)) {
            (true, _) => (format!("{shown} has a row and is in {} already", from.id()), None),
            (false, None) => (format!("{shown} has a row and is in neither edition"), None),
            (false, Some(concept)) if !coded(&concept) => {
                (format!("{shown} has a row and is a header"), None)
            }
            _ => continue,
        };
        audit.findings.push(finding(FindingKind::NotComputed, code, Action::Add, at, message, why));
    }
    let mut named: Vec<&Code> = Vec::new();
    for mapping in rows.values().flat_map(|m| m.iter()) {
        match &mapping.targets {
            Targets::One(code) => named.push(code),
            Targets::Combination { slots, .. } => named.extend(slots.iter().flatten()),
            Targets::NoMap => {}
        }
    }
    for deleted in from.by_code().filter(|c| coded(c) && !held(to, c.code())) {
        if !named.iter().any(|key| names(from, key, deleted)) {
            audit.findings.push(finding(
                FindingKind::NotListed,
                deleted.code(),
                Action::Delete,
                None,
                format!("{} was deleted and no row leads back to it", deleted.display()),
                Some("the table states no successor for it".to_owned()),
            ));
        }
    }
    audit
}

/// Whether a key of the "previous" column names a code: itself, a range in tabular order, or a category above it.
fn names(edition: &Edition, key: &Code, code: Concept<'_>) -> bool {
    let key = key.as_str();
    if key == code.code().as_str() {
        return true;
    }
    let below = |c: &str| code.code().as_str().starts_with(c);
    match key.split_once('-') {
        None => false,
        Some((category, "")) => below(category),
        Some((first, last)) => {
            let ix = |c: &str| edition.get(&Code::from_official(c)).map(Concept::ix);
            below(first)
                || below(last)
                || ix(first).zip(ix(last)).is_some_and(|(a, b)| a <= code.ix() && code.ix() <= b)
        }
    }
}

fn line_of(mapping: &Mapping) -> Option<Position> {
    match mapping.provenance {
        Provenance::Official { line, .. } => Some(Position { byte: 0, line, column: 1 }),
        _ => None,
    }
}

fn finding(
    kind: FindingKind,
    code: &Code,
    action: Action,
    at: Option<Position>,
    message: String,
    explanation: Option<String>,
) -> Finding {
    Finding { kind, code: Some(code.clone()), action: Some(action), at, message, explanation }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::edition;
    use xwalk_model::{MapId, Relationship};

    #[test]
    fn additions_rows_and_deletions() {
        let a = edition("icd10cm@2025", &[("B88", false, "x"), ("B880", true, "y"), ("B89", true, "z")], &[]);
        let b = edition(
            "icd10cm@2026",
            &[("B88", false, "x"), ("B880", false, "y"), ("B8801", true, "y"), ("B8809", true, "y")],
            &[],
        );
        let id = MapId { source: b.id().clone(), target: a.id().clone(), name: "nchs-conversion".into() };
        let mut map = ConceptMap::new(id);
        for (code, line) in [("B8801", 3), ("B8811", 4)] {
            map.push(
                Code::from_official(code),
                Mapping {
                    targets: Targets::One(Code::from_official("B880")),
                    relationship: Relationship::SourceIsNarrowerThanTarget,
                    provenance: Provenance::Official { file: 0, line },
                    flags: "one".into(),
                },
            );
        }
        let audit = audit_conversion("t.xlsx", &[&map], &a, &b);
        let seen: Vec<&str> = audit.findings.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(
            seen,
            [
                "B88.09 was added and has no row in the table",
                "B88.11 has a row and is in neither edition",
                "B89 was deleted and no row leads back to it"
            ]
        );
    }
}
