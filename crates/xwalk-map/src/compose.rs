//! The algebra: alternatives are OR, slots are AND, relationships are composed, the absence of a map absorbs.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use xwalk_model::{Code, ConceptMap, EditionId, MapId, Mapping, Provenance, Relationship, Targets};

use crate::infer::Candidate;
use crate::outcome::{Basis, Hop};
use crate::step::{Entry as StepEntry, Found, Step};

/// The relationship of a source to what its target is carried to. Never stronger than either: equivalent is neutral,
/// narrower twice is narrower, narrower and then broader is only related.
pub(crate) fn compose_relationships(first: Relationship, then: Relationship) -> Relationship {
    use Relationship::{Equivalent, NotRelatedTo, RelatedTo};
    match (first, then) {
        (NotRelatedTo, _) | (_, NotRelatedTo) => NotRelatedTo,
        (Equivalent, other) | (other, Equivalent) => other,
        (a, b) if a == b => a,
        _ => RelatedTo,
    }
}

/// A source on its way: where it has got to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strand {
    pub(crate) slots: Vec<Vec<Code>>,
    pub(crate) relationship: Relationship,
    pub(crate) basis: Basis,
    pub(crate) automatic: bool,
    pub(crate) hops: Vec<Hop>,
    pub(crate) further_paths: u32,
    /// 1000 less the score of the weakest inference on the way, in thousandths.
    pub(crate) doubt: u16,
}

impl Strand {
    pub(crate) fn start(code: Code) -> Self {
        Self {
            slots: vec![vec![code]],
            relationship: Relationship::Equivalent,
            basis: Basis::Identity,
            automatic: true,
            hops: Vec::new(),
            further_paths: 0,
            doubt: 0,
        }
    }

    fn single(&self) -> Option<&Code> {
        match &self.slots[..] {
            [slot] if slot.len() == 1 => slot.first(),
            _ => None,
        }
    }

    /// Puts parts of a combination together that have become the same code.
    pub(crate) fn settle(&mut self) {
        let mut seen: Vec<Code> = Vec::new();
        self.slots.retain(|slot| match &slot[..] {
            [only] if seen.contains(only) => false,
            [only] => {
                seen.push(only.clone());
                true
            }
            _ => true,
        });
    }

    fn followed(&self, number: u16, entry: &StepEntry) -> Self {
        let mut hops = Vec::with_capacity(self.hops.len() + 1);
        hops.extend_from_slice(&self.hops);
        hops.push(hop(number, entry));
        Self {
            slots: entry.slots.clone(),
            relationship: compose_relationships(self.relationship, entry.relationship),
            basis: self.basis.max(entry.basis),
            automatic: self.automatic && entry.automatic,
            hops,
            further_paths: self.further_paths,
            doubt: self.doubt,
        }
    }

    /// Goes on to a candidate that was inferred.
    pub(crate) fn inferred(&self, number: u16, candidate: &Candidate) -> Self {
        let mut strand = self.clone();
        strand.slots = vec![vec![candidate.code.clone()]];
        strand.relationship = compose_relationships(self.relationship, Relationship::RelatedTo);
        strand.basis = Basis::Inferred;
        strand.automatic = false;
        strand.doubt = self.doubt.max(1000 - candidate.score.min(1000));
        strand.hops.push(Hop {
            step: number,
            file: Hop::NO_FILE,
            line: 0,
            flags: candidate.flags(),
            basis: Basis::Inferred,
            reversed: false,
        });
        strand
    }
}

fn hop(number: u16, entry: &StepEntry) -> Hop {
    Hop {
        step: number,
        file: entry.file,
        line: entry.line,
        flags: entry.flags.clone(),
        basis: entry.basis,
        reversed: entry.reversed,
    }
}

/// What became of the strands of a code over one step.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    pub(crate) strands: Vec<Strand>,
    /// Codes that ended here, because the step has nothing for them, with the strand where it had one code alone.
    pub(crate) ended: Vec<(Code, Option<Strand>)>,
    /// Targets that are stated for a code together with others: the target, and the codes of the other slots.
    pub(crate) together: Vec<(Code, Vec<Vec<Code>>)>,
    /// Codes that lost scope here, with what was carved out.
    pub(crate) scope: Vec<(Code, Vec<Code>)>,
    /// Whether there were more strands than `limit`; those beyond it are not in `strands`.
    pub(crate) cut: bool,
}

