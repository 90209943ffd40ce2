//! Rows of a chunk: the bytes of the input with the answers spliced in.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

use super::cells::{Cells, SPILL};
use super::header::Layout;
use super::lanes::{Laned, Lanes, dispatch};
use super::reader::{Failure, position};
use super::scan::Ends;
use super::slots::{Said, TEXT};
use crate::date::{Calendar, DateFormat};
use crate::options::{Dialect, OnError, Place, Ragged, Shape};
use crate::tally::Tally;

/// What a thread needs to work on chunks. Its buffers are used again and again.
pub(crate) struct Worker<'b> {
    pub(crate) cells: Cells<'b>,
    pub(crate) layout: &'b Layout,
    pub(crate) calendar: &'b Calendar,
    pub(crate) format: DateFormat,
    pub(crate) on_error: OnError,
    pub(crate) ragged: Ragged,
    pub(crate) combine: bool,
    pub(crate) ends: Ends,
    pub(crate) out: Output,
    /// Rows set aside.
    pub(crate) aside: Vec<u8>,
    pub(crate) tally: Tally,
    /// Rows before the chunk; known only where one thread does all.
    pub(crate) rows_before: u64,
    pub(crate) scratch: super::general::Scratch,
}

/// Bytes that were written; the buffer is longer, so that words can be copied without asking where they end.
#[derive(Default)]
pub(crate) struct Output {
    pub(super) bytes: Vec<u8>,
    pub(super) len: usize,
}

impl AsRef<[u8]> for Output {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Output {
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Takes the last byte back.
    pub(crate) fn pop(&mut self) {
        self.len -= 1;
    }

    /// Makes room for `more` bytes, and for what copying in words writes behind them.
    #[inline]
    pub(super) fn reserve(&mut self, more: usize) {
        if self.bytes.len() < self.len + more + SPILL {
            self.bytes.resize((self.len + more + SPILL) * 2, 0);
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

/// What is copied at once.
const WORD: usize = 32;

/// Copies `from[start..end]` to `into[at..]` in words; gives the place behind it. [`SPILL`] bytes behind either end have
/// to be there.
#[inline(always)]
fn copy(into: &mut [u8], at: usize, from: &[u8], start: usize, end: usize) -> usize {
    let len = end - start;
    let word: [u8; WORD] = from[start..start + WORD].try_into().expect("the slice has that length");
    into[at..at + WORD].copy_from_slice(&word);
    if len > WORD {
        copy_rest(into, at, from, start, end);
    }
    at + len
}

/// What [`copy`] does behind the first word.
#[inline(always)]
fn copy_rest(into: &mut [u8], at: usize, from: &[u8], start: usize, end: usize) {
    let len = end - start;
    if len <= 4 * WORD {
        let mut done = WORD;
        while done < len {
            let word: [u8; WORD] =
                from[start + done..start + done + WORD].try_into().expect("the slice has that length");
            into[at + done..at + done + WORD].copy_from_slice(&word);
            done += WORD;
        }
    } else {
        into[at + WORD..at + len].copy_from_slice(&from[start + WORD..end]);
    }
}

/// A record of a chunk.
#[derive(Clone, Copy)]
pub(crate) struct Record {
    /// Its first byte.
    pub(crate) start: usize,
    /// The end of its last field: its line feed, or the carriage return before that.
    pub(crate) stop: usize,
    /// Its line feed.
    pub(crate) feed: usize,
    /// Index of its first field end.
    pub(crate) first: usize,
    /// Number of its fields.
    pub(crate) width: usize,
}

impl Record {
    /// Start and end of a field.
    #[inline]
    pub(crate) fn field(&self, ends: &[u32], column: usize) -> (usize, usize) {
        let start = if column == 0 { self.start } else { ends[self.first + column - 1] as usize + 1 };
        let end = if column + 1 == self.width { self.stop } else { ends[self.first + column] as usize };
        (start, end)
    }
}

/// Finding the ends of fields. A closure would not be inlined.
struct Scanning<'e, 'c> {
    ends: &'e mut Ends,
    chunk: &'c [u8],
    len: usize,
    dialect: Dialect,
}

impl Laned for Scanning<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with<L: Lanes>(self, lanes: L) {
        self.ends.scan(lanes, self.chunk, self.len, self.dialect);
    }
}

/// The work on a chunk of any rows.
struct Processing<'w, 'b, 'c> {
    worker: &'w mut Worker<'b>,
    chunk: &'c [u8],
    ends: &'c Ends,
    records: &'c [u32],
}

impl Laned for Processing<'_, '_, '_> {
    type Output = Result<(), Failure>;

