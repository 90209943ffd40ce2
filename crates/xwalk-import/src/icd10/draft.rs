//! Concepts on their way to an edition: what several files say about one code is brought together here.

use std::collections::HashMap;

use xwalk_model::{Code, ConceptKind, EditionBuilder, NoteKind, Role};

/// A name with its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) role: Role,
    /// A language that is not the main one.
    pub(super) language: Option<String>,
    pub(super) text: String,
}

/// One concept.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// Its key, without a dot.
    pub(super) code: String,
    pub(super) kind: ConceptKind,
    pub(super) assignable: bool,
    /// Index of the concept above it.
    pub(super) parent: Option<usize>,
    pub(super) names: Vec<Name>,
    pub(super) notes: Vec<(NoteKind, String, Vec<String>)>,
    pub(super) attributes: Vec<(String, String)>,
}

impl Draft {
    pub(super) fn new(code: impl Into<String>, kind: ConceptKind) -> Self {
        let (names, notes, attributes) = (Vec::new(), Vec::new(), Vec::new());
        let code = code.into();
        Self { code, kind, assignable: false, parent: None, names, notes, attributes }
    }

    pub(super) fn name(&mut self, role: Role, text: &str) {
        if !text.is_empty() {
            self.names.push(Name { role, language: None, text: text.to_owned() });
        }
    }

    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        if !value.is_empty() && !self.attributes.iter().any(|(n, _)| n == name) {
            self.attributes.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The full title.
    pub(super) fn long(&self) -> &str {
        let long = self.names.iter().find(|n| n.role == Role::Long && n.language.is_none());
        long.map_or("", |n| &n.text)
    }
}

/// All concepts of an edition, in tabular order.
#[derive(Default)]
pub(super) struct Drafts {
    items: Vec<Draft>,
    by_code: HashMap<String, usize>,
}

impl Drafts {
    /// Adds a concept after all others; `None` when its code is there already.
    pub(super) fn add(&mut self, draft: Draft) -> Option<usize> {
        if self.by_code.contains_key(&draft.code) {
            return None;
        }
        let ix = self.items.len();
        self.by_code.insert(draft.code.clone(), ix);
        self.items.push(draft);
        Some(ix)
    }

    pub(super) fn find(&self, code: &str) -> Option<usize> {
        self.by_code.get(code).copied()
    }

    pub(super) fn get_mut(&mut self, ix: usize) -> &mut Draft {
        &mut self.items[ix]
    }

    pub(super) fn get(&self, ix: usize) -> &Draft {
        &self.items[ix]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Draft> {
        self.items.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The nearest concept whose code begins this one.
    pub(super) fn above(&self, code: &str) -> Option<usize> {
        let shorter = (3..code.len()).rev().filter_map(|n| code.get(..n));
        shorter.filter_map(|head| self.find(head)).find(|ix| self.items[*ix].kind == ConceptKind::Code)
    }

    /// Puts each code that has no parent yet below the nearest one whose code begins it.
    pub(super) fn derive_parents(&mut self) {
        for ix in 0..self.items.len() {
            if self.items[ix].parent.is_none() && self.items[ix].kind == ConceptKind::Code {
                self.items[ix].parent = self.above(&self.items[ix].code);
            }
        }
    }

    /// Hands everything to a builder.
    pub(super) fn emit(&self, builder: &mut EditionBuilder) {
        let text: usize = self.items.iter().flat_map(|d| &d.names).map(|n| n.text.len() + 1).sum();
        builder.reserve(self.items.len(), text);
        let all: Vec<_> = self
            .items
            .iter()
            .map(|d| builder.concept(Code::from_official(&d.code), d.kind, d.assignable))
            .collect();
        for (draft, &ix) in self.items.iter().zip(&all) {
            if let Some(&parent) = draft.parent.and_then(|p| all.get(p)) {
                builder.parent(ix, parent);
            }
            for name in &draft.names {
                match &name.language {
                    None => builder.designation(ix, name.role, &name.text),
                    Some(language) => builder.designation_in(ix, name.role, language, &name.text),
                }
            }
            for (kind, text, refs) in &draft.notes {
                builder.note(ix, *kind, text, refs.clone());
            }
            for (name, value) in &draft.attributes {
                builder.attribute(ix, name, value);
            }
        }
    }
}

/// A code as written, without its dot and marks, in upper case; `None` when nothing of a code is left.
pub(super) fn plain(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(['*', '!', '+', '\u{2020}', '-', '.']);
    let plain: String = text.chars().filter(|c| *c != '.').collect::<String>().to_uppercase();
    let b = plain.as_bytes();
    let shaped = (3..=6).contains(&b.len())
        && b[0].is_ascii_uppercase()
        && b[1..3].iter().all(u8::is_ascii_digit)
        && b[3..].iter().all(u8::is_ascii_alphanumeric);
    shaped.then_some(plain)
}

/// The key of a chapter: the Roman number that the books print, also where a file counts `01`, `02`.
pub(super) fn chapter_key(text: &str) -> String {
    let text = text.trim();
    let Some(mut number) = text.parse::<u8>().ok().filter(|n| (1..90).contains(n)) else {
        return text.to_owned();
    };
    let mut roman = String::new();
    for (value, letters) in [(50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")] {
        while number >= value {
            roman.push_str(letters);
            number -= value;
        }
    }
    roman
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        assert_eq!(plain("Q10.-*").as_deref(), Some("Q10"));
        assert_eq!(plain("q10.0!").as_deref(), Some("Q100"));
        assert_eq!(plain("\u{e9}10"), None);
        assert_eq!(plain("-"), None);
        assert_eq!([chapter_key("01"), chapter_key("19"), chapter_key("IV")], ["I", "XIX", "IV"]);
        assert_eq!(chapter_key("44"), "XLIV");
    }
}
