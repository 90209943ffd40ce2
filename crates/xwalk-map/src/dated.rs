//! Codes looked up in the edition in force on their own date, and carried from there.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

use jiff::civil::Date;
use xwalk_model::{Code, CodeSystem, Concept, EditionId, calendar};

use crate::outcome::{Outcome, Resolution};
use crate::resolver::{Batch, Resolver};
use crate::timeline::{Placed, Timeline};

/// Resolvers from every edition that a code may be of, all to the same target edition.
pub struct DatedResolver {
    timeline: Timeline,
    systems: Vec<CodeSystem>,
    resolvers: Vec<Resolver>,
    by_edition: BTreeMap<EditionId, usize>,
}

impl DatedResolver {
    /// A resolver for codes of some systems. Each edition of the timeline that codes may be of needs a resolver.
    pub fn new(timeline: Timeline, systems: Vec<CodeSystem>, resolvers: Vec<Resolver>) -> Self {
        let by_edition = resolvers.iter().enumerate().map(|(i, r)| (r.from().clone(), i)).collect();
        Self { timeline, systems, resolvers, by_edition }
    }

    /// The resolvers; answers name one by index.
    pub fn resolvers(&self) -> &[Resolver] {
        &self.resolvers
    }

    /// The resolvers, given away.
    pub fn into_resolvers(self) -> Vec<Resolver> {
        self.resolvers
    }

    /// The editions.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// A worker for many codes.
    pub fn batch(&self) -> DatedBatch<'_> {
        DatedBatch { dated: self, batches: self.resolvers.iter().map(|_| None).collect() }
    }

    /// The answer for a text on a day, and the index of the resolver that gave it; `usize::MAX` where none did.
    pub fn resolve(&self, text: &str, day: Option<Date>) -> (Resolution, usize) {
        self.batch().resolve(text, day)
    }

    /// The same for a text that is known to be of one of some systems, which are among those of the resolver.
    pub fn resolve_among(
        &self,
        systems: &[CodeSystem],
        text: &str,
        day: Option<Date>,
    ) -> (Resolution, usize) {
        self.answer(systems, text, day, |which| self.resolvers[which].resolve(text))
    }

    /// For each of some days the stretch of days around it over which codes of some systems may stay as they are.
    pub fn stretches(&self, systems: &[CodeSystem], days: &[Option<Date>]) -> Stretches<'_> {
        let in_force = |day: Date| {
            let mut of_day = systems.iter().filter_map(|s| self.timeline.in_force(*s, day));
            match (of_day.next(), of_day.next()) {
                (Some(edition), None) => self.by_edition.get(edition.id()).copied(),
                _ => None,
            }
        };
        let unsteady = self.timeline.mid_year().flat_map(|m| [&m.code].into_iter().chain(&m.previous));
        Stretches {
            dated: self,
            resolvers: days.iter().map(|day| day.and_then(in_force)).collect(),
            unsteady: unsteady.cloned().collect(),
        }
    }

    fn answer(
        &self,
        systems: &[CodeSystem],
        text: &str,
        day: Option<Date>,
        mut resolve: impl FnMut(usize) -> Resolution,
    ) -> (Resolution, usize) {
        let none = |outcome, reason: String| {
            let resolution = Resolution::bare(text.to_owned(), None, None, outcome, reason);
            (resolution, usize::MAX)
        };
        let names = |ids: &[EditionId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        match self.timeline.place(text, day, systems) {
            Placed::Malformed => {
                none(Outcome::Malformed, format!("not written like a code of {}", any_of(systems)))
            }
            Placed::Ambiguous(ids) => none(
                Outcome::AmbiguousSystem,
                format!(
                    "assignable in {}; name the system, or a date on which only one was in force",
                    names(&ids)
                ),
            ),
            Placed::NoneInForce => none_in_force(systems, text, day),
            Placed::Unknown => {
                none(Outcome::Unknown, format!("no edition of {} that is held has it", any_of(systems)))
            }
            Placed::Edition(id) => {
                let Some(&which) = self.by_edition.get(&id) else {
                    return none(Outcome::Unknown, format!("no route leads on from {id}"));
                };
                let mut resolution = resolve(which);
                if day.is_none()
                    && self.timeline.of(id.system).nth(1).is_some()
                    && resolution.reason.is_empty()
                {
                    resolution.reason =
                        format!("without a date it was looked up in {id}, the newest that has it");
                }
                if let (Some(day), Outcome::Unknown, Some(code)) = (day, resolution.outcome, &resolution.code)
                {
                    let held = self.assignable_in(id.system, code);
                    if !held.is_empty() {
                        resolution.outcome = Outcome::NotValidOnDate;
                        resolution.reason =
                            format!("not in {id}, in force on {day}; assignable in {}", names(&held));
                    }
                }
                (resolution, which)
            }
        }
    }

    fn assignable_in(&self, system: CodeSystem, code: &Code) -> Vec<EditionId> {
        let holds = |e: &&xwalk_model::Edition| e.get(code).is_some_and(Concept::assignable);
        self.timeline.of(system).filter(holds).map(|e| e.id().clone()).collect()
    }
}

