//! What leads from the codes of one edition to those of the next.

use std::collections::BTreeMap;

use xwalk_map::AnnualStep;
use xwalk_model::{Code, ConceptMap, Edition, Mapping, Provenance, SourceFile, Targets};

/// One way to carry a code: one code from each slot, together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The slots; each lists the codes to choose from.
    pub slots: Vec<Vec<Code>>,
    /// Codes that have to be on the record too, where the authority states the way for several codes together.
    pub with: Vec<Code>,
    /// `official`, `reviewed`, `derived` from the hierarchy, or `inferred`.
    pub basis: &'static str,
    /// File and line, where it is read from one.
    pub source: String,
}

/// Successors of codes that went, codes used before new ones, and codes that new ones were carved out of.
#[derive(Clone, Debug, Default)]
pub struct Succession {
    /// By old code; alternatives are OR.
    pub successors: BTreeMap<Code, Vec<Step>>,
    /// By new code; alternatives are OR.
    pub previous: BTreeMap<Code, Vec<Step>>,
    /// Codes that stayed, with the new codes that lead back to them.
    pub scope_loss: BTreeMap<Code, Vec<Code>>,
    /// The tables that state it.
    pub sources: Vec<SourceFile>,
}

impl Succession {
    /// The successions of an annual step.
    pub fn of(step: &AnnualStep) -> Self {
        let mut found = Self {
            scope_loss: step.scope.clone(),
            sources: if step.stated { step.forward.sources.clone() } else { Vec::new() },
            ..Self::default()
        };
        for (code, mappings) in &step.forward.elements {
            let mut ways: Vec<Step> = mappings.iter().filter_map(|m| way(m, &step.forward.sources)).collect();
            for way in &mut ways {
                for join in step.joins_of(code) {
                    if way.slots.iter().flatten().any(|c| *c == join.target) {
                        let others = join.sources.iter().filter(|slot| !slot.contains(code)).flatten();
                        way.with = others.cloned().collect();
                    }
                }
            }
            found.successors.insert(code.clone(), ways);
        }
        for (code, mappings) in &step.backward.elements {
            let ways = mappings.iter().filter_map(|m| way(m, &step.backward.sources)).collect();
            found.previous.insert(code.clone(), ways);
        }
        found
    }

    /// Adds what a transition table (`Umsteiger`) states for codes that are gone or new.
    pub fn add_transition(&mut self, map: &ConceptMap, from: &Edition, to: &Edition) {
        let assignable = |e: &Edition, code: &Code| e.get(code).is_some_and(xwalk_model::Concept::assignable);
        for (code, mappings) in &map.elements {
            let ways: Vec<Step> = mappings.iter().filter_map(|m| way(m, &map.sources)).collect();
            if !assignable(to, code) && assignable(from, code) {
                self.successors.insert(code.clone(), ways.clone());
            }
            for new in ways.iter().flat_map(|w| w.slots.iter().flatten()) {
                if new != code && !assignable(from, new) {
                    self.previous.entry(new.clone()).or_default().push(Step {
                        slots: vec![vec![code.clone()]],
                        with: Vec::new(),
                        basis: "official",
                        source: ways.first().map(|w| w.source.clone()).unwrap_or_default(),
                    });
                }
            }
        }
        self.sources.extend(map.sources.iter().cloned());
    }
}

fn way(mapping: &Mapping, sources: &[SourceFile]) -> Option<Step> {
    let slots = match &mapping.targets {
        Targets::NoMap => return None,
        Targets::One(code) => vec![vec![code.clone()]],
        Targets::Combination { slots, .. } => slots.clone(),
    };
    let (basis, source) = match &mapping.provenance {
        Provenance::Official { file, line } => {
            let name = sources.get(usize::from(*file)).map_or("", |s| s.name.as_str());
            ("official", if *line > 0 { format!("{name}, row {line}") } else { name.to_owned() })
        }
        Provenance::Curated { by, .. } => ("reviewed", format!("reviewed by {by}")),
        Provenance::Inferred { .. } => ("inferred", String::new()),
        _ => ("derived", String::new()),
    };
    Some(Step { slots, with: Vec::new(), basis, source })
}
