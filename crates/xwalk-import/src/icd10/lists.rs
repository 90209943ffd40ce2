//! The text files of the WHO, DIMDI and BfArM: chapters, groups, codes with metadata, titles.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use xwalk_formats::icd_lists::{self, Chapter, Coded, Field, Group, List};
use xwalk_model::{ConceptKind, Diagnostic, Role, Rule};

use super::claml::{SUBCLASSIFIED, USAGE};
use super::draft::{Draft, Drafts, chapter_key, plain};
use crate::release::bad_record;

/// The rows that can be used; the others become diagnostics.
pub(super) fn usable<T>(
    rows: impl Iterator<Item = Result<T, xwalk_formats::Error>>,
    name: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<T> {
    let mut all = Vec::new();
    for row in rows {
        match row {
            Ok(row) => all.push(row),
            Err(error) => diagnostics.push(bad_record(name, &error)),
        }
    }
    all
}

/// A code of a list with metadata, with what follows from its fields.
pub(super) struct Row {
    pub(super) code: String,
    pub(super) assignable: bool,
    pub(super) fields: Coded,
}

/// The codes of a list with metadata. Official files have errors in single fields: these are told, and the field is
/// derived from the others.
pub(super) fn read_codes(
    bytes: &[u8],
    list: List,
    name: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Row> {
    let rows = usable(icd_lists::codes(bytes, list), name, diagnostics);
    let mut all: Vec<Row> = Vec::with_capacity(rows.len());
    let mut seen: HashSet<String> = HashSet::with_capacity(rows.len());
    for row in rows {
        let Some(code) = plain(&row.undotted) else {
            let message = format!("\"{}\" is not a code", row.undotted);
            diagnostics.push(Diagnostic::new(Rule::BadCode, name, message).at(row.at));
            continue;
        };
        if !seen.insert(code.clone()) {
            let message = format!("\"{}\" stands in the file already; the first row was used", row.undotted);
            diagnostics.push(Diagnostic::new(Rule::DuplicateCode, name, message).at(row.at));
            continue;
        }
        if row.level != code.len().to_string() {
            let message = format!("\"{}\" has the level {}; its length was followed", row.plain, row.level);
            diagnostics.push(Diagnostic::new(Rule::OddValue, name, message).at(row.at));
        }
        all.push(Row { code, assignable: row.terminal == "T", fields: row });
    }
    let codes: Vec<String> = {
        let mut codes: Vec<String> = all.iter().map(|r| r.code.clone()).collect();
        codes.sort_unstable();
        codes
    };
    for row in &mut all {
        if !matches!(row.fields.terminal.as_str(), "T" | "N") {
            row.assignable = !has_longer(&codes, &row.code);
            let message = format!(
                "\"{}\" has \"{}\" where T or N is expected; the codes below it were followed",
                row.fields.plain, row.fields.terminal
            );
            diagnostics.push(Diagnostic::new(Rule::OddValue, name, message).at(row.fields.at));
        }
    }
    all
}

/// Whether a longer code begins with this one; `sorted` holds all codes in order.
fn has_longer(sorted: &[String], code: &str) -> bool {
    let after = sorted.partition_point(|c| c.as_str() <= code);
    sorted.get(after).is_some_and(|next| next.starts_with(code))
}

/// The fields of a row as attributes of its concept.
pub(super) fn attributes(draft: &mut Draft, row: &Coded) {
    draft.attribute(USAGE, usage_of(&row.marked));
    if row.listed == "S" {
        draft.attribute(SUBCLASSIFIED, "yes");
    }
    for (field, value) in &row.more {
        match field {
            Field::Numbered(number) => draft.attribute(&format!("field-{number}"), value.trim()),
            known => draft.attribute(known.id().unwrap_or_default(), value.trim()),
        }
    }
}

fn usage_of(marked: &str) -> &'static str {
    match marked.trim().chars().next_back() {
        Some('*') => "aster",
        Some('!') => "optional",
        Some('+' | '\u{2020}') => "dagger",
        _ => "",
    }
}

/// Chapters, groups and codes as one tree. The files state chapter and group of each code; which code stands below
/// which follows from the codes, as the level says.
pub(super) fn lower(chapters: &[Chapter], groups: &[Group], rows: &[Row]) -> Drafts {
    let mut drafts = Drafts::default();
    let mut chapter_ix: HashMap<String, usize> = HashMap::new();
    let mut group_ix: HashMap<&str, usize> = HashMap::new();
    // The files of 2004 to 2006 do not say where a group ends: at its last category in the list of codes.
    let mut last_of: HashMap<&str, &str> = HashMap::new();
    for row in rows.iter().filter(|r| r.code.len() == 3) {
        let last = last_of.entry(row.fields.group.trim()).or_insert(&row.code);
        if *last < row.code.as_str() {
            *last = &row.code;
        }
    }
    let mut by_first: HashMap<&str, &Group> = HashMap::new();
    for group in groups {
        by_first.entry(group.first.trim()).or_insert(group);
    }
    let by_number: HashMap<String, &Chapter> = chapters.iter().map(|c| (chapter_key(&c.number), c)).collect();
    let mut add_chapter = |drafts: &mut Drafts, number: &str| -> Option<usize> {
        let key = chapter_key(number);
        if let Some(&ix) = chapter_ix.get(&key) {
            return Some(ix);
        }
        let chapter = by_number.get(&key)?;
        let mut draft = Draft::new(&key, ConceptKind::Chapter);
        draft.name(Role::Long, chapter.title.trim());
        let ix = drafts.add(draft)?;
        chapter_ix.insert(key, ix);
        Some(ix)
    };
    let mut add_group = |drafts: &mut Drafts, first: &str, chapter: Option<usize>| -> Option<usize> {
        let (&first, group) = by_first.get_key_value(first)?;
        if let Some(&ix) = group_ix.get(first) {
            return Some(ix);
        }
        let last =
            group.last.as_deref().map(str::trim).or_else(|| last_of.get(first).copied()).unwrap_or(first);
        let mut draft = Draft::new(format!("{first}-{last}"), ConceptKind::Block);
        draft.name(Role::Long, group.title.trim());
        draft.parent = chapter;
        let ix = drafts.add(draft)?;
        group_ix.insert(first, ix);
        Some(ix)
    };
    for row in rows {
        let chapter = add_chapter(&mut drafts, &row.fields.chapter);
        let group = add_group(&mut drafts, row.fields.group.trim(), chapter);
        let mut draft = Draft::new(&row.code, ConceptKind::Code);
        draft.assignable = row.assignable;
        let long = row.fields.titles.first().map_or("", |t| t.trim());
        draft.name(Role::Long, long);
        if let Some(own) = row.fields.titles.iter().skip(1).rfind(|t| !t.trim().is_empty()) {
            draft.name(Role::Tabular, own.trim());
        }
        draft.parent =
            if row.code.len() == 3 { group.or(chapter) } else { drafts.above(&row.code).or(group) };
        attributes(&mut draft, &row.fields);
        drafts.add(draft);
    }
    // Groupings that no code names are in the release all the same.
    for chapter in chapters {
        add_chapter(&mut drafts, &chapter.number);
    }
    for group in groups {
        let chapter = group.chapter.as_deref().and_then(|number| add_chapter(&mut drafts, number));
        add_group(&mut drafts, group.first.trim(), chapter);
    }
    drafts
}

/// The codes of a list of titles, without the row `UNDEF`.
pub(super) fn lower_titles(bytes: &[u8], name: &Arc<str>, diagnostics: &mut Vec<Diagnostic>) -> Drafts {
    let rows = usable(icd_lists::titles(bytes), name, diagnostics);
    let mut drafts = Drafts::default();
    let mut headers: Vec<bool> = Vec::new();
    for row in rows.iter().filter(|r| r.code != "UNDEF") {
        let Some(code) = plain(&row.code) else {
            let message = format!("\"{}\" is not a code", row.code);
            diagnostics.push(Diagnostic::new(Rule::BadCode, name, message).at(row.at));
            continue;
        };
        let mut draft = Draft::new(code, ConceptKind::Code);
        draft.name(Role::Long, row.title.trim());
        draft.attribute(USAGE, usage_of(&row.code));
        if drafts.add(draft).is_none() {
            let message = format!("\"{}\" stands in the file already; the first row was used", row.code);
            diagnostics.push(Diagnostic::new(Rule::DuplicateCode, name, message).at(row.at));
            continue;
        }
        // Up to 2004 a dash says that the code has others below it.
        headers.push(row.code.contains('-'));
    }
    drafts.derive_parents();
    for ix in 0..drafts.len() {
        if let Some(parent) = drafts.get(ix).parent {
            headers[parent] = true;
        }
    }
    for (ix, header) in headers.iter().enumerate() {
        drafts.get_mut(ix).assignable = !header;
    }
    drafts
}
