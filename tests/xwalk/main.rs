//! Workspace tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cpt;
mod icd11mms;
mod releases;
