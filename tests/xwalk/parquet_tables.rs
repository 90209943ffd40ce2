//! Parquet tables of texts, made of simple CSV and read back as it.

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

/// Writes CSV without quotes as Parquet; an empty field is null.
pub(crate) fn write(csv: &str, path: &Path, dictionary: bool) {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let column = |at: usize| -> ArrayRef {
        Arc::new(
            rows.iter().map(|row| Some(row[at]).filter(|text| !text.is_empty())).collect::<StringArray>(),
        )
    };
    let columns = names.iter().enumerate().map(|(at, name)| (*name, column(at), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(dictionary)
        .set_max_row_group_row_count(Some(rows.len() / 3 + 1))
        .build();
    let file = fs_err::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Reads it back.
pub(crate) fn read(path: &Path) -> String {
    let file = fs_err::File::open(path).unwrap().into_file();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut text = String::new();
    for batch in reader {
        let batch = batch.unwrap();
        if text.is_empty() {
            let names: Vec<String> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
            text = names.join(",") + "\n";
        }
        let columns: Vec<&StringArray> = batch.columns().iter().map(AsArray::as_string::<i32>).collect();
        for row in 0..batch.num_rows() {
            let cells = columns.iter().map(|c| if c.is_null(row) { "" } else { c.value(row) });
            text.push_str(&cells.collect::<Vec<_>>().join(","));
            text.push('\n');
        }
    }
    text
}
