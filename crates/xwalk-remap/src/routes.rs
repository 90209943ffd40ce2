//! Answers by the resolvers of `xwalk-map`: along one route, or from the edition in force on a date.

use std::collections::BTreeMap;

use jiff::civil::Date;
use xwalk_map::{DatedResolver, Hop, Resolution, Resolver, Stretches, Warning};
use xwalk_model::{Code, CodeSystem, Concept, Edition};

use crate::answer::{Context, Resolve};
use crate::date::Calendar;
use crate::table::Reach;

/// New codes that are stated for several old codes together, by each of the old ones: the target, and the other slots.
type Joins = BTreeMap<Code, Vec<(Code, Vec<Vec<Code>>)>>;

/// Resolvers behind the contexts of a run.
pub struct Routes<'r> {
    kind: Kind<'r>,
    contexts: Vec<Context>,
    target: CodeSystem,
    /// For each resolver.
    joins: Vec<Joins>,
}

enum Kind<'r> {
    One(&'r Resolver),
    /// With the day that stands for each context (`None` for codes without a date), and the systems of its codes; and the
    /// stretches of the contexts of each group of systems.
    Dated(&'r DatedResolver, Vec<(Option<Date>, Vec<CodeSystem>)>, Vec<Stretches<'r>>),
}

impl<'r> Routes<'r> {
    /// One route for all codes.
    pub fn one(resolver: &'r Resolver) -> (Self, Calendar) {
        let from = resolver.from();
        let context = Context { label: from.to_string(), system: Some(from.system) };
        let routes = Self {
            kind: Kind::One(resolver),
            contexts: vec![context],
            target: resolver.to().system,
            joins: vec![joins_of(resolver)],
        };
        (routes, Calendar::fixed(0))
    }

    /// The route from the edition in force on the date of each code. Days between which nothing changes are one
    /// context.
    pub fn dated(
        resolver: &'r DatedResolver,
        systems: &[CodeSystem],
        target: CodeSystem,
    ) -> (Self, Calendar) {
        Self::over(resolver, &[systems.to_vec()], target)
    }

    /// The same for codes that come with their system: first the contexts of the first system, then those of the next.
    /// The calendar names those of the first; each system has as many.
    pub fn by_system(
        resolver: &'r DatedResolver,
        systems: &[CodeSystem],
        target: CodeSystem,
    ) -> (Self, Calendar) {
        let each: Vec<Vec<CodeSystem>> = systems.iter().map(|s| vec![*s]).collect();
        Self::over(resolver, &each, target)
    }

    fn over(resolver: &'r DatedResolver, groups: &[Vec<CodeSystem>], target: CodeSystem) -> (Self, Calendar) {
        let changes = resolver.timeline().days_of_change();
        let before = changes.first().and_then(|day| day.yesterday().ok());
        let mut days = vec![None];
        days.extend(before.map(Some));
        days.extend(changes.iter().copied().map(Some));
        let mut contexts = Vec::new();
        let mut kinds = Vec::new();
        for systems in groups {
            for day in &days {
                let label = match day {
                    None => "without a date".to_owned(),
                    Some(day) => {
                        let in_force = systems.iter().filter_map(|s| resolver.timeline().in_force(*s, *day));
                        let ids: Vec<String> = in_force.map(|e| e.id().to_string()).collect();
                        if ids.is_empty() { format!("no edition held on {day}") } else { ids.join(" or ") }
                    }
                };
                let system = if let [system] = systems[..] { Some(system) } else { None };
                contexts.push(Context { label, system });
                kinds.push((*day, systems.clone()));
            }
        }
        let mut starts: Vec<(Date, Option<u16>)> = Vec::new();
        for (context, day) in days.iter().enumerate().skip(1) {
            let from = if Some(*day) == before.map(Some) { Some(Date::MIN) } else { *day };
            starts.extend(from.map(|from| (from, Some(context as u16))));
        }
        let joins = resolver.resolvers().iter().map(joins_of).collect();
        let stretches = groups.iter().map(|systems| resolver.stretches(systems, &days)).collect();
        let routes = Self { kind: Kind::Dated(resolver, kinds, stretches), contexts, target, joins };
        (routes, Calendar::new(starts, Some(0)))
    }

