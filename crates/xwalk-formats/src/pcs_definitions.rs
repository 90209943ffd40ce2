//! The ICD-10-PCS definitions: `icd10pcs_definitions_2026.xml`.
//!
//! Published by CMS each year. For each section and axis the terms that are values of the axis, with a definition,
//! an explanation and what they include. A body part key or device key may have several titles for one list.
//!
//! ```text
//! ICD10PCS.definitions / version, title, section(code) { title, axis(pos) { title, terms { title …, definition,
//!     explanation, includes … } … } … }, deviceAggregation { … }
//! ```

use quick_xml::events::BytesStart;
use xwalk_model::Position;

use crate::xml::{Visit, attribute, walk};
use crate::{Error, ErrorKind};

/// One entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// The values that it is about.
    pub titles: Vec<String>,
    /// The definition.
    pub definition: Option<String>,
    /// The explanation.
    pub explanation: Option<String>,
    /// What it includes.
    pub includes: Vec<String>,
    /// Where its element begins.
    pub at: Position,
}

/// The terms of one axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// The position of its character in the code, from 1, as stated.
    pub position: String,
    /// Its title: `Body Part`.
    pub title: String,
    /// Its terms.
    pub terms: Vec<Term>,
}

/// The axes of one section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The first character of its codes.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Its axes.
    pub axes: Vec<Axis>,
}

/// All definitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definitions {
    /// The text of the `version` element; the fiscal year.
    pub version: String,
    /// The sections.
    pub sections: Vec<Section>,
    /// Elements that this layout does not name; their content was passed over.
    pub unknown: Vec<Error>,
}

const ROOT: &str = "ICD10PCS.definitions";

/// Whether a file has such definitions.
pub fn looks_like(head: &[u8]) -> bool {
    memchr::memmem::find(&head[..head.len().min(2000)], b"<ICD10PCS.definitions").is_some()
}

/// Reads the definitions. Fails on the first thing that is not well formed.
pub fn read(bytes: &[u8]) -> Result<Definitions, Error> {
    let mut reading = Reading::default();
    walk(bytes, ROOT, &mut reading)?;
    Ok(reading.definitions)
}

#[derive(Default)]
struct Reading {
    definitions: Definitions,
    /// Depth of an element whose content is passed over.
    skipped: Option<usize>,
}

impl Reading {
    fn axis(&mut self) -> Option<&mut Axis> {
        self.definitions.sections.last_mut()?.axes.last_mut()
    }
}

impl Visit for Reading {
    fn open(&mut self, above: &[String], element: &BytesStart<'_>, at: Position) {
        if self.skipped.is_some() {
            return;
        }
        let name = element.name();
        match (above.last().map(String::as_str), name.as_ref()) {
            (None, _)
            | (Some(ROOT), "version" | "title")
            | (Some("section" | "axis"), "title")
            | (Some("terms"), "title" | "definition" | "explanation" | "includes") => {}
            (Some(ROOT), "section") => {
                let code = attribute(element, "code").unwrap_or_default();
                self.definitions.sections.push(Section { code, ..Section::default() });
            }
            (Some("section"), "axis") => {
                let position = attribute(element, "pos").unwrap_or_default();
                let axis = Axis { position, ..Axis::default() };
                self.definitions.sections.last_mut().into_iter().for_each(|s| s.axes.push(axis.clone()));
            }
            (Some("axis"), "terms") => {
                self.axis().into_iter().for_each(|a| a.terms.push(Term { at, ..Term::default() }));
            }
            // Which specific devices are counted under which general one: about coding older data.
            (Some(ROOT), "deviceAggregation") => self.skipped = Some(above.len() + 1),
            (Some(_), other) => {
                let kind = ErrorKind::UnknownElement { name: other.to_owned() };
                self.definitions.unknown.push(Error { at, kind });
                self.skipped = Some(above.len() + 1);
            }
        }
    }

    fn close(&mut self, above: &[String], text: &str) {
        if let Some(depth) = self.skipped {
            if above.len() == depth {
                self.skipped = None;
            }
            return;
        }
        let [.., parent, name] = above else { return };
        let text = text.to_owned();
        match (parent.as_str(), name.as_str()) {
            (ROOT, "version") => self.definitions.version = text,
            ("section", "title") => {
                self.definitions.sections.last_mut().into_iter().for_each(|s| s.title.clone_from(&text));
            }
            ("axis", "title") => self.axis().into_iter().for_each(|a| a.title.clone_from(&text)),
            ("terms", field) => {
                let Some(term) = self.axis().and_then(|a| a.terms.last_mut()) else { return };
                match field {
                    "title" => term.titles.push(text),
                    "definition" => term.definition = Some(text),
                    "explanation" => term.explanation = Some(text),
                    _ => term.includes.push(text),
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_with_two_titles() {
        let text = "<ICD10PCS.definitions><version>2026</version><title>T</title><section code=\"0\">\
            <title>Medical</title><axis pos=\"4\"><title>Body Part</title><terms><title>Toe, Left</title>\
            <title>Toe, Right</title><includes>Hallux</includes></terms></axis></section>\
            <deviceAggregation><aggregate><x/></aggregate></deviceAggregation></ICD10PCS.definitions>";
        let read = read(text.as_bytes()).unwrap();
        let axis = &read.sections[0].axes[0];
        assert_eq!((axis.position.as_str(), axis.title.as_str()), ("4", "Body Part"));
        assert_eq!(axis.terms[0].titles, ["Toe, Left", "Toe, Right"]);
        assert_eq!(axis.terms[0].includes, ["Hallux"]);
        assert!(read.unknown.is_empty());
    }
}
