//! What an authority states about new codes: the rows of its tables, and the keys that these name.

use jiff::civil::Date;
use xwalk_model::{Code, Concept, ConceptMap, Edition, EditionId, Provenance, SourceFile, Targets, calendar};

/// One row of a table that leads from a new code to the codes used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The new code.
    pub current: Code,
    /// The day on which it came into effect, where that is stated.
    pub effective: Option<Date>,
    /// The codes before: slots are AND, codes in a slot OR. Empty where the authority states that there were none.
    pub previous: Vec<Vec<Code>>,
    /// Index of the file in [`Statements::sources`].
    pub file: u16,
    /// The row.
    pub line: u32,
    /// What the cell looks like: `one`, `list`, `and`, `range`, `category`, `none`.
    pub flags: compact_str::CompactString,
}

/// What an authority states about the codes that are new between two editions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements {
    /// The files.
    pub sources: Vec<SourceFile>,
    /// The rows, in the order of the files.
    pub rows: Vec<Statement>,
}

impl Statements {
    /// Adds what others state, after what is there.
    pub fn append(&mut self, other: Self) {
        let base: Vec<u16> = other
            .sources
            .into_iter()
            .map(|source| {
                let at = self.sources.iter().position(|s| *s == source).unwrap_or_else(|| {
                    self.sources.push(source);
                    self.sources.len() - 1
                });
                u16::try_from(at).unwrap_or(u16::MAX - 1)
            })
            .collect();
        self.rows.extend(other.rows.into_iter().map(|mut row| {
            row.file = base.get(usize::from(row.file)).copied().unwrap_or(row.file);
            row
        }));
    }

    /// The cross references of HCPCS Level II: the record of a terminated code names the codes that take over (columns
    /// 205 to 229 of the record layout). `to` still holds the terminated codes.
    pub fn of_cross_references(from: &Edition, to: &Edition) -> Self {
        let mut found = Self::default();
        if to.id().system != xwalk_model::CodeSystem::Hcpcs {
            return found;
        }
        for concept in to.concepts().filter(|c| !c.assignable()) {
            let code = concept.code();
            let Some(listed) = concept.attribute("cross-references") else { continue };
            if !is_assignable(from, code) {
                continue;
            }
            for text in listed.split([' ', ',', ';']).filter(|t| !t.is_empty()) {
                found.rows.push(Statement {
                    current: Code::from_official(text),
                    effective: None,
                    previous: vec![vec![code.clone()]],
                    file: 0,
                    line: 0,
                    flags: "cross-reference".into(),
                });
            }
        }
        if !found.rows.is_empty() {
            found.sources.extend(to.sources().first().cloned());
        }
        found
    }

    /// The rows of conversion tables that came into effect after `from` and not after `to`. The maps of a conversion
    /// table lead back in time, from each edition to the one before.
    pub fn of_tables<'m>(
        maps: impl IntoIterator<Item = &'m ConceptMap>,
        from: &EditionId,
        to: &EditionId,
    ) -> Self {
        let start = |id: &EditionId| calendar::fiscal_year(&id.version).and_then(|p| p.from);
        let mut found = Self::default();
        let (Some(first), Some(last)) = (start(from), start(to)) else { return found };
        for map in maps {
            if map.id.source.system != to.system
                || !start(&map.id.source).is_some_and(|day| first < day && day <= last)
            {
                continue;
            }
            let base = u16::try_from(found.sources.len()).unwrap_or(u16::MAX - 1);
            let known = found.sources.iter().position(|s| map.sources.first() == Some(s));
            let base = match known {
                Some(at) => u16::try_from(at).unwrap_or(base),
                None => {
                    found.sources.extend(map.sources.iter().cloned());
                    base
                }
            };
            for (current, mappings) in &map.elements {
                for mapping in mappings {
                    let previous = match &mapping.targets {
                        Targets::NoMap => Vec::new(),
                        Targets::One(code) => vec![vec![code.clone()]],
                        Targets::Combination { slots, .. } => slots.clone(),
                    };
                    let Provenance::Official { file, line } = mapping.provenance else { continue };
                    let flags = mapping.flags.clone();
                    let current = current.clone();
                    let effective = start(&map.id.source);
                    found.rows.push(Statement {
                        current,
                        effective,
                        previous,
                        file: file + base,
                        line,
                        flags,
                    });
                }
            }
        }
        found
    }
}

/// The assignable codes that an edition has for a key of a conversion table: a code, a header, a range in tabular
/// order (`H3520-H3523`), a category (`I63-`). Empty where the edition has none of it.
pub fn codes_of_key(edition: &Edition, key: &Code) -> Vec<Code> {
    let text = key.as_str();
    let concepts: Vec<Concept<'_>> = if let Some(above) = text.strip_suffix('-') {
        edition.get(&Code::from_official(above)).map(below).unwrap_or_default()
    } else if let Some((first, last)) = text.split_once('-') {
        match (edition.get(&Code::from_official(first)), edition.get(&Code::from_official(last))) {
            (Some(a), Some(b)) => {
                // In tabular order, up to the last code below the end.
                let end = below(b).last().map_or(b.ix(), |c| c.ix()).max(b.ix()).index();
                let start = a.ix().index();
                edition.concepts().skip(start).take((end + 1).saturating_sub(start)).collect()
            }
            _ => Vec::new(),
        }
    } else {
        match edition.get(key) {
            Some(concept) if concept.assignable() => vec![concept],
            Some(header) => below(header),
            None => Vec::new(),
        }
    };
    concepts.iter().filter(|c| c.assignable()).map(|c| c.code().clone()).collect()
}

/// Whether a key of a conversion table names categories: `I63-`, `T15-T19`.
pub fn names_categories(key: &Code) -> bool {
    match key.as_str().split_once('-') {
        Some((_, "")) => true,
        Some((first, last)) => first.len() == 3 && last.len() == 3,
        None => false,
    }
}

pub(crate) fn is_assignable(edition: &Edition, code: &Code) -> bool {
    edition.get(code).is_some_and(Concept::assignable)
}

pub(crate) fn below(concept: Concept<'_>) -> Vec<Concept<'_>> {
    concept.descendants()
}
