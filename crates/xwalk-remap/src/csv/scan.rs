//! Finds the ends of fields and records in a chunk.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

use super::lanes::{BLOCK, Lanes};
use crate::options::Dialect;

/// Where fields end in a chunk: at a delimiter or at the line feed of the record.
pub(crate) struct Ends {
    /// [`BEFORE`], then the positions of delimiters and line feeds, in order. What lies behind `used` is of no account.
    places: Vec<u32>,
    used: usize,
    /// Room for records.
    records: Vec<u32>,
    /// Number of records.
    pub(crate) rows: usize,
    /// Line feeds inside quotes.
    pub(crate) inner_lines: u64,
    /// Whether fields may be enclosed in quotes.
    pub(crate) quoted: bool,
    /// Whether there is a NUL.
    pub(crate) nul: bool,
}

/// The end before the first field: one more is the start of the chunk.
const BEFORE: u32 = u32::MAX;

impl Default for Ends {
    fn default() -> Self {
        let (places, records) = (vec![BEFORE], Vec::new());
        Self { places, used: 1, records, rows: 0, inner_lines: 0, quoted: false, nul: false }
    }
}

impl Ends {
    fn clear(&mut self) {
        self.used = 1;
        self.rows = 0;
        self.inner_lines = 0;
        self.quoted = false;
        self.nul = false;
    }

    /// The ends of fields.
    pub(crate) fn fields(&self) -> &[u32] {
        &self.places[1..self.used]
    }

    /// The ends of fields, and before them what stands before the first: a field begins behind the end of the one
    /// before it, wrapping. Behind them stand `more` places of no account, up to [`BLOCK`], where there are no quotes.
    pub(crate) fn bounds(&self, more: usize) -> &[u32] {
        &self.places[..self.used + more]
    }

    /// The records, as indexes of their last field end; best given back when no longer needed.
    pub(crate) fn take_records(&mut self, chunk: &[u8]) -> Vec<u32> {
        let mut records = std::mem::take(&mut self.records);
        records.clear();
        let fields = (0..).zip(self.fields());
        records.extend(fields.filter(|&(_, &end)| chunk[end as usize] == b'\n').map(|(i, _)| i));
        records
    }

    /// Takes the room of records back, for those of the next chunk.
    pub(crate) fn give_back(&mut self, records: Vec<u32>) {
        self.records = records;
    }

    /// Whether all records have so many fields.
    #[inline(always)]
    pub(crate) fn all_of(&self, width: usize, chunk: &[u8]) -> bool {
        // Where each of as many ends as there are line feeds is one, none is left to stand elsewhere.
        let mut rows = self.fields().chunks_exact(width);
        self.rows * width == self.used - 1 && rows.all(|row| chunk[row[width - 1] as usize] == b'\n')
    }

    /// Scans `chunk[..len]`, whose records all end with a line feed. Behind `len` there are at least [`BLOCK`] bytes
    /// of slack, so that whole blocks can be loaded.
    #[inline(always)]
    pub(crate) fn scan(&mut self, lanes: impl Lanes, chunk: &[u8], len: usize, dialect: Dialect) {
        self.clear();
        let plain = self.scan_plain(lanes, chunk, len, dialect);
        if let (false, Some(quote)) = (plain, dialect.quote) {
            self.clear();
            self.quoted = true;
            self.nul = memchr::memchr(0, &chunk[..len]).is_some();
            self.scan_quoted(&chunk[..len], dialect.delimiter, quote);
        }
    }

