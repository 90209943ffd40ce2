//! How an edition is made.

use std::sync::OnceLock;

use crate::code_index::CodeIndex;
use crate::concept::{ConceptKind, NoteKind, Role};
use crate::edition::{
    AttributeEntry, ConceptIx, DesignationEntry, Edition, Entry, Grouped, Hierarchy, NoteEntry, SourceFile,
    Span, is_nested, tree_of,
};
use crate::{Code, EditionId, Period};

/// Why an edition could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditionError {
    /// The same code was added twice.
    #[error("the code {0} stands twice in the edition")]
    Duplicate(Code),
    /// A concept is its own ancestor.
    #[error("the hierarchy of the edition has a cycle")]
    Cycle,
    /// The texts together are longer than 4 GiB, or there are more than 2^32 concepts.
    #[error("the edition is too large: more than 4 GiB of text or 2^32 concepts")]
    TooLarge,
}

/// An attribute stored once by an [`EditionBuilder`], to be given to many concepts.
#[derive(Clone, Copy)]
pub struct SharedAttribute(AttributeEntry);

/// Collects concepts in tabular order and makes an [`Edition`] of them.
pub struct EditionBuilder {
    id: EditionId,
    effective: Period,
    hierarchy: Hierarchy,
    sources: Vec<SourceFile>,
    languages: Vec<String>,
    remarks: Vec<String>,
    excerpt: bool,
    text: String,
    too_large: bool,
    entries: Vec<Entry>,
    designations: Vec<(u32, DesignationEntry)>,
    notes: Vec<(u32, NoteEntry)>,
    attributes: Vec<(u32, AttributeEntry)>,
    attribute_names: Vec<String>,
}

impl EditionBuilder {
    /// Starts an edition whose designations are in `language` unless told otherwise.
    pub fn new(id: EditionId, language: &str) -> Self {
        Self {
            id,
            effective: Period::default(),
            hierarchy: Hierarchy::Flat,
            sources: Vec::new(),
            languages: vec![language.to_owned()],
            remarks: Vec::new(),
            excerpt: false,
            text: String::new(),
            too_large: false,
            entries: Vec::new(),
            designations: Vec::new(),
            notes: Vec::new(),
            attributes: Vec::new(),
            attribute_names: Vec::new(),
        }
    }

    /// Makes room for about so many concepts and bytes of text.
    pub fn reserve(&mut self, concepts: usize, text: usize) {
        self.entries.reserve(concepts);
        if text > 0 {
            self.designations.reserve(concepts * 2);
        }
        self.text.reserve(text);
    }

    /// Says when the edition is in effect.
    pub fn effective(&mut self, effective: Period) {
        self.effective = effective;
    }

    /// Says where the hierarchy comes from.
    pub fn hierarchy(&mut self, hierarchy: Hierarchy) {
        self.hierarchy = hierarchy;
    }

    /// Names a file that the edition is read from.
    pub fn source(&mut self, source: SourceFile) {
        self.sources.push(source);
    }

