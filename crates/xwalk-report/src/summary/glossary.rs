//! The words a student meets in a summary.

use serde::Serialize;
use xwalk_model::CodeSystem;

/// A word with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Term {
    /// The word.
    pub term: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn term(term: &'static str, meaning: &'static str) -> Term {
    Term { term, meaning }
}

const COMMON: &[Term] = &[
    term(
        "Addition",
        "A code that the earlier edition does not have. It may be used from the first day of the later edition.",
    ),
    term(
        "Assignable code",
        "A code that may stand on a claim or a certificate; also called valid or billable. It has no further character to choose.",
    ),
    term(
        "Baseline",
        "The edition that the changes are counted from. The same year gives other numbers from another baseline, which is the usual cause when two published tables disagree.",
    ),
    term("Deletion", "A code that may not be used any more: it is gone, or it became a header."),
    term(
        "Editorial revision",
        "A title that is written differently and means the same: blanks, capitals, punctuation, spelling, or the order of the words.",
    ),
    term(
        "Effective date",
        "The day from which an edition is in force. The day of the service, not of the claim, decides.",
    ),
    term("Revision", "The code stayed and its title says something else."),
    term("Successor", "The code, or the choice of codes, to use in place of one that was deleted."),
];

const HEADERS: &[Term] = &[
    term(
        "Became a header",
        "A code that was split: new codes with one more character stand below it, and it may not be used itself. Among the assignable codes it counts as a deletion, among the headers as an addition.",
    ),
    term(
        "Header",
        "A category that only groups the codes below it. A claim with a header is denied: a further character is needed.",
    ),
    term(
        "Scope loss",
        "A code that stayed, with the same title, while new codes were carved out of it: it means less than before. Lists that hold it miss what moved to the new codes.",
    ),
];

const CM: &[Term] = &[
    term(
        "Addendum, trailer",
        "The authority's own list of changes, published with a release. The trailer at its end counts additions, deletions and revisions.",
    ),
    term("Code first", "An instruction: the underlying condition is sequenced before this code."),
    term("Excludes1", "A note that means not coded here: the two conditions are never coded together."),
    term(
        "Excludes2",
        "A note that means not included here: the patient may have both conditions, and then both codes are used. A move from Excludes1 to Excludes2 allows a pair that was denied before.",
    ),
    term(
        "Inclusion term",
        "A condition for which a code is used, printed below its title. The list is not complete.",
    ),
    term(
        "7th character, placeholder X",
        "Some codes need a 7th character, for instance for the encounter. Where a code has fewer than six characters, X fills the places between.",
    ),
    term("Use additional code", "An instruction: a second code is added if it applies."),
];

const PCS: &[Term] = &[
    term(
        "Axis",
        "Each of the seven characters of a code: section, body system, operation, body part, approach, device, qualifier.",
    ),
    term("Table", "The first three characters. A code is built from one row of its table."),
];

const HCPCS: &[Term] = &[
    term(
        "Action code",
        "What CMS says it did to a code since the release before: A added, D deleted, C or S changed, N nothing.",
    ),
    term(
        "Modifier",
        "Two characters that are reported together with a code. Modifiers are not counted as codes.",
    ),
    term(
        "Terminated code",
        "A deleted code: it stays in the file with the date after which it may not be used.",
    ),
];

const CPT: &[Term] = &[
    term("Add-on code (+)", "A code that is only reported together with that of a primary procedure."),
    term("New code (\u{25cf})", "A code that the annual file before does not have."),
    term("Resequenced code (#)", "A code that stands out of numeric order, beside the codes it belongs to."),
    term("Revised code (\u{25b2})", "A code whose descriptor was altered so that it means something else."),
    term(
        "Revised text (\u{25b6}\u{25c0})",
        "Altered text that the AMA does not mark as a revision of the code.",
    ),
];

const ICD11: &[Term] = &[
    term("Extension code", "A code of chapter X that adds detail to a stem code and is never used alone."),
    term(
        "Foundation entity",
        "A condition in the foundation of ICD-11. It keeps its identity when its code changes.",
    ),
    term("Recoded", "The same entity has another code than before."),
    term("Stem code", "A code that can be used alone."),
];

/// The glossary of a system, in alphabetical order.
pub(super) fn terms(system: CodeSystem) -> Vec<Term> {
    let own: &[&[Term]] = match system {
        CodeSystem::Icd10cm => &[HEADERS, CM],
        CodeSystem::Icd10pcs => &[HEADERS, PCS],
        CodeSystem::Hcpcs => &[HCPCS],
        CodeSystem::Cpt => &[CPT],
        CodeSystem::Icd11mms => &[ICD11],
        _ => &[HEADERS],
    };
    let mut all: Vec<Term> = COMMON.iter().chain(own.iter().copied().flatten()).copied().collect();
    all.sort_by_key(|t| t.term.to_lowercase());
    all
}
