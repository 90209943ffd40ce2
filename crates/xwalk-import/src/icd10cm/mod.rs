//! ICD-10-CM and ICD-10-PCS releases: order file, code list, tabular XML and POA-exempt list made into one edition.

mod expand;
mod merge;
mod refs;

use std::collections::{HashMap, HashSet};

use xwalk_formats::lines::{lines_after, unfinished};
use xwalk_formats::tabular::{self, Tabular};
use xwalk_formats::{codes, order, poa};
use xwalk_model::calendar::fiscal_year;
use xwalk_model::{
    Code, CodeSystem, ConceptIx, ConceptKind, Diagnostic, Edition, EditionBuilder, Hierarchy, Position, Role,
    Rule,
};

use crate::error::ImportError;
use crate::icd10pcs;
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
    let order = release.file(FileKind::OrderFile);
    let list = release.file(FileKind::CodesFile);
    let mut builder = new_builder(release);
    let tabular = read_tabular(release, &mut builder, diagnostics)?;
    match (order, list, &tabular) {
        (Some(file), _, Some((xml_file, xml))) => {
            let bytes = file.bytes()?;
            builder.source(file.source(FileKind::OrderFile.part(), &bytes));
            warn_if_cut(file, unfinished(&bytes), diagnostics);
            let records = order_records(release.id.system, file, &bytes, diagnostics);
            fold_gaps(&mut builder, file, diagnostics);
            merge::order_with_tabular(
                &mut builder,
                &records,
                xml,
                (file.name(), xml_file.name()),
                diagnostics,
            );
        }
        (Some(file), _, None) => {
            builder = order_alone(release, file, diagnostics)?;
        }
        (None, _, Some((file, xml))) => {
            merge::tabular_alone(&mut builder, xml, file.name(), diagnostics);
        }
        (None, Some(file), None) => codes_alone(&mut builder, file, &file.bytes()?, diagnostics),
        (None, None, None) => {
            icd10pcs::without_order_file(release, diagnostics);
            return Ok(None);
        }
    }
    let check_list = list.filter(|_| order.is_some() || tabular.is_some());
    let check_list = check_list.map(|file| Ok((file, file.bytes()?))).transpose()?;
    if let Some((file, bytes)) = &check_list {
        builder.source(file.source(FileKind::CodesFile.part(), bytes));
    }
    add_poa(release, &mut builder, diagnostics)?;
    icd10pcs::add_axes(release, &mut builder, diagnostics)?;
    let edition =
        builder.build().map_err(|source| ImportError::Edition { id: release.id.clone(), source })?;
    if let (Some((file, bytes)), true) = (&check_list, order.is_some()) {
        check_code_list(&edition, file, bytes, diagnostics);
    }
    Ok((!edition.is_empty()).then_some(edition))
}

fn new_builder(release: &Release) -> EditionBuilder {
    let mut builder = EditionBuilder::new(release.id.clone(), "en");
    match fiscal_year(&release.id.version) {
        Some(period) => builder.effective(period),
        None => builder.remark("published before 1 October 2015 and never in effect for claims"),
    }
    builder
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

pub(crate) fn warn_if_cut(file: &InputFile, end: Option<Position>, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(at) = end {
        let message = "the last line has no line end; expected CR LF as on the others";
        diagnostics.push(
            Diagnostic::new(Rule::Truncated, file.name(), message).at(at).hint(
                "the file may be cut off: compare its size with the published one, or download it again",
            ),
        );
    }
}

/// All records of an order file that can be used.
fn order_records<'a>(
    system: CodeSystem,
    file: &InputFile,
    bytes: &'a [u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<order::Record<'a>> {
    let mut checks = OrderChecks::new(file);
    let mut all: Vec<order::Record<'a>> = Vec::with_capacity(bytes.len() / 140);
    for record in order::records(bytes) {
        all.extend(checks.take(record, diagnostics));
    }
    checks.check_end(system, diagnostics);
    let repeated = checks.repeated();
    report_repeated(file, all.iter().filter(|r| repeated.contains(&r.at.line)), diagnostics);
    all.retain(|r| !repeated.contains(&r.at.line));
    all
}

/// What is checked from record to record of an order file.
struct OrderChecks<'f> {
    file: &'f InputFile,
    last: Option<u32>,
    /// Codes packed into machine words, which sort far faster than text, with their lines.
    codes: Vec<(u64, u32)>,
    first: Option<u32>,
    /// First letter of the last code, and where its line begins.
    end: Option<(u8, Position)>,
}

