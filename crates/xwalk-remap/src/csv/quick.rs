//! Rows that all have the usual width and no quotes: what most tables hold.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

use super::cells::Cells;
use super::known::{Known, Longs, SPARE, word_at};
use super::lanes::dispatch;
use super::packed::{AHEAD, AT_ONCE, Key, NEVER};
use super::reader::Failure;
use super::rows::{Output, Record, Worker};
use super::scan::Ends;
use super::short::{Eight, Fifty, Short, Twenty};
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
pub(super) struct Rows<'c> {
    pub(super) chunk: &'c [u8],
    len: usize,
    /// The ends of fields, and what stands before the first.
    pub(super) bounds: &'c [u32],
    pub(super) width: usize,
    /// Number of rows.
    pub(super) count: usize,
    /// Code columns that stand side by side: the first, and how many.
    pub(super) runs: &'c [(usize, usize)],
    /// Number of code columns.
    pub(super) cells: usize,
    /// The context of all rows, or how their dates tell it.
    pub(super) when: When<'c>,
}

/// The context of rows.
#[derive(Clone, Copy)]
pub(super) enum When<'c> {
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
        let (bounds, runs, count) = (ends.bounds(AT_ONCE), &layout.runs, ends.rows);
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
            let (room, first) = (rows.len - done + (rows.count - row) * rows.cells * T + SPARE, row);
            // Half a word has to do for all places.
            if u32::try_from(out.len + room).is_ok() {
                out.reserve(room);
                let (longs, short) = (Longs::new(cells), short.view());
                let known: Known<'_, '_, '_, T, N> =
                    Known { rows, row, short, longs, at: out.len, out: &mut out.bytes };
                (row, out.len) = dispatch(known);
            }
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

impl<'c> Rows<'c> {
    /// The ends of the fields of a row, and the one before.
    #[inline(always)]
    pub(super) fn ends(&self, row: usize) -> &'c [u32] {
        &self.bounds[row * self.width..=(row + 1) * self.width]
    }

    /// The context of a row; `None` where its date takes a closer look.
    #[inline(always)]
    pub(super) fn context(&self, row: usize) -> Option<u16> {
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

/// The text of a field as a machine word, where it has no more than eight bytes.
fn pack(chunk: &[u8], start: u32, end: u32) -> u64 {
    MASKS.get((end - start) as usize).map_or(NEVER, |mask| word_at(chunk, start) & mask)
}
