//! Cells: from the bytes of a field to the number of its answer, and from there to the bytes of the new fields.

use std::borrow::Cow;
use std::sync::Arc;

use crate::answer::{Answer, AnswerBook};
use crate::options::{Dialect, Field};
use crate::table::{FastMap, Spellings, pack};

/// What a field says: without its quotes, two inside standing for one.
pub(crate) fn unquoted(raw: &[u8], quote: Option<u8>) -> Cow<'_, [u8]> {
    let Some(quote) = quote.filter(|q| raw.first() == Some(q)) else { return Cow::Borrowed(raw) };
    let inner = &raw[1..];
    match memchr::memchr(quote, inner) {
        Some(at) if at + 1 == inner.len() => Cow::Borrowed(&inner[..at]),
        None => Cow::Borrowed(inner),
        Some(_) => {
            let mut text = Vec::with_capacity(inner.len());
            let mut quoted = true;
            let mut at = 0;
            while at < inner.len() {
                if quoted && inner[at] == quote {
                    if inner.get(at + 1) == Some(&quote) {
                        text.push(quote);
                        at += 1;
                    } else {
                        quoted = false;
                    }
                } else {
                    text.push(inner[at]);
                }
                at += 1;
            }
            Cow::Owned(text)
        }
    }
}

/// Writes a field, in quotes where it has to be.
pub(crate) fn write_field(text: &str, dialect: Dialect, out: &mut Vec<u8>) {
    let special = |b: u8| b == dialect.delimiter || b == b'\n' || b == b'\r';
    match dialect.quote {
        Some(quote) if text.bytes().any(|b| special(b) || b == quote) => {
            out.push(quote);
            for b in text.bytes() {
                if b == quote {
                    out.push(quote);
                }
                out.push(b);
            }
            out.push(quote);
        }
        Some(_) => out.extend_from_slice(text.as_bytes()),
        // Without quotes nothing could protect a delimiter in a title.
        None => out.extend(text.bytes().map(|b| if special(b) { b' ' } else { b })),
    }
}

/// The bytes of an answer's new fields, each with its delimiter before it. Most are short, and lie here.
#[derive(Clone)]
pub(crate) struct Rendered {
    pub(crate) short: [u8; SHORT],
    pub(crate) len: u32,
    long: Vec<u8>,
}

pub(crate) const SHORT: usize = 32;

impl Rendered {
    fn new(bytes: Vec<u8>) -> Self {
        let mut short = [0; SHORT];
        let len = bytes.len();
        if len <= SHORT {
            short[..len].copy_from_slice(&bytes);
            return Self { short, len: len as u32, long: Vec::new() };
        }
        Self { short, len: len as u32, long: bytes }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        if self.len as usize <= SHORT { &self.short[..self.len as usize] } else { &self.long }
    }
}

/// Bytes of an answer for one code column, without a delimiter before the first field.
pub(crate) fn render(answer: &Answer, fields: &[Field], dialect: Dialect, out: &mut Vec<u8>) {
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            out.push(dialect.delimiter);
        }
        if let Some(text) = answer.text(*field) {
            write_field(&text, dialect, out);
        }
    }
}

/// A thread's own view of the answers: the table from spellings to numbers, and the bytes of each answer.
pub(crate) struct Cells<'b> {
    pub(crate) book: &'b AnswerBook<'b>,
    dialect: Dialect,
    fields: Vec<Field>,
    /// A new field follows a delimiter, the content of a replaced one does not.
    leading: bool,
    /// A table for each context.
    tables: Vec<Spellings>,
    long: FastMap<(u16, Box<[u8]>), u32>,
    pub(crate) rendered: Vec<Rendered>,
    pub(crate) answers: Vec<Arc<Answer>>,
    /// Length of the longest rendered answer.
    pub(crate) longest: usize,
    pub(crate) counts: Vec<u64>,
}

/// Spellings of more than eight bytes beyond this number are looked up anew each time.
const MAX_LONG: usize = 50_000;

impl<'b> Cells<'b> {
    pub(crate) fn new(book: &'b AnswerBook<'b>, dialect: Dialect, fields: &[Field], leading: bool) -> Self {
        let contexts = book.resolver().contexts().len().max(1);
        let mut cells = Self {
            book,
            dialect,
            fields: fields.to_vec(),
            leading,
            tables: vec![Spellings::new(); contexts],
            long: FastMap::default(),
            rendered: Vec::new(),
            answers: Vec::new(),
            longest: 0,
            counts: Vec::new(),
        };
        cells.learn(0);
        for table in &mut cells.tables {
            table.insert(0, 0, 0);
        }
        cells
    }

    /// The number of the answer for `chunk[start..end]`. Eight bytes from `start` on have to be there.
    #[inline]
    pub(crate) fn number(&mut self, context: u16, chunk: &[u8], start: usize, end: usize) -> u32 {
        let len = end - start;
        if len <= 8 {
            let word: [u8; 8] = chunk[start..start + 8].try_into().expect("the slice has that length");
            // A shift by 64 is no shift at all, so the empty field goes a way of its own without a branch.
            let keep = (8 - len) as u32 * 8;
            let key = u64::from_le_bytes(word) & u64::MAX.checked_shr(keep).unwrap_or(0);
            if let Some(number) = self.tables[context as usize].get(key, len) {
                return number;
            }
        }
        self.look_up(context, &chunk[start..end])
    }

    #[cold]
    fn look_up(&mut self, context: u16, raw: &[u8]) -> u32 {
        let long = raw.len() > 8;
        if long && let Some(&number) = self.long.get(&(context, raw) as &dyn LongKey) {
            return number;
        }
        let number = self.book.number(context, &unquoted(raw, self.dialect.quote));
        self.learn(number);
        if !long {
            self.tables[context as usize].insert(pack(raw), raw.len(), number);
        } else if self.long.len() < MAX_LONG && raw.len() <= 256 {
            self.long.insert((context, raw.into()), number);
        }
        number
    }

    fn learn(&mut self, number: u32) {
        while self.rendered.len() <= number as usize {
            let next = self.rendered.len() as u32;
            let answer = self.book.get(next);
            let mut bytes = Vec::new();
            if self.leading {
                bytes.push(self.dialect.delimiter);
            }
            render(&answer, &self.fields, self.dialect, &mut bytes);
            self.longest = self.longest.max(bytes.len());
            self.rendered.push(Rendered::new(bytes));
            self.answers.push(answer);
            self.counts.push(0);
        }
    }
}

/// Lets a long spelling be looked up without owning it.
trait LongKey {
    fn parts(&self) -> (u16, &[u8]);
}

impl LongKey for (u16, Box<[u8]>) {
    fn parts(&self) -> (u16, &[u8]) {
        (self.0, &self.1)
    }
}

impl LongKey for (u16, &[u8]) {
    fn parts(&self) -> (u16, &[u8]) {
        (self.0, self.1)
    }
}

impl<'a> std::borrow::Borrow<dyn LongKey + 'a> for (u16, Box<[u8]>) {
    fn borrow(&self) -> &(dyn LongKey + 'a) {
        self
    }
}

impl std::hash::Hash for dyn LongKey + '_ {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.parts().0.hash(state);
        self.parts().1.hash(state);
    }
}

impl PartialEq for dyn LongKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn LongKey + '_ {}
