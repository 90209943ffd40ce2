//! General Equivalence Mappings lowered: single rows are alternatives, combination rows become scenarios of slots.

use std::collections::BTreeMap;

use xwalk_formats::gem::{Record, records};
use xwalk_formats::lines::unfinished;
use xwalk_model::{Code, CodeSystem, ConceptMap, Diagnostic, EditionId, MapId, Relationship, Rule, Targets};

use super::{ImportedMaps, official, stated, year_of};
use crate::error::ImportError;
use crate::input::InputFile;
use crate::release::bad_record;

pub(super) fn import(file: &InputFile, imported: &mut ImportedMaps) -> Result<(), ImportError> {
    let bytes = file.bytes()?;
    let Some(id) = id_of(file, &bytes) else {
        let message =
            "it is a General Equivalence Mapping, but neither its name nor the folder tells its year";
        let unnamed = Diagnostic::new(Rule::NotUnderstood, file.name(), message);
        imported.diagnostics.push(unnamed.hint("put it into a folder named by the year, for instance 2018"));
        return Ok(());
    };
    let mut map = ConceptMap::new(id);
    map.sources.push(file.source(super::MapKind::Gem.part(), &bytes));
    if let Some(at) = unfinished(&bytes) {
        let message = "the last line has no line end; expected CR LF as on the others";
        imported.diagnostics.push(Diagnostic::new(Rule::Truncated, file.name(), message).at(at));
    }
    let mut rows: BTreeMap<Code, Vec<Record<'_>>> = BTreeMap::new();
    for record in records(&bytes) {
        match record {
            Ok(record) => {
                let target = (!record.is_no_map()).then_some(record.target);
                for code in std::iter::once(record.source).chain(target) {
                    if code.contains(|c: char| c.is_ascii_lowercase()) {
                        let message =
                            format!("`{code}` is written in lower case; it was read as {}", official(code));
                        let odd = Diagnostic::new(Rule::OddValue, file.name(), message).at(record.at);
                        imported.diagnostics.push(odd);
                    }
                }
                rows.entry(official(record.source)).or_default().push(record);
            }
            Err(error) => imported.diagnostics.push(bad_record(file.name(), &error)),
        }
    }
    for (source, rows) in rows {
        lower(&mut map, &source, &rows);
    }
    imported.maps.push(map);
    Ok(())
}

/// Source and target by the shape of the first codes, versions by the year.
fn id_of(file: &InputFile, bytes: &[u8]) -> Option<MapId> {
    let year = year_of(file)?;
    let pcs = |code: &str| code.len() == 7 && !code.ends_with(char::is_lowercase);
    let (mut from_icd9, mut procedures) = (None, false);
    for record in records(bytes).flatten().take(200) {
        // Diagnoses of ICD-10-CM begin with a letter and ICD-9-CM titles its V and E codes with one too; codes of
        // ICD-10-PCS have seven characters and mostly begin with a digit.
        let starts_with_digit = record.source.starts_with(|c: char| c.is_ascii_digit());
        if pcs(record.source) && starts_with_digit {
            (from_icd9, procedures) = (Some(false), true);
            break;
        }
        if pcs(record.target) && record.target.starts_with(|c: char| c.is_ascii_digit()) && starts_with_digit
        {
            (from_icd9, procedures) = (Some(true), true);
            break;
        }
        from_icd9 = from_icd9.or(Some(starts_with_digit));
    }
    let from_icd9 = from_icd9?;
    // ICD-9-CM was frozen: version 32 of FY2015 is the last, and later mappings speak of it.
    let version = (year - 1983).min(32).to_string();
    let (old, new) = if procedures {
        (CodeSystem::Icd9pcs, CodeSystem::Icd10pcs)
    } else {
        (CodeSystem::Icd9cm, CodeSystem::Icd10cm)
    };
    let old = EditionId::new(old, &version).ok()?;
    let new = EditionId::new(new, &year.to_string()).ok()?;
    let (source, target) = if from_icd9 { (old, new) } else { (new, old) };
    Some(MapId { source, target, name: "gem".to_owned() })
}

fn lower(map: &mut ConceptMap, source: &Code, rows: &[Record<'_>]) {
    let mut scenarios: BTreeMap<u8, Vec<&Record<'_>>> = BTreeMap::new();
    for row in rows {
        if row.is_combination() {
            scenarios.entry(row.scenario).or_default().push(row);
            continue;
        }
        let (targets, relationship) = if row.is_no_map() {
            (Targets::NoMap, Relationship::NotRelatedTo)
        } else if row.is_exact() {
            (Targets::One(official(row.target)), Relationship::Equivalent)
        } else {
            (Targets::One(official(row.target)), Relationship::RelatedTo)
        };
        map.push(source.clone(), stated(targets, relationship, row.at.line, row.flags));
    }
    for (scenario, rows) in scenarios {
        let mut slots: BTreeMap<u8, Vec<Code>> = BTreeMap::new();
        for row in &rows {
            slots.entry(row.choice).or_default().push(official(row.target));
        }
        let targets = Targets::Combination { scenario, slots: slots.into_values().collect() };
        map.push(source.clone(), stated(targets, Relationship::RelatedTo, rows[0].at.line, rows[0].flags));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_and_choice_lists_are_kept() {
        let text = "24951 E0839   10000\r\n24951 E0939   10000\r\n24951 E08311  10111\r\n24951 E08319  10111\r\n\
                    24951 E0865   10112\r\n36570 NoDx    11000\r\n";
        let file = InputFile::from_bytes("2018_I9gem.txt", &[], text.as_bytes());
        let mut imported = ImportedMaps::default();
        import(&file, &mut imported).unwrap();
        let map = &imported.maps[0];
        assert_eq!(map.id.to_string(), "icd9cm@32..icd10cm@2018/gem");
        let all = map.get(&Code::from_official("24951"));
        assert_eq!(all.len(), 3);
        let code = Code::from_official;
        let slots = vec![vec![code("E08311"), code("E08319")], vec![code("E0865")]];
        assert_eq!(all[2].targets, Targets::Combination { scenario: 1, slots });
        assert_eq!(map.get(&code("36570"))[0].targets, Targets::NoMap);
    }

    #[test]
    fn directions_by_content() {
        let id = |name: &str, text: &str| {
            let file = InputFile::from_bytes(name, &["2018"], text.as_bytes());
            id_of(&file, text.as_bytes()).map(|id| id.to_string())
        };
        assert_eq!(id("g.txt", "A000    0010  00000\r\n").as_deref(), Some("icd10cm@2018..icd9cm@32/gem"));
        assert_eq!(id("g.txt", "0016070 0231  10000\r\n").as_deref(), Some("icd10pcs@2018..icd9pcs@32/gem"));
        assert_eq!(id("g.txt", "0001  6A750Z4 10000\r\n").as_deref(), Some("icd9pcs@32..icd10pcs@2018/gem"));
    }
}
