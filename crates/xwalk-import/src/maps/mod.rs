//! Files that map codes of one edition to another: recognised, and lowered to concept maps.

mod conversion;
mod fhir;
mod gem;
mod organisation;

use xwalk_formats::{
    conversion as conversion_format, fhir_map, gem as gem_format, map_csv, omop, sssom, transition,
};
use xwalk_model::{
    Code, CodeSystem, ConceptMap, Diagnostic, Mapping, Provenance, Relationship, Rule, Targets,
};

use crate::error::ImportError;
use crate::icd_maps;
use crate::icd10::{lower_transition, recognise_transition};
use crate::input::InputFile;
use crate::omop::{OMOP_VERSION, omop_maps};
use crate::recognise::year_month_of;

/// The kinds of files that hold maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MapKind {
    /// General Equivalence Mapping (CMS).
    Gem,
    /// Conversion table of ICD-10-CM (CDC/NCHS).
    ConversionTable,
    /// SSSOM TSV.
    Sssom,
    /// FHIR ConceptMap.
    Fhir,
    /// A plain table with source and target columns.
    Table,
    /// Mapping table between ICD-10 and ICD-11 (WHO).
    WhoTable,
    /// Transition table of ICD-10-GM (BfArM).
    Transition,
    /// Relationships of concepts in OMOP; read together with the concept table beside them.
    OmopRelationships,
}

impl MapKind {
    /// What the file is, in the words of people.
    pub fn part(self) -> &'static str {
        match self {
            Self::Gem => "General Equivalence Mapping",
            Self::ConversionTable => "conversion table",
            Self::Sssom => "SSSOM mapping set",
            Self::Fhir => "FHIR ConceptMap",
            Self::Table => "map table",
            Self::WhoTable => "WHO mapping table",
            Self::Transition => "transition table",
            Self::OmopRelationships => "OMOP relationship table",
        }
    }
}

/// A file that holds maps.
#[derive(Clone, Debug)]
pub struct MapFile {
    /// What it is.
    pub kind: MapKind,
    /// The file.
    pub file: InputFile,
    /// The file without which it says nothing: the concept table of OMOP relationships.
    pub companion: Option<InputFile>,
}

/// The maps of a file.
#[derive(Debug, Default)]
pub struct ImportedMaps {
    /// The maps; a conversion table gives one for each date on which codes came into effect.
    pub maps: Vec<ConceptMap>,
    /// What was found wrong or doubtful.
    pub diagnostics: Vec<Diagnostic>,
}

/// Whether a file holds maps, by its content; `lower` is its name in lower case.
pub(crate) fn recognise(file: &InputFile, head: &[u8], lower: &str) -> Result<Option<MapKind>, ImportError> {
    if gem_format::looks_like(head) {
        return Ok(Some(MapKind::Gem));
    }
    if sssom::looks_like(head) {
        return Ok(Some(MapKind::Sssom));
    }
    if fhir_map::looks_like(head) {
        return Ok(Some(MapKind::Fhir));
    }
    if transition::looks_like(head) {
        return Ok(Some(MapKind::Transition));
    }
    if omop::is_relationships(head) {
        return Ok(Some(MapKind::OmopRelationships));
    }
    if icd_maps::recognise_map(file, head)?.is_some() {
        return Ok(Some(MapKind::WhoTable));
    }
    // A workbook has to be opened to see its columns, so the name decides whether that is worth it.
    let extension = lower.rsplit_once('.').map_or("", |(_, e)| e);
    let named = lower.contains("conversion") && matches!(extension, "xlsx" | "csv");
    if named && conversion_format::records(&file.bytes()?).is_ok() {
        return Ok(Some(MapKind::ConversionTable));
    }
    let table = matches!(extension, "csv" | "tsv");
    Ok((table && map_csv::looks_like(head)).then_some(MapKind::Table))
}

impl MapFile {
    /// Reads the maps of the file.
    pub fn import(&self) -> Result<ImportedMaps, ImportError> {
        let mut imported = ImportedMaps::default();
        match self.kind {
            MapKind::Gem => gem::import(&self.file, &mut imported)?,
            MapKind::ConversionTable => conversion::import(&self.file, &mut imported)?,
            MapKind::Sssom => organisation::import_sssom(&self.file, &mut imported)?,
            MapKind::Fhir => fhir::import(&self.file, &mut imported)?,
            MapKind::Table => organisation::import_table(&self.file, &mut imported)?,
            MapKind::WhoTable => {
                if let Some(id) = icd_maps::recognise_map(&self.file, &self.file.head()?)? {
                    imported.maps.push(icd_maps::lower_map(id, &self.file, &mut imported.diagnostics)?);
                }
            }
            MapKind::Transition => match recognise_transition(&self.file, &self.file.head()?) {
                Some(id) => imported.maps.push(lower_transition(id, &self.file, &mut imported.diagnostics)?),
                None => {
                    let message =
                        "it is a transition table, but neither its name nor the folder tells its years";
                    let unnamed = Diagnostic::new(Rule::NotUnderstood, self.file.name(), message);
                    imported
                        .diagnostics
                        .push(unnamed.hint("name the folder by them, for instance 2016_2017"));
                }
            },
            MapKind::OmopRelationships => match &self.companion {
                Some(concepts) => {
                    imported.maps = omop_maps(concepts, &self.file, OMOP_VERSION, &mut imported.diagnostics)?;
                }
                None => {
                    let message =
                        "it holds relationships of concepts without the table that names the concepts";
                    let alone = Diagnostic::new(Rule::NotUnderstood, self.file.name(), message);
                    imported.diagnostics.push(alone.hint("pass CONCEPT.csv together with it"));
                }
            },
        }
        Ok(imported)
    }
}

