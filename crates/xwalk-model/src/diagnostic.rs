//! What is wrong in the input, where, and what to do about it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A place in a file. Lines and columns count from 1, bytes from 0; a column counts bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Offset of the first byte.
    pub byte: u64,
    /// Line, from 1; in a workbook the row.
    pub line: u32,
    /// Column in bytes, from 1; in a workbook the column of the cell.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is missing from the result.
    Note,
    /// The official files contradict each other or themselves; the result says which one was followed.
    Warning,
    /// A record could not be used and is not in the result.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $severity:ident;)*) => {
        /// The stable names of diagnostics. A name is never reused for something else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Rule {
            /// Every rule, in the order in which the documentation lists them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable id, as in `error[bad-code]`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What the rule means, in one line.
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)* }
            }

            /// The severity a diagnostic of this rule has.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

rules! {
    /// A code field holds something that is not written like a code of the system.
    BadCode = "bad-code", Error;
    /// A line does not have the layout its file type prescribes.
    BadLayout = "bad-layout", Error;
    /// A flag field holds a character that the record layout does not name.
    BadFlag = "bad-flag", Error;
    /// Text is not in the encoding that the rest of the file uses.
    BadEncoding = "bad-encoding", Error;
    /// The same code stands twice in one file.
    DuplicateCode = "duplicate-code", Error;
    /// The last line of a file does not end as the others do: the file may be cut off.
    Truncated = "truncated", Error;
    /// The XML is not well formed, or uses an entity that it does not declare.
    BadXml = "bad-xml", Error;
    /// An XML element that this reader does not know; its content is not in the result.
    UnknownElement = "unknown-element", Warning;
    /// The order numbers of an order file have a gap or go backwards.
    OrderGap = "order-gap", Warning;
    /// A code has no header row above it, though its siblings have one.
    NoParent = "no-parent", Warning;
    /// Two files of one release name different sets of codes.
    CodesDisagree = "codes-disagree", Warning;
    /// Two files of one release give a code different titles.
    TitlesDisagree = "titles-disagree", Warning;
    /// Two files of one release give a code different attributes.
    AttributesDisagree = "attributes-disagree", Warning;
    /// Two files of one release disagree on whether a code is assignable.
    AssignableDisagrees = "assignable-disagrees", Warning;
    /// A list of attributes names a code that the edition does not hold.
    UnknownCode = "unknown-code", Warning;
    /// A field of an official file has a value that contradicts the record it stands in; the record was used.
    OddValue = "odd-value", Warning;
    /// Assignable codes were made from 7th-character definitions or modifiers, not read from a list.
    Expanded = "expanded", Note;
    /// A file was given that is not understood.
    NotUnderstood = "not-understood", Note;
    /// A file is understood, but adds nothing to an edition.
    NotUsed = "not-used", Note;
    /// A cell of a table is not understood; nothing was guessed from it.
    BadCell = "bad-cell", Warning;
    /// The same row stands twice in a table; it was used once.
    DuplicateRow = "duplicate-row", Warning;
    /// A spreadsheet has made a number or a date of a code, which loses digits; the cell was not used.
    NumberCell = "number-cell", Error;
    /// Blanks that nobody sees stand in a cell: no-break spaces, zero-width characters, tabs, blanks at the ends.
    HiddenBlank = "hidden-blank", Warning;
    /// A list holds codes of another code system than the rest.
    MixedSystems = "mixed-systems", Error;
    /// Several columns could hold the codes or the names of the sets.
    AmbiguousColumn = "ambiguous-column", Error;
    /// The cells that name the columns are merged, so that a name does not belong to one column.
    MergedCells = "merged-cells", Error;
    /// A line of a set is not a code, range, prefix or pattern.
    BadSelector = "bad-selector", Error;
    /// A line of a set could not be used for what it asks, for instance a filter by regular expression.
    NotSupported = "not-supported", Error;
    /// Lines of other code systems stand in a set and were left as they are.
    OtherSystem = "other-system", Note;
    /// Two different files claim to be the same part of one edition.
    ConflictingFiles = "conflicting-files", Error;
}

/// One finding about an input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of finding it is.
    pub rule: Rule,
    /// What was found and what was expected, as a sentence fragment.
    pub message: String,
    /// Name of the file.
    pub source: Arc<str>,
    /// Where in the file, when a place can be named.
    pub at: Option<Position>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A diagnostic about a whole file.
    pub fn new(rule: Rule, source: &Arc<str>, message: impl Into<String>) -> Self {
        Self { rule, message: message.into(), source: Arc::clone(source), at: None, hint: None }
    }

    /// Names the place.
    #[must_use]
    pub fn at(mut self, at: Position) -> Self {
        self.at = Some(at);
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        if let Some(at) = self.at {
            write!(f, ":{at}")?;
        }
        write!(f, ": {}[{}]: {}", self.rule.severity(), self.rule.id(), self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_documented() {
        let d = Diagnostic::new(
            Rule::BadCode,
            &"icd10cm_order_2025.txt".into(),
            "\"A0O1\" is not an ICD-10-CM code",
        )
        .at(Position { byte: 0, line: 1042, column: 7 })
        .hint("compare the line with the record layout");
        assert_eq!(
            d.to_string(),
            "icd10cm_order_2025.txt:1042:7: error[bad-code]: \"A0O1\" is not an ICD-10-CM code\n  \
             hint: compare the line with the record layout"
        );
        let mut ids: Vec<_> = Rule::ALL.iter().map(|r| r.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Rule::ALL.len());
    }
}
