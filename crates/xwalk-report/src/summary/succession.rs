//! What leads from the codes of one edition to those of the next.

use std::collections::BTreeMap;

use xwalk_model::{Code, SourceFile};

/// One way to carry a code: one code from each slot, together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The slots; each lists the codes to choose from.
    pub slots: Vec<Vec<Code>>,
    /// `official`, `derived` from the hierarchy, or `inferred`.
    pub basis: &'static str,
    /// File and line, where it is read from one.
    pub source: String,
}

/// Successors of codes that went, codes used before new ones, and codes that new ones were carved out of.
#[derive(Clone, Debug, Default)]
pub struct Succession {
    /// By old code; alternatives are OR.
    pub successors: BTreeMap<Code, Vec<Step>>,
    /// By new code; alternatives are OR.
    pub previous: BTreeMap<Code, Vec<Step>>,
    /// Codes that stayed, with the new codes that lead back to them.
    pub scope_loss: BTreeMap<Code, Vec<Code>>,
    /// The tables that state it.
    pub sources: Vec<SourceFile>,
}
