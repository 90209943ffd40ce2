//! What has to hold for any Parquet table.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, ListBuilder, StringBuilder, StringDictionaryBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, Date32Array, FixedSizeBinaryArray, Int64Array, LargeStringArray, RecordBatch,
    StringArray,
};
use arrow_select::concat::concat_batches;
use jiff::civil::date;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{
    Compression, ConvertedType, Encoding, LogicalType, Repetition, Type as PhysicalType, ZstdLevel,
};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use proptest::prelude::*;

use super::{Job, run};
use crate::toy::{Nobody, Toy, options};
use crate::{
    AnswerBook, Calendar, ColumnName, Field, OnError, Options, Place, Policy, RemapError, Shape, Tally, Task,
};

const CODES: [Option<&str>; 10] = [
    Some("4019"),
    Some("401.9"),
    Some("25000"),
    Some("0010"),
    None,
    Some(""),
    Some("V700"),
    Some("XYZ"),
    Some("999999999"),
    Some("24951"),
];

fn codes(seeds: &[usize], shift: usize) -> Vec<Option<&'static str>> {
    seeds.iter().map(|s| CODES[(s + shift) % CODES.len()]).collect()
}

/// Length of the texts of fixed length.
const LENGTH: i32 = 9;

/// A text as a CHAR column of a database holds it.
fn padded(code: &str, with: u8) -> Vec<u8> {
    let mut text = code.as_bytes().to_vec();
    text.resize(LENGTH.unsigned_abs() as usize, with);
    text
}

fn table(seeds: &[usize]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values((0i64..).take(seeds.len())));
    let dx: ArrayRef = Arc::new(StringArray::from(codes(seeds, 0)));
    let mut coded = StringDictionaryBuilder::<Int32Type>::new();
    for code in codes(seeds, 1) {
        coded.append_option(code);
    }
    let large: ArrayRef = Arc::new(LargeStringArray::from(codes(seeds, 2)));
    let mut lists = ListBuilder::new(StringBuilder::new());
    for &seed in seeds {
        for i in 0..seed % 4 {
            lists.values().append_option(CODES[(seed + i) % CODES.len()]);
        }
        lists.append(seed % 7 != 0);
    }
    // 31 August 2014 and on: the two contexts change on 1 October.
    let days: ArrayRef = Arc::new(
        seeds
            .iter()
            .map(|s| (s % 5 != 0).then_some(16_313 + i32::try_from(s % 60).unwrap()))
            .collect::<Date32Array>(),
    );
    let fixed = codes(seeds, 3).into_iter().map(|code| code.map(|code| padded(code, b' ')));
    let firm: Vec<Vec<u8>> =
        codes(seeds, 4).into_iter().map(|code| padded(code.unwrap_or_default(), 0)).collect();
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed, LENGTH).unwrap();
    let mut firm_values = FixedSizeBinaryBuilder::new(LENGTH);
    for text in &firm {
        firm_values.append_value(text).unwrap();
    }
    RecordBatch::try_from_iter_with_nullable([
        ("id", ids, false),
        ("dx", dx, true),
        ("coded", Arc::new(coded.finish()) as ArrayRef, true),
        ("large", large, true),
        ("list", Arc::new(lists.finish()) as ArrayRef, true),
        ("dos", days, true),
        ("fixed", Arc::new(fixed) as ArrayRef, true),
        ("firm", Arc::new(firm_values.finish()) as ArrayRef, false),
    ])
    .unwrap()
}

fn written(batch: &RecordBatch, properties: WriterProperties) -> File {
    let mut file = tempfile::tempfile().unwrap();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    file
}

fn read(file: &File) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file.try_clone().unwrap()).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

fn remap(input: &File, options: &Options, calendar: &Calendar) -> Result<(File, Tally), RemapError> {
    let toy = Toy::new();
    let book = AnswerBook::new(&toy, options);
    let out = tempfile::tempfile().unwrap();
    let job = Job {
        name: "t.parquet".into(),
        output: "o.parquet".into(),
        input: input.try_clone().unwrap(),
        out: &out,
        folder: std::env::temp_dir(),
        task: Task { options, calendar, book: &book, watch: &Nobody },
    };
    let tally = run(job)?;
    Ok((out, tally))
}

/// What the answer says for a code, as the toy map has it.
fn expected(code: Option<&str>, context: u16, options: &Options, field: Field) -> Option<String> {
    let toy = Toy::new();
    let book = AnswerBook::new(&toy, options);
    let number = book.number(context, code.unwrap_or_default().as_bytes()).0;
    book.get(number).text(field).map(std::borrow::Cow::into_owned)
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|t| t.map(str::to_owned)).collect()
}

