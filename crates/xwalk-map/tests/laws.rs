//! Laws of the algebra, on maps of every shape.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, with the place")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use xwalk_map::{Alternative, Basis, Options, Outcome, Resolver, Step, compose, identity, invert};
use xwalk_model::{Code, ConceptMap, EditionId, MapId, Mapping, Provenance, Relationship, Targets};

fn code(n: u8) -> Code {
    Code::from_official(&format!("A0{n}"))
}

fn id(source: u8, target: u8) -> MapId {
    let edition = |n: u8| {
        EditionId::new(xwalk_model::CodeSystem::Icd10cm, &format!("{}", 2000 + u16::from(n))).unwrap()
    };
    MapId { source: edition(source), target: edition(target), name: "m".to_owned() }
}

fn relationship() -> impl Strategy<Value = Relationship> {
    prop_oneof![
        Just(Relationship::Equivalent),
        Just(Relationship::SourceIsNarrowerThanTarget),
        Just(Relationship::SourceIsBroaderThanTarget),
        Just(Relationship::RelatedTo),
    ]
}

fn targets() -> impl Strategy<Value = Targets> {
    let one = (0u8..6).prop_map(|n| Targets::One(code(n)));
    let slot =
        prop::collection::btree_set(0u8..6, 1..3).prop_map(|s| s.into_iter().map(code).collect::<Vec<_>>());
    let combination =
        prop::collection::vec(slot, 2..3).prop_map(|slots| Targets::Combination { scenario: 1, slots });
    prop_oneof![1 => Just(Targets::NoMap), 6 => one, 2 => combination]
}

fn map(source: u8, target: u8) -> impl Strategy<Value = ConceptMap> {
    let mapping = (0u8..6, targets(), relationship());
    prop::collection::vec(mapping, 0..10).prop_map(move |mappings| {
        let mut map = ConceptMap::new(id(source, target));
        for (from, targets, relationship) in mappings {
            let provenance = Provenance::Official { file: 0, line: 1 };
            map.push(code(from), Mapping { targets, relationship, provenance, flags: "".into() });
        }
        map
    })
}

/// The sets of codes that a source leads to, one set for each way to choose from the slots.
fn sets(map: &ConceptMap, source: &Code) -> BTreeSet<BTreeSet<Code>> {
    let mut found = BTreeSet::new();
    for mapping in map.get(source) {
        match &mapping.targets {
            Targets::NoMap => {}
            Targets::One(code) => {
                found.insert(BTreeSet::from([code.clone()]));
            }
            Targets::Combination { slots, .. } => {
                let mut all = vec![BTreeSet::new()];
                for slot in slots {
                    all = all
                        .iter()
                        .flat_map(|set: &BTreeSet<Code>| {
                            slot.iter().map(move |code| {
                                let mut set = set.clone();
                                set.insert(code.clone());
                                set
                            })
                        })
                        .collect();
                }
                found.extend(all);
            }
        }
    }
    found
}

/// The relationships of the plain targets of a source.
fn plain(map: &ConceptMap, source: &Code) -> BTreeSet<(Code, Relationship)> {
    map.get(source)
        .iter()
        .filter_map(|m| match &m.targets {
            Targets::One(code) => Some((code.clone(), m.relationship)),
            _ => None,
        })
        .collect()
}

