//! One step of a route: a map, or the step from one edition of a system to the next.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use compact_str::CompactString;
use xwalk_model::{Code, ConceptMap, EditionId, Mapping, Provenance, Relationship, SourceFile, Targets};

use crate::annual::{AnnualStep, Join, NAMES};
use crate::compose::invert;
use crate::outcome::{Basis, Hop};

/// One alternative of a code in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Empty where it is stated, or found, that there is none.
    pub(crate) slots: Vec<Vec<Code>>,
    pub(crate) relationship: Relationship,
    pub(crate) basis: Basis,
    pub(crate) automatic: bool,
    pub(crate) file: u16,
    pub(crate) line: u32,
    pub(crate) flags: CompactString,
    pub(crate) reversed: bool,
}

impl Entry {
    /// The entry of a mapping; `None` for one that says that the two have nothing to do with each other.
    pub(crate) fn of(mapping: &Mapping) -> Option<Self> {
        let slots = match &mapping.targets {
            Targets::NoMap => Vec::new(),
            Targets::One(_) if mapping.relationship == Relationship::NotRelatedTo => return None,
            Targets::One(code) => vec![vec![code.clone()]],
            Targets::Combination { slots, .. } => slots.clone(),
        };
        let (file, line) = match &mapping.provenance {
            Provenance::Official { file, line } => (*file, *line),
            _ => (Hop::NO_FILE, 0),
        };
        let basis = match &mapping.provenance {
            Provenance::Official { .. } => Basis::Official,
            Provenance::Curated { .. } => Basis::Reviewed,
            Provenance::Derived { .. } | Provenance::Composed { .. } => Basis::Derived,
            Provenance::Inferred { .. } => Basis::Inferred,
        };
        Some(Self {
            slots,
            relationship: mapping.relationship,
            basis,
            // The flags of a transition table are `A` (automatic) for each direction; no other map has such a flag.
            automatic: mapping.flags.starts_with('A'),
            file,
            line,
            flags: mapping.flags.clone(),
            reversed: false,
        })
    }
}

/// What a step says about a code.
pub(crate) enum Found<'s> {
    /// It stays as it is.
    Same,
    /// It stays, but means less after the step, or meant more before it.
    Scope(&'s [Code]),
    /// Its alternatives; those without slots say that there is none.
    Entries(&'s [Entry]),
    /// The step says nothing about it.
    Nothing,
}

#[derive(Clone, Debug)]
enum Said {
    Scope(Vec<Code>),
    Entries(Vec<Entry>),
}

/// What a step is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// A map that an authority or an organisation published.
    Map,
    /// The step between two editions of a system, made from what was computed and what the authority states.
    Annual,
}

/// How the maps between two systems are read, in the words in use for the General Equivalence Mappings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The map from source to target as published.
    #[default]
    Gem,
    /// The map from target to source, read backward.
    ReverseGem,
    /// Both of these together.
    Both,
    /// Both, back again by both, and once more by both: everything within three steps.
    MultiStage,
}

impl Method {
    /// The word used on the command line and in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Gem => "gem",
            Self::ReverseGem => "reverse-gem",
            Self::Both => "both",
            Self::MultiStage => "multi-stage",
        }
    }
}

/// One step of a route.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it starts.
    pub from: EditionId,
    /// Where it leads.
    pub to: EditionId,
    /// Name of the map, for instance `gem`.
    pub name: String,
    /// What it is made from.
    pub kind: StepKind,
    /// How it is read.
    pub method: Method,
    /// The files it was read from; hops name them by index.
    pub sources: Vec<SourceFile>,
    /// Whether it leads to a later edition. Steps across systems count as forward.
    pub forward_in_time: bool,
    said: HashMap<Code, Said>,
    /// Targets that more than one source leads to, codes that stay as they are among the sources.
    shared: HashSet<Code>,
    targets: BTreeSet<Code>,
    /// What the map of the other direction leads to, by its sources, where it is held.
    back: Option<Back>,
    /// Codes that the source edition does not have, of an annual step: those that the step brings.
    absent: HashSet<Code>,
    /// New codes that are stated for several old codes together.
    joins: HashMap<Code, Vec<Join>>,
    otherwise_same: bool,
}

/// The pairs of a map in the order of their sources, which is all that has to be known of it to say whether it leads
/// back.
#[derive(Clone, Debug)]
struct Back {
    /// What the sources begin with, side by side, so that they are found without looking at the pairs.
    prefixes: Vec<u64>,
    pairs: Vec<(Code, Code)>,
}

