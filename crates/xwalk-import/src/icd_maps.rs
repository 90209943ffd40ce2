//! Lowers WHO's mapping tables between ICD-10 and ICD-11 to concept maps.
//!
//! * The ICD-10 of the tables is the 2019 edition from 2021 on, before that the 2016 edition: their rows are exactly
//!   its categories. The ICD-11 is the release that the header row dates.
//! * Rows of chapters and blocks are kept as sources under the keys that the editions use for groupings (`I`,
//!   `A00-A09`, `01`), and their flags say so. ICD-11 blocks as sources have no key in the tables and are left out.
//! * A target that is a grouping is no code to carry data to: it becomes `NoMap`, and the flags name the grouping.
//! * A cluster `stem&extension/stem` becomes a combination with a slot for each of its codes.
//! * `Subclass` says that the source means less than the target. Tables without a relation relate and say no more.

use std::collections::BTreeSet;

use compact_str::CompactString;
use xwalk_formats::icd_maps::{self, MapTable, Record, Table};
use xwalk_formats::workbook;
use xwalk_model::{
    Cluster, Code, CodeSystem, ConceptMap, Diagnostic, EditionId, MapId, Mapping, Provenance, Relationship,
    Rule, Targets,
};

use crate::recognise::year_month_around;
use crate::release::bad_record;
use crate::{ImportError, InputFile};

/// What WHO writes where an ICD-11 category has no ICD-10 code.
const NO_MAPPING: &str = "No Mapping";

/// The names of the maps, by table.
const NAMES: [(Table, &str); 5] = [
    (Table::TenToElevenOne, "who-10to11-one"),
    (Table::TenToElevenMultiple, "who-10to11-multiple"),
    (Table::ElevenToTenOne, "who-11to10-one"),
    (Table::TenToElevenFoundation, "who-10to11-foundation"),
    (Table::ElevenToTenFoundation, "who-11to10-foundation"),
];

/// The map that a file is, if it is one of these tables and tells its date.
pub(crate) fn recognise_map(file: &InputFile, head: &[u8]) -> Result<Option<MapId>, ImportError> {
    let texts = if icd_maps::looks_like(head) {
        let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
        String::from_utf8_lossy(first).into_owned()
    } else if workbook::looks_like(head) {
        let texts = workbook::first_texts(&file.bytes()?).unwrap_or_default();
        if !icd_maps::names_columns(&texts) {
            return Ok(None);
        }
        texts
    } else {
        return Ok(None);
    };
    let Some(table) = icd_maps::table_of(file.name(), &texts) else { return Ok(None) };
    // The date is the last header cell; in the XML of a workbook it stands between tags.
    let dated = texts.split(['\t', '\r', '<', '>']).find_map(icd_maps::year_month);
    let (year, month) = match (dated, year_month_around(file)) {
        (Some((year, month)), _) => (year, month),
        (None, (Some(year), Some(month))) => (year, month),
        (None, _) => return Ok(None),
    };
    let ten = if year >= 2021 { "2019" } else { "2016" };
    let ten = EditionId::new(CodeSystem::Icd10, ten).ok();
    let eleven = EditionId::new(CodeSystem::Icd11mms, &format!("{year}-{month:02}")).ok();
    let name = NAMES.iter().find(|(t, _)| *t == table).map(|(_, name)| (*name).to_owned());
    let (Some(ten), Some(eleven), Some(name)) = (ten, eleven, name) else { return Ok(None) };
    let from_eleven = matches!(table, Table::ElevenToTenOne | Table::ElevenToTenFoundation);
    let (source, target) = if from_eleven { (eleven, ten) } else { (ten, eleven) };
    Ok(Some(MapId { source, target, name }))
}

