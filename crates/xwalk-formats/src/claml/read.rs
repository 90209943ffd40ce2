//! The reader: events in, entries out, with one state for each open element.

use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use xwalk_model::Position;

use super::{Claml, Element, Entry, History, Identifier, Kind, Label, Meta, ModifiedBy, Part, Rubric};
use crate::text::decode;
use crate::{Error, ErrorKind};

/// Whether a file begins like ClaML.
pub fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(8000)];
    memchr::memmem::find(head, b"<ClaML").is_some_and(|at| {
        head.get(at + 6).is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
    })
}

/// Reads a file. Fails where the XML is not well formed, since nothing after it can be trusted.
pub fn read(bytes: &[u8]) -> Result<Claml, Error> {
    let decoded = decode(bytes);
    let mut parser = Parser::new(&decoded.text, false);
    parser.run()?;
    Ok(parser.claml)
}

/// Reads what stands before the first modifier or class, from the beginning of a file that may be cut anywhere.
pub fn heading(head: &[u8]) -> Claml {
    // A cut may go through a character; the part before it is enough.
    let whole = match std::str::from_utf8(head) {
        Err(e) if e.error_len().is_none() => &head[..e.valid_up_to()],
        _ => head,
    };
    let decoded = decode(whole);
    let mut parser = Parser::new(&decoded.text, true);
    // The cut is no error here.
    let _ = parser.run();
    parser.claml
}

/// Which list of kinds is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kinds {
    Class,
    Usage,
    Rubric,
}

/// Where the parser stands: one state for each open element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Root,
    Title,
    Kinds(Kinds),
    Kind(Kinds),
    Display(Kinds),
    Class,
    Modifier,
    ModifierClass,
    ModifiedBy,
    Rubric,
    Label,
    /// An element inside a label.
    Inline,
    History,
    /// An element that is all attributes.
    Leaf,
    /// Content that is passed over.
    Skipped,
}

