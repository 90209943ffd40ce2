//! The annual successor maps of ICD-10-CM that come with the program (crosswalks/ in the repository).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use xwalk_formats::sssom;
use xwalk_map::{AnnualStep, Join, Statement, Statements};
use xwalk_model::{
    Code, CodeSystem, EditionId, Mapping, Provenance, Relationship, SourceFile, Targets, calendar,
};

macro_rules! bundled {
    ($($from:literal .. $to:literal),* $(,)?) => {
        &[$(($from, $to, include_bytes!(concat!(
            "../../../crosswalks/icd10cm@", $from, "..icd10cm@", $to, "/successors.sssom.tsv"
        )))),*]
    };
}

const FILES: &[(&str, &str, &[u8])] = bundled![
    "2016".."2017",
    "2017".."2018",
    "2018".."2019",
    "2019".."2020",
    "2020".."2021",
    "2021".."2022",
    "2022".."2023",
    "2023".."2024",
    "2024".."2025",
    "2025".."2026",
];

/// One of the maps: which years it joins, and its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Bundled {
    pub(crate) from: EditionId,
    pub(crate) to: EditionId,
    bytes: &'static [u8],
}

/// The maps, oldest first.
pub(crate) fn bundled() -> Vec<Bundled> {
    let id = |version: &str| EditionId::new(CodeSystem::Icd10cm, version).expect("a year is a version");
    FILES.iter().map(|(from, to, bytes)| Bundled { from: id(from), to: id(to), bytes }).collect()
}

impl Bundled {
    /// Whether every code that changed is in it, so that a code it does not list is assignable on both sides.
    pub(crate) fn is_complete(&self) -> bool {
        let head = &self.bytes[..self.bytes.len().min(4000)];
        String::from_utf8_lossy(head).contains("complete=yes")
    }

    fn read(&self) -> anyhow::Result<Contents> {
        let context =
            || format!("the crosswalk {} to {} that comes with the program is damaged", self.from, self.to);
        let set = sssom::read(self.bytes).with_context(context)?;
        contents(&self.to, &set).with_context(context)
    }

    /// What the authority states, for editions that are held.
    pub(crate) fn statements(&self) -> anyhow::Result<Statements> {
        let read = self.read()?;
        Ok(Statements { sources: vec![read.source], rows: read.statements.into_values().collect() })
    }

    /// The step by itself, where the editions are not held.
    pub(crate) fn step(&self) -> anyhow::Result<AnnualStep> {
        ensure!(
            self.is_complete(),
            "the successors from {} to {} are not complete without the editions; import their order files",
            self.from,
            self.to
        );
        let read = self.read()?;
        let (from, to) = (self.from.clone(), self.to.clone());
        Ok(AnnualStep::from_parts(
            from,
            to,
            &[read.source],
            read.forward,
            read.backward,
            read.scope,
            read.joins,
        ))
    }
}

/// Key of a row of the workbook: the new code and the number of the row.
type RowKey = (u32, Code);

struct Contents {
    source: SourceFile,
    statements: BTreeMap<RowKey, Statement>,
    forward: BTreeMap<Code, Vec<Mapping>>,
    backward: BTreeMap<Code, Vec<Mapping>>,
    scope: BTreeMap<Code, Vec<Code>>,
    joins: Vec<Join>,
    /// Keys of rows that name what the earlier edition does not have.
    not_held: BTreeSet<(u32, Code, Code)>,
}

fn contents(to: &EditionId, set: &sssom::MappingSet) -> anyhow::Result<Contents> {
    let first_day = calendar::fiscal_year(&to.version).and_then(|p| p.from);
    let mut read = Contents {
        source: source_of(set)?,
        statements: BTreeMap::new(),
        forward: BTreeMap::new(),
        backward: BTreeMap::new(),
        scope: BTreeMap::new(),
        joins: Vec::new(),
        not_held: BTreeSet::new(),
    };
    for row in &set.rows {
        let code = |column: &str| -> anyhow::Result<Option<Code>> {
            let cell = row.get(column);
            if cell.is_empty() || cell == "sssom:NoTermFound" {
                return Ok(None);
            }
            let local = cell.rsplit_once(':').map_or(cell, |(_, code)| code);
            Ok(Some(
                Code::parse(CodeSystem::Icd10cm, local).with_context(|| format!("line {}", row.at.line))?,
            ))
        };
        let (subject, object) = (code("subject_id")?, code("object_id")?);
        let literal = row.get("subject_label");
        let number: Option<u32> = row.get("row").parse().ok();
        let stated = number.is_some();
        if let (Some(line), Some(object)) = (number, &object) {
            let statement = read.statements.entry((line, object.clone())).or_insert_with(|| Statement {
                current: object.clone(),
                effective: row.get("effective").parse().ok().or(first_day),
                previous: Vec::new(),
                file: 0,
                line,
                flags: row.get("cell").into(),
            });
            // The slot of the whole categories comes last; it is added once, when the row is first seen.
            if statement.previous.is_empty() && !row.get("context").is_empty() {
                let keys = row.get("context").split('|').map(Code::from_official).collect();
                statement.previous.push(keys);
            }
            let key = subject.clone().or_else(|| (!literal.is_empty()).then(|| Code::from_official(literal)));
            if let Some(key) = key {
                let slot = row.get("slot").parse::<usize>().unwrap_or(1);
                let named = usize::from(!row.get("context").is_empty());
                while statement.previous.len() < slot.max(1) + named {
                    statement.previous.push(Vec::new());
                }
                let at = statement.previous.len().min(slot + named) - 1;
                if row.get("change") == "not-held" {
                    read.not_held.insert((line, object.clone(), key.clone()));
                }
                statement.previous[at].push(key);
            }
        }
        let provenance = match number {
            Some(line) => Provenance::Official { file: 0, line },
            None => Provenance::Derived { rule: "structure".to_owned() },
        };
        let flags: compact_str::CompactString = row.get("cell").into();
        let relationship = match row.get("predicate_id") {
            "skos:broadMatch" => Relationship::SourceIsNarrowerThanTarget,
            "skos:narrowMatch" => Relationship::SourceIsBroaderThanTarget,
            _ => Relationship::RelatedTo,
        };
        match (row.get("change"), subject, object) {
            ("deleted" | "became-header", Some(old), new) => {
                let none = new.is_none();
                read.forward.entry(old).or_default().push(Mapping {
                    targets: new.map_or(Targets::NoMap, Targets::One),
                    relationship: if none { Relationship::NotRelatedTo } else { relationship },
                    provenance: provenance.clone(),
                    flags: if none { xwalk_map::DELETED.into() } else { flags.clone() },
                });
            }
            ("scope", Some(old), Some(new)) => read.scope.entry(old).or_default().push(new),
            ("new", None, Some(new)) if !stated || row.get("cell") == "none" => {
                read.backward.entry(new).or_default().push(Mapping {
                    targets: Targets::NoMap,
                    relationship: Relationship::NotRelatedTo,
                    provenance,
                    flags: "new".into(),
                });
            }
            ("previous", Some(old), Some(new)) => read.backward.entry(new).or_default().push(Mapping {
                targets: Targets::One(old),
                relationship: Relationship::SourceIsNarrowerThanTarget,
                provenance,
                flags,
            }),
            _ => {}
        }
    }
    add_stated_history(&mut read);
    for carved in read.scope.values_mut() {
        carved.sort();
        carved.dedup();
    }
    Ok(read)
}

