//! ClaML, the Classification Markup Language (ISO 13120), in its versions 2.0.0 and 3.0: `icd102019en.xml` of the
//! WHO, `icd10gm2025syst_claml_20240913.xml` of BfArM.
//!
//! One flat list of elements under a root:
//!
//! ```text
//! ClaML(version) / Meta(name, value)*, Identifier(authority, uid)*, Title(name, version, date),
//!   ClassKinds / ClassKind(name), UsageKinds / UsageKind(name, mark), RubricKinds / RubricKind(name, inherited),
//!   Modifier(code) / Meta*, SubClass(code)*, Rubric*
//!   ModifierClass(modifier, code, usage) / Meta*, SuperClass(code), SubClass(code)*, Rubric*
//!   Class(code, kind, usage) / Meta*, SuperClass(code)*, SubClass(code)*, ModifiedBy(code, all, position) {
//!       Meta*, ValidModifierClass(code)* }*, ExcludeModifier(code)*, Rubric*
//! Rubric(id, kind, usage) / Label(xml:lang) with text, Reference(class, authority, uid, code, usage), Term(class),
//!   Para(class), Fragment(class, usage, type = list | item), List / ListItem, Table / THead, TBody, TFoot, Row, Cell
//! ```
//!
//! The hierarchy is `SuperClass`; codes made from modifiers are not listed. The DTD is named by its file name and is
//! never looked for: the reader knows the layout. Read as a stream with quick-xml and an explicit stack of states.
//! Labels are kept as a flat list of parts, so that no depth of nesting in a file can exhaust the stack.
//!
//! Source: the DTD `ClaML.dtd` in BfArM's and the WHO's packages, CEN/TS 14463 and ISO 13120:2013.

mod label;
mod read;

use xwalk_model::Position;

use crate::Error;
pub use label::{Element, Label, Part};
pub use read::{heading, looks_like, read};

/// A name and a value; the authorities put into it what the layout has no element for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Its name: `lang`, `usage`, `excludeOnPrecedingModifier`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// An identifier that an authority gave the classification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identifier {
    /// The authority: `WHO`, `BfArM`.
    pub authority: String,
    /// The identifier.
    pub uid: String,
}

/// What classification the file is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    /// The short name: `ICD-10-EN`, `ICD-10-GM`.
    pub name: String,
    /// The version in the authority's words: `2019-covid-expanded`, `2025`.
    pub version: String,
    /// The date, which need not lie in the year of the version.
    pub date: String,
    /// The text of the element.
    pub text: String,
}

/// A kind of classes, usages or rubrics that the file declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// The name that attributes use.
    pub name: String,
    /// The mark of a usage: `*`, `+` or `†`, `!`. Empty for others.
    pub mark: String,
    /// `true` or `false` for rubrics; empty for others.
    pub inherited: String,
    /// What people are shown.
    pub display: String,
}

/// That a modifier applies to a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModifiedBy {
    /// Code of the modifier.
    pub code: String,
    /// `all` as written; the layout's default is `true`.
    pub all: String,
    /// `position` as written.
    pub position: String,
    /// Metadata.
    pub meta: Vec<Meta>,
    /// The modifier classes that apply where `all` is `false`.
    pub valid: Vec<String>,
    /// Where the element begins.
    pub at: Position,
}

/// A title, note or definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rubric {
    /// Its id in the file.
    pub id: String,
    /// Its kind: `preferred`, `inclusion`.
    pub kind: String,
    /// The usage that it alone has.
    pub usage: String,
    /// Its texts; nearly always one.
    pub labels: Vec<Label>,
    /// Where the element begins.
    pub at: Position,
}

/// What was done to an entry, in the authority's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Who did it.
    pub author: String,
    /// When.
    pub date: String,
    /// What.
    pub text: String,
}

/// A `Class`, `Modifier` or `ModifierClass`. A field that the element does not have is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its code as written.
    pub code: String,
    /// Its kind: `chapter`, `block`, `category`. Classes only.
    pub kind: String,
    /// Its usage: `dagger`, `aster`, `optional`.
    pub usage: String,
    /// Code of the modifier that it belongs to. Modifier classes only.
    pub modifier: String,
    /// Metadata.
    pub meta: Vec<Meta>,
    /// Codes above it.
    pub superclasses: Vec<String>,
    /// Codes directly below it.
    pub subclasses: Vec<String>,
    /// Modifiers that apply to it.
    pub modified_by: Vec<ModifiedBy>,
    /// Modifiers of a class above that do not apply to it.
    pub excluded_modifiers: Vec<String>,
    /// Titles and notes in the order of the file.
    pub rubrics: Vec<Rubric>,
    /// Its history.
    pub history: Vec<History>,
    /// Where the element begins.
    pub at: Position,
}

impl Entry {
    /// The first value of a metadata name.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta.iter().find(|m| m.name == name).map(|m| m.value.as_str())
    }
}

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claml {
    /// The version of the layout: `2.0.0`.
    pub version: String,
    /// Metadata of the file.
    pub meta: Vec<Meta>,
    /// Identifiers of the classification.
    pub identifiers: Vec<Identifier>,
    /// Title of the classification.
    pub title: Title,
    /// The kinds of classes.
    pub class_kinds: Vec<Kind>,
    /// The kinds of usages with their marks.
    pub usage_kinds: Vec<Kind>,
    /// The kinds of rubrics.
    pub rubric_kinds: Vec<Kind>,
    /// The modifiers.
    pub modifiers: Vec<Entry>,
    /// The classes of the modifiers.
    pub modifier_classes: Vec<Entry>,
    /// The classes.
    pub classes: Vec<Entry>,
    /// Entries without what they must have, elements that the layout does not name, undeclared entities.
    pub problems: Vec<Error>,
}

impl Claml {
    /// The first value of a metadata name of the file.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta.iter().find(|m| m.name == name).map(|m| m.value.as_str())
    }

    /// The mark that a usage is printed with; empty where the file declares none.
    pub fn mark(&self, usage: &str) -> &str {
        self.usage_kinds.iter().find(|k| k.name == usage).map_or("", |k| &k.mark)
    }
}
