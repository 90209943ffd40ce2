//! HCPCS Level II: the contractor record as text and as a workbook made into one edition.

mod compare;
mod entry;
pub(crate) mod transactions;

use jiff::civil::Date;
use xwalk_formats::hcpcs;
use xwalk_model::calendar::hcpcs_version;
use xwalk_model::{Code, ConceptKind, Diagnostic, Edition, EditionBuilder, Hierarchy, Role, Rule};

use crate::error::ImportError;
use crate::recognise::FileKind;
use crate::release::{Release, bad_record};

use entry::{Entry, entries};

/// The attributes: each a name and the fields of the record that it is made of.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("sequence-number", &["SEQNUM"]),
    ("pricing-indicators", &["PRICE1", "PRICE2", "PRICE3", "PRICE4"]),
    ("multiple-pricing-indicator", &["MULT_PI"]),
    ("coverage-issues-manual", &["CIM1", "CIM2", "CIM3"]),
    ("carriers-manual", &["MCM1", "MCM2", "MCM3"]),
    ("statute", &["STATUTE"]),
    (
        "lab-certification",
        &["LABCERT1", "LABCERT2", "LABCERT3", "LABCERT4", "LABCERT5", "LABCERT6", "LABCERT7", "LABCERT8"],
    ),
    ("cross-references", &["XREF1", "XREF2", "XREF3", "XREF4", "XREF5"]),
    ("coverage-code", &["COV"]),
    ("asc-payment-group", &["ASC_GRP"]),
    ("asc-payment-group-date", &["ASC_DT"]),
    ("mog-payment-group", &["OPPS"]),
    ("mog-payment-policy", &["OPPS_PI"]),
    ("mog-payment-date", &["OPPS_DT"]),
    ("processing-note", &["PROCNOTE"]),
    ("betos", &["BETOS"]),
    ("type-of-service", &["TOS1", "TOS2", "TOS3", "TOS4", "TOS5"]),
    ("anesthesia-base-units", &["ANEST_BU"]),
    ("add-date", &["ADD DT"]),
    ("action-effective-date", &["ACT EFF DT"]),
    (TERMINATION, &["TERM DT"]),
    ("action-code", &["ACTION CD"]),
];

/// The attribute that says when a code ceased to be valid.
const TERMINATION: &str = "termination-date";

