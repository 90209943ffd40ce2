//! A change set applied to its baseline.

use std::collections::BTreeMap;

use xwalk_model::{
    Change, ChangeSet, Code, ConceptIx, ConceptKind, Edition, EditionBuilder, EditionError, NoteChange,
    NoteKind, Role,
};

/// Why a change set could not be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The change set has another baseline.
    #[error("the change set starts from {wanted}, not from {given}")]
    Baseline {
        /// The baseline that the change set names.
        wanted: String,
        /// The edition that was given.
        given: String,
    },
    /// The result is not an edition.
    #[error("the result is not an edition")]
    Edition(#[source] EditionError),
}

struct Draft {
    kind: ConceptKind,
    assignable: bool,
    parent: Option<Code>,
    titles: Vec<(Role, String)>,
    notes: Vec<(NoteKind, String)>,
    attributes: BTreeMap<String, String>,
}

/// The edition that the changes lead to, in the order of its codes. Holds what a change set holds: titles in the
/// main language, hierarchy, notes and attributes.
pub fn apply(from: &Edition, set: &ChangeSet) -> Result<Edition, ApplyError> {
    if *from.id() != set.from {
        return Err(ApplyError::Baseline { wanted: set.from.to_string(), given: from.id().to_string() });
    }
    let mut drafts: BTreeMap<Code, Draft> = from.by_code().map(|c| (c.code().clone(), draft(c))).collect();
    // What stands below a recoded concept has not moved, so the change set names no new parent for it.
    let recoded: BTreeMap<&Code, &Code> = set
        .changes
        .iter()
        .flat_map(|(code, changes)| changes.iter().map(move |change| (code, change)))
        .filter_map(|(code, change)| match change {
            Change::Recoded { from } => Some((from, code)),
            _ => None,
        })
        .collect();
    for draft in drafts.values_mut() {
        if let Some(now) = draft.parent.as_ref().and_then(|p| recoded.get(p)) {
            draft.parent = Some((*now).clone());
        }
    }
    for (code, changes) in &set.changes {
        for change in changes {
            change_draft(&mut drafts, code, change);
        }
    }
    let mut builder = EditionBuilder::new(set.to.clone(), &from.languages()[0]);
    builder.hierarchy(from.hierarchy());
    let mut at: BTreeMap<Code, ConceptIx> = BTreeMap::new();
    for (code, draft) in &drafts {
        let ix = builder.concept(code.clone(), draft.kind, draft.assignable);
        at.insert(code.clone(), ix);
        for (role, title) in &draft.titles {
            builder.designation(ix, *role, title);
        }
        for (kind, text) in &draft.notes {
            builder.note(ix, *kind, text, Vec::new());
        }
        for (name, value) in &draft.attributes {
            builder.attribute(ix, name, value);
        }
    }
    for (code, draft) in &drafts {
        if let Some(parent) = draft.parent.as_ref().and_then(|p| at.get(p)) {
            builder.parent(at[code], *parent);
        }
    }
    builder.build().map_err(ApplyError::Edition)
}

fn draft(concept: xwalk_model::Concept<'_>) -> Draft {
    Draft {
        kind: concept.kind(),
        assignable: concept.assignable(),
        parent: concept.parent().map(|p| p.code().clone()),
        titles: concept.designations().map(|d| (d.role, d.text.to_owned())).collect(),
        notes: concept.notes().map(|n| (n.kind, n.text.to_owned())).collect(),
        attributes: concept.attributes().map(|a| (a.name.to_owned(), a.value.to_owned())).collect(),
    }
}

fn change_draft(drafts: &mut BTreeMap<Code, Draft>, code: &Code, change: &Change) {
    match change {
        Change::Addition { kind, assignable, parent, titles, .. } => {
            let draft = Draft {
                kind: *kind,
                assignable: *assignable,
                parent: parent.clone(),
                titles: titles.clone(),
                notes: Vec::new(),
                attributes: BTreeMap::new(),
            };
            drafts.insert(code.clone(), draft);
            return;
        }
        Change::Deletion { .. } => {
            drafts.remove(code);
            return;
        }
        _ => {}
    }
    // The notes and attributes of a code that is gone went with it.
    let Some(draft) = drafts.get_mut(code) else { return };
    let revise = |draft: &mut Draft, revision: &xwalk_model::Revision| {
        draft.titles.retain(|(role, _)| *role != revision.role);
        draft.titles.extend(revision.to.clone().map(|to| (revision.role, to)));
    };
    match change {
        Change::Revision { revision, .. } => revise(draft, revision),
        Change::Assignability { now, revisions, .. } => {
            draft.assignable = *now;
            for revision in revisions {
                revise(draft, revision);
            }
        }
        Change::Move { to, .. } => draft.parent.clone_from(to),
        Change::Note { change, kind, text } => {
            let gone = match change {
                NoteChange::Added => None,
                NoteChange::Removed => Some(*kind),
                NoteChange::Moved { from } => Some(*from),
            };
            if let Some(at) =
                gone.and_then(|kind| draft.notes.iter().position(|(k, t)| *k == kind && t == text))
            {
                draft.notes.remove(at);
            }
            if *change != NoteChange::Removed {
                draft.notes.push((*kind, text.clone()));
            }
        }
        Change::Attribute { name, to, .. } => match to {
            Some(to) => {
                draft.attributes.insert(name.clone(), to.clone());
            }
            None => {
                draft.attributes.remove(name);
            }
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::edition;
    use crate::diff;

    #[test]
    fn the_diff_makes_the_second_from_the_first() {
        let a = edition(
            "icd10cm@2025",
            &[("B88", false, "Other"), ("B880", true, "Acariasis"), ("B89", true, "gone")],
            &[("B88", NoteKind::Excludes1, "x"), ("B89", NoteKind::Includes, "y")],
        );
        let b = edition(
            "icd10cm@2026",
            &[("B88", false, "Others"), ("B880", false, "Acariasis!"), ("B8801", true, "Alpha-gal")],
            &[("B88", NoteKind::Excludes2, "x"), ("B8801", NoteKind::Includes, "z")],
        );
        let made = apply(&a, &diff(&a, &b, &|_| None).unwrap()).unwrap();
        assert!(made.same_content(&b));
        assert!(!made.same_content(&a));
        assert!(apply(&b, &diff(&a, &b, &|_| None).unwrap()).is_err());
    }
}