    fn resolver(&self, which: usize) -> Option<&'r Resolver> {
        match &self.kind {
            Kind::One(resolver) => Some(resolver),
            Kind::Dated(dated, ..) => dated.resolvers().get(which),
        }
    }

    fn target_edition(&self) -> Option<&'r Edition> {
        match &self.kind {
            Kind::One(resolver) => resolver.target(),
            Kind::Dated(dated, ..) => dated.resolvers().first().and_then(Resolver::target),
        }
    }
}

fn joins_of(resolver: &Resolver) -> Joins {
    let mut joins = Joins::new();
    for join in resolver.steps().iter().flat_map(|step| step.joins()) {
        // A target that did not live on stands for nothing any more.
        let lives = resolver.target().is_none_or(|e| e.get(&join.target).is_some_and(Concept::assignable));
        if !lives {
            continue;
        }
        for (at, slot) in join.sources.iter().enumerate() {
            let with: Vec<Vec<Code>> =
                join.sources.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, s)| s.clone()).collect();
            for code in slot {
                joins.entry(code.clone()).or_default().push((join.target.clone(), with.clone()));
            }
        }
    }
    joins
}

impl Resolve for Routes<'_> {
    fn contexts(&self) -> &[Context] {
        &self.contexts
    }

    fn resolve(&self, context: u16, text: &str) -> (Resolution, usize) {
        let (mut resolution, which) = match &self.kind {
            Kind::One(resolver) => (resolver.resolve(text), 0),
            Kind::Dated(dated, kinds, _) => match kinds.get(usize::from(context)) {
                Some((day, systems)) => dated.resolve_among(systems, text, *day),
                None => dated.resolve(text, None),
            },
        };
        let joins = resolution.code.as_ref().and_then(|code| self.joins.get(which)?.get(code));
        for (target, with) in joins.into_iter().flatten() {
            let together = Warning::Together { target: target.clone(), with: with.clone() };
            if resolution.outcome.is_mapped() && !resolution.warnings.contains(&together) {
                resolution.warnings.push(together);
            }
        }
        (resolution, which)
    }

    fn reach(&self, context: u16, resolution: &Resolution, same: bool) -> Reach {
        let Kind::Dated(_, kinds, stretches) = &self.kind else { return Reach::only(context) };
        let group = (kinds.len() / stretches.len().max(1)).max(1);
        let (of, day) = (usize::from(context) / group, usize::from(context) % group);
        let Some(stretch) = stretches.get(of) else { return Reach::only(context) };
        // What is told beside the answer may differ from one edition to the next.
        let same = same && resolution.warnings.is_empty();
        let days = stretch.around(day, resolution.code.as_ref(), same);
        Reach { first: (of * group + days.start()) as u16, last: (of * group + days.end()) as u16 }
    }

    fn target_system(&self) -> CodeSystem {
        self.target
    }

    fn target_title(&self, code: &Code) -> Option<String> {
        Some(self.target_edition()?.get(code)?.title().to_owned())
    }

    fn source_title(&self, context: u16, code: &Code) -> Option<String> {
        let edition = match &self.kind {
            Kind::One(resolver) => resolver.source(),
            Kind::Dated(dated, ..) => {
                let (_, which) = self.resolve(context, code.as_str());
                dated.resolvers().get(which).and_then(Resolver::source)
            }
        };
        let edition = edition?;
        let title = edition.get(code)?.title();
        if !title.is_empty() {
            return Some(title.to_owned());
        }
        // A title in the words of the target edition need not be held twice.
        let target = self.target_edition().filter(|target| target.id().system == edition.id().system)?;
        Some(target.get(code)?.title().to_owned()).filter(|title| !title.is_empty())
    }

    fn decided(&self, whose: usize, code: &Code) -> bool {
        self.resolver(whose).is_some_and(|resolver| resolver.decides(code))
    }

    fn hop(&self, whose: usize, hop: &Hop) -> String {
        let step = self.resolver(whose).and_then(|r| r.steps().get(usize::from(hop.step)));
        let Some(step) = step else { return "reviewed".to_owned() };
        let place = match step.sources.get(usize::from(hop.file)) {
            Some(source) if hop.file != Hop::NO_FILE => format!("{}:{}", source.name, hop.line),
            _ => hop.basis.id().to_owned(),
        };
        let flags = if hop.flags.is_empty() { String::new() } else { format!(" [{}]", hop.flags) };
        format!("{}..{} {place}{flags}", step.from, step.to)
    }
}
