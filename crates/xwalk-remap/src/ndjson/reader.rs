//! Chunks of whole lines in bounded memory.

use std::io::Read;

use crate::error::RemapError;

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;
/// A line longer than this is no resource.
pub(crate) const MAX_LINE: usize = 16 << 20;

/// A chunk of whole lines; the last of the input may lack its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk {
    /// Its place in the file, from 0.
    pub(crate) number: u64,
    /// Number of its bytes in the buffer.
    pub(crate) len: usize,
}

/// Why there is no further chunk. Lines are counted from the start of the chunk that fails.
#[derive(Debug)]
pub(crate) enum Failure {
    Read(std::io::Error),
    LongLine,
    BadLine { line: u64, column: u64, problem: String },
}

impl Failure {
    /// The error, once the number of lines before the chunk is known.
    pub(crate) fn at(self, file: &str, lines: u64) -> RemapError {
        let file = file.to_owned();
        match self {
            Self::Read(source) => RemapError::Io { doing: "read", name: file, source },
            Self::LongLine => RemapError::LongLine { file, line: lines + 1, limit: MAX_LINE },
            Self::BadLine { line, column, problem } => {
                let hint = "mend it, or pass --on-error skip-to=FILE to set such lines aside";
                RemapError::BadRow { file, line: lines + line, column, problem: format!("{problem}; {hint}") }
            }
        }
    }
}

/// Cuts an input into chunks.
pub(crate) struct LineReader {
    input: Box<dyn Read + Send>,
    carry: Vec<u8>,
    next: u64,
    ended: bool,
}

impl LineReader {
    pub(crate) fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input, carry: Vec::new(), next: 0, ended: false }
    }

    /// Reads the next chunk into `buffer`. `Ok(None)` at the end. The number of the chunk that fails goes with a failure.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Chunk>, (u64, Failure)> {
        let number = self.next;
        self.next += 1;
        buffer.clear();
        buffer.append(&mut self.carry);
        let mut goal = CHUNK.max(buffer.len() + CHUNK / 2);
        let mut seen = 0;
        loop {
            while buffer.len() < goal && !self.ended {
                let room = (goal - buffer.len()) as u64;
                match (&mut self.input).take(room).read_to_end(buffer) {
                    Ok(read) => self.ended = (read as u64) < room,
                    Err(error) => return Err((number, Failure::Read(error))),
                }
            }
            let feed = memchr::memrchr(b'\n', &buffer[seen..]).map(|at| seen + at);
            seen = buffer.len();
            if let Some(feed) = feed.filter(|_| !self.ended) {
                self.carry.extend_from_slice(&buffer[feed + 1..]);
                return Ok(Some(Chunk { number, len: feed + 1 }));
            }
            if buffer.len() > MAX_LINE && feed.is_none() {
                return Err((number, Failure::LongLine));
            }
            if self.ended {
                return Ok((!buffer.is_empty()).then_some(Chunk { number, len: buffer.len() }));
            }
            goal = (buffer.len() * 2).min(MAX_LINE + 1).max(buffer.len() + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: Vec<u8>) -> Result<Vec<Vec<u8>>, Failure> {
        let mut reader = LineReader::new(Box::new(std::io::Cursor::new(text)));
        let (mut buffer, mut all) = (Vec::new(), Vec::new());
        while let Some(chunk) = reader.next(&mut buffer).map_err(|(_, failure)| failure)? {
            assert_eq!(chunk.number, all.len() as u64);
            all.push(buffer[..chunk.len].to_vec());
        }
        Ok(all)
    }

    #[test]
    fn chunks_end_with_a_line() {
        assert!(chunks(Vec::new()).unwrap().is_empty());
        for end in ["", "\n"] {
            let line = format!("{}\n", "x".repeat(1000));
            let text = format!("{}{}{end}", line.repeat(2000), "y".repeat(CHUNK * 3)).into_bytes();
            let chunks = chunks(text.clone()).unwrap();
            assert_eq!(chunks.concat(), text);
            assert!(chunks[..chunks.len() - 1].iter().all(|c| c.ends_with(b"\n")));
        }
    }

    #[test]
    fn a_line_without_end_is_found_in_bounded_memory() {
        let mut reader = LineReader::new(Box::new(std::io::repeat(b'x')));
        let mut buffer = Vec::new();
        assert!(matches!(reader.next(&mut buffer), Err((0, Failure::LongLine))));
        assert!(buffer.capacity() < MAX_LINE * 3);
    }
}
