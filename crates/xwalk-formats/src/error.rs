//! What can be wrong with a record.

use xwalk_model::Position;

/// A record that does not have the layout of its file type, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Error {
    /// The place: the line, and the column at which the layout is broken.
    pub at: Position,
    /// What is wrong.
    pub kind: ErrorKind,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The line ends before a field that must be there.
    #[error("the line ends after {found} bytes; expected {expected}")]
    LineTooShort {
        /// Length of the line in bytes, without its end.
        found: usize,
        /// What should have followed, with its columns.
        expected: &'static str,
    },
    /// A field that separates others is not blank.
    #[error("expected a blank between fields, found `{found}`")]
    NotBlank {
        /// The character that stands there.
        found: char,
    },
    /// The order number is not a number.
    #[error("`{found}` is not an order number of digits")]
    OrderNumber {
        /// The field as it stands.
        found: String,
    },
    /// The code field is empty or has characters that no code has.
    #[error("`{found}` is not a code")]
    Code {
        /// The field as it stands.
        found: String,
    },
    /// The flag is neither 0 nor 1.
    #[error("`{found}` is not a flag; expected 0 (header) or 1 (valid code)")]
    Flag {
        /// The character that stands there.
        found: char,
    },
    /// The first word of an addenda line is not an action.
    #[error("`{found}` is not an action; expected Add, Delete, Revise from, Revise to or No Change")]
    Action {
        /// The field as it stands.
        found: String,
    },
    /// A line of the trailer is not a count.
    #[error("`{found}` is not a line of the trailer; expected a count and what it counts")]
    Trailer {
        /// The line as it stands.
        found: String,
    },
    /// Bytes that are not UTF-8 text.
    #[error("the text is not UTF-8; expected the encoding in which the authority publishes this file")]
    Encoding,
    /// A column that the layout names is missing from the header row.
    #[error("the header row has no column `{name}`")]
    MissingColumn {
        /// The column.
        name: &'static str,
    },
    /// A field holds a word that the layout does not name.
    #[error("`{found}` is not a {column}; expected {expected}")]
    Value {
        /// The column.
        column: &'static str,
        /// The field as it stands.
        found: String,
        /// What the layout allows.
        expected: &'static str,
    },
    /// The workbook cannot be opened or read.
    #[error("the workbook cannot be read: {reason}")]
    Workbook {
        /// What the workbook reader says.
        reason: String,
    },
    /// The delimited text cannot be split into fields.
    #[error("the row cannot be read: {reason}")]
    Row {
        /// What the CSV reader says.
        reason: String,
    },
    /// The JSON cannot be read, or is not what it should be.
    #[error("the JSON cannot be read: {reason}")]
    Json {
        /// What the JSON reader says.
        reason: String,
    },
    /// The TOML cannot be read, or is not what it should be.
    #[error("the TOML cannot be read: {reason}")]
    Toml {
        /// What the TOML reader says.
        reason: String,
    },
    /// The record id is none that the layout names.
    #[error("`{found}` is not a record id; expected 3, 4, 7 or 8")]
    RecordId {
        /// The character that stands there.
        found: char,
    },
    /// The XML is not well formed.
    #[error("the XML is not well formed: {reason}")]
    Xml {
        /// What the XML reader says.
        reason: String,
    },
    /// The XML uses an entity that it does not declare.
    #[error("the XML uses the entity `&{name};`, which is not declared")]
    Entity {
        /// The name of the entity.
        name: String,
    },
    /// The XML ends before its elements are closed, or has another root.
    #[error("the XML ends before `</{element}>`; the file may be cut off")]
    Unclosed {
        /// The element that is still open.
        element: String,
    },
    /// An element that this layout does not name.
    #[error("the element `<{name}>` is not known here")]
    UnknownElement {
        /// Its name.
        name: String,
    },
    /// An element lacks an attribute that the layout prescribes.
    #[error("the element `<{element}>` has no attribute `{name}`")]
    MissingAttribute {
        /// The element.
        element: &'static str,
        /// The attribute.
        name: &'static str,
    },
    /// A row has another number of fields than its layout.
    #[error("the row has {found} fields; expected {expected}")]
    FieldCount {
        /// How many it has.
        found: usize,
        /// What the layout prescribes.
        expected: &'static str,
    },
    /// A field of a transition table that is neither empty nor `A`.
    #[error("`{found}` is not a transition flag; expected A (automatic) or nothing")]
    TransitionFlag {
        /// The field as it stands.
        found: String,
    },
}
