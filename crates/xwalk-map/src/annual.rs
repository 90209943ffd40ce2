//! The step from one edition of a system to the next: who takes over from a deleted code, what a new code was coded
//! to before, and which surviving codes lost scope.
//!
//! The authority states it in conversion tables, from new to old (NCHS: "ICD-10-CM Conversion Table", a row for each
//! new code with the codes "previously" assigned). Three readings follow from a row that leads from new code N to
//! old code O: O deleted, N takes over from it; O alive, N was carved out of it; and N's history is O.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use xwalk_model::{
    Change, ChangeSet, Code, Concept, ConceptMap, Edition, EditionId, MapId, Mapping, Provenance,
    Relationship, SourceFile, Targets,
};

use crate::statements::{Statement, Statements, below, codes_of_key, is_assignable, names_categories};

/// A new code that is stated for several old codes together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The old codes: one of each slot, on one record together.
    pub sources: Vec<Vec<Code>>,
    /// The new code.
    pub target: Code,
    /// Index of the file in the sources of the step.
    pub file: u16,
    /// The row.
    pub line: u32,
}

/// What changed from one edition of a system to the next, as maps in both directions.
///
/// The maps hold only what changed: an assignable code that neither lists is assignable in both editions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnualStep {
    /// The earlier edition.
    pub from: EditionId,
    /// The later edition.
    pub to: EditionId,
    /// Each assignable code of the earlier edition that is not assignable in the later one, with its successors.
    pub forward: ConceptMap,
    /// Each assignable code of the later edition that was not assignable before, with what it was coded to.
    pub backward: ConceptMap,
    /// Codes assignable in both editions of which new codes were carved out, with these. They mean less than before.
    pub scope: BTreeMap<Code, Vec<Code>>,
    /// New codes that are stated for several old codes together.
    pub joins: Vec<Join>,
    /// Codes that rows name and neither edition holds, with the row.
    pub unresolved: Vec<(Code, u32)>,
    /// Whether the authority's statements were at hand; without them only structure speaks.
    pub stated: bool,
}

/// Name of the maps of an annual step.
pub(crate) const ANNUAL: &str = "annual";

/// The flag of a deletion for which nothing takes over.
pub const DELETED: &str = "deleted";

/// Begins the flags of a mapping of which the file names codes that the edition does not have.
pub(crate) const NAMES: &str = "names ";

impl AnnualStep {
    /// The step between two editions of a system, from what both hold and what the authority states.
    pub fn new(from: &Edition, to: &Edition, statements: &Statements) -> Self {
        Builder::new(from, to, statements).build()
    }

    fn empty(from: EditionId, to: EditionId, sources: &[SourceFile]) -> Self {
        let id = |source: &EditionId, target: &EditionId| MapId {
            source: source.clone(),
            target: target.clone(),
            name: ANNUAL.to_owned(),
        };
        let mut forward = ConceptMap::new(id(&from, &to));
        let mut backward = ConceptMap::new(id(&to, &from));
        forward.sources = sources.to_vec();
        backward.sources = sources.to_vec();
        Self {
            forward,
            backward,
            from,
            to,
            scope: BTreeMap::new(),
            joins: Vec::new(),
            unresolved: Vec::new(),
            stated: !sources.is_empty(),
        }
    }

    /// The step from its parts, as a crosswalk on disk holds them.
    pub fn from_parts(
        from: EditionId,
        to: EditionId,
        sources: &[SourceFile],
        forward: BTreeMap<Code, Vec<Mapping>>,
        backward: BTreeMap<Code, Vec<Mapping>>,
        scope: BTreeMap<Code, Vec<Code>>,
        joins: Vec<Join>,
    ) -> Self {
        let mut step = Self::empty(from, to, sources);
        step.forward.elements = forward;
        step.backward.elements = backward;
        step.scope = scope;
        step.joins = joins;
        step
    }

