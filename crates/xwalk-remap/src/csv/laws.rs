//! What has to hold for any table.

use std::io::{self, Read, Write};

use jiff::civil::date;
use proptest::prelude::*;

use super::{Job, Sink, run};
use crate::toy::{Kept, Nobody, Toy, options};
use crate::{
    AnswerBook, Calendar, ColumnName, Dialect, Field, OnError, Options, Place, Policy, Ragged, RemapError,
    Shape, Tally, Task, Text,
};

fn dialect(header: bool) -> Dialect {
    Dialect { delimiter: b',', quote: Some(b'"'), header }
}

struct Out {
    bytes: Vec<u8>,
    aside: Vec<u8>,
    tally: Tally,
}

fn remap_with(
    input: Box<dyn Read + Send>,
    dialect: Dialect,
    options: &Options,
    calendar: &Calendar,
) -> Result<Out, RemapError> {
    let toy = Toy::new();
    let book = AnswerBook::new(&toy, options);
    let (out, aside) = (Kept::default(), Kept::default());
    let job = Job {
        text: Text {
            name: "t.csv".into(),
            output: "o.csv".into(),
            input,
            sink: Sink::stream(&out),
            aside: Some(Box::new(&aside)),
        },
        dialect,
        task: Task { options, calendar, book: &book, watch: &Nobody },
    };
    let tally = run(job)?;
    Ok(Out { bytes: out.0.into_inner().unwrap(), aside: aside.0.into_inner().unwrap(), tally })
}

fn remap(text: &[u8], dialect: Dialect, options: &Options) -> Result<Out, RemapError> {
    let input = Box::new(io::Cursor::new(text.to_vec()));
    remap_with(input, dialect, options, &Calendar::fixed(1))
}

#[track_caller]
fn check(text: &str, options: &Options, expected: &str) {
    for threads in [1, 2] {
        let options = Options { threads, ..options.clone() };
        let out = remap(text.as_bytes(), dialect(true), &options).unwrap();
        assert_eq!(String::from_utf8(out.bytes).unwrap(), expected);
    }
}

#[test]
fn answers_stand_beside_the_codes() {
    let options = options(Policy::Best, &["dx"]);
    check(
        "\u{feff}id,dx,note\r\n1,401.9,\"a, \"\"b\"\"\r\nc\"\r\n2,\"25000\",\r\n3,,x\r\n4,XYZ,y\r\n5,0010,z",
        &options,
        "\u{feff}id,dx,dx_target,dx_outcome,note\r\n1,401.9,I10,renamed,\"a, \"\"b\"\"\r\nc\"\r\n\
         2,\"25000\",E11.9,replaced,\r\n3,,,,x\r\n4,XYZ,,malformed,y\r\n5,0010,A00.0,split,z",
    );
    check(
        "dx\n4019\n\n\n4019\n",
        &options,
        "dx,dx_target,dx_outcome\n4019,I10,renamed\n\n\n4019,I10,renamed\n",
    );
    check("dx\n", &options, "dx,dx_target,dx_outcome\n");
    check("dx", &options, "dx,dx_target,dx_outcome");
    check("a,dx\n1\n2,4019,3\n", &options, "a,dx,dx_target,dx_outcome\n1\n2,4019,I10,renamed,3\n");
}

#[test]
fn other_shapes_and_places() {
    let base = options(Policy::All, &["dx"]);
    let text = "dx,n\n0010,1\n4019,2\nV700,3\n";
    let replace = Options { shape: Shape::Replace, policy: Policy::Best, ..base.clone() };
    check(text, &replace, "dx,n\nA00.0,1\nI10,2\n,3\n");
    let end = Options { place: Place::End, fields: vec![Field::Target, Field::Title], ..base.clone() };
    check(
        text,
        &end,
        "dx,n,dx_target,dx_title\n0010,1,,\n4019,2,I10,\"Essential (primary) hypertension, \"\"plain\"\"\"\nV700,3,,\n",
    );
    let explode = Options { shape: Shape::Explode, fields: vec![Field::Target], ..base.clone() };
    check(
        text,
        &explode,
        "dx,dx_target,n,row_id,weight\n0010,A00.0,1,1,0.5\n0010,A00.1,1,1,0.5\n4019,I10,2,2,1\nV700,,3,3,1\n",
    );
    let all = Options {
        fields: vec![Field::Count, Field::Alternatives, Field::Evidence, Field::Relationship],
        ..base
    };
    check(
        "dx\n0010\n4019\n24951\n",
        &all,
        "dx,dx_count,dx_alternatives,dx_evidence,dx_relationship\n0010,2,A00.0|A00.1,,\n\
         4019,1,I10,gem:7 10000,equivalent\n24951,1,E08.39+E08.65,,related-to\n",
    );
}

