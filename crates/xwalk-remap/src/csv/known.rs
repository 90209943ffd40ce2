//! Rows whose spellings are all in the table, batch by batch: what is done to a cell is a loop over the batch each time.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

use super::cells::Cells;
use super::lanes::{Laned, Lanes};
use super::packed::{AHEAD, AT_ONCE, Packed};
use super::quick::{Rows, When};
use super::short::{View, is_long, length, long_number};

/// Room for texts that are longer than those in the table.
pub(super) const SPARE: usize = 32 << 10;

/// Texts that are longer than those in the table.
pub(super) struct Longs<'l> {
    cells: &'l Cells<'l>,
    /// The room that is left for them.
    spare: usize,
}

impl<'l> Longs<'l> {
    pub(super) fn new(cells: &'l Cells<'l>) -> Self {
        Self { cells, spare: SPARE }
    }

    /// Writes one for which there is room.
    #[cold]
    #[inline(never)]
    fn write(&self, number: u32, out: &mut [u8], to: u32) {
        let text = self.cells.text(number);
        out[to as usize..to as usize + text.len()].copy_from_slice(text);
    }
}

/// Rows from one on whose spellings are all in the table.
pub(super) struct Known<'c, 's, 'o, const T: usize, const N: usize> {
    pub(super) rows: Rows<'c>,
    pub(super) row: usize,
    pub(super) short: View<'s, N>,
    pub(super) longs: Longs<'s>,
    pub(super) out: &'o mut [u8],
    /// Where the next byte goes.
    pub(super) at: usize,
}

impl<const T: usize, const N: usize> Laned for Known<'_, '_, '_, T, N> {
    /// The first row that has a spelling that is not there, and where its bytes go.
    type Output = (usize, usize);

    #[inline(always)]
    fn with<L: Lanes>(self, lanes: L) -> Self::Output {
        match self.rows.when {
            When::Always(_) => self.answer::<L, false>(lanes),
            When::Dated { .. } => self.answer::<L, true>(lanes),
        }
    }
}

impl<const T: usize, const N: usize> Known<'_, '_, '_, T, N> {
    #[inline(always)]
    fn answer<L: Lanes, const DATED: bool>(self, lanes: L) -> (usize, usize) {
        let Self { rows, mut row, mut short, mut longs, out, mut at } = self;
        let cells = rows.cells;
        let context = if let When::Always(context) = rows.when { context } else { 0 };
        let (mut keys, mut cut, mut texts) = (Packed::new(context), Cut::default(), Texts::default());
        // Where many rows are to be met, not much is done in vain.
        let mut most = 1;
        while row < rows.count {
            let some = (AHEAD / cells).min(most).min(rows.count - row);
            most = (most * 2).min(AHEAD);
            let held = rows.cut::<DATED>(row, some, &mut cut, &mut keys);
            keys.pack(&cut.words, &cut.lengths, short.shift());
            let taken = short.take::<T, DATED>(lanes, &keys, &mut texts.bytes[..held * cells]);
            texts.measure();
            let mut done = taken / cells;
            if texts.long {
                done = texts.fit(done, cells, &mut longs);
            }
            at = rows.write(row, done, &cut, &texts, &longs, out, at);
            row += done;
            if done < some {
                short.untake(&keys, done * cells..taken);
                break;
            }
        }
        (row, at)
    }
}

impl Rows<'_> {
    /// Cuts the spellings out of some rows, up to one whose date takes a closer look. Gives the number of rows.
    #[inline(always)]
    fn cut<const DATED: bool>(&self, first: usize, count: usize, cut: &mut Cut, keys: &mut Packed) -> usize {
        let (mut cells, mut rows) = (0, 0);
        for row in first..first + count {
            let context = if DATED { self.context(row) } else { Some(0) };
            let Some(context) = context else { break };
            for &(column, codes) in self.runs {
                // Behind the last one of a run what comes next is cut, too, and the next run is written over it.
                for at in (0..codes).step_by(AT_ONCE) {
                    let from = row * self.width + column + at;
                    let bounds = &self.bounds[from..=from + AT_ONCE];
                    let place = cells + at..cells + at + AT_ONCE;
                    let (starts, lengths) = (&mut cut.starts[place.clone()], &mut cut.lengths[place.clone()]);
                    for ((start, length), ends) in starts.iter_mut().zip(lengths).zip(bounds.windows(2)) {
                        *start = ends[0].wrapping_add(1);
                        *length = ends[1].wrapping_sub(*start);
                    }
                    cut.ends[place.clone()].copy_from_slice(&bounds[1..]);
                    if DATED {
                        keys.contexts[place].fill(context);
                    }
                }
                cells += codes;
            }
            rows += 1;
        }
        for (word, start) in cut.words[..cells].iter_mut().zip(&cut.starts) {
            *word = word_at(self.chunk, *start);
        }
        rows
    }

    /// Writes `count` rows with the texts that go behind their cells. Gives the place behind them.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "all that was made of the rows, and where they go")]
    fn write<const T: usize>(
        &self,
        first: usize,
        count: usize,
        cut: &Cut,
        texts: &Texts<T>,
        longs: &Longs<'_>,
        out: &mut [u8],
        at: usize,
    ) -> usize {
        if count == 0 {
            return at;
        }
        // In half a word nothing that is added to it can overflow.
        let (mut to, mut from) = (at as u32, self.ends(first)[0].wrapping_add(1));
        let texts_and_lengths = texts.bytes.iter().zip(&texts.lengths);
        for (end, (text, length)) in cut.ends[..count * self.cells].iter().zip(texts_and_lengths) {
            to = copy_short(out, to, self.chunk, from, *end);
            from = *end;
            if texts.long
                && let Some(number) = long_number(text)
            {
                longs.write(number, out, to);
            } else {
                out[to as usize..to as usize + T].copy_from_slice(text);
            }
            to += length;
        }
        copy_short(out, to, self.chunk, from, self.ends(first + count - 1)[self.width] + 1) as usize
    }
}

