//! Lowers the vocabulary tables of OMOP (Athena) to editions and concept maps.
//!
//! One pair of files holds many vocabularies, so the edition to make has to be told; its version is `omop` unless the
//! caller knows better. Concepts with an `invalid_reason` are left out of editions: the tables keep codes that were
//! deleted or replaced at any time. They stay as sources of maps, since `Concept replaced by` goes out from them.

use std::collections::{BTreeMap, HashMap};

use compact_str::CompactString;
use xwalk_formats::omop::{self, Concept};
use xwalk_model::{
    Code, CodeSystem, ConceptKind, ConceptMap, Diagnostic, Edition, EditionBuilder, EditionId, Hierarchy,
    MapId, Mapping, Provenance, Relationship, Role, Rule, Targets,
};

use crate::release::bad_record;
use crate::{ImportError, InputFile};

/// The version of what is read from OMOP, where none is told.
pub const OMOP_VERSION: &str = "omop";

/// The relationships that lead from code to code, and the names of the maps that they make.
const MAPS: [(&str, &str); 2] = [("Maps to", "omop-maps-to"), ("Concept replaced by", "omop-replaced-by")];

fn system_of(vocabulary: &str) -> Option<CodeSystem> {
    Some(match vocabulary {
        "ICD10CM" => CodeSystem::Icd10cm,
        "ICD10PCS" => CodeSystem::Icd10pcs,
        "ICD9CM" => CodeSystem::Icd9cm,
        "ICD9Proc" => CodeSystem::Icd9pcs,
        "ICD10" => CodeSystem::Icd10,
        "ICD10GM" => CodeSystem::Icd10gm,
        "HCPCS" => CodeSystem::Hcpcs,
        "CPT4" => CodeSystem::Cpt,
        _ => return None,
    })
}

/// What a concept is by its class, and whether it is assignable.
fn kind_of(class: &str) -> (ConceptKind, bool) {
    let lower = class.to_ascii_lowercase();
    match () {
        () if lower.contains("modifier") => (ConceptKind::Modifier, false),
        () if lower.contains("subchapter") => (ConceptKind::Block, false),
        () if lower.contains("chapter") => (ConceptKind::Chapter, false),
        () if lower == "cpt4 hierarchy" || lower == "hcpcs class" => (ConceptKind::Block, false),
        () if lower.contains("nonbill") || lower.contains("hierarchy") => (ConceptKind::Code, false),
        () => (ConceptKind::Code, true),
    }
}

fn code_of(system: CodeSystem, concept: &Concept) -> Option<Code> {
    match kind_of(&concept.class).0 {
        ConceptKind::Chapter | ConceptKind::Block if !concept.code.trim().is_empty() => {
            Some(Code::from_official(&concept.code.trim().to_uppercase()))
        }
        _ => Code::parse(system, &concept.code).ok(),
    }
}

