//! The headline, and whether the authority's own lists agree with it.

use serde::Serialize;
use xwalk_diff::{Audit, CptHeadline, Verdict};
use xwalk_model::{AddendumKind, Block, CodeSystem, Counted, Counts};

use crate::grouped;

/// One number of the headline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadlineNumber {
    /// `added`, `deleted` or `revised`.
    pub what: &'static str,
    /// The number computed from the two editions.
    pub computed: u64,
    /// The number in the official trailer, where there is one for this change.
    pub official: Option<u64>,
    /// Line of the trailer.
    pub line: Option<u32>,
}

impl HeadlineNumber {
    /// Whether both are there and the same.
    pub fn agrees(&self) -> Option<bool> {
        self.official.map(|official| official == self.computed)
    }
}

/// The headline of a change set, as the authority of the system counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Headline {
    /// Added, deleted, revised.
    pub numbers: [HeadlineNumber; 3],
    /// Codes before and after.
    pub before: u64,
    /// Codes after.
    pub after: u64,
    /// Totals in the official trailer, before and after.
    pub official_totals: [Option<u64>; 2],
    /// Of the revised, those whose titles say the same as before.
    pub editorial: u64,
    /// Of the deleted, those that became headers.
    pub became_header: u64,
    /// Of the added, those that were headers.
    pub became_assignable: u64,
    /// Of the added, those that stood in an earlier edition.
    pub reinstated: u64,
    /// Entities that have another code than before (ICD-11).
    pub recoded: u64,
    /// Headers (in ICD-11 nothing, since they are in the headline): added, deleted, revised.
    pub others: [u64; 3],
    /// The numbers with which the AMA announces an edition of CPT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpt: Option<CptHeadline>,
}

/// One official list and what became of holding it against the editions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfficialList {
    /// Name of the file.
    pub file: String,
    /// Its hash, where it is known.
    pub sha256: String,
    /// What the lines are about, in words.
    pub about: &'static str,
    /// Number of its lines.
    pub lines: usize,
    /// How it compares.
    pub verdict: Verdict,
    /// Counts of its trailer beside those computed: name, official, computed, line.
    pub counts: Vec<(String, u64, Option<u64>, u32)>,
    /// Why numbers differ, each reason once with how many findings it explains.
    pub reasons: Vec<(String, usize)>,
    /// Differences without a known cause, the first of them.
    pub unexplained: Vec<String>,
    /// What a reader has to know.
    pub remarks: Vec<String>,
}

/// What the authority's own lists say of the computed change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// The result in a sentence.
    pub sentence: String,
    /// The worst verdict; `None` where there is no official list.
    pub verdict: Option<Verdict>,
    /// Whether the chapters add up to the headline.
    pub chapters_add_up: bool,
    /// The lists.
    pub lists: Vec<OfficialList>,
}

impl Reconciliation {
    /// Whether a count of the headline differs from the official one without a known cause, or the chapters do not
    /// add up.
    pub fn is_open(&self, headline: &Headline) -> bool {
        let differs = headline.numbers.iter().any(|n| n.agrees() == Some(false));
        !self.chapters_add_up || (differs && self.verdict == Some(Verdict::Disagrees))
    }
}

/// How many unexplained differences a summary shows.
const UNEXPLAINED_SHOWN: usize = 12;

impl Headline {
    pub(super) fn new(
        system: CodeSystem,
        counts: &Counts,
        totals: [xwalk_model::Totals; 2],
        cpt: Option<CptHeadline>,
        audits: &[(Audit, String)],
    ) -> Self {
        let all = counts_all(system);
        let (a, h) = (&counts.assignable, &counts.headers);
        let both = |x: u64, y: u64| if all { x + y } else { x };
        let official = |counted: Counted| {
            audits
                .iter()
                .filter(|(audit, _)| audit.kind == AddendumKind::Order)
                .chain(audits.iter().filter(|(audit, _)| audit.kind == AddendumKind::Codes))
                .flat_map(|(audit, _)| &audit.checks)
                .find(|c| c.block == Block::Codes && c.counted == counted)
        };
        let number = |what, computed, counted| {
            let check = official(counted);
            HeadlineNumber {
                what,
                computed,
                official: check.map(|c| c.official),
                line: check.map(|c| c.at.line),
            }
        };
        let total = |i: usize| both(totals[i].assignable, totals[i].headers);
        Self {
            numbers: [
                number("added", both(a.added, h.added), Counted::Additions),
                number("deleted", both(a.deleted, h.deleted), Counted::Deletions),
                number("revised", both(a.revised.total, h.revised.total), Counted::Revisions),
            ],
            before: total(0),
            after: total(1),
            official_totals: [Counted::BaseTotal, Counted::NewTotal].map(|c| official(c).map(|c| c.official)),
            editorial: both(a.revised.editorial, h.revised.editorial),
            became_header: counts.became_header,
            became_assignable: counts.became_assignable,
            reinstated: counts.reinstated,
            recoded: counts.recoded,
            others: if all { [0; 3] } else { [h.added, h.deleted, h.revised.total] },
            cpt,
        }
    }

