//! What an edition says about one code or grouping.

use serde::{Deserialize, Serialize};

use crate::edition::{ConceptIx, Edition};
use crate::{Code, CodeSystem};

/// What a concept is in its classification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ConceptKind {
    /// A chapter; its key is the authority's chapter number.
    Chapter,
    /// A section or block of categories; its key is a range such as `A00-A09` or a block id.
    Block,
    /// A code, assignable or header.
    Code,
    /// A modifier that is reported together with a code (HCPCS, CPT).
    Modifier,
}

/// Which of a concept's names a designation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    /// The long (full) title.
    Long,
    /// The short title, up to 60 characters in ICD-10-CM, 28 in HCPCS and CPT.
    Short,
    /// The medium descriptor of CPT, up to 48 characters.
    Medium,
    /// The title in the tabular list, with its diacritics.
    Tabular,
    /// A descriptor for patients (CPT).
    Consumer,
    /// A descriptor for clinicians (CPT); a code may have several.
    Clinician,
}

impl Role {
    /// Every role, in the order in which [`Concept::title`] prefers them.
    pub const ALL: [Self; 6] =
        [Self::Long, Self::Tabular, Self::Medium, Self::Short, Self::Consumer, Self::Clinician];

    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Tabular => "tabular",
            Self::Consumer => "consumer",
            Self::Clinician => "clinician",
        }
    }
}

macro_rules! note_kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $label:literal;)*) => {
        /// The kinds of instructional notes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum NoteKind { $($(#[doc = $doc])+ $name,)* }

        impl NoteKind {
            /// Every kind, in the order in which a tabular list prints them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word used in outputs.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// The heading that the tabular list prints.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

note_kinds! {
    /// A condition for which the code is to be used.
    InclusionTerm = "inclusion-term", "Inclusion term";
    /// What a category includes.
    Includes = "includes", "Includes";
    /// Not coded here: never together with the code above.
    Excludes1 = "excludes1", "Excludes1";
    /// Not included here: both codes may be used together.
    Excludes2 = "excludes2", "Excludes2";
    /// An underlying condition is sequenced first.
    CodeFirst = "code-first", "Code first";
    /// A further code is added.
    UseAdditionalCode = "use-additional-code", "Use additional code";
    /// Two codes may be needed, in either order.
    CodeAlso = "code-also", "Code also";
    /// A note of another kind.
    Note = "note", "Note";
    /// What the 7th-character definitions apply to.
    SeventhCharacterNote = "seventh-character-note", "7th character note";
    /// One 7th character and its meaning, written `A: initial encounter`.
    SeventhCharacter = "seventh-character", "7th character";
    /// What a category excludes, in classifications with one kind of exclusion (WHO, BfArM).
    Exclusion = "exclusion", "Excludes";
    /// A definition of the concept.
    Definition = "definition", "Definition";
    /// A hint for coders.
    CodingHint = "coding-hint", "Coding hint";
    /// An introduction to a chapter or block.
    Introduction = "introduction", "Introduction";
    /// A footnote.
    Footnote = "footnote", "Footnote";
}

/// One name of a concept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Designation<'e> {
    /// Which name it is.
    pub role: Role,
    /// BCP 47 language tag.
    pub language: &'e str,
    /// The text, as published but for blanks at its end.
    pub text: &'e str,
}

/// One note of a concept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'e> {
    /// Its kind.
    pub kind: NoteKind,
    /// Its text as published.
    pub text: &'e str,
    /// The codes and ranges that the text names, undotted and as written: `A000`, `T36-T50`, `E08-`; a trailing
    /// dash means the code with its descendants.
    pub refs: &'e [String],
}

/// One attribute of a concept: a fact that is neither a name nor a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'e> {
    /// Its name, in lower case with dashes: `poa-exempt`.
    pub name: &'e str,
    /// Its value as published.
    pub value: &'e str,
}

/// A view of one concept of an edition. `'e` always means "borrowed from the edition".
#[derive(Clone, Copy)]
pub struct Concept<'e> {
    pub(crate) edition: &'e Edition,
    pub(crate) ix: ConceptIx,
}

impl<'e> Concept<'e> {
    /// Its place in the edition.
    pub fn ix(self) -> ConceptIx {
        self.ix
    }

    /// Its code or grouping key.
    pub fn code(self) -> &'e Code {
        &self.edition.entry(self.ix).code
    }

    /// The code as the authority prints it.
    pub fn display(self) -> String {
        if self.kind() == ConceptKind::Code {
            self.code().display(self.system())
        } else {
            self.code().to_string()
        }
    }

    fn system(self) -> CodeSystem {
        self.edition.id().system
    }

    /// What it is.
    pub fn kind(self) -> ConceptKind {
        self.edition.entry(self.ix).kind
    }

    /// Whether it may be used on a claim or certificate.
    pub fn assignable(self) -> bool {
        self.edition.entry(self.ix).assignable
    }

    /// Its names, in the order in which the release gave them.
    pub fn designations(self) -> impl Iterator<Item = Designation<'e>> {
        self.edition.designations_of(self.ix)
    }

    /// The name with a role, in the edition's first language.
    pub fn designation(self, role: Role) -> Option<&'e str> {
        self.edition.designation_of(self.ix, role)
    }

    /// The name to show: the long title where there is one, else the tabular title, else the next best.
    pub fn title(self) -> &'e str {
        let told = Role::ALL.iter().find_map(|&role| self.designation(role));
        told.or_else(|| self.edition.later_title(self.ix)).unwrap_or("")
    }

    /// Its notes, in the order of the tabular list.
    pub fn notes(self) -> impl Iterator<Item = Note<'e>> {
        self.edition.notes_of(self.ix)
    }

    /// Its attributes, ordered by name.
    pub fn attributes(self) -> impl Iterator<Item = Attribute<'e>> {
        self.edition.attributes_of(self.ix)
    }

    /// The value of an attribute.
    pub fn attribute(self, name: &str) -> Option<&'e str> {
        self.attributes().find(|a| a.name == name).map(|a| a.value)
    }

    /// The concept above it.
    pub fn parent(self) -> Option<Concept<'e>> {
        let parent = self.edition.entry(self.ix).parent()?;
        Some(Concept { edition: self.edition, ix: parent })
    }

    /// The concepts directly below it, in tabular order.
    pub fn children(self) -> Vec<Concept<'e>> {
        self.edition.children_of(self.ix)
    }

    /// All concepts below it, in tabular order.
    pub fn descendants(self) -> Vec<Concept<'e>> {
        self.edition.descendants_of(self.ix)
    }

    /// The concepts above it, nearest first.
    pub fn ancestors(self) -> impl Iterator<Item = Concept<'e>> {
        std::iter::successors(self.parent(), |c| c.parent())
    }
}

impl std::fmt::Debug for Concept<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.display(), self.title())
    }
}
