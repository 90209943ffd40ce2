//! Maps that organisations keep: SSSOM mapping sets and plain tables.

use std::collections::BTreeMap;

use jiff::civil::Date;
use xwalk_formats::{map_csv, sssom};
use xwalk_model::{
    Code, ConceptMap, Diagnostic, EditionId, MapId, Mapping, Position, Provenance, Relationship, Rule,
    Targets,
};

use super::{ImportedMaps, MapKind, edition_named, official, relationship_of, stated};
use crate::error::ImportError;
use crate::input::InputFile;
use crate::release::bad_record;

/// A text as a part of a map's name: letters, digits and dashes.
pub(super) fn name_of(text: &str) -> String {
    let plain: String =
        text.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    plain.split('-').filter(|p| !p.is_empty()).collect::<Vec<_>>().join("-")
}

pub(super) fn import_sssom(file: &InputFile, imported: &mut ImportedMaps) -> Result<(), ImportError> {
    let bytes = file.bytes()?;
    let set = match sssom::read(&bytes) {
        Ok(set) => set,
        Err(error) => {
            imported.diagnostics.push(bad_record(file.name(), &error));
            return Ok(());
        }
    };
    let mut maps: BTreeMap<(EditionId, EditionId), ConceptMap> = BTreeMap::new();
    let name = set.metadata.get("mapping_set_id").map_or("sssom", |id| id.rsplit('/').next().unwrap_or(id));
    for row in &set.rows {
        let cell = |name: &str| {
            let own = row.get(name);
            if own.is_empty() { set.metadata.get(name).map_or("", String::as_str) } else { own }
        };
        let side = |side: &str| {
            edition_named(cell(&format!("{side}_source")), Some(cell(&format!("{side}_source_version"))))
        };
        // Whether a code belongs to a value set is a decision, and no map of codes.
        if cell("object_source") == "value-set" {
            continue;
        }
        let mut report = |message: String| {
            imported.diagnostics.push(Diagnostic::new(Rule::BadCell, file.name(), message).at(row.at));
        };
        let (Some(source), Some(target)) = (side("subject"), side("object")) else {
            report(
                "subject_source and object_source do not name code systems with their versions".to_owned(),
            );
            continue;
        };
        let Some(relationship) = relationship_of(cell("predicate_id")) else {
            report(format!("`{}` is not a predicate that is understood", cell("predicate_id")));
            continue;
        };
        let local = |text: &str| text.rsplit_once(':').map_or(text, |(_, code)| code).to_owned();
        let subject = match Code::parse(source.system, &local(cell("subject_id"))) {
            Ok(code) => code,
            Err(error) => {
                report(error.to_string());
                continue;
            }
        };
        let targets = if cell("object_id") == "sssom:NoTermFound" {
            Targets::NoMap
        } else {
            Targets::One(official(&local(cell("object_id"))))
        };
        let id = (source, target);
        let map = maps.entry(id).or_insert_with_key(|(source, target)| {
            let (source, target) = (source.clone(), target.clone());
            let mut map = ConceptMap::new(MapId { source, target, name: name_of(name) });
            map.sources.push(file.source(MapKind::Sssom.part(), &bytes));
            map
        });
        map.push(subject, curated(cell, targets, relationship, row.at));
    }
    imported.maps.extend(maps.into_values());
    Ok(())
}

/// A mapping with the justification of its row: decided by a person, or stated in the file.
fn curated<'c>(
    cell: impl Fn(&str) -> &'c str,
    targets: Targets,
    relationship: Relationship,
    at: Position,
) -> Mapping {
    let justification = cell("mapping_justification");
    let by = ["reviewer_label", "reviewer_id", "author_label", "author_id"];
    let by = by.into_iter().map(&cell).find(|t| !t.is_empty()).unwrap_or("");
    if justification.ends_with("ManualMappingCuration") && !by.is_empty() {
        let on: Option<Date> = cell("mapping_date").parse().ok();
        let provenance = Provenance::Curated { by: by.to_owned(), on, note: cell("comment").to_owned() };
        return Mapping { targets, relationship, provenance, flags: justification.into() };
    }
    stated(targets, relationship, at.line, justification)
}