/// Spellings as they are cut out of rows, [`AT_ONCE`] at once.
struct Cut {
    starts: [u32; AHEAD + AT_ONCE],
    /// The number of their bytes.
    lengths: [u32; AHEAD + AT_ONCE],
    ends: [u32; AHEAD + AT_ONCE],
    /// The words that begin with them.
    words: [u64; AHEAD],
}

impl Default for Cut {
    fn default() -> Self {
        let none = [0; AHEAD + AT_ONCE];
        Self { starts: none, lengths: none, ends: none, words: [0; AHEAD] }
    }
}

/// Texts that go behind cells.
struct Texts<const T: usize> {
    bytes: [[u8; T]; AHEAD],
    lengths: [u32; AHEAD],
    /// Whether some are longer than those in the table.
    long: bool,
}

impl<const T: usize> Default for Texts<T> {
    fn default() -> Self {
        Self { bytes: [[0; T]; AHEAD], lengths: [0; AHEAD], long: false }
    }
}

impl<const T: usize> Texts<T> {
    #[inline(always)]
    fn measure(&mut self) {
        self.long = self.bytes.iter().fold(false, |long, text| long | is_long(text));
        for (text, len) in self.bytes.iter().zip(&mut self.lengths) {
            *len = length(text);
        }
    }

    /// Measures texts that are longer than those in the table, up to a row for whose texts there is no room. Gives the
    /// number of rows before it.
    #[cold]
    #[inline(never)]
    fn fit(&mut self, rows: usize, cells: usize, longs: &mut Longs<'_>) -> usize {
        let texts = self.bytes.chunks_exact(cells).zip(self.lengths.chunks_exact_mut(cells));
        for (row, (texts, lengths)) in texts.take(rows).enumerate() {
            let mut spare = longs.spare;
            for (text, length) in texts.iter().zip(lengths) {
                if let Some(number) = long_number(text) {
                    let long = longs.cells.text(number).len();
                    match spare.checked_sub(long) {
                        Some(less) => spare = less,
                        None => return row,
                    }
                    *length = long as u32;
                }
            }
            longs.spare = spare;
        }
        rows
    }
}

/// The eight bytes from a place on.
#[inline(always)]
pub(super) fn word_at(chunk: &[u8], start: u32) -> u64 {
    let start = start as usize;
    u64::from_le_bytes(chunk[start..start + 8].try_into().expect("the slice has that length"))
}

/// What is copied of the bytes before a code, whether there are so many or not.
const WORD: usize = 64;

/// Copies `from[start..end]` to `into[at..]`; gives the place behind it. [`WORD`] bytes from either start have to be
/// there. How long the bytes are differs from row to row, so that the processor could not guess a shorter way.
#[inline(always)]
fn copy_short(into: &mut [u8], at: u32, from: &[u8], start: u32, end: u32) -> u32 {
    let len = end - start;
    let (to, first) = (at as usize, start as usize);
    into[to..to + WORD].copy_from_slice(&from[first..first + WORD]);
    if len > WORD as u32 {
        copy_rest(into, to + WORD, from, first + WORD, end as usize);
    }
    at + len
}

/// What [`copy_short`] does behind the first word.
#[inline(never)]
fn copy_rest(into: &mut [u8], at: usize, from: &[u8], start: usize, end: usize) {
    into[at..at + end - start].copy_from_slice(&from[start..end]);
}
