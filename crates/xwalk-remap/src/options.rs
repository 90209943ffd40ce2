//! What is asked for: policy, shape, columns, dialect.

use std::fmt;

use serde::Serialize;

/// Which answers are written. One is always in force, and the summary names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Unchanged and renamed codes that an authority states, and what a reviewer decided. All else stays empty.
    Strict,
    /// The first of the ranked alternatives, marked as chosen where there are others.
    Best,
    /// The only alternative; where there are several they are listed and none is picked.
    All,
}

impl Policy {
    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Best => "best",
            Self::All => "all",
        }
    }
}

/// How answers stand in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// New columns beside each code column.
    Columns,
    /// A row for each alternative, with a row id and a weight; the weights of a row of the input sum to 1.
    Explode,
    /// The target in the place of the code.
    Replace,
}

/// What is told of each answer. Each is a column of its own, named by the code column and the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The target code.
    Target,
    /// The outcome.
    Outcome,
    /// How the target came about: `only`, `chosen`, `reviewed`, `combined`.
    Choice,
    /// How source and target relate, in the words of FHIR R5.
    Relationship,
    /// Number of alternatives.
    Count,
    /// All alternatives, best first.
    Alternatives,
    /// Title of the target.
    Title,
    /// The hops that led to the target.
    Evidence,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Target,
        Self::Outcome,
        Self::Choice,
        Self::Relationship,
        Self::Count,
        Self::Alternatives,
        Self::Title,
        Self::Evidence,
    ];

    /// The word used in names of columns.
    pub fn id(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Outcome => "outcome",
            Self::Choice => "choice",
            Self::Relationship => "relationship",
            Self::Count => "count",
            Self::Alternatives => "alternatives",
            Self::Title => "title",
            Self::Evidence => "evidence",
        }
    }

    /// What is told when nothing else was asked for.
    pub fn defaults(policy: Policy) -> Vec<Self> {
        match policy {
            Policy::Strict => vec![Self::Target, Self::Outcome],
            Policy::Best => vec![Self::Target, Self::Outcome, Self::Choice],
            Policy::All => vec![Self::Target, Self::Outcome, Self::Alternatives],
        }
    }
}

/// Whether target codes are written with their dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dots {
    /// As the authority prints them.
    With,
    /// As claims hold them.
    Without,
}

/// Where the new columns of a code column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Right after it.
    Beside,
    /// After the last column of the table.
    End,
}

/// A column by name, or by number from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName(pub String);

impl fmt::Display for ColumnName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a delimited file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What separates fields.
    pub delimiter: u8,
    /// What encloses fields that hold delimiters or line ends; `None` where quotes are plain text.
    pub quote: Option<u8>,
    /// Whether the first record names the columns.
    pub header: bool,
}

/// What happens to rows that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The run fails at the first.
    Fail,
    /// They are written to a file of their own, as they are.
    Skip,
}

/// What happens to rows of a delimited file with other than the usual number of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ragged {
    /// They are kept as they are, and counted.
    Keep,
    /// They are bad rows.
    Error,
}

/// How a table is remapped.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which answers are written.
    pub policy: Policy,
    /// How they stand in the table.
    pub shape: Shape,
    /// What is told of each, in this order.
    pub fields: Vec<Field>,
    /// Whether codes are written with their dot.
    pub dots: Dots,
    /// Where the new columns stand.
    pub place: Place,
    /// What the names of new columns begin with.
    pub prefix: String,
    /// The columns with codes.
    pub columns: Vec<ColumnName>,
    /// The column with the date on which the codes of a row were in use.
    pub date_column: Option<ColumnName>,
    /// How dates are written.
    pub date_format: crate::DateFormat,
    /// Texts that stand for an empty cell.
    pub nulls: Vec<String>,
    /// Whether codes of a row are combined where an authority states it.
    pub combine: bool,
    /// What happens to bad rows.
    pub on_error: OnError,
    /// What happens to ragged rows.
    pub ragged: Ragged,
    /// Number of threads.
    pub threads: usize,
}
