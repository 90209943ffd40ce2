//! What an update does to one set, line by line.

use std::collections::BTreeSet;

use xwalk_diff::marks;
use xwalk_model::{Code, HeaderMeaning, MarkKind, NoteChange, Revision, Selector, SetLine, ValueSet};

use crate::code_set::CodeSet;
use crate::expand::{EditionIndex, Expansion, Named};
use crate::update::{ChangedNote, Ground, Impact, Members, NewCode, Retired, Update};

macro_rules! finding_kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $class:ident;)*) => {
        /// What was found. The names are stable: expected-differences files hold them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingKind { $($(#[doc = $doc])+ $name,)* }

        impl FindingKind {
            /// Every kind, in the order in which summaries list them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word used in outputs.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it is about.
            pub fn class(self) -> FindingClass {
                match self { $(Self::$name => FindingClass::$class,)* }
            }
        }
    };
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingClass {
    /// The update changes something.
    Update,
    /// The list was wrong before the update.
    List,
    /// Worth knowing; nothing has to be done.
    Remark,
}

finding_kinds! {
    /// A code of the set may not be used any more; the later edition does not hold it.
    Deleted = "deleted", Update;
    /// A code of the set is a header now; its new codes are below it.
    BecameHeader = "became-header", Update;
    /// A code of the set stays and means less: new codes were carved out of it, and the set does not hold them.
    ScopeLost = "scope-lost", Update;
    /// A title in the set changed its meaning.
    TitleRevised = "title-revised", Update;
    /// A new code falls inside a range, prefix or header of the set.
    Gained = "gained", Update;
    /// A bound of a range, or a header or prefix, is gone from the later edition.
    BoundGone = "bound-gone", Update;
    /// A new code stands inside a range by the order of the tabular list and outside when compared as text, or the
    /// other way round.
    RangeOrder = "range-order", Update;
    /// A new code that the set does not name lies close to it.
    NearMiss = "near-miss", Update;
    /// A note on codes that are not used together came, went or moved at a code of the set.
    NoteChanged = "note-changed", Update;
    /// The old edition does not hold the code.
    Unknown = "unknown", List;
    /// A range whose second code stands before its first.
    RangeReversed = "range-reversed", List;
    /// A header stands in the list for itself, and codes below it are not in the set: it can be on no claim.
    HeaderAlone = "header-alone", List;
    /// A code was retired before the old edition; an earlier one holds it.
    RetiredBefore = "retired-before", Remark;
    /// A header stands in the list beside all of its codes.
    HeaderBeside = "header-beside", Remark;
    /// Codes of the old edition for which the order of the tabular list and of text disagree about a range.
    TextOrder = "text-order", Remark;
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub kind: FindingKind,
    /// Number of the line that it is about; `None` for the set as a whole.
    pub line: Option<usize>,
    /// The code that it is about.
    pub code: Code,
    /// Its title, in the edition that holds it.
    pub title: String,
    /// Other codes: successors, codes carved out, codes that a note names.
    pub others: Vec<Code>,
    /// What it is, in words.
    pub message: String,
}

/// What an update does to one set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCheck {
    /// Number of codes that the set names in the old edition.
    pub before: usize,
    /// Number of codes that the unchanged set names in the later edition.
    pub after: usize,
    /// What was found, by line.
    pub findings: Vec<Finding>,
}

impl SetCheck {
    /// Findings that somebody has to look at.
    pub fn to_do(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.kind.class() != FindingClass::Remark)
    }
}

