//! Drives a delimited table through its threads: chunks are read in turn, worked on at once, and written in order.

use std::io::{Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::cells::Cells;
use super::header::{self, Layout};
use super::reader::{Chunk, ChunkReader, Failure};
use super::rows::{Output, Worker};
use super::scan::Ends;
use super::sink::Sink;
use crate::answer::AnswerBook;
use crate::date::Calendar;
use crate::error::RemapError;
use crate::options::{Dialect, Options, Shape};
use crate::output::Watch;
use crate::tally::Tally;

/// A delimited table to remap.
pub struct Job<'a> {
    /// What errors call it.
    pub name: String,
    /// What errors call the output.
    pub output: String,
    /// Its bytes, already unpacked.
    pub input: Box<dyn Read + Send>,
    /// Where the output goes.
    pub sink: Sink<'a>,
    /// Where rows go that cannot be used; the header goes before them.
    pub aside: Option<Box<dyn Write + Send + 'a>>,
    /// How it is written.
    pub dialect: Dialect,
    /// What is asked for.
    pub options: &'a Options,
    /// Which context answers when.
    pub calendar: &'a Calendar,
    /// The answers.
    pub book: &'a AnswerBook<'a>,
    /// Who is told of progress.
    pub watch: &'a dyn Watch,
}

/// What is known of the chunks written so far.
struct Turn<'a> {
    next: u64,
    offset: u64,
    /// Up to where there is room in the file.
    reserved: u64,
    lines: u64,
    aside: Option<Box<dyn Write + Send + 'a>>,
    failure: Option<RemapError>,
}

struct Shared<'a> {
    reader: Mutex<ChunkReader>,
    turn: Mutex<Turn<'a>>,
    changed: Condvar,
    layout: Layout,
    job: JobParts<'a>,
}

/// The parts of a job that threads look at.
struct JobParts<'a> {
    name: String,
    output: String,
    sink: Sink<'a>,
    options: &'a Options,
    calendar: &'a Calendar,
    book: &'a AnswerBook<'a>,
    watch: &'a dyn Watch,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remaps a delimited table. The output is whole when this returns `Ok`.
pub fn run(job: Job<'_>) -> Result<Tally, RemapError> {
    let Job { name, output, input, sink, mut aside, dialect, options, calendar, book, watch } = job;
    let mut reader = ChunkReader::new(input, dialect);
    let mut buffer = Vec::new();
    let first = reader.next(&mut buffer).map_err(|(_, failure)| failure.at(&name, 0))?;
    let Some(first) = first else { return Err(RemapError::Empty { file: name }) };
    let head = header::read(&name, &buffer, first.len, dialect, options)?;
    let mut header = head.out;
    let mut rest = &buffer[head.taken..first.len];
    if first.unterminated {
        if rest.is_empty() && header.ends_with(b"\n") {
            header.pop();
        } else {
            rest = &rest[..rest.len().saturating_sub(1)];
        }
    }
    let lines = memchr::memchr_iter(b'\n', &buffer[..head.taken]).count() as u64;
    if let Some(aside) = &mut aside
        && dialect.header
    {
        aside.write_all(&buffer[..head.taken]).map_err(RemapError::write("the rows set aside"))?;
    }
    let taken = head.taken as u64;
    reader.give_back(rest);
    sink.write(&header, 0).map_err(RemapError::write(&output))?;
    watch.advance(taken, 0);
    // Row ids count on from the row before, which only one thread knows.
    let threads = if options.shape == Shape::Explode { 1 } else { options.threads.max(1) };
    let turn = Turn { next: 0, offset: header.len() as u64, reserved: 0, lines, aside, failure: None };
    let shared = Shared {
        reader: Mutex::new(reader),
        turn: Mutex::new(turn),
        changed: Condvar::new(),
        layout: head.layout,
        job: JobParts { name, output, sink, options, calendar, book, watch },
    };
    let mut tally = Tally { columns: shared.layout.codes.len() as u64, ..Tally::default() };
    if threads == 1 {
        tally.add(&work(&shared, buffer));
    } else {
        drop(buffer);
        let parts: Vec<Tally> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(&shared, Vec::new()))).collect();
            running.into_iter().map(|thread| thread.join().expect("a worker does not panic")).collect()
        });
        for part in &parts {
            tally.add(part);
        }
    }
    let Shared { turn, job, .. } = shared;
    let mut turn = turn.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = turn.failure {
        return Err(failure);
    }
    if let Some(aside) = &mut turn.aside {
        aside.flush().map_err(RemapError::write("the rows set aside"))?;
    }
    if turn.reserved > 0 {
        job.sink.cut(turn.offset).map_err(RemapError::write(&job.output))?;
    }
    job.sink.flush().map_err(RemapError::write(&job.output))?;
    Ok(tally)
}

