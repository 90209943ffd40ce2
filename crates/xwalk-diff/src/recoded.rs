//! Entities of ICD-11 that kept their identity and changed their code.
//!
//! ICD-11 names each entity by its foundation id, which stays when the code changes. A code that came and a code that
//! went with the same id are one entity: the addition and the deletion stay, since both are counted by code, and a
//! recoding is added at the new code. Blocks are renumbered by WHO in the same way; what stands below a renumbered
//! block has not moved.

use std::collections::{BTreeMap, BTreeSet};

use xwalk_model::{Change, ChangeSet, Code, CodeSystem, ConceptKind, Edition};

/// The attribute that names the entity.
const FOUNDATION_ID: &str = "foundation-id";

/// Adds the recodings to a change set, and takes out the moves below what was only recoded.
pub(crate) fn add_recoded(set: &mut ChangeSet, from: &Edition, to: &Edition) {
    if to.id().system != CodeSystem::Icd11mms {
        return;
    }
    let mut gone: BTreeMap<(&str, ConceptKind), &Code> = BTreeMap::new();
    let mut came: Vec<(&str, ConceptKind, Code)> = Vec::new();
    for (code, changes) in &set.changes {
        for change in changes {
            match change {
                Change::Deletion { kind, .. } => {
                    let concept = from.get(code);
                    if let Some((concept, id)) = concept.and_then(|c| Some((c, c.attribute(FOUNDATION_ID)?)))
                    {
                        gone.insert((id, *kind), concept.code());
                    }
                }
                Change::Addition { kind, .. } => {
                    if let Some(id) = to.get(code).and_then(|c| c.attribute(FOUNDATION_ID)) {
                        came.push((id, *kind, code.clone()));
                    }
                }
                _ => {}
            }
        }
    }
    let mut recoded: BTreeSet<(Code, Code)> = BTreeSet::new();
    for (id, kind, code) in came {
        let Some(&before) = gone.get(&(id, kind)) else { continue };
        recoded.insert((before.clone(), code.clone()));
        if let Some(changes) = set.changes.get_mut(&code) {
            // Right after the addition, before what is said about notes and attributes.
            let at = changes.iter().position(|c| matches!(c, Change::Addition { .. })).map_or(0, |i| i + 1);
            changes.insert(at, Change::Recoded { from: before.clone() });
        }
    }
    let stayed = |change: &Change| match change {
        Change::Move { from: Some(a), to: Some(b) } => recoded.contains(&(a.clone(), b.clone())),
        _ => false,
    };
    for changes in set.changes.values_mut() {
        changes.retain(|change| !stayed(change));
    }
    set.changes.retain(|_, changes| !changes.is_empty());
}

#[cfg(test)]
mod tests {
    use xwalk_model::{EditionBuilder, Hierarchy, Role};

    use super::*;
    use crate::{apply, diff};

    /// An edition of lines `key parent entity`; keys of blocks begin with `B`.
    fn edition(id: &str, lines: &[(&str, &str, &str)]) -> Edition {
        let mut b = EditionBuilder::new(id.parse().unwrap(), "en");
        b.hierarchy(Hierarchy::Stated);
        let mut at = BTreeMap::new();
        for (key, parent, entity) in lines {
            let kind = if key.starts_with('B') { ConceptKind::Block } else { ConceptKind::Code };
            let ix = b.concept(Code::from_official(key), kind, kind == ConceptKind::Code);
            b.designation(ix, Role::Long, &format!("title of {entity}"));
            b.attribute(ix, FOUNDATION_ID, entity);
            if let Some(&parent) = at.get(parent) {
                b.parent(ix, parent);
            }
            at.insert(*key, ix);
        }
        b.build().unwrap()
    }

    #[test]
    fn a_new_code_for_the_same_entity() {
        let a = edition("icd11mms@2023-01", &[("B1", "", "7"), ("1Z00", "B1", "8"), ("1Z01", "B1", "9")]);
        let b = edition(
            "icd11mms@2024-01",
            &[("B2", "", "7"), ("1Z00", "B2", "8"), ("1Z0A", "B2", "9"), ("1Z0B", "B2", "10")],
        );
        let set = diff(&a, &b, &|_| None).unwrap();
        let counts = set.counts();
        assert_eq!((counts.assignable.added, counts.assignable.deleted, counts.recoded), (2, 1, 1));
        // The block was renumbered; nothing moved.
        assert_eq!(counts.moved, 0);
        let from = Code::from_official("1Z01");
        assert!(set.changes[&Code::from_official("1Z0A")].contains(&Change::Recoded { from }));
        assert!(set.changes[&Code::from_official("B2")].iter().any(|c| matches!(c, Change::Recoded { .. })));
        assert!(apply(&a, &set).unwrap().same_content(&b));
        assert!(diff(&a, &a, &|_| None).unwrap().is_empty());
    }

    #[test]
    fn other_systems_are_left_alone() {
        let a = edition("icd10cm@2025", &[("A00", "", "1")]);
        let b = edition("icd10cm@2026", &[("A01", "", "1")]);
        assert_eq!(diff(&a, &b, &|_| None).unwrap().counts().recoded, 0);
    }
}
