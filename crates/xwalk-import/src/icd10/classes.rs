//! The classes of a ClaML file as a tree.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use xwalk_formats::claml::{Claml, Entry};
use xwalk_model::{CodeSystem, ConceptKind, Diagnostic, Rule};

use super::draft::{chapter_key, plain};

/// A class that can be used.
pub(super) struct Class<'c> {
    pub(super) entry: &'c Entry,
    /// Its key in an edition.
    pub(super) key: String,
    pub(super) kind: ConceptKind,
    /// Index of the class above it.
    pub(super) parent: Option<usize>,
    /// Indexes of the classes directly below it, in tabular order.
    pub(super) children: Vec<usize>,
}

/// All classes in the order of the file, each with its place in the tree.
pub(super) fn classes<'c>(
    claml: &'c Claml,
    system: CodeSystem,
    name: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Class<'c>> {
    let mut all: Vec<Class<'c>> = Vec::with_capacity(claml.classes.len());
    let mut by_code: HashMap<&str, usize> = HashMap::with_capacity(claml.classes.len());
    let mut keys: HashSet<String> = HashSet::with_capacity(claml.classes.len());
    for entry in &claml.classes {
        let code = entry.code.trim();
        let (kind, key) = match entry.kind.trim().to_ascii_lowercase().as_str() {
            "chapter" => (ConceptKind::Chapter, Some(chapter_key(code))),
            "block" => (ConceptKind::Block, Some(code.replace('\u{2013}', "-"))),
            _ => (ConceptKind::Code, plain(code)),
        };
        let Some(key) = key else {
            let message = format!("\"{code}\" is not a code of {}", system.name());
            diagnostics.push(Diagnostic::new(Rule::BadCode, name, message).at(entry.at));
            continue;
        };
        if by_code.contains_key(code) || !keys.insert(key.clone()) {
            let message = format!("\"{code}\" stands in the file already; the first was used");
            diagnostics.push(Diagnostic::new(Rule::DuplicateCode, name, message).at(entry.at));
            continue;
        }
        by_code.insert(code, all.len());
        all.push(Class { entry, key, kind, parent: None, children: Vec::new() });
    }
    place(&mut all, &by_code, name, diagnostics);
    all
}

/// Puts each class below its `SuperClass`, and children in the order of the `SubClass` elements.
fn place(
    all: &mut [Class<'_>],
    by_code: &HashMap<&str, usize>,
    name: &Arc<str>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for class in all.iter_mut() {
        let entry = class.entry;
        let found = entry.superclasses.iter().find_map(|code| by_code.get(code.trim()).copied());
        if entry.superclasses.len() > 1 {
            let message = format!("\"{}\" has several classes above it; the first was followed", entry.code);
            diagnostics.push(Diagnostic::new(Rule::OddValue, name, message).at(entry.at));
        }
        match found {
            Some(parent) => class.parent = Some(parent),
            None if class.kind != ConceptKind::Chapter => {
                let above = entry.superclasses.join(", ");
                let message = match above.as_str() {
                    "" => format!("\"{}\" names no class above it", entry.code),
                    _ => format!("\"{}\" stands below \"{above}\", which is not in the file", entry.code),
                };
                diagnostics.push(Diagnostic::new(Rule::NoParent, name, message).at(entry.at));
            }
            None => {}
        }
    }
    for ix in cut_cycles(all) {
        let message = format!("\"{}\" stands below itself; it was put below nothing", all[ix].entry.code);
        diagnostics.push(Diagnostic::new(Rule::NoParent, name, message).at(all[ix].entry.at));
    }
    for ix in 0..all.len() {
        if let Some(parent) = all[ix].parent {
            all[parent].children.push(ix);
        }
    }
    for class in all.iter_mut() {
        let entry = class.entry;
        let mut place: HashMap<usize, usize> = HashMap::with_capacity(entry.subclasses.len());
        for (i, code) in entry.subclasses.iter().enumerate() {
            match by_code.get(code.trim()) {
                Some(child) => {
                    place.entry(*child).or_insert(i);
                }
                None => {
                    let message = format!("\"{}\" lists \"{code}\", which is not in the file", entry.code);
                    diagnostics.push(Diagnostic::new(Rule::CodesDisagree, name, message).at(entry.at));
                }
            }
        }
        class.children.sort_by_key(|child| (place.get(child).copied().unwrap_or(usize::MAX), *child));
    }
}

/// Takes the parent from one class of each cycle and names these classes. Each class is visited once.
fn cut_cycles(all: &mut [Class<'_>]) -> Vec<usize> {
    // 0: not seen, otherwise the number of the walk that saw the class first.
    let mut seen_by = vec![0usize; all.len()];
    let mut cut = Vec::new();
    for start in 0..all.len() {
        let mut at = start;
        loop {
            if seen_by[at] != 0 {
                if seen_by[at] == start + 1 {
                    all[at].parent = None;
                    cut.push(at);
                }
                break;
            }
            seen_by[at] = start + 1;
            match all[at].parent {
                Some(parent) => at = parent,
                None => break,
            }
        }
    }
    cut
}

/// The classes in tabular order, each after the class above it.
pub(super) fn tabular_order(all: &[Class<'_>], claml: &Claml) -> Vec<usize> {
    let sort = claml.meta("TopLevelSort").unwrap_or_default();
    let top: HashMap<&str, usize> = sort.split_whitespace().enumerate().map(|(i, code)| (code, i)).collect();
    let mut roots: Vec<usize> = (0..all.len()).filter(|ix| all[*ix].parent.is_none()).collect();
    roots.sort_by_key(|ix| (top.get(all[*ix].entry.code.trim()).copied().unwrap_or(usize::MAX), *ix));
    let mut order = Vec::with_capacity(all.len());
    roots.reverse();
    let mut next = roots;
    while let Some(ix) = next.pop() {
        order.push(ix);
        next.extend(all[ix].children.iter().rev());
    }
    order
}