const NO_LIMIT: usize = 100_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn composing_is_associative_up_to_provenance(a in map(0, 1), b in map(1, 2), c in map(2, 3)) {
        let left = compose(&compose(&a, &b, NO_LIMIT), &c, NO_LIMIT);
        let right = compose(&a, &compose(&b, &c, NO_LIMIT), NO_LIMIT);
        for n in 0..6 {
            prop_assert_eq!(sets(&left, &code(n)), sets(&right, &code(n)), "{}", code(n));
        }
    }

    #[test]
    fn composing_never_strengthens(a in map(0, 1), b in map(1, 2)) {
        let both = compose(&a, &b, NO_LIMIT);
        for n in 0..6 {
            for (target, relationship) in plain(&both, &code(n)) {
                if relationship == Relationship::Equivalent {
                    // Only two equivalents make one.
                    let by = a.get(&code(n)).iter().filter(|m| m.relationship == Relationship::Equivalent);
                    let mut by = by.flat_map(|m| match &m.targets {
                        Targets::One(code) => b.get(code).to_vec(),
                        Targets::Combination { slots, .. } => {
                            slots.iter().flatten().flat_map(|c| b.get(c).to_vec()).collect()
                        }
                        Targets::NoMap => Vec::new(),
                    });
                    prop_assert!(by.any(|m| m.relationship == Relationship::Equivalent), "{} {}", code(n), target);
                }
            }
        }
    }

    #[test]
    fn identity_is_neutral(a in map(0, 1)) {
        let before = compose(&identity(id(0, 0), (0..6).map(code)), &a, NO_LIMIT);
        let after = compose(&a, &identity(id(1, 1), (0..6).map(code)), NO_LIMIT);
        for n in 0..6 {
            for composed in [&before, &after] {
                prop_assert_eq!(sets(composed, &code(n)), sets(&a, &code(n)));
            }
            // A pair that is stated twice keeps the closer of its relationships.
            let closest: BTreeSet<Code> = plain(&a, &code(n)).into_iter().map(|(c, _)| c).collect();
            let kept: BTreeSet<Code> = plain(&after, &code(n)).into_iter().map(|(c, _)| c).collect();
            prop_assert_eq!(closest, kept);
            prop_assert!(plain(&after, &code(n)).is_subset(&plain(&a, &code(n))));
        }
    }

    #[test]
    fn inverting_twice_gives_the_stated_pairs(a in map(0, 1)) {
        let pairs = |map: &ConceptMap| {
            let of = |(source, mappings): (&Code, &Vec<Mapping>)| {
                let codes: Vec<Code> = mappings.iter().flat_map(|m| match &m.targets {
                    Targets::NoMap => Vec::new(),
                    Targets::One(code) => vec![code.clone()],
                    Targets::Combination { slots, .. } => slots.iter().flatten().cloned().collect(),
                }).collect();
                codes.into_iter().map(|c| (source.clone(), c)).collect::<Vec<_>>()
            };
            map.elements.iter().flat_map(of).collect::<BTreeSet<_>>()
        };
        let twice = invert(&invert(&a));
        prop_assert_eq!(pairs(&twice), pairs(&a));
        prop_assert_eq!(&twice.id, &a.id);
        for (source, mappings) in &a.elements {
            if mappings.len() == 1 && matches!(mappings[0].targets, Targets::One(_)) {
                prop_assert_eq!(twice.get(source)[0].relationship, mappings[0].relationship);
            }
        }
    }

    #[test]
    fn with_one_alternative_each_a_map_is_a_function(a in map(0, 1), b in map(1, 2)) {
        let first = |map: &ConceptMap| {
            let mut map = map.clone();
            for mappings in map.elements.values_mut() {
                mappings.retain(|m| matches!(m.targets, Targets::One(_)));
                mappings.truncate(1);
            }
            map.elements.retain(|_, mappings| !mappings.is_empty());
            map
        };
        let composed = compose(&first(&a), &first(&b), NO_LIMIT);
        for n in 0..6 {
            prop_assert!(sets(&composed, &code(n)).len() <= 1);
        }
    }

    #[test]
    fn every_code_has_an_outcome(a in map(0, 1), b in map(1, 2), limit in 0usize..4) {
        let options = Options { max_alternatives: limit, ..Options::default() };
        let steps = vec![Step::of_map(&a).into(), Step::of_map(&b).into()];
        let (from, to) = (a.id.source.clone(), b.id.target.clone());
        let resolver = Resolver::new(from, to, steps, None, None, Vec::new(), options).unwrap();
        for n in 0..8 {
            let answer = resolver.resolve_code(&code(n));
            let listed = !answer.alternatives.is_empty();
            prop_assert_eq!(listed, answer.outcome.is_mapped(), "{:?}", answer);
            prop_assert!(answer.alternatives.len() <= limit);
            if answer.outcome == Outcome::TooWide {
                prop_assert!(answer.count > limit);
            }
            // Nothing is inferred unless asked for, and every target comes from the maps.
            prop_assert!(answer.alternatives.iter().all(|x| x.basis < Basis::Inferred));
            let reachable: BTreeSet<Code> =
                b.elements.values().flatten().flat_map(|m| match &m.targets {
                    Targets::NoMap => Vec::new(),
                    Targets::One(code) => vec![code.clone()],
                    Targets::Combination { slots, .. } => slots.iter().flatten().cloned().collect(),
                }).collect();
            prop_assert!(answer.alternatives.iter().flat_map(Alternative::codes).all(|c| reachable.contains(c)));
        }
    }
}
