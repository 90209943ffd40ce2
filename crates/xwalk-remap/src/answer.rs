//! Answers: what stands in the table for a code in its context, made once for each code that occurs.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use compact_str::CompactString;
use hashbrown::HashTable;
use xwalk_map::{Alternative, Basis, Hop, Outcome, Resolution, Warning};
use xwalk_model::{Code, CodeSystem};

use crate::options::{Dots, Field, Options, Policy, Shape};
use crate::table::{NO_NUMBER, Reach, Spellings, pack};

/// In which edition, or editions, codes are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// What summaries call it: `icd9cm@32`, or several ids.
    pub label: String,
    /// The system of its codes, where it is one.
    pub system: Option<CodeSystem>,
}

/// Answers a text in a context. The seam between tables and maps.
pub trait Resolve: Sync {
    /// The contexts; a context is named by its index.
    fn contexts(&self) -> &[Context];
    /// The answer for a text, and whose hops it names. Never an echo: what is unknown is said to be unknown.
    fn resolve(&self, context: u16, text: &str) -> (Resolution, usize);
    /// The contexts around one in which the same text has the same answer, given the answer there; with `same` also those
    /// of other editions over which a code stays as it is. One that is not told costs time only, one too many would be
    /// wrong.
    fn reach(&self, context: u16, _resolution: &Resolution, _same: bool) -> Reach {
        Reach::only(context)
    }
    /// The system of the targets.
    fn target_system(&self) -> CodeSystem;
    /// The title of a target.
    fn target_title(&self, code: &Code) -> Option<String>;
    /// The title of a source.
    fn source_title(&self, context: u16, code: &Code) -> Option<String>;
    /// Whether a reviewer decided what becomes of a code.
    fn decided(&self, whose: usize, code: &Code) -> bool;
    /// A hop in words: editions, file, line and flags.
    fn hop(&self, whose: usize, hop: &Hop) -> String;
}

/// How the target of an answer came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It is the only alternative.
    Only,
    /// It is the first of several.
    Chosen,
    /// A reviewer decided it.
    Reviewed,
    /// It stands for this code together with others of the row.
    Combined,
}

impl Choice {
    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Only => "only",
            Self::Chosen => "chosen",
            Self::Reviewed => "reviewed",
            Self::Combined => "combined",
        }
    }
}

/// A code that an authority states for several codes of a row together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// The target, canonical and as it is written.
    pub target: (Code, String),
    /// The other slots; one code of each has to be in the row.
    pub with: Vec<Vec<Code>>,
}

/// The answer for a code in a context, under a policy.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The code in canonical form, or the text where it is none.
    pub source: CompactString,
    /// Whether `source` is a code of the system.
    pub code: Option<Code>,
    /// What happened; `None` for an empty cell.
    pub outcome: Option<Outcome>,
    /// How the target came about; `None` where there is no target.
    pub choice: Option<Choice>,
    /// The target as it is written.
    pub target: Option<CompactString>,
    /// How source and target relate.
    pub relationship: Option<&'static str>,
    /// Number of alternatives.
    pub count: u32,
    /// What is told beside, where somebody asked for any of it.
    beside: Option<Box<Beside>>,
    /// Whether new codes were carved out of it.
    pub scope_lost: bool,
    /// Whether it stands for all texts beyond the number that is told apart.
    pub overflow: bool,
    /// Whether the code simply stays as it is, so that its answer is the same in every context that has it.
    pub same: bool,
}

/// What few ask for, and few answers have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Beside {
    alternatives: Vec<String>,
    title: Option<String>,
    evidence: Option<String>,
    together: Vec<Together>,
    cluster: Vec<String>,
}

impl Answer {
    #[cfg(test)]
    pub(crate) fn combining(code: Option<Code>, together: Vec<Together>, cluster: Vec<String>) -> Self {
        let beside = Beside { together, cluster, ..Beside::default() };
        Self { code, beside: Some(Box::new(beside)), ..Self::default() }
    }

    /// All alternatives as they are written, where somebody asked for them.
    pub fn alternatives(&self) -> &[String] {
        self.beside.as_ref().map_or(&[], |b| &b.alternatives)
    }

    /// Codes that stand for it together with others.
    pub fn together(&self) -> &[Together] {
        self.beside.as_ref().map_or(&[], |b| &b.together)
    }

    /// The codes that take its place together, as they are written.
    pub fn cluster(&self) -> &[String] {
        self.beside.as_ref().map_or(&[], |b| &b.cluster)
    }

    /// Whether a row that has this code may be combined.
    pub fn combines(&self) -> bool {
        !self.together().is_empty() || !self.cluster().is_empty()
    }

