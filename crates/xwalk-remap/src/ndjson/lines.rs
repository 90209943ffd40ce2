//! Lines of a chunk: the bytes of the input with the answers spliced in.

use std::borrow::Cow;
use std::collections::BTreeSet;

use xwalk_map::Outcome;

use super::dates;
use super::json::{self, Bad};
use super::reader::Failure;
use super::render::{Rendered, Target, render};
use super::scan::{Name, Scanner, Wanted};
use super::splice::{self, Splice};
use crate::answer::Answer;
use crate::date::Calendar;
use crate::lookup::Lookup;
use crate::options::{Field, OnError, Options, Shape};
use crate::tally::Tally;

/// Places that are told where one was asked for and not found.
const MAX_PLACES: usize = 200;

/// What a thread needs to work on chunks. Its buffers are used again and again.
pub(crate) struct Worker<'b> {
    pub(crate) lookup: Lookup<'b>,
    pub(crate) wanted: &'b Wanted,
    pub(crate) target: &'b Target,
    pub(crate) calendar: &'b Calendar,
    pub(crate) options: &'b Options,
    /// Number of contexts of each system.
    pub(crate) contexts: u16,
    /// What contexts are called.
    pub(crate) labels: &'b [String],
    pub(crate) rendered: Vec<Rendered>,
    pub(crate) scanner: Scanner,
    pub(crate) splices: Vec<Splice>,
    pub(crate) numbers: Vec<u32>,
    pub(crate) out: Vec<u8>,
    /// Lines set aside.
    pub(crate) aside: Vec<u8>,
    pub(crate) tally: Tally,
    pub(crate) places: Places,
}

/// Which of the places asked for were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// One bit for each of the columns that held a Coding.
    pub(crate) columns: u64,
    /// Whether a line had a date.
    pub(crate) dated: bool,
    /// Where else Codings of the source system stand.
    pub(crate) elsewhere: BTreeSet<String>,
}

impl Places {
    /// Adds what another part found.
    pub fn add(&mut self, other: &Self) {
        self.columns |= other.columns;
        self.dated |= other.dated;
        self.elsewhere.extend(other.elsewhere.iter().cloned());
    }
}

