//! Value sets and rule sets: what an update does to them, what they have to become, and what people decide.
//!
//! An [`Update`] is made once from two editions and all that differs between them; [`check`] and [`migrate`] then
//! ask it about one set after another. [`prove`] holds a new set against the old one, [`translate`] carries a policy
//! list to another system, [`answer`] reads what a reviewer decided, [`agreement`] says how far reviewers agree, and
//! [`carry`] takes decisions into the next year. Nothing here reads a file or a clock.

mod agreement;
mod carry;
mod check;
mod code_set;
mod expand;
mod migrate;
mod policy;
mod proof;
mod review;
mod score;
mod style;
mod transition;
mod update;

pub use agreement::{Agreement, Kappa, agreement};
pub use carry::{Carried, Reopened, carry};
pub use check::{Finding, FindingClass, FindingKind, Nearness, SetCheck, check, nearness};
pub use code_set::CodeSet;
pub use expand::{EditionIndex, Expansion, Named};
pub use migrate::{Action, Choice, Decided, Edit, Migration, Options, migrate};
pub use policy::{Found, Phase, Policy, translate};
pub use proof::{Proof, prove};
pub use review::{ADD, AnswerError, LEAVE_OUT, NONE, answer, questions, reopened};
pub use score::{Score, score};
pub use style::Style;
pub use transition::{Origin, Transition};
pub use update::{ChangedNote, Ground, GroundKind, Group, Impact, Members, NewCode, Retired, Update};
