//! Recognises official release files and lowers them to editions and addenda.
//!
//! [`discover`] looks at files, folders and zips and says which releases they hold; [`Release::import`] reads one.
//! What is not understood is named with the reason. A bad record never ends an import and is never silent: the
//! result is an edition and a list of diagnostics.

mod addenda;
mod cpt;
mod error;
mod icd10cm;
mod icd11;
#[cfg_attr(not(test), expect(dead_code, reason = "wired when maps are stored"))]
mod icd_maps;
mod input;
mod omop;
mod recognise;
mod recognise_cpt;
mod recognise_icd11;
mod release;
mod umls;

pub use error::ImportError;
pub use input::{InputFile, collect};
pub use omop::{OMOP_VERSION, omop_edition, omop_maps};
pub use recognise::{FileKind, Recognised, recognise};
pub use recognise_cpt::CptPart;
pub use recognise_icd11::Language;
pub use release::{Discovery, Imported, Release, discover};
pub use umls::umls_edition;