/// Reads the edition of a release; `None` when no file of the release lists its codes.
pub(crate) fn import(
    release: &Release,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Edition>, ImportError> {
    let mut builder = EditionBuilder::new(release.id.clone(), "en");
    builder.hierarchy(Hierarchy::Flat);
    let effective = hcpcs_version(&release.id.version);
    builder.effective(effective.unwrap_or_default());
    let mut text = None;
    if let Some(file) = release.file(FileKind::HcpcsText) {
        let bytes = file.bytes()?;
        builder.source(file.source(FileKind::HcpcsText.part(), &bytes));
        text = Some((file, entries(file.name(), hcpcs::records(&bytes), diagnostics)));
    }
    let mut workbook = None;
    if let Some(file) = release.file(FileKind::HcpcsWorkbook) {
        let bytes = file.bytes()?;
        match hcpcs::workbook(&bytes) {
            Ok(rows) => {
                builder.source(file.source(FileKind::HcpcsWorkbook.part(), &bytes));
                workbook = Some((file, entries(file.name(), rows.into_iter(), diagnostics)));
            }
            Err(error) => diagnostics.push(bad_record(file.name(), &error)),
        }
    }
    if let (Some((one, base)), Some((other, rows))) = (&text, &workbook) {
        compare::compare(one.name(), base, other.name(), rows, diagnostics);
    }
    // The text is the record that contractors load, so it has the say over the workbook.
    let mut all = match (text, workbook) {
        (Some((_, base)), Some((_, rows))) => {
            let mut base = base;
            let known: std::collections::HashSet<String> = base.iter().map(|e| e.code.clone()).collect();
            base.extend(rows.into_iter().filter(|e| !known.contains(&e.code)));
            base
        }
        (Some((_, entries)), None) | (None, Some((_, entries))) => entries,
        (None, None) => return Ok(None),
    };
    // Codes that only the workbook has go to their place.
    all.sort_by(|a, b| (!a.modifier, &a.code).cmp(&(!b.modifier, &b.code)));
    let from = effective.and_then(|p| p.from);
    let mut terminated = 0u64;
    builder.reserve(all.len(), all.len() * 300);
    for entry in &all {
        let valid = !entry.terminated_before(from);
        terminated += u64::from(!valid);
        add(&mut builder, entry, valid);
    }
    if let Some(from) = from {
        builder.remark(format!(
            "{terminated} codes and modifiers were terminated before {from} and stay in the files for some years; \
             they are held as not assignable and counted as headers"
        ));
    }
    let edition =
        builder.build().map_err(|source| ImportError::Edition { id: release.id.clone(), source })?;
    check_references(&edition, release, diagnostics);
    Ok((!edition.is_empty()).then_some(edition))
}

fn add(builder: &mut EditionBuilder, entry: &Entry, valid: bool) {
    let kind = if entry.modifier { ConceptKind::Modifier } else { ConceptKind::Code };
    let ix = builder.concept(Code::from_official(&entry.code), kind, valid);
    builder.designation(ix, Role::Long, &entry.long);
    if !entry.field("SHORT DESCRIPTION").is_empty() {
        builder.designation(ix, Role::Short, entry.field("SHORT DESCRIPTION"));
    }
    for (name, fields) in ATTRIBUTES {
        let mut value = String::new();
        for part in fields.iter().map(|f| entry.field(f)).filter(|part| !part.is_empty()) {
            if !value.is_empty() {
                value.push_str(", ");
            }
            value.push_str(part);
        }
        if !value.is_empty() {
            builder.attribute(ix, name, &value);
        }
    }
}

/// A date that is not one is told: the termination decides whether a code may be used.
fn check_references(edition: &Edition, release: &Release, diagnostics: &mut Vec<Diagnostic>) {
    let file = [FileKind::HcpcsText, FileKind::HcpcsWorkbook].into_iter().find_map(|k| release.file(k));
    let Some(file) = file else { return };
    for concept in edition.concepts() {
        for name in ["add-date", "action-effective-date", TERMINATION] {
            if let Some(value) = concept.attribute(name).filter(|v| date_of(v).is_none()) {
                let message =
                    format!("\"{}\" has the {name} \"{value}\", which is no date", concept.display());
                diagnostics
                    .push(Diagnostic::new(Rule::BadLayout, file.name(), message).hint("expected YYYYMMDD"));
            }
        }
    }
}

/// The day of `20181231`.
fn date_of(text: &str) -> Option<Date> {
    let part = |range| text.get(range);
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Date::new(part(0..4)?.parse().ok()?, part(4..6)?.parse().ok()?, part(6..8)?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InputFile;

    fn line(
        code: &str,
        id: char,
        long: &str,
        short: &str,
        added: &str,
        terminated: &str,
        action: &str,
    ) -> String {
        format!(
            "{code:>5}00100{id}{long:<80}{short:<28}{:<149}{added:<8}{added:<8}{terminated:<8}{action}{:<27}\r\n",
            "", ""
        )
    }

    fn import_text(text: &str) -> (Edition, Vec<Diagnostic>) {
        let file = InputFile::from_bytes("HCPC2018_CONTR_ANWEB.txt", &[], text.as_bytes());
        let release = Release { id: "hcpcs@2018".parse().unwrap(), files: vec![(FileKind::HcpcsText, file)] };
        let mut diagnostics = Vec::new();
        let edition = import(&release, &mut diagnostics).unwrap().unwrap();
        (edition, diagnostics)
    }

    #[test]
    fn terminated_codes_are_not_assignable() {
        let text = [
            line("A1", '7', "Dressing for one", "Dressing", "20020701", "", "N"),
            line(
                "A0021",
                '3',
                "Ambulance service, outside state per mile,",
                "Outside",
                "19820101",
                "20171231",
                "D",
            ),
            line("A0021", '4', "transport", "", "", "", ""),
            line("A0080", '3', "Transport", "Transport", "19820101", "20180101", "D"),
        ]
        .concat();
        let (edition, told) = import_text(&text);
        assert!(told.is_empty(), "{told:?}");
        assert_eq!((edition.totals().assignable, edition.totals().headers), (1, 1));
        let code = edition.get(&Code::from_official("A0021")).unwrap();
        assert_eq!(code.title(), "Ambulance service, outside state per mile, transport");
        assert_eq!((code.assignable(), code.attribute("action-code")), (false, Some("D")));
        assert_eq!(edition.get(&Code::from_official("A1")).unwrap().kind(), ConceptKind::Modifier);
        assert!(edition.remarks()[0].starts_with("1 codes and modifiers were terminated before 2018-01-01"));
    }

    #[test]
    fn a_lost_first_record_and_a_bad_date_are_told() {
        let text = [
            line("A0080", '4', "lost", "", "", "", ""),
            line("A0090", '3', "Transport", "Transport", "19821301", "", "N"),
            line("A0090", '3', "Again", "Again", "19820101", "", "N"),
        ]
        .concat();
        let (edition, told) = import_text(&text);
        assert_eq!(edition.len(), 1);
        let rules: Vec<Rule> = told.iter().map(|d| d.rule).collect();
        assert_eq!(rules, [Rule::BadLayout, Rule::DuplicateCode, Rule::BadLayout, Rule::BadLayout]);
    }
}
