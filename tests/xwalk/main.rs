//! Workspace tests.

mod cpt;
mod icd11mms;
mod releases;