impl Back {
    fn of(mut pairs: Vec<(Code, Code)>) -> Self {
        // Maps hold their sources in order, and the targets of each by rank.
        if !pairs.is_sorted_by(|a, b| a.0.cmp_by_prefix(&b.0).is_le()) {
            pairs.sort_by(|a, b| a.0.cmp_by_prefix(&b.0));
        }
        pairs.shrink_to_fit();
        Self { prefixes: pairs.iter().map(|(source, _)| source.prefix()).collect(), pairs }
    }

    fn leads(&self, source: &Code, target: &Code) -> bool {
        let prefix = source.prefix();
        let first = self.prefixes.partition_point(|p| *p < prefix);
        let pairs = self.prefixes[first..].iter().zip(&self.pairs[first..]);
        let mut begin_so = pairs.take_while(|(p, _)| **p == prefix);
        begin_so.any(|(_, (s, t))| t == target && s == source)
    }
}

impl Step {
    /// The step of a map as it stands.
    pub fn of_map(map: &ConceptMap) -> Self {
        Self::of_maps(Some(map), None, Method::Gem)
            .unwrap_or_else(|| unreachable!("the forward map was handed in"))
    }

    /// The step of a map and the map of the other direction, read by a method. The other map also tells which
    /// alternatives come back. `None` where the method needs a map that is not there.
    pub fn of_maps(map: Option<&ConceptMap>, other: Option<&ConceptMap>, method: Method) -> Option<Self> {
        let backward = if method == Method::Gem { None } else { other.map(invert) };
        let (from, to, name) = match (map, other) {
            (Some(map), _) => (&map.id.source, &map.id.target, &map.id.name),
            (None, Some(other)) => (&other.id.target, &other.id.source, &other.id.name),
            (None, None) => return None,
        };
        let mut step = Self {
            from: from.clone(),
            to: to.clone(),
            name: name.clone(),
            kind: StepKind::Map,
            method,
            sources: map.map(|m| m.sources.clone()).unwrap_or_default(),
            forward_in_time: true,
            said: HashMap::new(),
            shared: HashSet::new(),
            targets: BTreeSet::new(),
            back: None,
            joins: HashMap::new(),
            absent: HashSet::new(),
            otherwise_same: false,
        };
        let first_of_other = u16::try_from(step.sources.len()).unwrap_or(Hop::NO_FILE - 1);
        match method {
            Method::Gem => step.say(map?, false, 0),
            Method::ReverseGem => {
                step.sources.clear();
                step.sources.extend(other.as_ref()?.sources.iter().cloned());
                step.say(backward.as_ref()?, true, 0);
            }
            Method::Both | Method::MultiStage => {
                step.sources.extend(other.as_ref()?.sources.iter().cloned());
                step.say(map?, false, 0);
                step.say(backward.as_ref()?, true, first_of_other);
            }
        }
        if method == Method::MultiStage {
            step.widen();
        }
        step.note_targets();
        if method != Method::Gem
            && let Some(other) = other
        {
            step.join_backward(other, if method == Method::ReverseGem { 0 } else { first_of_other });
        }
        let pairs = |other: &ConceptMap| other.pairs().map(|(s, t)| (s.clone(), t.clone())).collect();
        step.back = other.map(pairs).map(Back::of);
        Some(step)
    }

    /// Tells the step of a map the pairs of the map of the other direction, source and target, so that it knows which
    /// alternatives come back.
    #[must_use]
    pub fn with_way_back(mut self, pairs: Vec<(Code, Code)>) -> Self {
        self.back = Some(Back::of(pairs));
        self
    }

    /// The step between two editions, read forward or backward in time.
    pub fn of_annual(annual: &AnnualStep, forward: bool) -> Self {
        let map = if forward { &annual.forward } else { &annual.backward };
        let mut step = Self {
            from: map.id.source.clone(),
            to: map.id.target.clone(),
            name: map.id.name.clone(),
            kind: StepKind::Annual,
            method: Method::Gem,
            sources: map.sources.clone(),
            forward_in_time: forward,
            said: HashMap::new(),
            shared: HashSet::new(),
            targets: BTreeSet::new(),
            back: None,
            joins: HashMap::new(),
            absent: HashSet::new(),
            otherwise_same: true,
        };
        step.say(map, false, 0);
        for (code, into) in &annual.scope {
            step.said.entry(code.clone()).or_insert_with(|| Said::Scope(into.clone()));
        }
        step.note_targets();
        let ended = if forward { &annual.backward } else { &annual.forward };
        let stayed: Vec<Code> =
            step.targets.iter().filter(|t| !ended.elements.contains_key(*t)).cloned().collect();
        step.shared.extend(stayed);
        step.absent = ended.elements.keys().cloned().collect();
        if forward {
            for join in &annual.joins {
                step.joins.entry(join.target.clone()).or_default().push(join.clone());
            }
        }
        step
    }