/// Carries strands over a step. At most `limit` strands are kept.
pub(crate) fn carry(strands: Vec<Strand>, step: &Step, number: u16, limit: usize) -> Carried {
    let mut carried = Carried::default();
    for strand in strands {
        if carried.strands.len() > limit {
            carried.cut = true;
            break;
        }
        match strand.single() {
            Some(code) => match step.find(code) {
                Found::Same => carried.strands.push(strand),
                Found::Scope(into) => {
                    carried.scope.push((code.clone(), into.to_vec()));
                    let relationship = if step.forward_in_time {
                        Relationship::SourceIsBroaderThanTarget
                    } else {
                        Relationship::SourceIsNarrowerThanTarget
                    };
                    let mut strand = strand;
                    strand.relationship = compose_relationships(strand.relationship, relationship);
                    strand.automatic = false;
                    carried.strands.push(strand);
                }
                Found::Entries(entries) => {
                    let before = carried.strands.len();
                    for entry in entries.iter().filter(|e| !e.slots.is_empty()) {
                        step.together(code, entry, &mut carried.together);
                        carried.strands.push(strand.followed(number, entry));
                    }
                    if carried.strands.len() == before {
                        carried.ended.push((code.clone(), Some(strand.clone())));
                    }
                }
                Found::Nothing => carried.ended.push((code.clone(), Some(strand.clone()))),
            },
            None => carry_combination(&strand, step, number, limit, &mut carried),
        }
    }
    merge(&mut carried.strands);
    carried
}

/// One way to fill a slot after the step: the slots that take its place.
struct Case {
    slots: Vec<Vec<Code>>,
    hops: Vec<Hop>,
}

