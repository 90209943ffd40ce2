//! Change sets between editions, revision taxonomy, history and audit.
//!
//! [`diff`] compares two editions of one system; [`apply`] makes the second from the first and the change set;
//! [`history`] follows one code through a run of editions; [`audit`] holds a computed change set against the list
//! that the authority published, [`audit_hcpcs`] against the action codes of HCPCS Level II.

mod apply;
mod audit;
mod audit_hcpcs;
mod compare;
mod cpt_headline;
mod history;
mod recoded;
mod title;
mod transition;

pub use apply::{ApplyError, apply};
pub use audit::{Audit, Check, Finding, FindingKind, Verdict, audit, audit_conversion};
pub use audit_hcpcs::audit_hcpcs;
pub use compare::{DiffError, Earlier, diff, in_order};
pub use cpt_headline::{CptHeadline, CptNew, RevisedBasis, cpt_headline, cpt_is_reworded};
pub use history::{Event, Known, history};
pub use title::{classify, marks};
pub use transition::{TransitionCheck, audit_transition, check_transition};
