//! What changes in a line: pieces that are put in, taken out or put in the place of others.

use super::render::{Rendered, Target, absent, quoted};
use super::scan::{Coding, Member, Name};

/// A piece of a line and what stands in its place.
#[derive(Clone, Debug)]
pub(crate) struct Splice {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) text: Vec<u8>,
}

fn insert(at: u32, text: Vec<u8>) -> Splice {
    Splice { start: at, end: at, text }
}

/// Copies a line with its changes made. What lies within a piece that is taken out goes with it.
pub(crate) fn apply(line: &[u8], splices: &mut [Splice], out: &mut Vec<u8>) {
    // Of two at one place the one that comes first in the list stays first.
    splices.sort_by_key(|splice| splice.start);
    let mut from = 0;
    for splice in splices.iter() {
        let (start, end) = (splice.start as usize, splice.end as usize);
        if start < from {
            continue;
        }
        out.extend_from_slice(&line[from..start]);
        out.extend_from_slice(&splice.text);
        from = end;
    }
    out.extend_from_slice(&line[from..]);
}

/// Checks what a change of a Coding has to rely on.
pub(crate) fn check(line: &[u8], coding: &Coding) -> Result<(), (usize, String)> {
    match coding.get(Name::Extension) {
        Some(member) if !member.bytes(line).starts_with(b"[") => {
            Err((member.value.0 as usize, "the `extension` of a Coding is no array".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Puts an extension to those of a Coding.
fn extend(line: &[u8], coding: &Coding, extension: &[u8], out: &mut Vec<Splice>) {
    if extension.is_empty() {
        return;
    }
    let Some(member) = coding.get(Name::Extension) else {
        let text = [b",\"extension\":[", extension, b"]"].concat();
        out.push(insert(coding.last, text));
        return;
    };
    let inner = member.bytes(line);
    let empty = inner.get(1..inner.len() - 1).is_none_or(|inner| inner.trim_ascii().is_empty());
    let text = if empty { extension.to_vec() } else { [b",", extension].concat() };
    out.push(insert(member.value.1 - 1, text));
}

/// Puts an answer beside a Coding.
pub(crate) fn beside(line: &[u8], coding: &Coding, answer: &Rendered, out: &mut Vec<Splice>) {
    if answer.code.is_empty() {
        extend(line, coding, &answer.plain, out);
    } else if coding.in_list {
        out.push(insert(coding.end, [b",", &answer.coding[..]].concat()));
    } else {
        // A single Coding is all that may stand here, so that the answer goes into it.
        extend(line, coding, &answer.within, out);
    }
}

/// Puts an answer in the place of a Coding's code. What was said of the old code goes: its display, and what hangs on
/// its primitives.
pub(crate) fn replace(
    line: &[u8],
    coding: &Coding,
    answer: &Rendered,
    target: &Target,
    out: &mut Vec<Splice>,
) {
    let put = |member: &Member, text: Vec<u8>| Splice { start: member.value.0, end: member.value.1, text };
    let (Some(system), Some(code)) = (coding.get(Name::System), coding.get(Name::Code)) else { return };
    let mut text = Vec::new();
    quoted(target.system, &mut text);
    let mut version = Vec::new();
    quoted(&target.version, &mut version);
    if answer.code.is_empty() {
        // An empty code is none in FHIR; that there is none has to be said.
        out.push(Splice { start: code.start, end: code.value.1, text: absent() });
    } else {
        out.push(put(code, answer.code.clone()));
        match coding.get(Name::Version) {
            Some(member) => out.push(put(member, version)),
            None => text.extend([b",\"version\":", &version[..]].concat()),
        }
    }
    out.push(put(system, text));
    let mut gone = vec![Name::OfSystem, Name::OfVersion, Name::OfCode, Name::OfDisplay];
    match coding.get(Name::Display) {
        Some(member) if !answer.title.is_empty() => out.push(put(member, answer.title.clone())),
        Some(_) => gone.push(Name::Display),
        None if !answer.title.is_empty() => {
            let text = [b",\"display\":", &answer.title[..]].concat();
            out.push(insert(coding.last, text));
        }
        None => {}
    }
    if answer.code.is_empty() {
        gone.push(Name::Version);
    }
    let members: Vec<&Member> = gone.iter().filter_map(|name| coding.get(*name)).collect();
    remove(coding, members, out);
    extend(line, coding, &answer.plain, out);
}

/// Takes members out, each with one of the commas beside it. Others stay, at least `system`.
fn remove(coding: &Coding, mut members: Vec<&Member>, out: &mut Vec<Splice>) {
    members.sort_by_key(|member| member.start);
    // Up to the first member that stays, the comma behind goes; from there on the one before.
    let mut leading = 0;
    for member in members {
        let first = member.after == 0 || member.after == leading;
        let (start, end) = if first && member.before != 0 {
            leading = member.value.1;
            (member.start, member.before)
        } else {
            (member.after, member.value.1)
        };
        out.push(Splice { start, end: end.min(coding.last), text: Vec::new() });
    }
}
