//! Tables from what stands in a cell to the number of its answer.

use std::collections::HashMap;

/// A hash map whose order never reaches an output.
pub(crate) type FastMap<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Spellings of up to eight bytes, packed in a machine word. Open addressing in one array, at most half full.
#[derive(Clone)]
pub(crate) struct Spellings {
    slots: Vec<Slot>,
    shift: u32,
    len: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    /// Length of the spelling plus one; 0 marks a free slot. NUL bytes would make keys of two lengths the same.
    len: u32,
    number: u32,
}

const FREE: Slot = Slot { key: 0, len: 0, number: 0 };
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// Spellings beyond this number are looked up anew each time.
const MAX_SPELLINGS: usize = 1 << 20;

impl Spellings {
    pub(crate) fn new() -> Self {
        Self { slots: vec![FREE; 1 << 12], shift: 64 - 12, len: 0 }
    }

    /// The number for a spelling of `len` bytes packed little-endian.
    #[inline]
    pub(crate) fn get(&self, key: u64, len: usize) -> Option<u32> {
        let wanted = len as u32 + 1;
        let mut at = (key.wrapping_mul(SPREAD) >> self.shift) as usize;
        let mask = self.slots.len() - 1;
        loop {
            let slot = &self.slots[at & mask];
            if slot.key == key && slot.len == wanted {
                return Some(slot.number);
            }
            if slot.len == 0 {
                return None;
            }
            at += 1;
        }
    }

    /// Adds a spelling that is not there yet, as long as there is room.
    pub(crate) fn insert(&mut self, key: u64, len: usize, number: u32) {
        if self.len >= MAX_SPELLINGS {
            return;
        }
        if self.len * 2 >= self.slots.len() {
            let old = std::mem::take(&mut self.slots);
            self.shift -= 1;
            self.slots = vec![FREE; old.len() * 2];
            for slot in old.into_iter().filter(|s| s.len != 0) {
                self.place(slot);
            }
        }
        self.len += 1;
        self.place(Slot { key, len: len as u32 + 1, number });
    }

    fn place(&mut self, new: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = (new.key.wrapping_mul(SPREAD) >> self.shift) as usize;
        while self.slots[at & mask].len != 0 {
            at += 1;
        }
        self.slots[at & mask] = new;
    }
}

/// Packs up to eight bytes.
pub(crate) fn pack(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_told_apart() {
        let mut table = Spellings::new();
        for n in 0..20_000u32 {
            let text = format!("{n:x}");
            table.insert(pack(text.as_bytes()), text.len(), n);
        }
        for n in 0..20_000u32 {
            let text = format!("{n:x}");
            assert_eq!(table.get(pack(text.as_bytes()), text.len()), Some(n));
        }
        assert_eq!(table.get(pack(b"1\0"), 2), None);
        assert_eq!(table.get(pack(b"zzz"), 3), None);
    }
}