/// No edition was in force on the day: either the system was not in use then, or the edition is not held.
fn none_in_force(systems: &[CodeSystem], text: &str, day: Option<Date>) -> (Resolution, usize) {
    let day_text = day.map_or(String::new(), |d| d.to_string());
    let shaped: Vec<(CodeSystem, Code)> =
        systems.iter().filter_map(|s| Some((*s, Code::parse(*s, text).ok()?))).collect();
    let out_of_use = |system: CodeSystem| match (system, day) {
        (CodeSystem::Icd9cm | CodeSystem::Icd9pcs, Some(day)) => day >= calendar::ICD10_IMPLEMENTATION,
        (CodeSystem::Icd10cm | CodeSystem::Icd10pcs, Some(day)) => day < calendar::ICD10_IMPLEMENTATION,
        _ => false,
    };
    let names = |systems: &[&(CodeSystem, Code)]| {
        systems.iter().map(|(s, _)| s.name()).collect::<Vec<_>>().join(" and ")
    };
    let in_use: Vec<&(CodeSystem, Code)> = shaped.iter().filter(|(s, _)| !out_of_use(*s)).collect();
    let code = in_use.first().copied().or(shaped.first()).map(|(_, code)| code.clone());
    let (outcome, reason) = if in_use.is_empty() {
        let all: Vec<&(CodeSystem, Code)> = shaped.iter().collect();
        (Outcome::NotValidOnDate, format!("{} was not in use on {day_text}", names(&all)))
    } else {
        let reason = format!("no edition of {} in force on {day_text} is held; import it", names(&in_use));
        (Outcome::Unknown, reason)
    };
    let resolution = Resolution::bare(text.to_owned(), code, None, outcome, reason);
    (resolution, usize::MAX)
}

fn any_of(systems: &[CodeSystem]) -> String {
    systems.iter().map(|s| s.name()).collect::<Vec<_>>().join(" or ")
}

/// The days on which an answer holds. Most codes stay as they are, and need one answer for all years.
pub struct Stretches<'d> {
    dated: &'d DatedResolver,
    /// For each day the resolver of the one edition in force.
    resolvers: Vec<Option<usize>>,
    /// Codes that came or went within a year, by a release that is not held.
    unsteady: HashSet<Code>,
}

impl Stretches<'_> {
    /// The days around one, by index, on which a text has the answer that it has there, `code` if it is one: those of the
    /// same edition, and with `same`, for which [`Resolution::is_same`] has to hold there, those of others over which the
    /// code stays as it is. The text has to be written alike on all of them.
    pub fn around(&self, at: usize, code: Option<&Code>, same: bool) -> RangeInclusive<usize> {
        let in_force = |at: usize| self.resolvers.get(at).copied().flatten();
        let unsteady = code.is_some_and(|code| self.unsteady.contains(code));
        let Some(here) = in_force(at).filter(|_| !unsteady) else { return at..=at };
        let resolvers = &self.dated.resolvers;
        let system = resolvers[here].from().system;
        // The answer is the same where the code is in force and no step from there on says anything about it.
        let kept = code.filter(|code| same && resolvers[here].keeps(code));
        let keeps_too = |which: usize, other: usize| {
            let resolver = &resolvers[which];
            resolver.from().system == system && kept.is_some_and(|c| resolver.keeps_too(c, &resolvers[other]))
        };
        let until = |days: &mut dyn Iterator<Item = usize>| {
            let (mut until, mut edition) = (at, here);
            for day in days {
                match in_force(day) {
                    Some(other) if other == edition || keeps_too(other, edition) => {
                        (until, edition) = (day, other);
                    }
                    _ => break,
                }
            }
            until
        };
        let (first, last) = (until(&mut (0..at).rev()), until(&mut (at + 1..self.resolvers.len())));
        first..=last
    }
}

/// Answers for many codes of one [`DatedResolver`].
pub struct DatedBatch<'d> {
    dated: &'d DatedResolver,
    batches: Vec<Option<Batch<'d>>>,
}

impl DatedBatch<'_> {
    /// The answer for a text on a day, and the index of the resolver that gave it; `usize::MAX` where none did.
    pub fn resolve(&mut self, text: &str, day: Option<Date>) -> (Resolution, usize) {
        let (dated, batches) = (self.dated, &mut self.batches);
        dated.answer(&dated.systems, text, day, |which| {
            batches[which].get_or_insert_with(|| dated.resolvers[which].batch()).resolve(text)
        })
    }
}

/// The systems that a code may be of when nobody says, for a target system: those in use for the same purpose in the
/// same country.
pub fn sources_of(target: CodeSystem) -> Vec<CodeSystem> {
    use CodeSystem::{Cpt, Hcpcs, Icd9cm, Icd9pcs, Icd10, Icd10cm, Icd10gm, Icd10pcs, Icd11mms};
    match target {
        Icd10cm | Icd9cm => vec![Icd9cm, Icd10cm],
        Icd10pcs | Icd9pcs => vec![Icd9pcs, Icd10pcs],
        Hcpcs | Cpt => vec![Hcpcs, Cpt],
        Icd10 => vec![Icd10],
        Icd10gm => vec![Icd10gm],
        Icd11mms => vec![Icd10, Icd11mms],
        other => vec![other],
    }
}
