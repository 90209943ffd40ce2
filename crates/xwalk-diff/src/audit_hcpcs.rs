//! The action codes of HCPCS Level II held against the computed change and the official transaction report.
//!
//! An action code says what CMS did to a code since the release before, and names one thing even where two changed.
//! Both the file and the report have one for each code; the editions show what did change.

use std::collections::{BTreeMap, BTreeSet};

use xwalk_model::{
    ActionCode, AddendumKind, Code, Concept, ConceptKind, Edition, Position, Role, TransactionReport,
};

use crate::audit::{Audit, Finding, FindingKind};

/// The attributes whose change is told by a `P`: what Medicare pays.
const PAYMENT: [&str; 8] = [
    "pricing-indicators",
    "multiple-pricing-indicator",
    "asc-payment-group",
    "asc-payment-group-date",
    "mog-payment-group",
    "mog-payment-policy",
    "mog-payment-date",
    "anesthesia-base-units",
];
/// The attributes whose change is told by an `F`.
const COVERAGE: [&str; 7] = [
    "coverage-code",
    "coverage-issues-manual",
    "carriers-manual",
    "statute",
    "lab-certification",
    "cross-references",
    "processing-note",
];
/// The attributes whose change is told by a `T`.
const MISCELLANEOUS: [&str; 2] = ["betos", "type-of-service"];

/// Holds the action codes of `to` against the change from `from` and against the transaction report.
pub fn audit_hcpcs(from: Option<&Edition>, to: &Edition, report: Option<&TransactionReport>) -> Audit {
    let mut result = Audit {
        file: report.map_or_else(
            || to.sources().first().map(|s| s.name.clone()).unwrap_or_default(),
            |r| r.file.clone(),
        ),
        kind: AddendumKind::Transactions,
        from: from.map(|f| f.id().clone()),
        to: to.id().clone(),
        lines: report.map_or(to.len(), |r| r.entries.len()),
        checks: Vec::new(),
        findings: Vec::new(),
        base_reproduced: None,
        remarks: vec![letters(to)],
    };
    if let Some(report) = report {
        against_report(report, to, &mut result);
    }
    match from {
        Some(from) => Comparing { from, to, result: &mut result }.run(),
        None => result.remarks.push(
            "no earlier edition is held; the report was held against the action codes of the file only"
                .into(),
        ),
    }
    result
}

/// How often each action code stands in the edition: `codes A 219, B 1 …; modifiers A 9, …`.
fn letters(to: &Edition) -> String {
    let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for concept in to.concepts() {
        let modifier = concept.kind() == ConceptKind::Modifier;
        *counts.entry((modifier, concept.attribute(ACTION).unwrap_or("none"))).or_default() += 1;
    }
    let list = |modifier: bool| {
        let of = counts.iter().filter(|((m, _), _)| *m == modifier);
        of.map(|((_, letter), n)| format!("{letter} {n}")).collect::<Vec<_>>().join(", ")
    };
    format!("action codes in the file: codes {}; modifiers {}", list(false), list(true))
}

const ACTION: &str = "action-code";

fn action_of(concept: Concept<'_>) -> Option<ActionCode> {
    concept.attribute(ACTION).and_then(ActionCode::of_letter)
}

fn finding(
    kind: FindingKind,
    code: &Code,
    at: Option<Position>,
    message: String,
    explanation: Option<String>,
) -> Finding {
    Finding { kind, code: Some(code.clone()), action: None, at, message, explanation }
}

/// The file and the report have to name the same codes and the same action for each.
fn against_report(report: &TransactionReport, to: &Edition, result: &mut Audit) {
    let mut listed: BTreeSet<&Code> = BTreeSet::new();
    for entry in &report.entries {
        listed.insert(&entry.code);
        let problem = match to.get(&entry.code) {
            None => Some(format!("{} is reported and not in {}", entry.code, to.id())),
            Some(concept) if action_of(concept) != Some(entry.action) => Some(format!(
                "{} is reported as {} ({}) and has the action code {} in the file",
                entry.code,
                entry.action.letter(),
                entry.action.about(),
                concept.attribute(ACTION).unwrap_or("none")
            )),
            Some(_) => None,
        };
        if let Some(message) = problem {
            result.findings.push(finding(
                FindingKind::NotInEdition,
                &entry.code,
                Some(entry.at),
                message,
                None,
            ));
        }
    }
    for concept in to.by_code().filter(|c| !listed.contains(c.code())) {
        let message = format!("{} is in {} and not reported", concept.code(), to.id());
        result.findings.push(finding(FindingKind::NotListed, concept.code(), None, message, None));
    }
}

struct Comparing<'a> {
    from: &'a Edition,
    to: &'a Edition,
    result: &'a mut Audit,
}