struct Parser<'a> {
    text: &'a str,
    heading_only: bool,
    states: Vec<State>,
    claml: Claml,
    entry: Entry,
    done: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, heading_only: bool) -> Self {
        let (claml, entry) = (Claml::default(), Entry::default());
        Self { text, heading_only, states: Vec::new(), claml, entry, done: false }
    }

    fn run(&mut self) -> Result<(), Error> {
        let mut reader = Reader::from_str(self.text);
        // Places are counted on from here, so that a long file is not counted from its start for each element.
        let mut counted = Position { byte: 0, line: 1, column: 1 };
        let mut seen_root = false;
        while !self.done {
            let begin = reader.buffer_position();
            let event = reader.read_event().map_err(|e| Error {
                at: self.advance(Position { byte: 0, line: 1, column: 1 }, reader.error_position()),
                kind: ErrorKind::Xml { reason: e.to_string() },
            })?;
            match event {
                Event::Start(element) => {
                    counted = self.advance(counted, begin);
                    seen_root = true;
                    self.open(&element, counted)?;
                }
                Event::Empty(element) => {
                    counted = self.advance(counted, begin);
                    seen_root = true;
                    self.open(&element, counted)?;
                    self.close();
                }
                Event::End(_) => self.close(),
                Event::Text(part) => self.take_text(&part.into_inner()),
                Event::CData(part) => self.take_text(&part.into_inner()),
                Event::GeneralRef(reference) => {
                    counted = self.advance(counted, begin);
                    let text = self.resolve(&reference, counted);
                    self.take_text(&text);
                }
                Event::Eof => break,
                // The DTD is external and is not followed.
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
            }
        }
        if self.done || (seen_root && self.states.is_empty()) {
            return Ok(());
        }
        let at = self.advance(counted, self.text.len() as u64);
        Err(Error { at, kind: ErrorKind::Unclosed { element: self.innermost().to_owned() } })
    }

    /// The element that is open, for the message.
    fn innermost(&self) -> &'static str {
        let known = self.states.iter().rev().find_map(|state| match state {
            State::Class => Some("Class"),
            State::Modifier => Some("Modifier"),
            State::ModifierClass => Some("ModifierClass"),
            _ => None,
        });
        known.unwrap_or("ClaML")
    }

    fn advance(&self, from: Position, to: u64) -> Position {
        let to = usize::try_from(to).unwrap_or(usize::MAX).min(self.text.len());
        let skipped = self.text.as_bytes().get(from.byte as usize..to).unwrap_or_default();
        let line = from.line + memchr::memchr_iter(b'\n', skipped).count() as u32;
        let column = match memchr::memrchr(b'\n', skipped) {
            Some(at) => (skipped.len() - at) as u32,
            None => from.column + skipped.len() as u32,
        };
        Position { byte: to as u64, line, column }
    }

    /// A character or predefined entity; any other would need the DTD, so it is told and kept as written.
    fn resolve(&mut self, reference: &BytesRef<'_>, at: Position) -> String {
        if let Ok(Some(c)) = reference.resolve_char_ref() {
            return c.to_string();
        }
        let name = reference.clone().into_inner();
        if let Some(text) = quick_xml::escape::resolve_predefined_entity(&name) {
            return text.to_owned();
        }
        self.claml.problems.push(Error { at, kind: ErrorKind::Entity { name: name.to_string() } });
        format!("&{name};")
    }

    fn take_text(&mut self, text: &str) {
        match self.states.last() {
            Some(State::Title) => self.claml.title.text.push_str(text),
            Some(State::Display(kinds)) => {
                if let Some(kind) = self.kinds(*kinds).last_mut() {
                    kind.display.push_str(text);
                }
            }
            Some(State::Label | State::Inline) => {
                if let Some(label) = self.label() {
                    label.push_text(text);
                }
            }
            Some(State::History) => {
                if let Some(history) = self.entry.history.last_mut() {
                    history.text.push_str(text);
                }
            }
            _ => {}
        }
    }

    fn kinds(&mut self, kinds: Kinds) -> &mut Vec<Kind> {
        match kinds {
            Kinds::Class => &mut self.claml.class_kinds,
            Kinds::Usage => &mut self.claml.usage_kinds,
            Kinds::Rubric => &mut self.claml.rubric_kinds,
        }
    }

    fn label(&mut self) -> Option<&mut Label> {
        self.entry.rubrics.last_mut()?.labels.last_mut()
    }

    fn open(&mut self, element: &BytesStart<'_>, at: Position) -> Result<(), Error> {
        let local = element.local_name();
        let name: &str = local.as_ref();
        let get = |key: &str| value(element, key);
        let link = || get("code");
        let state = match (self.states.last().copied(), name) {
            (None, "ClaML") => {
                self.claml.version = get("version");
                State::Root
            }
            (None, other) => {
                return Err(Error { at, kind: ErrorKind::UnknownElement { name: other.to_owned() } });
            }
            (Some(State::Skipped), _) => State::Skipped,
            (Some(State::Label | State::Inline), _) => {
                let opened = Part::Open(Element { name: name.to_owned(), attributes: attributes(element) });
                if let Some(label) = self.label() {
                    label.parts.push(opened);
                }
                State::Inline
            }
            (Some(State::Root), "Class" | "Modifier" | "ModifierClass") if self.heading_only => {
                self.done = true;
                State::Skipped
            }
            (Some(State::Root), _) => self.open_in_root(name, &get, at),
            (Some(State::Kinds(kinds)), "ClassKind" | "UsageKind" | "RubricKind") => {
                let (name, mark, inherited) = (get("name"), get("mark"), get("inherited"));
                self.kinds(kinds).push(Kind { name, mark, inherited, display: String::new() });
                State::Kind(kinds)
            }
            (Some(State::Kind(kinds)), "Display") => State::Display(kinds),
            (Some(State::Class | State::Modifier | State::ModifierClass), _) => {
                self.open_in_entry(name, &get, at)
            }
            (Some(State::ModifiedBy), "Meta" | "ValidModifierClass") => {
                if let Some(by) = self.entry.modified_by.last_mut() {
                    if name == "Meta" {
                        by.meta.push(Meta { name: get("name"), value: get("value") });
                    } else {
                        by.valid.push(link());
                    }
                }
                State::Leaf
            }
            (Some(State::Rubric), "Label") => {
                // The prefix of `xml:lang` is part of its name.
                let label = Label { language: get("xml:lang"), parts: Vec::new(), at };
                if let Some(rubric) = self.entry.rubrics.last_mut() {
                    rubric.labels.push(label);
                }
                State::Label
            }
            (Some(State::Rubric), "History") => self.history(&get),
            (Some(_), other) => self.unknown(other, at),
        };
        self.states.push(state);
        Ok(())
    }

    fn open_in_root(&mut self, name: &str, get: &dyn Fn(&str) -> String, at: Position) -> State {
        match name {
            "Meta" => {
                self.claml.meta.push(Meta { name: get("name"), value: get("value") });
                State::Leaf
            }
            "Identifier" => {
                self.claml.identifiers.push(Identifier { authority: get("authority"), uid: get("uid") });
                State::Leaf
            }
            "Title" => {
                let title = &mut self.claml.title;
                (title.name, title.version, title.date) = (get("name"), get("version"), get("date"));
                State::Title
            }
            "ClassKinds" => State::Kinds(Kinds::Class),
            "UsageKinds" => State::Kinds(Kinds::Usage),
            "RubricKinds" => State::Kinds(Kinds::Rubric),
            // Names of people, and of variants that no edition uses: nothing about codes.
            "Authors" | "Variants" => State::Skipped,
            "Class" | "Modifier" | "ModifierClass" => {
                self.entry = Entry {
                    code: get("code"),
                    kind: get("kind"),
                    usage: get("usage"),
                    modifier: get("modifier"),
                    at,
                    ..Entry::default()
                };
                match name {
                    "Class" => State::Class,
                    "Modifier" => State::Modifier,
                    _ => State::ModifierClass,
                }
            }
            other => self.unknown(other, at),
        }
    }

    fn open_in_entry(&mut self, name: &str, get: &dyn Fn(&str) -> String, at: Position) -> State {
        let entry = &mut self.entry;
        match name {
            "Meta" => entry.meta.push(Meta { name: get("name"), value: get("value") }),
            "SuperClass" => entry.superclasses.push(get("code")),
            "SubClass" => entry.subclasses.push(get("code")),
            "ExcludeModifier" => entry.excluded_modifiers.push(get("code")),
            "ModifiedBy" => {
                let (code, all, position) = (get("code"), get("all"), get("position"));
                let (meta, valid) = (Vec::new(), Vec::new());
                entry.modified_by.push(ModifiedBy { code, all, position, meta, valid, at });
                return State::ModifiedBy;
            }
            "Rubric" => {
                let (id, kind, usage) = (get("id"), get("kind"), get("usage"));
                entry.rubrics.push(Rubric { id, kind, usage, labels: Vec::new(), at });
                return State::Rubric;
            }
            "History" => return self.history(get),
            other => return self.unknown(other, at),
        }
        State::Leaf
    }

    fn history(&mut self, get: &dyn Fn(&str) -> String) -> State {
        let (author, date) = (get("author"), get("date"));
        self.entry.history.push(History { author, date, text: String::new() });
        State::History
    }

    fn unknown(&mut self, name: &str, at: Position) -> State {
        self.claml.problems.push(Error { at, kind: ErrorKind::UnknownElement { name: name.to_owned() } });
        State::Skipped
    }

    fn close(&mut self) {
        match self.states.pop() {
            Some(State::Inline) => {
                if let Some(label) = self.label() {
                    label.parts.push(Part::Close);
                }
            }
            Some(State::Class) => self.keep("Class"),
            Some(State::Modifier) => self.keep("Modifier"),
            Some(State::ModifierClass) => self.keep("ModifierClass"),
            _ => {}
        }
    }

    /// Takes over an entry that has what its element must have.
    fn keep(&mut self, element: &'static str) {
        let entry = std::mem::take(&mut self.entry);
        let missing = match element {
            _ if entry.code.trim().is_empty() => Some("code"),
            "Class" if entry.kind.trim().is_empty() => Some("kind"),
            "ModifierClass" if entry.modifier.trim().is_empty() => Some("modifier"),
            _ => None,
        };
        match (missing, element) {
            (Some(name), _) => {
                let kind = ErrorKind::MissingAttribute { element, name };
                self.claml.problems.push(Error { at: entry.at, kind });
            }
            (None, "Class") => self.claml.classes.push(entry),
            (None, "Modifier") => self.claml.modifiers.push(entry),
            (None, _) => self.claml.modifier_classes.push(entry),
        }
    }
}

