//! Change sets and summaries as text, JSON and CSV.
//!
//! A module for each thing that is shown, and in it one renderer for each form. Everything is written to an
//! `io::Write` in a fixed order; nothing is computed here that the other crates could say.

pub mod answers;
pub mod audit;
mod cell;
pub mod change_set;
pub mod check;
pub mod concept;
pub mod history;
mod marks;
pub mod quiz;
pub mod remap;
pub mod rules;
mod style;
pub mod summary;

pub use cell::safe_cell;
pub use style::{Look, grouped};