/// The year that the name of a file tells, or that of a folder around it.
fn year_of(file: &InputFile) -> Option<i16> {
    let mut names = std::iter::once(file.name().as_ref()).chain(file.folders().iter().map(String::as_str));
    names.find_map(|name| year_month_of(name).0)
}

/// Reads a code as a file states it: upper case, without its dot.
fn official(text: &str) -> Code {
    Code::from_official(&text.trim().to_ascii_uppercase().replace('.', ""))
}

/// A mapping that a file states.
fn stated(targets: Targets, relationship: Relationship, line: u32, flags: &str) -> Mapping {
    Mapping { targets, relationship, provenance: Provenance::Official { file: 0, line }, flags: flags.into() }
}

/// Words for relationships, in FHIR R4, FHIR R5, SSSOM and of people, seen from the source.
fn relationship_of(word: &str) -> Option<Relationship> {
    let plain = word.trim().to_ascii_lowercase();
    let plain = plain.strip_prefix("skos:").or(plain.strip_prefix("owl:")).unwrap_or(&plain);
    Some(match plain {
        "equivalent" | "equal" | "exactmatch" | "equivalentclass" | "exact" => Relationship::Equivalent,
        // R4 says how the target compares with the source: a wider target means a narrower source.
        "wider"
        | "subsumes"
        | "source-is-narrower-than-target"
        | "broadmatch"
        | "subclass"
        | "narrower-than" => Relationship::SourceIsNarrowerThanTarget,
        "narrower" | "specializes" | "source-is-broader-than-target" | "narrowmatch" | "broader-than" => {
            Relationship::SourceIsBroaderThanTarget
        }
        "relatedto" | "related-to" | "inexact" | "closematch" | "relatedmatch" | "related" => {
            Relationship::RelatedTo
        }
        "unmatched" | "disjoint" | "not-related-to" => Relationship::NotRelatedTo,
        _ => return None,
    })
}

/// The system and version that a FHIR canonical, a prefix or an edition id names.
fn edition_named(text: &str, version: Option<&str>) -> Option<xwalk_model::EditionId> {
    let text = text.trim();
    if let Ok(id) = text.parse() {
        return Some(id);
    }
    let (address, behind_bar) = match text.split_once('|') {
        Some((address, version)) => (address, Some(version)),
        None => (text, None),
    };
    let system = match address.trim_end_matches('/') {
        "http://hl7.org/fhir/sid/icd-10-cm" => CodeSystem::Icd10cm,
        "http://www.cms.gov/Medicare/Coding/ICD10" | "http://hl7.org/fhir/sid/icd-10-pcs" => {
            CodeSystem::Icd10pcs
        }
        "http://hl7.org/fhir/sid/icd-9-cm" => CodeSystem::Icd9cm,
        "http://hl7.org/fhir/sid/icd-10" => CodeSystem::Icd10,
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm" | "http://fhir.de/CodeSystem/dimdi/icd-10-gm" => {
            CodeSystem::Icd10gm
        }
        "http://id.who.int/icd/release/11/mms" => CodeSystem::Icd11mms,
        "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets" => CodeSystem::Hcpcs,
        "http://www.ama-assn.org/go/cpt" => CodeSystem::Cpt,
        other => other.parse().ok()?,
    };
    xwalk_model::EditionId::new(system, behind_bar.or(version)?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relationships_are_seen_from_the_source() {
        assert_eq!(relationship_of("wider"), Some(Relationship::SourceIsNarrowerThanTarget));
        assert_eq!(relationship_of("skos:narrowMatch"), Some(Relationship::SourceIsBroaderThanTarget));
        assert_eq!(relationship_of("exact"), Some(Relationship::Equivalent));
        assert_eq!(relationship_of("whatever"), None);
    }

    #[test]
    fn editions_by_address_and_id() {
        let named = |text, version| edition_named(text, version).map(|id| id.to_string());
        assert_eq!(named("http://hl7.org/fhir/sid/icd-10-cm|2026", None).as_deref(), Some("icd10cm@2026"));
        assert_eq!(named("http://hl7.org/fhir/sid/icd-10", Some("2019")).as_deref(), Some("icd10@2019"));
        assert_eq!(named("icd9cm@32", None).as_deref(), Some("icd9cm@32"));
        assert_eq!(named("http://hl7.org/fhir/sid/icd-10-cm", None), None);
    }
}