    /// Whether the code is lost under the policy: nothing stands for it in the output.
    pub fn is_unmapped(&self, policy: Policy) -> bool {
        match policy {
            Policy::All => !self.outcome.is_some_and(Outcome::is_mapped),
            _ => self.target.is_none(),
        }
    }

    /// What a field says; `None` where it says nothing. Lists are joined with `|`.
    pub fn text(&self, field: Field) -> Option<std::borrow::Cow<'_, str>> {
        use std::borrow::Cow;
        match field {
            Field::Target => self.target.as_deref().map(Cow::Borrowed),
            Field::Outcome => self.outcome.map(|o| Cow::Borrowed(o.id())),
            Field::Choice => self.choice.map(|c| Cow::Borrowed(c.id())),
            Field::Relationship => self.relationship.map(Cow::Borrowed),
            Field::Count => self.outcome.map(|_| Cow::Owned(self.count.to_string())),
            Field::Alternatives => {
                (!self.alternatives().is_empty()).then(|| Cow::Owned(self.alternatives().join("|")))
            }
            Field::Title => self.beside.as_ref()?.title.as_deref().map(Cow::Borrowed),
            Field::Evidence => self.beside.as_ref()?.evidence.as_deref().map(Cow::Borrowed),
        }
    }
}

/// Answers beyond this number are no longer told apart, so that a column of free text takes no memory without end.
/// Only texts without a target get there: codes of an edition are fewer.
const MAX_UNKNOWN: usize = 400_000;
/// Of a text that is no code, this much is kept.
const MAX_TEXT: usize = 40;

#[expect(clippy::struct_excessive_bools, reason = "what was asked for, each on its own")]
/// All answers given so far, shared by the threads. Number 0 is the answer of an empty cell.
pub struct AnswerBook<'r> {
    resolver: &'r dyn Resolve,
    policy: Policy,
    dots: Dots,
    alternatives: bool,
    titles: bool,
    evidence: bool,
    combine: bool,
    nulls: Vec<String>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// Short spellings, so that each is resolved once and not by every thread.
    short: Spellings,
    /// The numbers of answers by what they are shared over and their source; both stand with the answers.
    by_source: HashTable<u32>,
    answers: Vec<Arc<Answer>>,
    shared: Vec<u16>,
    /// For each answer the first context that it was given in, in the order of contexts.
    contexts: Vec<u16>,
    unknown: usize,
    /// The answers for all texts beyond the number that is told apart, by context and outcome.
    others: Vec<(u16, Option<Outcome>, u32)>,
}

impl Inner {
    fn hash(shared: u16, source: &str) -> u64 {
        foldhash::fast::FixedState::default().hash_one((shared, source))
    }

    fn find(&self, shared: u16, source: &str) -> Option<u32> {
        let same = |n: &u32| self.shared[*n as usize] == shared && self.answers[*n as usize].source == source;
        self.by_source.find(Self::hash(shared, source), same).copied()
    }

    /// Enters an answer that is not there yet.
    fn keep(&mut self, number: u32) {
        let Self { by_source, answers, shared, .. } = self;
        let hash = |n: &u32| Self::hash(shared[*n as usize], &answers[*n as usize].source);
        by_source.insert_unique(hash(&number), number, hash);
    }
}

/// Stands for every context: where a code stays as it is, or is none, its answer is the same in all of them.
const ANY_CONTEXT: u16 = u16::MAX;
/// The same for codes that mean less than before.
const ANY_LESS: u16 = u16::MAX - 1;

impl<'r> AnswerBook<'r> {
    /// A book without answers.
    pub fn new(resolver: &'r dyn Resolve, options: &Options) -> Self {
        let inner = Inner {
            short: Spellings::new(),
            by_source: HashTable::new(),
            answers: vec![Arc::new(Answer::default())],
            shared: vec![0],
            contexts: vec![0],
            unknown: 0,
            others: Vec::new(),
        };
        let asked = |field| options.fields.contains(&field);
        Self {
            resolver,
            policy: options.policy,
            dots: options.dots,
            alternatives: asked(Field::Alternatives) || options.shape == Shape::Explode,
            titles: asked(Field::Title),
            evidence: asked(Field::Evidence),
            combine: options.combine,
            nulls: options.nulls.clone(),
            inner: Mutex::new(inner),
        }
    }

