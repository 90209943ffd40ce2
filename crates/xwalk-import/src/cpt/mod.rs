//! Lowers the CPT data files to editions.
//!
//! The long descriptors list the codes, in the order of the book: resequenced codes stand out of numeric order there.
//! An edition is in effect for its calendar year. CPT states no hierarchy in these files.
//!
//! Each code has the attributes `category` (`1`, `2`, `3`, `pla`, `maaa`, `administration`, from the letter it ends
//! in) and, from the files that state them, `concept-id`, `added-on` and `revised-on`: the days of the history's rows
//! for the edition's year.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use xwalk_formats::cpt::{self, Layout};
use xwalk_model::{
    Code, ConceptIx, ConceptKind, Diagnostic, Edition, EditionBuilder, Hierarchy, Period, Role, Rule, Version,
};

use crate::error::ImportError;
use crate::input::InputFile;
use crate::recognise::FileKind;
use crate::recognise_cpt::CptPart;
use crate::release::{Release, bad_record};

/// The files that list the codes, the best first: mixed case before upper case, one line before several.
const LONG: [(CptPart, Layout); 4] = [
    (CptPart::Long, Layout::Tab),
    (CptPart::LongFixed, Layout::Continued),
    (CptPart::LongUpper, Layout::Tab),
    (CptPart::LongFixedUpper, Layout::Continued),
];

/// Reads the edition of a release; `None` when no file lists its codes.
pub(crate) fn import(
    release: &Release,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Edition>, ImportError> {
    let mut builder = EditionBuilder::new(release.id.clone(), "en");
    builder.hierarchy(Hierarchy::Flat);
    if let Some(period) = calendar_year(&release.id.version) {
        builder.effective(period);
    }
    let mut lowering = Lowering { builder, at: HashMap::new(), attributes: BTreeMap::new() };
    let main =
        LONG.into_iter().find_map(|(part, layout)| Some((part, layout, Role::Long, file(release, part)?)));
    let medium = file(release, CptPart::Medium).map(|f| (CptPart::Medium, Layout::Fixed, Role::Medium, f));
    let short = file(release, CptPart::Short).map(|f| (CptPart::Short, Layout::Fixed, Role::Short, f));
    let mut lists = [main, medium, short].into_iter().flatten();
    // The best file there is lists the codes; the others only name them.
    let Some((part, layout, role, first)) = lists.next() else { return Ok(None) };
    lowering.list(part, layout, role, first, diagnostics)?;
    if role != Role::Long {
        lowering
            .builder
            .remark("there is no file of long descriptors; the codes are those of the shorter ones");
    }
    for (part, layout, role, file) in lists {
        lowering.titles(part, layout, role, file, diagnostics)?;
    }
    for (part, role) in [(CptPart::Consumer, Role::Consumer), (CptPart::Clinician, Role::Clinician)] {
        if let Some(file) = file(release, part) {
            lowering.descriptors(part, role, file, diagnostics)?;
        }
    }
    if let Some(file) = file(release, CptPart::Modifiers) {
        lowering.modifiers(file, diagnostics)?;
    }
    for part in [CptPart::History, CptPart::Deleted] {
        if let Some(file) = file(release, part) {
            lowering.events(part, file, &release.id.version, diagnostics)?;
        }
    }
    let mut builder = lowering.builder;
    for ((ix, name), value) in lowering.attributes {
        builder.attribute(ix, name, &value);
    }
    let edition =
        builder.build().map_err(|source| ImportError::Edition { id: release.id.clone(), source })?;
    Ok((!edition.is_empty()).then_some(edition))
}

fn file(release: &Release, part: CptPart) -> Option<&InputFile> {
    release.file(FileKind::Cpt(part))
}

/// The year `2025` from 1 January to 31 December.
pub(crate) fn calendar_year(version: &Version) -> Option<Period> {
    let (year, month) = version.year_month()?;
    if month.is_some() {
        return None;
    }
    Some(Period { from: Date::new(year, 1, 1).ok(), to: Date::new(year, 12, 31).ok() })
}

/// Which part of CPT a code is of, by the letter at its end.
pub(crate) fn category(code: &str) -> &'static str {
    match code.as_bytes().last() {
        Some(b'F') => "2",
        Some(b'T') => "3",
        Some(b'U') => "pla",
        Some(b'M') => "maaa",
        Some(b'A') => "administration",
        _ => "1",
    }
}

