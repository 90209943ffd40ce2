//! What a file is, by content first and name second.

use xwalk_formats::addenda::Layout;
use xwalk_formats::{codes, omop, order, poa, tabular, text, umls};
use xwalk_model::calendar::MID_YEAR;
use xwalk_model::{CodeSystem, EditionId};

use crate::maps::{self, MapKind};
use crate::recognise_cpt::{self, CptPart};
use crate::recognise_icd11::{self, Language};
use crate::recognise_us::recognise_us;
use crate::{ImportError, InputFile};

/// The file types that are understood. A closed set: a new one is a new line here and in [`recognise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FileKind {
    /// Codes and headers in tabular order with short and long titles.
    OrderFile,
    /// Assignable codes with long titles.
    CodesFile,
    /// The tabular list of ICD-10-CM in XML.
    TabularXml,
    /// Codes exempt from present-on-admission reporting.
    PoaExempt,
    /// Changes of codes and headers against the release before.
    OrderAddenda,
    /// Changes of assignable codes against the release before.
    CodesAddenda,
    /// Additions to the exempt list.
    PoaAdd,
    /// Deletions from the exempt list.
    PoaDelete,
    /// Revised descriptions in the exempt list.
    PoaRevise,
    /// ICD-10 or ICD-10-GM in ClaML.
    Icd10Claml,
    /// Codes of ICD-10 or ICD-10-GM with their metadata.
    Icd10Codes,
    /// Chapters of ICD-10 or ICD-10-GM.
    Icd10Chapters,
    /// Groups of ICD-10 or ICD-10-GM.
    Icd10Groups,
    /// Codes of ICD-10 or ICD-10-GM with titles alone.
    Icd10Titles,
    /// Codes of ICD-10 that are valid in the mortality data of the United States.
    MortalityList,
    /// The ICD-10-PCS tables in XML.
    PcsTables,
    /// The ICD-10-PCS definitions in XML.
    PcsDefinitions,
    /// Codes of ICD-9-CM with long titles.
    Icd9Long,
    /// Codes of ICD-9-CM with short titles.
    Icd9Short,
    /// Codes of ICD-9-CM with both titles in a workbook.
    Icd9Workbook,
    /// HCPCS Level II as text.
    HcpcsText,
    /// HCPCS Level II as a workbook.
    HcpcsWorkbook,
    /// What was done to each code of HCPCS Level II.
    HcpcsChanges,
    /// The simple tabulation of ICD-11 MMS as text.
    Icd11Tabulation(Language),
    /// The simple tabulation of ICD-11 MMS as workbook.
    Icd11Workbook(Language),
    /// One of the CPT data files.
    Cpt(CptPart),
    /// Names of concepts of many systems in the UMLS; `--as` tells which edition to make.
    UmlsNames,
    /// Concepts of many systems in OMOP; `--as` tells which edition to make.
    OmopConcepts,
}

