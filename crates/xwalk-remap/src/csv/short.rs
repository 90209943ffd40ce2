//! The table of a thread from spellings to short texts.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

use std::ops::Range;

use super::lanes::{KEYS, Lanes};
use super::packed::{FREE, Key, NEVER, Packed, SPREAD, away, home};
use crate::table::Reach;

/// Spellings of up to eight bytes without NUL, packed in a machine word, with texts of up to `T` bytes, or the numbers of
/// longer ones, in buckets of `N` words. A spelling stands in one of two buckets; where it has answers in other contexts,
/// these stand apart.
pub(super) struct Short<const T: usize, const N: usize> {
    buckets: Vec<Bucket<N>>,
    /// For each place in a bucket the contexts that it is for. There is one more than places, so that any way that a mask
    /// of keys can name is one.
    spans: Vec<[Span; KEYS]>,
    /// For each place in a bucket the number of its answer.
    numbers: Vec<[u32; KEYS]>,
    shift: u32,
    /// Number of spellings.
    len: usize,
    /// Number of spellings whose texts are longer.
    long: usize,
    /// Numbers of answers that lost their place, and how often they were taken.
    homeless: Vec<(u32, u32)>,
}

/// Texts of a code and its delimiter; a bucket is one line of the processor's cache.
pub(super) type Eight = Short<8, 8>;
/// Texts of a field.
pub(super) type Twenty = Short<24, 16>;
/// Texts of several fields.
pub(super) type Fifty = Short<56, 32>;

/// Places in a bucket.
const WAYS: usize = 3;

/// Keys, then texts, then how often each was taken, in lines of the processor's cache. Counts are not beside the keys: a
/// processor waits where it reads in one piece what it has just written a part of.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Bucket<const N: usize>([u64; N]);

/// Contexts from one on, and how many more.
#[derive(Clone, Copy)]
struct Span {
    first: u16,
    more: u16,
}

impl Span {
    #[inline(always)]
    fn holds(self, context: u16) -> bool {
        context.wrapping_sub(self.first) <= self.more
    }
}

impl From<Reach> for Span {
    fn from(reach: Reach) -> Self {
        Self { first: reach.first, more: reach.last - reach.first }
    }
}

/// Where a spelling stands.
#[derive(Clone, Copy)]
struct Place {
    bucket: usize,
    way: usize,
}

/// A spelling with its answer, and how often it was taken.
#[derive(Clone, Copy)]
struct Entry<const T: usize> {
    key: u64,
    span: Span,
    number: u32,
    count: u32,
    text: [u8; T],
}

const FIRST_BITS: u32 = 8;
/// So often another entry has to go for one to find a place.
const MOVES: usize = 64;
/// The buckets of a thread come to no more bytes than this.
const MOST_BYTES: usize = 16 << 20;

impl<const N: usize> Bucket<N> {
    const EMPTY: Self = {
        let mut words = [0; N];
        let mut way = 0;
        while way < WAYS {
            words[way] = FREE;
            way += 1;
        }
        Self(words)
    };

    fn keys(&self) -> &[u64] {
        &self.0[..WAYS]
    }

    fn way(&self, key: u64) -> Option<usize> {
        self.keys().iter().position(|held| *held == key)
    }

    /// The places of a key: a bit for each.
    #[inline(always)]
    fn ways(&self, lanes: impl Lanes, key: u64) -> u32 {
        let first = self.0.first_chunk().expect("a bucket has more words");
        lanes.keys(first, key) & ((1 << WAYS) - 1)
    }

    #[inline(always)]
    fn text<const T: usize>(&self, way: usize) -> [u8; T] {
        let (bytes, start) = (bytemuck::cast_slice(&self.0), WAYS * 8 + way * T);
        bytes[start..start + T].try_into().expect("the slice has that length")
    }

    fn set_text<const T: usize>(&mut self, way: usize, text: [u8; T]) {
        let (bytes, start) = (bytemuck::cast_slice_mut(&mut self.0), WAYS * 8 + way * T);
        bytes[start..start + T].copy_from_slice(&text);
    }

    #[inline(always)]
    fn counts(&mut self) -> &mut [u32] {
        bytemuck::cast_slice_mut(&mut self.0[N - KEYS / 2..])
    }
}