    /// The resolver behind it.
    pub fn resolver(&self) -> &'r dyn Resolve {
        self.resolver
    }

    /// The policy in force.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked has left nothing half done here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the answer for the text of a cell, and the contexts in which it is the answer for that text.
    pub fn number(&self, context: u16, text: &[u8]) -> (u32, Reach) {
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() || self.nulls.iter().any(|n| n.as_bytes() == trimmed) {
            return (0, Reach::ALL);
        }
        let short = pack(trimmed);
        if let Some(key) = short {
            let (number, reach) = self.lock().short.find(key, context);
            if number != NO_NUMBER {
                return (number, reach);
            }
        }
        let text = String::from_utf8_lossy(trimmed);
        let (answer, reach) = self.answer(context, &text);
        let mut inner = self.lock();
        let number = Self::enter(&mut inner, reach.first.min(context), answer);
        if let Some(key) = short
            && inner.short.find(key, context).0 == NO_NUMBER
        {
            inner.short.insert(key, context, reach, number);
        }
        (number, reach)
    }

    /// The number of an answer, a new one where it was not given before.
    fn enter(inner: &mut Inner, context: u16, mut answer: Answer) -> u32 {
        let shared = match answer.outcome {
            Some(Outcome::Unchanged) if !answer.same => context,
            Some(Outcome::Unchanged) if answer.scope_lost => ANY_LESS,
            Some(Outcome::Unchanged | Outcome::Malformed) => ANY_CONTEXT,
            _ => context,
        };
        if let Some(number) = inner.find(shared, &answer.source) {
            // Which context came up first depends on the threads; which is the first of all does not.
            let first = &mut inner.contexts[number as usize];
            *first = (*first).min(context);
            return number;
        }
        if !answer.outcome.is_some_and(Outcome::is_mapped) {
            inner.unknown += 1;
            if inner.unknown > MAX_UNKNOWN {
                answer.source = CompactString::const_new("(others)");
                answer.code = None;
                answer.overflow = true;
                // One for each outcome: what stands in the table depends on nothing else here.
                let others = (shared, answer.outcome);
                if let Some((.., number)) = inner.others.iter().find(|(s, o, _)| (*s, *o) == others) {
                    return *number;
                }
                inner.others.push((shared, answer.outcome, inner.answers.len() as u32));
            }
        }
        let number = inner.answers.len() as u32;
        let told_apart = !answer.overflow;
        inner.answers.push(Arc::new(answer));
        inner.contexts.push(context);
        inner.shared.push(shared);
        if told_apart {
            inner.keep(number);
        }
        number
    }

    /// An answer by its number.
    pub fn get(&self, number: u32) -> Arc<Answer> {
        Arc::clone(&self.lock().answers[number as usize])
    }

    /// All answers, each with its context, in the order in which they came up, which depends on the threads.
    pub fn all(&self) -> Vec<(Arc<Answer>, u16)> {
        let inner = self.lock();
        inner.answers.iter().cloned().zip(inner.contexts.iter().copied()).collect()
    }

    fn write(&self, code: &Code) -> String {
        match self.dots {
            Dots::With => code.display(self.resolver.target_system()),
            Dots::Without => code.as_str().to_owned(),
        }
    }

    /// An alternative as text: choices of a slot joined with `/`, slots with `+`.
    fn write_alternative(&self, alternative: &Alternative) -> String {
        let slot = |codes: &Vec<Code>| codes.iter().map(|c| self.write(c)).collect::<Vec<_>>().join("/");
        alternative.targets.iter().map(slot).collect::<Vec<_>>().join("+")
    }

    fn answer(&self, context: u16, text: &str) -> (Answer, Reach) {
        let (resolution, whose) = self.resolver.resolve(context, text);
        // Only the way there tells such answers of two contexts apart.
        let same = !self.evidence && resolution.is_same();
        let reach = self.resolver.reach(context, &resolution, same);
        let source = match &resolution.code {
            Some(code) => CompactString::from(code.as_str()),
            None => shortened(text),
        };
        let chosen = choose(self.policy, &resolution);
        let first = chosen.map(|(at, _)| &resolution.alternatives[at]);
        let target = first.and_then(Alternative::single);
        let alternatives = if self.alternatives {
            resolution.alternatives.iter().map(|a| self.write_alternative(a)).collect()
        } else {
            Vec::new()
        };
        let evidence = first
            .filter(|_| self.evidence)
            .map(|a| a.hops.iter().map(|h| self.resolver.hop(whose, h)).collect::<Vec<_>>().join("; "));
        let relationship = match (first, &resolution.alternatives[..]) {
            (Some(alternative), _) | (None, [alternative]) => Some(alternative.relationship.id()),
            _ => None,
        };
        let mut together = Vec::new();
        if self.combine {
            for warning in &resolution.warnings {
                if let Warning::Together { target, with } = warning {
                    together
                        .push(Together { target: (target.clone(), self.write(target)), with: with.clone() });
                }
            }
        }
        let beside = Beside {
            alternatives,
            title: target.filter(|_| self.titles).and_then(|c| self.resolver.target_title(c)),
            evidence: evidence.filter(|e| !e.is_empty()),
            cluster: if self.combine { self.cluster(&resolution) } else { Vec::new() },
            together,
        };
        let answer = Answer {
            source,
            outcome: Some(resolution.outcome),
            choice: chosen.map(|(_, choice)| choice),
            target: target.map(|c| CompactString::from(self.write(c))),
            relationship,
            count: u32::try_from(resolution.count).unwrap_or(u32::MAX),
            beside: (beside != Beside::default()).then(|| Box::new(beside)),
            scope_lost: resolution.warnings.iter().any(|w| matches!(w, Warning::ScopeLost { .. })),
            overflow: false,
            same,
            code: resolution.code,
        };
        (answer, reach)
    }

    /// The codes of an alternative that needs several, where the policy lets it be taken and nothing is to choose.
    fn cluster(&self, resolution: &Resolution) -> Vec<String> {
        let Some(first) = resolution.alternatives.first() else { return Vec::new() };
        let reviewed = first.basis == Basis::Reviewed;
        let taken = match self.policy {
            Policy::Strict => reviewed && resolution.count == 1,
            Policy::Best => true,
            Policy::All => resolution.count == 1,
        };
        if !taken || first.targets.len() < 2 {
            return Vec::new();
        }
        // Within a slot the first choice is taken by `best` only; elsewhere a person decides.
        if self.policy != Policy::Best && first.targets.iter().any(|slot| slot.len() != 1) {
            return Vec::new();
        }
        first.targets.iter().filter_map(|slot| slot.first()).map(|c| self.write(c)).collect()
    }
}

