//! ICD-9-CM volumes 1 and 3: long titles, short titles and the workbook made into one edition a volume.

use std::collections::HashMap;

use xwalk_formats::icd9::{self, Volume};
use xwalk_model::calendar::icd9_version;
use xwalk_model::{
    Code, CodeSystem, ConceptKind, Diagnostic, Edition, EditionBuilder, Hierarchy, Position, Role, Rule,
};

use crate::error::ImportError;
use crate::input::InputFile;
use crate::recognise::FileKind;
use crate::release::{Release, bad_record};

/// What a file says about a code.
#[derive(Default)]
struct Titles {
    long: Option<String>,
    short: Option<String>,
}

/// The codes of one file in its order.
struct Listed {
    codes: Vec<(String, Titles, Position)>,
    by_code: HashMap<String, usize>,
}

/// Reads the edition of a release; `None` when no file of the release lists its codes.
pub(crate) fn import(
    release: &Release,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Edition>, ImportError> {
    let volume = match release.id.system {
        CodeSystem::Icd9pcs => Volume::Procedures,
        _ => Volume::Diagnoses,
    };
    let mut builder = EditionBuilder::new(release.id.clone(), "en");
    builder.hierarchy(Hierarchy::Flat);
    builder.remark("the files list codes without headers; every code listed is assignable");
    if let Some(period) = icd9_version(&release.id.version) {
        builder.effective(period);
    }
    let mut files: Vec<(&InputFile, Listed)> = Vec::new();
    // The text has the say over the workbook: the workbook is made from it.
    for kind in [FileKind::Icd9Long, FileKind::Icd9Short, FileKind::Icd9Workbook] {
        let Some(file) = release.file(kind) else { continue };
        let bytes = file.bytes()?;
        builder.source(file.source(kind.part(), &bytes));
        files.push((file, read(file, kind, &bytes, volume, diagnostics)));
    }
    let Some((first, base)) = files.first() else { return Ok(None) };
    for (file, other) in &files[1..] {
        compare(first, base, file, other, diagnostics);
    }
    builder.reserve(base.codes.len(), base.codes.len() * 100);
    for (code, titles, _) in &base.codes {
        let ix = builder.concept(Code::from_official(code), ConceptKind::Code, true);
        let others = || files[1..].iter().filter_map(|(_, l)| l.by_code.get(code).map(|i| &l.codes[*i].1));
        let long = titles.long.as_ref().or_else(|| others().find_map(|t| t.long.as_ref()));
        let short = titles.short.as_ref().or_else(|| others().find_map(|t| t.short.as_ref()));
        for (role, text) in [(Role::Long, long), (Role::Short, short)] {
            if let Some(text) = text {
                builder.designation(ix, role, text);
            }
        }
    }
    // Where short titles and the workbook are both there, they have to agree too.
    if let [_, (short, listed), (workbook, other)] = files.as_slice() {
        compare_titles(short, listed, workbook, other, diagnostics);
    }
    let edition =
        builder.build().map_err(|source| ImportError::Edition { id: release.id.clone(), source })?;
    Ok((!edition.is_empty()).then_some(edition))
}

fn read(
    file: &InputFile,
    kind: FileKind,
    bytes: &[u8],
    volume: Volume,
    diagnostics: &mut Vec<Diagnostic>,
) -> Listed {
    let mut listed = Listed { codes: Vec::new(), by_code: HashMap::new() };
    let mut add = |code: String, titles: Titles, at: Position, diagnostics: &mut Vec<Diagnostic>| {
        if listed.by_code.contains_key(&code) {
            let message = format!("\"{code}\" stands in the file already; the first line was used");
            diagnostics.push(Diagnostic::new(Rule::DuplicateCode, file.name(), message).at(at));
            return;
        }
        listed.by_code.insert(code.clone(), listed.codes.len());
        listed.codes.push((code, titles, at));
    };
    if kind == FileKind::Icd9Workbook {
        match icd9::rows(bytes, volume) {
            Err(error) => diagnostics.push(bad_record(file.name(), &error)),
            Ok(rows) => {
                for row in rows {
                    match row {
                        Err(error) => diagnostics.push(bad_record(file.name(), &error)),
                        Ok(row) => {
                            let titles = Titles { long: title(&row.long), short: title(&row.short) };
                            add(row.code, titles, row.at, diagnostics);
                        }
                    }
                }
            }
        }
        return listed;
    }
    for record in icd9::records(bytes, volume) {
        match record {
            Err(error) => diagnostics.push(bad_record(file.name(), &error)),
            Ok(record) => {
                let text = title(&record.title);
                let titles = match kind {
                    FileKind::Icd9Long => Titles { long: text, short: None },
                    _ => Titles { long: None, short: text },
                };
                add(record.code.to_owned(), titles, record.at, diagnostics);
            }
        }
    }
    listed
}

/// Titles are padded in older versions.
fn title(text: &str) -> Option<String> {
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Tells which codes only one of two files has, and which titles differ.
fn compare(
    first: &InputFile,
    base: &Listed,
    file: &InputFile,
    other: &Listed,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (code, _, at) in other.codes.iter().filter(|(code, ..)| !base.by_code.contains_key(code)) {
        let message = format!("\"{code}\" is not in {}, which was followed", first.name());
        diagnostics.push(Diagnostic::new(Rule::CodesDisagree, file.name(), message).at(*at));
    }
    for (code, _, at) in base.codes.iter().filter(|(code, ..)| !other.by_code.contains_key(code)) {
        let message = format!("\"{code}\" is not in {}; it was kept", file.name());
        diagnostics.push(Diagnostic::new(Rule::CodesDisagree, first.name(), message).at(*at));
    }
    compare_titles(first, base, file, other, diagnostics);
}

fn compare_titles(
    first: &InputFile,
    base: &Listed,
    file: &InputFile,
    other: &Listed,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (code, titles, at) in &other.codes {
        let Some(known) = base.by_code.get(code).and_then(|i| base.codes.get(*i)).map(|c| &c.1) else {
            continue;
        };
        for (what, one, two) in [("long", &known.long, &titles.long), ("short", &known.short, &titles.short)]
        {
            let (Some(one), Some(two)) = (one, two) else { continue };
            if one != two {
                let message = format!(
                    "\"{code}\" has the {what} title \"{two}\" here and \"{one}\" in {}, which was followed",
                    first.name()
                );
                diagnostics.push(Diagnostic::new(Rule::TitlesDisagree, file.name(), message).at(*at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(files: &[(FileKind, &str, &[u8])]) -> Release {
        let files = files
            .iter()
            .map(|(kind, name, bytes)| (*kind, InputFile::from_bytes(name, &[], bytes)))
            .collect();
        Release { id: "icd9cm@32".parse().unwrap(), files }
    }

    #[test]
    fn long_and_short_titles_meet() {
        let release = release(&[
            (FileKind::Icd9Long, "LONG.txt", b"0010  Cholera due to vibrio\r\n38600 M\xE9ni\xE8re's\r\n"),
            (FileKind::Icd9Short, "SHORT.txt", b"0010  Cholera d/t vib          \n0019  Cholera NOS\n"),
        ]);
        let mut diagnostics = Vec::new();
        let edition = import(&release, &mut diagnostics).unwrap().unwrap();
        assert_eq!((edition.totals().assignable, edition.totals().headers), (2, 0));
        assert_eq!(edition.effective().to_string(), "2014-10-01 to 2015-09-30");
        let cholera = edition.get(&Code::from_official("0010")).unwrap();
        assert_eq!(cholera.display(), "001.0");
        assert_eq!(cholera.designation(Role::Short), Some("Cholera d/t vib"));
        assert_eq!(edition.get(&Code::from_official("38600")).unwrap().title(), "Ménière's");
        let told: Vec<_> = diagnostics.iter().map(|d| (d.rule, d.source.as_ref())).collect();
        assert_eq!(told, [(Rule::CodesDisagree, "SHORT.txt"), (Rule::CodesDisagree, "LONG.txt")]);
    }
}
