//! Codes as values: parsed once, canonical inside, displayed as the authority prints them.

use std::cmp::Ordering;
use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::CodeSystem;

/// A code in canonical form: upper case, without its dot.
///
/// Groupings (chapters, blocks) are named by the authority's own key, for instance `A00-A09`.
/// A code does not know its system; [`Code::display`] is told it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(CompactString);

/// Why a text is not a code of a system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// Nothing but blanks.
    #[error("the code is empty")]
    Empty,
    /// The characters cannot be a code of this system.
    #[error("`{text}` is not written like a code of {}", system.name())]
    Shape {
        /// The text as given.
        text: String,
        /// The system it was read for.
        system: CodeSystem,
    },
    /// The dot is not where the authority puts it.
    #[error("`{text}` has its dot in the wrong place for {}", system.name())]
    Dot {
        /// The text as given.
        text: String,
        /// The system it was read for.
        system: CodeSystem,
    },
}

/// The first eight bytes of a text as a number, which sorts as they do: where two are equal, the texts have to be compared.
pub fn prefix(text: &[u8]) -> u64 {
    let mut word = [0; 8];
    let len = text.len().min(8);
    word[..len].copy_from_slice(&text[..len]);
    u64::from_be_bytes(word)
}

impl Code {
    /// Reads a code as people write it: any case, with or without its dot, blanks around it.
    ///
    /// Checks the shape a system's codes have, not whether any edition holds the code.
    pub fn parse(system: CodeSystem, text: &str) -> Result<Self, CodeError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(CodeError::Empty);
        }
        let shape = || CodeError::Shape { text: trimmed.to_owned(), system };
        if !trimmed.is_ascii() || trimmed.len() > 16 {
            return Err(shape());
        }
        let upper = trimmed.to_ascii_uppercase();
        let undotted = match upper.find('.') {
            None => upper,
            Some(at) => {
                let undotted = upper.replacen('.', "", 1);
                // A trailing dot after a category (`E11.`) is how some systems export headers.
                let expected = system.dot_after(&undotted);
                let trailing = at == undotted.len();
                if undotted.contains('.') || (expected != Some(at) && !trailing) {
                    return Err(CodeError::Dot { text: trimmed.to_owned(), system });
                }
                undotted
            }
        };
        let shaped = !undotted.is_empty() && has_shape(system, undotted.as_bytes());
        if shaped { Ok(Self(undotted.into())) } else { Err(shape()) }
    }

    /// Takes a code or grouping key exactly as an official file states it, with its dot already removed.
    pub fn from_official(text: &str) -> Self {
        Self(text.into())
    }

    /// Reads a code or, where it is not one, a grouping key such as `A00-A09` or a chapter number.
    pub fn parse_or_grouping(system: CodeSystem, text: &str) -> Self {
        Self::parse(system, text).unwrap_or_else(|_| Self(text.trim().to_uppercase().into()))
    }

    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The [`prefix`] of its canonical form.
    pub fn prefix(&self) -> u64 {
        prefix(self.0.as_bytes())
    }

    /// How a code with the same [`Code::prefix`] compares.
    pub fn cmp_behind_prefix(&self, other: &Self) -> Ordering {
        let short = self.0.len() == other.0.len() && self.0.len() <= 8;
        if short { Ordering::Equal } else { self.cmp(other) }
    }

    /// What `cmp` says, sooner where codes differ in their first eight bytes.
    pub fn cmp_by_prefix(&self, other: &Self) -> Ordering {
        self.prefix().cmp(&other.prefix()).then_with(|| self.cmp_behind_prefix(other))
    }

    /// The form the authority prints, with its dot where the classification is written with one.
    pub fn display(&self, system: CodeSystem) -> String {
        let code = self.as_str();
        match system.dot_after(code) {
            // Groupings are keyed by ranges and numbers that take no dot.
            Some(at) if code.is_char_boundary(at) && !code.contains('-') => {
                format!("{}.{}", &code[..at], &code[at..])
            }
            _ => code.to_owned(),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn all(bytes: &[u8], test: impl Fn(u8) -> bool) -> bool {
    bytes.iter().all(|&b| test(b))
}

/// Letters and digits without I and O, which WHO and CMS leave out of ICD-11 and PCS codes.
fn unambiguous(b: u8) -> bool {
    b.is_ascii_digit() || (b.is_ascii_uppercase() && b != b'I' && b != b'O')
}

fn has_shape(system: CodeSystem, code: &[u8]) -> bool {
    let alnum = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    let digit = |b: u8| b.is_ascii_digit();
    match system {
        // From FY2026 the second character may be a letter too (QA0).
        CodeSystem::Icd10cm => {
            (3..=7).contains(&code.len())
                && code[0].is_ascii_uppercase()
                && all(code, alnum)
                && code[1..].iter().any(u8::is_ascii_digit)
        }
        CodeSystem::Icd10 | CodeSystem::Icd10gm => {
            (3..=6).contains(&code.len())
                && code[0].is_ascii_uppercase()
                && all(&code[1..3], digit)
                && all(&code[3..], alnum)
        }
        CodeSystem::Icd10pcs => matches!(code.len(), 1..=7) && all(code, unambiguous),
        CodeSystem::Icd9cm => match code[0] {
            b'E' => matches!(code.len(), 4..=5) && all(&code[1..], digit),
            b'V' => matches!(code.len(), 3..=5) && all(&code[1..], digit),
            _ => matches!(code.len(), 3..=5) && all(code, digit),
        },
        CodeSystem::Icd9pcs => matches!(code.len(), 2..=4) && all(code, digit),
        CodeSystem::Icd11mms => {
            if code[0] == b'X' {
                (4..=6).contains(&code.len()) && all(code, unambiguous)
            } else {
                (4..=6).contains(&code.len())
                    && all(code, unambiguous)
                    && code[1].is_ascii_uppercase()
                    && code[2].is_ascii_digit()
            }
        }
        CodeSystem::Hcpcs => {
            (code.len() == 5 && code[0].is_ascii_uppercase() && all(&code[1..], digit))
                || (code.len() == 2 && all(code, alnum))
        }
        CodeSystem::Cpt => {
            (code.len() == 5 && all(&code[..4], digit) && alnum(code[4]))
                || (code.len() == 2 && all(code, alnum))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(system: CodeSystem, text: &str, expected: Result<(&str, &str), CodeError>) {
        let code = Code::parse(system, text);
        let seen = code.as_ref().map(|c| (c.as_str().to_owned(), c.display(system)));
        let expected = expected.map(|(c, d)| (c.to_owned(), d.to_owned()));
        assert_eq!(seen, expected.as_ref().cloned(), "{text}");
    }

    #[test]
    fn codes_as_people_write_them() {
        for text in ["E11.9", "e119", "E119", " e11.9 "] {
            check(CodeSystem::Icd10cm, text, Ok(("E119", "E11.9")));
        }
        check(CodeSystem::Icd10cm, "QA0.1", Ok(("QA01", "QA0.1")));
        check(CodeSystem::Icd10cm, "E11.", Ok(("E11", "E11")));
        check(CodeSystem::Icd9cm, "e8020", Ok(("E8020", "E802.0")));
        check(CodeSystem::Icd9cm, "250.00", Ok(("25000", "250.00")));
        check(CodeSystem::Icd9pcs, "39.29", Ok(("3929", "39.29")));
        check(CodeSystem::Icd11mms, "1a00.1", Ok(("1A001", "1A00.1")));
        check(CodeSystem::Icd11mms, "XS8Z", Ok(("XS8Z", "XS8Z")));
        check(CodeSystem::Icd10pcs, "0016070", Ok(("0016070", "0016070")));
    }

    #[test]
    fn texts_that_are_not_codes() {
        check(CodeSystem::Icd10cm, "  ", Err(CodeError::Empty));
        let shape = |text: &str, system| Err(CodeError::Shape { text: text.into(), system });
        check(CodeSystem::Icd10cm, "XYZ", shape("XYZ", CodeSystem::Icd10cm));
        check(CodeSystem::Icd10cm, "E1", shape("E1", CodeSystem::Icd10cm));
        for system in CodeSystem::ALL {
            check(system, ".", shape(".", system));
        }
        check(CodeSystem::Icd10cm, "é11", shape("é11", CodeSystem::Icd10cm));
        let dot = |text: &str, system| Err(CodeError::Dot { text: text.into(), system });
        check(CodeSystem::Icd10cm, "E1.19", dot("E1.19", CodeSystem::Icd10cm));
        check(CodeSystem::Icd10cm, "E11.9.1", dot("E11.9.1", CodeSystem::Icd10cm));
    }
}
