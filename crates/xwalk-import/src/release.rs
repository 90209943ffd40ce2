//! Files grouped into releases, and releases read into editions.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use xwalk_model::{Addendum, CodeSystem, Diagnostic, Edition, EditionId, Rule, Severity, TransactionReport};

use crate::addenda;
use crate::error::ImportError;
use crate::input::{InputFile, collect};
use crate::maps::{MapFile, MapKind};
use crate::omop::omop_edition;
use crate::recognise::{FileKind, Recognised, recognise};
use crate::umls::umls_edition;
use crate::{cpt, hcpcs, icd9, icd10, icd10cm, icd11};

/// The files of one edition.
#[derive(Clone, Debug)]
pub struct Release {
    /// The edition that they make.
    pub id: EditionId,
    /// The files by part; lists that come in several files have several.
    pub files: Vec<(FileKind, InputFile)>,
}

/// What was found in the paths that were given.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The releases, ordered by system and date.
    pub releases: Vec<Release>,
    /// Files that map codes of one edition to another.
    pub maps: Vec<MapFile>,
    /// Files that are not part of a release, each with the reason.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a release says.
#[derive(Debug)]
pub struct Imported {
    /// The edition; `None` when the files hold only addenda.
    pub edition: Option<Edition>,
    /// The authority's own lists of changes that lead to it.
    pub addenda: Vec<Addendum>,
    /// The authority's own reports of what it did to each code of it.
    pub transactions: Vec<TransactionReport>,
    /// What was found wrong or doubtful.
    pub diagnostics: Vec<Diagnostic>,
}

impl Imported {
    /// Whether a record had to be left out.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.rule.severity() == Severity::Error)
    }
}

/// Finds the releases in files, folders and zips. `as_edition` overrides what names and contents tell.
pub fn discover(paths: &[PathBuf], as_edition: Option<&EditionId>) -> Result<Discovery, ImportError> {
    let mut found = Discovery::default();
    let mut releases: BTreeMap<EditionId, Vec<(FileKind, InputFile)>> = BTreeMap::new();
    let mut unnamed: Vec<(FileKind, CodeSystem, InputFile)> = Vec::new();
    for path in paths {
        for file in collect(path)? {
            match recognise(&file)? {
                Recognised::Part { kind, edition } => releases.entry(edition).or_default().push((kind, file)),
                Recognised::Unnamed { kind, system } => unnamed.push((kind, system, file)),
                Recognised::Map(kind) => found.maps.push(MapFile { kind, file, companion: None }),
                Recognised::Documentation => {
                    let message = "documentation that comes with a release";
                    found.diagnostics.push(Diagnostic::new(Rule::NotUsed, file.name(), message));
                }
                Recognised::NotUnderstood(reason) => {
                    found.diagnostics.push(Diagnostic::new(Rule::NotUnderstood, file.name(), reason));
                }
            }
        }
    }
    let concepts = unnamed.iter().find(|(kind, ..)| *kind == FileKind::OmopConcepts).map(|(.., file)| file);
    for map in found.maps.iter_mut().filter(|m| m.kind == MapKind::OmopRelationships) {
        map.companion = concepts.cloned();
    }
    if let Some(id) = as_edition {
        let all: Vec<&EditionId> = releases.keys().collect();
        if all.len() > 1 {
            let list = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(ImportError::AsAmbiguous { count: all.len(), found: list });
        }
        let mut files: Vec<(FileKind, InputFile)> = Vec::new();
        for (found, parts) in std::mem::take(&mut releases) {
            check_system(found.system, id)?;
            files.extend(parts);
        }
        for (kind, system, file) in unnamed.drain(..) {
            if !kind.any_system() {
                check_system(system, id)?;
            }
            files.push((kind, file));
        }
        if !files.is_empty() {
            releases.insert(id.clone(), files);
        }
    }
    for (kind, system, file) in unnamed {
        let message = format!("it is a {} of {}, but its name tells no version", kind.part(), system.name());
        found.diagnostics.push(
            Diagnostic::new(Rule::NotUnderstood, file.name(), message)
                .hint(format!("name its edition: --as {system}@VERSION")),
        );
    }
    for (id, files) in releases {
        found.releases.push(Release { files: without_copies(&id, files)?, id });
    }
    Ok(found)
}

