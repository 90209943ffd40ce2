//! Chunks of whole records, whatever their quotes hold, in bounded memory.

use std::io::Read;

use super::scan::Splitter;
use crate::error::RemapError;
use crate::options::Dialect;

/// Bytes that are read at once.
pub(crate) const CHUNK: usize = 128 << 10;
/// A record longer than this is not one: a quote stays open, or the file is no table.
pub(crate) const MAX_RECORD: usize = 16 << 20;
/// Bytes behind the last record of a chunk, so that whole words and blocks can be loaded.
pub(crate) const SLACK: usize = 64;

/// A chunk of whole records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk {
    /// Its place in the file, from 0.
    pub(crate) number: u64,
    /// Number of its bytes in the buffer.
    pub(crate) len: usize,
    /// Whether the line feed at its end was added here.
    pub(crate) unterminated: bool,
}

/// Why there is no further chunk. Lines are counted from the start of the chunk that fails.
#[derive(Debug)]
pub(crate) enum Failure {
    Read(std::io::Error),
    OpenQuote { line: u64, column: u64 },
    LongRecord,
    BadRow { line: u64, column: u64, problem: String },
}

impl Failure {
    /// The error, once the number of lines before the chunk is known.
    pub(crate) fn at(self, file: &str, lines: u64) -> RemapError {
        let file = file.to_owned();
        match self {
            Self::Read(source) => RemapError::Io { doing: "read", name: file, source },
            Self::OpenQuote { line, column } => RemapError::OpenQuote { file, line: lines + line, column },
            Self::LongRecord => RemapError::LongRecord { file, line: lines + 1, limit: MAX_RECORD },
            Self::BadRow { line, column, problem } => {
                let hint = "mend it, or pass --on-error skip-to=FILE to set such rows aside";
                RemapError::BadRow { file, line: lines + line, column, problem: format!("{problem}; {hint}") }
            }
        }
    }
}

/// Line and byte column of a position, both from 1.
pub(crate) fn position(bytes: &[u8], at: usize) -> (u64, u64) {
    let before = &bytes[..at];
    let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
    let column = at - memchr::memrchr(b'\n', before).map_or(0, |feed| feed + 1) + 1;
    (line, column as u64)
}

/// Cuts an input into chunks.
pub(crate) struct ChunkReader {
    input: Box<dyn Read + Send>,
    carry: Vec<u8>,
    splitter: Splitter,
    next: u64,
    ended: bool,
}

impl ChunkReader {
    pub(crate) fn new(input: Box<dyn Read + Send>, dialect: Dialect) -> Self {
        Self { input, carry: Vec::new(), splitter: Splitter::new(dialect), next: 0, ended: false }
    }

    /// Gives records back that were taken from the front, as if they had not been read.
    pub(crate) fn give_back(&mut self, records: &[u8]) {
        self.splitter.opened += records.len();
        self.carry.splice(0..0, records.iter().copied());
        self.next = 0;
    }

    /// Reads the next chunk into `buffer`, which is never made smaller. `Ok(None)` at the end. The number of the chunk
    /// that fails goes with a failure.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Chunk>, (u64, Failure)> {
        let number = self.next;
        self.next += 1;
        let mut filled = self.carry.len();
        let mut goal = CHUNK.max(filled + CHUNK / 2);
        grow(buffer, goal);
        buffer[..filled].copy_from_slice(&self.carry);
        self.carry.clear();
        let mut seen = filled;
        loop {
            while filled < goal && !self.ended {
                match self.input.read(&mut buffer[filled..goal]) {
                    Ok(0) => self.ended = true,
                    Ok(n) => filled += n,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err((number, Failure::Read(error))),
                }
            }
            let end = self.splitter.last_end(&buffer[..filled], seen);
            seen = filled;
            if self.ended {
                if filled == 0 {
                    return Ok(None);
                }
                if self.splitter.is_open() {
                    return Err((number, self.open_quote(&buffer[..filled])));
                }
                let unterminated = buffer[filled - 1] != b'\n';
                if unterminated {
                    grow(buffer, filled + 1);
                    buffer[filled] = b'\n';
                    filled += 1;
                }
                return Ok(Some(Chunk { number, len: filled, unterminated }));
            }
            if let Some(end) = end {
                self.carry.extend_from_slice(&buffer[end..filled]);
                self.splitter.opened = self.splitter.opened.saturating_sub(end);
                return Ok(Some(Chunk { number, len: end, unterminated: false }));
            }
            if filled >= MAX_RECORD {
                let failure = if self.splitter.is_open() {
                    self.open_quote(&buffer[..filled])
                } else {
                    Failure::LongRecord
                };
                return Err((number, failure));
            }
            goal = filled * 2;
            grow(buffer, goal);
        }
    }

    fn open_quote(&self, bytes: &[u8]) -> Failure {
        let (line, column) = position(bytes, self.splitter.opened.min(bytes.len()));
        Failure::OpenQuote { line, column }
    }
}

fn grow(buffer: &mut Vec<u8>, len: usize) {
    if buffer.len() < len + SLACK {
        buffer.resize(len + SLACK, 0);
    }
}
