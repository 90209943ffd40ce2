//! The ICD-10-CM tabular list: `icd10cm-tabular-April-2025.xml`.
//!
//! Published by CDC/NCHS. Chapters hold sections, sections hold `diag` elements, which nest:
//!
//! ```text
//! ICD10CM.tabular / version, introduction, chapter { name, desc, <notes>, sectionIndex, section(id) {
//!     desc, <notes>, diag { name, desc, <notes>, sevenChrNote, sevenChrDef / extension(char), diag … } } }
//! <notes> = inclusionTerm | includes | excludes1 | excludes2 | codeFirst | useAdditionalCode | codeAlso | notes,
//!     each with note children
//! ```
//!
//! Codes with a 7th character are not listed; the definitions say how to make them. Read as a stream with
//! quick-xml; external entities are never followed.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use xwalk_model::{NoteKind, Position};

use crate::lines::place;
use crate::xml::folded;
use crate::{Error, ErrorKind};

/// What an item of the tabular list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// A chapter; its name is the number.
    Chapter,
    /// A section; its name is the id, for instance `A00-A09`.
    Section,
    /// A category or code; its name has a dot.
    Diag,
}

/// A note under a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The heading.
    pub kind: NoteKind,
    /// The text, with runs of blanks and line ends made one blank.
    pub text: String,
    /// Where its element begins.
    pub at: Position,
}

/// A 7th character and its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The character.
    pub character: String,
    /// What it means.
    pub meaning: String,
}

/// One chapter, section or diag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Its name as written.
    pub name: String,
    /// Its title as written.
    pub desc: String,
    /// Whether the element says that its code ends in a placeholder X.
    pub placeholder: bool,
    /// Its notes in the order of the file.
    pub notes: Vec<Note>,
    /// The 7th characters that it defines for the codes below it.
    pub extensions: Vec<Extension>,
    /// Index of the item around it.
    pub parent: Option<usize>,
    /// Where its element begins.
    pub at: Position,
}

/// The whole list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tabular {
    /// The text of the `version` element; the fiscal year.
    pub version: String,
    /// All items, each after the item around it.
    pub items: Vec<Item>,
    /// Elements that this layout does not name; their content was passed over.
    pub unknown: Vec<Error>,
}

/// Whether a file is such a list.
pub fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(2000)];
    memchr::memmem::find(head, b"<ICD10CM.tabular").is_some()
}

/// Reads the list. Fails on the first thing that is not well formed, since nothing after it can be trusted.
pub fn read(bytes: &[u8]) -> Result<Tabular, Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Error { at: place(bytes, e.valid_up_to()), kind: ErrorKind::Encoding })?;
    let mut parser = Parser { bytes, states: Vec::new(), tabular: Tabular::default(), text: String::new() };
    parser.run(text)?;
    Ok(parser.tabular)
}

/// Where the parser stands: one state for each open element.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Root,
    Item(usize),
    /// Text of the version, a name or a desc.
    Version,
    Name(usize),
    Desc(usize),
    /// A heading with `note` children.
    Heading(usize, NoteKind),
    NoteText(usize, NoteKind, usize),
    Extensions(usize),
    Extension(usize, String),
    /// The table of visual impairment at H54: a row is kept as one note.
    Table(usize),
    TableRow(usize, usize),
    /// A cell of the table.
    Cell(usize),
    /// Content that is passed over: introduction, section index, unknown elements.
    Skipped,
}

struct Parser<'a> {
    bytes: &'a [u8],
    states: Vec<State>,
    tabular: Tabular,
    text: String,
}

