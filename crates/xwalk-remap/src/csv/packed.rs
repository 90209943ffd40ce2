//! Spellings packed in machine words, and where they may stand in a table.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

/// No spelling without NUL has its last byte alone.
pub(super) const FREE: u64 = 1 << 63;
/// Stands for a spelling that cannot be packed; none has its last but one byte alone.
pub(super) const NEVER: u64 = 1 << 48;
/// Spreads the bits of a word.
pub(super) const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The bucket of a spelling, up to the mask of the table.
#[inline(always)]
pub(super) fn home(key: u64, shift: u32) -> usize {
    (key.wrapping_mul(SPREAD) >> shift) as usize
}

/// The other bucket where a spelling may stand.
#[inline(always)]
pub(super) fn away(key: u64, shift: u32) -> usize {
    home(key.rotate_left(23) ^ SPREAD, shift)
}

/// A packed spelling with its context.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) word: u64,
    pub(super) context: u16,
}

/// Spellings that are packed at once.
pub(super) const AHEAD: usize = 80;
/// Spellings that are cut out of rows at once.
pub(super) const AT_ONCE: usize = 8;

/// Packed spellings side by side, and their first buckets. What was there before stands behind them.
pub(super) struct Packed {
    pub(super) words: [u64; AHEAD],
    pub(super) homes: [u32; AHEAD],
    /// One for each spelling.
    pub(super) contexts: [u16; AHEAD + AT_ONCE],
}

impl Packed {
    /// Room for spellings of one context.
    pub(super) fn new(context: u16) -> Self {
        Self { words: [NEVER; AHEAD], homes: [0; AHEAD], contexts: [context; AHEAD + AT_ONCE] }
    }

    /// Packs spellings of so many bytes, of each the word that begins with it. What is longer than a word stands
    /// nowhere.
    #[inline(always)]
    pub(super) fn pack(&mut self, starts: &[u64; AHEAD], lengths: &[u32; AHEAD + AT_ONCE], shift: u32) {
        let keys = self.words.iter_mut().zip(&mut self.homes);
        for ((word, home), (start, len)) in keys.zip(starts.iter().zip(lengths)) {
            let mask = if *len < 8 { (1 << (len * 8)) - 1 } else { u64::MAX };
            *word = if *len > 8 { NEVER } else { start & mask };
            *home = self::home(*word, shift) as u32;
        }
    }

    /// One of them.
    pub(super) fn key(&self, at: usize) -> Key {
        Key { word: self.words[at], context: self.contexts[at] }
    }
}
