//! What a new set does, held against the old one: nothing is taken from the migration but the two sets.

use xwalk_model::{Code, HeaderMeaning, ValueSet};

use crate::expand::Expansion;
use crate::update::Update;

/// The old set on the old edition, carried over, against the new set on the new edition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Number of codes that the old set names in the old edition.
    pub before: usize,
    /// Number of codes that the new set names in the later edition.
    pub after: usize,
    /// Codes that stayed valid and that both sets name.
    pub kept: usize,
    /// Codes that stayed valid and that the new set does not name any more.
    pub lost: Vec<Code>,
    /// Retired codes none of whose meaning is in the new set: nothing took over from them, or nothing that it names.
    pub ended: Vec<Code>,
    /// Codes a part of whose meaning went to codes that the new set does not name, with those codes.
    pub partly: Vec<(Code, Vec<Code>)>,
    /// Codes of the new set that come from codes of the old set.
    pub carried: usize,
    /// Codes of the new set that come from no code of the old set alone.
    pub gained: Vec<Code>,
}

impl Proof {
    /// Whether each code of the old set is in the new one with its whole meaning, and nothing else is.
    pub fn is_exact(&self) -> bool {
        self.lost.is_empty() && self.ended.is_empty() && self.partly.is_empty() && self.gained.is_empty()
    }

    /// Whether no code of the old set is lost: each stayed or has a successor in the new set.
    pub fn nothing_lost(&self) -> bool {
        self.lost.is_empty() && self.ended.is_empty()
    }
}

/// Expands both sets and lists every difference.
pub fn prove(update: &Update<'_>, old: &Expansion, new: &ValueSet, headers: HeaderMeaning) -> Proof {
    let now = update.to.expand(new, headers);
    let mut proof = Proof { before: old.codes.len(), after: now.codes.len(), ..Proof::default() };
    for ix in old.codes.iter() {
        let code = update.from.code(ix);
        let successors = update.successors(ix);
        let missing: Vec<Code> = successors
            .iter()
            .filter(|s| !now.codes.contains(**s))
            .map(|s| update.to.code(*s).clone())
            .collect();
        match update.carry(ix) {
            Some(to) if now.codes.contains(to) => proof.kept += 1,
            Some(_) => {
                proof.lost.push(code.clone());
                continue;
            }
            None if missing.len() == successors.len() => {
                proof.ended.push(code.clone());
                continue;
            }
            None => {}
        }
        if !missing.is_empty() {
            proof.partly.push((code.clone(), missing));
        }
    }
    for ix in now.codes.iter() {
        let code = update.to.code(ix);
        if update.from.find_assignable(code).is_some_and(|old_ix| old.codes.contains(old_ix)) {
            continue;
        }
        let origin = update.transition.origins.get(code);
        let held = |c: &Code| update.from.find_assignable(c).is_some_and(|ix| old.codes.contains(ix));
        if origin.is_some_and(|o| !o.incomplete && o.previous.iter().all(held)) {
            proof.carried += 1;
        } else {
            proof.gained.push(code.clone());
        }
    }
    proof
}
