//! Drives a file of resources through its threads: chunks are read in turn, worked on at once, and written in order.

use std::sync::{Mutex, PoisonError};

use xwalk_model::{CodeSystem, EditionId};

use super::lines::{Places, Worker};
use super::path::Path;
use super::reader::LineReader;
use super::render::Target;
use super::scan::{Scanner, Wanted};
use crate::columns;
use crate::error::RemapError;
use crate::job::{Task, Text, in_threads};
use crate::lookup::Lookup;
use crate::options::{Options, Shape};
use crate::tally::Tally;
use crate::turns::{Part, Turns};

/// A file of resources to remap, one on each line. Columns and the date column are places in a resource.
pub struct Job<'a> {
    /// The file.
    pub text: Text<'a>,
    /// The systems whose Codings are remapped. With several, the contexts are those of [`crate::Routes::by_system`].
    pub systems: &'a [CodeSystem],
    /// The edition that codes are carried to.
    pub to: &'a EditionId,
    /// What is to be done.
    pub task: Task<'a>,
}

struct Shared<'a> {
    reader: Mutex<LineReader>,
    turns: Turns<'a, Vec<u8>>,
    wanted: Wanted,
    target: Target,
    labels: Vec<String>,
    /// What errors call the input.
    name: String,
    systems: usize,
    task: Task<'a>,
}

/// What is wanted of each line; an error where it cannot be had of resources.
fn wanted(systems: &[CodeSystem], to: &EditionId, options: &Options) -> Result<Wanted, RemapError> {
    let refused = |text: &str| Err(RemapError::Options(text.to_owned()));
    if options.shape == Shape::Explode {
        return refused(
            "a resource is one statement, and its copies would be several with the same id: --shape explode is for \
             tables; with --policy all the alternatives stand in the extension of the Coding",
        );
    }
    if options.combine {
        return refused(
            "codes are combined within the row of a table; the Codings of a resource stand apart (--combine)",
        );
    }
    if options.columns.len() > 64 {
        return refused("not more than 64 places are looked at");
    }
    let columns = options.columns.iter().map(|column| Path::parse(&column.0)).collect::<Result<_, _>>()?;
    let date = options.date_column.as_ref().map(|column| Path::parse(&column.0)).transpose()?;
    let numbered = systems.iter().enumerate();
    let systems = numbered.flat_map(|(i, system)| system.uris().iter().map(move |uri| (*uri, i))).collect();
    let version = to.version.as_str().to_owned();
    Ok(Wanted { systems, targets: to.system.uris(), version, columns, date })
}

/// Says which of the places asked for no line of any file had, with the nearest that it could be.
pub fn check_places(options: &Options, places: &Places) -> Result<(), RemapError> {
    let elsewhere: Vec<String> = places.elsewhere.iter().cloned().collect();
    for (i, column) in options.columns.iter().enumerate() {
        if places.columns & (1 << i) == 0 {
            let what = "a Coding of the source system".to_owned();
            let near = columns::nearest(&column.0, &elsewhere).or_else(|| elsewhere.first().cloned());
            return Err(RemapError::NoPlace { what, place: column.0.clone(), near });
        }
    }
    match &options.date_column {
        Some(column) if !places.dated => {
            let (what, place) = ("a date".to_owned(), column.0.clone());
            Err(RemapError::NoPlace { what, place, near: None })
        }
        _ => Ok(()),
    }
}

/// Remaps a file of resources. The output is whole when this returns `Ok`.
pub fn run(job: Job<'_>) -> Result<(Tally, Places), RemapError> {
    let Job { text: Text { name, output, input, sink, aside }, systems, to, task } = job;
    let wanted = wanted(systems, to, task.options)?;
    let target = Target { system: to.system.uris()[0], version: to.version.as_str().to_owned() };
    let shared = Shared {
        reader: Mutex::new(LineReader::new(input)),
        turns: Turns::new(sink, aside, output, task.watch, (0, 0)),
        wanted,
        target,
        labels: task.book.resolver().contexts().iter().map(|c| c.label.clone()).collect(),
        name,
        systems: systems.len(),
        task,
    };
    let (mut tally, mut places) = (Tally::default(), Places::default());
    for (part, found) in in_threads(task.options.threads, || work(&shared)) {
        tally.add(&part);
        places.add(&found);
    }
    shared.turns.finish()?;
    Ok((tally, places))
}

/// The work of a thread: chunk after chunk, until there is none, or until one failed.
fn work(shared: &Shared<'_>) -> (Tally, Places) {
    let task = &shared.task;
    let mut buffer = Vec::new();
    let mut worker = Worker {
        lookup: Lookup::new(task.book, None),
        wanted: &shared.wanted,
        target: &shared.target,
        calendar: task.calendar,
        options: task.options,
        contexts: (shared.labels.len() / shared.systems.max(1)) as u16,
        labels: &shared.labels,
        rendered: Vec::new(),
        scanner: Scanner::default(),
        splices: Vec::new(),
        numbers: Vec::new(),
        out: Vec::new(),
        aside: Vec::new(),
        tally: Tally::default(),
        places: Places::default(),
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
        let lines = match worker.process(&buffer[..chunk.len], chunk.number == 0) {
            Ok(lines) => lines,
            Err(failure) => {
                shared.turns.fail(chunk.number, |lines| failure.at(&shared.name, lines));
                break;
            }
        };
        let (bytes, aside) = (std::mem::take(&mut worker.out), std::mem::take(&mut worker.aside));
        let part = Part { number: chunk.number, bytes, aside, lines, first_ragged: None };
        let Some(room) = shared.turns.write(part) else { break };
        worker.out = room;
        task.watch.advance(chunk.len as u64, worker.tally.rows - rows);
    }
    worker.lookup.count_into(&mut worker.tally);
    (worker.tally, worker.places)
}