struct Lowering {
    builder: EditionBuilder,
    at: HashMap<String, ConceptIx>,
    /// By concept and name: the history may have several rows for a code, the last of which counts.
    attributes: BTreeMap<(ConceptIx, &'static str), String>,
}

fn report(
    records: Vec<Result<cpt::Record, xwalk_formats::Error>>,
    file: &InputFile,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<cpt::Record> {
    let mut seen = HashSet::new();
    let mut good = Vec::with_capacity(records.len());
    for record in records {
        match record {
            Err(error) => diagnostics.push(bad_record(file.name(), &error)),
            Ok(record) if !seen.insert(record.code.clone()) => {
                let message =
                    format!("\"{}\" stands in the file already; the first line was used", record.code);
                diagnostics.push(Diagnostic::new(Rule::DuplicateCode, file.name(), message).at(record.at));
            }
            Ok(record) => good.push(record),
        }
    }
    good
}

impl Lowering {
    fn read(
        &mut self,
        part: CptPart,
        layout: Layout,
        file: &InputFile,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Vec<cpt::Record>, ImportError> {
        let bytes = file.bytes()?;
        self.builder.source(file.source(part.part(), &bytes));
        crate::icd10cm::warn_if_cut(file, xwalk_formats::lines::unfinished(&bytes), diagnostics);
        Ok(report(cpt::records(&bytes, layout), file, diagnostics))
    }

    /// The file that lists the codes.
    fn list(
        &mut self,
        part: CptPart,
        layout: Layout,
        role: Role,
        file: &InputFile,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), ImportError> {
        for record in self.read(part, layout, file, diagnostics)? {
            let ix = self.builder.concept(Code::from_official(&record.code), ConceptKind::Code, true);
            self.builder.designation(ix, role, &record.text);
            self.attributes.insert((ix, "category"), category(&record.code).to_owned());
            self.at.insert(record.code, ix);
        }
        Ok(())
    }

    /// A file that names codes which another one lists.
    fn titles(
        &mut self,
        part: CptPart,
        layout: Layout,
        role: Role,
        file: &InputFile,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), ImportError> {
        let records = self.read(part, layout, file, diagnostics)?;
        let mut found = 0;
        for record in records {
            match self.at.get(&record.code) {
                Some(&ix) => {
                    found += 1;
                    self.builder.designation(ix, role, &record.text);
                }
                None => diagnostics.push(unknown(file, &record.code, record.at)),
            }
        }
        if found < self.at.len() {
            let message = format!("{} codes of the edition are not in the file", self.at.len() - found);
            diagnostics.push(Diagnostic::new(Rule::CodesDisagree, file.name(), message));
        }
        Ok(())
    }

    fn descriptors(
        &mut self,
        part: CptPart,
        role: Role,
        file: &InputFile,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), ImportError> {
        let bytes = file.bytes()?;
        self.builder.source(file.source(part.part(), &bytes));
        let rows = match cpt::descriptors(&bytes) {
            Ok(rows) => rows,
            Err(error) => {
                diagnostics.push(bad_record(file.name(), &error));
                return Ok(());
            }
        };
        for row in rows {
            match row {
                Err(error) => diagnostics.push(bad_record(file.name(), &error)),
                Ok(row) => match self.at.get(&row.code) {
                    Some(&ix) => {
                        self.builder.designation(ix, role, &row.text);
                        self.concept_id(ix, &row.concept_id);
                    }
                    None => diagnostics.push(unknown(file, &row.code, row.at)),
                },
            }
        }
        Ok(())
    }

    fn concept_id(&mut self, ix: ConceptIx, id: &str) {
        if !id.is_empty() {
            self.attributes.entry((ix, "concept-id")).or_insert_with(|| id.to_owned());
        }
    }

    fn modifiers(&mut self, file: &InputFile, diagnostics: &mut Vec<Diagnostic>) -> Result<(), ImportError> {
        for record in self.read(CptPart::Modifiers, Layout::Modifiers, file, diagnostics)? {
            let ix = self.builder.concept(Code::from_official(&record.code), ConceptKind::Modifier, false);
            self.builder.designation(ix, Role::Long, &record.text);
        }
        Ok(())
    }

    /// The days of the history that lie in what leads to the edition: after 1 January of the year before, up to the
    /// day on which the edition comes into effect.
    fn events(
        &mut self,
        part: CptPart,
        file: &InputFile,
        version: &Version,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), ImportError> {
        let bytes = file.bytes()?;
        self.builder.source(file.source(part.part(), &bytes));
        let rows = match cpt::events(&bytes) {
            Ok(rows) => rows,
            Err(error) => {
                diagnostics.push(bad_record(file.name(), &error));
                return Ok(());
            }
        };
        let day = version.year_month().map(|(year, _)| format!("{year}0101")).unwrap_or_default();
        for row in rows {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    diagnostics.push(bad_record(file.name(), &error));
                    continue;
                }
            };
            let ix = self.at.get(&row.code).copied();
            let change = row.change.to_ascii_uppercase();
            match ix {
                Some(ix) if change.starts_with("DELET") && row.date == day => {
                    let message = format!(
                        "\"{}\" is deleted on {day} here, but is in the long descriptors, which were followed",
                        self.builder.code(ix)
                    );
                    diagnostics.push(Diagnostic::new(Rule::CodesDisagree, file.name(), message).at(row.at));
                }
                Some(ix) => {
                    self.concept_id(ix, &row.concept_id);
                    // Grammatical and other editorial changes have change types of their own.
                    let name = match () {
                        () if change.starts_with("REVIS") && row.date == day => "revised-on",
                        () if change.starts_with("ADD") => "added-on",
                        () => continue,
                    };
                    self.attributes.insert((ix, name), row.date);
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn unknown(file: &InputFile, code: &str, at: xwalk_model::Position) -> Diagnostic {
    let message = format!("\"{code}\" is not in the file that lists the codes");
    Diagnostic::new(Rule::UnknownCode, file.name(), message).at(at)
}

#[cfg(test)]
mod tests;
