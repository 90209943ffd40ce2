//! Where the codes of a later edition come from, as rule sets need to know it.
//!
//! The one question is asked from the new code: which codes of the old edition held its meaning before? A set that
//! held all of them held the meaning of the new code; a set that held some held a part.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use xwalk_map::{Basis, Statements};
use xwalk_model::{
    Code, ConceptKind, ConceptMap, Edition, EditionId, MapId, Mapping, Provenance, Relationship, Selector,
    Targets,
};

use crate::expand::{EditionIndex, Named};

/// Where the meaning of a new code stood before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Codes of the old edition that held it.
    pub previous: BTreeSet<Code>,
    /// Whether several of them were used together.
    pub together: bool,
    /// Whether the authority names further codes that the old edition does not hold: what they meant is not known.
    pub incomplete: bool,
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
        transition.add_structure(from, to);
        transition
    }

    /// Retired codes about which no map says anything: a code that became a header is its new codes, and a code whose
    /// placeholder X was put to use is the codes that stand in its place. Tables have such gaps, and a code that is
    /// silently without successor would be lost.
    fn add_structure(&mut self, from: &EditionIndex<'_>, to: &EditionIndex<'_>) {
        for concept in from.edition().concepts() {
            let old = concept.code();
            let retired = concept.kind() == ConceptKind::Code
                && concept.assignable()
                && to.find_assignable(old).is_none()
                && !self.successors.contains_key(old);
            if !retired {
                continue;
            }
            let named = match (to.find(old), placeholder(old)) {
                (Some(_), _) => to.named(&Selector::DescendentOf(old.clone())),
                (None, Some(pattern)) => to.named(&Selector::Pattern(pattern.into())),
                (None, None) => Named::Nothing,
            };
            let below: Vec<u32> = match named {
                Named::Run { first, last, .. } => (first..=last).collect(),
                Named::Fitting(found) => found,
                _ => Vec::new(),
            };
            for ix in below.into_iter().filter(|ix| to.is_assignable(*ix)) {
                let new = to.code(ix);
                if from.find_assignable(new).is_some() {
                    continue;
                }
                let rule = format!("{} stood in its place before", old.display(from.edition().id().system));
                let origin = self.origins.entry(new.clone()).or_insert_with(|| Origin {
                    previous: BTreeSet::new(),
                    together: false,
                    incomplete: false,
                    basis: Basis::Derived,
                    source: String::new(),
                });
                origin.previous.insert(old.clone());
                let gap = if origin.source.is_empty() { "" } else { ", " };
                origin.source = format!("{}{gap}{rule}", origin.source);
                self.successors.entry(old.clone()).or_default().insert(new.clone());
            }
        }
    }

    /// What an authority states, as maps that lead back in time: one for each day on which codes came into effect,
    /// the last first.
    pub fn steps_of(statements: &Statements, from: &EditionId, to: &EditionId) -> Vec<ConceptMap> {
        let mut steps: BTreeMap<Option<Date>, ConceptMap> = BTreeMap::new();
        for row in &statements.rows {
            let step = steps.entry(row.effective).or_insert_with(|| {
                let id = MapId { source: to.clone(), target: from.clone(), name: "stated".to_owned() };
                let mut map = ConceptMap::new(id);
                map.sources.clone_from(&statements.sources);
                map
            });
            let targets = match &row.previous[..] {
                [] => Targets::NoMap,
                [slot] if slot.len() == 1 => Targets::One(slot[0].clone()),
                slots => Targets::Combination { scenario: 1, slots: slots.to_vec() },
            };
            step.push(
                row.current.clone(),
                Mapping {
                    targets,
                    relationship: Relationship::SourceIsNarrowerThanTarget,
                    provenance: Provenance::Official { file: row.file, line: row.line },
                    flags: row.flags.clone(),
                },
            );
        }
        steps.into_values().rev().collect()
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
        let mut incomplete = false;
        for stated in &codes {
            let found = held(stated, code, from);
            if found.is_empty() && stated != code {
                incomplete = true;
                let text =
                    if stated.as_str().contains('-') { stated.to_string() } else { stated.display(system) };
                self.unusable.push((code.clone(), text, places.join(", ")));
            }
            previous.extend(found);
        }
        previous.retain(|p| p != code || to.get(p).is_none());
        (!previous.is_empty()).then(|| Origin {
            previous,
            together,
            incomplete,
            basis,
            source: places.join(", "),
        })
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
/// A header is what stands below it: tables name a category where they mean its codes. For a new code of a subsequent
/// encounter or a sequela (7th character) those are the codes of the same kind of encounter.
pub(crate) fn held(key: &Code, new: &Code, edition: &EditionIndex<'_>) -> Vec<Code> {
    let system = edition.edition().id().system;
    let selector = match Selector::parse(system, key.as_str()) {
        Ok(Selector::Code(code)) => Selector::IsA(code),
        Ok(other) => other,
        Err(_) => return Vec::new(),
    };
    match edition.named(&selector) {
        Named::Run { first, last, missing: [false, false] } => {
            let found: Vec<Code> = (first..=last)
                .filter(|ix| edition.is_assignable(*ix))
                .map(|ix| edition.code(ix).clone())
                .collect();
            let seventh = |code: &Code| code.as_str().as_bytes().get(6).copied();
            let same: Vec<Code> = found.iter().filter(|c| seventh(c) == seventh(new)).cloned().collect();
            if seventh(new).is_some() && !same.is_empty() { same } else { found }
        }
        _ => Vec::new(),
    }
}

/// The codes that may stand in the place of one with a placeholder: `V2981XA` is `V2981?A`.
///
/// ICD-10-CM Official Guidelines, Section I.A.4: X holds the place of a character for future expansion.
fn placeholder(code: &Code) -> Option<String> {
    let text = code.as_str();
    let (stem, seventh) = text.split_at_checked(6)?;
    let kept = stem.trim_end_matches('X');
    (seventh.len() == 1 && kept.len() < stem.len())
        .then(|| format!("{kept}{}{seventh}", "?".repeat(stem.len() - kept.len())))
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
        incomplete: false,
        basis: Basis::Derived,
        source: "the code above it was assignable before".to_owned(),
    })
}
