//! An edition: everything one release says, immutable and compact.
//!
//! Concepts lie in tabular order in one array; their texts lie in one string. A hundred thousand concepts are a
//! handful of allocations, which is what makes a diff of two releases take milliseconds.

use std::ops::Range;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::concept::{Attribute, Concept, ConceptKind, Designation, Note, NoteKind, Role};
use crate::hierarchy::Tree;
use crate::{Code, EditionId, Period};

/// Where the hierarchy of an edition comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hierarchy {
    /// The release states the parent of each concept.
    Stated,
    /// Derived from the header rows: the parent of a code is the longest header that begins it.
    DerivedFromCodes,
    /// The release holds codes only.
    Flat,
}

/// A file that an edition was read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceFile {
    /// The official file name; inside a zip, the member's name.
    pub name: String,
    /// What the file is, for instance `order file`.
    pub part: String,
    /// Lower-case hexadecimal SHA-256 of the bytes.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// Number of a concept in its edition: its place in tabular order, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConceptIx(u32);

impl ConceptIx {
    /// As an index into an array with one item for each concept.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How many codes an edition has. Chapters, blocks and modifiers are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Codes that may be used on a claim.
    pub assignable: u64,
    /// Codes that may not.
    pub headers: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: u32,
    len: u32,
}

pub(crate) struct Entry {
    pub(crate) code: Code,
    pub(crate) kind: ConceptKind,
    pub(crate) assignable: bool,
    pub(crate) parent: Option<ConceptIx>,
}

#[derive(Clone, Copy)]
struct DesignationEntry {
    role: Role,
    language: u8,
    span: Span,
}

struct NoteEntry {
    kind: NoteKind,
    span: Span,
    refs: Vec<String>,
}

#[derive(Clone, Copy)]
struct AttributeEntry {
    name: u16,
    span: Span,
}

/// An attribute stored once by an [`EditionBuilder`], to be given to many concepts.
#[derive(Clone, Copy)]
pub struct SharedAttribute(AttributeEntry);

/// Items of concepts, grouped by concept: the items of concept `i` are `starts[i]..starts[i + 1]`.
struct Grouped<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Grouped<T> {
    /// Groups by concept; items of one concept keep their order.
    fn new(concepts: usize, mut pairs: Vec<(u32, T)>) -> Self {
        // Readers emit in concept order nearly always, and then nothing has to move.
        if !pairs.is_sorted_by_key(|(ix, _)| *ix) {
            pairs.sort_by_key(|(ix, _)| *ix);
        }
        let mut starts = vec![0u32; concepts + 1];
        for (ix, _) in &pairs {
            starts[*ix as usize + 1] += 1;
        }
        for i in 0..concepts {
            starts[i + 1] += starts[i];
        }
        Self { starts, items: pairs.into_iter().map(|(_, item)| item).collect() }
    }

    fn of(&self, ix: ConceptIx) -> &[T] {
        let range: Range<usize> = self.starts[ix.index()] as usize..self.starts[ix.index() + 1] as usize;
        &self.items[range]
    }
}

/// What one release of a code system says. Immutable; made by an [`EditionBuilder`].
pub struct Edition {
    id: EditionId,
    effective: Period,
    hierarchy: Hierarchy,
    sources: Vec<SourceFile>,
    languages: Vec<String>,
    remarks: Vec<String>,
    text: String,
    entries: Vec<Entry>,
    by_code: Vec<u32>,
    designations: Grouped<DesignationEntry>,
    notes: Grouped<NoteEntry>,
    attributes: Grouped<AttributeEntry>,
    attribute_names: Vec<String>,
    roles: Vec<Role>,
    tree: OnceLock<Tree>,
}

impl Edition {
    /// Its name.
    pub fn id(&self) -> &EditionId {
        &self.id
    }

    /// When it is in effect.
    pub fn effective(&self) -> Period {
        self.effective
    }

