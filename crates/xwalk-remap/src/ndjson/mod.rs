//! FHIR resources, one on each line (NDJSON).
//!
//! Every object with a string `system` and a string `code` is a Coding, wherever it stands. Where its system is that of
//! the source, the answer goes beside it: a further Coding in the same array `coding`, with what is told of the answer in
//! an extension ([`render`]); where there is no target, the extension stands on the source Coding. All other bytes are
//! those of the input: a pass over a line ([`scan`]) notes where Codings and their members lie, and the answers are
//! spliced in there ([`splice`]).

mod dates;
mod json;
#[cfg(test)]
mod laws;
mod lines;
mod path;
mod reader;
mod render;
mod run;
mod scan;
mod splice;

pub use lines::Places;
pub use run::{Job, check_places, run};
