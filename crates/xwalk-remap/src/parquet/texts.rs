//! The texts of a field, each once, as dictionaries of column chunks hold them.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::lookup::Lookup;
use crate::options::Field;

/// Marks an answer that says nothing.
pub(super) const NONE: u32 = u32::MAX;
/// Texts of this length with their four bytes of length are copied at once.
const SHORT: usize = 16;

/// The texts of a field over all answers, each once.
pub(super) struct Texts {
    field: Field,
    /// For each answer the number of its text, or [`NONE`].
    of_answer: Vec<u32>,
    /// All of them as they stand in a dictionary page, each behind its length, and where each starts.
    encoded: Vec<u8>,
    starts: Vec<usize>,
    /// The first eight bytes of each, as a number that orders as they do.
    heads: Vec<u64>,
    /// The numbers of the texts, by their bytes.
    known: HashTable<u32>,
    /// For each text the column chunk that used it last, and its place in the dictionary of that.
    place: Vec<(u32, u32)>,
    chunk: u32,
}

fn hash(text: &[u8]) -> u64 {
    foldhash::fast::FixedState::default().hash_one(text)
}

impl Texts {
    pub(super) fn new(field: Field) -> Self {
        Self {
            field,
            of_answer: Vec::new(),
            encoded: Vec::new(),
            starts: vec![0],
            heads: Vec::new(),
            known: HashTable::new(),
            place: Vec::new(),
            chunk: 0,
        }
    }

    fn text(&self, number: u32) -> &[u8] {
        &self.encoded[self.starts[number as usize] + 4..self.starts[number as usize + 1]]
    }

    fn find(&self, text: &[u8]) -> Option<u32> {
        self.known.find(hash(text), |number| self.text(*number) == text).copied()
    }

    fn learn(&mut self, lookup: &Lookup<'_>) {
        for answer in &lookup.answers[self.of_answer.len()..] {
            let number = match answer.text(self.field) {
                None => NONE,
                Some(text) => match self.find(text.as_bytes()) {
                    Some(number) => number,
                    None => {
                        let number = self.heads.len() as u32;
                        self.encoded.extend_from_slice(&(text.len() as u32).to_le_bytes());
                        self.encoded.extend_from_slice(text.as_bytes());
                        self.starts.push(self.encoded.len());
                        let mut head = [0; 8];
                        let len = text.len().min(8);
                        head[..len].copy_from_slice(&text.as_bytes()[..len]);
                        self.heads.push(u64::from_be_bytes(head));
                        self.place.push((0, 0));
                        let (encoded, starts) = (&self.encoded, &self.starts);
                        let rehash =
                            |n: &u32| hash(&encoded[starts[*n as usize] + 4..starts[*n as usize + 1]]);
                        self.known.insert_unique(hash(text.as_bytes()), number, rehash);
                        number
                    }
                },
            };
            self.of_answer.push(number);
        }
    }
}

impl Texts {
    /// The indexes of the texts of some answers, [`NONE`] for those that say nothing, in a dictionary that is made for
    /// them.
    pub(super) fn indexes(&mut self, numbers: &[u32], lookup: &Lookup<'_>, out: &mut Vec<u32>) -> Vec<u32> {
        self.start();
        let mut entries = Vec::new();
        self.add(numbers, lookup, &mut entries, out);
        entries
    }

    /// Begins the dictionary of a column chunk.
    pub(super) fn start(&mut self) {
        self.chunk += 1;
    }

    /// Adds the texts of some answers to the dictionary of the column chunk, and gives their indexes there.
    pub(super) fn add(
        &mut self,
        numbers: &[u32],
        lookup: &Lookup<'_>,
        entries: &mut Vec<u32>,
        out: &mut Vec<u32>,
    ) {
        self.learn(lookup);
        out.extend(numbers.iter().map(|&number| {
            let text = self.of_answer[number as usize];
            let Some(place) = self.place.get_mut(text as usize) else { return NONE };
            if place.0 != self.chunk {
                *place = (self.chunk, entries.len() as u32);
                entries.push(text);
            }
            place.1
        }));
    }

    /// Some texts as they stand in a dictionary page.
    pub(super) fn plain(&self, entries: &[u32], body: &mut Vec<u8>) {
        body.clear();
        for &entry in entries {
            let (start, end) = (self.starts[entry as usize], self.starts[entry as usize + 1]);
            let at = body.len();
            // Most are short, and copied in one word; what is too much of it is cut off.
            match self.encoded.get(start..).and_then(|rest| rest.first_chunk::<SHORT>()) {
                Some(word) if end - start <= SHORT => body.extend_from_slice(word),
                _ => body.extend_from_slice(&self.encoded[start..end]),
            }
            body.truncate(at + end - start);
        }
    }

    /// The smallest and the greatest of some texts.
    pub(super) fn extremes(&self, entries: &[u32]) -> Option<(&[u8], &[u8])> {
        // The first bytes tell most texts apart.
        let texts = || entries.iter().map(|entry| (self.heads[*entry as usize], self.text(*entry)));
        Some((texts().min()?.1, texts().max()?.1))
    }
}
