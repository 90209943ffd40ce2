//! Rows that all have the usual width and no quotes: what most tables hold.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

use super::cells::Cells;
use super::lanes::{Laned, Lanes, dispatch};
use super::reader::Failure;
use super::rows::{Output, Record, Worker};
use super::scan::Ends;
use super::short::{
    AHEAD, Eight, Fifty, Key, Keys, LANES, NEVER, Short, Twenty, View, is_long, length, long_number,
};
use crate::date::{Calendar, DateFormat};
use crate::table::MASKS;

/// Spellings with their texts, by the room that there is for a text.
pub(super) enum Shorts {
    /// A code without a dot.
    Eight(Eight),
    /// One field.
    Twenty(Twenty),
    /// A target with its outcome, and what is longer.
    Fifty(Fifty),
}

impl Shorts {
    pub(super) fn new() -> Self {
        Self::Eight(Short::new())
    }

    /// How often each answer was taken, by its number; counts start anew.
    pub(super) fn counted(&mut self, mut each: impl FnMut((u32, u64))) {
        match self {
            Self::Eight(short) => short.counted().for_each(&mut each),
            Self::Twenty(short) => short.counted().for_each(&mut each),
            Self::Fifty(short) => short.counted().for_each(&mut each),
        }
    }

    /// Makes room for longer texts where many do not fit.
    fn widen<'t>(&mut self, text: impl Fn(u32) -> &'t [u8] + Copy) {
        loop {
            *self = match self {
                Self::Eight(short) if short.is_too_narrow() => Self::Twenty(short.with_room(text)),
                Self::Twenty(short) if short.is_too_narrow() => Self::Fifty(short.with_room(text)),
                _ => return,
            };
        }
    }
}

/// The rows of a chunk.
#[derive(Clone, Copy)]
struct Rows<'c> {
    chunk: &'c [u8],
    len: usize,
    /// The ends of fields, and what stands before the first.
    bounds: &'c [u32],
    width: usize,
    /// Number of rows.
    count: usize,
    /// Code columns that stand side by side: the first, and how many.
    runs: &'c [(usize, usize)],
    /// Number of code columns.
    cells: usize,
    /// The context of all rows, or how their dates tell it.
    when: When<'c>,
}

/// The context of rows.
#[derive(Clone, Copy)]
enum When<'c> {
    Always(u16),
    Dated { column: usize, calendar: &'c Calendar, format: DateFormat },
}

impl Worker<'_> {
    /// Works on `chunk[..len]` if it is such a chunk.
    pub(super) fn quick(&mut self, chunk: &[u8], len: usize, ends: &Ends) -> Option<Result<(), Failure>> {
        let layout = self.layout;
        let width = layout.width;
        let cells = layout.codes.len();
        // The only field of a line may be none; a carriage return may stand behind the last one.
        let fields = width > 1 && (1..=AHEAD).contains(&cells);
        let last = Some(&(width - 1));
        let stops = layout.codes.last() != last && layout.date.as_ref() != last
            || memchr::memchr(b'\r', &chunk[..len]).is_none();
        let usual = self.is_beside() && self.cells.plain() && fields && stops;
        if !usual || !ends.all_of(width, chunk) {
            return None;
        }
        let when = match layout.date {
            None => When::Always(self.calendar.undated()?),
            Some(column) => When::Dated { column, calendar: self.calendar, format: self.format },
        };
        let (bounds, runs, count) = (ends.bounds(LANES), &layout.runs, ends.rows);
        let rows = Rows { chunk, len, bounds, width, count, runs, cells, when };
        // It is put back when the rows are done.
        let mut shorts = std::mem::replace(&mut self.cells.shorts, Shorts::new());
        let done = match &mut shorts {
            Shorts::Eight(short) => self.answer(rows, ends, short),
            Shorts::Twenty(short) => self.answer(rows, ends, short),
            Shorts::Fifty(short) => self.answer(rows, ends, short),
        };
        shorts.widen(|number| self.cells.text(number));
        self.cells.shorts = shorts;
        Some(done)
    }

    fn answer<const T: usize, const N: usize>(
        &mut self,
        rows: Rows<'_>,
        ends: &Ends,
        short: &mut Short<T, N>,
    ) -> Result<(), Failure> {
        let (mut row, mut done) = (0, 0);
        loop {
            let Self { cells, out, tally, .. } = self;
            // There is room for all that is left, so that rows need not ask for it.
            out.reserve(rows.len - done + (rows.count - row) * rows.cells * T + SPARE);
            let (longs, first) = (Longs { cells, spare: SPARE }, row);
            let known: Known<'_, '_, '_, T, N> =
                Known { rows, row, short: short.view(), longs, at: out.len, out: &mut out.bytes };
            (row, out.len) = dispatch(known);
            tally.rows += (row - first) as u64;
            tally.rows_out += (row - first) as u64;
            if row == rows.count {
                return Ok(());
            }
            match rows.context(row) {
                Some(context) => {
                    rows.meet(row, context, short, cells, out);
                    tally.rows += 1;
                    tally.rows_out += 1;
                }
                None => self.odd_row(rows.chunk, ends.fields(), &rows.record(row))?,
            }
            done = rows.ends(row)[rows.width] as usize + 1;
            row += 1;
        }
    }
}