    fn say(&mut self, map: &ConceptMap, reversed: bool, first_file: u16) {
        self.said.reserve(map.elements.len());
        for (code, mappings) in &map.elements {
            let entries = mappings.iter().filter_map(Entry::of).map(|mut entry| {
                entry.reversed = reversed;
                if entry.file != Hop::NO_FILE {
                    entry.file += first_file;
                }
                entry
            });
            match self.said.entry(code.clone()).or_insert_with(|| Said::Entries(Vec::new())) {
                Said::Entries(all) => {
                    // A pair that both directions state is one alternative, on the word of the forward map.
                    let known: HashSet<Vec<Vec<Code>>> =
                        all.iter().map(|known| known.slots.clone()).collect();
                    all.reserve_exact(mappings.len());
                    all.extend(entries.filter(|entry| known.is_empty() || !known.contains(&entry.slots)));
                    // What one direction has a target for is not without one.
                    if all.iter().any(|e| !e.slots.is_empty()) {
                        all.retain(|e| !e.slots.is_empty());
                    }
                }
                Said::Scope(_) => {}
            }
        }
    }

    /// Everything within three steps: out, back and out again.
    fn widen(&mut self) {
        let mut back: HashMap<&Code, Vec<&Code>> = HashMap::new();
        let sources: BTreeMap<&Code, &Said> = self.said.iter().collect();
        for (source, said) in &sources {
            let Said::Entries(entries) = said else { continue };
            for code in entries.iter().flat_map(|e| e.slots.iter().flatten()) {
                back.entry(code).or_default().push(source);
            }
        }
        let mut widened: HashMap<Code, Said> = HashMap::with_capacity(self.said.len());
        // Thousands of sources lead to the same few targets, and with them to the same siblings.
        let mut met: HashMap<Vec<&Code>, Vec<(&Code, &Entry)>> = HashMap::new();
        for (source, said) in &sources {
            let Said::Entries(entries) = said else { continue };
            let mut targets: Vec<&Code> = entries.iter().flat_map(|e| e.slots.iter().flatten()).collect();
            targets.sort_unstable();
            targets.dedup();
            let theirs = met.entry(targets).or_insert_with_key(|targets| {
                let mut siblings: Vec<&Code> =
                    targets.iter().filter_map(|code| back.get(code)).flatten().copied().collect();
                siblings.sort_unstable();
                siblings.dedup();
                let mut seen: HashSet<&Vec<Vec<Code>>> = HashSet::new();
                let mut found = Vec::new();
                for sibling in siblings {
                    let Some(Said::Entries(theirs)) = sources.get(sibling) else { continue };
                    let new = theirs.iter().filter(|e| !e.slots.is_empty()).filter(|e| seen.insert(&e.slots));
                    found.extend(new.map(|entry| (sibling, entry)));
                }
                found
            });
            let own: HashSet<&Vec<Vec<Code>>> = entries.iter().map(|e| &e.slots).collect();
            let mut all = entries.clone();
            all.extend(theirs.iter().filter(|(_, entry)| !own.contains(&entry.slots)).map(
                |(sibling, entry)| {
                    let mut entry = (*entry).clone();
                    entry.relationship = Relationship::RelatedTo;
                    entry.flags = format!("{} by {sibling}", entry.flags).into();
                    entry
                },
            ));
            widened.insert((*source).clone(), Said::Entries(all));
        }
        self.said = widened;
    }

    fn note_targets(&mut self) {
        let said = self.said.iter().filter_map(|(source, said)| match said {
            Said::Entries(entries) => Some((source, entries)),
            Said::Scope(_) => None,
        });
        // The prefixes spare most of the comparisons.
        let mut pairs: Vec<(u64, &Code, u64, &Code)> = Vec::with_capacity(self.said.len());
        pairs.extend(said.flat_map(|(source, entries)| {
            let targets = entries.iter().flat_map(|e| e.slots.iter().flatten());
            targets.map(move |target| (target.prefix(), target, source.prefix(), source))
        }));
        pairs.sort_unstable_by(|a, b| {
            let targets = a.0.cmp(&b.0).then_with(|| a.1.cmp_behind_prefix(b.1));
            targets.then(a.2.cmp(&b.2)).then_with(|| a.3.cmp_behind_prefix(b.3))
        });
        pairs.dedup_by(|a, b| a.2 == b.2 && a.0 == b.0 && (a.1, a.3) == (b.1, b.3));
        let shared = pairs.windows(2).filter(|p| p[0].1 == p[1].1).map(|p| p[0].1.clone()).collect();
        let mut targets: Vec<Code> = pairs.iter().map(|(_, target, ..)| (*target).clone()).collect();
        targets.dedup();
        let targets = targets.into_iter().collect();
        self.shared = shared;
        self.targets = targets;
    }