/// The value of an attribute; empty where the element does not have it.
fn value(element: &BytesStart<'_>, key: &str) -> String {
    let mut all = element.attributes();
    let found = all.with_checks(false).flatten().find(|a| a.key.as_ref() == key);
    found.map(|a| unescaped(&a)).unwrap_or_default()
}

fn attributes(element: &BytesStart<'_>) -> Vec<(String, String)> {
    let mut all = element.attributes();
    all.with_checks(false).flatten().map(|a| (a.key.as_ref().to_owned(), unescaped(&a))).collect()
}

/// An attribute's text; as written where it uses an entity that only the DTD could explain.
fn unescaped(attribute: &quick_xml::events::attributes::Attribute<'_>) -> String {
    attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .unwrap_or_else(|_| Cow::Borrowed(&attribute.value))
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE ClaML SYSTEM \"ClaML.dtd\">\n\
        <ClaML version=\"2.0.0\">\n<Meta name=\"lang\" value=\"en\"/>\n<Identifier authority=\"WHO\" uid=\"q1\"/>\n\
        <Title date=\"2020-03-22\" name=\"ICD-10-EN\" version=\"2019-x\">Invented</Title>\n\
        <UsageKinds><UsageKind name=\"aster\" mark=\"*\"/></UsageKinds>\n\
        <RubricKinds><RubricKind name=\"text\" inherited=\"false\"><Display xml:lang=\"en\">Text</Display></RubricKind></RubricKinds>\n\
        <Modifier code=\"S04Q10_4\"><SubClass code=\".0\"/></Modifier>\n\
        <ModifierClass modifier=\"S04Q10_4\" code=\".0\"><SuperClass code=\"S04Q10_4\"/></ModifierClass>\n\
        <Class code=\"Q10\" kind=\"category\" usage=\"dagger\"><SuperClass code=\"Q10-Q19\"/>\
        <ModifiedBy code=\"S04Q10_4\" all=\"false\"><ValidModifierClass code=\".0\"/></ModifiedBy>\
        <ExcludeModifier code=\"M\"/>\
        <Rubric id=\"r1\" kind=\"preferred\"><Label xml:lang=\"en\">Made up &amp; more<Reference class=\"in brackets\" \
        usage=\"aster\" code=\"Z01\">Z01.-</Reference></Label></Rubric></Class>\n</ClaML>\n";

    #[test]
    fn everything_has_its_place() {
        let all = read(SMALL.as_bytes()).unwrap();
        assert_eq!((all.version.as_str(), all.meta("lang"), all.mark("aster")), ("2.0.0", Some("en"), "*"));
        assert_eq!((all.title.version.as_str(), all.title.text.as_str()), ("2019-x", "Invented"));
        assert_eq!(all.rubric_kinds[0].display, "Text");
        let class = &all.classes[0];
        assert_eq!((class.code.as_str(), class.at.line, class.usage.as_str()), ("Q10", 11, "dagger"));
        assert_eq!(
            (class.modified_by[0].all.as_str(), &class.modified_by[0].valid),
            ("false", &vec![".0".into()])
        );
        assert_eq!(class.excluded_modifiers, ["M"]);
        let label = &class.rubrics[0].labels[0];
        assert_eq!(label.text(), "Made up & moreZ01.-");
        let Part::Open(reference) = &label.parts[1] else { panic!("a reference") };
        assert_eq!((reference.attribute("code"), reference.attribute("usage")), ("Z01", "aster"));
        assert_eq!(label.parts.last(), Some(&Part::Close));
        assert_eq!((all.modifiers.len(), all.modifier_classes[0].modifier.as_str()), (1, "S04Q10_4"));
        assert!(all.problems.is_empty());
    }

    #[test]
    fn the_heading_is_read_from_a_cut_file() {
        for cut in [700, 900, SMALL.len()] {
            assert_eq!(heading(&SMALL.as_bytes()[..cut]).title.name, "ICD-10-EN", "{cut}");
        }
        assert!(looks_like(SMALL.as_bytes()) && !looks_like(b"<ClaMLx>"));
    }

    #[test]
    fn version_3_with_a_namespace() {
        let text = SMALL
            .replace("<ClaML version=\"2.0.0\">", "<c:ClaML xmlns:c=\"urn:x\" version=\"3.0.0\">")
            .replace("</ClaML>", "</c:ClaML>");
        assert_eq!(read(text.as_bytes()).unwrap().classes.len(), 1);
    }

    #[test]
    fn latin_1_is_decoded() {
        let bytes: Vec<u8> = SMALL.replace("Made up", "K\u{fc}nstlich").chars().map(|c| c as u8).collect();
        let all = read(&bytes).unwrap();
        assert!(all.classes[0].rubrics[0].labels[0].text().starts_with("K\u{fc}nstlich"));
    }

    #[test]
    fn what_is_wrong_and_where() {
        let problems = |text: &str| {
            let all = read(text.as_bytes()).unwrap();
            all.problems.into_iter().map(|e| (e.at.line, e.kind.to_string())).collect::<Vec<_>>()
        };
        let found = problems(&SMALL.replace("&amp;", "&nbsp;"));
        assert!(found[0].0 == 11 && found[0].1.contains("&nbsp;"), "{found:?}");
        let found = problems(&SMALL.replace("<Class code=\"Q10\"", "<Class"));
        assert!(found[0].0 == 11 && found[0].1.contains("code"), "{found:?}");
        let found = problems(&SMALL.replace("ExcludeModifier", "NewThing"));
        assert!(found[0].1.contains("NewThing"), "{found:?}");
        assert!(read(&SMALL.as_bytes()[..SMALL.len() - 30]).is_err());
        assert!(read(b"<html></html>").is_err());
        assert!(read(b"").is_err());
    }
}
