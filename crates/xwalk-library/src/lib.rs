//! The store on disk: one immutable folder for each edition, Parquet with a JSON manifest.
//!
//! ```text
//! LIBRARY/editions/icd10cm/2026/edition.json      id, effective dates, sources with hashes, totals, remarks
//!                               concepts.parquet  code, kind, assignable, parent, a column for each title role
//!                               designations.parquet  titles in other languages, further titles of a role
//!                               notes.parquet     code, kind, text, refs
//!                               attributes.parquet  code, name, value
//!                               addenda.json      the authority's own lists of changes that lead to it
//!         maps/icd9cm@32..icd10cm@2018/gem/map.json, mappings.parquet
//! ```
//!
//! A folder is written under a temporary name beside its place, synced, and renamed: a kill at any instant leaves
//! the old or the new. DuckDB, pandas and Spark can read the Parquet files as they are.

mod edition_files;
mod error;
mod manifest;
mod map_files;
mod store;

pub use error::LibraryError;
pub use manifest::{FORMAT_VERSION, Manifest};
pub use map_files::MapManifest;
pub use store::{Library, Saved, Stored};
