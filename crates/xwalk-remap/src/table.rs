//! Tables from what stands in a cell to the number of its answer.

use std::collections::HashMap;

/// A hash map whose order never reaches an output.
pub(crate) type FastMap<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Contexts are numbered up to this.
const MOST_CONTEXTS: u16 = 0x7FFF;

/// The contexts, from the first to the last, in which a text has the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The first of them.
    pub first: u16,
    /// The last of them.
    pub last: u16,
}

impl Reach {
    /// All contexts.
    pub const ALL: Self = Self { first: 0, last: MOST_CONTEXTS };

    /// One context.
    pub fn only(context: u16) -> Self {
        Self { first: context, last: context }
    }

    /// Whether a context is one of them.
    #[inline]
    pub fn holds(self, context: u16) -> bool {
        self.first <= context && context <= self.last
    }
}

/// Stands for no answer: a spelling that was not met yet.
pub(crate) const NO_NUMBER: u32 = u32::MAX;

/// Spellings of up to eight bytes without NUL, packed in a machine word, each with the number of its answer in a range of
/// contexts. A bucket is a line of the processor's cache, and all its keys are compared at once, so that finding a
/// spelling takes no branch that depends on it.
#[derive(Clone)]
pub(crate) struct Spellings {
    buckets: Vec<Bucket>,
    shift: u32,
    len: usize,
    /// What found both its buckets full.
    beyond: FastMap<(u64, u16), u32>,
}

const WAYS: usize = 4;

/// A key stands in a bucket once.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Bucket {
    keys: [u64; WAYS],
    numbers: [u32; WAYS],
    reach: [Reach; WAYS],
}

/// No text is eight bytes of 255, since it would not be UTF-8; if a file holds that, it finds no number here.
const FREE: u64 = u64::MAX;
const EMPTY: Bucket = Bucket { keys: [FREE; WAYS], numbers: [NO_NUMBER; WAYS], reach: [Reach::ALL; WAYS] };
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// Spellings beyond this number are looked up anew each time.
const MAX_SPELLINGS: usize = 1 << 20;
const FIRST_BITS: u32 = 10;

impl Spellings {
    /// A table that knows the empty spelling only, which has the answer 0 everywhere.
    pub(crate) fn new() -> Self {
        let mut table = Self {
            buckets: vec![EMPTY; 1 << FIRST_BITS],
            shift: 64 - FIRST_BITS,
            len: 0,
            beyond: FastMap::default(),
        };
        table.insert(0, 0, Reach::ALL, 0);
        table
    }

    #[inline]
    fn bucket(&self, hashed: u64) -> &Bucket {
        // The mask says nothing new, and spares the check of the index.
        &self.buckets[(hashed >> self.shift) as usize & (self.buckets.len() - 1)]
    }

    /// The number for a packed spelling, or [`NO_NUMBER`], and the contexts in which it has it.
    #[inline]
    pub(crate) fn find(&self, key: u64, context: u16) -> (u32, Reach) {
        let bucket = self.bucket(home(key));
        match bucket.way(key) {
            way if way < WAYS && bucket.reach[way].holds(context) => (bucket.numbers[way], bucket.reach[way]),
            _ => self.find_elsewhere(key, context),
        }
    }

    /// Looks where a spelling goes whose first bucket was taken, by another context or by other keys.
    #[inline(never)]
    fn find_elsewhere(&self, key: u64, context: u16) -> (u32, Reach) {
        let bucket = self.bucket(away(key, context));
        let way = bucket.way(key);
        if way < WAYS && bucket.reach[way].holds(context) {
            return (bucket.numbers[way], bucket.reach[way]);
        }
        let beyond = if self.beyond.is_empty() { None } else { self.beyond.get(&(key, context)).copied() };
        (beyond.unwrap_or(NO_NUMBER), Reach::only(context))
    }

    /// Adds a spelling met in a context, as long as there is room. It is not there yet.
    pub(crate) fn insert(&mut self, key: u64, context: u16, reach: Reach, number: u32) {
        if self.len >= MAX_SPELLINGS || key == FREE {
            return;
        }
        self.len += 1;
        if self.len > self.buckets.len() * WAYS / 2 {
            self.grow();
        }
        if !self.place(home(key), key, reach, number) && !self.place(away(key, context), key, reach, number) {
            self.beyond.insert((key, context), number);
        }
    }

    fn grow(&mut self) {
        self.shift -= 1;
        let twice = vec![EMPTY; self.buckets.len() * 2];
        let old = std::mem::replace(&mut self.buckets, twice);
        // Those of all contexts first: they are asked for most, and belong into their first bucket.
        let items = || old.iter().flat_map(|b| (0..WAYS).map(move |i| (b.keys[i], b.reach[i], b.numbers[i])));
        let mut taken: Vec<_> = items().filter(|(key, ..)| *key != FREE).collect();
        taken.sort_by_key(|(_, reach, _)| std::cmp::Reverse(reach.last - reach.first));
        for (key, reach, number) in taken {
            let at_home = self.place(home(key), key, reach, number);
            if !at_home && !self.place(away(key, reach.first), key, reach, number) {
                // In the other contexts it is met again and asked for again.
                self.beyond.insert((key, reach.first), number);
            }
        }
    }