impl<'f> OrderChecks<'f> {
    fn new(file: &'f InputFile) -> Self {
        Self { file, last: None, codes: Vec::new(), first: None, end: None }
    }

    /// The record, if it can be used.
    fn take<'a>(
        &mut self,
        record: Result<order::Record<'a>, xwalk_formats::Error>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<order::Record<'a>> {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                diagnostics.push(bad_record(self.file.name(), &error));
                // The bad line had a number too.
                self.last = self.last.map(|l| l.saturating_add(1));
                return None;
            }
        };
        if let Some(last) = self.last.filter(|l| record.order != l.wrapping_add(1)) {
            let message = format!("order number {} follows {last}", record.order);
            let gap = Diagnostic::new(Rule::OrderGap, self.file.name(), message).at(record.at);
            diagnostics.push(gap.hint("lines may be missing; an excerpt of a release has such gaps"));
        }
        self.last = Some(record.order);
        self.first = self.first.or(self.last);
        self.end = record.code.bytes().next().map(|letter| (letter, record.at));
        let packed = record.code.bytes().fold(0u64, |word, b| word << 8 | u64::from(b));
        self.codes.push((packed, record.at.line));
        Some(record)
    }

    /// A file that numbers its lines from 1 is no excerpt, and has to end in the last chapter of its classification:
    /// Z or, from FY2021, U in ICD-10-CM, section X in ICD-10-PCS. A cut at the end of a line shows only here.
    fn check_end(&self, system: CodeSystem, diagnostics: &mut Vec<Diagnostic>) {
        let Some((letter, at)) = self.end.filter(|_| self.first == Some(1) && self.codes.len() > 1000) else {
            return;
        };
        let expected: &[u8] = if system == CodeSystem::Icd10pcs { b"X" } else { b"ZU" };
        if !expected.contains(&letter) {
            let message = format!(
                "the file ends with codes of `{}`; expected its last codes to begin with {}",
                letter as char,
                expected.iter().map(|b| format!("`{}`", *b as char)).collect::<Vec<_>>().join(" or ")
            );
            let cut = Diagnostic::new(Rule::Truncated, self.file.name(), message).at(at);
            diagnostics.push(cut.hint("the file was cut off: download it again"));
        }
    }

    /// The lines whose code stood on an earlier line.
    fn repeated(mut self) -> HashSet<u32> {
        self.codes.sort_unstable();
        self.codes.windows(2).filter(|w| w[0].0 == w[1].0).map(|w| w[1].1).collect()
    }
}

fn report_repeated<'r, 'a: 'r>(
    file: &InputFile,
    repeated: impl Iterator<Item = &'r order::Record<'a>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for record in repeated {
        let message = format!("\"{}\" stands in the file already; the first line was used", record.code);
        let repeat = Diagnostic::new(Rule::DuplicateCode, file.name(), message).at(record.at);
        diagnostics.push(repeat.hint("remove one of the lines"));
    }
}

/// Gaps in the order numbers as one line when there are many: an excerpt has hundreds of them, and no list of a whole
/// release can be held against it.
fn fold_gaps(builder: &mut EditionBuilder, file: &InputFile, diagnostics: &mut Vec<Diagnostic>) {
    let gaps = diagnostics.iter().filter(|d| d.rule == Rule::OrderGap).count();
    if gaps <= 3 {
        return;
    }
    builder.excerpt();
    builder.remark("an excerpt: the order numbers have gaps, so the totals are not those of the release");
    diagnostics.retain(|d| d.rule != Rule::OrderGap);
    diagnostics.push(Diagnostic::new(
        Rule::OrderGap,
        file.name(),
        format!("the order numbers have {gaps} gaps: this is an excerpt, or lines are missing"),
    ));
}

