//! A code through the editions, as `history` prints it.

use std::io;

use serde::Serialize;
use xwalk_diff::Event;
use xwalk_model::{Change, Code, CodeSystem, NoteChange, Role};

use crate::marks::before_and_after;
use crate::{Look, safe_cell};

/// One line of a history.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The code as the authority prints it.
    pub code: String,
    /// The edition before, if any is held.
    pub from: Option<String>,
    /// The edition in which the change shows.
    pub edition: String,
    /// The first day on which it was in effect.
    pub effective_from: Option<String>,
    /// `first-held`, `added`, `reinstated`, `deleted`, `became-header`, `became-assignable`, `revised`, `moved`,
    /// `scope-lost`, `recoded`, `note` or `attribute`.
    pub event: &'static str,
    /// What changed, in words.
    pub detail: String,
    /// New codes directly below, when the code became a header.
    pub new_children: Vec<String>,
}

/// The lines of a code's history.
pub fn entries(system: CodeSystem, code: &Code, events: &[Event], look: Look) -> Vec<Entry> {
    let mut lines = Vec::new();
    for event in events {
        for change in &event.changes {
            let (word, detail) = describe(system, event, change, look);
            let split = matches!(change, Change::Assignability { now: false, .. });
            lines.push(Entry {
                code: code.display(system),
                from: event.from.as_ref().map(ToString::to_string),
                edition: event.to.to_string(),
                effective_from: event.effective.from.map(|d| d.to_string()),
                event: word,
                detail,
                new_children: if split {
                    event.split_into.iter().map(|c| c.display(system)).collect()
                } else {
                    Vec::new()
                },
            });
        }
    }
    lines
}

fn describe(system: CodeSystem, event: &Event, change: &Change, look: Look) -> (&'static str, String) {
    let name = |code: &Option<Code>| code.as_ref().map_or("the top".to_owned(), |c| c.display(system));
    match change {
        Change::Addition { titles, reinstated_from, assignable, .. } => {
            let best = Role::ALL.iter().find_map(|r| titles.iter().find(|(role, _)| role == r));
            let title = best.map_or(String::new(), |(_, t)| t.clone());
            let status = if *assignable { "" } else { " (header)" };
            match (reinstated_from, &event.from) {
                (Some(id), _) => ("reinstated", format!("{title}{status}, last in {id}")),
                (None, Some(_)) => ("added", format!("{title}{status}")),
                (None, None) => ("first-held", format!("{title}{status}, in the oldest edition held")),
            }
        }
        Change::Deletion { title, successors, .. } if !successors.is_empty() => {
            let now: Vec<String> = successors.iter().map(|c| c.display(system)).collect();
            ("deleted", format!("{title}; now {}", now.join(", ")))
        }
        Change::Deletion { title, .. } => ("deleted", title.clone()),
        Change::Revision { revision, .. } => {
            let (before, after) = before_and_after(revision, look);
            ("revised", format!("{} title, {}: {before} > {after}", revision.role.id(), revision.class.id()))
        }
        Change::Assignability { now: true, .. } => ("became-assignable", String::new()),
        Change::Scope { into } => {
            let into: Vec<String> = into.iter().map(|c| c.display(system)).collect();
            ("scope-lost", format!("means less: {} carved out", into.join(", ")))
        }
        Change::Assignability { now: false, successors, .. } if !successors.is_empty() => {
            let now: Vec<String> = successors.iter().map(|c| c.display(system)).collect();
            ("became-header", format!("now {}", now.join(", ")))
        }
        Change::Assignability { now: false, .. } => {
            let below: Vec<String> = event.split_into.iter().map(|c| c.display(system)).collect();
            ("became-header", format!("new codes below: {}", below.join(", ")))
        }
        Change::Move { from, to } => ("moved", format!("from below {} to below {}", name(from), name(to))),
        Change::Recoded { from } => ("recoded", format!("was {}", from.display(system))),
        Change::Note { change, kind, text } => {
            let label = kind.label();
            (
                "note",
                match change {
                    NoteChange::Added => format!("added {label}: {text}"),
                    NoteChange::Removed => format!("removed {label}: {text}"),
                    NoteChange::Moved { from } => format!("moved from {} to {label}: {text}", from.label()),
                },
            )
        }
        Change::Attribute { name, from, to } => {
            let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "none".to_owned());
            ("attribute", format!("{name}: {} > {}", value(from), value(to)))
        }
        _ => ("changed", String::new()),
    }
}

/// For people.
pub fn write_text(entries: &[Entry], look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let mut last = "";
    for entry in entries {
        if entry.code != last {
            writeln!(out, "{}", look.bold(&entry.code))?;
            last = &entry.code;
        }
        let date = entry.effective_from.as_deref().unwrap_or("not in effect");
        writeln!(out, "  {date:<13} {:<16} {:<17} {}", entry.edition, entry.event, entry.detail)?;
    }
    Ok(())
}

/// For spreadsheets.
pub fn write_csv(entries: &[Entry], out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["code", "edition", "effective_from", "event", "detail", "new_children"])?;
    for entry in entries {
        table.write_record([
            &*safe_cell(&entry.code),
            &entry.edition,
            entry.effective_from.as_deref().unwrap_or(""),
            entry.event,
            &*safe_cell(&entry.detail),
            &entry.new_children.join(" "),
        ])?;
    }
    table.flush()
}