    fn place(&mut self, hashed: u64, key: u64, reach: Reach, number: u32) -> bool {
        let bucket = &mut self.buckets[(hashed >> self.shift) as usize];
        let way = bucket.way(FREE);
        if way == WAYS || bucket.way(key) < WAYS {
            return false;
        }
        bucket.keys[way] = key;
        bucket.numbers[way] = number;
        bucket.reach[way] = reach;
        true
    }
}

/// Where a key stands first of all.
#[inline]
fn home(key: u64) -> u64 {
    key.wrapping_mul(SPREAD)
}

/// Where it goes in a context for which that one is taken.
fn away(key: u64, context: u16) -> u64 {
    (key ^ (u64::from(context) + 1).wrapping_mul(SPREAD)).rotate_left(29).wrapping_mul(SPREAD)
}

impl Bucket {
    /// The place of a key; [`WAYS`] where it is not here. The first free place for [`FREE`].
    #[inline]
    fn way(&self, key: u64) -> usize {
        let mut hits = 1u32 << WAYS;
        for (way, held) in self.keys.iter().enumerate() {
            hits |= u32::from(*held == key) << way;
        }
        hits.trailing_zeros() as usize
    }
}

/// Packs up to eight bytes. `None` for more, and where one of them is NUL, which would make spellings of two lengths the
/// same.
pub(crate) fn pack(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > 8 || bytes.contains(&0) {
        return None;
    }
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    Some(u64::from_le_bytes(word))
}

/// The same for some bytes of a page, which are read in a word where there are eight.
#[inline]
pub(crate) fn pack_at(page: &[u8], start: usize, len: usize) -> Option<u64> {
    let mask = *MASKS.get(len)?;
    let Some(word) = page.get(start..).and_then(|rest| rest.first_chunk()) else {
        return pack(page.get(start..start + len)?);
    };
    let key = u64::from_le_bytes(*word) & mask;
    (!has_byte(key | !mask, 0)).then_some(key)
}

/// Keeps the first bytes of a word, by their number.
pub(crate) const MASKS: [u64; 9] = {
    let mut masks = [0; 9];
    let mut len = 1;
    while len < 9 {
        masks[len] = masks[len - 1] << 8 | 0xFF;
        len += 1;
    }
    masks
};

/// Whether one of the bytes of a word is this one.
#[inline]
pub(crate) fn has_byte(word: u64, byte: u8) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero = word ^ (ONES * u64::from(byte));
    (zero.wrapping_sub(ONES) & !zero & (ONES << 7)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(table: &Spellings, key: u64, context: u16) -> u32 {
        table.find(key, context).0
    }

    fn key(n: u32) -> u64 {
        pack(format!("{n:x}").as_bytes()).unwrap()
    }

    #[test]
    fn spellings_are_told_apart() {
        let mut table = Spellings::new();
        for n in 0..200_000u32 {
            assert_eq!(found(&table, key(n), 0), NO_NUMBER);
            table.insert(key(n), 0, Reach::ALL, n);
            assert_eq!(found(&table, key(n), 0), n, "{n:x}");
        }
        assert!((0..200_000u32).all(|n| found(&table, key(n), 0) == n));
        // In other contexts one may have to be asked for again; never does one give another's number.
        assert!((0..200_000u32).all(|n| [n, NO_NUMBER].contains(&found(&table, key(n), 9))));
        assert_eq!((found(&table, 0, 5), found(&table, FREE, 0)), (0, NO_NUMBER));
        assert_eq!(found(&table, pack(b"zzz").unwrap(), 0), NO_NUMBER);
        assert_eq!((pack(b"1\0"), pack(b"123456789"), pack(b"1")), (None, None, Some(0x31)));
        for (start, len) in [(0, 0), (0, 5), (0, 8), (1, 8), (2, 7), (9, 0)] {
            let text = &b"123456789"[start..start + len];
            assert_eq!(pack_at(b"123456789", start, len), pack(text));
        }
        assert_eq!((pack_at(b"12\x0056789", 0, 3), pack_at(b"12\x0056789", 0, 2)), (None, pack(b"12")));
    }

    #[test]
    fn a_spelling_has_an_answer_for_each_reach() {
        let mut table = Spellings::new();
        for n in 0..3_000u32 {
            table.insert(key(n), 4, Reach { first: 3, last: 8 }, n);
            for context in [1, 2, 9] {
                table.insert(key(n), context, Reach::only(context), n + 10_000 * u32::from(context));
            }
        }
        for n in 0..3_000u32 {
            for context in [3, 5, 8] {
                assert!([n, NO_NUMBER].contains(&found(&table, key(n), context)));
            }
            for context in [1, 2, 9] {
                let number = n + 10_000 * u32::from(context);
                assert!([number, NO_NUMBER].contains(&found(&table, key(n), context)));
            }
            assert_eq!((found(&table, key(n), 0), found(&table, key(n), 10)), (NO_NUMBER, NO_NUMBER));
        }
        let there = (0..3_000).filter(|n| found(&table, key(*n), 2) != NO_NUMBER).count();
        assert!(there > 2_900, "{there}");
    }
}
