//! Blocks of a file: what is written begins and ends where blocks do, since the page cache holds a block in one piece
//! then, and takes it at a third less cost.

use std::collections::VecDeque;
use std::io::IoSlice;

/// Bytes of a block of a file.
pub(crate) const BLOCK: u64 = if cfg!(test) { 1 << 12 } else { 128 << 10 };

/// Parts that wait at most: where they are small, their room is not.
pub(crate) const WAITING: usize = 8;

/// The bytes that wait until a block is full.
pub(crate) struct Blocks<B> {
    /// Bytes of a block.
    block: u64,
    waiting: VecDeque<B>,
    /// Bytes of the first that were written.
    from: usize,
    /// Bytes that wait.
    held: u64,
    /// Where they go.
    offset: u64,
}

impl<B: AsRef<[u8]>> Blocks<B> {
    /// Blocks of so many bytes, behind some that are written already.
    pub(crate) fn new(block: u64, offset: u64) -> Self {
        Self { block, waiting: VecDeque::new(), from: 0, held: 0, offset }
    }

    /// Adds bytes behind those that wait.
    pub(crate) fn add(&mut self, bytes: B) {
        self.held += bytes.as_ref().len() as u64;
        self.waiting.push_back(bytes);
    }

    /// Where the bytes that wait go.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Number of bytes up to the end of the last block that is full, or of all where too many parts wait.
    pub(crate) fn full(&self) -> u64 {
        if self.waiting.len() > WAITING {
            return self.held;
        }
        ((self.offset + self.held) / self.block * self.block).saturating_sub(self.offset)
    }

    /// Number of all bytes that wait.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// The first `count` bytes that wait.
    pub(crate) fn slices(&self, count: u64) -> Vec<IoSlice<'_>> {
        let mut left = count as usize;
        let mut from = self.from;
        let slices = self.waiting.iter().map_while(|bytes| {
            let bytes = &bytes.as_ref()[std::mem::take(&mut from)..];
            let some = &bytes[..bytes.len().min(left)];
            left -= some.len();
            (!some.is_empty() || left > 0).then(|| IoSlice::new(some))
        });
        slices.collect()
    }

    /// Takes the first `count` bytes away, which are written; gives the room of those that are written whole.
    pub(crate) fn written(&mut self, count: u64, mut room: impl FnMut(B)) {
        self.held -= count;
        self.offset += count;
        self.from += count as usize;
        while let Some(first) = self.waiting.pop_front_if(|first| first.as_ref().len() <= self.from) {
            self.from -= first.as_ref().len();
            room(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn all_bytes_are_written_in_their_place_up_to_the_end_of_blocks(
            parts in (1..40usize).prop_flat_map(|most| prop::collection::vec(prop::collection::vec(any::<u8>(), 0..most), 0..30)),
            offset in 0..40u64,
        ) {
            let mut blocks = Blocks::new(16, offset);
            let mut written = vec![0; offset as usize];
            for part in &parts {
                blocks.add(part.clone());
                prop_assert_eq!(blocks.offset(), written.len() as u64);
                let full = blocks.full();
                let whole = full == 0 || (blocks.offset() + full) % 16 == 0;
                prop_assert!(whole || blocks.waiting.len() > WAITING && full == blocks.held());
                prop_assert!(blocks.held() - full < 16);
                blocks.slices(full).iter().for_each(|slice| written.extend_from_slice(slice));
                blocks.written(full, |part| assert!(parts.contains(&part)));
            }
            blocks.slices(blocks.held()).iter().for_each(|slice| written.extend_from_slice(slice));
            prop_assert_eq!(&written[offset as usize..], parts.concat());
        }
    }
}
