//! Finds the Codings of a line, and where their members lie.
//!
//! One pass over the bytes checks that they are JSON and notes the objects with a string `system` that is wanted and a
//! string `code`. Keys are compared by what they say, so that `\u0063ode` is `code`.

use std::borrow::Cow;

use super::json::{self, Bad};
use super::path::Path;
use super::render::EXTENSION;

/// Deeper nesting is no resource, and would take memory.
const MAX_DEPTH: usize = 512;

/// The members of a Coding that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    System,
    Version,
    Code,
    Display,
    Extension,
    /// What FHIR hangs on a primitive: `_system` and so on.
    OfSystem,
    OfVersion,
    OfCode,
    OfDisplay,
}

/// Number of names.
pub(crate) const NAMES: usize = 9;

fn name_of(key: &[u8]) -> Option<Name> {
    Some(match key {
        b"system" => Name::System,
        b"version" => Name::Version,
        b"code" => Name::Code,
        b"display" => Name::Display,
        b"extension" => Name::Extension,
        b"_system" => Name::OfSystem,
        b"_version" => Name::OfVersion,
        b"_code" => Name::OfCode,
        b"_display" => Name::OfDisplay,
        _ => return None,
    })
}

/// A member of an object, as bytes of the line. A line is no longer than a few MiB, so that `u32` will do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    name: Name,
    /// The first quote of its key.
    pub(crate) start: u32,
    /// Its value.
    pub(crate) value: (u32, u32),
    /// The end of the member before it; 0 for the first.
    pub(crate) after: u32,
    /// The start of the member behind it; 0 for the last.
    pub(crate) before: u32,
}

impl Member {
    /// The bytes of its value.
    pub(crate) fn bytes<'t>(&self, line: &'t [u8]) -> &'t [u8] {
        &line[self.value.0 as usize..self.value.1 as usize]
    }

    /// What its value says, if it is a string.
    pub(crate) fn text<'t>(&self, line: &'t [u8]) -> Option<Cow<'t, [u8]>> {
        let inner = self.bytes(line).strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        Some(json::decoded(inner))
    }
}

/// A Coding of a wanted system.
#[derive(Clone, Debug)]
pub(crate) struct Coding {
    /// The number of its system among the wanted ones.
    pub(crate) system: usize,
    /// The end of its object.
    pub(crate) end: u32,
    /// The end of its last member.
    pub(crate) last: u32,
    /// Whether it stands in an array named `coding`, where others may stand beside it.
    pub(crate) in_list: bool,
    /// The places asked for that it is at, one bit for each.
    pub(crate) places: u64,
    members: [Option<Member>; NAMES],
}

impl Coding {
    /// A member, if it has it.
    pub(crate) fn get(&self, name: Name) -> Option<&Member> {
        self.members[name as usize].as_ref()
    }
}

/// What is wanted of a line.
pub(crate) struct Wanted {
    /// The addresses of systems, each with the number of its system.
    pub(crate) systems: Vec<(&'static str, usize)>,
    /// The addresses of the system of targets.
    pub(crate) targets: &'static [&'static str],
    /// The version of their edition.
    pub(crate) version: String,
    /// The places where Codings are wanted; everywhere where there are none.
    pub(crate) columns: Vec<Path>,
    /// Where dates stand.
    pub(crate) date: Option<Path>,
}

/// An object or array that is open.
#[derive(Debug)]
struct Frame {
    object: bool,
    start: usize,
    /// For an array, whether it is the value of a key `coding`.
    codings: bool,
    /// The key that is read, quotes and all.
    key: (u32, u32),
    /// The end of the member before.
    last: u32,
    /// Where its members begin in the list of all.
    members: usize,
    /// Where a key that counts stands a second time; 0 where none does.
    twice: u32,
    /// The member whose follower is not known yet.
    pending: Option<usize>,
}

/// What was found in a line; used again for the next.
#[derive(Default)]
pub(crate) struct Scanner {
    frames: Vec<Frame>,
    members: Vec<Member>,
    /// The Codings that are wanted.
    pub(crate) codings: Vec<Coding>,
    /// The values at the place of dates.
    pub(crate) dates: Vec<(u32, u32)>,
    /// The string `resourceType` of the line's object.
    pub(crate) resource: Option<(u32, u32)>,
    /// A Coding that cannot be used.
    problem: Option<Bad>,
    /// Where Codings of wanted systems stand that are not at a place asked for, if somebody wants to know.
    pub(crate) elsewhere: Vec<String>,
}

