//! Order and codes addenda: every line and every count of the trailer.

use std::collections::BTreeMap;

use xwalk_model::{
    Action, Addendum, AddendumEntry, AddendumKind, Block, Code, Concept, ConceptKind, Counted, Edition, Role,
    calendar,
};

use super::{Audit, Check, Finding, FindingKind};

/// A change in the words of an addendum: action, status and code.
type Key = (Action, bool, Code);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Titles {
    short: Option<String>,
    long: String,
}

/// An addendum with the editions that it stands between.
pub(super) struct Auditor<'a> {
    pub(super) addendum: &'a Addendum,
    pub(super) from: Option<&'a Edition>,
    pub(super) to: &'a Edition,
}

impl Auditor<'_> {
    pub(super) fn run(&self, result: &mut Audit) {
        self.check_against_edition(result);
        let missing = self.missing_base(result);
        if let Some(from) = self.from {
            let computed = self.computed(from);
            self.compare_lines(from, &computed, missing.as_deref(), result);
            self.check_trailer(Some((&computed, from)), missing.as_deref(), result);
        } else {
            result
                .remarks
                .push("no earlier edition is held; the list was held against its own edition only".into());
            self.check_trailer(None, None, result);
        }
    }

    fn short_titles(&self) -> bool {
        self.addendum.kind == AddendumKind::Order
    }

    fn titles(&self, concept: Concept<'_>) -> Titles {
        let long = concept.designation(Role::Long).unwrap_or_default().to_owned();
        let short = concept.designation(Role::Short).filter(|_| self.short_titles());
        Titles { short: short.map(str::to_owned), long }
    }

    fn counts(&self, concept: Concept<'_>) -> bool {
        concept.kind() == ConceptKind::Code && (self.short_titles() || concept.assignable())
    }

    /// The lines that the authority would write for the change between the two editions.
    fn computed(&self, from: &Edition) -> BTreeMap<Key, Titles> {
        let mut lines = BTreeMap::new();
        for old in from.by_code().filter(|c| self.counts(*c)) {
            let code = old.code().clone();
            let titles = self.titles(old);
            match self.to.get(&code).filter(|new| new.assignable() == old.assignable()) {
                None => {
                    lines.insert((Action::Delete, old.assignable(), code), titles);
                }
                Some(new) => {
                    let now = self.titles(new);
                    if now != titles {
                        lines.insert((Action::ReviseFrom, old.assignable(), code.clone()), titles);
                        lines.insert((Action::ReviseTo, old.assignable(), code), now);
                    }
                }
            }
        }
        for new in self.to.by_code().filter(|c| self.counts(*c)) {
            if from.get(new.code()).is_none_or(|old| old.assignable() != new.assignable()) {
                lines.insert((Action::Add, new.assignable(), new.code().clone()), self.titles(new));
            }
        }
        lines
    }

    fn status(&self, entry: &AddendumEntry) -> bool {
        entry.assignable.unwrap_or_else(|| self.to.get(&entry.code).is_some_and(Concept::assignable))
    }

    /// Every Add and Revise to must be in the edition; no Delete may be.
    fn check_against_edition(&self, result: &mut Audit) {
        for entry in &self.addendum.entries {
            let status = self.status(entry);
            let held = self.to.get(&entry.code).filter(|c| c.assignable() == status);
            let problem = match (entry.action, held) {
                (Action::Add | Action::ReviseTo | Action::NoChange, None) => {
                    Some("is not in the edition with this status")
                }
                (Action::Delete, Some(_)) => Some("is still in the edition with this status"),
                (Action::Add | Action::ReviseTo, Some(concept)) => {
                    let titles = self.titles(concept);
                    let same =
                        entry.long == titles.long && (entry.short.is_none() || entry.short == titles.short);
                    (!same).then_some("has another title in the edition")
                }
                _ => None,
            };
            if let Some(problem) = problem {
                result.findings.push(Finding {
                    kind: FindingKind::NotInEdition,
                    code: Some(entry.code.clone()),
                    action: Some(entry.action),
                    at: Some(entry.at),
                    message: format!("{} {}", self.display(&entry.code), problem),
                    explanation: None,
                });
            }
        }
    }

    fn display(&self, code: &Code) -> String {
        code.display(self.to.id().system)
    }

    fn listed(&self, action: Action, status: bool) -> u64 {
        let matches = |e: &&AddendumEntry| e.action == action && self.status(e) == status;
        self.addendum.entries.iter().filter(matches).count() as u64
    }

    /// Why the baseline that is held is not the one the authority counted from, when that can be shown.
    fn missing_base(&self, result: &mut Audit) -> Option<String> {
        let totals = self.to.totals();
        let mut reproduced = None;
        let mut differs = Vec::new();
        for (block, status, now) in
            [(Block::Headers, false, totals.headers), (Block::Codes, true, totals.assignable)]
        {
            let Some(stated) = self.addendum.count(block, Counted::BaseTotal).map(|c| c.number) else {
                continue;
            };
            let base =
                (now + self.listed(Action::Delete, status)).checked_sub(self.listed(Action::Add, status));
            reproduced = Some(reproduced.unwrap_or(true) && base == Some(stated));
            if let Some(from) = self.from {
                let held = from.totals();
                let held = if status { held.assignable } else { held.headers };
                let what = if status { "codes" } else { "headers" };
                if held != stated {
                    differs.push(format!("{stated} {what} where {} has {held}", from.id()));
                }
            }
        }
        result.base_reproduced = reproduced;
        if differs.is_empty() || reproduced != Some(true) {
            return None;
        }
        let known: Vec<String> = self
            .from
            .map(|from| calendar::releases_between(from.id(), self.to.id()))
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect();
        let hint = if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) };
        result.remarks.push(format!(
            "a release in between is missing{hint}: the list counts from a baseline of {}; taken back from {}, it \
             gives exactly the totals of that baseline",
            differs.join(" and "),
            self.to.id()
        ));
        Some(format!("the release{hint} that the list counts from is not held"))
    }

    fn compare_lines(
        &self,
        from: &Edition,
        computed: &BTreeMap<Key, Titles>,
        missing: Option<&str>,
        result: &mut Audit,
    ) {
        let mut listed: BTreeMap<Key, &AddendumEntry> = BTreeMap::new();
        for entry in &self.addendum.entries {
            if entry.action == Action::NoChange {
                self.check_unchanged(from, entry, missing, result);
                continue;
            }
            listed.insert((entry.action, self.status(entry), entry.code.clone()), entry);
        }
        let short_only_listed = Self::lists_short_only(&listed);
        for ((action, status, code), titles) in computed {
            match listed.get(&(*action, *status, code.clone())) {
                None => {
                    let explanation = self
                        .why_not_listed(from, *action, *status, code, short_only_listed)
                        .or_else(|| missing.map(str::to_owned));
                    result.findings.push(Finding {
                        kind: FindingKind::NotListed,
                        code: Some(code.clone()),
                        action: Some(*action),
                        at: None,
                        message: format!(
                            "{} {} is computed and not listed",
                            action.label(),
                            self.display(code)
                        ),
                        explanation,
                    });
                }
                Some(entry) => {
                    let same =
                        entry.long == titles.long && (entry.short.is_none() || entry.short == titles.short);
                    // What leads to the edition was compared with the edition already.
                    if !same && matches!(action, Action::Delete | Action::ReviseFrom) {
                        result.findings.push(Finding {
                            kind: FindingKind::TitleDiffers,
                            code: Some(code.clone()),
                            action: Some(*action),
                            at: Some(entry.at),
                            message: format!(
                                "{} {} is titled \"{}\" in the list and \"{}\" in {}",
                                action.label(),
                                self.display(code),
                                entry.long,
                                titles.long,
                                from.id()
                            ),
                            explanation: missing.map(str::to_owned),
                        });
                    }
                }
            }
        }
        for ((action, status, code), entry) in &listed {
            if computed.contains_key(&(*action, *status, code.clone())) {
                continue;
            }
            let explanation =
                Self::why_not_computed(&listed, *status, code).or_else(|| missing.map(str::to_owned));
            result.findings.push(Finding {
                kind: FindingKind::NotComputed,
                code: Some(code.clone()),
                action: Some(*action),
                at: Some(entry.at),
                message: format!("{} {} is listed and not computed", action.label(), self.display(code)),
                explanation,
            });
        }
        result
            .findings
            .sort_by(|a, b| (a.at, a.kind, &a.code, a.action).cmp(&(b.at, b.kind, &b.code, b.action)));
    }

    fn check_unchanged(
        &self,
        from: &Edition,
        entry: &AddendumEntry,
        missing: Option<&str>,
        result: &mut Audit,
    ) {
        let same = match (from.get(&entry.code), self.to.get(&entry.code)) {
            (Some(a), Some(b)) => a.assignable() == b.assignable() && self.titles(a) == self.titles(b),
            _ => false,
        };
        if !same {
            result.findings.push(Finding {
                kind: FindingKind::NotComputed,
                code: Some(entry.code.clone()),
                action: Some(Action::NoChange),
                at: Some(entry.at),
                message: format!(
                    "{} is listed as unchanged and differs between the editions",
                    self.display(&entry.code)
                ),
                explanation: missing.map(str::to_owned),
            });
        }
    }

    /// Whether the list names any code of which the short title alone changed.
    fn lists_short_only(listed: &BTreeMap<Key, &AddendumEntry>) -> bool {
        listed.iter().any(|((action, status, code), to)| {
            *action == Action::ReviseTo
                && listed
                    .get(&(Action::ReviseFrom, *status, code.clone()))
                    .is_some_and(|from| from.long == to.long && from.short != to.short)
        })
    }

    fn why_not_listed(
        &self,
        from: &Edition,
        action: Action,
        status: bool,
        code: &Code,
        short_only_listed: bool,
    ) -> Option<String> {
        if !matches!(action, Action::ReviseFrom | Action::ReviseTo) {
            return None;
        }
        let (old, new) = (self.titles(from.get(code)?), self.titles(self.to.get(code)?));
        let squeezed = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let same = |a: &Titles, b: &Titles| {
            squeezed(&a.long) == squeezed(&b.long)
                && squeezed(a.short.as_deref().unwrap_or("")) == squeezed(b.short.as_deref().unwrap_or(""))
        };
        if same(&old, &new) {
            return Some("only blanks changed, which the authority's comparison ignores".into());
        }
        let stated = if status { Block::Codes } else { Block::Headers };
        let none_stated = self.addendum.count(stated, Counted::ShortTitle).is_none_or(|c| c.number == 0);
        if old.long == new.long && !short_only_listed && none_stated {
            return Some(
                "only the short title changed, and this list names revisions of long titles only".into(),
            );
        }
        None
    }

    fn why_not_computed(listed: &BTreeMap<Key, &AddendumEntry>, status: bool, code: &Code) -> Option<String> {
        let from = listed.get(&(Action::ReviseFrom, status, code.clone()))?;
        let to = listed.get(&(Action::ReviseTo, status, code.clone()))?;
        (from.long.trim() == to.long.trim() && from.short == to.short)
            .then(|| "the listed titles are the same but for blanks at their ends".into())
    }

    fn check_trailer(
        &self,
        computed: Option<(&BTreeMap<Key, Titles>, &Edition)>,
        missing: Option<&str>,
        result: &mut Audit,
    ) {
        for count in &self.addendum.trailer {
            let status = count.block == Block::Codes;
            let total = |e: &Edition| {
                let totals = e.totals();
                if status { totals.assignable } else { totals.headers }
            };
            let number = |action: Action| {
                computed.map(|(lines, _)| {
                    lines.keys().filter(|(a, s, _)| *a == action && *s == status).count() as u64
                })
            };
            let (official, at) = (count.number, count.at);
            let (listed, computed) = match count.counted {
                Counted::BaseTotal => (None, computed.map(|(_, from)| total(from))),
                Counted::NewTotal => (None, Some(total(self.to))),
                Counted::Additions => (Some(self.listed(Action::Add, status)), number(Action::Add)),
                Counted::Deletions => (Some(self.listed(Action::Delete, status)), number(Action::Delete)),
                Counted::Revisions => (Some(self.listed(Action::ReviseTo, status)), number(Action::ReviseTo)),
                Counted::BothTitles | Counted::LongTitle | Counted::ShortTitle => {
                    let split = computed.map(|(lines, _)| split_of(lines, status, count.counted));
                    (Some(self.listed_split(status, count.counted)), split)
                }
            };
            let block = if status { "codes" } else { "headers" };
            let label = count.counted.label();
            if let Some(listed) = listed.filter(|l| *l != official && !self.addendum.entries.is_empty()) {
                result.findings.push(Finding {
                    kind: FindingKind::TrailerDiffersFromList,
                    code: None,
                    action: None,
                    at: Some(at),
                    message: format!("{block}: the trailer counts {official} {label}, the list has {listed}"),
                    explanation: None,
                });
            }
            if let Some(computed) = computed.filter(|c| *c != official) {
                // Where list and trailer agree, the lines named above are the cause.
                let by_lines = listed == Some(official)
                    && result.findings.iter().filter(|f| f.code.is_some()).all(|f| f.explanation.is_some())
                    && result.findings.iter().any(|f| f.code.is_some());
                let total = matches!(count.counted, Counted::BaseTotal | Counted::NewTotal);
                let excerpt = self.to.is_excerpt() || self.from.is_some_and(Edition::is_excerpt);
                let explanation = match missing {
                    Some(reason) => Some(reason.to_owned()),
                    None if total && excerpt => {
                        Some("an excerpt of the release is held, not the whole".into())
                    }
                    None if by_lines => Some("it follows from the lines above".into()),
                    None => None,
                };
                result.findings.push(Finding {
                    kind: FindingKind::CountDiffers,
                    code: None,
                    action: None,
                    at: Some(at),
                    message: format!(
                        "{block}: the trailer states {official} {label}, the editions give {computed}"
                    ),
                    explanation,
                });
            }
            result.checks.push(Check {
                block: count.block,
                counted: count.counted,
                official,
                listed,
                computed,
                at,
            });
        }
    }

    fn listed_split(&self, status: bool, what: Counted) -> u64 {
        let mut lines = BTreeMap::new();
        for entry in self.addendum.entries.iter().filter(|e| self.status(e) == status) {
            let titles = Titles { short: entry.short.clone(), long: entry.long.clone() };
            lines.insert((entry.action, status, entry.code.clone()), titles);
        }
        split_of(&lines, status, what)
    }
}

fn split_of(lines: &BTreeMap<Key, Titles>, status: bool, what: Counted) -> u64 {
    lines
        .iter()
        .filter(|((action, s, _), _)| *action == Action::ReviseTo && *s == status)
        .filter(|((_, _, code), to)| {
            let Some(from) = lines.get(&(Action::ReviseFrom, status, code.clone())) else { return false };
            let (long, short) = (from.long != to.long, from.short != to.short);
            match what {
                Counted::BothTitles => long && short,
                Counted::LongTitle => long && !short,
                Counted::ShortTitle => !long && short,
                _ => false,
            }
        })
        .count() as u64
}