impl Rows<'_> {
    /// The context of a row; `None` where its date takes a closer look.
    #[inline(always)]
    fn context(&self, row: usize) -> Option<u16> {
        match self.when {
            When::Always(context) => Some(context),
            When::Dated { column, calendar, format } => {
                let ends = self.ends(row);
                let (start, end) = (ends[column].wrapping_add(1) as usize, ends[column + 1] as usize);
                calendar.on(format.parse(&self.chunk[start..end])?)
            }
        }
    }

    fn record(&self, row: usize) -> Record {
        let ends = self.ends(row);
        let (start, feed) = (ends[0].wrapping_add(1) as usize, ends[self.width] as usize);
        let stop = feed - usize::from(self.chunk[feed - 1] == b'\r');
        Record { start, stop, feed, first: row * self.width, width: self.width }
    }

    /// A row with a spelling that is not in the table, but may be from now on.
    fn meet<const T: usize, const N: usize>(
        &self,
        row: usize,
        context: u16,
        short: &mut Short<T, N>,
        cells: &mut Cells<'_>,
        out: &mut Output,
    ) {
        let ends = self.ends(row);
        let mut from = ends[0].wrapping_add(1) as usize;
        for &(column, count) in self.runs {
            for ends in ends[column..=column + count].windows(2) {
                let (start, end) = (ends[0].wrapping_add(1) as usize, ends[1] as usize);
                let word = pack(self.chunk, ends[0].wrapping_add(1), ends[1]);
                let key = Key { word, context };
                let number = match short.number(key) {
                    Some(number) => number,
                    None => {
                        let raw = &self.chunk[start..end];
                        let (found, held) = cells.find(context, raw);
                        let kept = word != NEVER && short.keep(key, found, cells.text(found.0));
                        if !kept && !held {
                            cells.lookup.keep(context, raw, found);
                        }
                        found.0
                    }
                };
                cells.lookup.count((number, 1));
                out.push(&self.chunk[from..end]);
                out.push(cells.text(number));
                from = end;
            }
        }
        out.push(&self.chunk[from..=ends[self.width] as usize]);
    }
}

/// Room for texts that are longer than those in the table.
const SPARE: usize = 32 << 10;

/// Texts that are longer than those in the table.
struct Longs<'l> {
    cells: &'l Cells<'l>,
    /// The room that is left for them.
    spare: usize,
}

impl Longs<'_> {
    #[cold]
    #[inline(never)]
    fn write(&self, number: u32, out: &mut [u8], to: u32) {
        let text = self.cells.text(number);
        out[to as usize..to as usize + text.len()].copy_from_slice(text);
    }
}

/// Rows from one on whose spellings are all in the table.
struct Known<'c, 's, 'o, const T: usize, const N: usize> {
    rows: Rows<'c>,
    row: usize,
    short: View<'s, N>,
    longs: Longs<'s>,
    out: &'o mut [u8],
    /// Where the next byte goes.
    at: usize,
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
        let (mut keys, mut found, mut texts) = (Keys::new(context), Cut::default(), Texts::default());
        // Where many rows are to be met, not much is done in vain.
        let mut most = 1;
        while row < rows.count {
            let some = (AHEAD / cells).min(most).min(rows.count - row);
            most = (most * 2).min(AHEAD);
            let held = rows.cut::<DATED>(row, some, &mut found, &mut keys);
            keys.pack(&found.words, &found.lengths, &short);
            let taken = short.take::<T, DATED>(lanes, &keys, &mut texts.bytes[..held * cells]);
            texts.measure();
            let mut done = taken / cells;
            if texts.long {
                done = texts.fit(done, cells, &mut longs);
            }
            at = rows.write(row, done, &found, &texts, &longs, out, at);
            row += done;
            if done < some {
                short.untake(&keys, done * cells..taken);
                break;
            }
        }
        (row, at)
    }
}

impl<'c> Rows<'c> {
    /// The ends of the fields of a row, and the one before.
    #[inline(always)]
    fn ends(&self, row: usize) -> &'c [u32] {
        &self.bounds[row * self.width..=(row + 1) * self.width]
    }

    /// Cuts the spellings out of some rows, up to one whose date takes a closer look. Gives the number of rows.
    #[inline(always)]
    fn cut<const DATED: bool>(&self, first: usize, count: usize, cut: &mut Cut, keys: &mut Keys) -> usize {
        let (mut cells, mut rows) = (0, 0);
        for row in first..first + count {
            let context = if DATED { self.context(row) } else { Some(0) };
            let Some(context) = context else { break };
            for &(column, count) in self.runs {
                // Behind the last one of a run what comes next is cut, too, and the next run is written over it.
                for at in (0..count).step_by(LANES) {
                    let from = row * self.width + column + at;
                    let bounds = &self.bounds[from..=from + LANES];
                    let place = cells + at..cells + at + LANES;
                    let (starts, lengths) = (&mut cut.starts[place.clone()], &mut cut.lengths[place.clone()]);
                    for ((start, length), ends) in starts.iter_mut().zip(lengths).zip(bounds.windows(2)) {
                        *start = ends[0].wrapping_add(1);
                        *length = ends[1].wrapping_sub(*start);
                    }
                    cut.ends[place.clone()].copy_from_slice(&bounds[1..]);
                    if DATED {
                        keys.contexts()[place].fill(context);
                    }
                }
                cells += count;
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

/// Spellings as they are cut out of rows, [`LANES`] at once.
struct Cut {
    starts: [u32; AHEAD + LANES],
    /// The number of their bytes.
    lengths: [u32; AHEAD + LANES],
    ends: [u32; AHEAD + LANES],
    /// The words that begin with them.
    words: [u64; AHEAD],
}

impl Default for Cut {
    fn default() -> Self {
        let none = [0; AHEAD + LANES];
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

#[inline(always)]
fn word_at(chunk: &[u8], start: u32) -> u64 {
    let start = start as usize;
    u64::from_le_bytes(chunk[start..start + 8].try_into().expect("the slice has that length"))
}

/// The text of a field as a machine word, where it has no more than eight bytes.
fn pack(chunk: &[u8], start: u32, end: u32) -> u64 {
    MASKS.get((end - start) as usize).map_or(NEVER, |mask| word_at(chunk, start) & mask)
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