/// A text that is no code, cut to what a reader needs to recognise it.
fn shortened(text: &str) -> CompactString {
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => CompactString::from(format!("{}…", &text[..at])),
        None => CompactString::from(text),
    }
}

/// Which alternative a policy writes, and how it came about. An alternative that needs several codes is never written
/// to one cell.
fn choose(policy: Policy, resolution: &Resolution) -> Option<(usize, Choice)> {
    let first = resolution.alternatives.first()?;
    first.single()?;
    let only = resolution.count == 1;
    let reviewed = first.basis == Basis::Reviewed;
    if reviewed && (only || resolution.alternatives[1].basis != Basis::Reviewed) {
        return Some((0, Choice::Reviewed));
    }
    let official = first.basis <= Basis::Official;
    match policy {
        Policy::Strict => {
            let same = matches!(resolution.outcome, Outcome::Unchanged | Outcome::Renamed);
            (only && official && same).then_some((0, Choice::Only))
        }
        Policy::Best => Some((0, if only { Choice::Only } else { Choice::Chosen })),
        Policy::All => only.then_some((0, Choice::Only)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xwalk_map::Rank;
    use xwalk_model::Relationship;

    fn alternative(codes: &[&str], basis: Basis, relationship: Relationship) -> Alternative {
        Alternative {
            targets: codes.iter().map(|c| vec![Code::from_official(c)]).collect(),
            relationship,
            basis,
            automatic: false,
            hops: Vec::new(),
            further_paths: 0,
            rank: Rank::default(),
        }
    }

    #[track_caller]
    fn check(outcome: Outcome, alternatives: Vec<Alternative>, expected: [Option<Choice>; 3]) {
        let count = alternatives.len();
        let resolution = Resolution {
            source: "x".into(),
            code: None,
            edition: None,
            outcome,
            reason: String::new(),
            alternatives,
            count,
            warnings: Vec::new(),
        };
        let seen = [Policy::Strict, Policy::Best, Policy::All].map(|p| choose(p, &resolution).map(|c| c.1));
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_each_policy_writes() {
        use Relationship::{Equivalent, RelatedTo};
        let (only, chosen, reviewed) = (Some(Choice::Only), Some(Choice::Chosen), Some(Choice::Reviewed));
        let official = |codes: &[&str], r| alternative(codes, Basis::Official, r);
        check(Outcome::Unchanged, vec![official(&["A"], Equivalent)], [only, only, only]);
        check(Outcome::Renamed, vec![official(&["A"], Equivalent)], [only, only, only]);
        check(Outcome::Replaced, vec![official(&["A"], RelatedTo)], [None, only, only]);
        check(Outcome::Merged, vec![official(&["A"], Equivalent)], [None, only, only]);
        let inferred = alternative(&["A"], Basis::Inferred, Equivalent);
        check(Outcome::Renamed, vec![inferred], [None, only, only]);
        let two = vec![official(&["A"], RelatedTo), official(&["B"], RelatedTo)];
        check(Outcome::Split, two, [None, chosen, None]);
        check(Outcome::Combination, vec![official(&["A", "B"], RelatedTo)], [None, None, None]);
        check(Outcome::NoMap, Vec::new(), [None, None, None]);
        let decided = alternative(&["A"], Basis::Reviewed, RelatedTo);
        check(Outcome::Replaced, vec![decided], [reviewed, reviewed, reviewed]);
    }
}
