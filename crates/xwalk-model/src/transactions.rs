//! The transaction report of HCPCS Level II: what the authority says it did to each code.

use serde::{Deserialize, Serialize};

use crate::{Code, EditionId, Position};

macro_rules! action_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $letter:literal;)*) => {
        /// What CMS did to a code or modifier, compared with the release before.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum ActionCode { $($(#[doc = $doc])+ $name,)* }

        impl ActionCode {
            /// The action code of a letter in the file.
            pub fn of_letter(letter: &str) -> Option<Self> {
                match letter { $($letter => Some(Self::$name),)* _ => None }
            }

            /// The letter in the file.
            pub fn letter(self) -> &'static str {
                match self { $(Self::$name => $letter,)* }
            }

            /// What it means, in words.
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)* }
            }
        }
    };
}

action_codes! {
    /// added
    Add = "A";
    /// coverage and long description changed
    CoverageAndLong = "B";
    /// long description changed
    Long = "C";
    /// discontinued
    Discontinue = "D";
    /// coverage or administrative data changed
    Coverage = "F";
    /// no change
    NoChange = "N";
    /// payment changed
    Payment = "P";
    /// reactivated
    Reactivate = "R";
    /// short description changed
    Short = "S";
    /// BETOS or type of service changed
    Miscellaneous = "T";
}

impl ActionCode {
    /// The action code that a type of change names in words. Wordings differ between years and between the report
    /// and its key: `ADD`, `Coverage and Long Desc Change`, `Change in Payment`.
    pub fn of_words(words: &str) -> Option<Self> {
        let lower = words.to_ascii_lowercase();
        let has = |part: &str| lower.contains(part);
        Some(match () {
            () if has("no change") => Self::NoChange,
            () if has("coverage") && has("long") => Self::CoverageAndLong,
            () if has("long") => Self::Long,
            () if has("short") => Self::Short,
            () if has("coverage") || has("administrative") => Self::Coverage,
            () if has("payment") => Self::Payment,
            () if has("activ") => Self::Reactivate,
            () if has("discontinue") || has("delete") => Self::Discontinue,
            () if has("misc") || has("betos") => Self::Miscellaneous,
            () if lower.trim().starts_with("add") => Self::Add,
            () => return None,
        })
    }
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The code or modifier.
    pub code: Code,
    /// What was done.
    pub action: ActionCode,
    /// The row.
    pub at: Position,
}

/// An authority's report of what it did to each code of an edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionReport {
    /// The edition that the changes lead to.
    pub to: EditionId,
    /// Name of the file.
    pub file: String,
    /// Lower-case hexadecimal SHA-256 of the file.
    pub sha256: String,
    /// Its lines in the order of the file.
    pub entries: Vec<Transaction>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_all_years() {
        let check = |words: &str, letter: &str| {
            assert_eq!(ActionCode::of_words(words).map(ActionCode::letter), Some(letter), "{words}");
            assert_eq!(ActionCode::of_letter(letter).map(ActionCode::letter), Some(letter));
        };
        check("ADD", "A");
        check("Coverage and Long Desc Change", "B");
        check("Change in both Coverage & Long Description", "B");
        check("Long Description Change", "C");
        check("Discontinued", "D");
        check("Coverage Change", "F");
        check("No change", "N");
        check("Payment Change", "P");
        check("Re-activated", "R");
        check("Short Description Change", "S");
        check("Miscellaneous change (BETOS or Type of Service)", "T");
        assert_eq!(ActionCode::of_words("Type of Change"), None);
    }
}