#[test]
fn codes_of_a_row_are_combined_when_asked_for() {
    let mut options = options(Policy::Best, &["a", "b", "c"]);
    options.fields = vec![Field::Target, Field::Choice];
    options.combine = true;
    check(
        "a,b,c\n0011,,0019\n24951,,4019\n24951,4019,4019\n",
        &options,
        "a,a_target,a_choice,b,b_target,b_choice,c,c_target,c_choice\n\
         0011,A00.9,combined,,,,0019,,combined\n24951,E08.39,combined,,E08.65,combined,4019,I10,only\n\
         24951,,,4019,I10,only,4019,I10,only\n",
    );
}

#[test]
fn a_bad_date_among_plain_rows_is_found() {
    let calendar = Calendar::new(vec![(date(2013, 10, 1), Some(0)), (date(2014, 10, 1), Some(1))], None);
    let mut options = options(Policy::Best, &["dx"]);
    options.date_column = Some(ColumnName("dos".into()));
    let good = "2014-10-01,25000\n".repeat(40);
    let text = format!("dos,dx\n{good}soon,25000\n{good},4019\n{good}");
    let input = || Box::new(io::Cursor::new(text.clone().into_bytes()));
    let failed = remap_with(input(), dialect(true), &options, &calendar).map(|o| o.tally).unwrap_err();
    assert!(failed.to_string().starts_with("t.csv:42:1: `soon` is not a date"), "{failed}");
    options.on_error = OnError::Skip;
    let out = remap_with(input(), dialect(true), &options, &calendar).unwrap();
    assert_eq!(String::from_utf8(out.aside).unwrap(), "dos,dx\nsoon,25000\n,4019\n");
    let rows = "2014-10-01,25000,E11.9,replaced\n".repeat(120);
    assert_eq!(String::from_utf8(out.bytes).unwrap(), format!("dos,dx,dx_target,dx_outcome\n{rows}"));
    assert_eq!((out.tally.rows, out.tally.set_aside), (120, 2));
}

#[test]
fn dates_decide_and_bad_rows_are_set_aside() {
    let calendar = Calendar::new(vec![(date(2013, 10, 1), Some(0)), (date(2014, 10, 1), Some(1))], Some(1));
    let mut options = options(Policy::Best, &["dx"]);
    options.date_column = Some(ColumnName("dos".into()));
    let text = "dos,dx\n2014-09-30,25000\n2014-10-01,25000\n,25000\n\"2014-12-24\",25000\nsoon,25000\n2001-01-01,1\n";
    let input = || Box::new(io::Cursor::new(text.as_bytes().to_vec()));
    let failed = remap_with(input(), dialect(true), &options, &calendar).map(|o| o.tally).unwrap_err();
    assert!(failed.to_string().starts_with("t.csv:6:1: `soon` is not a date"), "{failed}");
    options.on_error = OnError::Skip;
    let out = remap_with(input(), dialect(true), &options, &calendar).unwrap();
    assert_eq!(
        String::from_utf8(out.bytes).unwrap(),
        "dos,dx,dx_target,dx_outcome\n2014-09-30,25000,,not-valid-on-date\n2014-10-01,25000,E11.9,replaced\n\
         ,25000,E11.9,replaced\n\"2014-12-24\",25000,E11.9,replaced\n"
    );
    assert_eq!(String::from_utf8(out.aside).unwrap(), "dos,dx\nsoon,25000\n2001-01-01,1\n");
    assert_eq!((out.tally.rows, out.tally.set_aside, out.tally.undated), (4, 2, 1));
}