/// The ways in which files of the wild are written.
fn all_properties(rows: usize) -> Vec<WriterProperties> {
    let builder = || WriterProperties::builder().set_max_row_group_row_count(Some(rows));
    vec![
        builder().build(),
        builder()
            .set_compression(Compression::SNAPPY)
            .set_data_page_row_count_limit(10)
            .set_write_batch_size(5)
            .build(),
        builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .build(),
        builder().set_compression(Compression::GZIP(parquet::basic::GzipLevel::default())).build(),
        builder().set_compression(Compression::LZ4_RAW).set_bloom_filter_enabled(true).build(),
        builder()
            .set_dictionary_enabled(false)
            .set_compression(Compression::BROTLI(parquet::basic::BrotliLevel::default()))
            .build(),
        builder()
            .set_dictionary_enabled(false)
            .set_encoding(Encoding::DELTA_BYTE_ARRAY)
            .set_column_encoding("id".into(), Encoding::DELTA_BINARY_PACKED)
            .set_column_encoding("dos".into(), Encoding::PLAIN)
            .build(),
        builder()
            .set_dictionary_page_size_limit(20)
            .set_data_page_row_count_limit(7)
            .set_write_batch_size(3)
            .build(),
    ]
}

#[track_caller]
fn check(seeds: &[usize], rows: usize, options: &Options) {
    let batch = table(seeds);
    let mut answers: Option<Vec<Option<String>>> = None;
    for properties in all_properties(rows) {
        let input = written(&batch, properties);
        let (out, tally) = remap(&input, options, &Calendar::fixed(1)).unwrap();
        let table = read(&out);
        for (old, new) in
            batch.columns().iter().zip(batch.schema().fields().iter().map(|f| table.column_by_name(f.name())))
        {
            assert_eq!(old, new.unwrap());
        }
        for (column, shift) in [("dx", 0), ("coded", 1), ("large", 2), ("fixed", 3), ("firm", 4)] {
            for field in [Field::Target, Field::Outcome] {
                let wanted: Vec<Option<String>> =
                    codes(seeds, shift).into_iter().map(|c| expected(c, 1, options, field)).collect();
                assert_eq!(texts(&table, &format!("{column}_{}", field.id())), wanted);
            }
        }
        let list = table.column_by_name("list_target").unwrap().as_list::<i32>();
        let old = read(&input);
        let old = old.column_by_name("list").unwrap().as_list::<i32>();
        assert!(list.nulls() == old.nulls() && list.offsets() == old.offsets(), "lists keep their shape");
        let seen = texts(&table, "dx_target");
        assert_eq!(answers.get_or_insert_with(|| seen.clone()), &seen);
        assert_eq!(tally.rows, seeds.len() as u64);
        let cells: u64 = tally.cells.iter().sum();
        assert_eq!(i128::from(cells), i128::from(tally.rows) * 6 + i128::from(tally.list_surplus));
        // Two threads write what one writes.
        let one = Options { threads: 1, ..options.clone() };
        let (alone, again) = remap(&input, &one, &Calendar::fixed(1)).unwrap();
        assert!(bytes(&alone) == bytes(&out));
        assert_eq!(again.cells.iter().sum::<u64>(), cells);
    }
}

fn bytes(mut file: &File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
    bytes
}

fn all_columns(policy: Policy) -> Options {
    options(policy, &["dx", "coded", "large", "list", "fixed", "firm"])
}

#[test]
fn a_table_in_every_encoding() {
    let seeds: Vec<usize> = (0..500).map(|i| i * i % 83).collect();
    check(&seeds, 100, &all_columns(Policy::Best));
    check(&seeds, 1000, &Options { place: Place::End, ..all_columns(Policy::Strict) });
    check(&[], 100, &all_columns(Policy::Best));
}

#[test]
fn lists_and_numbers() {
    let mut options = all_columns(Policy::All);
    options.fields = vec![Field::Count, Field::Alternatives, Field::Target];
    let input = written(&table(&[3, 13]), WriterProperties::default());
    let table = read(&remap(&input, &options, &Calendar::fixed(1)).unwrap().0);
    let counts = table.column_by_name("dx_count").unwrap().as_primitive::<Int32Type>();
    assert_eq!(counts.iter().collect::<Vec<_>>(), [Some(2), Some(2)]);
    let lists = table.column_by_name("dx_alternatives").unwrap().as_list::<i32>();
    let first: Vec<Option<String>> =
        lists.value(0).as_string::<i32>().iter().map(|t| t.map(str::to_owned)).collect();
    assert_eq!(first, [Some("A00.0".to_owned()), Some("A00.1".to_owned())]);
}

