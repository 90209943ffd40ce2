//! Recognises official release files and lowers them to editions and addenda.
//!
//! [`discover`] looks at files, folders and zips and says which releases they hold; [`Release::import`] reads one.
//! What is not understood is named with the reason. A bad record never ends an import and is never silent: the
//! result is an edition and a list of diagnostics.

mod addenda;
mod cpt;
mod error;
mod hcpcs;
mod icd10;
mod icd10cm;
mod icd10pcs;
mod icd11;
mod icd9;
mod icd_maps;
mod input;
mod maps;
mod omop;
mod recognise;
mod recognise_cpt;
mod recognise_icd10;
mod recognise_icd11;
mod recognise_us;
mod release;
#[cfg(test)]
mod robust;
mod sets;
mod umls;

pub use error::ImportError;
pub use input::{InputFile, collect};
pub use maps::{ImportedMaps, MapFile, MapKind};
pub use omop::{OMOP_VERSION, omop_edition, omop_maps};
pub use recognise::{FileKind, Recognised, recognise};
pub use recognise_cpt::CptPart;
pub use recognise_icd11::Language;
pub use release::{Discovery, Imported, Release, discover};
pub use sets::{
    ImportedDecisions, ImportedSets, ImportedWorklist, SetOptions, WorklistOptions, import_decisions,
    import_sets, import_worklist,
};
pub use umls::umls_edition;
