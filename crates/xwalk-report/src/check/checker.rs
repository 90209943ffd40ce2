//! Looks a code up in the edition that was in effect on a day, and says why it may not be used.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::civil::Date;
use xwalk_map::{MidYear, Placed, Timeline};
use xwalk_model::{Code, CodeSystem, Concept, ConceptMap, Edition, EditionId, Targets};

use super::shape::{misplaced, seventh_missing, unknown};
use super::{
    Feedback, Found, Instead, LISTED, Reason, claims, counterpart, day, feedback, get, instead, notes,
    sentence,
};
use crate::summary::{Succession, in_words};

/// What leads from one edition to the next.
pub type Successions<'a> = dyn Fn(&Edition, &Edition) -> Succession + 'a;

/// Looks codes up in the editions that were in effect on a day.
pub struct Checker<'e> {
    pub(super) timeline: &'e Timeline,
    mid_year: &'e [MidYear],
    systems: Vec<CodeSystem>,
    /// The systems that were asked for; others are only looked at to say that a code is theirs.
    wanted: Vec<CodeSystem>,
    successions: &'e Successions<'e>,
    /// Maps from one system to another.
    across: &'e [ConceptMap],
    steps: RefCell<BTreeMap<(EditionId, EditionId), Rc<Succession>>>,
}

impl<'e> Checker<'e> {
    /// A checker over a timeline. `mid_year` are codes that came within a year, with releases that may not be held;
    /// `wanted` are the systems that codes are taken to be of, empty for all that are held.
    pub fn new(
        timeline: &'e Timeline,
        mid_year: &'e [MidYear],
        successions: &'e Successions<'e>,
        wanted: &[CodeSystem],
    ) -> Self {
        let systems: Vec<CodeSystem> =
            CodeSystem::ALL.into_iter().filter(|s| timeline.of(*s).next().is_some()).collect();
        let wanted = if wanted.is_empty() { systems.clone() } else { wanted.to_vec() };
        Self { timeline, mid_year, systems, wanted, successions, across: &[], steps: RefCell::default() }
    }

    /// Uses maps that lead from one system to another, to say what to use in place of a code of the wrong system.
    #[must_use]
    pub fn with_maps(mut self, across: &'e [ConceptMap]) -> Self {
        self.across = across;
        self
    }

