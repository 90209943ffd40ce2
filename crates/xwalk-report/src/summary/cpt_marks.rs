//! The marks of CPT, as far as the data files tell them.
//!
//! New, revised and deleted follow from the files and the history. A code is resequenced when it stands out of numeric
//! order in the list of descriptors, which is in the order of the book. Add-on codes say so in their descriptor.

use std::collections::{BTreeMap, HashSet};

use xwalk_model::{Code, CodeSystem, Concept, ConceptKind, Edition};

/// Words that CPT puts into the descriptor of every add-on code.
const ADD_ON: &str = "list separately in addition to";

/// Codes that stand out of numeric order: those that are not in the longest rising run of the list.
pub(super) fn resequenced(edition: &Edition) -> HashSet<Code> {
    if edition.id().system != CodeSystem::Cpt {
        return HashSet::new();
    }
    // Each category, told by the letter at the end of its codes, has an order of its own.
    let mut parts: BTreeMap<Option<u8>, Vec<&Code>> = BTreeMap::new();
    for code in edition.concepts().filter(|c| c.kind() == ConceptKind::Code).map(Concept::code) {
        let letter = code.as_str().as_bytes().last().copied().filter(u8::is_ascii_alphabetic);
        parts.entry(letter).or_default().push(code);
    }
    let mut found = HashSet::new();
    for part in parts.values() {
        let kept = longest_rising(part);
        found.extend(part.iter().filter(|c| !kept.contains(**c)).map(|c| (*c).clone()));
    }
    found
}

/// The members of a longest strictly rising subsequence, by patience sorting.
fn longest_rising(codes: &[&Code]) -> HashSet<Code> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; codes.len()];
    for (i, code) in codes.iter().enumerate() {
        let at = tails.partition_point(|&t| codes[t] < *code);
        before[i] = at.checked_sub(1).map(|p| tails[p]);
        if at == tails.len() {
            tails.push(i);
        } else {
            tails[at] = i;
        }
    }
    std::iter::successors(tails.last().copied(), |&i| before[i]).map(|i| codes[i].clone()).collect()
}

/// Whether a code is an add-on code, by its descriptors.
pub(super) fn is_add_on(concept: Concept<'_>) -> bool {
    concept.designations().any(|d| d.text.to_lowercase().contains(ADD_ON))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_out_of_order() {
        let codes: Vec<Code> =
            ["00001", "00002", "00009", "00003", "00004", "00010"].map(Code::from_official).to_vec();
        let refs: Vec<&Code> = codes.iter().collect();
        let kept = longest_rising(&refs);
        assert!(!kept.contains(&Code::from_official("00009")));
        assert_eq!(kept.len(), 5);
    }
}