impl Comparing<'_> {
    fn run(mut self) {
        let (from, to) = (self.from, self.to);
        for new in to.by_code() {
            match from.get(new.code()) {
                None => self.added(new),
                Some(old) => self.kept(old, new),
            }
        }
        for old in from.by_code().filter(|c| to.get(c.code()).is_none()) {
            self.gone(old);
        }
    }

    fn push(&mut self, kind: FindingKind, code: &Code, message: String, explanation: Option<String>) {
        self.result.findings.push(finding(kind, code, None, message, explanation));
    }

    /// Why an action is not counted from the edition that is held. There are four releases a year, and a file is
    /// published before it is in effect, so that late changes have the day on which it came into effect.
    fn between(&self, what: &str, old: Option<&str>, new: Option<&str>) -> Option<String> {
        let first = |edition: &Edition| edition.effective().from.map(|d| d.strftime("%Y%m%d").to_string());
        let (day, after, before) = (new?, first(self.from)?, first(self.to)?);
        if after.as_str() < day && day < before.as_str() {
            return Some(format!(
                "{what} by an update between the two releases; the action code counts from the last of them"
            ));
        }
        (day == after && old != new).then(|| {
            format!(
                "{what} with effect from {day}, when the files of {} were published already",
                self.from.id()
            )
        })
    }

    /// Why, by the first day on which the last action had effect.
    fn by_update(&self, new: Concept<'_>) -> Option<String> {
        let name = "action-effective-date";
        let old = self.from.get(new.code()).and_then(|c| c.attribute(name));
        self.between("changed", old, new.attribute(name))
    }

    fn added(&mut self, new: Concept<'_>) {
        if action_of(new) == Some(ActionCode::Add) {
            return;
        }
        let message = format!(
            "{} is not in {} and has the action code {}, not A",
            new.code(),
            self.from.id(),
            new.attribute(ACTION).unwrap_or("none")
        );
        let why = self.between("added", None, new.attribute("add-date"));
        self.push(FindingKind::NotListed, new.code(), message, why);
    }

    fn gone(&mut self, old: Concept<'_>) {
        let why = old.attribute("termination-date").map(|day| {
            format!("terminated codes leave the file after some years; this one was terminated on {day}")
        });
        let message = format!("{} is in {} and no longer in {}", old.code(), self.from.id(), self.to.id());
        self.push(FindingKind::NotListed, old.code(), message, why);
    }

    fn kept(&mut self, old: Concept<'_>, new: Concept<'_>) {
        let changed = changes(old, new);
        let Some(action) = action_of(new) else {
            let message = format!("{} has no action code that is known", new.code());
            return self.push(FindingKind::NotInEdition, new.code(), message, None);
        };
        let told = match action {
            ActionCode::NoChange => BTreeSet::new(),
            ActionCode::CoverageAndLong => BTreeSet::from([ActionCode::Coverage, ActionCode::Long]),
            other => BTreeSet::from([other]),
        };
        let not_shown: Vec<ActionCode> = told.difference(&changed).copied().collect();
        if !not_shown.is_empty() {
            let message = format!(
                "{} has the action code {}, but the editions do not show that it was {}",
                new.code(),
                action.letter(),
                words(&not_shown)
            );
            let why = self
                .by_update(new)
                .or_else(|| (action == ActionCode::Add).then(|| self.already_held(new)).flatten());
            self.push(FindingKind::NotComputed, new.code(), message, why);
        }
        // The long and the short description are mostly changed together, and C stands for both.
        let covered = |c: &ActionCode| {
            told.contains(c)
                || (*c == ActionCode::Short && told.contains(&ActionCode::Long))
                || action == ActionCode::Discontinue
                || action == ActionCode::Add
        };
        let silent: Vec<ActionCode> = changed.iter().filter(|c| !covered(c)).copied().collect();
        if !silent.is_empty() {
            let message = format!(
                "{} has the action code {}, but the editions show: {}",
                new.code(),
                action.letter(),
                words(&silent)
            );
            let why = self.by_update(new).or_else(|| {
                (!told.is_empty())
                    .then(|| "an action code names one change where several were made".to_owned())
            });
            self.push(FindingKind::NotListed, new.code(), message, why);
        }
    }

    /// A code that was published early: its add date lies at or before the edition that has it.
    fn already_held(&self, new: Concept<'_>) -> Option<String> {
        let day = new.attribute("add-date")?;
        let old = self.from.get(new.code())?.attribute("add-date")?;
        (day != old)
            .then(|| format!("{} has the add date {old} for it, {} has {day}", self.from.id(), self.to.id()))
    }
}

fn words(actions: &[ActionCode]) -> String {
    actions.iter().map(|a| a.about()).collect::<Vec<_>>().join(" and ")
}

