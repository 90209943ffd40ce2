//! New columns by decoding: for lists, combined codes, numbers and lists among the fields, and rare encodings.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field as ArrowField, Schema, TimeUnit};
use jiff::civil::Date;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;

use super::layout::Layout;
use super::source::Source;
use crate::answer::Answer;
use crate::combine::{self, Combined};
use crate::date::{Calendar, DateFormat, Day};
use crate::error::RemapError;
use crate::lookup::Lookup;
use crate::options::Field;
use crate::tally::Tally;

/// Rows that are decoded at once.
pub(crate) const BATCH: usize = 8192;

/// The answers of a code column for the rows of a batch.
#[derive(Default)]
pub(crate) struct Cells {
    /// Numbers of answers; for a list those of all its items one after the other.
    pub(crate) numbers: Vec<u32>,
    /// What combinations made of them; empty where there are none.
    pub(crate) combined: Vec<Option<Combined>>,
}

/// What decoding needs to know.
pub(crate) struct Decoder<'a, 'b> {
    pub(crate) file: &'a str,
    pub(crate) layout: &'a Layout,
    pub(crate) calendar: &'a Calendar,
    pub(crate) format: DateFormat,
    pub(crate) combine: bool,
    pub(crate) lookup: &'a mut Lookup<'b>,
    pub(crate) tally: &'a mut Tally,
    /// Rows of the file before the batch.
    pub(crate) row: u64,
    /// The contexts of the rows of the row group from `row` on, where they are read already.
    pub(crate) contexts: Vec<u16>,
}

/// Room is made ahead for no more rows, since a damaged file may state any number.
const MOST_FORESEEN: usize = 1 << 24;

impl Decoder<'_, '_> {
    /// Makes the new columns of some code columns of a row group.
    pub(crate) fn row_group(
        &mut self,
        source: &Source,
        group: usize,
        codes: &[usize],
    ) -> Result<Vec<Vec<ArrowColumnChunk>>, RemapError> {
        let wrong = || RemapError::parquet(self.file);
        let mut writers = Vec::new();
        for &code in codes {
            writers.push(writers_of(self.layout, group, code).map_err(wrong())?);
        }
        let mut roots: Vec<usize> = codes.iter().map(|&c| self.layout.codes[c]).collect();
        roots.extend(self.layout.date.filter(|_| self.contexts.is_empty()));
        for batch in self.open(source, &self.layout.plain, group, &roots).map_err(wrong())? {
            let batch = batch.map_err(|e| wrong()(e.into()))?;
            let cells = self.batch(&batch, codes)?;
            for ((&code, cells), writers) in codes.iter().zip(&cells).zip(&mut writers) {
                let column = self.column(&batch, code)?;
                for (f, writer) in writers.iter_mut().enumerate() {
                    let array =
                        self.array(self.layout.fields[f], cells, self.layout.lists[code].then_some(&column));
                    let field = &self.layout.new_fields[code][f];
                    for leaf in compute_leaves(field, &array).map_err(wrong())? {
                        writer.write(&leaf).map_err(wrong())?;
                    }
                }
            }
        }
        let close = |writers: Vec<ArrowColumnWriter>| {
            writers.into_iter().map(ArrowColumnWriter::close).collect::<Result<Vec<_>, _>>()
        };
        writers.into_iter().map(close).collect::<Result<_, _>>().map_err(wrong())
    }

    /// Some top-level columns of a row group, in batches.
    fn open(
        &self,
        source: &Source,
        metadata: &ArrowReaderMetadata,
        group: usize,
        roots: &[usize],
    ) -> Result<ParquetRecordBatchReader, ParquetError> {
        super::sound::decoded(source, self.layout, group, roots)?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(source.clone(), metadata.clone())
            .with_projection(ProjectionMask::roots(metadata.parquet_schema(), roots.iter().copied()))
            .with_row_groups(vec![group])
            .with_batch_size(BATCH)
            .build()
    }

    fn column(&self, batch: &RecordBatch, code: usize) -> Result<ArrayRef, RemapError> {
        let name = self.layout.plain.schema().field(self.layout.codes[code]).name();
        batch.column_by_name(name).cloned().ok_or_else(|| RemapError::Parquet {
            file: self.file.to_owned(),
            reason: format!("the column `{name}` is not in its row group"),
        })
    }