    /// Scans a chunk without quotes. `false` where there is one.
    #[inline(always)]
    fn scan_plain(&mut self, lanes: impl Lanes, chunk: &[u8], len: usize, dialect: Dialect) -> bool {
        // Where quotes are plain text what is found here is not looked at.
        let quote = dialect.quote.unwrap_or(b'\n');
        let mut nuls = 0u64;
        let mut used = self.used;
        let mut base = 0;
        while base < len {
            // Room for what one block can hold, so that the inner loop needs no check of its own.
            if self.places.len() < used + 2 * BLOCK {
                self.places.resize((self.places.len() * 2).max(used + 2 * BLOCK), 0);
            }
            let block: &[u8; BLOCK] =
                chunk[base..base + BLOCK].try_into().expect("the slice has that length");
            let valid = if len - base < BLOCK { (1u64 << (len - base)) - 1 } else { u64::MAX };
            if lanes.bytes(block, quote) & valid != 0 && dialect.quote.is_some() {
                return false;
            }
            let feeds = lanes.bytes(block, b'\n') & valid;
            let any = lanes.bytes(block, dialect.delimiter) & valid | feeds;
            nuls |= lanes.bytes(block, 0) & valid;
            self.rows += feeds.count_ones() as usize;
            let places: &mut [u32; BLOCK] =
                (&mut self.places[used..used + BLOCK]).try_into().expect("the slice has that length");
            lanes.places(any, base as u32, places);
            used += any.count_ones() as usize;
            base += BLOCK;
        }
        self.used = used;
        self.nul |= nuls != 0;
        true
    }

    fn scan_quoted(&mut self, chunk: &[u8], delimiter: u8, quote: u8) {
        let mut state = State::FieldStart;
        self.places.truncate(1);
        let mut inner = 0;
        let mut at = 0;
        while at < chunk.len() {
            let b = chunk[at];
            if state == State::Quoted {
                // Nothing counts but the next quote.
                let rest = &chunk[at..];
                let found = memchr::memchr(quote, rest).unwrap_or(rest.len());
                inner += memchr::memchr_iter(b'\n', &rest[..found]).count() as u64;
                at += found + 1;
                state = State::QuoteInQuoted;
                continue;
            }
            if b == delimiter || b == b'\n' {
                self.places.push(at as u32);
                self.rows += usize::from(b == b'\n');
                state = State::FieldStart;
            } else if b == quote && state != State::Plain {
                state = State::Quoted;
            } else {
                state = State::Plain;
            }
            at += 1;
        }
        self.used = self.places.len();
        self.inner_lines = inner;
    }
}

/// Where a reader stands, in the sense of RFC 4180 and of the `csv` crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Before the first byte of a field.
    FieldStart,
    /// In a field where quotes are plain text.
    Plain,
    /// Inside quotes.
    Quoted,
    /// Right after a quote inside quotes: another one makes it text, anything else ends the quoted part.
    QuoteInQuoted,
}

/// Looks for the end of records with as little work as possible. Kept between chunks, since a quote may stay open.
#[derive(Clone, Debug)]
pub(crate) struct Splitter {
    delimiter: u8,
    quote: Option<u8>,
    state: State,
    /// Where the open quote stands, counted from the start of the bytes being looked at.
    pub(crate) opened: usize,
}

