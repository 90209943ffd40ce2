//! A ClaML file of the WHO or BfArM as concepts.

use std::sync::Arc;

use xwalk_formats::claml::{Claml, Entry};
use xwalk_model::{CodeSystem, ConceptKind, Diagnostic, NoteKind, Role, Rule};

use super::classes::{Class, classes, tabular_order};
use super::draft::{Draft, Drafts, Name};
use super::label::render;
use super::modifiers::{Made, Modifiers};
use crate::release::bad_record;

/// The attribute of codes that belong to a dagger and asterisk pair or stand only beside others.
pub(super) const USAGE: &str = "usage";
/// The attribute with the other half of a dagger and asterisk pair.
const PARTNER: &str = "dagger-asterisk-partner";
/// The attribute of codes made by a subclassification: `yes`, or `optional` where the code above may be used as well.
pub(super) const SUBCLASSIFIED: &str = "subclassified";

/// What a file says.
pub(super) struct Lowered {
    pub(super) drafts: Drafts,
    /// How many codes were made from modifiers.
    pub(super) made: usize,
    /// Whether the file states full titles.
    pub(super) full_titles: bool,
}

/// Makes concepts of the classes, and of the codes that modifiers make.
pub(super) fn lower(
    claml: &Claml,
    system: CodeSystem,
    name: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Lowered {
    diagnostics.extend(claml.problems.iter().map(|e| bad_record(name, e)));
    let classes = classes(claml, system, name, diagnostics);
    let modifiers = Modifiers::new(claml, &classes, system, name, diagnostics);
    let full_titles = claml.classes.iter().any(|c| c.rubrics.iter().any(|r| r.kind == "preferredLong"));
    let mut writer =
        Writer { claml, name, full_titles, drafts: Drafts::default(), unknown_kinds: Vec::new() };
    let mut drafted: Vec<Option<usize>> = vec![None; classes.len()];
    let mut made_count = 0;
    for ix in tabular_order(&classes, claml) {
        let made = modifiers.made(ix);
        let above = classes[ix].parent.and_then(|p| drafted[p]);
        let listed_below = classes[ix].children.iter().any(|c| classes[*c].kind == ConceptKind::Code);
        let made_below = made.iter().any(|m| m.below.is_none() && !m.optional);
        let draft = writer.class(&classes[ix], above, !listed_below && !made_below, diagnostics);
        drafted[ix] = writer.drafts.add(draft);
        let Some(class_ix) = drafted[ix] else { continue };
        let mut made_ix: Vec<Option<usize>> = Vec::with_capacity(made.len());
        for (i, code) in made.iter().enumerate() {
            let above = code.below.map_or(Some(class_ix), |four| made_ix[four]);
            let assignable = !made.iter().any(|m| m.below == Some(i) && !m.optional);
            let draft = writer.made(&classes[ix], code, above, assignable, diagnostics);
            made_ix.push(writer.drafts.add(draft));
            made_count += 1;
        }
    }
    for (kind, place) in &writer.unknown_kinds {
        let message = format!("rubrics of the kind \"{kind}\" are not known; they were kept as notes");
        diagnostics.push(Diagnostic::new(Rule::OddValue, name, message).at(*place));
    }
    if made_count > 0 {
        let message = format!("{made_count} codes were made from modifiers");
        diagnostics.push(Diagnostic::new(Rule::Expanded, name, message));
    }
    Lowered { drafts: writer.drafts, made: made_count, full_titles }
}

struct Writer<'c> {
    claml: &'c Claml,
    name: &'c Arc<str>,
    full_titles: bool,
    drafts: Drafts,
    unknown_kinds: Vec<(String, xwalk_model::Position)>,
}