/// The edition `id` as `CONCEPT.csv` holds it; `None` when the file has no code of that system.
pub fn omop_edition(
    id: &EditionId,
    file: &InputFile,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Edition>, ImportError> {
    let bytes = file.bytes()?;
    let mut builder = EditionBuilder::new(id.clone(), "en");
    builder.hierarchy(Hierarchy::Flat);
    builder.source(file.source("OMOP concepts", &bytes));
    let mut codes: BTreeMap<Code, Concept> = BTreeMap::new();
    let (mut invalid, mut nameless) = (0u32, 0u32);
    for concept in good(omop::concepts(&bytes), file, diagnostics) {
        if system_of(&concept.vocabulary) != Some(id.system) {
            continue;
        }
        if !concept.invalid.trim().is_empty() {
            invalid += 1;
            continue;
        }
        let Some(code) = code_of(id.system, &concept) else {
            let message = format!("\"{}\" is not written like a code of {}", concept.code, id.system.name());
            diagnostics.push(Diagnostic::new(Rule::BadCode, file.name(), message).at(concept.at));
            continue;
        };
        if codes.contains_key(&code) {
            let message = format!("\"{code}\" stands in the file already; the first row was used");
            diagnostics.push(Diagnostic::new(Rule::DuplicateCode, file.name(), message).at(concept.at));
            continue;
        }
        nameless += u32::from(concept.name.trim().is_empty());
        codes.insert(code, concept);
    }
    for (code, concept) in codes {
        let (kind, assignable) = kind_of(&concept.class);
        let ix = builder.concept(code, kind, assignable);
        if !concept.name.trim().is_empty() {
            builder.designation(ix, Role::Long, &concept.name);
        }
        builder.attribute(ix, "omop-concept-id", &concept.id.to_string());
    }
    builder.remark("read from OMOP: names are cut at 255 characters, and the order is that of the codes");
    for (count, what) in [
        (invalid, "codes that OMOP marks as deleted or replaced are left out"),
        (nameless, "codes have no name; the tool that comes with CPT from Athena fills them in"),
    ] {
        if count > 0 {
            builder.remark(format!("{count} {what}"));
        }
    }
    let edition = builder.build().map_err(|source| ImportError::Edition { id: id.clone(), source })?;
    Ok((!edition.is_empty()).then_some(edition))
}

/// The maps among the systems that are known, one for each pair of systems and each relationship.
pub fn omop_maps(
    concepts: &InputFile,
    relationships: &InputFile,
    version: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<ConceptMap>, ImportError> {
    let concept_bytes = concepts.bytes()?;
    let mut known: HashMap<u64, (CodeSystem, Code)> = HashMap::new();
    for concept in good(omop::concepts(&concept_bytes), concepts, diagnostics) {
        let found = system_of(&concept.vocabulary).and_then(|s| Some((s, code_of(s, &concept)?)));
        if let Some(found) = found {
            known.insert(concept.id, found);
        }
    }
    let bytes = relationships.bytes()?;
    let sources = [
        relationships.source("OMOP relationships", &bytes),
        concepts.source("OMOP concepts", &concept_bytes),
    ];
    let mut maps: BTreeMap<(CodeSystem, CodeSystem, &str), ConceptMap> = BTreeMap::new();
    for row in good(omop::relationships(&bytes), relationships, diagnostics) {
        let Some((_, name)) = MAPS.iter().find(|(relation, _)| *relation == row.name) else { continue };
        // A standard concept maps to itself, which says nothing about another code.
        if row.from == row.to || !row.invalid.trim().is_empty() {
            continue;
        }
        let (Some((from, source)), Some((to, target))) = (known.get(&row.from), known.get(&row.to)) else {
            continue;
        };
        let ids = (EditionId::new(*from, version), EditionId::new(*to, version));
        let (Ok(source_id), Ok(target_id)) = ids else { continue };
        let map = maps.entry((*from, *to, *name)).or_insert_with(|| {
            let id = MapId { source: source_id, target: target_id, name: (*name).to_owned() };
            let mut map = ConceptMap::new(id);
            map.sources = sources.to_vec();
            map
        });
        map.push(
            source.clone(),
            Mapping {
                targets: Targets::One(target.clone()),
                // OMOP maps to the same meaning or a wider one and does not say which.
                relationship: Relationship::RelatedTo,
                provenance: Provenance::Official { file: 0, line: row.at.line },
                flags: CompactString::from(row.name),
            },
        );
    }
    Ok(maps.into_values().collect())
}

/// The records that can be read; the others, or a missing column, become diagnostics.
fn good<T>(
    records: Result<impl Iterator<Item = Result<T, xwalk_formats::Error>>, xwalk_formats::Error>,
    file: &InputFile,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<T> {
    match records {
        Err(error) => {
            diagnostics.push(bad_record(file.name(), &error));
            Vec::new()
        }
        Ok(records) => {
            let mut keep =
                |r: Result<T, _>| r.map_err(|e| diagnostics.push(bad_record(file.name(), &e))).ok();
            records.filter_map(&mut keep).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONCEPTS: &str = "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\t\
        concept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n\
        1\tInvented \"a\tC\tICD10CM\t4-char billing code\t\tZ99.9\t19700101\t20991231\t\n\
        2\tInvented\tC\tICD10CM\t3-char nonbill code\t\tZ99\t19700101\t20991231\t\n\
        3\tGone\tC\tICD10CM\t4-char billing code\t\tZ99.8\t19700101\t20200930\tU\n\
        4\t\tP\tCPT4\tCPT4\tS\t0999U\t19700101\t20991231\t\n\
        5\tInvented\tP\tHCPCS\tHCPCS Modifier\tS\tZ9\t19700101\t20991231\t\n\
        6\tOther\tC\tSNOMED\tDisorder\tS\t123\t19700101\t20991231\t\n";
    const RELATIONS: &str = "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n\
        3\t1\tConcept replaced by\t19700101\t20991231\t\n1\t6\tMaps to\t19700101\t20991231\t\n\
        1\t4\tMaps to\t19700101\t20991231\t\n2\t4\tMaps to\t19700101\t20991231\tD\n4\t4\tMaps to\t19700101\t20991231\t\n";

    fn read(id: &str, bytes: &[u8]) -> (Option<Edition>, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let file = InputFile::from_bytes("CONCEPT.csv", &[], bytes);
        (omop_edition(&id.parse().unwrap(), &file, &mut diagnostics).unwrap(), diagnostics)
    }

    #[test]
    fn an_edition_for_each_vocabulary() {
        let (edition, diagnostics) = read("icd10cm@omop", CONCEPTS.as_bytes());
        let edition = edition.unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!((edition.totals().assignable, edition.totals().headers), (1, 1));
        let code = edition.get(&Code::from_official("Z999")).unwrap();
        assert_eq!((code.title(), code.attribute("omop-concept-id")), ("Invented \"a", Some("1")));
        assert_eq!(read("cpt@omop", CONCEPTS.as_bytes()).0.unwrap().len(), 1);
        let modifier = read("hcpcs@omop", CONCEPTS.as_bytes()).0.unwrap();
        assert_eq!(modifier.concepts().next().unwrap().kind(), ConceptKind::Modifier);
        assert!(read("icd9cm@omop", CONCEPTS.as_bytes()).0.is_none());
    }

    #[test]
    fn the_caller_says_which_edition_a_file_of_many_is() {
        let folder = std::env::temp_dir().join(format!("xwalk-omop-{}", std::process::id()));
        fs_err::create_dir_all(&folder).unwrap();
        let path = folder.join("CONCEPT.csv");
        fs_err::write(&path, CONCEPTS).unwrap();
        let id: EditionId = "hcpcs@omop".parse().unwrap();
        let told = crate::discover(std::slice::from_ref(&path), Some(&id)).unwrap();
        let edition = told.releases[0].import().unwrap().edition.unwrap();
        let untold = crate::discover(&[path], None).unwrap();
        fs_err::remove_dir_all(&folder).unwrap();
        assert_eq!((edition.id(), edition.len()), (&id, 1));
        assert!(untold.releases.is_empty());
        assert!(untold.diagnostics[0].hint.as_deref().unwrap().contains("--as"));
    }

    #[test]
    fn maps_among_known_systems() {
        let file = |name, text: &str| InputFile::from_bytes(name, &[], text.as_bytes());
        let (a, b) = (file("CONCEPT.csv", CONCEPTS), file("CONCEPT_RELATIONSHIP.csv", RELATIONS));
        let mut diagnostics = Vec::new();
        let maps = omop_maps(&a, &b, OMOP_VERSION, &mut diagnostics).unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let ids: Vec<_> = maps.iter().map(|m| (m.id.to_string(), m.len())).collect();
        assert_eq!(
            ids,
            [
                ("icd10cm@omop..icd10cm@omop/omop-replaced-by".to_owned(), 1),
                ("icd10cm@omop..cpt@omop/omop-maps-to".to_owned(), 1),
            ]
        );
        let target = &maps[0].get(&Code::from_official("Z998"))[0];
        assert_eq!(target.targets, Targets::One(Code::from_official("Z999")));
        assert_eq!(target.provenance, Provenance::Official { file: 0, line: 2 });
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(at in 0usize..800, junk in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = CONCEPTS.as_bytes().to_vec();
            let at = at.min(bytes.len());
            bytes.splice(at..(at + junk.len() / 2).min(bytes.len()), junk);
            let _ = read("icd10cm@omop", &bytes);
            let file = InputFile::from_bytes("x", &[], &bytes);
            let _ = omop_maps(&file, &file, OMOP_VERSION, &mut Vec::new());
        }
    }
}
