//! FHIR ConceptMaps lowered: one map for each group.

use xwalk_formats::fhir_map::{Target, read};
use xwalk_model::{Code, ConceptMap, Diagnostic, MapId, Relationship, Rule, Targets};

use super::{ImportedMaps, edition_named, relationship_of, stated};
use crate::error::ImportError;
use crate::input::InputFile;
use crate::release::bad_record;

pub(super) fn import(file: &InputFile, imported: &mut ImportedMaps) -> Result<(), ImportError> {
    let bytes = file.bytes()?;
    let resource = match read(&bytes) {
        Ok(resource) => resource,
        Err(error) => {
            imported.diagnostics.push(bad_record(file.name(), &error));
            return Ok(());
        }
    };
    let mut report = |message: String| {
        imported.diagnostics.push(Diagnostic::new(Rule::BadCell, file.name(), message));
    };
    for (number, group) in resource.group.iter().enumerate() {
        let side = |system: &Option<String>, version: &Option<String>| {
            edition_named(system.as_deref().unwrap_or(""), version.as_deref())
        };
        let (Some(source), Some(target)) =
            (side(&group.source, &group.source_version), side(&group.target, &group.target_version))
        else {
            report(format!(
                "group {} does not name both code systems with their versions; it was left out",
                number + 1
            ));
            continue;
        };
        let name = resource.name.as_deref().unwrap_or("fhir");
        let id = MapId {
            source: source.clone(),
            target: target.clone(),
            name: super::organisation::name_of(name),
        };
        let mut map = ConceptMap::new(id);
        map.sources.push(file.source(super::MapKind::Fhir.part(), &bytes));
        for element in &group.element {
            let Some(code) = element.code.as_deref().and_then(|c| Code::parse(source.system, c).ok()) else {
                report(format!("`{}` is not a code of {source}", element.code.as_deref().unwrap_or("")));
                continue;
            };
            if element.no_map {
                map.push(code.clone(), stated(Targets::NoMap, Relationship::NotRelatedTo, 0, "noMap"));
            }
            for alternative in &element.target {
                match lower(alternative, &target) {
                    Ok((targets, relationship, word)) => {
                        map.push(code.clone(), stated(targets, relationship, 0, &word));
                    }
                    Err(message) => report(message),
                }
            }
        }
        imported.maps.push(map);
    }
    Ok(())
}

fn lower(
    alternative: &Target,
    target: &xwalk_model::EditionId,
) -> Result<(Targets, Relationship, String), String> {
    let word = alternative.relationship.as_deref().or(alternative.equivalence.as_deref()).unwrap_or("");
    let relationship =
        relationship_of(word).ok_or_else(|| format!("`{word}` is not a relationship of FHIR R4 or R5"))?;
    let Some(code) = &alternative.code else {
        return Ok((Targets::NoMap, Relationship::NotRelatedTo, word.to_owned()));
    };
    let code = Code::parse(target.system, code).map_err(|e| e.to_string())?;
    Ok((Targets::One(code), relationship, word.to_owned()))
}
