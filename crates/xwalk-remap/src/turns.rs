//! Parts of an input that threads work on at once: they are written in order, and the first that fails ends the run.

use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::csv::Sink;
use crate::error::RemapError;
use crate::output::Watch;

/// Whose turn it is, and what is known of the parts written so far.
pub(crate) struct Turns<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
    sink: Sink<'a>,
    /// What errors call the output.
    output: String,
    watch: &'a dyn Watch,
}

struct State<'a> {
    next: u64,
    /// Bytes written.
    offset: u64,
    /// Up to where room was asked for in the file.
    reserved: u64,
    /// Lines read.
    lines: u64,
    aside: Option<Box<dyn Write + Send + 'a>>,
    failure: Option<RemapError>,
}

/// What was made of a part.
#[derive(Clone, Copy)]
pub(crate) struct Part<'w> {
    /// Its place among the parts, from 0.
    pub(crate) number: u64,
    /// What is written.
    pub(crate) bytes: &'w [u8],
    /// What is set aside.
    pub(crate) aside: &'w [u8],
    /// Number of its lines.
    pub(crate) lines: u64,
}

const ASIDE: &str = "the rows set aside";

impl<'a> Turns<'a> {
    /// Turns behind what was written already: so many bytes, from so many lines.
    pub(crate) fn new(
        sink: Sink<'a>,
        aside: Option<Box<dyn Write + Send + 'a>>,
        output: String,
        watch: &'a dyn Watch,
        (offset, lines): (u64, u64),
    ) -> Self {
        let state = State { next: 0, offset, reserved: 0, lines, aside, failure: None };
        Self { state: Mutex::new(state), changed: Condvar::new(), sink, output, watch }
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until all parts before `number` are written. `None` where the run has failed.
    fn turn(&self, number: u64) -> Option<MutexGuard<'_, State<'a>>> {
        let mut state = self.lock();
        while state.next != number && state.failure.is_none() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.failure.is_none().then_some(state)
    }

    /// Ends the run with what went wrong in a part, unless one before it failed. The error is told the number of lines
    /// before the part.
    pub(crate) fn fail(&self, number: u64, error: impl FnOnce(u64) -> RemapError) {
        if let Some(mut state) = self.turn(number) {
            state.failure = Some(error(state.lines));
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Writes a part in its place. Gives the number of lines before it; `None` where the run is over.
    pub(crate) fn write(&self, part: Part<'_>) -> Option<u64> {
        let mut state = self.turn(part.number)?;
        let (offset, before) = (state.offset, state.lines);
        state.offset += part.bytes.len() as u64;
        state.lines += part.lines;
        // A small output needs no room made for it.
        if state.next > 0 {
            state.reserved = self.sink.reserve(state.offset, state.reserved);
        }
        let mut failure = None;
        if !part.aside.is_empty()
            && let Some(aside) = &mut state.aside
        {
            failure = aside.write_all(part.aside).err().map(RemapError::write(ASIDE));
        }
        let in_order = self.sink.in_order();
        if in_order && failure.is_none() {
            failure = self.sink.write(part.bytes, offset).err().map(RemapError::write(&self.output));
        }
        if failure.is_none() && self.watch.stopped() {
            failure = Some(RemapError::Stopped { output: self.output.clone().into() });
        }
        state.next += 1;
        let failed = failure.is_some();
        state.failure = failure;
        drop(state);
        self.changed.notify_all();
        if failed {
            return None;
        }
        // Where the place is known, the next part need not wait for the bytes of this one.
        if !in_order && let Err(error) = self.sink.write(part.bytes, offset) {
            self.lock().failure.get_or_insert(RemapError::write(&self.output)(error));
            self.changed.notify_all();
            return None;
        }
        Some(before)
    }

    /// Ends the run: what failed, or the last bytes.
    pub(crate) fn finish(self) -> Result<(), RemapError> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = state.failure {
            return Err(failure);
        }
        if let Some(aside) = &mut state.aside {
            aside.flush().map_err(RemapError::write(ASIDE))?;
        }
        if state.reserved > 0 {
            self.sink.cut(state.offset).map_err(RemapError::write(&self.output))?;
        }
        self.sink.flush().map_err(RemapError::write(&self.output))
    }
}