impl FileKind {
    /// The name of the part of a release, in the words of people.
    pub fn part(self) -> &'static str {
        match self {
            Self::OrderFile => "order file",
            Self::CodesFile => "code list",
            Self::TabularXml => "tabular XML",
            Self::PoaExempt => "POA-exempt list",
            Self::OrderAddenda => "order addenda",
            Self::CodesAddenda => "codes addenda",
            Self::PoaAdd => "POA-exempt additions",
            Self::PoaDelete => "POA-exempt deletions",
            Self::PoaRevise => "POA-exempt revisions",
            Self::Icd10Claml => "ClaML XML",
            Self::Icd10Codes => "code metadata",
            Self::Icd10Chapters => "chapter list",
            Self::Icd10Groups => "group list",
            Self::Icd10Titles => "title list",
            Self::MortalityList => "mortality list",
            Self::PcsTables => "tables XML",
            Self::PcsDefinitions => "definitions XML",
            Self::Icd9Long => "long titles",
            Self::Icd9Short => "short titles",
            Self::Icd9Workbook => "titles workbook",
            Self::HcpcsText => "contractor records",
            Self::HcpcsWorkbook => "contractor workbook",
            Self::HcpcsChanges => "transaction report",
            Self::Icd11Tabulation(_) => "simple tabulation",
            Self::Icd11Workbook(_) => "simple tabulation (workbook)",
            Self::Cpt(part) => part.part(),
            Self::UmlsNames => "UMLS name file",
            Self::OmopConcepts => "OMOP concept table",
        }
    }

    /// Whether the part lists the codes of an edition, so that it makes one alone.
    pub fn lists_codes(self) -> bool {
        match self {
            Self::OrderFile | Self::CodesFile | Self::TabularXml => true,
            Self::Icd9Long | Self::Icd9Short | Self::Icd9Workbook => true,
            Self::HcpcsText | Self::HcpcsWorkbook => true,
            Self::Icd10Claml | Self::Icd10Codes | Self::Icd10Titles | Self::MortalityList => true,
            Self::Icd11Tabulation(_) | Self::Icd11Workbook(_) => true,
            Self::Cpt(part) => part.lists_codes(),
            Self::UmlsNames | Self::OmopConcepts => true,
            Self::PoaExempt | Self::PoaAdd | Self::PoaDelete | Self::PoaRevise => false,
            Self::OrderAddenda | Self::CodesAddenda | Self::HcpcsChanges => false,
            Self::PcsTables | Self::PcsDefinitions | Self::Icd10Chapters | Self::Icd10Groups => false,
        }
    }

    /// Whether the part holds the codes of many systems, so that only the caller can say which edition to make.
    pub(crate) fn any_system(self) -> bool {
        matches!(self, Self::UmlsNames | Self::OmopConcepts)
    }
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// A part of an edition, or of what leads to it.
    Part {
        /// Which part.
        kind: FileKind,
        /// Of which edition.
        edition: EditionId,
    },
    /// A part whose edition neither content nor name tells.
    Unnamed {
        /// Which part.
        kind: FileKind,
        /// Of which system.
        system: CodeSystem,
    },
    /// A file that maps codes of one edition to another.
    Map(MapKind),
    /// Documentation that comes with a release.
    Documentation,
    /// Something else, with the reason why it is not understood.
    NotUnderstood(&'static str),
}

/// Decides what a file is. Reads its head, and the whole of an order file in the years in which a release within
/// the year reused the name of October.
pub fn recognise(file: &InputFile) -> Result<Recognised, ImportError> {
    let head = file.head()?;
    let lower = file.name().to_ascii_lowercase();
    // A map names codes of two systems, so it is looked for before lists of one.
    if let Some(kind) = maps::recognise(file, &head, &lower)? {
        return Ok(Recognised::Map(kind));
    }
    if let Some(found) = crate::recognise_icd10::recognise(file, &head) {
        return Ok(found);
    }
    if let Some(found) = recognise_icd11::recognise(file, &head)? {
        return Ok(found);
    }
    if let Some(found) = recognise_cpt::recognise(file, &head) {
        return Ok(found);
    }
    if umls::looks_like(&head) {
        return Ok(Recognised::Unnamed { kind: FileKind::UmlsNames, system: CodeSystem::Cpt });
    }
    if omop::is_concepts(&head) {
        return Ok(Recognised::Unnamed { kind: FileKind::OmopConcepts, system: CodeSystem::Icd10cm });
    }
    if let Some(found) = recognise_us(file, &head)? {
        return Ok(found);
    }
    let Some((kind, system)) = kind_of(&head, &lower) else {
        return Ok(not_understood(&head, &lower));
    };
    let Some(version) = version_of(file, kind, &head)? else {
        return Ok(Recognised::Unnamed { kind, system });
    };
    let Ok(edition) = EditionId::new(system, &version) else {
        return Ok(Recognised::Unnamed { kind, system });
    };
    Ok(Recognised::Part { kind, edition })
}

fn kind_of(head: &[u8], lower: &str) -> Option<(FileKind, CodeSystem)> {
    if tabular::looks_like(head) {
        return Some((FileKind::TabularXml, CodeSystem::Icd10cm));
    }
    if poa::looks_like(head) {
        let kind = match () {
            () if lower.contains("revise") => FileKind::PoaRevise,
            () if lower.contains("delete") => FileKind::PoaDelete,
            () if lower.contains("add") => FileKind::PoaAdd,
            () => FileKind::PoaExempt,
        };
        return Some((kind, CodeSystem::Icd10cm));
    }
    if let Some(layout) = Layout::detect(head) {
        let (kind, by_layout) = match layout {
            Layout::OrderWithFlag => (FileKind::OrderAddenda, CodeSystem::Icd10cm),
            Layout::Order => (FileKind::OrderAddenda, CodeSystem::Icd10pcs),
            Layout::Codes | Layout::OldStyle => (FileKind::CodesAddenda, CodeSystem::Icd10cm),
        };
        // A file that holds a trailer alone says only by its blocks which of the two it is.
        let kind = match kind {
            FileKind::CodesAddenda if lower.contains("order") => FileKind::OrderAddenda,
            kind => kind,
        };
        let system = if lower.contains("pcs") { CodeSystem::Icd10pcs } else { by_layout };
        return Some((kind, system));
    }
    if order::looks_like(head) {
        let first = order::records(head).find_map(Result::ok)?;
        return Some((FileKind::OrderFile, system_of(first.code, lower)));
    }
    // A code list has little layout of its own, so its name has to say that it is one.
    if lower.contains("codes") && codes::looks_like(head) {
        let first = codes::records(head).find_map(Result::ok)?;
        return Some((FileKind::CodesFile, system_of(first.code, lower)));
    }
    None
}

