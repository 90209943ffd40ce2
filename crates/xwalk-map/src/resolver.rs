//! Codes carried along a route, each with a typed answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use xwalk_model::{Code, Concept, ConceptKind, ConceptMap, Edition, EditionId, Targets};

use crate::annual::NAMES;
use crate::compose::{Carried, Strand, carry, merge};
use crate::error::MapError;
use crate::foreign::{Foreign, both, check};
use crate::infer::Inference;
use crate::outcome::{Alternative, Basis, Hop, Outcome, Rank, Resolution, Warning};
use crate::rank::{Preferences, Ranker};
use crate::step::{Entry, Found, Step, StepKind};

/// More ways than this are not followed for one code, whatever was asked for.
const MOST_WAYS: usize = 20_000;

/// Settings of a [`Resolver`].
#[derive(Debug)]
pub struct Options {
    /// With more alternatives than this the outcome is [`Outcome::TooWide`].
    pub max_alternatives: usize,
    /// What the ranking prefers.
    pub preferences: Preferences,
    /// How many codes of a map may be missing from its edition, in thousandths of its codes.
    pub foreign_limit: usize,
}

impl Default for Options {
    /// A hundred alternatives, no volumes, one foreign code in a hundred.
    fn default() -> Self {
        Self { max_alternatives: 100, preferences: Preferences::default(), foreign_limit: 10 }
    }
}

/// Carries codes along a route.
pub struct Resolver {
    steps: Vec<Arc<Step>>,
    from: EditionId,
    to: EditionId,
    source: Option<Arc<Edition>>,
    target: Option<Arc<Edition>>,
    others: Vec<Arc<Edition>>,
    decisions: Option<ConceptMap>,
    inference: Option<Inference>,
    options: Options,
    foreign: Vec<Foreign>,
}

impl Resolver {
    /// A resolver over the steps of a route from one edition to another; no step where both are the same.
    ///
    /// `source` and `target` are the editions at the ends, where they are held; `others` are further editions that are
    /// held. The codes of each map are looked up in the editions at its ends; some that are not there are kept in
    /// [`Resolver::foreign`], more than the limit are an error.
    pub fn new(
        from: EditionId,
        to: EditionId,
        steps: Vec<Arc<Step>>,
        source: Option<Arc<Edition>>,
        target: Option<Arc<Edition>>,
        others: Vec<Arc<Edition>>,
        options: Options,
    ) -> Result<Self, MapError> {
        let mut foreign = Vec::new();
        let mut steps = steps;
        for step in steps.iter_mut().filter(|s| s.kind == StepKind::Map) {
            let held = |id: &EditionId| {
                let ends = source.iter().chain(&target).chain(&others);
                ends.into_iter().find(|e| e.id() == id)
            };
            let limit = options.foreign_limit;
            let sources = || held(&step.from).map(|e| check(step, e, step.sources(), limit)).transpose();
            let targets = || held(&step.to).map(|e| check(step, e, step.targets(), limit)).transpose();
            let (sources, targets) = both(sources, targets);
            foreign.extend(sources?.and_then(|(found, _)| found));
            if let Some((found, dropped)) = targets? {
                foreign.extend(found);
                if !dropped.is_empty() {
                    Arc::make_mut(step).drop_targets(&dropped);
                }
            }
        }
        Ok(Self {
            steps,
            from,
            to,
            source,
            target,
            others,
            decisions: None,
            inference: None,
            options,
            foreign,
        })
    }

    /// Whether a reviewer decided what becomes of a code, which may be that nothing does.
    pub fn decides(&self, code: &Code) -> bool {
        self.decisions.as_ref().is_some_and(|decisions| decisions.elements.contains_key(code))
    }

    /// Lets decisions of a review go before everything else. The map has to lead from the source edition of the route
    /// to its target edition.
    #[must_use]
    pub fn with_decisions(mut self, decisions: ConceptMap) -> Self {
        self.decisions = Some(decisions);
        self
    }

    /// Applies inferred successors where nothing is stated or derived.
    #[must_use]
    pub fn with_inference(mut self, inference: Inference) -> Self {
        self.inference = Some(inference);
        self
    }

