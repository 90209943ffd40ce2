//! An edition: everything one release says, immutable and compact.
//!
//! Concepts lie in tabular order in one array; their texts lie in one string. A hundred thousand concepts are a
//! handful of allocations, which is what makes a diff of two releases take milliseconds.

use std::ops::Range;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::code_index::CodeIndex;
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
pub struct ConceptIx(pub(crate) u32);

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
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

pub(crate) struct Entry {
    pub(crate) code: Code,
    pub(crate) kind: ConceptKind,
    pub(crate) assignable: bool,
    /// The number of the parent, or [`NO_PARENT`]; an `Option` would make an entry longer by a quarter.
    parent: u32,
}

const NO_PARENT: u32 = u32::MAX;

impl Entry {
    pub(crate) fn new(code: Code, kind: ConceptKind, assignable: bool) -> Self {
        Self { code, kind, assignable, parent: NO_PARENT }
    }

    pub(crate) fn parent(&self) -> Option<ConceptIx> {
        (self.parent != NO_PARENT).then_some(ConceptIx(self.parent))
    }

    pub(crate) fn set_parent(&mut self, parent: ConceptIx) {
        self.parent = parent.0;
    }
}

#[derive(Clone, Copy)]
pub(crate) struct DesignationEntry {
    pub(crate) role: Role,
    pub(crate) language: u8,
    pub(crate) span: Span,
}

pub(crate) struct NoteEntry {
    pub(crate) kind: NoteKind,
    pub(crate) span: Span,
    pub(crate) refs: Vec<String>,
}

#[derive(Clone, Copy)]
pub(crate) struct AttributeEntry {
    pub(crate) name: u16,
    pub(crate) span: Span,
}

/// Items of concepts, grouped by concept: the items of concept `i` are `starts[i]..starts[i + 1]`. Without any item there
/// are no starts.
pub(crate) struct Grouped<T> {
    pub(crate) starts: Vec<u32>,
    pub(crate) items: Vec<T>,
}

impl<T> Grouped<T> {
    /// Groups by concept; items of one concept keep their order.
    pub(crate) fn new(concepts: usize, mut pairs: Vec<(u32, T)>) -> Self {
        if pairs.is_empty() {
            return Self { starts: Vec::new(), items: Vec::new() };
        }
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
        let mut items: Vec<T> = pairs.into_iter().map(|(_, item)| item).collect();
        // They lie where the pairs lay, which took more room.
        items.shrink_to_fit();
        Self { starts, items }
    }

    fn of(&self, ix: ConceptIx) -> &[T] {
        if self.items.is_empty() {
            return &[];
        }
        let range: Range<usize> = self.starts[ix.index()] as usize..self.starts[ix.index() + 1] as usize;
        &self.items[range]
    }
}

/// Titles told to an edition that was read without texts.
pub(crate) struct LaterTitles {
    /// Concepts with the place of their title, in tabular order.
    of: Vec<(ConceptIx, Span)>,
    text: String,
}

/// What one release of a code system says. Immutable; made by an [`EditionBuilder`].
pub struct Edition {
    pub(crate) id: EditionId,
    pub(crate) effective: Period,
    pub(crate) hierarchy: Hierarchy,
    pub(crate) sources: Vec<SourceFile>,
    pub(crate) languages: Vec<String>,
    pub(crate) remarks: Vec<String>,
    pub(crate) excerpt: bool,
    pub(crate) text: String,
    pub(crate) entries: Vec<Entry>,
    pub(crate) by_code: Vec<u32>,
    pub(crate) designations: Grouped<DesignationEntry>,
    pub(crate) notes: Grouped<NoteEntry>,
    pub(crate) attributes: Grouped<AttributeEntry>,
    pub(crate) attribute_names: Vec<String>,
    pub(crate) roles: Vec<Role>,
    pub(crate) tree: OnceLock<Tree>,
    /// Whether all that stands below a concept follows it directly.
    pub(crate) nested: bool,
    pub(crate) index: CodeIndex,
    pub(crate) later: OnceLock<LaterTitles>,
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

