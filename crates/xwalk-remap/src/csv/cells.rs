//! The bytes of the new fields of each answer.

use crate::answer::{Answer, AnswerBook};
use crate::lookup::Lookup;
use crate::options::{Dialect, Field};

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

/// The answers with their bytes.
pub(crate) struct Cells<'b> {
    pub(crate) lookup: Lookup<'b>,
    dialect: Dialect,
    fields: Vec<Field>,
    pub(crate) rendered: Vec<Rendered>,
}

impl<'b> Cells<'b> {
    pub(crate) fn new(book: &'b AnswerBook<'b>, dialect: Dialect, fields: &[Field]) -> Self {
        let lookup = Lookup::new(book, dialect.quote);
        let mut cells = Self { lookup, dialect, fields: fields.to_vec(), rendered: Vec::new() };
        cells.render();
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
            if let Some(number) = self.lookup.known(context, key, len) {
                return number;
            }
        }
        let number = self.lookup.look_up(context, &chunk[start..end]);
        self.render();
        number
    }

    fn render(&mut self) {
        while self.rendered.len() < self.lookup.answers.len() {
            let mut bytes = vec![self.dialect.delimiter];
            render(&self.lookup.answers[self.rendered.len()], &self.fields, self.dialect, &mut bytes);
            self.rendered.push(Rendered::new(bytes));
        }
    }
}
