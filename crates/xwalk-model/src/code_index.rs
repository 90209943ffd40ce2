//! Codes found by a hash, for those who look up many.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::edition::Entry;

/// An index that is made when it is worth it: a few look-ups are quicker in the ordered list.
#[derive(Default)]
pub(crate) struct CodeIndex {
    asked: AtomicU32,
    slots: OnceLock<Vec<u32>>,
}

/// After so many look-ups the index is made.
const WORTH_IT: u32 = 5_000;

impl CodeIndex {
    /// The number of the concept with a code, or an error where the index is not made yet.
    pub(crate) fn find(&self, entries: &[Entry], code: &str) -> Result<Option<u32>, ()> {
        let slots = match self.slots.get() {
            Some(slots) => slots,
            None if self.asked.fetch_add(1, Ordering::Relaxed) < WORTH_IT => return Err(()),
            None => self.slots.get_or_init(|| build(entries)),
        };
        let mask = slots.len() - 1;
        let mut at = hash(code.as_bytes()) & mask;
        loop {
            match slots[at] {
                0 => return Ok(None),
                number if entries[number as usize - 1].code.as_str() == code => return Ok(Some(number - 1)),
                _ => at = (at + 1) & mask,
            }
        }
    }
}

/// Numbers of concepts, counted from 1; 0 is a free slot. At most half of the slots are taken.
fn build(entries: &[Entry]) -> Vec<u32> {
    let mut slots = vec![0; (entries.len() * 2 + 2).next_power_of_two()];
    let mask = slots.len() - 1;
    for (ix, entry) in entries.iter().enumerate() {
        let mut at = hash(entry.code.as_str().as_bytes()) & mask;
        while slots[at] != 0 {
            at = (at + 1) & mask;
        }
        slots[at] = ix as u32 + 1;
    }
    slots
}

fn hash(bytes: &[u8]) -> usize {
    let mut sum = 0u64;
    for part in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        sum = (sum.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (sum ^ (sum >> 32)) as usize
}
