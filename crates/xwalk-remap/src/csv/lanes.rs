//! What is done to many bytes at once, by what the processor can do.

#![expect(
    clippy::inline_always,
    reason = "what is called for each cell has to be built for the processor at hand, and only what is inlined is"
)]

#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use wide::{u8x16, u64x4};

/// Bytes that are looked at in one go.
pub(crate) const BLOCK: usize = 64;
/// Keys that are compared in one go.
pub(crate) const KEYS: usize = 4;

/// Comparisons of many values at once.
pub(crate) trait Lanes: Copy {
    /// A bit for each byte of a block that is `byte`; the first in the lowest place.
    fn bytes(self, block: &[u8; BLOCK], byte: u8) -> u64;
    /// A bit for each of some keys that is `key`.
    fn keys(self, keys: &[u64; KEYS], key: u64) -> u32;
    /// Writes the places of the bits of a block that starts at `base`. What lies behind them is overwritten, too.
    #[inline(always)]
    fn places(self, bits: u64, base: u32, places: &mut [u32; BLOCK]) {
        let mut left = bits;
        // Eight at a time without asking whether there are that many.
        for eight in places.as_chunks_mut::<8>().0 {
            for place in eight {
                *place = base.wrapping_add(left.trailing_zeros());
                left &= left.wrapping_sub(1);
            }
            if left == 0 {
                break;
            }
        }
    }
}

/// What every processor does.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

impl Lanes for Plain {
    #[inline(always)]
    fn bytes(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        let (parts, _) = block.as_chunks::<16>();
        parts.iter().rev().fold(0, |bits, part| {
            bits << 16 | u64::from(u8x16::new(*part).simd_eq(u8x16::splat(byte)).to_bitmask())
        })
    }

    #[inline(always)]
    fn keys(self, keys: &[u64; KEYS], key: u64) -> u32 {
        u64x4::new(*keys).simd_eq(u64x4::splat(key)).to_bitmask()
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    #[inline(always)]
    fn bytes(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        let (parts, _) = block.as_chunks::<32>();
        let wanted = self.avx._mm256_set1_epi8(byte.cast_signed());
        parts.iter().rev().fold(0, |bits, part| {
            let same = self.avx2._mm256_cmpeq_epi8(pulp::cast(*part), wanted);
            bits << 32 | u64::from(self.avx2._mm256_movemask_epi8(same).cast_unsigned())
        })
    }

    #[inline(always)]
    fn keys(self, keys: &[u64; KEYS], key: u64) -> u32 {
        let wanted = self.avx._mm256_set1_epi64x(key.cast_signed());
        let same = self.avx2._mm256_cmpeq_epi64(pulp::cast(*keys), wanted);
        self.avx._mm256_movemask_pd(self.avx._mm256_castsi256_pd(same)).cast_unsigned()
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V4 {
    #[inline(always)]
    fn bytes(self, block: &[u8; BLOCK], byte: u8) -> u64 {
        let wanted = self.avx512f._mm512_set1_epi8(byte.cast_signed());
        self.avx512bw._mm512_cmpeq_epi8_mask(pulp::cast(*block), wanted)
    }

    #[inline(always)]
    fn keys(self, keys: &[u64; KEYS], key: u64) -> u32 {
        let wanted = self.avx._mm256_set1_epi64x(key.cast_signed());
        u32::from(self.avx512vl._mm256_cmpeq_epi64_mask(pulp::cast(*keys), wanted))
    }

    #[inline(always)]
    fn places(self, bits: u64, base: u32, places: &mut [u32; BLOCK]) {
        const QUARTER: usize = BLOCK / 4;
        let first = pulp::cast(std::array::from_fn::<u32, QUARTER, _>(|i| i as u32));
        let mut at = 0;
        for quarter in 0..4 {
            let bits = (bits >> (quarter * QUARTER)) as u16;
            let start = self.avx512f._mm512_set1_epi32((base + (quarter * QUARTER) as u32).cast_signed());
            let all = self.avx512f._mm512_add_epi32(first, start);
            let some: [u32; QUARTER] = pulp::cast(self.avx512f._mm512_maskz_compress_epi32(bits, all));
            places[at..at + QUARTER].copy_from_slice(&some);
            at += bits.count_ones() as usize;
        }
    }
}

/// Work that is built once for each kind of processor.
pub(crate) trait Laned {
    type Output;
    /// Does it. Has to be inlined always.
    fn with<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// Work with what it is done with, as the dispatch takes it.
#[cfg(target_arch = "x86_64")]
struct With<L, W>(L, W);

#[cfg(target_arch = "x86_64")]
impl<L: Lanes, W: Laned> pulp::NullaryFnOnce for With<L, W> {
    type Output = W::Output;

    #[inline(always)]
    fn call(self) -> Self::Output {
        self.1.with(self.0)
    }
}

/// Does work with the best the processor has.
pub(crate) fn dispatch<W: Laned>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(lanes) = V4::try_new() {
            return lanes.vectorize(With(lanes, work));
        }
        if let Some(lanes) = V3::try_new() {
            return lanes.vectorize(With(lanes, work));
        }
    }
    work.with(Plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct All<'a>(&'a [u8; BLOCK], u8, &'a [u64; KEYS], u64);

    impl Laned for All<'_> {
        type Output = (u64, u32, Vec<u32>);

        #[inline(always)]
        fn with<L: Lanes>(self, lanes: L) -> Self::Output {
            let bytes = lanes.bytes(self.0, self.1);
            let mut places = [0; BLOCK];
            lanes.places(bytes, 1000, &mut places);
            (bytes, lanes.keys(self.2, self.3), places[..bytes.count_ones() as usize].to_vec())
        }
    }

    fn one_by_one(work: &All<'_>) -> (u64, u32, Vec<u32>) {
        let bytes = work.0.iter().rev().fold(0, |bits, b| bits << 1 | u64::from(*b == work.1));
        let keys = work.2.iter().rev().fold(0, |bits, k| bits << 1 | u32::from(*k == work.3));
        let places = (1000..).zip(work.0).filter(|(_, b)| **b == work.1).map(|(i, _)| i).collect();
        (bytes, keys, places)
    }

    proptest! {
        #[test]
        fn all_processors_say_the_same(
            block in prop::array::uniform32(0..4u8), more in prop::array::uniform32(0..4u8),
            keys in prop::array::uniform4(0..3u64), byte in 0..4u8, key in 0..3u64,
        ) {
            let mut whole = [0; BLOCK];
            whole[..32].copy_from_slice(&block);
            whole[32..].copy_from_slice(&more);
            let keys = keys.map(|k| k << 40 | 7);
            let work = || All(&whole, byte, &keys, key << 40 | 7);
            let expected = one_by_one(&work());
            prop_assert_eq!(&work().with(Plain), &expected);
            prop_assert_eq!(&dispatch(work()), &expected);
            #[cfg(target_arch = "x86_64")]
            if let Some(lanes) = V3::try_new() {
                prop_assert_eq!(lanes.vectorize(With(lanes, work())), expected);
            }
        }
    }
}
