//! Concept maps: what an authority, or somebody else, says about codes of one edition in terms of another.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use compact_str::CompactString;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Code, EditionId, SourceFile};

/// The name of a map: `icd9cm@32..icd10cm@2018/gem`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MapId {
    /// The edition that the codes come from.
    pub source: EditionId,
    /// The edition that they are carried to.
    pub target: EditionId,
    /// Which map between the two: letters, digits, dashes and dots.
    pub name: String,
}

impl fmt::Display for MapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}/{}", self.source, self.target, self.name)
    }
}

/// How a source concept relates to its target, in the words of FHIR R5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relationship {
    /// Both mean the same.
    Equivalent,
    /// The target means more than the source.
    SourceIsNarrowerThanTarget,
    /// The target means less than the source.
    SourceIsBroaderThanTarget,
    /// They have to do with each other; how is not stated.
    RelatedTo,
    /// They have nothing to do with each other, stated so.
    NotRelatedTo,
}

impl Relationship {
    /// The FHIR R5 code.
    pub fn id(self) -> &'static str {
        match self {
            Self::Equivalent => "equivalent",
            Self::SourceIsNarrowerThanTarget => "source-is-narrower-than-target",
            Self::SourceIsBroaderThanTarget => "source-is-broader-than-target",
            Self::RelatedTo => "related-to",
            Self::NotRelatedTo => "not-related-to",
        }
    }

    /// The relationship read the other way round.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::SourceIsNarrowerThanTarget => Self::SourceIsBroaderThanTarget,
            Self::SourceIsBroaderThanTarget => Self::SourceIsNarrowerThanTarget,
            same => same,
        }
    }
}

/// What a source is carried to by one alternative.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Targets {
    /// The authority states that there is no target.
    NoMap,
    /// One code.
    One(Code),
    /// One code from each slot, together. CMS calls the slots choice lists and numbers the scenarios.
    Combination {
        /// Number of the scenario, where a source has several.
        scenario: u8,
        /// The slots; each lists the codes to choose from.
        slots: Vec<Vec<Code>>,
    },
}

impl Targets {
    /// All its codes.
    pub fn codes(&self) -> impl Iterator<Item = &Code> {
        let (one, slots): (Option<&Code>, &[Vec<Code>]) = match self {
            Self::NoMap => (None, &[]),
            Self::One(code) => (Some(code), &[]),
            Self::Combination { slots, .. } => (None, slots),
        };
        one.into_iter().chain(slots.iter().flatten())
    }
}

/// On whose word a mapping stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// Stated by the authority in a file.
    Official {
        /// Index of the file in [`ConceptMap::sources`].
        file: u16,
        /// The line; in a workbook the row.
        line: u32,
    },
    /// Decided by a person.
    Curated {
        /// Who.
        by: String,
        /// When.
        on: Option<Date>,
        /// Why.
        note: String,
    },
    /// Follows from the structure of the editions, for instance from a code that became a header.
    Derived {
        /// The rule.
        rule: String,
    },
    /// Follows from maps read one after the other.
    Composed {
        /// The editions in between.
        via: Vec<EditionId>,
    },
    /// Made by an inference.
    Inferred {
        /// The method.
        method: String,
        /// How sure it is, in thousandths.
        score: u16,
    },
}

/// One alternative for a source code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// What it is carried to.
    pub targets: Targets,
    /// How source and target relate.
    pub relationship: Relationship,
    /// On whose word.
    pub provenance: Provenance,
    /// The flags and words of the row as published: `10111` in a GEM, `A;A` in a transition table, `Subclass`.
    pub flags: CompactString,
}

/// All that a map says. The alternatives of a source are OR; the slots of a combination are AND.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConceptMap {
    /// Its name.
    pub id: MapId,
    /// The files it was read from.
    pub sources: Vec<SourceFile>,
    /// What a reader has to know.
    pub remarks: Vec<String>,
    /// The alternatives of each source, in the order in which they are stated.
    pub elements: BTreeMap<Code, Vec<Mapping>>,
    /// Codes of the target edition that the map states to have no source.
    pub unmapped_targets: Vec<Code>,
}

impl ConceptMap {
    /// A map without elements.
    pub fn new(id: MapId) -> Self {
        Self {
            id,
            sources: Vec::new(),
            remarks: Vec::new(),
            elements: BTreeMap::new(),
            unmapped_targets: Vec::new(),
        }
    }

    /// Adds an alternative for a source, after those it has.
    pub fn push(&mut self, source: Code, mapping: Mapping) {
        // Most sources have one alternative, and room for more in each would be room for more than the map.
        match self.elements.entry(source) {
            Entry::Vacant(vacant) => {
                vacant.insert(vec![mapping]);
            }
            Entry::Occupied(held) => held.into_mut().push(mapping),
        }
    }

    /// Its codes in pairs of source and target, of every slot of every alternative.
    pub fn pairs(&self) -> impl Iterator<Item = (&Code, &Code)> {
        self.elements.iter().flat_map(|(source, mappings)| {
            mappings.iter().flat_map(move |m| m.targets.codes().map(move |target| (source, target)))
        })
    }

    /// The alternatives of a source; empty where the map says nothing about it.
    pub fn get(&self, source: &Code) -> &[Mapping] {
        self.elements.get(source).map_or(&[], Vec::as_slice)
    }

    /// Whether both say the same about the same codes, whatever files they were read from.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let said = |m: &Mapping| (m.targets.clone(), m.relationship, m.flags.clone());
        self.elements.len() == other.elements.len()
            && self.elements.iter().zip(&other.elements).all(|((a, ms), (b, ns))| {
                a == b && ms.len() == ns.len() && ms.iter().zip(ns).all(|(m, n)| said(m) == said(n))
            })
    }

    /// Number of alternatives over all sources.
    pub fn len(&self) -> usize {
        self.elements.values().map(Vec::len).sum()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }
}