impl Worker<'_> {
    /// Works on a chunk. Gives the number of lines.
    pub(crate) fn process(&mut self, chunk: &[u8], start: bool) -> Result<u64, Failure> {
        self.out.clear();
        self.aside.clear();
        let mut from = 0;
        let mut lines = 0;
        while from < chunk.len() {
            let end = memchr::memchr(b'\n', &chunk[from..]).map_or(chunk.len(), |feed| from + feed + 1);
            let whole = &chunk[from..end];
            from = end;
            lines += 1;
            // A byte order mark is no part of the first line, and stays.
            let mark = if start && lines == 1 && whole.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
            let line = whole.strip_suffix(b"\n").unwrap_or(whole);
            let line = &line[mark..];
            if line.trim_ascii().is_empty() {
                self.out.extend_from_slice(whole);
                continue;
            }
            let before = self.out.len();
            self.out.extend_from_slice(&whole[..mark]);
            if let Err((at, problem)) = self.line(line) {
                if self.options.on_error == OnError::Fail {
                    let column = (mark + at) as u64 + 1;
                    return Err(Failure::BadLine { line: lines, column, problem });
                }
                self.out.truncate(before);
                self.tally.set_aside += 1;
                self.aside.extend_from_slice(whole);
                continue;
            }
            self.out.extend_from_slice(&whole[mark + line.len()..]);
        }
        Ok(lines)
    }

    /// Writes a line with its answers. Nothing is counted of a bad one.
    fn line(&mut self, line: &[u8]) -> Result<(), Bad> {
        self.scanner.line(line, self.wanted)?;
        let when = self.when(line)?;
        let contexts = match &when {
            Some(when) => when.contexts.clone(),
            None => vec![self.calendar.undated().ok_or((0, "the line has no date".to_owned()))?],
        };
        self.splices.clear();
        self.numbers.clear();
        let scanner = std::mem::take(&mut self.scanner);
        let result = self.answer(line, &scanner, &contexts, when.as_ref());
        self.scanner = scanner;
        result?;
        for &number in &self.numbers {
            self.lookup.counts[number as usize] += 1;
        }
        self.tally.rows += 1;
        self.tally.rows_out += 1;
        self.places.dated |= when.is_some();
        self.tally.undated += u64::from(self.wanted.date.is_some() && when.is_none());
        splice::apply(line, &mut self.splices, &mut self.out);
        Ok(())
    }

    fn answer(
        &mut self,
        line: &[u8],
        scanner: &Scanner,
        contexts: &[u16],
        when: Option<&When>,
    ) -> Result<(), Bad> {
        for coding in &scanner.codings {
            splice::check(line, coding)?;
            let Some(code) = coding.get(Name::Code).and_then(|code| code.text(line)) else { continue };
            let of_system = self.contexts * coding.system as u16;
            let number = self.lookup.number(contexts[0] + of_system, &code);
            for &context in &contexts[1..] {
                let other = self.lookup.number(context + of_system, &code);
                let (a, b) = (&self.lookup.answers[number as usize], &self.lookup.answers[other as usize]);
                if !says_the_same(a, b) {
                    let labels = [contexts[0], context].map(|c| &*self.labels[usize::from(c + of_system)]);
                    return Err(undecided(&code, [a, b], labels, when));
                }
            }
            self.numbers.push(number);
            self.places.columns |= coding.places;
            if number == 0 {
                continue;
            }
            while self.rendered.len() < self.lookup.answers.len() {
                let answer = &self.lookup.answers[self.rendered.len()];
                self.rendered.push(render(answer, self.options, self.target));
            }
            let answer = &self.rendered[number as usize];
            match self.options.shape {
                Shape::Replace => splice::replace(line, coding, answer, self.target, &mut self.splices),
                _ => splice::beside(line, coding, answer, &mut self.splices),
            }
        }
        for place in &scanner.elsewhere {
            if self.places.elsewhere.len() < MAX_PLACES && !self.places.elsewhere.contains(place) {
                self.places.elsewhere.insert(place.clone());
            }
        }
        Ok(())
    }

    /// The contexts of a line, by its dates; `None` where it has none, or where nobody asks.
    fn when(&self, line: &[u8]) -> Result<Option<When>, Bad> {
        let mut when: Option<When> = None;
        for &(start, end) in &self.scanner.dates {
            let raw = &line[start as usize..end as usize];
            let text = match raw.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) {
                Some(inner) => json::decoded(inner),
                None if raw == b"null" => continue,
                None => Cow::Borrowed(raw),
            };
            if text.trim_ascii().is_empty() {
                continue;
            }
            let at = start as usize;
            let contexts = dates::contexts(&text, self.calendar).map_err(|problem| (at, problem))?;
            match &mut when {
                None => {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    when = Some(When { contexts, at, text, dates: 1 });
                }
                Some(when) => {
                    when.dates += 1;
                    let more: Vec<u16> =
                        contexts.into_iter().filter(|c| !when.contexts.contains(c)).collect();
                    when.contexts.extend(more);
                }
            }
        }
        Ok(when)
    }
}

/// The dates of a line.
struct When {
    /// The contexts in force on them: several where a date is partial, or where there are several.
    contexts: Vec<u16>,
    /// Where the first stands.
    at: usize,
    /// The first.
    text: String,
    dates: usize,
}

/// Whether two answers say the same; the way there is that of the first.
fn says_the_same(a: &Answer, b: &Answer) -> bool {
    let mut told = Field::ALL.iter().filter(|field| **field != Field::Evidence);
    told.all(|field| a.text(*field) == b.text(*field))
}

/// Editions between which the dates of a line do not decide answer otherwise.
fn undecided(code: &[u8], answers: [&Answer; 2], labels: [&str; 2], when: Option<&When>) -> Bad {
    let said = |answer: &Answer| {
        let target = answer.target.as_ref().map_or(String::new(), |target| format!(" ({target})"));
        format!("{}{target}", answer.outcome.map_or("empty", Outcome::id))
    };
    let dates = match when {
        Some(When { dates: 1, text, .. }) => format!("`{text}` is a partial date that does not decide"),
        _ => "the dates of the line do not decide".to_owned(),
    };
    let code = String::from_utf8_lossy(code);
    let problem = format!(
        "{dates} what becomes of {code}: {} in {}, {} in {}",
        said(answers[0]),
        labels[0],
        said(answers[1]),
        labels[1]
    );
    (when.map_or(0, |when| when.at), problem)
}