#[track_caller]
fn check_refused(text: &[u8], options: &Options, expected: &str) {
    let error = remap(text, dialect(true), options).map(|o| o.tally).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn bad_tables() {
    let dx = options(Policy::Best, &["dx1"]);
    check_refused(b"id,dx_1\n", &dx, "t.csv has no column `dx1`; did you mean `dx_1`?");
    check_refused(b"id;dx1\n", &dx, "is the delimiter `;`?");
    check_refused(b"dx1,dx1\n", &dx, "two columns named `dx1`");
    check_refused(b"dx1,dx1_outcome\n", &dx, "has a column `dx1_outcome` already");
    check_refused(b"", &dx, "t.csv is empty");
    check_refused(b"\n\n", &dx, "t.csv is empty");
    check_refused(b"dx1\n1\n2,\"x\n3\n4\n", &dx, "t.csv:3:3: a quote is opened here and never closed");
    check_refused(b"dx1\n", &options(Policy::Best, &["dx1", "dx1"]), "named twice");
    let strict = Options { ragged: Ragged::Error, ..dx };
    check_refused(b"dx1,b\n1,2\n3\n", &strict, "t.csv:3:1: the row has 1 fields, expected 2");
}

/// Gives so many bytes of a table whose quote never closes, and counts what was taken.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = b"dx\n1\n\"";
        let n = buffer.len();
        buffer.fill(b'\n');
        if self.0 == 0 {
            buffer[..start.len()].copy_from_slice(start);
        }
        self.0 += n as u64;
        assert!(self.0 < 100 << 20, "an open quote has to be found before the whole file was read");
        Ok(n)
    }
}

#[test]
fn an_open_quote_is_found_in_bounded_memory() {
    let options = options(Policy::Best, &["dx"]);
    let failed = remap_with(Box::new(Endless(0)), dialect(true), &options, &Calendar::fixed(1));
    let error = failed.map(|o| o.tally).unwrap_err().to_string();
    assert!(error.starts_with("t.csv:3:1: a quote is opened here"), "{error}");
}

struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 < bytes.len() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up() {
    let toy = Toy::new();
    let options = options(Policy::Best, &["dx"]);
    let book = AnswerBook::new(&toy, &options);
    let text = format!("dx\n{}", "4019\n".repeat(1_000_000));
    let job = Job {
        text: Text {
            name: "t.csv".into(),
            output: "o.csv".into(),
            input: Box::new(io::Cursor::new(text.into_bytes())),
            sink: Sink::stream(Full(2_000_000)),
            aside: None,
        },
        dialect: dialect(true),
        task: Task { options: &options, calendar: &Calendar::fixed(1), book: &book, watch: &Nobody },
    };
    let error = run(job).unwrap_err();
    assert_eq!(error.to_string(), "failed to write o.csv");
}

/// A field as it stands in a file: the codes of the map, spellings of them, and anything.
fn field() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "4019",
        "401.9",
        "25000",
        "\"4019\"",
        "",
        "0010",
        "XYZ",
        " 4019 ",
        "24951",
        "123456789",
        "\"a,\n\"\"b\"",
        "\"\r\n\"",
        "\0",
        "401\0",
        "4019\0",
        "a\"b",
        "\"x\"y",
        "é",
    ]);
    prop_oneof![
        4 => known.prop_map(|t| t.as_bytes().to_vec()),
        1 => prop::collection::vec(prop::sample::select(b"ab\0; .".to_vec()), 0..12),
    ]
}

fn table() -> impl Strategy<Value = Vec<u8>> {
    let row = (prop::collection::vec(field(), 1..6), prop::sample::select(vec!["\n", "\r\n"]));
    (prop::collection::vec(row, 0..60), any::<bool>(), 0..3usize).prop_map(|(rows, end, repeat)| {
        let mut text = b"a,dx,b,ex".to_vec();
        // Long tables cross the borders of chunks.
        for _ in 0..[1, 1, 900][repeat] {
            for (fields, feed) in &rows {
                text.extend_from_slice(b"\n");
                text.extend_from_slice(&fields.join(&b','));
                if feed.len() == 2 {
                    text.push(b'\r');
                }
            }
        }
        if end {
            text.extend_from_slice(b"\n");
        }
        text
    })
}

/// The records as the `csv` crate reads them; the carriage return of a line end is not part of its last field.
fn oracle(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).terminator(csv::Terminator::CRLF);
    let records = reader.from_reader(text).into_byte_records();
    records.map(|r| r.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
}

