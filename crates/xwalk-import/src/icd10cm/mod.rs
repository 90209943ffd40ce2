//! ICD-10-CM and ICD-10-PCS releases: order file, code list, tabular XML and POA-exempt list made into one edition.

mod expand;
mod merge;
mod refs;

use std::collections::HashMap;

use xwalk_formats::lines::unfinished;
use xwalk_formats::tabular::{self, Tabular};
use xwalk_formats::{codes, order, poa};
use xwalk_model::calendar::fiscal_year;
use xwalk_model::{
    Code, CodeSystem, ConceptKind, Diagnostic, Edition, EditionBuilder, Hierarchy, Role, Rule,
};

use crate::error::ImportError;
use crate::input::InputFile;
use crate::recognise::FileKind;
use crate::release::{Release, bad_record};

/// The name of the attribute that POA-exempt codes have, with the value `yes`.
const POA_EXEMPT: &str = "poa-exempt";

/// Reads the edition of a release; `None` when no file of the release lists its codes.
pub(crate) fn import(
    release: &Release,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Edition>, ImportError> {
    let mut builder = EditionBuilder::new(release.id.clone(), "en");
    match fiscal_year(&release.id.version) {
        Some(period) => builder.effective(period),
        None => builder.remark("published before 1 October 2015 and never in effect for claims"),
    }
    let tabular = read_tabular(release, &mut builder, diagnostics)?;
    let order = release.file(FileKind::OrderFile).map(|file| Ok((file, file.bytes()?))).transpose()?;
    let list = release.file(FileKind::CodesFile).map(|file| Ok((file, file.bytes()?))).transpose()?;
    match (&order, &list, &tabular) {
        (Some((file, bytes)), _, Some((xml_file, xml))) => {
            builder.source(file.source(FileKind::OrderFile.part(), bytes));
            warn_if_cut(file, bytes, diagnostics);
            let records = order_records(file, bytes, diagnostics);
            merge::order_with_tabular(
                &mut builder,
                &records,
                xml,
                (file.name(), xml_file.name()),
                diagnostics,
            );
        }
        (Some((file, bytes)), _, None) => {
            builder.source(file.source(FileKind::OrderFile.part(), bytes));
            warn_if_cut(file, bytes, diagnostics);
            order_alone(&mut builder, file, bytes, diagnostics);
        }
        (None, _, Some((file, xml))) => {
            merge::tabular_alone(&mut builder, xml, file.name(), diagnostics);
        }
        (None, Some((file, bytes)), None) => codes_alone(&mut builder, file, bytes, diagnostics),
        (None, None, None) => return Ok(None),
    }
    if let (Some((file, bytes)), true) = (&list, order.is_some() || tabular.is_some()) {
        builder.source(file.source(FileKind::CodesFile.part(), bytes));
    }
    add_poa(release, &mut builder, diagnostics)?;
    let edition =
        builder.build().map_err(|source| ImportError::Edition { id: release.id.clone(), source })?;
    if let (Some((file, bytes)), true) = (&list, order.is_some()) {
        check_code_list(&edition, file, bytes, diagnostics);
    }
    Ok((!edition.is_empty()).then_some(edition))
}

fn read_tabular<'r>(
    release: &'r Release,
    builder: &mut EditionBuilder,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<(&'r InputFile, Tabular)>, ImportError> {
    let Some(file) = release.file(FileKind::TabularXml) else { return Ok(None) };
    let bytes = file.bytes()?;
    match tabular::read(&bytes) {
        Ok(xml) => {
            builder.source(file.source(FileKind::TabularXml.part(), &bytes));
            diagnostics.extend(xml.unknown.iter().map(|e| bad_record(file.name(), e)));
            Ok(Some((file, xml)))
        }
        Err(error) => {
            diagnostics.push(bad_record(file.name(), &error));
            Ok(None)
        }
    }
}

fn warn_if_cut(file: &InputFile, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) {
    if let Some(at) = unfinished(bytes) {
        let message = "the last line has no line end; expected CR LF as on the others";
        diagnostics.push(
            Diagnostic::new(Rule::Truncated, file.name(), message).at(at).hint(
                "the file may be cut off: compare its size with the published one, or download it again",
            ),
        );
    }
}

/// The records of an order file, with a diagnostic for each that is bad, repeated or out of order.
fn order_records<'a>(
    file: &InputFile,
    bytes: &'a [u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<order::Record<'a>> {
    let mut all: Vec<order::Record<'a>> = Vec::with_capacity(bytes.len() / 140);
    let mut last = None;
    for record in order::records(bytes) {
        match record {
            Err(error) => {
                diagnostics.push(bad_record(file.name(), &error));
                // The bad line had a number too.
                last = last.map(|l: u32| l + 1);
            }
            Ok(record) => {
                if let Some(last) = last
                    && record.order != last + 1
                {
                    let message =
                        format!("order number {} follows {last}; expected {}", record.order, last + 1);
                    diagnostics.push(
                        Diagnostic::new(Rule::OrderGap, file.name(), message)
                            .at(record.at)
                            .hint("lines may be missing; an excerpt of a release has such gaps"),
                    );
                }
                last = Some(record.order);
                all.push(record);
            }
        }
    }
    drop_repeated(file, &mut all, diagnostics);
    all
}

fn drop_repeated(file: &InputFile, all: &mut Vec<order::Record<'_>>, diagnostics: &mut Vec<Diagnostic>) {
    // A code of up to seven letters and digits fits a machine word, which sorts far faster than text.
    let packed = |code: &str| code.bytes().fold(0u64, |word, b| word << 8 | u64::from(b));
    let mut by_code: Vec<(u64, usize)> = all.iter().enumerate().map(|(i, r)| (packed(r.code), i)).collect();
    by_code.sort_unstable();
    let mut repeated: Vec<usize> = by_code.windows(2).filter(|w| w[0].0 == w[1].0).map(|w| w[1].1).collect();
    repeated.sort_unstable();
    for &i in &repeated {
        let message = format!("\"{}\" stands in the file already; the first line was used", all[i].code);
        diagnostics.push(
            Diagnostic::new(Rule::DuplicateCode, file.name(), message)
                .at(all[i].at)
                .hint("remove one of the lines"),
        );
    }
    for &i in repeated.iter().rev() {
        all.remove(i);
    }
}

/// Gaps in the order numbers as one line when there are many: an excerpt has hundreds of them.
fn fold_gaps(file: &InputFile, diagnostics: &mut Vec<Diagnostic>) {
    let gaps = diagnostics.iter().filter(|d| d.rule == Rule::OrderGap).count();
    if gaps <= 3 {
        return;
    }
    diagnostics.retain(|d| d.rule != Rule::OrderGap);
    diagnostics.push(Diagnostic::new(
        Rule::OrderGap,
        file.name(),
        format!("the order numbers have {gaps} gaps: this is an excerpt, or lines are missing"),
    ));
}

/// An order file without XML: the parent of a code is the longest header row that begins it.
fn order_alone(
    builder: &mut EditionBuilder,
    file: &InputFile,
    bytes: &[u8],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let records = order_records(file, bytes, diagnostics);
    fold_gaps(file, diagnostics);
    builder.reserve(records.len(), bytes.len() * 3 / 4);
    builder.hierarchy(Hierarchy::DerivedFromCodes);
    builder.remark("hierarchy derived from the header rows by code; an order file states no parents");
    let mut above = Above::default();
    for record in &records {
        let ix = builder.concept(Code::from_official(record.code), ConceptKind::Code, record.valid);
        add_titles(builder, ix, record);
        match above.parent_of(record.code) {
            Some(parent) => builder.parent(ix, parent),
            None if record.code.len() > 3 => diagnostics.push(no_parent(file.name(), record)),
            None => {}
        }
        if !record.valid {
            above.push(record.code, ix);
        }
    }
}

fn no_parent(file: &std::sync::Arc<str>, record: &order::Record<'_>) -> Diagnostic {
    let message = format!("\"{}\" has no header row above it", record.code);
    Diagnostic::new(Rule::NoParent, file, message).at(record.at)
}

/// The header rows that begin the code at hand, outermost first.
#[derive(Default)]
struct Above<'a>(Vec<(&'a str, xwalk_model::ConceptIx)>);