    /// The codes that take over from a code that is not assignable any more, best grounded first.
    pub fn successors(&self, code: &Code) -> Vec<&Code> {
        codes_of(self.forward.get(code))
    }

    /// The codes that a new code was coded to before.
    pub fn previous(&self, code: &Code) -> Vec<&Code> {
        codes_of(self.backward.get(code))
    }

    /// The new codes that were carved out of a code that stays.
    pub fn carved_out(&self, code: &Code) -> &[Code] {
        self.scope.get(code).map_or(&[], Vec::as_slice)
    }

    /// Tells a change set what is known of its codes: the successors of those that went, and the scope that those that
    /// stayed have lost. The change set has to be of the same two editions.
    pub fn annotate(&self, set: &mut ChangeSet) {
        for (code, changes) in &mut set.changes {
            self.annotate_code(code, changes);
        }
        for code in
            self.scope.keys().filter(|code| !set.changes.contains_key(code)).cloned().collect::<Vec<_>>()
        {
            let mut changes = Vec::new();
            self.annotate_code(&code, &mut changes);
            set.changes.insert(code, changes);
        }
    }

    /// The same for the changes of one code.
    pub fn annotate_code(&self, code: &Code, changes: &mut Vec<Change>) {
        for change in &mut *changes {
            if let Change::Deletion { successors, assignable: true, .. }
            | Change::Assignability { successors, now: false, .. } = change
            {
                *successors = self.successors(code).into_iter().cloned().collect();
            }
        }
        if let Some(into) = self.scope.get(code) {
            changes.push(Change::Scope { into: into.clone() });
        }
    }

    /// The joins that a code takes part in.
    pub fn joins_of<'s>(&'s self, code: &'s Code) -> impl Iterator<Item = &'s Join> {
        self.joins.iter().filter(move |j| j.sources.iter().flatten().any(|c| c == code))
    }
}

fn codes_of(mappings: &[Mapping]) -> Vec<&Code> {
    let mut codes: Vec<&Code> = Vec::new();
    for mapping in mappings {
        let of: Vec<&Code> = match &mapping.targets {
            Targets::NoMap => Vec::new(),
            Targets::One(code) => vec![code],
            Targets::Combination { slots, .. } => slots.iter().flatten().collect(),
        };
        for code in of {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
    }
    codes
}

/// A row whose keys were resolved in the earlier edition.
struct Row<'s> {
    statement: &'s Statement,
    slots: Vec<Vec<Code>>,
    /// For each slot whether it names whole categories ("Codes in Categories T15-T19"): the context in which the new
    /// code is used, not a code that lost something to it.
    context: Vec<bool>,
}

/// The attribute that names the entity of a concept of ICD-11.
const FOUNDATION_ID: &str = "foundation-id";

struct Builder<'e> {
    from: &'e Edition,
    to: &'e Edition,
    /// Assignable concepts of the later edition by foundation id; `None` where several have it.
    entities: HashMap<&'e str, Option<Concept<'e>>>,
    /// The same for the earlier edition.
    old_entities: HashMap<&'e str, Option<Concept<'e>>>,
    step: AnnualStep,
    rows: Vec<Row<'e>>,
}

/// The concepts that are assignable in one edition only: in the earlier one, and in the later one.
fn ended_and_begun<'e>(from: &'e Edition, to: &'e Edition) -> (Vec<Concept<'e>>, Vec<Concept<'e>>) {
    let (mut ended, mut begun) = (Vec::new(), Vec::new());
    let mut old = from.by_code().filter(|c| c.assignable()).peekable();
    let mut new = to.by_code().filter(|c| c.assignable()).peekable();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.code().cmp(b.code()),
        };
        match order {
            Ordering::Less => ended.extend(old.next()),
            Ordering::Greater => begun.extend(new.next()),
            Ordering::Equal => {
                old.next();
                new.next();
            }
        }
    }
    (ended, begun)
}

