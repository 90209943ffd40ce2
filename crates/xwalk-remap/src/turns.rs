//! Parts of an input that threads work on at once: they are written in order, and the first that fails ends the run.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::blocks::{Blocks, WAITING};
use crate::csv::Sink;
use crate::error::RemapError;
use crate::output::Watch;

/// What is known of the parts so far. A part is handed over, and whoever finds nobody writing writes all that follow in
/// order; so nobody waits for another part, but where too many lie there.
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
    /// What waits until a block is full; `None` while somebody writes, who has it.
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

impl<B> State<'_, B> {
    /// Keeps room for another part, if there is not enough for all that can be on their way.
    fn give_back(&mut self, room: B) {
        if self.spare.len() < PARKED + WAITING {
            self.spare.push(room);
        }
    }
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
        let state = State {
            next: 0,
            parked: BTreeMap::new(),
            blocks: Some(Blocks::new(sink.block(), offset)),
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
            let written = self.sink.write(&mut blocks.slices(full));
            state = self.lock();
            state.reserved = reserved;
            blocks.written(full, |room| state.give_back(room));
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
            if part.bytes.as_ref().is_empty() {
                state.give_back(part.bytes);
            } else {
                blocks.add(part.bytes);
            }
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
        let blocks = state.blocks.expect("nobody writes any more");
        let held = blocks.held();
        let mut written = self.sink.write(&mut blocks.slices(held));
        if state.reserved > 0 {
            written = written.and_then(|()| self.sink.cut(blocks.offset() + held));
        }
        written.and_then(|()| self.sink.flush()).map_err(RemapError::write(&self.output))?;
        Ok(state.first_ragged)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    use super::*;
    use crate::toy::{Kept, Nobody};

    /// How often room was made.
    static MADE: AtomicUsize = AtomicUsize::new(0);

    /// Held by the test that makes room, so that only its own is counted.
    static COUNTING: Mutex<()> = Mutex::new(());

    struct Room(Vec<u8>);

    impl Default for Room {
        fn default() -> Self {
            MADE.fetch_add(1, Ordering::Relaxed);
            Self(Vec::new())
        }
    }

    impl AsRef<[u8]> for Room {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    fn bytes(number: u64) -> Vec<u8> {
        let long = if number.is_multiple_of(7) { 40_000 } else { 900 };
        let len = if (200..1000).contains(&number) { 0 } else { number * 7919 % long };
        (0..len).map(|i| (number + i) as u8).collect()
    }

    fn hand_over<'a>(sink: Sink<'a>, aside: &'a Kept, parts: u64) -> Result<Option<u64>, RemapError> {
        let turns = Turns::new(sink, Some(Box::new(aside)), "out".into(), &Nobody, (0, 10));
        let next = AtomicU64::new(0);
        let work = || {
            let mut room = Room::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= parts {
                    return;
                }
                room.0.clear();
                room.0.extend(bytes(number));
                let part = Part {
                    number,
                    bytes: std::mem::take(&mut room),
                    aside: number.to_le_bytes().to_vec(),
                    lines: 2,
                    first_ragged: (number > 5).then_some(1),
                };
                match turns.write(part) {
                    Some(other) => room = other,
                    None => return,
                }
            }
        };
        crate::job::in_threads(3, work);
        turns.finish()
    }

    #[test]
    fn parts_come_in_order_and_their_room_is_used_again() {
        const PARTS: u64 = 1500;
        let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
        let expected: Vec<u8> = (0..PARTS).flat_map(bytes).collect();
        for of_file in [true, false] {
            let (mut file, stream, aside) = (tempfile::tempfile().unwrap(), Kept::default(), Kept::default());
            MADE.store(0, Ordering::Relaxed);
            let sink = if of_file { Sink::File(&file) } else { Sink::stream(&stream) };
            assert_eq!(hand_over(sink, &aside, PARTS).unwrap(), Some(10 + 2 * 6 + 1));
            let mut written = stream.0.into_inner().unwrap();
            file.rewind().unwrap();
            file.read_to_end(&mut written).unwrap();
            assert!(written == expected, "{of_file}");
            let numbers: Vec<u8> = (0..PARTS).flat_map(u64::to_le_bytes).collect();
            assert!(aside.0.into_inner().unwrap() == numbers);
            // Each hand-over takes the room away, and a new one is made in its place for a moment.
            let made = MADE.load(Ordering::Relaxed) - PARTS as usize;
            assert!(made < PARTS as usize / 10, "{made}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_ends_the_run() {
        let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
        let place = tempfile::NamedTempFile::new().unwrap();
        let file = fs_err::File::open(place.path()).unwrap();
        let failed = hand_over(Sink::File(file.file()), &Kept::default(), 300).unwrap_err();
        assert!(failed.to_string().contains("out"), "{failed}");
    }
}
