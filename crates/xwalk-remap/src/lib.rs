//! Coded tables carried through a resolved map.
//!
//! A table is CSV ([`csv`]), Parquet ([`parquet`]) or lines of FHIR resources ([`ndjson`]). For each cell of a code
//! column, or each Coding, an [`AnswerBook`] gives the answer, made once for each code that occurs by a [`Resolve`] (the
//! seam to the maps) under a [`Policy`]. All rows and all else in them come back as they were; nothing is echoed; a
//! [`Tally`] counts every cell.

mod answer;
mod blocks;
mod columns;
mod combine;
pub mod csv;
mod date;
mod error;
mod job;
mod lookup;
pub mod ndjson;
mod options;
mod output;
pub mod parquet;
mod routes;
mod summary;
mod table;
mod tally;
#[cfg(test)]
mod toy;
mod turns;
mod worklist;

pub use answer::{Answer, AnswerBook, Choice, Context, Resolve, Together};
pub use date::{Calendar, DateFormat, Day};
pub use error::RemapError;
pub use job::{Task, Text};
pub use options::{ColumnName, Dialect, Dots, Field, OnError, Options, Place, Policy, Ragged, Shape};
pub use output::{PendingFile, Watch};
pub use routes::Routes;
pub use summary::{Cells, Counted, FileRows, OutcomeCount, Rows, Run, Summary, TOP, Unmapped, Used};
pub use tally::{CodeCount, Tally};
pub use worklist::questions;
