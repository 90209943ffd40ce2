//! The table of a thread from what stands in a cell straight to the bytes that go behind it.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]
#![expect(
    clippy::needless_bitwise_bool,
    reason = "a branch that depends on what stands in a cell is guessed wrong often"
)]

use crate::table::Reach;

/// Spellings of up to eight bytes without NUL, packed in a machine word. A bucket is a line of the processor's cache;
/// both its keys are compared without a branch that depends on them. What finds its bucket full is not in the table.
pub(super) struct Slots {
    buckets: Vec<Bucket>,
    /// For each slot the number of its answer.
    numbers: Vec<u32>,
    shift: u32,
    len: usize,
}

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Bucket([Slot; WAYS]);

const WAYS: usize = 2;

/// A spelling with the bytes of its answer.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
struct Slot {
    key: u64,
    /// How often it was taken.
    count: u32,
    /// The first context it holds in, and how many more.
    first: u16,
    more: u16,
    /// The bytes, and in the last place their number. Where there are more than fit: the number of the answer, and in
    /// the last place [`LONG`].
    text: [u8; TEXT],
}

/// Where an answer stands in the slots.
#[derive(Clone, Copy)]
struct At(u32);

/// What a slot says.
pub(super) enum Said<'s> {
    /// Bytes, of which the first so many count.
    Bytes(&'s [u8; TEXT], usize),
    /// The number of an answer whose bytes are more than a slot holds.
    Long(u32),
}

/// Bytes of an answer in a slot, with their number behind them.
pub(super) const TEXT: usize = 16;
/// Stands for the number of bytes where there are too many; also in free slots.
const LONG: u8 = u8::MAX;

/// No text is eight bytes of 255, since it would not be UTF-8. If a file holds that, it finds a slot without bytes.
const FREE: u64 = u64::MAX;
const EMPTY: Slot = Slot { key: FREE, count: 0, first: 0, more: u16::MAX, text: [LONG; TEXT] };
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
const FIRST_BITS: u32 = 9;
/// No more spellings than this are kept.
const MOST: usize = 1 << 20;

/// Marks the context of an answer that stands apart, so that its key, which is mixed with the context, is taken for no
/// spelling.
const APART: u16 = 0x8000;

/// The key of an answer that stands apart.
fn apart(key: u64, context: u16) -> u64 {
    key ^ (u64::from(context) + 1).wrapping_mul(SPREAD).rotate_left(17)
}

impl Slots {
    pub(super) fn new() -> Self {
        let buckets = vec![Bucket([EMPTY; WAYS]); 1 << FIRST_BITS];
        let numbers = vec![0; buckets.len() * WAYS];
        Self { buckets, numbers, shift: 64 - FIRST_BITS, len: 0 }
    }