impl Writer<'_> {
    fn class(
        &mut self,
        class: &Class<'_>,
        above: Option<usize>,
        assignable: bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Draft {
        let mut draft = Draft::new(&class.key, class.kind);
        draft.parent = above;
        draft.assignable = assignable && class.kind == ConceptKind::Code;
        let code_above = above.map(|ix| self.drafts.get(ix)).filter(|d| d.kind == ConceptKind::Code);
        // In a file with full titles a code without one is titled in full already.
        let joined = code_above.filter(|_| !self.full_titles).map(|d| d.long().to_owned());
        self.texts(&mut draft, class.entry, joined, diagnostics);
        draft.attribute(USAGE, class.entry.usage.trim());
        draft
    }

    fn made(
        &mut self,
        class: &Class<'_>,
        made: &Made<'_>,
        above: Option<usize>,
        assignable: bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Draft {
        let mut draft = Draft::new(&made.code, ConceptKind::Code);
        draft.parent = above;
        draft.assignable = assignable;
        let joined = above.map(|ix| self.drafts.get(ix).long().to_owned());
        self.texts(&mut draft, made.part, joined, diagnostics);
        let own = made.part.usage.trim();
        draft.attribute(USAGE, if own.is_empty() { class.entry.usage.trim() } else { own });
        draft.attribute(SUBCLASSIFIED, if made.optional { "optional" } else { "yes" });
        draft
    }

    /// Titles, notes and the partner. `joined` is the full title of the code above, where titles are partial.
    fn texts(
        &mut self,
        draft: &mut Draft,
        entry: &Entry,
        joined: Option<String>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let (mut own, mut long) = (String::new(), String::new());
        let mut others: Vec<Name> = Vec::new();
        let mut partners: Vec<String> = Vec::new();
        for rubric in &entry.rubrics {
            let title = matches!(rubric.kind.as_str(), "preferred" | "preferredLong");
            for label in &rubric.labels {
                let rendered = render(label, self.claml, title);
                if title {
                    let is_own = rubric.kind == "preferred";
                    let slot = if is_own { &mut own } else { &mut long };
                    for partner in rendered.partners {
                        if !partners.contains(&partner) {
                            partners.push(partner);
                        }
                    }
                    if slot.is_empty() {
                        *slot = rendered.text;
                    } else {
                        let role = if is_own { Role::Tabular } else { Role::Long };
                        let language = Some(label.language.clone()).filter(|l| !l.is_empty());
                        others.push(Name { role, language, text: rendered.text });
                    }
                    continue;
                }
                let kind = self.note_kind(&rubric.kind, rubric.at);
                let mut text = rendered.text;
                let mark = self.claml.mark(&rubric.usage);
                if !mark.is_empty() && !text.ends_with(mark) {
                    text.push_str(mark);
                }
                if !text.is_empty() {
                    draft.notes.push((kind, text, rendered.refs));
                }
            }
        }
        if own.is_empty() && long.is_empty() {
            let message = format!("\"{}\" has no title", entry.code);
            diagnostics.push(Diagnostic::new(Rule::OddValue, self.name, message).at(entry.at));
        }
        if long.is_empty() {
            long = match joined {
                Some(above) if !above.is_empty() && !own.is_empty() => format!("{above}: {own}"),
                Some(above) if own.is_empty() => above,
                _ => own.clone(),
            };
        }
        draft.name(Role::Long, &long);
        if draft.kind == ConceptKind::Code {
            draft.name(Role::Tabular, if own.is_empty() { &long } else { &own });
        }
        // A second title in the main language cannot be told from the first.
        let main = self.claml.meta("lang");
        draft
            .names
            .extend(others.into_iter().filter(|n| n.language.is_some() && n.language.as_deref() != main));
        draft.attribute(PARTNER, &partners.join(" "));
    }

    fn note_kind(&mut self, kind: &str, at: xwalk_model::Position) -> NoteKind {
        match kind {
            "inclusion" => NoteKind::InclusionTerm,
            "exclusion" => NoteKind::Exclusion,
            // A modifierlink is a sentence for the reader: "See before Q00 for the site codes".
            "text" | "note" | "modifierlink" => NoteKind::Note,
            "coding-hint" => NoteKind::CodingHint,
            "definition" => NoteKind::Definition,
            "introduction" => NoteKind::Introduction,
            "footnote" => NoteKind::Footnote,
            other => {
                if self.unknown_kinds.iter().all(|(known, _)| known != other) {
                    self.unknown_kinds.push((other.to_owned(), at));
                }
                NoteKind::Note
            }
        }
    }
}
