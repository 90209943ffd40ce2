//! The bytes of the new fields of each answer.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

use super::quick::Shorts;
use super::scan::Ends;
use super::slots::Slots;
use crate::answer::{Answer, AnswerBook};
use crate::lookup::Lookup;
use crate::options::{Dialect, Field};
use crate::table::{MASKS, Reach, has_byte};

/// Writes a field, in quotes where it has to be.
pub(crate) fn write_field(text: &str, dialect: Dialect, out: &mut Vec<u8>) {
    let special = |b: u8| b == dialect.delimiter || b == b'\n' || b == b'\r';
    match dialect.quote {
        Some(quote) if text.bytes().any(|b| special(b) || b == quote) => {
            out.push(quote);
            for b in text.bytes() {
                if b == quote {
                    out.push(quote);
                }
                out.push(b);
            }
            out.push(quote);
        }
        Some(_) => out.extend_from_slice(text.as_bytes()),
        // Without quotes nothing could protect a delimiter in a title.
        None => out.extend(text.bytes().map(|b| if special(b) { b' ' } else { b })),
    }
}

/// What copying in words reads and writes behind the end at most.
pub(crate) const SPILL: usize = 64;

/// Bytes of an answer for one code column, without a delimiter before the first field.
pub(crate) fn render(answer: &Answer, fields: &[Field], dialect: Dialect, out: &mut Vec<u8>) {
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            out.push(dialect.delimiter);
        }
        if let Some(text) = answer.text(*field) {
            write_field(&text, dialect, out);
        }
    }
}

/// The answers with the bytes of their new fields, each with its delimiter before it.
pub(crate) struct Cells<'b> {
    pub(crate) lookup: Lookup<'b>,
    pub(super) slots: Slots,
    pub(super) shorts: Shorts,
    dialect: Dialect,
    fields: Vec<Field>,
    /// The bytes of all answers, with [`SPILL`] bytes behind them.
    bytes: Vec<u8>,
    /// For each answer where its bytes start; one more for the end of the last.
    starts: Vec<usize>,
    /// The length up to which spellings of the chunk may be packed.
    packs: usize,
    /// What may enclose fields of the chunk.
    encloses: Option<u8>,
    /// Cells since counts were handed over, at most.
    since: u64,
}

impl<'b> Cells<'b> {
    pub(crate) fn new(book: &'b AnswerBook<'b>, dialect: Dialect, fields: &[Field]) -> Self {
        let mut cells = Self {
            lookup: Lookup::new(book, dialect.quote),
            slots: Slots::new(),
            shorts: Shorts::new(),
            dialect,
            fields: fields.to_vec(),
            bytes: vec![0; SPILL],
            starts: vec![0],
            packs: 8,
            encloses: None,
            since: 0,
        };
        cells.render();
        cells
    }

    /// Says what the chunk holds whose cells come next.
    pub(crate) fn chunk(&mut self, ends: &Ends) {
        self.packs = if ends.nul { 0 } else { 8 };
        self.encloses = self.dialect.quote.filter(|_| ends.quoted);
        self.since += ends.fields().len() as u64;
        if self.since > u64::from(u32::MAX / 2) {
            self.settle();
        }
    }

    /// Whether texts of the chunk are plain: none holds a NUL or is enclosed.
    pub(super) fn plain(&self) -> bool {
        self.packs > 0 && self.encloses.is_none()
    }

    /// The text of a field as a machine word. `None` where it has more than eight bytes, or is not plain. Eight bytes from
    /// `start` on have to be there.
    #[inline(always)]
    pub(super) fn key(&self, chunk: &[u8], mut start: usize, mut end: usize) -> Option<u64> {
        if let Some(quote) = self.encloses
            && end - start > 1
            && chunk[start] == quote
            && chunk[end - 1] == quote
        {
            (start, end) = (start + 1, end - 1);
        }
        let len = end - start;
        if len > self.packs {
            return None;
        }
        let word: [u8; 8] = chunk[start..start + 8].try_into().expect("the slice has that length");
        let key = u64::from_le_bytes(word) & MASKS[len];
        if self.encloses.is_some_and(|quote| has_byte(key, quote)) { None } else { Some(key) }
    }

    /// The number of the answer for `chunk[start..end]`.
    pub(crate) fn number(&mut self, context: u16, chunk: &[u8], start: usize, end: usize) -> u32 {
        let number = self.lookup.number(context, &chunk[start..end]);
        self.render();
        number
    }

    /// The number of the answer for a cell, with the contexts in which it has it, and whether the look-up held it already.
    pub(super) fn find(&mut self, context: u16, raw: &[u8]) -> ((u32, Reach), bool) {
        let held = self.lookup.held(context, raw);
        let found = held.unwrap_or_else(|| self.lookup.ask(context, raw));
        self.render();
        (found, held.is_some())
    }

    /// Counts the answer for a cell that has no slot, makes it one if it can have one, and says where its bytes lie.
    #[cold]
    #[inline(never)]
    pub(super) fn meet(
        &mut self,
        context: u16,
        chunk: &[u8],
        start: usize,
        end: usize,
    ) -> (&[u8], usize, usize) {
        let raw = &chunk[start..end];
        let held = self.lookup.held(context, raw);
        let (number, reach) = held.unwrap_or_else(|| self.lookup.ask(context, raw));
        self.render();
        self.lookup.counts[number as usize] += 1;
        let (from, to) = (self.starts[number as usize], self.starts[number as usize + 1]);
        // One that found no room before may find it now that there are more slots.
        let bytes = &self.bytes[from..to];
        let has_slot = self
            .key(chunk, start, end)
            .is_some_and(|key| self.slots.keep(key, (context, reach), number, bytes));
        if held.is_none() && !has_slot {
            self.lookup.keep(context, raw, (number, reach));
        }
        (&self.bytes, from, to)
    }

    /// The bytes of an answer.
    pub(super) fn text(&self, number: u32) -> &[u8] {
        &self.bytes[self.starts[number as usize]..self.starts[number as usize + 1]]
    }

    /// Where the bytes of an answer lie that do not fit in a slot.
    #[inline]
    pub(super) fn long(&self, number: u32) -> (&[u8], usize, usize) {
        (&self.bytes, self.starts[number as usize], self.starts[number as usize + 1])
    }

    /// Hands the counts over to those of the look-up.
    pub(crate) fn settle(&mut self) {
        self.since = 0;
        self.slots.counted().for_each(|counted| self.lookup.count(counted));
        self.shorts.counted(|counted| self.lookup.count(counted));
    }

    fn render(&mut self) {
        while self.starts.len() <= self.lookup.answers.len() {
            self.bytes.truncate(self.bytes.len() - SPILL);
            self.bytes.push(self.dialect.delimiter);
            let answer = &self.lookup.answers[self.starts.len() - 1];
            render(answer, &self.fields, self.dialect, &mut self.bytes);
            self.starts.push(self.bytes.len());
            self.bytes.resize(self.bytes.len() + SPILL, 0);
        }
    }
}