    pub(crate) fn find(&self, code: &Code) -> Found<'_> {
        match self.said.get(code) {
            Some(Said::Scope(into)) => Found::Scope(into),
            Some(Said::Entries(entries)) => Found::Entries(entries),
            None if self.otherwise_same => Found::Same,
            None => Found::Nothing,
        }
    }

    /// Whether it says nothing about a code, so that the code stays as it is.
    pub(crate) fn is_silent(&self, code: &Code) -> bool {
        matches!(self.find(code), Found::Same)
    }

    /// Whether other sources lead to a target too.
    pub(crate) fn is_shared(&self, target: &Code) -> bool {
        self.shared.contains(target)
    }

    /// Whether the map of the other direction leads from `target` back to `source`; `None` where it is not held.
    pub(crate) fn comes_back(&self, source: &Code, target: &Code) -> Option<bool> {
        Some(self.back.as_ref()?.leads(target, source))
    }

    /// What the combinations of a map that is read backward say: each of their codes leads to the source only together
    /// with one of each other slot.
    fn join_backward(&mut self, other: &ConceptMap, first_file: u16) {
        for (source, mappings) in &other.elements {
            for mapping in mappings {
                let (Targets::Combination { slots, .. }, Provenance::Official { file, line }) =
                    (&mapping.targets, &mapping.provenance)
                else {
                    continue;
                };
                let join = Join {
                    sources: slots.clone(),
                    target: source.clone(),
                    file: file + first_file,
                    line: *line,
                };
                self.joins.entry(source.clone()).or_default().push(join);
            }
        }
    }

    /// Tells whether an entry of a code is stated for it together with others.
    pub(crate) fn together(&self, code: &Code, entry: &Entry, found: &mut Vec<(Code, Vec<Vec<Code>>)>) {
        if self.joins.is_empty() {
            return;
        }
        for target in entry.slots.iter().flatten() {
            for join in self.joins.get(target).into_iter().flatten() {
                if join.line == entry.line
                    && join.file == entry.file
                    && join.sources.iter().any(|slot| slot.contains(code))
                {
                    let with = join.sources.iter().filter(|slot| !slot.contains(code)).cloned().collect();
                    found.push((target.clone(), with));
                }
            }
        }
    }

    /// Joins of the step: new codes that are stated for several old codes together.
    pub fn joins(&self) -> Vec<&Join> {
        let ordered: BTreeMap<&Code, &Vec<Join>> = self.joins.iter().collect();
        ordered.into_values().flatten().collect()
    }

    /// Whether an annual step tells that its source edition does not have a code.
    pub(crate) fn lacks(&self, code: &Code) -> bool {
        self.absent.contains(code)
    }

    /// Takes targets out that the target edition does not have. What is left without a target says so in its flags.
    #[expect(clippy::iter_over_hash_type, reason = "each entry is changed by itself")]
    pub(crate) fn drop_targets(&mut self, foreign: &BTreeSet<Code>) {
        for said in self.said.values_mut() {
            let Said::Entries(entries) = said else { continue };
            for entry in entries.iter_mut() {
                let named: Vec<&str> =
                    entry.slots.iter().flatten().filter(|c| foreign.contains(*c)).map(Code::as_str).collect();
                if named.is_empty() {
                    continue;
                }
                entry.flags = format!("{NAMES}{}", named.join(" ")).into();
                for slot in &mut entry.slots {
                    slot.retain(|code| !foreign.contains(code));
                }
                // A combination without one of its parts is none.
                if entry.slots.iter().any(Vec::is_empty) {
                    entry.slots.clear();
                }
            }
        }
        self.note_targets();
    }

    /// The codes that the step says something about, in no order.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Code> {
        self.said.keys()
    }

    /// The codes that the step says something about, in order.
    pub fn codes(&self) -> impl Iterator<Item = &Code> {
        let ordered: BTreeSet<&Code> = self.said.keys().collect();
        ordered.into_iter()
    }

    /// All codes that the step leads to, in order, each once.
    pub fn targets(&self) -> impl Iterator<Item = &Code> {
        self.targets.iter()
    }

    /// Whether some source has no target, or codes are not carried one to one.
    pub fn is_lossy(&self) -> bool {
        let one =
            |entries: &[Entry]| entries.len() == 1 && entries[0].relationship == Relationship::Equivalent;
        !self.said.values().all(|said| matches!(said, Said::Entries(entries) if one(entries)))
    }
}