    /// Where its hierarchy comes from.
    pub fn hierarchy(&self) -> Hierarchy {
        self.hierarchy
    }

    /// The files it was read from, ordered by name.
    pub fn sources(&self) -> &[SourceFile] {
        &self.sources
    }

    /// What a reader of counts should know about how the edition was made.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// The language tags its designations have; the first is the main one.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// The roles that its designations have, in order.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The names of its attributes, in order.
    pub fn attribute_names(&self) -> &[String] {
        &self.attribute_names
    }

    /// Whether it has any instructional note.
    pub fn has_notes(&self) -> bool {
        !self.notes.items.is_empty()
    }

    /// Number of concepts, groupings included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no concept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many codes it has.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for entry in &self.entries {
            if entry.kind == ConceptKind::Code {
                if entry.assignable {
                    totals.assignable += 1;
                } else {
                    totals.headers += 1;
                }
            }
        }
        totals
    }

    /// All concepts in tabular order.
    pub fn concepts(&self) -> impl ExactSizeIterator<Item = Concept<'_>> {
        (0..self.entries.len() as u32).map(|ix| Concept { edition: self, ix: ConceptIx(ix) })
    }

    /// All concepts ordered by code, byte by byte.
    pub fn by_code(&self) -> impl ExactSizeIterator<Item = Concept<'_>> {
        self.by_code.iter().map(|&ix| Concept { edition: self, ix: ConceptIx(ix) })
    }

    /// The concept with a code or grouping key.
    pub fn get(&self, code: &Code) -> Option<Concept<'_>> {
        let at = self.by_code.binary_search_by(|&ix| self.entries[ix as usize].code.cmp(code)).ok()?;
        Some(Concept { edition: self, ix: ConceptIx(self.by_code[at]) })
    }

    /// The concept with a number.
    pub fn at(&self, ix: ConceptIx) -> Concept<'_> {
        assert!(ix.index() < self.entries.len(), "a ConceptIx belongs to the edition that gave it out");
        Concept { edition: self, ix }
    }

    pub(crate) fn entry(&self, ix: ConceptIx) -> &Entry {
        &self.entries[ix.index()]
    }

    fn text(&self, span: Span) -> &str {
        &self.text[span.start as usize..(span.start + span.len) as usize]
    }

    pub(crate) fn designations_of(&self, ix: ConceptIx) -> impl Iterator<Item = Designation<'_>> {
        self.designations.of(ix).iter().map(|d| Designation {
            role: d.role,
            language: &self.languages[d.language as usize],
            text: self.text(d.span),
        })
    }

    pub(crate) fn designation_of(&self, ix: ConceptIx, role: Role) -> Option<&str> {
        let found = self.designations.of(ix).iter().find(|d| d.role == role && d.language == 0)?;
        Some(self.text(found.span))
    }

    pub(crate) fn notes_of(&self, ix: ConceptIx) -> impl Iterator<Item = Note<'_>> {
        self.notes.of(ix).iter().map(|n| Note { kind: n.kind, text: self.text(n.span), refs: &n.refs })
    }

    pub(crate) fn attributes_of(&self, ix: ConceptIx) -> impl Iterator<Item = Attribute<'_>> {
        self.attributes
            .of(ix)
            .iter()
            .map(|a| Attribute { name: &self.attribute_names[a.name as usize], value: self.text(a.span) })
    }

    fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| tree_of(&self.entries))
    }

    pub(crate) fn children_of(&self, ix: ConceptIx) -> Vec<Concept<'_>> {
        self.tree().children(ix.0).map(|ix| Concept { edition: self, ix: ConceptIx(ix) }).collect()
    }

    pub(crate) fn descendants_of(&self, ix: ConceptIx) -> Vec<Concept<'_>> {
        let below = self.tree().descendants(ix.0);
        below.into_iter().map(|ix| Concept { edition: self, ix: ConceptIx(ix) }).collect()
    }

    /// Whether a word stands in any of its texts. Letters count as they are: case matters.
    pub fn has_word(&self, word: &str) -> bool {
        let bytes = self.text.as_bytes();
        let free = |b: Option<&u8>| b.is_none_or(|b| b.is_ascii() && !b.is_ascii_alphanumeric());
        !word.is_empty()
            && memchr::memmem::find_iter(bytes, word).any(|at| {
                free(at.checked_sub(1).and_then(|i| bytes.get(i))) && free(bytes.get(at + word.len()))
            })
    }

    /// Whether both editions say the same about the same codes; order in the list and sources aside.
    pub fn same_content(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.by_code().zip(other.by_code()).all(|(a, b)| {
                let mut notes: [Vec<_>; 2] = [a.notes().collect(), b.notes().collect()];
                let mut names: [Vec<_>; 2] = [a.designations().collect(), b.designations().collect()];
                notes.iter_mut().for_each(|n| n.sort_by_key(|n| (n.kind, n.text)));
                names.iter_mut().for_each(|n| n.sort_by_key(|d| (d.role, d.language, d.text)));
                a.code() == b.code()
                    && a.kind() == b.kind()
                    && a.assignable() == b.assignable()
                    && a.parent().map(Concept::code) == b.parent().map(Concept::code)
                    && names[0] == names[1]
                    && notes[0] == notes[1]
                    && a.attributes().eq(b.attributes())
            })
    }
}