impl Parser<'_> {
    fn error(&self, offset: u64, kind: ErrorKind) -> Error {
        Error { at: place(self.bytes, offset as usize), kind }
    }

    fn run(&mut self, text: &str) -> Result<(), Error> {
        let mut reader = Reader::from_str(text);
        // Places are counted on from here, so that a long file is not counted from its start for each element.
        let mut counted = Position { byte: 0, line: 1, column: 1 };
        loop {
            let begin = reader.buffer_position();
            let event = reader
                .read_event()
                .map_err(|e| self.error(reader.error_position(), ErrorKind::Xml { reason: e.to_string() }))?;
            match event {
                Event::Start(element) => {
                    counted = self.advance(counted, begin as usize);
                    self.open(&element, counted)?;
                }
                Event::Empty(element) => {
                    counted = self.advance(counted, begin as usize);
                    self.open(&element, counted)?;
                    self.close();
                }
                Event::End(_) => self.close(),
                Event::Text(part) => self.text.push_str(&part.into_inner()),
                Event::CData(part) => self.text.push_str(&part.into_inner()),
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref() {
                        Ok(Some(c)) => Some(c.to_string()),
                        Ok(None) => {
                            quick_xml::escape::resolve_predefined_entity(&reference.clone().into_inner())
                                .map(str::to_owned)
                        }
                        Err(_) => None,
                    };
                    let Some(resolved) = resolved else {
                        let name = reference.into_inner().into_owned();
                        return Err(self.error(begin, ErrorKind::Entity { name }));
                    };
                    self.text.push_str(&resolved);
                }
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
            }
        }
        if self.states.is_empty() {
            return Ok(());
        }
        let element = match self.states.last() {
            Some(State::Item(ix)) if self.tabular.items[*ix].kind == ItemKind::Chapter => "chapter",
            Some(State::Item(ix)) if self.tabular.items[*ix].kind == ItemKind::Section => "section",
            Some(State::Item(_)) => "diag",
            _ => "ICD10CM.tabular",
        };
        Err(self.error(self.bytes.len() as u64, ErrorKind::Unclosed { element: element.to_owned() }))
    }

    fn advance(&self, from: Position, to: usize) -> Position {
        let skipped = &self.bytes[from.byte as usize..to];
        let line = from.line + memchr::memchr_iter(b'\n', skipped).count() as u32;
        let column = match memchr::memrchr(b'\n', skipped) {
            Some(at) => (skipped.len() - at) as u32,
            None => from.column + skipped.len() as u32,
        };
        Position { byte: to as u64, line, column }
    }

    fn open(&mut self, element: &BytesStart<'_>, at: Position) -> Result<(), Error> {
        let name = element.name();
        let name = name.as_ref();
        let attribute = |key: &str| {
            element.attributes().flatten().find(|a| a.key.as_ref() == key).map(|a| a.value.into_owned())
        };
        let state = match (self.states.last(), name) {
            (None, "ICD10CM.tabular") => State::Root,
            (None, other) => {
                return Err(Error { at, kind: ErrorKind::UnknownElement { name: other.to_owned() } });
            }
            (Some(State::Skipped), _) => State::Skipped,
            (Some(State::Root), "version") => State::Version,
            (Some(State::Root), "introduction") => State::Skipped,
            (Some(State::Root), "chapter") => self.item(ItemKind::Chapter, String::new(), false, None, at),
            (Some(&State::Item(ix)), "section") => {
                let id = attribute("id").unwrap_or_default();
                self.item(ItemKind::Section, id, false, Some(ix), at)
            }
            (Some(&State::Item(ix)), "diag") => {
                let placeholder = attribute("placeholder").as_deref() == Some("true");
                self.item(ItemKind::Diag, String::new(), placeholder, Some(ix), at)
            }
            (Some(&State::Item(ix)), "name") => State::Name(ix),
            (Some(&State::Item(ix)), "desc") => State::Desc(ix),
            (Some(State::Item(_)), "sectionIndex") => State::Skipped,
            (Some(&State::Item(ix)), "sevenChrDef") => State::Extensions(ix),
            (Some(&State::Item(ix)), "visualImpairment") => State::Table(ix),
            (Some(&State::Item(ix)), other) => match heading(other) {
                Some(kind) => State::Heading(ix, kind),
                None => self.unknown(other, at),
            },
            (Some(&State::Heading(ix, kind)), "note") => {
                let items = &mut self.tabular.items[ix].notes;
                items.push(Note { kind, text: String::new(), at });
                State::NoteText(ix, kind, items.len() - 1)
            }
            (Some(&State::Extensions(ix)), "extension") => {
                State::Extension(ix, attribute("char").unwrap_or_default())
            }
            // A few definitions begin with a note on what they apply to.
            (Some(&State::Extensions(ix)), "note") => {
                let kind = NoteKind::SeventhCharacterNote;
                let notes = &mut self.tabular.items[ix].notes;
                notes.push(Note { kind, text: String::new(), at });
                State::NoteText(ix, kind, notes.len() - 1)
            }
            (Some(&State::Table(ix)), "visCategory") => {
                let notes = &mut self.tabular.items[ix].notes;
                notes.push(Note { kind: NoteKind::Note, text: String::new(), at });
                State::TableRow(ix, notes.len() - 1)
            }
            (Some(&(State::TableRow(..) | State::Cell(_))), _) => State::Cell(0),
            (Some(_), other) => self.unknown(other, at),
        };
        if !matches!(state, State::TableRow(..) | State::Cell(_)) {
            self.text.clear();
        }
        self.states.push(state);
        Ok(())
    }

    fn unknown(&mut self, name: &str, at: Position) -> State {
        self.tabular.unknown.push(Error { at, kind: ErrorKind::UnknownElement { name: name.to_owned() } });
        State::Skipped
    }

    fn item(
        &mut self,
        kind: ItemKind,
        name: String,
        placeholder: bool,
        parent: Option<usize>,
        at: Position,
    ) -> State {
        let (desc, notes, extensions) = (String::new(), Vec::new(), Vec::new());
        self.tabular.items.push(Item { kind, name, desc, placeholder, notes, extensions, parent, at });
        State::Item(self.tabular.items.len() - 1)
    }

    fn close(&mut self) {
        let Some(state) = self.states.pop() else { return };
        let text = folded(&self.text);
        match state {
            State::Version => self.tabular.version = text,
            State::Name(ix) => self.tabular.items[ix].name = text,
            State::Desc(ix) => self.tabular.items[ix].desc = text,
            State::NoteText(ix, _, note) | State::TableRow(ix, note) => {
                self.tabular.items[ix].notes[note].text = text;
            }
            State::Extension(ix, character) => {
                self.tabular.items[ix].extensions.push(Extension { character, meaning: text });
            }
            // Cells of a table row are read on as one text.
            State::Cell(_) => {
                self.text.push(' ');
                return;
            }
            State::Root
            | State::Item(_)
            | State::Heading(..)
            | State::Extensions(_)
            | State::Table(_)
            | State::Skipped => {}
        }
        self.text.clear();
    }
}