/// An order file without XML: the parent of a code is the longest header row that begins it.
fn order_alone(
    release: &Release,
    file: &InputFile,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<EditionBuilder, ImportError> {
    let mut found = Vec::new();
    let (builder, repeated) = stream_order(release, file, &HashSet::new(), &mut found)?;
    if repeated.is_empty() {
        diagnostics.append(&mut found);
        return Ok(builder);
    }
    // A code that stands twice is rare enough to read the file again without the second line.
    Ok(stream_order(release, file, &repeated, diagnostics)?.0)
}

/// Reads an order file in parts, without the lines in `skip`; also gives the lines whose code is repeated.
fn stream_order(
    release: &Release,
    file: &InputFile,
    skip: &HashSet<u32>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<(EditionBuilder, HashSet<u32>), ImportError> {
    let mut builder = new_builder(release);
    // The order files of ten years have about a hundred thousand lines of a hundred and fifty bytes.
    builder.reserve(100_000, 11_000_000);
    builder.hierarchy(Hierarchy::DerivedFromCodes);
    builder.remark("hierarchy derived from the header rows by code; an order file states no parents");
    let mut checks = OrderChecks::new(file);
    let mut above = Above::default();
    let streamed = file.stream(FileKind::OrderFile.part(), |part, lines, bytes| {
        for record in order::records_of(lines_after(part, lines, bytes)) {
            let Some(record) = checks.take(record, diagnostics) else { continue };
            if skip.contains(&record.at.line) {
                report_repeated(file, std::iter::once(&record), diagnostics);
                continue;
            }
            let code = Code::from_official(record.code);
            let parent = above.parent_of(&code);
            let ix = builder.concept(code.clone(), ConceptKind::Code, record.valid);
            add_titles(&mut builder, ix, &record);
            match parent {
                Some(parent) => builder.parent(ix, parent),
                None if record.code.len() > 3 => diagnostics.push(no_parent(file.name(), &record)),
                None => {}
            }
            if !record.valid {
                above.push(code, ix);
            }
        }
    })?;
    builder.source(streamed.source);
    warn_if_cut(file, streamed.cut, diagnostics);
    fold_gaps(&mut builder, file, diagnostics);
    checks.check_end(release.id.system, diagnostics);
    Ok((builder, checks.repeated()))
}

fn no_parent(file: &std::sync::Arc<str>, record: &order::Record<'_>) -> Diagnostic {
    let message = format!("\"{}\" has no header row above it", record.code);
    Diagnostic::new(Rule::NoParent, file, message).at(record.at)
}

/// The header rows that begin the code at hand, outermost first.
#[derive(Default)]
struct Above(Vec<(Code, ConceptIx)>);

impl Above {
    fn parent_of(&mut self, code: &Code) -> Option<ConceptIx> {
        while let Some((header, ix)) = self.0.last() {
            let (header, code) = (header.as_str(), code.as_str());
            if header.len() < code.len() && code.starts_with(header) {
                return Some(*ix);
            }
            self.0.pop();
        }
        None
    }

    fn push(&mut self, header: Code, ix: ConceptIx) {
        self.0.push((header, ix));
    }
}

fn add_titles(builder: &mut EditionBuilder, ix: ConceptIx, record: &order::Record<'_>) {
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
    warn_if_cut(file, unfinished(bytes), diagnostics);
    let mut seen = HashSet::new();
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
    let known: HashMap<Code, ConceptIx> = builder.codes().map(|(ix, c)| (c.clone(), ix)).collect();
    let mut seen = HashSet::new();
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
