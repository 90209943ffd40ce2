//! Rule sets as TOML: the form of our own.
//!
//! ```toml
//! [[set]]
//! name = "diabetes"                    # needed
//! owner = "Endocrinology"
//! system = "icd10cm"
//! include = ["E10-E14", "O24.4-", { code = "E16.0", from = 2020-10-01, to = 2025-09-30, note = "why" }]
//! exclude = ["E10.1-"]
//! ```

use toml_edit::{Array, Document, InlineTable, Item, Table, Value};
use xwalk_model::Position;

use crate::text::decode;
use crate::{Error, ErrorKind};

/// A set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    /// Its name.
    pub name: String,
    /// Who keeps it.
    pub owner: String,
    /// The code system; empty where it is not said.
    pub system: String,
    /// What it takes in, then what it takes out, in the order of the file.
    pub lines: Vec<Line>,
    /// Where it begins.
    pub at: Position,
}

/// A line of a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The selector as written.
    pub text: String,
    /// Whether it takes codes out.
    pub exclude: bool,
    /// The first day, `YYYY-MM-DD`; empty where it is not said.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Where it stands.
    pub at: Position,
}

/// Whether a text is in this form.
pub fn looks_like(head: &[u8]) -> bool {
    decode(head).text.lines().any(|line| line.trim_start().starts_with("[[set]]"))
}

/// Reads the sets of a file.
pub fn read(bytes: &[u8]) -> Result<Vec<RuleSet>, Error> {
    let decoded = decode(bytes);
    let text: &str = &decoded.text;
    let places = Places { text };
    let document = Document::parse(text).map_err(|e| Error {
        at: places.at(e.span().map(|s| s.start)),
        kind: ErrorKind::Toml { reason: e.message().to_owned() },
    })?;
    let Some(sets) = document.get("set").and_then(Item::as_array_of_tables) else {
        return Err(places.error(None, "it has no `[[set]]`"));
    };
    sets.iter().map(|table| read_set(table, &places)).collect()
}

struct Places<'t> {
    text: &'t str,
}

impl Places<'_> {
    fn at(&self, byte: Option<usize>) -> Position {
        let byte = byte.unwrap_or(0);
        let before = self.text.get(..byte).unwrap_or_default();
        let line = before.matches('\n').count() as u32 + 1;
        let column = byte - before.rfind('\n').map_or(0, |n| n + 1);
        Position { byte: byte as u64, line, column: column as u32 + 1 }
    }

    fn error(&self, byte: Option<usize>, reason: impl Into<String>) -> Error {
        Error { at: self.at(byte), kind: ErrorKind::Toml { reason: reason.into() } }
    }
}

fn read_set(table: &Table, places: &Places<'_>) -> Result<RuleSet, Error> {
    let start = table.span().map(|s| s.start);
    let mut set = RuleSet { at: places.at(start), ..RuleSet::default() };
    for (key, item) in table {
        let at = item.span().map(|s| s.start).or(start);
        let text = || {
            item.as_str()
                .map(str::to_owned)
                .ok_or_else(|| places.error(at, format!("`{key}` has to be a text")))
        };
        match key {
            "name" => set.name = text()?,
            "owner" => set.owner = text()?,
            "system" => set.system = text()?,
            // For people; kept as it stands.
            "title" | "comment" => {
                text()?;
            }
            "include" | "exclude" => {
                let Some(array) = item.as_array() else {
                    return Err(places.error(at, format!("`{key}` has to be a list of selectors")));
                };
                read_lines(array, key == "exclude", places, &mut set.lines)?;
            }
            other => {
                let reason = format!(
                    "`{other}` is not known in a set; use name, owner, system, title, comment, include and exclude"
                );
                return Err(places.error(at, reason));
            }
        }
    }
    if set.name.trim().is_empty() {
        return Err(places.error(start, "a set needs a `name`"));
    }
    Ok(set)
}

fn read_lines(array: &Array, exclude: bool, places: &Places<'_>, lines: &mut Vec<Line>) -> Result<(), Error> {
    for value in array {
        let at = value.span().map(|s| s.start);
        let mut line = Line { exclude, at: places.at(at), ..Line::default() };
        match value {
            Value::String(text) => text.value().clone_into(&mut line.text),
            Value::InlineTable(table) => read_line(table, &mut line, at, places)?,
            _ => {
                let reason = "a line has to be a text, or { code = \"...\", from = ..., to = ..., note = \"...\" }; \
                              write codes in quotes";
                return Err(places.error(at, reason));
            }
        }
        lines.push(line);
    }
    Ok(())
}

fn read_line(
    table: &InlineTable,
    line: &mut Line,
    at: Option<usize>,
    places: &Places<'_>,
) -> Result<(), Error> {
    for (key, value) in table {
        let date = || match value {
            Value::Datetime(date) => Ok(date.value().to_string()),
            Value::String(text) => Ok(text.value().clone()),
            _ => Err(places.error(at, format!("`{key}` has to be a date, for instance 2025-09-30"))),
        };
        match (key, value) {
            ("code", Value::String(text)) => text.value().clone_into(&mut line.text),
            ("from", _) => line.from = date()?,
            ("to", _) => line.to = date()?,
            ("note", Value::String(_)) => {}
            _ => {
                let reason = format!("`{key}` is not known in a line; use code, from, to and note");
                return Err(places.error(at, reason));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_with_places() {
        let text = "# ours\n[[set]]\nname = \"dm\"\nowner = \"Kim\"\ninclude = [\"E10-E14\",\n  \
                    { code = \"E16.0\", to = 2025-09-30, note = \"x\" }]\nexclude = [\"E10.1-\"]\n";
        let sets = read(text.as_bytes()).unwrap();
        let lines: Vec<(&str, bool, &str, u32)> =
            sets[0].lines.iter().map(|l| (l.text.as_str(), l.exclude, l.to.as_str(), l.at.line)).collect();
        assert_eq!(
            lines,
            [("E10-E14", false, "", 5), ("E16.0", false, "2025-09-30", 6), ("E10.1-", true, "", 7)]
        );
        assert!(looks_like(text.as_bytes()));
    }

    #[track_caller]
    fn check_error(text: &str, line: u32, part: &str) {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.at.line, line, "{error}");
    }

    #[test]
    fn errors_name_their_place() {
        check_error("[[set]]\nname = \"a\"\ninclude = [1]\n", 3, "write codes in quotes");
        check_error("[[set]]\nname = \"a\"\ncodes = [\"A00\"]\n", 3, "`codes` is not known");
        check_error("[[set]]\ninclude = []\n", 1, "needs a `name`");
        check_error("a = \n", 1, "");
        check_error("a = 1\n", 1, "no `[[set]]`");
    }
}