fn entities(edition: &Edition) -> HashMap<&str, Option<Concept<'_>>> {
    let mut found: HashMap<&str, Option<Concept<'_>>> = HashMap::new();
    if !edition.attribute_names().iter().any(|n| n == FOUNDATION_ID) {
        return found;
    }
    for concept in edition.concepts().filter(|c| c.assignable()) {
        if let Some(id) = concept.attribute(FOUNDATION_ID) {
            found.entry(id).and_modify(|known| *known = None).or_insert(Some(concept));
        }
    }
    found
}

impl<'e> Builder<'e> {
    fn new(from: &'e Edition, to: &'e Edition, statements: &'e Statements) -> Self {
        let step = AnnualStep::empty(from.id().clone(), to.id().clone(), &statements.sources);
        let (entities, old_entities) = (entities(to), entities(from));
        let mut builder = Self { from, to, entities, old_entities, step, rows: Vec::new() };
        builder.resolve_rows(statements);
        builder
    }

    /// Resolves the keys of the rows: ranges and categories become the codes that the earlier edition has there; a
    /// code that came and went between the editions is followed to what it came from.
    fn resolve_rows(&mut self, statements: &'e Statements) {
        let mut by_current: HashMap<&Code, Vec<&Statement>> = HashMap::new();
        for row in &statements.rows {
            by_current.entry(&row.current).or_default().push(row);
        }
        for statement in &statements.rows {
            let mut slots = Vec::with_capacity(statement.previous.len());
            let mut context = Vec::with_capacity(statement.previous.len());
            for slot in &statement.previous {
                let mut codes: Vec<Code> = Vec::new();
                for key in slot {
                    self.resolve(key, statement, &by_current, 0, &mut codes);
                }
                let mut seen = BTreeSet::new();
                codes.retain(|c| seen.insert(c.clone()));
                // A slot of which nothing is known says nothing about the others.
                if !codes.is_empty() {
                    slots.push(codes);
                    context.push(slot.iter().all(names_categories));
                }
            }
            self.rows.push(Row { statement, slots, context });
        }
    }

    fn resolve(
        &mut self,
        key: &Code,
        named_in: &Statement,
        by_current: &HashMap<&Code, Vec<&Statement>>,
        depth: u8,
        found: &mut Vec<Code>,
    ) {
        let before = found.len();
        found.extend(codes_of_key(self.from, key));
        if found.len() > before {
            return;
        }
        // It may have come into effect between the two editions, before the code that names it did.
        if depth < 4
            && let Some(rows) = by_current.get(key)
        {
            for row in rows.iter().filter(|r| r.effective < named_in.effective) {
                for code in row.previous.iter().flatten() {
                    self.resolve(code, row, by_current, depth + 1, found);
                }
            }
        }
        if found.len() == before && depth == 0 {
            self.step.unresolved.push((key.clone(), named_in.line));
        }
    }

    /// The codes of the later edition that stand for `code` of a row: itself, or what took over within the step.
    fn arrived(&self, code: &Code, depth: u8) -> Vec<Code> {
        if is_assignable(self.to, code) {
            return vec![code.clone()];
        }
        if depth >= 4 {
            return Vec::new();
        }
        let mut found = Vec::new();
        for row in &self.rows {
            if row.statement.previous.iter().flatten().any(|c| c == code) {
                found.extend(self.arrived(&row.statement.current, depth + 1));
            }
        }
        found
    }