/// Codes of ICD-10-PCS may begin with a digit; those of ICD-10-CM never do.
fn system_of(first_code: &str, lower: &str) -> CodeSystem {
    let digit = first_code.starts_with(|c: char| c.is_ascii_digit());
    if digit || (lower.contains("pcs") && !lower.contains("icd10cm")) {
        CodeSystem::Icd10pcs
    } else {
        CodeSystem::Icd10cm
    }
}

fn not_understood(head: &[u8], lower: &str) -> Recognised {
    let ends = |ext: &str| lower.ends_with(ext);
    if lower.contains("readme") || lower.contains("license") {
        return Recognised::Documentation;
    }
    Recognised::NotUnderstood(if head.is_empty() {
        "the file is empty"
    } else if head.starts_with(b"%PDF") {
        "it is a PDF; expected the text or XML files of the release"
    } else if head.starts_with(b"PK\x03\x04") {
        "it is a workbook or document that no reader knows"
    } else if head.starts_with(b"\xD0\xCF\x11\xE0") {
        "it is an old Office document; save it as xlsx or text"
    } else if text::decode(head).encoding == text::Encoding::Utf16 {
        let decoded = text::decode(head);
        if order::looks_like(decoded.text.as_bytes()) {
            "it is an order file in UTF-16; expected the ASCII or UTF-8 file as the authority publishes it"
        } else {
            "it is UTF-16 text that no reader knows"
        }
    } else if head.contains(&0) {
        "it is a binary file"
    } else if ends(".xml") || head.trim_ascii_start().starts_with(b"<") {
        "it is XML or HTML that no reader knows"
    } else {
        "no reader knows its layout"
    })
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The year and month that a name tells: `icd10cm-order- April 1 2023.txt`, `2025-04`, `POAexemptCodesFY26.txt`.
pub(crate) fn year_month_of(name: &str) -> (Option<i16>, Option<i8>) {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = split_words(&lower);
    let mut year = None;
    let mut month = None;
    for (i, word) in words.iter().enumerate() {
        let digits = word.bytes().all(|b| b.is_ascii_digit());
        if year.is_none() && digits && word.len() == 4 && word.starts_with("20") {
            year = word.parse().ok();
            // `2025-04` names the month by number, right after the year.
            let next = words.get(i + 1).filter(|w| w.len() == 2).and_then(|w| w.parse::<i8>().ok());
            month = month.or(next.filter(|m| (1..=12).contains(m)));
        } else if year.is_none() && digits && word.len() == 2 && i > 0 && words[i - 1].ends_with("fy") {
            year = word.parse::<i16>().ok().map(|y| 2000 + y);
        } else if let Some(at) = MONTHS.iter().position(|m| word.starts_with(m)) {
            let full = ["january", "february", "march", "april", "may", "june", "july", "august"];
            let known = word.len() == 3 || full.contains(word) || word.len() > 6;
            if known && word.bytes().all(|b| b.is_ascii_lowercase()) {
                month = Some(at as i8 + 1);
            }
        }
    }
    (year, month)
}

/// The year and month that the name of a file tells, or the folders and archives around it.
pub(crate) fn year_month_around(file: &InputFile) -> (Option<i16>, Option<i8>) {
    let names = std::iter::once(file.name().as_ref()).chain(file.folders().iter().map(String::as_str));
    names.map(year_month_of).find(|(year, _)| year.is_some()).unwrap_or_default()
}

/// Runs of letters and runs of digits.
pub(crate) fn split_words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let class = |b: u8| (b.is_ascii_digit(), b.is_ascii_alphabetic());
    let bytes = text.as_bytes();
    for end in 1..=bytes.len() {
        if end == bytes.len() || class(bytes[end]) != class(bytes[start]) {
            if bytes[start].is_ascii_alphanumeric() {
                words.extend(text.get(start..end));
            }
            start = end;
        }
    }
    words
}

