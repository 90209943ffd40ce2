//! A map as a whole: cardinalities, reciprocity, what is unmapped on both sides, round trips.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::unionfind::UnionFind;
use serde::Serialize;
use xwalk_model::Code;

use crate::outcome::{Alternative, Outcome, Resolution};

/// Pairs of source and target, each once; a combination gives a pair for each of its codes.
pub type Pairs = BTreeSet<(Code, Code)>;

/// The pairs of answers.
pub fn pairs<'r>(resolutions: impl IntoIterator<Item = &'r Resolution>) -> Pairs {
    let mut found = Pairs::new();
    for resolution in resolutions {
        let Some(code) = &resolution.code else { continue };
        for target in resolution.alternatives.iter().flat_map(Alternative::codes) {
            found.insert((code.clone(), target.clone()));
        }
    }
    found
}

/// How many connected components are of each class. Codes that no pair names are in none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cardinality {
    /// One source, one target.
    #[serde(rename = "1:1")]
    pub one_to_one: usize,
    /// One source, several targets.
    #[serde(rename = "1:n")]
    pub one_to_many: usize,
    /// Several sources, one target.
    #[serde(rename = "n:1")]
    pub many_to_one: usize,
    /// Several of both.
    #[serde(rename = "n:m")]
    pub many_to_many: usize,
    /// Sources and targets of the component with most codes.
    pub largest: (usize, usize),
}

/// Classes of the connected components of the graph of all pairs, whichever direction states them. The pairs of
/// `backward` have the target of the forward direction first.
pub fn cardinality(forward: &Pairs, backward: &Pairs) -> Cardinality {
    let mut sources: BTreeMap<&Code, usize> = BTreeMap::new();
    let mut targets: BTreeMap<&Code, usize> = BTreeMap::new();
    let all: BTreeSet<(&Code, &Code)> =
        forward.iter().map(|(s, t)| (s, t)).chain(backward.iter().map(|(t, s)| (s, t))).collect();
    for (source, target) in &all {
        let next = sources.len();
        sources.entry(source).or_insert(next);
        let next = targets.len();
        targets.entry(target).or_insert(next);
    }
    let mut groups: UnionFind<usize> = UnionFind::new(sources.len() + targets.len());
    for (source, target) in &all {
        groups.union(sources[source], sources.len() + targets[target]);
    }
    let mut sizes: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for number in sources.values() {
        sizes.entry(groups.find(*number)).or_default().0 += 1;
    }
    for number in targets.values() {
        sizes.entry(groups.find(sources.len() + number)).or_default().1 += 1;
    }
    let mut counted = Cardinality::default();
    for &(s, t) in sizes.values() {
        match (s, t) {
            (1, 1) => counted.one_to_one += 1,
            (1, _) => counted.one_to_many += 1,
            (_, 1) => counted.many_to_one += 1,
            _ => counted.many_to_many += 1,
        }
        if s + t > counted.largest.0 + counted.largest.1 {
            counted.largest = (s, t);
        }
    }
    counted
}

/// What a map does to all codes of its source edition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MapStatistics {
    /// Source codes looked at.
    pub sources: usize,
    /// Answers by outcome.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// Alternatives over all sources.
    pub alternatives: usize,
    /// Of these, combinations of several codes.
    pub combinations: usize,
    /// Sources with at least one combination.
    pub combination_sources: usize,
    /// Of these, those that have alternatives of one code as well.
    pub mixed_sources: usize,
    /// Most alternatives of one source.
    pub widest: usize,
    /// Pairs of source and target code.
    pub pairs: usize,
    /// Pairs of the other direction, where it is held.
    pub reverse_pairs: Option<usize>,
    /// Pairs that both directions state.
    pub reciprocal_pairs: Option<usize>,
    /// Sources without any target.
    pub unmapped_sources: usize,
    /// Assignable codes of the target edition that no source leads to, where the edition is held.
    pub unreached_targets: Option<usize>,
    /// Sources that come back to themselves through the other direction.
    pub round_trip_sources: Option<usize>,
    /// Of these, those that come back to nothing but themselves.
    pub exact_round_trip_sources: Option<usize>,
    /// Connected components of all pairs.
    pub cardinality: Cardinality,
}

/// Statistics of answers for all codes of a source edition. `backward` are the answers of the other direction, where
/// it is held; `targets` the assignable codes of the target edition. Answers must not be cut by a limit.
pub fn statistics(
    forward: &[Resolution],
    backward: Option<&[Resolution]>,
    targets: Option<&[Code]>,
) -> MapStatistics {
    let pairs_forward = pairs(forward);
    let pairs_backward = backward.map(pairs);
    let none = Pairs::new();
    let mut found = MapStatistics {
        sources: forward.len(),
        outcomes: crate::resolver::tally(forward),
        pairs: pairs_forward.len(),
        cardinality: cardinality(&pairs_forward, pairs_backward.as_ref().unwrap_or(&none)),
        ..MapStatistics::default()
    };
    for resolution in forward {
        let combined = resolution.alternatives.iter().filter(|a| a.targets.len() > 1).count();
        found.alternatives += resolution.alternatives.len();
        found.combinations += combined;
        found.combination_sources += usize::from(combined > 0);
        found.mixed_sources += usize::from(combined > 0 && combined < resolution.alternatives.len());
        found.widest = found.widest.max(resolution.count);
        found.unmapped_sources += usize::from(resolution.alternatives.is_empty());
    }
    if let Some(targets) = targets {
        let reached: BTreeSet<&Code> = pairs_forward.iter().map(|(_, t)| t).collect();
        found.unreached_targets = Some(targets.iter().filter(|t| !reached.contains(t)).count());
    }
    if let Some(backward) = &pairs_backward {
        let reciprocal =
            pairs_forward.iter().filter(|(s, t)| backward.contains(&(t.clone(), s.clone()))).count();
        found.reverse_pairs = Some(backward.len());
        found.reciprocal_pairs = Some(reciprocal);
        let mut back: BTreeMap<&Code, Vec<&Code>> = BTreeMap::new();
        for (target, source) in backward {
            back.entry(target).or_default().push(source);
        }
        let mut ways: BTreeMap<&Code, Vec<&Code>> = BTreeMap::new();
        for (source, target) in &pairs_forward {
            ways.entry(source).or_default().push(target);
        }
        let comes = |source: &&Code, targets: &Vec<&Code>| {
            let returned: BTreeSet<&Code> =
                targets.iter().filter_map(|t| back.get(t)).flatten().copied().collect();
            (returned.contains(source), returned.len() == 1)
        };
        let round: Vec<(bool, bool)> = ways.iter().map(|(s, t)| comes(s, t)).collect();
        found.round_trip_sources = Some(round.iter().filter(|(back, _)| *back).count());
        found.exact_round_trip_sources = Some(round.iter().filter(|(back, only)| *back && *only).count());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, &str)]) -> Pairs {
        pairs.iter().map(|(a, b)| (Code::from_official(a), Code::from_official(b))).collect()
    }

    #[test]
    fn components_by_class() {
        let forward = set(&[("a", "A"), ("b", "B1"), ("b", "B2"), ("c1", "C"), ("c2", "C"), ("d1", "D1")]);
        let backward = set(&[("D1", "d2"), ("D2", "d2")]);
        let seen = cardinality(&forward, &backward);
        let expected =
            Cardinality { one_to_one: 1, one_to_many: 1, many_to_one: 1, many_to_many: 1, largest: (2, 2) };
        assert_eq!(seen, expected);
        assert_eq!(cardinality(&Pairs::new(), &Pairs::new()), Cardinality::default());
    }
}