/// What is needed of a table to look into it.
pub(super) struct View<'s, const N: usize> {
    buckets: &'s mut [Bucket<N>],
    spans: &'s [[Span; KEYS]],
    shift: u32,
}

impl<const N: usize> View<'_, N> {
    /// Takes the texts of packed spellings, each once, up to the first that is not there. Gives how many were. Where all
    /// rows have one context (not `DATED`), it is not asked for.
    #[inline(always)]
    pub(super) fn take<const T: usize, const DATED: bool>(
        &mut self,
        lanes: impl Lanes,
        keys: &Packed,
        texts: &mut [[u8; T]],
    ) -> usize {
        // What the loop needs is not left where a call could change it.
        let Self { buckets, spans, shift } = self;
        let (buckets, spans, shift) = (&mut **buckets, *spans, *shift);
        let count = texts.len();
        for (i, ((word, home), text)) in keys.words.iter().zip(&keys.homes).zip(texts).enumerate() {
            let mut at = *home as usize;
            let mut same = buckets[at].ways(lanes, *word);
            if same == 0 {
                at = away(*word, shift);
                same = buckets[at].ways(lanes, *word);
            }
            let mut way = same.trailing_zeros() as usize % KEYS;
            if same == 0 || DATED && !spans[at][way].holds(keys.contexts[i]) {
                match elsewhere(buckets, spans, shift, keys.key(i)) {
                    Some(place) => (at, way) = (place.bucket, place.way % KEYS),
                    None => return i,
                }
            }
            let bucket = &mut buckets[at];
            *text = bucket.text(way);
            let count = &mut bucket.counts()[way];
            *count = count.wrapping_add(1);
        }
        count
    }

    /// What is shifted out of a hash for the number of a bucket.
    pub(super) fn shift(&self) -> u32 {
        self.shift
    }

    /// Takes back that texts were taken which are there.
    pub(super) fn untake(&mut self, keys: &Packed, which: Range<usize>) {
        for at in which {
            if let Some(Place { bucket, way }) = elsewhere(self.buckets, self.spans, self.shift, keys.key(at))
            {
                self.buckets[bucket].counts()[way] -= 1;
            }
        }
    }
}

/// Looks for a spelling in all places.
#[cold]
#[inline(never)]
fn elsewhere<const N: usize>(
    buckets: &[Bucket<N>],
    spans: &[[Span; KEYS]],
    shift: u32,
    key: Key,
) -> Option<Place> {
    let stands = |word: u64, context: u16| {
        [home(word, shift), away(word, shift)].into_iter().find_map(|bucket| {
            let mut held = buckets[bucket].keys().iter().zip(&spans[bucket]);
            let way = held.position(|(key, span)| *key == word && span.holds(context))?;
            Some(Place { bucket, way })
        })
    };
    stands(key.word, key.context).or_else(|| stands(apart(key.word, key.context), key.context | APART))
}

/// Marks the context of an answer that stands apart, so that its word, which is mixed with the context, is taken for no
/// spelling.
const APART: u16 = 0x8000;

/// The word of an answer that stands apart, since its spelling has others in other contexts.
fn apart(word: u64, context: u16) -> u64 {
    word ^ (u64::from(context) + 1).wrapping_mul(SPREAD).rotate_left(17)
}

impl<const T: usize, const N: usize> Short<T, N> {
    pub(super) fn new() -> Self {
        Self::sized(FIRST_BITS)
    }

    fn sized(bits: u32) -> Self {
        let (buckets, none) = (vec![Bucket::EMPTY; 1 << bits], vec![[0; KEYS]; 1 << bits]);
        let spans = vec![[Span { first: 0, more: 0 }; KEYS]; 1 << bits];
        Self { buckets, spans, numbers: none, shift: 64 - bits, len: 0, long: 0, homeless: Vec::new() }
    }