impl<'a> Above<'a> {
    fn parent_of(&mut self, code: &str) -> Option<xwalk_model::ConceptIx> {
        while let Some(&(header, ix)) = self.0.last() {
            if header.len() < code.len() && code.starts_with(header) {
                return Some(ix);
            }
            self.0.pop();
        }
        None
    }

    fn push(&mut self, code: &'a str, ix: xwalk_model::ConceptIx) {
        self.0.push((code, ix));
    }
}

fn add_titles(builder: &mut EditionBuilder, ix: xwalk_model::ConceptIx, record: &order::Record<'_>) {
    builder.designation(ix, Role::Long, record.long);
    builder.designation(ix, Role::Short, record.short);
}

/// A code list alone: assignable codes without headers and short titles.
fn codes_alone(
    builder: &mut EditionBuilder,
    file: &InputFile,
    bytes: &[u8],
    diagnostics: &mut Vec<Diagnostic>,
) {
    builder.source(file.source(FileKind::CodesFile.part(), bytes));
    builder.remark("read from a code list: no headers, no short titles, no hierarchy");
    warn_if_cut(file, bytes, diagnostics);
    let mut seen = std::collections::HashSet::new();
    for record in codes::records(bytes) {
        match record {
            Err(error) => diagnostics.push(bad_record(file.name(), &error)),
            Ok(record) if seen.insert(record.code) => {
                let ix = builder.concept(Code::from_official(record.code), ConceptKind::Code, true);
                builder.designation(ix, Role::Long, record.long);
            }
            Ok(record) => {
                let message =
                    format!("\"{}\" stands in the file already; the first line was used", record.code);
                diagnostics.push(Diagnostic::new(Rule::DuplicateCode, file.name(), message).at(record.at));
            }
        }
    }
}

