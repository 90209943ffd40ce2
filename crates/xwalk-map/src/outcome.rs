//! The typed answer for one code: what happened to it, its alternatives, and on whose word.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use xwalk_model::{Code, EditionId, Relationship};

/// What happened to a code on its way. Every input has one; nothing is echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Valid in both editions, and no map says otherwise.
    Unchanged,
    /// One target of the same meaning under another code.
    Renamed,
    /// One target that takes over; its meaning is not stated to be the same.
    Replaced,
    /// Several alternatives to choose from.
    Split,
    /// One target that other codes are carried to as well.
    Merged,
    /// At least one alternative needs several codes together.
    Combination,
    /// A header: it stands in the source edition and may not be used on a claim.
    Header,
    /// It was valid, is not any more, and no authority states a successor.
    DeletedWithoutSuccessor,
    /// The map states that there is no target, or says nothing about the code.
    NoMap,
    /// No edition of the system that is held has it.
    Unknown,
    /// Not written like a code of the system.
    Malformed,
    /// Another edition has it, the one in force on the date has not.
    NotValidOnDate,
    /// Assignable in two systems, and neither a date nor a system was given.
    AmbiguousSystem,
    /// More alternatives than were asked for; only their number is told.
    TooWide,
}

impl Outcome {
    /// Every outcome, in the order in which summaries list them.
    pub const ALL: [Self; 14] = [
        Self::Unchanged,
        Self::Renamed,
        Self::Replaced,
        Self::Split,
        Self::Merged,
        Self::Combination,
        Self::Header,
        Self::DeletedWithoutSuccessor,
        Self::NoMap,
        Self::Unknown,
        Self::Malformed,
        Self::NotValidOnDate,
        Self::AmbiguousSystem,
        Self::TooWide,
    ];

    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Renamed => "renamed",
            Self::Replaced => "replaced",
            Self::Split => "split",
            Self::Merged => "merged",
            Self::Combination => "combination",
            Self::Header => "header",
            Self::DeletedWithoutSuccessor => "deleted-without-successor",
            Self::NoMap => "no-map",
            Self::Unknown => "unknown",
            Self::Malformed => "malformed",
            Self::NotValidOnDate => "not-valid-on-date",
            Self::AmbiguousSystem => "ambiguous-system",
            Self::TooWide => "too-wide",
        }
    }

    /// Whether the code was carried somewhere.
    pub fn is_mapped(self) -> bool {
        matches!(
            self,
            Self::Unchanged | Self::Renamed | Self::Replaced | Self::Split | Self::Merged | Self::Combination
        )
    }
}

/// On what ground an alternative stands. The first is the strongest; a chain is as strong as its weakest hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Both editions hold the code, and nothing says otherwise.
    Identity,
    /// A person decided it.
    Reviewed,
    /// An authority states it.
    Official,
    /// It follows from the structure of the editions: a code that became a header is its children.
    Derived,
    /// An inference, applied only when asked for.
    Inferred,
}

impl Basis {
    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Reviewed => "reviewed",
            Self::Official => "official",
            Self::Derived => "derived",
            Self::Inferred => "inferred",
        }
    }
}

/// One hop of an alternative that changed something. Steps over which the code stayed as it was have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Number of the step of the route, from 0.
    pub step: u16,
    /// Index of the file in the sources of the step's map; `u16::MAX` where the hop is not read from a file.
    pub file: u16,
    /// Line of the file, in a workbook the row; 0 where the hop is not read from a file.
    pub line: u32,
    /// The flags and words as published.
    pub flags: CompactString,
    /// On what ground the hop stands.
    pub basis: Basis,
    /// Whether the row was read from target to source.
    pub reversed: bool,
}

impl Hop {
    /// Marks a hop that does not come from a file.
    pub const NO_FILE: u16 = u16::MAX;
}

