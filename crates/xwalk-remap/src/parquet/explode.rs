//! A row for each alternative: every column is decoded and written anew.

use std::fs::File;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::{DataType, Field as ArrowField, Schema};
use arrow_select::take::take;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::decode::{BATCH, Decoder};
use super::layout::{Column, Layout};
use super::run::JobParts;
use super::source::Source;
use crate::columns::EXPLODE_NAMES;
use crate::error::RemapError;
use crate::lookup::Lookup;
use crate::options::Field;
use crate::tally::Tally;

/// More rows than this are not made of one.
const MAX_ROWS: usize = 10_000;

pub(crate) fn run(
    job: &JobParts<'_>,
    layout: &Layout,
    source: &Source,
    out: &File,
) -> Result<Tally, RemapError> {
    let wrong = || RemapError::parquet(&job.name);
    if layout.lists.contains(&true) {
        return Err(RemapError::Options(
            "a list of codes cannot be exploded; unnest it first, or use --shape columns".to_owned(),
        ));
    }
    let roots: Vec<usize> = (0..layout.plain.schema().fields().len()).collect();
    for group in 0..layout.metadata().num_row_groups() {
        super::sound::decoded(source, layout, group, &roots).map_err(wrong())?;
    }
    let mut fields: Vec<Arc<ArrowField>> = layout.arrow.fields().iter().cloned().collect();
    let name = |i: usize| format!("{}{}", job.task.options.prefix, EXPLODE_NAMES[i]);
    fields.push(Arc::new(ArrowField::new(name(0), DataType::Int64, false)));
    fields.push(Arc::new(ArrowField::new(name(1), DataType::Float64, false)));
    let schema = Arc::new(Schema::new_with_metadata(fields, layout.arrow.metadata().clone()));
    let compression = if layout.metadata().num_row_groups() == 0 || layout.codes.is_empty() {
        parquet::basic::Compression::SNAPPY
    } else {
        layout.compression(0, 0)
    };
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_created_by(concat!("xwalk version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(compression)
        .build();
    let mut writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties)).map_err(wrong())?;
    let mut lookup = Lookup::new(job.task.book, None);
    let mut tally = Tally { columns: layout.codes.len() as u64, ..Tally::default() };
    let open = |metadata: &parquet::arrow::arrow_reader::ArrowReaderMetadata| {
        ParquetRecordBatchReaderBuilder::new_with_metadata(source.clone(), metadata.clone())
            .with_batch_size(BATCH)
            .build()
    };
    // Codes are read in the types of Parquet, all columns in their own; both in step.
    let plain = open(&layout.plain).map_err(wrong())?;
    let hinted = open(&layout.hinted).map_err(wrong())?;
    let codes: Vec<usize> = (0..layout.codes.len()).collect();
    let mut row = 0u64;
    for (plain, hinted) in plain.zip(hinted) {
        let (plain, hinted) = (plain.map_err(|e| wrong()(e.into()))?, hinted.map_err(|e| wrong()(e.into()))?);
        let mut decoder = Decoder {
            file: &job.name,
            layout,
            calendar: job.task.calendar,
            format: job.task.options.date_format,
            combine: false,
            lookup: &mut lookup,
            tally: &mut tally,
            row,
            contexts: Vec::new(),
        };
        let cells = decoder.batch(&plain, &codes)?;
        let (mut from, mut ids, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        let mut picks: Vec<Vec<u32>> = vec![Vec::new(); codes.len()];
        for at in 0..plain.num_rows() {
            let ways: Vec<usize> = cells
                .iter()
                .map(|c| lookup.answers[c.numbers[at] as usize].alternatives().len().max(1))
                .collect();
            let rows = ways.iter().fold(1usize, |all, n| all.saturating_mul(*n));
            if rows > MAX_ROWS {
                return Err(RemapError::BadRow {
                    file: job.name.clone(),
                    line: row + at as u64 + 1,
                    column: 1,
                    problem: format!("the alternatives of its codes make {rows} rows, more than {MAX_ROWS}"),
                });
            }
            for number in 0..rows {
                from.push(at as u32);
                ids.push(i64::try_from(row + at as u64 + 1).unwrap_or(i64::MAX));
                #[expect(clippy::cast_precision_loss, reason = "rows of one row are at most ten thousand")]
                weights.push(1.0 / rows as f64);
                let mut rest = number;
                for (column, n) in ways.iter().enumerate().rev() {
                    picks[column].push((rest % n) as u32);
                    rest /= n;
                }
            }
        }
        let indices = UInt32Array::from(from.clone());
        let mut columns: Vec<ArrayRef> = Vec::new();
        let mut last_root = None;
        for column in &layout.columns {
            match *column {
                Column::Old(leaf) => {
                    let root = layout.plain.parquet_schema().get_column_root_idx(leaf);
                    if last_root != Some(root) {
                        columns
                            .push(take(hinted.column(root), &indices, None).map_err(|e| wrong()(e.into()))?);
                    }
                    last_root = Some(root);
                }
                Column::New(code, f) => {
                    let field = layout.fields[f];
                    if field == Field::Target {
                        let mut builder = StringBuilder::new();
                        for (&at, &pick) in from.iter().zip(&picks[code]) {
                            let answer = &lookup.answers[cells[code].numbers[at as usize] as usize];
                            let alternative = answer.alternatives().get(pick as usize);
                            builder
                                .append_option(alternative.map(String::as_str).or(answer.target.as_deref()));
                        }
                        columns.push(Arc::new(builder.finish()));
                    } else {
                        let decoder = Decoder {
                            file: &job.name,
                            layout,
                            calendar: job.task.calendar,
                            format: job.task.options.date_format,
                            combine: false,
                            lookup: &mut lookup,
                            tally: &mut tally,
                            row,
                            contexts: Vec::new(),
                        };
                        let array = decoder.array(field, &cells[code], None);
                        columns.push(take(&array, &indices, None).map_err(|e| wrong()(e.into()))?);
                    }
                }
            }
        }
        columns.push(Arc::new(Int64Array::from(ids)));
        columns.push(Arc::new(Float64Array::from(weights)));
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|e| wrong()(e.into()))?;
        writer.write(&batch).map_err(wrong())?;
        row += plain.num_rows() as u64;
        tally.rows += plain.num_rows() as u64;
        tally.rows_out += from.len() as u64;
        job.task.watch.advance(0, plain.num_rows() as u64);
        if job.task.watch.stopped() {
            return Err(RemapError::Stopped { output: job.output.clone().into() });
        }
    }
    writer.close().map_err(wrong())?;
    lookup.count_into(&mut tally);
    Ok(tally)
}
