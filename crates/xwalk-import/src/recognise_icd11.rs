//! Recognises the simple tabulations of ICD-11 MMS, by the names of their columns.

use xwalk_formats::icd11::{self, Stamp};
use xwalk_formats::workbook;
use xwalk_model::{CodeSystem, EditionId};

use crate::recognise::{FileKind, Recognised, year_month_around};
use crate::{ImportError, InputFile};

/// A language as the name of a tabulation ends in: `en`, `fr`, `pt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Language([u8; 2]);

impl Language {
    /// English, in which WHO publishes first.
    pub const ENGLISH: Self = Self(*b"en");

    /// The language of a file: the last two letters of its name after a dash, else English.
    pub(crate) fn of_name(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let stem = lower.rsplit_once('.').map_or(lower.as_str(), |(stem, _)| stem);
        match stem.rsplit_once('-').map(|(_, tag)| tag.as_bytes()) {
            Some(&[a, b]) if a.is_ascii_lowercase() && b.is_ascii_lowercase() => Self([a, b]),
            _ => Self::ENGLISH,
        }
    }

    /// The BCP 47 tag.
    pub fn tag(&self) -> &str {
        // Two lower-case ASCII letters by construction.
        std::str::from_utf8(&self.0).unwrap_or("en")
    }
}

/// What the file is if it is a tabulation; `None` leaves it to the other readers.
pub(crate) fn recognise(file: &InputFile, head: &[u8]) -> Result<Option<Recognised>, ImportError> {
    let language = Language::of_name(file.name());
    let (kind, stamp) = if icd11::looks_like(head) {
        let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
        (FileKind::Icd11Tabulation(language), icd11::stamp(&String::from_utf8_lossy(first)))
    } else if workbook::looks_like(head) {
        let Some(texts) = workbook::first_texts(&file.bytes()?) else { return Ok(None) };
        if !icd11::names_columns(&texts) {
            return Ok(None);
        }
        (FileKind::Icd11Workbook(language), icd11::stamp(&texts))
    } else {
        return Ok(None);
    };
    let system = CodeSystem::Icd11mms;
    // The header cell is what WHO wrote; names are given by whoever saved the file.
    let version = match (stamp, year_month_around(file)) {
        (Some(Stamp { year, month, .. }), _) => format!("{year}-{month:02}"),
        (None, (Some(year), Some(month))) => format!("{year}-{month:02}"),
        (None, _) => return Ok(Some(Recognised::Unnamed { kind, system })),
    };
    Ok(Some(match EditionId::new(system, &version) {
        Ok(edition) => Recognised::Part { kind, edition },
        Err(_) => Recognised::Unnamed { kind, system },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_of_names() {
        let tag = |name: &str| Language::of_name(name).tag().to_owned();
        assert_eq!(tag("SimpleTabulation-ICD-11-MMS-fr.txt"), "fr");
        assert_eq!(tag("LinearizationMiniOutput-MMS-en.xlsx"), "en");
        assert_eq!(tag("simpleTabulation.txt"), "en");
        assert_eq!(tag("SimpleTabulation-ICD-11-MMS-éa.txt"), "en");
    }

    #[test]
    fn versions_from_the_header() {
        let check = |name: &str, folders: &[&str], version: &str, expected: &str| {
            let head = format!(
                "Foundation URI\tLinearization URI\tCode\tBlockId\tTitle\tClassKind\tIsResidual\t{version}\r\n"
            );
            let file = InputFile::from_bytes(name, folders, head.as_bytes());
            let found = match crate::recognise(&file).unwrap() {
                Recognised::Part { edition, .. } => edition.to_string(),
                other => format!("{other:?}"),
            };
            assert!(found.contains(expected), "{found}");
        };
        check("simpleTabulation.txt", &[], "Version:2023 Jan 23 - 22:30 UTC", "icd11mms@2023-01");
        check("simpleTabulation.txt", &["2024-01"], "x", "icd11mms@2024-01");
        check("simpleTabulation.txt", &[], "x", "Unnamed");
    }
}