/// What differs between two editions of a code, in the words of action codes.
fn changes(old: Concept<'_>, new: Concept<'_>) -> BTreeSet<ActionCode> {
    let mut found = BTreeSet::new();
    // Runs of blanks differ between releases without a change being meant.
    let text = |c: Concept<'_>, role| {
        c.designation(role).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let differs = |names: &[&str]| names.iter().any(|name| old.attribute(name) != new.attribute(name));
    if text(old, Role::Long) != text(new, Role::Long) {
        found.insert(ActionCode::Long);
    }
    if text(old, Role::Short) != text(new, Role::Short) {
        found.insert(ActionCode::Short);
    }
    if differs(&PAYMENT) {
        found.insert(ActionCode::Payment);
    }
    if differs(&COVERAGE) {
        found.insert(ActionCode::Coverage);
    }
    if differs(&MISCELLANEOUS) {
        found.insert(ActionCode::Miscellaneous);
    }
    match (old.attribute("termination-date"), new.attribute("termination-date")) {
        (None, Some(_)) => {
            found.insert(ActionCode::Discontinue);
        }
        (Some(_), None) => {
            found.insert(ActionCode::Reactivate);
        }
        _ => {}
    }
    // A number given to another service: the code is added anew.
    if old.attribute("add-date") != new.attribute("add-date") {
        found.insert(ActionCode::Add);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Verdict;
    use xwalk_model::{EditionBuilder, Period, Transaction};

    type Line = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

    fn edition(year: i16, lines: &[Line]) -> Edition {
        let mut builder = EditionBuilder::new(format!("hcpcs@{year}").parse().unwrap(), "en");
        let from = jiff::civil::Date::new(year, 1, 1).ok();
        builder.effective(Period { from, to: None });
        for (code, long, attributes) in lines {
            let ix = builder.concept(Code::from_official(code), ConceptKind::Code, true);
            builder.designation(ix, Role::Long, long);
            for (name, value) in *attributes {
                builder.attribute(ix, name, value);
            }
        }
        builder.build().unwrap()
    }

    #[track_caller]
    fn check(from: &[Line], to: &[Line], expected: &[&str]) -> Audit {
        let audit = audit_hcpcs(Some(&edition(2018, from)), &edition(2019, to), None);
        let found: Vec<&str> = audit.findings.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(found, expected);
        audit
    }

    #[test]
    fn what_agrees_is_not_told() {
        check(
            &[("A1000", "Old", &[(ACTION, "N")]), ("A1001", "Same", &[(ACTION, "A")])],
            &[
                ("A1000", "New", &[(ACTION, "C")]),
                ("A1001", "Same", &[(ACTION, "D"), ("termination-date", "20181231")]),
                ("A1002", "Added", &[(ACTION, "A")]),
            ],
            &[],
        );
    }

    #[test]
    fn each_disagreement_is_told() {
        let audit = check(
            &[
                ("A1000", "Same", &[]),
                ("A1001", "Old", &[]),
                ("A1003", "Gone", &[("termination-date", "20131231")]),
            ],
            &[
                ("A1000", "Same", &[(ACTION, "P")]),
                ("A1001", "New", &[(ACTION, "N"), ("action-effective-date", "20180401")]),
                ("A1002", "Added", &[(ACTION, "N"), ("add-date", "20180701")]),
            ],
            &[
                "A1000 has the action code P, but the editions do not show that it was payment changed",
                "A1001 has the action code N, but the editions show: long description changed",
                "A1002 is not in hcpcs@2018 and has the action code N, not A",
                "A1003 is in hcpcs@2018 and no longer in hcpcs@2019",
            ],
        );
        let explained: Vec<bool> = audit.findings.iter().map(|f| f.explanation.is_some()).collect();
        assert_eq!(explained, [false, true, true, true]);
        assert_eq!(audit.verdict(), Verdict::Disagrees);
    }

    #[test]
    fn the_report_is_held_against_the_file() {
        let to = edition(2019, &[("A1000", "T", &[(ACTION, "A")]), ("A1001", "T", &[(ACTION, "N")])]);
        let entry = |code: &str, action| Transaction {
            code: Code::from_official(code),
            action,
            at: Position { byte: 0, line: 2, column: 1 },
        };
        let report = TransactionReport {
            to: to.id().clone(),
            file: "report.xlsx".into(),
            sha256: String::new(),
            entries: vec![entry("A1000", ActionCode::Payment), entry("A1002", ActionCode::Add)],
        };
        let audit = audit_hcpcs(None, &to, Some(&report));
        let found: Vec<&str> = audit.findings.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(
            found,
            [
                "A1000 is reported as P (payment changed) and has the action code A in the file",
                "A1002 is reported and not in hcpcs@2019",
                "A1001 is in hcpcs@2019 and not reported",
            ]
        );
    }
}
