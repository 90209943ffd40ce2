//! An authority's own list of changes, as a value to hold a computed diff against.

use serde::{Deserialize, Serialize};

use crate::{Code, EditionId, Position};

/// What an addendum line says about its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The code is new, or has a new status.
    Add,
    /// The code is gone, or has lost its status.
    Delete,
    /// The titles before.
    ReviseFrom,
    /// The titles after.
    ReviseTo,
    /// Nothing changed; printed for context.
    NoChange,
}

impl Action {
    /// The words that the official files use.
    pub fn label(self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Delete => "Delete",
            Self::ReviseFrom => "Revise from",
            Self::ReviseTo => "Revise to",
            Self::NoChange => "No Change",
        }
    }
}

/// What the lines of an addendum are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddendumKind {
    /// Codes and headers with short and long titles.
    Order,
    /// Assignable codes with long titles.
    Codes,
    /// Codes exempt from present-on-admission reporting.
    PoaExempt,
    /// Every code of an edition with what it becomes in the next (ICD-10-GM).
    Transition,
    /// New codes with the codes used before them.
    Conversion,
    /// The action codes of HCPCS Level II, in the file of a release and in its transaction report.
    Transactions,
}

/// One line of an addendum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddendumEntry {
    /// What happened.
    pub action: Action,
    /// Whether the code is assignable, where the file says so or its layout implies it.
    pub assignable: Option<bool>,
    /// The code.
    pub code: Code,
    /// The short title, where the layout has one.
    pub short: Option<String>,
    /// The long title.
    pub long: String,
    /// The line.
    pub at: Position,
}

/// The block of a trailer that a count stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Codes not valid for submission.
    Headers,
    /// Codes valid for submission.
    Codes,
}

/// What a count of a trailer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// All codes of the baseline.
    BaseTotal,
    /// All codes after.
    NewTotal,
    /// Additions.
    Additions,
    /// Deletions.
    Deletions,
    /// Revisions of a title.
    Revisions,
    /// Of these, both titles.
    BothTitles,
    /// The long title only.
    LongTitle,
    /// The short title only.
    ShortTitle,
}

impl Counted {
    /// The word used in outputs.
    pub fn label(self) -> &'static str {
        match self {
            Self::BaseTotal => "total before",
            Self::NewTotal => "total after",
            Self::Additions => "additions",
            Self::Deletions => "deletions",
            Self::Revisions => "revisions",
            Self::BothTitles => "revisions to both titles",
            Self::LongTitle => "revisions to long title only",
            Self::ShortTitle => "revisions to short title only",
        }
    }
}

/// One count of a trailer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailerCount {
    /// Headers or codes.
    pub block: Block,
    /// What it counts.
    pub counted: Counted,
    /// The number.
    pub number: u64,
    /// The line.
    pub at: Position,
}

/// An authority's list of what changed up to an edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addendum {
    /// The edition that the changes lead to.
    pub to: EditionId,
    /// What the lines are about.
    pub kind: AddendumKind,
    /// Name of the file; of a list split over several files, of the first.
    pub file: String,
    /// Lower-case hexadecimal SHA-256 of the file.
    pub sha256: String,
    /// Its lines in the order of the file.
    pub entries: Vec<AddendumEntry>,
    /// Its trailer; empty where it has none.
    pub trailer: Vec<TrailerCount>,
}

impl Addendum {
    /// A count of the trailer.
    pub fn count(&self, block: Block, counted: Counted) -> Option<&TrailerCount> {
        self.trailer.iter().find(|c| c.block == block && c.counted == counted)
    }
}
