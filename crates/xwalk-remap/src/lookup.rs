//! A thread's own view of the answers: from what stands in a cell to the number of its answer.

use std::borrow::{Borrow, Cow};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::answer::{Answer, AnswerBook};
use crate::table::{FastMap, NO_NUMBER, Reach, Spellings, pack};

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

/// Spellings of more than eight bytes beyond this number are looked up anew each time.
const MAX_LONG: usize = 50_000;

/// The table from spellings to numbers, and the answers met so far.
pub(crate) struct Lookup<'b> {
    book: &'b AnswerBook<'b>,
    quote: Option<u8>,
    table: Spellings,
    long: FastMap<(u16, Box<[u8]>), u32>,
    /// The answers by number.
    pub(crate) answers: Vec<Arc<Answer>>,
    /// Cells by the number of their answer.
    pub(crate) counts: Vec<u64>,
}

impl<'b> Lookup<'b> {
    pub(crate) fn new(book: &'b AnswerBook<'b>, quote: Option<u8>) -> Self {
        Self {
            book,
            quote,
            table: Spellings::new(),
            long: FastMap::default(),
            answers: vec![book.get(0)],
            counts: vec![0],
        }
    }

    /// The number for a packed spelling that was met before.
    #[inline]
    pub(crate) fn known(&self, context: u16, key: u64) -> Option<u32> {
        let (number, _) = self.table.find(key, context);
        (number != NO_NUMBER).then_some(number)
    }

    /// The number for any spelling.
    pub(crate) fn number(&mut self, context: u16, raw: &[u8]) -> u32 {
        self.find(context, raw).0
    }

    /// The number for any spelling, and the contexts in which it has it.
    #[inline]
    pub(crate) fn find(&mut self, context: u16, raw: &[u8]) -> (u32, Reach) {
        match self.held(context, raw) {
            Some(found) => found,
            None => {
                let (number, reach) = self.ask(context, raw);
                self.keep(context, raw, (number, reach));
                (number, reach)
            }
        }
    }

    /// What the tables hold for a spelling.
    #[inline]
    pub(crate) fn held(&self, context: u16, raw: &[u8]) -> Option<(u32, Reach)> {
        match pack(raw) {
            Some(key) => {
                let (number, reach) = self.table.find(key, context);
                (number != NO_NUMBER).then_some((number, reach))
            }
            None => {
                let number = self.long.get(&(context, raw) as &dyn LongKey)?;
                Some((*number, Reach::only(context)))
            }
        }
    }

    /// Asks the book for a spelling.
    #[cold]
    pub(crate) fn ask(&mut self, context: u16, raw: &[u8]) -> (u32, Reach) {
        let (number, reach) = self.book.number(context, &unquoted(raw, self.quote));
        while self.answers.len() <= number as usize {
            self.answers.push(self.book.get(self.answers.len() as u32));
            self.counts.push(0);
        }
        (number, reach)
    }

    /// Keeps what the book said of a spelling that the tables do not hold.
    pub(crate) fn keep(&mut self, context: u16, raw: &[u8], (number, reach): (u32, Reach)) {
        match pack(raw) {
            Some(key) => self.table.insert(key, context, reach, number),
            None if self.long.len() < MAX_LONG && raw.len() <= 256 => {
                self.long.insert((context, raw.into()), number);
            }
            None => {}
        }
    }

    /// Counts so many cells for the answer with that number.
    #[inline]
    pub(crate) fn count(&mut self, (number, cells): (u32, u64)) {
        self.counts[number as usize] += cells;
    }

    /// Adds what was counted.
    pub(crate) fn count_into(&self, tally: &mut crate::Tally) {
        for (number, &count) in self.counts.iter().enumerate() {
            if count > 0 {
                tally.count(number as u32, count);
            }
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

impl<'a> Borrow<dyn LongKey + 'a> for (u16, Box<[u8]>) {
    fn borrow(&self) -> &(dyn LongKey + 'a) {
        self
    }
}

impl Hash for dyn LongKey + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
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
