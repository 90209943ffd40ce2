//! Lowers simple tabulations to editions of ICD-11 MMS.
//!
//! What WHO states and what is decided here:
//!
//! * The hierarchy is stated by the dashes before each title, in tabular order. Dashes are no part of the title.
//! * The entity that a row stands for is kept as the attribute `foundation-id`; a residual has none of its own, so it
//!   is named by its parent's, `1435254666/other`. Entities keep their id when they change their code.
//! * Chapters are keyed by their number, blocks by their id in upper case, and the blocks without an id (chapter X
//!   and some of chapter V) by the foundation id.
//! * A category with a code is assignable, be it a leaf or not: each may stand as a stem code. Extension codes
//!   (chapter X) are not: they only stand behind a stem code, and are counted with the headers.
//! * `_NOCODEASSIGNED` is no code: such a category is keyed by its foundation id and not assignable.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use xwalk_formats::icd11::{self, Class, Record, Stamp, Tabulation};
use xwalk_formats::workbook;
use xwalk_model::{
    Code, CodeSystem, ConceptIx, ConceptKind, Diagnostic, Edition, EditionBuilder, Hierarchy, Role, Rule,
};

use crate::error::ImportError;
use crate::input::InputFile;
use crate::recognise::FileKind;
use crate::recognise_icd11::Language;
use crate::release::{Release, bad_record};

/// The attribute that names the entity: it stays when the code changes.
const FOUNDATION_ID: &str = "foundation-id";
/// What the maintenance platform writes where there is no code yet.
const NO_CODE: &str = "_NOCODEASSIGNED";
/// More levels than any release has (ten).
const MAX_LEVELS: usize = 64;

/// Reads the edition of a release; `None` when it has no tabulation.
pub(crate) fn import(
    release: &Release,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Edition>, ImportError> {
    let mut languages: Vec<Language> = release.files.iter().filter_map(|(k, _)| language_of(*k)).collect();
    // English first: it is the main language where it is there.
    languages.sort_by_key(|l| (*l != Language::ENGLISH, *l));
    languages.dedup();
    let mut languages = languages.into_iter();
    let Some(main) = languages.next() else { return Ok(None) };
    let mut builder = EditionBuilder::new(release.id.clone(), main.tag());
    let Some((file, table)) = read(release, main, &mut builder, diagnostics)? else { return Ok(None) };
    let mut lowering = Lowering::new(builder, file.name());
    lowering.main(&table, diagnostics);
    let mut builder = lowering.builder;
    for language in languages {
        if let Some((file, table)) = read(release, language, &mut builder, diagnostics)? {
            add_language(&mut builder, language, &table, &lowering.entities, file.name(), diagnostics);
        }
    }
    let edition =
        builder.build().map_err(|source| ImportError::Edition { id: release.id.clone(), source })?;
    Ok((!edition.is_empty()).then_some(edition))
}

fn language_of(kind: FileKind) -> Option<Language> {
    match kind {
        FileKind::Icd11Tabulation(language) | FileKind::Icd11Workbook(language) => Some(language),
        _ => None,
    }
}

/// Reads the tabulation in a language: the text where there is one, since it opens many times faster, and the
/// workbook beside it is then only held against it by its number of rows.
fn read<'r>(
    release: &'r Release,
    language: Language,
    builder: &mut EditionBuilder,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<(&'r InputFile, Tabulation)>, ImportError> {
    let text = release.file(FileKind::Icd11Tabulation(language));
    let book = release.file(FileKind::Icd11Workbook(language));
    let (file, table) = match (text, book) {
        (Some(file), _) => {
            let bytes = file.bytes()?;
            builder.source(file.source(FileKind::Icd11Tabulation(language).part(), &bytes));
            crate::icd10cm::warn_if_cut(file, xwalk_formats::lines::unfinished(&bytes), diagnostics);
            (file, icd11::read_text(&bytes))
        }
        (None, Some(file)) => {
            let bytes = file.bytes()?;
            builder.source(file.source(FileKind::Icd11Workbook(language).part(), &bytes));
            (file, icd11::read_workbook(&bytes))
        }
        (None, None) => return Ok(None),
    };
    let table = match table {
        Ok(table) => table,
        Err(error) => {
            diagnostics.push(bad_record(file.name(), &error));
            return Ok(None);
        }
    };
    for record in &table.records {
        diagnostics.extend(record.as_ref().err().map(|e| bad_record(file.name(), e)));
    }
    if let (Some(text), Some(book)) = (text, book) {
        let bytes = book.bytes()?;
        builder.source(book.source(FileKind::Icd11Workbook(language).part(), &bytes));
        match workbook::row_count(&bytes) {
            Ok(rows) if rows.saturating_sub(1) == table.records.len() as u64 => {}
            Ok(rows) => {
                let message = format!(
                    "the workbook has {} rows, {} has {}, which was followed",
                    rows.saturating_sub(1),
                    text.name(),
                    table.records.len()
                );
                diagnostics.push(Diagnostic::new(Rule::CodesDisagree, book.name(), message));
            }
            Err(error) => diagnostics.push(bad_record(book.name(), &error)),
        }
    }
    Ok(Some((file, table)))
}

/// The number of levels above a title, and the title.
fn level(title: &str) -> (usize, &str) {
    let mut rest = title;
    let mut level = 0;
    while let Some(shorter) = rest.strip_prefix("- ") {
        rest = shorter;
        level += 1;
    }
    (level, rest)
}

/// What names the entity of a row: the end of its linearization URI, which for a residual is its parent's id and
/// which residual it is. The rest of the URI differs from release to release.
fn entity(record: &Record) -> Option<String> {
    let id = |uri: &str| -> Option<String> {
        let mut parts = uri.trim_end_matches('/').rsplit('/');
        let last = parts.next()?;
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if matches!(last, "other" | "unspecified") {
            let parent = parts.next().filter(|p| digits(p))?;
            return Some(format!("{parent}/{last}"));
        }
        digits(last).then(|| last.to_owned())
    };
    id(&record.linearization).or_else(|| id(&record.foundation))
}

struct Lowering<'f> {
    builder: EditionBuilder,
    file: &'f Arc<str>,
    codes: HashSet<Code>,
    entities: HashMap<String, ConceptIx>,
    /// The last concept of each level.
    above: Vec<ConceptIx>,
    no_code: u32,
    extensions: bool,
}

