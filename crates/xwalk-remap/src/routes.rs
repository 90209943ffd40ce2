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
    /// With the day that stands for each context; `None` for codes without a date.
    Dated(&'r DatedResolver, Vec<Option<Date>>, Stretches<'r>),
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
        let changes = resolver.timeline().days_of_change();
        let before = changes.first().and_then(|day| day.yesterday().ok());
        let mut days = vec![None];
        days.extend(before.map(Some));
        days.extend(changes.iter().copied().map(Some));
        let label = |day: &Option<Date>| match day {
            None => "without a date".to_owned(),
            Some(day) => {
                let in_force = systems.iter().filter_map(|s| resolver.timeline().in_force(*s, *day));
                let ids: Vec<String> = in_force.map(|e| e.id().to_string()).collect();
                if ids.is_empty() { format!("no edition held on {day}") } else { ids.join(" or ") }
            }
        };
        let system = if let [system] = systems { Some(*system) } else { None };
        let contexts = days.iter().map(|day| Context { label: label(day), system }).collect();
        let mut starts: Vec<(Date, Option<u16>)> = Vec::new();
        for (context, day) in days.iter().enumerate().skip(1) {
            let from = if Some(*day) == before.map(Some) { Some(Date::MIN) } else { *day };
            starts.extend(from.map(|from| (from, Some(context as u16))));
        }
        let joins = resolver.resolvers().iter().map(joins_of).collect();
        let stretches = resolver.stretches(&days);
        let kind = Kind::Dated(resolver, days, stretches);
        let routes = Self { kind, contexts, target, joins };
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
            Kind::Dated(dated, days, _) => {
                dated.resolve(text, days.get(usize::from(context)).copied().flatten())
            }
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

    fn reach(&self, context: u16, resolution: &Resolution) -> Reach {
        match (&self.kind, &resolution.code) {
            // What is told beside the answer may differ from one edition to the next.
            (Kind::Dated(.., stretches), Some(code)) if resolution.warnings.is_empty() => {
                let days = stretches.around(usize::from(context), code);
                Reach { first: *days.start() as u16, last: *days.end() as u16 }
            }
            _ => Reach::only(context),
        }
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
            Kind::Dated(dated, days, _) => {
                let day = days.get(usize::from(context)).copied().flatten();
                let (_, which) = dated.resolve(code.as_str(), day);
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