    /// The answers of a batch, counted.
    pub(crate) fn batch(&mut self, batch: &RecordBatch, codes: &[usize]) -> Result<Vec<Cells>, RemapError> {
        let rows = batch.num_rows();
        let contexts = if self.contexts.is_empty() {
            self.contexts(batch)?
        } else {
            let rest = self.contexts.split_off(rows.min(self.contexts.len()));
            std::mem::replace(&mut self.contexts, rest)
        };
        let undated = self.calendar.undated().unwrap_or(0);
        let context = |row: usize| if contexts.is_empty() { undated } else { contexts[row] };
        let mut all = Vec::with_capacity(codes.len());
        for &code in codes {
            let column = self.column(batch, code)?;
            let mut cells = Cells::default();
            if self.layout.lists[code] {
                let list = column.as_list::<i32>();
                let mut items = 0i64;
                for row in 0..rows {
                    if list.is_null(row) {
                        continue;
                    }
                    let range = items_of(list, row);
                    items += signed(range.len());
                    numbers(list.values(), range, |_| context(row), self.lookup, &mut cells.numbers);
                }
                self.tally.list_surplus += items - signed(rows);
            } else {
                numbers(&column, 0..rows, context, self.lookup, &mut cells.numbers);
            }
            for &number in &cells.numbers {
                self.lookup.counts[number as usize] += 1;
            }
            all.push(cells);
        }
        if self.combine {
            self.combine(rows, &mut all);
        }
        self.row += rows as u64;
        Ok(all)
    }

    fn combine(&mut self, rows: usize, all: &mut [Cells]) {
        let mut numbers = Vec::with_capacity(all.len());
        let mut combined = Vec::new();
        for cells in all.iter_mut() {
            cells.combined.resize(rows, None);
        }
        for row in 0..rows {
            numbers.clear();
            numbers.extend(all.iter().map(|cells| cells.numbers[row]));
            let answers = &self.lookup.answers;
            combine::row(&numbers, |n| &answers[n as usize], &mut combined, self.tally);
            for (cells, made) in all.iter_mut().zip(combined.drain(..)) {
                cells.combined[row] = made;
            }
        }
    }

    /// Reads the contexts of all rows of a row group, where dates decide.
    pub(crate) fn read_contexts(&mut self, source: &Source, group: usize) -> Result<(), RemapError> {
        let Some(date) = self.layout.date else { return Ok(()) };
        let wrong = || RemapError::parquet(self.file);
        let first = self.row;
        let rows = self.layout.metadata().row_group(group).num_rows();
        let mut all = Vec::with_capacity(usize::try_from(rows).unwrap_or(0).min(MOST_FORESEEN));
        for batch in self.open(source, &self.layout.dates, group, &[date]).map_err(wrong())? {
            let batch = batch.map_err(|e| wrong()(e.into()))?;
            all.extend(self.contexts(&batch)?);
            self.row += batch.num_rows() as u64;
        }
        self.row = first;
        self.contexts = all;
        Ok(())
    }

    /// The context of each row; empty where one context answers for all.
    fn contexts(&mut self, batch: &RecordBatch) -> Result<Vec<u16>, RemapError> {
        let Some(at) = self.layout.date else { return Ok(Vec::new()) };
        let field = self.layout.plain.schema().field(at);
        let column = batch.column_by_name(field.name()).cloned().ok_or_else(|| RemapError::Parquet {
            file: self.file.to_owned(),
            reason: format!("the column `{}` is not in its row group", field.name()),
        })?;
        let column = match column.as_dictionary_opt::<Int32Type>() {
            None => column,
            Some(dates) => {
                // Where all are plain dates on which an edition is in force, no row needs a closer look.
                let texts = dates.values().as_string::<i32>();
                let quick = |text: Option<&str>| {
                    let day = self.format.parse(text?.as_bytes())?;
                    self.calendar.on(day)
                };
                let of_entry: Vec<Option<u16>> = texts.iter().map(quick).collect();
                let of_row = |key: Option<i32>| *of_entry.get(usize::try_from(key?).ok()?)?;
                if let Some(contexts) = dates.keys().iter().map(of_row).collect() {
                    return Ok(contexts);
                }
                let text = |key: Option<i32>| Some(texts.value(usize::try_from(key?).ok()?));
                Arc::new(dates.keys().iter().map(text).collect::<StringArray>())
            }
        };
        let days = days(&column, self.format);
        let mut contexts = Vec::with_capacity(batch.num_rows());
        for (row, day) in days.into_iter().enumerate() {
            let bad = |problem: String| RemapError::BadRow {
                file: self.file.to_owned(),
                line: self.row + row as u64 + 1,
                column: at as u64 + 1,
                problem,
            };
            let context = match day {
                Ok(Some(day)) => self.calendar.on(day).ok_or_else(|| {
                    let (y, m, d) = (day.0 / 512, day.0 % 512 / 32, day.0 % 32);
                    bad(format!("no edition that is held is in force on {y:04}-{m:02}-{d:02}"))
                })?,
                Ok(None) => {
                    self.tally.undated += 1;
                    self.calendar.undated().ok_or_else(|| bad("the row has no date".to_owned()))?
                }
                Err(text) => {
                    let text: String = text.chars().take(40).collect();
                    return Err(bad(format!("`{text}` is not a date; expected {}", self.format.name())));
                }
            };
            contexts.push(context);
        }
        Ok(contexts)
    }

