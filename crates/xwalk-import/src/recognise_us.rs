//! The files of ICD-9-CM, HCPCS Level II and ICD-10-PCS that are not order files: what they are and of which version.

use xwalk_formats::icd9::{self, Volume};
use xwalk_formats::{cells, hcpcs, hcpcs_changes, order, pcs_definitions, pcs_tables};
use xwalk_model::{CodeSystem, EditionId};

use crate::recognise::{FileKind, Recognised, split_words, year_month_of};
use crate::{ImportError, InputFile};

/// How many rows of a sheet are looked at; disclaimers stand above the header row.
const ROWS: usize = 40;

/// Decides whether a file is one of these.
pub(crate) fn recognise_us(file: &InputFile, head: &[u8]) -> Result<Option<Recognised>, ImportError> {
    if pcs_tables::looks_like(head) || pcs_definitions::looks_like(head) {
        let kind = if pcs_tables::looks_like(head) { FileKind::PcsTables } else { FileKind::PcsDefinitions };
        return Ok(Some(named(kind, CodeSystem::Icd10pcs, pcs_version(file, head))));
    }
    if hcpcs::looks_like(head) {
        return Ok(Some(named(FileKind::HcpcsText, CodeSystem::Hcpcs, hcpcs_version(file))));
    }
    if is_hcpcs_paper(file, head) {
        return Ok(Some(Recognised::Documentation));
    }
    if file.name().to_ascii_lowercase().ends_with(".xlsx") {
        return workbook(file);
    }
    // Five digits and a blank begin an order file too.
    if order::looks_like(head) {
        return Ok(None);
    }
    Ok(icd9::volume_of(head).map(|volume| {
        let kind = if is_short(file, head, volume) { FileKind::Icd9Short } else { FileKind::Icd9Long };
        named(kind, system_of(volume), icd9_version(file))
    }))
}

fn workbook(file: &InputFile) -> Result<Option<Recognised>, ImportError> {
    let bytes = file.bytes()?;
    // What cannot be opened is told by the recognition of other files.
    let Ok(sheets) = cells::sheets(&bytes, ROWS) else { return Ok(None) };
    let rows = || sheets.iter().flat_map(|s| &s.rows);
    if let Some(volume) = sheets.iter().find_map(|s| icd9::volume_of_rows(&s.rows)) {
        return Ok(Some(named(FileKind::Icd9Workbook, system_of(volume), icd9_version(file))));
    }
    if rows().any(hcpcs_changes::is_header) {
        return Ok(Some(named(FileKind::HcpcsChanges, CodeSystem::Hcpcs, hcpcs_version(file))));
    }
    if rows().any(hcpcs::is_header) {
        return Ok(Some(named(FileKind::HcpcsWorkbook, CodeSystem::Hcpcs, hcpcs_version(file))));
    }
    Ok(None)
}

fn named(kind: FileKind, system: CodeSystem, version: Option<String>) -> Recognised {
    match version.and_then(|version| EditionId::new(system, &version).ok()) {
        Some(edition) => Recognised::Part { kind, edition },
        None => Recognised::Unnamed { kind, system },
    }
}

/// The record layout, the processing notes, and the transaction report printed with its titles cut off.
fn is_hcpcs_paper(file: &InputFile, head: &[u8]) -> bool {
    let lower = file.name().to_ascii_lowercase();
    let has = |text: &[u8]| memchr::memmem::find(&head[..head.len().min(4000)], text).is_some();
    let printed = lower.rsplit_once('.').is_some_and(|(name, ext)| ext == "prn" && name.contains("changes"));
    has(b"HCPCS Contractor Record") || printed || (lower.starts_with("proc_notes") && has(b"PROCESSING NOTE"))
}

fn system_of(volume: Volume) -> CodeSystem {
    match volume {
        Volume::Diagnoses => CodeSystem::Icd9cm,
        Volume::Procedures => CodeSystem::Icd9pcs,
    }
}

/// Short titles have at most 24 characters, and the name tells where the first lines do not.
fn is_short(file: &InputFile, head: &[u8], volume: Volume) -> bool {
    let lower = file.name().to_ascii_lowercase();
    let short = lower.contains("short") || lower.contains("abbr");
    if short != lower.contains("long") {
        return short;
    }
    icd9::records(head, volume).flatten().all(|r| r.title.trim_end().chars().count() <= 24)
}

/// The version in `CMS32_DESC_LONG_DX.txt`, `V27LONG_SHORT_DX.txt`, a folder `32` or `fy2015`.
fn icd9_version(file: &InputFile) -> Option<String> {
    let from_words = |text: &str| {
        let lower = text.to_ascii_lowercase();
        let words = split_words(&lower);
        let number = |i: usize| words.get(i)?.parse::<u16>().ok();
        let counted = (0..words.len()).find_map(|i| {
            let led = i.checked_sub(1).and_then(|b| words.get(b)).is_some_and(|w| {
                w.ends_with("cms") || matches!(*w, "v" | "ver" | "version") || w.ends_with("diagnosesv")
            });
            number(i).filter(|n| (led || words.len() == 1) && (9..=32).contains(n))
        });
        counted.or_else(|| {
            let year = (0..words.len()).find_map(|i| number(i).filter(|n| (1993..=2015).contains(n)))?;
            Some(year - 1983)
        })
    };
    let texts = std::iter::once(file.name().as_ref()).chain(file.folders().iter().map(String::as_str));
    texts.into_iter().find_map(from_words).map(|n| n.to_string())
}

