//! Where the codes of a later edition come from, as rule sets need to know it.
//!
//! The one question is asked from the new code: which codes of the old edition held its meaning before? A set that
//! held all of them held the meaning of the new code; a set that held some held a part.

use std::collections::{BTreeMap, BTreeSet};

use xwalk_map::Basis;
use xwalk_model::{Code, ConceptKind, ConceptMap, Edition, Provenance, Selector, Targets};

use crate::expand::{EditionIndex, Named};

/// Where the meaning of a new code stood before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Codes of the old edition that held it.
    pub previous: BTreeSet<Code>,
    /// Whether several of them were used together.
    pub together: bool,
    /// On what ground.
    pub basis: Basis,
    /// The file and line that says so, or the rule.
    pub source: String,
}

/// What happened to codes between two editions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transition {
    /// For each assignable code that the old edition does not have: where it comes from.
    pub origins: BTreeMap<Code, Origin>,
    /// For each old code: the new codes that took over from it or were carved out of it.
    pub successors: BTreeMap<Code, BTreeSet<Code>>,
    /// What the tables state and the old edition does not hold: new code, the text as stated, the place.
    pub unusable: Vec<(Code, String, String)>,
}

impl Transition {
    /// Follows the maps back from the later edition to the earlier one.
    ///
    /// `backward` are maps that lead back in time, as the conversion tables do, newest first; those of intermediate
    /// steps are passed through. A new code below one that was assignable before, and about which no map says
    /// anything usable, comes from that one ([`Basis::Derived`]).
    pub fn new(from: &EditionIndex<'_>, to: &EditionIndex<'_>, backward: &[&ConceptMap]) -> Self {
        let mut transition = Self::default();
        for concept in to.edition().concepts() {
            if concept.kind() != ConceptKind::Code || !concept.assignable() {
                continue;
            }
            let code = concept.code();
            if from.find_assignable(code).is_some() {
                continue;
            }
            let origin =
                transition.stated(code, from, to.edition(), backward).or_else(|| derived(concept, from));
            if let Some(origin) = origin {
                for previous in &origin.previous {
                    transition.successors.entry(previous.clone()).or_default().insert(code.clone());
                }
                transition.origins.insert(code.clone(), origin);
            }
        }
        transition
    }

    fn stated(
        &mut self,
        code: &Code,
        from: &EditionIndex<'_>,
        to: &Edition,
        backward: &[&ConceptMap],
    ) -> Option<Origin> {
        let mut codes: BTreeSet<Code> = BTreeSet::from([code.clone()]);
        let (mut together, mut places, mut basis) = (false, Vec::new(), Basis::Reviewed);
        for map in backward {
            let mut before: BTreeSet<Code> = BTreeSet::new();
            for current in &codes {
                let mappings = map.get(current);
                if mappings.is_empty() || from.find_assignable(current).is_some() {
                    before.insert(current.clone());
                }
                if from.find_assignable(current).is_some() {
                    continue;
                }
                for mapping in mappings {
                    match &mapping.targets {
                        Targets::NoMap => {}
                        Targets::One(previous) => {
                            before.insert(previous.clone());
                        }
                        Targets::Combination { slots, .. } => {
                            together |= slots.len() > 1;
                            before.extend(slots.iter().flatten().cloned());
                        }
                    }
                    if mapping.targets != Targets::NoMap {
                        basis = basis.max(basis_of(&mapping.provenance));
                        places.push(place(map, &mapping.provenance));
                    }
                }
            }
            codes = before;
        }
        if places.is_empty() {
            return None;
        }
        let system = from.edition().id().system;
        let mut previous = BTreeSet::new();
        for stated in &codes {
            let found = held(stated, from);
            if found.is_empty() && stated != code {
                let text =
                    if stated.as_str().contains('-') { stated.to_string() } else { stated.display(system) };
                self.unusable.push((code.clone(), text, places.join(", ")));
            }
            previous.extend(found);
        }
        previous.retain(|p| p != code || to.get(p).is_none());
        (!previous.is_empty()).then(|| Origin { previous, together, basis, source: places.join(", ") })
    }
}

fn basis_of(provenance: &Provenance) -> Basis {
    match provenance {
        Provenance::Curated { .. } => Basis::Reviewed,
        Provenance::Official { .. } => Basis::Official,
        Provenance::Derived { .. } | Provenance::Composed { .. } => Basis::Derived,
        Provenance::Inferred { .. } => Basis::Inferred,
    }
}

fn place(map: &ConceptMap, provenance: &Provenance) -> String {
    match provenance {
        Provenance::Official { file, line } => {
            let name = map.sources.get(usize::from(*file)).map_or("", |s| s.name.as_str());
            format!("{name}:{line}")
        }
        Provenance::Curated { by, .. } => format!("decided by {by}"),
        Provenance::Derived { rule } => rule.clone(),
        Provenance::Inferred { method, .. } => method.clone(),
        Provenance::Composed { .. } => format!("composed in {}", map.id),
    }
}

/// The assignable codes that a key of a table names in an edition: a code, a category `I63-`, a range `T15-T19`.
///
/// A header is what stands below it: tables name a category where they mean its codes.
pub(crate) fn held(key: &Code, edition: &EditionIndex<'_>) -> Vec<Code> {
    let system = edition.edition().id().system;
    let selector = match Selector::parse(system, key.as_str()) {
        Ok(Selector::Code(code)) => Selector::IsA(code),
        Ok(other) => other,
        Err(_) => return Vec::new(),
    };
    match edition.named(&selector) {
        Named::Run { first, last, missing: [false, false] } => (first..=last)
            .filter(|ix| edition.is_assignable(*ix))
            .map(|ix| edition.code(ix).clone())
            .collect(),
        _ => Vec::new(),
    }
}

/// A new code below one that was assignable takes over a part of its meaning.
fn derived(concept: xwalk_model::Concept<'_>, from: &EditionIndex<'_>) -> Option<Origin> {
    let above = concept
        .ancestors()
        .take_while(|c| c.kind() == ConceptKind::Code)
        .find(|c| from.find_assignable(c.code()).is_some())?;
    Some(Origin {
        previous: BTreeSet::from([above.code().clone()]),
        together: false,
        basis: Basis::Derived,
        source: "the code above it was assignable before".to_owned(),
    })
}
