//! Plain-language feedback on codes: valid on a day or not, why, what to use instead, which notes apply.

mod checker;
mod claims;
mod notes;
mod render;
mod shape;

use jiff::civil::Date;
use serde::Serialize;
use xwalk_model::{CodeSystem, Concept, Edition, EditionId};

pub use checker::{Checker, Successions};
pub use claims::{Cell, ClaimRow, Claims, ClaimsError, ClaimsOptions, suppress};
pub use notes::{Applies, Conflict};
pub use render::{write_csv, write_json, write_text};

/// How a code fares on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It may be used.
    Valid,
    /// It is gone, or became a header, before the day.
    Deleted,
    /// It is a header: a further character is needed.
    Header,
    /// The 7th character is missing, or does not stand in the 7th place.
    SeventhCharacter,
    /// It comes into effect after the day.
    NotYetInEffect,
    /// It is a code of another system, which is not the one in use on the day.
    WrongSystem,
    /// It is written like a code, and no edition that is held has it.
    Unknown,
    /// It is not written like a code.
    Malformed,
    /// No edition that is held was in effect on the day.
    NoEdition,
    /// The date is not one.
    BadDate,
}

impl Reason {
    /// Every reason, in the order in which summaries list them.
    pub const ALL: [Self; 10] = [
        Self::Valid,
        Self::Deleted,
        Self::Header,
        Self::SeventhCharacter,
        Self::NotYetInEffect,
        Self::WrongSystem,
        Self::Unknown,
        Self::Malformed,
        Self::NoEdition,
        Self::BadDate,
    ];

    /// The word in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Deleted => "deleted",
            Self::Header => "header",
            Self::SeventhCharacter => "seventh-character",
            Self::NotYetInEffect => "not-yet-in-effect",
            Self::WrongSystem => "wrong-system",
            Self::Unknown => "unknown",
            Self::Malformed => "malformed",
            Self::NoEdition => "no-edition",
            Self::BadDate => "bad-date",
        }
    }

    /// The reason for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Deleted => "deleted before the date",
            Self::Header => "header, a further character is needed",
            Self::SeventhCharacter => "7th character missing or misplaced",
            Self::NotYetInEffect => "not yet in effect",
            Self::WrongSystem => "code of another system",
            Self::Unknown => "unknown code",
            Self::Malformed => "not written like a code",
            Self::NoEdition => "no edition held for the date",
            Self::BadDate => "not a date",
        }
    }

    /// Whether a payer would deny a claim for it. Where no edition is held, nobody can say.
    pub fn is_denied(self) -> bool {
        !matches!(self, Self::Valid | Self::NoEdition)
    }
}

/// A code to use instead, with its title and on whose word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instead {
    /// The codes; several are needed together.
    pub codes: Vec<(String, String)>,
    /// `official`, `reviewed`, `derived` from the hierarchy, or `inferred`.
    pub basis: &'static str,
    /// Codes that have to be on the record as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
}

/// The answer for a code on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Feedback {
    /// The text as given.
    pub given: String,
    /// The code in display form, where it is one.
    pub code: Option<String>,
    /// The day.
    pub on: Date,
    /// How it fares.
    pub reason: Reason,
    /// The answer in a sentence or two.
    pub sentence: String,
    /// The edition that says so.
    pub edition: Option<EditionId>,
    /// The title in it.
    pub title: Option<String>,
    /// What to use instead; alternatives.
    pub instead: Vec<Instead>,
    /// Number of alternatives, also where not all are listed.
    pub instead_count: usize,
    /// Notes that apply to a valid code.
    pub notes: Vec<Applies>,
    /// What else has to be known.
    pub remarks: Vec<String>,
}

/// A concept with the edition that holds it.
#[derive(Clone, Copy)]
struct Found<'e> {
    edition: &'e Edition,
    concept: Concept<'e>,
}

/// More alternatives than this are counted and not listed.
const LISTED: usize = 24;

/// The system that took over from another in the United States, or that it took over from.
pub fn counterpart(system: CodeSystem) -> Option<CodeSystem> {
    match system {
        CodeSystem::Icd9cm => Some(CodeSystem::Icd10cm),
        CodeSystem::Icd10cm => Some(CodeSystem::Icd9cm),
        CodeSystem::Icd9pcs => Some(CodeSystem::Icd10pcs),
        CodeSystem::Icd10pcs => Some(CodeSystem::Icd9pcs),
        _ => None,
    }
}

fn get<'e>(edition: &'e Edition, code: &xwalk_model::Code) -> Option<Found<'e>> {
    let concept = edition.get(code)?;
    let is_code =
        matches!(concept.kind(), xwalk_model::ConceptKind::Code | xwalk_model::ConceptKind::Modifier);
    is_code.then_some(Found { edition, concept })
}

fn feedback(given: &str, on: Date, reason: Reason, found: Found<'_>) -> Feedback {
    Feedback {
        given: given.to_owned(),
        code: Some(found.concept.display()),
        on,
        reason,
        sentence: String::new(),
        edition: Some(found.edition.id().clone()),
        title: Some(found.concept.title().to_owned()),
        instead: Vec::new(),
        instead_count: 0,
        notes: Vec::new(),
        remarks: Vec::new(),
    }
}

fn instead(concept: Concept<'_>, basis: &'static str) -> Instead {
    Instead { codes: vec![(concept.display(), concept.title().to_owned())], basis, with: Vec::new() }
}

fn day(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}