impl std::fmt::Debug for Edition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Edition({}, {} concepts)", self.id, self.len())
    }
}

fn tree_of(entries: &[Entry]) -> Tree {
    Tree::new(entries.iter().map(|e| e.parent.map(|p| p.0)))
}

/// Looks at bytes, since the search for a character from behind takes several times as long.
fn without_trailing_blanks(text: &str) -> &str {
    let end = text.bytes().rposition(|b| b != b' ').map_or(0, |at| at + 1);
    &text[..end]
}

/// Concept numbers in the order of their codes. Compares the first eight bytes as one word before anything else.
fn sorted_by_code(entries: &[Entry]) -> Vec<u32> {
    let word = |code: &Code| {
        let mut first = [0u8; 8];
        let bytes = code.as_str().as_bytes();
        let n = bytes.len().min(8);
        first[..n].copy_from_slice(&bytes[..n]);
        u64::from_be_bytes(first)
    };
    let mut keys: Vec<(u64, u32)> =
        entries.iter().enumerate().map(|(i, e)| (word(&e.code), i as u32)).collect();
    let full = |i: u32| &entries[i as usize].code;
    keys.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| full(a.1).cmp(full(b.1))));
    keys.into_iter().map(|(_, i)| i).collect()
}

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

/// Collects concepts in tabular order and makes an [`Edition`] of them.
pub struct EditionBuilder {
    id: EditionId,
    effective: Period,
    hierarchy: Hierarchy,
    sources: Vec<SourceFile>,
    languages: Vec<String>,
    remarks: Vec<String>,
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
        self.designations.reserve(concepts * 2);
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
        self.entries.push(Entry { code, kind, assignable, parent: None });
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
        self.entries[child.index()].parent = Some(parent);
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
        let ordered = self.entries.iter().enumerate().all(|(i, e)| e.parent.is_none_or(|p| p.index() < i));
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
        self.sources.sort();
        Ok(Edition {
            id: self.id,
            effective: self.effective,
            hierarchy: self.hierarchy,
            sources: self.sources,
            languages: self.languages,
            remarks: self.remarks,
            text: self.text,
            entries: self.entries,
            by_code,
            designations: Grouped::new(n, self.designations),
            notes: Grouped::new(n, self.notes),
            attributes: Grouped::new(n, self.attributes),
            attribute_names: names.into_iter().map(|(n, _)| n).collect(),
            roles,
            tree,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
