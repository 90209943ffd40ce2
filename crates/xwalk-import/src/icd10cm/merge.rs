//! The tabular XML alone, and together with the order file of the same release.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use xwalk_formats::order;
use xwalk_formats::tabular::{Item, ItemKind, Tabular};
use xwalk_model::{
    Code, ConceptIx, ConceptKind, Diagnostic, EditionBuilder, Hierarchy, NoteKind, Role, Rule,
};

use super::expand::{Expanded, expand, undotted};
use super::refs::code_refs;
use super::{Above, add_titles, no_parent};

/// Chapters and sections are concepts as well; this puts each before the first category below it.
struct Groupings<'x> {
    xml: &'x Tabular,
    added: Vec<Option<ConceptIx>>,
    next: usize,
}

impl<'x> Groupings<'x> {
    fn new(xml: &'x Tabular) -> Self {
        Self { xml, added: vec![None; xml.items.len()], next: 0 }
    }

    /// Adds every chapter and section that begins before item `until`.
    fn add_until(&mut self, builder: &mut EditionBuilder, until: usize) {
        while self.next < until {
            let i = self.next;
            let item = &self.xml.items[i];
            self.next += 1;
            let kind = match item.kind {
                ItemKind::Chapter => ConceptKind::Chapter,
                ItemKind::Section => ConceptKind::Block,
                ItemKind::Diag => continue,
            };
            // A section of one category has the id of that category (B10); name it as the range that it is.
            let single = kind == ConceptKind::Block && !item.name.contains('-');
            let key = if single { format!("{0}-{0}", item.name) } else { item.name.clone() };
            let ix = builder.concept(Code::from_official(&key), kind, false);
            builder.designation(ix, Role::Tabular, &item.desc);
            if let Some(parent) = item.parent.and_then(|p| self.added[p]) {
                builder.parent(ix, parent);
            }
            add_notes(builder, ix, item);
            self.added[i] = Some(ix);
        }
    }
}

fn add_notes(builder: &mut EditionBuilder, ix: ConceptIx, item: &Item) {
    for note in &item.notes {
        builder.note(ix, note.kind, &note.text, code_refs(&note.text));
    }
    for extension in &item.extensions {
        let text = format!("{}: {}", extension.character, extension.meaning);
        builder.note(ix, NoteKind::SeventhCharacter, &text, Vec::new());
    }
}

/// The tabular list without an order file. Its codes are expanded, and their titles joined from its texts.
pub(super) fn tabular_alone(
    builder: &mut EditionBuilder,
    xml: &Tabular,
    name: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    builder.hierarchy(Hierarchy::Stated);
    builder.remark(
        "read from the tabular XML alone: assignable codes are its leaves and the codes made from its 7th-character \
         definitions; the order file, which is the authority, was not given",
    );
    let expanded = expand(xml);
    let total: usize = expanded.iter().map(Vec::len).sum();
    let message = format!("{total} codes were made from 7th-character definitions");
    diagnostics.push(Diagnostic::new(Rule::Expanded, name, message));
    let mut has_children = vec![false; xml.items.len()];
    for item in xml.items.iter().filter(|i| i.kind == ItemKind::Diag) {
        if let Some(parent) = item.parent {
            has_children[parent] = true;
        }
    }
    let mut groupings = Groupings::new(xml);
    let mut seen: HashSet<String> = HashSet::new();
    for (i, item) in xml.items.iter().enumerate() {
        if item.kind != ItemKind::Diag {
            continue;
        }
        groupings.add_until(builder, i);
        let code = undotted(&item.name);
        if !check_new(&code, &mut seen, item, name, diagnostics) {
            continue;
        }
        let assignable = !has_children[i] && expanded[i].is_empty();
        let ix = builder.concept(Code::from_official(&code), ConceptKind::Code, assignable);
        builder.designation(ix, Role::Tabular, &item.desc);
        if let Some(parent) = item.parent.and_then(|p| groupings.added[p]) {
            builder.parent(ix, parent);
        }
        add_notes(builder, ix, item);
        groupings.added[i] = Some(ix);
        for made in &expanded[i] {
            if !seen.insert(made.code.clone()) {
                continue;
            }
            let below = builder.concept(Code::from_official(&made.code), ConceptKind::Code, true);
            builder.designation(below, Role::Tabular, &made.title(xml));
            builder.parent(below, ix);
        }
    }
    groupings.add_until(builder, xml.items.len());
}

