//! Codes with a 7th character, made from the definitions of the tabular list.
//!
//! A leaf of the list takes the definitions of the nearest item at or above it; a code shorter than six characters
//! is filled up with the placeholder X. A note may take characters away again: since FY2019 category S06 says
//! "7th characters D and S do not apply to codes in category S06 with 6th character 7 - …, or 8 - …".

use xwalk_formats::tabular::{ItemKind, Tabular};
use xwalk_model::NoteKind;

/// A code that the tabular list defines without listing it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expanded {
    /// The code, undotted.
    pub(super) code: String,
    /// Index of the item that it is made from.
    pub(super) item: usize,
    /// What the 7th character means.
    pub(super) meaning: String,
}

impl Expanded {
    /// Its title: that of the item and the meaning of the 7th character, as the order file joins them.
    pub(super) fn title(&self, xml: &Tabular) -> String {
        format!("{}, {}", xml.items[self.item].desc, self.meaning)
    }
}

/// For each item the codes made from it, in the order of the definitions; empty for items that make none.
pub(super) fn expand(xml: &Tabular) -> Vec<Vec<Expanded>> {
    let mut has_children = vec![false; xml.items.len()];
    for item in &xml.items {
        if let (ItemKind::Diag, Some(parent)) = (item.kind, item.parent) {
            has_children[parent] = true;
        }
    }
    let mut made: Vec<Vec<Expanded>> = xml.items.iter().map(|_| Vec::new()).collect();
    // An item comes after the item around it, so its rules are known by then.
    let mut defined_at: Vec<Option<usize>> = vec![None; xml.items.len()];
    let mut exceptions: Vec<Vec<Exception>> = Vec::with_capacity(xml.items.len());
    for (i, item) in xml.items.iter().enumerate() {
        let inherited = item.parent.and_then(|p| defined_at[p]);
        defined_at[i] = if item.extensions.is_empty() { inherited } else { Some(i) };
        let mut rules = item.parent.map(|p| exceptions[p].clone()).unwrap_or_default();
        rules.extend(
            item.notes.iter().filter(|n| n.kind == NoteKind::Note).filter_map(|n| Exception::parse(&n.text)),
        );
        exceptions.push(rules);
        let Some(definitions) = defined_at[i].filter(|_| item.kind == ItemKind::Diag && !has_children[i])
        else {
            continue;
        };
        let stem = format!("{:X<6}", undotted(&item.name));
        for extension in &xml.items[definitions].extensions {
            if exceptions[i].iter().any(|e| e.forbids(&stem, &extension.character)) {
                continue;
            }
            made[i].push(Expanded {
                code: format!("{stem}{}", extension.character),
                item: i,
                meaning: extension.meaning.clone(),
            });
        }
    }
    made
}

pub(super) fn undotted(name: &str) -> String {
    name.chars().filter(|c| *c != '.').collect()
}

/// "7th characters D and S do not apply to codes in category S06 with 6th character 7 …, or 8 …".
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exception {
    category: String,
    seventh: Vec<String>,
    sixth: Vec<char>,
}

impl Exception {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("7th character").map(|r| r.trim_start_matches('s').trim_start())?;
        let (seventh, rest) = rest.split_once(" do not apply to codes in category ")?;
        let (category, rest) = rest.split_once(" with 6th character ")?;
        let seventh = seventh
            .split([' ', ','])
            .filter(|w| w.len() == 1 && w.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
            .map(str::to_owned)
            .collect();
        // Each sixth character is followed by a dash and its meaning.
        let sixth = rest
            .split([' ', ','])
            .filter(|w| w.len() == 1)
            .filter_map(|w| w.chars().next())
            .filter(char::is_ascii_digit)
            .collect();
        Some(Self { category: category.to_owned(), seventh, sixth })
    }

    fn forbids(&self, stem: &str, seventh: &str) -> bool {
        stem.starts_with(&self.category)
            && stem.chars().nth(5).is_some_and(|c| self.sixth.contains(&c))
            && self.seventh.iter().any(|s| s == seventh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_of_s06_is_understood() {
        let note = "7th characters D and S do not apply to codes in category S06 with 6th character 7 - death due to \
                    brain injury prior to regaining consciousness, or 8 - death due to other cause prior to regaining \
                    consciousness.";
        let rule = Exception::parse(note).unwrap();
        assert_eq!(
            (rule.category.as_str(), &rule.seventh, &rule.sixth),
            ("S06", &vec!["D".into(), "S".into()], &vec!['7', '8'])
        );
        assert!(rule.forbids("S06307", "D"));
        assert!(!rule.forbids("S06307", "A"));
        assert!(!rule.forbids("S06306", "D"));
        assert_eq!(Exception::parse("7th character note"), None);
    }
}
