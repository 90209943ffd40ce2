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

#[cfg(test)]
mod tests {
    use xwalk_model::{AddendumEntry, ConceptKind, EditionBuilder, Role, TrailerCount};

    use super::*;

    /// An edition of lines `code, short title, long title`, all assignable.
    fn edition(id: &str, lines: &[(&str, &str, &str)]) -> Edition {
        let mut b = EditionBuilder::new(id.parse().unwrap(), "en");
        for (code, short, long) in lines {
            let ix = b.concept(Code::from_official(code), ConceptKind::Code, true);
            b.designation(ix, Role::Long, long);
            b.designation(ix, Role::Short, short);
        }
        b.build().unwrap()
    }

    fn entry(action: Action, code: &str, short: &str, long: &str, line: u32) -> AddendumEntry {
        AddendumEntry {
            action,
            assignable: Some(true),
            code: Code::from_official(code),
            short: Some(short.into()),
            long: long.into(),
            at: Position { byte: 0, line, column: 1 },
        }
    }

    fn addendum(entries: Vec<AddendumEntry>, counts: &[(Counted, u64)]) -> Addendum {
        let count = |(counted, number): &(Counted, u64)| TrailerCount {
            block: Block::Codes,
            counted: *counted,
            number: *number,
            at: Position { byte: 0, line: 90, column: 1 },
        };
        Addendum {
            to: "icd10cm@2018".parse().unwrap(),
            kind: AddendumKind::Order,
            file: "icd10cm_order_addenda_2018.txt".into(),
            sha256: String::new(),
            entries,
            trailer: counts.iter().map(count).collect(),
        }
    }

    fn explanations(audit: &Audit) -> Vec<Option<&str>> {
        audit.findings.iter().map(|f| f.explanation.as_deref()).collect()
    }

    #[test]
    fn revisions_of_the_short_title_alone_were_not_listed_in_fy2018() {
        let a =
            edition("icd10cm@2017", &[("H3531", "Old short", "Long"), ("Z6830", "[BMI]30.0", "[BMI]30.0")]);
        let b =
            edition("icd10cm@2018", &[("H3531", "New short", "Long"), ("Z6830", "[BMI] 30.0", "[BMI] 30.0")]);
        let audit = audit(&addendum(Vec::new(), &[(Counted::Revisions, 0)]), Some(&a), &b);
        assert_eq!(audit.verdict(), Verdict::Explained);
        let why = explanations(&audit);
        assert!(why[0].unwrap().contains("only the short title changed"), "{why:?}");
        assert!(why.iter().any(|w| w.unwrap().contains("only blanks changed")), "{why:?}");
    }

    #[test]
    fn a_baseline_that_is_not_held_is_proved_and_named() {
        let a = edition("icd10cm@2017", &[("A000", "x", "x")]);
        let b = edition("icd10cm@2018", &[("A000", "x", "x"), ("A001", "y", "y"), ("A002", "z", "z")]);
        // The list counts from an edition with A001, which came in between.
        let entries = vec![entry(Action::Add, "A002", "z", "z", 1)];
        let counts = [(Counted::BaseTotal, 2), (Counted::NewTotal, 3), (Counted::Additions, 1)];
        let audit = audit(&addendum(entries, &counts), Some(&a), &b);
        assert_eq!((audit.verdict(), audit.base_reproduced), (Verdict::Explained, Some(true)));
        assert!(audit.remarks[0].contains("a release in between is missing"), "{:?}", audit.remarks);
    }

    #[test]
    fn what_has_no_cause_disagrees() {
        let a = edition("icd10cm@2017", &[("A000", "x", "x")]);
        let b = edition("icd10cm@2018", &[("A000", "x", "x"), ("A001", "y", "y")]);
        let entries =
            vec![entry(Action::Add, "A001", "y", "Y!", 1), entry(Action::Delete, "A009", "q", "q", 2)];
        let audit = audit(&addendum(entries, &[(Counted::Additions, 2)]), Some(&a), &b);
        assert_eq!(audit.verdict(), Verdict::Disagrees);
        let kinds: Vec<FindingKind> = audit.findings.iter().map(|f| f.kind).collect();
        for kind in [
            FindingKind::NotInEdition,
            FindingKind::NotComputed,
            FindingKind::TrailerDiffersFromList,
            FindingKind::CountDiffers,
        ] {
            assert!(kinds.contains(&kind), "{kind:?} is not in {kinds:?}");
        }
        let deleted = audit.findings.iter().find(|f| f.action == Some(Action::Delete)).unwrap();
        assert_eq!(deleted.at.map(|at| at.line), Some(2));
    }
}
