//! Selectors: how a line of a value set or rule names codes, as its author writes it.
//!
//! | written | means |
//! | --- | --- |
//! | `E11.9` | one code; a header is itself or, when asked for, its descendants |
//! | `S72.0-`, `E11.-` | a code with its descendants, the dash of the ICD |
//! | `C00-D48`, `E10.1 to E10.9` | from the first code to the last descendant of the second, in tabular order |
//! | `I21.*`, `E11%` | every code that begins so |
//! | `S72.?01A` | one character for `?`, any run of characters for `*` or `%` |

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{Code, CodeSystem};

/// Which codes a line names. Codes and prefixes are canonical: upper case, without dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selector {
    /// One code.
    Code(Code),
    /// A code with everything below it (FHIR `is-a`).
    IsA(Code),
    /// Everything below a code, without itself (FHIR `descendent-of`).
    DescendentOf(Code),
    /// From one code to another, both with everything below them, in the order of the tabular list.
    Range(Box<(Code, Code)>),
    /// Every code that begins with these characters.
    Prefix(CompactString),
    /// Codes that fit a pattern in which `?` is one character and `*` any run of them.
    Pattern(CompactString),
}

/// Why a text names no codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectorError {
    /// Nothing but blanks.
    #[error("the cell is empty")]
    Empty,
    /// A part of it is not written like a code.
    #[error("`{part}` is not written like a code of {}", system.name())]
    Code {
        /// The part that is not understood.
        part: String,
        /// The system it was read for.
        system: CodeSystem,
    },
    /// The wildcards leave nothing to go by.
    #[error("`{text}` would name every code; write at least one character before the wildcard")]
    Everything {
        /// The text as given.
        text: String,
    },
    /// A range of three or more parts, or one with an open end.
    #[error("`{text}` is not a range of two codes; write both in full, for instance E10.1-E10.9")]
    Range {
        /// The text as given.
        text: String,
    },
}

/// Words and signs between the two codes of a range.
const RANGE_SIGNS: [&str; 8] = ["\u{2013}", "\u{2014}", " to ", " through ", " thru ", "..", " - ", "-"];

/// No code is longer, so a longer text is no pattern for codes.
const LONGEST: usize = 12;

impl Selector {
    /// Reads a selector as people write it.
    ///
    /// ```
    /// use xwalk_model::{CodeSystem, Selector};
    /// let range = Selector::parse(CodeSystem::Icd10cm, "E10.1 – e10.9").unwrap();
    /// assert_eq!(range.to_string(), "E101-E109");
    /// ```
    pub fn parse(system: CodeSystem, text: &str) -> Result<Self, SelectorError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SelectorError::Empty);
        }
        if text.contains(['*', '%', '?']) {
            return Self::parse_wildcard(system, text);
        }
        let code = |part: &str| {
            Code::parse(system, part)
                .map_err(|_| SelectorError::Code { part: part.trim().to_owned(), system })
        };
        if let Some(stem) = text.strip_suffix(['-', '\u{2013}']) {
            return code(stem).map(Self::IsA);
        }
        if let Some(sign) = RANGE_SIGNS.iter().find(|sign| contains(text, sign)) {
            let lower = text.to_ascii_lowercase();
            let parts: Vec<&str> = lower.split(sign).map(str::trim).collect();
            let [from, to] = parts[..] else { return Err(SelectorError::Range { text: text.to_owned() }) };
            if from.is_empty() || to.is_empty() {
                return Err(SelectorError::Range { text: text.to_owned() });
            }
            return Ok(Self::Range(Box::new((code(from)?, code(to)?))));
        }
        code(text).map(Self::Code)
    }

    fn parse_wildcard(system: CodeSystem, text: &str) -> Result<Self, SelectorError> {
        let pattern: String = text
            .chars()
            .filter(|c| *c != '.')
            .map(|c| match c {
                '%' => '*',
                other => other.to_ascii_uppercase(),
            })
            .collect();
        let bad = |c: char| !c.is_ascii_alphanumeric() && c != '*' && c != '?';
        // A dot may stand where the authority puts it and, as in `I21.*`, before the wildcard.
        let dot = text.find('.');
        let stem = pattern.find(['*', '?']).unwrap_or(pattern.len());
        let full = system.dot_after("AAAAAAA");
        let dot_ok =
            dot.is_none_or(|at| full.is_some_and(|f| f == at || (system == CodeSystem::Icd9cm && at == 4)));
        if pattern.contains(bad) || pattern.len() > LONGEST || text.matches('.').count() > 1 || !dot_ok {
            return Err(SelectorError::Code { part: text.to_owned(), system });
        }
        if stem == 0 {
            return Err(SelectorError::Everything { text: text.to_owned() });
        }
        let prefix = pattern.trim_end_matches('*');
        Ok(if prefix.contains(['*', '?']) {
            Self::Pattern(pattern.into())
        } else {
            Self::Prefix(prefix.into())
        })
    }

    /// The single code it names, where it names one.
    pub fn code(&self) -> Option<&Code> {
        match self {
            Self::Code(code) => Some(code),
            _ => None,
        }
    }

    /// Whether it can take in codes that nobody had in mind when it was written.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Code(_))
    }

    /// Whether a code fits a pattern.
    pub fn fits(pattern: &str, code: &str) -> bool {
        fits(pattern.as_bytes(), code.as_bytes())
    }
}

