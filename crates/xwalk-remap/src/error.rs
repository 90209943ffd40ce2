//! What can go wrong with a table.

use std::path::PathBuf;

/// Why a table could not be remapped. Nothing is left at the output's place then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemapError {
    /// The file system said no.
    #[error("failed to {doing} {name}")]
    Io {
        /// What was tried: `read`, `write`.
        doing: &'static str,
        /// The file.
        name: String,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// A column that was asked for is not in the table.
    #[error("{file} has no column `{name}`{}{hint}", nearest(near.as_deref()))]
    NoColumn {
        /// The file.
        file: String,
        /// The name or number asked for.
        name: String,
        /// The column whose name is nearest.
        near: Option<String>,
        /// What else may be wrong, with its punctuation; empty where nothing is suspected.
        hint: String,
    },
    /// A column was asked for twice.
    #[error("the column `{name}` is named twice; name each code column once")]
    SameColumnTwice {
        /// The name or number.
        name: String,
    },
    /// Two columns of the table have the name that was asked for.
    #[error("{file} has two columns named `{name}`; say which by its number, counted from 1")]
    AmbiguousColumn {
        /// The file.
        file: String,
        /// The name.
        name: String,
    },
    /// The table has a column with the name of one of the output.
    #[error("{file} has a column `{name}` already; give the new columns another name with --prefix")]
    ColumnExists {
        /// The file.
        file: String,
        /// The name.
        name: String,
    },
    /// The file holds nothing, not even a header.
    #[error("{file} is empty; expected a header line (or rows, with --no-header)")]
    Empty {
        /// The file.
        file: String,
    },
    /// A record does not end.
    #[error(
        "{file}:{line}:{column}: a quote is opened here and never closed; close it, or say --quote none if quotes \
         are plain text in this file"
    )]
    OpenQuote {
        /// The file.
        file: String,
        /// Line of the quote, from 1.
        line: u64,
        /// Byte of the line, from 1.
        column: u64,
    },
    /// A record is longer than any real one.
    #[error(
        "{file}:{line}:1: the record that begins here is longer than {limit} bytes; is this a table with delimited \
         lines?"
    )]
    LongRecord {
        /// The file.
        file: String,
        /// Line, from 1.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// A line is longer than any real resource.
    #[error(
        "{file}:{line}:1: the line that begins here is longer than {limit} bytes; NDJSON has a resource on each line"
    )]
    LongLine {
        /// The file.
        file: String,
        /// Line, from 1.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// No line has a Coding at a place that was asked for.
    #[error("no line has {what} at `{place}`{}", nearest(near.as_deref()))]
    NoPlace {
        /// What was looked for.
        what: String,
        /// The place.
        place: String,
        /// The place whose name is nearest.
        near: Option<String>,
    },
    /// A row cannot be used.
    #[error("{file}:{line}:{column}: {problem}")]
    BadRow {
        /// The file.
        file: String,
        /// Line, from 1; in Parquet the row, from 1.
        line: u64,
        /// Byte of the line, from 1; in Parquet the column.
        column: u64,
        /// What is wrong.
        problem: String,
    },
    /// A Parquet file is damaged or uses something that is not understood.
    #[error("{file} is not a Parquet file that can be read: {reason}")]
    Parquet {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A column has a type that holds no codes or dates.
    #[error("{file}: the column `{name}` is of type {found}; expected {expected}")]
    ColumnType {
        /// The file.
        file: String,
        /// The column.
        name: String,
        /// Its type.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// Two options do not go together, or an option lacks what it needs.
    #[error("{0}")]
    Options(String),
    /// The run was stopped from outside.
    #[error("stopped; nothing was left at {}", output.display())]
    Stopped {
        /// Where the output would have been.
        output: PathBuf,
    },
}

fn nearest(near: Option<&str>) -> String {
    near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

impl RemapError {
    pub(crate) fn read(name: &str) -> impl FnOnce(std::io::Error) -> Self {
        let name = name.to_owned();
        move |source| Self::Io { doing: "read", name, source }
    }

    pub(crate) fn write(name: &str) -> impl FnOnce(std::io::Error) -> Self {
        let name = name.to_owned();
        move |source| Self::Io { doing: "write", name, source }
    }

    pub(crate) fn parquet(file: &str) -> impl FnOnce(parquet::errors::ParquetError) -> Self {
        let file = file.to_owned();
        move |error| match error {
            // A full disk surfaces here, and is not damage.
            parquet::errors::ParquetError::External(cause) if cause.is::<std::io::Error>() => {
                let source = *cause.downcast::<std::io::Error>().expect("the type was checked in the guard");
                Self::Io { doing: "read or write", name: file, source }
            }
            error => Self::Parquet { file, reason: error.to_string() },
        }
    }
}