    /// Says something a reader of counts should know.
    pub fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }

    /// Says that only a part of the release was read.
    pub fn excerpt(&mut self) {
        self.excerpt = true;
    }

    fn push_text(&mut self, text: &str) -> Span {
        if self.text.len() + text.len() > u32::MAX as usize {
            self.too_large = true;
            return Span { start: 0, len: 0 };
        }
        let span = Span { start: self.text.len() as u32, len: text.len() as u32 };
        self.text.push_str(text);
        // Keeps the last word of one text apart from the first of the next, for `Edition::has_word`.
        self.text.push('\n');
        span
    }

    /// Adds a concept after all others.
    pub fn concept(&mut self, code: Code, kind: ConceptKind, assignable: bool) -> ConceptIx {
        let ix = ConceptIx(self.entries.len() as u32);
        self.too_large |= self.entries.len() >= u32::MAX as usize;
        self.entries.push(Entry::new(code, kind, assignable));
        ix
    }

    /// Number of concepts so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no concept was added.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The concepts so far with their codes, in tabular order.
    pub fn codes(&self) -> impl Iterator<Item = (ConceptIx, &Code)> {
        self.entries.iter().enumerate().map(|(i, e)| (ConceptIx(i as u32), &e.code))
    }

    /// The code of a concept that was added.
    pub fn code(&self, ix: ConceptIx) -> &Code {
        &self.entries[ix.index()].code
    }

    /// Puts a concept below another.
    pub fn parent(&mut self, child: ConceptIx, parent: ConceptIx) {
        self.entries[child.index()].set_parent(parent);
    }

    /// Changes whether a concept is assignable, when another file of the release has the say.
    pub fn set_assignable(&mut self, ix: ConceptIx, assignable: bool) {
        self.entries[ix.index()].assignable = assignable;
    }

    /// Gives a concept a name in the main language. Blanks at the end of `text` are not kept.
    pub fn designation(&mut self, ix: ConceptIx, role: Role, text: &str) {
        let text = without_trailing_blanks(text);
        // In two thirds of ICD-10-CM the short title is the long one: store it once.
        let span = match self.designations.last() {
            Some(&(last, d)) if last == ix.0 && self.span_text(d.span) == text => d.span,
            _ => self.push_text(text),
        };
        self.designations.push((ix.0, DesignationEntry { role, language: 0, span }));
    }

    /// Gives a concept a name in another language than the main one.
    pub fn designation_in(&mut self, ix: ConceptIx, role: Role, language: &str, text: &str) {
        let language = match self.languages.iter().position(|l| l == language) {
            Some(at) => at,
            None => {
                self.languages.push(language.to_owned());
                self.languages.len() - 1
            }
        };
        let span = self.push_text(without_trailing_blanks(text));
        self.designations.push((ix.0, DesignationEntry { role, language: language as u8, span }));
    }

    fn span_text(&self, span: Span) -> &str {
        &self.text[span.start as usize..(span.start + span.len) as usize]
    }

    /// Gives a concept a note; `refs` are the codes and ranges that its text names.
    pub fn note(&mut self, ix: ConceptIx, kind: NoteKind, text: &str, refs: Vec<String>) {
        let span = self.push_text(text);
        self.notes.push((ix.0, NoteEntry { kind, span, refs }));
    }

    /// Gives a concept an attribute.
    pub fn attribute(&mut self, ix: ConceptIx, name: &str, value: &str) {
        let shared = self.shared_attribute(name, value);
        self.attribute_of(ix, shared);
    }

    /// An attribute that many concepts have, whose value is stored once.
    pub fn shared_attribute(&mut self, name: &str, value: &str) -> SharedAttribute {
        let name = match self.attribute_names.iter().position(|n| n == name) {
            Some(at) => at,
            None => {
                self.attribute_names.push(name.to_owned());
                self.attribute_names.len() - 1
            }
        };
        let span = self.push_text(value);
        SharedAttribute(AttributeEntry { name: name as u16, span })
    }

    /// Gives a concept an attribute that this builder stored before.
    pub fn attribute_of(&mut self, ix: ConceptIx, attribute: SharedAttribute) {
        self.attributes.push((ix.0, attribute.0));
    }

    /// Checks what must hold of every edition and closes it.
    pub fn build(mut self) -> Result<Edition, EditionError> {
        if self.too_large {
            return Err(EditionError::TooLarge);
        }
        let by_code = sorted_by_code(&self.entries);
        for pair in by_code.windows(2) {
            let [a, b] = [&self.entries[pair[0] as usize], &self.entries[pair[1] as usize]];
            if a.code == b.code {
                return Err(EditionError::Duplicate(a.code.clone()));
            }
        }
        // A parent that stands before its child cannot be below it; only the rest needs a look.
        let nested = is_nested(&self.entries);
        let before = |(i, e): (usize, &Entry)| e.parent().is_none_or(|p| p.index() < i);
        let ordered = nested || self.entries.iter().enumerate().all(before);
        let tree = OnceLock::new();
        if !ordered {
            let built = tree_of(&self.entries);
            if built.has_cycle() {
                return Err(EditionError::Cycle);
            }
            let _ = tree.set(built);
        }
        let mut roles: Vec<Role> = Vec::new();
        for (_, d) in &self.designations {
            if !roles.contains(&d.role) {
                roles.push(d.role);
            }
        }
        roles.sort_unstable();
        // Attribute names are numbered in alphabetical order, and each concept's attributes follow it.
        let mut names: Vec<(String, usize)> =
            self.attribute_names.drain(..).enumerate().map(|(i, n)| (n, i)).collect();
        names.sort();
        let mut renumber = vec![0u16; names.len()];
        for (new, (_, old)) in names.iter().enumerate() {
            renumber[*old] = new as u16;
        }
        for (_, a) in &mut self.attributes {
            a.name = renumber[a.name as usize];
        }
        self.attributes.sort_by_key(|(ix, a)| (*ix, a.name));
        let n = self.entries.len();
        self.entries.shrink_to_fit();
        self.sources.sort();
        Ok(Edition {
            id: self.id,
            effective: self.effective,
            hierarchy: self.hierarchy,
            sources: self.sources,
            languages: self.languages,
            remarks: self.remarks,
            excerpt: self.excerpt,
            text: self.text,
            entries: self.entries,
            by_code,
            designations: Grouped::new(n, self.designations),
            notes: Grouped::new(n, self.notes),
            attributes: Grouped::new(n, self.attributes),
            attribute_names: names.into_iter().map(|(n, _)| n).collect(),
            roles,
            tree,
            nested,
            index: CodeIndex::default(),
            later: OnceLock::new(),
        })
    }
}

