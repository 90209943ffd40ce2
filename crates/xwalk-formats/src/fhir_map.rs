//! FHIR ConceptMap resources, R4 and R5, as JSON.
//!
//! Source: HL7 FHIR R4 (4.0.1) and R5 (5.0.0), resource ConceptMap. R4 says `equivalence` of a target, seen from the
//! source; R5 says `relationship`, and `noMap` on an element without target.

use serde::Deserialize;
use xwalk_model::Position;

use crate::{Error, ErrorKind};

/// A ConceptMap with what a map of codes needs; everything else is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConceptMapResource {
    /// Must be `ConceptMap`.
    pub resource_type: String,
    /// Its name.
    pub name: Option<String>,
    /// Its canonical address.
    pub url: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// One group for each pair of code systems.
    pub group: Vec<Group>,
}

/// Elements from one code system to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    /// Source system; R5 writes its version behind a bar.
    pub source: Option<String>,
    /// Version of the source system (R4).
    pub source_version: Option<String>,
    /// Target system.
    pub target: Option<String>,
    /// Version of the target system (R4).
    pub target_version: Option<String>,
    /// The source codes.
    pub element: Vec<Element>,
}

/// One source code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Element {
    /// The code.
    pub code: Option<String>,
    /// R5: there is no target, stated so.
    pub no_map: bool,
    /// The alternatives.
    pub target: Vec<Target>,
}

/// One alternative.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Target {
    /// The code; none in R4 where nothing matches.
    pub code: Option<String>,
    /// R4.
    pub equivalence: Option<String>,
    /// R5.
    pub relationship: Option<String>,
    /// Words on the mapping.
    pub comment: Option<String>,
}

/// Whether a file is such a resource.
pub fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64 * 1024)];
    head.trim_ascii_start().starts_with(b"{") && memchr::memmem::find(head, b"\"ConceptMap\"").is_some()
}

/// Reads a resource.
pub fn read(bytes: &[u8]) -> Result<ConceptMapResource, Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let fail = |line, column, reason: String| Error {
        at: Position { byte: 0, line, column },
        kind: ErrorKind::Row { reason },
    };
    let resource: ConceptMapResource =
        serde_json::from_slice(bytes).map_err(|e| fail(e.line() as u32, e.column() as u32, e.to_string()))?;
    if resource.resource_type != "ConceptMap" {
        let found = format!("the resource is a `{}`; expected a ConceptMap", resource.resource_type);
        return Err(fail(1, 1, found));
    }
    Ok(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_and_r5() {
        let text = br#"{"resourceType":"ConceptMap","group":[{"source":"a","element":[
            {"code":"1","target":[{"code":"2","equivalence":"wider"}]},{"code":"3","noMap":true}]}]}"#;
        let map = read(text).unwrap();
        assert_eq!(map.group[0].element[0].target[0].equivalence.as_deref(), Some("wider"));
        assert!(map.group[0].element[1].no_map && looks_like(text));
        assert_eq!(read(b"{\n \"resourceType\": 5}").unwrap_err().at.line, 2);
        assert!(read(br#"{"resourceType":"ValueSet"}"#).is_err());
    }
}
