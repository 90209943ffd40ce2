//! The texts of an answer: a Coding of its own, and the extension that says how it came about.

use crate::answer::Answer;
use crate::options::{Field, Options, Shape};

/// The address of the extension; its parts are named by the words of the fields.
pub(crate) const EXTENSION: &str = "https://w3id.org/xwalk/fhir/remap";
/// Says why a Coding has no code. Source: FHIR R4, extension data-absent-reason.
const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// What the targets of a run have in common.
pub(crate) struct Target {
    /// The address of their system.
    pub(crate) system: &'static str,
    /// The version of their edition.
    pub(crate) version: String,
}

/// What stands in a line for an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rendered {
    /// The Coding of the target, with its extension; empty where there is no target.
    pub(crate) coding: Vec<u8>,
    /// The extension for the source Coding, where the target stands beside it or there is none; may be empty.
    pub(crate) plain: Vec<u8>,
    /// The same with the target in it, for a Coding beside which no other may stand.
    pub(crate) within: Vec<u8>,
    /// The code of the target as a string of JSON.
    pub(crate) code: Vec<u8>,
    /// The title of the target as a string of JSON; empty where nobody asked for it.
    pub(crate) title: Vec<u8>,
}

/// Writes a text as a string of JSON.
pub(crate) fn quoted(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a string is written to memory");
}

/// The member that stands for a code that there is not.
pub(crate) fn absent() -> Vec<u8> {
    let mut out = b"\"_code\":{\"extension\":[{\"url\":".to_vec();
    quoted(ABSENT, &mut out);
    out.extend_from_slice(b",\"valueCode\":\"unknown\"}]}");
    out
}

/// Adds `"name":"text"`.
fn member(name: &str, text: &str, out: &mut Vec<u8>) {
    quoted(name, out);
    out.push(b':');
    quoted(text, out);
}

/// A Coding without its last brace.
fn open_coding(code: &str, title: Option<&str>, target: &Target, out: &mut Vec<u8>) {
    out.push(b'{');
    member("system", target.system, out);
    out.push(b',');
    member("version", &target.version, out);
    out.push(b',');
    member("code", code, out);
    if let Some(title) = title {
        out.push(b',');
        member("display", title, out);
    }
}

/// The parts of the extension that are asked for; `within` puts the target there, too.
fn parts(answer: &Answer, options: &Options, target: &Target, within: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut part = |name: &str, kind: &str, value: &dyn Fn(&mut Vec<u8>)| {
        out.extend_from_slice(if out.is_empty() { b"{" } else { b",{" });
        member("url", name, &mut out);
        out.push(b',');
        quoted(kind, &mut out);
        out.push(b':');
        value(&mut out);
        out.push(b'}');
    };
    for &field in &options.fields {
        let name = field.id();
        match field {
            Field::Target => {
                if let (true, Some(code)) = (within, &answer.target) {
                    part(name, "valueCoding", &|out| {
                        open_coding(code, answer.text(Field::Title).as_deref(), target, out);
                        out.push(b'}');
                    });
                }
            }
            // It is the display of the Coding.
            Field::Title => {}
            Field::Count => {
                if answer.outcome.is_some() {
                    let count = answer.count.to_string();
                    part(name, "valueInteger", &|out| out.extend_from_slice(count.as_bytes()));
                }
            }
            Field::Alternatives => {
                for text in answer.alternatives() {
                    part("alternative", "valueString", &|out| quoted(text, out));
                }
            }
            Field::Outcome | Field::Choice | Field::Relationship | Field::Evidence => {
                if let Some(text) = answer.text(field) {
                    let kind = if field == Field::Evidence { "valueString" } else { "valueCode" };
                    part(name, kind, &|out| quoted(&text, out));
                }
            }
        }
    }
    out
}

/// The extension, empty where it says nothing.
fn extension(parts: &[u8]) -> Vec<u8> {
    if parts.is_empty() {
        return Vec::new();
    }
    let mut out = b"{".to_vec();
    member("url", EXTENSION, &mut out);
    out.extend_from_slice(b",\"extension\":[");
    out.extend_from_slice(parts);
    out.extend_from_slice(b"]}");
    out
}

/// Makes the texts of an answer.
pub(crate) fn render(answer: &Answer, options: &Options, target: &Target) -> Rendered {
    let mut made = Rendered {
        plain: extension(&parts(answer, options, target, false)),
        within: extension(&parts(answer, options, target, true)),
        ..Rendered::default()
    };
    let asked = options.shape == Shape::Replace || options.fields.contains(&Field::Target);
    if let Some(code) = answer.target.as_deref().filter(|_| asked) {
        quoted(code, &mut made.code);
        open_coding(code, answer.text(Field::Title).as_deref(), target, &mut made.coding);
        if !made.plain.is_empty() {
            made.coding.extend_from_slice(b",\"extension\":[");
            made.coding.extend_from_slice(&made.plain);
            made.coding.push(b']');
        }
        made.coding.push(b'}');
        if let Some(title) = answer.text(Field::Title) {
            quoted(&title, &mut made.title);
        }
    }
    made
}
