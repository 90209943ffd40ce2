//! Policy lists carried from one system to another by the four-phase method.
//!
//! The method is the one by which the MS-DRGs were converted from ICD-9-CM (R. Mills, 3M, "DIY ICD-10 conversion"):
//! the reverse map asks of every new code what it would have been before, which finds what the policy meant; the
//! forward map is asked only for codes of the list that nothing led to; clusters come last, and to a person.

use std::collections::{BTreeMap, BTreeSet};

use xwalk_model::{Code, ConceptMap, HeaderMeaning, Mapping, Provenance, Targets, ValueSet};

use crate::expand::EditionIndex;

/// The phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Codes of the new system that are carried back to a code of the list alone.
    ReverseSingle,
    /// Left-over codes of the list, carried forward to single codes.
    ForwardSingle,
    /// Codes of the new system that are carried back to several codes together, of which the list holds some.
    ReverseCluster,
    /// Left-over codes of the list, carried forward to several codes together.
    ForwardCluster,
}

impl Phase {
    /// Its number, from 1.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::ReverseSingle => "reverse-single",
            Self::ForwardSingle => "forward-single",
            Self::ReverseCluster => "reverse-cluster",
            Self::ForwardCluster => "forward-cluster",
        }
    }
}

/// One code of the new list, or a candidate for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The code of the new system.
    pub code: Code,
    /// Its title.
    pub title: String,
    /// In which phase it was found first.
    pub phase: Phase,
    /// Codes of the list that lead to it.
    pub from: Vec<Code>,
    /// Codes of the old system that lead to it too and are not in the list.
    pub besides: Vec<Code>,
    /// Whether a person has to decide: some of what it would have been before is outside the list, or it is used
    /// together with others.
    pub review: bool,
    /// The rows that say so.
    pub evidence: Vec<String>,
}

/// A policy list in another system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Number of codes of the old list.
    pub before: usize,
    /// The codes of the new list, in tabular order; those to review are candidates.
    pub found: Vec<Found>,
    /// Codes of the old list that no phase carried anywhere, and why.
    pub left_over: Vec<(Code, String)>,
    /// Lines of the old list that name nothing.
    pub empty: Vec<usize>,
}

/// Translates a list. `reverse` leads from the new system to the old one, `forward` the other way.
pub fn translate(
    set: &ValueSet,
    headers: HeaderMeaning,
    from: &EditionIndex<'_>,
    to: &EditionIndex<'_>,
    reverse: &ConceptMap,
    forward: &ConceptMap,
) -> Policy {
    let expansion = from.expand(set, headers);
    let list: BTreeSet<Code> = expansion.codes.iter().map(|ix| from.code(ix).clone()).collect();
    let mut work = Work { to, list: &list, found: BTreeMap::new(), reached: BTreeSet::new() };
    for (target, mappings) in &reverse.elements {
        work.reverse_single(target, mappings, reverse);
    }
    let left: Vec<Code> = list.difference(&work.reached).cloned().collect();
    for code in &left {
        work.forward(code, forward, reverse, Phase::ForwardSingle);
    }
    for (target, mappings) in &reverse.elements {
        work.reverse_cluster(target, mappings, reverse);
    }
    let left: Vec<Code> = list.difference(&work.reached).cloned().collect();
    for code in &left {
        work.forward(code, forward, reverse, Phase::ForwardCluster);
    }
    let left_over = list
        .difference(&work.reached)
        .map(|code| {
            let mappings = forward.get(code);
            let reason = if mappings.iter().any(|m| m.targets == Targets::NoMap) {
                "the map states that nothing takes over from it"
            } else if mappings.is_empty() {
                "no map says anything about it"
            } else {
                "what the map carries it to is not in the new edition"
            };
            (code.clone(), reason.to_owned())
        })
        .collect();
    let mut found: Vec<Found> = work.found.into_values().collect();
    found.sort_by_key(|f| to.find(&f.code));
    Policy { before: list.len(), found, left_over, empty: expansion.empty }
}