#[test]
fn dates_shapes_and_combinations() {
    let seeds: Vec<usize> = (0..60).collect();
    let batch = table(&seeds);
    let input = written(&batch, WriterProperties::default());
    let mut dated = options(Policy::Best, &["dx"]);
    dated.date_column = Some(ColumnName("dos".into()));
    let calendar = Calendar::new(vec![(date(2000, 1, 1), Some(0)), (date(2014, 10, 1), Some(1))], Some(1));
    let table = read(&remap(&input, &dated, &calendar).unwrap().0);
    let wanted: Vec<Option<String>> = seeds
        .iter()
        .zip(codes(&seeds, 0))
        .map(|(s, c)| expected(c, u16::from(s % 5 == 0 || 16_313 + s % 60 >= 16_344), &dated, Field::Outcome))
        .collect();
    assert_eq!(texts(&table, "dx_outcome"), wanted);
    assert!(wanted.contains(&Some("not-valid-on-date".to_owned())));

    let replace = Options { shape: Shape::Replace, ..options(Policy::Best, &["dx", "coded"]) };
    let table = read(&remap(&input, &replace, &Calendar::fixed(1)).unwrap().0);
    assert_eq!(table.num_columns(), batch.num_columns());
    assert_eq!(texts(&table, "dx")[..3], [Some("I10".into()), Some("I10".into()), Some("E11.9".into())]);

    let explode = Options { shape: Shape::Explode, ..options(Policy::All, &["dx"]) };
    let (out, tally) = remap(&input, &explode, &Calendar::fixed(1)).unwrap();
    let table = read(&out);
    assert_eq!((tally.rows, tally.rows_out, table.num_rows()), (60, 66, 66));
    let weights = table.column_by_name("weight").unwrap().as_primitive::<arrow_array::types::Float64Type>();
    assert!((weights.values().iter().sum::<f64>() - 60.0).abs() < 1e-9);
    assert_eq!(texts(&table, "dx_target")[3..5], [Some("A00.0".into()), Some("A00.1".into())]);

    let mut combine = options(Policy::Best, &["dx", "coded"]);
    combine.combine = true;
    let table = read(&remap(&input, &combine, &Calendar::fixed(1)).unwrap().0);
    // 24951 stands in `coded` of row 8 beside 999999999, in `dx` of row 9 beside 4019: there is no room.
    assert_eq!(texts(&table, "dx_target")[9], None);
}

