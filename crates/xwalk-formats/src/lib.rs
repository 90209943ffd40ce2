//! Readers of the official file layouts: bytes to records, lossless, without coding rules.
//!
//! One module per published layout. Every reader works on the bytes of one file, borrows from them, gives each
//! record its [`Position`](xwalk_model::Position), and goes on after a bad record: an `Err` item does not end the
//! iteration. No reader trims meaning, inserts dots or knows a hierarchy; that is the work of `xwalk-import`.
//!
//! ```
//! use xwalk_formats::order;
//! let line = b"00002 A000    1 Cholera due to Vibrio cholerae 01, biovar cholerae           \
//! Cholera due to Vibrio cholerae 01, biovar cholerae\r\n";
//! let record = order::records(line).next().unwrap().unwrap();
//! assert_eq!(record.code, "A000");
//! assert!(record.valid);
//! ```

pub mod addenda;
#[cfg(test)]
mod any_bytes;
pub mod cells;
pub mod claml;
pub mod codes;
pub mod conversion;
pub mod cpt;
mod error;
pub mod fhir_map;
pub mod fhir_value_set;
pub mod gem;
pub mod grid;
pub mod hcpcs;
pub mod hcpcs_changes;
pub mod icd11;
pub mod icd9;
pub mod icd_lists;
pub mod icd_maps;
pub mod lines;
pub mod map_csv;
pub mod mortality;
pub mod omop;
pub mod order;
pub mod pcs_definitions;
pub mod pcs_tables;
pub mod poa;
#[cfg(test)]
mod robust;
pub mod rule_toml;
pub mod sssom;
mod table;
pub mod tabular;
pub mod text;
pub mod transition;
pub mod umls;
pub mod workbook;
mod xml;

pub use error::{Error, ErrorKind};