/// The history of new codes, and the joins, from the rows of the workbook.
fn add_stated_history(read: &mut Contents) {
    for statement in read.statements.values_mut() {
        statement.previous.retain(|slot| !slot.is_empty());
        let provenance = Provenance::Official { file: 0, line: statement.line };
        let all = read.backward.entry(statement.current.clone()).or_default();
        let held = |code: &&Code| {
            !read.not_held.contains(&(statement.line, statement.current.clone(), (*code).clone()))
        };
        let slots: Vec<Vec<Code>> = statement
            .previous
            .iter()
            .map(|slot| slot.iter().filter(held).cloned().collect::<Vec<_>>())
            .filter(|slot| !slot.is_empty())
            .collect();
        if slots.is_empty() && !statement.previous.is_empty() {
            let keys: Vec<String> =
                statement.previous.iter().flatten().map(|k| k.display(CodeSystem::Icd10cm)).collect();
            all.push(Mapping {
                targets: Targets::NoMap,
                relationship: Relationship::NotRelatedTo,
                provenance: provenance.clone(),
                flags: format!("names {}", keys.join(" ")).into(),
            });
        }
        match &slots[..] {
            [] => {}
            [slot] => all.extend(slot.iter().map(|code| Mapping {
                targets: Targets::One(code.clone()),
                relationship: Relationship::SourceIsNarrowerThanTarget,
                provenance: provenance.clone(),
                flags: statement.flags.clone(),
            })),
            slots => {
                all.push(Mapping {
                    targets: Targets::Combination { scenario: 1, slots: slots.to_vec() },
                    relationship: Relationship::RelatedTo,
                    provenance,
                    flags: statement.flags.clone(),
                });
                read.joins.push(Join {
                    sources: slots.to_vec(),
                    target: statement.current.clone(),
                    file: 0,
                    line: statement.line,
                });
            }
        }
    }
    read.backward.retain(|_, mappings| !mappings.is_empty());
}

fn source_of(set: &sssom::MappingSet) -> anyhow::Result<SourceFile> {
    let other = set.metadata.get("other").context("the header does not tell the source")?;
    let value = |key: &str| {
        let found = other.split("; ").find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        found.with_context(|| format!("the header does not tell {key}"))
    };
    Ok(SourceFile {
        name: set.metadata.get("mapping_set_source").cloned().unwrap_or_default(),
        part: value("source_part")?.to_owned(),
        sha256: value("source_sha256")?.to_owned(),
        bytes: value("source_bytes")?.parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_can_be_read() {
        let mut complete = 0;
        for map in bundled() {
            let statements = map.statements().unwrap();
            assert!(statements.rows.len() > 100, "{}", map.to);
            if map.is_complete() {
                complete += 1;
                let step = map.step().unwrap();
                assert!(step.forward.len() > 20, "{}", map.to);
            } else {
                assert!(map.step().is_err());
            }
        }
        assert_eq!(complete, 8);
    }

    #[test]
    fn one_year_by_itself() {
        let map = bundled().pop().unwrap();
        let step = map.step().unwrap();
        let code = Code::from_official;
        assert_eq!(step.successors(&code("B880")), [&code("B8801"), &code("B8809")]);
        assert_eq!(step.carved_out(&code("E119")), [code("E11A")]);
        assert_eq!(step.previous(&code("B8801")), [&code("B880")]);
        assert_eq!(step.forward.elements.len(), 28);
    }
}
