//! Drives a delimited table through its threads: chunks are read in turn, worked on at once, and written in order.

use std::io::IoSlice;
use std::sync::{Mutex, PoisonError};

use super::cells::Cells;
use super::header::{self, Layout};
use super::reader::ChunkReader;
use super::rows::{Output, Worker};
use super::scan::Ends;
use crate::error::RemapError;
use crate::job::{Task, Text, in_threads};
use crate::options::{Dialect, Shape};
use crate::tally::Tally;
use crate::turns::{Part, Turns};

/// A delimited table to remap. The header goes before rows that are set aside, too.
pub struct Job<'a> {
    /// The table.
    pub text: Text<'a>,
    /// How it is written.
    pub dialect: Dialect,
    /// What is to be done.
    pub task: Task<'a>,
}

/// What threads share.
struct Shared<'a> {
    reader: Mutex<ChunkReader>,
    turns: Turns<'a, Output>,
    layout: Layout,
    /// What errors call the table.
    name: String,
    task: Task<'a>,
}

/// Remaps a delimited table. The output is whole when this returns `Ok`.
pub fn run(job: Job<'_>) -> Result<Tally, RemapError> {
    let Job { text: Text { name, output, input, sink, mut aside }, dialect, task } = job;
    let Task { options, watch, .. } = task;
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
    sink.write(&mut [IoSlice::new(&header)]).map_err(RemapError::write(&output))?;
    watch.advance(taken, 0);
    // Row ids count on from the row before, which only one thread knows.
    let threads = if options.shape == Shape::Explode { 1 } else { options.threads.max(1) };
    let written = (header.len() as u64, lines);
    let shared = Shared {
        reader: Mutex::new(reader),
        turns: Turns::new(sink, aside, output, watch, written),
        layout: head.layout,
        name,
        task,
    };
    let mut tally = Tally { columns: shared.layout.codes.len() as u64, ..Tally::default() };
    drop(buffer);
    for part in in_threads(threads, || work(&shared)) {
        tally.add(&part);
    }
    tally.first_ragged = shared.turns.finish()?;
    Ok(tally)
}

/// The work of a thread: chunk after chunk, until there is none, or until one failed.
fn work(shared: &Shared<'_>) -> Tally {
    let (layout, task) = (&shared.layout, &shared.task);
    let mut buffer = Vec::new();
    let mut worker = Worker {
        cells: Cells::new(task.book, layout.dialect, &layout.fields),
        layout,
        calendar: task.calendar,
        format: task.options.date_format,
        on_error: task.options.on_error,
        ragged: task.options.ragged,
        combine: task.options.combine,
        ends: Ends::default(),
        out: Output::default(),
        aside: Vec::new(),
        tally: Tally::default(),
        rows_before: 0,
        scratch: super::general::Scratch::default(),
    };
    loop {
        let next = shared.reader.lock().unwrap_or_else(PoisonError::into_inner).next(&mut buffer);
        let chunk = match next {
            Ok(None) => break,
            Ok(Some(chunk)) => chunk,
            Err((number, failure)) => {
                shared.turns.fail(number, |lines| failure.at(&shared.name, lines));
                break;
            }
        };
        let rows = worker.tally.rows;
        let lines = match worker.process(&buffer, chunk.len) {
            Ok(lines) => lines,
            Err(failure) => {
                shared.turns.fail(chunk.number, |lines| failure.at(&shared.name, lines));
                break;
            }
        };
        if chunk.unterminated {
            // The line feed was ours.
            if worker.out.as_ref().ends_with(b"\n") {
                worker.out.pop();
            }
        }
        let part = Part {
            number: chunk.number,
            bytes: std::mem::take(&mut worker.out),
            aside: std::mem::take(&mut worker.aside),
            lines,
            first_ragged: worker.tally.first_ragged.take(),
        };
        let Some(room) = shared.turns.write(part) else { break };
        worker.out = room;
        task.watch.advance(chunk.len as u64, worker.tally.rows - rows);
    }
    worker.cells.settle();
    worker.cells.lookup.count_into(&mut worker.tally);
    worker.tally
}
