//! Drives a Parquet table through its threads: row groups are worked on at once, and written in order.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use parquet::arrow::arrow_writer::ArrowColumnChunk;
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use super::by_row::Contexts;
use super::chunk::{Body, Encoded};
use super::decode::Decoder;
use super::dictionary::Remapper;
use super::guard::guard;
use super::layout::{Column, Layout};
use super::source::Source;
use crate::error::RemapError;
use crate::job::{Task, in_threads};
use crate::lookup::Lookup;
use crate::options::{Field, OnError, Shape};
use crate::tally::Tally;

/// A Parquet table to remap.
pub struct Job<'a> {
    /// What errors call it.
    pub name: String,
    /// What errors call the output.
    pub output: String,
    /// The file.
    pub input: File,
    /// The file that is written; it holds nothing yet.
    pub out: &'a File,
    /// Where large parts of it may wait for their turn, in files without names.
    pub folder: PathBuf,
    /// What is to be done.
    pub task: Task<'a>,
}

/// The parts of a job that threads look at.
pub(crate) struct JobParts<'a> {
    pub(crate) name: String,
    pub(crate) output: String,
    folder: PathBuf,
    pub(crate) task: Task<'a>,
}

/// A new column chunk.
enum Chunk {
    Written(ArrowColumnChunk),
    Encoded(Encoded),
}

/// What is known of the row groups written so far.
struct Turn<'w> {
    next: usize,
    taken: usize,
    writer: Option<SerializedFileWriter<BufWriter<&'w File>>>,
    failure: Option<RemapError>,
}

struct Shared<'a, 'w> {
    job: &'a JobParts<'a>,
    layout: &'a Layout,
    source: &'a Source,
    turn: Mutex<Turn<'w>>,
    changed: Condvar,
    /// Rows before each row group.
    before: Vec<u64>,
}

const BUFFER: usize = 1 << 20;

/// Remaps a Parquet table. The output is whole when this returns `Ok`.
pub fn run(job: Job<'_>) -> Result<Tally, RemapError> {
    let Job { name, output, input, out, folder, task } = job;
    let options = task.options;
    if options.on_error == OnError::Skip {
        return Err(RemapError::Options(
            "rows are set aside (--on-error skip-to) from delimited tables only; mend the dates of the Parquet table"
                .to_owned(),
        ));
    }
    let source = Source::new(input).map_err(RemapError::read(&name))?;
    let layout = guard(&name, || Layout::read(&name, &source, options))?;
    if options.combine && layout.lists.contains(&true) {
        return Err(RemapError::Options(
            "codes are combined over columns, not within a list (--combine)".to_owned(),
        ));
    }
    let job = JobParts { name, output, folder, task };
    if options.shape == Shape::Explode {
        return guard(&job.name, || super::explode::run(&job, &layout, &source, out));
    }
    let wrong = || RemapError::parquet(&job.name);
    let properties = Arc::new(layout.properties().build());
    let writer = SerializedFileWriter::new(
        BufWriter::with_capacity(BUFFER, out),
        Arc::clone(&layout.schema),
        properties,
    )
    .map_err(wrong())?;
    let mut before = Vec::new();
    let mut rows = 0u64;
    for group in layout.metadata().row_groups() {
        before.push(rows);
        rows += u64::try_from(group.num_rows()).unwrap_or(0);
    }
    let turn = Turn { next: 0, taken: 0, writer: Some(writer), failure: None };
    let shared = Shared {
        job: &job,
        layout: &layout,
        source: &source,
        turn: Mutex::new(turn),
        changed: Condvar::new(),
        before,
    };
    let mut tally = Tally { columns: layout.codes.len() as u64, ..Tally::default() };
    let threads = options.threads.clamp(1, layout.metadata().num_row_groups().max(1));
    for part in in_threads(threads, || work(&shared)) {
        tally.add(&part);
    }
    let turn = shared.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = turn.failure {
        return Err(failure);
    }
    if let Some(writer) = turn.writer {
        let mut buffered = writer.into_inner().map_err(wrong())?;
        buffered.flush().map_err(RemapError::write(&job.output))?;
    }
    Ok(tally)
}