/// A plain table. Its name tells the editions: `icd9cm@32..icd10cm@2018.csv`.
pub(super) fn import_table(file: &InputFile, imported: &mut ImportedMaps) -> Result<(), ImportError> {
    let stem = file.name().rsplit_once('.').map_or(file.name().as_ref(), |(stem, _)| stem);
    let ids = stem
        .split_once("..")
        .and_then(|(from, to)| Some((from.parse::<EditionId>().ok()?, to.parse::<EditionId>().ok()?)));
    let Some((source, target)) = ids else {
        let message = "it is a table of sources and targets, but its name does not tell the editions";
        let unnamed = Diagnostic::new(Rule::NotUnderstood, file.name(), message);
        imported.diagnostics.push(unnamed.hint("name it by them, for instance icd9cm@32..icd10cm@2018.csv"));
        return Ok(());
    };
    let bytes = file.bytes()?;
    let rows = match map_csv::records(&bytes) {
        Ok(rows) => rows,
        Err(error) => {
            imported.diagnostics.push(bad_record(file.name(), &error));
            return Ok(());
        }
    };
    let id = MapId { source: source.clone(), target: target.clone(), name: "table".to_owned() };
    let mut map = ConceptMap::new(id);
    map.sources.push(file.source(MapKind::Table.part(), &bytes));
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                imported.diagnostics.push(bad_record(file.name(), &error));
                continue;
            }
        };
        let parsed = Code::parse(source.system, &row.source).and_then(|from| {
            let targets = if row.target.is_empty() {
                Targets::NoMap
            } else {
                Targets::One(Code::parse(target.system, &row.target)?)
            };
            Ok((from, targets))
        });
        match parsed {
            Ok((from, targets)) => {
                let no_map = targets == Targets::NoMap;
                let word = relationship_of(&row.relationship);
                let relationship =
                    word.unwrap_or(if no_map { Relationship::NotRelatedTo } else { Relationship::RelatedTo });
                map.push(from, stated(targets, relationship, row.at.line, &row.relationship));
            }
            Err(error) => {
                let found = Diagnostic::new(Rule::BadCode, file.name(), error.to_string()).at(row.at);
                imported.diagnostics.push(found);
            }
        }
    }
    imported.maps.push(map);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reviewed_decision_keeps_its_reviewer() {
        let text = "#mapping_set_id: https://example.org/ours\n#subject_source: icd10cm@2025\n#object_source: icd10cm@2026\n\
                    subject_id\tpredicate_id\tobject_id\tmapping_justification\treviewer_id\tmapping_date\tcomment\n\
                    ICD10CM:B88.0\tskos:narrowMatch\tICD10CM:B88.09\tsemapv:ManualMappingCuration\tkim\t2025-09-01\twhy\n\
                    ICD10CM:A00.0\tskos:exactMatch\tsssom:NoTermFound\tsemapv:UnspecifiedMatching\t\t\t\n";
        let mut imported = ImportedMaps::default();
        import_sssom(&InputFile::from_bytes("x.sssom.tsv", &[], text.as_bytes()), &mut imported).unwrap();
        let map = &imported.maps[0];
        assert_eq!(map.id.to_string(), "icd10cm@2025..icd10cm@2026/ours");
        let mapping = &map.get(&Code::from_official("B880"))[0];
        assert!(
            matches!(&mapping.provenance, Provenance::Curated { by, note, .. } if by == "kim" && note == "why")
        );
        assert_eq!(map.get(&Code::from_official("A000"))[0].targets, Targets::NoMap);
    }

    #[test]
    fn a_table_named_by_its_editions() {
        let file = InputFile::from_bytes(
            "icd9cm@32..icd10cm@2018.csv",
            &[],
            b"source,target\n001.1,A00.1\n250,\nxyz,A\n",
        );
        let mut imported = ImportedMaps::default();
        import_table(&file, &mut imported).unwrap();
        assert_eq!((imported.maps[0].len(), imported.diagnostics.len()), (2, 1));
    }
}
