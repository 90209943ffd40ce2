//! What stands in a cell of codes, and what a spreadsheet did to it.

use xwalk_model::{Cell, CodeSystem, Rule, Selector};

/// What is wrong with a cell of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) rule: Rule,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

/// A code cell as clean text, and whether blanks were taken out of it that nobody sees.
pub(super) fn clean(cell: &Cell, quote: Option<char>) -> (String, bool) {
    let text = cell.text();
    let odd = |c: char| {
        matches!(
            c,
            '\u{a0}' | '\u{200b}'
                ..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\t' | '\r' | '\u{2007}' | '\u{202f}'
        )
    };
    let mut clean: String = text.chars().map(|c| if odd(c) { ' ' } else { c }).collect();
    let hidden = clean != *text || clean.trim_matches(' ') != clean;
    clean = clean.trim().to_owned();
    if let Some(quote) = quote {
        let inner = clean.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)).unwrap_or(&clean);
        clean = inner.trim().to_owned();
    }
    // An apostrophe before a text keeps a spreadsheet from reading it as a formula or number.
    if let Some(rest) = clean.strip_prefix('\'')
        && quote.is_none()
    {
        clean = rest.to_owned();
    }
    (clean, hidden)
}

/// Whether a spreadsheet has made a number or a date of a code.
pub(super) fn spoiled(cell: &Cell, text: &str, system: CodeSystem) -> Option<Fault> {
    let hint = "format the column as text and type the code again, or export it from where it came";
    let fault = |message: String| Some(Fault { rule: Rule::NumberCell, message, hint });
    match cell {
        // Five digits without a zero in front are what they are.
        Cell::Number(number)
            if system == CodeSystem::Cpt
                && (10_000.0..100_000.0).contains(number)
                && number.fract() == 0.0 =>
        {
            None
        }
        Cell::Number(number) => fault(format!(
            "the code is stored as the number {number}; zeros before it or behind its point are lost"
        )),
        Cell::Date(date) => fault(format!("the code is stored as the date {date}")),
        Cell::Bool(_) => fault("the code is stored as yes or no".to_owned()),
        Cell::Text(_) | Cell::Empty => {
            if is_scientific(text) {
                return fault(format!("`{text}` is a number that a spreadsheet has made of a code"));
            }
            None
        }
    }
}

/// `1.1E+12`, as spreadsheets print a code such as `11E11` that they took for a number.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) =
        text.to_ascii_uppercase().split_once("E+").map(|(a, b)| (a.to_owned(), b.to_owned()))
    else {
        return false;
    };
    !mantissa.is_empty()
        && mantissa.chars().all(|c| c.is_ascii_digit() || c == '.')
        && exponent.chars().all(|c| c.is_ascii_digit())
}

/// The selectors of a cell; several are parted by commas, semicolons or line ends.
pub(super) fn selectors(text: &str, system: CodeSystem) -> Vec<(String, Result<Selector, Fault>)> {
    text.split([',', ';', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| (part.to_owned(), selector(part, system)))
        .collect()
}

pub(super) fn selector(text: &str, system: CodeSystem) -> Result<Selector, Fault> {
    Selector::parse(system, text).map_err(|error| match other_system(text, system) {
        Some(other) => Fault {
            rule: Rule::MixedSystems,
            message: format!("`{text}` is written like a code of {}, not of {}", other.name(), system.name()),
            hint: "keep the codes of each system in a list of their own, or name the system in a column",
        },
        None => Fault {
            rule: Rule::BadSelector,
            message: error.to_string(),
            hint: "write a code, a range E10-E14, a prefix E11.* or E11.-, or a pattern S72.?01A",
        },
    })
}

/// The system whose codes are written so, where it is not the one that is read.
fn other_system(text: &str, system: CodeSystem) -> Option<CodeSystem> {
    const LIKELY: [CodeSystem; 7] = [
        CodeSystem::Icd10cm,
        CodeSystem::Icd9cm,
        CodeSystem::Cpt,
        CodeSystem::Hcpcs,
        CodeSystem::Icd10pcs,
        CodeSystem::Icd9pcs,
        CodeSystem::Icd11mms,
    ];
    // A word is shaped like some code soon, so only what has a digit counts.
    let coded = text.bytes().any(|b| b.is_ascii_digit());
    LIKELY.into_iter().filter(|s| *s != system && coded).find(|s| Selector::parse(*s, text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_do_to_codes() {
        let spoiled = |cell: &Cell, system| {
            let (text, _) = clean(cell, None);
            spoiled(cell, &text, system).map(|f| f.message)
        };
        let number = spoiled(&Cell::Number(250.0), CodeSystem::Icd9cm).unwrap();
        assert!(number.contains("the number 250;"), "{number}");
        assert!(spoiled(&Cell::Text("1.1E+12".into()), CodeSystem::Icd10cm).is_some());
        assert!(spoiled(&Cell::Date("2025-05-01".into()), CodeSystem::Icd10cm).is_some());
        assert_eq!(spoiled(&Cell::Number(12345.0), CodeSystem::Cpt), None);
        assert!(spoiled(&Cell::Number(100.0), CodeSystem::Cpt).is_some());
        assert_eq!(spoiled(&Cell::Text("E11.9".into()), CodeSystem::Icd10cm), None);
    }

    #[test]
    fn blanks_that_nobody_sees() {
        assert_eq!(clean(&Cell::Text("E11.9\u{a0}".into()), None), ("E11.9".to_owned(), true));
        assert_eq!(clean(&Cell::Text("\u{200b}E11.9".into()), None), ("E11.9".to_owned(), true));
        assert_eq!(clean(&Cell::Text("E11.9".into()), None), ("E11.9".to_owned(), false));
        assert_eq!(clean(&Cell::Text("'A000'".into()), Some('\'')), ("A000".to_owned(), false));
    }

    #[test]
    fn systems_that_are_mixed() {
        let rule = |text| selector(text, CodeSystem::Icd10cm).map_err(|f| f.rule);
        assert_eq!(rule("250.00"), Err(Rule::MixedSystems));
        assert_eq!(rule("see note 1"), Err(Rule::BadSelector));
        assert_eq!(rule("total"), Err(Rule::BadSelector));
        assert!(rule("E10-E14").is_ok());
    }
}
