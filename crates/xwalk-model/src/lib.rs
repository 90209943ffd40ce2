//! Values of the code graph: codes, editions, concepts, change sets, concept maps, diagnostics.
//!
//! Everything here is a plain value: no path is opened, no clock is read, nothing is printed.
//! An [`Edition`] is what one release of a code system says; a [`ChangeSet`] is what differs between two of them;
//! a [`ConceptMap`] carries codes from one to another.
//!
//! ```
//! use xwalk_model::{Code, CodeSystem};
//! let code = Code::parse(CodeSystem::Icd10cm, "e11.9").unwrap();
//! assert_eq!(code.as_str(), "E119");
//! assert_eq!(code.display(CodeSystem::Icd10cm), "E11.9");
//! ```

mod addendum;
pub mod calendar;
mod change;
mod cluster;
mod code;
mod code_index;
mod concept;
mod concept_map;
mod diagnostic;
mod edition;
mod edition_builder;
mod edition_id;
mod hierarchy;
mod review;
mod selector;
mod system;
mod transactions;
mod value_set;

pub use addendum::{Action, Addendum, AddendumEntry, AddendumKind, Block, Counted, TrailerCount};
pub use change::{
    Change, ChangeSet, Counts, Mark, MarkKind, NoteChange, Revision, RevisionClass, RevisionCounts, Tally,
};
pub use cluster::{Cluster, ClusterError, ClusterProblem, Stem};
pub use code::{Code, CodeError, prefix};
pub use concept::{Attribute, Concept, ConceptKind, Designation, Note, NoteKind, Role};
pub use concept_map::{ConceptMap, MapId, Mapping, Provenance, Relationship, Targets};
pub use diagnostic::{Diagnostic, Position, Rule, Severity};
pub use edition::{ConceptIx, Edition, Hierarchy, SourceFile, Totals};
pub use edition_builder::{EditionBuilder, EditionError, SharedAttribute};
pub use edition_id::{EditionId, EditionIdError, Period, Version};
pub use review::{Chosen, Decision, Question, Subject};
pub use selector::{Selector, SelectorError};
pub use system::CodeSystem;
pub use transactions::{ActionCode, Transaction, TransactionReport};
pub use value_set::{
    Cell, Grid, HeaderMeaning, SetColumns, SetDocument, SetForm, SetLine, TableLayout, ValueSet,
};
