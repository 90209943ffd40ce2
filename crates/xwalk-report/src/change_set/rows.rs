//! One row for each change, the same in JSON and CSV.

use serde::Serialize;
use xwalk_model::{Change, Code, Concept, ConceptKind, Mark, NoteChange, Role};

use super::{Filter, View};

/// One change. Fields that do not apply are left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Row<'a> {
    pub(super) code: String,
    pub(super) change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<ConceptKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) assignable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) was_assignable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) editorial: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) marks: Option<&'a [Mark]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reinstated_from: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) successors: Vec<String>,
    /// What happened in words, for status changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) story: Option<&'static str>,
    /// New codes directly below a code that became a header.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) new_children: Vec<String>,
    /// Notes: `added`, `removed` or `moved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) was_note: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribute: Option<&'a str>,
}

/// The word for a change in outputs and filters.
pub(super) fn word(change: &Change) -> &'static str {
    match change {
        Change::Addition { .. } => "added",
        Change::Deletion { .. } => "deleted",
        Change::Revision { .. } => "revised",
        Change::Move { .. } => "moved",
        Change::Recoded { .. } => "recoded",
        Change::Assignability { .. } => "status",
        Change::Scope { .. } => "scope",
        Change::Note { .. } => "note",
        _ => "attribute",
    }
}

impl View<'_> {
    /// The code as the authority prints it.
    pub(super) fn display(&self, code: &Code) -> String {
        match self.to.get(code).or_else(|| self.from.get(code)) {
            Some(concept) => concept.display(),
            None => code.display(self.to.id().system),
        }
    }

    /// New codes directly below one that became a header.
    pub(super) fn new_children(&self, code: &Code) -> Vec<String> {
        let below = self.to.get(code).map(Concept::children).unwrap_or_default();
        below.into_iter().filter(|c| self.from.get(c.code()).is_none()).map(Concept::display).collect()
    }

    /// The changes that the filter shows, in the order of the codes.
    pub(super) fn rows(&self, filter: &Filter) -> impl Iterator<Item = Row<'_>> {
        self.set.changes.iter().flat_map(move |(code, changes)| {
            changes.iter().filter(|c| filter.shows(word(c))).map(move |change| self.row(code, change))
        })
    }

    fn row<'a>(&'a self, code: &Code, change: &'a Change) -> Row<'a> {
        let mut row = Row { code: self.display(code), change: word(change), ..Row::default() };
        let title_now = || self.to.get(code).map(Concept::title);
        match change {
            Change::Addition { kind, assignable, parent, titles, reinstated_from } => {
                row.kind = Some(*kind);
                row.assignable = Some(*assignable);
                let best = Role::ALL.iter().find_map(|r| titles.iter().find(|(role, _)| role == r));
                row.title = best.map(|(_, t)| t.as_str());
                row.parent = parent.as_ref().map(|p| self.display(p));
                row.reinstated_from = reinstated_from.as_ref().map(ToString::to_string);
            }
            Change::Deletion { kind, assignable, title, successors } => {
                row.kind = Some(*kind);
                row.assignable = Some(*assignable);
                row.title = Some(title);
                row.successors = successors.iter().map(|c| self.display(c)).collect();
            }
            Change::Revision { kind, assignable, revision } => {
                row.kind = Some(*kind);
                row.assignable = Some(*assignable);
                row.role = Some(revision.role);
                row.from.clone_from(&revision.from);
                row.to.clone_from(&revision.to);
                row.class = Some(revision.class.id());
                row.editorial = Some(revision.class.is_editorial());
                row.marks = Some(&revision.marks);
            }
            Change::Move { from, to } => {
                row.title = title_now();
                row.from = from.as_ref().map(|c| self.display(c));
                row.to = to.as_ref().map(|c| self.display(c));
            }
            Change::Recoded { from } => {
                row.title = title_now();
                row.from = Some(self.display(from));
                row.to = Some(self.display(code));
            }
            Change::Scope { into } => {
                row.title = title_now();
                row.successors = into.iter().map(|c| self.display(c)).collect();
            }
            Change::Assignability { kind, now, revisions, successors } => {
                row.successors = successors.iter().map(|c| self.display(c)).collect();
                row.kind = Some(*kind);
                row.assignable = Some(*now);
                row.was_assignable = Some(!*now);
                row.title = title_now();
                row.story = Some(if *now { "became assignable" } else { "became a header" });
                if let Some(revision) = revisions.first() {
                    row.from.clone_from(&revision.from);
                    row.to.clone_from(&revision.to);
                }
                if !*now {
                    row.new_children = self.new_children(code);
                }
            }
            Change::Note { change, kind, text } => {
                row.note = Some(kind.id());
                row.text = Some(text);
                row.action = Some(match change {
                    NoteChange::Added => "added",
                    NoteChange::Removed => "removed",
                    NoteChange::Moved { from } => {
                        row.was_note = Some(from.id());
                        "moved"
                    }
                });
            }
            Change::Attribute { name, from, to } => {
                row.attribute = Some(name);
                row.from.clone_from(from);
                row.to.clone_from(to);
            }
            _ => {}
        }
        row
    }
}