impl<'f> Lowering<'f> {
    fn new(mut builder: EditionBuilder, file: &'f Arc<str>) -> Self {
        builder.hierarchy(Hierarchy::Stated);
        builder.reserve(40_000, 6_000_000);
        Self {
            builder,
            file,
            codes: HashSet::new(),
            entities: HashMap::new(),
            above: Vec::new(),
            no_code: 0,
            extensions: false,
        }
    }

    fn main(&mut self, table: &Tabulation, diagnostics: &mut Vec<Diagnostic>) {
        for record in table.records.iter().flatten() {
            self.record(record, diagnostics);
        }
        if let Some(Stamp { year, month, day }) = table.stamp {
            self.builder.remark(format!(
                "released by WHO on {year}-{month:02}-{day:02}; each country decides from when it is in effect"
            ));
        }
        if self.extensions {
            self.builder.remark(
                "extension codes (chapter X) are not assignable alone and are counted with the headers; every other \
                 category with a code may be used as a stem code and is counted as assignable",
            );
        }
        if self.no_code > 0 {
            self.builder.remark(format!(
                "{} categories have no code yet ({NO_CODE}); they are keyed by their foundation id and counted with \
                 the headers",
                self.no_code
            ));
        }
    }

    fn record(&mut self, record: &Record, diagnostics: &mut Vec<Diagnostic>) {
        let entity = entity(record);
        let Some((code, kind, assignable)) = self.key(record, entity.as_deref(), diagnostics) else { return };
        if !self.codes.insert(code.clone()) {
            let message = format!("\"{code}\" stands in the file already; the first row was used");
            diagnostics.push(Diagnostic::new(Rule::DuplicateCode, self.file, message).at(record.at));
            return;
        }
        let ix = self.builder.concept(code, kind, assignable);
        self.place(ix, record, diagnostics);
        let (_, title) = level(&record.title);
        self.builder.designation(ix, Role::Long, title);
        if let Some(entity) = entity {
            self.builder.attribute(ix, FOUNDATION_ID, &entity);
            self.entities.entry(entity).or_insert(ix);
        }
        if record.class == Class::Block && !record.block_id.is_empty() {
            self.builder.attribute(ix, "block-id", &record.block_id);
        }
        if record.class == Class::Category {
            if record.residual {
                self.builder.attribute(ix, "is-residual", "True");
            }
            for (name, value) in [("is-leaf", &record.leaf), ("primary-tabulation", &record.primary)] {
                if !value.is_empty() {
                    self.builder.attribute(ix, name, value);
                }
            }
        }
    }