/// The version in the authority's counting, from the name, the folders around and the content.
///
/// October is the release of the fiscal year and has no month in its version; the others have one.
fn version_of(file: &InputFile, kind: FileKind, head: &[u8]) -> Result<Option<String>, ImportError> {
    let (mut year, mut month) = year_month_of(file.name());
    for folder in file.folders() {
        let (folder_year, folder_month) = year_month_of(folder);
        // Updates of April reuse the October file name; the folder or archive around may tell them apart.
        if year.is_none() || year == folder_year {
            year = year.or(folder_year);
            month = month.or(folder_month);
        }
    }
    if kind == FileKind::TabularXml && year.is_none() {
        year = xml_version(head);
    }
    if matches!(month, Some(10..)) {
        month = None;
    }
    let Some(year) = year else { return Ok(None) };
    if kind == FileKind::OrderFile && month.is_none() {
        let markers: Vec<_> = MID_YEAR
            .iter()
            .filter(|r| r.version.starts_with(&format!("{year}-")))
            .filter_map(|r| Some((r.version, r.marker?)))
            .collect();
        if !markers.is_empty() {
            let bytes = file.bytes()?;
            for (version, marker) in markers {
                let field = format!(" {marker:<7} 1 ");
                if memchr::memmem::find(&bytes, field.as_bytes()).is_some() {
                    return Ok(Some(version.to_owned()));
                }
            }
        }
    }
    Ok(Some(match month {
        None => year.to_string(),
        Some(month) => format!("{year}-{month:02}"),
    }))
}

/// The year in `<version>2025</version>`.
pub(crate) fn xml_version(head: &[u8]) -> Option<i16> {
    let start = memchr::memmem::find(head, b"<version>")? + 9;
    let text = std::str::from_utf8(head.get(start..start + 4)?).ok()?;
    text.parse().ok().filter(|y| *y > 1990)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, folders: &[&str], version: Option<&str>) {
        let file = InputFile::from_bytes(name, folders, b"00001 A00     0 x");
        assert_eq!(version_of(&file, FileKind::OrderFile, b"").unwrap().as_deref(), version, "{name}");
    }

    #[test]
    fn versions_from_names() {
        check("icd10cm_order_2026.txt", &[], Some("2026"));
        check("icd10cm-order-April-2025.txt", &[], Some("2025-04"));
        check("icd10cm-order-Jan-2021.txt", &[], Some("2021-01"));
        check("icd10cm-order- April 1 2023.txt", &[], Some("2023-04"));
        check("icd10c-tabular-April-1-2026.xml", &["2026-04"], Some("2026-04"));
        check(
            "icd10cm_order_2022.txt",
            &["Code Descriptions", "april-1-2022-code-descriptions.zip"],
            Some("2022-04"),
        );
        check("icd10cm_order_2022.txt", &["2022"], Some("2022"));
        check("icd10cm_order_2022.txt", &["2019-04"], Some("2022"));
        check("POAexemptCodesFY26.txt", &["poa_exempt", "2026"], Some("2026"));
        check("icd10cm-order-october-2023.txt", &[], Some("2023"));
        check("order.txt", &["icd10cm", "2017"], Some("2017"));
        check("order.txt", &["marker"], None);
    }

    #[test]
    fn an_april_file_under_the_october_name_is_found_out() {
        let text = b"00001 Z28310  1 x\r\n";
        let file = InputFile::from_bytes("icd10cm_order_2022.txt", &["downloads"], text);
        assert_eq!(version_of(&file, FileKind::OrderFile, text).unwrap().as_deref(), Some("2022-04"));
    }

    #[test]
    fn other_files_have_a_reason() {
        let reason =
            |name: &str, bytes: &[u8]| match recognise(&InputFile::from_bytes(name, &[], bytes)).unwrap() {
                Recognised::NotUnderstood(reason) => reason.to_owned(),
                other => format!("{other:?}"),
            };
        assert!(reason("order_2026.txt", b"%PDF-1.7").contains("PDF"));
        assert!(reason("x.txt", b"").contains("empty"));
        assert!(reason("x.xml", b"<a/>").contains("XML"));
        assert_eq!(reason("ReadMePOAexemptFY26.txt", b"Description"), "Documentation");
        let wide: Vec<u8> = format!("\u{feff}00001 A00     0 {:<60} Cholera\r\n", "Cholera")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(reason("icd10cm_order_2026.txt", &wide).contains("UTF-16"));
    }
}