fn heading(name: &str) -> Option<NoteKind> {
    Some(match name {
        "inclusionTerm" => NoteKind::InclusionTerm,
        "includes" => NoteKind::Includes,
        "excludes1" => NoteKind::Excludes1,
        "excludes2" => NoteKind::Excludes2,
        "codeFirst" => NoteKind::CodeFirst,
        "useAdditionalCode" => NoteKind::UseAdditionalCode,
        "codeAlso" => NoteKind::CodeAlso,
        "notes" => NoteKind::Note,
        "sevenChrNote" => NoteKind::SeventhCharacterNote,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "<?xml version=\"1.0\"?>\r\n<ICD10CM.tabular><version>2026</version>\
        <introduction><x/></introduction><chapter><name>9</name><desc>Circ &amp; more (I00-I99)</desc>\
        <section id=\"I10-I1A\"><desc>S</desc><diag placeholder=\"true\"><name>I10</name><desc>Hyper&#x74;ension</desc>\
        <excludes1><note>a\r\n  b (I15.-)</note></excludes1><sevenChrDef><extension char=\"A\">initial</extension>\
        </sevenChrDef><diag><name>I10.1</name><desc>D</desc></diag></diag></section></chapter></ICD10CM.tabular>";

    #[test]
    fn items_keep_their_place_and_notes() {
        let list = read(SMALL.as_bytes()).unwrap();
        assert_eq!(list.version, "2026");
        let names: Vec<_> = list.items.iter().map(|i| (i.name.as_str(), i.parent)).collect();
        assert_eq!(names, [("9", None), ("I10-I1A", Some(0)), ("I10", Some(1)), ("I10.1", Some(2))]);
        let i10 = &list.items[2];
        assert_eq!((i10.desc.as_str(), i10.placeholder), ("Hypertension", true));
        assert_eq!((i10.notes[0].kind, i10.notes[0].text.as_str()), (NoteKind::Excludes1, "a b (I15.-)"));
        assert_eq!(i10.extensions[0], Extension { character: "A".into(), meaning: "initial".into() });
        assert_eq!((i10.notes[0].at.line, list.items[0].desc.as_str()), (2, "Circ & more (I00-I99)"));
    }

    #[track_caller]
    fn check_error(text: &str, line: u32, kind: ErrorKind) {
        let error = read(text.as_bytes()).unwrap_err();
        assert_eq!((error.at.line, error.kind), (line, kind));
    }

    #[test]
    fn broken_xml_is_refused_with_its_place() {
        check_error(&SMALL.replace("&amp;", "&nbsp;"), 2, ErrorKind::Entity { name: "nbsp".into() });
        let cut = &SMALL[..SMALL.len() - 20];
        assert!(read(cut.as_bytes()).is_err());
        check_error(
            SMALL.strip_suffix("</section></chapter></ICD10CM.tabular>").unwrap(),
            3,
            ErrorKind::Unclosed { element: "section".into() },
        );
        check_error("<html></html>", 1, ErrorKind::UnknownElement { name: "html".into() });
        assert_eq!(read(SMALL.replace("excludes1", "excludes7").as_bytes()).unwrap().unknown.len(), 1);
    }
}
