//! The codes that an instructional note names.
//!
//! Notes name codes in brackets, `(A00.0, B99-)`, `(T36-T50 with fifth or sixth character 5)`, and after the words
//! `code from category`. A trailing dash stands for the code with everything below it.

/// The codes and ranges that a note names, undotted, in the order in which they stand, each once.
pub(crate) fn code_refs(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut depth = 0u32;
    let mut after_category = false;
    let mut word_start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let part = c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        match (part, word_start) {
            (true, None) => word_start = Some(at),
            (false, Some(start)) => {
                let word = text[start..at].trim_end_matches('.');
                if depth > 0 || after_category {
                    found.extend(code_or_range(word).filter(|r| !found.contains(r)));
                }
                after_category = match word {
                    "category" | "categories" | "subcategory" | "subcategories" => true,
                    "and" | "or" => after_category,
                    _ => after_category && code_or_range(word).is_some(),
                };
                word_start = None;
            }
            _ => {}
        }
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}

fn code_or_range(word: &str) -> Option<String> {
    // A dash at the end belongs to a code; one between two codes makes a range, whose ends may have dashes too.
    if let Some((first, last)) = split_range(word) {
        return Some(format!("{}-{}", undotted(first)?, undotted(last)?));
    }
    let body = word.trim_end_matches('-');
    let code = undotted(body)?;
    Some(if body.len() < word.len() { format!("{code}-") } else { code })
}

fn split_range(word: &str) -> Option<(&str, &str)> {
    let (first, last) = word.trim_end_matches('-').split_once('-')?;
    Some((first, last.trim_start_matches('-')))
}

fn undotted(text: &str) -> Option<String> {
    let text = text.trim_matches(|c| c == '.' || c == '-');
    let plain: String = text.chars().filter(|c| *c != '.').collect();
    let b = plain.as_bytes();
    let shaped = (3..=7).contains(&b.len())
        && b[0].is_ascii_uppercase()
        && (b[1].is_ascii_digit() || b[2].is_ascii_digit())
        && b.iter().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
        && text.find('.').is_none_or(|at| at == 3)
        && (b.len() == 3 || text.contains('.'));
    shaped.then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(code_refs(text), expected, "{text}");
    }

    #[test]
    fn codes_in_brackets() {
        check("carrier of infectious disease (Z22.-)", &["Z22-"]);
        check("infections (P35-P39)", &["P35-P39"]);
        check("poisoning by drug (T36-T50 with fifth or sixth character 1-4)", &["T36-T50"]);
        check("angina (I20.0, I25.11-, I25.7-) and (C4A.-)", &["I200", "I2511-", "I257-", "C4A-"]);
        check("see (QA0.0141-)", &["QA00141-"]);
        check("(M80.0-, M80.8-)", &["M800-", "M808-"]);
        check("code from category Z3A or categories O00 and O01, weeks", &["Z3A", "O00", "O01"]);
    }

    #[test]
    fn words_that_are_not_codes() {
        check("vitamin B12 deficiency", &[]);
        check("deficiency (vitamin)", &[]);
        check("(see section 1.A)", &[]);
    }
}
