//! What the jobs of a run are given, and the threads that do them.

use std::io::{Read, Write};

use crate::answer::AnswerBook;
use crate::csv::Sink;
use crate::date::Calendar;
use crate::options::Options;
use crate::output::Watch;

/// What all files of a run have in common.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// What is asked for.
    pub options: &'a Options,
    /// Which context answers when.
    pub calendar: &'a Calendar,
    /// The answers.
    pub book: &'a AnswerBook<'a>,
    /// Who is told of progress.
    pub watch: &'a dyn Watch,
}

/// A text to remap, and where it goes.
pub struct Text<'a> {
    /// What errors call it.
    pub name: String,
    /// What errors call the output.
    pub output: String,
    /// Its bytes, already unpacked.
    pub input: Box<dyn Read + Send>,
    /// Where the output goes.
    pub sink: Sink<'a>,
    /// Where rows or lines go that cannot be used.
    pub aside: Option<Box<dyn Write + Send + 'a>>,
}

/// Does the same work in several threads, which share what they are to do; gives what each of them made.
pub(crate) fn in_threads<T: Send>(threads: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    if threads <= 1 {
        return vec![work()];
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        running.into_iter().map(|thread| thread.join().expect("a worker does not panic")).collect()
    })
}
