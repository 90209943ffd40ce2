//! ICD-10 of the WHO and ICD-10-GM: ClaML, lists of codes with metadata, lists of titles, and the mortality list of
//! the CDC, made into one edition each; transition tables of ICD-10-GM made into concept maps.

mod claml;
mod classes;
mod draft;
mod label;
mod lists;
mod modifiers;
mod mortality;
mod transition;
mod years;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use xwalk_formats::icd_lists::{self, List};
use xwalk_formats::{claml as claml_format, mortality as mortality_format};
use xwalk_model::calendar::calendar_year;
use xwalk_model::{CodeSystem, Diagnostic, Edition, EditionBuilder, Hierarchy, Role, Rule};

use crate::error::ImportError;
use crate::recognise::FileKind;
use crate::release::{Release, bad_record};
use draft::Drafts;
pub(crate) use transition::{lower_transition, recognise_transition};
pub(crate) use years::{edition_year, years};

/// Reads the edition of a release; `None` when no file of the release lists its codes.
///
/// ClaML says most and is followed where several files list codes; then the list with metadata, which adds its fields
/// as attributes; then the list of titles.
pub(crate) fn import(
    release: &Release,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Edition>, ImportError> {
    let mut files = Files { release, builder: EditionBuilder::new(release.id.clone(), language(release)?) };
    // The WHO does not state when an edition is in effect; member states decide.
    let period = calendar_year(&release.id.version).filter(|_| release.id.system == CodeSystem::Icd10gm);
    if let Some(period) = period {
        files.builder.effective(period);
    }
    let mut drafts = files.mortality(diagnostics)?;
    if drafts.is_none() {
        drafts = files.claml(diagnostics)?;
    }
    drafts = files.codes(drafts, diagnostics)?;
    drafts = files.titles(drafts, diagnostics)?;
    let Some(drafts) = drafts.filter(|d| !d.is_empty()) else { return Ok(None) };
    let mut builder = files.builder;
    drafts.emit(&mut builder);
    let edition =
        builder.build().map_err(|source| ImportError::Edition { id: release.id.clone(), source })?;
    Ok(Some(edition))
}

/// The main language of a release: what the ClaML says, else German for files of DIMDI and BfArM.
fn language(release: &Release) -> Result<&'static str, ImportError> {
    if let Some(file) = release.file(FileKind::Icd10Claml) {
        let heading = claml_format::heading(&file.head()?);
        let stated = heading.meta("lang").unwrap_or_default().trim().to_ascii_lowercase();
        let known = ["en", "de", "fr", "es", "it", "pt", "nl", "ru", "zh", "ar"];
        if let Some(known) = known.into_iter().find(|k| stated.split('-').next() == Some(*k)) {
            return Ok(known);
        }
    }
    let german = release.id.system == CodeSystem::Icd10gm
        || release.files.iter().any(|(_, f)| f.name().to_ascii_lowercase().contains("who"));
    Ok(if german { "de" } else { "en" })
}

/// The files of a release while they are read.
struct Files<'r> {
    release: &'r Release,
    builder: EditionBuilder,
}

