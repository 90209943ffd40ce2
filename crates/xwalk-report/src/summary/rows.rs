//! The rows of a summary: one for each changed code, note and attribute.

use std::collections::HashSet;

use xwalk_diff::RevisedBasis;
use xwalk_model::{Change, Code, CodeSystem, Concept, ConceptKind, NoteChange, NoteKind, Revision, Role};

use super::build::Builder;
use super::{
    Alternative, AttributeRow, ChangeRow, CptMark, Kind, Named, NoteRow, RevisedTitle, Status, cpt_marks,
};

impl Builder<'_> {
    pub(super) fn code_rows(&self, code: &Code, changes: &[Change], rows: &mut Vec<(ChangeRow, Code)>) {
        let status = |kind: ConceptKind, assignable: bool| match kind {
            ConceptKind::Code if assignable => Status::Assignable,
            ConceptKind::Code => Status::Header,
            ConceptKind::Modifier => Status::Modifier,
            _ => Status::Grouping,
        };
        let counts = |status: Status| status == Status::Assignable || (self.all && status == Status::Header);
        let mut main: Option<ChangeRow> = None;
        let mut revisions: Vec<&Revision> = Vec::new();
        let mut revised_status = None;
        let mut moved = None;
        for change in changes {
            match change {
                Change::Addition { kind, assignable, parent, reinstated_from, .. } => {
                    let status = status(*kind, *assignable);
                    // CPT counts every code of the file.
                    let mut row = self.row(code, Kind::Added, status, counts(status));
                    row.parent = parent.as_ref().map(|p| self.named(p));
                    row.reinstated_from = reinstated_from.as_ref().map(ToString::to_string);
                    row.previous = self.alternatives(self.input.succession.previous.get(code));
                    main = Some(row);
                }
                Change::Deletion { kind, assignable, successors, .. } => {
                    let status = status(*kind, *assignable);
                    let mut row = self.row(code, Kind::Deleted, status, counts(status));
                    row.successors = self.alternatives(self.input.succession.successors.get(code));
                    if row.successors.is_empty() && !successors.is_empty() {
                        row.successors = successors.iter().map(|c| self.one(c, "official")).collect();
                    }
                    if let Some(new) = self.recoded.get(code).filter(|_| row.successors.is_empty()) {
                        row.successors = vec![self.one(new, "official")];
                    }
                    main = Some(row);
                }
                Change::Assignability { kind, now, revisions: titles, .. } => {
                    main = Some(self.status_row(code, *kind, *now, titles));
                }
                // A title that one of the two editions does not state is no revision of it.
                Change::Revision { revision, .. } if revision.from.is_none() || revision.to.is_none() => {}
                Change::Revision { kind, assignable, revision } => {
                    revised_status = Some(status(*kind, *assignable));
                    revisions.push(revision);
                }
                Change::Move { from, to } => moved = Some((from, to)),
                Change::Recoded { from } => {
                    if let Some(row) = &mut main {
                        row.recoded_from = Some(self.display(from));
                    }
                }
                _ => {}
            }
        }
        if let (None, Some(status)) = (&main, revised_status) {
            main = Some(self.revised_row(code, status, counts(status), &revisions));
        }
        if let Some(mut row) = main {
            row.cpt_marks = self.cpt_marks(code, &row);
            rows.push((row, code.clone()));
        }
        if let Some((from, to)) = moved {
            let concept = self.concept(code);
            let status = concept.map_or(Status::Grouping, |c| status(c.kind(), c.assignable()));
            let mut row = self.row(code, Kind::Moved, status, false);
            row.parent = to.as_ref().map(|c| self.named(c));
            row.parent_before = from.as_ref().map(|c| self.named(c));
            rows.push((row, code.clone()));
        }
    }

    fn one(&self, code: &Code, basis: &'static str) -> Alternative {
        Alternative { codes: vec![self.named(code)], with: Vec::new(), basis, source: String::new() }
    }

    /// A code that became a header, or the reverse. In HCPCS Level II the file keeps deleted codes as terminated ones.
    fn status_row(&self, code: &Code, concept: ConceptKind, now: bool, titles: &[Revision]) -> ChangeRow {
        let kind = match (self.system, now) {
            (CodeSystem::Hcpcs, true) => Kind::Added,
            (CodeSystem::Hcpcs, false) => Kind::Deleted,
            (_, true) => Kind::BecameAssignable,
            (_, false) => Kind::BecameHeader,
        };
        let status = match concept {
            ConceptKind::Modifier => Status::Modifier,
            _ if now => Status::Assignable,
            _ => Status::Header,
        };
        let mut row = self.row(code, kind, status, concept == ConceptKind::Code);
        row.titles = titles.iter().map(|r| self.revised_title(r)).collect();
        if kind == Kind::BecameHeader {
            row.children = self.new_children(code).iter().map(|c| self.named(c)).collect();
            row.successors = self.alternatives(self.input.succession.successors.get(code));
            if row.successors.is_empty() {
                row.successors = self.new_children(code).iter().map(|c| self.one(c, "derived")).collect();
            }
        } else if kind == Kind::Deleted {
            row.successors = self.alternatives(self.input.succession.successors.get(code));
        }
        row
    }

    fn revised_title(&self, revision: &Revision) -> RevisedTitle {
        RevisedTitle {
            role: revision.role,
            class: revision.class,
            before: revision.from.as_deref().and_then(|t| self.title(t)),
            after: revision.to.as_deref().and_then(|t| self.title(t)),
            marks: if self.withheld { Vec::new() } else { revision.marks.clone() },
        }
    }

    fn revised_row(&self, code: &Code, status: Status, counts: bool, revisions: &[&Revision]) -> ChangeRow {
        let headline = |r: &&&Revision| self.input.set.headline_roles.contains(&r.role);
        let in_headline = revisions.iter().any(|r| headline(&r)) && status != Status::Grouping;
        let mut editorial = if in_headline {
            revisions.iter().filter(headline).all(|r| r.class.is_editorial())
        } else {
            revisions.iter().all(|r| r.class.is_editorial())
        };
        let mut counted = counts && in_headline;
        if let (Some(cpt), ConceptKind::Code) =
            (self.cpt, self.concept(code).map_or(ConceptKind::Block, Concept::kind))
        {
            let revised = match (cpt.basis, self.input.from.get(code), self.input.to.get(code)) {
                (RevisedBasis::History, _, Some(now)) => now.attribute("revised-on").is_some(),
                (_, Some(before), Some(now)) => {
                    xwalk_diff::cpt_is_reworded(before, now, self.input.to) == Some(true)
                }
                _ => false,
            };
            (editorial, counted) = (!revised, revised);
        }
        let kind = if editorial { Kind::Editorial } else { Kind::Revised };
        let mut row = self.row(code, kind, status, counted);
        let mut titles: Vec<&&Revision> = revisions.iter().collect();
        titles.sort_by_key(|r| (!headline(r), Role::ALL.iter().position(|role| *role == r.role)));
        row.titles = titles.into_iter().map(|r| self.revised_title(r)).collect();
        row
    }

    /// Codes that the history of CPT marks as revised although no descriptor that both files have differs.
    pub(super) fn revised_by_history(&self, rows: &mut Vec<(ChangeRow, Code)>) {
        if self.cpt.is_none_or(|cpt| cpt.basis != RevisedBasis::History) {
            return;
        }
        let told: HashSet<Code> =
            rows.iter().filter(|(row, _)| row.kind != Kind::Moved).map(|(_, code)| code.clone()).collect();
        for concept in self.input.to.concepts().filter(|c| c.attribute("revised-on").is_some()) {
            let code = concept.code();
            if self.input.from.get(code).is_some() && !told.contains(code) {
                let mut row = self.row(code, Kind::Revised, Status::Assignable, true);
                row.cpt_marks = self.cpt_marks(code, &row);
                rows.push((row, code.clone()));
            }
        }
    }

    fn cpt_marks(&self, code: &Code, row: &ChangeRow) -> Vec<CptMark> {
        if self.system != CodeSystem::Cpt {
            return Vec::new();
        }
        let mut marks = Vec::new();
        match row.kind {
            Kind::Added => marks.push(CptMark::New),
            Kind::Deleted => marks.push(CptMark::Deleted),
            Kind::Revised => marks.push(CptMark::Revised),
            Kind::Editorial => marks.push(CptMark::RevisedText),
            _ => {}
        }
        if self.resequenced.contains(code) {
            marks.push(CptMark::Resequenced);
        }
        if self.concept(code).is_some_and(cpt_marks::is_add_on) {
            marks.push(CptMark::AddOn);
        }
        marks
    }

    pub(super) fn note_rows(&self, code: &Code, changes: &[Change], notes: &mut Vec<NoteRow>) {
        if !self.input.selection.shows(code) {
            return;
        }
        for change in changes {
            let Change::Note { change, kind, text } = change else { continue };
            let (action, was): (_, Option<NoteKind>) = match change {
                NoteChange::Added => ("added", None),
                NoteChange::Removed => ("removed", None),
                NoteChange::Moved { from } => ("moved", Some(*from)),
            };
            let (named, chapter) = self.place_of_note(code);
            notes.push(NoteRow {
                code: named.code,
                title: named.title,
                chapter,
                action,
                kind: kind.label(),
                was: was.map(NoteKind::label),
                text: text.clone(),
            });
        }
    }

    /// The code at which a note stands and its chapter, by the tabular list that holds the note.
    fn place_of_note(&self, code: &Code) -> (Named, usize) {
        let (Some(lists), Some(chapters)) = (self.input.notes, &self.note_chapters) else {
            return (self.named(code), self.chapters.of(code));
        };
        let named = match lists.to.get(code).or_else(|| lists.from.get(code)) {
            Some(concept) => Named { code: concept.display(), title: self.title(concept.title()) },
            None => self.named(code),
        };
        let key = &chapters.rows[chapters.of(code)].key;
        let same = self.chapters.rows.iter().position(|c| c.key == *key);
        (named, same.unwrap_or(self.chapters.rows.len() - 1))
    }

    pub(super) fn attribute_rows(&self, code: &Code, changes: &[Change], attributes: &mut Vec<AttributeRow>) {
        // The attributes of a code that came or went came and went with it.
        let whole = changes.iter().any(|c| matches!(c, Change::Addition { .. } | Change::Deletion { .. }));
        if whole || !self.input.selection.shows(code) {
            return;
        }
        for change in changes {
            let Change::Attribute { name, from, to } = change else { continue };
            let named = self.named(code);
            attributes.push(AttributeRow {
                code: named.code,
                title: named.title,
                chapter: self.chapters.of(code),
                name: name.clone(),
                from: from.clone(),
                to: to.clone(),
            });
        }
    }
}
