//! Files of ICD-10 and ICD-10-GM, by content first and name second.

use xwalk_formats::claml::{self, Claml};
use xwalk_formats::icd_lists::{self, List};
use xwalk_formats::mortality;
use xwalk_model::{CodeSystem, EditionId};

use crate::InputFile;
use crate::icd10::{edition_year, years};
use crate::recognise::{FileKind, Recognised};

/// What a file is, if it is one of ICD-10 or ICD-10-GM.
pub(crate) fn recognise(file: &InputFile, head: &[u8]) -> Option<Recognised> {
    let (kind, system, version) = if claml::looks_like(head) {
        let heading = claml::heading(head);
        let Some(system) = system_of(&heading) else {
            return Some(Recognised::NotUnderstood(
                "it is ClaML of another classification than ICD-10 and ICD-10-GM",
            ));
        };
        let stated = years(&heading.title.version).first().copied();
        (FileKind::Icd10Claml, system, stated.or_else(|| edition_year(file)).map(|y| y.to_string()))
    } else if mortality::looks_like(head) {
        // The WHO's own editions have the plain year as their version.
        let version = edition_year(file).map(|y| format!("cdc-{y}"));
        (FileKind::MortalityList, CodeSystem::Icd10, version)
    } else {
        let list = icd_lists::detect(head)?;
        let kind = match list {
            List::Chapters => FileKind::Icd10Chapters,
            List::Groups => FileKind::Icd10Groups,
            List::Titles => FileKind::Icd10Titles,
            List::WhoCodes | List::GmCodes => FileKind::Icd10Codes,
        };
        (kind, list_system(file, list), edition_year(file).map(|y| y.to_string()))
    };
    let edition = version.and_then(|version| EditionId::new(system, &version).ok());
    Some(match edition {
        Some(edition) => Recognised::Part { kind, edition },
        None => Recognised::Unnamed { kind, system },
    })
}

/// The classification that a ClaML file names, or that the authority's identifier tells.
fn system_of(heading: &Claml) -> Option<CodeSystem> {
    let plain = |text: &str| {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect::<String>()
    };
    let name = plain(&heading.title.name);
    if name.contains("ICD10GM") {
        return Some(CodeSystem::Icd10gm);
    }
    if name.starts_with("ICD10") && !name.starts_with("ICD10CM") && !name.starts_with("ICD10PCS") {
        return Some(CodeSystem::Icd10);
    }
    if !name.is_empty() {
        return None;
    }
    let who = |id: &claml::Identifier| plain(&id.authority) == "WHO" && plain(&id.uid).starts_with("ICD10");
    heading.identifiers.iter().any(who).then_some(CodeSystem::Icd10)
}

/// The lists of chapters, groups and titles look the same in both classifications; their names differ.
fn list_system(file: &InputFile, list: List) -> CodeSystem {
    let name = file.name().to_ascii_lowercase();
    let who_name = name.contains("who");
    // The WHO names its own files in English.
    let english = ["chapters", "blocks", "groups"].iter().any(|word| name.contains(word))
        || (list == List::WhoCodes && !name.contains("gm"));
    if who_name || (english && !name.contains("gm")) { CodeSystem::Icd10 } else { CodeSystem::Icd10gm }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, folders: &[&str], content: &str, expected: &str) {
        let file = InputFile::from_bytes(name, folders, content.as_bytes());
        let seen = match recognise(&file, content.as_bytes()) {
            Some(Recognised::Part { kind, edition }) => format!("{edition} {}", kind.part()),
            Some(Recognised::Unnamed { kind, system }) => format!("{system} {}", kind.part()),
            Some(other) => format!("{other:?}").split('(').next().unwrap_or_default().to_owned(),
            None => "none".to_owned(),
        };
        assert_eq!(seen, expected, "{name}");
    }

    fn claml(name: &str, version: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE ClaML SYSTEM \"ClaML.dtd\">\n<ClaML version=\"2.0.0\">\
             <Title name=\"{name}\" version=\"{version}\" date=\"2020-03-22\">T</Title>"
        )
    }

    #[test]
    fn claml_by_its_title() {
        check("icd102019en.xml", &[], &claml("ICD-10-EN", "2019-covid-expanded"), "icd10@2019 ClaML XML");
        check("icd102016en.xml", &[], &claml("ICD-10", ""), "icd10@2016 ClaML XML");
        let gm = claml("ICD-10-GM", "2025");
        check("icd10gm2025syst_claml_20240913.xml", &[], &gm, "icd10gm@2025 ClaML XML");
        check("x.xml", &[], &claml("ICD-10-GM", "x"), "icd10gm ClaML XML");
        check("ops2025.xml", &[], &claml("OPS", "2025"), "NotUnderstood");
        let untitled = "<ClaML version=\"2.0.0\"><Identifier authority=\"WHO\" uid=\"icd10_20210322\"/>";
        check("icd102019en.xml", &[], untitled, "icd10@2019 ClaML XML");
    }

    #[test]
    fn lists_by_content_and_name() {
        check("icd102016syst_chapters.txt", &[], "01;Some\r\n", "icd10@2016 chapter list");
        check("icd102019syst_groups.txt", &[], "Q00;Q09;17;Some\r\n", "icd10@2019 group list");
        check("icd10gm2021syst_kapitel.txt", &[], "01;Some\r\n", "icd10gm@2021 chapter list");
        check("GRUPPEN.TXT", &["x1gma2005.zip"], "Q00;17;Some\r\n", "icd10gm@2005 group list");
        check("icd10who2016syst.txt", &[], "UNDEF;x\r\nQ00;y\r\n", "icd10@2016 title list");
        check("ICD10V2006.txt", &[], "UNDEF;x\r\nQ00;y\r\n", "icd10gm@2006 title list");
        let table = "Status,Code,ICD Title\r\n,Q00.0,x\r\n";
        check("allvalid2023-detailed-titles-headings.csv", &[], table, "icd10@cdc-2023 mortality list");
        check("allvalid.csv", &[], table, "icd10 mortality list");
        check("mortl1_2015.txt", &[], "1-001;x\r\n", "none");
    }
}