/// Holds a code list against the order file of the same release.
fn check_code_list(edition: &Edition, file: &InputFile, bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) {
    let mut listed = 0u64;
    for record in codes::records(bytes) {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                diagnostics.push(bad_record(file.name(), &error));
                continue;
            }
        };
        listed += 1;
        match edition.get(&Code::from_official(record.code)) {
            Some(concept) if concept.assignable() => {
                let long = concept.designation(Role::Long).unwrap_or_default();
                if long != record.long.trim_end() {
                    let message = format!(
                        "\"{}\" has the title \"{}\" here and \"{long}\" in the order file, which was followed",
                        record.code, record.long
                    );
                    let found = Diagnostic::new(Rule::TitlesDisagree, file.name(), message);
                    diagnostics.push(found.at(record.at));
                }
            }
            _ => {
                let message =
                    format!("\"{}\" is not a valid code in the order file, which was followed", record.code);
                diagnostics.push(Diagnostic::new(Rule::CodesDisagree, file.name(), message).at(record.at));
            }
        }
    }
    let valid = edition.totals().assignable;
    if listed != valid {
        let message = format!("{listed} codes are listed here, {valid} valid codes in the order file");
        diagnostics.push(Diagnostic::new(Rule::CodesDisagree, file.name(), message));
    }
}

/// Adds the POA-exempt list as an attribute.
fn add_poa(
    release: &Release,
    builder: &mut EditionBuilder,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<(), ImportError> {
    let Some(file) = release.file(FileKind::PoaExempt) else { return Ok(()) };
    let bytes = file.bytes()?;
    builder.source(file.source(FileKind::PoaExempt.part(), &bytes));
    let rows = match poa::records(&bytes) {
        Ok(rows) => rows,
        Err(error) => {
            diagnostics.push(bad_record(file.name(), &error));
            return Ok(());
        }
    };
    let known: HashMap<Code, xwalk_model::ConceptIx> =
        builder.codes().map(|(ix, c)| (c.clone(), ix)).collect();
    let mut seen = std::collections::HashSet::new();
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                diagnostics.push(bad_record(file.name(), &error));
                continue;
            }
        };
        let code = Code::parse(CodeSystem::Icd10cm, &row.code).ok();
        match code.as_ref().and_then(|c| known.get(c)) {
            Some(&ix) => {
                if seen.insert(ix) {
                    builder.attribute(ix, POA_EXEMPT, "yes");
                }
            }
            None => {
                let message = format!("\"{}\" is not in the edition {}", row.code, release.id);
                diagnostics.push(Diagnostic::new(Rule::UnknownCode, file.name(), message).at(row.at));
            }
        }
    }
    Ok(())
}
