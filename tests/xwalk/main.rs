//! Workspace tests.

mod us_supply;