    fn build(mut self) -> AnnualStep {
        let mut to_current: BTreeMap<Code, Vec<usize>> = BTreeMap::new();
        let mut of_current: BTreeMap<&Code, Vec<usize>> = BTreeMap::new();
        for (number, row) in self.rows.iter().enumerate() {
            of_current.entry(&row.statement.current).or_default().push(number);
            let own = row.slots.iter().zip(&row.context).filter(|(_, context)| !**context);
            for code in own.flat_map(|(slot, _)| slot) {
                to_current.entry(code.clone()).or_default().push(number);
            }
        }
        for (code, rows) in &to_current {
            if is_assignable(self.from, code) && is_assignable(self.to, code) {
                let mut carved = self.carved(code, rows);
                if !carved.is_empty() {
                    carved.sort_by_key(|c| self.to.get(c).map(Concept::ix));
                    carved.dedup();
                    self.step.scope.insert(code.clone(), carved);
                }
            }
        }
        let (ended, begun) = ended_and_begun(self.from, self.to);
        for concept in ended {
            let code = concept.code();
            let rows = to_current.get(code).map_or(&[][..], Vec::as_slice);
            let mappings = self.forward(code, rows, &of_current);
            self.step.forward.elements.insert(code.clone(), mappings);
        }
        for concept in begun {
            let rows = of_current.get(concept.code()).map_or(&[][..], Vec::as_slice);
            let mappings = self.backward(concept, rows);
            self.step.backward.elements.insert(concept.code().clone(), mappings);
        }
        for row in self.rows.iter().filter(|r| r.slots.len() > 1) {
            for target in self.arrived(&row.statement.current, 0) {
                self.step.joins.push(Join {
                    sources: row.slots.clone(),
                    target,
                    file: row.statement.file,
                    line: row.statement.line,
                });
            }
        }
        self.step
    }

    /// New codes that were carved out of a code that stays.
    fn carved(&self, code: &Code, rows: &[usize]) -> Vec<Code> {
        let mut carved = Vec::new();
        for &number in rows {
            for target in self.arrived(&self.rows[number].statement.current, 0) {
                if target != *code && !is_assignable(self.from, &target) {
                    carved.push(target);
                }
            }
        }
        carved
    }

    fn forward(&self, code: &Code, rows: &[usize], of_current: &BTreeMap<&Code, Vec<usize>>) -> Vec<Mapping> {
        let mut mappings: Vec<Mapping> = Vec::new();
        let mut add = |mapping: Mapping| {
            if !mappings.iter().any(|m| m.targets == mapping.targets) {
                mappings.push(mapping);
            }
        };
        for &number in rows {
            let row = &self.rows[number];
            for target in self.arrived(&row.statement.current, 0) {
                if target == *code {
                    continue;
                }
                // A target that was there before means more than the code that joins it.
                let relationship = if is_assignable(self.from, &target) {
                    Relationship::SourceIsNarrowerThanTarget
                } else {
                    Relationship::SourceIsBroaderThanTarget
                };
                add(Mapping {
                    targets: Targets::One(target),
                    relationship,
                    provenance: Provenance::Official { file: row.statement.file, line: row.statement.line },
                    flags: row.statement.flags.clone(),
                });
            }
        }
        if let Some(now) = self.same_entity(code) {
            add(derived(now.code(), Relationship::Equivalent, "the same entity, by its foundation id"));
        }
        if let Some(header) = self.to.get(code) {
            let children = below(header);
            let mut new: Vec<&Concept<'_>> =
                children.iter().filter(|c| c.assignable() && !is_assignable(self.from, c.code())).collect();
            // What the authority derives from another code is not a child of this one in meaning.
            new.retain(|c| {
                let stated = of_current.get(c.code()).map_or(&[][..], Vec::as_slice);
                stated.is_empty()
            });
            for child in new {
                add(derived(child.code(), Relationship::SourceIsBroaderThanTarget, "became a header"));
            }
        }
        // One code for one code: which of them means more is not stated.
        if let [only] = &mut mappings[..]
            && let Targets::One(target) = &only.targets
            && only.relationship == Relationship::SourceIsBroaderThanTarget
        {
            let stated = of_current.get(target).map_or(&[][..], Vec::as_slice);
            let alone = |n: &usize| self.rows[*n].slots.iter().flatten().all(|c| c == code);
            if stated.iter().all(alone) && !matches!(only.provenance, Provenance::Derived { .. }) {
                only.relationship = Relationship::RelatedTo;
            }
        }
        if mappings.is_empty() {
            let rule = "deleted, and no authority states a successor".to_owned();
            // HCPCS refers to codes of CPT, which another edition holds.
            let elsewhere: Vec<&str> = rows
                .iter()
                .map(|n| self.rows[*n].statement.current.as_str())
                .filter(|c| *c != code.as_str())
                .collect();
            let flags = if elsewhere.is_empty() {
                DELETED.into()
            } else {
                format!("{DELETED}, refers to {}", elsewhere.join(" ")).into()
            };
            mappings.push(Mapping {
                targets: Targets::NoMap,
                relationship: Relationship::NotRelatedTo,
                provenance: Provenance::Derived { rule },
                flags,
            });
        }
        mappings
    }

