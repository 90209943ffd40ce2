//! Files of value sets and rule sets, lowered to sets with the document that they stand in.

mod cell;
mod decisions;
mod fhir;
mod header;
mod table;
mod toml;
mod worklist;

use std::path::Path;
use std::sync::Arc;

use xwalk_formats::{fhir_value_set, grid, rule_toml, workbook};
use xwalk_model::{CodeSystem, Diagnostic, Rule, SetDocument, SetForm};

pub use decisions::{ImportedDecisions, import_decisions};
pub use worklist::{ImportedWorklist, WorklistOptions, import_worklist};

use crate::error::ImportError;
use crate::input::InputFile;
use crate::release::bad_record;

/// What a caller tells about the files.
#[derive(Clone, Debug, Default)]
pub struct SetOptions {
    /// The column of the codes: its name, its letter or its number from 1.
    pub code_column: Option<String>,
    /// The column of the names of the sets.
    pub set_column: Option<String>,
    /// The sheet.
    pub sheet: Option<String>,
    /// The owner of sets of which the document names none.
    pub owner: Option<String>,
}

/// The sets of a file.
#[derive(Debug)]
pub struct ImportedSets {
    /// The document with its sets; `None` when nothing could be read.
    pub document: Option<SetDocument>,
    /// What was found wrong or doubtful.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the sets of a code system from a file, whatever its layout: a workbook, delimited text, a FHIR ValueSet, or
/// our own TOML.
pub fn import_sets(
    file: &InputFile,
    system: CodeSystem,
    options: &SetOptions,
) -> Result<ImportedSets, ImportError> {
    let bytes = file.bytes()?;
    let mut diagnostics = Vec::new();
    let stem = Path::new(file.name().as_ref())
        .file_stem()
        .map_or_else(|| file.name().to_string(), |s| s.to_string_lossy().into_owned());
    let source = Source { name: file.name(), stem: &stem, system, options };
    let document = if workbook::looks_like(&bytes) {
        match grid::read_workbook(&bytes) {
            Ok(grids) => table::lower(&source, grids, true, &mut diagnostics),
            Err(error) => failed(file, &error, &mut diagnostics),
        }
    } else if fhir_value_set::looks_like(&bytes) {
        match fhir_value_set::read(&bytes) {
            Ok(resource) => Some(fhir::lower(&source, &resource, &bytes, &mut diagnostics)),
            Err(error) => failed(file, &error, &mut diagnostics),
        }
    } else if rule_toml::looks_like(&bytes) {
        match rule_toml::read(&bytes) {
            Ok(sets) => Some(toml::lower(&source, &sets, &bytes, &mut diagnostics)),
            Err(error) => failed(file, &error, &mut diagnostics),
        }
    } else {
        match grid::read_text(&bytes) {
            Ok(grid) => table::lower(&source, vec![grid], false, &mut diagnostics),
            Err(error) => failed(file, &error, &mut diagnostics),
        }
    };
    let document = document.filter(|d| {
        let lines: usize = d.sets.iter().map(|s| s.lines.len()).sum();
        if lines == 0 && !diagnostics.iter().any(|d| d.rule.severity() == xwalk_model::Severity::Error) {
            let message = format!("it holds no line of {}", system.name());
            diagnostics.push(Diagnostic::new(Rule::NotUnderstood, file.name(), message));
        }
        lines > 0
    });
    Ok(ImportedSets { document, diagnostics })
}

/// What lowering needs to know about a file.
struct Source<'s> {
    name: &'s Arc<str>,
    stem: &'s str,
    system: CodeSystem,
    options: &'s SetOptions,
}

impl Source<'_> {
    fn document(&self, sets: Vec<xwalk_model::ValueSet>, form: SetForm) -> SetDocument {
        SetDocument { name: Arc::clone(self.name), sets, form }
    }

    fn owner(&self) -> String {
        self.options.owner.clone().unwrap_or_default()
    }
}

fn failed<T>(file: &InputFile, error: &xwalk_formats::Error, diagnostics: &mut Vec<Diagnostic>) -> Option<T> {
    diagnostics.push(bad_record(file.name(), error));
    None
}

/// The code system that a name, an address or an OID of a table or resource means.
pub(crate) fn system_named(text: &str) -> Option<CodeSystem> {
    let plain = text.trim().trim_start_matches("urn:oid:").trim_end_matches('/');
    Some(match plain {
        "2.16.840.1.113883.6.90" | "http://hl7.org/fhir/sid/icd-10-cm" => CodeSystem::Icd10cm,
        "2.16.840.1.113883.6.4"
        | "http://www.cms.gov/Medicare/Coding/ICD10"
        | "http://hl7.org/fhir/sid/icd-10-pcs" => CodeSystem::Icd10pcs,
        "2.16.840.1.113883.6.103" | "http://hl7.org/fhir/sid/icd-9-cm" => CodeSystem::Icd9cm,
        "2.16.840.1.113883.6.104" => CodeSystem::Icd9pcs,
        "2.16.840.1.113883.6.285" | "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets" => {
            CodeSystem::Hcpcs
        }
        "2.16.840.1.113883.6.12" | "http://www.ama-assn.org/go/cpt" => CodeSystem::Cpt,
        "2.16.840.1.113883.6.3" | "http://hl7.org/fhir/sid/icd-10" => CodeSystem::Icd10,
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm" | "http://fhir.de/CodeSystem/dimdi/icd-10-gm" => {
            CodeSystem::Icd10gm
        }
        "http://id.who.int/icd/release/11/mms" => CodeSystem::Icd11mms,
        other => {
            let word: String =
                other.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
            match word.as_str() {
                "icd9cmdiagnosis" | "icd9" => CodeSystem::Icd9cm,
                "icd10cmdiagnosis" | "icd10cmdiagnosiscodes" => CodeSystem::Icd10cm,
                "hcpcslevel2" | "hcpcs2" => CodeSystem::Hcpcs,
                _ => other.parse().ok()?,
            }
        }
    })
}
