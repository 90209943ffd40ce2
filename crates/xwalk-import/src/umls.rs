//! Lowers `MRCONSO.RRF` of the UMLS to an edition of CPT or HCPCS Level II.
//!
//! One file holds the names of every source, so the edition to make has to be told. By the kind of a name: `PT` is the
//! long title, `AB` the short one, `SY` the medium one where it has up to 48 characters, `ETCLIN` a descriptor for
//! clinicians, `ETCF` one for patients, `MP` a modifier. `HT` is a heading and no code; so are other kinds. A name
//! with `SUPPRESS` `O` is obsolete and left out; `Y` and `E` only say that a name is ambiguous or unwanted as a search
//! term, so these are kept.

use std::collections::BTreeMap;

use xwalk_formats::umls;
use xwalk_model::{
    Code, CodeSystem, ConceptKind, Diagnostic, Edition, EditionBuilder, EditionId, Hierarchy, Role, Rule,
};

use crate::release::bad_record;
use crate::{ImportError, InputFile};

/// What the file is called in lists of sources.
const PART: &str = "UMLS names";

/// The abbreviation of a system's source in the UMLS.
fn source_of(system: CodeSystem) -> Option<&'static str> {
    match system {
        CodeSystem::Cpt => Some("CPT"),
        CodeSystem::Hcpcs => Some("HCPCS"),
        _ => None,
    }
}

/// What the names of a code say: role, language and text, in the order of the roles.
#[derive(Default)]
struct Names {
    modifier: bool,
    preferred: bool,
    texts: Vec<(Role, &'static str, String)>,
}

/// The edition `id` as the file holds it; `None` when the file has no code of that system.
pub fn umls_edition(
    id: &EditionId,
    file: &InputFile,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Edition>, ImportError> {
    let Some(source) = source_of(id.system) else { return Ok(None) };
    let bytes = file.bytes()?;
    let mut builder = EditionBuilder::new(id.clone(), "en");
    builder.hierarchy(Hierarchy::Flat);
    builder.source(file.source(PART, &bytes));
    if let (CodeSystem::Cpt, Some(period)) = (id.system, crate::cpt::calendar_year(&id.version)) {
        builder.effective(period);
    }
    let mut codes: BTreeMap<String, Names> = BTreeMap::new();
    let (mut obsolete, mut headings) = (0u32, 0u32);
    for record in umls::records(&bytes) {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                diagnostics.push(bad_record(file.name(), &error));
                continue;
            }
        };
        if record.source != source {
            continue;
        }
        // OP, OA and OM are names of codes that are gone.
        if record.suppress == "O" || matches!(record.term_type, "OP" | "OA" | "OM") {
            obsolete += 1;
            continue;
        }
        let role = match record.term_type {
            "PT" | "MP" => Role::Long,
            "AB" => Role::Short,
            "SY" if record.text.chars().count() <= 48 => Role::Medium,
            "ETCLIN" => Role::Clinician,
            "ETCF" => Role::Consumer,
            "HT" => {
                headings += 1;
                continue;
            }
            _ => continue,
        };
        if let Err(error) = Code::parse(id.system, record.code) {
            diagnostics.push(Diagnostic::new(Rule::BadCode, file.name(), error.to_string()).at(record.at));
            continue;
        }
        let language = if record.language == "SPA" { "es" } else { "en" };
        let names = codes.entry(record.code.to_ascii_uppercase()).or_default();
        names.modifier |= record.term_type == "MP" || record.code.len() == 2;
        names.preferred |= matches!(record.term_type, "PT" | "MP");
        let name = (role, language, record.text.to_owned());
        if !names.texts.contains(&name) {
            names.texts.push(name);
        }
    }
    let mut nameless = 0u32;
    for (code, mut names) in codes {
        if !names.preferred {
            nameless += 1;
            continue;
        }
        let kind = if names.modifier { ConceptKind::Modifier } else { ConceptKind::Code };
        let ix = builder.concept(Code::from_official(&code), kind, !names.modifier);
        names.texts.sort_by_key(|(role, language, _)| (*role, *language));
        for (role, language, text) in &names.texts {
            match *language {
                "en" => builder.designation(ix, *role, text),
                other => builder.designation_in(ix, *role, other, text),
            }
        }
    }
    builder.remark("read from the UMLS: in the order of the codes, as of the release of the UMLS");
    for (count, what) in [
        (obsolete, "obsolete names are left out"),
        (headings, "names of headings are left out; they are no codes"),
        (nameless, "codes without a preferred name are left out"),
    ] {
        if count > 0 {
            builder.remark(format!("{count} {what}"));
        }
    }
    let edition = builder.build().map_err(|source| ImportError::Edition { id: id.clone(), source })?;
    Ok((!edition.is_empty()).then_some(edition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(source: &str, kind: &str, code: &str, text: &str, suppress: &str) -> String {
        format!("C1|ENG|P|L1|PF|S1|Y|A1||M1|D1|{source}|{kind}|{code}|{text}|9|{suppress}|256|\n")
    }

    fn sample() -> String {
        [
            line("CPT", "PT", "09990", "Invented procedure", "N"),
            line("CPT", "AB", "09990", "INVENTED PROC", "Y"),
            line("CPT", "ETCLIN", "09990", "Invented, first", "N"),
            line("CPT", "ETCLIN", "09990", "Invented, second", "N"),
            line("CPT", "ETCF", "09990", "For you", "N"),
            line("CPT", "PT", "09991", "Gone", "O"),
            line("CPT", "MP", "9Z", "Invented modifier", "N"),
            line("CPT", "HT", "1009999", "Invented heading", "N"),
            line("HCPCS", "PT", "Z9999", "Invented supply", "N"),
            line("MSH", "PT", "D1", "Other", "N"),
        ]
        .concat()
    }

    fn read(id: &str, text: &[u8]) -> (Option<Edition>, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let file = InputFile::from_bytes("MRCONSO.RRF", &[], text);
        (umls_edition(&id.parse().unwrap(), &file, &mut diagnostics).unwrap(), diagnostics)
    }

    #[test]
    fn names_by_their_kind() {
        let (edition, diagnostics) = read("cpt@2025", sample().as_bytes());
        let edition = edition.unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let codes: Vec<_> = edition.concepts().map(|c| (c.code().to_string(), c.kind())).collect();
        assert_eq!(
            codes,
            [("09990".to_owned(), ConceptKind::Code), ("9Z".to_owned(), ConceptKind::Modifier)]
        );
        let code = edition.get(&Code::from_official("09990")).unwrap();
        assert_eq!(
            (code.title(), code.designation(Role::Short)),
            ("Invented procedure", Some("INVENTED PROC"))
        );
        assert_eq!(code.designations().filter(|d| d.role == Role::Clinician).count(), 2);
        assert_eq!(edition.effective().to_string(), "2025-01-01 to 2025-12-31");
        assert_eq!(edition.remarks().len(), 3);
        let hcpcs = read("hcpcs@2025", sample().as_bytes()).0.unwrap();
        assert_eq!(hcpcs.totals().assignable, 1);
        assert!(read("icd10cm@2025", sample().as_bytes()).0.is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(at in 0usize..700, junk in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = sample().into_bytes();
            let at = at.min(bytes.len());
            bytes.splice(at..(at + junk.len() / 2).min(bytes.len()), junk);
            let _ = read("cpt@2025", &bytes);
        }
    }
}
