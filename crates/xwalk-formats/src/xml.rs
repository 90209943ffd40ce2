//! XML as a stream of elements with their places and texts. External entities are never followed.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use xwalk_model::Position;

use crate::lines::place;
use crate::{Error, ErrorKind};

/// What is told of the elements of a document.
pub(crate) trait Visit {
    /// An element begins below the elements `above`, outermost first.
    fn open(&mut self, above: &[String], element: &BytesStart<'_>, at: Position);
    /// The last of the elements `above` ends; `text` is what stood in it since the last element began or ended.
    fn close(&mut self, above: &[String], text: &str);
}

/// Elements within elements, deeper than in any official file.
const MAX_DEPTH: usize = 64;

/// Walks through a document whose root element is `root`.
pub(crate) fn walk(bytes: &[u8], root: &str, visitor: &mut dyn Visit) -> Result<(), Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let error = |offset: u64, kind| Error { at: place(bytes, offset as usize), kind };
    let text = std::str::from_utf8(bytes).map_err(|e| error(e.valid_up_to() as u64, ErrorKind::Encoding))?;
    let mut reader = Reader::from_str(text);
    let mut above: Vec<String> = Vec::new();
    let mut content = String::new();
    // Places are counted on from here, so that a long file is not counted from its start for each element.
    let mut counted = Position { byte: 0, line: 1, column: 1 };
    let mut rooted = false;
    loop {
        let begin = reader.buffer_position();
        let event = reader
            .read_event()
            .map_err(|e| error(reader.error_position(), ErrorKind::Xml { reason: e.to_string() }))?;
        match event {
            Event::Start(element) => {
                counted = advance(bytes, counted, begin as usize);
                rooted |= check(&above, &element, root, counted)?;
                visitor.open(&above, &element, counted);
                above.push(element.name().as_ref().to_owned());
                content.clear();
            }
            Event::Empty(element) => {
                counted = advance(bytes, counted, begin as usize);
                rooted |= check(&above, &element, root, counted)?;
                visitor.open(&above, &element, counted);
                above.push(element.name().as_ref().to_owned());
                visitor.close(&above, "");
                above.pop();
                content.clear();
            }
            Event::End(_) => {
                visitor.close(&above, &folded(&content));
                above.pop();
                content.clear();
            }
            Event::Text(part) => content.push_str(&part.into_inner()),
            Event::CData(part) => content.push_str(&part.into_inner()),
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(c)) => Some(c.to_string()),
                    Ok(None) => quick_xml::escape::resolve_predefined_entity(&reference.clone().into_inner())
                        .map(str::to_owned),
                    Err(_) => None,
                };
                let Some(resolved) = resolved else {
                    return Err(error(
                        begin,
                        ErrorKind::Entity { name: reference.into_inner().into_owned() },
                    ));
                };
                content.push_str(&resolved);
            }
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
        }
    }
    match above.pop() {
        Some(element) => Err(error(bytes.len() as u64, ErrorKind::Unclosed { element })),
        None if !rooted => Err(error(bytes.len() as u64, ErrorKind::Unclosed { element: root.to_owned() })),
        None => Ok(()),
    }
}

fn check(above: &[String], element: &BytesStart<'_>, root: &str, at: Position) -> Result<bool, Error> {
    let name = element.name();
    if above.is_empty() && name.as_ref() != root {
        return Err(Error { at, kind: ErrorKind::UnknownElement { name: name.as_ref().to_owned() } });
    }
    if above.len() >= MAX_DEPTH {
        let reason = format!("elements within elements more than {MAX_DEPTH} deep");
        return Err(Error { at, kind: ErrorKind::Xml { reason } });
    }
    Ok(true)
}

fn advance(bytes: &[u8], from: Position, to: usize) -> Position {
    let skipped = bytes.get(from.byte as usize..to).unwrap_or_default();
    let line = from.line + memchr::memchr_iter(b'\n', skipped).count() as u32;
    let column = match memchr::memrchr(b'\n', skipped) {
        Some(at) => (skipped.len() - at) as u32,
        None => from.column + skipped.len() as u32,
    };
    Position { byte: to as u64, line, column }
}

/// The value of an attribute.
pub(crate) fn attribute(element: &BytesStart<'_>, key: &str) -> Option<String> {
    element.attributes().flatten().find(|a| a.key.as_ref() == key).map(|a| a.value.into_owned())
}

/// Runs of white space as one blank, none at the ends: the XML is indented and wraps long texts.
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_ascii_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
