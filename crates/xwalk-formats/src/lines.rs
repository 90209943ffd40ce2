//! Lines of a text file with their places.

use xwalk_model::Position;

use crate::Error;

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Carriage return and line feed.
    CrLf,
    /// Line feed alone.
    Lf,
    /// The file ends without a line end.
    None,
}

/// One line, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The bytes of the line.
    pub bytes: &'a [u8],
    /// How it ends.
    pub ending: Ending,
    /// Where it begins; the column is 1.
    pub at: Position,
}

impl Line<'_> {
    /// The place of a byte of the line, counted from 0.
    pub fn place(&self, offset: usize) -> Position {
        Position { byte: self.at.byte + offset as u64, line: self.at.line, column: offset as u32 + 1 }
    }
}

/// Splits bytes into lines at LF, taking a CR before it as part of the end. A byte order mark is passed over.
pub fn lines(bytes: &[u8]) -> Lines<'_> {
    let start = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    Lines { bytes, start, line: 0, before: 0 }
}

/// The lines of a part of a file that begins at the start of a line: after `lines` lines and `bytes` bytes.
pub fn lines_after(part: &[u8], lines: u32, bytes: u64) -> Lines<'_> {
    let start = if bytes == 0 && part.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    Lines { bytes: part, start, line: lines, before: bytes }
}

/// Iterator over the lines of a file.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    bytes: &'a [u8],
    start: usize,
    line: u32,
    before: u64,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.start >= self.bytes.len() {
            return None;
        }
        self.line += 1;
        let at = Position { byte: self.before + self.start as u64, line: self.line, column: 1 };
        let rest = &self.bytes[self.start..];
        let (bytes, ending) = match memchr::memchr(b'\n', rest) {
            Some(end) => {
                self.start += end + 1;
                match rest[..end].strip_suffix(b"\r") {
                    Some(bytes) => (bytes, Ending::CrLf),
                    None => (&rest[..end], Ending::Lf),
                }
            }
            None => {
                self.start = self.bytes.len();
                (rest, Ending::None)
            }
        };
        Some(Line { bytes, ending, at })
    }
}

/// Line and column of a byte.
pub fn place(bytes: &[u8], offset: usize) -> Position {
    let before = &bytes[..offset.min(bytes.len())];
    let line = memchr::memchr_iter(b'\n', before).count() as u32 + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    Position { byte: offset as u64, line, column: (before.len() - start) as u32 + 1 }
}

/// The records of a file with one record a line: bad lines are errors, empty ones are passed over.
#[derive(Clone, Debug)]
pub struct LineRecords<'a, R> {
    lines: Lines<'a>,
    read: fn(&Line<'a>) -> Result<R, Error>,
}

impl<'a, R> LineRecords<'a, R> {
    pub(crate) fn new(lines: Lines<'a>, read: fn(&Line<'a>) -> Result<R, Error>) -> Self {
        Self { lines, read }
    }
}

impl<R> Iterator for LineRecords<'_, R> {
    type Item = Result<R, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.find(|line| !is_blank(line.bytes))?;
        Some((self.read)(&line))
    }
}

/// Whether a line holds nothing; some editors end a DOS file with a lone Ctrl-Z.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|b| matches!(b, b' ' | b'\t' | 0x1a))
}

/// The place after the last byte, when the last line has no end although others do: the file may be cut off.
pub fn unfinished(bytes: &[u8]) -> Option<Position> {
    let last = memchr::memrchr(b'\n', bytes)?;
    // Some editors end a DOS file with a lone Ctrl-Z.
    if last + 1 == bytes.len() || bytes[last + 1..] == *b"\x1a" {
        return None;
    }
    let line = memchr::memchr_iter(b'\n', bytes).count() as u32 + 1;
    Some(Position { byte: bytes.len() as u64, line, column: (bytes.len() - last) as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_and_none() {
        let all: Vec<_> = lines(b"\xEF\xBB\xBFa\r\nb\n\nc").map(|l| (l.bytes, l.ending, l.at.line)).collect();
        let expected: Vec<(&[u8], Ending, u32)> = vec![
            (b"a", Ending::CrLf, 1),
            (b"b", Ending::Lf, 2),
            (b"", Ending::Lf, 3),
            (b"c", Ending::None, 4),
        ];
        assert_eq!(all, expected);
        assert_eq!(unfinished(b"a\nbc").map(|p| (p.line, p.column)), Some((2, 3)));
        assert_eq!(unfinished(b"a\nbc\n"), None);
        assert_eq!(unfinished(b"abc"), None);
    }
}
