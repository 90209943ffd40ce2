//! A change set as CSV.

use std::io;

use super::{Filter, View};
use crate::safe_cell;

const HEADER: [&str; 14] = [
    "code",
    "change",
    "assignable",
    "was_assignable",
    "title",
    "role",
    "from",
    "to",
    "class",
    "parent",
    "successors",
    "note",
    "note_action",
    "text",
];

pub(super) fn write(view: &View<'_>, filter: &Filter, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = ::csv::Writer::from_writer(out);
    table.write_record(HEADER)?;
    for row in view.rows(filter) {
        let yes_no = |value: Option<bool>| value.map_or("", |v| if v { "true" } else { "false" });
        let successors =
            if row.successors.is_empty() { row.new_children.join(" ") } else { row.successors.join(" ") };
        // A note that moved names both headings; an attribute stands in the same columns.
        let note = match (row.note, row.was_note, row.attribute) {
            (Some(now), Some(was), _) => format!("{was} > {now}"),
            (Some(now), None, _) => now.to_owned(),
            (None, _, attribute) => attribute.unwrap_or("").to_owned(),
        };
        table.write_record([
            &*safe_cell(&row.code),
            row.change,
            yes_no(row.assignable),
            yes_no(row.was_assignable),
            &*safe_cell(row.title.unwrap_or("")),
            row.role.map_or("", |r| r.id()),
            &*safe_cell(row.from.as_deref().unwrap_or("")),
            &*safe_cell(row.to.as_deref().unwrap_or("")),
            row.class.unwrap_or(""),
            row.parent.as_deref().unwrap_or(""),
            &successors,
            &note,
            row.action.unwrap_or(""),
            &*safe_cell(row.text.unwrap_or("")),
        ])?;
    }
    table.flush()
}