    /// Whether it is a part of a release only, so that its totals are not those of the authority.
    pub fn is_excerpt(&self) -> bool {
        self.excerpt
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
        let ix = match self.index.find(&self.entries, code.as_str()) {
            Ok(found) => found?,
            Err(()) => {
                let at =
                    self.by_code.binary_search_by(|&ix| self.entries[ix as usize].code.cmp(code)).ok()?;
                self.by_code[at]
            }
        };
        Some(Concept { edition: self, ix: ConceptIx(ix) })
    }

    /// Those of some codes that it does not have, in order.
    pub fn missing<'c>(&self, codes: impl Iterator<Item = &'c Code>) -> Vec<&'c Code> {
        let mut codes: Vec<&Code> = codes.collect();
        if !codes.is_sorted_by(|a, b| a.cmp_by_prefix(b).is_le()) {
            codes.sort_unstable_by(|a, b| a.cmp_by_prefix(b));
        }
        if codes.len() * 16 < self.by_code.len() {
            codes.retain(|code| self.get(code).is_none());
            return codes;
        }
        // Both lie in order, so that one walk finds all.
        let mut held = self.by_code.iter().map(|&ix| &self.entries[ix as usize].code).peekable();
        codes.retain(|code| {
            while held.next_if(|h| h.cmp_by_prefix(code).is_lt()).is_some() {}
            held.peek() != Some(code)
        });
        codes
    }

    /// The concept with a number.
    pub fn at(&self, ix: ConceptIx) -> Concept<'_> {
        assert!(ix.index() < self.entries.len(), "a ConceptIx belongs to the edition that gave it out");
        Concept { edition: self, ix }
    }

    /// The concept at a place in tabular order, from 0.
    pub fn nth(&self, place: u32) -> Concept<'_> {
        self.at(ConceptIx(place))
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

    /// Tells an edition that was read without texts the titles of some of its concepts, in tabular order. Most codes
    /// stay as they are from one edition to the next, and of those nobody asks for the title. What is told later than
    /// the first time is not heard.
    pub fn tell_titles<'t>(&self, titles: impl IntoIterator<Item = (ConceptIx, &'t str)>) {
        let mut later = LaterTitles { of: Vec::new(), text: String::new() };
        for (ix, title) in titles {
            later.of.push((ix, Span { start: later.text.len() as u32, len: title.len() as u32 }));
            later.text.push_str(title);
        }
        later.of.shrink_to_fit();
        later.text.shrink_to_fit();
        let _ = self.later.set(later);
    }

    pub(crate) fn later_title(&self, ix: ConceptIx) -> Option<&str> {
        let later = self.later.get()?;
        let at = later.of.binary_search_by_key(&ix, |(ix, _)| *ix).ok()?;
        let span = later.of[at].1;
        Some(&later.text[span.start as usize..(span.start + span.len) as usize])
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
        if self.nested {
            let inside = |e: &&Entry| e.parent().is_some_and(|parent| parent >= ix);
            let count = self.entries[ix.index() + 1..].iter().take_while(inside).count() as u32;
            return (ix.0 + 1..=ix.0 + count)
                .map(|ix| Concept { edition: self, ix: ConceptIx(ix) })
                .collect();
        }
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
                for notes in &mut notes {
                    notes.sort_by_key(|n| (n.kind, n.text));
                }
                for names in &mut names {
                    names.sort_by_key(|d| (d.role, d.language, d.text));
                }
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

/// Whether all that stands below each entry follows it directly, as in every tabular list: the parent of an entry is the
/// one before it, or stands above that.
pub(crate) fn is_nested(entries: &[Entry]) -> bool {
    entries.iter().enumerate().all(|(i, entry)| {
        let Some(parent) = entry.parent() else { return true };
        let mut at = i.checked_sub(1).map(|before| ConceptIx(before as u32));
        while let Some(above) = at.filter(|above| *above > parent) {
            at = entries[above.index()].parent();
        }
        at == Some(parent)
    })
}

pub(crate) fn tree_of(entries: &[Entry]) -> Tree {
    Tree::new(entries.iter().map(|e| e.parent().map(|p| p.0)))
}