    pub(super) fn view(&mut self) -> View<'_, N> {
        View { buckets: &mut self.buckets, spans: &self.spans, shift: self.shift }
    }

    /// The same spellings with room for other texts, which `text` gives by the number of the answer.
    pub(super) fn with_room<'t, const U: usize, const M: usize>(
        &mut self,
        text: impl Fn(u32) -> &'t [u8],
    ) -> Short<U, M> {
        let most = (MOST_BYTES / size_of::<Bucket<M>>()).ilog2();
        let mut other = Short::sized((64 - self.shift).min(most));
        other.homeless.clone_from(&self.homeless);
        for Entry { key, span, number, count, .. } in self.entries() {
            if other.is_full() {
                other.homeless.push((number, count));
            } else {
                other.insert(Entry { key, span, number, count, text: text_of(number, text(number)) });
            }
        }
        other
    }

    /// Whether it is so full that others are hard to place.
    fn is_full(&self) -> bool {
        self.len * 4 >= self.buckets.len() * WAYS * 3
    }

    /// Whether many texts are too long.
    pub(super) fn is_too_narrow(&self) -> bool {
        self.long > 64 + self.len / 4
    }

    /// The number of the answer of a packed spelling.
    pub(super) fn number(&self, key: Key) -> Option<u32> {
        let Place { bucket, way } = elsewhere(&self.buckets, &self.spans, self.shift, key)?;
        Some(self.numbers[bucket][way])
    }

    /// Keeps the answer of a spelling that is not there yet for a context, and says whether there was room.
    pub(super) fn keep(&mut self, key: Key, (number, reach): (u32, Reach), text: &[u8]) -> bool {
        let full = self.is_full();
        if full && self.buckets.len() * size_of::<Bucket<N>>() * 2 > MOST_BYTES || key.context & APART != 0 {
            return false;
        }
        let (mut word, mut span) = (key.word, Span::from(reach));
        let buckets = [home(word, self.shift), away(word, self.shift)];
        if buckets.iter().any(|&bucket| self.buckets[bucket].way(word).is_some()) {
            // All answers of a spelling would not find room in two buckets.
            (word, span) = (apart(word, key.context), Span { first: key.context | APART, more: 0 });
        }
        if matches!(word, FREE | NEVER) {
            return false;
        }
        if full {
            *self = self.sorted(64 - self.shift + 1);
        }
        let text = text_of(number, text);
        self.insert(Entry { key: word, span, number, count: 0, text });
        true
    }

    /// Gives an entry a place, if need be that of another one, which goes to its other bucket. What comes last is the
    /// rarest most likely, and is met again where it finds no place.
    fn insert(&mut self, entry: Entry<T>) {
        let mut moving = entry;
        let mut bucket = home(moving.key, self.shift);
        for turn in 0..MOVES {
            let buckets = [home(moving.key, self.shift), away(moving.key, self.shift)];
            for bucket in buckets {
                if let Some(way) = self.buckets[bucket].way(FREE) {
                    self.put(Place { bucket, way }, moving);
                    self.len += 1;
                    self.long += usize::from(long_number(&entry.text).is_some());
                    return;
                }
            }
            moving = self.put(Place { bucket, way: WAYS - 1 - turn % WAYS }, moving);
            let buckets = [home(moving.key, self.shift), away(moving.key, self.shift)];
            bucket = if buckets[0] == bucket { buckets[1] } else { buckets[0] };
        }
        self.homeless.push((moving.number, moving.count));
    }

    /// Puts an entry in a place, and gives the one that was there.
    fn put(&mut self, Place { bucket, way }: Place, entry: Entry<T>) -> Entry<T> {
        let old = self.entry(Place { bucket, way });
        let held = &mut self.buckets[bucket];
        held.0[way] = entry.key;
        held.set_text(way, entry.text);
        held.counts()[way] = entry.count;
        self.spans[bucket][way] = entry.span;
        self.numbers[bucket][way] = entry.number;
        old
    }

    fn entry(&mut self, Place { bucket, way }: Place) -> Entry<T> {
        let (held, span) = (&mut self.buckets[bucket], self.spans[bucket][way]);
        let (number, count) = (self.numbers[bucket][way], held.counts()[way]);
        Entry { key: held.0[way], span, number, count, text: held.text(way) }
    }

    fn entries(&mut self) -> impl Iterator<Item = Entry<T>> {
        let places =
            (0..self.buckets.len()).flat_map(|bucket| (0..WAYS).map(move |way| Place { bucket, way }));
        places.map(|place| self.entry(place)).filter(|entry| entry.key != FREE)
    }

    /// The same spellings in so many buckets, the commonest where they are found first.
    fn sorted(&mut self, bits: u32) -> Self {
        let mut sorted = Self::sized(bits);
        sorted.homeless.clone_from(&self.homeless);
        let mut entries: Vec<Entry<T>> = self.entries().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.count));
        for entry in entries {
            sorted.insert(entry);
        }
        sorted
    }

    /// How often each answer was taken, by its number; counts start anew.
    pub(super) fn counted(&mut self) -> impl Iterator<Item = (u32, u64)> {
        let counts = self.buckets.iter_mut().flat_map(Bucket::counts);
        let places = self.numbers.iter().flatten().zip(counts);
        let counts = places.map(|(&number, count)| (number, std::mem::take(count)));
        let all = self.homeless.drain(..).chain(counts);
        all.filter(|(_, count)| *count > 0).map(|(number, count)| (number, count.into()))
    }
}

