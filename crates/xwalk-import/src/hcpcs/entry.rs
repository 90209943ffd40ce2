//! Records joined to one entry for each code.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use xwalk_formats::Error;
use xwalk_formats::hcpcs::{COLUMNS, Record, RecordKind};
use xwalk_model::{Diagnostic, Position, Rule};

use crate::release::bad_record;

/// One code or modifier of a file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) code: String,
    pub(super) modifier: bool,
    /// The long description of all its records.
    pub(super) long: String,
    /// The fields of its first record that are not blank, by their column.
    fields: Vec<(usize, String)>,
    pub(super) at: Position,
}

impl Entry {
    /// A field by the name of its column; nothing where it is blank.
    pub(super) fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(i, _)| COLUMNS.get(*i).is_some_and(|c| c.name == name));
        found.map_or("", |(_, text)| text)
    }

    /// Whether it ceased to be valid before a day. The termination date is the last day of validity.
    pub(super) fn terminated_before(&self, day: Option<Date>) -> bool {
        let ended = super::date_of(self.field("TERM DT"));
        matches!((ended, day), (Some(ended), Some(day)) if ended < day)
    }
}

/// The entries of a file in its order.
pub(super) fn entries<'a>(
    file: &Arc<str>,
    records: impl Iterator<Item = Result<Record<'a>, Error>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    let mut lines: HashMap<String, u32> = HashMap::new();
    // Whether records that go on belong to the last entry; after a bad record they may not.
    let mut open = false;
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                diagnostics.push(bad_record(file, &error));
                open = false;
                continue;
            }
        };
        let (code, long) = (record.code(), record.field("LONG DESCRIPTION"));
        if record.kind.goes_on() {
            match all.last_mut().filter(|last| open && last.code == code) {
                Some(last) => {
                    last.long.push(' ');
                    last.long.push_str(long);
                }
                None => {
                    let message =
                        format!("the record goes on with \"{code}\", whose first record is not before it");
                    let lost = Diagnostic::new(Rule::BadLayout, file, message).at(record.at);
                    diagnostics.push(lost.hint("a line is missing, or the one before could not be read"));
                }
            }
            continue;
        }
        open = !lines.contains_key(code);
        if let Some(first) = lines.get(code) {
            let message = format!("\"{code}\" stands on line {first} already; the first was used");
            diagnostics.push(Diagnostic::new(Rule::DuplicateCode, file, message).at(record.at));
            continue;
        }
        lines.insert(code.to_owned(), record.at.line);
        all.push(Entry {
            code: code.to_owned(),
            modifier: record.kind == RecordKind::Modifier,
            long: long.to_owned(),
            fields: fields(&record),
            at: record.at,
        });
    }
    all
}

fn fields(record: &Record<'_>) -> Vec<(usize, String)> {
    let all = record.fields.iter().enumerate();
    all.filter(|(i, _)| {
        COLUMNS.get(*i).is_some_and(|c| !matches!(c.name, "HCPC" | "RECID" | "LONG DESCRIPTION"))
    })
    .map(|(i, text)| (i, text.trim()))
    .filter(|(_, text)| !text.is_empty())
    .map(|(i, text)| (i, sequence(i, text)))
    .collect()
}

/// The workbook writes the sequence number with four digits, the text with five.
fn sequence(column: usize, text: &str) -> String {
    if COLUMNS.get(column).is_some_and(|c| c.name == "SEQNUM") && text.len() == 4 {
        return format!("{text}0");
    }
    text.to_owned()
}
