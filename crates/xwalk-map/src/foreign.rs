//! Codes of maps held against the editions at their ends.

use std::collections::BTreeSet;

use xwalk_model::{Code, Edition, EditionId};

use crate::error::MapError;
use crate::step::Step;

/// Codes of a map that are not in the edition at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Name of the map.
    pub map: String,
    /// The edition.
    pub edition: EditionId,
    /// The codes, in order.
    pub codes: Vec<Code>,
}

/// The codes that an edition does not have, and those of them that have to be dropped; an error where they are more than
/// `limit` thousandths.
pub(crate) fn check<'c>(
    step: &Step,
    edition: &Edition,
    codes: impl Iterator<Item = &'c Code>,
    limit: usize,
) -> Result<(Option<Foreign>, BTreeSet<Code>), MapError> {
    let mut of = 0usize;
    let missing = edition.missing(codes.inspect(|_| of += 1));
    let missing: Vec<Code> = missing.into_iter().cloned().collect();
    if missing.is_empty() {
        return Ok((None, BTreeSet::new()));
    }
    let allowed = (of * limit / 1000).max(3);
    // An excerpt lacks most codes on purpose.
    if missing.len() > allowed && !edition.is_excerpt() {
        return Err(MapError::ForeignCodes {
            map: step.name.clone(),
            edition: edition.id().clone(),
            count: missing.len(),
            of,
            examples: missing.iter().take(5).map(|c| c.display(edition.id().system)).collect(),
            limit: allowed,
        });
    }
    // An excerpt lacks codes that the release has, so a target that is not in it may be right.
    let dropped = if edition.is_excerpt() { BTreeSet::new() } else { missing.iter().cloned().collect() };
    let foreign = Foreign { map: step.name.clone(), edition: edition.id().clone(), codes: missing };
    Ok((Some(foreign), dropped))
}

/// Does two things at once.
pub(crate) fn both<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other)
    })
}