fn check_new(
    code: &str,
    seen: &mut HashSet<String>,
    item: &Item,
    name: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> bool {
    let shaped = (3..=7).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if !shaped {
        let message = format!("\"{}\" is not an ICD-10-CM code", item.name);
        diagnostics.push(Diagnostic::new(Rule::BadCode, name, message).at(item.at));
        return false;
    }
    if !seen.insert(code.to_owned()) {
        let message = format!("\"{}\" stands in the list already; the first was used", item.name);
        diagnostics.push(Diagnostic::new(Rule::DuplicateCode, name, message).at(item.at));
        return false;
    }
    true
}

/// Both files of one release: codes, status and published titles from the order file; hierarchy, notes and tabular
/// titles from the XML; every contradiction a diagnostic.
pub(super) fn order_with_tabular(
    builder: &mut EditionBuilder,
    records: &[order::Record<'_>],
    xml: &Tabular,
    (order_name, xml_name): (&Arc<str>, &Arc<str>),
    diagnostics: &mut Vec<Diagnostic>,
) {
    builder.hierarchy(Hierarchy::Stated);
    builder.reserve(records.len() + 400, records.len() * 120);
    let expanded = expand(xml);
    let mut items: HashMap<String, usize> = HashMap::with_capacity(xml.items.len());
    let mut made: HashMap<&str, &Expanded> = HashMap::new();
    for (i, item) in xml.items.iter().enumerate().filter(|(_, i)| i.kind == ItemKind::Diag) {
        let code = undotted(&item.name);
        match items.entry(code) {
            Entry::Vacant(place) => {
                place.insert(i);
            }
            Entry::Occupied(_) => {
                let message = format!("\"{}\" stands in the list already; the first was used", item.name);
                diagnostics.push(Diagnostic::new(Rule::DuplicateCode, xml_name, message).at(item.at));
            }
        }
        for e in &expanded[i] {
            made.insert(&e.code, e);
        }
    }
    let has_children: HashSet<usize> =
        xml.items.iter().filter(|i| i.kind == ItemKind::Diag).filter_map(|i| i.parent).collect();
    let mut groupings = Groupings::new(xml);
    let mut used = vec![false; xml.items.len()];
    let mut above = Above::default();
    let mut in_both = 0usize;
    for record in records {
        let item = items.get(record.code).copied();
        if let Some(i) = item {
            // Only categories sit in a section; below them the list nests codes.
            let section = xml.items[i].parent.filter(|p| xml.items[*p].kind != ItemKind::Diag);
            if section.is_some() {
                groupings.add_until(builder, i);
            }
        }
        let code = Code::from_official(record.code);
        let by_code = above.parent_of(&code);
        let ix = builder.concept(code.clone(), ConceptKind::Code, record.valid);
        add_titles(builder, ix, record);
        if !record.valid {
            above.push(code, ix);
        }
        let Some(i) = item else {
            // Codes with a 7th character, and the headers that fill up with X, are not listed in the XML.
            match by_code {
                Some(parent) => builder.parent(ix, parent),
                None if record.code.len() > 3 => diagnostics.push(no_parent(order_name, record)),
                None => {}
            }
            if record.valid && !made.contains_key(record.code) {
                let message =
                    format!("\"{}\" is valid here, but the tabular XML does not define it", record.code);
                diagnostics.push(Diagnostic::new(Rule::CodesDisagree, order_name, message).at(record.at));
            }
            if record.valid && made.contains_key(record.code) {
                in_both += 1;
            }
            continue;
        };
        used[i] = true;
        let item = &xml.items[i];
        let stated = item.parent.and_then(|p| groupings.added[p]);
        if let Some(parent) = stated.or(by_code) {
            builder.parent(ix, parent);
        }
        groupings.added[i] = Some(ix);
        builder.designation(ix, Role::Tabular, &item.desc);
        add_notes(builder, ix, item);
        let leaf = !has_children.contains(&i) && expanded[i].is_empty();
        if leaf != record.valid {
            let (here, there) =
                if record.valid { ("a valid code", "a header") } else { ("a header", "a leaf") };
            let message = format!(
                "\"{}\" is {here} here, which was followed, and {there} in the tabular XML",
                record.code
            );
            diagnostics.push(Diagnostic::new(Rule::AssignableDisagrees, order_name, message).at(record.at));
        }
        if !same_words(record.long, &item.desc) {
            let message = format!(
                "\"{}\" is titled \"{}\" here and \"{}\" in the order file; both were kept",
                item.name, item.desc, record.long
            );
            diagnostics.push(Diagnostic::new(Rule::TitlesDisagree, xml_name, message).at(item.at));
        }
    }
    groupings.add_until(builder, xml.items.len());
    for (i, item) in xml.items.iter().enumerate() {
        if item.kind == ItemKind::Diag && !used[i] {
            let message = format!("\"{}\" is not in the order file and was left out", item.name);
            diagnostics.push(Diagnostic::new(Rule::CodesDisagree, xml_name, message).at(item.at));
        }
    }
    let extra = made.len() - in_both;
    if extra > 0 {
        let mut left: Vec<&str> = made.keys().copied().collect();
        let known: HashSet<&str> = records.iter().filter(|r| r.valid).map(|r| r.code).collect();
        left.retain(|c| !known.contains(c));
        left.sort_unstable();
        let first = left.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let message = format!(
            "{} codes follow from the 7th-character definitions that the order file does not hold ({first} …); they \
             were left out",
            left.len()
        );
        diagnostics.push(Diagnostic::new(Rule::CodesDisagree, xml_name, message));
    }
}

/// Whether two titles differ at most in diacritics: the order file is ASCII, the XML is not.
fn same_words(order: &str, xml: &str) -> bool {
    order.trim_end() == xml || plain(order.trim_end()) == plain(xml)
}

fn plain(text: &str) -> String {
    text.nfd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| match c {
            '\u{2019}' => '\'',
            '\u{2013}' => '-',
            c => c,
        })
        .collect()
}
