//! Sets of concepts of one edition, as bits in tabular order.

use xwalk_model::ConceptIx;

/// Concepts of one edition; a bit for each, in tabular order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeSet {
    words: Vec<u64>,
}

impl CodeSet {
    /// An empty set with room for the concepts of an edition.
    pub fn new(concepts: usize) -> Self {
        Self { words: vec![0; concepts.div_ceil(64)] }
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Adds a concept; says whether it was not there.
    pub fn insert(&mut self, ix: u32) -> bool {
        let word = &mut self.words[ix as usize / 64];
        let bit = 1u64 << (ix % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Takes a concept out.
    pub fn remove(&mut self, ix: u32) {
        self.words[ix as usize / 64] &= !(1u64 << (ix % 64));
    }

    /// Whether a concept is in it.
    pub fn contains(&self, ix: u32) -> bool {
        self.words.get(ix as usize / 64).is_some_and(|word| word >> (ix % 64) & 1 == 1)
    }

    /// Adds all of another set of the same edition.
    pub fn union(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    /// Takes out all of another set of the same edition.
    pub fn subtract(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= !b);
    }

    /// Number of concepts.
    pub fn len(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// Number of concepts from one to another, both included.
    pub fn count_between(&self, first: u32, last: u32) -> usize {
        let (low, high) = (first as usize / 64, last as usize / 64);
        let mut count = 0;
        for (i, word) in self.words.iter().enumerate().take(high + 1).skip(low) {
            let mut word = *word;
            if i == low {
                word &= u64::MAX << (first % 64);
            }
            if i == high {
                word &= u64::MAX >> (63 - last % 64);
            }
            count += word.count_ones() as usize;
        }
        count
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|w| *w == 0)
    }

    /// Its concepts in tabular order, by number.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(i, &word)| {
            std::iter::successors((word != 0).then_some(word), |w| {
                let rest = w & (w - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |w| i as u32 * 64 + w.trailing_zeros())
        })
    }
}

/// The number of a concept, as sets count.
pub(crate) fn number(ix: ConceptIx) -> u32 {
    ix.index() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_bits() {
        let mut set = CodeSet::new(130);
        for ix in [0, 63, 64, 129] {
            assert!(set.insert(ix));
        }
        assert!(!set.insert(63));
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        set.remove(64);
        assert_eq!(
            (set.len(), set.contains(64), set.contains(129), set.contains(9999)),
            (3, false, true, false)
        );
        assert_eq!(
            [(0, 129), (1, 128), (0, 0), (63, 63), (64, 129)].map(|(a, b)| set.count_between(a, b)),
            [3, 1, 1, 1, 1]
        );
        let mut other = CodeSet::new(130);
        other.insert(5);
        other.union(&set);
        other.subtract(&set);
        assert_eq!(other.iter().collect::<Vec<_>>(), [5]);
    }
}
