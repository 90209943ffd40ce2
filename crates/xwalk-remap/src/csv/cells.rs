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

/// The bytes of an answer's new fields, each with its delimiter before it, and how often they were written. Most are
/// short and lie here, so that a cell touches one line of the processor's cache.
#[derive(Clone)]
#[repr(align(32))]
pub(crate) struct Rendered {
    pub(crate) count: u64,
    pub(crate) short: [u8; SHORT],
    /// Length; beyond [`SHORT`] the bytes are those of [`Cells::long`].
    pub(crate) len: u32,
}

/// What fits in a line beside count and length.
pub(crate) const SHORT: usize = 20;

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
    /// The bytes of the answers that are not short.
    pub(crate) long: Vec<Box<[u8]>>,
}

impl<'b> Cells<'b> {
    pub(crate) fn new(book: &'b AnswerBook<'b>, dialect: Dialect, fields: &[Field]) -> Self {
        let lookup = Lookup::new(book, dialect.quote);
        let mut cells =
            Self { lookup, dialect, fields: fields.to_vec(), rendered: Vec::new(), long: Vec::new() };
        cells.render();
        cells
    }

    /// The number of the answer for `chunk[start..end]`. Eight bytes from `start` on have to be there.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is most of the work of a cell")]
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

    /// Hands the counts over to those of the look-up.
    pub(crate) fn settle(&mut self) {
        for (rendered, count) in self.rendered.iter_mut().zip(&mut self.lookup.counts) {
            *count += std::mem::take(&mut rendered.count);
        }
    }

    #[cold]
    fn render(&mut self) {
        while self.rendered.len() < self.lookup.answers.len() {
            let mut bytes = vec![self.dialect.delimiter];
            render(&self.lookup.answers[self.rendered.len()], &self.fields, self.dialect, &mut bytes);
            let mut short = [0; SHORT];
            let len = bytes.len();
            if len <= SHORT {
                short[..len].copy_from_slice(&bytes);
                bytes.clear();
            }
            self.rendered.push(Rendered { count: 0, short, len: len as u32 });
            self.long.push(bytes.into());
        }
    }
}