/// One way to carry a code: one code from each slot, together. Alternatives of a code are OR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The slots; each lists the codes to choose from. A plain target is one slot with one code.
    pub targets: Vec<Vec<Code>>,
    /// How the source relates to the targets.
    pub relationship: Relationship,
    /// The weakest ground of its hops.
    pub basis: Basis,
    /// Whether every hop is stated to be automatic (the flags of transition tables), or kept the code as it was.
    pub automatic: bool,
    /// The hops that changed something, in order.
    pub hops: Vec<Hop>,
    /// Number of further ways that lead to the same targets.
    pub further_paths: u32,
    /// Why it stands where it stands in the ranking.
    pub rank: Rank,
}

impl Alternative {
    /// The target, where it is a single code.
    pub fn single(&self) -> Option<&Code> {
        match &self.targets[..] {
            [slot] if slot.len() == 1 => slot.first(),
            _ => None,
        }
    }

    /// All its codes.
    pub fn codes(&self) -> impl Iterator<Item = &Code> {
        self.targets.iter().flatten()
    }
}

/// What decides the place of an alternative, most important first. Lower is better in each field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// 0 identity, 1 reviewed, 2 official, 3 derived, 4 inferred.
    pub ground: u8,
    /// With the user's own volumes: 0 for what is used most, counting up, `u32::MAX` for what is not used; else 0.
    pub volume: u32,
    /// 1000 less the score of an inference, in thousandths; 0 for what is not inferred.
    pub doubt: u16,
    /// 0 equivalent, 1 narrower or broader, 2 related.
    pub exactness: u8,
    /// 1 for a combination, which needs more codes than one.
    pub combined: u8,
    /// 1 where the reverse map does not come back to the source.
    pub one_way: u8,
    /// 1000 less the likeness of the titles, in thousandths; more where the specificity differs.
    pub unlike: u16,
    /// 1 where an unspecified source meets a specified target, or the other way round.
    pub specificity: u8,
}

/// What a reader of an answer has to know beyond it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The code survived, but new codes were carved out of it: it means less than before.
    ScopeLost {
        /// The edition from which on it means less.
        at: EditionId,
        /// The new codes.
        into: Vec<Code>,
    },
    /// An authority states the target only for the code together with others.
    Together {
        /// The target.
        target: Code,
        /// The codes of the other slots.
        with: Vec<Vec<Code>>,
    },
    /// One of the ways ended: the code on it has nothing in the edition after.
    Ended {
        /// The code that the way had got to.
        code: Code,
        /// The edition in which it stood.
        edition: EditionId,
        /// The edition that has nothing for it.
        to: EditionId,
    },
}

/// The answer for one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The text as given.
    pub source: String,
    /// The code it was read as.
    pub code: Option<Code>,
    /// The edition in which it was looked up.
    pub edition: Option<EditionId>,
    /// What happened.
    pub outcome: Outcome,
    /// Why, in words; empty where the outcome says it all.
    pub reason: String,
    /// The alternatives, best first. Empty where there are none, and where there are too many.
    pub alternatives: Vec<Alternative>,
    /// Number of alternatives, also where there are too many to list.
    pub count: usize,
    /// What else has to be known.
    pub warnings: Vec<Warning>,
}

impl Resolution {
    /// Whether the code stays as it is over the whole route: no step says anything about it.
    pub fn is_same(&self) -> bool {
        let untouched = |a: &Alternative| a.hops.is_empty() && a.basis == Basis::Identity;
        self.outcome == Outcome::Unchanged && matches!(&self.alternatives[..], [only] if untouched(only))
    }

    /// An answer without alternatives.
    pub(crate) fn bare(
        source: String,
        code: Option<Code>,
        edition: Option<EditionId>,
        outcome: Outcome,
        reason: String,
    ) -> Self {
        Self {
            source,
            code,
            edition,
            outcome,
            reason,
            alternatives: Vec::new(),
            count: 0,
            warnings: Vec::new(),
        }
    }
}
