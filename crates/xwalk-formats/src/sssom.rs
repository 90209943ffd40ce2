//! Mappings as SSSOM TSV: a commented YAML header and a tab-separated table.
//!
//! Source: "A Simple Standard for Sharing Ontology Mappings", version 1.1. Columns are found by name; `subject_id`,
//! `predicate_id` and `object_id` must be there. Cells with several values join them with `|`.

use std::collections::BTreeMap;

use xwalk_model::Position;

use crate::text::decode;
use crate::{Error, ErrorKind};

/// A mapping set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingSet {
    /// The simple `key: value` lines of the header; nested blocks (the prefix map) are left out.
    pub metadata: BTreeMap<String, String>,
    /// The rows: cells by column name, empty ones left out.
    pub rows: Vec<Row>,
}

/// One mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Cells by column name.
    pub cells: BTreeMap<String, String>,
    /// Where the row begins.
    pub at: Position,
}

impl Row {
    /// A cell, empty where it is not there.
    pub fn get(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// Whether a file is SSSOM TSV: a commented header with its words, or the columns.
pub fn looks_like(bytes: &[u8]) -> bool {
    let head = decode(&bytes[..bytes.len().min(8000)]).text.into_owned();
    let mut lines = head.lines().skip_while(|l| l.starts_with('#'));
    lines.next().is_some_and(|l| l.split('\t').any(|c| c == "subject_id") && l.contains("object_id"))
}

/// Reads a mapping set.
pub fn read(bytes: &[u8]) -> Result<MappingSet, Error> {
    let decoded = decode(bytes);
    let text: &str = &decoded.text;
    let mut set = MappingSet::default();
    let mut header: Option<Vec<String>> = None;
    for (i, line) in text.lines().enumerate() {
        let at = Position { byte: 0, line: i as u32 + 1, column: 1 };
        if let (Some(comment), None) = (line.strip_prefix('#'), &header) {
            // Indented lines are inside a block such as curie_map.
            if let Some((key, value)) = comment.trim_end().split_once(':')
                && !comment.starts_with([' ', '\t'])
            {
                let value = value.trim().trim_matches(['"', '\'']);
                set.metadata.insert(key.trim().to_owned(), value.to_owned());
            }
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line.split('\t').collect();
        let Some(columns) = &header else {
            for name in ["subject_id", "predicate_id", "object_id"] {
                if !cells.contains(&name) {
                    return Err(Error { at, kind: ErrorKind::MissingColumn { name } });
                }
            }
            header = Some(cells.iter().map(|c| c.trim().to_owned()).collect());
            continue;
        };
        let cells = columns
            .iter()
            .zip(&cells)
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(name, cell)| (name.clone(), (*cell).to_owned()))
            .collect();
        set.rows.push(Row { cells, at });
    }
    if header.is_none() {
        return Err(Error { at: Position::default(), kind: ErrorKind::MissingColumn { name: "subject_id" } });
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_rows() {
        let text = "#mapping_set_id: https://x\n#curie_map:\n#  A: http://a\n#license: \"CC0\"\n\
                    subject_id\tpredicate_id\tobject_id\tcomment\nA:1\tskos:exactMatch\tB:2\t\n";
        let set = read(text.as_bytes()).unwrap();
        assert_eq!(set.metadata.get("license").map(String::as_str), Some("CC0"));
        assert_eq!(
            (set.rows[0].get("object_id"), set.rows[0].get("comment"), set.rows[0].at.line),
            ("B:2", "", 6)
        );
        assert!(looks_like(text.as_bytes()));
        assert!(read(b"subject_id\tx\n").is_err());
        assert!(read(b"").is_err());
    }
}