/// Looks at bytes, since the search for a character from behind takes several times as long.
fn without_trailing_blanks(text: &str) -> &str {
    let end = text.bytes().rposition(|b| b != b' ').map_or(0, |at| at + 1);
    &text[..end]
}

/// Concept numbers in the order of their codes. Compares the first eight bytes as one word before anything else.
fn sorted_by_code(entries: &[Entry]) -> Vec<u32> {
    let mut keys: Vec<(u64, u32)> =
        entries.iter().enumerate().map(|(i, e)| (e.code.prefix(), i as u32)).collect();
    let full = |i: u32| &entries[i as usize].code;
    keys.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| full(a.1).cmp(full(b.1))));
    keys.into_iter().map(|(_, i)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Totals;

    fn builder() -> EditionBuilder {
        EditionBuilder::new("icd10cm@2026".parse().unwrap(), "en")
    }

    #[test]
    fn a_small_edition_answers() {
        let mut b = builder();
        let a = b.concept(Code::from_official("A00"), ConceptKind::Code, false);
        b.designation(a, Role::Short, "Cholera  ");
        b.designation(a, Role::Long, "Cholera");
        let a0 = b.concept(Code::from_official("A000"), ConceptKind::Code, true);
        b.designation(a0, Role::Long, "Classical");
        b.parent(a0, a);
        b.attribute(a0, "z", "1");
        b.attribute(a0, "poa-exempt", "yes");
        b.note(a, NoteKind::Includes, "x (B99)", vec!["B99".into()]);
        let e = b.build().unwrap();
        assert_eq!(e.totals(), Totals { assignable: 1, headers: 1 });
        let got = e.get(&Code::from_official("A000")).unwrap();
        assert_eq!(got.parent().unwrap().title(), "Cholera");
        assert_eq!(got.attributes().map(|a| a.name).collect::<Vec<_>>(), ["poa-exempt", "z"]);
        assert_eq!(e.at(a).descendants().len(), 1);
        assert_eq!(e.at(a).notes().next().unwrap().refs, ["B99"]);
        assert!(e.get(&Code::from_official("B99")).is_none());
        assert!(e.same_content(&e));
    }

    #[test]
    fn what_is_missing_is_told_of_few_codes_and_of_many() {
        let held = ["A", "A\0", "A0", "ABCDEFGH", "ABCDEFGH1", "ABCDEFGH11", "B", "B99"];
        let other = ["", "A1", "ABCDEFG", "ABCDEFGH10", "ABCDEFGH2", "B990", "C", "ABCDEFG\0"];
        let mut b = builder();
        for code in held.iter().rev() {
            b.concept(Code::from_official(code), ConceptKind::Code, true);
        }
        // Of few codes among many each is looked up.
        let few = held.len() * 2 * 16;
        for more in [0, few] {
            for n in 0..more {
                b.concept(Code::from_official(&format!("Z{n}")), ConceptKind::Code, true);
            }
            let edition = std::mem::replace(&mut b, builder()).build().unwrap();
            let codes: Vec<Code> = other.iter().chain(&held).map(|c| Code::from_official(c)).collect();
            let missing = edition.missing(codes.iter());
            let mut expected: Vec<&Code> = codes[..other.len()].iter().collect();
            expected.sort();
            assert_eq!(missing, expected);
            for code in held {
                b.concept(Code::from_official(code), ConceptKind::Code, true);
            }
        }
    }

    #[test]
    fn cycles_and_duplicates_are_refused() {
        let mut b = builder();
        let x = b.concept(Code::from_official("A00"), ConceptKind::Code, false);
        let y = b.concept(Code::from_official("A01"), ConceptKind::Code, false);
        b.parent(x, y);
        b.parent(y, x);
        assert_eq!(b.build().unwrap_err(), EditionError::Cycle);
        let mut b = builder();
        b.concept(Code::from_official("A00"), ConceptKind::Code, false);
        b.concept(Code::from_official("A00"), ConceptKind::Code, true);
        assert!(matches!(b.build(), Err(EditionError::Duplicate(_))));
    }
}
