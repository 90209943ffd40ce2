//! Concept maps carried along routes over the edition graph.
//!
//! Every input gets a typed [`Outcome`], never an echo, and each alternative names the hops that led to it.

mod outcome;

pub use outcome::{Alternative, Basis, Hop, Outcome, Rank, Resolution, Warning};