fn contains(text: &str, sign: &str) -> bool {
    text.to_ascii_lowercase().contains(sign)
}

/// Greedy matching with one way back, linear in practice: the last `*` is the only one worth retrying.
fn fits(pattern: &[u8], code: &[u8]) -> bool {
    let (mut p, mut c) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while c < code.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, c));
                p += 1;
            }
            Some(&sign) if sign == b'?' || sign == code[c] => {
                p += 1;
                c += 1;
            }
            _ => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    p = after;
                    c = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::IsA(code) => write!(f, "{code}-"),
            Self::DescendentOf(code) => write!(f, "<{code}"),
            Self::Range(bounds) => write!(f, "{}-{}", bounds.0, bounds.1),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Pattern(pattern) => f.write_str(pattern),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let seen = Selector::parse(CodeSystem::Icd10cm, text).map(|s| s.to_string());
        assert_eq!(seen.unwrap_or_else(|e| format!("error: {e}")), expected, "{text}");
    }

    #[test]
    fn notations_of_people() {
        check(" e11.9", "E119");
        check("S72.0-", "S720-");
        check("E11.-", "E11-");
        for range in ["C00-D48", "c00 - d48", "C00\u{2013}D48", "C00 to D48", "C00..D48", "C00 through D48"] {
            check(range, "C00-D48");
        }
        check("E10.1-E10.9", "E101-E109");
        for prefix in ["I21.*", "I21%", "I21*", "i21.%"] {
            check(prefix, "I21*");
        }
        check("E1*", "E1*");
        check("S72.?01A", "S72?01A");
        check("S72.0*A", "S720*A");
        check("QA0-QA2", "QA0-QA2");
    }

    #[test]
    fn texts_that_name_nothing() {
        check("", "error: the cell is empty");
        check("*", "error: `*` would name every code; write at least one character before the wildcard");
        check("hello", "error: `hello` is not written like a code of ICD-10-CM");
        check("E10.1-.9", "error: `.9` is not written like a code of ICD-10-CM");
        check(
            "A00-B00-C00",
            "error: `A00-B00-C00` is not a range of two codes; write both in full, for instance E10.1-E10.9",
        );
        check(
            "-E11",
            "error: `-E11` is not a range of two codes; write both in full, for instance E10.1-E10.9",
        );
        check("E1.1*", "error: `E1.1*` is not written like a code of ICD-10-CM");
    }

    #[test]
    fn patterns_fit() {
        for (pattern, code, fit) in [
            ("S72?01A", "S72001A", true),
            ("S72?01A", "S7201A", false),
            ("S720*A", "S72001A", true),
            ("S720*A", "S72001D", false),
            ("A*1*", "A0012", true),
        ] {
            assert_eq!(Selector::fits(pattern, code), fit, "{pattern} {code}");
        }
    }
}
