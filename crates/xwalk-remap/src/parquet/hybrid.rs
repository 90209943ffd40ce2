//! The RLE and bit-packing hybrid of Parquet: levels and dictionary indexes.
//!
//! Source: "Encodings", apache/parquet-format, section "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)". A run
//! begins with a variable-length number: its lowest bit tells bit-packed groups of eight (1) from a repeated value (0).

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

/// Why bytes are not such runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadRuns;

/// Appends `count` values of `width` bits to `out`.
#[inline(always)]
pub(crate) fn decode(bytes: &[u8], width: u32, count: usize, out: &mut Vec<u32>) -> Result<(), BadRuns> {
    if width > 32 {
        return Err(BadRuns);
    }
    let mut at = 0;
    let wanted = out.len() + count;
    while out.len() < wanted {
        let header = number(bytes, &mut at)?;
        let left = wanted - out.len();
        if header & 1 == 0 {
            let run = usize::try_from(header >> 1).map_err(|_| BadRuns)?;
            let size = width.div_ceil(8) as usize;
            let mut word = [0u8; 4];
            word[..size].copy_from_slice(bytes.get(at..at + size).ok_or(BadRuns)?);
            at += size;
            if run == 0 {
                return Err(BadRuns);
            }
            out.resize(out.len() + run.min(left), u32::from_le_bytes(word));
        } else {
            let groups = usize::try_from(header >> 1).map_err(|_| BadRuns)?;
            // Writers may leave out the bytes of the last group that hold no value.
            let values = groups.checked_mul(8).ok_or(BadRuns)?.min(left);
            if values == 0 {
                return Err(BadRuns);
            }
            let size = groups.checked_mul(width as usize).ok_or(BadRuns)?;
            let needed = (values * width as usize).div_ceil(8);
            let end = (at + size).min(bytes.len());
            let packed = bytes.get(at..end).ok_or(BadRuns)?;
            if packed.len() < needed {
                return Err(BadRuns);
            }
            unpack(packed, width, values, out);
            at = end;
        }
    }
    Ok(())
}

/// Levels of one bit as words, the first in the lowest bit. Bits behind the last level are 0.
pub(crate) fn decode_bits(bytes: &[u8], count: usize, out: &mut Vec<u64>) -> Result<(), BadRuns> {
    out.clear();
    out.resize(count.div_ceil(64), 0);
    let (mut at, mut done) = (0, 0);
    while done < count {
        let header = number(bytes, &mut at)?;
        let left = count - done;
        if header & 1 == 0 {
            let run = usize::try_from(header >> 1).map_err(|_| BadRuns)?.min(left);
            let level = *bytes.get(at).ok_or(BadRuns)?;
            at += 1;
            if run == 0 || level > 1 {
                return Err(BadRuns);
            }
            if level == 1 {
                set(out, done, run);
            }
            done += run;
        } else {
            let groups = usize::try_from(header >> 1).map_err(|_| BadRuns)?;
            // Writers may leave out the bytes of the last group that hold no value.
            let values = groups.checked_mul(8).ok_or(BadRuns)?.min(left);
            let packed = bytes.get(at..(at + groups).min(bytes.len())).ok_or(BadRuns)?;
            if values == 0 || packed.len() * 8 < values {
                return Err(BadRuns);
            }
            for (i, byte) in packed[..values.div_ceil(8)].iter().enumerate() {
                let bits = u64::from(*byte) & (u64::MAX >> (64 - (values - i * 8).min(8)));
                let place = done + i * 8;
                out[place / 64] |= bits << (place % 64);
                if place % 64 > 56 && bits >> (64 - place % 64) != 0 {
                    out[place / 64 + 1] |= bits >> (64 - place % 64);
                }
            }
            at += groups;
            done += values;
        }
    }
    Ok(())
}

/// Sets `count` bits from one on.
fn set(words: &mut [u64], first: usize, count: usize) {
    let mut at = first;
    while at < first + count {
        let here = (64 - at % 64).min(first + count - at);
        words[at / 64] |= (u64::MAX >> (64 - here)) << (at % 64);
        at += here;
    }
}

#[inline(always)]
fn number(bytes: &[u8], at: &mut usize) -> Result<u64, BadRuns> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(*at).ok_or(BadRuns)?;
        *at += 1;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(BadRuns)
}

#[inline(always)]
fn unpack(packed: &[u8], width: u32, count: usize, out: &mut Vec<u32>) {
    if width == 0 {
        out.resize(out.len() + count, 0);
        return;
    }
    let mask = u64::MAX >> (64 - width);
    let width = width as usize;
    let first = out.len();
    out.resize(first + count, 0);
    let values = &mut out[first..];
    // Values whose eight bytes are all there, then the rest.
    let whole = if packed.len() < 8 { 0 } else { (((packed.len() - 8) * 8) / width + 1).min(count) };
    let mut bit = 0;
    for value in &mut values[..whole] {
        let byte = bit / 8;
        let word: [u8; 8] = packed[byte..byte + 8].try_into().expect("the slice has that length");
        *value = ((u64::from_le_bytes(word) >> (bit % 8)) & mask) as u32;
        bit += width;
    }
    for value in &mut values[whole..] {
        let byte = bit / 8;
        let mut word = [0; 8];
        let end = packed.len().min(byte + 8);
        word[..end - byte].copy_from_slice(&packed[byte..end]);
        *value = ((u64::from_le_bytes(word) >> (bit % 8)) & mask) as u32;
        bit += width;
    }
}

