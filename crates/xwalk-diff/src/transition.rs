//! Does a transition table name exactly the codes of the editions that it joins?
//!
//! The tables of ICD-10-GM list every terminal code, unchanged ones too: what stands on the left, without `UNDEF`, is
//! the terminal codes of the old edition, and what stands on the right those of the new one. This held for all steps
//! from 2004 to 2017, and makes the tables and the editions check each other.

use std::collections::BTreeSet;

use xwalk_model::{AddendumKind, Code, ConceptKind, ConceptMap, Edition, Targets};

use crate::audit::{Audit, Finding, FindingKind};

/// How a transition table and the editions that it joins disagree; all lists are ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitionCheck {
    /// How many codes stand on the left.
    pub old_codes: usize,
    /// How many codes stand on the right.
    pub new_codes: usize,
    /// Assignable codes of the old edition that the table does not name.
    pub old_missing: Vec<Code>,
    /// Codes on the left that are not assignable in the old edition.
    pub old_extra: Vec<Code>,
    /// Assignable codes of the new edition that the table does not name.
    pub new_missing: Vec<Code>,
    /// Codes on the right that are not assignable in the new edition.
    pub new_extra: Vec<Code>,
}

impl TransitionCheck {
    /// Whether table and editions agree.
    pub fn agrees(&self) -> bool {
        [&self.old_missing, &self.old_extra, &self.new_missing, &self.new_extra].iter().all(|l| l.is_empty())
    }
}

/// Holds a table against both editions, as an audit: each code that only one of them has is a finding.
pub fn audit_transition(file: &str, map: &ConceptMap, old: &Edition, new: &Edition) -> Audit {
    let check = check_transition(map, old, new);
    let mut findings = Vec::new();
    let lists = [
        (&check.old_missing, old, FindingKind::NotListed, "is assignable and the table does not name it"),
        (&check.old_extra, old, FindingKind::NotInEdition, "stands in the table and is not assignable"),
        (&check.new_missing, new, FindingKind::NotListed, "is assignable and the table does not name it"),
        (&check.new_extra, new, FindingKind::NotInEdition, "stands in the table and is not assignable"),
    ];
    for (codes, edition, kind, what) in lists {
        findings.extend(codes.iter().map(|code| Finding {
            kind,
            code: Some(code.clone()),
            action: None,
            at: None,
            message: format!("{} {what} in {}", code.display(edition.id().system), edition.id()),
            explanation: None,
        }));
    }
    Audit {
        file: file.to_owned(),
        kind: AddendumKind::Transition,
        from: Some(old.id().clone()),
        to: new.id().clone(),
        lines: map.len() + map.unmapped_targets.len(),
        checks: Vec::new(),
        findings,
        base_reproduced: None,
        remarks: Vec::new(),
    }
}

/// Holds a table against both editions.
pub fn check_transition(map: &ConceptMap, old: &Edition, new: &Edition) -> TransitionCheck {
    let left: BTreeSet<&Code> = map.elements.keys().collect();
    let mut right: BTreeSet<&Code> = map.unmapped_targets.iter().collect();
    for mapping in map.elements.values().flatten() {
        match &mapping.targets {
            Targets::NoMap => {}
            Targets::One(code) => {
                right.insert(code);
            }
            Targets::Combination { slots, .. } => right.extend(slots.iter().flatten()),
        }
    }
    let (old_missing, old_extra) = differences(&left, &assignable(old));
    let (new_missing, new_extra) = differences(&right, &assignable(new));
    let (old_codes, new_codes) = (left.len(), right.len());
    TransitionCheck { old_codes, new_codes, old_missing, old_extra, new_missing, new_extra }
}

fn assignable(edition: &Edition) -> BTreeSet<&Code> {
    let codes = edition.concepts().filter(|c| c.kind() == ConceptKind::Code && c.assignable());
    codes.map(xwalk_model::Concept::code).collect()
}

/// What is missing from the table, and what it has besides.
fn differences(table: &BTreeSet<&Code>, edition: &BTreeSet<&Code>) -> (Vec<Code>, Vec<Code>) {
    let only = |a: &BTreeSet<&Code>, b: &BTreeSet<&Code>| a.difference(b).map(|c| (*c).clone()).collect();
    (only(edition, table), only(table, edition))
}

#[cfg(test)]
mod tests {
    use xwalk_model::{EditionBuilder, MapId, Mapping, Provenance, Relationship};

    use super::*;

    fn edition(id: &str, codes: &[(&str, bool)]) -> Edition {
        let mut builder = EditionBuilder::new(id.parse().unwrap(), "de");
        for (code, assignable) in codes {
            builder.concept(Code::from_official(code), ConceptKind::Code, *assignable);
        }
        builder.build().unwrap()
    }

    #[test]
    fn disagreements_are_listed() {
        let old = edition("icd10gm@2007", &[("Q10", false), ("Q100", true), ("Q110", true)]);
        let new = edition("icd10gm@2008", &[("Q10", false), ("Q100", true), ("Q120", true), ("Q130", true)]);
        let id = MapId { source: old.id().clone(), target: new.id().clone(), name: "umsteiger".into() };
        let mut map = ConceptMap::new(id);
        let mut push = |from: &str, targets| {
            let provenance = Provenance::Official { file: 0, line: 1 };
            let relationship = Relationship::RelatedTo;
            map.push(
                Code::from_official(from),
                Mapping { targets, relationship, provenance, flags: "".into() },
            );
        };
        push("Q100", Targets::One(Code::from_official("Q100")));
        push("Q10", Targets::NoMap);
        map.unmapped_targets.push(Code::from_official("Q120"));
        let check = check_transition(&map, &old, &new);
        let codes = |list: &[Code]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!((codes(&check.old_missing), codes(&check.old_extra)), ("Q110".into(), "Q10".into()));
        assert_eq!((codes(&check.new_missing), codes(&check.new_extra)), ("Q130".into(), String::new()));
        assert!(!check.agrees());
        map.elements.remove(&Code::from_official("Q10"));
        map.push(
            Code::from_official("Q110"),
            Mapping {
                targets: Targets::One(Code::from_official("Q130")),
                relationship: Relationship::RelatedTo,
                provenance: Provenance::Official { file: 0, line: 2 },
                flags: "A;A".into(),
            },
        );
        assert!(check_transition(&map, &old, &new).agrees());
    }
}
