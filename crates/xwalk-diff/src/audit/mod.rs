//! A computed change set held against the authority's own list, line by line and count by count.

mod attribute;
mod conversion;
mod lines;

pub use conversion::audit_conversion;
use serde::{Deserialize, Serialize};
use xwalk_model::{Action, Addendum, AddendumKind, Block, Code, Counted, Edition, EditionId, Position};

/// The result of an audit as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every line and every count agrees.
    Agrees,
    /// There are differences, and the cause of each is known.
    Explained,
    /// There is a difference without a known cause.
    Disagrees,
}

/// One count of the trailer and what was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Headers or codes.
    pub block: Block,
    /// What is counted.
    pub counted: Counted,
    /// The number in the trailer.
    pub official: u64,
    /// The number of such lines in the list itself; `None` for totals.
    pub listed: Option<u64>,
    /// The number computed from the editions; `None` without a baseline.
    pub computed: Option<u64>,
    /// The line of the trailer.
    pub at: Position,
}

/// What kind of difference a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// The editions differ, and the list does not say so.
    NotListed,
    /// The list names a change that the editions do not show.
    NotComputed,
    /// Both name the change, with different titles.
    TitleDiffers,
    /// A count of the trailer is not the number computed.
    CountDiffers,
    /// The trailer counts other numbers than the list has lines.
    TrailerDiffersFromList,
    /// The list is not consistent with the edition that it leads to.
    NotInEdition,
}

/// One difference between the list and the editions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind it is.
    pub kind: FindingKind,
    /// The code, where it is about one.
    pub code: Option<Code>,
    /// The action, where it is about one.
    pub action: Option<Action>,
    /// The line of the list, where there is one.
    pub at: Option<Position>,
    /// What differs, in words.
    pub message: String,
    /// Why, where it is known. A finding without an explanation is a disagreement.
    pub explanation: Option<String>,
}

/// An addendum held against the editions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Name of the addendum's file.
    pub file: String,
    /// What its lines are about.
    pub kind: AddendumKind,
    /// The baseline that is held, if any.
    pub from: Option<EditionId>,
    /// The edition that the addendum leads to.
    pub to: EditionId,
    /// Number of lines in the list.
    pub lines: usize,
    /// The counts of the trailer.
    pub checks: Vec<Check>,
    /// The differences.
    pub findings: Vec<Finding>,
    /// Whether the addendum, taken back from the edition that it leads to, gives the totals that its trailer states
    /// for the baseline. `None` where there is no such total.
    pub base_reproduced: Option<bool>,
    /// What a reader has to know.
    pub remarks: Vec<String>,
}

impl Audit {
    /// The result as a whole.
    pub fn verdict(&self) -> Verdict {
        if self.findings.is_empty() {
            Verdict::Agrees
        } else if self.findings.iter().all(|f| f.explanation.is_some()) {
            Verdict::Explained
        } else {
            Verdict::Disagrees
        }
    }
}

/// Holds an addendum against the edition that it leads to and, where it is held, the one before.
pub fn audit(addendum: &Addendum, from: Option<&Edition>, to: &Edition) -> Audit {
    let mut result = Audit {
        file: addendum.file.clone(),
        kind: addendum.kind,
        from: from.map(|f| f.id().clone()),
        to: to.id().clone(),
        lines: addendum.entries.len(),
        checks: Vec::new(),
        findings: Vec::new(),
        base_reproduced: None,
        remarks: Vec::new(),
    };
    if addendum.kind == AddendumKind::PoaExempt {
        attribute::audit(addendum, from, to, &mut result);
    } else {
        lines::Auditor { addendum, from, to }.run(&mut result);
    }
    result
}