    /// The three numbers: added, deleted, revised.
    pub fn computed(&self) -> [u64; 3] {
        [0, 1, 2].map(|i| self.numbers[i].computed)
    }
}

/// Whether the headline of a system counts all codes: WHO counts stem codes and extension codes together.
pub(super) fn counts_all(system: CodeSystem) -> bool {
    system == CodeSystem::Icd11mms
}

/// Puts the audits into words.
pub(super) fn reconcile(
    system: CodeSystem,
    headline: &Headline,
    chapters_add_up: bool,
    audits: &[(Audit, String)],
) -> Reconciliation {
    let lists: Vec<OfficialList> = audits.iter().map(|(audit, sha256)| list(audit, sha256)).collect();
    let verdict = lists.iter().map(|l| l.verdict).max();
    let [added, deleted, revised] = headline.computed().map(grouped);
    let trailer = audits.iter().find(|(audit, _)| {
        audit.checks.iter().any(|c| c.block == Block::Codes && c.counted == Counted::Additions)
    });
    let numbers = headline.numbers.iter().map(HeadlineNumber::agrees);
    let sentence = match trailer {
        Some((audit, _)) if numbers.clone().all(|agrees| agrees == Some(true)) => format!(
            "These numbers agree with the trailer of {}: {added} additions, {deleted} deletions, {revised} revisions.",
            audit.file
        ),
        Some((audit, _)) => {
            let official: Vec<String> = headline
                .numbers
                .iter()
                .filter_map(|n| n.official)
                .zip(["additions", "deletions", "revisions"])
                .map(|(n, what)| format!("{} {what}", grouped(n)))
                .collect();
            let why = match audit.verdict() {
                Verdict::Disagrees => "The cause is not known; the differences are listed under Method and sources.",
                _ => "The cause is known, and is told under Method and sources.",
            };
            format!(
                "These numbers differ from the trailer of {}, which says {}. {why}",
                audit.file,
                official.join(", ")
            )
        }
        None if !lists.is_empty() && system == CodeSystem::Hcpcs => action_codes(audits),
        None => match system {
            CodeSystem::Icd10cm | CodeSystem::Icd10pcs => {
                "No official addendum for this change is held, so these numbers are computed from the two releases \
                 alone."
            }
            _ => {
                "The authority publishes no counts with these files; the numbers are computed from the two releases."
            }
        }
        .to_owned(),
    };
    Reconciliation { sentence, verdict, chapters_add_up, lists }
}

/// HCPCS Level II: what holding each code's action code against the change gave.
fn action_codes(audits: &[(Audit, String)]) -> String {
    let findings = || audits.iter().flat_map(|(audit, _)| &audit.findings);
    let all = findings().count() as u64;
    let unexplained = findings().filter(|f| f.explanation.is_none()).count() as u64;
    let outcome = match (all, unexplained) {
        (0, _) => "they agree".to_owned(),
        (all, 0) => format!("{} codes differ for a known cause", grouped(all)),
        (all, n) => format!("{} codes differ, {} of them without a known cause", grouped(all), grouped(n)),
    };
    format!(
        "The files have no trailer. The change was held against the action code of each code instead: {outcome}; \
         Method and sources lists them."
    )
}

fn list(audit: &Audit, sha256: &str) -> OfficialList {
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for why in audit.findings.iter().filter_map(|f| f.explanation.as_ref()) {
        match reasons.iter_mut().find(|(reason, _)| reason == why) {
            Some((_, number)) => *number += 1,
            None => reasons.push((why.clone(), 1)),
        }
    }
    let block = |b: Block| if b == Block::Codes { "codes" } else { "headers" };
    OfficialList {
        file: audit.file.clone(),
        sha256: sha256.to_owned(),
        about: match audit.kind {
            AddendumKind::Order => "order addendum: codes and headers",
            AddendumKind::Codes => "codes addendum",
            AddendumKind::PoaExempt => "codes exempt from present-on-admission reporting",
            AddendumKind::Transition => "transition table",
            AddendumKind::Conversion => "conversion table",
            AddendumKind::Transactions => "action codes",
        },
        lines: audit.lines,
        verdict: audit.verdict(),
        counts: audit
            .checks
            .iter()
            .map(|c| {
                (format!("{}, {}", block(c.block), c.counted.label()), c.official, c.computed, c.at.line)
            })
            .collect(),
        reasons,
        unexplained: audit
            .findings
            .iter()
            .filter(|f| f.explanation.is_none())
            .take(UNEXPLAINED_SHOWN)
            .map(|f| f.message.clone())
            .collect(),
        remarks: audit.remarks.clone(),
    }
}
