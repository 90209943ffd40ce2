//! Parts of an input that threads work on at once: they are written in order, and the first that fails ends the run.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::blocks::{BLOCK, Blocks};
use crate::csv::Sink;
use crate::error::RemapError;
use crate::output::Watch;

/// What is known of the parts so far. A part is handed over, and whoever finds nobody writing writes all that follow in
/// order; so nobody waits for a part that is being written, or is not made yet.
pub(crate) struct Turns<'a, B> {
    state: Mutex<State<'a, B>>,
    changed: Condvar,
    sink: Sink<'a>,
    /// What errors call the output.
    output: String,
    watch: &'a dyn Watch,
}

struct State<'a, B> {
    /// The part that is written next.
    next: u64,
    /// Parts that were handed over.
    parked: BTreeMap<u64, Part<B>>,
    /// Whether somebody writes, who has the blocks then.
    blocks: Option<Blocks<B>>,
    /// Room for parts.
    spare: Vec<B>,
    /// How many wait for a change.
    waiting: usize,
    /// Up to where room was asked for in the file.
    reserved: u64,
    /// Lines read.
    lines: u64,
    first_ragged: Option<u64>,
    aside: Option<Box<dyn Write + Send + 'a>>,
    failure: Option<RemapError>,
}

/// What was made of a part.
pub(crate) struct Part<B> {
    /// Its place among the parts, from 0.
    pub(crate) number: u64,
    /// What is written.
    pub(crate) bytes: B,
    /// What is set aside.
    pub(crate) aside: Vec<u8>,
    /// Number of its lines.
    pub(crate) lines: u64,
    /// Which of them has not the usual number of fields first, from 1.
    pub(crate) first_ragged: Option<u64>,
}

const ASIDE: &str = "the rows set aside";

/// Parts that are handed over before their turn: enough that threads need not wait, little enough to be held.
const PARKED: usize = 4;

impl<'a, B: AsRef<[u8]> + Default> Turns<'a, B> {
    /// Turns behind what was written already: so many bytes, from so many lines.
    pub(crate) fn new(
        sink: Sink<'a>,
        aside: Option<Box<dyn Write + Send + 'a>>,
        output: String,
        watch: &'a dyn Watch,
        (offset, lines): (u64, u64),
    ) -> Self {
        let block = if sink.in_order() { 1 } else { BLOCK };
        let state = State {
            next: 0,
            parked: BTreeMap::new(),
            blocks: Some(Blocks::new(block, offset)),
            spare: Vec::new(),
            waiting: 0,
            reserved: 0,
            lines,
            first_ragged: None,
            aside,
            failure: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), sink, output, watch }
    }

    fn lock(&self) -> MutexGuard<'_, State<'a, B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is the turn of `number`, or `or` holds. `None` where the run has failed.
    fn turn(&self, number: u64, or: impl Fn(&State<'a, B>) -> bool) -> Option<MutexGuard<'_, State<'a, B>>> {
        let mut state = self.lock();
        while state.next != number && state.failure.is_none() && !or(&state) {
            state.waiting += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state.failure.is_none().then_some(state)
    }

    /// Lets go of the state, and tells of its change those who wait.
    fn tell(&self, state: MutexGuard<'_, State<'a, B>>) {
        let waiting = state.waiting > 0;
        drop(state);
        if waiting {
            self.changed.notify_all();
        }
    }

    /// Ends the run with what went wrong in a part, unless one before it failed. The error is told the number of lines
    /// before the part.
    pub(crate) fn fail(&self, number: u64, error: impl FnOnce(u64) -> RemapError) {
        if let Some(mut state) = self.turn(number, |_| false) {
            state.failure = Some(error(state.lines));
            self.tell(state);
        }
    }

    /// Hands a part over, which is written in its place. Gives room for another one; `None` where the run is over.
    pub(crate) fn write(&self, part: Part<B>) -> Option<B> {
        let mut state = self.turn(part.number, |state| state.parked.len() < PARKED)?;
        state.parked.insert(part.number, part);
        while let Some(mut blocks) = state.blocks.take() {
            self.take(&mut state, &mut blocks);
            let full = if state.failure.is_some() { 0 } else { blocks.full() };
            if full == 0 {
                state.blocks = Some(blocks);
                break;
            }
            let end = blocks.offset() + full;
            let reserved = state.reserved;
            self.tell(state);
            let reserved = self.sink.reserve(end, reserved);
            let written = self.sink.write(&mut blocks.slices(full), blocks.offset());
            state = self.lock();
            state.reserved = reserved;
            blocks.written(full, |room| state.spare.push(room));
            state.blocks = Some(blocks);
            if let Err(error) = written {
                state.failure.get_or_insert(RemapError::write(&self.output)(error));
            }
        }
        let room = state.failure.is_none().then(|| state.spare.pop().unwrap_or_default());
        self.tell(state);
        room
    }

    /// Takes the parts whose turn has come, in order.
    fn take(&self, state: &mut State<'a, B>, blocks: &mut Blocks<B>) {
        while state.failure.is_none()
            && let Some(part) = state.parked.remove(&state.next)
        {
            state.next += 1;
            if let (None, Some(line)) = (state.first_ragged, part.first_ragged) {
                state.first_ragged = Some(state.lines + line);
            }
            state.lines += part.lines;
            blocks.add(part.bytes);
            if !part.aside.is_empty()
                && let Some(aside) = &mut state.aside
            {
                state.failure = aside.write_all(&part.aside).err().map(RemapError::write(ASIDE));
            }
            if state.failure.is_none() && self.watch.stopped() {
                state.failure = Some(RemapError::Stopped { output: self.output.clone().into() });
            }
        }
    }

    /// Ends the run: what failed, or the last bytes. Gives the first line that has not the usual number of fields.
    pub(crate) fn finish(self) -> Result<Option<u64>, RemapError> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = state.failure {
            return Err(failure);
        }
        if let Some(aside) = &mut state.aside {
            aside.flush().map_err(RemapError::write(ASIDE))?;
        }
        if let Some(blocks) = state.blocks {
            let (held, offset) = (blocks.held(), blocks.offset());
            let mut written = self.sink.write(&mut blocks.slices(held), offset);
            if state.reserved > 0 {
                written = written.and_then(|()| self.sink.cut(offset + held));
            }
            written.and_then(|()| self.sink.flush()).map_err(RemapError::write(&self.output))?;
        }
        Ok(state.first_ragged)
    }
}
