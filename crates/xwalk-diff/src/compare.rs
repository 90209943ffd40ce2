//! Edition against edition.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use xwalk_model::{
    Change, ChangeSet, Code, CodeSystem, Concept, ConceptKind, Edition, EditionId, Hierarchy, NoteChange,
    NoteKind, Revision, RevisionClass, Role, calendar,
};

use crate::recoded::add_recoded;
use crate::title::{classify, marks};

/// Why two editions cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// They are of different code systems.
    #[error(
        "{from} and {to} are of different code systems; a diff compares editions of one, a map carries codes across"
    )]
    Systems {
        /// The baseline.
        from: EditionId,
        /// The other.
        to: EditionId,
    },
}

/// Finds the last edition before the baseline that held a code; asked for additions only.
pub type Earlier<'a> = dyn Fn(&Code) -> Option<EditionId> + 'a;

/// What differs between `from` and `to`. An addition that `earlier` knows is a reinstatement.
pub fn diff(from: &Edition, to: &Edition, earlier: &Earlier<'_>) -> Result<ChangeSet, DiffError> {
    if from.id().system != to.id().system {
        return Err(DiffError::Systems { from: from.id().clone(), to: to.id().clone() });
    }
    let comparison = Comparison::new(from, to, earlier);
    let mut changes: BTreeMap<Code, Vec<Change>> = BTreeMap::new();
    let (mut old, mut new) = (from.by_code().peekable(), to.by_code().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.code().cmp(b.code()),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        let found = comparison.changes(before, after);
        if let (false, Some(concept)) = (found.is_empty(), after.or(before)) {
            changes.insert(concept.code().clone(), found);
        }
    }
    let mut set = ChangeSet {
        from: from.id().clone(),
        to: to.id().clone(),
        from_totals: from.totals(),
        to_totals: to.totals(),
        headline_roles: comparison.headline_roles.clone(),
        caveats: comparison.caveats.clone(),
        changes,
    };
    add_recoded(&mut set, from, to);
    Ok(set)
}

/// What can be compared between two editions, and what cannot and why.
#[expect(clippy::struct_excessive_bools, reason = "each says whether one kind of thing is in both editions")]
pub(crate) struct Comparison<'e> {
    from: &'e Edition,
    to: &'e Edition,
    earlier: &'e Earlier<'e>,
    pub(crate) headline_roles: Vec<Role>,
    roles: Vec<Role>,
    headers: bool,
    groupings: bool,
    moves: bool,
    notes: bool,
    attributes: Vec<String>,
    caveats: Vec<String>,
}

impl<'e> Comparison<'e> {
    pub(crate) fn new(from: &'e Edition, to: &'e Edition, earlier: &'e Earlier<'e>) -> Self {
        let mut caveats = Vec::new();
        let only = |a: bool, has: &Edition, lacks: &Edition| {
            if a { (has.id().clone(), lacks.id().clone()) } else { (lacks.id().clone(), has.id().clone()) }
        };
        let roles: Vec<Role> = from.roles().iter().filter(|r| to.roles().contains(r)).copied().collect();
        let published = [Role::Long, Role::Short, Role::Medium];
        let mut headline_roles: Vec<Role> = roles.iter().filter(|r| published.contains(r)).copied().collect();
        if headline_roles.is_empty() {
            headline_roles.extend(roles.iter().filter(|r| **r == Role::Tabular));
        }
        if headline_roles.is_empty() && !from.is_empty() && !to.is_empty() {
            let list = |e: &Edition| e.roles().iter().map(|r| r.id()).collect::<Vec<_>>().join(" and ");
            caveats.push(format!(
                "titles were not compared: {} has {} titles, {} has {}",
                from.id(),
                list(from),
                to.id(),
                list(to)
            ));
        } else {
            for role in published {
                let (a, b) = (from.roles().contains(&role), to.roles().contains(&role));
                if a != b {
                    let (has, lacks) = only(a, from, to);
                    caveats.push(format!(
                        "{} titles were not compared: {has} has them, {lacks} has not",
                        role.id()
                    ));
                }
            }
        }
        let headers = from.totals().headers > 0 && to.totals().headers > 0;
        if (from.totals().headers > 0) != (to.totals().headers > 0) {
            let (has, lacks) = only(from.totals().headers > 0, from, to);
            caveats.push(format!("headers were not compared: {has} has them, {lacks} has not"));
        }
        let grouped =
            |e: &Edition| e.concepts().any(|c| matches!(c.kind(), ConceptKind::Chapter | ConceptKind::Block));
        let groupings = match (grouped(from), grouped(to)) {
            (true, true) => true,
            (false, false) => false,
            (a, _) => {
                let (has, lacks) = only(a, from, to);
                caveats.push(format!(
                    "chapters and sections were not compared: {has} has them, {lacks} has not"
                ));
                false
            }
        };
        let moves = from.hierarchy() == to.hierarchy() && from.hierarchy() != Hierarchy::Flat;
        let notes = from.has_notes() && to.has_notes();
        if from.has_notes() != to.has_notes() {
            let (has, lacks) = only(from.has_notes(), from, to);
            caveats.push(format!("notes were not compared: {has} has them, {lacks} has not"));
        }
        let mut attributes = Vec::new();
        let mut one_sided: BTreeMap<(EditionId, EditionId), Vec<&str>> = BTreeMap::new();
        for name in from.attribute_names().iter().chain(to.attribute_names()) {
            let (a, b) = (from.attribute_names().contains(name), to.attribute_names().contains(name));
            if a && b {
                if !attributes.contains(name) {
                    attributes.push(name.clone());
                }
            } else {
                one_sided.entry(only(a, from, to)).or_default().push(name);
            }
        }
        for ((has, lacks), names) in one_sided {
            let (what, it) = if names.len() == 1 { ("attribute", "it") } else { ("attributes", "them") };
            let names = names.join(", ");
            caveats.push(format!("{what} {names} not compared: {has} has {it}, {lacks} has not"));
        }
        let between = calendar::releases_between(from.id(), to.id());
        if !between.is_empty() {
            let list = between.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            caveats.push(format!(
                "{list} was published in between; the authority counts an October release from the last release \
                 before it, so these counts are not the published ones"
            ));
        }
        Self {
            from,
            to,
            earlier,
            headline_roles,
            roles,
            headers,
            groupings,
            moves,
            notes,
            attributes,
            caveats,
        }
    }