/// A table with one column of a fixed length, as some other program marked it.
fn marked(length: i32, kind: Option<LogicalType>, old_kind: ConvertedType) -> File {
    let column = Type::primitive_type_builder("dx", PhysicalType::FIXED_LEN_BYTE_ARRAY)
        .with_repetition(Repetition::REQUIRED)
        .with_length(length)
        .with_precision(if old_kind == ConvertedType::DECIMAL { 5 } else { -1 })
        .with_scale(if old_kind == ConvertedType::DECIMAL { 2 } else { -1 })
        .with_logical_type(kind)
        .with_converted_type(old_kind)
        .build()
        .unwrap();
    let schema = Type::group_type_builder("table").with_fields(vec![Arc::new(column)]).build().unwrap();
    let mut file = tempfile::tempfile().unwrap();
    let mut writer = SerializedFileWriter::new(&mut file, Arc::new(schema), Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let text: Vec<u8> = b"4019             ".iter().copied().take(length.unsigned_abs() as usize).collect();
    let value = parquet::data_type::FixedLenByteArray::from(parquet::data_type::ByteArray::from(text));
    column.typed::<parquet::data_type::FixedLenByteArrayType>().write_batch(&[value], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    file
}

#[test]
fn values_of_a_fixed_length_are_text_unless_they_are_marked() {
    let fixed = Calendar::fixed(1);
    let dx = options(Policy::Best, &["dx"]);
    let out = read(&remap(&marked(7, None, ConvertedType::NONE), &dx, &fixed).unwrap().0);
    assert_eq!(texts(&out, "dx_target"), [Some("I10".to_owned())]);
    assert_eq!(out.column(0).as_fixed_size_binary().value(0), b"4019   ");
    let refused: [(i32, Option<LogicalType>, ConvertedType, &str); 4] = [
        (16, Some(LogicalType::Uuid), ConvertedType::NONE, "FIXED_LEN_BYTE_ARRAY(16) marked as Uuid"),
        (2, Some(LogicalType::Float16), ConvertedType::NONE, "is of type Float16"),
        (12, None, ConvertedType::INTERVAL, "is of type Interval"),
        (7, None, ConvertedType::DECIMAL, "is of type Decimal128"),
    ];
    for (length, kind, old_kind, expected) in refused {
        check_refused(remap(&marked(length, kind, old_kind), &dx, &fixed), expected);
    }
    // Dates in CHAR(8), and in CHAR(10) filled up with blanks.
    let days = ["20140930  ", "2014-10-01", "          "].map(|day| day.as_bytes().to_vec());
    let days = FixedSizeBinaryArray::try_from_iter(days.into_iter()).unwrap();
    let codes: ArrayRef = Arc::new(StringArray::from(vec!["25000"; 3]));
    let batch = RecordBatch::try_from_iter([("dx", codes), ("dos", Arc::new(days) as ArrayRef)]).unwrap();
    let dated = Options { date_column: Some(ColumnName("dos".into())), ..dx };
    let calendar = Calendar::new(vec![(date(2000, 1, 1), Some(0)), (date(2014, 10, 1), Some(1))], Some(0));
    let (out, tally) = remap(&written(&batch, WriterProperties::default()), &dated, &calendar).unwrap();
    assert_eq!(texts(&read(&out), "dx_target"), [None, Some("E11.9".to_owned()), None]);
    assert_eq!(tally.undated, 1);
}

#[test]
fn damage_that_readers_take_for_granted_is_told() {
    let whole = bytes(&written(&table(&[1, 2, 3, 4, 5, 6, 7, 8, 9]), WriterProperties::default()));
    // Metadata and headers of pages lie there; each byte in turn says something else.
    for place in 0..whole.len() {
        for byte in [0, 0x15, 0x7F, whole[place] ^ 1] {
            let mut file = tempfile::tempfile().unwrap();
            let mut damaged = whole.clone();
            damaged[place] = byte;
            file.write_all(&damaged).unwrap();
            let one = Options { threads: 1, ..all_columns(Policy::Best) };
            if let Ok((out, _)) = remap(&file, &one, &Calendar::fixed(1)) {
                assert!(out.metadata().unwrap().len() > 0);
            }
        }
    }
}

#[track_caller]
fn check_refused(result: Result<(File, Tally), RemapError>, text: &str) {
    let error = result.map(|r| r.1).unwrap_err().to_string();
    assert!(error.contains(text), "{error}");
}

#[test]
fn bad_tables() {
    let input = written(&table(&[1, 2, 3]), WriterProperties::default());
    let fixed = Calendar::fixed(1);
    check_refused(remap(&input, &options(Policy::Best, &["dx1"]), &fixed), "did you mean `dx`?");
    check_refused(
        remap(&input, &options(Policy::Best, &["dos"]), &fixed),
        "the column `dos` is of type Date32",
    );
    let mut dated = options(Policy::Best, &["dx"]);
    dated.date_column = Some(ColumnName("list".into()));
    check_refused(remap(&input, &dated, &fixed), "the column `list` is of type");
    dated.date_column = Some(ColumnName("large".into()));
    check_refused(remap(&input, &dated, &fixed), "t.parquet:1:4: `0010` is not a date");
    let aside = Options { on_error: OnError::Skip, ..options(Policy::Best, &["dx"]) };
    check_refused(remap(&input, &aside, &fixed), "from delimited tables only");
    let whole = bytes(&input);
    for cut in [0, 3, whole.len() / 2, whole.len() - 1] {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&whole[..cut]).unwrap();
        let options = options(Policy::Best, &["dx"]);
        check_refused(remap(&file, &options, &fixed), "t.parquet is not a Parquet file that can be read");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_table_in_every_encoding(seeds in prop::collection::vec(0usize..1000, 0..120), rows in 1usize..60) {
        check(&seeds, rows, &all_columns(Policy::Best));
    }

    #[test]
    fn damage_is_told(place in 0usize..4000, byte in any::<u8>()) {
        let input = written(&table(&[1, 2, 3, 4, 5, 6, 7, 8, 9]), WriterProperties::default());
        let mut whole = bytes(&input);
        let place = place % whole.len();
        whole[place] = byte;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&whole).unwrap();
        // Either it is refused, or what could be read was remapped; in no case does it panic.
        let _ = remap(&file, &all_columns(Policy::Best), &Calendar::fixed(1));
    }
}