impl Splitter {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { delimiter: dialect.delimiter, quote: dialect.quote, state: State::FieldStart, opened: 0 }
    }

    /// Whether a quote is open at the end of what was seen.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Quoted
    }

    /// Looks at `bytes[seen..]`, of which `bytes[..seen]` were looked at before, and gives the end of the last record
    /// that ends in them. `bytes[0]` begins a record.
    pub(crate) fn last_end(&mut self, bytes: &[u8], seen: usize) -> Option<usize> {
        let new = &bytes[seen..];
        let Some(quote) = self.quote else {
            return memchr::memrchr(b'\n', new).map(|at| seen + at + 1);
        };
        if matches!(self.state, State::FieldStart | State::Plain) && memchr::memchr(quote, new).is_none() {
            let end = memchr::memrchr(b'\n', new).map(|at| seen + at + 1);
            // The last byte alone decides: a quote counts only as the first byte of a field.
            if let Some(&last) = new.last() {
                self.state = self.after_plain(last);
            }
            return end;
        }
        let mut end = None;
        let mut at = seen;
        while at < bytes.len() {
            match self.state {
                State::Quoted => match memchr::memchr(quote, &bytes[at..]) {
                    Some(found) => {
                        at += found + 1;
                        self.state = State::QuoteInQuoted;
                    }
                    None => break,
                },
                State::QuoteInQuoted if bytes[at] == quote => {
                    self.state = State::Quoted;
                    at += 1;
                }
                State::FieldStart if bytes[at] == quote => {
                    self.state = State::Quoted;
                    self.opened = at;
                    at += 1;
                }
                _ => {
                    // To the next line end or to a quote that may open a field.
                    match memchr::memchr2(b'\n', quote, &bytes[at..]) {
                        None => {
                            self.state = bytes.last().map_or(self.state, |&b| self.after_plain(b));
                            break;
                        }
                        Some(found) => {
                            let hit = at + found;
                            if bytes[hit] == b'\n' {
                                end = Some(hit + 1);
                                self.state = State::FieldStart;
                            } else if hit > at && bytes[hit - 1] == self.delimiter {
                                self.state = State::Quoted;
                                self.opened = hit;
                            } else {
                                self.state = State::Plain;
                            }
                            at = hit + 1;
                        }
                    }
                }
            }
        }
        end
    }

    fn after_plain(&self, last: u8) -> State {
        if last == self.delimiter || last == b'\n' { State::FieldStart } else { State::Plain }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lanes::Plain;
    use super::*;
    use proptest::prelude::*;

    fn dialect() -> Dialect {
        Dialect { delimiter: b',', quote: Some(b'"'), header: false }
    }

    /// The raw fields of each record.
    fn fields(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut padded = text.to_vec();
        padded.resize(text.len() + BLOCK, b',');
        let mut ends = Ends::default();
        ends.scan(Plain, &padded, text.len(), dialect());
        let (mut start, mut first, mut all) = (0, 0, Vec::new());
        let records = ends.take_records(&padded);
        assert_eq!(records.len(), ends.rows);
        for last in records {
            let mut record = Vec::new();
            for &end in &ends.fields()[first..=last as usize] {
                record.push(text[start..end as usize].to_vec());
                start = end as usize + 1;
            }
            first = last as usize + 1;
            all.push(record);
        }
        all
    }

    /// What a raw field says.
    fn plain(raw: &[u8]) -> Vec<u8> {
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        crate::lookup::unquoted(raw, Some(b'"')).into_owned()
    }

    #[test]
    fn a_quoted_line_end_ends_nothing() {
        let seen = fields(b"a,\"b\n,c\",d\r\n\"x\"\"y\",,z\n\n");
        let expected: Vec<Vec<&[u8]>> =
            vec![vec![b"a", b"\"b\n,c\"", b"d\r"], vec![b"\"x\"\"y\"", b"", b"z"], vec![b""]];
        assert_eq!(seen, expected);
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop::sample::select(b"ab,,\"\"\n\n;1".to_vec());
        prop::collection::vec(byte, 0..300)
    }

    proptest! {
        #[test]
        fn fields_are_those_of_the_csv_crate(mut text in text(), tail in 0..80usize) {
            text.extend(std::iter::repeat_n(b'x', tail));
            // The splitter says where the whole records end; behind it there may be an open quote.
            let end = Splitter::new(dialect()).last_end(&text, 0).unwrap_or(0);
            let text = &text[..end];
            let mut oracle = csv::ReaderBuilder::new();
            oracle.has_headers(false).flexible(true).terminator(csv::Terminator::Any(b'\n'));
            let expected: Vec<Vec<Vec<u8>>> = oracle
                .from_reader(text)
                .byte_records()
                .map(|r| r.unwrap().iter().map(<[u8]>::to_vec).collect())
                .collect();
            let mut seen: Vec<Vec<Vec<u8>>> =
                fields(text).iter().map(|r| r.iter().map(|f| plain(f)).collect()).collect();
            seen.retain(|r| r.len() > 1 || !r[0].is_empty() );
            let mut expected = expected;
            expected.retain(|r| r.len() > 1 || !r[0].is_empty());
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn looking_in_parts_is_looking_at_once(text in text(), cuts in prop::collection::vec(0..300usize, 0..6)) {
            let whole = Splitter::new(dialect()).last_end(&text, 0);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(text.len())).collect();
            cuts.sort_unstable();
            cuts.push(text.len());
            let mut splitter = Splitter::new(dialect());
            let (mut seen, mut last) = (0, None);
            for cut in cuts {
                last = splitter.last_end(&text[..cut], seen).or(last);
                seen = cut;
            }
            prop_assert_eq!(last, whole);
        }
    }
}