    /// The edition of a system in effect on a day.
    pub(super) fn in_force(&self, system: CodeSystem, day: Date) -> Option<&'e Edition> {
        self.timeline.in_force(system, day)
    }

    /// The edition that tells about a code on a day: the one in effect, or the next where a release within the year
    /// that is not held brought the code or took it away before the day.
    fn telling(&self, system: CodeSystem, code: &Code, day: Date) -> Option<&'e Edition> {
        match self.timeline.place(&code.display(system), Some(day), &[system]) {
            Placed::Edition(id) => self.timeline.of(system).find(|e| *e.id() == id),
            _ => self.in_force(system, day),
        }
    }

    /// The day on which a code came within a year, between two editions.
    fn came_within(&self, code: &Code, from: &Edition, to: &Edition) -> Option<Date> {
        self.within(from, to).find(|m| m.code == *code).map(|m| m.day)
    }

    fn within(&self, from: &Edition, to: &Edition) -> impl Iterator<Item = &'e MidYear> {
        let (system, first, last) = (to.id().system, from.effective().from, to.effective().from);
        self.mid_year.iter().filter(move |m| m.system == system && first < Some(m.day) && Some(m.day) < last)
    }

    /// The last day on which a code could be used that `last` has and `next` has not.
    fn last_day(&self, code: &Code, last: &Edition, next: &Edition) -> String {
        let gone = self.within(last, next).find(|m| m.previous.contains(code)).map(|m| m.day);
        let first = gone.or(next.effective().from);
        let before = first.and_then(|d| d.yesterday().ok());
        before.map_or_else(|| format!("the edition {}", next.id()), day)
    }

    /// Says how a code fares on a day.
    pub fn check(&self, given: &str, on: Date) -> Feedback {
        let shaped = |systems: &[CodeSystem]| -> Vec<(CodeSystem, Code)> {
            systems.iter().filter_map(|s| Some((*s, Code::parse(*s, given).ok()?))).collect()
        };
        let wanted = shaped(&self.wanted);
        for (system, code) in &wanted {
            let found = self.telling(*system, code, on).and_then(|e| get(e, code));
            if let Some(found) = found.filter(|f| f.concept.assignable()) {
                return self.valid(given, on, found, &wanted);
            }
        }
        // The best explanation comes first: a system in use on the day, then one that is not.
        for (system, code) in &wanted {
            if let Some(edition) = self.telling(*system, code, on)
                && let Some(found) = get(edition, code)
            {
                return self.header(given, on, found);
            }
        }
        for (system, code) in &wanted {
            if let Some(edition) = self.telling(*system, code, on)
                && let Some(feedback) = self.other_edition(given, on, code, edition)
            {
                return feedback;
            }
        }
        for (system, code) in &wanted {
            if let Some(feedback) = self.in_force(*system, on).and_then(|e| misplaced(given, on, code, e)) {
                return feedback;
            }
        }
        for (system, code) in &shaped(&self.systems) {
            if let Some(feedback) = self.wrong_system(given, on, *system, code) {
                return feedback;
            }
        }
        for (system, code) in &wanted {
            if let Some(edition) = self.in_force(*system, on) {
                return unknown(given, on, code, edition);
            }
        }
        if let Some((system, code)) = wanted.first() {
            return self.no_edition(given, on, *system, code);
        }
        self.malformed(given, on)
    }

    fn valid(&self, given: &str, on: Date, found: Found<'e>, shaped: &[(CodeSystem, Code)]) -> Feedback {
        let mut feedback = feedback(given, on, Reason::Valid, found);
        feedback.sentence = format!(
            "{} is valid on {}: {}.",
            found.concept.display(),
            day(on),
            found.concept.title().trim_end_matches('.')
        );
        let also: Vec<&str> = shaped
            .iter()
            .filter(|(s, _)| *s != found.edition.id().system)
            .filter(|(s, c)| self.in_force(*s, on).and_then(|e| e.get(c)).is_some_and(Concept::assignable))
            .map(|(s, _)| s.name())
            .collect();
        if !also.is_empty() {
            feedback.remarks.push(format!("the same text is a code of {} too", also.join(" and ")));
        }
        self.add_notes(&mut feedback, found, on);
        feedback
    }

    /// Notes of the edition in effect; where it holds none, those of the nearest edition that does, which is said.
    fn add_notes(&self, feedback: &mut Feedback, found: Found<'e>, on: Date) {
        let system = found.edition.id().system;
        let (mut concept, mut from) = (found.concept, found.edition);
        if !from.has_notes() {
            let near = self
                .timeline
                .of(system)
                .filter(|e| e.has_notes() && e.get(found.concept.code()).is_some())
                .min_by_key(|e| {
                    e.effective().from.and_then(|d| d.until(on).ok()).map(|s| s.get_days().unsigned_abs())
                });
            let Some(near) = near else {
                if system == CodeSystem::Icd10cm {
                    feedback.remarks.push("no tabular list is held, so no notes are shown".to_owned());
                }
                return;
            };
            let Some(there) = near.get(found.concept.code()) else { return };
            (concept, from) = (there, near);
            feedback.remarks.push(format!("the notes are those of {}", from.id()));
        }
        feedback.notes = notes::that_apply(concept);
    }

    fn header(&self, given: &str, on: Date, found: Found<'e>) -> Feedback {
        let concept = found.concept;
        if found.edition.id().system == CodeSystem::Hcpcs {
            return self.terminated(given, on, found);
        }
        if let Some(feedback) = self.became_header(given, on, found) {
            return feedback;
        }
        if let Some(feedback) = seventh_missing(given, on, found) {
            return feedback;
        }
        let mut feedback = feedback(given, on, Reason::Header, found);
        feedback.sentence = format!(
            "{} is a header and needs a further character: {}.",
            concept.display(),
            concept.title().trim_end_matches('.')
        );
        let below = concept.children();
        feedback.instead_count = below.len();
        feedback.instead = below.into_iter().take(LISTED).map(|c| instead(c, "derived")).collect();
        feedback
    }

    /// A code of HCPCS Level II that stays in the file with the day after which it may not be used.
    fn terminated(&self, given: &str, on: Date, found: Found<'e>) -> Feedback {
        let concept = found.concept;
        let mut feedback = feedback(given, on, Reason::Deleted, found);
        let ended = concept.attribute("termination-date").and_then(claims::parse_date).map(day);
        let step = self.last_assignable(concept.code(), found.edition);
        let ended = ended.or_else(|| step.map(|(last, next)| self.last_day(concept.code(), last, next)));
        feedback.sentence = format!(
            "{} was terminated; it was valid until {}: {}.",
            concept.display(),
            ended.unwrap_or_else(|| "a day before the editions that are held".to_owned()),
            concept.title().trim_end_matches('.')
        );
        if let Some((last, next)) = step {
            self.add_successors(&mut feedback, concept.code(), last, next, found.edition);
        }
        feedback
    }

    /// A header that was an assignable code in an edition before: what a biller with an old list meets.
    fn became_header(&self, given: &str, on: Date, found: Found<'e>) -> Option<Feedback> {
        let code = found.concept.code();
        let (last, next) = self.last_assignable(code, found.edition)?;
        let mut feedback = feedback(given, on, Reason::Deleted, found);
        feedback.sentence = format!(
            "{} was valid until {} and is a header now: a further character is needed.",
            found.concept.display(),
            self.last_day(code, last, next)
        );
        self.add_successors(&mut feedback, code, last, next, found.edition);
        if feedback.instead.is_empty() {
            let below = found.concept.children();
            feedback.instead_count = below.len();
            feedback.instead = below.into_iter().take(LISTED).map(|c| instead(c, "derived")).collect();
        }
        Some(feedback)
    }

    /// The last edition before `edition` in which the code was assignable, with the one after it.
    fn last_assignable(&self, code: &Code, edition: &Edition) -> Option<(&'e Edition, &'e Edition)> {
        let all: Vec<&'e Edition> = self.timeline.of(edition.id().system).collect();
        let here = all.iter().position(|e| e.id() == edition.id())?;
        let last = all[..here].iter().rposition(|e| e.get(code).is_some_and(Concept::assignable))?;
        Some((all[last], all[last + 1]))
    }

    /// A code that another edition of the same system has.
    fn other_edition(&self, given: &str, on: Date, code: &Code, edition: &'e Edition) -> Option<Feedback> {
        let system = edition.id().system;
        if let Some((last, next)) = self.last_assignable(code, edition) {
            let found = get(last, code)?;
            let mut feedback = feedback(given, on, Reason::Deleted, found);
            feedback.sentence = format!(
                "{} was deleted; it was valid until {}: {}.",
                found.concept.display(),
                self.last_day(code, last, next),
                found.concept.title().trim_end_matches('.')
            );
            self.add_successors(&mut feedback, code, last, next, edition);
            if feedback.instead.is_empty() {
                feedback.remarks.push("no authority's successor is held for it".to_owned());
            }
            return Some(feedback);
        }
        let all: Vec<&'e Edition> = self.timeline.of(system).collect();
        let here = all.iter().position(|e| e.id() == edition.id())?;
        let later = all[here + 1..].iter().find(|e| e.get(code).is_some_and(Concept::assignable));
        if let Some(later) = later {
            let found = get(later, code)?;
            let mut feedback = feedback(given, on, Reason::NotYetInEffect, found);
            let came = self.came_within(code, edition, later).or(later.effective().from);
            let from = came.map_or_else(|| format!("edition {}", later.id().version), day);
            feedback.sentence = format!(
                "{} is not yet in effect on {}; it is valid from {from} on.",
                found.concept.display(),
                day(on)
            );
            feedback.instead =
                self.before(code, later, edition).into_iter().map(|c| instead(c, "official")).collect();
            feedback.instead_count = feedback.instead.len();
            return Some(feedback);
        }
        let before = all[..here].iter().rev().find_map(|e| get(e, code))?;
        let mut feedback = feedback(given, on, Reason::Deleted, before);
        feedback.sentence =
            format!("{} was a header of earlier editions and is gone.", before.concept.display());
        Some(feedback)
    }

    /// What a new code was coded to in the edition in effect, by the official table.
    fn before(&self, code: &Code, later: &'e Edition, edition: &'e Edition) -> Vec<Concept<'e>> {
        let all: Vec<&'e Edition> = self.timeline.of(edition.id().system).collect();
        let Some(at) = all.iter().position(|e| e.id() == later.id()).filter(|at| *at > 0) else {
            return Vec::new();
        };
        let step = self.step(all[at - 1], later);
        let ways = step.previous.get(code).into_iter().flatten().filter(|w| w.basis == "official");
        let codes: Vec<Code> = ways.flat_map(|w| w.slots.iter().flatten().cloned()).collect();
        codes.iter().filter_map(|c| edition.get(c)).filter(|c| c.assignable()).take(LISTED).collect()
    }

    fn step(&self, from: &Edition, to: &Edition) -> Rc<Succession> {
        let key = (from.id().clone(), to.id().clone());
        if let Some(known) = self.steps.borrow().get(&key) {
            return Rc::clone(known);
        }
        let step = Rc::new((self.successions)(from, to));
        self.steps.borrow_mut().insert(key, Rc::clone(&step));
        step
    }

    /// Follows successors from the edition that held the code last to the one in effect.
    fn add_successors(
        &self,
        feedback: &mut Feedback,
        code: &Code,
        last: &'e Edition,
        next: &'e Edition,
        edition: &'e Edition,
    ) {
        let all: Vec<&'e Edition> = self.timeline.of(edition.id().system).collect();
        let place = |e: &Edition| all.iter().position(|x| x.id() == e.id());
        let (Some(next_at), Some(end)) = (place(next), place(edition)) else { return };
        let first = self.step(last, next);
        let mut ways: Vec<crate::summary::Step> = first.successors.get(code).cloned().unwrap_or_default();
        for at in next_at..end {
            let (a, b) = (all[at], all[at + 1]);
            let gone = |c: &Code| b.get(c).is_none_or(|c| !c.assignable());
            if !ways.iter().flat_map(|w| w.slots.iter().flatten()).any(gone) {
                continue;
            }
            let step = self.step(a, b);
            for way in &mut ways {
                for slot in &mut way.slots {
                    let mut kept: Vec<Code> = Vec::new();
                    for code in slot.iter() {
                        if !gone(code) {
                            kept.push(code.clone());
                            continue;
                        }
                        let next = step.successors.get(code).into_iter().flatten();
                        // A combination on the way cannot be told as a plain choice; its codes are all listed.
                        kept.extend(next.flat_map(|w| w.slots.iter().flatten().cloned()));
                    }
                    kept.sort();
                    kept.dedup();
                    *slot = kept;
                }
            }
        }
        let mut found: Vec<Instead> = Vec::new();
        for way in &ways {
            let with: Vec<String> = way.with.iter().map(|c| c.display(edition.id().system)).collect();
            let named = |c: &Code| edition.get(c).map(|c| (c.display(), c.title().to_owned()));
            let choices: Vec<Vec<(String, String)>> = match &way.slots[..] {
                [only] => only.iter().filter_map(named).map(|n| vec![n]).collect(),
                slots => vec![slots.iter().flatten().filter_map(named).collect()],
            };
            for codes in choices.into_iter().filter(|c| !c.is_empty()) {
                if !found.iter().any(|i| i.codes == codes) {
                    found.push(Instead { codes, basis: way.basis, with: with.clone() });
                }
            }
        }
        feedback.instead_count = found.len();
        found.truncate(LISTED);
        feedback.instead = found;
    }

    /// A code of a system that is not in use on the day, or was not asked for.
    fn wrong_system(&self, given: &str, on: Date, system: CodeSystem, code: &Code) -> Option<Feedback> {
        let holding = self.timeline.of(system).rev().find_map(|e| get(e, code))?;
        let in_use = self.wanted.iter().copied();
        let mut in_use: Vec<CodeSystem> =
            in_use.filter(|s| *s != system && self.in_force(*s, on).is_some()).collect();
        // Diagnoses stay diagnoses, and procedures procedures.
        if let Some(other) = counterpart(system).filter(|s| in_use.contains(s)) {
            in_use = vec![other];
        }
        let in_force = self.in_force(system, on).is_some();
        if in_use.is_empty() || (in_force && self.wanted.contains(&system)) {
            return None;
        }
        let mut feedback = feedback(given, on, Reason::WrongSystem, holding);
        let names: Vec<&str> = in_use.iter().map(|s| s.name()).collect();
        let until = holding.edition.effective().to.map(|d| format!(", which was in use until {}", day(d)));
        let until = if in_force { String::new() } else { until.unwrap_or_default() };
        feedback.sentence = format!(
            "{} is a code of {}{until} ({}). On {} use a code of {}.",
            holding.concept.display(),
            system.name(),
            holding.concept.title().trim_end_matches('.'),
            day(on),
            names.join(" or ")
        );
        if let Some(edition) = in_use.iter().find_map(|s| self.in_force(*s, on)) {
            self.add_other_system(&mut feedback, code, holding.edition.id(), edition);
        }
        Some(feedback)
    }

    /// What an official map says takes the place of a code in another system, where it is valid on the day.
    fn add_other_system(&self, feedback: &mut Feedback, code: &Code, from: &EditionId, to: &'e Edition) {
        let maps = self
            .across
            .iter()
            .filter(|m| m.id.source.system == from.system && m.id.target.system == to.id().system);
        let mut found: Vec<Instead> = Vec::new();
        for map in maps {
            for mapping in map.get(code) {
                let slots: Vec<Vec<Code>> = match &mapping.targets {
                    Targets::NoMap => continue,
                    Targets::One(code) => vec![vec![code.clone()]],
                    Targets::Combination { slots, .. } => slots.clone(),
                };
                let valid = |c: &&Code| to.get(c).is_some_and(Concept::assignable);
                let codes: Vec<(String, String)> = slots
                    .iter()
                    .flatten()
                    .filter(valid)
                    .filter_map(|c| to.get(c))
                    .map(|c| (c.display(), c.title().to_owned()))
                    .collect();
                let way = Instead { codes, basis: "official", with: Vec::new() };
                if !way.codes.is_empty() && !found.contains(&way) {
                    found.push(way);
                }
            }
        }
        feedback.instead_count = found.len();
        if !found.is_empty() {
            let remark = "by the General Equivalence Mapping, which is approximate: the record decides";
            feedback.remarks.push(remark.to_owned());
        }
        found.truncate(LISTED);
        feedback.instead = found;
    }

    fn no_edition(&self, given: &str, on: Date, system: CodeSystem, code: &Code) -> Feedback {
        let held: Vec<String> = self
            .timeline
            .of(system)
            .map(|e| match in_words(e.effective()) {
                Some(period) => format!("{} ({period})", e.id()),
                None => e.id().to_string(),
            })
            .collect();
        Feedback {
            given: given.to_owned(),
            code: Some(code.display(system)),
            on,
            reason: Reason::NoEdition,
            sentence: format!(
                "No edition of {} that is held was in effect on {}, so nothing can be said. Held: {}.",
                system.name(),
                day(on),
                held.join("; ")
            ),
            edition: None,
            title: None,
            instead: Vec::new(),
            instead_count: 0,
            notes: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn malformed(&self, given: &str, on: Date) -> Feedback {
        let main = self.wanted.first().copied().unwrap_or(CodeSystem::Icd10cm);
        let why = Code::parse(main, given).err().map_or_else(String::new, |e| e.to_string());
        Feedback {
            given: given.to_owned(),
            code: None,
            on,
            reason: Reason::Malformed,
            sentence: sentence(&why),
            edition: None,
            title: None,
            instead: Vec::new(),
            instead_count: 0,
            notes: Vec::new(),
            remarks: Vec::new(),
        }
    }
}