    fn skips(&self, concept: Concept<'_>) -> bool {
        match concept.kind() {
            ConceptKind::Chapter | ConceptKind::Block => !self.groupings,
            ConceptKind::Code => !self.headers && !concept.assignable(),
            _ => false,
        }
    }

    /// The differences at one code; `None` on a side means that this edition does not hold it.
    pub(crate) fn changes(&self, before: Option<Concept<'_>>, after: Option<Concept<'_>>) -> Vec<Change> {
        let mut found = Vec::new();
        match (before.filter(|c| !self.skips(*c)), after.filter(|c| !self.skips(*c))) {
            (None, None) => {}
            (None, Some(after)) => {
                found.push(Change::Addition {
                    kind: after.kind(),
                    assignable: after.assignable(),
                    parent: after.parent().map(|p| p.code().clone()),
                    titles: after
                        .designations()
                        .filter(|d| d.language == self.to.languages()[0])
                        .map(|d| (d.role, d.text.to_owned()))
                        .collect(),
                    reinstated_from: (self.earlier)(after.code()),
                });
                self.compare_notes(None, Some(after), &mut found);
                self.compare_attributes(None, Some(after), &mut found);
            }
            (Some(before), None) => {
                found.push(Change::Deletion {
                    kind: before.kind(),
                    assignable: before.assignable(),
                    title: before.title().to_owned(),
                    successors: Vec::new(),
                });
                self.compare_notes(Some(before), None, &mut found);
                self.compare_attributes(Some(before), None, &mut found);
            }
            (Some(before), Some(after)) => self.compare(before, after, &mut found),
        }
        found
    }

    fn compare(&self, before: Concept<'_>, after: Concept<'_>, found: &mut Vec<Change>) {
        let revisions = self.revisions(before, after);
        if before.assignable() == after.assignable() {
            let (kind, assignable) = (after.kind(), after.assignable());
            found.extend(revisions.into_iter().map(|revision| Change::Revision {
                kind,
                assignable,
                revision,
            }));
        } else {
            found.push(Change::Assignability {
                kind: after.kind(),
                now: after.assignable(),
                revisions,
                successors: Vec::new(),
            });
        }
        if self.moves {
            let (from, to) = (before.parent().map(Concept::code), after.parent().map(Concept::code));
            if from != to {
                found.push(Change::Move { from: from.cloned(), to: to.cloned() });
            }
        }
        self.compare_notes(Some(before), Some(after), found);
        self.compare_attributes(Some(before), Some(after), found);
    }

    fn revisions(&self, before: Concept<'_>, after: Concept<'_>) -> Vec<Revision> {
        let mut found = Vec::new();
        for &role in &self.roles {
            let (from, to) = (before.designation(role), after.designation(role));
            if from == to {
                continue;
            }
            let (a, b) = (from.unwrap_or_default(), to.unwrap_or_default());
            let class = match (from, to) {
                (None, _) => RevisionClass::WordsAdded,
                (_, None) => RevisionClass::WordsRemoved,
                _ => classify(a, b, |word| self.to.has_word(word)),
            };
            let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
            found.push(Revision { role, marks: marks(a, b), from, to, class });
        }
        found
    }

