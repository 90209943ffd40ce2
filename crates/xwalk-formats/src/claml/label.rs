//! Labels: text mixed with references and other elements.

use xwalk_model::Position;

/// One piece of a label, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as written, blanks and line ends included.
    Text(String),
    /// An element begins.
    Open(Element),
    /// The element that was opened last ends.
    Close,
}

/// An element inside a label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name without a namespace prefix: `Reference`, `Fragment`.
    pub name: String,
    /// Its attributes as written, in the order of the file.
    pub attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of an attribute; empty where the element does not have it.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
}

/// One text of a rubric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Its language tag.
    pub language: String,
    /// Its content. Every [`Part::Open`] has its [`Part::Close`].
    pub parts: Vec<Part>,
    /// Where the element begins.
    pub at: Position,
}

impl Label {
    /// Adds text after what is there.
    pub(super) fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    /// All text without its elements, as written.
    pub fn text(&self) -> String {
        self.parts.iter().fold(String::new(), |mut all, part| {
            if let Part::Text(text) = part {
                all.push_str(text);
            }
            all
        })
    }
}