    /// Takes the answer of a packed spelling in a context once.
    #[inline(always)]
    pub(super) fn take(&mut self, key: u64, context: u16) -> Option<Said<'_>> {
        let At(place) = match self.find(key, context) {
            (place, true) => place,
            _ => self.find_apart(key, context)?,
        };
        let slot = &mut self.buckets[place as usize / WAYS].0[place as usize % WAYS];
        slot.count = slot.count.wrapping_add(1);
        Some(match slot.text[TEXT - 1] {
            LONG => Said::Long(u32::from_le_bytes([slot.text[0], slot.text[1], slot.text[2], slot.text[3]])),
            len => Said::Bytes(&slot.text, usize::from(len)),
        })
    }

    /// The place of the answer of a packed spelling in a context, and whether it is there.
    #[inline(always)]
    fn find(&self, key: u64, context: u16) -> (At, bool) {
        // The mask says nothing new, and spares the check of the index.
        let mask = self.buckets.len() - 1;
        let at = (key.wrapping_mul(SPREAD) >> self.shift) as usize & mask;
        let bucket = &self.buckets[at].0;
        let way = usize::from(bucket[1].key == key);
        let slot = &bucket[way];
        let here = (slot.key == key) & (context.wrapping_sub(slot.first) <= slot.more) & (key != FREE);
        (At((at * WAYS + way) as u32), here)
    }

    /// The place of an answer that stands apart: its bucket was full, or held the answer that the spelling has in other
    /// contexts.
    #[inline(never)]
    fn find_apart(&self, key: u64, context: u16) -> Option<At> {
        match self.find(apart(key, context), context | APART) {
            (place, true) => Some(place),
            _ => None,
        }
    }

    /// Keeps the answer of a spelling that is not there yet, and says whether there was room.
    pub(super) fn keep(
        &mut self,
        key: u64,
        (context, reach): (u16, Reach),
        number: u32,
        bytes: &[u8],
    ) -> bool {
        if self.len >= MOST || context & APART != 0 {
            return false;
        }
        if self.len * 5 > self.numbers.len() * 3 {
            self.grow();
        }
        let mut text = [LONG; TEXT];
        if bytes.len() < TEXT {
            text[..bytes.len()].copy_from_slice(bytes);
            text[TEXT - 1] = bytes.len() as u8;
        } else {
            text[..4].copy_from_slice(&number.to_le_bytes());
        }
        let slot = Slot { key, count: 0, first: reach.first, more: reach.last - reach.first, text };
        let alone = Slot { key: apart(key, context), first: context | APART, more: 0, ..slot };
        self.place(slot, number) || self.place(alone, number)
    }

    fn grow(&mut self) {
        self.shift -= 1;
        let twice = vec![Bucket([EMPTY; WAYS]); self.buckets.len() * 2];
        let old = std::mem::replace(&mut self.buckets, twice);
        let numbers = vec![0; self.numbers.len() * 2];
        let old_numbers = std::mem::replace(&mut self.numbers, numbers);
        self.len = 0;
        for (slot, number) in old.iter().flat_map(|b| b.0).zip(old_numbers) {
            if slot.key != FREE {
                // What stood in one bucket stands in two now, so there is room for all.
                self.place(slot, number);
            }
        }
    }

    fn place(&mut self, slot: Slot, number: u32) -> bool {
        let at = (slot.key.wrapping_mul(SPREAD) >> self.shift) as usize;
        if slot.key == FREE {
            return false;
        }
        let bucket = &mut self.buckets[at].0;
        // A key stands in a bucket once: the second could not be told from the first.
        let stands = bucket.iter().any(|held| held.key == slot.key);
        match bucket.iter().position(|held| held.key == FREE) {
            Some(way) if !stands => {
                bucket[way] = slot;
                self.numbers[at * WAYS + way] = number;
                self.len += 1;
                true
            }
            _ => false,
        }
    }

    /// How often each answer was taken, by its number; counts start anew.
    pub(super) fn counted(&mut self) -> impl Iterator<Item = (u32, u64)> {
        let slots = self.buckets.iter_mut().flat_map(|b| &mut b.0);
        slots
            .zip(&self.numbers)
            .filter(|(slot, _)| slot.count > 0 && slot.key != FREE)
            .map(|(slot, number)| (*number, u64::from(std::mem::take(&mut slot.count))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_may_have_an_answer_for_each_context() {
        let mut slots = Slots::new();
        for n in 0..2_000u32 {
            for context in 0..4u16 {
                let number = n * 4 + u32::from(context);
                slots.keep(u64::from(n) << 8 | 0x41, (context, Reach::only(context)), number, &[0; 40]);
            }
        }
        let mut found = 0;
        for n in 0..2_000u32 {
            for context in 0..5u16 {
                if let Some(Said::Long(number)) = slots.take(u64::from(n) << 8 | 0x41, context) {
                    assert_eq!(number, n * 4 + u32::from(context));
                    found += 1;
                }
            }
        }
        assert!(found > 6_000, "{found}");
    }

    #[test]
    fn a_slot_is_found_where_it_holds() {
        let mut slots = Slots::new();
        let reach = Reach { first: 2, last: 5 };
        let key = |n: u32| u64::from(n) << 8 | 0x41;
        for n in 0..50_000u32 {
            let bytes = [0; 40];
            let bytes = if n % 2 == 0 { &n.to_le_bytes()[..3] } else { &bytes[..] };
            slots.keep(key(n), (5, reach), n, bytes);
        }
        let (mut found, mut everywhere) = (0, 0);
        for n in 0..50_000u32 {
            assert!(slots.take(key(n), 1).is_none() && slots.take(key(n), 6).is_none());
            match slots.take(key(n), 5) {
                Some(Said::Bytes(bytes, 3)) => assert_eq!((&bytes[..3], n % 2), (&n.to_le_bytes()[..3], 0)),
                Some(Said::Long(number)) => assert_eq!((number, n % 2), (n, 1)),
                Some(Said::Bytes(..)) => panic!("{n} has too many bytes"),
                None => continue,
            }
            found += 1;
            // One that stands apart is there for the context that it was met in.
            everywhere += u64::from(slots.take(key(n), 2).is_some());
        }
        assert!(found > 48_000 && everywhere > 44_000, "{found} {everywhere}");
        let counted: Vec<(u32, u64)> = slots.counted().collect();
        assert_eq!(counted.len(), found);
        assert_eq!(counted.iter().map(|(_, count)| count).sum::<u64>(), found as u64 + everywhere);
        assert!(slots.counted().next().is_none());
        assert!(slots.take(key(50_000), 3).is_none());
        slots.keep(FREE, (0, Reach::ALL), 7, b"7");
        assert!(slots.take(FREE, 3).is_none() && slots.counted().next().is_none());
    }
}
