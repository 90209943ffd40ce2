//! The ICD-10-PCS tables: `icd10pcs_tables_2026.xml`.
//!
//! Published by CMS each year. A table is named by the first three characters of its codes; a row stands for every
//! combination of the values of its four axes:
//!
//! ```text
//! ICD10PCS.tabular / version, title, pcsTable { axis(pos 1-3, values) { title, label(code), definition },
//!     pcsRow(codes) { axis(pos 4-7, values) { title, label(code) … } … } … }
//! ```
//!
//! `codes` states how many combinations a row has, `values` how many labels an axis has. The titles of the axes
//! differ between sections, and one row may have two axes of the same title.

use quick_xml::events::BytesStart;
use xwalk_model::Position;

use crate::xml::{Visit, attribute, walk};
use crate::{Error, ErrorKind};

/// One value of an axis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The character of the code.
    pub code: String,
    /// What it means.
    pub text: String,
}

/// One axis of a table or row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axis {
    /// The position of its character in the code, from 1, as stated.
    pub position: String,
    /// How many labels it states to have.
    pub values: Option<u64>,
    /// Its title: `Body Part`.
    pub title: String,
    /// Its values.
    pub labels: Vec<Label>,
    /// The definition of its value, on the third axis.
    pub definition: Option<String>,
    /// Where its element begins.
    pub at: Position,
}

/// One row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// How many codes it states to make.
    pub codes: Option<u64>,
    /// Its axes, positions 4 to 7.
    pub axes: Vec<Axis>,
    /// Where its element begins.
    pub at: Position,
}

/// One table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its axes, positions 1 to 3.
    pub axes: Vec<Axis>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Where its element begins.
    pub at: Position,
}

/// All tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// The text of the `version` element; the fiscal year.
    pub version: String,
    /// The tables in the order of the file.
    pub tables: Vec<Table>,
    /// Elements that this layout does not name; their content was passed over.
    pub unknown: Vec<Error>,
}

const ROOT: &str = "ICD10PCS.tabular";

/// Whether a file has such tables.
pub fn looks_like(head: &[u8]) -> bool {
    memchr::memmem::find(&head[..head.len().min(2000)], b"<ICD10PCS.tabular").is_some()
}

/// Reads the tables. Fails on the first thing that is not well formed, since nothing after it can be trusted.
pub fn read(bytes: &[u8]) -> Result<Tables, Error> {
    let mut reading = Reading::default();
    walk(bytes, ROOT, &mut reading)?;
    Ok(reading.tables)
}

#[derive(Default)]
struct Reading {
    tables: Tables,
    /// Depth of an unknown element, whose content is passed over.
    skipped: Option<usize>,
}

impl Reading {
    /// The axes of the row or table at hand.
    fn axes(&mut self, above: &[String]) -> Option<&mut Vec<Axis>> {
        let table = self.tables.tables.last_mut()?;
        if above.iter().any(|name| name == "pcsRow") {
            return Some(&mut table.rows.last_mut()?.axes);
        }
        Some(&mut table.axes)
    }
}

impl Visit for Reading {
    fn open(&mut self, above: &[String], element: &BytesStart<'_>, at: Position) {
        if self.skipped.is_some() {
            return;
        }
        let name = element.name();
        let number = |key: &str| attribute(element, key).and_then(|text| text.parse().ok());
        match (above.last().map(String::as_str), name.as_ref()) {
            (None, _) | (Some(ROOT), "version" | "title") | (Some("axis"), "title" | "definition") => {}
            (Some(ROOT), "pcsTable") => self.tables.tables.push(Table { at, ..Table::default() }),
            (Some("pcsTable"), "pcsRow") => {
                let row = Row { codes: number("codes"), at, ..Row::default() };
                self.tables.tables.last_mut().into_iter().for_each(|t| t.rows.push(row.clone()));
            }
            (Some("pcsTable" | "pcsRow"), "axis") => {
                let position = attribute(element, "pos").unwrap_or_default();
                let axis = Axis { position, values: number("values"), at, ..Axis::default() };
                if let Some(axes) = self.axes(above) {
                    axes.push(axis);
                }
            }
            (Some("axis"), "label") => {
                let code = attribute(element, "code").unwrap_or_default();
                if let Some(axis) = self.axes(above).and_then(|axes| axes.last_mut()) {
                    axis.labels.push(Label { code, text: String::new() });
                }
            }
            (Some(_), other) => {
                let kind = ErrorKind::UnknownElement { name: other.to_owned() };
                self.tables.unknown.push(Error { at, kind });
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
        match (parent.as_str(), name.as_str()) {
            (ROOT, "version") => text.clone_into(&mut self.tables.version),
            ("axis", _) => {
                let Some(axis) = self.axes(above).and_then(|axes| axes.last_mut()) else { return };
                match name.as_str() {
                    "title" => text.clone_into(&mut axis.title),
                    "definition" => axis.definition = Some(text.to_owned()),
                    _ => {
                        if let Some(label) = axis.labels.last_mut() {
                            text.clone_into(&mut label.text);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "<?xml version=\"1.0\"?>\n<ICD10PCS.tabular><version>2026</version><title>T</title>\
        <pcsTable><axis pos=\"1\" values=\"1\"><title>Section</title><label code=\"0\">Medical</label></axis>\
        <axis pos=\"3\" values=\"1\"><title>Operation</title><label code=\"1\">Bypass</label>\
        <definition>Altering &amp;\n more</definition></axis>\
        <pcsRow codes=\"2\"><axis pos=\"4\" values=\"2\"><title>Body Part</title><label code=\"6\">Ventricle</label>\
        <label code=\"U\">Canal</label></axis></pcsRow></pcsTable></ICD10PCS.tabular>";

    #[test]
    fn a_table_and_its_row() {
        let read = read(SMALL.as_bytes()).unwrap();
        assert_eq!((read.version.as_str(), read.tables.len(), read.unknown.len()), ("2026", 1, 0));
        let table = &read.tables[0];
        assert_eq!(table.axes[1].definition.as_deref(), Some("Altering & more"));
        assert_eq!((table.rows[0].codes, table.rows[0].axes[0].values), (Some(2), Some(2)));
        assert_eq!(table.rows[0].axes[0].labels[1], Label { code: "U".into(), text: "Canal".into() });
        assert_eq!((table.rows[0].axes[0].position.as_str(), table.at.line), ("4", 2));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let cut = read(&SMALL.as_bytes()[..SMALL.len() - 30]).unwrap_err();
        assert!(matches!(cut.kind, ErrorKind::Unclosed { .. } | ErrorKind::Xml { .. }), "{cut:?}");
        let odd = SMALL.replace("<title>T</title>", "<x><title>no</title></x>");
        let read_odd = read(odd.as_bytes()).unwrap();
        assert_eq!(read_odd.unknown[0].kind, ErrorKind::UnknownElement { name: "x".into() });
        assert_eq!((read_odd.tables.len(), read_odd.tables[0].rows.len()), (1, 1));
        assert!(matches!(read(b"<html></html>").unwrap_err().kind, ErrorKind::UnknownElement { .. }));
        assert!(matches!(read(b"").unwrap_err().kind, ErrorKind::Unclosed { .. }));
    }
}
