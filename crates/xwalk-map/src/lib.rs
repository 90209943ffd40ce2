//! Concept maps carried along routes over the edition graph.
//!
//! An [`EditionGraph`] finds a route, a [`Step`] is one leg of it with its map at hand, and a [`Resolver`] carries
//! codes along the steps. Every input gets a typed [`Outcome`], never an echo, and each alternative names the hops that
//! led to it. [`AnnualStep`] is what happened from one edition of a system to the next: successors, previous codes,
//! and scope that surviving codes lost.

mod annual;
mod compose;
mod dated;
mod error;
mod foreign;
mod graph;
mod infer;
mod order;
mod outcome;
mod rank;
mod resolver;
mod statements;
mod stats;
mod step;
mod timeline;
mod weights;

pub use annual::{AnnualStep, DELETED, Join};
pub use compose::{compose, identity, invert};
pub use dated::{DatedBatch, DatedResolver, Stretches, sources_of};
pub use error::MapError;
pub use foreign::Foreign;
pub use graph::{EditionGraph, Leg, Via, Waypoint};
pub use infer::{Candidate, Inference, SuccessorFinder};
pub use order::chronological;
pub use outcome::{Alternative, Basis, Hop, Outcome, Rank, Resolution, Warning};
pub use rank::{Preferences, reasons};
pub use resolver::{Batch, Options, Resolver, assignable_codes, tally};
pub use statements::{Statement, Statements, codes_of_key, names_categories};
pub use stats::{Cardinality, MapStatistics, Pairs, cardinality, pairs, statistics};
pub use step::{Method, Step, StepKind};
pub use timeline::{MidYear, Placed, Timeline};
pub use weights::{Allocation, Comparability, DualCoded, Grounds, Share, Shares, shares};
