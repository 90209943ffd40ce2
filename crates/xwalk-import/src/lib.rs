//! Recognises official release files and lowers them to editions and addenda.
//!
//! [`discover`] looks at files, folders and zips and says which releases they hold; [`Release::import`] reads one.
//! What is not understood is named with the reason. A bad record never ends an import and is never silent: the
//! result is an edition and a list of diagnostics.

mod addenda;
mod error;
mod icd10cm;
mod icd11;
mod input;
mod recognise;
mod recognise_icd11;
mod release;

pub use error::ImportError;
pub use input::{InputFile, collect};
pub use recognise::{FileKind, Recognised, recognise};
pub use recognise_icd11::Language;
pub use release::{Discovery, Imported, Release, discover};