    fn compare_notes(
        &self,
        before: Option<Concept<'_>>,
        after: Option<Concept<'_>>,
        found: &mut Vec<Change>,
    ) {
        if !self.notes {
            return;
        }
        let notes = |concept: Option<Concept<'_>>| -> Vec<(NoteKind, String)> {
            concept.into_iter().flat_map(Concept::notes).map(|n| (n.kind, n.text.to_owned())).collect()
        };
        if let (Some(a), Some(b)) = (before, after)
            && a.notes().map(|n| (n.kind, n.text)).eq(b.notes().map(|n| (n.kind, n.text)))
        {
            return;
        }
        // A note that stands on both sides cancels out once for each time it stands there.
        let mut removed = notes(before);
        let mut added = notes(after);
        added.retain(|note| match removed.iter().position(|r| r == note) {
            Some(at) => {
                removed.remove(at);
                false
            }
            None => true,
        });
        for (kind, text) in added {
            let change = match removed.iter().position(|(_, r)| *r == text) {
                Some(at) => NoteChange::Moved { from: removed.remove(at).0 },
                None => NoteChange::Added,
            };
            found.push(Change::Note { change, kind, text });
        }
        for (kind, text) in removed {
            found.push(Change::Note { change: NoteChange::Removed, kind, text });
        }
    }

    fn compare_attributes(
        &self,
        before: Option<Concept<'_>>,
        after: Option<Concept<'_>>,
        found: &mut Vec<Change>,
    ) {
        for name in &self.attributes {
            let value = |c: Option<Concept<'_>>| c.and_then(|c| c.attribute(name).map(str::to_owned));
            let (from, to) = (value(before), value(after));
            if from != to {
                found.push(Change::Attribute { name: name.clone(), from, to });
            }
        }
    }

    /// The baseline.
    pub(crate) fn from(&self) -> &Edition {
        self.from
    }
}

/// The order in which a system's editions follow each other: by the day they came into effect, then by version.
pub fn in_order(a: &Edition, b: &Edition) -> Ordering {
    let number = |e: &Edition| match e.id().system {
        CodeSystem::Icd9cm | CodeSystem::Icd9pcs => e.id().version.as_str().parse::<u32>().ok(),
        _ => None,
    };
    (a.effective().from, number(a), &a.id().version).cmp(&(b.effective().from, number(b), &b.id().version))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use xwalk_model::EditionBuilder;

    /// An edition of lines `code flag title`, notes as `code kind: text`.
    pub(crate) fn edition(
        id: &str,
        lines: &[(&str, bool, &str)],
        notes: &[(&str, NoteKind, &str)],
    ) -> Edition {
        let mut b = EditionBuilder::new(id.parse().unwrap(), "en");
        b.hierarchy(Hierarchy::DerivedFromCodes);
        let mut at = BTreeMap::new();
        for (code, valid, title) in lines {
            let ix = b.concept(Code::from_official(code), ConceptKind::Code, *valid);
            b.designation(ix, Role::Long, title);
            b.designation(ix, Role::Short, title);
            for end in (3..code.len()).rev() {
                if let Some(&parent) = at.get(&code[..end]) {
                    b.parent(ix, parent);
                    break;
                }
            }
            at.insert(code.to_string(), ix);
        }
        for (code, kind, text) in notes {
            b.note(at[*code], *kind, text, Vec::new());
        }
        b.build().unwrap()
    }

    #[test]
    fn a_billable_code_that_becomes_a_header_counts_on_both_sides() {
        let a = edition("icd10cm@2025", &[("B88", false, "Other"), ("B880", true, "Acariasis")], &[]);
        let b = edition(
            "icd10cm@2026",
            &[("B88", false, "Other"), ("B880", false, "Acariasis"), ("B8801", true, "Alpha-gal")],
            &[],
        );
        let set = diff(&a, &b, &|_| None).unwrap();
        let counts = set.counts();
        assert_eq!((counts.assignable.added, counts.assignable.deleted), (1, 1));
        assert_eq!((counts.headers.added, counts.became_header), (1, 1));
        assert!(diff(&a, &a, &|_| None).unwrap().is_empty());
    }

    #[test]
    fn notes_that_move_count_under_both_headings() {
        let codes = [("B88", false, "Other")];
        let a = edition(
            "icd10cm@2025",
            &codes,
            &[("B88", NoteKind::Excludes1, "x"), ("B88", NoteKind::Includes, "y")],
        );
        let b = edition(
            "icd10cm@2026",
            &codes,
            &[("B88", NoteKind::Excludes2, "x"), ("B88", NoteKind::Includes, "y")],
        );
        let counts = diff(&a, &b, &|_| None).unwrap().counts();
        assert_eq!(counts.notes[&NoteKind::Excludes1], (0, 1));
        assert_eq!(counts.notes[&NoteKind::Excludes2], (1, 0));
        assert_eq!(counts.notes_moved[&(NoteKind::Excludes1, NoteKind::Excludes2)], 1);
    }

    #[test]
    fn a_code_that_comes_back_is_a_reinstatement() {
        let a = edition("icd10cm@2024", &[("A00", true, "x")], &[]);
        let b = edition("icd10cm@2025", &[], &[]);
        let set = diff(&b, &a, &|code| a.get(code).map(|_| a.id().clone())).unwrap();
        assert_eq!(set.counts().reinstated, 1);
    }
}