/// Reads a table as the map that [`recognise_map`] said it is.
pub(crate) fn lower_map(
    id: MapId,
    file: &InputFile,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<ConceptMap, ImportError> {
    let bytes = file.bytes()?;
    let table = NAMES.iter().find(|(_, name)| *name == id.name).map(|(table, _)| *table);
    let mut map = ConceptMap::new(id);
    map.sources.push(file.source("mapping table", &bytes));
    let read = if workbook::looks_like(&bytes) {
        icd_maps::read_workbook(&bytes)
    } else {
        icd_maps::read_text(&bytes)
    };
    let (read, table) = match (read, table) {
        (Ok(read), Some(table)) => (read, table),
        (Err(error), _) => {
            diagnostics.push(bad_record(file.name(), &error));
            return Ok(map);
        }
        (Ok(_), None) => return Ok(map),
    };
    let mut lowering = Lowering { map, table, seen: BTreeSet::new(), repeated: 0, blocks: 0, groupings: 0 };
    lowering.rows(&read, file, diagnostics);
    Ok(lowering.finish())
}

struct Lowering {
    map: ConceptMap,
    table: Table,
    seen: BTreeSet<(Code, Targets, CompactString)>,
    repeated: u32,
    blocks: u32,
    groupings: u32,
}

/// The end of a URI of WHO: the number of the entity.
fn entity(uri: &str) -> &str {
    uri.rsplit('/').next().unwrap_or_default()
}

impl Lowering {
    fn rows(&mut self, table: &MapTable, file: &InputFile, diagnostics: &mut Vec<Diagnostic>) {
        for record in &table.records {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    diagnostics.push(bad_record(file.name(), error));
                    continue;
                }
            };
            if let Err(message) = self.row(record) {
                diagnostics.push(Diagnostic::new(Rule::BadCode, file.name(), message).at(record.at));
            }
        }
    }

    fn row(&mut self, record: &Record) -> Result<(), String> {
        let mut flags: Vec<String> = Vec::new();
        let from_eleven = matches!(self.table, Table::ElevenToTenOne | Table::ElevenToTenFoundation);
        let source =
            if from_eleven { self.eleven_source(record)? } else { Some(ten_source(record, &mut flags)?) };
        let Some(source) = source else { return Ok(()) };
        let targets = match self.table {
            Table::ElevenToTenOne | Table::ElevenToTenFoundation => ten_target(record, &mut flags)?,
            Table::TenToElevenFoundation => foundation_target(record),
            _ => {
                let stated = self.map.get(&source);
                let combinations =
                    stated.iter().filter(|m| matches!(m.targets, Targets::Combination { .. })).count();
                eleven_target(record, combinations, &mut flags)?
            }
        };
        if targets == Targets::NoMap && !flags.is_empty() {
            self.groupings += u32::from(flags.iter().any(|f| f.starts_with("target is")));
        }
        let relationship = match record.relation.trim() {
            "Equivalent" => Relationship::Equivalent,
            "Subclass" => Relationship::SourceIsNarrowerThanTarget,
            _ => Relationship::RelatedTo,
        };
        for word in [&record.relation, &record.match_type, &record.distance] {
            if !word.trim().is_empty() {
                flags.push(word.trim().to_owned());
            }
        }
        let flags = CompactString::from(flags.join("; "));
        if !self.seen.insert((source.clone(), without_scenario(&targets), flags.clone())) {
            self.repeated += 1;
            return Ok(());
        }
        let provenance = Provenance::Official { file: 0, line: record.at.line };
        self.map.push(source, Mapping { targets, relationship, provenance, flags });
        Ok(())
    }

    /// The ICD-11 code of a row that goes out from ICD-11; `None` for blocks, which have no key there.
    fn eleven_source(&mut self, record: &Record) -> Result<Option<Code>, String> {
        let text = record.code11.trim();
        if text.is_empty() {
            if self.table == Table::ElevenToTenFoundation {
                let id = entity(record.foundation.trim());
                return if id.is_empty() {
                    Err("the row has no foundation id".to_owned())
                } else {
                    Ok(Some(Code::from_official(id)))
                };
            }
            self.blocks += 1;
            return Ok(None);
        }
        // Chapters stand there with their number.
        if text.len() <= 2 {
            return Ok(Some(Code::from_official(text)));
        }
        Code::parse(CodeSystem::Icd11mms, text).map(Some).map_err(|e| e.to_string())
    }

    fn finish(mut self) -> ConceptMap {
        if self.blocks > 0 {
            let remark =
                format!("{} rows of ICD-11 blocks are not in the map: they have no code", self.blocks);
            self.map.remarks.push(remark);
        }
        if self.groupings > 0 {
            self.map.remarks.push(format!(
                "{} rows lead to a chapter or block, which is no code: they are in the map without a target, and \
                 their flags name the grouping",
                self.groupings
            ));
        }
        if self.repeated > 0 {
            let remark = format!("{} rows stand in the table twice and are in the map once", self.repeated);
            self.map.remarks.push(remark);
        }
        match self.table {
            Table::TenToElevenFoundation => {
                self.map.remarks.push(
                    "the targets are foundation ids, not codes; the attribute foundation-id of the edition leads from \
                     one to the other"
                        .to_owned(),
                );
            }
            Table::ElevenToTenFoundation => {
                self.map.remarks.push("the sources are foundation ids, not codes".to_owned());
            }
            _ => {}
        }
        self.map
    }
}