    /// The key of a row, what it is, and whether it is assignable.
    fn key(
        &mut self,
        record: &Record,
        entity: Option<&str>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<(Code, ConceptKind, bool)> {
        let mut bad = |what: &str| {
            let message = format!("{what} in the row of \"{}\"", level(&record.title).1);
            diagnostics.push(Diagnostic::new(Rule::BadCode, self.file, message).at(record.at));
        };
        let by_entity = |entity: Option<&str>| entity.map(|e| Code::from_official(&e.to_ascii_uppercase()));
        match record.class {
            Class::Chapter if record.chapter.trim().is_empty() => {
                bad("there is no chapter number");
                None
            }
            Class::Chapter => Some((Code::from_official(record.chapter.trim()), ConceptKind::Chapter, false)),
            Class::Block => {
                let id = record.block_id.trim();
                let code = if id.is_empty() {
                    by_entity(entity)
                } else {
                    Some(Code::from_official(&id.to_ascii_uppercase()))
                };
                if code.is_none() {
                    bad("there is neither a block id nor a foundation id");
                }
                Some((code?, ConceptKind::Block, false))
            }
            Class::Category if record.code.trim() == NO_CODE || record.code.trim().is_empty() => {
                let code = by_entity(entity);
                match &code {
                    None => bad("there is neither a code nor a foundation id"),
                    Some(_) => self.no_code += 1,
                }
                Some((code?, ConceptKind::Code, false))
            }
            Class::Category => match Code::parse(CodeSystem::Icd11mms, &record.code) {
                Ok(code) => {
                    let extension = record.chapter.trim() == "X";
                    self.extensions |= extension;
                    Some((code, ConceptKind::Code, !extension))
                }
                Err(error) => {
                    bad(&error.to_string());
                    None
                }
            },
        }
    }

    /// Puts a concept below the last one of the level above.
    fn place(&mut self, ix: ConceptIx, record: &Record, diagnostics: &mut Vec<Diagnostic>) {
        let stated = level(&record.title).0;
        let level = stated.min(self.above.len()).min(MAX_LEVELS);
        if level < stated {
            let message = format!("the row is on level {stated}, but no row before it is on the level above");
            diagnostics.push(Diagnostic::new(Rule::NoParent, self.file, message).at(record.at));
        }
        self.above.truncate(level);
        if let Some(&parent) = self.above.last() {
            self.builder.parent(ix, parent);
        }
        self.above.push(ix);
    }
}

/// Adds the titles of a tabulation in another language, entity by entity.
fn add_language(
    builder: &mut EditionBuilder,
    language: Language,
    table: &Tabulation,
    entities: &HashMap<String, ConceptIx>,
    file: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut seen = HashSet::new();
    for record in table.records.iter().flatten() {
        match entity(record).and_then(|e| entities.get(&e)) {
            Some(&ix) => {
                if seen.insert(ix) {
                    builder.designation_in(ix, Role::Long, language.tag(), level(&record.title).1);
                }
            }
            None => {
                let name = if record.code.is_empty() { &record.linearization } else { &record.code };
                let message = format!("\"{name}\" is not in the tabulation of the main language");
                diagnostics.push(Diagnostic::new(Rule::UnknownCode, file, message).at(record.at));
            }
        }
    }
    if seen.len() < entities.len() {
        let message = format!(
            "{} of {} entities have no title in `{}`",
            entities.len() - seen.len(),
            entities.len(),
            language.tag()
        );
        diagnostics.push(Diagnostic::new(Rule::CodesDisagree, file, message));
    }
}

#[cfg(test)]
mod tests;