fn lock<'s, 'w>(shared: &'s Shared<'_, 'w>) -> MutexGuard<'s, Turn<'w>> {
    shared.turn.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The work of a thread: row group after row group, until there is none, or until one failed.
fn work(shared: &Shared<'_, '_>) -> Tally {
    let mut lookup = Lookup::new(shared.job.task.book, None);
    let mut remapper = Remapper::new(&shared.layout.fields, &shared.job.folder);
    let mut tally = Tally::default();
    loop {
        let group = {
            let mut turn = lock(shared);
            if turn.failure.is_some() || turn.taken == shared.before.len() {
                break;
            }
            turn.taken += 1;
            turn.taken - 1
        };
        let made = guard(&shared.job.name, || make(shared, group, &mut remapper, &mut lookup, &mut tally));
        let mut turn = lock(shared);
        while turn.next != group && turn.failure.is_none() {
            turn = shared.changed.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        if turn.failure.is_some() {
            break;
        }
        let written =
            made.and_then(|chunks| guard(&shared.job.name, || write(shared, group, chunks, &mut turn)));
        let stopped = shared.job.task.watch.stopped();
        turn.next += 1;
        turn.failure = match written {
            Err(error) => Some(error),
            Ok(()) if stopped => Some(RemapError::Stopped { output: shared.job.output.clone().into() }),
            Ok(()) => None,
        };
        let failed = turn.failure.is_some();
        drop(turn);
        shared.changed.notify_all();
        if failed {
            break;
        }
        let metadata = shared.layout.metadata().row_group(group);
        let rows = u64::try_from(metadata.num_rows()).unwrap_or(0);
        tally.rows += rows;
        tally.rows_out += rows;
        shared.job.task.watch.advance(u64::try_from(metadata.compressed_size()).unwrap_or(0), rows);
    }
    lookup.count_into(&mut tally);
    tally
}

/// Makes the new columns of a row group.
fn make(
    shared: &Shared<'_, '_>,
    group: usize,
    remapper: &mut Remapper,
    lookup: &mut Lookup<'_>,
    tally: &mut Tally,
) -> Result<Vec<Vec<Chunk>>, RemapError> {
    let (job, layout) = (shared.job, shared.layout);
    let mut made: Vec<Vec<Chunk>> = (0..layout.codes.len()).map(|_| Vec::new()).collect();
    let mut slow = Vec::new();
    let texts = layout.fields.iter().all(|f| !matches!(f, Field::Count | Field::Alternatives));
    let quick = !job.task.options.combine && texts;
    let mut decoder = Decoder {
        file: &job.name,
        layout,
        calendar: job.task.calendar,
        format: job.task.options.date_format,
        combine: job.task.options.combine,
        lookup,
        tally,
        row: shared.before[group],
        contexts: Vec::new(),
    };
    decoder.read_contexts(shared.source, group)?;
    let contexts = match job.task.calendar.undated() {
        Some(context) if layout.date.is_none() => Contexts::All(context),
        _ => Contexts::Each(&decoder.contexts),
    };
    for (code, made) in made.iter_mut().enumerate() {
        let encoded = if quick && !layout.lists[code] {
            let which = (group, code);
            remapper.remap(&job.name, layout, shared.source, which, contexts, decoder.lookup)?
        } else {
            None
        };
        match encoded {
            Some(encoded) => *made = encoded.into_iter().map(Chunk::Encoded).collect(),
            None => slow.push(code),
        }
    }
    if !slow.is_empty() {
        let chunks = decoder.row_group(shared.source, group, &slow)?;
        for (code, chunks) in slow.into_iter().zip(chunks) {
            made[code] = chunks.into_iter().map(Chunk::Written).collect();
        }
    }
    Ok(made)
}

/// Writes a row group: old columns as they are, new ones in their places.
fn write(
    shared: &Shared<'_, '_>,
    group: usize,
    made: Vec<Vec<Chunk>>,
    turn: &mut Turn<'_>,
) -> Result<(), RemapError> {
    let wrong = || RemapError::parquet(&shared.job.name);
    let Some(writer) = &mut turn.writer else { return Ok(()) };
    let mut made: Vec<Vec<Option<Chunk>>> =
        made.into_iter().map(|chunks| chunks.into_iter().map(Some).collect()).collect();
    let mut row_group = writer.next_row_group().map_err(wrong())?;
    for column in &shared.layout.columns {
        match *column {
            Column::Old(leaf) => copy(shared, group, leaf, &mut row_group).map_err(wrong())?,
            Column::New(code, field) => match made[code][field].take() {
                Some(Chunk::Written(chunk)) => chunk.append_to_row_group(&mut row_group).map_err(wrong())?,
                Some(Chunk::Encoded(Encoded { body, close })) => match body {
                    Body::Held(bytes) => row_group.append_column(&bytes, close).map_err(wrong())?,
                    Body::Spooled(file) => row_group.append_column(&file, close).map_err(wrong())?,
                },
                None => {}
            },
        }
    }
    row_group.close().map_err(wrong())?;
    Ok(())
}

fn copy<W: Write + Send>(
    shared: &Shared<'_, '_>,
    group: usize,
    leaf: usize,
    out: &mut SerializedRowGroupWriter<'_, W>,
) -> Result<(), parquet::errors::ParquetError> {
    let metadata = shared.layout.metadata();
    let (row_group, indexes) = (metadata.row_group(group), metadata.page_index_for_row_group(group));
    let chunk = row_group.column(leaf).clone();
    let close = ColumnCloseResult {
        bytes_written: u64::try_from(chunk.compressed_size()).unwrap_or(0),
        rows_written: u64::try_from(row_group.num_rows()).unwrap_or(0),
        bloom_filter: Sbbf::read_from_column_chunk(&chunk, shared.source)?,
        column_index: indexes.column_index(leaf).cloned(),
        offset_index: indexes.offset_index(leaf).cloned(),
        metadata: chunk,
    };
    out.append_column(shared.source, close)
}
