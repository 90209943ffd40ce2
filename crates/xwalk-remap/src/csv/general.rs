//! Rows that take more than splicing: combined codes, a row for each alternative, codes replaced, answers at the end.

use super::cells::{render, write_field};
use super::rows::{Record, Worker};
use crate::combine::{self, Combined};
use crate::options::{Field, Place, Shape};

/// Buffers of a thread for such rows.
#[derive(Default)]
pub(crate) struct Scratch {
    numbers: Vec<u32>,
    combined: Vec<Option<Combined>>,
    bytes: Vec<u8>,
    tail: Vec<u8>,
    picks: Vec<usize>,
}

/// More rows than this are not made of one.
const MAX_ROWS: usize = 10_000;

impl Worker<'_> {
    pub(crate) fn general_row(
        &mut self,
        chunk: &[u8],
        ends: &[u32],
        record: &Record,
        context: u16,
    ) -> Result<(), (usize, String)> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let result = self.with(&mut scratch, chunk, ends, record, context);
        self.scratch = scratch;
        result
    }

    fn with(
        &mut self,
        scratch: &mut Scratch,
        chunk: &[u8],
        ends: &[u32],
        record: &Record,
        context: u16,
    ) -> Result<(), (usize, String)> {
        let layout = self.layout;
        scratch.numbers.clear();
        for &column in layout.codes.iter().filter(|&&c| c < record.width) {
            let (start, end) = record.field(ends, column);
            scratch.numbers.push(self.cells.number(context, chunk, start, end));
        }
        let mut rows = 1usize;
        if layout.shape == Shape::Explode {
            for &number in &scratch.numbers {
                rows = rows
                    .saturating_mul(self.cells.lookup.answers[number as usize].alternatives().len().max(1));
            }
            if rows > MAX_ROWS {
                return Err((
                    record.start,
                    format!("the alternatives of its codes make {rows} rows, more than {MAX_ROWS}"),
                ));
            }
        }
        scratch.combined.clear();
        if self.combine {
            let answers = &self.cells.lookup.answers;
            let of = |n: u32| &*answers[n as usize];
            combine::row(&scratch.numbers, of, &mut scratch.combined, &mut self.tally);
        }
        self.tally.rows += 1;
        self.tally.rows_out += rows as u64;
        self.tally.missing += (layout.codes.len() - scratch.numbers.len()) as u64;
        for &number in &scratch.numbers {
            self.cells.lookup.counts[number as usize] += 1;
        }
        scratch.picks.clear();
        scratch.picks.resize(scratch.numbers.len(), 0);
        for _ in 0..rows {
            self.emit(scratch, chunk, ends, record, rows);
            // The last column moves fastest, as in an odometer.
            for (pick, &number) in scratch.picks.iter_mut().zip(&scratch.numbers).rev() {
                *pick += 1;
                if *pick < self.cells.lookup.answers[number as usize].alternatives().len() {
                    break;
                }
                *pick = 0;
            }
        }
        Ok(())
    }

    fn emit(&mut self, scratch: &mut Scratch, chunk: &[u8], ends: &[u32], record: &Record, rows: usize) {
        let layout = self.layout;
        let dialect = layout.dialect;
        scratch.tail.clear();
        let mut from = record.start;
        for (i, &column) in layout.codes.iter().enumerate() {
            scratch.bytes.clear();
            let (start, end) =
                if column < record.width { record.field(ends, column) } else { (record.stop, record.stop) };
            if let Some(&number) = scratch.numbers.get(i) {
                let answer = &self.cells.lookup.answers[number as usize];
                match scratch.combined.get(i).and_then(Option::as_ref) {
                    Some(combined) => {
                        for (k, field) in layout.fields.iter().enumerate() {
                            if k > 0 {
                                scratch.bytes.push(dialect.delimiter);
                            }
                            if let Some(text) = combined.text(answer, *field) {
                                write_field(&text, dialect, &mut scratch.bytes);
                            }
                        }
                    }
                    None if layout.shape == Shape::Explode && !answer.alternatives().is_empty() => {
                        for (k, field) in layout.fields.iter().enumerate() {
                            if k > 0 {
                                scratch.bytes.push(dialect.delimiter);
                            }
                            if *field == Field::Target {
                                write_field(
                                    &answer.alternatives()[scratch.picks[i]],
                                    dialect,
                                    &mut scratch.bytes,
                                );
                            } else if let Some(text) = answer.text(*field) {
                                write_field(&text, dialect, &mut scratch.bytes);
                            }
                        }
                    }
                    None => render(answer, &layout.fields, dialect, &mut scratch.bytes),
                }
            } else if layout.place == Place::Beside {
                // The row ends before this column; what is there stays in line with the header all the same.
                break;
            } else {
                scratch.bytes.resize(layout.fields.len().saturating_sub(1), dialect.delimiter);
            }
            match (layout.shape, layout.place) {
                (Shape::Replace, _) => {
                    self.out.push(&chunk[from..start]);
                    self.out.push(&scratch.bytes);
                    from = end;
                }
                (_, Place::Beside) => {
                    self.out.push(&chunk[from..end]);
                    self.out.push(&[dialect.delimiter]);
                    self.out.push(&scratch.bytes);
                    from = end;
                }
                (_, Place::End) => {
                    scratch.tail.push(dialect.delimiter);
                    scratch.tail.extend_from_slice(&scratch.bytes);
                }
            }
        }
        self.out.push(&chunk[from..record.stop]);
        let at_end = layout.shape == Shape::Explode || layout.place == Place::End;
        if at_end && layout.shape != Shape::Replace {
            self.pad(record);
        }
        self.out.push(&scratch.tail);
        if layout.shape == Shape::Explode {
            let number = self.rows_before + self.tally.rows;
            #[expect(clippy::cast_precision_loss, reason = "rows of one row are at most ten thousand")]
            let weight = 1.0 / rows as f64;
            let delimiter = char::from(dialect.delimiter);
            self.out.push(format!("{delimiter}{number}{delimiter}{weight}").as_bytes());
        }
        self.out.push(&chunk[record.stop..=record.feed]);
    }

    /// Fills a short row up, so that what follows stands in its column. Columns whose codes are missing take their new
    /// fields with them.
    fn pad(&mut self, record: &Record) {
        let layout = self.layout;
        let missing = layout.width.saturating_sub(record.width);
        let beside = if layout.place == Place::Beside {
            layout.codes.iter().filter(|&&c| c >= record.width).count() * layout.fields.len()
        } else {
            0
        };
        for _ in 0..missing + beside {
            self.out.push(&[layout.dialect.delimiter]);
        }
    }
}