/// Checks a set against an update.
pub fn check(update: &Update<'_>, set: &ValueSet, headers: HeaderMeaning) -> SetCheck {
    // Looking codes up is most of the work, so each is looked up once; one that stayed is known in both editions.
    let then: Vec<Named> = set.lines.iter().map(|line| update.from.named(&line.selector)).collect();
    let later = |(line, then): (&SetLine, &Named)| {
        match then {
            Named::Code(ix) => update.carry(*ix).map(Named::Code),
            _ => None,
        }
        .unwrap_or_else(|| update.to.named(&line.selector))
    };
    let now: Vec<Named> = set.lines.iter().zip(&then).map(later).collect();
    let old = update.from.expand_named(set, headers, &then);
    let new = update.to.expand_named(set, headers, &now);
    let excluded = update.to.excluded(set);
    let mut checker =
        Checker { update, set, old, new, excluded, findings: Vec::new(), notes: BTreeSet::new() };
    for (i, (then, now)) in then.iter().zip(now).enumerate() {
        let line = &set.lines[i];
        if update.from.in_force(line, None) || update.to.in_force(line, None) {
            checker.line(i, headers, then, now);
        }
    }
    checker.near_misses();
    checker.findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.line.is_none(), f.line, f.kind);
        key(a).cmp(&key(b)).then_with(|| a.code.cmp(&b.code))
    });
    let (before, after) = (checker.old.codes.len(), checker.new.codes.len());
    SetCheck { before, after, findings: checker.findings }
}

/// Why a new code lies close to a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearness<'u> {
    /// The ground.
    pub ground: &'u Ground,
    /// How many of its codes the set holds.
    pub held: usize,
}

/// The strongest ground on which a new code lies close to a set.
pub fn nearness<'u>(
    update: &'u Update<'_>,
    new_code: &'u NewCode,
    codes: &CodeSet,
    groups: &mut [Option<usize>],
) -> Option<Nearness<'u>> {
    new_code.grounds.iter().find_map(|ground| {
        let held = match &ground.members {
            Members::Group(number) => {
                *groups[*number].get_or_insert_with(|| update.groups[*number].held_by(codes))
            }
            Members::List(list) if ground.needed == list.len() => {
                if list.iter().all(|ix| codes.contains(*ix)) { list.len() } else { 0 }
            }
            Members::List(list) => list.iter().filter(|ix| codes.contains(**ix)).count(),
        };
        (held >= ground.needed && held > 0).then_some(Nearness { ground, held })
    })
}

struct Checker<'c, 'e> {
    update: &'c Update<'e>,
    set: &'c ValueSet,
    old: Expansion,
    new: Expansion,
    /// Codes of the later edition that the exclusions of the set name.
    excluded: CodeSet,
    findings: Vec<Finding>,
    /// Notes that were told, by the place where they stand and their text.
    notes: BTreeSet<(Code, String, bool)>,
}

impl Checker<'_, '_> {
    fn push(
        &mut self,
        kind: FindingKind,
        line: Option<usize>,
        code: &Code,
        others: Vec<Code>,
        message: String,
    ) {
        let (from, to) = (self.update.from.edition(), self.update.to.edition());
        let held = from.get(code).or_else(|| to.get(code));
        let title = held.map_or(String::new(), |c| c.title().to_owned());
        self.findings.push(Finding { kind, line, code: code.clone(), title, others, message });
    }