    /// The edition that the codes come from.
    pub fn from(&self) -> &EditionId {
        &self.from
    }

    /// The edition that they are carried to.
    pub fn to(&self) -> &EditionId {
        &self.to
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Arc<Step>] {
        &self.steps
    }

    /// The edition that the codes come from, where it is held.
    pub fn source(&self) -> Option<&Edition> {
        self.source.as_deref()
    }

    /// The edition that they are carried to, where it is held.
    pub fn target(&self) -> Option<&Edition> {
        self.target.as_deref()
    }

    /// Codes of maps that are not in the editions at their ends; they are passed over.
    pub fn foreign(&self) -> &[Foreign] {
        &self.foreign
    }

    /// The answer for a text as people write codes.
    pub fn resolve(&self, text: &str) -> Resolution {
        self.batch().resolve(text)
    }

    /// The answer for a code.
    pub fn resolve_code(&self, code: &Code) -> Resolution {
        self.batch().resolve_code(code, code.display(self.from.system))
    }

    /// A worker for many codes; it remembers what it has met, so that it is quicker than one call for each.
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            resolver: self,
            ranker: Ranker::new(self.target.as_deref(), &self.options.preferences),
            limit: self.options.max_alternatives,
        }
    }

    /// Given that the other resolver keeps a code: whether this one does. Where the route of one is the end of that of
    /// the other, only the years between have to be asked.
    pub(crate) fn keeps_too(&self, code: &Code, other: &Self) -> bool {
        let is_later = self.steps.len() <= other.steps.len();
        let (longer, shorter) = if is_later { (other, self) } else { (self, other) };
        let (between, rest) = longer.steps.split_at(longer.steps.len() - shorter.steps.len());
        let one_ends_the_other = rest.iter().zip(&shorter.steps).all(|(a, b)| Arc::ptr_eq(a, b));
        if !one_ends_the_other || between.iter().any(|step| step.kind != StepKind::Annual) {
            return self.keeps(code);
        }
        // What no step says anything about stands in every edition from there on.
        !self.decides(code)
            && (is_later || self.holds(code) && between.iter().all(|step| step.is_silent(code)))
    }

    fn holds(&self, code: &Code) -> bool {
        self.source.as_ref().is_some_and(|edition| edition.get(code).is_some_and(Concept::assignable))
    }

    /// Whether a code of the source edition stays as it is, and nobody says anything about it on the way: its answer
    /// needs no look at more than that.
    pub fn keeps(&self, code: &Code) -> bool {
        !self.decides(code) && self.holds(code) && self.steps.iter().all(|step| step.is_silent(code))
    }

    /// All assignable codes of the source edition in tabular order, without modifiers; without the edition, the codes
    /// of the first map.
    pub fn codes(&self) -> Vec<Code> {
        match &self.source {
            Some(edition) => assignable_codes(edition).map(|c| c.code().clone()).collect(),
            None => self.steps.first().map(|s| s.codes().cloned().collect()).unwrap_or_default(),
        }
    }
}

/// The codes of an edition that may be used on a claim, in tabular order, without modifiers.
pub fn assignable_codes(edition: &Edition) -> impl Iterator<Item = Concept<'_>> {
    edition.concepts().filter(|c| c.assignable() && c.kind() == ConceptKind::Code)
}

/// Answers for many codes of one resolver.
pub struct Batch<'r> {
    resolver: &'r Resolver,
    ranker: Ranker<'r>,
    limit: usize,
}

