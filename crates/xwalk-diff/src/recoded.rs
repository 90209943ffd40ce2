//! Entities of ICD-11 that kept their identity and changed their code.
//!
//! ICD-11 names each entity by its foundation id, which stays when the code changes. A code that came and a code that
//! went with the same id are one entity: the addition and the deletion stay, since both are counted by code, and a
//! recoding is added at the new code. WHO renumbers blocks in the same way, and even gives the number of one block to
//! another; what stands below a renumbered block has not moved, and what stands below another block of the same number
//! has.

use std::collections::{BTreeMap, BTreeSet};

use xwalk_model::{Change, ChangeSet, Code, CodeSystem, Concept, ConceptKind, Edition, Hierarchy};

/// The attribute that names the entity.
const FOUNDATION_ID: &str = "foundation-id";

/// Adds the recodings to a change set, and makes its moves those of entities.
pub(crate) fn add_recoded(set: &mut ChangeSet, from: &Edition, to: &Edition) {
    if to.id().system != CodeSystem::Icd11mms {
        return;
    }
    let mut before: BTreeMap<&str, Concept<'_>> = BTreeMap::new();
    before.extend(from.concepts().filter_map(|c| Some((c.attribute(FOUNDATION_ID)?, c))));
    let mut recoded: BTreeSet<(&Code, &Code)> = BTreeSet::new();
    for concept in to.concepts() {
        let Some(old) = concept.attribute(FOUNDATION_ID).and_then(|id| before.get(id)) else { continue };
        // What stands below a block that became a category is below a code now, and counts as moved.
        if old.kind() == concept.kind() && old.code() != concept.code() {
            recoded.insert((old.code(), concept.code()));
        }
    }
    for (old, new) in &recoded {
        let changes = set.changes.entry((*new).clone()).or_default();
        // Right after the addition, before what is said about notes and attributes.
        let at = changes.iter().position(|c| matches!(c, Change::Addition { .. })).map_or(0, |i| i + 1);
        changes.insert(at, Change::Recoded { from: (*old).clone() });
    }
    for changes in set.changes.values_mut() {
        changes.retain(|change| match change {
            Change::Move { from: Some(a), to: Some(b) } => !recoded.contains(&(a, b)),
            _ => true,
        });
    }
    set.changes.retain(|_, changes| !changes.is_empty());
    if from.hierarchy() == to.hierarchy() && to.hierarchy() != Hierarchy::Flat {
        add_hidden_moves(set, from, to);
    }
}

/// Moves that the codes hide: the concept above has the same number and is another entity.
fn add_hidden_moves(set: &mut ChangeSet, from: &Edition, to: &Edition) {
    for now in to.concepts() {
        let Some(parent) = now.parent().filter(|p| p.kind() == ConceptKind::Block) else { continue };
        let Some(was) = from.get(now.code()).and_then(Concept::parent) else { continue };
        if was.code() == parent.code() && was.attribute(FOUNDATION_ID) != parent.attribute(FOUNDATION_ID) {
            let key = Some(parent.code().clone());
            let moved = Change::Move { from: key.clone(), to: key };
            set.changes.entry(now.code().clone()).or_default().push(moved);
        }
    }
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
    fn blocks_that_change_their_numbers() {
        let a = edition(
            "icd11mms@2023-01",
            &[("B1", "", "7"), ("B2", "", "8"), ("1Z00", "B1", "9"), ("1Z01", "B2", "10")],
        );
        // The numbers of the blocks are exchanged: one code stays with its block, the other with the number.
        let b = edition(
            "icd11mms@2024-01",
            &[("B1", "", "8"), ("B2", "", "7"), ("1Z00", "B2", "9"), ("1Z01", "B2", "10")],
        );
        let set = diff(&a, &b, &|_| None).unwrap();
        assert_eq!((set.counts().moved, set.counts().recoded), (1, 0));
        assert!(set.changes[&Code::from_official("1Z01")].iter().any(|c| matches!(c, Change::Move { .. })));
        assert!(apply(&a, &set).unwrap().same_content(&b));
    }

    #[test]
    fn other_systems_are_left_alone() {
        let a = edition("icd10cm@2025", &[("A00", "", "1")]);
        let b = edition("icd10cm@2026", &[("A01", "", "1")]);
        assert_eq!(diff(&a, &b, &|_| None).unwrap().counts().recoded, 0);
    }
}
