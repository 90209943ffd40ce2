//! Workspace tests.

mod icd11mms;
mod releases;