/// A combination without its number, so that a row that stands twice is the same.
fn without_scenario(targets: &Targets) -> Targets {
    match targets {
        Targets::Combination { slots, .. } => Targets::Combination { scenario: 0, slots: slots.clone() },
        other => other.clone(),
    }
}

/// The key of an ICD-10 row: its code, or for chapters and blocks the key that editions use.
fn ten_source(record: &Record, flags: &mut Vec<String>) -> Result<Code, String> {
    let text = record.code10.trim();
    match record.class10.trim().to_ascii_lowercase().as_str() {
        class @ ("chapter" | "block") if !text.is_empty() => {
            flags.push(format!("source is a {class}"));
            Ok(Code::from_official(&text.to_ascii_uppercase()))
        }
        class => {
            // A code that WHO makes of a category and a list of fourth or fifth characters.
            if class == "modifiedcategory" {
                flags.push(class.to_owned());
            }
            Code::parse(CodeSystem::Icd10, text).map_err(|e| e.to_string())
        }
    }
}

fn eleven_target(record: &Record, combinations: usize, flags: &mut Vec<String>) -> Result<Targets, String> {
    let text = record.code11.trim();
    match record.class11.trim().to_ascii_lowercase().as_str() {
        class @ ("chapter" | "block") => {
            let id = entity(record.foundation.trim());
            flags.push(if text.is_empty() {
                format!("target is a {class}: {id}")
            } else {
                format!("target is a {class}: {text}")
            });
            return Ok(Targets::NoMap);
        }
        _ if text.is_empty() => return Ok(Targets::NoMap),
        _ => {}
    }
    // WHO maps some causes to an extension code alone, though it may not be used without a stem code.
    if !text.contains(['&', '/']) {
        let code = Code::parse(CodeSystem::Icd11mms, text).map_err(|e| e.to_string())?;
        if code.as_str().starts_with('X') {
            flags.push("target is an extension code".to_owned());
        }
        return Ok(Targets::One(code));
    }
    let cluster: Cluster = text.parse().map_err(|e: xwalk_model::ClusterError| e.to_string())?;
    Ok(Targets::Combination {
        scenario: u8::try_from(combinations.saturating_add(1)).unwrap_or(u8::MAX),
        slots: cluster.codes().map(|code| vec![code.clone()]).collect(),
    })
}

fn foundation_target(record: &Record) -> Targets {
    match entity(record.foundation.trim()) {
        "" => Targets::NoMap,
        id => Targets::One(Code::from_official(id)),
    }
}

fn ten_target(record: &Record, flags: &mut Vec<String>) -> Result<Targets, String> {
    let text = record.code10.trim();
    let roman = |t: &str| t.bytes().all(|b| matches!(b, b'I' | b'V' | b'X'));
    if text.is_empty() || text.eq_ignore_ascii_case(NO_MAPPING) {
        return Ok(Targets::NoMap);
    }
    if text.contains('-') || roman(text) {
        let class = if text.contains('-') { "block" } else { "chapter" };
        flags.push(format!("target is a {class}: {text}"));
        return Ok(Targets::NoMap);
    }
    Code::parse(CodeSystem::Icd10, text).map(Targets::One).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests;