impl Files<'_> {
    fn mortality(&mut self, diagnostics: &mut Vec<Diagnostic>) -> Result<Option<Drafts>, ImportError> {
        let kind = FileKind::MortalityList;
        let Some(file) = self.release.file(kind) else { return Ok(None) };
        let bytes = file.bytes()?;
        self.builder.source(file.source(kind.part(), &bytes));
        let list = match mortality_format::read(&bytes) {
            Ok(list) => list,
            Err(error) => {
                diagnostics.push(bad_record(file.name(), &error));
                return Ok(None);
            }
        };
        let drafts = mortality::lower(&list, file.name(), diagnostics);
        let nested = drafts.iter().any(|d| d.parent.is_some());
        self.builder.hierarchy(if nested { Hierarchy::DerivedFromCodes } else { Hierarchy::Flat });
        self.builder.remark(
            "codes valid in the mortality data of the United States; the list keeps deleted codes, which are not \
             assignable here; it has no categories above its codes but those that were deleted when they were divided, \
             and which code stands below which was derived from the codes",
        );
        if let Some(note) = list.notes.first() {
            self.builder.remark(format!("the list calls itself: {note}"));
        }
        Ok(Some(drafts))
    }

    fn claml(&mut self, diagnostics: &mut Vec<Diagnostic>) -> Result<Option<Drafts>, ImportError> {
        let kind = FileKind::Icd10Claml;
        let Some(file) = self.release.file(kind) else { return Ok(None) };
        let bytes = file.bytes()?;
        let read = match claml_format::read(&bytes) {
            Ok(read) => read,
            Err(error) => {
                diagnostics.push(bad_record(file.name(), &error));
                return Ok(None);
            }
        };
        self.builder.source(file.source(kind.part(), &bytes));
        self.builder.hierarchy(Hierarchy::Stated);
        let lowered = claml::lower(&read, self.release.id.system, file.name(), diagnostics);
        let (title, date) = (&read.title, &read.title.date);
        self.builder.remark(format!("the file calls itself {} {} of {date}", title.name, title.version));
        if lowered.made > 0 {
            self.builder.remark(format!(
                "{} codes were made from modifiers; a category without a fourth character is filled up with X",
                lowered.made
            ));
        }
        self.builder.remark(if lowered.full_titles {
            "long titles are the file's own full titles; for codes made from modifiers the title above, a colon and \
             the modifier's title"
        } else {
            "the file states no full titles: long titles of codes with four and more characters are the title above, \
             a colon and their own"
        });
        Ok(Some(lowered.drafts))
    }

    /// Lists with metadata: the edition itself where there is no ClaML, else attributes and a check.
    fn codes(
        &mut self,
        drafts: Option<Drafts>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Option<Drafts>, ImportError> {
        let kind = FileKind::Icd10Codes;
        let Some(file) = self.release.file(kind) else {
            self.not_used(drafts.is_some(), diagnostics);
            return Ok(drafts);
        };
        let bytes = file.bytes()?;
        let name = file.name();
        self.builder.source(file.source(kind.part(), &bytes));
        let list = icd_lists::detect(&bytes).unwrap_or(List::GmCodes);
        let rows = lists::read_codes(&bytes, list, name, diagnostics);
        let Some(mut drafts) = drafts else {
            let (mut chapters, mut groups) = (Vec::new(), Vec::new());
            if let Some(file) = self.release.file(FileKind::Icd10Chapters) {
                let bytes = file.bytes()?;
                self.builder.source(file.source(FileKind::Icd10Chapters.part(), &bytes));
                chapters = lists::usable(icd_lists::chapters(&bytes), file.name(), diagnostics);
            }
            if let Some(file) = self.release.file(FileKind::Icd10Groups) {
                let bytes = file.bytes()?;
                self.builder.source(file.source(FileKind::Icd10Groups.part(), &bytes));
                groups = lists::usable(icd_lists::groups(&bytes), file.name(), diagnostics);
            }
            self.builder.hierarchy(Hierarchy::DerivedFromCodes);
            self.builder.remark(
                "chapter and group of each code are stated by the list of codes; which code stands below which was \
                 derived from the codes; the list has no notes",
            );
            if chapters.is_empty() || groups.is_empty() {
                self.builder
                    .remark("without the lists of chapters and groups: these are missing from the edition");
            }
            return Ok(Some(lists::lower(&chapters, &groups, &rows)));
        };
        self.not_used(true, diagnostics);
        let mut missing =
            Few::new("codes are in the list with metadata and not in the ClaML file, which was followed");
        let mut status = Few::new(
            "codes are terminal in one of list and ClaML file and not in the other; the list was followed",
        );
        let mut listed = 0u64;
        for row in &rows {
            let Some(ix) = drafts.find(&row.code) else {
                missing.add(&row.fields.plain);
                continue;
            };
            listed += 1;
            let draft = drafts.get_mut(ix);
            if draft.assignable != row.assignable {
                draft.assignable = row.assignable;
                status.add(&row.fields.plain);
            }
            lists::attributes(draft, &row.fields);
        }
        missing.tell(Rule::CodesDisagree, name, diagnostics);
        status.tell(Rule::AssignableDisagrees, name, diagnostics);
        let codes = drafts.iter().filter(|d| d.kind == xwalk_model::ConceptKind::Code).count() as u64;
        if codes > listed {
            let message = format!("{} codes of the ClaML file are not in this list", codes - listed);
            diagnostics.push(Diagnostic::new(Rule::CodesDisagree, name, message));
        }
        Ok(Some(drafts))
    }

    fn not_used(&self, listed: bool, diagnostics: &mut Vec<Diagnostic>) {
        let reason = if listed { "the ClaML file states the same" } else { "the list of codes is missing" };
        for kind in [FileKind::Icd10Chapters, FileKind::Icd10Groups] {
            if let Some(file) = self.release.file(kind) {
                let message = format!("{}: {reason}", kind.part());
                diagnostics.push(Diagnostic::new(Rule::NotUsed, file.name(), message));
            }
        }
    }

    /// A list of titles: the edition itself where there is nothing else, else a check.
    fn titles(
        &mut self,
        drafts: Option<Drafts>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Option<Drafts>, ImportError> {
        let kind = FileKind::Icd10Titles;
        let Some(file) = self.release.file(kind) else { return Ok(drafts) };
        let bytes = file.bytes()?;
        let name = file.name();
        self.builder.source(file.source(kind.part(), &bytes));
        let found = lists::lower_titles(&bytes, name, diagnostics);
        let Some(drafts) = drafts else {
            self.builder.hierarchy(Hierarchy::DerivedFromCodes);
            self.builder.remark(
                "read from a list of titles: which code stands below which was derived from the codes, and a code \
                 without others below it was taken as terminal",
            );
            return Ok(Some(found));
        };
        let mut missing = Few::new("codes of this list are not in the other files, which were followed");
        let mut titles =
            Few::new("codes have another title here than in the other files, which were followed");
        for listed in found.iter() {
            match drafts.find(&listed.code).map(|ix| drafts.get(ix)) {
                None => missing.add(&listed.code),
                Some(draft) => {
                    let same = draft.names.iter().any(|n| {
                        matches!(n.role, Role::Long | Role::Tabular) && n.text.trim() == listed.long().trim()
                    });
                    if !same {
                        titles.add(&listed.code);
                    }
                }
            }
        }
        missing.tell(Rule::CodesDisagree, name, diagnostics);
        titles.tell(Rule::TitlesDisagree, name, diagnostics);
        Ok(Some(drafts))
    }
}

/// Findings of one kind, told together: a difference in style between two files concerns thousands of codes.
struct Few {
    what: &'static str,
    count: usize,
    first: Vec<String>,
}

impl Few {
    fn new(what: &'static str) -> Self {
        Self { what, count: 0, first: Vec::new() }
    }

    fn add(&mut self, code: &str) {
        self.count += 1;
        if self.first.len() < 5 {
            self.first.push(code.to_owned());
        }
    }

    fn tell(&self, rule: Rule, name: &Arc<str>, diagnostics: &mut Vec<Diagnostic>) {
        if self.count > 0 {
            let more = if self.count > self.first.len() { ", …" } else { "" };
            let message = format!("{} {}: {}{more}", self.count, self.what, self.first.join(", "));
            diagnostics.push(Diagnostic::new(rule, name, message));
        }
    }
}
