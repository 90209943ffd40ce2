//! Definitions as notes of the tables whose values they are about.
//!
//! A definition is about a value of an axis, which thousands of codes share, so it stands at the table, above its
//! codes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use xwalk_formats::pcs_definitions::{Definitions, Term};
use xwalk_formats::pcs_tables::{Table, Tables};
use xwalk_model::{ConceptIx, Diagnostic, EditionBuilder, NoteKind, Rule};

use super::table_code;

/// Where a value has its terms: section, position of the axis, title of the value.
type Place<'a> = (&'a str, &'a str, &'a str);

/// Adds the definitions of each table to its header.
pub(super) fn add(
    builder: &mut EditionBuilder,
    tables: &Tables,
    definitions: &Definitions,
    codes: &HashMap<String, ConceptIx>,
    file: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut terms: HashMap<Place<'_>, Vec<(usize, &str, &Term)>> = HashMap::new();
    let mut number = 0usize;
    for section in &definitions.sections {
        for axis in &section.axes {
            for term in &axis.terms {
                for title in &term.titles {
                    let mut values = vec![title.as_str(), general(title)];
                    values.dedup();
                    for value in values {
                        let place = (section.code.as_str(), axis.position.as_str(), value);
                        terms.entry(place).or_default().push((number, &axis.title, term));
                    }
                }
                number += 1;
            }
        }
    }
    let mut used = vec![false; number];
    for table in &tables.tables {
        let Some(&ix) = codes.get(&table_code(table)) else { continue };
        let section = table.axes.first().and_then(|a| a.labels.first()).map_or("", |l| &l.code);
        // Ordered by position, then by the order of the definitions.
        let mut found: BTreeMap<(&str, usize), (&str, &Term)> = BTreeMap::new();
        for axis in table.axes.iter().chain(table.rows.iter().flat_map(|r| &r.axes)) {
            for label in &axis.labels {
                let place = (section, axis.position.as_str(), label.text.as_str());
                for (number, title, term) in terms.get(&place).into_iter().flatten() {
                    if applies(term, &label.text, table) {
                        found.insert((&axis.position, *number), (title, term));
                    }
                }
            }
        }
        for ((position, number), (axis, term)) in found {
            used[number] = true;
            add_term(builder, ix, position, axis, term);
        }
    }
    let unused = used.iter().filter(|u| !**u).count();
    if unused > 0 {
        let message = format!(
            "{unused} of {number} terms name a value that no table of their section has; they were not used"
        );
        diagnostics.push(Diagnostic::new(Rule::NotUsed, file, message));
    }
}

/// Without the definitions, the tables alone define the values of their third axis.
pub(super) fn add_from_tables(
    builder: &mut EditionBuilder,
    tables: &Tables,
    codes: &HashMap<String, ConceptIx>,
) {
    for table in &tables.tables {
        let Some(&ix) = codes.get(&table_code(table)) else { continue };
        for definition in table.axes.iter().filter_map(|a| a.definition.as_ref()) {
            builder.note(ix, NoteKind::Definition, definition, Vec::new());
        }
    }
}

/// The value that a title names, without the place that narrows it: `Articulating Spacer in Lower Joints`.
fn general(title: &str) -> &str {
    match title.rsplit_once(" in ") {
        Some((value, _)) => value,
        None => title.strip_suffix(')').and_then(|t| t.rsplit_once(" (")).map_or(title, |(value, _)| value),
    }
}

/// Whether a term is about a value of a table: its title is the value, or the value in the section, body system or
/// operation of the table.
fn applies(term: &Term, value: &str, table: &Table) -> bool {
    term.titles.iter().any(|title| {
        let Some(place) = title.strip_prefix(value) else { return false };
        let place = place.strip_prefix(" in ").unwrap_or(place).trim_matches([' ', '(', ')']);
        place.is_empty()
            || table.axes.iter().flat_map(|a| &a.labels).any(|l| l.text == place || l.text.ends_with(place))
    })
}

fn add_term(builder: &mut EditionBuilder, ix: ConceptIx, position: &str, axis: &str, term: &Term) {
    // The third axis is the table itself; on the others the value has to be named.
    let lead = if position == "3" { String::new() } else { format!("{axis} {}: ", term.titles.join(", ")) };
    let texts = [
        (NoteKind::Definition, term.definition.clone()),
        (NoteKind::Note, term.explanation.clone()),
        (NoteKind::Includes, (!term.includes.is_empty()).then(|| term.includes.join("; "))),
    ];
    for (kind, text) in texts {
        if let Some(text) = text {
            builder.note(ix, kind, &format!("{lead}{text}"), Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_that_narrows_a_value() {
        assert_eq!(general("Articulating Spacer in Lower Joints"), "Articulating Spacer");
        assert_eq!(general("Aphasia (Treatment)"), "Aphasia");
        assert_eq!(general("Abdominal Aorta"), "Abdominal Aorta");
    }
}