fn carry_combination(strand: &Strand, step: &Step, number: u16, limit: usize, carried: &mut Carried) {
    let mut relationship = Relationship::Equivalent;
    let mut basis = strand.basis;
    let mut automatic = strand.automatic;
    let mut per_slot: Vec<Vec<Case>> = Vec::with_capacity(strand.slots.len());
    for slot in &strand.slots {
        let mut choices: Vec<Code> = Vec::new();
        let mut hops: Vec<Hop> = Vec::new();
        let mut cases: Vec<Case> = Vec::new();
        for code in slot {
            match step.find(code) {
                Found::Same => choices.push(code.clone()),
                Found::Scope(into) => {
                    carried.scope.push((code.clone(), into.to_vec()));
                    relationship = Relationship::RelatedTo;
                    automatic = false;
                    choices.push(code.clone());
                }
                Found::Nothing => {}
                Found::Entries(entries) => {
                    for entry in entries.iter().filter(|e| !e.slots.is_empty()) {
                        if entry.relationship != Relationship::Equivalent {
                            relationship = Relationship::RelatedTo;
                        }
                        basis = basis.max(entry.basis);
                        automatic &= entry.automatic;
                        if let [only] = &entry.slots[..] {
                            choices.extend(only.iter().cloned());
                            hops.push(hop(number, entry));
                        } else {
                            let case = Case { slots: entry.slots.clone(), hops: vec![hop(number, entry)] };
                            cases.push(case);
                        }
                    }
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        choices.retain(|code| seen.insert(code.clone()));
        if !choices.is_empty() {
            cases.insert(0, Case { slots: vec![choices], hops });
        }
        if cases.is_empty() {
            // A combination lacks a part: the whole of it leads nowhere.
            carried.ended.extend(slot.iter().map(|code| (code.clone(), None)));
            return;
        }
        per_slot.push(cases);
    }
    let mut partial: Vec<(Vec<Vec<Code>>, Vec<Hop>)> = vec![(Vec::new(), strand.hops.clone())];
    for cases in &per_slot {
        let mut next = Vec::new();
        for (slots, hops) in &partial {
            for case in cases {
                if next.len() > limit {
                    carried.cut = true;
                    break;
                }
                let mut slots = slots.clone();
                // Parts that have become the same code stay apart until the end: each goes its own way from here.
                slots.extend(case.slots.iter().cloned());
                let mut hops = hops.clone();
                hops.extend(case.hops.iter().cloned());
                next.push((slots, hops));
            }
        }
        partial = next;
    }
    for (slots, hops) in partial {
        carried.strands.push(Strand {
            slots,
            relationship: compose_relationships(strand.relationship, relationship),
            basis,
            automatic,
            hops,
            further_paths: strand.further_paths,
            doubt: strand.doubt,
        });
    }
}

/// How far a relationship is from saying the same; lower is better.
pub(crate) fn distance(relationship: Relationship) -> u8 {
    match relationship {
        Relationship::Equivalent => 0,
        Relationship::SourceIsNarrowerThanTarget | Relationship::SourceIsBroaderThanTarget => 1,
        Relationship::RelatedTo => 2,
        Relationship::NotRelatedTo => 3,
    }
}

/// Strands that came to the same targets become one; the better grounded one stays.
pub(crate) fn merge(strands: &mut Vec<Strand>) {
    if strands.len() < 2 {
        return;
    }
    let mut first: HashMap<Vec<Vec<Code>>, usize> = HashMap::with_capacity(strands.len());
    let mut kept: Vec<Strand> = Vec::with_capacity(strands.len());
    for strand in strands.drain(..) {
        match first.get(&strand.slots) {
            None => {
                first.insert(strand.slots.clone(), kept.len());
                kept.push(strand);
            }
            Some(&at) => {
                let grade = |s: &Strand| (s.basis, distance(s.relationship), s.hops.len());
                let paths = kept[at].further_paths + strand.further_paths + 1;
                if grade(&strand) < grade(&kept[at]) {
                    kept[at] = strand;
                }
                kept[at].further_paths = paths;
            }
        }
    }
    *strands = kept;
}

/// One map from the source of `first` to the target of `then`. A code that either has nothing for gets
/// [`Targets::NoMap`]; at most `limit` alternatives are kept for a code.
///
/// The law: `compose(compose(a, b), c)` and `compose(a, compose(b, c))` lead each source to the same sets of codes.
pub fn compose(first: &ConceptMap, then: &ConceptMap, limit: usize) -> ConceptMap {
    let id = MapId {
        source: first.id.source.clone(),
        target: then.id.target.clone(),
        name: format!("{}+{}", first.id.name, then.id.name),
    };
    let mut composed = ConceptMap::new(id);
    let step = Step::of_map(then);
    let via: Vec<EditionId> = vec![first.id.target.clone()];
    for (source, mappings) in &first.elements {
        let strands = mappings.iter().filter_map(|m| {
            let entry = StepEntry::of(m)?;
            (!entry.slots.is_empty()).then(|| Strand::start(source.clone()).followed(0, &entry))
        });
        let carried = carry(strands.collect(), &step, 1, limit);
        let mut found = false;
        for strand in carried.strands {
            found = true;
            let targets = match strand.single() {
                Some(code) => Targets::One(code.clone()),
                None => Targets::Combination { scenario: 1, slots: strand.slots },
            };
            composed.push(source.clone(), mapping(targets, strand.relationship, &via));
        }
        if !found {
            composed.push(source.clone(), mapping(Targets::NoMap, Relationship::NotRelatedTo, &via));
        }
    }
    composed
}

fn mapping(targets: Targets, relationship: Relationship, via: &[EditionId]) -> Mapping {
    Mapping {
        targets,
        relationship,
        provenance: Provenance::Composed { via: via.to_vec() },
        flags: compact_str::CompactString::default(),
    }
}

/// The map that leaves every one of `codes` as it is.
pub fn identity(id: MapId, codes: impl IntoIterator<Item = Code>) -> ConceptMap {
    let mut map = ConceptMap::new(id);
    for code in codes {
        let provenance = Provenance::Derived { rule: "the same code".to_owned() };
        let mapping = Mapping {
            targets: Targets::One(code.clone()),
            relationship: Relationship::Equivalent,
            provenance,
            flags: compact_str::CompactString::default(),
        };
        map.push(code, mapping);
    }
    map
}

/// The map read from target to source. Each code of a combination leads back to the source by itself, since the map
/// does not say what it means alone. What has no target is left out: nothing can be read from it.
///
/// The law: inverting twice gives the stated pairs again.
pub fn invert(map: &ConceptMap) -> ConceptMap {
    let id = MapId {
        source: map.id.target.clone(),
        target: map.id.source.clone(),
        name: match map.id.name.strip_prefix("reverse-") {
            Some(name) => name.to_owned(),
            None => format!("reverse-{}", map.id.name),
        },
    };
    let mut inverted = ConceptMap::new(id);
    inverted.sources.clone_from(&map.sources);
    let mut at: HashMap<(Code, Code), usize> = HashMap::new();
    for (source, mappings) in &map.elements {
        for mapping in mappings {
            let (codes, relationship): (Vec<&Code>, Relationship) = match &mapping.targets {
                Targets::NoMap => continue,
                Targets::One(code) => (vec![code], mapping.relationship.inverse()),
                Targets::Combination { slots, .. } => {
                    (slots.iter().flatten().collect(), Relationship::RelatedTo)
                }
            };
            for code in codes {
                let back = Mapping {
                    targets: Targets::One(source.clone()),
                    relationship,
                    provenance: mapping.provenance.clone(),
                    flags: mapping.flags.clone(),
                };
                match at.entry((code.clone(), source.clone())) {
                    Entry::Vacant(place) => {
                        place.insert(inverted.get(code).len());
                        inverted.push(code.clone(), back);
                    }
                    Entry::Occupied(place) => {
                        if let Some(known) =
                            inverted.elements.get_mut(code).and_then(|all| all.get_mut(*place.get()))
                            && distance(back.relationship) < distance(known.relationship)
                        {
                            *known = back;
                        }
                    }
                }
            }
        }
    }
    inverted
}