    #[inline(always)]
    fn with<L: Lanes>(self, _: L) -> Self::Output {
        self.worker.process_all(self.chunk, self.ends.fields(), self.records)
    }
}

impl Worker<'_> {
    /// Works on `chunk[..len]`, with the instructions that the processor has. Gives the number of lines.
    pub(crate) fn process(&mut self, chunk: &[u8], len: usize) -> Result<u64, Failure> {
        self.out.clear();
        self.aside.clear();
        let mut ends = std::mem::take(&mut self.ends);
        dispatch(Scanning { ends: &mut ends, chunk, len, dialect: self.layout.dialect });
        self.cells.chunk(&ends);
        let result = match self.quick(chunk, len, &ends) {
            Some(result) => result,
            None => {
                let records = ends.take_records(chunk);
                // The answers of a chunk are short mostly; more room is made where a row needs it.
                self.out.reserve(len * 2);
                let result = dispatch(Processing { worker: self, chunk, ends: &ends, records: &records });
                ends.give_back(records);
                result
            }
        };
        let lines = ends.rows as u64 + ends.inner_lines;
        self.ends = ends;
        result.map(|()| lines)
    }

    #[inline(always)]
    fn process_all(&mut self, chunk: &[u8], fields: &[u32], records: &[u32]) -> Result<(), Failure> {
        let quick = self.is_beside();
        let fixed = self.calendar.undated().filter(|_| self.layout.date.is_none());
        let (mut start, mut first) = (0, 0);
        for &last in records {
            let last = last as usize;
            let feed = fields[last] as usize;
            let stop = if feed > start && chunk[feed - 1] == b'\r' { feed - 1 } else { feed };
            let record = Record { start, stop, feed, first, width: last + 1 - first };
            start = feed + 1;
            first = last + 1;
            if record.width == 1 && record.start == stop {
                // A line that holds nothing is no record.
                self.out.push(&chunk[record.start..=feed]);
                continue;
            }
            if quick && record.width == self.layout.width {
                let context =
                    if self.layout.date.is_some() { self.dated(chunk, fields, &record) } else { fixed };
                if let Some(context) = context {
                    self.row(chunk, fields, &record, context);
                    continue;
                }
            }
            self.odd_row(chunk, fields, &record)?;
        }
        Ok(())
    }

    /// Whether answers go right beside their codes and no row asks for more than that.
    pub(super) fn is_beside(&self) -> bool {
        self.layout.shape == Shape::Columns && self.layout.place == Place::Beside && !self.combine
    }

    /// A row of any width, whatever its date.
    pub(super) fn odd_row(&mut self, chunk: &[u8], fields: &[u32], record: &Record) -> Result<(), Failure> {
        let beside = self.is_beside();
        let done = match self.context(chunk, fields, record) {
            Ok(context) if beside => {
                self.row(chunk, fields, record, context);
                Ok(())
            }
            Ok(context) => self.general_row(chunk, fields, record, context),
            Err(bad) => Err(bad),
        };
        if let Err((at, problem)) = done {
            if self.on_error == OnError::Fail {
                let (line, column) = position(chunk, at);
                return Err(Failure::BadRow { line, column, problem });
            }
            self.tally.set_aside += 1;
            self.aside.extend_from_slice(&chunk[record.start..=record.feed]);
        }
        Ok(())
    }