    /// A field of the answers as an array; `shape` is the list column that they belong to.
    pub(crate) fn array(&self, field: Field, cells: &Cells, shape: Option<&ArrayRef>) -> ArrayRef {
        let answer = |i: usize| &*self.lookup.answers[cells.numbers[i] as usize];
        let combined = |i: usize| cells.combined.get(i).and_then(Option::as_ref);
        let count = cells.numbers.len();
        let values: ArrayRef = match (field, shape) {
            (Field::Count, _) => {
                let mut builder = Int32Builder::with_capacity(count);
                for i in 0..count {
                    let answer = answer(i);
                    builder.append_option(
                        answer.outcome.map(|_| i32::try_from(answer.count).unwrap_or(i32::MAX)),
                    );
                }
                Arc::new(builder.finish())
            }
            (Field::Alternatives, None) => {
                let item = Arc::new(ArrowField::new("element", DataType::Utf8, true));
                let mut builder = ListBuilder::new(StringBuilder::new()).with_field(item);
                for i in 0..count {
                    let answer = answer(i);
                    for text in answer.alternatives() {
                        builder.values().append_value(text);
                    }
                    builder.append(answer.outcome.is_some());
                }
                Arc::new(builder.finish())
            }
            _ => {
                let mut builder = StringBuilder::with_capacity(count, count * 8);
                for i in 0..count {
                    let text = match combined(i) {
                        Some(made) => made.text(answer(i), field),
                        None => text(answer(i), field),
                    };
                    builder.append_option(text);
                }
                Arc::new(builder.finish())
            }
        };
        match shape {
            Some(list) => regrouped(list.as_list::<i32>(), values),
            None => values,
        }
    }
}

fn text(answer: &Answer, field: Field) -> Option<std::borrow::Cow<'_, str>> {
    answer.text(field)
}

/// Where the items of a row lie. Offsets of Arrow are not negative.
fn items_of(list: &ListArray, row: usize) -> std::ops::Range<usize> {
    let at = |row: usize| usize::try_from(list.value_offsets()[row]).unwrap_or(0);
    at(row)..at(row + 1)
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Values under the offsets and nulls of a list.
fn regrouped(list: &ListArray, values: ArrayRef) -> ArrayRef {
    let lengths = (0..list.len()).map(|row| if list.is_null(row) { 0 } else { items_of(list, row).len() });
    let offsets = arrow_buffer::OffsetBuffer::from_lengths(lengths);
    let item = Arc::new(ArrowField::new("element", values.data_type().clone(), true));
    Arc::new(ListArray::new(item, offsets, values, list.nulls().cloned()))
}

/// Appends the numbers of the answers for some values of a column.
fn numbers(
    values: &ArrayRef,
    range: std::ops::Range<usize>,
    context: impl Fn(usize) -> u16,
    lookup: &mut Lookup<'_>,
    out: &mut Vec<u32>,
) {
    match values.data_type() {
        DataType::Utf8 => {
            let texts = values.as_string::<i32>();
            out.extend(range.map(|i| {
                if texts.is_null(i) { 0 } else { lookup.number(context(i), texts.value(i).as_bytes()) }
            }));
        }
        DataType::Binary => {
            let texts = values.as_binary::<i32>();
            out.extend(
                range.map(|i| if texts.is_null(i) { 0 } else { lookup.number(context(i), texts.value(i)) }),
            );
        }
        DataType::FixedSizeBinary(_) => {
            let texts = values.as_fixed_size_binary();
            out.extend(range.map(|i| {
                if texts.is_null(i) { 0 } else { lookup.number(context(i), unpadded(texts.value(i))) }
            }));
        }
        _ => out.extend(range.map(|_| 0)),
    }
}

/// A text of fixed length without what fills it up: databases write blanks, or NUL bytes.
pub(crate) fn unpadded(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|b| !matches!(b, b' ' | 0)).map_or(0, |last| last + 1);
    &text[..end]
}

