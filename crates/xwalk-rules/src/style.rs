//! How an author writes codes, so that what is added looks like what is there.

use compact_str::CompactString;
use xwalk_model::{Code, CodeSystem, Selector, ValueSet};

/// How the codes of a set are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With their dots.
    pub dotted: bool,
    /// In lower case.
    pub lower: bool,
}

impl Style {
    /// The style that most lines of a set have; with dots where no line tells.
    pub fn of(set: &ValueSet) -> Self {
        let (mut dots, mut plain, mut lower, mut upper) = (0usize, 0usize, 0usize, 0usize);
        for line in &set.lines {
            let Selector::Code(code) = &line.selector else { continue };
            if code.display(set.system) != code.as_str() {
                if line.text.contains('.') {
                    dots += 1;
                } else {
                    plain += 1;
                }
            }
            if line.text.bytes().any(|b| b.is_ascii_lowercase()) {
                lower += 1;
            } else if line.text.bytes().any(|b| b.is_ascii_uppercase()) {
                upper += 1;
            }
        }
        Self { dotted: dots >= plain, lower: lower > upper }
    }

    /// A code in this style.
    pub fn write(self, code: &Code, system: CodeSystem) -> CompactString {
        let text = if self.dotted { code.display(system) } else { code.as_str().to_owned() };
        if self.lower { text.to_ascii_lowercase().into() } else { text.into() }
    }
}

/// The author's text with one code in it put for another, whatever way it is written.
pub(crate) fn put_for(text: &str, old: &Code, new: &Code, system: CodeSystem) -> CompactString {
    for form in [old.display(system), old.as_str().to_owned()] {
        if let Some(at) = text.to_ascii_uppercase().find(&form) {
            let dotted = form.contains('.');
            let mut put = if dotted { new.display(system) } else { new.as_str().to_owned() };
            let there = text.get(at..at + form.len()).unwrap_or_default();
            if there.bytes().any(|b| b.is_ascii_lowercase()) {
                put = put.to_ascii_lowercase();
            }
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + form.len()..).unwrap_or_default();
            return format!("{before}{put}{after}").into();
        }
    }
    new.display(system).into()
}