impl Batch<'_> {
    /// Sets how many alternatives are listed before an answer is too wide.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The answer for a text as people write codes.
    pub fn resolve(&mut self, text: &str) -> Resolution {
        let system = self.resolver.from.system;
        match Code::parse(system, text) {
            Ok(code) => self.resolve_code(&code, text.to_owned()),
            Err(error) => answer(text.to_owned(), None, Some(&self.resolver.from), Outcome::Malformed, error),
        }
    }

    /// The answer for a code; `source` is the text that is shown for it.
    pub fn resolve_code(&mut self, code: &Code, source: String) -> Resolution {
        let r = self.resolver;
        let concept = r.source.as_deref().and_then(|e| e.get(code));
        match (&r.source, concept) {
            (Some(edition), None) => return self.not_held(code, source, edition.id()),
            (Some(edition), Some(concept)) if !concept.assignable() => {
                let below = concept.descendants().iter().filter(|c| c.assignable()).count();
                let reason =
                    format!("a header in {}: {below} codes below it may be used on a claim", edition.id());
                return answer(source, Some(code), Some(edition.id()), Outcome::Header, reason);
            }
            (None, _) if !self.is_listed(code) => {
                let reason = match r.steps.iter().find(|step| step.lacks(code)) {
                    Some(step) if step.forward_in_time => {
                        format!("{} does not have it; it is new in {}", r.from, step.to)
                    }
                    Some(step) => format!("{} does not have it; it was last in {}", r.from, step.to),
                    None => format!(
                        "{} is not held, so a code that no map of the route lists cannot be told from one that never \
                         was",
                        r.from
                    ),
                };
                return answer(source, Some(code), Some(&r.from), Outcome::Unknown, reason);
            }
            _ => {}
        }
        if let Some(resolution) = self.decided(code, &source, concept) {
            return resolution;
        }
        self.carried(code, source, concept)
    }

    /// Whether a map on the way tells that a code stands in the source edition, which is not held: the first step that
    /// says something about it says so of a code that was there.
    fn is_listed(&self, code: &Code) -> bool {
        for step in &self.resolver.steps {
            if step.lacks(code) {
                return false;
            }
            match step.find(code) {
                Found::Entries(_) | Found::Scope(_) => return true,
                Found::Nothing => return false,
                Found::Same => {}
            }
        }
        false
    }

    fn not_held(&self, code: &Code, source: String, edition: &EditionId) -> Resolution {
        let r = self.resolver;
        let elsewhere: Vec<String> = (r.others.iter().chain(&r.target))
            .filter(|e| e.id().system == edition.system && e.id() != edition)
            .filter(|e| e.get(code).is_some_and(Concept::assignable))
            .map(|e| e.id().version.as_str().to_owned())
            .collect();
        let reason = if elsewhere.is_empty() {
            format!("{edition} does not have it, and no other edition of {} held does", edition.system.name())
        } else {
            format!("{edition} does not have it; it is assignable in {}", elsewhere.join(", "))
        };
        answer(source, Some(code), Some(edition), Outcome::Unknown, reason)
    }

    fn decided(&mut self, code: &Code, source: &str, concept: Option<Concept<'_>>) -> Option<Resolution> {
        let r = self.resolver;
        let decisions = r.decisions.as_ref()?;
        let mappings = decisions.elements.get(code)?;
        let mut strands: Vec<Strand> = Vec::new();
        for entry in mappings.iter().filter_map(Entry::of).filter(|e| !e.slots.is_empty()) {
            strands.push(Strand {
                slots: entry.slots.clone(),
                relationship: entry.relationship,
                basis: Basis::Reviewed,
                automatic: false,
                hops: vec![Hop {
                    step: u16::MAX,
                    file: Hop::NO_FILE,
                    line: 0,
                    flags: entry.flags.clone(),
                    basis: Basis::Reviewed,
                    reversed: false,
                }],
                further_paths: 0,
                doubt: 0,
            });
        }
        if strands.is_empty() {
            let stated = mappings.iter().any(|m| matches!(m.targets, Targets::NoMap));
            let reason = "a reviewer decided that there is no target";
            return stated
                .then(|| answer(source.to_owned(), Some(code), Some(&r.from), Outcome::NoMap, reason));
        }
        merge(&mut strands);
        Some(self.finish(code, source.to_owned(), concept, strands, Vec::new(), false))
    }

    fn carried(&mut self, code: &Code, source: String, concept: Option<Concept<'_>>) -> Resolution {
        let r = self.resolver;
        let mut strands = vec![Strand::start(code.clone())];
        let mut warnings: Vec<Warning> = Vec::new();
        let mut ended: Vec<(usize, Code)> = Vec::new();
        let mut cut = false;
        for (number, step) in r.steps.iter().enumerate() {
            let no = u16::try_from(number).unwrap_or(u16::MAX);
            let carried: Carried = carry(strands, step, no, MOST_WAYS);
            cut |= carried.cut;
            strands = carried.strands;
            for (code, strand) in carried.ended {
                match strand.and_then(|strand| self.inferred(step, no, &code, &strand)) {
                    Some(more) => strands.extend(more),
                    None => ended.push((number, code)),
                }
            }
            let at = if step.forward_in_time { &step.to } else { &step.from };
            let scope =
                carried.scope.into_iter().map(|(_, into)| Warning::ScopeLost { at: at.clone(), into });
            let together =
                carried.together.into_iter().map(|(target, with)| Warning::Together { target, with });
            for warning in scope.chain(together) {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
            if strands.is_empty() {
                break;
            }
        }
        strands.iter_mut().filter(|s| s.slots.len() > 1).for_each(Strand::settle);
        merge(&mut strands);
        if strands.is_empty() {
            return self.ended(code, source, &ended, warnings);
        }
        for (number, code) in ended {
            let step = &r.steps[number];
            let from = step.from.clone();
            let warning = Warning::Ended { code, edition: from, to: step.to.clone() };
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        self.finish(code, source, concept, strands, warnings, cut)
    }

    /// Inferred ways on for a code that ended, where inference was asked for.
    fn inferred(&self, step: &Step, number: u16, code: &Code, strand: &Strand) -> Option<Vec<Strand>> {
        let inference = self.resolver.inference.as_ref()?;
        let found = inference.successors(&step.from, &step.to, code);
        (!found.is_empty()).then(|| found.iter().map(|c| strand.inferred(number, c)).collect())
    }

    fn ended(
        &self,
        code: &Code,
        source: String,
        ended: &[(usize, Code)],
        warnings: Vec<Warning>,
    ) -> Resolution {
        let r = self.resolver;
        let last = ended.iter().map(|(number, _)| *number).max();
        let step = last.and_then(|number| r.steps.get(number));
        let (outcome, reason) = match step {
            Some(step) => {
                let mut codes: Vec<&Code> =
                    ended.iter().filter(|(n, _)| Some(*n) == last).map(|(_, c)| c).collect();
                codes.sort_unstable();
                codes.dedup();
                why_ended(step, code, &codes)
            }
            None => (Outcome::NoMap, String::new()),
        };
        let mut resolution = answer(source, Some(code), Some(&r.from), outcome, reason);
        resolution.warnings = warnings;
        resolution
    }

    fn finish(
        &mut self,
        code: &Code,
        source: String,
        concept: Option<Concept<'_>>,
        strands: Vec<Strand>,
        warnings: Vec<Warning>,
        cut: bool,
    ) -> Resolution {
        let r = self.resolver;
        let count = strands.len();
        if count > self.limit || cut {
            let more = if cut { "more than " } else { "" };
            let reason = format!("{more}{count} alternatives, {} are listed at most", self.limit);
            let mut resolution = answer(source, Some(code), Some(&r.from), Outcome::TooWide, reason);
            resolution.count = count;
            resolution.warnings = warnings;
            return resolution;
        }
        let outcome = self.outcome(code, &strands);
        let mut alternatives: Vec<Alternative> = strands
            .into_iter()
            .map(|s| Alternative {
                targets: s.slots,
                relationship: s.relationship,
                basis: s.basis,
                automatic: s.automatic,
                hops: s.hops,
                further_paths: s.further_paths,
                rank: Rank { doubt: s.doubt, ..Rank::default() },
            })
            .collect();
        let first_map = r.steps.first().filter(|s| s.kind == StepKind::Map && r.steps.len() == 1);
        self.ranker.rank(concept, &mut alternatives, |alternative| {
            let step = first_map?;
            alternative
                .targets
                .iter()
                .flatten()
                .filter_map(|t| step.comes_back(code, t))
                .reduce(|a, b| a || b)
        });
        let mut resolution = answer(source, Some(code), Some(&r.from), outcome, "");
        resolution.count = count;
        resolution.alternatives = alternatives;
        resolution.warnings = warnings;
        resolution
    }

    fn outcome(&self, code: &Code, strands: &[Strand]) -> Outcome {
        use xwalk_model::Relationship::Equivalent;
        if strands.iter().any(|s| s.slots.len() > 1) {
            return Outcome::Combination;
        }
        let [strand] = strands else { return Outcome::Split };
        let [slot] = &strand.slots[..] else { return Outcome::Split };
        let [target] = &slot[..] else { return Outcome::Split };
        let r = self.resolver;
        if strand.hops.is_empty() && target == code && r.from.system == r.to.system {
            return Outcome::Unchanged;
        }
        if strand.relationship == Equivalent {
            return if target == code && r.from.system == r.to.system {
                Outcome::Unchanged
            } else {
                Outcome::Renamed
            };
        }
        if self.shared_on_the_way(code) { Outcome::Merged } else { Outcome::Replaced }
    }

    /// Whether the only way of a code meets those of others.
    fn shared_on_the_way(&self, code: &Code) -> bool {
        let mut at = code.clone();
        for step in &self.resolver.steps {
            if let Found::Entries(entries) = step.find(&at) {
                let mut ways = entries.iter().filter(|e| !e.slots.is_empty());
                let (Some(entry), None) = (ways.next(), ways.next()) else { return false };
                let [slot] = &entry.slots[..] else { return false };
                let [target] = &slot[..] else { return false };
                if step.is_shared(target) && entry.relationship != xwalk_model::Relationship::Equivalent {
                    return true;
                }
                at = target.clone();
            }
        }
        false
    }
}

/// Why the last ways of a code ended, in words: what the file states, where it states it, or that there is nothing.
fn why_ended(step: &Step, source: &Code, ended: &[&Code]) -> (Outcome, String) {
    let system = step.from.system;
    let others: Vec<String> =
        ended.iter().filter(|c| **c != source).take(4).map(|c| c.display(system)).collect();
    let what = if others.is_empty() { String::new() } else { format!("{}: ", others.join(", ")) };
    let entry = ended.iter().find_map(|code| match step.find(code) {
        Found::Entries(entries) => entries.first(),
        _ => None,
    });
    let place = entry.and_then(|e| Some((step.sources.get(usize::from(e.file))?, e.line)));
    let place = place.map_or(String::new(), |(file, line)| format!(" ({}:{line})", file.name));
    let flags = entry.map_or("", |e| e.flags.as_str());
    if let Some(named) = flags.strip_prefix(NAMES) {
        let reason = format!("{what}{named} is stated{place}, which {} does not have", step.to);
        return (Outcome::NoMap, reason);
    }
    match (step.kind, step.forward_in_time) {
        (StepKind::Annual, true) => {
            let refers = flags
                .split_once("refers to ")
                .map_or(String::new(), |(_, codes)| format!(" in its system; its record refers to {codes}"));
            let reason = format!("{what}deleted in {}, and no authority states a successor{refers}", step.to);
            (Outcome::DeletedWithoutSuccessor, reason)
        }
        (StepKind::Annual, false) if !place.is_empty() => {
            let reason = format!("{what}new in {}, stated to have no previous code{place}", step.from);
            (Outcome::NoMap, reason)
        }
        (StepKind::Annual, false) => {
            let reason =
                format!("{what}new in {}, and nothing is stated to have stood for it before", step.from);
            (Outcome::NoMap, reason)
        }
        (StepKind::Map, _) if entry.is_some() => {
            let reason = format!("{what}{} states that there is no target in {}{place}", step.name, step.to);
            (Outcome::NoMap, reason)
        }
        (StepKind::Map, _) => {
            let reason =
                format!("{what}{} from {} to {} says nothing about it", step.name, step.from, step.to);
            (Outcome::NoMap, reason)
        }
    }
}

fn answer(
    source: String,
    code: Option<&Code>,
    edition: Option<&EditionId>,
    outcome: Outcome,
    reason: impl std::fmt::Display,
) -> Resolution {
    Resolution::bare(source, code.cloned(), edition.cloned(), outcome, reason.to_string())
}

/// How many answers there are of each outcome, those with none left out.
pub fn tally<'r>(resolutions: impl IntoIterator<Item = &'r Resolution>) -> BTreeMap<Outcome, usize> {
    let mut counts = BTreeMap::new();
    for resolution in resolutions {
        *counts.entry(resolution.outcome).or_default() += 1;
    }
    counts
}