    /// The assignable concept of the later edition that is the same entity: WHO names an entity of ICD-11 by a
    /// foundation id that stays when its code changes. Residuals have none of their own.
    fn same_entity(&self, code: &Code) -> Option<Concept<'e>> {
        let id = self.from.get(code)?.attribute(FOUNDATION_ID)?;
        self.entities.get(id).copied().flatten()
    }

    fn backward(&self, concept: Concept<'_>, rows: &[usize]) -> Vec<Mapping> {
        let mut mappings: Vec<Mapping> = Vec::new();
        let mut unheld: Option<Mapping> = None;
        let mut add = |mapping: Mapping| {
            if !mappings.iter().any(|m| m.targets == mapping.targets) {
                mappings.push(mapping);
            }
        };
        for &number in rows {
            let row = &self.rows[number];
            let provenance = Provenance::Official { file: row.statement.file, line: row.statement.line };
            let flags = row.statement.flags.clone();
            let relationship = Relationship::SourceIsNarrowerThanTarget;
            match &row.slots[..] {
                [] if row.statement.previous.is_empty() => add(Mapping {
                    targets: Targets::NoMap,
                    relationship: Relationship::NotRelatedTo,
                    provenance,
                    flags,
                }),
                [] => {
                    let keys: Vec<String> = row
                        .statement
                        .previous
                        .iter()
                        .flatten()
                        .map(|key| key.display(self.from.id().system))
                        .collect();
                    unheld.get_or_insert(Mapping {
                        targets: Targets::NoMap,
                        relationship: Relationship::NotRelatedTo,
                        provenance,
                        flags: format!("{NAMES}{}", keys.join(" ")).into(),
                    });
                }
                [slot] => {
                    for code in slot {
                        let (provenance, flags) = (provenance.clone(), flags.clone());
                        add(Mapping { targets: Targets::One(code.clone()), relationship, provenance, flags });
                    }
                }
                slots => {
                    let targets = Targets::Combination { scenario: 1, slots: slots.to_vec() };
                    add(Mapping { targets, relationship: Relationship::RelatedTo, provenance, flags });
                }
            }
        }
        if let Some(id) = concept.attribute(FOUNDATION_ID)
            && let Some(before) = self.old_entities.get(id).copied().flatten()
        {
            add(derived(before.code(), Relationship::Equivalent, "the same entity, by its foundation id"));
        }
        if mappings.is_empty()
            && let Some(above) = concept.ancestors().find(|a| is_assignable(self.from, a.code()))
        {
            mappings.push(derived(
                above.code(),
                Relationship::SourceIsNarrowerThanTarget,
                "the code above it was assignable before",
            ));
        }
        if mappings.is_empty() {
            mappings.extend(unheld);
        }
        if mappings.is_empty() {
            let rule = "new, and no authority states what was coded before".to_owned();
            mappings.push(Mapping {
                targets: Targets::NoMap,
                relationship: Relationship::NotRelatedTo,
                provenance: Provenance::Derived { rule },
                flags: "new".into(),
            });
        }
        mappings
    }
}

fn derived(code: &Code, relationship: Relationship, rule: &str) -> Mapping {
    Mapping {
        targets: Targets::One(code.clone()),
        relationship,
        provenance: Provenance::Derived { rule: rule.to_owned() },
        flags: compact_str::CompactString::default(),
    }
}