struct Work<'w> {
    to: &'w EditionIndex<'w>,
    list: &'w BTreeSet<Code>,
    found: BTreeMap<Code, Found>,
    /// Codes of the list that something was found for.
    reached: BTreeSet<Code>,
}

impl Work<'_> {
    fn reverse_single(&mut self, target: &Code, mappings: &[Mapping], map: &ConceptMap) {
        let singles: Vec<(&Code, &Mapping)> = mappings
            .iter()
            .filter_map(|m| if let Targets::One(code) = &m.targets { Some((code, m)) } else { None })
            .collect();
        let (inside, outside): (Vec<_>, Vec<_>) =
            singles.iter().partition(|(code, _)| self.list.contains(code));
        if inside.is_empty() {
            return;
        }
        let review = !outside.is_empty();
        self.push(
            target,
            Phase::ReverseSingle,
            &inside,
            outside.iter().map(|(c, _)| (*c).clone()),
            review,
            map,
        );
    }

    fn reverse_cluster(&mut self, target: &Code, mappings: &[Mapping], map: &ConceptMap) {
        let mut inside: Vec<(&Code, &Mapping)> = Vec::new();
        let mut outside: BTreeSet<Code> = BTreeSet::new();
        for mapping in mappings {
            let Targets::Combination { slots, .. } = &mapping.targets else { continue };
            let held: Vec<&Code> = slots.iter().flatten().filter(|c| self.list.contains(*c)).collect();
            if held.is_empty() {
                continue;
            }
            outside.extend(slots.iter().flatten().filter(|c| !self.list.contains(*c)).cloned());
            inside.extend(held.into_iter().map(|c| (c, mapping)));
        }
        if !inside.is_empty() {
            self.push(target, Phase::ReverseCluster, &inside, outside.into_iter(), true, map);
        }
    }

    fn forward(&mut self, code: &Code, forward: &ConceptMap, reverse: &ConceptMap, phase: Phase) {
        for mapping in forward.get(code) {
            let targets: Vec<&Code> = match (&mapping.targets, phase) {
                (Targets::One(target), Phase::ForwardSingle) => vec![target],
                (Targets::Combination { slots, .. }, Phase::ForwardCluster) => {
                    slots.iter().flatten().collect()
                }
                _ => continue,
            };
            for target in targets {
                // What the new code would have been before tells what else it takes in.
                let besides: BTreeSet<Code> = reverse
                    .get(target)
                    .iter()
                    .filter_map(
                        |m| if let Targets::One(code) = &m.targets { Some(code.clone()) } else { None },
                    )
                    .filter(|c| !self.list.contains(c))
                    .collect();
                self.push(target, phase, &[(code, mapping)], besides.into_iter(), true, forward);
            }
        }
    }

    fn push(
        &mut self,
        target: &Code,
        phase: Phase,
        inside: &[(&Code, &Mapping)],
        outside: impl Iterator<Item = Code>,
        review: bool,
        map: &ConceptMap,
    ) {
        let Some(ix) = self.to.find_assignable(target) else { return };
        self.reached.extend(inside.iter().map(|(code, _)| (*code).clone()));
        let title = self.to.edition().nth(ix).title().to_owned();
        let found = self.found.entry(target.clone()).or_insert_with(|| Found {
            code: target.clone(),
            title,
            phase,
            from: Vec::new(),
            besides: Vec::new(),
            review,
            evidence: Vec::new(),
        });
        for (code, mapping) in inside {
            if !found.from.contains(code) {
                found.from.push((*code).clone());
            }
            let evidence = evidence(map, mapping);
            if !found.evidence.contains(&evidence) {
                found.evidence.push(evidence);
            }
        }
        for code in outside {
            if !found.besides.contains(&code) {
                found.besides.push(code);
            }
        }
    }
}

fn evidence(map: &ConceptMap, mapping: &Mapping) -> String {
    let place = match &mapping.provenance {
        Provenance::Official { file, line } => {
            let name = map.sources.get(usize::from(*file)).map_or("", |s| s.name.as_str());
            format!("{name}:{line}")
        }
        _ => map.id.to_string(),
    };
    if mapping.flags.is_empty() { place } else { format!("{place} [{}]", mapping.flags) }
}