    /// The context of a row whose date is a plain one that an edition is in force on; all else takes a closer look.
    #[inline(always)]
    fn dated(&self, chunk: &[u8], ends: &[u32], record: &Record) -> Option<u16> {
        let (start, end) = record.field(ends, self.layout.date?);
        self.calendar.on(self.format.parse(&chunk[start..end])?)
    }

    /// The context of a row, by its date. A bad row is told with the position of what is wrong.
    #[inline]
    fn context(&mut self, chunk: &[u8], ends: &[u32], record: &Record) -> Result<u16, (usize, String)> {
        if record.width != self.layout.width {
            self.ragged(chunk, record)?;
        }
        let Some(column) = self.layout.date else {
            return self.calendar.undated().ok_or_else(|| (record.start, "no edition to look up".to_owned()));
        };
        let (start, end) =
            if column < record.width { record.field(ends, column) } else { (record.stop, record.stop) };
        let raw = crate::lookup::unquoted(&chunk[start..end], self.layout.dialect.quote);
        if let Some(day) = self.format.parse(&raw) {
            return self.calendar.on(day).ok_or_else(|| {
                let text = String::from_utf8_lossy(&raw);
                (start, format!("no edition that is held is in force on {text}"))
            });
        }
        if !raw.trim_ascii().is_empty() {
            let text = String::from_utf8_lossy(&raw).chars().take(40).collect::<String>();
            return Err((start, format!("`{text}` is not a date; expected {}", self.format.name())));
        }
        self.tally.undated += 1;
        self.calendar.undated().ok_or_else(|| (start, "the row has no date".to_owned()))
    }

    #[cold]
    fn ragged(&mut self, chunk: &[u8], record: &Record) -> Result<(), (usize, String)> {
        let aligned = self.layout.shape != Shape::Explode && self.layout.place == Place::Beside;
        let beyond = !aligned && record.width > self.layout.width;
        if self.ragged == Ragged::Error || beyond {
            let (is, expected) = (record.width, self.layout.width);
            return Err((record.start, format!("the row has {is} fields, expected {expected}")));
        }
        self.tally.ragged += 1;
        let line = position(chunk, record.start).0;
        self.tally.first_ragged = Some(self.tally.first_ragged.map_or(line, |first| first.min(line)));
        Ok(())
    }

    /// A row with its answers beside the codes.
    #[inline(always)]
    fn row(&mut self, chunk: &[u8], ends: &[u32], record: &Record, context: u16) {
        let Self { cells, layout, out, tally, .. } = self;
        let codes = &layout.codes;
        tally.rows += 1;
        tally.rows_out += 1;
        let room = |start: usize, columns: usize| record.feed + 1 - start + columns * TEXT;
        out.reserve(room(record.start, codes.len()));
        let mut at = out.len;
        let mut from = record.start;
        for (i, &column) in codes.iter().enumerate() {
            if column >= record.width {
                tally.missing += (codes.len() - i) as u64;
                break;
            }
            let (start, end) = record.field(ends, column);
            at = copy(&mut out.bytes, at, chunk, from, end);
            from = end;
            let said = cells.key(chunk, start, end).and_then(|key| cells.slots.take(key, context));
            let (bytes, first, last) = match said {
                Some(Said::Bytes(bytes, len)) => {
                    out.bytes[at..at + TEXT].copy_from_slice(bytes);
                    at += len;
                    continue;
                }
                Some(Said::Long(number)) => cells.long(number),
                None => cells.meet(context, chunk, start, end),
            };
            out.len = at;
            out.reserve(last - first + room(end, codes.len() - i));
            at = copy(&mut out.bytes, at, bytes, first, last);
        }
        out.len = copy(&mut out.bytes, at, chunk, from, record.feed + 1);
    }
}