/// The work of a thread: chunk after chunk, until there is none, or until one failed.
fn work(shared: &Shared<'_>, mut buffer: Vec<u8>) -> Tally {
    let (job, layout) = (&shared.job, &shared.layout);
    let mut worker = Worker {
        cells: Cells::new(job.book, layout.dialect, &layout.fields),
        layout,
        calendar: job.calendar,
        format: job.options.date_format,
        on_error: job.options.on_error,
        ragged: job.options.ragged,
        combine: job.options.combine,
        ends: Ends::default(),
        out: Output::default(),
        aside: Vec::new(),
        tally: Tally::default(),
        rows_before: 0,
        scratch: super::general::Scratch::default(),
    };
    loop {
        let next = lock(&shared.reader).next(&mut buffer);
        let chunk = match next {
            Ok(None) => break,
            Ok(Some(chunk)) => chunk,
            Err((number, failure)) => {
                fail(shared, number, failure);
                break;
            }
        };
        let rows = worker.tally.rows;
        let first_ragged = worker.tally.first_ragged.take();
        let lines = match worker.process(&buffer, chunk.len) {
            Ok(lines) => lines,
            Err(failure) => {
                fail(shared, chunk.number, failure);
                break;
            }
        };
        if chunk.unterminated {
            // The line feed was ours.
            if worker.out.bytes().ends_with(b"\n") {
                worker.out.pop();
            }
        }
        let first_here = worker.tally.first_ragged.take();
        let Some(before) = write(shared, &mut worker, chunk, lines) else { break };
        worker.tally.first_ragged = first_ragged.or(first_here.map(|line| line + before));
        if let (Some(a), Some(b)) = (first_ragged, first_here) {
            worker.tally.first_ragged = Some(a.min(b + before));
        }
        job.watch.advance(chunk.len as u64, worker.tally.rows - rows);
    }
    worker.cells.settle();
    worker.cells.lookup.count_into(&mut worker.tally);
    worker.tally
}

/// Waits until all chunks before `number` are written. `None` where the run has failed.
fn turn<'s, 'a>(shared: &'s Shared<'a>, number: u64) -> Option<MutexGuard<'s, Turn<'a>>> {
    let mut turn = lock(&shared.turn);
    while turn.next != number && turn.failure.is_none() {
        turn = shared.changed.wait(turn).unwrap_or_else(PoisonError::into_inner);
    }
    turn.failure.is_none().then_some(turn)
}

fn fail(shared: &Shared<'_>, number: u64, failure: Failure) {
    if let Some(mut turn) = turn(shared, number) {
        turn.failure = Some(failure.at(&shared.job.name, turn.lines));
        drop(turn);
        shared.changed.notify_all();
    }
}

/// Writes what a worker made of a chunk, in its place. Gives the number of lines before the chunk.
fn write(shared: &Shared<'_>, worker: &mut Worker<'_>, chunk: Chunk, lines: u64) -> Option<u64> {
    let job = &shared.job;
    let mut turn = turn(shared, chunk.number)?;
    let (offset, before) = (turn.offset, turn.lines);
    turn.offset += worker.out.bytes().len() as u64;
    // A small output needs none.
    if turn.next > 0 {
        turn.reserved = job.sink.reserve(turn.offset, turn.reserved);
    }
    turn.lines += lines;
    let mut failure = None;
    if !worker.aside.is_empty()
        && let Some(aside) = &mut turn.aside
    {
        failure = aside.write_all(&worker.aside).err().map(RemapError::write("the rows set aside"));
    }
    let in_order = job.sink.in_order();
    if in_order && failure.is_none() {
        failure = job.sink.write(worker.out.bytes(), offset).err().map(RemapError::write(&job.output));
    }
    if failure.is_none() && job.watch.stopped() {
        failure = Some(RemapError::Stopped { output: job.output.clone().into() });
    }
    turn.next += 1;
    let failed = failure.is_some();
    turn.failure = failure;
    drop(turn);
    shared.changed.notify_all();
    if failed {
        return None;
    }
    if !in_order && let Err(error) = job.sink.write(worker.out.bytes(), offset) {
        lock(&shared.turn).failure.get_or_insert(RemapError::write(&job.output)(error));
        shared.changed.notify_all();
        return None;
    }
    Some(before)
}