impl Scanner {
    /// Reads a line, which may have blanks about it.
    pub(crate) fn line(&mut self, text: &[u8], wanted: &Wanted) -> Result<(), Bad> {
        self.read(text, wanted).map_err(|(at, problem)| {
            // What ends too early goes on in the next line: this is JSON for people.
            let cut = at >= text.trim_ascii_end().len() && at > 0;
            let hint = if cut { "; NDJSON has a whole resource on each line" } else { "" };
            (at, format!("the line is not JSON that can be read: {problem}{hint}"))
        })?;
        match self.problem.take() {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    fn read(&mut self, text: &[u8], wanted: &Wanted) -> Result<(), Bad> {
        self.problem = None;
        self.frames.clear();
        self.members.clear();
        self.codings.clear();
        self.dates.clear();
        self.elsewhere.clear();
        self.resource = None;
        if let Err(error) = std::str::from_utf8(text) {
            return Err((error.valid_up_to(), "this is not UTF-8".to_owned()));
        }
        let mut at = json::blanks(text, 0);
        'values: loop {
            let start = at;
            let mut end = match text.get(at) {
                Some(open @ (b'{' | b'[')) => {
                    let object = *open == b'{';
                    self.open(text, object, at)?;
                    at = json::blanks(text, at + 1);
                    let close = if object { b'}' } else { b']' };
                    if text.get(at) != Some(&close) {
                        if object {
                            at = self.key(text, at)?;
                        }
                        continue 'values;
                    }
                    self.close(text, at + 1, wanted)?;
                    at + 1
                }
                Some(b'"') => json::string(text, at)?,
                Some(b'-' | b'0'..=b'9') => json::number(text, at)?,
                Some(_) => json::literal(text, at)?,
                None => return Err((at, "expected a value, found the end of the line".to_owned())),
            };
            let mut value = start;
            // The value ends here, and with it perhaps what it stands in.
            loop {
                self.value(text, (value, end), wanted);
                at = json::blanks(text, end);
                let Some(frame) = self.frames.last() else { break 'values };
                let object = frame.object;
                match text.get(at) {
                    Some(b',') => {
                        at = json::blanks(text, at + 1);
                        if object {
                            at = self.key(text, at)?;
                        }
                        continue 'values;
                    }
                    Some(b'}') if object => {}
                    Some(b']') if !object => {}
                    _ => {
                        let expected = if object { "`,` or `}`" } else { "`,` or `]`" };
                        return Err((at, format!("expected {expected}, found {}", json::found(text, at))));
                    }
                }
                value = self.close(text, at + 1, wanted)?;
                end = at + 1;
            }
        }
        if at < text.len() {
            let what = json::found(text, at);
            return Err((at, format!("expected the end of the line behind the value, found {what}")));
        }
        let resource = self.resource.map(|(a, b)| &text[a as usize..b as usize]);
        if !wanted.columns.is_empty() {
            let fits = |places: u64| {
                let mut columns = wanted.columns.iter().enumerate();
                columns.any(|(i, path)| places & (1 << i) != 0 && path.is_for(resource))
            };
            self.codings.retain(|coding| fits(coding.places));
        }
        if wanted.date.as_ref().is_some_and(|path| !path.is_for(resource)) {
            self.dates.clear();
        }
        Ok(())
    }

    fn open(&mut self, text: &[u8], object: bool, at: usize) -> Result<(), Bad> {
        if self.frames.len() >= MAX_DEPTH {
            return Err((at, format!("values are nested more than {MAX_DEPTH} deep")));
        }
        let codings =
            !object && self.frames.last().is_some_and(|f| f.object && *key_of(text, f) == *b"coding");
        let members = self.members.len();
        let (key, last, twice, pending) = ((0, 0), 0, 0, None);
        self.frames.push(Frame { object, start: at, codings, key, last, members, twice, pending });
        Ok(())
    }

    /// Reads a key and its colon; gives the start of its value.
    fn key(&mut self, text: &[u8], at: usize) -> Result<usize, Bad> {
        if text.get(at) != Some(&b'"') {
            return Err((at, format!("expected a key in quotes, found {}", json::found(text, at))));
        }
        let end = json::string(text, at)?;
        let colon = json::blanks(text, end);
        if text.get(colon) != Some(&b':') {
            return Err((colon, format!("expected `:` behind the key, found {}", json::found(text, colon))));
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.key = (at as u32, end as u32);
            if let Some(member) = frame.pending.take() {
                self.members[member].before = at as u32;
            }
        }
        Ok(json::blanks(text, colon + 1))
    }

    /// Notes a value that was read whole.
    fn value(&mut self, text: &[u8], (start, end): (usize, usize), wanted: &Wanted) {
        let Some(frame) = self.frames.last() else { return };
        if text[start] != b'[' && wanted.date.as_ref().is_some_and(|path| self.is_at(text, path)) {
            self.dates.push((start as u32, end as u32));
        }
        if !frame.object {
            return;
        }
        let key = key_of(text, frame);
        if self.frames.len() == 1 && *key == *b"resourceType" && text[start] == b'"' {
            self.resource = Some((start as u32 + 1, end as u32 - 1));
        }
        let name = name_of(&key);
        let members = frame.members;
        let (first, after) = (frame.key.0, frame.last);
        let twice = name.is_some_and(|name| self.members[members..].iter().any(|m| m.name == name));
        if let Some(frame) = self.frames.last_mut() {
            frame.last = end as u32;
            if twice {
                frame.twice = first;
            } else if let Some(name) = name {
                frame.pending = Some(self.members.len());
                let value = (start as u32, end as u32);
                self.members.push(Member { name, start: first, value, after, before: 0 });
            }
        }
    }

    /// Closes an object or array. Gives where it began.
    fn close(&mut self, text: &[u8], end: usize, wanted: &Wanted) -> Result<usize, Bad> {
        let Some(frame) = self.frames.pop() else { return Ok(0) };
        let start = frame.start;
        let mut members: [Option<Member>; NAMES] = [None; NAMES];
        for member in self.members.drain(frame.members..) {
            members[member.name as usize] = Some(member);
        }
        let (Some(system), Some(code)) = (members[Name::System as usize], members[Name::Code as usize])
        else {
            return Ok(start);
        };
        let Some(address) = system.text(text) else { return Ok(start) };
        // A Coding that states the target edition is a target already, and looked up nowhere.
        let version = members[Name::Version as usize].and_then(|version| version.text(text));
        let stated = version.is_some_and(|version| *version == *wanted.version.as_bytes());
        if stated && wanted.targets.iter().any(|target| target.as_bytes() == address.as_ref()) {
            let ours = memchr::memmem::Finder::new(EXTENSION);
            if members[Name::Extension as usize].is_some_and(|e| ours.find(e.bytes(text)).is_some()) {
                let problem = "the line holds an answer of an earlier run to this edition; remap the file as it was before";
                self.problem.get_or_insert((start, problem.to_owned()));
            }
            return Ok(start);
        }
        let known = wanted.systems.iter().find(|(known, _)| known.as_bytes() == address.as_ref());
        let (Some(&(_, system)), true) = (known, code.text(text).is_some()) else { return Ok(start) };
        let mut places = 0;
        if !wanted.columns.is_empty() {
            let keys = self.keys(text);
            for (i, path) in wanted.columns.iter().enumerate() {
                if path.holds(keys.iter().map(AsRef::as_ref)) {
                    places |= 1 << i;
                }
            }
            if places == 0 {
                let keys = keys.iter().map(|key| String::from_utf8_lossy(key).into_owned());
                self.elsewhere.push(keys.collect::<Vec<_>>().join("."));
                return Ok(start);
            }
        }
        if frame.twice > 0 {
            let key = json::string(text, frame.twice as usize)?;
            let key = String::from_utf8_lossy(&text[frame.twice as usize..key]).into_owned();
            let problem = format!("the key {key} stands twice in one Coding");
            self.problem.get_or_insert((frame.twice as usize, problem));
        }
        self.codings.push(Coding {
            system,
            end: end as u32,
            last: frame.last,
            in_list: self.frames.last().is_some_and(|f| f.codings),
            places,
            members,
        });
        Ok(start)
    }

    /// Whether what is read stands at a place, and not below it.
    fn is_at(&self, text: &[u8], path: &Path) -> bool {
        let mut open = self.frames.iter().rev().filter(|f| f.object);
        let same = |key: &String| open.next().is_some_and(|f| *key_of(text, f) == *key.as_bytes());
        path.keys.iter().rev().all(same) && open.next().is_none()
    }

    /// The keys that lead to what is read.
    fn keys<'t>(&self, text: &'t [u8]) -> Vec<Cow<'t, [u8]>> {
        self.frames.iter().filter(|f| f.object).map(|f| key_of(text, f)).collect()
    }
}

fn key_of<'t>(text: &'t [u8], frame: &Frame) -> Cow<'t, [u8]> {
    let (start, end) = (frame.key.0 as usize, frame.key.1 as usize);
    if end < start + 2 { Cow::Borrowed(&[]) } else { json::decoded(&text[start + 1..end - 1]) }
}