/// Stands in the last byte of a text in place of one that is too long. In UTF-8 there is no such byte.
const LONG: u8 = u8::MAX;

/// A text as it is kept: with its length, if that does not follow from the bytes, or the number of its answer.
fn text_of<const T: usize>(number: u32, text: &[u8]) -> [u8; T] {
    let longest = if T == 8 { 8 } else { T - 1 };
    let mut bytes = [0; T];
    if text.len() > longest || text.contains(&0) {
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        bytes[T - 1] = LONG;
    } else {
        bytes[..text.len()].copy_from_slice(text);
        if T > 8 {
            bytes[T - 1] = text.len() as u8;
        }
    }
    bytes
}

/// Whether a text is too long to be kept.
#[inline(always)]
pub(super) fn is_long<const T: usize>(text: &[u8; T]) -> bool {
    text[T - 1] == LONG
}

/// The number of the answer, where a text is too long to be kept.
#[inline(always)]
pub(super) fn long_number<const T: usize>(text: &[u8; T]) -> Option<u32> {
    is_long(text).then(|| u32::from_le_bytes([text[0], text[1], text[2], text[3]]))
}

/// Number of bytes of a text that is not too long.
#[inline(always)]
pub(super) fn length<const T: usize>(text: &[u8; T]) -> u32 {
    match text.first_chunk() {
        Some(word) if T == 8 => 8 - u64::from_le_bytes(*word).leading_zeros() / 8,
        _ => u32::from(text[T - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lanes::Plain;
    use super::super::packed::{AHEAD, AT_ONCE};
    use super::*;

    fn key(n: u32) -> u64 {
        u64::from_le_bytes(*format!("{n:08}").as_bytes().first_chunk().expect("eight digits"))
    }

    fn keys_of<const N: usize>(words: &[u64], context: u16, view: &View<'_, N>) -> Packed {
        let (mut keys, mut starts) = (Packed::new(context), [0; AHEAD]);
        starts[..words.len()].copy_from_slice(words);
        keys.pack(&starts, &[8; AHEAD + AT_ONCE], view.shift());
        keys
    }

    fn take<const T: usize, const N: usize>(
        short: &mut Short<T, N>,
        key: u64,
        context: u16,
    ) -> Option<Vec<u8>> {
        let (mut view, mut texts) = (short.view(), [[7; T]]);
        let (keys, key) = (keys_of(&[key], context, &view), Key { word: key, context });
        let found = view.take::<T, true>(Plain, &keys, &mut texts) == 1;
        assert_eq!(short.number(key).is_some(), found);
        let text = found.then_some(&texts[0])?;
        Some(match long_number(text) {
            Some(number) => format!("long {number}").into_bytes(),
            None => text[..length(text) as usize].to_vec(),
        })
    }

    fn keep<const T: usize, const N: usize>(
        short: &mut Short<T, N>,
        word: u64,
        number: u32,
        reach: Reach,
        text: &[u8],
    ) {
        let key = Key { word, context: reach.first };
        short.keep(key, (number, reach), text);
    }

    #[test]
    fn there_is_an_end_to_room() {
        let mut short = Fifty::new();
        let kept = (0..).take_while(|&n| {
            let key = Key { word: key(n), context: 0 };
            short.keep(key, (n, Reach::ALL), b"x")
        });
        let kept = kept.count();
        assert!((MOST_BYTES * 9 / 4..MOST_BYTES * 3).contains(&(kept * 256)), "{kept}");
        assert_eq!(short.buckets.len() * size_of::<Bucket<32>>(), MOST_BYTES);
    }

    #[test]
    fn what_was_kept_is_found_and_counted() {
        let mut short = Eight::new();
        let text = |n: u32| format!(",{}", n % 10_000_000).into_bytes();
        (0..40_000).for_each(|n| keep(&mut short, key(n), n / 2, Reach::ALL, &text(n)));
        let mut taken = vec![0u64; 20_000];
        for n in 0..50_000 {
            let Some(bytes) = take(&mut short, key(n), 3) else { continue };
            assert_eq!(bytes, text(n));
            taken[n as usize / 2] += 1;
        }
        let found: u64 = taken.iter().sum();
        assert!(found > 39_900, "{found}");
        let mut view = short.view();
        let again = keys_of(&[7, 8, 7, 50_000].map(key), 0, &view);
        assert_eq!(view.take::<8, false>(Plain, &again, &mut [[0; 8]; 4]), 3);
        view.untake(&again, 0..3);
        // Nothing is lost where texts are others, or find no room.
        let other = b",12345678";
        let mut wide = short.with_room::<24, 16>(|number| if number == 3 { &[b'x'; 24] } else { other });
        assert_eq!(take(&mut wide, key(6), 0).as_deref(), Some(&b"long 3"[..]));
        assert_eq!(take(&mut wide, key(8), 0).as_deref(), Some(&other[..]));
        assert!(!wide.is_too_narrow());
        let mut view = wide.view();
        let keys = keys_of(&[key(6), key(8)], 0, &view);
        view.untake(&keys, 0..2);
        let mut counted = vec![0u64; 20_000];
        wide.counted().for_each(|(number, count)| counted[number as usize] += count);
        assert_eq!(counted, taken);
        assert_eq!(wide.counted().count(), 0);
    }

    #[test]
    fn a_spelling_may_have_an_answer_for_each_context() {
        let mut short = Eight::new();
        let reach = |n: u32, part: u16| Reach { first: part * 3, last: part * 3 + (n % 3) as u16 };
        for n in 0..2_000 {
            for part in 0..4 {
                keep(&mut short, key(n), n * 4 + u32::from(part), reach(n, part), &[b'0' + part as u8]);
            }
        }
        let (mut found, mut expected) = (0, 0);
        for n in 0..2_000 {
            for context in 0..15 {
                let part = context / 3;
                // Those that stand apart are there for the context in which they were met.
                let there =
                    part < 4 && if part == 0 { reach(n, part).holds(context) } else { context % 3 == 0 };
                expected += u64::from(there);
                if let Some(text) = take(&mut short, key(n), context) {
                    assert!(there);
                    assert_eq!(text, [b'0' + part as u8]);
                    found += 1;
                }
            }
        }
        assert!(found > expected * 9 / 10, "{found} of {expected}");
        // One that has more answers than places does no harm.
        (0..40).for_each(|context| keep(&mut short, key(1), 9_000, Reach::only(context), b"more"));
        let counted: u64 = short.counted().map(|(_, count)| count).sum();
        assert_eq!(counted, found);
    }

    #[test]
    fn of_texts_that_do_not_fit_the_number_is_kept() {
        let mut short = Eight::new();
        let texts: [&[u8]; 4] = [b",1234567", b",12345678", b",\0", b","];
        let expected: [&[u8]; 4] = [b",1234567", b"long 1", b"long 2", b","];
        for ((n, text), expected) in (0..).zip(texts).zip(expected) {
            keep(&mut short, key(n), n, Reach::ALL, text);
            assert_eq!(take(&mut short, key(n), 0).as_deref(), Some(expected));
        }
        keep(&mut short, 0, 4, Reach::ALL, b"");
        assert_eq!(take(&mut short, 0, 0).as_deref(), Some(&b""[..]));
        assert!(!short.is_too_narrow());
        (10..110).for_each(|n| keep(&mut short, key(n), n, Reach::ALL, &[b'x'; 9]));
        assert!(short.is_too_narrow());
    }
}
