//! Value sets and rule sets: what an update does to them, and what they have to become.

mod check;
mod code_set;
mod expand;
mod migrate;
mod proof;
mod style;
mod transition;
mod update;

pub use check::{Finding, FindingClass, FindingKind, Nearness, SetCheck, check, nearness};
pub use code_set::CodeSet;
pub use expand::{EditionIndex, Expansion, Named};
pub use migrate::{Action, Choice, Decided, Edit, Migration, Options, migrate};
pub use proof::{Proof, prove};
pub use style::Style;
pub use transition::{Origin, Transition};
pub use update::{ChangedNote, Ground, GroundKind, Impact, Members, NewCode, Retired, Update};