    fn line(&mut self, i: usize, headers: HeaderMeaning, then: &Named, now: Named) {
        let update = self.update;
        let set = self.set;
        let line = &set.lines[i];
        match (then, &line.selector) {
            (Named::Code(ix), _) => self.code(i, *ix),
            (Named::Header(ix), Selector::Code(code)) => match headers {
                HeaderMeaning::Itself => self.header(i, *ix, code, &now),
                HeaderMeaning::Descendants => {
                    let run = |index: &EditionIndex<'_>, ix: u32| Named::Run {
                        first: ix,
                        last: index.last_below(ix),
                        missing: [false; 2],
                    };
                    let now = match now {
                        Named::Header(ix) => run(&update.to, ix),
                        other => other,
                    };
                    self.open(i, &run(&update.from, *ix), &now);
                }
            },
            (Named::Nothing, selector) => self.unknown(i, selector, &now),
            (Named::Reversed, Selector::Range(bounds)) => {
                let message =
                    format!("{} stands behind {} in {}", bounds.0, bounds.1, update.from.edition().id());
                self.push(
                    FindingKind::RangeReversed,
                    Some(i),
                    &bounds.0.clone(),
                    vec![bounds.1.clone()],
                    message,
                );
            }
            _ => self.open(i, then, &now),
        }
    }

    /// A code that stands in the list by itself.
    fn code(&mut self, i: usize, ix: u32) {
        if let Some(impact) = self.update.impact(ix) {
            self.impact(i, ix, impact);
        }
    }

    fn impact(&mut self, i: usize, ix: u32, impact: &Impact) {
        let update = self.update;
        let code = update.from.code(ix).clone();
        let excluded = self.set.lines[i].exclude;
        if let Some(how) = impact.retired {
            let successors = update.successors(ix);
            let all_held = !successors.is_empty() && successors.iter().all(|s| self.new.codes.contains(*s));
            // Inside a range that takes in all that came of it, a retired code leaves no gap.
            if !(self.set.lines[i].selector.is_open() && all_held) {
                let kind = match how {
                    Retired::Deleted => FindingKind::Deleted,
                    Retired::Header => FindingKind::BecameHeader,
                };
                let message = self.retired_message(how, &successors);
                let codes = self.codes(&successors);
                self.push(kind, Some(i), &code, codes, message);
            }
        }
        let carved: Vec<u32> =
            impact.scope_lost.iter().filter(|s| excluded || !self.new.codes.contains(**s)).copied().collect();
        if !carved.is_empty() {
            let message = "new codes were carved out of it".to_owned();
            let codes = self.codes(&carved);
            self.push(FindingKind::ScopeLost, Some(i), &code, codes, message);
        }
        if let Some(revision) = &impact.revised {
            let message = revision_message(revision);
            self.push(FindingKind::TitleRevised, Some(i), &code, Vec::new(), message);
        }
        for note in &impact.notes {
            self.note(i, note);
        }
    }

    fn retired_message(&self, how: Retired, successors: &[u32]) -> String {
        let id = self.update.to.edition().id();
        match (how, successors.is_empty()) {
            (Retired::Deleted, true) => format!("not in {id}, and no successor is stated"),
            (Retired::Deleted, false) => format!("not in {id}; its meaning went to other codes"),
            (Retired::Header, true) => format!("a header in {id}, and no new code is stated"),
            (Retired::Header, false) => format!("a header in {id}; its meaning went to new codes"),
        }
    }

    fn codes(&self, numbers: &[u32]) -> Vec<Code> {
        numbers.iter().map(|ix| self.update.to.code(*ix).clone()).collect()
    }

    fn note(&mut self, i: usize, note: &ChangedNote) {
        let key = (note.stands_at.clone(), note.text.clone(), note.change == NoteChange::Removed);
        if !self.notes.insert(key) {
            return;
        }
        let inside = note.names.iter().filter(|ix| self.old.codes.contains(**ix)).count();
        let what = match note.change {
            NoteChange::Added => format!("new {}", note.kind.label()),
            NoteChange::Removed => format!("{} is gone", note.kind.label()),
            NoteChange::Moved { from } => format!("{} became {}", from.label(), note.kind.label()),
        };
        let pairs = if inside > 0 {
            format!("; {inside} codes that it names are in the set too")
        } else {
            String::new()
        };
        let message = format!("{what}: {}{pairs}", note.text);
        let others =
            note.names.iter().filter(|ix| self.old.codes.contains(**ix)).map(|ix| self.update.from.code(*ix));
        let others = others.cloned().collect();
        self.push(FindingKind::NoteChanged, Some(i), &note.stands_at, others, message);
    }

    /// A header that stands for itself.
    fn header(&mut self, i: usize, ix: u32, code: &Code, now: &Named) {
        let update = self.update;
        if let Named::Nothing = now {
            let successors = update.successors(ix);
            let message = self.retired_message(Retired::Deleted, &successors);
            let codes = self.codes(&successors);
            self.push(FindingKind::Deleted, Some(i), code, codes, message);
            return;
        }
        if let Some(id) = update.last_assignable(code) {
            let message = format!("assignable until {id}, a header since");
            self.push(FindingKind::RetiredBefore, Some(i), code, Vec::new(), message);
            return;
        }
        let below: Vec<u32> = update.from.assignable_below(ix).collect();
        let without: Vec<u32> = below.iter().filter(|b| !self.old.codes.contains(**b)).copied().collect();
        let others: Vec<Code> = without.iter().map(|b| update.from.code(*b).clone()).collect();
        let (kind, message) = if without.is_empty() {
            (FindingKind::HeaderBeside, "a header; all codes below it are in the set".to_owned())
        } else {
            let message = format!(
                "a header, taken for itself: it can be on no claim, and {} of the {} codes below it are not in the \
                 set; --headers descendants takes them in",
                without.len(),
                below.len()
            );
            (FindingKind::HeaderAlone, message)
        };
        self.push(kind, Some(i), code, others, message);
    }

    fn unknown(&mut self, i: usize, selector: &Selector, now: &Named) {
        let update = self.update;
        let code = match selector {
            Selector::Code(code) | Selector::IsA(code) | Selector::DescendentOf(code) => code.clone(),
            Selector::Range(bounds) => bounds.0.clone(),
            Selector::Prefix(text) | Selector::Pattern(text) => Code::from_official(text),
        };
        if let Some(id) = update.last_assignable(&code) {
            let message = format!("retired before {}; {id} holds it", update.from.edition().id());
            self.push(FindingKind::RetiredBefore, Some(i), &code, Vec::new(), message);
            return;
        }
        let later = if matches!(now, Named::Nothing) {
            String::new()
        } else {
            format!("; {} holds it", update.to.edition().id())
        };
        let message = format!("{} holds nothing that it names{later}", update.from.edition().id());
        self.push(FindingKind::Unknown, Some(i), &code, Vec::new(), message);
    }

    /// A range, prefix, pattern or header with its descendants.
    fn open(&mut self, i: usize, then: &Named, now: &Named) {
        let update = self.update;
        let set = self.set;
        let selector = &set.lines[i].selector;
        match then {
            Named::Run { first, last, .. } => {
                for ix in update.touched(*first, *last) {
                    self.code(i, *ix);
                }
            }
            Named::Fitting(found) => {
                for ix in found {
                    self.code(i, *ix);
                }
            }
            _ => {}
        }
        let gained: Vec<&NewCode> = match now {
            Named::Run { first, last, .. } => update.new_between(*first, *last).iter().collect(),
            Named::Fitting(found) => update.new_codes.iter().filter(|n| found.contains(&n.ix)).collect(),
            _ => Vec::new(),
        };
        for new_code in gained {
            // What an exclusion of the set takes away again is not gained.
            if set.lines[i].exclude || self.new.codes.contains(new_code.ix) {
                let message = self.gained_message(new_code, &set.lines[i].text);
                let code = update.to.code(new_code.ix).clone();
                let previous =
                    new_code.origin.iter().flat_map(|o| o.previous.iter().cloned()).collect::<Vec<_>>();
                self.push(FindingKind::Gained, Some(i), &code, previous, message);
            }
        }
        match (selector, then, now) {
            (Selector::Range(bounds), Named::Run { missing: old, .. }, Named::Run { missing, .. }) => {
                for (bound, (was, is)) in [&bounds.0, &bounds.1].into_iter().zip(old.iter().zip(missing)) {
                    let (kind, id) = match (was, is) {
                        (false, true) => (FindingKind::BoundGone, update.to.edition().id()),
                        (true, _) => (FindingKind::Unknown, update.from.edition().id()),
                        _ => continue,
                    };
                    let message = format!("a bound of {} that {id} does not hold", set.lines[i].text);
                    self.push(kind, Some(i), bound, Vec::new(), message);
                }
                self.text_order(i, &bounds.0, &bounds.1, then, now);
            }
            (_, _, Named::Nothing | Named::Reversed) => {
                let code = match selector {
                    Selector::Code(code) | Selector::IsA(code) | Selector::DescendentOf(code) => code.clone(),
                    Selector::Range(bounds) => bounds.0.clone(),
                    Selector::Prefix(text) | Selector::Pattern(text) => Code::from_official(text),
                };
                let message = format!("{} names nothing in {}", set.lines[i].text, update.to.edition().id());
                self.push(FindingKind::BoundGone, Some(i), &code, Vec::new(), message);
            }
            _ => {}
        }
    }

    fn gained_message(&self, new_code: &NewCode, text: &str) -> String {
        let from = match &new_code.origin {
            None => "no authority states what it was coded as before".to_owned(),
            Some(origin) => {
                let held = new_code.previous.iter().filter(|p| self.old.codes.contains(**p)).count();
                let all = origin.previous.len();
                match held {
                    _ if held == all => "all codes that it was coded as before are in the set".to_owned(),
                    0 => "what it was coded as before is not in the set".to_owned(),
                    _ => format!("{held} of the {all} codes that it was coded as before are in the set"),
                }
            }
        };
        format!("a new code that {text} takes in; {from}")
    }

    /// Codes for which the tabular order and the order of text disagree about a range.
    fn text_order(&mut self, i: usize, low: &Code, high: &Code, then: &Named, now: &Named) {
        let update = self.update;
        let by_text = |code: &Code| {
            code.as_str() >= low.as_str()
                && (code.as_str() <= high.as_str() || code.as_str().starts_with(high.as_str()))
        };
        let within = |named: &Named, ix: u32| matches!(named, Named::Run { first, last, .. } if (*first..=*last).contains(&ix));
        for new_code in &update.new_codes {
            let code = update.to.code(new_code.ix);
            let inside = within(now, new_code.ix);
            if by_text(code) != inside {
                let side = if inside { "inside" } else { "outside" };
                let message = format!(
                    "a new code {side} {} by the order of the tabular list, and not when compared as text",
                    self.set.lines[i].text
                );
                self.push(FindingKind::RangeOrder, Some(i), &code.clone(), Vec::new(), message);
            }
        }
        let odd: Vec<Code> = update
            .from
            .categories()
            .iter()
            .filter(|ix| by_text(update.from.code(**ix)) != within(then, **ix))
            .filter(|ix| update.from.code(**ix) != low && update.from.code(**ix) != high)
            .map(|ix| update.from.code(*ix).clone())
            .filter(|code| !low.as_str().starts_with(code.as_str()))
            .collect();
        if let Some(first) = odd.first() {
            let message = format!(
                "{} categories stand inside {} by the order of the tabular list and outside when compared as text, \
                 or the other way round",
                odd.len(),
                self.set.lines[i].text
            );
            self.push(FindingKind::TextOrder, Some(i), &first.clone(), odd.clone(), message);
        }
    }

    /// New codes that the set does not name and that lie close to it.
    fn near_misses(&mut self) {
        let update = self.update;
        if self.old.codes.is_empty() {
            return;
        }
        let mut groups: Vec<Option<usize>> = vec![None; update.groups.len()];
        for new_code in &update.new_codes {
            if self.new.codes.contains(new_code.ix) {
                continue;
            }
            let held = new_code.previous.iter().filter(|p| self.old.codes.contains(**p)).count();
            if self.excluded.contains(new_code.ix) || new_code.was_in(&self.old.codes) {
                // Taken out by the set itself, or told at the line of the code that it comes from.
                continue;
            }
            let message = if held > 0 {
                Some(format!(
                    "of the codes that it was coded as before {}",
                    new_code.share_in(&self.old.codes)
                ))
            } else {
                nearness(update, new_code, &self.old.codes, &mut groups).map(|near| near.message())
            };
            if let Some(message) = message {
                let code = update.to.code(new_code.ix).clone();
                let previous =
                    new_code.origin.iter().flat_map(|o| o.previous.iter().cloned()).collect::<Vec<_>>();
                self.push(FindingKind::NearMiss, None, &code, previous, message);
            }
        }
    }
}

impl Nearness<'_> {
    /// The ground in words.
    pub fn message(&self) -> String {
        match self.ground.kind {
            crate::GroundKind::Siblings => {
                format!("the set holds {} of the {} {}", self.held, self.ground.total, self.ground.about)
            }
            _ => self.ground.about.clone(),
        }
    }
}

/// The title before and after, with the words that differ marked.
fn revision_message(revision: &Revision) -> String {
    let (Some(from), Some(to)) = (&revision.from, &revision.to) else {
        return format!("the {} title came or went", revision.role.id());
    };
    let text: String = marks(from, to)
        .iter()
        .map(|mark| match mark.kind {
            MarkKind::Same => mark.text.clone(),
            MarkKind::Removed => format!("[-{}-]", mark.text),
            MarkKind::Added => format!("{{+{}+}}", mark.text),
        })
        .collect();
    format!("{} title, {}: {text}", revision.role.id(), revision.class.id())
}
