//! Workspace tests.

mod icd10;