/// The days of a column; an error is the text that is none.
fn days(column: &ArrayRef, format: DateFormat) -> Vec<Result<Option<Day>, String>> {
    let rows = 0..column.len();
    let known = |i: usize| column.is_valid(i);
    let parse = |bytes: &[u8]| match format.parse(bytes) {
        Some(day) => Ok(Some(day)),
        None if bytes.trim_ascii().is_empty() => Ok(None),
        None => Err(String::from_utf8_lossy(bytes).into_owned()),
    };
    let since = |days: i64| of_epoch(days).ok_or_else(|| format!("day {days} of the epoch"));
    match column.data_type() {
        DataType::Date32 => {
            let values = column.as_primitive::<Date32Type>();
            rows.map(|i| if known(i) { since(i64::from(values.value(i))).map(Some) } else { Ok(None) })
                .collect()
        }
        DataType::Timestamp(unit, _) => {
            let per_day = 86_400
                * match unit {
                    TimeUnit::Second => 1,
                    TimeUnit::Millisecond => 1_000,
                    TimeUnit::Microsecond => 1_000_000,
                    TimeUnit::Nanosecond => 1_000_000_000,
                };
            let values = timestamps(column, *unit);
            rows.map(|i| if known(i) { since(values[i].div_euclid(per_day)).map(Some) } else { Ok(None) })
                .collect()
        }
        DataType::Int32 => {
            let values = column.as_primitive::<Int32Type>();
            rows.map(|i| if known(i) { parse(values.value(i).to_string().as_bytes()) } else { Ok(None) })
                .collect()
        }
        DataType::Int64 => {
            let values = column.as_primitive::<Int64Type>();
            rows.map(|i| if known(i) { parse(values.value(i).to_string().as_bytes()) } else { Ok(None) })
                .collect()
        }
        DataType::Utf8 => {
            let values = column.as_string::<i32>();
            rows.map(|i| if known(i) { parse(values.value(i).as_bytes()) } else { Ok(None) }).collect()
        }
        DataType::Binary => {
            let values = column.as_binary::<i32>();
            rows.map(|i| if known(i) { parse(values.value(i)) } else { Ok(None) }).collect()
        }
        DataType::FixedSizeBinary(_) => {
            let values = column.as_fixed_size_binary();
            rows.map(|i| if known(i) { parse(unpadded(values.value(i))) } else { Ok(None) }).collect()
        }
        _ => rows.map(|_| Ok(None)).collect(),
    }
}

fn timestamps(column: &ArrayRef, unit: TimeUnit) -> Vec<i64> {
    use arrow_array::types::{
        TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    };
    match unit {
        TimeUnit::Second => column.as_primitive::<TimestampSecondType>().values().to_vec(),
        TimeUnit::Millisecond => column.as_primitive::<TimestampMillisecondType>().values().to_vec(),
        TimeUnit::Microsecond => column.as_primitive::<TimestampMicrosecondType>().values().to_vec(),
        TimeUnit::Nanosecond => column.as_primitive::<TimestampNanosecondType>().values().to_vec(),
    }
}

/// The day that is so many days after 1 January 1970.
fn of_epoch(days: i64) -> Option<Day> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let date: Date = epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    Some(date.into())
}

/// A writer for each field of a code column.
fn writers_of(layout: &Layout, group: usize, code: usize) -> Result<Vec<ArrowColumnWriter>, ParquetError> {
    let fields = &layout.new_fields[code];
    let schema = Arc::new(Schema::new(fields.clone()));
    let descriptor = parquet::arrow::ArrowSchemaConverter::new().convert(&schema)?;
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_compression(layout.compression(group, code))
        .build();
    // Only its schema and properties are looked at; nothing is written.
    let scratch = SerializedFileWriter::new(Vec::new(), descriptor.root_schema_ptr(), Arc::new(properties))?;
    ArrowRowGroupWriterFactory::new(&scratch, schema).create_column_writers(group)
}
