//! FHIR ValueSet resources, R4 and R5, as JSON.
//!
//! Source: HL7 FHIR R4 (4.0.1) and R5 (5.0.0), resource ValueSet, `compose`. Each include and exclude of a system
//! gives records in the order of the resource: its concepts, else its filters, else the whole system.

use serde::Deserialize;
use xwalk_model::Position;

use crate::text::decode;
use crate::{Error, ErrorKind};

/// A ValueSet with what is needed of it; everything else is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValueSetResource {
    /// Must be `ValueSet`.
    pub resource_type: String,
    /// Its canonical address.
    pub url: Option<String>,
    /// Its name for computers.
    pub name: Option<String>,
    /// Its name for people.
    pub title: Option<String>,
    /// Who publishes it.
    pub publisher: Option<String>,
    /// What is in it.
    pub compose: Compose,
}

/// What is in a value set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Compose {
    /// What is taken in.
    pub include: Vec<Include>,
    /// What is taken out again.
    pub exclude: Vec<Include>,
}

/// Codes of one system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Include {
    /// Address of the system.
    pub system: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Codes one by one.
    pub concept: Vec<Concept>,
    /// Conditions, all of which hold together.
    pub filter: Vec<Filter>,
    /// Other value sets.
    pub value_set: Vec<String>,
}

/// A code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Concept {
    /// The code.
    pub code: String,
    /// Its title.
    pub display: Option<String>,
}

/// A condition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// The property.
    pub property: String,
    /// The operator: `is-a`, `descendent-of`, `=`, `regex` and others.
    pub op: String,
    /// The value.
    pub value: String,
}

/// Whether a file is a ValueSet.
pub fn looks_like(head: &[u8]) -> bool {
    let text = decode(head).text;
    text.trim_start().starts_with('{') && text.contains("\"resourceType\"") && text.contains("\"ValueSet\"")
}

/// Reads a resource.
pub fn read(bytes: &[u8]) -> Result<ValueSetResource, Error> {
    let decoded = decode(bytes);
    let fail = |line: usize, column: usize, reason: String| Error {
        at: Position { byte: 0, line: line as u32, column: column as u32 },
        kind: ErrorKind::Json { reason },
    };
    let resource: ValueSetResource =
        serde_json::from_str(&decoded.text).map_err(|e| fail(e.line(), e.column(), e.to_string()))?;
    if resource.resource_type != "ValueSet" {
        return Err(fail(
            1,
            1,
            format!("`resourceType` is `{}`, expected `ValueSet`", resource.resource_type),
        ));
    }
    Ok(resource)
}

/// Finds the values of a resource in its text one after another, so that findings can name lines.
#[derive(Clone, Copy, Debug)]
pub struct Locator<'t> {
    text: &'t str,
    from: usize,
}

impl<'t> Locator<'t> {
    /// Starts at the beginning of the text.
    pub fn new(text: &'t str) -> Self {
        Self { text, from: 0 }
    }

    /// The place of the next string with a value; that of the last one where it is written with escapes.
    pub fn next(&mut self, value: &str) -> Position {
        let quoted = format!("\"{value}\"");
        let at = self.text.get(self.from..).and_then(|rest| rest.find(&quoted)).map(|at| at + self.from);
        let at = at.unwrap_or(self.from);
        self.from = at + 1;
        while !self.text.is_char_boundary(self.from) {
            self.from += 1;
        }
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() as u32 + 1;
        let column = at - before.rfind('\n').map_or(0, |n| n + 1);
        Position { byte: at as u64, line, column: column as u32 + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_and_places() {
        let text = "{\"resourceType\":\"ValueSet\",\n\"compose\":{\"include\":[{\"system\":\"s\",\n\
                    \"concept\":[{\"code\":\"E11.9\"},\n{\"code\":\"I10\"}]}]}}";
        let set = read(text.as_bytes()).unwrap();
        assert_eq!(set.compose.include[0].concept[1].code, "I10");
        let mut locator = Locator::new(text);
        assert_eq!((locator.next("E11.9").line, locator.next("I10").line), (3, 4));
        assert!(looks_like(text.as_bytes()));
        assert!(matches!(read(b"{\"resourceType\":\"X\"}").unwrap_err().kind, ErrorKind::Json { .. }));
        assert!(matches!(read(b"{").unwrap_err().kind, ErrorKind::Json { .. }));
    }
}