/// Number of bits that values up to `most` need.
pub(crate) fn width_of(most: u32) -> u32 {
    32 - most.leading_zeros()
}

/// Writes values as one bit-packed run, or as one repeated value where all are the same.
#[inline(always)]
pub(crate) fn encode(values: &[u32], width: u32, out: &mut Vec<u8>) {
    let Some(&first) = values.first() else { return };
    if width == 0 || values.iter().all(|v| *v == first) {
        write_number((values.len() as u64) << 1, out);
        out.extend_from_slice(&first.to_le_bytes()[..width.div_ceil(8) as usize]);
        return;
    }
    let groups = values.len().div_ceil(8);
    write_number((groups as u64) << 1 | 1, out);
    let end = out.len() + groups * width as usize;
    out.reserve(groups * width as usize + 8);
    let (mut word, mut bits) = (0u64, 0u32);
    for value in values {
        word |= u64::from(*value) << bits;
        bits += width;
        if bits >= 32 {
            out.extend_from_slice(&(word as u32).to_le_bytes());
            word >>= 32;
            bits -= 32;
        }
    }
    out.extend_from_slice(&word.to_le_bytes());
    out.resize(end, 0);
}

/// Writes levels of one bit: as one repeated value where all are 1, else bit-packed.
pub(crate) fn encode_bits(bits: &[u64], count: usize, all: bool, out: &mut Vec<u8>) {
    if all {
        write_number((count as u64) << 1, out);
        out.push(1);
        return;
    }
    let groups = count.div_ceil(8);
    write_number((groups as u64) << 1 | 1, out);
    let end = out.len() + groups;
    out.extend(bits.iter().flat_map(|word| word.to_le_bytes()));
    out.resize(end, 0);
}

fn write_number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_of_the_specification() {
        // The numbers 0 to 7 with three bits each.
        let mut out = Vec::new();
        decode(&[0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010], 3, 8, &mut out).unwrap();
        assert_eq!(out, [0, 1, 2, 3, 4, 5, 6, 7]);
        out.clear();
        decode(&[10, 9, 0b11, 1], 1, 6, &mut out).unwrap();
        assert_eq!(out, [9, 9, 9, 9, 9, 1]);
        assert_eq!(decode(&[0b11, 1], 3, 8, &mut out), Err(BadRuns));
        assert_eq!(decode(&[], 3, 1, &mut out), Err(BadRuns));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec(0u32..5000, 0..200), extra in 0u32..6) {
            let width = width_of(values.iter().copied().max().unwrap_or(0)) + extra;
            let mut bytes = Vec::new();
            encode(&values, width, &mut bytes);
            let mut back = Vec::new();
            prop_assert_eq!(decode(&bytes, width, values.len(), &mut back), Ok(()));
            prop_assert_eq!(back, values);
        }

        #[test]
        fn levels_are_read_back(levels in prop::collection::vec(0u32..2, 1..200)) {
            let count = levels.len();
            let mut bits = vec![0u64; count.div_ceil(64)];
            for (i, level) in levels.iter().enumerate() {
                bits[i / 64] |= u64::from(*level) << (i % 64);
            }
            let mut bytes = Vec::new();
            encode_bits(&bits, levels.len(), levels.iter().all(|l| *l == 1), &mut bytes);
            let mut back = Vec::new();
            prop_assert_eq!(decode(&bytes, 1, levels.len(), &mut back), Ok(()));
            prop_assert_eq!(back, levels);
            let mut words = Vec::new();
            prop_assert_eq!(decode_bits(&bytes, count, &mut words), Ok(()));
            prop_assert_eq!(words, bits);
        }

        #[test]
        fn levels_in_runs_are_read_alike(
            runs in prop::collection::vec((any::<bool>(), 1u8..60, any::<[u8; 8]>()), 1..12),
            cut in 0usize..9,
        ) {
            let (mut bytes, mut count) = (Vec::new(), 0usize);
            for (packed, length, bits) in runs {
                if packed {
                    let groups = usize::from(length % 8) + 1;
                    bytes.push((groups as u8) << 1 | 1);
                    bytes.extend(&bits[..groups]);
                    count += groups * 8;
                } else {
                    bytes.extend([length << 1, bits[0] & 1]);
                    count += usize::from(length);
                }
            }
            let count = count.saturating_sub(cut);
            let (mut levels, mut words) = (Vec::new(), Vec::new());
            prop_assert_eq!(decode(&bytes, 1, count, &mut levels), Ok(()));
            prop_assert_eq!(decode_bits(&bytes, count, &mut words), Ok(()));
            let expected: Vec<u64> = levels
                .chunks(64)
                .map(|part| part.iter().enumerate().fold(0, |word, (i, l)| word | u64::from(*l) << i))
                .collect();
            prop_assert_eq!(words, expected);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40), width in 0u32..40) {
            let mut out = Vec::new();
            let _ = decode(&bytes, width, 100, &mut out);
            prop_assert!(out.len() <= 100);
            let _ = decode_bits(&bytes, 100, &mut Vec::new());
        }
    }
}
