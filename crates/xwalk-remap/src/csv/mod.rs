//! Delimited tables: RFC 4180 with quotes, line ends inside quotes, CRLF, a byte order mark, any one-byte delimiter.
//!
//! A table is read in chunks that end with a record. Each chunk goes through one thread: [`scan`] finds the ends of
//! all fields, [`quick`] or [`rows`] copies the bytes with the answers spliced in. Chunks are written in order; what
//! lies between the new fields are the bytes of the input. Fields are those of the `csv` crate: a quote opens a field
//! only as its first byte, two quotes inside stand for one, a line that holds nothing is no record. A record ends with
//! a line feed, with or without a carriage return before it.

mod cells;
mod general;
mod header;
mod known;
mod lanes;
#[cfg(test)]
mod laws;
mod packed;
mod quick;
mod reader;
mod rows;
mod run;
mod scan;
mod short;
mod sink;
mod slots;

pub use run::{Job, run};
pub use sink::Sink;
