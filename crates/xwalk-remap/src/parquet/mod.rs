//! Parquet tables.
//!
//! Column chunks that nobody asked about are copied as bytes, with their metadata shifted. New columns are made from
//! the old column's dictionary and indexes where it has them ([`dictionary`]), else from its values row by row
//! ([`by_row`]), or by decoding that column alone ([`decode`]). A row for each alternative needs every column anew ([`explode`]).

mod by_row;
mod chunk;
mod decode;
mod dictionary;
mod explode;
mod guard;
mod hybrid;
#[cfg(test)]
mod laws;
mod layout;
mod pages;
mod run;
mod sound;
mod source;
mod texts;

pub use guard::is_guarded;
pub use run::{Job, run};