fn check_system(found: CodeSystem, wanted: &EditionId) -> Result<(), ImportError> {
    if found == wanted.system {
        return Ok(());
    }
    Err(ImportError::AsSystem { found: found.name().to_owned(), wanted: wanted.clone() })
}

/// Drops second copies of the same file; refuses different files for one part.
fn without_copies(
    id: &EditionId,
    files: Vec<(FileKind, InputFile)>,
) -> Result<Vec<(FileKind, InputFile)>, ImportError> {
    let mut kept: Vec<(FileKind, InputFile)> = Vec::new();
    for (kind, file) in files {
        match kept.iter().find(|(k, _)| *k == kind) {
            None => kept.push((kind, file)),
            Some((_, first)) => {
                if first.bytes()? != file.bytes()? {
                    return Err(ImportError::Conflict {
                        id: id.clone(),
                        part: kind.part(),
                        first: place(first),
                        second: place(&file),
                    });
                }
            }
        }
    }
    kept.sort_by_key(|(kind, _)| *kind);
    Ok(kept)
}

/// A file with the folder or archive around it, to tell two of one name apart.
fn place(file: &InputFile) -> String {
    match file.folders().first() {
        Some(folder) => format!("{folder}/{}", file.name()),
        None => file.name().to_string(),
    }
}

impl Release {
    /// Leaves the hashes of the files out of the sources of the edition, for outputs that do not name them.
    pub fn skip_hashes(&mut self) {
        for (_, file) in &mut self.files {
            file.skip_hash();
        }
    }

    /// Reads the files into an edition and its addenda.
    pub fn import(&self) -> Result<Imported, ImportError> {
        let mut imported = Imported {
            edition: None,
            addenda: Vec::new(),
            transactions: Vec::new(),
            diagnostics: Vec::new(),
        };
        let diagnostics = &mut imported.diagnostics;
        let (names, concepts) = (self.file(FileKind::UmlsNames), self.file(FileKind::OmopConcepts));
        imported.edition = match (names, concepts, self.id.system) {
            (Some(file), _, _) => umls_edition(&self.id, file, diagnostics)?,
            (None, Some(file), _) => omop_edition(&self.id, file, diagnostics)?,
            (None, None, CodeSystem::Cpt) => cpt::import(self, diagnostics)?,
            (None, None, CodeSystem::Hcpcs) => hcpcs::import(self, diagnostics)?,
            (None, None, CodeSystem::Icd9cm | CodeSystem::Icd9pcs) => icd9::import(self, diagnostics)?,
            (None, None, CodeSystem::Icd10 | CodeSystem::Icd10gm) => icd10::import(self, diagnostics)?,
            (None, None, CodeSystem::Icd11mms) => icd11::import(self, diagnostics)?,
            (None, None, _) => icd10cm::import(self, diagnostics)?,
        };
        hcpcs::transactions::import(self, &mut imported)?;
        addenda::import(self, &mut imported)?;
        Ok(imported)
    }

    /// The file of a part.
    pub fn file(&self, kind: FileKind) -> Option<&InputFile> {
        self.files.iter().find(|(k, _)| *k == kind).map(|(_, file)| file)
    }
}

/// A record that could not be read, as a diagnostic.
pub(crate) fn bad_record(file: &Arc<str>, error: &xwalk_formats::Error) -> Diagnostic {
    use xwalk_formats::ErrorKind;
    let rule = match &error.kind {
        ErrorKind::Code { .. } => Rule::BadCode,
        ErrorKind::Flag { .. } => Rule::BadFlag,
        ErrorKind::Encoding => Rule::BadEncoding,
        ErrorKind::Xml { .. } | ErrorKind::Entity { .. } | ErrorKind::Unclosed { .. } => Rule::BadXml,
        ErrorKind::UnknownElement { .. } => Rule::UnknownElement,
        _ => Rule::BadLayout,
    };
    let hint = match &error.kind {
        ErrorKind::LineTooShort { .. } => "the line or the file was cut; download the release again",
        ErrorKind::Encoding => "use the file as the authority publishes it, not a copy saved by an editor",
        ErrorKind::Entity { .. } => "replace the entity by its character, or declare it",
        ErrorKind::Unclosed { .. } | ErrorKind::Xml { .. } => "download the release again",
        _ => "compare the line with the record layout of the release",
    };
    Diagnostic::new(rule, file, error.kind.to_string()).at(error.at).hint(hint)
}
