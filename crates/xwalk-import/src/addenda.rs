//! Addenda lowered to values.

use xwalk_formats::addenda::{Counted as Line, Layout, Record, records};
use xwalk_formats::poa;
use xwalk_model::{
    Action, Addendum, AddendumEntry, AddendumKind, Code, CodeSystem, Counted, Position, TrailerCount,
};

use crate::error::ImportError;
use crate::input::{InputFile, sha256};
use crate::recognise::FileKind;
use crate::release::{Imported, Release, bad_record};

/// Reads every addendum of a release.
pub(crate) fn import(release: &Release, imported: &mut Imported) -> Result<(), ImportError> {
    for (file_kind, file) in &release.files {
        let kind = match file_kind {
            FileKind::OrderAddenda => AddendumKind::Order,
            FileKind::CodesAddenda => AddendumKind::Codes,
            _ => continue,
        };
        let addendum = read(release, kind, file, imported)?;
        imported.addenda.push(addendum);
    }
    import_poa(release, imported)
}

fn read(
    release: &Release,
    kind: AddendumKind,
    file: &InputFile,
    imported: &mut Imported,
) -> Result<Addendum, ImportError> {
    let bytes = file.bytes()?;
    let layout = Layout::detect(&bytes).unwrap_or(Layout::Codes);
    let mut addendum = Addendum {
        to: release.id.clone(),
        kind,
        file: file.name().to_string(),
        sha256: sha256(&bytes),
        entries: Vec::new(),
        trailer: Vec::new(),
    };
    for record in records(&bytes, layout) {
        match record {
            Err(error) => imported.diagnostics.push(bad_record(file.name(), &error)),
            Ok(Record::Entry(entry)) => addendum.entries.push(AddendumEntry {
                action: entry.action,
                assignable: entry.valid.or_else(|| implied_status(release.id.system, layout, entry.code)),
                code: Code::from_official(entry.code),
                short: entry.short.map(|s| s.trim_end().to_owned()),
                long: entry.long.trim_end().to_owned(),
                at: entry.at,
            }),
            Ok(Record::Count(count)) => {
                let before = addendum.count(count.block, Counted::BaseTotal).is_some();
                let counted = match count.counted {
                    Line::Total { file: "new_lines_read" } => Counted::NewTotal,
                    Line::Total { .. } if before => Counted::NewTotal,
                    Line::Total { .. } => Counted::BaseTotal,
                    Line::Additions => Counted::Additions,
                    Line::Deletions => Counted::Deletions,
                    Line::Revisions => Counted::Revisions,
                    Line::BothTitles => Counted::BothTitles,
                    Line::LongTitle => Counted::LongTitle,
                    Line::ShortTitle => Counted::ShortTitle,
                };
                let (block, number, at) = (count.block, count.number, count.at);
                addendum.trailer.push(TrailerCount { block, counted, number, at });
            }
        }
    }
    Ok(addendum)
}

/// Where the layout has no flag: codes addenda list assignable codes only; in ICD-10-PCS order addenda the headers
/// are the tables, of three characters.
fn implied_status(system: CodeSystem, layout: Layout, code: &str) -> Option<bool> {
    match (layout, system) {
        (Layout::Order, CodeSystem::Icd10pcs) => Some(code.len() == 7),
        (Layout::Codes | Layout::OldStyle, _) => Some(true),
        _ => None,
    }
}

fn import_poa(release: &Release, imported: &mut Imported) -> Result<(), ImportError> {
    let mut poa: Option<Addendum> = None;
    for (kind, file) in &release.files {
        let action = match kind {
            FileKind::PoaAdd => Action::Add,
            FileKind::PoaDelete => Action::Delete,
            FileKind::PoaRevise => Action::ReviseTo,
            _ => continue,
        };
        let bytes = file.bytes()?;
        let rows = match poa::records(&bytes) {
            Ok(rows) => rows,
            Err(error) => {
                imported.diagnostics.push(bad_record(file.name(), &error));
                continue;
            }
        };
        let addendum = poa.get_or_insert_with(|| Addendum {
            to: release.id.clone(),
            kind: AddendumKind::PoaExempt,
            file: file.name().to_string(),
            sha256: sha256(&bytes),
            entries: Vec::new(),
            trailer: Vec::new(),
        });
        for row in rows {
            let parsed = row.and_then(|row| {
                let code = Code::parse(CodeSystem::Icd10cm, &row.code).map_err(|_| xwalk_formats::Error {
                    at: Position { ..row.at },
                    kind: xwalk_formats::ErrorKind::Code { found: row.code.clone() },
                })?;
                Ok((code, row))
            });
            match parsed {
                Err(error) => imported.diagnostics.push(bad_record(file.name(), &error)),
                Ok((code, row)) => {
                    let from = row.action.as_deref().is_some_and(|a| a.contains("from"));
                    addendum.entries.push(AddendumEntry {
                        action: if from { Action::ReviseFrom } else { action },
                        assignable: None,
                        code,
                        short: None,
                        long: row.description,
                        at: row.at,
                    });
                }
            }
        }
    }
    imported.addenda.extend(poa);
    Ok(())
}