/// A row of a table without quotes: a date, three codes with another column among them.
fn plain_row() -> impl Strategy<Value = String> {
    let dates = ["2014-09-30", "2014-10-01", "2014-12-24T10:00", "2015-01-01", ""];
    let code = || {
        prop_oneof![
            4 => prop::sample::select(vec!["4019", "25000", "", "", "0010", "V700", "401.9", "24951", "0011"])
                .prop_map(str::to_owned),
            1 => (0..600u32).prop_map(|n| format!("Q{n:04}")),
            1 => prop::sample::select(vec!["a code too long", "XYZ", " 4019"]).prop_map(str::to_owned),
        ]
    };
    let note = prop_oneof![Just(String::new()), Just("n".repeat(70)), Just("note".to_owned())];
    (prop::sample::select(dates.to_vec()), code(), note, code(), code())
        .prop_map(|(date, a, note, b, c)| format!("{date},{a},{note},{b},{c}\n"))
}

/// What is asked for of them: short texts, long ones, and more than a row has room for.
fn plain_fields() -> impl Strategy<Value = Vec<Field>> {
    prop::sample::select(vec![
        vec![Field::Target],
        vec![Field::Target, Field::Outcome],
        vec![Field::Title, Field::Target, Field::Outcome, Field::Alternatives, Field::Evidence, Field::Count],
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_of_one_width_say_what_others_do(
        rows in prop::collection::vec(plain_row(), 1..400), fields in plain_fields(), dated in any::<bool>(),
        without in any::<bool>(),
    ) {
        let dots = if without { crate::Dots::Without } else { crate::Dots::With };
        let date_column = dated.then(|| ColumnName("dos".into()));
        let options = Options { fields, dots, date_column, threads: 1, ..options(Policy::Best, &["a", "b", "c"]) };
        let calendar = if dated {
            Calendar::new(vec![(date(2013, 10, 1), Some(0)), (date(2014, 10, 1), Some(1))], Some(1))
        } else {
            Calendar::fixed(1)
        };
        let text = format!("dos,a,note,b,c\n{}", rows.concat());
        let run = |text: String| {
            let input = Box::new(io::Cursor::new(text.into_bytes()));
            remap_with(input, dialect(true), &options, &calendar).unwrap()
        };
        let quick = run(text.clone());
        // One row of another width, and the chunk is worked on as any other.
        let other = run(text + "2015-01-01\n");
        let bytes = [&quick.bytes[..], b"2015-01-01\n"].concat();
        prop_assert_eq!(String::from_utf8(bytes).unwrap(), String::from_utf8(other.bytes).unwrap());
        prop_assert_eq!(quick.tally.rows + 1, other.tally.rows);
        prop_assert_eq!(quick.tally.rows_out + 1, other.tally.rows_out);
        prop_assert_eq!(quick.tally.undated, other.tally.undated);
        prop_assert_eq!(quick.tally.cells, other.tally.cells);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn untouched_columns_come_back(text in table(), aside in any::<bool>()) {
        let mut options = options(Policy::Best, &["ex", "dx"]);
        if aside {
            options.prefix = "new_".into();
        }
        let out = remap(&text, dialect(true), &options).unwrap();
        let (before, after) = (oracle(&text), oracle(&out.bytes));
        prop_assert_eq!(before.len(), after.len());
        prop_assert_eq!(out.tally.rows + 1, before.len() as u64);
        let cells: u64 = out.tally.cells.iter().sum();
        prop_assert_eq!(cells + out.tally.missing, out.tally.rows * 2);
        for (old, new) in before.iter().zip(&after) {
            let mut kept = new.clone();
            for at in [4, 2] {
                if old.len() >= at {
                    let added = kept.len().min(if at == 4 { 8 } else { 4 });
                    kept.drain(added - 2..added);
                }
            }
            prop_assert_eq!(old, &kept);
        }
        // Byte for byte: without the new fields the output is the input.
        let narrow = Options { fields: Vec::new(), shape: Shape::Replace, columns: Vec::new(), ..options.clone() };
        prop_assert_eq!(remap(&text, dialect(true), &narrow).unwrap().bytes, text.clone());
        for threads in [1, 3] {
            let again = Options { threads, ..options.clone() };
            prop_assert_eq!(&remap(&text, dialect(true), &again).unwrap().bytes, &out.bytes);
        }
    }

    #[test]
    fn any_bytes_are_remapped_or_refused(text in prop::collection::vec(any::<u8>(), 0..400)) {
        for header in [true, false] {
            for shape in [Shape::Columns, Shape::Explode, Shape::Replace] {
                let options = Options { shape, ..options(Policy::All, &["1"]) };
                if let Ok(out) = remap(&text, dialect(header), &options) {
                    prop_assert_eq!(out.tally.rows, out.tally.cells.iter().sum::<u64>() + out.tally.missing);
                }
            }
        }
    }
}