/// The year, and the month of a release within the year: `HCPC2019_CONTR_ANWEB.txt`, `HCPC18_Trans_Report.xlsx`,
/// `HCPC2020_JUL_ANWEB.xlsx`, a folder `july-2020-alpha-numeric-hcpcs-file`.
fn hcpcs_version(file: &InputFile) -> Option<String> {
    let of = |text: &str| {
        let (year, month) = year_month_of(text);
        let short = || {
            let lower = text.to_ascii_lowercase();
            let words = split_words(&lower);
            let pair = words.windows(2).find(|w| w[0].starts_with("hcpc") && w[1].len() == 2)?;
            pair[1].parse::<i16>().ok().map(|y| 2000 + y)
        };
        (year.or_else(short), month)
    };
    let (mut year, mut month) = of(file.name());
    for folder in file.folders() {
        let (folder_year, folder_month) = of(folder);
        // The folder tells the quarter of a file that has only the year in its name.
        if year.is_none() || year == folder_year {
            year = year.or(folder_year);
            month = month.or(folder_month);
        }
    }
    let year = year?;
    Some(match month {
        None | Some(1) => year.to_string(),
        Some(month) => format!("{year}-{month:02}"),
    })
}

/// The year in the name, else in the `version` element.
fn pcs_version(file: &InputFile, head: &[u8]) -> Option<String> {
    let texts = std::iter::once(file.name().as_ref()).chain(file.folders().iter().map(String::as_str));
    let named = texts.into_iter().find_map(|text| {
        let (year, month) = year_month_of(text);
        Some((year?, month))
    });
    let (year, month) = named.or_else(|| Some((crate::recognise::xml_version(head)?, None)))?;
    Some(match month {
        None | Some(10..) => year.to_string(),
        Some(month) => format!("{year}-{month:02}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, folders: &[&str], bytes: &[u8], expected: &str) {
        let file = InputFile::from_bytes(name, folders, bytes);
        let found = match recognise_us(&file, bytes).unwrap() {
            Some(Recognised::Part { kind, edition }) => format!("{} {edition}", kind.part()),
            Some(Recognised::Unnamed { kind, system }) => format!("{} {system}@?", kind.part()),
            other => format!("{other:?}"),
        };
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn icd9_by_name_and_content() {
        let diagnoses =
            b"0010  Cholera due to vibrio cholerae\n0011  Cholera due to vibrio cholerae el tor\n";
        check("CMS32_DESC_LONG_DX.txt", &[], diagnoses, "long titles icd9cm@32");
        check("I9diagnosesV25.txt", &["x"], diagnoses, "long titles icd9cm@25");
        check("titles.txt", &["fy2010"], diagnoses, "long titles icd9cm@27");
        check("titles.txt", &["32", "icd9cm"], diagnoses, "long titles icd9cm@32");
        check("titles.txt", &[], diagnoses, "long titles icd9cm@?");
        let short = b"0001 Ther ult head & neck ves\n0002 Ther ultrasound of heart\n";
        check("CMS32_DESC_SHORT_SG.txt", &[], short, "short titles icd9pcs@32");
        check("CMS32_DESC_SG.txt", &[], short, "short titles icd9pcs@32");
        check("2018_I9gem.txt", &["gem"], b"0010  A000    10000\r\n0011  A001    10000\r\n", "None");
        check("icd10cm_order_2026.txt", &[], b"00001 A00     0 Cholera\r\n", "None");
    }

    #[test]
    fn hcpcs_by_name_and_content() {
        let text = format!("   A1001007{:<80}{:<229}\r\n", "Dressing", "Dressing");
        let text = text.as_bytes();
        check("HCPC2019_CONTR_ANWEB.txt", &["2019"], text, "contractor records hcpcs@2019");
        check("HCPC2020_JUL_ANWEB.txt", &[], text, "contractor records hcpcs@2020-07");
        check("HCPC2020_ANWEB.txt", &["October 2020.zip"], text, "contractor records hcpcs@2020-10");
        check("HCPC2020_ANWEB.txt", &["july-2020-hcpcs.zip"], text, "contractor records hcpcs@2020-07");
        check("HCPC18_ANWEB.txt", &[], text, "contractor records hcpcs@2018");
        check("HCPC2021_JAN_ANWEB.txt", &[], text, "contractor records hcpcs@2021");
        check("HCPCS18_recordlayout.txt", &[], b"***  HCPCS Contractor Record - 2018", "Some(Documentation)");
    }

    #[test]
    fn pcs_by_content() {
        let tables = b"<?xml version=\"1.0\"?><ICD10PCS.tabular><version>2026</version>";
        check("icd10pcs_tables_2026.xml", &[], tables, "tables XML icd10pcs@2026");
        check("tables.xml", &[], tables, "tables XML icd10pcs@2026");
    }
}
